// name: mla_absorbed.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Latent attention, absorbed: two score products, V is the latent part of K.
module {
  func.func @main(%arg0: tensor<4x4x1x32xf32>, %arg1: tensor<4x4x1x8xf32>, %arg2: tensor<1x24x32xf32>, %arg3: tensor<1x24x8xf32>, %arg4: tensor<4x8x32xf32>, %arg5: tensor<4x8x8xf32>) -> tensor<4x4x1x32xf32> {
    %0 = tosa.const_shape  {values = dense<[4, 1, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %1 = tosa.const_shape  {values = dense<[4, 32, 32, 1, 1]> : tensor<5xindex>} : () -> !tosa.shape<5>
    %2 = tosa.const_shape  {values = dense<[4, 4, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = tosa.const_shape  {values = dense<[4, 32, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %4 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %5 = tosa.const_shape  {values = dense<[4, 4, 1, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %6 = tosa.const_shape  {values = dense<[4, 32, 8, 1, 1]> : tensor<5xindex>} : () -> !tosa.shape<5>
    %7 = tosa.const_shape  {values = dense<[4, 4, 8]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[4, 8, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %10 = "tosa.const"() <{values = dense<0.158113882> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %11 = tosa.tile %arg2, %0 : (tensor<1x24x32xf32>, !tosa.shape<3>) -> tensor<4x24x32xf32>
    %12 = tosa.concat %11, %arg4 {axis = 1 : i32} : (tensor<4x24x32xf32>, tensor<4x8x32xf32>) -> tensor<4x32x32xf32>
    %13 = tosa.tile %arg3, %0 : (tensor<1x24x8xf32>, !tosa.shape<3>) -> tensor<4x24x8xf32>
    %14 = tosa.concat %13, %arg5 {axis = 1 : i32} : (tensor<4x24x8xf32>, tensor<4x8x8xf32>) -> tensor<4x32x8xf32>
    %15 = tosa.reshape %12, %1 : (tensor<4x32x32xf32>, !tosa.shape<5>) -> tensor<4x32x32x1x1xf32>
    %16 = tosa.reshape %arg0, %2 : (tensor<4x4x1x32xf32>, !tosa.shape<3>) -> tensor<4x4x32xf32>
    %17 = tosa.transpose %15 {perms = array<i32: 0, 2, 4, 1, 3>} : (tensor<4x32x32x1x1xf32>) -> tensor<4x32x1x32x1xf32>
    %18 = tosa.reshape %17, %3 : (tensor<4x32x1x32x1xf32>, !tosa.shape<3>) -> tensor<4x32x32xf32>
    %19 = tosa.matmul %16, %18, %4, %4 : (tensor<4x4x32xf32>, tensor<4x32x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<4x4x32xf32>
    %20 = tosa.reshape %19, %5 : (tensor<4x4x32xf32>, !tosa.shape<4>) -> tensor<4x4x1x32xf32>
    %21 = tosa.reshape %14, %6 : (tensor<4x32x8xf32>, !tosa.shape<5>) -> tensor<4x32x8x1x1xf32>
    %22 = tosa.reshape %arg1, %7 : (tensor<4x4x1x8xf32>, !tosa.shape<3>) -> tensor<4x4x8xf32>
    %23 = tosa.transpose %21 {perms = array<i32: 0, 2, 4, 1, 3>} : (tensor<4x32x8x1x1xf32>) -> tensor<4x8x1x32x1xf32>
    %24 = tosa.reshape %23, %8 : (tensor<4x8x1x32x1xf32>, !tosa.shape<3>) -> tensor<4x8x32xf32>
    %25 = tosa.matmul %22, %24, %4, %4 : (tensor<4x4x8xf32>, tensor<4x8x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<4x4x32xf32>
    %26 = tosa.reshape %25, %5 : (tensor<4x4x32xf32>, !tosa.shape<4>) -> tensor<4x4x1x32xf32>
    %27 = tosa.add %20, %26 : (tensor<4x4x1x32xf32>, tensor<4x4x1x32xf32>) -> tensor<4x4x1x32xf32>
    %28 = tosa.mul %27, %10, %9 : (tensor<4x4x1x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x4x1x32xf32>
    %29 = tosa.reduce_max %28 {axis = 3 : i32} : (tensor<4x4x1x32xf32>) -> tensor<4x4x1x1xf32>
    %30 = tosa.sub %28, %29 : (tensor<4x4x1x32xf32>, tensor<4x4x1x1xf32>) -> tensor<4x4x1x32xf32>
    %31 = tosa.exp %30 : (tensor<4x4x1x32xf32>) -> tensor<4x4x1x32xf32>
    %32 = tosa.reduce_sum %31 {axis = 3 : i32} : (tensor<4x4x1x32xf32>) -> tensor<4x4x1x1xf32>
    %33 = tosa.reciprocal %32 : (tensor<4x4x1x1xf32>) -> tensor<4x4x1x1xf32>
    %34 = tosa.mul %31, %33, %9 : (tensor<4x4x1x32xf32>, tensor<4x4x1x1xf32>, tensor<1xi8>) -> tensor<4x4x1x32xf32>
    %35 = tosa.reshape %34, %2 : (tensor<4x4x1x32xf32>, !tosa.shape<3>) -> tensor<4x4x32xf32>
    %36 = tosa.matmul %35, %12, %4, %4 : (tensor<4x4x32xf32>, tensor<4x32x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<4x4x32xf32>
    %37 = tosa.reshape %36, %5 : (tensor<4x4x32xf32>, !tosa.shape<4>) -> tensor<4x4x1x32xf32>
    return %37 : tensor<4x4x1x32xf32>
  }
}
