//===- RaiseMerge.cpp - partial attentions merged by hand -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RaiseDetail.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::hydragen;

// Elementwise ops behind a product that are looked at.
static constexpr size_t kMaxRoots = 48;

static bool isView(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
             tensor::ReshapeOp, tensor::ExtractSliceOp>(op);
}

/// Elementwise ops that may merge results of several products, in program
/// order.
static SmallVector<linalg::LinalgOp>
findRoots(ArrayRef<linalg::LinalgOp> products) {
  llvm::MapVector<Operation *, unsigned> reached;
  for (linalg::LinalgOp product : products) {
    SmallVector<Value> work = {product->getResult(0)};
    DenseSet<Operation *> seen;
    while (!work.empty() && seen.size() < kMaxRoots) {
      for (Operation *user : work.pop_back_val().getUsers()) {
        auto op = dyn_cast<linalg::LinalgOp>(user);
        bool isElementwise = op && op.getNumReductionLoops() == 0 &&
                             op->getNumResults() == 1 &&
                             op->getBlock() == product->getBlock();
        if ((!isElementwise && !isView(user)) || !seen.insert(user).second)
          continue;
        if (isElementwise)
          ++reached[op];
        work.push_back(user->getResult(0));
      }
    }
  }
  SmallVector<linalg::LinalgOp> roots;
  for (auto [op, count] : reached)
    if (count >= 2)
      roots.push_back(cast<linalg::LinalgOp>(op));
  llvm::sort(roots, [](linalg::LinalgOp a, linalg::LinalgOp b) {
    return a->isBeforeInBlock(b);
  });
  return roots;
}

SmallVector<std::unique_ptr<MergeMatch>>
hydragen::findMerges(ArrayRef<linalg::LinalgOp> products, SizeAnalysis &sizes) {
  SmallVector<std::unique_ptr<MergeMatch>> merges;
  if (products.size() < 2)
    return merges;
  SmallVector<linalg::LinalgOp> roots = findRoots(products);
  DenseSet<Operation *> taken;
  std::optional<std::pair<linalg::LinalgOp, Refusal>> closest;
  for (linalg::LinalgOp root : roots) {
    MergeOutcome result = matchMerge(root, products, sizes);
    if (result.match &&
        llvm::none_of(result.match->products, [&](linalg::LinalgOp product) {
          return taken.contains(product);
        })) {
      for (linalg::LinalgOp product : result.match->products)
        taken.insert(product);
      merges.push_back(std::move(result.match));
    } else if (result.refusal) {
      closest.emplace(root, *result.refusal);
    }
  }
  // What comes before a merge is a part of it.
  if (closest && merges.empty())
    reportMissed(closest->first, "merge-refused",
                 getReasonCode(closest->second.reason),
                 getReasonText(closest->second.reason));
  return merges;
}

/// The same value, maybe computed twice.
static bool isSameValue(Value a, Value b, unsigned depth = 0) {
  if (a == b)
    return true;
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  if (!x || !y || depth > 8 ||
      cast<OpResult>(a).getResultNumber() !=
          cast<OpResult>(b).getResultNumber() ||
      !isMemoryEffectFree(x))
    return false;
  return OperationEquivalence::isEquivalentTo(
      x, y,
      [&](Value left, Value right) {
        return success(isSameValue(left, right, depth + 1));
      },
      nullptr, OperationEquivalence::IgnoreLocations);
}

AttentionOp hydragen::mergeParts(MergeMatch &merge, ArrayRef<AttentionOp> parts,
                                 OpBuilder &builder, DominanceInfo &dominance,
                                 std::optional<Refusal> &refusal) {
  auto refuse = [&](const Twine &detail) -> AttentionOp {
    refusal = Refusal{RefusalReason::NotRepresentable, detail.str()};
    return {};
  };
  AttentionOp first = parts.front();
  for (AttentionOp part : parts) {
    if (!part.getScoreMods().empty() || !part.getExtras().empty() ||
        !part.getSinks().empty() || part.getFactor() || part.getAccumulate() ||
        !part.getIndices().empty() || part.getNumSegments() != 1)
      return refuse("parts whose scores are modified");
    if (part.getQueryMaps() != first.getQueryMaps() ||
        part.getOutputMap() != first.getOutputMap() ||
        part.getScale() != first.getScale() ||
        part.getMaskedRows() != first.getMaskedRows() ||
        part.getOutputType() != first.getOutputType() ||
        part.getNumTerms() != first.getNumTerms() ||
        !llvm::all_of_zip(part.getQueries(), first.getQueries(),
                          [](Value a, Value b) { return isSameValue(a, b); }))
      return refuse("parts with different queries");
  }
  linalg::LinalgOp root = merge.root;
  AffineMap output = root.getMatchingIndexingMap(root.getDpsInitOperand(0));
  if (!output.isIdentity())
    return refuse("a merged result in another order of dims");

  MLIRContext *context = builder.getContext();
  Location loc = root.getLoc();
  SmallVector<Value> keys, values, sizes;
  SmallVector<Attribute> segments;
  OpFoldResult begin = builder.getIndexAttr(0);
  for (AttentionOp part : parts) {
    SegmentAttr attr = part.getSegment(0);
    OpFoldResult size = part.getSegmentSize(0);
    auto take = [&](OpFoldResult number) {
      if (std::optional<int64_t> constant = getConstantIntValue(number))
        return *constant;
      sizes.push_back(cast<Value>(number));
      return ShapedType::kDynamic;
    };
    int64_t staticBegin = take(begin), staticSize = take(size);
    segments.push_back(SegmentAttr::get(
        context, staticBegin, staticSize, attr.getRowOffsets(),
        attr.getRowSizes(), attr.getKeyMaps(), attr.getValueMap(), -1, -1,
        /*shared=*/false, /*grouped=*/false));
    llvm::append_range(keys, part.getKeys());
    llvm::append_range(values, part.getValues());
    std::optional<int64_t> x = getConstantIntValue(begin),
                           y = getConstantIntValue(size);
    if (x && y)
      begin = builder.getIndexAttr(*x + *y);
    else
      begin = arith::AddIOp::create(
                  builder, loc,
                  getValueOrCreateConstantIndexOp(builder, loc, begin),
                  getValueOrCreateConstantIndexOp(builder, loc, size))
                  .getResult();
  }
  auto whole = AttentionOp::create(
      builder, loc, first.getResultTypes(), first.getQueries(), keys, values,
      ValueRange(), ValueRange(), ValueRange(), Value(), ValueRange(), sizes,
      first.getInits(), first.getQueryMapsAttr(), first.getOutputMapAttr(),
      builder.getArrayAttr(segments), first.getIndexMapsAttr(),
      first.getExtraMapsAttr(), first.getSinkMapsAttr(),
      first.getFactorMapAttr(), first.getScaleMapsAttr(), first.getScaleAttr(),
      first.getScoreModsAttr(), first.getMaskedRowsAttr(), UnitAttr());
  // The merged result reads it as it read the first part.
  ExprContext &exprs = *merge.exprs;
  ElementEvaluator &evaluator = *merge.evaluator;
  evaluator.reset(EvalDepth::Leaf);
  auto type = cast<RankedTensorType>(root->getResult(0).getType());
  ExprId element =
      exprs.getLoad(whole.getOutput(), exprs.node(merge.loads.front()).indices);
  if (exprs.node(element).type != type.getElementType())
    element = exprs.getOp(ScalarOp::CastF, {element}, type.getElementType());
  SmallVector<VarId> vars;
  SmallVector<ReassociationIndices> groups;
  for (unsigned i = 0; i != root.getNumLoops(); ++i) {
    SmallVector<VarId> digits;
    VarId var =
        exprs.getVar(root, i, evaluator.getSizes().getLoopExtent(root, i));
    exprs.getDigits(var, digits);
    if (digits.empty())
      digits.push_back(var); // one value
    ReassociationIndices &group = groups.emplace_back();
    for (VarId digit : digits) {
      group.push_back(vars.size());
      vars.push_back(digit);
    }
  }
  ExprWriter writer(builder, loc, evaluator, dominance, root);
  Value result = writer.writeTensor(element, vars);
  if (result && vars.size() != groups.size())
    result = tensor::CollapseShapeOp::create(builder, loc, result, groups);
  if (!result) {
    whole.erase();
    return refuse("the merged result cannot be written");
  }
  if (result.getType() != type)
    result = tensor::CastOp::create(builder, loc, type, result);
  root->getResult(0).replaceAllUsesWith(result);
  return whole;
}
