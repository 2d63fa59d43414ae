//===- SizeExpr.h - polynomials over unknown extents ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Extents that are not known at compile time are symbols; what is computed from
// them is a polynomial with integer coefficients. Comparisons are *proved* for
// every value the symbols can have, never guessed.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_SIZEEXPR_H
#define HYDRAGEN_ANALYSIS_SIZEEXPR_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace mlir::hydragen {

/// A polynomial over size symbols. Constants are the fast path. An overflow of
/// a coefficient makes the result invalid: nothing can be proved about it.
class SizeExpr {
public:
  using Symbol = unsigned;
  struct Term {
    SmallVector<Symbol, 2> symbols; // ascending, with repetition for powers
    int64_t coefficient;
    bool operator==(const Term &other) const {
      return coefficient == other.coefficient && symbols == other.symbols;
    }
  };

  SizeExpr(int64_t constant = 0) : constant(constant) {}
  static SizeExpr symbol(Symbol symbol);
  static SizeExpr invalid();

  bool isValid() const { return valid; }
  bool isConstant() const { return valid && terms.empty(); }
  bool isZero() const { return isConstant() && constant == 0; }
  bool isOne() const { return isConstant() && constant == 1; }
  /// The value of a constant expression.
  int64_t getConstant() const {
    assert(isConstant() && "not a constant");
    return constant;
  }
  std::optional<int64_t> getIfConstant() const {
    return isConstant() ? std::optional<int64_t>(constant) : std::nullopt;
  }
  int64_t getConstantTerm() const { return constant; }
  ArrayRef<Term> getTerms() const { return terms; }

  SizeExpr operator+(const SizeExpr &other) const;
  SizeExpr operator-(const SizeExpr &other) const;
  SizeExpr operator*(const SizeExpr &other) const;
  SizeExpr operator-() const { return *this * SizeExpr(-1); }
  bool operator==(const SizeExpr &other) const {
    return valid == other.valid && constant == other.constant &&
           terms == other.terms;
  }
  bool operator!=(const SizeExpr &other) const { return !(*this == other); }

  /// The polynomial q with q * divisor == *this, if there is one.
  std::optional<SizeExpr> divideExactly(const SizeExpr &divisor) const;
  /// Greatest integer that divides all coefficients; 0 for zero.
  int64_t getContent() const;
  /// Every `symbol` replaced by `replacement`.
  SizeExpr substitute(Symbol symbol, const SizeExpr &replacement) const;
  bool contains(Symbol symbol) const;
  /// True when no coefficient and not the constant is negative.
  bool allCoefficientsNonNegative() const;

  llvm::hash_code hash() const;
  void print(raw_ostream &os) const;

private:
  void addTerm(ArrayRef<Symbol> symbols, int64_t coefficient);

  int64_t constant;
  bool valid = true;
  SmallVector<Term, 0> terms; // sorted by symbols, no zero coefficients
};

/// Facts about sizes: `expr >= 0` each.
using SizeFacts = SmallVector<SizeExpr, 4>;

/// The size symbols of one function, what is known of them, and proofs.
class SizeContext {
public:
  /// What a symbol stands for: extent `dim` of a tensor, or an integer value
  /// (dim < 0).
  struct Source {
    Value value;
    int64_t dim;
  };

  /// The symbol of a source, made at its first use. Extents are >= 0; an
  /// integer is so only when `nonNegative`.
  SizeExpr getSymbol(Source source, bool nonNegative);
  /// All sources that are equal to the symbol.
  ArrayRef<Source> getSources(SizeExpr::Symbol symbol) const {
    return symbols[symbol].sources;
  }
  unsigned getNumSymbols() const { return symbols.size(); }

  /// `expr` in terms of symbols without a definition.
  SizeExpr resolve(SizeExpr expr) const;
  /// Records that `a` equals `b`. Returns true when something was learned.
  bool equate(const SizeExpr &a, const SizeExpr &b);
  /// Records that `expr` is >= 0 whenever the function runs to its end.
  void assumeNonNegative(const SizeExpr &expr) { facts.push_back(expr); }

  /// Whether `expr >= 0` (or the relation named) holds for all values of the
  /// symbols that satisfy the facts.
  bool proveNonNegative(const SizeExpr &expr, ArrayRef<SizeExpr> local) const;
  bool proveLess(const SizeExpr &a, const SizeExpr &b,
                 ArrayRef<SizeExpr> local) const {
    return proveNonNegative(b - a - SizeExpr(1), local);
  }
  bool proveEqual(const SizeExpr &a, const SizeExpr &b) const {
    return resolve(a - b).isZero();
  }

private:
  struct Info {
    SmallVector<Source, 2> sources;
    bool nonNegative;
    std::optional<SizeExpr> definition;
  };
  SmallVector<Info, 0> symbols;
  llvm::DenseMap<std::pair<Value, int64_t>, SizeExpr::Symbol> bySource;
  SizeFacts facts;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_SIZEEXPR_H
