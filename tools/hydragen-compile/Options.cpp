//===- Options.cpp - command line of hydragen-compile -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <optional>

using namespace llvm;
using namespace hydragen::compile;

const char *const hydragen::compile::kHelp =
    R"(usage: hydragen-compile IN.mlir [-o OUT] [options]

Compiles model IR (linalg on tensors, TOSA, hydragen ops) to a module.
IN.mlir may be - for standard input.

  -o OUT               output file; without it, or as -, it goes to stdout
  --target=T[,T...]    cpu (this machine), cpu:NAME (x86-64-v3, znver4, ...),
                       cuda:sm_80, cuda:sm_86, cuda:sm_89, cuda:sm_90, these also
                       with ,ptx=MAJOR.MINOR; several: one module for all      [cpu]
  --emit=STAGE         raised, shared, decomposed, scheduled, llvm, ptx, cubin,
                       object or module                                        [module]
  --entry=NAME         function to compile                                     [main]
  --sharing=MODE       auto (decompose where it pays), always, never           [auto]
  --bf16=FORM          products of bf16 on the CPU: wide (as f32) or pairs (two
                       products a sum, weights rounded to bf16; fast where the
                       CPU has AVX512_BF16)                                    [wide]
  --f32=FORM           products of f32 on GPUs: tf32x3, tf32 or exact        [tf32x3]
  --tune=GPU           a100, rtx3090, l40s, h100 or h200: size the work for it
  --tile=ROWS[xKEYS]   tiles on GPUs: 16, 64 or 128 rows; 16, 32 or 64 keys
  --split=KEYS         keys of a work item on GPUs, 0 for all
  --invariant          on GPUs results do not depend on the other sequences
  --separate-launches  on GPUs prefix and suffix are not one launch
  --cubin              a module holds machine code, too (by ptxas), so that
                       loading it compiles nothing
  --report=FILE        what was found and shared, as FILE.json or FILE.html
  --remarks            print what was found, shared or refused, and why, on stderr
  --help, --version

exit codes: 0 done, 2 the input or the command line is bad, 4 internal error
)";

static Error makeError(const Twine &text) {
  return createStringError(inconvertibleErrorCode(), text);
}

static std::optional<Stage> parseStage(StringRef name) {
  return StringSwitch<std::optional<Stage>>(name)
      .Case("raised", Stage::Raised)
      .Case("shared", Stage::Shared)
      .Case("decomposed", Stage::Decomposed)
      .Case("scheduled", Stage::Scheduled)
      .Case("llvm", Stage::LLVM)
      .Case("ptx", Stage::PTX)
      .Case("cubin", Stage::Cubin)
      .Case("object", Stage::Object)
      .Case("module", Stage::Module)
      .Default(std::nullopt);
}

Expected<Options>
hydragen::compile::parseOptions(ArrayRef<const char *> arguments) {
  Options options;
  bool hasInput = false, onlyFiles = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    StringRef argument = arguments[i];
    if (!onlyFiles && argument == "--") {
      onlyFiles = true;
      continue;
    }
    if (onlyFiles || argument == "-" || !argument.starts_with("-")) {
      if (hasInput)
        return makeError(argument +
                         ": only one input file is expected, got also " +
                         options.input);
      options.input = argument.str();
      hasInput = true;
      continue;
    }
    StringRef name = argument, value;
    bool hasValue = argument.contains('=');
    std::tie(name, value) = argument.split('=');
    // Both -name and --name, as LLVM's tools take them.
    StringRef bare =
        name.starts_with("--") ? name.drop_front(2) : name.drop_front(1);
    bool takesValue =
        is_contained({"o", "target", "emit", "entry", "sharing", "report",
                      "tune", "f32", "bf16", "tile", "split"},
                     bare);
    bool isFlag = is_contained({"remarks", "help", "h", "version", "invariant",
                                "separate-launches", "compact-only", "cubin"},
                               bare);
    if (!takesValue && !isFlag)
      return makeError(name + ": unknown option, see --help");
    if (isFlag && hasValue)
      return makeError(name + ": takes no value");
    if (takesValue && !hasValue) {
      if (i + 1 == arguments.size())
        return makeError(name + ": a value is missing");
      value = arguments[++i];
    }
    if (takesValue && value.empty())
      return makeError(name + ": the value is empty");

    if (bare == "o") {
      options.output = value == "-" ? "" : value.str();
    } else if (bare == "target") {
      options.targets.clear();
      for (StringRef target : split(value, ',')) {
        // An option of the target before it.
        if (target.starts_with("ptx=") && !options.targets.empty())
          options.targets.back() += "," + target.str();
        else
          options.targets.push_back(target.str());
      }
    } else if (bare == "emit") {
      std::optional<Stage> stage = parseStage(value);
      if (!stage)
        return makeError(
            "--emit: unknown stage '" + value +
            "', expected raised, shared, decomposed, scheduled, llvm, "
            "ptx, cubin, object or module");
      options.emit = *stage;
    } else if (bare == "entry") {
      options.entry = value.str();
    } else if (bare == "sharing") {
      if (!is_contained({"auto", "always", "never"}, value))
        return makeError("--sharing: unknown mode '" + value +
                         "', expected auto, always or never");
      options.sharing = value.str();
    } else if (bare == "report") {
      if (!value.ends_with(".json") && !value.ends_with(".html"))
        return makeError("--report: '" + value +
                         "' must end in .json or .html");
      options.report = value.str();
    } else if (bare == "tune") {
      if (!is_contained({"a100", "rtx3090", "l40s", "h100", "h200"}, value))
        return makeError("--tune: unknown GPU '" + value +
                         "', expected a100, rtx3090, l40s, h100 or h200");
      options.tune = value.str();
    } else if (bare == "f32") {
      if (!is_contained({"tf32x3", "tf32", "exact"}, value))
        return makeError("--f32: unknown form '" + value +
                         "', expected tf32x3, tf32 or exact");
      options.float32 = value.str();
    } else if (bare == "bf16") {
      if (!is_contained({"wide", "pairs"}, value))
        return makeError("--bf16: unknown form '" + value +
                         "', expected wide or pairs");
      options.pairs = value == "pairs";
    } else if (bare == "tile") {
      auto [rows, keys] = value.split('x');
      if (!is_contained({"16", "64", "128"}, rows) ||
          (value.contains('x') && !is_contained({"16", "32", "64"}, keys)))
        return makeError("--tile: expected 16, 64 or 128 rows and 16, 32 or 64 "
                         "keys, as 64 or 64x32, but got '" +
                         value + "'");
      options.tile = value.str();
    } else if (bare == "split") {
      if (value.getAsInteger(10, options.split) || options.split < 0)
        return makeError("--split: expected a number of keys but got '" +
                         value + "'");
    } else if (bare == "invariant") {
      options.invariant = true;
    } else if (bare == "separate-launches") {
      options.separate = true;
    } else if (bare == "cubin") {
      options.cubin = true;
    } else if (bare == "compact-only") {
      options.compactOnly = true;
    } else if (bare == "remarks") {
      options.remarks = true;
    } else if (bare == "version") {
      options.version = true;
    } else {
      options.help = true;
    }
  }
  if (options.invariant && StringRef(options.tile).split('x').first == "16")
    return makeError("--invariant: tiles of 16 rows are not invariant");
  if (!hasInput && !options.help && !options.version)
    return makeError("IN.mlir: an input file is missing, see --help");
  return options;
}
