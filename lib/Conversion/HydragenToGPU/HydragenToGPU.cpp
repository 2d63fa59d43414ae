//===- HydragenToGPU.cpp - one op per attention -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttributeModifier.h"
#include "RowSpace.h"

#include "hydragen/Analysis/AttentionGroup.h"
#include "hydragen/Analysis/TableCut.h"
#include "hydragen/Conversion/Passes.h"
#include "hydragen/IR/AttentionDims.h"
#include "hydragen/IR/ScoreMods.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_CONVERTHYDRAGENTOGPU
#include "hydragen/Conversion/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// Position of `dim` among the results of `map`; nullopt when there is none or
/// more than one.
std::optional<unsigned> findDim(AffineMap map, unsigned dim) {
  std::optional<unsigned> found;
  for (auto [i, result] : llvm::enumerate(map.getResults())) {
    if (result != getAffineDimExpr(dim, map.getContext()))
      continue;
    if (found)
      return std::nullopt;
    found = i;
  }
  return found;
}

/// An operand and its map on the way into an attend op.
struct Operand {
  Value value;
  AffineMap map;
};

/// Brings one partial attention into the form of a part.
class PartBuilder {
public:
  PartBuilder(OpBuilder &builder, const GroupPart &source, std::string &reason)
      : builder(builder), source(source), op(source.op), loc(op->getLoc()),
        dims(AttentionDims::get(op)), reason(reason) {}

  /// Checks what has no form; builds nothing.
  LogicalResult check();
  /// The part; fills in the operands. `counts` are those of the parts before,
  /// with this one's.
  PartAttr build(TileAttr tile, SmallVectorImpl<Value> &counts);

  Operand query, key, value;
  SmallVector<Value> indices, extras;
  /// The key offset, if it is dynamic.
  SmallVector<Value> offsets;
  /// Where its page table is cut at a number of the call.
  std::optional<TableCut> cut;

private:
  LogicalResult fail(const Twine &text) {
    reason = text.str();
    return failure();
  }
  LogicalResult checkTypes();
  LogicalResult checkMaps();
  LogicalResult checkKeys();
  LogicalResult checkExtents();
  AffineMap rewriteMap(AffineMap map);
  void collapseKeys(Operand &operand);

  OpBuilder &builder;
  const GroupPart &source;
  PartialAttentionOpInterface op;
  Location loc;
  AttentionDims dims;
  std::string &reason;
  /// Number of the index operand that is the page table.
  std::optional<unsigned> table;
};
} // namespace

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static bool isKernelFloat(Type type) {
  return type.isF16() || type.isBF16() || type.isF32();
}

static Type elementOf(Value value) {
  return cast<ShapedType>(value.getType()).getElementType();
}

static std::string toText(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

LogicalResult PartBuilder::checkTypes() {
  if (op.getQueries().size() != 1)
    return fail("its scores are sums of " + Twine(op.getQueries().size()) +
                " products");
  Type type = elementOf(op.getQueries().front());
  if (!isKernelFloat(type))
    return fail("its elements are of type " + toText(type));
  for (Value operand : {op.getKeys().front(), op.getValue()})
    if (elementOf(operand) != type)
      return fail("queries, keys and values are of different types");
  if (!elementOf(op.getInits().front()).isF32())
    return fail("its state is of type " +
                toText(elementOf(op.getInits().front())));
  for (Value extra : op.getExtras())
    if (!isKernelFloat(elementOf(extra)) && !elementOf(extra).isInteger(1))
      return fail("an operand of its scores is of type " +
                  toText(elementOf(extra)));
  double scale = op.getScale().convertToDouble();
  if (!(scale >= 0) || std::isinf(static_cast<float>(scale)))
    return fail("its scale is " + std::to_string(scale));
  return success();
}

LogicalResult PartBuilder::checkMaps() {
  if (dims.contraction.front().size() != 1 || dims.values.size() != 1)
    return fail("it has several contraction or value dims");
  ArrayRef<int64_t> offsets = op.getStaticOffsets();
  if (!llvm::all_of(offsets.drop_back(), [](int64_t o) { return o == 0; }))
    return fail("its rows have offsets");
  unsigned contraction = dims.contraction.front().front();
  AffineMap queryMap = op.getQueryMapsVector().front(),
            keyMap = op.getKeyMapsVector().front(), valueMap = op.getValueMap();
  if (!findDim(queryMap, contraction) || !findDim(keyMap, contraction))
    return fail("the contraction dim is not one of queries and keys");
  if (!findDim(valueMap, dims.values.front()))
    return fail("the columns are not a dim of the values");
  for (unsigned row : dims.rows)
    for (AffineMap map : {queryMap, keyMap, valueMap})
      if (map.isFunctionOfDim(row) && !findDim(map, row))
        return fail("a row is read along a diagonal");
  return success();
}

LogicalResult PartBuilder::checkKeys() {
  AffineMap keyMap = op.getKeyMapsVector().front(), valueMap = op.getValueMap();
  SmallVector<AffineMap> indexMaps = op.getIndexMapsVector();
  llvm::SmallBitVector used = getUsedSymbols(keyMap);
  used.resize(indexMaps.size());
  llvm::SmallBitVector inValue = getUsedSymbols(valueMap);
  inValue.resize(indexMaps.size());
  used |= inValue;
  llvm::SmallBitVector inMods =
      getSymbolsOfScoreMods(op.getScoreMods(), indexMaps.size());
  for (unsigned i = 0; i != indexMaps.size(); ++i) {
    if (!used.test(i) && !inMods.test(i))
      continue;
    Type type = elementOf(op.getIndices()[i]);
    if (!type.isInteger(32) && !type.isInteger(64))
      return fail("an index operand is of type " + toText(type));
    bool usesKey = llvm::any_of(dims.keys, [&](unsigned key) {
      return indexMaps[i].isFunctionOfDim(key);
    });
    if (!used.test(i) || !usesKey)
      continue;
    if (table)
      return fail("its keys are found through two tables");
    table = i;
  }
  if (!table) {
    for (AffineMap map : {keyMap, valueMap}) {
      // Of one key no step leads to the next.
      if (dims.keys.size() == 1 && !map.isFunctionOfDim(dims.keys.front()) &&
          getConstantIntValue(getExtent(builder, op, dims.keys.front())) == 1)
        continue;
      std::optional<unsigned> first = findDim(map, dims.keys.front());
      for (auto [i, key] : llvm::enumerate(dims.keys))
        if (!first || findDim(map, key) != *first + i)
          return fail("its keys are not one dim, or adjacent dims, of K and V");
    }
    return success();
  }
  // A table of pages: K and V through the same page number. One of single keys
  // has no dim for the place in the page.
  if (dims.keys.size() > 2)
    return fail("a table has " + Twine(dims.keys.size()) +
                " key dims instead of page and key");
  unsigned page = dims.keys[0];
  std::optional<unsigned> inPage;
  if (dims.keys.size() == 2)
    inPage = dims.keys[1];
  AffineMap tableMap = indexMaps[*table];
  AffineExpr symbol = getAffineSymbolExpr(*table, op->getContext());
  for (AffineMap map : {keyMap, valueMap})
    if (map.isFunctionOfDim(page) || (inPage && !findDim(map, *inPage)) ||
        llvm::count(map.getResults(), symbol) != 1)
      return fail("its keys are not a page number and a place in the page");
  if ((inPage && tableMap.isFunctionOfDim(*inPage)) ||
      !findDim(tableMap, page) ||
      *findDim(tableMap, page) + 1 != tableMap.getNumResults())
    return fail("the page table's last dim is not the page");
  std::optional<int64_t> pageSize = 1;
  if (inPage)
    pageSize = getConstantIntValue(getExtent(builder, op, *inPage));
  if (!pageSize)
    return fail("the page size is not known");
  cut = getTableCut(op, *table, *findDim(tableMap, page), *pageSize, reason);
  return success(reason.empty());
}

/// Every dim with an unknown extent is a dim of some operand.
LogicalResult PartBuilder::checkExtents() {
  auto state = cast<ShapedType>(op.getInits()[1].getType());
  for (auto [i, row] : llvm::enumerate(dims.rows)) {
    if (!state.isDynamicDim(i))
      continue;
    SmallVector<AffineMap> maps{op.getQueryMapsVector().front(),
                                op.getKeyMapsVector().front(),
                                op.getValueMap()};
    if (llvm::none_of(maps, [&, row = row](AffineMap map) {
          return findDim(map, row).has_value();
        }))
      return fail("the extent of a row is not one of its operands'");
  }
  for (Value operand : {op.getQueries().front(), op.getKeys().front()})
    if (cast<ShapedType>(operand.getType()).getRank() == 0)
      return fail("an operand is a scalar");
  auto getStatic = [&](unsigned dim) {
    return getConstantIntValue(getExtent(builder, op, dim));
  };
  if (!getStatic(dims.contraction.front().front()) ||
      !getStatic(dims.values.front()))
    return fail("its head dims are not known");
  return success();
}

LogicalResult PartBuilder::check() {
  if (failed(checkTypes()) || failed(checkMaps()) || failed(checkKeys()) ||
      failed(checkExtents()))
    return failure();
  reason = checkScoreRegion(op.getScoreRegion());
  return success(reason.empty());
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Several adjacent key dims become one.
void PartBuilder::collapseKeys(Operand &operand) {
  unsigned first = *findDim(operand.map, dims.keys.front());
  unsigned count = dims.keys.size();
  SmallVector<ReassociationIndices> groups;
  SmallVector<AffineExpr> results;
  for (unsigned i = 0; i != operand.map.getNumResults(); ++i) {
    if (i > first && i < first + count) {
      groups.back().push_back(i);
      continue;
    }
    groups.push_back({int64_t(i)});
    results.push_back(operand.map.getResult(i));
  }
  operand.value =
      tensor::CollapseShapeOp::create(builder, loc, operand.value, groups);
  operand.map =
      AffineMap::get(operand.map.getNumDims(), operand.map.getNumSymbols(),
                     results, op->getContext());
}

/// From the partial op's domain to the part's: (rows, key or page and place,
/// contraction, values).
AffineMap PartBuilder::rewriteMap(AffineMap map) {
  unsigned numRows = dims.rows.size(), numKeys = table ? 2 : 1;
  MLIRContext *context = op->getContext();
  SmallVector<AffineExpr> exprs(dims.numDims,
                                getAffineConstantExpr(0, context));
  for (auto [i, row] : llvm::enumerate(dims.rows))
    exprs[row] = getAffineDimExpr(i, context);
  // Collapsed keys are represented by the first.
  for (unsigned i = 0; i != std::min<size_t>(numKeys, dims.keys.size()); ++i)
    exprs[dims.keys[i]] = getAffineDimExpr(numRows + i, context);
  exprs[dims.contraction.front().front()] =
      getAffineDimExpr(numRows + numKeys, context);
  exprs[dims.values.front()] = getAffineDimExpr(numRows + numKeys + 1, context);
  return map.replaceDimsAndSymbols(exprs, {}, numRows + numKeys + 2,
                                   map.getNumSymbols());
}

/// The table with all of its pages, for the same rows.
static Value makeWholeTable(OpBuilder &builder, Location loc,
                            const TableCut &cut, AffineMap map) {
  auto type = cast<RankedTensorType>(cut.whole.getType());
  SmallVector<OpFoldResult> offsets(cut.offsets), sizes(cut.sizes),
      strides(type.getRank(), builder.getIndexAttr(1));
  unsigned page = type.getRank() - 1;
  offsets[page] = builder.getIndexAttr(0);
  sizes[page] = tensor::getMixedSize(builder, loc, cut.whole, page);
  bool same = true;
  for (unsigned i = 0; i != page; ++i)
    // One row of many is the first one.
    same &= getConstantIntValue(offsets[i]) == 0 &&
            (isa<AffineConstantExpr>(map.getResult(i)) ||
             isEqualConstantIntOrValue(
                 sizes[i], tensor::getMixedSize(builder, loc, cut.whole, i)));
  if (same)
    return cut.whole;
  return tensor::ExtractSliceOp::create(builder, loc, cut.whole, offsets, sizes,
                                        strides);
}

PartAttr PartBuilder::build(TileAttr tile, SmallVectorImpl<Value> &counts) {
  query = {op.getQueries().front(), op.getQueryMapsVector().front()};
  key = {op.getKeys().front(), op.getKeyMapsVector().front()};
  value = {op.getValue(), op.getValueMap()};
  if (!table && dims.keys.size() > 1) {
    collapseKeys(key);
    collapseKeys(value);
  }

  SmallVector<Attribute> indexMaps, extraMaps;
  for (auto [operand, map] :
       llvm::zip(op.getIndices(), op.getIndexMapsVector())) {
    bool isCut = cut && indices.size() == *table;
    indices.push_back(isCut ? makeWholeTable(builder, loc, *cut, map)
                            : operand);
    indexMaps.push_back(AffineMapAttr::get(rewriteMap(map)));
  }
  int64_t count = -1, keyOffset = op.getStaticOffsets().back();
  llvm::append_range(offsets, op.getOffsets());
  if (cut) {
    offsets.clear();
    SmallVector<int64_t> known;
    dispatchIndexOpFoldResults({cut->getKeyOffset(builder, loc)}, offsets,
                               known);
    keyOffset = known.front();
    count = llvm::find(counts, cut->count) - counts.begin();
    if (count == static_cast<int64_t>(counts.size()))
      counts.push_back(cut->count);
  }
  for (auto [operand, map] :
       llvm::zip(op.getExtras(), op.getExtraMapsVector())) {
    extras.push_back(operand);
    extraMaps.push_back(AffineMapAttr::get(map));
  }
  SmallVector<int64_t> digits, digitSizes;
  auto state = cast<ShapedType>(op.getInits()[1].getType());
  for (auto [i, digit] : llvm::enumerate(source.digits)) {
    digits.append({digit.row, digit.stride});
    digitSizes.push_back(state.getDimSize(i));
  }
  // Row dims come first, in the order of the digits.
  std::optional<unsigned> groupedRow = getGroupedRow(op);
  int64_t page = 0, grouped = groupedRow ? int64_t(*groupedRow) : -1;
  if (table)
    page = dims.keys.size() == 1
               ? 1
               : *getConstantIntValue(getExtent(builder, op, dims.keys[1]));
  return PartAttr::get(
      op->getContext(), isa<PrefixAttentionOp>(op),
      builder.getDenseI64ArrayAttr(digits),
      builder.getDenseI64ArrayAttr(digitSizes),
      builder.getDenseI64ArrayAttr(source.rowOffsets),
      builder.getDenseI64ArrayAttr(source.rowSizes), keyOffset, page, count,
      cut && cut->rest, grouped, AffineMapAttr::get(rewriteMap(query.map)),
      AffineMapAttr::get(rewriteMap(key.map)),
      AffineMapAttr::get(rewriteMap(value.map)),
      builder.getArrayAttr(indexMaps), builder.getArrayAttr(extraMaps),
      builder.getF64FloatAttr(op.getScale().convertToDouble()),
      op.getScoreMods(), tile);
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

/// Where a query comes from, through ops that only look at it differently.
static Value getViewSource(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ExtractSliceOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

static std::string checkFinalize(const AttentionGroup &group) {
  FinalizeOp finalize = group.finalize;
  auto o = cast<ShapedType>(finalize.getO().getType());
  if (o.getRank() != group.getNumRows() + 1)
    return "it has several value dims";
  if (!isKernelFloat(elementOf(group.result)))
    return "its result is of type " + toText(elementOf(group.result));
  SmallVector<Value> operands(finalize.getSinks());
  if (finalize.getFactor())
    operands.push_back(finalize.getFactor());
  for (Value operand : operands)
    if (!elementOf(operand).isF32())
      return "a sink or factor is of type " + toText(elementOf(operand));
  return "";
}

/// A tensor of the result's shape in front of the attend op.
static Value makeInit(OpBuilder &builder, const AttentionGroup &group) {
  FinalizeOp finalize = group.finalize;
  if (group.epilogue.empty())
    return finalize.getInit();
  // The rows' extents; those of digits follow from the static ones below them.
  Location loc = finalize.getLoc();
  auto type = cast<RankedTensorType>(group.result.getType());
  SmallVector<OpFoldResult> sizes;
  for (auto [i, digit] : llvm::enumerate(group.resultDims)) {
    if (!type.isDynamicDim(i)) {
      sizes.push_back(builder.getIndexAttr(type.getDimSize(i)));
      continue;
    }
    unsigned row = digit.row < 0 ? group.getNumRows() : digit.row;
    Value size = getValueOrCreateConstantIndexOp(
        builder, loc,
        tensor::getMixedSize(builder, loc, finalize.getInit(), row));
    if (digit.row >= 0 && digit.stride > 1)
      size = arith::DivUIOp::create(
          builder, loc, size,
          arith::ConstantIndexOp::create(builder, loc, digit.stride));
    sizes.push_back(size);
  }
  return tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
}

/// The code of all parts' scores in one region, as deallocation wants ops with
/// several ones to say how control flows between them: (number of the part,
/// score, row digits of the part or more, key, the extras of each part in
/// turn). Kernels get the code of one part: AttributeModifier::emitCustom.
static void mergeScoreRegions(const AttentionGroup &group, Region &target,
                              Location loc) {
  OpBuilder builder(target.getContext());
  Block *block = builder.createBlock(&target);
  auto regionOf = [](const GroupPart &part) -> Region & {
    PartialAttentionOpInterface op = part.op;
    return op.getScoreRegion();
  };
  Type indexType = builder.getIndexType(), scoreType;
  size_t numDigits = 0;
  for (const GroupPart &part : group.parts) {
    numDigits = std::max(numDigits, part.digits.size());
    if (!regionOf(part).empty())
      scoreType = regionOf(part).getArgument(0).getType();
  }
  Value number = block->addArgument(indexType, loc),
        score = block->addArgument(scoreType, loc), result;
  SmallVector<Value> digits;
  for (size_t i = 0; i != numDigits; ++i)
    digits.push_back(block->addArgument(indexType, loc));
  Value key = block->addArgument(indexType, loc);
  for (auto [i, part] : llvm::enumerate(group.parts)) {
    Value own = score;
    if (Region &region = regionOf(part); !region.empty()) {
      SmallVector<Value> arguments{score};
      llvm::append_range(arguments,
                         ArrayRef(digits).take_front(part.digits.size()));
      arguments.push_back(key);
      for (BlockArgument extra :
           region.getArguments().drop_front(arguments.size()))
        arguments.push_back(block->addArgument(extra.getType(), loc));
      IRMapping mapping;
      mapping.map(region.getArguments(), arguments);
      for (Operation &op : region.front().without_terminator())
        builder.clone(op, mapping);
      own = mapping.lookupOrDefault(
          cast<YieldOp>(region.front().getTerminator()).getScore());
    }
    if (!result) {
      result = own;
      continue;
    }
    Value isOwn =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, number,
                              arith::ConstantIndexOp::create(builder, loc, i));
    result = arith::SelectOp::create(builder, loc, isOwn, own, result);
  }
  YieldOp::create(builder, loc, result);
}

/// Replaces the ops of a group by an attend op. The reason when it cannot.
/// `reads` gets the ops that read where tables are cut.
static std::string convert(FinalizeOp finalize, ScheduleAttr schedule,
                           SetVector<Operation *> &reads) {
  std::string reason;
  FailureOr<AttentionGroup> group = AttentionGroup::get(finalize, reason);
  if (failed(group))
    return reason;
  if (std::string text = checkFinalize(*group); !text.empty())
    return text;
  OpBuilder builder(finalize);
  Value querySource;
  SmallVector<std::unique_ptr<PartBuilder>> builders;
  for (const GroupPart &part : group->parts) {
    if (!part.op->hasAttr(TileAttr::kAttrName))
      return "a partial attention has no tile";
    auto &added = builders.emplace_back(
        std::make_unique<PartBuilder>(builder, part, reason));
    if (failed(added->check()))
      return reason;
    // One pointer to the queries serves all parts.
    PartialAttentionOpInterface op = part.op, first = group->parts.front().op;
    Value source = getViewSource(op.getQueries().front());
    if (querySource && source != querySource)
      return "its segments have different queries";
    querySource = source;
    if (op.getScale().convertToDouble() != first.getScale().convertToDouble())
      return "its segments have different scales";
    if (!findDim(op.getQueryMapsVector().front(),
                 AttentionDims::get(op).contraction.front().front()) ||
        elementOf(op.getQueries().front()) !=
            elementOf(first.getQueries().front()))
      return "its segments have different types";
  }

  bool custom = llvm::any_of(group->parts, [](const GroupPart &part) {
    PartialAttentionOpInterface op = part.op;
    return !op.getScoreRegion().empty();
  });
  Location loc = finalize.getLoc();
  SmallVector<Value> queries, keys, values, indices, extras, counts, sizes;
  SmallVector<Attribute> parts, separate;
  bool anySeparate = false;
  SmallVector<int64_t> rowSizes;
  for (unsigned row = 0; row != group->getNumRows(); ++row) {
    OpFoldResult size =
        tensor::getMixedSize(builder, loc, finalize.getInit(), row);
    rowSizes.push_back(
        getConstantIntValue(size).value_or(ShapedType::kDynamic));
    if (ShapedType::isDynamic(rowSizes.back()))
      sizes.push_back(cast<Value>(size));
  }
  for (auto [part, from] : llvm::zip(builders, group->parts)) {
    PartialAttentionOpInterface op = from.op;
    parts.push_back(
        part->build(op->getAttrOfType<TileAttr>(TileAttr::kAttrName), counts));
    // A part's digits are the rows of its op, in their order.
    auto rows = op->getAttrOfType<DenseI64ArrayAttr>(kSeparateRowsAttr);
    anySeparate |= bool(rows);
    separate.push_back(rows ? rows : builder.getDenseI64ArrayAttr({}));
    if (part->cut)
      reads.insert(part->cut->read);
    queries.push_back(part->query.value);
    keys.push_back(part->key.value);
    values.push_back(part->value.value);
    llvm::append_range(indices, part->indices);
    llvm::append_range(extras, part->extras);
    llvm::append_range(sizes, part->offsets);
  }
  SmallVector<int64_t> outputDims;
  for (RowDigit digit : group->resultDims)
    outputDims.append({digit.row, digit.stride});
  auto attend = AttendOp::create(
      builder, loc, group->result.getType(), queries, keys, values, indices,
      extras, counts, finalize.getSinks(), finalize.getFactor(), sizes,
      makeInit(builder, *group), builder.getArrayAttr(parts),
      builder.getDenseI64ArrayAttr(rowSizes),
      builder.getDenseI64ArrayAttr(outputDims), finalize.getSinkMapsAttr(),
      finalize.getFactorMapAttr(), finalize.getMaskedRowsAttr(),
      finalize.getAccumulateAttr(), schedule,
      /*scoreRegionsCount=*/custom ? 1 : 0);
  if (anySeparate)
    attend->setAttr(kSeparateRowsAttr, builder.getArrayAttr(separate));
  if (custom)
    mergeScoreRegions(*group, attend.getScoreRegions().front(), loc);
  FailureOr<RowSpace> rows = RowSpace::get(attend, reason);
  if (failed(rows)) {
    attend.erase();
    return reason;
  }
  // The result's last op may stand behind other users of the operands; the
  // attend op stands at the finalize op, which dominates it.
  Value result = group->result;
  result.replaceAllUsesWith(attend.getResult());
  for (Operation *op : llvm::reverse(group->epilogue))
    op->erase();
  if (finalize.getResult().use_empty())
    finalize.erase();
  return "";
}

/// Assertions about slices of a table that nobody takes any more. A count is
/// what it says by how it is computed, and the plan kernel clamps it.
static void eraseAssertions(Operation *read) {
  SetVector<Operation *> users;
  SmallVector<Operation *> assertions;
  users.insert(read);
  for (unsigned i = 0; i != users.size(); ++i)
    for (Operation *user : users[i]->getUsers()) {
      if (isa<cf::AssertOp>(user))
        assertions.push_back(user);
      else if (user->getNumRegions() == 0 && isMemoryEffectFree(user))
        users.insert(user);
      else if (!user->use_empty() || !isMemoryEffectFree(user))
        return; // somebody on the host
    }
  for (Operation *assertion :
       llvm::SetVector<Operation *>(assertions.begin(), assertions.end()))
    assertion->erase();
}

namespace {
struct ConvertHydragenToGPUPass
    : mlir::hydragen::impl::ConvertHydragenToGPUBase<ConvertHydragenToGPUPass> {
  void runOnOperation() override {
    SmallVector<FinalizeOp> ops;
    getOperation()->walk([&](FinalizeOp op) {
      if (op->hasAttr(ScheduleAttr::kAttrName))
        ops.push_back(op);
    });
    SetVector<Operation *> reads;
    for (FinalizeOp op : ops) {
      auto schedule = op->getAttrOfType<ScheduleAttr>(ScheduleAttr::kAttrName);
      Location loc = op.getLoc();
      std::string reason = convert(op, schedule, reads);
      if (reason.empty())
        continue;
      op->removeAttr(ScheduleAttr::kAttrName);
      remark::missed(
          loc, remark::RemarkOpts::name("gpu-fallback").category("hydragen"))
          << ("attention runs on the host: " + reason)
          << remark::metric("reason-code", "unsupported-on-gpu");
    }
    IRRewriter rewriter(&getContext());
    (void)runRegionDCE(rewriter, getOperation()->getRegions());
    if (reads.empty())
      return;
    // Those that are dead are gone.
    SmallVector<Operation *> left;
    getOperation()->walk([&](tensor::ExtractOp op) {
      if (reads.contains(op))
        left.push_back(op);
    });
    for (Operation *op : left)
      eraseAssertions(op);
    (void)runRegionDCE(rewriter, getOperation()->getRegions());
  }
};
} // namespace
