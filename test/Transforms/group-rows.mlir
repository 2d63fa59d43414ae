// RUN: hydragen-opt %s -hydragen-decompose -canonicalize -cse -hydragen-group-rows -canonicalize -cse -split-input-file | FileCheck %s

// Rows with equal group numbers in tiles, the rest alone. The mask knows the row by its number in the list; lengths and
// queries are taken in the order of the list, keys through one number per tile.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[group, len] -> (group, n, d)>
#v = affine_map<(b, n, d, e)[group, len] -> (group, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#row = affine_map<(b, n, d, e) -> (b)>

// CHECK-DAG: #[[$TILE_K:.*]] = affine_map<(d0, d1, d2, d3, d4)[s0, s1] -> (s0, d2, d3)>
// CHECK-DAG: #[[$TILE_Q:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3)>
// CHECK-DAG: #[[$TILE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>
// CHECK-DAG: #[[$SEEN:.*]] = affine_map<(d0, d1, d2)[s0, s1, s2] -> (-d2 + s2 + s1)>
// CHECK-LABEL: func @grouped
// CHECK: %[[T:.+]], %[[U:.+]], %[[S:.+]] = hydragen.group_rows ids(%arg3 : tensor<40xi64>) {least = 8 : i64, width = 16 : i64} -> tensor<?x16xi64>, tensor<?xi64>, tensor<40xi64>
// CHECK: %[[A:.+]]:3 = hydragen.prefix_attention
// CHECK-SAME: indices(%{{.+}}, %{{.+}}, %[[T]] : tensor<?xi64>, tensor<?x16xi64>, tensor<?x16xi64>)
// CHECK-SAME: outs({{.+}} : tensor<?x16x8xf32>, tensor<?x16xf32>, tensor<?x16xf32>)
// CHECK-SAME: index_maps = [#[[$TILE]], #[[$ROW]], #[[$ROW]]]
// CHECK-SAME: key_maps = [#[[$TILE_K]]], query_maps = [#[[$TILE_Q]]]
// CHECK-SAME: #hydragen.visible<where = #[[$SEEN]]>
// CHECK: %[[B:.+]]:3 = hydragen.suffix_attention
// CHECK-SAME: outs({{.+}} : tensor<?x8xf32>, tensor<?xf32>, tensor<?xf32>)
// CHECK: hydragen.ungroup_rows %[[S]] tiles(%[[A]]#0 : tensor<?x16x8xf32>) singles(%[[B]]#0 : tensor<?x8xf32>) {dim = 0 : i64} : tensor<40xi64> -> tensor<40x8xf32>
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

// The mark alone: the row is used by the keys themselves, which are nobody else's.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @own
// CHECK-NOT: hydragen.group_rows
// CHECK: hydragen.suffix_attention
// CHECK-NOT: hydragen.grouped
// CHECK: return
func.func @own(%q: tensor<4x8xf32>, %k: tensor<4x6x8xf32>, %o: tensor<4x8xf32>, %m: tensor<4xf32>, %l: tensor<4xf32>) -> tensor<4x8xf32> {
  %s:3 = hydragen.suffix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<4x6x8xf32>) value(%k : tensor<4x6x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {hydragen.grouped, query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %s#0 : tensor<4x8xf32>
}

// -----

// A state that comes in is merged with what the rows found.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[group] -> (group, n, d)>
#v = affine_map<(b, n, d, e)[group] -> (group, n, e)>
#row = affine_map<(b, n, d, e) -> (b)>

// CHECK-LABEL: func @with_state
// CHECK-SAME: %[[O:[a-z0-9]+]]: tensor<40x8xf32>, %[[M:[a-z0-9]+]]: tensor<40xf32>, %[[L:[a-z0-9]+]]: tensor<40xf32>)
// CHECK: hydragen.group_rows ids(%{{.+}} : tensor<40xi64>)
// CHECK: %[[A:.+]] = hydragen.ungroup_rows
// CHECK: hydragen.combine ins(%[[A]], {{.*}} outs(%[[O]], %[[M]], %[[L]] :
func.func @with_state(%q: tensor<40x8xf32>, %k: tensor<3x6x8xf32>, %g: tensor<40xi64>, %o: tensor<40x8xf32>, %m: tensor<40xf32>, %l: tensor<40xf32>) -> tensor<40x8xf32> {
  %s:3 = hydragen.suffix_attention queries(%q : tensor<40x8xf32>) keys(%k : tensor<3x6x8xf32>) value(%k : tensor<3x6x8xf32>)
    indices(%g : tensor<40xi64>) at [0, 0] outs(%o, %m, %l : tensor<40x8xf32>, tensor<40xf32>, tensor<40xf32>)
    attributes {hydragen.grouped, query_maps = [#q], key_maps = [#k], value_map = #v, index_maps = [#row]} -> tensor<40x8xf32>, tensor<40xf32>, tensor<40xf32>
  return %s#0 : tensor<40x8xf32>
}
