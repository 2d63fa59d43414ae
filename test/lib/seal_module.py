"""seal_module.py MODULE.so: fills in the size and checksum of a module's manifest.

The compiler does this itself; here it is for modules made by hand.
"""

import struct
import sys
import zlib


def main():
    with open(sys.argv[1], "rb") as stream:
        data = bytearray(stream.read())
    # The 32-byte header is the only place with magic, version and zeros.
    start = data.index(b"HYDRAGEN" + struct.pack("<I", 1))
    struct.pack_into("<QI", data, start + 16, len(data), 0)
    struct.pack_into("<I", data, start + 24, zlib.crc32(data))
    with open(sys.argv[1], "wb") as stream:
        stream.write(data)


main()
