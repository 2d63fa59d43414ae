//===- PlanOrder.cpp - rows of one group side by side -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows that read their keys through a number (the prompt of a group) are
// brought into an order in which equal numbers are side by side. A place in it
// stands for a row; each group's rows are cut into tiles. Every thread counts
// for itself, so that nothing waits: as many steps as there are rows.
//===----------------------------------------------------------------------===//

#include "EntryLowering.h"
#include "PlanWriter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// The order in memory
//===----------------------------------------------------------------------===//

/// Four lists of places, two of tiles; the number of tiles behind them.
Value PlanWriter::getOrderIndex(OrderList list, Value number) {
  Value begin = mul(get(places), i32(std::min<int>(list, TileRows)));
  if (list == TileCounts)
    begin = add(begin, get(mostTiles));
  return add(begin, number);
}
Value PlanWriter::getOrder(OrderList list, Value number) {
  return kernels::loadI32(*b, orderPointer, getOrderIndex(list, number));
}
void PlanWriter::setOrder(OrderList list, Value number, Value value) {
  kernels::storeI32(*b, orderPointer, getOrderIndex(list, number), value);
}

/// The value of a variable for one that counts places.
Value PlanWriter::toRow(const SpaceVariable &variable, Value place) {
  return rows.isGrouped(variable) ? getOrder(Rows, place) : place;
}
SmallVector<Value> PlanWriter::toRows(ArrayRef<SpaceVariable> variables,
                                      ArrayRef<Value> places) {
  SmallVector<Value> result;
  for (auto [variable, place] : llvm::zip_equal(variables, places))
    result.push_back(toRow(variable, place));
  return result;
}

unsigned PlanWriter::getGroupedPart() {
  unsigned part = 0;
  while (!rows.parts[part].grouped)
    ++part;
  return part;
}

/// Rows of the tiles that stand for one place.
Value PlanWriter::getRowsPerPlace() {
  Value result = i32(1);
  for (const PlanNumber &extent :
       ArrayRef(parts[getGroupedPart()].folded).drop_front())
    result = mul(result, get(extent));
  return result;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// for x in [0, end): sums += body(x)
static SmallVector<Value>
sumOver(ImplicitLocOpBuilder &b, Value end, unsigned count,
        function_ref<SmallVector<Value>(Value)> body) {
  Value zero = arith::ConstantIntOp::create(b, 0, 32),
        one = arith::ConstantIntOp::create(b, 1, 32);
  auto loop =
      scf::ForOp::create(b, zero, end, one, SmallVector<Value>(count, zero));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> sums;
  for (auto [sum, term] :
       llvm::zip_equal(loop.getRegionIterArgs(), body(loop.getInductionVar())))
    sums.push_back(arith::AddIOp::create(b, sum, term));
  scf::YieldOp::create(b, sums);
  return SmallVector<Value>(loop.getResults());
}

/// A thread per row: how many rows stand before it, and how many are its like.
gpu::GPUFuncOp PlanWriter::writeOrder(gpu::GPUModuleOp module, StringRef name) {
  ImplicitLocOpBuilder builder(op.getLoc(), op.getContext());
  Value thread;
  gpu::GPUFuncOp function = start(module, name, builder, thread);
  const PartNumbers &n = parts[getGroupedPart()];
  guarded(thread, i32(0), get(places), [&](Value row) {
    // The index depends on no other row.
    SmallVector<Value> outer(n.outer.size(), i32(0));
    auto load = [&](Value of) {
      SmallVector<Value> numbers;
      for (const PartNumbers::Choice &choice : n.choices)
        numbers.push_back(arith::MinUIOp::create(
            *b, loadIndex(choice, outer, of), get(choice.last)));
      return numbers;
    };
    SmallVector<Value> own = load(row);
    auto flag = [&](Value truth) -> Value {
      return arith::ExtUIOp::create(*b, b->getI32Type(), truth);
    };
    SmallVector<Value> sums = sumOver(*b, get(places), 3, [&](Value other) {
      Value less, equal;
      for (auto [x, y] : llvm::zip_equal(load(other), own)) {
        Value lessNow =
            arith::CmpIOp::create(*b, arith::CmpIPredicate::ult, x, y);
        Value equalNow =
            arith::CmpIOp::create(*b, arith::CmpIPredicate::eq, x, y);
        less = less ? arith::OrIOp::create(
                          *b, less, arith::AndIOp::create(*b, equal, lessNow))
                    : lessNow;
        equal = equal ? arith::AndIOp::create(*b, equal, equalNow) : equalNow;
      }
      Value before = arith::AndIOp::create(*b, equal, lessThan(other, row));
      return SmallVector<Value>{flag(less), flag(equal), flag(before)};
    });
    Value place = add(sums[0], sums[2]);
    setOrder(Rows, place, row);
    setOrder(Firsts, place, sums[0]);
    setOrder(Counts, place, sums[1]);
  });
  return function;
}

/// A thread per place: the first tile of its group, and, for the group's first
/// place, the tiles themselves.
gpu::GPUFuncOp PlanWriter::writeTiles(gpu::GPUModuleOp module, StringRef name) {
  ImplicitLocOpBuilder builder(op.getLoc(), op.getContext());
  Value thread;
  gpu::GPUFuncOp function = start(module, name, builder, thread);
  int64_t tileRows = op.getPart(getGroupedPart()).getTile().getRows();
  Value zero = i32(0), one = i32(1);
  guarded(thread, zero, get(places), [&](Value place) {
    Value perPlace = getRowsPerPlace();
    auto getTiles = [&](Value count) -> Value {
      return arith::DivUIOp::create(
          *b, add(mul(count, perPlace), i32(tileRows - 1)), i32(tileRows));
    };
    auto equal = [&](Value x, Value y) -> Value {
      return arith::CmpIOp::create(*b, arith::CmpIPredicate::eq, x, y);
    };
    Value first = getOrder(Firsts, place), count = getOrder(Counts, place);
    Value before = sumOver(*b, first, 1, [&](Value other) {
      Value isFirst = equal(getOrder(Firsts, other), other);
      return SmallVector<Value>{arith::SelectOp::create(
          *b, isFirst, getTiles(getOrder(Counts, other)), zero)};
    })[0];
    setOrder(FirstTiles, place, before);
    auto branch = scf::IfOp::create(*b, equal(first, place),
                                    /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(*b);
    b->setInsertionPoint(branch.thenBlock()->getTerminator());
    Value tiles = getTiles(count), numRows = mul(count, perPlace);
    auto loop = scf::ForOp::create(*b, zero, tiles, one);
    {
      OpBuilder::InsertionGuard inLoop(*b);
      b->setInsertionPoint(loop.getBody()->getTerminator());
      Value done = mul(loop.getInductionVar(), i32(tileRows));
      Value tile = add(before, loop.getInductionVar());
      setOrder(TileRows, tile, add(mul(place, perPlace), done));
      setOrder(
          TileCounts, tile,
          arith::MinSIOp::create(*b, i32(tileRows),
                                 arith::SubIOp::create(*b, numRows, done)));
    }
    auto last = scf::IfOp::create(*b, equal(add(place, count), get(places)),
                                  /*withElseRegion=*/false);
    b->setInsertionPoint(last.thenBlock()->getTerminator());
    setOrder(TileCounts, get(mostTiles), add(before, tiles));
  });
  return function;
}
