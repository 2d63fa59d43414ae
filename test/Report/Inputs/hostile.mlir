// Names that are markup, script and no UTF-8.
func.func @"</title><script>alert(2)</script>&\22"(%x: tensor<4xf32>) -> tensor<4xf32> attributes {hydragen.records = [
    #hydragen.attention_record<location = loc("<script>alert(1)</script>"("a\22onload=x\22 \27&<b>.mlir":3:8)), outcome = refused, reason_code = "too-large", reason = "</p><img src=x onerror=alert(1)> & \22quotes\22 \27 \FF\01 end",
      segments = [],
      bytes = [?, ?], guarded = false>]} {
  return %x : tensor<4xf32>
}
