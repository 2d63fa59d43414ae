// name: uneven_tree.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Three sequences under one prompt, one under another, all under a system prompt.
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<1x2x8x16xf32>, %arg4: tensor<1x2x8x16xf32>, %arg5: tensor<1x2x8x16xf32>, %arg6: tensor<1x2x8x16xf32>, %arg7: tensor<4x2x8x16xf32>, %arg8: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %0 = tosa.const_shape  {values = dense<[3, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %2 = tosa.const_shape  {values = dense<[8, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = tosa.const_shape  {values = dense<[8, 16, 40]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %4 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %5 = tosa.const_shape  {values = dense<[4, 2, 1, 40]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %6 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %7 = tosa.const_shape  {values = dense<[8, 1, 40]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[8, 40, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = tosa.const_shape  {values = dense<[4, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %10 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %11 = tosa.tile %arg3, %0 : (tensor<1x2x8x16xf32>, !tosa.shape<4>) -> tensor<3x2x8x16xf32>
    %12 = tosa.concat %11, %arg5 {axis = 0 : i32} : (tensor<3x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<4x2x8x16xf32>
    %13 = tosa.tile %arg1, %1 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %14 = tosa.concat %13, %12, %arg7 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x40x16xf32>
    %15 = tosa.tile %arg4, %0 : (tensor<1x2x8x16xf32>, !tosa.shape<4>) -> tensor<3x2x8x16xf32>
    %16 = tosa.concat %15, %arg6 {axis = 0 : i32} : (tensor<3x2x8x16xf32>, tensor<1x2x8x16xf32>) -> tensor<4x2x8x16xf32>
    %17 = tosa.tile %arg2, %1 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %18 = tosa.concat %17, %16, %arg8 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x40x16xf32>
    %19 = tosa.transpose %14 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x40x16xf32>) -> tensor<4x2x16x40xf32>
    %20 = tosa.reshape %arg0, %2 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %21 = tosa.reshape %19, %3 : (tensor<4x2x16x40xf32>, !tosa.shape<3>) -> tensor<8x16x40xf32>
    %22 = tosa.matmul %20, %21, %4, %4 : (tensor<8x1x16xf32>, tensor<8x16x40xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x40xf32>
    %23 = tosa.reshape %22, %5 : (tensor<8x1x40xf32>, !tosa.shape<4>) -> tensor<4x2x1x40xf32>
    %24 = tosa.mul %23, %10, %6 : (tensor<4x2x1x40xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x40xf32>
    %25 = tosa.reduce_max %24 {axis = 3 : i32} : (tensor<4x2x1x40xf32>) -> tensor<4x2x1x1xf32>
    %26 = tosa.sub %24, %25 : (tensor<4x2x1x40xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x40xf32>
    %27 = tosa.exp %26 : (tensor<4x2x1x40xf32>) -> tensor<4x2x1x40xf32>
    %28 = tosa.reduce_sum %27 {axis = 3 : i32} : (tensor<4x2x1x40xf32>) -> tensor<4x2x1x1xf32>
    %29 = tosa.reciprocal %28 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %30 = tosa.mul %27, %29, %6 : (tensor<4x2x1x40xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x40xf32>
    %31 = tosa.reshape %30, %7 : (tensor<4x2x1x40xf32>, !tosa.shape<3>) -> tensor<8x1x40xf32>
    %32 = tosa.reshape %18, %8 : (tensor<4x2x40x16xf32>, !tosa.shape<3>) -> tensor<8x40x16xf32>
    %33 = tosa.matmul %31, %32, %4, %4 : (tensor<8x1x40xf32>, tensor<8x40x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %34 = tosa.reshape %33, %9 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    return %34 : tensor<4x2x1x16xf32>
  }
}
