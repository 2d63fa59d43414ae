//===- ExpandMath.cpp - polynomials for math functions ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_EXPANDMATH
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
struct ExpandMathPass
    : public mlir::hydragen::impl::ExpandMathBase<ExpandMathPass> {
  using ExpandMathBase::ExpandMathBase;
  void runOnOperation() override {
    // Later, those of polynomials look like the model's.
    if (!fusedMultiplyAdd)
      getOperation().walk([&](math::FmaOp op) {
        if (!bitEnumContainsAll(op.getFastmath(),
                                arith::FastMathFlags::contract))
          op->setDiscardableAttr(kExact, UnitAttr::get(&getContext()));
      });
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return llvm::is_contained({"math.exp", "math.tanh", "math.erf"}, name);
    });
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (!fusedMultiplyAdd)
      split();
  }

private:
  /// Makes products and sums of multiply-adds that are not marked.
  void split() {
    getOperation().walk([&](math::FmaOp op) {
      if (op->removeDiscardableAttr(kExact))
        return;
      OpBuilder b(op);
      Value product =
          arith::MulFOp::create(b, op.getLoc(), op.getA(), op.getB());
      Value sum = arith::AddFOp::create(b, op.getLoc(), product, op.getC());
      op.replaceAllUsesWith(sum);
      op.erase();
    });
  }

  static constexpr StringLiteral kExact = "hydragen.exact";
};
} // namespace
