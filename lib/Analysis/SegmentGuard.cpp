//===- SegmentGuard.cpp - sharing known at run time -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows that read K and V only through loaded integers (the prompt of a group,
// the page of a block table) read the same where the integers are equal. Which
// those are is known at run time; what they are is known here.
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/SegmentAnalysis.h"

using namespace mlir;
using namespace mlir::hydragen;

// Rows are not put together for fewer keys: the newest key of a decoder is one
// that depends on the token's row of the embedding, which is such an index too.
static constexpr int64_t kMinGroupedKeys = 8;

/// Index atoms in `id` that mention `row`, outermost ones.
static void collectIndices(ExprContext &exprs, ExprId id, VarId row,
                           SmallVectorImpl<ExprId> &indices) {
  SmallVector<ExprId> work = {id};
  DenseSet<ExprId> seen;
  while (!work.empty()) {
    ExprId next = work.pop_back_val();
    if (!seen.insert(next).second || !exprs.isFree(next, row))
      continue;
    const ExprNode &n = exprs.node(next);
    for (const IndexExpr &index : n.indices)
      for (auto &[atom, coefficient] : index.getTerms())
        if (!atom.isVar() && exprs.isFree(atom.getExpr(), row) &&
            !llvm::is_contained(indices, atom.getExpr()))
          indices.push_back(atom.getExpr());
    work.append(n.children.begin(), n.children.end());
  }
}

std::optional<RuntimeGuard>
SegmentAnalysis::findGuard(const SegmentPiece &piece) {
  // The indices of pieces that were merged differ from cell to cell.
  bool whole = llvm::equal(piece.sample, piece.box, [](auto &a, auto &b) {
    return a.first == b.first && a.second == b.second;
  });
  SmallVector<VarId> rows = getSharedAtRunTime(piece);
  if (rows.size() != 1 || piece.pinned || !whole || piece.isGuarded())
    return std::nullopt;
  RuntimeGuard guard{rows.front(), std::nullopt, {}};
  for (ArrayRef<ExprId> list : piece.exprs)
    for (ExprId id : list)
      collectIndices(*exprs, id, guard.row, guard.indices);
  // Digits of more than one value, the outermost first.
  std::optional<VarId> outermost;
  for (VarId digit : keyDigits) {
    const VarRange &range = piece.box.find(digit)->second;
    if (!outermost && range.high != range.low + SizeExpr(1))
      outermost = digit;
  }
  for (ExprId index : guard.indices)
    for (VarId var : exprs->node(index).freeVars) {
      if (llvm::is_contained(keyDigits, var)) {
        const VarRange &range = piece.box.find(var)->second;
        if (range.high == range.low + SizeExpr(1))
          continue;
        if (var != outermost)
          return std::nullopt;
        guard.key = var;
      } else if (!llvm::is_contained(rowDigits, var)) {
        return std::nullopt; // an index per column
      }
    }
  if (guard.indices.empty())
    return std::nullopt;
  // Rows are put together by one index each.
  SizeExpr count(1);
  for (VarId digit : keyDigits) {
    const VarRange &range = piece.box.find(digit)->second;
    count = count * (range.high - range.low);
  }
  if (!guard.key && count.isConstant() && count.getConstant() < kMinGroupedKeys)
    return std::nullopt;
  if (!guard.key)
    for (ExprId index : guard.indices)
      for (VarId var : exprs->node(index).freeVars)
        if (var != guard.row && llvm::is_contained(rowDigits, var))
          return std::nullopt;
  return guard;
}

void SegmentAnalysis::cutPiece(unsigned number, const RuntimeGuard &guard,
                               const SizeExpr &count,
                               ArrayRef<GuardTable> tables) {
  pieces[number].cut = {
      *guard.key, pieces[number].box.find(*guard.key)->second,
      SmallVector<GuardTable, 1>(tables.begin(), tables.end())};
  SegmentPiece rest = pieces[number];
  SegmentPiece &common = pieces[number];
  SizeExpr cut = common.box[*guard.key].low + count;
  common.box[*guard.key].high = cut;
  rest.box[*guard.key].low = cut;
  for (SegmentPiece *piece : {&common, &rest}) {
    piece->sample = piece->box;
    piece->cells.clear();
    piece->whole.clear();
  }
  common.equalRows.push_back(guard.row);
  Point first = {{guard.row, IndexExpr(0)}};
  evaluator->reset(EvalDepth::All, withColumns(common.box));
  for (SmallVector<ExprId, 1> &list : common.exprs)
    for (ExprId &id : list)
      id = evaluator->rename(id, first);
  for (GuardTable &table : common.cut->tables)
    table.first = evaluator->rename(table.index, first);
  pieces.insert(pieces.begin() + number + 1, std::move(rest));
  classify();
}

void SegmentAnalysis::groupPiece(unsigned number, const RuntimeGuard &guard) {
  pieces[number].groupedRow = guard.row;
}
