//===- ScalarOps.cpp - arith and math on single elements --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace mlir;

namespace hydragen::interpreter {

namespace {

//===----------------------------------------------------------------------===//
// Shapes of operations
//===----------------------------------------------------------------------===//

template <double (*compute)(double)>
const char *unary(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.f = op.round(compute(a[0].f));
  return nullptr;
}

template <double (*compute)(double, double)>
const char *binary(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.f = op.round(compute(a[0].f, a[1].f));
  return nullptr;
}

/// On the bits, where signed and unsigned are the same.
template <uint64_t (*compute)(uint64_t, uint64_t)>
const char *bits(const ScalarOp &op, const Scalar *a, Scalar &r) {
  uint64_t value =
      compute(static_cast<uint64_t>(a[0].i), static_cast<uint64_t>(a[1].i));
  r.i = wrapInteger(static_cast<int64_t>(value), op.resultWidth);
  return nullptr;
}

template <int64_t (*compute)(int64_t, int64_t)>
const char *signedInts(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.i = wrapInteger(
      compute(asSigned(a[0].i, op.inputWidth), asSigned(a[1].i, op.inputWidth)),
      op.resultWidth);
  return nullptr;
}

template <uint64_t (*compute)(uint64_t, uint64_t)>
const char *unsignedInts(const ScalarOp &op, const Scalar *a, Scalar &r) {
  uint64_t value = compute(asUnsigned(a[0].i, op.inputWidth),
                           asUnsigned(a[1].i, op.inputWidth));
  r.i = wrapInteger(static_cast<int64_t>(value), op.resultWidth);
  return nullptr;
}

template <ScalarFn compute>
const char *checkZero(const ScalarOp &op, const Scalar *a, Scalar &r) {
  return a[1].i == 0 ? "integer division by zero" : compute(op, a, r);
}

template <ScalarFn compute>
const char *checkDivision(const ScalarOp &op, const Scalar *a, Scalar &r) {
  // The one signed quotient that does not fit.
  if (asSigned(a[1].i, op.inputWidth) == -1 &&
      asSigned(a[0].i, op.inputWidth) == std::numeric_limits<int64_t>::min())
    return "integer division overflows";
  return checkZero<compute>(op, a, r);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

double addf(double a, double b) { return a + b; }
double subf(double a, double b) { return a - b; }
double mulf(double a, double b) { return a * b; }
double divf(double a, double b) { return a / b; }
double negf(double a) { return -a; }
double absf(double a) { return std::fabs(a); }
double rsqrt(double a) { return 1.0 / std::sqrt(a); }
double identity(double a) { return a; }
double remf(double a, double b) { return std::fmod(a, b); }
double copysign(double a, double b) { return std::copysign(a, b); }

/// IEEE 754-2019 maximum: NaN wins, -0 < +0.
double maximumf(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::numeric_limits<double>::quiet_NaN();
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
double minimumf(double a, double b) { return -maximumf(-a, -b); }
double maxnumf(double a, double b) { return std::fmax(a, b); }
double minnumf(double a, double b) { return std::fmin(a, b); }

const char *fma(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.f = op.round(std::fma(a[0].f, a[1].f, a[2].f));
  return nullptr;
}
const char *fpowi(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.f = op.round(std::pow(a[0].f, static_cast<double>(a[1].i)));
  return nullptr;
}

/// A narrowing cast does not round in f64 mode, but overflows as the type does:
/// masks rely on it.
const char *truncf(const ScalarOp &op, const Scalar *a, Scalar &r) {
  double narrow =
      roundTo(cast<FloatType>(op.resultType).getFloatSemantics(), a[0].f);
  r.f = std::isinf(narrow) ? narrow : op.round(a[0].f);
  return nullptr;
}

const char *cmpf(const ScalarOp &op, const Scalar *s, Scalar &r) {
  double a = s[0].f, b = s[1].f;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (static_cast<arith::CmpFPredicate>(op.predicate)) {
  case arith::CmpFPredicate::AlwaysFalse:
    r.i = false;
    break;
  case arith::CmpFPredicate::OEQ:
    r.i = a == b;
    break;
  case arith::CmpFPredicate::OGT:
    r.i = a > b;
    break;
  case arith::CmpFPredicate::OGE:
    r.i = a >= b;
    break;
  case arith::CmpFPredicate::OLT:
    r.i = a < b;
    break;
  case arith::CmpFPredicate::OLE:
    r.i = a <= b;
    break;
  case arith::CmpFPredicate::ONE:
    r.i = !unordered && a != b;
    break;
  case arith::CmpFPredicate::ORD:
    r.i = !unordered;
    break;
  case arith::CmpFPredicate::UEQ:
    r.i = unordered || a == b;
    break;
  case arith::CmpFPredicate::UGT:
    r.i = unordered || a > b;
    break;
  case arith::CmpFPredicate::UGE:
    r.i = unordered || a >= b;
    break;
  case arith::CmpFPredicate::ULT:
    r.i = unordered || a < b;
    break;
  case arith::CmpFPredicate::ULE:
    r.i = unordered || a <= b;
    break;
  case arith::CmpFPredicate::UNE:
    r.i = a != b;
    break;
  case arith::CmpFPredicate::UNO:
    r.i = unordered;
    break;
  case arith::CmpFPredicate::AlwaysTrue:
    r.i = true;
    break;
  }
  return nullptr;
}

const char *isNaN(const ScalarOp &, const Scalar *a, Scalar &r) {
  r.i = std::isnan(a[0].f);
  return nullptr;
}
const char *isInf(const ScalarOp &, const Scalar *a, Scalar &r) {
  r.i = std::isinf(a[0].f);
  return nullptr;
}
const char *isFinite(const ScalarOp &, const Scalar *a, Scalar &r) {
  r.i = std::isfinite(a[0].f);
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

uint64_t addi(uint64_t a, uint64_t b) { return a + b; }
uint64_t subi(uint64_t a, uint64_t b) { return a - b; }
uint64_t muli(uint64_t a, uint64_t b) { return a * b; }
uint64_t andi(uint64_t a, uint64_t b) { return a & b; }
uint64_t ori(uint64_t a, uint64_t b) { return a | b; }
uint64_t xori(uint64_t a, uint64_t b) { return a ^ b; }
int64_t divsi(int64_t a, int64_t b) { return a / b; }
int64_t remsi(int64_t a, int64_t b) { return a % b; }
uint64_t divui(uint64_t a, uint64_t b) { return a / b; }
uint64_t remui(uint64_t a, uint64_t b) { return a % b; }
int64_t floordivsi(int64_t a, int64_t b) {
  return a / b - ((a % b != 0) && ((a % b < 0) != (b < 0)));
}
int64_t ceildivsi(int64_t a, int64_t b) {
  return a / b + ((a % b != 0) && ((a % b < 0) == (b < 0)));
}
uint64_t ceildivui(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }
int64_t maxsi(int64_t a, int64_t b) { return std::max(a, b); }
int64_t minsi(int64_t a, int64_t b) { return std::min(a, b); }
uint64_t maxui(uint64_t a, uint64_t b) { return std::max(a, b); }
uint64_t minui(uint64_t a, uint64_t b) { return std::min(a, b); }

const char *shift(const ScalarOp &op, const Scalar *a, Scalar &r, bool left,
                  bool keepSign) {
  uint64_t amount = asUnsigned(a[1].i, op.inputWidth);
  if (amount >= op.inputWidth) {
    r.i = 0;
    return nullptr;
  }
  int64_t value;
  if (left)
    value = static_cast<int64_t>(static_cast<uint64_t>(a[0].i) << amount);
  else if (keepSign)
    value = asSigned(a[0].i, op.inputWidth) >> amount;
  else
    value = static_cast<int64_t>(asUnsigned(a[0].i, op.inputWidth) >> amount);
  r.i = wrapInteger(value, op.resultWidth);
  return nullptr;
}
const char *shli(const ScalarOp &op, const Scalar *a, Scalar &r) {
  return shift(op, a, r, /*left=*/true, /*keepSign=*/false);
}
const char *shrsi(const ScalarOp &op, const Scalar *a, Scalar &r) {
  return shift(op, a, r, /*left=*/false, /*keepSign=*/true);
}
const char *shrui(const ScalarOp &op, const Scalar *a, Scalar &r) {
  return shift(op, a, r, /*left=*/false, /*keepSign=*/false);
}

const char *absi(const ScalarOp &op, const Scalar *a, Scalar &r) {
  int64_t value = asSigned(a[0].i, op.inputWidth);
  uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value)
                                 : static_cast<uint64_t>(value);
  r.i = wrapInteger(static_cast<int64_t>(magnitude), op.resultWidth);
  return nullptr;
}

const char *cmpi(const ScalarOp &op, const Scalar *s, Scalar &r) {
  int64_t a = asSigned(s[0].i, op.inputWidth),
          b = asSigned(s[1].i, op.inputWidth);
  uint64_t ua = asUnsigned(s[0].i, op.inputWidth),
           ub = asUnsigned(s[1].i, op.inputWidth);
  switch (static_cast<arith::CmpIPredicate>(op.predicate)) {
  case arith::CmpIPredicate::eq:
    r.i = a == b;
    break;
  case arith::CmpIPredicate::ne:
    r.i = a != b;
    break;
  case arith::CmpIPredicate::slt:
    r.i = a < b;
    break;
  case arith::CmpIPredicate::sle:
    r.i = a <= b;
    break;
  case arith::CmpIPredicate::sgt:
    r.i = a > b;
    break;
  case arith::CmpIPredicate::sge:
    r.i = a >= b;
    break;
  case arith::CmpIPredicate::ult:
    r.i = ua < ub;
    break;
  case arith::CmpIPredicate::ule:
    r.i = ua <= ub;
    break;
  case arith::CmpIPredicate::ugt:
    r.i = ua > ub;
    break;
  case arith::CmpIPredicate::uge:
    r.i = ua >= ub;
    break;
  }
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Select and casts
//===----------------------------------------------------------------------===//

const char *select(const ScalarOp &, const Scalar *a, Scalar &r) {
  r = a[0].i ? a[1] : a[2];
  return nullptr;
}
const char *extendSigned(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.i = wrapInteger(asSigned(a[0].i, op.inputWidth), op.resultWidth);
  return nullptr;
}
const char *extendUnsigned(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.i = wrapInteger(static_cast<int64_t>(asUnsigned(a[0].i, op.inputWidth)),
                    op.resultWidth);
  return nullptr;
}
const char *signedToFloat(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.f = op.round(static_cast<double>(asSigned(a[0].i, op.inputWidth)));
  return nullptr;
}
const char *unsignedToFloat(const ScalarOp &op, const Scalar *a, Scalar &r) {
  r.f = op.round(static_cast<double>(asUnsigned(a[0].i, op.inputWidth)));
  return nullptr;
}
const char *floatToInteger(const ScalarOp &op, const Scalar *a, Scalar &r,
                           bool isUnsigned) {
  llvm::APSInt integer(op.resultWidth, isUnsigned);
  bool exact;
  llvm::APFloat(a[0].f).convertToInteger(integer, llvm::APFloat::rmTowardZero,
                                         &exact);
  r.i =
      wrapInteger(static_cast<int64_t>(integer.getZExtValue()), op.resultWidth);
  return nullptr;
}
const char *fptosi(const ScalarOp &op, const Scalar *a, Scalar &r) {
  return floatToInteger(op, a, r, /*isUnsigned=*/false);
}
const char *fptoui(const ScalarOp &op, const Scalar *a, Scalar &r) {
  return floatToInteger(op, a, r, /*isUnsigned=*/true);
}

const char *bitcast(const ScalarOp &op, const Scalar *a, Scalar &r) {
  uint64_t pattern;
  bool losesInfo;
  if (auto type = dyn_cast<FloatType>(op.inputType)) {
    llvm::APFloat number(a[0].f);
    number.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven,
                   &losesInfo);
    pattern = number.bitcastToAPInt().getZExtValue();
  } else {
    pattern = asUnsigned(a[0].i, op.inputWidth);
  }
  if (auto type = dyn_cast<FloatType>(op.resultType)) {
    llvm::APFloat number(type.getFloatSemantics(),
                         llvm::APInt(type.getWidth(), pattern));
    number.convert(llvm::APFloat::IEEEdouble(),
                   llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    r.f = number.convertToDouble();
  } else {
    r.i = wrapInteger(static_cast<int64_t>(pattern), op.resultWidth);
  }
  return nullptr;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

const llvm::StringMap<ScalarFn> &getTable() {
  static const llvm::StringMap<ScalarFn> table = {
      {"arith.addf", binary<addf>},
      {"arith.subf", binary<subf>},
      {"arith.mulf", binary<mulf>},
      {"arith.divf", binary<divf>},
      {"arith.remf", binary<remf>},
      {"arith.negf", unary<negf>},
      {"arith.maximumf", binary<maximumf>},
      {"arith.minimumf", binary<minimumf>},
      {"arith.maxnumf", binary<maxnumf>},
      {"arith.minnumf", binary<minnumf>},
      {"arith.cmpf", cmpf},
      {"arith.addi", bits<addi>},
      {"arith.subi", bits<subi>},
      {"arith.muli", bits<muli>},
      {"arith.andi", bits<andi>},
      {"arith.ori", bits<ori>},
      {"arith.xori", bits<xori>},
      {"arith.divsi", checkDivision<signedInts<divsi>>},
      {"arith.remsi", checkDivision<signedInts<remsi>>},
      {"arith.divui", checkZero<unsignedInts<divui>>},
      {"arith.remui", checkZero<unsignedInts<remui>>},
      {"arith.floordivsi", checkDivision<signedInts<floordivsi>>},
      {"arith.ceildivsi", checkDivision<signedInts<ceildivsi>>},
      {"arith.ceildivui", checkZero<unsignedInts<ceildivui>>},
      {"arith.maxsi", signedInts<maxsi>},
      {"arith.minsi", signedInts<minsi>},
      {"arith.maxui", unsignedInts<maxui>},
      {"arith.minui", unsignedInts<minui>},
      {"arith.shli", shli},
      {"arith.shrsi", shrsi},
      {"arith.shrui", shrui},
      {"arith.cmpi", cmpi},
      {"arith.select", select},
      {"arith.extf", unary<identity>},
      {"arith.truncf", truncf},
      {"arith.sitofp", signedToFloat},
      {"arith.uitofp", unsignedToFloat},
      {"arith.fptosi", fptosi},
      {"arith.fptoui", fptoui},
      {"arith.extsi", extendSigned},
      {"arith.extui", extendUnsigned},
      {"arith.trunci", extendUnsigned},
      {"arith.index_cast", extendSigned},
      {"arith.index_castui", extendUnsigned},
      {"arith.bitcast", bitcast},
      {"math.absf", unary<absf>},
      {"math.absi", absi},
      {"math.acos", unary<std::acos>},
      {"math.acosh", unary<std::acosh>},
      {"math.asin", unary<std::asin>},
      {"math.asinh", unary<std::asinh>},
      {"math.atan", unary<std::atan>},
      {"math.atan2", binary<std::atan2>},
      {"math.atanh", unary<std::atanh>},
      {"math.cbrt", unary<std::cbrt>},
      {"math.ceil", unary<std::ceil>},
      {"math.copysign", binary<copysign>},
      {"math.cos", unary<std::cos>},
      {"math.cosh", unary<std::cosh>},
      {"math.erf", unary<std::erf>},
      {"math.erfc", unary<std::erfc>},
      {"math.exp", unary<std::exp>},
      {"math.exp2", unary<std::exp2>},
      {"math.expm1", unary<std::expm1>},
      {"math.floor", unary<std::floor>},
      {"math.fma", fma},
      {"math.fpowi", fpowi},
      {"math.isfinite", isFinite},
      {"math.isinf", isInf},
      {"math.isnan", isNaN},
      {"math.log", unary<std::log>},
      {"math.log10", unary<std::log10>},
      {"math.log1p", unary<std::log1p>},
      {"math.log2", unary<std::log2>},
      {"math.powf", binary<std::pow>},
      {"math.round", unary<std::round>},
      {"math.roundeven", unary<std::nearbyint>},
      {"math.rsqrt", unary<rsqrt>},
      {"math.sin", unary<std::sin>},
      {"math.sinh", unary<std::sinh>},
      {"math.sqrt", unary<std::sqrt>},
      {"math.tan", unary<std::tan>},
      {"math.tanh", unary<std::tanh>},
      {"math.trunc", unary<std::trunc>},
  };
  return table;
}

} // namespace

std::optional<ScalarOp> getScalarOp(Operation *op, Precision precision) {
  auto found = getTable().find(op->getName().getStringRef());
  if (found == getTable().end() || op->getNumResults() != 1)
    return std::nullopt;
  for (Type type : op->getOperandTypes())
    if (!isSupportedElement(getElementTypeOrSelf(type)))
      return std::nullopt;
  ScalarOp result;
  result.fn = found->second;
  result.inputType = getElementTypeOrSelf(op->getOperand(0));
  result.resultType = getElementTypeOrSelf(op->getResult(0));
  if (!isSupportedElement(result.resultType))
    return std::nullopt;
  result.inputWidth = getIntegerWidth(result.inputType);
  result.resultWidth = getIntegerWidth(result.resultType);
  result.round = Rounding(result.resultType, precision);
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    result.predicate = static_cast<int64_t>(compare.getPredicate());
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    result.predicate = static_cast<int64_t>(compare.getPredicate());
  return result;
}

} // namespace hydragen::interpreter
