"""Attention with a segment by group number among others, on the CPU without sharing and on the emulated GPU.

    groups.py FOLDER

Query heads are grouped, sequences have several queries, so that a place in the order stands for several rows of a tile and
the order is not the fastest digit; segments for all sequences fold the digit that is put in order, others have it outside.
"""

import itertools
import os
import subprocess
import sys

import numpy as np

HEADER = """#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#row = affine_map<(b, h, m, n, d, e) -> (b)>
"""


def write(batch, heads, share, queries, prompts, segments, mask, dtype, width):
    """MLIR text and shapes of the inputs; segments: list of (kind, keys)."""
    depth, maps, begin, text = 16, [], 0, []
    where = {"all": [], "group": ["g"], "own": ["b"], "pairs": ["b floordiv 2"]}
    extents = {"all": [], "group": [prompts], "own": [batch], "pairs": [batch // 2]}
    rows = ["batch" if dim is None else dim for dim in (batch, heads * share, queries)]
    q_type = f"tensor<{'x'.join(map(str, rows))}x{depth}x{dtype}>"
    keys, values, arguments, types, shapes = [], [], [f"%q: {q_type}"], [], [(*rows, depth)]
    for i, (kind, count) in enumerate(segments):
        for name, column in (("k", "d"), ("v", "e")):
            at = ", ".join(where[kind] + [f"h floordiv {share}", "n", column])
            maps.append(f"#{name}{i} = affine_map<(b, h, m, n, d, e)[g, len] -> ({at})>")
        shape = (*extents[kind], heads, count, depth)
        types.append(f"tensor<{'x'.join(map(str, shape))}x{dtype}>")
        keys.append(f"%k{i}")
        values.append(f"%v{i}")
        arguments += [f"%k{i}: {types[-1]}", f"%v{i}: {types[-1]}"]
        shapes += [shape, shape]
        marks = {"all": ", shared", "group": ", shared, grouped", "own": "", "pairs": ", shared"}[kind]
        text.append(f"#hydragen.segment<begin = {begin}, size = {count}, keys = [#k{i}], value = #v{i}{marks}>")
        begin += count
    numbers = f"tensor<{batch}x{width}>"
    visible = {"none": "", "length": "len - 1 - n", "causal": f"m + b + {begin - queries - batch // 2} - n"}[mask]
    mods = f"score_mods = [#hydragen.visible<where = affine_map<(b, h, m, n)[g, len] -> ({visible})>>]," if visible else ""
    return HEADER + "\n".join(maps) + f"""
func.func @main({', '.join(arguments)}, %g: {numbers}, %len: {numbers}) -> {q_type} {{
  %init = tensor.empty() : {q_type}
  %o = hydragen.attention queries(%q : {q_type}) keys({', '.join(keys)} : {', '.join(types)})
    values({', '.join(values)} : {', '.join(types)}) indices(%g, %len : {numbers}, {numbers}) outs(%init : {q_type})
    attributes {{query_maps = [#q], output_map = #o, index_maps = [#row, #row], scale = 0.25 : f64, {mods}
      segments = [{', '.join(text)}]}} -> {q_type}
  return %o : {q_type}
}}
""", shapes, begin


CASES = {
    "folded": (12, 2, 2, 3, 4, [("all", 40), ("group", 33), ("own", 9)], "none", "f32", "i64"),
    "length": (9, 1, 3, 1, 5, [("group", 70), ("own", 20)], "length", "f32", "i32"),
    "causal": (10, 2, 1, 4, 3, [("all", 17), ("group", 50), ("own", 12)], "causal", "f32", "i64"),
    "alone": (40, 1, 1, 1, 6, [("group", 30)], "length", "f16", "i64"),
    "pairs": (8, 1, 2, 2, 2, [("group", 24), ("pairs", 16), ("own", 8)], "none", "f32", "i64"),
    "many": (6, 1, 4, 40, 2, [("group", 48), ("own", 10)], "causal", "f16", "i64"),
    "later": (12, 1, 2, 1, 3, [("own", 10), ("group", 40), ("group", 20)], "none", "f32", "i64"),
}
SCHEDULES = [[], ["--tile=64", "--split=64", "--invariant"], ["--tile=16", "--split=64", "--separate-launches"]]


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(3)

    def run(*arguments):
        done = subprocess.run(arguments, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stderr

    for name, case in CASES.items():
        text, shapes, total = write(*case)
        batch, prompts, dtype, width = case[0], case[4], case[7], case[8]
        source, npz = f"{folder}/{name}.mlir", f"{folder}/{name}.npz"
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        run("hydragen-compile", source, "--sharing=never", "-o", f"{folder}/{name}.cpu.so")
        modules = []
        for i, options in enumerate(SCHEDULES):
            modules.append(f"{folder}/{name}.{i}.so")
            remarks = run("hydragen-compile", source, "--sharing=always", "--target=cuda:sm_80", "--remarks", *options,
                          "-o", modules[-1])
            if "gpu-fallback" in remarks or "gpu-host-op" in remarks:
                sys.exit(f"{name}: {remarks}")
        floats = [rng.standard_normal(shape).astype("f2" if dtype == "f16" else "f4") for shape in shapes]
        lists = {"one": np.full(batch, prompts - 1), "random": rng.integers(0, prompts, batch),
                 "turns": np.arange(batch) % prompts, "sorted": np.sort(rng.integers(0, prompts, batch))}
        for (which, numbers), module in itertools.product(lists.items(), modules):
            lengths = rng.integers(1, total + 1, batch)
            arrays = [*floats, *(x.astype("i8" if width == "i64" else "i4") for x in (numbers, lengths))]
            np.savez(npz, **{f"in{i}": a for i, a in enumerate(arrays)})
            run("hydragen-run", f"{folder}/{name}.cpu.so", "--inputs=" + npz, f"--outputs={folder}/want.npz")
            run("hydragen-run", module, "--device=emulated", "--emulator=schedule=random:3,async=late", "--inputs=" + npz,
                f"--expect={folder}/want.npz")
    print("ok")


main()
