//===- Options.cpp - the command line of hydragen-emulate -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <thread>

using namespace hydragen;
using namespace hydragen::emulate;
using namespace hydragen::runtime;

const char *const hydragen::emulate::kHelp =
    R"(usage: hydragen-emulate FILE.ptx --grid=X,Y,Z --block=X,Y,Z [options]

Runs one kernel of a PTX file on the CPU, checks every access and counts what
it costs. Reports of faults go to stderr.

  --kernel=NAME              which kernel (default: the only one)
  --grid=X,Y,Z --block=X,Y,Z extents; missing ones are 1
  --shared=BYTES             dynamic shared memory (default 0)
  --arch=sm_80               the device: sm_80, sm_86, sm_87, sm_89 or sm_90
                             (default: the file's .target, at least sm_80)
  --arg=KIND:VALUE           the kernel's parameters, in order:
      in:FILE.npy            pointer to a copy of the array
      inout:FILE.npy         the same; the file is rewritten
      out:FILE.npy:TYPE:4x16 pointer to an uninitialised array that is written
                             to the file; TYPE is u8 u16 u32 u64 s32 s64 f16
                             f32 f64 (bf16 is stored as u16)
      u8 u16 u32 u64 s32 s64 f16 f32 f64: a number
      bytes:FILE             a struct by value
      null                   a null pointer (--arg=null)
  --checks=all|none          (default all)
  --mma=fast|ampere          ampere: bit for bit as the hardware (default fast)
  --schedule=rr|reverse|random:SEED
                             order of warps and blocks (default rr)
  --async=late|eager         cp.async data lands at its wait, or at once
                             (default late)
  --threads=N                host threads (default: one per processor);
                             results do not depend on it
  --stats=FILE.json          write counters and reports
  --version, --help

exit code: 0 done; 1 a fault was reported; 2 bad input or command line;
4 internal error or out of memory
)";

bool hydragen::emulate::parseInteger(const std::string &text, int64_t low,
                                     uint64_t high, uint64_t &value) {
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

/// "X", "X,Y" or "X,Y,Z", each at least 1.
static bool parseExtents(const std::string &text, uint32_t *extents) {
  size_t begin = 0;
  for (int i = 0; i < 3; ++i) {
    extents[i] = 1;
    if (begin > text.size())
      continue;
    size_t end = std::min(text.find(',', begin), text.size());
    uint64_t value;
    if (!parseInteger(text.substr(begin, end - begin), 1, 0xffffffff, value))
      return false;
    extents[i] = uint32_t(value);
    begin = end + 1;
  }
  return begin > text.size();
}

static Status applyOption(Options &options, const std::string &name,
                          const std::string &value) {
  auto bad = [&](const char *expected) {
    return invalid("expected " + std::string(expected) + " but got \"" + value +
                       "\"",
                   name);
  };
  emulated::Options &emulator = options.emulator;
  uint64_t number;
  if (name == "--kernel") {
    options.kernel = value;
  } else if (name == "--grid" || name == "--block") {
    if (!parseExtents(value, name == "--grid" ? options.grid : options.block))
      return bad("up to three positive integers with commas between");
  } else if (name == "--shared") {
    if (!parseInteger(value, 0, 0xffffffff, number))
      return bad("a number of bytes");
    options.sharedBytes = uint32_t(number);
  } else if (name == "--arch") {
    if (value.compare(0, 3, "sm_") != 0 ||
        !parseInteger(value.substr(3), 0, 1000, number) ||
        !emulated::isKnownArchitecture(unsigned(number)))
      return bad("sm_80, sm_86, sm_87, sm_89 or sm_90");
    emulator.architecture = unsigned(number);
  } else if (name == "--arg") {
    options.arguments.push_back(value);
  } else if (name == "--checks") {
    if (value != "all" && value != "none")
      return bad("all or none");
    emulator.checks = value == "all";
  } else if (name == "--mma") {
    if (value != "fast" && value != "ampere")
      return bad("fast or ampere");
    emulator.mma =
        value == "fast" ? emulated::MmaMode::Fast : emulated::MmaMode::Ampere;
  } else if (name == "--schedule") {
    const std::string random = "random:";
    if (value == "rr") {
      emulator.schedule = emulated::ScheduleKind::RoundRobin;
    } else if (value == "reverse") {
      emulator.schedule = emulated::ScheduleKind::Reverse;
    } else if (value.compare(0, random.size(), random) == 0 &&
               parseInteger(value.substr(random.size()), 0, ~uint64_t(0),
                            emulator.seed)) {
      emulator.schedule = emulated::ScheduleKind::Random;
    } else {
      return bad("rr, reverse or random:SEED");
    }
  } else if (name == "--async") {
    if (value != "late" && value != "eager")
      return bad("late or eager");
    emulator.asyncLate = value == "late";
  } else if (name == "--threads") {
    if (!parseInteger(value, 1, 4096, number))
      return bad("1 to 4096");
    emulator.threads = unsigned(number);
  } else if (name == "--stats") {
    options.stats = value;
  } else {
    return invalid("unknown option (see --help)", name);
  }
  return std::nullopt;
}

Result<Options> hydragen::emulate::parseOptions(int argc, char **argv) {
  Options options;
  options.emulator.threads = std::max(1u, std::thread::hardware_concurrency());
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      options.help = true;
      return options;
    }
    if (argument == "--version") {
      options.version = true;
      return options;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      if (!options.input.empty())
        return invalid("unexpected second input (after " + options.input + ")",
                       argument);
      options.input = argument;
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
    if (Status status = applyOption(options, name, value))
      return *status;
  }
  if (options.input.empty())
    return invalid("expected an input: FILE.ptx (see --help)", "command line");
  for (auto [extents, name] : {std::make_pair(options.grid, "--grid"),
                               std::make_pair(options.block, "--block")})
    if (!extents[0])
      return invalid("is needed (see --help)", name);
  return options;
}
