"""odd_npz.py KIND OUT.npz: in0 and in1, 2x4 f32 of 0 to 7, in an odd spelling."""

import struct
import sys
import warnings
import zipfile


def npy(descr="<f4", fortran=False, shape="(2, 4)", order=range(8), code="<8f"):
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(code, *order)


kind, out = sys.argv[1:]
plain = npy()
odd = {
    "big-endian": lambda: npy(descr=">f4", code=">8f"),
    "object": lambda: npy(descr="|O"),
    "huge": lambda: npy(shape="(4294967296, 4294967296)"),
    "fortran": lambda: npy(fortran=True, order=[0, 4, 1, 5, 2, 6, 3, 7]),
    "twice": lambda: plain,
}[kind]()
warnings.simplefilter("ignore")
with zipfile.ZipFile(out, "w") as archive:
    archive.writestr("in0.npy", odd)
    archive.writestr("in1.npy", plain)
    if kind == "twice":
        archive.writestr("in0.npy", plain)
