// RUN: hydragen-opt %s -hydragen-outline-parallel -split-input-file | FileCheck %s

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

// -----

// A task is a function of a closure; parallel loops within stay the context's.

// CHECK-LABEL: func @tasks(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr, %[[M:.*]]: memref<4xf32>)
// CHECK: %[[CLOSURE:.*]] = llvm.alloca
// CHECK: llvm.store %[[CALL]], %{{.*}}
// CHECK: %[[BODY:.*]] = constant @tasks__task : (!llvm.ptr) -> ()
// CHECK: %[[POINTER:.*]] = builtin.unrealized_conversion_cast %[[BODY]]
// CHECK: %[[BYTES:.*]] = llvm.ptrtoint
// CHECK: %[[SPAWN:.*]] = llvm.getelementptr %{{.*}}[88]
// CHECK: %[[FUNCTION:.*]] = llvm.load %[[SPAWN]]
// CHECK: %[[TASK:.*]] = llvm.call %[[FUNCTION]](%{{.*}}, %[[POINTER]], %[[CLOSURE]], %[[BYTES]]) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> !llvm.ptr
// CHECK: call @kernel(%[[CALL]], %[[M]])
// CHECK: %[[WAIT:.*]] = llvm.getelementptr %{{.*}}[96]
// CHECK: %[[FUNCTION:.*]] = llvm.load %[[WAIT]]
// CHECK: llvm.call %[[FUNCTION]](%{{.*}}, %[[TASK]]) : !llvm.ptr, (!llvm.ptr, !llvm.ptr) -> ()
// CHECK-NOT: async
// CHECK-LABEL: func private @tasks__task(
// CHECK-SAME: %{{.*}}: !llvm.ptr) attributes {hydragen.parallel_body}
// CHECK: call @kernel(%{{.*}}, %{{.*}}) : (!llvm.ptr, memref<4xf32>) -> i32
// CHECK: cf.assert
// CHECK: return
func.func private @kernel(!llvm.ptr, memref<4xf32>) -> i32
func.func @tasks(%call: !llvm.ptr, %m: memref<4xf32>) -> i32 attributes {hydragen.entry} {
  %r = arith.constant 0 : i32
  %task = async.execute {
    %failed = func.call @kernel(%call, %m) : (!llvm.ptr, memref<4xf32>) -> i32
    %zero = arith.constant 0 : i32
    %good = arith.cmpi eq, %failed, %zero : i32
    cf.assert %good, "a kernel failed"
    async.yield
  }
  %other = func.call @kernel(%call, %m) : (!llvm.ptr, memref<4xf32>) -> i32
  async.await %task : !async.token
  return %r : i32
}
