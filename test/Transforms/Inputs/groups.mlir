#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[group] -> (group, n, d)>
#v = affine_map<(b, n, d, e)[group] -> (group, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#row = affine_map<(b, n, d, e) -> (b)>

func.func @main(%q: tensor<40x8xf32>, %k: tensor<3x12x8xf32>, %v: tensor<3x12x8xf32>, %g: tensor<40xi64>, %slots: tensor<40xi64>) -> tensor<40x8xf32> {
  %init = tensor.empty() : tensor<40x8xf32>
  %o = hydragen.attention queries(%q : tensor<40x8xf32>) keys(%k : tensor<3x12x8xf32>) values(%v : tensor<3x12x8xf32>)
    indices(%g : tensor<40xi64>) outs(%init : tensor<40x8xf32>) attributes {query_maps = [#q], output_map = #o, index_maps = [#row],
      segments = [#hydragen.segment<begin = 0, size = 12, keys = [#k], value = #v>]} -> tensor<40x8xf32>
  return %o : tensor<40x8xf32>
}
