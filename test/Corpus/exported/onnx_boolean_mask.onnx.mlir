// name: onnx_boolean_mask.onnx
// produced by: ONNX 1.23.2, torch-mlir's ONNX importer (utils/export/export_onnx.py)
// shows: A boolean mask by Where, and 0 where the softmax is NaN.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> ()>
#map2 = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>, %arg5: tensor<4x1x2x32xf32>) -> tensor<4x2x2x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant dense<4.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<f32>
    %0 = tensor.empty() : tensor<4x1x2x32xi1>
    %1 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg5, %cst_1 : tensor<4x1x2x32xf32>, tensor<f32>) outs(%0 : tensor<4x1x2x32xi1>) {
    ^bb0(%in: f32, %in_12: f32, %out: i1):
      %29 = arith.cmpf ogt, %in, %in_12 : f32
      linalg.yield %29 : i1
    } -> tensor<4x1x2x32xi1>
    %2 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %3 = linalg.generic {indexing_maps = [#map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x24x16xf32>) outs(%2 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %3, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %4 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%4 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_4 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x2x16xf32> into tensor<8x2x16xf32>
    %collapsed_5 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %5 = tensor.empty() : tensor<8x2x32xf32>
    %6 = linalg.fill ins(%cst : f32) outs(%5 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %7 = linalg.batch_matmul ins(%collapsed_4, %collapsed_5 : tensor<8x2x16xf32>, tensor<8x16x32xf32>) outs(%6 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded = tensor.expand_shape %7 [[0, 1], [2], [3]] output_shape [4, 2, 2, 32] : tensor<8x2x32xf32> into tensor<4x2x2x32xf32>
    %8 = tensor.empty() : tensor<4x2x2x32xf32>
    %9 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded, %cst_2 : tensor<4x2x2x32xf32>, tensor<f32>) outs(%8 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %29 = arith.divf %in, %in_12 : f32
      linalg.yield %29 : f32
    } -> tensor<4x2x2x32xf32>
    %10 = linalg.generic {indexing_maps = [#map3, #map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%1, %9, %cst_3 : tensor<4x1x2x32xi1>, tensor<4x2x2x32xf32>, tensor<f32>) outs(%8 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: i1, %in_12: f32, %in_13: f32, %out: f32):
      %29 = arith.select %in, %in_12, %in_13 : f32
      linalg.yield %29 : f32
    } -> tensor<4x2x2x32xf32>
    %11 = tensor.empty() : tensor<4x2x2xi64>
    %12 = linalg.fill ins(%c0_i64 : i64) outs(%11 : tensor<4x2x2xi64>) -> tensor<4x2x2xi64>
    %13 = tensor.empty() : tensor<4x2x2xf32>
    %14 = linalg.fill ins(%cst_0 : f32) outs(%13 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %15:2 = linalg.generic {indexing_maps = [#map, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%10 : tensor<4x2x2x32xf32>) outs(%14, %12 : tensor<4x2x2xf32>, tensor<4x2x2xi64>) {
    ^bb0(%in: f32, %out: f32, %out_12: i64):
      %29 = linalg.index 3 : index
      %30 = arith.index_cast %29 : index to i64
      %31 = arith.maximumf %in, %out : f32
      %32 = arith.cmpf ogt, %in, %out : f32
      %33 = arith.select %32, %30, %out_12 : i64
      linalg.yield %31, %33 : f32, i64
    } -> (tensor<4x2x2xf32>, tensor<4x2x2xi64>)
    %expanded_6 = tensor.expand_shape %15#0 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %16 = linalg.generic {indexing_maps = [#map, #map5, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10, %expanded_6 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%8 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %29 = arith.subf %in, %in_12 : f32
      linalg.yield %29 : f32
    } -> tensor<4x2x2x32xf32>
    %17 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16 : tensor<4x2x2x32xf32>) outs(%8 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %29 = math.exp %in : f32
      linalg.yield %29 : f32
    } -> tensor<4x2x2x32xf32>
    %18 = tensor.empty() : tensor<4x2x2x1xf32>
    %19 = linalg.fill ins(%cst : f32) outs(%18 : tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %20 = linalg.generic {indexing_maps = [#map, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%17 : tensor<4x2x2x32xf32>) outs(%19 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %29 = arith.addf %in, %out : f32
      linalg.yield %29 : f32
    } -> tensor<4x2x2x1xf32>
    %21 = linalg.generic {indexing_maps = [#map, #map5, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17, %20 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%8 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %29 = arith.divf %in, %in_12 : f32
      linalg.yield %29 : f32
    } -> tensor<4x2x2x32xf32>
    %22 = tensor.empty() : tensor<4x2x2x32xi1>
    %23 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21, %21 : tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>) outs(%22 : tensor<4x2x2x32xi1>) {
    ^bb0(%in: f32, %in_12: f32, %out: i1):
      %29 = arith.cmpf une, %in, %in_12 : f32
      linalg.yield %29 : i1
    } -> tensor<4x2x2x32xi1>
    %24 = linalg.generic {indexing_maps = [#map, #map1, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %cst_1, %21 : tensor<4x2x2x32xi1>, tensor<f32>, tensor<4x2x2x32xf32>) outs(%8 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: i1, %in_12: f32, %in_13: f32, %out: f32):
      %29 = arith.select %in, %in_12, %in_13 : f32
      linalg.yield %29 : f32
    } -> tensor<4x2x2x32xf32>
    %collapsed_7 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %25 = linalg.generic {indexing_maps = [#map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_7 : tensor<2x24x16xf32>) outs(%2 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_8 = tensor.concat dim(2) %25, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %collapsed_9 = tensor.collapse_shape %24 [[0, 1], [2], [3]] : tensor<4x2x2x32xf32> into tensor<8x2x32xf32>
    %collapsed_10 = tensor.collapse_shape %concat_8 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %26 = tensor.empty() : tensor<8x2x16xf32>
    %27 = linalg.fill ins(%cst : f32) outs(%26 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %28 = linalg.batch_matmul ins(%collapsed_9, %collapsed_10 : tensor<8x2x32xf32>, tensor<8x32x16xf32>) outs(%27 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %expanded_11 = tensor.expand_shape %28 [[0, 1], [2], [3]] output_shape [4, 2, 2, 16] : tensor<8x2x16xf32> into tensor<4x2x2x16xf32>
    return %expanded_11 : tensor<4x2x2x16xf32>
  }
}
