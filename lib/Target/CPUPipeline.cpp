//===- CPUPipeline.cpp - from tensors to the LLVM dialect -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Target/CPUPipeline.h"

#include "hydragen/Conversion/Passes.h"
#include "hydragen/IR/Hydragen.h"
#include "hydragen/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

//===----------------------------------------------------------------------===//
// Which ops there is a lowering for
//===----------------------------------------------------------------------===//

/// The reason why `op` cannot be lowered, or nullopt.
static std::optional<std::string> getRefusal(Operation *op) {
  if (isa<mlir::hydragen::AttentionOp>(op))
    return std::string("is not decomposed");
  if (auto call = dyn_cast<func::CallOp>(op))
    return ("to '" + call.getCallee() +
            "' was not inlined (recursive or undefined)")
        .str();
  if (isa<tensor::ScatterOp, tensor::GatherOp, tensor::BitcastOp>(op))
    return std::string();
  if (auto branch = dyn_cast_or_null<cf::ControlFlowDialect>(op->getDialect());
      branch && !isa<cf::AssertOp>(op))
    return std::string();
  if (op->getDialect() &&
      isa<arith::ArithDialect, bufferization::BufferizationDialect,
          BuiltinDialect, cf::ControlFlowDialect, func::FuncDialect,
          mlir::hydragen::HydragenDialect, linalg::LinalgDialect,
          math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
          tensor::TensorDialect, affine::AffineDialect, ub::UBDialect,
          vector::VectorDialect>(op->getDialect()))
    return std::nullopt;
  return std::string();
}

llvm::LogicalResult(::hydragen::checkLowerable)(ModuleOp module,
                                                StringRef entry) {
  auto function = module.lookupSymbol<func::FuncOp>(entry);
  if (!function)
    return success();
  WalkResult result = function.walk([&](Operation *op) {
    std::optional<std::string> reason = getRefusal(op);
    if (!reason)
      return WalkResult::advance();
    InFlightDiagnostic diagnostic = emitError(op->getLoc())
                                    << "op '" << op->getName() << "' ";
    if (!reason->empty())
      diagnostic << *reason << " and ";
    diagnostic << "cannot be lowered to the CPU";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// Pipelines
//===----------------------------------------------------------------------===//

void ::hydragen::buildBufferizePipeline(
    OpPassManager &manager, const ::hydragen::CPUPipelineOptions &options) {
  manager.addNestedPass<func::FuncOp>(mlir::hydragen::createGroupRows());
  manager.addNestedPass<func::FuncOp>(mlir::hydragen::createLowerGroups());
  manager.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  manager.addNestedPass<func::FuncOp>(mlir::hydragen::createGuardShapes());
  manager.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addNestedPass<func::FuncOp>(mlir::hydragen::createPrepareLinalg());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addNestedPass<func::FuncOp>(mlir::hydragen::createDropNeutralInits());
  manager.addPass(
      mlir::hydragen::createMakeEntry({options.entry, options.anyLayout}));

  // Buffers. Results are written into the outputs where nothing forbids it.
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  manager.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  manager.addPass(bufferization::createOneShotBufferizePass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addNestedPass<func::FuncOp>(
      bufferization::createBufferLoopHoistingPass());
  bufferization::buildBufferDeallocationPipeline(manager);
  manager.addPass(createConvertBufferizationToMemRefPass());
  manager.addNestedPass<func::FuncOp>(
      bufferization::createOptimizeAllocationLivenessPass());
  if (options.forGPU) {
    manager.addPass(mlir::hydragen::createPlaceEntry());
  } else {
    manager.addNestedPass<func::FuncOp>(
        mlir::hydragen::createOverlapAttention());
    manager.addNestedPass<func::FuncOp>(mlir::hydragen::createFuseFinalize());
  }
  manager.addPass(mlir::hydragen::createPlanMemory());
}

void ::hydragen::buildLowerToLLVMPipeline(
    OpPassManager &manager, const ::hydragen::CPUPipelineOptions &options) {
  // Structured loops and vectors, once for equal kernels.
  manager.addPass(mlir::hydragen::createOutlineKernels());
  manager.addNestedPass<func::FuncOp>(
      mlir::hydragen::createConvertHydragenToCPU(
          {options.vectorBits, options.pairs, options.hasPairs}));
  manager.addNestedPass<func::FuncOp>(
      mlir::hydragen::createLinalgToCPULoops({options.vectorBits}));
  manager.addNestedPass<func::FuncOp>(createConvertVectorToSCFPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(mlir::hydragen::createOutlineParallel());

  // Scalar types and functions that the target lacks.
  math::MathExtendToSupportedTypesOptions mathTypes;
  manager.addNestedPass<func::FuncOp>(
      math::createMathExtendToSupportedTypes(mathTypes));
  arith::ArithEmulateUnsupportedFloatsOptions emulated;
  emulated.sourceTypeStrs = {"bf16", "f16"};
  emulated.targetTypeStr = "f32";
  manager.addPass(arith::createArithEmulateUnsupportedFloats(emulated));
  manager.addNestedPass<func::FuncOp>(
      mlir::hydragen::createExpandMath({options.fused}));
  manager.addPass(createConvertMathToFuncs());

  // Control flow and memory.
  manager.addNestedPass<func::FuncOp>(memref::createExpandOpsPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  manager.addPass(arith::createArithExpandOpsPass(expand));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(mlir::hydragen::createLowerHostCalls());

  // The LLVM dialect.
  ConvertVectorToLLVMPassOptions vectors;
  vectors.reassociateFPReductions = true;
  vectors.x86Vector = true;
  manager.addPass(createConvertVectorToLLVMPass(vectors));
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertMathToLibmPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

void ::hydragen::buildCPUPipeline(
    OpPassManager &manager, const ::hydragen::CPUPipelineOptions &options) {
  buildBufferizePipeline(manager, options);
  buildLowerToLLVMPipeline(manager, options);
}
