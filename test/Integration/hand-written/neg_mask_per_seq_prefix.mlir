// All 4 sequences read the prompt's keys [0, 32), own keys are [32, 40). Which of them a sequence sees is its own
// affair: the mask depends on b, the keys do not.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>
#extra = affine_map<(b, h, m, n) -> (b, n)>

func.func @main(%q: tensor<4x2x1x16xf32>, %prefix_k: tensor<1x2x32x16xf32>, %prefix_v: tensor<1x2x32x16xf32>,
                %own_k: tensor<4x2x8x16xf32>, %own_v: tensor<4x2x8x16xf32>,
                %mask: tensor<4x40xi1>) -> tensor<4x2x1x16xf32> {
  %empty = tensor.empty() : tensor<4x2x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<4x2x1x16xf32>)
    keys(%prefix_k, %own_k : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    values(%prefix_v, %own_v : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    extras(%mask : tensor<4x40xi1>)
    outs(%empty : tensor<4x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [#extra], scale = 0.25 : f64,
      masked_rows = #hydragen.masked_rows<zero>, score_mods = [#hydragen.mask<extra = 0>],
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k], value = #own_v>]}
    -> tensor<4x2x1x16xf32>
  return %out : tensor<4x2x1x16xf32>
}
