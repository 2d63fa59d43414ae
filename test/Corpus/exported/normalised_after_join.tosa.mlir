// name: normalised_after_join.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Keys normalised after they were put together (QK norm on the whole cache).
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x2x16xf32> {
    %0 = tosa.const_shape  {values = dense<[1, 1, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %2 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %3 = tosa.const_shape  {values = dense<[8, 2, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %4 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %5 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %6 = tosa.const_shape  {values = dense<[4, 2, 2, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %7 = tosa.const_shape  {values = dense<[8, 2, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = tosa.const_shape  {values = dense<[4, 2, 2, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %10 = "tosa.const"() <{values = dense<2.000000e+00> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %11 = "tosa.const"() <{values = dense<5.000000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %12 = "tosa.const"() <{values = dense<8.000000e+00> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %13 = tosa.abs %arg0 : (tensor<4x2x2x16xf32>) -> tensor<4x2x2x16xf32>
    %14 = tosa.pow %13, %10 : (tensor<4x2x2x16xf32>, tensor<1x1x1x1xf32>) -> tensor<4x2x2x16xf32>
    %15 = tosa.reduce_sum %14 {axis = 3 : i32} : (tensor<4x2x2x16xf32>) -> tensor<4x2x2x1xf32>
    %16 = tosa.pow %15, %11 : (tensor<4x2x2x1xf32>, tensor<1x1x1x1xf32>) -> tensor<4x2x2x1xf32>
    %17 = tosa.clamp %16 {max_val = 3.40282347E+38 : f32, min_val = 9.99999996E-13 : f32} : (tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %18 = tosa.tile %17, %0 : (tensor<4x2x2x1xf32>, !tosa.shape<4>) -> tensor<4x2x2x16xf32>
    %19 = tosa.reciprocal %18 : (tensor<4x2x2x16xf32>) -> tensor<4x2x2x16xf32>
    %20 = tosa.mul %arg0, %19, %1 : (tensor<4x2x2x16xf32>, tensor<4x2x2x16xf32>, tensor<1xi8>) -> tensor<4x2x2x16xf32>
    %21 = tosa.tile %arg1, %2 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %22 = tosa.concat %21, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %23 = tosa.abs %22 : (tensor<4x2x32x16xf32>) -> tensor<4x2x32x16xf32>
    %24 = tosa.pow %23, %10 : (tensor<4x2x32x16xf32>, tensor<1x1x1x1xf32>) -> tensor<4x2x32x16xf32>
    %25 = tosa.reduce_sum %24 {axis = 3 : i32} : (tensor<4x2x32x16xf32>) -> tensor<4x2x32x1xf32>
    %26 = tosa.pow %25, %11 : (tensor<4x2x32x1xf32>, tensor<1x1x1x1xf32>) -> tensor<4x2x32x1xf32>
    %27 = tosa.clamp %26 {max_val = 3.40282347E+38 : f32, min_val = 9.99999996E-13 : f32} : (tensor<4x2x32x1xf32>) -> tensor<4x2x32x1xf32>
    %28 = tosa.tile %27, %0 : (tensor<4x2x32x1xf32>, !tosa.shape<4>) -> tensor<4x2x32x16xf32>
    %29 = tosa.reciprocal %28 : (tensor<4x2x32x16xf32>) -> tensor<4x2x32x16xf32>
    %30 = tosa.mul %22, %29, %1 : (tensor<4x2x32x16xf32>, tensor<4x2x32x16xf32>, tensor<1xi8>) -> tensor<4x2x32x16xf32>
    %31 = tosa.tile %arg2, %2 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %32 = tosa.concat %31, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %33 = tosa.transpose %30 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %34 = tosa.reshape %20, %3 : (tensor<4x2x2x16xf32>, !tosa.shape<3>) -> tensor<8x2x16xf32>
    %35 = tosa.reshape %33, %4 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %36 = tosa.matmul %34, %35, %5, %5 : (tensor<8x2x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x2x32xf32>
    %37 = tosa.reshape %36, %6 : (tensor<8x2x32xf32>, !tosa.shape<4>) -> tensor<4x2x2x32xf32>
    %38 = tosa.mul %37, %12, %1 : (tensor<4x2x2x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x2x32xf32>
    %39 = tosa.reduce_max %38 {axis = 3 : i32} : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x1xf32>
    %40 = tosa.sub %38, %39 : (tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) -> tensor<4x2x2x32xf32>
    %41 = tosa.exp %40 : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x32xf32>
    %42 = tosa.reduce_sum %41 {axis = 3 : i32} : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x1xf32>
    %43 = tosa.reciprocal %42 : (tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %44 = tosa.mul %41, %43, %1 : (tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>, tensor<1xi8>) -> tensor<4x2x2x32xf32>
    %45 = tosa.reshape %44, %7 : (tensor<4x2x2x32xf32>, !tosa.shape<3>) -> tensor<8x2x32xf32>
    %46 = tosa.reshape %32, %8 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %47 = tosa.matmul %45, %46, %5, %5 : (tensor<8x2x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x2x16xf32>
    %48 = tosa.reshape %47, %9 : (tensor<8x2x16xf32>, !tosa.shape<4>) -> tensor<4x2x2x16xf32>
    return %48 : tensor<4x2x2x16xf32>
  }
}
