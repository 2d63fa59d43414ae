"""Tables and plots of docs/paper.md from the results of paper_claims.py, and from those of gpu-check where FOLDER/gpu.json is."""

import json
import os

import svg_plot
from bench_tools import show
from svg_plot import COLORS, Panel, Series

HEAD = """# The paper's claims on a CPU

[Hydragen: High-Throughput LLM Inference with Shared Prefixes](https://arxiv.org/abs/2402.05099) makes its claims on
GPUs. Here each is tried at CPU scale with the compiler of this repository. This page, [the numbers]({folder}/results.json)
and the plots are written by

```
{command}
```

Machine: {machine}.

The decode loop is a Llama-like model ({layers} layers, hidden size {hidden}, {heads} heads, MLP {mlp}, vocabulary {vocab},
{parameters:.0f} M parameters, f32, random weights), as an exporter writes it: the prompt's keys and values are broadcast and
concatenated with caches that are updated in place; nothing in it says that anything is shared. Sequences have 52 to 68
tokens of their own, half of a cache of 128. Prefill is not timed. Medians of steps, the engines in turns.

- **shared**: compiled as it is (`--sharing=auto`).
- **plain**: compiled with `--sharing=never`: every sequence reads the prompt by itself, though it is stored once (as
  engines with a paged cache do; the processor's caches help it).
- **own copies**: every sequence has a copy of the prompt. Where it is missing, the copies take more memory than allowed.
- **no attention**: the same model with the attention left out: what no attention can beat.

A dash: left out, because one step would have taken too long or the copies too much memory.
"""


def ratio(a, b):
    return a / b if a and b else None


class Page:
    def __init__(self, results, folder):
        self.points, self.folder, self.lines = results["points"], folder, []
        self.written = []

    def add(self, text=""):
        self.lines.append(text)

    def table(self, columns, rows):
        self.add("| " + " | ".join(columns) + " |")
        self.add("|" + "---|" * len(columns))
        for row in rows:
            self.add("| " + " | ".join(cell if isinstance(cell, str) else show(cell) for cell in row) + " |")
        self.add()

    def plot(self, name, title, panels):
        path = os.path.join(self.folder, name + ".svg")
        svg_plot.write(path, title, panels)
        self.written.append(path)
        self.add(f"![{title}]({os.path.basename(self.folder)}/{name}.svg)")
        self.add()

    def select(self, claim):
        """Points of a claim: (numbers of the key, values), in order."""
        found = [(tuple(int(part) for part in key.split("/")[1:]), value) for key, value in self.points.items()
                 if key.startswith(claim + "/")]
        return sorted(found, key=lambda item: item[0])


def series(names, points):
    """Series from {name: [(x, y)]}, in the order of `names`."""
    return [Series(name, points[name], COLORS[number], name == "no attention")
            for number, name in enumerate(names) if points.get(name)]


ENGINES = {"shared": "shared", "plain": "plain", "own copies": "copies", "no attention": "none"}


def throughput(page):
    points = page.select("throughput")
    if not points:
        return
    rates = {key: {label: 1000 * key[0] / value["step_ms"][name] for label, name in ENGINES.items()
                   if value["step_ms"].get(name)} for key, value in points}
    page.add("## Throughput against batch and prefix length\n")
    page.add("The paper (CodeLlama-13b, 8 A100): up to 32 x over vLLM; from 1K to 16K of prefix Hydragen loses less than 15 %, "
             "the others more than 90 %; at most half, at batch 1024 at most 30 %, below no attention.\n")
    batches = sorted({batch for batch, _ in rates})
    panels = []
    for batch in batches:
        lines = {label: [(prefix, rate[label]) for (b, prefix), rate in rates.items() if b == batch and label in rate]
                 for label in ENGINES}
        panels.append(Panel(f"batch {batch}", "prefix tokens", "tokens/s", series(ENGINES, lines), log_y=True))
    page.plot("throughput", "Decode throughput against prefix length", panels)
    page.table(["batch", "prefix", *[f"{label}, tokens/s" for label in ENGINES], "shared / plain", "shared / no attention"],
               [[str(batch), str(prefix), *[rate.get(label) for label in ENGINES],
                show(ratio(rate["shared"], rate.get("plain")), " x"),
                 show(100 * rate["shared"] / rate["no attention"], " %")] for (batch, prefix), rate in rates.items()])
    low, high = (choose(prefix for _, prefix in rates) for choose in (min, max))
    for batch in batches:
        first, last = rates.get((batch, low)), rates.get((batch, high))
        if first and last and "plain" in first and "plain" in last:
            loss = {label: 100 * (1 - last[label] / first[label]) for label in ("shared", "plain")}
            page.add(f"- Batch {batch}, prefix {low} to {high}: shared loses {loss['shared']:.0f} %, plain "
                     f"{loss['plain']:.0f} %; at {high} shared is {show(last['shared'] / last['plain'])} x plain and "
                     f"{100 * last['shared'] / last['no attention']:.0f} % of no attention.")
    both = [item for item in rates.items() if "plain" in item[1]]
    best = max(both, key=lambda item: item[1]["shared"] / item[1]["plain"])
    page.add(f"- Largest gain over plain: {show(best[1]['shared'] / best[1]['plain'])} x, at batch {best[0][0]}, prefix "
             f"{best[0][1]}.")
    errors = [value["error"] for _, value in points if "error" in value]
    if errors:
        page.add(f"- Shared and plain give the same logits: largest difference {max(errors):.1e} over all points.")
    page.add("- A GPU has far more arithmetic per byte than a CPU, and larger models have more other work per attention: both "
             "make the prefix's products weigh more here than in the paper.\n")


def grid(page):
    points = page.select("grid")
    if not points:
        return
    page.add("## Attention alone (Fig. 4): 8 query heads, 1 KV head, head size 128, bf16\n")
    page.add("The paper (A100, against FlashAttention): over 16 x at batch 4096, prefix 8192, no suffix; the gain falls "
             "with the suffix, which is not shared, and grows with batch and prefix.\n")
    lines = {}
    for (batch, prefix, suffix), value in points:
        ms = value["ms"]
        if ms.get("plain"):
            lines.setdefault(f"batch {batch}, prefix {prefix}", []).append((suffix, ms["plain"] / ms["shared"]))
    page.plot("grid", "Attention: plain time / shared time", [
        Panel("against suffix length", "suffix tokens", "speed-up", series(list(lines), lines), log_x=False)])
    page.table(["batch", "prefix", "suffix", "shared ms", "plain ms", "plain / shared"],
               [[*map(str, key), value["ms"]["shared"], value["ms"].get("plain"),
                 show(ratio(value["ms"].get("plain"), value["ms"]["shared"]), " x")] for key, value in points])


def hierarchy(page):
    points = page.select("hierarchy")
    if not points:
        return
    page.add("## Two levels against one\n")
    page.add("The paper (APPS: a few-shot prompt, problems below it, 128 samples of each): two levels take 55 % less time than "
             "one: 18 % at equal batch, the rest from the larger batch that the saved memory allows.\n")
    page.add("Here: a prompt for all, 8 problems below it, samples of each. One level: the prompt is shared, each sequence has a "
             "copy of its problem.\n" if len(points) > 2 else "")
    names = {"two levels": "shared", "one level": "one level", "plain": "plain", "no attention": "none"}
    lines = {label: [(key[0], 1000 * key[0] / value["step_ms"][name]) for key, value in points
                     if value["step_ms"].get(name)] for label, name in names.items()}
    page.plot("hierarchy", "Two levels of sharing", [Panel("throughput", "batch", "tokens/s", series(names, lines))])
    rows = []
    for (batch,), value in points:
        ms = value["step_ms"]
        attention = [ms[name] - ms["none"] for name in ("shared", "one level")]
        rows.append([str(batch), *[ms.get(name) for name in names.values()], show(100 * (1 - ms["shared"] / ms["one level"]), " %"),
                     show(100 * (1 - attention[0] / attention[1]), " %") if attention[1] > 0 else "-",
                     show(value["kv_bytes"]["one level"] / value["kv_bytes"]["two levels"], " x")])
    page.table(["batch", *[f"{label}, step ms" for label in names], "less time than one level", "less in attention",
                "KV memory one / two"], rows)


def document(page):
    points = page.select("document")
    if not points:
        return
    tokens = points[0][0][0]
    page.add("## A long document with many questions\n")
    page.add("The paper (Yi-6B, a document of 19947 tokens): 256 questions in less time than FlashAttention answers 64.\n")
    page.add(f"Here: a document of {tokens} tokens, 8 query heads per KV head as in Yi-6B, time of one decode step.\n")
    names = {"shared": "shared", "plain": "plain", "no attention": "none"}
    lines = {label: [(key[1], value["step_ms"][name]) for key, value in points if value["step_ms"].get(name)] for label, name in names.items()}
    page.plot("document", "Questions to one document: ms a step", [
        Panel(f"{tokens} tokens", "questions", "ms", series(["shared", "plain", "", "no attention"], lines), log_y=True)])
    page.table(["questions", *[f"{label}, step ms" for label in names], "plain / shared"],
               [[str(key[1]), *[value["step_ms"].get(name) for name in names.values()],
                 show(ratio(value["step_ms"].get("plain"), value["step_ms"]["shared"]), " x")] for key, value in points])
    times = {key[1]: value["step_ms"] for key, value in points}
    most, fewer = max(times), max(times) // 4
    if fewer in times and times[fewer].get("plain"):
        verb = "less" if times[most]["shared"] < times[fewer]["plain"] else "not less"
        page.add(f"{most} questions, shared: {show(times[most]['shared'])} ms a step; {fewer} questions, plain: "
                 f"{show(times[fewer]['plain'])} ms: {verb}.\n")


def bytes_read(page):
    points = page.select("bytes")
    if not points:
        return
    page.add("## Bytes that the GPU kernels read\n")
    page.add("Sectors of 32 bytes that the compiled sm_80 kernels ask for, counted by the emulated GPU (attention f16, 8 heads, "
             "head size 64, prefix 512, suffix 32). These are counts, no times.\n")
    rows = [[str(key[0]), *[32 * value[name]["global_read_sectors"] / 2 ** 20 for name in ("shared", "plain")],
             show(value["plain"]["global_read_sectors"] / value["shared"]["global_read_sectors"], " x")] for key, value in points]
    page.table(["batch", "shared, MiB", "plain, MiB", "plain / shared"], rows)


FRAMEWORKS = {"sdpa": "SDPA", "sdpa-flash": "FlashAttention", "triton": "Triton"}


def gpu(page):
    """Fig. 4 on a GPU: the report of gpu-check (docs/gpu-check.md) for its suite fig4."""
    path = os.path.join(page.folder, "gpu.json")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as source:
        report = json.load(source)
    machine, frameworks = report["machine"], report["frameworks"]
    page.add("## Fig. 4 on a GPU\n")
    page.add(f"The same shapes on an {machine['device']} (driver {machine['driver']}, {machine['date'][:16].replace('T', ' ')} UTC, PyTorch "
             f"{frameworks['torch']}, Triton {frameworks['triton']}), by `utils/gpu-check` (suite fig4; [the numbers](paper/gpu.json)). PyTorch's "
             "`scaled_dot_product_attention`, its FlashAttention back end and a split-KV kernel in Triton get keys and values of each "
             "sequence laid out beforehand, at no cost; CUDA graphs, the L2 cache overwritten before each call, medians. Every result "
             "was compared with attention in float64.\n")
    rows, lines = [], {}
    for load in report["benchmarks"]:
        work = load["workload"]
        ms = {contender["name"]: contender.get("median_ms") for contender in load["contenders"] if not contender["failed"]}
        (_, prefix), (batch, suffix) = work["levels"]
        best = min(ms[name] for name in FRAMEWORKS if name in ms)
        rows.append([str(batch), str(prefix), str(suffix),
                     *[f"{ms[name]:.4f}" if name in ms else "-" for name in ("hydragen", *FRAMEWORKS)],
                     show(best / ms["hydragen"], " x"), show(ratio(ms.get("sdpa-flash"), ms["hydragen"]), " x")])
        lines.setdefault(f"batch {batch}, prefix {prefix}", []).append((suffix, best / ms["hydragen"]))
    page.plot("gpu", f"{machine['device']}: the fastest of the others / Hydragen", [
        Panel("against suffix length", "suffix tokens", "speed-up", series(list(lines), lines), log_x=False,
              x_ticks=[0, 128, 256, 512])])
    page.table(["batch", "prefix", "suffix", "Hydragen ms", *[f"{label} ms" for label in FRAMEWORKS.values()],
                "fastest other / Hydragen", "FlashAttention / Hydragen"], rows)


def write(results, folder):
    """Writes FOLDER.md and the plots; returns their paths."""
    page = Page(results, folder)
    model = dict(results["model"], parameters=results["model"]["parameters"] / 1e6)
    page.add(HEAD.format(command=results.get("command", "utils/bench paper"), machine=results.get("machine", ""),
                         folder=os.path.basename(folder), **model))
    later = {}
    for key, value in page.points.items():
        if "machine" in value:
            later.setdefault(value["machine"], []).append(key)
    for machine, keys in later.items():
        page.add(f"Measured later than the rest: {', '.join(keys)} ({machine}).\n")
    if "check" in page.points:
        page.add(f"A small model of this kind differs from its definition in float64 by "
                 f"{page.points['check']['relative_error']:.1e} of the largest logit, shared and plain.\n")
    for section in (throughput, grid, gpu, hierarchy, document, bytes_read):
        section(page)
    path = folder + ".md"
    with open(path + ".tmp", "w", encoding="utf-8") as out:
        out.write("\n".join(page.lines).strip() + "\n")
    os.replace(path + ".tmp", path)
    return [path, *page.written]
