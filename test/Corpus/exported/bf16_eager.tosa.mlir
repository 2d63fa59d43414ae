// name: bf16_eager.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: bf16 with the softmax in f32, as Llama's eager attention writes it.
module {
  func.func @main(%arg0: tensor<4x2x2x16xbf16>, %arg1: tensor<1x2x24x16xbf16>, %arg2: tensor<1x2x24x16xbf16>, %arg3: tensor<4x2x8x16xbf16>, %arg4: tensor<4x2x8x16xbf16>) -> tensor<4x2x2x16xbf16> {
    %0 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %1 = tosa.const_shape  {values = dense<[8, 2, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xbf16>}> : () -> tensor<1xbf16>
    %4 = tosa.const_shape  {values = dense<[4, 2, 2, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %5 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %6 = tosa.const_shape  {values = dense<[8, 2, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %7 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[4, 2, 2, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xbf16>}> : () -> tensor<1x1x1x1xbf16>
    %10 = tosa.tile %arg1, %0 : (tensor<1x2x24x16xbf16>, !tosa.shape<4>) -> tensor<4x2x24x16xbf16>
    %11 = tosa.concat %10, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xbf16>, tensor<4x2x8x16xbf16>) -> tensor<4x2x32x16xbf16>
    %12 = tosa.transpose %11 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xbf16>) -> tensor<4x2x16x32xbf16>
    %13 = tosa.reshape %arg0, %1 : (tensor<4x2x2x16xbf16>, !tosa.shape<3>) -> tensor<8x2x16xbf16>
    %14 = tosa.reshape %12, %2 : (tensor<4x2x16x32xbf16>, !tosa.shape<3>) -> tensor<8x16x32xbf16>
    %15 = tosa.matmul %13, %14, %3, %3 : (tensor<8x2x16xbf16>, tensor<8x16x32xbf16>, tensor<1xbf16>, tensor<1xbf16>) -> tensor<8x2x32xf32>
    %16 = tosa.cast %15 : (tensor<8x2x32xf32>) -> tensor<8x2x32xbf16>
    %17 = tosa.reshape %16, %4 : (tensor<8x2x32xbf16>, !tosa.shape<4>) -> tensor<4x2x2x32xbf16>
    %18 = tosa.mul %17, %9, %5 : (tensor<4x2x2x32xbf16>, tensor<1x1x1x1xbf16>, tensor<1xi8>) -> tensor<4x2x2x32xbf16>
    %19 = tosa.cast %18 : (tensor<4x2x2x32xbf16>) -> tensor<4x2x2x32xf32>
    %20 = tosa.reduce_max %19 {axis = 3 : i32} : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x1xf32>
    %21 = tosa.sub %19, %20 : (tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>) -> tensor<4x2x2x32xf32>
    %22 = tosa.exp %21 : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x32xf32>
    %23 = tosa.reduce_sum %22 {axis = 3 : i32} : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x1xf32>
    %24 = tosa.reciprocal %23 : (tensor<4x2x2x1xf32>) -> tensor<4x2x2x1xf32>
    %25 = tosa.mul %22, %24, %5 : (tensor<4x2x2x32xf32>, tensor<4x2x2x1xf32>, tensor<1xi8>) -> tensor<4x2x2x32xf32>
    %26 = tosa.cast %25 : (tensor<4x2x2x32xf32>) -> tensor<4x2x2x32xbf16>
    %27 = tosa.tile %arg2, %0 : (tensor<1x2x24x16xbf16>, !tosa.shape<4>) -> tensor<4x2x24x16xbf16>
    %28 = tosa.concat %27, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xbf16>, tensor<4x2x8x16xbf16>) -> tensor<4x2x32x16xbf16>
    %29 = tosa.reshape %26, %6 : (tensor<4x2x2x32xbf16>, !tosa.shape<3>) -> tensor<8x2x32xbf16>
    %30 = tosa.reshape %28, %7 : (tensor<4x2x32x16xbf16>, !tosa.shape<3>) -> tensor<8x32x16xbf16>
    %31 = tosa.matmul %29, %30, %3, %3 : (tensor<8x2x32xbf16>, tensor<8x32x16xbf16>, tensor<1xbf16>, tensor<1xbf16>) -> tensor<8x2x16xf32>
    %32 = tosa.cast %31 : (tensor<8x2x16xf32>) -> tensor<8x2x16xbf16>
    %33 = tosa.reshape %32, %8 : (tensor<8x2x16xbf16>, !tosa.shape<4>) -> tensor<4x2x2x16xbf16>
    return %33 : tensor<4x2x2x16xbf16>
  }
}
