// name: jax_cache_update.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: A static cache: the prefix broadcast into it, own keys by dynamic_update_slice at a known place.
module @jit_forward {
  func.func @main(%arg0: tensor<4x1x2x16xf32>, %arg1: tensor<1x24x2x16xf32>, %arg2: tensor<1x24x2x16xf32>, %arg3: tensor<4x8x2x16xf32>, %arg4: tensor<4x8x2x16xf32>) -> tensor<4x1x2x16xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %c32_i64 = arith.constant 32 : i64
    %cst_0 = arith.constant 4.000000e+00 : f32
    %cst_1 = arith.constant 0.000000e+00 : f32
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<4x40x2x16xf32>
    %0 = tensor.empty() : tensor<4x24x2x16xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<1x24x2x16xf32>) outs(%0 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %inserted_slice = tensor.insert_slice %1 into %cst_2[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x40x2x16xf32>
    %inserted_slice_3 = tensor.insert_slice %arg3 into %inserted_slice[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x40x2x16xf32>
    %2 = tensor.empty() : tensor<4x24x2x16xf32>
    %3 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<1x24x2x16xf32>) outs(%2 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %inserted_slice_4 = tensor.insert_slice %3 into %cst_2[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x40x2x16xf32>
    %inserted_slice_5 = tensor.insert_slice %arg4 into %inserted_slice_4[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x40x2x16xf32>
    %4 = tensor.empty() : tensor<4x2x16x40xf32>
    %5 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_3 : tensor<4x40x2x16xf32>) outs(%4 : tensor<4x2x16x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x40xf32>
    %collapsed = tensor.collapse_shape %arg0 [[0, 1, 2, 3]] : tensor<4x1x2x16xf32> into tensor<128xf32>
    %expanded = tensor.expand_shape %collapsed [[0, 1, 2]] output_shape [8, 1, 16] : tensor<128xf32> into tensor<8x1x16xf32>
    %collapsed_6 = tensor.collapse_shape %5 [[0, 1], [2], [3]] : tensor<4x2x16x40xf32> into tensor<8x16x40xf32>
    %6 = tensor.empty() : tensor<8x1x40xf32>
    %7 = linalg.fill ins(%cst_1 : f32) outs(%6 : tensor<8x1x40xf32>) -> tensor<8x1x40xf32>
    %8 = linalg.batch_matmul ins(%expanded, %collapsed_6 : tensor<8x1x16xf32>, tensor<8x16x40xf32>) outs(%7 : tensor<8x1x40xf32>) -> tensor<8x1x40xf32>
    %expanded_7 = tensor.expand_shape %8 [[0, 1], [2], [3]] output_shape [4, 2, 1, 40] : tensor<8x1x40xf32> into tensor<4x2x1x40xf32>
    %9 = tensor.empty() : tensor<4x2x1x40xf32>
    %10 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_7 : tensor<4x2x1x40xf32>) outs(%9 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.divf %in, %cst_0 : f32
      linalg.yield %44 : f32
    } -> tensor<4x2x1x40xf32>
    %11 = tensor.empty() : tensor<40xi64>
    %12 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%11 : tensor<40xi64>) {
    ^bb0(%out: i64):
      %44 = linalg.index 0 : index
      %45 = arith.index_cast %44 : index to i64
      linalg.yield %45 : i64
    } -> tensor<40xi64>
    %13 = tensor.empty() : tensor<40xi1>
    %14 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%12 : tensor<40xi64>) outs(%13 : tensor<40xi1>) {
    ^bb0(%in: i64, %out: i1):
      %44 = arith.cmpi slt, %in, %c32_i64 : i64
      linalg.yield %44 : i1
    } -> tensor<40xi1>
    %15 = tensor.empty() : tensor<f32>
    %16 = linalg.generic {indexing_maps = [affine_map<() -> ()>], iterator_types = []} outs(%15 : tensor<f32>) {
    ^bb0(%out: f32):
      linalg.yield %cst : f32
    } -> tensor<f32>
    %17 = tensor.empty() : tensor<4x2x1x40xi1>
    %18 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14 : tensor<40xi1>) outs(%17 : tensor<4x2x1x40xi1>) {
    ^bb0(%in: i1, %out: i1):
      linalg.yield %in : i1
    } -> tensor<4x2x1x40xi1>
    %19 = tensor.empty() : tensor<4x2x1x40xf32>
    %20 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> ()>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16 : tensor<f32>) outs(%19 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x1x40xf32>
    %21 = tensor.empty() : tensor<4x2x1x40xf32>
    %22 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18, %10, %20 : tensor<4x2x1x40xi1>, tensor<4x2x1x40xf32>, tensor<4x2x1x40xf32>) outs(%21 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: i1, %in_13: f32, %in_14: f32, %out: f32):
      %44 = arith.select %in, %in_13, %in_14 : f32
      linalg.yield %44 : f32
    } -> tensor<4x2x1x40xf32>
    %23 = tensor.empty() : tensor<4x2x1xf32>
    %24 = linalg.fill ins(%cst : f32) outs(%23 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %25 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%22 : tensor<4x2x1x40xf32>) outs(%24 : tensor<4x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.maximumf %out, %in : f32
      linalg.yield %44 : f32
    } -> tensor<4x2x1xf32>
    %26 = tensor.empty() : tensor<4x2x1x40xf32>
    %27 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%25 : tensor<4x2x1xf32>) outs(%26 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x1x40xf32>
    %28 = tensor.empty() : tensor<4x2x1x40xf32>
    %29 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%22, %27 : tensor<4x2x1x40xf32>, tensor<4x2x1x40xf32>) outs(%28 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %44 = arith.subf %in, %in_13 : f32
      linalg.yield %44 : f32
    } -> tensor<4x2x1x40xf32>
    %30 = tensor.empty() : tensor<4x2x1x40xf32>
    %31 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%29 : tensor<4x2x1x40xf32>) outs(%30 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = math.exp %in : f32
      linalg.yield %44 : f32
    } -> tensor<4x2x1x40xf32>
    %32 = tensor.empty() : tensor<4x2x1xf32>
    %33 = linalg.fill ins(%cst_1 : f32) outs(%32 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %34 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%31 : tensor<4x2x1x40xf32>) outs(%33 : tensor<4x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %44 = arith.addf %out, %in : f32
      linalg.yield %44 : f32
    } -> tensor<4x2x1xf32>
    %35 = tensor.empty() : tensor<4x2x1x40xf32>
    %36 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%34 : tensor<4x2x1xf32>) outs(%35 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x1x40xf32>
    %37 = tensor.empty() : tensor<4x2x1x40xf32>
    %38 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%31, %36 : tensor<4x2x1x40xf32>, tensor<4x2x1x40xf32>) outs(%37 : tensor<4x2x1x40xf32>) {
    ^bb0(%in: f32, %in_13: f32, %out: f32):
      %44 = arith.divf %in, %in_13 : f32
      linalg.yield %44 : f32
    } -> tensor<4x2x1x40xf32>
    %39 = tensor.empty() : tensor<4x2x16x40xf32>
    %40 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_5 : tensor<4x40x2x16xf32>) outs(%39 : tensor<4x2x16x40xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x40xf32>
    %collapsed_8 = tensor.collapse_shape %40 [[0, 1], [2], [3]] : tensor<4x2x16x40xf32> into tensor<8x16x40xf32>
    %collapsed_9 = tensor.collapse_shape %38 [[0, 1, 2, 3]] : tensor<4x2x1x40xf32> into tensor<320xf32>
    %expanded_10 = tensor.expand_shape %collapsed_9 [[0, 1, 2]] output_shape [8, 40, 1] : tensor<320xf32> into tensor<8x40x1xf32>
    %41 = tensor.empty() : tensor<8x16x1xf32>
    %42 = linalg.fill ins(%cst_1 : f32) outs(%41 : tensor<8x16x1xf32>) -> tensor<8x16x1xf32>
    %43 = linalg.batch_matmul ins(%collapsed_8, %expanded_10 : tensor<8x16x40xf32>, tensor<8x40x1xf32>) outs(%42 : tensor<8x16x1xf32>) -> tensor<8x16x1xf32>
    %collapsed_11 = tensor.collapse_shape %43 [[0, 1, 2]] : tensor<8x16x1xf32> into tensor<128xf32>
    %expanded_12 = tensor.expand_shape %collapsed_11 [[0, 1, 2, 3]] output_shape [4, 1, 2, 16] : tensor<128xf32> into tensor<4x1x2x16xf32>
    return %expanded_12 : tensor<4x1x2x16xf32>
  }
}