//===- ProductKernel.cpp - what kernels of contractions share ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductKernel.h"

#include "mlir/Dialect/Linalg/Utils/Utils.h"

using namespace mlir;
using namespace mlir::hydragen;

/// An operand of fewer bytes stays in a second-level cache.
static constexpr int64_t kCachedBytes = 128 * 1024;
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

std::optional<SmallVector<LoopKind>>
mlir::hydragen::getProductLoops(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return std::nullopt;
  for (OpOperand &operand : op->getOpOperands()) {
    auto shaped = dyn_cast<ShapedType>(operand.get().getType());
    if (!shaped || !isSupported(shaped.getElementType()))
      return std::nullopt;
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults())
      if (!isa<AffineDimExpr>(expr) && expr != 0)
        return std::nullopt;
    if (!op.getMatchingIndexingMap(&operand).isProjectedPermutation(
            /*allowZeroInResults=*/true))
      return std::nullopt;
  }
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<LoopKind> kinds;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    bool left = maps[0].isFunctionOfDim(loop);
    bool right = maps[1].isFunctionOfDim(loop);
    bool out = maps[2].isFunctionOfDim(loop);
    // A loop that one operand alone uses, or none, is of no kind.
    if (left + right + out < 2)
      return std::nullopt;
    kinds.push_back(!out    ? LoopKind::Sum
                    : !left ? LoopKind::Right
                    : right ? LoopKind::Batch
                            : LoopKind::Left);
  }
  if (!hasProductBody(op))
    return std::nullopt;
  return kinds;
}

ProductSide::ProductSide(linalg::LinalgOp op, OpOperand &operand)
    : buffer(operand.get()), map(op.getMatchingIndexingMap(&operand)) {
  int64_t offset;
  auto type = cast<MemRefType>(buffer.getType());
  if (failed(type.getStridesAndOffset(strides, offset)))
    strides.assign(type.getRank(), ShapedType::kDynamic);
}

int64_t mlir::hydragen::getProductExtent(int64_t extent) {
  return ShapedType::isDynamic(extent) ? int64_t(1) << 20 : extent;
}

bool ProductSide::isLarge() const {
  int64_t bytes = elementBytes();
  for (int64_t size : cast<MemRefType>(buffer.getType()).getShape())
    bytes = std::min<int64_t>(bytes * getProductExtent(size), int64_t(1) << 40);
  return bytes > kCachedBytes;
}

//===----------------------------------------------------------------------===//
// Work items
//===----------------------------------------------------------------------===//

void ProductKernel::emit() {
  int64_t products = 1;
  for (auto [loop, range] : llvm::enumerate(staticExtents)) {
    products =
        std::min<int64_t>(products * getProductExtent(range), int64_t(1) << 40);
    Value extent;
    for (const ProductSide *side : {&rows, &lanes, &out})
      for (auto [i, expr] : llvm::enumerate(side->map.getResults()))
        if (!extent && expr.isFunctionOfDim(loop))
          extent = e.dim(side->buffer, i);
    extents.push_back(extent);
  }
  Value count = e.ceilDiv(extents[lane], blockLanes);
  if (row)
    count = e.mul(count, e.ceilDiv(extents[*row], blockRows));
  for (unsigned loop : outer)
    count = e.mul(count, extents[loop]);
  OpBuilder::InsertionGuard guard(e.b);
  auto allocate = [&] {
    makeScratch();
    sum = e.scratch({e.b.getIndexAttr(blockRows), e.b.getIndexAttr(blockLanes)},
                    e.type);
  };
  if (products < kParallelProducts) {
    allocate();
    e.loop(e.index(0), count, 1, [&](Value item) { emitItem(item); });
    e.freeScratch();
    return;
  }
  auto parallel =
      scf::ParallelOp::create(e.b, e.loc, e.index(0), count, e.index(1));
  e.b.setInsertionPointToStart(parallel.getBody());
  allocate();
  emitItem(parallel.getInductionVars()[0]);
  e.freeScratch();
}

ProductKernel::Point ProductKernel::getItemPoint(Value item) {
  // Blocks of lanes advance fastest: they read the same rows.
  Point point(extents.size(), e.index(0));
  Value laneBlocks = e.ceilDiv(extents[lane], blockLanes);
  point[lane] = e.mul(e.rem(item, laneBlocks), e.index(blockLanes));
  laneCount = e.min(e.index(blockLanes), e.sub(extents[lane], point[lane]));
  Value rest = e.div(item, laneBlocks);
  rowCount = e.index(1);
  if (row) {
    Value rowBlocks = e.ceilDiv(extents[*row], blockRows);
    point[*row] = e.mul(e.rem(rest, rowBlocks), e.index(blockRows));
    rowCount = e.min(e.index(blockRows), e.sub(extents[*row], point[*row]));
    rest = e.div(rest, rowBlocks);
  }
  SmallVector<Value> outerExtents;
  for (unsigned loop : outer)
    outerExtents.push_back(extents[loop]);
  for (auto [loop, digit] : llvm::zip(outer, e.delinearize(rest, outerExtents)))
    point[loop] = digit;
  return point;
}

void ProductKernel::forSums(Point &point, function_ref<void()> body) {
  std::function<void(unsigned)> nest = [&](unsigned level) {
    if (level == sums.size())
      return body();
    unsigned loop = sums[level];
    e.loop(e.index(0), extents[loop], 1, [&](Value k) {
      point[loop] = k;
      nest(level + 1);
    });
  };
  nest(0);
}

void ProductKernel::storeOutput(Point point) {
  Point first = point;
  auto one = [&](Value r, Value l) {
    if (row)
      point[*row] = e.add(first[*row], r);
    point[lane] = e.add(first[lane], l);
    Value total = e.fadd(load(out, point), e.load(sum, {r, l}));
    e.store(e.cast(total, out.element()), out.buffer, getIndices(out, point));
  };
  // The inner loop writes neighbours.
  if (row && out.isContiguous(*row))
    e.loop(e.index(0), laneCount, 1, [&](Value l) {
      e.loop(e.index(0), rowCount, 1, [&](Value r) { one(r, l); });
    });
  else
    e.loop(e.index(0), rowCount, 1, [&](Value r) {
      e.loop(e.index(0), laneCount, 1, [&](Value l) { one(r, l); });
    });
}

SmallVector<Value> ProductKernel::getIndices(const ProductSide &side,
                                             const Point &point) {
  SmallVector<Value> indices;
  for (AffineExpr expr : side.map.getResults())
    indices.push_back(isa<AffineDimExpr>(expr)
                          ? point[cast<AffineDimExpr>(expr).getPosition()]
                          : e.index(0));
  return indices;
}

void ProductKernel::ask(const ProductSide &side, const Point &point) {
  memref::PrefetchOp::create(e.b, e.loc, side.buffer, getIndices(side, point),
                             /*isWrite=*/false, /*localityHint=*/2,
                             /*isDataCache=*/true);
}
