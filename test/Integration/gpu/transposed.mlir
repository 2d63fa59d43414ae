// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always | FileCheck %s
// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always --tile=64 --split=64 | FileCheck %s

// Keys, values and queries whose columns are not adjacent are read by the kernel
// as they lie, against float64: nothing is transposed on the host, nothing copied.

// A cache of keys by columns.
// CHECK: keys_f16: {{.*}} 2 kernels, 0 bytes
func.func @keys_f16(%q: tensor<3x4x5x16xf16>, %pk: tensor<2x16x24xf16>, %pv: tensor<2x24x16xf16>, %sk: tensor<3x2x16x9xf16>, %sv: tensor<3x2x9x16xf16>) -> tensor<3x4x5x16xf16> {
  %init = tensor.empty() : tensor<3x4x5x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf16>) keys(%pk, %sk : tensor<2x16x24xf16>, tensor<3x2x16x9xf16>) values(%pv, %sv : tensor<2x24x16xf16>, tensor<3x2x9x16xf16>) outs(%init : tensor<3x4x5x16xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf16>
  return %o : tensor<3x4x5x16xf16>
}

// CHECK: values_f16: {{.*}} 2 kernels, 0 bytes
func.func @values_f16(%q: tensor<3x4x5x16xf16>, %pk: tensor<2x24x16xf16>, %pv: tensor<2x16x24xf16>, %sk: tensor<3x2x9x16xf16>, %sv: tensor<3x2x16x9xf16>) -> tensor<3x4x5x16xf16> {
  %init = tensor.empty() : tensor<3x4x5x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf16>) keys(%pk, %sk : tensor<2x24x16xf16>, tensor<3x2x9x16xf16>) values(%pv, %sv : tensor<2x16x24xf16>, tensor<3x2x16x9xf16>) outs(%init : tensor<3x4x5x16xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, e, n)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, e, n)>>]
  } -> tensor<3x4x5x16xf16>
  return %o : tensor<3x4x5x16xf16>
}

// Strides of their own for each dim.
// CHECK: both_f16: {{.*}} 2 kernels, 0 bytes
func.func @both_f16(%q: tensor<3x4x5x16xf16>, %pk: tensor<16x2x24xf16>, %pv: tensor<16x2x24xf16>, %sk: tensor<3x2x16x9xf16>, %sv: tensor<3x16x9x2xf16>) -> tensor<3x4x5x16xf16> {
  %init = tensor.empty() : tensor<3x4x5x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf16>) keys(%pk, %sk : tensor<16x2x24xf16>, tensor<3x2x16x9xf16>) values(%pv, %sv : tensor<16x2x24xf16>, tensor<3x16x9x2xf16>) outs(%init : tensor<3x4x5x16xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (d, h floordiv 2, n)>], value = affine_map<(b, h, m, n, d, e) -> (e, h floordiv 2, n)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (b, e, n, h floordiv 2)>>]
  } -> tensor<3x4x5x16xf16>
  return %o : tensor<3x4x5x16xf16>
}

// CHECK: queries_f16: {{.*}} 2 kernels, 0 bytes
func.func @queries_f16(%q: tensor<3x4x16x5xf16>, %pk: tensor<2x24x16xf16>, %pv: tensor<2x24x16xf16>, %sk: tensor<3x2x16x9xf16>, %sv: tensor<3x2x9x16xf16>) -> tensor<3x4x5x16xf16> {
  %init = tensor.empty() : tensor<3x4x5x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x16x5xf16>) keys(%pk, %sk : tensor<2x24x16xf16>, tensor<3x2x16x9xf16>) values(%pv, %sv : tensor<2x24x16xf16>, tensor<3x2x9x16xf16>) outs(%init : tensor<3x4x5x16xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, d, m)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf16>
  return %o : tensor<3x4x5x16xf16>
}

// A cache of keys by columns.
// CHECK: keys_f32: {{.*}} 2 kernels, 0 bytes
func.func @keys_f32(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x16x24xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x16x9xf32>, %sv: tensor<3x2x9x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x16x24xf32>, tensor<3x2x16x9xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// One key of each sequence: of its place no stride says anything.
// CHECK: one_key_f32: {{.*}} 2 kernels, 0 bytes
func.func @one_key_f32(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x16x24xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x16x1xf32>, %sv: tensor<3x2x1x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x16x24xf32>, tensor<3x2x16x1xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x1x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 1, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: values_f32: {{.*}} 2 kernels, 0 bytes
func.func @values_f32(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x16x24xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x16x9xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x16x24xf32>, tensor<3x2x16x9xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, e, n)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, e, n)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// Strides of their own for each dim.
// CHECK: both_f32: {{.*}} 2 kernels, 0 bytes
func.func @both_f32(%q: tensor<3x4x5x16xf32>, %pk: tensor<16x2x24xf32>, %pv: tensor<16x2x24xf32>, %sk: tensor<3x2x16x9xf32>, %sv: tensor<3x16x9x2xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<16x2x24xf32>, tensor<3x2x16x9xf32>) values(%pv, %sv : tensor<16x2x24xf32>, tensor<3x16x9x2xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (d, h floordiv 2, n)>], value = affine_map<(b, h, m, n, d, e) -> (e, h floordiv 2, n)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (b, e, n, h floordiv 2)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: queries_f32: {{.*}} 2 kernels, 0 bytes
func.func @queries_f32(%q: tensor<3x4x16x5xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x16x9xf32>, %sv: tensor<3x2x9x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x16x5xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x16x9xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, d, m)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, d, n)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// Pages of 8 keys by columns; two kernels find the pages that all rows have.
// CHECK: paged: {{.*}} 4 kernels, 0 bytes
func.func @paged(%q: tensor<3x4x5x16xf16>, %k: tensor<7x2x16x8xf16>, %v: tensor<7x2x8x16xf16>, %table: tensor<3x3xi32>) -> tensor<3x4x5x16xf16> {
  %init = tensor.empty() : tensor<3x4x5x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf16>) keys(%k : tensor<7x2x16x8xf16>) values(%v : tensor<7x2x8x16xf16>) indices(%table : tensor<3x3xi32>) outs(%init : tensor<3x4x5x16xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>], index_maps = [affine_map<(b, h, m, n, d, e) -> (b, n floordiv 8)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e)[t] -> (t, h floordiv 2, d, n mod 8)>], value = affine_map<(b, h, m, n, d, e)[t] -> (t, h floordiv 2, n mod 8, e)>>]
  } -> tensor<3x4x5x16xf16>
  return %o : tensor<3x4x5x16xf16>
}
