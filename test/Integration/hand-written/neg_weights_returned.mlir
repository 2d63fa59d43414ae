// The prompt's keys [0, 32) are read by all 4 sequences; keys [32, 40) are each sequence's own.
// The model also returns the probabilities. The output does not need them; they are computed from the scores and the
// op's state, p = 2^(s * log2(e) - m) / l, so that the product with V stays shared.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e) -> (0, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e) -> (0, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>
// Scores and probabilities in plain linalg.
#score_q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#score_prefix_k = affine_map<(b, h, m, n, d) -> (0, h, n, d)>
#score_own_k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#score = affine_map<(b, h, m, n, d) -> (b, h, m, n)>
#position = affine_map<(b, h, m, n) -> (b, h, m, n)>
#row = affine_map<(b, h, m, n) -> (b, h, m)>

func.func @main(%q: tensor<4x2x1x16xf32>, %prefix_k: tensor<1x2x32x16xf32>, %prefix_v: tensor<1x2x32x16xf32>,
                %own_k: tensor<4x2x8x16xf32>, %own_v: tensor<4x2x8x16xf32>)
    -> (tensor<4x2x1x16xf32>, tensor<4x2x1x40xf32>) {
  %empty = tensor.empty() : tensor<4x2x1x16xf32>
  %rows = tensor.empty() : tensor<4x2x1xf32>
  %out, %m, %l = hydragen.attention
    queries(%q : tensor<4x2x1x16xf32>)
    keys(%prefix_k, %own_k : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    values(%prefix_v, %own_v : tensor<1x2x32x16xf32>, tensor<4x2x8x16xf32>)
    outs(%empty, %rows, %rows : tensor<4x2x1x16xf32>, tensor<4x2x1xf32>, tensor<4x2x1xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k], value = #own_v>]}
    -> tensor<4x2x1x16xf32>, tensor<4x2x1xf32>, tensor<4x2x1xf32>

  %zero = arith.constant 0.0 : f32
  %prefix_empty = tensor.empty() : tensor<4x2x1x32xf32>
  %prefix_zeros = linalg.fill ins(%zero : f32) outs(%prefix_empty : tensor<4x2x1x32xf32>) -> tensor<4x2x1x32xf32>
  %prefix_scores = linalg.generic {indexing_maps = [#score_q, #score_prefix_k, #score],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %prefix_k : tensor<4x2x1x16xf32>, tensor<1x2x32x16xf32>) outs(%prefix_zeros : tensor<4x2x1x32xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %product = arith.mulf %x, %y : f32
    %new = arith.addf %sum, %product : f32
    linalg.yield %new : f32
  } -> tensor<4x2x1x32xf32>
  %own_empty = tensor.empty() : tensor<4x2x1x8xf32>
  %own_zeros = linalg.fill ins(%zero : f32) outs(%own_empty : tensor<4x2x1x8xf32>) -> tensor<4x2x1x8xf32>
  %own_scores = linalg.generic {indexing_maps = [#score_q, #score_own_k, #score],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %own_k : tensor<4x2x1x16xf32>, tensor<4x2x8x16xf32>) outs(%own_zeros : tensor<4x2x1x8xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %product = arith.mulf %x, %y : f32
    %new = arith.addf %sum, %product : f32
    linalg.yield %new : f32
  } -> tensor<4x2x1x8xf32>
  %scores = tensor.concat dim(3) %prefix_scores, %own_scores
    : (tensor<4x2x1x32xf32>, tensor<4x2x1x8xf32>) -> tensor<4x2x1x40xf32>
  // scale * log2(e)
  %scale = arith.constant 0.36067376022224085 : f32
  %p_empty = tensor.empty() : tensor<4x2x1x40xf32>
  %p = linalg.generic {indexing_maps = [#position, #row, #row, #position],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%scores, %m, %l : tensor<4x2x1x40xf32>, tensor<4x2x1xf32>, tensor<4x2x1xf32>) outs(%p_empty : tensor<4x2x1x40xf32>) {
  ^bb0(%s: f32, %row_m: f32, %row_l: f32, %_: f32):
    %s2 = arith.mulf %s, %scale : f32
    %difference = arith.subf %s2, %row_m : f32
    %power = math.exp2 %difference : f32
    %weight = arith.divf %power, %row_l : f32
    linalg.yield %weight : f32
  } -> tensor<4x2x1x40xf32>
  return %out, %p : tensor<4x2x1x16xf32>, tensor<4x2x1x40xf32>
}
