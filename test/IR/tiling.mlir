// RUN: hydragen-opt %s -transform-interpreter -canonicalize -cse -split-input-file | FileCheck %s

#q = affine_map<(b, m, n, d, e) -> (b, m, d)>
#k = affine_map<(b, m, n, d, e) -> (n, d)>
#v = affine_map<(b, m, n, d, e) -> (n, e)>

// Rows and keys: the state passes through the key loop, and the offsets grow by
// the tile's. 20 keys by 8 leave a tile of 4.
// CHECK-LABEL: func @rows_and_keys
// CHECK-SAME: %[[AT:[a-z0-9]*]]: index, %[[O:[a-z0-9]*]]: tensor<4x6x8xf32>, %[[M:[a-z0-9]*]]: tensor<4x6xf32>, %[[L:[a-z0-9]*]]: tensor<4x6xf32>
// CHECK: scf.for %[[B:.*]] = %c0 to %c4 step %c2 iter_args(%[[OB:.*]] = %[[O]], %[[MB:.*]] = %[[M]], %[[LB:.*]] = %[[L]])
// CHECK: scf.for %[[N:.*]] = %c0 to %c20 step %c8 iter_args(%[[ON:.*]] = %[[OB]], %[[MN:.*]] = %[[MB]], %[[LN:.*]] = %[[LB]])
// CHECK: %[[SIZE:.*]] = affine.min #{{.*}}(%[[N]])
// CHECK: %[[QT:.*]] = tensor.extract_slice %{{.*}}[%[[B]], 0, 0] [2, 6, 16] [1, 1, 1]
// CHECK: %[[KT:.*]] = tensor.extract_slice %{{.*}}[%[[N]], 0] [%[[SIZE]], 16] [1, 1]
// CHECK: %[[VT:.*]] = tensor.extract_slice %{{.*}}[%[[N]], 0] [%[[SIZE]], 8] [1, 1]
// CHECK: %[[KEY:.*]] = affine.apply #{{.*}}(%[[N]])[%[[AT]]]
// CHECK: %[[OT:.*]] = tensor.extract_slice %[[ON]][%[[B]], 0, 0] [2, 6, 8] [1, 1, 1]
// CHECK: %[[MT:.*]] = tensor.extract_slice %[[MN]][%[[B]], 0] [2, 6] [1, 1]
// CHECK: %[[LT:.*]] = tensor.extract_slice %[[LN]][%[[B]], 0] [2, 6] [1, 1]
// CHECK: %[[R:.*]]:3 = hydragen.prefix_attention queries(%[[QT]] : {{.*}}) keys(%[[KT]] : {{.*}}) value(%[[VT]] : {{.*}}) extras(%{{.*}} : tensor<99xf32>) at [%[[B]], 3, %[[KEY]]] outs(%[[OT]], %[[MT]], %[[LT]] :
// CHECK-SAME: score_mods = [#hydragen.bias<extra = 0>, #hydragen.custom<>]
// CHECK: hydragen.yield
// CHECK: tensor.insert_slice %[[R]]#0 into %[[ON]][%[[B]], 0, 0] [2, 6, 8]
// CHECK: tensor.insert_slice %[[R]]#1 into %[[MN]][%[[B]], 0] [2, 6]
// CHECK: tensor.insert_slice %[[R]]#2 into %[[LN]][%[[B]], 0] [2, 6]
func.func @rows_and_keys(%q: tensor<4x6x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x8xf32>, %bias: tensor<99xf32>, %at: index,
    %o: tensor<4x6x8xf32>, %m: tensor<4x6xf32>, %l: tensor<4x6xf32>) -> (tensor<4x6x8xf32>, tensor<4x6xf32>, tensor<4x6xf32>) {
  %0:3 = hydragen.prefix_attention queries(%q : tensor<4x6x16xf32>) keys(%k : tensor<20x16xf32>) value(%v : tensor<20x8xf32>)
    extras(%bias : tensor<99xf32>) at [0, 3, %at] outs(%o, %m, %l : tensor<4x6x8xf32>, tensor<4x6xf32>, tensor<4x6xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, extra_maps = [affine_map<(b, m, n) -> (n)>],
      score_mods = [#hydragen.bias<extra = 0>, #hydragen.custom<>]}
    {
    ^bb0(%s: f32, %b: index, %row: index, %n: index):
      hydragen.yield %s : f32
    }
    -> tensor<4x6x8xf32>, tensor<4x6xf32>, tensor<4x6xf32>
  return %0#0, %0#1, %0#2 : tensor<4x6x8xf32>, tensor<4x6xf32>, tensor<4x6xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hydragen.prefix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loops:2 = transform.structured.tile_using_for %op tile_sizes [2, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

#q = affine_map<(b, m, n, d, e) -> (b, m, d)>
#k = affine_map<(b, m, n, d, e) -> (b, n, d)>
#v = affine_map<(b, m, n, d, e) -> (b, n, e)>

// Split KV: each part of the keys has a state of its own, the identity at first.
// CHECK-LABEL: func @split
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG: %[[INF:.*]] = arith.constant 0xFF800000 : f32
// CHECK-DAG: %[[OS:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.*}} : tensor<4x2x?x8xf32>)
// CHECK-DAG: %[[MS:.*]] = linalg.fill ins(%[[INF]] : f32) outs(%{{.*}} : tensor<4x2x?xf32>)
// CHECK-DAG: %[[LS:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.*}} : tensor<4x2x?xf32>)
// CHECK: %[[P:.*]]:3 = scf.forall (%[[I:.*]]) in (4) shared_outs(%[[OI:.*]] = %[[OS]], %[[MI:.*]] = %[[MS]], %[[LI:.*]] = %[[LS]])
// CHECK-DAG: %[[OT:.*]] = tensor.extract_slice %[[OI]][%[[I]], 0, 0, 0] [1, 2, %{{.*}}, 8] [1, 1, 1, 1] : tensor<4x2x?x8xf32> to tensor<2x?x8xf32>
// CHECK-DAG: %[[MT:.*]] = tensor.extract_slice %[[MI]][%[[I]], 0, 0] [1, 2, %{{.*}}] [1, 1, 1] : tensor<4x2x?xf32> to tensor<2x?xf32>
// CHECK: %[[R:.*]]:3 = hydragen.suffix_attention {{.*}} at [0, 0, %[[KEY:.*]]] outs(%[[OT]], %[[MT]], %{{.*}} : tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>)
// CHECK: scf.forall.in_parallel
// CHECK: tensor.parallel_insert_slice %[[R]]#0 into %[[OI]][%[[I]], 0, 0, 0] [1, 2, %{{.*}}, 8]
// CHECK: tensor.parallel_insert_slice %[[R]]#1 into %[[MI]][%[[I]], 0, 0] [1, 2, %{{.*}}]
// CHECK: tensor.parallel_insert_slice %[[R]]#2 into %[[LI]][%[[I]], 0, 0] [1, 2, %{{.*}}]
// CHECK: %[[C:.*]]:3 = hydragen.combine ins(%[[P]]#0, %[[P]]#1, %[[P]]#2 : {{.*}}) outs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>) {stacked}
// CHECK: return %[[C]]#0, %[[C]]#1, %[[C]]#2
func.func @split(%q: tensor<2x?x16xf16>, %k: tensor<2x?x16xf16>, %v: tensor<2x?x8xf16>, %o: tensor<2x?x8xf32>, %m: tensor<2x?xf32>, %l: tensor<2x?xf32>)
    -> (tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>) {
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x?x16xf16>) keys(%k : tensor<2x?x16xf16>) value(%v : tensor<2x?x8xf16>)
    at [0, 0, 32] outs(%o, %m, %l : tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, score_mods = [#hydragen.visible<where = affine_map<(b, m, n) -> (m - n + 32)>>]}
    -> tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>
  return %0#0, %0#1, %0#2 : tensor<2x?x8xf32>, tensor<2x?xf32>, tensor<2x?xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hydragen.suffix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %f:3, %t, %c, %loop = transform.structured.tile_reduction_using_forall %op by num_threads = [0, 0, 4]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

#q = affine_map<(b, p, n, d, e) -> (b, d)>
#k = affine_map<(b, p, n, d, e)[t] -> (t, n, d)>
#v = affine_map<(b, p, n, d, e)[t] -> (t, n, e)>

// Pages: a tile of one page and a run of its keys. Key number page * 16 + key;
// the page table is sliced, the pages are not.
// CHECK: #[[$KEY:.*]] = affine_map<(d0, d1) -> (d0 * 16 + d1 + 100)>
// CHECK-LABEL: func @pages
// CHECK-SAME: %[[K:[a-z0-9]*]]: tensor<9x16x8xf32>, %[[T:[a-z0-9]*]]: tensor<2x3xi32>
// CHECK: scf.for %[[P:.*]] = %c0 to %c3 step %c1
// CHECK: scf.for %[[N:.*]] = %c0 to %c16 step %c4
// CHECK: %[[KT:.*]] = tensor.extract_slice %[[K]][0, %[[N]], 0] [9, 4, 8] [1, 1, 1]
// CHECK: %[[TT:.*]] = tensor.extract_slice %[[T]][0, %[[P]]] [2, 1] [1, 1]
// CHECK: %[[KEY:.*]] = affine.apply #[[$KEY]](%[[P]], %[[N]])
// CHECK: hydragen.suffix_attention {{.*}} keys(%[[KT]] : tensor<9x4x8xf32>) value(%[[KT]] : {{.*}}) indices(%[[TT]] : tensor<2x1xi32>) at [0, %[[KEY]]]
func.func @pages(%q: tensor<2x8xf32>, %k: tensor<9x16x8xf32>, %t: tensor<2x3xi32>, %o: tensor<2x8xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) -> tensor<2x8xf32> {
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x8xf32>) keys(%k : tensor<9x16x8xf32>) value(%k : tensor<9x16x8xf32>)
    indices(%t : tensor<2x3xi32>) at [0, 100] outs(%o, %m, %l : tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, index_maps = [affine_map<(b, p, n, d, e) -> (b, p)>],
      score_mods = [#hydragen.visible<where = affine_map<(b, n)[t] -> (-n + 140)>>]}
    -> tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>
  return %0#0 : tensor<2x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hydragen.suffix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loops:2 = transform.structured.tile_using_for %op tile_sizes [0, 1, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// A stacked combine folds some states at a time, in rows of 2.
// CHECK-LABEL: func @combine
// CHECK: scf.for %[[S:.*]] = %c0 to %c6 step %c3
// CHECK: scf.for %[[B:.*]] = %c0 to %c4 step %c2 iter_args(%[[O:.*]] = %{{.*}}, %[[M:.*]] = %{{.*}}, %[[L:.*]] = %{{.*}})
// CHECK-DAG: %[[SO:.*]] = tensor.extract_slice %{{.*}}[%[[S]], %[[B]], 0] [3, 2, 8] [1, 1, 1]
// CHECK-DAG: %[[OT:.*]] = tensor.extract_slice %[[O]][%[[B]], 0] [2, 8] [1, 1]
// CHECK-DAG: %[[MT:.*]] = tensor.extract_slice %[[M]][%[[B]]] [2] [1]
// CHECK: hydragen.combine ins(%[[SO]], %{{.*}}, %{{.*}} : tensor<3x2x8xf32>, tensor<3x2xf32>, tensor<3x2xf32>) outs(%[[OT]], %[[MT]], %{{.*}} : tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>) {stacked}
func.func @combine(%so: tensor<6x4x8xf32>, %sm: tensor<6x4xf32>, %o: tensor<4x8xf32>, %m: tensor<4xf32>, %l: tensor<4xf32>) -> tensor<4x8xf32> {
  %0:3 = hydragen.combine ins(%so, %sm, %sm : tensor<6x4x8xf32>, tensor<6x4xf32>, tensor<6x4xf32>)
    outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) {stacked} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %0#0 : tensor<4x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hydragen.combine"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loops:2 = transform.structured.tile_using_for %op tile_sizes [3, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// Tiles of the result pull in the attention for their rows: one loop for all.
// The sink of a row goes along, the factor is one number.
// CHECK-LABEL: func @finalize_pulls_in
// CHECK-SAME: %[[SINK:[a-z0-9]*]]: tensor<4xf32>, %[[FACTOR:[a-z0-9]*]]: tensor<f32>
// CHECK: scf.forall (%[[I:.*]]) in (2) shared_outs(%[[OUT:.*]] = %{{.*}})
// CHECK: %[[B:.*]] = affine.apply #{{.*}}(%[[I]])
// CHECK: %[[P:.*]]:3 = hydragen.prefix_attention {{.*}} at [%[[B]], 0]
// CHECK: %[[ST:.*]] = tensor.extract_slice %[[SINK]][%[[B]]] [2] [1]
// CHECK: %[[OT:.*]] = tensor.extract_slice %[[OUT]][%[[B]], 0] [2, 8] [1, 1]
// CHECK: %[[R:.*]] = hydragen.finalize state(%[[P]]#0, %{{.*}}, %{{.*}} : tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>) sinks(%[[ST]] : tensor<2xf32>) factor(%[[FACTOR]] : tensor<f32>) outs(%[[OT]] : tensor<2x8xf16>) {factor_map = #{{.*}}, masked_rows = #hydragen.masked_rows<zero>, sink_maps = [#{{.*}}]}
// CHECK: tensor.parallel_insert_slice %[[R]] into %[[OUT]][%[[B]], 0] [2, 8]
func.func @finalize_pulls_in(%q: tensor<4x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x8xf32>, %sink: tensor<4xf32>, %factor: tensor<f32>,
    %o: tensor<4x8xf32>, %m: tensor<4xf32>, %l: tensor<4xf32>, %out: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0:3 = hydragen.prefix_attention queries(%q : tensor<4x16xf32>) keys(%k : tensor<20x16xf32>) value(%v : tensor<20x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  %1 = hydragen.finalize state(%0#0, %0#1, %0#2 : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) sinks(%sink : tensor<4xf32>) factor(%factor : tensor<f32>)
    outs(%out : tensor<4x8xf16>) {masked_rows = #hydragen.masked_rows<zero>, sink_maps = [affine_map<(b) -> (b)>], factor_map = affine_map<(b) -> ()>} -> tensor<4x8xf16>
  return %1 : tensor<4x8xf16>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %final = transform.structured.match ops{["hydragen.finalize"]} in %root : (!transform.any_op) -> !transform.any_op
    %partial = transform.structured.match ops{["hydragen.prefix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_forall %final tile_sizes [2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %f, %loop2 = transform.structured.fuse_into_containing_op %partial into %loop : (!transform.any_op, !transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// On memrefs tiles are views.
// CHECK-LABEL: func @memrefs
// CHECK: scf.for %[[N:.*]] = %c0 to %{{.*}} step %c8
// CHECK: %[[KT:.*]] = memref.subview %{{.*}}[0, %[[N]], 0] [4, %{{.*}}, 8] [1, 1, 1]
// CHECK: hydragen.suffix_attention {{.*}} keys(%[[KT]] : {{.*}}) value(%{{.*}} : {{.*}}) at [0, %[[N]]] outs(%{{.*}}, %{{.*}}, %{{.*}} : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
// CHECK: scf.for %[[B:.*]] = %c0 to %c4 step %c3
// CHECK: memref.subview %{{.*}}[%[[B]]] [%{{.*}}] [1]
// CHECK: hydragen.state_lse <two>
func.func @memrefs(%q: memref<4x8xf16>, %k: memref<4x?x8xf16>, %o: memref<4x8xf32>, %m: memref<4xf32>, %l: memref<4xf32>, %lse: memref<4xf32>) {
  hydragen.suffix_attention queries(%q : memref<4x8xf16>) keys(%k : memref<4x?x8xf16>) value(%k : memref<4x?x8xf16>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>], value_map = affine_map<(b, n, d, e) -> (b, n, e)>}
  hydragen.state_lse <two> state(%m, %l : memref<4xf32>, memref<4xf32>) outs(%lse : memref<4xf32>)
  return
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hydragen.suffix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_for %op tile_sizes [0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %lse = transform.structured.match ops{["hydragen.state_lse"]} in %root : (!transform.any_op) -> !transform.any_op
    %t2, %loop2 = transform.structured.tile_using_for %lse tile_sizes [3] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
