// RUN: hydragen-opt %s -hydragen-overlap-attention -split-input-file | FileCheck %s

// The suffix, with the state it begins with, runs beside the prefix; it is
// waited for where it was.

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @prefix_then_suffix(
// CHECK-SAME: %[[Q:.*]]: memref<64x8xf32>, %[[K:.*]]: memref<512x8xf32>, %[[OWN:.*]]: memref<64x4x8xf32>,
// CHECK: %[[O2:.*]] = memref.alloc() : memref<64x8xf32>
// CHECK: %[[M2:.*]] = memref.alloc()
// CHECK: %[[L2:.*]] = memref.alloc()
// CHECK: linalg.fill {{.*}} outs(%[[O2]]
// CHECK: linalg.fill {{.*}} outs(%[[M2]]
// CHECK: linalg.fill {{.*}} outs(%[[L2]]
// CHECK: %[[TASK:.*]] = async.execute {
// CHECK-NEXT: hydragen.suffix_attention {{.*}} keys(%[[OWN]]
// CHECK: async.yield
// CHECK: hydragen.prefix_attention {{.*}} keys(%[[K]]
// CHECK: async.await %[[TASK]] : !async.token
// CHECK-NEXT: hydragen.combine
func.func @prefix_then_suffix(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 512] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.combine ins(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  memref.dealloc %o2 : memref<64x8xf32>
  memref.dealloc %m2 : memref<64xf32>
  memref.dealloc %l2 : memref<64xf32>
  hydragen.finalize state(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// The other way round: the prefix goes in front first.

// CHECK-LABEL: func @suffix_then_prefix(
// CHECK: %[[TASK:.*]] = async.execute {
// CHECK-NEXT: hydragen.suffix_attention
// CHECK: hydragen.prefix_attention
// CHECK: async.await %[[TASK]]
// CHECK-NEXT: memref.dealloc
func.func @suffix_then_prefix(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  memref.dealloc %o1 : memref<64x8xf32>
  memref.dealloc %m1 : memref<64xf32>
  memref.dealloc %l1 : memref<64xf32>
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 4] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  hydragen.finalize state(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// Over both levels of a tree.

// CHECK-LABEL: func @tree(
// CHECK: %[[TASK:.*]] = async.execute {
// CHECK-NEXT: hydragen.suffix_attention
// CHECK: hydragen.prefix_attention
// CHECK: hydragen.combine
// CHECK: hydragen.prefix_attention
// CHECK: async.await %[[TASK]]
// CHECK-NEXT: hydragen.combine
func.func @tree(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  %o3 = memref.alloc() : memref<64x8xf32>
  %m3 = memref.alloc() : memref<64xf32>
  %l3 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%o3 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m3 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l3 : memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  hydragen.combine ins(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 512] outs(%o3, %m3, %l3 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  %o4 = memref.alloc() : memref<64x8xf32>
  %m4 = memref.alloc() : memref<64xf32>
  %l4 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o4 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m4 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l4 : memref<64xf32>)
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 1024] outs(%o4, %m4, %l4 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.combine ins(%o4, %m4, %l4 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o3, %m3, %l3 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.finalize state(%o3, %m3, %l3 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// Two suffixes are two tasks.

// CHECK-LABEL: func @two_suffixes(
// CHECK: %[[FIRST:.*]] = async.execute {
// CHECK: %[[SECOND:.*]] = async.execute {
// CHECK: hydragen.prefix_attention
// CHECK: async.await %[[FIRST]]
// CHECK: async.await %[[SECOND]]
func.func @two_suffixes(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  %o3 = memref.alloc() : memref<64x8xf32>
  %m3 = memref.alloc() : memref<64xf32>
  %l3 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%o3 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m3 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l3 : memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 512] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 516] outs(%o3, %m3, %l3 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.combine ins(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.combine ins(%o3, %m3, %l3 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.finalize state(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// The suffix goes on from the state of the prefix.

// CHECK-LABEL: func @continued(
// CHECK-NOT: async
func.func @continued(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 512] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.finalize state(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// Its keys are written by what needs the prefix.

// CHECK-LABEL: func @written_between(
// CHECK-NOT: async
func.func @written_between(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  %keys = memref.alloc() : memref<64x4x8xf32>
  %d = memref.expand_shape %o1 [[0, 1], [2]] output_shape [64, 1, 8] : memref<64x8xf32> into memref<64x1x8xf32>
  %c = memref.subview %keys[0, 0, 0] [64, 1, 8] [1, 1, 1] : memref<64x4x8xf32> to memref<64x1x8xf32, strided<[32, 8, 1]>>
  memref.copy %d, %c : memref<64x1x8xf32> to memref<64x1x8xf32, strided<[32, 8, 1]>>
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%keys : memref<64x4x8xf32>) value(%keys : memref<64x4x8xf32>)
    at [0, 512] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.combine ins(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.finalize state(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// Arguments may be the same memory: the prefix may write the keys.

// CHECK-LABEL: func @arguments_may_be_one(
// CHECK-NOT: async
func.func @arguments_may_be_one(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>, %o1: memref<64x8xf32>, %m1: memref<64xf32>, %l1: memref<64xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 512] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.finalize state(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// Its queries are the output of the prefix, if the caller says so.

// CHECK-LABEL: func @choice(
// CHECK-NOT: async
func.func @choice(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>, %c: i1) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  %q2 = arith.select %c, %o1, %q : memref<64x8xf32>
  hydragen.suffix_attention queries(%q2 : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 512] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.combine ins(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.finalize state(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// Both are bound by reading.

// CHECK-LABEL: func @suffixes_alone(
// CHECK-NOT: async
func.func @suffixes_alone(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 4] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.combine ins(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.finalize state(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// Nothing is known of what a call does.

// CHECK-LABEL: func @unknown_op_between(
// CHECK-NOT: async
func.func @unknown_op_between(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>, %out: memref<64x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc() : memref<64x8xf32>
  %m1 = memref.alloc() : memref<64xf32>
  %l1 = memref.alloc() : memref<64xf32>
  %o2 = memref.alloc() : memref<64x8xf32>
  %m2 = memref.alloc() : memref<64xf32>
  %l2 = memref.alloc() : memref<64xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%o2 : memref<64x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<64xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<64xf32>)
  hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  func.call @other() : () -> ()
  hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
    at [0, 512] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  hydragen.combine ins(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
    outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.finalize state(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x8xf32>)
  return
}
func.func private @other()

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#shared = affine_map<(b, n, d, e) -> (n, d)>
#own = affine_map<(b, n, d, e) -> (b, n, d)>
#shared_v = affine_map<(b, n, d, e) -> (n, e)>
#own_v = affine_map<(b, n, d, e) -> (b, n, e)>


// How many rows share the prefix is known in the call only.

// CHECK-LABEL: func @dynamic(
// CHECK: async.execute {
// CHECK-NEXT: hydragen.suffix_attention
// CHECK: hydragen.prefix_attention
// CHECK: async.await
func.func @dynamic(%q: memref<?x8xf32>, %k: memref<512x8xf32>, %own: memref<?x4x8xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %o1 = memref.alloc(%n) : memref<?x8xf32>
  %m1 = memref.alloc(%n) : memref<?xf32>
  %l1 = memref.alloc(%n) : memref<?xf32>
  %o2 = memref.alloc(%n) : memref<?x8xf32>
  %m2 = memref.alloc(%n) : memref<?xf32>
  %l2 = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%o1 : memref<?x8xf32>)
  linalg.fill ins(%none : f32) outs(%m1 : memref<?xf32>)
  linalg.fill ins(%zero : f32) outs(%l1 : memref<?xf32>)
  linalg.fill ins(%zero : f32) outs(%o2 : memref<?x8xf32>)
  linalg.fill ins(%none : f32) outs(%m2 : memref<?xf32>)
  linalg.fill ins(%zero : f32) outs(%l2 : memref<?xf32>)
  hydragen.prefix_attention queries(%q : memref<?x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
    at [0, 0] outs(%o1, %m1, %l1 : memref<?x8xf32>, memref<?xf32>, memref<?xf32>)
    attributes {query_maps = [#q], key_maps = [#shared], value_map = #shared_v}
  hydragen.suffix_attention queries(%q : memref<?x8xf32>) keys(%own : memref<?x4x8xf32>) value(%own : memref<?x4x8xf32>)
    at [0, 512] outs(%o2, %m2, %l2 : memref<?x8xf32>, memref<?xf32>, memref<?xf32>)
    attributes {query_maps = [#q], key_maps = [#own], value_map = #own_v}
  return
}
