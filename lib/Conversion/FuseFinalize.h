//===- FuseFinalize.h - a state that ends where it is made ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_FUSEFINALIZE_H
#define HYDRAGEN_LIB_CONVERSION_FUSEFINALIZE_H

#include "hydragen/IR/Hydragen.h"

namespace mlir::hydragen {

/// Discardable unit attribute of a finalize on buffers: it stands behind the op
/// that makes its state (a partial attention or combine, whose outs are its
/// operands), nobody else reads the state, and what it writes to is memory that
/// the maker does not read. The maker need not write the state then.
constexpr llvm::StringLiteral kStateEndsAttr = "hydragen.state_ends";

/// The finalize with kStateEndsAttr that ends the state that `maker` makes, or
/// null.
FinalizeOp getFusedFinalize(Operation *maker);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_FUSEFINALIZE_H
