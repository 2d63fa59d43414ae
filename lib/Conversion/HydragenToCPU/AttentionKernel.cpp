//===- AttentionKernel.cpp - parts of the attention kernels -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

static FloatType getStateType(PartialAttentionOpInterface op) {
  return cast<FloatType>(
      cast<ShapedType>(op.getInits().front().getType()).getElementType());
}

AttentionKernel::AttentionKernel(PartialAttentionOpInterface op,
                                 const Machine &machine, OpBuilder &builder,
                                 int64_t tileRows)
    : machine(machine), e(builder, op->getLoc(), getStateType(op)), in(op, e),
      mods(in), tileRows(tileRows) {}

//===----------------------------------------------------------------------===//
// Work items
//===----------------------------------------------------------------------===//

void AttentionKernel::emit() {
  Value rows = in.getSize(in.folded);
  Value tiles = e.ceilDiv(rows, tileRows);
  numKeys = in.getSize(in.dims.keys);
  Value count = e.mul(in.getSize(in.outer), tiles);
  auto parallel =
      scf::ParallelOp::create(e.b, e.loc, e.index(0), count, e.index(1));
  OpBuilder::InsertionGuard guard(e.b);
  e.b.setInsertionPointToStart(parallel.getBody());
  emitItem(parallel.getInductionVars()[0], tiles, rows);
}

void AttentionKernel::emitItem(Value item, Value tiles, Value rows) {
  itemPoint = in.makePoint();
  in.setDigits(itemPoint, in.outer, e.div(item, tiles));
  Value firstRow = e.mul(e.rem(item, tiles), e.index(tileRows));
  numRows = e.min(e.index(tileRows), e.sub(rows, firstRow));

  Type index = e.b.getIndexType();
  int64_t numFolded = in.folded.size();
  rowIndices = e.scratch({e.b.getIndexAttr(std::max<int64_t>(numFolded, 1)),
                          e.b.getIndexAttr(tileRows)},
                         index);
  Value lastRow = e.sub(rows, e.index(1));
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value m) {
    Point point = in.makePoint();
    in.setDigits(point, in.folded, e.min(e.add(firstRow, m), lastRow));
    for (auto [i, dim] : llvm::enumerate(in.folded))
      e.store(point[dim], rowIndices, {e.index(i), m});
  });

  beginItem();
  std::pair<Value, Value> range = emitKeyRange();
  Value begin = range.first, end = range.second;
  e.loop(begin, end, tileKeys, [&](Value first) {
    emitTile(first, e.min(e.index(tileKeys), e.sub(end, first)));
  });
  endItem();
  e.freeScratch();
}

std::pair<Value, Value> AttentionKernel::emitKeyRange() {
  if (!mods.hasBounds())
    return {e.index(0), numKeys};
  Type i32 = e.b.getI32Type();
  lowKeys = e.scratch({e.b.getIndexAttr(tileRows)}, i32);
  highKeys = e.scratch({e.b.getIndexAttr(tileRows)}, i32);
  // Over the rows: least low, largest high, largest low, least high.
  SmallVector<Value> ranges = e.loop(
      e.index(0), e.index(tileRows), 1,
      {numKeys, e.index(0), e.index(0), numKeys}, [&](Value m, ValueRange old) {
        auto [low, high] = mods.emitBounds(getRowPoint(m), numKeys);
        e.store(arith::IndexCastOp::create(e.b, e.loc, i32, low), lowKeys, {m});
        e.store(arith::IndexCastOp::create(e.b, e.loc, i32, high), highKeys,
                {m});
        return SmallVector<Value>{e.min(old[0], low), e.max(old[1], high),
                                  e.max(old[2], low), e.min(old[3], high)};
      });
  lastLow = ranges[2];
  firstHigh = ranges[3];
  return {ranges[0], ranges[1]};
}

Point AttentionKernel::getRowPoint(Value m) {
  Point point = itemPoint;
  for (auto [i, dim] : llvm::enumerate(in.folded))
    point[dim] = e.load(rowIndices, {e.index(i), m});
  return point;
}

Point AttentionKernel::getKeyPoint(Value key) {
  Point point = itemPoint;
  in.setDigits(point, in.dims.keys, key);
  return point;
}

//===----------------------------------------------------------------------===//
// Tiles of K and V
//===----------------------------------------------------------------------===//

OpFoldResult AttentionKernel::paddedSize(ArrayRef<unsigned> dims,
                                         int64_t multiple) {
  if (std::optional<int64_t> size = in.getStaticSize(dims))
    return e.b.getIndexAttr(llvm::alignTo(*size, multiple));
  return e.roundUp(in.getSize(dims), multiple);
}

Value AttentionKernel::asValue(OpFoldResult size) {
  if (std::optional<int64_t> fixed = getConstantIntValue(size))
    return e.index(*fixed);
  return cast<Value>(size);
}

AttentionKernel::TileSource AttentionKernel::makeSource(int term, int64_t lanes,
                                                        bool anyType) {
  TileSource source;
  source.lanes = lanes;
  ArrayRef<unsigned> inner = getInner(term);
  Value operand = getOperand(term);
  Type element = cast<MemRefType>(operand.getType()).getElementType();
  std::optional<int64_t> size = in.getStaticSize(inner);
  source.direct = anyType ? element.getIntOrFloatBitWidth() <= e.type.getWidth()
                          : element == e.type;
  if (lanes == 1)
    source.direct &= inner.size() == 1;
  else
    source.direct &= in.isVectorizable(operand, getMap(term), inner) && size &&
                     *size % lanes == 0;
  if (source.direct)
    return source;

  OpFoldResult columns = paddedSize(inner, lanes);
  source.buffer = e.scratch({e.b.getIndexAttr(tileKeys), columns}, e.type);
  if (!size || *size % lanes != 0)
    e.loop(e.index(0), e.index(tileKeys), 1, [&](Value n) {
      e.loop(in.getSize(inner), asValue(columns), 1,
             [&](Value i) { e.store(e.constant(0.0), source.buffer, {n, i}); });
    });
  return source;
}

void AttentionKernel::fillSource(const TileSource &source, int term,
                                 Value first, Value count) {
  if (source.direct)
    return;
  ArrayRef<unsigned> inner = getInner(term);
  e.loop(e.index(0), count, 1, [&](Value n) {
    Point point = getKeyPoint(e.add(first, n));
    SmallVector<Value> symbols =
        in.loadSymbols(getOperand(term), getMap(term), point);
    e.loop(e.index(0), in.getSize(inner), 1, [&](Value i) {
      in.setDigits(point, inner, i);
      Value element = term < 0 ? in.loadValue(point, symbols, e.type)
                               : in.loadKey(term, point, symbols, e.type);
      e.store(element, source.buffer, {n, i});
    });
  });
}

void AttentionKernel::emitPrefetch(int term, Value key, Value part,
                                   int64_t parts, Cache cache) {
  static constexpr int64_t kLineBytes = 64;
  AffineMap map = getMap(term);
  Value operand = getOperand(term);
  std::optional<int64_t> size = in.getStaticSize(getInner(term));
  if (!size || in.dims.keys.size() != 1 || map.getNumSymbols() != 0 ||
      !in.isVectorizable(operand, map, getInner(term)))
    return;
  int64_t width = std::max<int64_t>(
      1, cast<MemRefType>(operand.getType()).getElementTypeBitWidth() / 8);
  int64_t lineElements = std::max<int64_t>(1, kLineBytes / width);
  int64_t lines = llvm::divideCeil(*size, lineElements);
  int64_t share = llvm::divideCeil(lines, parts);
  Point point = getKeyPoint(e.min(key, e.sub(numKeys, e.index(1))));
  Value firstLine = e.mul(part, e.index(share));
  for (int64_t i = 0; i < share; ++i) {
    Value column = e.mul(e.add(firstLine, i), e.index(lineElements));
    column = e.min(column, e.index(*size - 1));
    in.setDigits(point, getInner(term), column);
    memref::PrefetchOp::create(
        e.b, e.loc, operand, in.getIndices(map, point, {}),
        /*isWrite=*/false, /*localityHint=*/cache == Cache::First ? 3 : 2,
        /*isDataCache=*/true);
  }
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

bool AttentionKernel::mayOverflow() {
  // Products of f16 numbers are far from the largest f32.
  auto isHalf = [](Value value) {
    return cast<ShapedType>(value.getType()).getElementType().isF16();
  };
  return mods.hasElementwise() || !llvm::all_of(in.op.getQueries(), isHalf) ||
         !llvm::all_of(in.op.getKeys(), isHalf) ||
         std::abs(in.op.getScale().convertToDouble()) > 1e6;
}

Value AttentionKernel::toBase2(Value score) {
  if (mayOverflow())
    return e.toBase2(score);
  return e.fmul(score, e.constant(1.4426950408889634, score.getType()));
}

//===----------------------------------------------------------------------===//
// Which kernel
//===----------------------------------------------------------------------===//

void cpu::emitAttention(PartialAttentionOpInterface op, const Machine &machine,
                        OpBuilder &builder) {
  // Rows per key, where they are known.
  AttentionDims dims = AttentionDims::get(op);
  llvm::SmallBitVector unused = getUnusedRows(op);
  auto outputType = cast<MemRefType>(op.getInits()[0].getType());
  std::optional<int64_t> rows = 1;
  for (unsigned i : unused.set_bits()) {
    if (outputType.isDynamicDim(i)) {
      rows.reset();
      break;
    }
    rows = *rows * outputType.getDimSize(i);
  }
  int64_t lanes = machine.lanes(getStateType(op));
  bool few = rows ? *rows <= 8 : isa<SuffixAttentionOp>(op.getOperation());
  std::unique_ptr<AttentionKernel> kernel;
  if (few) {
    int64_t tile = rows ? std::max<int64_t>(*rows, 1) : 4;
    kernel = makeKeyLanesKernel(op, machine, builder, tile);
  } else {
    int64_t step = machine.numRegisters() == 32 ? lanes : 2 * lanes;
    int64_t tile = llvm::alignTo(int64_t(64), step);
    if (rows)
      tile = std::min<int64_t>(tile, llvm::alignTo(*rows, step));
    kernel = makeRowLanesKernel(op, machine, builder, tile);
  }
  kernel->emit();
}
