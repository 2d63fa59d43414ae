// RUN: hydragen-opt %s -convert-hydragen-to-linalg -split-input-file | FileCheck %s

#q = affine_map<(b, h, m, n, d, e) -> (b, h, m, d)>
#k = affine_map<(b, h, m, n, d, e) -> (h, n, d)>
#v = affine_map<(b, h, m, n, d, e) -> (h, n, e)>

// One generic per line of the formula. f16 is widened, the extents come from
// whatever operand has them static.

// CHECK-DAG: #[[$Q:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
// CHECK-DAG: #[[$K:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d3, d4)>
// CHECK-DAG: #[[$S:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[$ID:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$ID3:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// CHECK-LABEL: func @formula
// CHECK-SAME: %[[QUERY:[a-z0-9]*]]: tensor<2x3x?x8xf16>, %[[KEY:[a-z0-9]*]]: tensor<3x5x8xf16>, %[[VALUE:[a-z0-9]*]]: tensor<3x5x4xbf16>, %[[O:[a-z0-9]*]]: tensor<2x3x?x4xf32>, %[[M:[a-z0-9]*]]: tensor<2x3x?xf32>, %[[L:[a-z0-9]*]]: tensor<2x3x?xf32>
// CHECK-NOT: hydragen
//
// sum_d Q K
// CHECK: %[[ZERO:.*]] = linalg.fill {{.*}} -> tensor<2x3x?x5xf32>
// CHECK: %[[X:.*]] = linalg.generic {indexing_maps = [#[[$Q]], #[[$K]], #[[$S]]], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%[[QUERY]], %[[KEY]] : {{.*}}) outs(%[[ZERO]]
// CHECK-NEXT: ^bb0(%[[A:.*]]: f16, %[[B:.*]]: f16, %[[ACC:.*]]: f32):
// CHECK-NEXT: %[[AX:.*]] = arith.extf %[[A]] : f16 to f32
// CHECK-NEXT: %[[BX:.*]] = arith.extf %[[B]] : f16 to f32
// CHECK-NEXT: %[[AB:.*]] = arith.mulf %[[AX]], %[[BX]] : f32
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[ACC]], %[[AB]] : f32
// CHECK-NEXT: linalg.yield %[[SUM]] : f32
//
// s2 = saturate(scale x log2(e)); infinities stay
// CHECK: %[[S2:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ID]]], {{.*}}} ins(%[[X]]
// CHECK-NEXT: ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[SCALE:.*]] = arith.constant 5.000000e-01 : f32
// CHECK: %[[SC:.*]] = arith.mulf %[[IN]], %[[SCALE]] : f32
// CHECK: %[[LOG2E:.*]] = arith.constant 1.44269502 : f32
// CHECK: %[[SE:.*]] = arith.mulf %[[SC]], %[[LOG2E]] : f32
// CHECK: %[[MAX:.*]] = arith.constant 3.40282347E+38 : f32
// CHECK: %[[LOW:.*]] = arith.minimumf %[[SE]], %[[MAX]] : f32
// CHECK: %[[MIN:.*]] = arith.constant -3.40282347E+38 : f32
// CHECK: %[[SAT:.*]] = arith.maximumf %[[LOW]], %[[MIN]] : f32
// CHECK: %[[INF:.*]] = arith.constant 0x7F800000 : f32
// CHECK: %[[ABS:.*]] = math.absf %[[SC]] : f32
// CHECK: %[[ISINF:.*]] = arith.cmpf oeq, %[[ABS]], %[[INF]] : f32
// CHECK: %[[RES:.*]] = arith.select %[[ISINF]], %[[SC]], %[[SAT]] : f32
// CHECK: linalg.yield %[[RES]] : f32
//
// max_n s2
// CHECK: %[[START:.*]] = linalg.fill {{.*}} -> tensor<2x3x?xf32>
// CHECK: %[[KM:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%[[S2]] : {{.*}}) outs(%[[START]] :
// CHECK: arith.maximumf
//
// w = 2^(m - m'), 0 for m = -inf
// CHECK: %[[WR:.*]] = linalg.generic {indexing_maps = [#[[$ID3]], #[[$ID3]], #[[$ID3]]], {{.*}}} ins(%[[M]], %[[KM]] :
// CHECK-NEXT: ^bb0(%[[OLD:.*]]: f32, %[[NEW:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[BOTH:.*]] = arith.maximumf %[[OLD]], %[[NEW]] : f32
// CHECK: arith.cmpf oeq, %[[OLD]], %{{.*}} : f32
// CHECK: %[[DIFF:.*]] = arith.subf %[[OLD]], %[[BOTH]] : f32
// CHECK: math.exp2 %[[DIFF]] : f32
// CHECK: arith.select
//
// m' = max(m, max_n s2), behind the last use of m
// CHECK: %[[M1:.*]] = linalg.generic {indexing_maps = [#[[$ID3]], #[[$ID3]]], {{.*}}} ins(%[[KM]] : {{.*}}) outs(%[[M]] :
// CHECK: arith.maximumf
//
// p = 2^(s2 - m'), 0 for s2 = -inf
// CHECK: %[[P:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]], #[[$ID]]], {{.*}}} ins(%[[S2]], %[[M1]] :
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %[[REF:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[NINF:.*]] = arith.constant 0xFF800000 : f32
// CHECK: %[[HIDDEN:.*]] = arith.cmpf oeq, %[[S]], %[[NINF]] : f32
// CHECK: %[[DIFF:.*]] = arith.subf %[[S]], %[[REF]] : f32
// CHECK: %[[EXP:.*]] = math.exp2 %[[DIFF]] : f32
// CHECK: arith.select %[[HIDDEN]], %{{.*}}, %[[EXP]] : f32
//
// l' = l w + sum_n p
// CHECK-NOT: %[[M]]
// CHECK: %[[LW:.*]] = linalg.generic {indexing_maps = [#[[$ID3]], #[[$ID3]]], {{.*}}} ins(%[[WR]] : {{.*}}) outs(%[[L]] :
// CHECK: %[[L1:.*]] = linalg.generic {indexing_maps = [#[[$ID]], #[[$ROW]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%[[P]] : {{.*}}) outs(%[[LW]] :
//
// o' = o w + sum_n p V, without the terms of hidden keys
// CHECK: %[[OW:.*]] = linalg.generic {indexing_maps = [#[[$ROW]], #[[$ID]]], {{.*}}} ins(%[[WR]] : {{.*}}) outs(%[[O]] :
// CHECK: %[[O1:.*]] = linalg.generic {indexing_maps = [#[[$S]], #[[$S]], #[[$K]], #[[$Q]]], iterator_types = ["parallel", "parallel", "parallel", "reduction", "parallel"]} ins(%[[S2]], %[[P]], %[[VALUE]] : {{.*}}) outs(%[[OW]] :
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32, %[[W:.*]]: f32, %[[VE:.*]]: bf16, %[[ACC:.*]]: f32):
// CHECK: %[[VX:.*]] = arith.extf %[[VE]] : bf16 to f32
// CHECK: %[[PV:.*]] = arith.mulf %[[W]], %[[VX]] : f32
// CHECK: %[[HIDDEN:.*]] = arith.cmpf oeq, %[[S]], %{{.*}} : f32
// CHECK: %[[SUM:.*]] = arith.addf %[[ACC]], %[[PV]] : f32
// CHECK: arith.select %[[HIDDEN]], %[[ACC]], %[[SUM]] : f32
// CHECK: return %[[O1]], %[[M1]], %[[L1]]
func.func @formula(%q: tensor<2x3x?x8xf16>, %k: tensor<3x5x8xf16>, %v: tensor<3x5x4xbf16>, %o: tensor<2x3x?x4xf32>, %m: tensor<2x3x?xf32>, %l: tensor<2x3x?xf32>)
    -> (tensor<2x3x?x4xf32>, tensor<2x3x?xf32>, tensor<2x3x?xf32>) {
  %r:3 = hydragen.prefix_attention queries(%q : tensor<2x3x?x8xf16>) keys(%k : tensor<3x5x8xf16>) value(%v : tensor<3x5x4xbf16>)
    at [0, 0, 0, 0] outs(%o, %m, %l : tensor<2x3x?x4xf32>, tensor<2x3x?xf32>, tensor<2x3x?xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, scale = 0.5 : f64}
    -> tensor<2x3x?x4xf32>, tensor<2x3x?xf32>, tensor<2x3x?xf32>
  return %r#0, %r#1, %r#2 : tensor<2x3x?x4xf32>, tensor<2x3x?xf32>, tensor<2x3x?xf32>
}

// -----

#q = affine_map<(b, p, n, d, x, e) -> (b, d)>
#q1 = affine_map<(b, p, n, d, x, e) -> (x, b)>
#k = affine_map<(b, p, n, d, x, e)[t] -> (t, n, d)>
#k1 = affine_map<(b, p, n, d, x, e)[t] -> (0, x, n)>
#v = affine_map<(b, p, n, d, x, e)[t] -> (t, n, e)>

// Two score terms, paged keys through an index operand, positions from the
// offsets and the row-major key number, all modifications.

// CHECK-DAG: #[[$ROWPOS:.*]] = affine_map<()[s0] -> (s0 + 3)>
// CHECK-DAG: #[[$KEYPOS:.*]] = affine_map<()[s0, s1, s2] -> (s0 * 16 + s1 + s2)>
// CHECK-DAG: #[[$WHERE:.*]] = affine_map<()[s0, s1, s2, s3, s4] -> (s0 + s1 - s2 * 16 - s3 - s4 + 3)>
// CHECK-LABEL: func @all_modifications
// CHECK-SAME: %[[K1:[a-z0-9]*]]: tensor<1x4x16xf64>, %[[T:[a-z0-9]*]]: tensor<2x3xi32>, %[[LEN:[a-z0-9]*]]: tensor<2xindex>, %[[BIAS:[a-z0-9]*]]: tensor<9x99xf16>, %[[MASK:[a-z0-9]*]]: tensor<99xi1>, %[[SLOPE:[a-z0-9]*]]: tensor<f32>, %[[AT:[a-z0-9]*]]: index
// CHECK: %[[X0:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[T]] : tensor<2x8xf32>, tensor<2x3xi32>)
// CHECK: %[[N:.*]] = linalg.index 2 : index
// CHECK: %[[D:.*]] = linalg.index 3 : index
// CHECK: %[[PAGE:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: tensor.extract %{{.*}}[%[[PAGE]], %[[N]], %[[D]]] : tensor<9x16x8xf32>
// CHECK: %[[X1:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[K1]] : tensor<4x2xf32>, tensor<1x4x16xf64>) outs(%[[X0]] :
// CHECK: arith.truncf %{{.*}} : f64 to f32
// CHECK: linalg.generic {{.*}} ins(%[[X1]], %[[LEN]] : tensor<2x3x16xf32>, tensor<2xindex>)
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %[[LE:.*]]: index, %{{.*}}: f32):
// CHECK: %[[B:.*]] = linalg.index 0 : index
// CHECK: %[[ROW:.*]] = affine.apply #[[$ROWPOS]]()[%[[B]]]
// CHECK: %[[P:.*]] = linalg.index 1 : index
// CHECK: %[[N:.*]] = linalg.index 2 : index
// CHECK: %[[KEY:.*]] = affine.apply #[[$KEYPOS]]()[%[[P]], %[[N]], %[[AT]]]
// CHECK: %[[S0:.*]] = arith.divf %[[IN:.*]], %[[CAP:.*]] : f32
// CHECK: %[[S1:.*]] = math.tanh %[[S0]] : f32
// CHECK: %[[S2:.*]] = arith.mulf %[[CAP]], %[[S1]] : f32
// CHECK: %[[BE:.*]] = tensor.extract %[[BIAS]][%{{.*}}, %{{.*}}] : tensor<9x99xf16>
// CHECK: %[[BX:.*]] = arith.extf %[[BE]] : f16 to f32
// CHECK: %[[S3:.*]] = arith.addf %[[S2]], %[[BX]] : f32
// CHECK: %[[ME:.*]] = tensor.extract %[[MASK]][%{{.*}}] : tensor<99xi1>
// CHECK: %[[FILL:.*]] = arith.constant -3.40282347E+38 : f32
// CHECK: %[[HID:.*]] = arith.addf %[[S3]], %[[FILL]] : f32
// CHECK: %[[S4:.*]] = arith.select %[[ME]], %[[S3]], %[[HID]] : f32
// CHECK: %[[W:.*]] = affine.apply #[[$WHERE]]()[%[[LE]], %[[B]], %[[P]], %[[N]], %[[AT]]]
// CHECK: %[[GE:.*]] = arith.cmpi sge, %[[W]], %{{.*}} : index
// CHECK: %[[S5:.*]] = arith.select %[[GE]], %[[S4]], %{{.*}} : f32
// CHECK: %[[DI:.*]] = arith.index_cast %{{.*}} : index to i64
// CHECK: %[[SL:.*]] = tensor.extract %[[SLOPE]][] : tensor<f32>
// CHECK: %[[DF:.*]] = arith.sitofp %[[DI]] : i64 to f32
// CHECK: %[[AL:.*]] = arith.mulf %[[SL]], %[[DF]] : f32
// CHECK: %[[S6:.*]] = arith.addf %[[S5]], %[[AL]] : f32
// CHECK: %[[CE:.*]] = tensor.extract %[[BIAS]]
// CHECK: %[[CX:.*]] = arith.extf %[[CE]] : f16 to f32
// CHECK: %[[KI:.*]] = arith.index_cast %[[KEY]] : index to i32
// CHECK: %[[KF:.*]] = arith.sitofp %[[KI]] : i32 to f32
// CHECK: %[[S7:.*]] = arith.addf %[[S6]], %[[CX]] : f32
// CHECK: arith.subf %[[S7]], %[[KF]] : f32
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}}, %[[T]] : tensor<2x3x16xf32>, tensor<2x3x16xf32>, tensor<2x3xi32>) outs(%{{.*}} : tensor<2x8xf32>)
// CHECK: tensor.extract %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}] : tensor<9x16x8xf32>
func.func @all_modifications(%q: tensor<2x8xf32>, %q1: tensor<4x2xf32>, %k: tensor<9x16x8xf32>, %k1: tensor<1x4x16xf64>, %t: tensor<2x3xi32>, %len: tensor<2xindex>,
    %bias: tensor<9x99xf16>, %mask: tensor<99xi1>, %slope: tensor<f32>, %at: index, %o: tensor<2x8xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) -> tensor<2x8xf32> {
  %0:3 = hydragen.suffix_attention queries(%q, %q1 : tensor<2x8xf32>, tensor<4x2xf32>) keys(%k, %k1 : tensor<9x16x8xf32>, tensor<1x4x16xf64>) value(%k : tensor<9x16x8xf32>)
    indices(%t, %len : tensor<2x3xi32>, tensor<2xindex>) extras(%bias, %mask, %slope : tensor<9x99xf16>, tensor<99xi1>, tensor<f32>)
    at [3, %at] outs(%o, %m, %l : tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>)
    attributes {query_maps = [#q, #q1], key_maps = [#k, #k1], value_map = #v,
      index_maps = [affine_map<(b, p, n, d, x, e) -> (b, p)>, affine_map<(b, p, n, d, x, e) -> (b)>],
      extra_maps = [affine_map<(b, n) -> (b floordiv 2, n)>, affine_map<(b, n) -> (n)>, affine_map<(b, n) -> ()>],
      score_mods = [#hydragen.softcap<30.0 : f64>, #hydragen.bias<extra = 0>, #hydragen.mask<extra = 1, fill = -1.0e300 : f64, mode = add>,
                    #hydragen.visible<where = affine_map<(b, n)[t, len] -> (b - n + len)>>,
                    #hydragen.alibi<extra = 2, distance = affine_map<(b, n)[t, len] -> (n - b)>>, #hydragen.custom<extras = [0]>]}
    {
    ^bb0(%s: f32, %b: index, %n: index, %x: f16):
      %xf = arith.extf %x : f16 to f32
      %ni = arith.index_cast %n : index to i32
      %nf = arith.sitofp %ni : i32 to f32
      %s1 = arith.addf %s, %xf : f32
      %s2 = arith.subf %s1, %nf : f32
      hydragen.yield %s2 : f32
    }
    -> tensor<2x8xf32>, tensor<2xf32>, tensor<2xf32>
  return %0#0 : tensor<2x8xf32>
}

// -----

// CHECK-LABEL: func @combine
// CHECK-SAME: %[[OA:[a-z0-9]*]]: tensor<4x8xf64>, %[[MA:[a-z0-9]*]]: tensor<4xf64>, %[[LA:[a-z0-9]*]]: tensor<4xf64>, %[[O:[a-z0-9]*]]: tensor<4x8xf64>, %[[M:[a-z0-9]*]]: tensor<4xf64>, %[[L:[a-z0-9]*]]: tensor<4xf64>
// CHECK: %[[START:.*]] = linalg.fill
// CHECK: %[[OTHER:.*]] = linalg.generic {{.*}} ins(%[[MA]] : tensor<4xf64>) outs(%[[START]] : tensor<4xf64>)
// CHECK: arith.maximumf
// CHECK: %[[W:.*]] = linalg.generic {{.*}} ins(%[[M]], %[[OTHER]] : {{.*}})
// CHECK: %[[M1:.*]] = linalg.generic {{.*}} ins(%[[OTHER]] : tensor<4xf64>) outs(%[[M]] : tensor<4xf64>)
// CHECK: arith.maximumf
// CHECK-NOT: %[[M]]
// CHECK: %[[LW:.*]] = linalg.generic {{.*}} ins(%[[W]] : {{.*}}) outs(%[[L]] :
// CHECK: %[[L1:.*]] = linalg.generic {{.*}} ins(%[[M1]], %[[MA]], %[[LA]] : {{.*}}) outs(%[[LW]] :
// CHECK: %[[OW:.*]] = linalg.generic {{.*}} ins(%[[W]] : {{.*}}) outs(%[[O]] :
// CHECK: %[[O1:.*]] = linalg.generic {{.*}} ins(%[[M1]], %[[MA]], %[[OA]] : {{.*}}) outs(%[[OW]] :
// CHECK: return %[[O1]], %[[M1]], %[[L1]]
func.func @combine(%oa: tensor<4x8xf64>, %ma: tensor<4xf64>, %la: tensor<4xf64>, %o: tensor<4x8xf64>, %m: tensor<4xf64>, %l: tensor<4xf64>) -> (tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>) {
  %0:3 = hydragen.combine ins(%oa, %ma, %la : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>) outs(%o, %m, %l : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>)
    -> tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>
  return %0#0, %0#1, %0#2 : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>
}

// The number of the state is a reduction.
// CHECK-LABEL: func @combine_stacked
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "parallel"]} ins(%{{.*}} : tensor<?x4xf64>) outs(%{{.*}} : tensor<4xf64>)
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "parallel", "parallel"]} ins({{.*}} : tensor<4xf64>, tensor<?x4xf64>, tensor<?x4x8xf64>)
func.func @combine_stacked(%so: tensor<?x4x8xf64>, %sm: tensor<?x4xf64>, %o: tensor<4x8xf64>, %m: tensor<4xf64>) -> tensor<4x8xf64> {
  %0:3 = hydragen.combine ins(%so, %sm, %sm : tensor<?x4x8xf64>, tensor<?x4xf64>, tensor<?x4xf64>) outs(%o, %m, %m : tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>)
    {stacked} -> tensor<4x8xf64>, tensor<4xf64>, tensor<4xf64>
  return %0#0 : tensor<4x8xf64>
}

// Without sinks M is m. The init is read only to accumulate.
// CHECK-LABEL: func @finalize
// CHECK-SAME: %[[O:[a-z0-9]*]]: tensor<4x8xf32>, %[[M:[a-z0-9]*]]: tensor<4xf32>, %[[L:[a-z0-9]*]]: tensor<4xf32>, %[[OUT:[a-z0-9]*]]: tensor<4x8xf16>
// CHECK-NEXT: %[[R:.*]] = linalg.generic {{.*}} ins(%[[O]], %[[L]] : tensor<4x8xf32>, tensor<4xf32>) outs(%[[OUT]] :
// CHECK-NEXT: ^bb0(%[[OE:.*]]: f32, %[[LE:.*]]: f32, %[[INIT:.*]]: f16):
// CHECK-NEXT: %[[DIV:.*]] = arith.divf %[[OE]], %[[LE]] : f32
// CHECK: %[[NAN:.*]] = arith.constant 0x7FC00000 : f32
// CHECK: %[[EMPTY:.*]] = arith.cmpf oeq, %[[LE]], %{{.*}} : f32
// CHECK: %[[RES:.*]] = arith.select %[[EMPTY]], %[[NAN]], %[[DIV]] : f32
// CHECK-NEXT: %[[CAST:.*]] = arith.truncf %[[RES]] : f32 to f16
// CHECK-NEXT: linalg.yield %[[CAST]] : f16
// CHECK: return %[[R]]
func.func @finalize(%o: tensor<4x8xf32>, %m: tensor<4xf32>, %l: tensor<4xf32>, %out: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = hydragen.finalize state(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) outs(%out : tensor<4x8xf16>) -> tensor<4x8xf16>
  return %0 : tensor<4x8xf16>
}

// CHECK-LABEL: func @finalize_full
// CHECK-SAME: %[[SINK:[a-z0-9]*]]: tensor<2xbf16>, %[[FACTOR:[a-z0-9]*]]: tensor<4xf32>
// CHECK: %[[MAX:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<4xf32>)
// CHECK: tensor.extract %[[SINK]]
// CHECK: arith.maximumf
// CHECK: %[[DEN:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}}, %[[MAX]] :
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[DEN]], %{{.*}}, %[[MAX]], %[[FACTOR]] :
// CHECK: arith.divf
// CHECK: arith.select
// CHECK: %[[INIT:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[INIT]] : f32
// CHECK: arith.truncf %[[SUM]] : f32 to f16
func.func @finalize_full(%o: tensor<4x8xf32>, %m: tensor<4xf32>, %l: tensor<4xf32>, %sink: tensor<2xbf16>, %factor: tensor<4xf32>, %out: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = hydragen.finalize state(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) sinks(%sink : tensor<2xbf16>) factor(%factor : tensor<4xf32>)
    outs(%out : tensor<4x8xf16>) {accumulate, sink_maps = [affine_map<(h) -> (h floordiv 2)>], factor_map = affine_map<(h) -> (h)>} -> tensor<4x8xf16>
  return %0 : tensor<4x8xf16>
}

// CHECK-LABEL: func @lse
// CHECK: %[[LOG:.*]] = math.log2 %{{.*}} : f32
// CHECK: %[[TWO:.*]] = arith.addf %{{.*}}, %[[LOG]] : f32
// CHECK-NEXT: linalg.yield %[[TWO]] : f32
// CHECK: %[[LN2:.*]] = arith.constant 0.693147182 : f32
// CHECK: arith.mulf %{{.*}}, %[[LN2]] : f32
func.func @lse(%m: tensor<4xf32>, %l: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = hydragen.state_lse <two> state(%m, %l : tensor<4xf32>, tensor<4xf32>) outs(%m : tensor<4xf32>) -> tensor<4xf32>
  %1 = hydragen.state_lse <e> state(%m, %l : tensor<4xf32>, tensor<4xf32>) outs(%m : tensor<4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}
