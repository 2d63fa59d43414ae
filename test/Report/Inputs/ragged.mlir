// Lengths that are not known, sharing that is decided at run time.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {hydragen.records = [
    #hydragen.attention_record<location = loc("ragged.mlir":7:8), outcome = shared, reason_code = "", reason = "guarded",
      segments = [#hydragen.segment_record<keys = [0, ?], shared_by = all, groups = 1, sequences = ?, level = 0, rows = [[0, ?, ?]], copies_over = []>,
      #hydragen.segment_record<keys = [?, ?], shared_by = own, groups = ?, sequences = 1, level = 1, rows = [[0, ?, ?]], copies_over = [0]>],
      bytes = [?, ?], guarded = true>]} {
  return %x : tensor<4xf32>
}
