"""Runs modules with infinite operands; the first, on the CPU, says what is right.

    infinite.py HEAD_DIM HYDRAGEN_RUN CPU_MODULE MODULE ...
"""

import subprocess
import sys
import tempfile

import numpy as np

dim, run, reference, modules = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
# Columns of several blocks of fragments.
c2, c3, c4, c5 = (i * dim // 16 for i in (2, 3, 4, 5))
rng = np.random.default_rng(1)


def make():
    shapes = [(4, dim), (40, dim), (40, dim), (4, 3, dim), (4, 3, dim)]
    return [rng.standard_normal(s, np.float32) for s in shapes]


def call(module, arrays, *flags):
    with tempfile.TemporaryDirectory() as folder:
        np.savez(folder + "/in.npz", **{f"in{i}": a for i, a in enumerate(arrays)})
        subprocess.run([run, module, f"--inputs={folder}/in.npz", f"--outputs={folder}/out.npz", *flags], check=True)
        return np.load(folder + "/out.npz")["out0"]


def name(row):
    for text, test in [("nan", np.isnan), ("inf", np.isposinf), ("-inf", np.isneginf)]:
        if test(row).any():
            return text
    return "finite"


cases = {}
q, pk, pv, sk, sv = make()
pv[7, c3] = np.inf
cases["value"] = [q, pk, pv, sk, sv], lambda out: np.isfinite(np.delete(out, c3, 1)).all()
q, pk, pv, sk, sv = make()
sv[0, 2, c5] = -np.inf
cases["own value"] = [q, pk, pv, sk, sv], None
q, pk, pv, sk, sv = make()
# The score of this key is -inf: it weighs nothing.
sk[1, 1, c4] = -np.inf * np.sign(q[1, c4])
pk[9, c2] = np.inf
q[:, c2] = -np.abs(q[:, c2])
cases["own key"] = [q, pk, pv, sk, sv], None
q, pk, pv, sk, sv = make()
q[0, 0] = np.inf
cases["query"] = [q, pk, pv, sk, sv], None
q, pk, pv, sk, sv = make()
# Rounded to TF32 this is infinite.
pv[3, 1] = 3.4028e38
cases["large"] = [q, pk, pv, sk, sv], None

for title, (arrays, extra) in cases.items():
    want = call(reference, arrays)
    print(f"{title}: [{', '.join(map(name, want))}]".replace("'", ""), end=" ")
    for module in modules:
        got = call(module, arrays, "--device=emulated")
        finite = np.isfinite(want)
        same = np.array_equal(np.isnan(want), np.isnan(got)) and np.array_equal(np.isinf(want), np.isinf(got))
        same &= np.array_equal(np.sign(want[np.isinf(want)]), np.sign(got[np.isinf(got)]))
        error = np.abs(want[finite] - got[finite]) / np.maximum(1, np.abs(want[finite]))
        if not same or (error > 2e-5).any():
            sys.exit(f"{title}: {module}:\nwant {want}\ngot {got}")
    print()
print("ok")
