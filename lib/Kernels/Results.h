//===- Results.h - states, their fold, and the final result -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_RESULTS_H
#define HYDRAGEN_LIB_KERNELS_RESULTS_H

#include "Softmax.h"

namespace mlir::hydragen::kernels {

/// The final result of one row.
class ResultRow {
public:
  /// `max` and `sum`: the folded m and l.
  ResultRow(const Context &context, Value logicalRow, Value max, Value sum);

  /// Writes columns [column, column + count) from unnormalised o; those at and
  /// after the value dim are dropped. `column` is a multiple of `count`.
  void storeColumns(ValueRange o, Value column) const;
  /// Writes m and l where they are results; one thread of a row calls it.
  void storeStatistics() const;

private:
  void storeElements(ValueRange values, Value to) const;

  const Context &context;
  KernelBuilder &b;
  SmallVector<Value> digits;
  Value output, max, sum, factor;
};

/// Writes one state row, or part of it. `row`: number of the state row.
class StateRow {
public:
  StateRow(const Context &context, Value row);
  void storeColumns(ValueRange o, Value column) const;
  SmallVector<Value> loadColumns(Value column, unsigned count) const;
  void storeStatistics(Value max, Value sum) const;
  /// (m, l).
  SmallVector<Value> loadStatistics() const;

private:
  KernelBuilder &b;
  Value o, statistics;
};

/// The end of a prefix tile: 16 rows in a warp's registers become state rows,
/// or the result of a direct item. `firstRow`: the 16 rows' first in the tile;
/// `rowNumbers`: shared offset of the logical rows. `written`: whether to write
/// each of a lane's two rows; none: both.
void emitTileResult(const Context &context, const Item &item,
                    const RowStates &states, Value lane, Value firstRow,
                    unsigned rowNumbers, ArrayRef<Value> written = {});

/// Whether each of a lane's two rows has a sum or an output that is not finite;
/// the same in all lanes of a row.
std::array<Value, 2> findNonFinite(KernelBuilder &b, const RowStates &states);

/// Arrival at the item's groups and the fold of those it completes; the block's
/// next item is taken meanwhile. There is a barrier after the last use of what
/// the item had in shared memory, but not at the end.
void emitFold(const Context &context);

/// Whether the item writes the result itself.
Value isDirect(const Context &context, const Item &item);

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_RESULTS_H
