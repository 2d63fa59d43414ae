"""Tables that are computed from tables, on the CPU and on the emulated GPU.

    index_arithmetic.py HYDRAGEN_RUN CPU_MODULE GPU_MODULE (of index-arithmetic.mlir)
"""

import json
import subprocess
import sys
import tempfile

import numpy as np

run, cpu, gpu = sys.argv[1:]
rng = np.random.default_rng(11)
q = rng.standard_normal((6, 2, 16)).astype(np.float32)
pools = [rng.standard_normal((24, 8, 2, 16)).astype(np.float32) for _ in "kv"]
with tempfile.TemporaryDirectory() as folder:
    def call(module, tables, ids, used, *flags):
        arrays = [q, *pools, tables.astype(np.int32), np.asarray(ids, np.int64), np.asarray(used, np.int32)]
        np.savez(f"{folder}/in.npz", **{f"in{i}": a for i, a in enumerate(arrays)})
        done = subprocess.run([run, module, f"--inputs={folder}/in.npz", *flags], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{ids}: {done.stdout}{done.stderr}")
    for ids in ([0, 1, 2, 0, 1, 2], [1] * 6, [2, 2, 2, 2, 2, 0]):
        for common in range(6):
            tables = rng.integers(-24, 24, (3, 5))
            tables[:, :common] = tables[0, :common]
            # Another spelling of the same pages.
            tables[1] += np.where(tables[1] % 2 == 0, 1, 0)
            used = rng.integers(0, 120, 6)
            call(cpu, tables, ids, used, f"--outputs={folder}/want.npz")
            call(gpu, tables, ids, used, "--device=emulated", f"--expect={folder}/want.npz", f"--stats={folder}/stats.json",
                 "--emulator=schedule=random:2,async=late")
            with open(f"{folder}/stats.json", encoding="utf-8") as file:
                stats = json.load(file)
            if stats["host_copies_bytes"] or not any(k["name"].startswith("index_") for k in stats["kernels"]):
                sys.exit(f"expected kernels for integers and no copies, the statistics are {stats}")
    # What is no table and no page reads some: nothing outside of what there is.
    for bad in (-1, 3, 2**31, -2**63, 2**63 - 1):
        call(gpu, rng.integers(-2**31, 2**31, (3, 5)), [0, bad, 1, 2, bad, 0], [0] * 6, "--device=emulated")
print("ok")
