//===- DecomposeDetail.h - one segment on its way to an op ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_TRANSFORMS_DECOMPOSEDETAIL_H
#define HYDRAGEN_LIB_TRANSFORMS_DECOMPOSEDETAIL_H

#include "SplitForm.h"

namespace mlir::hydragen {

/// The state of a partial attention.
struct State {
  Value o, m, l;
  SmallVector<Value> values() const { return {o, m, l}; }
};

/// The state of no key at all, (0, -inf, 0), of elements of `type`.
State makeIdentity(OpBuilder &builder, Location loc, FloatType type,
                   ArrayRef<OpFoldResult> rows, ArrayRef<OpFoldResult> values);

/// The operands of a partial attention in split form.
struct PartialParts {
  SmallVector<Value> queries, keys, indices, extras;
  Value value;
  SmallVector<AffineMap> queryMaps, keyMaps, indexMaps, extraMaps;
  AffineMap valueMap;
  ArrayAttr mods;
  SmallVector<OpFoldResult> rowSizes, valueSizes;
};

/// The row digit that keys and values use through index operands alone, if a
/// segment's rows can be put together by these at run time.
std::optional<unsigned> getGroupedRow(const PartialParts &parts);

/// The row numbers by which rows are put together: the index operands of keys
/// and values, as lists.
SmallVector<Value> getGroupNumbers(OpBuilder &builder, Location loc,
                                   const PartialParts &parts, unsigned row);

/// The same attention for the rows that `rows` lists in place of row digit
/// `row`: a list of tiles (rank 2, all rows of one tile read the same keys) or
/// of single rows. Row dims of the list come first. Nullopt where an operand
/// cannot be brought into this order.
std::optional<PartialParts> takeRows(OpBuilder &builder, Location loc,
                                     const PartialParts &parts, unsigned row,
                                     Value rows);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_TRANSFORMS_DECOMPOSEDETAIL_H
