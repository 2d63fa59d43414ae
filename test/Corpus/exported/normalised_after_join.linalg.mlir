// name: normalised_after_join.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Keys normalised after they were put together (QK norm on the whole cache).
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x2x16xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %c0_i64 = arith.constant 0 : i64
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 9.9999999999999998E-13 : f64
    %cst_2 = arith.constant 5.000000e-01 : f32
    %cst_3 = arith.constant 8.000000e+00 : f32
    %cst_4 = arith.constant 2.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x2x2x1xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%arg0 : tensor<4x2x2x16xf32>) outs(%1 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = math.absf %in : f32
      %38 = math.powf %37, %cst_4 : f32
      %39 = arith.addf %38, %out : f32
      linalg.yield %39 : f32
    } -> tensor<4x2x2x1xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%2 : tensor<4x2x2x1xf32>) outs(%0 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = math.powf %in, %cst_2 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x2x1xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%3 : tensor<4x2x2x1xf32>) outs(%0 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.truncf %cst_1 : f64 to f32
      %38 = arith.cmpf ult, %in, %37 : f32
      %39 = arith.select %38, %37, %in : f32
      linalg.yield %39 : f32
    } -> tensor<4x2x2x1xf32>
    %5 = tensor.empty() : tensor<4x2x2x16xf32>
    %collapsed = tensor.collapse_shape %4 [[0], [1], [2, 3]] : tensor<4x2x2x1xf32> into tensor<4x2x2xf32>
    %6 = linalg.generic {indexing_maps = [#map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<4x2x2xf32>) outs(%5 : tensor<4x2x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x16xf32>
    %7 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0, %6 : tensor<4x2x2x16xf32>, tensor<4x2x2x16xf32>) outs(%5 : tensor<4x2x2x16xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %37 = arith.divf %in, %in_15 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x2x16xf32>
    %8 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed_5 = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %9 = linalg.generic {indexing_maps = [#map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_5 : tensor<2x24x16xf32>) outs(%8 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %9, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %10 = tensor.empty() : tensor<4x2x32x1xf32>
    %11 = linalg.fill ins(%cst : f32) outs(%10 : tensor<4x2x32x1xf32>) -> tensor<4x2x32x1xf32>
    %12 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%concat : tensor<4x2x32x16xf32>) outs(%11 : tensor<4x2x32x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = math.absf %in : f32
      %38 = math.powf %37, %cst_4 : f32
      %39 = arith.addf %38, %out : f32
      linalg.yield %39 : f32
    } -> tensor<4x2x32x1xf32>
    %13 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%12 : tensor<4x2x32x1xf32>) outs(%10 : tensor<4x2x32x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = math.powf %in, %cst_2 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x32x1xf32>
    %14 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%13 : tensor<4x2x32x1xf32>) outs(%10 : tensor<4x2x32x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.truncf %cst_1 : f64 to f32
      %38 = arith.cmpf ult, %in, %37 : f32
      %39 = arith.select %38, %37, %in : f32
      linalg.yield %39 : f32
    } -> tensor<4x2x32x1xf32>
    %15 = tensor.empty() : tensor<4x2x32x16xf32>
    %collapsed_6 = tensor.collapse_shape %14 [[0], [1], [2, 3]] : tensor<4x2x32x1xf32> into tensor<4x2x32xf32>
    %16 = linalg.generic {indexing_maps = [#map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_6 : tensor<4x2x32xf32>) outs(%15 : tensor<4x2x32x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x32x16xf32>
    %17 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%concat, %16 : tensor<4x2x32x16xf32>, tensor<4x2x32x16xf32>) outs(%15 : tensor<4x2x32x16xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %37 = arith.divf %in, %in_15 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x32x16xf32>
    %collapsed_7 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %18 = linalg.generic {indexing_maps = [#map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_7 : tensor<2x24x16xf32>) outs(%8 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_8 = tensor.concat dim(2) %18, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %19 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%17 : tensor<4x2x32x16xf32>) outs(%19 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_9 = tensor.collapse_shape %7 [[0, 1], [2], [3]] : tensor<4x2x2x16xf32> into tensor<8x2x16xf32>
    %collapsed_10 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %20 = tensor.empty() : tensor<8x2x32xf32>
    %21 = linalg.fill ins(%cst : f32) outs(%20 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %22 = linalg.batch_matmul ins(%collapsed_9, %collapsed_10 : tensor<8x2x16xf32>, tensor<8x16x32xf32>) outs(%21 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded = tensor.expand_shape %22 [[0, 1], [2], [3]] output_shape [4, 2, 2, 32] : tensor<8x2x32xf32> into tensor<4x2x2x32xf32>
    %23 = tensor.empty() : tensor<4x2x2x32xf32>
    %24 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x2x32xf32>) outs(%23 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.mulf %in, %cst_3 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x2x32xf32>
    %25 = tensor.empty() : tensor<4x2x2xi64>
    %26 = linalg.fill ins(%c0_i64 : i64) outs(%25 : tensor<4x2x2xi64>) -> tensor<4x2x2xi64>
    %27 = tensor.empty() : tensor<4x2x2xf32>
    %28 = linalg.fill ins(%cst_0 : f32) outs(%27 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %29:2 = linalg.generic {indexing_maps = [#map, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%24 : tensor<4x2x2x32xf32>) outs(%28, %26 : tensor<4x2x2xf32>, tensor<4x2x2xi64>) {
    ^bb0(%in: f32, %out: f32, %out_15: i64):
      %37 = linalg.index 3 : index
      %38 = arith.index_cast %37 : index to i64
      %39 = arith.maximumf %in, %out : f32
      %40 = arith.cmpf ogt, %in, %out : f32
      %41 = arith.select %40, %38, %out_15 : i64
      linalg.yield %39, %41 : f32, i64
    } -> (tensor<4x2x2xf32>, tensor<4x2x2xi64>)
    %expanded_11 = tensor.expand_shape %29#0 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %30 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24, %expanded_11 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%23 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %37 = arith.subf %in, %in_15 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x2x32xf32>
    %31 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%30 : tensor<4x2x2x32xf32>) outs(%23 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = math.exp %in : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x2x32xf32>
    %32 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%31 : tensor<4x2x2x32xf32>) outs(%1 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %37 = arith.addf %in, %out : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x2x1xf32>
    %33 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%31, %32 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%23 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %37 = arith.divf %in, %in_15 : f32
      linalg.yield %37 : f32
    } -> tensor<4x2x2x32xf32>
    %collapsed_12 = tensor.collapse_shape %33 [[0, 1], [2], [3]] : tensor<4x2x2x32xf32> into tensor<8x2x32xf32>
    %collapsed_13 = tensor.collapse_shape %concat_8 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %34 = tensor.empty() : tensor<8x2x16xf32>
    %35 = linalg.fill ins(%cst : f32) outs(%34 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %36 = linalg.batch_matmul ins(%collapsed_12, %collapsed_13 : tensor<8x2x32xf32>, tensor<8x32x16xf32>) outs(%35 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %expanded_14 = tensor.expand_shape %36 [[0, 1], [2], [3]] output_shape [4, 2, 2, 16] : tensor<8x2x16xf32> into tensor<4x2x2x16xf32>
    return %expanded_14 : tensor<4x2x2x16xf32>
  }
}
