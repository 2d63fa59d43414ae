"""Benchmarks in one process with PyTorch: Hydragen, PyTorch's SDPA, its
FlashAttention back end and a Triton kernel, on the same tensors, in CUDA graphs.

The frameworks read keys and values that are laid out per sequence beforehand, the
layout they like best. The reference is attention in float64 of up to eight
sequences. Before each timed call the L2 cache is overwritten (as Hydragen's own
microbenchmark does).
"""

import importlib
import math
import os
import statistics
import sys

import grids

# hydragen-run's tolerances, times max(1, max|reference|).
TOLERANCES = {"f32": 2e-5, "f16": 4e-3, "bf16": 3e-2}
FLUSH_BYTES = 256 << 20


def find_torch(folder):
    """(torch, None), or (None, why not). Makes hydragen.py of the pack importable."""
    sys.path.insert(0, os.path.join(folder, "lib"))
    try:
        torch = importlib.import_module("torch")
    except (ImportError, OSError) as error:
        return None, f"cannot be imported ({error})"
    if os.environ.get("HYDRAGEN_LIBCUDA"):
        return None, "not used with HYDRAGEN_LIBCUDA, which is another driver than PyTorch's"
    if not torch.cuda.is_available():
        return None, f"PyTorch {torch.__version__} sees no GPU"
    return torch, None


def describe(error):
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def make_tensors(torch, load, seed=1):
    """Queries, and (nodes, keys, values) of the levels that have tokens."""
    dtype = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}[load["dtype"]]
    generator = torch.Generator("cuda").manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator, device="cuda", dtype=dtype)

    query = normal(load["sequences"], load["query_heads"], load["queries"], load["head_dim"])
    levels = []
    for nodes, tokens in load["levels"]:
        if tokens:
            shape = (nodes, load["key_heads"], tokens, load["head_dim"])
            levels.append((nodes, normal(*shape), normal(*shape)))
    return query, levels


def per_sequence(torch, load, levels, sequences):
    """Keys and values of these sequences, [sequences, key heads, keys, head dim]."""
    index = torch.tensor(sequences, device="cuda")
    parts = [(keys[index // (load["sequences"] // nodes)], values[index // (load["sequences"] // nodes)])
             for nodes, keys, values in levels]
    return torch.cat([k for k, _ in parts], 2), torch.cat([v for _, v in parts], 2)


def causal_mask(torch, load):
    """Query m sees all keys but the last ones after its own; None when nothing is masked."""
    if not load["causal"]:
        return None
    keys, queries = sum(tokens for _, tokens in load["levels"]), load["queries"]
    return torch.ones(queries, keys, dtype=torch.bool, device="cuda").tril(keys - queries)


def reference(torch, load, query, levels):
    """(sequences, attention in float64)."""
    count = load["sequences"]
    sequences = sorted({round(i * (count - 1) / 7) for i in range(8)})
    keys, values = per_sequence(torch, load, levels, sequences)
    group = load["query_heads"] // load["key_heads"]
    mask, rows = causal_mask(torch, load), []
    for i, sequence in enumerate(sequences):  # One at a time, for memory.
        k = keys[i].double().repeat_interleave(group, 0)
        v = values[i].double().repeat_interleave(group, 0)
        scores = query[sequence].double() @ k.transpose(-1, -2) / math.sqrt(load["head_dim"])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        rows.append(scores.softmax(-1) @ v)
    return sequences, torch.stack(rows)


class Contender:
    """A way to compute the attention: eager() enqueues it on the current stream and returns the result."""

    def __init__(self, torch, name, eager):
        self.torch, self.name, self.eager = torch, name, eager
        self.failed, self.samples, self.error, self.how = None, [], None, "CUDA graph, flushed L2"

    def prepare(self, expected, tolerance):
        """Runs it, compares, captures it in a graph."""
        torch, (sequences, want) = self.torch, expected
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # Capture wants a warm-up on another stream than the default one.
            for _ in range(3):
                result = self.eager()
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.synchronize()
        self.compare(result, sequences, want, tolerance)
        del result
        if self.failed:
            return
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.result = self.eager()
        # What the graph computes is what is timed: compared again.
        self.graph.replay()
        torch.cuda.synchronize()
        self.compare(self.result, sequences, want, tolerance)

    def compare(self, result, sequences, want, tolerance):
        got = result[self.torch.tensor(sequences, device="cuda")].double()
        # NaN anywhere is a difference.
        error = (got - want).abs().max().item()
        self.error = error if self.error is None or not error <= self.error else self.error
        if not error <= tolerance:
            self.failed = f"differs from float64 by {error:.3g}, more than {tolerance:.3g}"

    def time(self, calls, flush):
        torch = self.torch
        begins = [torch.cuda.Event(enable_timing=True) for _ in range(calls)]
        ends = [torch.cuda.Event(enable_timing=True) for _ in range(calls)]
        for begin, end in zip(begins, ends):
            flush.zero_()
            begin.record()
            self.graph.replay()
            end.record()
        torch.cuda.synchronize()
        self.samples += [begin.elapsed_time(end) for begin, end in zip(begins, ends)]

    def report(self):
        result = {"name": self.name, "failed": self.failed, "max_abs_error": self.error}
        if self.samples and not self.failed:
            result.update(median_ms=statistics.median(self.samples), min_ms=min(self.samples), samples=len(self.samples),
                          how=self.how)
        elif not self.failed:
            result["failed"] = "was not timed"
        return result


def contenders(torch, triton_decode, runner, entry, query, levels):
    """Makes the contenders; frameworks that cannot are there with the reason."""
    load, result = entry["workload"], []
    hydragen = importlib.import_module("hydragen")
    out = torch.empty_like(query)
    inputs = [query] + [tensor for _, keys, values in levels for tensor in (keys, values)]
    own = Contender(torch, "hydragen", None)
    result.append(own)
    path = None
    try:
        path = runner.module(entry["module"])
        module = hydragen.Module(path, device="cuda")
        own.eager = lambda: module.main(*inputs, out=(out,))
    except (hydragen.Error, OSError, EOFError) as error:
        own.failed = str(error)
    finally:
        if path and os.path.exists(path):
            os.remove(path)
    names = ["sdpa", "sdpa-flash"] + (["triton"] if triton_decode else [])
    needed, free = grids.plain_bytes(load), torch.cuda.mem_get_info()[0]
    # Keys and values, once more while they are laid out, and what a back end keeps.
    if needed * 2.5 > free:
        for name in names:
            result.append(Contender(torch, name, None))
            result[-1].failed = f"out of memory: needs {needed * 2.5 / 2**30:.0f} GiB, free are {free / 2**30:.0f}"
        return result
    keys, values = per_sequence(torch, load, levels, list(range(load["sequences"])))
    mask, grouped = causal_mask(torch, load), load["query_heads"] != load["key_heads"]
    attention = torch.nn.functional.scaled_dot_product_attention
    result.append(Contender(torch, "sdpa", lambda: attention(query, keys, values, attn_mask=mask, enable_gqa=grouped)))

    def flash():
        from torch.nn.attention import SDPBackend, sdpa_kernel
        with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            return attention(query, keys, values, enable_gqa=grouped)

    result.append(Contender(torch, "sdpa-flash", flash))
    if load["causal"]:
        result[-1].failed = "its causal mask is aligned to the first key, not to the last one"
    if triton_decode:
        result.append(Contender(torch, "triton", lambda: triton_decode.attention(query, keys, values, load["causal"])))
    return result


def benchmark(torch, runner, entries, rounds, calls, report):
    """All workloads, to report["benchmarks"]; the contenders of one take turns, in another order each round."""
    triton_decode = None
    try:
        import triton
        report["frameworks"]["triton"] = triton.__version__
        import triton_decode
    except ImportError as error:
        report["frameworks"].setdefault("triton", None)
        report["missing"].append({"name": "Triton", "reason": f"cannot be imported ({error})"})
    torch.backends.cuda.matmul.allow_tf32 = False
    flush = torch.empty(FLUSH_BYTES, dtype=torch.uint8, device="cuda")
    for entry in entries:
        load = entry["workload"]
        ways = []
        try:
            query, levels = make_tensors(torch, load)
            expected = reference(torch, load, query, levels)
            tolerance = TOLERANCES[load["dtype"]] * max(1.0, expected[1].abs().max().item())
            ways = contenders(torch, triton_decode, runner, entry, query, levels)
            for way in ways:
                if way.failed:
                    continue
                try:
                    way.prepare(expected, tolerance)
                except Exception as error:  # pylint: disable=broad-except
                    # Whatever a framework throws is its result; what follows must still run.
                    way.failed = describe(error)
            for i in range(rounds):
                live = [way for way in ways if not way.failed]
                for k in range(len(live)):
                    live[(i + k) % len(live)].time(calls, flush)
        except Exception as error:  # pylint: disable=broad-except
            # Out of memory, or a fault, after which the process's CUDA context is dead:
            # the report is written in any case.
            ways = ways or [Contender(torch, "hydragen", None)]
            for way in ways:
                way.failed = way.failed or describe(error)
        report["benchmarks"].append({"name": entry["name"], "workload": load, "contenders": [way.report() for way in ways],
                                     "checked": any(way.error is not None for way in ways)})
        ways = query = levels = expected = None
        try:
            torch.cuda.empty_cache()
        except RuntimeError as error:
            report["missing"].append({"name": f"memory after {entry['name']}", "reason": describe(error)})
