// name: relative_bias.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: A learned bias per head, query and key (T5).
module {
  func.func @main(%arg0: tensor<4x2x3x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>, %arg5: tensor<1x2x3x32xf32>) -> tensor<4x2x3x16xf32> {
    %0 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[8, 3, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %4 = tosa.const_shape  {values = dense<[4, 2, 3, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %5 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %6 = tosa.const_shape  {values = dense<[8, 3, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %7 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[4, 2, 3, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = tosa.tile %arg1, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %10 = tosa.concat %9, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %11 = tosa.tile %arg2, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %12 = tosa.concat %11, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %13 = tosa.transpose %10 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %14 = tosa.reshape %arg0, %1 : (tensor<4x2x3x16xf32>, !tosa.shape<3>) -> tensor<8x3x16xf32>
    %15 = tosa.reshape %13, %2 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %16 = tosa.matmul %14, %15, %3, %3 : (tensor<8x3x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x3x32xf32>
    %17 = tosa.reshape %16, %4 : (tensor<8x3x32xf32>, !tosa.shape<4>) -> tensor<4x2x3x32xf32>
    %18 = tosa.add %17, %arg5 : (tensor<4x2x3x32xf32>, tensor<1x2x3x32xf32>) -> tensor<4x2x3x32xf32>
    %19 = tosa.reduce_max %18 {axis = 3 : i32} : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x1xf32>
    %20 = tosa.sub %18, %19 : (tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>) -> tensor<4x2x3x32xf32>
    %21 = tosa.exp %20 : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x32xf32>
    %22 = tosa.reduce_sum %21 {axis = 3 : i32} : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x1xf32>
    %23 = tosa.reciprocal %22 : (tensor<4x2x3x1xf32>) -> tensor<4x2x3x1xf32>
    %24 = tosa.mul %21, %23, %5 : (tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>, tensor<1xi8>) -> tensor<4x2x3x32xf32>
    %25 = tosa.reshape %24, %6 : (tensor<4x2x3x32xf32>, !tosa.shape<3>) -> tensor<8x3x32xf32>
    %26 = tosa.reshape %12, %7 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %27 = tosa.matmul %25, %26, %3, %3 : (tensor<8x3x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x3x16xf32>
    %28 = tosa.reshape %27, %8 : (tensor<8x3x16xf32>, !tosa.shape<4>) -> tensor<4x2x3x16xf32>
    return %28 : tensor<4x2x3x16xf32>
  }
}
