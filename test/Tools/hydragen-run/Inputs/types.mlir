// Every argument comes back, but that an operation is in between.
func.func @main(%h: tensor<6xf16>, %b: tensor<6xbf16>, %d: tensor<6xf64>, %l: tensor<6xi64>,
                %c: tensor<6xi8>, %p: tensor<6xi1>, %s: tensor<f32>)
    -> (tensor<6xf16>, tensor<6xbf16>, tensor<6xf64>, tensor<6xi64>, tensor<6xi8>, tensor<6xi1>, tensor<f32>) {
  %0 = arith.negf %h : tensor<6xf16>
  %1 = arith.negf %b : tensor<6xbf16>
  %2 = arith.negf %d : tensor<6xf64>
  %3 = arith.addi %l, %l : tensor<6xi64>
  %4 = arith.addi %c, %c : tensor<6xi8>
  %5 = arith.xori %p, %p : tensor<6xi1>
  %6 = arith.xori %5, %p : tensor<6xi1>
  %7 = arith.negf %s : tensor<f32>
  return %0, %1, %2, %3, %4, %6, %7 : tensor<6xf16>, tensor<6xbf16>, tensor<6xf64>, tensor<6xi64>, tensor<6xi8>, tensor<6xi1>, tensor<f32>
}
func.func @identity(%l: tensor<?xi64>, %c: tensor<?xi8>, %f: tensor<?xf32>) -> (tensor<?xi64>, tensor<?xi8>, tensor<?xf32>) {
  return %l, %c, %f : tensor<?xi64>, tensor<?xi8>, tensor<?xf32>
}
