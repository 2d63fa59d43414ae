// RUN: hydragen-opt %s -hydragen-linalg-to-loops -canonicalize -cse | FileCheck %s

// Few rows of a large operand that is contiguous along its own loop: it is read where it lies, eight depths at once, the next
// ones' lines asked for before; sums of a block of lanes stay in a cache.

// CHECK-LABEL: func @few(
// CHECK-SAME: %[[X:.*]]: memref<4x512xf16>, %[[W:.*]]: memref<512x600xf32>, %[[Y:.*]]: memref<4x600xf32>
// CHECK: scf.parallel
// CHECK: %[[ROWS:.*]] = memref.alloca() {{.*}}: memref<4x256xf32>
// CHECK: %[[SUM:.*]] = memref.alloca() {{.*}}: memref<4x80xf32>
// CHECK: memref.load %[[X]]
// CHECK: arith.extf
// CHECK: memref.store %{{.*}}, %[[ROWS]]
// CHECK: scf.for %{{.*}} step %c8
// CHECK-COUNT-4: memref.prefetch %[[W]]
// CHECK-NOT: memref.prefetch
// CHECK-COUNT-8: vector.load %[[W]]{{.*}}, vector<8xf32>
// CHECK-NEXT: vector.load %[[SUM]]
// CHECK-NEXT: memref.load %[[ROWS]]
// CHECK-NEXT: vector.broadcast
// CHECK-NEXT: math.fma
// CHECK: vector.store %{{.*}}, %[[SUM]]
// CHECK: memref.store %{{.*}}, %[[Y]]
#x = affine_map<(i, o, k) -> (i, k)>
#w = affine_map<(i, o, k) -> (k, o)>
#wt = affine_map<(i, o, k) -> (o, k)>
#y = affine_map<(i, o, k) -> (i, o)>
func.func @few(%x: memref<4x512xf16>, %w: memref<512x600xf32>, %y: memref<4x600xf32>) {
  linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%x, %w : memref<4x512xf16>, memref<512x600xf32>) outs(%y : memref<4x600xf32>) {
  ^bb0(%a: f16, %b: f32, %c: f32):
    %aw = arith.extf %a : f16 to f32
    %p = arith.mulf %aw, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  }
  return
}

// One row that has no loop.

// CHECK-LABEL: func @one(
// CHECK-SAME: %[[X:.*]]: memref<?xf32>, %[[W:.*]]: memref<?x?xf32>
// CHECK: scf.parallel
// CHECK: memref.alloca() {{.*}}: memref<1x256xf32>
// CHECK: vector.load %[[W]]
// CHECK: math.fma
func.func @one(%x: memref<?xf32>, %w: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.vecmat ins(%x, %w : memref<?xf32>, memref<?x?xf32>) outs(%y : memref<?xf32>)
  return
}

// Along the sum: each row of the weights meets all others at once, in as many sums as registers want; the next one is asked for.

// CHECK-LABEL: func @along(
// CHECK-SAME: %[[X:.*]]: memref<4x512xf32>, %[[W:.*]]: memref<600x512xf32>
// CHECK: scf.parallel
// CHECK: %[[ROWS:.*]] = memref.alloca() {{.*}}: memref<4x1024xf32>
// CHECK: scf.for {{.*}} step %c16 iter_args(
// CHECK: memref.prefetch %[[W]]
// CHECK: vector.load %[[W]]{{.*}}, vector<8xf32>
// CHECK-COUNT-4: vector.load %[[ROWS]]
// CHECK: vector.load %[[W]]
// CHECK-COUNT-4: vector.load %[[ROWS]]
// CHECK: scf.yield
// CHECK: vector.reduction <add>
func.func @along(%x: memref<4x512xf32>, %w: memref<600x512xf32>, %y: memref<4x600xf32>) {
  linalg.matmul indexing_maps = [#x, #wt, #y] ins(%x, %w : memref<4x512xf32>, memref<600x512xf32>) outs(%y : memref<4x600xf32>)
  return
}

// These do not: the operand fits into a cache, meets more rows (of f32 along the sum 4, or one), or has less than 64 columns.

// CHECK-LABEL: func @small(
// CHECK-NOT: memref<4x256xf32>
// CHECK: return
func.func @small(%x: memref<4x100xf32>, %w: memref<100x100xf32>, %y: memref<4x100xf32>) {
  linalg.matmul ins(%x, %w : memref<4x100xf32>, memref<100x100xf32>) outs(%y : memref<4x100xf32>)
  return
}
// CHECK-LABEL: func @many_along(
// CHECK-NOT: memref<5x1024xf32>
// CHECK: return
func.func @many_along(%x: memref<5x512xf32>, %w: memref<600x512xf32>, %y: memref<5x600xf32>) {
  linalg.matmul indexing_maps = [#x, #wt, #y] ins(%x, %w : memref<5x512xf32>, memref<600x512xf32>) outs(%y : memref<5x600xf32>)
  return
}
// CHECK-LABEL: func @many(
// CHECK-NOT: memref<9x256xf32>
// CHECK: return
func.func @many(%x: memref<9x512xf32>, %w: memref<512x600xf32>, %y: memref<9x600xf32>) {
  linalg.matmul ins(%x, %w : memref<9x512xf32>, memref<512x600xf32>) outs(%y : memref<9x600xf32>)
  return
}
// CHECK-LABEL: func @narrow(
// CHECK-NOT: memref<2x256xf32>
// CHECK: return
func.func @narrow(%x: memref<2x4096xf32>, %w: memref<4096x32xf32>, %y: memref<2x32xf32>) {
  linalg.matmul ins(%x, %w : memref<2x4096xf32>, memref<4096x32xf32>) outs(%y : memref<2x32xf32>)
  return
}
