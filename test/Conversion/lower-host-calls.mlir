// RUN: hydragen-opt %s -hydragen-lower-host-calls | FileCheck %s

// Both assertions with one text share a message; failing leaves with 1.

// CHECK: llvm.mlir.global private constant @[[$OOM:.*]]("out of memory\00")
// CHECK: llvm.mlir.global private constant @[[$TEXT:.*]]("n is odd\00")
// CHECK-LABEL: func @main(
// CHECK: cf.cond_br %{{.*}}, ^[[NEXT:[a-z0-9]+]], ^[[FAIL:[a-z0-9]+]]
// CHECK: ^[[NEXT]]:
// CHECK: llvm.intr.smul.with.overflow
// CHECK: %[[MEMORY:.*]] = llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr, i64, i64) -> !llvm.ptr
// CHECK: llvm.icmp "ne" %[[MEMORY]]
// CHECK: cf.cond_br %{{.*}}, ^{{.*}}, ^[[NOMEMORY:[a-z0-9]+]]
// CHECK: llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr, !llvm.ptr) -> ()
// CHECK: return
// CHECK: ^[[FAIL]]:
// CHECK: llvm.mlir.addressof @[[$TEXT]]
// CHECK: %[[ONE:[a-z0-9_]+]] = arith.constant 1 : i32
// CHECK: return %[[ONE]] : i32
// CHECK: ^[[NOMEMORY]]:
// CHECK: llvm.mlir.addressof @[[$OOM]]
// CHECK-NOT: memref.alloc
// CHECK-NOT: cf.assert
func.func @main(%call: !llvm.ptr) -> i32 attributes {hydragen.entry} {
  %n = llvm.load %call : !llvm.ptr -> i64
  %i = arith.index_cast %n : i64 to index
  %ok = arith.trunci %n : i64 to i1
  cf.assert %ok, "n is odd"
  %m = memref.alloc(%i) : memref<?x4xf32>
  cf.assert %ok, "n is odd"
  memref.dealloc %m : memref<?x4xf32>
  %r = arith.constant 0 : i32
  return %r : i32
}
