//===- EvaluateIndex.cpp - index arithmetic of the evaluator ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranges, quotients, comparisons and substitution. What cannot be decided turns
// into a request to the driver, or into an opaque atom.
//===----------------------------------------------------------------------===//

#include "EvaluatorDetail.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::hydragen;

void ElementEvaluator::reset(EvalDepth newDepth, VarBox newBox) {
  depth = newDepth;
  box = std::move(newBox);
  boxFacts.clear();
  auto addFact = [&](const SizeExpr &count) {
    if (!count.isConstant())
      boxFacts.push_back(count - SizeExpr(1));
  };
  for (auto &[var, range] : box)
    addFact(range.high - range.low);
  // An element exists only where no loop of the domain is empty. Sums inside of
  // it may well be.
  for (VarId var = 0, e = exprs.getNumVars(); domain && var != e; ++var)
    if (exprs.var(var).op == domain && boxFacts.size() < 16)
      addFact(exprs.var(var).extent);
  request = {};
  memo.clear();
  boundVars.clear();
  steps = 0;
  nesting = 0;
  crossedCopy = false;
}

void ElementEvaluator::note(const Twine &text) {
  std::string line = text.str();
  if (!llvm::is_contained(notes, line))
    notes.push_back(std::move(line));
}

LogicalResult ElementEvaluator::ask(EvalRequest::Kind kind, VarId var,
                                    SizeExpr at) {
  request = {kind, var, std::move(at)};
  return failure();
}

bool ElementEvaluator::applyRefinement() {
  if (request.kind != EvalRequest::Refine)
    return false;
  exprs.refine(request.var, request.at);
  request = {};
  return true;
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

VarRange ElementEvaluator::getVarRange(VarId var) {
  auto it = box.find(var);
  if (it != box.end())
    return it->second;
  return {SizeExpr(0), exprs.var(var).extent};
}

bool ElementEvaluator::getRange(const IndexExpr &index, SizeExpr &low,
                                SizeExpr &high) {
  low = high = index.getConstant();
  for (auto &[atom, coefficient] : index.getTerms()) {
    SizeExpr first, last;
    if (atom.isVar()) {
      VarRange range = getVarRange(atom.getVar());
      first = range.low;
      last = range.high - SizeExpr(1);
    } else {
      const ExprNode &n = exprs.node(atom.getExpr());
      if (n.kind != ExprKind::Op)
        return false;
      if (n.op == ScalarOp::Mod) {
        first = SizeExpr(0);
        last = n.indices.front().getConstant() - SizeExpr(1);
      } else if (n.op == ScalarOp::Table) {
        ArrayRef<int64_t> entries =
            cast<DenseI64ArrayAttr>(n.payload).asArrayRef();
        first = SizeExpr(*llvm::min_element(entries));
        last = SizeExpr(*llvm::max_element(entries));
      } else {
        return false;
      }
    }
    if (proveNonNegative(coefficient)) {
      low = low + coefficient * first;
      high = high + coefficient * last;
    } else if (proveNonNegative(-coefficient)) {
      low = low + coefficient * last;
      high = high + coefficient * first;
    } else {
      return false;
    }
  }
  return low.isValid() && high.isValid();
}

bool ElementEvaluator::fitsInteger(const IndexExpr &index, Type type) {
  SizeExpr low, high;
  unsigned width = type.getIntOrFloatBitWidth();
  if (width < 8 || width > 64 || !getRange(index, low, high))
    return false;
  if (width == 64)
    return true;
  int64_t bound = int64_t(1) << (width - 1);
  return proveNonNegative(low + SizeExpr(bound)) &&
         proveNonNegative(SizeExpr(bound - 1) - high);
}

FailureOr<ElementEvaluator::Truth>
ElementEvaluator::less(const IndexExpr &index, const SizeExpr &bound) {
  SizeExpr low, high;
  bool known = getRange(index, low, high);
  if (known && proveNonNegative(bound - high - SizeExpr(1)))
    return Truth::Yes;
  if (known && proveNonNegative(low - bound))
    return Truth::No;
  if (!known || !allowSplit)
    return Truth::Unknown;

  // sum of coefficient * variable < rest: split the variable that decides.
  SizeExpr rest = bound - index.getConstant();
  SmallVector<std::pair<SizeExpr, VarId>> open;
  for (auto &[atom, coefficient] : index.getTerms()) {
    if (!atom.isVar())
      return Truth::Unknown;
    VarRange range = getVarRange(atom.getVar());
    if (range.high == range.low + SizeExpr(1))
      rest = rest - coefficient * range.low;
    else
      open.emplace_back(coefficient, atom.getVar());
  }
  if (open.empty())
    return Truth::Unknown;
  auto splitAt = [&](VarId var, const SizeExpr &at) -> FailureOr<Truth> {
    VarRange range = getVarRange(var);
    if (at == range.low || at == range.high ||
        !proveNonNegative(at - range.low) || !proveNonNegative(range.high - at))
      return Truth::Unknown;
    if (boundVars.contains(var))
      return ask(EvalRequest::BoundSplit, var, at);
    return ask(EvalRequest::Split, var, at);
  };
  if (open.size() == 1) {
    auto [coefficient, var] = open.front();
    auto c = coefficient.getIfConstant(), r = rest.getIfConstant();
    if (c && r && *c > 0)
      return splitAt(var, SizeExpr(llvm::divideCeilSigned(*r, *c)));
    if (c && r && *c < 0)
      return splitAt(var, SizeExpr(llvm::divideFloorSigned(-*r, -*c) + 1));
    if (coefficient == SizeExpr(-1))
      return splitAt(var, SizeExpr(1) - rest);
    if (std::optional<SizeExpr> at = rest.divideExactly(coefficient))
      if (proveNonNegative(coefficient - SizeExpr(1)))
        return splitAt(var, *at);
    return Truth::Unknown;
  }
  // A non-negative mixed radix sum: halve at the largest coefficient.
  auto restValue = rest.getIfConstant();
  if (!restValue)
    return Truth::Unknown;
  for (auto &[coefficient, var] : open) {
    VarRange range = getVarRange(var);
    if (!coefficient.isConstant() || coefficient.getConstant() < 0 ||
        !range.low.isConstant() || !range.high.isConstant())
      return Truth::Unknown;
  }
  auto largest = *llvm::max_element(open, [](const auto &a, const auto &b) {
    return a.first.getConstant() < b.first.getConstant();
  });
  VarRange range = getVarRange(largest.second);
  int64_t first = range.low.getConstant(), last = range.high.getConstant() - 1;
  int64_t at = llvm::divideFloorSigned(*restValue, largest.first.getConstant());
  if (at <= first || at > last)
    ++at;
  if (at <= first || at > last)
    at = first + (last - first + 1) / 2;
  return splitAt(largest.second, SizeExpr(at));
}

//===----------------------------------------------------------------------===//
// Quotients
//===----------------------------------------------------------------------===//

LogicalResult ElementEvaluator::divMod(const IndexExpr &index,
                                       const SizeExpr &divisor,
                                       IndexExpr *quotient,
                                       IndexExpr *remainder) {
  auto give = [&](const IndexExpr &q, const IndexExpr &r) {
    if (quotient)
      *quotient = q;
    if (remainder)
      *remainder = r;
    return success();
  };
  if (divisor.isOne())
    return give(index, IndexExpr(0));
  auto inside = [&](const IndexExpr &e) {
    SizeExpr low, high;
    return getRange(e, low, high) && proveNonNegative(low) &&
           proveNonNegative(divisor - SizeExpr(1) - high);
  };
  // Multiples of the divisor, and a rest. Before anything that the box alone
  // says, so that neighbouring boxes get one expression.
  IndexExpr multiple, rest;
  for (auto &[atom, coefficient] : index.getTerms()) {
    if (std::optional<SizeExpr> q = coefficient.divideExactly(divisor))
      multiple.addTerm(atom, *q);
    else
      rest.addTerm(atom, coefficient);
  }
  // The constant, term by term: 2*s + 1 by 2 is s and 1.
  SizeExpr constant = index.getConstant(), whole;
  if (std::optional<SizeExpr> q = constant.divideExactly(divisor)) {
    whole = *q;
  } else {
    for (const SizeExpr::Term &term : constant.getTerms()) {
      SizeExpr monomial(term.coefficient);
      for (SizeExpr::Symbol symbol : term.symbols)
        monomial = monomial * SizeExpr::symbol(symbol);
      if (std::optional<SizeExpr> part = monomial.divideExactly(divisor))
        whole = whole + *part;
    }
    if (std::optional<int64_t> by = divisor.getIfConstant())
      whole =
          whole +
          SizeExpr(llvm::divideFloorSigned(constant.getConstantTerm(), *by));
  }
  multiple = multiple + IndexExpr(whole);
  rest = rest + IndexExpr(constant - whole * divisor);
  if (inside(rest))
    return give(multiple, rest);
  if (inside(index))
    return give(IndexExpr(0), index);
  // Polynomials by long division: (2*a*b + 2*b*c - c - 1) by (a + c).
  if (!divisor.isConstant()) {
    auto monomial = [](const SizeExpr::Term &term) {
      SizeExpr result(term.coefficient);
      for (SizeExpr::Symbol symbol : term.symbols)
        result = result * SizeExpr::symbol(symbol);
      return result;
    };
    SizeExpr leading = monomial(divisor.getTerms().back()), quotient(0);
    for (unsigned step = 0; step != 8; ++step) {
      SizeExpr left = rest.getConstant() - quotient * divisor;
      std::optional<SizeExpr> part;
      for (const SizeExpr::Term &term : llvm::reverse(left.getTerms()))
        if ((part = monomial(term).divideExactly(leading)))
          break;
      if (!part)
        break;
      quotient = quotient + *part;
      // The last element of a block is one below a multiple.
      for (int64_t less : {0, 1}) {
        SizeExpr whole = quotient - SizeExpr(less);
        IndexExpr remainder = rest - IndexExpr(whole * divisor);
        if (inside(remainder))
          return give(multiple + IndexExpr(whole), remainder);
      }
    }
  }

  // A digit boundary inside a variable.
  if (allowRefine)
    for (auto &[atom, coefficient] : rest.getTerms()) {
      if (!atom.isVar() || !proveNonNegative(coefficient))
        continue;
      std::optional<SizeExpr> stride = divisor.divideExactly(coefficient);
      const SizeExpr &extent = exprs.var(atom.getVar()).extent;
      if (!stride || stride->isOne() || *stride == extent ||
          !extent.divideExactly(*stride) ||
          !proveNonNegative(*stride - SizeExpr(1)))
        continue;
      return ask(EvalRequest::Refine, atom.getVar(), *stride);
    }
  SizeExpr low, high;
  if (divisor.isConstant() && getRange(rest, low, high) && low.isConstant() &&
      high.isConstant() && low.getConstant() >= 0) {
    int64_t by = divisor.getConstant();
    int64_t q = low.getConstant() / by, next = (q + 1) * by;
    // All of the box lies between two multiples. Whoever writes a piece may not
    // split it, and must find the quotient that the split has led to; the
    // remainder stays one, whose map is in bounds in other rows as well.
    if (high.getConstant() < next)
      return give(multiple + IndexExpr(q),
                  allowSplit
                      ? rest - IndexExpr(q * by)
                      : exprs.toIndex(exprs.getDivMod(false, rest, divisor)));
    // The rest crosses a multiple: split the box there.
    if (allowSplit && high.getConstant() / by < 64) {
      FailureOr<Truth> truth = less(rest, SizeExpr(next));
      if (failed(truth))
        return failure();
    }
  }
  note("a quotient or remainder of an index could not be simplified");
  return give(multiple + exprs.toIndex(exprs.getDivMod(true, rest, divisor)),
              exprs.toIndex(exprs.getDivMod(false, rest, divisor)));
}

LogicalResult
ElementEvaluator::delinearize(const IndexExpr &linear, ArrayRef<SizeExpr> shape,
                              SmallVectorImpl<IndexExpr> &indices) {
  indices.assign(shape.size(), IndexExpr(0));
  size_t first = 0;
  while (first < shape.size() && shape[first].isOne())
    ++first;
  IndexExpr rest = linear;
  for (size_t i = shape.size(); i-- > first;) {
    if (shape[i].isOne())
      continue;
    // The most significant dim takes what is left.
    if (i == first) {
      indices[i] = rest;
      break;
    }
    IndexExpr quotient, remainder;
    if (failed(divMod(rest, shape[i], &quotient, &remainder)))
      return failure();
    indices[i] = remainder;
    rest = quotient;
  }
  return success();
}

FailureOr<IndexExpr> ElementEvaluator::evalAffine(AffineExpr expr,
                                                  ArrayRef<IndexExpr> dims,
                                                  ArrayRef<IndexExpr> symbols) {
  if (auto c = dyn_cast<AffineConstantExpr>(expr))
    return IndexExpr(c.getValue());
  if (auto d = dyn_cast<AffineDimExpr>(expr))
    return dims[d.getPosition()];
  if (auto s = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[s.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  FailureOr<IndexExpr> a = evalAffine(binary.getLHS(), dims, symbols);
  if (failed(a))
    return failure();
  FailureOr<IndexExpr> b = evalAffine(binary.getRHS(), dims, symbols);
  if (failed(b))
    return failure();
  IndexExpr result;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return *a + *b;
  case AffineExprKind::Mul:
    if (b->isConstant())
      return *a * b->getConstant();
    if (a->isConstant())
      return *b * a->getConstant();
    return exprs.toIndex(exprs.getOp(ScalarOp::MulI,
                                     {exprs.getLinear(*a), exprs.getLinear(*b)},
                                     IndexType::get(exprs.getContext())));
  case AffineExprKind::FloorDiv:
    if (failed(divMod(*a, b->getConstant(), &result, nullptr)))
      return failure();
    return result;
  case AffineExprKind::CeilDiv:
    if (failed(divMod(*a + IndexExpr(b->getConstant() - SizeExpr(1)),
                      b->getConstant(), &result, nullptr)))
      return failure();
    return result;
  default:
    if (failed(divMod(*a, b->getConstant(), nullptr, &result)))
      return failure();
    return result;
  }
}

//===----------------------------------------------------------------------===//
// Substitution
//===----------------------------------------------------------------------===//

FailureOr<IndexExpr> ElementEvaluator::rebuild(const IndexExpr &index,
                                               Rebuild &state) {
  IndexExpr result(index.getConstant());
  for (auto &[atom, coefficient] : index.getTerms()) {
    if (atom.isVar()) {
      VarId var = atom.getVar();
      const auto *it = llvm::find_if(
          state.by, [var](const auto &p) { return p.first == var; });
      if (it == state.by.end())
        result.addTerm(atom, coefficient);
      else
        result = result + it->second * coefficient;
      continue;
    }
    FailureOr<ExprId> inner = rebuild(atom.getExpr(), state);
    if (failed(inner))
      return failure();
    result = result + exprs.toIndex(*inner) * coefficient;
  }
  return result;
}

FailureOr<ExprId> ElementEvaluator::rebuild(ExprId id, Rebuild &state) {
  const ExprNode n = exprs.node(id);
  bool touched = llvm::any_of(
      state.by, [&](const auto &p) { return exprs.isFree(id, p.first); });
  if (!touched && !state.evaluate)
    return id;
  auto it = state.done.find(id);
  if (it != state.done.end())
    return it->second;

  SmallVector<ExprId, 3> children;
  for (ExprId child : n.children) {
    FailureOr<ExprId> rebuilt = rebuild(child, state);
    if (failed(rebuilt))
      return failure();
    children.push_back(*rebuilt);
  }
  SmallVector<IndexExpr, 4> indices;
  if (n.kind == ExprKind::Load || n.kind == ExprKind::Linear)
    for (const IndexExpr &index : n.indices) {
      FailureOr<IndexExpr> rebuilt = rebuild(index, state);
      if (failed(rebuilt))
        return failure();
      indices.push_back(*rebuilt);
    }

  ExprId result = id;
  switch (n.kind) {
  case ExprKind::Constant:
    break;
  case ExprKind::Linear:
    result = exprs.getLinear(indices.front());
    break;
  case ExprKind::Load:
    if (state.evaluate && isa<RankedTensorType>(n.base.getType())) {
      FailureOr<ExprId> loaded = evalTensor(n.base, indices);
      if (failed(loaded))
        return failure();
      result = *loaded;
    } else {
      result = exprs.getLoad(n.base, indices);
    }
    break;
  case ExprKind::Reduce:
    result = exprs.getReduce(n.op, n.bound, children.front(), n.aux);
    break;
  case ExprKind::Op:
    switch (n.op) {
    case ScalarOp::Other:
      result = exprs.getOther(*n.name, n.payload, children, n.type, n.aux);
      // What is known better now can fit the narrower type.
      if (n.name->getStringRef() == arith::TruncIOp::getOperationName() &&
          fitsInteger(exprs.toIndex(children[0]), n.type))
        result = children[0];
      break;
    case ScalarOp::Table:
      result = exprs.getTable(cast<DenseI64ArrayAttr>(n.payload).asArrayRef(),
                              n.aux, children.front());
      break;
    case ScalarOp::FloorDiv:
    case ScalarOp::Mod: {
      IndexExpr quotient, remainder;
      if (failed(divMod(exprs.toIndex(children.front()),
                        n.indices.front().getConstant(), &quotient,
                        &remainder)))
        return failure();
      result = exprs.getLinear(n.op == ScalarOp::Mod ? remainder : quotient);
      break;
    }
    case ScalarOp::Less: {
      bool saved = allowSplit;
      allowSplit = allowSplit && state.evaluate;
      FailureOr<Truth> truth =
          less(exprs.toIndex(children.front()), SizeExpr(0));
      allowSplit = saved;
      if (failed(truth))
        return failure();
      result = *truth == Truth::Unknown
                   ? exprs.getOp(n.op, children, n.type, n.aux)
                   : exprs.getInteger(*truth == Truth::Yes);
      break;
    }
    default:
      result = exprs.getOp(n.op, children, n.type, n.aux);
    }
  }
  state.done[id] = result;
  return result;
}

FailureOr<ExprId> ElementEvaluator::substitute(ExprId id, VarId var,
                                               const IndexExpr &by) {
  std::pair<VarId, IndexExpr> one(var, by);
  Rebuild state(one, /*evaluate=*/true);
  return rebuild(id, state);
}

FailureOr<ExprId>
ElementEvaluator::substituteAll(ExprId id,
                                ArrayRef<std::pair<VarId, IndexExpr>> by) {
  Rebuild state(by, /*evaluate=*/true);
  return rebuild(id, state);
}

LogicalResult ElementEvaluator::splitDigits(
    VarId var, const IndexExpr &index,
    SmallVectorImpl<std::pair<VarId, IndexExpr>> &by) {
  const LoopVar v = exprs.var(var);
  if (!v.isRefined()) {
    by.emplace_back(var, index);
    return success();
  }
  IndexExpr high, low;
  if (failed(divMod(index, v.stride, &high, &low)) ||
      failed(splitDigits(*v.high, high, by)))
    return failure();
  return splitDigits(*v.low, low, by);
}

FailureOr<ExprId> ElementEvaluator::reevaluate(ExprId id) {
  Rebuild state({}, /*evaluate=*/true);
  return rebuild(id, state);
}

IndexExpr ElementEvaluator::substitute(const IndexExpr &index, VarId var,
                                       const IndexExpr &by) {
  return rename(index, {std::pair<VarId, IndexExpr>(var, by)});
}

namespace {
/// Renaming must not fail: no requests while it runs.
struct NoRequests {
  ElementEvaluator &evaluator;
  bool split, refine;
  explicit NoRequests(ElementEvaluator &evaluator)
      : evaluator(evaluator), split(evaluator.allowSplit),
        refine(evaluator.allowRefine) {
    evaluator.allowSplit = evaluator.allowRefine = false;
  }
  ~NoRequests() {
    evaluator.allowSplit = split;
    evaluator.allowRefine = refine;
  }
};
} // namespace

ExprId ElementEvaluator::rename(ExprId id,
                                ArrayRef<std::pair<VarId, IndexExpr>> by) {
  NoRequests guard(*this);
  Rebuild state(by, /*evaluate=*/false);
  return *rebuild(id, state);
}

IndexExpr ElementEvaluator::rename(const IndexExpr &index,
                                   ArrayRef<std::pair<VarId, IndexExpr>> by) {
  NoRequests guard(*this);
  Rebuild state(by, /*evaluate=*/false);
  return *rebuild(index, state);
}

/// The replacement of every refined variable in `vars`.
static SmallVector<std::pair<VarId, IndexExpr>>
getDigitReplacements(ExprContext &exprs, ArrayRef<VarId> vars) {
  SmallVector<std::pair<VarId, IndexExpr>> by;
  for (VarId var : vars)
    if (exprs.var(var).isRefined())
      by.emplace_back(var, exprs.getIndex(var));
  return by;
}

ExprId ElementEvaluator::expandDigits(ExprId id) {
  auto by = getDigitReplacements(exprs, exprs.node(id).freeVars);
  return by.empty() ? id : rename(id, by);
}

IndexExpr ElementEvaluator::expandDigits(const IndexExpr &index) {
  SmallVector<VarId, 8> vars;
  exprs.addFreeVars(index, vars);
  llvm::sort(vars);
  vars.erase(llvm::unique(vars), vars.end());
  auto by = getDigitReplacements(exprs, vars);
  return by.empty() ? index : rename(index, by);
}

SmallVector<ExprId> ElementEvaluator::getElementsEqualTo(ExprId id) {
  SmallVector<ExprId> result;
  for (auto &[load, value] : memo)
    if (value == id)
      result.push_back(load);
  llvm::sort(result);
  return result;
}
