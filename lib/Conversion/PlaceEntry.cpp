//===- PlaceEntry.cpp - where an entry's memory is --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostCalls.h"
#include "HydragenToGPU/DeviceConstants.h"
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

namespace {
struct PlaceEntryPass
    : public mlir::hydragen::impl::PlaceEntryBase<PlaceEntryPass> {
  void runOnOperation() override {
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function->hasAttr(host::kEntryAttr))
        continue;
      bool attends = false;
      Operation *other = nullptr;
      function.walk<WalkOrder::PreOrder>([&](Operation *op) {
        attends |= isa<AttendOp>(op);
        if (op != function && !isFreeOfMemory(op) && !other)
          other = op;
      });
      function->setAttr(
          host::kPlacementAttr,
          builder.getStringAttr(other || !attends ? "host" : "device"));
      if (other && attends)
        remark::missed(
            other->getLoc(),
            remark::RemarkOpts::name("gpu-host-op").category("hydragen"))
            << ("the entry's tensors are on the host, each attention copies "
                "its operands: " +
                other->getName().getStringRef().str() + " runs on the host");
    }
  }
};
} // namespace
