//===- AttentionMatcher.cpp - is this contraction an attention? -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Anchored on the product with V: one factor must peel to E / sum of the same E
// over the contracted axis, E = exp(S - T) with T free of the keys. Softmax
// does not change under such a shift, so the maximum is never matched; T only
// decides what a row without visible keys gives.
//===----------------------------------------------------------------------===//

#include "MatcherDetail.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;

static constexpr unsigned kMaxRestarts = 24;

bool Matcher::hasExp(ExprId id) {
  return contains(id, [](const ExprNode &n) {
    return n.kind == ExprKind::Op &&
           (n.op == ScalarOp::Exp || n.op == ScalarOp::Exp2);
  });
}

bool Matcher::hasMaxReduction(ExprId id) {
  return contains(id, [](const ExprNode &n) {
    return n.kind == ExprKind::Reduce && n.op == ScalarOp::MaxF;
  });
}

bool Matcher::contains(ExprId id, function_ref<bool(const ExprNode &)> test) {
  DenseMap<ExprId, bool> seen;
  SmallVector<ExprId> work = {id};
  while (!work.empty()) {
    ExprId next = work.pop_back_val();
    if (!seen.try_emplace(next, true).second)
      continue;
    const ExprNode &n = node(next);
    if (test(n))
      return true;
    work.append(n.children.begin(), n.children.end());
  }
  return false;
}

bool Matcher::refuse(RefusalReason reason, const Twine &detail) {
  refusal = Refusal{reason, detail.str()};
  return false;
}

SizeExpr Matcher::product(ArrayRef<VarId> vars) {
  SizeExpr result(1);
  for (VarId var : vars)
    result = result * exprs().var(var).extent;
  return result;
}

//===----------------------------------------------------------------------===//
// Sums over the keys
//===----------------------------------------------------------------------===//

/// `body` with `bound` renamed to the key digits shifted by `shift`, in every
/// way the extents allow.
FailureOr<SmallVector<ExprId>>
Matcher::renameToKeys(ExprId body, ArrayRef<VarId> bound, int64_t shift) {
  SmallVector<ExprId> results;
  SmallVector<VarId> keys(match->keys);
  ExprContext &ctx = exprs();
  auto add = [&](ArrayRef<std::pair<VarId, IndexExpr>> by) -> LogicalResult {
    FailureOr<ExprId> renamed = eval().substituteAll(body, by);
    if (failed(renamed))
      return failure();
    results.push_back(*renamed);
    return success();
  };
  if (bound.size() == 1) {
    IndexExpr flat(shift);
    SizeExpr stride(1);
    for (VarId key : llvm::reverse(keys)) {
      flat = flat + ctx.getIndex(key) * stride;
      stride = stride * ctx.var(key).extent;
    }
    if (failed(add({{bound[0], flat}})))
      return failure();
    return results;
  }
  if (keys.size() == 1 && bound.size() > 1) {
    // The sum runs over digits of the key axis: the keys need them too.
    SizeExpr stride = ctx.var(bound.back()).extent;
    if (ctx.var(keys[0]).extent.divideExactly(stride) &&
        stride != ctx.var(keys[0]).extent)
      return FailureOr<SmallVector<ExprId>>(
          eval().askRefinement(keys[0], stride));
    return results;
  }
  if (bound.size() != keys.size() || keys.size() > 4)
    return results;
  llvm::sort(keys);
  do {
    SmallVector<std::pair<VarId, IndexExpr>> by;
    bool fits = true;
    for (auto [b, k] : llvm::zip_equal(bound, keys)) {
      fits &=
          sizes.getContext().proveEqual(ctx.var(b).extent, ctx.var(k).extent);
      by.emplace_back(b, ctx.getIndex(k));
    }
    if (fits && failed(add(by)))
      return failure();
  } while (std::next_permutation(keys.begin(), keys.end()));
  return results;
}

/// Whether `reduce` runs over all keys and has `expr` as its body there.
FailureOr<bool> Matcher::isReductionOf(ExprId reduce, ExprId expr) {
  const ExprNode n = node(reduce);
  if (!sizes.getContext().proveEqual(product(n.bound), product(match->keys)))
    return false;
  FailureOr<SmallVector<ExprId>> bodies =
      renameToKeys(n.children[0], n.bound, 0);
  if (failed(bodies))
    return failure();
  return llvm::any_of(*bodies,
                      [&](ExprId body) { return strip(body) == strip(expr); });
}

/// The sum over a longer axis that holds the keys and a few more columns: those
/// must be exponentials of the same shift, sink logits.
FailureOr<bool> Matcher::isSumWithSinks(ExprId reduce, ExprId expr) {
  const ExprNode n = node(reduce);
  std::optional<int64_t> all = product(n.bound).getIfConstant();
  std::optional<int64_t> keys = product(match->keys).getIfConstant();
  if (!all || !keys || *all <= *keys || *all - *keys > kMaxSinks ||
      n.bound.size() != 1)
    return false;
  for (int64_t shift = 0; shift <= *all - *keys; ++shift) {
    FailureOr<SmallVector<ExprId>> bodies =
        renameToKeys(n.children[0], n.bound, shift);
    if (failed(bodies))
      return failure();
    if (bodies->empty() || strip(bodies->front()) != strip(expr))
      continue;
    for (int64_t column = 0; column != *all; ++column) {
      if (column >= shift && column < shift + *keys)
        continue;
      FailureOr<ExprId> term =
          eval().substitute(n.children[0], n.bound[0], IndexExpr(column));
      if (failed(term))
        return failure();
      if (!addSink(*term))
        return false;
    }
    return true;
  }
  return false;
}

/// A further term of the denominator: exp(c - T) is a sink with logit c.
bool Matcher::addSink(ExprId term) {
  term = strip(term);
  if (exprs().isFreeAny(term, match->keys))
    return false;
  Type type = node(term).type;
  if (node(term).kind == ExprKind::Constant && shifts.empty()) {
    double value = node(term).value;
    if (!(value > 0))
      return value == 0;
    match->sinks.push_back(exprs().getConstant(std::log(value), type));
    return true;
  }
  if (!exprs().isOp(term, ScalarOp::Exp))
    return false;
  ExprId logit = strip(node(term).children[0]);
  // Undo the shifts in the order they were found, outermost first.
  for (ExprId shift : shifts) {
    if (exprs().isOp(logit, ScalarOp::SubF) &&
        strip(node(logit).children[1]) == strip(shift)) {
      logit = strip(node(logit).children[0]);
    } else if (exprs().isOp(logit, ScalarOp::NegF) &&
               strip(node(logit).children[0]) == strip(shift)) {
      logit = exprs().getConstant(0.0, type);
    } else {
      return false;
    }
  }
  match->sinks.push_back(logit);
  return true;
}

/// A sum of 0 is replaced: a row without a visible key gives 0 if its
/// exponentials are 0; NaN stays NaN. False if that is not known.
bool Matcher::noteZeroGuard() {
  if (!shiftFacts.finiteWhenEmpty)
    return false;
  match->maskedRowsZero |= *shiftFacts.finiteWhenEmpty;
  return true;
}

/// Whether `sum` is the sum of `exponential` over the keys, maybe with sinks or
/// guarded against zero. Sets a refusal when it is close to it.
FailureOr<bool> Matcher::isDenominator(ExprId sum, ExprId exponential) {
  sum = strip(sum);
  const ExprNode n = node(sum);
  if (n.kind == ExprKind::Reduce && n.op == ScalarOp::AddF) {
    FailureOr<bool> same = isReductionOf(sum, exponential);
    if (failed(same) || *same)
      return same;
    FailureOr<bool> sinks = isSumWithSinks(sum, exponential);
    if (failed(sinks) || *sinks)
      return sinks;
    return refuse(RefusalReason::DenominatorNotOverKeys);
  }
  if (n.kind != ExprKind::Op)
    return refuse(RefusalReason::DenominatorNotOverKeys);
  if (n.op == ScalarOp::AddF)
    for (unsigned i = 0; i != 2; ++i) {
      FailureOr<bool> part = isDenominator(n.children[i], exponential);
      if (failed(part))
        return failure();
      if (!*part)
        continue;
      if (addSink(n.children[1 - i])) {
        refusal.reset();
        return true;
      }
      return refuse(RefusalReason::DenominatorExtraTerm);
    }
  // max(sum, tiny) or sum == 0 ? 1 : sum: rows without a visible key give 0.
  if (n.op == ScalarOp::MaxF)
    for (unsigned i = 0; i != 2; ++i) {
      const ExprNode &bound = node(strip(n.children[1 - i]));
      FailureOr<bool> part = isDenominator(n.children[i], exponential);
      if (failed(part))
        return failure();
      if (!*part)
        continue;
      // The largest exponential is 1, so a bound up to 1 only matters for 0.
      if (bound.kind == ExprKind::Constant && bound.value > 0 &&
          bound.value <= 1 && shiftFacts.isMax && noteZeroGuard()) {
        refusal.reset();
        return true;
      }
      return refuse(RefusalReason::DenominatorClamped);
    }
  if (n.op == ScalarOp::Select) {
    const ExprNode &test = node(n.children[0]);
    for (unsigned i = 1; i != 3; ++i) {
      FailureOr<bool> part = isDenominator(n.children[i], exponential);
      if (failed(part))
        return failure();
      if (!*part)
        continue;
      const ExprNode &other = node(strip(n.children[3 - i]));
      bool isZeroTest = test.kind == ExprKind::Op &&
                        test.op == ScalarOp::CmpF &&
                        strip(test.children[0]) == strip(n.children[i]) &&
                        exprs().isConstant(strip(test.children[1]), 0.0);
      auto predicate = static_cast<arith::CmpFPredicate>(test.aux);
      bool equals = predicate == arith::CmpFPredicate::OEQ ||
                    predicate == arith::CmpFPredicate::UEQ;
      bool differs = predicate == arith::CmpFPredicate::UNE ||
                     predicate == arith::CmpFPredicate::ONE ||
                     predicate == arith::CmpFPredicate::OGT;
      if (isZeroTest && other.kind == ExprKind::Constant && other.value != 0 &&
          (i == 2 ? equals : differs) && noteZeroGuard()) {
        refusal.reset();
        return true;
      }
      return refuse(RefusalReason::DenominatorClamped);
    }
  }
  return refuse(RefusalReason::DenominatorNotOverKeys);
}

//===----------------------------------------------------------------------===//
// The probabilities
//===----------------------------------------------------------------------===//

/// T = M + log(sum exp(S - M)), so that exp(S - T) is normalised already.
FailureOr<bool> Matcher::isLogSumExp(ExprId shift) {
  shift = strip(shift);
  SmallVector<std::pair<ExprId, std::optional<ExprId>>> candidates;
  if (exprs().isOp(shift, ScalarOp::Log))
    candidates.emplace_back(shift, std::nullopt);
  if (exprs().isOp(shift, ScalarOp::AddF))
    for (unsigned i = 0; i != 2; ++i) {
      ExprId child = strip(node(shift).children[i]);
      if (exprs().isOp(child, ScalarOp::Log))
        candidates.emplace_back(child, node(shift).children[1 - i]);
    }
  for (auto [log, max] : candidates) {
    ExprId sum = strip(node(log).children[0]);
    const ExprNode n = node(sum);
    if (n.kind != ExprKind::Reduce || n.op != ScalarOp::AddF)
      continue;
    ExprId inner = score;
    if (max) {
      inner = exprs().getOp(ScalarOp::SubF, {score, *max}, node(score).type);
      ShiftFacts facts;
      FailureOr<bool> good = isHarmlessShift(*max, score, facts);
      if (failed(good))
        return failure();
      if (!*good)
        continue;
    }
    ExprId wanted = exprs().getOp(ScalarOp::Exp, {inner}, node(inner).type);
    FailureOr<bool> same = isReductionOf(sum, wanted);
    if (failed(same) || *same)
      return same;
  }
  return false;
}

/// Peels `p` to exp(S - T) over its sum. False with a refusal if it was close.
FailureOr<bool> Matcher::peelProbabilities(ExprId p) {
  ArrayRef<VarId> keys = match->keys;
  SmallVector<ExprId> denominators, guards;
  nanGuard = false;
  ExprContext &ctx = exprs();
  ExprId whole = p;
  auto isZero = [&](ExprId id) { return ctx.isConstant(strip(id), 0.0); };
  while (true) {
    p = strip(p);
    const ExprNode n = node(p);
    if (n.kind != ExprKind::Op)
      break;
    if (n.op == ScalarOp::Select &&
        (isZero(n.children[1]) || isZero(n.children[2]))) {
      // p is NaN ? 0 : p. With finite scores it is in rows without a visible
      // key.
      const ExprNode &test = node(n.children[0]);
      unsigned kept = isZero(n.children[1]) ? 2 : 1;
      auto isSelf = [&](unsigned i) {
        return strip(test.children[i]) == strip(n.children[kept]);
      };
      auto predicate = static_cast<arith::CmpFPredicate>(test.aux);
      bool isNaN = predicate == arith::CmpFPredicate::UNO ||
                   predicate == arith::CmpFPredicate::UNE;
      bool isNumber = predicate == arith::CmpFPredicate::ORD ||
                      predicate == arith::CmpFPredicate::OEQ;
      if (test.kind == ExprKind::Op && test.op == ScalarOp::CmpF && isSelf(0) &&
          isSelf(1) && (kept == 2 ? isNaN : isNumber)) {
        nanGuard = true;
        p = n.children[kept];
        continue;
      }
      if (ctx.isFreeAny(n.children[0], keys)) {
        if (hasExp(p) && hasMaxReduction(p))
          return refuse(RefusalReason::MaskedAfterSoftmax);
        return false;
      }
      bool zeroFirst = isZero(n.children[1]);
      guards.push_back(zeroFirst ? n.children[0]
                                 : ctx.getOp(ScalarOp::Not, {n.children[0]},
                                             node(n.children[0]).type));
      p = n.children[zeroFirst ? 2 : 1];
      continue;
    }
    if (n.op == ScalarOp::DivF && !ctx.isFreeAny(n.children[1], keys)) {
      denominators.push_back(n.children[1]);
      p = n.children[0];
      continue;
    }
    if (n.op == ScalarOp::MulF) {
      bool peeled = false;
      for (unsigned i = 0; i != 2 && !peeled; ++i) {
        ExprId other = strip(n.children[i]);
        if (ctx.isFreeAny(other, keys))
          continue;
        if (ctx.isOp(other, ScalarOp::DivF) &&
            ctx.isConstant(strip(node(other).children[0]), 1.0))
          denominators.push_back(node(other).children[1]);
        else
          match->factors.push_back(other);
        p = n.children[1 - i];
        peeled = true;
      }
      if (peeled)
        continue;
    }
    break;
  }
  bool isExp2 = ctx.isOp(p, ScalarOp::Exp2);
  bool isExp = isExp2 || ctx.isOp(p, ScalarOp::Exp);
  // A mask that hides every key of every row leaves one score for all keys.
  if (isExp && !ctx.isFreeAny(p, keys) && hasMaxReduction(p))
    return refuse(RefusalReason::ScoreNotContraction);
  if (!isExp || !ctx.isFreeAny(p, keys)) {
    if (hasExp(whole) && hasMaxReduction(whole)) {
      // A sum of exponentials that still depends on the keys: another axis.
      bool otherAxis = contains(p, [&](const ExprNode &n) {
        return n.kind == ExprKind::Reduce && n.op == ScalarOp::AddF &&
               llvm::any_of(keys,
                            [&](VarId key) {
                              return llvm::is_contained(n.freeVars, key);
                            }) &&
               hasExp(n.children[0]);
      });
      return refuse(otherAxis || !denominators.empty()
                        ? RefusalReason::DenominatorNotOverKeys
                        : RefusalReason::NotExpOverSum);
    }
    return false;
  }
  // S - T, T free of the keys; T may be taken in several steps.
  ExprId exponential = p;
  score = strip(node(p).children[0]);
  shifts.clear();
  while (ctx.isOp(score, ScalarOp::SubF) &&
         !ctx.isFreeAny(node(score).children[1], keys)) {
    shifts.push_back(node(score).children[1]);
    score = strip(node(score).children[0]);
  }
  // Each shift against the score it was taken from. Without one the exponential
  // of -inf is 0.
  shiftFacts = ShiftFacts();
  shiftFacts.finiteWhenEmpty = true;
  shiftFacts.atLeast = shifts.empty() ? std::optional<double>(0) : std::nullopt;
  bool unknownShift = false, anyMax = false;
  for (auto [number, shift] : llvm::enumerate(shifts)) {
    ShiftFacts facts;
    FailureOr<bool> good = isHarmlessShift(shift, score, facts);
    if (failed(good))
      return failure();
    bool found = *good;
    // An inner shift makes a later maximum one of the shifted score.
    ExprId shifted = score;
    for (ExprId inner : llvm::reverse(shifts)) {
      if (found)
        break;
      shifted = ctx.getOp(ScalarOp::SubF, {shifted, inner}, node(score).type);
      good = isHarmlessShift(shift, shifted, facts);
      if (failed(good))
        return failure();
      found = *good;
    }
    unknownShift |= !found;
    anyMax |= facts.isMax;
    // The outermost one has the last word on the size of the sum.
    if (number == 0)
      shiftFacts.isMax = found && facts.isMax;
    if (shifts.size() == 1)
      shiftFacts.atLeast = facts.atLeast;
    if (facts.finiteWhenEmpty != true && shiftFacts.finiteWhenEmpty != false)
      shiftFacts.finiteWhenEmpty = facts.finiteWhenEmpty;
  }

  if (denominators.size() > 1)
    return refuse(RefusalReason::SeveralDenominators);
  if (denominators.size() == 1) {
    FailureOr<bool> good = isDenominator(denominators[0], exponential);
    if (failed(good) || !*good)
      return good;
  } else if (!shifts.empty() && unknownShift) {
    FailureOr<bool> good = isLogSumExp(shifts.front());
    if (failed(good))
      return failure();
    if (!*good)
      return false;
    unknownShift = false;
    shiftFacts.isMax = true; // the sum is 1
  } else {
    FailureOr<bool> good = findLateDivision(exponential);
    if (failed(good))
      return failure();
    if (!*good) {
      if (!refusal && anyMax)
        return refuse(RefusalReason::DenominatorMissing);
      return false;
    }
  }
  if (unknownShift)
    return refuse(RefusalReason::UnknownShift);
  for (ExprId guard : guards) {
    FailureOr<bool> good = isEmptyRowTest(guard);
    if (failed(good))
      return failure();
    if (!*good)
      return refuse(RefusalReason::UnknownRowGuard);
    match->maskedRowsZero = true;
  }
  // Whatever such a row gave, it is not NaN.
  match->maskedRowsZero |= nanGuard;
  if (isExp2)
    score = ctx.getOp(ScalarOp::MulF,
                      {score, ctx.getConstant(std::log(2.0), node(score).type)},
                      node(score).type);
  return true;
}

/// (sum of E * V) / sum of E, found among the users of the product.
FailureOr<bool> Matcher::findLateDivision(ExprId exponential) {
  Value result = match->product->getResult(0);
  SmallVector<Value> work = {result};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!work.empty() && seen.size() < 24) {
    Value value = work.pop_back_val();
    for (Operation *user : value.getUsers()) {
      if (!seen.insert(user).second)
        continue;
      if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
              tensor::ReshapeOp, tensor::ExtractSliceOp>(user)) {
        work.push_back(user->getResult(0));
        continue;
      }
      auto op = dyn_cast<linalg::LinalgOp>(user);
      if (!op || op.getNumReductionLoops() != 0 || op->getNumResults() != 1)
        continue;
      work.push_back(op->getResult(0));
      FailureOr<bool> good = isLateDivision(op, exponential);
      if (failed(good) || *good)
        return good;
    }
  }
  return false;
}

FailureOr<bool> Matcher::isLateDivision(linalg::LinalgOp op,
                                        ExprId exponential) {
  ExprContext &ctx = exprs();
  SmallVector<IndexExpr> loops;
  for (unsigned i = 0; i != op.getNumLoops(); ++i) {
    SizeExpr extent = sizes.getLoopExtent(op, i);
    if (!extent.isValid())
      return false;
    loops.push_back(ctx.getIndex(ctx.getVar(op, i, extent)));
  }
  for (Operation &inner : *op.getBlock()) {
    if (!isa<arith::DivFOp, arith::MulFOp>(inner))
      continue;
    FailureOr<ExprId> value = eval().evalInBody(op, inner.getResult(0), loops);
    if (failed(value))
      return failure();
    for (unsigned i = 0; i != 2; ++i) {
      FailureOr<ExprId> top = eval().evalInBody(op, inner.getOperand(i), loops);
      if (failed(top))
        return failure();
      FailureOr<ExprId> bottom =
          eval().evalInBody(op, inner.getOperand(1 - i), loops);
      if (failed(bottom))
        return failure();
      ExprId numerator = strip(*top), denominator = strip(*bottom);
      if (isa<arith::DivFOp>(inner)) {
        if (i == 1)
          break;
      } else {
        if (!ctx.isOp(denominator, ScalarOp::DivF) ||
            !ctx.isConstant(strip(node(denominator).children[0]), 1.0))
          continue;
        denominator = node(denominator).children[1];
      }
      const ExprNode load = node(numerator);
      if (load.kind != ExprKind::Load ||
          load.base != match->product->getResult(0))
        continue;
      // The exponential at the rows that this element reads.
      AffineMap map = match->product.getMatchingIndexingMap(
          match->product.getDpsInitOperand(0));
      SmallVector<std::pair<VarId, IndexExpr>> by;
      for (auto [expr, index] : llvm::zip_equal(map.getResults(), load.indices))
        if (auto dim = dyn_cast<AffineDimExpr>(expr))
          if (failed(eval().splitDigits(match->loopVars[dim.getPosition()],
                                        index, by)))
            return failure();
      FailureOr<ExprId> there = eval().substituteAll(exponential, by);
      if (failed(there))
        return failure();
      SmallVector<ExprId> savedShifts = shifts;
      for (ExprId &shift : shifts) {
        FailureOr<ExprId> moved = eval().substituteAll(shift, by);
        if (failed(moved))
          return failure();
        shift = *moved;
      }
      size_t numSinks = match->sinks.size();
      FailureOr<bool> good = isDenominator(denominator, *there);
      shifts = savedShifts;
      if (failed(good))
        return failure();
      if (!*good)
        continue;
      // Sinks are in terms of the other op's loops: back to the product's.
      SmallVector<std::pair<VarId, IndexExpr>> back;
      for (auto &[var, index] : by)
        if (ArrayRef<IndexExpr::Term> terms = index.getTerms();
            terms.size() == 1 && terms[0].first.isVar() &&
            terms[0].second.isOne() && index.getConstant().isZero())
          back.emplace_back(terms[0].first.getVar(), ctx.getIndex(var));
      for (ExprId &sink :
           MutableArrayRef<ExprId>(match->sinks).drop_front(numSinks)) {
        if (!llvm::all_of(node(sink).freeVars, [&](VarId var) {
              return llvm::any_of(
                  back, [&](const auto &pair) { return pair.first == var; });
            }))
          return refuse(RefusalReason::DenominatorExtraTerm);
        sink = eval().rename(sink, back);
      }
      match->lateDivision = LateDivision{op, &inner, i};
      refusal.reset();
      return true;
    }
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Driver
//===----------------------------------------------------------------------===//

/// One attempt with the variables as they are refined now.
FailureOr<bool> Matcher::attempt() {
  linalg::LinalgOp op = match->product;
  ExprContext &ctx = exprs();
  eval().reset(EvalDepth::Reductions);
  match->keys.clear();
  SmallVector<IndexExpr> loops;
  for (VarId var : match->loopVars)
    loops.push_back(ctx.getIndex(var));
  for (unsigned loop : match->keyLoops)
    ctx.getDigits(match->loopVars[loop], match->keys);
  if (match->keys.empty() || match->keys.size() > 6)
    return false;

  std::optional<ContractionFactors> factors = getContractionFactors(op);
  ExprId values[2];
  for (unsigned i = 0; i != 2; ++i) {
    FailureOr<ExprId> value =
        eval().evalInBody(op, i == 0 ? factors->a : factors->b, loops);
    if (failed(value))
      return failure();
    values[i] = *value;
  }
  std::optional<Refusal> closest;
  for (unsigned i = 0; i != 2; ++i) {
    match->terms.clear();
    match->mods.clear();
    match->sinks.clear();
    match->factors.clear();
    match->scale = 1;
    match->maskedRowsZero = false;
    match->lateDivision.reset();
    refusal.reset();
    FailureOr<bool> good = peelProbabilities(values[i]);
    if (failed(good))
      return failure();
    if (*good) {
      match->valueFactor = i == 0 ? factors->b : factors->a;
      good = matchScore();
      if (failed(good))
        return failure();
    }
    if (*good && checkLowScores())
      return true;
    if (refusal)
      closest = refusal;
  }
  refusal = closest;
  return false;
}

MatchResult Matcher::run(linalg::LinalgOp op) {
  match = std::make_unique<AttentionMatch>();
  match->exprs = givenExprs;
  match->evaluator = givenEvaluator;
  if (!match->exprs) {
    match->exprs =
        std::make_shared<ExprContext>(op->getContext(), sizes.getContext());
    match->evaluator = std::make_shared<ElementEvaluator>(*match->exprs, sizes);
  }
  match->product = op;
  eval().domain = op;
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  for (unsigned i = 0; i != op.getNumLoops(); ++i) {
    SizeExpr extent = sizes.getLoopExtent(op, i);
    if (!extent.isValid())
      return {};
    match->loopVars.push_back(exprs().getVar(op, i, extent));
    if (kinds[i] == utils::IteratorType::reduction && !extent.isOne())
      match->keyLoops.push_back(i);
  }
  if (match->keyLoops.empty())
    return {};
  for (unsigned restart = 0; restart != kMaxRestarts; ++restart) {
    FailureOr<bool> good = attempt();
    if (succeeded(good)) {
      if (!*good)
        return {nullptr, refusal};
      match->score = score;
      match->accumulates = !eval().isZeroInit(op);
      if (match->accumulates && match->lateDivision)
        return {nullptr, Refusal{RefusalReason::AccumulatesLate, ""}};
      return {std::move(match), std::nullopt};
    }
    if (!eval().applyRefinement())
      break;
  }
  return {nullptr, Refusal{RefusalReason::TooLarge, ""}};
}

MatchResult hydragen::matchAttention(linalg::LinalgOp op, SizeAnalysis &sizes) {
  return matchAttention(op, sizes, nullptr, nullptr);
}

MatchResult
hydragen::matchAttention(linalg::LinalgOp op, SizeAnalysis &sizes,
                         std::shared_ptr<ExprContext> exprs,
                         std::shared_ptr<ElementEvaluator> evaluator) {
  assert(getContractionFactors(op) && "not a contraction");
  Matcher matcher(sizes, std::move(exprs), std::move(evaluator));
  return matcher.run(op);
}
