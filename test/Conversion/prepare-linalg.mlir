// RUN: hydragen-opt %s -hydragen-prepare-linalg -canonicalize | FileCheck %s

// CHECK-DAG: #[[$X:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[$W:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[$Y:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>

// Elementwise ops become one; a concatenation is written piece by piece.

// CHECK-LABEL: func @chain(
// CHECK-COUNT-1: linalg.generic
// CHECK: arith.addf
// CHECK: math.exp
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @chain(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%a, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%0 : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = math.exp %x : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// An exponential is not repeated for each column of a product.

// CHECK-LABEL: func @no_recomputation(
// CHECK: math.exp
// CHECK: } -> tensor<4x8xf32>
// CHECK: linalg.generic
// CHECK: return
func.func @no_recomputation(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
    ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = math.exp %x : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%0, %b : tensor<4x8xf32>, tensor<8x16xf32>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  return %1 : tensor<4x16xf32>
}

// CHECK-LABEL: func @concat(
// CHECK: %[[FIRST:.*]] = tensor.insert_slice %{{.*}} into %{{.*}}[0, 0]
// CHECK: tensor.insert_slice %{{.*}} into %[[FIRST]][2, 0]
func.func @concat(%a: tensor<2x4xf32>, %b: tensor<3x4xf32>) -> tensor<5x4xf32> {
  %0 = tensor.concat dim(0) %a, %b : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
  return %0 : tensor<5x4xf32>
}

// CHECK-LABEL: func @softmax(
// CHECK-NOT: linalg.softmax
// CHECK: return
func.func @softmax(%a: tensor<2x4xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = linalg.softmax dimension(1) ins(%a : tensor<2x4xf32>) outs(%o : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// A product reads its operands as they are stored: the weights transposed, the batch of them broadcast, f16 widened.

// CHECK-LABEL: func @product(
// CHECK-SAME: %[[IN:.*]]: tensor<2x8x16xf32>, %[[WEIGHTS:.*]]: tensor<32x16xf16>
// CHECK-NOT: linalg.transpose
// CHECK: linalg.generic {indexing_maps = [#[[$X]], #[[$W]], #[[$Y]]]
// CHECK-SAME: ins(%[[IN]], %[[WEIGHTS]] :
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %[[WEIGHT:.*]]: f16, %{{.*}}: f32):
// CHECK-NEXT: arith.extf %[[WEIGHT]] : f16 to f32
// CHECK: arith.mulf
func.func @product(%x: tensor<2x8x16xf32>, %w: tensor<32x16xf16>, %y: tensor<2x8x32xf32>) -> tensor<2x8x32xf32> {
  %e = tensor.empty() : tensor<32x16xf32>
  %wide = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                          iterator_types = ["parallel", "parallel"]}
    ins(%w : tensor<32x16xf16>) outs(%e : tensor<32x16xf32>) {
  ^bb0(%a: f16, %b: f32):
    %c = arith.extf %a : f16 to f32
    linalg.yield %c : f32
  } -> tensor<32x16xf32>
  %et = tensor.empty() : tensor<16x32xf32>
  %t = linalg.transpose ins(%wide : tensor<32x16xf32>) outs(%et : tensor<16x32xf32>) permutation = [1, 0]
  %eb = tensor.empty() : tensor<2x16x32xf32>
  %b = linalg.broadcast ins(%t : tensor<16x32xf32>) outs(%eb : tensor<2x16x32xf32>) dimensions = [0]
  %r = linalg.batch_matmul ins(%x, %b : tensor<2x8x16xf32>, tensor<2x16x32xf32>) outs(%y : tensor<2x8x32xf32>) -> tensor<2x8x32xf32>
  return %r : tensor<2x8x32xf32>
}

// A broadcast along the sum stays: the product has no other operand to read there.

// CHECK-LABEL: func @sum_of_one(
// CHECK: linalg.broadcast
// CHECK: linalg.matmul
func.func @sum_of_one(%x: tensor<8x16xf32>, %w: tensor<32xf32>, %y: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %e = tensor.empty() : tensor<16x32xf32>
  %b = linalg.broadcast ins(%w : tensor<32xf32>) outs(%e : tensor<16x32xf32>) dimensions = [0]
  %r = linalg.matmul ins(%x, %b : tensor<8x16xf32>, tensor<16x32xf32>) outs(%y : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %r : tensor<8x32xf32>
}
