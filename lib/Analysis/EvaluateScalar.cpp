//===- EvaluateScalar.cpp - scalars of bodies -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integers are mathematical integers where the op cannot wrap in a program that
// has a meaning (index arithmetic, 32 and 64 bits); anything narrower is
// opaque.
//===----------------------------------------------------------------------===//

#include "EvaluatorDetail.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::hydragen;

FailureOr<ExprId> ElementEvaluator::evalScalar(Value value, Scope &scope) {
  auto it = scope.values.find(value);
  if (it != scope.values.end())
    return it->second;
  FailureOr<ExprId> result = evalScalarImpl(value, scope);
  if (failed(result))
    return failure();
  scope.values[value] = *result;
  return result;
}

FailureOr<ExprId> ElementEvaluator::evalScalarImpl(Value value, Scope &scope) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (!scope.op || argument.getOwner() != scope.op.getBlock()) {
      if (argument.getType().isIndex() || argument.getType().isInteger(64))
        return exprs.getLinear(IndexExpr(sizes.getScalar(value)));
      return exprs.getLoad(value, {});
    }
    OpOperand *operand = scope.op.getMatchingOpOperand(argument);
    if (!isa<RankedTensorType>(operand->get().getType())) {
      Scope outside;
      return evalScalar(operand->get(), outside);
    }
    SmallVector<IndexExpr> indices;
    for (AffineExpr expr :
         scope.op.getMatchingIndexingMap(operand).getResults()) {
      FailureOr<IndexExpr> index = evalAffine(expr, scope.loops);
      if (failed(index))
        return failure();
      indices.push_back(*index);
    }
    return evalTensor(operand->get(), indices);
  }
  if (sizes.isCount(value))
    return exprs.getLinear(IndexExpr(sizes.getScalar(value)));
  return evalScalarOp(value.getDefiningOp(), value, scope);
}

static bool isExactInteger(Type type) {
  return type.isIndex() || type.isInteger(32) || type.isInteger(64);
}

FailureOr<ExprId> ElementEvaluator::evalScalarOp(Operation *def, Value value,
                                                 Scope &scope) {
  if (auto constant = dyn_cast<arith::ConstantOp>(def)) {
    if (auto number = dyn_cast<FloatAttr>(constant.getValue()))
      return exprs.getConstant(number.getValueAsDouble(), number.getType());
    if (auto number = dyn_cast<IntegerAttr>(constant.getValue()))
      if (number.getValue().getBitWidth() <= 64)
        return exprs.getInteger(
            number.getType().isInteger(1)
                ? static_cast<int64_t>(number.getValue().getZExtValue())
                : number.getValue().getSExtValue());
    return exprs.getLoad(value, {});
  }
  if (auto index = dyn_cast<linalg::IndexOp>(def)) {
    if (scope.op && index->getParentOp() == scope.op)
      return exprs.getLinear(scope.loops[index.getDim()]);
    return exprs.getLoad(value, {});
  }
  if (auto extract = dyn_cast<tensor::ExtractOp>(def)) {
    SmallVector<IndexExpr> indices;
    for (Value index : extract.getIndices()) {
      FailureOr<ExprId> at = evalScalar(index, scope);
      if (failed(at))
        return failure();
      indices.push_back(exprs.toIndex(*at));
    }
    return evalTensor(extract.getTensor(), indices);
  }
  if (isa<tensor::DimOp>(def))
    return exprs.getLinear(IndexExpr(sizes.getScalar(value)));
  if (auto apply = dyn_cast<affine::AffineApplyOp>(def)) {
    SmallVector<IndexExpr> operands;
    for (Value operand : apply.getMapOperands()) {
      FailureOr<ExprId> at = evalScalar(operand, scope);
      if (failed(at))
        return failure();
      operands.push_back(exprs.toIndex(*at));
    }
    AffineMap map = apply.getAffineMap();
    ArrayRef<IndexExpr> all(operands);
    FailureOr<IndexExpr> result =
        evalAffine(map.getResult(0), all.take_front(map.getNumDims()),
                   all.drop_front(map.getNumDims()));
    if (failed(result))
      return failure();
    return exprs.getLinear(*result);
  }
  if (auto branch = dyn_cast<scf::IfOp>(def)) {
    FailureOr<ExprId> condition = evalScalar(branch.getCondition(), scope);
    if (failed(condition))
      return failure();
    unsigned result = cast<OpResult>(value).getResultNumber();
    auto evalRegion = [&](Region &region) {
      return evalScalar(region.front().getTerminator()->getOperand(result),
                        scope);
    };
    if (std::optional<int64_t> truth = exprs.getIntegerValue(*condition))
      return evalRegion(*truth ? branch.getThenRegion()
                               : branch.getElseRegion());
    FailureOr<ExprId> then = evalRegion(branch.getThenRegion());
    if (failed(then))
      return failure();
    FailureOr<ExprId> otherwise = evalRegion(branch.getElseRegion());
    if (failed(otherwise))
      return failure();
    return exprs.getOp(ScalarOp::Select, {*condition, *then, *otherwise},
                       exprs.node(*then).type);
  }
  if (isa<arith::CmpIOp>(def))
    return evalCompare(def, scope);
  if (value.getType().isIntOrIndex() &&
      isa_and_nonnull<arith::ArithDialect>(def->getDialect()) &&
      !isa<arith::SelectOp, arith::CmpFOp, arith::FPToSIOp, arith::FPToUIOp>(
          def))
    return evalInteger(def, value, scope);

  // Anything pure of scalars.
  bool known = isa_and_present<arith::ArithDialect, math::MathDialect>(
      def->getDialect());
  if (!known || def->getNumRegions() != 0 || def->getNumResults() != 1 ||
      llvm::any_of(def->getOperandTypes(),
                   [](Type type) { return !type.isIntOrIndexOrFloat(); }))
    return exprs.getLoad(value, {});
  SmallVector<ExprId> children;
  // Only the branch that is taken, where that is known.
  if (auto select = dyn_cast<arith::SelectOp>(def)) {
    FailureOr<ExprId> condition = evalScalar(select.getCondition(), scope);
    if (failed(condition))
      return failure();
    if (std::optional<int64_t> truth = exprs.getIntegerValue(*condition))
      return evalScalar(*truth ? select.getTrueValue() : select.getFalseValue(),
                        scope);
  }
  for (Value operand : def->getOperands()) {
    FailureOr<ExprId> child = evalScalar(operand, scope);
    if (failed(child))
      return failure();
    children.push_back(*child);
  }
  Type type = value.getType();
  auto constantChild = [&](unsigned i) {
    return exprs.node(children[i]).kind == ExprKind::Constant;
  };
  ScalarOp op =
      llvm::TypeSwitch<Operation *, ScalarOp>(def)
          .Case<arith::AddFOp>([](auto) { return ScalarOp::AddF; })
          .Case<arith::SubFOp>([](auto) { return ScalarOp::SubF; })
          .Case<arith::MulFOp>([](auto) { return ScalarOp::MulF; })
          .Case<arith::DivFOp>([](auto) { return ScalarOp::DivF; })
          .Case<arith::NegFOp>([](auto) { return ScalarOp::NegF; })
          .Case<arith::MaximumFOp>([](auto) { return ScalarOp::MaxF; })
          .Case<arith::MinimumFOp>([](auto) { return ScalarOp::MinF; })
          .Case<math::ExpOp>([](auto) { return ScalarOp::Exp; })
          .Case<math::Exp2Op>([](auto) { return ScalarOp::Exp2; })
          .Case<math::LogOp>([](auto) { return ScalarOp::Log; })
          .Case<math::TanhOp>([](auto) { return ScalarOp::Tanh; })
          .Case<math::AbsFOp>([](auto) { return ScalarOp::AbsF; })
          .Case<arith::ExtFOp, arith::TruncFOp>(
              [](auto) { return ScalarOp::CastF; })
          .Case<arith::CmpFOp>([](auto) { return ScalarOp::CmpF; })
          .Case<arith::SelectOp>([](auto) { return ScalarOp::Select; })
          .Default([](Operation *) { return ScalarOp::Other; });
  int64_t aux = 0;
  if (auto compare = dyn_cast<arith::CmpFOp>(def))
    aux = static_cast<int64_t>(compare.getPredicate());
  // A constant in another type is the constant.
  if (op == ScalarOp::CastF && constantChild(0)) {
    APFloat number(exprs.node(children[0]).value);
    bool lost;
    number.convert(cast<FloatType>(type).getFloatSemantics(),
                   APFloat::rmNearestTiesToEven, &lost);
    return exprs.getConstant(number.convertToDouble(), type);
  }
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(def))
    if (std::optional<int64_t> integer = exprs.getIntegerValue(children[0]))
      if (*integer >= 0 && *integer < (int64_t(1) << 20) &&
          type.getIntOrFloatBitWidth() >= 32)
        return exprs.getConstant(static_cast<double>(*integer), type);
  if (op == ScalarOp::Select) {
    // dim == 1 ? 0 : i, where i < dim: i is right either way.
    const ExprNode &condition = exprs.node(children[0]);
    if (condition.kind == ExprKind::Op && condition.op == ScalarOp::Equal &&
        exprs.getIntegerValue(children[1]) == 0) {
      IndexExpr size = exprs.toIndex(condition.children[0]);
      IndexExpr index = exprs.toIndex(children[2]);
      SizeExpr low, high;
      // size is dim - 1 (or its negative) and index's greatest value is dim -
      // 1: when it is zero, so is the index.
      if (size.isConstant() && getRange(index, low, high) &&
          (proveNonNegative(size.getConstant() - high) ||
           proveNonNegative(-size.getConstant() - high)) &&
          proveNonNegative(low))
        return children[2];
    }
  }
  if (op != ScalarOp::Other)
    return exprs.getOp(op, children, type, aux);
  return exprs.getOther(def->getName(), def->getAttrDictionary(), children,
                        type, 0);
}

FailureOr<ExprId> ElementEvaluator::evalInteger(Operation *def, Value value,
                                                Scope &scope) {
  Type type = value.getType();
  bool isBool = type.isInteger(1);
  SmallVector<ExprId> operands;
  for (Value operand : def->getOperands()) {
    FailureOr<ExprId> child = evalScalar(operand, scope);
    if (failed(child))
      return failure();
    operands.push_back(*child);
  }
  auto opaque = [&]() -> FailureOr<ExprId> {
    return exprs.getOther(def->getName(), def->getAttrDictionary(), operands,
                          type, 0);
  };
  Type indexType = IndexType::get(exprs.getContext());
  auto isBoolOperand = [&](unsigned i) {
    return def->getOperand(i).getType().isInteger(1);
  };
  auto nonNegative = [&](unsigned i) {
    SizeExpr low, high;
    return getRange(exprs.toIndex(operands[i]), low, high) &&
           proveNonNegative(low);
  };
  if (isa<arith::AndIOp, arith::OrIOp>(def) && isBool)
    return exprs.getOp(isa<arith::AndIOp>(def) ? ScalarOp::And : ScalarOp::Or,
                       operands, type);
  if (isa<arith::XOrIOp>(def) && isBool) {
    for (unsigned i = 0; i != 2; ++i)
      if (auto truth = exprs.getIntegerValue(operands[i]))
        return *truth ? exprs.getOp(ScalarOp::Not, {operands[1 - i]}, type)
                      : operands[1 - i];
    return opaque();
  }
  if (isa<arith::ExtSIOp>(def)) {
    if (!isBoolOperand(0))
      return operands[0];
    // A true boolean is -1.
    if (exprs.getIntegerValue(operands[0]))
      return exprs.getLinear(exprs.toIndex(operands[0]) * SizeExpr(-1));
    return opaque();
  }
  if (isa<arith::ExtUIOp, arith::IndexCastUIOp>(def))
    return isBoolOperand(0) || nonNegative(0) ? FailureOr<ExprId>(operands[0])
                                              : opaque();
  if (isa<arith::IndexCastOp>(def))
    return isBoolOperand(0) ? opaque() : FailureOr<ExprId>(operands[0]);
  if (isa<arith::TruncIOp>(def))
    return fitsInteger(exprs.toIndex(operands[0]), type)
               ? FailureOr<ExprId>(operands[0])
               : opaque();
  if (!isExactInteger(type))
    return opaque();
  IndexExpr a = exprs.toIndex(operands[0]);
  IndexExpr b = operands.size() > 1 ? exprs.toIndex(operands[1]) : IndexExpr(0);
  if (isa<arith::AddIOp>(def))
    return exprs.getLinear(a + b);
  if (isa<arith::SubIOp>(def))
    return exprs.getLinear(a - b);
  if (isa<arith::MulIOp>(def)) {
    if (b.isConstant())
      return exprs.getLinear(a * b.getConstant());
    if (a.isConstant())
      return exprs.getLinear(b * a.getConstant());
    return exprs.getOp(ScalarOp::MulI, operands, indexType);
  }
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp, arith::RemSIOp,
          arith::RemUIOp>(def)) {
    bool signedFloor = isa<arith::FloorDivSIOp>(def);
    if (b.isConstant() && proveNonNegative(b.getConstant() - SizeExpr(1)) &&
        (signedFloor || nonNegative(0))) {
      IndexExpr quotient, remainder;
      if (failed(divMod(a, b.getConstant(), &quotient, &remainder)))
        return failure();
      return exprs.getLinear(
          isa<arith::RemSIOp, arith::RemUIOp>(def) ? remainder : quotient);
    }
    return opaque();
  }
  if (isa<arith::MaxSIOp, arith::MinSIOp>(def)) {
    SizeExpr low, high;
    bool isMax = isa<arith::MaxSIOp>(def);
    if (getRange(a - b, low, high)) {
      if (proveNonNegative(low))
        return operands[isMax ? 0 : 1];
      if (proveNonNegative(-high))
        return operands[isMax ? 1 : 0];
    }
    return exprs.getOp(isMax ? ScalarOp::MaxI : ScalarOp::MinI, operands,
                       indexType);
  }
  return opaque();
}

FailureOr<ExprId> ElementEvaluator::evalCompare(Operation *def, Scope &scope) {
  auto op = cast<arith::CmpIOp>(def);
  Type boolType = op.getType();
  FailureOr<ExprId> lhs = evalScalar(op.getLhs(), scope);
  if (failed(lhs))
    return failure();
  FailureOr<ExprId> rhs = evalScalar(op.getRhs(), scope);
  if (failed(rhs))
    return failure();
  using P = arith::CmpIPredicate;
  P predicate = op.getPredicate();
  IndexExpr a = exprs.toIndex(*lhs), b = exprs.toIndex(*rhs);
  bool isUnsigned = predicate == P::ult || predicate == P::ule ||
                    predicate == P::ugt || predicate == P::uge;
  bool isBool = op.getLhs().getType().isInteger(1);
  if (isUnsigned || (isBool && predicate != P::eq && predicate != P::ne)) {
    SizeExpr low, high;
    auto nonNegative = [&](const IndexExpr &e) {
      return getRange(e, low, high) && proveNonNegative(low);
    };
    bool aIsNonNegative = !isBool && nonNegative(a);
    bool bIsNonNegative = !isBool && nonNegative(b);
    if (!aIsNonNegative && !bIsNonNegative)
      return exprs.getOther(def->getName(), def->getAttrDictionary(),
                            {*lhs, *rhs}, boolType, 0);
    if (!aIsNonNegative || !bIsNonNegative) {
      // As unsigned numbers the negative ones are the greatest.
      bool orEqual = predicate == P::ule || predicate == P::uge;
      bool swapped = predicate == P::ugt || predicate == P::uge;
      IndexExpr x = swapped ? b : a, y = swapped ? a : b;
      bool xIsNonNegative = swapped ? bIsNonNegative : aIsNonNegative;
      auto isNegative = [&](const IndexExpr &e) {
        return exprs.getOp(ScalarOp::Less, {exprs.getLinear(e)}, boolType);
      };
      ExprId below = isNegative(x - y - IndexExpr(orEqual ? 1 : 0));
      if (xIsNonNegative) // y < 0 or x < y
        return exprs.getOp(ScalarOp::Or, {isNegative(y), below}, boolType);
      ExprId positive = exprs.getOp(ScalarOp::Not, {isNegative(x)}, boolType);
      return exprs.getOp(ScalarOp::And, {positive, below}, boolType);
    }
  }
  // Every relation is  x < 0  or  x == 0.
  IndexExpr difference;
  switch (predicate) {
  case P::slt:
  case P::ult:
    difference = a - b;
    break;
  case P::sgt:
  case P::ugt:
    difference = b - a;
    break;
  case P::sle:
  case P::ule:
    difference = a - b - IndexExpr(1);
    break;
  case P::sge:
  case P::uge:
    difference = b - a - IndexExpr(1);
    break;
  case P::eq:
  case P::ne: {
    difference = a - b;
    SizeExpr low, high;
    bool isEq = predicate == P::eq;
    if (getRange(difference, low, high)) {
      if (low.isZero() && high.isZero())
        return exprs.getInteger(isEq);
      if (proveNonNegative(low - SizeExpr(1)) ||
          proveNonNegative(-high - SizeExpr(1)))
        return exprs.getInteger(!isEq);
    }
    ExprId equal =
        exprs.getOp(ScalarOp::Equal, {exprs.getLinear(difference)}, boolType);
    return isEq ? equal : exprs.getOp(ScalarOp::Not, {equal}, boolType);
  }
  }
  FailureOr<Truth> truth = less(difference, SizeExpr(0));
  if (failed(truth))
    return failure();
  if (*truth != Truth::Unknown)
    return exprs.getInteger(*truth == Truth::Yes);
  return exprs.getOp(ScalarOp::Less, {exprs.getLinear(difference)}, boolType);
}
