//===- Passes.h - passes on tensors -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TRANSFORMS_PASSES_H
#define HYDRAGEN_TRANSFORMS_PASSES_H

#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::hydragen {

#define GEN_PASS_DECL
#include "hydragen/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hydragen/Transforms/Passes.h.inc"

} // namespace mlir::hydragen

#endif // HYDRAGEN_TRANSFORMS_PASSES_H
