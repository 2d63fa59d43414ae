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

// -----

// iree_linalg_ext.attention: maps over (batch, m, n, k1, k2) stay the domain; a boolean mask is added as 0 or -inf; rows
// without a visible key are NaN.
#iq = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3)>
#ik = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d3)>
#iv = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d2)>
#is = affine_map<(d0, d1, d2, d3, d4) -> ()>
#im = affine_map<(d0, d1, d2, d3, d4) -> (d1, d4)>
#io = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
// CHECK-DAG: #[[$IK:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d3)>
// CHECK-DAG: #[[$IM:.+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func.func @iree_boolean
// CHECK: hydragen.attention queries(%arg0
// CHECK-SAME: extras(%arg3
// CHECK-SAME: extra_maps = [#[[$IM]]]
// CHECK-NOT: masked_rows
// CHECK-SAME: scale = 2.500000e-01
// CHECK-SAME: score_mods = [#hydragen.mask<extra = 0, mode = add>]
// CHECK-SAME: #hydragen.segment<begin = 0, size = 32, keys = [#[[$IK]]]
// CHECK-NOT: iree_linalg_ext
func.func @iree_boolean(%q: tensor<8x2x16xf16>, %k: tensor<8x32x16xf16>, %v: tensor<8x32x4xf16>, %mask: tensor<2x32xi1>,
                        %o: tensor<8x2x4xf16>) -> tensor<8x2x4xf16> {
  %wide = arith.constant 2.500000e-01 : f32
  %scale = arith.truncf %wide : f32 to f16
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %mask, %o) <{indexing_maps = [#iq, #ik, #iv, #is, #im, #io],
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1>}> ({
    ^bb0(%score: f32):
      "iree_linalg_ext.yield"(%score) : (f32) -> ()
    }) : (tensor<8x2x16xf16>, tensor<8x32x16xf16>, tensor<8x32x4xf16>, f16, tensor<2x32xi1>, tensor<8x2x4xf16>)
      -> tensor<8x2x4xf16>
  return %0 : tensor<8x2x4xf16>
}

// -----

// No mask, V with its columns first, keys and scale known at run time: the scale is taken to the queries.
#iq = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3)>
#ik = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d3)>
#iv = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d4)>
#is = affine_map<(d0, d1, d2, d3, d4) -> ()>
#io = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @iree_dynamic
// CHECK: %[[N:.+]] = tensor.dim %arg1
// CHECK: %[[Q:.+]] = linalg.generic {{.*}} ins(%arg0
// CHECK: arith.mulf
// CHECK: hydragen.attention queries(%[[Q]]
// CHECK-SAME: sizes(%[[N]])
// CHECK-SAME: size = ?
func.func @iree_dynamic(%q: tensor<8x2x16xf32>, %k: tensor<8x?x16xf32>, %v: tensor<8x16x?xf32>, %scale: f32,
                        %o: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> {
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %o) <{indexing_maps = [#iq, #ik, #iv, #is, #io],
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1>}> ({
    ^bb0(%score: f32):
      "iree_linalg_ext.yield"(%score) : (f32) -> ()
    }) : (tensor<8x2x16xf32>, tensor<8x?x16xf32>, tensor<8x16x?xf32>, f32, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
  return %0 : tensor<8x2x16xf32>
}

// -----

// A region with work in it: IREE hands it scores in base 2, the op does not say so.
#iq = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3)>
#ik = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d3)>
#iv = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d2)>
#is = affine_map<(d0, d1, d2, d3, d4) -> ()>
#io = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @iree_region
// CHECK: iree_linalg_ext.attention
// REMARK: a region that changes scores, whose base is not defined
// REMARK-SAME: reason-code=not-representable
func.func @iree_region(%q: tensor<8x2x16xf32>, %k: tensor<8x32x16xf32>, %v: tensor<8x32x16xf32>, %scale: f32,
                       %o: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> {
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %o) <{indexing_maps = [#iq, #ik, #iv, #is, #io],
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1>}> ({
    ^bb0(%score: f32):
      %t = math.tanh %score : f32
      "iree_linalg_ext.yield"(%t) : (f32) -> ()
    }) : (tensor<8x2x16xf32>, tensor<8x32x16xf32>, tensor<8x32x16xf32>, f32, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
  return %0 : tensor<8x2x16xf32>
}

// -----

// CHECK-LABEL: func.func @iree_without_maps
// CHECK: iree_linalg_ext.attention
// REMARK: an indexing map per operand is missing
func.func @iree_without_maps(%q: tensor<8x2x16xf32>, %k: tensor<8x32x16xf32>, %v: tensor<8x32x16xf32>, %scale: f32,
                             %o: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> {
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %o) ({
    ^bb0(%score: f32):
      "iree_linalg_ext.yield"(%score) : (f32) -> ()
    }) : (tensor<8x2x16xf32>, tensor<8x32x16xf32>, tensor<8x32x16xf32>, f32, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
  return %0 : tensor<8x2x16xf32>
}

// -----

// K has 31 keys, V 32.
#iq = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3)>
#ik = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d3)>
#iv = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d2)>
#is = affine_map<(d0, d1, d2, d3, d4) -> ()>
#io = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @iree_key_counts_differ
// CHECK: iree_linalg_ext.attention
// REMARK: attention-refused
// REMARK-SAME: reason-code=not-representable
func.func @iree_key_counts_differ(%q: tensor<8x2x16xf32>, %k: tensor<8x32x16xf32>, %v: tensor<8x31x16xf32>, %scale: f32,
                                  %o: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> {
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %o) <{indexing_maps = [#iq, #ik, #iv, #is, #io],
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1>}> ({
    ^bb0(%score: f32):
      "iree_linalg_ext.yield"(%score) : (f32) -> ()
    }) : (tensor<8x2x16xf32>, tensor<8x32x16xf32>, tensor<8x31x16xf32>, f32, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
  return %0 : tensor<8x2x16xf32>
}

// -----

// Two key dims.
#iq = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3)>
#ik = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d4, d5, d3)>
#iv = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d4, d5, d2)>
#is = affine_map<(d0, d1, d2, d3, d4, d5) -> ()>
#io = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @iree_two_key_dims
// CHECK: iree_linalg_ext.attention
// REMARK: keys of more or less than one dim
func.func @iree_two_key_dims(%q: tensor<8x2x16xf32>, %k: tensor<8x4x8x16xf32>, %v: tensor<8x4x8x16xf32>, %scale: f32,
                             %o: tensor<8x2x16xf32>) -> tensor<8x2x16xf32> {
  %0 = "iree_linalg_ext.attention"(%q, %k, %v, %scale, %o) <{indexing_maps = [#iq, #ik, #iv, #is, #io],
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1>}> ({
    ^bb0(%score: f32):
      "iree_linalg_ext.yield"(%score) : (f32) -> ()
    }) : (tensor<8x2x16xf32>, tensor<8x4x8x16xf32>, tensor<8x4x8x16xf32>, f32, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
  return %0 : tensor<8x2x16xf32>
}
