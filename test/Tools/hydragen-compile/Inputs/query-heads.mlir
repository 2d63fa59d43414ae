// Three query heads of a group read one head of K and V, which the model repeats.
#q = affine_map<(b, h, d, n, e) -> (b, h, d)>
#k = affine_map<(b, h, d, n, e) -> (b, h, n, d)>
#v = affine_map<(b, h, d, n, e) -> (b, h, n, e)>
#o = affine_map<(b, h, d, n, e) -> (b, h, e)>
func.func @main(%q: tensor<4x6x16xf32>, %k: tensor<4x2x64x16xf32>, %v: tensor<4x2x64x16xf32>) -> tensor<4x6x16xf32> {
  %e = tensor.empty() : tensor<4x2x3x64x16xf32>
  %kb = linalg.broadcast ins(%k : tensor<4x2x64x16xf32>) outs(%e : tensor<4x2x3x64x16xf32>) dimensions = [2]
  %vb = linalg.broadcast ins(%v : tensor<4x2x64x16xf32>) outs(%e : tensor<4x2x3x64x16xf32>) dimensions = [2]
  %kr = tensor.collapse_shape %kb [[0], [1, 2], [3], [4]] : tensor<4x2x3x64x16xf32> into tensor<4x6x64x16xf32>
  %vr = tensor.collapse_shape %vb [[0], [1, 2], [3], [4]] : tensor<4x2x3x64x16xf32> into tensor<4x6x64x16xf32>
  %init = tensor.empty() : tensor<4x6x16xf32>
  %o = hydragen.attention queries(%q : tensor<4x6x16xf32>) keys(%kr : tensor<4x6x64x16xf32>) values(%vr : tensor<4x6x64x16xf32>)
    outs(%init : tensor<4x6x16xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 64, keys = [#k], value = #v>]} -> tensor<4x6x16xf32>
  return %o : tensor<4x6x16xf32>
}
