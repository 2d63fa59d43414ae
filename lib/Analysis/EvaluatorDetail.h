//===- EvaluatorDetail.h - shared by the evaluator's files ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_ANALYSIS_EVALUATORDETAIL_H
#define HYDRAGEN_LIB_ANALYSIS_EVALUATORDETAIL_H

#include "hydragen/Analysis/ElementEvaluator.h"

namespace mlir::hydragen {

/// The body that scalars are evaluated in: null op for function level.
struct ElementEvaluator::Scope {
  linalg::LinalgOp op;
  SmallVector<IndexExpr> loops;
  DenseMap<Value, ExprId> values;
};

/// One walk of `rename` or `substitute`.
struct ElementEvaluator::Rebuild {
  Rebuild(ArrayRef<std::pair<VarId, IndexExpr>> by, bool evaluate)
      : by(by), evaluate(evaluate) {}
  ArrayRef<std::pair<VarId, IndexExpr>> by;
  bool evaluate;
  DenseMap<ExprId, ExprId> done;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_ANALYSIS_EVALUATORDETAIL_H
