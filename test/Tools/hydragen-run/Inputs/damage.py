"""damage.py HOW IN OUT: a damaged copy of a file.

HOW: truncate:N (bytes that stay; negative: that go), flip:AT (one bit of one
byte; negative from the end), abi:N (the version in a module's manifest).
"""

import struct
import sys

how, source, target = sys.argv[1:]
kind, number = how.split(":")
number = int(number)
data = bytearray(open(source, "rb").read())
if kind == "truncate":
    data = data[:number]
elif kind == "flip":
    data[number] ^= 0x10
elif kind == "abi":
    at = data.index(b"HYDRAGEN" + struct.pack("<I", 1))
    data[at + 8:at + 12] = struct.pack("<I", number)
else:
    sys.exit("unknown " + how)
open(target, "wb").write(data)
