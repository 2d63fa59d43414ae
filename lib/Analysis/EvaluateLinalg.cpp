//===- EvaluateLinalg.cpp - elements of linalg ops --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EvaluatorDetail.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::hydragen;

// Loop numbers of the two reductions inside linalg.softmax.
static constexpr unsigned kSoftmaxSum = 1000, kSoftmaxMax = 1001;
// Integer sums up to this extent are unrolled when their terms need a split.
static constexpr int64_t kMaxUnroll = 16;

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

static Value stripFloatCasts(Value value) {
  while (Operation *def = value.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::TruncFOp>(def))
      break;
    value = def->getOperand(0);
  }
  return value;
}

std::optional<ContractionFactors>
hydragen::getContractionFactors(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInits() != 1 ||
      !op.hasPureTensorSemantics())
    return std::nullopt;
  Value out = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  auto add = op.getBlock()
                 ->getTerminator()
                 ->getOperand(0)
                 .getDefiningOp<arith::AddFOp>();
  if (!add)
    return std::nullopt;
  for (unsigned i = 0; i != 2; ++i) {
    if (add->getOperand(i) != out)
      continue;
    if (auto mul = stripFloatCasts(add->getOperand(1 - i))
                       .getDefiningOp<arith::MulFOp>())
      return ContractionFactors{mul.getLhs(), mul.getRhs()};
  }
  return std::nullopt;
}

bool ElementEvaluator::isZeroInit(linalg::LinalgOp op) {
  // The value does not depend on where: evaluate at fresh variables.
  Value init = op.getDpsInitOperand(0)->get();
  ElementEvaluator fresh(exprs, sizes);
  fresh.reset(EvalDepth::Elementwise);
  fresh.allowRefine = false;
  SmallVector<IndexExpr> indices;
  for (auto [i, extent] : llvm::enumerate(sizes.getShape(init)))
    indices.push_back(exprs.getIndex(exprs.getVar(op, 2000 + i, extent)));
  FailureOr<ExprId> value = fresh.evalTensor(init, indices);
  return succeeded(value) && exprs.isConstant(*value, 0.0);
}

bool ElementEvaluator::getLoops(linalg::LinalgOp op, unsigned result,
                                ArrayRef<IndexExpr> indices,
                                SmallVectorImpl<IndexExpr> &loops,
                                SmallVectorImpl<VarId> &bound) {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
  loops.assign(map.getNumDims(), IndexExpr(0));
  SmallVector<bool> known(map.getNumDims(), false);
  for (auto [expr, index] : llvm::zip_equal(map.getResults(), indices)) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      loops[dim.getPosition()] = index;
      known[dim.getPosition()] = true;
    } else if (!isa<AffineConstantExpr>(expr)) {
      return false;
    }
  }
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  for (unsigned i = 0; i != known.size(); ++i) {
    if (known[i])
      continue;
    SizeExpr extent = sizes.getLoopExtent(op, i);
    if (!extent.isValid())
      return false;
    // A parallel loop that the result does not have: the last one would win.
    if (kinds[i] == utils::IteratorType::parallel && !extent.isOne())
      return false;
    VarId var = exprs.getVar(op, i, extent);
    loops[i] = exprs.getIndex(var);
    SmallVector<VarId> digits;
    exprs.getDigits(var, digits);
    bound.append(digits.begin(), digits.end());
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// Whether a score product does not notice what `id` does to a loaded element:
/// exact widening, constant factors.
bool ElementEvaluator::isViewLike(ExprId id) const {
  while (exprs.node(id).kind == ExprKind::Op) {
    const ExprNode &n = exprs.node(id);
    auto isConstant = [&](unsigned i) {
      return exprs.node(n.children[i]).kind == ExprKind::Constant;
    };
    if (n.op == ScalarOp::CastF) {
      Type from = exprs.node(n.children[0]).type;
      if (!isa<FloatType>(from) ||
          from.getIntOrFloatBitWidth() >= n.type.getIntOrFloatBitWidth())
        return false;
      id = n.children[0];
    } else if (n.op == ScalarOp::MulF && (isConstant(0) || isConstant(1))) {
      id = n.children[isConstant(0) ? 1 : 0];
    } else if (n.op == ScalarOp::DivF && isConstant(1)) {
      id = n.children[0];
    } else {
      return false;
    }
  }
  return exprs.node(id).kind != ExprKind::Reduce;
}

FailureOr<ExprId> ElementEvaluator::evalInBody(linalg::LinalgOp op,
                                               Value scalar,
                                               ArrayRef<IndexExpr> loops) {
  Scope scope;
  scope.op = op;
  scope.loops.assign(loops.begin(), loops.end());
  return evalScalar(scalar, scope);
}

FailureOr<ExprId> ElementEvaluator::evalLinalg(linalg::LinalgOp op,
                                               unsigned result, Value tensor,
                                               ArrayRef<IndexExpr> indices) {
  ExprId leaf = exprs.getLoad(tensor, indices);
  bool reduces = op.getNumReductionLoops() != 0;
  // Integers are indices: what computes them is looked through like a view.
  bool isIndex = exprs.node(leaf).type.isIntOrIndex();
  if (reduces && depth < EvalDepth::Reductions && !isIndex)
    return leaf;
  if (depth != EvalDepth::All && getContractionFactors(op))
    return leaf;
  Scope scope;
  scope.op = op;
  SmallVector<VarId> bound;
  if (!getLoops(op, result, indices, scope.loops, bound))
    return leaf;
  if (reduces)
    return evalReduction(op, result, tensor, indices, scope, bound);

  Value yielded = op.getBlock()->getTerminator()->getOperand(result);
  FailureOr<ExprId> value = evalScalar(yielded, scope);
  if (failed(value))
    return failure();
  if (depth == EvalDepth::View && !isIndex && !isViewLike(*value))
    return leaf;
  // A broadcast, or elements picked one by one.
  bool picks =
      llvm::any_of(op.getBlock()->getOperations(), [](Operation &inner) {
        return isa<tensor::ExtractOp>(inner) || inner.getNumRegions() != 0;
      });
  if (auto argument = dyn_cast<BlockArgument>(yielded);
      argument && argument.getOwner() == op.getBlock()) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    if (isa<RankedTensorType>(operand->get().getType()))
      picks |=
          op.getMatchingIndexingMap(operand).getNumResults() < op.getNumLoops();
  }
  crossedCopy |= picks;
  return value;
}

/// The combiner of a reduction whose accumulator is `out`, and the value that
/// is combined; None if it is not one of those known.
static std::pair<ScalarOp, Value> getCombiner(Value yielded, Value out) {
  Operation *def = yielded.getDefiningOp();
  if (!def)
    return {ScalarOp::None, {}};
  // select(cmpf x > out, x, out), as written before maximumf existed.
  if (auto select = dyn_cast<arith::SelectOp>(def)) {
    Value condition = select.getCondition();
    while (auto either = condition.getDefiningOp<arith::OrIOp>())
      condition = either.getLhs(); // "or x is NaN"
    auto compare = condition.getDefiningOp<arith::CmpFOp>();
    if (!compare)
      return {ScalarOp::None, {}};
    using P = arith::CmpFPredicate;
    P p = compare.getPredicate();
    bool greater = p == P::OGT || p == P::OGE || p == P::UGT || p == P::UGE;
    bool less = p == P::OLT || p == P::OLE || p == P::ULT || p == P::ULE;
    Value a = compare.getLhs(), b = compare.getRhs();
    if (select.getTrueValue() == b && select.getFalseValue() == a)
      std::swap(greater, less);
    else if (select.getTrueValue() != a || select.getFalseValue() != b)
      return {ScalarOp::None, {}};
    if (!greater || (a != out && b != out))
      return {ScalarOp::None, {}};
    return {ScalarOp::MaxF, a == out ? b : a};
  }
  if (def->getNumOperands() != 2 || def->getNumResults() != 1)
    return {ScalarOp::None, {}};
  Value other;
  if (def->getOperand(0) == out)
    other = def->getOperand(1);
  else if (def->getOperand(1) == out)
    other = def->getOperand(0);
  else
    return {ScalarOp::None, {}};
  ScalarOp op = llvm::TypeSwitch<Operation *, ScalarOp>(def)
                    .Case<arith::AddFOp>([](auto) { return ScalarOp::AddF; })
                    .Case<arith::MaximumFOp, arith::MaxNumFOp>(
                        [](auto) { return ScalarOp::MaxF; })
                    .Case<arith::MinimumFOp, arith::MinNumFOp>(
                        [](auto) { return ScalarOp::MinF; })
                    .Case<arith::AndIOp>([](auto) { return ScalarOp::And; })
                    .Case<arith::OrIOp>([](auto) { return ScalarOp::Or; })
                    .Default([](Operation *) { return ScalarOp::None; });
  return {op, other};
}

FailureOr<ExprId> ElementEvaluator::evalReduction(linalg::LinalgOp op,
                                                  unsigned result, Value tensor,
                                                  ArrayRef<IndexExpr> indices,
                                                  Scope &scope,
                                                  ArrayRef<VarId> bound) {
  ExprId leaf = exprs.getLoad(tensor, indices);
  Value yielded = op.getBlock()->getTerminator()->getOperand(result);
  Value out = op.getMatchingBlockArgument(op.getDpsInitOperand(result));

  // Integer sums of a few terms are index arithmetic: unroll.
  if (auto add = yielded.getDefiningOp<arith::AddIOp>()) {
    Value term = add.getLhs() == out ? add.getRhs() : add.getLhs();
    if ((add.getLhs() != out && add.getRhs() != out) || bound.size() != 1)
      return leaf;
    std::optional<int64_t> extent = exprs.var(bound[0]).extent.getIfConstant();
    if (!extent || *extent > kMaxUnroll)
      return leaf;
    FailureOr<ExprId> init =
        evalTensor(op.getDpsInitOperand(result)->get(), indices);
    if (failed(init))
      return failure();
    IndexExpr sum = exprs.toIndex(*init);
    for (int64_t k = 0; k != *extent; ++k) {
      Scope at;
      at.op = op;
      for (const IndexExpr &loop : scope.loops)
        at.loops.push_back(substitute(loop, bound[0], IndexExpr(k)));
      FailureOr<ExprId> value = evalScalar(term, at);
      if (failed(value))
        return failure();
      sum = sum + exprs.toIndex(*value);
    }
    return exprs.getLinear(sum);
  }

  auto [combiner, term] = getCombiner(yielded, out);
  if (combiner == ScalarOp::None)
    return leaf;
  SmallVector<VarId> added;
  for (VarId var : bound)
    if (!box.contains(var) && boundVars.insert(var).second)
      added.push_back(var);
  auto leave = llvm::make_scope_exit([&]() {
    for (VarId var : added)
      boundVars.erase(var);
  });
  FailureOr<ExprId> value = evalScalar(term, scope);
  if (failed(value)) {
    // A split of our own axis must not escape.
    if (request.kind == EvalRequest::BoundSplit &&
        llvm::is_contained(added, request.var)) {
      request = {};
      note("a reduction over an axis that is put together was not followed");
      return leaf;
    }
    return failure();
  }
  ExprId reduced =
      bound.empty() ? *value : exprs.getReduce(combiner, bound, *value);
  // The accumulator's start. Neutral ones vanish.
  FailureOr<ExprId> init =
      evalTensor(op.getDpsInitOperand(result)->get(), indices);
  if (failed(init))
    return failure();
  const ExprNode &start = exprs.node(*init);
  std::optional<int64_t> integer = exprs.getIntegerValue(*init);
  switch (combiner) {
  case ScalarOp::AddF:
    if (exprs.isConstant(*init, 0.0))
      return reduced;
    break;
  case ScalarOp::MaxF:
    // -inf or the type's lowest finite value, as exporters write.
    if (start.kind == ExprKind::Constant && start.value < -6e4 &&
        isa<FloatType>(start.type) &&
        start.value <= -APFloat::getLargest(
                            cast<FloatType>(start.type).getFloatSemantics())
                            .convertToDouble())
      return bound.empty() || std::isinf(start.value)
                 ? reduced
                 : exprs.getReduce(combiner, bound, *value, kStartsFinite);
    break;
  case ScalarOp::MinF:
    if (start.kind == ExprKind::Constant &&
        start.value == std::numeric_limits<double>::infinity())
      return reduced;
    break;
  case ScalarOp::And:
    if (integer && *integer != 0)
      return reduced;
    break;
  case ScalarOp::Or:
    if (integer && *integer == 0)
      return reduced;
    break;
  default:
    break;
  }
  return exprs.getOp(combiner, {reduced, *init}, exprs.node(reduced).type);
}

/// linalg.softmax by its definition: exp(x - max) / sum exp(x - max).
FailureOr<ExprId> ElementEvaluator::evalSoftmax(Operation *def, Value tensor,
                                                ArrayRef<IndexExpr> indices) {
  auto op = cast<linalg::SoftmaxOp>(def);
  ExprId leaf = exprs.getLoad(tensor, indices);
  if (depth < EvalDepth::Reductions)
    return leaf;
  uint64_t axis = op.getDimension();
  SizeExpr extent = sizes.getDim(op.getInput(), axis);
  auto digits = [&](unsigned loop, IndexExpr &index) {
    VarId var = exprs.getVar(def, loop, extent);
    index = exprs.getIndex(var);
    SmallVector<VarId> list;
    exprs.getDigits(var, list);
    return list;
  };
  IndexExpr sumIndex, maxIndex;
  SmallVector<VarId> sumVars = digits(kSoftmaxSum, sumIndex);
  SmallVector<VarId> maxVars = digits(kSoftmaxMax, maxIndex);
  auto score = [&](const IndexExpr &index) {
    SmallVector<IndexExpr> at(indices.begin(), indices.end());
    at[axis] = index;
    return evalTensor(op.getInput(), at);
  };
  FailureOr<ExprId> own = score(indices[axis]), each = failure();
  FailureOr<ExprId> largest = failure();
  if (failed(own) || failed(each = score(sumIndex)) ||
      failed(largest = score(maxIndex)))
    return failure();
  Type type = exprs.node(*own).type;
  ExprId max = maxVars.empty()
                   ? *largest
                   : exprs.getReduce(ScalarOp::MaxF, maxVars, *largest);
  auto exponential = [&](ExprId value) {
    return exprs.getOp(ScalarOp::Exp,
                       {exprs.getOp(ScalarOp::SubF, {value, max}, type)}, type);
  };
  ExprId sum = exponential(*each);
  if (!sumVars.empty())
    sum = exprs.getReduce(ScalarOp::AddF, sumVars, sum);
  return exprs.getOp(ScalarOp::DivF, {exponential(*own), sum}, type);
}
