//===- OverlapAttention.cpp - reading beside arithmetic ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HydragenToCPU/AttentionKernel.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Async/IR/Async.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_OVERLAPATTENTION
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// The value whose memory `value` views.
static Value getBase(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

/// Memory that was there before the function ran: an argument, the caller's
/// tensor or a constant.
static bool isFromOutside(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isa<func::FuncOp>(argument.getOwner()->getParentOp());
  return isa<UnrealizedConversionCastOp, memref::GetGlobalOp>(
      value.getDefiningOp());
}

/// Whether two buffers can share memory. A buffer that is allocated here is
/// another one than those from outside, which may share theirs; of any other
/// value (a choice between buffers, a result of a loop) nothing is known.
static bool mayAlias(Value left, Value right) {
  Value a = getBase(left), b = getBase(right);
  bool isNewA = a.getDefiningOp<memref::AllocOp>() != nullptr;
  bool isNewB = b.getDefiningOp<memref::AllocOp>() != nullptr;
  bool apart = a != b && ((isNewA && isNewB) || (isNewA && isFromOutside(b)) ||
                          (isFromOutside(a) && isNewB));
  return !apart;
}

/// What `op` does to memory, nullopt if that is not known. Waiting for a task
/// counts as doing it.
static std::optional<SmallVector<MemoryEffects::EffectInstance>>
getAllEffects(Operation *op) {
  if (auto await = dyn_cast<async::AwaitOp>(op))
    op = await.getOperand().getDefiningOp();
  auto execute = dyn_cast_or_null<async::ExecuteOp>(op);
  if (!execute)
    return op ? getEffectsRecursively(op) : std::nullopt;
  SmallVector<MemoryEffects::EffectInstance> result;
  for (Operation &nested : execute.getBody()->without_terminator()) {
    auto effects = getEffectsRecursively(&nested);
    if (!effects)
      return std::nullopt;
    llvm::append_range(result, *effects);
  }
  return result;
}

/// Whether `second` must not run before or beside `first`, which precedes it.
static bool dependsOn(Operation *second, Operation *first) {
  WalkResult uses = second->walk([&](Operation *op) {
    bool found = llvm::any_of(op->getOperands(), [&](Value operand) {
      return operand.getDefiningOp() == first;
    });
    return found ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (uses.wasInterrupted())
    return true;
  auto before = getAllEffects(first), after = getAllEffects(second);
  if (!before || !after)
    return true;
  for (const MemoryEffects::EffectInstance &a : *before)
    for (const MemoryEffects::EffectInstance &b : *after) {
      if (isa<MemoryEffects::Allocate>(a.getEffect()) ||
          isa<MemoryEffects::Allocate>(b.getEffect()) ||
          (isa<MemoryEffects::Read>(a.getEffect()) &&
           isa<MemoryEffects::Read>(b.getEffect())))
        continue;
      if (!a.getValue() || !b.getValue() ||
          mayAlias(a.getValue(), b.getValue()))
        return true;
    }
  return false;
}

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
