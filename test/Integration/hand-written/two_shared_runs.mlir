// Two shared runs in one sequence: the system prompt [0, 8) and, behind 3 own tokens [8, 11), a document [11, 17) that
// stands at the same positions in all 5 sequences; the last 2 tokens [17, 19) are own again, and are the queries.
// A sequence's own keys lie in one tensor: the second own segment reads it from key 3 on.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#shared_k = affine_map<(b, h, m, n, d, e) -> (h, n, d)>
#shared_v = affine_map<(b, h, m, n, d, e) -> (h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>
#last_k = affine_map<(b, h, m, n, d, e) -> (b, h, n + 3, d)>
#last_v = affine_map<(b, h, m, n, d, e) -> (b, h, n + 3, e)>

func.func @main(%q: tensor<5x3x2x6xf32>, %system_k: tensor<3x8x6xf32>, %system_v: tensor<3x8x6xf32>,
                %document_k: tensor<3x6x6xf32>, %document_v: tensor<3x6x6xf32>, %own_k: tensor<5x3x5x6xf32>,
                %own_v: tensor<5x3x5x6xf32>) -> tensor<5x3x2x6xf32> {
  %empty = tensor.empty() : tensor<5x3x2x6xf32>
  %out = hydragen.attention
    queries(%q : tensor<5x3x2x6xf32>)
    keys(%system_k, %own_k, %document_k, %own_k
        : tensor<3x8x6xf32>, tensor<5x3x5x6xf32>, tensor<3x6x6xf32>, tensor<5x3x5x6xf32>)
    values(%system_v, %own_v, %document_v, %own_v
        : tensor<3x8x6xf32>, tensor<5x3x5x6xf32>, tensor<3x6x6xf32>, tensor<5x3x5x6xf32>)
    outs(%empty : tensor<5x3x2x6xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.40824829046386302 : f64,
      score_mods = [#hydragen.visible<where = affine_map<(b, h, m, n) -> (m + 17 - n)>>],
      segments = [
        #hydragen.segment<begin = 0, size = 8, keys = [#shared_k], value = #shared_v>,
        #hydragen.segment<begin = 8, size = 3, keys = [#own_k], value = #own_v>,
        #hydragen.segment<begin = 11, size = 6, keys = [#shared_k], value = #shared_v>,
        #hydragen.segment<begin = 17, size = 2, keys = [#last_k], value = #last_v>]}
    -> tensor<5x3x2x6xf32>
  return %out : tensor<5x3x2x6xf32>
}
