//===- Body.h - regions that compute single elements ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_INTERPRETER_BODY_H
#define HYDRAGEN_TEST_INTERPRETER_BODY_H

#include "Access.h"
#include "ScalarOps.h"

#include "mlir/IR/Block.h"

namespace hydragen::interpreter {

/// What a value from outside of a region holds; null when it is unknown.
using Lookup = llvm::function_ref<const RuntimeValue *(mlir::Value)>;

/// The block of a linalg op, a tensor.generate or a score region: scalar code
/// (arith, math, affine.apply, linalg.index, tensor.extract, tensor.dim,
/// cf.assert, scf.if, scf.for) made into a list of steps over registers, since
/// it runs once per element.
class Body {
public:
  /// An unknown op is an error at that op.
  static llvm::FailureOr<Body> compile(mlir::Block &block, Precision precision,
                                       Lookup lookup);

  /// Registers of the block's arguments, in order.
  Scalar &getArgument(unsigned i) { return registers[i]; }
  /// Runs the block; `loops` is what linalg.index reads. Errors are reported at
  /// the failing op.
  llvm::LogicalResult run(llvm::ArrayRef<int64_t> loops);
  unsigned getNumYields() const { return block.yields.size(); }
  Scalar getYield(unsigned i) const { return registers[block.yields[i]]; }

private:
  struct Step;
  struct StepBlock {
    std::vector<Step> steps;
    std::vector<unsigned> arguments, yields;
  };
  enum class Kind { Scalar, Index, Apply, Extract, Assert, If, For };
  struct Step {
    Kind kind = Kind::Scalar;
    mlir::Operation *op = nullptr;
    ScalarOp scalar;
    int64_t dim = 0;
    mlir::AffineMap map;
    Tensor tensor;
    std::vector<unsigned> operands, results;
    std::vector<StepBlock> blocks;
  };
  class Compiler;

  llvm::LogicalResult run(const StepBlock &block,
                          llvm::ArrayRef<int64_t> loops);
  llvm::LogicalResult run(const Step &step, llvm::ArrayRef<int64_t> loops);
  llvm::LogicalResult runFor(const Step &step, llvm::ArrayRef<int64_t> loops);

  StepBlock block;
  std::vector<Scalar> registers;
};

} // namespace hydragen::interpreter

#endif // HYDRAGEN_TEST_INTERPRETER_BODY_H
