// RUN: hydragen-opt %s -hydragen-raise-attention -canonicalize -split-input-file -verify-diagnostics --remark-format=emitRemark --remarks-filter-missed=hydragen | FileCheck %s

// Named ops: scale after the product, softmax as one op. Nothing of it is left.

#q = affine_map<(b, m, n, d) -> (b, m, d)>
#k = affine_map<(b, m, n, d) -> (b, n, d)>
#s = affine_map<(b, m, n, d) -> (b, m, n)>

// CHECK-DAG: #[[$OUT:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
// CHECK-DAG: #[[$QUERY:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4)>
// CHECK-DAG: #[[$KEY:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d4)>
// CHECK-DAG: #[[$VALUE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d2)>
// CHECK-LABEL: func @named_ops
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<4x2x8xf32>, %[[K:[a-z0-9]*]]: tensor<4x19x8xf32>, %[[V:[a-z0-9]*]]: tensor<4x19x8xf32>
// CHECK-NOT: linalg
// CHECK: %[[O:.*]] = hydragen.attention queries(%[[Q]] : {{.*}}) keys(%[[K]] : {{.*}}) values(%[[V]] : {{.*}})
// CHECK-SAME: output_map = #[[$OUT]], query_maps = [#[[$QUERY]]], scale = 5.000000e-01
// CHECK-SAME: segments = [#hydragen.segment<begin = 0, size = 19, keys = [#[[$KEY]]], value = #[[$VALUE]]>]
// CHECK: return %[[O]]
func.func @named_ops(%q: tensor<4x2x8xf32>, %k: tensor<4x19x8xf32>, %v: tensor<4x19x8xf32>) -> tensor<4x2x8xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant dense<0.5> : tensor<4x2x19xf32>
  %se = tensor.empty() : tensor<4x2x19xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%se : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %qk = linalg.batch_matmul indexing_maps = [#q, #k, #s]
         ins(%q, %k : tensor<4x2x8xf32>, tensor<4x19x8xf32>) outs(%s0 : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %s = linalg.mul ins(%qk, %half : tensor<4x2x19xf32>, tensor<4x2x19xf32>) outs(%se : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<4x2x19xf32>) outs(%se : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %oe = tensor.empty() : tensor<4x2x8xf32>
  %o0 = linalg.fill ins(%zero : f32) outs(%oe : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  %o = linalg.batch_matmul ins(%p, %v : tensor<4x2x19xf32>, tensor<4x19x8xf32>) outs(%o0 : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  return %o : tensor<4x2x8xf32>
}

// -----

// Generic ops: exponentials without a maximum, a causal mask by index arithmetic,
// the division after the product with V.

#q = affine_map<(m, n, d) -> (m, d)>
#k = affine_map<(m, n, d) -> (n, d)>
#s = affine_map<(m, n, d) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>

// CHECK-DAG: #[[$VISIBLE:.*]] = affine_map<(d0, d1) -> (d0 - d1 + 16)>
// CHECK-LABEL: func @late_division_causal
// CHECK-NOT: linalg
// CHECK: = hydragen.attention queries
// CHECK-SAME: score_mods = [#hydragen.visible<where = #[[$VISIBLE]]>]
func.func @late_division_causal(%q: tensor<3x8xf32>, %k: tensor<19x8xf32>, %v: tensor<19x8xf32>) -> tensor<3x8xf32> {
  %zero = arith.constant 0.0 : f32
  %hidden = arith.constant 0xFF800000 : f32
  %c16 = arith.constant 16 : index
  %se = tensor.empty() : tensor<3x19xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%se : tensor<3x19xf32>) -> tensor<3x19xf32>
  %qk = linalg.generic {indexing_maps = [#q, #k, #s], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<3x8xf32>, tensor<19x8xf32>) outs(%s0 : tensor<3x19xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %c, %p : f32
    linalg.yield %t : f32
  } -> tensor<3x19xf32>
  %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%qk : tensor<3x19xf32>) outs(%se : tensor<3x19xf32>) {
  ^bb0(%a: f32, %unused: f32):
    %m = linalg.index 0 : index
    %n = linalg.index 1 : index
    %last = arith.addi %m, %c16 : index
    %seen = arith.cmpi sle, %n, %last : index
    %x = arith.select %seen, %a, %hidden : f32
    %y = math.exp %x : f32
    linalg.yield %y : f32
  } -> tensor<3x19xf32>
  %le = tensor.empty() : tensor<3xf32>
  %l0 = linalg.fill ins(%zero : f32) outs(%le : tensor<3xf32>) -> tensor<3xf32>
  %l = linalg.reduce {arith.addf} ins(%e : tensor<3x19xf32>) outs(%l0 : tensor<3xf32>) dimensions = [1]
  %oe = tensor.empty() : tensor<3x8xf32>
  %o0 = linalg.fill ins(%zero : f32) outs(%oe : tensor<3x8xf32>) -> tensor<3x8xf32>
  %pv = linalg.matmul ins(%e, %v : tensor<3x19xf32>, tensor<19x8xf32>) outs(%o0 : tensor<3x8xf32>) -> tensor<3x8xf32>
  %o = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%pv, %l : tensor<3x8xf32>, tensor<3xf32>) outs(%oe : tensor<3x8xf32>) {
  ^bb0(%a: f32, %b: f32, %unused: f32):
    %y = arith.divf %a, %b : f32
    linalg.yield %y : f32
  } -> tensor<3x8xf32>
  return %o : tensor<3x8xf32>
}

// -----

// A softmax over the queries is no attention: left as it is, with the reason.

#q = affine_map<(b, m, n, d) -> (b, m, d)>
#k = affine_map<(b, m, n, d) -> (b, n, d)>
#s = affine_map<(b, m, n, d) -> (b, m, n)>

// CHECK-LABEL: func @softmax_over_queries
// CHECK-NOT: = hydragen.attention
// CHECK: linalg.softmax dimension(1)
func.func @softmax_over_queries(%q: tensor<4x2x8xf32>, %k: tensor<4x19x8xf32>, %v: tensor<4x19x8xf32>) -> tensor<4x2x8xf32> {
  %zero = arith.constant 0.0 : f32
  %se = tensor.empty() : tensor<4x2x19xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%se : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s]
         ins(%q, %k : tensor<4x2x8xf32>, tensor<4x19x8xf32>) outs(%s0 : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %p = linalg.softmax dimension(1) ins(%s : tensor<4x2x19xf32>) outs(%se : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %oe = tensor.empty() : tensor<4x2x8xf32>
  %o0 = linalg.fill ins(%zero : f32) outs(%oe : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  // expected-remark@+1 {{denominator-not-over-keys}}
  %o = linalg.batch_matmul ins(%p, %v : tensor<4x2x19xf32>, tensor<4x19x8xf32>) outs(%o0 : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  return %o : tensor<4x2x8xf32>
}

// -----

// The probabilities have a second user: the attention is raised, they stay.

#q = affine_map<(b, m, n, d) -> (b, m, d)>
#k = affine_map<(b, m, n, d) -> (b, n, d)>
#s = affine_map<(b, m, n, d) -> (b, m, n)>

// CHECK-LABEL: func @probabilities_returned
// CHECK: %[[P:.*]] = linalg.softmax dimension(2)
// CHECK: %[[O:.*]] = hydragen.attention
// CHECK: return %[[O]], %[[P]]
func.func @probabilities_returned(%q: tensor<4x2x8xf32>, %k: tensor<4x19x8xf32>, %v: tensor<4x19x8xf32>) -> (tensor<4x2x8xf32>, tensor<4x2x19xf32>) {
  %zero = arith.constant 0.0 : f32
  %se = tensor.empty() : tensor<4x2x19xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%se : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %s = linalg.batch_matmul indexing_maps = [#q, #k, #s]
         ins(%q, %k : tensor<4x2x8xf32>, tensor<4x19x8xf32>) outs(%s0 : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<4x2x19xf32>) outs(%se : tensor<4x2x19xf32>) -> tensor<4x2x19xf32>
  %oe = tensor.empty() : tensor<4x2x8xf32>
  %o0 = linalg.fill ins(%zero : f32) outs(%oe : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  // expected-remark@+1 {{reason-code=scores-used-elsewhere}}
  %o = linalg.batch_matmul ins(%p, %v : tensor<4x2x19xf32>, tensor<4x19x8xf32>) outs(%o0 : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  return %o, %p : tensor<4x2x8xf32>, tensor<4x2x19xf32>
}

// -----

// A causal mask that hides every key of every row: one score for all keys, and no product in it.

#q = affine_map<(b, m, n, d) -> (b, m, d)>
#k = affine_map<(b, m, n, d) -> (b, n, d)>
#s = affine_map<(b, m, n, d) -> (b, m, n)>
#id = affine_map<(b, m, n) -> (b, m, n)>

// CHECK-LABEL: func @nothing_visible
// CHECK-NOT: = hydragen.attention
// CHECK: linalg.softmax dimension(2)
func.func @nothing_visible(%q: tensor<4x2x8xf32>, %k: tensor<4x3x8xf32>, %v: tensor<4x3x8xf32>) -> tensor<4x2x8xf32> {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -1.0e4 : f32
  %back = arith.constant -2 : index
  %se = tensor.empty() : tensor<4x2x3xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%se : tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %qk = linalg.batch_matmul indexing_maps = [#q, #k, #s]
         ins(%q, %k : tensor<4x2x8xf32>, tensor<4x3x8xf32>) outs(%s0 : tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%qk : tensor<4x2x3xf32>) outs(%se : tensor<4x2x3xf32>) {
  ^bb0(%x: f32, %unused: f32):
    %m = linalg.index 1 : index
    %n = linalg.index 2 : index
    %last = arith.addi %m, %back : index
    %visible = arith.cmpi sle, %n, %last : index
    %y = arith.select %visible, %x, %low : f32
    linalg.yield %y : f32
  } -> tensor<4x2x3xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<4x2x3xf32>) outs(%se : tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %oe = tensor.empty() : tensor<4x2x8xf32>
  %o0 = linalg.fill ins(%zero : f32) outs(%oe : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  // expected-remark@+1 {{reason-code=score-not-contraction}}
  %o = linalg.batch_matmul ins(%p, %v : tensor<4x2x3xf32>, tensor<4x3x8xf32>) outs(%o0 : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  return %o : tensor<4x2x8xf32>
}

// -----

// That V has as many keys as K only the products say, which go: it is asserted, once.

// CHECK-LABEL: func @as_many_keys
// CHECK-SAME: %[[K:[^:]*]]: tensor<4x?x8xf32>, %[[V:[^:]*]]: tensor<4x?x8xf32>
// CHECK-DAG: %[[KEYS:.*]] = tensor.dim %[[K]], %c1
// CHECK-DAG: %[[VALUES:.*]] = tensor.dim %[[V]], %c1
// CHECK: %[[EQUAL:.*]] = arith.cmpi eq, %[[KEYS]], %[[VALUES]] : index
// CHECK: cf.assert %[[EQUAL]], "extents of arguments that attention needs equal"
// CHECK-NOT: cf.assert
// CHECK: = hydragen.attention
func.func @as_many_keys(%k: tensor<4x?x8xf32>, %v: tensor<4x?x8xf32>, %q: tensor<4x2x8xf32>) -> tensor<4x2x8xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1 : index
  %keys = tensor.dim %k, %one : tensor<4x?x8xf32>
  %se = tensor.empty(%keys) : tensor<4x2x?xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%se : tensor<4x2x?xf32>) -> tensor<4x2x?xf32>
  %s = linalg.batch_matmul indexing_maps = [affine_map<(b, m, n, d) -> (b, m, d)>, affine_map<(b, m, n, d) -> (b, n, d)>, affine_map<(b, m, n, d) -> (b, m, n)>]
         ins(%q, %k : tensor<4x2x8xf32>, tensor<4x?x8xf32>) outs(%s0 : tensor<4x2x?xf32>) -> tensor<4x2x?xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<4x2x?xf32>) outs(%se : tensor<4x2x?xf32>) -> tensor<4x2x?xf32>
  %oe = tensor.empty() : tensor<4x2x8xf32>
  %o0 = linalg.fill ins(%zero : f32) outs(%oe : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  %o = linalg.batch_matmul ins(%p, %v : tensor<4x2x?xf32>, tensor<4x?x8xf32>) outs(%o0 : tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  return %o : tensor<4x2x8xf32>
}
