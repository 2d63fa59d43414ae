//===- AttentionOp.cpp - hydragen.attention ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Labels such as attention_c3 are those of docs/spec.md.
//===----------------------------------------------------------------------===//

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/Hydragen.h"
#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// Accessors
//===----------------------------------------------------------------------===//

/// The `sizes` operand behind the begin (or size) of a segment.
static Value getDynamicSize(AttentionOp op, unsigned segment, bool wantSize) {
  unsigned next = 0;
  for (unsigned i = 0; i <= segment; ++i) {
    SegmentAttr attr = op.getSegment(i);
    if (i == segment && !wantSize)
      return op.getSizes()[next];
    next += attr.isDynamicBegin();
    if (i == segment)
      return op.getSizes()[next];
    next += attr.isDynamicSize();
  }
  llvm_unreachable("segment number out of range");
}

OpFoldResult AttentionOp::getSegmentBegin(unsigned segment) {
  SegmentAttr attr = getSegment(segment);
  if (attr.isDynamicBegin())
    return getDynamicSize(*this, segment, /*wantSize=*/false);
  return Builder(getContext()).getIndexAttr(attr.getBegin());
}

OpFoldResult AttentionOp::getSegmentSize(unsigned segment) {
  SegmentAttr attr = getSegment(segment);
  if (attr.isDynamicSize())
    return getDynamicSize(*this, segment, /*wantSize=*/true);
  return Builder(getContext()).getIndexAttr(attr.getSize());
}

FloatType AttentionOp::getStateElementType() {
  auto isF64 = [](Value value) {
    return cast<ShapedType>(value.getType()).getElementType().isF64();
  };
  Builder builder(getContext());
  if (isF64(getInits().front()) || llvm::any_of(getQueries(), isF64))
    return builder.getF64Type();
  return builder.getF32Type();
}

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &reified) {
  for (Value init : getInits())
    reified.push_back(tensor::getMixedSizes(builder, getLoc(), init));
  return success();
}

//===----------------------------------------------------------------------===//
// Verifier
//===----------------------------------------------------------------------===//

namespace {
/// Inclusive bounds of an index expression; nullopt where unknown.
struct Bounds {
  std::optional<int64_t> low, high;
};

/// Checks the parts of an attention in the order of docs/spec.md.
class AttentionVerifier {
public:
  explicit AttentionVerifier(AttentionOp op) : op(op) {}

  LogicalResult verify() {
    if (failed(verifyCounts()) || failed(verifyMaps()) ||
        failed(verifyRoles()) || failed(verifyExtents()) ||
        failed(verifySegments()) || failed(verifyElementTypes()) ||
        failed(verifyInits()))
      return failure();
    return verifyScore();
  }

private:
  InFlightDiagnostic error(const Twine &text) { return op.emitOpError(text); }

  static RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }

  LogicalResult verifyCounts() {
    unsigned terms = op.getNumTerms(), segments = op.getNumSegments();
    // attention_c1
    if (terms == 0 || segments == 0)
      return error("expected at least one query and one segment");
    if (op.getKeys().size() != terms * segments)
      return error("expected ") << terms * segments
                                << " keys (segments times score terms) but got "
                                << op.getKeys().size();
    if (op.getValues().size() != segments)
      return error("expected ")
             << segments << " values but got " << op.getValues().size();
    for (auto segment : op.getSegments().getAsRange<SegmentAttr>())
      if (segment.getKeyMaps().size() != terms)
        return error("expected ") << terms << " key maps in a segment but got "
                                  << segment.getKeyMaps().size();
    // attention_c2
    auto checkCount = [&](StringRef name, size_t maps,
                          size_t operands) -> LogicalResult {
      if (maps != operands)
        return error("expected ")
               << operands << " " << name << " maps but got " << maps;
      return success();
    };
    if (failed(checkCount("query", op.getQueryMaps().size(), terms)) ||
        failed(checkCount("index", op.getIndexMaps().size(),
                          op.getIndices().size())) ||
        failed(checkCount("extra", op.getExtraMaps().size(),
                          op.getExtras().size())) ||
        failed(checkCount("sink", op.getSinkMaps().size(),
                          op.getSinks().size())) ||
        failed(checkCount("factor", op.getFactorMap() ? 1 : 0,
                          op.getFactor() ? 1 : 0)) ||
        failed(checkCount("scale", op.getScaleMaps().size(),
                          op.getScales().size())))
      return failure();
    // attention_c8
    unsigned dynamic = 0;
    for (auto segment : op.getSegments().getAsRange<SegmentAttr>())
      dynamic += segment.isDynamicBegin() + segment.isDynamicSize();
    if (op.getSizes().size() != dynamic)
      return error("expected ")
             << dynamic << " sizes (one per ? of a segment) but got "
             << op.getSizes().size();
    return success();
  }

  /// attention_c3: domain, symbols and rank of one map.
  LogicalResult verifyMap(StringRef name, AffineMap map, unsigned numDims,
                          unsigned numSymbols, Value operand) {
    if (map.getNumDims() != numDims)
      return error("expected ") << name << " map over " << numDims
                                << " dims but got " << AffineMapAttr::get(map);
    if (map.getNumSymbols() > numSymbols)
      return error("expected ")
             << name << " map with at most " << numSymbols
             << " symbols but got " << AffineMapAttr::get(map);
    if (operand && map.getNumResults() != typeOf(operand).getRank())
      return error("expected ")
             << name << " map with " << typeOf(operand).getRank()
             << " results but got " << AffineMapAttr::get(map);
    return success();
  }

  LogicalResult verifyMaps() {
    unsigned dims = op.getOutputMap().getNumDims();
    unsigned symbols = op.getIndices().size();
    if (op.getInits().empty() ||
        failed(verifyMap("output", op.getOutputMap(), dims, 0,
                         op.getInits().front())))
      return op.getInits().empty() ? error("expected an init") : failure();
    // attention_c4
    if (!op.getOutputMap().isProjectedPermutation())
      return error("expected a projected permutation as output map but got ")
             << op.getOutputMapAttr();
    for (auto [map, query] :
         llvm::zip(op.getQueryMaps().getAsValueRange<AffineMapAttr>(),
                   op.getQueries()))
      if (failed(verifyMap("query", map, dims, 0, query)))
        return failure();
    for (auto [map, index] :
         llvm::zip(op.getIndexMaps().getAsValueRange<AffineMapAttr>(),
                   op.getIndices()))
      if (failed(verifyMap("index", map, dims, 0, index)))
        return failure();
    for (auto [map, scale] :
         llvm::zip(op.getScaleMaps().getAsValueRange<AffineMapAttr>(),
                   op.getScales()))
      if (failed(verifyMap("scale", map, dims, symbols, scale)))
        return failure();
    for (unsigned i = 0, e = op.getNumSegments(); i != e; ++i) {
      SegmentAttr segment = op.getSegment(i);
      for (unsigned term = 0; term != op.getNumTerms(); ++term)
        if (failed(verifyMap("key", segment.getKeyMap(term), dims, symbols,
                             op.getKey(i, term))))
          return failure();
      if (failed(verifyMap("value", segment.getValueMap().getValue(), dims,
                           symbols, op.getSegmentValue(i))))
        return failure();
    }
    return success();
  }

  LogicalResult verifyRoles() {
    // attention_c5, attention_c6
    FailureOr<AttentionDims> inferred =
        AttentionDims::get(op, [&]() { return op.emitOpError(); });
    if (failed(inferred))
      return failure();
    dims = *inferred;
    for (auto [i, map] :
         llvm::enumerate(op.getSinkMaps().getAsValueRange<AffineMapAttr>()))
      if (failed(verifyMap("sink", map, dims.rows.size(), 0, op.getSinks()[i])))
        return failure();
    if (op.getFactorMap() &&
        failed(verifyMap("factor", *op.getFactorMap(), dims.rows.size(), 0,
                         op.getFactor())))
      return failure();
    return success();
  }

  /// attention_c7: a dim has one extent, taken from the output and queries.
  LogicalResult verifyExtents() {
    extents.assign(dims.numDims, ShapedType::kDynamic);
    auto merge = [&](StringRef name, AffineMap map,
                     RankedTensorType type) -> LogicalResult {
      for (auto [result, size] :
           llvm::zip_equal(map.getResults(), type.getShape())) {
        auto dim = dyn_cast<AffineDimExpr>(result);
        if (!dim || ShapedType::isDynamic(size))
          continue;
        int64_t &extent = extents[dim.getPosition()];
        if (!ShapedType::isDynamic(extent) && extent != size)
          return error("dim ") << dim.getPosition() << " has extent " << extent
                               << " but " << size << " in a " << name;
        extent = size;
      }
      return success();
    };
    if (failed(
            merge("output", op.getOutputMap(), typeOf(op.getInits().front()))))
      return failure();
    for (auto [map, query] :
         llvm::zip(op.getQueryMaps().getAsValueRange<AffineMapAttr>(),
                   op.getQueries()))
      if (failed(merge("query", map, typeOf(query))))
        return failure();
    return success();
  }

  /// Bounds of `expr` where dim i lies in [low_i, high_i].
  Bounds getBounds(AffineExpr expr, ArrayRef<Bounds> box) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return {constant.getValue(), constant.getValue()};
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return box[dim.getPosition()];
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary)
      return {};
    Bounds lhs = getBounds(binary.getLHS(), box);
    Bounds rhs = getBounds(binary.getRHS(), box);
    using Bound = std::optional<int64_t>;
    auto apply = [](Bound a, Bound b, auto fn) -> Bound {
      if (!a || !b)
        return std::nullopt;
      return fn(*a, *b);
    };
    // A bound beyond int64_t is as good as unknown.
    auto add = [](int64_t a, int64_t b) -> Bound {
      int64_t sum;
      return llvm::AddOverflow(a, b, sum) ? Bound() : sum;
    };
    auto mul = [](int64_t a, int64_t b) -> Bound {
      int64_t product;
      return llvm::MulOverflow(a, b, product) ? Bound() : product;
    };
    auto floorDiv = [](int64_t a, int64_t b) -> Bound {
      return llvm::divideFloorSigned(a, b);
    };
    if (binary.getKind() == AffineExprKind::Add)
      return {apply(lhs.low, rhs.low, add), apply(lhs.high, rhs.high, add)};
    auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!factor)
      return {};
    int64_t value = factor.getValue();
    switch (binary.getKind()) {
    case AffineExprKind::Mul:
      if (value < 0)
        std::swap(lhs.low, lhs.high);
      return {apply(lhs.low, value, mul), apply(lhs.high, value, mul)};
    case AffineExprKind::FloorDiv:
      if (value <= 0)
        return {};
      return {apply(lhs.low, value, floorDiv),
              apply(lhs.high, value, floorDiv)};
    case AffineExprKind::Mod:
      if (value <= 0)
        return {};
      if (lhs.low && lhs.high && *lhs.low >= 0 && *lhs.high < value)
        return lhs;
      return {0, value - 1};
    default:
      return {};
    }
  }

  LogicalResult verifyAccess(StringRef name, AffineMap map,
                             RankedTensorType type, ArrayRef<Bounds> box) {
    // attention_c9
    for (auto [i, result] : llvm::enumerate(map.getResults())) {
      Bounds bounds = getBounds(result, box);
      int64_t size = type.getDimSize(i);
      if ((bounds.low && *bounds.low < 0) ||
          (bounds.high && !ShapedType::isDynamic(size) && *bounds.high >= size))
        return error("") << name << " map reads index "
                         << (bounds.low && *bounds.low < 0 ? *bounds.low
                                                           : *bounds.high)
                         << " of dim " << i << " of " << type;
    }
    return success();
  }

  LogicalResult verifySegments() {
    for (unsigned i = 0, e = op.getNumSegments(); i != e; ++i) {
      SegmentAttr segment = op.getSegment(i);
      unsigned numRows = dims.rows.size();
      // attention_c12
      for (int64_t scale : {segment.getKeyScale(), segment.getValueScale()})
        if (scale < -1 || scale >= static_cast<int64_t>(op.getScales().size()))
          return error("segment ") << i << " refers to scale " << scale
                                   << " of " << op.getScales().size();
      // attention_c10
      if (!segment.coversAllRows() && segment.getRowOffsets().size() != numRows)
        return error("expected ") << numRows << " rows in a segment but got "
                                  << segment.getRowOffsets().size();
      SmallVector<Bounds> box(dims.numDims);
      bool empty = segment.getSize() == 0;
      for (auto [dim, extent] : llvm::enumerate(extents))
        if (!ShapedType::isDynamic(extent)) {
          box[dim] = {0, extent - 1};
          empty |= extent == 0;
        } else {
          box[dim] = {0, std::nullopt};
        }
      box[dims.keys.front()] = {0, std::nullopt};
      if (!segment.isDynamicSize())
        box[dims.keys.front()].high = segment.getSize() - 1;
      if (!segment.coversAllRows()) {
        for (unsigned row = 0; row != numRows; ++row) {
          int64_t offset = segment.getRowOffsets()[row];
          int64_t size = segment.getRowSizes()[row];
          int64_t extent = extents[dims.rows[row]];
          Bounds &bounds = box[dims.rows[row]];
          bounds.low = offset;
          if (!ShapedType::isDynamic(size))
            bounds.high = offset + size - 1;
          empty |= size == 0;
          if (!ShapedType::isDynamic(extent) && *bounds.high >= extent)
            return error("segment ")
                   << i << " covers row " << *bounds.high << " of " << extent;
        }
      }
      if (empty)
        continue;
      for (unsigned term = 0; term != op.getNumTerms(); ++term)
        if (failed(verifyAccess("key", segment.getKeyMap(term),
                                typeOf(op.getKey(i, term)), box)))
          return failure();
      if (failed(verifyAccess("value", segment.getValueMap().getValue(),
                              typeOf(op.getSegmentValue(i)), box)))
        return failure();
    }
    return verifyDisjoint();
  }

  /// attention_c11: no row sees a key position twice.
  LogicalResult verifyDisjoint() {
    for (unsigned i = 0, e = op.getNumSegments(); i != e; ++i)
      for (unsigned j = i + 1; j != e; ++j) {
        SegmentAttr a = op.getSegment(i), b = op.getSegment(j);
        if (a.isDynamicBegin() || b.isDynamicBegin() || a.isDynamicSize() ||
            b.isDynamicSize() ||
            !overlap(a.getBegin(), a.getSize(), b.getBegin(), b.getSize()))
          continue;
        bool common = true;
        if (!a.coversAllRows() && !b.coversAllRows())
          for (unsigned row = 0; row != dims.rows.size(); ++row)
            common &= overlap(a.getRowOffsets()[row], a.getRowSizes()[row],
                              b.getRowOffsets()[row], b.getRowSizes()[row]);
        if (common)
          return error("segments ")
                 << i << " and " << j << " cover the same keys of a row";
      }
    return success();
  }

  static bool overlap(int64_t beginA, int64_t sizeA, int64_t beginB,
                      int64_t sizeB) {
    auto end = [](int64_t begin, int64_t size) {
      return ShapedType::isDynamic(size) ? std::numeric_limits<int64_t>::max()
                                         : begin + size;
    };
    return beginA < end(beginB, sizeB) && beginB < end(beginA, sizeA) &&
           sizeA != 0 && sizeB != 0;
  }

  LogicalResult verifyElementTypes() {
    // attention_c12
    auto isQuantised = [](Type type) {
      return isa<Float8E4M3FNType, Float8E5M2Type>(type) || type.isInteger(8);
    };
    for (Value query : op.getQueries())
      if (!isAttentionFloat(typeOf(query).getElementType()))
        return error("expected queries of f16, bf16, f32 or f64 but got ")
               << typeOf(query).getElementType();
    for (unsigned i = 0, e = op.getNumSegments(); i != e; ++i) {
      SegmentAttr segment = op.getSegment(i);
      auto check = [&](Value value, bool scaled) -> LogicalResult {
        Type type = typeOf(value).getElementType();
        if (isAttentionFloat(type) || (scaled && isQuantised(type)))
          return success();
        return error("expected keys and values of f16, bf16, f32 or f64 (or "
                     "scaled fp8 or i8) but got ")
               << type;
      };
      for (unsigned term = 0; term != op.getNumTerms(); ++term)
        if (failed(check(op.getKey(i, term), segment.getKeyScale() >= 0)))
          return failure();
      if (failed(check(op.getSegmentValue(i), segment.getValueScale() >= 0)))
        return failure();
    }
    for (Value index : op.getIndices())
      if (!typeOf(index).getElementType().isSignlessIntOrIndex())
        return error("expected index operands of integers but got ")
               << typeOf(index).getElementType();
    SmallVector<Value> floats(op.getSinks());
    llvm::append_range(floats, op.getScales());
    if (op.getFactor())
      floats.push_back(op.getFactor());
    for (Value value : floats)
      if (!isa<FloatType>(typeOf(value).getElementType()))
        return error("expected sinks, scales and factor of floats but got ")
               << typeOf(value).getElementType();
    return success();
  }

  LogicalResult verifyInits() {
    // attention_c13
    if (op.getInits().size() != 1 && op.getInits().size() != 3)
      return error("expected one init or three (output, m, l) but got ")
             << op.getInits().size();
    if (!isAttentionFloat(typeOf(op.getInits().front()).getElementType()))
      return error("expected an output of f16, bf16, f32 or f64 but got ")
             << typeOf(op.getInits().front()).getElementType();
    if (op.getResultTypes() != op.getInits().getTypes())
      return error("expected results of the types of the inits");
    SmallVector<int64_t> rowShape;
    for (unsigned dim : dims.rows)
      rowShape.push_back(extents[dim]);
    for (Value init : op.getInits().drop_front()) {
      RankedTensorType type = typeOf(init);
      if (type.getElementType() != op.getStateElementType() ||
          failed(verifyCompatibleShape(type.getShape(), rowShape)))
        return error("expected m and l of the row shape with elements of type ")
               << op.getStateElementType() << " but got " << type;
    }
    return success();
  }

  LogicalResult verifyScore() {
    SmallVector<bool> usesKey;
    for (AffineMap map : op.getIndexMaps().getAsValueRange<AffineMapAttr>())
      usesKey.push_back(map.isFunctionOfDim(dims.keys.front()));
    SmallVector<AffineMap> extraMaps =
        llvm::to_vector(op.getExtraMaps().getAsValueRange<AffineMapAttr>());
    ScoreContext context{static_cast<unsigned>(dims.rows.size()),
                         op.getIndices(),
                         usesKey,
                         op.getExtras(),
                         extraMaps,
                         &op.getScoreRegion(),
                         op.getStateElementType()};
    return verifyScoreMods(op, op.getScoreMods(), context);
  }

  AttentionOp op;
  AttentionDims dims;
  SmallVector<int64_t> extents;
};
} // namespace

LogicalResult AttentionOp::verify() {
  return AttentionVerifier(*this).verify();
}
