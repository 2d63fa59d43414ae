//===- Options.h - the command line of hydragen-emulate ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_OPTIONS_H
#define HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_OPTIONS_H

#include "CommandLine.h"
#include "Launch.h"

#include <string>
#include <vector>

namespace hydragen::emulate {

struct Options : tools::CommandLine {
  std::string kernel;
  std::string stats;
  uint32_t grid[3] = {0, 0, 0}, block[3] = {0, 0, 0};
  uint32_t sharedBytes = 0;
  /// KIND:VALUE, in order.
  std::vector<std::string> arguments;
  emulated::Options emulator;
};

extern const char *const kHelp;

/// Failures name the option as their place.
runtime::Status parseOptions(int argc, char **argv, Options &options);

} // namespace hydragen::emulate

#endif // HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_OPTIONS_H
