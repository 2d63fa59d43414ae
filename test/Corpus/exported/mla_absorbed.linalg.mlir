// name: mla_absorbed.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Latent attention, absorbed: two score products, V is the latent part of K.
#map = affine_map<(d0, d1, d2) -> (d1, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x4x1x32xf32>, %arg1: tensor<4x4x1x8xf32>, %arg2: tensor<1x24x32xf32>, %arg3: tensor<1x24x8xf32>, %arg4: tensor<4x8x32xf32>, %arg5: tensor<4x8x8xf32>) -> tensor<4x4x1x32xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 6.324555320336759 : f64
    %0 = tensor.empty() : tensor<4x24x32xf32>
    %collapsed = tensor.collapse_shape %arg2 [[0, 1], [2]] : tensor<1x24x32xf32> into tensor<24x32xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%collapsed : tensor<24x32xf32>) outs(%0 : tensor<4x24x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x32xf32>
    %concat = tensor.concat dim(1) %1, %arg4 : (tensor<4x24x32xf32>, tensor<4x8x32xf32>) -> tensor<4x32x32xf32>
    %2 = tensor.empty() : tensor<4x24x8xf32>
    %collapsed_2 = tensor.collapse_shape %arg3 [[0, 1], [2]] : tensor<1x24x8xf32> into tensor<24x8xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%collapsed_2 : tensor<24x8xf32>) outs(%2 : tensor<4x24x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x8xf32>
    %concat_3 = tensor.concat dim(1) %3, %arg5 : (tensor<4x24x8xf32>, tensor<4x8x8xf32>) -> tensor<4x32x8xf32>
    %expanded = tensor.expand_shape %arg0 [[0], [1], [2], [3, 4]] output_shape [4, 4, 1, 32, 1] : tensor<4x4x1x32xf32> into tensor<4x4x1x32x1xf32>
    %expanded_4 = tensor.expand_shape %concat [[0], [1], [2, 3, 4]] output_shape [4, 32, 32, 1, 1] : tensor<4x32x32xf32> into tensor<4x32x32x1x1xf32>
    %4 = tensor.empty() : tensor<4x4x32x1x1xf32>
    %transposed = linalg.transpose ins(%expanded : tensor<4x4x1x32x1xf32>) outs(%4 : tensor<4x4x32x1x1xf32>) permutation = [0, 1, 3, 2, 4] 
    %collapsed_5 = tensor.collapse_shape %transposed [[0], [1], [2, 3, 4]] : tensor<4x4x32x1x1xf32> into tensor<4x4x32xf32>
    %5 = tensor.empty() : tensor<4x32x1x32x1xf32>
    %transposed_6 = linalg.transpose ins(%expanded_4 : tensor<4x32x32x1x1xf32>) outs(%5 : tensor<4x32x1x32x1xf32>) permutation = [0, 2, 4, 1, 3] 
    %collapsed_7 = tensor.collapse_shape %transposed_6 [[0], [1], [2, 3, 4]] : tensor<4x32x1x32x1xf32> into tensor<4x32x32xf32>
    %6 = tensor.empty() : tensor<4x4x32xf32>
    %7 = linalg.fill ins(%cst : f32) outs(%6 : tensor<4x4x32xf32>) -> tensor<4x4x32xf32>
    %8 = linalg.batch_matmul ins(%collapsed_5, %collapsed_7 : tensor<4x4x32xf32>, tensor<4x32x32xf32>) outs(%7 : tensor<4x4x32xf32>) -> tensor<4x4x32xf32>
    %expanded_8 = tensor.expand_shape %8 [[0], [1], [2, 3, 4]] output_shape [4, 4, 1, 1, 32] : tensor<4x4x32xf32> into tensor<4x4x1x1x32xf32>
    %9 = tensor.empty() : tensor<4x4x1x32x1xf32>
    %transposed_9 = linalg.transpose ins(%expanded_8 : tensor<4x4x1x1x32xf32>) outs(%9 : tensor<4x4x1x32x1xf32>) permutation = [0, 1, 3, 4, 2] 
    %collapsed_10 = tensor.collapse_shape %transposed_9 [[0], [1], [2], [3, 4]] : tensor<4x4x1x32x1xf32> into tensor<4x4x1x32xf32>
    %expanded_11 = tensor.expand_shape %arg1 [[0], [1], [2], [3, 4]] output_shape [4, 4, 1, 8, 1] : tensor<4x4x1x8xf32> into tensor<4x4x1x8x1xf32>
    %expanded_12 = tensor.expand_shape %concat_3 [[0], [1], [2, 3, 4]] output_shape [4, 32, 8, 1, 1] : tensor<4x32x8xf32> into tensor<4x32x8x1x1xf32>
    %10 = tensor.empty() : tensor<4x4x8x1x1xf32>
    %transposed_13 = linalg.transpose ins(%expanded_11 : tensor<4x4x1x8x1xf32>) outs(%10 : tensor<4x4x8x1x1xf32>) permutation = [0, 1, 3, 2, 4] 
    %collapsed_14 = tensor.collapse_shape %transposed_13 [[0], [1], [2, 3, 4]] : tensor<4x4x8x1x1xf32> into tensor<4x4x8xf32>
    %11 = tensor.empty() : tensor<4x8x1x32x1xf32>
    %transposed_15 = linalg.transpose ins(%expanded_12 : tensor<4x32x8x1x1xf32>) outs(%11 : tensor<4x8x1x32x1xf32>) permutation = [0, 2, 4, 1, 3] 
    %collapsed_16 = tensor.collapse_shape %transposed_15 [[0], [1], [2, 3, 4]] : tensor<4x8x1x32x1xf32> into tensor<4x8x32xf32>
    %12 = linalg.batch_matmul ins(%collapsed_14, %collapsed_16 : tensor<4x4x8xf32>, tensor<4x8x32xf32>) outs(%7 : tensor<4x4x32xf32>) -> tensor<4x4x32xf32>
    %expanded_17 = tensor.expand_shape %12 [[0], [1], [2, 3, 4]] output_shape [4, 4, 1, 1, 32] : tensor<4x4x32xf32> into tensor<4x4x1x1x32xf32>
    %transposed_18 = linalg.transpose ins(%expanded_17 : tensor<4x4x1x1x32xf32>) outs(%9 : tensor<4x4x1x32x1xf32>) permutation = [0, 1, 3, 4, 2] 
    %collapsed_19 = tensor.collapse_shape %transposed_18 [[0], [1], [2], [3, 4]] : tensor<4x4x1x32x1xf32> into tensor<4x4x1x32xf32>
    %13 = tensor.empty() : tensor<4x4x1x32xf32>
    %14 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_10, %collapsed_19 : tensor<4x4x1x32xf32>, tensor<4x4x1x32xf32>) outs(%13 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %in_29: f32, %out: f32):
      %28 = arith.addf %in, %in_29 : f32
      linalg.yield %28 : f32
    } -> tensor<4x4x1x32xf32>
    %15 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14 : tensor<4x4x1x32xf32>) outs(%13 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = arith.truncf %cst_1 : f64 to f32
      %29 = arith.divf %in, %28 : f32
      linalg.yield %29 : f32
    } -> tensor<4x4x1x32xf32>
    %16 = tensor.empty() : tensor<4x4x1xi64>
    %17 = linalg.fill ins(%c0_i64 : i64) outs(%16 : tensor<4x4x1xi64>) -> tensor<4x4x1xi64>
    %18 = tensor.empty() : tensor<4x4x1xf32>
    %19 = linalg.fill ins(%cst_0 : f32) outs(%18 : tensor<4x4x1xf32>) -> tensor<4x4x1xf32>
    %20:2 = linalg.generic {indexing_maps = [#map2, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%15 : tensor<4x4x1x32xf32>) outs(%19, %17 : tensor<4x4x1xf32>, tensor<4x4x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_29: i64):
      %28 = linalg.index 3 : index
      %29 = arith.index_cast %28 : index to i64
      %30 = arith.maximumf %in, %out : f32
      %31 = arith.cmpf ogt, %in, %out : f32
      %32 = arith.select %31, %29, %out_29 : i64
      linalg.yield %30, %32 : f32, i64
    } -> (tensor<4x4x1xf32>, tensor<4x4x1xi64>)
    %expanded_20 = tensor.expand_shape %20#0 [[0], [1], [2, 3]] output_shape [4, 4, 1, 1] : tensor<4x4x1xf32> into tensor<4x4x1x1xf32>
    %21 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%15, %expanded_20 : tensor<4x4x1x32xf32>, tensor<4x4x1x1xf32>) outs(%13 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %in_29: f32, %out: f32):
      %28 = arith.subf %in, %in_29 : f32
      linalg.yield %28 : f32
    } -> tensor<4x4x1x32xf32>
    %22 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<4x4x1x32xf32>) outs(%13 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = math.exp %in : f32
      linalg.yield %28 : f32
    } -> tensor<4x4x1x32xf32>
    %23 = tensor.empty() : tensor<4x4x1x1xf32>
    %24 = linalg.fill ins(%cst : f32) outs(%23 : tensor<4x4x1x1xf32>) -> tensor<4x4x1x1xf32>
    %25 = linalg.generic {indexing_maps = [#map2, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%22 : tensor<4x4x1x32xf32>) outs(%24 : tensor<4x4x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = arith.addf %in, %out : f32
      linalg.yield %28 : f32
    } -> tensor<4x4x1x1xf32>
    %26 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22, %25 : tensor<4x4x1x32xf32>, tensor<4x4x1x1xf32>) outs(%13 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %in_29: f32, %out: f32):
      %28 = arith.divf %in, %in_29 : f32
      linalg.yield %28 : f32
    } -> tensor<4x4x1x32xf32>
    %expanded_21 = tensor.expand_shape %26 [[0], [1], [2], [3, 4]] output_shape [4, 4, 1, 32, 1] : tensor<4x4x1x32xf32> into tensor<4x4x1x32x1xf32>
    %transposed_22 = linalg.transpose ins(%expanded_21 : tensor<4x4x1x32x1xf32>) outs(%4 : tensor<4x4x32x1x1xf32>) permutation = [0, 1, 3, 2, 4] 
    %collapsed_23 = tensor.collapse_shape %transposed_22 [[0], [1], [2, 3, 4]] : tensor<4x4x32x1x1xf32> into tensor<4x4x32xf32>
    %transposed_24 = linalg.transpose ins(%expanded_4 : tensor<4x32x32x1x1xf32>) outs(%5 : tensor<4x32x1x32x1xf32>) permutation = [0, 1, 4, 2, 3] 
    %collapsed_25 = tensor.collapse_shape %transposed_24 [[0], [1], [2, 3, 4]] : tensor<4x32x1x32x1xf32> into tensor<4x32x32xf32>
    %27 = linalg.batch_matmul ins(%collapsed_23, %collapsed_25 : tensor<4x4x32xf32>, tensor<4x32x32xf32>) outs(%7 : tensor<4x4x32xf32>) -> tensor<4x4x32xf32>
    %expanded_26 = tensor.expand_shape %27 [[0], [1], [2, 3, 4]] output_shape [4, 4, 1, 1, 32] : tensor<4x4x32xf32> into tensor<4x4x1x1x32xf32>
    %transposed_27 = linalg.transpose ins(%expanded_26 : tensor<4x4x1x1x32xf32>) outs(%9 : tensor<4x4x1x32x1xf32>) permutation = [0, 1, 3, 4, 2] 
    %collapsed_28 = tensor.collapse_shape %transposed_27 [[0], [1], [2], [3, 4]] : tensor<4x4x1x32x1xf32> into tensor<4x4x1x32xf32>
    return %collapsed_28 : tensor<4x4x1x32xf32>
  }
}
