//===- Passes.td - lowering passes --------------------------*- tablegen -*-==//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_CONVERSION_PASSES_TD
#define HYDRAGEN_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

// Alphabetical.

def ConvertHydragenToCPU
    : Pass<"convert-hydragen-to-cpu", "::mlir::func::FuncOp"> {
  let summary = "lower partial attention and states on memrefs to vector loops";
  let description = [{
    Expects bufferised `hydragen.prefix_attention`, `suffix_attention`,
    `combine`, `finalize` and `state_lse`. Each becomes an `scf.parallel` over
    work items (outer row dims x tile of folded rows); an item walks the keys in
    tiles with the online softmax and keeps no more than a tile of scores.
    `hydragen-outline-parallel` should follow.

    `vector-bits` is the width of the target's vectors. With `pairs`, attention
    whose Q, K and V are bf16 and whose rows share keys in numbers multiplies
    them as they are, two products a sum, and rounds the weights to bf16 as a
    model's softmax in bf16 does.

    Before:

    ```mlir
    func.func @f(%o: memref<64x128xf32>, %m: memref<64xf32>, %l: memref<64xf32>, %out: memref<64x128xf16>) {
      hydragen.finalize state(%o, %m, %l : memref<64x128xf32>, memref<64xf32>, memref<64xf32>) outs(%out : memref<64x128xf16>)
      return
    }
    ```

    After (shortened with `...`):

    ```mlir
    scf.parallel (%arg4) = ...
      scf.for %arg5 = ...
        memref.load %arg1[%arg5] : memref<64xf32>
        memref.load %arg2[%arg5] : memref<64xf32>
        scf.for %arg6 = ...
          memref.load %arg0[%arg5, %arg6] : memref<64x128xf32>
          arith.truncf ... : f32 to f16
          memref.store ..., %arg3[%arg5, %arg6] : memref<64x128xf16>
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "unsigned", /*default=*/"256",
           "width of a vector register: 128, 256 or 512">,
    Option<"pairs", "pairs", "bool", /*default=*/"false",
           "products of bf16 with bf16 sum pairs, weights are rounded to bf16">,
    Option<"hasPairs", "has-pairs", "bool", /*default=*/"false",
           "the target has AVX512_BF16">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::mlir::x86vector::X86VectorDialect"];
}

def ConvertHydragenToGPU
    : Pass<"convert-hydragen-to-gpu", "::mlir::func::FuncOp"> {
  let summary = "make one launch of the ops of each scheduled attention";
  let description = [{
    Expects the decomposed form on tensors with `hydragen-schedule`'s attributes.
    The partial attentions that a scheduled `hydragen.finalize` folds, what lies
    between, and permutations, splits and narrowing behind it become one
    `hydragen.attend`. What no kernel can compute stays as it is, for the host,
    with a remark that says why. Keys and values whose columns are not adjacent
    are transposed. `hydragen-lower-attend` should follow, after bufferisation.

    Before:

    ```mlir
    func.func @f(%q: tensor<64x64xf16>, %k: tensor<128x64xf16>, %out: tensor<64x64xf16>) -> tensor<64x64xf16>
        attributes {hydragen.gpu_targets = [#hydragen.gpu_target<chip = "sm_80", multiprocessors = 108, block_shared = 166912, shared = 167936, bandwidth = 2039, flops = 312>]} {
      %hidden = arith.constant 0xFF800000 : f32
      %zero = arith.constant 0.0 : f32
      %eo = tensor.empty() : tensor<64x64xf32>
      %em = tensor.empty() : tensor<64xf32>
      %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<64x64xf32>) -> tensor<64x64xf32>
      %m = linalg.fill ins(%hidden : f32) outs(%em : tensor<64xf32>) -> tensor<64xf32>
      %l = linalg.fill ins(%zero : f32) outs(%em : tensor<64xf32>) -> tensor<64xf32>
      %p:3 = hydragen.prefix_attention queries(%q : tensor<64x64xf16>) keys(%k : tensor<128x64xf16>) value(%k : tensor<128x64xf16>)
        at [0, 0] outs(%o, %m, %l : tensor<64x64xf32>, tensor<64xf32>, tensor<64xf32>)
        attributes {hydragen.tile = #hydragen.tile<rows = 64, keys = 64>, query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>],
          value_map = affine_map<(b, n, d, e) -> (n, e)>} -> tensor<64x64xf32>, tensor<64xf32>, tensor<64xf32>
      %r = hydragen.finalize state(%p#0, %p#1, %p#2 : tensor<64x64xf32>, tensor<64xf32>, tensor<64xf32>)
        outs(%out : tensor<64x64xf16>) {hydragen.schedule = #hydragen.schedule<warps = 4, blocks = 3, float32 = tf32x3>} -> tensor<64x64xf16>
      return %r : tensor<64x64xf16>
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func @f(...
      hydragen.attend queries(%arg0 ...) keys(%arg1 ...) values(%arg1 ...) outs(%arg2 ...) ... parts = [#hydragen.part<shared = true, ... tile = <rows = 64, keys = 64>>], ...
      return ...
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def ConvertHydragenToLinalg
    : Pass<"convert-hydragen-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "lower the decomposed form on tensors to linalg: the reference";
  let description = [{
    Each `hydragen.prefix_attention`, `suffix_attention`, `combine`, `finalize`
    and `state_lse` becomes one `linalg.generic` per line of its formula in
    docs/spec.md. Exact and readable, for any other MLIR compiler to take from
    there, not fast: the scores of all rows and keys are one tensor.
    `hydragen.attention` must be decomposed before.

    Before:

    ```mlir
    func.func @f(%m: tensor<4xf32>, %l: tensor<4xf32>, %init: tensor<4xf32>) -> tensor<4xf32> {
      %lse = hydragen.state_lse <two> state(%m, %l : tensor<4xf32>, tensor<4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
      return %lse : tensor<4xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    linalg.generic ... ins(%arg0, %arg1 : tensor<4xf32>, tensor<4xf32>) outs(%arg2 : tensor<4xf32>)
      math.log2 ... : f32
      arith.addf ... : f32
      linalg.yield ... : f32
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def DropNeutralInits : Pass<"hydragen-drop-neutral-inits", "::mlir::func::FuncOp"> {
  let summary = "let attention begin with nothing instead of reading it";
  let description = [{
    Expects tensors. A partial attention whose inits are new tensors filled with
    the neutral state (o = 0, m = -inf, l = 0) gets the tensors without the fills
    and `hydragen.neutral_inits`, so that no memory is written and read for it.
    For the CPU's pipeline alone: `convert-hydragen-to-cpu` knows the mark,
    `convert-hydragen-to-linalg` refuses it.

    Before:

    ```mlir
    func.func @f(%q: tensor<4x8xf32>, %k: tensor<16x8xf32>) -> tensor<4x8xf32> {
      %zero = arith.constant 0.0 : f32
      %none = arith.constant 0xFF800000 : f32
      %eo = tensor.empty() : tensor<4x8xf32>
      %er = tensor.empty() : tensor<4xf32>
      %o = linalg.fill ins(%zero : f32) outs(%eo : tensor<4x8xf32>) -> tensor<4x8xf32>
      %m = linalg.fill ins(%none : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
      %l = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
      %s:3 = hydragen.prefix_attention queries(%q : tensor<4x8xf32>) keys(%k : tensor<16x8xf32>) value(%k : tensor<16x8xf32>)
        at [0, 0] outs(%o, %m, %l : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>)
        attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>],
          value_map = affine_map<(b, n, d, e) -> (n, e)>} -> tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>
      return %s#0 : tensor<4x8xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    %0 = tensor.empty() : tensor<4x8xf32>
    %1 = tensor.empty() : tensor<4xf32>
    %2:3 = hydragen.prefix_attention ... outs(%0, %1, %1 : ... hydragen.neutral_inits
    ```
  }];
}

def ExpandMath : Pass<"hydragen-expand-math", "::mlir::func::FuncOp"> {
  let summary = "write exp, exp2, tanh and erf as polynomials";
  let description = [{
    Replaces f32 `math.exp`, `tanh` and `erf` by polynomial approximations
    that vectorise (errors of a few ulp). Other functions are left for libm.

    Without `fused-multiply-add`, for CPUs that would call libm for each lane,
    it also makes products and sums of fused multiply-adds that kernels and
    polynomials chose (those with `fastmath<contract>`). The model's own stay
    what they are.

    Before:

    ```mlir
    func.func @f(%x: f32) -> f32 {
      %0 = math.exp %x : f32
      return %0 : f32
    }
    ```

    After (shortened with `...`):

    ```mlir
    math.fma ... : f32
    arith.shli ...
    arith.bitcast ... : i32 to f32
    return ... : f32
    ```
  }];
  let options = [
    Option<"fusedMultiplyAdd", "fused-multiply-add", "bool", /*default=*/"true",
           "the target has an instruction for it">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"];
}

def FuseFinalize : Pass<"hydragen-fuse-finalize", "::mlir::func::FuncOp"> {
  let summary = "end a state where it is made";
  let description = [{
    Expects buffers. A finalize whose state nobody else reads goes behind the op
    that makes the state (a partial attention or combine), in its shape, and gets
    `hydragen.state_ends`: `convert-hydragen-to-cpu` then makes one loop of both,
    and a partial attention writes its output alone. An output that is only copied
    to another buffer is written there. What the maker reads must not be the
    memory that the finalize writes: an entry's outputs are nobody else's, but for
    inputs in place; arguments of other functions may share theirs.

    Before:

    ```mlir
    func.func @f(%q: memref<2x4x8xf32>, %k: memref<2x16x8xf32>) -> memref<8x8xf32> {
      %o = memref.alloc() : memref<2x4x8xf32>
      %m = memref.alloc() : memref<2x4xf32>
      %l = memref.alloc() : memref<2x4xf32>
      hydragen.suffix_attention queries(%q : memref<2x4x8xf32>) keys(%k : memref<2x16x8xf32>) value(%k : memref<2x16x8xf32>)
        at [0, 0, 0] outs(%o, %m, %l : memref<2x4x8xf32>, memref<2x4xf32>, memref<2x4xf32>)
        attributes {hydragen.neutral_inits, query_maps = [affine_map<(b, h, n, d, e) -> (b, h, d)>],
          key_maps = [affine_map<(b, h, n, d, e) -> (b, n, d)>], value_map = affine_map<(b, h, n, d, e) -> (b, n, e)>}
      %co = memref.collapse_shape %o [[0, 1], [2]] : memref<2x4x8xf32> into memref<8x8xf32>
      %cm = memref.collapse_shape %m [[0, 1]] : memref<2x4xf32> into memref<8xf32>
      %cl = memref.collapse_shape %l [[0, 1]] : memref<2x4xf32> into memref<8xf32>
      %out = memref.alloc() : memref<8x8xf32>
      hydragen.finalize state(%co, %cm, %cl : memref<8x8xf32>, memref<8xf32>, memref<8xf32>) outs(%out : memref<8x8xf32>)
      return %out : memref<8x8xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    %alloc_2 = memref.alloc() : memref<8x8xf32>
    %expand_shape = memref.expand_shape %alloc_2 ...
    hydragen.suffix_attention ... outs(%alloc, %alloc_0, %alloc_1 ...
    hydragen.finalize state(%alloc, %alloc_0, %alloc_1 ... outs(%expand_shape ... {hydragen.state_ends}
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def GuardShapes : Pass<"hydragen-guard-shapes", "::mlir::func::FuncOp"> {
  let summary = "assert what the IR takes for granted of sizes and indices";
  let description = [{
    Operands that share an iteration dim must have one extent, slices must lie in
    their tensor, indices from data must be in range: all of this is undefined
    behaviour in the IR. Where it is not known, a `cf.assert` checks it, so that
    a bad input ends a call with a message.

    Before:

    ```mlir
    func.func @f(%a: tensor<4x?xf32>, %b: tensor<?x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
      %r = linalg.matmul ins(%a, %b : tensor<4x?xf32>, tensor<?x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
      return %r : tensor<4x4xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    %dim = tensor.dim ...
    %dim_0 = tensor.dim ...
    arith.cmpi eq, %dim, %dim_0 : index
    cf.assert ..., "extents of the operands differ ..."
    linalg.matmul ...
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::tensor::TensorDialect"];
}

def LinalgToCPULoops
    : Pass<"hydragen-linalg-to-loops", "::mlir::func::FuncOp"> {
  let summary = "lower linalg on memrefs to loops in a good order";
  let description = [{
    Expects bufferised linalg. Products (contractions of f32, f16 and bf16 with
    at least one loop of each side) become register tiles of vectors over packed
    blocks, with sums in f32; the blocks of large ones run in an `scf.parallel`.
    Where a large operand meets at most 8 rows, it is read in place instead. Of
    other ops the loops are ordered so that the innermost one walks memory with
    unit stride where there is such a loop, and the outermost parallel loop of
    large ones is an `scf.parallel`. Also lowers `memref.copy` between buffers
    that are not both compact.

    Before:

    ```mlir
    func.func @f(%a: memref<256x64xf32>, %b: memref<64x128xf32>, %c: memref<256x128xf32>) {
      linalg.matmul ins(%a, %b : memref<256x64xf32>, memref<64x128xf32>) outs(%c : memref<256x128xf32>)
      return
    }
    ```

    After (shortened with `...`):

    ```mlir
    scf.parallel (%arg3) = ...
      %alloca = memref.alloca() ... : memref<4x64x16xf32>
      vector.load %arg1[...] : memref<64x128xf32>, vector<8xf32>
      vector.store ..., %alloca[...] : memref<4x64x16xf32>, vector<8xf32>
      :12 = scf.for ... iter_args(...
        vector.load %alloca[...] : memref<4x64x16xf32>, vector<8xf32>
        memref.load %arg0[...] : memref<256x64xf32>
        vector.broadcast ... : f32 to vector<8xf32>
        math.fma ... : vector<8xf32>
      memref.store ..., %arg2[...] : memref<256x128xf32>
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "unsigned", /*default=*/"256",
           "width of a vector register: 128, 256 or 512">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def LowerAttend : Pass<"hydragen-lower-attend", "::mlir::ModuleOp"> {
  let summary = "lower hydragen.attend on memrefs to kernels and launches";
  let description = [{
    Expects the functions of `hydragen-make-entry` with `hydragen.attend` on
    memrefs. Each becomes calls of the host table's launch: a plan kernel, which
    writes the work list into the workspace, and the kernel of the attention.
    Copies, transpositions and fills between them become kernels, too, constants
    variables beside these. All go into the `gpu.module` @hydragen_kernels, equal
    ones once. An entry in which `hydragen-place-entry` found other work copies operands to
    the device and the result back.

    Before:

    ```mlir
    func.func @main(%call: !llvm.ptr, %q: memref<4x16xf16>, %k: memref<32x16xf16>, %o: memref<4x16xf16>) -> i32 attributes {hydragen.entry, hydragen.placement = "device"} {
      %zero = arith.constant 0 : i32
      hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%o : memref<4x16xf16>) attributes {
        output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
        parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
          query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
          indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
      return %zero : i32
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func @main(%arg0: !llvm.ptr, ... attributes {hydragen.entry, hydragen.placement = "device", hydragen.workspace_bytes = ... : i64}
      llvm.call ... : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, !llvm.ptr, i32) -> ()
      llvm.call ... : !llvm.ptr, (!llvm.ptr) -> i32
      llvm.call ... : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, !llvm.ptr, i32) -> ()
    gpu.module @hydragen_kernels
      gpu.func @attend_0_plan(... kernel ...
      gpu.func @attend_0(... kernel ...
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def LowerGroups : Pass<"hydragen-lower-groups", "::mlir::func::FuncOp"> {
  let summary = "lower group_rows and ungroup_rows on tensors to loops";
  let description = [{
    `hydragen.group_rows` becomes loops over its rows that compare each with the
    first rows of the groups so far; `hydragen.ungroup_rows` becomes a
    `linalg.generic` that reads the element at the row's slot. Expects tensors;
    bufferisation should follow.

    Before:

    ```mlir
    func.func @f(%ids: tensor<6xi64>) -> tensor<6xi64> {
      %tiles, %singles, %slots = hydragen.group_rows ids(%ids : tensor<6xi64>) {width = 4 : i64, least = 2 : i64}
        -> tensor<?x4xi64>, tensor<?xi64>, tensor<6xi64>
      return %slots : tensor<6xi64>
    }
    ```

    After (shortened with `...`):

    ```mlir
    scf.for ...
      scf.for ...
        tensor.extract %arg0[...] : tensor<6xi64>
        arith.cmpi eq ...
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def LowerHostCalls : Pass<"hydragen-lower-host-calls", "mlir::ModuleOp"> {
  let summary = "lower allocation and assertions to the runtime's host calls";
  let description = [{
    Expects functions of `hydragen-make-entry` and `hydragen-outline-parallel`
    as control-flow graphs (after `convert-scf-to-cf`). `memref.alloc` and
    `memref.dealloc` become calls of the host table's allocate and deallocate,
    `cf.assert` a call of its fail; both leave the function where they fail.

    Before:

    ```mlir
    func.func @main(%call: !llvm.ptr) -> i32 attributes {hydragen.entry} {
      %n = llvm.load %call : !llvm.ptr -> i64
      %ok = arith.trunci %n : i64 to i1
      cf.assert %ok, "n is even"
      %r = arith.constant 0 : i32
      return %r : i32
    }
    ```

    After (shortened with `...`):

    ```mlir
    llvm.mlir.global private constant ...("n is even\00")
    func.func @main(%arg0: !llvm.ptr) -> i32 attributes {hydragen.entry} {
      cf.cond_br ..., ^bb1, ^bb2
    ^bb1:
      return ... : i32
    ^bb2:
      llvm.call ... : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr) -> ()
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::LLVM::LLVMDialect"];
}

def MakeEntry : Pass<"hydragen-make-entry", "mlir::ModuleOp"> {
  let summary = "give the entry function the module ABI";
  let description = [{
    Expects tensors. The entry `(tensors) -> tensors` becomes
    `(!llvm.ptr) -> i32`: it takes a pointer to a `hydragen_call`, reads the
    descriptors of inputs and outputs from it, writes results to the outputs and
    returns 0. An input with `hydragen.alias_output` is the output's buffer.
    With `any-layout` an entry of nothing but `hydragen.attend` and views gets a
    copy for tensors of any strides and alignment, NAME__any_layout.

    Before:

    ```mlir
    func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
      %e = tensor.empty() : tensor<4xf32>
      %r = linalg.exp ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %r : tensor<4xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func private @main__output_shapes(%arg0: !llvm.ptr, %arg1: !llvm.ptr) -> i32
    func.func @main(%arg0: !llvm.ptr) -> i32 attributes {hydragen.entry}
      builtin.unrealized_conversion_cast ... to memref<4xf32>
      bufferization.to_tensor ... restrict : memref<4xf32>
      linalg.exp ...
      bufferization.materialize_in_destination ... in restrict writable ...
      return ... : i32
    ```
  }];
  let options = [
    Option<"entry", "entry", "std::string", /*default=*/"\"main\"",
           "name of the entry function">,
    Option<"anyLayout", "any-layout", "bool", /*default=*/"false",
           "also make a function for tensors that are not compact or not aligned">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect"];
}

def OutlineKernels : Pass<"hydragen-outline-kernels", "mlir::ModuleOp"> {
  let summary = "move kernels into one function per configuration";
  let description = [{
    Expects hydragen ops on memrefs in functions of `hydragen-make-entry`. Each,
    and each product of linalg outside of loops, becomes a call of a private function `(call pointer, operands) -> i32`; equal
    ops (same attributes, types and score region) share one, so that a model's
    layers are compiled once. `convert-hydragen-to-cpu` should follow.

    Before:

    ```mlir
    func.func @main(%call: !llvm.ptr, %o: memref<4x8xf32>, %m: memref<4xf32>, %l: memref<4xf32>, %o2: memref<4x8xf32>, %m2: memref<4xf32>, %l2: memref<4xf32>) -> i32 attributes {hydragen.entry} {
      hydragen.combine ins(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%o2, %m2, %l2 : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
      hydragen.combine ins(%o2, %m2, %l2 : memref<4x8xf32>, memref<4xf32>, memref<4xf32>) outs(%o, %m, %l : memref<4x8xf32>, memref<4xf32>, memref<4xf32>)
      %c0 = arith.constant 0 : i32
      return %c0 : i32
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func @main(...
      call @hydragen_combine(%arg0, ...) : ... -> i32
      cf.assert ...
      call @hydragen_combine(%arg0, ...) : ... -> i32
    func.func private @hydragen_combine(%arg0: !llvm.ptr, ... -> i32 attributes {hydragen.entry}
      hydragen.combine ...
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect"];
}

def OutlineParallel : Pass<"hydragen-outline-parallel", "mlir::ModuleOp"> {
  let summary = "turn parallel loops and tasks into functions run by the host's threads";
  let description = [{
    Each `scf.parallel` of one dim without results inside a function of
    `hydragen-make-entry` becomes a function `(closure, index)` and a call of the
    host table's parallel_for. The closure is a struct on the caller's stack: the
    call pointer, then the captured values. Nested ones become sequential loops.
    Each `async.execute` there becomes a function `(closure)` and a call of spawn,
    and its `async.await` a call of wait.

    Before:

    ```mlir
    func.func @main(%call: !llvm.ptr) -> i32 attributes {hydragen.entry} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant 16 : index
      %one = arith.constant 1.0 : f32
      %m = memref.alloc(%n) : memref<?xf32>
      scf.parallel (%i) = (%c0) to (%n) step (%c1) {
        memref.store %one, %m[%i] : memref<?xf32>
      }
      %r = arith.constant 0 : i32
      return %r : i32
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func @main(%arg0: !llvm.ptr) -> i32 attributes {hydragen.entry}
      llvm.alloca ...
      constant @main__parallel ...
      llvm.call ... : !llvm.ptr, (!llvm.ptr, i64, !llvm.ptr, !llvm.ptr) -> ()
    func.func private @main__parallel(%arg0: !llvm.ptr, %arg1: i64) attributes {hydragen.parallel_body}
      memref.store ...
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect"];
}

def OverlapAttention : Pass<"hydragen-overlap-attention", "::mlir::func::FuncOp"> {
  let summary = "run attention bound by reading beside attention bound by arithmetic";
  let description = [{
    Expects hydragen ops on buffers. A partial attention with few rows per key is
    bound by reading K and V, one with many by arithmetic. The former begins
    before the latter, as a task (`async.execute`), and is waited for where it
    was, so that memory and arithmetic are busy at the same time. What the moved
    op needs (buffers, initial states) moves with it. Ops that may touch the same
    memory keep their order; arguments may share theirs.

    Before:

    ```mlir
    func.func @f(%q: memref<64x8xf32>, %k: memref<512x8xf32>, %own: memref<64x4x8xf32>) {
      %o1 = memref.alloc() : memref<64x8xf32>
      %m1 = memref.alloc() : memref<64xf32>
      %l1 = memref.alloc() : memref<64xf32>
      hydragen.prefix_attention queries(%q : memref<64x8xf32>) keys(%k : memref<512x8xf32>) value(%k : memref<512x8xf32>)
        at [0, 0] outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
        attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (n, d)>],
          value_map = affine_map<(b, n, d, e) -> (n, e)>}
      %o2 = memref.alloc() : memref<64x8xf32>
      %m2 = memref.alloc() : memref<64xf32>
      %l2 = memref.alloc() : memref<64xf32>
      hydragen.suffix_attention queries(%q : memref<64x8xf32>) keys(%own : memref<64x4x8xf32>) value(%own : memref<64x4x8xf32>)
        at [0, 512] outs(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
        attributes {query_maps = [affine_map<(b, n, d, e) -> (b, d)>], key_maps = [affine_map<(b, n, d, e) -> (b, n, d)>],
          value_map = affine_map<(b, n, d, e) -> (b, n, e)>}
      hydragen.combine ins(%o2, %m2, %l2 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
        outs(%o1, %m1, %l1 : memref<64x8xf32>, memref<64xf32>, memref<64xf32>)
      return
    }
    ```

    After (shortened with `...`):

    ```mlir
    %token = async.execute {
      hydragen.suffix_attention queries(%arg0 ...) keys(%arg2 ...
      async.yield
    }
    hydragen.prefix_attention queries(%arg0 ...) keys(%arg1 ...
    async.await %token : !async.token
    hydragen.combine ...
    ```
  }];
  let dependentDialects = ["::mlir::async::AsyncDialect"];
}

def PlaceEntry : Pass<"hydragen-place-entry", "::mlir::ModuleOp"> {
  let summary = "decide whether an entry works in device memory";
  let description = [{
    Expects buffers. An entry function whose only accesses to memory are those of
    `hydragen.attend` gets `hydragen.placement = "device"`: its arguments and its
    workspace are device memory. Constants of up to 1 MiB are on the device, too,
    and kernels copy, transpose and fill. Of buffers of unknown size the function
    NAME__workspace_bytes says how much they need.
    Any other one gets "host", with a remark at the first op that works on the
    host. The copy of an entry that takes any layout (`any-layout` of
    `hydragen-make-entry`) stays only where both are on the device.

    Before:

    ```mlir
    func.func @main(%call: !llvm.ptr, %q: memref<4x16xf16>, %k: memref<32x16xf16>, %o: memref<4x16xf16>) -> i32 attributes {hydragen.entry} {
      %zero = arith.constant 0 : i32
      hydragen.attend queries(%q : memref<4x16xf16>) keys(%k : memref<32x16xf16>) values(%k : memref<32x16xf16>) outs(%o : memref<4x16xf16>) attributes {
        output_dims = array<i64: 0, 1, -1, 0>, row_sizes = array<i64: 4>, schedule = #hydragen.schedule<warps = 4, blocks = 1, float32 = tf32x3>,
        parts = [#hydragen.part<shared = true, digits = [0, 1], digit_sizes = [4], row_offsets = [], row_sizes = [], key_offset = 0,
          query = affine_map<(b, n, d, e) -> (b, d)>, key = affine_map<(b, n, d, e) -> (n, d)>, value = affine_map<(b, n, d, e) -> (n, e)>,
          indices = [], extras = [], scale = 1.0 : f64, mods = [], tile = <rows = 16, keys = 32, ring = 4>>]}
      return %zero : i32
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func @main(... attributes {hydragen.entry, hydragen.placement = "device"}
      hydragen.attend ...
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
    "::mlir::tensor::TensorDialect"];
}

def PlanMemory : Pass<"hydragen-plan-memory", "mlir::ModuleOp"> {
  let summary = "put buffers of static size into one workspace";
  let description = [{
    Expects explicit deallocation. In entry functions, `memref.alloc` of a static
    size whose `memref.dealloc` stands in the same block becomes a view of the
    caller's workspace; buffers that are not alive at the same time share
    memory. The function gets the attribute `hydragen.workspace_bytes`.

    Before:

    ```mlir
    func.func @main(%call: !llvm.ptr) -> i32 attributes {hydragen.entry} {
      %a = memref.alloc() : memref<1024xf32>
      memref.dealloc %a : memref<1024xf32>
      %b = memref.alloc() : memref<1000xf32>
      memref.dealloc %b : memref<1000xf32>
      %r = arith.constant 0 : i32
      return %r : i32
    }
    ```

    After (shortened with `...`):

    ```mlir
    func.func @main(%arg0: !llvm.ptr) -> i32 attributes {hydragen.entry, hydragen.workspace_bytes = 4096 : i64}
      memref.view ... : memref<4096xi8> to memref<1024xf32>
      memref.view ... : memref<4096xi8> to memref<1000xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect"];
}

def PrepareLinalg : Pass<"hydragen-prepare-linalg", "::mlir::func::FuncOp"> {
  let summary = "decompose and fuse linalg and tensor ops for bufferisation";
  let description = [{
    Concatenations become insertions into one buffer, padding and softmax
    simpler ops, and elementwise ops are fused into their only elementwise user
    where that repeats no work. Products read through transpositions, broadcasts
    and extensions of their operands, whose kernel packs them anyway. Other
    contractions and `hydragen` ops stay as they are.

    Before:

    ```mlir
    func.func @f(%a: tensor<2x4xf32>, %b: tensor<3x4xf32>) -> tensor<5x4xf32> {
      %0 = tensor.concat dim(0) %a, %b : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
      return %0 : tensor<5x4xf32>
    }
    ```

    After (shortened with `...`):

    ```mlir
    %0 = tensor.empty() : tensor<5x4xf32>
    tensor.insert_slice %arg0 into %0[0, 0] [2, 4] [1, 1] : tensor<2x4xf32> into tensor<5x4xf32>
    tensor.insert_slice %arg1 into ...[2, 0] [3, 4] [1, 1] : tensor<3x4xf32> into tensor<5x4xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // HYDRAGEN_CONVERSION_PASSES_TD
