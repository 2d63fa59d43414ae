"""break_pack.py FOLDER module|arrays|description CASE: damages one thing of an unpacked pack.

module: one bit of the kernels' text; arrays: another expected output;
description: pack.json is cut off.
"""

import gzip
import json
import os
import shutil
import sys
import zipfile

folder, what, name = sys.argv[1:]
description = os.path.join(folder, "pack.json")
with open(description, encoding="utf-8") as source:
    text = source.read()
entry = next(entry for entry in json.loads(text)["conformance"] if entry["name"] == name)
if what == "module":
    path = os.path.join(folder, entry["module"])
    with gzip.open(path) as source:
        data = bytearray(source.read())
    data[data.index(b".target sm_80") + 10] ^= 1
    with gzip.open(path, "wb") as out:
        out.write(data)
elif what == "arrays":
    path = os.path.join(folder, entry["arrays"])
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(path + ".new", "w") as out:
        for member in source.namelist():
            data = source.read(member)
            if member == "out0.npy":
                header = 10 + int.from_bytes(data[8:10], "little")
                # f16: 1.0 where 0.0 was unlikely.
                data = data[:header] + b"\x00\x3c" * ((len(data) - header) // 2)
            out.writestr(member, data)
    shutil.move(path + ".new", path)
else:
    with open(description, "w", encoding="utf-8") as out:
        out.write(text[:len(text) // 2])
