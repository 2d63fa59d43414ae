"""cpu_attention.py BIN DIR [--target=T]... [--mutate]: attention kernels of the CPU against the definition in float64.

Each case is one partial attention and a finalize, compiled for each target and run. The bound is twice the error of
the naive computation in float32 (with pairs, weights rounded to bf16) plus two units in the last place of the largest reference, by maximum norm. --mutate
changes one input before the reference is computed: every case must fail then. Last line: N passed, N failed.
"""

import os
import subprocess
import sys

import numpy as np

# name: sequences, KV heads, rows per KV head and sequence, keys, contraction, columns, type, kind of op, options
CASES = {
    # Row lanes: whole and broken register blocks, tiles of rows and of keys, widened types.
    "rows-64": (64, 2, 1, 131, 128, 128, "f32", "prefix", {}),
    "rows-70": (70, 1, 1, 300, 80, 48, "f32", "prefix", {}),
    "rows-260": (130, 1, 2, 129, 64, 72, "f32", "prefix", {}),
    "one-key": (17, 2, 1, 1, 32, 32, "f32", "prefix", {}),
    "five-keys": (33, 1, 1, 5, 64, 64, "f32", "prefix", {}),
    "odd-dims": (20, 2, 1, 77, 19, 23, "f32", "prefix", {}),
    "rows-f16": (36, 2, 1, 200, 128, 128, "f16", "prefix", {}),
    "rows-bf16": (36, 2, 1, 200, 96, 96, "bf16", "prefix", {}),
    "rows-split": (64, 1, 1, 2100, 64, 64, "f32", "prefix", {}),
    "rows-causal": (3, 2, 40, 70, 32, 32, "f32", "prefix", {"causal": 40}),
    "rows-bias": (20, 2, 1, 70, 32, 32, "f32", "prefix", {"bias": True}),
    # Score modifications in lanes of rows and of keys: all kinds, with tiles and lanes that are not full.
    "rows-mods": (5, 2, 7, 70, 32, 32, "f32", "prefix", {"mods": True}),
    "suffix-mods": (3, 2, 4, 37, 32, 32, "f32", "suffix", {"mods": True}),
    "suffix-1-mods": (3, 2, 1, 131, 32, 32, "f32", "suffix", {"mods": True}),
    # Sizes that only the call knows, which decides for 1, some or many rows per key, and for parts of the keys.
    "dynamic-1": (1, 2, 1, 70, 64, 64, "f32", "prefix", {"dynamic": True}),
    "dynamic-3": (3, 2, 1, 70, 64, 64, "f32", "prefix", {"dynamic": True}),
    "dynamic-2x3": (2, 2, 3, 70, 64, 64, "f32", "prefix", {"dynamic": True}),
    "dynamic-70": (70, 2, 1, 70, 64, 64, "f32", "prefix", {"dynamic": True, "mods": True}),
    "dynamic-split": (2, 1, 1, 2100, 64, 64, "f32", "prefix", {"dynamic": True}),
    "dynamic-rows-split": (40, 1, 1, 1500, 64, 64, "f32", "prefix", {"dynamic": True}),
    "dynamic-suffix": (2, 3, 2, 1100, 64, 64, "f32", "suffix", {"dynamic": True}),
    # bf16 in pairs: even and odd contractions, columns and keys, two tiles.
    "pairs": (36, 2, 1, 200, 128, 128, "bf16", "prefix", {"pairs": True}),
    "pairs-odd": (20, 2, 1, 131, 19, 23, "bf16", "prefix", {"pairs": True}),
    "pairs-mods": (12, 2, 3, 77, 80, 48, "bf16", "prefix", {"pairs": True, "mods": True}),
    "pairs-one-key": (17, 2, 1, 1, 32, 32, "bf16", "prefix", {"pairs": True}),
    # Key lanes: 1 to 8 rows.
    "suffix-1": (5, 3, 1, 131, 128, 128, "f32", "suffix", {}),
    "suffix-2": (4, 2, 2, 65, 64, 128, "f32", "suffix", {}),
    "suffix-3": (3, 2, 3, 131, 80, 48, "f32", "suffix", {}),
    "suffix-4": (3, 2, 4, 7, 128, 128, "f32", "suffix", {}),
    "suffix-5": (3, 1, 5, 33, 72, 72, "f32", "suffix", {}),
    "suffix-7": (2, 2, 7, 1, 19, 23, "f32", "suffix", {}),
    "suffix-8": (3, 2, 8, 300, 96, 96, "f32", "suffix", {}),
    "suffix-f16": (5, 2, 1, 130, 128, 128, "f16", "suffix", {}),
    "suffix-4-f16": (5, 2, 4, 130, 128, 128, "f16", "suffix", {}),
    "suffix-bf16": (5, 2, 1, 130, 64, 64, "bf16", "suffix", {}),
    "suffix-8-bf16": (3, 2, 8, 40, 128, 128, "bf16", "suffix", {}),
    "suffix-split": (1, 2, 4, 2100, 64, 64, "f32", "suffix", {}),
    "suffix-causal": (3, 2, 6, 20, 32, 32, "f32", "suffix", {"causal": 14}),
    "suffix-bias": (3, 2, 4, 20, 32, 32, "f32", "suffix", {"bias": True}),
    "separate": (6, 2, 2, 90, 64, 64, "f32", "separate", {}),
    # Scores that no multiply-add may take to base 2: large ones, one that saturates, hidden rows, none at all.
    "rows-large": (33, 1, 1, 70, 64, 64, "f32", "prefix", {"q_size": 1000.0, "k_size": 100.0}),
    "suffix-large": (3, 2, 2, 70, 64, 64, "f32", "suffix", {"q_size": 1000.0, "k_size": 100.0}),
    "rows-huge": (33, 1, 1, 10, 16, 16, "f32", "prefix", {"score": -3.3e38}),
    "suffix-huge": (3, 2, 2, 10, 16, 16, "f32", "suffix", {"score": -3.3e38}),
    "rows-nan": (33, 2, 1, 140, 64, 64, "f32", "prefix", {"nan": True}),
    "suffix-nan": (5, 2, 3, 140, 64, 64, "f32", "suffix", {"nan": True}),
    "rows-infinite": (33, 2, 1, 140, 64, 64, "f32", "prefix", {"infinite": True}),
    "suffix-infinite": (5, 2, 3, 140, 64, 64, "f32", "suffix", {"infinite": True}),
}


def narrow(x, dtype):
    """Values of `dtype` as float32."""
    x = np.asarray(x, np.float32)
    if dtype == "f16":
        return x.astype(np.float16).astype(np.float32)
    if dtype == "bf16":
        bits = x.view(np.uint32)
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
        return np.where(np.isnan(x), x, bits.astype(np.uint32).view(np.float32))
    return x


#: All kinds of score modifications: (rows b, h, g and the key) -> what the attribute says.
MODS = """#hydragen.softcap<3.0 : f64>, #hydragen.alibi<extra = 0, distance = affine_map<(b, h, g, n) -> (n - g - 9)>>,
  #hydragen.bias<extra = 1>, #hydragen.mask<extra = 2>, #hydragen.mask<extra = 3, fill = -7.5 : f32, mode = add>,
  #hydragen.visible<where = affine_map<(b, h, g, n) -> ((n + b) mod 5 - 1)>, fill = -2.0 : f32>, #hydragen.custom<extras = [1]>"""
MOD_MAPS = """affine_map<(b, h, g, n) -> (h)>, affine_map<(b, h, g, n) -> (b, g, n)>, affine_map<(b, h, g, n) -> (b, n)>,
  affine_map<(b, h, g, n) -> (g, n)>"""
MOD_REGION = """ {
  ^bb0(%score: f32, %ib: index, %ih: index, %ig: index, %in: index, %bias: f32):
    %two = arith.constant 2 : index
    %c1 = arith.constant 1 : index
    %half = arith.constant 0.5 : f32
    %parity = arith.remui %in, %two : index
    %odd = arith.cmpi eq, %parity, %c1 : index
    %low = arith.cmpi ult, %ih, %c1 : index
    %scaled = arith.mulf %bias, %half : f32
    %up = arith.addf %score, %scaled : f32
    %chosen = arith.select %odd, %up, %score : f32
    %result = arith.select %low, %chosen, %score : f32
    hydragen.yield %result : f32
  }"""


def module(b, h, g, n, d, e, dtype, kind, options):
    shared = kind != "suffix"
    if "dynamic" in options:
        b = n = "?"
    q, out = f"tensor<{b}x{h}x{g}x{d}x{dtype}>", f"tensor<{b}x{h}x{g}x{e}xf32>"
    k, v = [f"tensor<{'' if shared else f'{b}x'}{h}x{n}x{size}x{dtype}>" for size in (d, e)]
    state, bias = f"tensor<{b}x{h}x{g}xf32>", f"tensor<{h}x{n}xf32>"
    lead = "h, n" if shared else "b, h, n"
    mods, extras, attributes, argument, region = [], "", "", "", ""
    if "causal" in options:
        mods.append(f"#hydragen.visible<where = affine_map<(b, h, g, n) -> (g + {options['causal']} - n)>>")
    if "bias" in options:
        mods.append("#hydragen.bias<extra = 0>")
        extras, argument = f"extras(%bias : {bias})", f", %bias: {bias}"
        attributes += ", extra_maps = [affine_map<(b, h, g, n) -> (h, n)>]"
    if "mods" in options:
        mods.append(MODS)
        types = [f"tensor<{h}xf32>", f"tensor<{b}x{g}x{n}xf32>", f"tensor<{b}x{n}xi1>", f"tensor<{g}x{n}xi1>"]
        extras = f"extras({', '.join(f'%x{i}' for i in range(4))} : {', '.join(types)})"
        argument = "".join(f", %x{i}: {type_}" for i, type_ in enumerate(types))
        attributes += f", extra_maps = [{MOD_MAPS}]"
        region = MOD_REGION
    if kind == "separate":
        attributes += ", hydragen.separate_rows = array<i64: 0>"
    if mods:
        attributes += f", score_mods = [{', '.join(mods)}]"
    op = "prefix" if kind == "prefix" else "suffix"
    dims, size = "", ""
    if "dynamic" in options:
        dims, size = f"  %c0 = arith.constant 0 : index\n  %b = tensor.dim %q, %c0 : {q}\n", "%b"
    return f"""#q = affine_map<(b, h, g, n, d, e) -> (b, h, g, d)>
#k = affine_map<(b, h, g, n, d, e) -> ({lead}, d)>
#v = affine_map<(b, h, g, n, d, e) -> ({lead}, e)>
func.func @main(%q: {q}, %k: {k}, %v: {v}{argument}) -> {out} {{
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
{dims}  %eo = tensor.empty({size}) : {out}
  %em = tensor.empty({size}) : {state}
  %o = linalg.fill ins(%zero : f32) outs(%eo : {out}) -> {out}
  %m = linalg.fill ins(%none : f32) outs(%em : {state}) -> {state}
  %l = linalg.fill ins(%zero : f32) outs(%em : {state}) -> {state}
  %s:3 = hydragen.{op}_attention queries(%q : {q}) keys(%k : {k}) value(%v : {v}) {extras} at [0, 0, 0, 0]
    outs(%o, %m, %l : {out}, {state}, {state})
    attributes {{query_maps = [#q], key_maps = [#k], value_map = #v, scale = {d ** -0.5} : f64{attributes}}}{region} -> {out}, {state}, {state}
  %r = hydragen.finalize state(%s#0, %s#1, %s#2 : {out}, {state}, {state}) outs(%eo : {out}) -> {out}
  return %r : {out}
}}
"""


def draw(b, h, g, n, d, e, dtype, kind, options):
    random = np.random.default_rng(n + 7 * d)
    lead = (h, n) if kind != "suffix" else (b, h, n)
    q = random.standard_normal((b, h, g, d)) * options.get("q_size", 1)
    k = random.standard_normal(lead + (d,)) * options.get("k_size", 1)
    v = random.standard_normal(lead + (e,))
    if "score" in options:  # All scores the same, near the end of the range: the output is the mean of V.
        q[...], k[...] = 0, 0
        q[..., 0], k[..., 0] = 2.0 ** 64, options["score"] * d ** 0.5 / 2.0 ** 64
    if "nan" in options:
        q[1, 0, 0, 3] = np.nan
    if "infinite" in options:  # One key has score -inf in every other row, and +inf, so NaN, in the rest.
        q[..., 0] = np.where(np.arange(b).reshape(b, 1, 1) % 2, -1, 1) * np.abs(q[..., 0])
        k[..., 5, :] = 0
        k[..., 5, 0] = -3e38
        q[..., 0] = np.sign(q[..., 0]) * 1e3
    bias = random.standard_normal((h, n)).astype(np.float32)
    bias[:, 0] = -np.inf
    bias[0, :] = -3.4028234663852886e38
    extras = [bias] if "bias" in options else []
    if "mods" in options:
        masks = [random.random(shape) < 0.8 for shape in ((b, n), (g, n))]
        extras = [random.standard_normal(h).astype(np.float32), random.standard_normal((b, g, n)).astype(np.float32), *masks]
    return [narrow(x, dtype) for x in (q, k, v)] + extras


def modify(s, arrays, real):
    """MODS, by the book; `s` has dims b, h, g, n."""
    slopes, bias, mask, other = [x if x.dtype == bool else x.astype(real) for x in arrays[3:]]
    b, h, g, n = np.ogrid[tuple(slice(size) for size in s.shape)]
    s = real(3) * np.tanh(s / real(3))
    s = s + slopes[:, None, None] * (n - g - 9).astype(real)
    s = s + bias[:, None]
    s = np.where(mask[:, None, None], s, real(-np.inf))
    s = np.where(other, s, s + real(-7.5))
    s = np.where((n + b) % 5 - 1 >= 0, s, real(-2))
    return np.where((n % 2 == 1) & (h < 1), s + real(0.5) * bias[:, None], s)


def attention(arrays, options, real):
    """The definition, in `real`: Q is scaled first, every sum is sequential."""
    with np.errstate(all="ignore"):
        q, k, v = [x.astype(real) for x in arrays[:3]]
        if k.ndim == 3:
            k, v = k[None], v[None]
        q = q * real(q.shape[-1] ** -0.5)
        s = np.zeros(q.shape[:3] + (k.shape[2],), real)
        for i in range(q.shape[-1]):
            s += q[..., i, None] * k[:, :, None, :, i]
        s = np.where(np.abs(s) > 3.4028235677973366e38, np.sign(s) * np.inf, s)  # the state is float32
        if "bias" in options:
            s = s + arrays[3].astype(real)[None, :, None, :]
        if "mods" in options:
            s = modify(s, arrays, real)
        if "causal" in options:
            g, n = np.arange(s.shape[2])[:, None], np.arange(s.shape[3])
            s = np.where(n <= g + options["causal"], s, -np.inf)
        p = np.exp(s - s.max(-1, keepdims=True))
        total, out = np.zeros(p.shape[:3], real), np.zeros(q.shape[:3] + (v.shape[-1],), real)
        for n in range(p.shape[-1]):
            total += p[..., n]
            if "pairs" in options and real == np.float32:
                p[..., n] = narrow(p[..., n], "bf16")
            out += p[..., n, None] * v[:, :, None, n]
        return out / total[..., None]


def check(name, tools, folder, target, mutate):
    *shape, dtype, kind, options = case = CASES[name]
    arrays = draw(*case)
    path = os.path.join(folder, name)
    with open(path + ".mlir", "w") as file:
        # Inputs are float32 in the archive; the function narrows them.
        file.write(module(*shape, dtype, kind, options))
    stored = {}
    for i, x in enumerate(arrays):
        if i < 3 and dtype == "f16":
            x = x.astype(np.float16)
        elif i < 3 and dtype == "bf16":
            x = (x.view(np.uint32) >> 16).astype(np.uint16)
        stored[f"in{i}"] = x
    np.savez(path + ".npz", **stored)
    for command in (["hydragen-compile", path + ".mlir", "-o", path + ".so", "--target=" + target,
                     *(["--bf16=pairs"] if "pairs" in options else [])],
                    ["hydragen-run", path + ".so", "--inputs=" + path + ".npz", "--outputs=" + path + ".out.npz"]):
        done = subprocess.run([os.path.join(tools, command[0])] + command[1:], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True)
        if done.returncode != 0:
            return f"{command[0]}: {done.stdout}"
    got = np.load(path + ".out.npz")["out0"].astype(np.float64)
    if mutate:
        arrays[2][..., 0] += 1
    want = attention(arrays, options, np.float64)
    naive = attention(arrays, options, np.float32)
    if (np.isnan(got) != np.isnan(want)).any():
        return f"NaN in {np.isnan(got).sum()} elements, expected in {np.isnan(want).sum()}"
    finite = ~np.isnan(want)
    if not finite.any():
        return "nothing to compare"
    error = np.abs(got - want)[finite].max()
    bound = 2 * np.abs(naive - want)[finite & ~np.isnan(naive)].max(initial=0) + 2 * 2.0 ** -23 * np.abs(want[finite]).max()
    return None if error <= bound else f"error {error:.2e}, bound {bound:.2e}"


def main():
    tools, folder = sys.argv[1:3]
    options = sys.argv[3:]
    targets = [o.split("=", 1)[1] for o in options if o.startswith("--target=")] or ["cpu"]
    mutate = "--mutate" in options
    names = [o for o in options if not o.startswith("--")] or list(CASES)
    os.makedirs(folder, exist_ok=True)
    passed = failed = 0
    for target in targets:
        for name in names:
            problem = check(name, tools, folder, target, mutate)
            passed, failed = passed + (problem is None), failed + (problem is not None)
            if problem:
                print(f"{name}, {target}: {problem}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
