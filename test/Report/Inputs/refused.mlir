// What was refused, what does not pay, and what has nothing to share.
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {hydragen.records = [
    #hydragen.attention_record<location = loc("llama/attention.mlir":120:11), outcome = refused, reason_code = "denominator-extra-term", reason = "the denominator has a further term that is not an exponential of the same shift",
      segments = [],
      bytes = [?, ?], guarded = false>,
    #hydragen.attention_record<location = loc("llama/attention.mlir":160:11), outcome = plain, reason_code = "not-profitable", reason = "plain attention is predicted to be faster than shared attention: 14.0 us against 9.5 us",
      segments = [#hydragen.segment_record<keys = [0, 24], shared_by = all, groups = 1, sequences = 4, level = 0, rows = [[0, 4, 4]], copies_over = []>,
      #hydragen.segment_record<keys = [24, 32], shared_by = own, groups = 4, sequences = 1, level = 1, rows = [[0, 4, 4]], copies_over = [0]>],
      bytes = [32768, 14336], guarded = false, predicted_us = [9.500000e+00 : f64, 1.400000e+01 : f64]>,
    #hydragen.attention_record<location = loc("llama/attention.mlir":200:11), outcome = plain, reason_code = "nothing-shared", reason = "every key and value belongs to one sequence only",
      segments = [#hydragen.segment_record<keys = [0, 32], shared_by = own, groups = 4, sequences = 1, level = 0, rows = [[0, 4, 4]], copies_over = [0]>],
      bytes = [32768, 32768], guarded = false, predicted_us = [9.500000e+00 : f64, 9.500000e+00 : f64]>]} {
  return %x : tensor<4xf32>
}
