"""What attend kernels ask of memory and tensor cores on the emulated GPU, against formulas.

    check_counters.py FOLDER NAME ...

Compiles the named shapes (the benchmarks of test/Corpus/bench, smaller) for cuda:sm_80, runs them on the emulated GPU and
compares with the CPU's numbers and:

- read sectors (32 bytes): each element of K and V of a segment once per row tile, of Q once per split; at most 1.05 times
  that. Partial states, which the fold reads, are counted apart.
- tensor-core FLOPs: 4 * rows rounded up to the row tile * keys rounded up to the key tile * head dim; at most 1.1 times.
- shared memory: as many wavefronts as there would be without bank conflicts.

Prints the ratios, also to the true minimum: every element once, whatever the tiles.
"""

import json
import os
import re
import subprocess
import sys

SECTOR = 32


class Shape:
    def __init__(self, kind, batch, heads, group, prefix, own, dim):
        self.type, self.batch, self.heads, self.group = kind, batch, heads, group
        self.prefix, self.own, self.dim = prefix, own, dim
        self.bytes = 4 if kind == "f32" else 2

    def text(self):
        b, h, g, p, s, d = self.batch, self.heads, self.group, self.prefix, self.own, self.dim

        def tensor(*sizes):
            return f"tensor<{'x'.join(map(str, sizes))}x{self.type}>"
        q, pk, sk = tensor(b, h, g, d), tensor(h, p, d), tensor(b, h, s, d)
        dims = "(b, h, g, d, n, e)"
        return f"""
#q = affine_map<{dims} -> (b, h, g, d)>
#pk = affine_map<{dims} -> (h, n, d)>
#pv = affine_map<{dims} -> (h, n, e)>
#sk = affine_map<{dims} -> (b, h, n, d)>
#sv = affine_map<{dims} -> (b, h, n, e)>
#o = affine_map<{dims} -> (b, h, g, e)>
func.func @main(%q: {q}, %pk: {pk}, %pv: {pk}, %sk: {sk}, %sv: {sk}) -> {q} {{
  %init = tensor.empty() : {q}
  %o = hydragen.attention queries(%q : {q}) keys(%pk, %sk : {pk}, {sk}) values(%pv, %sv : {pk}, {sk})
    outs(%init : {q}) attributes {{query_maps = [#q], output_map = #o, scale = {d ** -0.5} : f64,
      segments = [#hydragen.segment<begin = 0, size = {p}, keys = [#pk], value = #pv, shared>,
                  #hydragen.segment<begin = {p}, size = {s}, keys = [#sk], value = #sv>]}} -> {q}
  return %o : {q}
}}
"""


SHAPES = {
    # bench_gqa_b64_p8192_f16, bench_mha_b64_p4096_bf16 and _f32, bench_mqa8_b1024_p2048_bf16
    "gqa": Shape("f16", 32, 2, 4, 2048, 256, 128),
    "mha": Shape("bf16", 64, 1, 1, 4096, 128, 128),
    "mha_f32": Shape("f32", 64, 1, 1, 1024, 128, 128),
    "mqa8": Shape("bf16", 64, 1, 8, 2048, 128, 128),
    # The other fast head dims.
    "f16_64": Shape("f16", 16, 1, 4, 512, 256, 64),
    "f16_80": Shape("f16", 16, 1, 4, 512, 256, 80),
    "f16_96": Shape("f16", 16, 1, 4, 512, 256, 96),
    "f16_256": Shape("f16", 16, 1, 4, 512, 256, 256),
    "f32_64": Shape("f32", 16, 1, 4, 512, 256, 64),
    "f32_80": Shape("f32", 16, 1, 4, 512, 256, 80),
    "f32_96": Shape("f32", 16, 1, 4, 512, 256, 96),
}


def ceil(x, y):
    return -(-x // y)


class Segment:
    """`rows` rows of each of `groups` groups see the group's `keys` keys."""

    def __init__(self, tile, groups, rows, keys):
        numbers = {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)", tile)}
        self.groups, self.rows, self.keys = groups, rows, keys
        self.tile, self.step = numbers["rows"], numbers["keys"]
        self.split = numbers.get("split", 0) or keys

    def tiles(self):
        return self.groups * ceil(self.rows, self.tile)

    def splits(self):
        return ceil(self.keys, self.split)

    def keys_computed(self):
        whole = self.keys // self.split * ceil(self.split, self.step)
        return (whole + ceil(self.keys % self.split, self.step)) * self.step


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout}")
    return done.stdout


def check(folder, name):
    shape = SHAPES[name]
    model, stats, expected = (os.path.join(folder, name + end) for end in (".mlir", ".json", ".npz"))
    with open(model, "w", encoding="utf-8") as file:
        file.write(shape.text())
    modules = {}
    for target in ("cpu", "cuda:sm_80"):
        modules[target] = os.path.join(folder, f"{name}.{target[:4]}.so")
        run(["hydragen-compile", model, "--sharing=always", "--target=" + target, "-o", modules[target]])
    run(["hydragen-run", modules["cpu"], "--random=1", "--outputs=" + expected])
    run(["hydragen-run", modules["cuda:sm_80"], "--device=emulated", "--random=1", "--expect=" + expected,
         "--stats=" + stats])
    scheduled = run(["hydragen-compile", model, "--sharing=always", "--target=cuda:sm_80", "--emit=scheduled"])
    tiles = re.findall(r"#hydragen\.tile<([^>]*)>", scheduled)
    with open(stats, encoding="utf-8") as file:
        counters = [k["counters"] for k in json.load(file)["kernels"] if not k["name"].endswith("_plan")]
    assert len(tiles) == 2 and len(counters) == 1, (tiles, counters)
    counted = counters[0]

    rows = shape.batch * shape.group
    segments = [Segment(tiles[0], shape.heads, rows, shape.prefix),
                Segment(tiles[1], shape.heads * shape.batch, shape.group, shape.own)]
    row_sectors = shape.dim * shape.bytes / SECTOR
    formula = sum(s.tiles() * s.keys * 2 * row_sectors + s.groups * s.rows * s.splits() * row_sectors for s in segments)
    least = sum(s.groups * s.keys * 2 * row_sectors for s in segments) + shape.heads * rows * row_sectors
    # Per row and state: the columns, m twice and l.
    entries = sum(s.splits() for s in segments)
    states = shape.heads * rows * entries * (shape.dim * 4 / SECTOR + 3)
    flops = sum(4 * s.tiles() * s.tile * s.keys_computed() * shape.dim for s in segments)
    if shape.type == "f32":
        flops *= 3  # three TF32 products

    read = counted["global_read_sectors"] - states
    problems = []
    if read > 1.05 * formula:
        problems.append("too many sectors")
    if counted["mma_flops"] > 1.1 * flops or counted["mma_flops"] == 0:
        problems.append("too many FLOPs")
    if counted["shared_wavefronts"] != counted["shared_wavefronts_ideal"]:
        problems.append(f"{counted['shared_wavefronts']} wavefronts, ideal {counted['shared_wavefronts_ideal']}")
    if counted["faults"]:
        problems.append("faults")
    print(f"{name}: sectors {read / formula:.3f} of the formula, {read / least:.3f} of the minimum, states "
          f"{states / read:.3f} of the rest; FLOPs {counted['mma_flops'] / flops:.3f}; conflicts "
          f"{counted['shared_wavefronts'] - counted['shared_wavefronts_ideal']}" + "".join("; " + p for p in problems))
    return not problems


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    os.makedirs(folder, exist_ok=True)
    results = [check(folder, name) for name in names]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
