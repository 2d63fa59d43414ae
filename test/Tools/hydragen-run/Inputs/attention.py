"""attention.py IN.npz OUT.npz BATCH SUFFIX [KIND]: inputs of attention.mlir and
the attention by its definition, in float64 and without NumPy.

KIND puts a special value somewhere: nan-q, nan-prefix-v, inf-prefix-k,
minf-suffix-k, large (scores of thousands), neg-inf-all (every score -inf).
"""

import math
import random
import struct
import sys
import zipfile


def f32(x):
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def write(path, arrays):
    with zipfile.ZipFile(path, "w") as archive:
        for name, (shape, data) in arrays.items():
            header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
            header += " " * (-(10 + len(header) + 1) % 64) + "\n"
            archive.writestr(name + ".npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                             + struct.pack(f"<{len(data)}f", *data))


def attention(q, keys, values):
    scores = [math.fsum(a * b for a, b in zip(q, k)) if all(map(math.isfinite, k + q)) else sum(a * b for a, b in zip(q, k))
              for k in keys]
    top = math.nan if any(map(math.isnan, scores)) else max(scores)
    weights = [math.exp(s - top) if not math.isnan(s - top) else math.nan for s in scores]
    total = sum(weights)
    return [sum(w * v[d] for w, v in zip(weights, values)) / total for d in range(len(q))]


def main():
    inputs, outputs, batch, suffix = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    kind = sys.argv[5] if len(sys.argv) > 5 else ""
    stream = random.Random(7)

    def normal(count, scale=1.0):
        return [f32(scale * stream.gauss(0, 1)) for _ in range(count)]

    scale = 60.0 if kind == "large" else 1.0
    q, kp, vp = normal(batch * 4, scale), normal(32, scale), normal(32)
    ks, vs = normal(batch * suffix * 4, scale), normal(batch * suffix * 4)
    if kind == "nan-q":
        q[1] = math.nan
    elif kind == "nan-prefix-v":
        vp[5] = math.nan
    elif kind == "inf-prefix-k":
        kp[9] = math.inf
    elif kind == "minf-suffix-k":
        q[0], ks[0] = abs(q[0]), -math.inf
    elif kind == "neg-inf-all":
        q[0] = 1.0
        for i in range(8):
            kp[4 * i] = -math.inf
        for i in range(suffix):
            ks[4 * i] = -math.inf
    rows = lambda data: [data[i:i + 4] for i in range(0, len(data), 4)]
    out = []
    for b in range(batch):
        own = slice(b * suffix * 4, (b + 1) * suffix * 4)
        out += attention(q[4 * b:4 * b + 4], rows(kp) + rows(ks[own]), rows(vp) + rows(vs[own]))
    write(inputs, {"in0": ((batch, 1, 4), q), "in1": ((8, 4), kp), "in2": ((8, 4), vp),
                   "in3": ((batch, suffix, 4), ks), "in4": ((batch, suffix, 4), vs)})
    write(outputs, {"out0": ((batch, 1, 4), [f32(x) for x in out])})


main()
