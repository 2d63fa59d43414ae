// A tree: all 6 sequences read the system prompt [0, 20), 3 each one of 2 documents [20, 30); keys [30, 35) are each
// sequence's own question. Tensors are [b, n, h, d].

#q = affine_map<(b, h, m, n, d, e) -> (b, m, h, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, m, h, e)>
#system_k = affine_map<(b, h, m, n, d, e) -> (n, h, d)>
#system_v = affine_map<(b, h, m, n, d, e) -> (n, h, e)>
#document_k = affine_map<(b, h, m, n, d, e) -> (b floordiv 3, n, h, d)>
#document_v = affine_map<(b, h, m, n, d, e) -> (b floordiv 3, n, h, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, n, h, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, n, h, e)>

func.func @main(%q: tensor<6x1x4x8xf32>, %system_k: tensor<20x4x8xf32>, %system_v: tensor<20x4x8xf32>,
                %document_k: tensor<2x10x4x8xf32>, %document_v: tensor<2x10x4x8xf32>,
                %own_k: tensor<6x5x4x8xf32>, %own_v: tensor<6x5x4x8xf32>) -> tensor<6x1x4x8xf32> {
  %empty = tensor.empty() : tensor<6x1x4x8xf32>
  %out = hydragen.attention
    queries(%q : tensor<6x1x4x8xf32>)
    keys(%system_k, %document_k, %own_k : tensor<20x4x8xf32>, tensor<2x10x4x8xf32>, tensor<6x5x4x8xf32>)
    values(%system_v, %document_v, %own_v : tensor<20x4x8xf32>, tensor<2x10x4x8xf32>, tensor<6x5x4x8xf32>)
    outs(%empty : tensor<6x1x4x8xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.35355339059327379 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 20, keys = [#system_k], value = #system_v, shared>,
        #hydragen.segment<begin = 20, size = 10, keys = [#document_k], value = #document_v, shared>,
        #hydragen.segment<begin = 30, size = 5, keys = [#own_k], value = #own_v>]}
    -> tensor<6x1x4x8xf32>
  return %out : tensor<6x1x4x8xf32>
}
