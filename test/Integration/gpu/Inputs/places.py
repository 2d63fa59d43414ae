"""The order of work items: runs the plan kernel of a module in the emulator and reads the list it wrote.

    places.py FOLDER

An attention with segments for all sequences, for pairs of them and for each: the list must have every item once, the parts'
items in their order. As many tiles of 64 rows take their turn before one of 16 as have the same work (rows' tiles times keys),
or more, so that one of 16 is the last.
"""

import os
import struct
import subprocess
import sys

import numpy as np

ITEMS_AT, ITEM = 2048, 80  # AttendSizes::kHeaderBytes; hydragen_work_item
DEPTH = 64


def write(path, batch, heads, segments):
    where = {"all": ["h", "n"], "pairs": ["b floordiv 32", "h", "n"], "own": ["b", "h", "n"]}
    count = {"all": [], "pairs": [batch // 32], "own": [batch]}
    args, keys, values, types, parts, begin = [], [], [], [], [], 0
    for i, (kind, size) in enumerate(segments):
        type = "tensor<" + "x".join(map(str, [*count[kind], heads, size, DEPTH])) + "xf16>"
        args += [f"%k{i}: {type}", f"%v{i}: {type}"]
        keys.append(f"%k{i}")
        values.append(f"%v{i}")
        types.append(type)
        k, v = (", ".join(where[kind] + [column]) for column in "de")
        parts.append(f"#hydragen.segment<begin = {begin}, size = {size}, keys = [affine_map<(b, h, n, d, e) -> ({k})>], "
                     f"value = affine_map<(b, h, n, d, e) -> ({v})>>")
        begin += size
    row = f"tensor<{batch}x{heads}x{DEPTH}xf16>"
    with open(path, "w") as file:
        file.write(f"""func.func @main(%q: {row}, {', '.join(args)}) -> {row} {{
  %e = tensor.empty() : {row}
  %o = hydragen.attention queries(%q : {row}) keys({', '.join(keys)} : {', '.join(types)})
      values({', '.join(values)} : {', '.join(types)}) outs(%e : {row}) attributes {{
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>,
    scale = 0.125 : f64, segments = [{', '.join(parts)}]
  }} -> {row}
  return %o : {row}
}}
""")


def read_items(folder, *flags):
    """(variant, bytes) of each item, in the order of the list."""
    ptx, workspace = os.path.join(folder, "m.ptx"), os.path.join(folder, "workspace.npy")
    subprocess.run(["hydragen-compile", os.path.join(folder, "m.mlir"), "--target=cuda:sm_80", "--sharing=always", "--emit=ptx",
                    *flags, "-o", ptx], check=True)
    with open(ptx) as file:
        text = file.read()
    header = text[text.index(".entry attend_0_plan("):]
    numbers = header[:header.index(")")].count(".param") - 1
    np.save(workspace, np.zeros(1 << 20, np.uint8))
    # Addresses of tensors are not followed.
    subprocess.run(["hydragen-emulate", ptx, "--kernel=attend_0_plan", "--grid=64,1,1", "--block=128,1,1", "--arg=inout:" + workspace,
                    *(f"--arg=u64:{(i + 1) << 40}" for i in range(numbers))], check=True)
    data = np.load(workspace).tobytes()
    total, = struct.unpack_from("<i", data)
    items = []
    for i in range(total):
        item = data[ITEMS_AT + i * ITEM:ITEMS_AT + (i + 1) * ITEM]
        items.append((item[0], item))  # the variant is the low byte of `kind`
    return items


def check_groups(folder, batch, heads, splits):
    """Rows that all share their keys: reduction groups of at most 16 of them, each row in one, each piece's states."""
    write(os.path.join(folder, "m.mlir"), batch, heads, [("all", 64 * splits)])
    count = len(read_items(folder, "--split=64"))
    data = np.load(os.path.join(folder, "workspace.npy")).tobytes()
    at = -(-(ITEMS_AT + count * ITEM) // 256) * 256
    rows = []
    for i in range(heads * -(-batch // 16)):
        _, entries, arrivals, counter, base, stride, listed, number = struct.unpack_from("<8i", data, at + 32 * i)
        if entries != splits or arrivals < splits or counter or listed != -1 or not 0 < number <= 16:
            sys.exit(f"group {i}: {entries} entries, {arrivals} arrivals, {number} rows")
        rows += range(base, base + number * stride, stride)
    if sorted(rows) != list(range(batch * heads)):
        sys.exit(f"rows of the groups: {sorted(rows)}")
    print("groups of at most 16 rows")


def check(folder, batch, heads, segments, *flags, tall=0):
    """`tall`: the variant with tiles of 64 rows."""
    write(os.path.join(folder, "m.mlir"), batch, heads, segments)
    items = read_items(folder, *flags)
    if not items or len(set(items)) != len(items) or (0, bytes(ITEM)) in items:
        sys.exit(f"{segments}: some item is there twice, or a place is empty: {items}")
    counts = {variant: sum(v == variant for v, _ in items) for variant in {v for v, _ in items}}
    order = [int(variant != tall) for variant, _ in items]
    if len(counts) > 1:
        prefix, suffix = counts[tall], counts[1 - tall]
        work = [0, 0]
        for kind, size in segments:
            sequences = {"all": 1, "pairs": batch // 32, "own": batch}[kind]
            rows = batch // sequences
            work[rows > 16] += heads * sequences * -(-rows // (64 if rows > 16 else 16)) * size
        turn = max(1, work[1] // work[0], -(-prefix // suffix))
        wanted = []
        for i in range(suffix):
            wanted += [0] * min(turn, prefix - wanted.count(0)) + [1]
        if order != wanted:
            first = next(i for i, pair in enumerate(zip(order, wanted)) if pair[0] != pair[1])
            sys.exit(f"{segments}: item {first} is of the wrong kind: {order}")
    print(counts)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    check(folder, 64, 2, [("all", 256), ("own", 32)])
    check(folder, 64, 2, [("own", 32), ("all", 128), ("pairs", 64), ("own", 16)], tall=1)
    check(folder, 128, 3, [("all", 4096), ("own", 16)], "--split=256")
    check(folder, 128, 1, [("all", 4096), ("pairs", 4096), ("own", 16)], "--split=64")
    check(folder, 64, 2, [("all", 256)])
    check_groups(folder, 72, 3, 4)


if __name__ == "__main__":
    main()
