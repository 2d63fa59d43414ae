//===- CostModel.h - what plain and shared attention cost -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times from bytes and products on the target's description. docs/cost-model.md
// has the formulas, and where the constants were measured.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_COSTMODEL_H
#define HYDRAGEN_ANALYSIS_COSTMODEL_H

#include "hydragen/IR/Hydragen.h"

#include <optional>

namespace mlir::hydragen {

/// A partial attention: `copies` times `keys` keys, each copy read by `rows`
/// rows.
struct PartCost {
  double copies = 1, rows = 1, keys = 0;
  /// Columns of K (all score terms) and of V.
  double contraction = 0, values = 0;
  /// Bytes of K and V of one key.
  double bytesPerKey = 0;
  /// K and V are f32, whose products take longer on tensor cores.
  bool float32 = false;
};

/// One attention in its forms. Written: rows read keys of their own, after K
/// and V were put together where the model does so. Pieces: rows read keys of
/// their own where these lie; none if the target has no such form.
struct AttentionCost {
  SmallVector<PartCost, 2> written, pieces, shared;
  /// Bytes that the model's copies of K and V write, and the loops that do.
  double copiedBytes = 0;
  unsigned numCopies = 0;
};

struct Prediction {
  double plain = 0, shared = 0; // microseconds
  /// Plain attention is over pieces, which is faster than as it is written.
  bool plainReadsPieces = false;
  /// One form has to be better by more than the model's error: plain attention
  /// as it is written, since it also needs more memory; shared attention where
  /// plain one makes no copies either.
  bool pays() const {
    return shared <= (plainReadsPieces ? 0.95 : 1.05) * plain;
  }
};

/// A target by its name: "cpu:512" (bits of a vector), "a100", "sm_80"; null
/// for another one.
Attribute getCostTarget(MLIRContext *context, StringRef name);

/// Times on a #hydragen.cpu_target (of one core) or #hydragen.gpu_target.
Prediction predict(const AttentionCost &attention, Attribute target);

/// Adds the copies that only this attention's K and V are made by.
void addCopies(AttentionOp op, AttentionCost &attention);

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_COSTMODEL_H
