//===- States.cpp - combine, finalize, state_lse ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter.h"
#include "Score.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;

namespace hydragen::interpreter {

namespace {
/// One state's elements, from a row on.
struct StateView {
  const Scalar *o, *m, *l;
};
} // namespace

/// Rows and columns of a state, or an error when o, m and l do not fit.
static FailureOr<std::pair<int64_t, int64_t>>
getExtents(Operation *op, const Tensor &o, const Tensor &m, const Tensor &l) {
  if (m.shape != l.shape || m.getRank() > o.getRank() ||
      ArrayRef<int64_t>(o.shape).take_front(m.getRank()) !=
          ArrayRef<int64_t>(m.shape))
    return op->emitError("interpreter: o, m and l do not fit");
  return std::make_pair(
      m.getNumElements(),
      *countElements(ArrayRef<int64_t>(o.shape).drop_front(m.getRank())));
}

LogicalResult Interpreter::run(CombineOp op, Frame &frame) {
  if (op->getNumResults() != 3)
    return op.emitError("interpreter: expected tensors");
  Tensor o = frame.tensor(op.getInits()[0]), m = frame.tensor(op.getInits()[1]),
         l = frame.tensor(op.getInits()[2]);
  auto extents = getExtents(op, o, m, l);
  if (failed(extents))
    return failure();
  auto [rows, columns] = *extents;
  Rounding round(m.elementType, precision);

  // All states as views of `rows` rows each, a stacked one as several.
  SmallVector<StateView> states;
  for (unsigned i = 0, e = op.getNumStates(); i != e; ++i) {
    const Tensor &so = frame.tensor(op.getStates()[3 * i]);
    const Tensor &sm = frame.tensor(op.getStates()[3 * i + 1]);
    const Tensor &sl = frame.tensor(op.getStates()[3 * i + 2]);
    unsigned lead = op.getStacked() ? 1 : 0;
    if (ArrayRef<int64_t>(so.shape).drop_front(lead) !=
            ArrayRef<int64_t>(o.shape) ||
        ArrayRef<int64_t>(sm.shape).drop_front(lead) !=
            ArrayRef<int64_t>(m.shape) ||
        sm.shape != sl.shape || (lead && so.shape[0] != sm.shape[0]))
      return op.emitError("interpreter: state ") << i << " has another shape";
    for (int64_t split = 0, n = lead ? so.shape[0] : 1; split != n; ++split)
      states.push_back(StateView{so.read() + split * rows * columns,
                                 sm.read() + split * rows,
                                 sl.read() + split * rows});
  }
  Tensor oldO = o, oldM = m, oldL = l;
  states.insert(states.begin(),
                StateView{oldO.read(), oldM.read(), oldL.read()});
  Scalar *outO = o.write(), *outM = m.write(), *outL = l.write();
  for (int64_t row = 0; row != rows; ++row) {
    double maximum = -kInfinity, sum = 0;
    for (const StateView &state : states)
      maximum = maxOrNaN(maximum, state.m[row].f);
    for (int64_t e = 0; e != columns; ++e)
      outO[row * columns + e].f = 0;
    for (const StateView &state : states) {
      if (state.m[row].f == -kInfinity)
        continue;
      double weight = round(std::exp2(state.m[row].f - maximum));
      sum = round(sum + round(weight * state.l[row].f));
      for (int64_t e = row * columns; e != (row + 1) * columns; ++e)
        outO[e].f = round(outO[e].f + round(weight * state.o[e].f));
    }
    outM[row].f = maximum;
    outL[row].f = sum;
  }
  frame.set(op->getResult(0), o);
  frame.set(op->getResult(1), m);
  frame.set(op->getResult(2), l);
  return success();
}

LogicalResult Interpreter::run(FinalizeOp op, Frame &frame) {
  if (op->getNumResults() != 1)
    return op.emitError("interpreter: expected tensors");
  const Tensor &o = frame.tensor(op.getO()), &m = frame.tensor(op.getM()),
               &l = frame.tensor(op.getL());
  auto extents = getExtents(op, o, m, l);
  if (failed(extents))
    return failure();
  int64_t columns = extents->second;
  Tensor result = frame.tensor(op.getInit());
  if (result.shape != o.shape)
    return op.emitError("interpreter: init and o differ in shape");
  Rounding round(m.elementType, precision);
  Rounding roundOutput(result.elementType, precision);
  SmallVector<Access> sinks;
  for (auto [sink, map] : llvm::zip_equal(
           op.getSinks(), op.getSinkMaps().getAsValueRange<AffineMapAttr>()))
    sinks.push_back(Access(frame.tensor(sink), map));
  std::optional<Access> factor;
  if (op.getFactor())
    factor = Access(frame.tensor(op.getFactor()), *op.getFactorMap());
  bool accumulate = op.getAccumulate();
  Scalar *out = result.write();

  LogicalResult done =
      forEachIndex(m.shape, [&](ArrayRef<int64_t> row) -> LogicalResult {
        int64_t number = *m.getOffset(row);
        double rowMax = m.read()[number].f, rowSum = l.read()[number].f;
        double maximum = rowMax, rowFactor = 1;
        SmallVector<double> sinkScores;
        for (auto [i, sink] : llvm::enumerate(sinks)) {
          std::optional<Scalar> score = sink.load(row);
          if (!score)
            return op.emitError("interpreter: sink ")
                   << i << " is read outside of its shape";
          sinkScores.push_back(toBaseTwo(score->f, m.elementType, round));
          maximum = maxOrNaN(maximum, sinkScores.back());
        }
        if (factor) {
          std::optional<Scalar> value = factor->load(row);
          if (!value)
            return op.emitError(
                "interpreter: factor is read outside of its shape");
          rowFactor = value->f;
        }
        double weight =
            rowMax == -kInfinity ? 0 : round(std::exp2(rowMax - maximum));
        double denominator = round(rowSum * weight);
        for (double score : sinkScores)
          if (score != -kInfinity)
            denominator =
                round(denominator + round(std::exp2(score - maximum)));
        for (int64_t e = number * columns; e != (number + 1) * columns; ++e) {
          double value = round(
              round(rowFactor * round(o.read()[e].f * weight)) / denominator);
          // No visible key and no sink above -inf.
          if (denominator == 0)
            value = op.getMaskedRows() == MaskedRows::NaN
                        ? std::numeric_limits<double>::quiet_NaN()
                        : 0;
          out[e].f = roundOutput(accumulate ? value + out[e].f : value);
        }
        return success();
      });
  if (failed(done))
    return failure();
  frame.set(op->getResult(0), result);
  return success();
}

LogicalResult Interpreter::run(StateLseOp op, Frame &frame) {
  if (op->getNumResults() != 1)
    return op.emitError("interpreter: expected tensors");
  const Tensor &m = frame.tensor(op.getM()), &l = frame.tensor(op.getL());
  Tensor result = frame.tensor(op.getInit());
  if (m.shape != l.shape || m.shape != result.shape)
    return op.emitError("interpreter: m, l and the result differ in shape");
  Rounding round(result.elementType, precision);
  Scalar *out = result.write();
  for (int64_t i = 0, e = m.getNumElements(); i != e; ++i) {
    double lse = l.read()[i].f == 0 ? -kInfinity
                                    : m.read()[i].f + std::log2(l.read()[i].f);
    out[i].f = round(op.getBase() == LseBase::E ? lse / kLog2E : lse);
  }
  frame.set(op->getResult(0), result);
  return success();
}

} // namespace hydragen::interpreter
