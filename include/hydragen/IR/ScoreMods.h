//===- ScoreMods.h - score modifications: shared checks ----------*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_SCOREMODS_H
#define HYDRAGEN_IR_SCOREMODS_H

#include "hydragen/IR/Hydragen.h"

namespace mlir::hydragen {

/// What the score modifications of an op refer to.
struct ScoreContext {
  /// Rows and keys of the op; a position is (rows..., absolute key).
  unsigned numRows;
  ValueRange indices;
  /// Per index operand: whether its map uses a key dim.
  ArrayRef<bool> indexUsesKey;
  ValueRange extras;
  ArrayRef<AffineMap> extraMaps;
  Region *region;
  /// Type of a score: the state's element type.
  Type scoreType;
};

/// Checks extras, score modifications and the region (score_c1..c6).
LogicalResult verifyScoreMods(Operation *op, ArrayAttr mods,
                              const ScoreContext &context);

/// Bits set for the symbols that occur in `map`.
llvm::SmallBitVector getUsedSymbols(AffineMap map);

/// Index operands that the visible sets and alibi distances of `mods` use.
llvm::SmallBitVector getSymbolsOfScoreMods(ArrayAttr mods, unsigned numIndices);

/// Value that a `fill` parameter stands for; -inf when absent.
double getMaskFill(FloatAttr fill);

/// The sets of visible keys among `mods` whose complement stays hidden: filled
/// with -inf in place of the score, and so after all that follows. By number.
llvm::SmallBitVector getHidingMods(ArrayRef<Attribute> mods);

/// Whether `type` is one of the supported element types of Q, K, V: f16, bf16,
/// f32, f64.
bool isAttentionFloat(Type type);

/// c when `expr` is c * d + (something free of dim d), else nullopt.
std::optional<int64_t> getCoefficient(AffineExpr expr, unsigned dim);

} // namespace mlir::hydragen

#endif // HYDRAGEN_IR_SCOREMODS_H
