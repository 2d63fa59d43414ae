// Four sequences, 64 keys for all and 16 of each.
func.func @main(%q: tensor<4x32xf16>, %pk: tensor<64x32xf16>, %pv: tensor<64x32xf16>, %sk: tensor<4x16x32xf16>, %sv: tensor<4x16x32xf16>) -> tensor<4x32xf16> {
  %e = tensor.empty() : tensor<4x32xf16>
  %o = hydragen.attention queries(%q : tensor<4x32xf16>) keys(%pk, %sk : tensor<64x32xf16>, tensor<4x16x32xf16>)
      values(%pv, %sv : tensor<64x32xf16>, tensor<4x16x32xf16>) outs(%e : tensor<4x32xf16>) attributes {
    query_maps = [affine_map<(b, n, d, e) -> (b, d)>], output_map = affine_map<(b, n, d, e) -> (b, e)>, scale = 0.125 : f64,
    segments = [#hydragen.segment<begin = 0, size = 64, keys = [affine_map<(b, n, d, e) -> (n, d)>],
                                  value = affine_map<(b, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 64, size = 16, keys = [affine_map<(b, n, d, e) -> (b, n, d)>],
                                  value = affine_map<(b, n, d, e) -> (b, n, e)>>]
  } -> tensor<4x32xf16>
  return %o : tensor<4x32xf16>
}
