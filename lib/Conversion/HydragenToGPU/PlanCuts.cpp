//===- PlanCuts.cpp - parts whose keys a kernel counts ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A guard cuts a block table where rows begin to differ. The host makes room
// for the work of either extreme; the plan kernel reads where the cut is and
// writes the items that there are.
//===----------------------------------------------------------------------===//

#include "EntryLowering.h"
#include "PlanWriter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <numeric>

using namespace mlir;
using namespace mlir::hydragen;

/// What a cut part has when it has no keys: an item that gives the empty state,
/// or none where the other side of the cut has items for all rows then.
unsigned PlanWriter::getLeastSplits(unsigned number) {
  PartAttr part = op.getPart(number);
  for (PartAttr other : op.getParts().getAsRange<PartAttr>())
    if (other.getCount() == part.getCount() &&
        other.getRest() != part.getRest() && other.coversAllRows())
      return 0;
  return 1;
}

/// Leading pages that may be shared where results must not depend on the other
/// rows, which choose the cut: keys are folded in pieces that end at absolute
/// multiples of the split, so only whole pieces are, and nothing where there
/// are none.
Value PlanWriter::getInvariantCount(const PartAttr &attr, Value keyOffset,
                                    Value count) {
  Value zero = arith::ConstantIntOp::create(*b, 0, 64);
  int64_t split = attr.getTile().getSplit();
  if (split == 0)
    return zero;
  Value step = arith::ConstantIntOp::create(
      *b, std::lcm(split, attr.getPage()) / attr.getPage(), 64);
  Value whole = mul(arith::DivSIOp::create(*b, count, step), step);
  Value aligned = arith::CmpIOp::create(
      *b, arith::CmpIPredicate::eq,
      arith::RemUIOp::create(*b, keyOffset, i32(split)), i32(0));
  return arith::SelectOp::create(*b, aligned, whole, zero);
}

/// The sizes of the parts that are cut. The host has taken each for the whole
/// table; there are fewer items, one after the other, in the same workspace.
void PlanWriter::readCounts() {
  auto isCut = [](PartAttr part) { return part.isCut(); };
  if (!rows.groupedDigit &&
      llvm::none_of(op.getParts().getAsRange<PartAttr>(), isCut))
    return;
  auto computed = [](PlanNumber &number, Value value) {
    number.computed = value;
  };
  Value zero = i32(0), one = i32(1), next = zero;
  for (auto [i, n] : llvm::enumerate(parts)) {
    PartAttr attr = op.getPart(i);
    // A launch of its own begins where the host says.
    if (!op.getSchedule().getSeparate())
      computed(n.firstItem, next);
    if (attr.isCut()) {
      Value pointer = LLVM::IntToPtrOp::create(
          *b, LLVM::LLVMPointerType::get(b->getContext(), 1), get(n.countAt));
      Value count = LLVM::LoadOp::create(*b, n.countType, pointer);
      if (count.getType().isInteger(32))
        count = wide(count);
      Value all = get(n.keys), pageSize = i32(attr.getPage());
      Value pages = wide(arith::DivUIOp::create(*b, all, pageSize));
      count = arith::MaxSIOp::create(*b, count,
                                     arith::ConstantIntOp::create(*b, 0, 64));
      count = arith::MinSIOp::create(*b, count, pages);
      if (op.getSchedule().getInvariant())
        count = getInvariantCount(attr, get(n.keyOffset), count);
      Value leading =
          mul(arith::TruncIOp::create(*b, b->getI32Type(), count), pageSize);
      Value keys = leading;
      if (attr.getRest()) {
        keys = arith::SubIOp::create(*b, all, leading);
        computed(n.keyOffset, add(get(n.keyOffset), leading));
        unsigned symbol = getTableSymbol(attr);
        int64_t bytes = getElementBytes(op.getPartIndices(i)[symbol]);
        computed(n.table0,
                 add(get(n.table0),
                     mul(count, arith::ConstantIntOp::create(*b, bytes, 64))));
      }
      computed(n.keys, keys);
      Value splits = one;
      if (int64_t split = attr.getTile().getSplit()) {
        Value begin = zero, end = keys;
        if (op.getSchedule().getInvariant()) {
          begin = arith::DivUIOp::create(*b, get(n.keyOffset), i32(split));
          computed(n.firstSplit, begin);
          end = add(get(n.keyOffset), keys);
        }
        end = arith::DivUIOp::create(*b, add(end, i32(split - 1)), i32(split));
        splits = arith::SubIOp::create(*b, end, begin);
      }
      Value least = i32(getLeastSplits(i));
      // Behind no leading page there are all.
      if (attr.getRest())
        least = arith::SelectOp::create(
            *b,
            arith::CmpIOp::create(*b, arith::CmpIPredicate::eq, leading, zero),
            one, least);
      splits = arith::SelectOp::create(*b, lessThan(zero, keys),
                                       arith::MaxSIOp::create(*b, splits, one),
                                       least);
      computed(n.splits, splits);
    }
    if (rows.parts[i].grouped) {
      // Without rows nobody has counted.
      auto branch =
          scf::IfOp::create(*b, b->getI32Type(), lessThan(zero, get(places)),
                            /*withElseRegion=*/true);
      OpBuilder::InsertionGuard guard(*b);
      b->setInsertionPointToStart(branch.thenBlock());
      scf::YieldOp::create(*b, getOrder(TileCounts, get(mostTiles)));
      b->setInsertionPointToStart(branch.elseBlock());
      scf::YieldOp::create(*b, zero);
      computed(n.tiles, branch.getResult(0));
    }
    if (attr.isCut() || rows.parts[i].grouped) {
      Value count32 = mul(get(n.splits), get(n.tiles));
      for (const PlanNumber &extent : n.outer)
        count32 = mul(count32, get(extent));
      computed(n.items, count32);
    }
    next = add(next, get(n.items));
  }
  computed(usedItems, next);
}
