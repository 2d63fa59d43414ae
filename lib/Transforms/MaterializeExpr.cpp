//===- MaterializeExpr.cpp - linalg ops from expressions --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Materialize.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

Value ExprWriter::writeSizeIn(OpBuilder &body, const SizeExpr &given) {
  SizeExpr size = evaluator.getSizes().getContext().resolve(given);
  if (!size.isValid())
    return {};
  Value sum;
  auto add = [&](Value value) {
    sum =
        sum ? arith::AddIOp::create(body, loc, sum, value).getResult() : value;
  };
  for (const SizeExpr::Term &term : size.getTerms()) {
    Value product;
    for (SizeExpr::Symbol symbol : term.symbols) {
      Value factor;
      for (SizeContext::Source source :
           evaluator.getSizes().getContext().getSources(symbol)) {
        if (!dominates(source.value))
          continue;
        if (source.dim >= 0)
          factor = tensor::DimOp::create(body, loc, source.value, source.dim);
        else if (source.value.getType().isIndex())
          factor = source.value;
        else
          factor = arith::IndexCastOp::create(body, loc, body.getIndexType(),
                                              source.value);
        break;
      }
      if (!factor)
        return {};
      product =
          product
              ? arith::MulIOp::create(body, loc, product, factor).getResult()
              : factor;
    }
    if (term.coefficient != 1)
      product = arith::MulIOp::create(
          body, loc, product,
          arith::ConstantIndexOp::create(body, loc, term.coefficient));
    add(product);
  }
  if (size.getConstantTerm() != 0 || !sum)
    add(arith::ConstantIndexOp::create(body, loc, size.getConstantTerm()));
  return sum;
}

std::optional<OpFoldResult> ExprWriter::writeSize(const SizeExpr &given) {
  SizeExpr size = evaluator.getSizes().getContext().resolve(given);
  if (size.isConstant())
    return OpFoldResult(builder.getIndexAttr(size.getConstant()));
  Value value = writeSizeIn(builder, size);
  if (!value)
    return std::nullopt;
  return OpFoldResult(value);
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Value ExprWriter::writeIndex(OpBuilder &body, const IndexExpr &index,
                             function_ref<Value(VarId)> getVar,
                             function_ref<Value(ExprId)> getLeaf,
                             DenseMap<ExprId, Value> &done) {
  Value sum;
  auto add = [&](Value value) {
    sum =
        sum ? arith::AddIOp::create(body, loc, sum, value).getResult() : value;
  };
  for (auto &[atom, coefficient] : index.getTerms()) {
    Value value =
        atom.isVar() ? getVar(atom.getVar())
                     : writeScalar(body, atom.getExpr(), getVar, getLeaf, done);
    if (!value)
      return {};
    if (!value.getType().isIndex()) {
      if (value.getType().isInteger(1))
        value = arith::ExtUIOp::create(body, loc, body.getI64Type(), value);
      value = arith::IndexCastOp::create(body, loc, body.getIndexType(), value);
    }
    if (!coefficient.isOne()) {
      Value factor = writeSizeIn(body, coefficient);
      if (!factor)
        return {};
      value = arith::MulIOp::create(body, loc, value, factor);
    }
    add(value);
  }
  if (!index.getConstant().isZero() || !sum) {
    Value constant = writeSizeIn(body, index.getConstant());
    if (!constant)
      return {};
    add(constant);
  }
  return sum;
}

Value ExprWriter::writeLoad(OpBuilder &body, const ExprNode &n,
                            function_ref<Value(VarId)> getVar,
                            function_ref<Value(ExprId)> getLeaf,
                            DenseMap<ExprId, Value> &done) {
  if (!dominates(n.base))
    return {};
  if (!isa<RankedTensorType>(n.base.getType()))
    return n.base;
  SmallVector<Value> indices;
  for (const IndexExpr &index : n.indices) {
    Value value = writeIndex(body, index, getVar, getLeaf, done);
    if (!value)
      return {};
    indices.push_back(value);
  }
  return tensor::ExtractOp::create(body, loc, n.base, indices);
}

Value ExprWriter::writeScalar(OpBuilder &body, ExprId expr,
                              function_ref<Value(VarId)> getVar,
                              function_ref<Value(ExprId)> getLeaf,
                              DenseMap<ExprId, Value> &done) {
  auto it = done.find(expr);
  if (it != done.end())
    return it->second;
  Value result = getLeaf ? getLeaf(expr) : Value();
  if (!result) {
    const ExprNode n = evaluator.getExprs().node(expr);
    SmallVector<Value> c;
    if (n.kind == ExprKind::Op)
      for (ExprId child : n.children) {
        Value value = writeScalar(body, child, getVar, getLeaf, done);
        if (!value)
          return {};
        c.push_back(value);
      }
    auto asTruth = [&](Value value) -> Value {
      if (value.getType().isInteger(1))
        return value;
      Value zero = arith::ConstantOp::create(
          body, loc, body.getIntegerAttr(value.getType(), 0));
      return arith::CmpIOp::create(body, loc, arith::CmpIPredicate::ne, value,
                                   zero);
    };
    auto asIndex = [&](Value value) -> Value {
      if (value.getType().isIndex())
        return value;
      return arith::IndexCastOp::create(body, loc, body.getIndexType(), value);
    };
    switch (n.kind) {
    case ExprKind::Linear:
      result = writeIndex(body, n.indices.front(), getVar, getLeaf, done);
      break;
    case ExprKind::Constant:
      result = arith::ConstantOp::create(body, loc,
                                         body.getFloatAttr(n.type, n.value));
      break;
    case ExprKind::Load:
      result = writeLoad(body, n, getVar, getLeaf, done);
      break;
    case ExprKind::Reduce: {
      // Written before the op around this body: see prepareReductions.
      Value sum = reductions.lookup(expr);
      if (!sum)
        return {};
      SmallVector<Value> at;
      for (VarId var : n.freeVars) {
        // The tensor holds the box only.
        IndexExpr index = IndexExpr::atom(IndexAtom::var(var)) -
                          IndexExpr(evaluator.getVarRange(var).low);
        Value position = writeIndex(body, index, getVar, getLeaf, done);
        if (!position)
          return {};
        at.push_back(position);
      }
      result = tensor::ExtractOp::create(body, loc, sum, at);
      break;
    }
    case ExprKind::Op:
      switch (n.op) {
      case ScalarOp::AddF:
        result = arith::AddFOp::create(body, loc, c[0], c[1]);
        break;
      case ScalarOp::SubF:
        result = arith::SubFOp::create(body, loc, c[0], c[1]);
        break;
      case ScalarOp::MulF:
        result = arith::MulFOp::create(body, loc, c[0], c[1]);
        break;
      case ScalarOp::DivF:
        result = arith::DivFOp::create(body, loc, c[0], c[1]);
        break;
      case ScalarOp::NegF:
        result = arith::NegFOp::create(body, loc, c[0]);
        break;
      case ScalarOp::MaxF:
        result = arith::MaximumFOp::create(body, loc, c[0], c[1]);
        break;
      case ScalarOp::MinF:
        result = arith::MinimumFOp::create(body, loc, c[0], c[1]);
        break;
      case ScalarOp::Exp:
        result = math::ExpOp::create(body, loc, c[0]);
        break;
      case ScalarOp::Exp2:
        result = math::Exp2Op::create(body, loc, c[0]);
        break;
      case ScalarOp::Log:
        result = math::LogOp::create(body, loc, c[0]);
        break;
      case ScalarOp::Tanh:
        result = math::TanhOp::create(body, loc, c[0]);
        break;
      case ScalarOp::AbsF:
        result = math::AbsFOp::create(body, loc, c[0]);
        break;
      case ScalarOp::CastF: {
        unsigned from = c[0].getType().getIntOrFloatBitWidth();
        unsigned to = n.type.getIntOrFloatBitWidth();
        if (c[0].getType() == n.type)
          result = c[0];
        else if (from < to)
          result = arith::ExtFOp::create(body, loc, n.type, c[0]);
        else if (from > to)
          result = arith::TruncFOp::create(body, loc, n.type, c[0]);
        break;
      }
      case ScalarOp::CmpF:
        result = arith::CmpFOp::create(
            body, loc, static_cast<arith::CmpFPredicate>(n.aux), c[0], c[1]);
        break;
      case ScalarOp::Less:
      case ScalarOp::Equal: {
        Value zero = arith::ConstantIndexOp::create(body, loc, 0);
        result = arith::CmpIOp::create(body, loc,
                                       n.op == ScalarOp::Less
                                           ? arith::CmpIPredicate::slt
                                           : arith::CmpIPredicate::eq,
                                       asIndex(c[0]), zero);
        break;
      }
      case ScalarOp::Not:
        result = arith::XOrIOp::create(
            body, loc, asTruth(c[0]),
            arith::ConstantOp::create(body, loc, body.getBoolAttr(true)));
        break;
      case ScalarOp::And:
        result = arith::AndIOp::create(body, loc, asTruth(c[0]), asTruth(c[1]));
        break;
      case ScalarOp::Or:
        result = arith::OrIOp::create(body, loc, asTruth(c[0]), asTruth(c[1]));
        break;
      case ScalarOp::Select: {
        Value yes = c[1], no = c[2];
        if (yes.getType() != no.getType()) {
          if (!yes.getType().isIntOrIndex() || !no.getType().isIntOrIndex())
            return {};
          yes = asIndex(yes);
          no = asIndex(no);
        }
        result = arith::SelectOp::create(body, loc, asTruth(c[0]), yes, no);
        break;
      }
      case ScalarOp::MulI:
        result = arith::MulIOp::create(body, loc, asIndex(c[0]), asIndex(c[1]));
        break;
      case ScalarOp::MaxI:
        result =
            arith::MaxSIOp::create(body, loc, asIndex(c[0]), asIndex(c[1]));
        break;
      case ScalarOp::MinI:
        result =
            arith::MinSIOp::create(body, loc, asIndex(c[0]), asIndex(c[1]));
        break;
      case ScalarOp::FloorDiv:
      case ScalarOp::Mod: {
        Value by = writeSizeIn(body, n.indices.front().getConstant());
        if (!by)
          return {};
        SizeExpr low, high;
        if (evaluator.getRange(evaluator.getExprs().toIndex(n.children[0]), low,
                               high) &&
            evaluator.proveNonNegative(low)) {
          if (n.op == ScalarOp::Mod)
            result = arith::RemSIOp::create(body, loc, asIndex(c[0]), by);
          else
            result = arith::DivSIOp::create(body, loc, asIndex(c[0]), by);
          break;
        }
        // Floor semantics for any sign: the dividend can be negative.
        Value quotient =
            arith::FloorDivSIOp::create(body, loc, asIndex(c[0]), by);
        result = quotient;
        if (n.op == ScalarOp::Mod)
          result = arith::SubIOp::create(
              body, loc, asIndex(c[0]),
              arith::MulIOp::create(body, loc, quotient, by));
        break;
      }
      case ScalarOp::Table: {
        ArrayRef<int64_t> entries =
            cast<DenseI64ArrayAttr>(n.payload).asArrayRef();
        auto type = RankedTensorType::get(
            {static_cast<int64_t>(entries.size())}, body.getI64Type());
        Value table = arith::ConstantOp::create(
            body, loc, DenseElementsAttr::get(type, entries));
        Value at = arith::SubIOp::create(
            body, loc, asIndex(c[0]),
            arith::ConstantIndexOp::create(body, loc, n.aux));
        result = tensor::ExtractOp::create(body, loc, table, ValueRange(at));
        break;
      }
      case ScalarOp::Other: {
        // Integer operands were followed as index. A signed conversion to float
        // is the same from 64 bits; other ops may depend on the width.
        OperationState state(loc, *n.name);
        for (Value &value : c)
          if (value.getType().isIndex()) {
            if (n.name->getStringRef() != arith::SIToFPOp::getOperationName())
              return {};
            value =
                arith::IndexCastOp::create(body, loc, body.getI64Type(), value);
          }
        state.addOperands(c);
        state.addTypes(n.type);
        state.addAttributes(cast<DictionaryAttr>(n.payload).getValue());
        result = body.create(state)->getResult(0);
        break;
      }
      default:
        return {};
      }
    }
  }
  if (result)
    done[expr] = result;
  return result;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// An integer in another integer type.
static Value writeIntegerCast(OpBuilder &body, Value value, Type type) {
  Location loc = value.getLoc();
  Type from = value.getType();
  if (from == type)
    return value;
  if (from.isIndex() || type.isIndex())
    return arith::IndexCastOp::create(body, loc, type, value);
  if (from.getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth()) {
    if (from.isInteger(1))
      return arith::ExtUIOp::create(body, loc, type, value);
    return arith::ExtSIOp::create(body, loc, type, value);
  }
  return arith::TruncIOp::create(body, loc, type, value);
}

/// Writes the sums inside `expr` as tensors; false if one cannot be.
bool ExprWriter::prepareReductions(ExprId expr) {
  const ExprNode n = evaluator.getExprs().node(expr);
  if (n.kind == ExprKind::Reduce) {
    if (reductions.contains(expr))
      return true;
    if (!prepareReductions(n.children[0]))
      return false;
    Value sum = writeReduction(expr);
    reductions[expr] = sum;
    return static_cast<bool>(sum);
  }
  return llvm::all_of(n.children,
                      [&](ExprId child) { return prepareReductions(child); });
}

Value ExprWriter::writeTensor(ExprId expr, ArrayRef<VarId> vars, Type type) {
  ExprContext &exprs = evaluator.getExprs();
  if (!prepareReductions(expr))
    return {};
  if (!type)
    type = exprs.node(expr).type;
  SmallVector<OpFoldResult> shape;
  DenseMap<VarId, unsigned> position;
  SmallVector<SizeExpr> lows;
  for (VarId var : vars) {
    VarRange range = evaluator.getVarRange(var);
    std::optional<OpFoldResult> size = writeSize(range.high - range.low);
    if (!size)
      return {};
    position[var] = shape.size();
    lows.push_back(range.low);
    shape.push_back(*size);
  }
  for (VarId var : exprs.node(expr).freeVars)
    if (!position.contains(var))
      return {};
  Value init = tensor::EmptyOp::create(builder, loc, shape, type);
  SmallVector<AffineMap> maps = {builder.getMultiDimIdentityMap(vars.size())};
  SmallVector<utils::IteratorType> kinds(vars.size(),
                                         utils::IteratorType::parallel);
  bool good = true;
  auto generic = linalg::GenericOp::create(
      builder, loc, init.getType(), ValueRange(), ValueRange(init), maps, kinds,
      [&](OpBuilder &body, Location, ValueRange) {
        DenseMap<VarId, Value> indices;
        auto getVar = [&](VarId var) -> Value {
          auto it = position.find(var);
          if (it == position.end())
            return {};
          Value &index = indices[var];
          if (!index) {
            OpBuilder::InsertionGuard guard(body);
            body.setInsertionPointToStart(body.getInsertionBlock());
            index = linalg::IndexOp::create(body, loc, it->second);
            if (!lows[it->second].isZero()) {
              Value low = writeSizeIn(body, lows[it->second]);
              if (!low)
                return {};
              index = arith::AddIOp::create(body, loc, index, low);
            }
          }
          return index;
        };
        DenseMap<ExprId, Value> done;
        Value value = writeScalar(body, expr, getVar, nullptr, done);
        if (value && type.isInteger(1) && !value.getType().isInteger(1)) {
          Value zero = arith::ConstantOp::create(
              body, loc, body.getIntegerAttr(value.getType(), 0));
          value = arith::CmpIOp::create(body, loc, arith::CmpIPredicate::ne,
                                        value, zero);
        } else if (value && type.isIntOrIndex()) {
          value = writeIntegerCast(body, value, type);
        }
        good = value && value.getType() == type;
        if (!good)
          value = arith::ConstantOp::create(body, loc, body.getZeroAttr(type));
        linalg::YieldOp::create(body, loc, value);
      });
  if (!good) {
    generic.erase();
    return {};
  }
  return generic.getResult(0);
}

/// A sum over bound variables as a tensor over its free ones. Written before
/// the op whose body needs it.
Value ExprWriter::writeReduction(ExprId expr) {
  ExprContext &exprs = evaluator.getExprs();
  const ExprNode n = exprs.node(expr);
  if (n.op != ScalarOp::AddF)
    return {};
  // Free variables run through the box, where the expression is valid.
  SmallVector<VarId> vars(n.freeVars.begin(), n.freeVars.end());
  unsigned numFree = vars.size();
  vars.append(n.bound.begin(), n.bound.end());
  SmallVector<OpFoldResult> shape;
  SmallVector<OpFoldResult> boundShape;
  DenseMap<VarId, unsigned> position;
  for (auto [i, var] : llvm::enumerate(vars)) {
    VarRange range = i < numFree ? evaluator.getVarRange(var)
                                 : VarRange{SizeExpr(0), exprs.var(var).extent};
    std::optional<OpFoldResult> size = writeSize(range.high - range.low);
    if (!size)
      return {};
    position[var] = i;
    (i < numFree ? shape : boundShape).push_back(*size);
  }
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(n.type));
  Value init = tensor::EmptyOp::create(builder, loc, shape, n.type);
  init = linalg::FillOp::create(builder, loc, zero, init).getResult(0);
  // An operand that no map reads elements of gives the bound loops their
  // extents.
  Value shaper = tensor::EmptyOp::create(builder, loc, boundShape, n.type);
  MLIRContext *context = builder.getContext();
  SmallVector<AffineExpr> freeDims, boundDims;
  for (unsigned i = 0; i != vars.size(); ++i)
    (i < numFree ? freeDims : boundDims)
        .push_back(getAffineDimExpr(i, context));
  SmallVector<AffineMap> maps = {
      AffineMap::get(vars.size(), 0, boundDims, context),
      AffineMap::get(vars.size(), 0, freeDims, context)};
  SmallVector<utils::IteratorType> kinds(numFree,
                                         utils::IteratorType::parallel);
  kinds.append(n.bound.size(), utils::IteratorType::reduction);
  bool good = true;
  auto generic = linalg::GenericOp::create(
      builder, loc, init.getType(), ValueRange(shaper), ValueRange(init), maps,
      kinds, [&](OpBuilder &body, Location, ValueRange arguments) {
        auto getVar = [&](VarId var) -> Value {
          auto it = position.find(var);
          if (it == position.end())
            return {};
          Value index = linalg::IndexOp::create(body, loc, it->second);
          SizeExpr low = evaluator.getVarRange(var).low;
          if (it->second >= numFree || low.isZero())
            return index;
          Value offset = writeSizeIn(body, low);
          if (!offset)
            return {};
          return arith::AddIOp::create(body, loc, index, offset);
        };
        DenseMap<ExprId, Value> done;
        Value value = writeScalar(body, n.children[0], getVar, nullptr, done);
        good = value && value.getType() == n.type;
        Value sum = arguments[1];
        if (good)
          sum = arith::AddFOp::create(body, loc, sum, value);
        linalg::YieldOp::create(body, loc, sum);
      });
  if (!good) {
    generic.erase();
    return {};
  }
  return generic.getResult(0);
}
