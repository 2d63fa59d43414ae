//===- SoftFloat.h - conversions that a CPU may lack ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_LIB_TARGET_SOFTFLOAT_H
#define HYDRAGEN_LIB_TARGET_SOFTFLOAT_H

namespace llvm {
class Module;
} // namespace llvm

namespace hydragen {

/// Adds hidden functions for the conversions to and from f16 and bf16 that
/// LLVM's code generator may call.
void addSoftFloat(llvm::Module &module);

} // namespace hydragen

#endif // HYDRAGEN_LIB_TARGET_SOFTFLOAT_H
