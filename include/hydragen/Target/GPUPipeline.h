//===- GPUPipeline.h - from tensors to kernels and launches -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TARGET_GPUPIPELINE_H
#define HYDRAGEN_TARGET_GPUPIPELINE_H

#include "hydragen/Target/Manifest.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace hydragen {

struct GPUPipelineOptions {
  std::string entry = "main";
  /// As the options of hydragen-schedule.
  std::vector<std::string> gpus;
  std::string float32 = "tf32x3", tile;
  bool invariant = false, separate = false;
  int64_t split = -1;
  /// No slow kernels for tensors that are not compact or not aligned.
  bool compactOnly = false;
};

/// The decomposed form on tensors with schedules.
void buildSchedulePipeline(mlir::OpPassManager &manager,
                           const GPUPipelineOptions &options);

/// Scheduled IR on tensors -> buffers, launches and a gpu.module with the
/// kernels. takeKernels, then buildLowerToLLVMPipeline should follow.
void buildLaunchPipeline(mlir::OpPassManager &manager,
                         const GPUPipelineOptions &options);

/// Takes the kernels out of `module`, into a module of their own; null when
/// there are none.
mlir::OwningOpRef<mlir::ModuleOp> takeKernels(mlir::ModuleOp module);

/// The gpu.module that takeKernels found.
mlir::gpu::GPUModuleOp getKernels(mlir::ModuleOp kernels);

/// The kernels in the order of their numbers.
std::vector<KernelInfo> getKernelInfos(mlir::ModuleOp kernels);

/// The same as JSON, with the parameters: what a launch by hand has to know.
std::string describeKernels(mlir::ModuleOp kernels);

/// "device" or "host": where the entry of buildLaunchPipeline has its tensors.
std::string getPlacement(mlir::ModuleOp module, llvm::StringRef entry);

/// Moves what `source` (in the LLVM dialect) holds to `target`, with `suffix`
/// behind every name.
void mergeModules(mlir::ModuleOp target, mlir::ModuleOp source,
                  llvm::StringRef suffix);

} // namespace hydragen

#endif // HYDRAGEN_TARGET_GPUPIPELINE_H
