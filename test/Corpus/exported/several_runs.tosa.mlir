// name: several_runs.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: System prompt, own turn, a shared document, own turn.
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x4x16xf32>, %arg4: tensor<4x2x4x16xf32>, %arg5: tensor<1x2x12x16xf32>, %arg6: tensor<1x2x12x16xf32>, %arg7: tensor<4x2x3x16xf32>, %arg8: tensor<4x2x3x16xf32>) -> tensor<4x2x1x16xf32> {
    %0 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[8, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = tosa.const_shape  {values = dense<[8, 16, 43]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %4 = tosa.const_shape  {values = dense<[4, 2, 1, 43]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %5 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %6 = tosa.const_shape  {values = dense<[8, 1, 43]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %7 = tosa.const_shape  {values = dense<[8, 43, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[4, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %10 = tosa.tile %arg1, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %11 = tosa.tile %arg5, %0 : (tensor<1x2x12x16xf32>, !tosa.shape<4>) -> tensor<4x2x12x16xf32>
    %12 = tosa.concat %10, %arg3, %11, %arg7 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x4x16xf32>, tensor<4x2x12x16xf32>, tensor<4x2x3x16xf32>) -> tensor<4x2x43x16xf32>
    %13 = tosa.tile %arg2, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %14 = tosa.tile %arg6, %0 : (tensor<1x2x12x16xf32>, !tosa.shape<4>) -> tensor<4x2x12x16xf32>
    %15 = tosa.concat %13, %arg4, %14, %arg8 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x4x16xf32>, tensor<4x2x12x16xf32>, tensor<4x2x3x16xf32>) -> tensor<4x2x43x16xf32>
    %16 = tosa.transpose %12 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x43x16xf32>) -> tensor<4x2x16x43xf32>
    %17 = tosa.reshape %arg0, %1 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %18 = tosa.reshape %16, %2 : (tensor<4x2x16x43xf32>, !tosa.shape<3>) -> tensor<8x16x43xf32>
    %19 = tosa.matmul %17, %18, %3, %3 : (tensor<8x1x16xf32>, tensor<8x16x43xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x43xf32>
    %20 = tosa.reshape %19, %4 : (tensor<8x1x43xf32>, !tosa.shape<4>) -> tensor<4x2x1x43xf32>
    %21 = tosa.mul %20, %9, %5 : (tensor<4x2x1x43xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x43xf32>
    %22 = tosa.reduce_max %21 {axis = 3 : i32} : (tensor<4x2x1x43xf32>) -> tensor<4x2x1x1xf32>
    %23 = tosa.sub %21, %22 : (tensor<4x2x1x43xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x43xf32>
    %24 = tosa.exp %23 : (tensor<4x2x1x43xf32>) -> tensor<4x2x1x43xf32>
    %25 = tosa.reduce_sum %24 {axis = 3 : i32} : (tensor<4x2x1x43xf32>) -> tensor<4x2x1x1xf32>
    %26 = tosa.reciprocal %25 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %27 = tosa.mul %24, %26, %5 : (tensor<4x2x1x43xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x43xf32>
    %28 = tosa.reshape %27, %6 : (tensor<4x2x1x43xf32>, !tosa.shape<3>) -> tensor<8x1x43xf32>
    %29 = tosa.reshape %15, %7 : (tensor<4x2x43x16xf32>, !tosa.shape<3>) -> tensor<8x43x16xf32>
    %30 = tosa.matmul %28, %29, %3, %3 : (tensor<8x1x43xf32>, tensor<8x43x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %31 = tosa.reshape %30, %8 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    return %31 : tensor<4x2x1x16xf32>
  }
}
