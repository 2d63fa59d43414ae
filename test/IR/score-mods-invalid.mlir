// RUN: hydragen-opt %s -split-input-file -verify-diagnostics

// One function per way to break a constraint of docs/spec.md; its name starts
// with the constraint's label.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c1(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op unknown score modification 1 : i64}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [1]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c2_number(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op bias refers to extra 1 of 1}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n) -> (b, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.bias<extra = 1>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c2_alibi(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op alibi refers to extra 0 of 0}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.alibi<extra = 0, distance = affine_map<(b, n) -> (n)>>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c2_domain(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected map of extra 0 over 2 dims (rows and the key) but got affine_map<(d0, d1, d2) -> (d0, d1)>}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n, d) -> (b, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.bias<extra = 0>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c2_symbol(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected map of extra 0 over 2 dims (rows and the key) but got affine_map<(d0, d1)[s0] -> (s0, d1)>}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n)[s] -> (s, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.bias<extra = 0>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c2_rank(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected map of extra 0 with 2 results but got 1}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n) -> (n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.bias<extra = 0>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c3_mask(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op mask expects elements of type i1 but extra 0 has 'f32'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n) -> (b, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.mask<extra = 0>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c3_bias(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xi1>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op bias expects elements of type float but extra 0 has 'i1'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xi1>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n) -> (b, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.bias<extra = 0>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c4_dims(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op visible expects 2 dims (rows and the key) but got 3}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.visible<where = affine_map<(b, m, n) -> (m - n)>>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c4_symbols(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op visible expects 0 symbols (one per index operand) but got 1}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.visible<where = affine_map<(b, n)[s] -> (s - n)>>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c4_distance(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected one result of an alibi distance but got 2}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n) -> (b, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.alibi<extra = 0, distance = affine_map<(b, n) -> (n, b)>>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c5_no_region(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 0 custom score modifications for no region but got 1}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.custom<>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c5_no_custom(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 1 custom score modifications for a region but got 0}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = []}
    {
    ^bb0(%s: f32, %b: index, %n: index):
      hydragen.yield %s : f32
    } -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c5_arguments(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected score region arguments 'f32', 'index', 'index', 'f32' but got 'f32', 'index', 'f32'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n) -> (b, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.custom<extras = [0]>]}
    {
    ^bb0(%s: f32, %b: index, %y: f32):
      hydragen.yield %s : f32
    } -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c5_yield(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected the score region to yield 'f32'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.custom<>]}
    {
    ^bb0(%s: f32, %b: index, %n: index):
      %0 = arith.extf %s : f32 to f64
      hydragen.yield %0 : f64
    } -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c5_extra(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op custom refers to extra 3 of 1}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    extras(%x : tensor<2x8xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n) -> (b, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.custom<extras = [3]>]}
    {
    ^bb0(%s: f32, %b: index, %n: index, %y: f32):
      hydragen.yield %s : f32
    } -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @score_c6(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %x: tensor<2x8xi32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op index operand 0 of a score modification depends on the key}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>)
    indices(%x : tensor<2x8xi32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [affine_map<(b, n, d, e) -> (b, n)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>],
      score_mods = [#hydragen.visible<where = affine_map<(b, n)[s] -> (s - n)>>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
