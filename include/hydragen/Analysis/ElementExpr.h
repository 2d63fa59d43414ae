//===- ElementExpr.h - one element of a tensor as an expression -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hash-consed scalar expressions over loads of leaf tensors, and the linear
// index expressions over loop variables that they are indexed with. Two
// spellings of the same element are equal iff their ids are equal.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_ELEMENTEXPR_H
#define HYDRAGEN_ANALYSIS_ELEMENTEXPR_H

#include "hydragen/Analysis/SizeExpr.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OperationSupport.h"

#include <deque>

namespace mlir::hydragen {

using VarId = unsigned;
using ExprId = unsigned;

/// An atom of a linear index: a variable, or an expression that did not
/// simplify (a loaded table entry, a quotient, a minimum).
class IndexAtom {
public:
  static IndexAtom var(VarId id) { return IndexAtom(id, /*isVar=*/true); }
  static IndexAtom expr(ExprId id) { return IndexAtom(id, /*isVar=*/false); }
  bool isVar() const { return key >= 0; }
  VarId getVar() const { return static_cast<VarId>(key); }
  ExprId getExpr() const { return static_cast<ExprId>(-key - 1); }
  int64_t getKey() const { return key; }
  bool operator==(IndexAtom other) const { return key == other.key; }
  bool operator<(IndexAtom other) const { return key < other.key; }

private:
  IndexAtom(unsigned id, bool isVar)
      : key(isVar ? int64_t(id) : -int64_t(id) - 1) {}
  int64_t key;
};

/// constant + sum of coefficient * atom, canonical.
class IndexExpr {
public:
  using Term = std::pair<IndexAtom, SizeExpr>;
  IndexExpr(SizeExpr constant = SizeExpr(0)) : constant(std::move(constant)) {}
  IndexExpr(int64_t constant) : constant(constant) {}
  static IndexExpr atom(IndexAtom atom) {
    IndexExpr result;
    result.terms.emplace_back(atom, SizeExpr(1));
    return result;
  }

  const SizeExpr &getConstant() const { return constant; }
  ArrayRef<Term> getTerms() const { return terms; }
  bool isConstant() const { return terms.empty(); }
  bool isInteger(int64_t value) const {
    return terms.empty() && constant == SizeExpr(value);
  }
  std::optional<int64_t> getInteger() const {
    return terms.empty() ? constant.getIfConstant() : std::nullopt;
  }

  void addTerm(IndexAtom atom, const SizeExpr &coefficient);
  IndexExpr operator+(const IndexExpr &other) const;
  IndexExpr operator-(const IndexExpr &other) const;
  IndexExpr operator*(const SizeExpr &factor) const;
  bool operator==(const IndexExpr &other) const {
    return constant == other.constant && terms == other.terms;
  }
  bool operator!=(const IndexExpr &other) const { return !(*this == other); }
  llvm::hash_code hash() const;

private:
  SizeExpr constant;
  SmallVector<Term, 3> terms; // sorted by atom
};

/// A loop variable of (operation, loop number), counting from 0. A refined
/// variable is stride * high + low.
struct LoopVar {
  Operation *op;
  unsigned loop;
  SizeExpr extent;
  std::optional<VarId> high, low;
  SizeExpr stride;
  /// The variable this one is a digit of, if any.
  std::optional<VarId> parent;
  bool isRefined() const { return high.has_value(); }
};

enum class ExprKind : uint8_t { Linear, Constant, Load, Op, Reduce };

/// Operations that the analysis knows; `Other` is any pure scalar op.
enum class ScalarOp : uint8_t {
  None,
  AddF,
  SubF,
  MulF,
  DivF,
  NegF,
  MaxF,
  MinF,
  Exp,
  Exp2,
  Log,
  Tanh,
  AbsF,
  CastF,      // extf, truncf: to the expression's type
  IntToFloat, // sitofp
  UIntToFloat,
  CmpF,  // aux: arith::CmpFPredicate
  Less,  // linear child < 0
  Equal, // linear child == 0
  Not,
  And,
  Or,
  Select, // condition, true, false
  MulI,
  FloorDiv, // child by indices[0]'s constant
  Mod,
  MaxI,
  MinI,
  Table, // entries in `payload`, child - aux is the position
  Other, // `name`, attributes in `payload`
};

/// `aux` of a maximum that starts at the lowest finite value instead of -inf.
inline constexpr int64_t kStartsFinite = 1;

struct ExprNode {
  ExprKind kind = ExprKind::Constant;
  ScalarOp op = ScalarOp::None; // Op, and the combiner of Reduce
  Type type;                    // element type; index for Linear
  double value = 0;             // Constant
  int64_t aux = 0;
  Value base;                        // Load
  SmallVector<IndexExpr, 4> indices; // Load; Linear has one
  SmallVector<ExprId, 3> children;
  SmallVector<VarId, 2> bound; // Reduce
  std::optional<OperationName> name;
  Attribute payload;
  SmallVector<VarId, 4> freeVars; // ascending
};

/// Owner of variables and expressions.
class ExprContext {
public:
  explicit ExprContext(MLIRContext *context, SizeContext &sizes)
      : context(context), sizes(sizes) {}

  MLIRContext *getContext() const { return context; }
  SizeContext &getSizes() const { return sizes; }

  //===--------------------------------------------------------------------===//
  // Variables
  //===--------------------------------------------------------------------===//

  VarId getVar(Operation *op, unsigned loop, const SizeExpr &extent);
  const LoopVar &var(VarId id) const { return vars[id]; }
  unsigned getNumVars() const { return vars.size(); }
  /// var = stride * high + low from now on. The extent must be a multiple.
  void refine(VarId id, const SizeExpr &stride);
  /// The variable in terms of unrefined ones; 0 for an extent of 1.
  IndexExpr getIndex(VarId id) const;
  /// Unrefined digits, most significant first; those of extent 1 left out.
  void getDigits(VarId id, SmallVectorImpl<VarId> &digits) const;
  /// The unrefined variable's value as (root floordiv divisor) mod modulus
  /// (no modulus for a top digit).
  struct Digit {
    VarId root;
    SizeExpr divisor;
    std::optional<SizeExpr> modulus;
  };
  Digit getDigit(VarId id) const;

  //===--------------------------------------------------------------------===//
  // Expressions
  //===--------------------------------------------------------------------===//

  const ExprNode &node(ExprId id) const { return nodes[id]; }
  ExprId getLinear(const IndexExpr &index);
  ExprId getInteger(int64_t value) { return getLinear(IndexExpr(value)); }
  ExprId getConstant(double value, Type type);
  ExprId getLoad(Value base, ArrayRef<IndexExpr> indices);
  ExprId getReduce(ScalarOp combiner, ArrayRef<VarId> bound, ExprId child,
                   int64_t aux = 0);
  /// A known operation; folds constants where that is exact.
  ExprId getOp(ScalarOp op, ArrayRef<ExprId> children, Type type,
               int64_t aux = 0);
  ExprId getOther(OperationName name, Attribute attributes,
                  ArrayRef<ExprId> children, Type type, int64_t result);
  ExprId getTable(ArrayRef<int64_t> entries, int64_t offset, ExprId child);
  ExprId getDivMod(bool isDiv, const IndexExpr &index, const SizeExpr &divisor);
  ExprId intern(ExprNode node);

  /// The expression as a linear index: itself or one atom.
  IndexExpr toIndex(ExprId id) const;
  std::optional<int64_t> getIntegerValue(ExprId id) const;
  bool isConstant(ExprId id, double value) const {
    return nodes[id].kind == ExprKind::Constant && nodes[id].value == value;
  }
  bool isOp(ExprId id, ScalarOp op) const {
    return nodes[id].kind == ExprKind::Op && nodes[id].op == op;
  }
  bool isFree(ExprId id, VarId var) const;
  bool isFreeAny(ExprId id, ArrayRef<VarId> vars) const;
  void addFreeVars(const IndexExpr &index, SmallVectorImpl<VarId> &vars) const;
  bool mentions(const IndexExpr &index, VarId var) const;
  /// Without casts between float types.
  ExprId stripCasts(ExprId id) const;

  void print(raw_ostream &os, ExprId id, unsigned depth = 0) const;
  void print(raw_ostream &os, const IndexExpr &index) const;
  std::string toString(ExprId id) const;

private:
  MLIRContext *context;
  SizeContext &sizes;
  std::deque<LoopVar> vars;
  DenseMap<std::pair<Operation *, unsigned>, VarId> varIds;
  std::deque<ExprNode> nodes;
  DenseMap<uint64_t, SmallVector<ExprId, 1>> table;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_ELEMENTEXPR_H
