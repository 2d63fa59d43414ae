//===- LowerGroups.cpp - group_rows and ungroup_rows as loops ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_LOWERGROUPS
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// Writes one group_rows. All numbers are index values until the end.
class GroupWriter {
public:
  GroupWriter(OpBuilder &builder, GroupRowsOp op)
      : b(builder), loc(op.getLoc()), op(op) {
    zero = index(0);
    one = index(1);
    width = index(op.getWidth());
  }

  SmallVector<Value> write() {
    findGroups();
    placeGroups();
    return placeRows();
  }

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(b, loc, x, y); }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, y);
  }
  Value load(Value tensor, Value at) {
    return tensor::ExtractOp::create(b, loc, tensor, at);
  }
  Value store(Value value, Value tensor, Value at) {
    return tensor::InsertOp::create(b, loc, value, tensor, at);
  }
  Value toI64(Value value) {
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), value);
  }
  /// One number per row.
  Value perRow(Type type) {
    return tensor::EmptyOp::create(b, loc,
                                   ArrayRef<OpFoldResult>(tensor::getMixedSize(
                                       b, loc, op.getIds().front(), 0)),
                                   type);
  }
  Value zeros() {
    return linalg::FillOp::create(b, loc, zero, perRow(b.getIndexType()))
        .getResult(0);
  }
  /// for i in [begin, end): carried = body(i, carried)
  SmallVector<Value>
  loop(Value begin, Value end, ArrayRef<Value> carried,
       function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    auto loop = scf::ForOp::create(
        b, loc, begin, end, one, carried,
        [&](OpBuilder &, Location, Value i, ValueRange values) {
          SmallVector<Value> next = body(i, values);
          scf::YieldOp::create(b, loc, next);
        });
    return SmallVector<Value>(loop.getResults());
  }

  void findGroups();
  void placeGroups();
  SmallVector<Value> placeRows();

  OpBuilder &b;
  Location loc;
  GroupRowsOp op;
  Value zero, one, width, numRows;
  /// Per group its first row and number of rows, per row its group.
  Value firstRows, sizes, groups, numGroups;
  /// Per group its first tile, rows in tiles, and first single.
  Value firstTiles, tiled, firstSingles, numTiles, numSingles;
};
} // namespace

void GroupWriter::findGroups() {
  numRows = getValueOrCreateConstantIndexOp(
      b, loc, tensor::getMixedSize(b, loc, op.getIds().front(), 0));
  SmallVector<Value> found = loop(
      zero, numRows, {zeros(), zeros(), perRow(b.getIndexType()), zero},
      [&](Value row, ValueRange old) {
        Value first = old[0], size = old[1], group = old[2], count = old[3];
        SmallVector<Value> own;
        for (Value ids : op.getIds())
          own.push_back(load(ids, row));
        // `count` stands for none.
        Value match =
            loop(zero, count, {count}, [&](Value other, ValueRange best) {
              Value with = load(first, other), equal;
              for (auto [ids, id] : llvm::zip_equal(op.getIds(), own)) {
                Value same = arith::CmpIOp::create(
                    b, loc, arith::CmpIPredicate::eq, load(ids, with), id);
                equal =
                    equal
                        ? arith::AndIOp::create(b, loc, equal, same).getResult()
                        : same;
              }
              return SmallVector<Value>{select(equal, other, best[0])};
            })[0];
        Value isNew = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                            match, count);
        // The first row and the size of a new group are not there yet.
        Value before = select(isNew, zero, match);
        Value oldFirst = load(first, before), oldSize = load(size, before);
        first = store(select(isNew, row, oldFirst), first, match);
        size = store(select(isNew, one, add(oldSize, one)), size, match);
        group = store(match, group, row);
        count = select(isNew, add(count, one), count);
        return SmallVector<Value>{first, size, group, count};
      });
  firstRows = found[0];
  sizes = found[1];
  groups = found[2];
  numGroups = found[3];
}

void GroupWriter::placeGroups() {
  Type type = b.getIndexType();
  Value least = index(op.getLeast());
  SmallVector<Value> placed = loop(
      zero, numGroups, {perRow(type), perRow(type), perRow(type), zero, zero},
      [&](Value group, ValueRange old) {
        Value size = load(sizes, group), tiles = old[3], singles = old[4];
        Value full = arith::DivUIOp::create(b, loc, size, width);
        Value rest = sub(size, mul(full, width));
        Value leftOver = less(rest, least);
        Value inTiles = select(leftOver, sub(size, rest), size);
        // A rest of no rows needs no tile whatever `least` is.
        Value none =
            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, rest, zero);
        Value extra =
            select(arith::OrIOp::create(b, loc, none, leftOver), zero, one);
        Value first = store(tiles, old[0], group);
        Value tiled = store(inTiles, old[1], group);
        Value single = store(singles, old[2], group);
        return SmallVector<Value>{first, tiled, single,
                                  add(tiles, add(full, extra)),
                                  add(singles, sub(size, inTiles))};
      });
  firstTiles = placed[0];
  tiled = placed[1];
  firstSingles = placed[2];
  numTiles = placed[3];
  numSingles = placed[4];
}

SmallVector<Value> GroupWriter::placeRows() {
  Type i64 = b.getI64Type();
  Value inTiles = mul(numTiles, width);
  Value total = add(inTiles, numSingles);
  Value list =
      tensor::EmptyOp::create(b, loc, ArrayRef<OpFoldResult>(total), i64);
  // What no row takes repeats the group's first one.
  list = loop(zero, numGroups, {list}, [&](Value group, ValueRange old) {
    Value first = toI64(load(firstRows, group));
    Value begin = mul(load(firstTiles, group), width);
    Value next = add(group, one);
    Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, next,
                                         numGroups);
    Value after = load(firstTiles, select(isLast, zero, next));
    Value end = select(isLast, inTiles, mul(after, width));
    return loop(begin, end, {old[0]}, [&](Value slot, ValueRange slots) {
      return SmallVector<Value>{store(first, slots[0], slot)};
    });
  })[0];
  // Rows in ascending order; `used` counts those of a group so far.
  SmallVector<Value> rows = loop(
      zero, numRows, {list, perRow(i64), zeros()},
      [&](Value row, ValueRange old) {
        Value group = load(groups, row);
        Value position = load(old[2], group), limit = load(tiled, group);
        Value inTile = add(mul(load(firstTiles, group), width), position);
        Value single =
            add(add(inTiles, load(firstSingles, group)), sub(position, limit));
        Value slot = select(less(position, limit), inTile, single);
        return SmallVector<Value>{store(toI64(row), old[0], slot),
                                  store(toI64(slot), old[1], row),
                                  store(add(position, one), old[2], group)};
      });
  auto slice = [&](Value begin, Value size) -> Value {
    return tensor::ExtractSliceOp::create(
        b, loc, rows[0], ArrayRef<OpFoldResult>{begin},
        ArrayRef<OpFoldResult>{size},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
  };
  int64_t fixed = op.getWidth();
  Value tiles = tensor::ExpandShapeOp::create(
      b, loc, RankedTensorType::get({ShapedType::kDynamic, fixed}, i64),
      slice(zero, inTiles), ArrayRef<ReassociationIndices>{{0, 1}},
      ArrayRef<OpFoldResult>{numTiles, b.getIndexAttr(fixed)});
  SmallVector<Value> results{tiles, slice(inTiles, numSingles), rows[1]};
  for (auto [value, result] : llvm::zip_equal(results, op.getResults()))
    if (value.getType() != result.getType())
      value = tensor::CastOp::create(b, loc, result.getType(), value);
  return results;
}

/// One element per row and other dims, from the tile or from the single.
static Value lowerUngroup(OpBuilder &b, UngroupRowsOp op) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getResult().getType());
  unsigned rank = type.getRank(), dim = op.getDim();
  SmallVector<OpFoldResult> sizes;
  for (unsigned i = 0; i != rank; ++i)
    sizes.push_back(i == dim ? tensor::getMixedSize(b, loc, op.getSlots(), 0)
                             : tensor::getMixedSize(b, loc, op.getSingles(),
                                                    i < dim ? i + 1 : i));
  Value init = tensor::EmptyOp::create(b, loc, sizes, type.getElementType());
  Value width = getValueOrCreateConstantIndexOp(
      b, loc, tensor::getMixedSize(b, loc, op.getTiles(), 1));
  Value tiles = getValueOrCreateConstantIndexOp(
      b, loc, tensor::getMixedSize(b, loc, op.getTiles(), 0));
  Value inTiles = arith::MulIOp::create(b, loc, tiles, width);
  SmallVector<AffineMap> maps = {
      AffineMap::get(rank, 0, b.getAffineDimExpr(dim)),
      b.getMultiDimIdentityMap(rank)};
  auto generic = linalg::GenericOp::create(
      b, loc, init.getType(), op.getSlots(), init, maps,
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &body, Location at, ValueRange arguments) {
        SmallVector<Value> others;
        for (unsigned i = 0; i != rank; ++i)
          if (i != dim)
            others.push_back(linalg::IndexOp::create(body, at, i));
        Value slot = arith::IndexCastOp::create(body, at, body.getIndexType(),
                                                arguments[0]);
        Value isTiled = arith::CmpIOp::create(
            body, at, arith::CmpIPredicate::slt, slot, inTiles);
        auto branch = scf::IfOp::create(
            body, at, isTiled,
            [&](OpBuilder &then, Location) {
              SmallVector<Value> indices = {
                  arith::DivUIOp::create(then, at, slot, width),
                  arith::RemUIOp::create(then, at, slot, width)};
              llvm::append_range(indices, others);
              Value element =
                  tensor::ExtractOp::create(then, at, op.getTiles(), indices);
              scf::YieldOp::create(then, at, element);
            },
            [&](OpBuilder &otherwise, Location) {
              SmallVector<Value> indices = {
                  arith::SubIOp::create(otherwise, at, slot, inTiles)};
              llvm::append_range(indices, others);
              Value element = tensor::ExtractOp::create(
                  otherwise, at, op.getSingles(), indices);
              scf::YieldOp::create(otherwise, at, element);
            });
        linalg::YieldOp::create(body, at, branch.getResult(0));
      });
  Value result = generic.getResult(0);
  if (result.getType() != type)
    result = tensor::CastOp::create(b, loc, type, result);
  return result;
}

namespace {
struct LowerGroupsPass
    : public mlir::hydragen::impl::LowerGroupsBase<LowerGroupsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<GroupRowsOp, UngroupRowsOp>(op))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : ops) {
      rewriter.setInsertionPoint(op);
      if (auto group = dyn_cast<GroupRowsOp>(op))
        rewriter.replaceOp(op, GroupWriter(rewriter, group).write());
      else
        rewriter.replaceOp(op, lowerUngroup(rewriter, cast<UngroupRowsOp>(op)));
    }
  }
};
} // namespace
