"""emulate_device.py FILE...: fixtures of emulate_faults.py on a GPU, against the emulated one.

A folder stands for all fixtures in it. Each kernel is run once on each device with the same inputs. Integers must agree; floats within what the approximate functions
of the two may differ by. Where `ncu` is on PATH its counters are compared with the emulator's: sectors of global memory
and wavefronts of shared memory, those that the instructions ask for. Not of fixtures with a line "// POLLS": how often they do
depends on timing. Wavefronts are not compared where cp.async is used: this metric of ncu leaves out what it writes (seen on an H200).

The driver is libcuda.so.1, or the file that HYDRAGEN_LIBCUDA names.
"""

import csv
import ctypes
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

from emulate_faults import FORMATS, Fixture

# Relative, of the largest element: a few ulp of ex2.approx and the order of additions in mma.
TOLERANCE = {"f32": 2e-6, "f16": 2e-3}
# Counter of the emulator: metrics of ncu that it is the sum of.
ATOMIC = ["l1tex__t_sectors_pipe_lsu_mem_global_op_atom.sum", "l1tex__t_sectors_pipe_lsu_mem_global_op_red.sum"]
METRICS = {
    # Atomics and reductions read and write.
    "global_read_sectors": ["l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum",
                            "l1tex__t_sectors_pipe_lsu_mem_global_op_ldgsts_cache_access.sum",
                            "l1tex__t_sectors_pipe_lsu_mem_global_op_ldgsts_cache_bypass.sum", *ATOMIC],
    "global_write_sectors": ["l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum", *ATOMIC],
    # Counted by instruction; the counters of the pipe have more in them than what instructions ask for.
    "shared_wavefronts": ["memory_l1_wavefronts_shared"],
}


class Driver:
    """The few calls of the CUDA driver API that a launch needs; a failure ends the program."""

    def __init__(self):
        self.library = ctypes.CDLL(os.environ.get("HYDRAGEN_LIBCUDA", "libcuda.so.1"))
        self.call("cuInit", 0)
        device, self.context = ctypes.c_int(), ctypes.c_void_p()
        self.call("cuDeviceGet", ctypes.byref(device), 0)
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(self.context), device)
        self.call("cuCtxPushCurrent", self.context)

    def find(self, name):
        function = ctypes.c_void_p()
        if hasattr(self.library, "cuGetProcAddress_v2"):
            found = ctypes.c_int()
            self.library.cuGetProcAddress_v2(name.encode(), ctypes.byref(function), 12000, ctypes.c_uint64(0),
                                             ctypes.byref(found))
        else:
            self.library.cuGetProcAddress(name.encode(), ctypes.byref(function), 11030, ctypes.c_uint64(0))
        if not function:
            sys.exit(f"the driver has no {name}")
        return ctypes.CFUNCTYPE(ctypes.c_int)(function.value)

    def call(self, name, *arguments):
        result = self.find(name)(*arguments)
        if result:
            sys.exit(f"{name} fails with error {result}")

    def launch(self, text, kernel, grid, block, shared, arguments):
        """`arguments`: (bytes of an array, is it an output) or the bytes of a scalar. Returns the outputs' bytes."""
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("cuModuleLoadDataEx", ctypes.byref(module), ctypes.c_char_p(text), 0, None, None)
        self.call("cuModuleGetFunction", ctypes.byref(function), module, kernel.encode())
        if shared > 48 << 10:
            self.call("cuFuncSetAttribute", function, 8, shared)  # MAX_DYNAMIC_SHARED_SIZE_BYTES
        holders, outputs = [], []
        for argument in arguments:
            if isinstance(argument, bytes):
                holders.append(ctypes.create_string_buffer(argument, len(argument)))
                continue
            data, is_output = argument
            address = ctypes.c_uint64()
            self.call("cuMemAlloc", ctypes.byref(address), ctypes.c_size_t(max(len(data), 1)))
            self.call("cuMemcpyHtoD", address, ctypes.c_char_p(data), ctypes.c_size_t(len(data)))
            holders.append(address)
            if is_output:
                outputs.append((address, len(data)))
        pointers = (ctypes.c_void_p * len(holders))(*(ctypes.addressof(holder) for holder in holders))
        self.call("cuLaunchKernel", function, *grid, *block, shared, None, pointers, None)
        results = []
        for address, size in outputs:
            buffer = ctypes.create_string_buffer(size)
            self.call("cuMemcpyDtoH", buffer, address, ctypes.c_size_t(size))
            results.append(buffer.raw)
        return results


def parse_launch(fixture):
    """Kernel, grid, block, shared bytes, arguments as Driver.launch wants them, types of the outputs."""
    options, arguments, outputs = {}, [], []
    for word in fixture.launch:
        name, _, value = word[2:].partition("=")
        if name != "arg":
            options[name] = value
            continue
        kind, *rest = value.split(":")
        if kind in ("in", "out", "inout"):
            dtype, count = rest[0], int(rest[1])
            values = fixture.make_input(dtype, count) if kind == "in" else [0] * count
            arguments.append((struct.pack(f"<{count}{FORMATS[dtype]}", *values), kind != "in"))
            if kind != "in":
                outputs.append(dtype)
        elif kind == "null":
            arguments.append(bytes(8))
        else:
            number = float(rest[0]) if kind.startswith("f") else int(rest[0], 0)
            code = {"f64": "d", **FORMATS}[kind]
            arguments.append(struct.pack("<" + code, number))
    extents = {name: ([int(x) for x in options.get(name, "1").split(",")] + [1, 1])[:3] for name in ("grid", "block")}
    kernel = options.get("kernel") or re.search(r"\.entry\s+(\w+)", "\n".join(fixture.lines)).group(1)
    return kernel, extents["grid"], extents["block"], int(options.get("shared", "0")), arguments, outputs


def run_device(fixture):
    kernel, grid, block, shared, arguments, dtypes = parse_launch(fixture)
    text = "\n".join(fixture.lines) + "\n"
    text = text[re.search(r"^\.version", text, re.M).start():].encode()  # without the test's comments
    raw = Driver().launch(text, kernel, grid, block, shared, arguments)
    return [list(struct.unpack(f"<{len(data) // struct.calcsize(FORMATS[t])}{FORMATS[t]}", data))
            for data, t in zip(raw, dtypes)], dtypes


def compare(emulated, device, dtypes):
    for number, (want, got, dtype) in enumerate(zip(emulated, device, dtypes)):
        bound = TOLERANCE.get(dtype, 0) * max([abs(x) for x in want if x == x] + [1.0])
        for i, (x, y) in enumerate(zip(want, got)):
            if not (x == y or (x != x and y != y) or abs(x - y) <= bound):
                sys.exit(f"output {number} differs at {i}: emulated {x}, device {y}, allowed {bound:.3g}")


def compare_counters(path, fixture, counters):
    metrics = sorted({metric for group in METRICS.values() for metric in group})
    done = subprocess.run(["ncu", "--csv", "--page", "raw", "--metrics", ",".join(metrics), sys.executable, __file__,
                           "--device-only", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    rows = list(csv.DictReader(line for line in done.stdout.splitlines() if line.startswith('"')))
    if done.returncode or len(rows) < 2:
        sys.exit(f"ncu fails: {done.stdout}{done.stderr}")
    wrong = []
    partial = any("cp.async." in line for line in fixture.lines)
    for counter, group in METRICS.items():
        if partial and counter == "shared_wavefronts":
            continue
        device = sum(int(float(rows[-1][metric].replace(",", "") or 0)) for metric in group if metric in rows[-1])
        print(f"{counter}: emulated {counters[counter]}, device {device}")
        if device != counters[counter]:
            wrong.append(counter)
    if wrong:
        sys.exit("counters differ: " + ", ".join(wrong))


def check(path):
    fixture = Fixture(path)
    with tempfile.TemporaryDirectory() as folder:
        code, reports, emulated, text = fixture.run(folder, fixture.lines, ("rr", "late", "1"))
        if code or reports:
            sys.exit(text)
        with open(os.path.join(folder, "stats.json"), encoding="utf-8") as file:
            counters = json.load(file)["kernels"][0]["counters"]
    device, dtypes = run_device(fixture)
    compare(emulated, device, dtypes)
    if shutil.which("ncu") and not any(line.startswith("// POLLS") for line in fixture.lines):
        compare_counters(path, fixture, counters)
    print(f"{os.path.basename(path)}: {len(device)} outputs agree")


def main():
    if sys.argv[1] == "--device-only":
        run_device(Fixture(sys.argv[2]))
        return
    for path in sys.argv[1:]:
        files = [os.path.join(path, name) for name in sorted(os.listdir(path))] if os.path.isdir(path) else [path]
        for file in filter(os.path.isfile, files):
            if Fixture(file).launch:
                check(file)


if __name__ == "__main__":
    main()
