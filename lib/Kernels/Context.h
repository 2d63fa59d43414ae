//===- Context.h - what all parts of an attend kernel see -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_CONTEXT_H
#define HYDRAGEN_LIB_KERNELS_CONTEXT_H

#include "KernelBuilder.h"
#include "SharedLayout.h"

#include "llvm/ADT/StringMap.h"

namespace mlir::hydragen::kernels {

/// Rows as an item or a group lists them.
struct RowList {
  Value base, stride, list;
};

/// hydragen_work_item in registers.
struct Item {
  Value kind, keyBegin, keyEnd, keyPosition;
  RowList rows;
  Value rowCount;
  Value keys, values, table;
  Value lengthIndex, stateRow, firstGroup, numGroups, headTiles, fullTiles;
};

/// A kernel under construction.
struct Context {
  KernelBuilder &b;
  const KernelConfig &config;
  ControlLayout control;
  /// Parameters by name.
  llvm::StringMap<Value> parameters;
  /// Start of dynamic shared memory.
  Value shared;

  Value parameter(const Twine &name) const {
    SmallString<32> storage;
    Value value = parameters.lookup(name.toStringRef(storage));
    assert(value && "unknown parameter");
    return value;
  }
  Value at(int64_t sharedOffset) const {
    return b.offset(shared, sharedOffset);
  }

  /// The element type of Q, K, V in registers.
  Type elementType() const;

  /// Puts the block's first item in its place, then the one after: the last
  /// warp does, and the others see it after a barrier.
  void takeFirstItem(Value thread) const;
  void takeItem(Value thread) const;
  /// Whether there was an item to take.
  Value hasItem() const;
  Item loadItem() const;

  /// Logical row number `r` of a list.
  Value getLogicalRow(const RowList &rows, Value r) const;
  SmallVector<Value> getDigits(Value logicalRow) const;
  /// Byte offset (i64) of a row in the operand whose strides are called
  /// `name`_stride_D.
  Value getRowOffset(StringRef name, ValueRange digits) const;

private:
  void copyItem(Value lane, Value number) const;
};

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_CONTEXT_H
