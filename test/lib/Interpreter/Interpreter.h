//===- Interpreter.h - the test oracle --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs func, arith, math, linalg, tensor, scf, cf, affine and hydragen ops on
// tensors by their definitions, one element at a time, in f64. Nothing is
// shared with the passes it judges but the ops' accessors.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_INTERPRETER_INTERPRETER_H
#define HYDRAGEN_TEST_INTERPRETER_INTERPRETER_H

#include "Access.h"
#include "Body.h"
#include "Values.h"

#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace hydragen::interpreter {

class Interpreter {
public:
  explicit Interpreter(mlir::ModuleOp module,
                       Precision precision = Precision::F64)
      : symbols(module), precision(precision) {}

  /// Results of `function` for `arguments`, which must fit its types. An op
  /// that is not supported, or whose operands at run time are outside of what
  /// it allows, is an error at its location.
  llvm::FailureOr<llvm::SmallVector<RuntimeValue>>
  call(mlir::func::FuncOp function, llvm::ArrayRef<RuntimeValue> arguments);

private:
  /// Values of one activation of a function.
  class Frame {
  public:
    const RuntimeValue *find(mlir::Value value) const {
      auto found = values.find(value);
      return found == values.end() ? nullptr : &found->second;
    }
    /// Of an operand that dominates its use.
    const RuntimeValue &get(mlir::Value value) const {
      return values.find(value)->second;
    }
    const Tensor &tensor(mlir::Value value) const { return get(value).tensor; }
    int64_t integer(mlir::Value value) const { return get(value).scalar.i; }
    /// A constant, or the content of an index value.
    int64_t integer(mlir::OpFoldResult value) const;
    llvm::SmallVector<int64_t>
    integers(llvm::ArrayRef<mlir::OpFoldResult> list) const;
    llvm::SmallVector<RuntimeValue> getAll(mlir::ValueRange list) const;
    void set(mlir::Value value, RuntimeValue content) {
      values[value] = std::move(content);
    }
    /// As a Lookup.
    const RuntimeValue *operator()(mlir::Value value) const {
      return find(value);
    }

  private:
    llvm::DenseMap<mlir::Value, RuntimeValue> values;
  };

  /// Runs the blocks of a region; the terminator's operands are the result.
  llvm::FailureOr<llvm::SmallVector<RuntimeValue>>
  run(mlir::Region &region, llvm::ArrayRef<RuntimeValue> arguments,
      Frame &frame);
  llvm::LogicalResult run(mlir::Operation *op, Frame &frame);
  llvm::LogicalResult checkResults(mlir::Operation *op, Frame &frame);

  // Elements and control flow: Interpreter.cpp
  llvm::LogicalResult runElementwise(mlir::Operation *op,
                                     const ScalarOp &scalar, Frame &frame);
  llvm::LogicalResult runFor(mlir::scf::ForOp op, Frame &frame);
  llvm::LogicalResult runIf(mlir::scf::IfOp op, Frame &frame);

  // TensorOps.cpp
  std::optional<llvm::LogicalResult> runTensorOp(mlir::Operation *op,
                                                 Frame &frame);
  llvm::FailureOr<Tensor> makeTensor(mlir::Operation *op, mlir::Type type,
                                     llvm::ArrayRef<int64_t> shape);

  // LinalgOps.cpp
  llvm::LogicalResult runLinalg(mlir::linalg::LinalgOp op, Frame &frame);
  llvm::LogicalResult runSoftmax(mlir::linalg::SoftmaxOp op, Frame &frame);

  // AttentionOp.cpp, PartialAttention.cpp, States.cpp
  llvm::LogicalResult run(mlir::hydragen::AttentionOp op, Frame &frame);
  llvm::LogicalResult run(mlir::hydragen::PartialAttentionOpInterface op,
                          Frame &frame);
  llvm::LogicalResult run(mlir::hydragen::CombineOp op, Frame &frame);
  llvm::LogicalResult run(mlir::hydragen::FinalizeOp op, Frame &frame);
  llvm::LogicalResult run(mlir::hydragen::StateLseOp op, Frame &frame);
  llvm::LogicalResult run(mlir::hydragen::GroupRowsOp op, Frame &frame);
  llvm::LogicalResult run(mlir::hydragen::UngroupRowsOp op, Frame &frame);

  mlir::SymbolTable symbols;
  Precision precision;
  unsigned depth = 0;
};

} // namespace hydragen::interpreter

#endif // HYDRAGEN_TEST_INTERPRETER_INTERPRETER_H
