//===- SharedLayout.h - maps of shared memory -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_SHAREDLAYOUT_H
#define HYDRAGEN_LIB_KERNELS_SHAREDLAYOUT_H

#include "Tiles.h"

namespace mlir::hydragen::kernels {

/// Byte offsets in dynamic shared memory for one variant.
struct VariantLayout {
  VariantLayout(const KernelConfig &config, const VariantConfig &variant);

  TileRow keyRow, valueRow;
  /// Prefix: two stages each of a key and a value tile.
  unsigned keyStages = 0, valueStages = 0;
  /// Suffix: one ring per warp.
  unsigned slotBytes = 0, ringBytes = 0;
  /// Suffix: where the warps' states meet, over the rings.
  unsigned mergePitch = 0, mergeBytes = 0;
  /// Where the query tile goes first; over both value stages when
  /// `queryDelaysValues` (the first value tile is then copied after the
  /// fragments were read), or in a region of its own.
  unsigned query = 0;
  bool queryDelaysValues = false, queryInStages = false;
  /// i64 byte offset of each row in Q, i32 logical row.
  unsigned rowOffsets = 0, rowNumbers = 0;
  /// 3xTF32: i32 per row (suffix: per warp and row), whether it has a value
  /// that is not finite (PrefixTile.cpp, "careful").
  unsigned badRows = 0;
  unsigned bytes = 0;
};

/// The part all variants share: per group of an item the rows to fold (i32)
/// and the group's record, then the item, then (i32) whether there is one.
struct ControlLayout {
  explicit ControlLayout(const KernelConfig &config);
  unsigned flags, groups, strides, item, hasItem, bytes;
};

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_SHAREDLAYOUT_H
