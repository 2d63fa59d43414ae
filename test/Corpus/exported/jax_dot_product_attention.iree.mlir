// name: jax_dot_product_attention.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: jax.nn.dot_product_attention with a boolean mask.
module @jit_forward {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x24x2x16xf32>, %arg2: tensor<1x24x2x16xf32>, %arg3: tensor<4x8x2x16xf32>, %arg4: tensor<4x8x2x16xf32>, %arg5: tensor<4xi32>) -> tensor<4x2x2x16xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant -2.38197633E+38 : f32
    %cst_1 = arith.constant 2.500000e-01 : f32
    %cst_2 = arith.constant 0.000000e+00 : f32
    %c24_i32 = arith.constant 24 : i32
    %0 = tensor.empty() : tensor<32xi64>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%0 : tensor<32xi64>) {
    ^bb0(%out: i64):
      %58 = linalg.index 0 : index
      %59 = arith.index_cast %58 : index to i64
      linalg.yield %59 : i64
    } -> tensor<32xi64>
    %expanded = tensor.expand_shape %arg5 [[0, 1, 2, 3]] output_shape [4, 1, 1, 1] : tensor<4xi32> into tensor<4x1x1x1xi32>
    %2 = tensor.empty() : tensor<4x1x1x1xi32>
    %3 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x1x1x1xi32>) outs(%2 : tensor<4x1x1x1xi32>) {
    ^bb0(%in: i32, %out: i32):
      %58 = arith.addi %in, %c24_i32 : i32
      linalg.yield %58 : i32
    } -> tensor<4x1x1x1xi32>
    %4 = tensor.empty() : tensor<4x1x1x1xi64>
    %5 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%3 : tensor<4x1x1x1xi32>) outs(%4 : tensor<4x1x1x1xi64>) {
    ^bb0(%in: i32, %out: i64):
      %58 = arith.extsi %in : i32 to i64
      linalg.yield %58 : i64
    } -> tensor<4x1x1x1xi64>
    %6 = tensor.empty() : tensor<4x1x1x32xi64>
    %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%1 : tensor<32xi64>) outs(%6 : tensor<4x1x1x32xi64>) {
    ^bb0(%in: i64, %out: i64):
      linalg.yield %in : i64
    } -> tensor<4x1x1x32xi64>
    %8 = tensor.empty() : tensor<4x1x1x32xi64>
    %9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%5 : tensor<4x1x1x1xi64>) outs(%8 : tensor<4x1x1x32xi64>) {
    ^bb0(%in: i64, %out: i64):
      linalg.yield %in : i64
    } -> tensor<4x1x1x32xi64>
    %10 = tensor.empty() : tensor<4x1x1x32xi1>
    %11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %9 : tensor<4x1x1x32xi64>, tensor<4x1x1x32xi64>) outs(%10 : tensor<4x1x1x32xi1>) {
    ^bb0(%in: i64, %in_17: i64, %out: i1):
      %58 = arith.cmpi slt, %in, %in_17 : i64
      linalg.yield %58 : i1
    } -> tensor<4x1x1x32xi1>
    %12 = tensor.empty() : tensor<4x24x2x16xf32>
    %13 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<1x24x2x16xf32>) outs(%12 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %14 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice = tensor.insert_slice %13 into %14[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_3 = tensor.insert_slice %arg3 into %inserted_slice[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %15 = tensor.empty() : tensor<4x24x2x16xf32>
    %16 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<1x24x2x16xf32>) outs(%15 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %17 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice_4 = tensor.insert_slice %16 into %17[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_5 = tensor.insert_slice %arg4 into %inserted_slice_4[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %expanded_6 = tensor.expand_shape %arg0 [[0], [1], [2], [3, 4]] output_shape [4, 2, 2, 1, 16] : tensor<4x2x2x16xf32> into tensor<4x2x2x1x16xf32>
    %18 = tensor.empty() : tensor<4x1x1x1x32xi1>
    %19 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%11 : tensor<4x1x1x32xi1>) outs(%18 : tensor<4x1x1x1x32xi1>) {
    ^bb0(%in: i1, %out: i1):
      linalg.yield %in : i1
    } -> tensor<4x1x1x1x32xi1>
    %20 = tensor.empty() : tensor<4x2x2x1x16xf32>
    %21 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d1, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded_6 : tensor<4x2x2x1x16xf32>) outs(%20 : tensor<4x2x2x1x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x2x1x16xf32>
    %22 = tensor.empty() : tensor<4x2x16x32xf32>
    %23 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_3 : tensor<4x32x2x16xf32>) outs(%22 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %collapsed = tensor.collapse_shape %21 [[0, 1], [2], [3, 4]] : tensor<4x2x2x1x16xf32> into tensor<8x2x16xf32>
    %collapsed_7 = tensor.collapse_shape %23 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %24 = tensor.empty() : tensor<8x2x32xf32>
    %25 = linalg.fill ins(%cst_2 : f32) outs(%24 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %26 = linalg.batch_matmul ins(%collapsed, %collapsed_7 : tensor<8x2x16xf32>, tensor<8x16x32xf32>) outs(%25 : tensor<8x2x32xf32>) -> tensor<8x2x32xf32>
    %expanded_8 = tensor.expand_shape %26 [[0, 1], [2], [3, 4]] output_shape [4, 2, 2, 1, 32] : tensor<8x2x32xf32> into tensor<4x2x2x1x32xf32>
    %27 = tensor.empty() : tensor<4x2x2x1x32xf32>
    %28 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded_8 : tensor<4x2x2x1x32xf32>) outs(%27 : tensor<4x2x2x1x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %58 = arith.mulf %in, %cst_1 : f32
      linalg.yield %58 : f32
    } -> tensor<4x2x2x1x32xf32>
    %collapsed_9 = tensor.collapse_shape %19 [[0, 1, 2, 3, 4]] : tensor<4x1x1x1x32xi1> into tensor<128xi1>
    %expanded_10 = tensor.expand_shape %collapsed_9 [[0, 1, 2, 3, 4]] output_shape [1, 4, 1, 1, 32] : tensor<128xi1> into tensor<1x4x1x1x32xi1>
    %29 = tensor.empty() : tensor<1x4x2x2x32xi1>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, 0, 0, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded_10 : tensor<1x4x1x1x32xi1>) outs(%29 : tensor<1x4x2x2x32xi1>) {
    ^bb0(%in: i1, %out: i1):
      linalg.yield %in : i1
    } -> tensor<1x4x2x2x32xi1>
    %collapsed_11 = tensor.collapse_shape %28 [[0, 1, 2, 3, 4]] : tensor<4x2x2x1x32xf32> into tensor<512xf32>
    %expanded_12 = tensor.expand_shape %collapsed_11 [[0, 1, 2, 3, 4]] output_shape [1, 4, 2, 2, 32] : tensor<512xf32> into tensor<1x4x2x2x32xf32>
    %31 = tensor.empty() : tensor<1x4x2x2x32xf32>
    %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%30, %expanded_12 : tensor<1x4x2x2x32xi1>, tensor<1x4x2x2x32xf32>) outs(%31 : tensor<1x4x2x2x32xf32>) {
    ^bb0(%in: i1, %in_17: f32, %out: f32):
      %58 = arith.select %in, %in_17, %cst_0 : f32
      linalg.yield %58 : f32
    } -> tensor<1x4x2x2x32xf32>
    %33 = tensor.empty() : tensor<1x4x2x2xf32>
    %34 = linalg.fill ins(%cst : f32) outs(%33 : tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
    %35 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%32 : tensor<1x4x2x2x32xf32>) outs(%34 : tensor<1x4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %58 = arith.maximumf %out, %in : f32
      linalg.yield %58 : f32
    } -> tensor<1x4x2x2xf32>
    %36 = tensor.empty() : tensor<1x4x2x2x32xf32>
    %37 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%35 : tensor<1x4x2x2xf32>) outs(%36 : tensor<1x4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x4x2x2x32xf32>
    %38 = tensor.empty() : tensor<1x4x2x2x32xf32>
    %39 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%32, %37 : tensor<1x4x2x2x32xf32>, tensor<1x4x2x2x32xf32>) outs(%38 : tensor<1x4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_17: f32, %out: f32):
      %58 = arith.subf %in, %in_17 : f32
      linalg.yield %58 : f32
    } -> tensor<1x4x2x2x32xf32>
    %40 = tensor.empty() : tensor<1x4x2x2x32xf32>
    %41 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%39 : tensor<1x4x2x2x32xf32>) outs(%40 : tensor<1x4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %58 = math.exp %in : f32
      linalg.yield %58 : f32
    } -> tensor<1x4x2x2x32xf32>
    %42 = tensor.empty() : tensor<1x4x2x2xf32>
    %43 = linalg.fill ins(%cst_2 : f32) outs(%42 : tensor<1x4x2x2xf32>) -> tensor<1x4x2x2xf32>
    %44 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%41 : tensor<1x4x2x2x32xf32>) outs(%43 : tensor<1x4x2x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      %58 = arith.addf %out, %in : f32
      linalg.yield %58 : f32
    } -> tensor<1x4x2x2xf32>
    %45 = tensor.empty() : tensor<1x4x2x2x32xf32>
    %46 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%44 : tensor<1x4x2x2xf32>) outs(%45 : tensor<1x4x2x2x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x4x2x2x32xf32>
    %47 = tensor.empty() : tensor<1x4x2x2x32xf32>
    %48 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%41, %46 : tensor<1x4x2x2x32xf32>, tensor<1x4x2x2x32xf32>) outs(%47 : tensor<1x4x2x2x32xf32>) {
    ^bb0(%in: f32, %in_17: f32, %out: f32):
      %58 = arith.divf %in, %in_17 : f32
      linalg.yield %58 : f32
    } -> tensor<1x4x2x2x32xf32>
    %49 = tensor.empty() : tensor<4x2x16x32xf32>
    %50 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_5 : tensor<4x32x2x16xf32>) outs(%49 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %51 = tensor.empty() : tensor<4x2x32x1x2xf32>
    %52 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d3, d0, d1, d4, d2)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%48 : tensor<1x4x2x2x32xf32>) outs(%51 : tensor<4x2x32x1x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x32x1x2xf32>
    %collapsed_13 = tensor.collapse_shape %50 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %collapsed_14 = tensor.collapse_shape %52 [[0, 1], [2], [3, 4]] : tensor<4x2x32x1x2xf32> into tensor<8x32x2xf32>
    %53 = tensor.empty() : tensor<8x16x2xf32>
    %54 = linalg.fill ins(%cst_2 : f32) outs(%53 : tensor<8x16x2xf32>) -> tensor<8x16x2xf32>
    %55 = linalg.batch_matmul ins(%collapsed_13, %collapsed_14 : tensor<8x16x32xf32>, tensor<8x32x2xf32>) outs(%54 : tensor<8x16x2xf32>) -> tensor<8x16x2xf32>
    %expanded_15 = tensor.expand_shape %55 [[0, 1], [2], [3, 4]] output_shape [4, 2, 16, 1, 2] : tensor<8x16x2xf32> into tensor<4x2x16x1x2xf32>
    %56 = tensor.empty() : tensor<1x4x2x2x16xf32>
    %57 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d1, d3, d4, d0, d2)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%expanded_15 : tensor<4x2x16x1x2xf32>) outs(%56 : tensor<1x4x2x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x4x2x2x16xf32>
    %collapsed_16 = tensor.collapse_shape %57 [[0, 1], [2], [3], [4]] : tensor<1x4x2x2x16xf32> into tensor<4x2x2x16xf32>
    return %collapsed_16 : tensor<4x2x2x16xf32>
  }
}