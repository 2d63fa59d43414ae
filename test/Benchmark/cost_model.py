"""cost_model.py BIN_DIR ROOT: is plain or shared attention faster, and does the cost model choose so? A table.

Decode attention over a grid of batch x prefix x suffix, compiled for the CPU with --sharing=always and never, each timed
(best of several calls); beside it what --sharing=auto chose and predicted. Never a test: run it on a quiet machine.

--fit finds the constants of #hydragen.cpu_target that explain the times best and prints the line for lib/IR/CPUTarget.cpp.
"""

import argparse
import itertools
import json
import math
import os
import re
import subprocess
import sys
import tempfile

GRIDS = {
    "small": ([2, 16, 128], [64, 1024], [1, 128]),
    "subset": ([1, 2, 8, 32, 128], [64, 512, 4096], [1, 16, 128, 512]),
    "whole": ([1, 2, 4, 8, 16, 32, 64, 128], [64, 128, 256, 512, 1024, 2048, 4096, 8192], [1, 8, 32, 128, 512]),
}
HEADS, COLUMNS = 2, 64
NAMES = ["product", "few", "dot", "exponentials", "bandwidth", "copy", "launch", "row"]


def write_ir(batch, prefix, suffix):
    """Prompt keys broadcast to all sequences and joined with their own, as exporters write it."""
    q, p, s, n = (f"{batch}x{HEADS}x1x{COLUMNS}xf32", f"{HEADS}x{prefix}x{COLUMNS}xf32",
                  f"{batch}x{HEADS}x{suffix}x{COLUMNS}xf32", prefix + suffix)
    wide, whole, scores = (f"{batch}x{HEADS}x{prefix}x{COLUMNS}xf32", f"{batch}x{HEADS}x{n}x{COLUMNS}xf32",
                           f"{batch}x{HEADS}x1x{n}xf32")

    def product(name, a, b, types, maps, out):
        reduction = ", ".join('"reduction"' if i == 4 else '"parallel"' for i in range(5))
        return f"""  %{name}_e = tensor.empty() : tensor<{out}>
  %{name}_0 = linalg.fill ins(%zero : f32) outs(%{name}_e : tensor<{out}>) -> tensor<{out}>
  %{name} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{reduction}]}}
    ins({a}, {b} : tensor<{types[0]}>, tensor<{types[1]}>) outs(%{name}_0 : tensor<{out}>) {{
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %xy = arith.mulf %x, %y : f32
    %r = arith.addf %acc, %xy : f32
    linalg.yield %r : f32
  }} -> tensor<{out}>
"""
    lines = [f"func.func @main(%q: tensor<{q}>, %pk: tensor<{p}>, %pv: tensor<{p}>, %sk: tensor<{s}>, %sv: tensor<{s}>)"
             f" -> tensor<{q}> {{\n  %zero = arith.constant 0.0 : f32\n  %scale = arith.constant 0.125 : f32\n"]
    for x in "kv":
        lines.append(f"""  %{x}_e = tensor.empty() : tensor<{wide}>
  %{x}_p = linalg.broadcast ins(%p{x} : tensor<{p}>) outs(%{x}_e : tensor<{wide}>) dimensions = [0]
  %{x} = tensor.concat dim(2) %{x}_p, %s{x} : (tensor<{wide}>, tensor<{s}>) -> tensor<{whole}>
""")
    dims = "(b, h, m, n, d)"
    lines.append(product("s", "%q", "%k", [q, whole], f"affine_map<{dims} -> (b, h, m, d)>, affine_map<{dims} -> (b, h, n, d)>,"
                         f" affine_map<{dims} -> (b, h, m, n)>", scores))
    lines.append(f"""  %t_e = tensor.empty() : tensor<{scores}>
  %t_s = linalg.fill ins(%scale : f32) outs(%t_e : tensor<{scores}>) -> tensor<{scores}>
  %t = linalg.mul ins(%s, %t_s : tensor<{scores}>, tensor<{scores}>) outs(%t_e : tensor<{scores}>) -> tensor<{scores}>
  %w = linalg.softmax dimension(3) ins(%t : tensor<{scores}>) outs(%t_e : tensor<{scores}>) -> tensor<{scores}>
""")
    dims = "(b, h, m, d, n)"
    lines.append(product("o", "%w", "%v", [scores, whole], f"affine_map<{dims} -> (b, h, m, n)>, affine_map<{dims} ->"
                         f" (b, h, n, d)>, affine_map<{dims} -> (b, h, m, d)>", q))
    lines.append(f"  return %o : tensor<{q}>\n}}\n")
    return "".join(lines)


def predict_form(parts, constants, bits):
    product, few, dot, exponentials, bandwidth, _, launch, row = (constants[name] for name in NAMES)
    block = 16 if bits == 512 else bits // 16  # rows of a register block
    time = launch * 1e-3 * (len(parts) + 1 + (len(parts) > 1))
    for copies, rows, keys in parts:
        products = 2 * copies * keys * 2 * COLUMNS
        compute = products * (1 / dot + (rows - 1) / few if rows <= 8 else math.ceil(rows / block) * block / product)
        compute += copies * rows * keys / exponentials
        time += max(compute, copies * keys * 2 * COLUMNS * 4 / bandwidth) + copies * rows * row * 1e-3
    return time


def predict(point, constants, shared, bits):
    """The formula of lib/Analysis/CostModel.cpp, in microseconds."""
    batch, prefix, suffix = point
    if shared:
        return predict_form([(HEADS, batch, prefix), (HEADS * batch, 1, suffix)], constants, bits)
    copied = HEADS * batch * (2 * prefix + suffix) * COLUMNS * 4 * 2
    written = predict_form([(HEADS * batch, 1, prefix + suffix)], constants, bits)
    pieces = predict_form([(HEADS * batch, 1, prefix), (HEADS * batch, 1, suffix)], constants, bits)
    return min(written + copied / constants["copy"] + 4e-3 * constants["launch"], pieces)


def read_constants(root, bits):
    """The line of the table that the compiler uses."""
    with open(os.path.join(root, "lib", "IR", "CPUTarget.cpp"), encoding="utf-8") as source:
        line = re.search(r"\{(%s(?:, \d+){8})\}" % bits, source.read())
    return dict(zip(NAMES, map(int, line.group(1).split(", ")[1:])))


def measure(bin_dir, options):
    def run(tool, *arguments):
        done = subprocess.run([os.path.join(bin_dir, tool), *arguments], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(done.args)}\nexit {done.returncode}: {done.stdout}{done.stderr}")

    rows = []
    with tempfile.TemporaryDirectory() as work:
        source, module, stats = (os.path.join(work, name) for name in ("m.mlir", "m.so", "s.json"))
        for point in itertools.product(*GRIDS[options.grid]):
            with open(source, "w", encoding="utf-8") as out:
                out.write(write_ir(*point))
            result = {"batch": point[0], "prefix": point[1], "suffix": point[2]}
            for name, sharing in (("shared", "always"), ("plain", "never")):
                run("hydragen-compile", source, "-o", module, "--target=" + options.target, "--sharing=" + sharing)
                repeat, best, spent = 2, math.inf, 0
                while spent < options.seconds and repeat < 20000:
                    run("hydragen-run", module, "--random=1", f"--repeat={repeat}", "--stats=" + stats,
                        *([f"--threads={options.threads}"] if options.threads else []))
                    with open(stats, encoding="utf-8") as text:
                        times = json.load(text)
                    best, spent = min(best, times["min_ms"]), spent + times["median_ms"] * 1e-3 * repeat
                    repeat = max(repeat, int(options.seconds / max(times["median_ms"] * 1e-3, 1e-7) / 3) + 1)
                result[name + "_us"] = best * 1e3
            report = os.path.join(work, "r.json")
            run("hydragen-compile", source, "--emit=shared", "-o", os.devnull, "--target=" + options.target, "--report=" + report)
            with open(report, encoding="utf-8") as text:
                attention = json.load(text)["attentions"][0]
            result.update(choice="shared" if attention["outcome"] == "shared" else "plain", reason=attention["reason_code"],
                          predicted_plain_us=attention["predicted_us_plain"],
                          predicted_shared_us=attention["predicted_us_shared"])
            rows.append(result)
            print(format_row(result), flush=True)
    return rows


def get_loss(row):
    """By how much the choice is slower than the better form. One sequence has one form only."""
    if row["reason"] == "nothing-shared":
        return 0.0
    return row[row["choice"] + "_us"] / min(row["plain_us"], row["shared_us"]) - 1


HEAD = "| batch | prefix | suffix | plain us | shared us | predicted plain | predicted shared | choice | slower than the better |\n" \
       "|---|---|---|---|---|---|---|---|---|"


def format_row(row):
    return (f"| {row['batch']} | {row['prefix']} | {row['suffix']} | {row['plain_us']:.0f} | {row['shared_us']:.0f} | "
            f"{row['predicted_plain_us']:.0f} | {row['predicted_shared_us']:.0f} | {row['choice']} | "
            f"{100 * get_loss(row):.0f} % |")


def fit(rows, start, bits):
    """Levenberg-Marquardt on the logarithms of the times and of the constants.

    Times that are far off (pages that the system has to clear first) count less; a constant that no time depends on
    stays where it was.
    """
    import numpy as np  # only here: the table needs none

    data = [((r["batch"], r["prefix"], r["suffix"]), shared, r["shared_us" if shared else "plain_us"])
            for r in rows if r["batch"] > 1 for shared in (False, True)]
    first = np.log([start[name] for name in NAMES])

    def residuals(x):
        constants = dict(zip(NAMES, np.exp(x)))
        r = np.array([math.log(predict(point, constants, shared, bits) / time) for point, shared, time in data])
        # Huber's loss: beyond a factor of 1.35 the deviation counts, not its square.
        r = np.sign(r) * np.where(abs(r) > 0.3, np.sqrt(np.maximum(0.6 * abs(r) - 0.09, 0)), abs(r))
        return np.concatenate([r, 0.05 * (x - first)])

    x, damping = first, 1.0
    r = residuals(x)
    for _ in range(500):
        jacobian = np.column_stack([(residuals(x + 1e-4 * e) - r) / 1e-4 for e in np.eye(len(x))])
        step = np.linalg.solve(jacobian.T @ jacobian + damping * np.eye(len(x)), -jacobian.T @ r)
        new = residuals(x + step)
        if new @ new < r @ r:
            x, r, damping = x + step, new, damping / 2
        else:
            damping *= 4
        if damping > 1e9:
            break
    constants = dict(zip(NAMES, (max(1, round(v)) for v in np.exp(x))))
    errors = sorted(abs(math.log(predict(point, constants, shared, bits) / time)) for point, shared, time in data)
    return constants, errors[len(errors) // 2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin_dir")
    parser.add_argument("root")
    parser.add_argument("--grid", choices=GRIDS, default="subset")
    parser.add_argument("--target", default="cpu", help="cpu or cpu:NAME")
    parser.add_argument("--bits", default="512", help="width of the target's vectors, for --fit: 128, 256 or 512")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--seconds", type=float, default=0.3, help="time for each form of each point")
    parser.add_argument("--json", help="write the rows to this file")
    parser.add_argument("--rows", help="read the rows from a file of --json instead of measuring")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    print(HEAD, flush=True)
    if options.rows:
        with open(options.rows, encoding="utf-8") as source:
            rows = json.load(source)
        print("\n".join(map(format_row, rows)))
    else:
        rows = measure(options.bin_dir, options)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(rows, out, indent=1)
    losses = sorted(map(get_loss, rows))
    within = sum(loss <= 0.1 for loss in losses)
    print(f"\nchoice within 10 % of the better form: {within} of {len(rows)}, worst {100 * losses[-1]:.0f} % slower")
    if not options.fit:
        return
    start = read_constants(options.root, options.bits)
    constants, error = fit(rows, start, int(options.bits))
    print(f"constants now: {{{options.bits}, {', '.join(str(start[n]) for n in NAMES)}}},")
    print(f"constants fit: {{{options.bits}, {', '.join(str(constants[n]) for n in NAMES)}}}, // half of the times within a factor "
          f"of {math.exp(error):.2f}")
    # Plain attention reads pieces here (CostModel.h, pays).
    better = [dict(r, choice="shared" if predict(p, constants, True, bits) <= 0.9 * predict(p, constants, False, bits) else "plain")
              for bits in [int(options.bits)] for r in rows for p in [(r["batch"], r["prefix"], r["suffix"])]]
    losses = sorted(map(get_loss, better))
    print(f"with these the choice is within 10 % at {sum(loss <= 0.1 for loss in losses)} of {len(rows)}, "
          f"worst {100 * losses[-1]:.0f} % slower")


main()
