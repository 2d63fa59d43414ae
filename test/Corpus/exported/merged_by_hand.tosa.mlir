// name: merged_by_hand.tosa
// produced by: PyTorch 2.15.0, torch-mlir, output type tosa (utils/export/export_torch.py)
// shows: Prefix and suffix attended apart and merged through log-sum-exp.
module {
  func.func @main(%arg0: tensor<4x2x1x16xf32>, %arg1: tensor<1x2x24x16xf32>, %arg2: tensor<1x2x24x16xf32>, %arg3: tensor<4x2x8x16xf32>, %arg4: tensor<4x2x8x16xf32>) -> tensor<4x2x1x16xf32> {
    %0 = tosa.const_shape  {values = dense<[8, 1, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %1 = tosa.const_shape  {values = dense<[4, 1, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %2 = tosa.const_shape  {values = dense<[8, 16, 24]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %3 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1xf32>}> : () -> tensor<1xf32>
    %4 = tosa.const_shape  {values = dense<[4, 2, 1, 24]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %5 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
    %6 = tosa.const_shape  {values = dense<[8, 1, 24]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %7 = tosa.const_shape  {values = dense<[8, 24, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %8 = tosa.const_shape  {values = dense<[4, 2, 1, 16]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %9 = tosa.const_shape  {values = dense<[8, 16, 8]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %10 = tosa.const_shape  {values = dense<[4, 2, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %11 = tosa.const_shape  {values = dense<[8, 1, 8]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %12 = tosa.const_shape  {values = dense<[8, 8, 16]> : tensor<3xindex>} : () -> !tosa.shape<3>
    %13 = "tosa.const"() <{values = dense<2.500000e-01> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %14 = "tosa.const"() <{values = dense<0x7FF0000000000000> : tensor<1x1x1x1xf64>}> : () -> tensor<1x1x1x1xf64>
    %15 = "tosa.const"() <{values = dense<0.000000e+00> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
    %16 = tosa.transpose %arg1 {perms = array<i32: 0, 1, 3, 2>} : (tensor<1x2x24x16xf32>) -> tensor<1x2x16x24xf32>
    %17 = tosa.reshape %arg0, %0 : (tensor<4x2x1x16xf32>, !tosa.shape<3>) -> tensor<8x1x16xf32>
    %18 = tosa.tile %16, %1 : (tensor<1x2x16x24xf32>, !tosa.shape<4>) -> tensor<4x2x16x24xf32>
    %19 = tosa.reshape %18, %2 : (tensor<4x2x16x24xf32>, !tosa.shape<3>) -> tensor<8x16x24xf32>
    %20 = tosa.matmul %17, %19, %3, %3 : (tensor<8x1x16xf32>, tensor<8x16x24xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x24xf32>
    %21 = tosa.reshape %20, %4 : (tensor<8x1x24xf32>, !tosa.shape<4>) -> tensor<4x2x1x24xf32>
    %22 = tosa.mul %21, %13, %5 : (tensor<4x2x1x24xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x24xf32>
    %23 = tosa.reduce_max %22 {axis = 3 : i32} : (tensor<4x2x1x24xf32>) -> tensor<4x2x1x1xf32>
    %24 = tosa.abs %23 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %25 = tosa.cast %24 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf64>
    %26 = tosa.equal %25, %14 : (tensor<4x2x1x1xf64>, tensor<1x1x1x1xf64>) -> tensor<4x2x1x1xi1>
    %27 = tosa.select %26, %15, %23 : (tensor<4x2x1x1xi1>, tensor<1x1x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %28 = tosa.sub %22, %27 : (tensor<4x2x1x24xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x24xf32>
    %29 = tosa.exp %28 : (tensor<4x2x1x24xf32>) -> tensor<4x2x1x24xf32>
    %30 = tosa.reduce_sum %29 {axis = 3 : i32} : (tensor<4x2x1x24xf32>) -> tensor<4x2x1x1xf32>
    %31 = tosa.log %30 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %32 = tosa.add %31, %27 : (tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %33 = tosa.sub %22, %32 : (tensor<4x2x1x24xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x24xf32>
    %34 = tosa.exp %33 : (tensor<4x2x1x24xf32>) -> tensor<4x2x1x24xf32>
    %35 = tosa.reshape %34, %6 : (tensor<4x2x1x24xf32>, !tosa.shape<3>) -> tensor<8x1x24xf32>
    %36 = tosa.tile %arg2, %1 : (tensor<1x2x24x16xf32>, !tosa.shape<4>) -> tensor<4x2x24x16xf32>
    %37 = tosa.reshape %36, %7 : (tensor<4x2x24x16xf32>, !tosa.shape<3>) -> tensor<8x24x16xf32>
    %38 = tosa.matmul %35, %37, %3, %3 : (tensor<8x1x24xf32>, tensor<8x24x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %39 = tosa.reshape %38, %8 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    %40 = tosa.transpose %arg3 {perms = array<i32: 0, 1, 3, 2>} : (tensor<4x2x8x16xf32>) -> tensor<4x2x16x8xf32>
    %41 = tosa.reshape %40, %9 : (tensor<4x2x16x8xf32>, !tosa.shape<3>) -> tensor<8x16x8xf32>
    %42 = tosa.matmul %17, %41, %3, %3 : (tensor<8x1x16xf32>, tensor<8x16x8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x8xf32>
    %43 = tosa.reshape %42, %10 : (tensor<8x1x8xf32>, !tosa.shape<4>) -> tensor<4x2x1x8xf32>
    %44 = tosa.mul %43, %13, %5 : (tensor<4x2x1x8xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x8xf32>
    %45 = tosa.reduce_max %44 {axis = 3 : i32} : (tensor<4x2x1x8xf32>) -> tensor<4x2x1x1xf32>
    %46 = tosa.abs %45 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %47 = tosa.cast %46 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf64>
    %48 = tosa.equal %47, %14 : (tensor<4x2x1x1xf64>, tensor<1x1x1x1xf64>) -> tensor<4x2x1x1xi1>
    %49 = tosa.select %48, %15, %45 : (tensor<4x2x1x1xi1>, tensor<1x1x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %50 = tosa.sub %44, %49 : (tensor<4x2x1x8xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x8xf32>
    %51 = tosa.exp %50 : (tensor<4x2x1x8xf32>) -> tensor<4x2x1x8xf32>
    %52 = tosa.reduce_sum %51 {axis = 3 : i32} : (tensor<4x2x1x8xf32>) -> tensor<4x2x1x1xf32>
    %53 = tosa.log %52 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %54 = tosa.add %53, %49 : (tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %55 = tosa.sub %44, %54 : (tensor<4x2x1x8xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x8xf32>
    %56 = tosa.exp %55 : (tensor<4x2x1x8xf32>) -> tensor<4x2x1x8xf32>
    %57 = tosa.reshape %56, %11 : (tensor<4x2x1x8xf32>, !tosa.shape<3>) -> tensor<8x1x8xf32>
    %58 = tosa.reshape %arg4, %12 : (tensor<4x2x8x16xf32>, !tosa.shape<3>) -> tensor<8x8x16xf32>
    %59 = tosa.matmul %57, %58, %3, %3 : (tensor<8x1x8xf32>, tensor<8x8x16xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8x1x16xf32>
    %60 = tosa.reshape %59, %8 : (tensor<8x1x16xf32>, !tosa.shape<4>) -> tensor<4x2x1x16xf32>
    %61 = tosa.maximum %32, %54 : (tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %62 = tosa.sub %32, %61 : (tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %63 = tosa.exp %62 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %64 = tosa.sub %54, %61 : (tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %65 = tosa.exp %64 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %66 = tosa.mul %39, %63, %5 : (tensor<4x2x1x16xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x16xf32>
    %67 = tosa.mul %60, %65, %5 : (tensor<4x2x1x16xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x16xf32>
    %68 = tosa.add %66, %67 : (tensor<4x2x1x16xf32>, tensor<4x2x1x16xf32>) -> tensor<4x2x1x16xf32>
    %69 = tosa.add %63, %65 : (tensor<4x2x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %70 = tosa.reciprocal %69 : (tensor<4x2x1x1xf32>) -> tensor<4x2x1x1xf32>
    %71 = tosa.mul %68, %70, %5 : (tensor<4x2x1x16xf32>, tensor<4x2x1x1xf32>, tensor<1xi8>) -> tensor<4x2x1x16xf32>
    return %71 : tensor<4x2x1x16xf32>
  }
}
