"""paper_claims.py BUILD_DIR [options]: the claims of "Hydragen: High-Throughput LLM Inference with Shared Prefixes"
(arXiv 2402.05099), measured on the CPU. Writes FOLDER/results.json, FOLDER/*.svg and FOLDER.md.

Each finished point is kept in results.json; a run that was stopped goes on there.
"""

import argparse
import json
import os
import sys
import time

import numpy

import bench_tools
import paper_text
from attention_case import Case
from bench_tools import (Failure, Output, Table, Tools, available_bytes, empty_array, interleave, median, random_array,
                         timed)
from llama_step import Model, cache_shapes, decode_step, reference_step

# Own tokens that the sequences have at the first timed step: half of the cache, as on average over a whole answer.
FIRST = 52
SMALL = Model(layers=2, hidden=64, heads=4, kv_heads=2, mlp=96, vocab=64, capacity=FIRST + 12)


def ratio(a, b):
    return a / b if a and b else None


class Decoder:
    """The arrays of one decode loop, and engines that step through it."""

    def __init__(self, tools, model, batch, levels, threads):
        self.tools, self.model, self.batch, self.levels, self.threads = tools, model, batch, levels, threads
        generator = numpy.random.default_rng(3)
        self.tokens = generator.integers(0, model.vocab, batch)
        self.caches = [[[random_array(generator, shape, "f32") for shape in cache_shapes(model, batch, levels)]
                        for _ in range(2)] for _ in range(model.layers)]
        self.weights = {name: numpy.ones(shape, numpy.float32) if "norm" in name else
                        random_array(generator, shape, "f32", shape[-1] ** -0.5) for name, shape in model.weight_shapes()}
        self.logits, self.first = {}, {}

    def copies(self):
        """The same loop where every sequence has a prefix of its own."""
        other = object.__new__(Decoder)
        other.__dict__.update(self.__dict__, levels=[(self.batch, keys) for _, keys in self.levels], logits={}, first={})
        other.caches = [[[numpy.repeat(level, self.batch // level.shape[0], 0) for level in side[:-1]] + [side[-1]]
                         for side in layer] for layer in self.caches]
        return other

    def prefix_bytes(self):
        return sum(level.nbytes for layer in self.caches for side in layer for level in side[:-1])

    def engine(self, name, sharing="auto", attention=True):
        """A function that makes the next step, and how many attentions are shared. Engines share caches: at each
        position they write the same tokens' keys and values."""
        text = decode_step(self.model, self.batch, self.levels, attention)
        path, shared = self.tools.compile(text, name, sharing)
        entry = self.tools.load(path, self.threads)["main"]
        logits = numpy.empty((self.batch, self.model.vocab), numpy.float32)
        own = [side[-1] for layer in self.caches for side in layer] if attention else []
        inputs = [value for layer in self.caches for side in layer for value in side] if attention else []
        inputs += list(self.weights.values())
        position = numpy.full((), FIRST, numpy.int64)
        tokens = self.tokens.copy()
        self.logits[name] = logits
        self.first.pop(name, None)

        def step():
            entry(tokens, position, *inputs, out=(logits, *own))
            self.first.setdefault(name, logits.copy())
            tokens[:] = logits.argmax(-1)
            position[...] = FIRST + (position + 1 - FIRST) % (self.model.capacity - FIRST)
        return step, shared


class Paper:
    def __init__(self, options):
        self.options = options
        self.tools = Tools(options.build)
        self.out = Output()
        self.file = os.path.join(options.out, "results.json")
        self.mode = "quick" if options.quick else "full"
        self.seconds_per_work = {}
        self.results = {"mode": self.mode, "points": {}}
        os.makedirs(options.out, exist_ok=True)
        if os.path.exists(self.file):
            with open(self.file, encoding="utf-8") as source:
                kept = json.load(source)
            if kept.get("mode") == self.mode and (options.render or kept.get("threads") == options.threads):
                if options.fresh and not options.render:
                    kept["points"] = {key: point for key, point in kept["points"].items()
                                      if key.split("/", 1)[0] not in self.claims()}
                if kept["points"]:
                    self.results = kept
        self.later = bool(self.results["points"])
        if not options.render:
            self.machine = bench_tools.describe_machine(options.threads)
            self.results.setdefault("machine", self.machine)
            self.results.update(threads=options.threads, command=" ".join(["utils/bench paper", *sys.argv[2:]]))
        self.model = Model(layers=2, hidden=256, heads=4, kv_heads=4, mlp=704, vocab=512) if options.quick else Model()
        self.results["model"] = dict(layers=self.model.layers, hidden=self.model.hidden, heads=self.model.heads,
                                     mlp=self.model.mlp, vocab=self.model.vocab, parameters=self.model.parameters())

    def claims(self):
        names = list(CLAIMS) if self.options.claims == "all" else self.options.claims.split(",")
        if unknown := [name for name in names if name not in CLAIMS]:
            raise Failure(f"--claims: expected some of {','.join(CLAIMS)} but got {unknown[0]!r}")
        return names

    def point(self, key, measure):
        """Measures what `key` names, unless it is there already."""
        points = self.results["points"]
        if key not in points:
            start = time.perf_counter()
            points[key] = measure()
            points[key]["seconds"] = time.perf_counter() - start
            if self.later:
                points[key]["machine"] = self.machine
            bench_tools.write_json(self.file, self.results)
        return points[key]

    def is_affordable(self, kind, work):
        """Whether a call of the kind of engine that took longest so far per unit of work would end in time."""
        return self.seconds_per_work.get(kind, 0) * work < self.options.longest

    def learn(self, kind, work, ms):
        if ms:
            self.seconds_per_work[kind] = max(self.seconds_per_work.get(kind, 0), 1e-3 * ms / work)

    def time_steps(self, engines):
        """Median ms of a step of each engine, in turns, after a first one."""
        calls = {name: timed(step, least=0) for name, step in engines.items()}
        for step in engines.values():
            step()
        steps = 4 if self.options.quick else self.options.steps
        return {name: median(times) for name, times in interleave(calls, steps, self.options.budget).items()}

    def decode(self, model, batch, levels, wanted):
        """Steps with `wanted` of shared, one level, plain, copies, none."""
        decoder = Decoder(self.tools, model, batch, levels, self.options.threads)
        engines, shared = {}, 0
        if "shared" in wanted:
            engines["shared"], shared = decoder.engine("shared")
        work = batch * sum(keys for _, keys in levels) * model.heads * model.dim * model.layers
        kind = f"plain {model.heads // model.kv_heads}"
        if "plain" in wanted and self.is_affordable(kind, work):
            engines["plain"], _ = decoder.engine("plain", "never")
        if "one level" in wanted:
            single = object.__new__(Decoder)
            single.__dict__.update(decoder.__dict__, levels=[levels[0], *[(batch, keys) for _, keys in levels[1:]]])
            single.caches = [[[side[0], *[numpy.repeat(level, batch // level.shape[0], 0) for level in side[1:-1]], side[-1]]
                              for side in layer] for layer in decoder.caches]
            engines["one level"], _ = single.engine("one_level")
        if "copies" in wanted:
            need = batch * decoder.prefix_bytes()
            if self.is_affordable("copies", work) and need < min(self.options.memory * 2 ** 30, 0.5 * available_bytes()):
                engines["copies"], _ = decoder.copies().engine("copies", "never")
        if "none" in wanted:
            engines["none"], _ = decoder.engine("none", attention=False)
        times = self.time_steps(engines)
        self.learn(kind, work, times.get("plain"))
        self.learn("copies", work, times.get("copies"))
        answer = {"step_ms": times, "shared_attentions": shared,
                  "own_bytes": sum(side[-1].nbytes for layer in decoder.caches for side in layer),
                  "prefix_bytes": decoder.prefix_bytes()}
        if "plain" in engines and "shared" in engines:
            answer["error"] = float(numpy.abs(decoder.first["shared"] - decoder.first["plain"]).max())
        return answer

    # The claims.

    def check(self):
        """Is the model what it says it is: a small one against float64."""
        levels = [(1, 24), (2, 8)]
        decoder = Decoder(self.tools, SMALL, 4, levels, self.options.threads)
        caches = [[[level.copy() for level in side] for side in layer] for layer in decoder.caches]
        worst = 0.0
        for sharing in ("auto", "never"):
            step, _ = decoder.engine(sharing, sharing)
            step()
            tokens = decoder.tokens.copy()
            for number in range(2):
                want = reference_step(SMALL, tokens, FIRST + number, caches, decoder.weights)
                if number:
                    step()
                worst = max(worst, float(numpy.abs(decoder.logits[sharing] - want).max() / numpy.abs(want).max()))
                tokens = want.argmax(-1)
        if not worst < 2e-5:
            raise Failure(f"the decode step differs from its definition by {worst:.1e}")
        return {"relative_error": worst}

    def throughput(self):
        batches, prefixes = ([8, 32], [512, 2048]) if self.options.quick else (
            [16, 64, 256], [1024, 2048, 4096, 8192, 16384])
        table = Table("Throughput, tokens/s", ["batch, prefix", "shared", "plain", "own copies", "no attention",
                                               "shared / plain"], self.out, first=16)
        for batch in batches:
            for prefix in prefixes:
                point = self.point(f"throughput/{batch}/{prefix}", lambda: self.decode(
                    self.model, batch, [(1, prefix)], ("shared", "plain", "copies", "none")))
                times = point["step_ms"]
                rate = {name: 1000 * batch / ms for name, ms in times.items() if ms}
                table.row(f"{batch}, {prefix}", rate["shared"], rate.get("plain"), rate.get("copies"), rate["none"],
                          ratio(rate["shared"], rate.get("plain")))

    def grid(self):
        pairs = [(128, 512), (256, 1024)] if self.options.quick else [(512, 1024), (1024, 2048), (2048, 4096), (4096, 8192)]
        suffixes = [0, 128] if self.options.quick else [0, 64, 128, 256, 512]
        table = Table("Attention alone: 8 query heads, 1 KV head, D128, bf16", ["batch, prefix, suffix", "shared ms",
                                                                             "plain ms", "plain / shared"], self.out, first=22)
        for batch, prefix in pairs:
            for suffix in suffixes:
                point = self.point(f"grid/{batch}/{prefix}/{suffix}", lambda: self.attention(
                    Case("grid", batch, 8, 1, 128, ((1, prefix), *([(batch, suffix)] if suffix else [])), "bf16")))
                times = point["ms"]
                table.row(f"{batch}, {prefix}, {suffix}", times["shared"], times.get("plain"),
                          ratio(times.get("plain"), times["shared"]))

    def attention(self, case):
        generator = numpy.random.default_rng(4)
        inputs = [random_array(generator, shape, case.dtype) for shape in case.input_shapes()]
        calls = {}
        work = case.plain_bytes() * case.heads // case.kv_heads
        for name, sharing in (("shared", "auto"), ("plain", "never")):
            if name == "plain" and not self.is_affordable("grid", work):
                continue
            path, _ = self.tools.compile(case.text(self.tools.corpus), case.name, sharing)
            entry, out = self.tools.load(path, self.options.threads)["main"], empty_array(case.input_shapes()[0], case.dtype)
            calls[name] = timed(lambda entry=entry, out=out: entry(*inputs, out=(out,)))
        repeat = 2 if self.options.quick else 5
        times = {name: median(values) for name, values in interleave(calls, repeat, self.options.budget).items()}
        self.learn("grid", work, times.get("plain"))
        return {"ms": times}

    def hierarchy(self):
        # A few-shot prompt for all, a problem for some, samples of each.
        prompt, problem, problems, samples = (512, 128, 4, [4, 8]) if self.options.quick else (2048, 512, 8, [8, 16, 32])
        table = Table("Two levels against one, step ms", ["batch", "two levels", "one level", "plain", "no attention",
                                                         "two / one", "KV bytes one / two"], self.out)
        for count in samples:
            batch = problems * count
            kv = [2 * 4 * self.model.layers * self.model.hidden * (prompt + nodes * problem + batch * self.model.capacity)
                  for nodes in (problems, batch)]
            point = self.point(f"hierarchy/{batch}", lambda: {**self.decode(
                self.model, batch, [(1, prompt), (problems, problem)], ("shared", "one level", "plain", "none")),
                "kv_bytes": {"two levels": kv[0], "one level": kv[1]}})
            times = point["step_ms"]
            table.row(str(batch), times["shared"], times["one level"], times.get("plain"), times["none"],
                      times["shared"] / times["one level"], kv[1] / kv[0])

    def document(self):
        tokens, questions = (2048, [8, 32]) if self.options.quick else (19947, [16, 32, 64, 128, 256])
        # Eight query heads per KV head, as in Yi-6B.
        model = self.model
        model = Model(layers=model.layers, hidden=model.hidden, heads=model.heads, kv_heads=max(1, model.heads // 8),
                      mlp=model.mlp, vocab=model.vocab)
        table = Table(f"A document of {tokens} tokens, step ms", ["questions", "shared", "plain", "no attention"], self.out)
        for count in questions:
            point = self.point(f"document/{tokens}/{count}", lambda: self.decode(
                model, count, [(1, tokens)], ("shared", "plain", "none")))
            times = point["step_ms"]
            table.row(str(count), times["shared"], times.get("plain"), times["none"])

    def bytes(self):
        """What the kernels for a GPU read, counted by the emulated one."""
        table = Table("Emulated GPU, attention f16 H8 D64, prefix 512, suffix 32: MiB read", ["batch", "shared", "plain",
                                                                                      "plain / shared"], self.out)
        for batch in [4] if self.options.quick else [4, 8, 16, 32]:
            case = Case("emulated", batch, 8, 8, 64, ((1, 512), (batch, 32)), "f16")
            point = self.point(f"bytes/{batch}", lambda: self.emulate(case))
            read = {name: 32 * value["global_read_sectors"] / 2 ** 20 for name, value in point.items() if isinstance(value, dict)}
            table.row(str(batch), read["shared"], read["plain"], read["plain"] / read["shared"])

    def emulate(self, case):
        answer = {}
        for name, sharing in (("shared", "auto"), ("plain", "never")):
            path, _ = self.tools.compile(case.text(self.tools.corpus), case.name, sharing, "cuda:sm_80")
            stats = self.tools.run_stats(path, self.options.threads, ["--device=emulated", "--emulator=checks=none"])
            counters = [kernel["counters"] for kernel in stats["kernels"]]
            answer[name] = {key: sum(counter[key] for counter in counters)
                            for key in ("global_read_sectors", "unique_read_sectors", "mma_flops")}
        return answer

    def main(self):
        options = self.options
        names = self.claims()
        if options.render:
            if not self.results["points"]:
                raise Failure(f"--render: {self.file} has no results")
        else:
            self.out(f"# {self.results['command']}\n\n{self.results['machine']}")
            for name in names:
                self.out(f"({CLAIMS[name]})")
                if name == "check":
                    point = self.point("check", self.check)
                    self.out(f"largest difference to float64, of the largest logit: {point['relative_error']:.1e}")
                else:
                    getattr(self, name)()
            bench_tools.write_json(self.file, self.results)
        for path in paper_text.write(self.results, options.out):
            self.out(f"wrote {path}")


CLAIMS = {
    "check": "a small decode step against its definition in float64",
    "throughput": "decode throughput against batch and prefix length",
    "grid": "Fig. 4: attention alone",
    "hierarchy": "two-level against one-level sharing",
    "document": "a long document with many questions",
    "bytes": "bytes read by the GPU kernels, on the emulated GPU",
}


def main():
    parser = argparse.ArgumentParser(prog="utils/bench paper", description="The Hydragen paper's claims on the CPU.",
                                     epilog="claims: " + "; ".join(f"{name}: {text}" for name, text in CLAIMS.items()))
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="a smaller model and grid, into build/paper-quick")
    parser.add_argument("--claims", default="all", metavar="A,B", help="only these (all)")
    parser.add_argument("--steps", type=int, default=16, help="decode steps of each engine and point (16)")
    parser.add_argument("--budget", type=float, default=12, help="seconds after which an engine stops at a point (12)")
    parser.add_argument("--longest", type=float, default=40, help="leave out an engine where, going by the points before, "
                        "one call would take more seconds (40)")
    parser.add_argument("--memory", type=float, default=4, help="GiB that own copies of the prefix may take (4)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", metavar="FOLDER", help="results and plots; text goes to FOLDER.md (docs/paper)")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    parser.add_argument("--render", action="store_true", help="only write plots and text from the results")
    options = parser.parse_args()
    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if not options.out:
        options.out = os.path.join(options.build, "..", "paper-quick") if options.quick else os.path.join(
            source, "docs", "paper")
    options.out = os.path.normpath(options.out)
    with bench_tools.one_line_failures():
        if options.steps < 1 or options.threads < 1:
            raise Failure("--steps and --threads: expected a positive number")
        Paper(options).main()


if __name__ == "__main__":
    main()
