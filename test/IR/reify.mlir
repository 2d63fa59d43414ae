// RUN: hydragen-opt %s -resolve-ranked-shaped-type-result-dims -canonicalize -cse | FileCheck %s

// The dims of results are those of the inits: nothing has to be computed.

// CHECK-LABEL: func @attention
// CHECK-SAME: %[[O:[a-z0-9]*]]: tensor<?x?xf32>)
// CHECK-NOT: hydragen
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[A:.*]] = tensor.dim %[[O]], %[[C0]]
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[O]], %[[C1]]
// CHECK: return %[[A]], %[[B]]
func.func @attention(%q: tensor<?x4xf32>, %k: tensor<?x4xf32>, %v: tensor<?x?xf32>, %n: index, %o: tensor<?x?xf32>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = hydragen.attention queries(%q : tensor<?x4xf32>) keys(%k : tensor<?x4xf32>) values(%v : tensor<?x?xf32>) sizes(%n) outs(%o : tensor<?x?xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], output_map = affine_map<(b, n, d, e) -> (b, e)>,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, n, d, e) -> (n, d)>], value = affine_map<(b, n, d, e) -> (n, e)>>]}
    -> tensor<?x?xf32>
  %a = tensor.dim %0, %c0 : tensor<?x?xf32>
  %b = tensor.dim %0, %c1 : tensor<?x?xf32>
  return %a, %b : index, index
}

// CHECK-LABEL: func @partial_and_states
// CHECK-SAME: %[[O:[a-z0-9]*]]: tensor<?x?xf32>, %[[M:[a-z0-9]*]]: tensor<?xf32>, %[[OUT:[a-z0-9]*]]: tensor<?x?xf16>, %[[LSE:[a-z0-9]*]]: tensor<?xf32>)
// CHECK-NOT: hydragen
// CHECK-DAG: %[[A:.*]] = tensor.dim %[[O]], %c1
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[M]], %c0
// CHECK-DAG: %[[C:.*]] = tensor.dim %[[OUT]], %c1
// CHECK-DAG: %[[D:.*]] = tensor.dim %[[LSE]], %c0
// CHECK: return %[[A]], %[[B]], %[[A]], %[[B]], %[[C]], %[[D]]
func.func @partial_and_states(%q: tensor<?x4xf32>, %k: tensor<?x4xf32>, %v: tensor<?x?xf32>, %o: tensor<?x?xf32>, %m: tensor<?xf32>,
    %out: tensor<?x?xf16>, %lse: tensor<?xf32>) -> (index, index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0:3 = hydragen.prefix_attention queries(%q : tensor<?x4xf32>) keys(%k : tensor<?x4xf32>) value(%v : tensor<?x?xf32>)
    at [0, 0] outs(%o, %m, %m : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>)
    attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>], value_map = affine_map<(b, n, d, e) -> (n, e)>}
    -> tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  %1:3 = hydragen.combine ins(%0#0, %0#1, %0#2 : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>)
    outs(%0#0, %0#1, %0#2 : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>
  %2 = hydragen.finalize state(%1#0, %1#1, %1#2 : tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>) outs(%out : tensor<?x?xf16>) -> tensor<?x?xf16>
  %3 = hydragen.state_lse <e> state(%1#1, %1#2 : tensor<?xf32>, tensor<?xf32>) outs(%lse : tensor<?xf32>) -> tensor<?xf32>
  %a = tensor.dim %0#0, %c1 : tensor<?x?xf32>
  %b = tensor.dim %0#1, %c0 : tensor<?xf32>
  %c = tensor.dim %1#0, %c1 : tensor<?x?xf32>
  %d = tensor.dim %1#2, %c0 : tensor<?xf32>
  %e = tensor.dim %2, %c1 : tensor<?x?xf16>
  %f = tensor.dim %3, %c0 : tensor<?xf32>
  return %a, %b, %c, %d, %e, %f : index, index, index, index, index, index
}
