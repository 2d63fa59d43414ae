// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always | FileCheck %s
// RUN: %python %source/test/lib/run_emulated.py %build/bin %s --sharing=always --tile=64 --split=64 | FileCheck %s

// Tensors that are only moved, filled or transposed beside attention: that is done
// on the device, against float64, and nothing is copied.

// An old value that is added: an argument, a constant, a number, another attention.
// CHECK: old_argument_f16: {{.*}} 3 kernels, 0 bytes
func.func @old_argument_f16(%q: tensor<3x4x16xf16>, %k: tensor<20x16xf16>, %v: tensor<20x16xf16>, %sk: tensor<3x9x16xf16>, %sv: tensor<3x9x16xf16>, %old: tensor<3x4x16xf16>) -> tensor<3x4x16xf16> {
  %o = hydragen.attention queries(%q : tensor<3x4x16xf16>) keys(%k, %sk : tensor<20x16xf16>, tensor<3x9x16xf16>) values(%v, %sv : tensor<20x16xf16>, tensor<3x9x16xf16>) outs(%old : tensor<3x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf16>
  return %o : tensor<3x4x16xf16>
}

// CHECK: old_in_place_f16: {{.*}} 2 kernels, 0 bytes
func.func @old_in_place_f16(%q: tensor<3x4x16xf16>, %k: tensor<20x16xf16>, %v: tensor<20x16xf16>, %sk: tensor<3x9x16xf16>, %sv: tensor<3x9x16xf16>, %old: tensor<3x4x16xf16> {hydragen.alias_output = 0 : i64}) -> tensor<3x4x16xf16> {
  %o = hydragen.attention queries(%q : tensor<3x4x16xf16>) keys(%k, %sk : tensor<20x16xf16>, tensor<3x9x16xf16>) values(%v, %sv : tensor<20x16xf16>, tensor<3x9x16xf16>) outs(%old : tensor<3x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf16>
  return %o : tensor<3x4x16xf16>
}

// CHECK: old_constant_f16: {{.*}} 4 kernels, 0 bytes
func.func @old_constant_f16(%q: tensor<3x4x16xf16>, %k: tensor<20x16xf16>, %v: tensor<20x16xf16>, %sk: tensor<3x9x16xf16>, %sv: tensor<3x9x16xf16>) -> tensor<3x4x16xf16> {
  %old = arith.constant dense<-0.5> : tensor<3x4x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x16xf16>) keys(%k, %sk : tensor<20x16xf16>, tensor<3x9x16xf16>) values(%v, %sv : tensor<20x16xf16>, tensor<3x9x16xf16>) outs(%old : tensor<3x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf16>
  return %o : tensor<3x4x16xf16>
}

// CHECK: old_number_f16: {{.*}} 3 kernels, 0 bytes
func.func @old_number_f16(%q: tensor<3x4x16xf16>, %k: tensor<20x16xf16>, %v: tensor<20x16xf16>, %sk: tensor<3x9x16xf16>, %sv: tensor<3x9x16xf16>) -> tensor<3x4x16xf16> {
  %half = arith.constant 0.5 : f16
  %empty = tensor.empty() : tensor<3x4x16xf16>
  %old = linalg.fill ins(%half : f16) outs(%empty : tensor<3x4x16xf16>) -> tensor<3x4x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x16xf16>) keys(%k, %sk : tensor<20x16xf16>, tensor<3x9x16xf16>) values(%v, %sv : tensor<20x16xf16>, tensor<3x9x16xf16>) outs(%old : tensor<3x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf16>
  return %o : tensor<3x4x16xf16>
}

// CHECK: old_attention_f16: {{.*}} kernels, 0 bytes
func.func @old_attention_f16(%q: tensor<3x4x16xf16>, %k: tensor<20x16xf16>, %v: tensor<20x16xf16>, %sk: tensor<3x9x16xf16>, %sv: tensor<3x9x16xf16>) -> (tensor<3x4x16xf16>, tensor<3x4x16xf16>) {
  %empty = tensor.empty() : tensor<3x4x16xf16>
  %old = hydragen.attention queries(%q : tensor<3x4x16xf16>) keys(%k, %sk : tensor<20x16xf16>, tensor<3x9x16xf16>) values(%v, %sv : tensor<20x16xf16>, tensor<3x9x16xf16>) outs(%empty : tensor<3x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf16>
  %o = hydragen.attention queries(%old : tensor<3x4x16xf16>) keys(%k, %sk : tensor<20x16xf16>, tensor<3x9x16xf16>) values(%v, %sv : tensor<20x16xf16>, tensor<3x9x16xf16>) outs(%old : tensor<3x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf16>
  return %old, %o : tensor<3x4x16xf16>, tensor<3x4x16xf16>
}

// A result that is transposed with its columns, one that is an argument.
// CHECK: transposed_f16: {{.*}} kernels, 0 bytes
func.func @transposed_f16(%q: tensor<3x4x16xf16>, %k: tensor<20x16xf16>, %v: tensor<20x16xf16>, %sk: tensor<3x9x16xf16>, %sv: tensor<3x9x16xf16>) -> (tensor<16x3x4xf16>, tensor<3x9x16xf16>) {
  %empty = tensor.empty() : tensor<3x4x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x16xf16>) keys(%k, %sk : tensor<20x16xf16>, tensor<3x9x16xf16>) values(%v, %sv : tensor<20x16xf16>, tensor<3x9x16xf16>) outs(%empty : tensor<3x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf16>
  %e = tensor.empty() : tensor<16x3x4xf16>
  %r = linalg.transpose ins(%o : tensor<3x4x16xf16>) outs(%e : tensor<16x3x4xf16>) permutation = [2, 0, 1]
  return %r, %sk : tensor<16x3x4xf16>, tensor<3x9x16xf16>
}

// A cache that gets new keys, in place, and one that is copied for it.
// CHECK: cache_f16: {{.*}} kernels, 0 bytes
func.func @cache_f16(%q: tensor<3x4x16xf16>, %k: tensor<20x16xf16>, %v: tensor<20x16xf16>, %sk: tensor<3x9x16xf16>, %sv: tensor<3x9x16xf16>, %new: tensor<2x16xf16>, %kc: tensor<20x16xf16> {hydragen.alias_output = 1 : i64}) -> (tensor<3x4x16xf16>, tensor<20x16xf16>, tensor<20x16xf16>) {
  %empty = tensor.empty() : tensor<3x4x16xf16>
  %k1 = tensor.insert_slice %new into %kc[7, 0] [2, 16] [1, 1] : tensor<2x16xf16> into tensor<20x16xf16>
  %v1 = tensor.insert_slice %new into %v[7, 0] [2, 16] [1, 1] : tensor<2x16xf16> into tensor<20x16xf16>
  %o = hydragen.attention queries(%q : tensor<3x4x16xf16>) keys(%k1, %sk : tensor<20x16xf16>, tensor<3x9x16xf16>) values(%v1, %sv : tensor<20x16xf16>, tensor<3x9x16xf16>) outs(%empty : tensor<3x4x16xf16>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf16>
  return %o, %k1, %v1 : tensor<3x4x16xf16>, tensor<20x16xf16>, tensor<20x16xf16>
}

// An old value that is added: an argument, a constant, a number, another attention.
// CHECK: old_argument_f32: {{.*}} 3 kernels, 0 bytes
func.func @old_argument_f32(%q: tensor<3x4x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x16xf32>, %sk: tensor<3x9x16xf32>, %sv: tensor<3x9x16xf32>, %old: tensor<3x4x16xf32>) -> tensor<3x4x16xf32> {
  %o = hydragen.attention queries(%q : tensor<3x4x16xf32>) keys(%k, %sk : tensor<20x16xf32>, tensor<3x9x16xf32>) values(%v, %sv : tensor<20x16xf32>, tensor<3x9x16xf32>) outs(%old : tensor<3x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf32>
  return %o : tensor<3x4x16xf32>
}

// CHECK: old_in_place_f32: {{.*}} 2 kernels, 0 bytes
func.func @old_in_place_f32(%q: tensor<3x4x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x16xf32>, %sk: tensor<3x9x16xf32>, %sv: tensor<3x9x16xf32>, %old: tensor<3x4x16xf32> {hydragen.alias_output = 0 : i64}) -> tensor<3x4x16xf32> {
  %o = hydragen.attention queries(%q : tensor<3x4x16xf32>) keys(%k, %sk : tensor<20x16xf32>, tensor<3x9x16xf32>) values(%v, %sv : tensor<20x16xf32>, tensor<3x9x16xf32>) outs(%old : tensor<3x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf32>
  return %o : tensor<3x4x16xf32>
}

// CHECK: old_constant_f32: {{.*}} 4 kernels, 0 bytes
func.func @old_constant_f32(%q: tensor<3x4x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x16xf32>, %sk: tensor<3x9x16xf32>, %sv: tensor<3x9x16xf32>) -> tensor<3x4x16xf32> {
  %old = arith.constant dense<-0.5> : tensor<3x4x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x16xf32>) keys(%k, %sk : tensor<20x16xf32>, tensor<3x9x16xf32>) values(%v, %sv : tensor<20x16xf32>, tensor<3x9x16xf32>) outs(%old : tensor<3x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf32>
  return %o : tensor<3x4x16xf32>
}

// CHECK: old_number_f32: {{.*}} 3 kernels, 0 bytes
func.func @old_number_f32(%q: tensor<3x4x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x16xf32>, %sk: tensor<3x9x16xf32>, %sv: tensor<3x9x16xf32>) -> tensor<3x4x16xf32> {
  %half = arith.constant 0.5 : f32
  %empty = tensor.empty() : tensor<3x4x16xf32>
  %old = linalg.fill ins(%half : f32) outs(%empty : tensor<3x4x16xf32>) -> tensor<3x4x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x16xf32>) keys(%k, %sk : tensor<20x16xf32>, tensor<3x9x16xf32>) values(%v, %sv : tensor<20x16xf32>, tensor<3x9x16xf32>) outs(%old : tensor<3x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf32>
  return %o : tensor<3x4x16xf32>
}

// CHECK: old_attention_f32: {{.*}} kernels, 0 bytes
func.func @old_attention_f32(%q: tensor<3x4x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x16xf32>, %sk: tensor<3x9x16xf32>, %sv: tensor<3x9x16xf32>) -> (tensor<3x4x16xf32>, tensor<3x4x16xf32>) {
  %empty = tensor.empty() : tensor<3x4x16xf32>
  %old = hydragen.attention queries(%q : tensor<3x4x16xf32>) keys(%k, %sk : tensor<20x16xf32>, tensor<3x9x16xf32>) values(%v, %sv : tensor<20x16xf32>, tensor<3x9x16xf32>) outs(%empty : tensor<3x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf32>
  %o = hydragen.attention queries(%old : tensor<3x4x16xf32>) keys(%k, %sk : tensor<20x16xf32>, tensor<3x9x16xf32>) values(%v, %sv : tensor<20x16xf32>, tensor<3x9x16xf32>) outs(%old : tensor<3x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64, accumulate,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf32>
  return %old, %o : tensor<3x4x16xf32>, tensor<3x4x16xf32>
}

// A result that is transposed with its columns, one that is an argument.
// CHECK: transposed_f32: {{.*}} kernels, 0 bytes
func.func @transposed_f32(%q: tensor<3x4x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x16xf32>, %sk: tensor<3x9x16xf32>, %sv: tensor<3x9x16xf32>) -> (tensor<16x3x4xf32>, tensor<3x9x16xf32>) {
  %empty = tensor.empty() : tensor<3x4x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x16xf32>) keys(%k, %sk : tensor<20x16xf32>, tensor<3x9x16xf32>) values(%v, %sv : tensor<20x16xf32>, tensor<3x9x16xf32>) outs(%empty : tensor<3x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf32>
  %e = tensor.empty() : tensor<16x3x4xf32>
  %r = linalg.transpose ins(%o : tensor<3x4x16xf32>) outs(%e : tensor<16x3x4xf32>) permutation = [2, 0, 1]
  return %r, %sk : tensor<16x3x4xf32>, tensor<3x9x16xf32>
}

// A cache that gets new keys, in place, and one that is copied for it.
// CHECK: cache_f32: {{.*}} kernels, 0 bytes
func.func @cache_f32(%q: tensor<3x4x16xf32>, %k: tensor<20x16xf32>, %v: tensor<20x16xf32>, %sk: tensor<3x9x16xf32>, %sv: tensor<3x9x16xf32>, %new: tensor<2x16xf32>, %kc: tensor<20x16xf32> {hydragen.alias_output = 1 : i64}) -> (tensor<3x4x16xf32>, tensor<20x16xf32>, tensor<20x16xf32>) {
  %empty = tensor.empty() : tensor<3x4x16xf32>
  %k1 = tensor.insert_slice %new into %kc[7, 0] [2, 16] [1, 1] : tensor<2x16xf32> into tensor<20x16xf32>
  %v1 = tensor.insert_slice %new into %v[7, 0] [2, 16] [1, 1] : tensor<2x16xf32> into tensor<20x16xf32>
  %o = hydragen.attention queries(%q : tensor<3x4x16xf32>) keys(%k1, %sk : tensor<20x16xf32>, tensor<3x9x16xf32>) values(%v1, %sv : tensor<20x16xf32>, tensor<3x9x16xf32>) outs(%empty : tensor<3x4x16xf32>) attributes {
    query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>], output_map = affine_map<(b, h, n, d, e) -> (b, h, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, h, n, d, e) -> (n, d)>], value = affine_map<(b, h, n, d, e) -> (n, e)>>,
                #hydragen.segment<begin = 20, size = 9, keys = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value = affine_map<(b, h, n, d, e) -> (b, n, e)>>]}
    -> tensor<3x4x16xf32>
  return %o, %k1, %v1 : tensor<3x4x16xf32>, tensor<20x16xf32>, tensor<20x16xf32>
}

// Elements of one to eight bytes, and of rank 0.
// CHECK: types: {{.*}} kernels, 0 bytes
func.func @types(%q: tensor<4x16xf16>, %k: tensor<20x16xf16>, %i: tensor<3x5xi64>, %m: tensor<2x3xi1>, %x: tensor<f32>) -> (tensor<4x16xf16>, tensor<3x5xi64>, tensor<3x2xi1>, tensor<f32>, tensor<2x3xi64>) {
  %empty = tensor.empty() : tensor<4x16xf16>
  %o = hydragen.attention queries(%q : tensor<4x16xf16>) keys(%k : tensor<20x16xf16>) values(%k : tensor<20x16xf16>) outs(%empty : tensor<4x16xf16>) attributes {
    query_maps = [affine_map<(b, n, d, e) -> (b, d)>], output_map = affine_map<(b, n, d, e) -> (b, e)>, scale = 0.25 : f64,
    segments = [#hydragen.segment<begin = 0, size = 20, keys = [affine_map<(b, n, d, e) -> (n, d)>], value = affine_map<(b, n, d, e) -> (n, e)>>]}
    -> tensor<4x16xf16>
  %e = tensor.empty() : tensor<3x2xi1>
  %t = linalg.transpose ins(%m : tensor<2x3xi1>) outs(%e : tensor<3x2xi1>) permutation = [1, 0]
  %number = arith.constant -12345678901 : i64
  %f = tensor.empty() : tensor<2x3xi64>
  %filled = linalg.fill ins(%number : i64) outs(%f : tensor<2x3xi64>) -> tensor<2x3xi64>
  return %o, %i, %t, %x, %filled : tensor<4x16xf16>, tensor<3x5xi64>, tensor<3x2xi1>, tensor<f32>, tensor<2x3xi64>
}
