"""Writes the arrays of the hand-written cases that no framework exported: references.py [FOLDER].

Run by a person, with NumPy (2.x), when a case changes; the files are committed. Inputs are f32, the attention is computed
from its definition in float64, sequence by sequence: every sequence's keys are concatenated, nothing is shared.
Arrays: in0, in1, ... and, per result, outN (rounded to f32) and ref64_N.
"""

import os
import sys

import numpy as np


def attention(q, k, v, scale, visible=None):
    """One sequence and head: q is [m, d], k [n, d], v [n, e]; visible [m, n] is all true when absent."""
    s = scale * (q @ k.T)
    if visible is not None:
        s = np.where(visible, s, -np.inf)
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    return (p / p.sum(axis=-1, keepdims=True)) @ v


class Case:
    def __init__(self, name, seed):
        self.name, self.random, self.arrays = name, np.random.default_rng(seed), {}

    def add(self, array):
        self.arrays[f"in{len(self.arrays)}"] = array
        return array

    def floats(self, *shape):
        """An f32 input, for the computation in float64."""
        return self.add(self.random.standard_normal(shape).astype(np.float32)).astype(np.float64)

    def pair(self, *shape):
        return self.floats(*shape), self.floats(*shape)

    def save(self, folder, *results):
        for i, result in enumerate(results):
            self.arrays[f"out{i}"], self.arrays[f"ref64_{i}"] = result.astype(np.float32), result
        np.savez_compressed(os.path.join(folder, self.name + ".npz"), **self.arrays)


def uneven_tree(folder):
    case = Case("uneven_tree", 1)
    q = case.floats(7, 4, 1, 4)
    system, a, turn, b = case.pair(2, 6, 4), case.pair(2, 5, 4), case.pair(2, 3, 4), case.pair(2, 3, 4)
    own01, own2, own345, own6 = case.pair(2, 2, 3, 4), case.pair(2, 4, 4), case.pair(3, 2, 1, 4), case.pair(2, 2, 4)
    paths = [[system, a, turn, [x[i] for x in own01]] for i in range(2)]
    paths += [[system, a, own2]]
    paths += [[system, b, [x[i] for x in own345]] for i in range(3)]
    paths += [[system, own6]]
    out = np.empty((7, 4, 1, 4))
    for sequence, path in enumerate(paths):
        k, v = (np.concatenate([piece[which] for piece in path], axis=1) for which in range(2))
        for h in range(4):
            out[sequence, h] = attention(q[sequence, h], k[h // 2], v[h // 2], 0.5)
    case.save(folder, out)


def two_shared_runs(folder):
    case = Case("two_shared_runs", 2)
    q = case.floats(5, 3, 2, 6)
    system, document, own = case.pair(3, 8, 6), case.pair(3, 6, 6), case.pair(5, 3, 5, 6)
    visible = np.arange(19)[None, :] <= np.arange(2)[:, None] + 17
    out = np.empty((5, 3, 2, 6))
    for b in range(5):
        for h in range(3):
            k, v = (np.concatenate([system[i][h], own[i][b, h, :3], document[i][h], own[i][b, h, 3:]]) for i in range(2))
            out[b, h] = attention(q[b, h], k, v, 6 ** -0.5, visible)
    case.save(folder, out)


def run_time_table(folder):
    case = Case("run_time_table", 3)
    q = case.floats(4, 4, 1, 8)
    k_pages, v_pages = case.pair(12, 4, 2, 8)
    prompt = case.add(np.array([7, 0, 11], np.int64))
    own = case.add(np.array([[3, 5], [1, 10], [2, 9], [4, 8]], np.int64))
    lengths = case.add(np.array([20, 13, 15, 17], np.int64))
    out = np.empty((4, 4, 1, 8))
    for b in range(4):
        table = np.concatenate([prompt, own[b]])
        k, v = (pages[table].reshape(20, 2, 8)[: lengths[b]] for pages in (k_pages, v_pages))
        for h in range(4):
            out[b, h] = attention(q[b, h], k[:, h // 2], v[:, h // 2], 8 ** -0.5)
    case.save(folder, out)


def mla_absorbed(folder):
    """Not absorbed here: every head has its own K and V, projected up from the latent vectors."""
    case = Case("mla_absorbed", 4)
    q, q_rope = case.floats(3, 4, 6), case.floats(3, 4, 4)
    prefix_c, prefix_rope = case.floats(10, 8), case.floats(10, 4)
    own_c, own_rope = case.floats(3, 3, 8), case.floats(3, 3, 4)
    w_uk, w_uv = case.floats(4, 8, 6), case.floats(4, 8, 5)
    out = np.empty((3, 4, 5))
    for b in range(3):
        c, rope = np.concatenate([prefix_c, own_c[b]]), np.concatenate([prefix_rope, own_rope[b]])
        for h in range(4):
            k = np.concatenate([c @ w_uk[h], rope], axis=1)
            query = np.concatenate([q[b, h], q_rope[b, h]])[None]
            out[b, h] = attention(query, k, c @ w_uv[h], 10 ** -0.5)[0]
    case.save(folder, out)


def decode_in_place(folder):
    case = Case("decode_in_place", 5)
    q, new_k, new_v = case.floats(3, 2, 4), case.floats(3, 2, 4), case.floats(3, 2, 4)
    prefix_k, prefix_v = case.pair(2, 6, 4)
    cache_k, cache_v = case.pair(3, 2, 8, 4)
    lengths = case.add(np.array([5, 0, 7], np.int64))
    out = np.empty((3, 2, 4))
    for b, at in enumerate(lengths):
        cache_k[b, :, at], cache_v[b, :, at] = new_k[b], new_v[b]
        for h in range(2):
            k = np.concatenate([prefix_k[h], cache_k[b, h, : at + 1]])
            v = np.concatenate([prefix_v[h], cache_v[b, h, : at + 1]])
            out[b, h] = attention(q[b, h][None], k, v, 0.5)[0]
    case.save(folder, out, cache_k, cache_v)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    for make in [uneven_tree, two_shared_runs, run_time_table, mla_absorbed, decode_in_place]:
        make(folder)


if __name__ == "__main__":
    main()
