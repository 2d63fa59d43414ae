//===- MoveKernel.h - elements from place to place --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_KERNELS_MOVEKERNEL_H
#define HYDRAGEN_KERNELS_MOVEKERNEL_H

#include "hydragen/Kernels/ScoreModifier.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace mlir::hydragen::kernels {

/// A kernel that copies elements of any strides, or writes one value to them
/// all: what stands between the attentions of an entry.
struct MoveConfig {
  unsigned rank = 1;
  /// Of an element: 1, 2, 4 or 8.
  unsigned bytes = 2;
  bool fill = false;
  static constexpr unsigned kThreads = 256;
};

/// to: pointer; from: pointer (fill: value, i64); count: i64, the number of
/// elements; size_D (D >= 1), to_stride_D, from_stride_D: i64, strides in
/// bytes.
SmallVector<KernelParameter> getMoveParameters(const MoveConfig &config);

/// 1-D blocks of kThreads, any 1-D grid.
gpu::GPUFuncOp buildMoveKernel(gpu::GPUModuleOp module, StringRef name,
                               const MoveConfig &config);

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_KERNELS_MOVEKERNEL_H
