// The prompt's keys [0, 26) are read by all 3 sequences; keys [26, 32) are each sequence's own.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%q: tensor<3x4x1x8xf32>, %prefix_k: tensor<1x4x26x8xf32>, %prefix_v: tensor<1x4x26x8xf32>,
                %own_k: tensor<3x4x6x8xf32>, %own_v: tensor<3x4x6x8xf32>) -> tensor<3x4x1x8xf32> {
  %empty = tensor.empty() : tensor<3x4x1x8xf32>
  %out = hydragen.attention
    queries(%q : tensor<3x4x1x8xf32>)
    keys(%prefix_k, %own_k : tensor<1x4x26x8xf32>, tensor<3x4x6x8xf32>)
    values(%prefix_v, %own_v : tensor<1x4x26x8xf32>, tensor<3x4x6x8xf32>)
    outs(%empty : tensor<3x4x1x8xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.35355339059327379 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 26, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 26, size = 6, keys = [#own_k], value = #own_v>]}
    -> tensor<3x4x1x8xf32>
  return %out : tensor<3x4x1x8xf32>
}
