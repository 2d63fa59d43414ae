func.func @main(%a: tensor<?x4xf32>, %b: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = arith.addf %a, %b : tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
func.func @two(%a: tensor<2xf32>, %b: tensor<2xi32>) -> (tensor<2xi32>, tensor<2xf32>) {
  return %b, %a : tensor<2xi32>, tensor<2xf32>
}
func.func @nothing() -> tensor<2xf32> {
  %0 = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return %0 : tensor<2xf32>
}
