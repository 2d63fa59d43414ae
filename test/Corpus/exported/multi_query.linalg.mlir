// name: multi_query.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: One key head for all query heads, several queries, a padding mask per sequence.
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, 0, 0, d3)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x8x3x16xf32>, %arg1: tensor<1x1x24x16xf32>, %arg2: tensor<1x1x24x16xf32>, %arg3: tensor<4x1x8x16xf32>, %arg4: tensor<4x1x8x16xf32>, %arg5: tensor<4x1x1x32xf32>) -> tensor<4x8x3x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 2.500000e-01 : f32
    %0 = tensor.empty() : tensor<4x1x24x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x1x24x16xf32> into tensor<1x24x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<1x24x16xf32>) outs(%0 : tensor<4x1x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x1x24x16xf32>
    %concat = tensor.concat dim(2) %1, %arg3 : (tensor<4x1x24x16xf32>, tensor<4x1x8x16xf32>) -> tensor<4x1x32x16xf32>
    %collapsed_2 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x1x24x16xf32> into tensor<1x24x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_2 : tensor<1x24x16xf32>) outs(%0 : tensor<4x1x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x1x24x16xf32>
    %concat_3 = tensor.concat dim(2) %2, %arg4 : (tensor<4x1x24x16xf32>, tensor<4x1x8x16xf32>) -> tensor<4x1x32x16xf32>
    %3 = tensor.empty() : tensor<4x1x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x1x32x16xf32>) outs(%3 : tensor<4x1x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_4 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x8x3x16xf32> into tensor<32x3x16xf32>
    %4 = tensor.empty() : tensor<4x8x16x32xf32>
    %collapsed_5 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x1x16x32xf32> into tensor<4x16x32xf32>
    %5 = linalg.generic {indexing_maps = [#map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_5 : tensor<4x16x32xf32>) outs(%4 : tensor<4x8x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x8x16x32xf32>
    %collapsed_6 = tensor.collapse_shape %5 [[0, 1], [2], [3]] : tensor<4x8x16x32xf32> into tensor<32x16x32xf32>
    %6 = tensor.empty() : tensor<32x3x32xf32>
    %7 = linalg.fill ins(%cst : f32) outs(%6 : tensor<32x3x32xf32>) -> tensor<32x3x32xf32>
    %8 = linalg.batch_matmul ins(%collapsed_4, %collapsed_6 : tensor<32x3x16xf32>, tensor<32x16x32xf32>) outs(%7 : tensor<32x3x32xf32>) -> tensor<32x3x32xf32>
    %expanded = tensor.expand_shape %8 [[0, 1], [2], [3]] output_shape [4, 8, 3, 32] : tensor<32x3x32xf32> into tensor<4x8x3x32xf32>
    %9 = tensor.empty() : tensor<4x8x3x32xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x8x3x32xf32>) outs(%9 : tensor<4x8x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = arith.mulf %in, %cst_1 : f32
      linalg.yield %28 : f32
    } -> tensor<4x8x3x32xf32>
    %11 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10, %arg5 : tensor<4x8x3x32xf32>, tensor<4x1x1x32xf32>) outs(%9 : tensor<4x8x3x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %28 = arith.addf %in, %in_12 : f32
      linalg.yield %28 : f32
    } -> tensor<4x8x3x32xf32>
    %12 = tensor.empty() : tensor<4x8x3xi64>
    %13 = linalg.fill ins(%c0_i64 : i64) outs(%12 : tensor<4x8x3xi64>) -> tensor<4x8x3xi64>
    %14 = tensor.empty() : tensor<4x8x3xf32>
    %15 = linalg.fill ins(%cst_0 : f32) outs(%14 : tensor<4x8x3xf32>) -> tensor<4x8x3xf32>
    %16:2 = linalg.generic {indexing_maps = [#map1, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%11 : tensor<4x8x3x32xf32>) outs(%15, %13 : tensor<4x8x3xf32>, tensor<4x8x3xi64>) {
    ^bb0(%in: f32, %out: f32, %out_12: i64):
      %28 = linalg.index 3 : index
      %29 = arith.index_cast %28 : index to i64
      %30 = arith.maximumf %in, %out : f32
      %31 = arith.cmpf ogt, %in, %out : f32
      %32 = arith.select %31, %29, %out_12 : i64
      linalg.yield %30, %32 : f32, i64
    } -> (tensor<4x8x3xf32>, tensor<4x8x3xi64>)
    %expanded_7 = tensor.expand_shape %16#0 [[0], [1], [2, 3]] output_shape [4, 8, 3, 1] : tensor<4x8x3xf32> into tensor<4x8x3x1xf32>
    %17 = linalg.generic {indexing_maps = [#map1, #map5, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%11, %expanded_7 : tensor<4x8x3x32xf32>, tensor<4x8x3x1xf32>) outs(%9 : tensor<4x8x3x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %28 = arith.subf %in, %in_12 : f32
      linalg.yield %28 : f32
    } -> tensor<4x8x3x32xf32>
    %18 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17 : tensor<4x8x3x32xf32>) outs(%9 : tensor<4x8x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = math.exp %in : f32
      linalg.yield %28 : f32
    } -> tensor<4x8x3x32xf32>
    %19 = tensor.empty() : tensor<4x8x3x1xf32>
    %20 = linalg.fill ins(%cst : f32) outs(%19 : tensor<4x8x3x1xf32>) -> tensor<4x8x3x1xf32>
    %21 = linalg.generic {indexing_maps = [#map1, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%18 : tensor<4x8x3x32xf32>) outs(%20 : tensor<4x8x3x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = arith.addf %in, %out : f32
      linalg.yield %28 : f32
    } -> tensor<4x8x3x1xf32>
    %22 = linalg.generic {indexing_maps = [#map1, #map5, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %21 : tensor<4x8x3x32xf32>, tensor<4x8x3x1xf32>) outs(%9 : tensor<4x8x3x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %28 = arith.divf %in, %in_12 : f32
      linalg.yield %28 : f32
    } -> tensor<4x8x3x32xf32>
    %collapsed_8 = tensor.collapse_shape %22 [[0, 1], [2], [3]] : tensor<4x8x3x32xf32> into tensor<32x3x32xf32>
    %23 = tensor.empty() : tensor<4x8x32x16xf32>
    %collapsed_9 = tensor.collapse_shape %concat_3 [[0, 1], [2], [3]] : tensor<4x1x32x16xf32> into tensor<4x32x16xf32>
    %24 = linalg.generic {indexing_maps = [#map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_9 : tensor<4x32x16xf32>) outs(%23 : tensor<4x8x32x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x8x32x16xf32>
    %collapsed_10 = tensor.collapse_shape %24 [[0, 1], [2], [3]] : tensor<4x8x32x16xf32> into tensor<32x32x16xf32>
    %25 = tensor.empty() : tensor<32x3x16xf32>
    %26 = linalg.fill ins(%cst : f32) outs(%25 : tensor<32x3x16xf32>) -> tensor<32x3x16xf32>
    %27 = linalg.batch_matmul ins(%collapsed_8, %collapsed_10 : tensor<32x3x32xf32>, tensor<32x32x16xf32>) outs(%26 : tensor<32x3x16xf32>) -> tensor<32x3x16xf32>
    %expanded_11 = tensor.expand_shape %27 [[0, 1], [2], [3]] output_shape [4, 8, 3, 16] : tensor<32x3x16xf32> into tensor<4x8x3x16xf32>
    return %expanded_11 : tensor<4x8x3x16xf32>
  }
}
