// Own keys stand first, [0, 6), the prompt's 28 keys, which all 5 sequences read, behind them.
// Segments need no order and softmax has none; positions only matter to masks.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%q: tensor<5x3x1x12xf32>, %prefix_k: tensor<1x3x28x12xf32>, %prefix_v: tensor<1x3x28x12xf32>,
                %own_k: tensor<5x3x6x12xf32>, %own_v: tensor<5x3x6x12xf32>) -> tensor<5x3x1x12xf32> {
  %empty = tensor.empty() : tensor<5x3x1x12xf32>
  %out = hydragen.attention
    queries(%q : tensor<5x3x1x12xf32>)
    keys(%own_k, %prefix_k : tensor<5x3x6x12xf32>, tensor<1x3x28x12xf32>)
    values(%own_v, %prefix_v : tensor<5x3x6x12xf32>, tensor<1x3x28x12xf32>)
    outs(%empty : tensor<5x3x1x12xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.28867513459481287 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 6, keys = [#own_k], value = #own_v>,
        #hydragen.segment<begin = 6, size = 28, keys = [#prefix_k], value = #prefix_v>]}
    -> tensor<5x3x1x12xf32>
  return %out : tensor<5x3x1x12xf32>
}
