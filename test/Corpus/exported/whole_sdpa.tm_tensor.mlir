// name: whole_sdpa.tm_tensor
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: scaled_dot_product_attention without a mask.
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<4x2x2x16xf32>, tensor<1x2x24x16xf32>, tensor<1x2x24x16xf32>, tensor<4x2x8x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x2x16xf32>, sym_name = "main"}> ({
  ^bb0(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>):
    %0 = "arith.constant"() <{value = 0.000000e+00 : f32}> : () -> f32
    %1 = "tensor.empty"() : () -> tensor<4x2x24x16xf32>
    %2 = "tensor.collapse_shape"(%arg1) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<1x2x24x16xf32>) -> tensor<2x24x16xf32>
    %3 = "linalg.generic"(%2, %1) <{indexing_maps = [#map, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg9: f32, %arg10: f32):
      "linalg.yield"(%arg9) : (f32) -> ()
    }) : (tensor<2x24x16xf32>, tensor<4x2x24x16xf32>) -> tensor<4x2x24x16xf32>
    %4 = "tensor.concat"(%3, %arg3) <{dim = 2 : i64}> : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %5 = "tensor.collapse_shape"(%arg2) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<1x2x24x16xf32>) -> tensor<2x24x16xf32>
    %6 = "linalg.generic"(%5, %1) <{indexing_maps = [#map, #map1], iterator_types = [#linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>, #linalg.iterator_type<parallel>], operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg7: f32, %arg8: f32):
      "linalg.yield"(%arg7) : (f32) -> ()
    }) : (tensor<2x24x16xf32>, tensor<4x2x24x16xf32>) -> tensor<4x2x24x16xf32>
    %7 = "tensor.concat"(%6, %arg4) <{dim = 2 : i64}> : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %8 = "tensor.collapse_shape"(%arg0) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<4x2x2x16xf32>) -> tensor<8x2x16xf32>
    %9 = "tensor.collapse_shape"(%4) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<4x2x32x16xf32>) -> tensor<8x32x16xf32>
    %10 = "tensor.collapse_shape"(%7) <{reassociation = [[0, 1], [2], [3]]}> : (tensor<4x2x32x16xf32>) -> tensor<8x32x16xf32>
    %11 = "tensor.empty"() : () -> tensor<8x2x16xf32>
    %12 = "linalg.fill"(%0, %11) <{operandSegmentSizes = array<i32: 1, 1>}> ({
    ^bb0(%arg5: f32, %arg6: f32):
      "linalg.yield"(%arg5) : (f32) -> ()
    }) : (f32, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %13 = "tm_tensor.attention"(%8, %9, %10, %12) <{operandSegmentSizes = array<i32: 3, 1>}> : (tensor<8x2x16xf32>, tensor<8x32x16xf32>, tensor<8x32x16xf32>, tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %14 = "tensor.expand_shape"(%13) <{reassociation = [[0, 1], [2], [3]], static_output_shape = array<i64: 4, 2, 2, 16>}> : (tensor<8x2x16xf32>) -> tensor<4x2x2x16xf32>
    "func.return"(%14) : (tensor<4x2x2x16xf32>) -> ()
  }) : () -> ()
}) : () -> ()
