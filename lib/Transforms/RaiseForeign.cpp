//===- RaiseForeign.cpp - attention ops of other projects -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tm_tensor.attention is what torch-mlir leaves of scaled_dot_product_attention
// when it is not decomposed. It comes in generic form, since nobody here
// registers its dialect. Its meaning is taken from TMTensorOps.cpp of
// torch-mlir (AttentionOp::generateScalarImplementation): scores divided by
// sqrt(d), then a mask that is added (booleans as 0 and -inf), then a softmax
// that gives 0 where the sum of a row is 0.
//
// iree_linalg_ext.attention is what IREE makes of it. Its meaning is taken from
// AttentionOp::decomposeOperation (AggregatedOpInterfaceImpl.cpp of IREE):
// scores times the scale, the region, a mask that is added (booleans as 0 and
// -inf), a softmax that divides 0 by 0 where a row has no visible key. The
// region sees scores in base 2 there, which the op does not say: only one that
// changes nothing is read.
//===----------------------------------------------------------------------===//

#include "RaiseDetail.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Verifier.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;

static constexpr StringLiteral kTMTensor = "tm_tensor.attention";
static constexpr StringLiteral kIREE = "iree_linalg_ext.attention";

bool hydragen::isForeignAttention(Operation *op) {
  StringRef name = op->getName().getStringRef();
  return name == kTMTensor || name == kIREE;
}

//===----------------------------------------------------------------------===//
// tm_tensor.attention
//===----------------------------------------------------------------------===//

static AttentionOp raiseTMTensor(Operation *op,
                                 std::optional<Refusal> &refusal) {
  auto refuse = [&](const Twine &detail) -> AttentionOp {
    refusal = Refusal{RefusalReason::NotRepresentable, detail.str()};
    return {};
  };
  unsigned numOperands = op->getNumOperands();
  if ((numOperands != 4 && numOperands != 5) || op->getNumResults() != 1 ||
      op->getNumRegions() != 0)
    return refuse("an attention op without query, key, value and output");
  auto getType = [&](unsigned i) {
    return dyn_cast<RankedTensorType>(op->getOperand(i).getType());
  };
  auto isFloat = [](Type type) {
    return type.isF16() || type.isBF16() || type.isF32() || type.isF64();
  };
  bool hasMask = numOperands == 5;
  int64_t rank = getType(0) ? getType(0).getRank() : 0;
  for (unsigned i = 0; i != numOperands; ++i) {
    RankedTensorType type = getType(i);
    if (!type || type.getRank() != rank || rank < 2)
      return refuse("operands of several ranks");
    bool isMask = hasMask && i == 3;
    if (!isFloat(type.getElementType()) &&
        !(isMask && type.getElementType().isInteger(1)))
      return refuse("an element type is not a float");
  }
  int64_t depth = getType(0).getDimSize(rank - 1);
  if (ShapedType::isDynamic(depth) || depth == 0)
    return refuse("the scale depends on an unknown extent");
  for (unsigned i : {1u, 2u})
    for (int64_t dim = 0; dim != rank - 2; ++dim)
      if (getType(i).getDimSize(dim) != getType(0).getDimSize(dim))
        return refuse("keys are broadcast over the leading dims");

  // (leading..., m, e, n, d)
  MLIRContext *context = op->getContext();
  OpBuilder builder(op);
  Location loc = op->getLoc();
  unsigned lead = rank - 2, numDims = rank + 2;
  auto map = [&](unsigned dims, unsigned a, unsigned b) {
    SmallVector<AffineExpr> results;
    for (unsigned i = 0; i != lead; ++i)
      results.push_back(builder.getAffineDimExpr(i));
    results.push_back(builder.getAffineDimExpr(a));
    results.push_back(builder.getAffineDimExpr(b));
    return AffineMap::get(dims, 0, results, context);
  };
  unsigned m = lead, e = lead + 1, n = lead + 2, d = lead + 3;
  SmallVector<Value> extras, sizes;
  SmallVector<AffineMap> extraMaps;
  SmallVector<Attribute> mods;
  if (hasMask) {
    extras.push_back(op->getOperand(3));
    extraMaps.push_back(map(rank, lead, lead + 1));
    if (getType(3).getElementType().isInteger(1))
      mods.push_back(MaskAttr::get(context, 0, FloatAttr(), MaskMode::Replace));
    else
      mods.push_back(BiasAttr::get(context, 0));
  }
  int64_t keys = getType(1).getDimSize(rank - 2);
  if (ShapedType::isDynamic(keys))
    sizes.push_back(
        tensor::DimOp::create(builder, loc, op->getOperand(1), rank - 2));
  auto segment = SegmentAttr::get(context, /*begin=*/0, keys,
                                  {map(numDims, n, d)}, map(numDims, n, e));
  Value init = op->getOperands().back();
  auto result = AttentionOp::create(
      builder, loc, TypeRange(init.getType()), op->getOperand(0),
      op->getOperand(1), op->getOperand(2), ValueRange(), extras, ValueRange(),
      Value(), ValueRange(), sizes, ValueRange(init),
      builder.getAffineMapArrayAttr({map(numDims, m, d)}),
      AffineMapAttr::get(map(numDims, m, e)), builder.getArrayAttr({segment}),
      builder.getAffineMapArrayAttr({}),
      builder.getAffineMapArrayAttr(extraMaps),
      builder.getAffineMapArrayAttr({}), AffineMapAttr(),
      builder.getAffineMapArrayAttr({}),
      builder.getF64FloatAttr(1 / std::sqrt(static_cast<double>(depth))),
      builder.getArrayAttr(mods),
      MaskedRowsAttr::get(context, MaskedRows::Zero), UnitAttr());
  if (result.getOutput().getType() != op->getResult(0).getType()) {
    result.erase();
    return refuse("the output has another type than its destination");
  }
  op->getResult(0).replaceAllUsesWith(result.getOutput());
  op->erase();
  return result;
}

//===----------------------------------------------------------------------===//
// iree_linalg_ext.attention
//===----------------------------------------------------------------------===//

/// A region whose result is its argument.
static bool isIdentity(Region &region) {
  if (region.empty())
    return true;
  if (!region.hasOneBlock() || region.getNumArguments() != 1)
    return false;
  Block &block = region.front();
  return llvm::hasSingleElement(block) && block.front().getNumOperands() == 1 &&
         block.front().getNumResults() == 0 &&
         block.front().getOperand(0) == region.getArgument(0);
}

/// The constant behind a scalar and its casts, each of which rounds.
static std::optional<double> getConstantScale(Value scale) {
  if (auto extend = scale.getDefiningOp<arith::ExtFOp>())
    return getConstantScale(extend.getIn());
  if (auto truncate = scale.getDefiningOp<arith::TruncFOp>()) {
    std::optional<double> wide = getConstantScale(truncate.getIn());
    if (!wide)
      return std::nullopt;
    APFloat value(*wide);
    bool inexact;
    value.convert(cast<FloatType>(scale.getType()).getFloatSemantics(),
                  APFloat::rmNearestTiesToEven, &inexact);
    return value.convertToDouble();
  }
  FloatAttr constant;
  if (matchPattern(scale, m_Constant(&constant)))
    return constant.getValueAsDouble();
  return std::nullopt;
}

/// The queries times a scale that is known at run time, in f32 at least.
static Value scaleQueries(OpBuilder &builder, Location loc, Value query,
                          Value scale) {
  auto type = cast<RankedTensorType>(query.getType());
  Type wide = type.getElementType().isF64() || scale.getType().isF64()
                  ? builder.getF64Type()
                  : Type(builder.getF32Type());
  auto widen = [&](OpBuilder &at, Value value) -> Value {
    return value.getType() == wide
               ? value
               : arith::ExtFOp::create(at, loc, wide, value).getResult();
  };
  scale = widen(builder, scale);
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, query), wide);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> kinds(type.getRank(),
                                         utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, init.getType(), query, init, {identity, identity},
             kinds,
             [&](OpBuilder &body, Location, ValueRange arguments) {
               Value product = arith::MulFOp::create(
                   body, loc, widen(body, arguments[0]), scale);
               linalg::YieldOp::create(body, loc, product);
             })
      .getResult(0);
}

static AttentionOp raiseIREE(Operation *op, std::optional<Refusal> &refusal) {
  auto refuse = [&](const Twine &detail) -> AttentionOp {
    refusal = Refusal{RefusalReason::NotRepresentable, detail.str()};
    return {};
  };
  unsigned numOperands = op->getNumOperands();
  if ((numOperands != 5 && numOperands != 6) || op->getNumResults() != 1 ||
      op->getNumRegions() > 1)
    return refuse(
        "an attention op without query, key, value, scale and output");
  bool hasMask = numOperands == 6;
  Value scale = op->getOperand(3), init = op->getOperands().back();
  auto isFloat = [](Type type) {
    return type.isF16() || type.isBF16() || type.isF32() || type.isF64();
  };
  if (!isFloat(scale.getType()))
    return refuse("the scale is not a float");

  // Maps of query, key, value, scale, mask and output over one domain.
  auto attribute = op->getAttrOfType<ArrayAttr>("indexing_maps");
  if (!attribute || attribute.size() != numOperands ||
      !llvm::all_of(attribute, llvm::IsaPred<AffineMapAttr>))
    return refuse("an indexing map per operand is missing");
  SmallVector<AffineMap> maps =
      llvm::to_vector(attribute.getAsValueRange<AffineMapAttr>());
  unsigned numDims = maps.front().getNumDims();
  for (auto [i, map] : llvm::enumerate(maps)) {
    if (i == 3)
      continue;
    auto type = dyn_cast<RankedTensorType>(op->getOperand(i).getType());
    if (!type || map.getNumDims() != numDims || map.getNumSymbols() != 0 ||
        !map.isProjectedPermutation() || map.getNumResults() != type.getRank())
      return refuse("an indexing map does not fit its operand");
    bool isMask = hasMask && i == 4;
    if (!isFloat(type.getElementType()) &&
        !(isMask && type.getElementType().isInteger(1)))
      return refuse("an element type is not a float");
  }
  AffineMap query = maps[0], key = maps[1], value = maps[2], out = maps.back();
  SmallVector<unsigned> rows, keys;
  for (unsigned dim = 0; dim != numDims; ++dim) {
    bool inQuery = query.isFunctionOfDim(dim), inKey = key.isFunctionOfDim(dim),
         inValue = value.isFunctionOfDim(dim);
    if (out.isFunctionOfDim(dim)) {
      if (inQuery || inKey || !inValue)
        rows.push_back(dim);
    } else if (!inQuery && inKey && inValue) {
      keys.push_back(dim);
    } else if (inValue || (inQuery != inKey)) {
      return refuse("a dim is no row, key, contraction or column");
    }
  }
  if (keys.size() != 1)
    return refuse("keys of more or less than one dim");
  if (op->getNumRegions() == 1 && !isIdentity(op->getRegion(0)))
    return refuse("a region that changes scores, whose base is not defined");

  MLIRContext *context = op->getContext();
  OpBuilder builder(op);
  Location loc = op->getLoc();
  SmallVector<Value> extras, sizes;
  SmallVector<AffineMap> extraMaps;
  SmallVector<Attribute> mods;
  if (hasMask) {
    SmallVector<AffineExpr> position;
    for (AffineExpr result : maps[4].getResults()) {
      unsigned dim = cast<AffineDimExpr>(result).getPosition();
      const auto *row = llvm::find(rows, dim);
      if (row == rows.end() && dim != keys.front())
        return refuse("a mask that depends on more than the row and the key");
      position.push_back(builder.getAffineDimExpr(row - rows.begin()));
    }
    extras.push_back(op->getOperand(4));
    extraMaps.push_back(AffineMap::get(rows.size() + 1, 0, position, context));
    if (getElementTypeOrSelf(extras.front().getType()).isInteger(1))
      mods.push_back(MaskAttr::get(context, 0, FloatAttr(), MaskMode::Add));
    else
      mods.push_back(BiasAttr::get(context, 0));
  }
  unsigned keyPosition =
      *key.getResultPosition(builder.getAffineDimExpr(keys.front()));
  int64_t numKeys = cast<RankedTensorType>(op->getOperand(1).getType())
                        .getDimSize(keyPosition);
  if (ShapedType::isDynamic(numKeys))
    sizes.push_back(
        tensor::DimOp::create(builder, loc, op->getOperand(1), keyPosition));
  std::optional<double> factor = getConstantScale(scale);
  Value queries = op->getOperand(0);
  if (!factor)
    queries = scaleQueries(builder, loc, queries, scale);
  auto segment = SegmentAttr::get(context, /*begin=*/0, numKeys, {key}, value);
  auto result = AttentionOp::create(
      builder, loc, TypeRange(init.getType()), queries, op->getOperand(1),
      op->getOperand(2), ValueRange(), extras, ValueRange(), Value(),
      ValueRange(), sizes, ValueRange(init),
      builder.getAffineMapArrayAttr({query}), AffineMapAttr::get(out),
      builder.getArrayAttr({segment}), builder.getAffineMapArrayAttr({}),
      builder.getAffineMapArrayAttr(extraMaps),
      builder.getAffineMapArrayAttr({}), AffineMapAttr(),
      builder.getAffineMapArrayAttr({}),
      builder.getF64FloatAttr(factor.value_or(1.0)), builder.getArrayAttr(mods),
      MaskedRowsAttr::get(context, MaskedRows::NaN), UnitAttr());
  // Extents that do not fit are the verifier's to find.
  std::string problem;
  {
    ScopedDiagnosticHandler quiet(context, [&](Diagnostic &diagnostic) {
      problem = diagnostic.str();
      return success();
    });
    if (op->getResult(0).getType() != init.getType())
      problem = "the output has another type than its destination";
    else if (succeeded(mlir::verify(result)))
      problem.clear();
  }
  if (!problem.empty()) {
    result.erase();
    return refuse(problem);
  }
  op->getResult(0).replaceAllUsesWith(result.getOutput());
  op->erase();
  return result;
}

AttentionOp hydragen::raiseForeignAttention(Operation *op,
                                            std::optional<Refusal> &refusal) {
  return op->getName().getStringRef() == kIREE ? raiseIREE(op, refusal)
                                               : raiseTMTensor(op, refusal);
}
