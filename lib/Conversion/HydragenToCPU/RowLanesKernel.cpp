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
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

/// Bytes of the tiles of one item: they stay in a second-level cache of 512 KiB
/// beside the next tiles of K and V.
static constexpr int64_t kTileBytes = 320 * 1024;

namespace {
class RowLanesKernel : public AttentionKernel {
public:
  RowLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                 OpBuilder &builder, int64_t tileRows)
      : AttentionKernel(op, machine, builder, tileRows),
        lanes(machine.lanes(e.type)), vector(e.vectorOf(lanes)) {
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
    tileKeys = chooseTileKeys();
  }

protected:
  void beginItem() override;
  void emitTile(Value first, Value count) override;
  void endItem() override;

private:
  void chooseColumns();
  int64_t chooseTileKeys();
  void emitPanel(Value panel, Value first, Value count);
  /// Scores of `block` keys from `n` on; updates the maxima of the columns.
  SmallVector<Value> emitScores(Value panel, Value n, int64_t block,
                                ValueRange largest);
  void emitElementwise(Value panel, Value first, Value count);
  void emitSoftmax(Value panel, Value first, Value count, ValueRange largest);
  /// Scales the scores of a vector of rows to base 2; returns their maximum.
  Value emitMaximum(Value panel, Value lane, Value first, Value count,
                    bool masked);
  void fillValues(Value first, Value count);
  void emitProducts(Value count);

  int64_t lanes;
  VectorType vector;
  /// Register blocks: vectors of rows x keys for scores, rows x vectors of
  /// columns for products with V.
  int64_t scoreVectors, scoreKeys, outputRows, outputVectors = 1;
  int64_t panelRows, numPanels;

  SmallVector<Value> keys;         ///< [keys][contraction of the term]
  SmallVector<Value> queryOffsets; ///< first row of each term in `queries`
  Value queries;                   ///< Q^T, scaled [panels][contractions][rows]
  Value scores;                    ///< [panels][keys][rows]
  Value values;                    ///< [column panels][keys][columns]
  Value maxima, sums, factors;     ///< [rows]: m, l, 2^(old m - new m)
  Value output;                    ///< [rows][columns, padded]
  OpFoldResult paddedColumns;
  Value numColumns;
  Value usedPanels; ///< panels with a row
};
} // namespace

/// Columns are padded to whole panels.
void RowLanesKernel::chooseColumns() {
  bool many = machine.numRegisters() == 32;
  std::optional<int64_t> size = in.getStaticSize(in.dims.values);
  if (!size) {
    outputVectors = 2;
    paddedColumns = e.roundUp(in.getSize(in.dims.values), 2 * lanes);
    return;
  }
  int64_t vectors = llvm::divideCeil(*size, lanes);
  outputVectors = std::min<int64_t>(vectors, 2);
  if (many)
    for (int64_t count : {3, 4, 5, 6})
      if (vectors % count == 0 && (count < 5 || outputVectors < 3))
        outputVectors = count;
  paddedColumns = e.b.getIndexAttr(llvm::alignTo(*size, outputVectors * lanes));
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
  int64_t count =
      std::clamp<int64_t>((kTileBytes - fixed) / perKey, 24, kMaxTileKeys);
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
  for (unsigned term = 0; term < in.numTerms(); ++term) {
    queryOffsets.push_back(depthValue);
    depthValue = e.add(depthValue, in.getSize(in.dims.contraction[term]));
    std::optional<int64_t> size = in.getStaticSize(in.dims.contraction[term]);
    depth = depth && size ? std::optional(*depth + *size) : std::nullopt;
  }
  OpFoldResult depthSize = depth ? fixed(*depth) : OpFoldResult(depthValue);
  queries = e.scratch({fixed(numPanels), depthSize, fixed(panelRows)}, e.type);
  Value scale = e.constant(in.op.getScale().convertToDouble());
  e.loop(zero, e.index(tileRows), 1, [&](Value m) {
    Point row = getRowPoint(m);
    Value panel = e.div(m, e.index(panelRows));
    Value lane = e.rem(m, e.index(panelRows));
    for (unsigned term = 0; term < in.numTerms(); ++term)
      e.loop(zero, in.getSize(in.dims.contraction[term]), 1, [&](Value d) {
        Point point = row;
        in.setDigits(point, in.dims.contraction[term], d);
        Value q = e.fmul(in.loadQuery(term, point, e.type), scale);
        e.store(q, queries, {panel, e.add(queryOffsets[term], d), lane});
      });
  });

  // Tiles of K and V.
  keys.clear();
  for (unsigned term = 0; term < in.numTerms(); ++term)
    keys.push_back(makeBuffer(term, /*lanes=*/1));
  numColumns = in.getSize(in.dims.values);
  Value columns = asValue(paddedColumns);
  int64_t panelColumns = outputVectors * lanes;
  std::optional<int64_t> knownColumns = getConstantIntValue(paddedColumns);
  Value columnPanels = e.ceilDiv(columns, panelColumns);
  values = e.scratch({knownColumns ? fixed(*knownColumns / panelColumns)
                                   : OpFoldResult(columnPanels),
                      fixed(tileKeys), fixed(panelColumns)},
                     e.type);
  if (in.getStaticSize(in.dims.values) != knownColumns || !knownColumns)
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

void RowLanesKernel::emitTile(Value first, Value count) {
  for (unsigned term = 0; term < in.numTerms(); ++term)
    fillBuffer(keys[term], term, first, count);
  e.loop(e.index(0), usedPanels, 1,
         [&](Value panel) { emitPanel(panel, first, count); });
  fillValues(first, count);
  emitProducts(count);
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
    emitElementwise(panel, first, count);
  emitSoftmax(panel, first, count, largest);
}

SmallVector<Value> RowLanesKernel::emitScores(Value panel, Value n,
                                              int64_t block,
                                              ValueRange largest) {
  SmallVector<Value> sums(block * scoreVectors, e.constant(0.0, vector));
  for (unsigned term = 0; term < in.numTerms(); ++term) {
    Value depth = in.getSize(in.dims.contraction[term]);
    sums = e.loop(e.index(0), depth, 1, sums, [&](Value d, ValueRange old) {
      SmallVector<Value> result;
      SmallVector<Value> q;
      Value queryRow = e.add(queryOffsets[term], d);
      for (int64_t v = 0; v < scoreVectors; ++v)
        q.push_back(e.loadVector(vector, queries,
                                 {panel, queryRow, e.index(v * lanes)}));
      for (int64_t r = 0; r < block; ++r) {
        Value k = e.load(keys[term], {e.add(n, r), d});
        k = e.broadcast(k, vector);
        for (int64_t v = 0; v < scoreVectors; ++v)
          result.push_back(e.fma(k, q[v], old[r * scoreVectors + v]));
      }
      return result;
    });
  }
  SmallVector<Value> result(largest);
  for (int64_t r = 0; r < block; ++r)
    for (int64_t v = 0; v < scoreVectors; ++v) {
      Value score = sums[r * scoreVectors + v];
      e.storeVector(score, scores, {panel, e.add(n, r), e.index(v * lanes)});
      result[v] = e.fmax(score, result[v]);
    }
  return result;
}

void RowLanesKernel::emitElementwise(Value panel, Value first, Value count) {
  Value firstRow = e.mul(panel, e.index(panelRows));
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
    if (mods.hasElementwise())
      return inPlace(/*masked=*/false);
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
  totals =
      e.loop(e.index(0), count, 1, totals, [&](Value n, ValueRange before) {
        SmallVector<Value> result;
        for (auto [v, base] : llvm::enumerate(bases)) {
          Value lane = e.index(v * lanes);
          Value score = e.loadVector(vector, scores, {panel, n, lane});
          Value negative = arith::NegFOp::create(e.b, e.loc, base);
          Value p = e.exp2(e.fma(score, scale, negative));
          e.storeVector(p, scores, {panel, n, lane});
          result.push_back(e.fadd(before[v], p));
        }
        return result;
      });
  for (auto [v, total] : llvm::enumerate(totals))
    e.storeVector(total, sums, {e.add(firstRow, v * lanes)});
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

void RowLanesKernel::emitProducts(Value count) {
  int64_t panelColumns = outputVectors * lanes;
  Value columnPanels = e.ceilDiv(asValue(paddedColumns), panelColumns);
  e.loop(e.index(0), columnPanels, 1, [&](Value columnPanel) {
    Value column = e.mul(columnPanel, e.index(panelColumns));
    e.loop(e.index(0), usedPanels, 1, [&](Value panel) {
      Value firstRow = e.mul(panel, e.index(panelRows));
      Value rows = e.min(e.index(panelRows),
                         e.roundUp(e.sub(numRows, firstRow), outputRows));
      e.loop(e.index(0), rows, outputRows, [&](Value lane) {
        SmallVector<Value> accumulators;
        for (int64_t r = 0; r < outputRows; ++r) {
          Value m = e.add(firstRow, e.add(lane, r));
          Value factor = e.broadcast(e.load(factors, {m}), vector);
          for (int64_t v = 0; v < outputVectors; ++v)
            accumulators.push_back(
                e.fmul(factor, e.loadVector(vector, output,
                                            {m, e.add(column, v * lanes)})));
        }
        accumulators = e.loop(
            e.index(0), count, 1, accumulators, [&](Value n, ValueRange old) {
              SmallVector<Value> result, v;
              for (int64_t i = 0; i < outputVectors; ++i)
                v.push_back(e.loadVector(vector, values,
                                         {columnPanel, n, e.index(i * lanes)}));
              for (int64_t r = 0; r < outputRows; ++r) {
                Value p = e.broadcast(
                    e.load(scores, {panel, n, e.add(lane, r)}), vector);
                for (int64_t i = 0; i < outputVectors; ++i)
                  result.push_back(e.fma(p, v[i], old[r * outputVectors + i]));
              }
              return result;
            });
        for (int64_t r = 0; r < outputRows; ++r)
          for (int64_t v = 0; v < outputVectors; ++v)
            e.storeVector(
                accumulators[r * outputVectors + v], output,
                {e.add(firstRow, e.add(lane, r)), e.add(column, v * lanes)});
      });
    });
  });
}

void RowLanesKernel::endItem() { storeState(maxima, sums, output); }

std::unique_ptr<AttentionKernel>
cpu::makeRowLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                        OpBuilder &builder, int64_t tileRows) {
  return std::make_unique<RowLanesKernel>(op, machine, builder, tileRows);
}
