// Pages of 8 keys. The prompt's 3 pages are in a table without b: all 4 sequences read keys [0, 24) from there.
// Keys [24, 40) are in each sequence's own 2 pages.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prompt_table = affine_map<(b, h, m, n, d, e) -> (n floordiv 8)>
#own_table = affine_map<(b, h, m, n, d, e) -> (b, n floordiv 8)>
#prompt_k = affine_map<(b, h, m, n, d, e)[prompt, own] -> (prompt, n mod 8, h, d)>
#prompt_v = affine_map<(b, h, m, n, d, e)[prompt, own] -> (prompt, n mod 8, h, e)>
#own_k = affine_map<(b, h, m, n, d, e)[prompt, own] -> (own, n mod 8, h, d)>
#own_v = affine_map<(b, h, m, n, d, e)[prompt, own] -> (own, n mod 8, h, e)>

func.func @main(%q: tensor<4x2x1x16xf32>, %k_pages: tensor<24x8x2x16xf32>, %v_pages: tensor<24x8x2x16xf32>,
                %prompt_table: tensor<3xi64>, %own_table: tensor<4x2xi64>) -> tensor<4x2x1x16xf32> {
  %empty = tensor.empty() : tensor<4x2x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<4x2x1x16xf32>)
    keys(%k_pages, %k_pages : tensor<24x8x2x16xf32>, tensor<24x8x2x16xf32>)
    values(%v_pages, %v_pages : tensor<24x8x2x16xf32>, tensor<24x8x2x16xf32>)
    indices(%prompt_table, %own_table : tensor<3xi64>, tensor<4x2xi64>)
    outs(%empty : tensor<4x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#prompt_table, #own_table], scale = 0.25 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 24, keys = [#prompt_k], value = #prompt_v>,
        #hydragen.segment<begin = 24, size = 16, keys = [#own_k], value = #own_v>]}
    -> tensor<4x2x1x16xf32>
  return %out : tensor<4x2x1x16xf32>
}
