//===- Options.cpp - the command line of hydragen-run -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "Launch.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace hydragen::run;
using namespace hydragen::runtime;
using namespace hydragen::tools;
namespace emulated = hydragen::emulated;

const char *const hydragen::run::kHelp =
    R"(usage: hydragen-run IN.mlir|MODULE.so [options]

Runs one entry of a compiled module; model IR is compiled first, by the
hydragen-compile that stands beside this program.

  --device=auto|cpu|cuda|emulated   where to run (default auto)
  --target=T                        for IN.mlir: what to compile for
  --entry=NAME                      which function (default main)
  --sharing=auto|always|never       for IN.mlir
  --plain                           the same as --sharing=never
  --inputs=FILE.npz                 in0, in1, ... in argument order
  --random=SEED                     random inputs instead
  --dim inN.D=EXTENT                extent of a dynamic dim of a random input
  --int-range inN=LOW:HIGH          random integers in [LOW, HIGH)
  --expect=FILE.npz                 compare with out0, ...
  --atol=X --rtol=X                 |got-want| <= atol + rtol*|want|
  --outputs=FILE.npz                write out0, ...
  --stats=FILE.json                 write times, memory and kernels
  --repeat=N                        timed calls after one warm-up (default 1)
  --threads=N                       default: one per processor
  --emulator=checks=..,mma=..,schedule=..,async=..
  --version, --help

exit code: 0 done; 1 outputs differ or a fault was reported; 2 bad input or
command line; 3 the device is not available; 4 internal error or out of memory
)";

/// A finite number >= 0.
static bool parseTolerance(const std::string &text, double &value) {
  char *end;
  value = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == 0 && std::isfinite(value) && value >= 0;
}

/// "in3" of "in3.0" or "in4"; the rest stays in `text`.
static bool takeInputName(std::string &text, std::string &name) {
  if (text.compare(0, 2, "in") != 0)
    return false;
  size_t end = 2;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9')
    ++end;
  if (end == 2)
    return false;
  name = text.substr(0, end);
  text.erase(0, end);
  return true;
}

static Status applyOption(Options &options, const std::string &name,
                          const std::string &value) {
  auto bad = [&](const char *words) { return expected(words, value, name); };
  int64_t number;
  if (name == "--device") {
    if (value != "auto" && value != "cpu" && value != "cuda" &&
        value != "emulated")
      return bad("auto, cpu, cuda or emulated");
    options.device = value;
  } else if (name == "--target") {
    options.target = value;
  } else if (name == "--entry") {
    options.entry = value;
  } else if (name == "--sharing") {
    if (value != "auto" && value != "always" && value != "never")
      return bad("auto, always or never");
    options.sharing = value;
  } else if (name == "--inputs") {
    options.inputs = value;
  } else if (name == "--expect") {
    options.expect = value;
  } else if (name == "--outputs") {
    options.outputs = value;
  } else if (name == "--stats") {
    options.stats = value;
  } else if (name == "--emulator") {
    if (!emulated::Options().setAll(value))
      return bad("checks=all|none, mma=fast|ampere, schedule=rr|reverse|"
                 "random:SEED, async=late|eager, with commas between");
    options.emulator = value;
  } else if (name == "--random") {
    if (!parseInteger(value, 0, INT64_MAX, number))
      return bad("a seed (an integer that is not negative)");
    options.random = static_cast<uint64_t>(number);
  } else if (name == "--repeat") {
    if (!parseInteger(value, 1, INT64_MAX, options.repeat))
      return bad("a positive integer");
  } else if (name == "--threads") {
    if (!parseInteger(value, 1, 4096, number))
      return bad("1 to 4096");
    options.threads = static_cast<int32_t>(number);
  } else if (name == "--atol" || name == "--rtol") {
    double tolerance;
    if (!parseTolerance(value, tolerance))
      return bad("a number that is not negative");
    (name == "--atol" ? options.atol : options.rtol) = tolerance;
  } else if (name == "--dim") {
    std::string text = value, input;
    size_t equals = text.find('=');
    int64_t dim, extent;
    if (equals == std::string::npos ||
        !parseInteger(text.substr(equals + 1), 0, INT64_MAX, extent))
      return bad("inN.D=EXTENT");
    text.resize(equals);
    if (!takeInputName(text, input) || text.empty() || text[0] != '.' ||
        !parseInteger(text.substr(1), 0, INT64_MAX, dim))
      return bad("inN.D=EXTENT");
    options.dims[input][dim] = extent;
  } else if (name == "--int-range") {
    std::string text = value, input;
    int64_t low, high;
    if (!takeInputName(text, input) || text.empty() || text[0] != '=')
      return bad("inN=LOW:HIGH");
    size_t colon = text.find(':');
    if (colon == std::string::npos ||
        !parseInteger(text.substr(1, colon - 1), INT64_MIN, INT64_MAX, low) ||
        !parseInteger(text.substr(colon + 1), INT64_MIN, INT64_MAX, high) ||
        low >= high)
      return bad("inN=LOW:HIGH with LOW < HIGH");
    options.intRanges[input] = {low, high};
  } else {
    return invalid("unknown option (see --help)", name);
  }
  return std::nullopt;
}

Status hydragen::run::parseOptions(int argc, char **argv, Options &options) {
  Status status = parse(
      argc, argv, "IN.mlir or MODULE.so", options,
      [&](const std::string &word) {
        if (word == "--plain")
          options.sharing = "never";
        return word == "--plain";
      },
      [&](const std::string &name, const std::string &value) {
        return applyOption(options, name, value);
      });
  if (status || options.help || options.version)
    return status;
  if (!options.inputs.empty() && options.random)
    return invalid("cannot be used with --inputs", "--random");
  if (!options.random && (!options.dims.empty() || !options.intRanges.empty()))
    return invalid("needs --random",
                   options.dims.empty() ? "--int-range" : "--dim");
  if (!options.emulator.empty() && options.device != "emulated")
    return invalid("needs --device=emulated", "--emulator");
  if (options.expect.empty() && (options.atol || options.rtol))
    return invalid("needs --expect", options.atol ? "--atol" : "--rtol");
  return std::nullopt;
}
