//===- FoldTensorCast.cpp - operands that are tensor.cast -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/HydragenEffects.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// Reads the source of a tensor.cast to a less static type. The tensor dialect
/// has this pattern for destination-style ops, but in LLVM 22 it cannot copy an
/// empty region (OpBuilder::cloneRegionBefore takes its first block). The
/// benefit lets this one go first.
template <typename OpTy>
struct FoldTensorCast : OpRewritePattern<OpTy> {
  explicit FoldTensorCast(MLIRContext *context)
      : OpRewritePattern<OpTy>(context, /*benefit=*/8) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!tensor::hasFoldableTensorCastOperand(op))
      return failure();
    SmallVector<Type> types(op->getResultTypes());
    SmallVector<Value> operands =
        tensor::getUpdatedOperandsAfterCastOpFolding(op, types);
    OperationState state(op.getLoc(), op->getName(), operands, types,
                         op->getAttrs());
    Region *region = state.addRegion();
    rewriter.inlineRegionBefore(op.getScoreRegion(), *region, region->end());
    Operation *folded = rewriter.create(state);
    SmallVector<Value> results;
    for (auto [before, after] :
         llvm::zip_equal(op->getResults(), folded->getResults())) {
      if (before.getType() == after.getType())
        results.push_back(after);
      else
        results.push_back(tensor::CastOp::create(rewriter, op.getLoc(),
                                                 before.getType(), after));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void hydragen::populateFoldTensorCastPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldTensorCast<AttentionOp>, FoldTensorCast<PrefixAttentionOp>,
               FoldTensorCast<SuffixAttentionOp>>(patterns.getContext());
}

void PrefixAttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                    MLIRContext *) {
  populateFoldTensorCastPatterns(patterns);
}

void SuffixAttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                    MLIRContext *) {
  populateFoldTensorCastPatterns(patterns);
}
