// Three functions; what the tester looks for is in @shared.
#q = affine_map<(b, n, d, e) -> (b, d)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#own_k = affine_map<(b, n, d, e) -> (b, n, d)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>

func.func @unrelated(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

func.func @shared(%q: tensor<4x8xf32>, %k: tensor<5x8xf32>) -> tensor<4x8xf32> {
  %empty = tensor.empty() : tensor<4x8xf32>
  // No keys: canonicalisation drops this segment.
  %0 = hydragen.attention queries(%q : tensor<4x8xf32>) keys(%k, %k : tensor<5x8xf32>, tensor<5x8xf32>)
    values(%k, %k : tensor<5x8xf32>, tensor<5x8xf32>) outs(%empty : tensor<4x8xf32>)
    attributes {query_maps = [#q], output_map = #o, segments = [
      #hydragen.segment<begin = 0, size = 5, keys = [#k], value = #v, shared>,
      #hydragen.segment<begin = 5, size = 0, keys = [#k], value = #v>]}
    -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @own(%q: tensor<4x8xf32>, %k: tensor<4x5x8xf32>) -> tensor<4x8xf32> {
  %empty = tensor.empty() : tensor<4x8xf32>
  %0 = hydragen.attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<4x5x8xf32>) values(%k : tensor<4x5x8xf32>)
    outs(%empty : tensor<4x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 5, keys = [#own_k], value = #own_v>]}
    -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
