"""kernels.py OUT_DIR: attention in Triton, compiled for sm_80 (no GPU is needed).

Writes NAME.ptx for each configuration and kernels.json: per NAME the kernel's name, threads and bytes of dynamic
shared memory. None of the compiler's output is ours: it is what the emulated GPU is tried on.
"""

import json
import os
import sys
import warnings

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def forward(Q, K, V, O, scale, rows, keys, CAUSAL: tl.constexpr, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    """O = softmax2(scale * Q K^T) V per head; scale includes log2(e)."""
    block, head = tl.program_id(0), tl.program_id(1)
    m = block * BM + tl.arange(0, BM)
    d = tl.arange(0, D)
    q = tl.load(Q + head * rows * D + m[:, None] * D + d[None, :], mask=m[:, None] < rows, other=0.0)
    top = tl.full([BM], float("-inf"), tl.float32)
    total = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    end = tl.minimum((block + 1) * BM, keys) if CAUSAL else keys
    for start in range(0, end, BN):
        n = start + tl.arange(0, BN)
        k = tl.load(K + head * keys * D + n[None, :] * D + d[:, None], mask=n[None, :] < keys, other=0.0)
        s = tl.dot(q, k) * scale
        seen = n[None, :] < keys
        if CAUSAL:
            seen = seen & (n[None, :] <= m[:, None])
        s = tl.where(seen, s, float("-inf"))
        new = tl.maximum(top, tl.max(s, 1))
        p = tl.exp2(s - new[:, None])
        shrink = tl.exp2(top - new)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(V + head * keys * D + n[:, None] * D + d[None, :], mask=n[:, None] < keys, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None])
        top = new
    out = (acc / total[:, None]).to(O.dtype.element_ty)
    tl.store(O + head * rows * D + m[:, None] * D + d[None, :], out, mask=m[:, None] < rows)


@triton.jit
def decode_split(Q, K, V, STATE_O, STATE_ML, scale, keys, share, D: tl.constexpr, G: tl.constexpr, BN: tl.constexpr):
    """Split-KV decode: G query heads of one key head over keys [split * share, + share): an unnormalised state."""
    split, head = tl.program_id(0), tl.program_id(1)
    splits = tl.num_programs(0)
    g = tl.arange(0, G)
    d = tl.arange(0, D)
    q = tl.load(Q + (head * G + g[:, None]) * D + d[None, :])
    top = tl.full([G], float("-inf"), tl.float32)
    total = tl.zeros([G], tl.float32)
    acc = tl.zeros([G, D], tl.float32)
    end = tl.minimum((split + 1) * share, keys)
    for start in range(split * share, end, BN):
        n = start + tl.arange(0, BN)
        k = tl.load(K + head * keys * D + n[None, :] * D + d[:, None], mask=n[None, :] < end, other=0.0)
        s = tl.where(n[None, :] < end, tl.dot(q, k) * scale, float("-inf"))
        new = tl.maximum(top, tl.max(s, 1))
        p = tl.exp2(s - new[:, None])
        shrink = tl.exp2(top - new)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(V + head * keys * D + n[:, None] * D + d[None, :], mask=n[:, None] < end, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None])
        top = new
    row = (head * splits + split) * G + g
    tl.store(STATE_O + row[:, None] * D + d[None, :], acc)
    tl.store(STATE_ML + row * 2, top)
    tl.store(STATE_ML + row * 2 + 1, total)


@triton.jit
def decode_merge(STATE_O, STATE_ML, O, splits, D: tl.constexpr, G: tl.constexpr):
    """Merges the states of all splits of one query head."""
    head, g = tl.program_id(0), tl.program_id(1)
    d = tl.arange(0, D)
    top = float("-inf")
    total = 0.0
    acc = tl.zeros([D], tl.float32)
    for split in range(0, splits):
        row = (head * splits + split) * G + g
        m, part = tl.load(STATE_ML + row * 2), tl.load(STATE_ML + row * 2 + 1)
        new = tl.maximum(top, m)
        old_weight, weight = tl.exp2(top - new), tl.exp2(m - new)
        acc = acc * old_weight + tl.load(STATE_O + row * D + d) * weight
        total = total * old_weight + part * weight
        top = new
    tl.store(O + (head * G + g) * D + d, (acc / total).to(O.dtype.element_ty))


def compile_forward(element, causal, warps, stages, aligned, d=64, bm=64, bn=64):
    pointer = "*" + element
    signature = {"Q": pointer, "K": pointer, "V": pointer, "O": pointer, "scale": "fp32", "rows": "i32", "keys": "i32"}
    return compile_kernel(forward, signature, {"CAUSAL": causal, "D": d, "BM": bm, "BN": bn}, range(4) if aligned else (),
                          num_warps=warps, num_stages=stages)


def compile_kernel(function, signature, constants, aligned, **options):
    """`aligned`: numbers of the arguments that are multiples of 16 (so that loads are wide and asynchronous)."""
    signature = {**signature, **{name: "constexpr" for name in constants}}
    source = ASTSource(fn=function, signature=signature, constexprs=constants,
                       attrs={(i,): [["tt.divisibility", 16]] for i in aligned})
    return triton.compile(source, target=GPUTarget("cuda", 80, 32), options=options)


def main():
    warnings.simplefilter("ignore")
    state = {"STATE_O": "*fp32", "STATE_ML": "*fp32"}
    half = {"Q": "*fp16", "K": "*fp16", "V": "*fp16"}
    kernels = {
        "forward_f16": compile_forward("fp16", False, 4, 3, True),
        "forward_f16_causal": compile_forward("fp16", True, 4, 2, True),
        "forward_f16_8_warps": compile_forward("fp16", False, 8, 3, True, d=128, bm=128, bn=64),
        "forward_f16_unaligned": compile_forward("fp16", True, 4, 1, False),
        "forward_bf16": compile_forward("bf16", True, 4, 3, True),
        "forward_tf32": compile_forward("fp32", False, 4, 2, True, bm=32, bn=32),
        "decode_split": compile_kernel(decode_split, {**half, **state, "scale": "fp32", "keys": "i32", "share": "i32"},
                                       {"D": 128, "G": 16, "BN": 64}, range(5), num_warps=4, num_stages=2),
        "decode_merge": compile_kernel(decode_merge, {**state, "O": "*fp16", "splits": "i32"}, {"D": 128, "G": 16},
                                       range(3), num_warps=1),
    }
    listing = {}
    for name, kernel in kernels.items():
        with open(os.path.join(sys.argv[1], name + ".ptx"), "w", encoding="utf-8") as file:
            file.write(kernel.asm["ptx"])
        listing[name] = {"kernel": kernel.metadata.name, "threads": 32 * kernel.metadata.num_warps,
                         "shared": kernel.metadata.shared}
    with open(os.path.join(sys.argv[1], "kernels.json"), "w", encoding="utf-8") as file:
        json.dump(listing, file)


if __name__ == "__main__":
    main()
