//===- KeyLanesKernel.cpp - few rows per key --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Few rows meet each key, so reading K and V bounds the kernel: both stream
// through once per item. Lanes run along the contraction for scores (with one
// horizontal sum per score), along the keys for the softmax and along the
// columns of V for the products.
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
        lanes(machine.lanes(e.type)), vector(e.vectorOf(lanes)) {
    int64_t accumulators = machine.numRegisters() / 2;
    keyBlock = std::clamp<int64_t>(accumulators / tileRows, 1, 4);
    // Columns of all rows at once, as far as the registers go.
    rowBlock = std::min<int64_t>(tileRows, 4);
  }

protected:
  void beginItem() override;
  void emitTile(Value first, Value count) override;
  void endItem() override;

private:
  void emitScores(Value first, Value begin, Value end, int64_t block);
  void emitElementwise(Value first, Value count);
  void emitSoftmax(int64_t row, Value first, Value count);
  void emitProducts(Value first, Value count);
  Value loadKeys(unsigned term, const Point &point, ArrayRef<Value> symbols,
                 Value n, Value d);

  int64_t lanes;
  VectorType vector;
  int64_t keyBlock, rowBlock, outputVectors = 1;
  SmallVector<TileSource> keys;
  TileSource values;
  SmallVector<Value> queryOffsets; ///< first column of each term in `queries`
  Value queries;                   ///< Q, scaled [rows][contractions, padded]
  Value scores;                    ///< [rows][keys]
  Value maxima, sums;              ///< [rows]
  Value output;                    ///< [rows][columns, padded]
  Value numColumns, paddedColumns;
};
} // namespace

void KeyLanesKernel::beginItem() {
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
    keys.push_back(makeSource(term, lanes, /*anyType=*/true));
  values = makeSource(-1, lanes, /*anyType=*/true);

  OpFoldResult columns = paddedSize(in.dims.values, lanes);
  numColumns = in.getSize(in.dims.values);
  paddedColumns = asValue(columns);
  outputVectors = 1;
  if (auto size = getConstantIntValue(columns)) {
    int64_t limit =
        std::max<int64_t>(1, machine.numRegisters() * 3 / 4 / rowBlock);
    for (int64_t count = 2; count <= std::min<int64_t>(limit, 8); ++count)
      if (*size / lanes % count == 0)
        outputVectors = count;
  }
  scores = e.scratch({fixed(tileRows), fixed(kTileKeys)}, e.type);
  maxima = e.scratch({fixed(tileRows)}, e.type);
  sums = e.scratch({fixed(tileRows)}, e.type);
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

void KeyLanesKernel::emitTile(Value first, Value count) {
  for (unsigned term = 0; term < in.numTerms(); ++term)
    fillSource(keys[term], term, first, count);
  fillSource(values, -1, first, count);
  Value whole = e.roundDown(count, keyBlock);
  emitScores(first, e.index(0), whole, keyBlock);
  if (keyBlock > 1)
    emitScores(first, whole, count, 1);
  if (mods.hasElementwise())
    emitElementwise(first, count);
  for (int64_t row = 0; row < tileRows; ++row)
    emitSoftmax(row, first, count);
  emitProducts(first, count);
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

void KeyLanesKernel::emitScores(Value first, Value begin, Value end,
                                int64_t block) {
  e.loop(begin, end, block, [&](Value n) {
    SmallVector<Point> points;
    for (int64_t r = 0; r < block; ++r)
      points.push_back(getKeyPoint(e.add(first, e.add(n, r))));
    SmallVector<Value> sums(tileRows * block, e.constant(0.0, vector));
    for (unsigned term = 0; term < in.numTerms(); ++term) {
      SmallVector<SmallVector<Value>> symbols(block);
      if (keys[term].direct)
        for (int64_t r = 0; r < block; ++r)
          symbols[r] =
              in.loadSymbols(getOperand(term), in.keyMaps[term], points[r]);
      Value depth = asValue(paddedSize(in.dims.contraction[term], lanes));
      sums =
          e.loop(e.index(0), depth, lanes, sums, [&](Value d, ValueRange old) {
            SmallVector<Value> result, k;
            for (int64_t r = 0; r < block; ++r)
              k.push_back(
                  loadKeys(term, points[r], symbols[r], e.add(n, r), d));
            for (int64_t m = 0; m < tileRows; ++m) {
              Value q = e.loadVector(
                  vector, queries, {e.index(m), e.add(queryOffsets[term], d)});
              for (int64_t r = 0; r < block; ++r)
                result.push_back(e.fma(k[r], q, old[m * block + r]));
            }
            return result;
          });
    }
    for (int64_t m = 0; m < tileRows; ++m)
      for (int64_t r = 0; r < block; ++r) {
        Value score = vector::ReductionOp::create(
            e.b, e.loc, vector::CombiningKind::ADD, sums[m * block + r],
            arith::FastMathFlags::reassoc);
        e.store(score, scores, {e.index(m), e.add(n, r)});
      }
  });
}

void KeyLanesKernel::emitElementwise(Value first, Value count) {
  e.loop(e.index(0), numRows, 1, [&](Value m) {
    Point row = getRowPoint(m);
    e.loop(e.index(0), count, 1, [&](Value n) {
      Value score = mods.emit(e.load(scores, {m, n}), row, e.add(first, n));
      e.store(score, scores, {m, n});
    });
  });
}

void KeyLanesKernel::emitSoftmax(int64_t row, Value first, Value count) {
  Value m = e.index(row);
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
        Value score = toBase2(e.loadVector(vector, scores, {m, n}));
        e.storeVector(score, scores, {m, n});
        return SmallVector<Value>{e.fmax(score, old[0])};
      })[0];
  Value tileMax = noneScalar;
  for (int64_t i = 0; i < lanes; ++i) {
    Value lane = vector::ExtractOp::create(e.b, e.loc, largest, i);
    tileMax = e.fmax(lane, tileMax);
  }
  Value old = e.load(maxima, {m});
  Value now = e.fmax(tileMax, old);
  e.store(now, maxima, {m});
  Value base = e.select(e.compare(arith::CmpFPredicate::OEQ, now, noneScalar),
                        e.constant(0.0), now);
  Value factor = e.weight(old, base);
  Value baseVector = e.broadcast(base, vector);
  Value sum = e.loop(e.index(0), padded, lanes, {e.constant(0.0, vector)},
                     [&](Value n, ValueRange before) {
                       Value score = e.loadVector(vector, scores, {m, n});
                       Value p = e.exp2(e.fsub(score, baseVector));
                       e.storeVector(p, scores, {m, n});
                       return SmallVector<Value>{e.fadd(before[0], p)};
                     })[0];
  Value total =
      vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::ADD, sum,
                                  arith::FastMathFlags::reassoc);
  e.store(e.fma(factor, e.load(sums, {m}), total), sums, {m});
  Value factorVector = e.broadcast(factor, vector);
  e.loop(e.index(0), paddedColumns, lanes, [&](Value column) {
    Value o = e.loadVector(vector, output, {m, column});
    e.storeVector(e.fmul(o, factorVector), output, {m, column});
  });
}

void KeyLanesKernel::emitProducts(Value first, Value count) {
  for (int64_t row = 0; row < tileRows; row += rowBlock) {
    int64_t rows = std::min(rowBlock, tileRows - row);
    e.loop(e.index(0), paddedColumns, outputVectors * lanes, [&](Value column) {
      SmallVector<Value> sums;
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t v = 0; v < outputVectors; ++v)
          sums.push_back(e.loadVector(
              vector, output, {e.index(row + r), e.add(column, v * lanes)}));
      sums = e.loop(e.index(0), count, 1, sums, [&](Value n, ValueRange old) {
        SmallVector<Value> result, v;
        Point point;
        SmallVector<Value> symbols;
        if (values.direct) {
          point = getKeyPoint(e.add(first, n));
          symbols = in.loadSymbols(getOperand(-1), in.valueMap, point);
        }
        for (int64_t i = 0; i < outputVectors; ++i) {
          Value at = e.add(column, i * lanes);
          if (!values.direct) {
            v.push_back(e.loadVector(vector, values.buffer, {n, at}));
            continue;
          }
          in.setDigits(point, in.dims.values, at);
          Value memref = in.op.getValue();
          Type element = cast<MemRefType>(memref.getType()).getElementType();
          Value loaded =
              e.loadVector(VectorType::get({lanes}, element), memref,
                           in.getIndices(in.valueMap, point, symbols));
          v.push_back(e.cast(loaded, e.type));
        }
        for (int64_t r = 0; r < rows; ++r) {
          Value p = e.broadcast(e.load(scores, {e.index(row + r), n}), vector);
          for (int64_t i = 0; i < outputVectors; ++i)
            result.push_back(e.fma(p, v[i], old[r * outputVectors + i]));
        }
        return result;
      });
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t v = 0; v < outputVectors; ++v)
          e.storeVector(sums[r * outputVectors + v], output,
                        {e.index(row + r), e.add(column, v * lanes)});
    });
  }
}

void KeyLanesKernel::endItem() {
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
cpu::makeKeyLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                        OpBuilder &builder, int64_t tileRows) {
  return std::make_unique<KeyLanesKernel>(op, machine, builder, tileRows);
}
