"""cpu_attention.py BUILD_DIR [options]: attention on the CPU, as tables; never a test of speed.

Each row times this product with sharing and without, and, where an interpreter has PyTorch, PyTorch as the model is
written, SDPA on K and V that are ready, and the decomposition by hand, in turns; beside them the floor: products with
shared keys at the rate of sgemm plus own K and V at the rate of reading, both measured in the same turns. Times are
medians; with --threads=1 of the thread's processor time, else of the clock.
"""

import argparse
import filecmp
import os
import re
import sys
import time

import numpy

import bench_tools
from attention_case import Case, bench_shapes, smallest_shape
from bench_tools import (Failure, Floor, Output, Table, Tools, Torch, available_bytes, empty_array, interleave, median,
                         random_array, resident_growth, show, timed, to_float)
from mlir_text import Graph

MIB = 1 << 20


class Bench:
    def __init__(self, options):
        self.options = options
        self.tools = Tools(options.build)
        self.out = Output()
        self.repeat, self.budget = (3, 2.0) if options.quick else (options.repeat, options.budget)
        self.floors = {}
        self.torch = None
        self.results = {}
        self.cpu_flags = set()
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            for line in info:
                if line.startswith("flags"):
                    self.cpu_flags = set(line.split(":", 1)[1].split())
                    break

    def floor(self, threads):
        if threads not in self.floors:
            self.floors[threads] = Floor(self.options.build, threads)
        return self.floors[threads]

    def wanted(self, name):
        return re.search(self.options.shapes, name) is not None

    def keep(self, table, name, **values):
        self.results.setdefault(table, {})[name] = values

    # One shape.

    def inputs(self, case, seed=1):
        generator = numpy.random.default_rng(seed)
        return [random_array(generator, shape, case.dtype) for shape in case.input_shapes()]

    def engine(self, case, inputs, sharing="auto", target="cpu", threads=None, options=()):
        """A function that calls the module once, the output, and how many attentions are shared."""
        name = re.sub(r"\W", "_", f"{case.name}_{target}")
        path, shared = self.tools.compile(case.text(self.tools.corpus), name, sharing, target, options)
        module = self.tools.load(path, threads or self.options.threads)
        out = empty_array(case.input_shapes()[0], case.dtype)
        entry = module["main"]
        return lambda: entry(*inputs, out=(out,)), out, shared, path

    def rates(self, calls, threads=None):
        """Adds the machine's rates to the calls of a round."""
        if self.options.no_floor:
            return
        floor = self.floor(threads or self.options.threads)
        calls["sgemm"] = lambda: floor.rate("sgemm")
        calls["read"] = lambda: floor.rate("read")

    def run(self, calls):
        clock = time.thread_time if self.options.threads == 1 else time.perf_counter
        return interleave({name: timed(call, clock=clock) if not name.startswith(("sgemm", "read", "torch ")) else call
                           for name, call in calls.items()}, self.repeat, self.budget,
                          [name for name in calls if name.startswith("torch ")])

    def torch_calls(self, case, inputs):
        """PyTorch's variants of `case` that fit into memory, as calls."""
        files = []
        for number, value in enumerate(inputs):
            files.append(self.tools.path(f"in{number}.raw"))
            value.tofile(files[-1])
        answer = self.torch.call("case", files=files, shapes=case.input_shapes(), dtype=case.dtype, causal=case.causal,
                                 sdpa=case.sdpa)
        for path in files:
            os.unlink(path)
        if "failed" in answer:
            return {}
        group = case.heads // case.kv_heads
        need = {"written": (1.3 + (1.1 * group if group > 1 else 0)) * case.plain_bytes(),
                "ready": 1.1 * case.plain_bytes(), "hand": 4 * case.shared_flops() / case.dim, "hand_flash": 0}
        calls = {}
        for variant, bytes_ in need.items():
            if bytes_ > 0.8 * available_bytes():
                self.out(f"(PyTorch {variant} of {case.name} needs {bytes_ / 2 ** 30:.1f} GiB: left out)")
                continue
            calls["torch " + variant] = lambda variant=variant: self.torch.call("run", variant=variant).get("ms")
        return calls

    # Tables.

    def cases(self):
        """The smallest one only when asked for by name."""
        named = [smallest_shape()] if self.options.shapes else []
        return [case for case in [*named, *bench_shapes()] if self.wanted(case.name)]

    def shapes(self):
        columns = ["shape", "shared ms", "plain ms", "plain / shared", "bf16 pairs"]
        torch_columns = ["written ms", "SDPA ready", "by hand ms", "hand / shared", "flash ms", "flash / shared",
                         "ready / plain"] if self.torch else []
        table = Table("Whole layers", [*columns, *torch_columns, "floor ms", "shared / floor", "% of sgemm", "extra MiB",
                                       "resident MiB", "error"], self.out)
        for case in self.cases():
            self.shape(case, table)
        self.out("\nfloor: prefix FLOP / sgemm + own K and V / read. % of sgemm: FLOP of the products with shared keys, by the "
                 "whole layer's time.\nextra: peak_extra_bytes of hydragen-run; resident: by how much the resident size "
                 "of this process peaks in a call.\nerror: largest difference of shared to plain.\nbf16 pairs: shared ms "
                 "with --bf16=pairs, which is for CPUs with AVX512_BF16.")
        if self.torch:
            self.out("written: PyTorch as the model is written. by hand: decomposed with matmul, softmax and logsumexp. flash: "
                     "decomposed with the operator behind PyTorch's SDPA, which returns the log-sum-exp (not public).")

    def shape(self, case, table):
        inputs = self.inputs(case)
        shared, shared_out, count, path = self.engine(case, inputs)
        plain, plain_out, _, _ = self.engine(case, inputs, "never")
        resident = resident_growth(shared)
        plain()
        error = float(numpy.abs(to_float(shared_out, case.dtype) - to_float(plain_out, case.dtype)).max())
        calls = {"shared": shared, "plain": plain}
        if case.dtype == "bf16" and count:
            calls["pairs"] = self.engine(case, inputs, options=("--bf16=pairs",))[0]
        if self.torch:
            calls.update(self.torch_calls(case, inputs))
            check = self.tools.path("plain.raw")
            plain_out.tofile(check)
            for variant in [name for name in calls if name.startswith("torch ")]:
                answer = self.torch.call("compare", variant=variant[6:], file=check)
                limit = {"f32": 2e-5, "f16": 4e-3, "bf16": 3e-2}[case.dtype]
                if "failed" in answer or not answer["error"] <= 2 * limit:
                    self.out(f"({variant} of {case.name} is left out: {answer.get('failed', answer.get('error'))})")
                    del calls[variant]
            os.unlink(check)
        self.rates(calls)
        if self.torch:
            calls["torch sgemm"] = lambda: self.torch.call("sgemm").get("gflops")
        times = {name: median(values) for name, values in self.run(calls).items()}
        extra = self.tools.run_stats(path, self.options.threads)["peak_extra_bytes"]
        floor = percent = None
        if not self.options.no_floor:
            sgemm = max(times["sgemm"], times.get("torch sgemm") or 0)
            floor = 1e-6 * (case.shared_flops() / sgemm + case.own_bytes() / times["read"])
            percent = 100 * 1e-6 * case.shared_flops() / times["shared"] / sgemm
        # The compiler may find that sharing does not pay.
        name = case.name if count else case.name + " (not shared)"
        cells = [name, times["shared"], times["plain"], times["plain"] / times["shared"], times.get("pairs")]
        if self.torch:
            ready, hand, flash = (times.get("torch " + name) for name in ("ready", "hand", "hand_flash"))
            cells += [times.get("torch written"), ready, hand, hand and hand / times["shared"], flash,
                      flash and flash / times["shared"], ready and ready / times["plain"]]
        table.row(*cells, floor, floor and times["shared"] / floor, percent, extra / MIB,
                  None if resident is None else resident / MIB, f"{error:.1e}")
        self.keep("shapes", case.name, **times, floor=floor, peak_extra_bytes=extra, resident_bytes=resident, error=error)

    def pieces(self):
        """Prefix alone against sgemm, suffix alone against reading."""
        targets = ["cpu"] + (["cpu:x86-64-v3"] if "avx512f" in self.cpu_flags else [])
        table = Table("Prefix alone: B64 H32 P4096 D128", ["target and type", "ms", "GFLOP/s", "sgemm", "% of sgemm"], self.out)
        for target in targets:
            for dtype, options in (("f32", ()), ("f16", ()), ("bf16", ()), ("bf16", ("--bf16=pairs",))):
                case = Case(f"prefix_{dtype}", 64, 32, 32, 128, ((1, 4096),), dtype)
                if self.wanted(case.name):
                    inputs = self.inputs(case)
                    calls = {"shared": self.engine(case, inputs, target=target, options=options)[0]}
                    self.rates(calls)
                    times = {name: median(values) for name, values in self.run(calls).items()}
                    rate = 1e-6 * case.shared_flops() / times["shared"]
                    what = " ".join([target, dtype, *options])
                    table.row(what, times["shared"], rate, times["sgemm"], 100 * rate / times["sgemm"])
                    self.keep("prefix", what, **times)
        table = Table("Suffix alone: B64 S128 D128, 32 KV heads", ["type and queries per KV head", "ms", "GB/s", "read GB/s",
                                                                "% of read"], self.out)
        for dtype, group in [("f32", 1), ("f32", 4), ("f32", 8), ("f16", 1), ("bf16", 1), ("bf16", 4), ("bf16", 8)]:
            case = Case(f"suffix_{dtype}_g{group}", 64, 32 * group, 32, 128, ((64, 128),), dtype)
            if self.wanted(case.name):
                inputs = self.inputs(case)
                calls = {"own": self.engine(case, inputs)[0]}
                self.rates(calls)
                times = {name: median(values) for name, values in self.run(calls).items()}
                rate = 1e-6 * case.own_bytes() / times["own"]
                table.row(f"{dtype}, {group}", times["own"], rate, times["read"], 100 * rate / times["read"])
                self.keep("suffix", case.name, **times)

    def products(self):
        """A model's own products: x W^T with W as torch.nn.Linear keeps it, and x W."""
        table = Table("Products of a model", ["product", "ms", "GFLOP/s", "sgemm", "% of sgemm", "GB/s of W"], self.out,
                      first=44)
        for rows in (1, 16, 64, 256):
            for dtype, spec in (("f32", "bi,oi->bo"), ("f32", "bi,io->bo"), ("bf16", "bi,oi->bo")):
                name = f"product_{rows}_{dtype}_{spec[3:5]}"
                if not self.wanted(name):
                    continue
                size, features = 1024, 2816
                graph = Graph()
                shapes = [(rows, size), (features, size) if spec[3:5] == "oi" else (size, features)]
                graph.finish([graph.einsum(spec, *[graph.argument(shape, dtype) for shape in shapes])])
                path, _ = self.tools.compile(graph.text(), name)
                module = self.tools.load(path, self.options.threads)
                generator = numpy.random.default_rng(5)
                inputs = [random_array(generator, shape, dtype) for shape in shapes]
                out = numpy.empty((rows, features), numpy.float32)
                entry = module["main"]
                calls = {"product": lambda: entry(*inputs, out=(out,))}
                self.rates(calls)
                times = {key: median(values) for key, values in self.run(calls).items()}
                rate = 2e-6 * rows * size * features / times["product"]
                table.row(f"{rows} x {size} by {features}, {'x W^T' if spec[3:5] == 'oi' else 'x W'}, {dtype}", times["product"],
                          rate, times["sgemm"], 100 * rate / times["sgemm"], 1e-6 * inputs[1].nbytes / times["product"])
                self.keep("products", name, **times)

    def properties(self):
        """Pairs that must cost about the same."""
        table = Table("Pairs", ["what", "ms", "against ms", "ratio", "wanted"], self.out, first=66)

        def pair(name, what, first, second, wanted, scale=1.0, **more):
            times = {key: median(values)
                     for key, values in self.run({"first": first, "second": second, **more}).items()}
            ratio = scale * times["first"] / times["second"]
            table.row(what, times["first"], times["second"], ratio, wanted)
            self.keep("pairs", name, **times, ratio=ratio)
            return times

        case = Case("ragged", 64, 32, 32, 128, ((1, 1024), (64, 256)), "f32", ragged=True)
        if self.wanted(case.name):
            inputs = self.inputs(case)
            generator = numpy.random.default_rng(2)
            ragged = numpy.clip(generator.integers(1, 256, 64), 1, 256)
            # The same total as 128 each.
            while (excess := int(ragged.sum()) - 64 * 128) != 0:
                at = generator.integers(64)
                ragged[at] = min(256, max(1, ragged[at] - excess))
            for kind, group in (("f32", 1), ("bf16", 8)):
                kind_case = case.but(dtype=kind, kv_heads=32 // group, name=f"ragged_{kind}")
                values = self.inputs(kind_case)
                calls = [self.engine(kind_case, [*values, lengths])[0]
                         for lengths in (ragged.astype(numpy.int64), numpy.full(64, 128, numpy.int64))]
                pair(kind_case.name, f"own lengths 1 to 256 against 128 each, P1024, {kind}, {group} queries per KV head", *calls,
                     "at most 1.15")
        case = Case("batch1", 1, 32, 32, 128, ((1, 4096), (1, 128)), "f32")
        if self.wanted(case.name):
            inputs = self.inputs(case)
            engines = [self.engine(case, inputs, sharing) for sharing in ("auto", "never")]
            same = filecmp.cmp(*(path for _, _, _, path in engines), shallow=False)
            pair(case.name, "batch 1, P4096: shared against plain" + (", the same module" if same else ""),
                 *(call for call, _, _, _ in engines), "at most 1")
        scaling = {}
        for case in bench_shapes():
            if self.wanted("threads_" + case.name) and self.options.threads >= 2 and case.dtype != "f16":
                inputs = self.inputs(case)
                calls = [self.engine(case, inputs, threads=count)[0] for count in (1, 2)]  # by the clock: threads is not 1 here
                more = {} if self.options.no_floor else {
                    f"{rate}{count}": lambda rate=rate, count=count: self.floor(count).rate(rate)
                    for rate in ("sgemm", "read") for count in (1, 2)}
                times = pair("threads_" + case.name, f"one thread against two: {case.name}", *calls, "at least 1.8", **more)
                for rate in ("sgemm", "read") if more else ():
                    scaling.setdefault(rate, []).append(times[rate + "2"] / times[rate + "1"])
        for rate, ratios in scaling.items():
            self.out(f"(the machine's {rate} in the same rounds: {min(ratios):.2f} to {max(ratios):.2f} times as fast)")
        for dtype in ("f32", "bf16"):
            cases = [Case(f"rows_{dtype}", batch, 8, 8, 128, ((1, 4096),), dtype) for batch in (256, 64)]
            if self.wanted(cases[0].name):
                calls = [self.engine(case.but(name=f"{case.name}_{case.batch}"), self.inputs(case))[0] for case in cases]
                pair(cases[0].name, f"256 rows per KV head against 64, per row, P4096, {dtype}", *calls, "at most 1",
                     0.25)

    def main(self):
        options = self.options
        if options.list:
            for case in [smallest_shape(), *bench_shapes()]:
                print(case.name, case.shape_text())
            return
        self.out(f"# utils/bench cpu {' '.join(options.arguments)}".rstrip() + "\n")
        self.out(bench_tools.describe_machine(options.threads))
        python = None if options.no_torch else bench_tools.find_torch(options.python)
        if python:
            self.torch = Torch(python, options.threads)
            self.out(f"PyTorch {self.torch.version}, {options.threads} threads")
        else:
            self.out("PyTorch: left out" if options.no_torch else
                     "PyTorch is not installed: its columns are left out (--python=PATH names an interpreter that has it)")
        floor = None if options.no_floor else self.floor(options.threads)
        text = f"{self.repeat} rounds"
        if floor:
            text += f"; at the start sgemm {floor.rate('sgemm'):.0f} GFLOP/s, read {floor.rate('read'):.1f} GB/s"
        if self.torch:
            text += f", PyTorch's sgemm {self.torch.call('sgemm').get('gflops', 0):.0f} GFLOP/s"
        self.out(text)
        if options.no_floor and options.tables != "shapes":
            raise Failure("--no-floor: only for --tables=shapes")
        parts = options.tables.split(",")
        for part in parts:
            {"shapes": self.shapes, "pieces": self.pieces, "pairs": self.properties,
             "products": self.products}[part]()
        if options.json:
            bench_tools.write_json(options.json, self.results)
        if options.markdown:
            self.out.write(options.markdown)


def main():
    parser = argparse.ArgumentParser(prog="utils/bench cpu", description="Attention on the CPU, as tables.")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="3 rounds")
    parser.add_argument("--repeat", type=int, default=15, help="rounds (15)")
    parser.add_argument("--budget", type=float, default=15, help="seconds for one variant of a shape (15)")
    parser.add_argument("--shapes", default="", metavar="REGEX", help="only names that match")
    parser.add_argument("--tables", default="shapes,pieces,pairs,products", help="which, of shapes,pieces,pairs,products")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--list", action="store_true", help="print the shapes and stop")
    parser.add_argument("--no-floor", action="store_true", help="do not measure the machine's rates")
    parser.add_argument("--python", help="interpreter with PyTorch (python3)")
    parser.add_argument("--no-torch", action="store_true", help="this product alone")
    bench_tools.add_file_options(parser)
    options = parser.parse_args()
    options.arguments = sys.argv[2:]
    with bench_tools.one_line_failures():
        if not set(options.tables.split(",")) <= {"shapes", "pieces", "pairs", "products"}:
            raise Failure(f"--tables: expected some of shapes,pieces,pairs,products but got {options.tables!r}")
        if options.repeat < 1 or options.threads < 1:
            raise Failure("--repeat and --threads: expected a positive number")
        try:
            re.compile(options.shapes)
        except re.error as error:
            raise Failure(f"--shapes: {error}") from None
        Bench(options).main()


if __name__ == "__main__":
    main()
