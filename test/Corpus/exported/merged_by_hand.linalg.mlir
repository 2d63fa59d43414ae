// name: merged_by_hand.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Prefix and suffix attended apart and merged through log-sum-exp.
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> ()>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant 0x7FF0000000000000 : f64
    %cst_3 = arith.constant 4.000000e+00 : f32
    %0 = tensor.empty() : tensor<1x2x16x24xf32>
    %transposed = linalg.transpose ins(%arg1 : tensor<1x2x24x16xf32>) outs(%0 : tensor<1x2x16x24xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x1x16xf32> into tensor<8x1x16xf32>
    %1 = tensor.empty() : tensor<4x2x16x24xf32>
    %collapsed_4 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<1x2x16x24xf32> into tensor<2x16x24xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_4 : tensor<2x16x24xf32>) outs(%1 : tensor<4x2x16x24xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x24xf32>
    %collapsed_5 = tensor.collapse_shape %2 [[0, 1], [2], [3]] : tensor<4x2x16x24xf32> into tensor<8x16x24xf32>
    %3 = tensor.empty() : tensor<8x1x24xf32>
    %4 = linalg.fill ins(%cst : f32) outs(%3 : tensor<8x1x24xf32>) -> tensor<8x1x24xf32>
    %5 = linalg.batch_matmul ins(%collapsed, %collapsed_5 : tensor<8x1x16xf32>, tensor<8x16x24xf32>) outs(%4 : tensor<8x1x24xf32>) -> tensor<8x1x24xf32>
    %expanded = tensor.expand_shape %5 [[0, 1], [2], [3]] output_shape [4, 2, 1, 24] : tensor<8x1x24xf32> into tensor<4x2x1x24xf32>
    %6 = tensor.empty() : tensor<4x2x1x24xf32>
    %7 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x1x24xf32>) outs(%6 : tensor<4x2x1x24xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = arith.divf %in, %cst_3 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x24xf32>
    %8 = tensor.empty() : tensor<4x2x1xi64>
    %9 = linalg.fill ins(%c0_i64 : i64) outs(%8 : tensor<4x2x1xi64>) -> tensor<4x2x1xi64>
    %10 = tensor.empty() : tensor<4x2x1xf32>
    %11 = linalg.fill ins(%cst_0 : f32) outs(%10 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %12:2 = linalg.generic {indexing_maps = [#map1, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%7 : tensor<4x2x1x24xf32>) outs(%11, %9 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_18: i64):
      %60 = linalg.index 3 : index
      %61 = arith.index_cast %60 : index to i64
      %62 = arith.maximumf %in, %out : f32
      %63 = arith.cmpf ogt, %in, %out : f32
      %64 = arith.select %63, %61, %out_18 : i64
      linalg.yield %62, %64 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_6 = tensor.expand_shape %12#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %13 = tensor.empty() : tensor<4x2x1x1xf32>
    %14 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_6 : tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.absf %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %15 = tensor.empty() : tensor<4x2x1x1xi1>
    %16 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14 : tensor<4x2x1x1xf32>) outs(%15 : tensor<4x2x1x1xi1>) {
    ^bb0(%in: f32, %out: i1):
      %60 = arith.extf %in : f32 to f64
      %61 = arith.cmpf oeq, %60, %cst_2 : f64
      linalg.yield %61 : i1
    } -> tensor<4x2x1x1xi1>
    %17 = linalg.generic {indexing_maps = [#map1, #map3, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16, %cst_1, %expanded_6 : tensor<4x2x1x1xi1>, tensor<f32>, tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: i1, %in_18: f32, %in_19: f32, %out: f32):
      %60 = arith.select %in, %in_18, %in_19 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %18 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %17 : tensor<4x2x1x24xf32>, tensor<4x2x1x1xf32>) outs(%6 : tensor<4x2x1x24xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.subf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x24xf32>
    %19 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18 : tensor<4x2x1x24xf32>) outs(%6 : tensor<4x2x1x24xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.exp %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x24xf32>
    %20 = linalg.fill ins(%cst : f32) outs(%13 : tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %21 = linalg.generic {indexing_maps = [#map1, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%19 : tensor<4x2x1x24xf32>) outs(%20 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = arith.addf %in, %out : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %22 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.log %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %23 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22, %17 : tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.addf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %24 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %23 : tensor<4x2x1x24xf32>, tensor<4x2x1x1xf32>) outs(%6 : tensor<4x2x1x24xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.subf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x24xf32>
    %25 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24 : tensor<4x2x1x24xf32>) outs(%6 : tensor<4x2x1x24xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.exp %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x24xf32>
    %collapsed_7 = tensor.collapse_shape %25 [[0, 1], [2], [3]] : tensor<4x2x1x24xf32> into tensor<8x1x24xf32>
    %26 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed_8 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %27 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_8 : tensor<2x24x16xf32>) outs(%26 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %collapsed_9 = tensor.collapse_shape %27 [[0, 1], [2], [3]] : tensor<4x2x24x16xf32> into tensor<8x24x16xf32>
    %28 = tensor.empty() : tensor<8x1x16xf32>
    %29 = linalg.fill ins(%cst : f32) outs(%28 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %30 = linalg.batch_matmul ins(%collapsed_7, %collapsed_9 : tensor<8x1x24xf32>, tensor<8x24x16xf32>) outs(%29 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_10 = tensor.expand_shape %30 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    %31 = tensor.empty() : tensor<4x2x16x8xf32>
    %transposed_11 = linalg.transpose ins(%arg3 : tensor<4x2x8x16xf32>) outs(%31 : tensor<4x2x16x8xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_12 = tensor.collapse_shape %transposed_11 [[0, 1], [2], [3]] : tensor<4x2x16x8xf32> into tensor<8x16x8xf32>
    %32 = tensor.empty() : tensor<8x1x8xf32>
    %33 = linalg.fill ins(%cst : f32) outs(%32 : tensor<8x1x8xf32>) -> tensor<8x1x8xf32>
    %34 = linalg.batch_matmul ins(%collapsed, %collapsed_12 : tensor<8x1x16xf32>, tensor<8x16x8xf32>) outs(%33 : tensor<8x1x8xf32>) -> tensor<8x1x8xf32>
    %expanded_13 = tensor.expand_shape %34 [[0, 1], [2], [3]] output_shape [4, 2, 1, 8] : tensor<8x1x8xf32> into tensor<4x2x1x8xf32>
    %35 = tensor.empty() : tensor<4x2x1x8xf32>
    %36 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_13 : tensor<4x2x1x8xf32>) outs(%35 : tensor<4x2x1x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = arith.divf %in, %cst_3 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x8xf32>
    %37:2 = linalg.generic {indexing_maps = [#map1, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%36 : tensor<4x2x1x8xf32>) outs(%11, %9 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_18: i64):
      %60 = linalg.index 3 : index
      %61 = arith.index_cast %60 : index to i64
      %62 = arith.maximumf %in, %out : f32
      %63 = arith.cmpf ogt, %in, %out : f32
      %64 = arith.select %63, %61, %out_18 : i64
      linalg.yield %62, %64 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_14 = tensor.expand_shape %37#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %38 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_14 : tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.absf %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %39 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%38 : tensor<4x2x1x1xf32>) outs(%15 : tensor<4x2x1x1xi1>) {
    ^bb0(%in: f32, %out: i1):
      %60 = arith.extf %in : f32 to f64
      %61 = arith.cmpf oeq, %60, %cst_2 : f64
      linalg.yield %61 : i1
    } -> tensor<4x2x1x1xi1>
    %40 = linalg.generic {indexing_maps = [#map1, #map3, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%39, %cst_1, %expanded_14 : tensor<4x2x1x1xi1>, tensor<f32>, tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: i1, %in_18: f32, %in_19: f32, %out: f32):
      %60 = arith.select %in, %in_18, %in_19 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %41 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%36, %40 : tensor<4x2x1x8xf32>, tensor<4x2x1x1xf32>) outs(%35 : tensor<4x2x1x8xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.subf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x8xf32>
    %42 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%41 : tensor<4x2x1x8xf32>) outs(%35 : tensor<4x2x1x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.exp %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x8xf32>
    %43 = linalg.generic {indexing_maps = [#map1, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%42 : tensor<4x2x1x8xf32>) outs(%20 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = arith.addf %in, %out : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %44 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%43 : tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.log %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %45 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%44, %40 : tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.addf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %46 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%36, %45 : tensor<4x2x1x8xf32>, tensor<4x2x1x1xf32>) outs(%35 : tensor<4x2x1x8xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.subf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x8xf32>
    %47 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%46 : tensor<4x2x1x8xf32>) outs(%35 : tensor<4x2x1x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.exp %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x8xf32>
    %collapsed_15 = tensor.collapse_shape %47 [[0, 1], [2], [3]] : tensor<4x2x1x8xf32> into tensor<8x1x8xf32>
    %collapsed_16 = tensor.collapse_shape %arg4 [[0, 1], [2], [3]] : tensor<4x2x8x16xf32> into tensor<8x8x16xf32>
    %48 = linalg.batch_matmul ins(%collapsed_15, %collapsed_16 : tensor<8x1x8xf32>, tensor<8x8x16xf32>) outs(%29 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_17 = tensor.expand_shape %48 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    %49 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %45 : tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.cmpf ogt, %in, %in_18 : f32
      %61 = arith.select %60, %in, %in_18 : f32
      linalg.yield %61 : f32
    } -> tensor<4x2x1x1xf32>
    %50 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %49 : tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.subf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %51 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%50 : tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.exp %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %52 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%45, %49 : tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.subf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %53 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%52 : tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %60 = math.exp %in : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %54 = tensor.empty() : tensor<4x2x1x16xf32>
    %55 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_10, %51 : tensor<4x2x1x16xf32>, tensor<4x2x1x1xf32>) outs(%54 : tensor<4x2x1x16xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.mulf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x16xf32>
    %56 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_17, %53 : tensor<4x2x1x16xf32>, tensor<4x2x1x1xf32>) outs(%54 : tensor<4x2x1x16xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.mulf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x16xf32>
    %57 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%55, %56 : tensor<4x2x1x16xf32>, tensor<4x2x1x16xf32>) outs(%54 : tensor<4x2x1x16xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.addf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x16xf32>
    %58 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%51, %53 : tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) outs(%13 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.addf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x1xf32>
    %59 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%57, %58 : tensor<4x2x1x16xf32>, tensor<4x2x1x1xf32>) outs(%54 : tensor<4x2x1x16xf32>) {
    ^bb0(%in: f32, %in_18: f32, %out: f32):
      %60 = arith.divf %in, %in_18 : f32
      linalg.yield %60 : f32
    } -> tensor<4x2x1x16xf32>
    return %59 : tensor<4x2x1x16xf32>
  }
}
