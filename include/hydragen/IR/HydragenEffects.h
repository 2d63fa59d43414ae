//===- HydragenEffects.h - shared bodies of op interfaces -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_IR_HYDRAGENEFFECTS_H
#define HYDRAGEN_IR_HYDRAGENEFFECTS_H

#include "hydragen/IR/Hydragen.h"

namespace mlir::hydragen {

/// Memory effects of a destination-style op on memrefs: reads every operand,
/// writes the inits. None on tensors.
void getDestinationStyleEffects(
    Operation *op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects);

/// Result shapes of a destination-style op are those of its inits.
LogicalResult reifyInitShapes(OpBuilder &builder, Operation *op,
                              ReifiedRankedShapedTypeDims &reified);

/// Canonicalisation of operands that are tensor.cast, for the ops with a score
/// region.
void populateFoldTensorCastPatterns(RewritePatternSet &patterns);

} // namespace mlir::hydragen

#endif // HYDRAGEN_IR_HYDRAGENEFFECTS_H
