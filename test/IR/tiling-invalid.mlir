// RUN: hydragen-opt %s -transform-interpreter -split-input-file -verify-diagnostics

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>

// A sequential split would want one state per key of a tile.
func.func @split_needs_parallel(%q: tensor<2x16xf32>, %k: tensor<2x20x16xf32>, %v: tensor<2x20x8xf32>, %o: tensor<2x8xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) -> tensor<2x8xf32> {
  // expected-error @+3 {{'hydragen.suffix_attention' op can be split over keys by a parallel outer loop only: a state holds a sum over keys}}
  // expected-error @+2 {{'hydragen.suffix_attention' op faild to tile operation}}
  // expected-error @+1 {{'hydragen.suffix_attention' op failed to generate tiling loops}}
  %0:3 = hydragen.suffix_attention queries(%q : tensor<2x16xf32>) keys(%k : tensor<2x20x16xf32>) value(%v : tensor<2x20x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>
  return %0#0 : tensor<2x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hydragen.suffix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    // expected-error @+1 {{failed to tile using partial reduction}}
    %f:3, %t, %c, %loop = transform.structured.tile_reduction_using_for %op by tile_sizes = [0, 5]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

#q = affine_map<(b, p, n, d, e) -> (b, d)>
#k = affine_map<(b, p, n, d, e) -> (p, n, d)>
#v = affine_map<(b, p, n, d, e) -> (p, n, e)>

// Keys 0..3 of both pages are no neighbours; masks would see wrong positions.
func.func @keys_not_neighbours(%q: tensor<2x8xf32>, %k: tensor<2x16x8xf32>, %o: tensor<2x8xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) -> tensor<2x8xf32> {
  // expected-error @+3 {{'hydragen.prefix_attention' op cannot be tiled over key dim 2: the keys of a tile must be neighbours for the score modifications}}
  // expected-error @+2 {{'hydragen.prefix_attention' op faild to tile operation}}
  // expected-error @+1 {{'hydragen.prefix_attention' op failed to generate tiling loops}}
  %0:3 = hydragen.prefix_attention queries(%q : tensor<2x8xf32>) keys(%k : tensor<2x16x8xf32>) value(%k : tensor<2x16x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v,
      score_mods = [#hydragen.visible<where = affine_map<(b, n) -> (b - n)>>]}
    -> tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>
  return %0#0 : tensor<2x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hydragen.prefix_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_for %op tile_sizes [0, 0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// -----

// The sink of head h floordiv 2 is not a slice of the sinks.
func.func @sink_of_a_group(%o: tensor<4x8xf32>, %m: tensor<4xf32>, %sink: tensor<2xf32>) -> tensor<4x8xf32> {
  // expected-error @+3 {{'hydragen.finalize' op cannot be tiled over row dim 0, which is not a bare result in affine_map<(d0) -> (d0 floordiv 2)>}}
  // expected-error @+2 {{'hydragen.finalize' op faild to tile operation}}
  // expected-error @+1 {{'hydragen.finalize' op failed to generate tiling loops}}
  %0 = hydragen.finalize state(%o, %m, %m : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) sinks(%sink : tensor<2xf32>) outs(%o : tensor<4x8xf32>)
    {sink_maps = [affine_map<(h) -> (h floordiv 2)>]} -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hydragen.finalize"]} in %root : (!transform.any_op) -> !transform.any_op
    %t, %loop = transform.structured.tile_using_for %op tile_sizes [2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
