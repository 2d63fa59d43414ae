//===- MatchMerge.cpp - partial attentions merged by hand -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model may attend to parts of the keys apart and merge the results itself:
//
//   out = sum_i w_i A_i,   w_i = exp(X_i) / sum_j exp(X_j)
//
// with X_i the log-sum-exp of part i's scores, in any spelling: shifted by a
// maximum, as a sigmoid of a difference, with a log-add-exp in between. Both
// sides are ratios of polynomials in exponentials of linear forms; they are
// multiplied out and compared term by term. log(sum exp(S - T)) is X - T
// whatever T is, so a log-sum-exp that is kept in base 2 and weighed with base
// e (or the reverse) leaves powers of exp(X_i) that differ.
//===----------------------------------------------------------------------===//

#include "MatcherDetail.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace mlir::hydragen;

static constexpr unsigned kMaxMergeRestarts = 24;
static constexpr size_t kMaxTerms = 64;
/// Constants of a model (ln 2, a scale) are rounded to f32: relative.
static constexpr double kTolerance = 1e-6;

static bool isClose(double a, double b) {
  return std::abs(a - b) <= kTolerance * std::max(std::abs(a), std::abs(b));
}

/// a + b, 0 where they cancel but for rounding.
static double addTerms(double a, double b) {
  return isClose(a, -b) ? 0 : a + b;
}

namespace {
/// Atom -> coefficient. Atoms are expressions, or (below 0) the log-sum-exp of
/// part -1 - i.
using LinearForm = std::map<int64_t, double>;

/// coefficient * product of factors * exp(exponent).
struct Term {
  double coefficient = 1;
  std::map<ExprId, int> factors;
  LinearForm exponent;
};
using Polynomial = SmallVector<Term, 2>;
struct Ratio {
  Polynomial top, bottom;
};

class MergeMatcher {
public:
  MergeMatcher(SizeAnalysis &sizes, ArrayRef<linalg::LinalgOp> products)
      : sizes(sizes), products(products) {}

  MergeOutcome run(linalg::LinalgOp root);

private:
  const ExprNode &node(ExprId id) { return match->exprs->node(id); }
  ExprId strip(ExprId id) { return match->exprs->stripCasts(id); }
  bool refuse(RefusalReason reason, const Twine &detail = "") {
    refusal = Refusal{reason, detail.str()};
    return false;
  }

  FailureOr<bool> attempt();
  bool findParts(ExprId id);
  FailureOr<bool> readLinear(ExprId id, double scale, LinearForm &form,
                             double &constant);
  FailureOr<bool> readLog(ExprId id, double scale, LinearForm &form,
                          double &constant);
  FailureOr<bool> readExp(ExprId id, double base, Ratio &result);
  FailureOr<bool> readRatio(ExprId id, Ratio &result);
  std::optional<Ratio> add(const Ratio &a, const Ratio &b, double sign);
  std::optional<Ratio> multiply(const Ratio &a, const Ratio &b);
  bool compare(const Polynomial &top, const Polynomial &bottom, double base);

  SizeAnalysis &sizes;
  ArrayRef<linalg::LinalgOp> products;
  std::unique_ptr<MergeMatch> match;
  std::optional<Refusal> refusal;
  /// Scores of the parts for the rows that their results are loaded for.
  SmallVector<ExprId> scores;
};
} // namespace

//===----------------------------------------------------------------------===//
// Polynomials
//===----------------------------------------------------------------------===//

static void addTo(LinearForm &form, int64_t atom, double coefficient) {
  double &value = form[atom];
  value = addTerms(value, coefficient);
  if (value == 0)
    form.erase(atom);
}

static bool isSame(const LinearForm &a, const LinearForm &b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto pair) {
           auto &[x, y] = pair;
           return x.first == y.first && isClose(x.second, y.second);
         });
}

static Polynomial simplify(const Polynomial &given) {
  Polynomial result;
  for (const Term &term : given) {
    auto *same = llvm::find_if(result, [&](const Term &other) {
      return other.factors == term.factors &&
             isSame(other.exponent, term.exponent);
    });
    if (same == result.end())
      result.push_back(term);
    else
      same->coefficient = addTerms(same->coefficient, term.coefficient);
  }
  llvm::erase_if(result, [](const Term &t) { return t.coefficient == 0; });
  return result;
}

static std::optional<Polynomial> multiply(const Polynomial &a,
                                          const Polynomial &b) {
  Polynomial result;
  if (a.size() * b.size() > kMaxTerms)
    return std::nullopt;
  for (const Term &x : a)
    for (const Term &y : b) {
      Term product = x;
      product.coefficient *= y.coefficient;
      for (auto [factor, power] : y.factors)
        product.factors[factor] += power;
      for (auto [atom, coefficient] : y.exponent)
        addTo(product.exponent, atom, coefficient);
      result.push_back(std::move(product));
    }
  return simplify(result);
}

static bool isSame(const Polynomial &a, const Polynomial &b) {
  Polynomial difference = a;
  for (Term term : b) {
    term.coefficient = -term.coefficient;
    difference.push_back(std::move(term));
  }
  return simplify(difference).empty();
}

std::optional<Ratio> MergeMatcher::multiply(const Ratio &a, const Ratio &b) {
  std::optional<Polynomial> top = ::multiply(a.top, b.top),
                            bottom = ::multiply(a.bottom, b.bottom);
  if (!top || !bottom)
    return std::nullopt;
  return Ratio{*top, *bottom};
}

std::optional<Ratio> MergeMatcher::add(const Ratio &a, const Ratio &b,
                                       double sign) {
  Ratio second = b;
  for (Term &term : second.top)
    term.coefficient *= sign;
  Ratio result;
  if (isSame(a.bottom, b.bottom)) {
    result = {a.top, a.bottom};
    llvm::append_range(result.top, second.top);
  } else {
    std::optional<Polynomial> x = ::multiply(a.top, b.bottom),
                              y = ::multiply(second.top, a.bottom),
                              bottom = ::multiply(a.bottom, b.bottom);
    if (!x || !y || !bottom)
      return std::nullopt;
    result = {*x, *bottom};
    llvm::append_range(result.top, *y);
  }
  result.top = simplify(result.top);
  return result;
}

//===----------------------------------------------------------------------===//
// From expressions
//===----------------------------------------------------------------------===//

static bool isNamed(const ExprNode &n, StringRef name) {
  return n.kind == ExprKind::Op && n.op == ScalarOp::Other && n.name &&
         n.name->getStringRef() == name;
}

/// form += scale * id. False where something is not understood, which is then
/// an atom, or too large.
FailureOr<bool> MergeMatcher::readLinear(ExprId id, double scale,
                                         LinearForm &form, double &constant) {
  id = strip(id);
  const ExprNode n = node(id);
  if (n.kind == ExprKind::Constant && std::isfinite(n.value)) {
    constant += scale * n.value;
    return true;
  }
  auto constantOf = [&](unsigned i) -> std::optional<double> {
    const ExprNode &child = node(strip(n.children[i]));
    if (child.kind != ExprKind::Constant || !std::isfinite(child.value))
      return std::nullopt;
    return child.value;
  };
  auto recurse = [&](unsigned i, double by) {
    return readLinear(n.children[i], scale * by, form, constant);
  };
  if (n.kind == ExprKind::Op) {
    switch (n.op) {
    case ScalarOp::AddF:
    case ScalarOp::SubF: {
      FailureOr<bool> first = recurse(0, 1);
      if (failed(first) || !*first)
        return first;
      return recurse(1, n.op == ScalarOp::AddF ? 1 : -1);
    }
    case ScalarOp::NegF:
      return recurse(0, -1);
    case ScalarOp::MulF:
      for (unsigned i = 0; i != 2; ++i)
        if (std::optional<double> by = constantOf(i))
          return recurse(1 - i, *by);
      break;
    case ScalarOp::DivF:
      if (std::optional<double> by = constantOf(1); by && *by != 0)
        return recurse(0, 1 / *by);
      break;
    case ScalarOp::Log:
      return readLog(n.children[0], scale, form, constant);
    default:
      break;
    }
    if (isNamed(n, math::Log2Op::getOperationName()))
      return readLog(n.children[0], scale / std::log(2.0), form, constant);
  }
  addTo(form, id, scale);
  return true;
}

/// form += scale * log(id): X_i - T for the sum of exp(S_i - T) over part i.
FailureOr<bool> MergeMatcher::readLog(ExprId id, double scale, LinearForm &form,
                                      double &constant) {
  id = strip(id);
  const ExprNode n = node(id);
  if (n.kind != ExprKind::Reduce || n.op != ScalarOp::AddF) {
    // log of a product, a quotient or one exponential.
    Ratio ratio;
    FailureOr<bool> good = readRatio(id, ratio);
    if (failed(good) || !*good)
      return good;
    if (ratio.top.size() == 1 && ratio.bottom.size() == 1 &&
        ratio.top[0].factors.empty() && ratio.bottom[0].factors.empty() &&
        ratio.top[0].coefficient / ratio.bottom[0].coefficient > 0) {
      for (auto [atom, coefficient] : ratio.top[0].exponent)
        addTo(form, atom, scale * coefficient);
      for (auto [atom, coefficient] : ratio.bottom[0].exponent)
        addTo(form, atom, -scale * coefficient);
      constant += scale * std::log(ratio.top[0].coefficient /
                                   ratio.bottom[0].coefficient);
      return true;
    }
    addTo(form, match->exprs->getOp(ScalarOp::Log, {id}, n.type), scale);
    return true;
  }
  ExprId body = strip(n.children[0]);
  bool isExp2 = match->exprs->isOp(body, ScalarOp::Exp2);
  if (!isExp2 && !match->exprs->isOp(body, ScalarOp::Exp)) {
    addTo(form, match->exprs->getOp(ScalarOp::Log, {id}, n.type), scale);
    return true;
  }
  for (unsigned part = 0; part != match->parts.size(); ++part) {
    ArrayRef<VarId> keys = match->parts[part]->keys;
    if (keys.size() != n.bound.size())
      continue;
    SmallVector<std::pair<VarId, IndexExpr>> by;
    bool fits = true;
    for (auto [bound, key] : llvm::zip_equal(n.bound, keys)) {
      fits &= sizes.getContext().proveEqual(match->exprs->var(bound).extent,
                                            match->exprs->var(key).extent);
      by.emplace_back(bound, match->exprs->getIndex(key));
    }
    if (!fits)
      continue;
    FailureOr<ExprId> there =
        match->evaluator->substituteAll(node(body).children[0], by);
    if (failed(there))
      return failure();
    // T = S - argument must be free of the keys.
    LinearForm shift;
    double offset = 0;
    FailureOr<bool> good =
        readLinear(*there, isExp2 ? -std::log(2.0) : -1.0, shift, offset);
    if (succeeded(good) && *good)
      good = readLinear(scores[part], 1, shift, offset);
    if (failed(good))
      return failure();
    if (!*good || llvm::any_of(shift, [&](const auto &entry) {
          return entry.first >= 0 && match->exprs->isFreeAny(entry.first, keys);
        }))
      continue;
    addTo(form, -1 - static_cast<int64_t>(part), scale);
    for (auto [atom, coefficient] : shift)
      addTo(form, atom, -scale * coefficient);
    constant -= scale * offset;
    return true;
  }
  addTo(form, match->exprs->getOp(ScalarOp::Log, {id}, n.type), scale);
  return true;
}

/// exp(base * id). A logarithm of a sum in the exponent is that sum.
FailureOr<bool> MergeMatcher::readExp(ExprId id, double base, Ratio &result) {
  LinearForm form;
  double constant = 0;
  FailureOr<bool> good = readLinear(id, base, form, constant);
  if (failed(good) || !*good)
    return good;
  result = {{Term{std::exp(constant), {}, {}}}, {Term()}};
  for (auto [atom, coefficient] : form) {
    bool isLog = atom >= 0 && match->exprs->isOp(atom, ScalarOp::Log);
    if (!isLog || !(isClose(coefficient, 1) || isClose(coefficient, -1))) {
      addTo(result.top[0].exponent, atom, coefficient);
      continue;
    }
    Ratio inner;
    good = readRatio(node(atom).children[0], inner);
    if (failed(good) || !*good)
      return good;
    if (coefficient < 0)
      std::swap(inner.top, inner.bottom);
    std::optional<Ratio> product = multiply(result, inner);
    if (!product)
      return false;
    result = *product;
  }
  return true;
}

FailureOr<bool> MergeMatcher::readRatio(ExprId id, Ratio &result) {
  id = strip(id);
  const ExprNode n = node(id);
  if (n.kind == ExprKind::Constant && std::isfinite(n.value)) {
    result = {{Term{n.value, {}, {}}}, {Term()}};
    return true;
  }
  if (n.kind == ExprKind::Op) {
    if (n.op == ScalarOp::Exp)
      return readExp(n.children[0], 1, result);
    if (n.op == ScalarOp::Exp2)
      return readExp(n.children[0], std::log(2.0), result);
    bool isSum = n.op == ScalarOp::AddF || n.op == ScalarOp::SubF;
    if (isSum || n.op == ScalarOp::MulF || n.op == ScalarOp::DivF) {
      Ratio a, b;
      FailureOr<bool> good = readRatio(n.children[0], a);
      if (succeeded(good) && *good)
        good = readRatio(n.children[1], b);
      if (failed(good) || !*good)
        return good;
      if (n.op == ScalarOp::DivF)
        std::swap(b.top, b.bottom);
      std::optional<Ratio> both =
          isSum ? add(a, b, n.op == ScalarOp::AddF ? 1 : -1) : multiply(a, b);
      if (!both || both->bottom.empty())
        return false;
      result = *both;
      return true;
    }
    if (n.op == ScalarOp::NegF) {
      FailureOr<bool> good = readRatio(n.children[0], result);
      if (succeeded(good) && *good)
        for (Term &term : result.top)
          term.coefficient = -term.coefficient;
      return good;
    }
  }
  // The sum of exp(S_i - T) itself is exp(X_i - T).
  if (n.kind == ExprKind::Reduce && n.op == ScalarOp::AddF) {
    LinearForm form;
    double constant = 0;
    FailureOr<bool> good = readLog(id, 1, form, constant);
    if (failed(good))
      return failure();
    if (*good &&
        llvm::any_of(form, [](const auto &e) { return e.first < 0; })) {
      result = {{Term{std::exp(constant), {}, form}}, {Term()}};
      return true;
    }
  }
  Term factor;
  factor.factors[id] = 1;
  result = {{factor}, {Term()}};
  return true;
}

//===----------------------------------------------------------------------===//
// The merge
//===----------------------------------------------------------------------===//

/// Whether top / bottom is exp(base * X_i) / sum of exp(base * X_j) times A_i,
/// summed over the parts.
bool MergeMatcher::compare(const Polynomial &top, const Polynomial &bottom,
                           double base) {
  ArrayRef<ExprId> loads = match->loads;
  Polynomial sum;
  for (unsigned part = 0; part != loads.size(); ++part)
    sum.push_back(Term{1, {}, {{-1 - static_cast<int64_t>(part), base}}});
  for (auto [part, load] : llvm::enumerate(loads)) {
    Polynomial own;
    for (const Term &term : top)
      if (auto it = term.factors.find(load); it != term.factors.end()) {
        if (it->second != 1)
          return false;
        own.push_back(term);
        own.back().factors.erase(load);
      }
    std::optional<Polynomial> left = ::multiply(own, sum),
                              right = ::multiply({sum[part]}, bottom);
    if (!left || !right || own.empty() || !isSame(*left, *right))
      return false;
  }
  // Nothing but the parts.
  return llvm::all_of(top, [&](const Term &term) {
    return llvm::count_if(loads, [&](ExprId load) {
             return term.factors.count(load);
           }) == 1;
  });
}

/// Loads of products in the root's element, one each.
bool MergeMatcher::findParts(ExprId root) {
  SmallVector<ExprId> &loads = match->loads;
  loads.clear();
  match->products.clear();
  SmallVector<ExprId> work = {root};
  DenseSet<ExprId> seen;
  while (!work.empty()) {
    ExprId next = work.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    const ExprNode &n = node(next);
    if (n.kind == ExprKind::Load)
      for (linalg::LinalgOp product : products)
        if (n.base == product->getResult(0)) {
          if (llvm::is_contained(match->products, product))
            return false;
          loads.push_back(next);
          match->products.push_back(product);
        }
    work.append(n.children.begin(), n.children.end());
  }
  // In program order, whatever the spelling.
  SmallVector<unsigned> order =
      llvm::to_vector(llvm::seq<unsigned>(0, loads.size()));
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return match->products[a]->isBeforeInBlock(match->products[b]);
  });
  SmallVector<ExprId> sortedLoads;
  SmallVector<linalg::LinalgOp> sorted;
  for (unsigned i : order) {
    sortedLoads.push_back(loads[i]);
    sorted.push_back(match->products[i]);
  }
  loads = sortedLoads;
  match->products = sorted;
  return loads.size() >= 2 && loads.size() <= 8;
}

FailureOr<bool> MergeMatcher::attempt() {
  ExprContext &ctx = *match->exprs;
  ElementEvaluator &eval = *match->evaluator;
  linalg::LinalgOp root = match->root;
  auto evaluateRoot = [&]() -> FailureOr<ExprId> {
    eval.domain = root;
    eval.reset(EvalDepth::Reductions);
    SmallVector<IndexExpr> loops;
    for (unsigned i = 0; i != root.getNumLoops(); ++i)
      loops.push_back(
          ctx.getIndex(ctx.getVar(root, i, sizes.getLoopExtent(root, i))));
    return eval.evalInBody(
        root, root.getBlock()->getTerminator()->getOperand(0), loops);
  };
  FailureOr<ExprId> element = evaluateRoot();
  if (failed(element))
    return failure();
  if (!findParts(*element))
    return false;
  match->parts.clear();
  for (linalg::LinalgOp product : match->products) {
    MatchResult part =
        matchAttention(product, sizes, match->exprs, match->evaluator);
    if (!part.match)
      return false;
    match->parts.push_back(std::move(part.match));
  }
  // The parts may have refined variables.
  element = evaluateRoot();
  if (failed(element))
    return failure();
  if (!findParts(*element))
    return false;
  scores.clear();
  for (auto [part, load] : llvm::zip_equal(match->parts, match->loads)) {
    const ExprNode n = node(load);
    AffineMap map = part->product.getMatchingIndexingMap(
        part->product.getDpsInitOperand(0));
    SmallVector<std::pair<VarId, IndexExpr>> by;
    for (auto [expr, index] : llvm::zip_equal(map.getResults(), n.indices))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (failed(
                eval.splitDigits(part->loopVars[dim.getPosition()], index, by)))
          return failure();
    // Rows of one value have no index in the load, keys keep theirs.
    FailureOr<ExprId> score =
        eval.substituteAll(eval.expandDigits(part->score), by);
    if (failed(score))
      return failure();
    scores.push_back(*score);
  }
  Ratio ratio;
  FailureOr<bool> good = readRatio(*element, ratio);
  if (failed(good) || !*good)
    return good;
  if (compare(ratio.top, ratio.bottom, 1))
    return true;
  for (double base : {std::log(2.0), 1 / std::log(2.0)})
    if (compare(ratio.top, ratio.bottom, base))
      return refuse(RefusalReason::MergeBase);
  // Weights that are exponentials of these sums, but not the right ones.
  auto mentionsSum = [](const Polynomial &polynomial) {
    return llvm::any_of(polynomial, [](const Term &term) {
      return llvm::any_of(term.exponent,
                          [](const auto &entry) { return entry.first < 0; });
    });
  };
  if (mentionsSum(ratio.top) || mentionsSum(ratio.bottom))
    return refuse(RefusalReason::MergeWeights);
  return false;
}

MergeOutcome MergeMatcher::run(linalg::LinalgOp root) {
  match = std::make_unique<MergeMatch>();
  match->exprs =
      std::make_shared<ExprContext>(root->getContext(), sizes.getContext());
  match->evaluator = std::make_shared<ElementEvaluator>(*match->exprs, sizes);
  match->root = root;
  for (unsigned i = 0; i != root.getNumLoops(); ++i)
    if (!sizes.getLoopExtent(root, i).isValid())
      return {};
  for (unsigned restart = 0; restart != kMaxMergeRestarts; ++restart) {
    FailureOr<bool> good = attempt();
    if (succeeded(good)) {
      if (!*good)
        return {nullptr, refusal};
      return {std::move(match), std::nullopt};
    }
    if (!match->evaluator->applyRefinement())
      break;
  }
  return {};
}

MergeOutcome hydragen::matchMerge(linalg::LinalgOp root,
                                  ArrayRef<linalg::LinalgOp> products,
                                  SizeAnalysis &sizes) {
  return MergeMatcher(sizes, products).run(root);
}
