// Sequences take turns: sequence b has the prefix b mod 2.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {hydragen.records = [
    #hydragen.attention_record<location = loc("groups.mlir":7:8), outcome = shared, reason_code = "", reason = "groups",
      segments = [#hydragen.segment_record<keys = [0, 96], shared_by = group, groups = 2, sequences = 3, level = 0, rows = [[0, 3, 3], [0, 2, 2]], copies_over = [1]>,
      #hydragen.segment_record<keys = [96, 128], shared_by = own, groups = 6, sequences = 1, level = 1, rows = [[0, 3, 3], [0, 2, 2]], copies_over = [0, 1]>],
      bytes = [786432, 393216], guarded = false, predicted_us = [4.050000e+01 : f64, 4.400000e+01 : f64]>]} {
  return %x : tensor<4xf32>
}
