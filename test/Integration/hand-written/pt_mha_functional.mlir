// Sharing before the projection: the prompt's 20 hidden states are the same for all 3 sequences, so they are projected
// once and keys [0, 20) are read by all. Each sequence projects its own 4 states: keys [20, 24).
// K and V lie in one tensor, [b, n, 0, h, d] and [b, n, 1, h, e], as one product gives them; 4 heads of 4 channels.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#o = affine_map<(b, h, n, d, e) -> (b, h, e)>
#prefix_k = affine_map<(b, h, n, d, e) -> (n, 0, h, d)>
#prefix_v = affine_map<(b, h, n, d, e) -> (n, 1, h, e)>
#own_k = affine_map<(b, h, n, d, e) -> (b, n, 0, h, d)>
#own_v = affine_map<(b, h, n, d, e) -> (b, n, 1, h, e)>
// A projection: x times the transposed weight, on top of the bias.
#x = affine_map<(n, c, i) -> (n, i)>
#w = affine_map<(n, c, i) -> (c, i)>
#y = affine_map<(n, c, i) -> (n, c)>

func.func @main(%x: tensor<3x1x16xf32>, %prompt: tensor<1x20x16xf32>, %own: tensor<3x4x16xf32>,
                %in_proj: tensor<48x16xf32>, %in_bias: tensor<48xf32>, %out_proj: tensor<16x16xf32>,
                %out_bias: tensor<16xf32>) -> tensor<3x1x16xf32> {
  %wq = tensor.extract_slice %in_proj[0, 0] [16, 16] [1, 1] : tensor<48x16xf32> to tensor<16x16xf32>
  %wkv = tensor.extract_slice %in_proj[16, 0] [32, 16] [1, 1] : tensor<48x16xf32> to tensor<32x16xf32>
  %bq = tensor.extract_slice %in_bias[0] [16] [1] : tensor<48xf32> to tensor<16xf32>
  %bkv = tensor.extract_slice %in_bias[16] [32] [1] : tensor<48xf32> to tensor<32xf32>

  %x2 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<3x1x16xf32> into tensor<3x16xf32>
  %q_empty = tensor.empty() : tensor<3x16xf32>
  %q_bias = linalg.broadcast ins(%bq : tensor<16xf32>) outs(%q_empty : tensor<3x16xf32>) dimensions = [0]
  %q_flat = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%x2, %wq : tensor<3x16xf32>, tensor<16x16xf32>) outs(%q_bias : tensor<3x16xf32>) -> tensor<3x16xf32>
  %q = tensor.expand_shape %q_flat [[0], [1, 2]] output_shape [3, 4, 4] : tensor<3x16xf32> into tensor<3x4x4xf32>

  %prompt2 = tensor.collapse_shape %prompt [[0, 1], [2]] : tensor<1x20x16xf32> into tensor<20x16xf32>
  %prefix_empty = tensor.empty() : tensor<20x32xf32>
  %prefix_bias = linalg.broadcast ins(%bkv : tensor<32xf32>) outs(%prefix_empty : tensor<20x32xf32>) dimensions = [0]
  %prefix_flat = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%prompt2, %wkv : tensor<20x16xf32>, tensor<32x16xf32>) outs(%prefix_bias : tensor<20x32xf32>) -> tensor<20x32xf32>
  %prefix_kv = tensor.expand_shape %prefix_flat [[0], [1, 2, 3]] output_shape [20, 2, 4, 4]
    : tensor<20x32xf32> into tensor<20x2x4x4xf32>

  %own2 = tensor.collapse_shape %own [[0, 1], [2]] : tensor<3x4x16xf32> into tensor<12x16xf32>
  %own_empty = tensor.empty() : tensor<12x32xf32>
  %own_bias = linalg.broadcast ins(%bkv : tensor<32xf32>) outs(%own_empty : tensor<12x32xf32>) dimensions = [0]
  %own_flat = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%own2, %wkv : tensor<12x16xf32>, tensor<32x16xf32>) outs(%own_bias : tensor<12x32xf32>) -> tensor<12x32xf32>
  %own_kv = tensor.expand_shape %own_flat [[0, 1], [2, 3, 4]] output_shape [3, 4, 2, 4, 4]
    : tensor<12x32xf32> into tensor<3x4x2x4x4xf32>

  %empty = tensor.empty() : tensor<3x4x4xf32>
  %attention = hydragen.attention
    queries(%q : tensor<3x4x4xf32>)
    keys(%prefix_kv, %own_kv : tensor<20x2x4x4xf32>, tensor<3x4x2x4x4xf32>)
    values(%prefix_kv, %own_kv : tensor<20x2x4x4xf32>, tensor<3x4x2x4x4xf32>)
    outs(%empty : tensor<3x4x4xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.5 : f64, masked_rows = #hydragen.masked_rows<zero>,
      segments = [
        #hydragen.segment<begin = 0, size = 20, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 20, size = 4, keys = [#own_k], value = #own_v>]}
    -> tensor<3x4x4xf32>

  %heads = tensor.collapse_shape %attention [[0], [1, 2]] : tensor<3x4x4xf32> into tensor<3x16xf32>
  %y_empty = tensor.empty() : tensor<3x16xf32>
  %y_bias = linalg.broadcast ins(%out_bias : tensor<16xf32>) outs(%y_empty : tensor<3x16xf32>) dimensions = [0]
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%heads, %out_proj : tensor<3x16xf32>, tensor<16x16xf32>) outs(%y_bias : tensor<3x16xf32>) -> tensor<3x16xf32>
  %result = tensor.expand_shape %y [[0, 1], [2]] output_shape [3, 1, 16] : tensor<3x16xf32> into tensor<3x1x16xf32>
  return %result : tensor<3x1x16xf32>
}
