"""Runs the kernel `plan` of hydragen-kernel --plan and compares every field.

    check_plan.py FILE.ptx
"""

import os
import struct
import subprocess
import sys
import tempfile

import numpy as np

COUNT, SPACE = 70, 80
UNWRITTEN = np.uint8(0xAB)


def main():
    with tempfile.TemporaryDirectory() as folder:
        sizes = {"items": 80, "groups": 32, "entries": 4}
        command = ["hydragen-emulate", sys.argv[1], "--kernel=plan", "--grid=2,1,1", "--block=64,1,1"]
        for name, size in sizes.items():
            path = os.path.join(folder, name + ".npy")
            np.save(path, np.full(SPACE * size, UNWRITTEN))
            command.append("--arg=inout:" + path)
        subprocess.run(command + ["--arg=s32:%d" % COUNT], check=True)
        got = {name: np.load(os.path.join(folder, name + ".npy")).tobytes() for name in sizes}
    items = b"".join(struct.pack("<I7i3Q6i", i, 64 * i, 65 * i, 0, 7 * i, 1, 1, -1, 4096 * i, (4096 * i) ** 2, 0,
                                 -1, 16 * i, 0, 0, 0, 2**31 - 1) for i in range(COUNT))
    groups = b"".join(struct.pack("<8i", 0, 2 * i, 0, 0, 0, 1, -1, 3 * i) for i in range(COUNT))
    want = {"items": items, "groups": groups, "entries": struct.pack("<%di" % COUNT, *range(0, 5 * COUNT, 5))}
    for name, size in sizes.items():
        expected = want[name] + bytes([UNWRITTEN]) * (size * (SPACE - COUNT))
        for i in range(SPACE):
            if got[name][i * size:(i + 1) * size] != expected[i * size:(i + 1) * size]:
                sys.exit("%s[%d] differs: %s" % (name, i, got[name][i * size:(i + 1) * size].hex()))


if __name__ == "__main__":
    main()
