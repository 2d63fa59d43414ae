//===- Tiling.cpp - tiling of the decomposed form ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/Tiling.h"

#include "TilingDetail.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;

SmallVector<OpFoldResult>
hydragen::tiling::getMixedSizes(OpBuilder &builder, Location loc, Value value) {
  if (isa<MemRefType>(value.getType()))
    return memref::getMixedSizes(builder, loc, value);
  return tensor::getMixedSizes(builder, loc, value);
}

Value hydragen::tiling::sliceValue(OpBuilder &builder, Location loc,
                                   Value operand,
                                   ArrayRef<OpFoldResult> offsets,
                                   ArrayRef<OpFoldResult> sizes,
                                   SmallVectorImpl<Operation *> &slices) {
  SmallVector<OpFoldResult> strides(offsets.size(), builder.getIndexAttr(1));
  Operation *slice;
  if (isa<MemRefType>(operand.getType()))
    slice = memref::SubViewOp::create(builder, loc, operand, offsets, sizes,
                                      strides);
  else
    slice = tensor::ExtractSliceOp::create(builder, loc, operand, offsets,
                                           sizes, strides);
  slices.push_back(slice);
  return slice->getResult(0);
}

Value hydragen::tiling::sliceOperand(OpBuilder &builder, Location loc,
                                     Value operand, AffineMap map,
                                     const Box &box,
                                     SmallVectorImpl<Operation *> &slices) {
  SmallVector<OpFoldResult> sizes = getMixedSizes(builder, loc, operand);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  bool whole = true;
  for (auto [i, result] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || !box.sizes[dim.getPosition()])
      continue;
    OpFoldResult offset = box.offsets[dim.getPosition()];
    OpFoldResult size = box.sizes[dim.getPosition()];
    whole &= isWhole(offset, size, sizes[i]);
    offsets[i] = offset;
    sizes[i] = size;
  }
  if (whole)
    return operand;
  return sliceValue(builder, loc, operand, offsets, sizes, slices);
}

OpFoldResult hydragen::tiling::addIndices(OpBuilder &builder, Location loc,
                                          OpFoldResult a, OpFoldResult b) {
  AffineExpr x, y;
  bindDims(builder.getContext(), x, y);
  return affine::makeComposedFoldedAffineApply(
      builder, loc, AffineMap::get(2, 0, x + y), {a, b});
}

/// Whether both are the same dim of the same value.
static bool isSameDim(OpFoldResult a, OpFoldResult b) {
  auto dimA = dyn_cast_or_null<Value>(a);
  auto dimB = dyn_cast_or_null<Value>(b);
  if (!dimA || !dimB)
    return false;
  auto same = [&](auto opA, auto opB) {
    return opA && opB && opA.getSource() == opB.getSource() &&
           opA.getConstantIndex() &&
           opA.getConstantIndex() == opB.getConstantIndex();
  };
  return same(dimA.getDefiningOp<tensor::DimOp>(),
              dimB.getDefiningOp<tensor::DimOp>()) ||
         same(dimA.getDefiningOp<memref::DimOp>(),
              dimB.getDefiningOp<memref::DimOp>());
}

bool hydragen::tiling::isWhole(OpFoldResult offset, OpFoldResult size,
                               OpFoldResult extent) {
  return isZeroInteger(offset) &&
         (isEqualConstantIntOrValue(size, extent) || isSameDim(size, extent));
}

SmallVector<Type> hydragen::tiling::getResultTypes(ValueRange inits) {
  SmallVector<Type> types;
  for (Value init : inits)
    if (isa<TensorType>(init.getType()))
      types.push_back(init.getType());
  return types;
}

void hydragen::registerTilingInterfaceExternalModels(
    DialectRegistry &registry) {
  tiling::registerPartialTiling(registry);
  tiling::registerStateTiling(registry);
}
