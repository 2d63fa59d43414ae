//===- PlanMemory.cpp - static buffers in one workspace ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostCalls.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_PLANMEMORY
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

static constexpr uint64_t kAlignment = 64;

static bool worksOnHostForGPU(func::FuncOp function);

namespace {
/// A buffer that is alive between two ops of one block, their numbers included.
struct Buffer {
  memref::AllocOp alloc;
  memref::DeallocOp dealloc;
  unsigned begin = 0, end = 0;
  uint64_t bytes = 0, offset = 0;
};

struct PlanMemoryPass
    : public mlir::hydragen::impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(host::kEntryAttr) && !worksOnHostForGPU(function))
        if (failed(plan(function)))
          return signalPassFailure();
  }
  LogicalResult plan(func::FuncOp function);
};
} // namespace

/// Bytes of a static buffer, or nullopt on overflow.
static std::optional<uint64_t> getBytes(MemRefType type,
                                        const DataLayout &layout) {
  uint64_t bytes = layout.getTypeSize(type.getElementType()).getFixedValue();
  for (int64_t size : type.getShape()) {
    if (size != 0 && bytes > (uint64_t(1) << 62) / size)
      return std::nullopt;
    bytes *= size;
  }
  return bytes;
}

/// First fit, largest first; every pair alive together is disjoint.
static uint64_t placeBuffers(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::stable_sort(order, [](const Buffer *a, const Buffer *b) {
    return a->bytes > b->bytes;
  });
  uint64_t total = 0;
  SmallVector<Buffer *> placed; // by offset
  for (Buffer *buffer : order) {
    uint64_t offset = 0;
    for (Buffer *other : placed) {
      if (other->end < buffer->begin || buffer->end < other->begin)
        continue;
      if (offset + buffer->bytes <= other->offset)
        break;
      offset = std::max(
          offset, llvm::alignTo(other->offset + other->bytes, kAlignment));
    }
    buffer->offset = offset;
    total = std::max(total, offset + buffer->bytes);
    auto *position =
        llvm::upper_bound(placed, buffer, [](const Buffer *a, const Buffer *b) {
          return a->offset < b->offset;
        });
    placed.insert(position, buffer);
  }
  return llvm::alignTo(total, kAlignment);
}

/// The workspace of an entry for GPUs is device memory.
static bool worksOnHostForGPU(func::FuncOp function) {
  auto placement = function->getAttrOfType<StringAttr>(host::kPlacementAttr);
  return placement && placement != "device";
}

LogicalResult PlanMemoryPass::plan(func::FuncOp function) {
  DataLayout layout = DataLayout::closest(function);
  Block &body = function.getBody().front();
  DenseMap<Operation *, unsigned> numbers;
  for (auto [i, op] : llvm::enumerate(body))
    numbers[&op] = i;

  SmallVector<Buffer> buffers;
  for (auto alloc : body.getOps<memref::AllocOp>()) {
    MemRefType type = alloc.getType();
    if (!type.hasStaticShape() || !type.getLayout().isIdentity())
      continue;
    Buffer buffer;
    buffer.alloc = alloc;
    for (Operation *user : alloc->getUsers())
      if (auto dealloc = dyn_cast<memref::DeallocOp>(user))
        if (dealloc->getBlock() == &body)
          buffer.dealloc = dealloc;
    if (!buffer.dealloc)
      continue;
    std::optional<uint64_t> bytes = getBytes(type, layout);
    if (!bytes)
      return alloc.emitError("a buffer of type ") << type << " is too large";
    buffer.bytes = *bytes;
    buffer.begin = numbers[alloc];
    buffer.end = numbers[buffer.dealloc];
    buffers.push_back(buffer);
  }

  uint64_t total = placeBuffers(buffers);
  OpBuilder builder(&getContext());
  function->setAttr(host::kWorkspaceAttr, builder.getI64IntegerAttr(total));
  if (buffers.empty())
    return success();

  // The workspace as a byte buffer.
  Location loc = function.getLoc();
  builder.setInsertionPointToStart(&body);
  Value base = host::loadPointer(builder, loc, function.getArgument(0),
                                 host::kCallWorkspace);
  Type ptr = base.getType(), i64 = builder.getI64Type();
  auto array = LLVM::LLVMArrayType::get(i64, 1);
  Type descriptor = LLVM::LLVMStructType::getLiteral(
      &getContext(), {ptr, ptr, i64, array, array});
  Value fields = LLVM::PoisonOp::create(builder, loc, descriptor);
  auto insert = [&](Value value, ArrayRef<int64_t> position) {
    fields = LLVM::InsertValueOp::create(builder, loc, fields, value, position);
  };
  auto constant = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(builder, loc, i64,
                                    builder.getI64IntegerAttr(value));
  };
  insert(base, {0});
  insert(base, {1});
  insert(constant(0), {2});
  insert(constant(total), {3, 0});
  insert(constant(1), {4, 0});
  auto bytesType =
      MemRefType::get({static_cast<int64_t>(total)}, builder.getI8Type());
  Value workspace =
      UnrealizedConversionCastOp::create(builder, loc, bytesType, fields)
          .getResult(0);

  for (Buffer &buffer : buffers) {
    builder.setInsertionPoint(buffer.alloc);
    Value offset = arith::ConstantIndexOp::create(
        builder, buffer.alloc.getLoc(), buffer.offset);
    Value view = memref::ViewOp::create(builder, buffer.alloc.getLoc(),
                                        buffer.alloc.getType(), workspace,
                                        offset, ValueRange());
    buffer.dealloc.erase();
    buffer.alloc.replaceAllUsesWith(view);
    buffer.alloc.erase();
  }
  return success();
}
