// name: transposed_cache.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: K is cached as [B, H, D, N].
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x16x24xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x16x8xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 4.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x2x16x24xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x16x24xf32> into tensor<2x16x24xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x16x24xf32>) outs(%0 : tensor<4x2x16x24xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x24xf32>
    %concat = tensor.concat dim(3) %1, %arg3 : (tensor<4x2x16x24xf32>, tensor<4x2x16x8xf32>) -> tensor<4x2x16x32xf32>
    %collapsed_2 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x1x16xf32> into tensor<8x1x16xf32>
    %collapsed_3 = tensor.collapse_shape %concat [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %2 = tensor.empty() : tensor<8x1x32xf32>
    %3 = linalg.fill ins(%cst : f32) outs(%2 : tensor<8x1x32xf32>) -> tensor<8x1x32xf32>
    %4 = linalg.batch_matmul ins(%collapsed_2, %collapsed_3 : tensor<8x1x16xf32>, tensor<8x16x32xf32>) outs(%3 : tensor<8x1x32xf32>) -> tensor<8x1x32xf32>
    %expanded = tensor.expand_shape %4 [[0, 1], [2], [3]] output_shape [4, 2, 1, 32] : tensor<8x1x32xf32> into tensor<4x2x1x32xf32>
    %5 = tensor.empty() : tensor<4x2x1x32xf32>
    %6 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x1x32xf32>) outs(%5 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %23 = arith.divf %in, %cst_1 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x32xf32>
    %7 = tensor.empty() : tensor<4x2x1xi64>
    %8 = linalg.fill ins(%c0_i64 : i64) outs(%7 : tensor<4x2x1xi64>) -> tensor<4x2x1xi64>
    %9 = tensor.empty() : tensor<4x2x1xf32>
    %10 = linalg.fill ins(%cst_0 : f32) outs(%9 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %11:2 = linalg.generic {indexing_maps = [#map1, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%6 : tensor<4x2x1x32xf32>) outs(%10, %8 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_10: i64):
      %23 = linalg.index 3 : index
      %24 = arith.index_cast %23 : index to i64
      %25 = arith.maximumf %in, %out : f32
      %26 = arith.cmpf ogt, %in, %out : f32
      %27 = arith.select %26, %24, %out_10 : i64
      linalg.yield %25, %27 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_4 = tensor.expand_shape %11#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %12 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%6, %expanded_4 : tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) outs(%5 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %23 = arith.subf %in, %in_10 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x32xf32>
    %13 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%12 : tensor<4x2x1x32xf32>) outs(%5 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %23 = math.exp %in : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x32xf32>
    %14 = tensor.empty() : tensor<4x2x1x1xf32>
    %15 = linalg.fill ins(%cst : f32) outs(%14 : tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %16 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%13 : tensor<4x2x1x32xf32>) outs(%15 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %23 = arith.addf %in, %out : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x1xf32>
    %17 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%13, %16 : tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) outs(%5 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %23 = arith.divf %in, %in_10 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x1x32xf32>
    %18 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed_5 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %19 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_5 : tensor<2x24x16xf32>) outs(%18 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_6 = tensor.concat dim(2) %19, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %collapsed_7 = tensor.collapse_shape %17 [[0, 1], [2], [3]] : tensor<4x2x1x32xf32> into tensor<8x1x32xf32>
    %collapsed_8 = tensor.collapse_shape %concat_6 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %20 = tensor.empty() : tensor<8x1x16xf32>
    %21 = linalg.fill ins(%cst : f32) outs(%20 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %22 = linalg.batch_matmul ins(%collapsed_7, %collapsed_8 : tensor<8x1x32xf32>, tensor<8x32x16xf32>) outs(%21 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_9 = tensor.expand_shape %22 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    return %expanded_9 : tensor<4x2x1x16xf32>
  }
}
