"""Arrays in .npy files, without NumPy.

emulate_arrays.py make FILE.npy TYPE SHAPE EXPRESSION
    writes an array: TYPE is u8 ... f64, SHAPE 4x16, EXPRESSION a number for each flat index i
emulate_arrays.py check EXPRESSION NAME=FILE.npy ...
    fails unless EXPRESSION is True; an array is the list of its elements (f16 as bits in u16 arrays, as numbers in f16
    ones) with .shape, .type and .rows
"""

import ast
import math
import struct
import sys

CODES = {"u8": ("|u1", "B"), "u16": ("<u2", "H"), "u32": ("<u4", "I"), "u64": ("<u8", "Q"), "s32": ("<i4", "i"),
         "s64": ("<i8", "q"), "f16": ("<f2", "e"), "f32": ("<f4", "f"), "f64": ("<f8", "d")}


class Array(list):
    shape = ()
    type = ""

    @property
    def rows(self):
        width = math.prod(self.shape[1:])
        return [self[i * width:(i + 1) * width] for i in range(self.shape[0])]


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:6] != b"\x93NUMPY":
        sys.exit(f"emulate_arrays: {path} is no .npy file")
    wide = data[6] >= 2
    length = struct.unpack_from("<I" if wide else "<H", data, 8)[0]
    start = (12 if wide else 10) + length
    header = ast.literal_eval(data[start - length:start].decode("latin1"))
    kind = next(name for name, (descr, _) in CODES.items() if descr == header["descr"])
    count = math.prod(header["shape"])
    array = Array(struct.unpack(f"<{count}{CODES[kind][1]}", data[start:]))
    array.shape, array.type = header["shape"], kind
    return array


def write(path, kind, shape, values):
    text = "(" + "".join(f"{extent}," for extent in shape) + ")"
    header = f"{{'descr': '{CODES[kind][0]}', 'fortran_order': False, 'shape': {text}, }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(values)}{CODES[kind][1]}", *values))


def main():
    if sys.argv[1] == "make":
        path, kind, shape, expression = sys.argv[2:]
        extents = [int(extent) for extent in shape.split("x")]
        write(path, kind, extents, [eval(expression, {"i": i, "math": math}) for i in range(math.prod(extents))])
        return
    arrays = {name: read(path) for name, path in (word.split("=", 1) for word in sys.argv[3:])}
    result = eval(sys.argv[2], {"struct": struct, "math": math, **arrays})
    if result is True:
        return
    for name, array in arrays.items():
        print(name, array.type, array.shape, list(array))
    sys.exit(f"emulate_arrays: {result!r}: {sys.argv[2]}")


if __name__ == "__main__":
    main()
