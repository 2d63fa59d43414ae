//===- RaiseDetail.h - from a match to hydragen.attention -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_TRANSFORMS_RAISEDETAIL_H
#define HYDRAGEN_LIB_TRANSFORMS_RAISEDETAIL_H

#include "Materialize.h"

#include "hydragen/Analysis/AttentionMatcher.h"
#include "hydragen/IR/Hydragen.h"

namespace mlir::hydragen {

/// Attention ops of other projects, in generic form (RaiseForeign.cpp).
bool isForeignAttention(Operation *op);
/// The op in the place of `op`, or null with a refusal.
AttentionOp raiseForeignAttention(Operation *op,
                                  std::optional<Refusal> &refusal);

/// Merges of `products`, which are attentions, by hand (RaiseMerge.cpp).
SmallVector<std::unique_ptr<MergeMatch>>
findMerges(ArrayRef<linalg::LinalgOp> products, SizeAnalysis &sizes);
/// One attention over the keys of all parts in place of the merged result, or
/// null with a refusal.
AttentionOp mergeParts(MergeMatch &merge, ArrayRef<AttentionOp> parts,
                       OpBuilder &builder, DominanceInfo &dominance,
                       std::optional<Refusal> &refusal);

/// Extents of a function's arguments in terms of others (RaiseSizes.cpp).
class ArgumentSizes {
public:
  /// Those that `sizes` knows.
  ArgumentSizes(FunctionOpInterface function, SizeAnalysis &sizes);
  /// Asserts those that the function does not say any more.
  void keep(FunctionOpInterface function);

private:
  /// extent = constant + sum of extents times factors.
  struct Equation {
    SizeContext::Source extent;
    SmallVector<std::pair<SizeContext::Source, int64_t>> terms;
    int64_t constant;
  };
  SmallVector<Equation> equations;
};

/// Builds the attention op of one match. On failure nothing that was built
/// stays in use, and the refusal says why.
class AttentionBuilder {
public:
  AttentionBuilder(AttentionMatch &match, OpBuilder &builder,
                   DominanceInfo &dominance);

  /// The op, or null with `refusal` set.
  AttentionOp build();
  std::optional<Refusal> refusal;

private:
  bool refuse(RefusalReason reason, const Twine &detail = "");
  bool buildDomain();
  /// An operand and its map for a factor of a contraction.
  bool buildOperand(linalg::LinalgOp op, Value factor,
                    ArrayRef<IndexExpr> loops, bool peelScale, Value &operand,
                    AffineMap &map);
  bool buildOperands();
  void findRoles();
  bool buildInit();
  // RaiseScore.cpp
  bool buildScore();
  bool buildMask(const ScoreMod &mod);
  bool buildBias(const ScoreMod &mod);
  bool findCustomExtras();
  bool buildCustom(AttentionOp op);
  bool getRowTensor(ExprId expr, Value &tensor, AffineMap &map);
  bool buildSinksAndFactor();
  /// The number of the extra whose element at a score position is `expr`.
  std::optional<int64_t> getExtra(ExprId expr, bool boolean);
  /// A tensor read at row and key positions, preferring one that exists.
  bool getTensor(ExprId expr, AffineWriter &writer, unsigned numDims,
                 bool boolean, Value &tensor, AffineMap &map);
  std::optional<SmallVector<std::pair<AffineExpr, bool>>>
  getConstraints(ExprId condition, bool positive);
  std::optional<AffineExpr> getIndexSymbol(ExprId atom);

  AttentionMatch &match;
  OpBuilder &builder;
  Location loc;
  ElementEvaluator &evaluator;
  ExprContext &exprs;
  ExprWriter writer;
  MLIRContext *context;

  unsigned numDims = 0;
  unsigned keyDim = 0;
  AffineWriter domain;
  AffineWriter position; // (rows..., key)
  unsigned numRows = 0;
  SmallVector<unsigned> rowDims; // domain dims of the rows
  AffineMap outputMap;
  SmallVector<Value> queries, keys;
  SmallVector<AffineMap> queryMaps, keyMaps;
  Value value;
  AffineMap valueMap;
  double scale;

  SmallVector<Value> indices, extras, sinks;
  SmallVector<AffineMap> indexMaps, extraMaps, sinkMaps;
  DenseMap<ExprId, unsigned> indexNumbers;
  Value factor;
  AffineMap factorMap;
  SmallVector<Attribute> mods;
  struct PendingVisible {
    size_t number; // in `mods`
    SmallVector<AffineExpr> results;
    FloatAttr fill;
    MaskMode mode;
  };
  SmallVector<PendingVisible, 2> visibles;
  Value init;
  Type scoreType;
  SmallVector<ScoreMod> customMods;
  SmallVector<int64_t> customExtras;
  bool hasCustom = false;
  ExprId customInput = 0;
  DenseMap<ExprId, unsigned> customLeaves;
  std::function<Value(ExprId)> customLeaf;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_TRANSFORMS_RAISEDETAIL_H
