// name: bf16_sdpa.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: bf16_sdpa
module {
  func.func @main(%arg0: tensor<4x2x1x16xbf16>, %arg1: tensor<1x2x24x16xbf16>, %arg2: tensor<1x2x24x16xbf16>, %arg3: tensor<4x2x8x16xbf16>, %arg4: tensor<4x2x8x16xbf16>) -> tensor<4x2x1x16xbf16> {
    %0 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<4x2x1x32xf32>}> : () -> tensor<4x2x1x32xf32>
    %1 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %2 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %3 = tosa.const_shape  {values = dense<[8, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %4 = tosa.const_shape  {values = dense<[8, 16, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %5 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %6 = tosa.const_shape  {values = dense<[4, 2, 1, 32]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %7 = tosa.const_shape  {values = dense<[8, 1, 32]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[8, 32, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %9 = tosa.const_shape  {values = dense<[4, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %10 = "tosa.const"() <{values = dense<5.000000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %11 = "tosa.const"() <{values = dense<0xFFF0000000000000> : tensor<1x1x1x1xf64>}> : () -> tensor<1x1x1x1xf64>
    %12 = tosa.tile %arg1, %1 : (tensor<1x2x24x16xbf16>, !tosa.shape<4>) -> tensor<4x2x24x16xbf16>
    %13 = tosa.concat %12, %arg3 {axis = 2 : i32} : (tensor<4x2x24x16xbf16>, tensor<4x2x8x16xbf16>) -> tensor<4x2x32x16xbf16>
    %14 = tosa.tile %arg2, %1 : (tensor<1x2x24x16xbf16>, !tosa.shape<4>) -> tensor<4x2x24x16xbf16>
    %15 = tosa.concat %14, %arg4 {axis = 2 : i32} : (tensor<4x2x24x16xbf16>, tensor<4x2x8x16xbf16>) -> tensor<4x2x32x16xbf16>
    %16 = tosa.cast %arg0 : (tensor<4x2x1x16xbf16>) -> tensor<4x2x1x16xf32>
    %17 = tosa.cast %13 : (tensor<4x2x32x16xbf16>) -> tensor<4x2x32x16xf32>
    %18 = tosa.cast %15 : (tensor<4x2x32x16xbf16>) -> tensor<4x2x32x16xf32>
    %19 = tosa.mul %16, %10, %2 : (tensor<4x2x1x16xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x16xf32>
    %20 = tosa.transpose %17 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x32x16xf32>) -> tensor<4x2x16x32xf32>
    %21 = tosa.mul %20, %10, %2 : (tensor<4x2x16x32xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x16x32xf32>
    %22 = tosa.reshape %19, %3 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %23 = tosa.reshape %21, %4 : (tensor<4x2x16x32xf32>, !tosa.shape<3>) -> tensor<8x16x32xf32>
    %24 = tosa.matmul %22, %23, %5, %5 : (tensor<8x1x16xf32>, tensor<8x16x32xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x32xf32>
    %25 = tosa.reshape %24, %6 : (tensor<8x1x32xf32>, !tosa.shape<4>) -> tensor<4x2x1x32xf32>
    %26 = tosa.reduce_max %25 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %27 = tosa.sub %25, %26 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x32xf32>
    %28 = tosa.exp %27 : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x32xf32>
    %29 = tosa.reduce_sum %28 {axis = 3 : i32} : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x1xf32>
    %30 = tosa.reciprocal %29 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %31 = tosa.mul %28, %30, %2 : (tensor<4x2x1x32xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x32xf32>
    %32 = tosa.cast %25 : (tensor<4x2x1x32xf32>) -> tensor<4x2x1x32xf64>
    %33 = tosa.equal %32, %11 : (tensor<4x2x1x32xf64>, tensor<1x1x1x1xf64>) -> tensor<4x2x1x32xi1>
    %34 = tosa.reduce_all %33 {axis = 3 : i32} : (tensor<4x2x1x32xi1>) -> tensor<4x2x1x1xi1>
    %35 = tosa.select %34, %0, %31 : (tensor<4x2x1x1xi1>, tensor<4x2x1x32xf32>, tensor<4x2x1x32xf32>) -> tensor<4x2x1x32xf32>
    %36 = tosa.reshape %35, %7 : (tensor<4x2x1x32xf32>, !tosa.shape<3>) -> tensor<8x1x32xf32>
    %37 = tosa.reshape %18, %8 : (tensor<4x2x32x16xf32>, !tosa.shape<3>) -> tensor<8x32x16xf32>
    %38 = tosa.matmul %36, %37, %5, %5 : (tensor<8x1x32xf32>, tensor<8x32x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %39 = tosa.reshape %38, %9 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    %40 = tosa.cast %39 : (tensor<4x2x1x16xf32>) -> tensor<4x2x1x16xbf16>
    return %40 : tensor<4x2x1x16xbf16>
  }
}
