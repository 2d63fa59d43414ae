// name: alibi.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Linear biases: a slope per head times the distance.
module {
  func.func @main(%arg0: tensor<4x2x3x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>, %arg5: tensor<2xf32>) -> tensor<4x2x3x16xf32> {
    %0 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %1 = tosa.const_shape  {values = dense<[2, 1, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = tosa.const_shape  {values = dense<[1, 3, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %4 = tosa.const_shape  {values = dense<[8, 3, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %5 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %6 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %7 = tosa.const_shape  {values = dense<[4, 2, 3, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %8 = tosa.const_shape  {values = dense<[1, 2, 3, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = tosa.const_shape  {values = dense<[8, 3, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %10 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %11 = tosa.const_shape  {values = dense<[4, 2, 3, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %12 = "tosa.const"() <{values = dense<[[0.000000e+00], [1.000000e+00], [2.000000e+00]]> : tensor<3x1xf32>}> : () -> tensor<3x1xf32>
    %13 = "tosa.const"() <{values = dense<2.900000e+01> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
    %14 = "tosa.const"() <{values = dense<[[0.000000e+00, 1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00, 5.000000e+00, 6.000000e+00, 7.000000e+00, 8.000000e+00, 9.000000e+00, 1.000000e+01, 1.100000e+01, 1.200000e+01, 1.300000e+01, 1.400000e+01, 1.500000e+01, 1.600000e+01, 1.700000e+01, 1.800000e+01, 1.900000e+01, 2.000000e+01, 2.100000e+01, 2.200000e+01, 2.300000e+01, 2.400000e+01, 2.500000e+01, 2.600000e+01, 2.700000e+01, 2.800000e+01, 2.900000e+01, 3.000000e+01, 3.100000e+01]]> : tensor<1x32xf32>}> : () -> tensor<1x32xf32>
    %15 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %16 = tosa.add %12, %13 : (tensor<3x1xf32>, tensor<1x1xf32>) -> tensor<3x1xf32>
    %17 = tosa.reshape %arg5, %1 : (tensor<2xf32>, !tosa.shape<3>) -> tensor<2x1x1xf32>
    %18 = tosa.sub %14, %16 : (tensor<1x32xf32>, tensor<3x1xf32>) -> tensor<3x32xf32>
    %19 = tosa.reshape %18, %2 : (tensor<3x32xf32>, !tosa.shape<3>) -> tensor<1x3x32xf32>
    %20 = tosa.mul %17, %19, %0 : (tensor<2x1x1xf32>, tensor<1x3x32xf32>, tensor<1xi8>) -> tensor<2x3x32xf32>
    %21 = tosa.tile %arg1, %3 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %22 = tosa.concat %21, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %23 = tosa.tile %arg2, %3 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %24 = tosa.concat %23, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %25 = tosa.transpose %22 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %26 = tosa.reshape %arg0, %4 : (tensor<4x2x3x16xf32>, !tosa.shape<3>) -> tensor<8x3x16xf32>
    %27 = tosa.reshape %25, %5 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %28 = tosa.matmul %26, %27, %6, %6 : (tensor<8x3x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x3x32xf32>
    %29 = tosa.reshape %28, %7 : (tensor<8x3x32xf32>, !tosa.shape<4>) -> tensor<4x2x3x32xf32>
    %30 = tosa.mul %29, %15, %0 : (tensor<4x2x3x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x3x32xf32>
    %31 = tosa.reshape %20, %8 : (tensor<2x3x32xf32>, !tosa.shape<4>) -> tensor<1x2x3x32xf32>
    %32 = tosa.add %30, %31 : (tensor<4x2x3x32xf32>, tensor<1x2x3x32xf32>) -> tensor<4x2x3x32xf32>
    %33 = tosa.reduce_max %32 {axis = 3 : i32} : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x1xf32>
    %34 = tosa.sub %32, %33 : (tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>) -> tensor<4x2x3x32xf32>
    %35 = tosa.exp %34 : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x32xf32>
    %36 = tosa.reduce_sum %35 {axis = 3 : i32} : (tensor<4x2x3x32xf32>) -> tensor<4x2x3x1xf32>
    %37 = tosa.reciprocal %36 : (tensor<4x2x3x1xf32>) -> tensor<4x2x3x1xf32>
    %38 = tosa.mul %35, %37, %0 : (tensor<4x2x3x32xf32>, tensor<4x2x3x1xf32>, tensor<1xi8>) -> tensor<4x2x3x32xf32>
    %39 = tosa.reshape %38, %9 : (tensor<4x2x3x32xf32>, !tosa.shape<3>) -> tensor<8x3x32xf32>
    %40 = tosa.reshape %24, %10 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %41 = tosa.matmul %39, %40, %6, %6 : (tensor<8x3x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x3x16xf32>
    %42 = tosa.reshape %41, %11 : (tensor<8x3x16xf32>, !tosa.shape<4>) -> tensor<4x2x3x16xf32>
    return %42 : tensor<4x2x3x16xf32>
  }
}
