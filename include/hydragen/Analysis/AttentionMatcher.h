//===- AttentionMatcher.h - is this contraction an attention? ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_ATTENTIONMATCHER_H
#define HYDRAGEN_ANALYSIS_ATTENTIONMATCHER_H

#include "hydragen/Analysis/ElementEvaluator.h"
#include "hydragen/Analysis/Refusal.h"

#include <memory>

namespace mlir::hydragen {

/// One product of the score: sum over `contraction` of query * key.
struct ScoreTerm {
  linalg::LinalgOp op;
  /// The product's loops over the attention's variables.
  SmallVector<IndexExpr> loops;
  /// Its reduction loops (roots) and their digits.
  SmallVector<VarId> contractionVars;
  SmallVector<VarId> contraction;
  /// Scalars of the product's body.
  Value queryFactor, keyFactor;
};

/// What happens to a score, innermost first.
struct ScoreMod {
  enum Kind { Softcap, Bias, Mask, Custom };
  Kind kind;
  double cap = 0;   // Softcap
  ExprId expr = 0;  // Bias: the summand; Mask: visible where true
  double fill = 0;  // Mask
  bool add = false; // Mask: fill is added, not put in place
  /// The score before and after, as expressions.
  ExprId input = 0, output = 0;
};

/// A division by the sum that comes after the product with V.
struct LateDivision {
  linalg::LinalgOp op;
  /// The division (or product with a reciprocal) in its body, and the operand
  /// that holds the product.
  Operation *scalarOp;
  unsigned numerator;
};

/// A softmax attention, proved.
struct AttentionMatch {
  std::shared_ptr<ExprContext> exprs;
  /// As it was when the match succeeded: its memo knows where expressions stand
  /// in tensors.
  std::shared_ptr<ElementEvaluator> evaluator;

  /// The P.V contraction, a variable per loop of it, and the loops over keys.
  linalg::LinalgOp product;
  SmallVector<VarId> loopVars;
  SmallVector<unsigned> keyLoops;
  /// Digits of the key loops, most significant first.
  SmallVector<VarId> keys;
  Value valueFactor;

  /// The score before shifts, of natural exponentials.
  ExprId score = 0;
  SmallVector<ScoreTerm, 0> terms;
  double scale = 1;
  SmallVector<ScoreMod> mods;
  /// Logits of further terms of the denominator, free of the keys.
  SmallVector<ExprId> sinks;
  /// Factors of the probabilities, free of the keys.
  SmallVector<ExprId> factors;
  /// Rows without a visible key give 0 (else NaN).
  bool maskedRowsZero = false;
  /// The product accumulates into its init.
  bool accumulates = false;
  std::optional<LateDivision> lateDivision;
};

/// Outcome for one contraction: a match, a refusal, or neither (not a
/// candidate at all).
struct MatchResult {
  std::unique_ptr<AttentionMatch> match;
  std::optional<Refusal> refusal;
};

/// Tests whether the contraction `op` is the P.V product of a softmax attention
/// (docs/detection.md). `op` must be a contraction.
MatchResult matchAttention(linalg::LinalgOp op, SizeAnalysis &sizes);
/// The same with expressions that belong to a larger match.
MatchResult matchAttention(linalg::LinalgOp op, SizeAnalysis &sizes,
                           std::shared_ptr<ExprContext> exprs,
                           std::shared_ptr<ElementEvaluator> evaluator);

/// Attentions over parts of the keys, merged by weights made of the log-sum-exp
/// of each: one attention over all of them, proved.
struct MergeMatch {
  std::shared_ptr<ExprContext> exprs;
  std::shared_ptr<ElementEvaluator> evaluator;
  /// The elementwise op whose result is the merged one.
  linalg::LinalgOp root;
  /// The parts in program order, and their results in the root's element.
  SmallVector<linalg::LinalgOp> products;
  SmallVector<std::unique_ptr<AttentionMatch>> parts;
  SmallVector<ExprId> loads;
};

/// A match, a refusal for what is a merge with other weights, or neither.
struct MergeOutcome {
  std::unique_ptr<MergeMatch> match;
  std::optional<Refusal> refusal;
};

/// Tests whether the elementwise op `root` merges results of `products`, which
/// are attentions each.
MergeOutcome matchMerge(linalg::LinalgOp root,
                        ArrayRef<linalg::LinalgOp> products,
                        SizeAnalysis &sizes);

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_ATTENTIONMATCHER_H
