//===- LinalgToCPULoops.cpp - linalg on memrefs to good loops ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatmulKernel.h"
#include "StreamKernel.h"
#include "hydragen/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_LINALGTOCPULOOPS
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// Iterations one parallel work item should have, and the least number of
/// iterations that are worth a parallel loop.
static constexpr int64_t kItemIterations = 16384;
static constexpr int64_t kParallelIterations = 4 * kItemIterations;

//===----------------------------------------------------------------------===//
// Loop order
//===----------------------------------------------------------------------===//

/// How far the element read or written through `map` moves in memory when
/// loop `loop` advances: 0, 1, or nullopt for anything else.
static std::optional<int64_t> getStep(AffineMap map, MemRefType type,
                                      unsigned loop) {
  if (!map.isFunctionOfDim(loop))
    return 0;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return std::nullopt;
  std::optional<int64_t> step;
  for (auto [result, stride] : llvm::zip(map.getResults(), strides)) {
    if (!result.isFunctionOfDim(loop))
      continue;
    if (step || result != getAffineDimExpr(loop, map.getContext()) ||
        stride != 1)
      return std::nullopt;
    step = 1;
  }
  return step;
}

/// Worth of `loop` as the innermost one.
static int64_t getInnermostScore(linalg::GenericOp op, unsigned loop,
                                 ArrayRef<int64_t> extents) {
  int64_t score = 0;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    if (!type)
      continue;
    std::optional<int64_t> step =
        getStep(op.getMatchingIndexingMap(&operand), type, loop);
    score += !step ? -4 : *step == 1 ? 2 : 1;
  }
  // A float reduction is a chain of dependent operations.
  if (op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction)
    score -= 3;
  if (!ShapedType::isDynamic(extents[loop]) && extents[loop] < 4)
    score -= 4;
  return score;
}

/// Loops outermost first: the best innermost loop last, the others in order.
static SmallVector<unsigned> getLoopOrder(linalg::GenericOp op) {
  unsigned numLoops = op.getNumLoops();
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  unsigned innermost = numLoops - 1;
  int64_t best = getInnermostScore(op, innermost, extents);
  for (unsigned loop = 0; loop + 1 < numLoops; ++loop)
    if (int64_t score = getInnermostScore(op, loop, extents); score > best) {
      best = score;
      innermost = loop;
    }
  SmallVector<unsigned> order;
  for (unsigned loop = 0; loop < numLoops; ++loop)
    if (loop != innermost)
      order.push_back(loop);
  order.push_back(innermost);
  return order;
}

/// Lets products and sums become fused multiply-adds, and sums over a reduction
/// loop be taken in any order. NaN and infinities keep their meaning.
static void relaxRounding(linalg::GenericOp op) {
  bool reduces = op.getNumReductionLoops() > 0;
  auto flags = arith::FastMathFlags::contract;
  if (reduces)
    flags = flags | arith::FastMathFlags::reassoc;
  op.getRegion().walk([&](Operation *nested) {
    if (isa<arith::MulFOp, arith::AddFOp, arith::SubFOp>(nested))
      nested->setAttr("fastmath",
                      arith::FastMathFlagsAttr::get(op.getContext(), flags));
  });
}

//===----------------------------------------------------------------------===//
// Parallel loops
//===----------------------------------------------------------------------===//

/// Number of iterations of `loops` from `first` on; nullopt when dynamic.
static std::optional<int64_t> getIterations(ArrayRef<int64_t> extents,
                                            unsigned first) {
  int64_t count = 1;
  for (int64_t extent : extents.drop_front(first)) {
    if (ShapedType::isDynamic(extent))
      return std::nullopt;
    count *= std::max<int64_t>(extent, 1);
    if (count > (int64_t(1) << 40))
      return count;
  }
  return count;
}

/// Makes `loop` an scf.parallel over chunks of `chunk` iterations.
static void parallelize(scf::ForOp loop, int64_t chunk) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  Value size = arith::ConstantIndexOp::create(builder, loc, chunk);
  auto parallel = scf::ParallelOp::create(builder, loc, loop.getLowerBound(),
                                          loop.getUpperBound(), size);
  builder.setInsertionPointToStart(parallel.getBody());
  Value begin = parallel.getInductionVars()[0];
  Value end = arith::AddIOp::create(builder, loc, begin, size);
  end = arith::MinSIOp::create(builder, loc, end, loop.getUpperBound());
  loop->moveBefore(parallel.getBody()->getTerminator());
  loop.setLowerBound(begin);
  loop.setUpperBound(end);
}

/// The first loop of more than one iteration, if it may run in parallel.
static std::optional<unsigned> getParallelLoop(linalg::GenericOp op,
                                               ArrayRef<int64_t> extents) {
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (extents[loop] == 1)
      continue;
    if (op.getIteratorTypesArray()[loop] != utils::IteratorType::parallel)
      return std::nullopt;
    for (OpOperand &init : op.getDpsInitsMutable())
      if (!op.getMatchingIndexingMap(&init).isFunctionOfDim(loop))
        return std::nullopt;
    return loop;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static LogicalResult lower(RewriterBase &rewriter, linalg::LinalgOp op,
                           unsigned vectorBits) {
  rewriter.setInsertionPoint(op);
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic) {
    FailureOr<linalg::GenericOp> result =
        linalg::generalizeNamedOp(rewriter, op);
    if (failed(result))
      return op.emitOpError("cannot be lowered to loops");
    generic = *result;
  }
  bool streams = isStreamKernel(generic);
  if (streams || isMatmulKernel(generic)) {
    if (streams)
      emitStreamKernel(rewriter, generic, vectorBits);
    else
      emitMatmulKernel(rewriter, generic, vectorBits);
    rewriter.eraseOp(generic);
    return success();
  }
  if (generic.getNumLoops() > 1) {
    rewriter.setInsertionPoint(generic);
    FailureOr<linalg::GenericOp> ordered =
        linalg::interchangeGenericOp(rewriter, generic, getLoopOrder(generic));
    if (succeeded(ordered))
      generic = *ordered;
  }
  relaxRounding(generic);

  SmallVector<int64_t> extents = generic.getStaticLoopRanges();
  std::optional<unsigned> parallel = getParallelLoop(generic, extents);
  std::optional<int64_t> total = getIterations(extents, 0);
  bool nested = generic->getParentOfType<scf::ParallelOp>() != nullptr;

  rewriter.setInsertionPoint(generic);
  FailureOr<linalg::LinalgLoops> loops =
      linalg::linalgOpToLoops(rewriter, generic);
  if (failed(loops))
    return generic.emitOpError("cannot be lowered to loops");
  rewriter.eraseOp(generic);
  if (!parallel || nested || (total && *total < kParallelIterations))
    return success();
  std::optional<int64_t> inner = getIterations(extents, *parallel + 1);
  int64_t chunk = inner ? llvm::divideCeil(kItemIterations, *inner) : 1;
  if (auto loop = dyn_cast<scf::ForOp>((*loops)[*parallel]))
    parallelize(loop, chunk);
  return success();
}

namespace {
struct LinalgToCPULoopsPass
    : public mlir::hydragen::impl::LinalgToCPULoopsBase<LinalgToCPULoopsPass> {
  using LinalgToCPULoopsBase::LinalgToCPULoopsBase;

  void runOnOperation() override {
    if (!llvm::is_contained({128u, 256u, 512u}, vectorBits.getValue())) {
      getOperation().emitError("vector-bits must be 128, 256 or 512 but is ")
          << vectorBits.getValue();
      return signalPassFailure();
    }
    IRRewriter rewriter(&getContext());
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp op) {
      auto compact = [](Value value) {
        auto type = dyn_cast<MemRefType>(value.getType());
        return type && type.getLayout().isIdentity();
      };
      if (!compact(op.getSource()) || !compact(op.getTarget()))
        copies.push_back(op);
    });
    for (memref::CopyOp op : copies) {
      rewriter.setInsertionPoint(op);
      if (cast<MemRefType>(op.getSource().getType()).getRank() == 0) {
        Value element =
            memref::LoadOp::create(rewriter, op.getLoc(), op.getSource());
        memref::StoreOp::create(rewriter, op.getLoc(), element, op.getTarget());
      } else {
        linalg::makeMemRefCopyOp(rewriter, op.getLoc(), op.getSource(),
                                 op.getTarget());
      }
      rewriter.eraseOp(op);
    }

    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics())
        ops.push_back(op);
    });
    for (linalg::LinalgOp op : ops)
      if (failed(lower(rewriter, op, vectorBits)))
        return signalPassFailure();
  }
};
} // namespace
