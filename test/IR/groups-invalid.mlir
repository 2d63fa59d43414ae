// RUN: hydragen-opt %s -split-input-file -verify-diagnostics

func.func @group_rows_c1_no_list() {
  // expected-error @+1 {{'hydragen.group_rows' op expected a list of numbers}}
  %t, %u, %s = "hydragen.group_rows"() <{width = 4 : i64, least = 2 : i64}> : () -> (tensor<?x4xi64>, tensor<?xi64>, tensor<6xi64>)
  return
}

// -----

func.func @group_rows_c1_lengths(%a: tensor<6xi64>, %b: tensor<5xi32>) {
  // expected-error @+1 {{'hydragen.group_rows' op expected lists of one length but got 'tensor<6xi64>' and 'tensor<5xi32>'}}
  %t, %u, %s = hydragen.group_rows ids(%a, %b : tensor<6xi64>, tensor<5xi32>) {width = 4 : i64, least = 2 : i64}
    -> tensor<?x4xi64>, tensor<?xi64>, tensor<6xi64>
  return
}

// -----

func.func @group_rows_c2(%a: tensor<6xi64>) {
  // expected-error @+1 {{'hydragen.group_rows' op expected a positive width and least number of rows but got 4 and 0}}
  %t, %u, %s = hydragen.group_rows ids(%a : tensor<6xi64>) {width = 4 : i64, least = 0 : i64}
    -> tensor<?x4xi64>, tensor<?xi64>, tensor<6xi64>
  return
}

// -----

func.func @group_rows_c3(%a: tensor<6xi64>) {
  // expected-error @+1 {{'hydragen.group_rows' op expected tiles of 4 rows, a list of rows and a slot per row, of i64, but got 'tensor<?x3xi64>', 'tensor<?xi64>' and 'tensor<6xi64>'}}
  %t, %u, %s = hydragen.group_rows ids(%a : tensor<6xi64>) {width = 4 : i64, least = 2 : i64}
    -> tensor<?x3xi64>, tensor<?xi64>, tensor<6xi64>
  return
}

// -----

func.func @ungroup_rows_c1(%s: tensor<6xf32>, %t: tensor<?x4x8xf32>, %u: tensor<?x8xf32>) {
  // expected-error @+1 {{'hydragen.ungroup_rows' op expected a list of slots of i64 but got 'tensor<6xf32>'}}
  %0 = hydragen.ungroup_rows %s tiles(%t : tensor<?x4x8xf32>) singles(%u : tensor<?x8xf32>) {dim = 0 : i64} : tensor<6xf32> -> tensor<6x8xf32>
  return
}

// -----

func.func @ungroup_rows_c2(%s: tensor<6xi64>, %t: tensor<?x4x8xf32>, %u: tensor<?x8xf32>) {
  // expected-error @+1 {{'hydragen.ungroup_rows' op expected a dim of the result, which has 2, but got 2}}
  %0 = hydragen.ungroup_rows %s tiles(%t : tensor<?x4x8xf32>) singles(%u : tensor<?x8xf32>) {dim = 2 : i64} : tensor<6xi64> -> tensor<6x8xf32>
  return
}

// -----

func.func @ungroup_rows_c3(%s: tensor<6xi64>, %t: tensor<?x4x8xf32>, %u: tensor<?x7xf32>) {
  // expected-error @+1 {{'hydragen.ungroup_rows' op expected tiles, singles and slots that make up 'tensor<6x8xf32>' but got 'tensor<?x4x8xf32>', 'tensor<?x7xf32>' and 'tensor<6xi64>'}}
  %0 = hydragen.ungroup_rows %s tiles(%t : tensor<?x4x8xf32>) singles(%u : tensor<?x7xf32>) {dim = 0 : i64} : tensor<6xi64> -> tensor<6x8xf32>
  return
}
