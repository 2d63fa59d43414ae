//===- AttendConfig.cpp - the kernel of an attend op ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryLowering.h"

#include <numeric>

using namespace mlir;
using namespace mlir::hydragen;

static kernels::ElementType toElementType(Type type) {
  if (type.isF16())
    return kernels::ElementType::F16;
  return type.isBF16() ? kernels::ElementType::BF16 : kernels::ElementType::F32;
}

/// Bytes that divide the address of every row of `memref`, whose dim `columns`
/// has adjacent elements, at most 16. The base of an argument or the workspace
/// is a multiple of 16, unless the entry is for any layout.
unsigned EntryLowering::getAlignment(Value memref, unsigned columns) const {
  if (anyLayout)
    return getElementBytes(memref);
  auto type = cast<MemRefType>(memref.getType());
  int64_t bytes = getElementBytes(memref), offset;
  SmallVector<int64_t> strides;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return bytes;
  uint64_t alignment = 16;
  auto note = [&](int64_t elements) {
    alignment = std::gcd(
        alignment,
        uint64_t(ShapedType::isDynamic(elements) ? 1 : elements) * bytes);
  };
  note(offset);
  if (type.getLayout().isIdentity()) {
    // The strides' known factors: the static extents further in.
    int64_t factor = 1;
    for (int64_t i = type.getRank(); i-- != 0;) {
      if (i != columns && type.getDimSize(i) != 1)
        note(factor);
      if (!type.isDynamicDim(i))
        factor *= std::max<int64_t>(type.getDimSize(i), 1);
    }
    return std::max<uint64_t>(alignment, bytes);
  }
  for (auto [i, stride] : llvm::enumerate(strides))
    if (i != columns && type.getDimSize(i) != 1)
      note(stride);
  // Below the element's size there is no alignment: a stride of 0.
  return std::max<uint64_t>(alignment, bytes);
}

/// Whether the elements of dim `columns` are known to be adjacent.
static bool hasAdjacent(Value memref, unsigned columns) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         (strides[columns] == 1 || type.getDimSize(columns) == 1);
}

static unsigned getOutputColumns(AttendOp op) {
  unsigned columns = 0;
  while (op.getOutputDims()[2 * columns] >= 0)
    ++columns;
  return columns;
}

/// Bytes of one step of a domain dim in an operand where the type says it. No
/// step is made along an extent of 1, or a dim that the operand lacks (a page
/// of one key): then it is as large as `alignment` wants, whatever the stride
/// (columns may have the same one).
static int64_t getStaticPitch(Value memref, AffineMap map, AffineExpr term,
                              unsigned alignment) {
  SmallVector<int64_t> strides;
  int64_t offset, pitch = 0;
  auto type = cast<MemRefType>(memref.getType());
  if (failed(type.getStridesAndOffset(strides, offset)))
    return 0;
  if (!llvm::is_contained(map.getResults(), term))
    return alignment;
  for (auto [result, size, stride] :
       llvm::zip_equal(map.getResults(), type.getShape(), strides))
    if (result == term && size == 1) {
      pitch += alignment;
    } else if (result == term) {
      if (ShapedType::isDynamic(stride))
        return 0;
      pitch += stride * getElementBytes(memref);
    }
  return pitch;
}

unsigned hydragen::getTableSymbol(PartAttr part) {
  for (unsigned i = 0; i != part.getIndices().size(); ++i)
    if (part.getIndexMap(i).isFunctionOfDim(part.getNumDigits()) &&
        i < part.getKey().getValue().getNumSymbols() &&
        part.getKey().getValue().isFunctionOfSymbol(i))
      return i;
  llvm_unreachable("a paged part has a table");
}

FailureOr<kernels::KernelConfig>
EntryLowering::makeConfig(AttendOp op, const RowSpace &rows,
                          const AttendSizes &sizes) {
  kernels::KernelConfig config;
  ScheduleAttr schedule = op.getSchedule();
  auto keyType = cast<MemRefType>(op.getKeys().front().getType());
  auto valueType = cast<MemRefType>(op.getValues().front().getType());
  config.elementType = toElementType(keyType.getElementType());
  config.float32Form = static_cast<kernels::Float32Form>(schedule.getFloat32());
  config.headDim = keyType.getDimSize(op.getPart(0).getKeyColumns());
  config.valueDim = valueType.getDimSize(op.getPart(0).getValueColumns());
  config.rowRank = rows.digits.size();
  config.warps = schedule.getWarps();
  config.minBlocks = schedule.getBlocks();
  double scale = op.getPart(0).getScale().getValueAsDouble();
  config.scaleKeepsFinite =
      keyType.getElementType().isF16() || std::abs(scale * M_LOG2E) <= 1;
  unsigned queryAlignment = 16;
  for (auto [i, query] : llvm::enumerate(op.getQueries())) {
    unsigned columns = op.getPart(i).getQueryColumns();
    queryAlignment = std::min(queryAlignment, getAlignment(query, columns));
    config.queryColumns |= !hasAdjacent(query, columns);
  }
  config.queryAlignment = queryAlignment;
  config.result.type =
      toElementType(cast<MemRefType>(op.getInit().getType()).getElementType());
  unsigned outputColumns = getOutputColumns(op);
  config.result.alignment = getAlignment(op.getInit(), outputColumns);
  if (!hasAdjacent(op.getInit(), outputColumns))
    return op.emitOpError("the columns of the output are not adjacent in "
                          "memory");
  config.result.nanForMaskedRows = op.getMaskedRows() == MaskedRows::NaN;
  config.result.numSinks = op.getSinks().size();
  config.result.hasFactor = static_cast<bool>(op.getFactor());
  config.result.accumulate = op.getAccumulate();

  variants.clear();
  modifiers.clear();
  for (unsigned i = 0; i != op.getNumParts(); ++i) {
    PartAttr part = op.getPart(i);
    Value key = op.getKeys()[i], value = op.getValues()[i];
    AffineMap keyMap = part.getKey().getValue(),
              valueMap = part.getValue().getValue();
    kernels::VariantConfig variant;
    TileAttr tile = part.getTile();
    variant.tile.kind = tile.isPrefix() ? kernels::TileConfig::Prefix
                                        : kernels::TileConfig::Suffix;
    variant.tile.rows = tile.getRows();
    variant.tile.keys = tile.getKeys();
    if (tile.getRing())
      variant.tile.ringSlots = tile.getRing();
    variant.tile.queryInShared = tile.getQueryInShared();
    variant.tile.oneLoop = kernels::needsOneLoop(
        variant.tile.kind, config.elementType, config.headDim, config.valueDim,
        variant.tile.rows / config.warps);
    // Less code; the same bits.
    variant.tile.oneLoop |= anyLayout;
    unsigned numDigits = part.getNumDigits();
    AffineExpr keyDim =
        getAffineDimExpr(numDigits + (part.getPage() ? 1 : 0), op.getContext());
    unsigned keyColumns = part.getKeyColumns(),
             valueColumns = part.getValueColumns();
    variant.source.keyColumns = !hasAdjacent(key, keyColumns);
    variant.source.valueColumns = !hasAdjacent(value, valueColumns);
    // What is read element by element asks for no alignment.
    variant.source.alignment = 16;
    if (!variant.source.keyColumns)
      variant.source.alignment = getAlignment(key, keyColumns);
    if (!variant.source.valueColumns)
      variant.source.alignment =
          std::min(variant.source.alignment, getAlignment(value, valueColumns));
    unsigned alignment = variant.source.alignment;
    variant.source.keyPitch = getStaticPitch(key, keyMap, keyDim, alignment);
    variant.source.valuePitch =
        getStaticPitch(value, valueMap, keyDim, alignment);
    bool open = !variant.source.keyPitch || !variant.source.valuePitch ||
                variant.source.keyColumns || variant.source.valueColumns;
    if (part.getPage()) {
      unsigned symbol = getTableSymbol(part);
      AffineExpr page = getAffineSymbolExpr(symbol, op.getContext());
      variant.source.paged = true;
      variant.source.pageSize = part.getPage();
      variant.source.wideTable =
          cast<MemRefType>(op.getPartIndices(i)[symbol].getType())
              .getElementType()
              .isInteger(64);
      variant.source.keyPageStride =
          getStaticPitch(key, keyMap, page, alignment);
      variant.source.valuePageStride =
          getStaticPitch(value, valueMap, page, alignment);
      open |= !variant.source.keyPageStride || !variant.source.valuePageStride;
    }
    std::shared_ptr<AttributeModifier> modifier;
    if (!part.getMods().empty())
      modifier = std::make_shared<AttributeModifier>(op, i, rows);
    variant.modifier = modifier;

    // Equal parts share a variant. Run-time pitches belong to one part.
    unsigned number = config.variants.size();
    for (unsigned j = 0; j != i && !open; ++j) {
      const kernels::VariantConfig &other = config.variants[variants[j]];
      PartAttr otherPart = op.getPart(j);
      bool sameTile =
          TileAttr::get(op.getContext(), tile.getRows(), tile.getKeys(),
                        tile.getRing(), tile.getQueryInShared(), 0) ==
          TileAttr::get(op.getContext(), otherPart.getTile().getRows(),
                        otherPart.getTile().getKeys(),
                        otherPart.getTile().getRing(),
                        otherPart.getTile().getQueryInShared(), 0);
      const kernels::KeySource &x = variant.source, &y = other.source;
      bool sameSource =
          std::tie(x.paged, x.pageSize, x.wideTable, x.keyPitch, x.valuePitch,
                   x.keyPageStride, x.valuePageStride, x.alignment) ==
          std::tie(y.paged, y.pageSize, y.wideTable, y.keyPitch, y.valuePitch,
                   y.keyPageStride, y.valuePageStride, y.alignment);
      // The number of pages is a parameter of the variant.
      sameSource &= !part.getPage() ||
                    (key == op.getKeys()[j] && value == op.getValues()[j]);
      bool sameModifier = !modifier && !modifiers[variants[j]];
      if (modifier && modifiers[variants[j]])
        sameModifier = modifier->isEqual(*modifiers[variants[j]]);
      if (sameTile && sameSource && sameModifier) {
        number = variants[j];
        break;
      }
    }
    variants.push_back(number);
    if (number == config.variants.size()) {
      config.variants.push_back(variant);
      modifiers.push_back(modifier);
    }
  }
  if (std::string reason = kernels::checkKernelConfig(config); !reason.empty())
    return op.emitOpError("has no kernel: ") << reason;
  return config;
}
