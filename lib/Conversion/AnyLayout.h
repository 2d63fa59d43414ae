//===- AnyLayout.h - an entry for tensors of any layout ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An entry on the device takes it for granted that its tensors are compact and
// begin at multiples of 16 bytes, which is what makes kernels fast. Beside it
// stands a second function with slow kernels for all others; a third one, which
// gets the entry's name, chooses by the descriptors of a call.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_CONVERSION_ANYLAYOUT_H
#define HYDRAGEN_LIB_CONVERSION_ANYLAYOUT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::hydragen {

/// Which layouts of an argument a function takes; the manifest's words. The
/// first element may lie at any multiple of its size.
enum class Layout : uint8_t { Compact, Inner, Any };
StringRef toString(Layout layout);
/// Memory of `type` in this layout.
MemRefType getMemRefType(RankedTensorType type, Layout layout);

/// Of an entry on tensors: the layouts of its arguments, then its results;
/// empty when it has more work than attention and views, so that its tensors
/// will be on the host.
SmallVector<Layout> getLayouts(func::FuncOp function);

/// `function` is a copy of the entry `name` for these layouts.
void markAnyLayout(func::FuncOp function, ArrayRef<Layout> layouts);
bool takesAnyLayout(func::FuncOp function);
/// The other one of an entry and its copy; null when there is none.
func::FuncOp getEntryOf(func::FuncOp anyLayout);

/// Puts the function that chooses in the place of an entry and its copy.
void makeChoice(func::FuncOp entry, func::FuncOp anyLayout);

} // namespace mlir::hydragen

#endif // HYDRAGEN_LIB_CONVERSION_ANYLAYOUT_H
