// RUN: hydragen-opt %s -convert-hydragen-to-linalg -split-input-file -verify-diagnostics

func.func @not_decomposed(%q: tensor<4xf64>, %k: tensor<3x4xf64>) -> tensor<4xf64> {
  // expected-error @+1 {{'hydragen.attention' op is not in decomposed form; run hydragen-decompose before this pass}}
  %0 = hydragen.attention queries(%q : tensor<4xf64>) keys(%k : tensor<3x4xf64>) values(%k : tensor<3x4xf64>) outs(%q : tensor<4xf64>)
    attributes {query_maps = [affine_map<(n, d, e) -> (d)>], output_map = affine_map<(n, d, e) -> (e)>,
      segments = [#hydragen.segment<begin = 0, size = 3, keys = [affine_map<(n, d, e) -> (n, d)>], value = affine_map<(n, d, e) -> (n, e)>>]}
    -> tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

func.func @bufferised(%m: memref<4xf32>, %l: memref<4xf32>) {
  // expected-error @+1 {{'hydragen.state_lse' op is bufferised; this pass lowers tensors}}
  hydragen.state_lse <two> state(%m, %l : memref<4xf32>, memref<4xf32>) outs(%m : memref<4xf32>)
  return
}
