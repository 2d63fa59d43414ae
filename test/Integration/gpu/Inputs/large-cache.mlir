#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#o = affine_map<(b, h, n, d, e) -> (b, h, e)>
#prompt_table = affine_map<(b, h, n, d, e) -> (n floordiv 16)>
#own_table = affine_map<(b, h, n, d, e) -> (b, n floordiv 16)>
#prompt_k = affine_map<(b, h, n, d, e)[prompt, own] -> (prompt, n mod 16, d)>
#prompt_v = affine_map<(b, h, n, d, e)[prompt, own] -> (prompt, n mod 16, e)>
#own_k = affine_map<(b, h, n, d, e)[prompt, own] -> (own, n mod 16, d)>
#own_v = affine_map<(b, h, n, d, e)[prompt, own] -> (own, n mod 16, e)>

func.func @main(%q: tensor<4x8x64xf16>, %k: tensor<2300000x16x64xf16>, %v: tensor<2300000x16x64xf16>,
                %prompt_table: tensor<8xi64>, %own_table: tensor<4x2xi64>) -> tensor<4x8x64xf16> {
  %empty = tensor.empty() : tensor<4x8x64xf16>
  %out = hydragen.attention queries(%q : tensor<4x8x64xf16>)
    keys(%k, %k : tensor<2300000x16x64xf16>, tensor<2300000x16x64xf16>)
    values(%v, %v : tensor<2300000x16x64xf16>, tensor<2300000x16x64xf16>)
    indices(%prompt_table, %own_table : tensor<8xi64>, tensor<4x2xi64>)
    outs(%empty : tensor<4x8x64xf16>)
    attributes {query_maps = [#q], output_map = #o, index_maps = [#prompt_table, #own_table], scale = 0.125 : f64,
      segments = [#hydragen.segment<begin = 0, size = 128, keys = [#prompt_k], value = #prompt_v>,
                  #hydragen.segment<begin = 128, size = 32, keys = [#own_k], value = #own_v>]} -> tensor<4x8x64xf16>
  return %out : tensor<4x8x64xf16>
}
