//===- AttendKernel.h - generator of attention kernels ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_KERNELS_ATTENDKERNEL_H
#define HYDRAGEN_KERNELS_ATTENDKERNEL_H

#include "hydragen/Kernels/KernelConfig.h"
#include "hydragen/Kernels/WorkItem.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Builders.h"

namespace mlir::hydragen::kernels {

/// Loads the dialects that kernels are made of.
void loadKernelDialects(MLIRContext &context);

/// Appends `gpu.module @name { gpu.func @<config.name> kernel }` at the
/// builder: the persistent kernel of `config`, 1-D blocks of
/// config.getThreads(), any 1-D grid, dynamic shared memory getSharedBytes.
/// The configuration must have passed checkKernelConfig.
gpu::GPUModuleOp buildAttendModule(OpBuilder &builder, Location loc,
                                   const KernelConfig &config, StringRef name);
/// The same kernel inside a module made before (with a plan kernel, say).
gpu::GPUFuncOp buildAttendKernel(gpu::GPUModuleOp module,
                                 const KernelConfig &config);

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_KERNELS_ATTENDKERNEL_H
