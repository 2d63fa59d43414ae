//===- CommandLine.h - what the LLVM-free tools share -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of hydragen-run and hydragen-emulate: --name=value or --name
// value, one input, one line per error.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_COMMON_COMMANDLINE_H
#define HYDRAGEN_TOOLS_COMMON_COMMANDLINE_H

#include "Status.h"

#include <cstdint>
#include <functional>
#include <string>

namespace hydragen::tools {

/// What every tool takes.
struct CommandLine {
  std::string input;
  bool help = false, version = false;
};

/// Walks the arguments. `applyOption` gets each option with its value, which is
/// never empty (--expect=$UNSET must not pass for "nothing to compare with"),
/// and `applyFlag` tells whether a word is an option without a value. `input`
/// names what the tool reads, for the error when it is missing. Stops at --help
/// and
/// --version. Failures name the option as their place.
runtime::Status
parse(int argc, char **argv, const char *input, CommandLine &line,
      const std::function<bool(const std::string &)> &applyFlag,
      const std::function<runtime::Status(const std::string &,
                                          const std::string &)> &applyOption);

/// "expected EXPECTED but got "VALUE"" with the option as the place.
runtime::Error expected(const char *expected, const std::string &value,
                        const std::string &option);

/// A decimal or 0x number within [low, high].
bool parseInteger(const std::string &text, int64_t low, uint64_t high,
                  uint64_t &value);
bool parseInteger(const std::string &text, int64_t low, int64_t high,
                  int64_t &value);

/// "TOOL: error: PLACE: MESSAGE" on stderr. Returns the exit code.
int report(const char *tool, const runtime::Error &error);

/// The main function of a tool: help, version, and errors of allocation and of
/// the library as one line with exit code 4. `parsed` holds what parse() gave.
int runTool(const char *tool, const char *help, const CommandLine &line,
            const runtime::Status &parsed, const std::function<int()> &run);

} // namespace hydragen::tools

#endif // HYDRAGEN_TOOLS_COMMON_COMMANDLINE_H
