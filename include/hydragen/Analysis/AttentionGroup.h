//===- AttentionGroup.h - the ops of one attention --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which partial attentions a finalize op folds, and for which of its rows. The
// schedule and the conversion to GPU kernels read the decomposed form through
// this.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_ATTENTIONGROUP_H
#define HYDRAGEN_ANALYSIS_ATTENTIONGROUP_H

#include "hydragen/IR/Hydragen.h"

#include <string>

namespace mlir::hydragen {

/// A dim that is part of a row: its index is (row index / stride) mod its
/// extent. A row of -1 stands for value columns.
struct RowDigit {
  int64_t row = -1;
  int64_t stride = 0;
};

/// One partial attention of a group.
struct GroupPart {
  PartialAttentionOpInterface op;
  /// Per row dim of the op.
  SmallVector<RowDigit> digits;
  /// The rectangle of the finalize op's rows that it is for: empty when it is
  /// for all. A size may be dynamic ("to the end").
  SmallVector<int64_t> rowOffsets, rowSizes;
};

/// The decomposed form of one attention, on tensors.
struct AttentionGroup {
  FinalizeOp finalize;
  SmallVector<GroupPart> parts;
  /// Ops behind the finalize op that only permute, split or narrow its result;
  /// `result` is the last one's (or the finalize op's own).
  SmallVector<Operation *> epilogue;
  Value result;
  /// Per dim of `result`.
  SmallVector<RowDigit> resultDims;

  unsigned getNumRows() const;

  /// Follows the state of `finalize` back. The reason, a clause, when something
  /// in between is not understood or is used by others, too.
  static FailureOr<AttentionGroup> get(FinalizeOp finalize,
                                       std::string &reason);
};

/// The row dim of a partial attention with the mark kGroupedAttr that its keys
/// and values use through index operands alone, which do not depend on keys or
/// other rows.
std::optional<unsigned> getGroupedRow(PartialAttentionOpInterface op);

/// Whether the state that a partial attention begins with is that of no key.
bool hasIdentityInits(PartialAttentionOpInterface op);

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_ATTENTIONGROUP_H
