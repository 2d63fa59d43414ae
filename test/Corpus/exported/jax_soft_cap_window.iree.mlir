// name: jax_soft_cap_window.iree
// produced by: JAX 0.10.2, iree-compile --compile-to=input (utils/export/export_jax.py)
// shows: Soft cap and a sliding window over the border (Gemma 2).
module @jit_forward {
  func.func @main(%arg0: tensor<4x4x2x16xf32>, %arg1: tensor<1x24x2x16xf32>, %arg2: tensor<1x24x2x16xf32>, %arg3: tensor<4x8x2x16xf32>, %arg4: tensor<4x8x2x16xf32>) -> tensor<4x4x2x16xf32> {
    %cst = arith.constant 0xFF800000 : f32
    %cst_0 = arith.constant -2.38197612E+38 : f32
    %c12_i64 = arith.constant 12 : i64
    %c4_i64 = arith.constant 4 : i64
    %c8_i64 = arith.constant 8 : i64
    %c24_i64 = arith.constant 24 : i64
    %cst_1 = arith.constant 2.000000e+01 : f32
    %cst_2 = arith.constant 0.000000e+00 : f32
    %cst_3 = arith.constant 2.500000e-01 : f32
    %0 = tensor.empty() : tensor<4x24x2x16xf32>
    %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg1 : tensor<1x24x2x16xf32>) outs(%0 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %2 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice = tensor.insert_slice %1 into %2[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_4 = tensor.insert_slice %arg3 into %inserted_slice[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %3 = tensor.empty() : tensor<4x24x2x16xf32>
    %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg2 : tensor<1x24x2x16xf32>) outs(%3 : tensor<4x24x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x24x2x16xf32>
    %5 = tensor.empty() : tensor<4x32x2x16xf32>
    %inserted_slice_5 = tensor.insert_slice %4 into %5[0, 0, 0, 0] [4, 24, 2, 16] [1, 1, 1, 1] : tensor<4x24x2x16xf32> into tensor<4x32x2x16xf32>
    %inserted_slice_6 = tensor.insert_slice %arg4 into %inserted_slice_5[0, 24, 0, 0] [4, 8, 2, 16] [1, 1, 1, 1] : tensor<4x8x2x16xf32> into tensor<4x32x2x16xf32>
    %6 = tensor.empty() : tensor<4x4x2x16xf32>
    %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%arg0 : tensor<4x4x2x16xf32>) outs(%6 : tensor<4x4x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %78 = arith.mulf %in, %cst_3 : f32
      linalg.yield %78 : f32
    } -> tensor<4x4x2x16xf32>
    %8 = tensor.empty() : tensor<4x2x4x16xf32>
    %9 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7 : tensor<4x4x2x16xf32>) outs(%8 : tensor<4x2x4x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x4x16xf32>
    %10 = tensor.empty() : tensor<4x2x16x32xf32>
    %11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_4 : tensor<4x32x2x16xf32>) outs(%10 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %collapsed = tensor.collapse_shape %9 [[0, 1], [2], [3]] : tensor<4x2x4x16xf32> into tensor<8x4x16xf32>
    %collapsed_7 = tensor.collapse_shape %11 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %12 = tensor.empty() : tensor<8x4x32xf32>
    %13 = linalg.fill ins(%cst_2 : f32) outs(%12 : tensor<8x4x32xf32>) -> tensor<8x4x32xf32>
    %14 = linalg.batch_matmul ins(%collapsed, %collapsed_7 : tensor<8x4x16xf32>, tensor<8x16x32xf32>) outs(%13 : tensor<8x4x32xf32>) -> tensor<8x4x32xf32>
    %expanded = tensor.expand_shape %14 [[0, 1], [2], [3]] output_shape [4, 2, 4, 32] : tensor<8x4x32xf32> into tensor<4x2x4x32xf32>
    %15 = tensor.empty() : tensor<4x2x4x32xf32>
    %16 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded : tensor<4x2x4x32xf32>) outs(%15 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %78 = arith.divf %in, %cst_1 : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4x32xf32>
    %17 = tensor.empty() : tensor<4x2x4x32xf32>
    %18 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%16 : tensor<4x2x4x32xf32>) outs(%17 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %78 = math.tanh %in : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4x32xf32>
    %19 = tensor.empty() : tensor<4x2x4x32xf32>
    %20 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%18 : tensor<4x2x4x32xf32>) outs(%19 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %78 = arith.mulf %in, %cst_1 : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4x32xf32>
    %21 = tensor.empty() : tensor<32xi64>
    %22 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%21 : tensor<32xi64>) {
    ^bb0(%out: i64):
      %78 = linalg.index 0 : index
      %79 = arith.index_cast %78 : index to i64
      linalg.yield %79 : i64
    } -> tensor<32xi64>
    %23 = tensor.empty() : tensor<4xi64>
    %24 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%23 : tensor<4xi64>) {
    ^bb0(%out: i64):
      %78 = linalg.index 0 : index
      %79 = arith.index_cast %78 : index to i64
      linalg.yield %79 : i64
    } -> tensor<4xi64>
    %expanded_8 = tensor.expand_shape %24 [[0, 1]] output_shape [4, 1] : tensor<4xi64> into tensor<4x1xi64>
    %25 = tensor.empty() : tensor<4x1xi64>
    %26 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%expanded_8 : tensor<4x1xi64>) outs(%25 : tensor<4x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %78 = arith.addi %in, %c24_i64 : i64
      linalg.yield %78 : i64
    } -> tensor<4x1xi64>
    %27 = tensor.empty() : tensor<4x1xi64>
    %28 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%26 : tensor<4x1xi64>) outs(%27 : tensor<4x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %78 = arith.addi %in, %c8_i64 : i64
      linalg.yield %78 : i64
    } -> tensor<4x1xi64>
    %29 = tensor.empty() : tensor<4x1xi64>
    %30 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%28 : tensor<4x1xi64>) outs(%29 : tensor<4x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %78 = arith.subi %in, %c4_i64 : i64
      linalg.yield %78 : i64
    } -> tensor<4x1xi64>
    %31 = tensor.empty() : tensor<4x32xi64>
    %32 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%22 : tensor<32xi64>) outs(%31 : tensor<4x32xi64>) {
    ^bb0(%in: i64, %out: i64):
      linalg.yield %in : i64
    } -> tensor<4x32xi64>
    %33 = tensor.empty() : tensor<4x32xi64>
    %34 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%30 : tensor<4x1xi64>) outs(%33 : tensor<4x32xi64>) {
    ^bb0(%in: i64, %out: i64):
      linalg.yield %in : i64
    } -> tensor<4x32xi64>
    %35 = tensor.empty() : tensor<4x32xi1>
    %36 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%32, %34 : tensor<4x32xi64>, tensor<4x32xi64>) outs(%35 : tensor<4x32xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %78 = arith.cmpi sle, %in, %in_12 : i64
      linalg.yield %78 : i1
    } -> tensor<4x32xi1>
    %37 = tensor.empty() : tensor<4x1xi64>
    %38 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%30 : tensor<4x1xi64>) outs(%37 : tensor<4x1xi64>) {
    ^bb0(%in: i64, %out: i64):
      %78 = arith.subi %in, %c12_i64 : i64
      linalg.yield %78 : i64
    } -> tensor<4x1xi64>
    %39 = tensor.empty() : tensor<4x32xi64>
    %40 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%38 : tensor<4x1xi64>) outs(%39 : tensor<4x32xi64>) {
    ^bb0(%in: i64, %out: i64):
      linalg.yield %in : i64
    } -> tensor<4x32xi64>
    %41 = tensor.empty() : tensor<4x32xi1>
    %42 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%32, %40 : tensor<4x32xi64>, tensor<4x32xi64>) outs(%41 : tensor<4x32xi1>) {
    ^bb0(%in: i64, %in_12: i64, %out: i1):
      %78 = arith.cmpi sgt, %in, %in_12 : i64
      linalg.yield %78 : i1
    } -> tensor<4x32xi1>
    %43 = tensor.empty() : tensor<4x32xi1>
    %44 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%36, %42 : tensor<4x32xi1>, tensor<4x32xi1>) outs(%43 : tensor<4x32xi1>) {
    ^bb0(%in: i1, %in_12: i1, %out: i1):
      %78 = arith.andi %in, %in_12 : i1
      linalg.yield %78 : i1
    } -> tensor<4x32xi1>
    %45 = tensor.empty() : tensor<f32>
    %46 = linalg.generic {indexing_maps = [affine_map<() -> ()>], iterator_types = []} outs(%45 : tensor<f32>) {
    ^bb0(%out: f32):
      linalg.yield %cst_0 : f32
    } -> tensor<f32>
    %47 = tensor.empty() : tensor<4x2x4x32xi1>
    %48 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%44 : tensor<4x32xi1>) outs(%47 : tensor<4x2x4x32xi1>) {
    ^bb0(%in: i1, %out: i1):
      linalg.yield %in : i1
    } -> tensor<4x2x4x32xi1>
    %49 = tensor.empty() : tensor<4x2x4x32xf32>
    %50 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> ()>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%46 : tensor<f32>) outs(%49 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x4x32xf32>
    %51 = tensor.empty() : tensor<4x2x4x32xf32>
    %52 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%48, %20, %50 : tensor<4x2x4x32xi1>, tensor<4x2x4x32xf32>, tensor<4x2x4x32xf32>) outs(%51 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: i1, %in_12: f32, %in_13: f32, %out: f32):
      %78 = arith.select %in, %in_12, %in_13 : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4x32xf32>
    %53 = tensor.empty() : tensor<4x2x4xf32>
    %54 = linalg.fill ins(%cst : f32) outs(%53 : tensor<4x2x4xf32>) -> tensor<4x2x4xf32>
    %55 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%52 : tensor<4x2x4x32xf32>) outs(%54 : tensor<4x2x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %78 = arith.maximumf %out, %in : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4xf32>
    %56 = tensor.empty() : tensor<4x2x4x32xf32>
    %57 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%55 : tensor<4x2x4xf32>) outs(%56 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x4x32xf32>
    %58 = tensor.empty() : tensor<4x2x4x32xf32>
    %59 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%52, %57 : tensor<4x2x4x32xf32>, tensor<4x2x4x32xf32>) outs(%58 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %78 = arith.subf %in, %in_12 : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4x32xf32>
    %60 = tensor.empty() : tensor<4x2x4x32xf32>
    %61 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%59 : tensor<4x2x4x32xf32>) outs(%60 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %78 = math.exp %in : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4x32xf32>
    %62 = tensor.empty() : tensor<4x2x4xf32>
    %63 = linalg.fill ins(%cst_2 : f32) outs(%62 : tensor<4x2x4xf32>) -> tensor<4x2x4xf32>
    %64 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%61 : tensor<4x2x4x32xf32>) outs(%63 : tensor<4x2x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %78 = arith.addf %out, %in : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4xf32>
    %65 = tensor.empty() : tensor<4x2x4x32xf32>
    %66 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%64 : tensor<4x2x4xf32>) outs(%65 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x4x32xf32>
    %67 = tensor.empty() : tensor<4x2x4x32xf32>
    %68 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%61, %66 : tensor<4x2x4x32xf32>, tensor<4x2x4x32xf32>) outs(%67 : tensor<4x2x4x32xf32>) {
    ^bb0(%in: f32, %in_12: f32, %out: f32):
      %78 = arith.divf %in, %in_12 : f32
      linalg.yield %78 : f32
    } -> tensor<4x2x4x32xf32>
    %69 = tensor.empty() : tensor<4x2x16x32xf32>
    %70 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%inserted_slice_6 : tensor<4x32x2x16xf32>) outs(%69 : tensor<4x2x16x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x16x32xf32>
    %71 = tensor.empty() : tensor<4x2x32x4xf32>
    %72 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%68 : tensor<4x2x4x32xf32>) outs(%71 : tensor<4x2x32x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x2x32x4xf32>
    %collapsed_9 = tensor.collapse_shape %70 [[0, 1], [2], [3]] : tensor<4x2x16x32xf32> into tensor<8x16x32xf32>
    %collapsed_10 = tensor.collapse_shape %72 [[0, 1], [2], [3]] : tensor<4x2x32x4xf32> into tensor<8x32x4xf32>
    %73 = tensor.empty() : tensor<8x16x4xf32>
    %74 = linalg.fill ins(%cst_2 : f32) outs(%73 : tensor<8x16x4xf32>) -> tensor<8x16x4xf32>
    %75 = linalg.batch_matmul ins(%collapsed_9, %collapsed_10 : tensor<8x16x32xf32>, tensor<8x32x4xf32>) outs(%74 : tensor<8x16x4xf32>) -> tensor<8x16x4xf32>
    %expanded_11 = tensor.expand_shape %75 [[0, 1], [2], [3]] output_shape [4, 2, 16, 4] : tensor<8x16x4xf32> into tensor<4x2x16x4xf32>
    %76 = tensor.empty() : tensor<4x4x2x16xf32>
    %77 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_11 : tensor<4x2x16x4xf32>) outs(%76 : tensor<4x4x2x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<4x4x2x16xf32>
    return %77 : tensor<4x4x2x16xf32>
  }
}