// name: deep_tree.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: 2 x 2 x 2 sequences: four levels.
module {
  func.func @main(%arg0: tensor<8x2x1x16xf32>, %arg1: tensor<1x2x16x16xf32>, %arg2: tensor<1x2x16x16xf32>, %arg3: tensor<2x2x8x16xf32>, %arg4: tensor<2x2x8x16xf32>, %arg5: tensor<4x2x4x16xf32>, %arg6: tensor<4x2x4x16xf32>, %arg7: tensor<8x2x2x16xf32>, %arg8: tensor<8x2x2x16xf32>) -> tensor<8x2x1x16xf32> {
    %0 = tosa.const_shape  {values = dense<[8, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[2, 1, 2, 8, 16]> : tensor<5xindex>} : () -> !tosa.shape<5>
    %2 = tosa.const_shape  {values = dense<[1, 4, 1, 1, 1]> : tensor<5xindex>} : () -> !tosa.shape<5>
    %3 = tosa.const_shape  {values = dense<[8, 2, 8, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %4 = tosa.const_shape  {values = dense<[4, 1, 2, 4, 16]> : tensor<5xindex>} : () -> !tosa.shape<5>
    %5 = tosa.const_shape  {values = dense<[1, 2, 1, 1, 1]> : tensor<5xindex>} : () -> !tosa.shape<5>
    %6 = tosa.const_shape  {values = dense<[8, 2, 4, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %7 = tosa.const_shape  {values = dense<[16, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[16, 16, 30]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %10 = tosa.const_shape  {values = dense<[8, 2, 1, 30]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %11 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %12 = tosa.const_shape  {values = dense<[16, 1, 30]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %13 = tosa.const_shape  {values = dense<[16, 30, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %14 = tosa.const_shape  {values = dense<[8, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %15 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %16 = tosa.tile %arg1, %0 : (tensor<1x2x16x16xf32>, !tosa.shape<4>) -> tensor<8x2x16x16xf32>
    %17 = tosa.reshape %arg3, %1 : (tensor<2x2x8x16xf32>, !tosa.shape<5>) -> tensor<2x1x2x8x16xf32>
    %18 = tosa.tile %17, %2 : (tensor<2x1x2x8x16xf32>, !tosa.shape<5>) -> tensor<2x4x2x8x16xf32>
    %19 = tosa.reshape %18, %3 : (tensor<2x4x2x8x16xf32>, !tosa.shape<4>) -> tensor<8x2x8x16xf32>
    %20 = tosa.reshape %arg5, %4 : (tensor<4x2x4x16xf32>, !tosa.shape<5>) -> tensor<4x1x2x4x16xf32>
    %21 = tosa.tile %20, %5 : (tensor<4x1x2x4x16xf32>, !tosa.shape<5>) -> tensor<4x2x2x4x16xf32>
    %22 = tosa.reshape %21, %6 : (tensor<4x2x2x4x16xf32>, !tosa.shape<4>) -> tensor<8x2x4x16xf32>
    %23 = tosa.concat %16, %19, %22, %arg7 {axis = 2 : i32} : (tensor<8x2x16x16xf32>, tensor<8x2x8x16xf32>, tensor<8x2x4x16xf32>, tensor<8x2x2x16xf32>) -> tensor<8x2x30x16xf32>
    %24 = tosa.tile %arg2, %0 : (tensor<1x2x16x16xf32>, !tosa.shape<4>) -> tensor<8x2x16x16xf32>
    %25 = tosa.reshape %arg4, %1 : (tensor<2x2x8x16xf32>, !tosa.shape<5>) -> tensor<2x1x2x8x16xf32>
    %26 = tosa.tile %25, %2 : (tensor<2x1x2x8x16xf32>, !tosa.shape<5>) -> tensor<2x4x2x8x16xf32>
    %27 = tosa.reshape %26, %3 : (tensor<2x4x2x8x16xf32>, !tosa.shape<4>) -> tensor<8x2x8x16xf32>
    %28 = tosa.reshape %arg6, %4 : (tensor<4x2x4x16xf32>, !tosa.shape<5>) -> tensor<4x1x2x4x16xf32>
    %29 = tosa.tile %28, %5 : (tensor<4x1x2x4x16xf32>, !tosa.shape<5>) -> tensor<4x2x2x4x16xf32>
    %30 = tosa.reshape %29, %6 : (tensor<4x2x2x4x16xf32>, !tosa.shape<4>) -> tensor<8x2x4x16xf32>
    %31 = tosa.concat %24, %27, %30, %arg8 {axis = 2 : i32} : (tensor<8x2x16x16xf32>, tensor<8x2x8x16xf32>, tensor<8x2x4x16xf32>, tensor<8x2x2x16xf32>) -> tensor<8x2x30x16xf32>
    %32 = tosa.transpose %23 {perms = array<i32: 0, 1, 3, 2>} : (tensor<8x2x30x16xf32>) -> tensor<8x2x16x30xf32>
    %33 = tosa.reshape %arg0, %7 : (tensor<8x2x1x16xf32>, !tosa.shape<3>) -> tensor<16x1x16xf32>
    %34 = tosa.reshape %32, %8 : (tensor<8x2x16x30xf32>, !tosa.shape<3>) -> tensor<16x16x30xf32>
    %35 = tosa.matmul %33, %34, %9, %9 : (tensor<16x1x16xf32>, tensor<16x16x30xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<16x1x30xf32>
    %36 = tosa.reshape %35, %10 : (tensor<16x1x30xf32>, !tosa.shape<4>) -> tensor<8x2x1x30xf32>
    %37 = tosa.mul %36, %15, %11 : (tensor<8x2x1x30xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<8x2x1x30xf32>
    %38 = tosa.reduce_max %37 {axis = 3 : i32} : (tensor<8x2x1x30xf32>) -> tensor<8x2x1x1xf32>
    %39 = tosa.sub %37, %38 : (tensor<8x2x1x30xf32>, tensor<8x2x1x1xf32>) -> tensor<8x2x1x30xf32>
    %40 = tosa.exp %39 : (tensor<8x2x1x30xf32>) -> tensor<8x2x1x30xf32>
    %41 = tosa.reduce_sum %40 {axis = 3 : i32} : (tensor<8x2x1x30xf32>) -> tensor<8x2x1x1xf32>
    %42 = tosa.reciprocal %41 : (tensor<8x2x1x1xf32>) -> tensor<8x2x1x1xf32>
    %43 = tosa.mul %40, %42, %11 : (tensor<8x2x1x30xf32>, tensor<8x2x1x1xf32>, tensor<1xi8>) -> tensor<8x2x1x30xf32>
    %44 = tosa.reshape %43, %12 : (tensor<8x2x1x30xf32>, !tosa.shape<3>) -> tensor<16x1x30xf32>
    %45 = tosa.reshape %31, %13 : (tensor<8x2x30x16xf32>, !tosa.shape<3>) -> tensor<16x30x16xf32>
    %46 = tosa.matmul %44, %45, %9, %9 : (tensor<16x1x30xf32>, tensor<16x30x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<16x1x16xf32>
    %47 = tosa.reshape %46, %14 : (tensor<16x1x16xf32>, !tosa.shape<4>) -> tensor<8x2x1x16xf32>
    return %47 : tensor<8x2x1x16xf32>
  }
}
