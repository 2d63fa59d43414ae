//===- Context.cpp - what all parts of an attend kernel see -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"

#include "hydragen/Kernels/WorkItem.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

Type Context::elementType() const {
  switch (config.elementType) {
  case ElementType::F16:
    return b.getF16Type();
  case ElementType::BF16:
    return b.getBF16Type();
  case ElementType::F32:
    return b.f32;
  }
  llvm_unreachable("unknown element type");
}

/// Item `number`, if there is one, to shared memory, a lane each 16 bytes.
void Context::copyItem(Value lane, Value number) const {
  Value count = b.load(parameter("item_count"), b.i32, 4);
  Value there = b.lessThan(number, count);
  b.ifThen(b.equal(lane, 0), [&] {
    b.store(b.select(there, b.constant(1), b.zero()), at(control.hasItem), 4);
  });
  constexpr int64_t bytes = sizeof(hydragen_work_item);
  b.ifThen(b.band(there, b.lessThan(lane, bytes / 16)), [&] {
    Value place = b.shl(lane, 4);
    Value from = b.offset(parameter("items"), b.mul(b.wide(number), bytes));
    b.storeVector(b.loadVector(b.offset(from, b.wide(place)), 4, b.i32),
                  b.offset(at(control.item), place));
  });
}

void Context::takeFirstItem(Value thread) const {
  b.ifThen(b.equal(b.shr(thread, 5), config.warps - 1),
           [&] { copyItem(b.band(thread, 31), b.blockId()); });
}

/// The last warp, as the first ones have the most to do at the end of an item.
void Context::takeItem(Value thread) const {
  b.ifThen(b.equal(b.shr(thread, 5), config.warps - 1), [&] {
    Value lane = b.band(thread, 31);
    Value ticket = b.ifThenElse(
        b.equal(lane, 0), b.i32,
        [&] {
          return SmallVector<Value>{b.atomicAdd(
              parameter("ticket"), b.constant(1), /*acquireRelease=*/false)};
        },
        [&] { return SmallVector<Value>{b.zero()}; })[0];
    // The first items went by the blocks' numbers.
    ticket = b.shuffleFrom(ticket, b.zero());
    copyItem(lane, b.add(ticket, b.gridSize()));
  });
}

Value Context::hasItem() const {
  return b.notEqual(b.load(at(control.hasItem), b.i32, 4), 0);
}

Item Context::loadItem() const {
  Value item = at(control.item);
  SmallVector<Value> words;
  for (unsigned i = 0; i < sizeof(hydragen_work_item) / 16; ++i) {
    // Addresses are loaded as such: taken apart they would be put together
    // again in every place of use.
    Value quarter = b.offset(item, 16 * i);
    bool addresses = i == 2;
    llvm::append_range(words, addresses ? b.loadVector(quarter, 2, b.i64)
                                        : b.loadVector(quarter, 4, b.i32));
  }
  Item r;
  r.kind = words[0];
  r.keyBegin = words[1];
  r.keyEnd = words[2];
  r.keyPosition = words[3];
  r.rows = {words[4], words[5], words[7]};
  r.rowCount = words[6];
  r.keys = words[8];
  r.values = words[9];
  r.table =
      b.bor(b.wideUnsigned(words[10]), b.shl(b.wideUnsigned(words[11]), 32));
  r.lengthIndex = words[12];
  r.stateRow = words[13];
  r.firstGroup = words[14];
  r.numGroups = words[15];
  r.headTiles = words[16];
  r.fullTiles = words[17];
  return r;
}

Value Context::getLogicalRow(const RowList &rows, Value r) const {
  return b.ifThenElse(
      b.lessThan(rows.list, 0), b.i32,
      [&] {
        return SmallVector<Value>{b.add(rows.base, b.mul(r, rows.stride))};
      },
      [&] {
        return SmallVector<Value>{
            b.loadI32(parameter("rows"), b.add(rows.list, r))};
      })[0];
}

SmallVector<Value> Context::getDigits(Value logicalRow) const {
  SmallVector<Value> digits(config.rowRank);
  for (unsigned d = config.rowRank; d-- > 1;) {
    Value extent = parameter("extent_" + Twine(d));
    Value quotient = b.div(logicalRow, extent);
    digits[d] = b.sub(logicalRow, b.mul(quotient, extent));
    logicalRow = quotient;
  }
  digits[0] = logicalRow;
  return digits;
}

Value Context::getRowOffset(StringRef name, ValueRange digits) const {
  Value offset;
  for (auto [d, digit] : llvm::enumerate(digits)) {
    Value part =
        b.mul(b.wide(digit), parameter(name + Twine("_stride_") + Twine(d)));
    offset = offset ? b.add(offset, part) : part;
  }
  return offset;
}
