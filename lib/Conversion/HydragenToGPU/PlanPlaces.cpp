//===- PlanPlaces.cpp - the order of work items in the list -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prefix items are bound by tensor cores, suffix items by memory. Blocks take
// items in the order of the list: when the two kinds alternate, the blocks of a
// multiprocessor have both at a time.
//===----------------------------------------------------------------------===//

#include "PlanWriter.h"

using namespace mlir;
using namespace mlir::hydragen;

/// Item i of n of a kind is at (2 i + 1) / 2 n of the list, those of the first
/// kind before those of the second where that is equal: both kinds are spread
/// over all of it, each in its own order.
Value PlanWriter::getPlace(unsigned number, Value local) {
  Value inOrder = add(local, get(parts[number].firstItem));
  if (op.getSchedule().getSeparate())
    return inOrder;
  auto isPrefix = [&](unsigned part) {
    return op.getPart(part).getTile().getRows() > 16;
  };
  Value zero = i32(0), before = zero, own = zero, other = zero;
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
    own = add(own, count);
  }
  if (!mixed)
    return inOrder;

  // Of the other kind come first those at places (2 k + 1) / 2 other that are
  // smaller, for a prefix item, or not greater.
  Value ownIndex = add(local, before);
  Value one = arith::ConstantIntOp::create(*b, 1, 64);
  Value owns = wide(own), twice = add(owns, owns);
  Value middle = add(wide(add(ownIndex, ownIndex)), one);
  Value reach = add(mul(middle, wide(other)), owns);
  if (isPrefix(number))
    reach = arith::SubIOp::create(*b, reach, one);
  Value others = arith::DivUIOp::create(*b, reach, twice);
  return add(ownIndex, arith::TruncIOp::create(*b, b->getI32Type(), others));
}
