//===- AttendSizes.h - how much an attend op has to do ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The numbers of items, groups and states of an attend op and where they lie in
// its workspace, as index arithmetic on the host. Constants where the shapes
// are static. Works on tensors (size of the workspace) and on memrefs (launch).
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ATTENDSIZES_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ATTENDSIZES_H

#include "RowSpace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::hydragen {

/// Index arithmetic that folds constants.
class IndexBuilder {
public:
  IndexBuilder(OpBuilder &builder, Location loc) : b(builder), loc(loc) {}

  Value constant(int64_t value);
  Value value(OpFoldResult x);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value mul(Value x, int64_t y) { return mul(x, constant(y)); }
  /// Of non-negative numbers.
  Value div(Value x, int64_t y);
  Value div(Value x, Value y);
  Value ceilDiv(Value x, int64_t y);
  Value alignTo(Value x, int64_t y);
  Value max(Value x, Value y);
  Value min(Value x, Value y);
  /// Extent of a tensor or memref.
  Value dim(Value shaped, unsigned i);
  static std::optional<int64_t> getConstant(Value x);

  OpBuilder &b;
  Location loc;
};

struct PartSizes {
  /// Extents of the part's variables.
  SmallVector<Value> outer, folded;
  Value outerCount, rows, tiles, keys, keyOffset, splits;
  /// items = outerCount * splits * tiles
  Value items, firstItem, firstState;
  /// The part's rows are no arithmetic progression: they are listed, from here.
  bool listed = false;
  Value firstListed;
  /// Number of the first split's absolute boundary (invariant schedules).
  Value firstSplit;
};

struct AttendSizes {
  AttendSizes(OpBuilder &builder, AttendOp op, const RowSpace &rows);

  /// One item has all keys of its rows and writes the output itself.
  bool direct = false;
  SmallVector<Value> rowExtents, digitExtents;
  SmallVector<PartSizes> parts;
  Value groups, rowsPerGroup, maxEntries;
  /// Reduction groups are pieces of groups: whoever arrives last folds few
  /// rows.
  static constexpr int64_t kPieceRows = 16;
  Value piecesPerGroup, pieces;
  /// The rows of a group are listed, from here.
  bool groupsListed = false;
  Value firstGroupListed;
  Value items, listed, stateRows;
  /// Prefix items per suffix item in the list (PlanPlaces.cpp).
  Value prefixTurn;
  /// Byte offsets in the workspace; its size.
  Value itemsAt, groupsAt, entriesAt, listAt, orderAt, stateMLAt, stateOAt,
      bytes;
  /// Where rows are grouped, 32-bit numbers at `orderAt`: per place its row,
  /// the first place of its group, the group's rows and its first tile; per
  /// tile its first row and number of rows; the number of tiles.
  Value places, mostTiles;

  /// Weight of a digit in the number of a logical row.
  Value getWeight(IndexBuilder &b, unsigned digit) const;

  /// At the start of the workspace: per launch, the number of items and the
  /// ticket counter, 4 bytes each.
  static constexpr int64_t kHeaderBytes = 2048;
  static constexpr int64_t kMaxParts = kHeaderBytes / 8;

private:
  bool isProgression(ArrayRef<SpaceVariable> variables, const RowSpace &rows);
  Value getMostTiles(IndexBuilder &b, AttendOp op, unsigned number,
                     const PartSizes &sizes);
  void addPart(IndexBuilder &b, AttendOp op, const RowSpace &rows,
               unsigned number);
  void addTurn(IndexBuilder &b, AttendOp op);
  Value getExtent(IndexBuilder &b, const RowSpace &rows,
                  const SpaceVariable &variable);
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ATTENDSIZES_H
