//===- RowLanesKernel.cpp - many rows per key -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows are the lanes: S^T[n][m] = K[n][:] . Q^T[:][m] with elements of K
// broadcast, so that the softmax is vertical; then
// O[m][e] += P^T[n][m] (broadcast) * V[n][e] (vector along e).
//
// Q^T and P^T lie in panels of as many rows as a register block has, V in
// panels of as many columns: what the innermost loops read is contiguous and
// does not collide in the first cache (rows of 512 bytes would share 8 sets).
// K is copied as it is: read in place it would come from memory six rows side
// by side, which is slow. Accumulators are loop-carried values: stores in the
// innermost loops would cost more than half of the throughput.
//
// With Machine::pairs, bf16 operands stay bf16 and all products sum two at a
// time (vdpbf16ps): Q^T, P^T and V lie as pairs along the contraction, and the
// weights P are rounded to bf16, as the models' own softmax in bf16 does. Q is
// not scaled then, the scores are.
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

/// Bytes of the tiles of one item: they stay in a second-level cache of 512 KiB
/// beside the next tiles of K and V.
static constexpr int64_t kTileBytes = 320 * 1024;
/// Most keys of a tile with vectors of 512 bits: 4 of them wide, a panel of V
/// takes 20 KiB of a first-level cache of 32 KiB, and panels do not lie in each
/// other's sets, as they do with a power of two.
static constexpr int64_t kWideTileKeys = 80;

namespace {
class RowLanesKernel : public AttentionKernel {
public:
  RowLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                 OpBuilder &builder, int64_t tileRows)
      : AttentionKernel(op, machine, builder, tileRows),
        lanes(machine.lanes(e.type)), vector(e.vectorOf(lanes)),
        pairs(machine.pairs && e.type.isF32() && isAllBF16(op)) {
    bool many = machine.numRegisters() == 32;
    int64_t vectors = tileRows / lanes;
    scoreVectors = 1;
    for (int64_t count : {2, 5, 3, 4})
      if ((many || count == 2) && vectors % count == 0)
        scoreVectors = count;
    scoreKeys = !many || scoreVectors == 3 ? 6 : scoreVectors < 3 ? 8 : 4;
    outputRows = 4;
    panelRows = scoreVectors * lanes;
    numPanels = tileRows / panelRows;
    chooseColumns();
    largeRows = !many && outputVectors == 2 ? 6 : outputRows;
    tileKeys = chooseTileKeys();
  }

protected:
  void beginItem() override;
  void emitTile(Value first, Value count) override;
  void endItem() override;

private:
  static bool isAllBF16(PartialAttentionOpInterface op);
  void chooseColumns();
  int64_t chooseTileKeys();
  void fillQueries(unsigned term);
  /// The two elements at `at` and after it, in all lanes.
  Value loadPair(Value buffer, ArrayRef<Value> at);
  /// The product of a number of the tile in all lanes with a vector, added.
  Value multiply(Value sum, Value broadcast, Value operand);
  /// Rounds the weights of keys n and n + 1 to pairs.
  void storeWeights(Value panel, Value n, Value lane, Value even, Value odd);
  void emitPanel(Value panel, Value first, Value count);
  /// Scores of `block` keys from `n` on; updates the maxima of the columns.
  SmallVector<Value> emitScores(Value panel, Value n, int64_t block,
                                ValueRange largest);
  /// Modifies the scores; returns the maxima of the columns.
  SmallVector<Value> emitElementwise(Value panel, Value first, Value count);
  void emitSoftmax(Value panel, Value first, Value count, ValueRange largest);
  /// Scales the scores of a vector of rows to base 2; returns their maximum.
  Value emitMaximum(Value panel, Value lane, Value first, Value count,
                    bool masked);
  void fillValues(Value first, Value count);
  void fillValuePairs(Value first, Value count);
  void emitProducts(Value first, Value count);
  /// Asks for lines of the next tile's K during the products of rows
  /// [lane, lane + rows) of a panel with a panel of columns.
  void prefetchKeys(Value first, Value columnPanel, Value panel, Value lane,
                    int64_t rows);
  void emitProductBlock(Value columnPanel, Value panel, Value lane,
                        int64_t rows, Value count);

  int64_t lanes;
  VectorType vector;
  bool pairs;
  /// Register blocks: vectors of rows x keys for scores, rows x vectors of
  /// columns for products with V.
  int64_t scoreVectors, scoreKeys, outputRows, outputVectors = 1;
  /// Rows of the blocks that full panels are cut into first.
  int64_t largeRows;
  int64_t panelRows, numPanels;

  SmallVector<Value> keys;         ///< [keys][contraction of the term]
  SmallVector<Value> queryOffsets; ///< first row of each term in `queries`
  Value queries;                   ///< Q^T, scaled [panels][contractions][rows]
  Value scores;                    ///< [panels][keys][rows]
  Value values;                    ///< [column panels][keys][columns]
  Value weights; ///< with pairs: [panels][keys / 2][rows * 2], bf16
  Value maxima, sums, factors; ///< [rows]: m, l, 2^(old m - new m)
  Value output;                ///< [rows][columns, padded]
  OpFoldResult paddedColumns;
  Value numColumns;
  Value usedPanels; ///< panels with a row
};
} // namespace

bool RowLanesKernel::isAllBF16(PartialAttentionOpInterface op) {
  auto isBF16 = [](Value value) {
    return cast<ShapedType>(value.getType()).getElementType().isBF16();
  };
  return llvm::all_of(op.getQueries(), isBF16) &&
         llvm::all_of(op.getKeys(), isBF16) && isBF16(op.getValue());
}

/// Columns are padded to whole panels.
void RowLanesKernel::chooseColumns() {
  bool many = machine.numRegisters() == 32;
  std::optional<int64_t> size = in.getStaticSize(in.dims.values);
  if (!size) {
    outputVectors = 2;
    paddedColumns = e.roundUp(in.getSize(in.dims.values), 2 * lanes);
    return;
  }
  // No columns are a panel of padding.
  int64_t vectors = std::max<int64_t>(1, llvm::divideCeil(*size, lanes));
  outputVectors = std::min<int64_t>(vectors, 2);
  if (many)
    for (int64_t count : {3, 4, 5, 6})
      if (vectors % count == 0 && (count < 5 || outputVectors < 3))
        outputVectors = count;
  paddedColumns =
      e.b.getIndexAttr(llvm::alignTo(vectors, outputVectors) * lanes);
}

int64_t RowLanesKernel::chooseTileKeys() {
  // Columns of unknown extent count as 128.
  int64_t depth = 0;
  for (unsigned term = 0; term < in.numTerms(); ++term)
    depth += in.getStaticSize(in.dims.contraction[term]).value_or(128);
  int64_t columns = in.getStaticSize(in.dims.values).value_or(128);
  int64_t width = e.type.getWidth() / 8;
  int64_t fixed = tileRows * (depth + columns) * width;
  int64_t perKey = (tileRows + depth + columns) * width;
  int64_t most = machine.vectorBits == 512 ? kWideTileKeys : kMaxTileKeys;
  int64_t count = std::clamp<int64_t>((kTileBytes - fixed) / perKey, 24, most);
  return count / scoreKeys * scoreKeys;
}

void RowLanesKernel::beginItem() {
  auto fixed = [&](int64_t size) -> OpFoldResult {
    return e.b.getIndexAttr(size);
  };
  Value zero = e.index(0);
  usedPanels = e.ceilDiv(numRows, panelRows);
  // Q, transposed and scaled.
  std::optional<int64_t> depth = 0;
  Value depthValue = zero;
  queryOffsets.clear();
  int64_t numTogether = pairs ? 2 : 1;
  for (unsigned term = 0; term < in.numTerms(); ++term) {
    queryOffsets.push_back(depthValue);
    Value steps = e.ceilDiv(in.getSize(in.dims.contraction[term]), numTogether);
    depthValue = e.add(depthValue, steps);
    std::optional<int64_t> size = in.getStaticSize(in.dims.contraction[term]);
    depth = depth && size
                ? std::optional(*depth + llvm::divideCeil(*size, numTogether))
                : std::nullopt;
  }
  OpFoldResult depthSize = depth ? fixed(*depth) : OpFoldResult(depthValue);
  Type operandType = pairs ? Type(e.b.getBF16Type()) : Type(e.type);
  queries =
      e.scratch({fixed(numPanels), depthSize, fixed(panelRows * numTogether)},
                operandType);
  for (unsigned term = 0; term < in.numTerms(); ++term)
    fillQueries(term);

  // Tiles of K and V.
  keys.clear();
  for (unsigned term = 0; term < in.numTerms(); ++term)
    keys.push_back(makeBuffer(term, /*lanes=*/numTogether, operandType));
  numColumns = in.getSize(in.dims.values);
  Value columns = asValue(paddedColumns);
  int64_t panelColumns = outputVectors * lanes;
  std::optional<int64_t> knownColumns = getConstantIntValue(paddedColumns);
  Value columnPanels = e.ceilDiv(columns, panelColumns);
  values = e.scratch({knownColumns ? fixed(*knownColumns / panelColumns)
                                   : OpFoldResult(columnPanels),
                      fixed(tileKeys / numTogether),
                      fixed(panelColumns * numTogether)},
                     operandType);
  if (pairs)
    weights =
        e.scratch({fixed(numPanels), fixed(tileKeys / 2), fixed(panelRows * 2)},
                  operandType);
  // Pairs are filled with their padding.
  if (!pairs &&
      (in.getStaticSize(in.dims.values) != knownColumns || !knownColumns))
    e.loop(zero, e.index(tileKeys), 1, [&](Value n) {
      e.loop(numColumns, columns, 1, [&](Value column) {
        e.store(e.constant(0.0), values,
                {e.div(column, e.index(panelColumns)), n,
                 e.rem(column, e.index(panelColumns))});
      });
    });

  // The state.
  scores =
      e.scratch({fixed(numPanels), fixed(tileKeys), fixed(panelRows)}, e.type);
  maxima = e.scratch({fixed(tileRows)}, e.type);
  sums = e.scratch({fixed(tileRows)}, e.type);
  factors = e.scratch({fixed(tileRows)}, e.type);
  output = e.scratch({fixed(tileRows), paddedColumns}, e.type);
  loadState(maxima, sums, output, columns);
}

/// Q of a term, transposed and scaled (pairs are not scaled).
void RowLanesKernel::fillQueries(unsigned term) {
  Value size = in.getSize(in.dims.contraction[term]);
  Value scale = e.constant(in.op.getScale().convertToDouble());
  e.loop(e.index(0), e.index(tileRows), 1, [&](Value m) {
    Point row = getRowPoint(m);
    Value panel = e.div(m, e.index(panelRows));
    Value lane = e.rem(m, e.index(panelRows));
    e.loop(e.index(0), size, 1, [&](Value d) {
      Point point = row;
      in.setDigits(point, in.dims.contraction[term], d);
      if (pairs) {
        Value step = e.add(queryOffsets[term], e.div(d, e.index(2)));
        Value at = e.add(e.mul(lane, e.index(2)), e.rem(d, e.index(2)));
        e.store(in.loadQuery(term, point, e.b.getBF16Type()), queries,
                {panel, step, at});
        return;
      }
      Value q = e.fmul(in.loadQuery(term, point, e.type), scale);
      e.store(q, queries, {panel, e.add(queryOffsets[term], d), lane});
    });
    if (pairs)
      e.loop(size, e.roundUp(size, 2), 1, [&](Value d) {
        Value step = e.add(queryOffsets[term], e.div(d, e.index(2)));
        e.store(e.constant(0.0, e.b.getBF16Type()), queries,
                {panel, step, e.add(e.mul(lane, e.index(2)), e.index(1))});
      });
  });
}

void RowLanesKernel::emitTile(Value first, Value count) {
  for (unsigned term = 0; term < in.numTerms(); ++term)
    fillBuffer(keys[term], term, first, count);
  e.loop(e.index(0), usedPanels, 1,
         [&](Value panel) { emitPanel(panel, first, count); });
  if (pairs)
    fillValuePairs(first, count);
  else
    fillValues(first, count);
  emitProducts(first, count);
}

Value RowLanesKernel::loadPair(Value buffer, ArrayRef<Value> at) {
  Type i32 = e.b.getI32Type();
  Value pair =
      e.loadVector(VectorType::get({2}, e.b.getBF16Type()), buffer, at);
  pair = vector::BitCastOp::create(e.b, e.loc, VectorType::get({1}, i32), pair);
  pair = e.broadcast(vector::ExtractOp::create(e.b, e.loc, pair, 0),
                     VectorType::get({lanes}, i32));
  return vector::BitCastOp::create(
      e.b, e.loc, VectorType::get({2 * lanes}, e.b.getBF16Type()), pair);
}

Value RowLanesKernel::multiply(Value sum, Value broadcast, Value operand) {
  return pairs ? e.dotPairs(sum, broadcast, operand)
               : e.fma(broadcast, operand, sum);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Scores and probabilities of one panel of rows.
void RowLanesKernel::emitPanel(Value panel, Value first, Value count) {
  Value whole = e.roundDown(count, scoreKeys);
  SmallVector<Value> largest(scoreVectors,
                             e.infinity(vector, /*negative=*/true));
  largest = e.loop(e.index(0), whole, scoreKeys, largest,
                   [&](Value n, ValueRange old) {
                     // V comes from memory while scores are computed.
                     e.loop(e.index(0), e.index(scoreKeys), 1, [&](Value r) {
                       emitPrefetch(-1, e.add(e.add(first, n), r), panel,
                                    numPanels, Cache::Second);
                     });
                     return emitScores(panel, n, scoreKeys, old);
                   });
  // The last keys: a block that overlaps with the one before, if there is one.
  Value begin =
      e.select(arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge,
                                     count, e.index(scoreKeys)),
               count, whole);
  Value rest =
      arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ne, begin, whole);
  auto overlap = scf::IfOp::create(
      e.b, e.loc, rest,
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(e.b, e.loc,
                             emitScores(panel, e.sub(count, e.index(scoreKeys)),
                                        scoreKeys, largest));
      },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(e.b, e.loc, largest);
      });
  largest = llvm::to_vector_of<Value>(overlap.getResults());
  largest = e.loop(begin, count, 1, largest, [&](Value n, ValueRange old) {
    return emitScores(panel, n, 1, old);
  });
  if (mods.hasElementwise())
    largest = emitElementwise(panel, first, count);
  emitSoftmax(panel, first, count, largest);
}

SmallVector<Value> RowLanesKernel::emitScores(Value panel, Value n,
                                              int64_t block,
                                              ValueRange largest) {
  SmallVector<Value> sums(block * scoreVectors, e.constant(0.0, vector));
  int64_t numTogether = pairs ? 2 : 1;
  auto queryVector =
      VectorType::get({lanes * numTogether},
                      cast<MemRefType>(queries.getType()).getElementType());
  for (unsigned term = 0; term < in.numTerms(); ++term) {
    Value steps = e.ceilDiv(in.getSize(in.dims.contraction[term]), numTogether);
    sums = e.loop(e.index(0), steps, 1, sums, [&](Value d, ValueRange old) {
      SmallVector<Value> result;
      SmallVector<Value> q;
      Value queryRow = e.add(queryOffsets[term], d);
      for (int64_t v = 0; v < scoreVectors; ++v)
        q.push_back(
            e.loadVector(queryVector, queries,
                         {panel, queryRow, e.index(v * lanes * numTogether)}));
      for (int64_t r = 0; r < block; ++r) {
        SmallVector<Value> at{e.add(n, r), e.mul(d, e.index(numTogether))};
        Value k = pairs ? loadPair(keys[term], at)
                        : e.broadcast(e.load(keys[term], at), vector);
        for (int64_t v = 0; v < scoreVectors; ++v)
          result.push_back(multiply(old[r * scoreVectors + v], k, q[v]));
      }
      return result;
    });
  }
  SmallVector<Value> result(largest);
  for (int64_t r = 0; r < block; ++r)
    for (int64_t v = 0; v < scoreVectors; ++v) {
      Value score = sums[r * scoreVectors + v];
      if (pairs)
        score = e.fmul(score,
                       e.constant(in.op.getScale().convertToDouble(), vector));
      e.storeVector(score, scores, {panel, e.add(n, r), e.index(v * lanes)});
      result[v] = e.fmax(score, result[v]);
    }
  return result;
}

SmallVector<Value> RowLanesKernel::emitElementwise(Value panel, Value first,
                                                   Value count) {
  Value firstRow = e.mul(panel, e.index(panelRows));
  bool vectorizable = mods.isVectorizable();
  if (!vectorizable) {
    Value rows = e.min(e.index(panelRows), e.sub(numRows, firstRow));
    e.loop(e.index(0), count, 1, [&](Value n) {
      Value key = e.add(first, n);
      e.loop(e.index(0), rows, 1, [&](Value lane) {
        Value score = e.load(scores, {panel, n, lane});
        Point row = getRowPoint(e.add(firstRow, lane));
        e.store(mods.emit(score, row, key), scores, {panel, n, lane});
      });
    });
  }
  Value none = e.infinity(vector, /*negative=*/true);
  SmallVector<Value> largest;
  for (int64_t v = 0; v < scoreVectors; ++v) {
    // Lanes past the last row have its indices.
    Point rows = getRowPoint(e.add(firstRow, v * lanes), lanes);
    largest.push_back(
        e.loop(e.index(0), count, 1, {none}, [&](Value n, ValueRange old) {
          SmallVector<Value> at{panel, n, e.index(v * lanes)};
          Value score = e.loadVector(vector, scores, at);
          if (vectorizable) {
            score = mods.emit(score, rows, e.add(first, n));
            e.storeVector(score, scores, at);
          }
          return SmallVector<Value>{e.fmax(score, old[0])};
        })[0]);
  }
  return largest;
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

Value RowLanesKernel::emitMaximum(Value panel, Value lane, Value first,
                                  Value count, bool masked) {
  Value none = e.infinity(vector, /*negative=*/true);
  auto integers = VectorType::get({lanes}, e.b.getI32Type());
  Value low, high;
  if (masked) {
    Value m = e.add(e.mul(panel, e.index(panelRows)), lane);
    low = e.loadVector(integers, lowKeys, {m});
    high = e.loadVector(integers, highKeys, {m});
  }
  return e.loop(e.index(0), count, 1, {none}, [&](Value n, ValueRange old) {
    Value score = toBase2(e.loadVector(vector, scores, {panel, n, lane}));
    if (masked) {
      Value key = arith::IndexCastOp::create(e.b, e.loc, e.b.getI32Type(),
                                             e.add(first, n));
      key = e.broadcast(key, integers);
      Value above = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge,
                                          key, low);
      Value below = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::slt,
                                          key, high);
      score = e.select(arith::AndIOp::create(e.b, e.loc, above, below), score,
                       none);
    }
    e.storeVector(score, scores, {panel, n, lane});
    return SmallVector<Value>{e.fmax(score, old[0])};
  })[0];
}

void RowLanesKernel::emitSoftmax(Value panel, Value first, Value count,
                                 ValueRange largest) {
  Value none = e.infinity(vector, /*negative=*/true);
  Value zero = e.constant(0.0, vector);
  // Scores in base 2 as they lie, or only after a pass over them: when some are
  // hidden or modified, and when they are so large that they may saturate.
  auto inPlace = [&](bool masked) {
    SmallVector<Value> result;
    for (int64_t v = 0; v < scoreVectors; ++v)
      result.push_back(
          emitMaximum(panel, e.index(v * lanes), first, count, masked));
    result.push_back(e.constant(1.0, vector));
    return result;
  };
  auto branch = [&](Value condition, function_ref<SmallVector<Value>()> then,
                    function_ref<SmallVector<Value>()> otherwise) {
    auto op = scf::IfOp::create(
        e.b, e.loc, condition,
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(e.b, e.loc, then());
        },
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(e.b, e.loc, otherwise());
        });
    return llvm::to_vector_of<Value>(op.getResults());
  };
  auto unmasked = [&]() -> SmallVector<Value> {
    Value moderate;
    for (Value maximum : largest) {
      Value good = e.isModerate(maximum);
      moderate =
          moderate
              ? arith::AndIOp::create(e.b, e.loc, moderate, good).getResult()
              : good;
    }
    Value all = vector::ReductionOp::create(
        e.b, e.loc, vector::CombiningKind::AND, moderate);
    return branch(
        all,
        [&] {
          Value factor = e.constant(1.4426950408889634, vector);
          SmallVector<Value> result;
          for (Value maximum : largest)
            result.push_back(e.fmul(maximum, factor));
          result.push_back(factor);
          return result;
        },
        [&] { return inPlace(/*masked=*/false); });
  };
  SmallVector<Value> tile;
  if (mods.hasBounds()) {
    // Only tiles on the edge of what some row sees need the comparison.
    Value inside = arith::AndIOp::create(
        e.b, e.loc,
        arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, first,
                              lastLow),
        arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle,
                              e.add(first, count), firstHigh));
    tile = branch(inside, unmasked, [&] { return inPlace(/*masked=*/true); });
  } else {
    tile = unmasked();
  }
  Value scale = tile.pop_back_val();

  Value firstRow = e.mul(panel, e.index(panelRows));
  SmallVector<Value> bases, totals;
  for (auto [v, maximum] : llvm::enumerate(tile)) {
    Value m = e.add(firstRow, v * lanes);
    Value old = e.loadVector(vector, maxima, {m});
    Value now = e.fmax(maximum, old);
    e.storeVector(now, maxima, {m});
    // A row that has seen no key yet: every difference stays -inf.
    Value base =
        e.select(e.compare(arith::CmpFPredicate::OEQ, now, none), zero, now);
    bases.push_back(base);
    Value factor = e.weight(old, base);
    e.storeVector(factor, factors, {m});
    totals.push_back(e.fmul(factor, e.loadVector(vector, sums, {m})));
  }
  auto weigh = [&](Value n, int64_t v) {
    Value score = e.loadVector(vector, scores, {panel, n, e.index(v * lanes)});
    Value negative = arith::NegFOp::create(e.b, e.loc, bases[v]);
    return e.exp2(e.fma(score, scale, negative));
  };
  if (!pairs) {
    totals =
        e.loop(e.index(0), count, 1, totals, [&](Value n, ValueRange before) {
          SmallVector<Value> result;
          for (int64_t v = 0; v < scoreVectors; ++v) {
            Value p = weigh(n, v);
            e.storeVector(p, scores, {panel, n, e.index(v * lanes)});
            result.push_back(e.fadd(before[v], p));
          }
          return result;
        });
  } else {
    Value whole = e.roundDown(count, 2);
    auto step = [&](Value n, ValueRange before, bool both) {
      SmallVector<Value> result;
      for (int64_t v = 0; v < scoreVectors; ++v) {
        Value even = weigh(n, v), odd = both ? weigh(e.add(n, 1), v) : zero;
        storeWeights(panel, n, e.index(v * lanes), even, odd);
        result.push_back(e.fadd(before[v], e.fadd(even, odd)));
      }
      return result;
    };
    totals =
        e.loop(e.index(0), whole, 2, totals, [&](Value n, ValueRange before) {
          return step(n, before, /*both=*/true);
        });
    totals = e.loop(whole, count, 1, totals, [&](Value n, ValueRange before) {
      return step(n, before, /*both=*/false);
    });
  }
  for (auto [v, total] : llvm::enumerate(totals))
    e.storeVector(total, sums, {e.add(firstRow, v * lanes)});
}

void RowLanesKernel::storeWeights(Value panel, Value n, Value lane, Value even,
                                  Value odd) {
  Type bf16 = e.b.getBF16Type();
  Value pair = vector::InterleaveOp::create(e.b, e.loc, e.cast(even, bf16),
                                            e.cast(odd, bf16));
  e.storeVector(pair, weights,
                {panel, e.div(n, e.index(2)), e.mul(lane, e.index(2))});
}

//===----------------------------------------------------------------------===//
// Products with V
//===----------------------------------------------------------------------===//

/// V of the tile in panels of columns.
void RowLanesKernel::fillValues(Value first, Value count) {
  int64_t panelColumns = outputVectors * lanes;
  std::optional<int64_t> size = in.getStaticSize(in.dims.values);
  Value memref = in.op.getValue();
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  bool vectors = in.isVectorizable(memref, in.valueMap, in.dims.values) &&
                 size && *size % panelColumns == 0 &&
                 element.getIntOrFloatBitWidth() <= e.type.getWidth();
  e.loop(e.index(0), count, 1, [&](Value n) {
    Point point = getKeyPoint(e.add(first, n));
    SmallVector<Value> symbols = in.loadSymbols(memref, in.valueMap, point);
    if (!vectors) {
      e.loop(e.index(0), numColumns, 1, [&](Value column) {
        in.setDigits(point, in.dims.values, column);
        e.store(in.loadValue(point, symbols, e.type), values,
                {e.div(column, e.index(panelColumns)), n,
                 e.rem(column, e.index(panelColumns))});
      });
      return;
    }
    for (int64_t column = 0; column < *size; column += lanes) {
      in.setDigits(point, in.dims.values, e.index(column));
      Value loaded = e.loadVector(VectorType::get({lanes}, element), memref,
                                  in.getIndices(in.valueMap, point, symbols));
      e.storeVector(
          e.cast(loaded, e.type), values,
          {e.index(column / panelColumns), n, e.index(column % panelColumns)});
    }
  });
}

/// V of the tile in panels of columns, two keys side by side; a key past the
/// last one is 0, and so are columns past the last one.
void RowLanesKernel::fillValuePairs(Value first, Value count) {
  int64_t panelColumns = outputVectors * lanes;
  Value memref = in.op.getValue();
  Type bf16 = e.b.getBF16Type();
  Value zero = e.constant(0.0, bf16);
  std::optional<int64_t> size = in.getStaticSize(in.dims.values);
  bool vectors = in.isVectorizable(memref, in.valueMap, in.dims.values) &&
                 size && *size % panelColumns == 0;
  auto type = VectorType::get({lanes}, bf16);
  auto fill = [&](Value n, bool both) {
    Value step = e.div(n, e.index(2));
    SmallVector<Point> points;
    SmallVector<SmallVector<Value>> symbols;
    for (int64_t i = 0; i <= both; ++i) {
      points.push_back(getKeyPoint(e.add(first, e.add(n, i))));
      symbols.push_back(in.loadSymbols(memref, in.valueMap, points[i]));
    }
    if (vectors) {
      for (int64_t column = 0; column < *size; column += lanes) {
        SmallVector<Value> rows(2, e.constant(0.0, type));
        for (int64_t i = 0; i <= both; ++i) {
          in.setDigits(points[i], in.dims.values, e.index(column));
          rows[i] = e.loadVector(
              type, memref, in.getIndices(in.valueMap, points[i], symbols[i]));
        }
        e.storeVector(
            vector::InterleaveOp::create(e.b, e.loc, rows[0], rows[1]), values,
            {e.index(column / panelColumns), step,
             e.index(column % panelColumns * 2)});
      }
      return;
    }
    auto put = [&](Value column, int64_t i, Value value) {
      Value at = e.mul(e.rem(column, e.index(panelColumns)), e.index(2));
      e.store(value, values,
              {e.div(column, e.index(panelColumns)), step, e.add(at, i)});
    };
    e.loop(e.index(0), numColumns, 1, [&](Value column) {
      for (int64_t i = 0; i < 2; ++i) {
        if (i > both) {
          put(column, i, zero);
          continue;
        }
        Point point = points[i];
        in.setDigits(point, in.dims.values, column);
        put(column, i, in.loadValue(point, symbols[i], bf16));
      }
    });
    e.loop(numColumns, asValue(paddedColumns), 1, [&](Value column) {
      for (int64_t i = 0; i < 2; ++i)
        put(column, i, zero);
    });
  };
  Value whole = e.roundDown(count, 2);
  e.loop(e.index(0), whole, 2, [&](Value n) { fill(n, /*both=*/true); });
  e.loop(whole, count, 1, [&](Value n) { fill(n, /*both=*/false); });
}

void RowLanesKernel::prefetchKeys(Value first, Value columnPanel, Value panel,
                                  Value lane, int64_t rows) {
  std::optional<int64_t> columns = getConstantIntValue(paddedColumns);
  if (!columns)
    return;
  // Evenly over all rows and panels of columns.
  int64_t slots = *columns / (outputVectors * lanes) * numPanels * panelRows;
  Value slot = e.add(e.mul(columnPanel, e.index(numPanels)), panel);
  slot = e.add(e.mul(slot, e.index(panelRows)), lane);
  for (unsigned term = 0; term < in.numTerms(); ++term) {
    int64_t lines = numLines(term);
    int64_t perSlot = llvm::divideCeil(tileKeys * lines, slots);
    for (int64_t i = 0; i < rows * perSlot; ++i) {
      Value line = e.add(e.mul(slot, e.index(perSlot)), i);
      Value key = e.add(e.div(line, e.index(lines)), tileKeys);
      emitPrefetch(term, e.add(first, key), e.rem(line, e.index(lines)), lines,
                   Cache::Second);
    }
  }
}

void RowLanesKernel::emitProducts(Value first, Value count) {
  Value columnPanels =
      e.ceilDiv(asValue(paddedColumns), e.index(outputVectors * lanes));
  e.loop(e.index(0), columnPanels, 1, [&](Value columnPanel) {
    e.loop(e.index(0), usedPanels, 1, [&](Value panel) {
      Value firstRow = e.mul(panel, e.index(panelRows));
      Value rows = e.min(e.index(panelRows), e.sub(numRows, firstRow));
      Value next = e.index(0);
      if (largeRows > outputRows) {
        // As many large blocks as leave whole small ones, or none.
        int64_t large = panelRows / largeRows * largeRows;
        while ((panelRows - large) % outputRows != 0)
          large -= largeRows;
        Value full = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq,
                                           rows, e.index(panelRows));
        next = e.select(full, e.index(large), next);
        e.loop(e.index(0), next, largeRows, [&](Value lane) {
          prefetchKeys(first, columnPanel, panel, lane, largeRows);
          emitProductBlock(columnPanel, panel, lane, largeRows, count);
        });
      }
      e.loop(next, e.roundUp(rows, outputRows), outputRows, [&](Value lane) {
        prefetchKeys(first, columnPanel, panel, lane, outputRows);
        emitProductBlock(columnPanel, panel, lane, outputRows, count);
      });
    });
  });
}

/// `rows` rows of a panel from `lane` on, times a panel of columns of V.
void RowLanesKernel::emitProductBlock(Value columnPanel, Value panel,
                                      Value lane, int64_t rows, Value count) {
  int64_t numTogether = pairs ? 2 : 1;
  auto valueVector =
      VectorType::get({lanes * numTogether},
                      cast<MemRefType>(values.getType()).getElementType());
  Value column = e.mul(columnPanel, e.index(outputVectors * lanes));
  Value firstRow = e.add(e.mul(panel, e.index(panelRows)), lane);
  SmallVector<Value> accumulators;
  for (int64_t r = 0; r < rows; ++r) {
    Value m = e.add(firstRow, r);
    Value factor = e.broadcast(e.load(factors, {m}), vector);
    for (int64_t v = 0; v < outputVectors; ++v)
      accumulators.push_back(e.fmul(
          factor, e.loadVector(vector, output, {m, e.add(column, v * lanes)})));
  }
  accumulators = e.loop(
      e.index(0), e.ceilDiv(count, numTogether), 1, accumulators,
      [&](Value n, ValueRange old) {
        SmallVector<Value> result, v;
        for (int64_t i = 0; i < outputVectors; ++i)
          v.push_back(
              e.loadVector(valueVector, values,
                           {columnPanel, n, e.index(i * lanes * numTogether)}));
        for (int64_t r = 0; r < rows; ++r) {
          Value row = e.add(lane, r);
          Value p = pairs
                        ? loadPair(weights, {panel, n, e.mul(row, e.index(2))})
                        : e.broadcast(e.load(scores, {panel, n, row}), vector);
          for (int64_t i = 0; i < outputVectors; ++i)
            result.push_back(multiply(old[r * outputVectors + i], p, v[i]));
        }
        return result;
      });
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < outputVectors; ++v)
      e.storeVector(accumulators[r * outputVectors + v], output,
                    {e.add(firstRow, r), e.add(column, v * lanes)});
}

void RowLanesKernel::endItem() { storeState(maxima, sums, output); }

std::unique_ptr<AttentionKernel>
cpu::makeRowLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                        OpBuilder &builder, int64_t tileRows) {
  return std::make_unique<RowLanesKernel>(op, machine, builder, tileRows);
}
