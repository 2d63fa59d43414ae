//===- NVPTX.h - GPU modules to PTX text and cubin --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TARGET_NVPTX_H
#define HYDRAGEN_TARGET_NVPTX_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace hydragen {

/// A GPU to generate code for.
struct CUDATarget {
  /// As LLVM and ptxas name it: "sm_80".
  std::string chip;
  /// 80, 86, 89, 90.
  unsigned arch = 0;
  /// Version of the PTX text, 10 * major + minor: 80 is 8.0.
  unsigned ptxVersion = 0;
};

/// Parses "sm_80" or "sm_80,ptx=8.0" (the part after `cuda:` of a target). The
/// version defaults to 8.0, which drivers from CUDA 12.0 on read. The error is
/// one line without a prefix; what passes here, LLVM's code generator knows.
llvm::Expected<CUDATarget> parseCUDATarget(llvm::StringRef spec);

/// Lowers `module` (gpu.func, scf, arith, math, vector, nvvm, llvm; in no other
/// module) to PTX text. Reports what cannot be lowered at the op that cannot,
/// or at the module; never ends the process for it. "" after an error.
std::string emitPTX(mlir::OwningOpRef<mlir::gpu::GPUModuleOp> module,
                    const CUDATarget &target);

/// Path of ptxas: $HYDRAGEN_PTXAS, else ptxas on PATH, else that of
/// $CUDA_HOME or /usr/local/cuda.
llvm::Expected<std::string> findPtxas();

/// Machine code of `ptx`. The error holds what ptxas said.
llvm::Expected<llvm::SmallVector<char, 0>> emitCubin(llvm::StringRef ptx,
                                                     const CUDATarget &target);

} // namespace hydragen

#endif // HYDRAGEN_TARGET_NVPTX_H
