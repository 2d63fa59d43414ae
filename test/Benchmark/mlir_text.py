"""Writes models as linalg on tensors, in the way exporters do: a small builder of MLIR text.

    graph = Graph()
    x, w = graph.argument((64, 512), "f32"), graph.argument((512, 512), "f32")
    graph.finish([graph.einsum("bi,oi->bo", x, w)])
    text = graph.text()

Values are named tensors of static shape. Nothing here knows of sharing: prefixes are broadcast and concatenated.
"""

import math
from collections import namedtuple

Value = namedtuple("Value", "name shape dtype")

BITS = {"f32": 32, "f16": 16, "bf16": 16, "i64": 64, "i1": 1}


def tensor(shape, dtype):
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + dtype + ">"


def affine_map(dims, results):
    return f"affine_map<({', '.join(dims)}) -> ({', '.join(results)})>"


class Graph:
    def __init__(self):
        self.arguments, self.lines, self.count, self.constants = [], [], 0, {}
        self.results = None

    # The function.

    def argument(self, shape, dtype, output=None):
        """An argument; `output`: the result whose memory it may be (a cache that is updated in place)."""
        value = Value(f"%arg{len(self.arguments)}", tuple(shape), dtype)
        self.arguments.append((value, output))
        return value

    def finish(self, results):
        self.results = list(results)

    def text(self):
        types = [tensor(value.shape, value.dtype) for value in self.results]
        arguments = ", ".join(
            f"{value.name}: {tensor(value.shape, value.dtype)}"
            + (f" {{hydragen.alias_output = {output} : i64}}" if output is not None else "")
            for value, output in self.arguments)
        return "\n".join([f"func.func @main({arguments}) -> ({', '.join(types)}) {{",
                          *[f"  {name} = arith.constant {text}" for text, name in self.constants.items()],
                          *["  " + line for line in self.lines],
                          f"  return {', '.join(value.name for value in self.results)} : {', '.join(types)}", "}", ""])

    # Pieces of text.

    def name(self):
        self.count += 1
        return f"%v{self.count}"

    def constant(self, text):
        return self.constants.setdefault(text, f"%c{len(self.constants)}")

    def number(self, value, dtype):
        text = {math.inf: "0x7F800000", -math.inf: "0xFF800000"}.get(value, f"{value:.9e}")
        return self.constant(f"{text} : {dtype}")

    def op(self, shape, dtype, text):
        value = Value(self.name(), tuple(shape), dtype)
        self.lines.append(f"{value.name} = {text}")
        return value

    def empty(self, shape, dtype):
        return self.op(shape, dtype, f"tensor.empty() : {tensor(shape, dtype)}")

    def fill(self, number, shape, dtype):
        init, kind = self.empty(shape, dtype), tensor(shape, dtype)
        return self.op(shape, dtype, f"linalg.fill ins({self.number(number, dtype)} : {dtype}) "
                                     f"outs({init.name} : {kind}) -> {kind}")

    def generic(self, spec, inputs, init, body, reductions=""):
        """A linalg.generic. `spec` is like "bm,mn->bn", a letter a loop; a dim "1" is read at 0. `body` gets the names
        of the scalars (inputs, then the output) and returns lines and the name of what is yielded."""
        reads, result = spec.split("->")
        reads = reads.split(",") if inputs else []
        loops = list(dict.fromkeys(letter for letter in result + "".join(reads) if letter != "1"))
        maps = [affine_map(loops, ["0" if letter == "1" else letter for letter in dims]) for dims in [*reads, result]]
        kinds = ", ".join('"reduction"' if loop in reductions else '"parallel"' for loop in loops)
        names = [self.name() + "s" for _ in [*inputs, init]]
        lines, value = body(*names)
        kind = tensor(init.shape, init.dtype)
        read = ""
        if inputs:
            read = (f"ins({', '.join(v.name for v in inputs)} : "
                    f"{', '.join(tensor(v.shape, v.dtype) for v in inputs)}) ")
        heads = ", ".join(f"{name}: {v.dtype}" for name, v in zip(names, [*inputs, init]))
        inner = "".join(f"\n      {line}" for line in lines)
        return self.op(init.shape, init.dtype,
                       f"linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [{kinds}]}} "
                       f"{read}outs({init.name} : {kind}) {{\n    ^bb0({heads}):{inner}\n"
                       f"      linalg.yield {value} : {init.dtype}\n  }} -> {kind}")

    # What models do.

    def map(self, spec, inputs, shape, dtype, body):
        """Elementwise: `body(emit, scalars...)` returns the result's name, emit("arith.addf a, b : f32") a new one."""
        def build(*names):
            lines = []

            def emit(text):
                name = self.name() + "s"
                lines.append(f"{name} = {text}")
                return name
            return lines, body(emit, *names[:-1])
        return self.generic(spec, inputs, self.empty(shape, dtype), build)

    def cast(self, value, dtype):
        if value.dtype == dtype:
            return value
        letters = "abcdefg"[:len(value.shape)]
        op = "extf" if BITS[dtype] > BITS[value.dtype] else "truncf"
        return self.map(f"{letters}->{letters}", [value], value.shape, dtype,
                        lambda emit, x: emit(f"arith.{op} {x} : {value.dtype} to {dtype}"))

    def einsum(self, spec, a, b):
        """A product summed in f32: einsum("bi,oi->bo", x, w)."""
        reads, result = spec.split("->")
        extents = {letter: extent for dims, v in zip(reads.split(","), (a, b)) for letter, extent in zip(dims, v.shape)}
        reduced = "".join(letter for letter in extents if letter not in result)

        def build(x, y, total):
            lines, names = [], []
            for name, dtype in ((x, a.dtype), (y, b.dtype)):
                if dtype != "f32":
                    wide = self.name() + "s"
                    lines.append(f"{wide} = arith.extf {name} : {dtype} to f32")
                    name = wide
                names.append(name)
            product, result = self.name() + "s", self.name() + "s"
            lines += [f"{product} = arith.mulf {names[0]}, {names[1]} : f32",
                      f"{result} = arith.addf {total}, {product} : f32"]
            return lines, result
        return self.generic(spec, [a, b], self.fill(0, [extents[letter] for letter in result], "f32"), build, reduced)

    def sum(self, spec, value):
        reads, result = spec.split("->")
        extents = dict(zip(reads, value.shape))

        def build(x, total):
            name = self.name() + "s"
            return [f"{name} = arith.addf {total}, {x} : f32"], name
        return self.generic(spec, [value], self.fill(0, [extents[letter] for letter in result], "f32"), build,
                            "".join(letter for letter in reads if letter not in result))

    def softmax(self, value):
        kind = tensor(value.shape, value.dtype)
        return self.op(value.shape, value.dtype,
                       f"linalg.softmax dimension({len(value.shape) - 1}) ins({value.name} : {kind}) "
                       f"outs({self.empty(value.shape, value.dtype).name} : {kind}) -> {kind}")

    def reshape(self, value, groups, shape):
        """Between a shape and one whose dims in each of `groups` are one dim of the other."""
        shape = tuple(shape)
        if shape == value.shape:
            return value
        grow = len(shape) > len(value.shape)
        text = "[" + ", ".join(str(list(group)) for group in groups) + "]"
        into = f"{tensor(value.shape, value.dtype)} into {tensor(shape, value.dtype)}"
        extents = f" output_shape {list(shape)}" if grow else ""
        op = "expand_shape" if grow else "collapse_shape"
        return self.op(shape, value.dtype, f"tensor.{op} {value.name} {text}{extents} : {into}")

    def repeat(self, value, dim, times):
        """Each index of `dim` `times` times in a row (repeat_interleave)."""
        if times == 1:
            return value
        letters = "abcdefg"[:len(value.shape)]
        wide = letters[:dim + 1] + "z" + letters[dim + 1:]
        shape = [*value.shape[:dim + 1], times, *value.shape[dim + 1:]]
        out = self.map(f"{letters}->{wide}", [value], shape, value.dtype, lambda emit, x: x)
        groups = [[i] for i in range(dim)] + [[dim, dim + 1]] + [[i + 1] for i in range(dim + 1, len(value.shape))]
        return self.reshape(out, groups, [*value.shape[:dim], value.shape[dim] * times, *value.shape[dim + 1:]])

    def concat(self, values, dim):
        if len(values) == 1:
            return values[0]
        shape = list(values[0].shape)
        shape[dim] = sum(value.shape[dim] for value in values)
        kinds = ", ".join(tensor(value.shape, value.dtype) for value in values)
        return self.op(shape, values[0].dtype, f"tensor.concat dim({dim}) {', '.join(v.name for v in values)} : "
                                               f"({kinds}) -> {tensor(shape, values[0].dtype)}")

    def attention(self, queries, levels, scale=None, causal=False, lengths=None):
        """softmax(Q K^T) V of queries [B, H, M, D] over `levels`, a list of (K, V) [nodes, Hkv, keys, D].

        nodes divides B: sequence b reads node b / (B / nodes) of each level. `causal`: the M queries are the last M
        keys. `lengths` [B]: how many keys of the last level a sequence has.
        """
        batch, heads, rows, dim = queries.shape
        keys, values = [
            self.repeat(self.concat([self.repeat(pair[i], 0, batch // pair[i].shape[0]) for pair in levels], 2), 1,
                        heads // levels[0][i].shape[1]) for i in range(2)]
        scores = self.einsum("bhmd,bhnd->bhmn", queries, keys)
        factor = self.number(scale or 1 / math.sqrt(dim), "f32")
        total, last = keys.shape[2], levels[-1][0].shape[2]
        minus = self.number(-math.inf, "f32")
        inputs = [scores] + ([lengths] if lengths else [])

        def body(emit, score, *more):
            score = emit(f"arith.mulf {score}, {factor} : f32")
            if not causal and not more:
                return score
            key = emit("linalg.index 3 : index")
            if causal:
                row = emit("linalg.index 2 : index")
                limit = emit(f"arith.addi {row}, {self.constant(f'{total - rows} : index')} : index")
                visible = emit(f"arith.cmpi sle, {key}, {limit} : index")
                score = emit(f"arith.select {visible}, {score}, {minus} : f32")
            if more:
                length = emit(f"arith.index_cast {more[0]} : i64 to index")
                end = emit(f"arith.addi {length}, {self.constant(f'{total - last} : index')} : index")
                visible = emit(f"arith.cmpi slt, {key}, {end} : index")
                score = emit(f"arith.select {visible}, {score}, {minus} : f32")
            return score
        spec = "bhmn,b->bhmn" if lengths else "bhmn->bhmn"
        scores = self.map(spec, inputs, scores.shape, "f32", body)
        out = self.einsum("bhmn,bhnd->bhmd", self.softmax(scores), values)
        return self.cast(out, queries.dtype)
