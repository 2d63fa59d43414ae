//===- VerifyCover.cpp - hydragen-verify-cover ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shares no code with the passes that make the pieces: it sees rectangles only.
//===----------------------------------------------------------------------===//

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/DynamicAPInt.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_VERIFYCOVER
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

#include <functional>

using namespace mlir;
using namespace mlir::hydragen;
using llvm::DynamicAPInt;

namespace {
/// Half-open ranges per row dim, at last the keys'.
using Rect = SmallVector<std::pair<int64_t, int64_t>>;

/// A number no real extent reaches: stands for an unknown end, so that "to the
/// end" pieces of one unknown extent still add up exactly.
constexpr int64_t kUnknownEnd = int64_t(1) << 40;
} // namespace

static bool isEmpty(const Rect &rect) {
  return llvm::any_of(rect,
                      [](auto range) { return range.first >= range.second; });
}

/// Exact: extents, and kUnknownEnd in two dims, exceed 64 bits.
static DynamicAPInt volume(const Rect &rect) {
  DynamicAPInt product(1);
  for (auto [begin, end] : rect)
    product *= DynamicAPInt(std::max<int64_t>(end - begin, 0));
  return product;
}

/// The rectangles of a certificate; dynamic extents become kUnknownEnd.
/// Pieces stand in the order of their keys, then of their rows. Those with one
/// begin whose rows have nothing in common are a layer; an unknown begin is
/// where the layer before it ends.
static LogicalResult getRects(Operation *op, CoverAttr cover, Rect &box,
                              SmallVector<Rect> &pieces) {
  SmallVector<int64_t> extents(cover.getRows());
  extents.push_back(cover.getKeys());
  for (int64_t extent : extents)
    box.push_back({0, ShapedType::isDynamic(extent) ? kUnknownEnd : extent});
  unsigned key = extents.size() - 1;
  auto getBegin = [&](unsigned i) { return cover.getPiece(i)[2 * key]; };
  auto beside = [&](const Rect &a, const Rect &b) {
    for (unsigned dim = 0; dim != key; ++dim)
      if (a[dim].second <= b[dim].first || b[dim].second <= a[dim].first)
        return true;
    return false;
  };
  SmallVector<unsigned> layers; // first piece of each
  for (unsigned i = 0; i != cover.getNumPieces(); ++i) {
    ArrayRef<int64_t> piece = cover.getPiece(i);
    Rect rect;
    for (unsigned dim = 0; dim != key; ++dim) {
      int64_t begin = piece[2 * dim], size = piece[2 * dim + 1];
      if (ShapedType::isDynamic(begin))
        return op->emitOpError("certificate piece ")
               << i << " begins at an unknown row";
      rect.push_back({begin, ShapedType::isDynamic(size) ? box[dim].second
                                                         : begin + size});
    }
    if (layers.empty() || getBegin(i) != getBegin(layers.back()) ||
        !llvm::all_of(ArrayRef(pieces).drop_front(layers.back()),
                      [&](const Rect &other) { return beside(rect, other); }))
      layers.push_back(i);
    pieces.push_back(std::move(rect));
  }
  int64_t previousEnd = 0;
  for (auto [number, first] : llvm::enumerate(layers)) {
    int64_t begin = getBegin(first);
    if (ShapedType::isDynamic(begin)) {
      if (first == 0)
        return op->emitOpError("certificate piece 0 begins before any piece");
      begin = previousEnd;
    }
    // An unknown size in the middle: any number will do, the next layer begins
    // where this one ends. Where that is known, this one ends there.
    bool more = number + 1 != layers.size() &&
                ShapedType::isDynamic(getBegin(layers[number + 1]));
    int64_t stop = number + 1 != layers.size() && !more
                       ? getBegin(layers[number + 1])
                       : box.back().second;
    unsigned end =
        number + 1 != layers.size() ? layers[number + 1] : pieces.size();
    previousEnd = 0;
    for (unsigned i = first; i != end; ++i) {
      int64_t size = cover.getPiece(i)[2 * key + 1];
      int64_t last = !ShapedType::isDynamic(size) ? begin + size
                     : more                       ? begin + 1
                                                  : stop;
      pieces[i].push_back({begin, last});
      previousEnd = std::max(previousEnd, last);
    }
  }
  // Where the last piece has a known size behind an unknown begin, the unknown
  // extent of the keys is where it ends.
  if (ShapedType::isDynamic(cover.getKeys()) && !pieces.empty()) {
    int64_t &end = box.back().second;
    end = 0;
    for (const Rect &piece : pieces)
      end = std::max(end, piece.back().second);
  }
  return success();
}

static std::string print(const DynamicAPInt &number) {
  std::string text;
  llvm::raw_string_ostream(text) << number;
  return text;
}

/// cover_c2..c4 on the certificate alone.
static LogicalResult verifyPartition(Operation *op, const Rect &box,
                                     ArrayRef<Rect> pieces) {
  for (auto [i, piece] : llvm::enumerate(pieces)) {
    // cover_c2
    for (auto [range, limit] : llvm::zip_equal(piece, box))
      if (range.first < limit.first || range.second > limit.second)
        return op->emitOpError("piece ")
               << i << " covers [" << range.first << ", " << range.second
               << ") outside [" << limit.first << ", " << limit.second << ")";
    // cover_c3
    for (unsigned j = 0; j != i; ++j) {
      bool common = !isEmpty(piece) && !isEmpty(pieces[j]);
      for (auto [a, b] : llvm::zip_equal(piece, pieces[j]))
        common &= a.first < b.second && b.first < a.second;
      if (common)
        return op->emitOpError("pieces ") << j << " and " << i << " overlap";
    }
  }
  // cover_c4, on a copy in which unknown dims that no piece cuts count as 1.
  Rect reducedBox = box;
  SmallVector<Rect> reduced(pieces);
  for (unsigned dim = 0; dim != box.size(); ++dim) {
    bool uncut = llvm::all_of(
        pieces, [&](const Rect &piece) { return piece[dim] == box[dim]; });
    if (!uncut)
      continue;
    if (box[dim].second == 0)
      return success(); // nothing to cover
    reducedBox[dim] = {0, 1};
    for (Rect &piece : reduced)
      piece[dim] = {0, 1};
  }
  DynamicAPInt covered(0);
  for (const Rect &piece : reduced)
    covered += volume(piece);
  if (DynamicAPInt all = volume(reducedBox); covered != all)
    return op->emitOpError("pieces cover ")
           << print(covered) << " of " << print(all)
           << " (row, key) pairs (dims that no piece cuts left out)";
  return success();
}

/// One row of a piece list: [offset, size] pairs with kDynamic where unknown.
using Numbers = SmallVector<int64_t>;

/// Joins pieces of the same rows whose known key ranges adjoin: whoever reads
/// one run of keys may read it at once.
static void joinNeighbours(SmallVector<Numbers> &pieces) {
  for (bool changed = true; changed;) {
    changed = false;
    for (unsigned i = 0; i != pieces.size() && !changed; ++i)
      for (unsigned j = 0; j != pieces.size() && !changed; ++j) {
        ArrayRef<int64_t> a = pieces[i], b = pieces[j];
        if (i == j || a.drop_back(2) != b.drop_back(2) ||
            llvm::any_of(a.take_back(2), ShapedType::isDynamic) ||
            llvm::any_of(b.take_back(2), ShapedType::isDynamic) ||
            a[a.size() - 2] + a.back() != b[b.size() - 2])
          continue;
        pieces[i].back() += b.back();
        pieces.erase(pieces.begin() + j);
        changed = true;
      }
  }
}

static LogicalResult comparePieces(Operation *op, CoverAttr cover,
                                   SmallVector<Numbers> actual,
                                   StringRef what) {
  // cover_c5
  SmallVector<Numbers> expected;
  for (unsigned i = 0; i != cover.getNumPieces(); ++i)
    if (cover.getPiece(i).back() != 0)
      expected.emplace_back(cover.getPiece(i));
  llvm::erase_if(actual, [](const Numbers &n) { return n.back() == 0; });
  if (expected.size() != actual.size()) {
    joinNeighbours(expected);
    joinNeighbours(actual);
  }
  if (expected.size() != actual.size())
    return op->emitOpError("certificate has ")
           << expected.size() << " pieces but there are " << actual.size()
           << " " << what;
  // An unknown number stands for any: which piece is which is a matching.
  auto same = [&](ArrayRef<int64_t> piece, ArrayRef<int64_t> other) {
    for (auto [a, b] : llvm::zip_equal(piece, other))
      if (a != b && !ShapedType::isDynamic(a) && !ShapedType::isDynamic(b))
        return false;
    return true;
  };
  SmallVector<std::optional<unsigned>> owner(actual.size());
  SmallVector<bool> visited;
  std::function<bool(unsigned)> assign = [&](unsigned i) {
    for (unsigned j = 0; j != actual.size(); ++j) {
      if (visited[j] || !same(expected[i], actual[j]))
        continue;
      visited[j] = true;
      if (owner[j] && !assign(*owner[j]))
        continue;
      owner[j] = i;
      return true;
    }
    return false;
  };
  for (unsigned i = 0; i != expected.size(); ++i) {
    visited.assign(actual.size(), false);
    if (!assign(i))
      return op->emitOpError("certificate piece ")
             << i << " is none of the " << what;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// attention
//===----------------------------------------------------------------------===//

static int64_t constantOrDynamic(OpFoldResult value) {
  return getConstantIntValue(value).value_or(ShapedType::kDynamic);
}

/// sum += factor * value, a linear form of values that are not looked into
/// (null: the constant).
static void addLinear(llvm::SmallMapVector<Value, int64_t, 4> &sum,
                      OpFoldResult given, int64_t factor) {
  auto add = [&](Value atom, int64_t by) {
    if ((sum[atom] += by) == 0)
      sum.erase(atom);
  };
  if (std::optional<int64_t> constant = getConstantIntValue(given)) {
    add(Value(), factor * *constant);
    return;
  }
  auto value = cast<Value>(given);
  Operation *def = value.getDefiningOp();
  if (isa_and_nonnull<arith::AddIOp, arith::SubIOp>(def)) {
    addLinear(sum, def->getOperand(0), factor);
    addLinear(sum, def->getOperand(1),
              isa<arith::AddIOp>(def) ? factor : -factor);
    return;
  }
  if (isa_and_nonnull<arith::MulIOp>(def))
    for (unsigned i = 0; i != 2; ++i)
      if (auto by =
              getConstantIntValue(getAsOpFoldResult(def->getOperand(i)))) {
        addLinear(sum, def->getOperand(1 - i), factor * *by);
        return;
      }
  if (auto apply = dyn_cast_or_null<affine::AffineApplyOp>(def))
    if (auto binary =
            dyn_cast<AffineBinaryOpExpr>(apply.getAffineMap().getResult(0));
        binary && apply.getMapOperands().size() == 1 &&
        binary.getKind() == AffineExprKind::Mul &&
        isa<AffineConstantExpr>(binary.getRHS()) &&
        isa<AffineDimExpr, AffineSymbolExpr>(binary.getLHS())) {
      addLinear(sum, getAsOpFoldResult(apply.getMapOperands().front()),
                factor * cast<AffineConstantExpr>(binary.getRHS()).getValue());
      return;
    }
  add(value, factor);
}

/// cover_c6: segments of all rows that follow each other begin where the one
/// before ends, and the last one ends with the keys, as far as their numbers
/// are made of the same values.
static LogicalResult verifyUnknownEnds(AttentionOp op, CoverAttr cover) {
  unsigned count = op.getNumSegments();
  for (unsigned i = 0; i != count; ++i)
    if (!op.getSegment(i).coversAllRows())
      return success();
  for (unsigned i = 0; i != count; ++i) {
    bool last = i + 1 == count;
    if (last && ShapedType::isDynamic(cover.getKeys()))
      break;
    // Known numbers were compared as rectangles.
    if (!op.getSegment(i).isDynamicBegin() &&
        !op.getSegment(i).isDynamicSize() &&
        (last || !op.getSegment(i + 1).isDynamicBegin()))
      continue;
    llvm::SmallMapVector<Value, int64_t, 4> gap;
    addLinear(gap, op.getSegmentBegin(i), -1);
    addLinear(gap, op.getSegmentSize(i), -1);
    addLinear(gap,
              last ? OpFoldResult(
                         Builder(op.getContext()).getIndexAttr(cover.getKeys()))
                   : op.getSegmentBegin(i + 1),
              1);
    if (gap.size() == 1 && !gap.front().first)
      return op.emitOpError("segment ")
             << i << " ends " << gap.front().second << " keys before "
             << (last ? "the last one" : "the next one begins");
  }
  return success();
}

static LogicalResult verifyAttention(AttentionOp op, CoverAttr cover) {
  AttentionDims dims = AttentionDims::get(op);
  if (cover.getRows().size() != dims.rows.size())
    return op.emitOpError("certificate has ")
           << cover.getRows().size() << " rows but the op " << dims.rows.size();
  SmallVector<Numbers> segments;
  for (unsigned i = 0; i != op.getNumSegments(); ++i) {
    SegmentAttr segment = op.getSegment(i);
    Numbers &numbers = segments.emplace_back();
    for (unsigned row = 0; row != dims.rows.size(); ++row) {
      numbers.push_back(segment.coversAllRows() ? 0
                                                : segment.getRowOffsets()[row]);
      numbers.push_back(segment.coversAllRows() ? cover.getRows()[row]
                                                : segment.getRowSizes()[row]);
    }
    numbers.push_back(constantOrDynamic(op.getSegmentBegin(i)));
    numbers.push_back(constantOrDynamic(op.getSegmentSize(i)));
  }
  if (failed(comparePieces(op, cover, segments, "segments")))
    return failure();
  return verifyUnknownEnds(op, cover);
}

//===----------------------------------------------------------------------===//
// The decomposed form
//===----------------------------------------------------------------------===//

namespace {
/// Walks from a finalize op back to the partial attentions of its state.
class PartialCollector {
public:
  PartialCollector(FinalizeOp root, CoverAttr cover)
      : root(root), cover(cover) {}

  LogicalResult collect(Value state, ArrayRef<int64_t> rows,
                        SmallVector<Numbers> &partials) {
    Operation *def = state.getDefiningOp();
    if (auto partial = dyn_cast_or_null<PartialAttentionOpInterface>(def)) {
      AttentionDims dims = AttentionDims::get(partial);
      Numbers &numbers = partials.emplace_back(rows);
      int64_t offset = partial.getStaticOffsets().back();
      numbers.push_back(offset);
      numbers.push_back(getNumKeys(partial, dims));
      return collect(partial.getInits().front(), rows, partials);
    }
    if (auto ungroup = dyn_cast_or_null<UngroupRowsOp>(def))
      return collectGrouped(ungroup, rows, partials);
    if (auto combine = dyn_cast_or_null<CombineOp>(def)) {
      for (unsigned i = 0; i < combine.getStates().size(); i += 3)
        if (failed(collect(combine.getStates()[i], rows, partials)))
          return failure();
      return collect(combine.getInits().front(), rows, partials);
    }
    if (auto collapse = dyn_cast_or_null<tensor::CollapseShapeOp>(def))
      return collect(collapse.getSrc(), rows, partials);
    if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(def))
      return collect(expand.getSrc(), rows, partials);
    if (auto cast = dyn_cast_or_null<tensor::CastOp>(def))
      return collect(cast.getSource(), rows, partials);
    if (auto insert = dyn_cast_or_null<tensor::InsertSliceOp>(def)) {
      Numbers inner;
      for (unsigned row = 0; row != cover.getRows().size(); ++row) {
        inner.push_back(insert.getStaticOffsets()[row]);
        inner.push_back(insert.getStaticSizes()[row]);
      }
      if (failed(collect(insert.getSource(), inner, partials)))
        return failure();
      return collect(insert.getDest(), rows, partials);
    }
    if (isa_and_nonnull<linalg::FillOp, tensor::EmptyOp>(def))
      return success();
    return root.emitOpError("certificate cannot be followed through ")
           << (def ? def->getName().getStringRef() : "a block argument");
  }

private:
  /// Every row has one slot, in a tile or alone: partial attentions over the
  /// same keys for both, with the rows that one group_rows op lists, are one
  /// piece.
  LogicalResult collectGrouped(UngroupRowsOp ungroup, ArrayRef<int64_t> rows,
                               SmallVector<Numbers> &partials) {
    auto group = ungroup.getSlots().getDefiningOp<GroupRowsOp>();
    if (!group || ungroup.getSlots() != group.getSlots())
      return root.emitOpError(
          "certificate cannot be followed through slots that "
          "are not of hydragen.group_rows");
    std::optional<Numbers> piece;
    for (auto [state, list] :
         {std::pair(ungroup.getTiles(), group.getTiles()),
          std::pair(ungroup.getSingles(), group.getSingles())}) {
      auto partial = state.getDefiningOp<PartialAttentionOpInterface>();
      auto takes = [&, list = list](Value operand) {
        Operation *def = operand.getDefiningOp();
        return operand == list ||
               (def && llvm::is_contained(def->getOperands(), list));
      };
      if (!partial || llvm::none_of(partial->getOperands(), takes))
        return root.emitOpError(
            "certificate expects a partial attention of the "
            "rows that hydragen.group_rows lists");
      SmallVector<Numbers> inner;
      if (failed(collect(state, rows, inner)))
        return failure();
      if (inner.size() != 1 || (piece && *piece != inner.front()))
        return root.emitOpError(
            "certificate expects the same keys for tiles and "
            "single rows");
      piece = inner.front();
    }
    partials.push_back(*piece);
    return success();
  }

  /// Product of the extents of the key dims, kDynamic where unknown.
  static int64_t getNumKeys(PartialAttentionOpInterface op,
                            const AttentionDims &dims) {
    int64_t product = 1;
    for (unsigned dim : dims.keys) {
      int64_t extent = ShapedType::kDynamic;
      auto look = [&](AffineMap map, Value operand) {
        auto type = cast<ShapedType>(operand.getType());
        for (auto [i, result] : llvm::enumerate(map.getResults()))
          if (result == getAffineDimExpr(dim, op->getContext()) &&
              !type.isDynamicDim(i))
            extent = type.getDimSize(i);
      };
      for (auto [map, key] : llvm::zip(op.getKeyMapsVector(), op.getKeys()))
        look(map, key);
      look(op.getValueMap(), op.getValue());
      for (auto [map, index] :
           llvm::zip(op.getIndexMapsVector(), op.getIndices()))
        look(map, index);
      if (ShapedType::isDynamic(extent))
        return extent;
      product *= extent;
    }
    return product;
  }

  FinalizeOp root;
  CoverAttr cover;
};

struct VerifyCoverPass : hydragen::impl::VerifyCoverBase<VerifyCoverPass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](Operation *op) {
      auto cover = op->getAttrOfType<CoverAttr>(CoverAttr::kAttrName);
      if (!cover)
        return WalkResult::advance();
      return succeeded(verify(op, cover)) ? WalkResult::advance()
                                          : WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
    markAllAnalysesPreserved();
  }

  static LogicalResult verify(Operation *op, CoverAttr cover) {
    Rect box;
    SmallVector<Rect> pieces;
    if (failed(getRects(op, cover, box, pieces)) ||
        failed(verifyPartition(op, box, pieces)))
      return failure();
    if (auto attention = dyn_cast<AttentionOp>(op))
      return verifyAttention(attention, cover);
    auto finalize = dyn_cast<FinalizeOp>(op);
    if (!finalize)
      return success();
    Numbers rows;
    for (int64_t extent : cover.getRows())
      rows.append({0, extent});
    SmallVector<Numbers> partials;
    if (failed(PartialCollector(finalize, cover)
                   .collect(finalize.getO(), rows, partials)))
      return failure();
    return comparePieces(op, cover, partials, "partial attentions");
  }
};
} // namespace
