// RUN: hydragen-opt %s -hydragen-place-entry -hydragen-lower-attend | FileCheck %s

// A copy, a transposition and a fill in an entry on the device are launches; a
// kernel serves all of one rank and size of elements.

// CHECK: func.func @main
// CHECK-NOT: memref.copy
// CHECK-NOT: linalg
// The grid of each is bounded by the number of multiprocessors.
// CHECK-COUNT-3: llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr) -> i32
// CHECK: gpu.func @copy_0(%{{.*}}: !llvm.ptr<1>, %{{.*}}: !llvm.ptr<1>, %{{.*}}: i64, {{.*}} hydragen.parameters = ["to", "from", "count", "size_1", "to_stride_0", "to_stride_1", "from_stride_0", "from_stride_1"]
// CHECK: gpu.func @fill_2(%{{.*}}: !llvm.ptr<1>, %{{.*}}: i64, {{.*}} hydragen.parameters = ["to", "value", "count", "size_1", "to_stride_0", "to_stride_1"]
// CHECK-NOT: gpu.func @copy
// CHECK: gpu.func @attend_0(
func.func @main(%call: !llvm.ptr, %q: memref<4x16xf16>, %k: memref<32x16xf16>, %o: memref<4x16xf16>, %p: memref<4x16xf16>, %t: memref<16x4xf16>) -> i32 attributes {hydragen.entry, hydragen.workspace_bytes = 0 : i64} {
  %zero = arith.constant 0 : i32
  %half = arith.constant 0.5 : f16
  memref.copy %q, %p : memref<4x16xf16> to memref<4x16xf16>
  linalg.transpose ins(%q : memref<4x16xf16>) outs(%t : memref<16x4xf16>) permutation = [1, 0]
  linalg.fill ins(%half : f16) outs(%o : memref<4x16xf16>)
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  return %zero : i32
}
