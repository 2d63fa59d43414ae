//===- GroupRows.cpp - hydragen-group-rows ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DecomposeDetail.h"

#include "hydragen/Analysis/AttentionGroup.h"
#include "hydragen/IR/AttentionDims.h"
#include "hydragen/Transforms/Passes.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"

namespace mlir::hydragen {
#define GEN_PASS_DEF_GROUPROWS
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

/// Rows of one matrix product that rows grouped at run time fill: two vectors
/// of the CPU kernels with 256 bits. A tile costs as much as half of its rows
/// would on their own, less where their keys do not stay in the cache between
/// two rows (measured on one core: 512 KiB of keys and values per head, groups
/// of 4, 8, 32).
static constexpr int64_t kTileRows = 16;
static constexpr int64_t kCachedBytes = int64_t(1) << 20;

namespace {
/// Puts the rows of one partial attention together.
class RowGrouper {
public:
  RowGrouper(OpBuilder &builder, SuffixAttentionOp op)
      : builder(builder), op(op), loc(op.getLoc()) {}

  /// False where an operand depends on the row in another way.
  bool run();

private:
  PartialParts getParts();
  std::pair<int64_t, int64_t> getWidth(const PartialParts &parts, unsigned row);
  template <typename OpTy>
  SmallVector<Value> createPartial(const PartialParts &parts, unsigned row,
                                   unsigned listRank);
  void cloneScoreRegion(Region &target, unsigned row, unsigned listRank);
  bool usesRowInRegion(unsigned row) {
    return !op.getScoreRegion().empty() &&
           !op.getScoreRegion().front().getArgument(1 + row).use_empty();
  }

  OpBuilder &builder;
  SuffixAttentionOp op;
  Location loc;
};
} // namespace

PartialParts RowGrouper::getParts() {
  PartialParts parts;
  parts.queries = op.getQueries();
  parts.keys = op.getKeys();
  parts.indices = op.getIndices();
  parts.extras = op.getExtras();
  parts.value = op.getValue();
  parts.queryMaps = op.getQueryMapsVector();
  parts.keyMaps = op.getKeyMapsVector();
  parts.indexMaps = op.getIndexMapsVector();
  parts.extraMaps = op.getExtraMapsVector();
  parts.valueMap = op.getValueMap();
  parts.mods = op.getScoreMods();
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, op.getInits()[0]);
  unsigned numRows =
      cast<RankedTensorType>(op.getInits()[1].getType()).getRank();
  parts.rowSizes.assign(sizes.begin(), sizes.begin() + numRows);
  parts.valueSizes.assign(sizes.begin() + numRows, sizes.end());
  return parts;
}

/// The row's number in a list is not known in the region; nothing asks for it.
void RowGrouper::cloneScoreRegion(Region &target, unsigned row,
                                  unsigned listRank) {
  if (op.getScoreRegion().empty())
    return;
  Block &source = op.getScoreRegion().front();
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&target);
  IRMapping mapping;
  mapping.map(source.getArgument(0),
              block->addArgument(source.getArgument(0).getType(), loc));
  for (unsigned i = 0; i != listRank; ++i)
    block->addArgument(builder.getIndexType(), loc);
  for (BlockArgument argument : source.getArguments().drop_front())
    if (argument.getArgNumber() != 1 + row)
      mapping.map(argument, block->addArgument(argument.getType(), loc));
  for (Operation &nested : source)
    builder.clone(nested, mapping);
}

template <typename OpTy>
SmallVector<Value> RowGrouper::createPartial(const PartialParts &parts,
                                             unsigned row, unsigned listRank) {
  SmallVector<int64_t> offsets(parts.rowSizes.size(), 0);
  offsets.push_back(op.getStaticOffsets().back());
  auto type = cast<FloatType>(getElementTypeOrSelf(op.getInits()[0].getType()));
  SmallVector<Value> identity =
      makeIdentity(builder, loc, type, parts.rowSizes, parts.valueSizes)
          .values();
  auto partial = OpTy::create(builder, loc, ValueRange(identity).getTypes(),
                              parts.queries, parts.keys, parts.value,
                              parts.indices, parts.extras, op.getOffsets(),
                              identity, builder.getDenseI64ArrayAttr(offsets),
                              builder.getAffineMapArrayAttr(parts.queryMaps),
                              builder.getAffineMapArrayAttr(parts.keyMaps),
                              AffineMapAttr::get(parts.valueMap),
                              builder.getAffineMapArrayAttr(parts.indexMaps),
                              builder.getAffineMapArrayAttr(parts.extraMaps),
                              op.getScaleAttr(), parts.mods);
  cloneScoreRegion(partial.getScoreRegion(), row, listRank);
  return SmallVector<Value>(partial->getResults());
}

/// Rows of a tile, and the least number of rows that get one.
std::pair<int64_t, int64_t> RowGrouper::getWidth(const PartialParts &parts,
                                                 unsigned row) {
  // Rows that meet each key anyway, beside those that are put together.
  int64_t folded = 1;
  for (unsigned dim = 0; dim != parts.rowSizes.size(); ++dim) {
    auto uses = [&](AffineMap map) { return map.isFunctionOfDim(dim); };
    if (dim != row && !uses(parts.valueMap) &&
        llvm::none_of(parts.keyMaps, uses))
      folded *= getConstantIntValue(parts.rowSizes[dim]).value_or(1);
  }
  int64_t width =
      std::max<int64_t>(kTileRows / std::max<int64_t>(folded, 1), 2);
  if (std::optional<int64_t> rows = getConstantIntValue(parts.rowSizes[row]))
    width = std::min(width, std::max<int64_t>(*rows, 1));
  int64_t bytes = cast<RankedTensorType>(parts.value.getType())
                      .getElementType()
                      .getIntOrFloatBitWidth() /
                  4;
  AttentionDims dims = AttentionDims::get(op);
  for (unsigned key : dims.keys)
    bytes *=
        getConstantIntValue(getExtent(builder, op, key)).value_or(kCachedBytes);
  for (OpFoldResult columns : parts.valueSizes)
    bytes *= getConstantIntValue(columns).value_or(1);
  return {width, std::max<int64_t>(
                     llvm::divideCeil(width, bytes > kCachedBytes ? 4 : 2), 2)};
}

bool RowGrouper::run() {
  PartialParts parts = getParts();
  std::optional<unsigned> row = getGroupedRow(parts);
  auto isZero = [](int64_t offset) { return offset == 0; };
  if (!row || usesRowInRegion(*row) ||
      !llvm::all_of(op.getStaticOffsets().drop_back(), isZero))
    return false;
  auto [width, least] = getWidth(parts, *row);
  auto list = [&](ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, builder.getI64Type());
  };
  constexpr int64_t unknown = ShapedType::kDynamic;
  int64_t fixed = getConstantIntValue(parts.rowSizes[*row]).value_or(unknown);
  auto group = GroupRowsOp::create(
      builder, loc,
      TypeRange{list({unknown, width}), list({unknown}), list({fixed})},
      getGroupNumbers(builder, loc, parts, *row), width, least);
  std::optional<PartialParts> tiles =
      takeRows(builder, loc, parts, *row, group.getTiles());
  std::optional<PartialParts> singles =
      takeRows(builder, loc, parts, *row, group.getSingles());
  if (!tiles || !singles)
    return false;
  SmallVector<Value> a = createPartial<PrefixAttentionOp>(*tiles, *row, 2),
                     b = createPartial<SuffixAttentionOp>(*singles, *row, 1);
  SmallVector<Value> state;
  for (auto [tile, single, init] : llvm::zip_equal(a, b, op.getInits()))
    state.push_back(UngroupRowsOp::create(
        builder, loc, init.getType(), group.getSlots(), tile, single, *row));
  // What came in is the state of no key, but where somebody wrote it by hand.
  if (!hasIdentityInits(op))
    state = SmallVector<Value>(
        CombineOp::create(builder, loc, op.getResultTypes(), state,
                          op.getInits(), /*stacked=*/false)
            .getResults());
  op->replaceAllUsesWith(state);
  op->erase();
  return true;
}

namespace {
struct GroupRowsPass : hydragen::impl::GroupRowsBase<GroupRowsPass> {
  void runOnOperation() override {
    SmallVector<SuffixAttentionOp> ops;
    getOperation()->walk([&](SuffixAttentionOp op) {
      if (op->hasAttr(kGroupedAttr))
        ops.push_back(op);
    });
    for (SuffixAttentionOp op : ops) {
      OpBuilder builder(op);
      Location loc = op.getLoc();
      if (RowGrouper(builder, op).run())
        continue;
      op->removeAttr(kGroupedAttr);
      remark::missed(
          loc,
          remark::RemarkOpts::name("decompose-grouped").category("hydragen"))
          << "rows with equal indices are not put together: an operand depends "
             "on the row in another way";
    }
  }
};
} // namespace
