// RUN: hydragen-opt %s -pass-pipeline="builtin.module(func.func(hydragen-share-segments))" -split-input-file | FileCheck %s
// RUN: hydragen-opt %s -pass-pipeline="builtin.module(func.func(hydragen-share-segments{target=cpu:512}))" -split-input-file | FileCheck %s --check-prefix=AUTO
// RUN: hydragen-opt %s -pass-pipeline="builtin.module(func.func(hydragen-share-segments{sharing=always target=cpu:512}))" -split-input-file | FileCheck %s --check-prefix=ALWAYS
// RUN: hydragen-opt %s -pass-pipeline="builtin.module(func.func(hydragen-share-segments{target=cpu:512 pieces}))" -split-input-file | FileCheck %s --check-prefix=PIECES
// RUN: hydragen-opt %s -pass-pipeline="builtin.module(func.func(hydragen-share-segments{sharing=never pieces}))" -split-input-file | FileCheck %s --check-prefix=NEVER
// RUN: not hydragen-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(hydragen-share-segments{target=tpu}))" 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not hydragen-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(hydragen-share-segments{sharing=some}))" 2>&1 | FileCheck %s --check-prefix=SHARING
// TARGET: error: hydragen-share-segments: unknown target 'tpu'
// SHARING: error: hydragen-share-segments: sharing expects auto, always or never but got some

// What a record says of who shares, and when sharing pays.

// Three sequences in a row share a prefix: [batch, heads, ...], b floordiv 3.
#q = affine_map<(b, h, d, n, e) -> (b, h, d)>
#k = affine_map<(b, h, d, n, e) -> (b, h, n, d)>
#v = affine_map<(b, h, d, n, e) -> (b, h, n, e)>
#o = affine_map<(b, h, d, n, e) -> (b, h, e)>
// CHECK-LABEL: @groups_in_a_row
// CHECK-SAME: outcome = shared, reason_code = ""
// CHECK-SAME: keys = [0, 16], shared_by = group, groups = 2, sequences = 3, level = 0, rows = {{\[\[}}0, 2, 2], [0, 3, 3]], copies_over = [0]
// CHECK-SAME: keys = [16, 18], shared_by = own, groups = 6, sequences = 1, level = 1, rows = {{\[\[}}0, 2, 2], [0, 3, 3]], copies_over = [0, 1]
// K and V are one tensor of 4 bytes x 8 columns, read twice: 6 x 2 rows of 18 keys against 2 x 2 of 16 and 6 x 2 of 2.
// CHECK-SAME: bytes = [13824, 5632], guarded = false>
func.func @groups_in_a_row(%q: tensor<6x2x8xf32>, %p: tensor<2x2x16x8xf32>, %own: tensor<6x2x2x8xf32>, %init: tensor<6x2x8xf32>) -> tensor<6x2x8xf32> {
  %e = tensor.empty() : tensor<2x3x2x16x8xf32>
  %b = linalg.broadcast ins(%p : tensor<2x2x16x8xf32>) outs(%e : tensor<2x3x2x16x8xf32>) dimensions = [1]
  %c = tensor.collapse_shape %b [[0, 1], [2], [3], [4]] : tensor<2x3x2x16x8xf32> into tensor<6x2x16x8xf32>
  %kv = tensor.concat dim(2) %c, %own : (tensor<6x2x16x8xf32>, tensor<6x2x2x8xf32>) -> tensor<6x2x18x8xf32>
  %o = hydragen.attention queries(%q : tensor<6x2x8xf32>) keys(%kv : tensor<6x2x18x8xf32>) values(%kv : tensor<6x2x18x8xf32>)
    outs(%init : tensor<6x2x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 18, keys = [#k], value = #v>]} -> tensor<6x2x8xf32>
  return %o : tensor<6x2x8xf32>
}

// -----

// Sequences take turns, b mod 2: a digit inside the shared one, but of the same index of the queries.
#q = affine_map<(b, h, d, n, e) -> (b, h, d)>
#k = affine_map<(b, h, d, n, e) -> (b, h, n, d)>
#v = affine_map<(b, h, d, n, e) -> (b, h, n, e)>
#o = affine_map<(b, h, d, n, e) -> (b, h, e)>
// CHECK-LABEL: @groups_taking_turns
// CHECK-SAME: keys = [0, 16], shared_by = group, groups = 2, sequences = 3, level = 0, rows = {{\[\[}}0, 3, 3], [0, 2, 2]], copies_over = [1]
// CHECK-SAME: keys = [16, 18], shared_by = own, groups = 6, sequences = 1, level = 1
func.func @groups_taking_turns(%q: tensor<6x2x8xf32>, %p: tensor<2x2x16x8xf32>, %own: tensor<6x2x2x8xf32>, %init: tensor<6x2x8xf32>) -> tensor<6x2x8xf32> {
  %e = tensor.empty() : tensor<3x2x2x16x8xf32>
  %b = linalg.broadcast ins(%p : tensor<2x2x16x8xf32>) outs(%e : tensor<3x2x2x16x8xf32>) dimensions = [0]
  %c = tensor.collapse_shape %b [[0, 1], [2], [3], [4]] : tensor<3x2x2x16x8xf32> into tensor<6x2x16x8xf32>
  %kv = tensor.concat dim(2) %c, %own : (tensor<6x2x16x8xf32>, tensor<6x2x2x8xf32>) -> tensor<6x2x18x8xf32>
  %o = hydragen.attention queries(%q : tensor<6x2x8xf32>) keys(%kv : tensor<6x2x18x8xf32>) values(%kv : tensor<6x2x18x8xf32>)
    outs(%init : tensor<6x2x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 18, keys = [#k], value = #v>]} -> tensor<6x2x8xf32>
  return %o : tensor<6x2x8xf32>
}

// -----

// Batch and heads in one dim: the inner digit is a dim of the queries' source of its own, so it is heads.
#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>
// CHECK-LABEL: @heads_in_the_batch
// CHECK-SAME: keys = [0, 16], shared_by = all, groups = 1, sequences = 3, level = 0, rows = {{\[\[}}0, 3, 3]], copies_over = []
// CHECK-SAME: keys = [16, 18], shared_by = own, groups = 3, sequences = 1, level = 1
func.func @heads_in_the_batch(%source: tensor<3x2x8xf32>, %p: tensor<2x16x8xf32>, %own: tensor<6x2x8xf32>, %init: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %q = tensor.collapse_shape %source [[0, 1], [2]] : tensor<3x2x8xf32> into tensor<6x8xf32>
  %e = tensor.empty() : tensor<3x2x16x8xf32>
  %b = linalg.broadcast ins(%p : tensor<2x16x8xf32>) outs(%e : tensor<3x2x16x8xf32>) dimensions = [0]
  %c = tensor.collapse_shape %b [[0, 1], [2], [3]] : tensor<3x2x16x8xf32> into tensor<6x16x8xf32>
  %kv = tensor.concat dim(1) %c, %own : (tensor<6x16x8xf32>, tensor<6x2x8xf32>) -> tensor<6x18x8xf32>
  %o = hydragen.attention queries(%q : tensor<6x8xf32>) keys(%kv : tensor<6x18x8xf32>) values(%kv : tensor<6x18x8xf32>)
    outs(%init : tensor<6x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 18, keys = [#k], value = #v>]} -> tensor<6x8xf32>
  return %o : tensor<6x8xf32>
}

// -----

// A dim outside the shared one that K and V depend on: prompts, with samples of one prompt inside.
#q = affine_map<(g, b, d, n, e) -> (g, b, d)>
#k = affine_map<(g, b, d, n, e) -> (g, b, n, d)>
#v = affine_map<(g, b, d, n, e) -> (g, b, n, e)>
#o = affine_map<(g, b, d, n, e) -> (g, b, e)>
// CHECK-LABEL: @samples_of_prompts
// CHECK-SAME: keys = [0, 16], shared_by = group, groups = 2, sequences = 3, level = 0
// CHECK-SAME: keys = [16, 18], shared_by = own, groups = 6, sequences = 1, level = 1
func.func @samples_of_prompts(%q: tensor<2x3x8xf32>, %p: tensor<2x16x8xf32>, %own: tensor<2x3x2x8xf32>, %init: tensor<2x3x8xf32>) -> tensor<2x3x8xf32> {
  %e = tensor.empty() : tensor<2x3x16x8xf32>
  %b = linalg.broadcast ins(%p : tensor<2x16x8xf32>) outs(%e : tensor<2x3x16x8xf32>) dimensions = [1]
  %kv = tensor.concat dim(2) %b, %own : (tensor<2x3x16x8xf32>, tensor<2x3x2x8xf32>) -> tensor<2x3x18x8xf32>
  %o = hydragen.attention queries(%q : tensor<2x3x8xf32>) keys(%kv : tensor<2x3x18x8xf32>) values(%kv : tensor<2x3x18x8xf32>)
    outs(%init : tensor<2x3x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 18, keys = [#k], value = #v>]} -> tensor<2x3x8xf32>
  return %o : tensor<2x3x8xf32>
}

// -----

// A tree that was written so, with segments for groups and for some rows.
#q = affine_map<(b, d, n, e) -> (b, d)>
#all = affine_map<(b, d, n, e) -> (n, d)>
#all_v = affine_map<(b, d, n, e) -> (n, e)>
#group = affine_map<(b, d, n, e) -> (b floordiv 2, n, d)>
#group_v = affine_map<(b, d, n, e) -> (b floordiv 2, n, e)>
#own = affine_map<(b, d, n, e) -> (b, n, d)>
#own_v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>
// CHECK-LABEL: @written_tree
// CHECK-SAME: outcome = shared, reason_code = "", reason = "as the op has them"
// CHECK-SAME: keys = [0, 8], shared_by = all, groups = 1, sequences = 6, level = 0
// CHECK-SAME: keys = [8, 12], shared_by = group, groups = 3, sequences = 2, level = 2
// CHECK-SAME: keys = [12, 13], shared_by = group, groups = 1, sequences = 5, level = 1, rows = {{\[\[}}0, 5, 6]], copies_over = []
// CHECK-SAME: keys = [13, 15], shared_by = own, groups = 6, sequences = 1, level = 3
func.func @written_tree(%q: tensor<6x8xf32>, %a: tensor<8x8xf32>, %g: tensor<3x4x8xf32>, %r: tensor<1x8xf32>, %s: tensor<6x2x8xf32>, %init: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %o = hydragen.attention queries(%q : tensor<6x8xf32>)
    keys(%a, %g, %r, %s : tensor<8x8xf32>, tensor<3x4x8xf32>, tensor<1x8xf32>, tensor<6x2x8xf32>)
    values(%a, %g, %r, %s : tensor<8x8xf32>, tensor<3x4x8xf32>, tensor<1x8xf32>, tensor<6x2x8xf32>)
    outs(%init : tensor<6x8xf32>) attributes {query_maps = [#q], output_map = #o, segments = [
      #hydragen.segment<begin = 0, size = 8, keys = [#all], value = #all_v>,
      #hydragen.segment<begin = 8, size = 4, keys = [#group], value = #group_v>,
      #hydragen.segment<begin = 12, size = 1, rows = [[0, 5]], keys = [#all], value = #all_v>,
      #hydragen.segment<begin = 13, size = 2, keys = [#own], value = #own_v>]} -> tensor<6x8xf32>
  return %o : tensor<6x8xf32>
}

// -----

// Nothing to gain: plain and shared are predicted the same.
#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>
// CHECK-LABEL: @nothing_shared
// CHECK-SAME: outcome = plain, reason_code = "nothing-shared"
// CHECK-SAME: keys = [0, 18], shared_by = own, groups = 6, sequences = 1, level = 0
// CHECK-SAME: bytes = [6912, 6912], guarded = false>
// AUTO-LABEL: @nothing_shared
// AUTO-SAME: predicted_us = [[[TIME:[0-9.e+-]+]] : f64, [[TIME]] : f64]>
// PIECES-LABEL: @nothing_shared
// PIECES-NOT: hydragen.plain
// PIECES: return
func.func @nothing_shared(%q: tensor<6x8xf32>, %kv: tensor<6x18x8xf32>, %init: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %o = hydragen.attention queries(%q : tensor<6x8xf32>) keys(%kv : tensor<6x18x8xf32>) values(%kv : tensor<6x18x8xf32>)
    outs(%init : tensor<6x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 18, keys = [#k], value = #v>]} -> tensor<6x8xf32>
  return %o : tensor<6x8xf32>
}

// -----

// Two keys that two sequences share: a second part and a merge cost more than they save. The copies are no argument, as the
// function returns them. Only with a target there is a choice.
#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>
// CHECK-LABEL: @does_not_pay
// CHECK-SAME: outcome = shared
// CHECK: size = 2, keys = {{.*}}, shared>
// ALWAYS-LABEL: @does_not_pay
// ALWAYS-SAME: outcome = shared
// ALWAYS-SAME: predicted_us = [
// ALWAYS: size = 2, keys = {{.*}}, shared>
// AUTO-LABEL: @does_not_pay
// AUTO-SAME: outcome = plain, reason_code = "not-profitable", reason = "plain attention is predicted to be faster than shared attention: {{[0-9.]+}} us against {{[0-9.]+}} us"
// AUTO-SAME: keys = [0, 2], shared_by = all, groups = 1, sequences = 2, level = 0
// AUTO-SAME: keys = [2, 3], shared_by = own, groups = 2, sequences = 1, level = 1
// AUTO-SAME: bytes = [384, 256], guarded = false, predicted_us = [
// AUTO: segments = [#hydragen.segment<begin = 0, size = 3, keys = [#{{[a-z0-9]+}}], value = #{{[a-z0-9]+}}>]
// Nor is it worth reading the pieces.
// PIECES-LABEL: @does_not_pay
// PIECES-SAME: outcome = plain, reason_code = "not-profitable"
// PIECES-NOT: hydragen.plain
// PIECES: return
func.func @does_not_pay(%q: tensor<2x8xf32>, %p: tensor<2x8xf32>, %own: tensor<2x1x8xf32>, %init: tensor<2x8xf32>) -> (tensor<2x8xf32>, tensor<2x3x8xf32>) {
  %e = tensor.empty() : tensor<2x2x8xf32>
  %b = linalg.broadcast ins(%p : tensor<2x8xf32>) outs(%e : tensor<2x2x8xf32>) dimensions = [0]
  %kv = tensor.concat dim(1) %b, %own : (tensor<2x2x8xf32>, tensor<2x1x8xf32>) -> tensor<2x3x8xf32>
  %o = hydragen.attention queries(%q : tensor<2x8xf32>) keys(%kv : tensor<2x3x8xf32>) values(%kv : tensor<2x3x8xf32>)
    outs(%init : tensor<2x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 3, keys = [#k], value = #v>]} -> tensor<2x8xf32>
  return %o, %kv : tensor<2x8xf32>, tensor<2x3x8xf32>
}

// -----

// Two query heads read one head of K and V: nothing that sequences share, but the model's copy need not be.
#q = affine_map<(b, h, d, n, e) -> (b, h, d)>
#k = affine_map<(b, h, d, n, e) -> (b, h, n, d)>
#v = affine_map<(b, h, d, n, e) -> (b, h, n, e)>
#o = affine_map<(b, h, d, n, e) -> (b, h, e)>
// AUTO-LABEL: @query_heads
// AUTO-SAME: outcome = plain, reason_code = "nothing-shared"
// AUTO: = hydragen.attention {{.*}}keys(%{{[a-z]+}} : tensor<6x2x18x8xf32>)
// PIECES-LABEL: @query_heads
// PIECES-SAME: outcome = plain, reason_code = "nothing-shared"
// PIECES-NOT: linalg.broadcast
// PIECES: = hydragen.attention {{.*}}keys(%arg1 : tensor<6x18x8xf32>) {{.*}}hydragen.plain
func.func @query_heads(%q: tensor<6x2x8xf32>, %kv: tensor<6x18x8xf32>, %init: tensor<6x2x8xf32>) -> tensor<6x2x8xf32> {
  %e = tensor.empty() : tensor<6x2x18x8xf32>
  %b = linalg.broadcast ins(%kv : tensor<6x18x8xf32>) outs(%e : tensor<6x2x18x8xf32>) dimensions = [1]
  %o = hydragen.attention queries(%q : tensor<6x2x8xf32>) keys(%b : tensor<6x2x18x8xf32>) values(%b : tensor<6x2x18x8xf32>)
    outs(%init : tensor<6x2x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 18, keys = [#k], value = #v>]} -> tensor<6x2x8xf32>
  return %o : tensor<6x2x8xf32>
}

// -----

// The same with copies that sharing saves, and long enough: it pays. With an unknown size there is no prediction.
#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>
// AUTO-LABEL: @pays
// AUTO-SAME: outcome = shared
// AUTO-SAME: predicted_us = [
// AUTO-LABEL: @unknown
// AUTO-SAME: outcome = shared
// AUTO-SAME: bytes = [?, ?], guarded = false>
// Without a word of sharing, the same pieces are read by each row for itself.
// NEVER-LABEL: @pays
// NEVER-NOT: outcome
// NEVER: = hydragen.attention {{.*}}keys(%arg1, %arg2 :{{.*}}hydragen.plain
// NEVER-LABEL: @unknown
// NEVER: = hydragen.attention {{.*}}keys(%arg1, %arg2 :{{.*}}hydragen.plain
func.func @pays(%q: tensor<64x8xf32>, %p: tensor<4096x8xf32>, %own: tensor<64x1x8xf32>, %init: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %e = tensor.empty() : tensor<64x4096x8xf32>
  %b = linalg.broadcast ins(%p : tensor<4096x8xf32>) outs(%e : tensor<64x4096x8xf32>) dimensions = [0]
  %kv = tensor.concat dim(1) %b, %own : (tensor<64x4096x8xf32>, tensor<64x1x8xf32>) -> tensor<64x4097x8xf32>
  %o = hydragen.attention queries(%q : tensor<64x8xf32>) keys(%kv : tensor<64x4097x8xf32>) values(%kv : tensor<64x4097x8xf32>)
    outs(%init : tensor<64x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 4097, keys = [#k], value = #v>]} -> tensor<64x8xf32>
  return %o : tensor<64x8xf32>
}
func.func @unknown(%q: tensor<?x8xf32>, %p: tensor<2x8xf32>, %own: tensor<?x1x8xf32>, %init: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %q, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x2x8xf32>
  %b = linalg.broadcast ins(%p : tensor<2x8xf32>) outs(%e : tensor<?x2x8xf32>) dimensions = [0]
  %kv = tensor.concat dim(1) %b, %own : (tensor<?x2x8xf32>, tensor<?x1x8xf32>) -> tensor<?x3x8xf32>
  %o = hydragen.attention queries(%q : tensor<?x8xf32>) keys(%kv : tensor<?x3x8xf32>) values(%kv : tensor<?x3x8xf32>)
    outs(%init : tensor<?x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 3, keys = [#k], value = #v>]} -> tensor<?x8xf32>
  return %o : tensor<?x8xf32>
}

// -----

// Stored as f16, widened by the model: bytes are those that are read, 2 * 8 columns of K and V a key.
#q = affine_map<(b, d, n, e) -> (b, d)>
#k = affine_map<(b, d, n, e) -> (b, n, d)>
#v = affine_map<(b, d, n, e) -> (b, n, e)>
#o = affine_map<(b, d, n, e) -> (b, e)>
#all = affine_map<(i, j, k) -> (i, j, k)>
// CHECK-LABEL: @stored_narrow
// CHECK-SAME: outcome = shared
// CHECK-SAME: bytes = [3072, 1152]
func.func @stored_narrow(%q: tensor<6x8xf32>, %p: tensor<12x8xf16>, %own: tensor<6x4x8xf16>, %init: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %e = tensor.empty() : tensor<6x12x8xf16>
  %b = linalg.broadcast ins(%p : tensor<12x8xf16>) outs(%e : tensor<6x12x8xf16>) dimensions = [0]
  %narrow = tensor.concat dim(1) %b, %own : (tensor<6x12x8xf16>, tensor<6x4x8xf16>) -> tensor<6x16x8xf16>
  %w = tensor.empty() : tensor<6x16x8xf32>
  %kv = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel", "parallel"]} ins(%narrow : tensor<6x16x8xf16>) outs(%w : tensor<6x16x8xf32>) {
  ^bb0(%in: f16, %out: f32):
    %x = arith.extf %in : f16 to f32
    linalg.yield %x : f32
  } -> tensor<6x16x8xf32>
  %o = hydragen.attention queries(%q : tensor<6x8xf32>) keys(%kv : tensor<6x16x8xf32>) values(%kv : tensor<6x16x8xf32>)
    outs(%init : tensor<6x8xf32>) attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>]} -> tensor<6x8xf32>
  return %o : tensor<6x8xf32>
}
