"""make_npz.py OUT.npz NAME=DTYPE:SHAPE:VALUES ...: writes arrays without NumPy.

SHAPE is 2x3 or "scalar"; VALUES is a comma list that is repeated to fill.
DTYPE is f4, f8, i8, i4, u1, u2 or b1. --deflate as first argument compresses.
"""

import io
import itertools
import struct
import sys
import zipfile

FORMATS = {"f4": ("<f4", "f"), "f8": ("<f8", "d"), "i8": ("<i8", "q"), "i4": ("<i4", "i"),
           "u1": ("|u1", "B"), "u2": ("<u2", "H"), "b1": ("|b1", "B")}


def npy(dtype, shape, values):
    descr, code = FORMATS[dtype]
    count = 1
    for extent in shape:
        count *= extent
    number = float if code in "fd" else int
    data = [number(v) for v in itertools.islice(itertools.cycle(values), count)]
    text = "(" + "".join(f"{extent}," for extent in shape) + ")"
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {text}, }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{count}{code}", *data)


def main():
    arguments = sys.argv[1:]
    method = zipfile.ZIP_STORED
    if arguments[0] == "--deflate":
        method = zipfile.ZIP_DEFLATED
        arguments = arguments[1:]
    with zipfile.ZipFile(arguments[0], "w", method) as archive:
        for spec in arguments[1:]:
            name, rest = spec.split("=", 1)
            dtype, shape, values = rest.split(":", 2)
            shape = [] if shape == "scalar" else [int(x) for x in shape.split("x")]
            archive.writestr(name + ".npy", npy(dtype, shape, values.split(",")))


if __name__ == "__main__":
    main()
