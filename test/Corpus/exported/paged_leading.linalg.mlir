// name: paged_leading.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: A block table whose first columns are one row, put together in the model.
#map = affine_map<(d0, d1) -> (d1)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>
#map3 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<24x8x2x16xf32>, %arg2: tensor<24x8x2x16xf32>, %arg3: tensor<1x3xi64>, %arg4: tensor<4x2xi64>) -> tensor<4x2x1x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c24_i64 = arith.constant 24 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 2.500000e-01 : f32
    %0 = tensor.empty() : tensor<4x3xi64>
    %collapsed = tensor.collapse_shape %arg3 [[0, 1]] : tensor<1x3xi64> into tensor<3xi64>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel"]} ins(%collapsed : tensor<3xi64>) outs(%0 : tensor<4x3xi64>) {
    ^bb0(%in: i64, %out: i64):
      linalg.yield %in : i64
    } -> tensor<4x3xi64>
    %concat = tensor.concat dim(1) %1, %arg4 : (tensor<4x3xi64>, tensor<4x2xi64>) -> tensor<4x5xi64>
    %2 = tensor.empty() : tensor<4x5x8x2x16xf32>
    %3 = linalg.generic {indexing_maps = [#map2, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%concat : tensor<4x5xi64>) outs(%2 : tensor<4x5x8x2x16xf32>) {
    ^bb0(%in: i64, %out: f32):
      %26 = arith.cmpi slt, %in, %c0_i64 : i64
      %27 = arith.addi %in, %c24_i64 : i64
      %28 = arith.select %26, %27, %in : i64
      %29 = arith.index_cast %28 : i64 to index
      %30 = linalg.index 2 : index
      %31 = linalg.index 3 : index
      %32 = linalg.index 4 : index
      %extracted = tensor.extract %arg1[%29, %30, %31, %32] : tensor<24x8x2x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x5x8x2x16xf32>
    %collapsed_2 = tensor.collapse_shape %3 [[0], [1, 2], [3], [4]] : tensor<4x5x8x2x16xf32> into tensor<4x40x2x16xf32>
    %4 = linalg.generic {indexing_maps = [#map2, #map3], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%concat : tensor<4x5xi64>) outs(%2 : tensor<4x5x8x2x16xf32>) {
    ^bb0(%in: i64, %out: f32):
      %26 = arith.cmpi slt, %in, %c0_i64 : i64
      %27 = arith.addi %in, %c24_i64 : i64
      %28 = arith.select %26, %27, %in : i64
      %29 = arith.index_cast %28 : i64 to index
      %30 = linalg.index 2 : index
      %31 = linalg.index 3 : index
      %32 = linalg.index 4 : index
      %extracted = tensor.extract %arg2[%29, %30, %31, %32] : tensor<24x8x2x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x5x8x2x16xf32>
    %collapsed_3 = tensor.collapse_shape %4 [[0], [1, 2], [3], [4]] : tensor<4x5x8x2x16xf32> into tensor<4x40x2x16xf32>
    %5 = tensor.empty() : tensor<4x2x40x16xf32>
    %transposed = linalg.transpose ins(%collapsed_3 : tensor<4x40x2x16xf32>) outs(%5 : tensor<4x2x40x16xf32>) permutation = [0, 2, 1, 3] 
    %6 = tensor.empty() : tensor<4x2x16x40xf32>
    %transposed_4 = linalg.transpose ins(%collapsed_2 : tensor<4x40x2x16xf32>) outs(%6 : tensor<4x2x16x40xf32>) permutation = [0, 2, 3, 1] 
    %collapsed_5 = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x1x16xf32> into tensor<8x1x16xf32>
    %collapsed_6 = tensor.collapse_shape %transposed_4 [[0, 1], [2], [3]] : tensor<4x2x16x40xf32> into tensor<8x16x40xf32>
    %7 = tensor.empty() : tensor<8x1x40xf32>
    %8 = linalg.fill ins(%cst : f32) outs(%7 : tensor<8x1x40xf32>) -> tensor<8x1x40xf32>
    %9 = linalg.batch_matmul ins(%collapsed_5, %collapsed_6 : tensor<8x1x16xf32>, tensor<8x16x40xf32>) outs(%8 : tensor<8x1x40xf32>) -> tensor<8x1x40xf32>
    %expanded = tensor.expand_shape %9 [[0, 1], [2], [3]] output_shape [4, 2, 1, 40] : tensor<8x1x40xf32> into tensor<4x2x1x40xf32>
    %10 = tensor.empty() : tensor<4x2x1x40xf32>
    %11 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x1x40xf32>) outs(%10 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = arith.mulf %in, %cst_1 : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x40xf32>
    %12 = tensor.empty() : tensor<4x2x1xi64>
    %13 = linalg.fill ins(%c0_i64 : i64) outs(%12 : tensor<4x2x1xi64>) -> tensor<4x2x1xi64>
    %14 = tensor.empty() : tensor<4x2x1xf32>
    %15 = linalg.fill ins(%cst_0 : f32) outs(%14 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %16:2 = linalg.generic {indexing_maps = [#map4, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%11 : tensor<4x2x1x40xf32>) outs(%15, %13 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_11: i64):
      %26 = linalg.index 3 : index
      %27 = arith.index_cast %26 : index to i64
      %28 = arith.maximumf %in, %out : f32
      %29 = arith.cmpf ogt, %in, %out : f32
      %30 = arith.select %29, %27, %out_11 : i64
      linalg.yield %28, %30 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_7 = tensor.expand_shape %16#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %17 = linalg.generic {indexing_maps = [#map4, #map6, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%11, %expanded_7 : tensor<4x2x1x40xf32>, tensor<4x2x1x1xf32>) outs(%10 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %26 = arith.subf %in, %in_11 : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x40xf32>
    %18 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17 : tensor<4x2x1x40xf32>) outs(%10 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = math.exp %in : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x40xf32>
    %19 = tensor.empty() : tensor<4x2x1x1xf32>
    %20 = linalg.fill ins(%cst : f32) outs(%19 : tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %21 = linalg.generic {indexing_maps = [#map4, #map6], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%18 : tensor<4x2x1x40xf32>) outs(%20 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %26 = arith.addf %in, %out : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x1xf32>
    %22 = linalg.generic {indexing_maps = [#map4, #map6, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %21 : tensor<4x2x1x40xf32>, tensor<4x2x1x1xf32>) outs(%10 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %26 = arith.divf %in, %in_11 : f32
      linalg.yield %26 : f32
    } -> tensor<4x2x1x40xf32>
    %collapsed_8 = tensor.collapse_shape %22 [[0, 1], [2], [3]] : tensor<4x2x1x40xf32> into tensor<8x1x40xf32>
    %collapsed_9 = tensor.collapse_shape %transposed [[0, 1], [2], [3]] : tensor<4x2x40x16xf32> into tensor<8x40x16xf32>
    %23 = tensor.empty() : tensor<8x1x16xf32>
    %24 = linalg.fill ins(%cst : f32) outs(%23 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %25 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<8x1x40xf32>, tensor<8x40x16xf32>) outs(%24 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_10 = tensor.expand_shape %25 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    return %expanded_10 : tensor<4x2x1x16xf32>
  }
}
