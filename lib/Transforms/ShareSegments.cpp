//===- ShareSegments.cpp - hydragen-share-segments -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Transforms/Passes.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_SHARESEGMENTS
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
struct ShareSegmentsPass : hydragen::impl::ShareSegmentsBase<ShareSegmentsPass> {
  using ShareSegmentsBase::ShareSegmentsBase;
  void runOnOperation() override {}
};
} // namespace
