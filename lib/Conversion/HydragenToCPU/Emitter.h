//===- Emitter.h - short words for kernel generators ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_EMITTER_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_EMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::hydragen::cpu {

/// What the code is generated for.
struct Machine {
  unsigned vectorBits;
  /// Products of bf16 with bf16 sum two at a time (Emitter::dotPairs).
  bool pairs = false;
  /// The CPU has an instruction for it, else the same is made of others.
  bool hasPairs = false;
  /// Number of vector registers.
  unsigned numRegisters() const { return vectorBits == 512 ? 32 : 16; }
  /// Whether the hardware reads ahead of an item that takes a few rows of K or
  /// V after each other with arithmetic in between. Of the CPUs that were
  /// measured the one with 512 bits does (Zen 4), the one with 256 does not
  /// (Zen 3 under virtualisation).
  bool readsAhead() const { return vectorBits == 512; }
  /// Lanes of a vector of `type`.
  unsigned lanes(Type type) const {
    return vectorBits / type.getIntOrFloatBitWidth();
  }
};

/// A builder with the location and the operations that kernels are made of.
/// Indices are of type index; `type` is the state's element type.
class Emitter {
public:
  Emitter(OpBuilder &builder, Location loc, FloatType type)
      : b(builder), loc(loc), type(type) {}

  // Constants.
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value constant(double value, Type t = {});
  Value infinity(Type t, bool negative);

  // Index arithmetic; constants are folded by the canonicaliser.
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value add(Value x, int64_t y) { return y ? add(x, index(y)) : x; }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivUIOp::create(b, loc, x, y); }
  Value rem(Value x, Value y) { return arith::RemUIOp::create(b, loc, x, y); }
  Value ceilDiv(Value x, int64_t y) { return div(add(x, y - 1), index(y)); }
  Value ceilDiv(Value x, Value y) { return div(add(x, sub(y, index(1))), y); }
  /// The largest multiple of y that is at most x.
  Value roundDown(Value x, int64_t y) {
    return mul(div(x, index(y)), index(y));
  }
  Value roundUp(Value x, int64_t y) { return mul(ceilDiv(x, y), index(y)); }
  Value min(Value x, Value y) { return arith::MinSIOp::create(b, loc, x, y); }
  Value max(Value x, Value y) { return arith::MaxSIOp::create(b, loc, x, y); }
  Value product(ValueRange values);
  /// The digits of `linear` in row-major order over `extents`; the first digit
  /// is not reduced.
  SmallVector<Value> delinearize(Value linear, ValueRange extents);

  // Floats, scalar or vector.
  Value fadd(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value fsub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value fmul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value fdiv(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z);
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  /// The larger one; y when x is NaN.
  Value fmax(Value x, Value y) {
    return select(compare(arith::CmpFPredicate::OGT, x, y), x, y);
  }
  /// A float of any supported type as `type`.
  Value cast(Value x, Type to);
  Value broadcast(Value x, VectorType t) {
    return vector::BroadcastOp::create(b, loc, t, x);
  }
  VectorType vectorOf(int64_t lanes) { return VectorType::get({lanes}, type); }

  /// sum[i] + x[2i] * y[2i] + x[2i + 1] * y[2i + 1] in f32 of vectors of bf16,
  /// in any order (AVX512_BF16: vdpbf16ps, which flushes denormals).
  Value dotPairs(Value sum, Value x, Value y);

  /// A step of the sums of the lanes of several vectors of a power of two of
  /// lanes: `x` and `y` have the lanes of `count` sums each, the result those
  /// of both. After all steps lane i has the sum of vector i.
  Value addLanes(Value x, Value y, int64_t count);
  /// The sums of the lanes of each of `vectors` (a power of two of them) in the
  /// first lanes of the result, repeated in the others; each has the lanes of
  /// `count` sums.
  Value sumLanes(SmallVector<Value> vectors, int64_t count);
  /// The largest lane; NaN nowhere.
  Value maxLane(Value x);

  /// 2^x for x <= 16 or NaN: 0 below -126 (f32), error 1e-7 relative.
  Value exp2(Value x);
  /// Score times log2(e): a finite score stays finite, infinities and NaN pass.
  Value toBase2(Value x);
  /// Whether the largest score of a tile is moderate: then 2^(s log2(e) - m)
  /// may be one fused multiply-add, whose rounding of m moves all exponents of
  /// the tile by the same amount, less than 0.01, in o and in l. False for
  /// infinities. Larger scores go through toBase2.
  Value isModerate(Value largest);
  /// 2^(a - b) for a <= b, and 0 where a is -inf (b too).
  Value weight(Value a, Value b);

  // Memory.
  Value load(Value memref, ValueRange indices) {
    return memref::LoadOp::create(b, loc, memref, indices);
  }
  void store(Value value, Value memref, ValueRange indices) {
    memref::StoreOp::create(b, loc, value, memref, indices);
  }
  Value loadVector(VectorType t, Value memref, ValueRange indices) {
    return vector::LoadOp::create(b, loc, t, memref, indices);
  }
  void storeVector(Value value, Value memref, ValueRange indices) {
    vector::StoreOp::create(b, loc, value, memref, indices);
  }
  /// Loads and stores stay on their side of it in the machine code; no
  /// instruction.
  void fence();
  Value dim(Value memref, int64_t i);
  /// A buffer of this work item; on the stack when small and static.
  Value scratch(ArrayRef<OpFoldResult> sizes, Type element);
  /// Frees what scratch() allocated, at the current place.
  void freeScratch();

  // Control flow. Bodies are emitted at the builder.
  void loop(Value lower, Value upper, int64_t step,
            function_ref<void(Value)> body);
  SmallVector<Value>
  loop(Value lower, Value upper, int64_t step, ValueRange inits,
       function_ref<SmallVector<Value>(Value, ValueRange)> body);
  void ifThenElse(Value condition, function_ref<void()> then,
                  function_ref<void()> otherwise);

  OpBuilder &b;
  Location loc;
  FloatType type;
  /// Machine::hasPairs.
  bool hasPairs = false;

private:
  SmallVector<Value> heap;
};

} // namespace mlir::hydragen::cpu

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_EMITTER_H
