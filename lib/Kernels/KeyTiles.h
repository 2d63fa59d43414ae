//===- KeyTiles.h - where an item's keys and values are ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_KEYTILES_H
#define HYDRAGEN_LIB_KERNELS_KEYTILES_H

#include "Context.h"

namespace mlir::hydragen::kernels {

/// Copies tiles of keys and values of one item to shared memory. Where a tile
/// lies is a list of values that loops carry (pointers of a strided source,
/// table entries of a paged one), so that nothing is looked up when the copy is
/// issued.
class KeyTiles {
public:
  enum Which : unsigned { Keys = 0, Values = 1 };

  /// `threads` threads, of which this is `thread`, copy `rowsPerCopy` rows at a
  /// time; a tile has `keys` of them. `keyEnd`: the end of the item's keys.
  KeyTiles(const Context &context, unsigned variant,
           const VariantLayout &layout, const Item &item, Value keyEnd,
           Value thread, unsigned threads, unsigned rowsPerCopy);

  /// The tile that starts at local key `key`; keys at and after the end may be
  /// asked for and give some valid place.
  SmallVector<Value> locate(Value key) const;
  /// The tile `distance` keys after one at `location`; it starts at `key`.
  SmallVector<Value> advance(ValueRange location, int64_t distance,
                             Value key) const;

  /// Copies rowsPerCopy rows, the first of them row `first` of the tile at
  /// `location`, which starts at local key `key`. With `left`, rows at and
  /// after it are 0.
  void copy(Which which, Value to, ValueRange location, Value key,
            unsigned first = 0, Value left = {}) const;

private:
  /// The copy of operands whose columns are not adjacent.
  void copyElements(Which which, Value to, ValueRange location, Value key,
                    unsigned first, Value left) const;

  enum Kind {
    Strided,
    /// A tile lies within one page.
    TilePages,
    /// 16 keys lie within one page.
    GroupPages,
    /// Each key is looked up.
    Scattered
  };
  unsigned getNumEntries() const;
  /// A page number of the table, clamped to the pages that there are.
  Value loadEntry(Value page) const;
  Value clampKey(Value key) const;
  /// Address of `key`, which lies in page `entry`.
  Value getAddress(Which which, Value entry, Value key) const;
  /// Address of a key of a paged source.
  Value lookUp(Which which, Value key) const;

  KernelBuilder &b;
  const VariantConfig &variant;
  Kind kind;
  unsigned rowsPerCopy;
  Value keyEnd, table, lastPage;
  Value bases[2];
  Pitch pitches[2], pages[2];
  SmallVector<TileCopy, 2> copies;
  SmallVector<Value> offsets[2];
  /// In place of `copies`, where columns are not adjacent.
  std::optional<ElementCopy> elementCopies[2];
};

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_KEYTILES_H
