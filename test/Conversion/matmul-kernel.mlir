// RUN: hydragen-opt %s -hydragen-linalg-to-loops -canonicalize -cse | FileCheck %s
// RUN: hydragen-opt %s -pass-pipeline="builtin.module(func.func(hydragen-linalg-to-loops{vector-bits=512},canonicalize,cse))" \
// RUN:   | FileCheck %s --check-prefix=WIDE
// RUN: not hydragen-opt %s -pass-pipeline="builtin.module(func.func(hydragen-linalg-to-loops{vector-bits=100}))" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=BITS
// BITS: error: vector-bits must be 128, 256 or 512 but is 100

// B is contiguous along its own loop: it gives the lanes. A is read where it lies, an element for 16 lanes.

// CHECK-LABEL: func @matmul(
// CHECK-SAME: %[[A:.*]]: memref<256x64xf32>, %[[B:.*]]: memref<64x128xf32>, %[[C:.*]]: memref<256x128xf32>
// CHECK: scf.parallel
// CHECK: %[[LANES:.*]] = memref.alloca() {{.*}}: memref<4x64x16xf32>
// CHECK: %[[SUM:.*]] = memref.alloca() {{.*}}: memref<96x64xf32>
// CHECK: vector.load %[[B]]
// CHECK: vector.store %{{.*}}, %[[LANES]]
// CHECK: scf.for %[[K:.*]] = {{.*}} iter_args(
// CHECK-COUNT-2: vector.load %[[LANES]][%{{.*}}, %[[K]], {{.*}}vector<8xf32>
// CHECK: memref.load %[[A]][%{{.*}}, %[[K]]]
// CHECK-NEXT: vector.broadcast
// CHECK-NEXT: math.fma
// CHECK-NEXT: math.fma
// CHECK: memref.load %[[C]]
// CHECK: memref.store %{{.*}}, %[[C]]

// WIDE-LABEL: func @matmul(
// WIDE: memref.alloca() {{.*}}: memref<1x64x64xf32>
// WIDE: scf.for {{.*}} iter_args(
// WIDE: vector.broadcast
// WIDE-COUNT-4: math.fma {{.*}} : vector<16xf32>
// WIDE-NEXT: memref.load
func.func @matmul(%a: memref<256x64xf32>, %b: memref<64x128xf32>, %c: memref<256x128xf32>) {
  linalg.matmul ins(%a, %b : memref<256x64xf32>, memref<64x128xf32>) outs(%c : memref<256x128xf32>)
  return
}

// Both are contiguous along the sum: the small one gives the lanes, the weights are read once. f16 is widened.

// CHECK-LABEL: func @linear(
// CHECK-SAME: %[[X:.*]]: memref<16x64xf16>, %[[W:.*]]: memref<256x64xf16>
// CHECK: %[[LANES:.*]] = memref.alloca() {{.*}}: memref<1x64x16xf32>
// CHECK: %[[ROWS:.*]] = memref.alloca() {{.*}}: memref<6x64xf32>
// CHECK: memref.load %[[X]]
// CHECK: arith.extf
// CHECK: memref.store %{{.*}}, %[[LANES]]
// CHECK: vector.load %[[W]]{{.*}} vector<8xf16>
// CHECK: arith.extf {{.*}} : vector<8xf16> to vector<8xf32>
// CHECK: vector.store %{{.*}}, %[[ROWS]]
#x = affine_map<(i, o, k) -> (i, k)>
#w = affine_map<(i, o, k) -> (o, k)>
#y = affine_map<(i, o, k) -> (i, o)>
func.func @linear(%x: memref<16x64xf16>, %w: memref<256x64xf16>, %y: memref<16x256xf32>) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<16x64xf16>, memref<256x64xf16>) outs(%y : memref<16x256xf32>) {
  ^bb0(%a: f16, %b: f16, %c: f32):
    %aw = arith.extf %a : f16 to f32
    %bw = arith.extf %b : f16 to f32
    %p = arith.mulf %aw, %bw : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  }
  return
}

// What is packed next comes from memory during products, where the operand is large: the next rows' lines, one row after the
// other, or the next block of lanes. What fits into a cache is not asked for.

// CHECK-LABEL: func @large_rows(
// CHECK-SAME: %[[X:.*]]: memref<16x512xf16>, %[[W:.*]]: memref<512x512xf16>
// CHECK: vector.store
// CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %c32 iter_args(
// CHECK-COUNT-6: memref.prefetch %[[W]]{{.*}} read, locality<2>, data
// CHECK-NOT: memref.prefetch
// CHECK: scf.for {{.*}} iter_args(
// CHECK: return
func.func @large_rows(%x: memref<16x512xf16>, %w: memref<512x512xf16>, %y: memref<16x512xf32>) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<16x512xf16>, memref<512x512xf16>) outs(%y : memref<16x512xf32>) {
  ^bb0(%a: f16, %b: f16, %c: f32):
    %aw = arith.extf %a : f16 to f32
    %bw = arith.extf %b : f16 to f32
    %p = arith.mulf %aw, %bw : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  }
  return
}

// CHECK-LABEL: func @large_lanes(
// CHECK-SAME: %[[A:.*]]: memref<96x512xf32>, %[[B:.*]]: memref<512x512xf32>
// CHECK: scf.for {{.*}} step %c16 iter_args(
// CHECK-NOT: memref.prefetch %[[A]]
// CHECK: memref.prefetch %[[B]]
// CHECK-NOT: memref.prefetch %[[A]]
// CHECK: return
func.func @large_lanes(%a: memref<96x512xf32>, %b: memref<512x512xf32>, %c: memref<96x512xf32>) {
  linalg.matmul ins(%a, %b : memref<96x512xf32>, memref<512x512xf32>) outs(%c : memref<96x512xf32>)
  return
}

// Small products stay on one thread.

// CHECK-LABEL: func @small(
// CHECK-NOT: scf.parallel
// CHECK: math.fma
func.func @small(%a: memref<8x8xf32>, %b: memref<8x8xf32>, %c: memref<8x8xf32>) {
  linalg.matmul ins(%a, %b : memref<8x8xf32>, memref<8x8xf32>) outs(%c : memref<8x8xf32>)
  return
}

// No product of floats: a maximum of products, a product that is negated, integers.

// CHECK-LABEL: func @others(
// CHECK-NOT: math.fma
// CHECK: return
func.func @others(%a: memref<8x64xf32>, %b: memref<8x64xf32>, %c: memref<8x8xf32>, %i: memref<8x8xi32>) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : memref<8x64xf32>, memref<8x64xf32>) outs(%c : memref<8x8xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.maximumf %z, %p : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : memref<8x64xf32>, memref<8x64xf32>) outs(%c : memref<8x8xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %n = arith.negf %x : f32
    %p = arith.mulf %n, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  linalg.matmul ins(%i, %i : memref<8x8xi32>, memref<8x8xi32>) outs(%i : memref<8x8xi32>)
  return
}
