//===- TableCut.cpp - page tables cut at a number of the call ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/TableCut.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// A sum of integers times symbols. A symbol is an extent (tensor, dim) or a
/// value that is not looked into (value, -1).
class Sum {
public:
  using Symbol = std::pair<Value, int64_t>;

  explicit Sum(int64_t constant = 0) : constant(constant) {}

  static Sum of(OpFoldResult value) {
    if (std::optional<int64_t> known = getConstantIntValue(value))
      return Sum(*known);
    return of(llvm::cast<Value>(value));
  }
  static Sum of(Value value);
  static Sum symbol(Value value, int64_t dim) {
    Sum sum;
    sum.terms.push_back({{value, dim}, 1});
    return sum;
  }

  Sum plus(const Sum &other, int64_t factor = 1) const {
    Sum sum = *this;
    sum.constant += factor * other.constant;
    for (auto &[symbol, coefficient] : other.terms) {
      auto *known = llvm::find_if(
          sum.terms, [&, s = symbol](auto &term) { return term.first == s; });
      if (known == sum.terms.end())
        sum.terms.push_back({symbol, factor * coefficient});
      else
        known->second += factor * coefficient;
    }
    llvm::erase_if(sum.terms, [](auto &term) { return term.second == 0; });
    return sum;
  }
  std::optional<int64_t> getConstant() const {
    if (terms.empty())
      return constant;
    return std::nullopt;
  }
  bool equals(const Sum &other) const {
    return plus(other, -1).getConstant() == 0;
  }
  /// The only symbol that is an element of a tensor; null if there is none.
  Value getLoaded() const {
    for (auto &[symbol, coefficient] : terms)
      if (symbol.second < 0 && symbol.first.getDefiningOp<tensor::ExtractOp>())
        return symbol.first;
    return {};
  }

  int64_t constant = 0;
  SmallVector<std::pair<Symbol, int64_t>, 1> terms;

private:
  static std::optional<Sum> of(AffineExpr expr, ArrayRef<Sum> operands,
                               unsigned numDims);
};
} // namespace

std::optional<Sum> Sum::of(AffineExpr expr, ArrayRef<Sum> operands,
                           unsigned numDims) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return operands[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return operands[numDims + symbol.getPosition()];
  if (auto value = dyn_cast<AffineConstantExpr>(expr))
    return Sum(value.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<Sum> x = of(binary.getLHS(), operands, numDims),
                     y = of(binary.getRHS(), operands, numDims);
  if (!x || !y)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return x->plus(*y);
  std::optional<int64_t> factor = y->getConstant();
  if (!factor)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Mul)
    return Sum().plus(*x, *factor);
  if (expr.getKind() == AffineExprKind::Mod || *factor <= 0)
    return std::nullopt;
  // Quotients without a rest.
  Sum quotient(x->constant / *factor);
  if (x->constant % *factor != 0)
    return std::nullopt;
  for (auto &[symbol, coefficient] : x->terms) {
    if (coefficient % *factor != 0)
      return std::nullopt;
    quotient.terms.push_back({symbol, coefficient / *factor});
  }
  return quotient;
}

Sum Sum::of(Value value) {
  if (std::optional<int64_t> known = getConstantIntValue(value))
    return Sum(*known);
  Operation *op = value.getDefiningOp();
  if (auto cast = dyn_cast_or_null<arith::IndexCastOp>(op))
    return of(cast.getIn());
  if (auto add = dyn_cast_or_null<arith::AddIOp>(op))
    return of(add.getLhs()).plus(of(add.getRhs()));
  if (auto sub = dyn_cast_or_null<arith::SubIOp>(op))
    return of(sub.getLhs()).plus(of(sub.getRhs()), -1);
  if (auto mul = dyn_cast_or_null<arith::MulIOp>(op)) {
    Sum x = of(mul.getLhs()), y = of(mul.getRhs());
    if (std::optional<int64_t> factor = y.getConstant())
      return Sum().plus(x, *factor);
    if (std::optional<int64_t> factor = x.getConstant())
      return Sum().plus(y, *factor);
  }
  if (auto apply = dyn_cast_or_null<affine::AffineApplyOp>(op)) {
    AffineMap map = apply.getAffineMap();
    SmallVector<Sum> operands;
    for (Value operand : apply.getMapOperands())
      operands.push_back(of(operand));
    if (std::optional<Sum> sum =
            of(map.getResult(0), operands, map.getNumDims()))
      return *sum;
  }
  if (auto dim = dyn_cast_or_null<tensor::DimOp>(op))
    if (std::optional<int64_t> index = dim.getConstantIndex())
      return symbol(dim.getSource(), *index);
  return symbol(value, -1);
}

OpFoldResult TableCut::getKeyOffset(OpBuilder &builder, Location loc) const {
  if (keyTerms.empty())
    return builder.getIndexAttr(keyConstant);
  Value sum = arith::ConstantIndexOp::create(builder, loc, keyConstant);
  for (auto &[symbol, factor] : keyTerms) {
    auto [value, dim] = symbol;
    if (dim >= 0)
      value = tensor::DimOp::create(builder, loc, value, dim);
    if (!value.getType().isIndex())
      value = arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                         value);
    value = arith::MulIOp::create(
        builder, loc, value,
        arith::ConstantIndexOp::create(builder, loc, factor));
    sum = arith::AddIOp::create(builder, loc, sum, value);
  }
  return sum;
}

/// Extent of a tensor; that of one that is computed is its init's.
static Sum getExtent(Value tensor, unsigned dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return Sum(type.getDimSize(dim));
  if (auto linalg = tensor.getDefiningOp<linalg::LinalgOp>())
    return getExtent(
        linalg.getDpsInits()[cast<OpResult>(tensor).getResultNumber()], dim);
  if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
    return Sum::of(empty.getMixedSizes()[dim]);
  return Sum::symbol(tensor, dim);
}

std::optional<TableCut> hydragen::getTableCut(PartialAttentionOpInterface op,
                                              unsigned number, unsigned page,
                                              int64_t pageSize,
                                              std::string &reason) {
  TableCut cut;
  cut.whole = op.getIndices()[number];
  unsigned rank = cast<RankedTensorType>(cut.whole.getType()).getRank();
  // From the operand back through slices and casts.
  SmallVector<Sum> offsets(rank, Sum(0)), sizes;
  auto isOne = [](OpFoldResult stride) {
    return getConstantIntValue(stride) == 1;
  };
  while (Operation *def = cut.whole.getDefiningOp()) {
    if (auto cast = dyn_cast<tensor::CastOp>(def)) {
      cut.whole = cast.getSource();
      continue;
    }
    auto slice = dyn_cast<tensor::ExtractSliceOp>(def);
    if (!slice || slice.getSourceType().getRank() != rank ||
        !llvm::all_of(slice.getMixedStrides(), isOne))
      break;
    // A slice of static rows may be cut once more; offsets of pages add up.
    if (sizes.empty()) {
      for (OpFoldResult size : slice.getMixedSizes())
        sizes.push_back(Sum::of(size));
      cut.sizes = slice.getMixedSizes();
      cut.offsets = slice.getMixedOffsets();
    } else {
      for (auto [i, offset] : llvm::enumerate(slice.getMixedOffsets())) {
        if (i == page)
          continue;
        if (getConstantIntValue(cut.offsets[i]) == 0)
          cut.offsets[i] = offset;
        else if (getConstantIntValue(offset) != 0)
          return std::nullopt;
      }
    }
    for (auto [sum, offset] : llvm::zip_equal(offsets, slice.getMixedOffsets()))
      sum = sum.plus(Sum::of(offset));
    cut.whole = slice.getSource();
  }
  if (sizes.empty())
    return std::nullopt;
  Value loaded = sizes[page].getLoaded();
  if (!loaded)
    return std::nullopt;
  reason = "its table is cut at a number of the call in an unknown way";
  auto extract = loaded.getDefiningOp<tensor::ExtractOp>();
  cut.count = extract.getTensor();
  cut.read = extract;
  auto type = cast<RankedTensorType>(cut.count.getType());
  if (type.getRank() != 0 || !(type.getElementType().isInteger(32) ||
                               type.getElementType().isInteger(64)))
    return std::nullopt;

  Sum count = Sum::symbol(loaded, -1), whole = getExtent(cut.whole, page);
  int64_t known = op.getStaticOffsets().back();
  Sum keyOffset = ShapedType::isDynamic(known)
                      ? Sum::of(Value(op.getOffsets().back()))
                      : Sum(known);
  if (sizes[page].equals(count) && offsets[page].equals(Sum(0))) {
    cut.rest = false;
  } else if (offsets[page].equals(count) &&
             sizes[page].equals(whole.plus(count, -1))) {
    cut.rest = true;
    keyOffset = keyOffset.plus(count, -pageSize);
  } else {
    return std::nullopt;
  }
  if (keyOffset.getLoaded())
    return std::nullopt;
  cut.keyConstant = keyOffset.constant;
  cut.keyTerms = keyOffset.terms;
  reason.clear();
  return cut;
}
