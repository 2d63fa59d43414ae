//===- DecomposeAttention.cpp - hydragen-decompose -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Transforms/Passes.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_DECOMPOSEATTENTION
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
struct DecomposeAttentionPass : hydragen::impl::DecomposeAttentionBase<DecomposeAttentionPass> {
  using DecomposeAttentionBase::DecomposeAttentionBase;
  void runOnOperation() override {}
};
} // namespace
