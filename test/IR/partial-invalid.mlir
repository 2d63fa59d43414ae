// RUN: hydragen-opt %s -split-input-file -verify-diagnostics

// One function per way to break a constraint of docs/spec.md; its name starts
// with the constraint's label.

func.func @partial_c1_keys(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected one key per query, at least one, but got 2 and 1}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k, %k : tensor<2x8x4xf32>, tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c1_maps(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected one map per query, key, index and extra operand}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>, affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c2_inits(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected a state of three inits (o, m, l) but got 2}}
  %0:2 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m : tensor<2x6xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c2_mixed(%q: tensor<2x4xf32>, %k: memref<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected tensors or memrefs but got both}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : memref<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c2_results(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected results of the types of the tensor inits}}
  hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>}
  return
}

// -----

func.func @partial_c2_rank(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2x2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected l of rank 1 but got 'tensor<2x2xf32>'}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2x2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2x2xf32>
  return
}

// -----

func.func @partial_c3(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected at least 3 dims (rows, a key, values) but got 2}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n) -> (b, n)>], key_maps = [affine_map<(b, n) -> (b, n, n)>],
      value_map = affine_map<(b, n) -> (b, n, n)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c4(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op a contraction dim of score term 1 is used by two score terms}}
  %0:3 = hydragen.suffix_attention queries(%q, %q : tensor<2x4xf32>, tensor<2x4xf32>) keys(%k, %k : tensor<2x8x4xf32>, tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>, affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>, affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c5(%q: tensor<2x8x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected a key dim (in no query map)}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x8x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, n, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c6_count(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected 2 index offsets (rows and the key) but got 3}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c7_domain(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected query map from 4 dims to 2 results but got affine_map<(d0, d1, d2, d3, d4) -> (d0, d2)>}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e, x) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c7_results(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected key map from 4 dims to 3 results but got affine_map<(d0, d1, d2, d3) -> (d1, d2)>}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c7_form(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected dims, symbols or 0 in key map but got affine_map<(d0, d1, d2, d3) -> (d0 floordiv 2, d1, d2)>}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b floordiv 2, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c7_constant(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected dims, symbols or 0 in value map but got affine_map<(d0, d1, d2, d3) -> (1, d1, d3)>}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (1, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c7_symbols(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected value map from 4 dims to 3 results but got affine_map<(d0, d1, d2, d3)[s0] -> (s0, d1, d3)>}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e)[s] -> (s, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c7_extent(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x9x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op dim 1 has extent 8 but 9 in the value}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x9x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c7_state_extent(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<3xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op dim 0 has extent 2 but 3 in the l}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<3xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<3xf32>
  return
}

// -----

func.func @partial_c8_key(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected a key, value or index map with key dim 2 as a result, which gives its extent}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, n1, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, n1, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, n1, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c8_value(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<4x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op value map uses contraction dim 2}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<4x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (d, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c8_value_dim(%q: tensor<2x4xf32>, %k: tensor<6x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op key map uses value dim 3}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<6x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (e, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

// One score would have many values.
func.func @partial_c8_index(%q: tensor<2x4xf32>, %k: tensor<7x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %i: tensor<6xi32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op index map uses contraction or value dim 3}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<7x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    indices(%i : tensor<6xi32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e)[s] -> (s, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>, index_maps = [affine_map<(b, n, d, e) -> (e)>]} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c8_query(%q: tensor<6x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op query map uses value dim 3}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<6x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (e, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c9_state(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf16>, %m: tensor<2xf16>, %l: tensor<2xf16>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected a state of f32 or f64 but got 'f16'}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf16>, tensor<2xf16>, tensor<2xf16>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf16>, tensor<2xf16>, tensor<2xf16>
  return
}

// -----

func.func @partial_c9_mixed_state(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf64>, %l: tensor<2xf64>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected a state of f32 or f64 but got 'f64'}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf64>, tensor<2xf64>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf64>, tensor<2xf64>
  return
}

// -----

func.func @partial_c9_key(%q: tensor<2x4xf32>, %k: tensor<2x8x4xi8>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected f16, bf16, f32 or f64 elements but got 'i8'}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xi8>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c9_index(%q: tensor<2x4xf32>, %k: tensor<7x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %i: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected index operands of integers but got 'f32'}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<7x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    indices(%i : tensor<2xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e)[s] -> (s, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>, index_maps = [affine_map<(b, n, d, e) -> (b)>]} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

// Only signless integers.
func.func @partial_c9_unsigned(%q: tensor<2x4xf32>, %k: tensor<7x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %i: tensor<2xui8>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected index operands of integers but got 'ui8'}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<7x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    indices(%i : tensor<2xui8>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e)[s] -> (s, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>, index_maps = [affine_map<(b, n, d, e) -> (b)>]} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c10(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.prefix_attention' op expected a row dim that the segment is shared over; use suffix_attention}}
  %0:3 = hydragen.prefix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

// A symbol depends on what its index map depends on.
func.func @partial_c10_index(%q: tensor<2x4xf32>, %k: tensor<7x8x4xf32>, %v: tensor<7x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %i: tensor<2xi32>) {
  // expected-error @+1 {{'hydragen.prefix_attention' op expected a row dim that the segment is shared over; use suffix_attention}}
  %0:3 = hydragen.prefix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<7x8x4xf32>) value(%v : tensor<7x8x6xf32>)
    indices(%i : tensor<2xi32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e)[s] -> (s, n, d)>],
      value_map = affine_map<(b, n, d, e)[s] -> (s, n, e)>, index_maps = [affine_map<(b, n, d, e) -> (b)>]} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

// A dynamic offset without an operand cannot be written in the short form.
func.func @partial_c6_dynamic(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected 1 dynamic offsets but got 0}}
  %0:3 = "hydragen.suffix_attention"(%q, %k, %v, %o, %m, %l) <{
    query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
    value_map = affine_map<(b, n, d, e) -> (b, n, e)>, static_offsets = array<i64: 0, -9223372036854775808>,
    operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 3>}> ({})
    : (tensor<2x4xf32>, tensor<2x8x4xf32>, tensor<2x8x6xf32>, tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    -> (tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
  return
}

// -----

// Dims of the query map beyond the domain that the value map gives.
func.func @partial_c7_beyond(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op expected query map from 4 dims to 2 results but got affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d5)>}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x4xf32>) keys(%k : tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e, x, y) -> (b, y)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
      value_map = affine_map<(b, n, d, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @partial_c4_key(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %v: tensor<2x8x6xf32>, %o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.suffix_attention' op key map of score term 1 uses contraction dim 2 of score term 0}}
  %0:3 = hydragen.suffix_attention queries(%q, %q : tensor<2x4xf32>, tensor<2x4xf32>)
    keys(%k, %k : tensor<2x8x4xf32>, tensor<2x8x4xf32>) value(%v : tensor<2x8x6xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [affine_map<(b, n, d0, d1, e) -> (b, d0)>, affine_map<(b, n, d0, d1, e) -> (b, d1)>],
      key_maps = [affine_map<(b, n, d0, d1, e) -> (b, n, d0)>, affine_map<(b, n, d0, d1, e) -> (b, n, d0)>],
      value_map = affine_map<(b, n, d0, d1, e) -> (b, n, e)>} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}
