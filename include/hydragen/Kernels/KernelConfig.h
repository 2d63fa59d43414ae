//===- KernelConfig.h - what an attend kernel is made for -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_KERNELS_KERNELCONFIG_H
#define HYDRAGEN_KERNELS_KERNELCONFIG_H

#include "hydragen/Kernels/ScoreModifier.h"

#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/LogicalResult.h"
#include <cstdint>
#include <memory>
#include <string>

namespace mlir::hydragen::kernels {

/// Element type of Q, K and V.
enum class ElementType : uint8_t { F16, BF16, F32 };
inline unsigned getBytes(ElementType type) {
  return type == ElementType::F32 ? 4 : 2;
}

/// How f32 operands are multiplied: three TF32 products (error of f32), one
/// (error of TF32), or f32 multiply-adds without tensor cores.
enum class Float32Form : uint8_t { ThreeTF32, TF32, Exact };

/// exact: multiply, subtract, 2^x. fast: 2^fma(score, scale, -m); needs
/// scale > 0 and loses the rounding error of m (docs/kernels.md: 2e-3 for f16
/// inputs of size 1e3, inf for 1e4).
enum class ExponentForm : uint8_t { Exact, Fast };

/// Where a variant's keys and values lie.
struct KeySource {
  /// Pages of `pageSize` keys found through a table of page numbers; else one
  /// pitch for all keys.
  bool paged = false;
  unsigned pageSize = 0;
  /// The table holds i64 (page numbers stay below 2^31), else i32.
  bool wideTable = false;
  /// Bytes from a key to the next (within a page); 0: a run-time parameter.
  int64_t keyPitch = 0, valuePitch = 0;
  /// Bytes from a page to the next; 0: a run-time parameter.
  int64_t keyPageStride = 0, valuePageStride = 0;
  /// Bytes that divide every address and pitch of K and V: 16 (fast), 8, 4, 2.
  unsigned alignment = 16;
  /// The columns of a key, a value are not adjacent (a transposed cache, say):
  /// from one to the next is a run-time parameter. Read element by element,
  /// with no demand on alignment beyond the element's.
  bool keyColumns = false, valueColumns = false;
};

/// The tile of one variant.
struct TileConfig {
  enum Kind : uint8_t {
    /// warps * 16 (or * 32) rows; all warps share the tiles of keys.
    Prefix,
    /// 16 rows; tiles of keys go round the warps and are merged at the end.
    Suffix
  };
  Kind kind = Prefix;
  /// Rows: Prefix: warps * 16 or warps * 32. Suffix: 16.
  unsigned rows = 64;
  /// Keys of one softmax step: 16, 32 or 64.
  unsigned keys = 64;
  /// Suffix: slots of 16 keys in each warp's ring; divides keys / 8.
  unsigned ringSlots = 4;
  /// Query fragments are read from shared memory in every step instead of
  /// living in registers. Needed above head dim 128 and for 32 rows a warp.
  bool queryInShared = false;
  /// One loop that masks every tile, for states so large that two loops would
  /// spill, and where little code counts. The same bits.
  bool oneLoop = false;
};

struct VariantConfig {
  TileConfig tile;
  KeySource source;
  /// Null: the scaled product is the score.
  std::shared_ptr<ScoreModifier> modifier;
  /// Items may have head_tiles > 0 (sliding windows): a masked loop before the
  /// unmasked one. Without it head_tiles must be 0.
  bool headTiles = false;
};

/// What becomes of the folded states.
struct ResultConfig {
  enum Kind : uint8_t {
    /// o / l in `type`, by the rule below.
    Output,
    /// The state: o in f32, not normalised; m and l.
    State
  };
  Kind kind = Output;
  ElementType type = ElementType::F16;
  /// Bytes that divide every address of a row of the output: 16 (fast) .. 2.
  unsigned alignment = 16;
  /// What a row without a visible key gives (without a sink): NaN or 0.
  bool nanForMaskedRows = false;
  /// Number of f32 operands with a logit per row that is added to the
  /// denominator (natural units).
  unsigned numSinks = 0;
  /// An f32 operand with a factor per row.
  bool hasFactor = false;
  /// The output's old value is added.
  bool accumulate = false;
};

/// One `attend` kernel.
struct KernelConfig {
  std::string name = "attend";
  ElementType elementType = ElementType::F16;
  Float32Form float32Form = Float32Form::ThreeTF32;
  ExponentForm exponentForm = ExponentForm::Exact;
  /// |scale * log2(e)| <= 1 is known, or the element type is f16: finite scores
  /// stay finite when scaled. Else they are saturated, one instruction each.
  bool scaleKeepsFinite = false;
  /// Contraction dim and value columns: 1 to 256. Padded to 16 in tiles.
  unsigned headDim = 128, valueDim = 128;
  /// Bytes that divide every address of a row of Q: 16 (fast), 8, 4, 2.
  unsigned queryAlignment = 16;
  /// The same of Q: KeySource::keyColumns.
  bool queryColumns = false;
  /// Number of digits of a logical row.
  unsigned rowRank = 2;
  /// Warps of a block: 4, or 8 (sm_86 and sm_89: 100 KB of shared memory).
  unsigned warps = 4;
  /// Blocks per multiprocessor that registers must allow (.minnctapersm).
  unsigned minBlocks = 1;
  SmallVector<VariantConfig> variants;
  ResultConfig result;

  /// A sum of TF32 parts is NaN where an operand is infinite; items in which
  /// one is not finite are computed a second time (docs/kernels.md).
  bool needsCarefulPass() const {
    return elementType == ElementType::F32 &&
           float32Form == Float32Form::ThreeTF32;
  }
  unsigned getThreads() const { return warps * 32; }
  unsigned getPaddedHeadDim() const { return (headDim + 15) / 16 * 16; }
  /// Columns of a state row.
  unsigned getPaddedValueDim() const { return (valueDim + 15) / 16 * 16; }
};

/// Whether a tile's state is so large that two loops would spill
/// (TileConfig::oneLoop). Head dims above 128, f32 above 64, 32 rows a warp.
bool needsOneLoop(TileConfig::Kind kind, ElementType type, unsigned headDim,
                  unsigned valueDim, unsigned rowsPerWarp);
/// The tile that compiles without spill and reaches the figures of
/// docs/kernels.md; the schedule's first choice.
TileConfig getFastTile(TileConfig::Kind kind, ElementType type,
                       unsigned headDim, unsigned valueDim, unsigned warps);

/// Why no kernel can be made of `config`, or "": one clause, lower-case.
std::string checkKernelConfig(const KernelConfig &config);

/// The run-time parameters of the kernel, in order, with their offsets:
///
///   items, item_count, ticket, rows, lengths, groups, entries: pointers
///     (hydragen_work_item[], i32, i32 that starts at 0, i32[], i32[],
///     hydragen_reduction_group[], i32[]); rows, lengths, groups and entries
///     may be null when no item uses them
///   key_base, value_base, table_base: pointers, may be null
///   state_o, state_ml: pointers (f32 [state rows][padded value dim]; f32 m and
///     l, [state rows][2])
///   queries, output: pointers; for the state as result also result_m, result_l
///   sink_I, factor: pointers (f32)
///   q_stride_D, o_stride_D, (m_stride_D, l_stride_D), (sink_I_stride_D),
///     (factor_stride_D): i64, bytes per step of row digit D
///   q_column: i64, where the columns of Q are not adjacent
///   vN_key_pitch, vN_value_pitch, vN_key_page, vN_value_page: i64, where the
///     configuration leaves them open
///   vN_key_column, vN_value_column: i64, where columns are not adjacent
///   vN_last_page: i32, paged sources: table values are clamped to it
///   extent_D (D >= 1): i32, number of values of row digit D
///   scale, scale_log2: f32, the factor of q.k and the same times log2(e)
///   what the variants' modifiers want
SmallVector<KernelParameter> getKernelParameters(const KernelConfig &config);
/// Size of the packed parameter buffer.
unsigned getParameterBytes(ArrayRef<KernelParameter> parameters);

/// Bytes of dynamic shared memory of a launch.
unsigned getSharedBytes(const KernelConfig &config);

/// What key_begin of a variant's items must be a multiple of: 1, 16 or the key
/// tile (paged sources).
unsigned getKeyAlignment(const KernelConfig &config, unsigned variant);

} // namespace mlir::hydragen::kernels

#endif // HYDRAGEN_KERNELS_KERNELCONFIG_H
