func.func @unknown_op(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "foo.bar"(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @recursive(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @recursive(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @undefined(tensor<4xf32>) -> tensor<4xf32>
func.func @calls_undefined(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @undefined(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @index_argument(%a: index) -> tensor<4xf32> {
  %0 = tensor.empty() : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @complex_argument(%a: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  return %a : tensor<4xcomplex<f32>>
}
func.func @data_dependent(%a: tensor<i64>) -> tensor<?xf32> {
  %0 = tensor.extract %a[] : tensor<i64>
  %1 = arith.index_cast %0 : i64 to index
  %2 = tensor.empty(%1) : tensor<?xf32>
  return %2 : tensor<?xf32>
}
func.func @control_flow(%a: tensor<4xf32>, %c: tensor<i1>) -> tensor<4xf32> {
  %x = tensor.extract %c[] : tensor<i1>
  cf.cond_br %x, ^a, ^b
^a:
  return %a : tensor<4xf32>
^b:
  %0 = arith.addf %a, %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func @impossible(%c: tensor<f32>) -> tensor<f32> {
  %0 = tensor.empty() : tensor<4000000000x4000000000xf32>
  %1 = linalg.broadcast ins(%c : tensor<f32>) outs(%0 : tensor<4000000000x4000000000xf32>) dimensions = [0, 1]
  %2 = tensor.extract_slice %1[0, 0] [1, 1] [1, 1] : tensor<4000000000x4000000000xf32> to tensor<f32>
  return %2 : tensor<f32>
}
