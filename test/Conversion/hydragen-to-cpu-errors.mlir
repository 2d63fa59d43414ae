// RUN: hydragen-opt %s -convert-hydragen-to-cpu -verify-diagnostics

func.func @tensors(%o: tensor<4x16xf32>, %m: tensor<4xf32>, %l: tensor<4xf32>, %out: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-error @+1 {{on tensors must be bufferised first}}
  %0 = hydragen.finalize state(%o, %m, %l : tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>) outs(%out : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}
