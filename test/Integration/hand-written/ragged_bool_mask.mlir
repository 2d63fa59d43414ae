// All 4 sequences read the prompt's keys [0, 32); of the 8 own keys sequence b has len[b]:
// key n is visible where n < 32 + len[b].

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e)[len] -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e)[len] -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e)[len] -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e)[len] -> (b, h, n, e)>
#index = affine_map<(b, h, m, n, d, e) -> (b)>

func.func @main(%q: tensor<4x2x1x16xf32>, %prefix_k: tensor<1x2x32x16xf32>, %prefix_v: tensor<1x2x32x16xf32>,
                %own_k: tensor<4x2x8x16xf32>, %own_v: tensor<4x2x8x16xf32>,
                %len: tensor<4xi64>) -> tensor<4x2x1x16xf32> {
  %empty = tensor.empty() : tensor<4x2x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<4x2x1x16xf32>)
    keys(%prefix_k, %own_k : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    values(%prefix_v, %own_v : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    indices(%len : tensor<4xi64>)
    outs(%empty : tensor<4x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#index], scale = 0.25 : f64,
      masked_rows = #hydragen.masked_rows<zero>,
      score_mods = [#hydragen.visible<where = affine_map<(b, h, m, n)[len] -> (len + 31 - n)>>],
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k], value = #own_v>]}
    -> tensor<4x2x1x16xf32>
  return %out : tensor<4x2x1x16xf32>
}
