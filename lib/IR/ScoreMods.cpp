//===- ScoreMods.cpp - score modifications: shared checks -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/ScoreMods.h"

#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::hydragen;

double hydragen::getMaskFill(FloatAttr fill) {
  return fill ? fill.getValueAsDouble()
              : -std::numeric_limits<double>::infinity();
}

llvm::SmallBitVector hydragen::getHidingMods(ArrayRef<Attribute> mods) {
  auto hides = [](auto mod) {
    double value = getMaskFill(mod.getFill());
    return std::isinf(value) && value < 0 && mod.getMode() == MaskMode::Replace;
  };
  llvm::SmallBitVector result(mods.size());
  for (size_t i = mods.size(); i-- != 0;) {
    auto visible = dyn_cast<VisibleAttr>(mods[i]);
    auto mask = dyn_cast<MaskAttr>(mods[i]);
    if (visible ? !hides(visible) : !mask || !hides(mask))
      break;
    if (visible)
      result.set(i);
  }
  return result;
}

bool hydragen::isAttentionFloat(Type type) {
  return isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(type);
}

llvm::SmallBitVector hydragen::getUsedSymbols(AffineMap map) {
  llvm::SmallBitVector used(map.getNumSymbols());
  for (AffineExpr result : map.getResults())
    result.walk([&](AffineExpr expr) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
        used.set(symbol.getPosition());
    });
  return used;
}

llvm::SmallBitVector hydragen::getSymbolsOfScoreMods(ArrayAttr mods,
                                                     unsigned numIndices) {
  llvm::SmallBitVector used(numIndices);
  auto note = [&](AffineExpr result) {
    result.walk([&](AffineExpr expr) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
        used.set(symbol.getPosition());
    });
  };
  for (Attribute mod : mods) {
    if (auto visible = dyn_cast<VisibleAttr>(mod))
      llvm::for_each(visible.getWhere().getValue().getResults(), note);
    if (auto alibi = dyn_cast<AlibiAttr>(mod))
      llvm::for_each(alibi.getDistance().getValue().getResults(), note);
  }
  return used;
}

static Type elementType(Value value) {
  return cast<ShapedType>(value.getType()).getElementType();
}

namespace {
/// Checks one modification against the op's operands.
class ScoreModVerifier {
public:
  ScoreModVerifier(Operation *op, const ScoreContext &context)
      : op(op), context(context) {}

  LogicalResult verify(ArrayAttr mods) {
    unsigned numCustom = 0;
    for (Attribute mod : mods) {
      LogicalResult result =
          llvm::TypeSwitch<Attribute, LogicalResult>(mod)
              .Case([&](SoftcapAttr) { return success(); })
              .Case([&](BiasAttr bias) {
                return verifyExtra(bias.getExtra(), "bias", /*boolean=*/false);
              })
              .Case([&](MaskAttr mask) {
                return verifyExtra(mask.getExtra(), "mask", /*boolean=*/true);
              })
              .Case([&](VisibleAttr visible) {
                AffineMap map = visible.getWhere().getValue();
                return verifyDomain("visible", map.getNumDims(),
                                    map.getNumSymbols());
              })
              .Case([&](AlibiAttr alibi) {
                AffineMap map = alibi.getDistance().getValue();
                // score_c4
                if (map.getNumResults() != 1)
                  return LogicalResult(
                      op->emitOpError("expected one result of an "
                                      "alibi distance but got ")
                      << map.getNumResults());
                if (failed(verifyDomain("alibi", map.getNumDims(),
                                        map.getNumSymbols())))
                  return failure();
                return verifyExtra(alibi.getExtra(), "alibi",
                                   /*boolean=*/false);
              })
              .Case([&](CustomAttr custom) {
                ++numCustom;
                return verifyCustom(custom);
              })
              .Default([&](Attribute) {
                // score_c1
                return LogicalResult(
                    op->emitOpError("unknown score modification ") << mod);
              });
      if (failed(result))
        return failure();
    }
    // score_c5
    bool hasRegion = context.region && !context.region->empty();
    if (numCustom != (hasRegion ? 1u : 0u))
      return op->emitOpError("expected ")
             << (hasRegion ? 1 : 0) << " custom score modifications for "
             << (hasRegion ? "a" : "no") << " region but got " << numCustom;
    // score_c6
    llvm::SmallBitVector symbols =
        getSymbolsOfScoreMods(mods, context.indices.size());
    for (unsigned index : symbols.set_bits())
      if (context.indexUsesKey[index])
        return op->emitOpError("index operand ")
               << index << " of a score modification depends on the key";
    return success();
  }

private:
  LogicalResult verifyExtra(int64_t extra, StringRef what, bool boolean) {
    // score_c2
    if (extra < 0 || extra >= static_cast<int64_t>(context.extras.size()))
      return op->emitOpError() << what << " refers to extra " << extra << " of "
                               << context.extras.size();
    Type type = elementType(context.extras[extra]);
    // score_c3
    if (boolean ? !type.isInteger(1) : !isa<FloatType>(type))
      return op->emitOpError() << what << " expects elements of type "
                               << (boolean ? "i1" : "float") << " but extra "
                               << extra << " has " << type;
    return success();
  }

  LogicalResult verifyDomain(StringRef what, unsigned dims, unsigned symbols) {
    // score_c4
    if (dims != context.numRows + 1)
      return op->emitOpError() << what << " expects " << context.numRows + 1
                               << " dims (rows and the key) but got " << dims;
    if (symbols != context.indices.size())
      return op->emitOpError()
             << what << " expects " << context.indices.size()
             << " symbols (one per index operand) but got " << symbols;
    return success();
  }

  LogicalResult verifyCustom(CustomAttr custom) {
    for (int64_t extra : custom.getExtras())
      if (extra < 0 || extra >= static_cast<int64_t>(context.extras.size()))
        return op->emitOpError() << "custom refers to extra " << extra << " of "
                                 << context.extras.size();
    if (!context.region || context.region->empty())
      return success(); // reported as score_c5
    // score_c5
    SmallVector<Type> expected{context.scoreType};
    expected.append(context.numRows + 1, IndexType::get(op->getContext()));
    for (int64_t extra : custom.getExtras())
      expected.push_back(elementType(context.extras[extra]));
    Block &block = context.region->front();
    if (!llvm::equal(block.getArgumentTypes(), expected)) {
      InFlightDiagnostic diag =
          op->emitOpError("expected score region arguments ");
      llvm::interleaveComma(expected, diag);
      diag << " but got ";
      llvm::interleaveComma(block.getArgumentTypes(), diag);
      return diag;
    }
    auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
    if (!yield || yield.getScore().getType() != context.scoreType)
      return op->emitOpError("expected the score region to yield ")
             << context.scoreType;
    return success();
  }

  Operation *op;
  const ScoreContext &context;
};
} // namespace

LogicalResult hydragen::verifyScoreMods(Operation *op, ArrayAttr mods,
                                        const ScoreContext &context) {
  // score_c2
  for (auto [i, extra, map] :
       llvm::enumerate(context.extras, context.extraMaps)) {
    auto type = cast<ShapedType>(extra.getType());
    if (map.getNumDims() != context.numRows + 1 || map.getNumSymbols() != 0)
      return op->emitOpError("expected map of extra ")
             << i << " over " << context.numRows + 1
             << " dims (rows and the key) but got " << AffineMapAttr::get(map);
    if (map.getNumResults() != type.getRank())
      return op->emitOpError("expected map of extra ")
             << i << " with " << type.getRank() << " results but got "
             << map.getNumResults();
  }
  return ScoreModVerifier(op, context).verify(mods);
}

std::optional<int64_t> hydragen::getCoefficient(AffineExpr expr, unsigned dim) {
  if (!expr.isFunctionOfDim(dim))
    return 0;
  if (isa<AffineDimExpr>(expr))
    return 1;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  std::optional<int64_t> left = hydragen::getCoefficient(binary.getLHS(), dim);
  if (!left)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add) {
    std::optional<int64_t> right =
        hydragen::getCoefficient(binary.getRHS(), dim);
    return right ? std::optional(*left + *right) : std::nullopt;
  }
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() != AffineExprKind::Mul || !factor)
    return std::nullopt;
  return *left * factor.getValue();
}
