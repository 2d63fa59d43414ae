// The prompt's keys [0, 32) are read by all 4 sequences and, through h floordiv 4, by the 4 query heads
// of each key head; keys [32, 40) are each sequence's own.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (0, h floordiv 4, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (0, h floordiv 4, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 4, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 4, n, e)>

func.func @main(%q: tensor<4x8x1x16xf32>, %prefix_k: tensor<1x2x32x16xf32>, %prefix_v: tensor<1x2x32x16xf32>,
                %own_k: tensor<4x2x8x16xf32>, %own_v: tensor<4x2x8x16xf32>) -> tensor<4x8x1x16xf32> {
  %empty = tensor.empty() : tensor<4x8x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<4x8x1x16xf32>)
    keys(%prefix_k, %own_k : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    values(%prefix_v, %own_v : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    outs(%empty : tensor<4x8x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      masked_rows = #hydragen.masked_rows<zero>,
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k], value = #own_v>]}
    -> tensor<4x8x1x16xf32>
  return %out : tensor<4x8x1x16xf32>
}
