// RUN: hydragen-opt %s -hydragen-schedule -split-input-file | FileCheck %s
// RUN: hydragen-opt %s -hydragen-schedule="targets=h100,sm_86 tile=64x32 split=100 float32=exact separate" -split-input-file | FileCheck %s --check-prefix=WANTED
// RUN: hydragen-opt %s -hydragen-schedule=targets=h200 -split-input-file | FileCheck %s --check-prefix=H200
// RUN: hydragen-opt %s -hydragen-schedule=invariant -split-input-file | FileCheck %s --check-prefix=INVARIANT
// RUN: not hydragen-opt %s -hydragen-schedule=targets=k80 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not hydragen-opt %s -hydragen-schedule=float32=f8 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not hydragen-opt %s -hydragen-schedule="tile=16 invariant" 2>&1 | FileCheck %s --check-prefix=SMALL

// UNKNOWN: hydragen-schedule: unknown GPU 'k80'
// FORM: hydragen-schedule: float32 expects tf32x3, tf32 or exact but got f8
// SMALL: hydragen-schedule: tiles of 16 rows are not invariant

// 512 rows share 8192 keys: tiles of 64 rows, and splits, as eight tiles are
// few for 216 places on 108 multiprocessors: 22 pieces of 384 keys at most. Each sequence's own keys meet 4 rows. With
// boundaries at absolute positions, tiles and splits do not depend on the shapes.

// CHECK-LABEL: func.func @shared
// CHECK-SAME: hydragen.gpu_targets = [#hydragen.gpu_target<chip = "sm_80", multiprocessors = 108
// CHECK: hydragen.prefix_attention{{.*}}hydragen.tile = #hydragen.tile<rows = 64, keys = 64, split = 384>
// CHECK: hydragen.suffix_attention{{.*}}hydragen.tile = #hydragen.tile<rows = 16, keys = 32, ring = 4>
// CHECK: hydragen.finalize{{.*}}hydragen.schedule = #hydragen.schedule<warps = 4, blocks = 2, float32 = tf32x3>
// WANTED-LABEL: func.func @shared
// WANTED-SAME: chip = "sm_90", multiprocessors = 132{{.*}}chip = "sm_86", multiprocessors = 82
// WANTED: hydragen.prefix_attention{{.*}}hydragen.tile = #hydragen.tile<rows = 64, keys = 32, split = 128>
// WANTED: hydragen.suffix_attention{{.*}}hydragen.tile = #hydragen.tile<rows = 64, keys = 32, split = 128>
// WANTED: hydragen.schedule<warps = 4, blocks = 2, float32 = exact, separate = true>
// INVARIANT-LABEL: func.func @shared
// INVARIANT: hydragen.prefix_attention{{.*}}hydragen.tile = #hydragen.tile<rows = 64, keys = 64, split = 1024>
// INVARIANT: hydragen.suffix_attention{{.*}}hydragen.tile = #hydragen.tile<rows = 64, keys = 64, split = 1024>
// INVARIANT: float32 = tf32x3, invariant = true>
func.func @shared(%q: tensor<128x4x128xf16>, %pk: tensor<8192x128xf16>, %pv: tensor<8192x128xf16>, %sk: tensor<128x64x128xf16>, %sv: tensor<128x64x128xf16>) -> tensor<128x4x128xf16> {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %eo = tensor.empty() : tensor<128x4x128xf32>
  %em = tensor.empty() : tensor<128x4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<128x4x128xf32>) -> tensor<128x4x128xf32>
  %m = linalg.fill ins(%ninf : f32) outs(%em : tensor<128x4xf32>) -> tensor<128x4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%em : tensor<128x4xf32>) -> tensor<128x4xf32>
  %p:3 = hydragen.prefix_attention queries(%q : tensor<128x4x128xf16>) keys(%pk : tensor<8192x128xf16>) value(%pv : tensor<8192x128xf16>) at [0, 0, 0] outs(%o, %m, %l : tensor<128x4x128xf32>, tensor<128x4xf32>, tensor<128x4xf32>) attributes {query_maps = [affine_map<(b, g, n, d, e) -> (b, g, d)>], key_maps = [affine_map<(b, g, n, d, e) -> (n, d)>], value_map = affine_map<(b, g, n, d, e) -> (n, e)>} -> tensor<128x4x128xf32>, tensor<128x4xf32>, tensor<128x4xf32>
  %s:3 = hydragen.suffix_attention queries(%q : tensor<128x4x128xf16>) keys(%sk : tensor<128x64x128xf16>) value(%sv : tensor<128x64x128xf16>) at [0, 0, 8192] outs(%p#0, %p#1, %p#2 : tensor<128x4x128xf32>, tensor<128x4xf32>, tensor<128x4xf32>) attributes {query_maps = [affine_map<(b, g, n, d, e) -> (b, g, d)>], key_maps = [affine_map<(b, g, n, d, e) -> (b, n, d)>], value_map = affine_map<(b, g, n, d, e) -> (b, n, e)>} -> tensor<128x4x128xf32>, tensor<128x4xf32>, tensor<128x4xf32>
  %e = tensor.empty() : tensor<128x4x128xf16>
  %r = hydragen.finalize state(%s#0, %s#1, %s#2 : tensor<128x4x128xf32>, tensor<128x4xf32>, tensor<128x4xf32>) outs(%e : tensor<128x4x128xf16>) -> tensor<128x4x128xf16>
  return %r : tensor<128x4x128xf16>
}

// -----

// The state has another user: no kernel leaves it.

// CHECK-LABEL: func.func @state_used
// CHECK-NOT: hydragen.tile
// CHECK-NOT: hydragen.schedule
func.func @state_used(%q: tensor<4x16xf16>, %k: tensor<32x16xf16>, %v: tensor<32x16xf16>) -> (tensor<4x16xf16>, tensor<4xf32>) {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %eo = tensor.empty() : tensor<4x16xf32>
  %em = tensor.empty() : tensor<4xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<4x16xf32>) -> tensor<4x16xf32>
  %m = linalg.fill ins(%ninf : f32) outs(%em : tensor<4xf32>) -> tensor<4xf32>
  %l = linalg.fill ins(%zero : f32) outs(%em : tensor<4xf32>) -> tensor<4xf32>
  %p:3 = hydragen.prefix_attention queries(%q : tensor<4x16xf16>) keys(%k : tensor<32x16xf16>) value(%v : tensor<32x16xf16>) at [0, 0] outs(%o, %m, %l : tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>) attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>], value_map = affine_map<(b, n, d, e) -> (n, e)>} -> tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>
  %e = tensor.empty() : tensor<4x16xf16>
  %r = hydragen.finalize state(%p#0, %p#1, %p#2 : tensor<4x16xf32>, tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4x16xf16>) -> tensor<4x16xf16>
  %lse = hydragen.state_lse <two> state(%p#1, %p#2 : tensor<4xf32>, tensor<4xf32>) outs(%em : tensor<4xf32>) -> tensor<4xf32>
  return %r, %lse : tensor<4x16xf16>, tensor<4xf32>
}

// -----

// 264 tiles for 264 places: whole, each writes its result itself.

// CHECK-LABEL: func.func @one_round
// H200-LABEL: func.func @one_round
// H200: hydragen.prefix_attention{{.*}}hydragen.tile = #hydragen.tile<rows = 64, keys = 64>,
func.func @one_round(%q: tensor<16896x128xf16>, %k: tensor<8192x128xf16>, %v: tensor<8192x128xf16>) -> tensor<16896x128xf16> {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %eo = tensor.empty() : tensor<16896x128xf32>
  %em = tensor.empty() : tensor<16896xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<16896x128xf32>) -> tensor<16896x128xf32>
  %m = linalg.fill ins(%ninf : f32) outs(%em : tensor<16896xf32>) -> tensor<16896xf32>
  %l = linalg.fill ins(%zero : f32) outs(%em : tensor<16896xf32>) -> tensor<16896xf32>
  %p:3 = hydragen.prefix_attention queries(%q : tensor<16896x128xf16>) keys(%k : tensor<8192x128xf16>) value(%v : tensor<8192x128xf16>) at [0, 0] outs(%o, %m, %l : tensor<16896x128xf32>, tensor<16896xf32>, tensor<16896xf32>) attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>], value_map = affine_map<(b, n, d, e) -> (n, e)>} -> tensor<16896x128xf32>, tensor<16896xf32>, tensor<16896xf32>
  %e = tensor.empty() : tensor<16896x128xf16>
  %r = hydragen.finalize state(%p#0, %p#1, %p#2 : tensor<16896x128xf32>, tensor<16896xf32>, tensor<16896xf32>) outs(%e : tensor<16896x128xf16>) -> tensor<16896x128xf16>
  return %r : tensor<16896x128xf16>
}

// -----

// 300 tiles would take two rounds; in seven pieces they take 7.95 rounds of a seventh.

// H200-LABEL: func.func @rounds
// H200: hydragen.prefix_attention{{.*}}hydragen.tile = #hydragen.tile<rows = 64, keys = 64, split = 1216>,
func.func @rounds(%q: tensor<19200x128xf16>, %k: tensor<8192x128xf16>, %v: tensor<8192x128xf16>) -> tensor<19200x128xf16> {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %eo = tensor.empty() : tensor<19200x128xf32>
  %em = tensor.empty() : tensor<19200xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<19200x128xf32>) -> tensor<19200x128xf32>
  %m = linalg.fill ins(%ninf : f32) outs(%em : tensor<19200xf32>) -> tensor<19200xf32>
  %l = linalg.fill ins(%zero : f32) outs(%em : tensor<19200xf32>) -> tensor<19200xf32>
  %p:3 = hydragen.prefix_attention queries(%q : tensor<19200x128xf16>) keys(%k : tensor<8192x128xf16>) value(%v : tensor<8192x128xf16>) at [0, 0] outs(%o, %m, %l : tensor<19200x128xf32>, tensor<19200xf32>, tensor<19200xf32>) attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>], value_map = affine_map<(b, n, d, e) -> (n, e)>} -> tensor<19200x128xf32>, tensor<19200xf32>, tensor<19200xf32>
  %e = tensor.empty() : tensor<19200x128xf16>
  %r = hydragen.finalize state(%p#0, %p#1, %p#2 : tensor<19200x128xf32>, tensor<19200xf32>, tensor<19200xf32>) outs(%e : tensor<19200x128xf16>) -> tensor<19200x128xf16>
  return %r : tensor<19200x128xf16>
}
