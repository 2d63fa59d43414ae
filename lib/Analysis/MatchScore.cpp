//===- MatchScore.cpp - products, scale and masks of a score ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MatcherDetail.h"

#include <cmath>

using namespace mlir;
using namespace mlir::hydragen;

bool Matcher::isTerm(ExprId id) {
  const ExprNode &n = node(id);
  if (n.kind != ExprKind::Load || !exprs().isFreeAny(id, match->keys))
    return false;
  auto op = n.base.getDefiningOp<linalg::LinalgOp>();
  return op && getContractionFactors(op);
}

bool Matcher::hasTerm(ExprId id) {
  // Only leaves over the keys can be terms, so most subtrees end at once.
  if (!exprs().isFreeAny(id, match->keys))
    return false;
  if (isTerm(id))
    return true;
  return llvm::any_of(node(id).children, [&](ExprId c) { return hasTerm(c); });
}

bool Matcher::addCustom(ExprId input, ExprId output) {
  ScoreMod mod;
  mod.kind = ScoreMod::Custom;
  mod.input = input;
  mod.output = output;
  match->mods.push_back(mod);
  return true;
}

/// whole = scorePart + summand.
bool Matcher::addSummand(ExprId whole, ExprId scorePart, ExprId summand) {
  ScoreMod mod;
  mod.input = scorePart;
  mod.output = whole;
  const ExprNode n = node(strip(summand));
  if (n.kind == ExprKind::Op && n.op == ScalarOp::Select) {
    const ExprNode &yes = node(strip(n.children[1]));
    const ExprNode &no = node(strip(n.children[2]));
    bool constants =
        yes.kind == ExprKind::Constant && no.kind == ExprKind::Constant;
    if (constants && (yes.value == 0 || no.value == 0)) {
      mod.kind = ScoreMod::Mask;
      mod.add = true;
      mod.fill = yes.value == 0 ? no.value : yes.value;
      mod.expr = yes.value == 0 ? n.children[0]
                                : exprs().getOp(ScalarOp::Not, {n.children[0]},
                                                node(n.children[0]).type);
      match->mods.push_back(mod);
      return true;
    }
  }
  if (n.kind == ExprKind::Constant && n.value == 0)
    return true;
  mod.kind = ScoreMod::Bias;
  mod.expr = summand;
  match->mods.push_back(mod);
  return true;
}

/// Peels the score to a scaled sum of products, recording what lies outside.
bool Matcher::peelScore(ExprId id) {
  id = strip(id);
  if (isTerm(id)) {
    termLoads.push_back(id);
    return true;
  }
  const ExprNode n = node(id);
  if (n.kind != ExprKind::Op)
    return refuse(RefusalReason::ScoreNotContraction, exprs().toString(id));
  SmallVector<unsigned> with;
  for (unsigned i = 0; i != n.children.size(); ++i)
    if (hasTerm(n.children[i]))
      with.push_back(i);
  if (with.empty())
    return refuse(RefusalReason::ScoreNotContraction, exprs().toString(id));

  if (with.size() > 1) {
    // A sum of products, or a function that reads the score several times.
    if (n.op == ScalarOp::AddF && n.children.size() == 2) {
      double before = match->scale;
      size_t mods = match->mods.size();
      if (!peelScore(n.children[0]))
        return false;
      double first = match->scale;
      match->scale = before;
      if (!peelScore(n.children[1]))
        return false;
      if (match->mods.size() == mods) {
        if (match->scale != first)
          return refuse(RefusalReason::ScoreTermsDiffer);
        return true;
      }
      return refuse(RefusalReason::ScoreNotContraction,
                    "modified products are added");
    }
    SmallVector<ExprId> loads, work = {id};
    DenseMap<ExprId, bool> seen;
    while (!work.empty()) {
      ExprId next = work.pop_back_val();
      if (!seen.try_emplace(next, true).second || !hasTerm(next))
        continue;
      if (isTerm(next))
        loads.push_back(next);
      else
        work.append(node(next).children.begin(), node(next).children.end());
    }
    if (loads.size() != 1)
      return refuse(RefusalReason::ScoreNotContraction,
                    "a function of several products");
    termLoads.push_back(loads[0]);
    return addCustom(loads[0], id);
  }

  ExprId inner = n.children[with[0]];
  ExprId other = n.children.size() == 2 ? strip(n.children[1 - with[0]]) : 0;
  auto otherConstant = [&]() -> std::optional<double> {
    const ExprNode &c = node(other);
    if (n.children.size() != 2 || c.kind != ExprKind::Constant ||
        !std::isfinite(c.value))
      return std::nullopt;
    return c.value;
  };
  if (!peelScore(inner))
    return false;
  switch (n.op) {
  case ScalarOp::MulF:
    if (std::optional<double> c = otherConstant()) {
      if (match->mods.empty()) {
        match->scale *= *c;
        return true;
      }
      // c * tanh(x) = c * tanh((c * x) / c)
      ScoreMod &last = match->mods.back();
      if (match->mods.size() == 1 && last.kind == ScoreMod::Softcap &&
          last.output == strip(inner) && last.cap == 1 && *c > 0) {
        match->scale *= *c;
        last.cap = *c;
        last.output = id;
        return true;
      }
    }
    break;
  case ScalarOp::DivF:
    if (with[0] == 0 && match->mods.empty())
      if (std::optional<double> c = otherConstant(); c && *c != 0) {
        match->scale /= *c;
        return true;
      }
    break;
  case ScalarOp::NegF:
    if (match->mods.empty()) {
      match->scale = -match->scale;
      return true;
    }
    break;
  case ScalarOp::Tanh: {
    ScoreMod mod;
    mod.kind = ScoreMod::Softcap;
    mod.cap = 1;
    mod.input = inner;
    mod.output = id;
    match->mods.push_back(mod);
    return true;
  }
  case ScalarOp::AddF:
    return addSummand(id, inner, n.children[1 - with[0]]);
  case ScalarOp::SubF:
    if (with[0] == 0)
      return addSummand(id, inner,
                        exprs().getOp(ScalarOp::NegF, {n.children[1]}, n.type));
    break;
  case ScalarOp::Select: {
    if (with[0] == 0)
      break;
    ExprId hidden = strip(n.children[3 - with[0]]);
    if (node(hidden).kind != ExprKind::Constant)
      break;
    ScoreMod mod;
    mod.kind = ScoreMod::Mask;
    mod.fill = node(hidden).value;
    mod.expr = with[0] == 1 ? n.children[0]
                            : exprs().getOp(ScalarOp::Not, {n.children[0]},
                                            node(n.children[0]).type);
    mod.input = inner;
    mod.output = id;
    match->mods.push_back(mod);
    return true;
  }
  default:
    break;
  }
  return addCustom(inner, id);
}

/// Loops and operand roles of the contraction that `load` reads.
FailureOr<bool> Matcher::matchTerm(ExprId load) {
  const ExprNode n = node(load);
  ScoreTerm term;
  term.op = cast<linalg::LinalgOp>(n.base.getDefiningOp());
  SmallVector<IndexExpr> indices;
  for (const IndexExpr &index : n.indices)
    indices.push_back(eval().expandDigits(index));
  if (!eval().getLoops(term.op, 0, indices, term.loops, term.contraction))
    return refuse(RefusalReason::OperandRoles);
  SmallVector<utils::IteratorType> kinds = term.op.getIteratorTypesArray();
  for (unsigned i = 0; i != kinds.size(); ++i)
    if (kinds[i] == utils::IteratorType::reduction)
      term.contractionVars.push_back(
          exprs().getVar(term.op, i, sizes.getLoopExtent(term.op, i)));
  // Which operand reads the key axis: one look at the operands is enough.
  ElementEvaluator leaf(exprs(), sizes);
  leaf.allowRefine = false;
  leaf.reset(EvalDepth::Leaf);
  std::optional<ContractionFactors> factors = getContractionFactors(term.op);
  FailureOr<ExprId> a = leaf.evalInBody(term.op, factors->a, term.loops);
  FailureOr<ExprId> b = leaf.evalInBody(term.op, factors->b, term.loops);
  if (failed(a) || failed(b))
    return refuse(RefusalReason::OperandRoles);
  bool keyFirst = exprs().isFreeAny(*a, match->keys);
  if (keyFirst == exprs().isFreeAny(*b, match->keys))
    return refuse(RefusalReason::OperandRoles);
  term.keyFactor = keyFirst ? factors->a : factors->b;
  term.queryFactor = keyFirst ? factors->b : factors->a;

  // What the product accumulates into is a bias inside the scale.
  if (!eval().isZeroInit(term.op)) {
    FailureOr<ExprId> init =
        eval().evalTensor(term.op.getDpsInitOperand(0)->get(), indices);
    if (failed(init))
      return failure();
    ExprId bias = *init;
    Type type = node(bias).type;
    if (match->scale != 1)
      bias =
          exprs().getOp(ScalarOp::MulF,
                        {bias, exprs().getConstant(match->scale, type)}, type);
    ScoreMod mod;
    mod.kind = ScoreMod::Bias;
    mod.expr = bias;
    mod.input = mod.output = load;
    match->mods.insert(match->mods.begin(), mod);
  }
  match->terms.push_back(std::move(term));
  return true;
}

FailureOr<bool> Matcher::matchScore() {
  termLoads.clear();
  if (!peelScore(score))
    return false;
  if (!std::isfinite(match->scale))
    return refuse(RefusalReason::ScoreTermsDiffer);
  for (ExprId load : termLoads) {
    FailureOr<bool> good = matchTerm(load);
    if (failed(good) || !*good)
      return good;
  }
  return true;
}
