//===- SegmentAnalysis.cpp - what K and V depend on -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/SegmentAnalysis.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

static constexpr unsigned kMaxRestarts = 32;
static constexpr unsigned kMaxBoxes = 4096;
static constexpr size_t kMaxCells = 65536;
// The key var of segment i is loop kKeyLoop + i of the attention.
static constexpr unsigned kKeyLoop = 1000;

SegmentAnalysis::SegmentAnalysis(AttentionOp op, unsigned segment,
                                 SizeAnalysis &sizes)
    : op(op), segment(segment), sizes(sizes), dims(AttentionDims::get(op)),
      exprs(std::make_unique<ExprContext>(op.getContext(), sizes.getContext())),
      evaluator(std::make_unique<ElementEvaluator>(*exprs, sizes)) {
  evaluator->domain = op;
  SegmentAttr attr = op.getSegment(segment);
  operands.push_back(
      {op.getSegmentValue(segment), attr.getValueMap().getValue()});
  for (unsigned term = 0; term != op.getNumTerms(); ++term)
    operands.push_back({op.getKey(segment, term), attr.getKeyMap(term)});

  // Extents: rows and columns from the output, contractions from the queries.
  SmallVector<SizeExpr> extents(dims.numDims, SizeExpr::invalid());
  auto take = [&](Value value, AffineMap map) {
    for (auto [i, result] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(result))
        if (!extents[dim.getPosition()].isValid())
          extents[dim.getPosition()] = sizes.getDim(value, i);
  };
  take(op.getInits().front(), op.getOutputMap());
  for (auto [query, map] : llvm::zip(
           op.getQueries(), op.getQueryMaps().getAsValueRange<AffineMapAttr>()))
    take(query, map);
  unsigned key = dims.keys.front();
  extents[key] = sizes.getSize(op.getSegmentSize(segment));
  for (unsigned dim = 0; dim != dims.numDims; ++dim) {
    if (!extents[dim].isValid())
      refuse(RefusalReason::NotRepresentable, "a dim without an extent");
    dimVars.push_back(
        exprs->getVar(op, dim == key ? kKeyLoop + segment : dim, extents[dim]));
  }
}

bool SegmentAnalysis::refuse(RefusalReason reason, const Twine &detail) {
  if (!refusal)
    refusal = Refusal{reason, detail.str()};
  return false;
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

SmallVector<IndexExpr> SegmentAnalysis::getDimIndices() {
  SmallVector<IndexExpr> indices;
  for (VarId var : dimVars)
    indices.push_back(exprs->getIndex(var));
  return indices;
}

FailureOr<ExprId> SegmentAnalysis::evaluate(ElementEvaluator &with,
                                            const SegmentOperand &operand,
                                            ArrayRef<IndexExpr> at) {
  return evaluate(
      with, operand, at, op.getIndices(),
      llvm::to_vector(op.getIndexMaps().getAsValueRange<AffineMapAttr>()));
}

FailureOr<ExprId> SegmentAnalysis::evaluate(ElementEvaluator &with,
                                            const SegmentOperand &operand,
                                            ArrayRef<IndexExpr> at,
                                            ValueRange indexOperands,
                                            ArrayRef<AffineMap> indexMaps) {
  auto evalMap = [&](AffineMap map, ArrayRef<IndexExpr> symbols,
                     SmallVectorImpl<IndexExpr> &indices) -> LogicalResult {
    for (AffineExpr expr : map.getResults()) {
      FailureOr<IndexExpr> index = with.evalAffine(expr, at, symbols);
      if (failed(index))
        return failure();
      indices.push_back(*index);
    }
    return success();
  };
  // Only what the map reads: a table of another segment need not exist here.
  SmallVector<IndexExpr> symbols(operand.map.getNumSymbols());
  for (unsigned i = 0; i != symbols.size(); ++i) {
    if (!operand.map.isFunctionOfSymbol(i))
      continue;
    SmallVector<IndexExpr> indices;
    if (failed(evalMap(indexMaps[i], {}, indices)))
      return failure();
    FailureOr<ExprId> element = with.evalTensor(indexOperands[i], indices);
    if (failed(element))
      return failure();
    symbols[i] = exprs->toIndex(*element);
  }
  SmallVector<IndexExpr> indices;
  if (failed(evalMap(operand.map, symbols, indices)))
    return failure();
  return with.evalTensor(operand.value, indices);
}

void SegmentAnalysis::collectDigits() {
  rowDigits.clear();
  keyDigits.clear();
  columnDigits.clear();
  for (unsigned dim : dims.rows)
    exprs->getDigits(dimVars[dim], rowDigits);
  exprs->getDigits(getKeyVar(), keyDigits);
  for (unsigned dim : dims.values)
    exprs->getDigits(dimVars[dim], columnDigits);
  for (ArrayRef<unsigned> contraction : dims.contraction)
    for (unsigned dim : contraction)
      exprs->getDigits(dimVars[dim], columnDigits);
}

VarBox SegmentAnalysis::getFullBox() {
  VarBox box;
  for (VarId var : llvm::concat<VarId>(rowDigits, keyDigits, columnDigits))
    box[var] = {SizeExpr(0), exprs->var(var).extent};
  return box;
}

VarBox SegmentAnalysis::withColumns(const VarBox &rowsAndKeys) {
  VarBox box = rowsAndKeys;
  for (VarId var : columnDigits)
    box[var] = {SizeExpr(0), exprs->var(var).extent};
  return box;
}

/// Cuts the work until every box has one expression per operand.
FailureOr<bool> SegmentAnalysis::evaluateBoxes() {
  collectDigits();
  pieces.clear();
  SmallVector<VarBox> work = {getFullBox()};
  // A segment's own rectangle bounds its rows.
  SegmentAttr attr = op.getSegment(segment);
  if (!attr.coversAllRows())
    for (auto [i, dim] : llvm::enumerate(dims.rows)) {
      int64_t offset = attr.getRowOffsets()[i], size = attr.getRowSizes()[i];
      VarId var = dimVars[dim];
      if (exprs->var(var).extent.isOne())
        continue;
      SizeExpr high = ShapedType::isDynamic(size) ? exprs->var(var).extent
                                                  : SizeExpr(offset + size);
      if (offset == 0 && high == exprs->var(var).extent)
        continue;
      if (exprs->var(var).isRefined())
        return refuse(RefusalReason::NotRectangular);
      work.front()[var] = {SizeExpr(offset), high};
    }
  evaluator->allowSplit = true;
  evaluator->allowRefine = true;
  evaluator->interesting = rowDigits;
  SmallVector<IndexExpr> at = getDimIndices();
  unsigned boxes = 0;
  while (!work.empty()) {
    VarBox box = work.pop_back_val();
    if (++boxes > kMaxBoxes)
      return refuse(RefusalReason::TooLarge, "too many pieces");
    evaluator->reset(EvalDepth::All, box);
    SegmentPiece piece;
    piece.box = box;
    bool restarted = false;
    for (const SegmentOperand &operand : operands) {
      FailureOr<ExprId> element = evaluate(*evaluator, operand, at);
      if (succeeded(element)) {
        piece.exprs.push_back({*element});
        continue;
      }
      EvalRequest request = evaluator->getRequest();
      if (request.kind == EvalRequest::Refine) {
        evaluator->applyRefinement();
        return false;
      }
      if (request.kind != EvalRequest::Split || !box.contains(request.var))
        return refuse(RefusalReason::Unproved);
      VarBox low = box, high = box;
      low[request.var].high = request.at;
      high[request.var].low = request.at;
      work.push_back(std::move(high));
      work.push_back(std::move(low));
      restarted = true;
      break;
    }
    if (!restarted)
      pieces.push_back(std::move(piece));
  }
  return true;
}

bool SegmentAnalysis::run() {
  if (refusal)
    return false;
  for (unsigned restart = 0; restart != kMaxRestarts; ++restart) {
    FailureOr<bool> done = evaluateBoxes();
    if (refusal)
      return false;
    if (!*done)
      continue;
    if (!projectColumns())
      return false;
    mergeCells();
    classify();
    return true;
  }
  return refuse(RefusalReason::TooLarge, "too many digits");
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

static void addExpr(SmallVector<ExprId, 1> &list, ExprId id) {
  auto *it = llvm::lower_bound(list, id);
  if (it == list.end() || *it != id)
    list.insert(it, id);
}

/// Pieces over rows and keys only. Where columns were cut (a rotation that
/// concatenates halves), a cell holds the expressions of all its column cells.
bool SegmentAnalysis::projectColumns() {
  bool cut = false;
  for (SegmentPiece &piece : pieces)
    for (VarId var : columnDigits)
      cut |= !(piece.box[var] == VarRange{SizeExpr(0), exprs->var(var).extent});
  if (!cut) {
    for (SegmentPiece &piece : pieces) {
      for (VarId var : columnDigits)
        piece.box.erase(var);
      piece.sample = piece.box;
    }
    return true;
  }

  // Edges per row and key digit, in order.
  SmallVector<VarId> axes;
  llvm::append_range(axes, rowDigits);
  llvm::append_range(axes, keyDigits);
  SmallVector<SmallVector<SizeExpr>> edges(axes.size());
  auto before = [&](const SizeExpr &a, const SizeExpr &b) {
    return sizes.getContext().proveNonNegative(b - a, {});
  };
  size_t count = 1;
  for (auto [axis, list] : llvm::zip_equal(axes, edges)) {
    for (SegmentPiece &piece : pieces)
      for (const SizeExpr &edge : {piece.box[axis].low, piece.box[axis].high})
        if (!llvm::is_contained(list, edge))
          list.push_back(edge);
    for (size_t i = 0; i != list.size(); ++i)
      for (size_t j = i + 1; j != list.size(); ++j) {
        if (before(list[i], list[j]))
          continue;
        if (!before(list[j], list[i]))
          return refuse(RefusalReason::Unproved, "the order of two cuts");
        std::swap(list[i], list[j]);
      }
    count *= std::max<size_t>(list.size() - 1, 1);
    if (count > kMaxCells)
      return refuse(RefusalReason::TooLarge, "too many cells");
  }
  SmallVector<SegmentPiece, 0> cells;
  SmallVector<size_t> at(axes.size(), 0);
  while (true) {
    SegmentPiece cell;
    for (size_t i = 0; i != axes.size(); ++i)
      cell.box[axes[i]] = {edges[i][at[i]], edges[i][at[i] + 1]};
    cell.exprs.resize(operands.size());
    for (SegmentPiece &piece : pieces) {
      bool inside = true;
      for (VarId axis : axes)
        inside &= before(piece.box[axis].low, cell.box[axis].low) &&
                  before(cell.box[axis].high, piece.box[axis].high);
      if (inside)
        for (size_t k = 0; k != operands.size(); ++k)
          for (ExprId id : piece.exprs[k])
            addExpr(cell.exprs[k], id);
    }
    cell.sample = cell.box;
    // A cell that no rectangle covers lies outside the segment's own rows.
    if (!cell.exprs.front().empty())
      cells.push_back(std::move(cell));
    size_t i = 0;
    for (; i != axes.size(); ++i) {
      if (++at[i] + 1 < edges[i].size())
        break;
      at[i] = 0;
    }
    if (i == axes.size())
      break;
  }
  pieces = std::move(cells);
  return true;
}

/// Cuts pieces whose keys, or rows along one dim, are every so manieth ones
/// (what is not whole stands below an outer digit with several values) into
/// ranges, if there are few.
void SegmentAnalysis::cutToRanges() {
  static constexpr int64_t kMaxRanges = 16;
  SmallVector<SmallVector<VarId>> numbers{keyDigits};
  for (unsigned dim : dims.rows)
    exprs->getDigits(dimVars[dim], numbers.emplace_back());
  // The digit of several values above one that is not whole.
  auto findOuter = [&](const SegmentPiece &piece) -> std::optional<VarId> {
    for (ArrayRef<VarId> digits : numbers) {
      std::optional<VarId> outer;
      for (VarId digit : digits) {
        const VarRange &range = piece.box.find(digit)->second;
        if (outer &&
            (!range.low.isZero() || range.high != exprs->var(digit).extent))
          return outer;
        if (!outer && range.high != range.low + SizeExpr(1))
          outer = digit;
      }
    }
    return std::nullopt;
  };
  // The last one is taken first: the order stays.
  SmallVector<SegmentPiece, 0> work = std::exchange(pieces, {});
  std::reverse(work.begin(), work.end());
  while (!work.empty()) {
    SegmentPiece piece = work.pop_back_val();
    if (std::optional<VarId> outer = findOuter(piece)) {
      auto low = piece.box[*outer].low.getIfConstant();
      auto high = piece.box[*outer].high.getIfConstant();
      if (low && high && *high - *low <= kMaxRanges && !piece.pinned) {
        for (int64_t value = *high - 1; value >= *low; --value) {
          SegmentPiece &part = work.emplace_back(piece);
          part.box[*outer] = {SizeExpr(value), SizeExpr(value + 1)};
          part.sample = part.box;
          part.cells.clear();
          part.whole.clear();
        }
        continue;
      }
    }
    pieces.push_back(std::move(piece));
  }
}

/// Joins neighbours with the same expressions, or with the same expressions
/// after variables with a single value were replaced by it: one sweep per axis.
void SegmentAnalysis::mergeCells() {
  using Signature = SmallVector<SmallVector<ExprId, 1>>;
  auto isPinned = [](const VarRange &range) {
    return range.high == range.low + SizeExpr(1);
  };
  // Where a row has one value an index can lose it early, and the evaluation
  // then stops early: look all the way down, so that cells can be compared.
  auto pin = [&](SegmentPiece &piece) {
    if (!piece.whole.empty())
      return piece.whole;
    Point by;
    for (auto &[var, range] : piece.box)
      if (isPinned(range))
        by.emplace_back(var, IndexExpr(range.low));
    evaluator->interesting.reset();
    evaluator->reset(EvalDepth::All, withColumns(piece.box));
    piece.whole.resize(piece.exprs.size());
    for (size_t k = 0; k != piece.exprs.size(); ++k)
      for (ExprId id : piece.exprs[k]) {
        FailureOr<ExprId> deep = evaluator->substituteAll(id, by);
        addExpr(piece.whole[k],
                succeeded(deep) ? *deep : evaluator->rename(id, by));
      }
    return piece.whole;
  };
  bool anyPinned = llvm::any_of(pieces, [&](const SegmentPiece &piece) {
    return llvm::any_of(rowDigits, [&](VarId var) {
      return isPinned(piece.box.find(var)->second);
    });
  });
  evaluator->allowSplit = evaluator->allowRefine = false;
  evaluator->reset(EvalDepth::All);
  SmallVector<VarId> axes;
  llvm::append_range(axes, keyDigits);
  llvm::append_range(axes, rowDigits);
  for (bool pinned : {false, true}) {
    bool changed = !pinned || anyPinned;
    while (changed) {
      changed = false;
      for (VarId axis : axes) {
        // Bucket by everything but the axis.
        DenseMap<uint64_t, SmallVector<size_t, 2>> buckets;
        SmallVector<Signature> signatures;
        for (auto [i, piece] : llvm::enumerate(pieces)) {
          signatures.push_back(pinned ? pin(piece) : piece.exprs);
          llvm::hash_code code(0);
          for (auto &[var, range] : piece.box)
            if (var != axis)
              code = llvm::hash_combine(code, var, range.low.hash(),
                                        range.high.hash());
          for (const auto &list : signatures.back())
            code = llvm::hash_combine(
                code, llvm::hash_combine_range(list.begin(), list.end()));
          buckets[static_cast<uint64_t>(size_t(code)) >> 2].push_back(i);
        }
        SmallVector<bool> gone(pieces.size(), false);
        for (auto &[code, members] : buckets) {
          // Chains of neighbours; lists are short except for many cuts of one
          // axis, which come in order of their low ends.
          llvm::sort(members, [&](size_t a, size_t b) {
            auto x = pieces[a].box[axis].low.getIfConstant();
            auto y = pieces[b].box[axis].low.getIfConstant();
            if (x && y)
              return *x < *y;
            return x.has_value() > y.has_value();
          });
          for (size_t i = 0; i + 1 < members.size(); ++i) {
            SegmentPiece &a = pieces[members[i]], &b = pieces[members[i + 1]];
            if (!(a.box[axis].high == b.box[axis].low) ||
                signatures[members[i]] != signatures[members[i + 1]])
              continue;
            bool sameOthers = true;
            for (auto &[var, range] : a.box)
              sameOthers &= var == axis || range == b.box[var];
            if (!sameOthers)
              continue;
            // b takes a in; the first cell stays the sample.
            b.pinned |= a.pinned || (pinned && a.exprs != b.exprs);
            b.exprs = b.pinned ? signatures[members[i]] : a.exprs;
            b.whole = pinned ? signatures[members[i]] : Signature();
            if (a.cells.empty())
              a.cells = {a.box};
            if (b.cells.empty())
              b.cells = {b.box};
            llvm::append_range(b.cells, a.cells);
            b.box[axis].low = a.box[axis].low;
            // The corners of the whole are enough.
            if (llvm::all_of(b.box, [](const auto &entry) {
                  return entry.second.low.isConstant() &&
                         entry.second.high.isConstant();
                }))
              b.cells.clear();
            b.sample = a.sample;
            gone[members[i]] = true;
            changed = true;
          }
        }
        SmallVector<SegmentPiece, 0> kept;
        for (size_t i = 0; i != pieces.size(); ++i)
          if (!gone[i])
            kept.push_back(std::move(pieces[i]));
        pieces = std::move(kept);
      }
    }
  }
  cutToRanges();
  // In order of keys, then rows.
  llvm::stable_sort(pieces, [&](const SegmentPiece &a, const SegmentPiece &b) {
    for (VarId axis : axes) {
      const SizeExpr &x = a.box.find(axis)->second.low;
      const SizeExpr &y = b.box.find(axis)->second.low;
      if (x == y)
        continue;
      auto p = x.getIfConstant(), q = y.getIfConstant();
      if (p && q)
        return *p < *q;
      return sizes.getContext().proveNonNegative(y - x, {});
    }
    return false;
  });
}

//===----------------------------------------------------------------------===//
// Classification
//===----------------------------------------------------------------------===//

bool SegmentAnalysis::hasLoad(ExprId id) {
  const ExprNode &n = exprs->node(id);
  if (n.kind == ExprKind::Load || n.op == ScalarOp::Table)
    return true;
  for (const IndexExpr &index : n.indices)
    for (auto &[atom, coefficient] : index.getTerms())
      if (!atom.isVar() && hasLoad(atom.getExpr()))
        return true;
  return llvm::any_of(n.children, [&](ExprId c) { return hasLoad(c); });
}

/// Variables that `id` uses other than through an index that was loaded.
void SegmentAnalysis::getDirectVars(ExprId id, SmallVectorImpl<VarId> &vars) {
  SmallVector<ExprId> work = {id};
  DenseMap<ExprId, bool> seen;
  while (!work.empty()) {
    ExprId next = work.pop_back_val();
    if (!seen.try_emplace(next, true).second)
      continue;
    const ExprNode &n = exprs->node(next);
    if (n.kind == ExprKind::Linear) {
      llvm::append_range(vars, n.freeVars);
      continue;
    }
    if (n.kind == ExprKind::Load)
      for (const IndexExpr &index : n.indices)
        for (auto &[atom, coefficient] : index.getTerms()) {
          if (atom.isVar())
            vars.push_back(atom.getVar());
          else if (!hasLoad(atom.getExpr()))
            llvm::append_range(vars, exprs->node(atom.getExpr()).freeVars);
        }
    work.append(n.children.begin(), n.children.end());
  }
}

void SegmentAnalysis::classify() {
  folded = rowDigits;
  for (SegmentPiece &piece : pieces) {
    for (SmallVector<VarId> *list :
         {&piece.usedByValue, &piece.usedByKeys, &piece.usedDirectly})
      list->clear();
    auto take = [&](ArrayRef<VarId> from, SmallVector<VarId> &to) {
      for (VarId var : rowDigits) {
        const VarRange &range = piece.box[var];
        if (llvm::is_contained(from, var) &&
            range.high != range.low + SizeExpr(1) &&
            !llvm::is_contained(to, var))
          to.push_back(var);
      }
    };
    for (size_t k = 0; k != operands.size(); ++k)
      for (ExprId id : piece.exprs[k]) {
        take(exprs->node(id).freeVars,
             k == 0 ? piece.usedByValue : piece.usedByKeys);
        SmallVector<VarId> direct;
        getDirectVars(id, direct);
        take(direct, piece.usedDirectly);
      }
    llvm::erase_if(folded, [&](VarId var) { return piece.uses(var); });
  }
  // Keys that all sequences share and nothing else: no piece depends on the
  // sequence, but K and V were given a dim for it.
  if (std::optional<VarId> sequence = getSequenceDigit())
    llvm::erase(folded, *sequence);
}

std::optional<VarId> SegmentAnalysis::getSequenceDigit() {
  for (AffineExpr result : op.getOutputMap().getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || !llvm::is_contained(dims.rows, dim.getPosition()) ||
        !llvm::all_of(operands, [&](const SegmentOperand &operand) {
          return operand.map.isFunctionOfDim(dim.getPosition());
        }))
      continue;
    VarId var = dimVars[dim.getPosition()];
    while (exprs->var(var).isRefined())
      var = *exprs->var(var).high;
    return var;
  }
  return std::nullopt;
}

SmallVector<VarId>
SegmentAnalysis::getSharedOver(const SegmentPiece &piece) const {
  SmallVector<VarId> shared;
  for (VarId var : rowDigits) {
    const VarRange &range = piece.box.find(var)->second;
    if (range.high != range.low + SizeExpr(1) && !piece.uses(var) &&
        !isFolded(var))
      shared.push_back(var);
  }
  return shared;
}

SmallVector<VarId>
SegmentAnalysis::getSharedAtRunTime(const SegmentPiece &piece) const {
  SmallVector<VarId> shared;
  for (VarId var : rowDigits)
    if (piece.uses(var) && !llvm::is_contained(piece.usedDirectly, var))
      shared.push_back(var);
  return shared;
}

//===----------------------------------------------------------------------===//
// For whoever writes the pieces
//===----------------------------------------------------------------------===//

std::optional<ExprId> SegmentAnalysis::evaluateIn(const SegmentOperand &operand,
                                                  EvalDepth depth,
                                                  const VarBox &box,
                                                  bool &crossedCopy) {
  evaluator->allowSplit = evaluator->allowRefine = false;
  evaluator->interesting.reset();
  if (depth == EvalDepth::All)
    evaluator->interesting = rowDigits;
  evaluator->reset(depth, withColumns(box));
  FailureOr<ExprId> element = evaluate(*evaluator, operand, getDimIndices());
  crossedCopy = evaluator->crossedCopy;
  if (failed(element))
    return std::nullopt;
  return *element;
}

std::optional<ExprId> SegmentAnalysis::deepen(ExprId id,
                                              const SegmentPiece &piece) {
  evaluator->allowSplit = evaluator->allowRefine = false;
  evaluator->interesting.reset();
  if (!piece.pinned)
    evaluator->interesting = rowDigits;
  evaluator->reset(EvalDepth::All, withColumns(piece.box));
  FailureOr<ExprId> deep = evaluator->reevaluate(id);
  if (failed(deep))
    return std::nullopt;
  return *deep;
}

SmallVector<SegmentAnalysis::Point>
SegmentAnalysis::getPoints(const SegmentPiece &piece, const VarBox &box) {
  static constexpr unsigned kPoints = 6;
  uint64_t state = 0x9e3779b97f4a7c15ull;
  auto random = [&]() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  SmallVector<Point> points;
  for (unsigned number = 0; number != kPoints; ++number) {
    Point point;
    for (auto &[var, range] : box) {
      auto low = range.low.getIfConstant(), high = range.high.getIfConstant();
      // What a guard found at run time is not known here: the first row.
      if (llvm::is_contained(piece.equalRows, var)) {
        point.emplace_back(var, IndexExpr(0));
        continue;
      }
      // Unknown extents: the ends of the range, which exist if any point does.
      if (low && high) {
        if (*high <= *low)
          return {};
        // The corners first.
        int64_t offset = number == 0   ? 0
                         : number == 1 ? *high - *low - 1
                                       : random() % (*high - *low);
        point.emplace_back(var, IndexExpr(*low + offset));
      } else {
        point.emplace_back(var, number % 2 ? IndexExpr(range.high - SizeExpr(1))
                                           : IndexExpr(range.low));
      }
    }
    points.push_back(std::move(point));
  }
  return points;
}

SmallVector<VarBox, 1> SegmentAnalysis::getCells(const SegmentPiece &piece) {
  static constexpr size_t kCells = 32;
  SmallVector<VarBox, 1> cells;
  // Of very many some, the first and the last among them.
  size_t number = piece.cells.size(), count = std::min(number, kCells);
  for (size_t i = 0; i != count; ++i)
    cells.push_back(withColumns(
        piece.cells[count == 1 ? 0 : i * (number - 1) / (count - 1)]));
  if (cells.empty())
    cells.push_back(withColumns(piece.box));
  return cells;
}

bool SegmentAnalysis::holdsAtPoints(
    const SegmentPiece &piece,
    function_ref<bool(const Point &, SmallVectorImpl<IndexExpr> &)> check) {
  for (const VarBox &box : getCells(piece))
    for (const Point &point : getPoints(piece, box)) {
      evaluator->allowSplit = evaluator->allowRefine = false;
      evaluator->interesting.reset();
      // The facts of the box hold: its ranges are not empty.
      evaluator->reset(EvalDepth::All, box);
      SmallVector<IndexExpr> at;
      for (const IndexExpr &index : getDimIndices())
        at.push_back(evaluator->rename(index, point));
      if (!check(point, at))
        return false;
    }
  return true;
}

bool SegmentAnalysis::checkAtPoints(const SegmentOperand &operand, ExprId id,
                                    const SegmentPiece &piece) {
  return holdsAtPoints(
      piece, [&](const Point &point, SmallVectorImpl<IndexExpr> &at) {
        FailureOr<ExprId> expected = evaluate(*evaluator, operand, at);
        FailureOr<ExprId> got = evaluator->substituteAll(id, point);
        return succeeded(expected) && succeeded(got) && *expected == *got;
      });
}

/// `id` without what a written operand may leave out.
static ExprId peelFactors(ExprContext &exprs, ExprId id) {
  while (exprs.node(id).kind == ExprKind::Op) {
    const ExprNode &n = exprs.node(id);
    auto isConstant = [&](unsigned i) {
      return exprs.node(n.children[i]).kind == ExprKind::Constant;
    };
    if (n.op == ScalarOp::CastF)
      id = n.children[0];
    else if (n.op == ScalarOp::MulF && (isConstant(0) || isConstant(1)))
      id = n.children[isConstant(0) ? 1 : 0];
    else if (n.op == ScalarOp::DivF && isConstant(1))
      id = n.children[0];
    else
      break;
  }
  return id;
}

static bool hasReduction(ExprContext &exprs, ExprId id) {
  return exprs.node(id).kind == ExprKind::Reduce ||
         llvm::any_of(exprs.node(id).children,
                      [&](ExprId child) { return hasReduction(exprs, child); });
}

bool SegmentAnalysis::checkOperandAtPoints(const SegmentOperand &original,
                                           const SegmentOperand &written,
                                           ValueRange indices,
                                           ArrayRef<AffineMap> indexMaps,
                                           const SizeExpr &begin,
                                           const SegmentPiece &piece) {
  return holdsAtPoints(
      piece, [&](const Point &, SmallVectorImpl<IndexExpr> &at) {
        FailureOr<ExprId> expected = evaluate(*evaluator, original, at);
        IndexExpr &key = at[dims.keys.front()];
        key = key - IndexExpr(begin);
        FailureOr<ExprId> got =
            evaluate(*evaluator, written, at, indices, indexMaps);
        if (failed(expected) || failed(got))
          return false;
        return hasReduction(*exprs, *expected) ||
               peelFactors(*exprs, *expected) == peelFactors(*exprs, *got);
      });
}
