// name: onnx_gather_groups.onnx
// produced by: ONNX 1.23.2, torch-mlir's ONNX importer (utils/export/export_onnx.py)
// shows: Prompts by Gather at a constant table.
#map = affine_map<(d0, d1, d2, d3) -> (d0)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> ()>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<2x2x24x16xf32>, %arg2: tensor<2x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x2x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<4.000000e+00> : tensor<f32>
    %cst_2 = arith.constant dense<[0, 0, 1, 1]> : tensor<4xi64>
    %0 = tensor.empty() : tensor<4x2x24x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_2 : tensor<4xi64>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: i64, %out: f32):
      %23 = arith.index_cast %in : i64 to index
      %24 = linalg.index 1 : index
      %25 = linalg.index 2 : index
      %26 = linalg.index 3 : index
      %extracted = tensor.extract %arg1[%23, %24, %25, %26] : tensor<2x2x24x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %1, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_2 : tensor<4xi64>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: i64, %out: f32):
      %23 = arith.index_cast %in : i64 to index
      %24 = linalg.index 1 : index
      %25 = linalg.index 2 : index
      %26 = linalg.index 3 : index
      %extracted = tensor.extract %arg2[%23, %24, %25, %26] : tensor<2x2x24x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x24x16xf32>
    %concat_3 = tensor.concat dim(2) %2, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %3 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%3 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x2x16xf32> into tensor<8x2x16xf32>
    %collapsed_4 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %4 = tensor.empty() : tensor<8x2x32xf32>
    %5 = linalg.fill ins(%cst : f32) outs(%4 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %6 = linalg.batch_matmul ins(%collapsed, %collapsed_4 : tensor<8x2x16xf32>, tensor<8x16x32xf32>) outs(%5 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded = tensor.expand_shape %6 [[0, 1], [2], [3]] output_shape [4, 2, 2, 32] : tensor<8x2x32xf32> into tensor<4x2x2x32xf32>
    %7 = tensor.empty() : tensor<4x2x2x32xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded, %cst_1 : tensor<4x2x2x32xf32>, tensor<f32>) outs(%7 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %23 = arith.divf %in, %in_9 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x2x32xf32>
    %9 = tensor.empty() : tensor<4x2x2xi64>
    %10 = linalg.fill ins(%c0_i64 : i64) outs(%9 : tensor<4x2x2xi64>) -> tensor<4x2x2xi64>
    %11 = tensor.empty() : tensor<4x2x2xf32>
    %12 = linalg.fill ins(%cst_0 : f32) outs(%11 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %13:2 = linalg.generic {indexing_maps = [#map1, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%8 : tensor<4x2x2x32xf32>) outs(%12, %10 : tensor<4x2x2xf32>, tensor<4x2x2xi64>) {
    ^bb0(%in: f32, %out: f32, %out_9: i64):
      %23 = linalg.index 3 : index
      %24 = arith.index_cast %23 : index to i64
      %25 = arith.maximumf %in, %out : f32
      %26 = arith.cmpf ogt, %in, %out : f32
      %27 = arith.select %26, %24, %out_9 : i64
      linalg.yield %25, %27 : f32, i64
    } -> (tensor<4x2x2xf32>, tensor<4x2x2xi64>)
    %expanded_5 = tensor.expand_shape %13#0 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %14 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_5 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%7 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %23 = arith.subf %in, %in_9 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x2x32xf32>
    %15 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14 : tensor<4x2x2x32xf32>) outs(%7 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %23 = math.exp %in : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x2x32xf32>
    %16 = tensor.empty() : tensor<4x2x2x1xf32>
    %17 = linalg.fill ins(%cst : f32) outs(%16 : tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %18 = linalg.generic {indexing_maps = [#map1, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%15 : tensor<4x2x2x32xf32>) outs(%17 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %23 = arith.addf %in, %out : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x2x1xf32>
    %19 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15, %18 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%7 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %23 = arith.divf %in, %in_9 : f32
      linalg.yield %23 : f32
    } -> tensor<4x2x2x32xf32>
    %collapsed_6 = tensor.collapse_shape %19 [[0, 1], [2], [3]] : tensor<4x2x2x32xf32> into tensor<8x2x32xf32>
    %collapsed_7 = tensor.collapse_shape %concat_3 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %20 = tensor.empty() : tensor<8x2x16xf32>
    %21 = linalg.fill ins(%cst : f32) outs(%20 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %22 = linalg.batch_matmul ins(%collapsed_6, %collapsed_7 : tensor<8x2x32xf32>, tensor<8x32x16xf32>) outs(%21 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %expanded_8 = tensor.expand_shape %22 [[0, 1], [2], [3]] output_shape [4, 2, 2, 16] : tensor<8x2x16xf32> into tensor<4x2x2x16xf32>
    return %expanded_8 : tensor<4x2x2x16xf32>
  }
}
