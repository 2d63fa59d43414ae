"""layouts.py MODULE ENTRY TYPE: tensors of many layouts on the emulated GPU (of layouts.mlir).

Each layout gives the bits of compact tensors, and these the float64 result; nothing around an output is written.
"""

import ctypes
import sys
from ctypes import POINTER, byref, c_int32, c_int64, c_size_t, c_uint64, c_void_p

import numpy as np

import hydragen
from hydragen import DLTensor, _check, _library as library

path, name, kind = sys.argv[1:]
dtype = np.dtype({"f16": np.float16, "f32": np.float32}[kind])
device, module, context = c_void_p(), c_void_p(), c_void_p()
_check(library.hydragen_device_open(b"emulated", byref(device)))
_check(library.hydragen_module_load(path.encode(), device, byref(module)))
_check(library.hydragen_context_create(device, c_int32(0), byref(context)))
library.hydragen_context_report.restype = ctypes.c_char_p
library.hydragen_device_allocate.restype = library.hydragen_device_copy.restype = c_void_p
library.hydragen_device_free.restype = c_void_p
entry = c_void_p(library.hydragen_module_find(module, name.encode()))


class Placed:
    """An array in device memory: elements at `at` of a buffer of the same size for all, -7 elsewhere."""

    def __init__(self, array, at, strides):
        self.shape, self.strides = array.shape, strides
        places = at + sum(np.indices(array.shape)[i] * s for i, s in enumerate(strides))
        assert places.min() >= 0
        self.places, self.host = places, np.full(places.max() + 9, -7, dtype)
        self.host[places] = array
        self.memory = c_void_p()
        _check(library.hydragen_device_allocate(device, c_uint64(self.host.nbytes), byref(self.memory)))
        _check(library.hydragen_device_copy(device, self.memory, self.host.ctypes.data_as(c_void_p),
                                            c_uint64(self.host.nbytes), 0))
        n = len(self.shape)
        self.keep = (c_int64 * n)(*self.shape), (c_int64 * n)(*strides)
        # The emulated GPU's tensors are kDLExtDev.
        where = library.hydragen_device_dlpack(device)
        self.tensor = DLTensor(self.memory, where.type, where.id, n, 2, 8 * dtype.itemsize, 1, *self.keep, at * dtype.itemsize)

    def read(self):
        after = np.empty_like(self.host)
        _check(library.hydragen_device_copy(device, after.ctypes.data_as(c_void_p), self.memory,
                                            c_uint64(after.nbytes), 1))
        values = after[self.places]
        after[self.places] = -7
        assert (after == -7).all(), "memory around an output was written"
        return values

    def free(self):
        _check(library.hydragen_device_free(device, self.memory))


class DLDevice(ctypes.Structure):
    _fields_ = [("type", c_int32), ("id", c_int32)]


library.hydragen_device_dlpack.restype = DLDevice


def compact(shape):
    return [int(np.prod(shape[i + 1:])) for i in range(len(shape))]


def padded(shape, pad):
    """Rows `pad` elements longer."""
    return compact(shape[:-1] + (shape[-1] + pad,))


def turned(shape):
    """The first dim runs fastest."""
    return compact(shape[::-1])[::-1]


def reversed_rows(shape):
    """The dim before the last backwards; and where it begins."""
    strides = compact(shape)
    at = (shape[-2] - 1) * strides[-2]
    strides[-2] = -strides[-2]
    return strides, at


def call(inputs, output):
    lists = [(POINTER(DLTensor) * len(group))(*[ctypes.pointer(x.tensor) for x in group]) for group in (inputs, [output])]
    try:
        _check(library.hydragen_invoke(context, entry, lists[0], c_size_t(len(inputs)), lists[1], c_size_t(1), None,
                                       c_uint64(0)))
        _check(library.hydragen_context_synchronize(context))
        return output.read()
    except hydragen.Error as error:
        if error.code == 1:
            sys.exit(library.hydragen_context_report(context).decode())
        raise
    finally:
        for x in [*inputs, output]:
            x.free()


rng = np.random.default_rng(3)
shapes = [(3, 4, 5, 16), (2, 24, 16), (2, 24, 16), (3, 2, 9, 16), (3, 2, 16, 9)]
arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
q, pk, pv, sk, sv = (x.astype(np.float64) for x in arrays)
own = np.repeat(sk, 2, axis=1), np.repeat(sv.swapaxes(2, 3), 2, axis=1)
k = np.concatenate([np.broadcast_to(np.repeat(pk, 2, axis=0), (3, 4, 24, 16)), own[0]], axis=2)
v = np.concatenate([np.broadcast_to(np.repeat(pv, 2, axis=0), (3, 4, 24, 16)), own[1]], axis=2)
p = np.exp(0.25 * q @ k.swapaxes(2, 3))
want = p / p.sum(axis=-1, keepdims=True) @ v
out = np.zeros((3, 4, 5, 16), dtype)
plain = [Placed(x, 0, compact(x.shape)) for x in arrays]
expected = call(plain, Placed(out, 0, compact(out.shape)))
error = np.abs(expected - want).max()
print("compact: error", "ok" if error <= {"f16": 4e-3, "f32": 2e-5}[kind] else error)

cases = {
    "one element off": lambda shape: (compact(shape), 1),
    "four bytes off": lambda shape: (compact(shape), 4 // dtype.itemsize),
    "rows of 19": lambda shape: (padded(shape, 3), 0),
    "rows of 24, off": lambda shape: (padded(shape, 8), 3),
    "turned": lambda shape: (turned(shape), 0),
    "backwards": reversed_rows,
}


def try_layouts(title, places, place_out):
    strides, at = place_out(out.shape)
    got = call([Placed(x, *reversed(place(x.shape))) for x, place in zip(arrays, places)], Placed(out, at, strides))
    print(title + ":", "same bits" if got.tobytes() == expected.tobytes() else np.abs(got - expected).max())


regular = lambda shape: (compact(shape), 0)
for title, place in cases.items():
    try_layouts(title, [place] * 5, place if title != "turned" else regular)
for i in range(5):
    try_layouts(f"only in{i}", [cases["one element off"] if i == j else regular for j in range(5)], regular)
try_layouts("only the output", [regular] * 5, cases["rows of 24, off"])
# One key head's tensor for both.
same = [arrays[0], *(np.broadcast_to(x[:1], x.shape) for x in arrays[1:3]), *arrays[3:]]
bits = call([Placed(x, 0, compact(x.shape)) for x in same], Placed(out, 0, compact(out.shape)))
got = call([Placed(x, 0, ([0] if i in (1, 2) else compact(x.shape)[:1]) + compact(x.shape)[1:]) for i, x in enumerate(same)],
           Placed(out, 0, compact(out.shape)))
print("stride 0:", "same bits" if got.tobytes() == bits.tobytes() else "differs")
try:
    try_layouts("output turned", [regular] * 5, cases["turned"])
except hydragen.Error as error:
    print("Error", error)
