// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always | FileCheck %s
// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always --tile=64 --split=64 | FileCheck %s

// Sequences and heads in one dim of rows, as exporters flatten them (row = 2 *
// sequence + head): what belongs to a head or a sequence is read through
// remainders and quotients, which are digits of the rows; also where no segment
// of K and V cuts the rows there. Scores changed by code in several segments.

// CHECK: bias_by_head: {{.*}} 2 kernels, 0 bytes
func.func @bias_by_head(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %x: tensor<2x33xf32>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) extras(%x : tensor<2x33xf32>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    extra_maps = [affine_map<(r, m, n) -> (r mod 2, n)>], score_mods = [#hydragen.bias<extra = 0>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (r mod 2, n, d)>], value = affine_map<(r, m, n, d, e) -> (r mod 2, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: mask_by_sequence: {{.*}} 2 kernels, 0 bytes
func.func @mask_by_sequence(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %x: tensor<4x3x33xi1>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) extras(%x : tensor<4x3x33xi1>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    extra_maps = [affine_map<(r, m, n) -> (r floordiv 2, m, n)>], score_mods = [#hydragen.mask<extra = 0>], masked_rows = #hydragen.masked_rows<zero>,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (r mod 2, n, d)>], value = affine_map<(r, m, n, d, e) -> (r mod 2, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: lengths_by_sequence: {{.*}} 3 kernels, 0 bytes
func.func @lengths_by_sequence(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %len: tensor<4xi64>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) indices(%len : tensor<4xi64>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    index_maps = [affine_map<(r, m, n, d, e) -> (r floordiv 2)>], score_mods = [#hydragen.visible<where = affine_map<(r, m, n)[len] -> (len + 24 - n)>>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (r mod 2, n, d)>], value = affine_map<(r, m, n, d, e) -> (r mod 2, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: sink_by_head: {{.*}} 2 kernels, 0 bytes
func.func @sink_by_head(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %x: tensor<2xf32>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) sinks(%x : tensor<2xf32>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    sink_maps = [affine_map<(r, m) -> (r mod 2)>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (r mod 2, n, d)>], value = affine_map<(r, m, n, d, e) -> (r mod 2, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: code: {{.*}} 2 kernels, 0 bytes
func.func @code(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %x: tensor<2xf32>, %y: tensor<4x33xf32>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) extras(%x, %y : tensor<2xf32>, tensor<4x33xf32>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    extra_maps = [affine_map<(r, m, n) -> (r mod 2)>, affine_map<(r, m, n) -> (r floordiv 2, n)>], score_mods = [#hydragen.custom<extras = [0, 1]>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (r mod 2, n, d)>], value = affine_map<(r, m, n, d, e) -> (r mod 2, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } {
  ^bb0(%s: f32, %r: index, %m: index, %n: index, %a: f32, %b: f32):
    %i = arith.index_cast %r : index to i32
    %rf = arith.sitofp %i : i32 to f32
    %u = arith.mulf %s, %a : f32
    %v = arith.addf %u, %b : f32
    %c = arith.cmpi ule, %n, %m : index
    %w = arith.select %c, %rf, %v : f32
    hydragen.yield %w : f32
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: bias_by_head_of_whole_rows: {{.*}} 2 kernels, 0 bytes
func.func @bias_by_head_of_whole_rows(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %x: tensor<2x33xf32>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) extras(%x : tensor<2x33xf32>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    extra_maps = [affine_map<(r, m, n) -> (r mod 2, n)>], score_mods = [#hydragen.bias<extra = 0>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (0, n, d)>], value = affine_map<(r, m, n, d, e) -> (0, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: mask_by_sequence_of_whole_rows: {{.*}} 2 kernels, 0 bytes
func.func @mask_by_sequence_of_whole_rows(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %x: tensor<4x3x33xi1>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) extras(%x : tensor<4x3x33xi1>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    extra_maps = [affine_map<(r, m, n) -> (r floordiv 2, m, n)>], score_mods = [#hydragen.mask<extra = 0>], masked_rows = #hydragen.masked_rows<zero>,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (0, n, d)>], value = affine_map<(r, m, n, d, e) -> (0, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: lengths_by_sequence_of_whole_rows: {{.*}} 3 kernels, 0 bytes
func.func @lengths_by_sequence_of_whole_rows(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %len: tensor<4xi64>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) indices(%len : tensor<4xi64>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    index_maps = [affine_map<(r, m, n, d, e) -> (r floordiv 2)>], score_mods = [#hydragen.visible<where = affine_map<(r, m, n)[len] -> (len + 24 - n)>>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (0, n, d)>], value = affine_map<(r, m, n, d, e) -> (0, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: sink_by_head_of_whole_rows: {{.*}} 2 kernels, 0 bytes
func.func @sink_by_head_of_whole_rows(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %x: tensor<2xf32>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) sinks(%x : tensor<2xf32>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    sink_maps = [affine_map<(r, m) -> (r mod 2)>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (0, n, d)>], value = affine_map<(r, m, n, d, e) -> (0, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// CHECK: code_of_whole_rows: {{.*}} 2 kernels, 0 bytes
func.func @code_of_whole_rows(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>, %x: tensor<2xf32>, %y: tensor<4x33xf32>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>) extras(%x, %y : tensor<2xf32>, tensor<4x33xf32>) outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    extra_maps = [affine_map<(r, m, n) -> (r mod 2)>, affine_map<(r, m, n) -> (r floordiv 2, n)>], score_mods = [#hydragen.custom<extras = [0, 1]>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (0, n, d)>], value = affine_map<(r, m, n, d, e) -> (0, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } {
  ^bb0(%s: f32, %r: index, %m: index, %n: index, %a: f32, %b: f32):
    %i = arith.index_cast %r : index to i32
    %rf = arith.sitofp %i : i32 to f32
    %u = arith.mulf %s, %a : f32
    %v = arith.addf %u, %b : f32
    %c = arith.cmpi ule, %n, %m : index
    %w = arith.select %c, %rf, %v : f32
    hydragen.yield %w : f32
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}

// The rows' number is one sum of digits in each segment.
// CHECK: quotient: {{.*}} 2 kernels, 0 bytes
func.func @quotient(%q: tensor<8x3x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<8x9x16xf32>, %sv: tensor<8x9x16xf32>) -> tensor<8x3x16xf32> {
  %init = tensor.empty() : tensor<8x3x16xf32>
  %one = arith.constant 1 : index
  %o = hydragen.attention queries(%q : tensor<8x3x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<8x9x16xf32>)
    values(%pv, %sv : tensor<2x24x16xf32>, tensor<8x9x16xf32>)  outs(%init : tensor<8x3x16xf32>) attributes {
    query_maps = [affine_map<(r, m, n, d, e) -> (r, m, d)>], output_map = affine_map<(r, m, n, d, e) -> (r, m, e)>, scale = 0.25 : f64,
    score_mods = [#hydragen.custom<>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(r, m, n, d, e) -> (r mod 2, n, d)>], value = affine_map<(r, m, n, d, e) -> (r mod 2, n, e)>, shared>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(r, m, n, d, e) -> (r, n, d)>], value = affine_map<(r, m, n, d, e) -> (r, n, e)>>]
  } {
  ^bb0(%s: f32, %r: index, %m: index, %n: index):
    %r1 = arith.addi %r, %one : index
    %d = arith.divui %n, %r1 : index
    %i = arith.index_cast %d : index to i32
    %f = arith.sitofp %i : i32 to f32
    %w = arith.addf %s, %f : f32
    hydragen.yield %w : f32
  } -> tensor<8x3x16xf32>
  return %o : tensor<8x3x16xf32>
}
