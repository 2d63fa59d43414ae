// name: jax_nested_vmap.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: Groups of samples: vmap over prompts, then over samples of one prompt.
module @jit_one {
  func.func @main(%arg0: tensor<2x3x1x2x16xf32>, %arg1: tensor<2x24x2x16xf32>, %arg2: tensor<2x24x2x16xf32>, %arg3: tensor<2x3x8x2x16xf32>, %arg4: tensor<2x3x8x2x16xf32>) -> tensor<2x3x1x2x16xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant 4.000000e+00 : f32
    %cst_1 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<2x3x24x2x16xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<2x24x2x16xf32>) outs(%0 : tensor<2x3x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x3x24x2x16xf32>
    %2 = tensor.empty() : tensor<2x3x32x2x16xf32>
    %inserted_slice = tensor.insert_slice %1 into %2[0, 0, 0, 0, 0] [2, 3, 24, 2, 16] [1, 1, 1, 1, 1] : tensor<2x3x24x2x16xf32> into tensor<2x3x32x2x16xf32>
    %inserted_slice_2 = tensor.insert_slice %arg3 into %inserted_slice[0, 0, 24, 0, 0] [2, 3, 8, 2, 16] [1, 1, 1, 1, 1] : tensor<2x3x8x2x16xf32> into tensor<2x3x32x2x16xf32>
    %3 = tensor.empty() : tensor<2x3x24x2x16xf32>
    %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<2x24x2x16xf32>) outs(%3 : tensor<2x3x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x3x24x2x16xf32>
    %5 = tensor.empty() : tensor<2x3x32x2x16xf32>
    %inserted_slice_3 = tensor.insert_slice %4 into %5[0, 0, 0, 0, 0] [2, 3, 24, 2, 16] [1, 1, 1, 1, 1] : tensor<2x3x24x2x16xf32> into tensor<2x3x32x2x16xf32>
    %inserted_slice_4 = tensor.insert_slice %arg4 into %inserted_slice_3[0, 0, 24, 0, 0] [2, 3, 8, 2, 16] [1, 1, 1, 1, 1] : tensor<2x3x8x2x16xf32> into tensor<2x3x32x2x16xf32>
    %6 = tensor.empty() : tensor<2x3x2x16x32xf32>
    %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d2, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_2 : tensor<2x3x32x2x16xf32>) outs(%6 : tensor<2x3x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x3x2x16x32xf32>
    %collapsed = tensor.collapse_shape %arg0 [[0, 1, 2, 3, 4]] : tensor<2x3x1x2x16xf32> into tensor<192xf32>
    %expanded = tensor.expand_shape %collapsed [[0, 1, 2]] output_shape [12, 1, 16] : tensor<192xf32> into tensor<12x1x16xf32>
    %collapsed_5 = tensor.collapse_shape %7 [[0, 1, 2], [3], [4]] : tensor<2x3x2x16x32xf32> into tensor<12x16x32xf32>
    %8 = tensor.empty() : tensor<12x1x32xf32>
    %9 = linalg.fill ins(%cst_1 : f32) outs(%8 : tensor<12x1x32xf32>) -> tensor<12x1x32xf32>
    %10 = linalg.batch_matmul ins(%expanded, %collapsed_5 : tensor<12x1x16xf32>, tensor<12x16x32xf32>) outs(%9 : tensor<12x1x32xf32>) -> tensor<12x1x32xf32>
    %expanded_6 = tensor.expand_shape %10 [[0, 1, 2], [3], [4]] output_shape [2, 3, 2, 1, 32] : tensor<12x1x32xf32> into tensor<2x3x2x1x32xf32>
    %11 = tensor.empty() : tensor<2x3x2x1x32xf32>
    %12 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded_6 : tensor<2x3x2x1x32xf32>) outs(%11 : tensor<2x3x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.divf %in, %cst_0 : f32
      linalg.yield %34 : f32
    } -> tensor<2x3x2x1x32xf32>
    %13 = tensor.empty() : tensor<2x3x2x1xf32>
    %14 = linalg.fill ins(%cst : f32) outs(%13 : tensor<2x3x2x1xf32>) -> tensor<2x3x2x1xf32>
    %15 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%12 : tensor<2x3x2x1x32xf32>) outs(%14 : tensor<2x3x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.maximumf %out, %in : f32
      linalg.yield %34 : f32
    } -> tensor<2x3x2x1xf32>
    %16 = tensor.empty() : tensor<2x3x2x1x32xf32>
    %17 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%15 : tensor<2x3x2x1xf32>) outs(%16 : tensor<2x3x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x3x2x1x32xf32>
    %18 = tensor.empty() : tensor<2x3x2x1x32xf32>
    %19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%12, %17 : tensor<2x3x2x1x32xf32>, tensor<2x3x2x1x32xf32>) outs(%18 : tensor<2x3x2x1x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %34 = arith.subf %in, %in_12 : f32
      linalg.yield %34 : f32
    } -> tensor<2x3x2x1x32xf32>
    %20 = tensor.empty() : tensor<2x3x2x1x32xf32>
    %21 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%19 : tensor<2x3x2x1x32xf32>) outs(%20 : tensor<2x3x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = math.exp %in : f32
      linalg.yield %34 : f32
    } -> tensor<2x3x2x1x32xf32>
    %22 = tensor.empty() : tensor<2x3x2x1xf32>
    %23 = linalg.fill ins(%cst_1 : f32) outs(%22 : tensor<2x3x2x1xf32>) -> tensor<2x3x2x1xf32>
    %24 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%21 : tensor<2x3x2x1x32xf32>) outs(%23 : tensor<2x3x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %34 = arith.addf %out, %in : f32
      linalg.yield %34 : f32
    } -> tensor<2x3x2x1xf32>
    %25 = tensor.empty() : tensor<2x3x2x1x32xf32>
    %26 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%24 : tensor<2x3x2x1xf32>) outs(%25 : tensor<2x3x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x3x2x1x32xf32>
    %27 = tensor.empty() : tensor<2x3x2x1x32xf32>
    %28 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%21, %26 : tensor<2x3x2x1x32xf32>, tensor<2x3x2x1x32xf32>) outs(%27 : tensor<2x3x2x1x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %34 = arith.divf %in, %in_12 : f32
      linalg.yield %34 : f32
    } -> tensor<2x3x2x1x32xf32>
    %29 = tensor.empty() : tensor<2x3x2x16x32xf32>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d2, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_4 : tensor<2x3x32x2x16xf32>) outs(%29 : tensor<2x3x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<2x3x2x16x32xf32>
    %collapsed_7 = tensor.collapse_shape %30 [[0, 1, 2], [3], [4]] : tensor<2x3x2x16x32xf32> into tensor<12x16x32xf32>
    %collapsed_8 = tensor.collapse_shape %28 [[0, 1, 2, 3, 4]] : tensor<2x3x2x1x32xf32> into tensor<384xf32>
    %expanded_9 = tensor.expand_shape %collapsed_8 [[0, 1, 2]] output_shape [12, 32, 1] : tensor<384xf32> into tensor<12x32x1xf32>
    %31 = tensor.empty() : tensor<12x16x1xf32>
    %32 = linalg.fill ins(%cst_1 : f32) outs(%31 : tensor<12x16x1xf32>) -> tensor<12x16x1xf32>
    %33 = linalg.batch_matmul ins(%collapsed_7, %expanded_9 : tensor<12x16x32xf32>, tensor<12x32x1xf32>) outs(%32 : tensor<12x16x1xf32>) -> tensor<12x16x1xf32>
    %collapsed_10 = tensor.collapse_shape %33 [[0, 1, 2]] : tensor<12x16x1xf32> into tensor<192xf32>
    %expanded_11 = tensor.expand_shape %collapsed_10 [[0, 1, 2, 3, 4]] output_shape [2, 3, 1, 2, 16] : tensor<192xf32> into tensor<2x3x1x2x16xf32>
    return %expanded_11 : tensor<2x3x1x2x16xf32>
  }
}