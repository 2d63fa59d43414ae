//===- Options.h - the command line of hydragen-emulate ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_OPTIONS_H
#define HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_OPTIONS_H

#include "Launch.h"
#include "Status.h"

#include <string>
#include <vector>

namespace hydragen::emulate {

struct Options {
  std::string input;
  std::string kernel;
  std::string stats;
  bool help = false, version = false;
  uint32_t grid[3] = {0, 0, 0}, block[3] = {0, 0, 0};
  uint32_t sharedBytes = 0;
  /// KIND:VALUE, in order.
  std::vector<std::string> arguments;
  emulated::Options emulator;
};

extern const char *const kHelp;

runtime::Result<Options> parseOptions(int argc, char **argv);

/// A decimal or 0x number within [low, high].
bool parseInteger(const std::string &text, int64_t low, uint64_t high,
                  uint64_t &value);

} // namespace hydragen::emulate

#endif // HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_OPTIONS_H
