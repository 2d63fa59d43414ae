// name: jax_vmap.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: One sequence's attention under vmap, the prefix not mapped.
module @jit_one {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<24x2x16xf32>, %arg2: tensor<24x2x16xf32>, %arg3: tensor<4x8x2x16xf32>, %arg4: tensor<4x8x2x16xf32>) -> tensor<4x2x2x16xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant 4.000000e+00 : f32
    %cst_1 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x24x2x16xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<24x2x16xf32>) outs(%0 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %2 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice = tensor.insert_slice %1 into %2[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_2 = tensor.insert_slice %arg3 into %inserted_slice[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %3 = tensor.empty() : tensor<4x24x2x16xf32>
    %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<24x2x16xf32>) outs(%3 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %5 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice_3 = tensor.insert_slice %4 into %5[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_4 = tensor.insert_slice %arg4 into %inserted_slice_3[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %6 = tensor.empty() : tensor<4x2x2x16xf32>
    %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<4x2x2x16xf32>) outs(%6 : tensor<4x2x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x16xf32>
    %8 = tensor.empty() : tensor<4x2x16x32xf32>
    %9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_2 : tensor<4x32x2x16xf32>) outs(%8 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %collapsed = tensor.collapse_shape %7 [[0, 1], [2], [3]] : tensor<4x2x2x16xf32> into tensor<8x2x16xf32>
    %collapsed_5 = tensor.collapse_shape %9 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %10 = tensor.empty() : tensor<8x2x32xf32>
    %11 = linalg.fill ins(%cst_1 : f32) outs(%10 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %12 = linalg.batch_matmul ins(%collapsed, %collapsed_5 : tensor<8x2x16xf32>, tensor<8x16x32xf32>) outs(%11 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded = tensor.expand_shape %12 [[0, 1], [2], [3]] output_shape [4, 2, 2, 32] : tensor<8x2x32xf32> into tensor<4x2x2x32xf32>
    %13 = tensor.empty() : tensor<4x2x2x32xf32>
    %14 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x2x32xf32>) outs(%13 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %40 = arith.divf %in, %cst_0 : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x2x32xf32>
    %15 = tensor.empty() : tensor<4x2x2xf32>
    %16 = linalg.fill ins(%cst : f32) outs(%15 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %17 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%14 : tensor<4x2x2x32xf32>) outs(%16 : tensor<4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %40 = arith.maximumf %out, %in : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x2xf32>
    %18 = tensor.empty() : tensor<4x2x2x32xf32>
    %19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17 : tensor<4x2x2xf32>) outs(%18 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x32xf32>
    %20 = tensor.empty() : tensor<4x2x2x32xf32>
    %21 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14, %19 : tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>) outs(%20 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %40 = arith.subf %in, %in_9 : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x2x32xf32>
    %22 = tensor.empty() : tensor<4x2x2x32xf32>
    %23 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<4x2x2x32xf32>) outs(%22 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %40 = math.exp %in : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x2x32xf32>
    %24 = tensor.empty() : tensor<4x2x2xf32>
    %25 = linalg.fill ins(%cst_1 : f32) outs(%24 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %26 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<4x2x2x32xf32>) outs(%25 : tensor<4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %40 = arith.addf %out, %in : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x2xf32>
    %27 = tensor.empty() : tensor<4x2x2x32xf32>
    %28 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26 : tensor<4x2x2xf32>) outs(%27 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x32xf32>
    %29 = tensor.empty() : tensor<4x2x2x32xf32>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %28 : tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>) outs(%29 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %40 = arith.divf %in, %in_9 : f32
      linalg.yield %40 : f32
    } -> tensor<4x2x2x32xf32>
    %31 = tensor.empty() : tensor<4x2x16x32xf32>
    %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_4 : tensor<4x32x2x16xf32>) outs(%31 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %33 = tensor.empty() : tensor<4x2x32x2xf32>
    %34 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%30 : tensor<4x2x2x32xf32>) outs(%33 : tensor<4x2x32x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x32x2xf32>
    %collapsed_6 = tensor.collapse_shape %32 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %collapsed_7 = tensor.collapse_shape %34 [[0, 1], [2], [3]] : tensor<4x2x32x2xf32> into tensor<8x32x2xf32>
    %35 = tensor.empty() : tensor<8x16x2xf32>
    %36 = linalg.fill ins(%cst_1 : f32) outs(%35 : tensor<8x16x2xf32>) -> tensor<8x16x2xf32>
    %37 = linalg.batch_matmul ins(%collapsed_6, %collapsed_7 : tensor<8x16x32xf32>, tensor<8x32x2xf32>) outs(%36 : tensor<8x16x2xf32>) -> tensor<8x16x2xf32>
    %expanded_8 = tensor.expand_shape %37 [[0, 1], [2], [3]] output_shape [4, 2, 16, 2] : tensor<8x16x2xf32> into tensor<4x2x16x2xf32>
    %38 = tensor.empty() : tensor<4x2x2x16xf32>
    %39 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_8 : tensor<4x2x16x2xf32>) outs(%38 : tensor<4x2x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x16xf32>
    return %39 : tensor<4x2x2x16xf32>
  }
}