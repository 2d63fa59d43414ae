// Sequence b reads the pages of table ids[b], whose numbers count from the end where they are negative and stand for
// pairs of pages; its length is what is left of 40 keys.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#o = affine_map<(b, h, n, d, e) -> (b, h, e)>
#pages = affine_map<(b, h, n, d, e) -> (b, n floordiv 8)>
#row = affine_map<(b, h, n, d, e) -> (b)>
#k = affine_map<(b, h, n, d, e)[page, len] -> (page, n mod 8, h, d)>
#v = affine_map<(b, h, n, d, e)[page, len] -> (page, n mod 8, h, e)>
#id1 = affine_map<(b) -> (b)>
#id = affine_map<(b, p) -> (b, p)>
#first = affine_map<(b, p) -> (b)>

func.func @main(%q: tensor<6x2x16xf32>, %k: tensor<24x8x2x16xf32>, %v: tensor<24x8x2x16xf32>, %tables: tensor<3x5xi32>,
                %ids: tensor<6xi64>, %used: tensor<6xi32>) -> tensor<6x2x16xf32> {
  %zero = arith.constant 0 : i32
  %two = arith.constant 2 : i32
  %three = arith.constant 3 : i32
  %all = arith.constant 40 : i32
  %pages = arith.constant 24 : i32
  %e = tensor.empty() : tensor<6x5xi32>
  %table = linalg.generic {indexing_maps = [#first, #id], iterator_types = ["parallel", "parallel"]}
      ins(%ids : tensor<6xi64>) outs(%e : tensor<6x5xi32>) {
  ^bb0(%i: i64, %out: i32):
    %at = arith.index_cast %i : i64 to index
    %p = linalg.index 1 : index
    %x = tensor.extract %tables[%at, %p] : tensor<3x5xi32>
    %half = arith.floordivsi %x, %two : i32
    %twice = arith.muli %half, %two : i32
    %negative = arith.cmpi slt, %twice, %zero : i32
    %fromEnd = arith.addi %twice, %pages : i32
    %page = arith.select %negative, %fromEnd, %twice : i32
    linalg.yield %page : i32
  } -> tensor<6x5xi32>
  %el = tensor.empty() : tensor<6xi32>
  %length = linalg.generic {indexing_maps = [#id1, #id1], iterator_types = ["parallel"]}
      ins(%used : tensor<6xi32>) outs(%el : tensor<6xi32>) {
  ^bb0(%u: i32, %out: i32):
    %third = arith.ceildivsi %u, %three : i32
    %left = arith.subi %all, %third : i32
    linalg.yield %left : i32
  } -> tensor<6xi32>
  %init = tensor.empty() : tensor<6x2x16xf32>
  %r = hydragen.attention queries(%q : tensor<6x2x16xf32>) keys(%k : tensor<24x8x2x16xf32>) values(%v : tensor<24x8x2x16xf32>)
    indices(%table, %length : tensor<6x5xi32>, tensor<6xi32>) outs(%init : tensor<6x2x16xf32>) attributes {
      query_maps = [#q], output_map = #o, index_maps = [#pages, #row], scale = 0.25 : f64,
      score_mods = [#hydragen.visible<where = affine_map<(b, h, n)[page, len] -> (len - 1 - n)>>],
      segments = [#hydragen.segment<begin = 0, size = 40, keys = [#k], value = #v>]} -> tensor<6x2x16xf32>
  return %r : tensor<6x2x16xf32>
}
