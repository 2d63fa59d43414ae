//===- PartialAttention.cpp - prefix_attention, suffix_attention -*- C++ -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter.h"
#include "Score.h"

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;
using llvm::SmallBitVector;

namespace hydragen::interpreter {

LogicalResult Interpreter::run(PartialAttentionOpInterface op, Frame &frame) {
  if (op->getNumResults() != 3)
    return op->emitError("interpreter: expected tensors");
  FailureOr<AttentionDims> inferred =
      AttentionDims::get(op, [&]() { return op->emitOpError(); });
  if (failed(inferred))
    return failure();
  const AttentionDims &dims = *inferred;
  Type stateType =
      cast<ShapedType>(op.getInits().front().getType()).getElementType();
  Rounding round(stateType, precision);
  auto accessesOf = [&](ValueRange operands, ArrayRef<AffineMap> maps) {
    SmallVector<Access> list;
    for (auto [operand, map] : llvm::zip_equal(operands, maps))
      list.push_back(Access(frame.tensor(operand), map));
    return list;
  };
  SmallVector<Access> queries =
      accessesOf(op.getQueries(), op.getQueryMapsVector());
  SmallVector<Access> indices =
      accessesOf(op.getIndices(), op.getIndexMapsVector());
  SmallVector<Source> keys;
  SmallBitVector usedByKeys(indices.size());
  for (const Access &key : accessesOf(op.getKeys(), op.getKeyMapsVector())) {
    keys.push_back(Source{key, std::nullopt});
    usedByKeys |= getUsedSymbols(key.getMap());
  }
  Source value{Access(frame.tensor(op.getValue()), op.getValueMap()),
               std::nullopt};
  usedByKeys |= getUsedSymbols(op.getValueMap());

  // Extents: the state's shape is (rows..., values...), the rest stands in the
  // operands.
  SmallVector<int64_t> extents(dims.numDims, -1);
  Tensor o = frame.tensor(op.getInits()[0]), m = frame.tensor(op.getInits()[1]),
         l = frame.tensor(op.getInits()[2]);
  if (m.shape != l.shape || m.getRank() > o.getRank() ||
      ArrayRef<int64_t>(o.shape).take_front(m.getRank()) !=
          ArrayRef<int64_t>(m.shape))
    return op->emitError("interpreter: o, m and l do not fit");
  auto noteExtent = [&](unsigned dim, int64_t size) -> LogicalResult {
    if (extents[dim] >= 0 && extents[dim] != size)
      return op->emitError("interpreter: dim ")
             << dim << " has the extents " << extents[dim] << " and " << size;
    extents[dim] = size;
    return success();
  };
  auto note = [&](const Access &access) -> LogicalResult {
    for (auto [result, size] : llvm::zip_equal(access.getMap().getResults(),
                                               access.getTensor().shape))
      if (auto dim = dyn_cast<AffineDimExpr>(result))
        if (failed(noteExtent(dim.getPosition(), size)))
          return failure();
    return success();
  };
  for (auto [dim, size] : llvm::zip_equal(dims.rows, m.shape))
    if (failed(noteExtent(dim, size)))
      return failure();
  for (auto [dim, size] : llvm::zip_equal(
           dims.values, ArrayRef<int64_t>(o.shape).drop_front(m.getRank())))
    if (failed(noteExtent(dim, size)))
      return failure();
  if (failed(note(value.access)))
    return failure();
  for (const Access &access : llvm::concat<const Access>(queries, indices))
    if (failed(note(access)))
      return failure();
  for (const Source &key : keys)
    if (failed(note(key.access)))
      return failure();
  for (auto [dim, extent] : llvm::enumerate(extents))
    if (extent < 0)
      return op->emitError("interpreter: the extent of dim ")
             << dim << " is unknown";

  FailureOr<ScoreMods> mods =
      ScoreMods::create(op, op.getScoreMods(),
                        accessesOf(op.getExtras(), op.getExtraMapsVector()),
                        op.getScoreRegion(), precision, round, frame);
  if (failed(mods))
    return failure();
  IndexOperands keySymbols(op, indices), modSymbols(op, indices);
  SmallBitVector usedByMods =
      getSymbolsOfScoreMods(op.getScoreMods(), indices.size());
  double scale = op.getScale().convertToDouble();
  SmallVector<int64_t> offsets = frame.integers(
      getMixedValues(op.getStaticOffsets(), op.getOffsets(), op->getContext()));
  SmallVector<int64_t> keyShape;
  for (unsigned dim : dims.keys)
    keyShape.push_back(extents[dim]);

  Scalar *outO = o.write(), *outM = m.write(), *outL = l.write();
  int64_t numColumns =
      countElements(ArrayRef<int64_t>(o.shape).drop_front(m.getRank()))
          .value_or(0);
  SmallVector<int64_t> point(dims.numDims, 0), position;
  SmallVector<std::pair<double, SmallVector<int64_t>>> visible;
  LogicalResult done =
      forEachIndex(m.shape, [&](ArrayRef<int64_t> row) -> LogicalResult {
        for (auto [dim, index] : llvm::zip_equal(dims.rows, row))
          point[dim] = index;
        position.clear();
        for (auto [index, offset] :
             llvm::zip(row, ArrayRef<int64_t>(offsets).drop_back()))
          position.push_back(index + offset);
        position.push_back(0);
        if (failed(modSymbols.read(usedByMods, point)))
          return failure();

        // s2 of the visible keys, and the new maximum.
        int64_t offset = *m.getOffset(row), localKey = 0;
        double maximum = outM[offset].f;
        visible.clear();
        LogicalResult scored =
            forEachIndex(keyShape, [&](ArrayRef<int64_t> key) -> LogicalResult {
              for (auto [dim, index] : llvm::zip_equal(dims.keys, key))
                point[dim] = index;
              position.back() = offsets.back() + localKey++;
              if (failed(keySymbols.read(usedByKeys, point)))
                return failure();
              double score = 0;
              for (unsigned term = 0; term != queries.size(); ++term) {
                std::optional<double> product = dotProduct(
                    queries[term], keys[term], dims.contraction[term], extents,
                    point, keySymbols.getSymbols(), round);
                if (!product)
                  return op->emitError("interpreter: query or key ")
                         << term << " is read outside of its shape at key "
                         << position.back();
                score = round(score + *product);
              }
              FailureOr<double> modified = mods->apply(
                  round(score * scale), position, modSymbols.getSymbols());
              if (failed(modified))
                return failure();
              double score2 = toBaseTwo(*modified, stateType, round);
              if (score2 != -kInfinity) {
                visible.emplace_back(score2, SmallVector<int64_t>(key));
                maximum = maxOrNaN(maximum, score2);
              }
              return success();
            });
        if (failed(scored))
          return failure();

        // The old state at the new maximum, and the keys.
        double weight = outM[offset].f == -kInfinity
                            ? 0
                            : round(std::exp2(outM[offset].f - maximum));
        double sum = round(outL[offset].f * weight);
        SmallVector<double> columns;
        for (int64_t e = 0; e != numColumns; ++e)
          columns.push_back(
              weight == 0 ? 0
                          : round(outO[offset * numColumns + e].f * weight));
        for (const auto &[score2, key] : visible) {
          for (auto [dim, index] : llvm::zip_equal(dims.keys, key))
            point[dim] = index;
          if (failed(keySymbols.read(usedByKeys, point)))
            return failure();
          double p = round(std::exp2(score2 - maximum));
          sum = round(sum + p);
          if (!addColumns(p, value, dims.values, extents, point,
                          keySymbols.getSymbols(), round, columns))
            return op->emitError(
                "interpreter: the value is read outside of its shape");
        }
        outM[offset].f = maximum;
        outL[offset].f = sum;
        for (auto [e, column] : llvm::enumerate(columns))
          outO[offset * numColumns + e].f = column;
        return success();
      });
  if (failed(done))
    return failure();
  frame.set(op->getResult(0), o);
  frame.set(op->getResult(1), m);
  frame.set(op->getResult(2), l);
  return success();
}

} // namespace hydragen::interpreter
