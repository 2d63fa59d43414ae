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

static bool isBound(Attribute mod, unsigned key) {
  return llvm::all_of(cast<VisibleAttr>(mod).getWhere().getValue().getResults(),
                      [&](AffineExpr result) {
                        return getCoefficient(result, key).has_value();
                      });
}

ScoreModEmitter::ScoreModEmitter(PartialOperands &operands)
    : operands(operands), e(operands.e) {
  unsigned key = operands.dims.rows.size();
  ArrayRef<Attribute> mods = operands.op.getScoreMods().getValue();
  llvm::SmallBitVector hiding = getHidingMods(mods);
  for (auto [i, mod] : llvm::enumerate(mods)) {
    if (hiding.test(i) && isBound(mod, key))
      bounds.push_back(cast<VisibleAttr>(mod));
    else
      elementwise.push_back(mod);
  }
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

std::pair<Value, Value> ScoreModEmitter::emitBounds(const Point &point,
                                                    Value numKeys) {
  Value low = e.index(0), high = numKeys;
  unsigned numRows = operands.dims.rows.size();
  // With the local key at 0 a result is f; over local keys it is f + c * key.
  lanes = 1;
  Place place = getPlace(point, e.index(0));
  for (VisibleAttr visible : bounds) {
    AffineMap map = visible.getWhere().getValue();
    for (AffineExpr result : map.getResults()) {
      int64_t c = *getCoefficient(result, numRows);
      Value f = evaluate(result, place, map);
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
// Lanes
//===----------------------------------------------------------------------===//

static bool isVector(Value x) { return x && isa<VectorType>(x.getType()); }

Value ScoreModEmitter::widen(Value x) {
  if (lanes == 1 || isVector(x))
    return x;
  return e.broadcast(x, VectorType::get({lanes}, x.getType()));
}

Value ScoreModEmitter::getLane(Value x, int64_t lane) {
  return isVector(x) ? vector::ExtractOp::create(e.b, e.loc, x, lane) : x;
}

SmallVector<Value> ScoreModEmitter::getLane(ArrayRef<Value> values,
                                            int64_t lane) {
  return llvm::map_to_vector(values, [&](Value x) { return getLane(x, lane); });
}

Value ScoreModEmitter::forEachLane(function_ref<Value(int64_t)> emitLane) {
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < lanes; ++lane)
    elements.push_back(emitLane(lane));
  return vector::FromElementsOp::create(
      e.b, e.loc, VectorType::get({lanes}, elements[0].getType()), elements);
}

//===----------------------------------------------------------------------===//
// Positions
//===----------------------------------------------------------------------===//

ScoreModEmitter::Place ScoreModEmitter::getPlace(const Point &point,
                                                 Value key) {
  Place place;
  place.point = point;
  auto add = [&](Value x, Value offset) {
    return isVector(x) ? e.add(x, widen(offset)) : e.add(x, offset);
  };
  for (auto [i, dim] : llvm::enumerate(operands.dims.rows))
    place.position.push_back(add(point[dim], operands.getOffset(i)));
  place.position.push_back(
      add(key, operands.getOffset(operands.dims.rows.size())));
  return place;
}

Value ScoreModEmitter::loadIndex(unsigned index, const Place &place) {
  AffineMap map = operands.indexMaps[index];
  bool differs = false;
  for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
    differs |= map.isFunctionOfDim(dim) && isVector(place.point[dim]);
  if (!differs)
    return operands.loadIndex(index, place.point);
  return forEachLane([&](int64_t lane) {
    return operands.loadIndex(index, getLane(place.point, lane));
  });
}

/// The expression's value: a vector where a dim or symbol that it uses is one.
Value ScoreModEmitter::expand(AffineExpr expr, ArrayRef<Value> dims,
                              ArrayRef<Value> symbols) {
  bool differs = false;
  expr.walk([&](AffineExpr part) {
    if (auto dim = dyn_cast<AffineDimExpr>(part))
      differs |= isVector(dims[dim.getPosition()]);
    else if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
      differs |= isVector(symbols[symbol.getPosition()]);
  });
  if (!differs)
    return affine::expandAffineExpr(e.b, e.loc, expr, dims, symbols);
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  auto operand = [&](AffineExpr x) { return widen(expand(x, dims, symbols)); };
  if (expr.getKind() == AffineExprKind::Add)
    return e.add(operand(binary.getLHS()), operand(binary.getRHS()));
  if (expr.getKind() == AffineExprKind::Mul)
    return e.mul(operand(binary.getLHS()), operand(binary.getRHS()));
  // Divisions of indices have no vector form on any CPU.
  return forEachLane([&](int64_t lane) {
    return affine::expandAffineExpr(e.b, e.loc, expr, getLane(dims, lane),
                                    getLane(symbols, lane));
  });
}

Value ScoreModEmitter::evaluate(AffineExpr expr, const Place &place,
                                AffineMap map) {
  SmallVector<Value> symbols(map.getNumSymbols());
  for (unsigned i = 0; i < map.getNumSymbols(); ++i)
    symbols[i] = expr.isFunctionOfSymbol(i) ? loadIndex(i, place) : e.index(0);
  return expand(expr, place.position, symbols);
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

/// Element of an extra at the place: as a vector where the place's indices that
/// its map uses differ.
Value ScoreModEmitter::loadExtra(unsigned extra, const Place &place) {
  AffineMap map = operands.extraMaps[extra];
  Value memref = operands.op.getExtras()[extra];
  auto type = cast<MemRefType>(memref.getType());
  unsigned key = operands.dims.rows.size();
  auto indicesAt = [&](ArrayRef<Value> position) {
    SmallVector<Value> indices;
    for (AffineExpr result : map.getResults())
      indices.push_back(
          affine::expandAffineExpr(e.b, e.loc, result, position, {}));
    return indices;
  };
  bool differs = false;
  for (unsigned dim = 0; dim <= key; ++dim)
    differs |= map.isFunctionOfDim(dim) && isVector(place.position[dim]);
  if (!differs)
    return e.load(memref, indicesAt(place.position));

  // Consecutive keys that lie side by side. Bits do not: each takes a byte.
  SmallVector<int64_t> strides;
  int64_t offset;
  bool sideBySide = place.firstKey && !type.getElementType().isInteger(1) &&
                    succeeded(type.getStridesAndOffset(strides, offset)) &&
                    strides.back() == 1;
  for (auto [i, result] : llvm::enumerate(map.getResults()))
    if (i + 1 == map.getNumResults() ? getCoefficient(result, key) != 1
                                     : result.isFunctionOfDim(key))
      sideBySide = false;
  if (sideBySide) {
    SmallVector<Value> position(place.position);
    position.back() = place.firstKey;
    return e.loadVector(VectorType::get({lanes}, type.getElementType()), memref,
                        indicesAt(position));
  }
  return forEachLane([&](int64_t lane) {
    return e.load(memref, indicesAt(getLane(place.position, lane)));
  });
}

Value ScoreModEmitter::emitMask(Value score, Value visible, FloatAttr fill,
                                MaskMode mode) {
  Value hidden = e.constant(getMaskFill(fill), score.getType());
  if (mode == MaskMode::Add)
    hidden = e.fadd(score, hidden);
  return e.select(visible, score, hidden);
}

bool ScoreModEmitter::isVectorizable() {
  Region &region = operands.op.getScoreRegion();
  return region.empty() ||
         llvm::all_of(region.front().without_terminator(), [](Operation &op) {
           return op.hasTrait<OpTrait::ConstantLike>() ||
                  OpTrait::hasElementwiseMappableTraits(&op);
         });
}

Value ScoreModEmitter::emitCustom(CustomAttr mod, Value score,
                                  const Place &place) {
  Block &block = operands.op.getScoreRegion().front();
  SmallVector<Value> arguments{score};
  llvm::append_range(arguments, place.position);
  for (int64_t extra : mod.getExtras())
    arguments.push_back(loadExtra(extra, place));
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &op : block.without_terminator()) {
    // A scalar operation stays one where all its operands are.
    bool differs = llvm::any_of(op.getOperands(), [&](Value operand) {
      return isVector(mapping.lookupOrDefault(operand));
    });
    if (differs)
      for (Value operand : op.getOperands())
        mapping.map(operand, widen(mapping.lookupOrDefault(operand)));
    Operation *copy = e.b.clone(op, mapping);
    if (differs)
      for (Value result : copy->getResults())
        result.setType(VectorType::get({lanes}, result.getType()));
  }
  return widen(
      mapping.lookupOrDefault(cast<YieldOp>(block.getTerminator()).getScore()));
}

Value ScoreModEmitter::emit(Value score, const Point &point, Value key,
                            bool keysInLanes) {
  auto type = dyn_cast<VectorType>(score.getType());
  lanes = type ? type.getNumElements() : 1;
  Place place = getPlace(point, key);
  if (keysInLanes) {
    place.firstKey = place.position.back();
    Value step = vector::StepOp::create(
        e.b, e.loc, VectorType::get({lanes}, e.b.getIndexType()));
    place.position.back() = e.add(widen(place.firstKey), step);
  }
  for (Attribute mod : elementwise) {
    if (auto softcap = dyn_cast<SoftcapAttr>(mod)) {
      Value cap =
          e.constant(softcap.getCap().getValueAsDouble(), score.getType());
      Value ratio = e.fdiv(score, cap);
      score = e.fmul(cap, math::TanhOp::create(e.b, e.loc, ratio));
    } else if (auto bias = dyn_cast<BiasAttr>(mod)) {
      Value loaded = e.cast(loadExtra(bias.getExtra(), place), e.type);
      score = e.fadd(score, widen(loaded));
    } else if (auto mask = dyn_cast<MaskAttr>(mod)) {
      score = emitMask(score, loadExtra(mask.getExtra(), place), mask.getFill(),
                       mask.getMode());
    } else if (auto visible = dyn_cast<VisibleAttr>(mod)) {
      AffineMap map = visible.getWhere().getValue();
      Value all = widen(arith::ConstantIntOp::create(e.b, e.loc, 1, 1));
      for (AffineExpr result : map.getResults()) {
        Value value = widen(evaluate(result, place, map));
        Value ok = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge,
                                         value, widen(e.index(0)));
        all = arith::AndIOp::create(e.b, e.loc, all, ok);
      }
      score = emitMask(score, all, visible.getFill(), visible.getMode());
    } else if (auto alibi = dyn_cast<AlibiAttr>(mod)) {
      AffineMap map = alibi.getDistance().getValue();
      Value distance = evaluate(map.getResult(0), place, map);
      Type i64 = e.b.getI64Type();
      Type floats = e.type;
      if (isVector(distance)) {
        i64 = VectorType::get({lanes}, i64);
        floats = VectorType::get({lanes}, floats);
      }
      distance = arith::IndexCastOp::create(e.b, e.loc, i64, distance);
      distance = arith::SIToFPOp::create(e.b, e.loc, floats, distance);
      Value slope = e.cast(loadExtra(alibi.getExtra(), place), e.type);
      score = e.fadd(score, e.fmul(widen(slope), widen(distance)));
    } else {
      score = emitCustom(cast<CustomAttr>(mod), score, place);
    }
  }
  return score;
}
