// name: head_temperature.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Cosine attention: normalised queries and keys, a learned temperature per head.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map4 = affine_map<(d0, d1, d2, d3) -> (0, d1, 0, 0)>
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>, %arg5: tensor<2xf32>) -> tensor<4x2x2x16xf32> {
    %cst = arith.constant 0.000000e+00 : f32
    %c0_i64 = arith.constant 0 : i64
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 9.9999999999999998E-13 : f64
    %cst_2 = arith.constant 5.000000e-01 : f32
    %cst_3 = arith.constant 2.000000e+00 : f32
    %0 = tensor.empty() : tensor<1x2x24x1xf32>
    %1 = linalg.fill ins(%cst : f32) outs(%0 : tensor<1x2x24x1xf32>) -> tensor<1x2x24x1xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%arg1 : tensor<1x2x24x16xf32>) outs(%1 : tensor<1x2x24x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.absf %in : f32
      %46 = math.powf %45, %cst_3 : f32
      %47 = arith.addf %46, %out : f32
      linalg.yield %47 : f32
    } -> tensor<1x2x24x1xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%2 : tensor<1x2x24x1xf32>) outs(%0 : tensor<1x2x24x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.powf %in, %cst_2 : f32
      linalg.yield %45 : f32
    } -> tensor<1x2x24x1xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%3 : tensor<1x2x24x1xf32>) outs(%0 : tensor<1x2x24x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.truncf %cst_1 : f64 to f32
      %46 = arith.cmpf ult, %in, %45 : f32
      %47 = arith.select %46, %45, %in : f32
      linalg.yield %47 : f32
    } -> tensor<1x2x24x1xf32>
    %5 = tensor.empty() : tensor<1x2x24x16xf32>
    %collapsed = tensor.collapse_shape %4 [[0], [1], [2, 3]] : tensor<1x2x24x1xf32> into tensor<1x2x24xf32>
    %6 = linalg.generic {indexing_maps = [#map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<1x2x24xf32>) outs(%5 : tensor<1x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x2x24x16xf32>
    %7 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1, %6 : tensor<1x2x24x16xf32>, tensor<1x2x24x16xf32>) outs(%5 : tensor<1x2x24x16xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %45 = arith.divf %in, %in_16 : f32
      linalg.yield %45 : f32
    } -> tensor<1x2x24x16xf32>
    %8 = tensor.empty() : tensor<4x2x8x1xf32>
    %9 = linalg.fill ins(%cst : f32) outs(%8 : tensor<4x2x8x1xf32>) -> tensor<4x2x8x1xf32>
    %10 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%arg3 : tensor<4x2x8x16xf32>) outs(%9 : tensor<4x2x8x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.absf %in : f32
      %46 = math.powf %45, %cst_3 : f32
      %47 = arith.addf %46, %out : f32
      linalg.yield %47 : f32
    } -> tensor<4x2x8x1xf32>
    %11 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%10 : tensor<4x2x8x1xf32>) outs(%8 : tensor<4x2x8x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.powf %in, %cst_2 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x8x1xf32>
    %12 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%11 : tensor<4x2x8x1xf32>) outs(%8 : tensor<4x2x8x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.truncf %cst_1 : f64 to f32
      %46 = arith.cmpf ult, %in, %45 : f32
      %47 = arith.select %46, %45, %in : f32
      linalg.yield %47 : f32
    } -> tensor<4x2x8x1xf32>
    %13 = tensor.empty() : tensor<4x2x8x16xf32>
    %collapsed_4 = tensor.collapse_shape %12 [[0], [1], [2, 3]] : tensor<4x2x8x1xf32> into tensor<4x2x8xf32>
    %14 = linalg.generic {indexing_maps = [#map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_4 : tensor<4x2x8xf32>) outs(%13 : tensor<4x2x8x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x8x16xf32>
    %15 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg3, %14 : tensor<4x2x8x16xf32>, tensor<4x2x8x16xf32>) outs(%13 : tensor<4x2x8x16xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %45 = arith.divf %in, %in_16 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x8x16xf32>
    %16 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed_5 = tensor.collapse_shape %7 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %17 = linalg.generic {indexing_maps = [#map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_5 : tensor<2x24x16xf32>) outs(%16 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %17, %15 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %collapsed_6 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %18 = linalg.generic {indexing_maps = [#map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_6 : tensor<2x24x16xf32>) outs(%16 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_7 = tensor.concat dim(2) %18, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %19 = tensor.empty() : tensor<4x2x2x1xf32>
    %20 = linalg.fill ins(%cst : f32) outs(%19 : tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %21 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%arg0 : tensor<4x2x2x16xf32>) outs(%20 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.absf %in : f32
      %46 = math.powf %45, %cst_3 : f32
      %47 = arith.addf %46, %out : f32
      linalg.yield %47 : f32
    } -> tensor<4x2x2x1xf32>
    %22 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<4x2x2x1xf32>) outs(%19 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.powf %in, %cst_2 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x2x1xf32>
    %23 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22 : tensor<4x2x2x1xf32>) outs(%19 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.truncf %cst_1 : f64 to f32
      %46 = arith.cmpf ult, %in, %45 : f32
      %47 = arith.select %46, %45, %in : f32
      linalg.yield %47 : f32
    } -> tensor<4x2x2x1xf32>
    %24 = tensor.empty() : tensor<4x2x2x16xf32>
    %collapsed_8 = tensor.collapse_shape %23 [[0], [1], [2, 3]] : tensor<4x2x2x1xf32> into tensor<4x2x2xf32>
    %25 = linalg.generic {indexing_maps = [#map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_8 : tensor<4x2x2xf32>) outs(%24 : tensor<4x2x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x16xf32>
    %26 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0, %25 : tensor<4x2x2x16xf32>, tensor<4x2x2x16xf32>) outs(%24 : tensor<4x2x2x16xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %45 = arith.divf %in, %in_16 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x2x16xf32>
    %27 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%27 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_9 = tensor.collapse_shape %26 [[0, 1], [2], [3]] : tensor<4x2x2x16xf32> into tensor<8x2x16xf32>
    %collapsed_10 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %28 = tensor.empty() : tensor<8x2x32xf32>
    %29 = linalg.fill ins(%cst : f32) outs(%28 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %30 = linalg.batch_matmul ins(%collapsed_9, %collapsed_10 : tensor<8x2x16xf32>, tensor<8x16x32xf32>) outs(%29 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded = tensor.expand_shape %30 [[0, 1], [2], [3]] output_shape [4, 2, 2, 32] : tensor<8x2x32xf32> into tensor<4x2x2x32xf32>
    %expanded_11 = tensor.expand_shape %arg5 [[0, 1, 2, 3]] output_shape [1, 2, 1, 1] : tensor<2xf32> into tensor<1x2x1x1xf32>
    %31 = tensor.empty() : tensor<4x2x2x32xf32>
    %32 = linalg.generic {indexing_maps = [#map, #map4, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded, %expanded_11 : tensor<4x2x2x32xf32>, tensor<1x2x1x1xf32>) outs(%31 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %45 = arith.mulf %in, %in_16 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x2x32xf32>
    %33 = tensor.empty() : tensor<4x2x2xi64>
    %34 = linalg.fill ins(%c0_i64 : i64) outs(%33 : tensor<4x2x2xi64>) -> tensor<4x2x2xi64>
    %35 = tensor.empty() : tensor<4x2x2xf32>
    %36 = linalg.fill ins(%cst_0 : f32) outs(%35 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %37:2 = linalg.generic {indexing_maps = [#map, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%32 : tensor<4x2x2x32xf32>) outs(%36, %34 : tensor<4x2x2xf32>, tensor<4x2x2xi64>) {
    ^bb0(%in: f32, %out: f32, %out_16: i64):
      %45 = linalg.index 3 : index
      %46 = arith.index_cast %45 : index to i64
      %47 = arith.maximumf %in, %out : f32
      %48 = arith.cmpf ogt, %in, %out : f32
      %49 = arith.select %48, %46, %out_16 : i64
      linalg.yield %47, %49 : f32, i64
    } -> (tensor<4x2x2xf32>, tensor<4x2x2xi64>)
    %expanded_12 = tensor.expand_shape %37#0 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %38 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32, %expanded_12 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%31 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %45 = arith.subf %in, %in_16 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x2x32xf32>
    %39 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%38 : tensor<4x2x2x32xf32>) outs(%31 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.exp %in : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x2x32xf32>
    %40 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%39 : tensor<4x2x2x32xf32>) outs(%20 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.addf %in, %out : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x2x1xf32>
    %41 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%39, %40 : tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) outs(%31 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %45 = arith.divf %in, %in_16 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x2x32xf32>
    %collapsed_13 = tensor.collapse_shape %41 [[0, 1], [2], [3]] : tensor<4x2x2x32xf32> into tensor<8x2x32xf32>
    %collapsed_14 = tensor.collapse_shape %concat_7 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %42 = tensor.empty() : tensor<8x2x16xf32>
    %43 = linalg.fill ins(%cst : f32) outs(%42 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %44 = linalg.batch_matmul ins(%collapsed_13, %collapsed_14 : tensor<8x2x32xf32>, tensor<8x32x16xf32>) outs(%43 : tensor<8x2x16xf32>) -> tensor<8x2x16xf32>
    %expanded_15 = tensor.expand_shape %44 [[0, 1], [2], [3]] output_shape [4, 2, 2, 16] : tensor<8x2x16xf32> into tensor<4x2x2x16xf32>
    return %expanded_15 : tensor<4x2x2x16xf32>
  }
}
