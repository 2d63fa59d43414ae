//===- OverlapAttention.cpp - reading beside arithmetic ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BufferEffects.h"
#include "HydragenToCPU/AttentionKernel.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Async/IR/Async.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_OVERLAPATTENTION
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// Ops that may move in front of a kernel because another one needs them.
static bool isCheap(Operation *op) {
  return isa<memref::AllocOp, memref::CopyOp, linalg::FillOp>(op) ||
         (op->getNumRegions() == 0 && isPure(op));
}

/// Moves `op`, with what it depends on, in front of the first of the ops before
/// it that `isTarget` holds for. Returns whether there is one it can pass.
static bool hoistOver(Operation *op,
                      llvm::function_ref<bool(Operation *)> isTarget) {
  SmallVector<Operation *> moved{op}; // from last to first
  Operation *place = nullptr;
  size_t numMoved = 0;
  for (Operation *other = op->getPrevNode(); other;
       other = other->getPrevNode()) {
    bool needed = llvm::any_of(
        moved, [&](Operation *later) { return dependsOn(later, other); });
    if (needed && !isCheap(other))
      break;
    if (needed) {
      moved.push_back(other);
    } else if (isTarget(other)) {
      place = other;
      numMoved = moved.size();
    }
  }
  if (!place)
    return false;
  moved.resize(numMoved);
  for (Operation *one : llvm::reverse(moved))
    one->moveBefore(place);
  return true;
}

/// Bound by reading K and V for few rows.
static bool isBoundByMemory(Operation *op) {
  auto attention = dyn_cast<PartialAttentionOpInterface>(op);
  return attention && cpu::hasFewRows(attention) == true;
}

/// Bound by arithmetic, unless the call has few rows.
static bool isBoundByArithmetic(Operation *op) {
  auto attention = dyn_cast<PartialAttentionOpInterface>(op);
  return attention && cpu::hasFewRows(attention) != true;
}

namespace {
struct OverlapAttentionPass
    : mlir::hydragen::impl::OverlapAttentionBase<OverlapAttentionPass> {
  void runOnOperation() override {
    getOperation().walk([](Block *block) { overlap(*block); });
  }

private:
  static void overlap(Block &block) {
    SmallVector<Operation *> reading;
    for (Operation &op : llvm::make_early_inc_range(block))
      if (isBoundByMemory(&op))
        reading.push_back(&op);
      else if (isBoundByArithmetic(&op))
        hoistOver(&op, isBoundByMemory);
    for (Operation *op : reading) {
      Operation *next = op->getNextNode();
      if (hoistOver(op, isBoundByArithmetic))
        spawn(op, next);
    }
  }

  /// `op` runs beside what follows it until `next`.
  static void spawn(Operation *op, Operation *next) {
    OpBuilder builder(op);
    Location loc = op->getLoc();
    auto execute = async::ExecuteOp::create(
        builder, loc, TypeRange(), ValueRange(), ValueRange(),
        [](OpBuilder &nested, Location place, ValueRange) {
          async::YieldOp::create(nested, place, ValueRange());
        });
    op->moveBefore(execute.getBody()->getTerminator());
    builder.setInsertionPoint(next);
    async::AwaitOp::create(builder, loc, execute.getToken());
  }
};
} // namespace
