//===- EntryLowering.h - launches in place of attend ops --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ENTRYLOWERING_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ENTRYLOWERING_H

#include "../AnyLayout.h"
#include "../HostCalls.h"
#include "AttendSizes.h"
#include "AttributeModifier.h"
#include "DeviceConstants.h"
#include "DeviceWorkspace.h"
#include "IntegerLoops.h"

#include "hydragen/Kernels/KernelConfig.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::hydragen {

/// The kernels of a module; equal ones are kept once.
class KernelList {
public:
  explicit KernelList(ModuleOp module) : module(module) {}

  /// The module for new kernels, which go through `keep` afterwards.
  gpu::GPUModuleOp getModule() {
    if (!kernels) {
      OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
      kernels = gpu::GPUModuleOp::create(builder, module.getLoc(),
                                         host::kKernelsName);
    }
    return kernels;
  }

  /// The kernel to launch in place of `kernel`, with its number.
  gpu::GPUFuncOp keep(gpu::GPUFuncOp kernel, unsigned sharedBytes,
                      ArrayRef<kernels::KernelParameter> parameters) {
    Builder builder(kernel.getContext());
    unsigned bytes = 0;
    SmallVector<Attribute> names;
    for (const kernels::KernelParameter &parameter : parameters) {
      bytes = llvm::alignTo(bytes, parameter.getSize()) + parameter.getSize();
      names.push_back(builder.getStringAttr(parameter.name));
    }
    kernel->setAttr(host::kSharedBytesAttr,
                    builder.getI64IntegerAttr(sharedBytes));
    kernel->setAttr(host::kParameterBytesAttr,
                    builder.getI64IntegerAttr(bytes));
    kernel->setAttr(host::kParametersAttr, builder.getArrayAttr(names));
    // Two attentions of one form give the same text but for the name.
    std::string name = kernel.getName().str(), text;
    kernel.setName("kernel");
    llvm::raw_string_ostream stream(text);
    kernel->print(stream, OpPrintingFlags().printGenericOpForm());
    kernel.setName(name);
    gpu::GPUFuncOp &known = byText[text];
    if (known) {
      kernel.erase();
      return known;
    }
    known = kernel;
    kernel->setAttr(host::kNumberAttr, builder.getI64IntegerAttr(count++));
    return kernel;
  }

  /// The variable that holds a constant.
  LLVM::GlobalOp getVariable(memref::GlobalOp constant) {
    LLVM::GlobalOp &variable = variables[constant];
    if (!variable)
      variable = makeDeviceConstant(
          getModule(), "constant_" + std::to_string(variables.size() - 1),
          constant);
    return variable;
  }

  /// A name for the kernels of one more attention.
  std::string makeName(bool anyLayout) {
    return anyLayout ? "attend_any_" + std::to_string(copies++)
                     : "attend_" + std::to_string(ops++);
  }

  std::string makeMoveName(bool fill) {
    return (fill ? "fill_" : "copy_") + std::to_string(moves++);
  }
  /// A name for a kernel of integers.
  std::string makeIndexName() { return "index_" + std::to_string(loops++); }

private:
  ModuleOp module;
  gpu::GPUModuleOp kernels;
  llvm::StringMap<gpu::GPUFuncOp> byText;
  DenseMap<Operation *, LLVM::GlobalOp> variables;
  unsigned count = 0, ops = 0, loops = 0, copies = 0, moves = 0;
};

/// Lowers the attend ops of one entry, and the integer loops of one that is on
/// the device.
class EntryLowering {
public:
  EntryLowering(func::FuncOp function, KernelList &kernels)
      : function(function), kernels(kernels), b(function.getContext()),
        ptr(LLVM::LLVMPointerType::get(function.getContext())),
        i32(b.getI32Type()), i64(b.getI64Type()),
        copies(function->getAttrOfType<StringAttr>(host::kPlacementAttr) !=
               "device"),
        anyLayout(takesAnyLayout(function)) {}

  LogicalResult run();

private:
  LogicalResult lower(AttendOp op);
  void lowerIntegerLoop(linalg::LinalgOp op);
  void lowerMove(Operation *op);
  void lowerBuffer(memref::AllocOp op);
  FailureOr<kernels::KernelConfig> makeConfig(AttendOp op, const RowSpace &rows,
                                              const AttendSizes &sizes);
  void fillParameters(AttendOp op, const RowSpace &rows,
                      const AttendSizes &sizes,
                      const kernels::KernelConfig &config,
                      ArrayRef<kernels::KernelParameter> parameters);

  SmallVector<Value> getQueryStrides(AttendOp op, const RowSpace &rows,
                                     unsigned number);
  LogicalResult checkQueries(AttendOp op, const RowSpace &rows);

  // Memory.
  unsigned getAlignment(Value memref, unsigned columns) const;
  Value getAddress(Value memref);
  SmallVector<Value> getStrides(Value memref);
  Value getHostAddress(Value memref);
  /// Bytes to element 0 from what the memref's pointer points to.
  Value getOffsetBytes(Value memref);
  /// Arguments of `kernel` that are addresses of constants, as `values` says,
  /// are relative to the constants' variables: lets the kernel add these.
  void addVariables(gpu::GPUFuncOp kernel, ValueRange values);
  LLVM::GlobalOp findVariable(Value address);
  Value getSpanBytes(Value memref);
  void copyBack(AttendOp op);

  // Calls of the host table.
  Value callHost(int32_t function, Type result, ValueRange arguments);
  void launch(gpu::GPUFuncOp kernel, Value blocks, unsigned threads,
              ArrayRef<kernels::KernelParameter> parameters, ValueRange values);

  Value constant(int64_t value, Type type) {
    return LLVM::ConstantOp::create(b, loc, type,
                                    b.getIntegerAttr(type, value));
  }
  Value toI64(Value x) { return arith::IndexCastOp::create(b, loc, i64, x); }
  Value toI32(Value x) { return arith::IndexCastOp::create(b, loc, i32, x); }
  /// Memory on the stack that all launches of the entry use.
  Value getScratch();

  func::FuncOp function;
  KernelList &kernels;
  OpBuilder b;
  Location loc = UnknownLoc::get(function.getContext());
  Type ptr, i32, i64;
  /// The entry works on the host: operands are copied.
  bool copies;
  /// Nothing is known of strides and addresses of the entry's arguments.
  bool anyLayout;
  Value scratch;
  /// (kernel, flops, bytes) of the attentions that have formulas.
  SmallVector<Attribute> work;
  int64_t maxBytes = 0;
  /// What of the workspace is taken.
  std::optional<DeviceWorkspace> workspace;
  DenseMap<Value, Value> addresses;
  DenseMap<Value, SmallVector<Value>> strides;
  SmallVector<Value> allocated;
  /// By the number 0 that stands for where it is.
  DenseMap<Value, LLVM::GlobalOp> variables;
  /// Values of the attend kernel's parameters by name.
  llvm::StringMap<Value> known;
  SmallVector<unsigned> variants;
  SmallVector<std::shared_ptr<AttributeModifier>> modifiers;
};

/// Size of an element of a memref in bytes.
int64_t getElementBytes(Value memref);
/// The first part of `op` that is for all rows.
unsigned getWholePart(AttendOp op);
/// The symbol behind which a paged part's page number is.
unsigned getTableSymbol(PartAttr part);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ENTRYLOWERING_H
