//===- ScoreMods.h - score modifications as code ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_SCOREMODS_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_SCOREMODS_H

#include "PartialOperands.h"

namespace mlir::hydragen::cpu {

/// Splits the score modifications of an op in key bounds per row (visible sets
/// that are linear in the key and hide for good) and the rest, which is applied
/// element by element.
class ScoreModEmitter {
public:
  explicit ScoreModEmitter(PartialOperands &operands);

  bool hasBounds() const { return !bounds.empty(); }
  bool hasElementwise() const { return !elementwise.empty(); }

  /// [low, high) of the local keys that the row at `point` (row dims set) may
  /// see; high may be below low.
  std::pair<Value, Value> emitBounds(const Point &point, Value numKeys);

  /// The modified score of the row and key at `point`; `key` is its linear
  /// local index.
  Value emit(Value score, const Point &point, Value key);

private:
  SmallVector<Value> getPosition(const Point &point, Value key);
  Value loadExtra(unsigned extra, ArrayRef<Value> position);
  Value evaluate(AffineExpr expr, ArrayRef<Value> position, const Point &point,
                 AffineMap map);
  Value emitMask(Value score, Value visible, FloatAttr fill, MaskMode mode);
  Value emitCustom(CustomAttr mod, Value score, ArrayRef<Value> position);

  PartialOperands &operands;
  Emitter &e;
  SmallVector<VisibleAttr> bounds;
  SmallVector<Attribute> elementwise;
};

} // namespace mlir::hydragen::cpu

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_SCOREMODS_H
