// A decode step of an attention block: projections of one token, attention, output projection, residual.
// The prompt's keys [0, 32) are read by all 4 sequences; own are 8 cached keys [32, 40) and the new token's, [40, 41).
// The new key and value are results: the caller appends them to the cache. Nothing is concatenated here.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%x: tensor<4x32xf32>, %wq: tensor<32x32xf32>, %wk: tensor<32x32xf32>, %wv: tensor<32x32xf32>,
                %wo: tensor<32x32xf32>, %prefix_k: tensor<1x2x32x16xf32>, %prefix_v: tensor<1x2x32x16xf32>,
                %past_k: tensor<4x2x8x16xf32>, %past_v: tensor<4x2x8x16xf32>)
    -> (tensor<4x32xf32>, tensor<4x2x1x16xf32>, tensor<4x2x1x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %hidden = tensor.empty() : tensor<4x32xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%hidden : tensor<4x32xf32>) -> tensor<4x32xf32>
  %xq = linalg.matmul ins(%x, %wq : tensor<4x32xf32>, tensor<32x32xf32>) outs(%zeros : tensor<4x32xf32>) -> tensor<4x32xf32>
  %xk = linalg.matmul ins(%x, %wk : tensor<4x32xf32>, tensor<32x32xf32>) outs(%zeros : tensor<4x32xf32>) -> tensor<4x32xf32>
  %xv = linalg.matmul ins(%x, %wv : tensor<4x32xf32>, tensor<32x32xf32>) outs(%zeros : tensor<4x32xf32>) -> tensor<4x32xf32>
  %q = tensor.expand_shape %xq [[0], [1, 2]] output_shape [4, 2, 16] : tensor<4x32xf32> into tensor<4x2x16xf32>
  %new_k = tensor.expand_shape %xk [[0], [1, 2, 3]] output_shape [4, 2, 1, 16] : tensor<4x32xf32> into tensor<4x2x1x16xf32>
  %new_v = tensor.expand_shape %xv [[0], [1, 2, 3]] output_shape [4, 2, 1, 16] : tensor<4x32xf32> into tensor<4x2x1x16xf32>

  %empty = tensor.empty() : tensor<4x2x1x16xf32>
  %attention = hydragen.attention
    queries(%q : tensor<4x2x16xf32>)
    keys(%prefix_k, %past_k, %new_k : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>, tensor<4x2x1x16xf32>)
    values(%prefix_v, %past_v, %new_v : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>, tensor<4x2x1x16xf32>)
    outs(%empty : tensor<4x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64, masked_rows = #hydragen.masked_rows<zero>,
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k], value = #own_v>,
        #hydragen.segment<begin = 40, size = 1, keys = [#own_k], value = #own_v>]}
    -> tensor<4x2x1x16xf32>

  %heads = tensor.collapse_shape %attention [[0], [1, 2, 3]] : tensor<4x2x1x16xf32> into tensor<4x32xf32>
  %projected = linalg.matmul ins(%heads, %wo : tensor<4x32xf32>, tensor<32x32xf32>) outs(%zeros : tensor<4x32xf32>) -> tensor<4x32xf32>
  %y = linalg.add ins(%x, %projected : tensor<4x32xf32>, tensor<4x32xf32>) outs(%hidden : tensor<4x32xf32>) -> tensor<4x32xf32>
  return %y, %new_k, %new_v : tensor<4x32xf32>, tensor<4x2x1x16xf32>, tensor<4x2x1x16xf32>
}
