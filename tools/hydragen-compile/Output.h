//===- Output.h - writing files whole or not at all -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_COMPILE_OUTPUT_H
#define HYDRAGEN_TOOLS_COMPILE_OUTPUT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace hydragen::compile {

/// Writes `bytes` to `path`: a regular file is written beside its place and
/// renamed, anything else (a device, a pipe) is written directly; "" is stdout.
/// The error is "PATH: text"; nothing is left behind then.
llvm::Error writeOutput(llvm::StringRef path, llvm::StringRef bytes,
                        bool executable = false);

} // namespace hydragen::compile

#endif // HYDRAGEN_TOOLS_COMPILE_OUTPUT_H
