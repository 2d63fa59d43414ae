//===- FoldExtents.h - passes that fold what computes extents ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_FOLDEXTENTS_H
#define HYDRAGEN_LIB_CONVERSION_FOLDEXTENTS_H

#include "mlir/Pass/PassManager.h"

namespace mlir::hydragen {

/// Adds passes after which an extent, if it follows from the function's
/// arguments, is arithmetic on their dims.
void addExtentFolding(OpPassManager &pm);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_FOLDEXTENTS_H
