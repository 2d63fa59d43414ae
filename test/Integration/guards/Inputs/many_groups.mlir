// Any number of sequences, sequence b reads prompt group[b] of 70: known at run time.

#map = affine_map<(d0, d1, d2, d3) -> (d0)>
#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
#k = affine_map<(b, h, m, n, d, e) -> (b, h, n, d)>
#v = affine_map<(b, h, m, n, d, e) -> (b, h, n, e)>

func.func @main(%q: tensor<?x2x1x8xf32>, %prompt_k: tensor<70x2x12x8xf32>, %prompt_v: tensor<70x2x12x8xf32>,
                %own_k: tensor<?x2x3x8xf32>, %own_v: tensor<?x2x3x8xf32>, %group: tensor<?xi64>) -> tensor<?x2x1x8xf32> {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %q, %c0 : tensor<?x2x1x8xf32>
  %e = tensor.empty(%b) : tensor<?x2x12x8xf32>
  %gathered_k = linalg.generic {indexing_maps = [#map, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%group : tensor<?xi64>) outs(%e : tensor<?x2x12x8xf32>) {
    ^bb0(%g: i64, %out: f32):
      %at = arith.index_cast %g : i64 to index
      %h = linalg.index 1 : index
      %n = linalg.index 2 : index
      %d = linalg.index 3 : index
      %x = tensor.extract %prompt_k[%at, %h, %n, %d] : tensor<70x2x12x8xf32>
      linalg.yield %x : f32
  } -> tensor<?x2x12x8xf32>
  %gathered_v = linalg.generic {indexing_maps = [#map, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%group : tensor<?xi64>) outs(%e : tensor<?x2x12x8xf32>) {
    ^bb0(%g: i64, %out: f32):
      %at = arith.index_cast %g : i64 to index
      %h = linalg.index 1 : index
      %n = linalg.index 2 : index
      %d = linalg.index 3 : index
      %x = tensor.extract %prompt_v[%at, %h, %n, %d] : tensor<70x2x12x8xf32>
      linalg.yield %x : f32
  } -> tensor<?x2x12x8xf32>
  %keys = tensor.concat dim(2) %gathered_k, %own_k : (tensor<?x2x12x8xf32>, tensor<?x2x3x8xf32>) -> tensor<?x2x15x8xf32>
  %values = tensor.concat dim(2) %gathered_v, %own_v : (tensor<?x2x12x8xf32>, tensor<?x2x3x8xf32>) -> tensor<?x2x15x8xf32>
  %init = tensor.empty(%b) : tensor<?x2x1x8xf32>
  %r = hydragen.attention queries(%q : tensor<?x2x1x8xf32>) keys(%keys : tensor<?x2x15x8xf32>) values(%values : tensor<?x2x15x8xf32>)
    outs(%init : tensor<?x2x1x8xf32>) attributes {query_maps = [#q], output_map = #o, scale = 0.25 : f64,
      segments = [#hydragen.segment<begin = 0, size = 15, keys = [#k], value = #v>]} -> tensor<?x2x1x8xf32>
  return %r : tensor<?x2x1x8xf32>
}
