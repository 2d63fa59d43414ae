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

    `vector-bits` is the width of the target's vectors.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "unsigned", /*default=*/"256",
           "width of a vector register: 128, 256 or 512">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::cf::ControlFlowDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
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
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

def ExpandMath : Pass<"hydragen-expand-math", "::mlir::func::FuncOp"> {
  let summary = "write exp, exp2, tanh and erf as polynomials";
  let description = [{
    Replaces f32 `math.exp`, `tanh` and `erf` by polynomial approximations
    that vectorise (errors of a few ulp). Other functions are left for libm.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"];
}

def GuardShapes : Pass<"hydragen-guard-shapes", "::mlir::func::FuncOp"> {
  let summary = "assert what the IR takes for granted of sizes and indices";
  let description = [{
    Operands that share an iteration dim must have one extent, slices must lie in
    their tensor, indices from data must be in range: all of this is undefined
    behaviour in the IR. Where it is not known, a `cf.assert` checks it, so that
    a bad input ends a call with a message.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::tensor::TensorDialect"];
}

def LinalgToCPULoops
    : Pass<"hydragen-linalg-to-loops", "::mlir::func::FuncOp"> {
  let summary = "lower linalg on memrefs to loops in a good order";
  let description = [{
    Expects bufferised linalg. Orders the loops of each op so that the innermost
    one walks memory with unit stride where there is such a loop, and makes the
    outermost parallel loop of large ops an `scf.parallel`. Also lowers
    `memref.copy` between buffers that are not both compact.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def LowerHostCalls : Pass<"hydragen-lower-host-calls", "mlir::ModuleOp"> {
  let summary = "lower allocation and assertions to the runtime's host calls";
  let description = [{
    Expects functions of `hydragen-make-entry` and `hydragen-outline-parallel`
    as control-flow graphs (after `convert-scf-to-cf`). `memref.alloc` and
    `memref.dealloc` become calls of the host table's allocate and deallocate,
    `cf.assert` a call of its fail; both leave the function where they fail.
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
  }];
  let options = [
    Option<"entry", "entry", "std::string", /*default=*/"\"main\"",
           "name of the entry function">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect"];
}

def OutlineKernels : Pass<"hydragen-outline-kernels", "mlir::ModuleOp"> {
  let summary = "move attention kernels into one function per configuration";
  let description = [{
    Expects hydragen ops on memrefs in functions of `hydragen-make-entry`. Each
    becomes a call of a private function `(call pointer, operands) -> i32`; equal
    ops (same attributes, types and score region) share one, so that a model's
    layers are compiled once. `convert-hydragen-to-cpu` should follow.
  }];
  let statistics = [
    Statistic<"numKernels", "kernels", "functions made">,
    Statistic<"numCalls", "calls", "calls of them">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect"];
}

def OutlineParallel : Pass<"hydragen-outline-parallel", "mlir::ModuleOp"> {
  let summary = "turn scf.parallel into functions run by the host's threads";
  let description = [{
    Each `scf.parallel` of one dim without results inside a function of
    `hydragen-make-entry` becomes a function `(closure, index)` and a call of the
    host table's parallel_for. The closure is a struct on the caller's stack: the
    call pointer, then the captured values. Nested ones become sequential loops.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect"];
}

def PlanMemory : Pass<"hydragen-plan-memory", "mlir::ModuleOp"> {
  let summary = "put buffers of static size into one workspace";
  let description = [{
    Expects explicit deallocation. In entry functions, `memref.alloc` of a static
    size whose `memref.dealloc` stands in the same block becomes a view of the
    caller's workspace; buffers that are not alive at the same time share
    memory. The function gets the attribute `hydragen.workspace_bytes`.
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
    where that repeats no work. Contractions and `hydragen` ops stay as they are.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // HYDRAGEN_CONVERSION_PASSES_TD
