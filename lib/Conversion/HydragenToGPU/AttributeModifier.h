//===- AttributeModifier.h - score_mods in kernels --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ATTRIBUTEMODIFIER_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ATTRIBUTEMODIFIER_H

#include "RowSpace.h"

#include "hydragen/Kernels/ScoreModifier.h"

namespace mlir::hydragen {

/// Why a kernel cannot compute scores with this code, a clause, or "".
std::string checkScoreRegion(Region &region);

/// What a run-time parameter of an AttributeModifier is, for the host: the
/// address of the element at logical row 0 and key 0 of an operand, or the
/// bytes to the next element along a digit or along the keys.
struct ModifierParameter {
  enum Kind { Address, DigitStride, KeyStride } kind;
  Value operand;
  /// Per dim of the operand, over (digits of the row space, key).
  SmallVector<LinearExpr> access;
  unsigned digit = 0;
};

/// The modifications of one part of an attend op.
class AttributeModifier : public kernels::ScoreModifier {
public:
  AttributeModifier(AttendOp op, unsigned part, const RowSpace &rows);

  SmallVector<kernels::KernelParameter> getParameters() const override;
  /// In the order of getParameters.
  SmallVector<ModifierParameter> getSources() const;

  /// Masks that are a range of keys per row, over (digits, key) and the part's
  /// index operands.
  ArrayRef<VisibleAttr> getBounds() const { return bounds; }
  bool hasBounds() const override { return !bounds.empty(); }
  std::pair<Value, Value> emitBounds(ImplicitLocOpBuilder &builder,
                                     ValueRange parameters, ValueRange digits,
                                     Value low, Value high) override;
  bool hasElementwise() const override { return !elementwise.empty(); }
  SmallVector<Value> emitRow(ImplicitLocOpBuilder &builder,
                             ValueRange parameters, ValueRange digits) override;
  Value emitScore(ImplicitLocOpBuilder &builder, ValueRange parameters,
                  ValueRange row, Value score, Value position) override;

  /// Whether both compute the same of the same operands.
  bool isEqual(const AttributeModifier &other) const;

private:
  /// An operand read once per row (an index) or once per score (an extra).
  struct Operand {
    std::string name;
    Value value;
    SmallVector<LinearExpr> access;
    /// First of its parameters: address, digit strides, key stride (extras).
    unsigned parameter = 0;
  };
  Value loadIndex(ImplicitLocOpBuilder &builder, const Operand &operand,
                  ValueRange parameters, ValueRange digits);
  SmallVector<Value> loadSymbols(ImplicitLocOpBuilder &builder, AffineMap map,
                                 ValueRange parameters, ValueRange digits);
  Value emitMask(ImplicitLocOpBuilder &builder, Value score, Value visible,
                 FloatAttr fill, MaskMode mode);
  Value emitCustom(ImplicitLocOpBuilder &builder, Value score, ValueRange row,
                   unsigned &next, Value position, CustomAttr mod,
                   ValueRange parameters);
  Value loadExtra(ImplicitLocOpBuilder &builder, unsigned extra,
                  ValueRange parameters, ValueRange row, unsigned &next,
                  Value position);
  unsigned addOperand(SmallVectorImpl<Operand> &list, StringRef name,
                      Value value, SmallVector<LinearExpr> access, bool keys);

  unsigned numDigits;
  Region *region;
  /// Of the region's arguments, for custom code: the part's number, where
  /// extras begin, and how many other parts have before.
  unsigned partNumber, firstExtra, extrasBefore = 0;
  SmallVector<VisibleAttr> bounds;
  /// Maps are over (digits of the row space, absolute key).
  SmallVector<Attribute> elementwise;
  /// By number; the name is empty where one is not used.
  SmallVector<Operand> indices, extras;
  unsigned numParameters = 0;
  /// The part's row digits over the row space's.
  SmallVector<AffineExpr> partDigits;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ATTRIBUTEMODIFIER_H
