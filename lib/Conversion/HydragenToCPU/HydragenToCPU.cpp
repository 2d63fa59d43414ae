//===- HydragenToCPU.cpp - attention on buffers to vector loops -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../FuseFinalize.h"
#include "AttentionKernel.h"

#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_CONVERTHYDRAGENTOCPU
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
struct ConvertHydragenToCPUPass
    : public mlir::hydragen::impl::ConvertHydragenToCPUBase<
          ConvertHydragenToCPUPass> {
  using ConvertHydragenToCPUBase::ConvertHydragenToCPUBase;

  void runOnOperation() override {
    if (!llvm::is_contained({128u, 256u, 512u}, vectorBits.getValue())) {
      getOperation().emitError("vector-bits must be 128, 256 or 512 but is ")
          << vectorBits.getValue();
      return signalPassFailure();
    }
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<PartialAttentionOpInterface, CombineOp, FinalizeOp, StateLseOp>(
              op) &&
          (ops.empty() || getFusedFinalize(ops.back()) != op))
        ops.push_back(op);
    });
    cpu::Machine machine{vectorBits, pairs, hasPairs};
    for (Operation *op : ops) {
      if (op->getNumResults() != 0) {
        op->emitOpError("on tensors must be bufferised first");
        return signalPassFailure();
      }
      OpBuilder builder(op);
      FinalizeOp fused = getFusedFinalize(op);
      if (auto partial = dyn_cast<PartialAttentionOpInterface>(op))
        cpu::emitAttention(partial, fused, machine, builder);
      else if (auto combine = dyn_cast<CombineOp>(op))
        cpu::emitCombine(combine, fused, builder);
      else if (auto finalize = dyn_cast<FinalizeOp>(op))
        cpu::emitFinalize(finalize, builder);
      else
        cpu::emitStateLse(cast<StateLseOp>(op), builder);
      if (fused)
        fused->erase();
      op->erase();
    }
  }
};
} // namespace
