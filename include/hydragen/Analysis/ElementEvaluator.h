//===- ElementEvaluator.h - symbolic evaluation of one element --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates one element of a tensor at symbolic indices. Views vanish into
// index expressions, elementwise ops become nodes of one expression. Where an
// answer depends on the range of a variable, or on its digits, the evaluator
// asks its driver and is started again; no expression holds a case distinction
// that the driver could have resolved. Whatever is not understood stays a load
// of the op's result: sound, since the element depends on no more than its
// indices.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_ELEMENTEVALUATOR_H
#define HYDRAGEN_ANALYSIS_ELEMENTEVALUATOR_H

#include "hydragen/Analysis/ElementExpr.h"
#include "hydragen/Analysis/SizeAnalysis.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallSet.h"

namespace mlir::hydragen {

/// The two factors of a sum of products: out + a * b in the body.
struct ContractionFactors {
  Value a, b;
};
/// Factors of `op` if it is a contraction (any number of reduction loops).
std::optional<ContractionFactors> getContractionFactors(linalg::LinalgOp op);

/// How far an evaluation looks.
enum class EvalDepth {
  /// Not at all: every tensor is a leaf.
  Leaf,
  /// Reshapes, slices, concatenations, broadcasts, gathers, and what a score
  /// product does not notice: exact widening and constant factors.
  View,
  /// Also elementwise ops.
  Elementwise,
  /// Also reductions, but no contractions.
  Reductions,
  /// Everything.
  All,
};

/// Half-open range of a variable.
struct VarRange {
  SizeExpr low, high;
  bool operator==(const VarRange &other) const {
    return low == other.low && high == other.high;
  }
};
using VarBox = llvm::MapVector<VarId, VarRange>;

/// What the evaluator needs from its driver before it can go on.
struct EvalRequest {
  enum Kind { None, Refine, Split, BoundSplit };
  Kind kind = None;
  VarId var = 0;
  SizeExpr at; // stride of a refinement, or place of a split
};

class ElementEvaluator {
public:
  ElementEvaluator(ExprContext &exprs, SizeAnalysis &sizes)
      : exprs(exprs), sizes(sizes) {}

  ExprContext &getExprs() { return exprs; }
  SizeAnalysis &getSizes() { return sizes; }

  //===--------------------------------------------------------------------===//
  // What the driver sets
  //===--------------------------------------------------------------------===//

  /// Starts over: drops memo, box, request and step count.
  void reset(EvalDepth newDepth, VarBox newBox = {});
  /// Whether undecided comparisons ask for a split (else they stay opaque).
  bool allowSplit = false;
  /// Whether undecided quotients ask for a refinement.
  bool allowRefine = true;
  /// The op whose loops the element is asked for at: none of them is empty.
  Operation *domain = nullptr;
  /// If set, evaluation stops at values whose indices use none of them: they
  /// cannot depend on these variables any more.
  std::optional<SmallVector<VarId>> interesting;

  const EvalRequest &getRequest() const { return request; }
  /// Applies a pending refinement; false if the request is another one.
  bool applyRefinement();
  /// Set when a value was read through a copy that holds more than the
  /// elements asked for: a concatenation, a broadcast, a padding.
  bool crossedCopy = false;
  /// What could not be decided, for remarks. Deduplicated, in order.
  ArrayRef<std::string> getNotes() const { return notes; }

  //===--------------------------------------------------------------------===//
  // Evaluation. Failure means that a request is pending.
  //===--------------------------------------------------------------------===//

  FailureOr<ExprId> evalTensor(Value tensor, ArrayRef<IndexExpr> indices);
  /// A scalar of `op`'s body, with its loops at `loops`.
  FailureOr<ExprId> evalInBody(linalg::LinalgOp op, Value scalar,
                               ArrayRef<IndexExpr> loops);
  /// Whether the init that result 0 of `op` accumulates into is zero.
  bool isZeroInit(linalg::LinalgOp op);
  /// Loops of `op` for the element `indices` of result `result`. Reduction
  /// loops become their own variables, listed in `bound`. False if the result's
  /// map is not made of dims and constants.
  bool getLoops(linalg::LinalgOp op, unsigned result,
                ArrayRef<IndexExpr> indices, SmallVectorImpl<IndexExpr> &loops,
                SmallVectorImpl<VarId> &bound);

  /// `id` with `var` replaced; leaves are evaluated again, since a better known
  /// index can resolve them.
  FailureOr<ExprId> substitute(ExprId id, VarId var, const IndexExpr &by);
  IndexExpr substitute(const IndexExpr &index, VarId var, const IndexExpr &by);
  /// All variables at once.
  FailureOr<ExprId> substituteAll(ExprId id,
                                  ArrayRef<std::pair<VarId, IndexExpr>> by);
  /// Digits of `var` of a loop whose index is `index`.
  LogicalResult splitDigits(VarId var, const IndexExpr &index,
                            SmallVectorImpl<std::pair<VarId, IndexExpr>> &by);
  /// Asks the driver for a refinement, as an evaluation does.
  LogicalResult askRefinement(VarId var, const SizeExpr &stride) {
    return ask(EvalRequest::Refine, var, stride);
  }
  /// All variables at once; nothing is evaluated again.
  ExprId rename(ExprId id, ArrayRef<std::pair<VarId, IndexExpr>> by);
  IndexExpr rename(const IndexExpr &index,
                   ArrayRef<std::pair<VarId, IndexExpr>> by);
  /// Evaluates all leaves of `id` again.
  FailureOr<ExprId> reevaluate(ExprId id);
  /// Mentions of refined variables replaced by their digits.
  ExprId expandDigits(ExprId id);
  IndexExpr expandDigits(const IndexExpr &index);

  /// Least and greatest value in the box; false if not known.
  bool getRange(const IndexExpr &index, SizeExpr &low, SizeExpr &high);
  VarRange getVarRange(VarId var);
  /// Whether every value of `index` in the box is one of the signed type.
  bool fitsInteger(const IndexExpr &index, Type type);
  FailureOr<IndexExpr> evalAffine(AffineExpr expr, ArrayRef<IndexExpr> dims,
                                  ArrayRef<IndexExpr> symbols = {});
  const VarBox &getBox() const { return box; }
  /// Facts that hold inside the box: no range in it is empty.
  ArrayRef<SizeExpr> getBoxFacts() const { return boxFacts; }
  bool proveNonNegative(const SizeExpr &expr) {
    return sizes.getContext().proveNonNegative(expr, boxFacts);
  }
  /// Tensors of which `id` is an element, as loads.
  SmallVector<ExprId> getElementsEqualTo(ExprId id);
  void note(const Twine &text);

private:
  struct Scope;
  enum class Truth { No, Yes, Unknown };

  LogicalResult ask(EvalRequest::Kind kind, VarId var, SizeExpr at);
  /// index < bound; failure asks for a split.
  FailureOr<Truth> less(const IndexExpr &index, const SizeExpr &bound);
  LogicalResult divMod(const IndexExpr &index, const SizeExpr &divisor,
                       IndexExpr *quotient, IndexExpr *remainder);
  bool mentionsInteresting(ArrayRef<IndexExpr> indices) const;

  FailureOr<ExprId> evalTensorImpl(Value tensor, ArrayRef<IndexExpr> indices);
  FailureOr<ExprId> evalView(Operation *def, Value tensor,
                             ArrayRef<IndexExpr> indices);
  FailureOr<ExprId> evalConstant(Value tensor, Attribute value,
                                 ArrayRef<IndexExpr> indices);
  FailureOr<ExprId> evalTable(Value tensor, ArrayRef<int64_t> entries,
                              ArrayRef<IndexExpr> indices);
  LogicalResult delinearize(const IndexExpr &linear, ArrayRef<SizeExpr> shape,
                            SmallVectorImpl<IndexExpr> &indices);
  FailureOr<ExprId> evalInsertSlice(Operation *def, Value tensor,
                                    ArrayRef<IndexExpr> indices);
  FailureOr<ExprId> evalPad(Operation *def, Value tensor,
                            ArrayRef<IndexExpr> indices);
  FailureOr<ExprId> evalLinalg(linalg::LinalgOp op, unsigned result,
                               Value tensor, ArrayRef<IndexExpr> indices);
  FailureOr<ExprId> evalReduction(linalg::LinalgOp op, unsigned result,
                                  Value tensor, ArrayRef<IndexExpr> indices,
                                  Scope &scope, ArrayRef<VarId> bound);
  FailureOr<ExprId> evalSoftmax(Operation *def, Value tensor,
                                ArrayRef<IndexExpr> indices);
  FailureOr<ExprId> evalScalar(Value value, Scope &scope);
  FailureOr<ExprId> evalScalarImpl(Value value, Scope &scope);
  FailureOr<ExprId> evalScalarOp(Operation *def, Value value, Scope &scope);
  FailureOr<ExprId> evalInteger(Operation *def, Value value, Scope &scope);
  FailureOr<ExprId> evalCompare(Operation *def, Scope &scope);
  struct Rebuild;
  FailureOr<ExprId> rebuild(ExprId id, Rebuild &state);
  FailureOr<IndexExpr> rebuild(const IndexExpr &index, Rebuild &state);
  bool isViewLike(ExprId id) const;

  ExprContext &exprs;
  SizeAnalysis &sizes;
  EvalDepth depth = EvalDepth::Leaf;
  VarBox box;
  SizeFacts boxFacts;
  EvalRequest request;
  DenseMap<ExprId, ExprId> memo;
  llvm::SmallSet<VarId, 8> boundVars;
  unsigned steps = 0;
  unsigned nesting = 0;
  SmallVector<std::string> notes;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_ELEMENTEVALUATOR_H
