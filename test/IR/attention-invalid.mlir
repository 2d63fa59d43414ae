// RUN: hydragen-opt %s -split-input-file -verify-diagnostics

// One function per way to break a constraint of docs/spec.md; its name starts
// with the constraint's label.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c1_no_term(%k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected at least one query and one segment}}
  %0 = "hydragen.attention"(%k, %o) <{query_maps = [], output_map = #o,
    segments = [#hydragen.segment<begin = 0, size = 8, keys = [], value = affine_map<(b, n, d, e) -> (b, n, e)>>],
    operandSegmentSizes = array<i32: 0, 0, 1, 0, 0, 0, 0, 0, 0, 1>}> ({}) : (tensor<2x8x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c1_no_segment(%q: tensor<2x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected at least one query and one segment}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>) keys() values() outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, segments = []} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c1_keys(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 1 keys (segments times score terms) but got 2}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<2x8x4xf32>, tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c1_values(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 1 values but got 2}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k, %k : tensor<2x8x4xf32>, tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c1_key_maps(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 1 key maps in a segment but got 2}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k, #k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c2_query(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 1 query maps but got 2}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q, #q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c2_sink(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %s: tensor<2xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 1 sink maps but got 0}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) sinks(%s : tensor<2xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c2_factor(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 0 factor maps but got 1}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, factor_map = affine_map<(b) -> (b)>,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, d) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c3_domain(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected query map over 4 dims but got affine_map<(d0, d1) -> (d0, d1)>}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[s] -> (s, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c3_symbols(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected key map with at most 0 symbols but got affine_map<(d0, d1, d2, d3)[s0] -> (s0, d1, d2)>}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c3_rank(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected value map with 3 results but got affine_map<(d0, d1, d2, d3) -> (d1, d3)>}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c3_sink(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %s: tensor<2xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected sink map over 1 dims but got affine_map<(d0, d1) -> (d0)>}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) sinks(%s : tensor<2xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, sink_maps = [affine_map<(b, e) -> (b)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e + 1)>
func.func @attention_c4(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected a projected permutation as output map but got affine_map<(d0, d1, d2, d3) -> (d0, d3 + 1)>}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n0, n1, d, e) -> (b, d)>
#k = affine_map<(b, n0, n1, d, e) -> (n0, n1, d)>
#v = affine_map<(b, n0, n1, d, e) -> (n0, n1, e)>
#o = affine_map<(b, n0, n1, d, e) -> (b, e)>
func.func @attention_c5_two_keys(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected one key dim (in no query or output map) but got 2}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, d, e) -> (b, d)>
#k = affine_map<(b, d, e) -> (b, d)>
#v = affine_map<(b, d, e) -> (b, e)>
#o = affine_map<(b, d, e) -> (b, e)>
func.func @attention_c5_no_key(%q: tensor<2x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected one key dim (in no query or output map) but got 0}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%q : tensor<2x4xf32>) values(%q : tensor<2x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c6_two_terms(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op contraction dim 2 is used by two score terms}}
  %0 = hydragen.attention queries(%q, %q : tensor<2x4xf32>, tensor<2x4xf32>)
    keys(%k, %k : tensor<2x8x4xf32>, tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q, #q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k, #k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (d, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c6_value(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op dim 2 is in a query map and not in the output map, so no value or index map can use it}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c7(%q: tensor<3x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op dim 0 has extent 2 but 3 in a query}}
  %0 = hydragen.attention queries(%q : tensor<3x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c8(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %n: index) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 2 sizes (one per ? of a segment) but got 1}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) sizes(%n) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = ?, size = ?, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c9_size(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op key map reads index 8 of dim 1 of 'tensor<2x8x4xf32>'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 9, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n - 1, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c9_negative(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op value map reads index -1 of dim 1 of 'tensor<2x8x4xf32>'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// Groups of four rows, five groups: the bounds of floordiv count.
#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b floordiv 4, n, d)>
#v = affine_map<(b, n, d, e) -> (b mod 4, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c9_floordiv(%q: tensor<9x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<9x4xf32>) -> tensor<9x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op key map reads index 2 of dim 0 of 'tensor<2x8x4xf32>'}}
  %0 = hydragen.attention queries(%q : tensor<9x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<9x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<9x4xf32>
  return %0 : tensor<9x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c10_count(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected 1 rows in a segment but got 2}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, rows = [[0, 1], [0, 4]], keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c10_extent(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op segment 0 covers row 2 of 2}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, rows = [[1, 2]], keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c11(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op segments 0 and 1 cover the same keys of a row}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<2x8x4xf32>, tensor<2x8x4xf32>)
    values(%k, %k : tensor<2x8x4xf32>, tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 7, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c11_rows(%q: tensor<4x4xf32>, %k: tensor<4x8x4xf32>, %o: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op segments 0 and 1 cover the same keys of a row}}
  %0 = hydragen.attention queries(%q : tensor<4x4xf32>)
    keys(%k, %k : tensor<4x8x4xf32>, tensor<4x8x4xf32>)
    values(%k, %k : tensor<4x8x4xf32>, tensor<4x8x4xf32>) outs(%o : tensor<4x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, rows = [[0, 3]], keys = [#k], value = #v>,
                  #hydragen.segment<begin = 0, size = 8, rows = [[2, ?]], keys = [#k], value = #v>]} -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c12_query(%q: tensor<2x4xi8>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected queries of f16, bf16, f32 or f64 but got 'i8'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xi8>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// Quantised keys need a scale.
#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c12_key(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf8E4M3FN>, %v: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected keys and values of f16, bf16, f32 or f64 (or scaled fp8 or i8) but got 'f8E4M3FN'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf8E4M3FN>) values(%v : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[s] -> (s, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c12_index(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %i: tensor<2xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected index operands of integers but got 'f32'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) indices(%i : tensor<2xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [affine_map<(b, n, d, e) -> (b)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c12_sink(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %s: tensor<2xi32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected sinks, scales and factor of floats but got 'i32'}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) sinks(%s : tensor<2xi32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, sink_maps = [affine_map<(b) -> (b)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c13_count(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %m: tensor<2xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected one init or three (output, m, l) but got 2}}
  %0:2 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o, %m : tensor<2x4xf32>, tensor<2xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>, tensor<2xf32>
  return %0#0 : tensor<2x4xf32>
}

// -----

// The state of an f64 query is f64.
#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c13_state(%q: tensor<2x4xf64>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>, %m: tensor<2xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected m and l of the row shape with elements of type 'f64' but got 'tensor<2xf32>'}}
  %0:3 = hydragen.attention queries(%q : tensor<2x4xf64>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o, %m, %m : tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>
  return %0#0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c13_result(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x?xf32> {
  // expected-error @+1 {{'hydragen.attention' op expected results of the types of the inits}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
func.func @attention_c12_scale(%q: tensor<2x4xf32>, %k: tensor<2x8x4xi8>, %v: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{'hydragen.attention' op segment 0 refers to scale 0 of 0}}
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xi8>) values(%v : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 0, keys = [#k], value = #v, key_scale = 0>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
