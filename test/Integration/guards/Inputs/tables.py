"""Arrays for models whose sharing is known at run time: tables.py CASE FOLDER.

Writes FOLDER/NAME.npz for every table of the case, with the inputs and the attention by its definition in float64, every
sequence on its own (out0, rounded to f32). Prints the names.
"""

import os
import sys

import numpy as np


def attention(q, k, v, scale, visible):
    """One sequence and head: q [d], k [n, d], v [n, e], visible [n]; 0 if nothing is visible."""
    if not visible.any():
        return np.zeros(v.shape[1])
    s = np.where(visible, scale * (k @ q), -np.inf)
    p = np.exp(s - s.max())
    return (p / p.sum()) @ np.where(visible[:, None], v, 0)


def floats(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def grouped(random, ids, heads=2, depth=16, prompt=24, own=8, prompts=3, scale=0.25):
    ids = np.asarray(ids, np.int64)
    q = floats(random, len(ids), heads, 1, depth)
    pools = [floats(random, prompts, heads, prompt, depth) for _ in range(2)]
    suffixes = [floats(random, len(ids), heads, own, depth) for _ in range(2)]
    out = np.empty((len(ids), heads, 1, depth))
    for b, h in np.ndindex(len(ids), heads):
        k, v = (np.concatenate([pools[i][ids[b], h], suffixes[i][b, h]]).astype(np.float64) for i in range(2))
        out[b, h, 0] = attention(q[b, h, 0], k, v, scale, np.ones(len(k), bool))
    return [q, *pools, *suffixes, ids], out


def paged(random, table, lengths, heads=2, depth=16, page=8, pages=24, scale=0.25):
    table, lengths = np.asarray(table, np.int64), np.asarray(lengths, np.int64)
    q = floats(random, len(table), heads, 1, depth)
    pools = [floats(random, pages, page, heads, depth) for _ in range(2)]
    out = np.empty((len(table), heads, 1, depth))
    for b, h in np.ndindex(len(table), heads):
        k, v = (pool[table[b]][:, :, h].reshape(-1, depth).astype(np.float64) for pool in pools)
        out[b, h, 0] = attention(q[b, h, 0], k, v, scale, np.arange(len(k)) < lengths[b])
    return [q, *pools, table, lengths], out


def few_groups(random):
    for name, ids in [("one", [1] * 6), ("pairs", [0, 1, 2, 2, 1, 0]), ("uneven", [2, 0, 0, 0, 0, 1]),
                      ("halves", [2, 0, 2, 0, 2, 0]), ("negative", [-1, 2, -3, 0, -2, 1])]:
        yield name, (random, ids)


def many_groups(random):
    # Full tiles, rests that get a tile and rests that do not.
    for name, ids in [("none", []), ("alone", [3]), ("one", [4] * 70), ("distinct", list(random.permutation(70))),
                      ("tiles", [7] * 64), ("rest", [1] * 39 + [2] * 33 + [3] * 9 + [5] * 8 + [6] * 7 + [9])]:
        yield name, (random, random.permutation(ids).astype(np.int64), 2, 8, 12, 3, 70)


def tables(random, sequences=4, columns=5):
    own = random.permutation(24)[:sequences * columns].reshape(sequences, columns)
    full = [columns * 8] * sequences
    yield "distinct", (random, own, full)
    yield "equal", (random, np.repeat(own[:1], sequences, 0), full)
    for common in range(1, columns):
        table = own.copy()
        table[:, :common] = own[0, :common]
        yield f"common{common}", (random, table, [40, 33, 8 * common, 8 * common + 1])
    # Equal columns behind the first that differs, and one row apart from the others.
    table = np.repeat(own[:1], sequences, 0)
    table[:, 1] = own[:, 1]
    yield "middle", (random, table, [40, 39, 17, 9])
    table = np.repeat(own[:1], sequences, 0)
    table[3] = own[3]
    yield "apart", (random, table, [40, 1, 24, 40])
    yield "hidden", (random, np.repeat(own[:1], sequences, 0), [0, 40, 0, 3])


def any_tables(random):
    yield from tables(random)
    for name, sequences, columns in [("nobody", 0, 3), ("no pages", 3, 0), ("one page", 5, 1), ("many", 21, 13)]:
        table = random.integers(0, 24, (sequences, columns))
        table[:, :columns // 2] = table[:1, :columns // 2]
        yield name.replace(" ", "_"), (random, table, random.integers(0, 8 * columns + 1, sequences))
    table = random.integers(0, 24, (1, 6))
    yield "alone", (random, table, [45])
    yield "all", (random, np.repeat(table, 19, 0), random.integers(1, 49, 19))


CASES = {
    "group_index": (few_groups, grouped),
    "group_index_select": (lambda random: (c for c in few_groups(random) if c[0] != "negative"), grouped),
    "many_groups": (many_groups, grouped),
    "paged_arg_table": (tables, paged),
    "paged_dynamic": (any_tables, paged),
}


def main():
    case, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(7)
    given, compute = CASES[case]
    for name, arguments in given(random):
        arrays, out = compute(*arguments)
        named = {f"in{i}": array for i, array in enumerate(arrays)}
        np.savez(os.path.join(folder, name + ".npz"), out0=out.astype(np.float32), **named)
        print(name)


main()
