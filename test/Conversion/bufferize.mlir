// RUN: hydragen-opt %s -one-shot-bufferize=bufferize-function-boundaries | FileCheck %s

// States are updated in place; a finalize does not read its destination.

// CHECK-LABEL: func @in_place(
// CHECK-SAME: %{{[a-z0-9]*}}: memref<4x16xf32{{.*}} memref<4x64x16xf32{{.*}} memref<4x64x16xf32, strided<[?, ?, ?], offset: ?>>, %[[O:[a-z0-9]*]]: memref<4x16xf32
// CHECK-NOT: memref.alloc
// CHECK: hydragen.suffix_attention {{.*}} outs(%[[O]],
// CHECK-NOT: memref.copy
// CHECK: hydragen.finalize state(%[[O]],
#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
func.func @in_place(%q: tensor<4x16xf32>, %k: tensor<4x64x16xf32>, %v: tensor<4x64x16xf32>,
                    %o: tensor<4x16xf32>, %m: tensor<4xf32>, %l: tensor<4xf32>, %out: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %0:3 = hydragen.suffix_attention queries(%q : tensor<4x16xf32>) keys(%k : tensor<4x64x16xf32>) value(%v : tensor<4x64x16xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
    -> tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>
  %1 = hydragen.finalize state(%0#0, %0#1, %0#2 : tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>) outs(%out : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %1 : tensor<4x16xf32>
}

// CHECK-LABEL: func @still_needed(
// CHECK: memref.alloc
// CHECK: memref.copy
// CHECK: hydragen.combine
func.func @still_needed(%s: tensor<4x16xf32>, %t: tensor<4xf32>, %o: tensor<4x16xf32>, %m: tensor<4xf32>, %l: tensor<4xf32>) -> (tensor<4x16xf32>, tensor<4x16xf32>) {
  %0:3 = hydragen.combine ins(%s, %t, %t : tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>)
    outs(%o, %m, %l : tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>
  return %0#0, %o : tensor<4x16xf32>, tensor<4x16xf32>
}
