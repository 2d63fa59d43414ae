// For dynamic-buffers.test: the result of one attention is the query of the next,
// transposed in between; nothing is known of batch and keys.

func.func @main_f16(%q: tensor<?x4x16xf16>, %k: tensor<?x16xf16>, %sk: tensor<?x?x16xf16>, %fixed: tensor<3x16xf16>) -> (tensor<?x4x16xf16>, tensor<?x4x16xf16>, tensor<4x?x16xf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %q, %c0 : tensor<?x4x16xf16>
  %p = tensor.dim %k, %c0 : tensor<?x16xf16>
  %s = tensor.dim %sk, %c1 : tensor<?x?x16xf16>
  %empty = tensor.empty(%b) : tensor<?x4x16xf16>
  %o = hydragen.attention queries(%q : tensor<?x4x16xf16>) keys(%k, %sk : tensor<?x16xf16>, tensor<?x?x16xf16>) values(%k, %sk : tensor<?x16xf16>, tensor<?x?x16xf16>) sizes(%p, %p, %s) outs(%empty : tensor<?x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = ?, size = ?, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<?x4x16xf16>
  %o2 = hydragen.attention queries(%o : tensor<?x4x16xf16>) keys(%k, %sk : tensor<?x16xf16>, tensor<?x?x16xf16>) values(%k, %sk : tensor<?x16xf16>, tensor<?x?x16xf16>) sizes(%p, %p, %s) outs(%empty : tensor<?x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = ?, size = ?, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<?x4x16xf16>
  %e = tensor.empty(%b) : tensor<4x?x16xf16>
  %turned = linalg.transpose ins(%o2 : tensor<?x4x16xf16>) outs(%e : tensor<4x?x16xf16>) permutation = [1, 0, 2]
  %back = linalg.transpose ins(%turned : tensor<4x?x16xf16>) outs(%empty : tensor<?x4x16xf16>) permutation = [1, 0, 2]
  %o3 = hydragen.attention queries(%back : tensor<?x4x16xf16>) keys(%k, %sk : tensor<?x16xf16>, tensor<?x?x16xf16>) values(%k, %sk : tensor<?x16xf16>, tensor<?x?x16xf16>) sizes(%p, %p, %s) outs(%empty : tensor<?x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = ?, size = ?, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<?x4x16xf16>
  return %o3, %o, %turned : tensor<?x4x16xf16>, tensor<?x4x16xf16>, tensor<4x?x16xf16>
}

func.func @main_f32(%q: tensor<?x4x16xf32>, %k: tensor<?x16xf32>, %sk: tensor<?x?x16xf32>, %fixed: tensor<3x16xf32>) -> (tensor<?x4x16xf32>, tensor<?x4x16xf32>, tensor<4x?x16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %q, %c0 : tensor<?x4x16xf32>
  %p = tensor.dim %k, %c0 : tensor<?x16xf32>
  %s = tensor.dim %sk, %c1 : tensor<?x?x16xf32>
  %empty = tensor.empty(%b) : tensor<?x4x16xf32>
  %o = hydragen.attention queries(%q : tensor<?x4x16xf32>) keys(%k, %sk : tensor<?x16xf32>, tensor<?x?x16xf32>) values(%k, %sk : tensor<?x16xf32>, tensor<?x?x16xf32>) sizes(%p, %p, %s) outs(%empty : tensor<?x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = ?, size = ?, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<?x4x16xf32>
  %o2 = hydragen.attention queries(%o : tensor<?x4x16xf32>) keys(%k, %sk : tensor<?x16xf32>, tensor<?x?x16xf32>) values(%k, %sk : tensor<?x16xf32>, tensor<?x?x16xf32>) sizes(%p, %p, %s) outs(%empty : tensor<?x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = ?, size = ?, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<?x4x16xf32>
  %e = tensor.empty(%b) : tensor<4x?x16xf32>
  %turned = linalg.transpose ins(%o2 : tensor<?x4x16xf32>) outs(%e : tensor<4x?x16xf32>) permutation = [1, 0, 2]
  %back = linalg.transpose ins(%turned : tensor<4x?x16xf32>) outs(%empty : tensor<?x4x16xf32>) permutation = [1, 0, 2]
  %o3 = hydragen.attention queries(%back : tensor<?x4x16xf32>) keys(%k, %sk : tensor<?x16xf32>, tensor<?x?x16xf32>) values(%k, %sk : tensor<?x16xf32>, tensor<?x?x16xf32>) sizes(%p, %p, %s) outs(%empty : tensor<?x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = ?, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = ?, size = ?, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<?x4x16xf32>
  return %o3, %o, %turned : tensor<?x4x16xf32>, tensor<?x4x16xf32>, tensor<4x?x16xf32>
}
