//===- ShareSegments.cpp - hydragen-share-segments --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MaterializeReport.h"
#include "ShareDetail.h"

#include "hydragen/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_SHARESEGMENTS
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

#define DEBUG_TYPE "hydragen-share-segments"

/// Why nothing in the segments is shared, the most telling reason first.
static Refusal explain(ArrayRef<std::unique_ptr<SegmentAnalysis>> analyses) {
  bool keysOnly = false, valuesOnly = false, atRunTime = false;
  for (const auto &analysis : analyses)
    for (const SegmentPiece &piece : analysis->getPieces()) {
      atRunTime |= !analysis->getSharedAtRunTime(piece).empty();
      for (VarId var : analysis->getRowDigits()) {
        bool inKeys = llvm::is_contained(piece.usedByKeys, var);
        bool inValue = llvm::is_contained(piece.usedByValue, var);
        const VarRange &range = piece.box.find(var)->second;
        if (analysis->isFolded(var) || range.high == range.low + SizeExpr(1))
          continue;
        keysOnly |= !inKeys && inValue;
        valuesOnly |= inKeys && !inValue;
      }
    }
  if (atRunTime)
    return {RefusalReason::RuntimeIndex, ""};
  if (keysOnly)
    return {RefusalReason::OnlyKeysShared, ""};
  if (valuesOnly)
    return {RefusalReason::OnlyValuesShared, ""};
  return {RefusalReason::NothingShared, ""};
}

/// `mods` with conditions and distances over `numSymbols` index operands.
static ArrayAttr withSymbols(ArrayAttr mods, unsigned numSymbols) {
  MLIRContext *context = mods.getContext();
  auto widen = [&](AffineMapAttr attr) {
    AffineMap map = attr.getValue();
    return AffineMapAttr::get(AffineMap::get(map.getNumDims(), numSymbols,
                                             map.getResults(), context));
  };
  SmallVector<Attribute> result;
  for (Attribute mod : mods) {
    if (auto visible = dyn_cast<VisibleAttr>(mod))
      mod = VisibleAttr::get(context, widen(visible.getWhere()),
                             visible.getFill(), visible.getMode());
    else if (auto alibi = dyn_cast<AlibiAttr>(mod))
      mod = AlibiAttr::get(context, alibi.getExtra(), widen(alibi.getDistance()));
    result.push_back(mod);
  }
  return ArrayAttr::get(context, result);
}

/// The certificate that `result`'s segments cover what `op`'s did.
static void attachCover(AttentionOp op, AttentionOp result) {
  // Cut once already: the first certificate stands for the whole.
  if (auto old = op->getAttrOfType<CoverAttr>(CoverAttr::kAttrName);
      old || op.getNumSegments() != 1) {
    result->removeAttr(CoverAttr::kAttrName);
    return;
  }
  MLIRContext *context = op.getContext();
  SmallVector<int64_t> extents;
  Builder builder(context);
  AttentionDims dims = AttentionDims::get(result);
  auto type = cast<RankedTensorType>(result.getInits().front().getType());
  for (unsigned dim : dims.rows)
    extents.push_back(type.getDimSize(*result.getOutputMap().getResultPosition(
        builder.getAffineDimExpr(dim))));
  SmallVector<int64_t> pieces;
  for (unsigned i = 0; i != result.getNumSegments(); ++i) {
    SegmentAttr segment = result.getSegment(i);
    for (auto [row, extent] : llvm::enumerate(extents)) {
      bool all = segment.coversAllRows();
      pieces.push_back(all ? 0 : segment.getRowOffsets()[row]);
      pieces.push_back(all ? extent : segment.getRowSizes()[row]);
    }
    pieces.push_back(segment.getBegin());
    pieces.push_back(segment.getSize());
  }
  result->setAttr(CoverAttr::kAttrName,
                  CoverAttr::get(context, extents, op.getSegment(0).getSize(),
                                 pieces));
}

namespace {
/// Rewrites one attention.
class Sharing {
public:
  Sharing(AttentionOp op, SizeAnalysis &sizes, DominanceInfo &dominance,
          bool guards)
      : op(op), sizes(sizes), dominance(dominance), guards(guards),
        builder(op) {}

  /// The new op, or null with a refusal.
  AttentionOp run() {
    if (!analyze() || !choose())
      return {};
    return write();
  }
  std::optional<Refusal> refusal;
  std::string text;
  /// Some of the sharing is found when the function runs.
  bool guarded = false;
  /// What was found, with the pieces even when nothing came of them.
  AttentionRecord getRecord(bool done);

private:
  void addPieces(AttentionRecord &record, unsigned segment,
                 ArrayRef<VarId> sequences);

  AttentionOp refuse(const Refusal &reason) {
    if (!refusal)
      refusal = reason;
    return {};
  }

  bool analyze() {
    bool anyShared = false;
    for (unsigned i = 0; i != op.getNumSegments(); ++i) {
      SegmentAttr segment = op.getSegment(i);
      if (segment.getKeyScale() >= 0 || segment.getValueScale() >= 0) {
        refuse({RefusalReason::NotWritable, "scaled elements"});
        return false;
      }
      analyses.push_back(std::make_unique<SegmentAnalysis>(op, i, sizes));
      if (!analyses.back()->run()) {
        refuse(*analyses.back()->getRefusal());
        return false;
      }
      for (const SegmentPiece &piece : analyses.back()->getPieces())
        anyShared |= !analyses.back()->getSharedOver(piece).empty();
    }
    // A model that has told shared keys from own ones in its tables knows them.
    bool tables = !anyShared;
    for (auto &analysis : analyses) {
      if (!guards)
        break;
      ExprWriter writer(builder, op.getLoc(), analysis->getEvaluator(),
                        dominance, op);
      guarded |= addGuards(*analysis, writer, tables);
    }
    anyShared |= guarded;
    if (!anyShared)
      refuse(explain(analyses));
    return anyShared;
  }

  bool choose() {
    shared.indices.assign(op.getIndices().begin(), op.getIndices().end());
    shared.indexMaps =
        llvm::to_vector(op.getIndexMaps().getAsValueRange<AffineMapAttr>());
    for (auto [i, analysis] : llvm::enumerate(analyses)) {
      writers.push_back(std::make_unique<SegmentWriter>(
          *analysis, builder, dominance, op.getSegmentBegin(i), shared));
      if (!writers.back()->choose()) {
        refuse(*writers.back()->refusal);
        return false;
      }
    }
    return true;
  }

  /// Queries without views and constant factors; the factors go to the scale.
  void rewriteQueries() {
    queries.assign(op.getQueries().begin(), op.getQueries().end());
    queryMaps =
        llvm::to_vector(op.getQueryMaps().getAsValueRange<AffineMapAttr>());
    queryFactors.assign(queries.size(), 1.0);
    for (unsigned term = 0; term != queries.size(); ++term) {
      Value query = queries[term];
      AffineMap map = queryMaps[term];
      double factor = 1;
      // Several terms have one scale: leave their factors where they are.
      if (!writers.front()->rewriteView(query, map, factor) ||
          (queries.size() > 1 && factor != 1))
        continue;
      queries[term] = query;
      queryMaps[term] = map;
      queryFactors[term] = factor;
    }
  }

  AttentionOp write() {
    // Constant factors of K join the scale when every segment has the same.
    std::optional<double> keyFactor;
    for (unsigned term = 0; term != op.getNumTerms(); ++term)
      for (auto &writer : writers) {
        std::optional<double> own = writer->getKeyFactor(term);
        if (!own || (keyFactor && *own != *keyFactor))
          return writeWith(std::nullopt);
        keyFactor = own;
      }
    return writeWith(keyFactor);
  }

  AttentionOp writeWith(std::optional<double> keyFactor);

  AttentionOp op;
  SizeAnalysis &sizes;
  DominanceInfo &dominance;
  bool guards;
  OpBuilder builder;
  SmallVector<std::unique_ptr<SegmentAnalysis>> analyses;
  SmallVector<std::unique_ptr<SegmentWriter>> writers;
  SharedOperands shared;
  SmallVector<Value> queries;
  SmallVector<AffineMap> queryMaps;
  SmallVector<double> queryFactors;
};
} // namespace

AttentionOp Sharing::writeWith(std::optional<double> keyFactor) {
  SmallVector<WrittenSegment, 0> segments;
  for (auto &writer : writers) {
    size_t first = segments.size();
    if (!writer->write(/*dropFactors=*/keyFactor.has_value(), segments) ||
        !writer->checkWritten(ArrayRef(segments).drop_front(first)))
      return refuse(writer->refusal
                        ? *writer->refusal
                        : Refusal{RefusalReason::NotWritable, ""});
  }
  if (llvm::none_of(segments, [](const WrittenSegment &s) { return s.shared; }))
    return refuse({RefusalReason::NotWritable, ""});
  rewriteQueries();

  MLIRContext *context = op.getContext();
  SmallVector<Value> keys, values, sizeOperands;
  SmallVector<Attribute> segmentAttrs;
  auto take = [&](OpFoldResult size) {
    if (auto value = dyn_cast<Value>(size)) {
      sizeOperands.push_back(value);
      return ShapedType::kDynamic;
    }
    return cast<IntegerAttr>(cast<Attribute>(size)).getInt();
  };
  for (const WrittenSegment &segment : segments) {
    values.push_back(segment.operands.front());
    keys.append(segment.operands.begin() + 1, segment.operands.end());
    SmallVector<Attribute> keyMaps;
    for (AffineMap map : ArrayRef(segment.maps).drop_front())
      keyMaps.push_back(AffineMapAttr::get(map));
    int64_t begin = take(segment.begin), size = take(segment.size);
    segmentAttrs.push_back(SegmentAttr::get(
        context, begin, size, ArrayRef<int64_t>(segment.rowOffsets),
        ArrayRef<int64_t>(segment.rowSizes), ArrayAttr::get(context, keyMaps),
        AffineMapAttr::get(segment.maps.front()), -1, -1, segment.shared,
        segment.grouped));
    text += (text.empty() ? "" : "; ") + segment.text;
  }
  double scale = op.getScale().convertToDouble() * keyFactor.value_or(1.0);
  for (double factor : queryFactors)
    scale *= factor;
  auto result = AttentionOp::create(
      builder, op.getLoc(), op.getResultTypes(), queries, keys, values,
      shared.indices, op.getExtras(), op.getSinks(), op.getFactor(),
      op.getScales(), sizeOperands, op.getInits(),
      builder.getAffineMapArrayAttr(queryMaps), op.getOutputMapAttr(),
      builder.getArrayAttr(segmentAttrs),
      builder.getAffineMapArrayAttr(shared.indexMaps), op.getExtraMapsAttr(),
      op.getSinkMapsAttr(), op.getFactorMapAttr(), op.getScaleMapsAttr(),
      builder.getF64FloatAttr(scale),
      withSymbols(op.getScoreMods(), shared.indices.size()),
      op.getMaskedRowsAttr(),
      op.getAccumulate() ? builder.getUnitAttr() : UnitAttr());
  result->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  if (!op.getScoreRegion().empty()) {
    IRMapping mapping;
    op.getScoreRegion().cloneInto(&result.getScoreRegion(), mapping);
  }
  ScopedDiagnosticHandler quiet(context, [&](Diagnostic &diagnostic) {
    refuse({RefusalReason::NotWritable, diagnostic.str()});
    return success();
  });
  if (failed(mlir::verify(result))) {
    result.erase();
    return refuse({RefusalReason::NotWritable, ""});
  }
  attachCover(op, result);
  return result;
}

//===----------------------------------------------------------------------===//
// Report
//===----------------------------------------------------------------------===//

/// Product of the ranges of `vars` in the piece; kDynamic if one is unknown.
static int64_t getCount(const SegmentPiece &piece, ArrayRef<VarId> vars) {
  SizeExpr count(1);
  for (VarId var : vars) {
    const VarRange &range = piece.box.find(var)->second;
    count = count * (range.high - range.low);
  }
  return count.isConstant() ? count.getConstant() : ShapedType::kDynamic;
}

void Sharing::addPieces(AttentionRecord &record, unsigned segment,
                        ArrayRef<VarId> sequences) {
  SegmentAnalysis &analysis = *analyses[segment];
  SizeExpr begin = sizes.getSize(op.getSegmentBegin(segment));
  bool anyGrouped = llvm::any_of(
      analysis.getPieces(),
      [](const SegmentPiece &piece) { return piece.groupedRow.has_value(); });
  for (const SegmentPiece &piece : analysis.getPieces()) {
    // Keys of a piece that is no range: its outermost digits say enough.
    SizeExpr low(0), high(0);
    for (VarId digit : analysis.getKeyDigits()) {
      const SizeExpr &extent = analysis.getExprs().var(digit).extent;
      const VarRange &range = piece.box.find(digit)->second;
      low = low * extent + range.low;
      high = high * extent + range.high - SizeExpr(1);
    }
    low = begin + low;
    high = begin + high + SizeExpr(1);
    auto toInteger = [](const SizeExpr &size) {
      return size.isConstant() ? size.getConstant() : ShapedType::kDynamic;
    };
    SmallVector<VarId> used, free, usedRows, rows;
    for (VarId var : sequences)
      (piece.uses(var) ? used : free).push_back(var);
    for (VarId var : analysis.getRowDigits()) {
      if (!analysis.isFolded(var))
        rows.push_back(var);
      if (piece.uses(var))
        usedRows.push_back(var);
    }
    if (piece.groupedRow) {
      // How many groups there are is known at run time.
      record.segments.push_back({toInteger(low), toInteger(high), "group",
                                 ShapedType::kDynamic, ShapedType::kDynamic, 1});
      record.bytesPlain = record.bytesShared = ShapedType::kDynamic;
      continue;
    }
    bool isShared = getCount(piece, free) != 1;
    record.segments.push_back(
        {toInteger(low), toInteger(high),
         !isShared ? "own" : getCount(piece, used) == 1 ? "all" : "group",
         getCount(piece, used), getCount(piece, free),
         static_cast<int64_t>(used.size()) + (anyGrouped && !used.empty())});

    // Bytes of K and V read, once per copy against once per row that has one.
    SizeExpr perKey(0);
    const AttentionDims &dims = analysis.getDims();
    for (auto [k, operand] : llvm::enumerate(analysis.getOperands())) {
      Type type = getElementTypeOrSelf(operand.value.getType());
      SizeExpr columns(type.getIntOrFloatBitWidth() / 8);
      for (unsigned dim : k == 0 ? dims.values : dims.contraction[k - 1])
        columns = columns * analysis.getExprs().var(analysis.getDimVar(dim)).extent;
      perKey = perKey + columns;
    }
    auto addBytes = [&](int64_t &bytes, ArrayRef<VarId> vars) {
      SizeExpr keys = high - low;
      int64_t count = getCount(piece, vars);
      SizeExpr product = ShapedType::isDynamic(count) ||
                                 ShapedType::isDynamic(bytes)
                             ? SizeExpr::invalid()
                             : SizeExpr(count) * keys * perKey + SizeExpr(bytes);
      bytes = product.isConstant() ? product.getConstant() : ShapedType::kDynamic;
    };
    addBytes(record.bytesPlain, rows);
    addBytes(record.bytesShared, usedRows);
  }
}

AttentionRecord Sharing::getRecord(bool done) {
  AttentionRecord record{op.getLoc(), "shared", "", text};
  record.guarded = done && guarded;
  if (!done) {
    RefusalReason reason = refusal->reason;
    bool plain = reason == RefusalReason::NothingShared ||
                 reason == RefusalReason::OnlyKeysShared ||
                 reason == RefusalReason::OnlyValuesShared;
    record.outcome = plain ? "plain" : "refused";
    record.reasonCode = getReasonCode(reason).str();
    record.reason = describe(*refusal);
  }
  if (analyses.size() != op.getNumSegments() || analyses.back()->getRefusal())
    return record;
  record.bytesPlain = record.bytesShared = 0;
  for (unsigned i = 0; i != analyses.size(); ++i) {
    // Digits of the rows that some piece is shared over: the sequences.
    // Constant keys (the rest of a cache) belong to nobody and say nothing.
    SmallVector<VarId> sequences;
    ExprContext &exprs = analyses[i]->getExprs();
    auto isConstant = [&](const SegmentPiece &piece) {
      return llvm::all_of(piece.exprs, [&](ArrayRef<ExprId> list) {
        return llvm::all_of(list, [&](ExprId id) {
          return exprs.node(id).kind == ExprKind::Constant;
        });
      });
    };
    for (VarId var : analyses[i]->getRowDigits())
      for (const SegmentPiece &piece : analyses[i]->getPieces())
        if (piece.groupedRow == var ||
            (!isConstant(piece) &&
             llvm::is_contained(analyses[i]->getSharedOver(piece), var))) {
          sequences.push_back(var);
          break;
        }
    addPieces(record, i, sequences);
  }
  return record;
}

namespace {
struct ShareSegmentsPass : hydragen::impl::ShareSegmentsBase<ShareSegmentsPass> {
  using ShareSegmentsBase::ShareSegmentsBase;

  void runOnOperation() override {
    FunctionOpInterface function = getOperation();
    if (function.isExternal())
      return;
    SmallVector<AttentionOp> ops;
    function->walk([&](AttentionOp op) {
      if (op->getParentRegion() == &function.getFunctionBody())
        ops.push_back(op);
    });
    if (ops.empty())
      return;
    SizeAnalysis sizes(function);
    DominanceInfo dominance(function);
    ReportRecords records(function);
    for (AttentionOp op : ops) {
      auto attempt = std::make_unique<Sharing>(op, sizes, dominance, guards);
      AttentionOp result = attempt->run();
      if (!result && attempt->guarded) {
        // Guards in vain: what is known without them.
        std::string why = describe(*attempt->refusal);
        attempt = std::make_unique<Sharing>(op, sizes, dominance, false);
        result = attempt->run();
        if (!result && attempt->refusal->reason == RefusalReason::RuntimeIndex)
          attempt->refusal->detail = why;
      }
      Sharing &sharing = *attempt;
      records.update(sharing.getRecord(static_cast<bool>(result)),
                     result ? result : op);
      if (!result) {
        reportMissed(op, "segments-not-shared",
                     getReasonCode(sharing.refusal->reason),
                     describe(*sharing.refusal));
        continue;
      }
      reportPassed(op, "segments-shared", sharing.text);
      // Erased below: the size analysis remembers values.
      op->replaceAllUsesWith(result);
    }
    records.commit();
    // Copies of K and V, and what was written in vain.
    for (Operation &op : llvm::make_early_inc_range(
             llvm::reverse(function.getFunctionBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }
};
} // namespace
