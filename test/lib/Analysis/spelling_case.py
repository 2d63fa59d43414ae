"""One attention over a shared prefix, spelt in linalg: what the files of cases have in common.

A file of cases prints the IR of a case, or all. With --check OPT RUN DIR the cases are also rewritten (the remarks must
hold what the case expects) and run, shared and plain, against the definition computed here in float64.
"""

import argparse
import math
import os
import random
import re
import subprocess
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from make_npz import npy  # noqa: E402

B, H, M, P, S, D = 4, 2, 3, 7, 5, 4
INF = float("inf")


class Case:
    """IR under construction, its inputs, and what it means.

    Keys are read through key(b, h, n, d) and value(b, h, n, e); score(s, b, h, m, n)
    is applied to scale * q.k; denominators get exp(sink) for each of sinks(b, h, m).
    """

    def __init__(self):
        self.args, self.lines, self.inputs, self.count = [], [], [], 0
        self.batch, self.prefix, self.suffix = B, P, S
        self.dims = {}  # letters that are dynamic
        self.scale = 0.5
        self.score = lambda s, b, h, m, n: s
        self.sinks = lambda b, h, m: []
        self.factor = lambda b, h, m: 1.0
        self.zero_rows = False
        self.expect = None

    # ---- inputs
    def arg(self, shape, low=-1.0, high=1.0, dtype="f4", values=None, dynamic=()):
        count = math.prod(shape)
        if values is None:
            rng = random.Random(len(self.inputs) + 1)
            values = [rng.uniform(low, high) for _ in range(count)]
        # Inputs are float32: so are the numbers of the definition.
        if dtype == "f4":
            import struct
            values = [struct.unpack("<f", struct.pack("<f", v))[0] for v in values]
        element = {"f4": "f32", "i4": "i32", "i8": "i64", "b1": "i1"}[dtype]
        dims = ["?" if i in dynamic else str(e) for i, e in enumerate(shape)]
        kind = "tensor<" + "x".join(dims + [element]) + ">"
        name = f"%arg{len(self.args)}"
        self.args.append(f"{name}: {kind}")
        self.inputs.append((dtype, shape, values))

        def at(*index):
            linear = 0
            for i, e in zip(index, shape):
                assert 0 <= i < e
                linear = linear * e + i
            return values[linear]

        return name, kind, at

    # ---- IR
    def emit(self, text, results=1):
        name = f"%x{self.count}"
        self.count += 1
        self.lines.append(f"    {name}{f':{results}' if results > 1 else ''} = {text}")
        return name

    def generic(self, rank, ins, out_map, out, out_kind, body, reductions=(), init=None):
        """ins: (value, type, map); body over %a0, %a1, ..., %o."""
        dims = ", ".join(f"d{i}" for i in range(rank))
        maps = [f"affine_map<({dims}) -> ({m})>" for _, _, m in ins] + [f"affine_map<({dims}) -> ({out_map})>"]
        kinds = ", ".join('"reduction"' if i in reductions else '"parallel"' for i in range(rank))
        element = lambda kind: kind[kind.rindex("x") + 1:-1] if "x" in kind else kind[7:-1]
        if init is not None:
            out = self.emit(f"linalg.fill ins(%c{init[0]} : f32) outs({out} : {out_kind}) -> {out_kind}")
        operands = ""
        if ins:
            operands = f"ins({', '.join(v for v, _, _ in ins)} : {', '.join(k for _, k, _ in ins)}) "
        block = ", ".join([f"%a{i}: {element(k)}" for i, (_, k, _) in enumerate(ins)] + [f"%o: {element(out_kind)}"])
        lines = "\n".join("      " + line for line in body.strip().split("\n"))
        return self.emit(f"linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [{kinds}]}} "
                         f"{operands}outs({out} : {out_kind}) {{\n    ^bb0({block}):\n{lines}\n    }} -> {out_kind}")

    def empty(self, letters, element="f32"):
        sizes = [self.size[c] for c in letters if c in self.dims]
        kind = self.kind(letters, element)
        return self.emit(f"tensor.empty({', '.join(sizes)}) : {kind}"), kind

    def kind(self, letters, element="f32"):
        dims = ["?" if c in self.dims else str(self.extent[c]) for c in letters]
        return "tensor<" + "x".join(dims + [element]) + ">"

    def map(self, letters, body):
        """Elementwise over bhmn; body uses %s and indices."""
        out, kind = self.empty("bhmn")
        return self.generic(4, [(self.s, kind, "d0, d1, d2, d3")] + letters, "d0, d1, d2, d3", out, kind, body)

    # ---- the attention
    def begin(self, dynamic=""):
        self.extent = dict(b=self.batch, h=H, m=M, p=self.prefix, s=self.suffix, n=self.prefix + self.suffix, d=D)
        self.dims = set(dynamic)
        if self.dims & set("ps"):
            self.dims.add("n")
        self.size = {}
        dyn = lambda letters: tuple(i for i, c in enumerate(letters) if c in self.dims)
        arg = lambda letters: self.arg([self.extent[c] for c in letters], dynamic=dyn(letters))
        self.q, self.kp, self.vp, self.ks, self.vs = map(arg, ["bhmd", "hpd", "hpd", "bhsd", "bhsd"])
        for name, value in [("0", 0.0), ("ninf", None), ("scale", self.scale), ("1", 1.0)]:
            text = "0xFF800000" if value is None else repr(float(value))
            self.lines.append(f"    %c{name} = arith.constant {text} : f32")
        for i in range(4):
            self.lines.append(f"    %i{i} = arith.constant {i} : index")
        source = {"b": (self.ks, 0), "s": (self.ks, 2), "p": (self.kp, 1)}
        for c in "bsp":
            if c in self.dims:
                (name, kind, _), dim = source[c]
                self.size[c] = self.emit(f"tensor.dim {name}, %i{dim} : {kind}")
        if "n" in self.dims:
            part = lambda c: self.size[c] if c in self.dims else self.emit(f"arith.constant {self.extent[c]} : index")
            self.size["n"] = self.emit(f"arith.addi {part('p')}, {part('s')} : index")

    def keys(self, prefix, suffix):
        """concat(broadcast(prefix), suffix) along the keys, and what it reads."""
        name, kind, at = prefix
        out, wide = self.empty("bhpd")
        shared = self.generic(4, [(name, kind, "d1, d2, d3")], "d0, d1, d2, d3", out, wide, "linalg.yield %a0 : f32")
        result = self.emit(f"tensor.concat dim(2) {shared}, {suffix[0]} : ({wide}, {suffix[1]}) -> {self.kind('bhnd')}")
        own = suffix[2]
        return result, lambda b, h, n, d: at(h, n, d) if n < self.prefix else own(b, h, n - self.prefix, d)

    def scores(self, k, scale="%cscale"):
        out, kind = self.empty("bhmn")
        self.s = self.generic(5, [(self.q[0], self.q[1], "d0, d1, d2, d4"), (k, self.kind("bhnd"), "d0, d1, d3, d4")],
                              "d0, d1, d2, d3", out, kind,
                              "%p = arith.mulf %a0, %a1 : f32\n%r = arith.addf %p, %o : f32\nlinalg.yield %r : f32",
                              reductions=[4], init=("0",))
        if scale:
            self.s = self.map([], f"%r = arith.mulf %a0, {scale} : f32\nlinalg.yield %r : f32")

    def reduce(self, value, op, init):
        out, kind = self.empty("bhm")
        return self.generic(4, [(value, self.kind("bhmn"), "d0, d1, d2, d3")], "d0, d1, d2", out, kind,
                            f"%r = arith.{op} %a0, %o : f32\nlinalg.yield %r : f32", reductions=[3], init=(init,))

    def exponentials(self, shift=True, exp="math.exp"):
        self.max = self.reduce(self.s, "maximumf", "ninf")
        row = (self.max, self.kind("bhm"), "d0, d1, d2")
        if not shift:
            return self.map([], f"%r = {exp} %a0 : f32\nlinalg.yield %r : f32")
        return self.map([row], f"%t = arith.subf %a0, %a1 : f32\n%r = {exp} %t : f32\nlinalg.yield %r : f32")

    def divide(self, e, total):
        self.s = e
        return self.map([(total, self.kind("bhm"), "d0, d1, d2")],
                        "%r = arith.divf %a0, %a1 : f32\nlinalg.yield %r : f32")

    def product(self, p, v):
        out, kind = self.empty("bhmd")
        return self.generic(5, [(p, self.kind("bhmn"), "d0, d1, d2, d4"), (v, self.kind("bhnd"), "d0, d1, d4, d3")],
                            "d0, d1, d2, d3", out, kind,
                            "%p = arith.mulf %a0, %a1 : f32\n%r = arith.addf %p, %o : f32\nlinalg.yield %r : f32",
                            reductions=[4], init=("0",))

    def row(self, ins, body):
        out, kind = self.empty("bhm")
        return self.generic(3, ins, "d0, d1, d2", out, kind, body)

    def finish(self, result):
        self.lines.append(f"    return {result} : {self.kind('bhmd')}")

    def standard(self, dynamic="", change=None, after=None):
        """The usual spelling; `change` puts more on the scores."""
        self.begin(dynamic)
        k, self.key = self.keys(self.kp, self.ks)
        v, self.value = self.keys(self.vp, self.vs)
        self.scores(k)
        if change:
            change(self)
        e = self.exponentials()
        total = self.reduce(e, "addf", "0")
        if after:
            total = after(self, e, total)
        self.finish(self.product(self.divide(e, total), v))
        if self.expect is None:
            self.expect = shared()
        return self

    def text(self):
        lines = "\n".join(self.lines)
        return (f"func.func @main({', '.join(self.args)}) -> {self.kind('bhmd')} {{\n{lines}\n}}\n")

    def reference(self):
        out = []
        q = self.q[2]
        n_keys = self.prefix + self.suffix
        for b in range(self.batch):
            for h in range(H):
                for m in range(M):
                    s = [self.score(self.scale * self.product_of(q, b, h, m, n), b, h, m, n) for n in range(n_keys)]
                    sinks = self.sinks(b, h, m)
                    top = max(s + sinks)
                    if top == -INF:
                        out += [0.0 if self.zero_rows else float("nan")] * D
                        continue
                    p = [math.exp(x - top) for x in s]
                    total = sum(p) + sum(math.exp(x - top) for x in sinks)
                    out += [self.factor(b, h, m) * sum(p[n] * self.value(b, h, n, e) for n in range(n_keys)) / total
                            for e in range(D)]
        return out

    def product_of(self, q, b, h, m, n):
        return sum(q(b, h, m, d) * self.key(b, h, n, d) for d in range(D))


def shared(text="keys [0, 7) shared over d0 of 4; keys [7, 12) own"):
    return ("segments-shared", text)


def refused(code):
    return ("attention-refused", code)


def plain(code):
    return ("segments-not-shared", code)


def write_npz(path, arrays):
    with zipfile.ZipFile(path, "w") as archive:
        for name, (dtype, shape, values) in arrays.items():
            archive.writestr(name + ".npy", npy(dtype, shape, values))


def check(cases, name, opt, run, folder):
    c = cases[name]()
    os.makedirs(folder, exist_ok=True)
    base = os.path.join(folder, name)
    with open(base + ".mlir", "w") as file:
        file.write(c.text())
    result = subprocess.run([opt, base + ".mlir", "--hydragen-raise-attention", "--hydragen-share-segments",
                             "--hydragen-verify-cover", "--remark-format=emitRemark", "--remarks-filter=hydragen"],
                            capture_output=True, text=True)
    remarks = re.findall(r"remark: \[\w+\] ([\w-]+) .*?Remark=\"([^\"]*)\"(?:, reason-code=([\w-]+))?", result.stderr)
    kind, wanted = c.expect
    found = [text if kind == "segments-shared" else code for remark, text, code in remarks if remark == kind]
    if result.returncode != 0 or found != [wanted]:
        return f"{name}: wanted {kind} {wanted}, got {remarks} {result.stderr[-400:] if not remarks else ''}"
    # Nothing that has a view survives as a copy.
    if kind == "segments-shared" and "tensor.concat" in result.stdout:
        return f"{name}: a concatenation survived"
    if c.reference is None:
        return None
    write_npz(base + ".npz", {f"in{i}": a for i, a in enumerate(c.inputs)} |
              {"out0": ("f4", [c.batch, H, M, D], c.reference())})
    for sharing in ["always", "never"]:
        result = subprocess.run([run, base + ".mlir", f"--inputs={base}.npz", f"--expect={base}.npz",
                                 f"--sharing={sharing}"], capture_output=True, text=True)
        if result.returncode != 0:
            return f"{name} {sharing}: {(result.stdout + result.stderr)[-500:]}"
    return None


def main(cases):
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", nargs=3, metavar=("OPT", "RUN", "DIR"))
    options = parser.parse_args()
    if options.list:
        print("\n".join(cases))
        return 0
    failures = []
    for name in options.cases or cases:
        if not options.check:
            print(cases[name]().text())
            continue
        failure = check(cases, name, *options.check)
        print(failure if failure else f"{name}: ok")
        failures += [failure] if failure else []
    return 1 if failures else 0
