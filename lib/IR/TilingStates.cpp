//===- TilingStates.cpp - tiling of combine, finalize, state_lse *- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TilingDetail.h"

#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::tiling;

static unsigned rankOf(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

static SmallVector<Range> getDomain(OpBuilder &b,
                                    ArrayRef<OpFoldResult> extents) {
  SmallVector<Range> domain;
  for (OpFoldResult extent : extents)
    domain.push_back({b.getIndexAttr(0), extent, b.getIndexAttr(1)});
  return domain;
}

/// The op again, on other operands and, if given, other attributes.
static TilingResult buildTile(OpBuilder &b, Operation *op,
                              ArrayRef<Value> operands,
                              ArrayRef<Operation *> slices,
                              std::optional<NamedAttrList> attributes = {}) {
  unsigned numInits = cast<DestinationStyleOpInterface>(op).getNumDpsInits();
  OperationState state(op->getLoc(), op->getName(), operands,
                       getResultTypes(operands.take_back(numInits)),
                       attributes ? *attributes
                                  : NamedAttrList(op->getAttrs()));
  Operation *tiled = b.create(state);
  return TilingResult{{tiled},
                      SmallVector<Value>(tiled->getResults()),
                      SmallVector<Operation *>(slices)};
}

/// Slices the leading dims of `value` to the tile; further dims stay whole.
static Value sliceLeading(OpBuilder &b, Location loc, Value value,
                          ArrayRef<OpFoldResult> offsets,
                          ArrayRef<OpFoldResult> sizes,
                          SmallVectorImpl<Operation *> &slices) {
  unsigned rank = rankOf(value);
  Box box{SmallVector<OpFoldResult>(rank), SmallVector<OpFoldResult>(rank)};
  for (unsigned i = 0, e = std::min<size_t>(rank, sizes.size()); i != e; ++i) {
    box.offsets[i] = offsets[i];
    box.sizes[i] = sizes[i];
  }
  return sliceOperand(b, loc, value, b.getMultiDimIdentityMap(rank), box,
                      slices);
}

namespace {
//===----------------------------------------------------------------------===//
// CombineOp
//===----------------------------------------------------------------------===//

/// Loops: the states if stacked (the state passes through), the rows. Values
/// are whole, since m and l have none.
struct CombineTiling
    : TilingInterface::ExternalModel<CombineTiling, CombineOp> {
  static unsigned getNumLeading(Operation *op) {
    return cast<CombineOp>(op).getStacked() ? 1 : 0;
  }

  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    SmallVector<utils::IteratorType> iterators(getNumLeading(op),
                                               utils::IteratorType::reduction);
    iterators.append(rankOf(cast<CombineOp>(op).getInits()[1]),
                     utils::IteratorType::parallel);
    return iterators;
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op);
    auto combine = cast<CombineOp>(op);
    SmallVector<OpFoldResult> extents = tiling::getMixedSizes(
        b, op->getLoc(),
        combine.getStacked() ? combine.getStates()[1] : combine.getInits()[1]);
    return getDomain(b, extents);
  }

  FailureOr<TilingResult>
  getTiledImplementation(Operation *op, OpBuilder &b,
                         ArrayRef<OpFoldResult> offsets,
                         ArrayRef<OpFoldResult> sizes) const {
    auto combine = cast<CombineOp>(op);
    SmallVector<Operation *> slices;
    SmallVector<Value> operands;
    for (Value state : combine.getStates())
      operands.push_back(
          sliceLeading(b, op->getLoc(), state, offsets, sizes, slices));
    unsigned leading = getNumLeading(op);
    for (Value init : combine.getInits())
      operands.push_back(sliceLeading(b, op->getLoc(), init,
                                      offsets.drop_front(leading),
                                      sizes.drop_front(leading), slices));
    return buildTile(b, op, operands, slices);
  }

  LogicalResult
  getResultTilePosition(Operation *op, OpBuilder &b, unsigned resultNumber,
                        ArrayRef<OpFoldResult> offsets,
                        ArrayRef<OpFoldResult> sizes,
                        SmallVector<OpFoldResult> &resultOffsets,
                        SmallVector<OpFoldResult> &resultSizes) const {
    unsigned leading = getNumLeading(op);
    resultOffsets.assign(offsets.begin() + leading, offsets.end());
    resultSizes.assign(sizes.begin() + leading, sizes.end());
    SmallVector<OpFoldResult> shape = tiling::getMixedSizes(
        b, op->getLoc(), cast<CombineOp>(op).getInits()[resultNumber]);
    for (unsigned i = resultSizes.size(); i != shape.size(); ++i) {
      resultOffsets.push_back(b.getIndexAttr(0));
      resultSizes.push_back(shape[i]);
    }
    return success();
  }
};

//===----------------------------------------------------------------------===//
// FinalizeOp
//===----------------------------------------------------------------------===//

/// Loops: rows and values.
struct FinalizeTiling
    : TilingInterface::ExternalModel<FinalizeTiling, FinalizeOp> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    return SmallVector<utils::IteratorType>(
        rankOf(cast<FinalizeOp>(op).getInit()), utils::IteratorType::parallel);
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op);
    return getDomain(b, tiling::getMixedSizes(b, op->getLoc(),
                                              cast<FinalizeOp>(op).getInit()));
  }

  /// Slices `operand` along bare row dims of `map`. A row dim in any other
  /// expression must start at 0 in the tile.
  static FailureOr<Value> sliceRows(OpBuilder &b, Operation *op, Value operand,
                                    AffineMap map, const Box &box,
                                    SmallVectorImpl<Operation *> &slices) {
    for (AffineExpr result : map.getResults())
      for (unsigned dim = 0; dim != map.getNumDims(); ++dim)
        if (!isa<AffineDimExpr>(result) && result.isFunctionOfDim(dim) &&
            !isZeroInteger(box.offsets[dim]))
          return LogicalResult(op->emitOpError("cannot be tiled over row dim ")
                               << dim << ", which is not a bare result in "
                               << AffineMapAttr::get(map));
    return sliceOperand(b, op->getLoc(), operand, map, box, slices);
  }

  FailureOr<TilingResult>
  getTiledImplementation(Operation *op, OpBuilder &b,
                         ArrayRef<OpFoldResult> offsets,
                         ArrayRef<OpFoldResult> sizes) const {
    auto finalize = cast<FinalizeOp>(op);
    Location loc = op->getLoc();
    SmallVector<Operation *> slices;
    SmallVector<Value> operands;
    Box box{SmallVector<OpFoldResult>(offsets),
            SmallVector<OpFoldResult>(sizes)};
    for (Value state : {finalize.getO(), finalize.getM(), finalize.getL()})
      operands.push_back(sliceLeading(b, loc, state, offsets, sizes, slices));
    SmallVector<std::pair<Value, AffineMap>> others;
    for (auto [sink, map] : llvm::zip_equal(
             finalize.getSinks(),
             finalize.getSinkMaps().getAsValueRange<AffineMapAttr>()))
      others.emplace_back(sink, map);
    if (finalize.getFactor())
      others.emplace_back(finalize.getFactor(), *finalize.getFactorMap());
    for (auto [operand, map] : others) {
      FailureOr<Value> slice = sliceRows(b, op, operand, map, box, slices);
      if (failed(slice))
        return failure();
      operands.push_back(*slice);
    }
    operands.push_back(
        sliceLeading(b, loc, finalize.getInit(), offsets, sizes, slices));
    return buildTile(b, op, operands, slices);
  }

  LogicalResult
  getResultTilePosition(Operation *op, OpBuilder &b, unsigned resultNumber,
                        ArrayRef<OpFoldResult> offsets,
                        ArrayRef<OpFoldResult> sizes,
                        SmallVector<OpFoldResult> &resultOffsets,
                        SmallVector<OpFoldResult> &resultSizes) const {
    resultOffsets.assign(offsets.begin(), offsets.end());
    resultSizes.assign(sizes.begin(), sizes.end());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// StateLseOp
//===----------------------------------------------------------------------===//

/// Loops: rows.
struct StateLseTiling
    : TilingInterface::ExternalModel<StateLseTiling, StateLseOp> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    return SmallVector<utils::IteratorType>(
        rankOf(cast<StateLseOp>(op).getInit()), utils::IteratorType::parallel);
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op);
    return getDomain(b, tiling::getMixedSizes(b, op->getLoc(),
                                              cast<StateLseOp>(op).getInit()));
  }

  FailureOr<TilingResult>
  getTiledImplementation(Operation *op, OpBuilder &b,
                         ArrayRef<OpFoldResult> offsets,
                         ArrayRef<OpFoldResult> sizes) const {
    SmallVector<Operation *> slices;
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(
          sliceLeading(b, op->getLoc(), operand, offsets, sizes, slices));
    return buildTile(b, op, operands, slices);
  }

  LogicalResult
  getResultTilePosition(Operation *op, OpBuilder &b, unsigned resultNumber,
                        ArrayRef<OpFoldResult> offsets,
                        ArrayRef<OpFoldResult> sizes,
                        SmallVector<OpFoldResult> &resultOffsets,
                        SmallVector<OpFoldResult> &resultSizes) const {
    resultOffsets.assign(offsets.begin(), offsets.end());
    resultSizes.assign(sizes.begin(), sizes.end());
    return success();
  }
};
} // namespace

void hydragen::tiling::registerStateTiling(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, HydragenDialect *dialect) {
    context->loadDialect<affine::AffineDialect, memref::MemRefDialect,
                         tensor::TensorDialect>();
    CombineOp::attachInterface<CombineTiling>(*context);
    FinalizeOp::attachInterface<FinalizeTiling>(*context);
    StateLseOp::attachInterface<StateLseTiling>(*context);
  });
}
