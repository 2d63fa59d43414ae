// RUN: hydragen-opt %s -split-input-file -verify-diagnostics

// One function per way to break a constraint of docs/spec.md; its name starts
// with the constraint's label.

// expected-error @+1 {{expected a chip and positive numbers, with at least as much shared memory in a multiprocessor as in a block}}
func.func @gpu_target_c1() attributes {x = #hydragen.gpu_target<chip = "sm_80", multiprocessors = 1, block_shared = 2, shared = 1, bandwidth = 1, flops = 1>}

// -----

// expected-error @+1 {{expected rows and keys in multiples of 16 but got 64 and 8}}
func.func @tile_c1() attributes {x = #hydragen.tile<rows = 64, keys = 8>}

// -----

// expected-error @+1 {{expected a split of whole tiles of 64 keys but got 100}}
func.func @tile_c2() attributes {x = #hydragen.tile<rows = 64, keys = 64, split = 100>}

// -----

// expected-error @+1 {{a ring goes with tiles of 16 rows, got 0 slots and 16 rows}}
func.func @tile_c3_missing() attributes {x = #hydragen.tile<rows = 16, keys = 32>}

// -----

// expected-error @+1 {{a ring goes with tiles of 16 rows, got 4 slots and 64 rows}}
func.func @tile_c3_needless() attributes {x = #hydragen.tile<rows = 64, keys = 32, ring = 4>}

// -----

// expected-error @+1 {{expected at least one warp and block but got 0 and 1}}
func.func @schedule_c1() attributes {x = #hydragen.schedule<warps = 0, blocks = 1, float32 = exact>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected pairs of a row and a positive stride}}
func.func @part_c1_stride() attributes {x = #hydragen.part<shared = true, digits = [0, 0], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #m, key = #m, value = #m, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected one size per row digit}}
func.func @part_c1_size() attributes {x = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4, 4], row_offsets = [], row_sizes = [], key_offset = 0, query = #m, key = #m, value = #m, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected as many row sizes as row offsets}}
func.func @part_c2() attributes {x = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [0], row_sizes = [], key_offset = 0, query = #m, key = #m, value = #m, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected maps over 5 dims (row digits, keys, contraction, values)}}
func.func @part_c3_page() attributes {x = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, page = 16, query = #m, key = #m, value = #m, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected maps of extras over the row digits and a key}}
func.func @part_c3_extra() attributes {x = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #m, key = #m, value = #m, indices = [], extras = [#m], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected a table of pages to cut at count 0}}
func.func @part_c4_table() attributes {x = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, count = 0, query = #m, key = #m, value = #m, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected a count for the rest of a table}}
func.func @part_c4_rest() attributes {x = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, rest = true, query = #m, key = #m, value = #m, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected one of 1 row digits to be grouped but got 1}}
func.func @part_c5() attributes {x = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, grouped = 1, query = #m, key = #m, value = #m, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#m = affine_map<(b, n, d, e) -> (b, d)>
// expected-error @+1 {{expected the contraction dim once in the maps of query and key, and the values dim in that of value}}
func.func @part_c6() attributes {x = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #m, key = #m, value = #m, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #q, key = #k, value = #v, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c1(%q: tensor<4x16xf16>, %k: tensor<32x16xf16>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op expected one query, key and value per part, and one region at most, but got 1, 1, 1 and 0 for 2 parts}}
  %r = hydragen.attend queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16xf16>) values(%k : tensor<32x16xf16>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part, #part]} -> tensor<4x16xf16>
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #q, key = #k, value = #v, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c2_mixed(%q: memref<4x16xf16>, %k: tensor<32x16xf16>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op expected tensors or memrefs but got both}}
  %r = hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : tensor<32x16xf16>) values(%k : tensor<32x16xf16>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf16>
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #q, key = #k, value = #v, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c2_result(%q: tensor<4x16xf16>, %k: tensor<32x16xf16>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op expected a result of the type of the tensor init}}
  %r = hydragen.attend queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16xf16>) values(%k : tensor<32x16xf16>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf32>
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #q, key = #k, value = #v, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c3_rank(%q: tensor<4x16x1xf16>, %k: tensor<32x16xf16>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op expected maps with one result per dim of the operands of part 0}}
  %r = hydragen.attend queries(%q : tensor<4x16x1xf16>) keys(%k : tensor<32x16xf16>) values(%k : tensor<32x16xf16>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf16>
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [0, 0], row_sizes = [1, 1], key_offset = 0, query = #q, key = #k, value = #v, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c3_rows(%q: tensor<4x16xf16>, %k: tensor<32x16xf16>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op expected one offset per row in part 0}}
  %r = hydragen.attend queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16xf16>) values(%k : tensor<32x16xf16>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf16>
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #q, key = #k, value = #v, indices = [#q], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c3_count(%q: tensor<4x16xf16>, %k: tensor<32x16xf16>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op expected 1 indices, 0 extras and 0 sizes but got 0, 0 and 0}}
  %r = hydragen.attend queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16xf16>) values(%k : tensor<32x16xf16>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf16>
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #q, key = #k, value = #v, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c4(%q: tensor<4x16xf16>, %k: tensor<32x16xf16>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op expected a row and a stride per dim of the output}}
  %r = hydragen.attend queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16xf16>) values(%k : tensor<32x16xf16>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf16>
  return
}

// -----

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, query = #q, key = #k, value = #v, indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c5(%q: tensor<4x16xf16>, %k: tensor<32x16xf16>, %o: tensor<4x16xf16>, %s: tensor<4xf32>) {
  // expected-error @+1 {{'hydragen.attend' op expected one map per sink and factor}}
  %r = hydragen.attend queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16xf16>) values(%k : tensor<32x16xf16>) sinks(%s : tensor<4xf32>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf16>
  return
}

// -----

#q = affine_map<(b, p, n, d, e) -> (b, d)>
#k = affine_map<(b, p, n, d, e)[t] -> (t, n, d)>
#v = affine_map<(b, p, n, d, e)[t] -> (t, n, e)>
#t = affine_map<(b, p, n, d, e) -> (0, p)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, page = 16, count = 0, query = #q, key = #k, value = #v, indices = [#t], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c6_missing(%q: tensor<4x16xf16>, %k: tensor<32x16x16xf16>, %t: tensor<4x8xi64>, %c: tensor<1xi64>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op part 0 wants count 0 of 0}}
  %r = hydragen.attend queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16x16xf16>) values(%k : tensor<32x16x16xf16>) indices(%t : tensor<4x8xi64>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf16>
  return
}

// -----

#q = affine_map<(b, p, n, d, e) -> (b, d)>
#k = affine_map<(b, p, n, d, e)[t] -> (t, n, d)>
#v = affine_map<(b, p, n, d, e)[t] -> (t, n, e)>
#t = affine_map<(b, p, n, d, e) -> (0, p)>
#part = #hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0, page = 16, count = 0, query = #q, key = #k, value = #v, indices = [#t], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 64, keys = 32>>
func.func @attend_c6_rank(%q: tensor<4x16xf16>, %k: tensor<32x16x16xf16>, %t: tensor<4x8xi64>, %c: tensor<1xi64>, %o: tensor<4x16xf16>) {
  // expected-error @+1 {{'hydragen.attend' op expected counts of one i32 or i64 but got 'tensor<1xi64>'}}
  %r = hydragen.attend queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16x16xf16>) values(%k : tensor<32x16x16xf16>) indices(%t : tensor<4x8xi64>) counts(%c : tensor<1xi64>) outs(%o : tensor<4x16xf16>) attributes {output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>, parts = [#part]} -> tensor<4x16xf16>
  return
}
