// RUN: hydragen-opt %s -hydragen-expand-math | FileCheck %s
// RUN: hydragen-opt %s -hydragen-expand-math=fused-multiply-add=false | FileCheck %s --check-prefix=SPLIT

// CHECK-LABEL: func @functions(
// CHECK-NOT: math.exp
// CHECK-NOT: math.tanh
// CHECK: math.fma
// CHECK: math.sin
func.func @functions(%x: f32) -> (f32, f32, f32) {
  %0 = math.exp %x : f32
  %1 = math.tanh %x : f32
  %2 = math.sin %x : f32
  return %0, %1, %2 : f32, f32, f32
}

// Without an instruction, multiply-adds that may be contracted are products and
// sums again, those of polynomials too; the model's own are exact.

// CHECK-LABEL: func @fused(
// CHECK-SAME: %[[A:.*]]: vector<8xf32>, %[[B:.*]]: vector<8xf32>, %[[C:.*]]: vector<8xf32>
// CHECK: %[[X:.*]] = math.fma %[[A]], %[[B]], %[[C]] fastmath<contract> : vector<8xf32>
// CHECK: %[[Y:.*]] = math.fma %[[A]], %[[B]], %[[X]] : vector<8xf32>
// CHECK: return %[[Y]]
// SPLIT-LABEL: func @functions(
// SPLIT-NOT: math.fma
// SPLIT-LABEL: func @fused(
// SPLIT-SAME: %[[A:.*]]: vector<8xf32>, %[[B:.*]]: vector<8xf32>, %[[C:.*]]: vector<8xf32>
// SPLIT: %[[AB:.*]] = arith.mulf %[[A]], %[[B]] : vector<8xf32>
// SPLIT: %[[X:.*]] = arith.addf %[[AB]], %[[C]] : vector<8xf32>
// SPLIT: %[[Y:.*]] = math.fma %[[A]], %[[B]], %[[X]] : vector<8xf32>
// SPLIT: return %[[Y]]
func.func @fused(%a: vector<8xf32>, %b: vector<8xf32>, %c: vector<8xf32>) -> vector<8xf32> {
  %x = math.fma %a, %b, %c fastmath<contract> : vector<8xf32>
  %y = math.fma %a, %b, %x : vector<8xf32>
  return %y : vector<8xf32>
}
