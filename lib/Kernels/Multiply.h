//===- Multiply.h - tensor-core products of fragments -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_MULTIPLY_H
#define HYDRAGEN_LIB_KERNELS_MULTIPLY_H

#include "Context.h"

namespace mlir::hydragen::kernels {

/// Registers of one operand of an mma. A 3xTF32 operand has two parts, x = part
/// 0 + part 1 up to 2^-22 relative; others have one. A careful operand B
/// has part 0 once more, with 0 for what is not finite.
struct Fragment {
  SmallVector<Value, 4> parts[3];
};

/// A 16x8 block of f32: rows lane / 4 (elements 0, 1) and lane / 4 + 8
/// (elements 2, 3), columns 2 * (lane % 4) and the one after.
using Accumulator = SmallVector<Value, 4>;

/// Products of one kernel's element type through mma.sync with f32
/// accumulation: m16n8k16 for f16 and bf16, m16n8k8 for TF32. Exact f32 has the
/// layouts of the latter and multiplies with shuffles and fma. A "step" is 32
/// bytes of the contraction: one mma.
class Multiplier {
public:
  Multiplier(const Context &context, const VariantLayout &layout);

  /// 3xTF32: products from here on are right for operands that are not finite.
  /// x = inf has no finite low part, and inf * (low part of the other) would
  /// be NaN, or an infinity of the wrong sign.
  void setCareful() { careful = rolled = true; }
  /// f32: products from here on are loops over the head dim, short code for
  /// what runs rarely.
  void setRolled() { rolled = isF32; }
  /// The lane that code from here on runs in.
  void setLane(Value value) { lane = value; }

  /// Steps of the contraction over the head dim.
  unsigned getHeadSteps() const { return layout.keyRow.bytes / 32; }
  /// Blocks of 8 value columns (even).
  unsigned getValueBlocks() const {
    return context.config.getPaddedValueDim() / 8;
  }
  /// Steps whose products are summed by mma before they are added to the rest
  /// in f32. For TF32 few: an mma drops the low bits of its sum
  /// (docs/kernels.md, "f32"), and that would grow with the number of steps.
  unsigned getStepsAtOnce() const { return isF32 ? 2 : 1; }

  /// A reader of queries / keys / values for this lane. `firstRow`: the warp's
  /// first row.
  TileReader makeQueryReader(Value lane, Value firstRow = {}) const;
  TileReader makeKeyReader(Value lane) const;
  TileReader makeValueReader(Value lane) const;

  /// Operand A: 16 rows of queries, one step.
  Fragment loadQueries(const TileReader &reader, ArrayRef<Value> pointers,
                       unsigned step, unsigned rowBlock = 0) const;
  /// Operand B for 16 keys (two blocks of 8), one step.
  std::pair<Fragment, Fragment> loadKeys(const TileReader &reader,
                                         ArrayRef<Value> pointers,
                                         unsigned step,
                                         unsigned keyBlock) const;
  /// Calls `emit` for every `getStepsAtOnce()`-th step over the head dim; it
  /// adds to `products`, from tiles whose pointers it moves by `shift` bytes
  /// (null: none). With queries in shared memory rolled code is a loop.
  void forHeadSteps(ArrayRef<MutableArrayRef<Accumulator>> products,
                    bool queriesInShared,
                    function_ref<void(unsigned step, Value shift)> emit) const;
  /// products[row block] += queries * keys for `getStepsAtOnce()` steps of two
  /// blocks of 8 keys. `queries`: per row block, one fragment per step.
  void multiplyKeys(ArrayRef<SmallVector<Fragment>> queries,
                    const TileReader &reader, ArrayRef<Value> pointers,
                    unsigned firstStep, unsigned keyBlock,
                    ArrayRef<MutableArrayRef<Accumulator>> products) const;

  /// Multiplies the outputs with the factors of a lane's two rows, or gives the
  /// factors back for the next multiplyValues, which then does it for free.
  ArrayRef<std::array<Value, 2>>
  scaleOutputs(ArrayRef<MutableArrayRef<Accumulator>> outputs,
               ArrayRef<std::array<Value, 2>> factors) const;
  /// outputs = outputs * factors + weights * V for 16 keys; no factors are 1.
  /// Of each row block: two blocks of weights of 8 keys, its output blocks and
  /// the factors of a lane's two rows. `keyBlock` counts blocks of 16 keys from
  /// `pointers`.
  void multiplyValues(ArrayRef<std::pair<Accumulator, Accumulator>> weights,
                      const TileReader &reader, ArrayRef<Value> pointers,
                      unsigned keyBlock,
                      ArrayRef<MutableArrayRef<Accumulator>> outputs,
                      ArrayRef<std::array<Value, 2>> factors) const;

private:
  SmallVector<Value> loadMatrices(Value address, bool transposed) const;
  /// A loop of `count` (> 1) iterations that changes `blocks`; `body` gets the
  /// iteration's number.
  void roll(unsigned count, ArrayRef<MutableArrayRef<Accumulator>> blocks,
            function_ref<void(Value)> body) const;
  /// block += A * B.
  void multiply(const Fragment &a, const Fragment &b, Accumulator &block) const;
  /// f32 bits (as i32) to the parts of a fragment.
  Fragment split(ArrayRef<Value> bits, bool isA = false) const;
  void keepOrder() const;
  Value packPair(Value low, Value high) const;
  void mma(ArrayRef<Value> a, ArrayRef<Value> b, Accumulator &block) const;
  void multiplyExactly(ArrayRef<Value> a, ArrayRef<Value> b,
                       Accumulator &block) const;

  const Context &context;
  KernelBuilder &b;
  const VariantLayout &layout;
  bool isF32, isSplit, isExact, careful = false, rolled = false;
  Value lane;
};

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_MULTIPLY_H
