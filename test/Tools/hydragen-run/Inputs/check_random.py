"""check_random.py OUT.npz SEED inN=i8:COUNT:LOW:HIGH|inN=f4:COUNT ...: compares
outN with the random inputs of docs/runtime.md, written again from its text."""

import math
import struct
import sys
import zipfile

MASK = (1 << 64) - 1


def mix(z):
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


class Stream:
    def __init__(self, seed, argument):
        self.state = mix((seed + 0x9E3779B97F4A7C15) & MASK) ^ mix(~argument & MASK)

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return mix(self.state)

    def uniform(self):
        return ((self.next() >> 11) + 0.5) * 2.0 ** -53


def expected(seed, number, kind, count, rest):
    stream = Stream(seed, number)
    if kind != "f4":
        low, high = int(rest[0]), int(rest[1])
        return [low + stream.next() % (high - low) for _ in range(count)]
    values = []
    while len(values) < count:
        radius = math.sqrt(-2 * math.log(stream.uniform()))
        angle = 2 * math.pi * stream.uniform()
        values += [radius * math.cos(angle), radius * math.sin(angle)]
    return [struct.unpack("<f", struct.pack("<f", v))[0] for v in values[:count]]


archive, seed, specs = zipfile.ZipFile(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
for number, spec in enumerate(specs):
    kind, count, *rest = spec.split("=")[1].split(":")
    want = expected(seed, number, kind, int(count), rest)
    code = {"i8": "q", "i1": "B", "f4": "f"}[kind]
    data = archive.read(f"out{number}.npy")
    data = data[10 + struct.unpack("<H", data[8:10])[0]:]
    got = list(struct.unpack(f"<{len(want)}{code}", data))
    if got != want:
        sys.exit(f"out{number}: got {got}, want {want}")
print(len(specs), "arrays as documented")
