// RUN: hydragen-opt %s -hydragen-fuse-finalize -split-input-file | FileCheck %s

// The finalize goes behind the attention, in its shape, past what does not touch
// its memory; the cover certificate is of other rows.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (b, n, d)>
#v = affine_map<(b, h, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @attention(
// CHECK-SAME: %[[Q:.*]]: memref<2x4x8xf32>, %[[K:.*]]: memref<2x16x8xf32>
// CHECK: %[[O:.*]] = memref.alloc() : memref<2x4x8xf32>
// CHECK: %[[M:.*]] = memref.alloc() : memref<2x4xf32>
// CHECK: %[[L:.*]] = memref.alloc() : memref<2x4xf32>
// CHECK: %[[OUT:.*]] = memref.alloc() : memref<8x8xf16>
// CHECK: %[[VIEW:.*]] = memref.expand_shape %[[OUT]] {{\[\[}}0, 1], [2]] {{.*}} into memref<2x4x8xf16>
// CHECK: hydragen.suffix_attention {{.*}} outs(%[[O]], %[[M]], %[[L]] :
// CHECK-NEXT: hydragen.finalize state(%[[O]], %[[M]], %[[L]] : {{.*}} outs(%[[VIEW]] : memref<2x4x8xf16>) {hydragen.state_ends, masked_rows
// CHECK-NEXT: memref.store
// CHECK-NOT: hydragen.
func.func @attention(%q: memref<2x4x8xf32>, %k: memref<2x16x8xf32>, %x: memref<f32>, %y: f32) -> memref<8x8xf16> {
  %o = memref.alloc() : memref<2x4x8xf32>
  %m = memref.alloc() : memref<2x4xf32>
  %l = memref.alloc() : memref<2x4xf32>
  hydragen.suffix_attention queries(%q : memref<2x4x8xf32>) keys(%k : memref<2x16x8xf32>) value(%k : memref<2x16x8xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<2x4x8xf32>, memref<2x4xf32>, memref<2x4xf32>)
    attributes {hydragen.neutral_inits, query_maps = [#q], key_maps = [#k], value_map = #v}
  %co = memref.collapse_shape %o [[0, 1], [2]] : memref<2x4x8xf32> into memref<8x8xf32>
  %cm = memref.collapse_shape %m [[0, 1]] : memref<2x4xf32> into memref<8xf32>
  %cl = memref.collapse_shape %l [[0, 1]] : memref<2x4xf32> into memref<8xf32>
  memref.store %y, %x[] : memref<f32>
  %out = memref.alloc() : memref<8x8xf16>
  hydragen.finalize state(%co, %cm, %cl : memref<8x8xf32>, memref<8xf32>, memref<8xf32>) outs(%out : memref<8x8xf16>)
    {hydragen.cover = #hydragen.cover<rows = [8], keys = 16, pieces = [[[0, 8], [0, 16]]]>, masked_rows = #hydragen.masked_rows<zero>}
  memref.dealloc %o : memref<2x4x8xf32>
  memref.dealloc %m : memref<2x4xf32>
  memref.dealloc %l : memref<2x4xf32>
  return %out : memref<8x8xf16>
}

// -----

// Unknown sizes, and a combine with a sink: the shapes are the same.

// CHECK-LABEL: func @combine(
// CHECK: hydragen.combine
// CHECK-NEXT: hydragen.finalize {{.*}} sinks({{.*}} {hydragen.state_ends, sink_maps
func.func @combine(%o1: memref<?x8xf32>, %r1: memref<?xf32>, %sink: memref<?xf32>, %n: index) -> memref<?x8xf32> {
  %o = memref.alloc(%n) : memref<?x8xf32>
  %m = memref.alloc(%n) : memref<?xf32>
  %l = memref.alloc(%n) : memref<?xf32>
  memref.copy %o1, %o : memref<?x8xf32> to memref<?x8xf32>
  memref.copy %r1, %m : memref<?xf32> to memref<?xf32>
  memref.copy %r1, %l : memref<?xf32> to memref<?xf32>
  hydragen.combine ins(%o1, %r1, %r1 : memref<?x8xf32>, memref<?xf32>, memref<?xf32>)
    outs(%o, %m, %l : memref<?x8xf32>, memref<?xf32>, memref<?xf32>)
  %out = memref.alloc(%n) : memref<?x8xf32>
  hydragen.finalize state(%o, %m, %l : memref<?x8xf32>, memref<?xf32>, memref<?xf32>) sinks(%sink : memref<?xf32>)
    outs(%out : memref<?x8xf32>) {sink_maps = [affine_map<(b) -> (b)>]}
  return %out : memref<?x8xf32>
}

// -----

// Unknown sizes in another shape.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (b, n, d)>
#v = affine_map<(b, h, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @unknown(
// CHECK: memref.alloc(%[[SIZE:.*]]) : memref<?x4x8xf32>
// CHECK: memref.expand_shape {{.*}} output_shape [%[[SIZE]], 4, 8] : memref<?x8xf32> into memref<?x4x8xf32>
// CHECK-NEXT: hydragen.suffix_attention
// CHECK-NEXT: hydragen.finalize {{.*}} {hydragen.state_ends}
func.func @unknown(%q: memref<?x4x8xf32>, %k: memref<?x16x8xf32>, %b: index, %n: index) -> memref<?x8xf32> {
  %o = memref.alloc(%b) : memref<?x4x8xf32>
  %m = memref.alloc(%b) : memref<?x4xf32>
  %l = memref.alloc(%b) : memref<?x4xf32>
  hydragen.suffix_attention queries(%q : memref<?x4x8xf32>) keys(%k : memref<?x16x8xf32>) value(%k : memref<?x16x8xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<?x4x8xf32>, memref<?x4xf32>, memref<?x4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  %co = memref.collapse_shape %o [[0, 1], [2]] : memref<?x4x8xf32> into memref<?x8xf32>
  %cm = memref.collapse_shape %m [[0, 1]] : memref<?x4xf32> into memref<?xf32>
  %cl = memref.collapse_shape %l [[0, 1]] : memref<?x4xf32> into memref<?xf32>
  %out = memref.alloc(%n) : memref<?x8xf32>
  hydragen.finalize state(%co, %cm, %cl : memref<?x8xf32>, memref<?xf32>, memref<?xf32>) outs(%out : memref<?x8xf32>)
  return %out : memref<?x8xf32>
}

// -----

// Not where somebody reads the state later, or before the finalize; nor where the
// finalize writes to an argument, which may be what the attention reads, or to an
// in-place input; an output of the entry is nobody else's.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// CHECK-LABEL: func @read_later(
// CHECK-NOT: hydragen.state_ends
func.func @read_later(%q: memref<4x8xf32>, %k: memref<16x8xf32>) -> (memref<4x8xf32>, memref<4xf32>) {
  %o = memref.alloc() : memref<4x8xf32>
  %m = memref.alloc() : memref<4xf32>
  %l = memref.alloc() : memref<4xf32>
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  %out = memref.alloc() : memref<4x8xf32>
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%out : memref<4x8xf32>)
  %lse = memref.alloc() : memref<4xf32>
  hydragen.state_lse <two> state(%m, %l : memref<4xf32>, memref<4xf32>) outs(%lse : memref<4xf32>)
  return %out, %lse : memref<4x8xf32>, memref<4xf32>
}

// CHECK-LABEL: func @chosen(
// CHECK-NOT: hydragen.state_ends
func.func @chosen(%q: memref<4x8xf32>, %k: memref<16x8xf32>, %other: memref<4x8xf32>, %c: i1, %i: index) -> (memref<4x8xf32>, f32) {
  %o = memref.alloc() : memref<4x8xf32>
  %m = memref.alloc() : memref<4xf32>
  %l = memref.alloc() : memref<4xf32>
  %choice = arith.select %c, %o, %other : memref<4x8xf32>
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  %out = memref.alloc() : memref<4x8xf32>
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%out : memref<4x8xf32>)
  %x = memref.load %choice[%i, %i] : memref<4x8xf32>
  return %out, %x : memref<4x8xf32>, f32
}

// CHECK-LABEL: func @read_between(
// CHECK-NOT: hydragen.state_ends
func.func @read_between(%q: memref<4x8xf32>, %k: memref<16x8xf32>, %x: memref<4x8xf32>) -> memref<4x8xf32> {
  %o = memref.alloc() : memref<4x8xf32>
  %m = memref.alloc() : memref<4xf32>
  %l = memref.alloc() : memref<4xf32>
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  memref.copy %o, %x : memref<4x8xf32> to memref<4x8xf32>
  %out = memref.alloc() : memref<4x8xf32>
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%out : memref<4x8xf32>)
  return %out : memref<4x8xf32>
}

// CHECK-LABEL: func @written_between(
// CHECK-NOT: hydragen.state_ends
func.func @written_between(%q: memref<4x8xf32>, %k: memref<16x8xf32>, %sink: memref<4xf32>, %y: f32, %c: index) -> memref<4x8xf32> {
  %o = memref.alloc() : memref<4x8xf32>
  %m = memref.alloc() : memref<4xf32>
  %l = memref.alloc() : memref<4xf32>
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  memref.store %y, %sink[%c] : memref<4xf32>
  %out = memref.alloc() : memref<4x8xf32>
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) sinks(%sink : memref<4xf32>)
    outs(%out : memref<4x8xf32>) {sink_maps = [affine_map<(b) -> (b)>]}
  return %out : memref<4x8xf32>
}

// CHECK-LABEL: func @to_argument(
// CHECK-NOT: hydragen.state_ends
func.func @to_argument(%q: memref<4x8xf32>, %k: memref<16x8xf32>, %out: memref<4x8xf32>) {
  %o = memref.alloc() : memref<4x8xf32>
  %m = memref.alloc() : memref<4xf32>
  %l = memref.alloc() : memref<4xf32>
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%out : memref<4x8xf32>)
  return
}

// CHECK-LABEL: func @to_output(
// CHECK: hydragen.finalize {{.*}} {hydragen.state_ends}
func.func @to_output(%a: !llvm.ptr, %b: !llvm.ptr) attributes {hydragen.entry} {
  %q = builtin.unrealized_conversion_cast %a : !llvm.ptr to memref<4x8xf32>
  %k = builtin.unrealized_conversion_cast %a : !llvm.ptr to memref<16x8xf32>
  %out = builtin.unrealized_conversion_cast %b : !llvm.ptr to memref<4x8xf32> {hydragen.output = 0 : i64}
  %o = memref.alloc() : memref<4x8xf32>
  %m = memref.alloc() : memref<4xf32>
  %l = memref.alloc() : memref<4xf32>
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%out : memref<4x8xf32>)
  return
}

// CHECK-LABEL: func @in_place(
// CHECK-NOT: hydragen.state_ends
func.func @in_place(%a: !llvm.ptr, %b: !llvm.ptr) attributes {hydragen.entry} {
  %q = builtin.unrealized_conversion_cast %a : !llvm.ptr to memref<4x8xf32>
  %k = builtin.unrealized_conversion_cast %b : !llvm.ptr to memref<16x8xf32>
  %o = memref.alloc() : memref<4x8xf32>
  %m = memref.alloc() : memref<4xf32>
  %l = memref.alloc() : memref<4xf32>
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%q : memref<4x8xf32>)
  return
}

// -----

// An output that is only copied, in another shape, is written where it goes; not
// where somebody reads that memory before.

// CHECK-LABEL: func @copied(
// CHECK-SAME: %{{.*}}: memref<8x8xf32>, %{{.*}}: memref<8xf32>, %[[OUT:.*]]: memref<2x4x8xf32>
// CHECK: %[[VIEW:.*]] = memref.collapse_shape %[[OUT]] {{\[\[}}0, 1], [2]] : memref<2x4x8xf32> into memref<8x8xf32>
// CHECK: hydragen.finalize {{.*}} outs(%[[VIEW]] : memref<8x8xf32>)
// CHECK-NEXT: return
func.func @copied(%init: memref<8x8xf32>, %r: memref<8xf32>, %out: memref<2x4x8xf32>) {
  %o = memref.alloc() : memref<8x8xf32>
  %m = memref.alloc() : memref<8xf32>
  %l = memref.alloc() : memref<8xf32>
  memref.copy %init, %o : memref<8x8xf32> to memref<8x8xf32>
  memref.copy %r, %m : memref<8xf32> to memref<8xf32>
  memref.copy %r, %l : memref<8xf32> to memref<8xf32>
  %new = memref.alloc() : memref<8x8xf32>
  hydragen.finalize state(%o, %m, %l : memref<8x8xf32>, memref<8xf32>, memref<8xf32>) outs(%new : memref<8x8xf32>)
  %view = memref.expand_shape %new [[0, 1], [2]] output_shape [2, 4, 8] : memref<8x8xf32> into memref<2x4x8xf32>
  memref.copy %view, %out : memref<2x4x8xf32> to memref<2x4x8xf32>
  memref.dealloc %new : memref<8x8xf32>
  return
}

// CHECK-LABEL: func @copied_late(
// CHECK: hydragen.finalize {{.*}} outs(%[[NEW:.*]] : memref<8x8xf32>)
// CHECK: memref.copy %[[NEW]], %{{.*}}
func.func @copied_late(%init: memref<8x8xf32>, %r: memref<8xf32>, %out: memref<8x8xf32>, %c: index) -> f32 {
  %o = memref.alloc() : memref<8x8xf32>
  %m = memref.alloc() : memref<8xf32>
  %l = memref.alloc() : memref<8xf32>
  memref.copy %init, %o : memref<8x8xf32> to memref<8x8xf32>
  memref.copy %r, %m : memref<8xf32> to memref<8xf32>
  memref.copy %r, %l : memref<8xf32> to memref<8xf32>
  %new = memref.alloc() : memref<8x8xf32>
  hydragen.finalize state(%o, %m, %l : memref<8x8xf32>, memref<8xf32>, memref<8xf32>) outs(%new : memref<8x8xf32>)
  %x = memref.load %out[%c, %c] : memref<8x8xf32>
  memref.copy %new, %out : memref<8x8xf32> to memref<8x8xf32>
  return %x : f32
}
