// name: groups_mod.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Sequences take turns: sequence b has the prefix b mod 2.
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<2x2x24x16xf32>, %arg2: tensor<2x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %0 = tosa.const_shape  {values = dense<[1, 2, 2, 24, 16]> : tensor<5xindex>} : () -> !tosa.shape<5>
    %1 = tosa.const_shape  {values = dense<[2, 1, 1, 1, 1]> : tensor<5xindex>} : () -> !tosa.shape<5>
    %2 = tosa.const_shape  {values = dense<[4, 2, 24, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %3 = tosa.const_shape  {values = dense<[8, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %4 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %5 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %6 = tosa.const_shape  {values = dense<[4, 2, 1, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %7 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %8 = tosa.const_shape  {values = dense<[8, 1, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %10 = tosa.const_shape  {values = dense<[4, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %11 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %12 = tosa.reshape %arg1, %0 : (tensor<2x2x24x16xf32>, !tosa.shape<5>) -> tensor<1x2x2x24x16xf32>
    %13 = tosa.tile %12, %1 : (tensor<1x2x2x24x16xf32>, !tosa.shape<5>) -> tensor<2x2x2x24x16xf32>
    %14 = tosa.reshape %13, %2 : (tensor<2x2x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %15 = tosa.concat %14, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %16 = tosa.reshape %arg2, %0 : (tensor<2x2x24x16xf32>, !tosa.shape<5>) -> tensor<1x2x2x24x16xf32>
    %17 = tosa.tile %16, %1 : (tensor<1x2x2x24x16xf32>, !tosa.shape<5>) -> tensor<2x2x2x24x16xf32>
    %18 = tosa.reshape %17, %2 : (tensor<2x2x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %19 = tosa.concat %18, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %20 = tosa.transpose %15 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %21 = tosa.reshape %arg0, %3 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %22 = tosa.reshape %20, %4 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %23 = tosa.matmul %21, %22, %5, %5 : (tensor<8x1x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x32xf32>
    %24 = tosa.reshape %23, %6 : (tensor<8x1x32xf32>, !tosa.shape<4>) -> tensor<4x2x1x32xf32>
    %25 = tosa.mul %24, %11, %7 : (tensor<4x2x1x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %26 = tosa.reduce_max %25 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %27 = tosa.sub %25, %26 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x32xf32>
    %28 = tosa.exp %27 : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x32xf32>
    %29 = tosa.reduce_sum %28 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %30 = tosa.reciprocal %29 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %31 = tosa.mul %28, %30, %7 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %32 = tosa.reshape %31, %8 : (tensor<4x2x1x32xf32>, !tosa.shape<3>) -> tensor<8x1x32xf32>
    %33 = tosa.reshape %19, %9 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %34 = tosa.matmul %32, %33, %5, %5 : (tensor<8x1x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %35 = tosa.reshape %34, %10 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    return %35 : tensor<4x2x1x16xf32>
  }
}
