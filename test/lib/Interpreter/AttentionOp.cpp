//===- AttentionOp.cpp - hydragen.attention by its definition ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter.h"
#include "Score.h"

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/ScoreMods.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;
using llvm::SmallBitVector;

namespace hydragen::interpreter {

namespace {
/// A segment with its operands.
struct Segment {
  int64_t begin = 0, size = 0;
  SmallVector<int64_t> rowOffsets, rowSizes;
  SmallVector<Source> keys;
  Source value;
  /// Index operands that its maps read.
  SmallBitVector symbols;

  bool coversRow(ArrayRef<int64_t> row) const {
    for (auto [i, offset] : llvm::enumerate(rowOffsets))
      if (row[i] < offset || (!ShapedType::isDynamic(rowSizes[i]) &&
                              row[i] - offset >= rowSizes[i]))
        return false;
    return true;
  }
};

/// A key that a row sees.
struct VisibleKey {
  double score;
  unsigned segment;
  int64_t key;
};
} // namespace

LogicalResult Interpreter::run(AttentionOp op, Frame &frame) {
  FailureOr<AttentionDims> inferred =
      AttentionDims::get(op, [&]() { return op.emitOpError(); });
  if (failed(inferred))
    return failure();
  const AttentionDims &dims = *inferred;
  unsigned keyDim = dims.keys.front();
  Type stateType = op.getStateElementType();
  Rounding round(stateType, precision);
  auto accessOf = [&](Value operand, AffineMap map) {
    return Access(frame.tensor(operand), map);
  };
  auto accessesOf = [&](ValueRange operands, ArrayAttr maps) {
    SmallVector<Access> list;
    for (auto [operand, map] :
         llvm::zip_equal(operands, maps.getAsValueRange<AffineMapAttr>()))
      list.push_back(accessOf(operand, map));
    return list;
  };

  // Extents of rows, values and contractions: from output and queries.
  SmallVector<int64_t> extents(dims.numDims, -1);
  auto note = [&](AffineMap map, const Tensor &tensor) -> LogicalResult {
    for (auto [result, size] :
         llvm::zip_equal(map.getResults(), tensor.shape)) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      if (!dim)
        continue;
      int64_t &extent = extents[dim.getPosition()];
      if (extent >= 0 && extent != size)
        return op.emitError("interpreter: dim ")
               << dim.getPosition() << " has the extents " << extent << " and "
               << size;
      extent = size;
    }
    return success();
  };
  SmallVector<Access> queries = accessesOf(op.getQueries(), op.getQueryMaps());
  if (failed(note(op.getOutputMap(), frame.tensor(op.getInits().front()))))
    return failure();
  for (const Access &query : queries)
    if (failed(note(query.getMap(), query.getTensor())))
      return failure();
  for (unsigned dim = 0; dim != dims.numDims; ++dim)
    if (dim != keyDim && extents[dim] < 0)
      return op.emitError("interpreter: dim ")
             << dim << " is no index of the output or of a query by itself, so "
             << "its extent is unknown";

  // Segments.
  SmallVector<Access> scales = accessesOf(op.getScales(), op.getScaleMaps());
  std::vector<Segment> segments;
  for (unsigned i = 0, e = op.getNumSegments(); i != e; ++i) {
    SegmentAttr attr = op.getSegment(i);
    Segment segment;
    segment.begin = frame.integer(op.getSegmentBegin(i));
    segment.size = frame.integer(op.getSegmentSize(i));
    if (segment.begin < 0 || segment.size < 0)
      return op.emitError("interpreter: segment ")
             << i << " has the keys [" << segment.begin << ", " << segment.begin
             << " + " << segment.size << ")";
    segment.rowOffsets.assign(attr.getRowOffsets().begin(),
                              attr.getRowOffsets().end());
    segment.rowSizes.assign(attr.getRowSizes().begin(),
                            attr.getRowSizes().end());
    segment.symbols.resize(op.getIndices().size());
    auto source = [&](Value operand, AffineMap map, int64_t scale) {
      Source result{accessOf(operand, map), std::nullopt};
      segment.symbols |= getUsedSymbols(map);
      if (scale >= 0) {
        result.scale = scales[scale];
        segment.symbols |= getUsedSymbols(scales[scale].getMap());
      }
      return result;
    };
    for (unsigned term = 0; term != op.getNumTerms(); ++term)
      segment.keys.push_back(
          source(op.getKey(i, term), attr.getKeyMap(term), attr.getKeyScale()));
    segment.value = source(op.getSegmentValue(i), attr.getValueMap().getValue(),
                           attr.getValueScale());
    segments.push_back(std::move(segment));
  }

  FailureOr<ScoreMods> mods = ScoreMods::create(
      op, op.getScoreMods(), accessesOf(op.getExtras(), op.getExtraMaps()),
      op.getScoreRegion(), precision, round, frame);
  if (failed(mods))
    return failure();
  SmallVector<Access> sinks = accessesOf(op.getSinks(), op.getSinkMaps());
  std::optional<Access> factor;
  if (op.getFactor())
    factor = accessOf(op.getFactor(), *op.getFactorMap());
  SmallVector<Access> indices = accessesOf(op.getIndices(), op.getIndexMaps());
  IndexOperands keySymbols(op, indices), modSymbols(op, indices);
  SmallBitVector usedByMods =
      getSymbolsOfScoreMods(op.getScoreMods(), indices.size());
  double scale = op.getScale().convertToDouble();

  // Results.
  Tensor output = frame.tensor(op.getInits().front());
  Rounding roundOutput(output.elementType, precision);
  bool accumulate = op.getAccumulate();
  Scalar *out = output.write();
  std::optional<Tensor> maxima, sums;
  SmallVector<int64_t> rowShape, valueShape;
  for (unsigned dim : dims.rows)
    rowShape.push_back(extents[dim]);
  for (unsigned dim : dims.values)
    valueShape.push_back(extents[dim]);
  if (op.hasStateResults()) {
    maxima = frame.tensor(op.getInits()[1]);
    sums = frame.tensor(op.getInits()[2]);
    if (ArrayRef<int64_t>(rowShape) != ArrayRef<int64_t>(maxima->shape) ||
        maxima->shape != sums->shape)
      return op.emitError("interpreter: m and l do not have the row shape");
    maxima->write();
    sums->write();
  }

  Access outputAccess(output, op.getOutputMap());
  int64_t numColumns = countElements(valueShape).value_or(0);
  SmallVector<double> columns;
  SmallVector<int64_t> point(dims.numDims, 0), position;
  SmallVector<VisibleKey> visible;
  LogicalResult done =
      forEachIndex(rowShape, [&](ArrayRef<int64_t> row) -> LogicalResult {
        for (auto [dim, index] : llvm::zip_equal(dims.rows, row))
          point[dim] = index;
        point[keyDim] = 0;
        position.assign(row.begin(), row.end());
        position.push_back(0);
        if (!segments.empty() && failed(modSymbols.read(usedByMods, point)))
          return failure();

        // Scores of the visible keys.
        visible.clear();
        for (auto [number, segment] : llvm::enumerate(segments)) {
          if (!segment.coversRow(row))
            continue;
          for (int64_t key = 0; key != segment.size; ++key) {
            point[keyDim] = key;
            position.back() = segment.begin + key;
            if (failed(keySymbols.read(segment.symbols, point)))
              return failure();
            double score = 0;
            for (unsigned term = 0; term != queries.size(); ++term) {
              std::optional<double> product = dotProduct(
                  queries[term], segment.keys[term], dims.contraction[term],
                  extents, point, keySymbols.getSymbols(), round);
              if (!product)
                return op.emitError("interpreter: query or key ")
                       << term << " of segment " << number
                       << " is read outside of its shape at key " << key;
              score = round(score + *product);
            }
            FailureOr<double> modified = mods->apply(
                round(score * scale), position, modSymbols.getSymbols());
            if (failed(modified))
              return failure();
            if (*modified != -kInfinity)
              visible.push_back(
                  VisibleKey{*modified, static_cast<unsigned>(number), key});
          }
        }

        // M, the denominator and the state.
        double maximum = -kInfinity, maximum2 = -kInfinity;
        for (const VisibleKey &key : visible) {
          maximum = maxOrNaN(maximum, key.score);
          maximum2 = maxOrNaN(maximum2, toBaseTwo(key.score, stateType, round));
        }
        double sum2 = 0;
        for (const VisibleKey &key : visible)
          sum2 = round(sum2 +
                       round(std::exp2(toBaseTwo(key.score, stateType, round) -
                                       maximum2)));
        if (maxima) {
          maxima->write()[*maxima->getOffset(row)].f = maximum2;
          sums->write()[*sums->getOffset(row)].f = sum2;
        }
        SmallVector<double> sinkScores;
        for (auto [i, sink] : llvm::enumerate(sinks)) {
          std::optional<Scalar> value = sink.load(row);
          if (!value)
            return op.emitError("interpreter: sink ")
                   << i << " is read outside of its shape";
          sinkScores.push_back(value->f);
          maximum = maxOrNaN(maximum, value->f);
        }
        double denominator = 0;
        for (VisibleKey &key : visible) {
          key.score = round(std::exp(round(key.score - maximum)));
          denominator = round(denominator + key.score);
        }
        for (double sink : sinkScores)
          if (sink != -kInfinity)
            denominator =
                round(denominator + round(std::exp(round(sink - maximum))));
        double rowFactor = 1;
        if (factor) {
          std::optional<Scalar> value = factor->load(row);
          if (!value)
            return op.emitError(
                "interpreter: factor is read outside of its shape");
          rowFactor = value->f;
        }

        // The output's columns.
        columns.assign(numColumns, 0);
        for (const VisibleKey &key : visible) {
          const Segment &segment = segments[key.segment];
          point[keyDim] = key.key;
          if (failed(keySymbols.read(segment.symbols, point)))
            return failure();
          if (!addColumns(key.score, segment.value, dims.values, extents, point,
                          keySymbols.getSymbols(), round, columns))
            return op.emitError("interpreter: value of segment ")
                   << key.segment << " is read outside of its shape at key "
                   << key.key;
        }
        const double *column = columns.data();
        return forEachIndex(valueShape, [&](ArrayRef<int64_t> index) {
          for (auto [dim, value] : llvm::zip_equal(dims.values, index))
            point[dim] = value;
          double value = round(round(rowFactor * *column++) / denominator);
          // No visible key and no sink above -inf.
          if (denominator == 0)
            value = op.getMaskedRows() == MaskedRows::NaN
                        ? std::numeric_limits<double>::quiet_NaN()
                        : 0;
          Scalar &element = out[*outputAccess.getOffset(point)];
          element.f = roundOutput(accumulate ? value + element.f : value);
          return success();
        });
      });
  if (failed(done))
    return failure();
  frame.set(op->getResult(0), output);
  if (maxima) {
    frame.set(op->getResult(1), *maxima);
    frame.set(op->getResult(2), *sums);
  }
  return success();
}

} // namespace hydragen::interpreter
