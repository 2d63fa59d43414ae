//===- Pipelines.cpp - hydragen-front ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Pipelines/Pipelines.h"

#include "hydragen/Transforms/Passes.h"

#include "mlir/Conversion/TosaToArith/TosaToArith.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/TosaToTensor/TosaToTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace hydragen {

/// The individual TOSA lowerings: upstream's pipeline refuses what exporters
/// write (an f64 -inf constant "not profile-aligned").
void buildTosaToLinalgPipeline(OpPassManager &pm) {
  OpPassManager &nested = pm.nest<func::FuncOp>();
  nested.addPass(tosa::createTosaOptionalDecompositionsPass());
  nested.addPass(createCanonicalizerPass());
  nested.addPass(tosa::createTosaMakeBroadcastablePass());
  nested.addPass(tosa::createTosaToLinalgNamed());
  nested.addPass(createCanonicalizerPass());
  nested.addPass(tosa::createTosaLayerwiseConstantFoldPass());
  nested.addPass(tosa::createTosaMakeBroadcastablePass());
  nested.addPass(tosa::createTosaToLinalg());
  nested.addPass(createTosaToTensorPass());
  nested.addPass(createTosaToArithPass());
  nested.addPass(createCanonicalizerPass());
}

void buildFrontPipeline(OpPassManager &pm, const FrontOptions &options) {
  // Attention is looked for within one function.
  pm.addPass(createInlinerPass());
  pm.addNestedPass<func::FuncOp>(mlir::hydragen::createRaiseAttention());
  if (options.stopAfter == "raised")
    return;
  bool never = options.sharing == "never";
  if (!never || options.pieces) {
    mlir::hydragen::ShareSegmentsOptions share;
    share.guards = options.guards && !never;
    share.sharing = options.sharing;
    share.target = options.target;
    share.pieces = options.pieces;
    pm.addNestedPass<func::FuncOp>(mlir::hydragen::createShareSegments(share));
    if (options.verifyCover)
      pm.addNestedPass<func::FuncOp>(mlir::hydragen::createVerifyCover());
  }
  // Concatenations and broadcasts that nobody reads any more.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  if (options.stopAfter == "shared")
    return;
  mlir::hydragen::DecomposeAttentionOptions decompose;
  decompose.sharing = options.sharing;
  pm.addNestedPass<func::FuncOp>(
      mlir::hydragen::createDecomposeAttention(decompose));
  if (options.verifyCover)
    pm.addNestedPass<func::FuncOp>(mlir::hydragen::createVerifyCover());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void registerHydragenPipelines() {
  PassPipelineRegistration<FrontOptions>("hydragen-front",
                                         "From model IR to the decomposed form",
                                         buildFrontPipeline);
  PassPipelineRegistration<>(
      "hydragen-tosa-to-linalg",
      "The TOSA lowerings that exported models need, one by one",
      buildTosaToLinalgPipeline);
}

} // namespace hydragen
