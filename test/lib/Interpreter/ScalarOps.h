//===- ScalarOps.h - arith and math on single elements ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_INTERPRETER_SCALAROPS_H
#define HYDRAGEN_TEST_INTERPRETER_SCALAROPS_H

#include "Values.h"

#include "mlir/IR/Operation.h"

namespace hydragen::interpreter {

struct ScalarOp;
/// Computes one element; a failure is the text of an error.
using ScalarFn = const char *(*)(const ScalarOp &op, const Scalar *operands,
                                 Scalar &result);

/// An elementwise op of arith or math, looked up once and applied to many
/// elements. What MLIR calls poison (overflow of a float to integer cast, a
/// shift by the width or more) is a defined value here: saturated, or 0.
struct ScalarOp {
  ScalarFn fn = nullptr;
  /// Rounding of a float result.
  Rounding round;
  /// Types of the first operand's and the result's elements.
  mlir::Type inputType, resultType;
  unsigned inputWidth = 0, resultWidth = 0;
  int64_t predicate = 0;
};

/// nullopt when `op` is not one of the known ops, or has elements that the
/// interpreter does not keep.
std::optional<ScalarOp> getScalarOp(mlir::Operation *op, Precision precision);

} // namespace hydragen::interpreter

#endif // HYDRAGEN_TEST_INTERPRETER_SCALAROPS_H
