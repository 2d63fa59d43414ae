// A prefix of two score terms shared over sequences and a paged suffix with
// every kind of score modification, merged, with sinks: what a reference lowering
// has to get right. States start as the identity.

#q = affine_map<(b, g, m, n, d, x, e) -> (b, g, m, d)>
#q1 = affine_map<(b, g, m, n, d, x, e) -> (x, m, b)>
#k = affine_map<(b, g, m, n, d, x, e) -> (n, d)>
#k1 = affine_map<(b, g, m, n, d, x, e) -> (0, x, n)>
#v = affine_map<(b, g, m, n, d, x, e) -> (e, n)>
#sq = affine_map<(b, g, m, p, n, d, e) -> (b, g, m, d)>
#sk = affine_map<(b, g, m, p, n, d, e)[page, len] -> (page, n, d)>
#sv = affine_map<(b, g, m, p, n, d, e)[page, len] -> (page, n, e)>

func.func @main(%q: tensor<3x2x?x8xf16>, %q1: tensor<4x?x3xf32>, %k: tensor<11x8xf16>, %k1: tensor<1x4x11xf32>, %v: tensor<5x11xf32>,
    %pages: tensor<6x4x8xf32>, %values: tensor<6x4x5xf32>, %table: tensor<3x2xi32>, %len: tensor<3xi64>,
    %bias: tensor<2x32xf16>, %mask: tensor<32xi1>, %slope: tensor<2xf32>, %sink: tensor<1xf32>, %factor: tensor<3xf32>) -> (tensor<3x2x?x5xf32>, tensor<3x2x?xf32>) {
  %c2 = arith.constant 2 : index
  %rows = tensor.dim %q, %c2 : tensor<3x2x?x8xf16>
  %zero = arith.constant 0.0 : f32
  %minus = arith.constant 0xFF800000 : f32
  %oe = tensor.empty(%rows) : tensor<3x2x?x5xf32>
  %me = tensor.empty(%rows) : tensor<3x2x?xf32>
  %o = linalg.fill ins(%zero : f32) outs(%oe : tensor<3x2x?x5xf32>) -> tensor<3x2x?x5xf32>
  %m = linalg.fill ins(%minus : f32) outs(%me : tensor<3x2x?xf32>) -> tensor<3x2x?xf32>
  %l = linalg.fill ins(%zero : f32) outs(%me : tensor<3x2x?xf32>) -> tensor<3x2x?xf32>
  %p:3 = hydragen.prefix_attention queries(%q, %q1 : tensor<3x2x?x8xf16>, tensor<4x?x3xf32>) keys(%k, %k1 : tensor<11x8xf16>, tensor<1x4x11xf32>) value(%v : tensor<5x11xf32>)
    at [0, 0, 0, 0] outs(%o, %m, %l : tensor<3x2x?x5xf32>, tensor<3x2x?xf32>, tensor<3x2x?xf32>)
    attributes {query_maps = [#q, #q1], key_maps = [#k, #k1], value_map = #v, scale = 0.25 : f64, score_mods = [#hydragen.softcap<20.0 : f64>]}
    -> tensor<3x2x?x5xf32>, tensor<3x2x?xf32>, tensor<3x2x?xf32>
  %s:3 = hydragen.suffix_attention queries(%q : tensor<3x2x?x8xf16>) keys(%pages : tensor<6x4x8xf32>) value(%values : tensor<6x4x5xf32>)
    indices(%table, %len : tensor<3x2xi32>, tensor<3xi64>) extras(%bias, %mask, %slope : tensor<2x32xf16>, tensor<32xi1>, tensor<2xf32>)
    at [0, 0, 3, 11] outs(%o, %m, %l : tensor<3x2x?x5xf32>, tensor<3x2x?xf32>, tensor<3x2x?xf32>)
    attributes {query_maps = [#sq], key_maps = [#sk], value_map = #sv, scale = 0.25 : f64,
      index_maps = [affine_map<(b, g, m, p, n, d, e) -> (b, p)>, affine_map<(b, g, m, p, n, d, e) -> (b)>],
      extra_maps = [affine_map<(b, g, m, n) -> (g, n)>, affine_map<(b, g, m, n) -> (n)>, affine_map<(b, g, m, n) -> (g)>],
      score_mods = [#hydragen.bias<extra = 0>, #hydragen.mask<extra = 1, fill = -9.0 : f32, mode = add>,
                    #hydragen.visible<where = affine_map<(b, g, m, n)[page, len] -> (len + 10 - n, m - n + 14)>>,
                    #hydragen.alibi<extra = 2, distance = affine_map<(b, g, m, n)[page, len] -> (n - m)>>, #hydragen.custom<extras = [0]>]}
    {
    ^bb0(%score: f32, %b: index, %g: index, %row: index, %n: index, %x: f16):
      %xf = arith.extf %x : f16 to f32
      %d = arith.subi %n, %row : index
      %i = arith.index_cast %d : index to i32
      %f = arith.sitofp %i : i32 to f32
      %t = arith.mulf %f, %xf : f32
      %u = arith.addf %score, %t : f32
      hydragen.yield %u : f32
    }
    -> tensor<3x2x?x5xf32>, tensor<3x2x?xf32>, tensor<3x2x?xf32>
  %c:3 = hydragen.combine ins(%s#0, %s#1, %s#2 : tensor<3x2x?x5xf32>, tensor<3x2x?xf32>, tensor<3x2x?xf32>)
    outs(%p#0, %p#1, %p#2 : tensor<3x2x?x5xf32>, tensor<3x2x?xf32>, tensor<3x2x?xf32>) -> tensor<3x2x?x5xf32>, tensor<3x2x?xf32>, tensor<3x2x?xf32>
  %out = hydragen.finalize state(%c#0, %c#1, %c#2 : tensor<3x2x?x5xf32>, tensor<3x2x?xf32>, tensor<3x2x?xf32>) sinks(%sink : tensor<1xf32>) factor(%factor : tensor<3xf32>)
    outs(%oe : tensor<3x2x?x5xf32>) {sink_maps = [affine_map<(b, g, m) -> (g floordiv 2)>], factor_map = affine_map<(b, g, m) -> (b)>} -> tensor<3x2x?x5xf32>
  %lse = hydragen.state_lse <e> state(%c#1, %c#2 : tensor<3x2x?xf32>, tensor<3x2x?xf32>) outs(%me : tensor<3x2x?xf32>) -> tensor<3x2x?xf32>
  return %out, %lse : tensor<3x2x?x5xf32>, tensor<3x2x?xf32>
}
