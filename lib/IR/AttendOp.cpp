//===- AttendOp.cpp - one attention as one launch ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/Hydragen.h"
#include "hydragen/IR/HydragenEffects.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;

static int64_t getRank(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

LogicalResult AttendOp::verify() {
  // attend_c1
  unsigned numParts = getNumParts();
  if (numParts == 0 || getQueries().size() != numParts ||
      getKeys().size() != numParts || getValues().size() != numParts ||
      getScoreRegions().size() > 1)
    return emitOpError("expected one query, key and value per part, and one "
                       "region at most, but got ")
           << getQueries().size() << ", " << getKeys().size() << ", "
           << getValues().size() << " and " << getScoreRegions().size()
           << " for " << numParts << " parts";
  // attend_c2
  bool tensors = isa<TensorType>(getInit().getType());
  for (Value operand : getOperands())
    if (!operand.getType().isIndex() &&
        isa<TensorType>(operand.getType()) != tensors)
      return emitOpError("expected tensors or memrefs but got both");
  if (static_cast<bool>(getResult()) != tensors ||
      (tensors && getResult().getType() != getInit().getType()))
    return emitOpError("expected a result of the type of the tensor init");
  // attend_c3
  size_t indices = 0, extras = 0;
  int64_t dynamic = llvm::count_if(getRowSizes(), ShapedType::isDynamic);
  for (unsigned i = 0; i != numParts; ++i) {
    PartAttr part = getPart(i);
    indices += part.getIndices().size();
    extras += part.getExtras().size();
    dynamic += ShapedType::isDynamic(part.getKeyOffset());
    if (getRank(getQueries()[i]) !=
            part.getQuery().getValue().getNumResults() ||
        getRank(getKeys()[i]) != part.getKey().getValue().getNumResults() ||
        getRank(getValues()[i]) != part.getValue().getValue().getNumResults())
      return emitOpError("expected maps with one result per dim of the "
                         "operands of part ")
             << i;
    if (!part.coversAllRows() && part.getRowOffsets().size() !=
                                     static_cast<int64_t>(getRowSizes().size()))
      return emitOpError("expected one offset per row in part ") << i;
  }
  if (indices != getIndices().size() || extras != getExtras().size() ||
      dynamic != static_cast<int64_t>(getSizes().size()))
    return emitOpError("expected ")
           << indices << " indices, " << extras << " extras and " << dynamic
           << " sizes but got " << getIndices().size() << ", "
           << getExtras().size() << " and " << getSizes().size();
  // attend_c4
  if (static_cast<int64_t>(getOutputDims().size()) != 2 * getRank(getInit()))
    return emitOpError("expected a row and a stride per dim of the output");
  // attend_c5
  if (getSinkMaps().size() != getSinks().size() ||
      static_cast<bool>(getFactor()) != getFactorMap().has_value())
    return emitOpError("expected one map per sink and factor");
  // attend_c6
  for (Value count : getCounts()) {
    auto type = cast<ShapedType>(count.getType());
    if (type.getRank() != 0 || !(type.getElementType().isInteger(32) ||
                                 type.getElementType().isInteger(64)))
      return emitOpError("expected counts of one i32 or i64 but got ") << type;
  }
  for (unsigned i = 0; i != numParts; ++i)
    if (getPart(i).getCount() >= static_cast<int64_t>(getCounts().size()))
      return emitOpError("part ")
             << i << " wants count " << getPart(i).getCount() << " of "
             << getCounts().size();
  return success();
}

OperandRange AttendOp::getPartIndices(unsigned part) {
  unsigned begin = 0;
  for (unsigned i = 0; i != part; ++i)
    begin += getPart(i).getIndices().size();
  return getIndices().slice(begin, getPart(part).getIndices().size());
}

OperandRange AttendOp::getPartExtras(unsigned part) {
  unsigned begin = 0;
  for (unsigned i = 0; i != part; ++i)
    begin += getPart(i).getExtras().size();
  return getExtras().slice(begin, getPart(part).getExtras().size());
}

OpFoldResult AttendOp::getRowSize(unsigned row) {
  ArrayRef<int64_t> sizes = getRowSizes();
  if (!ShapedType::isDynamic(sizes[row]))
    return Builder(getContext()).getIndexAttr(sizes[row]);
  return getSizes()[llvm::count_if(sizes.take_front(row),
                                   ShapedType::isDynamic)];
}

OpFoldResult AttendOp::getKeyOffset(unsigned part) {
  int64_t offset = getPart(part).getKeyOffset();
  if (!ShapedType::isDynamic(offset))
    return Builder(getContext()).getIndexAttr(offset);
  unsigned number = llvm::count_if(getRowSizes(), ShapedType::isDynamic);
  for (unsigned i = 0; i != part; ++i)
    number += ShapedType::isDynamic(getPart(i).getKeyOffset());
  return getSizes()[number];
}

void AttendOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDestinationStyleEffects(getOperation(), effects);
}

LogicalResult
AttendOp::reifyResultShapes(OpBuilder &builder,
                            ReifiedRankedShapedTypeDims &reified) {
  return reifyInitShapes(builder, getOperation(), reified);
}
