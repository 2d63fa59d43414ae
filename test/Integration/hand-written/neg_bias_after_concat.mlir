// The model adds a bias c[b] to K behind the concatenation: every key differs per sequence. But q . (k + c) is
// q . k + q . c, two score terms: the prompt's K [0, 32) is one for all 4 sequences, the second term's K is c,
// the same for every n. With c's map using b the segment is not shared over b.

#q = affine_map<(b, h, m, n, d, x, e) -> (b, h, m, d)>
#qx = affine_map<(b, h, m, n, d, x, e) -> (b, h, m, x)>
#o = affine_map<(b, h, m, n, d, x, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, x, e) -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, x, e) -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, x, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, x, e) -> (b, h, n, e)>
#c = affine_map<(b, h, m, n, d, x, e) -> (b, x)>

func.func @main(%q: tensor<4x2x1x16xf32>, %prefix_k: tensor<1x2x32x16xf32>, %prefix_v: tensor<1x2x32x16xf32>,
                %own_k: tensor<4x2x8x16xf32>, %own_v: tensor<4x2x8x16xf32>,
                %c: tensor<4x16xf32>) -> tensor<4x2x1x16xf32> {
  %empty = tensor.empty() : tensor<4x2x1x16xf32>
  %out = hydragen.attention
    queries(%q, %q : tensor<4x2x1x16xf32>, tensor<4x2x1x16xf32>)
    keys(%prefix_k, %c, %own_k, %c
        : tensor<1x2x32x16xf32>, tensor<4x16xf32>, tensor<4x2x8x16xf32>, tensor<4x16xf32>)
    values(%prefix_v, %own_v : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    outs(%empty : tensor<4x2x1x16xf32>)
    attributes {query_maps = [#q, #qx], output_map = #o, scale = 0.25 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k, #c], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k, #c], value = #own_v>]}
    -> tensor<4x2x1x16xf32>
  return %out : tensor<4x2x1x16xf32>
}
