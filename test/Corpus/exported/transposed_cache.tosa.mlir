// name: transposed_cache.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: K is cached as [B, H, D, N].
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x16x24xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x16x8xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %0 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[8, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %4 = tosa.const_shape  {values = dense<[4, 2, 1, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %5 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %6 = tosa.const_shape  {values = dense<[8, 1, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %7 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[4, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %10 = tosa.tile %arg1, %0 : (tensor<1x2x16x24xf32>, !tosa.shape<4>) -> tensor<4x2x16x24xf32>
    %11 = tosa.concat %10, %arg3 {axis = 3 : i32} : (tensor<4x2x16x24xf32>, tensor<4x2x16x8xf32>) -> tensor<4x2x16x32xf32>
    %12 = tosa.reshape %arg0, %1 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %13 = tosa.reshape %11, %2 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %14 = tosa.matmul %12, %13, %3, %3 : (tensor<8x1x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x32xf32>
    %15 = tosa.reshape %14, %4 : (tensor<8x1x32xf32>, !tosa.shape<4>) -> tensor<4x2x1x32xf32>
    %16 = tosa.mul %15, %9, %5 : (tensor<4x2x1x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %17 = tosa.reduce_max %16 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %18 = tosa.sub %16, %17 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x32xf32>
    %19 = tosa.exp %18 : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x32xf32>
    %20 = tosa.reduce_sum %19 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %21 = tosa.reciprocal %20 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %22 = tosa.mul %19, %21, %5 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %23 = tosa.tile %arg2, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %24 = tosa.concat %23, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %25 = tosa.reshape %22, %6 : (tensor<4x2x1x32xf32>, !tosa.shape<3>) -> tensor<8x1x32xf32>
    %26 = tosa.reshape %24, %7 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %27 = tosa.matmul %25, %26, %3, %3 : (tensor<8x1x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %28 = tosa.reshape %27, %8 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    return %28 : tensor<4x2x1x16xf32>
  }
}
