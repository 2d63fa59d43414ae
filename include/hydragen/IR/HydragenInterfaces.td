//===- HydragenInterfaces.td - what partial attentions share -*- tablegen -*-=//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_HYDRAGENINTERFACES_TD
#define HYDRAGEN_IR_HYDRAGENINTERFACES_TD

include "mlir/IR/OpBase.td"

def Hydragen_PartialAttentionOpInterface
    : OpInterface<"PartialAttentionOpInterface"> {
  let description = [{
    Attention of query rows over one segment of keys and values, folded into a
    state (o, m, l). `hydragen.prefix_attention` and `hydragen.suffix_attention`
    differ only in what a schedule makes of them, so everything that reads or
    checks one goes through this interface.
  }];
  let cppNamespace = "::mlir::hydragen";
  let methods = [
    InterfaceMethod<"one query per score term", "::mlir::OperandRange", "getQueries">,
    InterfaceMethod<"one K per score term", "::mlir::OperandRange", "getKeys">,
    InterfaceMethod<"the segment's V", "::mlir::Value", "getValue">,
    InterfaceMethod<"integer operands behind map symbols", "::mlir::OperandRange", "getIndices">,
    InterfaceMethod<"operands of score modifications", "::mlir::OperandRange", "getExtras">,
    InterfaceMethod<"dynamic entries of the index offsets", "::mlir::OperandRange", "getOffsets">,
    InterfaceMethod<"the incoming state: o, m, l", "::mlir::OperandRange", "getInits">,
    InterfaceMethod<"row index offsets, then the key offset", "::llvm::ArrayRef<int64_t>", "getStaticOffsets">,
    InterfaceMethod<"query maps", "::llvm::SmallVector<::mlir::AffineMap>", "getQueryMapsVector">,
    InterfaceMethod<"key maps", "::llvm::SmallVector<::mlir::AffineMap>", "getKeyMapsVector">,
    InterfaceMethod<"value map", "::mlir::AffineMap", "getValueMap">,
    InterfaceMethod<"index operand maps", "::llvm::SmallVector<::mlir::AffineMap>", "getIndexMapsVector">,
    InterfaceMethod<"extra maps over (rows..., absolute key)", "::llvm::SmallVector<::mlir::AffineMap>", "getExtraMapsVector">,
    InterfaceMethod<"factor on the products", "::llvm::APFloat", "getScale">,
    InterfaceMethod<"score modifications in order", "::mlir::ArrayAttr", "getScoreMods">,
    InterfaceMethod<"the custom score region, maybe empty", "::mlir::Region &", "getScoreRegion">,
  ];
}

#endif // HYDRAGEN_IR_HYDRAGENINTERFACES_TD
