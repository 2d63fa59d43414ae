// RUN: hydragen-opt %s -convert-hydragen-to-cpu=vector-bits=512 -canonicalize -cse -split-input-file | FileCheck %s
// RUN: hydragen-opt %s -convert-hydragen-to-cpu=vector-bits=256 -split-input-file | FileCheck %s --check-prefix=AVX2
// RUN: not hydragen-opt %s -convert-hydragen-to-cpu=vector-bits=100 -split-input-file 2>&1 | FileCheck %s --check-prefix=BITS

// BITS: vector-bits must be 128, 256 or 512 but is 100

// 64 sequences share the keys: they are the lanes. Q, V and the scores lie in
// panels as wide as a register block; nothing is allocated but tiles (128 keys x
// 64 rows of scores).

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (h, n, d)>
#v = affine_map<(b, h, n, d, e) -> (h, n, e)>

// CHECK-LABEL: func @prefix(
// CHECK-SAME: %[[Q:[a-z0-9]*]]: memref<64x32x128xf32>, %[[K:[a-z0-9]*]]: memref<32x4096x128xf32>, %[[V:[a-z0-9]*]]: memref<32x4096x128xf32>
// CHECK-NOT: memref.alloc(
// CHECK: scf.parallel (%{{.*}}) = (%{{.*}}) to (%c32)
// Q^T, then K, panels of V (2 x 64 columns), scores, the output.
// CHECK: memref.alloca() {{.*}} : memref<1x128x64xf32>
// CHECK: %[[KEYS:.*]] = memref.alloca() {{.*}} : memref<80x128xf32>
// CHECK: %[[VALUES:.*]] = memref.alloca() {{.*}} : memref<2x80x64xf32>
// CHECK: %[[SCORES:.*]] = memref.alloca() {{.*}} : memref<1x80x64xf32>
// CHECK: memref.alloca() {{.*}} : memref<64x128xf32>
// CHECK: scf.for {{.*}} step %c80 {
// CHECK: memref.load %[[K]]
// CHECK: memref.store %{{.*}}, %[[KEYS]]
// V is fetched while blocks of keys run, which carry the maxima of their rows.
// CHECK: scf.for {{.*}} step %c4 iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
// CHECK: memref.prefetch %[[V]]
// The scores of 4 keys x 4 vectors of rows are loop-carried; nothing is stored
// while they are computed.
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
// CHECK-NOT: store
// CHECK: memref.load %[[KEYS]]
// CHECK-NOT: store
// CHECK-COUNT-16: math.fma {{.*}} : vector<16xf32>
// CHECK-NOT: store
// CHECK: scf.yield
// CHECK: vector.store %{{.*}}, %[[SCORES]]
// Large scores take another way; else exponents are one multiply-add each.
// CHECK: vector.reduction <and>
// CHECK: scf.if
// CHECK: math.fma
// CHECK: vector.load %[[V]]
// CHECK: vector.store %{{.*}}, %[[VALUES]]
// K of the next tile is fetched while 4 rows x 4 vectors of columns run.
// CHECK: memref.prefetch %[[K]]
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
// CHECK-NOT: store
// CHECK-COUNT-16: math.fma {{.*}} : vector<16xf32>
// CHECK-NOT: store
// CHECK: scf.yield
// CHECK-NOT: memref.alloc(
// CHECK: return
// AVX2-LABEL: func @prefix(
// AVX2-DAG: memref.alloca() {{.*}} : memref<4x126x16xf32>
// AVX2-DAG: memref.alloca() {{.*}} : memref<8x126x16xf32>
// AVX2: vector<8xf32>
// AVX2-NOT: vector<16xf32>
// A full panel of 16 rows: two blocks of 6 rows x 2 vectors of columns, then 4 rows.
// AVX2: vector.store %{{.*}}, %{{.*}} : memref<8x126x16xf32>
// AVX2: arith.select %{{.*}}, %c12{{.*}}, %c0
// AVX2: scf.for {{.*}} step %c6
// AVX2: scf.for
// AVX2-COUNT-12: math.fma
// AVX2-NOT: math.fma
// AVX2: scf.for {{.*}} step %c4
// AVX2: scf.for
// AVX2-COUNT-8: math.fma
// AVX2-NOT: math.fma
// AVX2: return
func.func @prefix(%q: memref<64x32x128xf32>, %k: memref<32x4096x128xf32>, %v: memref<32x4096x128xf32>,
                  %o: memref<64x32x128xf32>, %m: memref<64x32xf32>, %l: memref<64x32xf32>) {
  hydragen.prefix_attention queries(%q : memref<64x32x128xf32>) keys(%k : memref<32x4096x128xf32>) value(%v : memref<32x4096x128xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<64x32x128xf32>, memref<64x32xf32>, memref<64x32xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, scale = 0.125 : f64}
  return
}

// -----

// One row per key: f16 K and V are widened as they are loaded, row after row, and
// nothing is copied; a tree of shuffles sums 16 scores at once.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (b, h, n, d)>
#v = affine_map<(b, h, n, d, e) -> (b, h, n, e)>

// CHECK-LABEL: func @suffix(
// CHECK-SAME: %{{[a-z0-9]*}}: memref<4x8x128xf16>, %[[K:[a-z0-9]*]]: memref<4x8x64x128xf16>, %[[V:[a-z0-9]*]]: memref<4x8x64x128xf16>
// CHECK: scf.parallel (%{{.*}}) = (%{{.*}}) to (%c32)
// CHECK: memref.prefetch %[[V]]{{.*}} locality<3>
// CHECK-COUNT-8: vector.load {{.*}} : memref<1x128xf32>, vector<16xf32>
// CHECK: scf.for {{.*}} step %c16 {
// CHECK-NOT: vector.store
// CHECK: vector.load %[[K]]{{.*}} : memref<4x8x64x128xf16>, vector<16xf16>
// CHECK: arith.extf {{.*}} : vector<16xf16> to vector<16xf32>
// CHECK-NOT: vector.store
// CHECK-COUNT-30: vector.shuffle
// CHECK-NOT: vector.store
// CHECK: llvm.fence syncscope("singlethread") seq_cst
// CHECK: vector.store {{.*}} : memref<1x128xf32>, vector<16xf32>
// The outputs stay in registers.
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
// CHECK: vector.load %[[V]]{{.*}} : memref<4x8x64x128xf16>, vector<16xf16>
// CHECK-NOT: hydragen.
func.func @suffix(%q: memref<4x8x128xf16>, %k: memref<4x8x64x128xf16>, %v: memref<4x8x64x128xf16>,
                  %o: memref<4x8x128xf32>, %m: memref<4x8xf32>, %l: memref<4x8xf32>) {
  hydragen.suffix_attention queries(%q : memref<4x8x128xf16>) keys(%k : memref<4x8x64x128xf16>) value(%v : memref<4x8x64x128xf16>)
    at [0, 0, 4096] outs(%o, %m, %l : memref<4x8x128xf32>, memref<4x8xf32>, memref<4x8xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, scale = 0.125 : f64}
  return
}

// -----

// Four rows per key. With 512 bits the hardware reads ahead: long tiles, and each
// line of K and V is loaded twice, as its prefetcher wants it. Q of two rows meets
// eight keys, then Q of the other two; of the outputs 26 vectors are in registers,
// the last six stay in memory. With 256 tiles are short and each key's scores ask for its row of V. What is
// asked for is f32 and goes to the second-level cache.

// RUN: hydragen-opt %s -convert-hydragen-to-cpu=vector-bits=256 -canonicalize -cse -split-input-file | FileCheck %s --check-prefix=SHORT

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (b, n, d)>
#v = affine_map<(b, h, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @few(
// CHECK-SAME: %{{[a-z0-9]*}}: memref<64x4x128xf32>, %[[K:[a-z0-9]*]]: memref<64x256x128xf32>, %[[V:[a-z0-9]*]]: memref<64x256x128xf32>
// CHECK: scf.for {{.*}} step %c128 {
// CHECK-NOT: memref.prefetch
// CHECK: scf.for {{.*}} step %c8 {
// CHECK-COUNT-16: vector.load {{.*}} : memref<4x128xf32>, vector<16xf32>
// CHECK: vector.load %[[K]][[AT:.*]]
// CHECK-NEXT: llvm.fence
// CHECK-COUNT-2: arith.mulf
// CHECK: vector.load %[[K]]
// CHECK-NEXT: llvm.fence
// CHECK-COUNT-62: vector.load %[[K]]
// CHECK-NOT: vector.load %[[K]]
// CHECK-COUNT-16: vector.load {{.*}} : memref<4x128xf32>, vector<16xf32>
// CHECK: vector.load %[[K]][[AT]]
// CHECK-COUNT-63: vector.load %[[K]]
// CHECK-NOT: memref.prefetch
// CHECK: scf.for {{.*}} iter_args(
// CHECK-SAME: %[[LAST:[a-z0-9_]*]] = %{{[a-z0-9_#]*}}) -> (
// CHECK: vector.load %[[V]][[AT:.*]]
// CHECK-COUNT-2: math.fma
// CHECK-NEXT: llvm.fence
// CHECK-NEXT: vector.load %[[V]][[AT]]
// CHECK-COUNT-2: math.fma
// CHECK: vector.load %[[V]]
// CHECK: vector.load %[[V]]
// CHECK-COUNT-2: math.fma
// CHECK: vector.load %[[V]]
// CHECK: vector.load %[[V]]
// CHECK: %[[OLD:.*]] = vector.load %[[O:[a-z0-9_]*]][%c3, %c32] : memref<4x128xf32>
// CHECK-NEXT: %[[NEW:.*]] = math.fma %{{.*}}, %{{.*}}, %[[OLD]]
// CHECK-NEXT: vector.store %[[NEW]], %[[O]][%c3, %c32]
// CHECK: vector.store {{.*}}, %[[O]][%c3, %c112]
// CHECK-NEXT: scf.yield
// CHECK-NOT: vector.load %[[V]]
// CHECK: return
// SHORT-LABEL: func @few(
// SHORT-SAME: %{{[a-z0-9]*}}: memref<64x4x128xf32>, %[[K:[a-z0-9]*]]: memref<64x256x128xf32>, %[[V:[a-z0-9]*]]: memref<64x256x128xf32>
// SHORT: scf.for {{.*}} step %c8 {
// SHORT: scf.for {{.*}} step %c2 {
// SHORT-COUNT-16: memref.prefetch %[[V]]{{.*}} locality<2>
// SHORT-NOT: memref.prefetch
// SHORT: vector.load %[[K]]
func.func @few(%q: memref<64x4x128xf32>, %k: memref<64x256x128xf32>, %v: memref<64x256x128xf32>,
               %o: memref<64x4x128xf32>, %m: memref<64x4xf32>, %l: memref<64x4xf32>) {
  hydragen.suffix_attention queries(%q : memref<64x4x128xf32>) keys(%k : memref<64x256x128xf32>) value(%v : memref<64x256x128xf32>)
    at [0, 0, 4096] outs(%o, %m, %l : memref<64x4x128xf32>, memref<64x4xf32>, memref<64x4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  return
}

// -----

// One row in f32: vectors of half a line.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @halves(
// CHECK-SAME: %[[Q:[a-z0-9]*]]: memref<64x128xf32>, %[[K:[a-z0-9]*]]: memref<64x256x128xf32>, %[[V:[a-z0-9]*]]: memref<64x256x128xf32>
// CHECK-NOT: memref.prefetch
// CHECK: vector.load %[[K]]{{.*}}, vector<8xf32>
// CHECK: vector.load %[[V]]{{.*}}, vector<8xf32>
// CHECK-NOT: memref.prefetch
// CHECK: return
func.func @halves(%q: memref<64x128xf32>, %k: memref<64x256x128xf32>, %v: memref<64x256x128xf32>,
                  %o: memref<64x128xf32>, %m: memref<64xf32>, %l: memref<64xf32>) {
  hydragen.suffix_attention queries(%q : memref<64x128xf32>) keys(%k : memref<64x256x128xf32>) value(%v : memref<64x256x128xf32>)
    at [0, 4096] outs(%o, %m, %l : memref<64x128xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  return
}

// -----

// Eight rows. With 512 bits two after two meet eight keys, in scores and products.
// With 256 Q is too large for registers: the products of one key after the other go
// through memory.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (b, n, d)>
#v = affine_map<(b, h, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @eight(
// CHECK-SAME: %[[Q:[a-z0-9]*]]: memref<64x8x128xf32>, %[[K:[a-z0-9]*]]: memref<64x256x128xf32>
// CHECK: %[[QUERIES:.*]] = memref.alloca() {{.*}} : memref<8x128xf32>
// CHECK: scf.for {{.*}} step %c8 {
// CHECK: vector.load %[[QUERIES]][%c0, %c0]
// CHECK-COUNT-64: vector.load %[[K]]
// CHECK-NOT: vector.load %[[K]]
// CHECK: vector.load %[[QUERIES]][%c2, %c0]
// CHECK-COUNT-64: vector.load %[[K]]
// CHECK: vector.load %[[QUERIES]][%c4, %c0]
// CHECK-COUNT-64: vector.load %[[K]]
// CHECK: vector.load %[[QUERIES]][%c6, %c0]
// CHECK-COUNT-64: vector.load %[[K]]
// CHECK: scf.for {{.*}} step %c8 {
// CHECK: vector.load %[[O:[a-z0-9_]*]][%c0, %c0] : memref<8x128xf32>
// CHECK: vector.store {{.*}}, %[[O]][%c1, %c112]
// CHECK: vector.load %[[O]][%c6, %c0]
// CHECK: vector.store {{.*}}, %[[O]][%c7, %c112]
// SHORT-LABEL: func @eight(
// SHORT-SAME: %[[Q:[a-z0-9]*]]: memref<64x8x128xf32>, %[[K:[a-z0-9]*]]: memref<64x256x128xf32>
// SHORT: %[[QUERIES:.*]] = memref.alloca() {{.*}} : memref<8x128xf32>
// SHORT: %[[PARTIALS:.*]] = memref.alloca() {{.*}} : memref<8x2x8xf32>
// SHORT: scf.for {{.*}} step %c2 {
// SHORT: vector.load %[[K]]
// SHORT: vector.load %[[QUERIES]]
// SHORT: vector.store {{.*}}, %[[PARTIALS]]
// SHORT: vector.load %[[PARTIALS]]
// SHORT: vector.shuffle
func.func @eight(%q: memref<64x8x128xf32>, %k: memref<64x256x128xf32>, %v: memref<64x256x128xf32>,
                 %o: memref<64x8x128xf32>, %m: memref<64x8xf32>, %l: memref<64x8xf32>) {
  hydragen.suffix_attention queries(%q : memref<64x8x128xf32>) keys(%k : memref<64x256x128xf32>) value(%v : memref<64x256x128xf32>)
    at [0, 0, 4096] outs(%o, %m, %l : memref<64x8x128xf32>, memref<64x8xf32>, memref<64x8xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  return
}

// -----

// V without columns: the weights' sums are all there is.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (b, n, d)>
#v = affine_map<(b, h, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @no_columns(
// CHECK: memref.store {{.*}} : memref<8x4xf32>
// CHECK-LABEL: func @no_columns_many(
// CHECK: memref.store {{.*}} : memref<8x40xf32>
// AVX2-LABEL: func @no_columns(
// AVX2-LABEL: func @no_columns_many(
func.func @no_columns(%q: memref<8x4x16xf32>, %k: memref<8x64x16xf32>, %v: memref<8x64x0xf32>,
                      %o: memref<8x4x0xf32>, %m: memref<8x4xf32>, %l: memref<8x4xf32>) {
  hydragen.suffix_attention queries(%q : memref<8x4x16xf32>) keys(%k : memref<8x64x16xf32>) value(%v : memref<8x64x0xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<8x4x0xf32>, memref<8x4xf32>, memref<8x4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  return
}
func.func @no_columns_many(%q: memref<8x40x16xf32>, %k: memref<8x64x16xf32>, %v: memref<8x64x0xf32>,
                           %o: memref<8x40x0xf32>, %m: memref<8x40xf32>, %l: memref<8x40xf32>) {
  hydragen.suffix_attention queries(%q : memref<8x40x16xf32>) keys(%k : memref<8x64x16xf32>) value(%v : memref<8x64x0xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<8x40x0xf32>, memref<8x40xf32>, memref<8x40xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  return
}

// -----

// A length per sequence bounds the loop over the keys; no key past it is read.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (b, n, d)>
#v = affine_map<(b, n, d, e) -> (b, n, e)>
#len = affine_map<(b, n, d, e) -> (b)>

// CHECK-LABEL: func @ragged(
// CHECK-SAME: %[[LEN:[a-z0-9]*]]: memref<4xi64>
// CHECK: %[[ELEMENT:.*]] = memref.load %[[LEN]]
// CHECK: %[[LENGTH:.*]] = arith.index_cast %[[ELEMENT]]
// CHECK: %[[BELOW:.*]] = arith.minsi %[[LENGTH]], %c64
// CHECK: %[[END:.*]] = arith.maxsi %[[BELOW]], %c0
// CHECK: %[[LAST:.*]] = arith.maxsi %[[END]], %c0
// CHECK: scf.for %{{.*}} = %c0 to %[[LAST]] step %c128
func.func @ragged(%len: memref<4xi64>, %q: memref<4x16xf32>, %k: memref<4x64x16xf32>, %v: memref<4x64x16xf32>,
                  %o: memref<4x16xf32>, %m: memref<4xf32>, %l: memref<4xf32>) {
  hydragen.suffix_attention queries(%q : memref<4x16xf32>) keys(%k : memref<4x64x16xf32>) value(%v : memref<4x64x16xf32>)
    indices(%len : memref<4xi64>)
    at [0, 32] outs(%o, %m, %l : memref<4x16xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, index_maps = [#len], scale = 0.25 : f64,
                score_mods = [#hydragen.visible<where = affine_map<(b, n)[s] -> (s + 31 - n)>>]}
  return
}

// -----

// A page table: entries are checked before they are used.

#q = affine_map<(b, p, n, d, e) -> (b, d)>
#k = affine_map<(b, p, n, d, e)[s] -> (s, n, d)>
#v = affine_map<(b, p, n, d, e)[s] -> (s, n, e)>
#table = affine_map<(b, p, n, d, e) -> (b, p)>

// CHECK-LABEL: func @paged(
// CHECK-SAME: %[[TABLE:[a-z0-9]*]]: memref<4x8xi32>
// CHECK: %[[ENTRY:.*]] = memref.load %[[TABLE]]
// CHECK: %[[PAGE:.*]] = arith.index_cast %[[ENTRY]]
// CHECK: %[[OK:.*]] = arith.cmpi ult, %[[PAGE]], %c100
// CHECK: cf.assert %[[OK]], "an index operand of attention is out of range"
func.func @paged(%table: memref<4x8xi32>, %q: memref<4x16xf32>, %k: memref<100x16x16xf32>, %v: memref<100x16x16xf32>,
                 %o: memref<4x16xf32>, %m: memref<4xf32>, %l: memref<4xf32>) {
  hydragen.suffix_attention queries(%q : memref<4x16xf32>) keys(%k : memref<100x16x16xf32>) value(%v : memref<100x16x16xf32>)
    indices(%table : memref<4x8xi32>)
    at [0, 0] outs(%o, %m, %l : memref<4x16xf32>, memref<4xf32>, memref<4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, index_maps = [#table]}
  return
}

// -----

// States: an empty one has weight 0, whatever it is merged with.

// CHECK-LABEL: func @states(
// CHECK: scf.for
// CHECK: arith.cmpf oeq, %{{.*}}, %cst{{.*}} : f32
// CHECK: scf.for
// CHECK: arith.divf
// CHECK: arith.truncf %{{.*}} : f32 to bf16
// CHECK: scf.for
// CHECK: math.log2
// CHECK-NOT: hydragen.
func.func @states(%o: memref<4x16xf32>, %m: memref<4xf32>, %l: memref<4xf32>,
                  %o2: memref<4x16xf32>, %m2: memref<4xf32>, %l2: memref<4xf32>,
                  %out: memref<4x16xbf16>, %lse: memref<4xf32>) {
  hydragen.combine ins(%o, %m, %l : memref<4x16xf32>, memref<4xf32>, memref<4xf32>)
    outs(%o2, %m2, %l2 : memref<4x16xf32>, memref<4xf32>, memref<4xf32>)
  hydragen.finalize state(%o2, %m2, %l2 : memref<4x16xf32>, memref<4xf32>, memref<4xf32>) outs(%out : memref<4x16xbf16>)
  hydragen.state_lse <e> state(%m2, %l2 : memref<4xf32>, memref<4xf32>) outs(%lse : memref<4xf32>)
  return
}

// -----

// One KV head and one tile of rows: the keys are split in 8 parts of 6 or 7
// tiles, whose states are merged in order.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// CHECK-LABEL: func @split(
// CHECK-DAG: %[[O:.*]] = memref.alloc() {{.*}} : memref<8x64x128xf32>
// CHECK-DAG: %[[M:.*]] = memref.alloc() {{.*}} : memref<8x64xf32>
// CHECK-DAG: %[[L:.*]] = memref.alloc() {{.*}} : memref<8x64xf32>
// CHECK: scf.parallel (%[[PART:.*]]) = (%c0) to (%c8)
// CHECK: %[[TILES:.*]] = arith.muli %[[PART]], %c52
// CHECK: %[[TILE:.*]] = arith.divui %[[TILES]], %c8
// CHECK: %[[FIRST:.*]] = arith.muli %[[TILE]], %c80
// CHECK: %[[BEGIN:.*]] = arith.minsi %[[FIRST]], %c4096
// CHECK: %[[NEXT:.*]] = arith.addi %[[PART]], %c1
// CHECK: %[[TILES:.*]] = arith.muli %[[NEXT]], %c52
// CHECK: %[[TILE:.*]] = arith.divui %[[TILES]], %c8
// CHECK: %[[PAST:.*]] = arith.muli %[[TILE]], %c80
// CHECK: %[[END:.*]] = arith.minsi %[[PAST]], %c4096
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to %[[END]] step %c80
// CHECK: memref.store %{{.*}}, %[[M]][%[[PART]], %{{.*}}]
// CHECK: memref.store %{{.*}}, %[[L]][%[[PART]], %{{.*}}]
// CHECK: memref.store %{{.*}}, %[[O]][%[[PART]], %{{.*}}, %{{.*}}]
// CHECK: scf.parallel
// CHECK: scf.for %{{.*}} = %c0 to %c8 step %c1
// CHECK: memref.dealloc %[[O]]
// CHECK: return
func.func @split(%q: memref<64x128xf32>, %k: memref<4096x128xf32>, %v: memref<4096x128xf32>,
                 %o: memref<64x128xf32>, %m: memref<64xf32>, %l: memref<64xf32>) {
  hydragen.prefix_attention queries(%q : memref<64x128xf32>) keys(%k : memref<4096x128xf32>) value(%v : memref<4096x128xf32>)
    at [0, 0] outs(%o, %m, %l : memref<64x128xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  return
}

// -----

// 256 rows of a KV head are tiles of 128; rows that are to be separate are items
// of their own although they read the same keys.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (h, n, d)>
#v = affine_map<(b, h, n, d, e) -> (h, n, e)>

// CHECK-LABEL: func @rows(
// CHECK: scf.parallel (%{{.*}}) = (%c0) to (%c64)
// CHECK: memref.alloca() {{.*}} : memref<2x64x64xf32>
// CHECK: scf.parallel (%{{.*}}) = (%c0) to (%c8192)
// CHECK: memref.alloca() {{.*}} : memref<1x64xf32>
func.func @rows(%q: memref<256x32x64xf32>, %k: memref<32x300x64xf32>, %v: memref<32x300x64xf32>,
                %o: memref<256x32x64xf32>, %m: memref<256x32xf32>, %l: memref<256x32xf32>) {
  hydragen.prefix_attention queries(%q : memref<256x32x64xf32>) keys(%k : memref<32x300x64xf32>) value(%v : memref<32x300x64xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<256x32x64xf32>, memref<256x32xf32>, memref<256x32xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v}
  hydragen.suffix_attention queries(%q : memref<256x32x64xf32>) keys(%k : memref<32x300x64xf32>) value(%v : memref<32x300x64xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<256x32x64xf32>, memref<256x32xf32>, memref<256x32xf32>)
    attributes {hydragen.separate_rows = array<i64: 0>, query_maps = [#q], key_maps = [#k], value_map = #v}
  return
}

// -----

// With pairs, bf16 stays bf16: two products a sum, of pairs along the contraction
// and along the keys; the scores are scaled, not Q. Without the instruction the
// halves are multiplied apart.

// RUN: hydragen-opt %s "-convert-hydragen-to-cpu=vector-bits=512 pairs=1 has-pairs=1" -canonicalize -cse -split-input-file | FileCheck %s --check-prefix=PAIRS
// RUN: hydragen-opt %s "-convert-hydragen-to-cpu=vector-bits=256 pairs=1" -split-input-file | FileCheck %s --check-prefix=HALVES

// CHECK-LABEL: func @pairs(
// CHECK-NOT: x86vector
// PAIRS-LABEL: func @pairs(
// PAIRS: memref.alloca() {{.*}} : memref<1x32x128xbf16>
// PAIRS: memref.alloca() {{.*}} : memref<80x64xbf16>
// PAIRS: x86vector.avx512.dot {{.*}} : vector<32xbf16> -> vector<16xf32>
// PAIRS: arith.mulf {{.*}} : vector<16xf32>
// PAIRS: arith.truncf {{.*}} : vector<16xf32> to vector<16xbf16>
// PAIRS: vector.interleave {{.*}} : vector<16xbf16>
// PAIRS: x86vector.avx512.dot
// HALVES-LABEL: func @pairs(
// HALVES-NOT: x86vector
// HALVES: vector.bitcast {{.*}} : vector<16xbf16> to vector<8xi32>
// HALVES: arith.shli {{.*}} : vector<8xi32>

#q4 = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k4 = affine_map<(b, h, n, d, e) -> (h, n, d)>
#v4 = affine_map<(b, h, n, d, e) -> (h, n, e)>
func.func @pairs(%q: memref<64x2x64xbf16>, %k: memref<2x256x64xbf16>, %v: memref<2x256x64xbf16>,
                 %o: memref<64x2x64xf32>, %m: memref<64x2xf32>, %l: memref<64x2xf32>) {
  hydragen.prefix_attention queries(%q : memref<64x2x64xbf16>) keys(%k : memref<2x256x64xbf16>) value(%v : memref<2x256x64xbf16>)
    at [0, 0, 0] outs(%o, %m, %l : memref<64x2x64xf32>, memref<64x2xf32>, memref<64x2xf32>)
    attributes {query_maps = [#q4], key_maps = [#k4], value_map = #v4, scale = 0.125 : f64}
  return
}

// -----

// Score modifications work on vectors: of rows, whose indices are vectors where
// they differ, or of keys, whose biases lie side by side.

// CHECK-LABEL: func @modified_rows(
// CHECK: math.tanh {{.*}} : vector<16xf32>
// CHECK: vector.load {{.*}} : memref<2x64xindex>, vector<16xindex>
// CHECK: arith.sitofp {{.*}} : vector<16xi64> to vector<16xf32>
// CHECK-LABEL: func @modified_keys(
// CHECK: math.tanh {{.*}} : vector<16xf32>
// CHECK: vector.load %{{.*}} : memref<4x64xf32>, vector<16xf32>

#q5 = affine_map<(b, m, n, d, e) -> (b, m, d)>
#k5 = affine_map<(b, m, n, d, e) -> (n, d)>
#k6 = affine_map<(b, m, n, d, e) -> (b, n, d)>
func.func @modified_rows(%q: memref<8x8x16xf32>, %k: memref<64x16xf32>, %slope: memref<f32>,
                         %o: memref<8x8x16xf32>, %m: memref<8x8xf32>, %l: memref<8x8xf32>) {
  hydragen.prefix_attention queries(%q : memref<8x8x16xf32>) keys(%k : memref<64x16xf32>) value(%k : memref<64x16xf32>)
    extras(%slope : memref<f32>) at [0, 0, 0] outs(%o, %m, %l : memref<8x8x16xf32>, memref<8x8xf32>, memref<8x8xf32>)
    attributes {query_maps = [#q5], key_maps = [#k5], value_map = affine_map<(b, m, n, d, e) -> (n, e)>,
                extra_maps = [affine_map<(b, m, n) -> ()>],
                score_mods = [#hydragen.softcap<3.0 : f64>, #hydragen.alibi<extra = 0, distance = affine_map<(b, m, n) -> (n - m)>>]}
  return
}
func.func @modified_keys(%q: memref<4x2x16xf32>, %k: memref<4x64x16xf32>, %bias: memref<4x64xf32>,
                         %o: memref<4x2x16xf32>, %m: memref<4x2xf32>, %l: memref<4x2xf32>) {
  hydragen.suffix_attention queries(%q : memref<4x2x16xf32>) keys(%k : memref<4x64x16xf32>) value(%k : memref<4x64x16xf32>)
    extras(%bias : memref<4x64xf32>) at [0, 0, 0] outs(%o, %m, %l : memref<4x2x16xf32>, memref<4x2xf32>, memref<4x2xf32>)
    attributes {query_maps = [#q5], key_maps = [#k6], value_map = affine_map<(b, m, n, d, e) -> (b, n, e)>,
                extra_maps = [affine_map<(b, m, n) -> (b, n)>],
                score_mods = [#hydragen.softcap<3.0 : f64>, #hydragen.bias<extra = 0>]}
  return
}

// -----

// How many rows share the keys is known in the call: one, up to four, or more.
// Few rows and few heads split keys into as many parts as the call has use for.

// CHECK-LABEL: func @unknown_rows(
// CHECK: %[[ROWS:.*]] = memref.dim
// CHECK: %[[ONE:.*]] = arith.cmpi sle, %[[ROWS]], %c1
// CHECK: scf.if %[[ONE]]
// CHECK: memref.alloc(%[[PARTS:[a-z0-9]*]], {{.*}} : memref<?x?x16xf32>
// CHECK: scf.parallel
// CHECK: } else {
// CHECK: %[[FEW:.*]] = arith.cmpi sle, %[[ROWS]], %c4
// CHECK: scf.if %[[FEW]]
// CHECK: } else {

#q7 = affine_map<(b, n, d, e) -> (b, d)>
#k7 = affine_map<(b, n, d, e) -> (n, d)>
func.func @unknown_rows(%q: memref<?x16xf32>, %k: memref<4096x16xf32>,
                        %o: memref<?x16xf32>, %m: memref<?xf32>, %l: memref<?xf32>) {
  hydragen.prefix_attention queries(%q : memref<?x16xf32>) keys(%k : memref<4096x16xf32>) value(%k : memref<4096x16xf32>)
    at [0, 0] outs(%o, %m, %l : memref<?x16xf32>, memref<?xf32>, memref<?xf32>)
    attributes {query_maps = [#q7], key_maps = [#k7], value_map = affine_map<(b, n, d, e) -> (n, e)>}
  return
}

// -----

// A state that begins with nothing is not read; parts of the keys are merged
// into buffers that are filled first.

#q = affine_map<(b, n, d, e) -> (b, d)>
#k = affine_map<(b, n, d, e) -> (n, d)>
#v = affine_map<(b, n, d, e) -> (n, e)>

// CHECK-LABEL: func @neutral(
// CHECK-SAME: %[[O:[a-z0-9]*]]: memref<64x64xf32>, %[[M:[a-z0-9]*]]: memref<64xf32>, %[[L:[a-z0-9]*]]: memref<64xf32>)
// CHECK-NOT: memref.load %[[O]]
// CHECK-NOT: memref.load %[[M]]
// CHECK-NOT: memref.load %[[L]]
// CHECK: return
func.func @neutral(%q: memref<64x64xf32>, %k: memref<512x64xf32>, %o: memref<64x64xf32>, %m: memref<64xf32>, %l: memref<64xf32>) {
  hydragen.prefix_attention queries(%q : memref<64x64xf32>) keys(%k : memref<512x64xf32>) value(%k : memref<512x64xf32>)
    at [0, 0] outs(%o, %m, %l : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, hydragen.neutral_inits}
  return
}

// CHECK-LABEL: func @neutral_parts(
// CHECK-SAME: %[[O:[a-z0-9]*]]: memref<64x64xf32>, %[[M:[a-z0-9]*]]: memref<64xf32>, %[[L:[a-z0-9]*]]: memref<64xf32>)
// CHECK: scf.parallel
// CHECK-NOT: memref.load %[[M]]
// CHECK: linalg.fill ins(%[[ZERO:.*]] : f32) outs(%[[O]]
// CHECK: linalg.fill ins(%{{.*}} : f32) outs(%[[M]]
// CHECK: linalg.fill ins(%[[ZERO]] : f32) outs(%[[L]]
// CHECK: scf.parallel
// CHECK: memref.load %[[M]]
func.func @neutral_parts(%q: memref<64x64xf32>, %k: memref<4096x64xf32>, %o: memref<64x64xf32>, %m: memref<64xf32>, %l: memref<64xf32>) {
  hydragen.prefix_attention queries(%q : memref<64x64xf32>) keys(%k : memref<4096x64xf32>) value(%k : memref<4096x64xf32>)
    at [0, 0] outs(%o, %m, %l : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, hydragen.neutral_inits}
  return
}

// -----

// A state that ends where it is made: the attention writes the output alone, and a
// combine is followed by the output of its row in the same loop. Where the keys are
// split the parts are merged to the state and the output.

#q = affine_map<(b, h, n, d, e) -> (b, h, d)>
#k = affine_map<(b, h, n, d, e) -> (b, n, d)>
#v = affine_map<(b, h, n, d, e) -> (b, n, e)>

// CHECK-LABEL: func @ends(
// CHECK-SAME: %{{[a-z0-9]*}}: memref<64x4x16xf32>, %{{[a-z0-9]*}}: memref<64x32x16xf32>, %[[O:[a-z0-9]*]]: memref<64x4x16xf32>, %[[M:[a-z0-9]*]]: memref<64x4xf32>, %[[L:[a-z0-9]*]]: memref<64x4xf32>, %[[OUT:[a-z0-9]*]]: memref<64x4x16xbf16>
// CHECK: scf.parallel
// CHECK-NOT: memref.store {{.*}}, %[[O]][
// CHECK-NOT: memref.store {{.*}}, %[[M]][
// CHECK: arith.divf
// CHECK: arith.truncf {{.*}} : f32 to bf16
// CHECK-NEXT: memref.store {{.*}}, %[[OUT]][
// CHECK-NOT: scf.parallel
// CHECK-LABEL: func @ends_split(
// CHECK-SAME: %{{[a-z0-9]*}}: memref<1x1x16xf32>, %{{[a-z0-9]*}}: memref<1x4096x16xf32>, %[[O:[a-z0-9]*]]: memref<1x1x16xf32>, {{.*}} %[[OUT:[a-z0-9]*]]: memref<1x1x16xf32>
// CHECK: scf.parallel
// CHECK-NOT: %[[OUT]]
// CHECK: memref.store {{.*}}, %[[O]][
// CHECK: memref.store {{.*}}, %[[OUT]][
// CHECK-LABEL: func @ends_combined(
// CHECK-SAME: %[[O:[a-z0-9]*]]: memref<64x16xf32>, %[[R:[a-z0-9]*]]: memref<64xf32>, {{.*}} %[[OUT:[a-z0-9]*]]: memref<64x16xf32>
// CHECK: scf.parallel
// CHECK: memref.store {{.*}}, %[[OUT]][
// CHECK-NOT: scf.parallel
// CHECK-LABEL: func @ends_elsewhere(
// CHECK-COUNT-2: scf.parallel
func.func @ends(%q: memref<64x4x16xf32>, %k: memref<64x32x16xf32>, %o: memref<64x4x16xf32>, %m: memref<64x4xf32>, %l: memref<64x4xf32>, %out: memref<64x4x16xbf16>) {
  hydragen.suffix_attention queries(%q : memref<64x4x16xf32>) keys(%k : memref<64x32x16xf32>) value(%k : memref<64x32x16xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<64x4x16xf32>, memref<64x4xf32>, memref<64x4xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, hydragen.neutral_inits}
  hydragen.finalize state(%o, %m, %l : memref<64x4x16xf32>, memref<64x4xf32>, memref<64x4xf32>) outs(%out : memref<64x4x16xbf16>) {hydragen.state_ends}
  return
}
func.func @ends_split(%q: memref<1x1x16xf32>, %k: memref<1x4096x16xf32>, %o: memref<1x1x16xf32>, %m: memref<1x1xf32>, %l: memref<1x1xf32>, %out: memref<1x1x16xf32>) {
  hydragen.suffix_attention queries(%q : memref<1x1x16xf32>) keys(%k : memref<1x4096x16xf32>) value(%k : memref<1x4096x16xf32>)
    at [0, 0, 0] outs(%o, %m, %l : memref<1x1x16xf32>, memref<1x1xf32>, memref<1x1xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, hydragen.neutral_inits}
  hydragen.finalize state(%o, %m, %l : memref<1x1x16xf32>, memref<1x1xf32>, memref<1x1xf32>) outs(%out : memref<1x1x16xf32>) {hydragen.state_ends}
  return
}
func.func @ends_combined(%o: memref<64x16xf32>, %r: memref<64xf32>, %o2: memref<64x16xf32>, %m2: memref<64xf32>, %l2: memref<64xf32>, %out: memref<64x16xf32>) {
  hydragen.combine ins(%o, %r, %r : memref<64x16xf32>, memref<64xf32>, memref<64xf32>) outs(%o2, %m2, %l2 : memref<64x16xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.finalize state(%o2, %m2, %l2 : memref<64x16xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x16xf32>) {hydragen.state_ends}
  return
}
func.func @ends_elsewhere(%o: memref<64x16xf32>, %r: memref<64xf32>, %o2: memref<64x16xf32>, %m2: memref<64xf32>, %l2: memref<64xf32>, %out: memref<64x16xf32>) {
  hydragen.combine ins(%o, %r, %r : memref<64x16xf32>, memref<64xf32>, memref<64xf32>) outs(%o2, %m2, %l2 : memref<64x16xf32>, memref<64xf32>, memref<64xf32>)
  hydragen.finalize state(%o, %r, %r : memref<64x16xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x16xf32>) {hydragen.state_ends}
  return
}
