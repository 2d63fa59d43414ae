// A tree of three levels, its branches of different length and width; the key ranges of the groups overlap.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {hydragen.records = [
    #hydragen.attention_record<location = loc("tree.mlir":31:8), outcome = shared, reason_code = "", reason = "a tree",
      segments = [#hydragen.segment_record<keys = [0, 512], shared_by = all, groups = 1, sequences = 9, level = 0, rows = [[0, 9, 9]], copies_over = []>,
      #hydragen.segment_record<keys = [512, 900], shared_by = group, groups = 1, sequences = 4, level = 1, rows = [[0, 4, 9]], copies_over = []>,
      #hydragen.segment_record<keys = [512, 640], shared_by = group, groups = 1, sequences = 5, level = 1, rows = [[4, 9, 9]], copies_over = []>,
      #hydragen.segment_record<keys = [900, 1000], shared_by = group, groups = 1, sequences = 2, level = 2, rows = [[0, 2, 9]], copies_over = []>,
      #hydragen.segment_record<keys = [900, 1100], shared_by = own, groups = 2, sequences = 1, level = 2, rows = [[2, 4, 9]], copies_over = [0]>,
      #hydragen.segment_record<keys = [1000, 1100], shared_by = own, groups = 2, sequences = 1, level = 3, rows = [[0, 2, 9]], copies_over = [0]>,
      #hydragen.segment_record<keys = [640, 700], shared_by = own, groups = 5, sequences = 1, level = 2, rows = [[4, 9, 9]], copies_over = [0]>],
      bytes = [10137600, 4000000], guarded = false, predicted_us = [9.000000e+02 : f64, 3.800000e+02 : f64]>]} {
  return %x : tensor<4xf32>
}
