//===- SuffixTile.cpp - one sequence's rows and its own keys ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// At most 16 rows; tiles of keys go round the warps. Each warp streams its keys
// and values through a ring of its own, in slots of 16 keys, without a block
// barrier; the warps' states are merged at the end. Reading K and V bounds it.
//===----------------------------------------------------------------------===//

#include "AttendTiles.h"
#include "KeyTiles.h"
#include "Results.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

namespace {
class SuffixTile {
public:
  SuffixTile(const Context &context, unsigned number)
      : context(context), b(context.b), number(number),
        variant(context.config.variants[number]), tile(variant.tile),
        layout(context.config, variant), multiplier(context, layout),
        warps(context.config.warps) {}

  void emit();

private:
  /// 16-key chunks of a tile: first the keys, then the values.
  unsigned halfChunks() const { return tile.keys / 16; }
  unsigned chunks() const { return 2 * halfChunks(); }
  Value slot(unsigned chunk) const {
    return b.offset(ring, int64_t(chunk % tile.ringSlots) * layout.slotBytes);
  }

  /// Reads the item and computes what follows from it and the thread.
  void setUp();
  void emitRowScores(bool masked);
  void loadQueries();
  /// Starts the copy of a tile's chunk; `left`: keys from the tile's start to
  /// the end (may be negative), or null when the tile is whole.
  void issue(unsigned chunk, ValueRange location, Value key, Value left);
  SmallVector<Value> emitBody(Value j, ValueRange carried, bool masked);
  Value getRowNumber(unsigned half);
  RowStates emitLoops(bool careful);
  void emitMerge(const RowStates &states, bool careful);
  Fragment getQuery(unsigned step, Value shift) {
    if (!tile.queryInShared)
      return queryFragments[step];
    return multiplier.loadQueries(
        *queryReader, TileReader::shift(b, queryPointers, shift), step);
  }

  const Context &context;
  KernelBuilder &b;
  unsigned number;
  const VariantConfig &variant;
  const TileConfig &tile;
  VariantLayout layout;
  Multiplier multiplier;
  unsigned warps;

  Item item;
  Value thread, lane, warp, ring, keyEnd, numKeys;
  /// Own tiles: all, those of the head, the end of those without masks.
  Value ownCount, ownHead, ownFull;
  std::optional<KeyTiles> keys;
  std::optional<Softmax> softmax;
  std::optional<TileReader> queryReader, keyReader, valueReader;
  SmallVector<Value> queryPointers;
  SmallVector<Fragment> queryFragments;
  RowScores rowScores;
  unsigned locationSize = 0;
};
} // namespace

void SuffixTile::loadQueries() {
  // All threads together copy the rows that there are.
  emitQueryCopy(context, layout, 16, item, context.at(layout.query), thread);
  b.commitCopies();
  b.waitCopies(0);
  b.barrier();
  if (tile.queryInShared)
    return;
  for (unsigned step = 0; step < multiplier.getHeadSteps(); ++step)
    queryFragments.push_back(
        multiplier.loadQueries(*queryReader, queryPointers, step));
}

void SuffixTile::issue(unsigned chunk, ValueRange location, Value key,
                       Value left) {
  KeyTiles::Which which =
      chunk < halfChunks() ? KeyTiles::Keys : KeyTiles::Values;
  unsigned first = chunk % halfChunks() * 16;
  Value to = slot(chunk);
  if (!left) {
    keys->copy(which, to, location, key, first);
  } else {
    Value rest = b.sub(left, first);
    b.ifThenElse(
        b.lessThan(rest, 16),
        [&] { keys->copy(which, to, location, key, first, rest); },
        [&] { keys->copy(which, to, location, key, first); });
  }
  b.commitCopies();
}

Value SuffixTile::getRowNumber(unsigned half) {
  Value row = b.add(b.shr(lane, 2), 8 * half);
  return b.load(b.offset(context.at(layout.rowNumbers), b.shl(row, 2)), b.i32,
                4);
}

SmallVector<Value> SuffixTile::emitBody(Value j, ValueRange carried,
                                        bool masked) {
  unsigned blocks = multiplier.getValueBlocks();
  int64_t distance = int64_t(warps) * tile.keys;
  RowStates states =
      RowStates::read(carried.take_front(RowStates::size(blocks)), blocks);
  carried = carried.drop_front(RowStates::size(blocks));
  ValueRange location = carried.take_front(locationSize);
  SmallVector<Value> next(carried.slice(locationSize, locationSize));
  Value left = carried.back();

  Value key =
      b.add(item.keyBegin, b.mul(b.add(b.mul(j, warps), warp), tile.keys));
  Value nextKey = b.add(key, distance), nextLeft = b.sub(left, distance);
  SmallVector<Value> after =
      keys->advance(next, distance, b.add(nextKey, distance));

  // Chunk `n` is in its slot; the slot of the chunk before it is free, the copy
  // that follows all under way goes there. One group per step, so that the
  // number to wait for is the same everywhere.
  auto step = [&](unsigned n) {
    b.waitCopies(tile.ringSlots - 2);
    b.warpBarrier();
    unsigned ahead = n + tile.ringSlots - 1;
    if (ahead < chunks())
      issue(ahead, location, key, masked ? left : Value());
    else
      issue(ahead - chunks(), next, nextKey, masked ? nextLeft : Value());
    return slot(n);
  };

  // Registers are short where the state is large.
  bool few = tile.queryInShared;
  if (few)
    queryPointers = queryReader->locate(context.at(layout.query), few);
  SmallVector<Accumulator> products;
  for (unsigned n = 0; n < halfChunks(); ++n) {
    SmallVector<Value> pointers = keyReader->locate(step(n), few);
    SmallVector<Accumulator> sums(2, Accumulator(4, b.constantF(0)));
    MutableArrayRef<Accumulator> list(sums);
    auto emit = [&](unsigned k, Value shift) {
      SmallVector<Fragment> query;
      for (unsigned i = 0; i < multiplier.getStepsAtOnce(); ++i)
        query.push_back(getQuery(k + i, shift));
      multiplier.multiplyKeys(
          query, *keyReader, TileReader::shift(b, pointers, shift), k, 0, list);
    };
    multiplier.forHeadSteps(list, few, emit);
    llvm::append_range(products, sums);
  }

  SmallVector<std::array<Value, 2>> factors(1);
  products = softmax->update(products, states, factors[0].data(), masked,
                             rowScores, lane, key);
  MutableArrayRef<Accumulator> output(states.output);
  ArrayRef<std::array<Value, 2>> pending =
      multiplier.scaleOutputs(output, factors);
  for (unsigned n = 0; n < halfChunks(); ++n) {
    SmallVector<Value> pointers =
        valueReader->locate(step(halfChunks() + n), few);
    std::pair<Accumulator, Accumulator> weights = {products[2 * n],
                                                   products[2 * n + 1]};
    multiplier.multiplyValues(weights, *valueReader, pointers, 0, output,
                              pending);
    pending = {};
  }

  SmallVector<Value> results;
  states.append(results);
  llvm::append_range(results, next);
  llvm::append_range(results, after);
  results.push_back(nextLeft);
  return results;
}

void SuffixTile::emitMerge(const RowStates &states, bool careful) {
  // Warps leave their states in shared memory; all threads fold them in the
  // order of warps.
  unsigned pitch = layout.mergePitch, statistics = 16 * pitch;
  Value own = b.offset(context.shared, b.mul(warp, layout.mergeBytes));
  Value column = b.shl(b.band(lane, 3), 1);
  for (unsigned half : {0, 1}) {
    Value sum = states.sum[half];
    sum = b.fadd(sum, b.shuffleXor(sum, 1));
    sum = b.fadd(sum, b.shuffleXor(sum, 2));
    Value row = b.add(b.shr(lane, 2), 8 * half);
    Value to = b.offset(b.offset(own, b.mul(row, pitch)), b.shl(column, 2));
    for (auto [t, block] : llvm::enumerate(states.output))
      b.storeVector({block[2 * half], block[2 * half + 1]},
                    b.offset(to, 32 * t));
    b.ifThen(b.equal(column, 0), [&] {
      b.storeVector({states.max[half], sum},
                    b.offset(b.offset(own, statistics), b.shl(row, 3)));
    });
  }
  b.barrier();

  // Thread -> (row, four columns and those `step` further).
  unsigned perRow = context.config.getThreads() / 16;
  Value row = b.div(thread, perRow), place = b.rem(thread, perRow);
  SmallVector<Value> weights;
  Value max = b.infinity(true), sum;
  SmallVector<std::pair<Value, Value>> all;
  for (unsigned w = 0; w < warps; ++w) {
    SmallVector<Value> pair = b.loadVector(
        b.offset(context.at(int64_t(w) * layout.mergeBytes + statistics),
                 b.shl(row, 3)),
        2, b.f32);
    all.push_back({pair[0], pair[1]});
    max = b.fmax(max, pair[0]);
  }
  Value none = b.compareF(LLVM::FCmpPredicate::oeq, max, b.infinity(true));
  Value reference = b.select(none, b.constantF(0), max);
  for (auto [m, l] : all) {
    weights.push_back(b.exp2(b.fsub(m, reference)));
    sum = sum ? b.fma(l, weights.back(), sum) : b.fmul(l, weights.back());
  }

  auto forColumns = [&](function_ref<void(ValueRange, Value)> store) {
    unsigned columns = context.config.getPaddedValueDim(), step = 4 * perRow;
    for (unsigned first = 0; first < columns; first += step) {
      Value column = b.add(b.shl(place, 2), first);
      auto emit = [&] {
        SmallVector<Value> sums;
        for (unsigned w = 0; w < warps; ++w) {
          Value from =
              b.offset(b.offset(context.at(int64_t(w) * layout.mergeBytes),
                                b.mul(row, pitch)),
                       b.shl(column, 2));
          SmallVector<Value> o = b.loadVector(from, 4, b.f32);
          for (unsigned i = 0; i < 4; ++i) {
            if (w == 0)
              sums.push_back(b.fmul(o[i], weights[0]));
            else
              sums[i] = b.fma(o[i], weights[w], sums[i]);
          }
        }
        store(sums, column);
      };
      if (first + step <= columns)
        emit();
      else
        b.ifThen(b.lessThan(column, columns), emit);
    }
  };
  Value written;
  if (context.config.needsCarefulPass()) {
    Value bad;
    for (unsigned w = 0; w < warps; ++w) {
      Value flag =
          b.load(b.offset(context.at(layout.badRows + 64 * w), b.shl(row, 2)),
                 b.i32, 4);
      bad = bad ? b.bor(bad, flag) : flag;
    }
    written = careful ? b.notEqual(bad, 0) : b.equal(bad, 0);
  }
  b.ifThenElse(
      isDirect(context, item),
      [&] {
        Value inside = b.lessThan(row, item.rowCount);
        if (written)
          inside = b.band(inside, written);
        b.ifThen(inside, [&] {
          Value number = b.load(
              b.offset(context.at(layout.rowNumbers), b.shl(row, 2)), b.i32, 4);
          ResultRow result(context, number, max, sum);
          forColumns([&](ValueRange o, Value column) {
            result.storeColumns(o, column);
          });
          b.ifThen(b.equal(place, 0), [&] { result.storeStatistics(); });
        });
      },
      [&] {
        auto store = [&] {
          StateRow state(context, b.add(item.stateRow, row));
          forColumns([&](ValueRange o, Value column) {
            state.storeColumns(o, column);
          });
          b.ifThen(b.equal(place, 0), [&] { state.storeStatistics(max, sum); });
        };
        Value inside = b.lessThan(row, item.rowCount);
        b.ifThen(written ? b.band(inside, written) : inside, store);
      });
}

void SuffixTile::setUp() {
  item = context.loadItem();
  thread = b.threadId();
  lane = b.band(thread, 31);
  warp = b.shr(thread, 5);
  multiplier.setLane(lane);
  ring = b.offset(context.shared, b.mul(warp, layout.ringBytes));
  keyEnd = emitKeyEnd(context, item);
  numKeys = b.max(b.sub(keyEnd, item.keyBegin), 0);
  queryReader.emplace(multiplier.makeQueryReader(lane));
  queryPointers = queryReader->locate(context.at(layout.query));
  keys.emplace(context, number, layout, item, keyEnd, lane, 32, 16);
  keyReader.emplace(multiplier.makeKeyReader(lane));
  valueReader.emplace(multiplier.makeValueReader(lane));
  softmax.emplace(context, number, item, keyEnd);

  // Tile t is warp t mod warps' own number t / warps.
  TileRange range =
      emitTileRange(context, item, numKeys, tile.keys, variant.headTiles);
  auto ownTiles = [&](Value end) {
    return b.div(b.sub(b.add(end, warps - 1), warp), warps);
  };
  ownCount = ownTiles(range.count);
  ownHead = variant.headTiles ? ownTiles(range.headEnd) : b.zero();
  // The warp's own next tile must be whole: one own tile less than the whole
  // ones.
  Value whole = b.div(numKeys, tile.keys);
  Value room = b.max(b.sub(whole, range.headEnd), 0);
  Value fullEnd = b.add(range.headEnd, b.max(b.min(room, item.fullTiles), 0));
  ownFull = b.max(b.min(ownTiles(fullEnd), b.sub(ownTiles(whole), 1)), ownHead);
}

void SuffixTile::emitRowScores(bool masked) {
  rowScores = RowScores();
  for (unsigned half : {0, 1}) {
    if (!masked && !softmax->isElementwise())
      continue;
    Value row = getRowNumber(half);
    softmax->emitRowValues(row, half, rowScores);
    if (masked)
      softmax->emitBounds(row, half, rowScores);
  }
}

/// The item's loops over keys: the warp's states.
RowStates SuffixTile::emitLoops(bool careful) {
  Value firstKey = b.add(item.keyBegin, b.mul(warp, tile.keys));
  int64_t distance = int64_t(warps) * tile.keys;
  SmallVector<Value> location = keys->locate(firstKey);
  SmallVector<Value> next =
      keys->advance(location, distance, b.add(firstKey, distance));
  locationSize = location.size();
  Value left = b.sub(numKeys, b.mul(warp, tile.keys));
  for (unsigned n = 0; n + 1 < tile.ringSlots; ++n)
    issue(n, location, firstKey, left);
  // Keys are under way while the rows' places are found and queries follow.
  if (!careful) {
    emitRowTable(context, layout, 16, item, thread);
    b.barrier();
  }
  loadQueries();

  unsigned blocks = multiplier.getValueBlocks();
  SmallVector<Value> carried;
  RowStates::empty(b, blocks).append(carried);
  llvm::append_range(carried, location);
  llvm::append_range(carried, next);
  carried.push_back(left);
  auto emitLoop = [&](Value from, Value to, bool masked) {
    carried =
        b.loop(from, to, b.constant(1), carried, [&](Value j, ValueRange args) {
          return emitBody(j, args, masked);
        });
  };
  if (careful || tile.oneLoop) {
    ownFull = b.zero();
  } else {
    if (variant.headTiles) {
      emitRowScores(/*masked=*/true);
      emitLoop(b.zero(), ownHead, /*masked=*/true);
      setUp();
    }
    emitRowScores(/*masked=*/false);
    emitLoop(ownHead, ownFull, /*masked=*/false);
    // All is computed anew after a loop, so that nothing but what it needs is
    // live across it.
    setUp();
    // At most two tiles are left for the loop that follows, as a rule.
    multiplier.setRolled();
  }
  emitRowScores(/*masked=*/true);
  emitLoop(ownFull, ownCount, /*masked=*/true);
  b.waitCopies(0);
  setUp();
  return RowStates::read(
      ValueRange(carried).take_front(RowStates::size(blocks)), blocks);
}

void SuffixTile::emit() {
  setUp();
  RowStates states = emitLoops(/*careful=*/false);
  if (!context.config.needsCarefulPass()) {
    b.barrier();
    return emitMerge(states, /*careful=*/false);
  }

  // As in PrefixTile; a row counts as bad when it is in some warp.
  Value again;
  std::array<Value, 2> found = findNonFinite(b, states);
  for (unsigned half : {0, 1}) {
    Value bad = found[half];
    Value row = b.add(b.add(b.shl(warp, 4), b.shr(lane, 2)), 8 * half);
    b.ifThen(b.equal(b.band(lane, 3), 0), [&] {
      b.store(b.select(bad, b.constant(1), b.zero()),
              b.offset(context.at(layout.badRows), b.shl(row, 2)), 4);
    });
    again = again ? b.bor(again, bad) : bad;
  }
  again = b.barrierOr(again);
  emitMerge(states, /*careful=*/false);
  b.ifThen(again, [&] {
    multiplier.setCareful();
    queryFragments.clear();
    setUp();
    // The states of the first time were read.
    b.barrier();
    RowStates states = emitLoops(/*careful=*/true);
    b.barrier();
    emitMerge(states, /*careful=*/true);
  });
}

void mlir::hydragen::kernels::emitSuffixTile(const Context &context,
                                             unsigned variant) {
  SuffixTile(context, variant).emit();
}
