//===- ShareWriter.cpp - pieces of a segment as segments --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every piece reads the shallowest tensor whose element is no more dependent on
// the rows than the piece is: through views first, then with elementwise work
// done again for the piece alone, then with the contraction behind it. A copy
// that holds more than the piece needs (a concatenation, a broadcast) is looked
// through, so that it dies.
//===----------------------------------------------------------------------===//

#include "ShareDetail.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace mlir::hydragen;

// Larger expressions are not computed a second time for a piece.
static constexpr unsigned kMaxNodes = 96;

SegmentWriter::SegmentWriter(SegmentAnalysis &analysis, OpBuilder &builder,
                             DominanceInfo &dominance, OpFoldResult begin,
                             SharedOperands &shared)
    : analysis(analysis), builder(builder), loc(analysis.getOp().getLoc()),
      exprs(analysis.getExprs()), writer(builder, loc, analysis.getEvaluator(),
                                         dominance, analysis.getOp()),
      begin(begin), shared(shared) {}

bool SegmentWriter::refuse(RefusalReason reason, const Twine &detail) {
  if (!refusal)
    refusal = Refusal{reason, detail.str()};
  return false;
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

/// The range of a root variable whose digits have these ranges: pinned digits,
/// then one of any range, then whole ones.
std::optional<SegmentWriter::Range> SegmentWriter::getRange(VarId root,
                                                            const VarBox &box) {
  SmallVector<VarId> digits;
  exprs.getDigits(root, digits);
  Range range{SizeExpr(0), SizeExpr(1)};
  bool open = false;
  for (VarId digit : digits) {
    auto it = box.find(digit);
    const SizeExpr &extent = exprs.var(digit).extent;
    VarRange own = it == box.end() ? VarRange{SizeExpr(0), extent} : it->second;
    SizeExpr count = own.high - own.low;
    if (open && (!own.low.isZero() || own.high != extent))
      return std::nullopt;
    open |= !count.isOne();
    range.begin = range.begin * extent + own.low;
    range.size = range.size * count;
  }
  return range;
}

/// Whether `id` depends on no row digit that the piece does not.
bool SegmentWriter::isTight(ExprId id, const SegmentPiece &piece) {
  return llvm::all_of(exprs.node(id).freeVars, [&](VarId var) {
    auto it = piece.box.find(var);
    if (it == piece.box.end() ||
        !llvm::is_contained(analysis.getRowDigits(), var))
      return true;
    return it->second.high == it->second.low + SizeExpr(1) || piece.uses(var);
  });
}

/// Whether the load reads only a part of what an elementwise op computes.
bool SegmentWriter::overCovers(ExprId id, const SegmentPiece &piece) {
  const ExprNode &n = exprs.node(id);
  if (n.kind != ExprKind::Load || !n.base.getDefiningOp<linalg::LinalgOp>())
    return false;
  SizeExpr needed(1), held(1);
  VarBox box = analysis.withColumns(piece.box);
  for (VarId var : n.freeVars) {
    auto it = box.find(var);
    if (it != box.end())
      needed = needed * (it->second.high - it->second.low);
  }
  for (const SizeExpr &extent :
       analysis.getEvaluator().getSizes().getShape(n.base))
    held = held * extent;
  return !analysis.getEvaluator().getSizes().getContext().proveEqual(needed,
                                                                     held);
}

/// Whether a contraction that computes more than the piece needs is read.
bool SegmentWriter::readsContractionOfCopies(ExprId id,
                                             const SegmentPiece &piece) {
  const ExprNode &n = exprs.node(id);
  if (n.kind == ExprKind::Load) {
    auto op = n.base.getDefiningOp<linalg::LinalgOp>();
    return op && getContractionFactors(op) && overCovers(id, piece);
  }
  return llvm::any_of(n.children, [&](ExprId child) {
    return readsContractionOfCopies(child, piece);
  });
}

bool SegmentWriter::isSmall(ExprId id) {
  SmallVector<ExprId> work = {id};
  DenseMap<ExprId, bool> seen;
  while (!work.empty()) {
    ExprId next = work.pop_back_val();
    if (!seen.try_emplace(next, true).second)
      continue;
    if (seen.size() > kMaxNodes)
      return false;
    const ExprNode &n = exprs.node(next);
    work.append(n.children.begin(), n.children.end());
  }
  return true;
}

SegmentWriter::Choice SegmentWriter::chooseOperand(const SegmentPiece &piece,
                                                   unsigned number) {
  const SegmentOperand &operand = analysis.getOperands()[number];
  bool whole = llvm::equal(piece.sample, piece.box, [](auto &a, auto &b) {
    return a.first == b.first && a.second == b.second;
  });
  SmallVector<std::pair<VarId, IndexExpr>> pins;
  if (piece.pinned)
    for (auto &[var, range] : piece.sample)
      if (range.high == range.low + SizeExpr(1))
        pins.emplace_back(var, IndexExpr(range.low));
  for (VarId var : piece.equalRows)
    pins.emplace_back(var, IndexExpr(0));
  std::optional<Choice> best;
  for (EvalDepth depth :
       {EvalDepth::View, EvalDepth::Elementwise, EvalDepth::All}) {
    bool crossed;
    std::optional<ExprId> id =
        analysis.evaluateIn(operand, depth, piece.sample, crossed);
    if (!id)
      continue;
    if (!pins.empty())
      *id = analysis.getEvaluator().rename(*id, pins);
    if (!isTight(*id, piece))
      continue;
    // What was decided for one cell must hold in all that were merged.
    if (!whole) {
      std::optional<ExprId> deep = analysis.deepen(*id, piece);
      if (!deep || piece.exprs[number].size() != 1 ||
          *deep != piece.exprs[number].front())
        continue;
    }
    Choice choice;
    choice.whole = choice.peeled = *id;
    if (number != 0)
      choice.peeled = peelExactFactors(exprs, *id, choice.factor);
    else if (exprs.isOp(*id, ScalarOp::CastF)) {
      // Widening alone is exact; a factor on V is not the score's.
      double factor = 1;
      ExprId widened = peelExactFactors(exprs, *id, factor);
      if (factor == 1)
        choice.peeled = widened;
    }
    bool isLoad = exprs.node(choice.peeled).kind == ExprKind::Load;
    if (isLoad && !overCovers(choice.peeled, piece))
      return choice;
    // Deeper only for a reason; the last good choice wins over none.
    if (!isLoad && !isSmall(choice.peeled))
      continue;
    if (!best || depth != EvalDepth::View)
      best = choice;
    // A contraction over copies is done again for the piece alone.
    if (!isLoad && !readsContractionOfCopies(choice.peeled, piece))
      return *best;
  }
  if (best)
    return *best;
  Choice original;
  original.original = true;
  return original;
}

/// Pieces with unknown key ranges that do not cover all rows must lie beside
/// others with the same range that cover the rest: else the certificate could
/// not say where they begin.
bool SegmentWriter::areLayered() {
  SmallVector<SizeExpr> volumes;
  SizeExpr all(1);
  for (unsigned dim : analysis.getDims().rows)
    all = all * exprs.var(analysis.getDimVar(dim)).extent;
  for (const SegmentPiece &piece : analysis.getPieces()) {
    SizeExpr volume(1);
    for (unsigned dim : analysis.getDims().rows) {
      std::optional<Range> rows = getRange(analysis.getDimVar(dim), piece.box);
      if (!rows)
        return true; // refused by writeRows
      volume = volume * rows->size;
    }
    volumes.push_back(volume);
  }
  for (const Range &keys : keyRanges) {
    if (keys.begin.isConstant() && keys.size.isConstant())
      continue;
    SizeExpr covered(0);
    for (auto [other, volume] : llvm::zip_equal(keyRanges, volumes))
      if (other.begin == keys.begin && other.size == keys.size)
        covered = covered + volume;
    if (covered != all)
      return false;
  }
  return true;
}

bool SegmentWriter::choose() {
  for (const SegmentPiece &piece : analysis.getPieces()) {
    std::optional<Range> keys = getRange(analysis.getKeyVar(), piece.box);
    if (!keys)
      return refuse(RefusalReason::NotRectangular,
                    "the keys of a piece are no range");
    keyRanges.push_back(*keys);
    SmallVector<Choice> list;
    for (unsigned k = 0; k != analysis.getOperands().size(); ++k) {
      list.push_back(chooseOperand(piece, k));
      const Choice &choice = list.back();
      if (!choice.original && !analysis.checkAtPoints(analysis.getOperands()[k],
                                                      choice.whole, piece))
        return refuse(RefusalReason::Unproved,
                      "a piece and the original differ at a point");
    }
    choices.push_back(std::move(list));
  }
  if (!areLayered())
    return refuse(RefusalReason::NotRectangular,
                  "rows differ in key ranges of unknown size");
  return true;
}

std::optional<double> SegmentWriter::getKeyFactor(unsigned term) const {
  std::optional<double> factor;
  for (ArrayRef<Choice> list : choices) {
    if (factor && *factor != list[1 + term].factor)
      return std::nullopt;
    factor = list[1 + term].factor;
  }
  return factor;
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

/// What the leading digits of a row with one value each in the box add up to.
/// The digit below them counts from there without a modulus.
int64_t SegmentWriter::skipPinnedDigits(VarId root, const VarBox &box,
                                        AffineWriter &maps) {
  SmallVector<VarId> digits;
  exprs.getDigits(root, digits);
  int64_t skipped = 0;
  for (auto [i, digit] : llvm::enumerate(digits)) {
    const VarRange &range = box.find(digit)->second;
    std::optional<int64_t> low = range.low.getIfConstant();
    std::optional<int64_t> stride =
        exprs.getDigit(digit).divisor.getIfConstant();
    if (range.high == range.low + SizeExpr(1) && low && stride) {
      skipped += *low * *stride;
      continue;
    }
    if (i == 0)
      return 0;
    maps.setTop(digit);
    return skipped;
  }
  return 0;
}

/// Dims of the op, keys counted from the begin of `keys`.
void SegmentWriter::setUpWriter(AffineWriter &maps, const Range *keys,
                                const VarBox *box) {
  MLIRContext *context = builder.getContext();
  const AttentionDims &dims = analysis.getDims();
  for (unsigned dim = 0; dim != dims.numDims; ++dim) {
    VarId var = analysis.getDimVar(dim);
    AffineExpr expr = getAffineDimExpr(dim, context);
    if (dim == dims.keys.front() && keys) {
      if (std::optional<int64_t> offset = keys->begin.getIfConstant())
        expr = expr + *offset;
      else if (!exprs.var(var).isRefined() && !keys->size.isOne())
        maps.setReplacement(var, exprs.getIndex(var) + IndexExpr(keys->begin));
      else if (exprs.var(var).isRefined() && box)
        // Digits of local keys: each counts from its own begin.
        for (VarId digit : analysis.getKeyDigits()) {
          const VarRange &range = box->find(digit)->second;
          if (range.high != range.low + SizeExpr(1) && !range.low.isZero())
            maps.setReplacement(digit,
                                exprs.getIndex(digit) + IndexExpr(range.low));
        }
    }
    if (box && llvm::is_contained(dims.rows, dim))
      expr = expr - skipPinnedDigits(var, *box, maps);
    maps.setRoot(var, expr);
  }
  // Digits with one value here are that value.
  if (box)
    for (VarId var : llvm::concat<const VarId>(analysis.getKeyDigits(),
                                               analysis.getRowDigits())) {
      const VarRange &range = box->find(var)->second;
      if (range.high == range.low + SizeExpr(1))
        maps.setReplacement(var, IndexExpr(range.low));
    }
}

/// A loaded index of a piece that a guard has cut: a slice of what it was
/// before the cut, so that only the place of the cut is a number of the call.
std::optional<std::pair<Value, AffineMap>>
SegmentWriter::writeCutTable(ExprId atom, AffineWriter &maps) {
  const PieceCut &cut = *current->cut;
  ElementEvaluator &evaluator = analysis.getEvaluator();
  const GuardTable *known =
      llvm::find_if(cut.tables, [&](const GuardTable &table) {
        return atom == (current->equalRows.empty() ? table.index : table.first);
      });
  SmallVector<VarId> vars;
  Value whole;
  if (known != cut.tables.end()) {
    vars = known->vars;
    whole = known->tensor;
  } else {
    vars.assign(exprs.node(atom).freeVars.begin(),
                exprs.node(atom).freeVars.end());
    llvm::stable_sort(vars, [&](VarId a, VarId b) {
      return (a == cut.key) < (b == cut.key);
    });
  }
  VarBox box = analysis.withColumns(current->box);
  if (!whole) {
    VarBox before = box;
    before[cut.key] = cut.keys;
    evaluator.reset(EvalDepth::All, before);
    whole = writer.writeTensor(atom, vars, builder.getI64Type());
    evaluator.reset(EvalDepth::All, box);
    if (!whole)
      return std::nullopt;
  }
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<IndexExpr> at;
  for (VarId var : vars) {
    VarRange range = evaluator.getVarRange(var);
    SizeExpr offset(0), size = range.high - range.low;
    at.push_back(IndexExpr::atom(IndexAtom::var(var)) - IndexExpr(range.low));
    if (var == cut.key) {
      offset = range.low - cut.keys.low;
    } else if (!exprs.isFree(atom, var)) {
      // The first row stands for all; there may be none.
      at.back() = IndexExpr(0);
    }
    std::optional<OpFoldResult> first = writer.writeSize(offset),
                                count = writer.writeSize(size);
    if (!first || !count)
      return std::nullopt;
    offsets.push_back(*first);
    sizes.push_back(*count);
  }
  std::optional<AffineMap> map =
      maps.writeMap(at, analysis.getDims().numDims, 0);
  if (!map)
    return std::nullopt;
  // K and V of a piece are read through one index, mostly.
  auto *done = llvm::find_if(written, [&](const auto &entry) {
    return entry.first == std::make_pair(atom, current);
  });
  if (done != written.end())
    return std::make_pair(done->second, *map);
  SmallVector<OpFoldResult> strides(vars.size(), builder.getIndexAttr(1));
  Value slice = tensor::ExtractSliceOp::create(builder, loc, whole, offsets,
                                               sizes, strides);
  written.emplace_back(std::make_pair(atom, current), slice);
  return std::make_pair(slice, *map);
}

/// A loaded index as a symbol: an operand of the op, made if need be.
std::optional<AffineExpr> SegmentWriter::writeAtom(ExprId atom,
                                                   AffineWriter &maps) {
  const ExprNode n = exprs.node(atom);
  const AttentionDims &dims = analysis.getDims();
  // The map of an index operand has no symbols: an index that is loaded at a
  // loaded index is computed into a tensor of its own.
  auto callback = std::exchange(maps.writeAtom, nullptr);
  auto restore =
      llvm::make_scope_exit([&]() { maps.writeAtom = std::move(callback); });
  Value tensor;
  std::optional<AffineMap> map;
  if (current && current->cut && exprs.isFree(atom, current->cut->key)) {
    auto table = writeCutTable(atom, maps);
    if (!table)
      return std::nullopt;
    std::tie(tensor, map) = *table;
  }
  if (!map && n.kind == ExprKind::Load &&
      isa<RankedTensorType>(n.base.getType()) &&
      getElementTypeOrSelf(n.base.getType()).isIntOrIndex() &&
      writer.dominates(n.base)) {
    tensor = n.base;
    map = maps.writeMap(n.indices, dims.numDims, 0);
  }
  if (!map && n.kind == ExprKind::Op && n.op == ScalarOp::Table) {
    // A constant table read at an index.
    map = maps.writeMap({exprs.toIndex(n.children[0]) - IndexExpr(n.aux)},
                        dims.numDims, 0);
    ArrayRef<int64_t> entries = cast<DenseI64ArrayAttr>(n.payload).asArrayRef();
    if (map)
      tensor = arith::ConstantOp::create(
          builder, loc,
          DenseElementsAttr::get(
              RankedTensorType::get({int64_t(entries.size())},
                                    builder.getI64Type()),
              entries));
  }
  if (!map) {
    if (!n.type.isIntOrIndex())
      return std::nullopt;
    SmallVector<VarId> vars(ArrayRef<VarId>(n.freeVars));
    SmallVector<IndexExpr> at;
    for (VarId var : vars)
      at.push_back(IndexExpr::atom(IndexAtom::var(var)) -
                   IndexExpr(analysis.getEvaluator().getVarRange(var).low));
    map = maps.writeMap(at, dims.numDims, 0);
    if (!map)
      return std::nullopt;
    // K and V of a piece are read through one index, mostly.
    auto *known = llvm::find_if(written, [&](const auto &entry) {
      return entry.first == std::make_pair(atom, current);
    });
    if (known != written.end()) {
      tensor = known->second;
    } else {
      tensor = writer.writeTensor(atom, vars, builder.getI64Type());
      written.emplace_back(std::make_pair(atom, current), tensor);
    }
    if (!tensor)
      return std::nullopt;
  }
  for (auto [i, other, otherMap] :
       llvm::enumerate(shared.indices, shared.indexMaps))
    if (other == tensor && otherMap == *map)
      return getAffineSymbolExpr(i, builder.getContext());
  shared.indices.push_back(tensor);
  shared.indexMaps.push_back(*map);
  return getAffineSymbolExpr(shared.indices.size() - 1, builder.getContext());
}

bool SegmentWriter::writeOperand(const SegmentPiece &piece, unsigned number,
                                 const Choice &choice, const Range &keys,
                                 bool dropFactors, Value &value,
                                 AffineMap &map) {
  const AttentionDims &dims = analysis.getDims();
  MLIRContext *context = builder.getContext();
  const SegmentOperand &operand = analysis.getOperands()[number];
  if (choice.original) {
    std::optional<int64_t> offset = keys.begin.getIfConstant();
    if (!offset)
      return refuse(RefusalReason::NotWritable, "a begin that is not known");
    unsigned key = dims.keys.front();
    AffineExpr shifted = getAffineDimExpr(key, context) + *offset;
    value = operand.value;
    map = operand.map.replace(getAffineDimExpr(key, context), shifted,
                              dims.numDims, operand.map.getNumSymbols());
    return true;
  }
  ExprId id = choice.factor == 1 || dropFactors ? choice.peeled : choice.whole;
  ElementEvaluator &evaluator = analysis.getEvaluator();
  evaluator.allowSplit = evaluator.allowRefine = false;
  evaluator.reset(EvalDepth::All, analysis.withColumns(piece.box));
  AffineWriter maps(evaluator);
  setUpWriter(maps, &keys, &piece.box);
  current = &piece;
  const ExprNode n = exprs.node(id);
  if (n.kind == ExprKind::Load && isa<RankedTensorType>(n.base.getType()) &&
      writer.dominates(n.base)) {
    SharedOperands saved = shared;
    maps.writeAtom = [&](ExprId atom) { return writeAtom(atom, maps); };
    Value base = n.base;
    std::optional<AffineMap> direct = maps.writeAccess(
        builder, loc, base, n.indices, dims.numDims, shared.indices.size());
    maps.writeAtom = nullptr;
    if (direct) {
      value = base;
      map = AffineMap::get(dims.numDims, shared.indices.size(),
                           direct->getResults(), context);
      return true;
    }
    shared = saved;
  }
  // A tensor of its own, over just the variables that it depends on: rows, then
  // keys, then columns.
  SmallVector<VarId> vars(ArrayRef<VarId>(n.freeVars));
  llvm::stable_sort(vars, [&](VarId a, VarId b) {
    auto rank = [&](VarId var) {
      if (llvm::is_contained(analysis.getRowDigits(), var))
        return 0;
      return llvm::is_contained(analysis.getKeyDigits(), var) ? 1 : 2;
    };
    return rank(a) < rank(b);
  });
  SmallVector<IndexExpr> at;
  for (VarId var : vars)
    at.push_back(IndexExpr::atom(IndexAtom::var(var)) -
                 IndexExpr(evaluator.getVarRange(var).low));
  if (n.kind == ExprKind::Constant) {
    // Constant keys still have an extent: one dim for them, one per column.
    vars.assign(analysis.getKeyDigits().begin(), analysis.getKeyDigits().end());
    for (VarId var : vars)
      at.push_back(IndexExpr::atom(IndexAtom::var(var)) -
                   IndexExpr(evaluator.getVarRange(var).low));
  }
  std::optional<AffineMap> own = maps.writeMap(at, dims.numDims, 0);
  if (!own || !isa<FloatType>(n.type))
    return false;
  value = writer.writeTensor(id, vars);
  map = *own;
  return static_cast<bool>(value);
}

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

bool SegmentWriter::writeRows(const SegmentPiece &piece,
                              WrittenSegment &segment) {
  bool all = true;
  for (unsigned dim : analysis.getDims().rows) {
    VarId var = analysis.getDimVar(dim);
    std::optional<Range> range = getRange(var, piece.box);
    if (!range)
      return refuse(RefusalReason::NotRectangular,
                    "the rows of a piece are no range");
    const SizeExpr &extent = exprs.var(var).extent;
    std::optional<int64_t> offset = range->begin.getIfConstant();
    bool full = range->begin.isZero() && range->size == extent;
    bool toEnd = range->begin + range->size == extent;
    all &= full;
    if (!offset || (!range->size.isConstant() && !toEnd))
      return refuse(RefusalReason::NotRectangular, "a row range is not known");
    segment.rowOffsets.push_back(*offset);
    segment.rowSizes.push_back(range->size.isConstant()
                                   ? range->size.getConstant()
                                   : ShapedType::kDynamic);
  }
  if (all) {
    segment.rowOffsets.clear();
    segment.rowSizes.clear();
  }
  return true;
}

std::string SegmentWriter::describe(const SegmentPiece &piece,
                                    const Range &keys) {
  std::string text;
  llvm::raw_string_ostream os(text);
  // Unknown extents have no name that a user knows.
  auto print = [&](const SizeExpr &size) {
    if (size.isConstant())
      os << size.getConstant();
    else
      os << "?";
  };
  SizeExpr first =
      analysis.getEvaluator().getSizes().getSize(begin) + keys.begin;
  os << "keys [";
  print(first);
  os << ", ";
  print(first + keys.size);
  os << ") ";
  AffineWriter maps(analysis.getEvaluator());
  setUpWriter(maps, nullptr, nullptr);
  SmallVector<VarId> over = analysis.getSharedOver(piece);
  if (piece.groupedRow) {
    os << "shared by groups that are known at run time";
    return text;
  }
  // Rows that this segment does not use and another one does.
  const AttentionDims &dims = analysis.getDims();
  llvm::SmallBitVector shared =
      getSharedRows(analysis.getOp(), analysis.getSegment());
  for (unsigned row : shared.set_bits())
    if (VarId var = analysis.getDimVar(dims.rows[row]); analysis.isFolded(var))
      over.push_back(var);
  if (over.empty()) {
    os << "own";
    return text;
  }
  if (!piece.equalRows.empty())
    os << "at run time ";
  os << "shared over ";
  llvm::interleaveComma(over, os, [&](VarId var) {
    if (std::optional<AffineExpr> expr = maps.writeVar(var))
      os << *expr;
    os << " of ";
    const VarRange &range = piece.box.find(var)->second;
    print(range.high - range.low);
  });
  return text;
}

/// Keys can leave no trace in the maps: a single one, or all with one content.
/// V then gets a dim for them, since the key dim has its extent from an
/// operand.
bool SegmentWriter::giveKeyDim(WrittenSegment &segment) {
  const AttentionDims &dims = analysis.getDims();
  unsigned key = dims.keys.front();
  if (llvm::any_of(segment.maps,
                   [&](AffineMap map) { return map.isFunctionOfDim(key); }))
    return true;
  // Or through an index that is loaded per key.
  for (AffineMap map : segment.maps)
    for (unsigned i = 0; i != map.getNumSymbols(); ++i)
      if (map.isFunctionOfSymbol(i) && shared.indexMaps[i].isFunctionOfDim(key))
        return true;
  AffineExpr keyExpr = builder.getAffineDimExpr(key);
  AffineMap &map = segment.maps.front();
  Value &value = segment.operands.front();
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<AffineExpr> results(map.getResults());
  if (getConstantIntValue(segment.size) != 1) {
    // Many keys with one value: it is repeated.
    SmallVector<OpFoldResult> shape =
        tensor::getMixedSizes(builder, loc, value);
    shape.push_back(segment.size);
    unsigned rank = shape.size();
    Value init =
        tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
    AffineMap out = builder.getMultiDimIdentityMap(rank);
    SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
    value = linalg::GenericOp::create(
                builder, loc, init.getType(), value, init,
                {out.dropResult(rank - 1), out}, kinds,
                [](OpBuilder &body, Location at, ValueRange arguments) {
                  linalg::YieldOp::create(body, at, arguments[0]);
                })
                .getResult(0);
    results.push_back(keyExpr);
    map = AffineMap::get(map.getNumDims(), map.getNumSymbols(), results,
                         builder.getContext());
    return true;
  }
  for (auto [result, extent] : llvm::zip_equal(results, type.getShape()))
    if (extent == 1 && isa<AffineConstantExpr>(result)) {
      result = keyExpr;
      map = AffineMap::get(map.getNumDims(), map.getNumSymbols(), results,
                           builder.getContext());
      return true;
    }
  if (!type.hasStaticShape() || type.getRank() == 0)
    return false;
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i != type.getRank(); ++i)
    groups.push_back({i});
  groups.back().push_back(type.getRank());
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(1);
  value = tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), value,
      groups);
  results.push_back(keyExpr);
  map = AffineMap::get(map.getNumDims(), map.getNumSymbols(), results,
                       builder.getContext());
  return true;
}

bool SegmentWriter::write(bool dropFactors,
                          SmallVectorImpl<WrittenSegment> &segments) {
  SizeExpr start = analysis.getEvaluator().getSizes().getSize(begin);
  for (auto [piece, list, keys] :
       llvm::zip_equal(analysis.getPieces(), choices, keyRanges)) {
    WrittenSegment segment;
    if (!writeRows(piece, segment))
      return false;
    std::optional<OpFoldResult> first = writer.writeSize(start + keys.begin);
    std::optional<OpFoldResult> size = writer.writeSize(keys.size);
    if (!first || !size)
      return refuse(RefusalReason::NotWritable, "a key range is not at hand");
    segment.begin = *first;
    segment.size = *size;
    segment.grouped = piece.groupedRow.has_value();
    segment.shared = segment.grouped || !analysis.getSharedOver(piece).empty();
    for (unsigned k = 0; k != list.size(); ++k) {
      Value value;
      AffineMap map;
      const Choice &choice = list[k];
      if (!writeOperand(piece, k, choice, keys, dropFactors, value, map)) {
        if (choice.factor != 1 && dropFactors)
          return refuse(RefusalReason::NotWritable);
        Choice original;
        original.original = true;
        if (!writeOperand(piece, k, original, keys, dropFactors, value, map))
          return false;
        segment.shared = segment.grouped = false;
      }
      segment.shared &= !choice.original;
      segment.grouped &= !choice.original;
      segment.operands.push_back(value);
      segment.maps.push_back(map);
    }
    if (!giveKeyDim(segment))
      return refuse(RefusalReason::NotWritable, "no operand has the keys");
    segment.text = describe(piece, keys);
    segments.push_back(std::move(segment));
  }
  return true;
}

bool SegmentWriter::checkWritten(ArrayRef<WrittenSegment> segments) {
  for (auto [number, segment] : llvm::enumerate(segments))
    for (unsigned k = 0; k != segment.operands.size(); ++k)
      if (!analysis.checkOperandAtPoints(
              analysis.getOperands()[k], {segment.operands[k], segment.maps[k]},
              shared.indices, shared.indexMaps, keyRanges[number].begin,
              analysis.getPieces()[number]))
        return refuse(RefusalReason::Unproved,
                      "a written piece and the original differ at a point");
  return true;
}

bool SegmentWriter::rewriteView(Value &value, AffineMap &map, double &factor) {
  bool crossed;
  std::optional<ExprId> id = analysis.evaluateIn(
      {value, map}, EvalDepth::View, analysis.getFullBox(), crossed);
  if (!id)
    return false;
  double constant = 1;
  ExprId peeled = peelExactFactors(exprs, *id, constant);
  const ExprNode n = exprs.node(peeled);
  if (n.kind != ExprKind::Load || !isa<RankedTensorType>(n.base.getType()) ||
      !writer.dominates(n.base))
    return false;
  AffineWriter maps(analysis.getEvaluator());
  setUpWriter(maps, nullptr, nullptr);
  const AttentionDims &dims = analysis.getDims();
  Value base = n.base;
  std::optional<AffineMap> direct =
      maps.writeAccess(builder, loc, base, n.indices, dims.numDims, 0);
  if (!direct)
    return false;
  // Contractions have their extents from the queries.
  for (ArrayRef<unsigned> contraction : dims.contraction)
    for (unsigned dim : contraction) {
      AffineExpr expr = builder.getAffineDimExpr(dim);
      if (map.isFunctionOfDim(dim) &&
          !llvm::is_contained(direct->getResults(), expr))
        return false;
    }
  value = base;
  map = *direct;
  factor = constant;
  return true;
}
