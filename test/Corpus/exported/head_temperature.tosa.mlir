// name: head_temperature.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Cosine attention: normalised queries and keys, a learned temperature per head.
module {
  func.func @main(%arg0: tensor<4x2x2x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>, %arg5: tensor<2xf32>) -> tensor<4x2x2x16xf32> {
    %0 = tosa.const_shape  {values = dense<[1, 1, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %2 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %3 = tosa.const_shape  {values = dense<[8, 2, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %4 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %5 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %6 = tosa.const_shape  {values = dense<[4, 2, 2, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %7 = tosa.const_shape  {values = dense<[1, 2, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %8 = tosa.const_shape  {values = dense<[8, 2, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %10 = tosa.const_shape  {values = dense<[4, 2, 2, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %11 = "tosa.const"() <{values = dense<2.000000e+00> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %12 = "tosa.const"() <{values = dense<5.000000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %13 = tosa.abs %arg1 : (tensor<1x2x24x16xf32>) -> tensor<1x2x24x16xf32>
    %14 = tosa.pow %13, %11 : (tensor<1x2x24x16xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x24x16xf32>
    %15 = tosa.reduce_sum %14 {axis = 3 : i32} : (tensor<1x2x24x16xf32>) -> tensor<1x2x24x1xf32>
    %16 = tosa.pow %15, %12 : (tensor<1x2x24x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x24x1xf32>
    %17 = tosa.clamp %16 {max_val = 3.40282347E+38 : f32, min_val = 9.99999996E-13 : f32} : (tensor<1x2x24x1xf32>) -> tensor<1x2x24x1xf32>
    %18 = tosa.tile %17, %0 : (tensor<1x2x24x1xf32>, !tosa.shape<4>) -> tensor<1x2x24x16xf32>
    %19 = tosa.reciprocal %18 : (tensor<1x2x24x16xf32>) -> tensor<1x2x24x16xf32>
    %20 = tosa.mul %arg1, %19, %1 : (tensor<1x2x24x16xf32>, tensor<1x2x24x16xf32>, tensor<1xi8>) -> tensor<1x2x24x16xf32>
    %21 = tosa.abs %arg3 : (tensor<4x2x8x16xf32>) -> tensor<4x2x8x16xf32>
    %22 = tosa.pow %21, %11 : (tensor<4x2x8x16xf32>, tensor<1x1x1x1xf32>) -> tensor<4x2x8x16xf32>
    %23 = tosa.reduce_sum %22 {axis = 3 : i32} : (tensor<4x2x8x16xf32>) -> tensor<4x2x8x1xf32>
    %24 = tosa.pow %23, %12 : (tensor<4x2x8x1xf32>, tensor<1x1x1x1xf32>) -> tensor<4x2x8x1xf32>
    %25 = tosa.clamp %24 {max_val = 3.40282347E+38 : f32, min_val = 9.99999996E-13 : f32} : (tensor<4x2x8x1xf32>) -> tensor<4x2x8x1xf32>
    %26 = tosa.tile %25, %0 : (tensor<4x2x8x1xf32>, !tosa.shape<4>) -> tensor<4x2x8x16xf32>
    %27 = tosa.reciprocal %26 : (tensor<4x2x8x16xf32>) -> tensor<4x2x8x16xf32>
    %28 = tosa.mul %arg3, %27, %1 : (tensor<4x2x8x16xf32>, tensor<4x2x8x16xf32>, tensor<1xi8>) -> tensor<4x2x8x16xf32>
    %29 = tosa.tile %20, %2 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %30 = tosa.concat %29, %28 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %31 = tosa.tile %arg2, %2 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %32 = tosa.concat %31, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xf32>, tensor<4x2x8x16xf32>) -> tensor<4x2x32x16xf32>
    %33 = tosa.abs %arg0 : (tensor<4x2x2x16xf32>) -> tensor<4x2x2x16xf32>
    %34 = tosa.pow %33, %11 : (tensor<4x2x2x16xf32>, tensor<1x1x1x1xf32>) -> tensor<4x2x2x16xf32>
    %35 = tosa.reduce_sum %34 {axis = 3 : i32} : (tensor<4x2x2x16xf32>) -> tensor<4x2x2x1xf32>
    %36 = tosa.pow %35, %12 : (tensor<4x2x2x1xf32>, tensor<1x1x1x1xf32>) -> tensor<4x2x2x1xf32>
    %37 = tosa.clamp %36 {max_val = 3.40282347E+38 : f32, min_val = 9.99999996E-13 : f32} : (tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %38 = tosa.tile %37, %0 : (tensor<4x2x2x1xf32>, !tosa.shape<4>) -> tensor<4x2x2x16xf32>
    %39 = tosa.reciprocal %38 : (tensor<4x2x2x16xf32>) -> tensor<4x2x2x16xf32>
    %40 = tosa.mul %arg0, %39, %1 : (tensor<4x2x2x16xf32>, tensor<4x2x2x16xf32>, tensor<1xi8>) -> tensor<4x2x2x16xf32>
    %41 = tosa.transpose %30 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %42 = tosa.reshape %40, %3 : (tensor<4x2x2x16xf32>, !tosa.shape<3>) -> tensor<8x2x16xf32>
    %43 = tosa.reshape %41, %4 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %44 = tosa.matmul %42, %43, %5, %5 : (tensor<8x2x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x2x32xf32>
    %45 = tosa.reshape %44, %6 : (tensor<8x2x32xf32>, !tosa.shape<4>) -> tensor<4x2x2x32xf32>
    %46 = tosa.reshape %arg5, %7 : (tensor<2xf32>, !tosa.shape<4>) -> tensor<1x2x1x1xf32>
    %47 = tosa.mul %45, %46, %1 : (tensor<4x2x2x32xf32>, tensor<1x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x2x32xf32>
    %48 = tosa.reduce_max %47 {axis = 3 : i32} : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x1xf32>
    %49 = tosa.sub %47, %48 : (tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) -> tensor<4x2x2x32xf32>
    %50 = tosa.exp %49 : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x32xf32>
    %51 = tosa.reduce_sum %50 {axis = 3 : i32} : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x1xf32>
    %52 = tosa.reciprocal %51 : (tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %53 = tosa.mul %50, %52, %1 : (tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>, tensor<1xi8>) -> tensor<4x2x2x32xf32>
    %54 = tosa.reshape %53, %8 : (tensor<4x2x2x32xf32>, !tosa.shape<3>) -> tensor<8x2x32xf32>
    %55 = tosa.reshape %32, %9 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %56 = tosa.matmul %54, %55, %5, %5 : (tensor<8x2x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x2x16xf32>
    %57 = tosa.reshape %56, %10 : (tensor<8x2x16xf32>, !tosa.shape<4>) -> tensor<4x2x2x16xf32>
    return %57 : tensor<4x2x2x16xf32>
  }
}
