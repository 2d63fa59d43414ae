// 3 prompts of 24 keys; sequence b reads prompt group[b], known at run time: a symbol of the maps, so nothing is
// gathered. How many sequences share a prompt is in the operand, not in the IR. Keys [24, 32) are own.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#prefix_k = affine_map<(b, h, m, n, d, e)[group] -> (group, h, n, d)>
#prefix_v = affine_map<(b, h, m, n, d, e)[group] -> (group, h, n, e)>
#own_k = affine_map<(b, h, m, n, d, e)[group] -> (b, h, n, d)>
#own_v = affine_map<(b, h, m, n, d, e)[group] -> (b, h, n, e)>
#group = affine_map<(b, h, m, n, d, e) -> (b)>

func.func @main(%q: tensor<6x2x1x16xf32>, %prefix_k: tensor<3x2x24x16xf32>, %prefix_v: tensor<3x2x24x16xf32>,
                %own_k: tensor<6x2x8x16xf32>, %own_v: tensor<6x2x8x16xf32>,
                %group: tensor<6xi64>) -> tensor<6x2x1x16xf32> {
  %empty = tensor.empty() : tensor<6x2x1x16xf32>
  %out = hydragen.attention
    queries(%q : tensor<6x2x1x16xf32>)
    keys(%prefix_k, %own_k : tensor<3x2x24x16xf32>, tensor<6x2x8x16xf32>)
    values(%prefix_v, %own_v : tensor<3x2x24x16xf32>, tensor<6x2x8x16xf32>)
    indices(%group : tensor<6xi64>)
    outs(%empty : tensor<6x2x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#group], scale = 0.25 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 24, keys = [#prefix_k], value = #prefix_v>,
        #hydragen.segment<begin = 24, size = 8, keys = [#own_k], value = #own_v>]}
    -> tensor<6x2x1x16xf32>
  return %out : tensor<6x2x1x16xf32>
}
