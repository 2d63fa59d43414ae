//===- States.cpp - combine, finalize, state_lse ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaLine.h"
#include "LowerOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

static unsigned rankOf(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

static SmallVector<unsigned> range(unsigned begin, unsigned end) {
  return llvm::to_vector(llvm::seq(begin, end));
}

//===----------------------------------------------------------------------===//
// CombineOp
//===----------------------------------------------------------------------===//

namespace {
/// Domain of a combine: (state number if stacked, rows..., values...).
class CombineLowering {
public:
  CombineLowering(OpBuilder &builder, CombineOp op)
      : builder(builder), op(op), loc(op.getLoc()),
        numLeading(op.getStacked() ? 1 : 0), numRows(rankOf(op.getInits()[1])),
        numDims(numLeading + rankOf(op.getInits()[0])) {}

  SmallVector<Value> lower() {
    Value o = op.getInits()[0], m = op.getInits()[1], l = op.getInits()[2];
    Value others = buildOtherMaximum(m);
    // The last line that reads the old m comes before m', so that
    // bufferisation can write m' over it.
    Value w = buildWeight(others, m);
    Value newM = buildMaximum(others, m);
    Value newL = buildMerge(l, 2, w, newM);
    Value newO = buildMerge(o, 0, w, newM);
    return {newO, newM, newL};
  }

private:
  /// Map to dims [begin, begin + rank).
  AffineMap mapTo(unsigned begin, unsigned rank) {
    SmallVector<AffineExpr> exprs;
    for (unsigned dim : range(begin, begin + rank))
      exprs.push_back(builder.getAffineDimExpr(dim));
    return AffineMap::get(numDims, 0, exprs, builder.getContext());
  }
  AffineMap stateMap(Value part) { return mapTo(0, rankOf(part)); }
  AffineMap initMap(Value part) { return mapTo(numLeading, rankOf(part)); }

  Value emptyRows(Value m) {
    return tensor::EmptyOp::create(
        builder, loc, tensor::getMixedSizes(builder, loc, m),
        cast<ShapedType>(m.getType()).getElementType());
  }

  /// max_x m_x without the init's
  Value buildOtherMaximum(Value m) {
    Type type = cast<ShapedType>(m.getType()).getElementType();
    Value infinity = arith::ConstantOp::create(
        builder, loc, type,
        builder.getFloatAttr(type, -std::numeric_limits<double>::infinity()));
    Value start = linalg::FillOp::create(builder, loc, infinity, emptyRows(m))
                      .getResult(0);
    FormulaLine line(builder, loc, numDims, range(0, numLeading + numRows));
    SmallVector<unsigned> others;
    for (unsigned i = 0; i != op.getNumStates(); ++i) {
      Value other = op.getStates()[3 * i + 1];
      others.push_back(line.read(other, stateMap(other)));
    }
    return line.emit(start, initMap(m), [&](Scalars &s, Value maximum) {
      for (unsigned other : others)
        maximum = s.max(maximum, line.element(s, other));
      return maximum;
    });
  }

  /// w = 2^(m - m') for the init's m, 0 for m = -inf
  Value buildWeight(Value others, Value m) {
    FormulaLine line(builder, loc, numDims,
                     range(numLeading, numLeading + numRows));
    unsigned before = line.read(m, initMap(m));
    unsigned maximum = line.read(others, initMap(m));
    return line.emit(emptyRows(m), initMap(m), [&](Scalars &s, Value) {
      Value old = line.element(s, before);
      return s.weight(old, s.max(old, line.element(s, maximum)));
    });
  }

  /// m' = max of all m
  Value buildMaximum(Value others, Value m) {
    FormulaLine line(builder, loc, numDims,
                     range(numLeading, numLeading + numRows));
    unsigned maximum = line.read(others, initMap(m));
    return line.emit(m, initMap(m), [&](Scalars &s, Value old) {
      return s.max(old, line.element(s, maximum));
    });
  }

  /// sum_x w_x part_x with w_x = 2^(m_x - m'), for part o (0) or l (2). The
  /// init's own term comes first.
  Value buildMerge(Value init, unsigned part, Value w, Value newM) {
    Value own = buildTerm(init, w);
    FormulaLine line(builder, loc, numDims,
                     range(0, numLeading + rankOf(init)));
    unsigned maximum = line.read(newM, initMap(newM));
    SmallVector<std::pair<unsigned, unsigned>> others;
    for (unsigned i = 0; i != op.getNumStates(); ++i) {
      Value otherM = op.getStates()[3 * i + 1];
      Value other = op.getStates()[3 * i + part];
      others.emplace_back(line.read(otherM, stateMap(otherM)),
                          line.read(other, stateMap(other)));
    }
    return line.emit(own, initMap(init), [&](Scalars &s, Value sum) {
      for (auto [otherM, other] : others)
        sum = s.add(sum, s.mul(line.element(s, other),
                               s.weight(line.element(s, otherM),
                                        line.element(s, maximum))));
      return sum;
    });
  }

  /// w part for the init's state
  Value buildTerm(Value init, Value w) {
    FormulaLine line(builder, loc, numDims,
                     range(numLeading, numLeading + rankOf(init)));
    unsigned factor = line.read(w, initMap(w));
    return line.emit(init, initMap(init), [&](Scalars &s, Value element) {
      return s.mul(element, line.element(s, factor));
    });
  }

  OpBuilder &builder;
  CombineOp op;
  Location loc;
  unsigned numLeading, numRows, numDims;
};
} // namespace

SmallVector<Value> hydragen::lowerCombine(OpBuilder &builder, CombineOp op) {
  return CombineLowering(builder, op).lower();
}

//===----------------------------------------------------------------------===//
// FinalizeOp
//===----------------------------------------------------------------------===//

namespace {
/// Domain of a finalize: (rows..., values...).
class FinalizeLowering {
public:
  FinalizeLowering(OpBuilder &builder, FinalizeOp op)
      : builder(builder), op(op), loc(op.getLoc()), numDims(rankOf(op.getO())),
        numRows(rankOf(op.getM())),
        stateType(cast<ShapedType>(op.getO().getType()).getElementType()),
        rowMap(
            builder.getMultiDimIdentityMap(numDims).getMajorSubMap(numRows)) {}

  Value lower() {
    Value maximum = buildMaximum();
    return buildOutput(maximum, buildDenominator(maximum));
  }

private:
  /// `map` over the rows as a map over the domain.
  AffineMap overDomain(AffineMap map) {
    return AffineMap::get(numDims, 0, map.getResults(), builder.getContext());
  }

  SmallVector<unsigned> readSinks(FormulaLine &line) {
    SmallVector<unsigned> sinks;
    for (auto [sink, map] : llvm::zip_equal(
             op.getSinks(), op.getSinkMaps().getAsValueRange<AffineMapAttr>()))
      sinks.push_back(line.read(sink, overDomain(map)));
    return sinks;
  }
  /// sink_j log2(e)
  Value sinkScore(Scalars &s, FormulaLine &line, unsigned sink) {
    return s.toBaseTwo(s.cast(line.element(s, sink), stateType));
  }

  Value emptyRows() {
    return tensor::EmptyOp::create(
        builder, loc, tensor::getMixedSizes(builder, loc, op.getM()),
        stateType);
  }

  /// M = max(m, max_j sink_j log2(e))
  Value buildMaximum() {
    if (op.getSinks().empty())
      return op.getM();
    FormulaLine line(builder, loc, numDims, range(0, numRows));
    unsigned m = line.read(op.getM(), rowMap);
    SmallVector<unsigned> sinks = readSinks(line);
    return line.emit(emptyRows(), rowMap, [&](Scalars &s, Value) {
      Value maximum = line.element(s, m);
      for (unsigned sink : sinks)
        maximum = s.max(maximum, sinkScore(s, line, sink));
      return maximum;
    });
  }

  /// l 2^(m - M) + sum_j 2^(sink_j log2(e) - M)
  Value buildDenominator(Value maximum) {
    if (op.getSinks().empty())
      return op.getL();
    FormulaLine line(builder, loc, numDims, range(0, numRows));
    unsigned m = line.read(op.getM(), rowMap);
    unsigned l = line.read(op.getL(), rowMap);
    unsigned reference = line.read(maximum, rowMap);
    SmallVector<unsigned> sinks = readSinks(line);
    return line.emit(emptyRows(), rowMap, [&](Scalars &s, Value) {
      Value sum =
          s.mul(line.element(s, l),
                s.weight(line.element(s, m), line.element(s, reference)));
      for (unsigned sink : sinks)
        sum = s.add(sum, s.weight(sinkScore(s, line, sink),
                                  line.element(s, reference)));
      return sum;
    });
  }

  /// factor o 2^(m - M) / denominator (+ init), or what masked_rows says for a
  /// row without a key
  Value buildOutput(Value maximum, Value denominator) {
    FormulaLine line(builder, loc, numDims, range(0, numDims));
    unsigned o = line.read(op.getO(), builder.getMultiDimIdentityMap(numDims));
    unsigned sum = line.read(denominator, rowMap);
    std::optional<unsigned> m, reference, factor;
    if (maximum != op.getM()) {
      m = line.read(op.getM(), rowMap);
      reference = line.read(maximum, rowMap);
    }
    if (op.getFactor())
      factor = line.read(op.getFactor(), overDomain(*op.getFactorMap()));
    Type type = cast<ShapedType>(op.getInit().getType()).getElementType();
    AffineMap identity = builder.getMultiDimIdentityMap(numDims);
    return line.emit(op.getInit(), identity, [&](Scalars &s, Value init) {
      Value value = line.element(s, o);
      if (m)
        value = s.mul(
            value, s.weight(line.element(s, *m), line.element(s, *reference)));
      value = s.div(value, line.element(s, sum));
      if (factor)
        value = s.mul(value, s.cast(line.element(s, *factor), stateType));
      Value zero = s.constant(stateType, 0.0);
      Value masked =
          op.getMaskedRows() == MaskedRows::Zero
              ? zero
              : s.constant(stateType, std::numeric_limits<double>::quiet_NaN());
      value = s.select(s.equal(line.element(s, sum), zero), masked, value);
      if (op.getAccumulate())
        value = s.add(value, s.cast(init, stateType));
      return s.cast(value, type);
    });
  }

  OpBuilder &builder;
  FinalizeOp op;
  Location loc;
  unsigned numDims, numRows;
  Type stateType;
  AffineMap rowMap;
};
} // namespace

SmallVector<Value> hydragen::lowerFinalize(OpBuilder &builder, FinalizeOp op) {
  return {FinalizeLowering(builder, op).lower()};
}

//===----------------------------------------------------------------------===//
// StateLseOp
//===----------------------------------------------------------------------===//

/// lse = (m + log2(l)) (* ln(2)); -inf + -inf for a row without a key
SmallVector<Value> hydragen::lowerStateLse(OpBuilder &builder, StateLseOp op) {
  unsigned rank = rankOf(op.getM());
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  FormulaLine line(builder, op.getLoc(), rank, range(0, rank));
  unsigned m = line.read(op.getM(), identity);
  unsigned l = line.read(op.getL(), identity);
  return {line.emit(op.getInit(), identity, [&](Scalars &s, Value init) {
    Value log =
        math::Log2Op::create(s.getBuilder(), s.getLoc(), line.element(s, l));
    Value lse = s.add(line.element(s, m), log);
    if (op.getBase() == LseBase::Two)
      return lse;
    return s.mul(lse, s.constant(init.getType(), llvm::numbers::ln2));
  })};
}
