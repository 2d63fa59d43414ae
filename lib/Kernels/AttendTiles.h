//===- AttendTiles.h - the two kinds of tiles -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_ATTENDTILES_H
#define HYDRAGEN_LIB_KERNELS_ATTENDTILES_H

#include "Context.h"

namespace mlir::hydragen::kernels {

/// The current item as a prefix tile / suffix tile of variant `variant`.
void emitPrefixTile(const Context &context, unsigned variant);
void emitSuffixTile(const Context &context, unsigned variant);

//===----------------------------------------------------------------------===//
// Parts of both
//===----------------------------------------------------------------------===//

/// The end of the item's keys: key_end or the sequence's length.
Value emitKeyEnd(const Context &context, const Item &item);

/// Threads below the number of rows compute their row's place in Q and its
/// number once and leave them in shared memory. A barrier must follow.
void emitRowTable(const Context &context, const VariantLayout &layout,
                  unsigned rows, const Item &item, Value thread);

/// All threads of the block copy the item's rows of Q to `to`; rows of the tile
/// that are not there become 0.
void emitQueryCopy(const Context &context, const VariantLayout &layout,
                   unsigned rows, const Item &item, Value to, Value thread);

/// Which tiles need no mask.
struct TileRange {
  /// Tiles, head tiles to mask, end of those that need no mask; the tile after
  /// each of these is whole.
  Value count, headEnd, fullEnd;
};
TileRange emitTileRange(const Context &context, const Item &item, Value numKeys,
                        unsigned keysPerTile, bool headTiles);

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_ATTENDTILES_H
