//===- PlaceEntry.cpp - where an entry's memory is --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AnyLayout.h"
#include "HostCalls.h"
#include "HydragenToGPU/DeviceConstants.h"
#include "HydragenToGPU/DeviceMoves.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Remarks.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_PLACEENTRY
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// Whether an op of an entry touches no element on the host. Loads of the LLVM
/// dialect read the call and its descriptors.
static bool isFreeOfMemory(Operation *op) {
  if (isa<AttendOp, func::ReturnOp, cf::AssertOp, UnrealizedConversionCastOp,
          YieldOp>(op))
    return true;
  if (op->getParentOfType<AttendOp>())
    return true;
  if (isa_and_nonnull<LLVM::LLVMDialect, arith::ArithDialect>(op->getDialect()))
    return true;
  if (isDeviceMove(op))
    return op->getBlock()->isEntryBlock();
  if (auto alloc = dyn_cast<memref::AllocOp>(op))
    return alloc.getType().hasStaticShape() && op->getBlock()->isEntryBlock() &&
           isa<func::FuncOp>(op->getParentOp());
  // What only attention reads goes with the kernels.
  if (auto constant = dyn_cast<memref::GetGlobalOp>(op)) {
    memref::GlobalOp global = getConstantRoot(constant);
    return global && canBeDeviceConstant(global);
  }
  return isa<affine::AffineApplyOp, affine::AffineMaxOp, affine::AffineMinOp,
             memref::CastOp, memref::CollapseShapeOp, memref::DeallocOp,
             memref::DimOp, memref::ExpandShapeOp,
             memref::ExtractStridedMetadataOp, memref::ReinterpretCastOp,
             memref::SubViewOp>(op);
}

/// What works on the host in an entry; null when nothing does.
static Operation *findHostOp(func::FuncOp function) {
  Operation *found = nullptr;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == function)
      return WalkResult::advance();
    // What a move computes with its elements is known.
    if (isFreeOfMemory(op))
      return isDeviceMove(op) ? WalkResult::skip() : WalkResult::advance();
    found = op;
    return WalkResult::interrupt();
  });
  return found;
}

static void remarkHostOp(Operation *op, StringRef consequence) {
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name("gpu-host-op").category("hydragen"))
      << (consequence + ": " + op->getName().getStringRef() +
          " runs on the host")
             .str();
}

namespace {
struct PlaceEntryPass
    : public mlir::hydragen::impl::PlaceEntryBase<PlaceEntryPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries, copies;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(host::kEntryAttr))
        (takesAnyLayout(function) ? copies : entries).push_back(function);
    Builder builder(&getContext());
    for (func::FuncOp entry : entries) {
      bool attends =
          entry.walk([](AttendOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
      Operation *other = findHostOp(entry);
      entry->setAttr(
          host::kPlacementAttr,
          builder.getStringAttr(other || !attends ? "host" : "device"));
      if (other && attends)
        remarkHostOp(other, "the entry's tensors are on the host, each "
                            "attention copies its operands");
    }
    // A part with strides of its own is code of its own.
    constexpr unsigned kMostParts = 4;
    auto findLarge = [](func::FuncOp function) {
      AttendOp found;
      function.walk([&](AttendOp op) {
        if (op.getNumParts() > kMostParts)
          found = op;
      });
      return found;
    };
    // Copies are for entries on the device only. Where one has more to do than
    // its entry, other layouts are refused by the runtime.
    for (func::FuncOp copy : copies) {
      auto device = builder.getStringAttr("device");
      if (getEntryOf(copy)->getAttr(host::kPlacementAttr) != device) {
        copy.erase();
        continue;
      }
      copy->setAttr(host::kPlacementAttr, device);
      constexpr StringLiteral kRefused =
          "tensors must be compact and aligned to 16 bytes";
      if (Operation *other = findHostOp(copy)) {
        remarkHostOp(other, kRefused);
        copy.erase();
      } else if (AttendOp large = findLarge(copy)) {
        remark::missed(
            large.getLoc(),
            remark::RemarkOpts::name("gpu-compact-only").category("hydragen"))
            << (kRefused + Twine(": an attention has ") +
                Twine(large.getNumParts()) + " segments, more than " +
                Twine(kMostParts))
                   .str();
        copy.erase();
      }
    }
  }
};
} // namespace
