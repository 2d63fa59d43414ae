// name: dynamic_suffix_mask.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: An unknown number of own keys, ragged lengths.
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<()[s0] -> (s0 + 24)>
#map3 = affine_map<(d0) -> (d0)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d3)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, 0, d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> ()>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x?x16xf32>, %arg4: tensor<4x2x?x16xf32>, %arg5: tensor<4xi64>) -> tensor<4x2x1x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c24_i64 = arith.constant 24 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_2 = arith.constant 2.500000e-01 : f32
    %dim = tensor.dim %arg3, %c2 : tensor<4x2x?x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty() : tensor<4x2x24x16xf32>
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x24x16xf32>) outs(%1 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat = tensor.concat dim(2) %2, %arg3 : (tensor<4x2x24x16xf32>, tensor<4x2x?x16xf32>) -> tensor<4x2x?x16xf32>
    %collapsed_3 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_3 : tensor<2x24x16xf32>) outs(%1 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %concat_4 = tensor.concat dim(2) %3, %arg4 : (tensor<4x2x24x16xf32>, tensor<4x2x?x16xf32>) -> tensor<4x2x?x16xf32>
    %4 = affine.apply #map2()[%dim]
    %5 = tensor.empty(%4) : tensor<4x2x16x?xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x?x16xf32>) outs(%5 : tensor<4x2x16x?xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_5 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x1x16xf32> into tensor<8x1x16xf32>
    %6 = arith.addi %0, %c24_i64 : i64
    %7 = arith.index_cast %6 : i64 to index
    %8 = arith.cmpi sge, %6, %c0_i64 : i64
    cf.assert %8, "unimplemented: dynamic negative broadcast sizes"
    %9 = tensor.empty(%7) : tensor<4x2x16x?xf32>
    %10 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%9 : tensor<4x2x16x?xf32>) {
    ^bb0(%out: f32):
      %40 = linalg.index 0 : index
      %41 = linalg.index 1 : index
      %42 = linalg.index 2 : index
      %43 = linalg.index 3 : index
      %44 = arith.cmpi eq, %4, %c1 : index
      %45 = arith.select %44, %c0, %43 : index
      %extracted = tensor.extract %transposed[%40, %41, %42, %45] : tensor<4x2x16x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x16x?xf32>
    %collapsed_6 = tensor.collapse_shape %10 [[0, 1], [2], [3]] : tensor<4x2x16x?xf32> into tensor<8x16x?xf32>
    %11 = tensor.empty(%7) : tensor<8x1x?xf32>
    %12 = linalg.fill ins(%cst : f32) outs(%11 : tensor<8x1x?xf32>) -> tensor<8x1x?xf32>
    %13 = linalg.batch_matmul ins(%collapsed_5, %collapsed_6 : tensor<8x1x16xf32>, tensor<8x16x?xf32>) outs(%12 : tensor<8x1x?xf32>) -> tensor<8x1x?xf32>
    %expanded = tensor.expand_shape %13 [[0, 1], [2], [3]] output_shape [4, 2, 1, %7] : tensor<8x1x?xf32> into tensor<4x2x1x?xf32>
    %14 = tensor.empty(%7) : tensor<4x2x1x?xf32>
    %15 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x1x?xf32>) outs(%14 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %40 = arith.mulf %in, %cst_2 : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x1x?xf32>
    %16 = tensor.empty(%7) : tensor<?xi64>
    %17 = linalg.generic {indexing_maps = [#map3], iterator_types = ["parallel"]} outs(%16 : tensor<?xi64>) {
    ^bb0(%out: i64):
      %40 = linalg.index 0 : index
      %41 = arith.index_cast %40 : index to i64
      linalg.yield %41 : i64
    } -> tensor<?xi64>
    %expanded_7 = tensor.expand_shape %arg5 [[0, 1, 2, 3]] output_shape [4, 1, 1, 1] : tensor<4xi64> into tensor<4x1x1x1xi64>
    %18 = tensor.empty() : tensor<4x1x1x1xi64>
    %19 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_7 : tensor<4x1x1x1xi64>) outs(%18 : tensor<4x1x1x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %40 = arith.addi %in, %c24_i64 : i64
      linalg.yield %40 : i64
    } -> tensor<4x1x1x1xi64>
    %20 = tensor.empty(%7) : tensor<4x1x1x?xi1>
    %21 = linalg.generic {indexing_maps = [#map4, #map5, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17, %19 : tensor<?xi64>, tensor<4x1x1x1xi64>) outs(%20 : tensor<4x1x1x?xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %40 = arith.cmpi sge, %in, %in_12 : i64
      linalg.yield %40 : i1
    } -> tensor<4x1x1x?xi1>
    %22 = linalg.generic {indexing_maps = [#map6, #map7, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21, %cst_1, %15 : tensor<4x1x1x?xi1>, tensor<f32>, tensor<4x2x1x?xf32>) outs(%14 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: i1, %in_12: f32, %in_13: f32, %out: f32):
      %40 = arith.select %in, %in_12, %in_13 : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x1x?xf32>
    %23 = tensor.empty() : tensor<4x2x1xi64>
    %24 = linalg.fill ins(%c0_i64 : i64) outs(%23 : tensor<4x2x1xi64>) -> tensor<4x2x1xi64>
    %25 = tensor.empty() : tensor<4x2x1xf32>
    %26 = linalg.fill ins(%cst_0 : f32) outs(%25 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %27:2 = linalg.generic {indexing_maps = [#map1, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%22 : tensor<4x2x1x?xf32>) outs(%26, %24 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_12: i64):
      %40 = linalg.index 3 : index
      %41 = arith.index_cast %40 : index to i64
      %42 = arith.maximumf %in, %out : f32
      %43 = arith.cmpf ogt, %in, %out : f32
      %44 = arith.select %43, %41, %out_12 : i64
      linalg.yield %42, %44 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_8 = tensor.expand_shape %27#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %28 = linalg.generic {indexing_maps = [#map1, #map5, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22, %expanded_8 : tensor<4x2x1x?xf32>, tensor<4x2x1x1xf32>) outs(%14 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %40 = arith.subf %in, %in_12 : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x1x?xf32>
    %29 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%28 : tensor<4x2x1x?xf32>) outs(%14 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %40 = math.exp %in : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x1x?xf32>
    %30 = tensor.empty() : tensor<4x2x1x1xf32>
    %31 = linalg.fill ins(%cst : f32) outs(%30 : tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %32 = linalg.generic {indexing_maps = [#map1, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%29 : tensor<4x2x1x?xf32>) outs(%31 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %40 = arith.addf %in, %out : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x1x1xf32>
    %33 = linalg.generic {indexing_maps = [#map1, #map5, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%29, %32 : tensor<4x2x1x?xf32>, tensor<4x2x1x1xf32>) outs(%14 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %40 = arith.divf %in, %in_12 : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x1x?xf32>
    cf.assert %8, "unimplemented: dynamic negative broadcast sizes"
    %34 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%14 : tensor<4x2x1x?xf32>) {
    ^bb0(%out: f32):
      %40 = linalg.index 0 : index
      %41 = linalg.index 1 : index
      %42 = linalg.index 3 : index
      %43 = arith.cmpi eq, %7, %c1 : index
      %44 = arith.select %43, %c0, %42 : index
      %extracted = tensor.extract %33[%40, %41, %c0, %44] : tensor<4x2x1x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x1x?xf32>
    %collapsed_9 = tensor.collapse_shape %34 [[0, 1], [2], [3]] : tensor<4x2x1x?xf32> into tensor<8x1x?xf32>
    cf.assert %8, "unimplemented: dynamic negative broadcast sizes"
    %35 = tensor.empty(%7) : tensor<4x2x?x16xf32>
    %36 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%35 : tensor<4x2x?x16xf32>) {
    ^bb0(%out: f32):
      %40 = linalg.index 0 : index
      %41 = linalg.index 1 : index
      %42 = linalg.index 2 : index
      %43 = linalg.index 3 : index
      %dim_12 = tensor.dim %arg4, %c2 : tensor<4x2x?x16xf32>
      %44 = affine.apply #map2()[%dim_12]
      %45 = arith.cmpi eq, %44, %c1 : index
      %46 = arith.select %45, %c0, %42 : index
      %extracted = tensor.extract %concat_4[%40, %41, %46, %43] : tensor<4x2x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x?x16xf32>
    %collapsed_10 = tensor.collapse_shape %36 [[0, 1], [2], [3]] : tensor<4x2x?x16xf32> into tensor<8x?x16xf32>
    %37 = tensor.empty() : tensor<8x1x16xf32>
    %38 = linalg.fill ins(%cst : f32) outs(%37 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %39 = linalg.batch_matmul ins(%collapsed_9, %collapsed_10 : tensor<8x1x?xf32>, tensor<8x?x16xf32>) outs(%38 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_11 = tensor.expand_shape %39 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    return %expanded_11 : tensor<4x2x1x16xf32>
  }
}
