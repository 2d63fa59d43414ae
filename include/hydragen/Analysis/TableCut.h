//===- TableCut.h - page tables cut at a number of the call -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a guard has cut a block table, one partial attention reads its leading
// pages and another the rest. How many lead is an element of a tensor: a number
// that the host need not know where a kernel can read it.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_TABLECUT_H
#define HYDRAGEN_ANALYSIS_TABLECUT_H

#include "hydragen/IR/Hydragen.h"

namespace mlir::hydragen {

/// What `index`, an index operand of a partial attention, is a slice of.
struct TableCut {
  /// The table before the cut.
  Value whole;
  /// The tensor of rank 0 that holds the number of leading pages, and the op
  /// that reads it.
  Value count;
  Operation *read = nullptr;
  /// The pages behind the leading ones.
  bool rest = false;
  /// Absolute position of the whole table's first key: a constant, and factors
  /// of extents (a tensor and a dim) and values (dim -1).
  int64_t keyConstant = 0;
  SmallVector<std::pair<std::pair<Value, int64_t>, int64_t>, 1> keyTerms;
  OpFoldResult getKeyOffset(OpBuilder &builder, Location loc) const;
  /// Offsets and sizes of the slice; those of the page are the whole table's.
  SmallVector<OpFoldResult> offsets, sizes;
};

/// The cut of index operand `number` of `op`, whose dim `page` counts pages of
/// `pageSize` keys; nullopt if its extent is no number of the call. Where it is
/// one but not of this form, `reason` (a clause) says so.
std::optional<TableCut> getTableCut(PartialAttentionOpInterface op,
                                    unsigned number, unsigned page,
                                    int64_t pageSize, std::string &reason);

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_TABLECUT_H
