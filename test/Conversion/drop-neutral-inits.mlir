// RUN: hydragen-opt %s -hydragen-drop-neutral-inits -split-input-file | FileCheck %s
// RUN: not hydragen-opt %s -hydragen-drop-neutral-inits -convert-hydragen-to-linalg -split-input-file 2>&1 | FileCheck %s --check-prefix=LINALG
// RUN: hydragen-opt %s -hydragen-drop-neutral-inits -one-shot-bufferize=bufferize-function-boundaries -split-input-file | FileCheck %s --check-prefix=BUFFERS

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// LINALG: error: 'hydragen.prefix_attention' op has inits without contents, as the CPU takes them

// CHECK-LABEL: func @neutral(
// CHECK: %[[O:.*]] = tensor.empty() : tensor<4x8xf32>
// CHECK: %[[R:.*]] = tensor.empty() : tensor<4xf32>
// CHECK-NOT: linalg.fill
// CHECK: hydragen.prefix_attention {{.*}} outs(%[[O]], %[[R]], %[[R]] : {{.*}}hydragen.neutral_inits
// Nothing is written to the buffers before, and m and l are two.
// BUFFERS-LABEL: func @neutral(
// BUFFERS-DAG: memref.alloc() {{.*}} : memref<4x8xf32>
// BUFFERS-DAG: memref.alloc() {{.*}} : memref<4xf32>
// BUFFERS-DAG: memref.alloc() {{.*}} : memref<4xf32>
// BUFFERS-NOT: memref.copy
// BUFFERS: hydragen.prefix_attention
func.func @neutral(%q: tensor<4x8xf32>, %k: tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %eo = tensor.empty() : tensor<4x8xf32>
  %er = tensor.empty() : tensor<4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.fill ins(%none : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %s:3 = hydragen.prefix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<16x8xf32>) value(%k : tensor<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %s#0, %s#1 : tensor<4x8xf32>, tensor<4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// -0 is not what an empty sum is.

// CHECK-LABEL: func @negative_zero(
// CHECK: hydragen.prefix_attention
// CHECK-NOT: hydragen.neutral_inits
// CHECK: return
func.func @negative_zero(%q: tensor<4x8xf32>, %k: tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %minus = arith.constant -0.0 : f32
  %eo = tensor.empty() : tensor<4x8xf32>
  %er = tensor.empty() : tensor<4xf32>
  %o = linalg.fill ins(%minus : f32) outs(%eo : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.fill ins(%none : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %s:3 = hydragen.prefix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<16x8xf32>) value(%k : tensor<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %s#0, %s#1 : tensor<4x8xf32>, tensor<4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// A maximum of 0 is a score that was seen.

// CHECK-LABEL: func @maximum_zero(
// CHECK: hydragen.prefix_attention
// CHECK-NOT: hydragen.neutral_inits
// CHECK: return
func.func @maximum_zero(%q: tensor<4x8xf32>, %k: tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %eo = tensor.empty() : tensor<4x8xf32>
  %er = tensor.empty() : tensor<4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %s:3 = hydragen.prefix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<16x8xf32>) value(%k : tensor<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %s#0, %s#1 : tensor<4x8xf32>, tensor<4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// Nor is +infinity the maximum of nothing.

// CHECK-LABEL: func @positive_infinity(
// CHECK: hydragen.prefix_attention
// CHECK-NOT: hydragen.neutral_inits
// CHECK: return
func.func @positive_infinity(%q: tensor<4x8xf32>, %k: tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %inf = arith.constant 0x7F800000 : f32
  %eo = tensor.empty() : tensor<4x8xf32>
  %er = tensor.empty() : tensor<4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.fill ins(%inf : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %s:3 = hydragen.prefix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<16x8xf32>) value(%k : tensor<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %s#0, %s#1 : tensor<4x8xf32>, tensor<4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// A state of the caller.

// CHECK-LABEL: func @given(
// CHECK: hydragen.prefix_attention
// CHECK-NOT: hydragen.neutral_inits
// CHECK: return
func.func @given(%q: tensor<4x8xf32>, %k: tensor<16x8xf32>, %given: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %eo = tensor.empty() : tensor<4x8xf32>
  %er = tensor.empty() : tensor<4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.fill ins(%none : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %s:3 = hydragen.prefix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<16x8xf32>) value(%k : tensor<16x8xf32>)
    at [0, 0] outs(%given, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %s#0, %s#1 : tensor<4x8xf32>, tensor<4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// The fill goes into a tensor of the caller, which may be its output.

// CHECK-LABEL: func @filled_in_place(
// CHECK: hydragen.prefix_attention
// CHECK-NOT: hydragen.neutral_inits
// CHECK: return
func.func @filled_in_place(%q: tensor<4x8xf32>, %k: tensor<16x8xf32>, %given: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %er = tensor.empty() : tensor<4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%given : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.fill ins(%none : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %s:3 = hydragen.prefix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<16x8xf32>) value(%k : tensor<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %s#0, %s#1 : tensor<4x8xf32>, tensor<4xf32>
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// A fill that something else reads stays for it.

// CHECK-LABEL: func @used_elsewhere(
// CHECK: %[[FILL:.*]] = linalg.fill {{.*}} -> tensor<4x8xf32>
// CHECK-NOT: linalg.fill
// CHECK: hydragen.prefix_attention {{.*}}hydragen.neutral_inits
// CHECK: return %{{.*}}, %[[FILL]]
func.func @used_elsewhere(%q: tensor<4x8xf32>, %k: tensor<16x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %eo = tensor.empty() : tensor<4x8xf32>
  %er = tensor.empty() : tensor<4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.fill ins(%none : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %s:3 = hydragen.prefix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<16x8xf32>) value(%k : tensor<16x8xf32>)
    at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
  return %s#0, %o : tensor<4x8xf32>, tensor<4x8xf32>
}
