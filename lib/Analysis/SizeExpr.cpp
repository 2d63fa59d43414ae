//===- SizeExpr.cpp - polynomials over unknown extents ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/SizeExpr.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <numeric>

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// Polynomials
//===----------------------------------------------------------------------===//

SizeExpr SizeExpr::symbol(Symbol symbol) {
  SizeExpr result;
  result.terms.push_back({{symbol}, 1});
  return result;
}

SizeExpr SizeExpr::invalid() {
  SizeExpr result;
  result.valid = false;
  return result;
}

void SizeExpr::addTerm(ArrayRef<Symbol> symbols, int64_t coefficient) {
  if (symbols.empty()) {
    valid &= !llvm::AddOverflow(constant, coefficient, constant);
    return;
  }
  auto *it =
      llvm::lower_bound(terms, symbols, [](const Term &t, ArrayRef<Symbol> s) {
        return std::lexicographical_compare(t.symbols.begin(), t.symbols.end(),
                                            s.begin(), s.end());
      });
  if (it == terms.end() || ArrayRef<Symbol>(it->symbols) != symbols)
    it = terms.insert(it, Term{SmallVector<Symbol, 2>(symbols), 0});
  valid &= !llvm::AddOverflow(it->coefficient, coefficient, it->coefficient);
  if (it->coefficient == 0)
    terms.erase(it);
}

SizeExpr SizeExpr::operator+(const SizeExpr &other) const {
  if (!valid || !other.valid)
    return invalid();
  SizeExpr result = *this;
  result.addTerm({}, other.constant);
  for (const Term &term : other.terms)
    result.addTerm(term.symbols, term.coefficient);
  return result.valid ? result : invalid();
}

SizeExpr SizeExpr::operator-(const SizeExpr &other) const {
  return *this + other * SizeExpr(-1);
}

SizeExpr SizeExpr::operator*(const SizeExpr &other) const {
  if (!valid || !other.valid)
    return invalid();
  SizeExpr result;
  auto addProducts = [&](ArrayRef<Symbol> symbols, int64_t coefficient) {
    int64_t product;
    result.valid &= !llvm::MulOverflow(coefficient, other.constant, product);
    result.addTerm(symbols, product);
    for (const Term &term : other.terms) {
      result.valid &=
          !llvm::MulOverflow(coefficient, term.coefficient, product);
      SmallVector<Symbol, 4> merged;
      std::merge(symbols.begin(), symbols.end(), term.symbols.begin(),
                 term.symbols.end(), std::back_inserter(merged));
      result.addTerm(merged, product);
    }
  };
  if (constant != 0)
    addProducts({}, constant);
  for (const Term &term : terms)
    addProducts(term.symbols, term.coefficient);
  return result.valid ? result : invalid();
}

/// `from` without the symbols of `what`; nullopt if some are missing.
static std::optional<SmallVector<SizeExpr::Symbol, 2>>
removeSymbols(ArrayRef<SizeExpr::Symbol> from,
              ArrayRef<SizeExpr::Symbol> what) {
  SmallVector<SizeExpr::Symbol, 2> rest;
  std::set_difference(from.begin(), from.end(), what.begin(), what.end(),
                      std::back_inserter(rest));
  if (rest.size() + what.size() != from.size())
    return std::nullopt;
  return rest;
}

std::optional<SizeExpr> SizeExpr::divideExactly(const SizeExpr &divisor) const {
  if (!valid || !divisor.valid || divisor.isZero())
    return std::nullopt;
  // Polynomial division by the divisor's leading term (its last in order).
  SizeExpr rest = *this, quotient;
  SmallVector<Symbol, 2> leading;
  int64_t leadingCoefficient = divisor.constant;
  if (!divisor.terms.empty()) {
    leading = divisor.terms.back().symbols;
    leadingCoefficient = divisor.terms.back().coefficient;
  }
  for (unsigned step = 0; step != 64 && !rest.isZero(); ++step) {
    ArrayRef<Symbol> symbols;
    int64_t coefficient = rest.constant;
    if (!rest.terms.empty()) {
      symbols = rest.terms.back().symbols;
      coefficient = rest.terms.back().coefficient;
    }
    auto left = removeSymbols(symbols, leading);
    if (!left || coefficient % leadingCoefficient != 0)
      return std::nullopt;
    SizeExpr part;
    part.addTerm(*left, coefficient / leadingCoefficient);
    quotient = quotient + part;
    rest = rest - part * divisor;
    if (!rest.valid)
      return std::nullopt;
  }
  return rest.isZero() ? std::optional<SizeExpr>(quotient) : std::nullopt;
}

int64_t SizeExpr::getContent() const {
  int64_t content = std::abs(constant);
  for (const Term &term : terms)
    content = std::gcd(content, term.coefficient);
  return content;
}

bool SizeExpr::contains(Symbol symbol) const {
  return llvm::any_of(terms, [&](const Term &term) {
    return llvm::is_contained(term.symbols, symbol);
  });
}

SizeExpr SizeExpr::substitute(Symbol symbol,
                              const SizeExpr &replacement) const {
  if (!valid || !contains(symbol))
    return *this;
  SizeExpr result(constant);
  for (const Term &term : terms) {
    SizeExpr product(term.coefficient);
    for (Symbol other : term.symbols)
      product =
          product * (other == symbol ? replacement : SizeExpr::symbol(other));
    result = result + product;
  }
  return result;
}

bool SizeExpr::allCoefficientsNonNegative() const {
  return valid && constant >= 0 && llvm::all_of(terms, [](const Term &term) {
           return term.coefficient >= 0;
         });
}

llvm::hash_code SizeExpr::hash() const {
  llvm::hash_code code = llvm::hash_combine(constant, valid);
  for (const Term &term : terms)
    code = llvm::hash_combine(
        code, term.coefficient,
        llvm::hash_combine_range(term.symbols.begin(), term.symbols.end()));
  return code;
}

void SizeExpr::print(raw_ostream &os) const {
  if (!valid) {
    os << "<overflow>";
    return;
  }
  bool first = true;
  for (const Term &term : terms) {
    os << (first ? "" : " + ");
    if (term.coefficient != 1)
      os << term.coefficient << "*";
    llvm::interleave(term.symbols, os, [&](Symbol s) { os << "s" << s; }, "*");
    first = false;
  }
  if (constant != 0 || first)
    os << (first ? "" : " + ") << constant;
}

//===----------------------------------------------------------------------===//
// Symbols and proofs
//===----------------------------------------------------------------------===//

SizeExpr SizeContext::getSymbol(Source source, bool nonNegative) {
  auto [it, inserted] = bySource.try_emplace(
      std::make_pair(source.value, source.dim), symbols.size());
  if (inserted)
    symbols.push_back({{source}, nonNegative, std::nullopt});
  else
    symbols[it->second].nonNegative |= nonNegative;
  return SizeExpr::symbol(it->second);
}

SizeExpr SizeContext::resolve(SizeExpr expr) const {
  bool changed = !expr.isConstant();
  while (changed) {
    changed = false;
    for (const SizeExpr::Term &term : expr.getTerms()) {
      for (SizeExpr::Symbol symbol : term.symbols)
        if (symbols[symbol].definition) {
          expr = expr.substitute(symbol, *symbols[symbol].definition);
          changed = true;
          break;
        }
      if (changed)
        break;
    }
  }
  return expr;
}

bool SizeContext::equate(const SizeExpr &a, const SizeExpr &b) {
  SizeExpr difference = resolve(a - b);
  if (!difference.isValid() || difference.isConstant())
    return false;
  int64_t content = difference.getContent();
  if (content > 1)
    difference = *difference.divideExactly(SizeExpr(content));
  // Solve for a symbol that occurs once, linearly, with coefficient 1 or -1.
  // The newest one goes: arguments' extents stay.
  std::optional<SizeExpr::Symbol> best;
  int64_t sign = 0;
  for (const SizeExpr::Term &term : difference.getTerms()) {
    if (term.symbols.size() != 1 || std::abs(term.coefficient) != 1)
      continue;
    SizeExpr::Symbol symbol = term.symbols.front();
    bool elsewhere =
        llvm::count_if(difference.getTerms(), [&](const SizeExpr::Term &t) {
          return llvm::is_contained(t.symbols, symbol);
        }) != 1;
    if (!elsewhere && (!best || symbol > *best)) {
      best = symbol;
      sign = term.coefficient;
    }
  }
  if (!best)
    return false;
  SizeExpr rest = difference - SizeExpr::symbol(*best) * SizeExpr(sign);
  SizeExpr definition = rest * SizeExpr(-sign);
  Info &info = symbols[*best];
  info.definition = definition;
  if (info.nonNegative && !definition.isConstant())
    facts.push_back(definition);
  // An alias: remember every source, so that one that dominates can be found.
  if (definition.getTerms().size() == 1 && definition.getConstantTerm() == 0 &&
      definition.getTerms().front().coefficient == 1 &&
      definition.getTerms().front().symbols.size() == 1) {
    Info &other = symbols[definition.getTerms().front().symbols.front()];
    other.nonNegative |= info.nonNegative;
    llvm::append_range(other.sources, info.sources);
  }
  return true;
}

bool SizeContext::proveNonNegative(const SizeExpr &expr,
                                   ArrayRef<SizeExpr> local) const {
  SizeExpr goal = resolve(expr);
  if (!goal.isValid())
    return false;
  if (goal.isConstant())
    return goal.getConstant() >= 0;

  SizeFacts known;
  for (const SizeExpr &fact : llvm::concat<const SizeExpr>(local, facts)) {
    SizeExpr resolved = resolve(fact);
    if (resolved.isValid() && !resolved.isConstant())
      known.push_back(std::move(resolved));
  }
  // A fact c*x*y - k >= 0 with k > 0 says that each symbol is at least 1.
  llvm::SmallDenseMap<SizeExpr::Symbol, int64_t> lower;
  for (const SizeExpr &fact : known)
    if (fact.getConstantTerm() < 0 && fact.getTerms().size() == 1 &&
        fact.getTerms().front().coefficient > 0)
      for (SizeExpr::Symbol symbol : fact.getTerms().front().symbols)
        if (symbols[symbol].nonNegative)
          lower[symbol] = 1;
  // x = x' + lower bound; symbols without one keep any sign and so must vanish.
  auto shift = [&](SizeExpr e) {
    for (auto &[symbol, bound] : lower)
      e = e.substitute(symbol, SizeExpr::symbol(symbol) + SizeExpr(bound));
    return e;
  };
  auto holds = [&](const SizeExpr &e) {
    if (!e.allCoefficientsNonNegative())
      return false;
    return llvm::all_of(e.getTerms(), [&](const SizeExpr::Term &term) {
      return llvm::all_of(term.symbols, [&](SizeExpr::Symbol symbol) {
        return symbols[symbol].nonNegative;
      });
    });
  };
  goal = shift(goal);
  if (holds(goal))
    return true;
  for (SizeExpr &fact : known)
    fact = shift(fact);
  for (unsigned i = 0; i != known.size(); ++i) {
    SizeExpr once = goal - known[i];
    if (holds(once))
      return true;
    for (unsigned j = i; j < known.size() && known.size() <= 24; ++j)
      if (holds(once - known[j]))
        return true;
  }
  return false;
}
