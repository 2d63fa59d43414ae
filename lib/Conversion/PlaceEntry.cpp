//===- PlaceEntry.cpp - where an entry's memory is --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AnyLayout.h"
#include "FoldExtents.h"
#include "HostCalls.h"
#include "HydragenToGPU/DeviceConstants.h"
#include "HydragenToGPU/DeviceMoves.h"
#include "HydragenToGPU/DeviceWorkspace.h"
#include "HydragenToGPU/IntegerLoops.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Pass/PassManager.h"

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
  // Kernels of their own.
  if (isIntegerLoop(op))
    return true;
  if (auto loop = op->getParentOfType<linalg::LinalgOp>())
    return isIntegerLoop(loop);
  if (isa_and_nonnull<LLVM::LLVMDialect, arith::ArithDialect>(op->getDialect()))
    return true;
  if (isDeviceMove(op))
    return op->getBlock()->isEntryBlock();
  if (isDynamicBuffer(op))
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

static void remarkRefusal(Operation *op, StringRef name, const Twine &text) {
  remark::missed(op->getLoc(),
                 remark::RemarkOpts::name(name).category("hydragen"))
      << text.str();
}

/// The first attention of so many segments that the copy of its entry would be
/// too large: a segment with strides of its own is code of its own.
static AttendOp findLarge(func::FuncOp function) {
  constexpr unsigned kMostParts = 4;
  AttendOp found;
  function.walk([&](AttendOp op) {
    if (op.getNumParts() <= kMostParts)
      return WalkResult::advance();
    found = op;
    return WalkResult::interrupt();
  });
  return found;
}

namespace {
struct PlaceEntryPass
    : public mlir::hydragen::impl::PlaceEntryBase<PlaceEntryPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries, copies;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(host::kEntryAttr))
        (takesAnyLayout(function) ? copies : entries).push_back(function);
    for (func::FuncOp entry : entries)
      placeEntry(entry);
    for (func::FuncOp copy : copies)
      placeCopy(copy);
    for (auto &[entry, functions] : workspaces)
      joinWorkspaces(cast<func::FuncOp>(entry), functions);
  }

  void placeEntry(func::FuncOp entry);
  void placeCopy(func::FuncOp copy);
  std::string addWorkspace(func::FuncOp function, func::FuncOp entry);
  void joinWorkspaces(func::FuncOp entry, ArrayRef<func::FuncOp> functions);

  /// Of entries with buffers of unknown size: functions that tell how much
  /// workspace there must be, all of which hold.
  llvm::MapVector<Operation *, SmallVector<func::FuncOp>> workspaces;
};
} // namespace

/// Makes the function for the workspace of an entry or its copy; the reason
/// when there is none.
std::string PlaceEntryPass::addWorkspace(func::FuncOp function,
                                         func::FuncOp entry) {
  if (!hasDynamicBuffers(function))
    return "";
  std::string reason;
  func::FuncOp workspace = makeWorkspaceFunction(
      function, (function.getName() + "__own_workspace").str(),
      [&](func::FuncOp sized) {
        OpPassManager pm(func::FuncOp::getOperationName());
        addExtentFolding(pm);
        return runPipeline(pm, sized);
      },
      reason);
  if (!workspace)
    return reason;
  workspaces[entry].push_back(workspace);
  return "";
}

void PlaceEntryPass::placeEntry(func::FuncOp entry) {
  Builder builder(&getContext());
  bool attends = entry.walk([](AttendOp) { return WalkResult::interrupt(); })
                     .wasInterrupted();
  Operation *other = findHostOp(entry);
  bool device = attends && !other;
  if (other && attends)
    remarkHostOp(other, "the entry's tensors are on the host, each attention "
                        "copies its operands");
  if (device)
    if (std::string reason = addWorkspace(entry, entry); !reason.empty()) {
      device = false;
      remarkRefusal(entry, "gpu-host-op",
                    "the entry's tensors are on the host, each attention "
                    "copies its operands: " +
                        reason);
    }
  entry->setAttr(host::kPlacementAttr,
                 builder.getStringAttr(device ? "device" : "host"));
}

/// Copies are for entries on the device only. Where one has more to do than its
/// entry, other layouts are refused by the runtime.
void PlaceEntryPass::placeCopy(func::FuncOp copy) {
  constexpr StringLiteral kRefused =
      "tensors must be compact and aligned to 16 bytes";
  func::FuncOp entry = getEntryOf(copy);
  auto device = StringAttr::get(&getContext(), "device");
  if (entry->getAttr(host::kPlacementAttr) == device) {
    copy->setAttr(host::kPlacementAttr, device);
    AttendOp large = findLarge(copy);
    if (Operation *other = findHostOp(copy))
      remarkHostOp(other, kRefused);
    else if (large)
      remarkRefusal(large, "gpu-compact-only",
                    kRefused + Twine(": an attention has ") +
                        Twine(large.getNumParts()) + " segments");
    else if (std::string reason = addWorkspace(copy, entry); !reason.empty())
      remarkRefusal(copy, "gpu-compact-only", kRefused + Twine(": ") + reason);
    else
      return;
  }
  copy.erase();
}

/// The entry's function is the largest of these, and of what it was.
void PlaceEntryPass::joinWorkspaces(func::FuncOp entry,
                                    ArrayRef<func::FuncOp> functions) {
  std::string name = (entry.getName() + host::kWorkspaceSuffix).str();
  OpBuilder b(entry);
  Location loc = entry.getLoc();
  SmallVector<func::FuncOp> all(functions);
  if (auto old = getOperation().lookupSymbol<func::FuncOp>(name)) {
    old.setName((entry.getName() + "__attend_workspace").str());
    all.push_back(old);
  }
  auto joined =
      func::FuncOp::create(b, loc, name, all.front().getFunctionType());
  joined.setPrivate();
  Block *body = joined.addEntryBlock();
  b.setInsertionPointToStart(body);
  Value bytes;
  for (func::FuncOp function : all) {
    Value own = func::CallOp::create(b, loc, function, body->getArguments())
                    .getResult(0);
    bytes = bytes ? arith::MaxUIOp::create(b, loc, bytes, own) : own;
  }
  func::ReturnOp::create(b, loc, bytes);
}
