"""triton_worker.py KERNEL ...: compiles attention kernels with Triton for sm_80 as far as PTX, once each, in this process.

KERNEL is forward, decode_split or decode_merge: those of test/Integration/triton/kernels.py, head dim 128, f16. Prints
one line of JSON, {"triton": version, "wall": ms, "user": ms}: the sum over the kernels. Importing Triton, hashing its own
files for the key of its cache, ptxas and the cache are left out.
"""

import json
import os
import resource
import sys
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Integration", "triton"))

import kernels
import triton
from triton.backends.nvidia.compiler import CUDABackend
from triton.runtime.cache import triton_key


def compile_kernel(name):
    if name == "forward":
        return kernels.compile_forward("fp16", True, 4, 2, True, d=128)
    state = {"STATE_O": "*fp32", "STATE_ML": "*fp32"}
    if name == "decode_split":
        pointers = {"Q": "*fp16", "K": "*fp16", "V": "*fp16", **state}
        return kernels.compile_kernel(kernels.decode_split, {**pointers, "scale": "fp32", "keys": "i32", "share": "i32"},
                                      {"D": 128, "G": 16, "BN": 64}, range(5), num_warps=4, num_stages=2)
    return kernels.compile_kernel(kernels.decode_merge, {**state, "O": "*fp16", "splits": "i32"}, {"D": 128, "G": 16},
                                  range(3), num_warps=1)


def main():
    warnings.simplefilter("ignore")
    # Our figure ends at PTX, so Triton's must not have ptxas in it.
    CUDABackend.make_cubin = lambda *arguments, **options: b""
    triton.knobs.compilation.always_compile = True
    triton_key()  # 0.6 s in the first compilation of a process otherwise, and no compiling
    user = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    start = time.perf_counter()
    compiled = [compile_kernel(name) for name in sys.argv[1:]]
    wall = time.perf_counter() - start
    user = resource.getrusage(resource.RUSAGE_SELF).ru_utime - user
    for kernel in compiled:
        # Else it measured something else than attention on tensor cores.
        if ".entry" not in kernel.asm["ptx"]:
            sys.exit(f"{kernel.metadata.name}: no PTX")
    print(json.dumps({"triton": triton.__version__, "wall": 1000 * wall, "user": 1000 * user}))


main()
