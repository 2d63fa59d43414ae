"""Split-KV attention in Triton, the kernel that Hydragen is compared with: one block
per key head, sequence and part of the keys, all query heads of the group in one
tile, then a fold of the parts.
"""

import torch
import triton
import triton.language as tl

LOG2E = 1.4426950408889634


@triton.jit
def _part(q, k, v, o, m, l, rows, keys, queries, scale, per_part, ROWS: tl.constexpr,
          KEYS: tl.constexpr, DIM: tl.constexpr, CAUSAL: tl.constexpr, SINGLE: tl.constexpr):
    # q and o: [sequence * key head, rows, DIM]; rows are (head of the group, query).
    head, part, tile = tl.program_id(0).to(tl.int64), tl.program_id(1), tl.program_id(2)
    parts = tl.num_programs(1)
    row = tile * ROWS + tl.arange(0, ROWS)
    dim, column = tl.arange(0, DIM), tl.arange(0, KEYS)
    inside = row < rows
    q_tile = tl.load(q + (head * rows + row[:, None]) * DIM + dim[None, :], mask=inside[:, None], other=0.0)
    top = tl.full([ROWS], float("-inf"), tl.float32)
    total = tl.zeros([ROWS], tl.float32)
    sums = tl.zeros([ROWS, DIM], tl.float32)
    begin = part * per_part
    end = tl.minimum(begin + per_part, keys)
    for first in range(begin, end, KEYS):
        key = first + column
        there = key < end
        k_tile = tl.load(k + (head * keys + key[None, :]) * DIM + dim[:, None], mask=there[None, :], other=0.0)
        scores = tl.dot(q_tile, k_tile, input_precision="ieee") * scale
        visible = there[None, :]
        if CAUSAL:
            visible = visible & (key[None, :] <= row[:, None] % queries + keys - queries)
        scores = tl.where(visible, scores, float("-inf"))
        new = tl.maximum(top, tl.max(scores, 1))
        # A part without a visible key: its rows stay (0, -inf, 0).
        base = tl.where(new == float("-inf"), 0.0, new)
        factor = tl.exp2(top - base)
        weight = tl.exp2(scores - base[:, None])
        total = total * factor + tl.sum(weight, 1)
        v_tile = tl.load(v + (head * keys + key[:, None]) * DIM + dim[None, :], mask=there[:, None], other=0.0)
        sums = sums * factor[:, None] + tl.dot(weight.to(v_tile.dtype), v_tile, input_precision="ieee")
        top = new
    if SINGLE:
        place = o + (head * rows + row[:, None]) * DIM + dim[None, :]
        tl.store(place, (sums / total[:, None]).to(o.dtype.element_ty), mask=inside[:, None])
    else:
        state = (head * parts + part) * rows + row
        tl.store(o + state[:, None] * DIM + dim[None, :], sums, mask=inside[:, None])
        tl.store(m + state, top, mask=inside)
        tl.store(l + state, total, mask=inside)


@triton.jit
def _fold(o, m, l, out, rows, parts, DIM: tl.constexpr):
    head, row = tl.program_id(0).to(tl.int64), tl.program_id(1)
    dim = tl.arange(0, DIM)
    top = float("-inf")
    for part in range(parts):
        top = tl.maximum(top, tl.load(m + (head * parts + part) * rows + row))
    total = 0.0
    sums = tl.zeros([DIM], tl.float32)
    for part in range(parts):
        state = (head * parts + part) * rows + row
        weight = tl.exp2(tl.load(m + state) - top)
        total += weight * tl.load(l + state)
        sums += weight * tl.load(o + state * DIM + dim)
    tl.store(out + (head * rows + row) * DIM + dim, (sums / total).to(out.dtype.element_ty))


def attention(query, keys, values, causal=False, parts=None):
    """query [B, heads, queries, dim], keys and values [B, key heads, keys, dim], all compact."""
    batch, heads, queries, dim = query.shape
    key_heads, count = keys.shape[1], keys.shape[2]
    rows = heads // key_heads * queries
    tile = min(64, max(16, triton.next_power_of_2(rows)))
    tiles, block = triton.cdiv(rows, tile), 64
    if parts is None:
        # Two blocks per multiprocessor, and at least four tiles of keys in each.
        busy = 2 * torch.cuda.get_device_properties(query.device).multi_processor_count
        parts = max(1, min(busy // (batch * key_heads * tiles), count // (4 * block)))
    per_part = triton.cdiv(triton.cdiv(count, parts), block) * block
    parts = triton.cdiv(count, per_part)
    out = torch.empty_like(query)
    places = batch * key_heads
    if parts > 1:
        o = torch.empty(places * parts * rows * dim, dtype=torch.float32, device=query.device)
        m = torch.empty(places * parts * rows, dtype=torch.float32, device=query.device)
        l = torch.empty_like(m)
    else:
        o, m, l = out, out, out
    _part[(places, parts, tiles)](query, keys, values, o, m, l, rows, count, queries, dim ** -0.5 * LOG2E, per_part,
                                  ROWS=tile, KEYS=block, DIM=dim, CAUSAL=causal,
                                  SINGLE=parts == 1, num_warps=4, num_stages=2)
    if parts > 1:
        _fold[(places, rows)](o, m, l, out, rows, parts, DIM=dim, num_warps=2)
    return out
