// RUN: hydragen-opt %s -canonicalize -split-input-file | FileCheck %s

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#k8 = affine_map<(b, n, d, e) -> (b, n + 8, d)>
#v8 = affine_map<(b, n, d, e) -> (b, n + 8, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>

// Neighbours in one tensor become one segment, in whatever order they stand.
// CHECK-DAG: #[[$K:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$V:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-LABEL: func @merge
// CHECK: keys(%[[K0:[a-z0-9]*]] : tensor<2x16x4xf32>) values(%[[K0]] : tensor<2x16x4xf32>)
// CHECK-SAME: segments = [#hydragen.segment<begin = 0, size = 16, keys = [#[[$K]]], value = #[[$V]]>]
func.func @merge(%q: tensor<2x4xf32>, %k: tensor<2x16x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) values(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 8, size = 8, keys = [#k8], value = #v8>,
                  #hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#k8 = affine_map<(b, n, d, e) -> (b, n + 8, d)>
#v9 = affine_map<(b, n, d, e) -> (b, n + 9, e)>
#v8 = affine_map<(b, n, d, e) -> (b, n + 8, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>

// Not a run: V goes on one later than K.
// CHECK-LABEL: func @no_merge_of_a_gap
// CHECK: begin = 0, size = 8
// CHECK-SAME: begin = 8, size = 7
func.func @no_merge_of_a_gap(%q: tensor<2x4xf32>, %k: tensor<2x16x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) values(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 8, size = 7, keys = [#k8], value = #v9>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// One is shared and the other is not; rows differ; the position jumps.
// CHECK-LABEL: func @no_merge_of_unlike
// CHECK: begin = 0, size = 8
// CHECK-SAME: begin = 8, size = 8
// CHECK: begin = 0, size = 8
// CHECK-SAME: begin = 8, size = 8
// CHECK: begin = 0, size = 8
// CHECK-SAME: begin = 9, size = 8
func.func @no_merge_of_unlike(%q: tensor<2x4xf32>, %k: tensor<2x16x4xf32>, %o: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) {
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) values(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = 8, size = 8, keys = [#k8], value = #v8>]} -> tensor<2x4xf32>
  %1 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) values(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, rows = [[0, 1]], keys = [#k], value = #v>,
                  #hydragen.segment<begin = 8, size = 8, rows = [[1, 1]], keys = [#k8], value = #v8>]} -> tensor<2x4xf32>
  %2 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) values(%k, %k : tensor<2x16x4xf32>, tensor<2x16x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 9, size = 8, keys = [#k8], value = #v8>]} -> tensor<2x4xf32>
  return %0, %1, %2 : tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[p] -> (p, n mod 8, d)>
#v = affine_map<(b, n, d, e)[p] -> (p, n mod 8, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>

// A symbol is read at the segment's own key number: no run.
// CHECK-LABEL: func @no_merge_of_pages
// CHECK: begin = 0, size = 8
// CHECK-SAME: begin = 8, size = 8
func.func @no_merge_of_pages(%q: tensor<2x4xf32>, %k: tensor<9x8x4xf32>, %p: tensor<2xi32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<9x8x4xf32>, tensor<9x8x4xf32>) values(%k, %k : tensor<9x8x4xf32>, tensor<9x8x4xf32>) indices(%p : tensor<2xi32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [affine_map<(b, n, d, e) -> (n floordiv 8)>],
      segments = [#hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 8, size = 8, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>

// A segment without keys or rows goes, with its operands.
// CHECK-LABEL: func @drop_empty
// CHECK-SAME: %[[A:[a-z0-9]*]]: tensor<2x8x4xf32>, %[[B:[a-z0-9]*]]: tensor<2x8x4xf32>, %[[C:[a-z0-9]*]]: tensor<2x8x4xf32>
// CHECK: keys(%[[B]] : tensor<2x8x4xf32>) values(%[[B]] : tensor<2x8x4xf32>) outs
// CHECK-SAME: segments = [#hydragen.segment<begin = 0, size = 8, keys
// CHECK-NOT: size
// CHECK: return
func.func @drop_empty(%q: tensor<2x4xf32>, %a: tensor<2x8x4xf32>, %b: tensor<2x8x4xf32>, %c: tensor<2x8x4xf32>, %n: index, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%a, %b, %c : tensor<2x8x4xf32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>)
    values(%a, %b, %c : tensor<2x8x4xf32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>) sizes(%n) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = ?, size = 0, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 0, size = 8, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 8, size = 8, rows = [[1, 0]], keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// The last one stays: it says what kind of rows there are.
// CHECK-LABEL: func @keep_last_empty
// CHECK: segments = [#hydragen.segment<begin = 0, size = 0, keys
func.func @keep_last_empty(%q: tensor<2x4xf32>, %a: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%a : tensor<2x8x4xf32>) values(%a : tensor<2x8x4xf32>) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 0, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>

// Constants among the sizes become static, the others keep their order.
// CHECK-LABEL: func @constant_sizes
// CHECK-SAME: %[[N:[a-z0-9]*]]: index, %[[M:[a-z0-9]*]]: index
// CHECK: sizes(%[[N]], %[[M]])
// CHECK-SAME: #hydragen.segment<begin = 0, size = ?,
// CHECK-SAME: #hydragen.segment<begin = ?, size = 8,
func.func @constant_sizes(%q: tensor<2x4xf32>, %k: tensor<2x?x4xf32>, %o: tensor<2x4xf32>, %n: index, %m: index) -> tensor<2x4xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k, %k : tensor<2x?x4xf32>, tensor<2x?x4xf32>) values(%k, %k : tensor<2x?x4xf32>, tensor<2x?x4xf32>)
    sizes(%c0, %n, %m, %c8) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = ?, size = ?, keys = [#k], value = #v>,
                  #hydragen.segment<begin = ?, size = ?, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// A negative constant is left for the verifier of whoever runs it.
// CHECK-LABEL: func @negative_size
// CHECK: sizes(%{{.*}})
// CHECK-SAME: size = ?
func.func @negative_size(%q: tensor<2x4xf32>, %k: tensor<2x?x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c = arith.constant -8 : index
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x?x4xf32>) values(%k : tensor<2x?x4xf32>) sizes(%c) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// A constant that does not fit the operand must not make a valid op invalid.
// CHECK-LABEL: func @constant_beyond
// CHECK: sizes(%{{.*}})
func.func @constant_beyond(%q: tensor<2x4xf32>, %k: tensor<2x8x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c = arith.constant 9 : index
  %0 = hydragen.attention queries(%q : tensor<2x4xf32>)
    keys(%k : tensor<2x8x4xf32>) values(%k : tensor<2x8x4xf32>) sizes(%c) outs(%o : tensor<2x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v>]} -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>

// Casts to less static types vanish, with and without a score region.
// CHECK-LABEL: func @attention_of_casts
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<2x4xf32>, %[[K:[a-z0-9]*]]: tensor<8x4xf32>
// CHECK: %[[R:.*]] = hydragen.attention queries(%[[Q]] : tensor<2x4xf32>) keys(%[[K]] : tensor<8x4xf32>) values(%[[K]] : tensor<8x4xf32>) sizes(%{{.*}}) outs(%[[Q]] : tensor<2x4xf32>)
// CHECK: %[[C:.*]] = tensor.cast %[[R]] : tensor<2x4xf32> to tensor<?x4xf32>
// CHECK: return %[[C]]
func.func @attention_of_casts(%q: tensor<2x4xf32>, %k: tensor<8x4xf32>, %n: index) -> tensor<?x4xf32> {
  %qc = tensor.cast %q : tensor<2x4xf32> to tensor<?x4xf32>
  %kc = tensor.cast %k : tensor<8x4xf32> to tensor<?x?xf32>
  %0 = hydragen.attention queries(%qc : tensor<?x4xf32>) keys(%kc : tensor<?x?xf32>) values(%kc : tensor<?x?xf32>) sizes(%n) outs(%qc : tensor<?x4xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v>]} -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @partials_of_casts
// CHECK: hydragen.prefix_attention queries({{.*}} : tensor<2x4xf32>) keys({{.*}} : tensor<8x4xf32>) value({{.*}} : tensor<8x4xf32>)
// CHECK-SAME: outs({{.*}} : tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>)
// CHECK: hydragen.suffix_attention queries({{.*}} : tensor<2x4xf32>) keys({{.*}} : tensor<8x4xf32>) value({{.*}} : tensor<8x4xf32>)
// CHECK: ^bb0(%[[S:.*]]: f32, %{{.*}}: index, %{{.*}}: index):
// CHECK-NEXT: hydragen.yield %[[S]] : f32
func.func @partials_of_casts(%q: tensor<2x4xf32>, %k: tensor<8x4xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) -> tensor<?x4xf32> {
  %qc = tensor.cast %q : tensor<2x4xf32> to tensor<?x4xf32>
  %kc = tensor.cast %k : tensor<8x4xf32> to tensor<?x?xf32>
  %0:3 = hydragen.prefix_attention queries(%qc : tensor<?x4xf32>) keys(%kc : tensor<?x?xf32>) value(%kc : tensor<?x?xf32>)
    at [0, 0] outs(%qc, %m, %l : tensor<?x4xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<?x4xf32>, tensor<2xf32>, tensor<2xf32>
  %1:3 = hydragen.suffix_attention queries(%qc : tensor<?x4xf32>) keys(%kc : tensor<?x?xf32>) value(%kc : tensor<?x?xf32>)
    at [0, 8] outs(%0#0, %0#1, %0#2 : tensor<?x4xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, score_mods = [#hydragen.custom<>]}
    {
    ^bb0(%s: f32, %b: index, %n: index):
      hydragen.yield %s : f32
    }
    -> tensor<?x4xf32>, tensor<2xf32>, tensor<2xf32>
  return %1#0 : tensor<?x4xf32>
}
