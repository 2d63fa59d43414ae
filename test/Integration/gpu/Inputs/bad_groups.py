"""Group numbers that are no groups.

    bad_groups.py HYDRAGEN_RUN GPU_MODULE (of guards/Inputs/many_groups.mlir)
"""

import subprocess
import sys
import tempfile

import numpy as np

run, gpu = sys.argv[1:]
rng = np.random.default_rng(5)
rows, groups, heads, depth = 24, 70, 2, 8
q = rng.standard_normal((rows, heads, 1, depth)).astype(np.float32)
prompts = [rng.standard_normal((groups, heads, 12, depth)).astype(np.float32) for _ in "kv"]
own = [rng.standard_normal((rows, heads, 3, depth)).astype(np.float32) for _ in "kv"]


def attention(numbers):
    k, v = (np.concatenate([prompts[i][numbers], own[i]], 2).astype(np.float64) for i in range(2))
    s = 0.25 * q.astype(np.float64) @ k.swapaxes(2, 3)
    p = np.exp(s - s.max(3, keepdims=True))
    return (p / p.sum(3, keepdims=True)) @ v


with tempfile.TemporaryDirectory() as folder:
    for bad in (-1, groups, 2**31 - 1, 2**63 - 1, -2**63):
        numbers = rng.integers(0, 3, rows)
        numbers[[2, 3, 11]] = bad
        read = np.where((numbers < 0) | (numbers >= groups), groups - 1, numbers)
        arrays = [q, *prompts, *own, numbers.astype(np.int64)]
        np.savez(f"{folder}/{bad}.npz", out0=attention(read).astype(np.float32),
                 **{f"in{i}": a for i, a in enumerate(arrays)})
        done = subprocess.run([run, gpu, f"--inputs={folder}/{bad}.npz", f"--expect={folder}/{bad}.npz",
                               "--device=emulated"], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{bad}: {done.stdout}{done.stderr}")
print("ok")
