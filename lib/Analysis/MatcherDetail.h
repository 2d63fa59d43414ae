//===- MatcherDetail.h - state of one match attempt -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_ANALYSIS_MATCHERDETAIL_H
#define HYDRAGEN_LIB_ANALYSIS_MATCHERDETAIL_H

#include "hydragen/Analysis/AttentionMatcher.h"

namespace mlir::hydragen {

/// Matches one contraction. Functions that evaluate return failure when a
/// refinement is pending; the attempt is then started again.
class Matcher {
public:
  explicit Matcher(SizeAnalysis &sizes) : sizes(sizes) {}
  MatchResult run(linalg::LinalgOp op);

private:
  ExprContext &exprs() { return *match->exprs; }
  ElementEvaluator &eval() { return *match->evaluator; }
  const ExprNode &node(ExprId id) { return exprs().node(id); }
  ExprId strip(ExprId id) { return exprs().stripCasts(id); }
  bool contains(ExprId id, function_ref<bool(const ExprNode &)> test);
  bool hasExp(ExprId id);
  bool hasMaxReduction(ExprId id);
  SizeExpr product(ArrayRef<VarId> vars);
  /// Records a refusal; false.
  bool refuse(RefusalReason reason, const Twine &detail = "");

  FailureOr<bool> attempt();
  // AttentionMatcher.cpp: the probabilities.
  FailureOr<bool> peelProbabilities(ExprId p);
  FailureOr<bool> isDenominator(ExprId sum, ExprId exponential);
  FailureOr<bool> isReductionOf(ExprId reduce, ExprId expr);
  FailureOr<bool> isSumWithSinks(ExprId reduce, ExprId expr);
  bool addSink(ExprId term);
  FailureOr<SmallVector<ExprId>> renameToKeys(ExprId body, ArrayRef<VarId> bound,
                                              int64_t shift);
  FailureOr<bool> isHarmlessShift(ExprId shift, ExprId score);
  FailureOr<bool> isEmptyRowTest(ExprId condition);
  FailureOr<bool> isLogSumExp(ExprId shift);
  FailureOr<bool> findLateDivision(ExprId exponential);
  FailureOr<bool> isLateDivision(linalg::LinalgOp op, ExprId exponential);
  // MatchScore.cpp: the score.
  FailureOr<bool> matchScore();
  bool peelScore(ExprId id);
  bool addSummand(ExprId whole, ExprId scorePart, ExprId summand);
  bool addCustom(ExprId input, ExprId output);
  bool isTerm(ExprId id);
  bool hasTerm(ExprId id);
  FailureOr<bool> matchTerm(ExprId load);

  SizeAnalysis &sizes;
  std::unique_ptr<AttentionMatch> match;
  std::optional<Refusal> refusal;
  /// The score before its shifts, and the shifts, outermost first.
  ExprId score = 0;
  SmallVector<ExprId> shifts;
  bool shiftIsMax = false;
  /// Loads of contraction results that the score is made of.
  SmallVector<ExprId> termLoads;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_ANALYSIS_MATCHERDETAIL_H
