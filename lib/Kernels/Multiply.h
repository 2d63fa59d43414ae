//===- Multiply.h - tensor-core products of fragments -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_KERNELS_MULTIPLY_H
#define HYDRAGEN_LIB_KERNELS_MULTIPLY_H

#include "Context.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::hydragen::kernels {

/// Registers of one operand of an mma. A 3xTF32 operand has two parts, x = part
/// 0 + part 1 up to 2^-22 relative; others have one.
struct Fragment {
  SmallVector<Value, 4> parts[2];
};

/// A 16x8 block of f32: rows lane / 4 (elements 0, 1) and lane / 4 + 8
/// (elements 2, 3), columns 2 * (lane % 4) and the one after.
using Accumulator = SmallVector<Value, 4>;

/// Products of one kernel's element type, all through mma.sync with f32
/// accumulation: m16n8k16 for f16 and bf16, m16n8k8 for TF32. A "step" is 32
/// bytes of the contraction: one mma.
class Multiplier {
public:
  Multiplier(const Context &context, const VariantLayout &layout);

  /// Steps of the contraction over the head dim.
  unsigned getHeadSteps() const { return layout.keyRow.bytes / 32; }
  /// Blocks of 8 value columns (even).
  unsigned getValueBlocks() const {
    return context.config.getPaddedValueDim() / 8;
  }
  /// Each key tile's product with V starts from zero and is added to the
  /// output in f32: what mma's accumulator truncates (docs/kernels.md, "f32")
  /// would grow with the number of keys.
  bool hasFreshAccumulators() const { return isF32; }

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
  /// block += A * B.
  void multiply(const Fragment &a, const Fragment &b, Accumulator &block) const;

  /// outputs += weights * V for 16 keys. `weights` are two blocks of 8 keys;
  /// `keyBlock` counts blocks of 16 keys from `pointers`.
  void multiplyValues(const Accumulator &weights0, const Accumulator &weights1,
                      const TileReader &reader, ArrayRef<Value> pointers,
                      unsigned keyBlock,
                      MutableArrayRef<Accumulator> outputs) const;
  /// The same with several 16-row tiles: values are read once. One pair of
  /// weight blocks per tile.
  void multiplyValues(ArrayRef<std::pair<Accumulator, Accumulator>> weights,
                      const TileReader &reader, ArrayRef<Value> pointers,
                      unsigned keyBlock,
                      ArrayRef<MutableArrayRef<Accumulator>> outputs) const;

private:
  SmallVector<Value> loadMatrices(Value address, bool transposed) const;
  /// f32 bits (as i32) to the parts of a fragment.
  Fragment split(ArrayRef<Value> bits) const;
  Value packPair(Value low, Value high) const;
  void mma(ArrayRef<Value> a, ArrayRef<Value> b, Accumulator &block) const;

  const Context &context;
  KernelBuilder &b;
  const VariantLayout &layout;
  bool isF32, isSplit;
};

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_LIB_KERNELS_MULTIPLY_H
