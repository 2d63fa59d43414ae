//===- HostCalls.h - layout of the module ABI for lowerings -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Byte offsets of the structs in runtime/include/hydragen/module.h on x86-64.
// Compiled code reads them through loads; nothing includes the header, so that
// the compiler can be built without the runtime. lib/Target checks them.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HOSTCALLS_H
#define HYDRAGEN_LIB_CONVERSION_HOSTCALLS_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::hydragen::host {

/// hydragen_call
constexpr int32_t kCallApi = 8;
constexpr int32_t kCallContext = 16;
constexpr int32_t kCallDescriptors = 24;
constexpr int32_t kCallWorkspace = 32;
constexpr int32_t kCallWorkspaceBytes = 40;

/// hydragen_host_api
constexpr int32_t kApiAllocate = 8;
constexpr int32_t kApiDeallocate = 16;
constexpr int32_t kApiParallelFor = 24;
constexpr int32_t kApiFail = 32;
constexpr int32_t kApiLaunch = 40;
constexpr int32_t kApiMultiprocessors = 48;
constexpr int32_t kApiDeviceAllocate = 56;
constexpr int32_t kApiDeviceFree = 64;
constexpr int32_t kApiCopyToDevice = 72;
constexpr int32_t kApiCopyToHost = 80;
constexpr int32_t kApiSpawn = 88;
constexpr int32_t kApiWait = 96;

/// Codes for fail: hydragen_code of runtime.h. What the IR asserts are facts
/// about the inputs, so a failed assertion is a bad input.
constexpr int32_t kFailAssertion = 2;   // HYDRAGEN_INVALID
constexpr int32_t kFailOutOfMemory = 4; // HYDRAGEN_INTERNAL

/// Unit attributes that say what the first argument of a function is: a
/// `hydragen_call`, or a closure whose first field is a pointer to one.
constexpr llvm::StringLiteral kEntryAttr = "hydragen.entry";
constexpr llvm::StringLiteral kBodyAttr = "hydragen.parallel_body";
/// A function that computes output shapes: failing means returning 1.
constexpr llvm::StringLiteral kShapesAttr = "hydragen.output_shapes";
/// Where an entry's arguments and workspace are ("device", "host"); only on
/// entries for GPUs.
constexpr llvm::StringLiteral kPlacementAttr = "hydragen.placement";
/// Of an attention, and of an entry: pairs of formulas (flops, bytes), the
/// entry's with the kernel's name in front.
constexpr llvm::StringLiteral kWorkAttr = "hydragen.work";
/// Which layouts an entry on the device takes: the manifest's words for its
/// arguments, then its results. Without it compact ones at multiples of 16.
constexpr llvm::StringLiteral kLayoutsAttr = "hydragen.layouts";
/// The module of an entry's kernels, and what a launch of one must know: its
/// number in the module table, dynamic shared memory and size of the packed
/// parameters in bytes, names of the parameters.
constexpr llvm::StringLiteral kKernelsName = "hydragen_kernels";
constexpr llvm::StringLiteral kNumberAttr = "hydragen.number";
constexpr llvm::StringLiteral kSharedBytesAttr = "hydragen.shared_bytes";
constexpr llvm::StringLiteral kParameterBytesAttr = "hydragen.parameter_bytes";
/// The kernel waits itself for those before it (KernelBuilder::awaitKernels).
constexpr llvm::StringLiteral kWaitsAttr = "hydragen.waits";
constexpr llvm::StringLiteral kParametersAttr = "hydragen.parameters";
/// On the cast of a descriptor to a memref: the number of the input.
constexpr llvm::StringLiteral kInputNumberAttr = "hydragen.input";
/// The same of an output that is no input in place: nothing else shares its
/// memory.
constexpr llvm::StringLiteral kOutputNumberAttr = "hydragen.output";
/// Behind the entry's name: a function that computes what comes to the static
/// workspace when sizes are dynamic.
constexpr llvm::StringLiteral kWorkspaceSuffix = "__workspace_bytes";
/// Workspace of an entry in bytes (i64).
constexpr llvm::StringLiteral kWorkspaceAttr = "hydragen.workspace_bytes";

inline Value loadField(OpBuilder &builder, Location loc, Value base,
                       int32_t offset, Type type) {
  auto ptr = LLVM::LLVMPointerType::get(builder.getContext());
  Value address = base;
  if (offset != 0)
    address = LLVM::GEPOp::create(builder, loc, ptr, builder.getI8Type(), base,
                                  ArrayRef<LLVM::GEPArg>{LLVM::GEPArg(offset)});
  return LLVM::LoadOp::create(builder, loc, type, address);
}

inline Value loadPointer(OpBuilder &builder, Location loc, Value base,
                         int32_t offset) {
  return loadField(builder, loc, base, offset,
                   LLVM::LLVMPointerType::get(builder.getContext()));
}

/// The hydragen_call pointer inside `function`, at the start of its body;
/// null when the function has none.
inline Value getCallPointer(OpBuilder &builder, FunctionOpInterface function) {
  if (function->hasAttr(kEntryAttr))
    return function.getArgument(0);
  if (!function->hasAttr(kBodyAttr))
    return {};
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getFunctionBody().front());
  return loadPointer(builder, function.getLoc(), function.getArgument(0), 0);
}

/// Calls the function at `offset` of hydragen_host_api with the context of the
/// hydragen_call and `arguments`. Null without `result`.
inline Value callTable(OpBuilder &builder, Location loc, Value call,
                       int32_t offset, ValueRange arguments, Type result = {}) {
  Value api = loadPointer(builder, loc, call, kCallApi);
  Value context = loadPointer(builder, loc, call, kCallContext);
  Value callee = loadPointer(builder, loc, api, offset);
  SmallVector<Type> types{context.getType()};
  llvm::append_range(types, arguments.getTypes());
  auto type = LLVM::LLVMFunctionType::get(
      result ? result : LLVM::LLVMVoidType::get(builder.getContext()), types);
  SmallVector<Value> operands{callee, context};
  llvm::append_range(operands, arguments);
  auto op = LLVM::CallOp::create(builder, loc, type, operands);
  return result ? op.getResult() : Value();
}

} // namespace mlir::hydragen::host

#endif // HYDRAGEN_LIB_CONVERSION_HOSTCALLS_H
