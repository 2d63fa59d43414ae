//===- SegmentAnalysis.h - what K and V depend on ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_SEGMENTANALYSIS_H
#define HYDRAGEN_ANALYSIS_SEGMENTANALYSIS_H

#include "hydragen/Analysis/ElementEvaluator.h"
#include "hydragen/Analysis/Refusal.h"
#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/Hydragen.h"

#include <memory>

namespace mlir::hydragen {

/// An operand of a segment: V or the K of a score term.
struct SegmentOperand {
  Value value;
  AffineMap map;
};

/// A loaded index of a piece that a guard cuts, for all rows and keys that the
/// piece had before.
struct GuardTable {
  ExprId index;
  /// The same for the first row.
  ExprId first;
  Value tensor;
  /// What the dims of the tensor count, from the begin of the piece; the key is
  /// the last one.
  SmallVector<VarId> vars;
};

/// How a guard has cut a piece: along which digit, and what that ran through.
struct PieceCut {
  VarId key;
  VarRange keys;
  SmallVector<GuardTable, 1> tables;
};

/// A box of (row digits x key digits) in which K and V are the same
/// expressions.
struct SegmentPiece {
  VarBox box;
  /// A part of the box in which the operands were evaluated as they stand;
  /// equal to the box unless cells were merged.
  VarBox sample;
  /// The cells that were merged along ranges of unknown size, if any. Where one
  /// of them is empty, what the model reads at a key is known in a cell only.
  SmallVector<VarBox, 1> cells;
  /// Cells were merged after variables with one value were replaced by it: the
  /// expressions do not mention them, and go down to arguments and constants.
  bool pinned = false;
  /// Per operand (V first, then the K of each term) the distinct expressions
  /// over the cells of its columns, ascending.
  SmallVector<SmallVector<ExprId, 1>> exprs;

  /// The same down to the arguments, made when cells are merged.
  SmallVector<SmallVector<ExprId, 1>> whole;

  /// Row digits (of more than one value here) that V, and that any K, depends
  /// on.
  SmallVector<VarId> usedByValue, usedByKeys;
  /// The same without those that occur only in an index loaded at run time.
  SmallVector<VarId> usedDirectly;
  /// Row digits over which a guard has found the loaded indices equal at run
  /// time: `exprs` are those of the first row.
  SmallVector<VarId> equalRows;
  /// The row digit whose rows are put together at run time by the indices that
  /// are loaded for them.
  std::optional<VarId> groupedRow;
  /// Set for both pieces of a cut.
  std::optional<PieceCut> cut;
  bool isGuarded() const { return !equalRows.empty() || groupedRow; }

  bool uses(VarId var) const {
    return llvm::is_contained(usedByValue, var) ||
           llvm::is_contained(usedByKeys, var);
  }
};

/// What has to be looked at when the function runs to know which rows of a
/// piece read the same keys: the piece depends on `row` only through `indices`,
/// integers that are loaded.
struct RuntimeGuard {
  VarId row;
  /// The outermost key digit of the piece, if an index differs between its
  /// values (a block table); else one index stands for all keys.
  std::optional<VarId> key;
  SmallVector<ExprId> indices;
};

/// Evaluates V and every K of one segment together, from the operands down to
/// their sources, and cuts (rows x keys) where they change: the pieces
/// partition the segment by construction.
class SegmentAnalysis {
public:
  SegmentAnalysis(AttentionOp op, unsigned segment, SizeAnalysis &sizes);

  /// False with a refusal when the budget was exceeded or a cut could not be
  /// proved.
  bool run();
  const std::optional<Refusal> &getRefusal() const { return refusal; }
  ArrayRef<SegmentPiece> getPieces() const { return pieces; }
  /// Row digits that no piece depends on, the sequence excepted: they are rows
  /// of one matrix product anyway (query positions, the query heads of one key
  /// head).
  bool isFolded(VarId var) const { return llvm::is_contained(folded, var); }
  /// Row digits that this piece does not depend on but others do, and the
  /// sequence when K and V were broadcast over it.
  SmallVector<VarId> getSharedOver(const SegmentPiece &piece) const;
  SmallVector<VarId> getSharedAtRunTime(const SegmentPiece &piece) const;

  /// The guard that would make the piece a shared one, if there is one.
  std::optional<RuntimeGuard> findGuard(const SegmentPiece &piece);
  /// Cuts piece `number` in two: the first `count` values of the guard's key
  /// digit, for which all rows have the indices of the first one, and the rest.
  void cutPiece(unsigned number, const RuntimeGuard &guard,
                const SizeExpr &count, ArrayRef<GuardTable> tables);
  /// Rows of piece `number` with equal indices belong together.
  void groupPiece(unsigned number, const RuntimeGuard &guard);

  AttentionOp getOp() const { return op; }
  unsigned getSegment() const { return segment; }
  const AttentionDims &getDims() const { return dims; }
  ExprContext &getExprs() { return *exprs; }
  ElementEvaluator &getEvaluator() { return *evaluator; }
  ArrayRef<SegmentOperand> getOperands() const { return operands; }
  VarId getDimVar(unsigned dim) const { return dimVars[dim]; }
  VarId getKeyVar() const { return dimVars[dims.keys.front()]; }
  ArrayRef<VarId> getRowDigits() const { return rowDigits; }
  ArrayRef<VarId> getKeyDigits() const { return keyDigits; }
  /// Box of all variables: the segment's rectangle, columns and contractions.
  VarBox getFullBox();

  /// One element of an operand at the variables, as deep as `depth`, in `box`.
  /// Asks for nothing: what is undecided stays a leaf.
  std::optional<ExprId> evaluateIn(const SegmentOperand &operand,
                                   EvalDepth depth, const VarBox &box,
                                   bool &crossedCopy);
  /// `id` evaluated to the sources in the box of `piece`, as deep as the
  /// piece's own expressions.
  std::optional<ExprId> deepen(ExprId id, const SegmentPiece &piece);
  /// Compares `id` with the operand at a few points of the piece where all
  /// indices are constants: another, simpler path through the evaluator.
  bool checkAtPoints(const SegmentOperand &operand, ExprId id,
                     const SegmentPiece &piece);
  /// Compares an operand that was written for the piece, which counts its keys
  /// from `begin`, with the original one at a few points. Constant factors and
  /// exact widening may be left out of it; sums that were written again are not
  /// compared.
  bool checkOperandAtPoints(const SegmentOperand &original,
                            const SegmentOperand &written, ValueRange indices,
                            ArrayRef<AffineMap> indexMaps,
                            const SizeExpr &begin, const SegmentPiece &piece);
  /// Adds the columns' ranges to a box of rows and keys.
  VarBox withColumns(const VarBox &box);

private:
  bool refuse(RefusalReason reason, const Twine &detail = "");
  FailureOr<ExprId> evaluate(ElementEvaluator &with,
                             const SegmentOperand &operand,
                             ArrayRef<IndexExpr> at);
  /// The same with these index operands behind the symbols of the map.
  FailureOr<ExprId> evaluate(ElementEvaluator &with,
                             const SegmentOperand &operand,
                             ArrayRef<IndexExpr> at, ValueRange indexOperands,
                             ArrayRef<AffineMap> indexMaps);
  using Point = SmallVector<std::pair<VarId, IndexExpr>>;
  /// Boxes that fill the piece and in each of which points are compared.
  SmallVector<VarBox, 1> getCells(const SegmentPiece &piece);
  /// Whether `check` holds at points of all cells; it gets the point and the
  /// dims' indices there.
  bool holdsAtPoints(
      const SegmentPiece &piece,
      function_ref<bool(const Point &, SmallVectorImpl<IndexExpr> &)> check);
  /// Points of the box, its corners first; empty if it has none.
  SmallVector<Point> getPoints(const SegmentPiece &piece, const VarBox &box);
  SmallVector<IndexExpr> getDimIndices();
  void collectDigits();
  /// One pass over all boxes; true when done, false to start again.
  FailureOr<bool> evaluateBoxes();
  bool projectColumns();
  void mergeCells();
  void cutToRanges();
  void classify();
  /// The outermost digit of the outermost row dim of the output that every
  /// operand's map uses: what tells sequences apart in a batched layout.
  std::optional<VarId> getSequenceDigit();
  void getDirectVars(ExprId id, SmallVectorImpl<VarId> &vars);
  bool hasLoad(ExprId id);

  AttentionOp op;
  unsigned segment;
  SizeAnalysis &sizes;
  AttentionDims dims;
  std::unique_ptr<ExprContext> exprs;
  std::unique_ptr<ElementEvaluator> evaluator;
  SmallVector<SegmentOperand> operands;
  SmallVector<VarId> dimVars;
  SmallVector<VarId> rowDigits, keyDigits, columnDigits;
  SmallVector<VarId> folded;
  SmallVector<SegmentPiece, 0> pieces;
  std::optional<Refusal> refusal;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_SEGMENTANALYSIS_H
