//===- MatchShift.cpp - shifts of a softmax and guards of rows --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax does not change when all scores of a row are shifted, so T in exp(S -
// T) is hardly looked at. It matters for what rows give that see no key, or
// whose exponentials all vanish: ShiftFacts keeps what is needed for that.
//===----------------------------------------------------------------------===//

#include "MatcherDetail.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::hydragen;

/// Whether shifting `score` by `shift` changes nothing but rounding: its
/// maximum over the keys, maybe of more, maybe guarded, or a constant.
FailureOr<bool> Matcher::isHarmlessShift(ExprId shift, ExprId score,
                                         ShiftFacts &facts) {
  shift = strip(shift);
  facts = ShiftFacts();
  const ExprNode n = node(shift);
  if (n.kind == ExprKind::Constant) {
    facts.finiteWhenEmpty = std::isfinite(n.value);
    facts.atLeast = n.value;
    return std::isfinite(n.value);
  }
  if (n.kind == ExprKind::Reduce && n.op == ScalarOp::MaxF) {
    FailureOr<bool> same = isReductionOf(shift, score);
    if (failed(same))
      return failure();
    if (*same) {
      facts.isMax = true;
      facts.finiteWhenEmpty = n.aux == kStartsFinite;
      return true;
    }
    // Over a longer axis that holds the keys. Nothing is known of its other
    // columns.
    std::optional<int64_t> all = product(n.bound).getIfConstant();
    std::optional<int64_t> keys = product(match->keys).getIfConstant();
    for (int64_t by = 0; all && keys && !*same && n.bound.size() == 1 &&
                         by <= std::min(*all - *keys, kMaxSinks);
         ++by) {
      FailureOr<SmallVector<ExprId>> bodies =
          renameToKeys(n.children[0], n.bound, by);
      if (failed(bodies))
        return failure();
      *same = !bodies->empty() && strip(bodies->front()) == strip(score);
    }
    return same;
  }
  if (n.kind != ExprKind::Op)
    return false;
  if (n.op == ScalarOp::MaxF) {
    // max(T, constant), max(T, sink).
    for (unsigned i = 0; i != 2; ++i) {
      FailureOr<bool> good = isHarmlessShift(n.children[i], score, facts);
      if (failed(good))
        return failure();
      const ExprNode &other = node(strip(n.children[1 - i]));
      if (!*good || node(strip(n.children[i])).kind == ExprKind::Constant)
        continue;
      if (other.kind == ExprKind::Constant && other.value == -INFINITY)
        return true;
      // No score that counts is below the lowest finite value.
      facts.isMax &= other.kind == ExprKind::Constant && other.value <= -3e38;
      // A sink can be -inf too.
      if (other.kind == ExprKind::Constant)
        facts.finiteWhenEmpty = true;
      else if (facts.finiteWhenEmpty == false)
        facts.finiteWhenEmpty = std::nullopt;
      if (other.kind == ExprKind::Constant)
        facts.atLeast =
            std::max(other.value, facts.atLeast.value_or(other.value));
      return true;
    }
    return false;
  }
  if (n.op == ScalarOp::MinF)
    // min(T, greatest finite value), as clamps are lowered.
    for (unsigned i = 0; i != 2; ++i) {
      const ExprNode &other = node(strip(n.children[1 - i]));
      if (other.kind == ExprKind::Constant && other.value >= 3e38)
        return isHarmlessShift(n.children[i], score, facts);
    }
  if (n.op == ScalarOp::Select)
    return isHarmlessSelect(shift, score, facts);
  return false;
}

/// cond ? 0 : T. Where the condition is known to be "T is infinite" the facts
/// about T survive.
FailureOr<bool> Matcher::isHarmlessSelect(ExprId shift, ExprId score,
                                          ShiftFacts &facts) {
  const ExprNode n = node(shift);
  for (unsigned i = 1; i != 3; ++i) {
    const ExprNode &other = node(strip(n.children[3 - i]));
    if (node(strip(n.children[i])).kind == ExprKind::Constant ||
        other.kind != ExprKind::Constant || !std::isfinite(other.value))
      continue;
    FailureOr<bool> good = isHarmlessShift(n.children[i], score, facts);
    if (failed(good) || !*good)
      return good;
    const ExprNode &test = node(n.children[0]);
    bool infinite = false;
    if (test.kind == ExprKind::Op && test.op == ScalarOp::CmpF) {
      using P = arith::CmpFPredicate;
      auto predicate = static_cast<P>(test.aux);
      ExprId tested = strip(test.children[0]);
      const ExprNode &bound = node(strip(test.children[1]));
      bool isAbs = exprs().isOp(tested, ScalarOp::AbsF);
      if (isAbs)
        tested = strip(node(tested).children[0]);
      bool whenTrue = predicate == P::OEQ || predicate == P::UEQ;
      bool whenFalse = predicate == P::UNE || predicate == P::ONE ||
                       predicate == (isAbs ? P::OLT : P::OGT);
      infinite = tested == strip(n.children[i]) &&
                 bound.kind == ExprKind::Constant &&
                 bound.value == (isAbs ? INFINITY : -INFINITY) &&
                 (i == 2 ? whenTrue : whenFalse);
    }
    facts.atLeast.reset();
    if (infinite) {
      facts.finiteWhenEmpty = true;
    } else {
      facts.isMax = false;
      if (facts.finiteWhenEmpty != true)
        facts.finiteWhenEmpty = std::nullopt;
    }
    return true;
  }
  // Two shifts of which either would do.
  for (unsigned i = 1; i != 3; ++i) {
    FailureOr<bool> good = isHarmlessShift(n.children[i], score, facts);
    if (failed(good) || !*good)
      return good;
  }
  facts = ShiftFacts();
  return true;
}

/// Whether `condition` says that no key of the row is visible.
FailureOr<bool> Matcher::isEmptyRowTest(ExprId condition) {
  const ExprNode n = node(condition);
  auto isMinusInf = [&](ExprId id) {
    const ExprNode &c = node(strip(id));
    return c.kind == ExprKind::Constant && std::isinf(c.value) && c.value < 0;
  };
  auto equalsMinusInf = [&](ExprId id) -> std::optional<ExprId> {
    const ExprNode &c = node(id);
    if (c.kind != ExprKind::Op || c.op != ScalarOp::CmpF ||
        static_cast<arith::CmpFPredicate>(c.aux) != arith::CmpFPredicate::OEQ)
      return std::nullopt;
    for (unsigned i = 0; i != 2; ++i)
      if (isMinusInf(c.children[i]))
        return c.children[1 - i];
    return std::nullopt;
  };
  // all over the keys of score == -inf
  if (n.kind == ExprKind::Reduce && n.op == ScalarOp::And) {
    std::optional<ExprId> tested = equalsMinusInf(n.children[0]);
    if (!tested ||
        !sizes.getContext().proveEqual(product(n.bound), product(match->keys)))
      return false;
    FailureOr<SmallVector<ExprId>> bodies = renameToKeys(*tested, n.bound, 0);
    if (failed(bodies))
      return failure();
    return llvm::any_of(*bodies,
                        [&](ExprId b) { return strip(b) == strip(score); });
  }
  // maximum == -inf
  if (std::optional<ExprId> tested = equalsMinusInf(condition)) {
    // One that starts at a finite value never is.
    const ExprNode &max = node(strip(*tested));
    if (max.kind == ExprKind::Reduce && max.op == ScalarOp::MaxF &&
        max.aux != kStartsFinite)
      return isReductionOf(strip(*tested), score);
  }
  return false;
}

/// Under a shift that is not the maximum the exponentials of a row can all
/// vanish though no score is infinite. Finite fills of masks act as -inf then;
/// where such a row would give 0, nothing else may make its scores low.
bool Matcher::checkLowScores() {
  // A guard against NaN must see rows without a visible key only: no function
  // that could make NaN of an infinite score.
  if (nanGuard && llvm::any_of(match->mods, [](const ScoreMod &mod) {
        return mod.kind == ScoreMod::Custom;
      }))
    return refuse(RefusalReason::UnknownRowGuard,
                  "a function of the score behind a guard against NaN");
  if (shiftFacts.isMax || !match->sinks.empty())
    return true;
  // exp(-800) is 0 in every type.
  auto vanishes = [&](double fill) {
    return shiftFacts.atLeast && fill - *shiftFacts.atLeast < -800;
  };
  bool last = true; // nothing changes the score after the mask
  for (ScoreMod &mod : llvm::reverse(match->mods)) {
    bool isMask = mod.kind == ScoreMod::Mask;
    if (isMask && std::isinf(mod.fill))
      continue;
    if (isMask && last && vanishes(mod.fill)) {
      mod.fill = -std::numeric_limits<double>::infinity();
      continue;
    }
    last = false;
    if (match->maskedRowsZero && mod.kind != ScoreMod::Softcap)
      return refuse(RefusalReason::UnknownRowGuard,
                    "all exponentials of a row can be 0");
  }
  return true;
}
