// name: window.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Sliding window over the border of prefix and suffix, several queries.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> (d1)>
#map3 = affine_map<(d0, d1) -> (d0, 0)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1) -> ()>
#map7 = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x4x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x4x16xf32> {
    %c12_i64 = arith.constant 12 : i64
    %c28_i64 = arith.constant 28 : i64
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<4x2x4x32xf32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_4 = arith.constant 0xFFF0000000000000 : f64
    %cst_5 = arith.constant 5.000000e-01 : f32
    %0 = tensor.empty() : tensor<32xi64>
    %1 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%0 : tensor<32xi64>) {
    ^bb0(%out: i64):
      %45 = linalg.index 0 : index
      %46 = arith.index_cast %45 : index to i64
      linalg.yield %46 : i64
    } -> tensor<32xi64>
    %2 = tensor.empty() : tensor<4xi64>
    %3 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%2 : tensor<4xi64>) {
    ^bb0(%out: i64):
      %45 = linalg.index 0 : index
      %46 = arith.index_cast %45 : index to i64
      linalg.yield %46 : i64
    } -> tensor<4xi64>
    %expanded = tensor.expand_shape %3 [[0, 1]] output_shape [4, 1] : tensor<4xi64> into tensor<4x1xi64>
    %4 = tensor.empty() : tensor<4x1xi64>
    %5 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%expanded : tensor<4x1xi64>) outs(%4 : tensor<4x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %45 = arith.addi %in, %c28_i64 : i64
      linalg.yield %45 : i64
    } -> tensor<4x1xi64>
    %6 = tensor.empty() : tensor<4x32xi1>
    %7 = linalg.generic {indexing_maps = [#map2, #map3, #map1], iterator_types = ["parallel", "parallel"]} ins(%1, %5 : tensor<32xi64>, tensor<4x1xi64>) outs(%6 : tensor<4x32xi1>) {
    ^bb0(%in: i64, %in_15: i64, %out: i1):
      %45 = arith.cmpi sle, %in, %in_15 : i64
      linalg.yield %45 : i1
    } -> tensor<4x32xi1>
    %8 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%5 : tensor<4x1xi64>) outs(%4 : tensor<4x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %45 = arith.subi %in, %c12_i64 : i64
      linalg.yield %45 : i64
    } -> tensor<4x1xi64>
    %9 = linalg.generic {indexing_maps = [#map2, #map3, #map1], iterator_types = ["parallel", "parallel"]} ins(%1, %8 : tensor<32xi64>, tensor<4x1xi64>) outs(%6 : tensor<4x32xi1>) {
    ^bb0(%in: i64, %in_15: i64, %out: i1):
      %45 = arith.cmpi sgt, %in, %in_15 : i64
      linalg.yield %45 : i1
    } -> tensor<4x32xi1>
    %10 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%7, %9 : tensor<4x32xi1>, tensor<4x32xi1>) outs(%6 : tensor<4x32xi1>) {
    ^bb0(%in: i1, %in_15: i1, %out: i1):
      %45 = arith.andi %in, %in_15 : i1
      linalg.yield %45 : i1
    } -> tensor<4x32xi1>
    %11 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %12 = linalg.generic {indexing_maps = [#map4, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x24x16xf32>) outs(%11 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %12, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %collapsed_6 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %13 = linalg.generic {indexing_maps = [#map4, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_6 : tensor<2x24x16xf32>) outs(%11 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_7 = tensor.concat dim(2) %13, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %14 = tensor.empty() : tensor<4x32xf32>
    %15 = linalg.generic {indexing_maps = [#map1, #map6, #map6, #map1], iterator_types = ["parallel", "parallel"]} ins(%10, %cst_2, %cst_3 : tensor<4x32xi1>, tensor<f32>, tensor<f32>) outs(%14 : tensor<4x32xf32>) {
    ^bb0(%in: i1, %in_15: f32, %in_16: f32, %out: f32):
      %45 = arith.select %in, %in_15, %in_16 : f32
      linalg.yield %45 : f32
    } -> tensor<4x32xf32>
    %16 = tensor.empty() : tensor<4x2x4x16xf32>
    %17 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<4x2x4x16xf32>) outs(%16 : tensor<4x2x4x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.mulf %in, %cst_5 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x4x16xf32>
    %18 = tensor.empty() : tensor<4x2x16x32xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x32x16xf32>) outs(%18 : tensor<4x2x16x32xf32>) permutation = [0, 1, 3, 2] 
    %19 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<4x2x16x32xf32>) outs(%18 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.mulf %in, %cst_5 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x16x32xf32>
    %collapsed_8 = tensor.collapse_shape %17 [[0, 1], [2], [3]] : tensor<4x2x4x16xf32> into tensor<8x4x16xf32>
    %collapsed_9 = tensor.collapse_shape %19 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %20 = tensor.empty() : tensor<8x4x32xf32>
    %21 = linalg.fill ins(%cst : f32) outs(%20 : tensor<8x4x32xf32>) -> tensor<8x4x32xf32>
    %22 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<8x4x16xf32>, tensor<8x16x32xf32>) outs(%21 : tensor<8x4x32xf32>) -> tensor<8x4x32xf32>
    %expanded_10 = tensor.expand_shape %22 [[0, 1], [2], [3]] output_shape [4, 2, 4, 32] : tensor<8x4x32xf32> into tensor<4x2x4x32xf32>
    %23 = tensor.empty() : tensor<4x2x4x32xf32>
    %24 = linalg.generic {indexing_maps = [#map5, #map7, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_10, %15 : tensor<4x2x4x32xf32>, tensor<4x32xf32>) outs(%23 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %45 = arith.addf %in, %in_15 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x4x32xf32>
    %25 = tensor.empty() : tensor<4x2x4xi64>
    %26 = linalg.fill ins(%c0_i64 : i64) outs(%25 : tensor<4x2x4xi64>) -> tensor<4x2x4xi64>
    %27 = tensor.empty() : tensor<4x2x4xf32>
    %28 = linalg.fill ins(%cst_0 : f32) outs(%27 : tensor<4x2x4xf32>) -> tensor<4x2x4xf32>
    %29:2 = linalg.generic {indexing_maps = [#map5, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%24 : tensor<4x2x4x32xf32>) outs(%28, %26 : tensor<4x2x4xf32>, tensor<4x2x4xi64>) {
    ^bb0(%in: f32, %out: f32, %out_15: i64):
      %45 = linalg.index 3 : index
      %46 = arith.index_cast %45 : index to i64
      %47 = arith.maximumf %in, %out : f32
      %48 = arith.cmpf ogt, %in, %out : f32
      %49 = arith.select %48, %46, %out_15 : i64
      linalg.yield %47, %49 : f32, i64
    } -> (tensor<4x2x4xf32>, tensor<4x2x4xi64>)
    %expanded_11 = tensor.expand_shape %29#0 [[0], [1], [2, 3]] output_shape [4, 2, 4, 1] : tensor<4x2x4xf32> into tensor<4x2x4x1xf32>
    %30 = linalg.generic {indexing_maps = [#map5, #map9, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24, %expanded_11 : tensor<4x2x4x32xf32>, tensor<4x2x4x1xf32>) outs(%23 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %45 = arith.subf %in, %in_15 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x4x32xf32>
    %31 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%30 : tensor<4x2x4x32xf32>) outs(%23 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = math.exp %in : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x4x32xf32>
    %32 = tensor.empty() : tensor<4x2x4x1xf32>
    %33 = linalg.fill ins(%cst : f32) outs(%32 : tensor<4x2x4x1xf32>) -> tensor<4x2x4x1xf32>
    %34 = linalg.generic {indexing_maps = [#map5, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%31 : tensor<4x2x4x32xf32>) outs(%33 : tensor<4x2x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %45 = arith.addf %in, %out : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x4x1xf32>
    %35 = linalg.generic {indexing_maps = [#map5, #map9, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%31, %34 : tensor<4x2x4x32xf32>, tensor<4x2x4x1xf32>) outs(%23 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %in_15: f32, %out: f32):
      %45 = arith.divf %in, %in_15 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x4x32xf32>
    %36 = tensor.empty() : tensor<4x2x4x32xi1>
    %37 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24 : tensor<4x2x4x32xf32>) outs(%36 : tensor<4x2x4x32xi1>) {
    ^bb0(%in: f32, %out: i1):
      %45 = arith.extf %in : f32 to f64
      %46 = arith.cmpf oeq, %45, %cst_4 : f64
      linalg.yield %46 : i1
    } -> tensor<4x2x4x32xi1>
    %38 = tensor.empty() : tensor<4x2x4x1xi1>
    %39 = linalg.fill ins(%true : i1) outs(%38 : tensor<4x2x4x1xi1>) -> tensor<4x2x4x1xi1>
    %40 = linalg.generic {indexing_maps = [#map5, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%37 : tensor<4x2x4x32xi1>) outs(%39 : tensor<4x2x4x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %45 = arith.andi %in, %out : i1
      linalg.yield %45 : i1
    } -> tensor<4x2x4x1xi1>
    %41 = linalg.generic {indexing_maps = [#map9, #map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%40, %cst_1, %35 : tensor<4x2x4x1xi1>, tensor<4x2x4x32xf32>, tensor<4x2x4x32xf32>) outs(%23 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: i1, %in_15: f32, %in_16: f32, %out: f32):
      %45 = arith.select %in, %in_15, %in_16 : f32
      linalg.yield %45 : f32
    } -> tensor<4x2x4x32xf32>
    %collapsed_12 = tensor.collapse_shape %41 [[0, 1], [2], [3]] : tensor<4x2x4x32xf32> into tensor<8x4x32xf32>
    %collapsed_13 = tensor.collapse_shape %concat_7 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %42 = tensor.empty() : tensor<8x4x16xf32>
    %43 = linalg.fill ins(%cst : f32) outs(%42 : tensor<8x4x16xf32>) -> tensor<8x4x16xf32>
    %44 = linalg.batch_matmul ins(%collapsed_12, %collapsed_13 : tensor<8x4x32xf32>, tensor<8x32x16xf32>) outs(%43 : tensor<8x4x16xf32>) -> tensor<8x4x16xf32>
    %expanded_14 = tensor.expand_shape %44 [[0, 1], [2], [3]] output_shape [4, 2, 4, 16] : tensor<8x4x16xf32> into tensor<4x2x4x16xf32>
    return %expanded_14 : tensor<4x2x4x16xf32>
  }
}
