//===- BufferEffects.cpp - what ops on buffers depend on --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BufferEffects.h"
#include "HostCalls.h"

#include "mlir/Dialect/Async/IR/Async.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace mlir::hydragen;

Value hydragen::getBaseBuffer(Value value) {
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

/// The memory of a result that is no in-place input.
static bool isOutput(Value value) {
  Operation *cast = value.getDefiningOp<UnrealizedConversionCastOp>();
  return cast && cast->hasAttr(host::kOutputNumberAttr);
}

bool hydragen::mayAlias(Value left, Value right) {
  Value a = getBaseBuffer(left), b = getBaseBuffer(right);
  bool isNewA = a.getDefiningOp<memref::AllocOp>() != nullptr;
  bool isNewB = b.getDefiningOp<memref::AllocOp>() != nullptr;
  bool apart =
      a != b &&
      ((isNewA && isNewB) || (isNewA && isFromOutside(b)) ||
       (isFromOutside(a) && isNewB) ||
       (isFromOutside(a) && isFromOutside(b) && (isOutput(a) || isOutput(b))));
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

bool hydragen::dependsOn(Operation *second, Operation *first) {
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
