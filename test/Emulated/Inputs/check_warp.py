"""check_warp.py FILE.npy: the rows of kernel `values` in warp.ptx against the formulas of the PTX manual."""

import functools
import operator
import sys

import emulate_arrays

got = emulate_arrays.read(sys.argv[1]).rows
lanes = range(32)
value = [100 + lane for lane in lanes]
want = [
    [value[i - 3] if i >= 3 else value[i] for i in lanes],
    [i >= 3 for i in lanes],
    [value[i + 5] if i + 5 <= 31 else value[i] for i in lanes],
    [i + 5 <= 31 for i in lanes],
    [value[i ^ 7] for i in lanes],
    # Segments of 8 lanes: index 10 & ~0x18 is lane 2 of each.
    [value[(i & 0x18) | (10 & 7)] for i in lanes],
    [1] * 32,
    [sum(1 << i for i in range(20, 32))] * 32,
    [1] * 32,
    [sum(1 << j for j in lanes if j % 5 == i % 5) for i in lanes],
    [0] * 32,
    [sum(value)] * 32,
    [-16 & 0xffffffff] * 32,
    [0xffffffff] * 32,
    [functools.reduce(operator.xor, value)] * 32,
    [0xffffffff] * 32,
]
for row, (g, w) in enumerate(zip(got, want, strict=True)):
    if g != w:
        sys.exit(f"row {row}: got {g}, want {w}")
