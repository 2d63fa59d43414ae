// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always | FileCheck %s
// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always --tile=64 --split=64 | FileCheck %s

// Score modifications, sinks and factors in kernels, against float64: two key
// heads with two query heads each, a shared segment of 24 keys and one of 9 keys
// per sequence. Nothing is copied but where the old value of the result is read.

// CHECK: softcap: {{.*}} 2 kernels, 0 bytes
func.func @softcap(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, score_mods = [#hydragen.softcap<2.0 : f32>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: bias: {{.*}} 2 kernels, 0 bytes
func.func @bias(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<4x5x33xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) extras(%x : tensor<4x5x33xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, extra_maps = [affine_map<(b,h,m,n)->(h,m,n)>], score_mods = [#hydragen.bias<extra = 0>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: bias_f16: {{.*}} 2 kernels, 0 bytes
func.func @bias_f16(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<3x33xf16>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) extras(%x : tensor<3x33xf16>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, extra_maps = [affine_map<(b,h,m,n)->(b,n)>], score_mods = [#hydragen.bias<extra = 0>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: bias_bf16: {{.*}} 2 kernels, 0 bytes
func.func @bias_bf16(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<3x33xbf16>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) extras(%x : tensor<3x33xbf16>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, extra_maps = [affine_map<(b,h,m,n)->(b,n)>], score_mods = [#hydragen.bias<extra = 0>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: mask: {{.*}} 2 kernels, 0 bytes
func.func @mask(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<3x5x33xi1>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) extras(%x : tensor<3x5x33xi1>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, extra_maps = [affine_map<(b,h,m,n)->(b,m,n)>], score_mods = [#hydragen.mask<extra = 0>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: mask_finite: {{.*}} 2 kernels, 0 bytes
func.func @mask_finite(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<3x5x33xi1>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) extras(%x : tensor<3x5x33xi1>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, extra_maps = [affine_map<(b,h,m,n)->(b,m,n)>], score_mods = [#hydragen.mask<extra = 0, fill = -3.4028e38 : f32>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: mask_added: {{.*}} 2 kernels, 0 bytes
func.func @mask_added(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<3x5x33xi1>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) extras(%x : tensor<3x5x33xi1>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, extra_maps = [affine_map<(b,h,m,n)->(b,m,n)>], score_mods = [#hydragen.mask<extra = 0, fill = -2.5 : f32, mode = add>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: window: {{.*}} 2 kernels, 0 bytes
func.func @window(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, score_mods = [#hydragen.visible<where = affine_map<(b,h,m,n)->(m + 28 - n, n - m - 20)>>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: rows_without_keys: {{.*}} 2 kernels, 0 bytes
func.func @rows_without_keys(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, score_mods = [#hydragen.visible<where = affine_map<(b,h,m,n)->(m - 2, 40 - n)>>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: rows_without_keys_zero: {{.*}} 2 kernels, 0 bytes
func.func @rows_without_keys_zero(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, masked_rows = #hydragen.masked_rows<zero>, score_mods = [#hydragen.visible<where = affine_map<(b,h,m,n)->(m - 2, 40 - n)>>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: visible_finite: {{.*}} 2 kernels, 0 bytes
func.func @visible_finite(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, score_mods = [#hydragen.visible<where = affine_map<(b,h,m,n)->(m + 28 - n)>, fill = -3.4028e38 : f32>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: visible_blocks: {{.*}} 2 kernels, 0 bytes
func.func @visible_blocks(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, score_mods = [#hydragen.visible<where = affine_map<(b,h,m,n)->(m * 3 + 12 - n floordiv 2 * 2)>>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: alibi: {{.*}} 2 kernels, 0 bytes
func.func @alibi(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<4xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) extras(%x : tensor<4xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, extra_maps = [affine_map<(b,h,m,n)->(h)>], score_mods = [#hydragen.alibi<extra = 0, distance = affine_map<(b,h,m,n)->(n - m - 28)>>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: all_together: {{.*}} 2 kernels, 0 bytes
func.func @all_together(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<4xf32>, %y: tensor<3x5x33xi1>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) extras(%x, %y : tensor<4xf32>, tensor<3x5x33xi1>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, extra_maps = [affine_map<(b,h,m,n)->(h)>, affine_map<(b,h,m,n)->(b,m,n)>], score_mods = [#hydragen.softcap<3.0 : f32>, #hydragen.alibi<extra = 0, distance = affine_map<(b,h,m,n)->(n - m - 28)>>, #hydragen.mask<extra = 1>, #hydragen.visible<where = affine_map<(b,h,m,n)->(m + 28 - n)>>],
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: sinks: {{.*}} 2 kernels, 0 bytes
func.func @sinks(%q: tensor<3x4x5x16xf32>, %pk: tensor<2x24x16xf32>, %pv: tensor<2x24x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<4xf32>, %y: tensor<3x5xf32>, %f: tensor<3x4xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%pk, %sk : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) values(%pv, %sv : tensor<2x24x16xf32>, tensor<3x2x9x16xf32>) sinks(%x, %y : tensor<4xf32>, tensor<3x5xf32>) factor(%f : tensor<3x4xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    scale = 0.25 : f64, sink_maps = [affine_map<(b,h,m)->(h)>, affine_map<(b,h,m)->(b,m)>], factor_map = affine_map<(b,h,m)->(b,h)>,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>>,
                #hydragen.segment<begin = 24, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}

// CHECK: custom: {{.*}} 2 kernels, 0 bytes
func.func @custom(%q: tensor<3x4x5x16xf32>, %sk: tensor<3x2x9x16xf32>, %sv: tensor<3x2x9x16xf32>, %x: tensor<3x9xf32>) -> tensor<3x4x5x16xf32> {
  %init = tensor.empty() : tensor<3x4x5x16xf32>
  %c = arith.constant 0.5 : f32
  %o = hydragen.attention queries(%q : tensor<3x4x5x16xf32>) keys(%sk : tensor<3x2x9x16xf32>) values(%sv : tensor<3x2x9x16xf32>) extras(%x : tensor<3x9xf32>) outs(%init : tensor<3x4x5x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>],
    output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    extra_maps = [affine_map<(b,h,m,n)->(b,n)>],
    scale = 0.25 : f64, score_mods = [#hydragen.custom<extras = [0]>],
    segments = [#hydragen.segment<begin = 0, size = 9, keys = [affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>], value = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>>]
  } {
  ^bb0(%s: f32, %b: index, %h: index, %m: index, %n: index, %y: f32):
    %i = arith.index_cast %h : index to i32
    %hf = arith.sitofp %i : i32 to f32
    %t = math.tanh %s : f32
    %u = arith.mulf %t, %y : f32
    %v = arith.addf %u, %hf : f32
    %w = arith.mulf %v, %c : f32
    %le = arith.cmpi ule, %n, %m : index
    %z = arith.select %le, %w, %s : f32
    hydragen.yield %z : f32
  } -> tensor<3x4x5x16xf32>
  return %o : tensor<3x4x5x16xf32>
}
