// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always | FileCheck %s
// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always --tile=64 --split=64 | FileCheck %s
// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=never | FileCheck %s
// RUN: hydragen-compile %s --entry=tokens --sharing=always --remarks -o %t.so 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: segments-shared: keys [0, 130) shared over d0 of 4; keys [130, ?) at run time shared over d0 of 4; keys [?, 167) own

// Tables of single keys, as servers keep them that cut prefixes anywhere: pages of one.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#o = affine_map<(b, h, n, d, e) -> (b, h, e)>
#prompt_table = affine_map<(b, h, n, d, e) -> (n)>
#own_table = affine_map<(b, h, n, d, e) -> (b, n)>
#prompt_k = affine_map<(b, h, n, d, e)[prompt, own] -> (prompt, h floordiv 4, d)>
#prompt_v = affine_map<(b, h, n, d, e)[prompt, own] -> (prompt, h floordiv 4, e)>
#own_k = affine_map<(b, h, n, d, e)[prompt, own] -> (own, h floordiv 4, d)>
#own_v = affine_map<(b, h, n, d, e)[prompt, own] -> (own, h floordiv 4, e)>

// CHECK: tokens: {{.*}} kernels, 0 bytes
func.func @tokens(%q: tensor<4x8x64xf16>, %k: tensor<300x2x64xf16>, %v: tensor<300x2x64xf16>,
                  %prompt: tensor<130xi32>, %own: tensor<4x37xi32>) -> tensor<4x8x64xf16> {
  %empty = tensor.empty() : tensor<4x8x64xf16>
  %out = hydragen.attention queries(%q : tensor<4x8x64xf16>)
    keys(%k, %k : tensor<300x2x64xf16>, tensor<300x2x64xf16>) values(%v, %v : tensor<300x2x64xf16>, tensor<300x2x64xf16>)
    indices(%prompt, %own : tensor<130xi32>, tensor<4x37xi32>) outs(%empty : tensor<4x8x64xf16>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#prompt_table, #own_table], scale = 0.125 : f64,
      segments = [#hydragen.segment<begin = 0, size = 130, keys = [#prompt_k], value = #prompt_v>,
                  #hydragen.segment<begin = 130, size = 37, keys = [#own_k], value = #own_v>]} -> tensor<4x8x64xf16>
  return %out : tensor<4x8x64xf16>
}

// Rows of K that asynchronous copies cannot take whole, 64-bit tables, lengths of the sequences.

#len = affine_map<(b, h, n, d, e) -> (b)>
#prompt_k3 = affine_map<(b, h, n, d, e)[prompt, own, len] -> (prompt, h floordiv 4, d)>
#prompt_v3 = affine_map<(b, h, n, d, e)[prompt, own, len] -> (prompt, h floordiv 4, e)>
#own_k3 = affine_map<(b, h, n, d, e)[prompt, own, len] -> (own, h floordiv 4, d)>
#own_v3 = affine_map<(b, h, n, d, e)[prompt, own, len] -> (own, h floordiv 4, e)>

// CHECK: ragged: {{.*}} kernels, 0 bytes
func.func @ragged(%q: tensor<4x8x20xf32>, %k: tensor<300x2x20xf32>, %v: tensor<300x2x24xf32>,
                  %prompt: tensor<130xi64>, %own: tensor<4x37xi64>, %len: tensor<4xi64>) -> tensor<4x8x24xf32> {
  %empty = tensor.empty() : tensor<4x8x24xf32>
  %out = hydragen.attention queries(%q : tensor<4x8x20xf32>)
    keys(%k, %k : tensor<300x2x20xf32>, tensor<300x2x20xf32>) values(%v, %v : tensor<300x2x24xf32>, tensor<300x2x24xf32>)
    indices(%prompt, %own, %len : tensor<130xi64>, tensor<4x37xi64>, tensor<4xi64>) outs(%empty : tensor<4x8x24xf32>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#prompt_table, #own_table, #len], scale = 0.25 : f64,
      score_mods = [#hydragen.visible<where = affine_map<(b, h, n)[prompt, own, len] -> (len + 129 - n)>>],
      segments = [#hydragen.segment<begin = 0, size = 130, keys = [#prompt_k3], value = #prompt_v3>,
                  #hydragen.segment<begin = 130, size = 37, keys = [#own_k3], value = #own_v3>]} -> tensor<4x8x24xf32>
  return %out : tensor<4x8x24xf32>
}
