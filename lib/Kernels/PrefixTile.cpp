//===- PrefixTile.cpp - rows of many sequences, shared keys -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every warp has 16 or 32 rows; all warps read the same tiles of keys and
// values, which are copied one step ahead into two stages each. docs/kernels.md
// has the pipeline.
//===----------------------------------------------------------------------===//

#include "AttendTiles.h"
#include "KeyTiles.h"
#include "Results.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

//===----------------------------------------------------------------------===//
// Parts of both kinds
//===----------------------------------------------------------------------===//

Value mlir::hydragen::kernels::emitKeyEnd(const Context &context,
                                          const Item &item) {
  KernelBuilder &b = context.b;
  return b.ifThenElse(
      b.lessThan(item.lengthIndex, 0), b.i32,
      [&] { return SmallVector<Value>{item.keyEnd}; },
      [&] {
        Value length =
            b.loadI32(context.parameter("lengths"), item.lengthIndex);
        return SmallVector<Value>{b.min(item.keyEnd, length)};
      })[0];
}

void mlir::hydragen::kernels::emitRowTable(const Context &context,
                                           const VariantLayout &layout,
                                           unsigned rows, const Item &item,
                                           Value thread) {
  KernelBuilder &b = context.b;
  auto emit = [&] {
    // Rows past the end repeat the last one.
    Value r = b.min(thread, b.sub(item.rowCount, 1));
    Value number = context.getLogicalRow(item.rows, r);
    Value offset = context.getRowOffset("q", context.getDigits(number));
    b.store(offset, b.offset(context.at(layout.rowOffsets), b.shl(thread, 3)),
            8);
    b.store(number, b.offset(context.at(layout.rowNumbers), b.shl(thread, 2)),
            4);
  };
  if (rows == context.config.getThreads())
    return emit();
  b.ifThen(b.lessThan(thread, rows), emit);
}

void mlir::hydragen::kernels::emitQueryCopy(const Context &context,
                                            const VariantLayout &layout,
                                            unsigned rows, const Item &item,
                                            Value to, Value thread) {
  KernelBuilder &b = context.b;
  const KernelConfig &config = context.config;
  auto address = [&](Value row) {
    Value offset = b.load(
        b.offset(context.at(layout.rowOffsets), b.shl(row, 3)), b.i64, 8);
    return b.offset(context.parameter("queries"), offset);
  };
  if (config.queryColumns) {
    ElementCopy copy(b, layout.keyRow, getBytes(config.elementType), thread,
                     config.getThreads(), context.parameter("q_column"));
    return copy.copyRows(to, address, rows, item.rowCount);
  }
  TileCopy copy(b, layout.keyRow, thread, config.getThreads(),
                config.queryAlignment);
  copy.copyRows(to, address, rows, item.rowCount);
}

TileRange mlir::hydragen::kernels::emitTileRange(const Context &context,
                                                 const Item &item,
                                                 Value numKeys,
                                                 unsigned keysPerTile,
                                                 bool headTiles) {
  KernelBuilder &b = context.b;
  TileRange range;
  Value positive = b.max(numKeys, 0);
  range.count = b.ceilDiv(positive, keysPerTile);
  Value whole = b.div(positive, keysPerTile);
  range.headEnd = headTiles ? b.min(item.headTiles, range.count) : b.zero();
  // Stopping one tile early leaves prefetches in the unmasked loop without any
  // predicate.
  Value last = b.sub(whole, 1);
  Value room = b.max(b.sub(last, range.headEnd), 0);
  range.fullEnd = b.add(range.headEnd, b.max(b.min(room, item.fullTiles), 0));
  return range;
}

//===----------------------------------------------------------------------===//
// Prefix tile
//===----------------------------------------------------------------------===//

namespace {
class PrefixTile {
public:
  PrefixTile(const Context &context, unsigned number)
      : context(context), b(context.b), number(number),
        variant(context.config.variants[number]), tile(variant.tile),
        layout(context.config, variant), multiplier(context, layout),
        rowBlocks(tile.rows / (context.config.warps * 16)) {}

  void emit();

private:
  unsigned keyBytes() const { return tile.keys * layout.keyRow.bytes; }
  unsigned valueBytes() const { return tile.keys * layout.valueRow.pitch; }
  Value stage(unsigned start, unsigned bytes, Value parity) const {
    return b.offset(context.at(start), b.mul(parity, bytes));
  }

  /// Reads the item and computes what follows from it and the thread.
  void setUp();
  void emitRowScores(bool masked);
  void copyQueries(Value thread);
  void copyFirst(KeyTiles::Which which, unsigned stage, ValueRange location);
  SmallVector<Value> emitBody(Value j, ValueRange carried, bool masked);
  void emitScores(ArrayRef<Value> keyPointers,
                  MutableArrayRef<SmallVector<Accumulator>> products);
  Fragment getQuery(unsigned rowBlock, unsigned step, Value shift);
  Value getRowNumber(unsigned rowBlock, unsigned half);
  SmallVector<RowStates> emitLoops(bool careful);
  Value getBadRow(unsigned rowBlock, unsigned half);
  void store(ArrayRef<RowStates> states, unsigned rowBlock,
             ArrayRef<Value> written);

  const Context &context;
  KernelBuilder &b;
  unsigned number;
  const VariantConfig &variant;
  const TileConfig &tile;
  VariantLayout layout;
  Multiplier multiplier;
  unsigned rowBlocks;

  Item item;
  Value thread, lane, warp, keyEnd, numKeys;
  TileRange range;
  std::optional<KeyTiles> keys;
  std::optional<Softmax> softmax;
  std::optional<TileReader> queryReader, keyReader, valueReader;
  SmallVector<Value> queryPointers;
  SmallVector<SmallVector<Fragment>> queryFragments;
  SmallVector<RowScores> rowScores;
};
} // namespace

void PrefixTile::copyQueries(Value thread) {
  emitQueryCopy(context, layout, tile.rows, item, context.at(layout.query),
                thread);
}

void PrefixTile::copyFirst(KeyTiles::Which which, unsigned stage,
                           ValueRange location) {
  Value to = context.at(stage);
  b.ifThenElse(
      b.lessThan(numKeys, tile.keys),
      [&] { keys->copy(which, to, location, item.keyBegin, 0, numKeys); },
      [&] { keys->copy(which, to, location, item.keyBegin); });
}

Value PrefixTile::getRowNumber(unsigned rowBlock, unsigned half) {
  Value row = b.add(b.add(b.mul(warp, 16 * rowBlocks), b.shr(lane, 2)),
                    16 * rowBlock + 8 * half);
  return b.load(b.offset(context.at(layout.rowNumbers), b.shl(row, 2)), b.i32,
                4);
}

Fragment PrefixTile::getQuery(unsigned rowBlock, unsigned step, Value shift) {
  if (!tile.queryInShared)
    return queryFragments[rowBlock][step];
  return multiplier.loadQueries(
      *queryReader, TileReader::shift(b, queryPointers, shift), step, rowBlock);
}

void PrefixTile::emitScores(
    ArrayRef<Value> keyPointers,
    MutableArrayRef<SmallVector<Accumulator>> products) {
  SmallVector<MutableArrayRef<Accumulator>> sums(products.begin(),
                                                 products.end());
  auto emit = [&](unsigned step, Value shift) {
    SmallVector<SmallVector<Fragment>> queries(rowBlocks);
    for (unsigned r = 0; r < rowBlocks; ++r)
      for (unsigned i = 0; i < multiplier.getStepsAtOnce(); ++i)
        queries[r].push_back(getQuery(r, step + i, shift));
    SmallVector<Value> pointers = TileReader::shift(b, keyPointers, shift);
    for (unsigned pair = 0; pair < tile.keys / 16; ++pair)
      multiplier.multiplyKeys(queries, *keyReader, pointers, step, pair, sums);
  };
  multiplier.forHeadSteps(sums, tile.queryInShared, emit);
}

SmallVector<Value> PrefixTile::emitBody(Value j, ValueRange carried,
                                        bool masked) {
  unsigned blocks = multiplier.getValueBlocks();
  unsigned stateSize = RowStates::size(blocks);
  SmallVector<RowStates> states;
  for (unsigned r = 0; r < rowBlocks; ++r)
    states.push_back(
        RowStates::read(carried.slice(r * stateSize, stateSize), blocks));
  // Where the next tile is.
  ValueRange location = carried.drop_front(rowBlocks * stateSize);

  Value parity = b.band(j, 1), other = b.bxor(parity, 1);
  Value next = b.add(j, 1);
  Value key = b.add(item.keyBegin, b.mul(j, tile.keys));
  Value nextKey = b.add(key, tile.keys);
  SmallVector<Value> after =
      keys->advance(location, tile.keys, b.add(nextKey, tile.keys));
  auto copyNext = [&](KeyTiles::Which which, Value to) {
    if (!masked)
      return keys->copy(which, to, location, nextKey);
    Value left = b.sub(numKeys, b.mul(next, tile.keys));
    b.ifThen(b.lessThan(next, range.count),
             [&] { keys->copy(which, to, location, nextKey, 0, left); });
  };

  // Keys j are there, and no warp reads the stage of keys j - 1 any more.
  b.waitCopies(1);
  b.barrier();
  copyNext(KeyTiles::Keys, stage(0, keyBytes(), other));
  b.commitCopies();
  SmallVector<SmallVector<Accumulator>> products(
      rowBlocks,
      SmallVector<Accumulator>(tile.keys / 8, Accumulator(4, b.constantF(0))));
  // Registers are short where the state is large or masks need some.
  bool few = masked || tile.queryInShared;
  if (tile.queryInShared)
    queryPointers = queryReader->locate(context.at(layout.query), few);
  emitScores(keyReader->locate(stage(0, keyBytes(), parity), few), products);

  SmallVector<std::array<Value, 2>> factors(rowBlocks);
  for (unsigned r = 0; r < rowBlocks; ++r)
    products[r] = softmax->update(products[r], states[r], factors[r].data(),
                                  masked, rowScores[r], lane, key);
  SmallVector<MutableArrayRef<Accumulator>> outputs;
  for (RowStates &state : states)
    outputs.push_back(state.output);
  ArrayRef<std::array<Value, 2>> pending =
      multiplier.scaleOutputs(outputs, factors);

  b.waitCopies(1);
  b.barrier();
  copyNext(KeyTiles::Values, stage(layout.valueStages, valueBytes(), other));
  b.commitCopies();
  SmallVector<Value> pointers =
      valueReader->locate(stage(layout.valueStages, valueBytes(), parity), few);
  for (unsigned group = 0; group < tile.keys / 16; ++group) {
    SmallVector<std::pair<Accumulator, Accumulator>> weights;
    for (unsigned r = 0; r < rowBlocks; ++r)
      weights.push_back({products[r][2 * group], products[r][2 * group + 1]});
    multiplier.multiplyValues(weights, *valueReader, pointers, group, outputs,
                              pending);
    pending = {};
  }

  SmallVector<Value> results;
  for (RowStates &state : states)
    state.append(results);
  llvm::append_range(results, after);
  return results;
}

void PrefixTile::setUp() {
  item = context.loadItem();
  thread = b.threadId();
  lane = b.band(thread, 31);
  warp = b.shr(thread, 5);
  multiplier.setLane(lane);
  keyEnd = emitKeyEnd(context, item);
  numKeys = b.sub(keyEnd, item.keyBegin);
  range = emitTileRange(context, item, numKeys, tile.keys, variant.headTiles);
  keys.emplace(context, number, layout, item, keyEnd, thread,
               context.config.getThreads(), tile.keys);
  queryReader.emplace(
      multiplier.makeQueryReader(lane, b.mul(warp, 16 * rowBlocks)));
  queryPointers = queryReader->locate(context.at(layout.query));
  keyReader.emplace(multiplier.makeKeyReader(lane));
  valueReader.emplace(multiplier.makeValueReader(lane));
  softmax.emplace(context, number, item, keyEnd);
}

void PrefixTile::emitRowScores(bool masked) {
  rowScores.assign(rowBlocks, RowScores());
  for (unsigned r = 0; r < rowBlocks; ++r) {
    for (unsigned half : {0, 1}) {
      if (!masked && !softmax->isElementwise())
        continue;
      Value row = getRowNumber(r, half);
      softmax->emitRowValues(row, half, rowScores[r]);
      if (masked)
        softmax->emitBounds(row, half, rowScores[r]);
    }
  }
}

/// The item's loops over keys, from the queries on: the states.
SmallVector<RowStates> PrefixTile::emitLoops(bool careful) {
  SmallVector<Value> location = keys->locate(item.keyBegin);
  b.barrier();

  copyQueries(thread);
  b.commitCopies();
  copyFirst(KeyTiles::Keys, 0, location);
  b.commitCopies();
  if (!layout.queryDelaysValues) {
    copyFirst(KeyTiles::Values, layout.valueStages, location);
    b.commitCopies();
  }
  b.waitCopies(layout.queryDelaysValues ? 1 : 2);
  b.barrier();
  if (!tile.queryInShared) {
    queryFragments.clear();
    for (unsigned r = 0; r < rowBlocks; ++r) {
      SmallVector<Fragment> &fragments = queryFragments.emplace_back();
      for (unsigned step = 0; step < multiplier.getHeadSteps(); ++step)
        fragments.push_back(
            multiplier.loadQueries(*queryReader, queryPointers, step, r));
    }
    // The stages are free for values.
    b.barrier();
    if (layout.queryDelaysValues) {
      copyFirst(KeyTiles::Values, layout.valueStages, location);
      b.commitCopies();
    }
  }

  unsigned blocks = multiplier.getValueBlocks();
  SmallVector<Value> carried;
  for (unsigned r = 0; r < rowBlocks; ++r)
    RowStates::empty(b, blocks).append(carried);
  llvm::append_range(carried, keys->advance(location, tile.keys,
                                            b.add(item.keyBegin, tile.keys)));
  auto emitLoop = [&](Value from, Value to, bool masked) {
    carried =
        b.loop(from, to, b.constant(1), carried, [&](Value j, ValueRange args) {
          return emitBody(j, args, masked);
        });
  };
  if (tile.oneLoop || careful) {
    range.fullEnd = b.zero();
  } else {
    if (variant.headTiles) {
      emitRowScores(/*masked=*/true);
      emitLoop(b.zero(), range.headEnd, /*masked=*/true);
      setUp();
    }
    emitRowScores(/*masked=*/false);
    emitLoop(range.headEnd, range.fullEnd, /*masked=*/false);
    // All is computed anew after a loop, so that nothing but what it needs is
    // live across it.
    setUp();
  }
  emitRowScores(/*masked=*/true);
  emitLoop(range.fullEnd, range.count, /*masked=*/true);
  b.waitCopies(0);
  setUp();

  SmallVector<RowStates> states;
  unsigned stateSize = RowStates::size(blocks);
  for (unsigned r = 0; r < rowBlocks; ++r)
    states.push_back(RowStates::read(
        ValueRange(carried).slice(r * stateSize, stateSize), blocks));
  return states;
}

/// Place of the flag of a lane's row.
Value PrefixTile::getBadRow(unsigned rowBlock, unsigned half) {
  Value row = b.add(b.add(b.mul(warp, 16 * rowBlocks), b.shr(lane, 2)),
                    16 * rowBlock + 8 * half);
  return b.offset(context.at(layout.badRows), b.shl(row, 2));
}

void PrefixTile::store(ArrayRef<RowStates> states, unsigned rowBlock,
                       ArrayRef<Value> written) {
  emitTileResult(context, item, states[rowBlock], lane,
                 b.add(b.mul(warp, 16 * rowBlocks), 16 * rowBlock),
                 layout.rowNumbers, written);
}

void PrefixTile::emit() {
  setUp();
  emitRowTable(context, layout, tile.rows, item, thread);
  SmallVector<RowStates> states = emitLoops(/*careful=*/false);
  if (!context.config.needsCarefulPass()) {
    for (unsigned r = 0; r < rowBlocks; ++r)
      store(states, r, {});
    return;
  }

  // Rows with something that is not finite are computed again, carefully; the
  // others keep their bits, whatever rows they share a tile with.
  Value again;
  for (unsigned r = 0; r < rowBlocks; ++r) {
    SmallVector<Value> good;
    std::array<Value, 2> found = findNonFinite(b, states[r]);
    for (unsigned half : {0, 1}) {
      Value bad = found[half];
      b.ifThen(b.equal(b.band(lane, 3), 0), [&] {
        b.store(b.select(bad, b.constant(1), b.zero()), getBadRow(r, half), 4);
      });
      good.push_back(b.bxor(bad, b.constant(1, b.getI1Type())));
      again = again ? b.bor(again, bad) : bad;
    }
    store(states, r, good);
  }
  b.ifThen(b.barrierOr(again), [&] {
    multiplier.setCareful();
    setUp();
    SmallVector<RowStates> states = emitLoops(/*careful=*/true);
    for (unsigned r = 0; r < rowBlocks; ++r) {
      SmallVector<Value> bad;
      for (unsigned half : {0, 1})
        bad.push_back(b.notEqual(b.load(getBadRow(r, half), b.i32, 4), 0));
      store(states, r, bad);
    }
  });
}

void mlir::hydragen::kernels::emitPrefixTile(const Context &context,
                                             unsigned variant) {
  PrefixTile(context, variant).emit();
}
