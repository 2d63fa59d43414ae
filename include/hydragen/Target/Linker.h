//===- Linker.h - object code to a shared object ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TARGET_LINKER_H
#define HYDRAGEN_TARGET_LINKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace hydragen {

/// Path of ld.lld: beside the LLVM installation this was built with, else
/// ld.lld-22 or ld.lld on PATH.
llvm::Expected<std::string> findLinker();

/// Links one object to a shared object that needs only libc and libm. Undefined
/// symbols are errors.
llvm::Expected<llvm::SmallVector<char, 0>>
linkSharedObject(llvm::ArrayRef<char> object);

} // namespace hydragen

#endif // HYDRAGEN_TARGET_LINKER_H
