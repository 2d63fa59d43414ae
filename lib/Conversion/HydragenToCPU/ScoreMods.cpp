//===- ScoreMods.cpp - score modifications as code --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScoreMods.h"

#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::hydragen;
using namespace mlir::hydragen::cpu;

//===----------------------------------------------------------------------===//
// Which modifications are bounds
//===----------------------------------------------------------------------===//

static bool hides(FloatAttr fill, MaskMode mode) {
  double value = getMaskFill(fill);
  return std::isinf(value) && value < 0 && mode == MaskMode::Replace;
}

static bool isBound(Attribute mod, unsigned key) {
  auto visible = dyn_cast<VisibleAttr>(mod);
  if (!visible || !hides(visible.getFill(), visible.getMode()))
    return false;
  return llvm::all_of(visible.getWhere().getValue().getResults(),
                      [&](AffineExpr result) {
                        return getCoefficient(result, key).has_value();
                      });
}

/// Whether a key hidden before `mod` is hidden after it as well.
static bool keepsHidden(Attribute mod) {
  if (auto visible = dyn_cast<VisibleAttr>(mod))
    return hides(visible.getFill(), visible.getMode());
  if (auto mask = dyn_cast<MaskAttr>(mod))
    return hides(mask.getFill(), mask.getMode());
  return false;
}

ScoreModEmitter::ScoreModEmitter(PartialOperands &operands)
    : operands(operands), e(operands.e) {
  unsigned key = operands.dims.rows.size();
  ArrayRef<Attribute> mods = operands.op.getScoreMods().getValue();
  for (auto [i, mod] : llvm::enumerate(mods)) {
    if (isBound(mod, key) && llvm::all_of(mods.drop_front(i + 1), keepsHidden))
      bounds.push_back(cast<VisibleAttr>(mod));
    else
      elementwise.push_back(mod);
  }
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

SmallVector<Value> ScoreModEmitter::getPosition(const Point &point, Value key) {
  SmallVector<Value> position;
  for (auto [i, dim] : llvm::enumerate(operands.dims.rows))
    position.push_back(e.add(point[dim], operands.getOffset(i)));
  position.push_back(e.add(key, operands.getOffset(operands.dims.rows.size())));
  return position;
}

Value ScoreModEmitter::evaluate(AffineExpr expr, ArrayRef<Value> position,
                                const Point &point, AffineMap map) {
  SmallVector<Value> symbols(map.getNumSymbols());
  for (unsigned i = 0; i < map.getNumSymbols(); ++i)
    symbols[i] =
        expr.isFunctionOfSymbol(i) ? operands.loadIndex(i, point) : e.index(0);
  return affine::expandAffineExpr(e.b, e.loc, expr, position, symbols);
}

std::pair<Value, Value> ScoreModEmitter::emitBounds(const Point &point,
                                                    Value numKeys) {
  Value low = e.index(0), high = numKeys;
  unsigned numRows = operands.dims.rows.size();
  // With the local key at 0 a result is f; over local keys it is f + c * key.
  SmallVector<Value> position = getPosition(point, e.index(0));
  for (VisibleAttr visible : bounds) {
    AffineMap map = visible.getWhere().getValue();
    for (AffineExpr result : map.getResults()) {
      int64_t c = *getCoefficient(result, numRows);
      Value f = evaluate(result, position, point, map);
      if (c == 0) {
        Value negative = arith::CmpIOp::create(
            e.b, e.loc, arith::CmpIPredicate::slt, f, e.index(0));
        high = e.select(negative, e.index(0), high);
      } else if (c > 0) {
        Value first = arith::CeilDivSIOp::create(
            e.b, e.loc, e.sub(e.index(0), f), e.index(c));
        low = e.max(low, first);
      } else {
        Value last = arith::FloorDivSIOp::create(e.b, e.loc, f, e.index(-c));
        high = e.min(high, e.add(last, 1));
      }
    }
  }
  low = e.min(low, numKeys);
  high = e.max(high, e.index(0));
  return {low, high};
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

Value ScoreModEmitter::loadExtra(unsigned extra, ArrayRef<Value> position) {
  SmallVector<Value> indices;
  for (AffineExpr result : operands.extraMaps[extra].getResults())
    indices.push_back(
        affine::expandAffineExpr(e.b, e.loc, result, position, {}));
  return e.load(operands.op.getExtras()[extra], indices);
}

Value ScoreModEmitter::emitMask(Value score, Value visible, FloatAttr fill,
                                MaskMode mode) {
  double value = getMaskFill(fill);
  Value hidden = e.constant(value);
  if (mode == MaskMode::Add)
    hidden = e.fadd(score, hidden);
  return e.select(visible, score, hidden);
}

Value ScoreModEmitter::emitCustom(CustomAttr mod, Value score,
                                  ArrayRef<Value> position) {
  Block &block = operands.op.getScoreRegion().front();
  SmallVector<Value> arguments{score};
  llvm::append_range(arguments, position);
  for (int64_t extra : mod.getExtras())
    arguments.push_back(loadExtra(extra, position));
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &op : block.without_terminator())
    e.b.clone(op, mapping);
  return mapping.lookupOrDefault(
      cast<YieldOp>(block.getTerminator()).getScore());
}

Value ScoreModEmitter::emit(Value score, const Point &point, Value key) {
  SmallVector<Value> position = getPosition(point, key);
  for (Attribute mod : elementwise) {
    if (auto softcap = dyn_cast<SoftcapAttr>(mod)) {
      Value cap = e.constant(softcap.getCap().getValueAsDouble());
      Value ratio = e.fdiv(score, cap);
      score = e.fmul(cap, math::TanhOp::create(e.b, e.loc, ratio));
    } else if (auto bias = dyn_cast<BiasAttr>(mod)) {
      score =
          e.fadd(score, e.cast(loadExtra(bias.getExtra(), position), e.type));
    } else if (auto mask = dyn_cast<MaskAttr>(mod)) {
      score = emitMask(score, loadExtra(mask.getExtra(), position),
                       mask.getFill(), mask.getMode());
    } else if (auto visible = dyn_cast<VisibleAttr>(mod)) {
      AffineMap map = visible.getWhere().getValue();
      Value all = arith::ConstantIntOp::create(e.b, e.loc, 1, 1);
      for (AffineExpr result : map.getResults()) {
        Value value = evaluate(result, position, point, map);
        Value ok = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge,
                                         value, e.index(0));
        all = arith::AndIOp::create(e.b, e.loc, all, ok);
      }
      score = emitMask(score, all, visible.getFill(), visible.getMode());
    } else if (auto alibi = dyn_cast<AlibiAttr>(mod)) {
      AffineMap map = alibi.getDistance().getValue();
      Value distance = evaluate(map.getResult(0), position, point, map);
      distance =
          arith::IndexCastOp::create(e.b, e.loc, e.b.getI64Type(), distance);
      distance = arith::SIToFPOp::create(e.b, e.loc, e.type, distance);
      Value slope = e.cast(loadExtra(alibi.getExtra(), position), e.type);
      score = e.fadd(score, e.fmul(slope, distance));
    } else {
      score = emitCustom(cast<CustomAttr>(mod), score, position);
    }
  }
  return score;
}
