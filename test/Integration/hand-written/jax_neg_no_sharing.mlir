// Nothing is shared: each of the 5 sequences has 48 prefix keys of its own and 6 more behind them.

#q = affine_map<(b, h, m, n, d, e) -> (b, m, h, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, m, h, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (b, n, h, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (b, n, h, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, n, h, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, n, h, e)>

func.func @main(%q: tensor<5x1x6x8xf32>, %prefix_k: tensor<5x48x6x8xf32>, %prefix_v: tensor<5x48x6x8xf32>,
                %own_k: tensor<5x6x6x8xf32>, %own_v: tensor<5x6x6x8xf32>) -> tensor<5x1x6x8xf32> {
  %empty = tensor.empty() : tensor<5x1x6x8xf32>
  %out = hydragen.attention
    queries(%q : tensor<5x1x6x8xf32>)
    keys(%prefix_k, %own_k : tensor<5x48x6x8xf32>, tensor<5x6x6x8xf32>)
    values(%prefix_v, %own_v : tensor<5x48x6x8xf32>, tensor<5x6x6x8xf32>)
    outs(%empty : tensor<5x1x6x8xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.35355339059327379 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 48, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 48, size = 6, keys = [#own_k], value = #own_v>]}
    -> tensor<5x1x6x8xf32>
  return %out : tensor<5x1x6x8xf32>
}
