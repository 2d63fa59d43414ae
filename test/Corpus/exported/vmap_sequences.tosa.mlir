// name: vmap_sequences.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: One sequence's attention, vmapped over the batch; the prefix is not.
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<2x24x16xf32>, %arg2: tensor<2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %0 = tosa.const_shape  {values = dense<[1, 2, 24, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %2 = tosa.const_shape  {values = dense<[4, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %3 = tosa.const_shape  {values = dense<[8, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %4 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %5 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %6 = tosa.const_shape  {values = dense<[4, 2, 1, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %7 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %8 = tosa.const_shape  {values = dense<[8, 1, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %10 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %11 = tosa.reshape %arg1, %0 : (tensor<2x24x16xf32>, !tosa.shape<4>) -> tensor<1x2x24x16xf32>
    %12 = tosa.tile %11, %1 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %13 = tosa.concat %12, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %14 = tosa.reshape %arg2, %0 : (tensor<2x24x16xf32>, !tosa.shape<4>) -> tensor<1x2x24x16xf32>
    %15 = tosa.tile %14, %1 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %16 = tosa.concat %15, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %17 = tosa.transpose %13 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %18 = tosa.reshape %arg0, %3 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %19 = tosa.reshape %17, %4 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %20 = tosa.matmul %18, %19, %5, %5 : (tensor<8x1x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x32xf32>
    %21 = tosa.reshape %20, %6 : (tensor<8x1x32xf32>, !tosa.shape<4>) -> tensor<4x2x1x32xf32>
    %22 = tosa.mul %21, %10, %7 : (tensor<4x2x1x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %23 = tosa.reduce_max %22 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %24 = tosa.sub %22, %23 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x32xf32>
    %25 = tosa.exp %24 : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x32xf32>
    %26 = tosa.reduce_sum %25 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %27 = tosa.reciprocal %26 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %28 = tosa.mul %25, %27, %7 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %29 = tosa.reshape %28, %8 : (tensor<4x2x1x32xf32>, !tosa.shape<3>) -> tensor<8x1x32xf32>
    %30 = tosa.reshape %16, %9 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %31 = tosa.matmul %29, %30, %5, %5 : (tensor<8x1x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %32 = tosa.reshape %31, %2 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    return %32 : tensor<4x2x1x16xf32>
  }
}
