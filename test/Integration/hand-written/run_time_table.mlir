// Pages of 4 keys, tables and their sizes known at run time. The prompt's table has no b: all 4 sequences read its
// pages, keys [0, P) with P = 4 * pages of the prompt. A sequence's own keys are in its row of the other table, [P, ...);
// sequence b has len[b] keys in all, also fewer than its pages hold.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prompt_table = affine_map<(b, h, m, n, d, e) -> (n floordiv 4)>
#own_table = affine_map<(b, h, m, n, d, e) -> (b, n floordiv 4)>
#len = affine_map<(b, h, m, n, d, e) -> (b)>
#prompt_k = affine_map<(b, h, m, n, d, e)[prompt, own, len] -> (prompt, n mod 4, h floordiv 2, d)>
#prompt_v = affine_map<(b, h, m, n, d, e)[prompt, own, len] -> (prompt, n mod 4, h floordiv 2, e)>
#own_k = affine_map<(b, h, m, n, d, e)[prompt, own, len] -> (own, n mod 4, h floordiv 2, d)>
#own_v = affine_map<(b, h, m, n, d, e)[prompt, own, len] -> (own, n mod 4, h floordiv 2, e)>
#keys = affine_map<()[pages] -> (pages * 4)>

func.func @main(%q: tensor<4x4x1x8xf32>, %k_pages: tensor<12x4x2x8xf32>, %v_pages: tensor<12x4x2x8xf32>,
                %prompt_table: tensor<?xi64>, %own_table: tensor<4x?xi64>, %len: tensor<4xi64>)
    -> tensor<4x4x1x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %prompt_pages = tensor.dim %prompt_table, %c0 : tensor<?xi64>
  %own_pages = tensor.dim %own_table, %c1 : tensor<4x?xi64>
  %prompt_keys = affine.apply #keys()[%prompt_pages]
  %own_keys = affine.apply #keys()[%own_pages]
  %empty = tensor.empty() : tensor<4x4x1x8xf32>
  %out = hydragen.attention
    queries(%q : tensor<4x4x1x8xf32>)
    keys(%k_pages, %k_pages : tensor<12x4x2x8xf32>, tensor<12x4x2x8xf32>)
    values(%v_pages, %v_pages : tensor<12x4x2x8xf32>, tensor<12x4x2x8xf32>)
    indices(%prompt_table, %own_table, %len : tensor<?xi64>, tensor<4x?xi64>, tensor<4xi64>)
    sizes(%prompt_keys, %prompt_keys, %own_keys)
    outs(%empty : tensor<4x4x1x8xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#prompt_table, #own_table, #len],
      scale = 0.35355339059327379 : f64,
      score_mods = [#hydragen.visible<where = affine_map<(b, h, m, n)[prompt, own, len] -> (len - 1 - n)>>],
      segments = [
        #hydragen.segment<begin = 0, size = ?, keys = [#prompt_k], value = #prompt_v>,
        #hydragen.segment<begin = ?, size = ?, keys = [#own_k], value = #own_v>]}
    -> tensor<4x4x1x8xf32>
  return %out : tensor<4x4x1x8xf32>
}
