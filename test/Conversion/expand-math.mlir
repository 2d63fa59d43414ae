// RUN: hydragen-opt %s -hydragen-expand-math | FileCheck %s

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
