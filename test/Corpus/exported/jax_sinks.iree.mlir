// name: jax_sinks.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: A sink logit per head inside the log-sum-exp.
module @jit_forward {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x24x2x16xf32>, %arg2: tensor<1x24x2x16xf32>, %arg3: tensor<4x8x2x16xf32>, %arg4: tensor<4x8x2x16xf32>, %arg5: tensor<2xf32>) -> tensor<4x2x2x16xf32> {
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
      %50 = arith.divf %in, %cst_0 : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2x32xf32>
    %15 = tensor.empty() : tensor<4x2x2xf32>
    %16 = linalg.fill ins(%cst : f32) outs(%15 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %17 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%14 : tensor<4x2x2x32xf32>) outs(%16 : tensor<4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %50 = arith.maximumf %out, %in : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2xf32>
    %expanded_6 = tensor.expand_shape %17 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %18 = tensor.empty() : tensor<4x2x2x1xf32>
    %19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg5 : tensor<2xf32>) outs(%18 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x1xf32>
    %20 = tensor.empty() : tensor<4x2x2x1xf32>
    %21 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_6, %19 : tensor<4x2x2x1xf32>, tensor<4x2x2x1xf32>) outs(%20 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %50 = arith.maximumf %in, %in_11 : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2x1xf32>
    %22 = tensor.empty() : tensor<4x2x2x32xf32>
    %23 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<4x2x2x1xf32>) outs(%22 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x32xf32>
    %24 = tensor.empty() : tensor<4x2x2x32xf32>
    %25 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14, %23 : tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>) outs(%24 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %50 = arith.subf %in, %in_11 : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2x32xf32>
    %26 = tensor.empty() : tensor<4x2x2x32xf32>
    %27 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%25 : tensor<4x2x2x32xf32>) outs(%26 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %50 = math.exp %in : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2x32xf32>
    %28 = tensor.empty() : tensor<4x2x2xf32>
    %29 = linalg.fill ins(%cst_1 : f32) outs(%28 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%27 : tensor<4x2x2x32xf32>) outs(%29 : tensor<4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %50 = arith.addf %out, %in : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2xf32>
    %expanded_7 = tensor.expand_shape %30 [[0], [1], [2, 3]] output_shape [4, 2, 2, 1] : tensor<4x2x2xf32> into tensor<4x2x2x1xf32>
    %31 = tensor.empty() : tensor<4x2x2x1xf32>
    %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%19, %21 : tensor<4x2x2x1xf32>, tensor<4x2x2x1xf32>) outs(%31 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %50 = arith.subf %in, %in_11 : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2x1xf32>
    %33 = tensor.empty() : tensor<4x2x2x1xf32>
    %34 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32 : tensor<4x2x2x1xf32>) outs(%33 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %50 = math.exp %in : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2x1xf32>
    %35 = tensor.empty() : tensor<4x2x2x1xf32>
    %36 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_7, %34 : tensor<4x2x2x1xf32>, tensor<4x2x2x1xf32>) outs(%35 : tensor<4x2x2x1xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %50 = arith.addf %in, %in_11 : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2x1xf32>
    %37 = tensor.empty() : tensor<4x2x2x32xf32>
    %38 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%36 : tensor<4x2x2x1xf32>) outs(%37 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x32xf32>
    %39 = tensor.empty() : tensor<4x2x2x32xf32>
    %40 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27, %38 : tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>) outs(%39 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_11: f32, %out: f32):
      %50 = arith.divf %in, %in_11 : f32
      linalg.yield %50 : f32
    } -> tensor<4x2x2x32xf32>
    %41 = tensor.empty() : tensor<4x2x16x32xf32>
    %42 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_4 : tensor<4x32x2x16xf32>) outs(%41 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %43 = tensor.empty() : tensor<4x2x32x2xf32>
    %44 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%40 : tensor<4x2x2x32xf32>) outs(%43 : tensor<4x2x32x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x32x2xf32>
    %collapsed_8 = tensor.collapse_shape %42 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %collapsed_9 = tensor.collapse_shape %44 [[0, 1], [2], [3]] : tensor<4x2x32x2xf32> into tensor<8x32x2xf32>
    %45 = tensor.empty() : tensor<8x16x2xf32>
    %46 = linalg.fill ins(%cst_1 : f32) outs(%45 : tensor<8x16x2xf32>) -> tensor<8x16x2xf32>
    %47 = linalg.batch_matmul ins(%collapsed_8, %collapsed_9 : tensor<8x16x32xf32>, tensor<8x32x2xf32>) outs(%46 : tensor<8x16x2xf32>) -> tensor<8x16x2xf32>
    %expanded_10 = tensor.expand_shape %47 [[0, 1], [2], [3]] output_shape [4, 2, 16, 2] : tensor<8x16x2xf32> into tensor<4x2x16x2xf32>
    %48 = tensor.empty() : tensor<4x2x2x16xf32>
    %49 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_10 : tensor<4x2x16x2xf32>) outs(%48 : tensor<4x2x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x16xf32>
    return %49 : tensor<4x2x2x16xf32>
  }
}