// A decode step that updates its cache in place: sequence b has len[b] keys in a cache of 8; the new key and value are
// written behind them. `hydragen.alias_output` says that an argument's memory may be that result's.
// The prompt's keys [0, 6) are read by all 3 sequences; keys [6, 14) are the cache, visible up to the new one.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#o = affine_map<(b, h, n, d, e) -> (b, h, e)>
#len = affine_map<(b, h, n, d, e) -> (b)>
#prefix_k = affine_map<(b, h, n, d, e)[len] -> (h, n, d)>
#prefix_v = affine_map<(b, h, n, d, e)[len] -> (h, n, e)>
#cache_k = affine_map<(b, h, n, d, e)[len] -> (b, h, n, d)>
#cache_v = affine_map<(b, h, n, d, e)[len] -> (b, h, n, e)>

func.func @main(%q: tensor<3x2x4xf32>, %new_k: tensor<3x2x4xf32>, %new_v: tensor<3x2x4xf32>,
                %prefix_k: tensor<2x6x4xf32>, %prefix_v: tensor<2x6x4xf32>,
                %cache_k: tensor<3x2x8x4xf32> {hydragen.alias_output = 1 : i64},
                %cache_v: tensor<3x2x8x4xf32> {hydragen.alias_output = 2 : i64}, %len: tensor<3xi64>)
    -> (tensor<3x2x4xf32>, tensor<3x2x8x4xf32>, tensor<3x2x8x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %k, %v = scf.for %b = %c0 to %c3 step %c1 iter_args(%some_k = %cache_k, %some_v = %cache_v)
      -> (tensor<3x2x8x4xf32>, tensor<3x2x8x4xf32>) {
    %keys = tensor.extract %len[%b] : tensor<3xi64>
    %at = arith.index_cast %keys : i64 to index
    %row_k = tensor.extract_slice %new_k[%b, 0, 0] [1, 2, 4] [1, 1, 1] : tensor<3x2x4xf32> to tensor<2x4xf32>
    %row_v = tensor.extract_slice %new_v[%b, 0, 0] [1, 2, 4] [1, 1, 1] : tensor<3x2x4xf32> to tensor<2x4xf32>
    %more_k = tensor.insert_slice %row_k into %some_k[%b, 0, %at, 0] [1, 2, 1, 4] [1, 1, 1, 1]
      : tensor<2x4xf32> into tensor<3x2x8x4xf32>
    %more_v = tensor.insert_slice %row_v into %some_v[%b, 0, %at, 0] [1, 2, 1, 4] [1, 1, 1, 1]
      : tensor<2x4xf32> into tensor<3x2x8x4xf32>
    scf.yield %more_k, %more_v : tensor<3x2x8x4xf32>, tensor<3x2x8x4xf32>
  }
  %empty = tensor.empty() : tensor<3x2x4xf32>
  %out = hydragen.attention
    queries(%q : tensor<3x2x4xf32>)
    keys(%prefix_k, %k : tensor<2x6x4xf32>, tensor<3x2x8x4xf32>)
    values(%prefix_v, %v : tensor<2x6x4xf32>, tensor<3x2x8x4xf32>)
    indices(%len : tensor<3xi64>)
    outs(%empty : tensor<3x2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#len], scale = 0.5 : f64,
      score_mods = [#hydragen.visible<where = affine_map<(b, h, n)[len] -> (len + 6 - n)>>],
      segments = [
        #hydragen.segment<begin = 0, size = 6, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 6, size = 8, keys = [#cache_k], value = #cache_v>]}
    -> tensor<3x2x4xf32>
  return %out, %k, %v : tensor<3x2x4xf32>, tensor<3x2x8x4xf32>, tensor<3x2x8x4xf32>
}
