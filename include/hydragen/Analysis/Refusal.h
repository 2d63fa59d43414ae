//===- Refusal.h - why an attention was left as it was ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stable reason codes: reports, remarks and tests rely on their spelling.
// docs/detection.md lists them with examples.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_ANALYSIS_REFUSAL_H
#define HYDRAGEN_ANALYSIS_REFUSAL_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace mlir::hydragen {

enum class RefusalReason {
  // The contraction looked like attention but is not one, or not provably.
  DenominatorNotOverKeys,
  DenominatorMissing,
  DenominatorExtraTerm,
  DenominatorClamped,
  SeveralDenominators,
  MaskedAfterSoftmax,
  NotExpOverSum,
  UnknownShift,
  UnknownRowGuard,
  ScoreNotContraction,
  ScoreTermsDiffer,
  OperandRoles,
  AccumulatesLate,
  // Attentions over parts of the keys that are merged, but not to one.
  MergeBase,
  MergeWeights,
  // It is one, but hydragen.attention cannot say it.
  NotRepresentable,
  TooLarge,
  // It is one, and nothing (more) is shared.
  NothingShared,
  OnlyKeysShared,
  OnlyValuesShared,
  NotProfitable,
  RuntimeIndex,
  // Something is shared, but it was not written so.
  NotRectangular,
  NotWritable,
  Unproved,
};

/// The code in kebab-case, as it stands in reports.
llvm::StringRef getReasonCode(RefusalReason reason);
/// One sentence without a full stop.
llvm::StringRef getReasonText(RefusalReason reason);

struct Refusal {
  RefusalReason reason;
  /// What exactly, maybe empty.
  std::string detail;
};

} // namespace mlir::hydragen

#endif // HYDRAGEN_ANALYSIS_REFUSAL_H
