//===- PartialAttention.cpp - prefix_attention, suffix_attention -*- C++ -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/Hydragen.h"
#include "hydragen/IR/HydragenEffects.h"
#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// One verifier for both ops, through their interface.
class PartialVerifier {
public:
  explicit PartialVerifier(PartialAttentionOpInterface op) : op(op) {}

  LogicalResult verify() {
    if (failed(verifyCounts()) || failed(verifyDims()) ||
        failed(verifyMaps()) || failed(verifyTypes()))
      return failure();
    SmallVector<bool> usesKey;
    for (AffineMap map : op.getIndexMapsVector())
      usesKey.push_back(llvm::any_of(
          dims.keys, [&](unsigned dim) { return map.isFunctionOfDim(dim); }));
    SmallVector<AffineMap> extraMaps = op.getExtraMapsVector();
    ScoreContext context{static_cast<unsigned>(dims.rows.size()),
                         op.getIndices(),
                         usesKey,
                         op.getExtras(),
                         extraMaps,
                         &op.getScoreRegion(),
                         stateType()};
    return verifyScoreMods(op, op.getScoreMods(), context);
  }

private:
  InFlightDiagnostic error(const Twine &text) { return op->emitOpError(text); }

  static ShapedType typeOf(Value value) {
    return cast<ShapedType>(value.getType());
  }
  Type stateType() { return typeOf(op.getInits().front()).getElementType(); }

  LogicalResult verifyCounts() {
    // partial_c1
    size_t terms = op.getQueries().size();
    if (terms == 0 || op.getKeys().size() != terms)
      return error("expected one key per query, at least one, but got ")
             << op.getKeys().size() << " and " << terms;
    if (op.getQueryMapsVector().size() != terms ||
        op.getKeyMapsVector().size() != terms ||
        op.getIndexMapsVector().size() != op.getIndices().size() ||
        op.getExtraMapsVector().size() != op.getExtras().size())
      return error("expected one map per query, key, index and extra operand");
    // partial_c2
    if (op.getInits().size() != 3)
      return error("expected a state of three inits (o, m, l) but got ")
             << op.getInits().size();
    bool tensors = isa<TensorType>(op.getInits().front().getType());
    for (Value operand : op->getOperands())
      if (!operand.getType().isIndex() &&
          isa<TensorType>(operand.getType()) != tensors)
        return error("expected tensors or memrefs but got both");
    if (op->getNumResults() != (tensors ? 3u : 0u) ||
        (tensors && op->getResultTypes() != op.getInits().getTypes()))
      return error("expected results of the types of the tensor inits");
    return success();
  }

  LogicalResult verifyDims() {
    // partial_c3, partial_c4, partial_c5
    FailureOr<AttentionDims> inferred =
        AttentionDims::get(op, [&]() { return op->emitOpError(); });
    if (failed(inferred))
      return failure();
    dims = *inferred;
    // partial_c6
    if (op.getStaticOffsets().size() != dims.getNumPositionDims())
      return error("expected ") << dims.getNumPositionDims()
                                << " index offsets (rows and the key) but got "
                                << op.getStaticOffsets().size();
    unsigned dynamic =
        llvm::count_if(op.getStaticOffsets(), ShapedType::isDynamic);
    if (dynamic != op.getOffsets().size())
      return error("expected ") << dynamic << " dynamic offsets but got "
                                << op.getOffsets().size();
    return success();
  }

  /// partial_c7: split form, and one extent per dim.
  LogicalResult verifyMap(StringRef name, AffineMap map, Value operand,
                          bool symbols) {
    ShapedType type = typeOf(operand);
    if (map.getNumDims() != dims.numDims ||
        map.getNumResults() != type.getRank() ||
        map.getNumSymbols() > (symbols ? op.getIndices().size() : 0))
      return error("expected ")
             << name << " map from " << dims.numDims << " dims to "
             << type.getRank() << " results but got "
             << AffineMapAttr::get(map);
    for (auto [result, size] :
         llvm::zip_equal(map.getResults(), type.getShape())) {
      auto constant = dyn_cast<AffineConstantExpr>(result);
      if (!isa<AffineDimExpr, AffineSymbolExpr>(result) &&
          !(constant && constant.getValue() == 0))
        return error("expected dims, symbols or 0 in ")
               << name << " map but got " << AffineMapAttr::get(map);
      if (failed(mergeExtent(name, result, size)))
        return failure();
    }
    return success();
  }

  LogicalResult mergeExtent(StringRef name, AffineExpr result, int64_t size) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || ShapedType::isDynamic(size))
      return success();
    int64_t &extent = extents[dim.getPosition()];
    if (!ShapedType::isDynamic(extent) && extent != size)
      return error("dim ") << dim.getPosition() << " has extent " << extent
                           << " but " << size << " in the " << name;
    extent = size;
    return success();
  }

  LogicalResult verifyMaps() {
    extents.assign(dims.numDims, ShapedType::kDynamic);
    MLIRContext *context = op->getContext();
    ArrayRef<int64_t> outputShape = typeOf(op.getInits().front()).getShape();
    SmallVector<unsigned> outputDims(dims.rows);
    outputDims.append(dims.values);
    for (auto [dim, size] : llvm::zip_equal(outputDims, outputShape))
      if (failed(mergeExtent("o", getAffineDimExpr(dim, context), size)))
        return failure();
    for (unsigned i : {1, 2}) {
      StringRef name = i == 1 ? "m" : "l";
      ShapedType type = typeOf(op.getInits()[i]);
      // partial_c2
      if (type.getRank() != static_cast<int64_t>(dims.rows.size()))
        return error("expected ") << name << " of rank " << dims.rows.size()
                                  << " but got " << type;
      for (auto [dim, size] : llvm::zip_equal(dims.rows, type.getShape()))
        if (failed(mergeExtent(name, getAffineDimExpr(dim, context), size)))
          return failure();
    }
    for (auto [map, query] :
         llvm::zip(op.getQueryMapsVector(), op.getQueries()))
      if (failed(verifyMap("query", map, query, /*symbols=*/false)))
        return failure();
    for (auto [map, key] : llvm::zip(op.getKeyMapsVector(), op.getKeys()))
      if (failed(verifyMap("key", map, key, /*symbols=*/true)))
        return failure();
    if (failed(verifyMap("value", op.getValueMap(), op.getValue(), true)))
      return failure();
    for (auto [map, index] :
         llvm::zip(op.getIndexMapsVector(), op.getIndices()))
      if (failed(verifyMap("index", map, index, /*symbols=*/false)))
        return failure();
    // partial_c8
    for (unsigned dim : dims.keys)
      if (!isBareResult(dim))
        return error("expected a key, value or index map with key dim ")
               << dim << " as a result, which gives its extent";
    for (unsigned term = 0; term != dims.contraction.size(); ++term)
      for (unsigned dim : dims.contraction[term])
        if (op.getValueMap().isFunctionOfDim(dim))
          return error("value map uses contraction dim ") << dim;
    for (unsigned dim : dims.values) {
      auto uses = [&](AffineMap map) { return map.isFunctionOfDim(dim); };
      if (llvm::any_of(op.getQueryMapsVector(), uses))
        return error("query map uses value dim ") << dim;
      if (llvm::any_of(op.getKeyMapsVector(), uses))
        return error("key map uses value dim ") << dim;
    }
    // partial_c4
    for (auto [term, map] : llvm::enumerate(op.getKeyMapsVector()))
      for (auto [other, contraction] : llvm::enumerate(dims.contraction))
        for (unsigned dim : contraction)
          if (other != term && map.isFunctionOfDim(dim))
            return error("key map of score term ")
                   << term << " uses contraction dim " << dim
                   << " of score term " << other;
    // An index may stand for K and V alike: it depends on rows and keys.
    SmallVector<unsigned> summed(dims.values);
    for (ArrayRef<unsigned> contraction : dims.contraction)
      llvm::append_range(summed, contraction);
    for (AffineMap map : op.getIndexMapsVector())
      for (unsigned dim : summed)
        if (map.isFunctionOfDim(dim))
          return error("index map uses contraction or value dim ") << dim;
    return success();
  }

  bool isBareResult(unsigned dim) {
    AffineExpr expr = getAffineDimExpr(dim, op->getContext());
    auto has = [&](AffineMap map) {
      return llvm::is_contained(map.getResults(), expr);
    };
    return llvm::any_of(op.getKeyMapsVector(), has) || has(op.getValueMap()) ||
           llvm::any_of(op.getIndexMapsVector(), has);
  }

  LogicalResult verifyTypes() {
    // partial_c9
    Type state = stateType();
    for (Value init : op.getInits())
      if (typeOf(init).getElementType() != state ||
          !isa<Float32Type, Float64Type>(state))
        return error("expected a state of f32 or f64 but got ")
               << typeOf(init).getElementType();
    SmallVector<Value> floats(op.getQueries());
    llvm::append_range(floats, op.getKeys());
    floats.push_back(op.getValue());
    for (Value value : floats)
      if (!isAttentionFloat(typeOf(value).getElementType()))
        return error("expected f16, bf16, f32 or f64 elements but got ")
               << typeOf(value).getElementType();
    for (Value index : op.getIndices())
      if (!typeOf(index).getElementType().isSignlessIntOrIndex())
        return error("expected index operands of integers but got ")
               << typeOf(index).getElementType();
    return success();
  }

  PartialAttentionOpInterface op;
  AttentionDims dims;
  SmallVector<int64_t> extents;
};
} // namespace

static LogicalResult verifyPartial(Operation *op) {
  return PartialVerifier(cast<PartialAttentionOpInterface>(op)).verify();
}

/// partial_c10: a prefix is read by more than one row index for some row dim.
LogicalResult PrefixAttentionOp::verify() {
  if (failed(verifyPartial(*this)))
    return failure();
  auto op = cast<PartialAttentionOpInterface>(getOperation());
  if (hydragen::getUnusedRows(op).none())
    return emitOpError(
        "expected a row dim that the segment is shared over; use "
        "suffix_attention");
  return success();
}

LogicalResult SuffixAttentionOp::verify() { return verifyPartial(*this); }

LogicalResult
PrefixAttentionOp::reifyResultShapes(OpBuilder &builder,
                                     ReifiedRankedShapedTypeDims &reified) {
  return reifyInitShapes(builder, getOperation(), reified);
}
LogicalResult
SuffixAttentionOp::reifyResultShapes(OpBuilder &builder,
                                     ReifiedRankedShapedTypeDims &reified) {
  return reifyInitShapes(builder, getOperation(), reified);
}

void PrefixAttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDestinationStyleEffects(getOperation(), effects);
}
void SuffixAttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDestinationStyleEffects(getOperation(), effects);
}
