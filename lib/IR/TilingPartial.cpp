//===- TilingPartial.cpp - tiling of partial attentions ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TilingDetail.h"

#include "hydragen/IR/AttentionDims.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::tiling;

namespace {
/// Tiles of one partial attention. Loops are the rows, then the keys.
class PartialTiler {
public:
  explicit PartialTiler(Operation *operation)
      : op(cast<PartialAttentionOpInterface>(operation)), loc(op->getLoc()),
        dims(AttentionDims::get(op)) {
    loops.append(dims.rows);
    loops.append(dims.keys);
  }

  unsigned getNumRows() const { return dims.rows.size(); }

  SmallVector<utils::IteratorType> getIterators() const {
    SmallVector<utils::IteratorType> iterators(getNumRows(),
                                               utils::IteratorType::parallel);
    iterators.append(dims.keys.size(), utils::IteratorType::reduction);
    return iterators;
  }

  SmallVector<OpFoldResult> getExtents(OpBuilder &builder) const {
    SmallVector<OpFoldResult> extents;
    for (unsigned dim : loops)
      extents.push_back(getExtent(builder, op, dim));
    return extents;
  }

  /// The op on a tile, folding into `inits`, or into the tile of the op's inits
  /// if `inits` is empty.
  FailureOr<TilingResult> tile(OpBuilder &builder,
                               ArrayRef<OpFoldResult> offsets,
                               ArrayRef<OpFoldResult> sizes,
                               SmallVector<Value> inits = {}) {
    if (failed(verifyKeyTile(builder, offsets, sizes)))
      return failure();
    Box box{SmallVector<OpFoldResult>(dims.numDims),
            SmallVector<OpFoldResult>(dims.numDims)};
    for (auto [i, dim] : llvm::enumerate(loops)) {
      box.offsets[dim] = offsets[i];
      box.sizes[dim] = sizes[i];
    }
    SmallVector<Operation *> slices;
    SmallVector<Value> operands;
    SmallVector<int32_t> segments;
    auto append = [&](ValueRange values, ArrayRef<AffineMap> maps) {
      for (auto [value, map] : llvm::zip_equal(values, maps))
        operands.push_back(sliceOperand(builder, loc, value, map, box, slices));
      segments.push_back(values.size());
    };
    append(op.getQueries(), op.getQueryMapsVector());
    append(op.getKeys(), op.getKeyMapsVector());
    append(op.getValue(), op.getValueMap());
    append(op.getIndices(), op.getIndexMapsVector());
    // Extras are read at absolute positions.
    llvm::append_range(operands, op.getExtras());
    segments.push_back(op.getExtras().size());
    SmallVector<Value> dynamicOffsets;
    SmallVector<int64_t> staticOffsets;
    dispatchIndexOpFoldResults(getTileOffsets(builder, offsets), dynamicOffsets,
                               staticOffsets);
    llvm::append_range(operands, dynamicOffsets);
    segments.push_back(dynamicOffsets.size());
    if (inits.empty())
      for (auto [i, init] : llvm::enumerate(op.getInits()))
        inits.push_back(sliceOperand(builder, loc, init, getInitMap(builder, i),
                                     box, slices));
    llvm::append_range(operands, inits);
    segments.push_back(inits.size());

    NamedAttrList attributes(op->getAttrs());
    attributes.set("static_offsets",
                   builder.getDenseI64ArrayAttr(staticOffsets));
    attributes.set("operandSegmentSizes",
                   builder.getDenseI32ArrayAttr(segments));
    OperationState state(loc, op->getName(), operands, getResultTypes(inits),
                         attributes);
    Region *region = state.addRegion();
    IRMapping mapping;
    op.getScoreRegion().cloneInto(region, mapping);
    Operation *tiled = builder.create(state);
    return TilingResult{
        {tiled}, SmallVector<Value>(tiled->getResults()), slices};
  }

  /// Offsets and sizes of result `number` (o, m, l) in a tile.
  Box getResultTile(OpBuilder &builder, unsigned number,
                    ArrayRef<OpFoldResult> offsets,
                    ArrayRef<OpFoldResult> sizes) const {
    Box box{SmallVector<OpFoldResult>(offsets.take_front(getNumRows())),
            SmallVector<OpFoldResult>(sizes.take_front(getNumRows()))};
    if (number != 0)
      return box;
    for (unsigned dim : dims.values) {
      box.offsets.push_back(builder.getIndexAttr(0));
      box.sizes.push_back(getExtent(builder, op, dim));
    }
    return box;
  }

  /// Whether result tile `offsets`, `sizes` has whole rows of values. Builds no
  /// ops.
  bool hasWholeValues(ArrayRef<OpFoldResult> offsets,
                      ArrayRef<OpFoldResult> sizes) const {
    auto o = cast<ShapedType>(op.getInits()[0].getType());
    for (unsigned i = getNumRows(); i < offsets.size(); ++i) {
      if (!isZeroInteger(offsets[i]))
        return false;
      std::optional<int64_t> size = getConstantIntValue(sizes[i]);
      if (size && *size == o.getDimSize(i))
        continue;
      auto value = dyn_cast<Value>(sizes[i]);
      if (!value || !isExtentOf(value, op.getInits()[0], i))
        return false;
    }
    return true;
  }

private:
  /// Whether `value` is the extent of dim `dim` of `shaped` or of a result that
  /// has its shape.
  bool isExtentOf(Value value, Value shaped, int64_t dim) const {
    auto isSource = [&](Value source) {
      return source == shaped ||
             (op->getNumResults() != 0 && source == op->getResult(0));
    };
    if (auto tensorDim = value.getDefiningOp<tensor::DimOp>())
      return isSource(tensorDim.getSource()) &&
             tensorDim.getConstantIndex() == dim;
    return false;
  }

  AffineMap getInitMap(OpBuilder &builder, unsigned number) const {
    SmallVector<AffineExpr> results;
    for (unsigned dim : dims.rows)
      results.push_back(builder.getAffineDimExpr(dim));
    if (number == 0)
      for (unsigned dim : dims.values)
        results.push_back(builder.getAffineDimExpr(dim));
    return AffineMap::get(dims.numDims, 0, results, builder.getContext());
  }

  /// A tile's keys must be neighbours, since the tile numbers them row by row
  /// and modifications of the score see that number: behind the last key dim
  /// that is split, all are whole; before it the tile has one index.
  LogicalResult verifyKeyTile(OpBuilder &builder,
                              ArrayRef<OpFoldResult> offsets,
                              ArrayRef<OpFoldResult> sizes) {
    if (op.getScoreMods().empty())
      return success();
    ArrayRef<OpFoldResult> keyOffsets = offsets.drop_front(getNumRows());
    ArrayRef<OpFoldResult> keySizes = sizes.drop_front(getNumRows());
    unsigned first = 0;
    while (first != keySizes.size() && isOneInteger(keySizes[first]))
      ++first;
    for (unsigned i = first + 1; i < keySizes.size(); ++i)
      if (!isWhole(keyOffsets[i], keySizes[i],
                   getExtent(builder, op, dims.keys[i])))
        return op->emitOpError("cannot be tiled over key dim ")
               << dims.keys[i] << ": the keys of a tile must be neighbours for "
               << "the score modifications";
    return success();
  }

  /// The op's offsets plus the tile's, the key's from the row-major number.
  SmallVector<OpFoldResult> getTileOffsets(OpBuilder &builder,
                                           ArrayRef<OpFoldResult> offsets) {
    SmallVector<OpFoldResult> all =
        getMixedValues(op.getStaticOffsets(), op.getOffsets(), builder);
    for (unsigned row = 0; row != getNumRows(); ++row)
      all[row] = addIndices(builder, loc, all[row], offsets[row]);
    OpFoldResult key = builder.getIndexAttr(0);
    AffineExpr a, b, size;
    bindDims(builder.getContext(), a, b);
    bindSymbols(builder.getContext(), size);
    AffineMap next = AffineMap::get(2, 1, a * size + b);
    for (auto [dim, offset] :
         llvm::zip_equal(dims.keys, offsets.drop_front(getNumRows())))
      key = affine::makeComposedFoldedAffineApply(
          builder, loc, next, {key, offset, getExtent(builder, op, dim)});
    all.back() = addIndices(builder, loc, all.back(), key);
    return all;
  }

  mutable PartialAttentionOpInterface op; // a handle; its getters are not const
  Location loc;
  AttentionDims dims;
  SmallVector<unsigned> loops;
};

template <typename OpTy>
struct PartialTiling
    : TilingInterface::ExternalModel<PartialTiling<OpTy>, OpTy> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    return PartialTiler(op).getIterators();
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op);
    SmallVector<Range> domain;
    for (OpFoldResult extent : PartialTiler(op).getExtents(b))
      domain.push_back({b.getIndexAttr(0), extent, b.getIndexAttr(1)});
    return domain;
  }

  FailureOr<TilingResult>
  getTiledImplementation(Operation *op, OpBuilder &b,
                         ArrayRef<OpFoldResult> offsets,
                         ArrayRef<OpFoldResult> sizes) const {
    return PartialTiler(op).tile(b, offsets, sizes);
  }

  LogicalResult
  getResultTilePosition(Operation *op, OpBuilder &b, unsigned resultNumber,
                        ArrayRef<OpFoldResult> offsets,
                        ArrayRef<OpFoldResult> sizes,
                        SmallVector<OpFoldResult> &resultOffsets,
                        SmallVector<OpFoldResult> &resultSizes) const {
    Box box = PartialTiler(op).getResultTile(b, resultNumber, offsets, sizes);
    resultOffsets = box.offsets;
    resultSizes = box.sizes;
    return success();
  }

  LogicalResult getIterationDomainTileFromResultTile(
      Operation *op, OpBuilder &b, unsigned resultNumber,
      ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
      SmallVectorImpl<OpFoldResult> &domainOffsets,
      SmallVectorImpl<OpFoldResult> &domainSizes) const {
    PartialTiler tiler(op);
    if (!tiler.hasWholeValues(offsets, sizes))
      return failure();
    SmallVector<OpFoldResult> extents = tiler.getExtents(b);
    for (unsigned i = 0; i != extents.size(); ++i) {
      bool row = i < tiler.getNumRows();
      domainOffsets.push_back(row ? offsets[i]
                                  : OpFoldResult(b.getIndexAttr(0)));
      domainSizes.push_back(row ? sizes[i] : extents[i]);
    }
    return success();
  }

  FailureOr<TilingResult>
  generateResultTileValue(Operation *op, OpBuilder &b, unsigned resultNumber,
                          ArrayRef<OpFoldResult> offsets,
                          ArrayRef<OpFoldResult> sizes) const {
    SmallVector<OpFoldResult> domainOffsets, domainSizes;
    if (failed(getIterationDomainTileFromResultTile(
            op, b, resultNumber, offsets, sizes, domainOffsets, domainSizes)))
      return failure();
    FailureOr<TilingResult> tile =
        getTiledImplementation(op, b, domainOffsets, domainSizes);
    if (failed(tile))
      return failure();
    return TilingResult{tile->tiledOps,
                        {tile->tiledValues[resultNumber]},
                        tile->generatedSlices};
  }

  bool isOpFusableWithConsumerSlice(Operation *op, unsigned resultNumber,
                                    ArrayRef<OpFoldResult> offsets,
                                    ArrayRef<OpFoldResult> sizes) const {
    return PartialTiler(op).hasWholeValues(offsets, sizes);
  }
};

/// Split KV: state number in front, one state per part of the keys.
template <typename OpTy>
struct PartialSplitting
    : PartialReductionOpInterface::ExternalModel<PartialSplitting<OpTy>, OpTy> {
  static LogicalResult verifyDims(Operation *op,
                                  const SetVector<unsigned> &reductionDims) {
    if (reductionDims.size() == 1)
      return success();
    return op->emitOpError("can be split over one key dim at a time but got ")
           << reductionDims.size();
  }
  static LogicalResult verifyStrategy(Operation *op,
                                      ReductionTilingStrategy strategy) {
    if (strategy == ReductionTilingStrategy::PartialReductionOuterParallel)
      return success();
    return op->emitOpError("can be split over keys by a parallel outer loop "
                           "only: a state holds a sum over keys");
  }

  FailureOr<SmallVector<Value>> generateInitialTensorForPartialReduction(
      Operation *op, OpBuilder &b, Location loc, ArrayRef<OpFoldResult> sizes,
      const SetVector<unsigned> &reductionDims) const {
    if (failed(verifyDims(op, reductionDims)))
      return failure();
    OpBuilder::InsertionGuard guard(b);
    OpFoldResult count = sizes[reductionDims.front()];
    auto partial = cast<PartialAttentionOpInterface>(op);
    SmallVector<Value> states;
    for (auto [i, init] : llvm::enumerate(partial.getInits())) {
      auto element =
          cast<FloatType>(cast<ShapedType>(init.getType()).getElementType());
      // The identity (0, -inf, 0).
      APFloat identity =
          i == 1 ? APFloat::getInf(element.getFloatSemantics(), true)
                 : APFloat::getZero(element.getFloatSemantics());
      SmallVector<OpFoldResult> shape{count};
      llvm::append_range(shape, tiling::getMixedSizes(b, loc, init));
      Value empty = tensor::EmptyOp::create(b, loc, shape, element);
      Value value = arith::ConstantOp::create(
          b, loc, element, b.getFloatAttr(element, identity));
      states.push_back(
          linalg::FillOp::create(b, loc, value, empty).getResult(0));
    }
    return states;
  }

  FailureOr<TilingResult>
  tileToPartialReduction(Operation *op, OpBuilder &b, Location loc,
                         ReductionTilingStrategy strategy, ValueRange init,
                         ArrayRef<OpFoldResult> offsets,
                         ArrayRef<OpFoldResult> sizes,
                         const SetVector<unsigned> &reductionDims,
                         ArrayRef<OpFoldResult> splitReductionIvs) const {
    if (failed(verifyStrategy(op, strategy)) ||
        failed(verifyDims(op, reductionDims)))
      return failure();
    PartialTiler tiler(op);
    SmallVector<Value> inits;
    SmallVector<Operation *> slices;
    for (auto [i, state] : llvm::enumerate(init)) {
      Box box = getStateTile(b, tiler, i, offsets, sizes, splitReductionIvs);
      auto type = cast<RankedTensorType>(state.getType());
      SmallVector<int64_t> shape;
      SmallVector<Value> dynamic;
      dispatchIndexOpFoldResults(ArrayRef(box.sizes).drop_front(), dynamic,
                                 shape);
      SmallVector<OpFoldResult> strides(box.sizes.size(), b.getIndexAttr(1));
      auto slice = tensor::ExtractSliceOp::create(
          b, loc, RankedTensorType::get(shape, type.getElementType()), state,
          box.offsets, box.sizes, strides);
      inits.push_back(slice);
      slices.push_back(slice);
    }
    // A part behind the last key is empty and begins at the end.
    unsigned keyLoop = reductionDims.front();
    SmallVector<OpFoldResult> clamped(offsets);
    AffineExpr offset, extent;
    bindDims(b.getContext(), offset, extent);
    clamped[keyLoop] = affine::makeComposedFoldedAffineMin(
        b, loc, AffineMap::get(2, 0, {offset, extent}, b.getContext()),
        {offsets[keyLoop], tiler.getExtents(b)[keyLoop]});
    FailureOr<TilingResult> tile = tiler.tile(b, clamped, sizes, inits);
    if (succeeded(tile))
      llvm::append_range(tile->generatedSlices, slices);
    return tile;
  }

  LogicalResult getPartialResultTilePosition(
      Operation *op, OpBuilder &b, unsigned resultNumber,
      ReductionTilingStrategy strategy, ArrayRef<OpFoldResult> offsets,
      ArrayRef<OpFoldResult> sizes, const SetVector<unsigned> &reductionDims,
      ArrayRef<OpFoldResult> splitReductionIvs,
      SmallVector<OpFoldResult> &resultOffsets,
      SmallVector<OpFoldResult> &resultSizes) const {
    if (failed(verifyStrategy(op, strategy)))
      return failure();
    Box box = getStateTile(b, PartialTiler(op), resultNumber, offsets, sizes,
                           splitReductionIvs);
    resultOffsets = box.offsets;
    resultSizes = box.sizes;
    return success();
  }

  FailureOr<MergeResult>
  mergeReductions(Operation *op, OpBuilder &b, Location loc,
                  ValueRange partialReduce,
                  const SetVector<unsigned> &reductionDims) const {
    if (failed(verifyDims(op, reductionDims)))
      return failure();
    auto partial = cast<PartialAttentionOpInterface>(op);
    SmallVector<Value> inits(partial.getInits());
    auto combine = CombineOp::create(b, loc, getResultTypes(inits),
                                     partialReduce, inits, /*stacked=*/true);
    return MergeResult{{combine}, SmallVector<Value>(combine.getResults())};
  }

private:
  static Box getStateTile(OpBuilder &b, const PartialTiler &tiler,
                          unsigned number, ArrayRef<OpFoldResult> offsets,
                          ArrayRef<OpFoldResult> sizes,
                          ArrayRef<OpFoldResult> splitReductionIvs) {
    Box box = tiler.getResultTile(b, number, offsets, sizes);
    box.offsets.insert(box.offsets.begin(), splitReductionIvs.front());
    box.sizes.insert(box.sizes.begin(), b.getIndexAttr(1));
    return box;
  }
};
} // namespace

void hydragen::tiling::registerPartialTiling(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, HydragenDialect *dialect) {
    context->loadDialect<affine::AffineDialect, arith::ArithDialect,
                         linalg::LinalgDialect, memref::MemRefDialect,
                         tensor::TensorDialect>();
    PrefixAttentionOp::attachInterface<PartialTiling<PrefixAttentionOp>,
                                       PartialSplitting<PrefixAttentionOp>>(
        *context);
    SuffixAttentionOp::attachInterface<PartialTiling<SuffixAttentionOp>,
                                       PartialSplitting<SuffixAttentionOp>>(
        *context);
  });
}
