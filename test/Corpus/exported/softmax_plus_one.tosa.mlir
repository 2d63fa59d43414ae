// name: softmax_plus_one.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: exp(x) / (1 + sum exp(x)), shifted by the maximum of the scores and 0.
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
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
    %10 = tosa.tile %arg1, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %11 = tosa.concat %10, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %12 = tosa.tile %arg2, %0 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %13 = tosa.concat %12, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %14 = tosa.transpose %11 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %15 = tosa.reshape %arg0, %1 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %16 = tosa.reshape %14, %2 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %17 = tosa.matmul %15, %16, %3, %3 : (tensor<8x1x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x32xf32>
    %18 = tosa.reshape %17, %4 : (tensor<8x1x32xf32>, !tosa.shape<4>) -> tensor<4x2x1x32xf32>
    %19 = tosa.mul %18, %9, %5 : (tensor<4x2x1x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %20 = tosa.reduce_max %19 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %21 = tosa.clamp %20 {max_val = 3.40282347E+38 : f32, min_val = 0.000000e+00 : f32} : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %22 = tosa.sub %19, %21 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x32xf32>
    %23 = tosa.exp %22 : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x32xf32>
    %24 = tosa.negate %21, %3, %3 : (tensor<4x2x1x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<4x2x1x1xf32>
    %25 = tosa.exp %24 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %26 = tosa.reduce_sum %23 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %27 = tosa.add %25, %26 : (tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %28 = tosa.reciprocal %27 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %29 = tosa.mul %23, %28, %5 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %30 = tosa.reshape %29, %6 : (tensor<4x2x1x32xf32>, !tosa.shape<3>) -> tensor<8x1x32xf32>
    %31 = tosa.reshape %13, %7 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %32 = tosa.matmul %30, %31, %3, %3 : (tensor<8x1x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %33 = tosa.reshape %32, %8 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    return %33 : tensor<4x2x1x16xf32>
  }
}
