// RUN: hydragen-opt %s -hydragen-linalg-to-loops -canonicalize | FileCheck %s

// The innermost loop walks B and C with unit stride; the rows run in parallel.

// CHECK-LABEL: func @matmul(
// CHECK-SAME: %[[A:.*]]: memref<256x64xf32>, %[[B:.*]]: memref<64x128xf32>, %[[C:.*]]: memref<256x128xf32>
// CHECK: scf.parallel (%[[FIRST:.*]]) =
// CHECK: scf.for %[[I:.*]] = %[[FIRST]]
// CHECK: scf.for %[[K:.*]] =
// CHECK: scf.for %[[J:.*]] =
// CHECK-DAG: memref.load %[[A]][%[[I]], %[[K]]]
// CHECK-DAG: memref.load %[[B]][%[[K]], %[[J]]]
// CHECK: arith.mulf {{.*}} fastmath<reassoc,contract>
// CHECK: memref.store %{{.*}}, %[[C]][%[[I]], %[[J]]]
func.func @matmul(%a: memref<256x64xf32>, %b: memref<64x128xf32>, %c: memref<256x128xf32>) {
  linalg.matmul ins(%a, %b : memref<256x64xf32>, memref<64x128xf32>) outs(%c : memref<256x128xf32>)
  return
}

// Small ops stay on one thread. The contraction is the contiguous loop of both
// operands here.

// CHECK-LABEL: func @dots(
// CHECK-NOT: scf.parallel
// CHECK: scf.for %[[I:.*]] =
// CHECK: scf.for %[[J:.*]] =
// CHECK: scf.for %[[K:.*]] =
// CHECK: memref.load %{{.*}}[%[[I]], %[[K]]]
// CHECK: memref.load %{{.*}}[%[[J]], %[[K]]]
func.func @dots(%a: memref<8x64xf32>, %b: memref<8x64xf32>, %c: memref<8x8xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, k, j) -> (i, k)>, affine_map<(i, k, j) -> (j, k)>, affine_map<(i, k, j) -> (i, j)>],
                  iterator_types = ["parallel", "reduction", "parallel"]}
    ins(%a, %b : memref<8x64xf32>, memref<8x64xf32>) outs(%c : memref<8x8xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  return
}

// CHECK-LABEL: func @copies(
// CHECK: memref.copy
// CHECK: scf.for
func.func @copies(%a: memref<4x8xf32>, %b: memref<4x8xf32>, %c: memref<4x8xf32, strided<[16, 1]>>) {
  memref.copy %a, %b : memref<4x8xf32> to memref<4x8xf32>
  memref.copy %a, %c : memref<4x8xf32> to memref<4x8xf32, strided<[16, 1]>>
  return
}
