"""export_torch.py OUT_DIR [CASE ...]: the cases of cases_torch.py as MLIR, with PyTorch's numbers.

Writes CASE.linalg.mlir and CASE.tosa.mlir (and for some CASE.tm_tensor.mlir) through torch.export and torch-mlir's FX
importer, and CASE.npz with the
inputs (in0, ...), PyTorch's outputs (out0, ...) and the same computed in float64 (ref64_0, ...). bfloat16 is stored as
uint16. Needs the packages of requirements.txt; see docs/cookbook.md.
"""

import os
import sys

import numpy
import torch
import torch.utils._pytree as pytree
from torch_mlir import fx

from cases_torch import CASES


def to_array(tensor):
    if tensor.dtype == torch.bfloat16:
        return tensor.contiguous().view(torch.uint16).numpy()
    return tensor.numpy()


def widen(tree):
    return pytree.tree_map(lambda t: t.double() if torch.is_floating_point(t) else t, tree)


def export(name, out):
    torch.manual_seed(sum(map(ord, name)))
    torch.set_default_dtype(torch.float32)
    module, inputs, *dynamic = CASES[name]()
    module = module.eval()
    with torch.no_grad():
        outputs = pytree.tree_leaves(module(*inputs))
        torch.set_default_dtype(torch.float64)
        exact = pytree.tree_leaves(module(*widen(inputs)))
        torch.set_default_dtype(torch.float32)
    shapes = {"dynamic_shapes": {"inputs": dynamic[0]}} if dynamic else {}
    program = torch.export.export(module, inputs, **shapes)
    arrays = {f"in{i}": to_array(t) for i, t in enumerate(inputs)}
    arrays |= {f"out{i}": to_array(t) for i, t in enumerate(outputs)}
    arrays |= {f"ref64_{i}": t.numpy() for i, t in enumerate(exact)}
    numpy.savez_compressed(os.path.join(out, name + ".npz"), **arrays)
    routes = [("linalg", "linalg-on-tensors"), ("tosa", "tosa")]
    if name.startswith("whole_"):
        routes.append(("tm_tensor", "linalg-on-tensors"))
    for route, kind in routes:
        # Left whole, the attention is an op of torch-mlir's own: only its generic form parses elsewhere.
        whole = {"decomposition_table": [], "backend_legal_ops": ["aten.scaled_dot_product_attention"]}
        try:
            module = fx.export_and_import(program, output_type=kind, func_name="main",
                                          **(whole if route == "tm_tensor" else {}))
            text = module.operation.get_asm(print_generic_op_form=route == "tm_tensor")
        except Exception as error:  # an exporter's limits are reported, not hidden
            print(f"{name}.{route}: {str(error).strip().splitlines()[-1][:200]}")
            continue
        doc = " ".join((CASES[name].__doc__ or name).split())
        with open(os.path.join(out, f"{name}.{route}.mlir"), "w", encoding="utf-8") as file:
            file.write(f"// name: {name}.{route}\n// produced by: PyTorch {torch.__version__.split('+')[0]}, "
                       f"torch-mlir, output type {kind} (utils/export/export_torch.py)\n// shows: {doc}\n{text}")
        print(f"{name}.{route}: ok")


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for case in sys.argv[2:] or CASES:
        export(case, sys.argv[1])
