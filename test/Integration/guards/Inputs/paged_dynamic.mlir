// Any number of sequences and of pages of 8 keys, the block table an argument; sequence b has lengths[b] keys.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#k = affine_map<(b, h, m, n, d, e)[page, len] -> (page, n mod 8, h, d)>
#v = affine_map<(b, h, m, n, d, e)[page, len] -> (page, n mod 8, h, e)>
#table = affine_map<(b, h, m, n, d, e) -> (b, n floordiv 8)>
#row = affine_map<(b, h, m, n, d, e) -> (b)>

func.func @main(%q: tensor<?x2x1x16xf32>, %k: tensor<24x8x2x16xf32>, %v: tensor<24x8x2x16xf32>, %table: tensor<?x?xi64>,
                %lengths: tensor<?xi64>) -> tensor<?x2x1x16xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %b = tensor.dim %q, %c0 : tensor<?x2x1x16xf32>
  %pages = tensor.dim %table, %c1 : tensor<?x?xi64>
  %keys = arith.muli %pages, %c8 : index
  %init = tensor.empty(%b) : tensor<?x2x1x16xf32>
  %r = hydragen.attention queries(%q : tensor<?x2x1x16xf32>) keys(%k : tensor<24x8x2x16xf32>) values(%v : tensor<24x8x2x16xf32>)
    indices(%table, %lengths : tensor<?x?xi64>, tensor<?xi64>) sizes(%keys) outs(%init : tensor<?x2x1x16xf32>) attributes {
      query_maps = [#q], output_map = #o, index_maps = [#table, #row], scale = 0.25 : f64,
      masked_rows = #hydragen.masked_rows<zero>,
      score_mods = [#hydragen.visible<where = affine_map<(b, h, m, n)[page, len] -> (len - 1 - n)>>],
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v>]} -> tensor<?x2x1x16xf32>
  return %r : tensor<?x2x1x16xf32>
}
