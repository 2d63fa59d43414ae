//===- MoveKernel.cpp - elements from place to place ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Kernels/MoveKernel.h"

#include "KernelBuilder.h"
#include "hydragen/Kernels/PlanKernel.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

SmallVector<KernelParameter>
mlir::hydragen::kernels::getMoveParameters(const MoveConfig &config) {
  SmallVector<KernelParameter> result{{"to", KernelParameter::Pointer}};
  if (config.fill)
    result.push_back({"value", KernelParameter::I64});
  else
    result.push_back({"from", KernelParameter::Pointer});
  result.push_back({"count", KernelParameter::I64});
  auto add = [&](const Twine &name, unsigned first) {
    for (unsigned d = first; d < config.rank; ++d)
      result.push_back({(name + "_" + Twine(d)).str(), KernelParameter::I64});
  };
  add("size", 1);
  add("to_stride", 0);
  if (!config.fill)
    add("from_stride", 0);
  return result;
}

gpu::GPUFuncOp mlir::hydragen::kernels::buildMoveKernel(
    gpu::GPUModuleOp module, StringRef name, const MoveConfig &config) {
  SmallVector<KernelParameter> parameters = getMoveParameters(config);
  ImplicitLocOpBuilder builder(module.getLoc(), module.getContext());
  Value thread;
  gpu::GPUFuncOp function = makePlanKernel(
      module, name, parameters, MoveConfig::kThreads, builder, thread);
  KernelBuilder b(builder.getLoc(), builder);
  llvm::StringMap<Value> known;
  for (auto [parameter, value] :
       llvm::zip_equal(parameters, function.getArguments()))
    known[parameter.name] = value;
  auto get = [&](const Twine &name) { return known.lookup(name.str()); };

  Type type = b.getIntegerType(8 * config.bytes);
  Value blocks = NVVM::GridDimXOp::create(b, b.i32);
  Value step = b.mul(b.wide(blocks), MoveConfig::kThreads);
  b.loop(b.wide(thread), get("count"), step, [&](Value index) {
    Value to = get("to"), from = get("from"), rest = index;
    for (unsigned d = config.rank; d-- > 0;) {
      Value digit = rest;
      if (d > 0) {
        Value size = get("size_" + Twine(d));
        rest = b.div(rest, size);
        digit = b.sub(digit, b.mul(rest, size));
      }
      to = b.offset(to, b.mul(digit, get("to_stride_" + Twine(d))));
      if (from)
        from = b.offset(from, b.mul(digit, get("from_stride_" + Twine(d))));
    }
    Value element;
    if (from)
      element = b.load(from, type, config.bytes);
    else if (config.bytes == 8)
      element = get("value");
    else
      element = LLVM::TruncOp::create(b, type, get("value"));
    b.store(element, to, config.bytes);
  });
  return function;
}
