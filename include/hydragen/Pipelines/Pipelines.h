//===- Pipelines.h - pass pipelines -----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_PIPELINES_PIPELINES_H
#define HYDRAGEN_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassOptions.h"

#include <string>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace hydragen {

struct FrontOptions : mlir::PassPipelineOptions<FrontOptions> {
  Option<std::string> sharing{
      *this, "sharing",
      llvm::cl::desc("auto (share where it pays), always, never"),
      llvm::cl::init("auto")};
  Option<std::string> target{
      *this, "target",
      llvm::cl::desc(
          "what to ask the cost model for (cpu:256, a100, sm_80); none: "
          "sharing always pays"),
      llvm::cl::init("")};
  Option<bool> pieces{
      *this, "pieces",
      llvm::cl::desc("attention that is not shared reads the pieces of K and "
                     "V, too, every row for itself: no concatenation in "
                     "memory"),
      llvm::cl::init(false)};
  Option<std::string> stopAfter{*this, "stop-after",
                                llvm::cl::desc("raised, shared or decomposed"),
                                llvm::cl::init("decomposed")};
  Option<bool> guards{
      *this, "guards",
      llvm::cl::desc("look at block tables and group numbers at run time"),
      llvm::cl::init(true)};
  Option<bool> verifyCover{
      *this, "verify-cover",
      llvm::cl::desc("check the cover certificate after each step"),
      llvm::cl::init(true)};
};

/// From linalg on tensors to the decomposed form (or an earlier stage): inline,
/// raise, share, decompose.
void buildFrontPipeline(mlir::OpPassManager &pm, const FrontOptions &options);

/// TOSA to linalg on tensors.
void buildTosaToLinalgPipeline(mlir::OpPassManager &pm);

void registerHydragenPipelines();

} // namespace hydragen

#endif // HYDRAGEN_PIPELINES_PIPELINES_H
