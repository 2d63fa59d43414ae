// name: onnx_tile_groups.onnx
// produced by: ONNX 1.23.2, torch-mlir's ONNX importer (utils/export/export_onnx.py)
// shows: Prompts by Tile (b mod 2), scale on the queries.
#map = affine_map<(d0, d1, d2, d3, d4) -> (d1, d2, d3, d4)>
#map1 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> ()>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<2x2x24x16xf32>, %arg2: tensor<2x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x2x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<2.500000e-01> : tensor<f32>
    %0 = tensor.empty() : tensor<2x2x2x24x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<2x2x24x16xf32>) outs(%0 : tensor<2x2x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x2x2x24x16xf32>
    %collapsed = tensor.collapse_shape %1 [[0, 1], [2], [3], [4]] : tensor<2x2x2x24x16xf32> into tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %collapsed, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<2x2x24x16xf32>) outs(%0 : tensor<2x2x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x2x2x24x16xf32>
    %collapsed_2 = tensor.collapse_shape %2 [[0, 1], [2], [3], [4]] : tensor<2x2x2x24x16xf32> into tensor<4x2x24x16xf32>
    %concat_3 = tensor.concat dim(2) %collapsed_2, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %3 = tensor.empty() : tensor<4x2x2x16xf32>
    %4 = linalg.generic {indexing_maps = [#map2, #map3, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0, %cst_1 : tensor<4x2x2x16xf32>, tensor<f32>) outs(%3 : tensor<4x2x2x16xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %24 = arith.mulf %in, %in_10 : f32
      linalg.yield %24 : f32
    } -> tensor<4x2x2x16xf32>
    %5 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%5 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_4 = tensor.collapse_shape %4 [[0, 1], [2], [3]] : tensor<4x2x2x16xf32> into tensor<8x2x16xf32>
    %collapsed_5 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %6 = tensor.empty() : tensor<8x2x32xf32>
    %7 = linalg.fill ins(%cst : f32) outs(%6 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %8 = linalg.batch_matmul ins(%collapsed_4, %collapsed_5 : tensor<8x2x16xf32>, tensor<8x16x32xf32>) outs(%7 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded = tensor.expand_shape %8 [[0, 1], [2], [3]] output_shape [4, 2, 2, 32] : tensor<8x2x32xf32> into tensor<4x2x2x32xf32>
    %9 = tensor.empty() : tensor<4x2x2xi64>
    %10 = linalg.fill ins(%c0_i64 : i64) outs(%9 : tensor<4x2x2xi64>) -> tensor<4x2x2xi64>
    %11 = tensor.empty() : tensor<4x2x2xf32>
    %12 = linalg.fill ins(%cst_0 : f32) outs(%11 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %13:2 = linalg.generic {indexing_maps = [#map2, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%expanded : tensor<4x2x2x32xf32>) outs(%12, %10 : tensor<4x2x2xf32>, tensor<4x2x2xi64>) {
    ^bb0(%in: f32, %out: f32, %out_10: i64):
      %24 = linalg.index 3 : index
      %25 = arith.index_cast %24 : index to i64
      %26 = arith.maximumf %in, %out : f32
      %27 = arith.cmpf ogt, %in, %out : f32
      %28 = arith.select %27, %25, %out_10 : i64
      linalg.yield %26, %28 : f32, i64
    } -> (tensor<4x2x2xf32>, tensor<4x2x2xi64>)
    %expanded_6 = tensor.expand_shape %13#0 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %14 = tensor.empty() : tensor<4x2x2x32xf32>
    %15 = linalg.generic {indexing_maps = [#map2, #map5, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded, %expanded_6 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%14 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %24 = arith.subf %in, %in_10 : f32
      linalg.yield %24 : f32
    } -> tensor<4x2x2x32xf32>
    %16 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15 : tensor<4x2x2x32xf32>) outs(%14 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %24 = math.exp %in : f32
      linalg.yield %24 : f32
    } -> tensor<4x2x2x32xf32>
    %17 = tensor.empty() : tensor<4x2x2x1xf32>
    %18 = linalg.fill ins(%cst : f32) outs(%17 : tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %19 = linalg.generic {indexing_maps = [#map2, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%16 : tensor<4x2x2x32xf32>) outs(%18 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %24 = arith.addf %in, %out : f32
      linalg.yield %24 : f32
    } -> tensor<4x2x2x1xf32>
    %20 = linalg.generic {indexing_maps = [#map2, #map5, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16, %19 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%14 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %24 = arith.divf %in, %in_10 : f32
      linalg.yield %24 : f32
    } -> tensor<4x2x2x32xf32>
    %collapsed_7 = tensor.collapse_shape %20 [[0, 1], [2], [3]] : tensor<4x2x2x32xf32> into tensor<8x2x32xf32>
    %collapsed_8 = tensor.collapse_shape %concat_3 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %21 = tensor.empty() : tensor<8x2x16xf32>
    %22 = linalg.fill ins(%cst : f32) outs(%21 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %23 = linalg.batch_matmul ins(%collapsed_7, %collapsed_8 : tensor<8x2x32xf32>, tensor<8x32x16xf32>) outs(%22 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %expanded_9 = tensor.expand_shape %23 [[0, 1], [2], [3]] output_shape [4, 2, 2, 16] : tensor<8x2x16xf32> into tensor<4x2x2x16xf32>
    return %expanded_9 : tensor<4x2x2x16xf32>
  }
}
