//===- Compiler.h - the steps of one compilation ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_COMPILE_COMPILER_H
#define HYDRAGEN_TOOLS_COMPILE_COMPILER_H

#include "Options.h"
#include "hydragen/Target/GPUPipeline.h"
#include "hydragen/Target/Manifest.h"
#include "hydragen/Target/NVPTX.h"
#include "hydragen/Target/TargetSpec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"

namespace hydragen::compile {

/// Runs one compilation; every problem is one line on stderr and an exit code.
class Compiler {
public:
  explicit Compiler(Options options);

  /// Returns the exit code.
  int run();

private:
  bool parseTargets();
  bool parseInput();
  bool findEntry();
  bool checkSizes();
  std::string getCostTarget() const;
  /// Raise, share, decompose as far as --emit wants, and the report.
  bool runFront();
  bool writeReport();
  /// Text of a stage, kernels, LLVM IR, object code or a module.
  bool runBack();
  /// To the LLVM dialect; adds the entry to `info`.
  bool lowerForCPU(mlir::ModuleOp module);
  bool lowerForGPU(mlir::ModuleOp module);
  bool lowerToLLVM(mlir::ModuleOp module);
  bool makeImages();
  bool writeImages();
  bool writeModule();

  bool runPipeline(mlir::ModuleOp module,
                   llvm::function_ref<void(mlir::OpPassManager &)> build);
  bool write(llvm::StringRef bytes, bool binary);
  /// Prints the error unless one was printed before; returns false.
  bool fail(const llvm::Twine &text, ExitCode code = kBadInput);
  void handleDiagnostic(mlir::Diagnostic &diagnostic);
  std::string describe(mlir::Location location);

  Options options;
  mlir::MLIRContext context;
  llvm::SourceMgr sources;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp entry;
  GPUPipelineOptions getGPUOptions() const;
  bool hasCPU = false;
  /// What host code is for: the target cpu, or any CPU beside a GPU.
  CPUTarget target;
  std::vector<CUDATarget> gpus;
  mlir::OwningOpRef<mlir::ModuleOp> kernels;
  ModuleInfo info;
  bool failed = false;
  ExitCode exitCode = kOk;
};

} // namespace hydragen::compile

#endif // HYDRAGEN_TOOLS_COMPILE_COMPILER_H
