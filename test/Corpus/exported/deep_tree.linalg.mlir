// name: deep_tree.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: 2 x 2 x 2 sequences: four levels.
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3, d4)>
#map3 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<8x2x1x16xf32>, %arg1: tensor<1x2x16x16xf32>, %arg2: tensor<1x2x16x16xf32>, %arg3: tensor<2x2x8x16xf32>, %arg4: tensor<2x2x8x16xf32>, %arg5: tensor<4x2x4x16xf32>, %arg6: tensor<4x2x4x16xf32>, %arg7: tensor<8x2x2x16xf32>, %arg8: tensor<8x2x2x16xf32>) -> tensor<8x2x1x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 2.500000e-01 : f32
    %0 = tensor.empty() : tensor<8x2x16x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x16x16xf32> into tensor<2x16x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x16x16xf32>) outs(%0 : tensor<8x2x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<8x2x16x16xf32>
    %2 = tensor.empty() : tensor<2x4x2x8x16xf32>
    %3 = linalg.generic {indexing_maps = [#map2, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg3 : tensor<2x2x8x16xf32>) outs(%2 : tensor<2x4x2x8x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x4x2x8x16xf32>
    %collapsed_2 = tensor.collapse_shape %3 [[0, 1], [2], [3], [4]] : tensor<2x4x2x8x16xf32> into tensor<8x2x8x16xf32>
    %4 = tensor.empty() : tensor<4x2x2x4x16xf32>
    %5 = linalg.generic {indexing_maps = [#map2, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg5 : tensor<4x2x4x16xf32>) outs(%4 : tensor<4x2x2x4x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x4x16xf32>
    %collapsed_3 = tensor.collapse_shape %5 [[0, 1], [2], [3], [4]] : tensor<4x2x2x4x16xf32> into tensor<8x2x4x16xf32>
    %concat = tensor.concat dim(2) %1, %collapsed_2, %collapsed_3, %arg7 : (tensor<8x2x16x16xf32>, tensor<8x2x8x16xf32>, tensor<8x2x4x16xf32>, tensor<8x2x2x16xf32>) -> tensor<8x2x30x16xf32>
    %collapsed_4 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x16x16xf32> into tensor<2x16x16xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_4 : tensor<2x16x16xf32>) outs(%0 : tensor<8x2x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<8x2x16x16xf32>
    %7 = linalg.generic {indexing_maps = [#map2, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg4 : tensor<2x2x8x16xf32>) outs(%2 : tensor<2x4x2x8x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x4x2x8x16xf32>
    %collapsed_5 = tensor.collapse_shape %7 [[0, 1], [2], [3], [4]] : tensor<2x4x2x8x16xf32> into tensor<8x2x8x16xf32>
    %8 = linalg.generic {indexing_maps = [#map2, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg6 : tensor<4x2x4x16xf32>) outs(%4 : tensor<4x2x2x4x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x4x16xf32>
    %collapsed_6 = tensor.collapse_shape %8 [[0, 1], [2], [3], [4]] : tensor<4x2x2x4x16xf32> into tensor<8x2x4x16xf32>
    %concat_7 = tensor.concat dim(2) %6, %collapsed_5, %collapsed_6, %arg8 : (tensor<8x2x16x16xf32>, tensor<8x2x8x16xf32>, tensor<8x2x4x16xf32>, tensor<8x2x2x16xf32>) -> tensor<8x2x30x16xf32>
    %9 = tensor.empty() : tensor<8x2x16x30xf32>
    %transposed = linalg.transpose ins(%concat : tensor<8x2x30x16xf32>) outs(%9 : tensor<8x2x16x30xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_8 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<8x2x1x16xf32> into tensor<16x1x16xf32>
    %collapsed_9 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<8x2x16x30xf32> into tensor<16x16x30xf32>
    %10 = tensor.empty() : tensor<16x1x30xf32>
    %11 = linalg.fill ins(%cst : f32) outs(%10 : tensor<16x1x30xf32>) -> tensor<16x1x30xf32>
    %12 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<16x1x16xf32>, tensor<16x16x30xf32>) outs(%11 : tensor<16x1x30xf32>) -> tensor<16x1x30xf32>
    %expanded = tensor.expand_shape %12 [[0, 1], [2], [3]] output_shape [8, 2, 1, 30] : tensor<16x1x30xf32> into tensor<8x2x1x30xf32>
    %13 = tensor.empty() : tensor<8x2x1x30xf32>
    %14 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<8x2x1x30xf32>) outs(%13 : tensor<8x2x1x30xf32>) {
    ^bb0(%in: f32, %out: f32):
      %29 = arith.mulf %in, %cst_1 : f32
      linalg.yield %29 : f32
    } -> tensor<8x2x1x30xf32>
    %15 = tensor.empty() : tensor<8x2x1xi64>
    %16 = linalg.fill ins(%c0_i64 : i64) outs(%15 : tensor<8x2x1xi64>) -> tensor<8x2x1xi64>
    %17 = tensor.empty() : tensor<8x2x1xf32>
    %18 = linalg.fill ins(%cst_0 : f32) outs(%17 : tensor<8x2x1xf32>) -> tensor<8x2x1xf32>
    %19:2 = linalg.generic {indexing_maps = [#map1, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%14 : tensor<8x2x1x30xf32>) outs(%18, %16 : tensor<8x2x1xf32>, tensor<8x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %29 = linalg.index 3 : index
      %30 = arith.index_cast %29 : index to i64
      %31 = arith.maximumf %in, %out : f32
      %32 = arith.cmpf ogt, %in, %out : f32
      %33 = arith.select %32, %30, %out_14 : i64
      linalg.yield %31, %33 : f32, i64
    } -> (tensor<8x2x1xf32>, tensor<8x2x1xi64>)
    %expanded_10 = tensor.expand_shape %19#0 [[0], [1], [2, 3]] output_shape [8, 2, 1, 1] : tensor<8x2x1xf32> into tensor<8x2x1x1xf32>
    %20 = linalg.generic {indexing_maps = [#map1, #map5, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14, %expanded_10 : tensor<8x2x1x30xf32>, tensor<8x2x1x1xf32>) outs(%13 : tensor<8x2x1x30xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %29 = arith.subf %in, %in_14 : f32
      linalg.yield %29 : f32
    } -> tensor<8x2x1x30xf32>
    %21 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%20 : tensor<8x2x1x30xf32>) outs(%13 : tensor<8x2x1x30xf32>) {
    ^bb0(%in: f32, %out: f32):
      %29 = math.exp %in : f32
      linalg.yield %29 : f32
    } -> tensor<8x2x1x30xf32>
    %22 = tensor.empty() : tensor<8x2x1x1xf32>
    %23 = linalg.fill ins(%cst : f32) outs(%22 : tensor<8x2x1x1xf32>) -> tensor<8x2x1x1xf32>
    %24 = linalg.generic {indexing_maps = [#map1, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%21 : tensor<8x2x1x30xf32>) outs(%23 : tensor<8x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %29 = arith.addf %in, %out : f32
      linalg.yield %29 : f32
    } -> tensor<8x2x1x1xf32>
    %25 = linalg.generic {indexing_maps = [#map1, #map5, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21, %24 : tensor<8x2x1x30xf32>, tensor<8x2x1x1xf32>) outs(%13 : tensor<8x2x1x30xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %29 = arith.divf %in, %in_14 : f32
      linalg.yield %29 : f32
    } -> tensor<8x2x1x30xf32>
    %collapsed_11 = tensor.collapse_shape %25 [[0, 1], [2], [3]] : tensor<8x2x1x30xf32> into tensor<16x1x30xf32>
    %collapsed_12 = tensor.collapse_shape %concat_7 [[0, 1], [2], [3]] : tensor<8x2x30x16xf32> into tensor<16x30x16xf32>
    %26 = tensor.empty() : tensor<16x1x16xf32>
    %27 = linalg.fill ins(%cst : f32) outs(%26 : tensor<16x1x16xf32>) -> tensor<16x1x16xf32>
    %28 = linalg.batch_matmul ins(%collapsed_11, %collapsed_12 : tensor<16x1x30xf32>, tensor<16x30x16xf32>) outs(%27 : tensor<16x1x16xf32>) -> tensor<16x1x16xf32>
    %expanded_13 = tensor.expand_shape %28 [[0, 1], [2], [3]] output_shape [8, 2, 1, 16] : tensor<16x1x16xf32> into tensor<8x2x1x16xf32>
    return %expanded_13 : tensor<8x2x1x16xf32>
  }
}
