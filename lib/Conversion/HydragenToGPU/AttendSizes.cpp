//===- AttendSizes.cpp - how much an attend op has to do --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttendSizes.h"

#include "hydragen/Kernels/WorkItem.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// IndexBuilder
//===----------------------------------------------------------------------===//

std::optional<int64_t> IndexBuilder::getConstant(Value x) {
  return getConstantIntValue(x);
}

Value IndexBuilder::constant(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}
Value IndexBuilder::value(OpFoldResult x) {
  if (auto known = dyn_cast<Value>(x))
    return known;
  return constant(*getConstantIntValue(x));
}
Value IndexBuilder::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}
Value IndexBuilder::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(loc, x, y);
}
Value IndexBuilder::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(loc, x, y);
}
Value IndexBuilder::div(Value x, int64_t y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, constant(y));
}
Value IndexBuilder::div(Value x, Value y) {
  return b.createOrFold<arith::DivUIOp>(loc, x, y);
}
Value IndexBuilder::ceilDiv(Value x, int64_t y) {
  return div(add(x, constant(y - 1)), y);
}
Value IndexBuilder::alignTo(Value x, int64_t y) {
  return mul(ceilDiv(x, y), y);
}
Value IndexBuilder::max(Value x, Value y) {
  return b.createOrFold<arith::MaxUIOp>(loc, x, y);
}
Value IndexBuilder::min(Value x, Value y) {
  return b.createOrFold<arith::MinUIOp>(loc, x, y);
}
Value IndexBuilder::dim(Value shaped, unsigned i) {
  auto type = cast<ShapedType>(shaped.getType());
  if (!type.isDynamicDim(i))
    return constant(type.getDimSize(i));
  if (isa<MemRefType>(type))
    return memref::DimOp::create(b, loc, shaped, i);
  return tensor::DimOp::create(b, loc, shaped, i);
}

//===----------------------------------------------------------------------===//
// AttendSizes
//===----------------------------------------------------------------------===//

Value AttendSizes::getExtent(IndexBuilder &b, const RowSpace &rows,
                             const SpaceVariable &variable) {
  if (!ShapedType::isDynamic(variable.extent))
    return b.constant(variable.extent);
  const SpaceDigit &digit = rows.digits[variable.last];
  Value size = b.div(rowExtents[digit.row], digit.stride);
  return b.sub(size, b.constant(variable.offset));
}

/// Neighbours in the numbering of logical rows, all but the first complete: one
/// stride leads from each combination of values to the next.
bool AttendSizes::isProgression(ArrayRef<SpaceVariable> variables,
                                const RowSpace &rows) {
  for (const SpaceVariable &variable : variables)
    if (rows.isGrouped(variable))
      return false;
  for (size_t i = 1; i < variables.size(); ++i)
    if (variables[i].restricted ||
        variables[i - 1].last + 1 != variables[i].first)
      return false;
  return true;
}

Value AttendSizes::getWeight(IndexBuilder &b, unsigned digit) const {
  Value weight = b.constant(1);
  for (unsigned i = digit + 1; i != digitExtents.size(); ++i)
    weight = b.mul(weight, digitExtents[i]);
  return weight;
}

/// Tiles of a grouped part, whatever the groups are: each has a tile that is
/// not full, and there are no more of them than K and V have places for.
Value AttendSizes::getMostTiles(IndexBuilder &b, AttendOp op, unsigned number,
                                const PartSizes &sizes) {
  PartAttr part = op.getPart(number);
  int64_t tileRows = part.getTile().getRows();
  Value perRow = b.constant(1);
  for (Value extent : ArrayRef(sizes.folded).drop_front())
    perRow = b.mul(perRow, extent);
  Value most = b.mul(sizes.folded.front(), b.ceilDiv(perRow, tileRows));
  Value groups;
  unsigned numChoices = 0;
  for (auto [operand, attr] :
       {std::pair(op.getKeys()[number], part.getKey()),
        std::pair(op.getValues()[number], part.getValue())})
    for (auto [i, result] : llvm::enumerate(attr.getValue().getResults()))
      if (isa<AffineSymbolExpr>(result)) {
        ++numChoices;
        groups = b.dim(operand, i);
      }
  if (numChoices != 2)
    return most;
  return b.min(most, b.add(b.div(sizes.rows, tileRows),
                           b.min(groups, sizes.folded.front())));
}

void AttendSizes::addPart(IndexBuilder &b, AttendOp op, const RowSpace &rows,
                          unsigned number) {
  PartAttr attr = op.getPart(number);
  const SpacePart &part = rows.parts[number];
  PartSizes sizes;
  sizes.outerCount = sizes.rows = b.constant(1);
  for (const SpaceVariable &variable : part.outer) {
    sizes.outer.push_back(getExtent(b, rows, variable));
    sizes.outerCount = b.mul(sizes.outerCount, sizes.outer.back());
  }
  for (const SpaceVariable &variable : part.folded) {
    sizes.folded.push_back(getExtent(b, rows, variable));
    sizes.rows = b.mul(sizes.rows, sizes.folded.back());
  }
  sizes.listed = !isProgression(part.folded, rows);
  int64_t tileRows = attr.getTile().getRows();
  sizes.tiles = part.grouped ? getMostTiles(b, op, number, sizes)
                             : b.ceilDiv(sizes.rows, tileRows);
  if (part.grouped) {
    places = sizes.folded.front();
    mostTiles = sizes.tiles;
  }

  // The number of keys, from whatever operand has them as a dim.
  unsigned keyDim = attr.getNumDigits();
  auto find = [&](AffineMap map, Value operand) -> Value {
    for (auto [i, result] : llvm::enumerate(map.getResults()))
      if (result == getAffineDimExpr(keyDim, op.getContext()))
        return b.dim(operand, i);
    return {};
  };
  if (attr.getPage() == 0) {
    sizes.keys = find(attr.getKey().getValue(), op.getKeys()[number]);
    if (!sizes.keys)
      sizes.keys = find(attr.getValue().getValue(), op.getValues()[number]);
    // Where neither has it, there is one.
    if (!sizes.keys)
      sizes.keys = b.constant(1);
  } else {
    for (unsigned i = 0; i != attr.getIndices().size() && !sizes.keys; ++i)
      if (Value pages = find(attr.getIndexMap(i), op.getPartIndices(number)[i]))
        sizes.keys = b.mul(pages, attr.getPage());
  }

  sizes.keyOffset = b.value(op.getKeyOffset(number));
  int64_t split = attr.getTile().getSplit();
  sizes.firstSplit = b.constant(0);
  if (split == 0) {
    sizes.splits = b.constant(1);
  } else if (op.getSchedule().getInvariant()) {
    // Boundaries at multiples of the split in absolute positions.
    sizes.firstSplit = b.div(sizes.keyOffset, split);
    Value end = b.ceilDiv(b.add(sizes.keyOffset, sizes.keys), split);
    sizes.splits = b.max(b.sub(end, sizes.firstSplit), b.constant(1));
  } else {
    // Without keys there is still an item, which gives the empty state.
    sizes.splits = b.max(b.ceilDiv(sizes.keys, split), b.constant(1));
  }
  sizes.items = b.mul(b.mul(sizes.outerCount, sizes.splits), sizes.tiles);
  sizes.firstItem = items;
  sizes.firstState = stateRows;
  items = b.add(items, sizes.items);
  stateRows = b.add(stateRows, b.mul(sizes.items, tileRows));
  maxEntries = b.add(maxEntries, sizes.splits);
  sizes.firstListed = listed;
  if (sizes.listed)
    listed = b.add(listed, b.mul(sizes.outerCount, sizes.rows));
  parts.push_back(sizes);
}

/// As many prefix items as give both kinds' turns equal work, and so many that
/// a suffix item is the last.
void AttendSizes::addTurn(IndexBuilder &b, AttendOp op) {
  Value one = b.constant(1);
  // Suffix and prefix.
  Value work[] = {b.constant(0), b.constant(0)};
  Value count[] = {b.constant(0), b.constant(0)};
  for (auto [i, part] : llvm::enumerate(parts)) {
    bool prefix = op.getPart(i).getTile().isPrefix();
    Value keys = b.mul(b.mul(part.outerCount, part.tiles), part.keys);
    work[prefix] = b.add(work[prefix], keys);
    count[prefix] = b.add(count[prefix], part.items);
  }
  Value most = b.max(count[0], one);
  Value enough = b.div(b.add(count[1], b.sub(most, one)), most);
  prefixTurn = b.max(b.max(b.div(work[1], b.max(work[0], one)), enough), one);
  prefixTurn = b.min(prefixTurn, b.max(count[1], one));
}

AttendSizes::AttendSizes(OpBuilder &builder, AttendOp op,
                         const RowSpace &rows) {
  IndexBuilder b(builder, op.getLoc());
  for (unsigned row = 0; row != op.getRowSizes().size(); ++row)
    rowExtents.push_back(b.value(op.getRowSize(row)));
  for (const SpaceDigit &digit : rows.digits)
    digitExtents.push_back(ShapedType::isDynamic(digit.extent)
                               ? b.div(rowExtents[digit.row], digit.stride)
                               : b.constant(digit.extent));
  items = stateRows = maxEntries = listed = places = mostTiles = b.constant(0);
  for (unsigned i = 0; i != op.getNumParts(); ++i)
    addPart(b, op, rows, i);
  addTurn(b, op);

  groups = rowsPerGroup = b.constant(1);
  for (unsigned digit : rows.groupDigits)
    groups = b.mul(groups, digitExtents[digit]);
  SmallVector<SpaceVariable> inner;
  for (unsigned digit : rows.innerDigits) {
    rowsPerGroup = b.mul(rowsPerGroup, digitExtents[digit]);
    inner.push_back({digit, digit, 0, rows.digits[digit].extent, false});
  }
  piecesPerGroup = b.ceilDiv(rowsPerGroup, kPieceRows);
  pieces = b.mul(groups, piecesPerGroup);
  groupsListed = !isProgression(inner, rows);
  // One part that has all rows, in one piece.
  bool whole = parts.size() == 1 &&
               IndexBuilder::getConstant(parts.front().splits) == 1 &&
               op.getPart(0).coversAllRows();
  direct = whole;
  if (direct) {
    groups = pieces = stateRows = maxEntries = b.constant(0);
    groupsListed = false;
  }
  firstGroupListed = listed;
  if (groupsListed)
    listed = b.add(listed, b.mul(groups, rowsPerGroup));

  int64_t columns = cast<ShapedType>(op.getValues().front().getType())
                        .getDimSize(op.getPart(0).getValueColumns());
  int64_t padded = llvm::alignTo(columns, 16);
  Value at = b.constant(kHeaderBytes);
  auto place = [&](Value &offset, Value count, int64_t size) {
    offset = at;
    at = b.alignTo(b.add(at, b.mul(count, size)), 256);
  };
  place(itemsAt, items, sizeof(hydragen_work_item));
  place(groupsAt, pieces, sizeof(hydragen_reduction_group));
  place(entriesAt, b.mul(pieces, maxEntries), 4);
  place(listAt, listed, 4);
  place(orderAt,
        b.add(b.add(b.mul(places, 4), b.mul(mostTiles, 2)),
              b.constant(rows.groupedDigit ? 1 : 0)),
        4);
  place(stateMLAt, stateRows, 8);
  place(stateOAt, stateRows, 4 * padded);
  bytes = at;
}
