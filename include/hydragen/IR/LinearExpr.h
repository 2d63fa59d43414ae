//===- LinearExpr.h - affine expressions as sums of terms -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_LINEAREXPR_H
#define HYDRAGEN_IR_LINEAREXPR_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace mlir::hydragen {

/// sum of coefficients * dims + sum of symbols' coefficients * symbols +
/// constant.
struct LinearExpr {
  SmallVector<int64_t> dims, symbols;
  int64_t constant = 0;

  AffineExpr toAffine(MLIRContext *context) const;
};

/// `expr` in this form, or nullopt. `extents`, where given, are those of the
/// dims, which lie in [0, extent) (`ShapedType::kDynamic`: no bound is known):
/// a quotient or remainder is linear when its operand is the sum of a multiple
/// of the divisor and of a rest that they keep within [0, divisor).
std::optional<LinearExpr> getLinear(AffineExpr expr, unsigned numDims,
                                    unsigned numSymbols,
                                    ArrayRef<int64_t> extents = {});

} // namespace mlir::hydragen

#endif // HYDRAGEN_IR_LINEAREXPR_H
