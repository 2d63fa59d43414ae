"""replaced.py FOLDER TWICE THRICE: modules that take each other's place at one path."""

import array
import os
import shutil
import sys

import hydragen

folder, twice, thrice = sys.argv[1:]
path = os.path.join(folder, "module.so")
ones = array.array("f", [1] * 4)


def put(name):
    """As hydragen-compile does: another file under the name."""
    shutil.copy(os.path.join(folder, name + ".so"), path + ".new")
    os.replace(path + ".new", path)


def load(name):
    put(name)
    return hydragen.Module(path)[name]


def call(entry):
    out = array.array("f", [0] * 4)
    entry(ones, out=(out,))
    return out[0]


def libraries():
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return len({line.split()[4] for line in maps if "module.so" in line})


first = load(twice)
print("twice:", call(first))
second = load(thrice)
print("thrice:", call(second))
before = libraries()
again = hydragen.Module(path)[thrice]
assert call(again) == 3 and libraries() == before
put(twice)
again = hydragen.Module(path)[twice]
print("twice again:", call(again), "in", "the same library" if libraries() == before else "another library")
print("the first:", call(first))
print("the second:", call(second))
os.chdir(folder)
put(thrice)
print("by name alone:", call(hydragen.Module("module.so")[thrice]))
