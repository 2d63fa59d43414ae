//===- HydragenToLinalg.cpp - the readable reference lowering ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowerOps.h"

#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_CONVERTHYDRAGENTOLINALG
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

static SmallVector<Value> lowerOp(OpBuilder &builder, Operation *op) {
  return llvm::TypeSwitch<Operation *, SmallVector<Value>>(op)
      .Case([&](PartialAttentionOpInterface partial) {
        return lowerPartialAttention(builder, partial);
      })
      .Case([&](CombineOp combine) { return lowerCombine(builder, combine); })
      .Case(
          [&](FinalizeOp finalize) { return lowerFinalize(builder, finalize); })
      .Case([&](StateLseOp lse) { return lowerStateLse(builder, lse); });
}

namespace {
struct ConvertHydragenToLinalg
    : hydragen::impl::ConvertHydragenToLinalgBase<ConvertHydragenToLinalg> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    WalkResult walk = getOperation()->walk([&](Operation *op) {
      if (isa<AttentionOp>(op)) {
        op->emitOpError("is not in decomposed form; run hydragen-decompose "
                        "before this pass");
        return WalkResult::interrupt();
      }
      if (!isa<PartialAttentionOpInterface, CombineOp, FinalizeOp, StateLseOp>(
              op))
        return WalkResult::advance();
      if (op->getNumResults() == 0) {
        op->emitOpError("is bufferised; this pass lowers tensors");
        return WalkResult::interrupt();
      }
      if (op->hasAttr(kNeutralInitsAttr)) {
        op->emitOpError("has inits without contents, as the CPU takes them");
        return WalkResult::interrupt();
      }
      ops.push_back(op);
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    for (Operation *op : ops) {
      rewriter.setInsertionPoint(op);
      rewriter.replaceOp(op, lowerOp(rewriter, op));
    }
  }
};
} // namespace
