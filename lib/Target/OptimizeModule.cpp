//===- OptimizeModule.cpp - LLVM's optimisations ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Target/OptimizeModule.h"

#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/LoopUnrollPass.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

using namespace llvm;

using BuildPipeline = function_ref<ModulePassManager(PassBuilder &)>;

static void runPipeline(llvm::Module &module, TargetMachine &machine,
                        BuildPipeline build) {
  PassBuilder builder(&machine);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager cgscc;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cgscc);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cgscc, modules);
  build(builder).run(module, modules);
}

void hydragen::optimizeModule(llvm::Module &module, TargetMachine &machine,
                              OptimizationLevel level) {
  runPipeline(module, machine, [&](PassBuilder &builder) {
    return builder.buildPerModuleDefaultPipeline(level);
  });
}

void hydragen::optimizeKernels(llvm::Module &module, TargetMachine &machine) {
  runPipeline(module, machine, [](PassBuilder &) {
    // ptxas schedules and allocates. What it wants of its input is loops in
    // rotated form and, for heads of 256 columns, the unrolling of O3: without
    // either some kernels spill (utils/sass-check --list pairs).
    LoopPassManager loop;
    loop.addPass(LoopRotatePass());
    loop.addPass(LICMPass(LICMOptions()));
    FunctionPassManager function;
    function.addPass(SimplifyCFGPass());
    function.addPass(SROAPass(SROAOptions::ModifyCFG));
    function.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
    function.addPass(InstCombinePass());
    function.addPass(createFunctionToLoopPassAdaptor(std::move(loop),
                                                     /*UseMemorySSA=*/true));
    // GVN finds nothing more, at five times the time.
    function.addPass(EarlyCSEPass());
    function.addPass(InstCombinePass());
    function.addPass(SimplifyCFGPass());
    function.addPass(LoopUnrollPass(LoopUnrollOptions(/*OptLevel=*/3)));
    ModulePassManager all;
    all.addPass(createModuleToFunctionPassAdaptor(std::move(function)));
    return all;
  });
}
