//===- PartialOperands.cpp - a partial attention's operands -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PartialOperands.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

PartialOperands::PartialOperands(PartialAttentionOpInterface op,
                                 Emitter &emitter)
    : op(op), e(emitter), dims(AttentionDims::get(op)),
      queryMaps(op.getQueryMapsVector()), keyMaps(op.getKeyMapsVector()),
      indexMaps(op.getIndexMapsVector()), extraMaps(op.getExtraMapsVector()),
      valueMap(op.getValueMap()), extents(dims.numDims),
      staticExtents(dims.numDims, ShapedType::kDynamic) {
  // An extent comes from a static operand where there is one.
  auto note = [&](Value operand, unsigned position, unsigned dim) {
    auto type = cast<MemRefType>(operand.getType());
    bool fixed = !type.isDynamicDim(position);
    if (extents[dim] && (!fixed || !ShapedType::isDynamic(staticExtents[dim])))
      return;
    extents[dim] = e.dim(operand, position);
    if (fixed)
      staticExtents[dim] = type.getDimSize(position);
  };
  auto noteMap = [&](Value operand, AffineMap map) {
    for (auto [position, result] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(result))
        note(operand, position, dim.getPosition());
  };
  SmallVector<unsigned> outputDims(dims.rows);
  outputDims.append(dims.values);
  for (auto [position, dim] : llvm::enumerate(outputDims))
    note(stateO(), position, dim);
  for (unsigned term = 0; term < numTerms(); ++term) {
    noteMap(op.getQueries()[term], queryMaps[term]);
    noteMap(op.getKeys()[term], keyMaps[term]);
  }
  noteMap(op.getValue(), valueMap);
  for (auto [index, map] : llvm::zip(op.getIndices(), indexMaps))
    noteMap(index, map);

  llvm::SmallBitVector together = getFoldedRows(op);
  for (auto [i, dim] : llvm::enumerate(dims.rows))
    (together.test(i) ? folded : outer).push_back(dim);

  unsigned dynamic = 0;
  for (int64_t offset : op.getStaticOffsets())
    offsets.push_back(ShapedType::isDynamic(offset) ? op.getOffsets()[dynamic++]
                                                    : e.index(offset));
}

SmallVector<Value> PartialOperands::getExtents(ArrayRef<unsigned> which) const {
  SmallVector<Value> result;
  for (unsigned dim : which)
    result.push_back(extents[dim]);
  return result;
}

std::optional<int64_t>
PartialOperands::getStaticSize(ArrayRef<unsigned> which) const {
  int64_t size = 1;
  for (unsigned dim : which) {
    if (ShapedType::isDynamic(staticExtents[dim]))
      return std::nullopt;
    size *= staticExtents[dim];
  }
  return size;
}

Value PartialOperands::getSize(ArrayRef<unsigned> which) {
  if (std::optional<int64_t> size = getStaticSize(which))
    return e.index(*size);
  return e.product(getExtents(which));
}

void PartialOperands::setDigits(Point &point, ArrayRef<unsigned> which,
                                Value linear) {
  SmallVector<Value> digits = e.delinearize(linear, getExtents(which));
  for (auto [dim, digit] : llvm::zip_equal(which, digits))
    point[dim] = digit;
}

SmallVector<Value> PartialOperands::getIndices(AffineMap map,
                                               const Point &point,
                                               ArrayRef<Value> symbols) {
  SmallVector<Value> indices;
  for (AffineExpr result : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(result))
      indices.push_back(point[dim.getPosition()]);
    else if (auto symbol = dyn_cast<AffineSymbolExpr>(result))
      indices.push_back(symbols[symbol.getPosition()]);
    else
      indices.push_back(e.index(0));
  }
  return indices;
}

Value PartialOperands::loadIndex(unsigned i, const Point &point) {
  Value element =
      e.load(op.getIndices()[i], getIndices(indexMaps[i], point, {}));
  if (element.getType().isIndex())
    return element;
  auto type = cast<IntegerType>(element.getType());
  if (type.isUnsigned() || type.getWidth() == 1)
    return arith::IndexCastUIOp::create(e.b, e.loc, e.b.getIndexType(),
                                        element);
  return arith::IndexCastOp::create(e.b, e.loc, e.b.getIndexType(), element);
}

/// Entries of page tables and the like come from the caller.
void PartialOperands::checkSymbol(Value operand, AffineMap map, unsigned symbol,
                                  Value value) {
  AffineExpr expr = getAffineSymbolExpr(symbol, map.getContext());
  for (auto [i, result] : llvm::enumerate(map.getResults())) {
    if (result != expr)
      continue;
    // One unsigned comparison: negative entries are large.
    Value inside = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult,
                                         value, e.dim(operand, i));
    cf::AssertOp::create(e.b, e.loc, inside,
                         "an index operand of attention is out of range");
  }
}

SmallVector<Value> PartialOperands::loadSymbols(Value operand, AffineMap map,
                                                const Point &point) {
  SmallVector<Value> symbols(indexMaps.size());
  for (unsigned i = 0; i < map.getNumSymbols(); ++i)
    if (map.isFunctionOfSymbol(i)) {
      symbols[i] = loadIndex(i, point);
      checkSymbol(operand, map, i, symbols[i]);
    }
  return symbols;
}

Value PartialOperands::loadQuery(unsigned term, const Point &point, Type type) {
  return e.cast(
      e.load(op.getQueries()[term], getIndices(queryMaps[term], point, {})),
      type);
}

Value PartialOperands::loadKey(unsigned term, const Point &point,
                               ArrayRef<Value> symbols, Type type) {
  return e.cast(
      e.load(op.getKeys()[term], getIndices(keyMaps[term], point, symbols)),
      type);
}

Value PartialOperands::loadValue(const Point &point, ArrayRef<Value> symbols,
                                 Type type) {
  return e.cast(e.load(op.getValue(), getIndices(valueMap, point, symbols)),
                type);
}

bool PartialOperands::isVectorizable(Value operand, AffineMap map,
                                     ArrayRef<unsigned> inner) {
  if (inner.size() != 1 || map.getNumResults() == 0)
    return false;
  AffineExpr dim = getAffineDimExpr(inner[0], map.getContext());
  for (auto [i, result] : llvm::enumerate(map.getResults()))
    if ((result == dim) != (i + 1 == map.getNumResults()))
      return false;
  SmallVector<int64_t> strides;
  int64_t offset;
  auto type = cast<MemRefType>(operand.getType());
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

SmallVector<Value> PartialOperands::getRowIndices(const Point &point) {
  SmallVector<Value> indices;
  for (unsigned dim : dims.rows)
    indices.push_back(point[dim]);
  return indices;
}

SmallVector<Value> PartialOperands::getOutputIndices(const Point &point) {
  SmallVector<Value> indices = getRowIndices(point);
  for (unsigned dim : dims.values)
    indices.push_back(point[dim]);
  return indices;
}
