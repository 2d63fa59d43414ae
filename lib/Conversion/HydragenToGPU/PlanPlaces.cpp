//===- PlanPlaces.cpp - the order of work items in the list -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prefix items are bound by tensor cores, suffix items by memory. Blocks take
// items in the order of the list: while the two kinds take turns, the blocks of
// a multiprocessor have both at a time. Prefix items take longer, though, and
// one that is last may complete the rows of many sequences: they come early,
// and suffix items, each of which completes those of one, fill what is left.
//===----------------------------------------------------------------------===//

#include "PlanWriter.h"

using namespace mlir;
using namespace mlir::hydragen;

/// `prefixTurn` prefix items, a suffix item, and so on until the items of one
/// kind are through; both kinds are in their own order.
Value PlanWriter::getPlace(unsigned number, Value local) {
  Value inOrder = add(local, get(parts[number].firstItem));
  if (op.getSchedule().getSeparate())
    return inOrder;
  auto isPrefix = [&](unsigned part) {
    return op.getPart(part).getTile().isPrefix();
  };
  Value before = i32(0), other = before;
  bool mixed = false;
  for (unsigned i = 0; i != parts.size(); ++i) {
    Value count = get(parts[i].items);
    if (isPrefix(i) != isPrefix(number)) {
      other = add(other, count);
      mixed = true;
      continue;
    }
    if (i < number)
      before = add(before, count);
  }
  if (!mixed)
    return inOrder;

  Value ownIndex = add(local, before), turn = get(prefixTurn), others;
  if (isPrefix(number)) {
    others = arith::DivUIOp::create(*b, ownIndex, turn);
    others = arith::MinUIOp::create(*b, others, other);
  } else {
    others = mul(add(wide(ownIndex), wide(i32(1))), wide(turn));
    others = arith::MinUIOp::create(*b, others, wide(other));
    others = arith::TruncIOp::create(*b, b->getI32Type(), others);
  }
  return add(ownIndex, others);
}
