//===- OptimizeModule.h - LLVM's optimisations ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TARGET_OPTIMIZEMODULE_H
#define HYDRAGEN_TARGET_OPTIMIZEMODULE_H

namespace llvm {
class Module;
class OptimizationLevel;
class TargetMachine;
} // namespace llvm

namespace hydragen {

/// Runs LLVM's default pipeline of `level` for the machine.
void optimizeModule(llvm::Module &module, llvm::TargetMachine &machine,
                    llvm::OptimizationLevel level);

/// The part of that pipeline which counts for GPU kernels: explicit products
/// and copies in few loops, no calls.
void optimizeKernels(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace hydragen

#endif // HYDRAGEN_TARGET_OPTIMIZEMODULE_H
