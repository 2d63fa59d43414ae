//===- Options.cpp - the command line of hydragen-emulate -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include <algorithm>
#include <thread>

using namespace hydragen;
using namespace hydragen::emulate;
using namespace hydragen::runtime;
using namespace hydragen::tools;

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
  auto bad = [&](const char *words) { return expected(words, value, name); };
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
    if (!emulator.set("checks", value))
      return bad("all or none");
  } else if (name == "--mma") {
    if (!emulator.set("mma", value))
      return bad("fast or ampere");
  } else if (name == "--schedule") {
    if (!emulator.set("schedule", value))
      return bad("rr, reverse or random:SEED");
  } else if (name == "--async") {
    if (!emulator.set("async", value))
      return bad("late or eager");
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

Status hydragen::emulate::parseOptions(int argc, char **argv,
                                       Options &options) {
  options.emulator.threads = std::max(1u, std::thread::hardware_concurrency());
  Status status = parse(
      argc, argv, "FILE.ptx", options,
      [](const std::string &) { return false; },
      [&](const std::string &name, const std::string &value) {
        return applyOption(options, name, value);
      });
  if (status || options.help || options.version)
    return status;
  for (auto [extents, name] : {std::make_pair(options.grid, "--grid"),
                               std::make_pair(options.block, "--block")})
    if (!extents[0])
      return invalid("is needed (see --help)", name);
  return std::nullopt;
}
