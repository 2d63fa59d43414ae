// name: dynamic_prefix.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: dynamic_prefix
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<()[s0] -> (s0 + 8)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x?x16xf32>, %arg2: tensor<1x2x?x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %c8_i64 = arith.constant 8 : i64
    %c0_i64 = arith.constant 0 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 2.500000e-01 : f32
    %dim = tensor.dim %arg1, %c2 : tensor<1x2x?x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %1, "unimplemented: dynamic negative broadcast sizes"
    %2 = tensor.empty(%dim) : tensor<4x2x?x16xf32>
    %3 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%2 : tensor<4x2x?x16xf32>) {
    ^bb0(%out: f32):
      %34 = linalg.index 1 : index
      %35 = linalg.index 2 : index
      %36 = linalg.index 3 : index
      %37 = arith.cmpi eq, %dim, %c1 : index
      %38 = arith.select %37, %c0, %35 : index
      %extracted = tensor.extract %arg1[%c0, %34, %38, %36] : tensor<1x2x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x?x16xf32>
    %concat = tensor.concat dim(2) %3, %arg3 : (tensor<4x2x?x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x?x16xf32>
    cf.assert %1, "unimplemented: dynamic negative broadcast sizes"
    %4 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%2 : tensor<4x2x?x16xf32>) {
    ^bb0(%out: f32):
      %34 = linalg.index 1 : index
      %35 = linalg.index 2 : index
      %36 = linalg.index 3 : index
      %dim_9 = tensor.dim %arg2, %c2 : tensor<1x2x?x16xf32>
      %37 = arith.cmpi eq, %dim_9, %c1 : index
      %38 = arith.select %37, %c0, %35 : index
      %extracted = tensor.extract %arg2[%c0, %34, %38, %36] : tensor<1x2x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x?x16xf32>
    %concat_2 = tensor.concat dim(2) %4, %arg4 : (tensor<4x2x?x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x?x16xf32>
    %dim_3 = tensor.dim %3, %c2 : tensor<4x2x?x16xf32>
    %5 = affine.apply #map1()[%dim_3]
    %6 = tensor.empty(%5) : tensor<4x2x16x?xf32>
    %transposed = linalg.transpose ins(%concat : tensor<4x2x?x16xf32>) outs(%6 : tensor<4x2x16x?xf32>) permutation = [0, 1, 3, 2] 
    %collapsed = tensor.collapse_shape %arg0 [[0, 1], [2], [3]] : tensor<4x2x1x16xf32> into tensor<8x1x16xf32>
    %7 = arith.addi %0, %c8_i64 : i64
    %8 = arith.index_cast %7 : i64 to index
    %9 = arith.cmpi sge, %7, %c0_i64 : i64
    cf.assert %9, "unimplemented: dynamic negative broadcast sizes"
    %10 = tensor.empty(%8) : tensor<4x2x16x?xf32>
    %11 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%10 : tensor<4x2x16x?xf32>) {
    ^bb0(%out: f32):
      %34 = linalg.index 0 : index
      %35 = linalg.index 1 : index
      %36 = linalg.index 2 : index
      %37 = linalg.index 3 : index
      %38 = arith.cmpi eq, %5, %c1 : index
      %39 = arith.select %38, %c0, %37 : index
      %extracted = tensor.extract %transposed[%34, %35, %36, %39] : tensor<4x2x16x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x16x?xf32>
    %collapsed_4 = tensor.collapse_shape %11 [[0, 1], [2], [3]] : tensor<4x2x16x?xf32> into tensor<8x16x?xf32>
    %12 = tensor.empty(%8) : tensor<8x1x?xf32>
    %13 = linalg.fill ins(%cst : f32) outs(%12 : tensor<8x1x?xf32>) -> tensor<8x1x?xf32>
    %14 = linalg.batch_matmul ins(%collapsed, %collapsed_4 : tensor<8x1x16xf32>, tensor<8x16x?xf32>) outs(%13 : tensor<8x1x?xf32>) -> tensor<8x1x?xf32>
    %expanded = tensor.expand_shape %14 [[0, 1], [2], [3]] output_shape [4, 2, 1, %8] : tensor<8x1x?xf32> into tensor<4x2x1x?xf32>
    %15 = tensor.empty(%8) : tensor<4x2x1x?xf32>
    %16 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x1x?xf32>) outs(%15 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.mulf %in, %cst_1 : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x1x?xf32>
    %17 = tensor.empty() : tensor<4x2x1xi64>
    %18 = linalg.fill ins(%c0_i64 : i64) outs(%17 : tensor<4x2x1xi64>) -> tensor<4x2x1xi64>
    %19 = tensor.empty() : tensor<4x2x1xf32>
    %20 = linalg.fill ins(%cst_0 : f32) outs(%19 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %21:2 = linalg.generic {indexing_maps = [#map, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%16 : tensor<4x2x1x?xf32>) outs(%20, %18 : tensor<4x2x1xf32>, tensor<4x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_9: i64):
      %34 = linalg.index 3 : index
      %35 = arith.index_cast %34 : index to i64
      %36 = arith.maximumf %in, %out : f32
      %37 = arith.cmpf ogt, %in, %out : f32
      %38 = arith.select %37, %35, %out_9 : i64
      linalg.yield %36, %38 : f32, i64
    } -> (tensor<4x2x1xf32>, tensor<4x2x1xi64>)
    %expanded_5 = tensor.expand_shape %21#0 [[0], [1], [2, 3]] output_shape [4, 2, 1, 1] : tensor<4x2x1xf32> into tensor<4x2x1x1xf32>
    %22 = linalg.generic {indexing_maps = [#map, #map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16, %expanded_5 : tensor<4x2x1x?xf32>, tensor<4x2x1x1xf32>) outs(%15 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %34 = arith.subf %in, %in_9 : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x1x?xf32>
    %23 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22 : tensor<4x2x1x?xf32>) outs(%15 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = math.exp %in : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x1x?xf32>
    %24 = tensor.empty() : tensor<4x2x1x1xf32>
    %25 = linalg.fill ins(%cst : f32) outs(%24 : tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %26 = linalg.generic {indexing_maps = [#map, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<4x2x1x?xf32>) outs(%25 : tensor<4x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.addf %in, %out : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x1x1xf32>
    %27 = linalg.generic {indexing_maps = [#map, #map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %26 : tensor<4x2x1x?xf32>, tensor<4x2x1x1xf32>) outs(%15 : tensor<4x2x1x?xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %34 = arith.divf %in, %in_9 : f32
      linalg.yield %34 : f32
    } -> tensor<4x2x1x?xf32>
    cf.assert %9, "unimplemented: dynamic negative broadcast sizes"
    %28 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%15 : tensor<4x2x1x?xf32>) {
    ^bb0(%out: f32):
      %34 = linalg.index 0 : index
      %35 = linalg.index 1 : index
      %36 = linalg.index 3 : index
      %37 = arith.cmpi eq, %8, %c1 : index
      %38 = arith.select %37, %c0, %36 : index
      %extracted = tensor.extract %27[%34, %35, %c0, %38] : tensor<4x2x1x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x1x?xf32>
    %collapsed_6 = tensor.collapse_shape %28 [[0, 1], [2], [3]] : tensor<4x2x1x?xf32> into tensor<8x1x?xf32>
    cf.assert %9, "unimplemented: dynamic negative broadcast sizes"
    %29 = tensor.empty(%8) : tensor<4x2x?x16xf32>
    %30 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%29 : tensor<4x2x?x16xf32>) {
    ^bb0(%out: f32):
      %34 = linalg.index 0 : index
      %35 = linalg.index 1 : index
      %36 = linalg.index 2 : index
      %37 = linalg.index 3 : index
      %dim_9 = tensor.dim %4, %c2 : tensor<4x2x?x16xf32>
      %38 = affine.apply #map1()[%dim_9]
      %39 = arith.cmpi eq, %38, %c1 : index
      %40 = arith.select %39, %c0, %36 : index
      %extracted = tensor.extract %concat_2[%34, %35, %40, %37] : tensor<4x2x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x2x?x16xf32>
    %collapsed_7 = tensor.collapse_shape %30 [[0, 1], [2], [3]] : tensor<4x2x?x16xf32> into tensor<8x?x16xf32>
    %31 = tensor.empty() : tensor<8x1x16xf32>
    %32 = linalg.fill ins(%cst : f32) outs(%31 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %33 = linalg.batch_matmul ins(%collapsed_6, %collapsed_7 : tensor<8x1x?xf32>, tensor<8x?x16xf32>) outs(%32 : tensor<8x1x16xf32>) -> tensor<8x1x16xf32>
    %expanded_8 = tensor.expand_shape %33 [[0, 1], [2], [3]] output_shape [4, 2, 1, 16] : tensor<8x1x16xf32> into tensor<4x2x1x16xf32>
    return %expanded_8 : tensor<4x2x1x16xf32>
  }
}
