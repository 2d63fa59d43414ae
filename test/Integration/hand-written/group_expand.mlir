// 3 prompts of 24 keys, each read by 2 of the 6 sequences: the maps use b only as b floordiv 2.
// Keys [24, 32) are each sequence's own.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (b floordiv 2, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (b floordiv 2, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%q: tensor<6x2x1x16xf32>, %prefix_k: tensor<3x2x24x16xf32>, %prefix_v: tensor<3x2x24x16xf32>,
                %own_k: tensor<6x2x8x16xf32>, %own_v: tensor<6x2x8x16xf32>) -> tensor<6x2x1x16xf32> {
  %empty = tensor.empty() : tensor<6x2x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<6x2x1x16xf32>)
    keys(%prefix_k, %own_k : tensor<3x2x24x16xf32>, tensor<6x2x8x16xf32>)
    values(%prefix_v, %own_v : tensor<3x2x24x16xf32>, tensor<6x2x8x16xf32>)
    outs(%empty : tensor<6x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 24, keys = [#prefix_k], value = #prefix_v, shared>,
        #hydragen.segment<begin = 24, size = 8, keys = [#own_k], value = #own_v>]}
    -> tensor<6x2x1x16xf32>
  return %out : tensor<6x2x1x16xf32>
}
