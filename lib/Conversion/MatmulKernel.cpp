//===- MatmulKernel.cpp - contractions as register tiles --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One operand gives the lanes of the vectors, the other one the rows, of which
// each element is broadcast:
//
//   sum[row][lane] += broadcast(rows[row][k]) * lanes[k][lane]
//
// The lanes' operand is packed, a block of k at a time, into panels of
// consecutive vectors; the rows' operand is read where it lies when it is f32
// and its k is contiguous, else it is widened and packed too, a tile of rows
// before its products. Packing reads an element once per block of the other
// operand. Rows and lanes beyond the end repeat the last one and are not
// stored, so that tiles have no tails.
//
// With few rows to multiply, weights come from memory about as fast as they are
// used: products ask for what is packed next, the next tile of the rows and the
// next block of the lanes, evenly over their innermost loops.
//
//===----------------------------------------------------------------------===//

#include "MatmulKernel.h"
#include "ProductKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"

using namespace mlir;
using namespace mlir::hydragen;

/// Elements of the packed lanes of a block, 64 KiB, and its depth within: a
/// panel of 16 lanes and 256 deep takes 16 KiB.
static constexpr int64_t kPackedElements = 16 * 1024;
static constexpr int64_t kLeastDepth = 256, kMostDepth = 1024;
/// Lanes of a work item, when they are read along pages and few rows use them,
/// and most rows of one.
static constexpr int64_t kBlockLanes = 64, kWideBlockLanes = 128;
static constexpr int64_t kFewRows = 64;
static constexpr int64_t kBlockRows = 384;
/// Work items to aim at, and the fewest rows of one: packing the lanes must not
/// show beside the products.
static constexpr int64_t kItems = 8;
static constexpr int64_t kLeastRows = 96;

//===----------------------------------------------------------------------===//
// What is a product
//===----------------------------------------------------------------------===//

bool mlir::hydragen::isMatmul(linalg::LinalgOp op) {
  std::optional<SmallVector<LoopKind>> kinds = getProductLoops(op);
  if (!kinds)
    return false;
  bool found[4] = {};
  for (auto [kind, extent] : llvm::zip(*kinds, op.getStaticLoopRanges()))
    if (extent != 1)
      found[static_cast<int>(kind)] = true;
  return found[1] && found[2] && found[3];
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

namespace {
class MatmulKernel : public ProductKernel {
public:
  MatmulKernel(OpBuilder &builder, linalg::GenericOp op, unsigned vectorBits)
      : ProductKernel(builder, op, vectorBits) {
    plan();
  }

private:
  /// Chooses loops, sides and sizes.
  void plan();
  void makeScratch() override;
  void emitItem(Value item) override;
  void packLanes(Point point, Value depth);
  void packRows(Point point, Value r, Value depth);
  void multiply(Point point, Value depth);
  void multiplyTile(Point point, Value r, Value p, Value depth);
  /// Asks for a part of what comes after the products of tile `r`, panel `p`,
  /// and depths [k, k + chunkDepth).
  void prefetch(Point point, Value r, Value p, Value k);

  int64_t tileVectors = 0; // vectors of a panel
  int64_t tileRows = 0;    // rows of a register tile
  int64_t blockDepth = 0;  // of what is packed at a time
  int64_t chunkDepth = 0;  // of the products that share a request for memory
  bool rowsPacked = false;
  bool fetchesRows = false, fetchesLanes = false;
  Value packedLanes; // [panels][depth][lanes of a panel]
  Value packedRows;  // [rows of a tile][depth]

  int64_t panel() const { return tileVectors * width; }
};

} // namespace

void MatmulKernel::plan() {
  ProductSide left(op, op->getOpOperand(0));
  ProductSide right(op, op->getOpOperand(1));
  out = ProductSide(op, op->getOpOperand(2));
  SmallVector<LoopKind> kinds = *getProductLoops(op);

  // The largest loop of each kind makes the tile. Of the summed ones, one that
  // is contiguous where it can be.
  auto choose = [&](LoopKind kind, auto prefers) {
    std::optional<unsigned> best;
    for (unsigned loop = 0; loop < kinds.size(); ++loop)
      if (kinds[loop] == kind && staticExtents[loop] != 1 &&
          (!best ||
           std::pair(prefers(loop), getProductExtent(staticExtents[loop])) >
               std::pair(prefers(*best),
                         getProductExtent(staticExtents[*best]))))
        best = loop;
    return *best;
  };
  auto any = [](unsigned) { return 0; };
  unsigned leftLoop = choose(LoopKind::Left, any);
  unsigned rightLoop = choose(LoopKind::Right, any);
  depth = choose(LoopKind::Sum, [&](unsigned loop) {
    return left.isContiguous(loop) + right.isContiguous(loop);
  });
  for (unsigned loop = 0; loop < kinds.size(); ++loop)
    if (loop != leftLoop && loop != rightLoop && loop != depth)
      (kinds[loop] == LoopKind::Sum ? sums : outer).push_back(loop);

  // Lanes: the operand that is contiguous along its own loop and so packs by
  // vectors; of two alike a small one, whose packing costs least, or the one
  // along which the output is contiguous.
  bool leftOwn = left.isContiguous(leftLoop);
  bool rightOwn = right.isContiguous(rightLoop);
  int64_t leftSize = getProductExtent(staticExtents[leftLoop]);
  int64_t rightSize = getProductExtent(staticExtents[rightLoop]);
  bool lanesAreRight;
  if (leftOwn != rightOwn)
    lanesAreRight = rightOwn;
  else if (!leftOwn && std::min(leftSize, rightSize) < 128)
    lanesAreRight = rightSize < leftSize;
  else
    lanesAreRight = out.isContiguous(rightLoop);
  lanes = lanesAreRight ? right : left;
  rows = lanesAreRight ? left : right;
  lane = lanesAreRight ? rightLoop : leftLoop;
  row = lanesAreRight ? leftLoop : rightLoop;
  rowsPacked = !rows.element().isF32() || !rows.isContiguous(depth);

  // Of the registers, one holds the broadcast element and a panel's vectors
  // are loaded; with few vectors a tile's addresses are what limits its rows.
  int64_t sumRegisters = vectorBits == 512 ? 24 : 12;
  int64_t laneSize = getProductExtent(staticExtents[lane]);
  tileVectors = std::min<int64_t>(vectorBits == 512 ? 4 : 2,
                                  llvm::divideCeil(laneSize, width));
  tileRows = std::min<int64_t>(sumRegisters / tileVectors, 8);
  int64_t rowSize = getProductExtent(staticExtents[*row]);
  bool wide = lanes.isContiguous(lane) && rowSize <= kFewRows;
  blockLanes = llvm::alignTo(
      std::min(laneSize, wide ? kWideBlockLanes : kBlockLanes), panel());
  blockDepth = std::min<int64_t>(
      llvm::alignTo(getProductExtent(staticExtents[depth]), 8),
      std::clamp(kPackedElements / blockLanes, kLeastDepth, kMostDepth));
  int64_t blocks = llvm::divideCeil(laneSize, blockLanes);
  for (unsigned loop : outer)
    blocks *= std::min<int64_t>(getProductExtent(staticExtents[loop]), 1024);
  int64_t wanted = llvm::divideCeil(
      rowSize, std::max<int64_t>(kItems / std::max<int64_t>(blocks, 1), 1));
  blockRows = llvm::alignTo(
      std::min(rowSize, std::clamp<int64_t>(wanted, kLeastRows, kBlockRows)),
      tileRows);

  fetchesRows = rowsPacked && rows.isContiguous(depth) && rows.isLarge();
  fetchesLanes = lanes.isContiguous(lane) && lanes.isLarge() &&
                 getProductExtent(staticExtents[depth]) > blockDepth;
  chunkDepth = fetchesRows ? kLineBytes / rows.elementBytes() : 16;
}

void MatmulKernel::makeScratch() {
  packedLanes =
      e.scratch({e.b.getIndexAttr(blockLanes / panel()),
                 e.b.getIndexAttr(blockDepth), e.b.getIndexAttr(panel())},
                e.type);
  if (rowsPacked)
    packedRows = e.scratch(
        {e.b.getIndexAttr(tileRows), e.b.getIndexAttr(blockDepth)}, e.type);
}

void MatmulKernel::emitItem(Value item) {
  Point point = getItemPoint(item);
  Value zero = e.broadcast(e.constant(0.0), e.vectorOf(width));
  e.loop(e.index(0), e.roundUp(rowCount, tileRows), 1, [&](Value r) {
    e.loop(e.index(0), e.roundUp(laneCount, panel()), width,
           [&](Value l) { e.storeVector(zero, sum, {r, l}); });
  });
  forSums(point, [&] {
    e.loop(e.index(0), extents[depth], blockDepth, [&](Value k) {
      point[depth] = k;
      Value count = e.min(e.index(blockDepth), e.sub(extents[depth], k));
      packLanes(point, count);
      multiply(point, count);
    });
  });
  storeOutput(point);
}

void MatmulKernel::packLanes(Point point, Value count) {
  Value first = point[lane], firstDepth = point[depth];
  auto packScalar = [&](Value p, Value k, Value l) {
    Value at = e.add(first, e.add(e.mul(p, e.index(panel())), l));
    point[lane] = clamp(at, extents[lane]);
    point[depth] = e.add(firstDepth, k);
    e.store(load(lanes, point), packedLanes, {p, k, l});
  };
  Value panels = e.ceilDiv(laneCount, panel()), perPanel = e.index(panel());
  if (!lanes.isContiguous(lane)) {
    // The inner loop reads neighbours.
    e.loop(e.index(0), panels, 1, [&](Value p) {
      e.loop(e.index(0), perPanel, 1, [&](Value l) {
        e.loop(e.index(0), count, 1, [&](Value k) { packScalar(p, k, l); });
      });
    });
    return;
  }
  Value whole = e.div(laneCount, perPanel);
  e.loop(e.index(0), count, 1, [&](Value k) {
    e.loop(e.index(0), whole, 1, [&](Value p) {
      point[depth] = e.add(firstDepth, k);
      for (int64_t v = 0; v < tileVectors; ++v) {
        point[lane] = e.add(first, e.add(e.mul(p, perPanel), v * width));
        e.storeVector(loadVector(lanes, point), packedLanes,
                      {p, k, e.index(v * width)});
      }
    });
    e.loop(whole, panels, 1, [&](Value p) {
      e.loop(e.index(0), perPanel, 1, [&](Value l) { packScalar(p, k, l); });
    });
  });
}

void MatmulKernel::packRows(Point point, Value r, Value count) {
  Value first = e.add(point[*row], r), firstDepth = point[depth];
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value i) {
    point[*row] = clamp(e.add(first, i), extents[*row]);
    Value whole = e.index(0);
    if (rows.isContiguous(depth)) {
      whole = e.roundDown(count, width);
      e.loop(e.index(0), whole, width, [&](Value k) {
        point[depth] = e.add(firstDepth, k);
        e.storeVector(loadVector(rows, point), packedRows, {i, k});
      });
    }
    e.loop(whole, count, 1, [&](Value k) {
      point[depth] = e.add(firstDepth, k);
      e.store(load(rows, point), packedRows, {i, k});
    });
  });
}

void MatmulKernel::multiply(Point point, Value count) {
  e.loop(e.index(0), rowCount, tileRows, [&](Value r) {
    if (rowsPacked)
      packRows(point, r, count);
    e.loop(e.index(0), e.ceilDiv(laneCount, panel()), 1,
           [&](Value p) { multiplyTile(point, r, p, count); });
  });
}

void MatmulKernel::multiplyTile(Point point, Value r, Value p, Value count) {
  Value first = e.add(point[*row], r), firstDepth = point[depth];
  Value begin = e.mul(p, e.index(panel()));
  VectorType vector = e.vectorOf(width);
  SmallVector<Value> sums, tileRow, rowIndex;
  for (int64_t i = 0; i < tileRows; ++i) {
    tileRow.push_back(e.add(r, i));
    rowIndex.push_back(rowsPacked ? e.index(i)
                                  : clamp(e.add(first, i), extents[*row]));
    for (int64_t v = 0; v < tileVectors; ++v)
      sums.push_back(
          e.loadVector(vector, sum, {tileRow[i], e.add(begin, v * width)}));
  }
  auto addDepth = [&](Value k, ValueRange totals) {
    SmallVector<Value> values, next;
    for (int64_t v = 0; v < tileVectors; ++v)
      values.push_back(
          e.loadVector(vector, packedLanes, {p, k, e.index(v * width)}));
    Point at = point;
    at[depth] = e.add(firstDepth, k);
    for (int64_t i = 0; i < tileRows; ++i) {
      at[*row] = rowIndex[i];
      Value element =
          rowsPacked ? e.load(packedRows, {rowIndex[i], k}) : load(rows, at);
      Value wide = e.broadcast(element, vector);
      for (int64_t v = 0; v < tileVectors; ++v)
        next.push_back(
            multiplyAdd(wide, values[v], totals[i * tileVectors + v]));
    }
    return next;
  };
  if (!fetchesRows && !fetchesLanes)
    sums = e.loop(e.index(0), count, 1, sums, addDepth);
  else
    sums = e.loop(e.index(0), count, chunkDepth, sums,
                  [&](Value k, ValueRange totals) {
                    prefetch(point, r, p, k);
                    return e.loop(k, e.min(e.add(k, chunkDepth), count), 1,
                                  SmallVector<Value>(totals), addDepth);
                  });
  for (int64_t i = 0; i < tileRows; ++i)
    for (int64_t v = 0; v < tileVectors; ++v)
      e.storeVector(sums[i * tileVectors + v], sum,
                    {tileRow[i], e.add(begin, v * width)});
}

void MatmulKernel::prefetch(Point point, Value r, Value p, Value k) {
  int64_t chunks = llvm::divideCeil(blockDepth, chunkDepth);
  if (fetchesRows) {
    // Each chunk of each panel asks for some lines of the next tile's rows, one
    // row after the other: rows side by side come slowly.
    int64_t share = llvm::divideCeil(tileRows, blockLanes / panel());
    Value line =
        e.mul(e.add(e.mul(p, e.index(chunks)), e.div(k, e.index(chunkDepth))),
              e.index(share));
    Value next = e.add(e.add(point[*row], r), tileRows);
    Point at = point;
    for (int64_t i = 0; i < share; ++i) {
      Value number = e.add(line, i);
      at[*row] =
          clamp(e.add(next, e.div(number, e.index(chunks))), extents[*row]);
      Value k = e.mul(e.rem(number, e.index(chunks)), e.index(chunkDepth));
      at[depth] = clamp(e.add(point[depth], k), extents[depth]);
      ask(rows, at);
    }
  }
  if (fetchesLanes) {
    // Each chunk of each tile of rows asks for some depths of the panel.
    int64_t share = llvm::divideCeil(blockDepth, blockRows / tileRows * chunks);
    Value chunk = e.add(e.mul(e.div(r, e.index(tileRows)), e.index(chunks)),
                        e.div(k, e.index(chunkDepth)));
    Value next = e.add(point[depth], blockDepth);
    Value lane0 = e.add(point[lane], e.mul(p, e.index(panel())));
    Point at = point;
    for (int64_t i = 0; i < share; ++i) {
      Value index = e.min(e.add(e.mul(chunk, e.index(share)), i),
                          e.index(blockDepth - 1));
      at[depth] = clamp(e.add(next, index), extents[depth]);
      for (int64_t byte = 0; byte < panel() * lanes.elementBytes();
           byte += kLineBytes) {
        at[lane] =
            clamp(e.add(lane0, byte / lanes.elementBytes()), extents[lane]);
        ask(lanes, at);
      }
    }
  }
}

bool mlir::hydragen::isMatmulKernel(linalg::GenericOp op) {
  return op.hasPureBufferSemantics() && isMatmul(op) &&
         !op->getParentOfType<scf::ParallelOp>();
}

void mlir::hydragen::emitMatmulKernel(OpBuilder &builder, linalg::GenericOp op,
                                      unsigned vectorBits) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  MatmulKernel(builder, op, vectorBits).emit();
}
