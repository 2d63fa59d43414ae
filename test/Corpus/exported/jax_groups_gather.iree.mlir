// name: jax_groups_gather.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: Prompts picked by a constant table of sequence to prompt.
module @jit_forward {
  func.func @main(%arg0: tensor<4x1x2x16xf32>, %arg1: tensor<2x24x2x16xf32>, %arg2: tensor<2x24x2x16xf32>, %arg3: tensor<4x8x2x16xf32>, %arg4: tensor<4x8x2x16xf32>) -> tensor<4x1x2x16xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant 4.000000e+00 : f32
    %cst_1 = arith.constant 0.000000e+00 : f32
    %cst_2 = arith.constant dense<[0, 0, 0, 1]> : tensor<4xi64>
    %0 = tensor.empty() : tensor<4xi32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%cst_2 : tensor<4xi64>) outs(%0 : tensor<4xi32>) {
    ^bb0(%in: i64, %out: i32):
      %36 = arith.trunci %in : i64 to i32
      linalg.yield %36 : i32
    } -> tensor<4xi32>
    %expanded = tensor.expand_shape %1 [[0, 1]] output_shape [4, 1] : tensor<4xi32> into tensor<4x1xi32>
    %2 = tensor.empty() : tensor<4x1x24x2x16xf32>
    %3 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x1xi32>) outs(%2 : tensor<4x1x24x2x16xf32>) {
    ^bb0(%in: i32, %out: f32):
      %36 = arith.index_cast %in : i32 to index
      %37 = linalg.index 2 : index
      %38 = linalg.index 3 : index
      %39 = linalg.index 4 : index
      %extracted = tensor.extract %arg1[%36, %37, %38, %39] : tensor<2x24x2x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x1x24x2x16xf32>
    %collapsed = tensor.collapse_shape %3 [[0], [1, 2], [3], [4]] : tensor<4x1x24x2x16xf32> into tensor<4x24x2x16xf32>
    %4 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice = tensor.insert_slice %collapsed into %4[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_3 = tensor.insert_slice %arg3 into %inserted_slice[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %5 = tensor.empty() : tensor<4x1x24x2x16xf32>
    %6 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x1xi32>) outs(%5 : tensor<4x1x24x2x16xf32>) {
    ^bb0(%in: i32, %out: f32):
      %36 = arith.index_cast %in : i32 to index
      %37 = linalg.index 2 : index
      %38 = linalg.index 3 : index
      %39 = linalg.index 4 : index
      %extracted = tensor.extract %arg2[%36, %37, %38, %39] : tensor<2x24x2x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<4x1x24x2x16xf32>
    %collapsed_4 = tensor.collapse_shape %6 [[0], [1, 2], [3], [4]] : tensor<4x1x24x2x16xf32> into tensor<4x24x2x16xf32>
    %7 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice_5 = tensor.insert_slice %collapsed_4 into %7[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_6 = tensor.insert_slice %arg4 into %inserted_slice_5[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %8 = tensor.empty() : tensor<4x2x16x32xf32>
    %9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_3 : tensor<4x32x2x16xf32>) outs(%8 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %collapsed_7 = tensor.collapse_shape %arg0 [[0, 1, 2, 3]] : tensor<4x1x2x16xf32> into tensor<128xf32>
    %expanded_8 = tensor.expand_shape %collapsed_7 [[0, 1, 2]] output_shape [8, 1, 16] : tensor<128xf32> into tensor<8x1x16xf32>
    %collapsed_9 = tensor.collapse_shape %9 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %10 = tensor.empty() : tensor<8x1x32xf32>
    %11 = linalg.fill ins(%cst_1 : f32) outs(%10 : tensor<8x1x32xf32>) -> tensor<8x1x32xf32>
    %12 = linalg.batch_matmul ins(%expanded_8, %collapsed_9 : tensor<8x1x16xf32>, tensor<8x16x32xf32>) outs(%11 : tensor<8x1x32xf32>) -> tensor<8x1x32xf32>
    %expanded_10 = tensor.expand_shape %12 [[0, 1], [2], [3]] output_shape [4, 2, 1, 32] : tensor<8x1x32xf32> into tensor<4x2x1x32xf32>
    %13 = tensor.empty() : tensor<4x2x1x32xf32>
    %14 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_10 : tensor<4x2x1x32xf32>) outs(%13 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.divf %in, %cst_0 : f32
      linalg.yield %36 : f32
    } -> tensor<4x2x1x32xf32>
    %15 = tensor.empty() : tensor<4x2x1xf32>
    %16 = linalg.fill ins(%cst : f32) outs(%15 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %17 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%14 : tensor<4x2x1x32xf32>) outs(%16 : tensor<4x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.maximumf %out, %in : f32
      linalg.yield %36 : f32
    } -> tensor<4x2x1xf32>
    %18 = tensor.empty() : tensor<4x2x1x32xf32>
    %19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17 : tensor<4x2x1xf32>) outs(%18 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x1x32xf32>
    %20 = tensor.empty() : tensor<4x2x1x32xf32>
    %21 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14, %19 : tensor<4x2x1x32xf32>, tensor<4x2x1x32xf32>) outs(%20 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %36 = arith.subf %in, %in_16 : f32
      linalg.yield %36 : f32
    } -> tensor<4x2x1x32xf32>
    %22 = tensor.empty() : tensor<4x2x1x32xf32>
    %23 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<4x2x1x32xf32>) outs(%22 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = math.exp %in : f32
      linalg.yield %36 : f32
    } -> tensor<4x2x1x32xf32>
    %24 = tensor.empty() : tensor<4x2x1xf32>
    %25 = linalg.fill ins(%cst_1 : f32) outs(%24 : tensor<4x2x1xf32>) -> tensor<4x2x1xf32>
    %26 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<4x2x1x32xf32>) outs(%25 : tensor<4x2x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %36 = arith.addf %out, %in : f32
      linalg.yield %36 : f32
    } -> tensor<4x2x1xf32>
    %27 = tensor.empty() : tensor<4x2x1x32xf32>
    %28 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26 : tensor<4x2x1xf32>) outs(%27 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x1x32xf32>
    %29 = tensor.empty() : tensor<4x2x1x32xf32>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %28 : tensor<4x2x1x32xf32>, tensor<4x2x1x32xf32>) outs(%29 : tensor<4x2x1x32xf32>) {
    ^bb0(%in: f32, %in_16: f32, %out: f32):
      %36 = arith.divf %in, %in_16 : f32
      linalg.yield %36 : f32
    } -> tensor<4x2x1x32xf32>
    %31 = tensor.empty() : tensor<4x2x16x32xf32>
    %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_6 : tensor<4x32x2x16xf32>) outs(%31 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %collapsed_11 = tensor.collapse_shape %32 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %collapsed_12 = tensor.collapse_shape %30 [[0, 1, 2, 3]] : tensor<4x2x1x32xf32> into tensor<256xf32>
    %expanded_13 = tensor.expand_shape %collapsed_12 [[0, 1, 2]] output_shape [8, 32, 1] : tensor<256xf32> into tensor<8x32x1xf32>
    %33 = tensor.empty() : tensor<8x16x1xf32>
    %34 = linalg.fill ins(%cst_1 : f32) outs(%33 : tensor<8x16x1xf32>) -> tensor<8x16x1xf32>
    %35 = linalg.batch_matmul ins(%collapsed_11, %expanded_13 : tensor<8x16x32xf32>, tensor<8x32x1xf32>) outs(%34 : tensor<8x16x1xf32>) -> tensor<8x16x1xf32>
    %collapsed_14 = tensor.collapse_shape %35 [[0, 1, 2]] : tensor<8x16x1xf32> into tensor<128xf32>
    %expanded_15 = tensor.expand_shape %collapsed_14 [[0, 1, 2, 3]] output_shape [4, 1, 2, 16] : tensor<128xf32> into tensor<4x1x2x16xf32>
    return %expanded_15 : tensor<4x1x2x16xf32>
  }
}