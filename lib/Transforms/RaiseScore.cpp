//===- RaiseScore.cpp - score modifications of a raised attention -*- C++ -*-=//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Masks become affine conditions where they are comparisons of indices and
// loaded lengths, else boolean operands; summands become bias operands,
// preferably tensors that the program already holds; anything else elementwise
// goes into the op's region.
//===----------------------------------------------------------------------===//

#include "RaiseDetail.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Elements of a static tensor; a large number for others.
static int64_t getCount(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return type.hasStaticShape() ? type.getNumElements()
                               : std::numeric_limits<int64_t>::max();
}

bool AttentionBuilder::getTensor(ExprId expr, AffineWriter &maps, unsigned dims,
                                 bool boolean, Value &tensor, AffineMap &map) {
  // Tensors of the program with this element, the smallest first.
  SmallVector<ExprId> loads = evaluator.getElementsEqualTo(expr);
  if (exprs.node(expr).kind == ExprKind::Load)
    loads.push_back(expr);
  Value best;
  for (ExprId id : loads) {
    const ExprNode &n = exprs.node(id);
    auto type = dyn_cast<RankedTensorType>(n.base.getType());
    if (!type || !writer.dominates(n.base) ||
        (boolean ? !type.getElementType().isInteger(1)
                 : !isa<FloatType>(type.getElementType())) ||
        (best && getCount(best) <= getCount(n.base)))
      continue;
    if (std::optional<AffineMap> found = maps.writeMap(n.indices, dims, 0)) {
      best = tensor = n.base;
      map = *found;
    }
  }
  if (best)
    return true;
  // A new one over just the variables that it depends on.
  SmallVector<VarId> vars(ArrayRef<VarId>(exprs.node(expr).freeVars));
  SmallVector<IndexExpr> indices;
  for (VarId var : vars)
    indices.push_back(IndexExpr::atom(IndexAtom::var(var)));
  std::optional<AffineMap> found = maps.writeMap(indices, dims, 0);
  if (!found)
    return false;
  Type type = boolean ? Type(builder.getI1Type()) : exprs.node(expr).type;
  if (!boolean && !isa<FloatType>(type))
    return false;
  tensor = writer.writeTensor(expr, vars, type);
  map = *found;
  return static_cast<bool>(tensor);
}

std::optional<int64_t> AttentionBuilder::getExtra(ExprId expr, bool boolean) {
  Value tensor;
  AffineMap map;
  if (!getTensor(expr, position, numRows + 1, boolean, tensor, map))
    return std::nullopt;
  for (auto [i, other, otherMap] : llvm::enumerate(extras, extraMaps))
    if (other == tensor && otherMap == map)
      return i;
  extras.push_back(tensor);
  extraMaps.push_back(map);
  return extras.size() - 1;
}

/// A loaded integer of the row as a symbol of a visible condition.
std::optional<AffineExpr> AttentionBuilder::getIndexSymbol(ExprId atom) {
  auto it = indexNumbers.find(atom);
  if (it != indexNumbers.end())
    return getAffineSymbolExpr(it->second, context);
  if (exprs.isFreeAny(atom, match.keys))
    return std::nullopt;
  const ExprNode n = exprs.node(atom);
  Value tensor;
  std::optional<AffineMap> map;
  if (n.kind == ExprKind::Load && isa<RankedTensorType>(n.base.getType()) &&
      getElementTypeOrSelf(n.base.getType()).isIntOrIndex() &&
      writer.dominates(n.base)) {
    tensor = n.base;
    map = domain.writeMap(n.indices, numDims, 0);
  }
  if (!map) {
    SmallVector<VarId> vars(ArrayRef<VarId>(n.freeVars));
    SmallVector<IndexExpr> at;
    for (VarId var : vars)
      at.push_back(IndexExpr::atom(IndexAtom::var(var)));
    map = domain.writeMap(at, numDims, 0);
    if (!map || !n.type.isIntOrIndex())
      return std::nullopt;
    tensor = writer.writeTensor(atom, vars, builder.getI64Type());
    if (!tensor)
      return std::nullopt;
  }
  unsigned number = indices.size();
  indexNumbers[atom] = number;
  indices.push_back(tensor);
  indexMaps.push_back(*map);
  return getAffineSymbolExpr(number, context);
}

//===----------------------------------------------------------------------===//
// Masks and biases
//===----------------------------------------------------------------------===//

/// `condition` (or its negation) as a conjunction of expr >= 0 or expr == 0.
std::optional<SmallVector<std::pair<AffineExpr, bool>>>
AttentionBuilder::getConstraints(ExprId condition, bool positive) {
  using Result = SmallVector<std::pair<AffineExpr, bool>>;
  const ExprNode n = exprs.node(condition);
  if (n.kind != ExprKind::Op)
    return std::nullopt;
  if (n.op == ScalarOp::Not)
    return getConstraints(n.children[0], !positive);
  if (n.op == (positive ? ScalarOp::And : ScalarOp::Or)) {
    std::optional<Result> a = getConstraints(n.children[0], positive);
    if (!a)
      return std::nullopt;
    std::optional<Result> b = getConstraints(n.children[1], positive);
    if (!b)
      return std::nullopt;
    a->append(*b);
    return a;
  }
  IndexExpr index;
  bool isEquality = false;
  if (n.op == ScalarOp::Less)
    // x < 0  is  -x - 1 >= 0; its negation is x >= 0.
    index = positive ? IndexExpr(-1) - exprs.toIndex(n.children[0])
                     : exprs.toIndex(n.children[0]);
  else if (n.op == ScalarOp::Equal && positive) {
    index = exprs.toIndex(n.children[0]);
    isEquality = true;
  } else {
    return std::nullopt;
  }
  position.writeAtom = [&](ExprId atom) { return getIndexSymbol(atom); };
  std::optional<AffineExpr> expr = position.write(index);
  position.writeAtom = nullptr;
  if (!expr)
    return std::nullopt;
  return Result{{*expr, isEquality}};
}

static FloatAttr getFill(Builder &builder, double fill) {
  if (std::isinf(fill) && fill < 0)
    return {};
  return builder.getF64FloatAttr(fill);
}

bool AttentionBuilder::buildMask(const ScoreMod &mod) {
  // Adding -inf to a finite score puts -inf in its place.
  bool add = mod.add && !(std::isinf(mod.fill) && mod.fill < 0);
  FloatAttr fill = getFill(builder, mod.fill);
  MaskMode mode = add ? MaskMode::Add : MaskMode::Replace;
  if (std::optional<int64_t> truth = exprs.getIntegerValue(mod.expr);
      truth && *truth != 0)
    return true; // hides nothing
  if (auto constraints = getConstraints(mod.expr, true)) {
    // The map has a symbol per index operand, known only at the end.
    visibles.push_back({mods.size(), {}, fill, mode});
    for (auto [expr, isEquality] : *constraints) {
      visibles.back().results.push_back(expr);
      if (isEquality)
        visibles.back().results.push_back(-expr);
    }
    mods.push_back({});
    return true;
  }
  std::optional<int64_t> extra = getExtra(mod.expr, /*boolean=*/true);
  if (!extra)
    return refuse(RefusalReason::NotRepresentable,
                  "a mask: " + exprs.toString(mod.expr));
  mods.push_back(MaskAttr::get(context, *extra, fill, mode));
  return true;
}

bool AttentionBuilder::buildBias(const ScoreMod &mod) {
  ExprId bias = mod.expr;
  if (!isa<FloatType>(exprs.node(bias).type))
    return refuse(RefusalReason::NotRepresentable, "a bias of integers");
  std::optional<int64_t> extra = getExtra(bias, /*boolean=*/false);
  if (!extra)
    extra = getExtra(exprs.stripCasts(bias), /*boolean=*/false);
  if (!extra)
    return refuse(RefusalReason::NotRepresentable,
                  "a bias: " + exprs.toString(bias));
  mods.push_back(BiasAttr::get(context, *extra));
  return true;
}

bool AttentionBuilder::buildScore() {
  // All between the first and the last custom modification is one region.
  ArrayRef<ScoreMod> list = match.mods;
  auto isCustom = [](const ScoreMod &mod) {
    return mod.kind == ScoreMod::Custom;
  };
  const ScoreMod *first = llvm::find_if(list, isCustom);
  const ScoreMod *end = list.end();
  if (first != end)
    for (const ScoreMod *mod = first; mod != list.end(); ++mod)
      if (isCustom(*mod))
        end = mod + 1;
  for (const ScoreMod *mod = list.begin(); mod != list.end(); ++mod) {
    if (mod == first) {
      customMods.assign(first, end);
      if (!findCustomExtras())
        return false;
      mod = end - 1;
      continue;
    }
    switch (mod->kind) {
    case ScoreMod::Softcap:
      mods.push_back(
          SoftcapAttr::get(context, builder.getF64FloatAttr(mod->cap)));
      break;
    case ScoreMod::Mask:
      if (!buildMask(*mod))
        return false;
      break;
    case ScoreMod::Bias:
      if (!buildBias(*mod))
        return false;
      break;
    case ScoreMod::Custom:
      llvm_unreachable("taken together above");
    }
  }
  for (PendingVisible &visible : visibles) {
    for (AffineExpr &result : visible.results)
      result = simplifyAffineExpr(result, numRows + 1, indices.size());
    AffineMap where =
        AffineMap::get(numRows + 1, indices.size(), visible.results, context);
    mods[visible.number] = VisibleAttr::get(context, AffineMapAttr::get(where),
                                            visible.fill, visible.mode);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// The region
//===----------------------------------------------------------------------===//

/// Whether `id` contains `part`.
static bool containsExpr(ExprContext &exprs, ExprId id, ExprId part) {
  SmallVector<ExprId> work = {id};
  DenseMap<ExprId, bool> seen;
  while (!work.empty()) {
    ExprId next = work.pop_back_val();
    if (next == part)
      return true;
    if (!seen.try_emplace(next, true).second)
      continue;
    const ExprNode &n = exprs.node(next);
    if (n.kind != ExprKind::Reduce)
      work.append(n.children.begin(), n.children.end());
  }
  return false;
}

/// Operands for the parts of the custom modification that do not read the
/// score.
bool AttentionBuilder::findCustomExtras() {
  hasCustom = true;
  customInput = exprs.stripCasts(customMods.front().input);
  ExprId output = customMods.back().output;
  SmallVector<ExprId> work = {output};
  DenseMap<ExprId, bool> seen;
  while (!work.empty()) {
    ExprId id = work.pop_back_val();
    if (id == customInput || !seen.try_emplace(id, true).second)
      continue;
    const ExprNode n = exprs.node(id);
    if (containsExpr(exprs, id, customInput)) {
      if (n.kind != ExprKind::Op || !isa<FloatType>(n.type))
        return refuse(RefusalReason::NotRepresentable,
                      "a score function: " + exprs.toString(id));
      // The condition of a select may compare the score.
      work.append(n.children.begin(), n.children.end());
      continue;
    }
    if (n.kind == ExprKind::Constant || exprs.getIntegerValue(id))
      continue;
    bool boolean = !isa<FloatType>(n.type);
    std::optional<int64_t> extra = getExtra(id, boolean);
    if (!extra)
      return refuse(RefusalReason::NotRepresentable,
                    "a score function's operand: " + exprs.toString(id));
    customLeaves[id] = customExtras.size();
    customExtras.push_back(*extra);
  }
  mods.push_back(CustomAttr::get(context, customExtras));
  return true;
}

bool AttentionBuilder::buildCustom(AttentionOp op) {
  Block &block = op.getScoreRegion().emplaceBlock();
  OpBuilder body = OpBuilder::atBlockBegin(&block);
  block.addArgument(scoreType, loc);
  for (unsigned i = 0; i != numRows + 1; ++i)
    block.addArgument(builder.getIndexType(), loc);
  for (int64_t extra : customExtras)
    block.addArgument(getElementTypeOrSelf(extras[extra].getType()), loc);
  // All floats in the score's type: its roundings are not repeated.
  auto toScoreType = [&](Value v) -> Value {
    if (!isa<FloatType>(v.getType()) || v.getType() == scoreType)
      return v;
    if (v.getType().getIntOrFloatBitWidth() < scoreType.getIntOrFloatBitWidth())
      return arith::ExtFOp::create(body, loc, scoreType, v);
    return arith::TruncFOp::create(body, loc, scoreType, v);
  };
  DenseMap<ExprId, Value> done;
  auto getLeaf = [&](ExprId id) -> Value {
    if (id == customInput)
      return block.getArgument(0);
    auto it = customLeaves.find(id);
    if (it != customLeaves.end())
      return toScoreType(block.getArgument(2 + numRows + it->second));
    const ExprNode &n = exprs.node(id);
    if (n.kind == ExprKind::Constant)
      return arith::ConstantOp::create(body, loc,
                                       FloatAttr::get(scoreType, n.value));
    if (n.kind == ExprKind::Op && n.op == ScalarOp::CastF)
      return writer.writeScalar(
          body, n.children[0], [](VarId) { return Value(); },
          [&](ExprId inner) { return customLeaf(inner); }, done);
    return {};
  };
  customLeaf = getLeaf;
  Value result = writer.writeScalar(
      body, customMods.back().output, [](VarId) { return Value(); }, getLeaf,
      done);
  customLeaf = nullptr;
  if (!result || result.getType() != scoreType)
    return refuse(RefusalReason::NotRepresentable, "a score function");
  YieldOp::create(body, loc, result);
  return true;
}

//===----------------------------------------------------------------------===//
// Sinks and factor
//===----------------------------------------------------------------------===//

/// `expr` over the rows as an operand; constants become one-element tensors.
bool AttentionBuilder::getRowTensor(ExprId expr, Value &tensor,
                                    AffineMap &map) {
  const ExprNode &n = exprs.node(expr);
  if (n.kind == ExprKind::Constant) {
    auto type = RankedTensorType::get({}, n.type);
    tensor = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(type, builder.getFloatAttr(n.type, n.value)));
    map = AffineMap::get(numRows, 0, {}, context);
    return true;
  }
  AffineMap found;
  if (!getTensor(expr, position, numRows + 1, /*boolean=*/false, tensor,
                 found) ||
      found.isFunctionOfDim(numRows))
    return false;
  map = AffineMap::get(numRows, 0, found.getResults(), context);
  return true;
}

bool AttentionBuilder::buildSinksAndFactor() {
  for (ExprId sink : match.sinks) {
    Value tensor;
    AffineMap map;
    if (!getRowTensor(sink, tensor, map))
      return refuse(RefusalReason::NotRepresentable,
                    "a sink: " + exprs.toString(sink));
    sinks.push_back(tensor);
    sinkMaps.push_back(map);
  }
  if (match.factors.empty())
    return true;
  ExprId product = match.factors.front();
  for (ExprId other : ArrayRef(match.factors).drop_front()) {
    if (exprs.node(other).type != exprs.node(product).type)
      return refuse(RefusalReason::NotRepresentable,
                    "factors of several types");
    product =
        exprs.getOp(ScalarOp::MulF, {product, other}, exprs.node(product).type);
  }
  if (!getRowTensor(product, factor, factorMap))
    return refuse(RefusalReason::NotRepresentable,
                  "a factor: " + exprs.toString(product));
  return true;
}
