"""What the benchmarks share: compiling, calling modules in this process, PyTorch in another, the machine's rates,
interleaved timing, tables."""

import contextlib
import ctypes
import datetime
import gc
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

from mlir_text import BITS

CACHE_LINE = 64
HUGE_PAGE = 2 << 20


class Failure(Exception):
    """Ends the program with one line and exit code 2."""


@contextlib.contextmanager
def one_line_failures():
    """Ends the program with one line and exit code 2 at a Failure."""
    try:
        yield
    except Failure as failure:
        print(f"bench: error: {failure}", file=sys.stderr)
        sys.exit(2)


def add_file_options(parser):
    parser.add_argument("--json", metavar="FILE", help="write all medians")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables")


class Tools:
    """The build folder's programs, its runtime, and a folder for what is compiled."""

    def __init__(self, build):
        self.bin = os.path.join(build, "bin")
        self.compiled = {}
        self.folder = tempfile.TemporaryDirectory(prefix="hydragen-bench-")
        source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.corpus = os.path.join(source, "test", "Corpus", "bench")
        os.environ.setdefault("HYDRAGEN_RUNTIME", os.path.join(build, "lib", "libhydragen_runtime.so.0"))
        sys.path.insert(0, os.path.join(source, "runtime", "python"))
        self.runtime = importlib.import_module("hydragen")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def compile(self, text, name, sharing="auto", target="cpu", options=()):
        """The module of `text` and how many of its attentions are shared; equal requests compile once."""
        key = (text, sharing, target, *options)
        if key not in self.compiled:
            self.compiled[key] = self.compile_anew(text, f"{name}-{len(self.compiled)}", sharing, target, options)
        return self.compiled[key]

    def compile_anew(self, text, name, sharing, target, options):
        source, module = self.path(name + ".mlir"), self.path(f"{name}-{sharing}.so")
        with open(source, "w", encoding="utf-8") as out:
            out.write(text)
        report = self.path(f"{name}-{sharing}.json")
        command = [os.path.join(self.bin, "hydragen-compile"), source, "-o", module, f"--sharing={sharing}",
                   f"--target={target}", f"--report={report}", *options]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise Failure(f"{name}: {(result.stderr.splitlines() or ['hydragen-compile failed'])[0]}")
        with open(report, encoding="utf-8") as source:
            shared = sum(entry["outcome"] == "shared" for entry in json.load(source)["attentions"])
        return module, shared

    def load(self, module, threads):
        return self.runtime.Module(module, threads=threads)

    def run_stats(self, module, threads, dims=()):
        """--stats of hydragen-run in a process of its own."""
        stats = self.path("stats.json")
        result = subprocess.run([os.path.join(self.bin, "hydragen-run"), module, "--random=1", "--repeat=1",
                                 f"--threads={threads}", f"--stats={stats}", *dims], capture_output=True, text=True)
        if result.returncode:
            raise Failure((result.stderr.splitlines() or ["hydragen-run failed"])[0])
        with open(stats, encoding="utf-8") as source:
            return json.load(source)


#===----------------------------------------------------------------------===#
# Arrays
#===----------------------------------------------------------------------===#


def to_dtype(values, dtype):
    """f32 values as f32, f16, or bf16 (bits in uint16, rounded to nearest even)."""
    if dtype == "f32":
        return values
    if dtype == "f16":
        return values.astype(numpy.float16)
    bits = values.view(numpy.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(numpy.uint16)


def to_float(values, dtype):
    if dtype == "bf16":
        return (values.astype(numpy.uint32) << 16).view(numpy.float32)
    return values.astype(numpy.float32)


def random_array(generator, shape, dtype, scale=1.0):
    """N(0, scale^2); of large arrays a block of 2^24 elements is repeated, each time rolled by another amount."""
    out = empty_array(shape, dtype)
    flat = out.reshape(-1)
    block = to_dtype(scale * generator.standard_normal(min(flat.size, 1 << 24), numpy.float32), dtype)
    for number, begin in enumerate(range(0, flat.size, max(len(block), 1))):
        part = flat[begin:begin + len(block)]
        part[:] = numpy.roll(block, 977 * number)[:len(part)]
    return out


def empty_array(shape, dtype):
    """Memory as frameworks and hydragen-run allocate it, from the start of a cache line on: vector loads of an array of
    NumPy's, 16 bytes after one, would cross two lines each. Large arrays begin with a huge page, as the floor's do."""
    element = {"f32": numpy.float32, "f16": numpy.float16, "bf16": numpy.uint16}[dtype]
    size = int(numpy.prod(shape)) * numpy.dtype(element).itemsize
    alignment = HUGE_PAGE if size >= HUGE_PAGE else CACHE_LINE
    memory = numpy.empty(size + alignment, numpy.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start:start + size].view(element).reshape(shape)


#===----------------------------------------------------------------------===#
# Memory
#===----------------------------------------------------------------------===#


def status_kib(field):
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def available_bytes():
    with open("/proc/meminfo", encoding="ascii") as info:
        for line in info:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 1 << 40


def resident_growth(call):
    """By how many bytes this process's resident size peaks above what it was before `call`."""
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as reset:
            reset.write("5")
    except OSError:
        return None
    before = status_kib("VmRSS")
    call()
    return 1024 * max(0, status_kib("VmHWM") - before)


#===----------------------------------------------------------------------===#
# Other processes
#===----------------------------------------------------------------------===#


class Child:
    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **(environment or {})})

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise Failure(f"{self.process.args[0]} ended with {self.process.wait()}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Torch(Child):
    """PyTorch in the interpreter `python`."""

    def __init__(self, python, threads):
        worker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_worker.py")
        # Huge pages, as NumPy's large arrays have them.
        super().__init__([python, worker], {"THP_MEM_ALLOC_ENABLE": "1"})
        self.version = self.call("start", threads=threads)["version"]

    def call(self, op, **fields):
        return json.loads(self.ask(json.dumps({"op": op, **fields})))


def find_torch(python):
    """The first interpreter that has PyTorch: `python`, or of the usual ones."""
    for candidate in [python] if python else [sys.executable, "python3"]:
        try:
            if subprocess.run([candidate, "-c", "import torch"], capture_output=True).returncode == 0:
                return candidate
        except OSError as error:
            raise Failure(f"--python: {candidate}: {error.strerror}") from None
    if python:
        raise Failure(f"--python: {python} cannot import torch")
    return None


class Floor(Child):
    """cpu_floor: the rates of the machine at this moment."""

    def __init__(self, build, threads):
        super().__init__([os.path.join(build, "bin", "cpu_floor"), str(threads)])

    def rate(self, what):
        return float(self.ask(what))


#===----------------------------------------------------------------------===#
# Timing
#===----------------------------------------------------------------------===#


def interleave(calls, repeat, budget=1e9, rest=()):
    """`repeat` rounds over `calls` (name -> function that returns ms, or None when it cannot run). Returns the lists of
    ms. A call whose time so far exceeds `budget` seconds sits out; after those in `rest` the machine rests 0.1 s, so
    that their spinning threads do not slow down the next one."""
    times = {name: [] for name in calls}
    spent = dict.fromkeys(calls, 0.0)
    failed = set()
    for _ in range(repeat):
        for name, call in calls.items():
            if name in failed or (times[name] and spent[name] > budget):
                continue
            start = time.perf_counter()
            value = call()
            spent[name] += time.perf_counter() - start
            if value is None:
                failed.add(name)
            else:
                times[name].append(value)
            if name in rest:
                time.sleep(0.1)
    return times


def median(values):
    return statistics.median(values) if values else None


def timed(call, least=0.15, clock=time.perf_counter):
    """A function that runs `call` once, and again until `least` seconds are over, and returns the median ms of one. The
    first, which wakes threads up after those of another program, counts only when it is the only one; torch_worker.py
    does the same."""
    def run():
        values, begin = [], time.perf_counter()
        while not values or time.perf_counter() - begin < least:
            start = clock()
            call()
            values.append(1000 * (clock() - start))
        return statistics.median(values[1:] or values)
    return run


#===----------------------------------------------------------------------===#
# Text
#===----------------------------------------------------------------------===#


def show(value, unit=""):
    """Three digits that count; nothing for what was not measured."""
    if value is None:
        return "-"
    text = f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return text + unit


class Table:
    """A Markdown table whose rows are printed as they come."""

    def __init__(self, title, columns, out, width=10, first=34):
        self.columns, self.out = columns, out
        self.widths = [first] + [max(width, len(column)) for column in columns[1:]]
        out(f"\n## {title}\n")
        self.line(columns)
        self.out("|" + "|".join("-" * (width + 2) for width in self.widths) + "|")

    def line(self, cells):
        self.out("| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, self.widths)) + " |")

    def row(self, *cells):
        self.line([cell if isinstance(cell, str) else show(cell) for cell in cells])


class Output:
    """Prints lines and keeps them for --markdown."""

    def __init__(self):
        self.lines = []

    def __call__(self, text=""):
        print(text, flush=True)
        self.lines.append(text)

    def write(self, path):
        with open(path + ".tmp", "w", encoding="utf-8") as out:
            out.write("\n".join(self.lines).strip() + "\n")
        os.replace(path + ".tmp", path)


def write_json(path, data):
    with open(path + ".tmp", "w", encoding="utf-8") as out:
        json.dump(data, out, indent=1)
        out.write("\n")
    os.replace(path + ".tmp", path)


def describe_machine(threads):
    model, flags = "unknown processor", ()
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
            if line.startswith("flags"):
                flags = line.split(":", 1)[1].split()
                break
    vectors = next((name for flag, name in (("avx512_bf16", "AVX-512 with bf16"), ("avx512f", "AVX-512"), ("avx2", "AVX2"))
                    if flag in flags), "no AVX2")
    return (f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {model}, {vectors}, {threads} threads "
            f"of {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
