//===- WorkFormula.h - what an attention does, for rates --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_WORKFORMULA_H
#define HYDRAGEN_LIB_CONVERSION_WORKFORMULA_H

#include "HydragenToGPU/AttendSizes.h"

namespace mlir::hydragen {

/// Floating-point operations of the products, masks or not; bytes of Q, the
/// result, and K and V once per set of rows that shares them.
struct AttendWork {
  Value flops, bytes;
};
AttendWork getWork(IndexBuilder &index, AttendOp op, const AttendSizes &sizes);

/// Index arithmetic on extents of a function's arguments as a formula of the
/// manifest; "" when it has no such form.
std::string toFormula(Value value);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_WORKFORMULA_H
