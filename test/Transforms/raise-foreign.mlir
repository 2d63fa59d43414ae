// RUN: hydragen-opt %s --allow-unregistered-dialect --hydragen-raise-attention --split-input-file --remark-format=emitRemark --remarks-filter=hydragen 2> %t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t

// scores / sqrt(16), the mask hides, rows without a visible key are 0.
// CHECK-DAG: #[[$Q:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4)>
// CHECK-DAG: #[[$K:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d4)>
// CHECK-DAG: #[[$V:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d2)>
// CHECK-LABEL: func.func @boolean
// CHECK: hydragen.attention queries(%arg0
// CHECK-SAME: extras(%arg3
// CHECK-SAME: masked_rows = #hydragen.masked_rows<zero>
// CHECK-SAME: query_maps = [#[[$Q]]]
// CHECK-SAME: scale = 2.500000e-01
// CHECK-SAME: score_mods = [#hydragen.mask<extra = 0>]
// CHECK-SAME: #hydragen.segment<begin = 0, size = 32, keys = [#[[$K]]], value = #[[$V]]>
// CHECK-NOT: tm_tensor
func.func @boolean(%q: tensor<8x2x16xf32>, %k: tensor<8x32x16xf32>, %v: tensor<8x32x4xf32>, %mask: tensor<8x2x32xi1>,
                   %o: tensor<8x2x4xf32>) -> tensor<8x2x4xf32> {
  %0 = "tm_tensor.attention"(%q, %k, %v, %mask, %o) <{operandSegmentSizes = array<i32: 4, 1>}>
    : (tensor<8x2x16xf32>, tensor<8x32x16xf32>, tensor<8x32x4xf32>, tensor<8x2x32xi1>, tensor<8x2x4xf32>) -> tensor<8x2x4xf32>
  return %0 : tensor<8x2x4xf32>
}

// -----

// CHECK-LABEL: func.func @additive_dynamic
// CHECK: %[[N:.+]] = tensor.dim %arg1
// CHECK: = hydragen.attention queries
// CHECK-SAME: sizes(%[[N]])
// CHECK-SAME: score_mods = [#hydragen.bias<extra = 0>]
// CHECK-SAME: size = ?
func.func @additive_dynamic(%q: tensor<8x2x16xf32>, %k: tensor<8x?x16xf32>, %v: tensor<8x?x16xf32>,
                            %mask: tensor<8x2x?xf32>, %o: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> {
  %0 = "tm_tensor.attention"(%q, %k, %v, %mask, %o) <{operandSegmentSizes = array<i32: 4, 1>}>
    : (tensor<8x2x16xf32>, tensor<8x?x16xf32>, tensor<8x?x16xf32>, tensor<8x2x?xf32>, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
  return %0 : tensor<8x2x16xf32>
}

// -----

// The scale is 1 / sqrt(?).
// CHECK-LABEL: func.func @unknown_depth
// CHECK: tm_tensor.attention
// REMARK: attention-refused
// REMARK-SAME: the scale depends on an unknown extent
// REMARK-SAME: reason-code=not-representable
func.func @unknown_depth(%q: tensor<8x2x?xf32>, %k: tensor<8x32x?xf32>, %v: tensor<8x32x16xf32>,
                         %o: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> {
  %0 = "tm_tensor.attention"(%q, %k, %v, %o) <{operandSegmentSizes = array<i32: 3, 1>}>
    : (tensor<8x2x?xf32>, tensor<8x32x?xf32>, tensor<8x32x16xf32>, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
  return %0 : tensor<8x2x16xf32>
}
