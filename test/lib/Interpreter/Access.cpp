//===- Access.cpp - tensors read through affine maps ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace hydragen::interpreter {

std::optional<int64_t> evaluate(AffineExpr expr, ArrayRef<int64_t> dims,
                                ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<int64_t> lhs = evaluate(binary.getLHS(), dims, symbols);
  std::optional<int64_t> rhs = evaluate(binary.getRHS(), dims, symbols);
  if (!lhs || !rhs)
    return std::nullopt;
  int64_t result;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return llvm::AddOverflow(*lhs, *rhs, result) ? std::nullopt
                                                 : std::optional(result);
  case AffineExprKind::Mul:
    return llvm::MulOverflow(*lhs, *rhs, result) ? std::nullopt
                                                 : std::optional(result);
  default:
    break;
  }
  if (*rhs <= 0)
    return std::nullopt;
  switch (binary.getKind()) {
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(*lhs, *rhs);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(*lhs, *rhs);
  default:
    return llvm::mod(*lhs, *rhs);
  }
}

bool isLinearIn(AffineExpr expr, unsigned dim) {
  if (!expr.isFunctionOfDim(dim) || isa<AffineDimExpr>(expr))
    return true;
  auto binary = cast<AffineBinaryOpExpr>(expr);
  if (binary.getKind() == AffineExprKind::Add)
    return isLinearIn(binary.getLHS(), dim) && isLinearIn(binary.getRHS(), dim);
  return binary.getKind() == AffineExprKind::Mul &&
         isLinearIn(binary.getLHS(), dim) &&
         !binary.getRHS().isFunctionOfDim(dim);
}

bool isLinear(AffineExpr expr) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return isa<AffineDimExpr, AffineConstantExpr>(expr);
  if (binary.getKind() == AffineExprKind::Add)
    return isLinear(binary.getLHS()) && isLinear(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && isLinear(binary.getLHS()) &&
         isa<AffineConstantExpr>(binary.getRHS());
}

std::optional<int64_t> Access::getOffset(ArrayRef<int64_t> dims,
                                         ArrayRef<int64_t> symbols) const {
  int64_t offset = 0;
  for (auto [result, extent] :
       llvm::zip_equal(map.getResults(), tensor.shape)) {
    std::optional<int64_t> index = evaluate(result, dims, symbols);
    if (!index || *index < 0 || *index >= extent)
      return std::nullopt;
    offset = offset * extent + *index;
  }
  return offset;
}

std::optional<Scalar> Access::load(ArrayRef<int64_t> dims,
                                   ArrayRef<int64_t> symbols) const {
  std::optional<int64_t> offset = getOffset(dims, symbols);
  if (!offset)
    return std::nullopt;
  return tensor.read()[*offset];
}

bool Access::isLinearIn(unsigned dim) const {
  return llvm::all_of(map.getResults(), [&](AffineExpr result) {
    return interpreter::isLinearIn(result, dim);
  });
}

} // namespace hydragen::interpreter
