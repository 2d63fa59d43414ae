// Decode attention: a prefix of 8 keys for all sequences, and a suffix of any
// length for each.
#row = affine_map<(b, t) -> (b)>
#bt = affine_map<(b, t) -> (b, t)>
func.func @main(%q: tensor<?x1x4xf32>, %kp: tensor<8x4xf32>, %vp: tensor<8x4xf32>,
                %ks: tensor<?x?x4xf32>, %vs: tensor<?x?x4xf32>) -> tensor<?x1x4xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %minf = arith.constant 0xFF800000 : f32
  %B = tensor.dim %q, %c0 : tensor<?x1x4xf32>
  %e = tensor.empty(%B) : tensor<?x8x4xf32>
  %kb = linalg.broadcast ins(%kp : tensor<8x4xf32>) outs(%e : tensor<?x8x4xf32>) dimensions = [0]
  %vb = linalg.broadcast ins(%vp : tensor<8x4xf32>) outs(%e : tensor<?x8x4xf32>) dimensions = [0]
  %k = tensor.concat dim(1) %kb, %ks : (tensor<?x8x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %v = tensor.concat dim(1) %vb, %vs : (tensor<?x8x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %c1 = arith.constant 1 : index
  %T = tensor.dim %k, %c1 : tensor<?x?x4xf32>
  %se = tensor.empty(%B, %T) : tensor<?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?xf32>) -> tensor<?x?xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(b, t, d) -> (b, 0, d)>, affine_map<(b, t, d) -> (b, t, d)>, affine_map<(b, t, d) -> (b, t)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<?x1x4xf32>, tensor<?x?x4xf32>) outs(%sz : tensor<?x?xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %m = arith.mulf %x, %y : f32
    %a = arith.addf %acc, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  %re = tensor.empty(%B) : tensor<?xf32>
  %rm = linalg.fill ins(%minf : f32) outs(%re : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {indexing_maps = [#bt, #row], iterator_types = ["parallel", "reduction"]}
      ins(%s : tensor<?x?xf32>) outs(%rm : tensor<?xf32>) {
  ^bb0(%x: f32, %acc: f32):
    %a = arith.maximumf %x, %acc : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  %p = linalg.generic {indexing_maps = [#bt, #row, #bt], iterator_types = ["parallel", "parallel"]}
      ins(%s, %max : tensor<?x?xf32>, tensor<?xf32>) outs(%se : tensor<?x?xf32>) {
  ^bb0(%x: f32, %m: f32, %acc: f32):
    %a = arith.subf %x, %m : f32
    %b = math.exp %a : f32
    linalg.yield %b : f32
  } -> tensor<?x?xf32>
  %rz = linalg.fill ins(%zero : f32) outs(%re : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#bt, #row], iterator_types = ["parallel", "reduction"]}
      ins(%p : tensor<?x?xf32>) outs(%rz : tensor<?xf32>) {
  ^bb0(%x: f32, %acc: f32):
    %a = arith.addf %x, %acc : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  %w = linalg.generic {indexing_maps = [#bt, #row, #bt], iterator_types = ["parallel", "parallel"]}
      ins(%p, %sum : tensor<?x?xf32>, tensor<?xf32>) outs(%se : tensor<?x?xf32>) {
  ^bb0(%x: f32, %m: f32, %acc: f32):
    %a = arith.divf %x, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  %oe = tensor.empty(%B) : tensor<?x1x4xf32>
  %oz = linalg.fill ins(%zero : f32) outs(%oe : tensor<?x1x4xf32>) -> tensor<?x1x4xf32>
  %o = linalg.generic {indexing_maps = [affine_map<(b, d, t) -> (b, t)>, affine_map<(b, d, t) -> (b, t, d)>, affine_map<(b, d, t) -> (b, 0, d)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%w, %v : tensor<?x?xf32>, tensor<?x?x4xf32>) outs(%oz : tensor<?x1x4xf32>) {
  ^bb0(%x: f32, %y: f32, %acc: f32):
    %m = arith.mulf %x, %y : f32
    %a = arith.addf %acc, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x1x4xf32>
  return %o : tensor<?x1x4xf32>
}
