//===- LowerAttend.cpp - hydragen.attend to kernels and launches -*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceMoves.h"
#include "EntryLowering.h"
#include "PlanWriter.h"

#include "hydragen/Conversion/Passes.h"
#include "hydragen/Kernels/AttendKernel.h"
#include "hydragen/Kernels/WorkItem.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_LOWERATTEND
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;
using kernels::KernelParameter;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

int64_t hydragen::getElementBytes(Value memref) {
  Type type = cast<MemRefType>(memref.getType()).getElementType();
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

Value EntryLowering::getOffsetBytes(Value memref) {
  IndexBuilder index(b, loc);
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> typeStrides;
  int64_t offset;
  if (succeeded(type.getStridesAndOffset(typeStrides, offset)) &&
      !ShapedType::isDynamic(offset))
    return index.constant(offset * getElementBytes(memref));
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
  return index.mul(metadata.getOffset(), getElementBytes(memref));
}

Value EntryLowering::getHostAddress(Value memref) {
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memref);
  return toI64(IndexBuilder(b, loc).add(base, getOffsetBytes(memref)));
}

SmallVector<Value> EntryLowering::getStrides(Value memref) {
  if (auto it = strides.find(memref); it != strides.end())
    return it->second;
  IndexBuilder index(b, loc);
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> typeStrides;
  int64_t offset;
  SmallVector<Value> result;
  (void)type.getStridesAndOffset(typeStrides, offset);
  memref::ExtractStridedMetadataOp metadata;
  for (auto [i, stride] : llvm::enumerate(typeStrides)) {
    if (ShapedType::isDynamic(stride) && !metadata)
      metadata = memref::ExtractStridedMetadataOp::create(b, loc, memref);
    result.push_back(ShapedType::isDynamic(stride)
                         ? Value(metadata.getStrides()[i])
                         : index.constant(stride));
  }
  strides[memref] = result;
  return result;
}

/// Bytes from the first to behind the last element.
Value EntryLowering::getSpanBytes(Value memref) {
  IndexBuilder index(b, loc);
  Value span = index.constant(1), count = index.constant(1);
  for (auto [i, stride] : llvm::enumerate(getStrides(memref))) {
    Value size = index.dim(memref, i);
    count = index.mul(count, size);
    Value last =
        index.sub(index.max(size, index.constant(1)), index.constant(1));
    span = index.add(span, index.mul(last, stride));
  }
  // Nothing at all when an extent is 0.
  span = index.mul(span, index.min(count, index.constant(1)));
  return index.mul(span, getElementBytes(memref));
}

/// Device address of a memref operand's element 0.
Value EntryLowering::getAddress(Value memref) {
  Value &address = addresses[memref];
  if (address)
    return address;
  if (!copies) {
    memref::GlobalOp global = getConstantRoot(memref);
    if (!global)
      return address = getHostAddress(memref);
    Value start = constant(0, i64);
    variables[start] = kernels.getVariable(global);
    return address = LLVM::AddOp::create(b, loc, start,
                                         toI64(getOffsetBytes(memref)));
  }
  Value bytes = toI64(getSpanBytes(memref));
  Value copy = callHost(host::kApiDeviceAllocate, i64, {bytes});
  allocated.push_back(copy);
  Value source = LLVM::IntToPtrOp::create(b, loc, ptr, getHostAddress(memref));
  callHost(host::kApiCopyToDevice, {}, {copy, source, bytes});
  addresses[memref] = copy;
  return copy;
}

void EntryLowering::copyBack(AttendOp op) {
  if (copies) {
    Value bytes = toI64(getSpanBytes(op.getInit()));
    Value target =
        LLVM::IntToPtrOp::create(b, loc, ptr, getHostAddress(op.getInit()));
    callHost(host::kApiCopyToHost, {},
             {target, getAddress(op.getInit()), bytes});
    for (Value address : allocated)
      callHost(host::kApiDeviceFree, {}, {address});
  }
  allocated.clear();
  addresses.clear();
  strides.clear();
  known.clear();
}

LLVM::GlobalOp EntryLowering::findVariable(Value address) {
  if (LLVM::GlobalOp variable = variables.lookup(address))
    return variable;
  // Sums are all that is made of addresses.
  if (auto sum = address.getDefiningOp<LLVM::AddOp>())
    for (Value operand : sum->getOperands())
      if (LLVM::GlobalOp variable = findVariable(operand))
        return variable;
  return {};
}

void EntryLowering::addVariables(gpu::GPUFuncOp kernel, ValueRange values) {
  for (auto [i, value] : llvm::enumerate(values))
    if (value)
      if (LLVM::GlobalOp variable = findVariable(value))
        addVariable(kernel, i, variable);
}

//===----------------------------------------------------------------------===//
// Host calls
//===----------------------------------------------------------------------===//

Value EntryLowering::callHost(int32_t offset, Type result,
                              ValueRange arguments) {
  return host::callTable(b, loc, function.getArgument(0), offset, arguments,
                         result);
}

/// Bytes of grid and block sizes, and of parameters: 4 KB at most is what every
/// driver takes.
static constexpr int32_t kParametersAt = 32;
static constexpr unsigned kMostParameters = 4096;

Value EntryLowering::getScratch() {
  if (!scratch) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&function.getBody().front());
    scratch =
        LLVM::AllocaOp::create(b, loc, ptr, b.getI8Type(),
                               constant(kParametersAt + kMostParameters, i64),
                               /*alignment=*/16);
  }
  return scratch;
}

/// Grid and block at the start of the scratch memory, then the parameters.
void EntryLowering::launch(gpu::GPUFuncOp kernel, Value blocks,
                           unsigned threads,
                           ArrayRef<KernelParameter> parameters,
                           ValueRange values) {
  auto number = [&](StringRef name) {
    return kernel->getAttrOfType<IntegerAttr>(name).getInt();
  };
  int64_t bytes = number(host::kParameterBytesAttr);
  Value memory = getScratch();
  auto at = [&](int32_t offset) -> Value {
    return LLVM::GEPOp::create(b, loc, ptr, b.getI8Type(), memory,
                               ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(offset)});
  };
  auto store = [&](Value value, int32_t offset) {
    LLVM::StoreOp::create(b, loc, value, at(offset));
  };
  for (unsigned i = 0; i != 3; ++i) {
    store(i == 0 ? blocks : constant(1, i32), 4 * i);
    store(constant(i == 0 ? threads : 1, i32), 16 + 4 * i);
  }
  int32_t offset = 0;
  for (auto [parameter, value] : llvm::zip_equal(parameters, values)) {
    offset = llvm::alignTo(offset, parameter.getSize());
    store(value, kParametersAt + offset);
    offset += parameter.getSize();
  }
  callHost(host::kApiLaunch, {},
           {constant(number(host::kNumberAttr), i32), at(0), at(16),
            constant(number(host::kSharedBytesAttr), i32), at(kParametersAt),
            constant(bytes, i32)});
}

//===----------------------------------------------------------------------===//
// One op
//===----------------------------------------------------------------------===//

LogicalResult EntryLowering::lower(AttendOp op) {
  loc = op.getLoc();
  b.setInsertionPoint(op);
  std::string reason;
  FailureOr<RowSpace> rows = RowSpace::get(op, reason);
  if (failed(rows))
    return op.emitOpError("cannot be launched: ") << reason;
  IndexBuilder index(b, loc);
  AttendSizes sizes(b, op, *rows);
  FailureOr<kernels::KernelConfig> config = makeConfig(op, *rows, sizes);
  if (failed(config) || failed(checkQueries(op, *rows)))
    return failure();
  if (op.getNumParts() > AttendSizes::kMaxParts)
    return op.emitOpError("has ") << op.getNumParts() << " parts, more than "
                                  << AttendSizes::kMaxParts;

  // Item, state and row numbers are 32 bits wide.
  Value most = index.max(
      index.max(sizes.items, sizes.stateRows),
      index.max(sizes.listed, index.mul(sizes.pieces, sizes.maxEntries)));
  if (std::optional<int64_t> known = IndexBuilder::getConstant(most)) {
    if (*known > std::numeric_limits<int32_t>::max())
      return op.emitOpError("has more than 2^31 states");
  } else {
    Value fits = arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::ule, most,
        index.constant(std::numeric_limits<int32_t>::max()));
    cf::AssertOp::create(b, loc, fits, "an attention has too many rows");
  }

  Value start = LLVM::PtrToIntOp::create(
      b, loc, i64,
      host::loadPointer(b, loc, function.getArgument(0), host::kCallWorkspace));
  start = LLVM::AddOp::create(b, loc, start, toI64(workspace->getUsed()));
  auto at = [&](Value offset) -> Value {
    return LLVM::AddOp::create(b, loc, start, toI64(offset));
  };

  // The work list.
  std::string name = kernels.makeName(anyLayout);
  // A part's bounds in its own digits are those of its variant.
  SmallVector<ArrayRef<VisibleAttr>> bounds;
  for (unsigned variant : variants)
    bounds.push_back(modifiers[variant] ? modifiers[variant]->getBounds()
                                        : ArrayRef<VisibleAttr>());
  PlanWriter plan(
      b, op, *rows, sizes, start,
      [&](Value memref) { return getAddress(memref); },
      [&](Value memref) { return getStrides(memref); }, bounds);
  plan.variants = variants;
  auto keepPlan = [&](gpu::GPUFuncOp kernel) {
    addVariables(kernel, plan.values);
    return kernels.keep(kernel, 0, plan.parameters);
  };
  if (rows->groupedDigit) {
    Value blocks = toI32(index.ceilDiv(sizes.places, PlanWriter::kThreads));
    for (gpu::GPUFuncOp kernel :
         {plan.writeOrder(kernels.getModule(), name + "_order"),
          plan.writeTiles(kernels.getModule(), name + "_tiles")})
      launch(keepPlan(kernel), blocks, PlanWriter::kThreads, plan.parameters,
             plan.values);
  }
  gpu::GPUFuncOp planKernel =
      keepPlan(plan.write(kernels.getModule(), name + "_plan"));
  Value threads = index.add(index.add(sizes.items, sizes.pieces),
                            index.add(sizes.listed, index.constant(1)));
  launch(planKernel, toI32(index.ceilDiv(threads, PlanWriter::kThreads)),
         PlanWriter::kThreads, plan.parameters, plan.values);

  // The attention.
  config->name = name;
  SmallVector<KernelParameter> parameters =
      kernels::getKernelParameters(*config);
  if (kernels::getParameterBytes(parameters) > kMostParameters)
    return op.emitOpError("has a kernel with ")
           << kernels::getParameterBytes(parameters)
           << " bytes of parameters, more than " << kMostParameters;
  fillParameters(op, *rows, sizes, *config, parameters);
  gpu::GPUFuncOp kernel =
      kernels::buildAttendKernel(kernels.getModule(), *config);
  SmallVector<Value> addressed;
  for (const KernelParameter &parameter : parameters)
    addressed.push_back(known.lookup(parameter.name));
  addVariables(kernel, addressed);
  kernel->setAttr(host::kWaitsAttr, UnitAttr::get(kernel.getContext()));
  kernel = kernels.keep(kernel, kernels::getSharedBytes(*config), parameters);
  Value zero = constant(0, i64);
  known["rows"] = at(sizes.listAt);
  // Items hold addresses.
  for (const char *unused : {"lengths", "key_base", "value_base", "table_base"})
    known[unused] = zero;
  known["groups"] = at(sizes.groupsAt);
  known["entries"] = at(sizes.entriesAt);
  known["state_o"] = at(sizes.stateOAt);
  known["state_ml"] = at(sizes.stateMLAt);
  Value multiprocessors = callHost(host::kApiMultiprocessors, i32, {});
  Value slots = index.mul(
      arith::IndexCastUIOp::create(b, loc, b.getIndexType(), multiprocessors),
      op.getSchedule().getBlocks());
  auto launchItems = [&](unsigned number, Value firstItem,
                         Value count) -> LogicalResult {
    known["items"] = at(index.add(
        sizes.itemsAt, index.mul(firstItem, sizeof(hydragen_work_item))));
    known["item_count"] = at(index.constant(8 * number));
    known["ticket"] = at(index.constant(8 * number + 4));
    SmallVector<Value> values;
    for (const KernelParameter &parameter : parameters) {
      values.push_back(known.lookup(parameter.name));
      if (!values.back())
        return op.emitOpError("has a kernel with an unknown parameter ")
               << parameter.name;
    }
    // No more blocks than there is work for, but one: an empty grid is none.
    Value blocks = index.max(index.min(slots, count), index.constant(1));
    launch(kernel, toI32(blocks), config->getThreads(), parameters, values);
    return success();
  };
  if (op.getSchedule().getSeparate()) {
    for (auto [i, part] : llvm::enumerate(sizes.parts))
      if (failed(launchItems(i, part.firstItem, part.items)))
        return failure();
  } else if (failed(launchItems(0, index.constant(0), sizes.items))) {
    return failure();
  }
  copyBack(op);
  if (auto formulas = op->getAttrOfType<ArrayAttr>(host::kWorkAttr))
    work.push_back(b.getArrayAttr(
        {b.getStringAttr(kernel.getName()), formulas[0], formulas[1]}));
  if (std::optional<int64_t> bytes = IndexBuilder::getConstant(sizes.bytes))
    maxBytes = std::max(maxBytes, *bytes);
  op.erase();
  return success();
}

LogicalResult EntryLowering::run() {
  SmallVector<Operation *> ops;
  bool attends = false;
  function.walk([&](Operation *op) {
    attends |= isa<AttendOp>(op);
    if (isa<AttendOp>(op) ||
        (!copies &&
         (isDeviceMove(op) || isDynamicBuffer(op) || isIntegerLoop(op))))
      ops.push_back(op);
  });
  if (!attends)
    return success();
  // Behind the entry's buffers of known sizes.
  auto own = function->getAttrOfType<IntegerAttr>(host::kWorkspaceAttr);
  int64_t base = own && !copies ? llvm::alignTo(own.getInt(), 256) : 0;
  b.setInsertionPointToStart(&function.getBody().front());
  workspace.emplace(IndexBuilder(b, loc).constant(base));
  bool dynamic = hasDynamicBuffers(function);
  for (Operation *op : ops) {
    if (auto attend = dyn_cast<AttendOp>(op)) {
      if (failed(lower(attend)))
        return failure();
    } else if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
      lowerBuffer(alloc);
    } else if (isDeviceMove(op)) {
      lowerMove(op);
    } else {
      lowerIntegerLoop(cast<linalg::LinalgOp>(op));
    }
  }
  if (!work.empty())
    function->setAttr(host::kWorkAttr, b.getArrayAttr(work));
  // Dynamic sizes come from the function NAME__workspace_bytes in addition;
  // with dynamic buffers it has all that lies behind them.
  function->setAttr(
      host::kWorkspaceAttr,
      b.getI64IntegerAttr(base + (dynamic && !copies ? 0 : maxBytes)));
  return success();
}

namespace {
struct LowerAttendPass
    : public mlir::hydragen::impl::LowerAttendBase<LowerAttendPass> {
  void runOnOperation() override {
    kernels::loadKernelDialects(getContext());
    KernelList kernels(getOperation());
    SmallVector<func::FuncOp> copies;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function->hasAttr(host::kEntryAttr))
        continue;
      if (failed(EntryLowering(function, kernels).run()))
        return signalPassFailure();
      if (takesAnyLayout(function))
        copies.push_back(function);
    }
    for (func::FuncOp copy : copies)
      makeChoice(getEntryOf(copy), copy);
  }
};
} // namespace
