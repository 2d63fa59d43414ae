"""check.py EMULATE DIR NAME: runs one of kernels.py's kernels on the emulated GPU against the definition in float64.

Under each schedule and both ways for asynchronous copies to land: no report, the same bits each time, and the result
within the tolerance of the type.
"""

import json
import os
import subprocess
import sys

import numpy as np

LOG2E = 1.4426950408889634
MODES = [["--schedule=rr"], ["--schedule=reverse", "--async=eager"], ["--schedule=random:7", "--threads=2"]]
# Rounding of P and of the output to the type, twice the unit roundoff of each, over values of size about 1; the
# softmax averages, so the error of P V stays at its own unit roundoff.
TOLERANCE = {"f16": 4 * 2.0**-11, "bf16": 4 * 2.0**-8, "f32": 4 * 2.0**-11}


def to_bf16(x):
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(x):
    return (x.astype(np.uint32) << 16).view(np.float32)


ENCODE = {"f16": lambda x: x.astype(np.float16), "bf16": to_bf16, "f32": lambda x: x.astype(np.float32)}
DECODE = {"f16": lambda x: x.astype(np.float64), "bf16": lambda x: from_bf16(x).astype(np.float64),
          "f32": lambda x: x.astype(np.float64)}
DTYPE = {"f16": "f16", "bf16": "u16", "f32": "f32"}


def attention(q, k, v, causal):
    s = np.einsum("hmd,hnd->hmn", q, k) / np.sqrt(q.shape[-1])
    if causal:
        s = np.where(np.arange(k.shape[1])[None, :] <= np.arange(q.shape[1])[:, None], s, -np.inf)
    p = np.exp(s - s.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True) @ v


class Run:
    def __init__(self, emulate, folder, name):
        self.emulate, self.folder, self.name = emulate, folder, name
        with open(os.path.join(folder, "kernels.json"), encoding="utf-8") as file:
            self.listing = json.load(file)

    def save(self, name, array):
        path = os.path.join(self.folder, f"{self.name}.{name}.npy")
        np.save(path, array)
        return path

    def launch(self, kernel, grid, arguments, mode, out):
        """Triton appends two pointers to scratch memory."""
        info = self.listing[kernel]
        command = [self.emulate, os.path.join(self.folder, kernel + ".ptx"), "--kernel=" + info["kernel"],
                   "--grid=" + ",".join(map(str, grid)), f"--block={info['threads']},1,1", f"--shared={info['shared']}"]
        command += ["--arg=" + argument for argument in arguments + ["null", "null"]] + mode
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}")
        return np.load(out)


def run_forward(run, element, causal, heads, rows, keys, d, bm):
    rng = np.random.default_rng(1)
    arrays = [ENCODE[element](rng.standard_normal((heads, n, d))) for n in (rows, keys, keys)]
    want = attention(*map(DECODE[element], arrays), causal)
    paths = [run.save(name, array) for name, array in zip("qkv", arrays)]
    out = os.path.join(run.folder, run.name + ".o.npy")
    arguments = ["in:" + path for path in paths] + [f"out:{out}:{DTYPE[element]}:{heads}x{rows}x{d}",
                                                    f"f32:{LOG2E / np.sqrt(d)}", f"u32:{rows}", f"u32:{keys}"]
    return [run.launch(run.name, (-(-rows // bm), heads, 1), arguments, mode, out) for mode in MODES], want


def run_decode(run):
    heads, group, keys, d, splits, share = 2, 16, 1000, 128, 4, 256
    rng = np.random.default_rng(2)
    arrays = [ENCODE["f16"](rng.standard_normal((heads, n, d))) for n in (group, keys, keys)]
    want = attention(*map(DECODE["f16"], arrays), False)
    paths = [run.save(name, array) for name, array in zip("qkv", arrays)]
    o, ml, out = (os.path.join(run.folder, f"{run.name}.{name}.npy") for name in ("state", "ml", "o"))
    results = []
    for mode in MODES:
        run.launch("decode_split", (splits, heads, 1),
                   ["in:" + path for path in paths] + [f"out:{o}:f32:{heads * splits * group}x{d}",
                                                       f"out:{ml}:f32:{heads * splits * group}x2",
                                                       f"f32:{LOG2E / np.sqrt(d)}", f"u32:{keys}", f"u32:{share}"],
                   mode, o)
        results.append(run.launch("decode_merge", (heads, group, 1),
                                  [f"in:{o}", f"in:{ml}", f"out:{out}:f16:{heads}x{group}x{d}", f"u32:{splits}"],
                                  mode, out))
    return results, want


def main():
    run = Run(*sys.argv[1:4])
    name = run.name
    element = "f16"
    if name == "decode":
        results, want = run_decode(run)
    else:
        element = {"bf16": "bf16", "tf32": "f32"}.get(name.split("_")[1], "f16")
        wide = name.endswith("8_warps")
        results, want = run_forward(run, element, causal=name.endswith(("causal", "unaligned", "bf16")), heads=2,
                                    rows=100, keys=200, d=128 if wide else 64,
                                    bm=128 if wide else 32 if element == "f32" else 64)
    for mode, result in zip(MODES[1:], results[1:]):
        if not np.array_equal(result, results[0], equal_nan=True):
            sys.exit(f"{name}: the result depends on {' '.join(mode)}")
    error = np.abs(DECODE[element](results[0]) - want).max()
    bound = TOLERANCE[element] * max(1.0, np.abs(want).max())
    print(f"{name}: max error {error:.3g}, allowed {bound:.3g}")
    if not error <= bound:
        sys.exit(1)


main()
