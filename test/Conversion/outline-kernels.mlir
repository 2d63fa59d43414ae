// RUN: hydragen-opt %s -hydragen-outline-kernels -split-input-file | FileCheck %s

// Two combines of one configuration share a function, whatever their operands; a
// stacked one has its own. A failure in a kernel leaves the caller, too.

// CHECK-LABEL: func @main(
// CHECK-SAME: %[[CALL:[a-z0-9]*]]: !llvm.ptr, %[[O:[a-z0-9]*]]: memref<4x8xf32>, %[[R:[a-z0-9]*]]: memref<4xf32>
// CHECK: %[[CODE:.*]] = call @hydragen_combine(%[[CALL]], %[[O]], %[[R]], %[[R]], %{{.*}}) : (!llvm.ptr,
// CHECK: %[[GOOD:.*]] = arith.cmpi eq, %[[CODE]], %{{.*}} : i32
// CHECK: cf.assert %[[GOOD]]
// CHECK: call @hydragen_combine(
// CHECK: call @hydragen_combine_0(
// CHECK: func private @hydragen_combine(%{{.*}}: !llvm.ptr, %[[A:[a-z0-9]*]]: memref<4x8xf32>, %[[B:[a-z0-9]*]]: memref<4xf32>, %[[C:[a-z0-9]*]]: memref<4xf32>
// CHECK-SAME: attributes {hydragen.entry}
// CHECK: hydragen.combine ins(%[[A]], %[[B]], %[[C]] :
// CHECK: return %{{.*}} : i32
// CHECK: func private @hydragen_combine_0(
// CHECK: hydragen.combine {{.*}} {stacked}
func.func @main(%call: !llvm.ptr, %o: memref<4x8xf32>, %r: memref<4xf32>, %o2: memref<4x8xf32>, %m2: memref<4xf32>, %l2: memref<4xf32>,
                %so: memref<3x4x8xf32>, %sm: memref<3x4xf32>) -> i32 attributes {hydragen.entry} {
  hydragen.combine ins(%o, %r, %r : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    outs(%o2, %m2, %l2 : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
  hydragen.combine ins(%o2, %m2, %l2 : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    outs(%o, %r, %l2 : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
  hydragen.combine ins(%so, %sm, %sm : memref<3x4x8xf32>, memref<3x4xf32>, memref<3x4xf32>)
    outs(%o2, %m2, %l2 : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) {stacked}
  %c0 = arith.constant 0 : i32
  return %c0 : i32
}

// -----

// A constant that a score region captures goes with it; what captures anything
// else stays where it is.

// CHECK-LABEL: func @captures(
// CHECK: call @hydragen_suffix_attention(
// CHECK: hydragen.suffix_attention
// CHECK: func private @hydragen_suffix_attention(
// CHECK: arith.constant 2.000000e+00 : f32
// CHECK: hydragen.yield
#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
func.func @captures(%call: !llvm.ptr, %q: memref<4x8xf32>, %k: memref<16x8xf32>, %m: memref<4xf32>, %l: memref<4xf32>, %x: f32) -> i32 attributes {hydragen.entry} {
  %two = arith.constant 2.0 : f32
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%q, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, score_mods = [#hydragen.custom<>]} {
  ^bb0(%s: f32, %b: index, %n: index):
    %t = arith.mulf %s, %two : f32
    hydragen.yield %t : f32
  }
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%q, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, score_mods = [#hydragen.custom<>]} {
  ^bb0(%s: f32, %b: index, %n: index):
    %t = arith.mulf %s, %x : f32
    hydragen.yield %t : f32
  }
  %c0 = arith.constant 0 : i32
  return %c0 : i32
}

// -----

// Attentions that differ in the rows they compute together are two kernels.

// CHECK-LABEL: func @separate(
// CHECK: call @hydragen_suffix_attention(
// CHECK: call @hydragen_suffix_attention_0(
// CHECK: call @hydragen_suffix_attention(
#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
func.func @separate(%call: !llvm.ptr, %q: memref<4x8xf32>, %k: memref<16x8xf32>, %o: memref<4x8xf32>, %m: memref<4xf32>, %l: memref<4xf32>) -> i32 attributes {hydragen.entry} {
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {hydragen.separate_rows = array<i64: 0>, query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.suffix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  %c0 = arith.constant 0 : i32
  return %c0 : i32
}

// -----

// Products of one shape are one kernel; not in a loop, which a failure could not leave; a sum of rows is none.

// CHECK-LABEL: func @products(
// CHECK: call @linalg_matmul(%{{.*}}, %{{.*}}, %[[W:.*]], %[[Y:.*]])
// CHECK: call @linalg_matmul(
// CHECK: scf.for
// CHECK-NEXT: linalg.matmul
// CHECK: linalg.reduce
// CHECK-LABEL: func private @linalg_matmul(
// CHECK-NEXT: linalg.matmul
// CHECK-NOT: func private
func.func @products(%call: !llvm.ptr, %x: memref<4x8xf32>, %w: memref<8x8xf32>, %y: memref<4x8xf32>, %s: memref<4xf32>) -> i32 attributes {hydragen.entry} {
  linalg.matmul ins(%x, %w : memref<4x8xf32>, memref<8x8xf32>) outs(%y : memref<4x8xf32>)
  linalg.matmul ins(%y, %w : memref<4x8xf32>, memref<8x8xf32>) outs(%x : memref<4x8xf32>)
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %c1 step %c1 {
    linalg.matmul ins(%x, %w : memref<4x8xf32>, memref<8x8xf32>) outs(%y : memref<4x8xf32>)
  }
  linalg.reduce ins(%y : memref<4x8xf32>) outs(%s : memref<4xf32>) dimensions = [1]
    (%a: f32, %b: f32) {
      %t = arith.addf %a, %b : f32
      linalg.yield %t : f32
    }
  %zero = arith.constant 0 : i32
  return %zero : i32
}

// -----

// So are products of one row with weights that are read in place; small ones stay.

// CHECK-LABEL: func @rows(
// CHECK-COUNT-2: call @linalg_vecmat(
// CHECK: linalg.vecmat
// CHECK-LABEL: func private @linalg_vecmat(
// CHECK-NOT: func private
func.func @rows(%call: !llvm.ptr, %x: memref<256xf32>, %w: memref<256x256xf32>, %y: memref<256xf32>, %a: memref<8xf32>, %b: memref<8x64xf32>, %c: memref<64xf32>) -> i32 attributes {hydragen.entry} {
  linalg.vecmat ins(%x, %w : memref<256xf32>, memref<256x256xf32>) outs(%y : memref<256xf32>)
  linalg.vecmat ins(%y, %w : memref<256xf32>, memref<256x256xf32>) outs(%x : memref<256xf32>)
  linalg.vecmat ins(%a, %b : memref<8xf32>, memref<8x64xf32>) outs(%c : memref<64xf32>)
  %zero = arith.constant 0 : i32
  return %zero : i32
}

// -----

// An attention that begins with nothing is another kernel than one that goes on
// from a state.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// CHECK-LABEL: func @neutral(
// CHECK: call @hydragen_prefix_attention(
// CHECK: call @hydragen_prefix_attention_0(
// CHECK: func private @hydragen_prefix_attention(
// CHECK: hydragen.neutral_inits
// CHECK: func private @hydragen_prefix_attention_0(
// CHECK-NOT: hydragen.neutral_inits
func.func @neutral(%call: !llvm.ptr, %q: memref<4x8xf32>, %k: memref<16x8xf32>, %o: memref<4x8xf32>, %m: memref<4xf32>,
                   %l: memref<4xf32>) -> i32 attributes {hydragen.entry} {
  hydragen.prefix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, hydragen.neutral_inits}
  hydragen.prefix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  %r = arith.constant 0 : i32
  return %r : i32
}

// -----

// What ends a state where it is made goes with its maker: another kernel than the
// maker alone, or than one with another end.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// CHECK-LABEL: func @ends(
// CHECK-SAME: %[[CALL:[a-z0-9]*]]: !llvm.ptr, %[[Q:[a-z0-9]*]]: memref<4x8xf32>, %[[K:[a-z0-9]*]]: memref<16x8xf32>, %[[O:[a-z0-9]*]]: memref<4x8xf32>, %[[M:[a-z0-9]*]]: memref<4xf32>, %[[L:[a-z0-9]*]]: memref<4xf32>, %[[S:[a-z0-9]*]]: memref<4xf32>, %[[OUT:[a-z0-9]*]]: memref<4x8xbf16>
// CHECK: call @hydragen_prefix_attention(%[[CALL]], %[[Q]], %[[K]], %[[K]], %[[O]], %[[M]], %[[L]], %[[S]], %[[OUT]])
// CHECK: call @hydragen_prefix_attention(
// CHECK: call @hydragen_prefix_attention_0(
// CHECK: call @hydragen_prefix_attention_1(
// CHECK-NOT: hydragen.finalize
// CHECK: func private @hydragen_prefix_attention(%{{.*}}: !llvm.ptr, {{.*}}, %[[O:[a-z0-9]*]]: memref<4x8xf32>, %[[M:[a-z0-9]*]]: memref<4xf32>, %[[L:[a-z0-9]*]]: memref<4xf32>, %[[S:[a-z0-9]*]]: memref<4xf32>, %[[OUT:[a-z0-9]*]]: memref<4x8xbf16>)
// CHECK: hydragen.prefix_attention {{.*}} outs(%[[O]], %[[M]], %[[L]] :
// CHECK-NEXT: hydragen.finalize state(%[[O]], %[[M]], %[[L]] : {{.*}} sinks(%[[S]] : {{.*}} outs(%[[OUT]] : {{.*}} {hydragen.state_ends, sink_maps
// CHECK: func private @hydragen_prefix_attention_0(
// CHECK: hydragen.finalize {{.*}} {hydragen.state_ends, masked_rows
// CHECK: func private @hydragen_prefix_attention_1(
// CHECK-NOT: hydragen.finalize
func.func @ends(%call: !llvm.ptr, %q: memref<4x8xf32>, %k: memref<16x8xf32>, %o: memref<4x8xf32>, %m: memref<4xf32>,
                %l: memref<4xf32>, %s: memref<4xf32>, %out: memref<4x8xbf16>) -> i32 attributes {hydragen.entry} {
  hydragen.prefix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) sinks(%s : memref<4xf32>)
    outs(%out : memref<4x8xbf16>) {hydragen.state_ends, sink_maps = [affine_map<(b) -> (b)>]}
  hydragen.prefix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) sinks(%s : memref<4xf32>)
    outs(%out : memref<4x8xbf16>) {hydragen.state_ends, sink_maps = [affine_map<(b) -> (b)>]}
  hydragen.prefix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.finalize state(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    outs(%out : memref<4x8xbf16>) {hydragen.state_ends, masked_rows = #hydragen.masked_rows<zero>}
  hydragen.prefix_attention queries(%q : memref<4x8xf32>) keys(%k : memref<16x8xf32>) value(%k : memref<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  %r = arith.constant 0 : i32
  return %r : i32
}
