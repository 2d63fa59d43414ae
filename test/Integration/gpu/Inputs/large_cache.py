"""Runs large-cache.mlir's module on the emulated GPU with only the pages in memory that the tables name.

    large_cache.py MODULE
"""

import ctypes
import sys

import numpy as np

import hydragen
from hydragen import DLTensor, _check, _library, c_int64, c_uint64, c_void_p

PAGES, KEYS, DIM = 2300000, 16, 64
PAGE_BYTES = KEYS * DIM * 2
rng = np.random.default_rng(3)

# First, last, and on both sides of 2 and 4 GiB.
edge = 2**31 // PAGE_BYTES
prompt = np.array([0, PAGES - 1, edge - 1, edge, 2 * edge - 1, 2 * edge, 7, PAGES - 2], np.int64)
own = np.array([[2 * edge + 1, 5], [6, edge + 1], [2 * edge + 2, 2 * edge + 3], [9, 10]], np.int64)
q = rng.standard_normal((4, 8, DIM)).astype(np.float16)
pages = {int(p): [rng.standard_normal((KEYS, DIM)).astype(np.float16) for _ in "kv"]
         for p in np.concatenate([prompt, own.ravel()])}

module = hydragen.Module(sys.argv[1], device="emulated")
device = module._device
_library.hydragen_device_dlpack.argtypes, _library.hydragen_device_dlpack.restype = [c_void_p], c_uint64
_library.hydragen_device_allocate.argtypes = [c_void_p, c_uint64, ctypes.POINTER(c_void_p)]
_library.hydragen_device_copy.argtypes = [c_void_p, c_void_p, c_void_p, c_uint64, ctypes.c_int]
for name in ("allocate", "copy"):
    getattr(_library, "hydragen_device_" + name).restype = c_void_p
where = _library.hydragen_device_dlpack(device)
kept = []


def allocate(size):
    pointer = c_void_p()
    _check(_library.hydragen_device_allocate(device, size, ctypes.byref(pointer)))
    return pointer.value


def tensor(address, shape, code, bits):
    extents = (c_int64 * len(shape))(*shape)
    kept.append(extents)
    return DLTensor(address, where & 0xffffffff, where >> 32, len(shape), code, bits, 1, extents, None, 0)


def upload(array, code):
    address = allocate(array.nbytes)
    _check(_library.hydragen_device_copy(device, address, array.ctypes.data, array.nbytes, 0))
    return tensor(address, array.shape, code, array.itemsize * 8)


caches = []
for which in (0, 1):
    address = allocate(PAGES * PAGE_BYTES)
    for number, page in pages.items():
        _check(_library.hydragen_device_copy(device, address + number * PAGE_BYTES, page[which].ctypes.data, PAGE_BYTES, 0))
    caches.append(tensor(address, (PAGES, KEYS, DIM), 2, 16))
out = tensor(allocate(q.nbytes), q.shape, 2, 16)
inputs = [upload(q, 2), *caches, upload(prompt, 0), upload(own, 0)]

entry = c_void_p(_library.hydragen_module_find(module._module, b"main"))
lists = [(ctypes.POINTER(DLTensor) * len(x))(*map(ctypes.pointer, x)) for x in (inputs, [out])]
context = module._context()
_check(_library.hydragen_invoke(context, entry, lists[0], ctypes.c_size_t(5), lists[1], ctypes.c_size_t(1), None, c_uint64(0)))
_library.hydragen_context_synchronize.restype = c_void_p
_check(_library.hydragen_context_synchronize(context))
got = np.empty(q.shape, np.float16)
_check(_library.hydragen_device_copy(device, got.ctypes.data, out.data, got.nbytes, 1))

error = 0
for b in range(4):
    mine = [pages[int(p)] for p in np.concatenate([prompt, own[b]])]
    k, v = (np.concatenate([p[i] for p in mine]).astype(np.float64) for i in (0, 1))
    s = q[b].astype(np.float64) @ k.T * 0.125
    p = np.exp(s - s.max(-1, keepdims=True))
    error = max(error, np.abs(p / p.sum(-1, keepdims=True) @ v - got[b]).max())
print(f"cache {PAGES * PAGE_BYTES / 2**30:.2f} GiB, error {error:.1e}")
# An ulp of f16 at 1, and the rounding of probabilities.
sys.exit(0 if error < 2e-3 else 1)
