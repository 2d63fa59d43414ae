"""export_onnx.py OUT_DIR [CASE ...]: attention over shared prefixes as ONNX graphs, through torch-mlir's ONNX importer.

Writes CASE.onnx.mlir and CASE.npz (in0, ..., out0, ... and ref64_0, ... by onnx.reference, in float32 and float64). Needs
the packages of requirements.txt; see docs/cookbook.md.
"""

import math
import os
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper, reference
from torch_mlir import ir
from torch_mlir.dialects import torch as torch_dialect
from torch_mlir.extras import onnx_importer
from torch_mlir.passmanager import PassManager

B, H, P, S, D = 4, 2, 24, 8, 16
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


class Graph:
    def __init__(self, dtype):
        self.nodes, self.constants, self.dtype = [], [], dtype

    def op(self, kind, *inputs, **attributes):
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [self.value(i) for i in inputs], [name], **attributes))
        return name

    def value(self, given):
        if isinstance(given, str):
            return given
        name = f"constant{len(self.constants)}"
        array = numpy.asarray(given)
        if array.dtype.kind == "f":
            array = array.astype(self.dtype)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def join(self, prefix, suffix):
        wide = self.op("Expand", prefix, numpy.array([B, H, P, D]))
        return self.op("Concat", wide, suffix, axis=2)

    def scores(self, q, k):
        return self.op("Div", self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2])), math.sqrt(D))


STANDARD = {"q": (B, H, 2, D), "kp": (1, H, P, D), "vp": (1, H, P, D), "ks": (B, H, S, D), "vs": (B, H, S, D)}


@case
def onnx_eager(g):
    """MatMul, Div, Add of a mask, Softmax, MatMul."""
    s = g.op("Add", g.scores("q", g.join("kp", "ks")), "mask")
    return g.op("MatMul", g.op("Softmax", s, axis=-1), g.join("vp", "vs"))


onnx_eager.inputs = {**STANDARD, "mask": (B, 1, 1, P + S)}


@case
def onnx_boolean_mask(g):
    """A boolean mask by Where, and 0 where the softmax is NaN."""
    s = g.op("Where", g.op("Greater", "mask", 0.0), g.scores("q", g.join("kp", "ks")), -math.inf)
    p = g.op("Softmax", s, axis=-1)
    p = g.op("Where", g.op("IsNaN", p), 0.0, p)
    return g.op("MatMul", p, g.join("vp", "vs"))


onnx_boolean_mask.inputs = {**STANDARD, "mask": (B, 1, 2, P + S)}


@case
def onnx_soft_cap(g):
    """Tanh between Div and Mul."""
    s = g.op("Mul", g.op("Tanh", g.op("Div", g.scores("q", g.join("kp", "ks")), 2.0)), 2.0)
    return g.op("MatMul", g.op("Softmax", s, axis=-1), g.join("vp", "vs"))


onnx_soft_cap.inputs = STANDARD


@case
def onnx_tile_groups(g):
    """Prompts by Tile (b mod 2), scale on the queries."""
    k = g.op("Concat", g.op("Tile", "kp", numpy.array([2, 1, 1, 1])), "ks", axis=2)
    v = g.op("Concat", g.op("Tile", "vp", numpy.array([2, 1, 1, 1])), "vs", axis=2)
    s = g.op("MatMul", g.op("Mul", "q", 0.25), g.op("Transpose", k, perm=[0, 1, 3, 2]))
    return g.op("MatMul", g.op("Softmax", s, axis=-1), v)


onnx_tile_groups.inputs = {**STANDARD, "kp": (2, H, P, D), "vp": (2, H, P, D)}


@case
def onnx_gather_groups(g):
    """Prompts by Gather at a constant table."""
    table = numpy.array([0, 0, 1, 1])
    k = g.op("Concat", g.op("Gather", "kp", table, axis=0), "ks", axis=2)
    v = g.op("Concat", g.op("Gather", "vp", table, axis=0), "vs", axis=2)
    return g.op("MatMul", g.op("Softmax", g.scores("q", k), axis=-1), v)


onnx_gather_groups.inputs = onnx_tile_groups.inputs


def build(function, dtype):
    g = Graph(dtype)
    kind = helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype))
    result = function(g)
    graph = helper.make_graph(
        g.nodes, "main", [helper.make_tensor_value_info(n, kind, s) for n, s in function.inputs.items()],
        [helper.make_tensor_value_info(result, kind, (B, H, 2, D))], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)


def export(name, out):
    function = CASES[name]
    rng = numpy.random.default_rng(sum(map(ord, name)))
    inputs = {n: rng.standard_normal(s).astype(numpy.float32) for n, s in function.inputs.items()}
    model = build(function, numpy.float32)
    arrays = {f"in{i}": a for i, a in enumerate(inputs.values())}
    arrays["out0"] = reference.ReferenceEvaluator(model).run(None, inputs)[0]
    arrays["ref64_0"] = reference.ReferenceEvaluator(build(function, numpy.float64)).run(
        None, {n: a.astype(numpy.float64) for n, a in inputs.items()})[0]
    numpy.savez_compressed(os.path.join(out, name + ".npz"), **arrays)
    with ir.Context() as context:
        torch_dialect.register_dialect(context)
        info = onnx_importer.ModelInfo(model)
        module = info.create_module(context=context).operation
        importer = onnx_importer.NodeImporter.define_function(info.main_graph, module)
        importer.import_all()
        passes = ("builtin.module(torch-onnx-to-torch-backend-pipeline{backend-legal-ops=aten.flatten.using_ints},"
                  "torch-backend-to-linalg-on-tensors-backend-pipeline)")
        PassManager.parse(passes).run(module)
        text = str(module)
    doc = " ".join((function.__doc__ or name).split())
    with open(os.path.join(out, name + ".onnx.mlir"), "w", encoding="utf-8") as file:
        file.write(f"// name: {name}.onnx\n// produced by: ONNX {onnx.__version__}, torch-mlir's ONNX importer "
                   f"(utils/export/export_onnx.py)\n// shows: {doc}\n{text}")
    print(f"{name}.onnx: ok")


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for one in sys.argv[2:] or CASES:
        export(one, sys.argv[1])
