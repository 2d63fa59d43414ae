//===- KeyLanesKernel.cpp - few rows per key --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Few rows meet each key, so reading K and V bounds the kernel. In f32 both
// stream where the hardware reads ahead: one row of theirs after the other (two
// side by side cost a third of the bandwidth, requests up to a half), each line
// loaded twice, as its prefetcher wants it, with Q and the outputs in
// registers; where they are too many, some rows meet a few keys after the
// others, who have brought them to the first-level cache. Elsewhere more rows
// than one compute so much that nothing would be read meanwhile: V is fetched
// while the scores of a short tile are computed, K of the next tile during the
// products; a whole row after the other (line by line, or a few lines ahead,
// they come at two thirds of the rate). Lanes run along the contraction for
// scores (a tree of shuffles sums as many accumulators as there are lanes),
// along the keys for the softmax and along the columns of V for the products.
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

namespace {
class KeyLanesKernel : public AttentionKernel {
public:
  KeyLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                 OpBuilder &builder, int64_t tileRows)
      : AttentionKernel(op, machine, builder, tileRows),
        lanes(machine.lanes(e.type) / (loadsHalves() ? 2 : 1)),
        vector(e.vectorOf(lanes)) {
    // As many scores at once as a vector has lanes, or fewer.
    keyBlock = std::max<int64_t>(1, llvm::bit_floor<uint64_t>(lanes) /
                                        llvm::bit_ceil<uint64_t>(tileRows));
    sideKeys = tileRows > 2 && fetchesAhead() ? 2 : 1;
    sideRows = machine.numRegisters() / 4;
    keyBlock = std::max(keyBlock, sideKeys);
    // Enough that Q, loaded for each block, is little.
    if (tileRows > 2 && streams())
      keyBlock = std::clamp<int64_t>(kStreamKeys, keyBlock, lanes);
    tileKeys = fetchesAhead() ? chooseTileKeys() : kMaxTileKeys;
  }

protected:
  void beginItem() override;
  void emitTile(Value first, Value count) override;
  void endItem() override;

private:
  /// Whether K and V come in turns, one tile ahead; see above.
  bool fetchesAhead() { return tileRows > 1 && !streams(); }
  /// Whether the hardware's prefetcher is to do it. It follows a stream only
  /// half as well whose lines are accessed once each (decision 0078).
  bool streams() { return machine.readsAhead() && readsWide(); }
  /// A single row accesses lines twice where a vector is half of one.
  bool loadsHalves() { return tileRows == 1 && streams(); }
  /// Of several rows the second half loads K and V again. Returns `loaded`, or
  /// what `load` emits for row `r`.
  Value loadAgain(int64_t r, int64_t rows, Value loaded,
                  function_ref<Value()> load);
  /// V of 16 bits would be widened again by each pass.
  bool readsWide() {
    return getElementTypeOrSelf(getOperand(-1)).getIntOrFloatBitWidth() >= 32;
  }
  /// Where what is asked for goes: lines of f32 to the second-level cache, as
  /// few requests of the first can be under way; of 16 bits, where products
  /// take more of the time, to the first (decision 0077).
  Cache getCache() { return readsWide() ? Cache::Second : Cache::First; }
  int64_t chooseTileKeys();
  /// Rows whose Q is in registers while a block of keys is read.
  int64_t getQueryRows() {
    if (!streams() || depthVectors == 0)
      return tileRows;
    return std::clamp<int64_t>(machine.numRegisters() / 2 / depthVectors, 1,
                               tileRows);
  }
  void prefetchRows(int term, Value key);
  void emitPartials(ArrayRef<Point> points, Value n, Value r, int64_t m,
                    int64_t rows);
  void emitScores(Value first, Value begin, Value end, int64_t block);
  void emitRegisterScores(Value first, Value begin, Value end, int64_t block);
  SmallVector<Value> emitBlockSums(Value first, Value n, int64_t block,
                                   ArrayRef<SmallVector<Value>> q);
  SmallVector<Value> emitRegisterPartials(Value first, Value key,
                                          ArrayRef<SmallVector<Value>> q);
  void storeScores(ArrayRef<Value> vectors, Value n, int64_t block,
                   int64_t keys);
  void emitElementwise(Value first, Value count);
  void emitSoftmax(Value m, Value first, Value count);
  /// Scores over the limit of row `m`, whose maximum is `largest`: moves its
  /// reference. Scores become base 2 where they are large. Returns the factor
  /// to base 2 that is left.
  Value moveReference(Value m, Value padded, Value largest);
  void moveTo(Value m, Value old, Value now);
  void emitProducts(Value first, Value count);
  void emitBlockProducts(Value first, Value count, int64_t vectors,
                         int64_t rows, int64_t block);
  void prefetchSlot(Value slot, int64_t numSlots, Value first);
  void emitMemoryProducts(Value first, Value n, int64_t block);
  Value loadValues(const Point &point, ArrayRef<Value> symbols, Value n,
                   Value column);
  Value loadKeys(unsigned term, const Point &point, ArrayRef<Value> symbols,
                 Value n, Value d);

  int64_t lanes;
  VectorType vector;
  int64_t keyBlock;
  /// Keys, and most rows, whose products are summed at once: one key loads Q
  /// for each multiply-add, two are no stream.
  int64_t sideKeys, sideRows;
  int64_t depthVectors = 0; ///< of a row of Q, 0 when not known
  /// Rows of V that meet the outputs in memory at once, with some rows: they
  /// are copied first to keep the order of reading.
  static constexpr int64_t kValueKeys = 4;
  /// Rows of K or V that are prefetched before their tile.
  static constexpr int64_t kLeadKeys = 4;
  /// Keys of a block that some rows meet after the others.
  static constexpr int64_t kStreamKeys = 8;
  /// Elements of Q, of rows that meet a block together, up to which the scores
  /// are written out with Q and sums as values: what 32 vectors of 512 bits
  /// hold in f32. With f32 it is faster with fewer and shorter registers, too.
  static constexpr int64_t kRegisterQuery = 512;
  /// Lines of V of a tile that is fetched ahead, and its most keys: what is
  /// asked for at once must not exceed by much what a core has outstanding.
  static constexpr int64_t kTileLines = 64, kShortTile = 16;
  SmallVector<TileSource> keys;
  TileSource values;
  SmallVector<Value> queryOffsets; ///< first column of each term in `queries`
  Value queries;                   ///< Q, scaled [rows][contractions, padded]
  Value partials;                  ///< [rows][keyBlock][lanes]
  Value scores;                    ///< [rows][keys]
  Value maxima; ///< [rows]: the reference in base 2, at the end the maximum
  Value sums;   ///< [rows]
  Value limits; ///< [rows]: scores up to here leave the reference
  Value largestLanes, weightLanes; ///< [rows][lanes]: of scores, of weights
  Value output;                    ///< [rows][columns, padded]
  Value copies;                    ///< [kValueKeys - 1][columns, padded]
  Value numColumns, paddedColumns;
};
} // namespace

int64_t KeyLanesKernel::chooseTileKeys() {
  // Whole vectors of keys.
  return llvm::alignTo(std::clamp<int64_t>(kTileLines / numLines(-1),
                                           kShortTile / 2, kShortTile),
                       std::max(lanes, keyBlock));
}

void KeyLanesKernel::beginItem() {
  for (unsigned term = 0; term < in.numTerms(); ++term)
    prefetchRows(term, e.index(0));
  auto fixed = [&](int64_t size) -> OpFoldResult {
    return e.b.getIndexAttr(size);
  };
  Value zero = e.index(0);
  std::optional<int64_t> depth = 0;
  Value depthValue = zero;
  queryOffsets.clear();
  for (unsigned term = 0; term < in.numTerms(); ++term) {
    OpFoldResult size = paddedSize(in.dims.contraction[term], lanes);
    queryOffsets.push_back(depthValue);
    depthValue = e.add(depthValue, asValue(size));
    std::optional<int64_t> known = getConstantIntValue(size);
    depth = depth && known ? std::optional(*depth + *known) : std::nullopt;
  }
  OpFoldResult depthSize = depth ? fixed(*depth) : OpFoldResult(depthValue);
  depthVectors = depth.value_or(0) / lanes;
  queries = e.scratch({fixed(tileRows), depthSize}, e.type);
  Value scale = e.constant(in.op.getScale().convertToDouble());
  e.loop(zero, e.index(tileRows), 1, [&](Value m) {
    Point row = getRowPoint(m);
    for (unsigned term = 0; term < in.numTerms(); ++term) {
      Value size = in.getSize(in.dims.contraction[term]);
      e.loop(zero, size, 1, [&](Value d) {
        Point point = row;
        in.setDigits(point, in.dims.contraction[term], d);
        e.store(e.fmul(in.loadQuery(term, point, e.type), scale), queries,
                {m, e.add(queryOffsets[term], d)});
      });
      Value padded = asValue(paddedSize(in.dims.contraction[term], lanes));
      e.loop(size, padded, 1, [&](Value d) {
        e.store(e.constant(0.0), queries, {m, e.add(queryOffsets[term], d)});
      });
    }
  });

  keys.clear();
  for (unsigned term = 0; term < in.numTerms(); ++term)
    keys.push_back(makeSource(term, lanes));
  values = makeSource(-1, lanes);

  OpFoldResult columns = paddedSize(in.dims.values, lanes);
  numColumns = in.getSize(in.dims.values);
  paddedColumns = asValue(columns);
  partials =
      e.scratch({fixed(tileRows), fixed(keyBlock), fixed(lanes)}, e.type);
  scores = e.scratch({fixed(tileRows), fixed(tileKeys)}, e.type);
  maxima = e.scratch({fixed(tileRows)}, e.type);
  sums = e.scratch({fixed(tileRows)}, e.type);
  output = e.scratch({fixed(tileRows), columns}, e.type);
  copies = e.scratch({fixed(kValueKeys - 1), columns}, e.type);
  limits = e.scratch({fixed(tileRows)}, e.type);
  largestLanes = e.scratch({fixed(tileRows), fixed(lanes)}, e.type);
  weightLanes = e.scratch({fixed(tileRows), fixed(lanes)}, e.type);
  loadState(maxima, sums, output, paddedColumns);
  // The first tile sets the reference.
  for (int64_t m = 0; m < tileRows; ++m) {
    e.store(e.infinity(e.type, /*negative=*/true), limits, {e.index(m)});
    e.storeVector(e.infinity(vector, /*negative=*/true), largestLanes,
                  {e.index(m), zero});
    e.storeVector(e.constant(0.0, vector), weightLanes, {e.index(m), zero});
  }
}

void KeyLanesKernel::emitTile(Value first, Value count) {
  for (unsigned term = 0; term < in.numTerms(); ++term)
    if (!keys[term].direct)
      fillBuffer(keys[term].buffer, term, first, count);
  if (!values.direct)
    fillBuffer(values.buffer, -1, first, count);
  prefetchRows(-1, first);
  Value whole = e.roundDown(count, keyBlock);
  int64_t size = getQueryRows() * depthVectors;
  bool inRegisters = size > 0 && size * lanes <= kRegisterQuery &&
                     (readsWide() || size <= machine.numRegisters());
  auto emit = inRegisters ? &KeyLanesKernel::emitRegisterScores
                          : &KeyLanesKernel::emitScores;
  (this->*emit)(first, e.index(0), whole, keyBlock);
  if (keyBlock > 1)
    (this->*emit)(first, whole, count, 1);
  for (unsigned term = 0; term < in.numTerms(); ++term)
    prefetchRows(term, e.add(first, tileKeys));
  if (mods.hasElementwise())
    emitElementwise(first, count);
  e.loop(e.index(0), e.index(tileRows), 1,
         [&](Value m) { emitSoftmax(m, first, count); });
  emitProducts(first, count);
}

Value KeyLanesKernel::loadAgain(int64_t r, int64_t rows, Value loaded,
                                function_ref<Value()> load) {
  if (!streams() || r == 0 || r != (rows + 1) / 2)
    return loaded;
  e.fence(); // Or it would be the same load.
  return load();
}

/// A stream that starts is slow: its first rows are asked for before, unless
/// the hardware does it.
void KeyLanesKernel::prefetchRows(int term, Value key) {
  if (streams())
    return;
  e.loop(e.index(0), e.index(kLeadKeys), 1, [&](Value r) {
    emitPrefetch(term, e.add(key, r), e.index(0), 1, getCache());
  });
}

/// `lanes` elements of K from column `d` on, widened.
Value KeyLanesKernel::loadKeys(unsigned term, const Point &point,
                               ArrayRef<Value> symbols, Value n, Value d) {
  if (!keys[term].direct)
    return e.loadVector(vector, keys[term].buffer, {n, d});
  Point at = point;
  in.setDigits(at, in.dims.contraction[term], d);
  Value key = in.op.getKeys()[term];
  Type element = cast<MemRefType>(key.getType()).getElementType();
  Value loaded = e.loadVector(VectorType::get({lanes}, element), key,
                              in.getIndices(in.keyMaps[term], at, symbols));
  return e.cast(loaded, e.type);
}

/// Scores with keys [begin, end), `block` at a time, written out: Q and sums
/// are values. Where K streams and not all of Q fits in registers, some rows
/// meet the keys of a block after the others, who have brought them to the
/// cache.
void KeyLanesKernel::emitRegisterScores(Value first, Value begin, Value end,
                                        int64_t block) {
  SmallVector<SmallVector<Value>> q;
  auto loadQueries = [&](int64_t m, int64_t rows) {
    q.assign(rows, {});
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < depthVectors; ++i)
        q[row].push_back(e.loadVector(vector, queries,
                                      {e.index(m + row), e.index(i * lanes)}));
  };
  int64_t rows = getQueryRows();
  if (rows == tileRows)
    loadQueries(0, rows);
  e.loop(begin, end, block, [&](Value n) {
    SmallVector<Value> vectors;
    for (int64_t m = 0; m < tileRows; m += rows) {
      if (rows < tileRows)
        loadQueries(m, std::min(rows, tileRows - m));
      llvm::append_range(vectors, emitBlockSums(first, n, block, q));
    }
    storeScores(vectors, n, block, block);
  });
}

/// The products of rows `q` with the keys [n, n + block) of the tile: of each
/// row a vector with the lanes of all keys.
SmallVector<Value>
KeyLanesKernel::emitBlockSums(Value first, Value n, int64_t block,
                              ArrayRef<SmallVector<Value>> q) {
  // Of each row what is not added up yet, as a binary counter has its digits,
  // so that few registers suffice, and for how many keys.
  struct Sum {
    Value value;
    int64_t keys;
  };
  SmallVector<SmallVector<Sum>> sums(q.size());
  for (int64_t r = 0; r < block; ++r) {
    Value key = e.add(n, r);
    if (fetchesAhead())
      emitPrefetch(-1, e.add(first, key), e.index(0), 1, getCache());
    for (auto [others, partial] :
         llvm::zip(sums, emitRegisterPartials(first, key, q))) {
      Sum sum{partial, 1};
      for (; !others.empty() && others.back().keys == sum.keys; sum.keys *= 2)
        sum.value =
            e.addLanes(others.pop_back_val().value, sum.value, sum.keys);
      others.push_back(sum);
    }
    // The loads of one key would mix with those of the next, which the
    // hardware's prefetcher does not take for a stream.
    e.fence();
  }
  SmallVector<Value> vectors;
  for (const SmallVector<Sum> &row : sums)
    vectors.push_back(row.front().value);
  return vectors;
}

/// The products of rows `q` with a key of the tile, by lanes.
SmallVector<Value>
KeyLanesKernel::emitRegisterPartials(Value first, Value key,
                                     ArrayRef<SmallVector<Value>> q) {
  // Enough sums that a multiply-add need not wait for the one before it.
  int64_t rows = q.size();
  int64_t chains = rows <= 4 ? std::min<int64_t>(2, depthVectors) : 1;
  SmallVector<Value> partial(rows * chains);
  Point point = getKeyPoint(e.add(first, key));
  int64_t number = 0;
  for (unsigned term = 0; term < in.numTerms(); ++term) {
    SmallVector<Value> symbols;
    if (keys[term].direct)
      symbols = in.loadSymbols(getOperand(term), in.keyMaps[term], point);
    int64_t depth =
        *getConstantIntValue(paddedSize(in.dims.contraction[term], lanes));
    for (int64_t d = 0; d < depth; d += lanes, ++number) {
      auto load = [&] {
        return loadKeys(term, point, symbols, key, e.index(d));
      };
      Value k = load();
      if (rows < tileRows)
        e.fence(); // Or the loads of two lines change places.
      for (int64_t row = 0; row < rows; ++row) {
        // Others load it again where these are not all rows.
        if (rows == tileRows)
          k = loadAgain(row, rows, k, load);
        Value &sum = partial[row * chains + number % chains];
        sum = sum ? e.fma(k, q[row][number], sum) : e.fmul(k, q[row][number]);
      }
    }
  }
  SmallVector<Value> sums;
  for (int64_t row = 0; row < rows; ++row) {
    sums.push_back(partial[row * chains]);
    for (int64_t c = 1; c < chains; ++c)
      sums.back() = e.fadd(sums.back(), partial[row * chains + c]);
  }
  return sums;
}

/// The products of rows [m, m + rows) with the keys at `points`, those of the
/// tile from `n` on, by lanes: partials of the keys from `r` on.
void KeyLanesKernel::emitPartials(ArrayRef<Point> points, Value n, Value r,
                                  int64_t m, int64_t rows) {
  int64_t side = points.size();
  // Enough sums that a multiply-add need not wait for the one before it.
  int64_t chains = rows * side <= 4 ? 2 : 1;
  SmallVector<Value> partial(rows * side * chains, e.constant(0.0, vector));
  for (unsigned term = 0; term < in.numTerms(); ++term) {
    SmallVector<SmallVector<Value>> symbols(side);
    if (keys[term].direct)
      for (int64_t i = 0; i < side; ++i)
        symbols[i] =
            in.loadSymbols(getOperand(term), in.keyMaps[term], points[i]);
    auto accumulate = [&](Value begin, Value end, int64_t count) {
      partial = e.loop(
          begin, end, count * lanes, partial, [&](Value d, ValueRange old) {
            SmallVector<Value> result(old);
            for (int64_t c = 0; c < count; ++c) {
              Value at = e.add(d, c * lanes);
              SmallVector<Value> k;
              for (int64_t i = 0; i < side; ++i)
                k.push_back(
                    loadKeys(term, points[i], symbols[i], e.add(n, i), at));
              for (int64_t row = 0; row < rows; ++row) {
                Value q = e.loadVector(
                    vector, queries,
                    {e.index(m + row), e.add(queryOffsets[term], at)});
                for (int64_t i = 0; i < side; ++i) {
                  Value &sum = result[(row * side + i) * chains + c];
                  sum = e.fma(k[i], q, sum);
                }
              }
            }
            return result;
          });
    };
    Value depth = asValue(paddedSize(in.dims.contraction[term], lanes));
    Value whole = e.roundDown(depth, chains * lanes);
    accumulate(e.index(0), whole, chains);
    if (chains > 1)
      accumulate(whole, depth, 1);
  }
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < side; ++i) {
      Value sum = partial[(row * side + i) * chains];
      for (int64_t c = 1; c < chains; ++c)
        sum = e.fadd(sum, partial[(row * side + i) * chains + c]);
      e.storeVector(sum, partials, {e.index(m + row), e.add(r, i), e.index(0)});
    }
}

void KeyLanesKernel::emitScores(Value first, Value begin, Value end,
                                int64_t block) {
  int64_t side = std::min(block, sideKeys);
  e.loop(begin, end, block, [&](Value n) {
    // In a loop: unrolled, the loads of all keys would mix.
    e.loop(e.index(0), e.index(block), side, [&](Value r) {
      Value key = e.add(n, r);
      SmallVector<Point> points;
      for (int64_t i = 0; i < side; ++i) {
        points.push_back(getKeyPoint(e.add(first, e.add(key, i))));
        if (fetchesAhead())
          emitPrefetch(-1, e.add(first, e.add(key, i)), e.index(0), 1,
                       getCache());
      }
      for (int64_t m = 0; m < tileRows; m += sideRows)
        emitPartials(points, key, r, m,
                     std::min<int64_t>(sideRows, tileRows - m));
    });
    SmallVector<Value> sums;
    for (int64_t m = 0; m < tileRows; ++m)
      for (int64_t r = 0; r < block; ++r)
        sums.push_back(e.loadVector(vector, partials,
                                    {e.index(m), e.index(r), e.index(0)}));
    storeScores(sums, n, block, 1);
  });
}

/// Stores the scores of all rows with keys [n, n + block), whose lanes are
/// still to be summed: `vectors` [rows][block / keys] with those of `keys`
/// each.
void KeyLanesKernel::storeScores(ArrayRef<Value> vectors, Value n,
                                 int64_t block, int64_t keys) {
  // Several rows at once; a run of `block` lanes belongs to one.
  int64_t rowsAtOnce = llvm::bit_floor<uint64_t>(lanes / block);
  for (int64_t m = 0; m < tileRows;) {
    int64_t rows =
        std::min<int64_t>(rowsAtOnce, llvm::bit_floor<uint64_t>(tileRows - m));
    int64_t each = block / keys;
    Value all = e.sumLanes(
        SmallVector<Value>(vectors.slice(m * each, rows * each)), keys);
    for (int64_t r = 0; r < rows; ++r) {
      Value part = vector::ExtractStridedSliceOp::create(
          e.b, e.loc, all, ArrayRef<int64_t>{r * block},
          ArrayRef<int64_t>{block}, ArrayRef<int64_t>{1});
      e.storeVector(part, scores, {e.index(m + r), n});
    }
    m += rows;
  }
}

void KeyLanesKernel::emitElementwise(Value first, Value count) {
  e.loop(e.index(0), numRows, 1, [&](Value m) {
    Point row = getRowPoint(m);
    Value whole = e.index(0);
    if (mods.isVectorizable()) {
      whole = e.roundDown(count, lanes);
      e.loop(e.index(0), whole, lanes, [&](Value n) {
        Value score = e.loadVector(vector, scores, {m, n});
        score = mods.emit(score, row, e.add(first, n), /*keysInLanes=*/true);
        e.storeVector(score, scores, {m, n});
      });
    }
    e.loop(whole, count, 1, [&](Value n) {
      Value score = mods.emit(e.load(scores, {m, n}), row, e.add(first, n));
      e.store(score, scores, {m, n});
    });
  });
}

void KeyLanesKernel::emitSoftmax(Value m, Value first, Value count) {
  Value none = e.infinity(vector, /*negative=*/true);
  Value noneScalar = e.infinity(e.type, /*negative=*/true);
  // Lanes past the last key see nothing; so do keys out of the row's bounds.
  Value padded = e.roundUp(count, lanes);
  e.loop(count, padded, 1,
         [&](Value n) { e.store(noneScalar, scores, {m, n}); });
  if (mods.hasBounds()) {
    auto toIndex = [&](Value x) -> Value {
      return arith::IndexCastOp::create(e.b, e.loc, e.b.getIndexType(), x);
    };
    Value low = e.sub(toIndex(e.load(lowKeys, {m})), first);
    Value high = e.sub(toIndex(e.load(highKeys, {m})), first);
    e.loop(e.index(0), e.min(low, count), 1,
           [&](Value n) { e.store(noneScalar, scores, {m, n}); });
    e.loop(e.max(high, e.index(0)), count, 1,
           [&](Value n) { e.store(noneScalar, scores, {m, n}); });
  }
  Value largest =
      e.loop(e.index(0), padded, lanes, {none}, [&](Value n, ValueRange old) {
        Value score = e.loadVector(vector, scores, {m, n});
        return SmallVector<Value>{e.fmax(score, old[0])};
      })[0];
  Value before = e.loadVector(vector, largestLanes, {m, e.index(0)});
  Value limit = e.broadcast(e.load(limits, {m}), vector);
  Value over = vector::ReductionOp::create(
      e.b, e.loc, vector::CombiningKind::OR,
      e.compare(arith::CmpFPredicate::OGT, largest, limit));
  Value log2e = e.constant(1.4426950408889634);
  auto move = scf::IfOp::create(
      e.b, e.loc, over,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(e.b, e.loc,
                             moveReference(m, padded, e.maxLane(largest)));
      },
      [&](OpBuilder &, Location) {
        e.storeVector(e.fmax(largest, before), largestLanes, {m, e.index(0)});
        scf::YieldOp::create(e.b, e.loc, log2e);
      });
  Value scale = e.broadcast(move.getResult(0), vector);
  Value reference = e.load(maxima, {m});
  Value base =
      e.select(e.compare(arith::CmpFPredicate::OEQ, reference, noneScalar),
               e.constant(0.0), reference);
  Value negative = e.broadcast(arith::NegFOp::create(e.b, e.loc, base), vector);
  Value sum = e.loadVector(vector, weightLanes, {m, e.index(0)});
  sum = e.loop(e.index(0), padded, lanes, {sum}, [&](Value n, ValueRange old) {
    Value score = e.loadVector(vector, scores, {m, n});
    Value p = e.exp2(e.fma(score, scale, negative));
    e.storeVector(p, scores, {m, n});
    return SmallVector<Value>{e.fadd(old[0], p)};
  })[0];
  e.storeVector(sum, weightLanes, {m, e.index(0)});
}

Value KeyLanesKernel::moveReference(Value m, Value padded, Value largest) {
  // Base 2 as the scores lie, or after a pass where some may saturate.
  Value log2e = e.constant(1.4426950408889634), one = e.constant(1.0);
  auto scaled = scf::IfOp::create(
      e.b, e.loc, e.isModerate(largest),
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(e.b, e.loc,
                             ValueRange{e.fmul(largest, log2e), log2e});
      },
      [&](OpBuilder &, Location) {
        e.loop(e.index(0), padded, lanes, [&](Value n) {
          Value score = toBase2(e.loadVector(vector, scores, {m, n}));
          e.storeVector(score, scores, {m, n});
        });
        scf::YieldOp::create(e.b, e.loc, ValueRange{toBase2(largest), one});
      });
  Value old = e.load(maxima, {m});
  Value now = e.fmax(scaled.getResult(0), old);
  moveTo(m, old, now);
  // Up to 2^8 times the weight of the reference. A large one is no reference:
  // the fused multiply-add would round it.
  Value limit = e.fma(now, e.constant(0.6931471805599453), e.constant(5.5));
  e.store(
      e.select(e.isModerate(now), limit, e.infinity(e.type, /*negative=*/true)),
      limits, {m});
  return scaled.getResult(1);
}

/// Row `m` from reference `old` to `now`, which is not less.
void KeyLanesKernel::moveTo(Value m, Value old, Value now) {
  Value none = e.infinity(e.type, /*negative=*/true);
  e.store(now, maxima, {m});
  Value base = e.select(e.compare(arith::CmpFPredicate::OEQ, now, none),
                        e.constant(0.0), now);
  Value factor = e.weight(old, base);
  Value changed = e.compare(arith::CmpFPredicate::UNE, factor, e.constant(1.0));
  e.ifThenElse(
      changed,
      [&] {
        e.store(e.fmul(factor, e.load(sums, {m})), sums, {m});
        Value wide = e.broadcast(factor, vector);
        SmallVector<Value> at{m, e.index(0)};
        e.storeVector(e.fmul(wide, e.loadVector(vector, weightLanes, at)),
                      weightLanes, at);
        e.loop(e.index(0), paddedColumns, lanes, [&](Value column) {
          Value o = e.loadVector(vector, output, {m, column});
          e.storeVector(e.fmul(o, wide), output, {m, column});
        });
      },
      [] {});
}

/// `lanes` elements of V from `column` on, widened.
Value KeyLanesKernel::loadValues(const Point &point, ArrayRef<Value> symbols,
                                 Value n, Value column) {
  if (!values.direct)
    return e.loadVector(vector, values.buffer, {n, column});
  Value memref = in.op.getValue();
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  Point at = point;
  in.setDigits(at, in.dims.values, column);
  return e.cast(e.loadVector(VectorType::get({lanes}, element), memref,
                             in.getIndices(in.valueMap, at, symbols)),
                e.type);
}

void KeyLanesKernel::emitProducts(Value first, Value count) {
  // Outputs in registers: half of them, or a few more, hold sums.
  if (std::optional<int64_t> columns = getConstantIntValue(paddedColumns)) {
    int64_t vectors = *columns / lanes, half = machine.numRegisters() / 2;
    if (vectors == 0)
      return;
    // All of them, though some are spilled, where a second pass would read
    // nothing from memory meanwhile.
    if (fetchesAhead() && tileRows * vectors <= half + 4)
      return emitBlockProducts(first, count, vectors, tileRows, vectors);
    // All, or those of as many whole rows as half of the registers hold,
    if (!fetchesAhead() && vectors <= machine.numRegisters()) {
      bool fits = tileRows * vectors <= machine.numRegisters();
      return emitBlockProducts(
          first, count, vectors,
          fits ? tileRows : std::max<int64_t>(1, half / vectors), vectors);
    }
    // or of as many columns of all rows.
    int64_t block = half / tileRows;
    while (block > 1 && vectors % block != 0)
      --block;
    if (fetchesAhead() && vectors > 0)
      return emitBlockProducts(first, count, vectors, tileRows, block);
  }
  int64_t block = tileRows > 1 ? kValueKeys : 1;
  Value whole = e.roundDown(count, block);
  e.loop(e.index(0), whole, block,
         [&](Value n) { emitMemoryProducts(first, n, block); });
  if (block > 1)
    e.loop(whole, count, 1, [&](Value n) { emitMemoryProducts(first, n, 1); });
}

/// Asks for a part of the next tile's K: row after row over the slots of a tile
/// (other orders are slower).
void KeyLanesKernel::prefetchSlot(Value slot, int64_t numSlots, Value first) {
  int64_t parts = std::max<int64_t>(1, numSlots / tileKeys);
  int64_t rows = llvm::divideCeil(tileKeys * parts, numSlots);
  for (int64_t i = 0; i < rows; ++i) {
    Value key = e.add(e.mul(e.div(slot, e.index(parts)), e.index(rows)), i);
    for (unsigned term = 0; term < in.numTerms(); ++term)
      emitPrefetch(term, e.add(first, e.add(key, tileKeys)),
                   e.rem(slot, e.index(parts)), parts, getCache());
  }
}

/// The outputs of `rows` rows and `block` vectors of columns in registers: all
/// rows, columns after columns, or all columns, rows after rows for a few keys,
/// so that the later ones find V in the first-level cache.
void KeyLanesKernel::emitBlockProducts(Value first, Value count,
                                       int64_t vectors, int64_t rows,
                                       int64_t block) {
  // As many slots for K of the next tile as it has rows.
  int64_t parts = vectors / block;
  int64_t chunkKeys = std::min(parts, tileKeys);
  int64_t chunks = llvm::divideCeil(tileKeys, chunkKeys);
  auto emitBlock = [&](int64_t row, int64_t rows, Value part, Value begin,
                       Value end) {
    Value column = e.mul(part, e.index(block * lanes));
    auto at = [&](int64_t r, int64_t v) {
      return SmallVector<Value>{e.index(row + r), e.add(column, v * lanes)};
    };
    SmallVector<Value> sums;
    // Weights and V need registers, too: the other sums are in memory, better
    // than where LLVM would spill some.
    int64_t kept =
        std::min(rows * block,
                 streams() ? machine.numRegisters() - rows - 2 : rows * block);
    auto atSum = [&](int64_t i) { return at(i / block, i % block); };
    for (int64_t i = 0; i < kept; ++i)
      sums.push_back(e.loadVector(vector, output, atSum(i)));
    auto addKey = [&](Value n, ValueRange old) {
      Point point = getKeyPoint(e.add(first, n));
      SmallVector<Value> symbols, p, v, result(old);
      if (values.direct)
        symbols = in.loadSymbols(getOperand(-1), in.valueMap, point);
      auto load = [&](int64_t i) {
        return loadValues(point, symbols, n, e.add(column, i * lanes));
      };
      // Where outputs take all registers, V is loaded when it is needed.
      for (int64_t i = 0; i < block && fetchesAhead(); ++i)
        v.push_back(load(i));
      for (int64_t r = 0; r < rows; ++r)
        p.push_back(e.broadcast(e.load(scores, {e.index(row + r), n}), vector));
      for (int64_t i = 0; i < block; ++i) {
        if (i > 0 && streams())
          e.fence(); // Or the loads of two columns change places.
        Value x = fetchesAhead() ? v[i] : load(i);
        for (int64_t r = 0; r < rows; ++r) {
          x = loadAgain(r, rows, x, [&] { return load(i); });
          int64_t number = r * block + i;
          if (number < kept) {
            result[number] = e.fma(p[r], x, result[number]);
            continue;
          }
          Value sum = e.loadVector(vector, output, atSum(number));
          e.storeVector(e.fma(p[r], x, sum), output, atSum(number));
        }
      }
      return result;
    };
    auto addChunk = [&](Value n, ValueRange old) {
      Value chunk = e.div(n, e.index(chunkKeys));
      prefetchSlot(e.add(e.mul(part, e.index(chunks)), chunk), parts * chunks,
                   first);
      Value next = e.min(e.add(n, chunkKeys), end);
      return e.loop(n, next, 1, SmallVector<Value>(old), addKey);
    };
    // A single part has no time for it.
    sums = fetchesAhead() && parts > 1
               ? e.loop(begin, end, chunkKeys, sums, addChunk)
               : e.loop(begin, end, 1, sums, addKey);
    for (int64_t i = 0; i < kept; ++i)
      e.storeVector(sums[i], output, atSum(i));
  };
  Value zero = e.index(0);
  if (rows == tileRows)
    return e.loop(zero, e.index(parts), 1,
                  [&](Value part) { emitBlock(0, rows, part, zero, count); });
  e.loop(zero, count, kStreamKeys, [&](Value begin) {
    Value end = e.min(e.add(begin, kStreamKeys), count);
    for (int64_t row = 0; row < tileRows; row += rows)
      emitBlock(row, std::min(rows, tileRows - row), zero, begin, end);
  });
}

/// Adds the products of `block` keys from `n` on to the outputs in memory.
void KeyLanesKernel::emitMemoryProducts(Value first, Value n, int64_t block) {
  SmallVector<Point> points;
  SmallVector<SmallVector<Value>> symbols(block);
  for (int64_t i = 0; i < block; ++i) {
    Value key = e.add(first, e.add(n, i));
    points.push_back(getKeyPoint(key));
    if (fetchesAhead())
      for (unsigned term = 0; term < in.numTerms(); ++term)
        emitPrefetch(term, e.add(key, tileKeys), e.index(0), 1, getCache());
    if (values.direct)
      symbols[i] = in.loadSymbols(getOperand(-1), in.valueMap, points[i]);
  }
  for (int64_t i = 0; i + 1 < block; ++i)
    e.loop(e.index(0), paddedColumns, lanes, [&](Value column) {
      e.storeVector(loadValues(points[i], symbols[i], e.add(n, i), column),
                    copies, {e.index(i), column});
    });
  e.loop(e.index(0), paddedColumns, lanes, [&](Value column) {
    SmallVector<Value> v;
    for (int64_t i = 0; i + 1 < block; ++i)
      v.push_back(e.loadVector(vector, copies, {e.index(i), column}));
    v.push_back(
        loadValues(points.back(), symbols.back(), e.add(n, block - 1), column));
    for (int64_t r = 0; r < tileRows; ++r) {
      Value sum = e.loadVector(vector, output, {e.index(r), column});
      for (int64_t i = 0; i < block; ++i) {
        Value p = e.load(scores, {e.index(r), e.add(n, i)});
        sum = e.fma(e.broadcast(p, vector), v[i], sum);
      }
      e.storeVector(sum, output, {e.index(r), column});
    }
  });
}

void KeyLanesKernel::endItem() {
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value m) {
    SmallVector<Value> at{m, e.index(0)};
    Value largest = toBase2(e.maxLane(e.loadVector(vector, largestLanes, at)));
    Value reference = e.load(maxima, {m});
    moveTo(m, reference, e.fmax(largest, reference));
    Value total = vector::ReductionOp::create(
        e.b, e.loc, vector::CombiningKind::ADD,
        e.loadVector(vector, weightLanes, at), arith::FastMathFlags::reassoc);
    e.store(e.fadd(e.load(sums, {m}), total), sums, {m});
  });
  storeState(maxima, sums, output);
}

std::unique_ptr<AttentionKernel>
cpu::makeKeyLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                        OpBuilder &builder, int64_t tileRows) {
  return std::make_unique<KeyLanesKernel>(op, machine, builder, tileRows);
}
