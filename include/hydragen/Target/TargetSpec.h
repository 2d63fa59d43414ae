//===- TargetSpec.h - what a module is compiled for -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TARGET_TARGETSPEC_H
#define HYDRAGEN_TARGET_TARGETSPEC_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace hydragen {

/// A CPU to generate code for.
struct CPUTarget {
  /// As given on the command line: "cpu", "cpu:x86-64-v3".
  std::string spec;
  /// LLVM's name of the CPU and its feature string ("+avx2,-avx512f,...").
  std::string cpu;
  std::string features;
  /// Names, in LLVM's spelling, of the instruction set extensions that code for
  /// this target may use and that not every x86-64 CPU has.
  std::vector<std::string> required;
  /// Width of the vector registers to use: 128, 256 or 512.
  unsigned vectorBits = 128;

  bool has(llvm::StringRef feature) const;
};

/// Parses one target of --target: `cpu` (this machine's CPU), `cpu:NAME` with
/// an LLVM CPU name. The error is one line without a prefix.
llvm::Expected<CPUTarget> parseCPUTarget(llvm::StringRef spec);

} // namespace hydragen

#endif // HYDRAGEN_TARGET_TARGETSPEC_H
