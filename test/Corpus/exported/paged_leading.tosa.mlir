// name: paged_leading.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: A block table whose first columns are one row, put together in the model.
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<24x8x2x16xf32>, %arg2: tensor<24x8x2x16xf32>, %arg3: tensor<1x3xi64>, %arg4: tensor<4x2xi64>) -> tensor<4x2x1x16xf32> {
    %0 = tosa.const_shape  {values = dense<[4, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %1 = tosa.const_shape  {values = dense<[1, 24, 256]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %2 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %3 = tosa.const_shape  {values = dense<[1, 20]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %4 = tosa.const_shape  {values = dense<[4, 40, 2, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %5 = tosa.const_shape  {values = dense<[8, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %6 = tosa.const_shape  {values = dense<[8, 16, 40]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %7 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %8 = tosa.const_shape  {values = dense<[4, 2, 1, 40]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = tosa.const_shape  {values = dense<[8, 1, 40]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %10 = tosa.const_shape  {values = dense<[8, 40, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %11 = tosa.const_shape  {values = dense<[4, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %12 = "tosa.const"() <{values = dense<0> : tensor<1x1xi32>}> : () -> tensor<1x1xi32>
    %13 = "tosa.const"() <{values = dense<24> : tensor<1x1xi32>}> : () -> tensor<1x1xi32>
    %14 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %15 = tosa.tile %arg3, %0 : (tensor<1x3xi64>, !tosa.shape<2>) -> tensor<4x3xi64>
    %16 = tosa.concat %15, %arg4 {axis = 1 : i32} : (tensor<4x3xi64>, tensor<4x2xi64>) -> tensor<4x5xi64>
    %17 = tosa.cast %16 : (tensor<4x5xi64>) -> tensor<4x5xi32>
    %18 = tosa.add %17, %13 : (tensor<4x5xi32>, tensor<1x1xi32>) -> tensor<4x5xi32>
    %19 = tosa.greater %12, %17 : (tensor<1x1xi32>, tensor<4x5xi32>) -> tensor<4x5xi1>
    %20 = tosa.select %19, %18, %17 : (tensor<4x5xi1>, tensor<4x5xi32>, tensor<4x5xi32>) -> tensor<4x5xi32>
    %21 = tosa.reshape %arg1, %1 : (tensor<24x8x2x16xf32>, !tosa.shape<3>) -> tensor<1x24x256xf32>
    %22 = tosa.reshape %20, %3 : (tensor<4x5xi32>, !tosa.shape<2>) -> tensor<1x20xi32>
    %23 = tosa.gather %21, %22 : (tensor<1x24x256xf32>, tensor<1x20xi32>) -> tensor<1x20x256xf32>
    %24 = tosa.reshape %23, %4 : (tensor<1x20x256xf32>, !tosa.shape<4>) -> tensor<4x40x2x16xf32>
    %25 = tosa.reshape %arg2, %1 : (tensor<24x8x2x16xf32>, !tosa.shape<3>) -> tensor<1x24x256xf32>
    %26 = tosa.gather %25, %22 : (tensor<1x24x256xf32>, tensor<1x20xi32>) -> tensor<1x20x256xf32>
    %27 = tosa.reshape %26, %4 : (tensor<1x20x256xf32>, !tosa.shape<4>) -> tensor<4x40x2x16xf32>
    %28 = tosa.transpose %27 {perms = array<i32: 0, 2, 1, 3>} : (tensor<4x40x2x16xf32>) -> tensor<4x2x40x16xf32>
    %29 = tosa.transpose %24 {perms = array<i32: 0, 2, 3, 1>} : (tensor<4x40x2x16xf32>) -> tensor<4x2x16x40xf32>
    %30 = tosa.reshape %arg0, %5 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %31 = tosa.reshape %29, %6 : (tensor<4x2x16x40xf32>, !tosa.shape<3>) -> tensor<8x16x40xf32>
    %32 = tosa.matmul %30, %31, %7, %7 : (tensor<8x1x16xf32>, tensor<8x16x40xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x40xf32>
    %33 = tosa.reshape %32, %8 : (tensor<8x1x40xf32>, !tosa.shape<4>) -> tensor<4x2x1x40xf32>
    %34 = tosa.mul %33, %14, %2 : (tensor<4x2x1x40xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x40xf32>
    %35 = tosa.reduce_max %34 {axis = 3 : i32} : (tensor<4x2x1x40xf32>) -> tensor<4x2x1x1xf32>
    %36 = tosa.sub %34, %35 : (tensor<4x2x1x40xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x40xf32>
    %37 = tosa.exp %36 : (tensor<4x2x1x40xf32>) -> tensor<4x2x1x40xf32>
    %38 = tosa.reduce_sum %37 {axis = 3 : i32} : (tensor<4x2x1x40xf32>) -> tensor<4x2x1x1xf32>
    %39 = tosa.reciprocal %38 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %40 = tosa.mul %37, %39, %2 : (tensor<4x2x1x40xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x40xf32>
    %41 = tosa.reshape %40, %9 : (tensor<4x2x1x40xf32>, !tosa.shape<3>) -> tensor<8x1x40xf32>
    %42 = tosa.reshape %28, %10 : (tensor<4x2x40x16xf32>, !tosa.shape<3>) -> tensor<8x40x16xf32>
    %43 = tosa.matmul %41, %42, %7, %7 : (tensor<8x1x40xf32>, tensor<8x40x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %44 = tosa.reshape %43, %11 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    return %44 : tensor<4x2x1x16xf32>
  }
}
