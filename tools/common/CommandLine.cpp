//===- CommandLine.cpp - what the LLVM-free tools share ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommandLine.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>

using namespace hydragen;
using namespace hydragen::runtime;

Status tools::parse(
    int argc, char **argv, const char *input, CommandLine &line,
    const std::function<bool(const std::string &)> &applyFlag,
    const std::function<Status(const std::string &, const std::string &)>
        &applyOption) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    line.help = argument == "--help" || argument == "-h";
    line.version = argument == "--version";
    if (line.help || line.version)
      return std::nullopt;
    if (applyFlag(argument))
      continue;
    if (argument.size() < 2 || argument[0] != '-') {
      if (!line.input.empty())
        return invalid("unexpected second input (after " + line.input + ")",
                       argument);
      line.input = argument;
      continue;
    }
    size_t equals = argument.find('=');
    std::string name = argument.substr(0, equals), value;
    if (equals != std::string::npos)
      value = argument.substr(equals + 1);
    else if (i + 1 < argc)
      value = argv[++i];
    else
      return invalid("unknown option, or its value is missing (see --help)",
                     name);
    if (value.empty())
      return invalid("expected a value but got none (see --help)", name);
    if (Status status = applyOption(name, value))
      return status;
  }
  if (line.input.empty())
    return invalid(std::string("expected an input: ") + input + " (see --help)",
                   "command line");
  return std::nullopt;
}

Error tools::expected(const char *expected, const std::string &value,
                      const std::string &option) {
  return invalid("expected " + std::string(expected) + " but got \"" + value +
                     "\"",
                 option);
}

bool tools::parseInteger(const std::string &text, int64_t low, uint64_t high,
                         uint64_t &value) {
  // strtoull takes blanks and signs that this does not.
  bool negative = !text.empty() && text[0] == '-';
  std::string digits = text.substr(negative);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9')
    return false;
  bool isHex = digits.size() > 2 && digits[0] == '0' && (digits[1] | 32) == 'x';
  char *end;
  errno = 0;
  uint64_t magnitude = std::strtoull(digits.c_str(), &end, isHex ? 16 : 10);
  if (errno || *end)
    return false;
  if (negative) {
    if (low >= 0 || magnitude > uint64_t(0) - uint64_t(low))
      return false;
    value = uint64_t(0) - magnitude;
    return true;
  }
  value = magnitude;
  return magnitude <= high && (low <= 0 || magnitude >= uint64_t(low));
}

bool tools::parseInteger(const std::string &text, int64_t low, int64_t high,
                         int64_t &value) {
  uint64_t bits;
  if (high < 0 || !parseInteger(text, low, uint64_t(high), bits))
    return false;
  value = int64_t(bits);
  return true;
}

int tools::report(const char *tool, const Error &error) {
  std::fprintf(stderr, "%s: error: %s%s%s\n", tool, error.place.c_str(),
               error.place.empty() ? "" : ": ", error.message.c_str());
  return error.code;
}

int tools::runTool(const char *tool, const char *help, const CommandLine &line,
                   const Status &parsed, const std::function<int()> &run) {
  if (parsed)
    return report(tool, *parsed);
  if (line.help) {
    std::fputs(help, stdout);
    return 0;
  }
  if (line.version) {
    std::printf("%s %s\n", tool, HYDRAGEN_VERSION);
    return 0;
  }
  try {
    return run();
  } catch (const std::bad_alloc &) {
    return report(tool, {HYDRAGEN_INTERNAL, "out of memory", {}});
  } catch (const std::exception &exception) {
    return report(tool, {HYDRAGEN_INTERNAL, exception.what(), {}});
  }
}
