//===- RaiseAttention.cpp - hydragen-raise-attention -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Transforms/Passes.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_RAISEATTENTION
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
struct RaiseAttentionPass : hydragen::impl::RaiseAttentionBase<RaiseAttentionPass> {
  using RaiseAttentionBase::RaiseAttentionBase;
  void runOnOperation() override {}
};
} // namespace
