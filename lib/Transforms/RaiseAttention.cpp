//===- RaiseAttention.cpp - hydragen-raise-attention ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MaterializeReport.h"
#include "RaiseDetail.h"

#include "hydragen/Transforms/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_RAISEATTENTION
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

#define DEBUG_TYPE "hydragen-raise-attention"

//===----------------------------------------------------------------------===//
// Domain and operands
//===----------------------------------------------------------------------===//

AttentionBuilder::AttentionBuilder(AttentionMatch &match, OpBuilder &builder,
                                   DominanceInfo &dominance)
    : match(match), builder(builder), loc(match.product.getLoc()),
      evaluator(*match.evaluator), exprs(*match.exprs),
      writer(builder, loc, evaluator, dominance, match.product),
      context(builder.getContext()), domain(evaluator), position(evaluator),
      scale(match.scale) {}

bool AttentionBuilder::refuse(RefusalReason reason, const Twine &detail) {
  if (!refusal)
    refusal = Refusal{reason, detail.str()};
  return false;
}

/// Dims: the output's loops in their order, one key, the contractions.
bool AttentionBuilder::buildDomain() {
  linalg::LinalgOp op = match.product;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      AffineExpr own = getAffineDimExpr(numDims, context);
      domain.setRoot(match.loopVars[dim.getPosition()], own);
    } else if (!isa<AffineConstantExpr>(expr)) {
      return refuse(RefusalReason::NotRepresentable,
                    "the result of the product is not read by dims");
    }
    results.push_back(getAffineDimExpr(numDims++, context));
  }
  keyDim = numDims++;
  // Several key loops count through one key dim.
  AffineExpr key = getAffineDimExpr(keyDim, context);
  int64_t stride = 1;
  for (unsigned i = match.keyLoops.size(); i-- > 0;) {
    VarId var = match.loopVars[match.keyLoops[i]];
    std::optional<int64_t> extent = exprs.var(var).extent.getIfConstant();
    if (match.keyLoops.size() == 1) {
      domain.setRoot(var, key);
      break;
    }
    if (!extent)
      return refuse(RefusalReason::NotRepresentable,
                    "several key loops of unknown extent");
    AffineExpr digit = key.floorDiv(stride);
    domain.setRoot(var, i == 0 ? digit : digit % *extent);
    stride *= *extent;
  }
  for (const ScoreTerm &term : match.terms)
    for (VarId var : term.contractionVars)
      if (!exprs.var(var).extent.isOne())
        domain.setRoot(var, getAffineDimExpr(numDims++, context));
  outputMap = AffineMap::get(numDims, 0, results, context);
  return true;
}

bool AttentionBuilder::buildOperand(linalg::LinalgOp op, Value factorValue,
                                    ArrayRef<IndexExpr> loops, bool peelScale,
                                    Value &operand, AffineMap &map) {
  // A second evaluator: the match's own must keep its memo.
  ElementEvaluator leaf(exprs, evaluator.getSizes());
  leaf.allowRefine = false;
  leaf.reset(EvalDepth::Leaf);
  FailureOr<ExprId> element = leaf.evalInBody(op, factorValue, loops);
  if (failed(element))
    return refuse(RefusalReason::TooLarge);
  double constant = 1;
  ExprId id = peelExactFactors(exprs, *element, constant);
  if (!peelScale && constant != 1)
    id = *element, constant = 1;
  const ExprNode n = exprs.node(id);
  std::optional<AffineMap> direct;
  if (n.kind == ExprKind::Load && isa<RankedTensorType>(n.base.getType()))
    direct = domain.writeMap(n.indices, numDims, 0);
  if (direct) {
    operand = n.base;
    map = *direct;
    scale *= constant;
    return true;
  }
  // Arithmetic fused into the product: give it a tensor of its own.
  SmallVector<VarId> vars(ArrayRef<VarId>(exprs.node(*element).freeVars));
  operand = writer.writeTensor(*element, vars);
  SmallVector<IndexExpr> indices;
  for (VarId var : vars)
    indices.push_back(IndexExpr::atom(IndexAtom::var(var)));
  direct = domain.writeMap(indices, numDims, 0);
  if (!operand || !direct)
    return refuse(RefusalReason::NotRepresentable, exprs.toString(*element));
  map = *direct;
  return true;
}

bool AttentionBuilder::buildOperands() {
  for (const ScoreTerm &term : match.terms) {
    Value query, key;
    AffineMap queryMap, keyMap;
    if (!buildOperand(term.op, term.queryFactor, term.loops, true, query,
                      queryMap) ||
        !buildOperand(term.op, term.keyFactor, term.loops, true, key, keyMap))
      return false;
    queries.push_back(query);
    queryMaps.push_back(queryMap);
    keys.push_back(key);
    keyMaps.push_back(keyMap);
  }
  SmallVector<IndexExpr> loops;
  for (VarId var : match.loopVars)
    loops.push_back(exprs.getIndex(var));
  if (!buildOperand(match.product, match.valueFactor, loops, false, value,
                    valueMap))
    return false;
  // Scales of several terms must be one; peeling may have made them differ only
  // if there is more than one.
  if (match.terms.size() > 1 && scale != match.scale)
    return refuse(RefusalReason::ScoreTermsDiffer);

  // Roles must come out of the maps as they are here.
  for (unsigned dim = keyDim + 1; dim != numDims; ++dim) {
    bool inQuery = llvm::any_of(
        queryMaps, [&](AffineMap m) { return m.isFunctionOfDim(dim); });
    if (!inQuery)
      return refuse(RefusalReason::OperandRoles,
                    "a contraction dim is not in the query");
  }
  for (AffineMap map : queryMaps)
    if (map.isFunctionOfDim(keyDim))
      return refuse(RefusalReason::OperandRoles);
  return true;
}

/// Rows are what the output has and V alone does not.
void AttentionBuilder::findRoles() {
  for (unsigned dim = 0; dim != keyDim; ++dim) {
    bool inScore =
        llvm::any_of(llvm::concat<AffineMap>(queryMaps, keyMaps),
                     [&](AffineMap m) { return m.isFunctionOfDim(dim); });
    if (inScore || !valueMap.isFunctionOfDim(dim))
      rowDims.push_back(dim);
  }
  numRows = rowDims.size();
  linalg::LinalgOp op = match.product;
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (auto [i, dim] : llvm::enumerate(rowDims))
    if (auto loop = dyn_cast<AffineDimExpr>(map.getResult(dim)))
      position.setRoot(match.loopVars[loop.getPosition()],
                       getAffineDimExpr(i, context));
  AffineExpr key = getAffineDimExpr(numRows, context);
  int64_t stride = 1;
  for (unsigned i = match.keyLoops.size(); i-- > 0;) {
    VarId var = match.loopVars[match.keyLoops[i]];
    if (match.keyLoops.size() == 1) {
      position.setRoot(var, key);
      break;
    }
    int64_t extent = exprs.var(var).extent.getConstant();
    AffineExpr digit = key.floorDiv(stride);
    position.setRoot(var, i == 0 ? digit : digit % extent);
    stride *= extent;
  }
}

/// Where the result goes: the product's own destination if it accumulates, else
/// memory of that shape (not the filled tensor, so that the fill dies).
bool AttentionBuilder::buildInit() {
  Value original = match.product.getDpsInitOperand(0)->get();
  init = original;
  if (match.accumulates)
    return true;
  while (auto fill = init.getDefiningOp<linalg::FillOp>())
    init = fill.getDpsInitOperand(0)->get();
  if (init.getDefiningOp<tensor::EmptyOp>() &&
      init.getType() == original.getType())
    return true;
  auto type = cast<RankedTensorType>(original.getType());
  SmallVector<OpFoldResult> sizes;
  for (const SizeExpr &extent : evaluator.getSizes().getShape(original)) {
    std::optional<OpFoldResult> size = writer.writeSize(extent);
    if (!size) {
      sizes = tensor::getMixedSizes(builder, loc, original);
      break;
    }
    sizes.push_back(*size);
  }
  init = tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  if (init.getType() != type)
    init = tensor::CastOp::create(builder, loc, type, init);
  return true;
}

AttentionOp AttentionBuilder::build() {
  auto isFloat = [](Value v) {
    Type type = getElementTypeOrSelf(v.getType());
    return type.isF16() || type.isBF16() || type.isF32() || type.isF64();
  };
  if (!buildDomain() || !buildOperands())
    return {};
  if (!llvm::all_of(queries, isFloat) || !llvm::all_of(keys, isFloat) ||
      !isFloat(value) || !isFloat(match.product->getResult(0))) {
    refuse(RefusalReason::NotRepresentable, "an element type is not a float");
    return {};
  }
  findRoles();
  if (!buildInit())
    return {};
  bool isF64 = getElementTypeOrSelf(init.getType()).isF64() ||
               llvm::any_of(queries, [](Value q) {
                 return getElementTypeOrSelf(q.getType()).isF64();
               });
  scoreType = isF64 ? builder.getF64Type() : builder.getF32Type();
  if (!buildScore() || !buildSinksAndFactor())
    return {};

  SizeExpr count(1);
  for (VarId key : match.keys)
    count = count * exprs.var(key).extent;
  std::optional<OpFoldResult> size = writer.writeSize(count);
  if (!size) {
    refuse(RefusalReason::NotRepresentable,
           "the number of keys is not at hand");
    return {};
  }
  SmallVector<Value> sizes;
  int64_t staticSize = ShapedType::kDynamic;
  if (auto dynamic = dyn_cast<Value>(*size))
    sizes.push_back(dynamic);
  else
    staticSize = count.getConstant();
  auto segment =
      SegmentAttr::get(context, /*begin=*/0, staticSize, keyMaps, valueMap);
  auto op = AttentionOp::create(
      builder, loc, TypeRange(init.getType()), queries, keys, ValueRange(value),
      indices, extras, sinks, factor, ValueRange(), sizes, ValueRange(init),
      builder.getAffineMapArrayAttr(queryMaps), AffineMapAttr::get(outputMap),
      builder.getArrayAttr({segment}), builder.getAffineMapArrayAttr(indexMaps),
      builder.getAffineMapArrayAttr(extraMaps),
      builder.getAffineMapArrayAttr(sinkMaps),
      factor ? AffineMapAttr::get(factorMap) : AffineMapAttr(),
      builder.getAffineMapArrayAttr({}), builder.getF64FloatAttr(scale),
      builder.getArrayAttr(mods),
      MaskedRowsAttr::get(context, match.maskedRowsZero ? MaskedRows::Zero
                                                        : MaskedRows::NaN),
      match.accumulates ? builder.getUnitAttr() : UnitAttr());
  if (hasCustom && !buildCustom(op)) {
    op.erase();
    return {};
  }
  // The verifier is the last word on what the op can say.
  ScopedDiagnosticHandler quiet(context, [&](Diagnostic &diagnostic) {
    if (!refusal)
      refuse(RefusalReason::NotRepresentable, diagnostic.str());
    return success();
  });
  if (failed(mlir::verify(op))) {
    refuse(RefusalReason::NotRepresentable);
    op.erase();
    return {};
  }
  return op;
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// `late.op` as a generic op without the division, and without the operands
/// that only the division needed (they would keep the sum alive).
static Value buildUndivided(LateDivision &late, IRMapping &mapping,
                            OpBuilder &builder) {
  linalg::LinalgOp op = late.op;
  SmallVector<Value> inputs, outputs;
  for (OpOperand *input : op.getDpsInputOperands())
    inputs.push_back(mapping.lookupOrDefault(input->get()));
  outputs.push_back(mapping.lookupOrDefault(op.getDpsInits().front()));
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto generic = linalg::GenericOp::create(
      builder, op.getLoc(), op->getResultTypes(), inputs, outputs, maps,
      op.getIteratorTypesArray());
  IRMapping inner;
  op->getRegion(0).cloneInto(&generic.getRegion(), inner);
  Block &body = generic.getRegion().front();
  Operation *scalar = inner.lookup(late.scalarOp->getResult(0)).getDefiningOp();
  scalar->getResult(0).replaceAllUsesWith(scalar->getOperand(late.numerator));
  scalar->erase();
  for (Operation &dead : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&dead))
      dead.erase();
  for (unsigned i = inputs.size(); i-- > 0;) {
    SmallVector<AffineMap> rest(maps);
    rest.erase(rest.begin() + i);
    // Every loop still needs an operand that has its extent.
    if (!body.getArgument(i).use_empty() ||
        !inversePermutation(concatAffineMaps(rest, builder.getContext())))
      continue;
    body.eraseArgument(i);
    generic.getInputsMutable().erase(i);
    maps = rest;
  }
  generic.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
  return generic.getResult(0);
}

/// Puts the attention in the place of the product with V.
static void replaceProduct(AttentionMatch &match, AttentionOp op,
                           OpBuilder &builder) {
  Value result = match.product->getResult(0);
  if (!match.lateDivision) {
    result.replaceAllUsesWith(op.getOutput());
    return;
  }
  // The path from the product to its division, on copies: others may read the
  // undivided product.
  LateDivision &late = *match.lateDivision;
  SetVector<Operation *> path;
  std::function<bool(Operation *)> reaches = [&](Operation *user) -> bool {
    if (user == late.op)
      return true;
    bool any = false;
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
            tensor::ReshapeOp, tensor::ExtractSliceOp>(user) ||
        (isa<linalg::LinalgOp>(user) && user->getNumResults() == 1))
      for (Operation *next : user->getResult(0).getUsers())
        if (next->getBlock() == late.op->getBlock() &&
            !late.op->isBeforeInBlock(next))
          any |= reaches(next);
    if (any)
      path.insert(user);
    return any;
  };
  for (Operation *user : result.getUsers())
    reaches(user);
  path.insert(late.op);
  SmallVector<Operation *> ordered = path.takeVector();
  llvm::sort(ordered,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  IRMapping mapping;
  mapping.map(result, op.getOutput());
  builder.setInsertionPoint(late.op);
  for (Operation *step : ordered) {
    if (step == late.op) {
      step->getResult(0).replaceAllUsesWith(
          buildUndivided(late, mapping, builder));
      break;
    }
    builder.clone(*step, mapping);
  }
}

namespace {
struct RaiseAttentionPass
    : hydragen::impl::RaiseAttentionBase<RaiseAttentionPass> {
  using RaiseAttentionBase::RaiseAttentionBase;

  static void raiseForeign(FunctionOpInterface function) {
    SmallVector<Operation *> foreign;
    for (Operation &op : function.getFunctionBody().front())
      if (isForeignAttention(&op))
        foreign.push_back(&op);
    if (foreign.empty())
      return;
    ReportRecords records(function);
    for (Operation *op : foreign) {
      std::optional<Refusal> refusal;
      Location loc = op->getLoc();
      if (AttentionOp raised = raiseForeignAttention(op, refusal)) {
        records.append({loc, Outcome::Plain,
                        getReasonCode(RefusalReason::NothingShared).str(),
                        getReasonText(RefusalReason::NothingShared).str()},
                       raised);
        reportPassed(raised, "attention-found", "an attention op");
        continue;
      }
      records.append({loc, Outcome::Refused,
                      getReasonCode(refusal->reason).str(), describe(*refusal)},
                     nullptr);
      reportMissed(op, "attention-refused", getReasonCode(refusal->reason),
                   describe(*refusal));
    }
    records.commit();
  }

  /// All parts of a merge are raised: one attention, or each by itself.
  static void raiseMerge(MergeMatch &merge,
                         const DenseMap<Operation *, AttentionOp> &built,
                         DominanceInfo &dominance,
                         function_ref<void(AttentionOp)> report) {
    SmallVector<AttentionOp> parts;
    for (linalg::LinalgOp product : merge.products)
      if (AttentionOp part = built.lookup(product))
        parts.push_back(part);
    std::optional<Refusal> refusal;
    if (parts.size() == merge.products.size()) {
      OpBuilder builder(merge.root);
      if (AttentionOp whole =
              mergeParts(merge, parts, builder, dominance, refusal)) {
        report(whole);
        reportPassed(whole, "attention-merged",
                     Twine(parts.size()) +
                         " partial attentions merged through log-sum-exp");
        return;
      }
      reportMissed(merge.root, "merge-refused", getReasonCode(refusal->reason),
                   describe(*refusal));
    }
    llvm::for_each(parts, report);
  }

  void runOnOperation() override {
    FunctionOpInterface function = getOperation();
    if (function.isExternal())
      return;
    raiseForeign(function);
    SmallVector<linalg::LinalgOp> candidates;
    function->walk([&](linalg::LinalgOp op) {
      if (op->getParentRegion() == &function.getFunctionBody() &&
          getContractionFactors(op))
        candidates.push_back(op);
    });
    if (candidates.empty())
      return;
    SizeAnalysis sizes(function);
    ArgumentSizes argumentSizes(function, sizes);
    DominanceInfo dominance(function);
    // Matches first, so that no rewrite changes what a later match sees.
    SmallVector<std::pair<linalg::LinalgOp, MatchResult>, 0> results;
    for (linalg::LinalgOp op : candidates) {
      MatchResult result = matchAttention(op, sizes);
      if (result.match || result.refusal)
        results.emplace_back(op, std::move(result));
    }
    SmallVector<linalg::LinalgOp> plain;
    for (auto &[product, result] : results)
      if (result.match && !result.match->lateDivision &&
          !result.match->accumulates)
        plain.push_back(product);
    SmallVector<std::unique_ptr<MergeMatch>> merges = findMerges(plain, sizes);
    ReportRecords records(function);
    auto report = [&](AttentionOp op) {
      records.append({op.getLoc(), Outcome::Plain,
                      getReasonCode(RefusalReason::NothingShared).str(),
                      getReasonText(RefusalReason::NothingShared).str()},
                     op);
    };
    DenseMap<Operation *, AttentionOp> built;
    SmallVector<unsigned> merged;
    SmallVector<std::pair<AttentionOp, linalg::LinalgOp>> raised;
    for (auto &[product, result] : results) {
      std::optional<Refusal> refusal = result.refusal;
      if (result.match) {
        OpBuilder builder(product);
        AttentionBuilder attention(*result.match, builder, dominance);
        if (AttentionOp op = attention.build()) {
          linalg::LinalgOp part = product;
          auto *merge = llvm::find_if(merges, [&](const auto &merge) {
            return merge && llvm::is_contained(merge->products, part);
          });
          built[product] = op;
          if (merge == merges.end())
            report(op);
          else if (product == (*merge)->products.back())
            merged.push_back(merge - merges.begin());
          unsigned terms = result.match->terms.size();
          reportPassed(op, "attention-found",
                       Twine("softmax attention over ") + Twine(terms) +
                           " score product" + (terms == 1 ? "" : "s"));
          raised.emplace_back(op, result.match->terms.front().op);
          replaceProduct(*result.match, op, builder);
          for (unsigned number : merged)
            raiseMerge(*std::exchange(merges[number], nullptr), built,
                       dominance, report);
          merged.clear();
          continue;
        }
        refusal = attention.refusal;
      }
      records.append({product.getLoc(), Outcome::Refused,
                      getReasonCode(refusal->reason).str(), describe(*refusal)},
                     nullptr);
      reportMissed(product, "attention-refused", getReasonCode(refusal->reason),
                   describe(*refusal));
    }
    // Where a part was refused the others stand for themselves.
    for (const auto &merge : merges)
      if (merge)
        raiseMerge(*merge, built, dominance, report);
    records.commit();
    if (raised.empty())
      return;
    // What only the replaced ops needed goes now: later passes look at uses.
    DenseSet<Operation *> erased;
    for (Operation &op : llvm::make_early_inc_range(
             llvm::reverse(function.getFunctionBody().front())))
      if (isOpTriviallyDead(&op)) {
        erased.insert(&op);
        op.erase();
      }
    argumentSizes.keep(function);
    for (auto [op, score] : raised)
      if (!erased.contains(score))
        reportMissed(op, "scores-kept", "scores-used-elsewhere",
                     "the scores or probabilities have other uses, so they are "
                     "computed a second time");
  }
};
} // namespace
