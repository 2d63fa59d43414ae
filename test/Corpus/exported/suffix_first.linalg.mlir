// name: suffix_first.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: The own keys stand before the shared ones.
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 2.500000e-01 : f32
    %0 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x24x16xf32>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %arg3, %1 : (tensor<4x2x8x16xf32>, tensor<4x2x24x16xf32>) -> tensor<4x2x32x16xf32>
    %collapsed_2 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_2 : tensor<2x24x16xf32>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_3 = tensor.concat dim(2) %arg4, %2 : (tensor<4x2x8x16xf32>, tensor<4x2x24x16xf32>) -> tensor<4x2x32x16xf32>
    %3 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%3 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_4 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x1x16xf32> into tensor<8x1x16xf32>
    %collapsed_5 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %4 = tensor.empty() : tensor<8x1x32xf32>
    %5 = linalg.fill ins(%cst : f32) outs(%4 : tensor<8x1x32xf32>) -> tensor<8x1x32xf32>
    %6 = linalg.batch_matmul ins(%collapsed_4, %collapsed_5 : tensor<8x1x16xf32>, tensor<8x16x32xf32>) outs(%5 : tensor<8x1x32xf32>) -> tensor<8x1x32xf32>
    %expanded = tensor.expand_shape %6 [[0, 1], [2], [3]] output_shape [4, 2, 1, 32] : tensor<8x1x32xf32> into tensor<4x2x1x32xf32>
    %7 = tensor.empty() : tensor<4x2x1x32xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x1x32xf32>) outs(%7 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %23 = arith.mulf %in, %cst_1 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x32xf32>
    %9 = tensor.empty() : tensor<4x2x1xi64>
    %10 = linalg.fill ins(%c0_i64 : i64) outs(%9 : tensor<4x2x1xi64>) -> tensor<4x2x1xi64>
    %11 = tensor.empty() : tensor<4x2x1xf32>
    %12 = linalg.fill ins(%cst_0 : f32) outs(%11 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %13:2 = linalg.generic {indexing_maps = [#map1, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%8 : tensor<4x2x1x32xf32>) outs(%12, %10 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_10: i64):
      %23 = linalg.index 3 : index
      %24 = arith.index_cast %23 : index to i64
      %25 = arith.maximumf %in, %out : f32
      %26 = arith.cmpf ogt, %in, %out : f32
      %27 = arith.select %26, %24, %out_10 : i64
      linalg.yield %25, %27 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_6 = tensor.expand_shape %13#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %14 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_6 : tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) outs(%7 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %23 = arith.subf %in, %in_10 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x32xf32>
    %15 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14 : tensor<4x2x1x32xf32>) outs(%7 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %23 = math.exp %in : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x32xf32>
    %16 = tensor.empty() : tensor<4x2x1x1xf32>
    %17 = linalg.fill ins(%cst : f32) outs(%16 : tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %18 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%15 : tensor<4x2x1x32xf32>) outs(%17 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %23 = arith.addf %in, %out : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x1xf32>
    %19 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15, %18 : tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) outs(%7 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %23 = arith.divf %in, %in_10 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x32xf32>
    %collapsed_7 = tensor.collapse_shape %19 [[0, 1], [2], [3]] : tensor<4x2x1x32xf32> into tensor<8x1x32xf32>
    %collapsed_8 = tensor.collapse_shape %concat_3 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %20 = tensor.empty() : tensor<8x1x16xf32>
    %21 = linalg.fill ins(%cst : f32) outs(%20 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %22 = linalg.batch_matmul ins(%collapsed_7, %collapsed_8 : tensor<8x1x32xf32>, tensor<8x32x16xf32>) outs(%21 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_9 = tensor.expand_shape %22 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    return %expanded_9 : tensor<4x2x1x16xf32>
  }
}
