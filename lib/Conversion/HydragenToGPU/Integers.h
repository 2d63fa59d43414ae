//===- Integers.h - 64-bit arithmetic in kernels ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_INTEGERS_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_INTEGERS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <limits>

namespace mlir::hydragen {

/// i64 arithmetic.
class Integers {
public:
  explicit Integers(ImplicitLocOpBuilder &b) : b(b) {}

  Value constant(int64_t value) {
    return arith::ConstantIntOp::create(b, value, 64);
  }
  Value wide(Value x) {
    if (x.getType().isInteger(64))
      return x;
    return arith::ExtSIOp::create(b, b.getI64Type(), x);
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value mul(Value x, Value y) { return arith::MulIOp::create(b, x, y); }
  Value isNegative(Value x) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, constant(0));
  }
  /// Rounding down, by a positive number.
  Value floorDiv(Value x, Value y) {
    Value negative = isNegative(x);
    Value minusOne = constant(-1);
    // floor(x / y) = -1 - (-1 - x) / y for negative x.
    Value flipped = sub(minusOne, x);
    Value quotient = arith::DivSIOp::create(
        b, arith::SelectOp::create(b, negative, flipped, x), y);
    return arith::SelectOp::create(b, negative, sub(minusOne, quotient),
                                   quotient);
  }
  Value ceilDiv(Value x, Value y) {
    return sub(constant(0), floorDiv(sub(constant(0), x), y));
  }
  /// A position: what is far outside stays outside.
  Value toPosition(Value x) {
    x = arith::MaxSIOp::create(b, x, constant(-(int64_t(1) << 30)));
    x = arith::MinSIOp::create(b, x,
                               constant(std::numeric_limits<int32_t>::max()));
    return arith::TruncIOp::create(b, b.getI32Type(), x);
  }

  Value evaluate(AffineExpr expr, ArrayRef<Value> dims,
                 ArrayRef<Value> symbols) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return dims[dim.getPosition()];
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
      return symbols[symbol.getPosition()];
    if (auto value = dyn_cast<AffineConstantExpr>(expr))
      return constant(value.getValue());
    auto binary = cast<AffineBinaryOpExpr>(expr);
    Value x = evaluate(binary.getLHS(), dims, symbols),
          y = evaluate(binary.getRHS(), dims, symbols);
    switch (expr.getKind()) {
    case AffineExprKind::Add:
      return add(x, y);
    case AffineExprKind::Mul:
      return mul(x, y);
    case AffineExprKind::FloorDiv:
      return floorDiv(x, y);
    case AffineExprKind::CeilDiv:
      return ceilDiv(x, y);
    default:
      return sub(x, mul(floorDiv(x, y), y));
    }
  }

  ImplicitLocOpBuilder &b;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_INTEGERS_H
