// name: sinks.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: A learned sink logit per head as one more column of the softmax (gpt-oss).
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d1, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>, %arg5: tensor<2xf32>) -> tensor<4x2x2x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 4.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x24x16xf32>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %1, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %collapsed_2 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_2 : tensor<2x24x16xf32>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_3 = tensor.concat dim(2) %2, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %3 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%3 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_4 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x2x16xf32> into tensor<8x2x16xf32>
    %collapsed_5 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %4 = tensor.empty() : tensor<8x2x32xf32>
    %5 = linalg.fill ins(%cst : f32) outs(%4 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %6 = linalg.batch_matmul ins(%collapsed_4, %collapsed_5 : tensor<8x2x16xf32>, tensor<8x16x32xf32>) outs(%5 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded = tensor.expand_shape %6 [[0, 1], [2], [3]] output_shape [4, 2, 2, 32] : tensor<8x2x32xf32> into tensor<4x2x2x32xf32>
    %7 = tensor.empty() : tensor<4x2x2x32xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x2x32xf32>) outs(%7 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %27 = arith.divf %in, %cst_1 : f32
      linalg.yield %27 : f32
    } -> tensor<4x2x2x32xf32>
    %9 = tensor.empty() : tensor<4x2x2x1xf32>
    %expanded_6 = tensor.expand_shape %arg5 [[0, 1]] output_shape [2, 1] : tensor<2xf32> into tensor<2x1xf32>
    %10 = linalg.generic {indexing_maps = [#map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_6 : tensor<2x1xf32>) outs(%9 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x1xf32>
    %concat_7 = tensor.concat dim(3) %8, %10 : (tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) -> tensor<4x2x2x33xf32>
    %11 = tensor.empty() : tensor<4x2x2xi64>
    %12 = linalg.fill ins(%c0_i64 : i64) outs(%11 : tensor<4x2x2xi64>) -> tensor<4x2x2xi64>
    %13 = tensor.empty() : tensor<4x2x2xf32>
    %14 = linalg.fill ins(%cst_0 : f32) outs(%13 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %15:2 = linalg.generic {indexing_maps = [#map1, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%concat_7 : tensor<4x2x2x33xf32>) outs(%14, %12 : tensor<4x2x2xf32>, tensor<4x2x2xi64>) {
    ^bb0(%in: f32, %out: f32, %out_13: i64):
      %27 = linalg.index 3 : index
      %28 = arith.index_cast %27 : index to i64
      %29 = arith.maximumf %in, %out : f32
      %30 = arith.cmpf ogt, %in, %out : f32
      %31 = arith.select %30, %28, %out_13 : i64
      linalg.yield %29, %31 : f32, i64
    } -> (tensor<4x2x2xf32>, tensor<4x2x2xi64>)
    %expanded_8 = tensor.expand_shape %15#0 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %16 = tensor.empty() : tensor<4x2x2x33xf32>
    %17 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat_7, %expanded_8 : tensor<4x2x2x33xf32>, tensor<4x2x2x1xf32>) outs(%16 : tensor<4x2x2x33xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %27 = arith.subf %in, %in_13 : f32
      linalg.yield %27 : f32
    } -> tensor<4x2x2x33xf32>
    %18:2 = linalg.generic {indexing_maps = [#map1, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%17 : tensor<4x2x2x33xf32>) outs(%14, %12 : tensor<4x2x2xf32>, tensor<4x2x2xi64>) {
    ^bb0(%in: f32, %out: f32, %out_13: i64):
      %27 = linalg.index 3 : index
      %28 = arith.index_cast %27 : index to i64
      %29 = arith.maximumf %in, %out : f32
      %30 = arith.cmpf ogt, %in, %out : f32
      %31 = arith.select %30, %28, %out_13 : i64
      linalg.yield %29, %31 : f32, i64
    } -> (tensor<4x2x2xf32>, tensor<4x2x2xi64>)
    %expanded_9 = tensor.expand_shape %18#0 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %19 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17, %expanded_9 : tensor<4x2x2x33xf32>, tensor<4x2x2x1xf32>) outs(%16 : tensor<4x2x2x33xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %27 = arith.subf %in, %in_13 : f32
      linalg.yield %27 : f32
    } -> tensor<4x2x2x33xf32>
    %20 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%19 : tensor<4x2x2x33xf32>) outs(%16 : tensor<4x2x2x33xf32>) {
    ^bb0(%in: f32, %out: f32):
      %27 = math.exp %in : f32
      linalg.yield %27 : f32
    } -> tensor<4x2x2x33xf32>
    %21 = linalg.fill ins(%cst : f32) outs(%9 : tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %22 = linalg.generic {indexing_maps = [#map1, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%20 : tensor<4x2x2x33xf32>) outs(%21 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %27 = arith.addf %in, %out : f32
      linalg.yield %27 : f32
    } -> tensor<4x2x2x1xf32>
    %23 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%20, %22 : tensor<4x2x2x33xf32>, tensor<4x2x2x1xf32>) outs(%16 : tensor<4x2x2x33xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %27 = arith.divf %in, %in_13 : f32
      linalg.yield %27 : f32
    } -> tensor<4x2x2x33xf32>
    %extracted_slice = tensor.extract_slice %23[0, 0, 0, 0] [4, 2, 2, 32] [1, 1, 1, 1] : tensor<4x2x2x33xf32> to tensor<4x2x2x32xf32>
    %collapsed_10 = tensor.collapse_shape %extracted_slice [[0, 1], [2], [3]] : tensor<4x2x2x32xf32> into tensor<8x2x32xf32>
    %collapsed_11 = tensor.collapse_shape %concat_3 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %24 = tensor.empty() : tensor<8x2x16xf32>
    %25 = linalg.fill ins(%cst : f32) outs(%24 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %26 = linalg.batch_matmul ins(%collapsed_10, %collapsed_11 : tensor<8x2x32xf32>, tensor<8x32x16xf32>) outs(%25 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %expanded_12 = tensor.expand_shape %26 [[0, 1], [2], [3]] output_shape [4, 2, 2, 16] : tensor<8x2x16xf32> into tensor<4x2x2x16xf32>
    return %expanded_12 : tensor<4x2x2x16xf32>
  }
}
