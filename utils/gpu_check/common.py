"""What pack and run share."""

import json
import struct


class Failure(Exception):
    """Ends the program: exit code (docs/gpu-check.md) and `FILE or OPTION: text`."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def read_manifest(path):
    """The manifest of a module: the header's magic, version and size, then JSON (docs/runtime.md)."""
    with open(path, "rb") as module:
        data = module.read()
    at = data.find(b"HYDRAGEN" + struct.pack("<I", 1))
    while at >= 0:
        size, whole = struct.unpack_from("<IQ", data, at + 12)
        if whole == len(data):
            return json.loads(data[at + 32:at + 32 + size])
        at = data.find(b"HYDRAGEN", at + 1)
    raise Failure(4, f"{path}: has no manifest")
