// RUN: hydragen-opt %s -split-input-file -verify-diagnostics

// One function per way to break a constraint of docs/spec.md; its name starts
// with the constraint's label.

func.func @combine_c1_inits(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.combine' op expected states of three operands and three inits but got 3 and 2}}
  %0:2 = hydragen.combine ins(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) outs(%o, %m : tensor<2x6xf32>, tensor<2xf32>) -> tensor<2x6xf32>, tensor<2xf32>
  return
}

// -----

func.func @combine_c1_threes(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.combine' op expected states of three operands and three inits but got 2 and 3}}
  %0:3 = hydragen.combine ins(%o, %m : tensor<2x6xf32>, tensor<2xf32>) outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @combine_c1_stacked(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.combine' op expected one stacked state and three inits but got 6 and 3}}
  %0:3 = hydragen.combine ins(%o, %m, %l, %o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) {stacked} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @combine_c2_shape(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %x: tensor<2x5xf32>) {
  // expected-error @+1 {{'hydragen.combine' op expected states of the shape of the outs but got 'tensor<2x5xf32>' and 'tensor<2x6xf32>'}}
  %0:3 = hydragen.combine ins(%x, %m, %l : tensor<2x5xf32>, tensor<2xf32>, tensor<2xf32>) outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @combine_c2_stacked(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.combine' op expected states of the shape of the outs but got 'tensor<2x6xf32>' and 'tensor<2x6xf32>'}}
  %0:3 = hydragen.combine ins(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) {stacked} -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @combine_c2_element(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %o64: tensor<2x6xf64>, %m64: tensor<2xf64>) {
  // expected-error @+1 {{'hydragen.combine' op expected states of the shape of the outs but got 'tensor<2x6xf64>' and 'tensor<2x6xf32>'}}
  %0:3 = hydragen.combine ins(%o64, %m64, %m64 : tensor<2x6xf64>, tensor<2xf64>, tensor<2xf64>) outs(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>
  return
}

// -----

func.func @state_c1_type(%o: tensor<2x6xf16>, %m: tensor<2xf16>) {
  // expected-error @+1 {{'hydragen.combine' op expected a state of f32 or f64 but got 'tensor<2x6xf16>', 'tensor<2xf16>', 'tensor<2xf16>'}}
  %0:3 = hydragen.combine ins(%o, %m, %m : tensor<2x6xf16>, tensor<2xf16>, tensor<2xf16>) outs(%o, %m, %m : tensor<2x6xf16>, tensor<2xf16>, tensor<2xf16>) -> tensor<2x6xf16>, tensor<2xf16>, tensor<2xf16>
  return
}

// -----

func.func @state_c1_rows(%o: tensor<2x6xf32>, %m: tensor<6xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected m and l of the row shape of o but got 'tensor<2x6xf32>', 'tensor<6xf32>', 'tensor<6xf32>'}}
  %0 = hydragen.finalize state(%o, %m, %m : tensor<2x6xf32>, tensor<6xf32>, tensor<6xf32>) outs(%o : tensor<2x6xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @state_c1_rank(%o: tensor<2xf32>, %m: tensor<2x6xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected m and l of the row shape of o but got 'tensor<2xf32>', 'tensor<2x6xf32>', 'tensor<2x6xf32>'}}
  %0 = hydragen.finalize state(%o, %m, %m : tensor<2xf32>, tensor<2x6xf32>, tensor<2x6xf32>) outs(%o : tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @state_c2_mixed(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %b: memref<2xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected tensors or memrefs but got both}}
  %0 = hydragen.finalize state(%o, %b, %l : tensor<2x6xf32>, memref<2xf32>, tensor<2xf32>) outs(%o : tensor<2x6xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @state_c2_result(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected results of the types of the tensor inits}}
  hydragen.finalize state(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) outs(%o : tensor<2x6xf32>)
  return
}

// -----

func.func @state_c2_memref(%o: memref<2x6xf32>, %m: memref<2xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected results of the types of the tensor inits}}
  %0 = hydragen.finalize state(%o, %m, %m : memref<2x6xf32>, memref<2xf32>, memref<2xf32>) outs(%o : memref<2x6xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @finalize_c1_shape(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %x: tensor<6x2xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected an output of the shape of o with f16, bf16, f32 or f64 elements but got 'tensor<6x2xf32>' and 'tensor<2x6xf32>'}}
  %0 = hydragen.finalize state(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) outs(%x : tensor<6x2xf32>) -> tensor<6x2xf32>
  return
}

// -----

func.func @finalize_c1_element(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %x: tensor<2x6xi32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected an output of the shape of o with f16, bf16, f32 or f64 elements but got 'tensor<2x6xi32>' and 'tensor<2x6xf32>'}}
  %0 = hydragen.finalize state(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) outs(%x : tensor<2x6xi32>) -> tensor<2x6xi32>
  return
}

// -----

func.func @finalize_c2_count(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected one map per sink and factor}}
  %0 = hydragen.finalize state(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) sinks(%m : tensor<2xf32>) outs(%o : tensor<2x6xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @finalize_c2_factor(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected one map per sink and factor}}
  %0 = hydragen.finalize state(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) outs(%o : tensor<2x6xf32>) {factor_map = affine_map<(b) -> (b)>} -> tensor<2x6xf32>
  return
}

// -----

func.func @finalize_c2_map(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected a sink of floats and its map from 1 rows to 1 results but got affine_map<(d0, d1) -> (d0)>}}
  %0 = hydragen.finalize state(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) sinks(%m : tensor<2xf32>) outs(%o : tensor<2x6xf32>) {sink_maps = [affine_map<(b, e) -> (b)>]} -> tensor<2x6xf32>
  return
}

// -----

func.func @finalize_c2_element(%o: tensor<2x6xf32>, %m: tensor<2xf32>, %l: tensor<2xf32>, %x: tensor<2xi32>) {
  // expected-error @+1 {{'hydragen.finalize' op expected a factor of floats and its map from 1 rows to 1 results but got affine_map<(d0) -> (d0)>}}
  %0 = hydragen.finalize state(%o, %m, %l : tensor<2x6xf32>, tensor<2xf32>, tensor<2xf32>) factor(%x : tensor<2xi32>) outs(%o : tensor<2x6xf32>) {factor_map = affine_map<(b) -> (b)>} -> tensor<2x6xf32>
  return
}

// -----

func.func @state_lse_c1_shape(%m: tensor<2xf32>, %x: tensor<3xf32>) {
  // expected-error @+1 {{'hydragen.state_lse' op expected m, l and the result of one shape and f32 or f64 but got 'tensor<2xf32>', 'tensor<2xf32>', 'tensor<3xf32>'}}
  %0 = hydragen.state_lse <two> state(%m, %m : tensor<2xf32>, tensor<2xf32>) outs(%x : tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @state_lse_c1_element(%m: tensor<2xf32>, %x: tensor<2xf64>) {
  // expected-error @+1 {{'hydragen.state_lse' op expected m, l and the result of one shape and f32 or f64 but got 'tensor<2xf32>', 'tensor<2xf32>', 'tensor<2xf64>'}}
  %0 = hydragen.state_lse <e> state(%m, %m : tensor<2xf32>, tensor<2xf32>) outs(%x : tensor<2xf64>) -> tensor<2xf64>
  return
}
