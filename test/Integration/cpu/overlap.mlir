// Attention bound by reading as a task beside attention bound by arithmetic: the
// numbers of the definition with any number of threads, and one line when the
// prefix, the suffix or both fail.

// DEFINE: %{numbers} = in0=f4:24x32:0.5,-1,2,0.25,-3,1.5,-0.75 in1=f4:100x16x32:1,-0.5,0.125,0.75,-1,0.25,2,-2,0.5,1.25,-0.25 in2=f4:100x16x32:3,-1,0.5,2,-2.5,1,0.25,-4,1.5,-0.5,0.75,1,-3
// DEFINE: %{pages} = 0,99,17,3,58,41,86,22,64,7,93,35,71
// DEFINE: %{bad} = 0,99,17,3,58,41,86,22,64,100,93,35,71
// DEFINE: %{negative} = -1,99,17,3,58,41,86,22,64,7,93,35,71

// RUN: %python -m make_npz %t.in.npz %{numbers} in3=i4:40:%{pages} in4=i4:24x8:%{pages}
// RUN: hydragen-compile %s --target=cpu -o %t.so
// RUN: hydragen-interpret %s --inputs=%t.in.npz --precision=f64 --round-outputs --outputs=%t.npz
// RUN: hydragen-run %t.so --inputs=%t.in.npz --expect=%t.npz --atol=2e-6 --rtol=0 --threads=1 --outputs=%t.one.npz
// RUN: hydragen-run %t.so --inputs=%t.in.npz --expect=%t.one.npz --atol=0 --rtol=0 --threads=2 --repeat=20
// RUN: hydragen-run %t.so --inputs=%t.in.npz --expect=%t.one.npz --atol=0 --rtol=0 --threads=7 --repeat=20

// RUN: %python -m make_npz %t.shared.npz %{numbers} in3=i4:40:%{bad} in4=i4:24x8:%{pages}
// RUN: %python -m make_npz %t.own.npz %{numbers} in3=i4:40:%{pages} in4=i4:24x8:%{bad}
// RUN: %python -m make_npz %t.both.npz %{numbers} in3=i4:40:%{bad} in4=i4:24x8:%{negative}
// RUN: %expect-exit 2 hydragen-run %t.so --inputs=%t.shared.npz --threads=1 2>&1 | FileCheck %s
// RUN: %expect-exit 2 hydragen-run %t.so --inputs=%t.shared.npz --threads=2 2>&1 | FileCheck %s
// RUN: %expect-exit 2 hydragen-run %t.so --inputs=%t.shared.npz --threads=7 2>&1 | FileCheck %s
// RUN: %expect-exit 2 hydragen-run %t.so --inputs=%t.own.npz --threads=1 2>&1 | FileCheck %s
// RUN: %expect-exit 2 hydragen-run %t.so --inputs=%t.own.npz --threads=2 2>&1 | FileCheck %s
// RUN: %expect-exit 2 hydragen-run %t.so --inputs=%t.own.npz --threads=7 2>&1 | FileCheck %s
// RUN: %expect-exit 2 hydragen-run %t.so --inputs=%t.both.npz --threads=2 2>&1 | FileCheck %s
// CHECK: hydragen-run: error: main: an index operand of attention is out of range
// CHECK-NOT: {{.}}

#q = affine_map<(b, p, n, d, e) -> (b, d)>
#k = affine_map<(b, p, n, d, e)[s] -> (s, n, d)>
#v = affine_map<(b, p, n, d, e)[s] -> (s, n, e)>
#shared = affine_map<(b, p, n, d, e) -> (p)>
#own = affine_map<(b, p, n, d, e) -> (b, p)>

func.func @main(%q: tensor<24x32xf32>, %k: tensor<100x16x32xf32>, %v: tensor<100x16x32xf32>,
                %shared: tensor<40xi32>, %own: tensor<24x8xi32>) -> tensor<24x32xf32> {
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0xFF800000 : f32
  %eo = tensor.empty() : tensor<24x32xf32>
  %em = tensor.empty() : tensor<24xf32>
  %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<24x32xf32>) -> tensor<24x32xf32>
  %m = linalg.fill ins(%none : f32) outs(%em : tensor<24xf32>) -> tensor<24xf32>
  %l = linalg.fill ins(%zero : f32) outs(%em : tensor<24xf32>) -> tensor<24xf32>
  %p:3 = hydragen.prefix_attention queries(%q : tensor<24x32xf32>) keys(%k : tensor<100x16x32xf32>) value(%v : tensor<100x16x32xf32>)
    indices(%shared : tensor<40xi32>) at [0, 0]
    outs(%o, %m, %l : tensor<24x32xf32>, tensor<24xf32>, tensor<24xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, index_maps = [#shared], scale = 0.25 : f64}
    -> tensor<24x32xf32>, tensor<24xf32>, tensor<24xf32>
  %s:3 = hydragen.suffix_attention queries(%q : tensor<24x32xf32>) keys(%k : tensor<100x16x32xf32>) value(%v : tensor<100x16x32xf32>)
    indices(%own : tensor<24x8xi32>) at [0, 640]
    outs(%o, %m, %l : tensor<24x32xf32>, tensor<24xf32>, tensor<24xf32>)
    attributes {query_maps = [#q], key_maps = [#k], value_map = #v, index_maps = [#own], scale = 0.25 : f64}
    -> tensor<24x32xf32>, tensor<24xf32>, tensor<24xf32>
  %c:3 = hydragen.combine ins(%s#0, %s#1, %s#2 : tensor<24x32xf32>, tensor<24xf32>, tensor<24xf32>)
    outs(%p#0, %p#1, %p#2 : tensor<24x32xf32>, tensor<24xf32>, tensor<24xf32>)
    -> tensor<24x32xf32>, tensor<24xf32>, tensor<24xf32>
  %r = hydragen.finalize state(%c#0, %c#1, %c#2 : tensor<24x32xf32>, tensor<24xf32>, tensor<24xf32>)
    outs(%eo : tensor<24x32xf32>) -> tensor<24x32xf32>
  return %r : tensor<24x32xf32>
}
