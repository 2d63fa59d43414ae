// RUN: hydragen-opt %s -hydragen-decompose -hydragen-schedule -convert-hydragen-to-gpu -split-input-file | FileCheck %s
// RUN: hydragen-opt %s -hydragen-decompose=sharing=never -hydragen-schedule -convert-hydragen-to-gpu -split-input-file | FileCheck %s --check-prefix=NEVER

// A tree over 6 sequences and 2 key heads: keys for all, per pair, and of each.
// What was three partial attentions with their states is one op, which is one
// launch; the pairs are a digit of their own. Without sharing each part says
// which of its digits are computed one by one: sequences, and those of a pair.

// NEVER-LABEL: func.func @tree
// NEVER: hydragen.attend
// NEVER-SAME: hydragen.separate_rows = [array<i64: 0>, array<i64: 1>, array<i64>]
// NEVER-SAME: tile = <rows = 16,

// CHECK-LABEL: func.func @tree
// CHECK-SAME: %[[Q:[^:]*]]: tensor<6x2x16xf32>
// CHECK: %[[PAIRS:.*]] = tensor.expand_shape %[[Q]]
// CHECK: %[[R:.*]] = hydragen.attend queries(%[[Q]], %[[PAIRS]], %[[Q]] :
// CHECK-SAME: output_dims = array<i64: 0, 1, 1, 1, -1, 0>
// CHECK-SAME: #hydragen.part<shared = true, digits = [0, 1, 1, 1], digit_sizes = [6, 2], row_offsets = [], row_sizes = [], key_offset = 0,
// CHECK-SAME: digits = [0, 2, 0, 1, 1, 1], digit_sizes = [3, 2, 2], row_offsets = [], row_sizes = [], key_offset = 16,
// CHECK-SAME: #hydragen.part<shared = false, digits = [0, 1, 1, 1], digit_sizes = [6, 2], row_offsets = [], row_sizes = [], key_offset = 28,
// CHECK-SAME: row_sizes = array<i64: 6, 2>
// CHECK-NOT: hydragen.finalize
// CHECK: return %[[R]]
func.func @tree(%q: tensor<6x2x16xf32>, %k0: tensor<2x16x16xf32>, %v0: tensor<2x16x16xf32>, %k1: tensor<3x2x12x16xf32>, %v1: tensor<3x2x12x16xf32>, %k2: tensor<6x2x4x16xf32>, %v2: tensor<6x2x4x16xf32>) -> tensor<6x2x16xf32> {
  %e = tensor.empty() : tensor<6x2x16xf32>
  %o = hydragen.attention queries(%q : tensor<6x2x16xf32>) keys(%k0, %k1, %k2 : tensor<2x16x16xf32>, tensor<3x2x12x16xf32>, tensor<6x2x4x16xf32>) values(%v0, %v1, %v2 : tensor<2x16x16xf32>, tensor<3x2x12x16xf32>, tensor<6x2x4x16xf32>) outs(%e : tensor<6x2x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 16, keys = [affine_map<(b, h, n, d, e) -> (h, n, d)>], value = affine_map<(b, h, n, d, e) -> (h, n, e)>, shared>,
                #hydragen.segment<begin = 16, size = 12, keys = [affine_map<(b, h, n, d, e) -> (b floordiv 2, h, n, d)>], value = affine_map<(b, h, n, d, e) -> (b floordiv 2, h, n, e)>>,
                #hydragen.segment<begin = 28, size = 4, keys = [affine_map<(b, h, n, d, e) -> (b, h, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, h, n, e)>>]
  } -> tensor<6x2x16xf32>
  return %o : tensor<6x2x16xf32>
}

// -----

// The output's layout and type are the kernel's matter: no transposition, no
// narrowing is left. Transposed keys are read as they lie.

// CHECK-LABEL: func.func @layouts
// CHECK-SAME: %{{[^:]*}}: tensor<4x2x16xf16>, %[[K:[^:]*]]: tensor<2x16x32xf16>
// CHECK-NOT: linalg.transpose
// CHECK: %[[R:.*]] = hydragen.attend
// CHECK-SAME: keys(%[[K]] : tensor<2x16x32xf16>)
// CHECK-SAME: output_dims = array<i64: 1, 1, 0, 1, -1, 0>
// CHECK-SAME: -> tensor<2x4x16xf16>
// CHECK-NEXT: return %[[R]]
func.func @layouts(%q: tensor<4x2x16xf16>, %k: tensor<2x16x32xf16>, %v: tensor<2x32x16xf16>) -> tensor<2x4x16xf16> {
  %e = tensor.empty() : tensor<4x2x16xf32>
  %o = hydragen.attention queries(%q : tensor<4x2x16xf16>) keys(%k : tensor<2x16x32xf16>) values(%v : tensor<2x32x16xf16>) outs(%e : tensor<4x2x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 32, keys = [affine_map<(b, h, n, d, e) -> (h, d, n)>], value = affine_map<(b, h, n, d, e) -> (h, n, e)>>]
  } -> tensor<4x2x16xf32>
  %t = tensor.empty() : tensor<2x4x16xf32>
  %transposed = linalg.transpose ins(%o : tensor<4x2x16xf32>) outs(%t : tensor<2x4x16xf32>) permutation = [1, 0, 2]
  %h = tensor.empty() : tensor<2x4x16xf16>
  %r = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed : tensor<2x4x16xf32>) outs(%h : tensor<2x4x16xf16>) {
  ^bb0(%x: f32, %y: f16):
    %z = arith.truncf %x : f32 to f16
    linalg.yield %z : f16
  } -> tensor<2x4x16xf16>
  return %r : tensor<2x4x16xf16>
}

// -----

// Rows of 6 cut as 2 x 3 and as 3 x 2 have no common digits; this attention stays
// as it was.

// CHECK-LABEL: func.func @misfit
// CHECK-NOT: hydragen.attend
// CHECK: hydragen.finalize
// CHECK-NOT: hydragen.schedule
func.func @misfit(%q: tensor<6x16xf32>, %k0: tensor<2x8x16xf32>, %v0: tensor<2x8x16xf32>, %k1: tensor<3x8x16xf32>, %v1: tensor<3x8x16xf32>) -> tensor<6x16xf32> {
  %e = tensor.empty() : tensor<6x16xf32>
  %o = hydragen.attention queries(%q : tensor<6x16xf32>) keys(%k0, %k1 : tensor<2x8x16xf32>, tensor<3x8x16xf32>) values(%v0, %v1 : tensor<2x8x16xf32>, tensor<3x8x16xf32>) outs(%e : tensor<6x16xf32>) attributes {
    query_maps = [affine_map<(b, n, d, e) -> (b, d)>], output_map = affine_map<(b, n, d, e) -> (b, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 8, keys = [affine_map<(b, n, d, e) -> (b floordiv 3, n, d)>], value = affine_map<(b, n, d, e) -> (b floordiv 3, n, e)>>,
                #hydragen.segment<begin = 8, size = 8, keys = [affine_map<(b, n, d, e) -> (b floordiv 2, n, d)>], value = affine_map<(b, n, d, e) -> (b floordiv 2, n, e)>>]
  } -> tensor<6x16xf32>
  return %o : tensor<6x16xf32>
}

// -----

// A table that is cut at a number of the call: the op takes the whole table for
// both sides, and the number itself; what the host would have read is gone.

// CHECK-DAG: #[[$FIRST:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (0, d1)>
// CHECK-DAG: #[[$EACH:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>
// CHECK-LABEL: func.func @cut_table
// CHECK-SAME: %[[T:[^:]*]]: tensor<3x5xi64>, %[[P:[^:]*]]: tensor<i64>)
// CHECK-NOT: tensor.extract
// CHECK: hydragen.attend
// CHECK-SAME: indices(%[[T]], %[[T]] : tensor<3x5xi64>, tensor<3x5xi64>)
// CHECK-SAME: counts(%[[P]] : tensor<i64>)
// CHECK-SAME: #hydragen.part<shared = true, {{[^>]*}}key_offset = 7, page = 16, count = 0, query
// CHECK-SAME: indices = [#[[$FIRST]]]
// CHECK-SAME: #hydragen.part<shared = false, {{[^>]*}}key_offset = 7, page = 16, count = 0, rest = true, query
// CHECK-SAME: indices = [#[[$EACH]]]
func.func @cut_table(%q: tensor<3x16xf32>, %k: tensor<32x16x16xf32>, %t: tensor<3x5xi64>, %p: tensor<i64>) -> tensor<3x16xf32> {
  %c5 = arith.constant 5 : index
  %c7 = arith.constant 7 : index
  %c16 = arith.constant 16 : index
  %found = tensor.extract %p[] : tensor<i64>
  %n = arith.index_cast %found : i64 to index
  %leading = tensor.extract_slice %t[0, 0] [1, %n] [1, 1] : tensor<3x5xi64> to tensor<1x?xi64>
  %left = arith.subi %c5, %n : index
  %rest = tensor.extract_slice %t[0, %n] [3, %left] [1, 1] : tensor<3x5xi64> to tensor<3x?xi64>
  %keys = arith.muli %n, %c16 : index
  %begin = arith.addi %keys, %c7 : index
  %own = arith.muli %left, %c16 : index
  %e = tensor.empty() : tensor<3x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x16xf32>) keys(%k, %k : tensor<32x16x16xf32>, tensor<32x16x16xf32>) values(%k, %k : tensor<32x16x16xf32>, tensor<32x16x16xf32>)
    indices(%leading, %rest : tensor<1x?xi64>, tensor<3x?xi64>) sizes(%keys, %begin, %own) outs(%e : tensor<3x16xf32>) attributes {
    query_maps = [affine_map<(b, n, d, e) -> (b, d)>], output_map = affine_map<(b, n, d, e) -> (b, e)>, scale = 0.25 : f64,
    index_maps = [affine_map<(b, n, d, e) -> (0, n floordiv 16)>, affine_map<(b, n, d, e) -> (b, n floordiv 16)>],
    segments = [#hydragen.segment<begin = 7, size = ?, keys = [affine_map<(b, n, d, e)[s, t] -> (s, n mod 16, d)>], value = affine_map<(b, n, d, e)[s, t] -> (s, n mod 16, e)>, shared>,
                #hydragen.segment<begin = ?, size = ?, keys = [affine_map<(b, n, d, e)[s, t] -> (t, n mod 16, d)>], value = affine_map<(b, n, d, e)[s, t] -> (t, n mod 16, e)>>]
  } -> tensor<3x16xf32>
  return %o : tensor<3x16xf32>
}

// -----

// One page more than the number says: not a cut that a kernel knows, and nobody
// guesses.

// CHECK-LABEL: func.func @other_cut
// CHECK: tensor.extract
// CHECK-NOT: hydragen.attend
// CHECK: hydragen.finalize
func.func @other_cut(%q: tensor<3x16xf32>, %k: tensor<32x16x16xf32>, %t: tensor<3x5xi64>, %p: tensor<i64>) -> tensor<3x16xf32> {
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %found = tensor.extract %p[] : tensor<i64>
  %n = arith.index_cast %found : i64 to index
  %more = arith.addi %n, %c1 : index
  %leading = tensor.extract_slice %t[0, 0] [1, %more] [1, 1] : tensor<3x5xi64> to tensor<1x?xi64>
  %keys = arith.muli %more, %c16 : index
  %e = tensor.empty() : tensor<3x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x16xf32>) keys(%k : tensor<32x16x16xf32>) values(%k : tensor<32x16x16xf32>)
    indices(%leading : tensor<1x?xi64>) sizes(%keys) outs(%e : tensor<3x16xf32>) attributes {
    query_maps = [affine_map<(b, n, d, e) -> (b, d)>], output_map = affine_map<(b, n, d, e) -> (b, e)>, scale = 0.25 : f64,
    index_maps = [affine_map<(b, n, d, e) -> (0, n floordiv 16)>],
    segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, n, d, e)[s] -> (s, n mod 16, d)>], value = affine_map<(b, n, d, e)[s] -> (s, n mod 16, e)>, shared>]
  } -> tensor<3x16xf32>
  return %o : tensor<3x16xf32>
}

// -----

// Rows to be put together by their numbers: one part, which says by which digit.

// CHECK-LABEL: func.func @grouped
// CHECK-NOT: hydragen.group_rows
// CHECK: hydragen.attend
// CHECK-SAME: #hydragen.part<shared = false, digits = [0, 1, 1, 1], {{[^>]*}}key_offset = 0, grouped = 0, query
// CHECK-SAME: tile = <rows = 64,
func.func @grouped(%q: tensor<40x2x16xf32>, %k: tensor<3x2x24x16xf32>, %g: tensor<40xi64>) -> tensor<40x2x16xf32> {
  %e = tensor.empty() : tensor<40x2x16xf32>
  %o = hydragen.attention queries(%q : tensor<40x2x16xf32>) keys(%k : tensor<3x2x24x16xf32>) values(%k : tensor<3x2x24x16xf32>)
    indices(%g : tensor<40xi64>) outs(%e : tensor<40x2x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    index_maps = [affine_map<(b, h, n, d, e) -> (b)>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, n, d, e)[s] -> (s, h, n, d)>], value = affine_map<(b, h, n, d, e)[s] -> (s, h, n, e)>, shared, grouped>]
  } -> tensor<40x2x16xf32>
  return %o : tensor<40x2x16xf32>
}
