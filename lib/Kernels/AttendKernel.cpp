//===- AttendKernel.cpp - the persistent kernel -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Kernels/AttendKernel.h"

#include "AttendTiles.h"
#include "Results.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

static constexpr StringLiteral kSharedName = "hydragen_shared";

void mlir::hydragen::kernels::loadKernelDialects(MLIRContext &context) {
  context.loadDialect<gpu::GPUDialect, LLVM::LLVMDialect, NVVM::NVVMDialect,
                      scf::SCFDialect>();
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

/// Computes the current item by its variant.
static void emitVariants(const Context &context, Value kind, unsigned first) {
  KernelBuilder &b = context.b;
  auto emit = [&] {
    if (context.config.variants[first].tile.kind == TileConfig::Prefix)
      emitPrefixTile(context, first);
    else
      emitSuffixTile(context, first);
  };
  if (first + 1 == context.config.variants.size())
    return emit();
  b.ifThenElse(b.equal(kind, first), emit,
               [&] { emitVariants(context, kind, first + 1); });
}

/// Blocks take items in order until none is left. Nothing but the parameters
/// lives across an item: else registers would be kept for it in every loop over
/// keys (35 bytes of spill and 30 registers, measured).
static void emitPersistentLoop(const Context &context) {
  KernelBuilder &b = context.b;
  b.awaitKernels();
  context.takeFirstItem(b.threadId());
  b.barrier();
  b.whileTrue([&] { return context.hasItem(); },
              [&] {
                Value kind =
                    b.band(context.loadItem().kind, HYDRAGEN_ITEM_VARIANT_MASK);
                emitVariants(context, kind, 0);
                emitFold(context);
                // ptxas then knows the warp to be whole: registers and
                // instructions less in the loops on sm_90.
                b.warpBarrier();
              });
}

//===----------------------------------------------------------------------===//
// Function
//===----------------------------------------------------------------------===//

/// Dynamic shared memory: an external array, as gpu.dynamic_shared_memory would
/// become a static one of a byte.
static void makeSharedGlobal(gpu::GPUModuleOp module, KernelBuilder &b) {
  if (module.lookupSymbol(kSharedName))
    return;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  LLVM::GlobalOp::create(b, LLVM::LLVMArrayType::get(b.getI8Type(), 0),
                         /*isConstant=*/false, LLVM::Linkage::External,
                         kSharedName, Attribute(), /*alignment=*/1024,
                         /*addrSpace=*/3);
}

gpu::GPUFuncOp
mlir::hydragen::kernels::buildAttendKernel(gpu::GPUModuleOp module,
                                           const KernelConfig &config) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  KernelBuilder b(module.getLoc(), builder);
  makeSharedGlobal(module, b);
  SmallVector<KernelParameter> parameters = getKernelParameters(config);
  SmallVector<Type> types;
  for (const KernelParameter &parameter : parameters)
    types.push_back(b.getParameterType(parameter.kind));
  b.setInsertionPointToEnd(module.getBody());
  auto function =
      gpu::GPUFuncOp::create(b, config.name, b.getFunctionType(types, {}));
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  function.setKnownBlockSizeAttr(
      b.getDenseI32ArrayAttr({int32_t(config.getThreads()), 1, 1}));
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                    b.getI32IntegerAttr(config.minBlocks));
  b.setInsertionPointToStart(&function.getBody().front());

  Context context{b, config, ControlLayout(config), {}, Value()};
  for (auto [parameter, value] :
       llvm::zip_equal(parameters, function.getArguments()))
    context.parameters[parameter.name] = value;
  context.shared = LLVM::AddressOfOp::create(b, b.shared, kSharedName);
  emitPersistentLoop(context);
  gpu::ReturnOp::create(b);
  return function;
}

gpu::GPUModuleOp
mlir::hydragen::kernels::buildAttendModule(OpBuilder &builder, Location loc,
                                           const KernelConfig &config,
                                           StringRef name) {
  loadKernelDialects(*builder.getContext());
  auto module = gpu::GPUModuleOp::create(builder, loc, name);
  buildAttendKernel(module, config);
  return module;
}
