"""Calls compiled modules from Python: ctypes over hydragen/runtime.h, tensors by DLPack.

    module = hydragen.Module("model.so")                  # device cpu, NumPy arrays
    out = module.main(q, k, v)
    module = hydragen.Module("model.so", device="cuda")   # PyTorch tensors
    out = module.main(q, k, v)                            # enqueued on the current stream
    module.main(q, k, v, out=(o,))                        # into tensors of the caller

Arguments are anything with __dlpack__, or (on the host) with the buffer protocol.
Outputs are PyTorch tensors when an argument is one, else NumPy arrays; one output
comes alone, several as a tuple. A failure is hydragen.Error. The library is
HYDRAGEN_RUNTIME, or libhydragen_runtime.so.0 beside this file or where the system
looks.
"""

import ctypes
import os
import sys
import threading
from ctypes import POINTER, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint64, c_void_p


class DLTensor(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("device_type", c_int32), ("device_id", c_int32), ("ndim", c_int32),
                ("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16),
                ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)), ("byte_offset", c_uint64)]


class Argument(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_char_p), ("rank", c_int32), ("shape", POINTER(c_int64)),
                ("alias_output", c_int32), ("placement", c_char_p), ("strides", c_char_p), ("alignment", c_int32)]


class Error(Exception):
    """A failed call: `code` of runtime.h (1 fault, 2 invalid, 3 unavailable, 4 internal) and `place`."""

    def __init__(self, code, place, message):
        super().__init__(f"{place}: {message}" if place else message)
        self.code, self.place = code, place


def _load():
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libhydragen_runtime.so.0")
    default = beside if os.path.exists(beside) else "libhydragen_runtime.so.0"
    library = ctypes.CDLL(os.environ.get("HYDRAGEN_RUNTIME", default))
    for name in ("name", "input_count", "output_count", "input", "output"):
        function = getattr(library, "hydragen_entry_" + name)
        function.argtypes = [c_void_p, c_size_t] if name in ("input", "output") else [c_void_p]
        function.restype = {"name": c_char_p, "input": Argument, "output": Argument}.get(name, c_size_t)
    for name, result in (("code", c_int32), ("message", c_char_p), ("place", c_char_p), ("free", None)):
        function = getattr(library, "hydragen_status_" + name)
        function.argtypes, function.restype = [c_void_p], result
    for name in ("device_open", "device_close", "module_load", "module_unload", "module_find", "context_create",
                 "context_destroy", "context_set_stream", "workspace_size", "output_shapes", "invoke"):
        getattr(library, "hydragen_" + name).restype = c_void_p
    return library


_library = _load()


def _check(status):
    if status:
        error = Error(_library.hydragen_status_code(status), _library.hydragen_status_place(status).decode(),
                      _library.hydragen_status_message(status).decode())
        _library.hydragen_status_free(status)
        raise error


_get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.argtypes, _get_pointer.restype = [ctypes.py_object, c_char_p], c_void_p
_FORMATS = {"f": (2, 32), "d": (2, 64), "e": (2, 16), "b": (0, 8), "h": (0, 16), "i": (0, 32), "l": (0, 64), "q": (0, 64),
            "B": (1, 8), "H": (1, 16), "I": (1, 32), "L": (1, 64), "Q": (1, 64), "?": (1, 8)}


def _view(value):
    """A DLTensor of `value`, and what must live as long as it."""
    if hasattr(value, "__dlpack__"):
        # -1: no synchronisation with another stream; the call is on the current one.
        on_gpu = value.__dlpack_device__()[0] == 2
        capsule = value.__dlpack__(stream=-1) if on_gpu else value.__dlpack__()
        # A DLManagedTensor begins with its DLTensor. The capsule keeps its name: its destructor frees it.
        return DLTensor.from_address(_get_pointer(capsule, b"dltensor")), capsule
    memory = memoryview(value)
    if memory.format not in _FORMATS or memory.readonly or not memory.c_contiguous:
        raise TypeError(f"expected a writable compact array of numbers but got format {memory.format!r}")
    code, bits = _FORMATS[memory.format]
    address = ctypes.addressof(c_uint8.from_buffer(memory)) if memory.nbytes else 0
    shape = (c_int64 * max(memory.ndim, 1))(*memory.shape)
    return DLTensor(address, 1, 0, memory.ndim, code, bits, 1, shape, None, 0), (memory, shape)


class Module:
    """A loaded module; its entries are its attributes and items: m.main(x), m["main"](x)."""

    def __init__(self, path, device="cpu", threads=0):
        self._device, self._module, self._threads = c_void_p(), c_void_p(), threads
        self._gpu = "cuda:0" if device == "cuda" else device if device.startswith("cuda") else None
        self._local, self._contexts = threading.local(), []
        _check(_library.hydragen_device_open(device.encode(), byref(self._device)))
        _check(_library.hydragen_module_load(os.fsencode(path), self._device, byref(self._module)))

    def __del__(self):
        for context in self.__dict__.get("_contexts", []):
            _library.hydragen_context_destroy(context)
        for name, close in (("_module", "hydragen_module_unload"), ("_device", "hydragen_device_close")):
            if self.__dict__.get(name):
                getattr(_library, close)(self.__dict__[name])

    def __getitem__(self, name):
        entry = _library.hydragen_module_find(self._module, name.encode())
        if not entry:
            raise KeyError(f"the module has no entry {name!r}")
        return lambda *arguments, out=None: self._call(c_void_p(entry), arguments, out)

    def __getattr__(self, name):
        try:
            return self[name] if not name.startswith("_") else object.__getattribute__(self, name)
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def _context(self):
        """Of this thread: a context is used by one at a time."""
        if not hasattr(self._local, "context"):
            context = c_void_p()
            _check(_library.hydragen_context_create(self._device, c_int32(self._threads), byref(context)))
            self._contexts.append(context)
            self._local.context = context
        return self._local.context

    def _call(self, entry, arguments, out):
        if len(arguments) != _library.hydragen_entry_input_count(entry):
            raise TypeError(f"expected {_library.hydragen_entry_input_count(entry)} arguments but got {len(arguments)}")
        torch = sys.modules.get("torch")
        like = next((a for a in arguments if torch and isinstance(a, torch.Tensor)), None)
        views = [_view(argument) for argument in arguments]
        for i, (tensor, _) in enumerate(views):
            rank = _library.hydragen_entry_input(entry, i).rank
            if tensor.ndim != rank:
                raise Error(2, f"in{i}", f"has rank {tensor.ndim}, expected {rank}")
        shapes = (POINTER(c_int64) * max(len(views), 1))(*[tensor.shape for tensor, _ in views])
        if out is None:
            out = self._make_outputs(entry, shapes, like)
        results = [_view(output) for output in out]
        context, workspace, size = self._context(), None, c_uint64()
        if self._gpu and torch:
            stream = torch.cuda.current_stream(self._gpu).cuda_stream
            _check(_library.hydragen_context_set_stream(context, c_void_p(stream)))
            _check(_library.hydragen_workspace_size(entry, shapes, byref(size)))
            if size.value:
                # Of PyTorch's allocator: safe to drop while the stream still uses it.
                workspace = torch.empty(size.value, dtype=torch.uint8, device=self._gpu)
        lists = [(POINTER(DLTensor) * max(len(group), 1))(*[ctypes.pointer(tensor) for tensor, _ in group])
                 for group in (views, results)]
        _check(_library.hydragen_invoke(context, entry, lists[0], c_size_t(len(views)), lists[1], c_size_t(len(results)),
                                        c_void_p(workspace.data_ptr() if workspace is not None else None), size))
        return out[0] if len(out) == 1 else tuple(out)

    def _make_outputs(self, entry, shapes, like):
        infos = [_library.hydragen_entry_output(entry, i) for i in range(_library.hydragen_entry_output_count(entry))]
        extents = [(c_int64 * max(info.rank, 1))() for info in infos]
        pointers = (POINTER(c_int64) * max(len(infos), 1))(*[ctypes.cast(e, POINTER(c_int64)) for e in extents])
        _check(_library.hydragen_output_shapes(entry, shapes, pointers))
        result = []
        for info, extent in zip(infos, extents):
            shape, dtype = tuple(extent[:info.rank]), info.dtype.decode()
            name = {"f": "float", "i": "int", "u": "uint"}.get(dtype[0], "") + dtype[1:]
            if like is not None:
                import torch
                name = {"bf16": "bfloat16", "f8e4m3": "float8_e4m3fn", "f8e5m2": "float8_e5m2", "i1": "bool"}.get(dtype, name)
                place = "cpu" if info.placement == b"host" else like.device
                result.append(torch.empty(shape, dtype=getattr(torch, name), device=place))
            else:
                import numpy
                name = {"bf16": "uint16", "f8e4m3": "uint8", "f8e5m2": "uint8", "i1": "bool"}.get(dtype, name)
                result.append(numpy.empty(shape, dtype=name))
        return result
