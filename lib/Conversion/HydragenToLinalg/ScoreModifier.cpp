//===- ScoreModifier.cpp - score modifications as scalar ops ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FormulaLine.h"
#include "LowerOps.h"

#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::hydragen;

void ScoreModifier::addOperands(FormulaLine &line) {
  llvm::SmallBitVector used =
      getSymbolsOfScoreMods(op.getScoreMods(), op.getIndices().size());
  for (unsigned index : used.set_bits())
    line.readIndex(index);
}

/// `map` at `arguments` as a value.
static Value applyMap(Scalars &scalars, AffineMap map,
                      ArrayRef<OpFoldResult> arguments) {
  return getValueOrCreateConstantIndexOp(
      scalars.getBuilder(), scalars.getLoc(),
      affine::makeComposedFoldedAffineApply(scalars.getBuilder(),
                                            scalars.getLoc(), map, arguments));
}

SmallVector<Value> ScoreModifier::getPosition(FormulaLine &line,
                                              Scalars &scalars) {
  OpBuilder &builder = scalars.getBuilder();
  AffineExpr a, b, c;
  bindDims(builder.getContext(), a, b);
  bindSymbols(builder.getContext(), c);
  SmallVector<Value> position;
  AffineMap sum = AffineMap::get(2, 0, a + b);
  for (auto [row, dim] : llvm::enumerate(dims.rows))
    position.push_back(
        applyMap(scalars, sum, {line.index(scalars, dim), offsets[row]}));
  // The local key is the row-major number of the key dims' indices.
  OpFoldResult key = builder.getIndexAttr(0);
  AffineMap next = AffineMap::get(2, 1, a * c + b);
  for (auto [size, dim] : llvm::zip_equal(keySizes, dims.keys))
    key = affine::makeComposedFoldedAffineApply(
        builder, scalars.getLoc(), next, {key, line.index(scalars, dim), size});
  position.push_back(applyMap(scalars, sum, {key, offsets.back()}));
  return position;
}

Value ScoreModifier::getExtra(Scalars &scalars, int64_t extra) {
  AffineMap map = op.getExtraMapsVector()[extra];
  SmallVector<Value> indices;
  SmallVector<OpFoldResult> arguments(position.begin(), position.end());
  for (unsigned i = 0; i != map.getNumResults(); ++i)
    indices.push_back(applyMap(scalars, map.getSubMap({i}), arguments));
  return FormulaLine::extract(scalars, op.getExtras()[extra], indices);
}

/// Result `result` of `map` over the position and the index operands.
Value ScoreModifier::evaluate(FormulaLine &line, Scalars &scalars,
                              AffineMap map, unsigned result) {
  AffineMap one = map.getSubMap({result});
  SmallVector<OpFoldResult> arguments(position.begin(), position.end());
  llvm::SmallBitVector used = getUsedSymbols(one);
  for (unsigned symbol = 0; symbol != one.getNumSymbols(); ++symbol)
    arguments.push_back(
        used.test(symbol) ? OpFoldResult(line.indexElement(scalars, symbol))
                          : OpFoldResult(scalars.getBuilder().getIndexAttr(0)));
  return applyMap(scalars, one, arguments);
}

/// `fill` in `type`. A finite fill stays finite.
static Value getFill(Scalars &scalars, Type type, FloatAttr fill) {
  double value = getMaskFill(fill);
  if (std::isfinite(value)) {
    double largest =
        APFloat::getLargest(llvm::cast<FloatType>(type).getFloatSemantics())
            .convertToDouble();
    value = std::clamp(value, -largest, largest);
  }
  return scalars.constant(type, value);
}

Value ScoreModifier::hide(Scalars &scalars, Value visible, Value score,
                          FloatAttr fill, MaskMode mode) {
  Value hidden = getFill(scalars, score.getType(), fill);
  if (mode == MaskMode::Add)
    hidden = scalars.add(score, hidden);
  return scalars.select(visible, score, hidden);
}

Value ScoreModifier::applyCustom(Scalars &scalars, CustomAttr custom,
                                 Value score) {
  Block &block = op.getScoreRegion().front();
  SmallVector<Value> arguments{score};
  llvm::append_range(arguments, position);
  for (int64_t extra : custom.getExtras())
    arguments.push_back(getExtra(scalars, extra));
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &nested : block.without_terminator())
    scalars.getBuilder().clone(nested, mapping);
  return mapping.lookupOrDefault(
      cast<YieldOp>(block.getTerminator()).getScore());
}

Value ScoreModifier::apply(FormulaLine &line, Scalars &scalars, Value score) {
  if (op.getScoreMods().empty())
    return score;
  position = getPosition(line, scalars);
  Type type = score.getType();
  OpBuilder &builder = scalars.getBuilder();
  Location loc = scalars.getLoc();
  auto extra = [&](int64_t number) {
    return scalars.cast(getExtra(scalars, number), type);
  };
  for (Attribute mod : op.getScoreMods())
    score =
        llvm::TypeSwitch<Attribute, Value>(mod)
            .Case([&](SoftcapAttr softcap) -> Value {
              Value cap =
                  scalars.constant(type, softcap.getCap().getValueAsDouble());
              return scalars.mul(
                  cap,
                  math::TanhOp::create(builder, loc, scalars.div(score, cap)));
            })
            .Case([&](BiasAttr bias) {
              return scalars.add(score, extra(bias.getExtra()));
            })
            .Case([&](MaskAttr mask) {
              return hide(scalars, getExtra(scalars, mask.getExtra()), score,
                          mask.getFill(), mask.getMode());
            })
            .Case([&](VisibleAttr visible) {
              AffineMap map = visible.getWhere().getValue();
              Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
              Value all = arith::ConstantOp::create(builder, loc,
                                                    builder.getBoolAttr(true));
              for (unsigned i = 0; i != map.getNumResults(); ++i) {
                Value one = arith::CmpIOp::create(
                    builder, loc, arith::CmpIPredicate::sge,
                    evaluate(line, scalars, map, i), zero);
                all = i == 0 ? one
                             : arith::AndIOp::create(builder, loc, all, one)
                                   .getResult();
              }
              return hide(scalars, all, score, visible.getFill(),
                          visible.getMode());
            })
            .Case([&](AlibiAttr alibi) {
              Value distance = arith::IndexCastOp::create(
                  builder, loc, builder.getI64Type(),
                  evaluate(line, scalars, alibi.getDistance().getValue(), 0));
              return scalars.add(
                  score, scalars.mul(extra(alibi.getExtra()),
                                     arith::SIToFPOp::create(builder, loc, type,
                                                             distance)));
            })
            .Case([&](CustomAttr custom) {
              return applyCustom(scalars, custom, score);
            });
  return score;
}
