//===- LowerOps.h - the lowerings behind the pass ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOLINALG_LOWEROPS_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOLINALG_LOWEROPS_H

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/Hydragen.h"

namespace mlir::hydragen {

class FormulaLine;
class Scalars;

// Each builds linalg ops on tensors at `builder` that compute the op's results
// and gives these. The op is verified, on tensors, and left in place.
SmallVector<Value> lowerPartialAttention(OpBuilder &builder,
                                         PartialAttentionOpInterface op);
SmallVector<Value> lowerCombine(OpBuilder &builder, CombineOp op);
SmallVector<Value> lowerFinalize(OpBuilder &builder, FinalizeOp op);
SmallVector<Value> lowerStateLse(OpBuilder &builder, StateLseOp op);

/// The score modifications of a partial attention, applied to one score inside
/// a formula line over its rows and keys.
class ScoreModifier {
public:
  /// `offsets`: the op's index offsets; `keySizes`: extents of the key dims.
  ScoreModifier(PartialAttentionOpInterface op, const AttentionDims &dims,
                ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> keySizes)
      : op(op), dims(dims), offsets(offsets), keySizes(keySizes) {}

  /// Adds the index operands to `line`.
  void addOperands(FormulaLine &line);
  /// The modified score, in the score's type.
  Value apply(FormulaLine &line, Scalars &scalars, Value score);

private:
  /// Absolute (rows..., key) of the current point.
  SmallVector<Value> getPosition(FormulaLine &line, Scalars &scalars);
  Value getExtra(Scalars &scalars, int64_t extra);
  Value hide(Scalars &scalars, Value visible, Value score, FloatAttr fill,
             MaskMode mode);
  Value evaluate(FormulaLine &line, Scalars &scalars, AffineMap map,
                 unsigned result);
  Value applyCustom(Scalars &scalars, CustomAttr custom, Value score);

  PartialAttentionOpInterface op;
  const AttentionDims &dims;
  ArrayRef<OpFoldResult> offsets;
  ArrayRef<OpFoldResult> keySizes;
  SmallVector<Value> position;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOLINALG_LOWEROPS_H
