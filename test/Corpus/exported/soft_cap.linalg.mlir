// name: soft_cap.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Soft-capped scores and a causal mask of the lowest finite value (Gemma 2).
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0) -> (d0)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> (d1)>
#map5 = affine_map<(d0, d1) -> (d0, 0)>
#map6 = affine_map<(d0, d1) -> ()>
#map7 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x3x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x3x16xf32> {
    %c29_i64 = arith.constant 29 : i64
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant dense<-3.40282347E+38> : tensor<f32>
    %cst_3 = arith.constant 2.500000e-01 : f32
    %cst_4 = arith.constant 5.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x24x16xf32>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %1, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %collapsed_5 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_5 : tensor<2x24x16xf32>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_6 = tensor.concat dim(2) %2, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %3 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%3 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_7 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x3x16xf32> into tensor<8x3x16xf32>
    %collapsed_8 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %4 = tensor.empty() : tensor<8x3x32xf32>
    %5 = linalg.fill ins(%cst : f32) outs(%4 : tensor<8x3x32xf32>) -> tensor<8x3x32xf32>
    %6 = linalg.batch_matmul ins(%collapsed_7, %collapsed_8 : tensor<8x3x16xf32>, tensor<8x16x32xf32>) outs(%5 : tensor<8x3x32xf32>) -> tensor<8x3x32xf32>
    %expanded = tensor.expand_shape %6 [[0, 1], [2], [3]] output_shape [4, 2, 3, 32] : tensor<8x3x32xf32> into tensor<4x2x3x32xf32>
    %7 = tensor.empty() : tensor<4x2x3x32xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x3x32xf32>) outs(%7 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.mulf %in, %cst_3 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x32xf32>
    %9 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8 : tensor<4x2x3x32xf32>) outs(%7 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.divf %in, %cst_4 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x32xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9 : tensor<4x2x3x32xf32>) outs(%7 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = math.tanh %in : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x32xf32>
    %11 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10 : tensor<4x2x3x32xf32>) outs(%7 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.mulf %in, %cst_4 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x32xf32>
    %12 = tensor.empty() : tensor<32xi64>
    %13 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel"]} outs(%12 : tensor<32xi64>) {
    ^bb0(%out: i64):
      %37 = linalg.index 0 : index
      %38 = arith.index_cast %37 : index to i64
      linalg.yield %38 : i64
    } -> tensor<32xi64>
    %14 = tensor.empty() : tensor<3xi64>
    %15 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel"]} outs(%14 : tensor<3xi64>) {
    ^bb0(%out: i64):
      %37 = linalg.index 0 : index
      %38 = arith.index_cast %37 : index to i64
      linalg.yield %38 : i64
    } -> tensor<3xi64>
    %expanded_9 = tensor.expand_shape %15 [[0, 1]] output_shape [3, 1] : tensor<3xi64> into tensor<3x1xi64>
    %16 = tensor.empty() : tensor<3x1xi64>
    %17 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded_9 : tensor<3x1xi64>) outs(%16 : tensor<3x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %37 = arith.addi %in, %c29_i64 : i64
      linalg.yield %37 : i64
    } -> tensor<3x1xi64>
    %18 = tensor.empty() : tensor<3x32xi1>
    %19 = linalg.generic {indexing_maps = [#map4, #map5, #map3], iterator_types = ["parallel", "parallel"]} ins(%13, %17 : tensor<32xi64>, tensor<3x1xi64>) outs(%18 : tensor<3x32xi1>) {
    ^bb0(%in: i64, %in_14: i64, %out: i1):
      %37 = arith.cmpi sle, %in, %in_14 : i64
      linalg.yield %37 : i1
    } -> tensor<3x32xi1>
    %20 = tensor.empty() : tensor<3x32xf32>
    %21 = linalg.generic {indexing_maps = [#map3, #map6, #map6, #map3], iterator_types = ["parallel", "parallel"]} ins(%19, %cst_1, %cst_2 : tensor<3x32xi1>, tensor<f32>, tensor<f32>) outs(%20 : tensor<3x32xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %37 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %37 : f32
    } -> tensor<3x32xf32>
    %22 = linalg.generic {indexing_maps = [#map1, #map7, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%11, %21 : tensor<4x2x3x32xf32>, tensor<3x32xf32>) outs(%7 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %37 = arith.addf %in, %in_14 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x32xf32>
    %23 = tensor.empty() : tensor<4x2x3xi64>
    %24 = linalg.fill ins(%c0_i64 : i64) outs(%23 : tensor<4x2x3xi64>) -> tensor<4x2x3xi64>
    %25 = tensor.empty() : tensor<4x2x3xf32>
    %26 = linalg.fill ins(%cst_0 : f32) outs(%25 : tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
    %27:2 = linalg.generic {indexing_maps = [#map1, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%22 : tensor<4x2x3x32xf32>) outs(%26, %24 : tensor<4x2x3xf32>, tensor<4x2x3xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %37 = linalg.index 3 : index
      %38 = arith.index_cast %37 : index to i64
      %39 = arith.maximumf %in, %out : f32
      %40 = arith.cmpf ogt, %in, %out : f32
      %41 = arith.select %40, %38, %out_14 : i64
      linalg.yield %39, %41 : f32, i64
    } -> (tensor<4x2x3xf32>, tensor<4x2x3xi64>)
    %expanded_10 = tensor.expand_shape %27#0 [[0], [1], [2, 3]] output_shape [4, 2, 3, 1] : tensor<4x2x3xf32> into tensor<4x2x3x1xf32>
    %28 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22, %expanded_10 : tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>) outs(%7 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %37 = arith.subf %in, %in_14 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x32xf32>
    %29 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%28 : tensor<4x2x3x32xf32>) outs(%7 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = math.exp %in : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x32xf32>
    %30 = tensor.empty() : tensor<4x2x3x1xf32>
    %31 = linalg.fill ins(%cst : f32) outs(%30 : tensor<4x2x3x1xf32>) -> tensor<4x2x3x1xf32>
    %32 = linalg.generic {indexing_maps = [#map1, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%29 : tensor<4x2x3x32xf32>) outs(%31 : tensor<4x2x3x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.addf %in, %out : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x1xf32>
    %33 = linalg.generic {indexing_maps = [#map1, #map9, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%29, %32 : tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>) outs(%7 : tensor<4x2x3x32xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %37 = arith.divf %in, %in_14 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x3x32xf32>
    %collapsed_11 = tensor.collapse_shape %33 [[0, 1], [2], [3]] : tensor<4x2x3x32xf32> into tensor<8x3x32xf32>
    %collapsed_12 = tensor.collapse_shape %concat_6 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %34 = tensor.empty() : tensor<8x3x16xf32>
    %35 = linalg.fill ins(%cst : f32) outs(%34 : tensor<8x3x16xf32>) -> tensor<8x3x16xf32>
    %36 = linalg.batch_matmul ins(%collapsed_11, %collapsed_12 : tensor<8x3x32xf32>, tensor<8x32x16xf32>) outs(%35 : tensor<8x3x16xf32>) -> tensor<8x3x16xf32>
    %expanded_13 = tensor.expand_shape %36 [[0, 1], [2], [3]] output_shape [4, 2, 3, 16] : tensor<8x3x16xf32> into tensor<4x2x3x16xf32>
    return %expanded_13 : tensor<4x2x3x16xf32>
  }
}
