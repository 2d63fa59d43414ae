//===- ShareReport.cpp - who reads which keys -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The row digits of a segment say which sequences read one copy of it. Which of
// them are sequences, and which are heads, no IR says: see `Sequences`.
//===----------------------------------------------------------------------===//

#include "Materialize.h"
#include "MaterializeReport.h"

#include "hydragen/Analysis/SegmentAnalysis.h"

using namespace mlir;
using namespace mlir::hydragen;

/// Constant keys (the rest of a cache) belong to nobody and say nothing.
static bool isConstant(SegmentAnalysis &analysis, const SegmentPiece &piece) {
  ExprContext &exprs = analysis.getExprs();
  return llvm::all_of(piece.exprs, [&](ArrayRef<ExprId> list) {
    return llvm::all_of(list, [&](ExprId id) {
      return exprs.node(id).kind == ExprKind::Constant;
    });
  });
}

static bool isOne(const VarRange &range) {
  return range.high == range.low + SizeExpr(1);
}

static int64_t toInteger(const SizeExpr &size) {
  return size.isConstant() ? size.getConstant() : ShapedType::kDynamic;
}

/// Product of the ranges of `vars` in the piece; kDynamic if one is unknown.
static int64_t getCount(const SegmentPiece &piece, ArrayRef<VarId> vars) {
  SizeExpr count(1);
  for (VarId var : vars) {
    const VarRange &range = piece.box.find(var)->second;
    count = count * (range.high - range.low);
  }
  return toInteger(count);
}

namespace {
/// Row digits that tell sequences apart. Digits that some piece is shared over
/// do. So do those outside them that K and V depend on: groups of sequences.
/// Digits inside them are heads, unless they are digits of one index of the
/// queries (sequences that take turns: b mod 2). In [batch, heads, ...] that is
/// right; where heads are outside the batch, each head counts as a group.
class Sequences {
public:
  Sequences(AttentionOp op,
            ArrayRef<std::unique_ptr<SegmentAnalysis>> analyses);
  /// Of segment `i`, outermost first.
  ArrayRef<VarId> getDigits(unsigned i) const { return digits[i]; }
  /// Digits of rows that K or V of some segment depend on.
  SmallVector<VarId> getRows(SegmentAnalysis &analysis) const;

private:
  void findDims();
  void chooseDigits(unsigned i);
  bool isUsed(unsigned dim) const { return llvm::is_contained(used, dim); }
  bool isSharedOver(SegmentAnalysis &analysis, unsigned dim,
                    const SegmentPiece &piece, VarId var) const;
  bool isTold(SegmentAnalysis &analysis, unsigned dim, VarId var) const;
  bool areOneIndex(SegmentAnalysis &analysis, VarId a, VarId b);

  AttentionOp op;
  ArrayRef<std::unique_ptr<SegmentAnalysis>> analyses;
  SmallVector<unsigned> rowOrder; // row dims as the output has them
  SmallVector<unsigned> used;     // dims that some K or V depends on
  SmallVector<unsigned> shared;   // dims that some piece is shared over
  SmallVector<unsigned> dims;     // dims of the sequences
  SmallVector<SmallVector<VarId>> digits;
};
} // namespace

Sequences::Sequences(AttentionOp op,
                     ArrayRef<std::unique_ptr<SegmentAnalysis>> analyses)
    : op(op), analyses(analyses), digits(analyses.size()) {
  const AttentionDims &roles = analyses.front()->getDims();
  for (AffineExpr result : op.getOutputMap().getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(result))
      if (llvm::is_contained(roles.rows, dim.getPosition()))
        rowOrder.push_back(dim.getPosition());
  findDims();
  for (unsigned i = 0; i != analyses.size(); ++i)
    chooseDigits(i);
}

static SmallVector<VarId> getDigitsOf(SegmentAnalysis &analysis, unsigned dim) {
  SmallVector<VarId> digits;
  analysis.getExprs().getDigits(analysis.getDimVar(dim), digits);
  return digits;
}

void Sequences::findDims() {
  for (const auto &analysis : analyses)
    for (unsigned dim : rowOrder)
      for (VarId var : getDigitsOf(*analysis, dim))
        if (!analysis->isFolded(var) && !isUsed(dim))
          used.push_back(dim);
  for (unsigned dim : rowOrder) {
    bool isShared = false;
    for (auto [i, analysis] : llvm::enumerate(analyses))
      for (const SegmentPiece &piece : analysis->getPieces())
        for (VarId var : getDigitsOf(*analysis, dim))
          isShared |= isUsed(dim) && isSharedOver(*analysis, dim, piece, var);
    if (isShared)
      shared.push_back(dim);
  }
  // A segment on its own that is marked: all its keys are shared.
  if (shared.empty() && op.getNumSegments() == 1 &&
      op.getSegment(0).getShared()) {
    llvm::SmallBitVector unused = hydragen::getUnusedRows(op, 0);
    for (auto [i, dim] : llvm::enumerate(analyses.front()->getDims().rows))
      if (unused.test(i) && shared.empty()) {
        shared.push_back(dim);
        used.push_back(dim);
      }
  }
  for (unsigned dim : rowOrder) {
    bool outside = shared.empty() ? dims.empty() && isUsed(dim)
                                  : !llvm::is_contained(dims, shared.front()) &&
                                        isUsed(dim);
    if (outside || llvm::is_contained(shared, dim))
      dims.push_back(dim);
  }
}

/// Whether several values of the digit read one copy of the piece, or may do so
/// at run time.
bool Sequences::isSharedOver(SegmentAnalysis &analysis, unsigned dim,
                             const SegmentPiece &piece, VarId var) const {
  return piece.groupedRow == var ||
         (!isConstant(analysis, piece) && !piece.uses(var) &&
          !isOne(piece.box.find(var)->second) && isTold(analysis, dim, var));
}

/// Whether K and V of some segment are told apart by this digit of `dim`. If
/// not, it stands for heads of one key head, or query positions.
bool Sequences::isTold(SegmentAnalysis &analysis, unsigned dim,
                       VarId var) const {
  if (!analysis.isFolded(var))
    return true;
  // Factors of the dim that a digit stands for: [divisor, divisor * extent).
  auto getRange = [](SegmentAnalysis &of, VarId digit) {
    ExprContext &exprs = of.getExprs();
    SizeExpr low = exprs.getDigit(digit).divisor;
    return std::pair(low, low * exprs.var(digit).extent);
  };
  auto [low, high] = getRange(analysis, var);
  for (const auto &other : analyses)
    for (VarId digit : getDigitsOf(*other, dim)) {
      if (other.get() == &analysis || other->isFolded(digit))
        continue;
      auto [otherLow, otherHigh] = getRange(*other, digit);
      if (low == otherLow || high == otherHigh || otherLow.isOne() ||
          (low.isConstant() && high.isConstant() && otherLow.isConstant() &&
           otherHigh.isConstant() &&
           low.getConstant() < otherHigh.getConstant() &&
           otherLow.getConstant() < high.getConstant()))
        return true;
    }
  return false;
}

/// Whether the queries' source has one index made of both digits.
bool Sequences::areOneIndex(SegmentAnalysis &analysis, VarId a, VarId b) {
  auto maps = op.getQueryMaps().getAsValueRange<AffineMapAttr>();
  SegmentOperand query{op.getQueries().front(), *maps.begin()};
  bool crossed = false;
  std::optional<ExprId> id = analysis.evaluateIn(
      query, EvalDepth::View, analysis.getFullBox(), crossed);
  if (!id)
    return false;
  ExprContext &exprs = analysis.getExprs();
  SmallVector<ExprId> work = {*id};
  while (!work.empty()) {
    const ExprNode &node = exprs.node(work.pop_back_val());
    if (node.kind == ExprKind::Load)
      for (const IndexExpr &index : node.indices)
        if (exprs.mentions(index, a) && exprs.mentions(index, b))
          return true;
    llvm::append_range(work, node.children);
  }
  return false;
}

void Sequences::chooseDigits(unsigned i) {
  SegmentAnalysis &analysis = *analyses[i];
  for (unsigned dim : dims) {
    SmallVector<VarId> all = getDigitsOf(analysis, dim);
    std::optional<size_t> last;
    for (auto [k, var] : llvm::enumerate(all))
      for (const SegmentPiece &piece : analysis.getPieces())
        if (!isConstant(analysis, piece) && !piece.uses(var) &&
            !isOne(piece.box.find(var)->second) && isTold(analysis, dim, var))
          last = k;
    for (auto [k, var] : llvm::enumerate(all)) {
      bool inside = last && k > *last;
      if (!inside || (isTold(analysis, dim, var) &&
                      areOneIndex(analysis, all[*last], var)))
        digits[i].push_back(var);
    }
  }
}

SmallVector<VarId> Sequences::getRows(SegmentAnalysis &analysis) const {
  SmallVector<VarId> rows;
  for (unsigned dim : rowOrder)
    for (VarId var : getDigitsOf(analysis, dim))
      if (isTold(analysis, dim, var))
        rows.push_back(var);
  return rows;
}

//===----------------------------------------------------------------------===//
// Records
//===----------------------------------------------------------------------===//

/// Adds the product of all of them to `bytes`, which becomes unknown when one
/// is.
static void addBytes(int64_t &bytes, int64_t count, const SizeExpr &keys,
                     const SizeExpr &perKey) {
  SizeExpr product =
      ShapedType::isDynamic(count) || ShapedType::isDynamic(bytes)
          ? SizeExpr::invalid()
          : SizeExpr(count) * keys * perKey + SizeExpr(bytes);
  bytes = toInteger(product);
}

/// Element type of operand `k` of a segment: as the model has it, or, of a
/// piece, as it is stored. Widening is left to who reads.
static Type getReadType(SegmentAnalysis &analysis, unsigned k,
                        const SegmentPiece *piece) {
  Type type = getElementTypeOrSelf(analysis.getOperands()[k].value.getType());
  if (!piece || piece->exprs[k].size() != 1)
    return type;
  ExprContext &exprs = analysis.getExprs();
  double factor = 1;
  ExprId read = peelExactFactors(exprs, piece->exprs[k].front(), factor);
  // A factor on V is applied where V is made.
  if (exprs.node(read).kind != ExprKind::Load || (k == 0 && factor != 1))
    return type;
  return exprs.node(read).type;
}

/// Bytes of K and V of one key of one row.
static SizeExpr getBytesPerKey(SegmentAnalysis &analysis,
                               const SegmentPiece *piece = nullptr) {
  SizeExpr perKey(0);
  const AttentionDims &dims = analysis.getDims();
  for (unsigned k = 0; k != analysis.getOperands().size(); ++k) {
    Type type = getReadType(analysis, k, piece);
    SizeExpr columns(type.getIntOrFloatBitWidth() / 8);
    for (unsigned dim : k == 0 ? dims.values : dims.contraction[k - 1])
      columns =
          columns * analysis.getExprs().var(analysis.getDimVar(dim)).extent;
    perKey = perKey + columns;
  }
  return perKey;
}

/// Whether some sequence reads both, and the copies of `a` have more readers.
static bool isAbove(const SegmentRecord &a, const SegmentRecord &b) {
  bool sameDigits = a.rows.size() == b.rows.size();
  for (size_t i = 0; sameDigits && i != a.rows.size(); i += 3)
    sameDigits &= a.rows[i + 2] == b.rows[i + 2];
  // Digits of other segments may be cut otherwise: their rows are taken to
  // meet.
  for (size_t i = 0; sameDigits && i != a.rows.size(); i += 3)
    if (!ShapedType::isDynamic(a.rows[i + 1]) &&
        !ShapedType::isDynamic(b.rows[i + 1]) &&
        (a.rows[i + 1] <= b.rows[i] || b.rows[i + 1] <= a.rows[i]))
      return false;
  if (!ShapedType::isDynamic(a.sequences) &&
      !ShapedType::isDynamic(b.sequences))
    return a.sequences > b.sequences;
  return sameDigits && a.copiesOver.size() < b.copiesOver.size() &&
         llvm::all_of(
             a.copiesOver,
             [&](int64_t digit) {
               return llvm::is_contained(b.copiesOver, digit);
             });
}

/// Length of the longest chain of segments above each.
static void setLevels(MutableArrayRef<SegmentRecord> segments) {
  // Whoever is above another is so through a chain: by rounds.
  bool changed = true;
  for (SegmentRecord &segment : segments)
    segment.level = 0;
  while (changed) {
    changed = false;
    for (const SegmentRecord &above : segments)
      for (SegmentRecord &segment : segments)
        if (segment.level <= above.level && isAbove(above, segment)) {
          segment.level = above.level + 1;
          changed = true;
        }
  }
}

namespace {
/// Collects what the cost model wants; nothing once a size is unknown.
class Costs {
public:
  Costs(AttentionOp op, bool pieces) : pieces(pieces) { addCopies(op, costs); }
  void beginSegment(SegmentAnalysis &analysis);
  void addPiece(SegmentAnalysis &analysis, const SegmentPiece &piece,
                int64_t keys, int64_t told, int64_t copies, int64_t rows);
  void endSegment() {
    if (plain.keys > 0)
      plain.copies = plainReads / plain.keys;
    costs.written.push_back(plain);
  }
  std::optional<Prediction> predict(Attribute target) const {
    if (!known || !target)
      return std::nullopt;
    return hydragen::predict(costs, target);
  }

private:
  bool pieces;
  AttentionCost costs;
  PartCost plain;
  double plainReads = 0; // keys times rows that are told apart
  bool known = true;
};
} // namespace

void Costs::beginSegment(SegmentAnalysis &analysis) {
  plain = PartCost();
  plainReads = 0;
  const AttentionDims &dims = analysis.getDims();
  auto getColumns = [&](ArrayRef<unsigned> list) {
    SizeExpr columns(1);
    for (unsigned dim : list)
      columns =
          columns * analysis.getExprs().var(analysis.getDimVar(dim)).extent;
    return columns;
  };
  SizeExpr values = getColumns(dims.values), contraction(0);
  for (ArrayRef<unsigned> term : dims.contraction)
    contraction = contraction + getColumns(term);
  SizeExpr bytes = getBytesPerKey(analysis);
  const SizeExpr &keys = analysis.getExprs().var(analysis.getKeyVar()).extent;
  known &= values.isConstant() && contraction.isConstant() &&
           bytes.isConstant() && keys.isConstant();
  if (!known)
    return;
  plain.values = values.getConstant();
  plain.contraction = contraction.getConstant();
  plain.bytesPerKey = bytes.getConstant();
  plain.float32 = getReadType(analysis, 1, nullptr).isF32();
  plain.keys = keys.getConstant();
}

/// Rows: all of them, `told` those whose plain K and V differ, `copies` those
/// whose shared K and V do.
void Costs::addPiece(SegmentAnalysis &analysis, const SegmentPiece &piece,
                     int64_t keys, int64_t told, int64_t copies, int64_t rows) {
  for (int64_t count : {keys, told, copies, rows})
    known &= !ShapedType::isDynamic(count) && count > 0;
  if (!known)
    return;
  plain.rows = double(rows) / told;
  plainReads += double(keys) * told;
  PartCost part = plain;
  part.keys = keys;
  part.bytesPerKey = getBytesPerKey(analysis, &piece).getConstant();
  part.float32 = getReadType(analysis, 1, &piece).isF32();
  if (pieces) {
    part.copies = told;
    costs.pieces.push_back(part);
  }
  part.copies = copies;
  part.rows = double(rows) / copies;
  costs.shared.push_back(part);
}

void hydragen::describeSegments(
    AttentionOp op, SizeAnalysis &sizes,
    ArrayRef<std::unique_ptr<SegmentAnalysis>> analyses, Attribute target,
    bool pieces, AttentionRecord &record) {
  Sequences sequences(op, analyses);
  Costs costs(op, pieces);
  record.bytesPlain = record.bytesShared = 0;
  for (auto [i, owner] : llvm::enumerate(analyses)) {
    SegmentAnalysis &analysis = *owner;
    SizeExpr begin = sizes.getSize(op.getSegmentBegin(i));
    SmallVector<VarId> rows = sequences.getRows(analysis);
    costs.beginSegment(analysis);
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
      SegmentRecord segment;
      segment.begin = toInteger(low);
      segment.end = toInteger(high);
      SmallVector<VarId> copies, readers;
      bool whole = true;
      for (VarId var : sequences.getDigits(i)) {
        const VarRange &range = piece.box.find(var)->second;
        const SizeExpr &extent = analysis.getExprs().var(var).extent;
        // Which rows these are is known at run time.
        if (piece.groupedRow == var) {
          whole = false;
        } else if (piece.uses(var)) {
          segment.copiesOver.push_back(segment.rows.size() / 3);
          copies.push_back(var);
        } else {
          readers.push_back(var);
        }
        whole &= range.low.isZero() && range.high == extent;
        for (const SizeExpr &size : {range.low, range.high, extent})
          segment.rows.push_back(toInteger(size));
      }
      if (piece.groupedRow) {
        segment.groups = segment.sequences = ShapedType::kDynamic;
      } else {
        segment.groups = getCount(piece, copies);
        segment.sequences = getCount(piece, readers);
      }
      segment.sharedBy = segment.sequences == 1         ? SharedBy::Own
                         : whole && segment.groups == 1 ? SharedBy::All
                                                        : SharedBy::Group;
      // Bytes of K and V read, once per copy against once per row that has one.
      SmallVector<VarId> usedRows;
      for (VarId var : analysis.getRowDigits())
        if (piece.uses(var))
          usedRows.push_back(var);
      SizeExpr perKey = getBytesPerKey(analysis, &piece);
      addBytes(record.bytesPlain, getCount(piece, rows), high - low, perKey);
      if (piece.groupedRow)
        record.bytesShared = ShapedType::kDynamic;
      addBytes(record.bytesShared, getCount(piece, usedRows), high - low,
               perKey);
      costs.addPiece(
          analysis, piece, toInteger(high - low), getCount(piece, rows),
          piece.groupedRow ? ShapedType::kDynamic : getCount(piece, usedRows),
          getCount(piece, analysis.getRowDigits()));
      record.segments.push_back(std::move(segment));
    }
    costs.endSegment();
  }
  setLevels(record.segments);
  record.prediction = costs.predict(target);
}
