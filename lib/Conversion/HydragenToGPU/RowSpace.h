//===- RowSpace.h - the rows of an attention, digit by digit ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of an attention cut its rows in their own ways: one shares keys
// over all sequences, one over pairs of them, one not at all. A RowSpace cuts
// every row dim at all places where some part or the output does. A logical row
// of the kernel is the number with these digits.
//
//  * Group digits are those that some part's keys depend on, that some part
//    covers in part only, or whose rows some part computes one by one. Rows
//    with equal group digits (a group) are computed by the same items; they
//    finish together.
//  * A part's items enumerate its outer variables, and tile by tile its folded
//    ones. Group digits are ordered so that what a part folds comes last: the
//    groups of a tile are then consecutive.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ROWSPACE_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ROWSPACE_H

#include "hydragen/IR/Hydragen.h"
#include "hydragen/IR/LinearExpr.h"

#include "llvm/ADT/SmallVector.h"
#include <string>

namespace mlir::hydragen {

/// A digit of the logical rows.
struct SpaceDigit {
  unsigned row = 0;
  /// Weight within its row.
  int64_t stride = 1;
  /// Dynamic at most for the first digit of a row.
  int64_t extent = 1;
};

/// What a part enumerates: a digit, or (of a row that the part covers in part,
/// at places between digits) all digits of a row together.
struct SpaceVariable {
  /// Digits [first, last], of one row.
  unsigned first = 0, last = 0;
  /// Values [offset, offset + extent), in units of digit `last`'s stride. A
  /// dynamic extent is the rest of the row.
  int64_t offset = 0;
  int64_t extent = 1;
  bool restricted = false;
};

struct SpacePart {
  /// In the order of the group digits.
  SmallVector<SpaceVariable> outer;
  /// Slowest first: group digits, then digits within a group.
  SmallVector<SpaceVariable> folded;
  /// How many of `folded` are group digits.
  unsigned numFoldedGroups = 0;
  /// The first of `folded` is the grouped digit: a tile has rows of one group.
  bool grouped = false;
};

class RowSpace {
public:
  /// The space of `op`; the reason, a clause, when its parts do not fit.
  static FailureOr<RowSpace> get(AttendOp op, std::string &reason);

  SmallVector<SpaceDigit> digits;
  /// Numbers of the group digits in their order, and of the others.
  SmallVector<unsigned> groupDigits, innerDigits;
  SmallVector<SpacePart> parts;
  /// A digit by whose rows' index operands some part puts them together. Items
  /// and groups count its places in an order that puts rows of one group side
  /// by side; which row has which place, the launch finds out.
  std::optional<unsigned> groupedDigit;
  bool isGrouped(const SpaceVariable &variable) const {
    return groupedDigit && variable.first == *groupedDigit;
  }

  /// Index of digit `digit` (of the part) as an expression of this space's
  /// digits, counted from the start of the part's rectangle.
  AffineExpr getPartDigit(AttendOp op, unsigned part, unsigned digit) const;
  /// Row index as an expression of the digits.
  AffineExpr getRow(unsigned row, MLIRContext *context) const;
  /// An expression of the rows as a sum of digits, if it is one.
  std::optional<LinearExpr> getLinearOfRows(AffineExpr expr) const;
  /// An expression of a part's digits and the key (what else there is counts as
  /// 0) as a sum of digits and of the key, the last dim, if it is one.
  std::optional<LinearExpr> getLinearOfPart(AttendOp op, unsigned part,
                                            AffineExpr expr) const;
  /// Those of the digits, then `others` that are not known: for getLinear.
  SmallVector<int64_t> getExtents(unsigned others) const;
  /// The first digit of a row, or nullopt when its extent is 1.
  std::optional<unsigned> getFirstDigit(unsigned row) const;

private:
  LogicalResult addDigits(AttendOp op, std::string &reason);
  LogicalResult checkOperands(AttendOp op, std::string &reason) const;
  SmallVector<SpaceVariable> getVariables(AttendOp op, unsigned part,
                                          std::string &reason) const;
  std::optional<unsigned>
  findGrouped(AttendOp op, unsigned part,
              ArrayRef<SmallVector<SpaceVariable>> variables) const;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_ROWSPACE_H
