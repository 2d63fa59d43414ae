// name: dynamic_all.linalg
// produced by: PyTorch 2.15.0, torch-mlir, output type linalg-on-tensors (utils/export/export_torch.py)
// shows: Batch, prefix and suffix are unknown.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<()[s0, s1] -> (s0 + s1)>
#map2 = affine_map<()[s0] -> (s0 * 2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<?x2x1x16xf32>, %arg1: tensor<1x2x?x16xf32>, %arg2: tensor<1x2x?x16xf32>, %arg3: tensor<?x2x?x16xf32>, %arg4: tensor<?x2x?x16xf32>) -> tensor<?x2x1x16xf32> {
    %c2_i64 = arith.constant 2 : i64
    %c0_i64 = arith.constant 0 : i64
    %c16_i64 = arith.constant 16 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c1_i64 = arith.constant 1 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %c32_i64 = arith.constant 32 : i64
    %cst_1 = arith.constant 2.500000e-01 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x2x1x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_2 = tensor.dim %arg1, %c2 : tensor<1x2x?x16xf32>
    %1 = arith.index_cast %dim_2 : index to i64
    %dim_3 = tensor.dim %arg3, %c2 : tensor<?x2x?x16xf32>
    %2 = arith.index_cast %dim_3 : index to i64
    %3 = arith.cmpi slt, %0, %c0_i64 : i64
    %4 = arith.select %3, %c1, %dim : index
    %5 = arith.cmpi sge, %1, %c0_i64 : i64
    cf.assert %5, "unimplemented: dynamic negative broadcast sizes"
    %6 = tensor.empty(%4, %dim_2) : tensor<?x2x?x16xf32>
    %7 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%6 : tensor<?x2x?x16xf32>) {
    ^bb0(%out: f32):
      %91 = linalg.index 1 : index
      %92 = linalg.index 2 : index
      %93 = linalg.index 3 : index
      %94 = arith.cmpi eq, %dim_2, %c1 : index
      %95 = arith.select %94, %c0, %92 : index
      %extracted = tensor.extract %arg1[%c0, %91, %95, %93] : tensor<1x2x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x2x?x16xf32>
    %concat = tensor.concat dim(2) %7, %arg3 : (tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32>
    cf.assert %5, "unimplemented: dynamic negative broadcast sizes"
    %8 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%6 : tensor<?x2x?x16xf32>) {
    ^bb0(%out: f32):
      %91 = linalg.index 1 : index
      %92 = linalg.index 2 : index
      %93 = linalg.index 3 : index
      %dim_14 = tensor.dim %arg2, %c2 : tensor<1x2x?x16xf32>
      %94 = arith.cmpi eq, %dim_14, %c1 : index
      %95 = arith.select %94, %c0, %92 : index
      %extracted = tensor.extract %arg2[%c0, %91, %95, %93] : tensor<1x2x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x2x?x16xf32>
    %concat_4 = tensor.concat dim(2) %8, %arg4 : (tensor<?x2x?x16xf32>, tensor<?x2x?x16xf32>) -> tensor<?x2x?x16xf32>
    %dim_5 = tensor.dim %7, %c0 : tensor<?x2x?x16xf32>
    %dim_6 = tensor.dim %7, %c2 : tensor<?x2x?x16xf32>
    %9 = affine.apply #map1()[%dim_6, %dim_3]
    %10 = tensor.empty(%dim_5, %9) : tensor<?x2x16x?xf32>
    %transposed = linalg.transpose ins(%concat : tensor<?x2x?x16xf32>) outs(%10 : tensor<?x2x16x?xf32>) permutation = [0, 1, 3, 2] 
    %11 = arith.muli %0, %c2_i64 : i64
    %12 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %13 = tensor.empty(%dim) : tensor<?x2x1x16xf32>
    %14 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%13 : tensor<?x2x1x16xf32>) {
    ^bb0(%out: f32):
      %91 = linalg.index 0 : index
      %92 = linalg.index 1 : index
      %93 = linalg.index 3 : index
      %94 = arith.cmpi eq, %dim, %c1 : index
      %95 = arith.select %94, %c0, %91 : index
      %extracted = tensor.extract %arg0[%95, %92, %c0, %93] : tensor<?x2x1x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x2x1x16xf32>
    %collapsed = tensor.collapse_shape %14 [[0, 1], [2], [3]] : tensor<?x2x1x16xf32> into tensor<?x1x16xf32>
    %15 = arith.addi %1, %2 : i64
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    %16 = arith.index_cast %15 : i64 to index
    %17 = arith.cmpi sge, %15, %c0_i64 : i64
    cf.assert %17, "unimplemented: dynamic negative broadcast sizes"
    %18 = tensor.empty(%dim, %16) : tensor<?x2x16x?xf32>
    %19 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%18 : tensor<?x2x16x?xf32>) {
    ^bb0(%out: f32):
      %91 = linalg.index 0 : index
      %92 = linalg.index 1 : index
      %93 = linalg.index 2 : index
      %94 = linalg.index 3 : index
      %95 = arith.cmpi eq, %dim_5, %c1 : index
      %96 = arith.select %95, %c0, %91 : index
      %97 = arith.cmpi eq, %9, %c1 : index
      %98 = arith.select %97, %c0, %94 : index
      %extracted = tensor.extract %transposed[%96, %92, %93, %98] : tensor<?x2x16x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x2x16x?xf32>
    %20 = arith.cmpi slt, %11, %c0_i64 : i64
    %21 = arith.select %20, %c1_i64, %11 : i64
    %22 = arith.extui %20 : i1 to i64
    %23 = arith.muli %21, %c16_i64 : i64
    %24 = arith.muli %23, %15 : i64
    %25 = arith.addi %22, %c1_i64 : i64
    %26 = arith.cmpi slt, %15, %c0_i64 : i64
    %27 = arith.select %26, %23, %24 : i64
    %28 = arith.select %26, %25, %22 : i64
    %29 = arith.cmpi sle, %28, %c1_i64 : i64
    cf.assert %29, "must have at most one inferred (negative) dimension"
    %30 = arith.muli %0, %c32_i64 : i64
    %31 = arith.muli %30, %15 : i64
    %32 = arith.divsi %31, %27 : i64
    %33 = arith.select %20, %32, %11 : i64
    %34 = arith.select %26, %32, %15 : i64
    %from_elements = tensor.from_elements %33, %c16_i64, %34 : tensor<3xi64>
    %reshape = tensor.reshape %19(%from_elements) : (tensor<?x2x16x?xf32>, tensor<3xi64>) -> tensor<?x16x?xf32>
    %35 = affine.apply #map2()[%dim]
    %36 = arith.index_cast %34 : i64 to index
    %37 = arith.index_cast %35 : index to i64
    %38 = arith.cmpi eq, %37, %33 : i64
    cf.assert %38, "mismatching contracting dimension"
    %39 = tensor.empty(%35, %36) : tensor<?x1x?xf32>
    %40 = linalg.fill ins(%cst : f32) outs(%39 : tensor<?x1x?xf32>) -> tensor<?x1x?xf32>
    %41 = linalg.batch_matmul ins(%collapsed, %reshape : tensor<?x1x16xf32>, tensor<?x16x?xf32>) outs(%40 : tensor<?x1x?xf32>) -> tensor<?x1x?xf32>
    %42 = arith.select %3, %c1_i64, %0 : i64
    %43 = arith.extui %3 : i1 to i64
    %44 = arith.muli %42, %c2_i64 : i64
    %45 = arith.muli %44, %15 : i64
    %46 = arith.addi %43, %c1_i64 : i64
    %47 = arith.select %26, %44, %45 : i64
    %48 = arith.select %26, %46, %43 : i64
    %49 = arith.cmpi sle, %48, %c1_i64 : i64
    cf.assert %49, "must have at most one inferred (negative) dimension"
    %50 = arith.muli %37, %34 : i64
    %51 = arith.divsi %50, %47 : i64
    %52 = arith.select %3, %51, %0 : i64
    %53 = arith.select %26, %51, %15 : i64
    %from_elements_7 = tensor.from_elements %52, %c2_i64, %c1_i64, %53 : tensor<4xi64>
    %reshape_8 = tensor.reshape %41(%from_elements_7) : (tensor<?x1x?xf32>, tensor<4xi64>) -> tensor<?x2x1x?xf32>
    %54 = arith.index_cast %52 : i64 to index
    %55 = arith.index_cast %53 : i64 to index
    %56 = tensor.empty(%54, %55) : tensor<?x2x1x?xf32>
    %57 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape_8 : tensor<?x2x1x?xf32>) outs(%56 : tensor<?x2x1x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %91 = arith.mulf %in, %cst_1 : f32
      linalg.yield %91 : f32
    } -> tensor<?x2x1x?xf32>
    %58 = tensor.empty(%54) : tensor<?x2x1xi64>
    %59 = linalg.fill ins(%c0_i64 : i64) outs(%58 : tensor<?x2x1xi64>) -> tensor<?x2x1xi64>
    %60 = tensor.empty(%54) : tensor<?x2x1xf32>
    %61 = linalg.fill ins(%cst_0 : f32) outs(%60 : tensor<?x2x1xf32>) -> tensor<?x2x1xf32>
    %62:2 = linalg.generic {indexing_maps = [#map, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%57 : tensor<?x2x1x?xf32>) outs(%61, %59 : tensor<?x2x1xf32>, tensor<?x2x1xi64>) {
    ^bb0(%in: f32, %out: f32, %out_14: i64):
      %91 = linalg.index 3 : index
      %92 = arith.index_cast %91 : index to i64
      %93 = arith.maximumf %in, %out : f32
      %94 = arith.cmpf ogt, %in, %out : f32
      %95 = arith.select %94, %92, %out_14 : i64
      linalg.yield %93, %95 : f32, i64
    } -> (tensor<?x2x1xf32>, tensor<?x2x1xi64>)
    %expanded = tensor.expand_shape %62#0 [[0], [1], [2, 3]] output_shape [%54, 2, 1, 1] : tensor<?x2x1xf32> into tensor<?x2x1x1xf32>
    %63 = linalg.generic {indexing_maps = [#map, #map4, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%57, %expanded : tensor<?x2x1x?xf32>, tensor<?x2x1x1xf32>) outs(%56 : tensor<?x2x1x?xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %91 = arith.subf %in, %in_14 : f32
      linalg.yield %91 : f32
    } -> tensor<?x2x1x?xf32>
    %64 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%63 : tensor<?x2x1x?xf32>) outs(%56 : tensor<?x2x1x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %91 = math.exp %in : f32
      linalg.yield %91 : f32
    } -> tensor<?x2x1x?xf32>
    %65 = tensor.empty(%54) : tensor<?x2x1x1xf32>
    %66 = linalg.fill ins(%cst : f32) outs(%65 : tensor<?x2x1x1xf32>) -> tensor<?x2x1x1xf32>
    %67 = linalg.generic {indexing_maps = [#map, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%64 : tensor<?x2x1x?xf32>) outs(%66 : tensor<?x2x1x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %91 = arith.addf %in, %out : f32
      linalg.yield %91 : f32
    } -> tensor<?x2x1x1xf32>
    %68 = linalg.generic {indexing_maps = [#map, #map4, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%64, %67 : tensor<?x2x1x?xf32>, tensor<?x2x1x1xf32>) outs(%56 : tensor<?x2x1x?xf32>) {
    ^bb0(%in: f32, %in_14: f32, %out: f32):
      %91 = arith.divf %in, %in_14 : f32
      linalg.yield %91 : f32
    } -> tensor<?x2x1x?xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %17, "unimplemented: dynamic negative broadcast sizes"
    %69 = tensor.empty(%dim, %16) : tensor<?x2x1x?xf32>
    %70 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%69 : tensor<?x2x1x?xf32>) {
    ^bb0(%out: f32):
      %91 = linalg.index 0 : index
      %92 = linalg.index 1 : index
      %93 = linalg.index 3 : index
      %94 = arith.cmpi eq, %54, %c1 : index
      %95 = arith.select %94, %c0, %91 : index
      %96 = arith.cmpi eq, %55, %c1 : index
      %97 = arith.select %96, %c0, %93 : index
      %extracted = tensor.extract %68[%95, %92, %c0, %97] : tensor<?x2x1x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x2x1x?xf32>
    %71 = arith.muli %21, %15 : i64
    %72 = arith.select %26, %21, %71 : i64
    cf.assert %29, "must have at most one inferred (negative) dimension"
    %73 = arith.muli %11, %15 : i64
    %74 = arith.divsi %73, %72 : i64
    %75 = arith.select %20, %74, %11 : i64
    %76 = arith.select %26, %74, %15 : i64
    %from_elements_9 = tensor.from_elements %75, %c1_i64, %76 : tensor<3xi64>
    %reshape_10 = tensor.reshape %70(%from_elements_9) : (tensor<?x2x1x?xf32>, tensor<3xi64>) -> tensor<?x1x?xf32>
    cf.assert %12, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %17, "unimplemented: dynamic negative broadcast sizes"
    %77 = tensor.empty(%dim, %16) : tensor<?x2x?x16xf32>
    %78 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%77 : tensor<?x2x?x16xf32>) {
    ^bb0(%out: f32):
      %91 = linalg.index 0 : index
      %92 = linalg.index 1 : index
      %93 = linalg.index 2 : index
      %94 = linalg.index 3 : index
      %dim_14 = tensor.dim %8, %c0 : tensor<?x2x?x16xf32>
      %95 = arith.cmpi eq, %dim_14, %c1 : index
      %96 = arith.select %95, %c0, %91 : index
      %dim_15 = tensor.dim %8, %c2 : tensor<?x2x?x16xf32>
      %dim_16 = tensor.dim %arg4, %c2 : tensor<?x2x?x16xf32>
      %97 = affine.apply #map1()[%dim_15, %dim_16]
      %98 = arith.cmpi eq, %97, %c1 : index
      %99 = arith.select %98, %c0, %93 : index
      %extracted = tensor.extract %concat_4[%96, %92, %99, %94] : tensor<?x2x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x2x?x16xf32>
    %79 = arith.muli %72, %c16_i64 : i64
    cf.assert %29, "must have at most one inferred (negative) dimension"
    %80 = arith.muli %73, %c16_i64 : i64
    %81 = arith.divsi %80, %79 : i64
    %82 = arith.select %20, %81, %11 : i64
    %83 = arith.select %26, %81, %15 : i64
    %from_elements_11 = tensor.from_elements %82, %83, %c16_i64 : tensor<3xi64>
    %reshape_12 = tensor.reshape %78(%from_elements_11) : (tensor<?x2x?x16xf32>, tensor<3xi64>) -> tensor<?x?x16xf32>
    %84 = arith.index_cast %75 : i64 to index
    %85 = arith.cmpi eq, %75, %82 : i64
    cf.assert %85, "mismatching contracting dimension"
    %86 = arith.cmpi eq, %76, %83 : i64
    cf.assert %86, "mismatching contracting dimension"
    %87 = tensor.empty(%84) : tensor<?x1x16xf32>
    %88 = linalg.fill ins(%cst : f32) outs(%87 : tensor<?x1x16xf32>) -> tensor<?x1x16xf32>
    %89 = linalg.batch_matmul ins(%reshape_10, %reshape_12 : tensor<?x1x?xf32>, tensor<?x?x16xf32>) outs(%88 : tensor<?x1x16xf32>) -> tensor<?x1x16xf32>
    %90 = arith.divsi %84, %c2 : index
    %expanded_13 = tensor.expand_shape %89 [[0, 1], [2], [3]] output_shape [%90, 2, 1, 16] : tensor<?x1x16xf32> into tensor<?x2x1x16xf32>
    return %expanded_13 : tensor<?x2x1x16xf32>
  }
}
