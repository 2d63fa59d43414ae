//===- AttentionKernel.cpp - parts of the attention kernels -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

static FloatType getStateType(PartialAttentionOpInterface op) {
  return cast<FloatType>(
      cast<ShapedType>(op.getInits().front().getType()).getElementType());
}

bool AttentionKernel::hasNeutralInits() {
  return in.op->hasAttr(kNeutralInitsAttr);
}

AttentionKernel::AttentionKernel(PartialAttentionOpInterface op,
                                 const Machine &machine, OpBuilder &builder,
                                 int64_t tileRows)
    : machine(machine), e(builder, op->getLoc(), getStateType(op)), in(op, e),
      mods(in), tileRows(tileRows) {
  e.hasPairs = machine.hasPairs;
}

//===----------------------------------------------------------------------===//
// Work items
//===----------------------------------------------------------------------===//

/// Few items leave threads idle: then each takes a part of the keys.
Value AttentionKernel::chooseSplits(Value tiles) {
  // Enough to balance 16 threads; a part has some tiles.
  static constexpr int64_t kItems = 32, kSplitKeys = 512;
  // An extent that is not known is at least 1.
  auto least = [&](ArrayRef<unsigned> dims) {
    int64_t size = 1;
    for (unsigned dim : dims)
      size *= in.getStaticSize(dim).value_or(1);
    return size;
  };
  int64_t items =
      least(in.outer) * llvm::divideCeil(least(in.folded), tileRows);
  std::optional<int64_t> keys = in.getStaticSize(in.dims.keys);
  // No rows, or too many items, or too few keys.
  if (items == 0 || kItems / items < 2 || (keys && *keys < 2 * kSplitKeys))
    return {};
  if (keys && in.getStaticSize(in.outer) && in.getStaticSize(in.folded))
    return e.index(std::min(kItems / items, *keys / kSplitKeys));
  Value count = e.max(e.mul(in.getSize(in.outer), tiles), e.index(1));
  Value parts =
      e.min(e.div(e.index(kItems), count), e.div(numKeys, e.index(kSplitKeys)));
  return e.max(parts, e.index(1));
}

void AttentionKernel::emit(FinalizeOp fused) {
  finalize = fused;
  Value rows = in.getSize(in.folded);
  Value tiles = e.ceilDiv(rows, tileRows);
  numKeys = in.getSize(in.dims.keys);
  numSplits = chooseSplits(tiles);
  Value count = e.mul(in.getSize(in.outer), tiles);
  if (numSplits) {
    count = e.mul(count, numSplits);
    std::optional<int64_t> known = getConstantIntValue(numSplits);
    for (auto [buffer, init] : llvm::zip(splitState, in.op.getInits())) {
      auto type = cast<MemRefType>(init.getType());
      SmallVector<int64_t> shape{known.value_or(ShapedType::kDynamic)};
      llvm::append_range(shape, type.getShape());
      SmallVector<Value> sizes;
      if (!known)
        sizes.push_back(numSplits);
      for (int64_t i = 0; i < type.getRank(); ++i)
        if (type.isDynamicDim(i))
          sizes.push_back(e.dim(init, i));
      buffer = memref::AllocOp::create(
          e.b, e.loc, MemRefType::get(shape, type.getElementType()), sizes,
          e.b.getI64IntegerAttr(64));
    }
  }
  auto parallel =
      scf::ParallelOp::create(e.b, e.loc, e.index(0), count, e.index(1));
  {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPointToStart(parallel.getBody());
    emitItem(parallel.getInductionVars()[0], tiles, rows);
  }
  if (numSplits)
    emitMerge();
}

/// The states of the parts, merged into the op's in the order of the keys.
void AttentionKernel::emitMerge() {
  if (hasNeutralInits()) {
    Value zero = e.constant(0.0);
    Value values[] = {zero, e.infinity(e.type, /*negative=*/true), zero};
    for (auto [value, init] : llvm::zip(values, in.op.getInits()))
      linalg::FillOp::create(e.b, e.loc, value, init);
  }
  auto merge = CombineOp::create(e.b, e.loc, TypeRange(), splitState,
                                 in.op.getInits(), /*stacked=*/true);
  OpBuilder::InsertionGuard guard(e.b);
  e.b.setInsertionPoint(merge);
  emitCombine(merge, finalize, e.b);
  for (Value buffer : splitState)
    memref::DeallocOp::create(e.b, e.loc, buffer);
  merge->erase();
}

void AttentionKernel::emitItem(Value item, Value tiles, Value rows) {
  itemPoint = in.makePoint();
  split = nullptr;
  if (numSplits) {
    // Items that read the same keys are neighbours.
    Value perSplit = e.mul(in.getSize(in.outer), tiles);
    split = e.div(item, perSplit);
    item = e.rem(item, perSplit);
  }
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
  Value begin = e.index(0), end = numKeys;
  if (split) {
    // Whole tiles, the same number in each part or one more.
    Value tiles = e.ceilDiv(numKeys, tileKeys);
    auto beginOf = [&](Value part) {
      Value tile = e.div(e.mul(part, tiles), numSplits);
      return e.min(e.mul(tile, e.index(tileKeys)), numKeys);
    };
    begin = beginOf(split);
    end = beginOf(e.add(split, 1));
  }
  if (!mods.hasBounds())
    return {begin, end};
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
  if (!split)
    return {ranges[0], ranges[1]};
  return {e.max(ranges[0], begin), e.min(ranges[1], end)};
}

void AttentionKernel::loadState(Value maxima, Value sums, Value output,
                                Value paddedColumns) {
  Value numColumns = in.getSize(in.dims.values);
  Value zero = e.constant(0.0);
  bool neutral = split || hasNeutralInits();
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value m) {
    Point point = getRowPoint(m);
    SmallVector<Value> row = in.getRowIndices(point);
    e.store(neutral ? e.infinity(e.type, /*negative=*/true)
                    : e.load(in.stateM(), row),
            maxima, {m});
    e.store(neutral ? zero : e.load(in.stateL(), row), sums, {m});
    e.loop(e.index(0), numColumns, 1, [&](Value column) {
      Point element = point;
      in.setDigits(element, in.dims.values, column);
      e.store(neutral ? zero
                      : e.load(in.stateO(), in.getOutputIndices(element)),
              output, {m, column});
    });
    e.loop(numColumns, paddedColumns, 1,
           [&](Value column) { e.store(zero, output, {m, column}); });
  });
}

void AttentionKernel::storeState(Value maxima, Value sums, Value output) {
  if (finalize && !split) {
    e.loop(e.index(0), numRows, 1, [&](Value m) {
      SmallVector<Value> row = in.getRowIndices(getRowPoint(m));
      emitFinalizeRow(e, finalize, row, e.load(maxima, {m}), e.load(sums, {m}),
                      [&](ArrayRef<Value>, Value column) {
                        return e.load(output, {m, column});
                      });
    });
    return;
  }
  Value buffers[] = {in.stateO(), in.stateM(), in.stateL()};
  SmallVector<Value> leading;
  if (split) {
    llvm::copy(splitState, buffers);
    leading.push_back(split);
  }
  auto at = [&](ArrayRef<Value> indices) {
    SmallVector<Value> all(leading);
    llvm::append_range(all, indices);
    return all;
  };
  e.loop(e.index(0), numRows, 1, [&](Value m) {
    Point point = getRowPoint(m);
    SmallVector<Value> row = at(in.getRowIndices(point));
    e.store(e.load(maxima, {m}), buffers[1], row);
    e.store(e.load(sums, {m}), buffers[2], row);
    e.loop(e.index(0), in.getSize(in.dims.values), 1, [&](Value column) {
      Point element = point;
      in.setDigits(element, in.dims.values, column);
      e.store(e.load(output, {m, column}), buffers[0],
              at(in.getOutputIndices(element)));
    });
  });
}

Point AttentionKernel::getRowPoint(Value m, int64_t lanes) {
  Point point = itemPoint;
  auto vector = VectorType::get({lanes}, e.b.getIndexType());
  for (auto [i, dim] : llvm::enumerate(in.folded))
    point[dim] = lanes == 1 ? e.load(rowIndices, {e.index(i), m})
                            : e.loadVector(vector, rowIndices, {e.index(i), m});
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

AttentionKernel::TileSource AttentionKernel::makeSource(int term,
                                                        int64_t lanes) {
  TileSource source;
  ArrayRef<unsigned> inner = getInner(term);
  Value operand = getOperand(term);
  std::optional<int64_t> size = in.getStaticSize(inner);
  source.direct =
      cast<MemRefType>(operand.getType()).getElementTypeBitWidth() <=
          e.type.getWidth() &&
      in.isVectorizable(operand, getMap(term), inner) && size &&
      *size % lanes == 0;
  if (!source.direct)
    source.buffer = makeBuffer(term, lanes, e.type);
  return source;
}

Value AttentionKernel::makeBuffer(int term, int64_t lanes, Type type) {
  ArrayRef<unsigned> inner = getInner(term);
  OpFoldResult columns = paddedSize(inner, lanes);
  Value buffer = e.scratch({e.b.getIndexAttr(tileKeys), columns}, type);
  std::optional<int64_t> size = in.getStaticSize(inner);
  if (!size || *size % lanes != 0)
    e.loop(e.index(0), e.index(tileKeys), 1, [&](Value n) {
      e.loop(in.getSize(inner), asValue(columns), 1,
             [&](Value i) { e.store(e.constant(0.0, type), buffer, {n, i}); });
    });
  return buffer;
}

void AttentionKernel::fillBuffer(Value buffer, int term, Value first,
                                 Value count) {
  ArrayRef<unsigned> inner = getInner(term);
  AffineMap map = getMap(term);
  Type type = cast<MemRefType>(buffer.getType()).getElementType();
  auto copy = [&](Value n, Value begin, Value end) {
    Point point = getKeyPoint(e.add(first, n));
    SmallVector<Value> symbols = in.loadSymbols(getOperand(term), map, point);
    e.loop(begin, end, 1, [&](Value i) {
      in.setDigits(point, inner, i);
      Value element = term < 0 ? in.loadValue(point, symbols, type)
                               : in.loadKey(term, point, symbols, type);
      e.store(element, buffer, {n, i});
    });
  };
  Value size = in.getSize(inner);
  // Keys that lie side by side (K transposed): a few columns at a time, so that
  // what is read with one key is there for the next ones.
  static constexpr int64_t kColumns = 16;
  std::optional<int64_t> known = in.getStaticSize(inner);
  bool transposed = in.isVectorizable(getOperand(term), map, in.dims.keys) &&
                    known && *known % kColumns == 0;
  if (!transposed) {
    e.loop(e.index(0), count, 1, [&](Value n) { copy(n, e.index(0), size); });
    return;
  }
  e.loop(e.index(0), size, kColumns, [&](Value i) {
    e.loop(e.index(0), count, 1,
           [&](Value n) { copy(n, i, e.add(i, kColumns)); });
  });
}

static constexpr int64_t kLineBytes = 64;

int64_t AttentionKernel::numLines(int term) {
  auto type = cast<ShapedType>(getOperand(term).getType());
  int64_t bits = in.getStaticSize(getInner(term)).value_or(128) *
                 type.getElementTypeBitWidth();
  return std::max<int64_t>(1, llvm::divideCeil(bits, 8 * kLineBytes));
}

void AttentionKernel::emitPrefetch(int term, Value key, Value part,
                                   int64_t parts, Cache cache) {
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
  Value last = e.sub(numKeys, e.index(1));
  if (in.getStaticSize(in.dims.keys).value_or(0) == 0)
    last = e.max(last, e.index(0));
  Point point = getKeyPoint(e.min(key, last));
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

/// Rows of one tile: 128, fewer where Q and the output are wide, so that they
/// leave room for keys in a second-level cache.
static int64_t getMostRows(PartialAttentionOpInterface op, int64_t step) {
  static constexpr int64_t kMostRows = 128, kRowsBytes = 192 * 1024;
  AttentionDims dims = AttentionDims::get(op);
  auto outputType = cast<MemRefType>(op.getInits()[0].getType());
  int64_t elements = 1;
  for (int64_t size : outputType.getShape().drop_front(dims.rows.size()))
    elements *= ShapedType::isDynamic(size) ? 128 : size;
  for (auto [query, map, contraction] :
       llvm::zip(op.getQueries(), op.getQueryMapsVector(), dims.contraction)) {
    int64_t depth = 1;
    for (unsigned dim : contraction) {
      std::optional<unsigned> position =
          map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
      int64_t size =
          position ? cast<MemRefType>(query.getType()).getDimSize(*position)
                   : ShapedType::kDynamic;
      depth *= ShapedType::isDynamic(size) ? 128 : size;
    }
    elements += depth;
  }
  int64_t rowBytes =
      std::max<int64_t>(1, elements) * getStateType(op).getWidth() / 8;
  int64_t rows = std::min(kMostRows, kRowsBytes / rowBytes);
  return std::max(step, rows / step * step);
}

static void emitKeyLanes(PartialAttentionOpInterface op, const Machine &machine,
                         OpBuilder &builder, int64_t tileRows,
                         FinalizeOp finalize) {
  makeKeyLanesKernel(op, machine, builder, tileRows)->emit(finalize);
}

/// `rows` share keys; as many as fill a tile if that is not known.
static void emitRowLanes(PartialAttentionOpInterface op, const Machine &machine,
                         OpBuilder &builder, std::optional<int64_t> rows,
                         FinalizeOp finalize) {
  // Tiles of equal size, of whole register blocks. A tile of K and V is read
  // once for all rows of a tile.
  bool many = machine.numRegisters() == 32;
  int64_t lanes = machine.lanes(getStateType(op));
  int64_t step = many ? lanes : 2 * lanes;
  int64_t most = getMostRows(op, step);
  int64_t tile = std::min<int64_t>(most, 64);
  if (rows) {
    int64_t tiles = std::max<int64_t>(1, llvm::divideCeil(*rows, most));
    tile = std::max<int64_t>(1, llvm::divideCeil(*rows, tiles));
  }
  tile = llvm::alignTo(tile, step);
  if (many && tile / lanes == 7)
    tile += lanes;
  makeRowLanesKernel(op, machine, builder, tile)->emit(finalize);
}

/// The most rows per key for which reading keys is what takes time.
static constexpr int64_t kFewRows = 8;

namespace {
/// Rows per key: their number, or what it is a multiple of.
struct RowsPerKey {
  int64_t rows = 1;
  bool isKnown = true;

  explicit RowsPerKey(PartialAttentionOpInterface op) {
    auto type = cast<MemRefType>(op.getInits()[0].getType());
    llvm::SmallBitVector folded = getFoldedRows(op);
    for (unsigned i : folded.set_bits())
      if (type.isDynamicDim(i))
        isKnown = false;
      else
        rows *= type.getDimSize(i);
  }
};
} // namespace

std::optional<bool> cpu::hasFewRows(PartialAttentionOpInterface op) {
  RowsPerKey perKey(op);
  if (!perKey.isKnown && perKey.rows <= kFewRows)
    return std::nullopt;
  return perKey.rows <= kFewRows;
}

void cpu::emitAttention(PartialAttentionOpInterface op, FinalizeOp finalize,
                        const Machine &machine, OpBuilder &builder) {
  static constexpr int64_t kSomeRows = 4;
  RowsPerKey perKey(op);
  int64_t rows = perKey.rows;
  if (perKey.isKnown) {
    if (rows <= kFewRows)
      emitKeyLanes(op, machine, builder, std::max<int64_t>(rows, 1), finalize);
    else
      emitRowLanes(op, machine, builder, rows, finalize);
    return;
  }
  // The call decides: the fewest rows that there may be (one sequence, as fast
  // as it is alone), some, or many.
  SmallVector<int64_t> tiles;
  if (rows <= kFewRows)
    tiles.push_back(std::max<int64_t>(rows, 1));
  if (rows < kSomeRows)
    tiles.push_back(kSomeRows);
  OpBuilder::InsertionGuard guard(builder);
  Emitter e(builder, op.getLoc(), getStateType(op));
  Value count = e.index(1);
  llvm::SmallBitVector folded = getFoldedRows(op);
  for (unsigned i : folded.set_bits())
    count = e.mul(count, e.dim(op.getInits()[0], i));
  for (int64_t tile : tiles) {
    Value few = arith::CmpIOp::create(
        builder, op.getLoc(), arith::CmpIPredicate::sle, count, e.index(tile));
    auto choice = scf::IfOp::create(builder, op.getLoc(), few,
                                    /*withElseRegion=*/true);
    builder.setInsertionPointToStart(&choice.getThenRegion().front());
    emitKeyLanes(op, machine, builder, tile, finalize);
    builder.setInsertionPointToStart(&choice.getElseRegion().front());
  }
  emitRowLanes(op, machine, builder, std::nullopt, finalize);
}
