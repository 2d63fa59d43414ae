//===- ShareGuards.cpp - what is asked at run time --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A block table is compared once per call: the number of leading pages that all
// rows have in common is the length of a segment that they share, the rest is
// each row's own. Both segments are always there, so that nothing branches; one
// of them may be empty, which is the identity of the state. Indices without a
// key (the prompt of a group) are compared when the segment is decomposed.
//===----------------------------------------------------------------------===//

#include "ShareDetail.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

static bool hasAllRows(SegmentAnalysis &analysis, const SegmentPiece &piece) {
  return llvm::all_of(analysis.getRowDigits(), [&](VarId var) {
    const VarRange &range = piece.box.find(var)->second;
    return range.low.isZero() &&
           range.high == analysis.getExprs().var(var).extent;
  });
}

/// The number of leading values of the guard's key digit for which every row
/// has the indices of the first one, as an index; null if an index cannot be
/// written.
static Value writeCommonCount(SegmentAnalysis &analysis, ExprWriter &writer,
                              const SegmentPiece &piece,
                              const RuntimeGuard &guard) {
  OpBuilder &builder = writer.getBuilder();
  Location loc = writer.getLoc();
  ExprContext &exprs = analysis.getExprs();
  ElementEvaluator &evaluator = analysis.getEvaluator();
  evaluator.allowSplit = evaluator.allowRefine = false;
  evaluator.reset(EvalDepth::All, analysis.withColumns(piece.box));

  // Loops: the row, other rows that choose an index, the keys.
  SmallVector<VarId> loops = {guard.row};
  for (ExprId index : guard.indices)
    for (VarId var : exprs.node(index).freeVars)
      if (var != *guard.key && !llvm::is_contained(loops, var) &&
          llvm::is_contained(analysis.getRowDigits(), var))
        loops.push_back(var);
  loops.push_back(*guard.key);
  SmallVector<Value> tables;
  SmallVector<AffineMap> maps;
  for (ExprId index : guard.indices) {
    SmallVector<VarId> vars;
    SmallVector<AffineExpr> results, first;
    for (auto [loop, var] : llvm::enumerate(loops)) {
      if (!exprs.isFree(index, var))
        continue;
      vars.push_back(var);
      results.push_back(builder.getAffineDimExpr(loop));
      first.push_back(var == guard.row ? builder.getAffineConstantExpr(0)
                                       : results.back());
    }
    Value table = writer.writeTensor(index, vars, builder.getI64Type());
    if (!table)
      return {};
    for (ArrayRef<AffineExpr> list : {ArrayRef(results), ArrayRef(first)}) {
      tables.push_back(table);
      maps.push_back(
          AffineMap::get(loops.size(), 0, list, builder.getContext()));
    }
  }
  const VarRange &keys = piece.box.find(*guard.key)->second;
  std::optional<OpFoldResult> extent = writer.writeSize(keys.high - keys.low);
  if (!extent)
    return {};
  Value count = getValueOrCreateConstantIndexOp(builder, loc, *extent);
  count = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), count);
  Value init = tensor::EmptyOp::create(builder, loc, ArrayRef<int64_t>(),
                                       builder.getI64Type());
  init = linalg::FillOp::create(builder, loc, count, init).getResult(0);
  maps.push_back(AffineMap::get(loops.size(), 0, builder.getContext()));
  SmallVector<utils::IteratorType> kinds(loops.size(),
                                         utils::IteratorType::reduction);
  auto least = linalg::GenericOp::create(
      builder, loc, init.getType(), tables, init, maps, kinds,
      [&](OpBuilder &body, Location at, ValueRange arguments) {
        Value differ;
        for (unsigned i = 0; i + 1 < arguments.size(); i += 2) {
          Value one = arith::CmpIOp::create(body, at, arith::CmpIPredicate::ne,
                                            arguments[i], arguments[i + 1]);
          differ = differ ? arith::OrIOp::create(body, at, differ, one) : one;
        }
        Value key = linalg::IndexOp::create(body, at, loops.size() - 1);
        key = arith::IndexCastOp::create(body, at, body.getI64Type(), key);
        Value candidate = arith::SelectOp::create(body, at, differ, key, count);
        Value result =
            arith::MinSIOp::create(body, at, arguments.back(), candidate);
        linalg::YieldOp::create(body, at, result);
      });
  Value found =
      tensor::ExtractOp::create(builder, loc, least.getResult(0), ValueRange());
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    found);
}

/// Whether the number is in a tensor that the analysis cannot look into.
static bool isLoaded(ExprContext &exprs, ExprId id) {
  const ExprNode &n = exprs.node(id);
  return n.kind == ExprKind::Load ||
         llvm::any_of(n.indices,
                      [&](const IndexExpr &index) {
                        return llvm::any_of(index.getTerms(), [&](auto &term) {
                          return !term.first.isVar() &&
                                 isLoaded(exprs, term.first.getExpr());
                        });
                      }) ||
         llvm::any_of(n.children,
                      [&](ExprId child) { return isLoaded(exprs, child); });
}

bool hydragen::addGuards(SegmentAnalysis &analysis, ExprWriter &writer,
                         bool tables) {
  bool any = false;
  for (unsigned i = 0; i != analysis.getPieces().size(); ++i) {
    const SegmentPiece &piece = analysis.getPieces()[i];
    std::optional<RuntimeGuard> guard = analysis.findGuard(piece);
    if (!guard)
      continue;
    if (!guard->key) {
      analysis.groupPiece(i, *guard);
      any = true;
      continue;
    }
    // A certificate cannot say where rows of different lengths begin; what a
    // constant table has in common was found when it was analysed.
    if (!tables || !hasAllRows(analysis, piece) ||
        llvm::none_of(guard->indices, [&](ExprId index) {
          return isLoaded(analysis.getExprs(), index);
        }))
      continue;
    VarRange keys = piece.box.find(*guard->key)->second;
    Value count = writeCommonCount(analysis, writer, piece, *guard);
    if (!count)
      continue;
    SizeExpr common = analysis.getEvaluator().getSizes().addCount(
        count, keys.high - keys.low);
    analysis.cutPiece(i++, *guard, common);
    any = true;
  }
  return any;
}
