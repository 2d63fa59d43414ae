//===- PlanPlaces.cpp - the order of work items in the list -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prefix items are bound by tensor cores, suffix items by memory. Blocks take
// items in the order of the list: while the two kinds alternate, the blocks of
// a multiprocessor have both at a time. What is left at the end should be
// suffix items: they are short, so that all blocks end together, and each
// completes the rows of one sequence, where a prefix item may complete those of
// all.
//===----------------------------------------------------------------------===//

#include "PlanWriter.h"

using namespace mlir;
using namespace mlir::hydragen;

/// Prefix and suffix items take turns until the prefix items are through; where
/// there are more of these, the suffix items are spread among them, and one of
/// them is the last. Both kinds are in their own order.
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

  // Item i of the fewer, and item (k * fewer) / more of them before item k of
  // the more.
  Value ownIndex = add(local, before);
  bool prefix = isPrefix(number);
  Value numPrefix = prefix ? own : other, numSuffix = prefix ? other : own;
  Value fewPrefix = arith::CmpIOp::create(*b, arith::CmpIPredicate::ule,
                                          numPrefix, numSuffix);
  // x * by / over, rounded.
  Value one = arith::ConstantIntOp::create(*b, 1, 64);
  auto scaled = [&](Value x, Value by, Value over, bool up) -> Value {
    Value product = mul(wide(x), wide(by));
    if (up)
      product = add(product, arith::SubIOp::create(*b, wide(over), one));
    return arith::TruncIOp::create(
        *b, b->getI32Type(), arith::DivUIOp::create(*b, product, wide(over)));
  };
  if (prefix) {
    // Before prefix item i: i suffix items, or its share of them.
    Value share = scaled(ownIndex, numSuffix, numPrefix, /*up=*/false);
    return add(ownIndex,
               arith::SelectOp::create(*b, fewPrefix, ownIndex, share));
  }
  // Before suffix item k: those prefix items that have at most k before them.
  Value next = add(ownIndex, i32(1));
  Value turn = arith::MinUIOp::create(*b, next, numPrefix);
  // Prefix item i has floor(i * S / P) <= k: i < (k + 1) * P / S.
  Value share = scaled(next, numPrefix, numSuffix, /*up=*/true);
  return add(ownIndex, arith::SelectOp::create(*b, fewPrefix, turn, share));
}
