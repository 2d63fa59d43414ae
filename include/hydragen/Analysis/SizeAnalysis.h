//===- SizeAnalysis.h - extents of a function's tensors ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_SIZEANALYSIS_H
#define HYDRAGEN_ANALYSIS_SIZEANALYSIS_H

#include "hydragen/Analysis/SizeExpr.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::hydragen {

/// Extents of tensors and integer scalars of one function as SizeExprs. Extents
/// that one op equates (a linalg loop, a concatenation, a reshape) are equal,
/// conditions of cf.assert hold: both are facts for the whole function, because
/// it has no meaning where they fail. Only ops that always run count.
class SizeAnalysis {
public:
  explicit SizeAnalysis(FunctionOpInterface function);

  SizeContext &getContext() { return context; }
  SizeExpr getDim(Value tensor, int64_t dim);
  SmallVector<SizeExpr> getShape(Value tensor);
  /// An integer scalar that is defined outside of any loop body.
  SizeExpr getScalar(Value value);
  SizeExpr getSize(OpFoldResult size);
  /// A number between 0 and `limit` that the function computes as it runs: a
  /// symbol of its own from now on.
  SizeExpr addCount(Value value, const SizeExpr &limit);
  bool isCount(Value value) const { return counts.contains(value); }
  /// Extent of loop `loop`: that of the operand dim it runs over.
  SizeExpr getLoopExtent(linalg::LinalgOp op, unsigned loop);

private:
  SizeExpr computeDim(Value tensor, int64_t dim);
  SizeExpr computeScalar(Value value);
  SizeExpr unknown(Value value, bool nonNegative);
  /// Truth of a comparison where it can be proved.
  std::optional<bool> decide(Value condition);
  bool collectEquations(Operation *op);
  void collectAssertion(Value condition);

  SizeContext context;
  DenseMap<std::pair<Value, int64_t>, SizeExpr> dims;
  DenseMap<Value, SizeExpr> scalars;
  DenseSet<Value> counts;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_SIZEANALYSIS_H
