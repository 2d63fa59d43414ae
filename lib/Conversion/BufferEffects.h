//===- BufferEffects.h - what ops on buffers depend on ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_BUFFEREFFECTS_H
#define HYDRAGEN_LIB_CONVERSION_BUFFEREFFECTS_H

#include "mlir/IR/Value.h"

namespace mlir::hydragen {

/// The value whose memory `value` views.
Value getBaseBuffer(Value value);

/// Whether two buffers can share memory. A buffer that is allocated here is
/// another one than those from outside; these may share theirs, but for an
/// entry's outputs (docs/runtime.md). Of any other value (a choice between
/// buffers, a result of a loop) nothing is known.
bool mayAlias(Value left, Value right);

/// Whether `second` must not run before or beside `first`, which precedes it.
bool dependsOn(Operation *second, Operation *first);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_BUFFEREFFECTS_H
