// RUN: hydragen-opt %s -hydragen-outline-parallel | FileCheck %s

// Captured values travel in a closure behind the call pointer; constants do not.

// CHECK-LABEL: func @main(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr)
// CHECK: %[[CLOSURE:.*]] = llvm.alloca
// CHECK: llvm.store %[[CALL]],
// CHECK: %[[BODY:.*]] = constant @main__parallel
// CHECK: %[[POINTER:.*]] = builtin.unrealized_conversion_cast %[[BODY]]
// CHECK: llvm.call %{{.*}}(%{{.*}}, %{{.*}}, %[[POINTER]], %[[CLOSURE]]) : !llvm.ptr, (!llvm.ptr, i64, !llvm.ptr, !llvm.ptr) -> ()
// CHECK-LABEL: func private @main__parallel(
// CHECK-SAME: %{{.*}}: !llvm.ptr, %{{.*}}: i64) attributes {hydragen.parallel_body}
// CHECK: %[[BUFFER:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<?xf32>
// CHECK: arith.constant 1.000000e+00
// The inner one is a plain loop.
// CHECK: scf.for
// CHECK: memref.store %{{.*}}, %[[BUFFER]]
// CHECK-NOT: scf.parallel
func.func @main(%call: !llvm.ptr) -> i32 attributes {hydragen.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 16 : index
  %one = arith.constant 1.0 : f32
  %m = memref.alloc(%n) : memref<?xf32>
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%c1) step (%c1) {
      memref.store %one, %m[%i] : memref<?xf32>
    }
  }
  %r = arith.constant 0 : i32
  return %r : i32
}
