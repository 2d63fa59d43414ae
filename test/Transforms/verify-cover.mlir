// RUN: hydragen-opt %s -hydragen-verify-cover -split-input-file -verify-diagnostics | FileCheck %s
// RUN: hydragen-opt %s -hydragen-verify-cover -hydragen-decompose -hydragen-verify-cover -split-input-file -verify-diagnostics -o /dev/null

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>
#ks = affine_map<(b, n, e, d) -> (b, n, d)>
#vs = affine_map<(b, n, e, d) -> (b, n, e)>

// CHECK-LABEL: func @two_groups_and_own_keys
// CHECK: hydragen.cover = #hydragen.cover<rows = [5], keys = 20, pieces = {{\[\[}}[0, 2], [0, 16]], {{\[}}[2, 3], [0, 16]], {{\[}}[0, 5], [16, 4]]]>
func.func @two_groups_and_own_keys(%q: tensor<5x8xf32>, %p0: tensor<16x8xf32>, %p1: tensor<16x8xf32>, %s: tensor<5x4x8xf32>) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>)
    keys(%p0, %p1, %s : tensor<16x8xf32>, tensor<16x8xf32>, tensor<5x4x8xf32>)
    values(%p0, %p1, %s : tensor<16x8xf32>, tensor<16x8xf32>, tensor<5x4x8xf32>)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, rows = [[0, 2]], keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = 0, size = 16, rows = [[2, 3]], keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = 16, size = 4, keys = [#ks], value = #vs>],
      hydragen.cover = #hydragen.cover<rows = [5], keys = 20, pieces = [[[0, 2], [0, 16]], [[2, 3], [0, 16]], [[0, 5], [16, 4]]]>}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// Unknown batch and suffix: the suffix begins where the prefix ends.

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>
#ks = affine_map<(b, n, e, d) -> (b, n, d)>
#vs = affine_map<(b, n, e, d) -> (b, n, e)>

// CHECK-LABEL: func @dynamic
func.func @dynamic(%q: tensor<?x8xf32>, %p: tensor<?x8xf32>, %s: tensor<?x?x8xf32>, %init: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %np = tensor.dim %p, %c0 : tensor<?x8xf32>
  %ns = tensor.dim %s, %c1 : tensor<?x?x8xf32>
  %0 = hydragen.attention queries(%q : tensor<?x8xf32>)
    keys(%p, %s : tensor<?x8xf32>, tensor<?x?x8xf32>)
    values(%p, %s : tensor<?x8xf32>, tensor<?x?x8xf32>)
    sizes(%np, %np, %ns) outs(%init : tensor<?x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = ?, size = ?, keys = [#ks], value = #vs>],
      hydragen.cover = #hydragen.cover<rows = [?], keys = ?, pieces = [[[0, ?], [0, ?]], [[0, ?], [?, ?]]]>}
    -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Only the prefix is unknown: the keys end where the five own ones end.

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>
#ks = affine_map<(b, n, e, d) -> (b, n, d)>
#vs = affine_map<(b, n, e, d) -> (b, n, e)>

// CHECK-LABEL: func @dynamic_prefix
func.func @dynamic_prefix(%q: tensor<4x8xf32>, %p: tensor<?x8xf32>, %s: tensor<4x5x8xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %np = tensor.dim %p, %c0 : tensor<?x8xf32>
  %0 = hydragen.attention queries(%q : tensor<4x8xf32>)
    keys(%p, %s : tensor<?x8xf32>, tensor<4x5x8xf32>) values(%p, %s : tensor<?x8xf32>, tensor<4x5x8xf32>)
    sizes(%np, %np) outs(%init : tensor<4x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = ?, size = 5, keys = [#ks], value = #vs>],
      hydragen.cover = #hydragen.cover<rows = [4], keys = ?, pieces = [[[0, 4], [0, ?]], [[0, 4], [?, 5]]]>}
    -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>

func.func @cover_c2_outside(%q: tensor<5x8xf32>, %p: tensor<16x8xf32>, %init: tensor<5x8xf32>) -> tensor<5x8xf32> {
  // expected-error @below {{piece 0 covers [0, 16) outside [0, 12)}}
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>) keys(%p : tensor<16x8xf32>) values(%p : tensor<16x8xf32>)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>],
      hydragen.cover = #hydragen.cover<rows = [5], keys = 12, pieces = [[[0, 5], [0, 16]]]>}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>

func.func @cover_c3_overlap(%q: tensor<5x8xf32>, %p: tensor<16x8xf32>, %init: tensor<5x8xf32>) -> tensor<5x8xf32> {
  // expected-error @below {{pieces 0 and 1 overlap}}
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>) keys(%p : tensor<16x8xf32>) values(%p : tensor<16x8xf32>)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>],
      hydragen.cover = #hydragen.cover<rows = [5], keys = 16, pieces = [[[0, 5], [0, 9]], [[2, 3], [8, 8]]]>}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>

func.func @cover_c4_gap(%q: tensor<5x8xf32>, %p: tensor<16x8xf32>, %init: tensor<5x8xf32>) -> tensor<5x8xf32> {
  // expected-error @below {{pieces cover 79 of 80 (row, key) pairs}}
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>) keys(%p : tensor<16x8xf32>) values(%p : tensor<16x8xf32>)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 16, keys = [#k], value = #v>],
      hydragen.cover = #hydragen.cover<rows = [5], keys = 16, pieces = [[[0, 5], [0, 15]], [[0, 4], [15, 1]]]>}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>

func.func @cover_c5_other_segments(%q: tensor<5x8xf32>, %p: tensor<16x8xf32>, %init: tensor<5x8xf32>) -> tensor<5x8xf32> {
  // expected-error @below {{certificate piece 1 is none of the segments}}
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>) keys(%p, %p : tensor<16x8xf32>, tensor<16x8xf32>) values(%p, %p : tensor<16x8xf32>, tensor<16x8xf32>)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 10, keys = [#k], value = #v>,
                  #hydragen.segment<begin = 12, size = 4, keys = [#k], value = #v>],
      hydragen.cover = #hydragen.cover<rows = [5], keys = 16, pieces = [[[0, 5], [0, 10]], [[0, 5], [10, 6]]]>}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// What rows have in common of a table is known at run time; behind the table are keys of each row's own.
#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>
#ks = affine_map<(b, n, e, d) -> (b, n, d)>
#vs = affine_map<(b, n, e, d) -> (b, n, e)>

// CHECK-LABEL: func @unknown_cut_before_known_begin
func.func @unknown_cut_before_known_begin(%q: tensor<5x8xf32>, %p: tensor<?x8xf32>, %r: tensor<5x?x8xf32>, %s: tensor<5x4x8xf32>, %cut: index, %rest: index) -> tensor<5x8xf32> {
  %init = tensor.empty() : tensor<5x8xf32>
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>)
    keys(%p, %r, %s : tensor<?x8xf32>, tensor<5x?x8xf32>, tensor<5x4x8xf32>)
    values(%p, %r, %s : tensor<?x8xf32>, tensor<5x?x8xf32>, tensor<5x4x8xf32>)
    sizes(%cut, %cut, %rest)
    outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = ?, size = ?, keys = [#ks], value = #vs>,
                  #hydragen.segment<begin = 16, size = 4, keys = [#ks], value = #vs>],
      hydragen.cover = #hydragen.cover<rows = [5], keys = 20, pieces = [[[0, 5], [0, ?]], [[0, 5], [?, ?]], [[0, 5], [16, 4]]]>}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// The rest of the table is read from one key too far.
#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>
#ks = affine_map<(b, n, e, d) -> (b, n, d)>
#vs = affine_map<(b, n, e, d) -> (b, n, e)>

func.func @cover_c6(%q: tensor<5x8xf32>, %p: tensor<?x8xf32>, %s: tensor<5x?x8xf32>, %pages: index) -> tensor<5x8xf32> {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c20 = arith.constant 20 : index
  %cut = arith.muli %pages, %c4 : index
  %begin = arith.addi %cut, %c1 : index
  %rest = arith.subi %c20, %begin : index
  %init = tensor.empty() : tensor<5x8xf32>
  // expected-error @+1 {{'hydragen.attention' op segment 0 ends 1 keys before the next one begins}}
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>)
    keys(%p, %s : tensor<?x8xf32>, tensor<5x?x8xf32>) values(%p, %s : tensor<?x8xf32>, tensor<5x?x8xf32>)
    sizes(%cut, %begin, %rest) outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = ?, size = ?, keys = [#ks], value = #vs>],
      hydragen.cover = #hydragen.cover<rows = [5], keys = 20, pieces = [[[0, 5], [0, ?]], [[0, 5], [?, ?]]]>}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// The last key is left out.
#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>
#ks = affine_map<(b, n, e, d) -> (b, n, d)>
#vs = affine_map<(b, n, e, d) -> (b, n, e)>

func.func @cover_c6_end(%q: tensor<5x8xf32>, %p: tensor<?x8xf32>, %s: tensor<5x?x8xf32>, %cut: index) -> tensor<5x8xf32> {
  %c19 = arith.constant 19 : index
  %rest = arith.subi %c19, %cut : index
  %init = tensor.empty() : tensor<5x8xf32>
  // expected-error @+1 {{'hydragen.attention' op segment 1 ends 1 keys before the last one}}
  %0 = hydragen.attention queries(%q : tensor<5x8xf32>)
    keys(%p, %s : tensor<?x8xf32>, tensor<5x?x8xf32>) values(%p, %s : tensor<?x8xf32>, tensor<5x?x8xf32>)
    sizes(%cut, %cut, %rest) outs(%init : tensor<5x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = ?, keys = [#k], value = #v, shared>,
                  #hydragen.segment<begin = ?, size = ?, keys = [#ks], value = #vs>],
      hydragen.cover = #hydragen.cover<rows = [5], keys = 20, pieces = [[[0, 5], [0, ?]], [[0, 5], [?, ?]]]>}
    -> tensor<5x8xf32>
  return %0 : tensor<5x8xf32>
}

// -----

// Volumes are exact: 2^64 of 2^66 pairs are not nothing of nothing.

#q = affine_map<(b, n, e, d) -> (b, d)>
#o = affine_map<(b, n, e, d) -> (b, e)>
#k = affine_map<(b, n, e, d) -> (n, d)>
#v = affine_map<(b, n, e, d) -> (n, e)>

func.func @cover_c4_of_huge_sizes(%q: tensor<8589934592x8xf32>, %p: tensor<8589934592x8xf32>, %init: tensor<8589934592x8xf32>) -> tensor<8589934592x8xf32> {
  // expected-error @below {{pieces cover 18446744073709551616 of 73786976294838206464 (row, key) pairs}}
  %0 = hydragen.attention queries(%q : tensor<8589934592x8xf32>)
    keys(%p : tensor<8589934592x8xf32>) values(%p : tensor<8589934592x8xf32>)
    outs(%init : tensor<8589934592x8xf32>)
    attributes {query_maps = [#q], output_map = #o,
      segments = [#hydragen.segment<begin = 0, size = 8589934592, keys = [#k], value = #v>],
      hydragen.cover = #hydragen.cover<rows = [8589934592], keys = 8589934592, pieces = [[[0, 4294967296], [0, 4294967296]]]>}
    -> tensor<8589934592x8xf32>
  return %0 : tensor<8589934592x8xf32>
}
