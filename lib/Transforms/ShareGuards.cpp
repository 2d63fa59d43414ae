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
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::hydragen;

static bool hasAllRows(SegmentAnalysis &analysis, const SegmentPiece &piece) {
  return llvm::all_of(analysis.getRowDigits(), [&](VarId var) {
    const VarRange &range = piece.box.find(var)->second;
    return range.low.isZero() &&
           range.high == analysis.getExprs().var(var).extent;
  });
}

/// Whether the index is an element of a tensor whose dims are those of `vars`:
/// then nothing needs to be computed. An extent may be unknown; the tensor has
/// what is asked for, and what it has beyond only makes fewer pages equal.
static bool isWholeTensor(SegmentAnalysis &analysis, ExprWriter &writer,
                          const ExprNode &n, ArrayRef<VarId> vars) {
  auto type = n.kind == ExprKind::Load
                  ? dyn_cast<RankedTensorType>(n.base.getType())
                  : RankedTensorType();
  if (!type || !writer.dominates(n.base) || n.indices.size() != vars.size() ||
      !(type.getElementType().isInteger(32) ||
        type.getElementType().isInteger(64)))
    return false;
  ElementEvaluator &evaluator = analysis.getEvaluator();
  SmallVector<SizeExpr> shape = evaluator.getSizes().getShape(n.base);
  for (auto [index, var, extent] : llvm::zip_equal(n.indices, vars, shape)) {
    VarRange range = evaluator.getVarRange(var);
    if (!(index == IndexExpr::atom(IndexAtom::var(var))) ||
        !range.low.isZero() ||
        (range.high != extent && range.high.isConstant() &&
         extent.isConstant()))
      return false;
  }
  return true;
}

/// The number of leading values of the guard's key digit for which every row
/// has the indices of the first one, as an index; null if an index cannot be
/// written. `written` gets the indices as tensors.
static Value writeCommonCount(SegmentAnalysis &analysis, ExprWriter &writer,
                              const SegmentPiece &piece,
                              const RuntimeGuard &guard,
                              SmallVectorImpl<GuardTable> &written) {
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
    const ExprNode n = exprs.node(index);
    Value table = isWholeTensor(analysis, writer, n, vars)
                      ? n.base
                      : writer.writeTensor(index, vars, builder.getI64Type());
    if (!table)
      return {};
    written.push_back({index, index, table, vars});
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
  return (n.kind == ExprKind::Load && !matchPattern(n.base, m_Constant())) ||
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
    SmallVector<GuardTable, 1> written;
    Value count = writeCommonCount(analysis, writer, piece, *guard, written);
    if (!count)
      continue;
    SizeExpr common = analysis.getEvaluator().getSizes().addCount(
        count, keys.high - keys.low);
    analysis.cutPiece(i++, *guard, common, written);
    any = true;
  }
  return any;
}
