// One prefix for eight sequences, all of them with keys of their own.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {hydragen.records = [
    #hydragen.attention_record<location = loc("model.mlir":12:8), outcome = shared, reason_code = "", reason = "keys [0, 2048) shared over 8 sequences",
      segments = [#hydragen.segment_record<keys = [0, 2048], shared_by = all, groups = 1, sequences = 8, level = 0, rows = [[0, 8, 8]], copies_over = []>,
      #hydragen.segment_record<keys = [2048, 2176], shared_by = own, groups = 8, sequences = 1, level = 1, rows = [[0, 8, 8]], copies_over = [0]>],
      bytes = [17825792, 3145728], guarded = false, predicted_us = [8.125000e+02 : f64, 1.412500e+02 : f64]>]} {
  return %x : tensor<4xf32>
}
