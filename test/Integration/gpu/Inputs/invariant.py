"""invariant.py FOLDER: --invariant gives a sequence the same bits in any company, on the emulated GPU.

Sequences alone and among others, in other orders, with other batch sizes (known when compiled and in the call), with
more or less of their keys shared, and with other leading pages of block tables. Prints, per comparison, how many of the
elements of the sequence's result are other bits: none with --invariant, some without where sizes choose the tiles.
"""

import os
import subprocess
import sys

import numpy as np

FOLDER, HERE = sys.argv[1], os.path.dirname(os.path.abspath(__file__))

STATIC = """#q = affine_map<(b, g, d, n, e) -> (b, g, d)>
#o = affine_map<(b, g, d, n, e) -> (b, g, e)>
#prompt = affine_map<(b, g, d, n, e) -> (n, d)>
#prompt_v = affine_map<(b, g, d, n, e) -> (n, e)>
#own = affine_map<(b, g, d, n, e) -> (b, n, d)>
#own_v = affine_map<(b, g, d, n, e) -> (b, n, e)>
func.func @main(%q: tensor<{B}x4x64x{T}>, %pk: tensor<1024x64x{T}>, %pv: tensor<1024x64x{T}>, %sk: tensor<{B}x100x64x{T}>,
                %sv: tensor<{B}x100x64x{T}>) -> tensor<{B}x4x64x{T}> {{
  %init = tensor.empty() : tensor<{B}x4x64x{T}>
  %o = hydragen.attention queries(%q : tensor<{B}x4x64x{T}>)
    keys(%pk, %sk : tensor<1024x64x{T}>, tensor<{B}x100x64x{T}>) values(%pv, %sv : tensor<1024x64x{T}>, tensor<{B}x100x64x{T}>)
    outs(%init : tensor<{B}x4x64x{T}>) attributes {{query_maps = [#q], output_map = #o, scale = 0.125 : f64,
      segments = [#hydragen.segment<begin = 0, size = 1024, keys = [#prompt], value = #prompt_v, shared>,
                  #hydragen.segment<begin = 1024, size = 100, keys = [#own], value = #own_v>]}} -> tensor<{B}x4x64x{T}>
  return %o : tensor<{B}x4x64x{T}>
}}
"""


def compile_module(source, name, *options):
    module = f"{FOLDER}/{name}.so"
    subprocess.run(["hydragen-compile", source, "--sharing=always", "--target=cuda:sm_80", "-o", module, *options], check=True)
    return module


def call(module, arrays, emulator="schedule=rr"):
    np.savez(FOLDER + "/in.npz", **{f"in{i}": np.ascontiguousarray(a) for i, a in enumerate(arrays)})
    subprocess.run(["hydragen-run", module, "--device=emulated", "--emulator=" + emulator, f"--inputs={FOLDER}/in.npz",
                    f"--outputs={FOLDER}/out.npz"], check=True, stdout=subprocess.DEVNULL)
    return np.load(FOLDER + "/out.npz")["out0"]


def report(title, want, got):
    print(f"{title}: {(want.view('u1') != got.view('u1')).reshape(*want.shape, -1).any(-1).sum()} differ", flush=True)


def known_sizes():
    """Batch sizes known when compiled: without --invariant one sequence has other tiles than 20, and other splits."""
    rng = np.random.default_rng(1)
    for dtype in ("f16", "f32"):
        q, pk, pv, sk, sv = (rng.standard_normal(s).astype(dtype.replace("f16", "f2").replace("f32", "f4")) for s in
                             [(20, 4, 64), (1024, 64), (1024, 64), (20, 100, 64), (20, 100, 64)])
        for options in (["--invariant"], []):
            results = {}
            for batch in (1, 20):
                source = f"{FOLDER}/static{batch}.mlir"
                with open(source, "w", encoding="utf-8") as text:
                    text.write(STATIC.format(B=batch, T=dtype))
                own = slice(17, 18) if batch == 1 else slice(0, 20)
                results[batch] = call(compile_module(source, "static", *options), [q[own], pk, pv, sk[own], sv[own]])
            report(f"{dtype} {' '.join(options) or 'plain'}: alone, of 20", results[1][0], results[20][17])


def sizes_of_the_call():
    """Sizes known in the call; also a longer and a shorter shared prefix, that end where a split does."""
    rng = np.random.default_rng(2)
    shared = [rng.standard_normal((1, 2, 128, 64)).astype("f2") for _ in range(2)]
    sequences = [[rng.standard_normal(s).astype("f2") for s in [(1, 8, 2, 64), (1, 2, 100, 64), (1, 2, 100, 64)]]
                 for _ in range(6)]
    lengths = np.array([200, 150, 227, 60, 228, 100], "i4")

    def run(module, which, prefix=128, **options):
        keys = [[np.concatenate([shared[i], sequences[n][1 + i]], 2) for n in which] for i in range(2)]
        return call(module, [np.concatenate([sequences[n][0] for n in which]), keys[0][0][:, :, :prefix],
                             keys[1][0][:, :, :prefix], *(np.concatenate(k)[:, :, prefix:] for k in keys),
                             lengths[which]], **options)[which.index(0)]

    for title, options in [("one launch", []), ("two launches", ["--separate-launches"])]:
        module = compile_module(f"{HERE}/dynamic.mlir", "dynamic", "--invariant", "--split=64", *options)
        want = run(module, [0])
        report(f"{title}, of three", want, run(module, [2, 0, 1], emulator="schedule=random:3"))
        report(f"{title}, of six", want, run(module, [5, 4, 3, 2, 1, 0], emulator="schedule=reverse,async=late"))
        for prefix in (0, 64, 192):
            report(f"{title}, {prefix} keys shared", want, run(module, [0], prefix))


def leading_pages():
    """Block tables: how many leading pages all rows have in common is up to the others."""
    rng = np.random.default_rng(3)
    source = os.path.join(HERE, "..", "..", "guards", "Inputs", "paged_dynamic.mlir")
    module = compile_module(source, "paged", "--invariant", "--split=64")
    q, *pools = (rng.standard_normal(s).astype("f4") for s in [(3, 2, 1, 16), (24, 8, 2, 16), (24, 8, 2, 16)])
    mine = rng.permutation(24)
    lengths = np.array([187, 160, 192])
    want = call(module, [q[:1], *pools, mine[None], lengths[:1]])[0]
    for common in (0, 3, 8, 13, 16, 23):
        table = np.stack([mine, *(np.concatenate([mine[:common], np.roll(mine, i)[common:]]) for i in (1, 2))])
        report(f"{common} common pages", want, call(module, [q, *pools, table, lengths])[0])


known_sizes()
sizes_of_the_call()
leading_pages()
