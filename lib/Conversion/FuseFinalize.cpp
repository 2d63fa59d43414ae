//===- FuseFinalize.cpp - a state that ends where it is made ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuseFinalize.h"
#include "BufferEffects.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_FUSEFINALIZE
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// The inits of a partial attention or combine, else nothing.
static ValueRange getMadeState(Operation *op) {
  if (auto partial = dyn_cast<PartialAttentionOpInterface>(op))
    return partial.getInits();
  if (auto combine = dyn_cast<CombineOp>(op))
    return combine.getInits();
  return {};
}

static SmallVector<Value> getState(FinalizeOp op) {
  return {op.getO(), op.getM(), op.getL()};
}

FinalizeOp hydragen::getFusedFinalize(Operation *maker) {
  auto finalize = dyn_cast_or_null<FinalizeOp>(maker->getNextNode());
  return finalize && finalize->hasAttr(kStateEndsAttr) &&
                 llvm::equal(getState(finalize), getMadeState(maker))
             ? finalize
             : FinalizeOp();
}

/// The users of `value` and of its views that are no views, in `users`; false
/// where one of them is not in `block` or in an op of it, or may hand the
/// memory on by another name (a choice, a yield).
static bool collectUsers(Value value, Block *block,
                         SmallVectorImpl<Operation *> &users) {
  for (Operation *user : value.getUsers()) {
    if (!block->findAncestorOpInBlock(*user))
      return false;
    if (isa<ViewLikeOpInterface>(user)) {
      for (Value view : user->getResults())
        if (!collectUsers(view, block, users))
          return false;
    } else if (user->hasTrait<OpTrait::IsTerminator>() ||
               llvm::any_of(user->getResultTypes(),
                            llvm::IsaPred<BaseMemRefType>)) {
      return false;
    } else {
      users.push_back(user);
    }
  }
  return true;
}

/// Whether `value` is a buffer of the block of `maker` that no op uses after it
/// but `last`.
static bool endsAt(Value value, Operation *maker, Operation *last) {
  Block *block = maker->getBlock();
  Value base = getBaseBuffer(value);
  auto alloc = base.getDefiningOp<memref::AllocOp>();
  SmallVector<Operation *> users;
  if (!alloc || alloc->getBlock() != block || !collectUsers(base, block, users))
    return false;
  return llvm::all_of(users, [&](Operation *user) {
    return user == last || isa<memref::DeallocOp>(user) ||
           !maker->isBeforeInBlock(block->findAncestorOpInBlock(*user));
  });
}

/// Erases `value` and what views and frees it, if nobody else uses it.
static void eraseUnused(Value value) {
  for (Operation *user : llvm::make_early_inc_range(value.getUsers()))
    if (isa<ViewLikeOpInterface>(user) && user->getNumResults() == 1)
      eraseUnused(user->getResult(0));
  if (llvm::all_of(value.getUsers(), llvm::IsaPred<memref::DeallocOp>)) {
    for (Operation *user : llvm::make_early_inc_range(value.getUsers()))
      user->erase();
    value.getDefiningOp()->erase();
  }
}

namespace {
struct FuseFinalizePass
    : mlir::hydragen::impl::FuseFinalizeBase<FuseFinalizePass> {
  void runOnOperation() override {
    SmallVector<FinalizeOp> ops;
    getOperation().walk([&](FinalizeOp op) {
      if (op->getNumResults() == 0)
        ops.push_back(op);
    });
    for (FinalizeOp op : ops) {
      forwardCopy(op);
      fuse(op);
    }
  }

private:
  /// Where the output is only copied to another buffer it is written there.
  static void forwardCopy(FinalizeOp finalize);
  static void fuse(FinalizeOp finalize);
};
} // namespace

void FuseFinalizePass::forwardCopy(FinalizeOp finalize) {
  Block *block = finalize->getBlock();
  Value base = getBaseBuffer(finalize.getInit());
  auto alloc = base.getDefiningOp<memref::AllocOp>();
  SmallVector<Operation *> users;
  if (finalize.getAccumulate() || !alloc || alloc->getBlock() != block ||
      !collectUsers(base, block, users))
    return;
  llvm::erase_if(users, [&](Operation *user) {
    return user == finalize || isa<memref::DeallocOp>(user);
  });
  auto copy =
      users.size() == 1 ? dyn_cast<memref::CopyOp>(users[0]) : memref::CopyOp();
  if (!copy || copy->getBlock() != block || !finalize->isBeforeInBlock(copy))
    return;
  // The whole output, perhaps in another shape.
  Value target = copy.getTarget();
  auto targetType = cast<MemRefType>(target.getType());
  auto expand = copy.getSource().getDefiningOp<memref::ExpandShapeOp>();
  bool reshapes = expand && expand.getSrc() == finalize.getInit();
  if (!reshapes && copy.getSource() != finalize.getInit())
    return;
  if (reshapes && !memref::CollapseShapeOp::isGuaranteedCollapsible(
                      targetType, expand.getReassociationIndices()))
    return;
  // The target is there before, and no one reads or writes it meanwhile.
  Operation *definition = target.getDefiningOp();
  if (definition && (definition->getBlock() != block ||
                     !definition->isBeforeInBlock(finalize)))
    return;
  for (Value operand : finalize->getOperands())
    if (mayAlias(operand, target))
      return;
  for (Operation *op = finalize->getNextNode(); op != copy;
       op = op->getNextNode())
    if (!isa<ViewLikeOpInterface>(op) && dependsOn(copy, op))
      return;
  OpBuilder builder(finalize);
  if (reshapes)
    target = memref::CollapseShapeOp::create(builder, finalize.getLoc(), target,
                                             expand.getReassociationIndices());
  copy->erase();
  finalize.getInitMutable().assign(target);
  eraseUnused(base);
}

void FuseFinalizePass::fuse(FinalizeOp finalize) {
  // The op that makes the state, perhaps in another shape.
  SmallVector<Value> state = getState(finalize), source;
  for (Value value : state) {
    auto collapse = value.getDefiningOp<memref::CollapseShapeOp>();
    source.push_back(collapse ? collapse.getSrc() : Value());
  }
  Operation *maker = finalize->getPrevNode();
  bool reshapes = false;
  for (; maker; maker = maker->getPrevNode()) {
    ValueRange made = getMadeState(maker);
    reshapes = llvm::equal(made, source);
    if (reshapes || llvm::equal(made, state))
      break;
  }
  // Maps of sinks and factor are of the finalize's rows.
  if (!maker || (reshapes && finalize->getNumOperands() != 4))
    return;
  SmallVector<Value> made(getMadeState(maker));
  Value init = finalize.getInit();
  if (!llvm::all_of(made, [&](Value x) { return endsAt(x, maker, finalize); }))
    return;
  for (Value operand : maker->getOperands())
    if (isa<BaseMemRefType>(operand.getType()) && mayAlias(operand, init))
      return;
  // It can stand behind the maker, with what it needs.
  SetVector<Value> needed(finalize->getOperands().begin() + 3,
                          finalize->getOperands().end());
  SmallVector<Operation *> moved; // from last to first
  for (Operation *op = finalize->getPrevNode(); op != maker;
       op = op->getPrevNode()) {
    bool views = isa<ViewLikeOpInterface, memref::AllocOp>(op);
    if (!llvm::any_of(op->getResults(),
                      [&](Value x) { return needed.contains(x); })) {
      if (!views && dependsOn(finalize, op))
        return;
      continue;
    }
    if (!views && !isPure(op))
      return;
    moved.push_back(op);
    needed.insert(op->operand_begin(), op->operand_end());
  }
  for (Operation *op : llvm::reverse(moved))
    op->moveBefore(maker);
  finalize->moveAfter(maker);
  OpBuilder builder(maker);
  if (reshapes) {
    auto type = cast<MemRefType>(made[0].getType());
    auto collapse = state[0].getDefiningOp<memref::CollapseShapeOp>();
    SmallVector<OpFoldResult> sizes =
        memref::getMixedSizes(builder, finalize.getLoc(), made[0]);
    init = memref::ExpandShapeOp::create(
        builder, finalize.getLoc(), type.getShape(), init,
        collapse.getReassociationIndices(), sizes);
    finalize->setOperands({made[0], made[1], made[2], init});
    finalize->removeDiscardableAttr(CoverAttr::kAttrName); // Of other rows.
    for (Value value : state)
      if (value.use_empty())
        value.getDefiningOp()->erase();
  }
  finalize->setAttr(kStateEndsAttr, builder.getUnitAttr());
}
