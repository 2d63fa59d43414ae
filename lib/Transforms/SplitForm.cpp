//===- SplitForm.cpp - operands of partial attentions -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SplitForm.h"

#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// Whether `size` is proved to be a multiple of `divisor`.
static bool isMultipleOf(OpFoldResult size, int64_t divisor) {
  if (divisor == 1)
    return true;
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return *constant % divisor == 0;
  Operation *def = cast<Value>(size).getDefiningOp();
  if (auto apply = dyn_cast_or_null<affine::AffineApplyOp>(def)) {
    AffineMap map = apply.getAffineMap();
    SmallVector<Value> operands(apply.getMapOperands());
    affine::fullyComposeAffineMapAndOperands(&map, &operands);
    return map.getResult(0).isMultipleOf(divisor);
  }
  if (auto mul = dyn_cast_or_null<arith::MulIOp>(def)) {
    for (Value factor : mul->getOperands())
      if (std::optional<int64_t> constant = getConstantIntValue(factor))
        if (*constant % divisor == 0)
          return true;
    return false;
  }
  if (isa_and_nonnull<arith::AddIOp, arith::SubIOp>(def))
    return llvm::all_of(def->getOperands(), [&](Value term) {
      return isMultipleOf(getAsOpFoldResult(term), divisor);
    });
  if (auto dim = dyn_cast_or_null<tensor::DimOp>(def)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    auto collapse = dim.getSource().getDefiningOp<tensor::CollapseShapeOp>();
    if (index && collapse) {
      int64_t product = 1;
      SmallVector<ReassociationIndices, 4> groups =
          collapse.getReassociationIndices();
      for (int64_t source : groups[*index])
        if (!collapse.getSrcType().isDynamicDim(source))
          product *= collapse.getSrcType().getDimSize(source);
      return product % divisor == 0;
    }
  }
  return false;
}

static OpFoldResult floorDiv(OpBuilder &builder, Location loc,
                             OpFoldResult size, int64_t divisor) {
  // Of the keys of so many pages there are so many pages.
  auto value = dyn_cast<Value>(size);
  auto mul = value ? value.getDefiningOp<arith::MulIOp>() : arith::MulIOp();
  if (mul && getConstantIntValue(mul.getRhs()) == divisor)
    return mul.getLhs();
  AffineExpr symbol = builder.getAffineSymbolExpr(0);
  return affine::makeComposedFoldedAffineApply(
      builder, loc, symbol.floorDiv(divisor), {size});
}

static OpFoldResult subtract(OpBuilder &builder, Location loc,
                             OpFoldResult size, int64_t offset) {
  if (offset == 0)
    return size;
  AffineExpr symbol = builder.getAffineSymbolExpr(0);
  return affine::makeComposedFoldedAffineApply(builder, loc, symbol - offset,
                                               {size});
}

//===----------------------------------------------------------------------===//
// Divisors
//===----------------------------------------------------------------------===//

/// Collects c of `x floordiv c` and `x mod c` where x is dim + constant, per
/// dim.
static void collectDivisors(AffineExpr root,
                            MutableArrayRef<SetVector<int64_t>> divisors) {
  root.walk([&](AffineExpr expr) {
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary || (binary.getKind() != AffineExprKind::FloorDiv &&
                    binary.getKind() != AffineExprKind::Mod))
      return;
    auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!divisor || divisor.getValue() <= 1)
      return;
    AffineExpr dividend = binary.getLHS();
    // (d floordiv a) mod b and (d floordiv a) floordiv b cut d at a * b.
    int64_t scale = 1;
    while (auto inner = dyn_cast<AffineBinaryOpExpr>(dividend)) {
      auto constant = dyn_cast<AffineConstantExpr>(inner.getRHS());
      if (!constant)
        return;
      if (inner.getKind() == AffineExprKind::FloorDiv)
        scale *= constant.getValue();
      else if (inner.getKind() != AffineExprKind::Add &&
               inner.getKind() != AffineExprKind::Mod)
        return;
      dividend = inner.getLHS();
    }
    if (auto dim = dyn_cast<AffineDimExpr>(dividend))
      divisors[dim.getPosition()].insert(scale * divisor.getValue());
  });
}

//===----------------------------------------------------------------------===//
// The domain
//===----------------------------------------------------------------------===//

SplitDomain::SplitDomain(OpBuilder &builder, AttentionOp op, unsigned segment,
                         const AttentionDims &dims)
    : builder(builder), op(op), dims(dims) {
  Location loc = op.getLoc();
  SegmentAttr attr = op.getSegment(segment);

  // The rectangle of rows.
  SmallVector<OpFoldResult> allRows = hydragen::getRowSizes(builder, op);
  for (unsigned row = 0; row != dims.rows.size(); ++row) {
    int64_t offset = attr.coversAllRows() ? 0 : attr.getRowOffsets()[row];
    int64_t size =
        attr.coversAllRows() ? ShapedType::kDynamic : attr.getRowSizes()[row];
    rowOffsets.push_back(offset);
    rowSizes.push_back(ShapedType::isDynamic(size)
                           ? subtract(builder, loc, allRows[row], offset)
                           : OpFoldResult(builder.getIndexAttr(size)));
  }

  SmallVector<AffineMap> maps =
      llvm::to_vector(op.getQueryMaps().getAsValueRange<AffineMapAttr>());
  llvm::append_range(maps, attr.getKeyMaps().getAsValueRange<AffineMapAttr>());
  maps.push_back(attr.getValueMap().getValue());
  llvm::SmallBitVector symbols(op.getIndices().size());
  for (AffineMap map : maps)
    symbols |= getUsedSymbols(map);
  for (unsigned symbol : symbols.set_bits())
    maps.push_back(cast<AffineMapAttr>(op.getIndexMaps()[symbol]).getValue());
  SmallVector<SetVector<int64_t>> divisors(dims.numDims);
  for (AffineMap map : maps)
    for (AffineExpr result : map.getResults())
      collectDivisors(result, divisors);

  oldDims.assign(dims.numDims, AffineExpr());
  for (auto [row, dim] : llvm::enumerate(dims.rows))
    addDim(dim, rowSizes[row], divisors[dim].getArrayRef());
  numRowDigits = digits.size();
  unsigned keyDim = dims.keys.front();
  addDim(keyDim, op.getSegmentSize(segment), divisors[keyDim].getArrayRef());
  for (auto [term, contraction] : llvm::enumerate(dims.contraction)) {
    AffineMap map = cast<AffineMapAttr>(op.getQueryMaps()[term]).getValue();
    for (unsigned dim : contraction) {
      std::optional<unsigned> position =
          map.getResultPosition(builder.getAffineDimExpr(dim));
      // A contraction dim that no query lists bare has no extent of its own.
      OpFoldResult size =
          position ? tensor::getMixedSize(builder, loc, op.getQueries()[term],
                                          *position)
                   : OpFoldResult(builder.getIndexAttr(1));
      addDim(dim, size, {});
    }
  }
  for (unsigned dim : dims.values) {
    std::optional<unsigned> position =
        op.getOutputMap().getResultPosition(builder.getAffineDimExpr(dim));
    addDim(dim,
           tensor::getMixedSize(builder, loc, op.getInits().front(), *position),
           {});
  }
  for (auto [row, dim] : llvm::enumerate(dims.rows))
    oldDims[dim] = oldDims[dim] + rowOffsets[row];
}

/// Splits `dim` at the divisors that form a chain and divide its extent.
void SplitDomain::addDim(unsigned dim, OpFoldResult size,
                         ArrayRef<int64_t> divisors) {
  SmallVector<int64_t> strides(divisors);
  llvm::sort(strides);
  int64_t offset = 0;
  if (std::optional<unsigned> row = dims.getRowIndex(dim))
    offset = rowOffsets[*row];
  SmallVector<int64_t> chain{1};
  for (int64_t stride : strides)
    if (stride % chain.back() == 0 && stride != chain.back() &&
        offset % stride == 0 && isMultipleOf(size, stride)) {
      std::optional<int64_t> constant = getConstantIntValue(size);
      if (!constant || stride < *constant)
        chain.push_back(stride);
    }
  AffineExpr sum = builder.getAffineConstantExpr(0);
  for (int i = chain.size() - 1; i >= 0; --i) {
    OpFoldResult digitSize =
        i + 1 == static_cast<int>(chain.size())
            ? floorDiv(builder, op.getLoc(), size, chain[i])
            : OpFoldResult(builder.getIndexAttr(chain[i + 1] / chain[i]));
    sum = sum + builder.getAffineDimExpr(digits.size()) * chain[i];
    digits.push_back({dim, chain[i], digitSize});
  }
  oldDims[dim] = sum;
}

SmallVector<OpFoldResult> SplitDomain::getRowDigitSizes() const {
  SmallVector<OpFoldResult> sizes;
  for (const Digit &digit : getDigits().take_front(numRowDigits))
    sizes.push_back(digit.size);
  return sizes;
}

SmallVector<OpFoldResult> SplitDomain::getValueSizes() const {
  SmallVector<OpFoldResult> sizes;
  for (const Digit &digit : getDigits().take_back(dims.values.size()))
    sizes.push_back(digit.size);
  return sizes;
}

SmallVector<ReassociationIndices> SplitDomain::getRowReassociation() const {
  SmallVector<ReassociationIndices> groups(dims.rows.size());
  for (unsigned i = 0; i != numRowDigits; ++i)
    groups[*dims.getRowIndex(digits[i].oldDim)].push_back(i);
  return groups;
}

AffineExpr SplitDomain::getRowExpr(unsigned row) const {
  return oldDims[dims.rows[row]];
}

AffineMap SplitDomain::rewritePositionMap(AffineMap map) const {
  SmallVector<AffineExpr> replacements;
  for (unsigned row = 0; row != dims.rows.size(); ++row)
    replacements.push_back(getRowExpr(row));
  replacements.push_back(builder.getAffineDimExpr(numRowDigits));
  SmallVector<AffineExpr> symbols;
  for (unsigned i = 0; i != map.getNumSymbols(); ++i)
    symbols.push_back(builder.getAffineSymbolExpr(i));
  AffineMap rewritten = simplifyAffineMap(map.replaceDimsAndSymbols(
      replacements, symbols, numRowDigits + 1, map.getNumSymbols()));
  return AffineMap::get(
      numRowDigits + 1, map.getNumSymbols(),
      llvm::map_to_vector(rewritten.getResults(),
                          [&](AffineExpr e) { return simplifyRows(e); }),
      map.getContext());
}

/// As a sum of digits and index operands, if their sizes allow for that.
std::optional<LinearExpr> SplitDomain::getLinearExpr(AffineExpr expr) const {
  SmallVector<int64_t> extents;
  for (const Digit &digit : digits)
    extents.push_back(
        getConstantIntValue(digit.size).value_or(ShapedType::kDynamic));
  AttentionOp attention = op;
  return hydragen::getLinear(expr, digits.size(), attention.getIndices().size(),
                             extents);
}

/// `expr` of row digits and the position of the key, without the quotients and
/// remainders that the digits' sizes decide.
AffineExpr SplitDomain::simplifyRows(AffineExpr expr) const {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return expr;
  expr = getAffineBinaryOpExpr(expr.getKind(), simplifyRows(binary.getLHS()),
                               simplifyRows(binary.getRHS()));
  // The position is no digit.
  if (expr.isFunctionOfDim(numRowDigits))
    return expr;
  std::optional<LinearExpr> linear = getLinearExpr(expr);
  return linear ? linear->toAffine(builder.getContext()) : expr;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

AffineExpr SplitDomain::rewrite(AffineExpr expr) {
  return simplifyAffineExpr(expr.replaceDims(oldDims), digits.size(),
                            op.getIndices().size());
}

std::optional<SplitDomain::Linear>
SplitDomain::getLinear(AffineExpr expr) const {
  std::optional<LinearExpr> linear = getLinearExpr(expr);
  if (!linear ||
      llvm::any_of(linear->symbols, [](int64_t c) { return c != 0; }))
    return std::nullopt;
  Linear result{linear->constant, {}};
  for (auto [i, coefficient] : llvm::enumerate(linear->dims))
    if (coefficient != 0)
      result.terms.push_back({unsigned(i), coefficient});
  return result;
}

/// Slices and expands the dims of `operand` so that each result of `rewritten`
/// becomes a list of digits. Nullopt where an index is not such a list.
std::optional<SplitOperand> SplitDomain::splitByViews(Value operand,
                                                      AffineMap rewritten) {
  auto type = cast<RankedTensorType>(operand.getType());
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> offsets, sizes, strides, expandedSizes;
  SmallVector<ReassociationIndices> groups;
  SmallVector<AffineExpr> results;
  bool mustSlice = false, mustExpand = false;
  for (unsigned i = 0; i != rewritten.getNumResults(); ++i) {
    AffineExpr result = rewritten.getResult(i);
    ReassociationIndices &group = groups.emplace_back();
    auto addDigit = [&](AffineExpr expr, OpFoldResult size) {
      group.push_back(results.size());
      results.push_back(expr);
      expandedSizes.push_back(size);
    };
    OpFoldResult extent = tensor::getMixedSize(builder, loc, operand, i);
    if (isa<AffineSymbolExpr>(result)) {
      offsets.push_back(builder.getIndexAttr(0));
      sizes.push_back(extent);
      strides.push_back(builder.getIndexAttr(1));
      addDigit(result, extent);
      continue;
    }
    std::optional<Linear> linear = getLinear(result);
    if (!linear || linear->constant < 0)
      return std::nullopt;
    // Digits of one value do not move it.
    llvm::erase_if(linear->terms, [&](const Term &term) {
      return getConstantIntValue(digits[term.digit].size) == 1 &&
             (linear->terms.size() > 1 || !isa<AffineDimExpr>(result));
    });
    llvm::sort(linear->terms, [](const Term &a, const Term &b) {
      return a.coefficient > b.coefficient;
    });
    if (linear->terms.empty()) {
      // Of an unknown number of elements the first need not be there.
      bool whole = linear->constant == 0 && isa<Value>(extent);
      offsets.push_back(builder.getIndexAttr(linear->constant));
      sizes.push_back(whole ? extent : builder.getIndexAttr(1));
      strides.push_back(builder.getIndexAttr(1));
      addDigit(builder.getAffineConstantExpr(0), sizes.back());
    } else {
      int64_t stride = linear->terms.back().coefficient;
      if (stride <= 0)
        return std::nullopt;
      // Mixed radix: each coefficient is the product of the sizes below it.
      int64_t expected = stride;
      for (const Term &term : llvm::reverse(linear->terms)) {
        if (term.coefficient != expected)
          return std::nullopt;
        std::optional<int64_t> size =
            getConstantIntValue(digits[term.digit].size);
        if (!size && &term != &linear->terms.front())
          return std::nullopt;
        expected *= size.value_or(1);
      }
      AffineExpr product = builder.getAffineConstantExpr(1);
      SmallVector<OpFoldResult> factors;
      for (const Term &term : linear->terms) {
        product = product * builder.getAffineSymbolExpr(factors.size());
        factors.push_back(digits[term.digit].size);
        addDigit(builder.getAffineDimExpr(term.digit), digits[term.digit].size);
      }
      offsets.push_back(builder.getIndexAttr(linear->constant));
      sizes.push_back(affine::makeComposedFoldedAffineApply(builder, loc,
                                                            product, factors));
      strides.push_back(builder.getIndexAttr(stride));
      mustExpand |= group.size() > 1;
    }
    mustSlice |= !isEqualConstantIntOrValue(sizes.back(), extent) ||
                 getConstantIntValue(offsets.back()) != 0 ||
                 getConstantIntValue(strides.back()) != 1;
  }
  Value value = operand;
  if (mustSlice)
    value = tensor::ExtractSliceOp::create(builder, loc, value, offsets, sizes,
                                           strides);
  if (mustExpand) {
    SmallVector<int64_t> shape;
    SmallVector<Value> ignored;
    dispatchIndexOpFoldResults(expandedSizes, ignored, shape);
    value = tensor::ExpandShapeOp::create(
        builder, loc, RankedTensorType::get(shape, type.getElementType()),
        value, groups, expandedSizes);
  }
  return SplitOperand{value,
                      AffineMap::get(digits.size(), rewritten.getNumSymbols(),
                                     results, builder.getContext()),
                      /*copied=*/false};
}

/// Copies the elements that the segment reads into a tensor over the digits
/// that the map (or the index operands behind it) uses.
SplitOperand SplitDomain::copy(Value operand, AffineMap rewritten,
                               ArrayRef<unsigned> extra) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(operand.getType());
  llvm::SmallBitVector symbols = getUsedSymbols(rewritten);
  SmallVector<AffineMap> indexMaps(op.getIndices().size());
  SmallVector<AffineMap> used{rewritten};
  for (unsigned symbol : symbols.set_bits()) {
    AffineMap map = cast<AffineMapAttr>(op.getIndexMaps()[symbol]).getValue();
    SmallVector<AffineExpr> results;
    for (AffineExpr result : map.getResults())
      results.push_back(rewrite(result));
    indexMaps[symbol] =
        AffineMap::get(digits.size(), 0, results, builder.getContext());
    used.push_back(indexMaps[symbol]);
  }
  SmallVector<AffineExpr> loops;
  SmallVector<OpFoldResult> sizes;
  SmallVector<int> loopOf(digits.size(), -1);
  for (unsigned digit = 0; digit != digits.size(); ++digit)
    if (llvm::is_contained(extra, digit) ||
        llvm::any_of(
            used, [&](AffineMap map) { return map.isFunctionOfDim(digit); })) {
      loopOf[digit] = loops.size();
      loops.push_back(builder.getAffineDimExpr(digit));
      sizes.push_back(digits[digit].size);
    }
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  SmallVector<AffineMap> genericMaps{
      builder.getMultiDimIdentityMap(loops.size())};
  SmallVector<utils::IteratorType> iterators(loops.size(),
                                             utils::IteratorType::parallel);
  auto body = [&](OpBuilder &nested, Location bodyLoc, ValueRange) {
    SmallVector<Value> dimValues(digits.size());
    Value zero = arith::ConstantIndexOp::create(nested, bodyLoc, 0);
    for (unsigned digit = 0; digit != digits.size(); ++digit)
      dimValues[digit] =
          loopOf[digit] < 0
              ? zero
              : linalg::IndexOp::create(nested, bodyLoc, loopOf[digit])
                    .getResult();
    auto apply = [&](AffineMap map, ArrayRef<Value> symbolValues) {
      SmallVector<OpFoldResult> operands(dimValues.begin(), dimValues.end());
      llvm::append_range(operands, symbolValues);
      SmallVector<Value> indices;
      for (unsigned i = 0; i != map.getNumResults(); ++i)
        indices.push_back(getValueOrCreateConstantIndexOp(
            nested, bodyLoc,
            affine::makeComposedFoldedAffineApply(
                nested, bodyLoc, map.getSubMap({i}), operands)));
      return indices;
    };
    SmallVector<Value> symbolValues(rewritten.getNumSymbols(), zero);
    for (unsigned symbol : symbols.set_bits()) {
      Value element =
          tensor::ExtractOp::create(nested, bodyLoc, op.getIndices()[symbol],
                                    apply(indexMaps[symbol], {}));
      if (!element.getType().isIndex())
        element = arith::IndexCastOp::create(nested, bodyLoc,
                                             nested.getIndexType(), element);
      symbolValues[symbol] = element;
    }
    Value element = tensor::ExtractOp::create(nested, bodyLoc, operand,
                                              apply(rewritten, symbolValues));
    linalg::YieldOp::create(nested, bodyLoc, element);
  };
  auto generic =
      linalg::GenericOp::create(builder, loc, empty.getType(), ValueRange(),
                                empty, genericMaps, iterators, body);
  // The copy has consumed the symbols.
  return {generic.getResult(0),
          AffineMap::get(digits.size(), 0, loops, builder.getContext()),
          /*copied=*/true};
}

SplitOperand SplitDomain::split(Value operand, AffineMap map) {
  SmallVector<AffineExpr> results;
  for (AffineExpr result : map.getResults())
    results.push_back(rewrite(result));
  AffineMap rewritten = AffineMap::get(digits.size(), map.getNumSymbols(),
                                       results, builder.getContext());
  if (std::optional<SplitOperand> views = splitByViews(operand, rewritten))
    return *views;
  return copy(operand, rewritten);
}

SplitOperand SplitDomain::exposeKeys(SplitOperand operand,
                                     ArrayRef<AffineMap> maps) {
  SmallVector<unsigned> missing;
  for (unsigned digit = 0; digit != digits.size(); ++digit) {
    AffineExpr expr = builder.getAffineDimExpr(digit);
    auto exposes = [&](AffineMap map) {
      return llvm::is_contained(map.getResults(), expr);
    };
    if (digits[digit].oldDim == dims.keys.front() &&
        llvm::none_of(maps, exposes))
      missing.push_back(digit);
  }
  if (missing.empty())
    return operand;
  auto isUnit = [&](unsigned digit) {
    return getConstantIntValue(digits[digit].size) == 1;
  };
  auto type = cast<RankedTensorType>(operand.value.getType());
  if (!llvm::all_of(missing, isUnit) || type.getRank() == 0)
    return copy(operand.value, operand.map, missing);
  // Unit digits: a view with leading unit dims.
  SmallVector<int64_t> shape(missing.size(), 1);
  llvm::append_range(shape, type.getShape());
  SmallVector<OpFoldResult> sizes(missing.size(), builder.getIndexAttr(1));
  llvm::append_range(
      sizes, tensor::getMixedSizes(builder, op.getLoc(), operand.value));
  SmallVector<AffineExpr> results;
  ReassociationIndices first;
  for (unsigned digit : missing) {
    first.push_back(results.size());
    results.push_back(builder.getAffineDimExpr(digit));
  }
  SmallVector<ReassociationIndices> groups{first};
  for (AffineExpr result : operand.map.getResults()) {
    if (results.size() == missing.size())
      groups.front().push_back(results.size());
    else
      groups.push_back({static_cast<int64_t>(results.size())});
    results.push_back(result);
  }
  operand.value = tensor::ExpandShapeOp::create(
      builder, op.getLoc(), RankedTensorType::get(shape, type.getElementType()),
      operand.value, groups, sizes);
  operand.map = AffineMap::get(digits.size(), operand.map.getNumSymbols(),
                               results, builder.getContext());
  return operand;
}
