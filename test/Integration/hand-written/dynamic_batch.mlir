// The prompt's keys [0, 32) are read by all sequences, however many there are; keys [32, 40) are each sequence's own.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%q: tensor<?x2x1x16xf32>, %prefix_k: tensor<1x2x32x16xf32>, %prefix_v: tensor<1x2x32x16xf32>,
                %own_k: tensor<?x2x8x16xf32>, %own_v: tensor<?x2x8x16xf32>) -> tensor<?x2x1x16xf32> {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %q, %c0 : tensor<?x2x1x16xf32>
  %empty = tensor.empty(%batch) : tensor<?x2x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<?x2x1x16xf32>)
    keys(%prefix_k, %own_k : tensor<1x2x32x16xf32>, tensor<?x2x8x16xf32>)
    values(%prefix_v, %own_v : tensor<1x2x32x16xf32>, tensor<?x2x8x16xf32>)
    outs(%empty : tensor<?x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      masked_rows = #hydragen.masked_rows<zero>,
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k], value = #own_v>]}
    -> tensor<?x2x1x16xf32>
  return %out : tensor<?x2x1x16xf32>
}
