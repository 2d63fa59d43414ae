"""A page table with values that are no pages.

    bad_pages.py HYDRAGEN_RUN CPU_MODULE GPU_MODULE (of hand-written/run_time_table.mlir)
"""

import subprocess
import sys
import tempfile

import numpy as np

run, cpu, gpu = sys.argv[1:]
rng = np.random.default_rng(5)
q = rng.standard_normal((4, 4, 1, 8)).astype(np.float32)
k, v = (rng.standard_normal((12, 4, 2, 8)).astype(np.float32) for _ in "kv")
prompt, own = np.array([3, 5]), rng.integers(0, 12, (4, 4))
length = np.array([8 + 3, 8 + 16, 8 + 1, 8 + 9])
hidden = 8 + 4 * np.arange(4) >= length[:, None]
with tempfile.TemporaryDirectory() as folder:
    def call(module, table, name, *flags):
        arrays = [q, k, v, prompt, table, length]
        np.savez(f"{folder}/{name}.npz", **{f"in{i}": a for i, a in enumerate(arrays)})
        done = subprocess.run([run, module, f"--inputs={folder}/{name}.npz", *flags], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name}: {done.stdout}{done.stderr}")
    call(cpu, own, "good", f"--outputs={folder}/expected.npz")
    for bad in (-1, 12, 2**31 - 1):
        call(gpu, np.where(hidden, bad, own), f"bad {bad}", "--device=emulated", f"--expect={folder}/expected.npz")
        # Where keys are visible the result means nothing, but nothing outside of the cache is read.
        call(gpu, np.full_like(own, bad), f"visible {bad}", "--device=emulated")
print("ok")
