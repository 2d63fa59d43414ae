//===- AttentionKernel.h - parts of the attention kernels -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both kernels are an scf.parallel over work items, (index of the outer rows) x
// (tile of folded rows), whose items walk the keys in tiles:
//
//   scores of the tile -> modifications -> online softmax -> products with V
//
// RowLanes keeps rows in vector lanes (many rows share the keys: K and V are
// read once per tile, compute bound), KeyLanes keeps few rows and lanes along
// the contraction and value dims (bound by reading K and V).
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_ATTENTIONKERNEL_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_ATTENTIONKERNEL_H

#include "PartialOperands.h"
#include "ScoreMods.h"

namespace mlir::hydragen::cpu {

class AttentionKernel {
public:
  AttentionKernel(PartialAttentionOpInterface op, const Machine &machine,
                  OpBuilder &builder, int64_t tileRows);
  virtual ~AttentionKernel() = default;

  /// Emits the whole op, and what ends its state if `finalize` is not null: its
  /// output is written instead of the state.
  void emit(FinalizeOp finalize);

protected:
  /// Most keys of one tile.
  static constexpr int64_t kMaxTileKeys = 128;

  /// Allocates what the kernel needs and loads Q and the state.
  virtual void beginItem() = 0;
  /// The state that the item starts from, into m and l of [tileRows] and o of
  /// [tileRows][columns, padded with 0].
  void loadState(Value maxima, Value sums, Value output, Value paddedColumns);
  /// And back, of the item's rows, or the output that is made of it.
  void storeState(Value maxima, Value sums, Value output);
  /// Keys [first, first + count), local, count <= tileKeys.
  virtual void emitTile(Value first, Value count) = 0;
  /// Stores the state.
  virtual void endItem() = 0;

  /// The point of row `m` of the item's tile (also of the rows past the end,
  /// which repeat the last one), or vectors of the indices of rows
  /// [m, m + lanes).
  Point getRowPoint(Value m, int64_t lanes = 1);
  /// The point of local key `key` for the item's outer rows.
  Point getKeyPoint(Value key);

  /// A tile of K or V as the products read it.
  struct TileSource {
    bool direct = false;
    Value buffer; ///< not direct
  };
  /// Decides whether K of `term` (V for -1) is read in place, in vectors of
  /// `lanes` along its inner dim, and else makes a buffer.
  TileSource makeSource(int term, int64_t lanes);
  /// A buffer [tileKeys][columns, padded with 0 to `lanes`] for a tile.
  Value makeBuffer(int term, int64_t lanes, Type type);
  /// Copies a tile into its buffer, as the buffer's type.
  void fillBuffer(Value buffer, int term, Value first, Value count);

  enum class Cache { First, Second };
  /// Asks for bytes of rows of K (V for -1) ahead of their use: lines
  /// [part, part + 1) / parts of the row of local key `key`, or of the last key
  /// when it is past it. Nothing where rows are not contiguous or lie behind a
  /// table.
  void emitPrefetch(int term, Value key, Value part, int64_t parts,
                    Cache cache);

  /// Cache lines of a row of K of `term` (V for -1); columns of unknown extent
  /// count as 128.
  int64_t numLines(int term);

  AffineMap getMap(int term) {
    return term < 0 ? in.valueMap : in.keyMaps[term];
  }
  Value getOperand(int term) {
    return term < 0 ? in.op.getValue() : in.op.getKeys()[term];
  }
  ArrayRef<unsigned> getInner(int term) {
    return term < 0 ? ArrayRef<unsigned>(in.dims.values)
                    : ArrayRef<unsigned>(in.dims.contraction[term]);
  }
  /// Whether scores may overflow when they are scaled to base 2.
  bool mayOverflow();
  Value toBase2(Value score);

  /// `count` rounded up to a multiple of `multiple`, static where possible.
  OpFoldResult paddedSize(ArrayRef<unsigned> dims, int64_t multiple);
  Value asValue(OpFoldResult size);

  Machine machine;
  Emitter e;
  PartialOperands in;
  ScoreModEmitter mods;
  int64_t tileRows;
  int64_t tileKeys = kMaxTileKeys;
  /// Parts of the keys that are items of their own: their states are merged
  /// after all items. Null where keys are never split.
  Value numSplits;

  // Of the current item.
  Point itemPoint;
  Value numRows;            ///< rows of the tile, at most tileRows
  Value numKeys;            ///< of the segment
  Value rowIndices;         ///< [folded dims][tileRows]
  Value lowKeys, highKeys;  ///< i32 [tileRows], with bounds only
  Value lastLow, firstHigh; ///< keys in between are visible to all rows

private:
  /// The op's state begins with nothing, whatever its inits hold.
  bool hasNeutralInits();
  Value chooseSplits(Value tiles);
  void emitItem(Value item, Value tiles, Value rows);
  /// Fills the bounds; returns the range of the item's keys that some row sees.
  std::pair<Value, Value> emitKeyRange();
  void emitMerge();

  FinalizeOp finalize; ///< or null
  Value splitState[3]; ///< with splits: o, m, l with one more leading dim
  Value split;         ///< of the current item, null without
};

/// Whether the rows that share a key are so few that reading keys bounds the
/// kernel; nullopt where only the call tells.
std::optional<bool> hasFewRows(PartialAttentionOpInterface op);

/// Emits the kernel that suits `op`. `finalize` ends its state in the same loop
/// (FuseFinalize.h), or is null.
void emitAttention(PartialAttentionOpInterface op, FinalizeOp finalize,
                   const Machine &machine, OpBuilder &builder);

std::unique_ptr<AttentionKernel>
makeRowLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                   OpBuilder &builder, int64_t tileRows);
std::unique_ptr<AttentionKernel>
makeKeyLanesKernel(PartialAttentionOpInterface op, const Machine &machine,
                   OpBuilder &builder, int64_t tileRows);

/// combine, finalize and state_lse on buffers; `finalize` ends the combined
/// state in the same loop, or is null.
void emitCombine(CombineOp op, FinalizeOp finalize, OpBuilder &builder);
void emitFinalize(FinalizeOp op, OpBuilder &builder);
/// Writes the output of the row `row`, whose state is `maximum`, `sum` and what
/// `loadO` loads, given the indices of an element and the number of its column.
void emitFinalizeRow(Emitter &e, FinalizeOp op, ArrayRef<Value> row,
                     Value maximum, Value sum,
                     function_ref<Value(ArrayRef<Value>, Value)> loadO);
void emitStateLse(StateLseOp op, OpBuilder &builder);

} // namespace mlir::hydragen::cpu

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOCPU_ATTENTIONKERNEL_H
