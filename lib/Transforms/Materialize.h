//===- Materialize.h - from element expressions back to IR ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Private to the raise and share passes: affine maps, sizes and linalg ops for
// what the analysis found.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_TRANSFORMS_MATERIALIZE_H
#define HYDRAGEN_LIB_TRANSFORMS_MATERIALIZE_H

#include "hydragen/Analysis/ElementEvaluator.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Dominance.h"

namespace mlir::hydragen {

/// Index expressions as affine expressions over the dims of an op.
class AffineWriter {
public:
  AffineWriter(ElementEvaluator &evaluator) : evaluator(evaluator) {}

  /// What a root variable is in the domain; `offset` is added to it (the first
  /// key of a segment).
  void setRoot(VarId root, AffineExpr expr) { roots[root] = expr; }
  /// `digit` needs no modulus: those above it have one value, which is taken
  /// out of the root.
  void setTop(VarId digit) { tops.insert(digit); }
  /// A variable replaced before anything else: a pinned digit, or a key counted
  /// from an unknown begin.
  void setReplacement(VarId var, IndexExpr by) {
    replacements.emplace_back(var, std::move(by));
  }
  /// Called for an atom that is no variable; returns its symbol, or nullopt.
  std::function<std::optional<AffineExpr>(ExprId)> writeAtom;

  /// nullopt where a stride or offset is not a constant.
  std::optional<AffineExpr> write(IndexExpr index);
  std::optional<AffineExpr> writeVar(VarId var);
  std::optional<AffineMap> writeMap(ArrayRef<IndexExpr> indices,
                                    unsigned numDims, unsigned numSymbols);

  /// The same for an access to `value`, which is expanded (a view) where an
  /// index runs through a dim in mixed radix, so that dims stay plain.
  std::optional<AffineMap> writeAccess(OpBuilder &builder, Location loc,
                                       Value &value,
                                       ArrayRef<IndexExpr> indices,
                                       unsigned numDims, unsigned numSymbols);

private:
  /// expr * coefficient; expr counts from 0 to count, where that is known.
  struct Term {
    AffineExpr expr;
    int64_t coefficient;
    std::optional<int64_t> count;
  };
  IndexExpr replace(const IndexExpr &index);
  bool writeDigits(VarId root, IndexExpr &index, SmallVectorImpl<Term> &terms);
  /// The terms of `index` and its constant.
  std::optional<int64_t> writeTerms(IndexExpr index,
                                    SmallVectorImpl<Term> &terms);

  ElementEvaluator &evaluator;
  DenseMap<VarId, AffineExpr> roots;
  DenseSet<VarId> tops;
  SmallVector<std::pair<VarId, IndexExpr>> replacements;
};

/// Index operands behind the symbols of an attention's maps.
struct IndexOperands {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
};

/// Writes sizes and expressions before the builder's insertion point.
class ExprWriter {
public:
  ExprWriter(OpBuilder &builder, Location loc, ElementEvaluator &evaluator,
             DominanceInfo &dominance, Operation *before)
      : builder(builder), loc(loc), evaluator(evaluator), dominance(dominance),
        before(before) {}

  /// The extent as an attribute or an index value; nullopt if a symbol has no
  /// source that dominates.
  std::optional<OpFoldResult> writeSize(const SizeExpr &size);

  /// A tensor with one dim per variable of `vars` (unrefined), over `ranges`,
  /// whose element is `expr`; null if something in it cannot be written. The
  /// element type is that of `expr` unless `type` says otherwise (i1 for
  /// truths).
  Value writeTensor(ExprId expr, ArrayRef<VarId> vars, Type type = {});

  /// A scalar in a body. `getVar` gives loop variables as index values,
  /// `getLeaf` may give a value for any subexpression before it is taken apart.
  Value writeScalar(OpBuilder &body, ExprId expr,
                    function_ref<Value(VarId)> getVar,
                    function_ref<Value(ExprId)> getLeaf,
                    DenseMap<ExprId, Value> &done);
  Value writeIndex(OpBuilder &body, const IndexExpr &index,
                   function_ref<Value(VarId)> getVar,
                   function_ref<Value(ExprId)> getLeaf,
                   DenseMap<ExprId, Value> &done);

  OpBuilder &getBuilder() { return builder; }
  Location getLoc() const { return loc; }
  bool dominates(Value value) {
    return dominance.properlyDominates(value, before);
  }

private:
  Value writeSizeIn(OpBuilder &body, const SizeExpr &size);
  Value writeLoad(OpBuilder &body, const ExprNode &node,
                  function_ref<Value(VarId)> getVar,
                  function_ref<Value(ExprId)> getLeaf,
                  DenseMap<ExprId, Value> &done);
  bool prepareReductions(ExprId expr);
  Value writeReduction(ExprId expr);

  OpBuilder &builder;
  Location loc;
  ElementEvaluator &evaluator;
  DominanceInfo &dominance;
  Operation *before;
  DenseMap<ExprId, Value> reductions;
};

/// `id` without exact widening and constant factors, which are multiplied into
/// `factor`: what is left is the element that a score product reads.
ExprId peelExactFactors(ExprContext &exprs, ExprId id, double &factor);

/// Sends a remark about `op`: category hydragen, name `name`. Missed ones carry
/// a reason code.
void reportPassed(Operation *op, StringRef name, const Twine &text);
void reportMissed(Operation *op, StringRef name, StringRef code,
                  const Twine &text);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_TRANSFORMS_MATERIALIZE_H
