//===- Tiles.h - tiles of rows in shared memory -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tile is a matrix in shared memory whose rows are cut into 16-byte chunks.
// The chunks of a row are permuted by xor with a few bits of the row number, so
// that reads of fragments and copies are free of bank conflicts without padding
// (docs/kernels.md, "Shared memory").
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_TILES_H
#define HYDRAGEN_LIB_KERNELS_TILES_H

#include "KernelBuilder.h"
#include "hydragen/Kernels/KernelConfig.h"

namespace mlir::hydragen::kernels {

/// Shape of a tile's rows.
struct TileRow {
  /// How fragments are read: matrices of 8 rows (ldmatrix), or single f32 from
  /// pairs of rows (values of an f32 kernel, which ldmatrix cannot transpose).
  enum Access : uint8_t { Matrices, RowPairs };

  TileRow(unsigned elements, unsigned elementBytes, Access access = Matrices);

  /// Bytes of a row in memory and in the tile (a multiple of 32), and from a
  /// row of the tile to the next.
  unsigned validBytes, bytes, pitch;
  Access access;

  unsigned chunks() const { return bytes / 16; }
  bool isPadded() const { return validBytes != bytes; }
  /// Chunks within which the permutation moves: 1 (none), 2, 4 or 8.
  unsigned window() const;
  /// What the chunk number of `row` is xored with.
  Value swizzle(KernelBuilder &b, Value row) const;
  /// Steps of 32 bytes after which a lane's address repeats but for a constant.
  unsigned period() const { return std::max(1u, window() / 2); }
};

/// Bytes from a row to the next, known or not.
struct Pitch {
  int64_t known = 0;
  Value value;
  /// `count` (i32 or a number) times the pitch, i64.
  Value times(KernelBuilder &b, Value count) const;
  Value times(KernelBuilder &b, int64_t count) const;
};

/// Which chunks of a tile one thread of several copies, and where they lie.
/// Chunk i of a thread is number thread + threads * i of the tile.
class TileCopy {
public:
  TileCopy(KernelBuilder &b, const TileRow &row, Value thread, unsigned threads,
           unsigned alignment);

  /// Offsets of the thread's first chunks in memory with rows `pitch` apart.
  SmallVector<Value> getOffsets(const Pitch &pitch) const;

  /// Copies `rows` rows from `base`; with `limit`, rows at and after it become
  /// 0. `offsets` are getOffsets(pitch).
  void copy(Value tile, Value base, ArrayRef<Value> offsets, const Pitch &pitch,
            unsigned rows, Value limit = {}) const;
  /// The same for groups of 16 rows that lie anywhere; see canCopyGroups.
  void copyGroups(Value tile, ArrayRef<Value> bases, ArrayRef<Value> offsets,
                  const Pitch &pitch, unsigned rows, Value limit = {}) const;
  bool canCopyGroups() const;
  /// The same for rows that lie anywhere.
  void copyRows(Value tile, function_ref<Value(Value row)> address,
                unsigned rows, Value limit = {}) const;

private:
  unsigned getCount(unsigned rows) const;
  /// Rows between a thread's chunks of the same column.
  unsigned getStep() const { return threads * columnPeriod / row.chunks(); }
  Value getRow(unsigned i) const;
  Value getTarget(ArrayRef<Value> slots, unsigned i) const;
  SmallVector<Value> getSlots(Value tile) const;
  /// Emits chunk i: all of it, or what is valid of it.
  void emitChunk(unsigned i, unsigned rows, Value to, Value from,
                 Value limit) const;
  void emitPieces(Value to, Value from, Value valid) const;

  KernelBuilder &b;
  TileRow row;
  Value thread;
  unsigned threads, alignment;
  /// After how many chunks the columns, and columns and swizzle, repeat.
  unsigned columnPeriod, slotPeriod;
  SmallVector<Value> slotOffsets, rows, columns;
  /// Valid bytes of the chunk, per column slot; empty when all are whole.
  SmallVector<Value> columnBytes;
};

/// Copies rows whose columns lie anywhere, `columnPitch` bytes apart, element
/// by element. Neighbours among the threads take neighbouring rows, so that
/// reads of a transposed matrix, whose rows are adjacent, are whole sectors,
/// and stores are free of bank conflicts. The stores are ordered by the
/// barriers that asynchronous copies need.
class ElementCopy {
public:
  ElementCopy(KernelBuilder &b, const TileRow &row, unsigned elementBytes,
              Value thread, unsigned threads, Value columnPitch)
      : b(b), row(row), elementBytes(elementBytes), thread(thread),
        threads(threads), columnPitch(columnPitch) {}

  /// Copies `rows` rows; with `limit`, rows at and after it become 0 and are
  /// not asked for.
  void copyRows(Value tile, function_ref<Value(Value row)> address,
                unsigned rows, Value limit = {}) const;

private:
  KernelBuilder &b;
  TileRow row;
  unsigned elementBytes;
  Value thread;
  unsigned threads;
  Value columnPitch;
};

/// Per-lane addresses of fragments. Steps go along a row, 32 bytes each.
class TileReader {
public:
  /// How the four 8x8 matrices of one ldmatrix lie in a 16-row, 32-byte block:
  /// RowsFirst: (rows 0-7, chunk 0), (rows 8-15, chunk 0), (rows 0-7, chunk 1),
  /// ...: operand A, and B read transposed. ChunksFirst: operand B as stored.
  enum Order : uint8_t { RowsFirst, ChunksFirst };

  TileReader(KernelBuilder &b, const TileRow &row, Value lane, Order order,
             Value firstRow = {});
  /// For TileRow::RowPairs: the lane's f32 in row pair lane % 4, column
  /// lane / 4 of an 8x8 block.
  static TileReader makeRowPairs(KernelBuilder &b, const TileRow &row,
                                 Value lane);

  /// The lane's pointers into the tile at `tile`. With `few`, all but one are
  /// computed from the first here and now, which keeps registers free across
  /// the loop; the tile must then start at a multiple of 128 bytes.
  SmallVector<Value> locate(Value tile, bool few = false) const;
  /// Address for step `step`, `rowBlock` blocks of 16 rows (RowPairs: 8) down.
  Value address(ArrayRef<Value> pointers, unsigned step,
                unsigned rowBlock = 0) const;

  /// Pointers `bytes` (null: 0) further.
  static SmallVector<Value> shift(KernelBuilder &b, ArrayRef<Value> pointers,
                                  Value bytes);

  /// RowPairs: the bits of the even and of the odd row at an address.
  std::pair<Value, Value> loadRowPair(Value address) const;

private:
  TileReader(KernelBuilder &b, const TileRow &row) : b(b), row(row) {}
  KernelBuilder &b;
  TileRow row;
  SmallVector<Value> offsets;
  /// RowPairs: whether the lane's addresses are of odd rows, and bytes to the
  /// other row of the pair; null: never.
  Value oddFirst, toOtherRow;
};

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_TILES_H
