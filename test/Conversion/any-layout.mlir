// RUN: hydragen-opt %s -hydragen-decompose -hydragen-schedule -convert-hydragen-to-gpu -hydragen-make-entry=any-layout -eliminate-empty-tensors -one-shot-bufferize -canonicalize -cse -hydragen-place-entry -hydragen-plan-memory | FileCheck %s
// RUN: hydragen-opt %s -hydragen-decompose -hydragen-schedule -convert-hydragen-to-gpu -hydragen-make-entry=any-layout -eliminate-empty-tensors -one-shot-bufferize -canonicalize -cse -hydragen-place-entry -hydragen-plan-memory -hydragen-lower-attend | FileCheck %s --check-prefix=CHOICE

// A second function for tensors of any layout: K, V and Q by their strides, but
// for %k, whose dims are collapsed; rows of the output are adjacent.

// CHECK: func.func @main(%{{.*}}: !llvm.ptr) -> i32 attributes {{{.*}}hydragen.placement = "device"
// CHECK: hydragen.attend queries(%{{.*}} : memref<4x2x64xf16>)
// CHECK: func.func private @main__any_layout(%{{.*}}: !llvm.ptr) -> i32 attributes {{{.*}}hydragen.layouts = ["any", "compact", "any", "inner"], hydragen.placement = "device"
// CHECK: hydragen.attend queries(%{{.*}} : memref<4x2x64xf16, strided<[?, ?, ?]>>)
// CHECK-SAME: keys(%{{.*}} : memref<2x32x64xf16>)
// CHECK-SAME: values(%{{.*}} : memref<2x32x64xf16, strided<[?, ?, ?]>>)
// CHECK-SAME: outs(%{{.*}} : memref<4x2x64xf16, strided<[?, ?, 1]>>)

// The entry chooses: addresses modulo 16, strides where they are not known.
// CHOICE: func.func @main(%[[CALL:.*]]: !llvm.ptr) -> i32 attributes {hydragen.entry, {{.*}}hydragen.layouts = ["any", "compact", "any", "inner"], hydragen.placement = "device", hydragen.work = {{.*}}, hydragen.workspace_bytes = {{[0-9]+}} : i64}
// CHOICE: arith.constant 15 : i64
// CHOICE-COUNT-4: arith.andi %{{.*}} : i64
// CHOICE: %[[RESULT:.*]] = scf.if
// CHOICE-NEXT: func.call @main__compact(%[[CALL]])
// CHOICE: else
// CHOICE-NEXT: func.call @main__any_layout(%[[CALL]])
// CHOICE: return %[[RESULT]]
// CHOICE: func.func private @main__compact
// CHOICE: func.func private @main__any_layout
// CHOICE: gpu.func @attend_0_plan(
// CHOICE: gpu.func @attend_0(
// CHOICE: gpu.func @attend_any_0_plan(
// CHOICE: gpu.func @attend_any_0({{.*}}"q_column", "v0_value_pitch", "v0_value_column"
func.func @main(%q: tensor<4x2x64xf16>, %k: tensor<2x8x4x64xf16>, %v: tensor<2x32x64xf16>) -> tensor<4x2x64xf16> {
  %rows = tensor.collapse_shape %k [[0], [1, 2], [3]] : tensor<2x8x4x64xf16> into tensor<2x32x64xf16>
  %e = tensor.empty() : tensor<4x2x64xf16>
  %o = hydragen.attention queries(%q : tensor<4x2x64xf16>) keys(%rows : tensor<2x32x64xf16>) values(%v : tensor<2x32x64xf16>) outs(%e : tensor<4x2x64xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 32, keys = [affine_map<(b, h, n, d, e) -> (h, n, d)>], value = affine_map<(b, h, n, d, e) -> (h, n, e)>>]
  } -> tensor<4x2x64xf16>
  return %o : tensor<4x2x64xf16>
}
