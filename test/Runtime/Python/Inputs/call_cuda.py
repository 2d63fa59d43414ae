"""Calls a module on device cuda (the fake driver), with a stand-in for PyTorch: tensors that give DLPack
capsules of device memory, a current stream, an allocator."""

import array
import ctypes
import sys
import types

import hydragen

library, device = hydragen._library, ctypes.c_void_p()
hydragen._check(library.hydragen_device_open(b"cuda", ctypes.byref(device)))
for name in ("device_allocate", "device_free", "device_copy"):
    getattr(library, "hydragen_" + name).restype = ctypes.c_void_p

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.argtypes, new_capsule.restype = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p], ctypes.py_object


class Tensor:
    def __init__(self, shape, dtype="f", device="cuda:0"):
        assert device == "cuda:0"
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.device, self.count = device, self.shape[0]
        self.memory = ctypes.c_void_p()
        self.bytes = ctypes.c_uint64(self.count * (4 if dtype == "f" else 1))
        hydragen._check(library.hydragen_device_allocate(self_device(), self.bytes, ctypes.byref(self.memory)))

    def __del__(self):
        library.hydragen_device_free(self_device(), self.memory)

    def copy(self, values, kind):
        address = ctypes.c_void_p(values.buffer_info()[0])
        to, source = (self.memory, address) if kind == 0 else (address, self.memory)
        hydragen._check(library.hydragen_device_copy(self_device(), to, source, self.bytes, kind))
        return values

    def data_ptr(self):
        return self.memory.value

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self, stream=None):
        assert stream == -1, "the exporter must not synchronise"
        self.extent = (ctypes.c_int64 * 1)(self.count)
        self.view = hydragen.DLTensor(self.memory.value, 2, 0, 1, 2, 32, 1, self.extent, None, 0)
        return new_capsule(ctypes.addressof(self.view), b"dltensor", None)


def self_device():
    return device


def current_stream(where):
    assert where == "cuda:0"
    return types.SimpleNamespace(cuda_stream=99)


sys.modules["torch"] = types.SimpleNamespace(
    Tensor=Tensor, empty=Tensor, float32="f", uint8="B", cuda=types.SimpleNamespace(current_stream=current_stream))

module = hydragen.Module(sys.argv[1], device="cuda")
x = Tensor(1000)
x.copy(array.array("f", range(1000)), 0)
y = module.twice(x)
assert isinstance(y, Tensor)
assert list(y.copy(array.array("f", bytes(4000)), 1)) == [2.0 * i for i in range(1000)]
z = Tensor(1000)
assert module.add(x, y, out=[z]) is z
assert list(z.copy(array.array("f", bytes(4000)), 1)) == [3.0 * i for i in range(1000)]
print("right")
