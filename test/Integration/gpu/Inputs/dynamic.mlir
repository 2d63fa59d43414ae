func.func @main(%q: tensor<?x8x?x64xf16>, %pk: tensor<1x2x?x64xf16>, %pv: tensor<1x2x?x64xf16>, %sk: tensor<?x2x?x64xf16>, %sv: tensor<?x2x?x64xf16>, %len: tensor<?xi32>) -> tensor<?x8x?x64xf16> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %q, %c0 : tensor<?x8x?x64xf16>
  %m = tensor.dim %q, %c2 : tensor<?x8x?x64xf16>
  %p = tensor.dim %pk, %c2 : tensor<1x2x?x64xf16>
  %s = tensor.dim %sk, %c2 : tensor<?x2x?x64xf16>
  %init = tensor.empty(%b, %m) : tensor<?x8x?x64xf16>
  %o = hydragen.attention queries(%q : tensor<?x8x?x64xf16>) keys(%pk, %sk : tensor<1x2x?x64xf16>, tensor<?x2x?x64xf16>) values(%pv, %sv : tensor<1x2x?x64xf16>, tensor<?x2x?x64xf16>) indices(%len : tensor<?xi32>) sizes(%p, %p, %s) outs(%init : tensor<?x8x?x64xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    index_maps = [affine_map<(b, h, m, n, d, e) -> (b)>],
    scale = 0.125 : f64,
    score_mods = [#hydragen.visible<where = affine_map<(b, h, m, n)[len] -> (len + m - n)>>],
    masked_rows = #hydragen.masked_rows<zero>,
    segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, h, m, n, d, e) -> (0, h floordiv 4, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (0, h floordiv 4, n, e)>>,
                #hydragen.segment<begin = ?, size = ?, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 4, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 4, n, e)>>]
  } -> tensor<?x8x?x64xf16>
  return %o : tensor<?x8x?x64xf16>
}
