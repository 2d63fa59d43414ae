// For layouts.test: a shared segment and one per sequence, two query heads of
// each key head; the values by columns.

func.func @main_f16(%q: tensor<3x4x5x16xf16>, %pk: tensor<2x24x16xf16>, %pv: tensor<2x24x16xf16>, %sk: tensor<3x2x9x16xf16>, %sv: tensor<3x2x16x9xf16>) -> tensor<3x4x5x16xf16> {
  %init = tensor.empty() : tensor<3x4x5x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf16>) keys(%pk, %sk : tensor<2x24x16xf16>, tensor<3x2x9x16xf16>) values(%pv, %sv : tensor<2x24x16xf16>, tensor<3x2x16x9xf16>) outs(%init : tensor<3x4x5x16xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, e, n)>>]
  } -> tensor<3x4x5x16xf16>
  return %o : tensor<3x4x5x16xf16>
}

func.func @main_f32(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x16x9xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x16x9xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, e, n)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}
