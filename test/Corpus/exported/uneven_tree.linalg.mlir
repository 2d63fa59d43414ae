// name: uneven_tree.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Three sequences under one prompt, one under another, all under a system prompt.
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<1x2x8x16xf32>, %arg4: tensor<1x2x8x16xf32>, %arg5: tensor<1x2x8x16xf32>, %arg6: tensor<1x2x8x16xf32>, %arg7: tensor<4x2x8x16xf32>, %arg8: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 2.500000e-01 : f32
    %0 = tensor.empty() : tensor<3x2x8x16xf32>
    %collapsed = tensor.collapse_shape %arg3 [[0, 1], [2], [3]] : tensor<1x2x8x16xf32> into tensor<2x8x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x8x16xf32>) outs(%0 : tensor<3x2x8x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<3x2x8x16xf32>
    %concat = tensor.concat dim(0) %1, %arg5 : (tensor<3x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<4x2x8x16xf32>
    %2 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed_2 = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_2 : tensor<2x24x16xf32>) outs(%2 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_3 = tensor.concat dim(2) %3, %concat, %arg7 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x40x16xf32>
    %collapsed_4 = tensor.collapse_shape %arg4 [[0, 1], [2], [3]] : tensor<1x2x8x16xf32> into tensor<2x8x16xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_4 : tensor<2x8x16xf32>) outs(%0 : tensor<3x2x8x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<3x2x8x16xf32>
    %concat_5 = tensor.concat dim(0) %4, %arg6 : (tensor<3x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<4x2x8x16xf32>
    %collapsed_6 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_6 : tensor<2x24x16xf32>) outs(%2 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_7 = tensor.concat dim(2) %5, %concat_5, %arg8 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x40x16xf32>
    %6 = tensor.empty() : tensor<4x2x16x40xf32>
    %transposed = linalg.transpose ins(%concat_3 : tensor<4x2x40x16xf32>) outs(%6 : tensor<4x2x16x40xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_8 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x1x16xf32> into tensor<8x1x16xf32>
    %collapsed_9 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x40xf32> into tensor<8x16x40xf32>
    %7 = tensor.empty() : tensor<8x1x40xf32>
    %8 = linalg.fill ins(%cst : f32) outs(%7 : tensor<8x1x40xf32>) -> tensor<8x1x40xf32>
    %9 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<8x1x16xf32>, tensor<8x16x40xf32>) outs(%8 : tensor<8x1x40xf32>) -> tensor<8x1x40xf32>
    %expanded = tensor.expand_shape %9 [[0, 1], [2], [3]] output_shape [4, 2, 1, 40] : tensor<8x1x40xf32> into tensor<4x2x1x40xf32>
    %10 = tensor.empty() : tensor<4x2x1x40xf32>
    %11 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x1x40xf32>) outs(%10 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = arith.mulf %in, %cst_1 : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x40xf32>
    %12 = tensor.empty() : tensor<4x2x1xi64>
    %13 = linalg.fill ins(%c0_i64 : i64) outs(%12 : tensor<4x2x1xi64>) -> tensor<4x2x1xi64>
    %14 = tensor.empty() : tensor<4x2x1xf32>
    %15 = linalg.fill ins(%cst_0 : f32) outs(%14 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %16:2 = linalg.generic {indexing_maps = [#map1, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%11 : tensor<4x2x1x40xf32>) outs(%15, %13 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %26 = linalg.index 3 : index
      %27 = arith.index_cast %26 : index to i64
      %28 = arith.maximumf %in, %out : f32
      %29 = arith.cmpf ogt, %in, %out : f32
      %30 = arith.select %29, %27, %out_14 : i64
      linalg.yield %28, %30 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_10 = tensor.expand_shape %16#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %17 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%11, %expanded_10 : tensor<4x2x1x40xf32>, tensor<4x2x1x1xf32>) outs(%10 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %26 = arith.subf %in, %in_14 : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x40xf32>
    %18 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17 : tensor<4x2x1x40xf32>) outs(%10 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = math.exp %in : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x40xf32>
    %19 = tensor.empty() : tensor<4x2x1x1xf32>
    %20 = linalg.fill ins(%cst : f32) outs(%19 : tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %21 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%18 : tensor<4x2x1x40xf32>) outs(%20 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = arith.addf %in, %out : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x1xf32>
    %22 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %21 : tensor<4x2x1x40xf32>, tensor<4x2x1x1xf32>) outs(%10 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %26 = arith.divf %in, %in_14 : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x40xf32>
    %collapsed_11 = tensor.collapse_shape %22 [[0, 1], [2], [3]] : tensor<4x2x1x40xf32> into tensor<8x1x40xf32>
    %collapsed_12 = tensor.collapse_shape %concat_7 [[0, 1], [2], [3]] : tensor<4x2x40x16xf32> into tensor<8x40x16xf32>
    %23 = tensor.empty() : tensor<8x1x16xf32>
    %24 = linalg.fill ins(%cst : f32) outs(%23 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %25 = linalg.batch_matmul ins(%collapsed_11, %collapsed_12 : tensor<8x1x40xf32>, tensor<8x40x16xf32>) outs(%24 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_13 = tensor.expand_shape %25 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    return %expanded_13 : tensor<4x2x1x16xf32>
  }
}
