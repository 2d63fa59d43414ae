//===- LinalgOps.cpp - structured ops ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter.h"

#include <cmath>

using namespace mlir;

namespace hydragen::interpreter {

namespace {
/// One operand of a structured op: where its element for the current loop
/// indices is. Offsets are advanced where the map is linear and computed anew
/// where it is not.
struct Operand {
  RuntimeValue value;
  AffineMap map;
  bool linear = true;
  int64_t offset = 0;
  SmallVector<int64_t> loopStrides;
};
} // namespace

/// Smallest and largest value of `expr` over the loops; nullopt for expressions
/// that are not linear.
static std::optional<std::pair<int64_t, int64_t>>
getRange(AffineExpr expr, ArrayRef<int64_t> extents) {
  if (!isLinear(expr))
    return std::nullopt;
  SmallVector<int64_t> zeros(extents.size(), 0);
  int64_t low = *evaluate(expr, zeros, {}), high = low;
  for (auto [dim, extent] : llvm::enumerate(extents)) {
    SmallVector<int64_t> last = zeros;
    last[dim] = extent - 1;
    int64_t step = *evaluate(expr, last, {}) - *evaluate(expr, zeros, {});
    (step < 0 ? low : high) += step;
  }
  return std::make_pair(low, high);
}

/// Checks that the loops stay inside of `operand`, and that a dim that is a
/// loop has the loop's extent.
static LogicalResult checkExtents(linalg::LinalgOp op, unsigned number,
                                  const Operand &operand,
                                  ArrayRef<int64_t> extents) {
  bool empty = llvm::is_contained(extents, 0);
  for (auto [dim, expr] : llvm::enumerate(operand.map.getResults())) {
    int64_t size = operand.value.tensor.shape[dim];
    if (auto loop = dyn_cast<AffineDimExpr>(expr))
      if (extents[loop.getPosition()] != size)
        return op->emitError("interpreter: dim ")
               << dim << " of operand " << number << " has the extent " << size
               << " where loop " << loop.getPosition() << " has "
               << extents[loop.getPosition()];
    auto range = getRange(expr, extents);
    if (range && !empty && (range->first < 0 || range->second >= size))
      return op->emitError("interpreter: operand ")
             << number << " is read at "
             << (range->first < 0 ? range->first : range->second) << " of dim "
             << dim << " of extent " << size;
  }
  return success();
}

static void setStrides(Operand &operand, unsigned numLoops) {
  operand.loopStrides.assign(numLoops, 0);
  if (!operand.value.isTensor)
    return;
  operand.linear = llvm::all_of(operand.map.getResults(), isLinear);
  if (!operand.linear)
    return;
  SmallVector<int64_t> zeros(numLoops, 0);
  for (auto [expr, stride] : llvm::zip_equal(
           operand.map.getResults(), operand.value.tensor.getStrides())) {
    int64_t base = *evaluate(expr, zeros, {});
    operand.offset += base * stride;
    for (unsigned loop = 0; loop != numLoops; ++loop) {
      SmallVector<int64_t> one = zeros;
      one[loop] = 1;
      operand.loopStrides[loop] += (*evaluate(expr, one, {}) - base) * stride;
    }
  }
}

LogicalResult Interpreter::runLinalg(linalg::LinalgOp op, Frame &frame) {
  if (!op.hasPureTensorSemantics())
    return op->emitError("interpreter: expected tensors");
  // Operands and the loops' extents.
  SmallVector<Operand> operands;
  SmallVector<int64_t> sizes;
  for (OpOperand &use : op->getOpOperands()) {
    Operand operand;
    operand.value = frame.get(use.get());
    operand.map = op.getMatchingIndexingMap(&use);
    if (operand.map.getNumSymbols() != 0)
      return op->emitError("interpreter: indexing map with symbols");
    if (operand.value.isTensor)
      llvm::append_range(sizes, operand.value.tensor.shape);
    operands.push_back(std::move(operand));
  }
  AffineMap shapesToLoops = op.getShapesToLoopsMap();
  if (!shapesToLoops)
    return op->emitError("interpreter: loops without an extent");
  SmallVector<int64_t> extents = shapesToLoops.compose(sizes);
  unsigned numLoops = op.getNumLoops(), numInputs = op.getNumDpsInputs();
  for (auto [i, operand] : llvm::enumerate(operands)) {
    setStrides(operand, numLoops);
    if (operand.value.isTensor && failed(checkExtents(op, i, operand, extents)))
      return failure();
  }

  Block *block = op.getBlock();
  if (block->getNumArguments() != operands.size())
    return op->emitError(
        "interpreter: expected one block argument per operand");
  FailureOr<Body> body = Body::compile(*block, precision, frame);
  if (failed(body))
    return failure();
  SmallVector<Scalar *> outs;
  for (Operand &operand : llvm::drop_begin(operands, numInputs))
    outs.push_back(operand.value.tensor.write());

  SmallVector<int64_t> loops(numLoops, 0);
  bool done = llvm::is_contained(extents, 0);
  while (!done) {
    for (auto [i, operand] : llvm::enumerate(operands)) {
      if (!operand.value.isTensor) {
        body->getArgument(i) = operand.value.scalar;
        continue;
      }
      if (!operand.linear) {
        std::optional<int64_t> offset =
            Access(operand.value.tensor, operand.map).getOffset(loops);
        if (!offset)
          return op->emitError("interpreter: operand ")
                 << i << " is read outside of its shape";
        operand.offset = *offset;
      }
      body->getArgument(i) = i < numInputs
                                 ? operand.value.tensor.read()[operand.offset]
                                 : outs[i - numInputs][operand.offset];
    }
    if (failed(body->run(loops)))
      return failure();
    for (auto [i, out] : llvm::enumerate(outs))
      out[operands[numInputs + i].offset] = body->getYield(i);

    // The next loop indices, the last one fastest.
    unsigned loop = numLoops;
    done = true;
    while (loop-- > 0) {
      bool wraps = ++loops[loop] == extents[loop];
      int64_t steps = wraps ? 1 - extents[loop] : 1;
      for (Operand &operand : operands)
        operand.offset += steps * operand.loopStrides[loop];
      if (!wraps) {
        done = false;
        break;
      }
      loops[loop] = 0;
    }
  }
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    frame.set(result, operands[numInputs + i].value);
  return success();
}

LogicalResult Interpreter::runSoftmax(linalg::SoftmaxOp op, Frame &frame) {
  const Tensor &input = frame.tensor(op.getInput());
  Tensor result = frame.tensor(op.getOutput());
  if (input.shape != result.shape)
    return op.emitError("interpreter: input and output differ in shape");
  Rounding round(result.elementType, precision);
  int64_t dim = static_cast<int64_t>(op.getDimension());
  int64_t extent = input.shape[dim], stride = input.getStrides()[dim];
  SmallVector<int64_t> outer = input.shape;
  outer[dim] = 1;
  Scalar *out = result.write();
  LogicalResult done = forEachIndex(outer, [&](ArrayRef<int64_t> index) {
    int64_t base = *input.getOffset(index);
    double maximum = -std::numeric_limits<double>::infinity(), sum = 0;
    for (int64_t i = 0; i != extent; ++i) {
      double value = input.read()[base + i * stride].f;
      maximum = std::isnan(value) ? value : std::max(maximum, value);
    }
    for (int64_t i = 0; i != extent; ++i) {
      double value = round(input.read()[base + i * stride].f - maximum);
      out[base + i * stride].f = round(std::exp(value));
      sum = round(sum + out[base + i * stride].f);
    }
    for (int64_t i = 0; i != extent; ++i)
      out[base + i * stride].f = round(out[base + i * stride].f / sum);
    return success();
  });
  if (failed(done))
    return failure();
  if (op->getNumResults())
    frame.set(op->getResult(0), result);
  return success();
}

} // namespace hydragen::interpreter
