// RUN: hydragen-opt %s -hydragen-make-entry -split-input-file | FileCheck %s
// RUN: not hydragen-opt %s -hydragen-make-entry=entry=other -split-input-file 2>&1 | FileCheck %s --check-prefix=MISSING

// MISSING: entry 'other' is not defined

// Inputs are read from the call's descriptors, results go to the outputs, and
// the shapes of the outputs are a function of their own.

// CHECK-LABEL: func private @main__output_shapes(
// CHECK-SAME: %[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr) -> i32
// CHECK: %[[SHAPE:.*]] = llvm.load %[[IN]]
// CHECK: %[[ROWS:.*]] = llvm.load %[[SHAPE]] : !llvm.ptr -> i64
// CHECK: llvm.store
// CHECK: return %{{.*}} : i32
// CHECK-LABEL: func @main(
// CHECK-SAME: %[[CALL:.*]]: !llvm.ptr) -> i32 attributes {hydragen.entry}
// CHECK: %[[DESCRIPTORS:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK: %[[OUTPUT:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<?x4xf32> {hydragen.output = 0 : i64}
// CHECK: %[[INPUT:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<?x4xf32>
// CHECK: %[[TENSOR:.*]] = bufferization.to_tensor %[[INPUT]] restrict :
// CHECK: %[[SUM:.*]] = linalg.add ins(%[[TENSOR]], %[[TENSOR]]
// CHECK: bufferization.materialize_in_destination %[[SUM]] in restrict writable %[[OUTPUT]]
// CHECK: return %{{.*}} : i32
func.func @main(%a: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %d = tensor.dim %a, %c0 : tensor<?x4xf32>
  %e = tensor.empty(%d) : tensor<?x4xf32>
  %r = linalg.add ins(%a, %a : tensor<?x4xf32>, tensor<?x4xf32>) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// -----

// An input that may be updated in place is the output's buffer.

// CHECK-LABEL: func @main(
// CHECK: %[[CACHE:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<4x8xf32>{{$}}
// CHECK: %[[OLD:.*]] = bufferization.to_tensor %[[CACHE]] restrict writable
// CHECK: %[[NEW:.*]] = bufferization.to_tensor %{{.*}} restrict : memref<1x8xf32>
// CHECK: %[[RESULT:.*]] = tensor.insert_slice %[[NEW]] into %[[OLD]]
// CHECK: bufferization.materialize_in_destination %[[RESULT]] in writable %[[CACHE]]
func.func @main(%cache: tensor<4x8xf32> {hydragen.alias_output = 0 : i64}, %new: tensor<1x8xf32>) -> tensor<4x8xf32> {
  %c = tensor.insert_slice %new into %cache[2, 0] [1, 8] [1, 1] : tensor<1x8xf32> into tensor<4x8xf32>
  return %c : tensor<4x8xf32>
}
