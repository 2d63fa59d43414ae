// RUN: hydragen-opt %s --verify-roundtrip | hydragen-opt | FileCheck %s
// RUN: hydragen-opt %s -mlir-print-op-generic | hydragen-opt | FileCheck %s
// RUN: hydragen-opt %s -emit-bytecode | hydragen-opt | FileCheck %s

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#q1 = affine_map<(b, h, m, n, d, e) -> (b, h, m)>
#k = affine_map<(b, h, m, n, d, e) -> (h floordiv 4, n, d)>
#k1 = affine_map<(b, h, m, n, d, e)[t] -> (t, n mod 16)>
#v = affine_map<(b, h, m, n, d, e) -> (h floordiv 4, n, e)>
#ks = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 4, n, d)>
#vs = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 4, n, e)>
#o = affine_map<(b, h, m, n, d, e) -> (b, m, h, e)>
#table = affine_map<(b, h, m, n, d, e) -> (n floordiv 16)>

// Everything an attention can have.
// CHECK-LABEL: func @attention_full
// CHECK: hydragen.attention queries(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<2x8x?x64xf16>, tensor<2x8x?xf16>)
// CHECK-SAME: keys(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<2x32x64xf8E4M3FN>, tensor<9x16xf16>, tensor<2x2x8x64xf16>, tensor<9x16xf16>)
// CHECK-SAME: values(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<2x32x32xi8>, tensor<2x2x8x32xf16>)
// CHECK-SAME: indices(%{{[a-z0-9#]+}} : tensor<2xi32>)
// CHECK-SAME: extras(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<8xf32>, tensor<?x?xi1>, tensor<bf16>)
// CHECK-SAME: sinks(%{{[a-z0-9#]+}} : tensor<8xf32>)
// CHECK-SAME: factor(%{{[a-z0-9#]+}} : tensor<2xf32>)
// CHECK-SAME: scales(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<2xf32>, tensor<f32>)
// CHECK-SAME: sizes(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}})
// CHECK-SAME: outs(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<2x?x8x32xf16>, tensor<2x8x?xf32>, tensor<2x8x?xf32>)
// CHECK-SAME: attributes {accumulate
// CHECK-SAME: masked_rows = #hydragen.masked_rows<zero>
// CHECK-SAME: scale = 1.250000e-01 : f64
// CHECK-SAME: #hydragen.softcap<3.000000e+01 : f64>
// CHECK-SAME: #hydragen.alibi<extra = 0, distance = #{{[a-z0-9]+}}>
// CHECK-SAME: #hydragen.mask<extra = 1, fill = -3.40282347E+38 : f32, mode = add>
// CHECK-SAME: #hydragen.visible<where = #{{[a-z0-9]+}}>
// CHECK-SAME: #hydragen.custom<extras = [2]>
// CHECK-SAME: #hydragen.segment<begin = 0, size = ?, keys = [#{{[a-z0-9]+}}, #{{[a-z0-9]+}}], value = #{{[a-z0-9]+}}, key_scale = 0, value_scale = 1, shared>
// CHECK-SAME: #hydragen.segment<begin = ?, size = 8, rows = {{\[\[}}0, 1], [0, 8], [2, ?]], keys = [#{{[a-z0-9]+}}, #{{[a-z0-9]+}}], value = #{{[a-z0-9]+}}>
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %{{[a-z0-9#]+}}: index, %{{[a-z0-9#]+}}: index, %{{[a-z0-9#]+}}: index, %{{[a-z0-9#]+}}: index, %{{[a-z0-9#]+}}: bf16):
// CHECK: hydragen.yield %{{[a-z0-9#]+}} : f32
// CHECK: -> tensor<2x?x8x32xf16>, tensor<2x8x?xf32>, tensor<2x8x?xf32>
func.func @attention_full(%q: tensor<2x8x?x64xf16>, %q1: tensor<2x8x?xf16>, %kp: tensor<2x32x64xf8E4M3FN>, %k1: tensor<9x16xf16>,
    %vp: tensor<2x32x32xi8>, %ks: tensor<2x2x8x64xf16>, %vs: tensor<2x2x8x32xf16>, %table: tensor<2xi32>, %slope: tensor<8xf32>,
    %mask: tensor<?x?xi1>, %extra: tensor<bf16>, %sink: tensor<8xf32>, %factor: tensor<2xf32>, %kscale: tensor<2xf32>, %vscale: tensor<f32>,
    %size: index, %begin: index, %o: tensor<2x?x8x32xf16>, %m: tensor<2x8x?xf32>) -> tensor<2x?x8x32xf16> {
  %0:3 = hydragen.attention queries(%q, %q1 : tensor<2x8x?x64xf16>, tensor<2x8x?xf16>)
    keys(%kp, %k1, %ks, %k1 : tensor<2x32x64xf8E4M3FN>, tensor<9x16xf16>, tensor<2x2x8x64xf16>, tensor<9x16xf16>)
    values(%vp, %vs : tensor<2x32x32xi8>, tensor<2x2x8x32xf16>) indices(%table : tensor<2xi32>)
    extras(%slope, %mask, %extra : tensor<8xf32>, tensor<?x?xi1>, tensor<bf16>) sinks(%sink : tensor<8xf32>) factor(%factor : tensor<2xf32>)
    scales(%kscale, %vscale : tensor<2xf32>, tensor<f32>) sizes(%size, %begin)
    outs(%o, %m, %m : tensor<2x?x8x32xf16>, tensor<2x8x?xf32>, tensor<2x8x?xf32>)
    attributes {query_maps = [#q, #q1], output_map = #o, index_maps = [#table], scale = 0.125 : f64, accumulate,
      masked_rows = #hydragen.masked_rows<zero>,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k, #k1], value = #v, key_scale = 0, value_scale = 1, shared>,
                  #hydragen.segment<begin = ?, size = 8, rows = [[0, 1], [0, 8], [2, ?]], keys = [#ks, #k1], value = #vs>],
      extra_maps = [affine_map<(b, h, m, n) -> (h)>, affine_map<(b, h, m, n) -> (m + 32, n)>, affine_map<(b, h, m, n) -> ()>],
      sink_maps = [affine_map<(b, h, m) -> (h)>], factor_map = affine_map<(b, h, m) -> (b)>,
      scale_maps = [affine_map<(b, h, m, n, d, e) -> (h floordiv 4)>, affine_map<(b, h, m, n, d, e) -> ()>],
      score_mods = [#hydragen.softcap<30.0 : f64>, #hydragen.alibi<extra = 0, distance = affine_map<(b, h, m, n)[t] -> (n - m)>>,
                    #hydragen.mask<extra = 1, fill = -3.40282347E+38 : f32, mode = add>,
                    #hydragen.visible<where = affine_map<(b, h, m, n)[t] -> (m - n + 32, n - m)>>, #hydragen.custom<extras = [2]>]}
    {
    ^bb0(%s: f32, %b: index, %h: index, %row: index, %n: index, %x: bf16):
      %e = arith.extf %x : bf16 to f32
      %t = arith.addf %s, %e : f32
      hydragen.yield %t : f32
    }
    -> tensor<2x?x8x32xf16>, tensor<2x8x?xf32>, tensor<2x8x?xf32>
  return %0#0 : tensor<2x?x8x32xf16>
}

// No segments' operands but the least.
// CHECK-LABEL: func @attention_least
// CHECK: hydragen.attention queries(%{{[a-z0-9#]+}} : tensor<4xf64>) keys(%{{[a-z0-9#]+}} : tensor<3x4xf64>) values(%{{[a-z0-9#]+}} : tensor<3x4xf64>) outs(%{{[a-z0-9#]+}} : tensor<4xf64>) attributes {output_map = #{{[a-z0-9]+}}, query_maps = [#{{[a-z0-9]+}}], segments = [#hydragen.segment<begin = 0, size = 3, keys = [#{{[a-z0-9]+}}], value = #{{[a-z0-9]+}}>]} -> tensor<4xf64>
func.func @attention_least(%q: tensor<4xf64>, %k: tensor<3x4xf64>) -> tensor<4xf64> {
  %0 = hydragen.attention queries(%q : tensor<4xf64>) keys(%k : tensor<3x4xf64>) values(%k : tensor<3x4xf64>) outs(%q : tensor<4xf64>)
    attributes {query_maps = [affine_map<(n, d, e) -> (d)>], output_map = affine_map<(n, d, e) -> (e)>,
      segments = [#hydragen.segment<begin = 0, size = 3, keys = [affine_map<(n, d, e) -> (n, d)>], value = affine_map<(n, d, e) -> (n, e)>>]}
    -> tensor<4xf64>
  return %0 : tensor<4xf64>
}

// CHECK-LABEL: func @partial
// CHECK: hydragen.prefix_attention queries(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<4x2x8xbf16>, tensor<4x2x4xbf16>) keys(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<7x16x8xbf16>, tensor<7x16x4xbf16>) value(%{{[a-z0-9#]+}} : tensor<7x16x6xbf16>)
// CHECK-SAME: indices(%{{[a-z0-9#]+}} : tensor<2xi32>) extras(%{{[a-z0-9#]+}} : tensor<99xf32>) at [0, %{{[a-z0-9#]+}}, 32] outs(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : tensor<4x2x6xf32>, tensor<4x2xf32>, tensor<4x2xf32>)
// CHECK-SAME: score_mods = [#hydragen.bias<extra = 0>, #hydragen.custom<>]
// CHECK: hydragen.yield
// CHECK: -> tensor<4x2x6xf32>, tensor<4x2xf32>, tensor<4x2xf32>
func.func @partial(%q: tensor<4x2x8xbf16>, %r: tensor<4x2x4xbf16>, %k: tensor<7x16x8xbf16>, %kr: tensor<7x16x4xbf16>, %v: tensor<7x16x6xbf16>,
    %pages: tensor<2xi32>, %bias: tensor<99xf32>, %at: index, %o: tensor<4x2x6xf32>, %m: tensor<4x2xf32>, %l: tensor<4x2xf32>) -> tensor<4x2x6xf32> {
  %0:3 = hydragen.prefix_attention queries(%q, %r : tensor<4x2x8xbf16>, tensor<4x2x4xbf16>)
    keys(%k, %kr : tensor<7x16x8xbf16>, tensor<7x16x4xbf16>) value(%v : tensor<7x16x6xbf16>) indices(%pages : tensor<2xi32>)
    extras(%bias : tensor<99xf32>) at [0, %at, 32] outs(%o, %m, %l : tensor<4x2x6xf32>, tensor<4x2xf32>, tensor<4x2xf32>)
    attributes {query_maps = [affine_map<(b, m, p, n, d, x, e) -> (b, m, d)>, affine_map<(b, m, p, n, d, x, e) -> (b, m, x)>],
      key_maps = [affine_map<(b, m, p, n, d, x, e)[t] -> (t, n, d)>, affine_map<(b, m, p, n, d, x, e)[t] -> (t, n, x)>],
      value_map = affine_map<(b, m, p, n, d, x, e)[t] -> (t, n, e)>, index_maps = [affine_map<(b, m, p, n, d, x, e) -> (p)>],
      extra_maps = [affine_map<(b, m, n) -> (n)>], score_mods = [#hydragen.bias<extra = 0>, #hydragen.custom<>]}
    {
    ^bb0(%s: f32, %b: index, %row: index, %n: index):
      %t = arith.negf %s : f32
      hydragen.yield %t : f32
    }
    -> tensor<4x2x6xf32>, tensor<4x2xf32>, tensor<4x2xf32>
  return %0#0 : tensor<4x2x6xf32>
}

// CHECK-LABEL: func @partial_memref
// CHECK: hydragen.suffix_attention queries(%{{[a-z0-9#]+}} : memref<4x8xf16>) keys(%{{[a-z0-9#]+}} : memref<4x?x8xf16, strided<[?, ?, 1], offset: ?>>) value(%{{[a-z0-9#]+}} : memref<4x?x8xf16>) at [0, 0] outs(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
// CHECK-NOT: ->
// CHECK: hydragen.combine ins(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : memref<4x8xf32>, memref<4xf32>, memref<4xf32>){{$}}
// CHECK: hydragen.finalize state(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%{{[a-z0-9#]+}} : memref<4x8xf16>){{$}}
// CHECK: hydragen.state_lse <two> state(%{{[a-z0-9#]+}}, %{{[a-z0-9#]+}} : memref<4xf32>, memref<4xf32>) outs(%{{[a-z0-9#]+}} : memref<4xf32>){{$}}
func.func @partial_memref(%q: memref<4x8xf16>, %k: memref<4x?x8xf16, strided<[?, ?, 1], offset: ?>>, %v: memref<4x?x8xf16>,
    %o: memref<4x8xf32>, %m: memref<4xf32>, %l: memref<4xf32>, %o1: memref<4x8xf32>, %m1: memref<4xf32>, %l1: memref<4xf32>, %out: memref<4x8xf16>) {
  hydragen.suffix_attention queries(%q : memref<4x8xf16>) keys(%k : memref<4x?x8xf16, strided<[?, ?, 1], offset: ?>>) value(%v : memref<4x?x8xf16>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>], value_map = affine_map<(b, n, d, e) -> (b, n, e)>}
  hydragen.combine ins(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%o1, %m1, %l1 : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%out : memref<4x8xf16>)
  hydragen.state_lse <two> state(%m, %l : memref<4xf32>, memref<4xf32>) outs(%m1 : memref<4xf32>)
  return
}

// CHECK-LABEL: func @states
// CHECK: hydragen.combine ins({{.*}} : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>, tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>) outs({{.*}} : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>) -> tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>
// CHECK: hydragen.combine ins({{.*}} : tensor<3x4x8xf64>, tensor<3x4xf64>, tensor<3x4xf64>) outs({{.*}}) {stacked} -> tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>
// CHECK: hydragen.finalize state({{.*}}) sinks({{.*}} : tensor<f32>, tensor<4xbf16>) factor({{.*}} : tensor<4xf32>) outs({{.*}} : tensor<4x8xf16>) {accumulate, factor_map = #{{[a-z0-9]+}}, masked_rows = #hydragen.masked_rows<zero>, sink_maps = [#{{[a-z0-9]+}}, #{{[a-z0-9]+}}]} -> tensor<4x8xf16>
// CHECK: hydragen.state_lse <e> state({{.*}} : tensor<4xf64>, tensor<4xf64>) outs({{.*}} : tensor<4xf64>) -> tensor<4xf64>
func.func @states(%o: tensor<4x8xf64>, %m: tensor<4xf64>, %so: tensor<3x4x8xf64>, %sm: tensor<3x4xf64>, %sink: tensor<f32>, %sinks: tensor<4xbf16>,
    %factor: tensor<4xf32>, %out: tensor<4x8xf16>) -> (tensor<4x8xf16>, tensor<4xf64>) {
  %0:3 = hydragen.combine ins(%o, %m, %m, %o, %m, %m : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>, tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>)
    outs(%o, %m, %m : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>) -> tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>
  %1:3 = hydragen.combine ins(%so, %sm, %sm : tensor<3x4x8xf64>, tensor<3x4xf64>, tensor<3x4xf64>)
    outs(%0#0, %0#1, %0#2 : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>) {stacked} -> tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>
  %2 = hydragen.finalize state(%1#0, %1#1, %1#2 : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>) sinks(%sink, %sinks : tensor<f32>, tensor<4xbf16>)
    factor(%factor : tensor<4xf32>) outs(%out : tensor<4x8xf16>)
    {accumulate, masked_rows = #hydragen.masked_rows<zero>, sink_maps = [affine_map<(b) -> ()>, affine_map<(b) -> (b)>], factor_map = affine_map<(b) -> (b)>} -> tensor<4x8xf16>
  %3 = hydragen.state_lse <e> state(%1#1, %1#2 : tensor<4xf64>, tensor<4xf64>) outs(%m : tensor<4xf64>) -> tensor<4xf64>
  return %2, %3 : tensor<4x8xf16>, tensor<4xf64>
}

// CHECK-LABEL: func private @attributes
// CHECK-SAME: {hydragen.alias_output = 0 : i64}
// CHECK-SAME: attributes {a = #hydragen.cover<rows = [4, ?], keys = ?, pieces = {{\[\[}}[0, 4], [0, ?], [0, 32]], {{\[}}[0, 4], [0, ?], [?, ?]]]>
// CHECK-SAME: c = #hydragen.visible<where = #{{[a-z0-9]+}}, fill = -1.000000e+04 : f16, mode = add>
func.func private @attributes(tensor<4xf32> {hydragen.alias_output = 0 : i64}) -> tensor<4xf32> attributes {
  a = #hydragen.cover<rows = [4, ?], keys = ?, pieces = [[[0, 4], [0, ?], [0, 32]], [[0, 4], [0, ?], [?, ?]]]>,
  c = #hydragen.visible<where = affine_map<(m, n) -> (m - n)>, fill = -1.0e4 : f16, mode = add>}

// CHECK-LABEL: func private @records
// CHECK-SAME: c = #hydragen.cpu_target<vector_bits = 512, product = 4, few = 7, dot = 3, exponentials = 2, bandwidth = 1, copy = 5, launch = 0, row = 6>
// CHECK-SAME: hydragen.records = [
// CHECK-SAME: #hydragen.attention_record<location = {{#loc[0-9]*|loc}}{{.*}}, outcome = shared, reason_code = "", reason = "keys [0, 24) shared", segments = [#hydragen.segment_record<keys = [0, 24], shared_by = all, groups = 1, sequences = ?, level = 0, rows = {{\[\[}}0, ?, ?], [1, 3, 3]], copies_over = []>, #hydragen.segment_record<keys = [24, ?], shared_by = group, groups = 3, sequences = ?, level = 1, rows = {{\[\[}}0, ?, ?], [0, 3, 3]], copies_over = [1]>], bytes = [?, 1024], guarded = true, predicted_us = [2.500000e+00 : f64, 1.250000e-01 : f64]>
// CHECK-SAME: #hydragen.attention_record<location = {{#loc[0-9]*|loc}}{{.*}}, outcome = refused, reason_code = "too-large", reason = "", segments = [], bytes = [?, ?], guarded = false>
// CHECK-SAME: #hydragen.attention_record<location = {{#loc[0-9]*|loc}}{{.*}}, outcome = plain, reason_code = "nothing-shared", reason = "", segments = [#hydragen.segment_record<keys = [0, 8], shared_by = own, groups = 2, sequences = 1, level = 0, rows = [], copies_over = []>], bytes = [8, 8], guarded = false>
func.func private @records() attributes {
  c = #hydragen.cpu_target<vector_bits = 512, product = 4, few = 7, dot = 3, exponentials = 2, bandwidth = 1, copy = 5, launch = 0, row = 6>,
  hydragen.records = [
    #hydragen.attention_record<location = loc("a \22b\22.mlir":3:8), outcome = shared, reason_code = "", reason = "keys [0, 24) shared",
      segments = [#hydragen.segment_record<keys = [0, 24], shared_by = all, groups = 1, sequences = ?, level = 0, rows = [[0, ?, ?], [1, 3, 3]], copies_over = []>,
                  #hydragen.segment_record<keys = [24, ?], shared_by = group, groups = 3, sequences = ?, level = 1, rows = [[0, ?, ?], [0, 3, 3]], copies_over = [1]>],
      bytes = [?, 1024], guarded = true, predicted_us = [2.5 : f64, 0.125 : f64]>,
    #hydragen.attention_record<location = loc(unknown), outcome = refused, reason_code = "too-large", reason = "", segments = [], bytes = [?, ?], guarded = false>,
    #hydragen.attention_record<location = loc("layer"("f":1:1)), outcome = plain, reason_code = "nothing-shared", reason = "",
      segments = [#hydragen.segment_record<keys = [0, 8], shared_by = own, groups = 2, sequences = 1, level = 0, rows = [], copies_over = []>], bytes = [8, 8], guarded = false>]}
