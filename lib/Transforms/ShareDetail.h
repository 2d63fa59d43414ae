//===- ShareDetail.h - pieces of a segment as segments ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_TRANSFORMS_SHAREDETAIL_H
#define HYDRAGEN_LIB_TRANSFORMS_SHAREDETAIL_H

#include "Materialize.h"

#include "hydragen/Analysis/SegmentAnalysis.h"

namespace mlir::hydragen {

/// Operands of the op under construction that all its segments use in common.
struct SharedOperands {
  SmallVector<Value> indices;
  SmallVector<AffineMap> indexMaps;
};

/// One segment of the new op.
struct WrittenSegment {
  OpFoldResult begin, size;
  SmallVector<int64_t> rowOffsets, rowSizes; // empty: all rows
  SmallVector<Value> operands;               // V, then K per term
  SmallVector<AffineMap> maps;
  bool shared = false;
  /// Rows with equal loaded indices are put together when the op runs.
  bool grouped = false;
  /// In words, for the remark.
  std::string text;
};

/// Writes the pieces of one segment.
class SegmentWriter {
public:
  SegmentWriter(SegmentAnalysis &analysis, OpBuilder &builder,
                DominanceInfo &dominance, OpFoldResult begin,
                SharedOperands &shared);

  /// Chooses what every operand of every piece is read from. False with a
  /// refusal when the pieces are no rectangles.
  bool choose();
  /// The constant factor on every K of `term`, if it is the same in all pieces.
  std::optional<double> getKeyFactor(unsigned term) const;
  /// Writes the segments. Constant factors of K are left out where
  /// `dropFactors`.
  bool write(bool dropFactors, SmallVectorImpl<WrittenSegment> &segments);

  /// Compares what was written (all segments of this one, in order) with the
  /// original at points. False with a refusal where they differ.
  bool checkWritten(ArrayRef<WrittenSegment> segments);

  /// A better source for an operand that all rows read (a query): the element
  /// without views and constant factors. False if there is none.
  bool rewriteView(Value &value, AffineMap &map, double &factor);

  std::optional<Refusal> refusal;

private:
  struct Choice {
    ExprId whole = 0;  // the element
    ExprId peeled = 0; // without exact factors (K only)
    double factor = 1;
    bool original = false; // the operand as it stands
  };
  struct Range {
    SizeExpr begin, size;
  };
  bool refuse(RefusalReason reason, const Twine &detail = "");
  std::optional<Range> getRange(VarId root, const VarBox &box);
  bool areLayered();
  Choice chooseOperand(const SegmentPiece &piece, unsigned operand);
  bool isTight(ExprId id, const SegmentPiece &piece);
  bool overCovers(ExprId id, const SegmentPiece &piece);
  bool readsContractionOfCopies(ExprId id, const SegmentPiece &piece);
  bool isSmall(ExprId id);
  int64_t skipPinnedDigits(VarId root, const VarBox &box, AffineWriter &maps);
  void setUpWriter(AffineWriter &maps, const Range *keys, const VarBox *box);
  bool writeOperand(const SegmentPiece &piece, unsigned operand,
                    const Choice &choice, const Range &keys, bool dropFactors,
                    Value &value, AffineMap &map);
  bool giveKeyDim(WrittenSegment &segment);
  bool writeRows(const SegmentPiece &piece, WrittenSegment &segment);
  std::optional<AffineExpr> writeAtom(ExprId atom, AffineWriter &maps);
  std::optional<std::pair<Value, AffineMap>> writeCutTable(ExprId atom,
                                                           AffineWriter &maps);
  std::string describe(const SegmentPiece &piece, const Range &keys);

  SegmentAnalysis &analysis;
  OpBuilder &builder;
  Location loc;
  ExprContext &exprs;
  ExprWriter writer;
  OpFoldResult begin;
  SharedOperands &shared;
  SmallVector<SmallVector<Choice>> choices; // [piece][operand]
  SmallVector<Range> keyRanges;
  /// Loaded indices of a piece that were written as tensors.
  SmallVector<std::pair<std::pair<ExprId, const SegmentPiece *>, Value>>
      written;
  const SegmentPiece *current = nullptr;
};

/// Gives pieces whose rows read the same keys where integers are equal that are
/// known at run time a guard: they are cut behind what all rows have in common,
/// or their rows are grouped. Cuts only with `tables`. False if there was no
/// such piece.
bool addGuards(SegmentAnalysis &analysis, ExprWriter &writer, bool tables);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_TRANSFORMS_SHAREDETAIL_H
