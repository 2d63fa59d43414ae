//===- StreamKernel.h - contractions that read once -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_STREAMKERNEL_H
#define HYDRAGEN_LIB_CONVERSION_STREAMKERNEL_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::hydragen {

/// Whether `op`, a product of f32, f16 or bf16 on buffers, multiplies a large
/// operand, contiguous along a loop of its own or along the sum, with few rows
/// of the other one: then reading the large one bounds it.
bool isStreamKernel(linalg::LinalgOp op);

/// Emits `op`, for which isStreamKernel holds, before itself, as
/// emitMatmulKernel does. `op` stays.
void emitStreamKernel(OpBuilder &builder, linalg::LinalgOp op,
                      unsigned vectorBits);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_STREAMKERNEL_H
