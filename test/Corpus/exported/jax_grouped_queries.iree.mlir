// name: jax_grouped_queries.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: Five-dimensional products for grouped queries.
module @jit_forward {
  func.func @main(%arg0: tensor<4x2x6x16xf32>, %arg1: tensor<1x24x2x16xf32>, %arg2: tensor<1x24x2x16xf32>, %arg3: tensor<4x8x2x16xf32>, %arg4: tensor<4x8x2x16xf32>) -> tensor<4x2x6x16xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant 4.000000e+00 : f32
    %cst_1 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x24x2x16xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<1x24x2x16xf32>) outs(%0 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %2 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice = tensor.insert_slice %1 into %2[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_2 = tensor.insert_slice %arg3 into %inserted_slice[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %3 = tensor.empty() : tensor<4x24x2x16xf32>
    %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<1x24x2x16xf32>) outs(%3 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %5 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice_3 = tensor.insert_slice %4 into %5[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_4 = tensor.insert_slice %arg4 into %inserted_slice_3[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %expanded = tensor.expand_shape %arg0 [[0], [1], [2, 3], [4]] output_shape [4, 2, 2, 3, 16] : tensor<4x2x6x16xf32> into tensor<4x2x2x3x16xf32>
    %6 = tensor.empty() : tensor<4x2x32x16xf32>
    %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_2 : tensor<4x32x2x16xf32>) outs(%6 : tensor<4x2x32x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x32x16xf32>
    %8 = tensor.empty() : tensor<4x2x16x2x3xf32>
    %9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d1, d4, d2)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x2x3x16xf32>) outs(%8 : tensor<4x2x16x2x3xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x2x3xf32>
    %collapsed = tensor.collapse_shape %7 [[0, 1], [2], [3]] : tensor<4x2x32x16xf32> into tensor<8x32x16xf32>
    %collapsed_5 = tensor.collapse_shape %9 [[0, 1], [2], [3, 4]] : tensor<4x2x16x2x3xf32> into tensor<8x16x6xf32>
    %10 = tensor.empty() : tensor<8x32x6xf32>
    %11 = linalg.fill ins(%cst_1 : f32) outs(%10 : tensor<8x32x6xf32>) -> tensor<8x32x6xf32>
    %12 = linalg.batch_matmul ins(%collapsed, %collapsed_5 : tensor<8x32x16xf32>, tensor<8x16x6xf32>) outs(%11 : tensor<8x32x6xf32>) -> tensor<8x32x6xf32>
    %expanded_6 = tensor.expand_shape %12 [[0, 1], [2], [3, 4]] output_shape [4, 2, 32, 2, 3] : tensor<8x32x6xf32> into tensor<4x2x32x2x3xf32>
    %13 = tensor.empty() : tensor<4x2x3x2x32xf32>
    %14 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3, d2)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded_6 : tensor<4x2x32x2x3xf32>) outs(%13 : tensor<4x2x3x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x3x2x32xf32>
    %15 = tensor.empty() : tensor<4x2x3x2x32xf32>
    %16 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%14 : tensor<4x2x3x2x32xf32>) outs(%15 : tensor<4x2x3x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.divf %in, %cst_0 : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x3x2x32xf32>
    %17 = tensor.empty() : tensor<4x2x3x2xf32>
    %18 = linalg.fill ins(%cst : f32) outs(%17 : tensor<4x2x3x2xf32>) -> tensor<4x2x3x2xf32>
    %19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%16 : tensor<4x2x3x2x32xf32>) outs(%18 : tensor<4x2x3x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.maximumf %out, %in : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x3x2xf32>
    %20 = tensor.empty() : tensor<4x2x3x2x32xf32>
    %21 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%19 : tensor<4x2x3x2xf32>) outs(%20 : tensor<4x2x3x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x3x2x32xf32>
    %22 = tensor.empty() : tensor<4x2x3x2x32xf32>
    %23 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%16, %21 : tensor<4x2x3x2x32xf32>, tensor<4x2x3x2x32xf32>) outs(%22 : tensor<4x2x3x2x32xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %42 = arith.subf %in, %in_11 : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x3x2x32xf32>
    %24 = tensor.empty() : tensor<4x2x3x2x32xf32>
    %25 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%23 : tensor<4x2x3x2x32xf32>) outs(%24 : tensor<4x2x3x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = math.exp %in : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x3x2x32xf32>
    %26 = tensor.empty() : tensor<4x2x3x2xf32>
    %27 = linalg.fill ins(%cst_1 : f32) outs(%26 : tensor<4x2x3x2xf32>) -> tensor<4x2x3x2xf32>
    %28 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%25 : tensor<4x2x3x2x32xf32>) outs(%27 : tensor<4x2x3x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.addf %out, %in : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x3x2xf32>
    %29 = tensor.empty() : tensor<4x2x3x2x32xf32>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%28 : tensor<4x2x3x2xf32>) outs(%29 : tensor<4x2x3x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x3x2x32xf32>
    %31 = tensor.empty() : tensor<4x2x3x2x32xf32>
    %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%25, %30 : tensor<4x2x3x2x32xf32>, tensor<4x2x3x2x32xf32>) outs(%31 : tensor<4x2x3x2x32xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %42 = arith.divf %in, %in_11 : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x3x2x32xf32>
    %33 = tensor.empty() : tensor<4x2x16x32xf32>
    %34 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_4 : tensor<4x32x2x16xf32>) outs(%33 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %35 = tensor.empty() : tensor<4x2x32x3x2xf32>
    %36 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4, d2)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%32 : tensor<4x2x3x2x32xf32>) outs(%35 : tensor<4x2x32x3x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x32x3x2xf32>
    %collapsed_7 = tensor.collapse_shape %34 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %collapsed_8 = tensor.collapse_shape %36 [[0, 1], [2], [3, 4]] : tensor<4x2x32x3x2xf32> into tensor<8x32x6xf32>
    %37 = tensor.empty() : tensor<8x16x6xf32>
    %38 = linalg.fill ins(%cst_1 : f32) outs(%37 : tensor<8x16x6xf32>) -> tensor<8x16x6xf32>
    %39 = linalg.batch_matmul ins(%collapsed_7, %collapsed_8 : tensor<8x16x32xf32>, tensor<8x32x6xf32>) outs(%38 : tensor<8x16x6xf32>) -> tensor<8x16x6xf32>
    %expanded_9 = tensor.expand_shape %39 [[0, 1], [2], [3, 4]] output_shape [4, 2, 16, 3, 2] : tensor<8x16x6xf32> into tensor<4x2x16x3x2xf32>
    %40 = tensor.empty() : tensor<4x2x2x3x16xf32>
    %41 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d4, d3, d1)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded_9 : tensor<4x2x16x3x2xf32>) outs(%40 : tensor<4x2x2x3x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x3x16xf32>
    %collapsed_10 = tensor.collapse_shape %41 [[0], [1], [2, 3], [4]] : tensor<4x2x2x3x16xf32> into tensor<4x2x6x16xf32>
    return %collapsed_10 : tensor<4x2x6x16xf32>
  }
}