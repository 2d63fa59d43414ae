// RUN: hydragen-opt %s -hydragen-linalg-to-loops -canonicalize | FileCheck %s

// A product with a vector walks both operands; rows run in parallel.

// CHECK-LABEL: func @matvec(
// CHECK-SAME: %[[A:.*]]: memref<4096x64xf32>, %[[B:.*]]: memref<64xf32>, %[[C:.*]]: memref<4096xf32>
// CHECK: scf.parallel (%[[FIRST:.*]]) =
// CHECK: scf.for %[[I:.*]] = %[[FIRST]]
// CHECK: scf.for %[[K:.*]] =
// CHECK-DAG: memref.load %[[A]][%[[I]], %[[K]]]
// CHECK-DAG: memref.load %[[B]][%[[K]]]
// CHECK: arith.mulf {{.*}} fastmath<reassoc,contract>
// CHECK: memref.store %{{.*}}, %[[C]][%[[I]]]
func.func @matvec(%a: memref<4096x64xf32>, %b: memref<64xf32>, %c: memref<4096xf32>) {
  linalg.matvec ins(%a, %b : memref<4096x64xf32>, memref<64xf32>) outs(%c : memref<4096xf32>)
  return
}

// Small ops stay on one thread. The innermost loop is contiguous in the output.

// CHECK-LABEL: func @transpose(
// CHECK-NOT: scf.parallel
// CHECK: scf.for %[[I:.*]] =
// CHECK: scf.for %[[J:.*]] =
// CHECK: memref.load %{{.*}}[%[[J]], %[[I]]]
// CHECK: memref.store %{{.*}}, %{{.*}}[%[[I]], %[[J]]]
func.func @transpose(%a: memref<8x64xf32>, %b: memref<64x8xf32>) {
  linalg.transpose ins(%a : memref<8x64xf32>) outs(%b : memref<64x8xf32>) permutation = [1, 0]
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
