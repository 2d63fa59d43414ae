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
//===----------------------------------------------------------------------===//

#include "RaiseDetail.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;

bool hydragen::isForeignAttention(Operation *op) {
  return op->getName().getStringRef() == "tm_tensor.attention";
}

AttentionOp hydragen::raiseForeignAttention(Operation *op,
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
