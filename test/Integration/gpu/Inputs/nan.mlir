#q = affine_map<(b, d, n, e) -> (b, d)>
#prompt = affine_map<(b, d, n, e) -> (n, d)>
#prompt_v = affine_map<(b, d, n, e) -> (n, e)>
#own = affine_map<(b, d, n, e) -> (b, n, d)>
#own_v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>
func.func @main(%q: tensor<4x16xf32>, %pk: tensor<40x16xf32>, %pv: tensor<40x16xf32>, %sk: tensor<4x3x16xf32>,
                %sv: tensor<4x3x16xf32>) -> tensor<4x16xf32> {
  %init = tensor.empty() : tensor<4x16xf32>
  %o = hydragen.attention queries(%q : tensor<4x16xf32>)
    keys(%pk, %sk : tensor<40x16xf32>, tensor<4x3x16xf32>) values(%pv, %sv : tensor<40x16xf32>, tensor<4x3x16xf32>)
    outs(%init : tensor<4x16xf32>) attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      segments = [#hydragen.segment<begin = 0, size = 40, keys = [#prompt], value = #prompt_v, shared>,
                  #hydragen.segment<begin = 40, size = 3, keys = [#own], value = #own_v>]} -> tensor<4x16xf32>
  return %o : tensor<4x16xf32>
}
