//===- StateKernels.cpp - combine, finalize, state_lse ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One work item is a run of rows; rows are numbered in row-major order.
//===----------------------------------------------------------------------===//

#include "AttentionKernel.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

static constexpr int64_t kItemRows = 16;

static FloatType elementType(Value memref) {
  return cast<FloatType>(cast<MemRefType>(memref.getType()).getElementType());
}

/// Runs `body` for each row of `shape`'s leading `rank` dims, in parallel.
static void forEachRow(Emitter &e, Value shape, int64_t rank,
                       function_ref<void(ArrayRef<Value>)> body) {
  SmallVector<Value> extents;
  for (int64_t i = 0; i < rank; ++i)
    extents.push_back(e.dim(shape, i));
  Value rows = e.product(extents);
  auto parallel =
      scf::ParallelOp::create(e.b, e.loc, e.index(0), rows, e.index(kItemRows));
  OpBuilder::InsertionGuard guard(e.b);
  e.b.setInsertionPointToStart(parallel.getBody());
  Value first = parallel.getInductionVars()[0];
  e.loop(first, e.min(e.add(first, kItemRows), rows), 1,
         [&](Value row) { body(e.delinearize(row, extents)); });
}

/// Runs `body` with all indices of each column of one row of `o`, and its
/// number.
static void forEachColumn(Emitter &e, Value o, ArrayRef<Value> row,
                          function_ref<void(ArrayRef<Value>, Value)> body) {
  SmallVector<Value> extents;
  for (int64_t i = row.size(), rank = cast<MemRefType>(o.getType()).getRank();
       i < rank; ++i)
    extents.push_back(e.dim(o, i));
  e.loop(e.index(0), e.product(extents), 1, [&](Value column) {
    SmallVector<Value> indices(row);
    indices.append(e.delinearize(column, extents));
    body(indices, column);
  });
}

//===----------------------------------------------------------------------===//
// finalize
//===----------------------------------------------------------------------===//

/// Element of `memref` that `map` (over the rows) names, as the state's type.
static Value loadMapped(Emitter &e, Value memref, AffineMap map,
                        ArrayRef<Value> row) {
  SmallVector<Value> indices;
  for (AffineExpr result : map.getResults())
    indices.push_back(affine::expandAffineExpr(e.b, e.loc, result, row, {}));
  return e.cast(e.load(memref, indices), e.type);
}

void cpu::emitFinalizeRow(Emitter &e, FinalizeOp op, ArrayRef<Value> row,
                          Value maximum, Value sum,
                          function_ref<Value(ArrayRef<Value>, Value)> loadO) {
  Value none = e.infinity(e.type, /*negative=*/true), zero = e.constant(0.0);
  Value weight = e.constant(1.0), total = sum;
  if (!op.getSinks().empty()) {
    SmallVector<Value> sinks;
    Value largest = maximum;
    for (auto [sink, map] :
         llvm::zip(op.getSinks(),
                   op.getSinkMaps().getAsValueRange<AffineMapAttr>())) {
      sinks.push_back(e.toBase2(loadMapped(e, sink, map, row)));
      largest = e.fmax(sinks.back(), largest);
    }
    Value base = e.select(e.compare(arith::CmpFPredicate::OEQ, largest, none),
                          zero, largest);
    weight = e.weight(maximum, base);
    total = e.fmul(sum, weight);
    for (Value sink : sinks)
      total = e.fadd(total, e.weight(sink, base));
  }
  Value empty = e.compare(arith::CmpFPredicate::OEQ, total, zero);
  Value factor = e.fdiv(weight, total);
  if (op.getFactor())
    factor =
        e.fmul(factor, loadMapped(e, op.getFactor(), *op.getFactorMap(), row));
  bool nan = op.getMaskedRows() == MaskedRows::NaN;
  Value emptyValue =
      nan ? e.constant(std::numeric_limits<double>::quiet_NaN()) : zero;
  forEachColumn(e, op.getInit(), row, [&](ArrayRef<Value> at, Value column) {
    Value value = e.fmul(loadO(at, column), factor);
    value = e.select(empty, emptyValue, value);
    if (op.getAccumulate())
      value = e.fadd(value, e.cast(e.load(op.getInit(), at), e.type));
    e.store(e.cast(value, elementType(op.getInit())), op.getInit(), at);
  });
}

/// Of a row whose state is in memory.
static void finalizeRow(Emitter &e, FinalizeOp op, ArrayRef<Value> row) {
  emitFinalizeRow(
      e, op, row, e.load(op.getM(), row), e.load(op.getL(), row),
      [&](ArrayRef<Value> at, Value) { return e.load(op.getO(), at); });
}

void cpu::emitFinalize(FinalizeOp op, OpBuilder &builder) {
  Emitter e(builder, op.getLoc(), elementType(op.getM()));
  forEachRow(e, op.getM(), cast<MemRefType>(op.getM().getType()).getRank(),
             [&](ArrayRef<Value> row) { finalizeRow(e, op, row); });
}

//===----------------------------------------------------------------------===//
// combine
//===----------------------------------------------------------------------===//

/// Merges the states whose elements `loads` reads into the outs.
static void combineRow(Emitter &e, CombineOp op, ArrayRef<Value> row) {
  Value o = op.getInits()[0], m = op.getInits()[1], l = op.getInits()[2];
  Value none = e.infinity(e.type, /*negative=*/true);
  auto withState = [&](Value number, ArrayRef<Value> indices) {
    SmallVector<Value> all{number};
    llvm::append_range(all, indices);
    return all;
  };
  auto safe = [&](Value maximum) {
    return e.select(e.compare(arith::CmpFPredicate::OEQ, maximum, none),
                    e.constant(0.0), maximum);
  };
  if (op.getStacked()) {
    // A running merge over the stacked states.
    ValueRange states = op.getStates();
    e.loop(e.index(0), e.dim(states[0], 0), 1, [&](Value s) {
      Value mine = e.load(m, row), other = e.load(states[1], withState(s, row));
      Value largest = e.fmax(mine, other);
      Value base = safe(largest);
      Value w0 = e.weight(mine, base), w1 = e.weight(other, base);
      Value sum = e.fma(w1, e.load(states[2], withState(s, row)),
                        e.fmul(w0, e.load(l, row)));
      e.store(largest, m, row);
      e.store(sum, l, row);
      forEachColumn(e, o, row, [&](ArrayRef<Value> at, Value) {
        Value value = e.fma(w1, e.load(states[0], withState(s, at)),
                            e.fmul(w0, e.load(o, at)));
        e.store(value, o, at);
      });
    });
    return;
  }
  SmallVector<Value> maxima{e.load(m, row)};
  Value largest = maxima[0];
  for (unsigned i = 0; i < op.getNumStates(); ++i) {
    maxima.push_back(e.load(op.getStates()[3 * i + 1], row));
    largest = e.fmax(maxima.back(), largest);
  }
  Value base = safe(largest);
  SmallVector<Value> weights;
  for (Value maximum : maxima)
    weights.push_back(e.weight(maximum, base));
  Value sum = e.fmul(weights[0], e.load(l, row));
  for (unsigned i = 0; i < op.getNumStates(); ++i)
    sum = e.fma(weights[i + 1], e.load(op.getStates()[3 * i + 2], row), sum);
  e.store(largest, m, row);
  e.store(sum, l, row);
  forEachColumn(e, o, row, [&](ArrayRef<Value> at, Value) {
    Value value = e.fmul(weights[0], e.load(o, at));
    for (unsigned i = 0; i < op.getNumStates(); ++i)
      value = e.fma(weights[i + 1], e.load(op.getStates()[3 * i], at), value);
    e.store(value, o, at);
  });
}

void cpu::emitCombine(CombineOp op, FinalizeOp finalize, OpBuilder &builder) {
  Value m = op.getInits()[1];
  Emitter e(builder, op.getLoc(), elementType(m));
  forEachRow(e, m, cast<MemRefType>(m.getType()).getRank(),
             [&](ArrayRef<Value> row) {
               combineRow(e, op, row);
               if (finalize)
                 finalizeRow(e, finalize, row);
             });
}

//===----------------------------------------------------------------------===//
// state_lse
//===----------------------------------------------------------------------===//

void cpu::emitStateLse(StateLseOp op, OpBuilder &builder) {
  Emitter e(builder, op.getLoc(), elementType(op.getM()));
  forEachRow(
      e, op.getM(), cast<MemRefType>(op.getM().getType()).getRank(),
      [&](ArrayRef<Value> row) {
        Value lse =
            e.fadd(e.load(op.getM(), row),
                   math::Log2Op::create(e.b, e.loc, e.load(op.getL(), row)));
        if (op.getBase() == LseBase::E)
          lse = e.fmul(lse, e.constant(0.6931471805599453));
        e.store(e.cast(lse, elementType(op.getInit())), op.getInit(), row);
      });
}
