// RUN: hydragen-opt %s -hydragen-plan-memory | FileCheck %s

// Two buffers that are not alive together share memory; the third lies behind.

// CHECK-LABEL: func @main(
// CHECK-SAME: hydragen.workspace_bytes = 8192 : i64
// CHECK: %[[BYTES:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<8192xi8>
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: memref.view %[[BYTES]][%[[ZERO]]][] : memref<8192xi8> to memref<1024xf32>
// CHECK: %[[SECOND:.*]] = arith.constant 4096 : index
// CHECK: memref.view %[[BYTES]][%[[SECOND]]][] : memref<8192xi8> to memref<1024xf32>
// CHECK: %[[AGAIN:.*]] = arith.constant 0 : index
// CHECK: memref.view %[[BYTES]][%[[AGAIN]]][] : memref<8192xi8> to memref<1000xf32>
// A dynamic size stays an allocation.
// CHECK: memref.alloc(
// CHECK: memref.dealloc
// CHECK-NOT: memref.dealloc
func.func @main(%call: !llvm.ptr) -> i32 attributes {hydragen.entry} {
  %n = arith.constant 3 : index
  %a = memref.alloc() : memref<1024xf32>
  %b = memref.alloc() : memref<1024xf32>
  memref.copy %a, %b : memref<1024xf32> to memref<1024xf32>
  memref.dealloc %a : memref<1024xf32>
  %c = memref.alloc() : memref<1000xf32>
  %d = memref.alloc(%n) : memref<?xf32>
  memref.dealloc %d : memref<?xf32>
  memref.dealloc %b : memref<1024xf32>
  memref.dealloc %c : memref<1000xf32>
  %r = arith.constant 0 : i32
  return %r : i32
}
