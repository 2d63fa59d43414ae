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
#include "llvm/Support/FormatVariadic.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_SHARESEGMENTS
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

#define DEBUG_TYPE "hydragen-share-segments"

/// Why nothing in the segments is shared, the most telling reason first.
static Refusal explain(ArrayRef<std::unique_ptr<SegmentAnalysis>> analyses,
                       bool guards) {
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
    return {RefusalReason::RuntimeIndex, guards ? "" : "guards are off"};
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
      mod =
          AlibiAttr::get(context, alibi.getExtra(), widen(alibi.getDistance()));
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
  result->setAttr(
      CoverAttr::kAttrName,
      CoverAttr::get(context, extents, op.getSegment(0).getSize(), pieces));
}

namespace {
/// What to rewrite an attention for.
enum class Goal {
  /// Whatever is proved to be shared.
  Shared,
  /// That, where it is also predicted to be faster on the target.
  SharedIfItPays,
  /// K and V read where they lie, and nothing shared.
  Pieces
};

struct SharingOptions {
  Goal goal;
  /// Null: everything pays.
  Attribute target;
  /// Also what turns out to be equal when the function runs.
  bool guards;
  /// Attention that is not shared will read pieces of K and V.
  bool pieces;
};

/// Rewrites one attention.
class Sharing {
public:
  Sharing(AttentionOp op, SizeAnalysis &sizes, DominanceInfo &dominance,
          const SharingOptions &options)
      : op(op), sizes(sizes), dominance(dominance), options(options),
        builder(op), record{op.getLoc(), Outcome::Shared, "", ""} {}

  /// The new op, or null with a refusal.
  AttentionOp run() {
    if (!analyze() || !choose())
      return {};
    describe();
    if (options.goal == Goal::Pieces && record.prediction &&
        !record.prediction->plainReadsPieces)
      return refuse({RefusalReason::NotProfitable, ""});
    if (options.goal == Goal::SharedIfItPays && record.prediction &&
        !record.prediction->pays())
      return refuse(
          {RefusalReason::NotProfitable,
           llvm::formatv("{0:F1} us against {1:F1} us",
                         record.prediction->shared, record.prediction->plain)
               .str()});
    return write();
  }
  std::optional<Refusal> refusal;
  std::string text;
  /// Some of the sharing is found when the function runs.
  bool guarded = false;
  /// What was found, with the pieces even when nothing came of them.
  const AttentionRecord &getRecord(bool done);
  /// Whether the op came with segments that are shared.
  bool isWrittenShared() {
    for (unsigned i = 0; i != op.getNumSegments(); ++i)
      if (isSharedSegment(op, i))
        return true;
    return false;
  }

private:
  void describe() {
    if (record.segments.empty() && analyses.size() == op.getNumSegments() &&
        !analyses.back()->getRefusal())
      describeSegments(op, sizes, analyses, options.target, options.pieces,
                       record);
  }

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
      if (!options.guards)
        break;
      ExprWriter writer(builder, op.getLoc(), analysis->getEvaluator(),
                        dominance, op);
      guarded |= addGuards(*analysis, writer, tables);
    }
    anyShared |= guarded;
    if (!anyShared && options.goal != Goal::Pieces)
      refuse(explain(analyses, options.guards));
    return anyShared || options.goal == Goal::Pieces;
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
  bool isWorthWriting(ArrayRef<WrittenSegment> segments);

  AttentionOp op;
  SizeAnalysis &sizes;
  DominanceInfo &dominance;
  SharingOptions options;
  OpBuilder builder;
  AttentionRecord record;
  SmallVector<std::unique_ptr<SegmentAnalysis>> analyses;
  SmallVector<std::unique_ptr<SegmentWriter>> writers;
  SharedOperands shared;
  SmallVector<Value> queries;
  SmallVector<AffineMap> queryMaps;
  SmallVector<double> queryFactors;
};
} // namespace

/// Something is shared; of pieces, one is not what the op reads already.
bool Sharing::isWorthWriting(ArrayRef<WrittenSegment> segments) {
  if (options.goal != Goal::Pieces)
    return llvm::any_of(segments,
                        [](const WrittenSegment &s) { return s.shared; });
  return llvm::any_of(segments, [&](const WrittenSegment &segment) {
    return llvm::any_of(segment.operands, [&](Value operand) {
      return !llvm::is_contained(op.getKeys(), operand) &&
             !llvm::is_contained(op.getValues(), operand);
    });
  });
}

AttentionOp Sharing::writeWith(std::optional<double> keyFactor) {
  SmallVector<WrittenSegment, 0> segments;
  for (auto &writer : writers) {
    size_t first = segments.size();
    if (!writer->write(/*dropFactors=*/keyFactor.has_value(), segments) ||
        !writer->checkWritten(ArrayRef(segments).drop_front(first)))
      return refuse(writer->refusal ? *writer->refusal
                                    : Refusal{RefusalReason::NotWritable, ""});
  }
  if (!isWorthWriting(segments))
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
  if (options.goal == Goal::Pieces)
    result->setAttr(kPlainAttr, builder.getUnitAttr());
  return result;
}

//===----------------------------------------------------------------------===//
// Report
//===----------------------------------------------------------------------===//

const AttentionRecord &Sharing::getRecord(bool done) {
  describe();
  record.reason = done ? text : "as the op has them";
  record.guarded = done && guarded;
  if (done || isWrittenShared())
    return record;
  RefusalReason reason = refusal->reason;
  bool plain = reason == RefusalReason::NothingShared ||
               reason == RefusalReason::OnlyKeysShared ||
               reason == RefusalReason::OnlyValuesShared ||
               reason == RefusalReason::NotProfitable;
  record.guarded = guarded && reason == RefusalReason::NotProfitable;
  record.outcome = plain ? Outcome::Plain : Outcome::Refused;
  record.reasonCode = getReasonCode(reason).str();
  record.reason = hydragen::describe(*refusal);
  // Nothing to choose between.
  if (reason != RefusalReason::NotProfitable && record.prediction)
    record.prediction->shared = record.prediction->plain;
  return record;
}

namespace {
struct ShareSegmentsPass
    : hydragen::impl::ShareSegmentsBase<ShareSegmentsPass> {
  using ShareSegmentsBase::ShareSegmentsBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (sharing != "auto" && sharing != "always" && sharing != "never")
      return emitError(
                 UnknownLoc::get(context),
                 "hydragen-share-segments: sharing expects auto, always or "
                 "never but got ")
             << sharing;
    if (target.empty())
      return success();
    description = getCostTarget(context, target);
    if (!description)
      return emitError(UnknownLoc::get(context),
                       "hydragen-share-segments: unknown target '")
             << target << "'";
    return success();
  }

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
      // Users first: the op is erased below, the size analysis remembers it.
      AttentionOp result = share(op, sizes, dominance, records);
      if (!result && pieces)
        result = Sharing(op, sizes, dominance,
                         {Goal::Pieces, description, /*guards=*/false, pieces})
                     .run();
      if (result)
        op->replaceAllUsesWith(result);
    }
    records.commit();
    // Copies of K and V, and what was written in vain.
    for (Operation &op : llvm::make_early_inc_range(
             llvm::reverse(function.getFunctionBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }

private:
  /// The shared form of `op`, or null; tells which and why.
  AttentionOp share(AttentionOp op, SizeAnalysis &sizes,
                    DominanceInfo &dominance, ReportRecords &records);

  Attribute description;
};
} // namespace

AttentionOp ShareSegmentsPass::share(AttentionOp op, SizeAnalysis &sizes,
                                     DominanceInfo &dominance,
                                     ReportRecords &records) {
  if (sharing == "never")
    return {};
  auto trial = [&](bool guards) {
    Goal goal = sharing == "auto" ? Goal::SharedIfItPays : Goal::Shared;
    return std::make_unique<Sharing>(
        op, sizes, dominance,
        SharingOptions{goal, description, guards, pieces});
  };
  auto attempt = trial(guards);
  AttentionOp result = attempt->run();
  if (!result && attempt->guarded &&
      attempt->refusal->reason != RefusalReason::NotProfitable) {
    // Guards in vain: what is known without them.
    std::string why = hydragen::describe(*attempt->refusal);
    attempt = trial(false);
    result = attempt->run();
    if (!result && attempt->refusal->reason == RefusalReason::RuntimeIndex)
      attempt->refusal->detail = why;
  }
  records.update(attempt->getRecord(static_cast<bool>(result)),
                 result ? result : op);
  if (result)
    reportPassed(op, "segments-shared", attempt->text);
  else if (attempt->isWrittenShared())
    reportPassed(op, "segments-shared", "as the op has them");
  else
    reportMissed(op, "segments-not-shared",
                 getReasonCode(attempt->refusal->reason),
                 hydragen::describe(*attempt->refusal));
  return result;
}
