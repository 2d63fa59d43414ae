//===- IntegerLoops.h - index arithmetic as kernels -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables and group numbers are often computed from what the model is given
// (negative numbers counted from the end, tables of tables), and a guard
// compares them. On the host that would be a copy there and back; these loops
// over integers are small kernels in front of the attention instead.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_INTEGERLOOPS_H
#define HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_INTEGERLOOPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::hydragen {

/// Whether a linalg op on memrefs computes integers of integers in a way that a
/// kernel can: element by element, or the least of all into one.
bool isIntegerLoop(Operation *op);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_HYDRAGENTOGPU_INTEGERLOOPS_H
