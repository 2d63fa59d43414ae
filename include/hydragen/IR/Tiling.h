//===- Tiling.h - tiling of the decomposed form -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_TILING_H
#define HYDRAGEN_IR_TILING_H

namespace mlir {
class DialectRegistry;
namespace hydragen {

/// Upstream's TilingInterface for the ops of the decomposed form, and
/// PartialReductionOpInterface for the partial attentions.
///
///   op                    loops
///   prefix_, suffix_attention   rows (parallel), keys (reduction)
///   combine               states if stacked (reduction), rows (parallel)
///   finalize              rows, values (parallel)
///   state_lse             rows (parallel)
///
/// A loop over keys passes the state through (FullReduction), or splits the
/// keys and gives each part a state of its own, which a stacked combine merges
/// (PartialReductionOuterParallel: split KV). Index offsets of a tile are those
/// of the op plus the tile's, so that masks and positions stay absolute.
/// Values and contractions are not tiled: each row is summed in one op.
void registerTilingInterfaceExternalModels(DialectRegistry &registry);

} // namespace hydragen
} // namespace mlir

#endif // HYDRAGEN_IR_TILING_H
