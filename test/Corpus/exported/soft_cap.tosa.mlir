// name: soft_cap.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Soft-capped scores and a causal mask of the lowest finite value (Gemma 2).
module {
  func.func @main(%arg0: tensor<4x2x3x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x3x16xf32> {
    %0 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[8, 3, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %4 = tosa.const_shape  {values = dense<[4, 2, 3, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %5 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %6 = tosa.const_shape  {values = dense<[1, 1, 3, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %7 = tosa.const_shape  {values = dense<[8, 3, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = tosa.const_shape  {values = dense<[4, 2, 3, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %10 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %11 = "tosa.const"() <{values = dense<2.000000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %12 = "tosa.const"() <{values = dense<5.000000e+00> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %13 = "tosa.const"() <{values = dense<[[0], [1], [2]]> : tensor<3x1xi64>}> : () -> tensor<3x1xi64>
    %14 = "tosa.const"() <{values = dense<29> : tensor<1x1xi32>}> : () -> tensor<1x1xi32>
    %15 = "tosa.const"() <{values = dense<[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]]> : tensor<1x32xi64>}> : () -> tensor<1x32xi64>
    %16 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
    %17 = "tosa.const"() <{values = dense<-3.40282347E+38> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
    %18 = tosa.tile %arg1, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %19 = tosa.concat %18, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %20 = tosa.tile %arg2, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %21 = tosa.concat %20, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %22 = tosa.transpose %19 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %23 = tosa.reshape %arg0, %1 : (tensor<4x2x3x16xf32>, !tosa.shape<3>) -> tensor<8x3x16xf32>
    %24 = tosa.reshape %22, %2 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %25 = tosa.matmul %23, %24, %3, %3 : (tensor<8x3x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x3x32xf32>
    %26 = tosa.reshape %25, %4 : (tensor<8x3x32xf32>, !tosa.shape<4>) -> tensor<4x2x3x32xf32>
    %27 = tosa.mul %26, %10, %5 : (tensor<4x2x3x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x3x32xf32>
    %28 = tosa.mul %27, %11, %5 : (tensor<4x2x3x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x3x32xf32>
    %29 = tosa.tanh %28 : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x32xf32>
    %30 = tosa.mul %29, %12, %5 : (tensor<4x2x3x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x3x32xf32>
    %31 = tosa.cast %13 : (tensor<3x1xi64>) -> tensor<3x1xi32>
    %32 = tosa.add %31, %14 : (tensor<3x1xi32>, tensor<1x1xi32>) -> tensor<3x1xi32>
    %33 = tosa.cast %32 : (tensor<3x1xi32>) -> tensor<3x1xi64>
    %34 = tosa.greater_equal %33, %15 : (tensor<3x1xi64>, tensor<1x32xi64>) -> tensor<3x32xi1>
    %35 = tosa.select %34, %16, %17 : (tensor<3x32xi1>, tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<3x32xf32>
    %36 = tosa.reshape %35, %6 : (tensor<3x32xf32>, !tosa.shape<4>) -> tensor<1x1x3x32xf32>
    %37 = tosa.add %30, %36 : (tensor<4x2x3x32xf32>, tensor<1x1x3x32xf32>) -> tensor<4x2x3x32xf32>
    %38 = tosa.reduce_max %37 {axis = 3 : i32} : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x1xf32>
    %39 = tosa.sub %37, %38 : (tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>) -> tensor<4x2x3x32xf32>
    %40 = tosa.exp %39 : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x32xf32>
    %41 = tosa.reduce_sum %40 {axis = 3 : i32} : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x1xf32>
    %42 = tosa.reciprocal %41 : (tensor<4x2x3x1xf32>) -> tensor<4x2x3x1xf32>
    %43 = tosa.mul %40, %42, %5 : (tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>, tensor<1xi8>) -> tensor<4x2x3x32xf32>
    %44 = tosa.reshape %43, %7 : (tensor<4x2x3x32xf32>, !tosa.shape<3>) -> tensor<8x3x32xf32>
    %45 = tosa.reshape %21, %8 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %46 = tosa.matmul %44, %45, %3, %3 : (tensor<8x3x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x3x16xf32>
    %47 = tosa.reshape %46, %9 : (tensor<8x3x16xf32>, !tosa.shape<4>) -> tensor<4x2x3x16xf32>
    return %47 : tensor<4x2x3x16xf32>
  }
}
