//===- Interpreter.cpp - functions, control flow, elements ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Interpreter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace hydragen::interpreter {

int64_t Interpreter::Frame::integer(OpFoldResult value) const {
  if (auto attribute = dyn_cast<Attribute>(value))
    return cast<IntegerAttr>(attribute).getInt();
  return integer(cast<Value>(value));
}

SmallVector<int64_t>
Interpreter::Frame::integers(ArrayRef<OpFoldResult> list) const {
  return llvm::map_to_vector(
      list, [&](OpFoldResult value) { return integer(value); });
}

SmallVector<RuntimeValue> Interpreter::Frame::getAll(ValueRange list) const {
  return llvm::map_to_vector(list, [&](Value value) { return get(value); });
}

//===----------------------------------------------------------------------===//
// Functions and regions
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<RuntimeValue>>
Interpreter::call(func::FuncOp function, ArrayRef<RuntimeValue> arguments) {
  if (function.isExternal())
    return function.emitError("interpreter: the function has no body");
  if (arguments.size() != function.getNumArguments())
    return function.emitError("interpreter: expected ")
           << function.getNumArguments() << " arguments but got "
           << arguments.size();
  constexpr unsigned kMaxDepth = 200;
  if (depth == kMaxDepth)
    return function.emitError("interpreter: calls nest deeper than ")
           << kMaxDepth;
  ++depth;
  Frame frame;
  auto results = run(function.getBody(), arguments, frame);
  --depth;
  return results;
}

FailureOr<SmallVector<RuntimeValue>>
Interpreter::run(Region &region, ArrayRef<RuntimeValue> arguments,
                 Frame &frame) {
  Block *block = &region.front();
  SmallVector<RuntimeValue> incoming(arguments);
  while (true) {
    for (auto [argument, value] :
         llvm::zip_equal(block->getArguments(), incoming))
      frame.set(argument, value);
    for (Operation &op : block->without_terminator())
      if (failed(run(&op, frame)))
        return failure();
    Operation *terminator = block->getTerminator();
    if (auto branch = dyn_cast<cf::BranchOp>(terminator)) {
      incoming = frame.getAll(branch.getDestOperands());
      block = branch.getDest();
    } else if (auto branch = dyn_cast<cf::CondBranchOp>(terminator)) {
      bool taken = frame.integer(branch.getCondition());
      incoming = frame.getAll(taken ? branch.getTrueDestOperands()
                                    : branch.getFalseDestOperands());
      block = taken ? branch.getTrueDest() : branch.getFalseDest();
    } else if (terminator->hasTrait<OpTrait::ReturnLike>()) {
      return frame.getAll(terminator->getOperands());
    } else {
      return terminator->emitError("interpreter: unsupported terminator");
    }
  }
}

LogicalResult Interpreter::run(Operation *op, Frame &frame) {
  for (Type type :
       llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()),
                                SmallVector<Type>(op->getResultTypes())))
    if (isa<ShapedType>(type)
            ? !isa<RankedTensorType>(type) ||
                  !isSupportedElement(cast<ShapedType>(type).getElementType())
            : !isSupportedElement(type))
      return op->emitError("interpreter: unsupported type ") << type;
  LogicalResult result =
      llvm::TypeSwitch<Operation *, LogicalResult>(op)
          .Case([&](arith::ConstantOp constant) -> LogicalResult {
            std::optional<RuntimeValue> value =
                fromAttribute(constant.getValue(), constant.getType());
            if (!value)
              return op->emitError("interpreter: unsupported constant");
            frame.set(constant.getResult(), *value);
            return success();
          })
          .Case([&](func::CallOp callOp) -> LogicalResult {
            auto callee = symbols.lookup<func::FuncOp>(callOp.getCallee());
            if (!callee)
              return op->emitError("interpreter: unknown function ")
                     << callOp.getCallee();
            auto results = call(callee, frame.getAll(callOp.getOperands()));
            if (failed(results))
              return failure();
            for (auto [result, value] :
                 llvm::zip(callOp.getResults(), *results))
              frame.set(result, value);
            return success();
          })
          .Case([&](cf::AssertOp assertion) -> LogicalResult {
            if (frame.integer(assertion.getArg()))
              return success();
            return op->emitError("interpreter: assertion failed: ")
                   << assertion.getMsg();
          })
          .Case([&](affine::AffineApplyOp apply) -> LogicalResult {
            SmallVector<int64_t> operands;
            for (Value operand : apply.getMapOperands())
              operands.push_back(frame.integer(operand));
            ArrayRef<int64_t> all = operands;
            unsigned dims = apply.getAffineMap().getNumDims();
            std::optional<int64_t> value =
                evaluate(apply.getAffineMap().getResult(0),
                         all.take_front(dims), all.drop_front(dims));
            if (!value)
              return op->emitError(
                  "interpreter: division by zero or overflow in "
                  "an affine map");
            frame.set(apply.getResult(), makeInteger(*value));
            return success();
          })
          .Case<scf::IfOp>([&](auto typed) { return runIf(typed, frame); })
          .Case<scf::ForOp>([&](auto typed) { return runFor(typed, frame); })
          .Case<linalg::SoftmaxOp>(
              [&](auto typed) { return runSoftmax(typed, frame); })
          .Case<linalg::LinalgOp>(
              [&](auto typed) { return runLinalg(typed, frame); })
          .Case<mlir::hydragen::AttentionOp,
                mlir::hydragen::PartialAttentionOpInterface,
                mlir::hydragen::CombineOp, mlir::hydragen::FinalizeOp,
                mlir::hydragen::StateLseOp, mlir::hydragen::GroupRowsOp,
                mlir::hydragen::UngroupRowsOp>(
              [&](auto typed) { return run(typed, frame); })
          .Default([&](Operation *) -> LogicalResult {
            if (std::optional<ScalarOp> scalar = getScalarOp(op, precision))
              return runElementwise(op, *scalar, frame);
            if (std::optional<LogicalResult> done = runTensorOp(op, frame))
              return *done;
            return op->emitError("interpreter: unsupported op ")
                   << op->getName();
          });
  return failed(result) ? failure() : checkResults(op, frame);
}

/// Every result fits its type: static extents are what they say.
LogicalResult Interpreter::checkResults(Operation *op, Frame &frame) {
  for (OpResult result : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type)
      continue;
    const Tensor &tensor = frame.tensor(result);
    bool fits = type.getRank() == tensor.getRank();
    for (int64_t dim = 0; fits && dim != type.getRank(); ++dim)
      fits =
          type.isDynamicDim(dim) || type.getDimSize(dim) == tensor.shape[dim];
    if (fits)
      continue;
    InFlightDiagnostic diag = op->emitError("interpreter: result of type ");
    diag << type << " has the shape [";
    llvm::interleaveComma(tensor.shape, diag);
    return diag << "]";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Elements and control flow
//===----------------------------------------------------------------------===//

LogicalResult Interpreter::runElementwise(Operation *op, const ScalarOp &scalar,
                                          Frame &frame) {
  SmallVector<RuntimeValue> operands = frame.getAll(op->getOperands());
  Scalar scalars[4];
  if (!isa<RankedTensorType>(op->getResult(0).getType())) {
    for (auto [i, operand] : llvm::enumerate(operands))
      scalars[i] = operand.scalar;
    Scalar result;
    if (const char *error = scalar.fn(scalar, scalars, result))
      return op->emitError("interpreter: ") << error;
    frame.set(op->getResult(0), result);
    return success();
  }
  const RuntimeValue *first = nullptr;
  for (const RuntimeValue &operand : operands)
    if (operand.isTensor && !first)
      first = &operand;
  for (const RuntimeValue &operand : operands)
    if (operand.isTensor && operand.tensor.shape != first->tensor.shape)
      return op->emitError("interpreter: operands differ in shape");
  FailureOr<Tensor> result =
      makeTensor(op, op->getResult(0).getType(), first->tensor.shape);
  if (failed(result))
    return failure();
  Scalar *out = result->write();
  for (int64_t e = 0, count = result->getNumElements(); e != count; ++e) {
    for (auto [i, operand] : llvm::enumerate(operands))
      scalars[i] = operand.isTensor ? operand.tensor.read()[e] : operand.scalar;
    if (const char *error = scalar.fn(scalar, scalars, out[e]))
      return op->emitError("interpreter: ") << error;
  }
  frame.set(op->getResult(0), *result);
  return success();
}

LogicalResult Interpreter::runIf(scf::IfOp op, Frame &frame) {
  Region &region = frame.integer(op.getCondition()) ? op.getThenRegion()
                                                    : op.getElseRegion();
  if (region.empty())
    return success();
  auto results = run(region, {}, frame);
  if (failed(results))
    return failure();
  for (auto [result, value] : llvm::zip(op.getResults(), *results))
    frame.set(result, value);
  return success();
}

LogicalResult Interpreter::runFor(scf::ForOp op, Frame &frame) {
  int64_t step = frame.integer(op.getStep());
  int64_t upper = frame.integer(op.getUpperBound());
  if (step <= 0)
    return op.emitError("interpreter: expected a positive step but got ")
           << step;
  SmallVector<RuntimeValue> carried = frame.getAll(op.getInitArgs());
  for (int64_t i = frame.integer(op.getLowerBound()); i < upper; i += step) {
    SmallVector<RuntimeValue> arguments{makeInteger(i)};
    llvm::append_range(arguments, carried);
    auto results = run(op.getRegion(), arguments, frame);
    if (failed(results))
      return failure();
    carried = std::move(*results);
  }
  for (auto [result, value] : llvm::zip(op.getResults(), carried))
    frame.set(result, value);
  return success();
}

} // namespace hydragen::interpreter
