//===- KernelConfig.cpp - what an attend kernel is made for -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Kernels/KernelConfig.h"

#include "SharedLayout.h"
#include "hydragen/Kernels/WorkItem.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::hydragen::kernels;

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

VariantLayout::VariantLayout(const KernelConfig &config,
                             const VariantConfig &variant)
    : keyRow(config.headDim, getBytes(config.elementType)),
      valueRow(config.valueDim, getBytes(config.elementType),
               config.elementType == ElementType::F32 ? TileRow::RowPairs
                                                      : TileRow::Matrices) {
  const TileConfig &tile = variant.tile;
  unsigned queryBytes = tile.rows * keyRow.bytes, end = 0;
  if (tile.kind == TileConfig::Prefix) {
    valueStages = 2 * tile.keys * keyRow.bytes;
    unsigned stage = tile.keys * valueRow.pitch;
    end = valueStages + 2 * stage;
    if (!tile.queryInShared && queryBytes <= stage) {
      query = valueStages + stage;
      queryInStages = true;
    } else if (!tile.queryInShared && queryBytes <= 2 * stage) {
      query = valueStages;
      queryInStages = queryDelaysValues = true;
    }
  } else {
    slotBytes = 16 * std::max(keyRow.pitch, valueRow.pitch);
    ringBytes = tile.ringSlots * slotBytes;
    // Eight floats more than a row: stores of pairs and loads of quads of a
    // warp then meet every bank equally often.
    mergePitch = (config.getPaddedValueDim() + 8) * 4;
    mergeBytes = 16 * mergePitch + 128;
    end = config.warps * std::max(ringBytes, mergeBytes);
    // Queries are on their way while the rings fill: a place of their own.
  }
  rowOffsets = end;
  rowNumbers = rowOffsets + 8 * tile.rows;
  end = rowNumbers + 4 * tile.rows;
  if (config.needsCarefulPass()) {
    badRows = end;
    end += 4 * tile.rows * (tile.kind == TileConfig::Suffix ? config.warps : 1);
  }
  if (!queryInStages) {
    query = llvm::alignTo(end, 128);
    end = query + queryBytes;
  }
  bytes = end;
}

ControlLayout::ControlLayout(const KernelConfig &config) {
  unsigned end = 0, rows = 0;
  for (const VariantConfig &variant : config.variants) {
    end = std::max(end, VariantLayout(config, variant).bytes);
    rows = std::max(rows, variant.tile.rows);
  }
  flags = llvm::alignTo(end, 16);
  groups = flags + 4 * rows;
  strides = groups + 16 * rows;
  item = strides + 4 * rows;
  hasItem = item + sizeof(hydragen_work_item);
  bytes = hasItem + 16;
}

unsigned mlir::hydragen::kernels::getSharedBytes(const KernelConfig &config) {
  return ControlLayout(config).bytes;
}

unsigned mlir::hydragen::kernels::getKeyAlignment(const KernelConfig &config,
                                                  unsigned variant) {
  const VariantConfig &v = config.variants[variant];
  if (!v.source.paged)
    return 1;
  if (v.source.pageSize % v.tile.keys == 0)
    return v.tile.keys;
  return v.source.pageSize % 16 == 0 ? 16 : 1;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static bool isAlignment(unsigned bytes, ElementType type) {
  return llvm::is_contained({2u, 4u, 8u, 16u}, bytes) &&
         bytes >= getBytes(type);
}

static std::string checkTile(const KernelConfig &config,
                             const VariantConfig &variant) {
  const TileConfig &tile = variant.tile;
  if (tile.kind == TileConfig::Suffix) {
    if (tile.rows != 16)
      return llvm::formatv("a suffix tile has 16 rows, not {0}", tile.rows);
    if (!llvm::is_contained({16u, 32u, 64u}, tile.keys))
      return llvm::formatv("a suffix tile of {0} keys, expected 16, 32 or 64",
                           tile.keys);
    if (tile.ringSlots < 2 || tile.keys / 8 % tile.ringSlots != 0)
      return llvm::formatv("{0} ring slots do not divide the {1} chunks of a "
                           "tile",
                           tile.ringSlots, tile.keys / 8);
  } else {
    if (tile.rows != config.warps * 16 && tile.rows != config.warps * 32)
      return llvm::formatv("a prefix tile of {0} rows, expected {1} or {2}",
                           tile.rows, config.warps * 16, config.warps * 32);
    if (!llvm::is_contained({16u, 32u, 64u}, tile.keys))
      return llvm::formatv("a prefix tile of {0} keys, expected 16, 32 or 64",
                           tile.keys);
  }
  const KeySource &source = variant.source;
  if (!isAlignment(source.alignment, config.elementType))
    return llvm::formatv("an alignment of {0} bytes", source.alignment);
  if (source.paged && source.pageSize == 0)
    return "a paged source without a page size";
  for (int64_t pitch : {source.keyPitch, source.valuePitch,
                        source.keyPageStride, source.valuePageStride})
    if (pitch % source.alignment && !source.keyColumns && !source.valueColumns)
      return llvm::formatv("a pitch of {0} bytes is not a multiple of the "
                           "alignment, {1}",
                           pitch, source.alignment);
  return "";
}

std::string
mlir::hydragen::kernels::checkKernelConfig(const KernelConfig &config) {
  if (config.headDim < 1 || config.headDim > 256)
    return llvm::formatv("head dim {0}, expected 1 to 256", config.headDim);
  if (config.valueDim < 1 || config.valueDim > 256)
    return llvm::formatv("value dim {0}, expected 1 to 256", config.valueDim);
  if (config.warps != 4 && config.warps != 8)
    return llvm::formatv("{0} warps, expected 4 or 8", config.warps);
  if (config.rowRank < 1 || config.rowRank > 16)
    return llvm::formatv("{0} row dims, expected 1 to 16", config.rowRank);
  if (config.variants.empty() || config.variants.size() > 255)
    return llvm::formatv("{0} variants, expected 1 to 255",
                         config.variants.size());
  if (!isAlignment(config.queryAlignment, config.elementType))
    return llvm::formatv("queries with an alignment of {0} bytes",
                         config.queryAlignment);
  ElementType resultType = config.result.kind == ResultConfig::State
                               ? ElementType::F32
                               : config.result.type;
  if (!isAlignment(config.result.alignment, resultType))
    return llvm::formatv("a result with an alignment of {0} bytes",
                         config.result.alignment);
  for (const VariantConfig &variant : config.variants)
    if (std::string text = checkTile(config, variant); !text.empty())
      return text;
  // 227 KB is what a block can have on sm_90; the schedule knows the target.
  if (getSharedBytes(config) > 227 * 1024)
    return llvm::formatv("{0} bytes of shared memory, more than any target's "
                         "232448",
                         getSharedBytes(config));
  return "";
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

SmallVector<KernelParameter>
mlir::hydragen::kernels::getKernelParameters(const KernelConfig &config) {
  SmallVector<KernelParameter> result;
  auto add = [&](const Twine &name, KernelParameter::Kind kind) {
    result.push_back({name.str(), kind});
  };
  for (const char *name :
       {"items", "item_count", "ticket", "rows", "lengths", "groups", "entries",
        "key_base", "value_base", "table_base", "state_o", "state_ml",
        "queries", "output"})
    add(name, KernelParameter::Pointer);
  bool state = config.result.kind == ResultConfig::State;
  SmallVector<std::string> strided = {"q", "o"};
  if (state) {
    add("result_m", KernelParameter::Pointer);
    add("result_l", KernelParameter::Pointer);
    strided.append({"m", "l"});
  } else {
    for (unsigned i = 0; i < config.result.numSinks; ++i) {
      add("sink_" + Twine(i), KernelParameter::Pointer);
      strided.push_back(("sink_" + Twine(i)).str());
    }
    if (config.result.hasFactor) {
      add("factor", KernelParameter::Pointer);
      strided.push_back("factor");
    }
  }
  for (StringRef name : strided)
    for (unsigned d = 0; d < config.rowRank; ++d)
      add(name + "_stride_" + Twine(d), KernelParameter::I64);
  if (config.queryColumns)
    add("q_column", KernelParameter::I64);
  for (auto [i, variant] : llvm::enumerate(config.variants)) {
    const KeySource &source = variant.source;
    std::string prefix = ("v" + Twine(i) + "_").str();
    if (!source.keyPitch)
      add(prefix + "key_pitch", KernelParameter::I64);
    if (!source.valuePitch)
      add(prefix + "value_pitch", KernelParameter::I64);
    if (source.paged && !source.keyPageStride)
      add(prefix + "key_page", KernelParameter::I64);
    if (source.paged && !source.valuePageStride)
      add(prefix + "value_page", KernelParameter::I64);
    if (source.keyColumns)
      add(prefix + "key_column", KernelParameter::I64);
    if (source.valueColumns)
      add(prefix + "value_column", KernelParameter::I64);
    if (source.paged)
      add(prefix + "last_page", KernelParameter::I32);
  }
  for (unsigned d = 1; d < config.rowRank; ++d)
    add("extent_" + Twine(d), KernelParameter::I32);
  add("scale", KernelParameter::F32);
  add("scale_log2", KernelParameter::F32);
  for (auto [i, variant] : llvm::enumerate(config.variants))
    if (variant.modifier)
      for (KernelParameter parameter : variant.modifier->getParameters())
        add("v" + Twine(i) + "_" + parameter.name, parameter.kind);

  unsigned offset = 0;
  for (KernelParameter &parameter : result) {
    offset = llvm::alignTo(offset, parameter.getSize());
    parameter.offset = offset;
    offset += parameter.getSize();
  }
  return result;
}

unsigned mlir::hydragen::kernels::getParameterBytes(
    ArrayRef<KernelParameter> parameters) {
  return parameters.empty()
             ? 0
             : parameters.back().offset + parameters.back().getSize();
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

bool mlir::hydragen::kernels::needsOneLoop(TileConfig::Kind kind,
                                           ElementType type, unsigned headDim,
                                           unsigned valueDim,
                                           unsigned rowsPerWarp) {
  unsigned columns = std::max(headDim, valueDim);
  return kind == TileConfig::Prefix &&
         (rowsPerWarp > 16 || columns > (type == ElementType::F32 ? 64 : 128));
}

TileConfig mlir::hydragen::kernels::getFastTile(TileConfig::Kind kind,
                                                ElementType type,
                                                unsigned headDim,
                                                unsigned valueDim,
                                                unsigned warps) {
  TileConfig tile;
  tile.kind = kind;
  unsigned columns = std::max(headDim, valueDim);
  bool f32 = type == ElementType::F32;
  // Query fragments of more columns do not fit into registers.
  bool wide = columns > (f32 ? 64 : 128);
  tile.queryInShared = wide;
  tile.oneLoop = needsOneLoop(kind, type, headDim, valueDim, 16);
  if (kind == TileConfig::Prefix) {
    tile.rows = 16 * warps;
    tile.keys = f32 ? 16 : wide ? 32 : 64;
    return tile;
  }
  tile.rows = 16;
  tile.keys = wide || f32 ? 16 : 32;
  tile.ringSlots = wide || f32 || warps == 8 ? 2 : 4;
  return tile;
}
