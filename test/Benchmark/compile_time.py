"""compile_time.py BIN_DIR CORPUS_DIR [--repeat N]: how long compiling takes, as a table.

Wall and CPU time of whole processes, the best of N; never a test. Every corpus file
is compiled once, the slowest N times. Progress goes to stderr.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time


def best(command, repeat, stdin=None):
    """(wall, CPU) seconds: the least of each over the repeats."""

    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    walls, cpus = [], []
    for _ in range(repeat):
        start, before = time.perf_counter(), used()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, input=stdin)
        walls.append(time.perf_counter() - start)
        cpus.append(used() - before)
    return min(walls), min(cpus)


def layers(count):
    """`count` attention layers over one shared prefix, each fed by the one before."""
    lines = ["""#q = affine_map<(b, m, n, d) -> (b, m, d)>
#k = affine_map<(b, m, n, d) -> (b, n, d)>
#s = affine_map<(b, m, n, d) -> (b, m, n)>
func.func @main(%x0: tensor<8x1x64xf32>, %p: tensor<256x64xf32>, %own: tensor<8x32x64xf32>) -> tensor<8x1x64xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x256x64xf32>
  %se = tensor.empty() : tensor<8x1x288xf32>
  %oe = tensor.empty() : tensor<8x1x64xf32>"""]
    for i in range(count):
        lines.append(f"""  %b{i} = linalg.broadcast ins(%p : tensor<256x64xf32>) outs(%e : tensor<8x256x64xf32>) dimensions = [0]
  %k{i} = tensor.concat dim(1) %b{i}, %own : (tensor<8x256x64xf32>, tensor<8x32x64xf32>) -> tensor<8x288x64xf32>
  %s0{i} = linalg.fill ins(%zero : f32) outs(%se : tensor<8x1x288xf32>) -> tensor<8x1x288xf32>
  %s{i} = linalg.batch_matmul indexing_maps = [#q, #k, #s] ins(%x{i}, %k{i} : tensor<8x1x64xf32>, tensor<8x288x64xf32>) outs(%s0{i} : tensor<8x1x288xf32>) -> tensor<8x1x288xf32>
  %p{i} = linalg.softmax dimension(2) ins(%s{i} : tensor<8x1x288xf32>) outs(%se : tensor<8x1x288xf32>) -> tensor<8x1x288xf32>
  %o0{i} = linalg.fill ins(%zero : f32) outs(%oe : tensor<8x1x64xf32>) -> tensor<8x1x64xf32>
  %x{i + 1} = linalg.batch_matmul ins(%p{i}, %k{i} : tensor<8x1x288xf32>, tensor<8x288x64xf32>) outs(%o0{i} : tensor<8x1x64xf32>) -> tensor<8x1x64xf32>""")
    lines.append(f"  return %x{count} : tensor<8x1x64xf32>\n}}")
    return re.sub(r"%p(?=\d)", "%prob", "\n".join(lines)).encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin_dir")
    parser.add_argument("corpus")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    opt = os.path.join(options.bin_dir, "hydragen-opt")
    compiler = os.path.join(options.bin_dir, "hydragen-compile")
    print("| what | wall, ms | CPU, ms |\n|---|---|---|")

    def row(what, seconds):
        wall, cpu = seconds
        print(f"| {what} | {1000 * wall:.0f} | {1000 * cpu:.0f} |", flush=True)

    row("hydragen-opt --version (start)", best([opt, "--version"], options.repeat))
    with tempfile.TemporaryDirectory() as folder:
        module = os.path.join(folder, "module.so")
        for count in (1, 10, 100):
            text = layers(count)
            row(
                f"hydragen-opt --hydragen-front, {count} layers",
                best([opt, "--hydragen-front", "-o", os.devnull], options.repeat, text),
            )
            row(
                f"hydragen-compile, {count} layers",
                best([compiler, "-", "-o", module], options.repeat, text),
            )

        def compile_time(path, repeat):
            return best([compiler, path, "-o", module], repeat)

        files = []
        for split in ("given", "bench"):
            folder = os.path.join(options.corpus, split)
            for name in sorted(os.listdir(folder)):
                if name.endswith(".mlir"):
                    files.append(os.path.join(folder, name))
        times = []
        for number, path in enumerate(files):
            times.append((compile_time(path, 1), path))
            print(f"\r{number + 1} of {len(files)} files", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        times.sort(reverse=True)
        row(f"hydragen-compile, median of {len(times)} corpus files", times[len(times) // 2][0])
        slowest = [(compile_time(path, options.repeat), path) for _, path in times[:10]]
        for seconds, path in sorted(slowest, reverse=True):
            row(f"hydragen-compile {os.path.basename(path)}", seconds)


if __name__ == "__main__":
    main()
