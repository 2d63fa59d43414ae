//===- StateOps.cpp - combine, finalize, state_lse --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/Hydragen.h"
#include "hydragen/IR/HydragenEffects.h"
#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

static ShapedType typeOf(Value value) {
  return cast<ShapedType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Shared
//===----------------------------------------------------------------------===//

void hydragen::getDestinationStyleEffects(
    Operation *op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  auto dps = cast<DestinationStyleOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(MemoryEffects::Read::get(), &operand, /*stage=*/0,
                         /*effectOnFullRegion=*/true,
                         SideEffects::DefaultResource::get());
    if (dps.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand, /*stage=*/1,
                           /*effectOnFullRegion=*/true,
                           SideEffects::DefaultResource::get());
  }
}

LogicalResult hydragen::reifyInitShapes(OpBuilder &builder, Operation *op,
                                        ReifiedRankedShapedTypeDims &reified) {
  auto dps = cast<DestinationStyleOpInterface>(op);
  if (op->getNumResults() == 0)
    return failure();
  for (Value init : dps.getDpsInits())
    reified.push_back(tensor::getMixedSizes(builder, op->getLoc(), init));
  return success();
}

/// state_c1: o, m, l of f32 or f64, m and l of the leading shape of o.
static LogicalResult verifyState(Operation *op, ValueRange state,
                                 unsigned numLeading = 0) {
  ShapedType o = typeOf(state[0]), m = typeOf(state[1]), l = typeOf(state[2]);
  Type element = o.getElementType();
  if (!isa<Float32Type, Float64Type>(element) ||
      m.getElementType() != element || l.getElementType() != element)
    return op->emitOpError("expected a state of f32 or f64 but got ")
           << o << ", " << m << ", " << l;
  if (m.getRank() > o.getRank() ||
      m.getRank() < static_cast<int64_t>(numLeading) ||
      failed(verifyCompatibleShape(m.getShape(),
                                   o.getShape().take_front(m.getRank()))) ||
      failed(verifyCompatibleShapes({m, l})))
    return op->emitOpError("expected m and l of the row shape of o but got ")
           << o << ", " << m << ", " << l;
  return success();
}

/// state_c2: all tensors with results or all memrefs without.
static LogicalResult verifySemantics(Operation *op) {
  auto dps = cast<DestinationStyleOpInterface>(op);
  bool tensors = isa<TensorType>(dps.getDpsInits().front().getType());
  for (Value operand : op->getOperands())
    if (isa<TensorType>(operand.getType()) != tensors)
      return op->emitOpError("expected tensors or memrefs but got both");
  SmallVector<Type> expected;
  if (tensors)
    for (Value init : dps.getDpsInits())
      expected.push_back(init.getType());
  if (!llvm::equal(op->getResultTypes(), expected))
    return op->emitOpError("expected results of the types of the tensor inits");
  return success();
}

//===----------------------------------------------------------------------===//
// CombineOp
//===----------------------------------------------------------------------===//

LogicalResult CombineOp::verify() {
  // combine_c1
  if (getInits().size() != 3 || getStates().empty() ||
      getStates().size() % 3 != 0 || (getStacked() && getStates().size() != 3))
    return emitOpError("expected ")
           << (getStacked() ? "one stacked state" : "states of three operands")
           << " and three inits but got " << getStates().size() << " and "
           << getInits().size();
  if (failed(verifySemantics(*this)) || failed(verifyState(*this, getInits())))
    return failure();
  for (unsigned i = 0, e = getStates().size(); i != e; i += 3)
    if (failed(verifyState(*this, getStates().slice(i, 3), getStacked())))
      return failure();
  // combine_c2
  for (auto [i, state] : llvm::enumerate(getStates())) {
    ShapedType type = typeOf(state), init = typeOf(getInits()[i % 3]);
    if (type.getRank() != init.getRank() + (getStacked() ? 1 : 0) ||
        type.getElementType() != init.getElementType() ||
        failed(verifyCompatibleShape(
            type.getShape().drop_front(getStacked() ? 1 : 0), init.getShape())))
      return emitOpError("expected states of the shape of the outs but got ")
             << type << " and " << init;
  }
  return success();
}

LogicalResult
CombineOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &reified) {
  return reifyInitShapes(builder, getOperation(), reified);
}

void CombineOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDestinationStyleEffects(getOperation(), effects);
}

//===----------------------------------------------------------------------===//
// FinalizeOp
//===----------------------------------------------------------------------===//

LogicalResult FinalizeOp::verify() {
  if (failed(verifySemantics(*this)) ||
      failed(verifyState(*this, {getO(), getM(), getL()})))
    return failure();
  // finalize_c1
  ShapedType init = typeOf(getInit()), o = typeOf(getO());
  if (!isAttentionFloat(init.getElementType()) ||
      failed(verifyCompatibleShape(init.getShape(), o.getShape())))
    return emitOpError("expected an output of the shape of o with f16, bf16, "
                       "f32 or f64 elements but got ")
           << init << " and " << o;
  // finalize_c2
  unsigned numRows = typeOf(getM()).getRank();
  auto check = [&](StringRef name, AffineMap map,
                   Value operand) -> LogicalResult {
    ShapedType type = typeOf(operand);
    if (map.getNumDims() != numRows || map.getNumSymbols() != 0 ||
        map.getNumResults() != type.getRank() ||
        !isa<FloatType>(type.getElementType()))
      return emitOpError("expected a ")
             << name << " of floats and its map from " << numRows << " rows to "
             << type.getRank() << " results but got "
             << AffineMapAttr::get(map);
    return success();
  };
  if (getSinkMaps().size() != getSinks().size() ||
      static_cast<bool>(getFactorMap()) != static_cast<bool>(getFactor()))
    return emitOpError("expected one map per sink and factor");
  for (auto [map, sink] :
       llvm::zip(getSinkMaps().getAsValueRange<AffineMapAttr>(), getSinks()))
    if (failed(check("sink", map, sink)))
      return failure();
  if (getFactor())
    return check("factor", *getFactorMap(), getFactor());
  return success();
}

LogicalResult
FinalizeOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &reified) {
  return reifyInitShapes(builder, getOperation(), reified);
}

void FinalizeOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDestinationStyleEffects(getOperation(), effects);
}

//===----------------------------------------------------------------------===//
// StateLseOp
//===----------------------------------------------------------------------===//

LogicalResult StateLseOp::verify() {
  if (failed(verifySemantics(*this)))
    return failure();
  // state_lse_c1
  ShapedType m = typeOf(getM()), l = typeOf(getL()), init = typeOf(getInit());
  if (!isa<Float32Type, Float64Type>(m.getElementType()) ||
      m.getElementType() != l.getElementType() ||
      m.getElementType() != init.getElementType() ||
      failed(verifyCompatibleShapes({m, l, init})))
    return emitOpError("expected m, l and the result of one shape and f32 or "
                       "f64 but got ")
           << m << ", " << l << ", " << init;
  return success();
}

LogicalResult
StateLseOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &reified) {
  return reifyInitShapes(builder, getOperation(), reified);
}

void StateLseOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDestinationStyleEffects(getOperation(), effects);
}
