//===- PartialAttention.cpp - prefix and suffix attention -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaLine.h"
#include "LowerOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// Builds the formula of docs/spec.md line by line. The scores of all rows and
/// keys are one tensor.
class PartialLowering {
public:
  PartialLowering(OpBuilder &builder, PartialAttentionOpInterface op)
      : builder(builder), op(op), loc(op->getLoc()),
        dims(AttentionDims::get(op)) {
    stateType =
        cast<ShapedType>(op.getInits().front().getType()).getElementType();
    for (auto [index, map] :
         llvm::zip_equal(op.getIndices(), op.getIndexMapsVector()))
      indices.push_back({index, map});
    rowMap = mapTo(dims.rows);
    outputMap = mapTo(concat(dims.rows, dims.values));
    scoreLoops = sorted(concat(dims.rows, dims.keys));
    scoreMap = mapTo(scoreLoops);
    for (unsigned dim : dims.rows)
      rowSizes.push_back(getExtent(builder, op, dim));
    for (unsigned dim : dims.keys)
      keySizes.push_back(getExtent(builder, op, dim));
    for (unsigned dim : scoreLoops)
      scoreSizes.push_back(getExtent(builder, op, dim));
    offsets = getMixedValues(op.getStaticOffsets(), op.getOffsets(), builder);
  }

  SmallVector<Value> lower() {
    Value o = op.getInits()[0], m = op.getInits()[1], l = op.getInits()[2];
    Value products = buildProducts();
    Value scores = buildScores(products);
    Value keyMaximum = buildKeyMaximum(scores);
    // w reads the old m and the last line to do so comes before m', so that
    // bufferisation can write m' over it.
    Value w = buildRescale(keyMaximum, m);
    Value newM = buildMaximum(keyMaximum, m);
    Value weights = buildWeights(scores, newM);
    Value newL = buildSum(weights, rescale(l, rowMap, dims.rows, w));
    Value newO =
        buildOutput(scores, weights,
                    rescale(o, outputMap, concat(dims.rows, dims.values), w));
    return {newO, newM, newL};
  }

private:
  static SmallVector<unsigned> concat(ArrayRef<unsigned> a,
                                      ArrayRef<unsigned> b) {
    SmallVector<unsigned> both(a);
    both.append(b.begin(), b.end());
    return both;
  }
  static SmallVector<unsigned> sorted(SmallVector<unsigned> list) {
    llvm::sort(list);
    return list;
  }

  AffineMap mapTo(ArrayRef<unsigned> results) {
    SmallVector<AffineExpr> exprs;
    for (unsigned dim : results)
      exprs.push_back(builder.getAffineDimExpr(dim));
    return AffineMap::get(dims.numDims, 0, exprs, builder.getContext());
  }

  FormulaLine line(ArrayRef<unsigned> loops) {
    return FormulaLine(builder, loc, dims.numDims, loops, indices);
  }
  Value emptyRows() {
    return tensor::EmptyOp::create(builder, loc, rowSizes, stateType);
  }
  Value emptyScores() {
    return tensor::EmptyOp::create(builder, loc, scoreSizes, stateType);
  }

  /// sum_t sum_d Q_t K_t
  Value buildProducts() {
    Value zero = arith::ConstantOp::create(builder, loc, stateType,
                                           builder.getZeroAttr(stateType));
    Value sum =
        linalg::FillOp::create(builder, loc, zero, emptyScores()).getResult(0);
    for (unsigned term = 0; term != op.getQueries().size(); ++term) {
      FormulaLine product =
          line(sorted(concat(scoreLoops, dims.contraction[term])));
      unsigned q =
          product.read(op.getQueries()[term], op.getQueryMapsVector()[term]);
      unsigned k =
          product.read(op.getKeys()[term], op.getKeyMapsVector()[term]);
      sum = product.emit(sum, scoreMap, [&](Scalars &s, Value accumulator) {
        return s.add(accumulator,
                     s.mul(s.cast(product.element(s, q), stateType),
                           s.cast(product.element(s, k), stateType)));
      });
    }
    return sum;
  }

  /// s2 = saturate(mods(scale * products) * log2(e))
  Value buildScores(Value products) {
    FormulaLine score = line(scoreLoops);
    unsigned product = score.read(products, scoreMap);
    ScoreModifier modifier(op, dims, offsets, keySizes);
    modifier.addOperands(score);
    return score.emit(emptyScores(), scoreMap, [&](Scalars &s, Value) {
      Value scale = s.constant(stateType, op.getScale().convertToDouble());
      Value scaled = s.mul(score.element(s, product), scale);
      return s.toBaseTwo(modifier.apply(score, s, scaled));
    });
  }

  /// max_n s2
  Value buildKeyMaximum(Value scores) {
    Value infinity = arith::ConstantOp::create(
        builder, loc, stateType,
        builder.getFloatAttr(stateType,
                             -std::numeric_limits<double>::infinity()));
    Value start = linalg::FillOp::create(builder, loc, infinity, emptyRows())
                      .getResult(0);
    FormulaLine maximum = line(scoreLoops);
    unsigned score = maximum.read(scores, scoreMap);
    return maximum.emit(start, rowMap, [&](Scalars &s, Value accumulator) {
      return s.max(accumulator, maximum.element(s, score));
    });
  }

  /// w = 2^(m - m'), 0 for m = -inf
  Value buildRescale(Value keyMaximum, Value m) {
    FormulaLine rescale = line(dims.rows);
    unsigned before = rescale.read(m, rowMap);
    unsigned maximum = rescale.read(keyMaximum, rowMap);
    return rescale.emit(emptyRows(), rowMap, [&](Scalars &s, Value) {
      Value old = rescale.element(s, before);
      return s.weight(old, s.max(old, rescale.element(s, maximum)));
    });
  }

  /// m' = max(m, max_n s2)
  Value buildMaximum(Value keyMaximum, Value m) {
    FormulaLine maximum = line(dims.rows);
    unsigned other = maximum.read(keyMaximum, rowMap);
    return maximum.emit(m, rowMap, [&](Scalars &s, Value old) {
      return s.max(old, maximum.element(s, other));
    });
  }

  /// p = 2^(s2 - m'), 0 for an invisible key
  Value buildWeights(Value scores, Value m) {
    FormulaLine weight = line(scoreLoops);
    unsigned score = weight.read(scores, scoreMap);
    unsigned reference = weight.read(m, rowMap);
    return weight.emit(emptyScores(), scoreMap, [&](Scalars &s, Value) {
      return s.weight(weight.element(s, score), weight.element(s, reference));
    });
  }

  /// part w
  Value rescale(Value part, AffineMap map, ArrayRef<unsigned> loops, Value w) {
    FormulaLine scaled = line(loops);
    unsigned factor = scaled.read(w, rowMap);
    return scaled.emit(part, map, [&](Scalars &s, Value element) {
      return s.mul(element, scaled.element(s, factor));
    });
  }

  /// l' = l w + sum_n p
  Value buildSum(Value weights, Value l) {
    FormulaLine sum = line(scoreLoops);
    unsigned weight = sum.read(weights, scoreMap);
    return sum.emit(l, rowMap, [&](Scalars &s, Value accumulator) {
      return s.add(accumulator, sum.element(s, weight));
    });
  }

  /// o' = o w + sum_n p V. The term of an invisible key is left out, whatever
  /// V holds there.
  Value buildOutput(Value scores, Value weights, Value o) {
    FormulaLine output = line(sorted(concat(scoreLoops, dims.values)));
    unsigned score = output.read(scores, scoreMap);
    unsigned weight = output.read(weights, scoreMap);
    unsigned value = output.read(op.getValue(), op.getValueMap());
    return output.emit(o, outputMap, [&](Scalars &s, Value accumulator) {
      Value term = s.mul(output.element(s, weight),
                         s.cast(output.element(s, value), stateType));
      return s.select(s.isNegativeInfinity(output.element(s, score)),
                      accumulator, s.add(accumulator, term));
    });
  }

  OpBuilder &builder;
  PartialAttentionOpInterface op;
  Location loc;
  AttentionDims dims;
  Type stateType;
  SmallVector<MappedTensor> indices;
  AffineMap rowMap, outputMap, scoreMap;
  SmallVector<unsigned> scoreLoops;
  SmallVector<OpFoldResult> rowSizes, keySizes, scoreSizes, offsets;
};
} // namespace

SmallVector<Value>
hydragen::lowerPartialAttention(OpBuilder &builder,
                                PartialAttentionOpInterface op) {
  return PartialLowering(builder, op).lower();
}
