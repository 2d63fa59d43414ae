// name: sinks.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: A learned sink logit per head as one more column of the softmax (gpt-oss).
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>, %arg5: tensor<2xf32>) -> tensor<4x2x2x16xf32> {
    %0 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[8, 2, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %4 = tosa.const_shape  {values = dense<[4, 2, 2, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %5 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %6 = tosa.const_shape  {values = dense<[1, 2, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %7 = tosa.const_shape  {values = dense<[4, 1, 2, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %8 = tosa.const_shape  {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = tosa.const_shape  {values = dense<[8, 2, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %10 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %11 = tosa.const_shape  {values = dense<[4, 2, 2, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %12 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %13 = tosa.tile %arg1, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %14 = tosa.concat %13, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %15 = tosa.tile %arg2, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %16 = tosa.concat %15, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %17 = tosa.transpose %14 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %18 = tosa.reshape %arg0, %1 : (tensor<4x2x2x16xf32>, !tosa.shape<3>) -> tensor<8x2x16xf32>
    %19 = tosa.reshape %17, %2 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %20 = tosa.matmul %18, %19, %3, %3 : (tensor<8x2x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x2x32xf32>
    %21 = tosa.reshape %20, %4 : (tensor<8x2x32xf32>, !tosa.shape<4>) -> tensor<4x2x2x32xf32>
    %22 = tosa.mul %21, %12, %5 : (tensor<4x2x2x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x2x32xf32>
    %23 = tosa.reshape %arg5, %6 : (tensor<2xf32>, !tosa.shape<4>) -> tensor<1x2x1x1xf32>
    %24 = tosa.tile %23, %7 : (tensor<1x2x1x1xf32>, !tosa.shape<4>) -> tensor<4x2x2x1xf32>
    %25 = tosa.concat %22, %24 {axis = 3 : i32} : (tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) -> tensor<4x2x2x33xf32>
    %26 = tosa.reduce_max %25 {axis = 3 : i32} : (tensor<4x2x2x33xf32>) -> tensor<4x2x2x1xf32>
    %27 = tosa.sub %25, %26 : (tensor<4x2x2x33xf32>, tensor<4x2x2x1xf32>) -> tensor<4x2x2x33xf32>
    %28 = tosa.reduce_max %27 {axis = 3 : i32} : (tensor<4x2x2x33xf32>) -> tensor<4x2x2x1xf32>
    %29 = tosa.sub %27, %28 : (tensor<4x2x2x33xf32>, tensor<4x2x2x1xf32>) -> tensor<4x2x2x33xf32>
    %30 = tosa.exp %29 : (tensor<4x2x2x33xf32>) -> tensor<4x2x2x33xf32>
    %31 = tosa.reduce_sum %30 {axis = 3 : i32} : (tensor<4x2x2x33xf32>) -> tensor<4x2x2x1xf32>
    %32 = tosa.reciprocal %31 : (tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %33 = tosa.mul %30, %32, %5 : (tensor<4x2x2x33xf32>, tensor<4x2x2x1xf32>, tensor<1xi8>) -> tensor<4x2x2x33xf32>
    %34 = tosa.slice %33, %8, %4 : (tensor<4x2x2x33xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<4x2x2x32xf32>
    %35 = tosa.reshape %34, %9 : (tensor<4x2x2x32xf32>, !tosa.shape<3>) -> tensor<8x2x32xf32>
    %36 = tosa.reshape %16, %10 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %37 = tosa.matmul %35, %36, %3, %3 : (tensor<8x2x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x2x16xf32>
    %38 = tosa.reshape %37, %11 : (tensor<8x2x16xf32>, !tosa.shape<4>) -> tensor<4x2x2x16xf32>
    return %38 : tensor<4x2x2x16xf32>
  }
}
