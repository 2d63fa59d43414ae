//===- PlanWriter.h - the plan kernel of an attend op -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_PLANWRITER_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_PLANWRITER_H

#include "AttendSizes.h"

#include "hydragen/Kernels/PlanKernel.h"

namespace mlir::hydragen {

/// A number that the host knows, on its way into a kernel: a constant of the
/// kernel's code, or a parameter.
struct PlanNumber {
  std::optional<int64_t> constant;
  unsigned parameter = 0;
  bool wide = false;
  /// In the kernel: what it has computed in place of the host's number.
  Value computed;
};

/// Writes the plan kernel of one attend op: one thread per item, group and
/// listed row.
class PlanWriter {
public:
  /// `getAddress` and `getStrides` give the device address (i64) of a memref
  /// operand's element 0 and its strides in elements (index).
  PlanWriter(OpBuilder &host, AttendOp op, const RowSpace &rows,
             const AttendSizes &sizes, Value workspace,
             function_ref<Value(Value)> getAddress,
             function_ref<SmallVector<Value>(Value)> getStrides,
             ArrayRef<ArrayRef<VisibleAttr>> bounds);

  /// Variant of each part.
  SmallVector<unsigned> variants;

  /// Builds the kernel; `values` get the parameters' values on the host.
  gpu::GPUFuncOp write(gpu::GPUModuleOp module, StringRef name);
  /// Kernels to launch before, one thread per place, where rows are grouped:
  /// the order of the rows, then the tiles. They have the same parameters.
  gpu::GPUFuncOp writeOrder(gpu::GPUModuleOp module, StringRef name);
  gpu::GPUFuncOp writeTiles(gpu::GPUModuleOp module, StringRef name);

  static constexpr unsigned kThreads = 128;
  SmallVector<kernels::KernelParameter> parameters;
  SmallVector<Value> values;

private:
  struct PartNumbers {
    SmallVector<PlanNumber> outer, folded;
    PlanNumber rows, tiles, keys, keyOffset, splits, items, firstItem,
        firstState, firstListed, firstSplit;
    /// Per outer variable: bytes to the next keys, values and table entries;
    /// per outer and folded one: weight in the number of a logical row.
    SmallVector<PlanNumber> keyStrides, valueStrides, tableStrides;
    SmallVector<PlanNumber> outerWeights, foldedWeights;
    PlanNumber keys0, values0, table0, rowOffset;
    /// Of a part that is cut: where its count is, and its type.
    PlanNumber countAt;
    Type countType;
    /// Index operands that choose K and V: address, strides per outer variable,
    /// bytes that one step moves keys and values.
    struct Choice {
      PlanNumber address, keyStride, valueStride;
      SmallVector<PlanNumber> strides;
      /// Bytes to the next row of the grouped digit, in a part that folds it;
      /// the last number that K and V have a place for.
      PlanNumber groupStride, last;
      Type type;
    };
    SmallVector<Choice, 0> choices;
    /// Ranges of keys, and the index operands in them that depend on outer
    /// variables alone (by number; the others have no type).
    SmallVector<VisibleAttr> bounds;
    SmallVector<Choice, 0> boundIndices;
  };

  PlanNumber add(StringRef name, Value host, bool wide = false);
  PlanNumber addAddress(StringRef name, Value address);
  void addPart(unsigned number);
  void addBounds(unsigned number, ArrayRef<VisibleAttr> bounds);
  SmallVector<PlanNumber> addStrides(StringRef name, unsigned part,
                                     AffineMap map, Value operand);
  PlanNumber addTermStride(StringRef name, AffineMap map, AffineExpr term,
                           Value operand);

  // Device code.
  Value get(const PlanNumber &number);
  Value i32(int64_t value);
  Value add(Value x, Value y);
  Value mul(Value x, Value y);
  Value wide(Value x);
  Value lessThan(Value x, Value y);
  SmallVector<Value> decode(Value number, ArrayRef<PlanNumber> extents);
  Value sum(ArrayRef<Value> values, ArrayRef<PlanNumber> weights);
  Value sumWide(Value base, ArrayRef<Value> values,
                ArrayRef<PlanNumber> weights);
  void guarded(Value number, Value first, Value count,
               function_ref<void(Value)> body);
  /// A kernel with the list's parameters, the builder at its start.
  gpu::GPUFuncOp start(gpu::GPUModuleOp module, StringRef name,
                       ImplicitLocOpBuilder &builder, Value &thread);
  Value toRow(const SpaceVariable &variable, Value place);
  SmallVector<Value> toRows(ArrayRef<SpaceVariable> variables,
                            ArrayRef<Value> places);
  enum OrderList { Rows, Firsts, Counts, FirstTiles, TileRows, TileCounts };
  Value getOrder(OrderList list, Value number);
  void setOrder(OrderList list, Value number, Value value);
  Value getOrderIndex(OrderList list, Value number);
  Value getRowsPerPlace();
  unsigned getGroupedPart();
  void readCounts();
  unsigned getLeastSplits(unsigned part);
  Value getInvariantCount(const PartAttr &attr, Value keyOffset, Value count);
  /// Where the list has item `local` of a part.
  Value getPlace(unsigned part, Value local);
  void writeItem(unsigned part, Value number);
  Value loadIndex(const PartNumbers::Choice &choice, ArrayRef<Value> outer,
                  Value groupedRow = {});
  void narrowKeys(unsigned part, ArrayRef<Value> outer, Value firstRow,
                  kernels::WorkItemValues &item);
  /// Number of the piece with row `row` of consecutive groups, both counted
  /// from the first of these.
  Value getPiece(Value row);
  void writePiece(Value number);
  void writeRow(unsigned part, Value number);
  void writeGroupRow(Value number);
  /// Weight of variable `v` in the number of a group.
  Value getGroupWeight(const SpaceVariable &v);

  OpBuilder &host;
  AttendOp op;
  const RowSpace &rows;
  const AttendSizes &sizes;
  IndexBuilder index;
  function_ref<Value(Value)> getAddress;
  function_ref<SmallVector<Value>(Value)> getStrides;
  SmallVector<PartNumbers, 0> parts;
  SmallVector<PlanNumber> digitExtents, digitWeights;
  /// `usedItems` is less than `items` where parts are cut.
  PlanNumber workspace, groups, rowsPerGroup, piecesPerGroup, pieces,
      maxEntries, items, usedItems, listed, firstGroupListed;
  PlanNumber prefixTurn;
  PlanNumber itemsAt, groupsAt, entriesAt, listAt, orderAt, places, mostTiles;

  ImplicitLocOpBuilder *b = nullptr;
  ValueRange arguments;
  Value itemsPointer, groupsPointer, entriesPointer, listPointer, orderPointer;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_PLANWRITER_H
