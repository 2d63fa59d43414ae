"""One decode step of a Llama-like model as an exporter writes it, with caches that are updated in place.

Arguments: token of each sequence [B] i64, number of own tokens so far [] i64, then per layer K and V of each shared
level [nodes, Hkv, keys, D], and the own caches [B, Hkv, capacity, D] (`hydragen.alias_output`), then the weights.
Results: logits [B, vocab], then the own caches of each layer.
"""

import math
from dataclasses import dataclass

import numpy

from mlir_text import Graph, tensor


@dataclass(frozen=True)
class Model:
    layers: int = 4
    hidden: int = 1024
    heads: int = 16
    kv_heads: int = 16
    mlp: int = 2816
    vocab: int = 2048
    capacity: int = 128  # of each sequence's own cache

    @property
    def dim(self):
        return self.hidden // self.heads

    def parameters(self):
        kv = self.kv_heads * self.dim
        layer = self.hidden * (2 * self.hidden + 2 * kv + 3 * self.mlp + 2)
        return self.layers * layer + self.hidden * (2 * self.vocab + 1)

    def weight_shapes(self):
        """Names and shapes, in argument order; products have [out, in] weights."""
        kv = self.kv_heads * self.dim
        yield "embed", (self.vocab, self.hidden)
        for layer in range(self.layers):
            for name, shape in [("norm1", (self.hidden,)), ("q", (self.hidden, self.hidden)), ("k", (kv, self.hidden)),
                                ("v", (kv, self.hidden)), ("o", (self.hidden, self.hidden)), ("norm2", (self.hidden,)),
                                ("gate", (self.mlp, self.hidden)), ("up", (self.mlp, self.hidden)),
                                ("down", (self.hidden, self.mlp))]:
                yield f"{layer}.{name}", shape
        yield "norm", (self.hidden,)
        yield "head", (self.vocab, self.hidden)


def cache_shapes(model, batch, levels):
    """Of one layer's K, and of its V: the shared levels, then the own cache."""
    return [(nodes, model.kv_heads, keys, model.dim) for nodes, keys in levels] + [
        (batch, model.kv_heads, model.capacity, model.dim)]


def decode_step(model, batch, levels, attention=True):
    """MLIR text. `levels`: (nodes, keys) from the root, without the own caches. Without `attention` the new value
    stands for what attention gives: the model's time without it."""
    g = Graph()
    tokens = g.argument((batch,), "i64")
    position = g.argument((), "i64")
    caches = []
    if attention:
        for layer in range(model.layers):
            pair = []
            for side in range(2):
                shapes = cache_shapes(model, batch, levels)
                pair.append([g.argument(shape, "f32") for shape in shapes[:-1]]
                            + [g.argument(shapes[-1], "f32", 1 + 2 * layer + side)])
            caches.append(pair)
    weights = {name: g.argument(shape, "f32") for name, shape in model.weight_shapes()}
    results = []

    def norm(x, weight):
        squares = g.map("bi->bi", [x], x.shape, "f32", lambda emit, a: emit(f"arith.mulf {a}, {a} : f32"))
        total = g.sum("bi->b", squares)
        size, epsilon = g.number(model.hidden, "f32"), g.number(1e-5, "f32")

        def body(emit, a, sum_, w):
            mean = emit(f"arith.divf {sum_}, {size} : f32")
            factor = emit(f"math.rsqrt {emit(f'arith.addf {mean}, {epsilon} : f32')} : f32")
            return emit(f"arith.mulf {emit(f'arith.mulf {a}, {factor} : f32')}, {w} : f32")
        return g.map("bi,b,i->bi", [x, total, weight], x.shape, "f32", body)

    half = model.dim // 2
    shared = sum(keys for _, keys in levels)

    def angles(function):
        """cos or sin of position * 10000^(-2i/D), [D / 2]."""
        step = g.number(-2 * math.log(10000) / model.dim, "f32")

        def body(emit, own):
            at = emit(f"arith.addi {own}, {g.constant(f'{shared} : i64')} : i64")
            at = emit(f"arith.sitofp {at} : i64 to f32")
            index = emit("linalg.index 0 : index")
            index = emit(f"arith.sitofp {emit(f'arith.index_cast {index} : index to i64')} : i64 to f32")
            power = emit(f"math.exp {emit(f'arith.mulf {index}, {step} : f32')} : f32")
            return emit(f"math.{function} {emit(f'arith.mulf {at}, {power} : f32')} : f32")
        return g.map("->d", [position], (half,), "f32", body)
    cosine, sine = (angles("cos"), angles("sin")) if attention else (None, None)

    def rotate(x):
        """Rotary embedding of [B, H, D]: halves (a, b) become (a cos - b sin, b cos + a sin)."""
        size = [batch, x.shape[1], half]
        parts = [g.op(size, "f32", f"tensor.extract_slice {x.name}[0, 0, {at}] {size} [1, 1, 1] : "
                                   f"{tensor(x.shape, 'f32')} to {tensor(size, 'f32')}") for at in (0, half)]

        def turn(first, second, op):
            return g.map("bhd,bhd,d,d->bhd", [first, second, cosine, sine], size, "f32",
                         lambda emit, a, b, c, s: emit(f"arith.{op} {emit(f'arith.mulf {a}, {c} : f32')}, "
                                                       f"{emit(f'arith.mulf {b}, {s} : f32')} : f32"))
        return g.concat([turn(parts[0], parts[1], "subf"), turn(parts[1], parts[0], "addf")], 2)

    def heads(x, count):
        return g.reshape(x, [[0], [1, 2]], (batch, count, model.dim))

    def append(cache, new):
        """The cache with [B, H, D] `new` written at the position."""
        at = g.op((), "i64", f"tensor.extract {position.name}[] : tensor<i64>")
        index = g.op((), "index", f"arith.index_cast {at.name} : i64 to index")
        return g.op(cache.shape, "f32",
                    f"tensor.insert_slice {new.name} into {cache.name}[0, 0, {index.name}, 0] "
                    f"[{batch}, {model.kv_heads}, 1, {model.dim}] [1, 1, 1, 1] : "
                    f"{tensor(new.shape, 'f32')} into {tensor(cache.shape, 'f32')}")

    def embed(emit, token):
        row, column = emit(f"arith.index_cast {token} : i64 to index"), emit("linalg.index 1 : index")
        table = weights["embed"]
        return emit(f"tensor.extract {table.name}[{row}, {column}] : {tensor(table.shape, 'f32')}")

    def add(a, b):
        return g.map("bi,bi->bi", [a, b], a.shape, "f32", lambda emit, x, y: emit(f"arith.addf {x}, {y} : f32"))

    x = g.map("b->bi", [tokens], (batch, model.hidden), "f32", embed)
    visible = g.map("->b", [position], (batch,), "i64",
                    lambda emit, own: emit(f"arith.addi {own}, {g.constant('1 : i64')} : i64")) if attention else None
    for layer in range(model.layers):
        def weight(name):
            return weights[f"{layer}.{name}"]
        y = norm(x, weight("norm1"))
        q, k, v = [g.einsum("bi,oi->bo", y, weight(name)) for name in "qkv"]
        if attention:
            q, k, v = rotate(heads(q, model.heads)), rotate(heads(k, model.kv_heads)), heads(v, model.kv_heads)
            levels_kv = []
            own = [append(caches[layer][side][-1], new) for side, new in enumerate((k, v))]
            results += own
            levels_kv = [(caches[layer][0][i], caches[layer][1][i]) for i in range(len(levels))] + [tuple(own)]
            q = g.reshape(q, [[0], [1, 2], [3]], (batch, model.heads, 1, model.dim))
            out = g.attention(q, levels_kv, lengths=visible)
            out = g.reshape(out, [[0], [1, 2, 3]], (batch, model.hidden))
        else:
            # All three products are part of the result.
            out = g.map("bi,bi->bi", [q, add(*[repeat_heads(g, model, heads(value, model.kv_heads)) for value in (k, v)])],
                        q.shape, "f32", lambda emit, a, b: emit(f"arith.addf {a}, {b} : f32"))
        x = add(x, g.einsum("bi,oi->bo", out, weight("o")))
        y = norm(x, weight("norm2"))
        one = g.number(1, "f32")

        def gate(emit, a, b):
            minus = emit(f"arith.negf {a} : f32")
            below = emit(f"arith.addf {emit(f'math.exp {minus} : f32')}, {one} : f32")
            return emit(f"arith.mulf {emit(f'arith.divf {a}, {below} : f32')}, {b} : f32")
        y = g.map("bi,bi->bi", [g.einsum("bi,oi->bo", y, weight("gate")), g.einsum("bi,oi->bo", y, weight("up"))],
                  (batch, model.mlp), "f32", gate)
        x = add(x, g.einsum("bi,oi->bo", y, weight("down")))
    g.finish([g.einsum("bi,oi->bo", norm(x, weights["norm"]), weights["head"]), *results])
    return g.text()


def repeat_heads(g, model, value):
    """[B, Hkv, D] as [B, hidden]."""
    wide = g.repeat(value, 1, model.heads // model.kv_heads)
    return g.reshape(wide, [[0], [1, 2]], (value.shape[0], model.hidden))


#===----------------------------------------------------------------------===#
# The same step in float64
#===----------------------------------------------------------------------===#


def reference_step(model, tokens, position, caches, weights):
    """Logits by the definition. `caches`: per layer (K levels, V levels), the own ones last; these are updated."""
    def norm(x, weight):
        return x / numpy.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * weight
    w = {name: value.astype(numpy.float64) for name, value in weights.items()}
    batch, half = len(tokens), model.dim // 2
    x = w["embed"][tokens]
    for layer in range(model.layers):
        y = norm(x, w[f"{layer}.norm1"])
        q, k, v = [(y @ w[f"{layer}.{name}"].T).reshape(batch, -1, model.dim) for name in "qkv"]
        at = position + sum(level.shape[2] for level in caches[layer][0][:-1])
        angle = at * 10000.0 ** (-2 * numpy.arange(half) / model.dim)

        def rotate(value):
            a, b = value[..., :half], value[..., half:]
            return numpy.concatenate([a * numpy.cos(angle) - b * numpy.sin(angle),
                                      b * numpy.cos(angle) + a * numpy.sin(angle)], -1)
        q, k = rotate(q), rotate(k)
        joined = []
        for side, new in enumerate((k, v)):
            caches[layer][side][-1][:, :, position] = new
            parts = [numpy.repeat(level, batch // level.shape[0], 0) for level in caches[layer][side]]
            parts[-1] = parts[-1][:, :, :position + 1]
            joined.append(numpy.repeat(numpy.concatenate(parts, 2).astype(numpy.float64), model.heads // model.kv_heads, 1))
        s = numpy.einsum("bhd,bhnd->bhn", q, joined[0]) / math.sqrt(model.dim)
        p = numpy.exp(s - s.max(-1, keepdims=True))
        out = numpy.einsum("bhn,bhnd->bhd", p / p.sum(-1, keepdims=True), joined[1]).reshape(batch, -1)
        x = x + out @ w[f"{layer}.o"].T
        y = norm(x, w[f"{layer}.norm2"])
        gate = y @ w[f"{layer}.gate"].T
        x = x + (gate / (1 + numpy.exp(-gate)) * (y @ w[f"{layer}.up"].T)) @ w[f"{layer}.down"].T
    return norm(x, w["norm"]) @ w["head"].T
