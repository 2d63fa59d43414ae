// RUN: hydragen-opt %s -hydragen-decompose -canonicalize -cse -split-input-file | FileCheck %s
// RUN: hydragen-opt %s -pass-pipeline="builtin.module(func.func(hydragen-decompose{sharing=never}))" -split-input-file | FileCheck %s --check-prefix=NEVER

// One shared and one own segment: both read Q; the key offset stays absolute.

#q = affine_map<(b, h, m, n, e, d) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, e, d) -> (b, h, m, e)>
#kp = affine_map<(b, h, m, n, e, d) -> (h, n, d)>
#vp = affine_map<(b, h, m, n, e, d) -> (h, n, e)>
#ks = affine_map<(b, h, m, n, e, d) -> (b, h, n, d)>
#vs = affine_map<(b, h, m, n, e, d) -> (b, h, n, e)>
#causal = affine_map<(b, h, m, n) -> (m + 32 - n)>

// CHECK-DAG: #[[$KP:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, d3, d4)>
// CHECK-DAG: #[[$KS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d4)>
// CHECK-LABEL: func @prefix_and_suffix
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<4x2x8x16xf32>, %[[KPRE:[a-z0-9]*]]: tensor<2x32x16xf32>, %[[VPRE:[a-z0-9]*]]: tensor<2x32x16xf32>, %[[KSUF:[a-z0-9]*]]: tensor<4x2x8x16xf32>, %[[VSUF:[a-z0-9]*]]: tensor<4x2x8x16xf32>
// CHECK-NOT: = hydragen.attention
// CHECK: %[[P:.*]]:3 = hydragen.prefix_attention queries(%[[Q]] : {{.*}}) keys(%[[KPRE]] : {{.*}}) value(%[[VPRE]] : {{.*}}) at [0, 0, 0, 0]
// CHECK-SAME: key_maps = [#[[$KP]]]
// CHECK-SAME: scale = 2.500000e-01
// CHECK: %[[S:.*]]:3 = hydragen.suffix_attention queries(%[[Q]] : {{.*}}) keys(%[[KSUF]] : {{.*}}) value(%[[VSUF]] : {{.*}}) at [0, 0, 0, 32]
// CHECK-SAME: key_maps = [#[[$KS]]]
// CHECK: %[[C:.*]]:3 = hydragen.combine ins(%[[S]]#0, %[[S]]#1, %[[S]]#2 : {{.*}}) outs(%[[P]]#0, %[[P]]#1, %[[P]]#2 :
// CHECK: hydragen.finalize state(%[[C]]#0, %[[C]]#1, %[[C]]#2
// NEVER-LABEL: func @prefix_and_suffix
// NEVER-NOT: hydragen.prefix_attention
// Every sequence for itself; the queries of one (m) share all keys.
// NEVER: hydragen.suffix_attention {{.*}}hydragen.separate_rows = array<i64: 0>
// NEVER-NOT: separate_rows
// NEVER: hydragen.suffix_attention
// NEVER-NOT: separate_rows
// NEVER: return
func.func @prefix_and_suffix(%q: tensor<4x2x8x16xf32>, %kp: tensor<2x32x16xf32>, %vp: tensor<2x32x16xf32>,
                %ks: tensor<4x2x8x16xf32>, %vs: tensor<4x2x8x16xf32>, %init: tensor<4x2x8x16xf32>) -> tensor<4x2x8x16xf32> {
  %0 = hydragen.attention queries(%q : tensor<4x2x8x16xf32>)
    keys(%kp, %ks : tensor<2x32x16xf32>, tensor<4x2x8x16xf32>)
    values(%vp, %vs : tensor<2x32x16xf32>, tensor<4x2x8x16xf32>)
    outs(%init : tensor<4x2x8x16xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      segments = [#hydragen.segment<begin = 0, size = 32, keys = [#kp], value = #vp>,
                  #hydragen.segment<begin = 32, size = 8, keys = [#ks], value = #vs>],
      score_mods = [#hydragen.visible<where = #causal>]}
    -> tensor<4x2x8x16xf32>
  return %0 : tensor<4x2x8x16xf32>
}

// -----

// What share-segments left plain is not shared here, either.

#q = affine_map<(b, h, m, n, e, d) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, e, d) -> (b, h, m, e)>
#kp = affine_map<(b, h, m, n, e, d) -> (h, n, d)>
#vp = affine_map<(b, h, m, n, e, d) -> (h, n, e)>
#ks = affine_map<(b, h, m, n, e, d) -> (b, h, n, d)>
#vs = affine_map<(b, h, m, n, e, d) -> (b, h, n, e)>
#causal = affine_map<(b, h, m, n) -> (m + 32 - n)>

// CHECK-LABEL: func @not_worth_sharing
// CHECK-NOT: hydragen.prefix_attention
// CHECK: hydragen.suffix_attention {{.*}}hydragen.separate_rows = array<i64: 0>
// CHECK: hydragen.suffix_attention
// CHECK-NOT: hydragen.plain
// CHECK: return
func.func @not_worth_sharing(%q: tensor<4x2x8x16xf32>, %kp: tensor<2x32x16xf32>, %vp: tensor<2x32x16xf32>,
                %ks: tensor<4x2x8x16xf32>, %vs: tensor<4x2x8x16xf32>, %init: tensor<4x2x8x16xf32>) -> tensor<4x2x8x16xf32> {
  %0 = hydragen.attention queries(%q : tensor<4x2x8x16xf32>)
    keys(%kp, %ks : tensor<2x32x16xf32>, tensor<4x2x8x16xf32>)
    values(%vp, %vs : tensor<2x32x16xf32>, tensor<4x2x8x16xf32>)
    outs(%init : tensor<4x2x8x16xf32>)
    attributes {hydragen.plain, query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      segments = [#hydragen.segment<begin = 0, size = 32, keys = [#kp], value = #vp>,
                  #hydragen.segment<begin = 32, size = 8, keys = [#ks], value = #vs>],
      score_mods = [#hydragen.visible<where = #causal>]}
    -> tensor<4x2x8x16xf32>
  return %0 : tensor<4x2x8x16xf32>
}

// -----

// Batch and heads collapsed to one row dim, 4 query heads per key head: digits
// (b, hk, g); lengths keep their meaning through the symbol.

#q = affine_map<(bh, m, n, e, d) -> (bh, m, d)>
#o = affine_map<(bh, m, n, e, d) -> (bh, m, e)>
#kp = affine_map<(bh, m, n, e, d) -> ((bh floordiv 4) mod 2, n, d)>
#vp = affine_map<(bh, m, n, e, d) -> ((bh floordiv 4) mod 2, n, e)>
#ks = affine_map<(bh, m, n, e, d) -> (bh floordiv 8, (bh floordiv 4) mod 2, n, d)>
#vs = affine_map<(bh, m, n, e, d) -> (bh floordiv 8, (bh floordiv 4) mod 2, n, e)>
#len = affine_map<(bh, m, n, e, d) -> (bh floordiv 8)>
#vis = affine_map<(bh, m, n)[s] -> (s + 31 - n)>

// CHECK-DAG: #[[$LEN:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0)>
// CHECK-DAG: #[[$PRE:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d1, d4, d5)>
// CHECK-DAG: #[[$OWN:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d4, d5)>
// CHECK-DAG: #[[$VIS:.*]] = affine_map<(d0, d1, d2, d3, d4)[s0] -> (-d4 + s0 + 31)>
// CHECK-LABEL: func @grouped_heads_collapsed
// CHECK: %[[Q:.*]] = tensor.expand_shape %{{.*}} {{\[\[}}0, 1, 2], [3], [4]] output_shape [4, 2, 4, 1, 16]
// CHECK: hydragen.prefix_attention queries(%[[Q]] :
// CHECK-SAME: attributes {index_maps = [#[[$LEN]]], key_maps = [#[[$PRE]]]
// CHECK-SAME: score_mods = [#hydragen.visible<where = #[[$VIS]]>]
// CHECK: tensor.collapse_shape {{.*}} : tensor<4x2x4x1x16xf32> into tensor<32x1x16xf32>
// CHECK: hydragen.suffix_attention queries(%[[Q]] :
// CHECK-SAME: key_maps = [#[[$OWN]]]
// CHECK: hydragen.combine
func.func @grouped_heads_collapsed(%q: tensor<32x1x16xf32>, %kp: tensor<2x32x16xf32>, %vp: tensor<2x32x16xf32>,
                %ks: tensor<4x2x8x16xf32>, %vs: tensor<4x2x8x16xf32>, %len: tensor<4xi64>) -> tensor<32x1x16xf32> {
  %init = tensor.empty() : tensor<32x1x16xf32>
  %0 = hydragen.attention queries(%q : tensor<32x1x16xf32>)
    keys(%kp, %ks : tensor<2x32x16xf32>, tensor<4x2x8x16xf32>)
    values(%vp, %vs : tensor<2x32x16xf32>, tensor<4x2x8x16xf32>)
    indices(%len : tensor<4xi64>)
    outs(%init : tensor<32x1x16xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64, index_maps = [#len],
      segments = [#hydragen.segment<begin = 0, size = 32, keys = [#kp], value = #vp, shared>,
                  #hydragen.segment<begin = 32, size = 8, keys = [#ks], value = #vs>],
      score_mods = [#hydragen.visible<where = #vis>]}
    -> tensor<32x1x16xf32>
  return %0 : tensor<32x1x16xf32>
}

// -----

// Uneven groups: rows 0..1 share p0, rows 2..4 share p1; each group's partial is
// written into one state that is the identity elsewhere.

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>
#ks = affine_map<(b, n, e, d) -> (b, n, d)>
#vs = affine_map<(b, n, e, d) -> (b, n, e)>

// CHECK-LABEL: func @uneven_groups
// CHECK: %[[Q0:.*]] = tensor.extract_slice %{{.*}}[0, 0] [2, 8] [1, 1]
// CHECK: %[[A:.*]]:3 = hydragen.prefix_attention queries(%[[Q0]]
// CHECK: %[[Q1:.*]] = tensor.extract_slice %{{.*}}[2, 0] [3, 8] [1, 1]
// CHECK: %[[B:.*]]:3 = hydragen.prefix_attention queries(%[[Q1]]
// CHECK: %[[S:.*]]:3 = hydragen.suffix_attention
// CHECK: %[[I0:.*]] = tensor.insert_slice %[[A]]#0 into %{{.*}}[0, 0] [2, 8] [1, 1]
// CHECK: tensor.insert_slice %[[B]]#0 into %[[I0]][2, 0] [3, 8] [1, 1]
// CHECK: hydragen.combine
func.func @uneven_groups(%q: tensor<5x8xf32>, %p0: tensor<16x8xf32>, %p1: tensor<16x8xf32>, %s: tensor<5x4x8xf32>) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>)
    keys(%p0, %p1, %s : tensor<16x8xf32>, tensor<16x8xf32>, tensor<5x4x8xf32>)
    values(%p0, %p1, %s : tensor<16x8xf32>, tensor<16x8xf32>, tensor<5x4x8xf32>)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, rows = [[0, 2]], keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = 0, size = 16, rows = [[2, 3]], keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = 16, size = 4, keys = [#ks], value = #vs>]}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// What no view can give is copied: keys read backwards.

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (-n + 15, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>

// CHECK-LABEL: func @reversed_keys
// CHECK: %[[K:.*]] = linalg.generic
// CHECK: tensor.extract
// CHECK: hydragen.suffix_attention {{.*}} keys(%[[K]]
func.func @reversed_keys(%q: tensor<5x8xf32>, %p: tensor<16x8xf32>) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>)
    keys(%p : tensor<16x8xf32>) values(%p : tensor<16x8xf32>)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>]}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// Run-time group ids stay a symbol; a permuted output is transposed back.

#q = affine_map<(b, h, n, e, d) -> (b, h, d)>
#o = affine_map<(b, h, n, e, d) -> (h, b, e)>
#k = affine_map<(b, h, n, e, d)[g] -> (g, n, h, d)>
#v = affine_map<(b, h, n, e, d)[g] -> (g, n, h, e)>
#id = affine_map<(b, h, n, e, d) -> (b)>

// CHECK-DAG: #[[$K:.*]] = affine_map<(d0, d1, d2, d3, d4)[s0] -> (s0, d2, d1, d3)>
// CHECK-LABEL: func @group_ids
// CHECK: hydragen.suffix_attention {{.*}} indices(%{{.*}} : tensor<6xi32>)
// CHECK-SAME: key_maps = [#[[$K]]]
// CHECK: %[[F:.*]] = hydragen.finalize {{.*}} -> tensor<6x2x8xf16>
// CHECK: linalg.transpose ins(%[[F]] : tensor<6x2x8xf16>) {{.*}} permutation = [1, 0, 2]
func.func @group_ids(%q: tensor<6x2x8xf16>, %pool: tensor<3x16x2x8xf16>, %ids: tensor<6xi32>) -> tensor<2x6x8xf16> {
  %init = tensor.empty() : tensor<2x6x8xf16>
  %0 = hydragen.attention queries(%q : tensor<6x2x8xf16>)
    keys(%pool : tensor<3x16x2x8xf16>) values(%pool : tensor<3x16x2x8xf16>)
    indices(%ids : tensor<6xi32>) outs(%init : tensor<2x6x8xf16>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#id],
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>]}
    -> tensor<2x6x8xf16>
  return %0 : tensor<2x6x8xf16>
}

// -----

// One key whose index the maps do not mention: V gets a unit dim for it. Sixteen
// keys that are all the same vector: V is copied over them.

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (b, d)>
#v = affine_map<(b, n, e, d) -> (b, e)>

// CHECK-LABEL: func @keys_that_nothing_depends_on
// CHECK-SAME: %{{.*}}: tensor<5x8xf32>, %[[K:[a-z0-9]*]]: tensor<5x8xf32>
// CHECK: %[[UNIT:.*]] = tensor.expand_shape %[[K]] {{\[\[}}0, 1], [2]] output_shape [1, 5, 8]
// CHECK: hydragen.suffix_attention {{.*}} value(%[[UNIT]]
// CHECK: %[[COPY:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<5x16x8xf32>)
// CHECK: hydragen.suffix_attention {{.*}} value(%[[COPY]]
func.func @keys_that_nothing_depends_on(%q: tensor<5x8xf32>, %p: tensor<5x8xf32>) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>)
    keys(%p, %p : tensor<5x8xf32>, tensor<5x8xf32>) values(%p, %p : tensor<5x8xf32>, tensor<5x8xf32>)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 1, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 1, size = 16, keys = [#k], value = #v>]}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// Two index operands, one for the keys of each segment: a partial attention gets
// only the one it reads, as symbol 0.

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k0 = affine_map<(b, n, e, d)[s0, s1] -> (s0, n, d)>
#v0 = affine_map<(b, n, e, d)[s0, s1] -> (s0, n, e)>
#k1 = affine_map<(b, n, e, d)[s0, s1] -> (s1, n, d)>
#v1 = affine_map<(b, n, e, d)[s0, s1] -> (s1, n, e)>
#i = affine_map<(b, n, e, d) -> (b)>

// CHECK-DAG: #[[$ONE:.*]] = affine_map<(d0, d1, d2, d3)[s0] -> (s0, d1, d2)>
// CHECK-LABEL: func @only_the_tables_it_reads
// CHECK-SAME: %[[G:[a-z0-9]*]]: tensor<5xi64>, %[[U:[a-z0-9]*]]: tensor<5xi64>)
// CHECK: hydragen.suffix_attention {{.*}} indices(%[[G]] : tensor<5xi64>) {{.*}} key_maps = [#[[$ONE]]]
// CHECK: hydragen.suffix_attention {{.*}} indices(%[[U]] : tensor<5xi64>) {{.*}} key_maps = [#[[$ONE]]]
func.func @only_the_tables_it_reads(%q: tensor<5x8xf32>, %p: tensor<3x16x8xf32>, %s: tensor<9x4x8xf32>,
    %group: tensor<5xi64>, %user: tensor<5xi64>) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>)
    keys(%p, %s : tensor<3x16x8xf32>, tensor<9x4x8xf32>) values(%p, %s : tensor<3x16x8xf32>, tensor<9x4x8xf32>)
    indices(%group, %user : tensor<5xi64>, tensor<5xi64>) outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#i, #i],
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k0], value = #v0>,
                  #hydragen.segment<begin = 16, size = 4, keys = [#k1], value = #v1>]}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// A segment without keys leaves no partial attention: its slice [5, 5) would be
// refused. Keys of one sequence (row b = 2) are a suffix, though no map uses b.

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>
#k5 = affine_map<(b, n, e, d) -> (n + 5, d)>
#v5 = affine_map<(b, n, e, d) -> (n + 5, e)>
#own = affine_map<(b, n, e, d) -> (b, n, d)>
#own_v = affine_map<(b, n, e, d) -> (b, n, e)>

// CHECK-LABEL: func @empty_and_single
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<3x8xf32>, %[[P:[a-z0-9]*]]: tensor<5x8xf32>, %[[S:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[L:[a-z0-9]*]]: tensor<4x8xf32>)
// CHECK: hydragen.prefix_attention queries(%[[Q]] : {{.*}}) keys(%[[P]] :
// CHECK: hydragen.suffix_attention {{.*}} keys(%[[S]] :
// CHECK: hydragen.suffix_attention {{.*}} keys(%[[L]] :
// CHECK-NOT: hydragen.{{prefix|suffix}}_attention
// CHECK: hydragen.finalize
func.func @empty_and_single(%q: tensor<3x8xf32>, %p: tensor<5x8xf32>, %s: tensor<2x4x8xf32>, %l: tensor<4x8xf32>) -> tensor<3x8xf32> {
  %init = tensor.empty() : tensor<3x8xf32>
  %0 = hydragen.attention queries(%q : tensor<3x8xf32>)
    keys(%p, %p, %s, %l : tensor<5x8xf32>, tensor<5x8xf32>, tensor<2x4x8xf32>, tensor<4x8xf32>)
    values(%p, %p, %s, %l : tensor<5x8xf32>, tensor<5x8xf32>, tensor<2x4x8xf32>, tensor<4x8xf32>)
    outs(%init : tensor<3x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 5, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 5, size = 0, keys = [#k5], value = #v5>,
                  #hydragen.segment<begin = 5, size = 4, rows = [[0, 2]], keys = [#own], value = #own_v>,
                  #hydragen.segment<begin = 5, size = 4, rows = [[2, 1]], keys = [#k], value = #v>]}
    -> tensor<3x8xf32>
  return %0 : tensor<3x8xf32>
}

// -----

// A segment whose rows read their keys through numbers is marked; which rows go
// together, a later pass or a kernel finds out.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[group, len] -> (group, n, d)>
#v = affine_map<(b, n, d, e)[group, len] -> (group, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#row = affine_map<(b, n, d, e) -> (b)>

// CHECK-LABEL: func @grouped
// CHECK-NOT: hydragen.prefix_attention
// CHECK: hydragen.suffix_attention {{.*}}indices(%arg3, %arg4 : {{.*}}{hydragen.grouped,
// NEVER-LABEL: func @grouped
// NEVER-NOT: hydragen.grouped
// NEVER: hydragen.suffix_attention
func.func @grouped(%q: tensor<40x8xf32>, %k: tensor<3x6x8xf32>, %v: tensor<3x6x8xf32>, %g: tensor<40xi64>, %len: tensor<40xi64>) -> tensor<40x8xf32> {
  %init = tensor.empty() : tensor<40x8xf32>
  %o = hydragen.attention queries(%q : tensor<40x8xf32>) keys(%k : tensor<3x6x8xf32>) values(%v : tensor<3x6x8xf32>)
    indices(%g, %len : tensor<40xi64>, tensor<40xi64>) outs(%init : tensor<40x8xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#row, #row],
      score_mods = [#hydragen.visible<where = affine_map<(b, n)[group, len] -> (len + b - n)>>],
      segments = [#hydragen.segment<begin = 0, size = 6, keys = [#k], value = #v, shared, grouped>]} -> tensor<40x8xf32>
  return %o : tensor<40x8xf32>
}

// -----

// Rows of sequences and heads in one dim become two digits. What is read by head
// or by sequence is read along one of them: their sizes decide the quotient and
// the remainder.

#q = affine_map<(r, n, d, e) -> (r, d)>
#o = affine_map<(r, n, d, e) -> (r, e)>
#kp = affine_map<(r, n, d, e) -> (r mod 2, n, d)>
#vp = affine_map<(r, n, d, e) -> (r mod 2, n, e)>
#ks = affine_map<(r, n, d, e) -> (r floordiv 2, r mod 2, n, d)>
#vs = affine_map<(r, n, d, e) -> (r floordiv 2, r mod 2, n, e)>
#slope = affine_map<(r, n) -> (r mod 2, n)>
#mask = affine_map<(r, n) -> (r floordiv 2, n)>

// CHECK-DAG: #[[$SLOPE:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[$MASK:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: func @extras_by_digit
// CHECK: hydragen.{{prefix|suffix}}_attention {{.*}}extra_maps = [#[[$SLOPE]], #[[$MASK]]]
// CHECK: hydragen.suffix_attention {{.*}}extra_maps = [#[[$SLOPE]], #[[$MASK]]]
// NEVER-LABEL: func @extras_by_digit
func.func @extras_by_digit(%q: tensor<8x16xf32>, %kp: tensor<2x24x16xf32>, %vp: tensor<2x24x16xf32>, %ks: tensor<4x2x8x16xf32>, %vs: tensor<4x2x8x16xf32>,
                           %slope: tensor<2x32xf32>, %mask: tensor<4x32xi1>) -> tensor<8x16xf32> {
  %init = tensor.empty() : tensor<8x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x16xf32>) keys(%kp, %ks : tensor<2x24x16xf32>, tensor<4x2x8x16xf32>) values(%vp, %vs : tensor<2x24x16xf32>, tensor<4x2x8x16xf32>)
    extras(%slope, %mask : tensor<2x32xf32>, tensor<4x32xi1>) outs(%init : tensor<8x16xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [#slope, #mask], score_mods = [#hydragen.bias<extra = 0>, #hydragen.mask<extra = 1>],
      segments = [#hydragen.segment<begin = 0, size = 24, keys = [#kp], value = #vp, shared>,
                  #hydragen.segment<begin = 24, size = 8, keys = [#ks], value = #vs>]} -> tensor<8x16xf32>
  return %o : tensor<8x16xf32>
}

// -----

// A cache has room for 48 keys and a mask for the 32 that are there: what no row
// sees at the end is left out. In front, or where some row sees a key, it stays.

#q = affine_map<(b, n, d, e) -> (b, d)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#kp = affine_map<(b, n, d, e) -> (n, d)>
#vp = affine_map<(b, n, d, e) -> (n, e)>
#ks = affine_map<(b, n, d, e) -> (b, n, d)>
#vs = affine_map<(b, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @room
// CHECK: hydragen.prefix_attention {{.*}} at [0, 0]
// CHECK: hydragen.suffix_attention {{.*}} at [0, 24]
// CHECK-NOT: hydragen.suffix_attention
// CHECK: hydragen.finalize {{.*}}#hydragen.cover<rows = [8], keys = 32, pieces = {{\[\[}}[0, 8], [0, 24]], {{\[}}[0, 8], [24, 8]]]>
// CHECK-LABEL: func @room_for_some
// CHECK: hydragen.prefix_attention {{.*}} at [0, 0]
// CHECK: hydragen.suffix_attention {{.*}} at [0, 24]
// CHECK: hydragen.suffix_attention {{.*}} at [0, 32]
// CHECK: hydragen.finalize {{.*}}keys = 48,
// CHECK-LABEL: func @unseen_bias
// CHECK: hydragen.suffix_attention {{.*}} at [0, 32]
// NEVER-LABEL: func @room
// NEVER-LABEL: func @room_for_some
// NEVER-LABEL: func @unseen_bias
func.func @room(%q: tensor<8x16xf32>, %kp: tensor<24x16xf32>, %ks: tensor<8x8x16xf32>, %room: tensor<8x16x16xf32>) -> tensor<8x16xf32> {
  %init = tensor.empty() : tensor<8x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x16xf32>) keys(%kp, %ks, %room : tensor<24x16xf32>, tensor<8x8x16xf32>, tensor<8x16x16xf32>)
    values(%kp, %ks, %room : tensor<24x16xf32>, tensor<8x8x16xf32>, tensor<8x16x16xf32>) outs(%init : tensor<8x16xf32>)
    attributes {query_maps = [#q], output_map = #o, score_mods = [#hydragen.visible<where = affine_map<(b, n) -> (31 - n)>>],
      hydragen.cover = #hydragen.cover<rows = [8], keys = 48, pieces = [[[0, 8], [0, 24]], [[0, 8], [24, 8]], [[0, 8], [32, 16]]]>,
      segments = [#hydragen.segment<begin = 0, size = 24, keys = [#kp], value = #vp, shared>,
                  #hydragen.segment<begin = 24, size = 8, keys = [#ks], value = #vs>,
                  #hydragen.segment<begin = 32, size = 16, keys = [#ks], value = #vs>]} -> tensor<8x16xf32>
  return %o : tensor<8x16xf32>
}
func.func @room_for_some(%q: tensor<8x16xf32>, %kp: tensor<24x16xf32>, %ks: tensor<8x8x16xf32>, %room: tensor<8x16x16xf32>) -> tensor<8x16xf32> {
  %init = tensor.empty() : tensor<8x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x16xf32>) keys(%kp, %ks, %room : tensor<24x16xf32>, tensor<8x8x16xf32>, tensor<8x16x16xf32>)
    values(%kp, %ks, %room : tensor<24x16xf32>, tensor<8x8x16xf32>, tensor<8x16x16xf32>) outs(%init : tensor<8x16xf32>)
    attributes {query_maps = [#q], output_map = #o, score_mods = [#hydragen.visible<where = affine_map<(b, n) -> (b - n + 25)>>],
      hydragen.cover = #hydragen.cover<rows = [8], keys = 48, pieces = [[[0, 8], [0, 24]], [[0, 8], [24, 8]], [[0, 8], [32, 16]]]>,
      segments = [#hydragen.segment<begin = 0, size = 24, keys = [#kp], value = #vp, shared>,
                  #hydragen.segment<begin = 24, size = 8, keys = [#ks], value = #vs>,
                  #hydragen.segment<begin = 32, size = 16, keys = [#ks], value = #vs>]} -> tensor<8x16xf32>
  return %o : tensor<8x16xf32>
}
// What is added afterwards may be +inf.
func.func @unseen_bias(%q: tensor<8x16xf32>, %kp: tensor<24x16xf32>, %ks: tensor<8x8x16xf32>, %room: tensor<8x16x16xf32>, %bias: tensor<48xf32>) -> tensor<8x16xf32> {
  %init = tensor.empty() : tensor<8x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x16xf32>) keys(%kp, %ks, %room : tensor<24x16xf32>, tensor<8x8x16xf32>, tensor<8x16x16xf32>)
    values(%kp, %ks, %room : tensor<24x16xf32>, tensor<8x8x16xf32>, tensor<8x16x16xf32>) extras(%bias : tensor<48xf32>) outs(%init : tensor<8x16xf32>)
    attributes {query_maps = [#q], output_map = #o, extra_maps = [affine_map<(b, n) -> (n)>],
      score_mods = [#hydragen.visible<where = affine_map<(b, n) -> (31 - n)>>, #hydragen.bias<extra = 0>],
      segments = [#hydragen.segment<begin = 0, size = 24, keys = [#kp], value = #vp, shared>,
                  #hydragen.segment<begin = 24, size = 8, keys = [#ks], value = #vs>,
                  #hydragen.segment<begin = 32, size = 16, keys = [#ks], value = #vs>]} -> tensor<8x16xf32>
  return %o : tensor<8x16xf32>
}
