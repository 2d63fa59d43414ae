// RUN: hydragen-opt %s -hydragen-place-entry | FileCheck %s

// Views, sizes and buffers of a known size are on the device; what touches an
// element is not.

// CHECK: func.func @no_attention{{.*}} attributes {hydragen.entry, hydragen.placement = "host"}
func.func @no_attention(%call: !llvm.ptr) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  return %zero : i32
}

// CHECK: func.func @no_entry(%{{.*}}: !llvm.ptr) -> i32 {
func.func @no_entry(%call: !llvm.ptr) -> i32 {
  %zero = arith.constant 0 : i32
  return %zero : i32
}

// CHECK: func.func @attention{{.*}} attributes {hydragen.entry, hydragen.placement = "device"}
func.func @attention(%call: !llvm.ptr, %x: memref<4x2x16xf16>, %k: memref<32x16xf16>, %o: memref<4x16xf16>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  %q = memref.subview %x[0, 0, 0] [4, 1, 16] [1, 1, 1] : memref<4x2x16xf16> to memref<4x16xf16, strided<[32, 1]>>
  %b = memref.alloc() : memref<4x16xf16>
  hydragen.attend queries(%q : memref<4x16xf16, strided<[32, 1]>>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%b : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  memref.dealloc %b : memref<4x16xf16>
  return %zero : i32
}

// CHECK: func.func @with_copy{{.*}} attributes {hydragen.entry, hydragen.placement = "host"}
func.func @with_copy(%call: !llvm.ptr, %q: memref<4x16xf16>, %k: memref<32x16xf16>, %o: memref<4x16xf16>, %p: memref<4x16xf16>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  memref.copy %o, %p : memref<4x16xf16> to memref<4x16xf16>
  return %zero : i32
}

// Integers of integers are computed by kernels; what a kernel has no form for is not.

// CHECK: func.func @integers{{.*}} attributes {hydragen.entry, hydragen.placement = "device"}
func.func @integers(%call: !llvm.ptr, %q: memref<4x16xf16>, %k: memref<32x16xf16>, %o: memref<4x16xf16>, %t: memref<4x5xi64>, %u: memref<4x5xi64>, %least: memref<i64>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  %five = arith.constant 5 : i64
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%u : memref<4x5xi64>) {
  ^bb0(%out: i64):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %x = memref.load %t[%i, %j] : memref<4x5xi64>
    %y = arith.addi %x, %five : i64
    linalg.yield %y : i64
  }
  linalg.fill ins(%five : i64) outs(%least : memref<i64>)
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%u : memref<4x5xi64>) outs(%least : memref<i64>) {
  ^bb0(%x: i64, %out: i64):
    %y = arith.minsi %x, %out : i64
    linalg.yield %y : i64
  }
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  return %zero : i32
}

// CHECK: func.func @sums{{.*}} attributes {hydragen.entry, hydragen.placement = "host"}
func.func @sums(%call: !llvm.ptr, %q: memref<4x16xf16>, %k: memref<32x16xf16>, %o: memref<4x16xf16>, %t: memref<4x5xi64>, %sum: memref<i64>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%t : memref<4x5xi64>) outs(%sum : memref<i64>) {
  ^bb0(%x: i64, %out: i64):
    %y = arith.addi %x, %out : i64
    linalg.yield %y : i64
  }
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  return %zero : i32
}
