// RUN: hydragen-opt %s -hydragen-guard-shapes -canonicalize -cse | FileCheck %s

// CHECK-LABEL: func @matmul(
// CHECK-SAME: %[[A:[a-z0-9]*]]: tensor<?x?xf32>, %[[B:[a-z0-9]*]]: tensor<?x?xf32>
// CHECK-DAG: %[[K:.*]] = tensor.dim %[[A]], %c1
// CHECK-DAG: %[[OTHER:.*]] = tensor.dim %[[B]], %c0
// CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[K]], %[[OTHER]]
// CHECK: cf.assert %[[SAME]], "extents of the operands differ (linalg.matmul at line {{.*}})"
func.func @matmul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %r = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// What is known needs no check.

// CHECK-LABEL: func @static(
// CHECK-NOT: cf.assert
// CHECK: return
func.func @static(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x2xf32> {
  %r = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %s = tensor.extract_slice %r[0, 2] [4, 2] [1, 1] : tensor<4x4xf32> to tensor<4x2xf32>
  return %s : tensor<4x2xf32>
}

// A position from data.

// CHECK-LABEL: func @slice(
// CHECK: cf.assert %{{.*}}, "a slice begins below 0
// CHECK: cf.assert %{{.*}}, "a slice ends past its tensor
func.func @slice(%a: tensor<4x8xf32>, %new: tensor<1x8xf32>, %i: index) -> tensor<4x8xf32> {
  %r = tensor.insert_slice %new into %a[%i, 0] [1, 8] [1, 1] : tensor<1x8xf32> into tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// Only the index that comes from data is checked.

// CHECK-LABEL: func @gather(
// CHECK: linalg.index 1
// CHECK: cf.assert %{{.*}}, "an index is negative
// CHECK: cf.assert %{{.*}}, "an index is out of range
// CHECK-NOT: cf.assert
// CHECK: return
func.func @gather(%table: tensor<32x4xf32>, %ids: tensor<8xi64>, %out: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
    ins(%ids : tensor<8xi64>) outs(%out : tensor<8x4xf32>) {
  ^bb0(%id: i64, %o: f32):
    %i = arith.index_cast %id : i64 to index
    %j = linalg.index 1 : index
    %x = tensor.extract %table[%i, %j] : tensor<32x4xf32>
    linalg.yield %x : f32
  } -> tensor<8x4xf32>
  return %r : tensor<8x4xf32>
}
