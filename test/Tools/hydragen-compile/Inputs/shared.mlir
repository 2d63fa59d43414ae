// Two sequences share 32 keys and have 8 of their own.
func.func @main(%q: tensor<2x4x1x64xf16>, %pk: tensor<2x32x64xf16>, %pv: tensor<2x32x64xf16>,
                %sk: tensor<2x2x8x64xf16>, %sv: tensor<2x2x8x64xf16>) -> tensor<2x4x1x64xf16> {
  %init = tensor.empty() : tensor<2x4x1x64xf16>
  %o = hydragen.attention queries(%q : tensor<2x4x1x64xf16>)
      keys(%pk, %sk : tensor<2x32x64xf16>, tensor<2x2x8x64xf16>)
      values(%pv, %sv : tensor<2x32x64xf16>, tensor<2x2x8x64xf16>)
      outs(%init : tensor<2x4x1x64xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.125 : f64,
    segments = [#hydragen.segment<begin = 0, size = 32,
                  keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>],
                  value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 32, size = 8,
                  keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>],
                  value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<2x4x1x64xf16>
  return %o : tensor<2x4x1x64xf16>
}
// The same with a projection in front, which runs on the host.
func.func @mixed(%x: tensor<2x64xf32>, %w: tensor<64x64xf32>, %k: tensor<32x64xf32>, %v: tensor<32x64xf32>) -> tensor<2x64xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<2x64xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x64xf32>) -> tensor<2x64xf32>
  %q = linalg.matmul ins(%x, %w : tensor<2x64xf32>, tensor<64x64xf32>) outs(%fill : tensor<2x64xf32>) -> tensor<2x64xf32>
  %o = hydragen.attention queries(%q : tensor<2x64xf32>) keys(%k : tensor<32x64xf32>) values(%v : tensor<32x64xf32>)
      outs(%empty : tensor<2x64xf32>) attributes {
    query_maps = [affine_map<(b, n, d, e) -> (b, d)>],
    output_map = affine_map<(b, n, d, e) -> (b, e)>,
    scale = 0.125 : f64,
    segments = [#hydragen.segment<begin = 0, size = 32, keys = [affine_map<(b, n, d, e) -> (n, d)>],
                  value = affine_map<(b, n, d, e) -> (n, e)>>]
  } -> tensor<2x64xf32>
  return %o : tensor<2x64xf32>
}
// No kernel for elements of f64.
func.func @double(%q: tensor<2x64xf64>, %k: tensor<32x64xf64>, %v: tensor<32x64xf64>) -> tensor<2x64xf64> {
  %empty = tensor.empty() : tensor<2x64xf64>
  %o = hydragen.attention queries(%q : tensor<2x64xf64>) keys(%k : tensor<32x64xf64>) values(%v : tensor<32x64xf64>)
      outs(%empty : tensor<2x64xf64>) attributes {
    query_maps = [affine_map<(b, n, d, e) -> (b, d)>],
    output_map = affine_map<(b, n, d, e) -> (b, e)>,
    segments = [#hydragen.segment<begin = 0, size = 32, keys = [affine_map<(b, n, d, e) -> (n, d)>],
                  value = affine_map<(b, n, d, e) -> (n, e)>>]
  } -> tensor<2x64xf64>
  return %o : tensor<2x64xf64>
}
