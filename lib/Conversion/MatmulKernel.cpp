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
// and its k is contiguous, else it is widened and packed too. Packing reads an
// element once per block of the other operand. Rows and lanes beyond the end
// repeat the last one and are not stored, so that tiles have no tails.
//
//===----------------------------------------------------------------------===//

#include "MatmulKernel.h"
#include "HydragenToCPU/Emitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"

using namespace mlir;
using namespace mlir::hydragen;
using mlir::hydragen::cpu::Emitter;

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
/// Products below this many multiplications stay on one thread.
static constexpr int64_t kParallelProducts = 128 * 1024;

//===----------------------------------------------------------------------===//
// What is a product
//===----------------------------------------------------------------------===//

static bool isSupported(Type type) {
  return type.isF32() || type.isF16() || type.isBF16();
}

/// The block argument that `value` is, or is a wider float of.
static BlockArgument getArgument(Value value) {
  if (auto extend = value.getDefiningOp<arith::ExtFOp>())
    value = extend.getIn();
  return dyn_cast<BlockArgument>(value);
}

/// out + a * b in any order of operands, of the types' own precision.
static bool hasProductBody(linalg::LinalgOp op) {
  Block *body = op.getBlock();
  auto add =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add)
    return false;
  for (auto [sum, product] : {std::pair(add.getLhs(), add.getRhs()),
                              std::pair(add.getRhs(), add.getLhs())}) {
    auto multiply = product.getDefiningOp<arith::MulFOp>();
    if (!multiply || sum != body->getArgument(2))
      continue;
    BlockArgument a = getArgument(multiply.getLhs());
    BlockArgument b = getArgument(multiply.getRhs());
    if (a && b && a.getArgNumber() + b.getArgNumber() == 1)
      return true;
  }
  return false;
}

namespace {
enum class Kind { Batch, Left, Right, Sum };
} // namespace

/// The kind of each loop; nullopt when there is another one. A loop that no
/// operand uses is none.
static std::optional<SmallVector<Kind>> getKinds(linalg::LinalgOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Kind> kinds;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    bool left = maps[0].isFunctionOfDim(loop);
    bool right = maps[1].isFunctionOfDim(loop);
    bool out = maps[2].isFunctionOfDim(loop);
    if (left + right + out < 2)
      return std::nullopt;
    kinds.push_back(!out    ? Kind::Sum
                    : !left ? Kind::Right
                    : right ? Kind::Batch
                            : Kind::Left);
  }
  return kinds;
}

bool mlir::hydragen::isMatmul(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    auto shaped = dyn_cast<ShapedType>(operand.get().getType());
    if (!shaped || !isSupported(shaped.getElementType()))
      return false;
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
      if (!isa<AffineDimExpr>(expr) && expr != 0)
        return false;
    if (!op.getMatchingIndexingMap(&operand).isProjectedPermutation(
            /*allowZeroInResults=*/true))
      return false;
  }
  std::optional<SmallVector<Kind>> kinds = getKinds(op);
  if (!kinds || !hasProductBody(op))
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

/// An operand of the product: its buffer, map, and memory strides.
struct Side {
  Value buffer;
  AffineMap map;
  SmallVector<int64_t> strides;

  FloatType element() const {
    return cast<FloatType>(getElementTypeOrSelf(buffer.getType()));
  }
  /// Whether elements of successive `loop` are neighbours.
  bool isContiguous(unsigned loop) const {
    return !strides.empty() && strides.back() == 1 &&
           map.getResults().back().isFunctionOfDim(loop);
  }
};

class MatmulKernel {
public:
  MatmulKernel(OpBuilder &builder, linalg::GenericOp op, unsigned vectorBits)
      : e(builder, op.getLoc(), builder.getF32Type()), op(op),
        vectorBits(vectorBits) {}

  /// Chooses loops, sides and sizes.
  void plan();
  void emit();

private:
  /// Indices of all loops.
  using Point = SmallVector<Value>;

  void emitItem(Value item);
  void packLanes(Point point, Value depth);
  void packRows(Point point, Value depth);
  void multiply(Point point, Value depth);
  void storeOutput(Point point);

  SmallVector<Value> getIndices(const Side &side, const Point &point) {
    SmallVector<Value> indices;
    for (AffineExpr expr : side.map.getResults())
      indices.push_back(isa<AffineDimExpr>(expr)
                            ? point[cast<AffineDimExpr>(expr).getPosition()]
                            : e.index(0));
    return indices;
  }
  Value load(const Side &side, const Point &point) {
    return e.cast(e.load(side.buffer, getIndices(side, point)), e.type);
  }
  /// x * y + z. Processors with vectors of 128 bits have no such instruction,
  /// and its exact meaning would be a call.
  Value multiplyAdd(Value x, Value y, Value z) {
    return vectorBits == 128 ? e.fadd(e.fmul(x, y), z) : e.fma(x, y, z);
  }
  Value clamp(Value index, Value extent) {
    return e.min(index, e.sub(extent, e.index(1)));
  }

  Emitter e;
  linalg::GenericOp op;
  unsigned vectorBits;

  Side rows, lanes, out;
  /// Loops of the tile; `outer` are parallel ones, `sums` other summed ones.
  unsigned row = 0, lane = 0, depth = 0;
  SmallVector<unsigned> outer, sums;
  SmallVector<int64_t> staticExtents;
  SmallVector<Value> extents;

  int64_t width = 0;       // lanes of a vector
  int64_t tileVectors = 0; // vectors of a panel
  int64_t tileRows = 0;    // rows of a register tile
  int64_t blockLanes = 0;  // of a work item, whole panels
  int64_t blockRows = 0;   // of a work item, whole tiles
  int64_t blockDepth = 0;  // of what is packed at a time
  bool rowsPacked = false;
  Value laneCount, rowCount; // of this item, at most a block
  Value packedLanes;         // [panels][depth][lanes of a panel]
  Value packedRows;          // [rows][depth]
  Value sum;                 // [rows][lanes]

  int64_t panel() const { return tileVectors * width; }
};

} // namespace

/// Extent for a comparison; a dynamic one counts as large.
static int64_t getSize(int64_t extent) {
  return ShapedType::isDynamic(extent) ? int64_t(1) << 20 : extent;
}

static Side makeSide(linalg::GenericOp op, OpOperand &operand) {
  Side side{operand.get(), op.getMatchingIndexingMap(&operand), {}};
  int64_t offset;
  auto type = cast<MemRefType>(operand.get().getType());
  if (failed(type.getStridesAndOffset(side.strides, offset)))
    side.strides.assign(type.getRank(), ShapedType::kDynamic);
  return side;
}

void MatmulKernel::plan() {
  Side left = makeSide(op, op->getOpOperand(0));
  Side right = makeSide(op, op->getOpOperand(1));
  out = makeSide(op, op->getOpOperand(2));
  staticExtents = op.getStaticLoopRanges();
  SmallVector<Kind> kinds = *getKinds(op);

  // The largest loop of each kind makes the tile. Of the summed ones, one that
  // is contiguous where it can be.
  auto choose = [&](Kind kind, auto prefers) {
    std::optional<unsigned> best;
    for (unsigned loop = 0; loop < kinds.size(); ++loop)
      if (kinds[loop] == kind && staticExtents[loop] != 1 &&
          (!best ||
           std::pair(prefers(loop), getSize(staticExtents[loop])) >
               std::pair(prefers(*best), getSize(staticExtents[*best]))))
        best = loop;
    return *best;
  };
  auto any = [](unsigned) { return 0; };
  unsigned leftLoop = choose(Kind::Left, any);
  unsigned rightLoop = choose(Kind::Right, any);
  depth = choose(Kind::Sum, [&](unsigned loop) {
    return left.isContiguous(loop) + right.isContiguous(loop);
  });
  for (unsigned loop = 0; loop < kinds.size(); ++loop)
    if (loop != leftLoop && loop != rightLoop && loop != depth)
      (kinds[loop] == Kind::Sum ? sums : outer).push_back(loop);

  // Lanes: the operand that is contiguous along its own loop and so packs by
  // vectors; of two alike a small one, whose packing costs least, or the one
  // along which the output is contiguous.
  bool leftOwn = left.isContiguous(leftLoop);
  bool rightOwn = right.isContiguous(rightLoop);
  int64_t leftSize = getSize(staticExtents[leftLoop]);
  int64_t rightSize = getSize(staticExtents[rightLoop]);
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
  width = vectorBits / 32;
  int64_t sumRegisters = vectorBits == 512 ? 24 : 12;
  int64_t laneSize = getSize(staticExtents[lane]);
  tileVectors = std::min<int64_t>(vectorBits == 512 ? 4 : 2,
                                  llvm::divideCeil(laneSize, width));
  tileRows = std::min<int64_t>(sumRegisters / tileVectors, 8);
  int64_t rowSize = getSize(staticExtents[row]);
  bool wide = lanes.isContiguous(lane) && rowSize <= kFewRows;
  blockLanes = llvm::alignTo(
      std::min(laneSize, wide ? kWideBlockLanes : kBlockLanes), panel());
  blockDepth = std::min<int64_t>(
      llvm::alignTo(getSize(staticExtents[depth]), 8),
      std::clamp(kPackedElements / blockLanes, kLeastDepth, kMostDepth));
  int64_t blocks = llvm::divideCeil(laneSize, blockLanes);
  for (unsigned loop : outer)
    blocks *= std::min<int64_t>(getSize(staticExtents[loop]), 1024);
  int64_t most =
      rowsPacked ? kBlockRows * kLeastDepth / 2 / blockDepth : kBlockRows;
  int64_t wanted = llvm::divideCeil(
      rowSize, std::max<int64_t>(kItems / std::max<int64_t>(blocks, 1), 1));
  blockRows = llvm::alignTo(
      std::min(rowSize, std::clamp<int64_t>(wanted, kLeastRows, most)),
      tileRows);
}

void MatmulKernel::emit() {
  int64_t products = 1;
  for (auto [loop, range] : llvm::enumerate(staticExtents)) {
    products = std::min<int64_t>(products * getSize(range), int64_t(1) << 40);
    Value extent;
    for (const Side *side : {&rows, &lanes, &out})
      for (auto [i, expr] : llvm::enumerate(side->map.getResults()))
        if (!extent && expr.isFunctionOfDim(loop))
          extent = e.dim(side->buffer, i);
    extents.push_back(extent);
  }
  Value count = e.mul(e.ceilDiv(extents[row], blockRows),
                      e.ceilDiv(extents[lane], blockLanes));
  for (unsigned loop : outer)
    count = e.mul(count, extents[loop]);
  OpBuilder::InsertionGuard guard(e.b);
  auto makeScratch = [&] {
    packedLanes =
        e.scratch({e.b.getIndexAttr(blockLanes / panel()),
                   e.b.getIndexAttr(blockDepth), e.b.getIndexAttr(panel())},
                  e.type);
    if (rowsPacked)
      packedRows = e.scratch(
          {e.b.getIndexAttr(blockRows), e.b.getIndexAttr(blockDepth)}, e.type);
    sum = e.scratch({e.b.getIndexAttr(blockRows), e.b.getIndexAttr(blockLanes)},
                    e.type);
  };
  if (products < kParallelProducts) {
    makeScratch();
    e.loop(e.index(0), count, 1, [&](Value item) { emitItem(item); });
    e.freeScratch();
    return;
  }
  auto parallel =
      scf::ParallelOp::create(e.b, e.loc, e.index(0), count, e.index(1));
  e.b.setInsertionPointToStart(parallel.getBody());
  makeScratch();
  emitItem(parallel.getInductionVars()[0]);
  e.freeScratch();
}

void MatmulKernel::emitItem(Value item) {
  // Blocks of lanes advance fastest: they read the same rows.
  Point point(extents.size(), e.index(0));
  Value laneBlocks = e.ceilDiv(extents[lane], blockLanes);
  Value rowBlocks = e.ceilDiv(extents[row], blockRows);
  point[lane] = e.mul(e.rem(item, laneBlocks), e.index(blockLanes));
  Value rest = e.div(item, laneBlocks);
  point[row] = e.mul(e.rem(rest, rowBlocks), e.index(blockRows));
  rest = e.div(rest, rowBlocks);
  SmallVector<Value> outerExtents;
  for (unsigned loop : outer)
    outerExtents.push_back(extents[loop]);
  for (auto [loop, digit] : llvm::zip(outer, e.delinearize(rest, outerExtents)))
    point[loop] = digit;
  laneCount = e.min(e.index(blockLanes), e.sub(extents[lane], point[lane]));
  rowCount = e.min(e.index(blockRows), e.sub(extents[row], point[row]));

  Value zero = e.broadcast(e.constant(0.0), e.vectorOf(width));
  e.loop(e.index(0), e.roundUp(rowCount, tileRows), 1, [&](Value r) {
    e.loop(e.index(0), e.roundUp(laneCount, panel()), width,
           [&](Value l) { e.storeVector(zero, sum, {r, l}); });
  });

  // The summed loops, the blocks of `depth` innermost.
  std::function<void(unsigned)> nest = [&](unsigned level) {
    if (level < sums.size()) {
      unsigned loop = sums[level];
      e.loop(e.index(0), extents[loop], 1, [&](Value k) {
        point[loop] = k;
        nest(level + 1);
      });
      return;
    }
    e.loop(e.index(0), extents[depth], blockDepth, [&](Value k) {
      point[depth] = k;
      Value count = e.min(e.index(blockDepth), e.sub(extents[depth], k));
      packLanes(point, count);
      if (rowsPacked)
        packRows(point, count);
      multiply(point, count);
    });
  };
  nest(0);
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
  auto type = VectorType::get({width}, lanes.element());
  e.loop(e.index(0), count, 1, [&](Value k) {
    e.loop(e.index(0), whole, 1, [&](Value p) {
      point[depth] = e.add(firstDepth, k);
      for (int64_t v = 0; v < tileVectors; ++v) {
        point[lane] = e.add(first, e.add(e.mul(p, perPanel), v * width));
        Value values =
            e.loadVector(type, lanes.buffer, getIndices(lanes, point));
        e.storeVector(e.cast(values, e.type), packedLanes,
                      {p, k, e.index(v * width)});
      }
    });
    e.loop(whole, panels, 1, [&](Value p) {
      e.loop(e.index(0), perPanel, 1, [&](Value l) { packScalar(p, k, l); });
    });
  });
}

void MatmulKernel::packRows(Point point, Value count) {
  Value first = point[row], firstDepth = point[depth];
  e.loop(e.index(0), e.roundUp(rowCount, tileRows), 1, [&](Value r) {
    point[row] = clamp(e.add(first, r), extents[row]);
    Value whole = e.index(0);
    if (rows.isContiguous(depth)) {
      auto type = VectorType::get({width}, rows.element());
      whole = e.roundDown(count, width);
      e.loop(e.index(0), whole, width, [&](Value k) {
        point[depth] = e.add(firstDepth, k);
        Value values = e.loadVector(type, rows.buffer, getIndices(rows, point));
        e.storeVector(e.cast(values, e.type), packedRows, {r, k});
      });
    }
    e.loop(whole, count, 1, [&](Value k) {
      point[depth] = e.add(firstDepth, k);
      e.store(load(rows, point), packedRows, {r, k});
    });
  });
}

void MatmulKernel::multiply(Point point, Value count) {
  Value first = point[row], firstDepth = point[depth];
  VectorType vector = e.vectorOf(width);
  e.loop(e.index(0), e.ceilDiv(laneCount, panel()), 1, [&](Value p) {
    Value begin = e.mul(p, e.index(panel()));
    e.loop(e.index(0), rowCount, tileRows, [&](Value r) {
      SmallVector<Value> sums, tileRow, rowIndex;
      for (int64_t i = 0; i < tileRows; ++i) {
        tileRow.push_back(e.add(r, i));
        rowIndex.push_back(
            rowsPacked ? tileRow.back()
                       : clamp(e.add(first, tileRow.back()), extents[row]));
        for (int64_t v = 0; v < tileVectors; ++v)
          sums.push_back(
              e.loadVector(vector, sum, {tileRow[i], e.add(begin, v * width)}));
      }
      sums =
          e.loop(e.index(0), count, 1, sums, [&](Value k, ValueRange totals) {
            SmallVector<Value> values, next;
            for (int64_t v = 0; v < tileVectors; ++v)
              values.push_back(e.loadVector(vector, packedLanes,
                                            {p, k, e.index(v * width)}));
            Point at = point;
            at[depth] = e.add(firstDepth, k);
            for (int64_t i = 0; i < tileRows; ++i) {
              at[row] = rowIndex[i];
              Value element = rowsPacked ? e.load(packedRows, {rowIndex[i], k})
                                         : load(rows, at);
              Value wide = e.broadcast(element, vector);
              for (int64_t v = 0; v < tileVectors; ++v)
                next.push_back(
                    multiplyAdd(wide, values[v], totals[i * tileVectors + v]));
            }
            return next;
          });
      for (int64_t i = 0; i < tileRows; ++i)
        for (int64_t v = 0; v < tileVectors; ++v)
          e.storeVector(sums[i * tileVectors + v], sum,
                        {tileRow[i], e.add(begin, v * width)});
    });
  });
}

void MatmulKernel::storeOutput(Point point) {
  Value firstRow = point[row], firstLane = point[lane];
  auto one = [&](Value r, Value l) {
    point[row] = e.add(firstRow, r);
    point[lane] = e.add(firstLane, l);
    Value total = e.fadd(load(out, point), e.load(sum, {r, l}));
    e.store(e.cast(total, out.element()), out.buffer, getIndices(out, point));
  };
  // The inner loop writes neighbours.
  if (out.isContiguous(row))
    e.loop(e.index(0), laneCount, 1, [&](Value l) {
      e.loop(e.index(0), rowCount, 1, [&](Value r) { one(r, l); });
    });
  else
    e.loop(e.index(0), rowCount, 1, [&](Value r) {
      e.loop(e.index(0), laneCount, 1, [&](Value l) { one(r, l); });
    });
}

bool mlir::hydragen::isMatmulKernel(linalg::GenericOp op) {
  return op.hasPureBufferSemantics() && isMatmul(op) &&
         !op->getParentOfType<scf::ParallelOp>();
}

void mlir::hydragen::emitMatmulKernel(OpBuilder &builder, linalg::GenericOp op,
                                      unsigned vectorBits) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  MatmulKernel kernel(builder, op, vectorBits);
  kernel.plan();
  kernel.emit();
}
