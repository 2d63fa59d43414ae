//===- ScheduleAttention.cpp - hydragen-schedule ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Materialize.h"

#include "hydragen/Analysis/AttentionGroup.h"
#include "hydragen/Analysis/TableCut.h"
#include "hydragen/IR/AttentionDims.h"
#include "hydragen/Kernels/KernelConfig.h"
#include "hydragen/Transforms/Passes.h"

#include "llvm/ADT/StringExtras.h"
#include <cmath>

namespace mlir::hydragen {
#define GEN_PASS_DEF_SCHEDULEATTENTION
#include "hydragen/Transforms/Passes.h.inc"
} // namespace mlir::hydragen

using namespace mlir;
using namespace mlir::hydragen;

namespace {
/// What the choice of a tile wants to know; kDynamic where unknown.
struct PartShape {
  bool shared = false;
  int64_t outer = 1, rows = 1, keys = 1;
  int64_t headDim = 0, valueDim = 0;
  bool paged = false;
  /// Scores are modified one by one, not only masked by position.
  bool elementwise = false;
};

struct Overrides {
  int64_t tileRows = 0, tileKeys = 0;
  std::optional<int64_t> split;
};

/// Schedules one attention.
class Scheduler {
public:
  Scheduler(AttentionGroup &group, ArrayRef<GPUTargetAttr> targets,
            const ScheduleAttr &wanted, const Overrides &overrides)
      : group(group), targets(targets), wanted(wanted), overrides(overrides),
        context(group.finalize.getContext()) {}

  /// The reason when no kernel can do it.
  std::string run();

private:
  std::string readShapes();
  bool wantsPrefixTile(const PartShape &shape) const;
  SmallVector<TileAttr> getCandidates(bool prefix) const;
  bool fits(TileAttr prefix, TileAttr suffix);
  double estimate(int64_t most) const;
  int64_t getMostKeys() const;
  int64_t getSplit(const PartShape &shape, int64_t most) const;

  AttentionGroup &group;
  ArrayRef<GPUTargetAttr> targets;
  ScheduleAttr wanted;
  const Overrides &overrides;
  MLIRContext *context;
  SmallVector<PartShape> shapes;
  kernels::ElementType elementType = kernels::ElementType::F16;
  int64_t warps = 4, blocks = 1;
  std::string refusal;
};
} // namespace

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// Static extent of a dim of a partial attention, or kDynamic.
static int64_t getStaticExtent(PartialAttentionOpInterface op, unsigned dim) {
  int64_t extent = ShapedType::kDynamic;
  auto look = [&](Value operand, AffineMap map) {
    auto type = cast<ShapedType>(operand.getType());
    for (auto [i, result] : llvm::enumerate(map.getResults()))
      if (result == getAffineDimExpr(dim, op->getContext()) &&
          !type.isDynamicDim(i))
        extent = type.getDimSize(i);
  };
  for (auto [operand, map] :
       llvm::zip(op.getQueries(), op.getQueryMapsVector()))
    look(operand, map);
  for (auto [operand, map] : llvm::zip(op.getKeys(), op.getKeyMapsVector()))
    look(operand, map);
  look(op.getValue(), op.getValueMap());
  for (auto [operand, map] :
       llvm::zip(op.getIndices(), op.getIndexMapsVector()))
    look(operand, map);
  AttentionDims dims = AttentionDims::get(op);
  auto m = cast<ShapedType>(op.getInits()[1].getType());
  for (auto [i, row] : llvm::enumerate(dims.rows))
    if (row == dim && !m.isDynamicDim(i))
      extent = m.getDimSize(i);
  return extent;
}

static void multiply(int64_t &product, int64_t extent) {
  if (ShapedType::isDynamic(product) || ShapedType::isDynamic(extent))
    product = ShapedType::kDynamic;
  else
    product *= extent;
}

/// Keys of the whole of a table that is cut at a number of the call: either
/// side may have them all.
static int64_t getUncutKeys(PartialAttentionOpInterface op,
                            const AttentionDims &dims) {
  if (dims.keys.size() > 2)
    return ShapedType::kDynamic;
  int64_t pageSize =
      dims.keys.size() == 2 ? getStaticExtent(op, dims.keys[1]) : 1;
  for (auto [i, map] : llvm::enumerate(op.getIndexMapsVector())) {
    std::optional<unsigned> page =
        map.getResultPosition(getAffineDimExpr(dims.keys[0], op->getContext()));
    std::string reason;
    if (!page || ShapedType::isDynamic(pageSize))
      continue;
    if (auto cut = getTableCut(op, i, *page, pageSize, reason)) {
      multiply(pageSize,
               cast<ShapedType>(cut->whole.getType()).getDimSize(*page));
      return pageSize;
    }
  }
  return ShapedType::kDynamic;
}

std::string Scheduler::readShapes() {
  for (const GroupPart &part : group.parts) {
    PartialAttentionOpInterface op = part.op;
    AttentionDims dims = AttentionDims::get(op);
    if (op.getQueries().size() != 1 || dims.contraction.front().size() != 1 ||
        dims.values.size() != 1)
      return "it has several products, contraction or value dims";
    Type type =
        cast<ShapedType>(op.getKeys().front().getType()).getElementType();
    if (type.isF16())
      elementType = kernels::ElementType::F16;
    else if (type.isBF16())
      elementType = kernels::ElementType::BF16;
    else if (type.isF32())
      elementType = kernels::ElementType::F32;
    else
      return "its elements are of an unsupported type";
    PartShape shape;
    shape.shared = isa<PrefixAttentionOp>(op);
    llvm::SmallBitVector unused = getFoldedRows(op);
    // Rows that the plan kernel puts together are rows of one tile.
    if (std::optional<unsigned> grouped = getGroupedRow(op)) {
      unused.set(*grouped);
      shape.shared = true;
    }
    for (auto [i, row] : llvm::enumerate(dims.rows))
      multiply(unused.test(i) ? shape.rows : shape.outer,
               getStaticExtent(op, row));
    for (unsigned key : dims.keys)
      multiply(shape.keys, getStaticExtent(op, key));
    if (ShapedType::isDynamic(shape.keys))
      shape.keys = getUncutKeys(op, dims);
    shape.headDim = getStaticExtent(op, dims.contraction.front().front());
    shape.valueDim = getStaticExtent(op, dims.values.front());
    if (ShapedType::isDynamic(shape.headDim) ||
        ShapedType::isDynamic(shape.valueDim))
      return "its head dims are not known";
    for (AffineMap map : op.getIndexMapsVector())
      for (unsigned key : dims.keys)
        shape.paged |= map.isFunctionOfDim(key);
    shape.elementwise = !llvm::all_of(
        op.getScoreMods(), [](Attribute mod) { return isa<VisibleAttr>(mod); });
    shapes.push_back(shape);
  }
  return "";
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// Tiles of 64 rows and more are for matrix products, those of 16 for reading
/// keys once. The latter take up to 16 rows as they come.
bool Scheduler::wantsPrefixTile(const PartShape &shape) const {
  if (overrides.tileRows)
    return overrides.tileRows != 16;
  // Keys go round the warps of a 16-row tile: another order of sums.
  if (wanted.getInvariant())
    return true;
  if (ShapedType::isDynamic(shape.rows))
    return shape.shared;
  return shape.rows > 16;
}

/// Best first: the tile that utils/sass-check measures, then others that need
/// less shared memory or are as wanted.
SmallVector<TileAttr> Scheduler::getCandidates(bool prefix) const {
  int64_t headDim = 0;
  for (const PartShape &shape : shapes)
    headDim = std::max({headDim, shape.headDim, shape.valueDim});
  kernels::TileConfig fast = kernels::getFastTile(
      prefix ? kernels::TileConfig::Prefix : kernels::TileConfig::Suffix,
      elementType, headDim, headDim, warps);
  SmallVector<TileAttr> list;
  auto add = [&](int64_t rows, int64_t keys, int64_t ring, bool queryInShared) {
    if (overrides.tileKeys && keys != overrides.tileKeys)
      return;
    list.push_back(
        TileAttr::get(context, rows, keys, ring, queryInShared, /*split=*/0));
  };
  if (!prefix) {
    for (int64_t ring : {4, 2})
      for (int64_t keys :
           {int64_t(fast.keys), int64_t(32), int64_t(16), int64_t(64)})
        if (ring <= fast.ringSlots && keys / 8 % ring == 0)
          add(16, keys, ring, fast.queryInShared);
    return list;
  }
  int64_t rows = overrides.tileRows ? overrides.tileRows : fast.rows;
  bool manyRows = rows != warps * 16;
  if (!manyRows)
    add(rows, fast.keys, 0, fast.queryInShared);
  for (int64_t keys : {32, 64, 16})
    add(rows, keys, 0, fast.queryInShared || manyRows);
  return list;
}

static kernels::TileConfig toTile(TileAttr tile) {
  kernels::TileConfig config;
  config.kind = tile.isPrefix() ? kernels::TileConfig::Prefix
                                : kernels::TileConfig::Suffix;
  config.rows = tile.getRows();
  config.keys = tile.getKeys();
  if (tile.getRing())
    config.ringSlots = tile.getRing();
  config.queryInShared = tile.getQueryInShared();
  return config;
}

/// Whether a kernel with these tiles (null: none of the kind) can be made and
/// finds its shared memory on every target; sets `blocks`.
bool Scheduler::fits(TileAttr prefix, TileAttr suffix) {
  kernels::KernelConfig config;
  config.elementType = elementType;
  config.float32Form = static_cast<kernels::Float32Form>(wanted.getFloat32());
  config.headDim = shapes.front().headDim;
  config.valueDim = shapes.front().valueDim;
  config.warps = warps;
  config.queryAlignment = config.result.alignment = 4;
  config.result.type = kernels::ElementType::F32;
  for (TileAttr tile : {prefix, suffix}) {
    if (!tile)
      continue;
    kernels::VariantConfig variant;
    variant.tile = toTile(tile);
    variant.source.alignment = kernels::getBytes(elementType);
    config.variants.push_back(variant);
  }
  if (std::string text = kernels::checkKernelConfig(config); !text.empty()) {
    refusal = text;
    return false;
  }
  int64_t bytes = kernels::getSharedBytes(config);
  // Registers: two blocks of 4 warps, three up to 64 columns where scores are
  // not modified one by one (that spills: utils/sass-check).
  bool elementwise = llvm::any_of(
      shapes, [](const PartShape &shape) { return shape.elementwise; });
  blocks =
      config.headDim <= 64 && config.valueDim <= 64 && !elementwise ? 3 : 2;
  blocks = std::max<int64_t>(1, blocks * 4 / warps);
  if (elementType == kernels::ElementType::F32 || config.headDim > 128)
    blocks = 1;
  for (GPUTargetAttr target : targets) {
    if (bytes > target.getBlockShared()) {
      refusal = "a block would need " + std::to_string(bytes) +
                " bytes of shared memory, " + target.getChip().str() + " has " +
                std::to_string(target.getBlockShared());
      return false;
    }
    // The system keeps 1 KB per block.
    blocks = std::min(blocks, target.getShared() / (bytes + 1024));
  }
  blocks = std::max<int64_t>(blocks, 1);
  return true;
}

//===----------------------------------------------------------------------===//
// Split KV
//===----------------------------------------------------------------------===//

/// Keys per item where sizes are not known, and where they must not matter.
static constexpr int64_t kDefaultSplit = 1024;
/// An item of fewer keys is not worth the state that it leaves.
static constexpr int64_t kMinSplit = 256;
/// What an item costs beside its keys, in keys: its queries and its state; and
/// the fold of up to four states of some rows. Seen on an H200, where 64 keys
/// of either kind take 1.7 to 2 us (docs/benchmarks/2026-11-27-gpu.md).
static constexpr int64_t kPrefixOverhead = 192, kSuffixOverhead = 128,
                         kFoldOverhead = 40;
/// Prefix items that would take longer than this part of all the time are too
/// long: it is not known so exactly.
static constexpr double kLongestPart = 0.85;

/// What a key costs a prefix tile, in keys of a suffix tile, which reading
/// bounds. The same for f16 and bf16; of f32 by its instructions (3xTF32 as
/// seen).
static double getPrefixWeight(kernels::ElementType type, Float32Form form) {
  if (type != kernels::ElementType::F32)
    return 1;
  switch (form) {
  case Float32Form::TF32:
    return 2;
  case Float32Form::ThreeTF32:
    return 5;
  case Float32Form::Exact:
    return 12;
  }
  llvm_unreachable("unknown form of f32");
}

/// Whole tiles of 64 keys, which pages and tiles of 16 and 32 divide, too.
static int64_t toWholeTiles(int64_t keys) { return llvm::alignTo(keys, 64); }

/// Keys of each item when a segment of more than `most` keys is cut into equal
/// items of at most these.
static int64_t cutEvenly(int64_t keys, int64_t most) {
  return toWholeTiles(llvm::divideCeil(keys, llvm::divideCeil(keys, most)));
}

/// How long all items take, in keys, when none has more than `most` keys: all
/// blocks are busy to the end, unless the prefix items, which come first, take
/// longer alone.
double Scheduler::estimate(int64_t most) const {
  double slots = targets.front().getMultiprocessors() * blocks;
  double all = 0, prefix = 0, prefixItems = 0, groups = 0, states = 0;
  for (const PartShape &shape : shapes) {
    bool isPrefix = wantsPrefixTile(shape);
    int64_t tileRows = isPrefix ? warps * 16 : 16;
    double tiles = double(shape.outer) * llvm::divideCeil(shape.rows, tileRows);
    double splits = 1;
    if (shape.keys > most)
      splits = llvm::divideCeil(shape.keys, cutEvenly(shape.keys, most));
    double items = tiles * splits;
    double weight =
        isPrefix ? getPrefixWeight(elementType, wanted.getFloat32()) : 1;
    double time = tiles * shape.keys * weight +
                  items * (isPrefix ? kPrefixOverhead : kSuffixOverhead);
    all += time;
    states += splits;
    groups = std::max(groups,
                      double(shape.outer) * llvm::divideCeil(shape.rows, 16));
    if (isPrefix) {
      prefix += time;
      prefixItems += items;
    }
  }
  if (states > 1)
    all += groups * std::ceil(states / 4) * kFoldOverhead;
  double rounds = std::ceil(prefixItems / slots);
  double alone = prefixItems ? rounds * prefix / prefixItems : 0;
  return std::max(all / slots, alone / kLongestPart);
}

/// The most keys of an item: what ends first, of that the fewest items.
int64_t Scheduler::getMostKeys() const {
  if (overrides.split)
    return *overrides.split == 0 ? std::numeric_limits<int64_t>::max()
                                 : toWholeTiles(*overrides.split);
  if (wanted.getInvariant())
    return kDefaultSplit;
  int64_t longest = kMinSplit;
  for (const PartShape &shape : shapes) {
    if (ShapedType::isDynamic(shape.outer) ||
        ShapedType::isDynamic(shape.rows) || ShapedType::isDynamic(shape.keys))
      return kDefaultSplit;
    longest = std::max(longest, toWholeTiles(shape.keys));
  }
  int64_t best = longest;
  double least = estimate(longest);
  for (int64_t most = longest - 64; most >= kMinSplit; most -= 64)
    if (double time = estimate(most); time < least) {
      least = time;
      best = most;
    }
  return best;
}

/// The tile's split: keys of an item, 0 where one item has all.
int64_t Scheduler::getSplit(const PartShape &shape, int64_t most) const {
  bool fixed = overrides.split || wanted.getInvariant();
  if (fixed && most != std::numeric_limits<int64_t>::max())
    return most;
  if (ShapedType::isDynamic(shape.keys))
    return fixed ? 0 : most;
  return shape.keys <= most ? 0 : cutEvenly(shape.keys, most);
}

std::string Scheduler::run() {
  if (std::string text = readShapes(); !text.empty())
    return text;
  if (overrides.tileRows > 64)
    warps = overrides.tileRows == 128 && overrides.tileKeys == 64 ? 8 : 4;
  bool anyPrefix = llvm::any_of(
           shapes, [&](const PartShape &s) { return wantsPrefixTile(s); }),
       anySuffix = llvm::any_of(
           shapes, [&](const PartShape &s) { return !wantsPrefixTile(s); });
  TileAttr prefix, suffix;
  auto choose = [&]() {
    SmallVector<TileAttr> none{TileAttr()};
    for (TileAttr p : anyPrefix ? getCandidates(true) : none)
      for (TileAttr s : anySuffix ? getCandidates(false) : none)
        if (fits(p, s)) {
          prefix = p;
          suffix = s;
          return true;
        }
    return false;
  };
  if (!choose())
    return refusal.empty() ? "no tile is as wanted" : refusal;
  int64_t most = getMostKeys();
  for (auto [part, shape] : llvm::zip_equal(group.parts, shapes)) {
    TileAttr tile = wantsPrefixTile(shape) ? prefix : suffix;
    tile =
        TileAttr::get(context, tile.getRows(), tile.getKeys(), tile.getRing(),
                      tile.getQueryInShared(), getSplit(shape, most));
    part.op->setAttr(TileAttr::kAttrName, tile);
  }
  group.finalize->setAttr(
      ScheduleAttr::kAttrName,
      ScheduleAttr::get(context, warps, blocks, wanted.getFloat32(),
                        wanted.getInvariant(), wanted.getSeparate()));
  return "";
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct ScheduleAttentionPass
    : hydragen::impl::ScheduleAttentionBase<ScheduleAttentionPass> {
  using ScheduleAttentionBase::ScheduleAttentionBase;

  LogicalResult fail(MLIRContext *context, const Twine &text) {
    return emitError(UnknownLoc::get(context), "hydragen-schedule: ") << text;
  }

  LogicalResult initialize(MLIRContext *context) override {
    gpus.clear();
    for (const std::string &name : targets) {
      GPUTargetAttr gpu = GPUTargetAttr::getNamed(context, name);
      if (!gpu)
        return fail(context, "unknown GPU '" + name + "'");
      gpus.push_back(gpu);
    }
    if (gpus.empty())
      gpus.push_back(GPUTargetAttr::getNamed(context, "sm_80"));
    std::optional<Float32Form> form = symbolizeFloat32Form(float32);
    if (!form)
      return fail(context, "float32 expects tf32x3, tf32 or exact but got " +
                               Twine(float32));
    wanted = ScheduleAttr::get(context, 4, 1, *form, invariant, separate);
    overrides = {};
    if (!tile.empty()) {
      auto [rows, keys] = StringRef(tile).split('x');
      if (rows.getAsInteger(10, overrides.tileRows) ||
          (!keys.empty() && keys.getAsInteger(10, overrides.tileKeys)) ||
          !llvm::is_contained({int64_t(16), int64_t(64), int64_t(128)},
                              overrides.tileRows) ||
          !llvm::is_contained(
              {int64_t(0), int64_t(16), int64_t(32), int64_t(64)},
              overrides.tileKeys))
        return fail(context, "tile expects 16, 64 or 128 rows, as 64 or 64x32, "
                             "but got " +
                                 Twine(tile));
      if (invariant && overrides.tileRows == 16)
        return fail(context, "tiles of 16 rows are not invariant");
    }
    if (split < -1)
      return fail(context, "split expects a number of keys or 0 for none");
    if (split >= 0)
      overrides.split = split;
    return success();
  }

  void runOnOperation() override {
    Builder builder(&getContext());
    SmallVector<Attribute> list(gpus.begin(), gpus.end());
    getOperation()->setAttr("hydragen.gpu_targets", builder.getArrayAttr(list));
    getOperation()->walk([&](FinalizeOp op) {
      std::string reason;
      FailureOr<AttentionGroup> group = AttentionGroup::get(op, reason);
      if (succeeded(group))
        reason = Scheduler(*group, gpus, wanted, overrides).run();
      if (reason.empty())
        return;
      reportMissed(op, "gpu-fallback", "unsupported-on-gpu",
                   "attention runs on the host: " + reason);
    });
  }

  SmallVector<GPUTargetAttr> gpus;
  ScheduleAttr wanted;
  Overrides overrides;
};
} // namespace
