//===- CPUPipeline.h - from tensors to the LLVM dialect ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TARGET_CPUPIPELINE_H
#define HYDRAGEN_TARGET_CPUPIPELINE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"
#include <string>

namespace mlir {
class OpPassManager;
class ModuleOp;
} // namespace mlir

namespace hydragen {

struct CPUPipelineOptions {
  std::string entry = "main";
  /// Width of a vector register: 128, 256 or 512.
  unsigned vectorBits = 256;
  /// Products of bf16 sum pairs (convert-hydragen-to-cpu), with an instruction
  /// of the CPU or without.
  bool pairs = false, hasPairs = false;
  /// The CPU has an instruction for multiply-add.
  bool fused = true;
  /// The entry launches kernels (hydragen-place-entry finds out where its
  /// memory is).
  bool forGPU = false;
  /// An option of hydragen-make-entry.
  bool anyLayout = false;
};

/// Linalg, tensor and hydragen partial ops on tensors -> linalg, memref and
/// hydragen on buffers, with explicit deallocation and planned memory.
void buildBufferizePipeline(mlir::OpPassManager &manager,
                            const CPUPipelineOptions &options);

/// Buffers -> the LLVM dialect.
void buildLowerToLLVMPipeline(mlir::OpPassManager &manager,
                              const CPUPipelineOptions &options);

/// All of it: decomposed IR on tensors -> the LLVM dialect.
void buildCPUPipeline(mlir::OpPassManager &manager,
                      const CPUPipelineOptions &options);

/// Checks that every op reachable from the entry has a lowering to the CPU;
/// the error names the first op that has none and its place.
llvm::LogicalResult checkLowerable(mlir::ModuleOp module,
                                   llvm::StringRef entry);

} // namespace hydragen

#endif // HYDRAGEN_TARGET_CPUPIPELINE_H
