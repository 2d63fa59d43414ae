//===- Softmax.h - online softmax of a tile of scores -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_SOFTMAX_H
#define HYDRAGEN_LIB_KERNELS_SOFTMAX_H

#include "Multiply.h"

namespace mlir::hydragen::kernels {

/// State of 16 rows in a warp's registers. Of the lane's two rows (lane / 4 and
/// 8 more): maxima and sums (each lane has a quarter of a row's sum), and the
/// row's blocks of the output.
struct RowStates {
  Value max[2], sum[2];
  SmallVector<Accumulator> output;

  static RowStates empty(KernelBuilder &b, unsigned blocks);
  static RowStates read(ValueRange values, unsigned blocks);
  void append(SmallVectorImpl<Value> &values) const;
  static unsigned size(unsigned blocks) { return 4 * blocks + 4; }
};

/// What the scores of a lane's two rows depend on besides the product.
struct RowScores {
  /// Local keys [low, low + width) are visible. Unset in loops without masks.
  Value low[2], width[2];
  /// Values of ScoreModifier::emitRow.
  SmallVector<Value> values[2];
};

class Softmax {
public:
  Softmax(const Context &context, unsigned variant, const Item &item,
          Value keyEnd);

  /// Code that runs once for the row with this logical number: its bounds, ...
  void emitBounds(Value logicalRow, unsigned half, RowScores &rows) const;
  /// ... and its values for modified scores.
  void emitRowValues(Value logicalRow, unsigned half, RowScores &rows) const;
  bool isElementwise() const;

  /// Takes the products of a tile's keys (blocks of 8 keys, of which the first
  /// is local key `firstKey`), updates maxima and sums and gives the weights
  /// back. `factors`: what the output so far is to be multiplied with.
  SmallVector<Accumulator> update(ArrayRef<Accumulator> products,
                                  RowStates &states, Value factors[2],
                                  bool masked, const RowScores &rows,
                                  Value lane, Value firstKey) const;

private:
  /// Scores in units of log2, saturated where `saturate`.
  Value scaleScore(Value product, unsigned half, const RowScores &rows,
                   Value key, bool masked) const;

  const Context &context;
  KernelBuilder &b;
  ScoreModifier *modifier;
  SmallVector<Value> parameters;
  const Item &item;
  Value keyEnd, scale, scaleLog2;
};

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_SOFTMAX_H
