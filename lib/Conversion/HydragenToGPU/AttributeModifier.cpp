//===- AttributeModifier.cpp - score_mods in kernels ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttributeModifier.h"
#include "Integers.h"

#include "hydragen/IR/ScoreMods.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::hydragen;
using kernels::KernelParameter;

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static bool isKernelMath(Operation *op) {
  if (isa<math::AbsFOp, math::FmaOp, math::CopySignOp, math::TanhOp,
          math::ExpOp, math::Exp2Op, math::SqrtOp, affine::AffineApplyOp,
          YieldOp>(op))
    return true;
  return isa_and_nonnull<arith::ArithDialect>(op->getDialect());
}

std::string hydragen::checkScoreRegion(Region &region) {
  if (region.empty())
    return "";
  for (Operation &op : region.front()) {
    if (!isKernelMath(&op))
      return "its scores use " + op.getName().getStringRef().str();
    for (Value operand : op.getOperands()) {
      Operation *definition = operand.getDefiningOp();
      if (definition && definition->getBlock() != &region.front() &&
          !definition->hasTrait<OpTrait::ConstantLike>())
        return "its scores use a value that is computed outside";
    }
  }
  return "";
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

unsigned AttributeModifier::addOperand(SmallVectorImpl<Operand> &list,
                                       StringRef name, Value value,
                                       SmallVector<LinearExpr> access,
                                       bool keys) {
  list.push_back({name.str(), value, std::move(access), numParameters});
  numParameters += 1 + numDigits + keys;
  return list.size() - 1;
}

AttributeModifier::AttributeModifier(AttendOp op, unsigned number,
                                     const RowSpace &rows)
    : numDigits(rows.digits.size()),
      region(op.getScoreRegions().empty() ? nullptr
                                          : &op.getScoreRegions().front()),
      partNumber(number), firstExtra(3) {
  unsigned most = 0;
  for (unsigned i = 0; i != op.getNumParts(); ++i) {
    most = std::max(most, op.getPart(i).getNumDigits());
    for (Attribute mod : op.getPart(i).getMods())
      if (auto custom = dyn_cast<CustomAttr>(mod); custom && i < number)
        extrasBefore += custom.getExtras().size();
  }
  firstExtra += most;
  PartAttr part = op.getPart(number);
  MLIRContext *context = op.getContext();
  for (unsigned d = 0; d != part.getNumDigits(); ++d)
    partDigits.push_back(rows.getPartDigit(op, number, d));
  SmallVector<AffineExpr> position(partDigits);
  position.push_back(getAffineDimExpr(numDigits, context));
  auto rewrite = [&](AffineMap map) {
    return map.replaceDimsAndSymbols(position, {}, numDigits + 1,
                                     map.getNumSymbols());
  };

  ArrayRef<Attribute> mods = part.getMods().getValue();
  llvm::SmallBitVector hiding = getHidingMods(mods);
  llvm::SmallBitVector usedExtras(part.getExtras().size());
  for (size_t i = 0; i != mods.size(); ++i) {
    Attribute mod = mods[i];
    if (auto visible = dyn_cast<VisibleAttr>(mod)) {
      AffineMap where = rewrite(visible.getWhere().getValue());
      visible = VisibleAttr::get(context, AffineMapAttr::get(where),
                                 visible.getFill(), visible.getMode());
      bool bound = hiding.test(i) &&
                   llvm::all_of(where.getResults(), [&](AffineExpr result) {
                     return getCoefficient(result, numDigits).has_value();
                   });
      if (bound)
        bounds.push_back(visible);
      else
        elementwise.push_back(visible);
      continue;
    }
    if (auto alibi = dyn_cast<AlibiAttr>(mod)) {
      usedExtras.set(alibi.getExtra());
      mod = AlibiAttr::get(
          context, alibi.getExtra(),
          AffineMapAttr::get(rewrite(alibi.getDistance().getValue())));
    } else if (auto bias = dyn_cast<BiasAttr>(mod)) {
      usedExtras.set(bias.getExtra());
    } else if (auto mask = dyn_cast<MaskAttr>(mod)) {
      usedExtras.set(mask.getExtra());
    } else if (auto custom = dyn_cast<CustomAttr>(mod)) {
      for (int64_t extra : custom.getExtras())
        usedExtras.set(extra);
    }
    elementwise.push_back(mod);
  }

  auto getAccess = [&](AffineMap map) {
    SmallVector<LinearExpr> access;
    for (AffineExpr result : map.getResults())
      access.push_back(
          *getLinear(result, numDigits + 1, 0, rows.getExtents(1)));
    return access;
  };
  llvm::SmallBitVector symbols =
      getSymbolsOfScoreMods(part.getMods(), part.getIndices().size());
  OperandRange indexOperands = op.getPartIndices(number),
               extraOperands = op.getPartExtras(number);
  for (unsigned i = 0; i != symbols.size(); ++i) {
    if (!symbols.test(i)) {
      indices.emplace_back();
      continue;
    }
    // Index maps of these symbols have rows only.
    AffineMap map = part.getIndexMap(i);
    SmallVector<AffineExpr> exprs(map.getNumDims(),
                                  getAffineConstantExpr(0, context));
    llvm::copy(partDigits, exprs.begin());
    addOperand(
        indices, ("s" + Twine(i)).str(), indexOperands[i],
        getAccess(map.replaceDimsAndSymbols(exprs, {}, numDigits + 1, 0)),
        /*keys=*/false);
  }
  for (unsigned i = 0; i != usedExtras.size(); ++i) {
    if (!usedExtras.test(i)) {
      extras.emplace_back();
      continue;
    }
    addOperand(extras, ("e" + Twine(i)).str(), extraOperands[i],
               getAccess(rewrite(part.getExtraMap(i))), /*keys=*/true);
  }
}

SmallVector<KernelParameter> AttributeModifier::getParameters() const {
  SmallVector<KernelParameter> result;
  auto add = [&](const Operand &operand, bool keys) {
    if (operand.name.empty())
      return;
    result.push_back({operand.name, KernelParameter::Pointer});
    for (unsigned d = 0; d != numDigits; ++d)
      result.push_back({operand.name + "_stride_" + std::to_string(d),
                        KernelParameter::I64});
    if (keys)
      result.push_back({operand.name + "_key_stride", KernelParameter::I64});
  };
  for (const Operand &operand : indices)
    add(operand, false);
  for (const Operand &operand : extras)
    add(operand, true);
  return result;
}

SmallVector<ModifierParameter> AttributeModifier::getSources() const {
  SmallVector<ModifierParameter> result;
  auto add = [&](const Operand &operand, bool keys) {
    if (operand.name.empty())
      return;
    result.push_back(
        {ModifierParameter::Address, operand.value, operand.access});
    for (unsigned d = 0; d != numDigits; ++d)
      result.push_back(
          {ModifierParameter::DigitStride, operand.value, operand.access, d});
    if (keys)
      result.push_back(
          {ModifierParameter::KeyStride, operand.value, operand.access});
  };
  for (const Operand &operand : indices)
    add(operand, false);
  for (const Operand &operand : extras)
    add(operand, true);
  return result;
}

bool AttributeModifier::isEqual(const AttributeModifier &other) const {
  auto sameOperands = [](ArrayRef<Operand> a, ArrayRef<Operand> b) {
    return llvm::equal(a, b, [](const Operand &x, const Operand &y) {
      return x.name == y.name && x.value == y.value &&
             llvm::equal(x.access, y.access,
                         [](const LinearExpr &p, const LinearExpr &q) {
                           return p.dims == q.dims && p.constant == q.constant;
                         });
    });
  };
  // A region's text would have to be compared; two custom ones are different.
  bool custom = llvm::any_of(
      elementwise, [](Attribute mod) { return isa<CustomAttr>(mod); });
  return !custom && numDigits == other.numDigits && bounds == other.bounds &&
         elementwise == other.elementwise &&
         sameOperands(indices, other.indices) &&
         sameOperands(extras, other.extras);
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

static Value offsetPointer(ImplicitLocOpBuilder &b, Value pointer,
                           Value bytes) {
  return LLVM::GEPOp::create(b, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

static Value rowAddress(ImplicitLocOpBuilder &b, Value base, ValueRange strides,
                        ValueRange digits) {
  Integers i(b);
  for (auto [stride, digit] : llvm::zip_equal(strides, digits))
    base = offsetPointer(b, base, i.mul(i.wide(digit), stride));
  return base;
}

Value AttributeModifier::loadIndex(ImplicitLocOpBuilder &builder,
                                   const Operand &operand,
                                   ValueRange parameters, ValueRange digits) {
  Value address =
      rowAddress(builder, parameters[operand.parameter],
                 parameters.slice(operand.parameter + 1, numDigits), digits);
  Type type = cast<ShapedType>(operand.value.getType()).getElementType();
  Value value = LLVM::LoadOp::create(builder, type, address);
  return Integers(builder).wide(value);
}

SmallVector<Value> AttributeModifier::loadSymbols(ImplicitLocOpBuilder &builder,
                                                  AffineMap map,
                                                  ValueRange parameters,
                                                  ValueRange digits) {
  SmallVector<Value> symbols(map.getNumSymbols());
  llvm::SmallBitVector symbolsOfMap = getUsedSymbols(map);
  for (unsigned i : symbolsOfMap.set_bits())
    symbols[i] = loadIndex(builder, indices[i], parameters, digits);
  return symbols;
}

std::pair<Value, Value>
AttributeModifier::emitBounds(ImplicitLocOpBuilder &builder,
                              ValueRange parameters, ValueRange digits,
                              Value low, Value high) {
  Integers i(builder);
  SmallVector<Value> position;
  for (Value digit : digits)
    position.push_back(i.wide(digit));
  position.push_back(i.constant(0));
  for (VisibleAttr visible : bounds) {
    AffineMap map = visible.getWhere().getValue();
    SmallVector<Value> symbols = loadSymbols(builder, map, parameters, digits);
    for (AffineExpr result : map.getResults()) {
      // With key 0 a result is f; over keys it is f + c * key.
      int64_t c = *getCoefficient(result, numDigits);
      Value f = i.evaluate(result, position, symbols);
      if (c == 0) {
        high = arith::SelectOp::create(builder, i.isNegative(f), low, high);
      } else if (c > 0) {
        Value first = i.sub(i.constant(0), f);
        if (c > 1)
          first = i.ceilDiv(first, i.constant(c));
        low = arith::MaxSIOp::create(builder, low, i.toPosition(first));
      } else {
        Value last = c < -1 ? i.floorDiv(f, i.constant(-c)) : f;
        high = arith::MinSIOp::create(builder, high,
                                      i.toPosition(i.add(last, i.constant(1))));
      }
    }
  }
  return {low, high};
}

/// Row values, in the order of use by emitScore: per extra its row's address;
/// for visible and alibi the row's part of a linear expression, or the digits
/// and symbols; for custom code the part's digits.
SmallVector<Value> AttributeModifier::emitRow(ImplicitLocOpBuilder &builder,
                                              ValueRange parameters,
                                              ValueRange digits) {
  Integers i(builder);
  SmallVector<Value> row, position;
  for (Value digit : digits)
    position.push_back(i.wide(digit));
  position.push_back(i.constant(0));
  auto addExtra = [&](unsigned extra) {
    const Operand &operand = extras[extra];
    row.push_back(rowAddress(builder, parameters[operand.parameter],
                             parameters.slice(operand.parameter + 1, numDigits),
                             digits));
  };
  auto addMap = [&](AffineMap map) {
    SmallVector<Value> symbols = loadSymbols(builder, map, parameters, digits);
    for (AffineExpr result : map.getResults()) {
      if (getCoefficient(result, numDigits)) {
        row.push_back(i.evaluate(result, position, symbols));
        continue;
      }
      for (unsigned d = 0; d != numDigits; ++d)
        row.push_back(digits[d]);
      llvm::SmallBitVector symbolsOfMap = getUsedSymbols(map);
      for (unsigned s : symbolsOfMap.set_bits())
        row.push_back(symbols[s]);
    }
  };
  for (Attribute mod : elementwise) {
    if (auto bias = dyn_cast<BiasAttr>(mod)) {
      addExtra(bias.getExtra());
    } else if (auto mask = dyn_cast<MaskAttr>(mod)) {
      addExtra(mask.getExtra());
    } else if (auto visible = dyn_cast<VisibleAttr>(mod)) {
      addMap(visible.getWhere().getValue());
    } else if (auto alibi = dyn_cast<AlibiAttr>(mod)) {
      addExtra(alibi.getExtra());
      addMap(alibi.getDistance().getValue());
    } else if (auto custom = dyn_cast<CustomAttr>(mod)) {
      for (int64_t extra : custom.getExtras())
        addExtra(extra);
      for (AffineExpr digit : partDigits)
        row.push_back(arith::TruncIOp::create(builder, builder.getI32Type(),
                                              i.evaluate(digit, position, {})));
    }
  }
  return row;
}

static Value constantFloat(ImplicitLocOpBuilder &b, double value) {
  APFloat single(value);
  bool lossy;
  single.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &lossy);
  return arith::ConstantOp::create(b, b.getFloatAttr(b.getF32Type(), single));
}

/// The element of an extra as it is in registers: f32, i1, or f16 and bf16.
Value AttributeModifier::loadExtra(ImplicitLocOpBuilder &b, unsigned extra,
                                   ValueRange parameters, ValueRange row,
                                   unsigned &next, Value position) {
  const Operand &operand = extras[extra];
  Integers i(b);
  Value stride = parameters[operand.parameter + 1 + numDigits];
  Value address =
      offsetPointer(b, row[next++], i.mul(i.wide(position), stride));
  Type type = cast<ShapedType>(operand.value.getType()).getElementType();
  if (type.isInteger(1)) {
    Value byte = LLVM::LoadOp::create(b, b.getI8Type(), address);
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, byte,
                                 arith::ConstantIntOp::create(b, 0, 8));
  }
  return LLVM::LoadOp::create(b, type, address);
}

/// bf16 is the upper half of an f32.
static Value toSingle(ImplicitLocOpBuilder &b, Value x) {
  if (x.getType().isF32())
    return x;
  if (!x.getType().isBF16())
    return arith::ExtFOp::create(b, b.getF32Type(), x);
  Value bits = arith::BitcastOp::create(b, b.getI16Type(), x);
  bits = arith::ExtUIOp::create(b, b.getI32Type(), bits);
  bits =
      arith::ShLIOp::create(b, bits, arith::ConstantIntOp::create(b, 16, 32));
  return arith::BitcastOp::create(b, b.getF32Type(), bits);
}

Value AttributeModifier::emitMask(ImplicitLocOpBuilder &b, Value score,
                                  Value visible, FloatAttr fill,
                                  MaskMode mode) {
  Value hidden = constantFloat(b, getMaskFill(fill));
  if (mode == MaskMode::Add)
    hidden = arith::AddFOp::create(b, score, hidden);
  return arith::SelectOp::create(b, visible, score, hidden);
}

static Value callExp2(ImplicitLocOpBuilder &b, Value x) {
  return LLVM::CallIntrinsicOp::create(
             b, b.getF32Type(), b.getStringAttr("llvm.nvvm.ex2.approx.ftz.f"),
             ValueRange{x})
      .getResult(0);
}

Value AttributeModifier::emitCustom(ImplicitLocOpBuilder &b, Value score,
                                    ValueRange row, unsigned &next,
                                    Value position, CustomAttr mod,
                                    ValueRange parameters) {
  SmallVector<Value> elements;
  for (int64_t extra : mod.getExtras())
    elements.push_back(loadExtra(b, extra, parameters, row, next, position));
  auto toIndex = [&](Value x) {
    return arith::IndexCastOp::create(b, b.getIndexType(), x);
  };
  // (part, score, digits..., key, each part's extras): mergeScoreRegions. Other
  // parts' code is left out: with this part's numbers it may divide by zero.
  Block &block = region->front();
  IRMapping mapping;
  auto define = [&](unsigned argument, Value value) {
    mapping.map(block.getArgument(argument), value);
  };
  define(0, arith::ConstantIndexOp::create(b, partNumber));
  define(1, score);
  for (size_t d = 0; d != partDigits.size(); ++d)
    define(2 + d, toIndex(row[next++]));
  define(firstExtra - 1, toIndex(position));
  for (auto [i, element] : llvm::enumerate(elements))
    define(firstExtra + extrasBefore + i, element);
  Value yielded = cast<YieldOp>(block.getTerminator()).getScore();
  while (auto select = yielded.getDefiningOp<arith::SelectOp>()) {
    auto isOwn = select.getCondition().getDefiningOp<arith::CmpIOp>();
    if (!isOwn || isOwn.getLhs() != block.getArgument(0))
      break;
    yielded = getConstantIntValue(isOwn.getRhs()) == partNumber
                  ? select.getTrueValue()
                  : select.getFalseValue();
  }
  SetVector<Operation *> needed;
  BackwardSliceOptions options;
  options.inclusive = options.omitBlockArguments = true;
  options.filter = [&](Operation *op) { return op->getBlock() == &block; };
  (void)getBackwardSlice(yielded, &needed, options);
  for (Operation &op : block.without_terminator()) {
    if (!needed.contains(&op))
      continue;
    for (Value operand : op.getOperands())
      if (!mapping.contains(operand))
        mapping.map(operand, b.clone(*operand.getDefiningOp())->getResult(0));
    auto operand = [&](unsigned i) { return mapping.lookup(op.getOperand(i)); };
    bool single = op.getNumResults() == 1 && op.getResult(0).getType().isF32();
    Value result;
    if (auto apply = dyn_cast<affine::AffineApplyOp>(op)) {
      SmallVector<Value> operands;
      for (Value value : apply.getMapOperands())
        operands.push_back(mapping.lookup(value));
      result =
          affine::expandAffineMap(b, b.getLoc(), apply.getAffineMap(), operands)
              ->front();
    } else if (isa<math::TanhOp>(op) && single) {
      result = kernels::emitTanh(b, operand(0));
    } else if (isa<math::Exp2Op>(op) && single) {
      result = callExp2(b, operand(0));
    } else if (isa<math::ExpOp>(op) && single) {
      result = callExp2(
          b, arith::MulFOp::create(b, operand(0), constantFloat(b, M_LOG2E)));
    }
    if (result)
      mapping.map(op.getResult(0), result);
    else
      b.clone(op, mapping);
  }
  if (!mapping.contains(yielded))
    mapping.map(yielded, b.clone(*yielded.getDefiningOp())->getResult(0));
  return mapping.lookup(yielded);
}

Value AttributeModifier::emitScore(ImplicitLocOpBuilder &b,
                                   ValueRange parameters, ValueRange row,
                                   Value score, Value position) {
  Integers i(b);
  unsigned next = 0;
  Value key = i.wide(position);
  auto evaluate = [&](AffineMap map) {
    SmallVector<Value> values;
    for (AffineExpr result : map.getResults()) {
      if (std::optional<int64_t> c = getCoefficient(result, numDigits)) {
        Value value = row[next++];
        if (*c != 0)
          value = i.add(value, i.mul(key, i.constant(*c)));
        values.push_back(value);
        continue;
      }
      SmallVector<Value> at, symbols(map.getNumSymbols());
      for (unsigned d = 0; d != numDigits; ++d)
        at.push_back(i.wide(row[next++]));
      at.push_back(key);
      llvm::SmallBitVector symbolsOfMap = getUsedSymbols(map);
      for (unsigned s : symbolsOfMap.set_bits())
        symbols[s] = row[next++];
      values.push_back(i.evaluate(result, at, symbols));
    }
    return values;
  };
  for (Attribute mod : elementwise) {
    if (auto softcap = dyn_cast<SoftcapAttr>(mod)) {
      double cap = softcap.getCap().getValueAsDouble();
      Value ratio = arith::MulFOp::create(b, score, constantFloat(b, 1 / cap));
      score = arith::MulFOp::create(b, constantFloat(b, cap),
                                    kernels::emitTanh(b, ratio));
    } else if (auto bias = dyn_cast<BiasAttr>(mod)) {
      Value x = loadExtra(b, bias.getExtra(), parameters, row, next, position);
      score = arith::AddFOp::create(b, score, toSingle(b, x));
    } else if (auto mask = dyn_cast<MaskAttr>(mod)) {
      Value x = loadExtra(b, mask.getExtra(), parameters, row, next, position);
      score = emitMask(b, score, x, mask.getFill(), mask.getMode());
    } else if (auto visible = dyn_cast<VisibleAttr>(mod)) {
      Value all = arith::ConstantIntOp::create(b, 1, 1);
      for (Value value : evaluate(visible.getWhere().getValue())) {
        Value ok = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, value,
                                         i.constant(0));
        all = arith::AndIOp::create(b, all, ok);
      }
      score = emitMask(b, score, all, visible.getFill(), visible.getMode());
    } else if (auto alibi = dyn_cast<AlibiAttr>(mod)) {
      Value slope =
          loadExtra(b, alibi.getExtra(), parameters, row, next, position);
      Value distance = evaluate(alibi.getDistance().getValue()).front();
      distance = arith::SIToFPOp::create(b, b.getF32Type(), distance);
      Value product = arith::MulFOp::create(b, toSingle(b, slope), distance);
      score = arith::AddFOp::create(b, score, product);
    } else {
      score = emitCustom(b, score, row, next, position, cast<CustomAttr>(mod),
                         parameters);
    }
  }
  return score;
}
