// name: jax_bf16.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: bf16 operands, scores and softmax in f32.
module @jit_forward {
  func.func @main(%arg0: tensor<4x2x2x16xbf16>, %arg1: tensor<1x24x2x16xbf16>, %arg2: tensor<1x24x2x16xbf16>, %arg3: tensor<4x8x2x16xbf16>, %arg4: tensor<4x8x2x16xbf16>) -> tensor<4x2x2x16xbf16> {
    %cst = arith.constant 0.000000e+00 : bf16
    %cst_0 = arith.constant 0xFF800000 : f32
    %cst_1 = arith.constant 4.000000e+00 : f32
    %cst_2 = arith.constant 0.000000e+00 : f32
    %0 = tensor.empty() : tensor<4x24x2x16xbf16>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<1x24x2x16xbf16>) outs(%0 : tensor<4x24x2x16xbf16>) {
    ^bb0(%in: bf16, %out: bf16):
      linalg.yield %in : bf16
    } -> tensor<4x24x2x16xbf16>
    %2 = tensor.empty() : tensor<4x32x2x16xbf16>
    %inserted_slice = tensor.insert_slice %1 into %2[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xbf16> into tensor<4x32x2x16xbf16>
    %inserted_slice_3 = tensor.insert_slice %arg3 into %inserted_slice[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xbf16> into tensor<4x32x2x16xbf16>
    %3 = tensor.empty() : tensor<4x24x2x16xbf16>
    %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<1x24x2x16xbf16>) outs(%3 : tensor<4x24x2x16xbf16>) {
    ^bb0(%in: bf16, %out: bf16):
      linalg.yield %in : bf16
    } -> tensor<4x24x2x16xbf16>
    %5 = tensor.empty() : tensor<4x32x2x16xbf16>
    %inserted_slice_4 = tensor.insert_slice %4 into %5[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xbf16> into tensor<4x32x2x16xbf16>
    %inserted_slice_5 = tensor.insert_slice %arg4 into %inserted_slice_4[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xbf16> into tensor<4x32x2x16xbf16>
    %6 = tensor.empty() : tensor<4x2x2x16xbf16>
    %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<4x2x2x16xbf16>) outs(%6 : tensor<4x2x2x16xbf16>) {
    ^bb0(%in: bf16, %out: bf16):
      linalg.yield %in : bf16
    } -> tensor<4x2x2x16xbf16>
    %8 = tensor.empty() : tensor<4x2x16x32xbf16>
    %9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_3 : tensor<4x32x2x16xbf16>) outs(%8 : tensor<4x2x16x32xbf16>) {
    ^bb0(%in: bf16, %out: bf16):
      linalg.yield %in : bf16
    } -> tensor<4x2x16x32xbf16>
    %collapsed = tensor.collapse_shape %7 [[0, 1], [2], [3]] : tensor<4x2x2x16xbf16> into tensor<8x2x16xbf16>
    %collapsed_6 = tensor.collapse_shape %9 [[0, 1], [2], [3]] : tensor<4x2x16x32xbf16> into tensor<8x16x32xbf16>
    %10 = tensor.empty() : tensor<8x2x32xf32>
    %11 = linalg.fill ins(%cst_2 : f32) outs(%10 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %12 = linalg.batch_matmul ins(%collapsed, %collapsed_6 : tensor<8x2x16xbf16>, tensor<8x16x32xbf16>) outs(%11 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded = tensor.expand_shape %12 [[0, 1], [2], [3]] output_shape [4, 2, 2, 32] : tensor<8x2x32xf32> into tensor<4x2x2x32xf32>
    %13 = tensor.empty() : tensor<4x2x2x32xf32>
    %14 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x2x32xf32>) outs(%13 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.divf %in, %cst_1 : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x2x32xf32>
    %15 = tensor.empty() : tensor<4x2x2xf32>
    %16 = linalg.fill ins(%cst_0 : f32) outs(%15 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %17 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%14 : tensor<4x2x2x32xf32>) outs(%16 : tensor<4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.maximumf %out, %in : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x2xf32>
    %18 = tensor.empty() : tensor<4x2x2x32xf32>
    %19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%17 : tensor<4x2x2xf32>) outs(%18 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x32xf32>
    %20 = tensor.empty() : tensor<4x2x2x32xf32>
    %21 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%14, %19 : tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>) outs(%20 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %42 = arith.subf %in, %in_10 : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x2x32xf32>
    %22 = tensor.empty() : tensor<4x2x2x32xf32>
    %23 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%21 : tensor<4x2x2x32xf32>) outs(%22 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = math.exp %in : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x2x32xf32>
    %24 = tensor.empty() : tensor<4x2x2xf32>
    %25 = linalg.fill ins(%cst_2 : f32) outs(%24 : tensor<4x2x2xf32>) -> tensor<4x2x2xf32>
    %26 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%23 : tensor<4x2x2x32xf32>) outs(%25 : tensor<4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %42 = arith.addf %out, %in : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x2xf32>
    %27 = tensor.empty() : tensor<4x2x2x32xf32>
    %28 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26 : tensor<4x2x2xf32>) outs(%27 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x32xf32>
    %29 = tensor.empty() : tensor<4x2x2x32xf32>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%23, %28 : tensor<4x2x2x32xf32>, tensor<4x2x2x32xf32>) outs(%29 : tensor<4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_10: f32, %out: f32):
      %42 = arith.divf %in, %in_10 : f32
      linalg.yield %42 : f32
    } -> tensor<4x2x2x32xf32>
    %31 = tensor.empty() : tensor<4x2x2x32xbf16>
    %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%30 : tensor<4x2x2x32xf32>) outs(%31 : tensor<4x2x2x32xbf16>) {
    ^bb0(%in: f32, %out: bf16):
      %42 = arith.truncf %in : f32 to bf16
      linalg.yield %42 : bf16
    } -> tensor<4x2x2x32xbf16>
    %33 = tensor.empty() : tensor<4x2x16x32xbf16>
    %34 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_5 : tensor<4x32x2x16xbf16>) outs(%33 : tensor<4x2x16x32xbf16>) {
    ^bb0(%in: bf16, %out: bf16):
      linalg.yield %in : bf16
    } -> tensor<4x2x16x32xbf16>
    %35 = tensor.empty() : tensor<4x2x32x2xbf16>
    %36 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%32 : tensor<4x2x2x32xbf16>) outs(%35 : tensor<4x2x32x2xbf16>) {
    ^bb0(%in: bf16, %out: bf16):
      linalg.yield %in : bf16
    } -> tensor<4x2x32x2xbf16>
    %collapsed_7 = tensor.collapse_shape %34 [[0, 1], [2], [3]] : tensor<4x2x16x32xbf16> into tensor<8x16x32xbf16>
    %collapsed_8 = tensor.collapse_shape %36 [[0, 1], [2], [3]] : tensor<4x2x32x2xbf16> into tensor<8x32x2xbf16>
    %37 = tensor.empty() : tensor<8x16x2xbf16>
    %38 = linalg.fill ins(%cst : bf16) outs(%37 : tensor<8x16x2xbf16>) -> tensor<8x16x2xbf16>
    %39 = linalg.batch_matmul ins(%collapsed_7, %collapsed_8 : tensor<8x16x32xbf16>, tensor<8x32x2xbf16>) outs(%38 : tensor<8x16x2xbf16>) -> tensor<8x16x2xbf16>
    %expanded_9 = tensor.expand_shape %39 [[0, 1], [2], [3]] output_shape [4, 2, 16, 2] : tensor<8x16x2xbf16> into tensor<4x2x16x2xbf16>
    %40 = tensor.empty() : tensor<4x2x2x16xbf16>
    %41 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_9 : tensor<4x2x16x2xbf16>) outs(%40 : tensor<4x2x2x16xbf16>) {
    ^bb0(%in: bf16, %out: bf16):
      linalg.yield %in : bf16
    } -> tensor<4x2x2x16xbf16>
    return %41 : tensor<4x2x2x16xbf16>
  }
}