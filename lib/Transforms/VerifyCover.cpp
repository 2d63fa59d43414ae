//===- VerifyCover.cpp - hydragen-verify-cover -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Transforms/Passes.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_VERIFYCOVER
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
struct VerifyCoverPass : hydragen::impl::VerifyCoverBase<VerifyCoverPass> {
  using VerifyCoverBase::VerifyCoverBase;
  void runOnOperation() override {}
};
} // namespace
