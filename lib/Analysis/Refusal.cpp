//===- Refusal.cpp - why an attention was left as it was --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Analysis/Refusal.h"

#include "llvm/Support/ErrorHandling.h"

using namespace mlir::hydragen;

namespace {
struct ReasonInfo {
  llvm::StringRef code, text;
};
} // namespace

static ReasonInfo getInfo(RefusalReason reason) {
  switch (reason) {
  case RefusalReason::DenominatorNotOverKeys:
    return {"denominator-not-over-keys",
            "the denominator is not the sum of the same exponentials over the "
            "key axis"};
  case RefusalReason::DenominatorMissing:
    return {"denominator-missing",
            "exponentials of a shifted score are never divided by their sum"};
  case RefusalReason::DenominatorExtraTerm:
    return {"denominator-extra-term",
            "the denominator has a further term that is not an exponential of "
            "the same shift"};
  case RefusalReason::DenominatorClamped:
    return {"denominator-clamped",
            "the denominator is clamped and the clamp can matter"};
  case RefusalReason::SeveralDenominators:
    return {"several-denominators",
            "the probabilities are divided more than once"};
  case RefusalReason::MaskedAfterSoftmax:
    return {"masked-after-softmax",
            "the probabilities are changed per key after the softmax"};
  case RefusalReason::NotExpOverSum:
    return {"not-exp-over-sum",
            "the probabilities are not an exponential over its sum"};
  case RefusalReason::UnknownShift:
    return {"unknown-shift",
            "the score is shifted by something that is neither its maximum nor "
            "a constant"};
  case RefusalReason::UnknownRowGuard:
    return {"unknown-row-guard",
            "rows of the probabilities are replaced under a condition that is "
            "not understood"};
  case RefusalReason::ScoreNotContraction:
    return {"score-not-contraction",
            "the score is not made of contractions of queries and keys"};
  case RefusalReason::ScoreTermsDiffer:
    return {"score-terms-differ",
            "the score's products have different factors"};
  case RefusalReason::OperandRoles:
    return {"operand-roles",
            "both or neither operand of a score product use the key axis"};
  case RefusalReason::AccumulatesLate:
    return {"accumulates-late",
            "the product accumulates into other data before the division"};
  case RefusalReason::MergeBase:
    return {"merge-base",
            "partial attentions are merged by a log-sum-exp of another base "
            "than the weights"};
  case RefusalReason::MergeWeights:
    return {"merge-weights",
            "partial attentions are merged by other weights than those of one "
            "softmax"};
  case RefusalReason::NotRepresentable:
    return {"not-representable",
            "an index is not affine with constant strides"};
  case RefusalReason::TooLarge:
    return {"too-large", "the analysis exceeded its budget"};
  case RefusalReason::NothingShared:
    return {"nothing-shared",
            "every key and value belongs to one sequence only"};
  case RefusalReason::OnlyKeysShared:
    return {"only-keys-shared", "keys are shared but their values are not"};
  case RefusalReason::OnlyValuesShared:
    return {"only-values-shared", "values are shared but their keys are not"};
  case RefusalReason::NotProfitable:
    return {"not-profitable",
            "plain attention is predicted to be faster than shared attention"};
  case RefusalReason::RuntimeIndex:
    return {"run-time-index",
            "sharing depends on an index that is known only at run time"};
  case RefusalReason::NotRectangular:
    return {"not-rectangular",
            "the shared part is not a range of keys and rows"};
  case RefusalReason::NotWritable:
    return {"not-writable",
            "the shared part cannot be read from its source by an affine map"};
  case RefusalReason::Unproved:
    return {"unproved", "a comparison of unknown extents could not be proved"};
  }
  llvm_unreachable("unknown reason");
}

llvm::StringRef mlir::hydragen::getReasonCode(RefusalReason reason) {
  return getInfo(reason).code;
}

llvm::StringRef mlir::hydragen::getReasonText(RefusalReason reason) {
  return getInfo(reason).text;
}
