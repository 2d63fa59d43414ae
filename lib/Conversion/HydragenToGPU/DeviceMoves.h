//===- DeviceMoves.h - copies and fills of an entry -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICEMOVES_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICEMOVES_H

#include "mlir/IR/Operation.h"

namespace mlir::hydragen {

/// Whether a kernel can do what an op on memrefs does: it copies (also with
/// permuted dims) or fills.
bool isDeviceMove(Operation *op);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_DEVICEMOVES_H
