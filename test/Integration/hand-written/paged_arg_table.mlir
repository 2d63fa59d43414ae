// Pages of 8 keys. The table says for every sequence and page where it lies, the lengths how many keys there are.
// Both are run-time values, so sharing (equal entries of the table) is not in the IR. Nothing is gathered: the page
// number is a symbol of the maps.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#k = affine_map<(b, h, m, n, d, e)[page, len] -> (page, n mod 8, h, d)>
#v = affine_map<(b, h, m, n, d, e)[page, len] -> (page, n mod 8, h, e)>
#table = affine_map<(b, h, m, n, d, e) -> (b, n floordiv 8)>
#len = affine_map<(b, h, m, n, d, e) -> (b)>

func.func @main(%q: tensor<4x2x1x16xf32>, %k_pages: tensor<24x8x2x16xf32>, %v_pages: tensor<24x8x2x16xf32>,
                %table: tensor<4x5xi64>, %len: tensor<4xi64>) -> tensor<4x2x1x16xf32> {
  %empty = tensor.empty() : tensor<4x2x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<4x2x1x16xf32>)
    keys(%k_pages : tensor<24x8x2x16xf32>)
    values(%v_pages : tensor<24x8x2x16xf32>)
    indices(%table, %len : tensor<4x5xi64>, tensor<4xi64>)
    outs(%empty : tensor<4x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#table, #len], scale = 0.25 : f64,
      masked_rows = #hydragen.masked_rows<zero>,
      score_mods = [#hydragen.visible<where = affine_map<(b, h, m, n)[page, len] -> (len - 1 - n)>>],
      segments = [
        #hydragen.segment<begin = 0, size = 40, keys = [#k], value = #v>]}
    -> tensor<4x2x1x16xf32>
  return %out : tensor<4x2x1x16xf32>
}
