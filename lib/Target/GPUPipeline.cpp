//===- GPUPipeline.cpp - from tensors to kernels and launches ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Target/GPUPipeline.h"

#include "hydragen/Conversion/Passes.h"
#include "hydragen/Target/CPUPipeline.h"
#include "hydragen/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

// Attributes of kernels: lib/Conversion/HostCalls.h.
static constexpr llvm::StringLiteral kKernelsName = "hydragen_kernels";

//===----------------------------------------------------------------------===//
// Pipelines
//===----------------------------------------------------------------------===//

void ::hydragen::buildSchedulePipeline(OpPassManager &manager,
                                       const GPUPipelineOptions &options) {
  mlir::hydragen::ScheduleAttentionOptions schedule;
  schedule.targets.assign(options.gpus.begin(), options.gpus.end());
  schedule.float32 = options.float32;
  schedule.tile = options.tile;
  schedule.invariant = options.invariant;
  schedule.separate = options.separate;
  schedule.split = options.split;
  manager.addNestedPass<func::FuncOp>(
      mlir::hydragen::createScheduleAttention(schedule));
}

void ::hydragen::buildLaunchPipeline(OpPassManager &manager,
                                     const GPUPipelineOptions &options) {
  // What is asserted of shapes is asserted of the ops that the IR has.
  manager.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  manager.addNestedPass<func::FuncOp>(mlir::hydragen::createGuardShapes());
  manager.addNestedPass<func::FuncOp>(
      mlir::hydragen::createConvertHydragenToGPU());
  CPUPipelineOptions host;
  host.entry = options.entry;
  host.forGPU = true;
  host.anyLayout = !options.compactOnly;
  buildBufferizePipeline(manager, host);
  manager.addPass(mlir::hydragen::createLowerAttend());
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

OwningOpRef<ModuleOp>(::hydragen::takeKernels)(ModuleOp module) {
  auto kernels = module.lookupSymbol<gpu::GPUModuleOp>(kKernelsName);
  if (!kernels)
    return nullptr;
  OwningOpRef<ModuleOp> result = ModuleOp::create(module.getLoc());
  kernels->remove();
  result->push_back(kernels);
  module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  return result;
}

gpu::GPUModuleOp(::hydragen::getKernels)(ModuleOp kernels) {
  return kernels.lookupSymbol<gpu::GPUModuleOp>(kKernelsName);
}

static int64_t getNumber(Operation *op, StringRef name) {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr ? attr.getInt() : 0;
}

static SmallVector<gpu::GPUFuncOp> getOrdered(ModuleOp kernels) {
  SmallVector<gpu::GPUFuncOp> list =
      llvm::to_vector(::hydragen::getKernels(kernels).getOps<gpu::GPUFuncOp>());
  llvm::sort(list, [](gpu::GPUFuncOp a, gpu::GPUFuncOp b) {
    return getNumber(a, "hydragen.number") < getNumber(b, "hydragen.number");
  });
  return list;
}

static unsigned getThreads(gpu::GPUFuncOp kernel) {
  std::optional<ArrayRef<int32_t>> block = kernel.getKnownBlockSize();
  return block ? block->front() : 1;
}

std::vector<::hydragen::KernelInfo>(::hydragen::getKernelInfos)(
    ModuleOp kernels) {
  std::vector<KernelInfo> result;
  for (gpu::GPUFuncOp kernel : getOrdered(kernels))
    result.push_back({kernel.getName().str(), getThreads(kernel),
                      unsigned(getNumber(kernel, "hydragen.shared_bytes")),
                      unsigned(getNumber(kernel, "hydragen.parameter_bytes")),
                      kernel->hasAttr("hydragen.waits")});
  return result;
}

std::string(::hydragen::describeKernels)(ModuleOp kernels) {
  llvm::json::Array list;
  for (gpu::GPUFuncOp kernel : getOrdered(kernels)) {
    llvm::json::Array parameters;
    auto names = kernel->getAttrOfType<ArrayAttr>("hydragen.parameters");
    int64_t offset = 0;
    for (auto [type, name] : llvm::zip(kernel.getArgumentTypes(),
                                       names.getAsValueRange<StringAttr>())) {
      bool pointer = isa<LLVM::LLVMPointerType>(type);
      int64_t bytes = pointer ? 8 : type.getIntOrFloatBitWidth() / 8;
      offset = llvm::alignTo(offset, bytes);
      const char *kind = pointer        ? "pointer"
                         : type.isF32() ? "f32"
                         : bytes == 8   ? "i64"
                                        : "i32";
      parameters.push_back(llvm::json::Object{
          {"name", name}, {"type", kind}, {"offset", offset}});
      offset += bytes;
    }
    bool plan = kernel.getName().ends_with("_plan"),
         index = kernel.getName().starts_with("index_"),
         order = kernel.getName().ends_with("_order") ||
                 kernel.getName().ends_with("_tiles");
    list.push_back(llvm::json::Object{
        {"name", kernel.getName()},
        {"block", llvm::json::Array{getThreads(kernel), 1, 1}},
        {"grid", plan    ? "one thread per item, group and listed row"
                 : order ? "one thread per row that is put together with others"
                 : index ? "one thread per element; any for the least of all"
                         : "any; as many blocks as the device holds at once"},
        {"shared_bytes", getNumber(kernel, "hydragen.shared_bytes")},
        {"parameter_bytes", getNumber(kernel, "hydragen.parameter_bytes")},
        {"parameters", std::move(parameters)}});
  }
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::formatv("{0:2}",
                       llvm::json::Value(llvm::json::Object{
                           {"version", 1}, {"kernels", std::move(list)}}))
      << "\n";
  return text;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

std::string(::hydragen::getPlacement)(ModuleOp module, StringRef entry) {
  auto function = module.lookupSymbol<func::FuncOp>(entry);
  auto placement =
      function ? function->getAttrOfType<StringAttr>("hydragen.placement")
               : StringAttr();
  return placement ? placement.str() : "host";
}

void(::hydragen::mergeModules)(ModuleOp target, ModuleOp source,
                               StringRef suffix) {
  SymbolTable symbols(target);
  SmallVector<Operation *> ops;
  for (Operation &op : *source.getBody())
    ops.push_back(&op);
  for (Operation *op : ops) {
    StringAttr name = SymbolTable::getSymbolName(op);
    // Declarations of libc's functions are one and the same.
    auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
    if (function && function.isExternal()) {
      if (symbols.lookup(name))
        continue;
    } else {
      auto renamed =
          StringAttr::get(op->getContext(), name.getValue() + suffix);
      (void)SymbolTable::replaceAllSymbolUses(op, renamed, source);
      SymbolTable::setSymbolName(op, renamed);
    }
  }
  for (Operation *op : ops) {
    if (symbols.lookup(SymbolTable::getSymbolName(op)))
      continue;
    op->remove();
    target.push_back(op);
  }
}
