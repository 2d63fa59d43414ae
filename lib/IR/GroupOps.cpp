//===- GroupOps.cpp - group_rows, ungroup_rows ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/Hydragen.h"

using namespace mlir;
using namespace mlir::hydragen;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static bool mayBeEqual(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

static bool isList(RankedTensorType type, int64_t rank) {
  return type.getRank() == rank && type.getElementType().isInteger(64);
}

LogicalResult GroupRowsOp::verify() {
  // group_rows_c1
  if (getIds().empty())
    return emitOpError("expected a list of numbers");
  for (Value list : getIds())
    if (!mayBeEqual(typeOf(list).getDimSize(0),
                    typeOf(getIds().front()).getDimSize(0)))
      return emitOpError("expected lists of one length but got ")
             << typeOf(getIds().front()) << " and " << typeOf(list);
  // group_rows_c2
  if (getWidth() < 1 || getLeast() < 1)
    return emitOpError("expected a positive width and least number of rows but "
                       "got ")
           << getWidth() << " and " << getLeast();
  // group_rows_c3
  if (!isList(typeOf(getTiles()), 2) || !isList(typeOf(getSingles()), 1) ||
      !isList(typeOf(getSlots()), 1) ||
      typeOf(getTiles()).getDimSize(1) != static_cast<int64_t>(getWidth()) ||
      !mayBeEqual(typeOf(getSlots()).getDimSize(0),
                  typeOf(getIds().front()).getDimSize(0)))
    return emitOpError("expected tiles of ")
           << getWidth() << " rows, a list of rows and a slot per row, of i64, "
           << "but got " << typeOf(getTiles()) << ", " << typeOf(getSingles())
           << " and " << typeOf(getSlots());
  return success();
}

LogicalResult UngroupRowsOp::verify() {
  RankedTensorType slots = typeOf(getSlots()), tiles = typeOf(getTiles()),
                   singles = typeOf(getSingles()), result = typeOf(getResult());
  // ungroup_rows_c1
  if (!isList(slots, 1))
    return emitOpError("expected a list of slots of i64 but got ") << slots;
  int64_t rank = result.getRank(), dim = getDim();
  // ungroup_rows_c2
  if (dim < 0 || dim >= rank)
    return emitOpError("expected a dim of the result, which has ")
           << rank << ", but got " << dim;
  // ungroup_rows_c3
  SmallVector<int64_t> others(result.getShape());
  others.erase(others.begin() + dim);
  auto fits = [&](RankedTensorType type, unsigned leading) {
    return type.getElementType() == result.getElementType() &&
           type.getRank() == rank - 1 + leading &&
           llvm::all_of_zip(type.getShape().drop_front(leading), others,
                            mayBeEqual);
  };
  if (!fits(tiles, 2) || !fits(singles, 1) ||
      !mayBeEqual(result.getDimSize(dim), slots.getDimSize(0)))
    return emitOpError("expected tiles, singles and slots that make up ")
           << result << " but got " << tiles << ", " << singles << " and "
           << slots;
  return success();
}
