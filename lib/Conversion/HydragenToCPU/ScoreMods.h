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
  /// local index. A vector of scores belongs to one key and as many rows, whose
  /// indices are vectors in `point` where they differ, or with `keysInLanes` to
  /// one row and consecutive keys from `key` on.
  Value emit(Value score, const Point &point, Value key,
             bool keysInLanes = false);
  /// Whether emit() takes vectors: always, but for score regions with
  /// operations that have no vector form.
  bool isVectorizable();

private:
  /// Where scores are: what is the same in all lanes is an index, what differs
  /// a vector of indices.
  struct Place {
    SmallVector<Value> position; ///< global rows and key
    Point point;
    Value firstKey; ///< global, of consecutive keys in the lanes
  };

  Place getPlace(const Point &point, Value key);
  Value loadExtra(unsigned extra, const Place &place);
  Value evaluate(AffineExpr expr, const Place &place, AffineMap map);
  Value expand(AffineExpr expr, ArrayRef<Value> dims, ArrayRef<Value> symbols);
  Value loadIndex(unsigned index, const Place &place);
  Value emitMask(Value score, Value visible, FloatAttr fill, MaskMode mode);
  Value emitCustom(CustomAttr mod, Value score, const Place &place);
  /// `emitLane` for each lane, as a vector.
  Value forEachLane(function_ref<Value(int64_t)> emitLane);
  /// Lane of a vector, or the value that all lanes have.
  Value getLane(Value x, int64_t lane);
  SmallVector<Value> getLane(ArrayRef<Value> values, int64_t lane);
  /// A vector, if scores are.
  Value widen(Value x);

  PartialOperands &operands;
  Emitter &e;
  SmallVector<VisibleAttr> bounds;
  SmallVector<Attribute> elementwise;
  int64_t lanes = 1; ///< of the scores that are emitted
};

} // namespace mlir::hydragen::cpu

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_SCOREMODS_H
