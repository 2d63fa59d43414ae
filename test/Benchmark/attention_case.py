"""Attention shapes of the benchmarks: the graph, the inputs' shapes, and what must be computed and read."""

import os
from dataclasses import dataclass, replace

from mlir_text import BITS, Graph


@dataclass(frozen=True)
class Case:
    """Attention of `batch` sequences with `rows` queries each over `levels`, pairs (nodes, keys) from the root: a node
    is shared by batch / nodes sequences. A last level with as many nodes as sequences is each sequence's own."""
    name: str
    batch: int
    heads: int
    kv_heads: int
    dim: int
    levels: tuple
    dtype: str = "f32"
    rows: int = 1
    causal: bool = False
    ragged: bool = False  # A last argument says how many own keys each sequence has.
    sdpa: bool = False  # PyTorch's model calls SDPA; else matmul, softmax in f32, matmul.
    file: str = ""  # As an exporter wrote it, in test/Corpus/bench; else the graph is generated.

    def but(self, **changes):
        return replace(self, **changes)

    @property
    def bytes(self):
        return BITS[self.dtype] // 8

    def input_shapes(self):
        shapes = [(self.batch, self.heads, self.rows, self.dim)]
        for nodes, keys in self.levels:
            shapes += [(nodes, self.kv_heads, keys, self.dim)] * 2
        return shapes

    def shared_flops(self):
        """Of the two products with the keys that several sequences share."""
        keys = sum(keys for nodes, keys in self.levels if nodes < self.batch)
        return 4 * self.batch * self.heads * self.rows * keys * self.dim

    def own_bytes(self):
        """Of the K and V that only one sequence reads."""
        keys = sum(keys for nodes, keys in self.levels if nodes == self.batch)
        return 2 * self.batch * self.kv_heads * keys * self.dim * self.bytes

    def plain_bytes(self):
        """Of K and V as the model reads them without sharing."""
        return 2 * self.batch * self.kv_heads * sum(keys for _, keys in self.levels) * self.dim * self.bytes

    def text(self, corpus):
        if self.file:
            with open(os.path.join(corpus, self.file), encoding="utf-8") as source:
                return source.read()
        graph = Graph()
        values = [graph.argument(shape, self.dtype) for shape in self.input_shapes()]
        lengths = graph.argument((self.batch,), "i64") if self.ragged else None
        graph.finish([graph.attention(values[0], list(zip(values[1::2], values[2::2])), causal=self.causal,
                                      lengths=lengths)])
        return graph.text()

    def shape_text(self):
        levels = " + ".join(str(keys) if nodes in (1, self.batch) else f"{nodes} x {keys}" for nodes, keys in self.levels)
        heads = str(self.heads) if self.heads == self.kv_heads else f"{self.heads}/{self.kv_heads}"
        rows = f" M{self.rows}" if self.rows > 1 else ""
        return f"{self.dtype} B{self.batch} H{heads} D{self.dim}{rows}, keys {levels}"


def smallest_shape():
    """Of a size for tests."""
    return Case("smallest_f32", 4, 2, 2, 32, ((1, 64), (4, 8)), "f32")


def bench_shapes():
    """The exported files of test/Corpus/bench."""
    def mha(dtype):
        return Case(f"mha_b64_p4096_{dtype}", 64, 32, 32, 128, ((1, 4096), (64, 128)), dtype,
                    file=f"bench_mha_b64_p4096_{dtype}.linalg.mlir")
    return [
        Case("mha_b32_p2048_f32", 32, 16, 16, 64, ((1, 2048), (32, 128)), "f32",
             file="bench_mha_b32_p2048_f32.linalg.mlir"),
        Case("causal_b16_p2048_q64_f32", 16, 8, 8, 64, ((1, 2048), (16, 64)), "f32", rows=64, causal=True,
             file="bench_causal_b16_p2048_q64_f32.linalg.mlir"),
        mha("f32"), mha("bf16"), mha("f16"),
        Case("gqa_b64_p8192_f16", 64, 32, 8, 128, ((1, 8192), (64, 256)), "f16", sdpa=True,
             file="bench_gqa_b64_p8192_f16.linalg.mlir"),
        Case("mqa8_b1024_p2048_bf16", 1024, 8, 1, 128, ((1, 2048), (1024, 128)), "bf16",
             file="bench_mqa8_b1024_p2048_bf16.linalg.mlir"),
        Case("tree_b64_f16", 64, 32, 32, 128, ((1, 2048), (8, 1024), (64, 64)), "f16",
             file="bench_tree_b64_f16.linalg.mlir"),
    ]
