// The prompt's keys [0, 32) are read by all 4 sequences: no map of that segment uses b.
// Keys [32, 40) are each sequence's own.
// Half precision in and out; scores and states are f32.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%q: tensor<4x2x1x16xf16>, %prefix_k: tensor<1x2x32x16xf16>, %prefix_v: tensor<1x2x32x16xf16>,
                %own_k: tensor<4x2x8x16xf16>, %own_v: tensor<4x2x8x16xf16>) -> tensor<4x2x1x16xf16> {
  %empty = tensor.empty() : tensor<4x2x1x16xf16>
  %out = hydragen.attention
    queries(%q : tensor<4x2x1x16xf16>)
    keys(%prefix_k, %own_k : tensor<1x2x32x16xf16>, tensor<4x2x8x16xf16>)
    values(%prefix_v, %own_v : tensor<1x2x32x16xf16>, tensor<4x2x8x16xf16>)
    outs(%empty : tensor<4x2x1x16xf16>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      masked_rows = #hydragen.masked_rows<zero>,
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k], value = #own_v>]}
    -> tensor<4x2x1x16xf16>
  return %out : tensor<4x2x1x16xf16>
}
