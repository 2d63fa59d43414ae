// A tree: all 6 sequences read the system prompt [0, 16), 2 each one of 3 documents [16, 28); keys [28, 32) are each
// sequence's own question.
// A nesting of concatenations is a list of segments.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#system_k = affine_map<(b, h, m, n, d, e) -> (0, h, n, d)>
#system_v = affine_map<(b, h, m, n, d, e) -> (0, h, n, e)>
#document_k = affine_map<(b, h, m, n, d, e) -> (b floordiv 2, h, n, d)>
#document_v = affine_map<(b, h, m, n, d, e) -> (b floordiv 2, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%q: tensor<6x2x1x16xf32>, %system_k: tensor<1x2x16x16xf32>, %system_v: tensor<1x2x16x16xf32>,
                %document_k: tensor<3x2x12x16xf32>, %document_v: tensor<3x2x12x16xf32>,
                %own_k: tensor<6x2x4x16xf32>, %own_v: tensor<6x2x4x16xf32>) -> tensor<6x2x1x16xf32> {
  %empty = tensor.empty() : tensor<6x2x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<6x2x1x16xf32>)
    keys(%system_k, %document_k, %own_k : tensor<1x2x16x16xf32>, tensor<3x2x12x16xf32>, tensor<6x2x4x16xf32>)
    values(%system_v, %document_v, %own_v : tensor<1x2x16x16xf32>, tensor<3x2x12x16xf32>, tensor<6x2x4x16xf32>)
    outs(%empty : tensor<6x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      masked_rows = #hydragen.masked_rows<zero>,
      segments = [
        #hydragen.segment<begin = 0, size = 16, keys = [#system_k], value = #system_v, shared>,
        #hydragen.segment<begin = 16, size = 12, keys = [#document_k], value = #document_v, shared>,
        #hydragen.segment<begin = 28, size = 4, keys = [#own_k], value = #own_v>]}
    -> tensor<6x2x1x16xf32>
  return %out : tensor<6x2x1x16xf32>
}
