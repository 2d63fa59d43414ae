// RUN: hydragen-opt %s -hydragen-lower-groups | FileCheck %s

// The ops and the loops give the same numbers: tiles, what repeats in them, rows that are left over.
// RUN: hydragen-opt %s -hydragen-lower-groups -o %t.mlir
// RUN: %make-npz %t.npz in0=i8:13:4,4,7,4,9,4,7,4,4,9,5,7,4 in1=i4:13:1,1,1,1,1,1,1,2,1,1,1,1,1 out0=i8:4x3:0,1,3,5,8,12,2,6,11,4,9,4 out1=i8:2:7,10 out2=i8:13:0,1,6,2,9,3,7,12,4,10,13,8,5
// RUN: hydragen-interpret %s --entry=group --inputs=%t.npz --expect=%t.npz
// RUN: hydragen-interpret %t.mlir --entry=group --inputs=%t.npz --expect=%t.npz
// A rest of two gets a tile, one row does not.
// RUN: %make-npz %t.rest.npz in0=i8:6:3,3,3,3,3,8 in1=i4:6:0 out0=i8:2x3:0,1,2,3,4,0 out1=i8:1:5 out2=i8:6:0,1,2,3,4,6
// RUN: hydragen-interpret %s --entry=group --inputs=%t.rest.npz --expect=%t.rest.npz
// RUN: hydragen-interpret %t.mlir --entry=group --inputs=%t.rest.npz --expect=%t.rest.npz
// No row at all.
// RUN: %make-npz %t.none.npz in0=i8:0: in1=i4:0: out0=i8:0x3: out1=i8:0: out2=i8:0:
// RUN: hydragen-interpret %s --entry=group --inputs=%t.none.npz --expect=%t.none.npz
// RUN: hydragen-interpret %t.mlir --entry=group --inputs=%t.none.npz --expect=%t.none.npz
// Rows of a dim in the middle, from tiles and from singles.
// RUN: %make-npz %t.back.npz in0=i8:5:5,0,3,4,1 in1=f4:2x2x2x3:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23 in2=f4:2x2x3:100,101,102,103,104,105,106,107,108,109,110,111 out0=f4:2x5x3:106,107,108,0,1,2,18,19,20,100,101,102,6,7,8,109,110,111,3,4,5,21,22,23,103,104,105,9,10,11
// RUN: hydragen-interpret %s --entry=ungroup --inputs=%t.back.npz --expect=%t.back.npz
// RUN: hydragen-interpret %t.mlir --entry=ungroup --inputs=%t.back.npz --expect=%t.back.npz

// CHECK-LABEL: func.func @group
// CHECK-NOT: hydragen.group_rows
// CHECK: scf.for
// CHECK: scf.for
// CHECK: arith.cmpi eq
func.func @group(%a: tensor<?xi64>, %b: tensor<?xi32>) -> (tensor<?x3xi64>, tensor<?xi64>, tensor<?xi64>) {
  %tiles, %singles, %slots = hydragen.group_rows ids(%a, %b : tensor<?xi64>, tensor<?xi32>) {width = 3 : i64, least = 2 : i64}
    -> tensor<?x3xi64>, tensor<?xi64>, tensor<?xi64>
  return %tiles, %singles, %slots : tensor<?x3xi64>, tensor<?xi64>, tensor<?xi64>
}

// CHECK-LABEL: func.func @ungroup
// CHECK: linalg.generic
// CHECK: scf.if
func.func @ungroup(%slots: tensor<5xi64>, %tiles: tensor<?x2x2x3xf32>, %singles: tensor<?x2x3xf32>) -> tensor<2x5x3xf32> {
  %0 = hydragen.ungroup_rows %slots tiles(%tiles : tensor<?x2x2x3xf32>) singles(%singles : tensor<?x2x3xf32>) {dim = 1 : i64}
    : tensor<5xi64> -> tensor<2x5x3xf32>
  return %0 : tensor<2x5x3xf32>
}
