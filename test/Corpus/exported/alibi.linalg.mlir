// name: alibi.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Linear biases: a slope per head times the distance.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> (d1)>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1, d2) -> (d0, 0, 0)>
#map5 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map6 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x3x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>, %arg5: tensor<2xf32>) -> tensor<4x2x3x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 2.900000e+01 : f32
    %cst_2 = arith.constant 2.500000e-01 : f32
    %0 = tensor.empty() : tensor<32xf32>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<32xf32>) {
    ^bb0(%out: f32):
      %34 = linalg.index 0 : index
      %35 = arith.index_cast %34 : index to i64
      %36 = arith.sitofp %35 : i64 to f32
      %37 = arith.addf %36, %cst : f32
      linalg.yield %37 : f32
    } -> tensor<32xf32>
    %2 = tensor.empty() : tensor<3xf32>
    %3 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%2 : tensor<3xf32>) {
    ^bb0(%out: f32):
      %34 = linalg.index 0 : index
      %35 = arith.index_cast %34 : index to i64
      %36 = arith.sitofp %35 : i64 to f32
      %37 = arith.addf %36, %cst : f32
      linalg.yield %37 : f32
    } -> tensor<3xf32>
    %expanded = tensor.expand_shape %3 [[0, 1]] output_shape [3, 1] : tensor<3xf32> into tensor<3x1xf32>
    %4 = tensor.empty() : tensor<3x1xf32>
    %5 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded : tensor<3x1xf32>) outs(%4 : tensor<3x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.addf %in, %cst_1 : f32
      linalg.yield %34 : f32
    } -> tensor<3x1xf32>
    %expanded_3 = tensor.expand_shape %arg5 [[0, 1, 2]] output_shape [2, 1, 1] : tensor<2xf32> into tensor<2x1x1xf32>
    %6 = tensor.empty() : tensor<3x32xf32>
    %7 = linalg.generic {indexing_maps = [#map2, #map3, #map1], iterator_types = ["parallel", "parallel"]} ins(%1, %5 : tensor<32xf32>, tensor<3x1xf32>) outs(%6 : tensor<3x32xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %34 = arith.subf %in, %in_13 : f32
      linalg.yield %34 : f32
    } -> tensor<3x32xf32>
    %8 = tensor.empty() : tensor<2x3x32xf32>
    %9 = linalg.generic {indexing_maps = [#map4, #map5, #map6], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_3, %7 : tensor<2x1x1xf32>, tensor<3x32xf32>) outs(%8 : tensor<2x3x32xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %34 = arith.mulf %in, %in_13 : f32
      linalg.yield %34 : f32
    } -> tensor<2x3x32xf32>
    %10 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %11 = linalg.generic {indexing_maps = [#map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x24x16xf32>) outs(%10 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %11, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %collapsed_4 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %12 = linalg.generic {indexing_maps = [#map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_4 : tensor<2x24x16xf32>) outs(%10 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_5 = tensor.concat dim(2) %12, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %13 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%13 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_6 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x3x16xf32> into tensor<8x3x16xf32>
    %collapsed_7 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %14 = tensor.empty() : tensor<8x3x32xf32>
    %15 = linalg.fill ins(%cst : f32) outs(%14 : tensor<8x3x32xf32>) -> tensor<8x3x32xf32>
    %16 = linalg.batch_matmul ins(%collapsed_6, %collapsed_7 : tensor<8x3x16xf32>, tensor<8x16x32xf32>) outs(%15 : tensor<8x3x32xf32>) -> tensor<8x3x32xf32>
    %expanded_8 = tensor.expand_shape %16 [[0, 1], [2], [3]] output_shape [4, 2, 3, 32] : tensor<8x3x32xf32> into tensor<4x2x3x32xf32>
    %17 = tensor.empty() : tensor<4x2x3x32xf32>
    %18 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_8 : tensor<4x2x3x32xf32>) outs(%17 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.mulf %in, %cst_2 : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x3x32xf32>
    %19 = linalg.generic {indexing_maps = [#map8, #map7, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %9 : tensor<4x2x3x32xf32>, tensor<2x3x32xf32>) outs(%17 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %34 = arith.addf %in, %in_13 : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x3x32xf32>
    %20 = tensor.empty() : tensor<4x2x3xi64>
    %21 = linalg.fill ins(%c0_i64 : i64) outs(%20 : tensor<4x2x3xi64>) -> tensor<4x2x3xi64>
    %22 = tensor.empty() : tensor<4x2x3xf32>
    %23 = linalg.fill ins(%cst_0 : f32) outs(%22 : tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
    %24:2 = linalg.generic {indexing_maps = [#map8, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%19 : tensor<4x2x3x32xf32>) outs(%23, %21 : tensor<4x2x3xf32>, tensor<4x2x3xi64>) {
    ^bb0(%in: f32, %out: f32, %out_13: i64):
      %34 = linalg.index 3 : index
      %35 = arith.index_cast %34 : index to i64
      %36 = arith.maximumf %in, %out : f32
      %37 = arith.cmpf ogt, %in, %out : f32
      %38 = arith.select %37, %35, %out_13 : i64
      linalg.yield %36, %38 : f32, i64
    } -> (tensor<4x2x3xf32>, tensor<4x2x3xi64>)
    %expanded_9 = tensor.expand_shape %24#0 [[0], [1], [2, 3]] output_shape [4, 2, 3, 1] : tensor<4x2x3xf32> into tensor<4x2x3x1xf32>
    %25 = linalg.generic {indexing_maps = [#map8, #map10, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%19, %expanded_9 : tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>) outs(%17 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %34 = arith.subf %in, %in_13 : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x3x32xf32>
    %26 = linalg.generic {indexing_maps = [#map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%25 : tensor<4x2x3x32xf32>) outs(%17 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = math.exp %in : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x3x32xf32>
    %27 = tensor.empty() : tensor<4x2x3x1xf32>
    %28 = linalg.fill ins(%cst : f32) outs(%27 : tensor<4x2x3x1xf32>) -> tensor<4x2x3x1xf32>
    %29 = linalg.generic {indexing_maps = [#map8, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%26 : tensor<4x2x3x32xf32>) outs(%28 : tensor<4x2x3x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.addf %in, %out : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x3x1xf32>
    %30 = linalg.generic {indexing_maps = [#map8, #map10, #map8], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26, %29 : tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>) outs(%17 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %34 = arith.divf %in, %in_13 : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x3x32xf32>
    %collapsed_10 = tensor.collapse_shape %30 [[0, 1], [2], [3]] : tensor<4x2x3x32xf32> into tensor<8x3x32xf32>
    %collapsed_11 = tensor.collapse_shape %concat_5 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %31 = tensor.empty() : tensor<8x3x16xf32>
    %32 = linalg.fill ins(%cst : f32) outs(%31 : tensor<8x3x16xf32>) -> tensor<8x3x16xf32>
    %33 = linalg.batch_matmul ins(%collapsed_10, %collapsed_11 : tensor<8x3x32xf32>, tensor<8x32x16xf32>) outs(%32 : tensor<8x3x16xf32>) -> tensor<8x3x16xf32>
    %expanded_12 = tensor.expand_shape %33 [[0, 1], [2], [3]] output_shape [4, 2, 3, 16] : tensor<8x3x16xf32> into tensor<4x2x3x16xf32>
    return %expanded_12 : tensor<4x2x3x16xf32>
  }
}
