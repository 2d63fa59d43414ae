//===- Passes.td - passes on tensors ------------------------*- tablegen -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TRANSFORMS_PASSES_TD
#define HYDRAGEN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

// Alphabetical.

def DecomposeAttention
    : Pass<"hydragen-decompose", "::mlir::func::FuncOp"> {
  let summary = "split attention into one partial attention per segment";
  let description = [{
    Expects `hydragen.attention` on tensors, best after
    `hydragen-share-segments`. Replaces each by one `hydragen.prefix_attention`
    (segments that some row dim shares) or `hydragen.suffix_attention` per
    segment, a `hydragen.combine` and a `hydragen.finalize`. Row dims that K/V
    maps read through floordiv, mod or sums are split into digits, so that the
    partial ops are in split form. Leaves no `hydragen.attention`.
    `convert-hydragen-to-linalg` or `convert-hydragen-to-cpu` should follow.
  }];
  let options = [
    Option<"sharing", "sharing", "std::string", /*default=*/"\"auto\"",
           "auto (decompose where it pays), always, never (one suffix "
           "attention per segment)">];
  let statistics = [
    Statistic<"numPrefix", "prefix-attentions", "prefix attentions made">,
    Statistic<"numSuffix", "suffix-attentions", "suffix attentions made">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def RaiseAttention
    : Pass<"hydragen-raise-attention", "::mlir::func::FuncOp"> {
  let summary = "find softmax attention and write it as hydragen.attention";
  let description = [{
    Expects linalg on tensors (any mix of named and generic ops). Evaluates one
    element of each contraction at symbolic indices; where its factor is a
    softmax over the contracted axis of a score made of contractions, the result
    becomes a `hydragen.attention` with one segment over all keys, reading the
    operands of the contractions. Leaves everything else as it is; a contraction
    that looks like attention and cannot be proved one gives a remark with a
    reason code. `hydragen-share-segments` should follow.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::hydragen::HydragenDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def ShareSegments
    : Pass<"hydragen-share-segments", "::mlir::func::FuncOp"> {
  let summary = "split keys and values into segments by what they depend on";
  let description = [{
    Expects `hydragen.attention`. Evaluates the elements of K and V of every
    segment down to their sources; where pieces of the key range do not depend on
    a row dim, the segment is replaced by one segment per piece that reads the
    source, so that concatenations and broadcasts of K and V die. Leaves the op
    as it is, with a remark, where nothing is shared or a piece cannot be
    written. `hydragen-decompose` should follow.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::hydragen::HydragenDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def VerifyCover
    : Pass<"hydragen-verify-cover", "::mlir::func::FuncOp"> {
  let summary = "check that segments cover every key of every row exactly once";
  let description = [{
    Expects `hydragen.attention` or its decomposed form with the cover
    certificate (`hydragen.cover`). Checks, independently of the passes that
    made the segments, that their rectangles over (rows x keys) are disjoint and
    have the volume of the original. Fails at the op otherwise; changes nothing.
  }];
}

#endif // HYDRAGEN_TRANSFORMS_PASSES_TD
