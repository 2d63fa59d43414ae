// RUN: hydragen-opt %s -hydragen-decompose -hydragen-schedule -convert-hydragen-to-gpu -hydragen-make-entry -eliminate-empty-tensors -one-shot-bufferize -canonicalize -cse -hydragen-place-entry -hydragen-plan-memory -hydragen-lower-attend | FileCheck %s
// RUN: hydragen-opt %s -hydragen-decompose -hydragen-schedule -convert-hydragen-to-gpu -hydragen-make-entry -eliminate-empty-tensors -one-shot-bufferize -canonicalize -cse -hydragen-place-entry | FileCheck %s --check-prefix=PLACE

// Two attentions of one form: device addresses go into the launches as they are,
// the kernels are made once, and nothing is copied or allocated.

// PLACE: func.func @main(%{{.*}}: !llvm.ptr) -> i32 attributes {{{.*}}hydragen.placement = "device"
// PLACE-COUNT-2: hydragen.attend

// CHECK: func.func @main(%[[CALL:.*]]: !llvm.ptr) -> i32 attributes {{{.*}}hydragen.placement = "device", hydragen.work = {{\[\[}}"attend_0", "65536", "18432"], ["attend_0", "65536", "18432"]], hydragen.workspace_bytes = [[BYTES:[0-9]+]] : i64}
// The plan kernel: number 0, 128 threads, no shared memory.
// CHECK: %[[Q:.*]] = memref.extract_aligned_pointer_as_index
// CHECK: llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, !llvm.ptr, i32) -> ()
// The number of multiprocessors bounds the grid of the attention.
// CHECK: llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr) -> i32
// CHECK: llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, !llvm.ptr, i32) -> ()
// CHECK-COUNT-2: llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, !llvm.ptr, i32) -> ()
// CHECK-NOT: llvm.call
// CHECK: return
// CHECK: gpu.module @hydragen_kernels
// CHECK: gpu.func @attend_0_plan({{.*}} kernel attributes {hydragen.number = 0 : i64, hydragen.parameter_bytes = {{[0-9]+}} : i64, hydragen.parameters = ["workspace",{{.*}} hydragen.shared_bytes = 0 : i64
// CHECK-SAME: known_block_size = array<i32: 128, 1, 1>
// CHECK: gpu.func @attend_0({{.*}} kernel attributes {hydragen.number = 1 : i64,
// CHECK-NOT: gpu.func
func.func @main(%q: tensor<4x2x64xf16>, %r: tensor<4x2x64xf16>, %k: tensor<2x32x64xf16>, %v: tensor<2x32x64xf16>) -> (tensor<4x2x64xf16>, tensor<4x2x64xf16>) {
  %e0 = tensor.empty() : tensor<4x2x64xf16>
  %e1 = tensor.empty() : tensor<4x2x64xf16>
  %o = hydragen.attention queries(%q : tensor<4x2x64xf16>) keys(%k : tensor<2x32x64xf16>) values(%v : tensor<2x32x64xf16>) outs(%e0 : tensor<4x2x64xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 32, keys = [affine_map<(b, h, n, d, e) -> (h, n, d)>], value = affine_map<(b, h, n, d, e) -> (h, n, e)>>]
  } -> tensor<4x2x64xf16>
  %p = hydragen.attention queries(%r : tensor<4x2x64xf16>) keys(%k : tensor<2x32x64xf16>) values(%v : tensor<2x32x64xf16>) outs(%e1 : tensor<4x2x64xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 32, keys = [affine_map<(b, h, n, d, e) -> (h, n, d)>], value = affine_map<(b, h, n, d, e) -> (h, n, e)>>]
  } -> tensor<4x2x64xf16>
  return %o, %p : tensor<4x2x64xf16>, tensor<4x2x64xf16>
}
