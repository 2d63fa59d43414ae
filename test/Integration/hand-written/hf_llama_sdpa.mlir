// One Llama layer in a decode step: 4 query heads, 2 key heads (h floordiv 2), 8 channels per head.
// The prompt's cached keys [0, 32) are read by all 4 sequences; own are 8 cached keys [32, 40) and the new token's,
// [40, 41). The token stands at position 40, so that no key is hidden from it and there is no mask.
// scaled_dot_product_attention: a row that sees no key gives 0.
// The rotated new key and the new value are results: the caller appends them to the cache.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#o = affine_map<(b, h, n, d, e) -> (b, h, e)>
#prefix_k = affine_map<(b, h, n, d, e) -> (0, 0, h floordiv 2, n, d)>
#prefix_v = affine_map<(b, h, n, d, e) -> (0, 0, h floordiv 2, n, e)>
#own_k = affine_map<(b, h, n, d, e) -> (0, b, h floordiv 2, n, d)>
#own_v = affine_map<(b, h, n, d, e) -> (0, b, h floordiv 2, n, e)>
// A projection: x times the transposed weight.
#x = affine_map<(b, c, i) -> (b, i)>
#w = affine_map<(b, c, i) -> (c, i)>
#y = affine_map<(b, c, i) -> (b, c)>
// Normalisation.
#bc = affine_map<(b, c) -> (b, c)>
#b = affine_map<(b, c) -> (b)>
#c = affine_map<(b, c) -> (c)>
// Rotation of channel d against channel d + 4 or d - 4.
#bhd = affine_map<(b, h, d) -> (b, h, d)>
#d = affine_map<(b, h, d) -> (d)>

// Llama's RMSNorm: w * x / sqrt(mean(x^2) + 1e-6).
func.func private @normalise(%x: tensor<4x32xf32>, %w: tensor<32xf32>) -> tensor<4x32xf32> {
  %zero = arith.constant 0.0 : f32
  %width = arith.constant 32.0 : f32
  %epsilon = arith.constant 1.0e-6 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %squares = linalg.generic {indexing_maps = [#bc, #b], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x32xf32>) outs(%zeros : tensor<4xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %square = arith.mulf %a, %a : f32
    %new = arith.addf %sum, %square : f32
    linalg.yield %new : f32
  } -> tensor<4xf32>
  %y_empty = tensor.empty() : tensor<4x32xf32>
  %y = linalg.generic {indexing_maps = [#bc, #b, #c, #bc], iterator_types = ["parallel", "parallel"]}
      ins(%x, %squares, %w : tensor<4x32xf32>, tensor<4xf32>, tensor<32xf32>) outs(%y_empty : tensor<4x32xf32>) {
  ^bb0(%a: f32, %square: f32, %weight: f32, %_: f32):
    %mean = arith.divf %square, %width : f32
    %shifted = arith.addf %mean, %epsilon : f32
    %inverse = math.rsqrt %shifted : f32
    %scaled = arith.mulf %a, %inverse : f32
    %weighted = arith.mulf %weight, %scaled : f32
    linalg.yield %weighted : f32
  } -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

func.func @main(%token: tensor<4x1xi64>, %prefix_k: tensor<1x1x2x32x8xf32>, %prefix_v: tensor<1x1x2x32x8xf32>,
                %past_k: tensor<1x4x2x8x8xf32>, %past_v: tensor<1x4x2x8x8xf32>, %embedding: tensor<32x32xf32>,
                %wq: tensor<32x32xf32>, %wk: tensor<16x32xf32>, %wv: tensor<16x32xf32>, %wo: tensor<32x32xf32>,
                %gate: tensor<48x32xf32>, %up: tensor<48x32xf32>, %down: tensor<32x48xf32>,
                %input_norm: tensor<32xf32>, %post_norm: tensor<32xf32>, %final_norm: tensor<32xf32>,
                %head: tensor<32x32xf32>)
    -> (tensor<4x1x32xf32>, tensor<1x4x2x1x8xf32>, tensor<1x4x2x1x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %hidden = tensor.empty() : tensor<4x32xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%hidden : tensor<4x32xf32>) -> tensor<4x32xf32>
  %kv_empty = tensor.empty() : tensor<4x16xf32>
  %kv_zeros = linalg.fill ins(%zero : f32) outs(%kv_empty : tensor<4x16xf32>) -> tensor<4x16xf32>
  %wide = tensor.empty() : tensor<4x48xf32>
  %wide_zeros = linalg.fill ins(%zero : f32) outs(%wide : tensor<4x48xf32>) -> tensor<4x48xf32>

  %x = tensor.generate {
  ^bb0(%row: index, %channel: index):
    %id = tensor.extract %token[%row, %c0] : tensor<4x1xi64>
    %at = arith.index_cast %id : i64 to index
    %a = tensor.extract %embedding[%at, %channel] : tensor<32x32xf32>
    tensor.yield %a : f32
  } : tensor<4x32xf32>

  %normed = call @normalise(%x, %input_norm) : (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32>
  %q_flat = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%normed, %wq : tensor<4x32xf32>, tensor<32x32xf32>) outs(%zeros : tensor<4x32xf32>) -> tensor<4x32xf32>
  %k_flat = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%normed, %wk : tensor<4x32xf32>, tensor<16x32xf32>) outs(%kv_zeros : tensor<4x16xf32>) -> tensor<4x16xf32>
  %v_flat = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%normed, %wv : tensor<4x32xf32>, tensor<16x32xf32>) outs(%kv_zeros : tensor<4x16xf32>) -> tensor<4x16xf32>
  %q_plain = tensor.expand_shape %q_flat [[0], [1, 2]] output_shape [4, 4, 8] : tensor<4x32xf32> into tensor<4x4x8xf32>
  %k_plain = tensor.expand_shape %k_flat [[0], [1, 2]] output_shape [4, 2, 8] : tensor<4x16xf32> into tensor<4x2x8xf32>

  // Angles of position 40 with base 10^4: 40 * 10^(-d mod 4).
  %frequency = arith.constant dense<[1.0, 0.1, 0.01, 0.001, 1.0, 0.1, 0.01, 0.001]> : tensor<8xf32>
  %position = arith.constant 40.0 : f32
  %q_empty = tensor.empty() : tensor<4x4x8xf32>
  %q = linalg.generic {indexing_maps = [#bhd, #d, #bhd], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%q_plain, %frequency : tensor<4x4x8xf32>, tensor<8xf32>) outs(%q_empty : tensor<4x4x8xf32>) {
  ^bb0(%a: f32, %f: f32, %_: f32):
    %row = linalg.index 0 : index
    %h = linalg.index 1 : index
    %d = linalg.index 2 : index
    %low = arith.cmpi ult, %d, %c4 : index
    %shifted = arith.addi %d, %c4 : index
    %other = arith.remui %shifted, %c8 : index
    %partner = tensor.extract %q_plain[%row, %h, %other] : tensor<4x4x8xf32>
    %negative = arith.negf %partner : f32
    %crossed = arith.select %low, %negative, %partner : f32
    %angle = arith.mulf %position, %f : f32
    %cos = math.cos %angle : f32
    %sin = math.sin %angle : f32
    %u = arith.mulf %a, %cos : f32
    %v = arith.mulf %crossed, %sin : f32
    %rotated = arith.addf %u, %v : f32
    linalg.yield %rotated : f32
  } -> tensor<4x4x8xf32>
  %k_empty = tensor.empty() : tensor<4x2x8xf32>
  %k = linalg.generic {indexing_maps = [#bhd, #d, #bhd], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%k_plain, %frequency : tensor<4x2x8xf32>, tensor<8xf32>) outs(%k_empty : tensor<4x2x8xf32>) {
  ^bb0(%a: f32, %f: f32, %_: f32):
    %row = linalg.index 0 : index
    %h = linalg.index 1 : index
    %d = linalg.index 2 : index
    %low = arith.cmpi ult, %d, %c4 : index
    %shifted = arith.addi %d, %c4 : index
    %other = arith.remui %shifted, %c8 : index
    %partner = tensor.extract %k_plain[%row, %h, %other] : tensor<4x2x8xf32>
    %negative = arith.negf %partner : f32
    %crossed = arith.select %low, %negative, %partner : f32
    %angle = arith.mulf %position, %f : f32
    %cos = math.cos %angle : f32
    %sin = math.sin %angle : f32
    %u = arith.mulf %a, %cos : f32
    %v = arith.mulf %crossed, %sin : f32
    %rotated = arith.addf %u, %v : f32
    linalg.yield %rotated : f32
  } -> tensor<4x2x8xf32>
  %new_k = tensor.expand_shape %k [[0, 1], [2], [3, 4]] output_shape [1, 4, 2, 1, 8]
    : tensor<4x2x8xf32> into tensor<1x4x2x1x8xf32>
  %new_v = tensor.expand_shape %v_flat [[0, 1], [2, 3, 4]] output_shape [1, 4, 2, 1, 8]
    : tensor<4x16xf32> into tensor<1x4x2x1x8xf32>

  %empty = tensor.empty() : tensor<4x4x8xf32>
  %attention = hydragen.attention
    queries(%q : tensor<4x4x8xf32>)
    keys(%prefix_k, %past_k, %new_k : tensor<1x1x2x32x8xf32>, tensor<1x4x2x8x8xf32>, tensor<1x4x2x1x8xf32>)
    values(%prefix_v, %past_v, %new_v : tensor<1x1x2x32x8xf32>, tensor<1x4x2x8x8xf32>, tensor<1x4x2x1x8xf32>)
    outs(%empty : tensor<4x4x8xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.35355339059327379 : f64, masked_rows = #hydragen.masked_rows<zero>,
      segments = [
        #hydragen.segment<begin = 0, size = 32, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 32, size = 8, keys = [#own_k], value = #own_v>,
        #hydragen.segment<begin = 40, size = 1, keys = [#own_k], value = #own_v>]}
    -> tensor<4x4x8xf32>

  %heads = tensor.collapse_shape %attention [[0], [1, 2]] : tensor<4x4x8xf32> into tensor<4x32xf32>
  // On top of x: the residual.
  %y = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%heads, %wo : tensor<4x32xf32>, tensor<32x32xf32>) outs(%x : tensor<4x32xf32>) -> tensor<4x32xf32>

  %post = call @normalise(%y, %post_norm) : (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32>
  %gated = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%post, %gate : tensor<4x32xf32>, tensor<48x32xf32>) outs(%wide_zeros : tensor<4x48xf32>) -> tensor<4x48xf32>
  %raised = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%post, %up : tensor<4x32xf32>, tensor<48x32xf32>) outs(%wide_zeros : tensor<4x48xf32>) -> tensor<4x48xf32>
  // SiLU of the gate, times the other branch.
  %inner = linalg.generic {indexing_maps = [#bc, #bc, #bc], iterator_types = ["parallel", "parallel"]}
      ins(%gated, %raised : tensor<4x48xf32>, tensor<4x48xf32>) outs(%wide : tensor<4x48xf32>) {
  ^bb0(%a: f32, %u: f32, %_: f32):
    %minus = arith.negf %a : f32
    %power = math.exp %minus : f32
    %denominator = arith.addf %power, %one : f32
    %silu = arith.divf %a, %denominator : f32
    %product = arith.mulf %silu, %u : f32
    linalg.yield %product : f32
  } -> tensor<4x48xf32>
  %z = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%inner, %down : tensor<4x48xf32>, tensor<32x48xf32>) outs(%y : tensor<4x32xf32>) -> tensor<4x32xf32>

  %last = call @normalise(%z, %final_norm) : (tensor<4x32xf32>, tensor<32xf32>) -> tensor<4x32xf32>
  %logits = linalg.matmul indexing_maps = [#x, #w, #y]
    ins(%last, %head : tensor<4x32xf32>, tensor<32x32xf32>) outs(%zeros : tensor<4x32xf32>) -> tensor<4x32xf32>
  %result = tensor.expand_shape %logits [[0, 1], [2]] output_shape [4, 1, 32] : tensor<4x32xf32> into tensor<4x1x32xf32>
  return %result, %new_k, %new_v : tensor<4x1x32xf32>, tensor<1x4x2x1x8xf32>, tensor<1x4x2x1x8xf32>
}
