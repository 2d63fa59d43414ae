//===- HydragenDialect.td - the hydragen dialect -----------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_HYDRAGENDIALECT_TD
#define HYDRAGEN_IR_HYDRAGENDIALECT_TD

include "mlir/IR/DialectBase.td"

def Hydragen_Dialect : Dialect {
  let name = "hydragen";
  let cppNamespace = "::mlir::hydragen";
  let summary = "exact attention over shared prefixes";
  let description = [{
    Attention over keys and values that several sequences share, after
    "Hydragen: High-Throughput LLM Inference with Shared Prefixes"
    (arXiv 2402.05099). One idea carries the dialect: sharing is an index map
    that does not use the batch index. `hydragen.attention` holds a whole
    softmax attention as a list of key/value segments; the partial ops compute
    one segment each and leave a state (o, m, l), which `hydragen.combine`
    merges exactly and `hydragen.finalize` turns into the output.

    Every formula and constraint is in docs/spec.md; the labels there (such as
    attention_c3) stand at the verifier's checks and in the tests' names.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Unit-free argument attribute `hydragen.alias_output = k : i64`: the
    /// argument's memory may be result k's (an in-place KV cache).
    static constexpr ::llvm::StringLiteral kAliasOutputAttrName =
        "hydragen.alias_output";

    void registerAttributes();
  }];
}

#endif // HYDRAGEN_IR_HYDRAGENDIALECT_TD
