//===- SizeAnalysis.cpp - extents of a function's tensors -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/SizeAnalysis.h"
#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::hydragen;

SizeAnalysis::SizeAnalysis(FunctionOpInterface function) {
  if (function.isExternal())
    return;
  // A static function has nothing to solve.
  bool dynamic = false;
  Block &entry = function.getFunctionBody().front();
  for (Operation &op : entry)
    for (Value value : llvm::concat<Value>(op.getOperands(), op.getResults()))
      if (auto type = dyn_cast<RankedTensorType>(value.getType()))
        dynamic |= !type.hasStaticShape();
  if (!dynamic)
    return;
  for (Operation &op : entry)
    if (auto assertion = dyn_cast<cf::AssertOp>(op))
      collectAssertion(assertion.getArg());
  // Each equation can define one symbol; a few rounds settle chains of them.
  for (unsigned round = 0; round != 8; ++round) {
    bool changed = false;
    for (Operation &op : entry)
      changed |= collectEquations(&op);
    if (!changed)
      break;
    // Quotients and decided conditions can be simpler now.
    dims.clear();
    scalars.clear();
  }
}

SizeExpr SizeAnalysis::unknown(Value value, bool nonNegative) {
  return context.getSymbol({value, -1}, nonNegative);
}

SizeExpr SizeAnalysis::addCount(Value value, const SizeExpr &limit) {
  counts.insert(value);
  SizeExpr count = scalars[value] = unknown(value, /*nonNegative=*/true);
  context.assumeNonNegative(limit - count);
  return count;
}

SmallVector<SizeExpr> SizeAnalysis::getShape(Value tensor) {
  SmallVector<SizeExpr> shape;
  for (int64_t i = 0, e = cast<RankedTensorType>(tensor.getType()).getRank();
       i != e; ++i)
    shape.push_back(getDim(tensor, i));
  return shape;
}

SizeExpr SizeAnalysis::getSize(OpFoldResult size) {
  if (auto attribute = dyn_cast<Attribute>(size))
    return SizeExpr(cast<IntegerAttr>(attribute).getInt());
  return getScalar(cast<Value>(size));
}

SizeExpr SizeAnalysis::getLoopExtent(linalg::LinalgOp op, unsigned loop) {
  std::optional<SizeExpr> dynamic;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [i, result] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      if (!dim || dim.getPosition() != loop)
        continue;
      SizeExpr extent = getDim(operand.get(), i);
      if (extent.isConstant())
        return extent;
      if (!dynamic)
        dynamic = extent;
    }
  }
  if (dynamic)
    return *dynamic;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  return ShapedType::isDynamic(ranges[loop]) ? SizeExpr::invalid()
                                             : SizeExpr(ranges[loop]);
}

//===----------------------------------------------------------------------===//
// Dims
//===----------------------------------------------------------------------===//

SizeExpr SizeAnalysis::getDim(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return SizeExpr(type.getDimSize(dim));
  auto it = dims.find({tensor, dim});
  if (it == dims.end()) {
    SizeExpr size = computeDim(tensor, dim);
    it = dims.try_emplace({tensor, dim}, std::move(size)).first;
  }
  return context.resolve(it->second);
}

SizeExpr SizeAnalysis::computeDim(Value tensor, int64_t dim) {
  auto own = [&]() { return context.getSymbol({tensor, dim}, true); };
  Operation *def = tensor.getDefiningOp();
  if (!def)
    return own();
  auto extentOf = [&](OpFoldResult size) {
    // An extent is never negative, whatever the scalar looks like.
    SizeExpr expr = getSize(size);
    if (!expr.isConstant())
      context.assumeNonNegative(expr);
    return expr;
  };
  if (auto op = dyn_cast<tensor::EmptyOp>(def))
    return extentOf(op.getMixedSizes()[dim]);
  if (auto op = dyn_cast<tensor::ExpandShapeOp>(def))
    return extentOf(op.getMixedOutputShape()[dim]);
  if (auto op = dyn_cast<tensor::CollapseShapeOp>(def)) {
    SizeExpr product(1);
    SmallVector<ReassociationIndices, 4> groups = op.getReassociationIndices();
    for (int64_t i : groups[dim])
      product = product * getDim(op.getSrc(), i);
    return product;
  }
  if (auto op = dyn_cast<tensor::ConcatOp>(def)) {
    if (static_cast<int64_t>(op.getDim()) != dim)
      return getDim(op.getInputs().front(), dim);
    SizeExpr sum(0);
    for (Value input : op.getInputs())
      sum = sum + getDim(input, dim);
    return sum;
  }
  if (auto op = dyn_cast<tensor::CastOp>(def))
    return isa<RankedTensorType>(op.getSource().getType())
               ? getDim(op.getSource(), dim)
               : own();
  if (auto op = dyn_cast<tensor::ExtractSliceOp>(def)) {
    llvm::SmallBitVector dropped = op.getDroppedDims();
    SmallVector<OpFoldResult> sizes = op.getMixedSizes();
    int64_t position = 0;
    for (unsigned i = 0; i != sizes.size(); ++i)
      if (!dropped.test(i) && position++ == dim)
        return extentOf(sizes[i]);
    return own();
  }
  if (auto op = dyn_cast<tensor::PadOp>(def))
    return getDim(op.getSource(), dim) + getSize(op.getMixedLowPad()[dim]) +
           getSize(op.getMixedHighPad()[dim]);
  if (auto op = dyn_cast<tensor::GenerateOp>(def)) {
    auto type = cast<RankedTensorType>(tensor.getType());
    return extentOf(op.getDynamicExtents()[type.getDynamicDimIndex(dim)]);
  }
  if (auto op = dyn_cast<tensor::SplatOp>(def)) {
    auto type = cast<RankedTensorType>(tensor.getType());
    return extentOf(op.getDynamicSizes()[type.getDynamicDimIndex(dim)]);
  }
  if (auto op = dyn_cast<tensor::ReshapeOp>(def))
    if (auto shape = op.getShape().getDefiningOp<tensor::FromElementsOp>())
      return extentOf(shape.getElements()[dim]);
  if (auto op = dyn_cast<DestinationStyleOpInterface>(def))
    return getDim(op.getTiedOpOperand(cast<OpResult>(tensor))->get(), dim);
  if (auto op = dyn_cast<tensor::InsertSliceOp>(def))
    return getDim(op.getDest(), dim);
  return own();
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

SizeExpr SizeAnalysis::getScalar(Value value) {
  auto it = scalars.find(value);
  if (it == scalars.end()) {
    SizeExpr size = computeScalar(value);
    it = scalars.try_emplace(value, std::move(size)).first;
  }
  return context.resolve(it->second);
}

SizeExpr SizeAnalysis::computeScalar(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant))) {
    if (constant.getSignificantBits() > 64)
      return unknown(value, false);
    return SizeExpr(constant.getBitWidth() == 1 ? constant.getZExtValue()
                                                : constant.getSExtValue());
  }
  Operation *def = value.getDefiningOp();
  if (!def)
    return unknown(value, false);
  if (auto op = dyn_cast<tensor::DimOp>(def)) {
    std::optional<int64_t> dim = op.getConstantIndex();
    auto type = dyn_cast<RankedTensorType>(op.getSource().getType());
    if (dim && type && *dim >= 0 && *dim < type.getRank())
      return getDim(op.getSource(), *dim);
    return unknown(value, true);
  }
  auto operand = [&](unsigned i) { return getScalar(def->getOperand(i)); };
  bool isBool = value.getType().isInteger(1);
  if (isa<arith::IndexCastOp, arith::ExtSIOp>(def) &&
      !def->getOperand(0).getType().isInteger(1))
    return operand(0);
  if (isa<arith::AddIOp>(def) && !isBool)
    return operand(0) + operand(1);
  if (isa<arith::SubIOp>(def) && !isBool)
    return operand(0) - operand(1);
  if (isa<arith::MulIOp>(def) && !isBool)
    return operand(0) * operand(1);
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp,
          arith::CeilDivSIOp>(def)) {
    SizeExpr a = operand(0), b = operand(1);
    if (context.proveNonNegative(a, {}) &&
        context.proveNonNegative(b - SizeExpr(1), {})) {
      if (std::optional<SizeExpr> quotient = a.divideExactly(b))
        return *quotient;
      return unknown(value, true);
    }
  }
  if (auto op = dyn_cast<arith::SelectOp>(def))
    if (std::optional<bool> truth = decide(op.getCondition()))
      return getScalar(*truth ? op.getTrueValue() : op.getFalseValue());
  if (isa<arith::MaxSIOp, arith::MinSIOp>(def)) {
    SizeExpr a = operand(0), b = operand(1);
    bool isMax = isa<arith::MaxSIOp>(def);
    if (context.proveNonNegative(a - b, {}))
      return isMax ? a : b;
    if (context.proveNonNegative(b - a, {}))
      return isMax ? b : a;
  }
  if (auto op = dyn_cast<affine::AffineApplyOp>(def)) {
    AffineMap map = op.getAffineMap();
    auto evaluate = [&](AffineExpr expr, auto &self) -> SizeExpr {
      if (auto c = dyn_cast<AffineConstantExpr>(expr))
        return SizeExpr(c.getValue());
      if (auto d = dyn_cast<AffineDimExpr>(expr))
        return getScalar(op.getMapOperands()[d.getPosition()]);
      if (auto s = dyn_cast<AffineSymbolExpr>(expr))
        return getScalar(
            op.getMapOperands()[map.getNumDims() + s.getPosition()]);
      auto binary = cast<AffineBinaryOpExpr>(expr);
      SizeExpr a = self(binary.getLHS(), self), b = self(binary.getRHS(), self);
      switch (binary.getKind()) {
      case AffineExprKind::Add:
        return a + b;
      case AffineExprKind::Mul:
        return a * b;
      case AffineExprKind::FloorDiv:
      case AffineExprKind::CeilDiv:
        if (std::optional<SizeExpr> quotient = a.divideExactly(b))
          return *quotient;
        return SizeExpr::invalid();
      default:
        if (a.divideExactly(b))
          return SizeExpr(0);
        return SizeExpr::invalid();
      }
    };
    SizeExpr result = evaluate(map.getResult(0), evaluate);
    if (result.isValid())
      return result;
  }
  return unknown(value, false);
}

std::optional<bool> SizeAnalysis::decide(Value condition) {
  APInt constant;
  if (matchPattern(condition, m_ConstantInt(&constant)))
    return !constant.isZero();
  auto op = condition.getDefiningOp<arith::CmpIOp>();
  if (!op || op.getLhs().getType().isInteger(1))
    return std::nullopt;
  SizeExpr a = getScalar(op.getLhs()), b = getScalar(op.getRhs());
  auto less = [&](const SizeExpr &x, const SizeExpr &y) -> std::optional<bool> {
    if (context.proveLess(x, y, {}))
      return true;
    if (context.proveNonNegative(x - y, {}))
      return false;
    return std::nullopt;
  };
  auto negate = [](std::optional<bool> truth) {
    return truth ? std::optional<bool>(!*truth) : truth;
  };
  using P = arith::CmpIPredicate;
  switch (op.getPredicate()) {
  case P::slt:
    return less(a, b);
  case P::sgt:
    return less(b, a);
  case P::sge:
    return negate(less(a, b));
  case P::sle:
    return negate(less(b, a));
  case P::eq:
  case P::ne: {
    bool isEq = op.getPredicate() == P::eq;
    if (context.proveEqual(a, b))
      return isEq;
    if (context.proveLess(a, b, {}) || context.proveLess(b, a, {}))
      return !isEq;
    return std::nullopt;
  }
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

void SizeAnalysis::collectAssertion(Value condition) {
  if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
    collectAssertion(both.getLhs());
    collectAssertion(both.getRhs());
    return;
  }
  auto op = condition.getDefiningOp<arith::CmpIOp>();
  if (!op || op.getLhs().getType().isInteger(1))
    return;
  SizeExpr a = getScalar(op.getLhs()), b = getScalar(op.getRhs());
  using P = arith::CmpIPredicate;
  switch (op.getPredicate()) {
  case P::eq:
    context.equate(a, b);
    break;
  case P::slt:
    context.assumeNonNegative(b - a - SizeExpr(1));
    break;
  case P::sle:
    context.assumeNonNegative(b - a);
    break;
  case P::sgt:
    context.assumeNonNegative(a - b - SizeExpr(1));
    break;
  case P::sge:
    context.assumeNonNegative(a - b);
    break;
  default:
    break;
  }
}

bool SizeAnalysis::collectEquations(Operation *op) {
  bool changed = false;
  auto equateMaps = [&](ArrayRef<std::pair<Value, AffineMap>> accesses) {
    DenseMap<unsigned, SizeExpr> extents;
    for (auto [value, map] : accesses)
      for (auto [i, result] : llvm::enumerate(map.getResults()))
        if (auto dim = dyn_cast<AffineDimExpr>(result)) {
          SizeExpr extent = getDim(value, i);
          auto [it, inserted] = extents.try_emplace(dim.getPosition(), extent);
          if (!inserted)
            changed |= context.equate(it->second, extent);
        }
  };
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    SmallVector<std::pair<Value, AffineMap>> accesses;
    for (OpOperand &operand : op->getOpOperands())
      if (isa<RankedTensorType>(operand.get().getType()))
        accesses.emplace_back(operand.get(),
                              linalgOp.getMatchingIndexingMap(&operand));
    equateMaps(accesses);
  } else if (auto attention = dyn_cast<AttentionOp>(op)) {
    SmallVector<std::pair<Value, AffineMap>> accesses;
    accesses.emplace_back(attention.getInits().front(),
                          attention.getOutputMap());
    for (auto [query, map] :
         llvm::zip(attention.getQueries(),
                   attention.getQueryMaps().getAsValueRange<AffineMapAttr>()))
      accesses.emplace_back(query, map);
    equateMaps(accesses);
  } else if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    Value first = concat.getInputs().front();
    for (Value input : concat.getInputs().drop_front())
      for (int64_t i = 0, e = concat.getResultType().getRank(); i != e; ++i)
        if (i != static_cast<int64_t>(concat.getDim()))
          changed |= context.equate(getDim(first, i), getDim(input, i));
    for (int64_t i = 0, e = concat.getResultType().getRank(); i != e; ++i)
      if (!concat.getResultType().isDynamicDim(i) &&
          i != static_cast<int64_t>(concat.getDim()))
        changed |=
            context.equate(getDim(first, i), getDim(concat.getResult(), i));
  } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    SmallVector<SizeExpr> shape = getShape(expand.getResult());
    for (auto [i, group] : llvm::enumerate(expand.getReassociationIndices())) {
      SizeExpr product(1);
      for (int64_t j : group)
        product = product * shape[j];
      changed |= context.equate(getDim(expand.getSrc(), i), product);
    }
  } else if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    auto from = dyn_cast<RankedTensorType>(cast.getSource().getType());
    auto to = dyn_cast<RankedTensorType>(cast.getType());
    if (from && to)
      for (int64_t i = 0; i != from.getRank(); ++i)
        if (from.isDynamicDim(i) && !to.isDynamicDim(i))
          changed |= context.equate(getDim(cast.getSource(), i),
                                    SizeExpr(to.getDimSize(i)));
  } else if (auto reshape = dyn_cast<tensor::ReshapeOp>(op)) {
    if (isa<RankedTensorType>(reshape.getSource().getType()) &&
        isa<RankedTensorType>(reshape.getType())) {
      SizeExpr from(1), to(1);
      for (const SizeExpr &extent : getShape(reshape.getSource()))
        from = from * extent;
      for (const SizeExpr &extent : getShape(reshape.getResult()))
        to = to * extent;
      changed |= context.equate(from, to);
    }
  }
  return changed;
}
