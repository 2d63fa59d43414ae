// The prompt's keys [0, 28) are read by all 5 sequences; keys [28, 34) are each sequence's own.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%q: tensor<5x3x1x12xf32>, %prefix_k: tensor<3x28x12xf32>, %prefix_v: tensor<3x28x12xf32>,
                %own_k: tensor<5x3x6x12xf32>, %own_v: tensor<5x3x6x12xf32>) -> tensor<5x3x1x12xf32> {
  %empty = tensor.empty() : tensor<5x3x1x12xf32>
  %out = hydragen.attention
    queries(%q : tensor<5x3x1x12xf32>)
    keys(%prefix_k, %own_k : tensor<3x28x12xf32>, tensor<5x3x6x12xf32>)
    values(%prefix_v, %own_v : tensor<3x28x12xf32>, tensor<5x3x6x12xf32>)
    outs(%empty : tensor<5x3x1x12xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.28867513459481287 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 28, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 28, size = 6, keys = [#own_k], value = #own_v>]}
    -> tensor<5x3x1x12xf32>
  return %out : tensor<5x3x1x12xf32>
}
