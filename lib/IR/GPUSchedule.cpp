//===- GPUSchedule.cpp - GPUs, tiles, schedules -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/IR/Hydragen.h"

using namespace mlir;
using namespace mlir::hydragen;

//===----------------------------------------------------------------------===//
// GPUTargetAttr
//===----------------------------------------------------------------------===//

namespace {
struct KnownGPU {
  StringRef name, chip;
  int64_t multiprocessors, blockShared, shared, bandwidth, flops;
};
} // namespace

/// Vendor's data sheets (dense, SXM where there is one) and the table
/// "Technical Specifications per Compute Capability" of the CUDA C++
/// Programming Guide. The first of an architecture is its usual one.
static const KnownGPU kKnownGPUs[] = {
    {"a100", "sm_80", 108, 163 << 10, 164 << 10, 2039, 312},
    {"rtx3090", "sm_86", 82, 99 << 10, 100 << 10, 936, 71},
    {"l40s", "sm_89", 142, 99 << 10, 100 << 10, 864, 362},
    {"h100", "sm_90", 132, 227 << 10, 228 << 10, 3350, 989},
    {"h200", "sm_90", 132, 227 << 10, 228 << 10, 4800, 989},
};

GPUTargetAttr GPUTargetAttr::getNamed(MLIRContext *context, StringRef name) {
  for (const KnownGPU &gpu : kKnownGPUs)
    if (gpu.name == name || gpu.chip == name)
      return get(context, gpu.chip, gpu.multiprocessors, gpu.blockShared,
                 gpu.shared, gpu.bandwidth, gpu.flops);
  return {};
}

LogicalResult
GPUTargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      StringRef chip, int64_t multiprocessors,
                      int64_t blockShared, int64_t shared, int64_t bandwidth,
                      int64_t flops) {
  // gpu_target_c1
  if (chip.empty() || multiprocessors < 1 || blockShared < 1 ||
      shared < blockShared || bandwidth < 1 || flops < 1)
    return emitError() << "expected a chip and positive numbers, with at least "
                          "as much shared memory in a multiprocessor as in a "
                          "block";
  return success();
}

//===----------------------------------------------------------------------===//
// TileAttr, ScheduleAttr, PartAttr
//===----------------------------------------------------------------------===//

LogicalResult TileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t rows, int64_t keys, int64_t ring,
                               bool queryInShared, int64_t split) {
  // tile_c1
  if (rows < 16 || rows % 16 != 0 || keys < 16 || keys % 16 != 0)
    return emitError() << "expected rows and keys in multiples of 16 but got "
                       << rows << " and " << keys;
  // tile_c2
  if (split < 0 || split % keys != 0)
    return emitError() << "expected a split of whole tiles of " << keys
                       << " keys but got " << split;
  // tile_c3
  if ((rows == 16) != (ring > 0))
    return emitError() << "a ring goes with tiles of 16 rows, got " << ring
                       << " slots and " << rows << " rows";
  return success();
}

LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   int64_t warps, int64_t blocks, Float32Form,
                                   bool, bool) {
  // schedule_c1
  if (warps < 1 || blocks < 1)
    return emitError() << "expected at least one warp and block but got "
                       << warps << " and " << blocks;
  return success();
}

LogicalResult
PartAttr::verify(function_ref<InFlightDiagnostic()> emitError, bool shared,
                 DenseI64ArrayAttr digits, DenseI64ArrayAttr digitSizes,
                 DenseI64ArrayAttr rowOffsets, DenseI64ArrayAttr rowSizes,
                 int64_t keyOffset, int64_t page, int64_t count, bool rest,
                 int64_t grouped, AffineMapAttr query, AffineMapAttr key,
                 AffineMapAttr value, ArrayAttr indices, ArrayAttr extras,
                 FloatAttr scale, ArrayAttr mods, TileAttr tile) {
  // part_c1
  ArrayRef<int64_t> list = digits.asArrayRef();
  for (unsigned i = 0; i < list.size(); i += 2)
    if (list.size() % 2 != 0 || list[i] < 0 || list[i + 1] < 1)
      return emitError() << "expected pairs of a row and a positive stride";
  if (list.size() != 2 * static_cast<size_t>(digitSizes.size()))
    return emitError() << "expected one size per row digit";
  // part_c2
  if (rowOffsets.size() != rowSizes.size())
    return emitError() << "expected as many row sizes as row offsets";
  // part_c3
  unsigned numDims = list.size() / 2 + (page ? 2 : 1) + 2;
  auto isOverDomain = [&](AffineMap map) {
    return map.getNumDims() == numDims;
  };
  if (!isOverDomain(query.getValue()) || !isOverDomain(key.getValue()) ||
      !isOverDomain(value.getValue()) ||
      !llvm::all_of(indices, [&](Attribute map) {
        auto affine = dyn_cast<AffineMapAttr>(map);
        return affine && isOverDomain(affine.getValue());
      }))
    return emitError() << "expected maps over " << numDims
                       << " dims (row digits, keys, contraction, values)";
  if (!llvm::all_of(extras, [&](Attribute map) {
        auto affine = dyn_cast<AffineMapAttr>(map);
        return affine && affine.getValue().getNumDims() == list.size() / 2 + 1;
      }))
    return emitError() << "expected maps of extras over the row digits and a "
                          "key";
  // part_c4
  if (count >= 0 && page == 0)
    return emitError() << "expected a table of pages to cut at count " << count;
  if (count < 0 && rest)
    return emitError() << "expected a count for the rest of a table";
  // part_c5
  if (grouped >= static_cast<int64_t>(list.size() / 2))
    return emitError() << "expected one of " << list.size() / 2
                       << " row digits to be grouped but got " << grouped;
  // part_c6
  auto hasOnce = [&](AffineMap map, unsigned dim) {
    return llvm::count(map.getResults(),
                       getAffineDimExpr(dim, map.getContext())) == 1;
  };
  if (!hasOnce(query.getValue(), numDims - 2) ||
      !hasOnce(key.getValue(), numDims - 2) ||
      !hasOnce(value.getValue(), numDims - 1))
    return emitError() << "expected the contraction dim once in the maps of "
                          "query and key, and the values dim in that of value";
  return success();
}

static unsigned getPosition(AffineMapAttr attr, unsigned dim) {
  AffineMap map = attr.getValue();
  auto *found =
      llvm::find(map.getResults(), getAffineDimExpr(dim, map.getContext()));
  return found - map.getResults().begin();
}

unsigned PartAttr::getQueryColumns() const {
  return getPosition(getQuery(), getContractionDim());
}
unsigned PartAttr::getKeyColumns() const {
  return getPosition(getKey(), getContractionDim());
}
unsigned PartAttr::getValueColumns() const {
  return getPosition(getValue(), getColumnDim());
}
