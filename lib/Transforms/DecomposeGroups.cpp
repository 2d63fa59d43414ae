//===- DecomposeGroups.cpp - rows put together at run time ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A segment whose rows read their keys through a loaded number (the prompt of a
// group) is attended to twice: tiles of rows with one number share their keys
// as a prefix does, rows without enough partners read them on their own. Which
// row is where, `hydragen.group_rows` says when the function runs.
//===----------------------------------------------------------------------===//

#include "DecomposeDetail.h"

#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::hydragen;

/// Index operands that keys and values are read through.
static llvm::SmallBitVector getKeySymbols(const PartialParts &parts) {
  llvm::SmallBitVector used(parts.indices.size());
  auto note = [&](AffineMap map) {
    llvm::SmallBitVector symbols = getUsedSymbols(map);
    for (unsigned symbol : symbols.set_bits())
      used.set(symbol);
  };
  llvm::for_each(parts.keyMaps, note);
  note(parts.valueMap);
  return used;
}

std::optional<unsigned> hydragen::getGroupedRow(const PartialParts &parts) {
  std::optional<unsigned> row;
  llvm::SmallBitVector symbols = getKeySymbols(parts);
  for (unsigned symbol : symbols.set_bits()) {
    AffineMap map = parts.indexMaps[symbol];
    for (unsigned dim = 0; dim != map.getNumDims(); ++dim) {
      if (!map.isFunctionOfDim(dim))
        continue;
      if (dim >= parts.rowSizes.size() || (row && *row != dim))
        return std::nullopt;
      row = dim;
    }
  }
  if (!row)
    return std::nullopt;
  for (AffineMap map : parts.keyMaps)
    if (map.isFunctionOfDim(*row))
      return std::nullopt;
  if (parts.valueMap.isFunctionOfDim(*row))
    return std::nullopt;
  return row;
}

SmallVector<Value> hydragen::getGroupNumbers(OpBuilder &builder, Location loc,
                                             const PartialParts &parts,
                                             unsigned row) {
  SmallVector<Value> lists;
  llvm::SmallBitVector symbols = getKeySymbols(parts);
  for (unsigned symbol : symbols.set_bits()) {
    if (!parts.indexMaps[symbol].isFunctionOfDim(row))
      continue;
    // The other dims have one value: their maps are 0.
    Value list = parts.indices[symbol];
    auto type = cast<RankedTensorType>(list.getType());
    if (type.getRank() != 1) {
      ReassociationIndices all;
      for (int64_t i = 0; i != type.getRank(); ++i)
        all.push_back(i);
      list = tensor::CollapseShapeOp::create(
          builder, loc, list, ArrayRef<ReassociationIndices>{all});
    }
    lists.push_back(list);
  }
  return lists;
}

namespace {
/// Brings operands from row digit `row` to the dims of a list.
class RowTaker {
public:
  RowTaker(OpBuilder &builder, Location loc, const PartialParts &parts,
           unsigned row, Value rows)
      : builder(builder), loc(loc), parts(parts), row(row), rows(rows),
        listRank(cast<RankedTensorType>(rows.getType()).getRank()) {}

  std::optional<PartialParts> run();

private:
  /// Dim of the new domain for an old one that is not `row`.
  AffineExpr getDim(unsigned old) {
    return builder.getAffineDimExpr(listRank + old - (old > row));
  }
  /// An expression without `row`.
  AffineExpr move(AffineExpr expr, unsigned numDims) {
    SmallVector<AffineExpr> dims;
    for (unsigned dim = 0; dim != numDims; ++dim)
      dims.push_back(dim == row ? builder.getAffineConstantExpr(0)
                                : getDim(dim));
    return expr.replaceDims(dims);
  }
  AffineMap move(AffineMap map) {
    SmallVector<AffineExpr> results;
    for (AffineExpr result : map.getResults())
      results.push_back(move(result, map.getNumDims()));
    return AffineMap::get(map.getNumDims() - 1 + listRank, map.getNumSymbols(),
                          results, builder.getContext());
  }
  /// The elements of `operand` for the rows of `list`; `numLeading` dims of the
  /// list (the tiles alone, if each has one element) lead.
  bool take(Value &operand, AffineMap &map, Value list, unsigned numLeading);
  ArrayAttr moveMods(unsigned numPositionDims);

  OpBuilder &builder;
  Location loc;
  const PartialParts &parts;
  unsigned row;
  Value rows;
  unsigned listRank;
  /// Number of the list as an index operand, once a modification needs it.
  std::optional<unsigned> rowSymbol;
  unsigned numIndices = 0;
};
} // namespace

bool RowTaker::take(Value &operand, AffineMap &map, Value list,
                    unsigned numLeading) {
  if (!map.isFunctionOfDim(row)) {
    map = move(map);
    return true;
  }
  std::optional<unsigned> place;
  for (auto [i, result] : llvm::enumerate(map.getResults())) {
    if (!result.isFunctionOfDim(row))
      continue;
    if (place)
      return false;
    place = i;
  }
  // The index at `place`: of the row, and of other row digits beside it.
  AffineExpr at = map.getResult(*place);
  SmallVector<unsigned> beside;
  for (unsigned dim = 0; dim != map.getNumDims(); ++dim)
    if (dim != row && at.isFunctionOfDim(dim)) {
      if (dim >= parts.rowSizes.size())
        return false;
      beside.push_back(dim);
    }
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, list);
  sizes.truncate(numLeading);
  SmallVector<AffineExpr> results;
  for (unsigned i = 0; i != numLeading; ++i)
    results.push_back(builder.getAffineDimExpr(i));
  SmallVector<AffineExpr> loops(map.getNumDims(),
                                builder.getAffineConstantExpr(0));
  for (unsigned dim : beside) {
    loops[dim] = builder.getAffineDimExpr(sizes.size());
    sizes.push_back(parts.rowSizes[dim]);
    results.push_back(getDim(dim));
  }
  SmallVector<unsigned> loopOf(type.getRank());
  for (unsigned i = 0; i != map.getNumResults(); ++i) {
    if (i == *place)
      continue;
    loopOf[i] = sizes.size();
    sizes.push_back(tensor::getMixedSize(builder, loc, operand, i));
    results.push_back(move(map.getResult(i), map.getNumDims()));
  }
  unsigned rank = sizes.size();
  loops[row] = builder.getAffineSymbolExpr(0);
  AffineMap access = AffineMap::get(rank, 1, at.replaceDims(loops));
  Value init =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  SmallVector<AffineExpr> listDims;
  for (unsigned i = 0; i != numLeading; ++i)
    listDims.push_back(builder.getAffineDimExpr(i));
  // One row stands for a tile: its first one.
  if (numLeading < listRank)
    listDims.push_back(builder.getAffineConstantExpr(0));
  SmallVector<AffineMap> maps = {
      AffineMap::get(rank, 0, listDims, builder.getContext()),
      builder.getMultiDimIdentityMap(rank)};
  Value source = operand;
  operand =
      linalg::GenericOp::create(
          builder, loc, init.getType(), list, init, maps,
          SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
          [&](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
            SmallVector<OpFoldResult> position;
            for (unsigned i = 0; i != rank; ++i)
              position.push_back(
                  linalg::IndexOp::create(body, bodyLoc, i).getResult());
            SmallVector<Value> indices;
            for (unsigned i = 0; i != map.getNumResults(); ++i)
              if (i != *place)
                indices.push_back(cast<Value>(position[loopOf[i]]));
            position.push_back(arith::IndexCastOp::create(body, bodyLoc,
                                                          body.getIndexType(),
                                                          arguments[0])
                                   .getResult());
            Value index = getValueOrCreateConstantIndexOp(
                body, bodyLoc,
                affine::makeComposedFoldedAffineApply(body, bodyLoc, access,
                                                      position));
            indices.insert(indices.begin() + *place, index);
            Value element =
                tensor::ExtractOp::create(body, bodyLoc, source, indices);
            linalg::YieldOp::create(body, bodyLoc, element);
          })
          .getResult(0);
  map = AffineMap::get(map.getNumDims() - 1 + listRank, map.getNumSymbols(),
                       results, builder.getContext());
  return true;
}

/// Modifications see the row's number through the list as one more index.
ArrayAttr RowTaker::moveMods(unsigned numPositionDims) {
  auto rewrite = [&](AffineMapAttr attr) {
    AffineMap map = attr.getValue();
    SmallVector<AffineExpr> dims, symbols;
    for (unsigned dim = 0; dim != map.getNumDims(); ++dim) {
      if (dim != row) {
        dims.push_back(getDim(dim));
        continue;
      }
      if (map.isFunctionOfDim(dim) && !rowSymbol)
        rowSymbol = numIndices++;
      dims.push_back(rowSymbol ? builder.getAffineSymbolExpr(*rowSymbol)
                               : builder.getAffineConstantExpr(0));
    }
    for (unsigned i = 0; i != map.getNumSymbols(); ++i)
      symbols.push_back(builder.getAffineSymbolExpr(i));
    return AffineMapAttr::get(map.replaceDimsAndSymbols(
        dims, symbols, numPositionDims - 1 + listRank, numIndices));
  };
  SmallVector<Attribute> mods;
  for (Attribute mod : parts.mods)
    mods.push_back(llvm::TypeSwitch<Attribute, Attribute>(mod)
                       .Case([&](VisibleAttr visible) {
                         return VisibleAttr::get(
                             builder.getContext(), rewrite(visible.getWhere()),
                             visible.getFill(), visible.getMode());
                       })
                       .Case([&](AlibiAttr alibi) {
                         return AlibiAttr::get(builder.getContext(),
                                               alibi.getExtra(),
                                               rewrite(alibi.getDistance()));
                       })
                       .Default([](Attribute other) { return other; }));
  return builder.getArrayAttr(mods);
}

std::optional<PartialParts> RowTaker::run() {
  PartialParts result = parts;
  llvm::SmallBitVector keySymbols = getKeySymbols(parts);
  for (auto [query, map] : llvm::zip_equal(result.queries, result.queryMaps))
    if (!take(query, map, rows, listRank))
      return std::nullopt;
  for (auto [extra, map] : llvm::zip_equal(result.extras, result.extraMaps))
    if (!take(extra, map, rows, listRank))
      return std::nullopt;
  for (auto [i, index, map] : llvm::enumerate(result.indices, result.indexMaps))
    if (!take(index, map, rows, keySymbols.test(i) ? 1 : listRank))
      return std::nullopt;
  for (AffineMap &map : result.keyMaps)
    map = move(map);
  result.valueMap = move(parts.valueMap);
  numIndices = result.indices.size();
  result.mods = moveMods(parts.rowSizes.size() + 1);
  if (rowSymbol) {
    // Once more: all maps of modifications have the symbol.
    result.mods = moveMods(parts.rowSizes.size() + 1);
    result.indices.push_back(rows);
    unsigned numDims = result.valueMap.getNumDims();
    SmallVector<AffineExpr> list;
    for (unsigned i = 0; i != listRank; ++i)
      list.push_back(builder.getAffineDimExpr(i));
    result.indexMaps.push_back(
        AffineMap::get(numDims, 0, list, builder.getContext()));
  }
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, rows);
  result.rowSizes.erase(result.rowSizes.begin() + row);
  result.rowSizes.insert(result.rowSizes.begin(), sizes.begin(), sizes.end());
  return result;
}

std::optional<PartialParts> hydragen::takeRows(OpBuilder &builder, Location loc,
                                               const PartialParts &parts,
                                               unsigned row, Value rows) {
  return RowTaker(builder, loc, parts, row, rows).run();
}
