//===- Score.cpp - scores of the hydragen ops -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Score.h"

#include "hydragen/IR/ScoreMods.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;

namespace hydragen::interpreter {

double toBaseTwo(double score, Type stateType, Rounding round) {
  double scaled = score * kLog2E;
  if (!std::isfinite(score))
    return scaled;
  bool losesInfo;
  llvm::APFloat largest =
      llvm::APFloat::getLargest(cast<FloatType>(stateType).getFloatSemantics());
  largest.convert(llvm::APFloat::IEEEdouble(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  double limit = largest.convertToDouble();
  return round(std::clamp(scaled, -limit, limit));
}

double maxOrNaN(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::numeric_limits<double>::quiet_NaN();
  return std::max(a, b);
}

LogicalResult IndexOperands::read(const llvm::SmallBitVector &used,
                                  ArrayRef<int64_t> dims) {
  for (unsigned number : used.set_bits()) {
    std::optional<Scalar> value = indices[number].load(dims);
    if (!value)
      return op->emitError("interpreter: index operand ")
             << number << " is read outside of its shape";
    symbols[number] = value->i;
  }
  return success();
}

std::optional<double> Source::load(ArrayRef<int64_t> dims,
                                   ArrayRef<int64_t> symbols,
                                   Rounding round) const {
  std::optional<Scalar> element = access.load(dims, symbols);
  if (!element)
    return std::nullopt;
  double value = access.getTensor().isFloat() ? element->f
                                              : static_cast<double>(element->i);
  if (!scale)
    return value;
  std::optional<Scalar> factor = scale->load(dims, symbols);
  if (!factor)
    return std::nullopt;
  return round(value * factor->f);
}

/// First element and stride along `dim`; nullopt where they do not exist or an
/// end is outside of the tensor.
static std::optional<std::pair<const Scalar *, int64_t>>
getStrided(const Access &access, unsigned dim, ArrayRef<int64_t> extents,
           SmallVectorImpl<int64_t> &dims, ArrayRef<int64_t> symbols) {
  if (extents[dim] == 0 || !access.isLinearIn(dim))
    return std::nullopt;
  dims[dim] = 0;
  std::optional<int64_t> first = access.getOffset(dims, symbols);
  dims[dim] = extents[dim] - 1;
  std::optional<int64_t> last = access.getOffset(dims, symbols);
  if (!first || !last)
    return std::nullopt;
  int64_t steps = std::max<int64_t>(extents[dim] - 1, 1);
  return std::make_pair(access.getTensor().read() + *first,
                        (*last - *first) / steps);
}

std::optional<double> dotProduct(const Access &query, const Source &key,
                                 ArrayRef<unsigned> contraction,
                                 ArrayRef<int64_t> extents,
                                 SmallVectorImpl<int64_t> &dims,
                                 ArrayRef<int64_t> symbols, Rounding round) {
  double sum = 0;
  // The usual case, fast: one contraction dim, read with constant strides.
  if (contraction.size() == 1 && !key.scale &&
      key.access.getTensor().isFloat()) {
    auto q = getStrided(query, contraction[0], extents, dims, symbols);
    auto k = getStrided(key.access, contraction[0], extents, dims, symbols);
    if (q && k) {
      for (int64_t d = 0; d != extents[contraction[0]]; ++d)
        sum = round(
            sum + round(q->first[d * q->second].f * k->first[d * k->second].f));
      return sum;
    }
  }
  SmallVector<int64_t> shape;
  for (unsigned dim : contraction)
    shape.push_back(extents[dim]);
  LogicalResult done = forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    for (auto [dim, value] : llvm::zip_equal(contraction, index))
      dims[dim] = value;
    std::optional<Scalar> q = query.load(dims, symbols);
    std::optional<double> k = key.load(dims, symbols, round);
    if (!q || !k)
      return failure();
    sum = round(sum + round(q->f * *k));
    return success();
  });
  if (failed(done))
    return std::nullopt;
  return sum;
}

bool addColumns(double weight, const Source &value,
                ArrayRef<unsigned> valueDims, ArrayRef<int64_t> extents,
                SmallVectorImpl<int64_t> &dims, ArrayRef<int64_t> symbols,
                Rounding round, MutableArrayRef<double> columns) {
  if (valueDims.size() == 1 && !value.scale &&
      value.access.getTensor().isFloat())
    if (auto v =
            getStrided(value.access, valueDims[0], extents, dims, symbols)) {
      for (auto [e, column] : llvm::enumerate(columns))
        column = round(column + round(weight * v->first[e * v->second].f));
      return true;
    }
  SmallVector<int64_t> shape;
  for (unsigned dim : valueDims)
    shape.push_back(extents[dim]);
  double *column = columns.data();
  return succeeded(forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    for (auto [dim, position] : llvm::zip_equal(valueDims, index))
      dims[dim] = position;
    std::optional<double> element = value.load(dims, symbols, round);
    if (!element)
      return failure();
    *column = round(*column + round(weight * *element));
    ++column;
    return success();
  }));
}

//===----------------------------------------------------------------------===//
// ScoreMods
//===----------------------------------------------------------------------===//

FailureOr<ScoreMods> ScoreMods::create(Operation *op, ArrayAttr mods,
                                       ArrayRef<Access> extras, Region &region,
                                       Precision precision, Rounding round,
                                       Lookup lookup) {
  ScoreMods result;
  result.op = op;
  result.mods = mods;
  result.extras.assign(extras.begin(), extras.end());
  result.round = round;
  if (region.empty())
    return result;
  FailureOr<Body> body = Body::compile(region.front(), precision, lookup);
  if (failed(body))
    return failure();
  result.body = std::move(*body);
  return result;
}

FailureOr<double> ScoreMods::apply(double score, ArrayRef<int64_t> position,
                                   ArrayRef<int64_t> symbols) {
  for (Attribute mod : mods) {
    FailureOr<double> next = apply(mod, score, position, symbols);
    if (failed(next))
      return failure();
    score = round(*next);
  }
  return score;
}

FailureOr<Scalar> ScoreMods::loadExtra(int64_t number,
                                       ArrayRef<int64_t> position) {
  std::optional<Scalar> value = extras[number].load(position);
  if (value)
    return *value;
  InFlightDiagnostic diag = op->emitError("interpreter: extra ");
  diag << number << " is read outside of its shape at the position [";
  llvm::interleaveComma(position, diag);
  return diag << "]";
}

FailureOr<int64_t> ScoreMods::evaluateAt(AffineExpr expr,
                                         ArrayRef<int64_t> position,
                                         ArrayRef<int64_t> symbols) {
  std::optional<int64_t> value = evaluate(expr, position, symbols);
  if (!value)
    return op->emitError(
        "interpreter: division by zero or overflow in a map of "
        "a score modification");
  return *value;
}

static double hide(double score, FloatAttr fill, MaskMode mode) {
  double value = fill ? fill.getValueAsDouble() : -kInfinity;
  return mode == MaskMode::Add ? score + value : value;
}

FailureOr<double> ScoreMods::apply(Attribute mod, double score,
                                   ArrayRef<int64_t> position,
                                   ArrayRef<int64_t> symbols) {
  using Result = FailureOr<double>;
  return llvm::TypeSwitch<Attribute, Result>(mod)
      .Case([&](SoftcapAttr softcap) -> Result {
        double cap = softcap.getCap().getValueAsDouble();
        return cap * std::tanh(score / cap);
      })
      .Case([&](BiasAttr bias) -> Result {
        FailureOr<Scalar> value = loadExtra(bias.getExtra(), position);
        return failed(value) ? Result(failure()) : score + value->f;
      })
      .Case([&](MaskAttr mask) -> Result {
        FailureOr<Scalar> value = loadExtra(mask.getExtra(), position);
        if (failed(value))
          return failure();
        return value->i ? score : hide(score, mask.getFill(), mask.getMode());
      })
      .Case([&](VisibleAttr visible) -> Result {
        for (AffineExpr expr : visible.getWhere().getValue().getResults()) {
          FailureOr<int64_t> value = evaluateAt(expr, position, symbols);
          if (failed(value))
            return failure();
          if (*value < 0)
            return hide(score, visible.getFill(), visible.getMode());
        }
        return score;
      })
      .Case([&](AlibiAttr alibi) -> Result {
        FailureOr<Scalar> slope = loadExtra(alibi.getExtra(), position);
        FailureOr<int64_t> distance = evaluateAt(
            alibi.getDistance().getValue().getResult(0), position, symbols);
        if (failed(slope) || failed(distance))
          return failure();
        return score + slope->f * static_cast<double>(*distance);
      })
      .Case([&](CustomAttr custom) -> Result {
        unsigned argument = 0;
        body->getArgument(argument++) = makeFloat(score);
        for (int64_t index : position)
          body->getArgument(argument++) = makeInteger(index);
        for (int64_t extra : custom.getExtras()) {
          FailureOr<Scalar> value = loadExtra(extra, position);
          if (failed(value))
            return failure();
          body->getArgument(argument++) = *value;
        }
        if (failed(body->run({})))
          return failure();
        return body->getYield(0).f;
      })
      .Default([&](Attribute) -> Result {
        return op->emitError("interpreter: unknown score modification ") << mod;
      });
}

} // namespace hydragen::interpreter
