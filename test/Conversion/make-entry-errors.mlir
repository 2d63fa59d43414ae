// RUN: hydragen-opt %s -hydragen-make-entry -split-input-file -verify-diagnostics

// expected-error @+1 {{argument 0 of entry 'main' has type 'index' but only plain ranked tensors are supported}}
func.func @main(%a: index) {
  return
}

// -----

// The number of elements depends on what the tensor holds.
func.func @main(%a: tensor<i64>) -> tensor<?xf32> {
  %0 = tensor.extract %a[] : tensor<i64>
  %1 = arith.index_cast %0 : i64 to index
  %2 = tensor.empty(%1) : tensor<?xf32>
  // expected-error @+1 {{extent 0 of result 0 of entry 'main' depends on data, which is not supported}}
  return %2 : tensor<?xf32>
}

// -----

// expected-error @+1 {{entry 'main' has unstructured control flow, which is not supported}}
func.func @main(%a: tensor<f32>) -> tensor<f32> {
  cf.br ^next
^next:
  return %a : tensor<f32>
}
