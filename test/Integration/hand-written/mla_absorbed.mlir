// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1) in its absorbed form. A key's latent vector
// c serves all 4 heads; the up-projections of K and V move into the query and behind the attention:
//
//   q . (W_uk c) = (W_uk^T q) . c        sum_n p W_uv c = W_uv sum_n p c
//
// so that a score has two terms, latent and rotary, and V is the latent term's K itself. The prompt's keys [0, 10) are
// read by all 3 sequences; keys [10, 13) are each sequence's own. No map of K and V uses h: all heads share, too.

#q_latent = affine_map<(b, h, n, r, p, e) -> (b, h, r)>
#q_rope = affine_map<(b, h, n, r, p, e) -> (b, h, p)>
#o = affine_map<(b, h, n, r, p, e) -> (b, h, e)>
#prefix_latent = affine_map<(b, h, n, r, p, e) -> (n, r)>
#prefix_rope = affine_map<(b, h, n, r, p, e) -> (n, p)>
#prefix_v = affine_map<(b, h, n, r, p, e) -> (n, e)>
#own_latent = affine_map<(b, h, n, r, p, e) -> (b, n, r)>
#own_rope = affine_map<(b, h, n, r, p, e) -> (b, n, p)>
#own_v = affine_map<(b, h, n, r, p, e) -> (b, n, e)>
// Projections per head.
#bhi = affine_map<(b, h, o, i) -> (b, h, i)>
#hoi = affine_map<(b, h, o, i) -> (h, o, i)>
#hio = affine_map<(b, h, o, i) -> (h, i, o)>
#bho = affine_map<(b, h, o, i) -> (b, h, o)>

func.func @main(%q: tensor<3x4x6xf32>, %q_rope: tensor<3x4x4xf32>, %prefix_c: tensor<10x8xf32>,
                %prefix_rope: tensor<10x4xf32>, %own_c: tensor<3x3x8xf32>, %own_rope: tensor<3x3x4xf32>,
                %w_uk: tensor<4x8x6xf32>, %w_uv: tensor<4x8x5xf32>) -> tensor<3x4x5xf32> {
  %zero = arith.constant 0.0 : f32
  %latent = tensor.empty() : tensor<3x4x8xf32>
  %latent_zeros = linalg.fill ins(%zero : f32) outs(%latent : tensor<3x4x8xf32>) -> tensor<3x4x8xf32>
  %q_latent = linalg.generic {indexing_maps = [#bhi, #hoi, #bho],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %w_uk : tensor<3x4x6xf32>, tensor<4x8x6xf32>) outs(%latent_zeros : tensor<3x4x8xf32>) {
  ^bb0(%x: f32, %w: f32, %sum: f32):
    %product = arith.mulf %x, %w : f32
    %new = arith.addf %sum, %product : f32
    linalg.yield %new : f32
  } -> tensor<3x4x8xf32>

  %mean = hydragen.attention
    queries(%q_latent, %q_rope : tensor<3x4x8xf32>, tensor<3x4x4xf32>)
    keys(%prefix_c, %prefix_rope, %own_c, %own_rope
        : tensor<10x8xf32>, tensor<10x4xf32>, tensor<3x3x8xf32>, tensor<3x3x4xf32>)
    values(%prefix_c, %own_c : tensor<10x8xf32>, tensor<3x3x8xf32>)
    outs(%latent : tensor<3x4x8xf32>)
    attributes {query_maps = [#q_latent, #q_rope], output_map = #o, scale = 0.31622776601683794 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 10, keys = [#prefix_latent, #prefix_rope], value = #prefix_v>,
        #hydragen.segment<begin = 10, size = 3, keys = [#own_latent, #own_rope], value = #own_v>]}
    -> tensor<3x4x8xf32>

  %empty = tensor.empty() : tensor<3x4x5xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x4x5xf32>) -> tensor<3x4x5xf32>
  %out = linalg.generic {indexing_maps = [#bhi, #hio, #bho],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%mean, %w_uv : tensor<3x4x8xf32>, tensor<4x8x5xf32>) outs(%zeros : tensor<3x4x5xf32>) {
  ^bb0(%x: f32, %w: f32, %sum: f32):
    %product = arith.mulf %x, %w : f32
    %new = arith.addf %sum, %product : f32
    linalg.yield %new : f32
  } -> tensor<3x4x5xf32>
  return %out : tensor<3x4x5xf32>
}
