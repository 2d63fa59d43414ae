// The segment's keys are more than K has.
func.func @main(%q: tensor<4xf64>, %k: tensor<3x4xf64>) -> tensor<4xf64> {
  %empty = tensor.empty() : tensor<4xf64>
  %0 = hydragen.attention queries(%q : tensor<4xf64>) keys(%k : tensor<3x4xf64>) values(%k : tensor<3x4xf64>)
    outs(%empty : tensor<4xf64>)
    attributes {query_maps = [affine_map<(n, d, e) -> (d)>], output_map = affine_map<(n, d, e) -> (e)>,
      segments = [#hydragen.segment<begin = 0, size = 9, keys = [affine_map<(n, d, e) -> (n, d)>],
                                    value = affine_map<(n, d, e) -> (n, e)>>]}
    -> tensor<4xf64>
  return %0 : tensor<4xf64>
}
