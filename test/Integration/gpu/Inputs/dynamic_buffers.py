"""Inputs of dynamic-buffers.mlir: dynamic_buffers.py OUT.npz TYPE BATCH SHARED OWN"""

import sys

import numpy as np

path, kind, batch, shared, own = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
rng = np.random.default_rng(2)
shapes = [(batch, 4, 16), (shared, 16), (batch, own, 16), (3, 16)]
np.savez(path, **{f"in{i}": rng.standard_normal(s).astype({"f16": np.float16, "f32": np.float32}[kind]) for i, s in enumerate(shapes)})
