// An uneven tree of 7 sequences; 4 query heads read 2 key heads (h floordiv 2).
//
//   [0, 6) system prompt: all
//     [6, 11) document A: sequences 0, 1, 2
//       [11, 14) a turn: sequences 0, 1
//         [14, 17) own, sequences 0, 1
//       [11, 15) own, sequence 2
//     [6, 9) document B: sequences 3, 4, 5
//       [9, 10) own, sequences 3, 4, 5
//     [6, 8) own, sequence 6
//
// Segments at one key range with different rows are branches; a sequence's keys end where its own ones end.

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#o = affine_map<(b, h, m, n, d, e) -> (b, h, m, e)>
// Read by all rows of the segment.
#shared_k = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, d)>
#shared_v = affine_map<(b, h, m, n, d, e) -> (h floordiv 2, n, e)>
// Own keys, of the rows from b = 0 and b = 3 on.
#own_k = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, d)>
#own_v = affine_map<(b, h, m, n, d, e) -> (b, h floordiv 2, n, e)>
#own3_k = affine_map<(b, h, m, n, d, e) -> (b - 3, h floordiv 2, n, d)>
#own3_v = affine_map<(b, h, m, n, d, e) -> (b - 3, h floordiv 2, n, e)>

func.func @main(%q: tensor<7x4x1x4xf32>, %system_k: tensor<2x6x4xf32>, %system_v: tensor<2x6x4xf32>,
                %a_k: tensor<2x5x4xf32>, %a_v: tensor<2x5x4xf32>, %turn_k: tensor<2x3x4xf32>, %turn_v: tensor<2x3x4xf32>,
                %b_k: tensor<2x3x4xf32>, %b_v: tensor<2x3x4xf32>, %own01_k: tensor<2x2x3x4xf32>,
                %own01_v: tensor<2x2x3x4xf32>, %own2_k: tensor<2x4x4xf32>, %own2_v: tensor<2x4x4xf32>,
                %own345_k: tensor<3x2x1x4xf32>, %own345_v: tensor<3x2x1x4xf32>, %own6_k: tensor<2x2x4xf32>,
                %own6_v: tensor<2x2x4xf32>) -> tensor<7x4x1x4xf32> {
  %empty = tensor.empty() : tensor<7x4x1x4xf32>
  %out = hydragen.attention
    queries(%q : tensor<7x4x1x4xf32>)
    keys(%system_k, %a_k, %turn_k, %own01_k, %own2_k, %b_k, %own345_k, %own6_k
        : tensor<2x6x4xf32>, tensor<2x5x4xf32>, tensor<2x3x4xf32>, tensor<2x2x3x4xf32>, tensor<2x4x4xf32>,
          tensor<2x3x4xf32>, tensor<3x2x1x4xf32>, tensor<2x2x4xf32>)
    values(%system_v, %a_v, %turn_v, %own01_v, %own2_v, %b_v, %own345_v, %own6_v
        : tensor<2x6x4xf32>, tensor<2x5x4xf32>, tensor<2x3x4xf32>, tensor<2x2x3x4xf32>, tensor<2x4x4xf32>,
          tensor<2x3x4xf32>, tensor<3x2x1x4xf32>, tensor<2x2x4xf32>)
    outs(%empty : tensor<7x4x1x4xf32>)
    attributes {query_maps = [#q], output_map = #o, scale = 0.5 : f64,
      segments = [
        #hydragen.segment<begin = 0, size = 6, keys = [#shared_k], value = #shared_v>,
        #hydragen.segment<begin = 6, size = 5, rows = [[0, 3], [0, 4], [0, 1]], keys = [#shared_k], value = #shared_v>,
        #hydragen.segment<begin = 11, size = 3, rows = [[0, 2], [0, 4], [0, 1]], keys = [#shared_k], value = #shared_v>,
        #hydragen.segment<begin = 14, size = 3, rows = [[0, 2], [0, 4], [0, 1]], keys = [#own_k], value = #own_v>,
        #hydragen.segment<begin = 11, size = 4, rows = [[2, 1], [0, 4], [0, 1]], keys = [#shared_k], value = #shared_v>,
        #hydragen.segment<begin = 6, size = 3, rows = [[3, 3], [0, 4], [0, 1]], keys = [#shared_k], value = #shared_v>,
        #hydragen.segment<begin = 9, size = 1, rows = [[3, 3], [0, 4], [0, 1]], keys = [#own3_k], value = #own3_v>,
        #hydragen.segment<begin = 6, size = 2, rows = [[6, 1], [0, 4], [0, 1]], keys = [#shared_k], value = #shared_v>]}
    -> tensor<7x4x1x4xf32>
  return %out : tensor<7x4x1x4xf32>
}
