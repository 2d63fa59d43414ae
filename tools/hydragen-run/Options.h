//===- Options.h - the command line of hydragen-run -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_RUN_OPTIONS_H
#define HYDRAGEN_TOOLS_RUN_OPTIONS_H

#include "CommandLine.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace hydragen::run {

struct Options : tools::CommandLine {
  std::string device = "auto";
  std::string target;
  std::string entry = "main";
  std::string inputs, expect, outputs, stats;
  std::string sharing;
  std::string emulator;
  std::optional<uint64_t> random;
  std::optional<double> atol, rtol;
  int64_t repeat = 1;
  int32_t threads = 0;
  /// "in3" -> dim number -> extent.
  std::map<std::string, std::map<int64_t, int64_t>> dims;
  /// "in4" -> [low, high).
  std::map<std::string, std::pair<int64_t, int64_t>> intRanges;
};

/// Failures name the option as their place.
runtime::Status parseOptions(int argc, char **argv, Options &options);
extern const char *const kHelp;

} // namespace hydragen::run

#endif // HYDRAGEN_TOOLS_RUN_OPTIONS_H
