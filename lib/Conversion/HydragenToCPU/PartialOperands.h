//===- PartialOperands.h - a partial attention's operands -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_PARTIALOPERANDS_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_PARTIALOPERANDS_H

#include "Emitter.h"
#include "hydragen/IR/AttentionDims.h"

namespace mlir::hydragen::cpu {

/// A point of an op's domain: one index per dim, null where it is not known at
/// the current place. Local indices, without the op's offsets.
using Point = SmallVector<Value>;

/// The operands of a bufferised partial attention and the code that reads them
/// through their maps. Rows fall into outer ones (K or V depend on them, or
/// they are to be separate) and folded ones, the rows of one matrix product.
class PartialOperands {
public:
  PartialOperands(PartialAttentionOpInterface op, Emitter &emitter);

  unsigned numTerms() const { return dims.contraction.size(); }
  /// Extent of a domain dim, a constant or a value.
  Value extent(unsigned dim) const { return extents[dim]; }
  SmallVector<Value> getExtents(ArrayRef<unsigned> dims) const;
  /// Product of extents when all are static.
  std::optional<int64_t> getStaticSize(ArrayRef<unsigned> dims) const;
  /// Product of extents as a value.
  Value getSize(ArrayRef<unsigned> dims);
  /// An unset point.
  Point makePoint() const { return Point(dims.numDims); }
  /// Sets `which` dims of `point` to the digits of `linear`.
  void setDigits(Point &point, ArrayRef<unsigned> which, Value linear);

  /// Element of query / key / value / index operand at `point`, as `type`.
  Value loadQuery(unsigned term, const Point &point, Type type);
  Value loadKey(unsigned term, const Point &point, ArrayRef<Value> symbols,
                Type type);
  Value loadValue(const Point &point, ArrayRef<Value> symbols, Type type);

  /// Values of the index operands that the map of K or V `operand` uses as
  /// symbols, checked against the extents they index; null elsewhere.
  SmallVector<Value> loadSymbols(Value operand, AffineMap map,
                                 const Point &point);
  /// Value of index operand `i` at `point`.
  Value loadIndex(unsigned i, const Point &point);

  /// Whether `inner` (a list of one dim) moves with unit stride through the
  /// operand and is its last index alone: vectors can be loaded.
  bool isVectorizable(Value operand, AffineMap map, ArrayRef<unsigned> inner);
  /// Indices of an operand's element.
  SmallVector<Value> getIndices(AffineMap map, const Point &point,
                                ArrayRef<Value> symbols);

  /// Position of row `i` (or the key) that score modifications see.
  Value getOffset(unsigned i) const { return offsets[i]; }

  /// State indices: rows of `point`, then the digits of value column `e`.
  SmallVector<Value> getRowIndices(const Point &point);
  SmallVector<Value> getOutputIndices(const Point &point);

  Value stateO() { return op.getInits()[0]; }
  Value stateM() { return op.getInits()[1]; }
  Value stateL() { return op.getInits()[2]; }

  PartialAttentionOpInterface op;
  Emitter &e;
  AttentionDims dims;
  SmallVector<AffineMap> queryMaps, keyMaps, indexMaps, extraMaps;
  AffineMap valueMap;
  /// Domain dims of the rows of each kind.
  SmallVector<unsigned> outer, folded;

private:
  void checkSymbol(Value operand, AffineMap map, unsigned symbol, Value value);

  SmallVector<Value> extents;
  SmallVector<int64_t> staticExtents;
  SmallVector<Value> offsets;
};

} // namespace mlir::hydragen::cpu

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_PARTIALOPERANDS_H
