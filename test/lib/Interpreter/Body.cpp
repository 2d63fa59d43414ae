//===- Body.cpp - regions that compute single elements ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Body.h"

#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace hydragen::interpreter {

/// Numbers the values of a region and writes its ops as steps.
class Body::Compiler {
public:
  Compiler(Body &body, Precision precision, Lookup lookup)
      : body(body), precision(precision), lookup(lookup) {}

  LogicalResult compile(Block &source, StepBlock &target) {
    for (BlockArgument argument : source.getArguments())
      target.arguments.push_back(define(argument));
    for (Operation &op : source.without_terminator())
      if (failed(compile(&op, target)))
        return failure();
    if (source.empty() || !source.back().hasTrait<OpTrait::IsTerminator>())
      return source.empty()
                 ? emitError(source.getParentOp()->getLoc(), "empty region")
                 : LogicalResult(
                       source.back().emitError("expected a terminator"));
    for (Value operand : source.back().getOperands()) {
      FailureOr<unsigned> number = use(operand, &source.back());
      if (failed(number))
        return failure();
      target.yields.push_back(*number);
    }
    return success();
  }

private:
  unsigned addRegister(Scalar value) {
    body.registers.push_back(value);
    return body.registers.size() - 1;
  }

  unsigned define(Value value) {
    return numbers[value] = addRegister(makeInteger(0));
  }

  /// The register of `value`; one with its content for a scalar from outside.
  FailureOr<unsigned> use(Value value, Operation *user) {
    auto found = numbers.find(value);
    if (found != numbers.end())
      return found->second;
    const RuntimeValue *outer = lookup(value);
    if (!outer || outer->isTensor)
      return user->emitError("interpreter: expected a scalar operand but got ")
             << value.getType();
    return numbers[value] = addRegister(outer->scalar);
  }

  LogicalResult compile(Operation *op, StepBlock &target) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      std::optional<RuntimeValue> value =
          fromAttribute(constant.getValue(), constant.getType());
      if (!value)
        return op->emitError("interpreter: unsupported constant");
      if (value->isTensor)
        tensors[constant.getResult()] = value->tensor;
      else
        numbers[constant.getResult()] = addRegister(value->scalar);
      return success();
    }
    Step step;
    step.op = op;
    if (auto dim = dyn_cast<tensor::DimOp>(op))
      return compileDim(dim);
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      step.kind = Kind::Index;
      step.dim = static_cast<int64_t>(index.getDim());
    } else if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
      step.kind = Kind::Apply;
      step.map = apply.getAffineMap();
      if (failed(useAll(op->getOperands(), op, step)))
        return failure();
    } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      step.kind = Kind::Extract;
      const Tensor *tensor = useTensor(extract.getTensor());
      if (!tensor)
        return op->emitError("interpreter: expected a tensor from outside of "
                             "the region");
      step.tensor = *tensor;
      if (failed(useAll(extract.getIndices(), op, step)))
        return failure();
    } else if (isa<cf::AssertOp>(op)) {
      step.kind = Kind::Assert;
      if (failed(useAll(op->getOperands(), op, step)))
        return failure();
    } else if (isa<scf::IfOp, scf::ForOp>(op)) {
      step.kind = isa<scf::IfOp>(op) ? Kind::If : Kind::For;
      if (failed(useAll(op->getOperands(), op, step)))
        return failure();
      for (Region &region : op->getRegions()) {
        step.blocks.emplace_back();
        if (!region.empty() &&
            failed(compile(region.front(), step.blocks.back())))
          return failure();
      }
    } else {
      std::optional<ScalarOp> scalar = getScalarOp(op, precision);
      if (!scalar ||
          llvm::any_of(op->getOperandTypes(), llvm::IsaPred<ShapedType>))
        return op->emitError("interpreter: unsupported op in a region of "
                             "scalars");
      step.scalar = *scalar;
      if (failed(useAll(op->getOperands(), op, step)))
        return failure();
    }
    for (Value result : op->getResults())
      step.results.push_back(define(result));
    target.steps.push_back(std::move(step));
    return success();
  }

  LogicalResult compileDim(tensor::DimOp op) {
    const Tensor *tensor = useTensor(op.getSource());
    std::optional<int64_t> dim = op.getConstantIndex();
    if (!tensor || !dim || *dim < 0 || *dim >= tensor->getRank())
      return op.emitError(
          "interpreter: expected a constant dim of a tensor from "
          "outside of the region");
    numbers[op.getResult()] = addRegister(makeInteger(tensor->shape[*dim]));
    return success();
  }

  LogicalResult useAll(ValueRange operands, Operation *op, Step &step) {
    for (Value operand : operands) {
      FailureOr<unsigned> number = use(operand, op);
      if (failed(number))
        return failure();
      step.operands.push_back(*number);
    }
    return success();
  }

  const Tensor *useTensor(Value value) {
    auto found = tensors.find(value);
    if (found != tensors.end())
      return &found->second;
    const RuntimeValue *outer = lookup(value);
    return outer && outer->isTensor ? &outer->tensor : nullptr;
  }

  Body &body;
  Precision precision;
  Lookup lookup;
  DenseMap<Value, unsigned> numbers;
  DenseMap<Value, Tensor> tensors;
};

FailureOr<Body> Body::compile(Block &block, Precision precision,
                              Lookup lookup) {
  Body body;
  if (failed(Compiler(body, precision, lookup).compile(block, body.block)))
    return failure();
  return body;
}

LogicalResult Body::run(ArrayRef<int64_t> loops) { return run(block, loops); }

LogicalResult Body::run(const StepBlock &block, ArrayRef<int64_t> loops) {
  for (const Step &step : block.steps) {
    if (step.kind == Kind::Scalar) {
      Scalar operands[4];
      for (size_t i = 0, e = step.operands.size(); i != e; ++i)
        operands[i] = registers[step.operands[i]];
      if (const char *error =
              step.scalar.fn(step.scalar, operands, registers[step.results[0]]))
        return step.op->emitError("interpreter: ") << error;
      continue;
    }
    if (failed(run(step, loops)))
      return failure();
  }
  return success();
}

LogicalResult Body::run(const Step &step, ArrayRef<int64_t> loops) {
  auto operand = [&](unsigned i) { return registers[step.operands[i]]; };
  SmallVector<int64_t, 8> numbers;
  switch (step.kind) {
  case Kind::Index:
    registers[step.results[0]].i = loops[step.dim];
    return success();
  case Kind::Apply: {
    for (unsigned number : step.operands)
      numbers.push_back(registers[number].i);
    ArrayRef<int64_t> all = numbers;
    std::optional<int64_t> value =
        evaluate(step.map.getResult(0), all.take_front(step.map.getNumDims()),
                 all.drop_front(step.map.getNumDims()));
    if (!value)
      return step.op->emitError("interpreter: division by zero or overflow in "
                                "an affine map");
    registers[step.results[0]].i = *value;
    return success();
  }
  case Kind::Extract: {
    for (unsigned number : step.operands)
      numbers.push_back(registers[number].i);
    std::optional<int64_t> offset = step.tensor.getOffset(numbers);
    if (!offset) {
      InFlightDiagnostic diag = step.op->emitError("interpreter: index [");
      llvm::interleaveComma(numbers, diag);
      diag << "] is outside of a tensor of [";
      llvm::interleaveComma(step.tensor.shape, diag);
      return diag << "]";
    }
    registers[step.results[0]] = step.tensor.read()[*offset];
    return success();
  }
  case Kind::Assert:
    if (operand(0).i)
      return success();
    return step.op->emitError("interpreter: assertion failed: ")
           << cast<cf::AssertOp>(step.op).getMsg();
  case Kind::If: {
    const StepBlock &taken = step.blocks[operand(0).i ? 0 : 1];
    if (failed(run(taken, loops)))
      return failure();
    for (auto [result, yield] : llvm::zip(step.results, taken.yields))
      registers[result] = registers[yield];
    return success();
  }
  case Kind::For:
    return runFor(step, loops);
  case Kind::Scalar:
    break;
  }
  llvm_unreachable("scalar steps run in the loop over steps");
}

LogicalResult Body::runFor(const Step &step, ArrayRef<int64_t> loops) {
  const StepBlock &body = step.blocks[0];
  int64_t upper = registers[step.operands[1]].i;
  int64_t stride = registers[step.operands[2]].i;
  if (stride <= 0)
    return step.op->emitError("interpreter: expected a positive step but got ")
           << stride;
  for (size_t i = 0; i != step.results.size(); ++i)
    registers[step.results[i]] = registers[step.operands[3 + i]];
  for (int64_t i = registers[step.operands[0]].i; i < upper; i += stride) {
    registers[body.arguments[0]].i = i;
    for (size_t r = 0; r != step.results.size(); ++r)
      registers[body.arguments[1 + r]] = registers[step.results[r]];
    if (failed(run(body, loops)))
      return failure();
    for (size_t r = 0; r != step.results.size(); ++r)
      registers[step.results[r]] = registers[body.yields[r]];
  }
  return success();
}

} // namespace hydragen::interpreter
