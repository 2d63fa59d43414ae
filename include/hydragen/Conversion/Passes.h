//===- Passes.h - lowering passes -------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_CONVERSION_PASSES_H
#define HYDRAGEN_CONVERSION_PASSES_H

#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::hydragen {

#define GEN_PASS_DECL
#include "hydragen/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hydragen/Conversion/Passes.h.inc"

} // namespace mlir::hydragen

#endif // HYDRAGEN_CONVERSION_PASSES_H
