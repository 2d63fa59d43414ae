//===- MatcherDetail.h - state of one match attempt -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_ANALYSIS_MATCHERDETAIL_H
#define HYDRAGEN_LIB_ANALYSIS_MATCHERDETAIL_H

#include "hydragen/Analysis/AttentionMatcher.h"

namespace mlir::hydragen {

/// Columns of a longer softmax axis that are no keys.
inline constexpr int64_t kMaxSinks = 8;

/// What is known of a shift T where it matters: in guards of the denominator
/// and in rows without a visible key.
struct ShiftFacts {
  /// T is the maximum over the keys wherever that is finite: the sum of
  /// exponentials is at least 1 in every row that sees a key.
  bool isMax = false;
  /// Whether T is finite in a row that sees no key: its exponentials are then
  /// 0, else they are NaN. Unset if not known.
  std::optional<bool> finiteWhenEmpty;
  /// T is never below this.
  std::optional<double> atLeast;
};

/// Matches one contraction. Functions that evaluate return failure when a
/// refinement is pending; the attempt is then started again.
class Matcher {
public:
  Matcher(SizeAnalysis &sizes, std::shared_ptr<ExprContext> exprs,
          std::shared_ptr<ElementEvaluator> evaluator)
      : sizes(sizes), givenExprs(std::move(exprs)),
        givenEvaluator(std::move(evaluator)) {}
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
  bool noteZeroGuard();
  FailureOr<bool> isReductionOf(ExprId reduce, ExprId expr);
  FailureOr<bool> isSumWithSinks(ExprId reduce, ExprId expr);
  bool addSink(ExprId term);
  FailureOr<SmallVector<ExprId>>
  renameToKeys(ExprId body, ArrayRef<VarId> bound, int64_t shift);
  FailureOr<bool> isLogSumExp(ExprId shift);
  FailureOr<bool> findLateDivision(ExprId exponential);
  FailureOr<bool> isLateDivision(linalg::LinalgOp op, ExprId exponential);
  // MatchShift.cpp: shifts and guards.
  FailureOr<bool> isHarmlessShift(ExprId shift, ExprId score,
                                  ShiftFacts &facts);
  FailureOr<bool> isHarmlessSelect(ExprId shift, ExprId score,
                                   ShiftFacts &facts);
  FailureOr<bool> isEmptyRowTest(ExprId condition);
  bool checkLowScores();
  // MatchScore.cpp: the score.
  FailureOr<bool> matchScore();
  bool peelScore(ExprId id);
  bool addSummand(ExprId whole, ExprId scorePart, ExprId summand);
  bool addCustom(ExprId input, ExprId output);
  bool isTerm(ExprId id);
  bool hasTerm(ExprId id);
  FailureOr<bool> matchTerm(ExprId load);

  SizeAnalysis &sizes;
  /// Null: the match has its own.
  std::shared_ptr<ExprContext> givenExprs;
  std::shared_ptr<ElementEvaluator> givenEvaluator;
  std::unique_ptr<AttentionMatch> match;
  std::optional<Refusal> refusal;
  /// The score before its shifts, and the shifts, outermost first.
  ExprId score = 0;
  SmallVector<ExprId> shifts;
  ShiftFacts shiftFacts;
  /// The probabilities are replaced by 0 where they are NaN.
  bool nanGuard = false;
  /// Loads of contraction results that the score is made of.
  SmallVector<ExprId> termLoads;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_ANALYSIS_MATCHERDETAIL_H
