"""utils/bench ptx: how long compiling for GPUs takes, as a table.

Medians over rounds that go through all rows in turn, wall and user time in ms. Ours are whole processes: start, passes,
LLVM, PTX (no ptxas). Triton's are its compiler alone as far as PTX, in a fresh process each (triton_worker.py), so the
ratios, our user time to Triton's, flatter Triton. Options: --help.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import bench_tools
from bench_tools import Failure

# One configuration each, as utils/sass-check --list figures and fast have them: name, flags, words of the variants.
CONFIGS = [
    ("D=128 f16, prefix + suffix", [], "pitch=256", ("prefix", "suffix"), 2),
    ("D=128 f16, prefix + suffix, pitch at run time", [], "", ("prefix", "suffix"), 2),
    ("D=128 f16, prefix alone", [], "pitch=256", ("prefix",), 2),
    ("D=128 f32, prefix + suffix", ["--type=f32"], "pitch=512", ("prefix", "suffix"), 1),
    ("D=64 f16, prefix + suffix", ["--head-dim=64"], "pitch=128", ("prefix", "suffix"), 3),
    ("D=256 f16, prefix + suffix", ["--head-dim=256"], "pitch=512", ("prefix", "suffix"), 1),
]
# Two Llama layers; and attention alone, whose entry on the device has a second set of kernels, for any layout.
MODELS = ["given/hf_llama_sdpa.linalg.mlir", "given/hf_llama_eager.linalg.mlir", "bench/bench_mha_b64_p4096_f16.linalg.mlir"]
# Triton's kernels, and the row of ours that does the same work.
TRITON = [
    ("Triton: forward, D=128 f16", ["forward"], "D=128 f16, prefix alone"),
    ("Triton: forward, split-KV decode and its merge, D=128 f16", ["forward", "decode_split", "decode_merge"],
     "D=128 f16, prefix + suffix"),
]


def run(command):
    """(wall, user) ms of a process; what it prints on stdout."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        with process.stdout:
            text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            raise Failure(f"{os.path.basename(command[0])}: {said[-1] if said else process.returncode}")
    return (1000 * wall, 1000 * usage.ru_utime), text


def find_triton(python, build):
    """The first interpreter that has Triton: `python`, or the one test/Integration/triton installs, or the usual one."""
    for candidate in [python] if python else [os.path.join(build, "test", "triton", "venv", "bin", "python"), "python3"]:
        try:
            if subprocess.run([candidate, "-c", "import triton"], capture_output=True).returncode == 0:
                return candidate
        except OSError as error:
            if python:
                raise Failure(f"--python: {candidate}: {error.strerror}") from None
    if python:
        raise Failure(f"--python: {python} cannot import triton")
    return None


class Bench:
    def __init__(self, options):
        self.options = options
        self.out = bench_tools.Output()
        self.here = os.path.dirname(os.path.abspath(__file__))
        self.version = None

    def kernel(self, flags, words, kinds, blocks):
        tool = os.path.join(self.options.build, "bin", "hydragen-kernel")
        variants = [f"--variant={kind}{',' + words if words else ''},causal=3" for kind in kinds]
        command = [tool, "--target=sm_80", "--rank=4", *flags, f"--min-blocks={blocks}", *variants, "-o", os.devnull]
        return lambda: run(command)[0]

    def module(self, name, folder, *flags):
        tool = os.path.join(self.options.build, "bin", "hydragen-compile")
        source = os.path.join(self.here, "..", "Corpus", name)
        command = [tool, source, "--target=cuda:sm_80", *flags, "-o", os.path.join(folder, "module.so")]
        return lambda: run(command)[0]

    def triton(self, python, folder, kernels):
        def call():
            # A cache of its own each time, else it would read what the round before wrote.
            with tempfile.TemporaryDirectory(dir=folder) as cache:
                command = ["env", f"TRITON_CACHE_DIR={cache}", python, os.path.join(self.here, "triton_worker.py"), *kernels]
                answer = json.loads(run(command)[1])
            self.version = answer["triton"]
            return answer["wall"], answer["user"]
        return call

    def main(self):
        options = self.options
        self.out(f"# utils/bench ptx {' '.join(options.arguments)}".rstrip() + "\n")
        self.out(bench_tools.describe_machine(1))
        python = None if options.no_triton else find_triton(options.python, options.build)
        if not python:
            self.out("Triton: left out" if options.no_triton else
                     "Triton is not installed: its rows are left out (--python=PATH names an interpreter that has it)")
        with tempfile.TemporaryDirectory(prefix="hydragen-bench-") as folder:
            calls = {"hydragen-kernel --help (start)":
                     lambda: run([os.path.join(options.build, "bin", "hydragen-kernel"), "--help"])[0]}
            configs = CONFIGS[:1] if options.quick else CONFIGS
            for name, *config in configs:
                calls[name] = self.kernel(*config)
            for name in [] if options.quick else MODELS:
                label = "module of " + os.path.basename(name)
                calls[label] = self.module(name, folder)
                calls[label + ", --compact-only"] = self.module(name, folder, "--compact-only")
            partners = [row for row in TRITON if python and row[2] in calls]
            for name, kernels, _ in partners:
                calls[name] = self.triton(python, folder, kernels)
            times = bench_tools.interleave(calls, 1 if options.quick else options.repeat)
        if self.version:
            self.out(f"Triton {self.version}")
        self.out(f"{len(times[CONFIGS[0][0]])} rounds, medians; load at the end {os.getloadavg()[0]:.1f}")
        medians = {name: [bench_tools.median(column) for column in zip(*values)] for name, values in times.items()}
        table = bench_tools.Table("Compile times for sm_80", ["what", "wall, ms", "user, ms"], self.out, first=60)
        for name, values in medians.items():
            table.row(name, *values)
        ratios = {}
        if partners:
            table = bench_tools.Table("Of Triton's user time", ["ours", "Triton's", "ratio"], self.out, width=50)
            for name, _, ours in partners:
                ratios[ours] = medians[ours][1] / medians[name][1]
                table.row(ours, name.removeprefix("Triton: "), ratios[ours])
        if options.json:
            bench_tools.write_json(options.json, {
                "machine": bench_tools.describe_machine(1), "triton": self.version, "of_triton": ratios,
                "rows": {name: {"wall_ms": wall, "user_ms": user} for name, (wall, user) in medians.items()}})
        if options.markdown:
            self.out.write(options.markdown)


def main():
    parser = argparse.ArgumentParser(prog="utils/bench ptx", description="Compile times for GPUs, as a table.")
    parser.add_argument("build", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one configuration, one round")
    parser.add_argument("--repeat", type=int, default=9, help="rounds (9)")
    parser.add_argument("--python", help="interpreter with Triton (that of test/Integration/triton, python3)")
    parser.add_argument("--no-triton", action="store_true", help="this product alone")
    bench_tools.add_file_options(parser)
    options = parser.parse_args()
    options.arguments = sys.argv[2:]
    with bench_tools.one_line_failures():
        if options.repeat < 1:
            raise Failure("--repeat: expected a positive number")
        Bench(options).main()


if __name__ == "__main__":
    main()
