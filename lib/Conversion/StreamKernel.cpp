//===- StreamKernel.cpp - contractions that read once -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With few rows, packing the lanes' operand costs as much as multiplying it.
// Here it is read where it lies, some depths at once:
//
//   for k in steps of 8, for vectors of lanes:
//     sum[:][lanes] += broadcast(rows[:][k + j]) * lanes[k + j][lanes], j < 8
//
// A work item has all rows and so many lanes that each depth is a long piece of
// memory, and sums that stay in the first-level cache. The depths of the next
// step are asked for during the products of this one, one after the other.
//
// Where the lanes' operand is contiguous along k instead, each of its rows
// meets all rows of the other one, with vectors along k:
//
//   for lanes: sum[:][lane] += total(rows[:][k...] * lanes[lane][k...])
//
//===----------------------------------------------------------------------===//

#include "StreamKernel.h"
#include "ProductKernel.h"

using namespace mlir;
using namespace mlir::hydragen;

/// Most rows: with more, products take longer than reading.
static constexpr int64_t kMostRows = 8;
/// Depths that meet the sums at once, and of a block of rows that is widened.
static constexpr int64_t kStep = 8, kBlockDepth = 256;
/// Work items to aim at, and lanes of one.
static constexpr int64_t kItems = 8, kLeastLanes = 64, kMostLanes = 256;
/// The same where lanes lie along the depth; independent sums of one lane, the
/// least depth, and the most rows times bytes of an element. (One row is a loop
/// that LLVM makes as good.)
static constexpr int64_t kLongDepth = 1024, kMostAlong = 128;
static constexpr int64_t kChains = 8, kLeastDepth = 64, kMostRowBytes = 16;

namespace {
class StreamKernel : public ProductKernel {
public:
  StreamKernel(OpBuilder &builder, linalg::LinalgOp op, unsigned vectorBits)
      : ProductKernel(builder, op, vectorBits) {}

  /// Chooses loops, sides and sizes; false when the op is none of these.
  bool plan();

private:
  bool choose(const ProductSide &large, const ProductSide &few, LoopKind own,
              LoopKind other);
  void makeScratch() override;
  void emitItem(Value item) override;
  void packRows(Point point, Value count);
  /// Adds the products of depths [k, k + step) of the block.
  void multiply(Point point, Value k, int64_t step);
  void prefetch(Point point, Value lane);
  /// The products of the block's depths, each lane along them.
  void multiplyAlong(Point point, Value count);
  int64_t getBlockDepth() const { return isAlong ? kLongDepth : kBlockDepth; }

  bool isAlong = false; ///< lanes are contiguous along `depth`, not `lane`
  Value packedRows;     ///< [rows][depth of a block]
};
} // namespace

/// Tries `large` as the lanes, whose own loops are of kind `own`.
bool StreamKernel::choose(const ProductSide &large, const ProductSide &few,
                          LoopKind own, LoopKind other) {
  SmallVector<LoopKind> kinds = *getProductLoops(op);
  std::optional<unsigned> laneLoop, rowLoop, depthLoop;
  auto prefer = [&](std::optional<unsigned> &best, unsigned loop) {
    if (!best || getProductExtent(staticExtents[loop]) >
                     getProductExtent(staticExtents[*best]))
      best = loop;
  };
  std::optional<unsigned> last;
  for (auto [loop, kind] : llvm::enumerate(kinds)) {
    if (kind == own)
      prefer(laneLoop, loop);
    else if (kind == other)
      prefer(rowLoop, loop);
    else if (kind == LoopKind::Sum)
      prefer(depthLoop, loop);
    if (large.isContiguous(loop))
      last = loop;
  }
  if (!laneLoop || !depthLoop || !last || !large.isLarge())
    return false;
  isAlong = kinds[*last] == LoopKind::Sum;
  if (isAlong)
    depthLoop = last;
  else if (kinds[*last] == own)
    laneLoop = last;
  else
    return false;
  if (getProductExtent(staticExtents[*laneLoop]) < kLeastLanes ||
      (isAlong && getProductExtent(staticExtents[*depthLoop]) < kLeastDepth))
    return false;
  // Other loops of the rows would read the lanes again.
  int64_t numRows = 1;
  for (auto [loop, kind] : llvm::enumerate(kinds))
    if (kind == other)
      numRows = std::min(numRows * getProductExtent(staticExtents[loop]),
                         kMostRows + 1);
  if (numRows == 0 || numRows > kMostRows ||
      (isAlong &&
       (numRows == 1 || numRows * large.elementBytes() > kMostRowBytes)) ||
      (rowLoop && staticExtents[*rowLoop] != numRows))
    return false;
  lanes = large;
  rows = few;
  row = rowLoop;
  lane = *laneLoop;
  depth = *depthLoop;
  blockRows = numRows;
  for (auto [loop, kind] : llvm::enumerate(kinds))
    if (loop != lane && loop != depth && row != unsigned(loop))
      (kind == LoopKind::Sum ? sums : outer).push_back(loop);
  return true;
}

bool StreamKernel::plan() {
  if (!op.hasPureBufferSemantics() || !getProductLoops(op) ||
      op->getParentOfType<scf::ParallelOp>())
    return false;
  ProductSide left(op, op->getOpOperand(0)), right(op, op->getOpOperand(1));
  if (!choose(right, left, LoopKind::Right, LoopKind::Left) &&
      !choose(left, right, LoopKind::Left, LoopKind::Right))
    return false;
  out = ProductSide(op, op->getOpOperand(2));
  int64_t laneSize = getProductExtent(staticExtents[lane]);
  blockLanes = llvm::alignTo(
      std::clamp<int64_t>(llvm::divideCeil(laneSize, kItems), kLeastLanes,
                          isAlong ? kMostAlong : kMostLanes),
      width);
  return true;
}

void StreamKernel::makeScratch() {
  packedRows = e.scratch(
      {e.b.getIndexAttr(blockRows), e.b.getIndexAttr(getBlockDepth())}, e.type);
}

void StreamKernel::emitItem(Value item) {
  Point point = getItemPoint(item);
  Value zero = e.broadcast(e.constant(0.0), e.vectorOf(width));
  e.loop(e.index(0), e.index(blockRows), 1, [&](Value r) {
    e.loop(e.index(0), e.index(blockLanes), width,
           [&](Value l) { e.storeVector(zero, sum, {r, l}); });
  });
  forSums(point, [&] {
    e.loop(e.index(0), extents[depth], getBlockDepth(), [&](Value k) {
      point[depth] = k;
      Value count = e.min(e.index(getBlockDepth()), e.sub(extents[depth], k));
      packRows(point, count);
      if (isAlong)
        return multiplyAlong(point, count);
      Value whole = e.roundDown(count, kStep);
      e.loop(e.index(0), whole, kStep,
             [&](Value k) { multiply(point, k, kStep); });
      e.loop(whole, count, 1, [&](Value k) { multiply(point, k, 1); });
    });
  });
  storeOutput(point);
}

void StreamKernel::packRows(Point point, Value count) {
  Value first = point[depth];
  e.loop(e.index(0), e.index(blockRows), 1, [&](Value r) {
    if (row)
      point[*row] = r;
    e.loop(e.index(0), count, 1, [&](Value k) {
      point[depth] = e.add(first, k);
      e.store(load(rows, point), packedRows, {r, k});
    });
  });
}

void StreamKernel::multiply(Point point, Value k, int64_t step) {
  Value first = point[lane];
  SmallVector<Value> depths;
  for (int64_t j = 0; j < step; ++j)
    depths.push_back(e.add(e.add(point[depth], k), j));
  auto addProducts = [&](Value l, bool vectors) {
    VectorType vector = e.vectorOf(width);
    auto at = [&](Value r) { return SmallVector<Value>{r, l}; };
    SmallVector<Value> values;
    point[lane] = e.add(first, l);
    for (Value depthIndex : depths) {
      point[depth] = depthIndex;
      values.push_back(vectors ? loadVector(lanes, point) : load(lanes, point));
    }
    for (int64_t r = 0; r < blockRows; ++r) {
      Value total = vectors ? e.loadVector(vector, sum, at(e.index(r)))
                            : e.load(sum, at(e.index(r)));
      for (int64_t j = 0; j < step; ++j) {
        Value x = e.load(packedRows, {e.index(r), e.add(k, j)});
        total =
            multiplyAdd(vectors ? e.broadcast(x, vector) : x, values[j], total);
      }
      if (vectors)
        e.storeVector(total, sum, at(e.index(r)));
      else
        e.store(total, sum, at(e.index(r)));
    }
  };
  Value whole = e.roundDown(laneCount, width);
  Point start = point;
  start[depth] = e.add(depths.back(), e.index(1));
  e.loop(e.index(0), whole, width, [&](Value l) {
    if (step > 1)
      prefetch(start, l);
    addProducts(l, /*vectors=*/true);
  });
  e.loop(whole, laneCount, 1,
         [&](Value l) { addProducts(l, /*vectors=*/false); });
}

/// Asks for some lines of the kStep depths from `point` on, in the order of
/// memory: `l` is where in the block of lanes the products of a step are.
void StreamKernel::prefetch(Point point, Value l) {
  int64_t lineLanes = kLineBytes / lanes.elementBytes();
  int64_t lines = llvm::divideCeil(blockLanes, lineLanes);
  int64_t share = llvm::divideCeil(kStep * lines, blockLanes / width);
  Value first = e.mul(e.div(l, e.index(width)), e.index(share));
  Value start = point[depth], firstLane = point[lane];
  for (int64_t i = 0; i < share; ++i) {
    Value line = e.add(first, i);
    point[depth] =
        clamp(e.add(start, e.div(line, e.index(lines))), extents[depth]);
    Value at = e.mul(e.rem(line, e.index(lines)), e.index(lineLanes));
    point[lane] = clamp(e.add(firstLane, at), extents[lane]);
    ask(lanes, point);
  }
}

void StreamKernel::multiplyAlong(Point point, Value count) {
  Value first = point[lane], firstDepth = point[depth];
  VectorType vector = e.vectorOf(width);
  int64_t chains = std::max<int64_t>(1, kChains / blockRows);
  // The next row's lines are asked for during this one's products.
  auto askAhead = [&](Value k) {
    Point at = point;
    at[lane] = clamp(e.add(point[lane], 1), extents[lane]);
    int64_t lineDepth = kLineBytes / lanes.elementBytes();
    for (int64_t i = 0; i < width * chains; i += lineDepth) {
      at[depth] = e.add(firstDepth, e.add(k, i));
      ask(lanes, at);
    }
  };
  // products[row * count of chains + chain]
  auto add = [&](Value k, ValueRange old, int64_t chains) {
    SmallVector<Value> products(old);
    for (int64_t c = 0; c < chains; ++c) {
      Value at = e.add(k, c * width);
      point[depth] = e.add(firstDepth, at);
      Value values = loadVector(lanes, point);
      for (int64_t r = 0; r < blockRows; ++r) {
        Value x = e.loadVector(vector, packedRows, {e.index(r), at});
        Value &total = products[r * chains + c];
        total = multiplyAdd(x, values, total);
      }
    }
    return products;
  };
  e.loop(e.index(0), laneCount, 1, [&](Value l) {
    point[lane] = e.add(first, l);
    Value inChains = e.roundDown(count, width * chains);
    SmallVector<Value> products(blockRows * chains,
                                e.broadcast(e.constant(0.0), vector));
    products = e.loop(e.index(0), inChains, width * chains, products,
                      [&](Value k, ValueRange old) {
                        askAhead(k);
                        return add(k, old, chains);
                      });
    SmallVector<Value> totals;
    for (int64_t r = 0; r < blockRows; ++r) {
      totals.push_back(products[r * chains]);
      for (int64_t c = 1; c < chains; ++c)
        totals[r] = e.fadd(totals[r], products[r * chains + c]);
    }
    Value inVectors = e.roundDown(count, width);
    totals = e.loop(inChains, inVectors, width, totals,
                    [&](Value k, ValueRange old) { return add(k, old, 1); });
    for (Value &total : totals)
      total =
          vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::ADD,
                                      total, arith::FastMathFlags::reassoc);
    totals = e.loop(inVectors, count, 1, totals, [&](Value k, ValueRange old) {
      SmallVector<Value> result;
      point[depth] = e.add(firstDepth, k);
      Value value = load(lanes, point);
      for (int64_t r = 0; r < blockRows; ++r)
        result.push_back(
            multiplyAdd(e.load(packedRows, {e.index(r), k}), value, old[r]));
      return result;
    });
    for (int64_t r = 0; r < blockRows; ++r) {
      SmallVector<Value> at{e.index(r), l};
      e.store(e.fadd(e.load(sum, at), totals[r]), sum, at);
    }
  });
}

bool mlir::hydragen::isStreamKernel(linalg::LinalgOp op) {
  OpBuilder builder(op.getOperation());
  // The width of vectors does not decide.
  return StreamKernel(builder, op, /*vectorBits=*/128).plan();
}

void mlir::hydragen::emitStreamKernel(OpBuilder &builder, linalg::LinalgOp op,
                                      unsigned vectorBits) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  StreamKernel kernel(builder, op, vectorBits);
  kernel.plan();
  kernel.emit();
}
