// name: multi_query.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: One key head for all query heads, several queries, a padding mask per sequence.
module {
  func.func @main(%arg0: tensor<4x8x3x16xf32>, %arg1: tensor<1x1x24x16xf32>, %arg2: tensor<1x1x24x16xf32>, %arg3: tensor<4x1x8x16xf32>, %arg4: tensor<4x1x8x16xf32>, %arg5: tensor<4x1x1x32xf32>) -> tensor<4x8x3x16xf32> {
    %0 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[32, 3, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = tosa.const_shape  {values = dense<[1, 8, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %3 = tosa.const_shape  {values = dense<[32, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %4 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %5 = tosa.const_shape  {values = dense<[4, 8, 3, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %6 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %7 = tosa.const_shape  {values = dense<[32, 3, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[32, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = tosa.const_shape  {values = dense<[4, 8, 3, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %10 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %11 = tosa.tile %arg1, %0 : (tensor<1x1x24x16xf32>, !tosa.shape<4>) -> tensor<4x1x24x16xf32>
    %12 = tosa.concat %11, %arg3 {axis = 2 : i32} : (tensor<4x1x24x16xf32>, tensor<4x1x8x16xf32>) -> tensor<4x1x32x16xf32>
    %13 = tosa.tile %arg2, %0 : (tensor<1x1x24x16xf32>, !tosa.shape<4>) -> tensor<4x1x24x16xf32>
    %14 = tosa.concat %13, %arg4 {axis = 2 : i32} : (tensor<4x1x24x16xf32>, tensor<4x1x8x16xf32>) -> tensor<4x1x32x16xf32>
    %15 = tosa.transpose %12 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x1x32x16xf32>) -> tensor<4x1x16x32xf32>
    %16 = tosa.reshape %arg0, %1 : (tensor<4x8x3x16xf32>, !tosa.shape<3>) -> tensor<32x3x16xf32>
    %17 = tosa.tile %15, %2 : (tensor<4x1x16x32xf32>, !tosa.shape<4>) -> tensor<4x8x16x32xf32>
    %18 = tosa.reshape %17, %3 : (tensor<4x8x16x32xf32>, !tosa.shape<3>) -> tensor<32x16x32xf32>
    %19 = tosa.matmul %16, %18, %4, %4 : (tensor<32x3x16xf32>, tensor<32x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<32x3x32xf32>
    %20 = tosa.reshape %19, %5 : (tensor<32x3x32xf32>, !tosa.shape<4>) -> tensor<4x8x3x32xf32>
    %21 = tosa.mul %20, %10, %6 : (tensor<4x8x3x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x8x3x32xf32>
    %22 = tosa.add %21, %arg5 : (tensor<4x8x3x32xf32>, tensor<4x1x1x32xf32>) -> tensor<4x8x3x32xf32>
    %23 = tosa.reduce_max %22 {axis = 3 : i32} : (tensor<4x8x3x32xf32>) -> tensor<4x8x3x1xf32>
    %24 = tosa.sub %22, %23 : (tensor<4x8x3x32xf32>, tensor<4x8x3x1xf32>) -> tensor<4x8x3x32xf32>
    %25 = tosa.exp %24 : (tensor<4x8x3x32xf32>) -> tensor<4x8x3x32xf32>
    %26 = tosa.reduce_sum %25 {axis = 3 : i32} : (tensor<4x8x3x32xf32>) -> tensor<4x8x3x1xf32>
    %27 = tosa.reciprocal %26 : (tensor<4x8x3x1xf32>) -> tensor<4x8x3x1xf32>
    %28 = tosa.mul %25, %27, %6 : (tensor<4x8x3x32xf32>, tensor<4x8x3x1xf32>, tensor<1xi8>) -> tensor<4x8x3x32xf32>
    %29 = tosa.reshape %28, %7 : (tensor<4x8x3x32xf32>, !tosa.shape<3>) -> tensor<32x3x32xf32>
    %30 = tosa.tile %14, %2 : (tensor<4x1x32x16xf32>, !tosa.shape<4>) -> tensor<4x8x32x16xf32>
    %31 = tosa.reshape %30, %8 : (tensor<4x8x32x16xf32>, !tosa.shape<3>) -> tensor<32x32x16xf32>
    %32 = tosa.matmul %29, %31, %4, %4 : (tensor<32x3x32xf32>, tensor<32x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<32x3x16xf32>
    %33 = tosa.reshape %32, %9 : (tensor<32x3x16xf32>, !tosa.shape<4>) -> tensor<4x8x3x16xf32>
    return %33 : tensor<4x8x3x16xf32>
  }
}
