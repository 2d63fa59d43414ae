//===- LinearExpr.cpp - affine expressions as sums of terms -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/LinearExpr.h"

#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::hydragen;

AffineExpr LinearExpr::toAffine(MLIRContext *context) const {
  AffineExpr sum = getAffineConstantExpr(constant, context);
  for (auto [i, coefficient] : llvm::enumerate(dims))
    sum = sum + getAffineDimExpr(i, context) * coefficient;
  for (auto [i, coefficient] : llvm::enumerate(symbols))
    sum = sum + getAffineSymbolExpr(i, context) * coefficient;
  return sum;
}

/// x floordiv `divisor` (`quotient`) or x mod `divisor`.
static std::optional<LinearExpr> divide(const LinearExpr &x, int64_t divisor,
                                        bool quotient,
                                        ArrayRef<int64_t> extents) {
  if (extents.empty() || divisor <= 0 ||
      llvm::any_of(x.symbols, [](int64_t c) { return c != 0; }))
    return std::nullopt;
  LinearExpr multiple = x, rest = x;
  multiple.constant = llvm::divideFloorSigned(x.constant, divisor);
  rest.constant = x.constant - multiple.constant * divisor;
  int64_t most = rest.constant;
  for (auto [i, coefficient] : llvm::enumerate(x.dims)) {
    if (coefficient % divisor == 0) {
      multiple.dims[i] = coefficient / divisor;
      rest.dims[i] = 0;
      continue;
    }
    multiple.dims[i] = 0;
    if (coefficient < 0 || ShapedType::isDynamic(extents[i]))
      return std::nullopt;
    most += coefficient * std::max<int64_t>(extents[i] - 1, 0);
  }
  if (most >= divisor)
    return std::nullopt;
  return quotient ? multiple : rest;
}

std::optional<LinearExpr> hydragen::getLinear(AffineExpr expr, unsigned numDims,
                                              unsigned numSymbols,
                                              ArrayRef<int64_t> extents) {
  LinearExpr result;
  result.dims.assign(numDims, 0);
  result.symbols.assign(numSymbols, 0);
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    result.dims[dim.getPosition()] = 1;
    return result;
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    result.symbols[symbol.getPosition()] = 1;
    return result;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    result.constant = constant.getValue();
    return result;
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<LinearExpr> left =
      getLinear(binary.getLHS(), numDims, numSymbols, extents);
  if (!left)
    return std::nullopt;
  if (expr.getKind() != AffineExprKind::Add) {
    auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!factor)
      return std::nullopt;
    if (expr.getKind() == AffineExprKind::FloorDiv ||
        expr.getKind() == AffineExprKind::Mod)
      return divide(*left, factor.getValue(),
                    expr.getKind() == AffineExprKind::FloorDiv, extents);
    if (expr.getKind() != AffineExprKind::Mul)
      return std::nullopt;
    for (int64_t &coefficient : left->dims)
      coefficient *= factor.getValue();
    for (int64_t &coefficient : left->symbols)
      coefficient *= factor.getValue();
    left->constant *= factor.getValue();
    return left;
  }
  std::optional<LinearExpr> right =
      getLinear(binary.getRHS(), numDims, numSymbols, extents);
  if (!right)
    return std::nullopt;
  for (unsigned i = 0; i != numDims; ++i)
    result.dims[i] = left->dims[i] + right->dims[i];
  for (unsigned i = 0; i != numSymbols; ++i)
    result.symbols[i] = left->symbols[i] + right->symbols[i];
  result.constant = left->constant + right->constant;
  return result;
}
