//===- DecomposeAttention.cpp - hydragen-decompose --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// attention(K1 ++ K2) = finalize(combine(partial(K1), partial(K2))):
// sections 3.1 and 3.2 of the paper, for any number of segments and any tree of
// sharing.
//===----------------------------------------------------------------------===//

#include "DecomposeDetail.h"

#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/LinearExpr.h"
#include "hydragen/IR/ScoreMods.h"
#include "hydragen/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/TypeSwitch.h"
#include <array>

namespace mlir::hydragen {
#define GEN_PASS_DEF_DECOMPOSEATTENTION
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// Rows [offset, offset + size) per row dim; a dynamic size is "to the end".
struct RowRect {
  ArrayRef<int64_t> offsets, sizes;
  bool all() const { return offsets.empty(); }
};

/// Decomposes one attention.
class Decomposer {
public:
  Decomposer(OpBuilder &builder, AttentionOp op, bool neverShare)
      : builder(builder), op(op), loc(op.getLoc()),
        dims(AttentionDims::get(op)), neverShare(neverShare) {}

  LogicalResult run();

private:
  State makeIdentity(ArrayRef<OpFoldResult> rows,
                     ArrayRef<OpFoldResult> values) {
    return mlir::hydragen::makeIdentity(builder, loc, op.getStateElementType(),
                                        rows, values);
  }
  FailureOr<State> makePartial(unsigned segment);
  State createPartial(const PartialParts &parts, const SplitDomain &domain,
                      unsigned segment);
  ArrayAttr rewriteMods(const SplitDomain &domain, ArrayRef<unsigned> symbols);
  AffineMap renumberSymbols(AffineMap map, ArrayRef<unsigned> symbols);
  SmallVector<unsigned> getUsedIndices(unsigned segment);
  void cloneScoreRegion(const SplitDomain &domain, Region &target);
  SmallVector<State> mergeDisjoint(ArrayRef<State> partials);
  void markSeparateRows();
  bool isEmpty(unsigned segment);
  bool isHidden(unsigned segment);
  void dropHiddenSegments();
  Value finalize(const State &state);
  RowRect getRect(unsigned segment) {
    SegmentAttr attr = op.getSegment(segment);
    return {attr.getRowOffsets(), attr.getRowSizes()};
  }
  AffineMap rowMap(ArrayRef<AffineExpr> results) {
    return AffineMap::get(dims.rows.size(), 0, results, builder.getContext());
  }

  OpBuilder &builder;
  AttentionOp op;
  Location loc;
  AttentionDims dims;
  bool neverShare;
  SmallVector<OpFoldResult> rowSizes, valueSizes;
  /// Without sharing: the partial attentions, whether sequences share all of
  /// their keys by the segment's mark, and the row digits that K and V do not
  /// use.
  struct PlainPartial {
    Operation *op = nullptr;
    bool shared = false;
    SmallVector<std::pair<Digit, int64_t>> unused;
  };
  SmallVector<PlainPartial> plainPartials;
  /// Segments that are left out.
  llvm::SmallBitVector hidden;
};
} // namespace

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

State hydragen::makeIdentity(OpBuilder &builder, Location loc, FloatType type,
                             ArrayRef<OpFoldResult> rows,
                             ArrayRef<OpFoldResult> values) {
  auto fill = [&](ArrayRef<OpFoldResult> sizes, const APFloat &value) {
    Value empty = tensor::EmptyOp::create(builder, loc, sizes, type);
    Value constant = arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(type, value));
    return linalg::FillOp::create(builder, loc, constant, empty).getResult(0);
  };
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  SmallVector<OpFoldResult> all(rows);
  llvm::append_range(all, values);
  return {fill(all, APFloat::getZero(semantics)),
          fill(rows, APFloat::getInf(semantics, /*Negative=*/true)),
          fill(rows, APFloat::getZero(semantics))};
}

//===----------------------------------------------------------------------===//
// Score modifications
//===----------------------------------------------------------------------===//

/// Index operands that the segment's maps or the score modifications read. A
/// table of another segment stays out: its slice need not exist here.
SmallVector<unsigned> Decomposer::getUsedIndices(unsigned segment) {
  SegmentAttr attr = op.getSegment(segment);
  llvm::SmallBitVector used =
      getSymbolsOfScoreMods(op.getScoreMods(), op.getIndices().size());
  auto note = [&](AffineMap map) {
    llvm::SmallBitVector symbols = getUsedSymbols(map);
    for (unsigned symbol : symbols.set_bits())
      used.set(symbol);
  };
  for (AffineMap map : attr.getKeyMaps().getAsValueRange<AffineMapAttr>())
    note(map);
  note(attr.getValueMap().getValue());
  return llvm::to_vector(llvm::map_range(
      used.set_bits(), [](int bit) { return static_cast<unsigned>(bit); }));
}

/// Symbols by their place in `symbols`; the others do not occur.
AffineMap Decomposer::renumberSymbols(AffineMap map,
                                      ArrayRef<unsigned> symbols) {
  SmallVector<AffineExpr> dimExprs, symbolExprs;
  for (unsigned dim = 0; dim != map.getNumDims(); ++dim)
    dimExprs.push_back(builder.getAffineDimExpr(dim));
  for (unsigned symbol = 0; symbol != map.getNumSymbols(); ++symbol) {
    const auto *place = llvm::find(symbols, symbol);
    symbolExprs.push_back(
        place == symbols.end()
            ? builder.getAffineConstantExpr(0)
            : builder.getAffineSymbolExpr(place - symbols.begin()));
  }
  return map.replaceDimsAndSymbols(dimExprs, symbolExprs, map.getNumDims(),
                                   symbols.size());
}

ArrayAttr Decomposer::rewriteMods(const SplitDomain &domain,
                                  ArrayRef<unsigned> symbols) {
  auto rewrite = [&](AffineMapAttr map) {
    return AffineMapAttr::get(
        renumberSymbols(domain.rewritePositionMap(map.getValue()), symbols));
  };
  SmallVector<Attribute> mods;
  for (Attribute mod : op.getScoreMods())
    mods.push_back(llvm::TypeSwitch<Attribute, Attribute>(mod)
                       .Case([&](VisibleAttr visible) {
                         return VisibleAttr::get(
                             op.getContext(), rewrite(visible.getWhere()),
                             visible.getFill(), visible.getMode());
                       })
                       .Case([&](AlibiAttr alibi) {
                         return AlibiAttr::get(op.getContext(),
                                               alibi.getExtra(),
                                               rewrite(alibi.getDistance()));
                       })
                       .Default([](Attribute other) { return other; }));
  return builder.getArrayAttr(mods);
}

/// The score region with the row digits in place of the rows.
void Decomposer::cloneScoreRegion(const SplitDomain &domain, Region &target) {
  if (op.getScoreRegion().empty())
    return;
  Block &source = op.getScoreRegion().front();
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&target);
  unsigned numRows = dims.rows.size();
  IRMapping mapping;
  mapping.map(source.getArgument(0),
              block->addArgument(source.getArgument(0).getType(), loc));
  SmallVector<Value> digits;
  for (unsigned i = 0; i != domain.getNumRowDigits(); ++i)
    digits.push_back(block->addArgument(builder.getIndexType(), loc));
  mapping.map(source.getArgument(numRows + 1),
              block->addArgument(builder.getIndexType(), loc));
  for (BlockArgument extra : source.getArguments().drop_front(numRows + 2))
    mapping.map(extra, block->addArgument(extra.getType(), loc));
  for (unsigned row = 0; row != numRows; ++row)
    mapping.map(
        source.getArgument(row + 1),
        affine::makeComposedAffineApply(
            builder, loc,
            AffineMap::get(domain.getNumRowDigits(), 0, domain.getRowExpr(row)),
            getAsOpFoldResult(digits))
            .getResult());
  for (Operation &nested : source)
    builder.clone(nested, mapping);
}

//===----------------------------------------------------------------------===//
// One segment
//===----------------------------------------------------------------------===//

FailureOr<State> Decomposer::makePartial(unsigned segment) {
  SegmentAttr attr = op.getSegment(segment);
  if (attr.getKeyScale() >= 0 || attr.getValueScale() >= 0)
    return op.emitOpError("segment ")
           << segment << " is quantised, which is not lowered yet";
  SplitDomain domain(builder, op, segment, dims);

  PartialParts parts;
  bool copied = false;
  auto split = [&](Value operand, AffineMap map, SmallVectorImpl<Value> &values,
                   SmallVectorImpl<AffineMap> &maps) {
    SplitOperand result = domain.split(operand, map);
    values.push_back(result.value);
    maps.push_back(result.map);
    copied |= result.copied;
  };
  for (auto [query, map] : llvm::zip(
           op.getQueries(), op.getQueryMaps().getAsValueRange<AffineMapAttr>()))
    split(query, map, parts.queries, parts.queryMaps);
  for (unsigned term = 0; term != op.getNumTerms(); ++term)
    split(op.getKey(segment, term), attr.getKeyMap(term), parts.keys,
          parts.keyMaps);
  SmallVector<unsigned> symbols = getUsedIndices(segment);
  for (unsigned symbol : symbols)
    split(op.getIndices()[symbol],
          cast<AffineMapAttr>(op.getIndexMaps()[symbol]).getValue(),
          parts.indices, parts.indexMaps);
  SplitOperand value =
      domain.split(op.getSegmentValue(segment), attr.getValueMap().getValue());
  SmallVector<AffineMap> kvMaps(parts.keyMaps);
  llvm::append_range(kvMaps, parts.indexMaps);
  kvMaps.push_back(value.map);
  value = domain.exposeKeys(value, kvMaps);
  copied |= value.copied;
  auto renumber = [&](AffineMap map) {
    return renumberSymbols(
        map, getUsedSymbols(map).none() ? ArrayRef<unsigned>() : symbols);
  };
  for (AffineMap &map : parts.keyMaps)
    map = renumber(map);
  parts.value = value.value;
  parts.valueMap = renumber(value.map);
  llvm::append_range(parts.extras, op.getExtras());
  for (AffineMap map : op.getExtraMaps().getAsValueRange<AffineMapAttr>())
    parts.extraMaps.push_back(domain.rewritePositionMap(map));
  parts.mods = rewriteMods(domain, symbols);
  parts.rowSizes = domain.getRowDigitSizes();
  parts.valueSizes = domain.getValueSizes();
  if (copied)
    remark::missed(
        loc, remark::RemarkOpts::name("decompose-copy").category("hydragen"))
        << "an operand of a segment is copied: no view has its elements in the "
           "order of the dims";

  State state = createPartial(parts, domain, segment);

  // Back from digits to rows.
  SmallVector<ReassociationIndices> groups = domain.getRowReassociation();
  if (domain.getNumRowDigits() == dims.rows.size())
    return state;
  auto collapse = [&](Value tensor, ArrayRef<ReassociationIndices> by) {
    return tensor::CollapseShapeOp::create(builder, loc, tensor, by)
        .getResult();
  };
  state.m = collapse(state.m, groups);
  state.l = collapse(state.l, groups);
  for (unsigned i = 0; i != dims.values.size(); ++i)
    groups.push_back({static_cast<int64_t>(domain.getNumRowDigits() + i)});
  state.o = collapse(state.o, groups);
  return state;
}

State Decomposer::createPartial(const PartialParts &parts,
                                const SplitDomain &domain, unsigned segment) {
  // Rows that are put together at run time read the keys one by one until then.
  bool grouped = op.getSegment(segment).getGrouped() && !neverShare;
  bool shared = !neverShare && !grouped && isSharedSegment(op, segment);
  // Row offsets are in the maps; the key's is an operand.
  SmallVector<OpFoldResult> offsets(parts.rowSizes.size(),
                                    builder.getIndexAttr(0));
  offsets.push_back(op.getSegmentBegin(segment));
  SmallVector<int64_t> staticOffsets;
  SmallVector<Value> dynamicOffsets;
  dispatchIndexOpFoldResults(offsets, dynamicOffsets, staticOffsets);
  State identity = makeIdentity(parts.rowSizes, parts.valueSizes);
  auto create = [&](auto tag) -> Operation * {
    using OpTy = decltype(tag);
    auto partial =
        OpTy::create(builder, loc,
                     TypeRange{identity.o.getType(), identity.m.getType(),
                               identity.l.getType()},
                     parts.queries, parts.keys, parts.value, parts.indices,
                     parts.extras, dynamicOffsets, identity.values(),
                     builder.getDenseI64ArrayAttr(staticOffsets),
                     builder.getAffineMapArrayAttr(parts.queryMaps),
                     builder.getAffineMapArrayAttr(parts.keyMaps),
                     AffineMapAttr::get(parts.valueMap),
                     builder.getAffineMapArrayAttr(parts.indexMaps),
                     builder.getAffineMapArrayAttr(parts.extraMaps),
                     op.getScaleAttr(), parts.mods);
    cloneScoreRegion(domain, partial.getScoreRegion());
    return partial;
  };
  Operation *partial;
  if (shared) {
    partial = create(PrefixAttentionOp());
  } else {
    partial = create(SuffixAttentionOp());
  }
  if (grouped)
    partial->setAttr(kGroupedAttr, builder.getUnitAttr());
  if (neverShare) {
    PlainPartial &plain = plainPartials.emplace_back();
    plain.op = partial;
    plain.shared = op.getSegment(segment).getShared();
    llvm::SmallBitVector unused =
        hydragen::getUnusedRows(cast<PartialAttentionOpInterface>(partial));
    for (unsigned digit : unused.set_bits())
      plain.unused.emplace_back(domain.getDigits()[digit], digit);
  }
  return {partial->getResult(0), partial->getResult(1), partial->getResult(2)};
}

/// Without sharing, rows that read the same keys in some segments only are
/// computed one by one. Rows that have all keys in common (the query heads of a
/// group, the queries of a sequence) are not what sharing means.
void Decomposer::markSeparateRows() {
  auto same = [](const Digit &a, const Digit &b) {
    return a.oldDim == b.oldDim && a.stride == b.stride && a.size == b.size;
  };
  // Segments that are all marked as shared have no own keys to compare with.
  bool noOwnKeys = llvm::all_of(
      plainPartials, [](const PlainPartial &plain) { return plain.shared; });
  for (PlainPartial &mine : plainPartials) {
    SmallVector<int64_t> separate;
    for (const std::pair<Digit, int64_t> &unused : mine.unused) {
      bool together =
          !noOwnKeys &&
          llvm::all_of(plainPartials, [&](const PlainPartial &other) {
            return llvm::any_of(other.unused, [&](const auto &entry) {
              return same(entry.first, unused.first);
            });
          });
      if (!together)
        separate.push_back(unused.second);
    }
    if (!separate.empty())
      mine.op->setAttr(kSeparateRowsAttr,
                       builder.getDenseI64ArrayAttr(separate));
  }
}

//===----------------------------------------------------------------------===//
// All segments
//===----------------------------------------------------------------------===//

static bool disjoint(const RowRect &a, const RowRect &b) {
  if (a.all() || b.all())
    return false;
  auto end = [](int64_t offset, int64_t size) {
    return ShapedType::isDynamic(size) ? std::numeric_limits<int64_t>::max()
                                       : offset + size;
  };
  for (unsigned row = 0; row != a.offsets.size(); ++row)
    if (end(a.offsets[row], a.sizes[row]) <= b.offsets[row] ||
        end(b.offsets[row], b.sizes[row]) <= a.offsets[row])
      return true;
  return false;
}

/// True when no row sees a key of the segment.
bool Decomposer::isHidden(unsigned segment) {
  std::optional<int64_t> begin =
      getConstantIntValue(op.getSegmentBegin(segment));
  int64_t size = op.getSegment(segment).getSize();
  if (!begin || ShapedType::isDynamic(size))
    return false;
  // The least and greatest place of each row, and of the key.
  SmallVector<std::pair<int64_t, int64_t>> ranges;
  RowRect rect = getRect(segment);
  for (auto [row, extent] : llvm::enumerate(rowSizes)) {
    int64_t offset = rect.all() ? 0 : rect.offsets[row],
            count = rect.all() ? ShapedType::kDynamic : rect.sizes[row];
    if (!ShapedType::isDynamic(count))
      ranges.push_back({offset, offset + count - 1});
    else if (std::optional<int64_t> end = getConstantIntValue(extent))
      ranges.push_back({offset, *end - 1});
    else
      ranges.push_back({offset, std::numeric_limits<int64_t>::max()});
  }
  ranges.push_back({*begin, *begin + size - 1});

  auto isNegative = [&](AffineExpr expr, unsigned numSymbols) {
    std::optional<LinearExpr> linear =
        getLinear(expr, ranges.size(), numSymbols);
    if (!linear ||
        llvm::any_of(linear->symbols, [](int64_t c) { return c != 0; }))
      return false;
    DynamicAPInt most(linear->constant);
    for (auto [coefficient, range] : llvm::zip_equal(linear->dims, ranges))
      most += DynamicAPInt(coefficient) *
              DynamicAPInt(coefficient > 0 ? range.second : range.first);
    return most < 0;
  };
  ArrayRef<Attribute> mods = op.getScoreMods().getValue();
  llvm::SmallBitVector hiding = getHidingMods(mods);
  return llvm::any_of(hiding.set_bits(), [&](unsigned i) {
    AffineMap where = cast<VisibleAttr>(mods[i]).getWhere().getValue();
    return llvm::any_of(where.getResults(), [&](AffineExpr result) {
      return isNegative(result, where.getNumSymbols());
    });
  });
}

/// Leaves the segments at the end of the keys out that no row sees: what a
/// cache has room for, but does not have yet.
void Decomposer::dropHiddenSegments() {
  unsigned numSeen = op.getNumSegments();
  while (numSeen != 0 && isHidden(numSeen - 1))
    --numSeen;
  // Where nothing is seen at all, that is the result.
  if (numSeen == 0 || numSeen == op.getNumSegments())
    return;
  int64_t end = *getConstantIntValue(op.getSegmentBegin(numSeen));
  // Of other rows some segment may go on behind it.
  for (unsigned i = 0; i != numSeen; ++i) {
    std::optional<int64_t> begin = getConstantIntValue(op.getSegmentBegin(i));
    int64_t size = op.getSegment(i).getSize();
    if (!begin || ShapedType::isDynamic(size) || *begin + size > end)
      return;
  }
  hidden.set(numSeen, op.getNumSegments());
  if (auto cover = op->getAttrOfType<CoverAttr>(CoverAttr::kAttrName)) {
    SmallVector<int64_t> pieces;
    unsigned width = cover.getPieceWidth();
    for (unsigned i = 0; i != cover.getNumPieces(); ++i)
      if (cover.getPiece(i)[width - 2] < end)
        llvm::append_range(pieces, cover.getPiece(i));
    op->setAttr(CoverAttr::kAttrName,
                CoverAttr::get(op.getContext(), cover.getRows(), end, pieces));
  }
  remark::passed(loc,
                 remark::RemarkOpts::name("keys-left-out").category("hydragen"))
      << ("keys from " + Twine(end) + " on are left out: no row sees them")
             .str();
}

/// True when the segment is known to have no key or no row, or is left out. Its
/// slices may lie behind the end of K and V, where upstream refuses even an
/// empty one.
bool Decomposer::isEmpty(unsigned segment) {
  return hidden.test(segment) || op.getSegment(segment).getSize() == 0 ||
         llvm::is_contained(op.getSegment(segment).getRowSizes(), 0);
}

/// States over all rows: partials of disjoint rectangles are written into one
/// state, which is the identity elsewhere.
SmallVector<State> Decomposer::mergeDisjoint(ArrayRef<State> partials) {
  SmallVector<State> states;
  SmallVector<SmallVector<unsigned>> layers;
  for (unsigned segment = 0; segment != partials.size(); ++segment) {
    if (isEmpty(segment))
      continue;
    RowRect rect = getRect(segment);
    if (rect.all()) {
      states.push_back(partials[segment]);
      continue;
    }
    auto *layer = llvm::find_if(layers, [&](ArrayRef<unsigned> members) {
      return llvm::all_of(members, [&](unsigned member) {
        return disjoint(rect, getRect(member));
      });
    });
    if (layer == layers.end())
      layers.push_back({segment});
    else
      layer->push_back(segment);
  }
  for (ArrayRef<unsigned> layer : layers) {
    State state = makeIdentity(rowSizes, valueSizes);
    for (unsigned segment : layer) {
      RowRect rect = getRect(segment);
      auto insert = [&](Value source, Value target, unsigned numValues) {
        SmallVector<OpFoldResult> offsets =
            getAsIndexOpFoldResult(builder.getContext(), rect.offsets);
        SmallVector<OpFoldResult> sizes =
            tensor::getMixedSizes(builder, loc, source);
        offsets.append(numValues, builder.getIndexAttr(0));
        SmallVector<OpFoldResult> strides(sizes.size(),
                                          builder.getIndexAttr(1));
        return tensor::InsertSliceOp::create(builder, loc, source, target,
                                             offsets, sizes, strides)
            .getResult();
      };
      const State &partial = partials[segment];
      state.o = insert(partial.o, state.o, dims.values.size());
      state.m = insert(partial.m, state.m, 0);
      state.l = insert(partial.l, state.l, 0);
    }
    states.push_back(state);
  }
  if (states.empty())
    states.push_back(makeIdentity(rowSizes, valueSizes));
  return states;
}

/// The output in its own layout, from the state's (rows..., values...).
Value Decomposer::finalize(const State &state) {
  Value init = op.getInits().front();
  SmallVector<unsigned> stateDims(dims.rows);
  llvm::append_range(stateDims, dims.values);
  // permutation[i]: the state's dim behind the output's dim i.
  SmallVector<int64_t> permutation;
  for (AffineExpr result : op.getOutputMap().getResults()) {
    unsigned dim = cast<AffineDimExpr>(result).getPosition();
    permutation.push_back(llvm::find(stateDims, dim) - stateDims.begin());
  }
  bool permuted = !llvm::is_sorted(permutation);
  Value target = init;
  if (permuted) {
    SmallVector<OpFoldResult> sizes(rowSizes);
    llvm::append_range(sizes, valueSizes);
    target = tensor::EmptyOp::create(builder, loc, sizes,
                                     op.getOutputType().getElementType());
    if (op.getAccumulate())
      target = linalg::TransposeOp::create(builder, loc, init, target,
                                           invertPermutationVector(permutation))
                   .getResult()
                   .front();
  }
  auto result = FinalizeOp::create(
      builder, loc, target.getType(), state.o, state.m, state.l, op.getSinks(),
      op.getFactor(), target, op.getSinkMapsAttr(), op.getFactorMapAttr(),
      op.getMaskedRowsAttr(), op.getAccumulateAttr());
  if (Attribute cover = op->getAttr(CoverAttr::kAttrName))
    result->setAttr(CoverAttr::kAttrName, cover);
  if (!permuted)
    return result.getResult();
  return linalg::TransposeOp::create(builder, loc, result.getResult(), init,
                                     permutation)
      .getResult()
      .front();
}

LogicalResult Decomposer::run() {
  rowSizes = hydragen::getRowSizes(builder, op);
  for (unsigned dim : dims.values)
    valueSizes.push_back(tensor::getMixedSize(
        builder, loc, op.getInits().front(),
        *op.getOutputMap().getResultPosition(builder.getAffineDimExpr(dim))));

  hidden.resize(op.getNumSegments());
  dropHiddenSegments();
  SmallVector<State> partials;
  for (unsigned segment = 0; segment != op.getNumSegments(); ++segment) {
    FailureOr<State> partial =
        isEmpty(segment) ? FailureOr<State>(State()) : makePartial(segment);
    if (failed(partial))
      return failure();
    partials.push_back(*partial);
  }
  markSeparateRows();
  SmallVector<State> states = mergeDisjoint(partials);
  State state = states.front();
  if (states.size() > 1) {
    SmallVector<Value> operands;
    for (const State &other : ArrayRef(states).drop_front())
      llvm::append_range(operands, other.values());
    auto combine = CombineOp::create(
        builder, loc,
        TypeRange{state.o.getType(), state.m.getType(), state.l.getType()},
        operands, state.values(), /*stacked=*/false);
    state = {combine.getResult(0), combine.getResult(1), combine.getResult(2)};
  }
  SmallVector<Value> results{finalize(state)};
  std::array<Value, 2> statistics{state.m, state.l};
  if (op.hasStateResults())
    for (auto [value, result] :
         llvm::zip_equal(statistics, op.getResults().drop_front()))
      results.push_back(
          value.getType() == result.getType()
              ? value
              : tensor::CastOp::create(builder, loc, result.getType(), value)
                    .getResult());
  if (results.front().getType() != op.getOutputType())
    results.front() = tensor::CastOp::create(builder, loc, op.getOutputType(),
                                             results.front());
  op->replaceAllUsesWith(results);
  op->erase();
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct DecomposeAttentionPass
    : hydragen::impl::DecomposeAttentionBase<DecomposeAttentionPass> {
  using DecomposeAttentionBase::DecomposeAttentionBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (sharing != "auto" && sharing != "always" && sharing != "never")
      return emitError(UnknownLoc::get(context),
                       "hydragen-decompose: sharing expects auto, always or "
                       "never but got ")
             << sharing;
    return success();
  }

  void runOnOperation() override {
    SmallVector<AttentionOp> ops;
    getOperation()->walk([&](AttentionOp op) { ops.push_back(op); });
    for (AttentionOp op : ops) {
      OpBuilder builder(op);
      Decomposer decomposer(builder, op,
                            sharing == "never" || op->hasAttr(kPlainAttr));
      if (failed(decomposer.run()))
        return signalPassFailure();
    }
  }
};
} // namespace
