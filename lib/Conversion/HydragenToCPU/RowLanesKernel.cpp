//===- RowLanesKernel.cpp - many rows per key -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows are the lanes: S^T[n][m] = K[n][:] . Q^T[:][m] with elements of K
// broadcast from where they lie, so that the softmax is vertical; then
// O[m][e] += P^T[n][m] (broadcast) * V[n][e] (vector along e). Only Q is
// transposed, once per item. Accumulators are loop-carried values: stores in
// the innermost loops would cost more than half of the throughput.
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

namespace {
class RowLanesKernel : public AttentionKernel {
public:
  RowLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                 OpBuilder &builder, int64_t tileRows)
      : AttentionKernel(op, machine, builder, tileRows),
        lanes(machine.lanes(e.type)), vector(e.vectorOf(lanes)) {
    bool many = machine.numRegisters() == 32;
    int64_t vectors = tileRows / lanes;
    scoreVectors = vectors % 4 == 0 && many   ? 4
                   : vectors % 3 == 0 && many ? 3
                   : vectors % 2 == 0         ? 2
                                              : 1;
    scoreKeys = many ? (scoreVectors == 4 ? 4 : scoreVectors == 3 ? 5 : 8) : 6;
    outputRows = 4;
  }

protected:
  void beginItem() override;
  void emitTile(Value first, Value count) override;
  void endItem() override;

private:
  void emitScores(Value first, Value begin, Value end, int64_t keys);
  void emitElementwise(Value first, Value count);
  void emitSoftmax(Value first, Value count);
  /// Scales the column of scores to base 2 and returns the maximum.
  Value emitMaximum(Value m, Value first, Value count, bool masked);
  void emitProducts(Value first, Value count);

  int64_t lanes;
  VectorType vector;
  /// Register blocks: vectors of rows x keys for scores, rows x vectors of
  /// columns for products with V.
  int64_t scoreVectors, scoreKeys, outputRows, outputVectors = 1;

  SmallVector<TileSource> keys;
  TileSource values;
  SmallVector<Value> queryOffsets; ///< first row of each term in `queries`
  Value queries;                   ///< Q^T, scaled [all contractions][rows]
  Value scores;                    ///< [keys][rows]
  Value maxima, sums, factors;     ///< [rows]: m, l, 2^(old m - new m)
  Value output;                    ///< [rows][columns, padded]
  Value numColumns, paddedColumns;
};
} // namespace

void RowLanesKernel::beginItem() {
  auto fixed = [&](int64_t size) -> OpFoldResult {
    return e.b.getIndexAttr(size);
  };
  Value zero = e.index(0);
  // Q, transposed and scaled.
  SmallVector<unsigned> contraction;
  for (unsigned term = 0; term < in.numTerms(); ++term)
    llvm::append_range(contraction, in.dims.contraction[term]);
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
  queries = e.scratch({depthSize, fixed(tileRows)}, e.type);
  Value scale = e.constant(in.op.getScale().convertToDouble());
  e.loop(zero, e.index(tileRows), 1, [&](Value m) {
    Point row = getRowPoint(m);
    for (unsigned term = 0; term < in.numTerms(); ++term)
      e.loop(zero, in.getSize(in.dims.contraction[term]), 1, [&](Value d) {
        Point point = row;
        in.setDigits(point, in.dims.contraction[term], d);
        Value q = e.fmul(in.loadQuery(term, point, e.type), scale);
        e.store(q, queries, {e.add(queryOffsets[term], d), m});
      });
  });

  // Tiles of K and V.
  keys.clear();
  for (unsigned term = 0; term < in.numTerms(); ++term)
    keys.push_back(makeSource(term, /*lanes=*/1, /*anyType=*/false));
  values = makeSource(-1, lanes, /*anyType=*/false);
  // Rows of V behind a page table or digits are cheaper to gather once.
  if (values.direct &&
      (in.dims.keys.size() != 1 || in.valueMap.getNumSymbols() != 0)) {
    values.direct = false;
    values.buffer = e.scratch(
        {fixed(kTileKeys), paddedSize(in.dims.values, lanes)}, e.type);
  }

  // The state.
  OpFoldResult columns = paddedSize(in.dims.values, lanes);
  numColumns = in.getSize(in.dims.values);
  paddedColumns = asValue(columns);
  outputVectors = 1;
  if (auto size = getConstantIntValue(columns)) {
    bool many = machine.numRegisters() == 32;
    for (int64_t count : {2, 3, 4, 5, 6})
      if ((many || count <= 2) && *size / lanes % count == 0 &&
          (count < 5 || outputVectors < 3))
        outputVectors = count;
  }
  scores = e.scratch({fixed(kTileKeys), fixed(tileRows)}, e.type);
  maxima = e.scratch({fixed(tileRows)}, e.type);
  sums = e.scratch({fixed(tileRows)}, e.type);
  factors = e.scratch({fixed(tileRows)}, e.type);
  output = e.scratch({fixed(tileRows), columns}, e.type);
  e.loop(zero, e.index(tileRows), 1, [&](Value m) {
    Point point = getRowPoint(m);
    SmallVector<Value> row = in.getRowIndices(point);
    e.store(e.load(in.stateM(), row), maxima, {m});
    e.store(e.load(in.stateL(), row), sums, {m});
    e.loop(zero, numColumns, 1, [&](Value column) {
      Point element = point;
      in.setDigits(element, in.dims.values, column);
      e.store(e.load(in.stateO(), in.getOutputIndices(element)), output,
              {m, column});
    });
    e.loop(numColumns, paddedColumns, 1, [&](Value column) {
      e.store(e.constant(0.0), output, {m, column});
    });
  });
}

void RowLanesKernel::emitTile(Value first, Value count) {
  for (unsigned term = 0; term < in.numTerms(); ++term)
    fillSource(keys[term], term, first, count);
  fillSource(values, -1, first, count);
  Value whole = e.roundDown(count, scoreKeys);
  emitScores(first, e.index(0), whole, scoreKeys);
  emitScores(first, whole, count, 1);
  if (mods.hasElementwise())
    emitElementwise(first, count);
  emitSoftmax(first, count);
  emitProducts(first, count);
}

void RowLanesKernel::emitScores(Value first, Value begin, Value end,
                                int64_t block) {
  e.loop(begin, end, block, [&](Value n) {
    // Where the rows of K are.
    SmallVector<Point> points;
    SmallVector<SmallVector<SmallVector<Value>>> symbols(in.numTerms());
    for (int64_t r = 0; r < block; ++r) {
      points.push_back(getKeyPoint(e.add(first, e.add(n, r))));
      for (unsigned term = 0; term < in.numTerms(); ++term)
        symbols[term].push_back(
            keys[term].direct
                ? in.loadSymbols(getOperand(term), in.keyMaps[term], points[r])
                : SmallVector<Value>());
    }
    e.loop(e.index(0), e.index(tileRows), scoreVectors * lanes, [&](Value m) {
      SmallVector<Value> sums(block * scoreVectors, e.constant(0.0, vector));
      for (unsigned term = 0; term < in.numTerms(); ++term) {
        Value depth = in.getSize(in.dims.contraction[term]);
        sums = e.loop(e.index(0), depth, 1, sums, [&](Value d, ValueRange old) {
          SmallVector<Value> result;
          SmallVector<Value> q;
          Value queryRow = e.add(queryOffsets[term], d);
          for (int64_t v = 0; v < scoreVectors; ++v)
            q.push_back(
                e.loadVector(vector, queries, {queryRow, e.add(m, v * lanes)}));
          for (int64_t r = 0; r < block; ++r) {
            Value k;
            if (keys[term].direct) {
              Point point = points[r];
              in.setDigits(point, in.dims.contraction[term], d);
              k = in.loadKey(term, point, symbols[term][r], e.type);
            } else {
              k = e.load(keys[term].buffer, {e.add(n, r), d});
            }
            k = e.broadcast(k, vector);
            for (int64_t v = 0; v < scoreVectors; ++v)
              result.push_back(e.fma(k, q[v], old[r * scoreVectors + v]));
          }
          return result;
        });
      }
      for (int64_t r = 0; r < block; ++r)
        for (int64_t v = 0; v < scoreVectors; ++v)
          e.storeVector(sums[r * scoreVectors + v], scores,
                        {e.add(n, r), e.add(m, v * lanes)});
    });
  });
}

void RowLanesKernel::emitElementwise(Value first, Value count) {
  e.loop(e.index(0), count, 1, [&](Value n) {
    Value key = e.add(first, n);
    e.loop(e.index(0), numRows, 1, [&](Value m) {
      Value score = e.load(scores, {n, m});
      e.store(mods.emit(score, getRowPoint(m), key), scores, {n, m});
    });
  });
}

Value RowLanesKernel::emitMaximum(Value m, Value first, Value count,
                                  bool masked) {
  Value none = e.infinity(vector, /*negative=*/true);
  auto integers = VectorType::get({lanes}, e.b.getI32Type());
  Value low, high;
  if (masked) {
    low = e.loadVector(integers, lowKeys, {m});
    high = e.loadVector(integers, highKeys, {m});
  }
  return e.loop(e.index(0), count, 1, {none}, [&](Value n, ValueRange old) {
    Value score = toBase2(e.loadVector(vector, scores, {n, m}));
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
    e.storeVector(score, scores, {n, m});
    return SmallVector<Value>{e.fmax(score, old[0])};
  })[0];
}

void RowLanesKernel::emitSoftmax(Value first, Value count) {
  Value none = e.infinity(vector, /*negative=*/true);
  Value zero = e.constant(0.0, vector);
  e.loop(e.index(0), e.index(tileRows), lanes, [&](Value m) {
    Value largest;
    if (mods.hasBounds()) {
      // Only tiles on the edge of what some row sees need the comparison.
      Value inside = arith::AndIOp::create(
          e.b, e.loc,
          arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, first,
                                lastLow),
          arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle,
                                e.add(first, count), firstHigh));
      auto branch = scf::IfOp::create(
          e.b, e.loc, inside,
          [&](OpBuilder &, Location) {
            Value result = emitMaximum(m, first, count, /*masked=*/false);
            scf::YieldOp::create(e.b, e.loc, result);
          },
          [&](OpBuilder &, Location) {
            Value result = emitMaximum(m, first, count, /*masked=*/true);
            scf::YieldOp::create(e.b, e.loc, result);
          });
      largest = branch.getResult(0);
    } else {
      largest = emitMaximum(m, first, count, /*masked=*/false);
    }
    Value old = e.loadVector(vector, maxima, {m});
    Value now = e.fmax(largest, old);
    e.storeVector(now, maxima, {m});
    // A row that has seen no key yet: every difference stays -inf.
    Value base =
        e.select(e.compare(arith::CmpFPredicate::OEQ, now, none), zero, now);
    Value factor = e.weight(old, base);
    e.storeVector(factor, factors, {m});
    Value sum = e.fmul(factor, e.loadVector(vector, sums, {m}));
    sum = e.loop(e.index(0), count, 1, {sum}, [&](Value n, ValueRange before) {
      Value score = e.loadVector(vector, scores, {n, m});
      Value p = e.exp2(e.fsub(score, base));
      e.storeVector(p, scores, {n, m});
      return SmallVector<Value>{e.fadd(before[0], p)};
    })[0];
    e.storeVector(sum, sums, {m});
  });
}

void RowLanesKernel::emitProducts(Value first, Value count) {
  Value rows = e.roundUp(numRows, outputRows);
  e.loop(e.index(0), paddedColumns, outputVectors * lanes, [&](Value column) {
    e.loop(e.index(0), rows, outputRows, [&](Value m) {
      SmallVector<Value> sums;
      for (int64_t r = 0; r < outputRows; ++r) {
        Value factor = e.broadcast(e.load(factors, {e.add(m, r)}), vector);
        for (int64_t v = 0; v < outputVectors; ++v)
          sums.push_back(e.fmul(
              factor, e.loadVector(vector, output,
                                   {e.add(m, r), e.add(column, v * lanes)})));
      }
      sums = e.loop(e.index(0), count, 1, sums, [&](Value n, ValueRange old) {
        SmallVector<Value> result, v;
        Point point;
        if (values.direct)
          point = getKeyPoint(e.add(first, n));
        for (int64_t i = 0; i < outputVectors; ++i) {
          Value at = e.add(column, i * lanes);
          if (values.direct) {
            in.setDigits(point, in.dims.values, at);
            v.push_back(e.loadVector(vector, in.op.getValue(),
                                     in.getIndices(in.valueMap, point, {})));
          } else {
            v.push_back(e.loadVector(vector, values.buffer, {n, at}));
          }
        }
        for (int64_t r = 0; r < outputRows; ++r) {
          Value p = e.broadcast(e.load(scores, {n, e.add(m, r)}), vector);
          for (int64_t i = 0; i < outputVectors; ++i)
            result.push_back(e.fma(p, v[i], old[r * outputVectors + i]));
        }
        return result;
      });
      for (int64_t r = 0; r < outputRows; ++r)
        for (int64_t v = 0; v < outputVectors; ++v)
          e.storeVector(sums[r * outputVectors + v], output,
                        {e.add(m, r), e.add(column, v * lanes)});
    });
  });
}

void RowLanesKernel::endItem() {
  e.loop(e.index(0), numRows, 1, [&](Value m) {
    Point point = getRowPoint(m);
    SmallVector<Value> row = in.getRowIndices(point);
    e.store(e.load(maxima, {m}), in.stateM(), row);
    e.store(e.load(sums, {m}), in.stateL(), row);
    e.loop(e.index(0), numColumns, 1, [&](Value column) {
      Point element = point;
      in.setDigits(element, in.dims.values, column);
      e.store(e.load(output, {m, column}), in.stateO(),
              in.getOutputIndices(element));
    });
  });
}

std::unique_ptr<AttentionKernel>
cpu::makeRowLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                        OpBuilder &builder, int64_t tileRows) {
  return std::make_unique<RowLanesKernel>(op, machine, builder, tileRows);
}
