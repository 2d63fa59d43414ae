// 128 sequences in 16 groups of eight.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {hydragen.records = [
    #hydragen.attention_record<location = loc("serve.mlir":5:8), outcome = shared, reason_code = "", reason = "r",
      segments = [#hydragen.segment_record<keys = [0, 8192], shared_by = all, groups = 1, sequences = 128, level = 0, rows = [[0, 16, 16], [0, 8, 8]], copies_over = []>,
      #hydragen.segment_record<keys = [8192, 9216], shared_by = group, groups = 16, sequences = 8, level = 1, rows = [[0, 16, 16], [0, 8, 8]], copies_over = [0]>,
      #hydragen.segment_record<keys = [9216, 9728], shared_by = own, groups = 128, sequences = 1, level = 2, rows = [[0, 16, 16], [0, 8, 8]], copies_over = [0, 1]>],
      bytes = [5100273664, 400000000], guarded = false, predicted_us = [9.100000e+04 : f64, 9.000000e+03 : f64]>]} {
  return %x : tensor<4xf32>
}
