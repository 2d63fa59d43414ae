//===- DeviceConstants.h - constants in the kernels' image ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICECONSTANTS_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICECONSTANTS_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::hydragen {

/// The constant that `memref` is, or is a view of; null when it is neither.
memref::GlobalOp getConstantRoot(Value memref);

/// Whether a constant is small enough for the image, and its values are known.
bool canBeDeviceConstant(memref::GlobalOp global);

/// A variable `name` of the kernels' image with the constant's bytes.
LLVM::GlobalOp makeDeviceConstant(gpu::GPUModuleOp kernels, StringRef name,
                                  memref::GlobalOp global);

/// Argument `number` of `kernel`, a pointer or an i64, is relative to
/// `variable`: adds where that is.
void addVariable(gpu::GPUFuncOp kernel, unsigned number,
                 LLVM::GlobalOp variable);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICECONSTANTS_H
