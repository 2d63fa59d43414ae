//===- KernelBuilder.h - short words for GPU kernels ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_KERNELBUILDER_H
#define HYDRAGEN_LIB_KERNELS_KERNELBUILDER_H

#include "hydragen/Kernels/ScoreModifier.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::hydragen::kernels {

/// A builder with the operations that kernels are made of. Integers are i32
/// within a tile and i64 in addresses; pointers are !llvm.ptr<1> (global) and
/// !llvm.ptr<3> (shared), offsets are bytes. Operations with a neutral constant
/// give their operand back, so generators need no special cases.
class KernelBuilder : public ImplicitLocOpBuilder {
public:
  KernelBuilder(Location loc, OpBuilder &builder);

  Type i1, i32, i64, f32;
  Type global, shared;
  Type getParameterType(KernelParameter::Kind kind) const;

  //===--------------------------------------------------------------------===//
  // Integers
  //===--------------------------------------------------------------------===//

  Value constant(int64_t value, Type type = {});
  Value zero() { return constant(0); }
  Value add(Value x, Value y);
  Value add(Value x, int64_t y);
  Value sub(Value x, Value y);
  Value sub(Value x, int64_t y);
  Value sub(int64_t x, Value y);
  /// No signed overflow.
  Value mul(Value x, Value y);
  Value mul(Value x, int64_t y);
  /// Unsigned.
  Value div(Value x, Value y);
  Value div(Value x, int64_t y);
  Value rem(Value x, int64_t y);
  Value ceilDiv(Value x, int64_t y) { return div(add(x, y - 1), y); }
  Value band(Value x, Value y);
  Value band(Value x, int64_t y);
  Value bor(Value x, Value y);
  Value bxor(Value x, Value y);
  Value bxor(Value x, int64_t y);
  Value shr(Value x, int64_t y);
  Value shl(Value x, int64_t y);
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  Value max(Value x, int64_t y);
  Value select(Value condition, Value x, Value y);
  Value compare(LLVM::ICmpPredicate predicate, Value x, Value y);
  Value lessThan(Value x, Value y);
  Value lessThan(Value x, int64_t y);
  Value equal(Value x, int64_t y);
  Value notEqual(Value x, int64_t y);
  /// i32 to i64, with sign / of an unsigned number.
  Value wide(Value x);
  Value wideUnsigned(Value x);
  Value narrow(Value x);

  //===--------------------------------------------------------------------===//
  // Floats (f32)
  //===--------------------------------------------------------------------===//

  Value constantF(double value);
  Value infinity(bool negative);
  Value fadd(Value x, Value y);
  Value fsub(Value x, Value y);
  Value fmul(Value x, Value y);
  Value fma(Value x, Value y, Value z);
  Value fneg(Value x);
  /// The larger; the other operand when one is NaN.
  Value fmax(Value x, Value y);
  /// The same, but NaN when either is.
  Value fmaxNaN(Value x, Value y);
  Value compareF(LLVM::FCmpPredicate predicate, Value x, Value y);
  /// 2^x, relative error 2^-22; 2^-inf = 0; tiny results are 0.
  Value exp2(Value x);
  /// 1 / x, relative error 2^-23.
  Value reciprocal(Value x);
  /// The bits of the nearest TF32 number.
  Value roundToTF32(Value x);
  /// The f32 bits as i32 and back.
  Value bits(Value x) { return bitcast(x, i32); }
  Value bitcast(Value x, Type type);
  Value toF32(Value x);
  Value fromF32(Value x, Type type);
  /// Numbers to a vector of them and back.
  Value pack(ValueRange values);
  SmallVector<Value> unpack(Value vector);

  //===--------------------------------------------------------------------===//
  // Memory
  //===--------------------------------------------------------------------===//

  Value offset(Value pointer, Value bytes);
  Value offset(Value pointer, int64_t bytes);
  /// A pointer to shared memory with some bits of its address flipped.
  Value pointerXor(Value pointer, int64_t bits);
  /// The same i32 or pointer to shared memory, of which LLVM knows nothing:
  /// what follows from it is computed here, not before a loop.
  Value opaque(Value x);
  Value load(Value pointer, Type type, unsigned alignment = 0);
  void store(Value value, Value pointer, unsigned alignment = 0);
  /// A vector load of `count` elements, aligned to its size.
  SmallVector<Value> loadVector(Value pointer, unsigned count, Type type);
  void storeVector(ValueRange values, Value pointer);
  /// array[index] of i32 in global memory.
  Value loadI32(Value array, Value index);

  /// cp.async of `bytes` (16, 8, 4); `valid`: bytes to read, the rest is 0.
  void copyAsync(Value to, Value from, unsigned bytes, Value valid = {});
  void commitCopies();
  /// Waits until at most `pending` groups of this thread are under way.
  void waitCopies(unsigned pending);

  //===--------------------------------------------------------------------===//
  // Threads
  //===--------------------------------------------------------------------===//

  /// %tid.x, read anew: LLVM must not keep what follows from it across items.
  Value threadId();
  /// Waits until the kernels before this one have ended, which on sm_90 and
  /// later may be launched before that; nothing on older ones (emitPTX).
  void awaitKernels();
  /// From here on the next kernel may be launched, if it waits itself.
  void allowNextKernel();
  /// Number of the block, and how many there are.
  Value blockId();
  Value gridSize();
  void barrier();
  /// A barrier; whether `x` (i1) is true in some thread of the block.
  Value barrierOr(Value x);
  void warpBarrier();
  /// Memory accesses do not move across, for the block's threads.
  void blockFence();
  /// The value of the lane with this xor-distance.
  Value shuffleXor(Value x, unsigned distance);
  /// The value of a lane of the warp.
  Value shuffleFrom(Value x, Value lane);
  /// A bit per lane of the warp, whether its `x` (i1) is true.
  Value ballot(Value x);
  /// Number of bits that are set.
  Value countBits(Value x);
  /// Adds to a counter in global memory and returns the old value;
  /// `acquireRelease` orders memory of the device around it.
  Value atomicAdd(Value pointer, Value x, bool acquireRelease);
  /// Relaxed, of an i32 or i64.
  void atomicMin(Value pointer, Value x);

  //===--------------------------------------------------------------------===//
  // Control flow
  //===--------------------------------------------------------------------===//

  SmallVector<Value>
  loop(Value lower, Value upper, Value step, ValueRange inits,
       function_ref<SmallVector<Value>(Value, ValueRange)> body);
  void loop(Value lower, Value upper, Value step,
            function_ref<void(Value)> body);
  void ifThen(Value condition, function_ref<void()> then);
  void ifThenElse(Value condition, function_ref<void()> then,
                  function_ref<void()> otherwise);
  SmallVector<Value> ifThenElse(Value condition, TypeRange types,
                                function_ref<SmallVector<Value>()> then,
                                function_ref<SmallVector<Value>()> otherwise);
  /// Runs `body` while what `condition` emits is true.
  void whileTrue(function_ref<Value()> condition, function_ref<void()> body);

private:
  /// One operation for each constant of a function: they would be a quarter of
  /// all.
  Value constant(TypedAttr value);
  Value callIntrinsic(StringRef name, Type type, ValueRange operands);

  llvm::DenseMap<std::pair<Operation *, Attribute>, Value> constants;
};

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_KERNELBUILDER_H
