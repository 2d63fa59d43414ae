//===- hydragen-emulate.cpp - run a kernel of a PTX file --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No LLVM and no CUDA in here.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Options.h"

#include <algorithm>
#include <cstdio>
#include <new>

using namespace hydragen;
using namespace hydragen::emulate;
using namespace hydragen::runtime;

static constexpr char kTool[] = "hydragen-emulate";

static int report(const Error &error) { return tools::report(kTool, error); }

/// All that is wrong with the file on one line: its first error with place, the
/// others with their lines; equal messages once.
static Error describe(const std::string &file,
                      const std::vector<emulated::ParseError> &errors) {
  std::vector<std::pair<std::string, std::vector<int>>> messages;
  for (const emulated::ParseError &error : errors) {
    auto it =
        std::find_if(messages.begin(), messages.end(), [&](const auto &entry) {
          return entry.first == error.message;
        });
    if (it == messages.end())
      it = messages.insert(it, {error.message, {}});
    it->second.push_back(error.position.line);
  }
  std::string text;
  for (const auto &[message, lines] : messages) {
    bool first = text.empty();
    if (!first)
      text += "; line " + std::to_string(lines[0]) + ": ";
    text += message;
    for (size_t i = 1; i < lines.size(); ++i)
      text += (i == 1 ? " (also line " : ", ") + std::to_string(lines[i]);
    if (lines.size() > 1)
      text += ")";
  }
  const emulated::Position &at = errors[0].position;
  std::string place = file;
  if (at.line)
    place += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  return invalid(text, place);
}

static Result<const emulated::Code *>
findKernel(const Options &options, const emulated::Program &program) {
  std::vector<std::string> names = program.getKernelNames();
  std::string list;
  for (const std::string &name : names)
    list += (list.empty() ? "" : ", ") + name;
  if (names.empty())
    return invalid("has no kernel (.entry)", options.input);
  if (options.kernel.empty()) {
    if (names.size() > 1)
      return invalid("is needed, there are several kernels: " + list,
                     "--kernel");
    return program.findKernel(names[0]);
  }
  const emulated::Code *code = program.findKernel(options.kernel);
  if (!code)
    return invalid("no kernel \"" + options.kernel + "\" (there is: " + list +
                       ")",
                   "--kernel");
  return code;
}

static std::string formatStats(const Options &options,
                               const emulated::Code &code,
                               const emulated::LaunchResult &result) {
  std::string text =
      "{\n  \"version\": 1,\n  \"device\": \"emulated\",\n"
      "  \"kernels\": [\n    {\n      \"name\": \"" +
      emulated::getKernelName(code) +
      "\",\n      \"launches\": 1,\n      \"counters\": " +
      emulated::formatCountersJson(result.counters, result.faults.size()) +
      ",\n      \"reports\": [";
  for (size_t i = 0; i < result.faults.size(); ++i)
    text += (i ? ",\n        " : "\n        ") +
            emulated::formatFaultJson(result.faults[i], code, options.input);
  return text + (result.faults.empty() ? "" : "\n      ") +
         "]\n    }\n  ]\n}\n";
}

static int run(const Options &options) {
  auto bytes = readFile(options.input);
  if (!bytes)
    return report(bytes.getError());
  emulated::Memory memory;
  emulated::Program program;
  std::vector<emulated::ParseError> errors;
  if (!program.load(std::string(bytes->begin(), bytes->end()), memory, errors))
    return report(describe(options.input, errors));
  auto code = findKernel(options, program);
  if (!code)
    return report(code.getError());

  emulated::Launch launch;
  launch.program = &program;
  launch.kernel = *code;
  std::copy_n(options.grid, 3, launch.grid);
  std::copy_n(options.block, 3, launch.block);
  launch.sharedBytes = options.sharedBytes;
  launch.options = options.emulator;
  std::vector<OutputArray> outputs;
  if (Status status = placeArguments(options.arguments, **code, memory,
                                     launch.parameters, outputs))
    return report(*status);
  emulated::LaunchResult result;
  if (auto error = emulated::run(launch, memory, result))
    return report(invalid(*error, options.input));

  for (const emulated::Fault &fault : result.faults) {
    for (const std::string &line :
         emulated::formatFault(fault, **code, options.input))
      std::fprintf(stderr, "========= %s\n", line.c_str());
    std::fputs("=========\n", stderr);
  }
  if (!result.faults.empty())
    std::fprintf(stderr, "========= ERROR SUMMARY: %zu error%s\n",
                 result.faults.size(), result.faults.size() == 1 ? "" : "s");
  if (Status status = writeOutputs(outputs))
    return report(*status);
  if (!options.stats.empty())
    if (Status status =
            writeFile(options.stats, formatStats(options, **code, result)))
      return report(*status);
  return result.faults.empty() ? 0 : 1;
}

int main(int argc, char **argv) {
  Options options;
  Status parsed = parseOptions(argc, argv, options);
  return tools::runTool(kTool, kHelp, options, parsed,
                        [&] { return run(options); });
}
