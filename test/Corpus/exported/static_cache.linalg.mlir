// name: static_cache.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: A cache of fixed length, written by slices; the rest is masked.
#map = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0) -> (d0)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d3)>
#map4 = affine_map<(d0, d1, d2, d3) -> ()>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %c32_i64 = arith.constant 32 : i64
    %c0_i64 = arith.constant 0 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<4x2x48x16xf32>
    %cst_3 = arith.constant 2.500000e-01 : f32
    %collapsed = tensor.collapse_shape %arg1 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %0 = tensor.empty() : tensor<4x2x24x16xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed : tensor<2x24x16xf32>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %inserted_slice = tensor.insert_slice %1 into %cst_2[0, 0, 0, 0] [4, 2, 24, 16] [1, 1, 1, 1] : tensor<4x2x24x16xf32> into tensor<4x2x48x16xf32>
    %inserted_slice_4 = tensor.insert_slice %arg3 into %inserted_slice[0, 0, 24, 0] [4, 2, 8, 16] [1, 1, 1, 1] : tensor<4x2x8x16xf32> into tensor<4x2x48x16xf32>
    %collapsed_5 = tensor.collapse_shape %arg2 [[0, 1], [2], [3]] : tensor<1x2x24x16xf32> into tensor<2x24x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_5 : tensor<2x24x16xf32>) outs(%0 : tensor<4x2x24x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x24x16xf32>
    %inserted_slice_6 = tensor.insert_slice %2 into %cst_2[0, 0, 0, 0] [4, 2, 24, 16] [1, 1, 1, 1] : tensor<4x2x24x16xf32> into tensor<4x2x48x16xf32>
    %inserted_slice_7 = tensor.insert_slice %arg4 into %inserted_slice_6[0, 0, 24, 0] [4, 2, 8, 16] [1, 1, 1, 1] : tensor<4x2x8x16xf32> into tensor<4x2x48x16xf32>
    %collapsed_8 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x1x16xf32> into tensor<8x1x16xf32>
    %3 = tensor.empty() : tensor<4x2x16x48xf32>
    %transposed = linalg.transpose ins(%inserted_slice_4 : tensor<4x2x48x16xf32>) outs(%3 : tensor<4x2x16x48xf32>) permutation = [0, 1, 3, 2] 
    %collapsed_9 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x16x48xf32> into tensor<8x16x48xf32>
    %4 = tensor.empty() : tensor<8x1x48xf32>
    %5 = linalg.fill ins(%cst : f32) outs(%4 : tensor<8x1x48xf32>) -> tensor<8x1x48xf32>
    %6 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<8x1x16xf32>, tensor<8x16x48xf32>) outs(%5 : tensor<8x1x48xf32>) -> tensor<8x1x48xf32>
    %expanded = tensor.expand_shape %6 [[0, 1], [2], [3]] output_shape [4, 2, 1, 48] : tensor<8x1x48xf32> into tensor<4x2x1x48xf32>
    %7 = tensor.empty() : tensor<4x2x1x48xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x1x48xf32>) outs(%7 : tensor<4x2x1x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = arith.mulf %in, %cst_3 : f32
      linalg.yield %28 : f32
    } -> tensor<4x2x1x48xf32>
    %9 = tensor.empty() : tensor<48xi64>
    %10 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel"]} outs(%9 : tensor<48xi64>) {
    ^bb0(%out: i64):
      %28 = linalg.index 0 : index
      %29 = arith.index_cast %28 : index to i64
      linalg.yield %29 : i64
    } -> tensor<48xi64>
    %11 = tensor.empty() : tensor<48xi1>
    %12 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel"]} ins(%10 : tensor<48xi64>) outs(%11 : tensor<48xi1>) {
    ^bb0(%in: i64, %out: i1):
      %28 = arith.cmpi sge, %in, %c32_i64 : i64
      linalg.yield %28 : i1
    } -> tensor<48xi1>
    %13 = linalg.generic {indexing_maps = [#map3, #map4, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%12, %cst_1, %8 : tensor<48xi1>, tensor<f32>, tensor<4x2x1x48xf32>) outs(%7 : tensor<4x2x1x48xf32>) {
    ^bb0(%in: i1, %in_14: f32, %in_15: f32, %out: f32):
      %28 = arith.select %in, %in_14, %in_15 : f32
      linalg.yield %28 : f32
    } -> tensor<4x2x1x48xf32>
    %14 = tensor.empty() : tensor<4x2x1xi64>
    %15 = linalg.fill ins(%c0_i64 : i64) outs(%14 : tensor<4x2x1xi64>) -> tensor<4x2x1xi64>
    %16 = tensor.empty() : tensor<4x2x1xf32>
    %17 = linalg.fill ins(%cst_0 : f32) outs(%16 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %18:2 = linalg.generic {indexing_maps = [#map1, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%13 : tensor<4x2x1x48xf32>) outs(%17, %15 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %28 = linalg.index 3 : index
      %29 = arith.index_cast %28 : index to i64
      %30 = arith.maximumf %in, %out : f32
      %31 = arith.cmpf ogt, %in, %out : f32
      %32 = arith.select %31, %29, %out_14 : i64
      linalg.yield %30, %32 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_10 = tensor.expand_shape %18#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %19 = linalg.generic {indexing_maps = [#map1, #map6, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%13, %expanded_10 : tensor<4x2x1x48xf32>, tensor<4x2x1x1xf32>) outs(%7 : tensor<4x2x1x48xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %28 = arith.subf %in, %in_14 : f32
      linalg.yield %28 : f32
    } -> tensor<4x2x1x48xf32>
    %20 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%19 : tensor<4x2x1x48xf32>) outs(%7 : tensor<4x2x1x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = math.exp %in : f32
      linalg.yield %28 : f32
    } -> tensor<4x2x1x48xf32>
    %21 = tensor.empty() : tensor<4x2x1x1xf32>
    %22 = linalg.fill ins(%cst : f32) outs(%21 : tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %23 = linalg.generic {indexing_maps = [#map1, #map6], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%20 : tensor<4x2x1x48xf32>) outs(%22 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %28 = arith.addf %in, %out : f32
      linalg.yield %28 : f32
    } -> tensor<4x2x1x1xf32>
    %24 = linalg.generic {indexing_maps = [#map1, #map6, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%20, %23 : tensor<4x2x1x48xf32>, tensor<4x2x1x1xf32>) outs(%7 : tensor<4x2x1x48xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %28 = arith.divf %in, %in_14 : f32
      linalg.yield %28 : f32
    } -> tensor<4x2x1x48xf32>
    %collapsed_11 = tensor.collapse_shape %24 [[0, 1], [2], [3]] : tensor<4x2x1x48xf32> into tensor<8x1x48xf32>
    %collapsed_12 = tensor.collapse_shape %inserted_slice_7 [[0, 1], [2], [3]] : tensor<4x2x48x16xf32> into tensor<8x48x16xf32>
    %25 = tensor.empty() : tensor<8x1x16xf32>
    %26 = linalg.fill ins(%cst : f32) outs(%25 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %27 = linalg.batch_matmul ins(%collapsed_11, %collapsed_12 : tensor<8x1x48xf32>, tensor<8x48x16xf32>) outs(%26 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_13 = tensor.expand_shape %27 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    return %expanded_13 : tensor<4x2x1x16xf32>
  }
}
