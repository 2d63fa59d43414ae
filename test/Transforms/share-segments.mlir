// RUN: hydragen-opt %s -hydragen-share-segments -canonicalize -split-input-file -verify-diagnostics \
// RUN:   --remark-format=emitRemark --remarks-filter-missed=hydragen | FileCheck %s

// The prompt is broadcast over the sequences and concatenated with their own
// keys: two segments that read the sources; broadcast and concatenation die.

#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>

// CHECK-DAG: #[[$PROMPT_K:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d1)>
// CHECK-DAG: #[[$PROMPT_V:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[$OWN_K:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d1)>
// CHECK-LABEL: func @prompt_and_own
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<4x8xf32>, %[[PK:[a-z0-9]*]]: tensor<16x8xf32>, %[[PV:[a-z0-9]*]]: tensor<16x8xf32>, %[[OK:[a-z0-9]*]]: tensor<4x3x8xf32>, %[[OV:[a-z0-9]*]]: tensor<4x3x8xf32>
// CHECK-NOT: linalg.broadcast
// CHECK-NOT: tensor.concat
// CHECK: hydragen.attention queries(%[[Q]] : {{.*}}) keys(%[[PK]], %[[OK]] : {{.*}}) values(%[[PV]], %[[OV]] : {{.*}})
// CHECK-SAME: hydragen.cover = #hydragen.cover<rows = [4], keys = 19, pieces = {{\[\[}}[0, 4], [0, 16]], {{\[}}[0, 4], [16, 3]]]>
// CHECK-SAME: #hydragen.segment<begin = 0, size = 16, keys = [#[[$PROMPT_K]]], value = #[[$PROMPT_V]], shared>
// CHECK-SAME: #hydragen.segment<begin = 16, size = 3, keys = [#[[$OWN_K]]]
func.func @prompt_and_own(%q: tensor<4x8xf32>, %prompt_k: tensor<16x8xf32>, %prompt_v: tensor<16x8xf32>,
                          %own_k: tensor<4x3x8xf32>, %own_v: tensor<4x3x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x16x8xf32>
  %pk = linalg.broadcast ins(%prompt_k : tensor<16x8xf32>) outs(%e : tensor<4x16x8xf32>) dimensions = [0]
  %pv = linalg.broadcast ins(%prompt_v : tensor<16x8xf32>) outs(%e : tensor<4x16x8xf32>) dimensions = [0]
  %k = tensor.concat dim(1) %pk, %own_k : (tensor<4x16x8xf32>, tensor<4x3x8xf32>) -> tensor<4x19x8xf32>
  %v = tensor.concat dim(1) %pv, %own_v : (tensor<4x16x8xf32>, tensor<4x3x8xf32>) -> tensor<4x19x8xf32>
  %init = tensor.empty() : tensor<4x8xf32>
  %o = hydragen.attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<4x19x8xf32>) values(%v : tensor<4x19x8xf32>)
    outs(%init : tensor<4x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 19, keys = [#k], value = #v>]} -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// A tree: all six sequences share a root, each pair of them a middle part, written
// as two broadcasts. One segment per level.

#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>

// CHECK-DAG: #[[$ROOT:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d1)>
// CHECK-DAG: #[[$PAIR:.*]] = affine_map<(d0, d1, d2, d3) -> (d0 floordiv 2, d2, d1)>
// CHECK-DAG: #[[$OWN:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d1)>
// CHECK-LABEL: func @tree
// CHECK-NOT: tensor.concat
// CHECK: = hydragen.attention queries
// CHECK-SAME: begin = 0, size = 16, keys = [#[[$ROOT]]]
// CHECK-SAME: shared>
// CHECK-SAME: begin = 16, size = 4, keys = [#[[$PAIR]]]
// CHECK-SAME: shared>
// CHECK-SAME: begin = 20, size = 2, keys = [#[[$OWN]]]
func.func @tree(%q: tensor<6x8xf32>, %root: tensor<16x8xf32>, %pair: tensor<3x4x8xf32>, %own: tensor<6x2x8xf32>) -> tensor<6x8xf32> {
  %re = tensor.empty() : tensor<6x16x8xf32>
  %r = linalg.broadcast ins(%root : tensor<16x8xf32>) outs(%re : tensor<6x16x8xf32>) dimensions = [0]
  %pe = tensor.empty() : tensor<3x2x4x8xf32>
  %p4 = linalg.broadcast ins(%pair : tensor<3x4x8xf32>) outs(%pe : tensor<3x2x4x8xf32>) dimensions = [1]
  %p = tensor.collapse_shape %p4 [[0, 1], [2], [3]] : tensor<3x2x4x8xf32> into tensor<6x4x8xf32>
  %kv = tensor.concat dim(1) %r, %p, %own : (tensor<6x16x8xf32>, tensor<6x4x8xf32>, tensor<6x2x8xf32>) -> tensor<6x22x8xf32>
  %init = tensor.empty() : tensor<6x8xf32>
  %o = hydragen.attention queries(%q : tensor<6x8xf32>) keys(%kv : tensor<6x22x8xf32>) values(%kv : tensor<6x22x8xf32>)
    outs(%init : tensor<6x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 22, keys = [#k], value = #v>]} -> tensor<6x8xf32>
  return %o : tensor<6x8xf32>
}

// -----

// Every key is its sequence's own: left alone, with the reason.

#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>

// CHECK-LABEL: func @nothing_shared
// CHECK: = hydragen.attention queries
// CHECK-SAME: begin = 0, size = 19
// CHECK-NOT: shared
// CHECK: return
func.func @nothing_shared(%q: tensor<4x8xf32>, %k: tensor<4x19x8xf32>, %v: tensor<4x19x8xf32>) -> tensor<4x8xf32> {
  %init = tensor.empty() : tensor<4x8xf32>
  // expected-remark@+1 {{reason-code=nothing-shared}}
  %o = hydragen.attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<4x19x8xf32>) values(%v : tensor<4x19x8xf32>)
    outs(%init : tensor<4x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 19, keys = [#k], value = #v>]} -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// Keys are shared, their values are not: a score product alone is not worth it.

#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>

// CHECK-LABEL: func @only_keys_shared
// CHECK-NOT: shared>
// CHECK: return
func.func @only_keys_shared(%q: tensor<4x8xf32>, %key: tensor<16x8xf32>, %v: tensor<4x16x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x16x8xf32>
  %k = linalg.broadcast ins(%key : tensor<16x8xf32>) outs(%e : tensor<4x16x8xf32>) dimensions = [0]
  %init = tensor.empty() : tensor<4x8xf32>
  // expected-remark@+1 {{reason-code=only-keys-shared}}
  %o = hydragen.attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<4x16x8xf32>) values(%v : tensor<4x16x8xf32>)
    outs(%init : tensor<4x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>]} -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// No suffix: all keys are the prompt's, written out for every sequence. The
// broadcast dies all the same; the repeated heads are rows anyway.

#q = affine_map<(b, h, d, n, e) -> (b, h, d)>
#k = affine_map<(b, h, d, n, e) -> (b, h, n, d)>
#v = affine_map<(b, h, d, n, e) -> (b, h, n, e)>
#o = affine_map<(b, h, d, n, e) -> (b, h, e)>

// CHECK-DAG: #[[$ALL_K:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d3, d2)>
// CHECK-LABEL: func @no_suffix
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<4x2x8xf32>, %[[P:[a-z0-9]*]]: tensor<16x8xf32>
// CHECK-NOT: linalg.broadcast
// CHECK: hydragen.attention queries(%[[Q]] : {{.*}}) keys(%[[P]] : {{.*}}) values(%[[P]] : {{.*}})
// CHECK-SAME: #hydragen.segment<begin = 0, size = 16, keys = [#[[$ALL_K]]], value = #{{.*}}, shared>
func.func @no_suffix(%q: tensor<4x2x8xf32>, %prompt: tensor<16x8xf32>) -> tensor<4x2x8xf32> {
  %e = tensor.empty() : tensor<4x2x16x8xf32>
  %kv = linalg.broadcast ins(%prompt : tensor<16x8xf32>) outs(%e : tensor<4x2x16x8xf32>) dimensions = [0, 1]
  %init = tensor.empty() : tensor<4x2x8xf32>
  %o = hydragen.attention queries(%q : tensor<4x2x8xf32>) keys(%kv : tensor<4x2x16x8xf32>) values(%kv : tensor<4x2x16x8xf32>)
    outs(%init : tensor<4x2x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>]} -> tensor<4x2x8xf32>
  return %o : tensor<4x2x8xf32>
}

// -----

// Heads of one key head, repeated, with keys of each sequence's own: no sharing.

#q = affine_map<(b, h, d, n, e) -> (b, h, d)>
#k = affine_map<(b, h, d, n, e) -> (b, h, n, d)>
#v = affine_map<(b, h, d, n, e) -> (b, h, n, e)>
#o = affine_map<(b, h, d, n, e) -> (b, h, e)>

// CHECK-LABEL: func @repeated_heads
// CHECK-NOT: shared>
// CHECK: return
func.func @repeated_heads(%q: tensor<4x2x8xf32>, %own: tensor<4x16x8xf32>) -> tensor<4x2x8xf32> {
  %e = tensor.empty() : tensor<4x2x16x8xf32>
  %kv = linalg.broadcast ins(%own : tensor<4x16x8xf32>) outs(%e : tensor<4x2x16x8xf32>) dimensions = [1]
  %init = tensor.empty() : tensor<4x2x8xf32>
  // expected-remark@+1 {{reason-code=nothing-shared}}
  %o = hydragen.attention queries(%q : tensor<4x2x8xf32>) keys(%kv : tensor<4x2x16x8xf32>) values(%kv : tensor<4x2x16x8xf32>)
    outs(%init : tensor<4x2x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>]} -> tensor<4x2x8xf32>
  return %o : tensor<4x2x8xf32>
}

// -----

// A block table that is an argument: the pages that all rows have in common are counted when the function runs. All read
// keys [0, 4 * count) through the first row, each reads the rest through its own.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[page] -> (page, n mod 4, d)>
#v = affine_map<(b, n, d, e)[page] -> (page, n mod 4, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#table = affine_map<(b, n, d, e) -> (b, n floordiv 4)>

// CHECK-DAG: #[[$FIRST:.*]] = affine_map<(d0, d1) -> (0, d1)>
// CHECK-DAG: #[[$COMMON:.*]] = affine_map<(d0, d1, d2, d3) -> (0, d1 floordiv 4)>
// CHECK-DAG: #[[$REST:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 floordiv 4)>
// CHECK-LABEL: func @block_table
// CHECK-SAME: %[[TABLE:[a-z0-9]*]]: tensor<3x5xi64>
// CHECK: %[[LEAST:.+]] = linalg.generic {{.*}}#[[$FIRST]]{{.*}} iterator_types = ["reduction", "reduction"]
// CHECK: arith.cmpi ne
// CHECK: arith.minsi
// CHECK: %[[FOUND:.+]] = tensor.extract %[[LEAST]][]
// CHECK: %[[COUNT:.+]] = arith.index_cast %[[FOUND]]
// CHECK: %[[END:.+]] = arith.muli %[[COUNT]]
// Both sides of the cut are slices of the table: nothing is computed for them.
// CHECK: %[[LEADING:.+]] = tensor.extract_slice %[[TABLE]][0, 0] [3, %[[COUNT]]] [1, 1]
// CHECK: %[[BEGIN:.+]] = arith.muli %[[COUNT]]
// CHECK: %[[OWN:.+]] = tensor.extract_slice %[[TABLE]][0, %[[COUNT]]] [3, %{{.+}}] [1, 1]
// CHECK-NOT: linalg.generic
// CHECK: = hydragen.attention
// CHECK-SAME: indices(%{{.+}}, %[[LEADING]], %[[OWN]] :
// CHECK-SAME: sizes(%[[END]], %[[BEGIN]], %{{.+}})
// CHECK-SAME: hydragen.cover = #hydragen.cover<rows = [3], keys = 20, pieces = {{\[\[}}[0, 3], [0, ?]], {{\[}}[0, 3], [?, ?]]]>
// CHECK-SAME: #hydragen.segment<begin = 0, size = ?,
// CHECK-SAME: shared>
// CHECK-SAME: #hydragen.segment<begin = ?, size = ?,
func.func @block_table(%q: tensor<3x8xf32>, %k: tensor<32x4x8xf32>, %v: tensor<32x4x8xf32>, %t: tensor<3x5xi64>) -> tensor<3x8xf32> {
  %init = tensor.empty() : tensor<3x8xf32>
  %o = hydragen.attention queries(%q : tensor<3x8xf32>) keys(%k : tensor<32x4x8xf32>) values(%v : tensor<32x4x8xf32>)
    indices(%t : tensor<3x5xi64>) outs(%init : tensor<3x8xf32>) attributes {query_maps = [#q], output_map = #o, index_maps = [#table],
      segments = [#hydragen.segment<begin = 0, size = 20, keys = [#k], value = #v>]} -> tensor<3x8xf32>
  return %o : tensor<3x8xf32>
}

// -----

// Group numbers: the segment stays as it is, rows with equal numbers are found when it is decomposed.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[group] -> (group, n, d)>
#v = affine_map<(b, n, d, e)[group] -> (group, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#group = affine_map<(b, n, d, e) -> (b)>

// CHECK-LABEL: func @groups
// CHECK: = hydragen.attention
// CHECK-SAME: #hydragen.segment<begin = 0, size = 12, {{.*}} shared, grouped>
func.func @groups(%q: tensor<5x8xf32>, %k: tensor<3x12x8xf32>, %v: tensor<3x12x8xf32>, %g: tensor<5xi64>) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  %o = hydragen.attention queries(%q : tensor<5x8xf32>) keys(%k : tensor<3x12x8xf32>) values(%v : tensor<3x12x8xf32>)
    indices(%g : tensor<5xi64>) outs(%init : tensor<5x8xf32>) attributes {query_maps = [#q], output_map = #o, index_maps = [#group],
      segments = [#hydragen.segment<begin = 0, size = 12, keys = [#k], value = #v>]} -> tensor<5x8xf32>
  return %o : tensor<5x8xf32>
}

// -----

// So few keys (one, mostly: that of a token's row in the embedding) are not worth it.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[group] -> (group, n, d)>
#v = affine_map<(b, n, d, e)[group] -> (group, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#group = affine_map<(b, n, d, e) -> (b)>

// CHECK-LABEL: func @few_keys
// CHECK: = hydragen.attention
// CHECK-SAME: #hydragen.segment<begin = 0, size = 6, keys = [#{{[a-z0-9]+}}], value = #{{[a-z0-9]+}}>]
func.func @few_keys(%q: tensor<5x8xf32>, %k: tensor<3x6x8xf32>, %v: tensor<3x6x8xf32>, %g: tensor<5xi64>) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  // expected-remark @+1 {{reason-code=run-time-index}}
  %o = hydragen.attention queries(%q : tensor<5x8xf32>) keys(%k : tensor<3x6x8xf32>) values(%v : tensor<3x6x8xf32>)
    indices(%g : tensor<5xi64>) outs(%init : tensor<5x8xf32>) attributes {query_maps = [#q], output_map = #o, index_maps = [#group],
      segments = [#hydragen.segment<begin = 0, size = 6, keys = [#k], value = #v>]} -> tensor<5x8xf32>
  return %o : tensor<5x8xf32>
}

// -----

// The row's number is used beside the group's: rows with equal groups read different keys.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e)[group] -> (group, b, n, d)>
#v = affine_map<(b, n, d, e)[group] -> (group, b, n, e)>
#o = affine_map<(b, n, d, e) -> (b, e)>
#group = affine_map<(b, n, d, e) -> (b)>

// CHECK-LABEL: func @group_and_row
// CHECK: = hydragen.attention
// CHECK-SAME: #hydragen.segment<begin = 0, size = 6, keys = [#{{[a-z0-9]+}}], value = #{{[a-z0-9]+}}>]
func.func @group_and_row(%q: tensor<5x8xf32>, %k: tensor<3x5x6x8xf32>, %v: tensor<3x5x6x8xf32>, %g: tensor<5xi64>) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  // expected-remark @+1 {{reason-code=nothing-shared}}
  %o = hydragen.attention queries(%q : tensor<5x8xf32>) keys(%k : tensor<3x5x6x8xf32>) values(%v : tensor<3x5x6x8xf32>)
    indices(%g : tensor<5xi64>) outs(%init : tensor<5x8xf32>) attributes {query_maps = [#q], output_map = #o, index_maps = [#group],
      segments = [#hydragen.segment<begin = 0, size = 6, keys = [#k], value = #v>]} -> tensor<5x8xf32>
  return %o : tensor<5x8xf32>
}

// -----

// Six sequences, first in groups of every third, then in pairs: the second of the three pairs is apart in the digits that
// the first grouping asks for, the others are ranges of one digit. Every piece reads its source, the concatenation dies.

#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>

// CHECK-LABEL: func @thirds_and_pairs
// CHECK-NOT: tensor.concat
// CHECK: = hydragen.attention
// CHECK-SAME: begin = 0, size = 4, {{[^<]*}} shared>
// CHECK-SAME: begin = 4, size = 8, rows = {{\[\[}}0, 2]], {{[^<]*}} shared>
// CHECK-SAME: begin = 4, size = 8, rows = {{\[\[}}2, 1]], {{[^<]*}}>
// CHECK-SAME: begin = 4, size = 8, rows = {{\[\[}}3, 1]], {{[^<]*}}>
// CHECK-SAME: begin = 4, size = 8, rows = {{\[\[}}4, 2]], {{[^<]*}} shared>
func.func @thirds_and_pairs(%q: tensor<6x8xf32>, %third: tensor<3x4x8xf32>, %pair: tensor<3x8x8xf32>) -> tensor<6x8xf32> {
  %te = tensor.empty() : tensor<2x3x4x8xf32>
  %t4 = linalg.broadcast ins(%third : tensor<3x4x8xf32>) outs(%te : tensor<2x3x4x8xf32>) dimensions = [0]
  %t = tensor.collapse_shape %t4 [[0, 1], [2], [3]] : tensor<2x3x4x8xf32> into tensor<6x4x8xf32>
  %pe = tensor.empty() : tensor<3x2x8x8xf32>
  %p4 = linalg.broadcast ins(%pair : tensor<3x8x8xf32>) outs(%pe : tensor<3x2x8x8xf32>) dimensions = [1]
  %p = tensor.collapse_shape %p4 [[0, 1], [2], [3]] : tensor<3x2x8x8xf32> into tensor<6x8x8xf32>
  %kv = tensor.concat dim(1) %t, %p : (tensor<6x4x8xf32>, tensor<6x8x8xf32>) -> tensor<6x12x8xf32>
  %init = tensor.empty() : tensor<6x8xf32>
  %o = hydragen.attention queries(%q : tensor<6x8xf32>) keys(%kv : tensor<6x12x8xf32>) values(%kv : tensor<6x12x8xf32>)
    outs(%init : tensor<6x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 12, keys = [#k], value = #v>]} -> tensor<6x8xf32>
  return %o : tensor<6x8xf32>
}

// -----

// Keys by a table, values by another that says halves of the batch: in digits (half, sequence) rows 0 to 3 of both halves are one piece,
// which is no range of rows, and neither are the last two of both: each half is one for itself.

#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>

// CHECK-LABEL: func @table_over_halves
// CHECK: = hydragen.attention
// CHECK-SAME: rows = {{\[\[}}0, 4]], {{[^<]*}} shared>
// CHECK-SAME: rows = {{\[\[}}4, 2]], {{[^<]*}} shared>
// CHECK-SAME: rows = {{\[\[}}6, 4]], {{[^<]*}} shared>
// CHECK-SAME: rows = {{\[\[}}10, 2]], {{[^<]*}} shared>
func.func @table_over_halves(%q: tensor<12x8xf32>, %pool: tensor<3x4x8xf32>, %half: tensor<2x4x8xf32>, %own: tensor<12x2x8xf32>) -> tensor<12x8xf32> {
  %table = arith.constant dense<[0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2]> : tensor<12xi32>
  %ke = tensor.empty() : tensor<12x4x8xf32>
  %k = linalg.generic {indexing_maps = [affine_map<(b, n, d) -> (b)>, affine_map<(b, n, d) -> (b, n, d)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%table : tensor<12xi32>) outs(%ke : tensor<12x4x8xf32>) {
  ^bb0(%g: i32, %unused: f32):
    %i = arith.index_cast %g : i32 to index
    %n = linalg.index 1 : index
    %d = linalg.index 2 : index
    %x = tensor.extract %pool[%i, %n, %d] : tensor<3x4x8xf32>
    linalg.yield %x : f32
  } -> tensor<12x4x8xf32>
  %halves = arith.constant dense<[0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]> : tensor<12xi32>
  %v = linalg.generic {indexing_maps = [affine_map<(b, n, d) -> (b)>, affine_map<(b, n, d) -> (b, n, d)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%halves : tensor<12xi32>) outs(%ke : tensor<12x4x8xf32>) {
  ^bb0(%g: i32, %unused: f32):
    %i = arith.index_cast %g : i32 to index
    %n = linalg.index 1 : index
    %d = linalg.index 2 : index
    %x = tensor.extract %half[%i, %n, %d] : tensor<2x4x8xf32>
    linalg.yield %x : f32
  } -> tensor<12x4x8xf32>
  %keys = tensor.concat dim(1) %k, %own : (tensor<12x4x8xf32>, tensor<12x2x8xf32>) -> tensor<12x6x8xf32>
  %values = tensor.concat dim(1) %v, %own : (tensor<12x4x8xf32>, tensor<12x2x8xf32>) -> tensor<12x6x8xf32>
  %init = tensor.empty() : tensor<12x8xf32>
  %o = hydragen.attention queries(%q : tensor<12x8xf32>) keys(%keys : tensor<12x6x8xf32>) values(%values : tensor<12x6x8xf32>)
    outs(%init : tensor<12x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 6, keys = [#k], value = #v>]} -> tensor<12x8xf32>
  return %o : tensor<12x8xf32>
}

// -----

// Nothing but zeros behind a prompt of unknown length: three rows of them, then any number, in one piece. Which of the two
// its last key lies in is known only where the second is not empty.

#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>

// CHECK-LABEL: func @zeros_of_unknown_number
// CHECK: = hydragen.attention
// CHECK-SAME: begin = 0, size = ?, {{[^<]*}} shared>
// CHECK-SAME: begin = ?, size = ?, {{[^<]*}} shared>
func.func @zeros_of_unknown_number(%q: tensor<4x8xf32>, %prompt: tensor<?x8xf32>, %rest: tensor<?xi64>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %n = tensor.dim %prompt, %c0 : tensor<?x8xf32>
  %m = tensor.dim %rest, %c0 : tensor<?xi64>
  %begin = arith.addi %n, %c3 : index
  %size = arith.addi %begin, %m : index
  %pe = tensor.empty(%n) : tensor<4x?x8xf32>
  %p = linalg.broadcast ins(%prompt : tensor<?x8xf32>) outs(%pe : tensor<4x?x8xf32>) dimensions = [0]
  %ae = tensor.empty() : tensor<4x3x8xf32>
  %a = linalg.fill ins(%zero : f32) outs(%ae : tensor<4x3x8xf32>) -> tensor<4x3x8xf32>
  %be = tensor.empty(%m) : tensor<4x?x8xf32>
  %b = linalg.fill ins(%zero : f32) outs(%be : tensor<4x?x8xf32>) -> tensor<4x?x8xf32>
  %e = tensor.empty(%size) : tensor<4x?x8xf32>
  %kv0 = tensor.insert_slice %p into %e[0, 0, 0] [4, %n, 8] [1, 1, 1] : tensor<4x?x8xf32> into tensor<4x?x8xf32>
  %kv1 = tensor.insert_slice %a into %kv0[0, %n, 0] [4, 3, 8] [1, 1, 1] : tensor<4x3x8xf32> into tensor<4x?x8xf32>
  %kv = tensor.insert_slice %b into %kv1[0, %begin, 0] [4, %m, 8] [1, 1, 1] : tensor<4x?x8xf32> into tensor<4x?x8xf32>
  %init = tensor.empty() : tensor<4x8xf32>
  %o = hydragen.attention queries(%q : tensor<4x8xf32>) keys(%kv : tensor<4x?x8xf32>) values(%kv : tensor<4x?x8xf32>)
    sizes(%size) outs(%init : tensor<4x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v>]} -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// A prompt, then keys that each sequence begins at another place of one ring: pieces in which the remainder is a difference
// are still read through a remainder, since the difference leaves the ring in other rows.

#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>
#id = affine_map<(b, n, d) -> (b, n, d)>

// CHECK-LABEL: func @ring
// CHECK-NOT: tensor.concat
// CHECK: = hydragen.attention
// CHECK-SAME: begin = 0, size = 16, {{[^<]*}} shared>
func.func @ring(%q: tensor<3x8xf32>, %prompt: tensor<16x8xf32>, %pool: tensor<4x8xf32>) -> tensor<3x8xf32> {
  %c4 = arith.constant 4 : index
  %pe = tensor.empty() : tensor<3x16x8xf32>
  %p = linalg.broadcast ins(%prompt : tensor<16x8xf32>) outs(%pe : tensor<3x16x8xf32>) dimensions = [0]
  %re = tensor.empty() : tensor<3x4x8xf32>
  %r = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel", "parallel"]} outs(%re : tensor<3x4x8xf32>) {
  ^bb0(%unused: f32):
    %b = linalg.index 0 : index
    %n = linalg.index 1 : index
    %d = linalg.index 2 : index
    %s = arith.addi %b, %n : index
    %m = arith.remui %s, %c4 : index
    %x = tensor.extract %pool[%m, %d] : tensor<4x8xf32>
    linalg.yield %x : f32
  } -> tensor<3x4x8xf32>
  %kv = tensor.concat dim(1) %p, %r : (tensor<3x16x8xf32>, tensor<3x4x8xf32>) -> tensor<3x20x8xf32>
  %init = tensor.empty() : tensor<3x8xf32>
  %o = hydragen.attention queries(%q : tensor<3x8xf32>) keys(%kv : tensor<3x20x8xf32>) values(%kv : tensor<3x20x8xf32>)
    outs(%init : tensor<3x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 20, keys = [#k], value = #v>]} -> tensor<3x8xf32>
  return %o : tensor<3x8xf32>
}
