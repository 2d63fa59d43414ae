//===- DropNeutralInits.cpp - states that begin with nothing ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Conversion/Passes.h"
#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/Hydragen.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_DROPNEUTRALINITS
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// The fill of a new tensor that makes `value`, if it fills with +0, or with
/// -infinity.
static linalg::FillOp getFill(Value value, bool withZero) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  APFloat number(0.0f);
  if (!fill || !matchPattern(fill.value(), m_ConstantFloat(&number)) ||
      !fill.output().getDefiningOp<tensor::EmptyOp>())
    return {};
  bool good = withZero ? number.isPosZero()
                       : number.isInfinity() && number.isNegative();
  return good ? fill : linalg::FillOp();
}

namespace {
struct DropNeutralInitsPass
    : mlir::hydragen::impl::DropNeutralInitsBase<DropNeutralInitsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> unused;
    getOperation().walk([&](PartialAttentionOpInterface op) {
      if (op->getNumResults() == 0)
        return;
      // o, m, l.
      SmallVector<linalg::FillOp> fills;
      for (auto [i, init] : llvm::enumerate(op.getInits()))
        fills.push_back(getFill(init, /*withZero=*/i != 1));
      if (llvm::is_contained(fills, linalg::FillOp()))
        return;
      for (auto [operand, fill] :
           llvm::zip(cast<DestinationStyleOpInterface>(op.getOperation())
                         .getDpsInitsMutable(),
                     fills)) {
        operand.set(fill.output());
        unused.push_back(fill);
      }
      op->setAttr(kNeutralInitsAttr, UnitAttr::get(&getContext()));
    });
    llvm::SmallPtrSet<Operation *, 4> seen;
    for (Operation *fill : unused)
      if (seen.insert(fill).second && fill->use_empty())
        fill->erase();
  }
};
} // namespace
