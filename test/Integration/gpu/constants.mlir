// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always | FileCheck %s
// RUN: hydragen-compile %s --entry=table_f32 --sharing=always --target=cuda:sm_80 --emit=ptx | FileCheck %s --check-prefix=PTX

// Constants that attention reads are variables of the kernels' image, against
// float64: the entry stays on the device, nothing is copied.

// Two page tables; the kernels' parameters that hold their addresses are relative
// to the variables.
// PTX-DAG: .global .align 16 .b8 constant_{{[01]}}[24] = {
// PTX-DAG: .global .align 16 .b8 constant_{{[01]}}[64] = {

// CHECK: table_f16: {{.*}} 2 kernels, 0 bytes
func.func @table_f16(%q: tensor<4x2x1x16xf16>, %k_pages: tensor<24x8x2x16xf16>, %v_pages: tensor<24x8x2x16xf16>) -> tensor<4x2x1x16xf16> {
  %prompt_table = arith.constant dense<[5, 2, 9]> : tensor<3xi64>
  %own_table = arith.constant dense<[[0, 1], [3, 4], [6, 7], [8, 23]]> : tensor<4x2xi64>
  %empty = tensor.empty() : tensor<4x2x1x16xf16>
  %out = hydragen.attention queries(%q : tensor<4x2x1x16xf16>) keys(%k_pages, %k_pages : tensor<24x8x2x16xf16>, tensor<24x8x2x16xf16>) values(%v_pages, %v_pages : tensor<24x8x2x16xf16>, tensor<24x8x2x16xf16>) indices(%prompt_table, %own_table : tensor<3xi64>, tensor<4x2xi64>) outs(%empty : tensor<4x2x1x16xf16>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>], output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    index_maps = [affine_map<(b, h, m, n, d, e) -> (n floordiv 8)>, affine_map<(b, h, m, n, d, e) -> (b, n floordiv 8)>], scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e)[prompt, own] -> (prompt, n mod 8, h, d)>], value = affine_map<(b, h, m, n, d, e)[prompt, own] -> (prompt, n mod 8, h, e)>>,
                #hydragen.segment<begin = 24, size = 16, keys = [affine_map<(b, h, m, n, d, e)[prompt, own] -> (own, n mod 8, h, d)>], value = affine_map<(b, h, m, n, d, e)[prompt, own] -> (own, n mod 8, h, e)>>]}
    -> tensor<4x2x1x16xf16>
  return %out : tensor<4x2x1x16xf16>
}

// Group numbers, and a bias whose values are a slice of a larger constant.
// CHECK: others_f16: {{.*}} 2 kernels, 0 bytes
func.func @others_f16(%q: tensor<4x2x16xf16>, %k: tensor<3x2x5x16xf16>, %v: tensor<3x2x5x16xf16>) -> tensor<4x2x16xf16> {
  %group = arith.constant dense<[2, 0, 1, 2]> : tensor<4xi32>
  %all = arith.constant dense<[[9.0, 9.0, 9.0, 9.0, 9.0], [0.5, -1.0, 2.0, 0.25, 1.0], [-0.5, 1.5, 0.0, 3.0, -2.0]]> : tensor<3x5xf32>
  %bias = tensor.extract_slice %all[1, 0] [2, 5] [1, 1] : tensor<3x5xf32> to tensor<2x5xf32>
  %empty = tensor.empty() : tensor<4x2x16xf16>
  %out = hydragen.attention queries(%q : tensor<4x2x16xf16>) keys(%k : tensor<3x2x5x16xf16>) values(%v : tensor<3x2x5x16xf16>) indices(%group : tensor<4xi32>) extras(%bias : tensor<2x5xf32>) outs(%empty : tensor<4x2x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>,
    index_maps = [affine_map<(b, h, n, d, e) -> (b)>], extra_maps = [affine_map<(b, h, n) -> (h, n)>], score_mods = [#hydragen.bias<extra = 0>], scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 5, keys = [affine_map<(b, h, n, d, e)[g] -> (g, h, n, d)>], value = affine_map<(b, h, n, d, e)[g] -> (g, h, n, e)>>]}
    -> tensor<4x2x16xf16>
  return %out : tensor<4x2x16xf16>
}

// CHECK: table_f32: {{.*}} 2 kernels, 0 bytes
func.func @table_f32(%q: tensor<4x2x1x16xf32>, %k_pages: tensor<24x8x2x16xf32>, %v_pages: tensor<24x8x2x16xf32>) -> tensor<4x2x1x16xf32> {
  %prompt_table = arith.constant dense<[5, 2, 9]> : tensor<3xi64>
  %own_table = arith.constant dense<[[0, 1], [3, 4], [6, 7], [8, 23]]> : tensor<4x2xi64>
  %empty = tensor.empty() : tensor<4x2x1x16xf32>
  %out = hydragen.attention queries(%q : tensor<4x2x1x16xf32>) keys(%k_pages, %k_pages : tensor<24x8x2x16xf32>, tensor<24x8x2x16xf32>) values(%v_pages, %v_pages : tensor<24x8x2x16xf32>, tensor<24x8x2x16xf32>) indices(%prompt_table, %own_table : tensor<3xi64>, tensor<4x2xi64>) outs(%empty : tensor<4x2x1x16xf32>) attributes {
    query_maps = [affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>], output_map = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>,
    index_maps = [affine_map<(b, h, m, n, d, e) -> (n floordiv 8)>, affine_map<(b, h, m, n, d, e) -> (b, n floordiv 8)>], scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 24, keys = [affine_map<(b, h, m, n, d, e)[prompt, own] -> (prompt, n mod 8, h, d)>], value = affine_map<(b, h, m, n, d, e)[prompt, own] -> (prompt, n mod 8, h, e)>>,
                #hydragen.segment<begin = 24, size = 16, keys = [affine_map<(b, h, m, n, d, e)[prompt, own] -> (own, n mod 8, h, d)>], value = affine_map<(b, h, m, n, d, e)[prompt, own] -> (own, n mod 8, h, e)>>]}
    -> tensor<4x2x1x16xf32>
  return %out : tensor<4x2x1x16xf32>
}

// Group numbers, and a bias whose values are a slice of a larger constant.
// CHECK: others_f32: {{.*}} 2 kernels, 0 bytes
func.func @others_f32(%q: tensor<4x2x16xf32>, %k: tensor<3x2x5x16xf32>, %v: tensor<3x2x5x16xf32>) -> tensor<4x2x16xf32> {
  %group = arith.constant dense<[2, 0, 1, 2]> : tensor<4xi32>
  %all = arith.constant dense<[[9.0, 9.0, 9.0, 9.0, 9.0], [0.5, -1.0, 2.0, 0.25, 1.0], [-0.5, 1.5, 0.0, 3.0, -2.0]]> : tensor<3x5xf32>
  %bias = tensor.extract_slice %all[1, 0] [2, 5] [1, 1] : tensor<3x5xf32> to tensor<2x5xf32>
  %empty = tensor.empty() : tensor<4x2x16xf32>
  %out = hydragen.attention queries(%q : tensor<4x2x16xf32>) keys(%k : tensor<3x2x5x16xf32>) values(%v : tensor<3x2x5x16xf32>) indices(%group : tensor<4xi32>) extras(%bias : tensor<2x5xf32>) outs(%empty : tensor<4x2x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>,
    index_maps = [affine_map<(b, h, n, d, e) -> (b)>], extra_maps = [affine_map<(b, h, n) -> (h, n)>], score_mods = [#hydragen.bias<extra = 0>], scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 5, keys = [affine_map<(b, h, n, d, e)[g] -> (g, h, n, d)>], value = affine_map<(b, h, n, d, e)[g] -> (g, h, n, e)>>]}
    -> tensor<4x2x16xf32>
  return %out : tensor<4x2x16xf32>
}
