//===- PrepareLinalg.cpp - decompose and fuse before buffers ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatmulKernel.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_PREPARELINALG
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// An elementwise producer goes into its only user when the user, elementwise
/// too, reads each of its elements once.
static bool isProfitable(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || !producer->hasOneUse())
    return false;
  if (consumer.getNumParallelLoops() != consumer.getNumLoops())
    return false;
  return consumer.getMatchingIndexingMap(operand).isPermutation();
}

namespace {
struct DecomposeSoftmax : public OpRewritePattern<linalg::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::SoftmaxOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
    if (failed(results))
      return failure();
    rewriter.replaceOp(op, *results);
    return success();
  }
};

/// A product reads through transpositions, broadcasts and extensions of its
/// operands: its kernel packs them anyway.
struct FoldIntoProduct : public OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || !isMatmul(op))
      return failure();
    for (unsigned side = 0; side < 2; ++side)
      if (succeeded(fold(op, side, rewriter)))
        return success();
    return failure();
  }

  /// Whether `producer` only moves elements, and widens them.
  static bool onlyMoves(linalg::LinalgOp producer) {
    if (!producer || producer.getNumDpsInputs() != 1 ||
        producer.getNumDpsInits() != 1 ||
        producer.getNumParallelLoops() != producer.getNumLoops() ||
        !producer.hasPureTensorSemantics() ||
        !isa<RankedTensorType>(producer->getOperand(0).getType()))
      return false;
    Value yielded = producer.getBlock()->getTerminator()->getOperand(0);
    if (auto extend = yielded.getDefiningOp<arith::ExtFOp>())
      yielded = extend.getIn();
    return yielded == producer.getBlock()->getArgument(0) &&
           producer.getIndexingMapsArray()[1].isPermutation() &&
           producer.getIndexingMapsArray()[0].isProjectedPermutation(
               /*allowZeroInResults=*/true);
  }

  static LogicalResult fold(linalg::LinalgOp op, unsigned side,
                            PatternRewriter &rewriter) {
    auto producer = op->getOperand(side).getDefiningOp<linalg::LinalgOp>();
    if (!onlyMoves(producer))
      return failure();
    // Loops of the producer by dims of its result, and so by the product's.
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    AffineMap read = producer.getIndexingMapsArray()[0];
    AffineMap written = producer.getIndexingMapsArray()[1];
    SmallVector<AffineExpr> exprs;
    for (AffineExpr expr : read.getResults()) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        std::optional<unsigned> position = written.getResultPosition(dim);
        exprs.push_back(maps[side].getResult(*position));
      } else {
        exprs.push_back(expr);
      }
    }
    maps[side] = AffineMap::get(op.getNumLoops(), 0, exprs, op.getContext());
    Value source = producer->getOperand(0);
    Type element = getElementTypeOrSelf(source.getType());
    SmallVector<Value> inputs(op.getDpsInputs());
    inputs[side] = source;
    auto isUsed = [&](unsigned loop) {
      return llvm::count_if(maps, [&](AffineMap map) {
               return map.isFunctionOfDim(loop);
             }) >= 2;
    };
    if (!llvm::all_of(llvm::seq<unsigned>(0, op.getNumLoops()), isUsed))
      return failure();
    auto made = linalg::GenericOp::create(
        rewriter, op.getLoc(), op->getResultTypes(), inputs,
        SmallVector<Value>(op.getDpsInits()), maps, op.getIteratorTypesArray());
    rewriter.inlineRegionBefore(op->getRegion(0), made.getRegion(),
                                made.getRegion().begin());
    BlockArgument argument = made.getBody()->getArgument(side);
    if (Type wide = argument.getType(); wide != element) {
      argument.setType(element);
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(made.getBody());
      auto extend =
          arith::ExtFOp::create(rewriter, op.getLoc(), wide, argument);
      rewriter.replaceAllUsesExcept(argument, extend, extend);
    }
    rewriter.replaceOp(op, made);
    return success();
  }
};

struct PrepareLinalgPass
    : public mlir::hydragen::impl::PrepareLinalgBase<PrepareLinalgPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    tensor::populateDecomposeTensorConcatPatterns(patterns);
    linalg::populateDecomposePadPatterns(patterns);
    patterns.add<DecomposeSoftmax, FoldIntoProduct>(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, isProfitable);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
