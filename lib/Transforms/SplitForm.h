//===- SplitForm.h - operands of partial attentions -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An attention's maps may use floordiv, mod, sums and offsets; a partial
// attention's may not. A SplitDomain splits the row and key dims of one segment
// into digits so that the maps become lists of dims, and brings operands into
// that form with views; what no view can give is copied.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_TRANSFORMS_SPLITFORM_H
#define HYDRAGEN_LIB_TRANSFORMS_SPLITFORM_H

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/LinearExpr.h"

namespace mlir::hydragen {

/// One dim of the split domain: `stride` is its weight in its old dim.
struct Digit {
  unsigned oldDim;
  int64_t stride;
  OpFoldResult size;
};

/// An operand in split form.
struct SplitOperand {
  Value value;
  AffineMap map;
  /// True when the operand had to be copied element by element.
  bool copied = false;
};

class SplitDomain {
public:
  /// The split domain of one segment of `op`. `maps` are all maps that must
  /// come into split form. Dims whose extents are not known to be multiples of
  /// a divisor stay whole (their operands are copied).
  SplitDomain(OpBuilder &builder, AttentionOp op, unsigned segment,
              const AttentionDims &dims);

  ArrayRef<Digit> getDigits() const { return digits; }
  unsigned getNumRowDigits() const { return numRowDigits; }

  /// Sizes and offsets of the segment's rows (old row dims, in order).
  ArrayRef<OpFoldResult> getRowSizes() const { return rowSizes; }
  ArrayRef<int64_t> getRowOffsets() const { return rowOffsets; }
  /// Sizes of the new row dims, and of the value dims.
  SmallVector<OpFoldResult> getRowDigitSizes() const;
  SmallVector<OpFoldResult> getValueSizes() const;
  /// Groups of new row dims per old row dim, for expand and collapse.
  SmallVector<ReassociationIndices> getRowReassociation() const;

  /// `expr` of absolute old rows (and the key as last dim) over the new rows
  /// and the key: for score modifications and extras.
  AffineMap rewritePositionMap(AffineMap map) const;
  /// Absolute old row index as an expression of the new row dims.
  AffineExpr getRowExpr(unsigned row) const;

  /// Brings `operand`, read through `map` over the attention's domain, into
  /// split form. `indices` are the attention's index operands, used when the
  /// map has symbols and must be copied.
  SplitOperand split(Value operand, AffineMap map);

  /// Gives `operand` dims for the key digits that none of `maps` has as a
  /// result: keys that K and V do not depend on still have to be counted.
  SplitOperand exposeKeys(SplitOperand operand, ArrayRef<AffineMap> maps);

private:
  struct Term {
    unsigned digit;
    int64_t coefficient;
  };
  /// The linear form of a map result over the digits, if it is one.
  struct Linear {
    int64_t constant = 0;
    SmallVector<Term> terms;
  };
  void addDim(unsigned dim, OpFoldResult size, ArrayRef<int64_t> divisors);
  AffineExpr rewrite(AffineExpr expr);
  AffineExpr simplifyRows(AffineExpr expr) const;
  std::optional<LinearExpr> getLinearExpr(AffineExpr expr) const;
  std::optional<Linear> getLinear(AffineExpr expr) const;
  std::optional<SplitOperand> splitByViews(Value operand, AffineMap rewritten);
  /// `extra`: digits to copy over although the map does not use them.
  SplitOperand copy(Value operand, AffineMap rewritten,
                    ArrayRef<unsigned> extra = {});

  OpBuilder &builder;
  AttentionOp op;
  AttentionDims dims;
  SmallVector<Digit> digits;
  unsigned numRowDigits = 0;
  SmallVector<OpFoldResult> rowSizes;
  SmallVector<int64_t> rowOffsets;
  /// Old dim -> expression over the new dims, absolute for rows.
  SmallVector<AffineExpr> oldDims;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_TRANSFORMS_SPLITFORM_H
