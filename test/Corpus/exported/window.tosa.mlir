// name: window.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Sliding window over the border of prefix and suffix, several queries.
module {
  func.func @main(%arg0: tensor<4x2x4x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x4x16xf32> {
    %0 = "tosa.const"() <{values = dense<[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]]> : tensor<1x32xi64>}> : () -> tensor<1x32xi64>
    %1 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<4x2x4x32xf32>}> : () -> tensor<4x2x4x32xf32>
    %2 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %3 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %4 = tosa.const_shape  {values = dense<[8, 4, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %5 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %6 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %7 = tosa.const_shape  {values = dense<[4, 2, 4, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %8 = tosa.const_shape  {values = dense<[1, 1, 4, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = tosa.const_shape  {values = dense<[8, 4, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %10 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %11 = tosa.const_shape  {values = dense<[4, 2, 4, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %12 = "tosa.const"() <{values = dense<[[0], [1], [2], [3]]> : tensor<4x1xi64>}> : () -> tensor<4x1xi64>
    %13 = "tosa.const"() <{values = dense<28> : tensor<1x1xi32>}> : () -> tensor<1x1xi32>
    %14 = "tosa.const"() <{values = dense<12> : tensor<1x1xi32>}> : () -> tensor<1x1xi32>
    %15 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
    %16 = "tosa.const"() <{values = dense<0xFF800000> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
    %17 = "tosa.const"() <{values = dense<5.000000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %18 = "tosa.const"() <{values = dense<0xFFF0000000000000> : tensor<1x1x1x1xf64>}> : () -> tensor<1x1x1x1xf64>
    %19 = tosa.cast %12 : (tensor<4x1xi64>) -> tensor<4x1xi32>
    %20 = tosa.add %19, %13 : (tensor<4x1xi32>, tensor<1x1xi32>) -> tensor<4x1xi32>
    %21 = tosa.cast %20 : (tensor<4x1xi32>) -> tensor<4x1xi64>
    %22 = tosa.greater_equal %21, %0 : (tensor<4x1xi64>, tensor<1x32xi64>) -> tensor<4x32xi1>
    %23 = tosa.sub %20, %14 : (tensor<4x1xi32>, tensor<1x1xi32>) -> tensor<4x1xi32>
    %24 = tosa.cast %23 : (tensor<4x1xi32>) -> tensor<4x1xi64>
    %25 = tosa.greater %0, %24 : (tensor<1x32xi64>, tensor<4x1xi64>) -> tensor<4x32xi1>
    %26 = tosa.logical_and %22, %25 : (tensor<4x32xi1>, tensor<4x32xi1>) -> tensor<4x32xi1>
    %27 = tosa.tile %arg1, %3 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %28 = tosa.concat %27, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %29 = tosa.tile %arg2, %3 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %30 = tosa.concat %29, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %31 = tosa.select %26, %15, %16 : (tensor<4x32xi1>, tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<4x32xf32>
    %32 = tosa.mul %arg0, %17, %2 : (tensor<4x2x4x16xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x4x16xf32>
    %33 = tosa.transpose %28 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %34 = tosa.mul %33, %17, %2 : (tensor<4x2x16x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x16x32xf32>
    %35 = tosa.reshape %32, %4 : (tensor<4x2x4x16xf32>, !tosa.shape<3>) -> tensor<8x4x16xf32>
    %36 = tosa.reshape %34, %5 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %37 = tosa.matmul %35, %36, %6, %6 : (tensor<8x4x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x4x32xf32>
    %38 = tosa.reshape %37, %7 : (tensor<8x4x32xf32>, !tosa.shape<4>) -> tensor<4x2x4x32xf32>
    %39 = tosa.reshape %31, %8 : (tensor<4x32xf32>, !tosa.shape<4>) -> tensor<1x1x4x32xf32>
    %40 = tosa.add %38, %39 : (tensor<4x2x4x32xf32>, tensor<1x1x4x32xf32>) -> tensor<4x2x4x32xf32>
    %41 = tosa.reduce_max %40 {axis = 3 : i32} : (tensor<4x2x4x32xf32>) -> tensor<4x2x4x1xf32>
    %42 = tosa.sub %40, %41 : (tensor<4x2x4x32xf32>, tensor<4x2x4x1xf32>) -> tensor<4x2x4x32xf32>
    %43 = tosa.exp %42 : (tensor<4x2x4x32xf32>) -> tensor<4x2x4x32xf32>
    %44 = tosa.reduce_sum %43 {axis = 3 : i32} : (tensor<4x2x4x32xf32>) -> tensor<4x2x4x1xf32>
    %45 = tosa.reciprocal %44 : (tensor<4x2x4x1xf32>) -> tensor<4x2x4x1xf32>
    %46 = tosa.mul %43, %45, %2 : (tensor<4x2x4x32xf32>, tensor<4x2x4x1xf32>, tensor<1xi8>) -> tensor<4x2x4x32xf32>
    %47 = tosa.cast %40 : (tensor<4x2x4x32xf32>) -> tensor<4x2x4x32xf64>
    %48 = tosa.equal %47, %18 : (tensor<4x2x4x32xf64>, tensor<1x1x1x1xf64>) -> tensor<4x2x4x32xi1>
    %49 = tosa.reduce_all %48 {axis = 3 : i32} : (tensor<4x2x4x32xi1>) -> tensor<4x2x4x1xi1>
    %50 = tosa.select %49, %1, %46 : (tensor<4x2x4x1xi1>, tensor<4x2x4x32xf32>, tensor<4x2x4x32xf32>) -> tensor<4x2x4x32xf32>
    %51 = tosa.reshape %50, %9 : (tensor<4x2x4x32xf32>, !tosa.shape<3>) -> tensor<8x4x32xf32>
    %52 = tosa.reshape %30, %10 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %53 = tosa.matmul %51, %52, %6, %6 : (tensor<8x4x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x4x16xf32>
    %54 = tosa.reshape %53, %11 : (tensor<8x4x16xf32>, !tosa.shape<4>) -> tensor<4x2x4x16xf32>
    return %54 : tensor<4x2x4x16xf32>
  }
}
