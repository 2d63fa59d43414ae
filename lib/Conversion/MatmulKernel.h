//===- MatmulKernel.h - contractions as register tiles ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_MATMULKERNEL_H
#define HYDRAGEN_LIB_CONVERSION_MATMULKERNEL_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::hydragen {

/// Whether `op` multiplies and sums f32, f16 or bf16 elements of two operands:
/// out += a * b with maps of plain dims, with at least one loop of each kind
/// (only in a and out, only in b and out, only in a and b) that is not of
/// extent 1. Buffers or tensors.
bool isMatmul(linalg::LinalgOp op);

/// Whether register tiles pay for `op` on buffers; else loops do better.
bool isMatmulKernel(linalg::GenericOp op);

/// Emits `op`, for which isMatmulKernel holds, before itself: register tiles
/// of vectors of `vectorBits`, blocks in an `scf.parallel` when the product is
/// large. Sums are in f32, whatever the type of the output, and are rounded
/// once. `op` stays.
void emitMatmulKernel(OpBuilder &builder, linalg::GenericOp op,
                      unsigned vectorBits);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_MATMULKERNEL_H
