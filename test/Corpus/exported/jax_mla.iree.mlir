// name: jax_mla.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: Latent attention, absorbed.
module @jit_forward {
  func.func @main(%arg0: tensor<4x1x4x32xf32>, %arg1: tensor<4x1x4x8xf32>, %arg2: tensor<1x24x32xf32>, %arg3: tensor<1x24x8xf32>, %arg4: tensor<4x8x32xf32>, %arg5: tensor<4x8x8xf32>) -> tensor<4x1x4x32xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant 0.158113882 : f32
    %cst_1 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x24x32xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg2 : tensor<1x24x32xf32>) outs(%0 : tensor<4x24x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x32xf32>
    %2 = tensor.empty() : tensor<4x32x32xf32>
    %inserted_slice = tensor.insert_slice %1 into %2[0, 0, 0] [4, 24, 32] [1, 1, 1] : tensor<4x24x32xf32> into tensor<4x32x32xf32>
    %inserted_slice_2 = tensor.insert_slice %arg4 into %inserted_slice[0, 24, 0] [4, 8, 32] [1, 1, 1] : tensor<4x8x32xf32> into tensor<4x32x32xf32>
    %3 = tensor.empty() : tensor<4x24x8xf32>
    %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg3 : tensor<1x24x8xf32>) outs(%3 : tensor<4x24x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x8xf32>
    %5 = tensor.empty() : tensor<4x32x8xf32>
    %inserted_slice_3 = tensor.insert_slice %4 into %5[0, 0, 0] [4, 24, 8] [1, 1, 1] : tensor<4x24x8xf32> into tensor<4x32x8xf32>
    %inserted_slice_4 = tensor.insert_slice %arg5 into %inserted_slice_3[0, 24, 0] [4, 8, 8] [1, 1, 1] : tensor<4x8x8xf32> into tensor<4x32x8xf32>
    %6 = tensor.empty() : tensor<4x32x1x4xf32>
    %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<4x1x4x32xf32>) outs(%6 : tensor<4x32x1x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x32x1x4xf32>
    %collapsed = tensor.collapse_shape %7 [[0], [1], [2, 3]] : tensor<4x32x1x4xf32> into tensor<4x32x4xf32>
    %8 = tensor.empty() : tensor<4x32x4xf32>
    %9 = linalg.fill ins(%cst_1 : f32) outs(%8 : tensor<4x32x4xf32>) -> tensor<4x32x4xf32>
    %10 = linalg.batch_matmul ins(%inserted_slice_2, %collapsed : tensor<4x32x32xf32>, tensor<4x32x4xf32>) outs(%9 : tensor<4x32x4xf32>) -> tensor<4x32x4xf32>
    %expanded = tensor.expand_shape %10 [[0], [1], [2, 3]] output_shape [4, 32, 1, 4] : tensor<4x32x4xf32> into tensor<4x32x1x4xf32>
    %11 = tensor.empty() : tensor<4x4x1x32xf32>
    %12 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d2, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x32x1x4xf32>) outs(%11 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x4x1x32xf32>
    %13 = tensor.empty() : tensor<4x8x1x4xf32>
    %14 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<4x1x4x8xf32>) outs(%13 : tensor<4x8x1x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x8x1x4xf32>
    %collapsed_5 = tensor.collapse_shape %14 [[0], [1], [2, 3]] : tensor<4x8x1x4xf32> into tensor<4x8x4xf32>
    %15 = tensor.empty() : tensor<4x32x4xf32>
    %16 = linalg.fill ins(%cst_1 : f32) outs(%15 : tensor<4x32x4xf32>) -> tensor<4x32x4xf32>
    %17 = linalg.batch_matmul ins(%inserted_slice_4, %collapsed_5 : tensor<4x32x8xf32>, tensor<4x8x4xf32>) outs(%16 : tensor<4x32x4xf32>) -> tensor<4x32x4xf32>
    %expanded_6 = tensor.expand_shape %17 [[0], [1], [2, 3]] output_shape [4, 32, 1, 4] : tensor<4x32x4xf32> into tensor<4x32x1x4xf32>
    %18 = tensor.empty() : tensor<4x4x1x32xf32>
    %19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d2, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_6 : tensor<4x32x1x4xf32>) outs(%18 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x4x1x32xf32>
    %20 = tensor.empty() : tensor<4x4x1x32xf32>
    %21 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%12, %19 : tensor<4x4x1x32xf32>, tensor<4x4x1x32xf32>) outs(%20 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %49 = arith.addf %in, %in_9 : f32
      linalg.yield %49 : f32
    } -> tensor<4x4x1x32xf32>
    %22 = tensor.empty() : tensor<4x4x1x32xf32>
    %23 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<4x4x1x32xf32>) outs(%22 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %49 = arith.mulf %in, %cst_0 : f32
      linalg.yield %49 : f32
    } -> tensor<4x4x1x32xf32>
    %24 = tensor.empty() : tensor<4x4x1xf32>
    %25 = linalg.fill ins(%cst : f32) outs(%24 : tensor<4x4x1xf32>) -> tensor<4x4x1xf32>
    %26 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<4x4x1x32xf32>) outs(%25 : tensor<4x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %49 = arith.maximumf %out, %in : f32
      linalg.yield %49 : f32
    } -> tensor<4x4x1xf32>
    %27 = tensor.empty() : tensor<4x4x1x32xf32>
    %28 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26 : tensor<4x4x1xf32>) outs(%27 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x4x1x32xf32>
    %29 = tensor.empty() : tensor<4x4x1x32xf32>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %28 : tensor<4x4x1x32xf32>, tensor<4x4x1x32xf32>) outs(%29 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %49 = arith.subf %in, %in_9 : f32
      linalg.yield %49 : f32
    } -> tensor<4x4x1x32xf32>
    %31 = tensor.empty() : tensor<4x4x1x32xf32>
    %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%30 : tensor<4x4x1x32xf32>) outs(%31 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %49 = math.exp %in : f32
      linalg.yield %49 : f32
    } -> tensor<4x4x1x32xf32>
    %33 = tensor.empty() : tensor<4x4x1xf32>
    %34 = linalg.fill ins(%cst_1 : f32) outs(%33 : tensor<4x4x1xf32>) -> tensor<4x4x1xf32>
    %35 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%32 : tensor<4x4x1x32xf32>) outs(%34 : tensor<4x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %49 = arith.addf %out, %in : f32
      linalg.yield %49 : f32
    } -> tensor<4x4x1xf32>
    %36 = tensor.empty() : tensor<4x4x1x32xf32>
    %37 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%35 : tensor<4x4x1xf32>) outs(%36 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x4x1x32xf32>
    %38 = tensor.empty() : tensor<4x4x1x32xf32>
    %39 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32, %37 : tensor<4x4x1x32xf32>, tensor<4x4x1x32xf32>) outs(%38 : tensor<4x4x1x32xf32>) {
    ^bb0(%in: f32, %in_9: f32, %out: f32):
      %49 = arith.divf %in, %in_9 : f32
      linalg.yield %49 : f32
    } -> tensor<4x4x1x32xf32>
    %40 = tensor.empty() : tensor<4x32x32xf32>
    %41 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%inserted_slice_2 : tensor<4x32x32xf32>) outs(%40 : tensor<4x32x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x32x32xf32>
    %42 = tensor.empty() : tensor<4x32x4x1xf32>
    %43 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%39 : tensor<4x4x1x32xf32>) outs(%42 : tensor<4x32x4x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x32x4x1xf32>
    %collapsed_7 = tensor.collapse_shape %43 [[0], [1], [2, 3]] : tensor<4x32x4x1xf32> into tensor<4x32x4xf32>
    %44 = tensor.empty() : tensor<4x32x4xf32>
    %45 = linalg.fill ins(%cst_1 : f32) outs(%44 : tensor<4x32x4xf32>) -> tensor<4x32x4xf32>
    %46 = linalg.batch_matmul ins(%41, %collapsed_7 : tensor<4x32x32xf32>, tensor<4x32x4xf32>) outs(%45 : tensor<4x32x4xf32>) -> tensor<4x32x4xf32>
    %expanded_8 = tensor.expand_shape %46 [[0], [1], [2, 3]] output_shape [4, 32, 4, 1] : tensor<4x32x4xf32> into tensor<4x32x4x1xf32>
    %47 = tensor.empty() : tensor<4x1x4x32xf32>
    %48 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d2, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_8 : tensor<4x32x4x1xf32>) outs(%47 : tensor<4x1x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x1x4x32xf32>
    return %48 : tensor<4x1x4x32xf32>
  }
}