//===- AttentionDims.h - roles of an attention's dims -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one place where dimension roles are derived from indexing maps. Nobody
// else reads operands' dims by position.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_ATTENTIONDIMS_H
#define HYDRAGEN_IR_ATTENTIONDIMS_H

#include "hydragen/IR/Hydragen.h"
#include "llvm/ADT/SmallBitVector.h"

namespace mlir::hydragen {

/// Roles of the dims of the domain of `hydragen.attention` or of a partial
/// attention, as positions in the domain, each list ascending.
///
///  rows         in the output and no value column: what a softmax is taken for
///  keys         in K/V maps only (one for attention, any number for partials)
///  contraction  per score term: summed in Q.K
///  values       columns of V and of the output
struct AttentionDims {
  unsigned numDims = 0;
  SmallVector<unsigned> rows;
  SmallVector<unsigned> keys;
  SmallVector<SmallVector<unsigned>> contraction;
  SmallVector<unsigned> values;

  /// Roles of an attention op from its maps. Failure says why through
  /// `emitError` (attention_c4..c6).
  static FailureOr<AttentionDims>
  get(AttentionOp op, function_ref<InFlightDiagnostic()> emitError);
  /// Roles of a verified op.
  static AttentionDims get(AttentionOp op);

  static FailureOr<AttentionDims>
  get(PartialAttentionOpInterface op,
      function_ref<InFlightDiagnostic()> emitError);
  /// Roles of a verified op. Also right for a clone of one whose inits have
  /// more leading dims (upstream's tiling makes these when it splits keys).
  static AttentionDims get(PartialAttentionOpInterface op);

  /// Number of dims of a score position: the rows and one absolute key.
  unsigned getNumPositionDims() const { return rows.size() + 1; }

  /// Row number of domain dim `dim`, or nullopt if it is not a row.
  std::optional<unsigned> getRowIndex(unsigned dim) const;

  /// Rows (as indices into `rows`) that none of `maps` uses.
  llvm::SmallBitVector getUnusedRows(ArrayRef<AffineMap> maps) const;
};

/// Rows, as indices into AttentionDims::rows, that segment `segment` reads the
/// same K and V for: no map of the segment, nor of an index operand behind a
/// symbol it uses, depends on them.
llvm::SmallBitVector getUnusedRows(AttentionOp op, unsigned segment);
/// The same for a partial attention.
llvm::SmallBitVector getUnusedRows(PartialAttentionOpInterface op);

/// Row dims whose sequences read one copy of a segment's keys: the unused ones
/// of a marked segment, else those of them, of which the segment has more than
/// one index, that another segment's K and V use.
llvm::SmallBitVector getSharedRows(AttentionOp op, unsigned segment);
/// Whether there are any.
inline bool isSharedSegment(AttentionOp op, unsigned segment) {
  return getSharedRows(op, segment).any();
}

/// Discardable unit attribute of an attention: what its segments have in common
/// is not worth sharing; each row is computed for itself.
constexpr llvm::StringLiteral kPlainAttr = "hydragen.plain";

/// On a partial attention: rows that read one copy of its keys through equal
/// indices are put together when it runs.
constexpr llvm::StringLiteral kGroupedAttr = "hydragen.grouped";

/// Discardable attribute of a partial attention, array<i64>: rows, as indices
/// into AttentionDims::rows, that are computed one by one although they read
/// the same K and V, as attention that knows nothing of sharing does. On an
/// attend op one such array for each part, of the part's digits.
constexpr llvm::StringLiteral kSeparateRowsAttr = "hydragen.separate_rows";

/// Discardable unit attribute of a partial attention on its way to the CPU: its
/// inits have no contents and stand for the neutral state (o = 0, m = -inf,
/// l = 0).
constexpr llvm::StringLiteral kNeutralInitsAttr = "hydragen.neutral_inits";

/// Unused rows that become rows of one matrix product: those that are not
/// separate.
llvm::SmallBitVector getFoldedRows(PartialAttentionOpInterface op);

/// Extents of the row dims in order, from the output's shape: constants where
/// static, else tensor.dim ops built at `builder`.
SmallVector<OpFoldResult> getRowSizes(OpBuilder &builder, AttentionOp op);

/// Extent of domain dim `dim` of a verified partial attention on tensors or
/// memrefs (or a clone as above): a constant where any operand has it static,
/// else a dim op at `builder`.
OpFoldResult getExtent(OpBuilder &builder, PartialAttentionOpInterface op,
                       unsigned dim);

} // namespace mlir::hydragen

#endif // HYDRAGEN_IR_ATTENTIONDIMS_H
