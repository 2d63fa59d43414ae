//===- Options.h - command line of hydragen-compile -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_COMPILE_OPTIONS_H
#define HYDRAGEN_TOOLS_COMPILE_OPTIONS_H

#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace hydragen::compile {

enum ExitCode { kOk = 0, kBadInput = 2, kInternalError = 4 };

/// What --emit asks for, in the order of the pipeline.
enum class Stage {
  Raised,
  Shared,
  Decomposed,
  Scheduled,
  LLVM,
  PTX,
  Cubin,
  Object,
  Module
};

struct Options {
  std::string input;
  std::string output; ///< empty: stdout
  std::vector<std::string> targets{"cpu"};
  Stage emit = Stage::Module;
  std::string entry = "main";
  std::string sharing = "auto";
  std::string report; ///< empty: none
  bool pairs = false; ///< CPU: --bf16=pairs
  // GPU targets.
  std::string tune; ///< empty: the usual GPU of each architecture
  std::string float32 = "tf32x3";
  std::string tile;   ///< empty: by the shapes
  int64_t split = -1; ///< -1: by the GPU; 0: none
  bool invariant = false, separate = false, compactOnly = false;
  /// Modules hold machine code beside PTX.
  bool cubin = false;
  bool remarks = false;
  bool help = false, version = false;
};

/// Parses the arguments after the tool's name. The error is "OPTION: text".
llvm::Expected<Options> parseOptions(llvm::ArrayRef<const char *> arguments);

/// The text of --help.
extern const char *const kHelp;

} // namespace hydragen::compile

#endif // HYDRAGEN_TOOLS_COMPILE_OPTIONS_H
