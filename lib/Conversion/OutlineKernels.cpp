//===- OutlineKernels.cpp - one function per kernel configuration -*- C++ -*-=//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model repeats its layers. Each of their kernels is compiled once.
//===----------------------------------------------------------------------===//

#include "FuseFinalize.h"
#include "HostCalls.h"
#include "MatmulKernel.h"
#include "StreamKernel.h"
#include "hydragen/Conversion/Passes.h"
#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// Whether `op` becomes a kernel of products. In a loop a call that fails could
/// not leave the function.
static bool isProduct(Operation *op, func::FuncOp function) {
  auto product = dyn_cast<linalg::LinalgOp>(op);
  return product && op->getParentOp() == function &&
         product.hasPureBufferSemantics() &&
         (isMatmul(product) || isStreamKernel(product));
}

namespace {
/// Kernel ops are equal when all but their operands' identity and their places
/// in the source is: the same op, attributes, types, score region, separate
/// rows and neutral inits, and so are the ops that end their states there.
struct KernelInfo : DenseMapInfo<Operation *> {
  static unsigned getHashValue(const Operation *op) {
    return OperationEquivalence::computeHash(
        const_cast<Operation *>(op), OperationEquivalence::ignoreHashValue,
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations |
            OperationEquivalence::IgnoreDiscardableAttrs);
  }
  static bool isEqual(const Operation *lhs, const Operation *rhs) {
    if (lhs == rhs || lhs == getEmptyKey() || lhs == getTombstoneKey() ||
        rhs == getEmptyKey() || rhs == getTombstoneKey())
      return lhs == rhs;
    Operation *left = const_cast<Operation *>(lhs);
    Operation *right = const_cast<Operation *>(rhs);
    Operation *leftEnd = getFusedFinalize(left);
    Operation *rightEnd = getFusedFinalize(right);
    if (!leftEnd != !rightEnd || (leftEnd && !isEqual(leftEnd, rightEnd)))
      return false;
    return left->getDiscardableAttr(kSeparateRowsAttr) ==
               right->getDiscardableAttr(kSeparateRowsAttr) &&
           left->getDiscardableAttr(kNeutralInitsAttr) ==
               right->getDiscardableAttr(kNeutralInitsAttr) &&
           OperationEquivalence::isEquivalentTo(
               left, right, OperationEquivalence::ignoreValueEquivalence,
               nullptr,
               OperationEquivalence::IgnoreLocations |
                   OperationEquivalence::IgnoreDiscardableAttrs);
  }
};

/// Copies constants that score regions of `op` capture into them; false if they
/// capture anything else.
bool isolateRegions(Operation *op) {
  for (Region &region : op->getRegions()) {
    SetVector<Value> captured;
    getUsedValuesDefinedAbove(region, captured);
    for (Value value : captured) {
      Operation *definition = value.getDefiningOp();
      if (!definition || !definition->hasTrait<OpTrait::ConstantLike>())
        return false;
      OpBuilder builder = OpBuilder::atBlockBegin(&region.front());
      Value copy = builder.clone(*definition)->getResult(0);
      replaceAllUsesInRegionWith(value, copy, region);
    }
  }
  return true;
}

struct OutlineKernelsPass
    : mlir::hydragen::impl::OutlineKernelsBase<OutlineKernelsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(host::kEntryAttr))
        function.walk([&](Operation *op) {
          if (!kernels.empty() && getFusedFinalize(kernels.back()) == op)
            return;
          if ((isa<PartialAttentionOpInterface, CombineOp, FinalizeOp,
                   StateLseOp>(op) ||
               isProduct(op, function)) &&
              op->getNumResults() == 0 && isolateRegions(op))
            kernels.push_back(op);
        });
    SymbolTable symbols(getOperation());
    DenseMap<Operation *, func::FuncOp, KernelInfo> functions;
    for (Operation *op : kernels) {
      func::FuncOp &kernel = functions[op];
      // The map's key must stay alive: it is the op in the kernel function.
      if (!kernel) {
        func::FuncOp made = makeKernel(op, symbols);
        functions.erase(op);
        functions[&made.getBody().front().front()] = made;
        call(op, made);
      } else {
        call(op, kernel);
      }
    }
  }

private:
  /// o, m and l, the first operands of what ends a state.
  static constexpr unsigned kStateOperands = 3;
  /// Those of a kernel's op, then those of what ends its state but the state.
  static SmallVector<Value> getOperands(Operation *op) {
    SmallVector<Value> operands(op->getOperands());
    if (FinalizeOp end = getFusedFinalize(op))
      llvm::append_range(operands,
                         end->getOperands().drop_front(kStateOperands));
    return operands;
  }

  func::FuncOp makeKernel(Operation *op, SymbolTable &symbols) {
    OpBuilder builder(&getContext());
    Location loc = op->getLoc();
    SmallVector<Value> operands = getOperands(op);
    SmallVector<Type> inputs{LLVM::LLVMPointerType::get(&getContext())};
    llvm::append_range(inputs, ValueRange(operands).getTypes());
    std::string name = op->getName().getStringRef().str();
    llvm::replace(name, '.', '_');
    auto kernel = func::FuncOp::create(
        loc, name, builder.getFunctionType(inputs, builder.getI32Type()));
    kernel.setPrivate();
    kernel->setAttr(host::kEntryAttr, builder.getUnitAttr());
    symbols.insert(kernel);
    Block *block = kernel.addEntryBlock();
    builder.setInsertionPointToStart(block);
    IRMapping mapping;
    for (auto [i, operand] : llvm::enumerate(operands))
      mapping.map(operand, block->getArgument(i + 1));
    Operation *copy = builder.clone(*op, mapping);
    // One value may be several operands: each is an argument of its own.
    auto arguments = block->getArguments().drop_front();
    copy->setOperands(ValueRange(arguments.take_front(op->getNumOperands())));
    if (FinalizeOp end = getFusedFinalize(op)) {
      Operation *copiedEnd = builder.clone(*end, mapping);
      SmallVector<Value> state(copy->getOperands().take_back(kStateOperands));
      llvm::append_range(state, arguments.drop_front(op->getNumOperands()));
      copiedEnd->setOperands(state);
    }
    Value done =
        arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(0));
    func::ReturnOp::create(builder, loc, done);
    return kernel;
  }

  void call(Operation *op, func::FuncOp kernel) {
    OpBuilder builder(op);
    Location loc = op->getLoc();
    auto function = op->getParentOfType<func::FuncOp>();
    SmallVector<Value> operands{function.getArgument(0)};
    llvm::append_range(operands, getOperands(op));
    auto called = func::CallOp::create(builder, loc, kernel, operands);
    // A kernel that failed has said why; this only leaves the caller, too.
    Value zero =
        arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(0));
    Value good = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                       called.getResult(0), zero);
    cf::AssertOp::create(builder, loc, good, "a kernel failed");
    if (FinalizeOp end = getFusedFinalize(op))
      end->erase();
    op->erase();
  }
};
} // namespace
