//===- AttentionCanonicalize.cpp - hydragen.attention -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/Hydragen.h"
#include "hydragen/IR/HydragenEffects.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// The segments of an attention with their operands, for editing.
struct SegmentList {
  explicit SegmentList(AttentionOp op) {
    for (unsigned i = 0, e = op.getNumSegments(); i != e; ++i) {
      attrs.push_back(op.getSegment(i));
      SmallVector<Value> segmentKeys;
      for (unsigned term = 0; term != op.getNumTerms(); ++term)
        segmentKeys.push_back(op.getKey(i, term));
      keys.push_back(segmentKeys);
      values.push_back(op.getSegmentValue(i));
      begins.push_back(op.getSegmentBegin(i));
      sizes.push_back(op.getSegmentSize(i));
    }
  }

  void erase(unsigned i) {
    attrs.erase(attrs.begin() + i);
    keys.erase(keys.begin() + i);
    values.erase(values.begin() + i);
    begins.erase(begins.begin() + i);
    sizes.erase(sizes.begin() + i);
  }

  /// Writes the list back, begins and sizes static where they are constant.
  /// Fails and changes nothing where the op would not verify (a constant may
  /// be one that nobody may run) or where its dims would change their roles.
  LogicalResult apply(PatternRewriter &rewriter, AttentionOp op) {
    SmallVector<Attribute> segments;
    SmallVector<Value> flatKeys, dynamic;
    for (auto [attr, segmentKeys, begin, size] :
         llvm::zip_equal(attrs, keys, begins, sizes)) {
      auto staticOr = [&](OpFoldResult value) {
        std::optional<int64_t> constant = getConstantIntValue(value);
        if (constant && *constant >= 0)
          return *constant;
        dynamic.push_back(cast<Value>(value));
        return ShapedType::kDynamic;
      };
      int64_t staticBegin = staticOr(begin), staticSize = staticOr(size);
      segments.push_back(SegmentAttr::get(
          op.getContext(), staticBegin, staticSize, attr.getRowOffsets(),
          attr.getRowSizes(), attr.getKeyMaps(), attr.getValueMap(),
          attr.getKeyScale(), attr.getValueScale(), attr.getShared(),
          attr.getGrouped()));
      llvm::append_range(flatKeys, segmentKeys);
    }
    auto write = [&](AttentionOp target) {
      target.getKeysMutable().assign(flatKeys);
      target.getValuesMutable().assign(values);
      target.getSizesMutable().assign(dynamic);
      target.setSegmentsAttr(rewriter.getArrayAttr(segments));
    };
    AttentionOp probe = op.clone();
    write(probe);
    bool legal;
    {
      ScopedDiagnosticHandler quiet(op.getContext(),
                                    [](Diagnostic &) { return success(); });
      legal = succeeded(probe.verify());
    }
    if (legal) {
      AttentionDims before = AttentionDims::get(op);
      AttentionDims after = AttentionDims::get(probe);
      legal = after.rows == before.rows && after.values == before.values;
    }
    probe.erase();
    if (!legal)
      return failure();
    rewriter.modifyOpInPlace(op, [&] { write(op); });
    return success();
  }

  SmallVector<SegmentAttr> attrs;
  SmallVector<SmallVector<Value>> keys;
  SmallVector<Value> values;
  SmallVector<OpFoldResult> begins, sizes;
};

/// Constant begins and sizes become static.
struct FoldConstantSizes : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    auto isUsable = [](Value size) {
      std::optional<int64_t> constant = getConstantIntValue(size);
      return constant && *constant >= 0;
    };
    if (llvm::none_of(op.getSizes(), isUsable) ||
        !llvm::all_of(op.getSizes(), [&](Value size) {
          return !getConstantIntValue(size) || isUsable(size);
        }))
      return failure();
    return SegmentList(op).apply(rewriter, op);
  }
};

/// A segment without keys (or rows) contributes nothing.
struct DropEmptySegment : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned i = 0, e = op.getNumSegments(); i != e && e > 1; ++i) {
      SegmentAttr segment = op.getSegment(i);
      if (segment.getSize() != 0 &&
          !llvm::is_contained(segment.getRowSizes(), 0))
        continue;
      SegmentList list(op);
      list.erase(i);
      // Its maps may be the only ones that use a value or key dim.
      if (succeeded(list.apply(rewriter, op)))
        return success();
    }
    return failure();
  }
};

/// Neighbours that read one run of the same K and V become one segment.
struct MergeNeighbours : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    unsigned keyDim = AttentionDims::get(op).keys.front();
    for (unsigned i = 0, e = op.getNumSegments(); i != e; ++i)
      for (unsigned j = 0; j != e; ++j) {
        if (i == j || !continues(op, i, j, keyDim))
          continue;
        SegmentList list(op);
        SegmentAttr first = list.attrs[i];
        int64_t size = first.getSize() + list.attrs[j].getSize();
        list.sizes[i] = rewriter.getIndexAttr(size);
        list.erase(j);
        if (succeeded(list.apply(rewriter, op)))
          return success();
      }
    return failure();
  }

  /// Whether segment j reads on where segment i ends.
  static bool continues(AttentionOp op, unsigned i, unsigned j,
                        unsigned keyDim) {
    SegmentAttr a = op.getSegment(i), b = op.getSegment(j);
    if (a.isDynamicBegin() || a.isDynamicSize() || b.isDynamicBegin() ||
        b.isDynamicSize() || a.getBegin() + a.getSize() != b.getBegin() ||
        a.getRowOffsets() != b.getRowOffsets() ||
        a.getRowSizes() != b.getRowSizes() || a.getShared() != b.getShared() ||
        a.getGrouped() != b.getGrouped() ||
        a.getKeyScale() != b.getKeyScale() ||
        a.getValueScale() != b.getValueScale() || a.getKeyScale() >= 0 ||
        a.getValueScale() >= 0 ||
        op.getSegmentValue(i) != op.getSegmentValue(j))
      return false;
    auto shifted = [&](AffineMap map) {
      SmallVector<AffineExpr> dims;
      for (unsigned d = 0; d != map.getNumDims(); ++d) {
        AffineExpr dim = getAffineDimExpr(d, op.getContext());
        dims.push_back(d == keyDim ? dim + a.getSize() : dim);
      }
      return simplifyAffineMap(map.replaceDimsAndSymbols(
          dims, {}, map.getNumDims(), map.getNumSymbols()));
    };
    // A symbol is an element at the segment-local key: where its map uses the
    // key the two segments read different elements.
    auto isPlain = [&](AffineMap map) { return map.getNumSymbols() == 0; };
    auto same = [&](AffineMap mapA, AffineMap mapB) {
      return isPlain(mapA) && isPlain(mapB) &&
             shifted(mapA) == simplifyAffineMap(mapB) &&
             mapA.isFunctionOfDim(keyDim);
    };
    if (!same(a.getValueMap().getValue(), b.getValueMap().getValue()))
      return false;
    for (unsigned term = 0; term != op.getNumTerms(); ++term)
      if (op.getKey(i, term) != op.getKey(j, term) ||
          !same(a.getKeyMap(term), b.getKeyMap(term)))
        return false;
    return true;
  }
};
} // namespace

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropEmptySegment, FoldConstantSizes, MergeNeighbours>(context);
  populateFoldTensorCastPatterns(patterns);
}
