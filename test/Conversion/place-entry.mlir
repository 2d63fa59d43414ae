// RUN: hydragen-opt %s -hydragen-place-entry | FileCheck %s

// Views, sizes, moves and buffers of a known size are on the device; what computes
// with elements is not.

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

// Constants that attention reads are part of the kernels' image, up to 1 MiB.

// CHECK: func.func @constant{{.*}} attributes {hydragen.entry, hydragen.placement = "device"}
memref.global "private" constant @keys : memref<32x16xf16> = dense<1.0>
func.func @constant(%call: !llvm.ptr, %q: memref<4x16xf16>, %o: memref<4x16xf16>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  %k = memref.get_global @keys : memref<32x16xf16>
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  return %zero : i32
}

// CHECK: func.func @large_constant{{.*}} attributes {hydragen.entry, hydragen.placement = "host"}
memref.global "private" constant @many_keys : memref<32769x16xf16> = dense<1.0>
func.func @large_constant(%call: !llvm.ptr, %q: memref<4x16xf16>, %o: memref<4x16xf16>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  %k = memref.get_global @many_keys : memref<32769x16xf16>
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32769x16xf16>) values(%k : memref<32769x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  return %zero : i32
}

// Kernels copy, transpose and fill.

// CHECK: func.func @with_copy{{.*}} attributes {hydragen.entry, hydragen.placement = "device"}
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

// CHECK: func.func @with_work{{.*}} attributes {hydragen.entry, hydragen.placement = "host"}
func.func @with_work(%call: !llvm.ptr, %q: memref<4x16xf16>, %k: memref<32x16xf16>, %o: memref<4x16xf16>, %p: memref<4x16xf16>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  linalg.exp ins(%o : memref<4x16xf16>) outs(%p : memref<4x16xf16>)
  return %zero : i32
}

// Buffers of unknown size, when their size follows from extents of arguments: a
// function says how much they and the attention need.

// CHECK: func.func private @dynamic__own_workspace(%[[SHAPES:.*]]: !llvm.ptr) -> i64
// CHECK: %[[INPUT:.*]] = llvm.getelementptr %[[SHAPES]][24]
// CHECK: %[[SHAPE:.*]] = llvm.load %[[INPUT]] : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.load %[[SHAPE]] : !llvm.ptr -> i64
// CHECK-NOT: memref
// CHECK: func.func private @dynamic__workspace_bytes(%[[ALL:.*]]: !llvm.ptr) -> i64
// CHECK-NEXT: call @dynamic__own_workspace(%[[ALL]])
// CHECK: func.func @dynamic({{.*}}) -> i32 attributes {hydragen.entry, hydragen.placement = "device"}
func.func @dynamic(%call: !llvm.ptr, %fields: !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>, %q: memref<4x16xf16>, %o: memref<4x16xf16>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  %c0 = arith.constant 0 : index
  %keys = builtin.unrealized_conversion_cast %fields : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)> to memref<?x16xf16> {hydragen.input = 3 : i64}
  %n = memref.dim %keys, %c0 : memref<?x16xf16>
  %k = memref.alloc(%n) : memref<?x16xf16>
  memref.copy %keys, %k : memref<?x16xf16> to memref<?x16xf16>
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<?x16xf16>) values(%k : memref<?x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  memref.dealloc %k : memref<?x16xf16>
  return %zero : i32
}

// CHECK: func.func @dynamic_data({{.*}}) -> i32 attributes {hydragen.entry, hydragen.placement = "host"}
// CHECK-NOT: workspace
func.func @dynamic_data(%call: !llvm.ptr, %n: index, %q: memref<4x16xf16>, %o: memref<4x16xf16>) -> i32 attributes {hydragen.entry} {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1.0 : f16
  %k = memref.alloc(%n) : memref<?x16xf16>
  linalg.fill ins(%one : f16) outs(%k : memref<?x16xf16>)
  hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<?x16xf16>) values(%k : memref<?x16xf16>) outs(%o : memref<4x16xf16>) attributes {
    output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
    parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
      query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
      indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
  memref.dealloc %k : memref<?x16xf16>
  return %zero : i32
}
