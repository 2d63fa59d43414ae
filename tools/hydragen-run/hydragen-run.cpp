//===- hydragen-run.cpp - run one entry of a compiled module ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No LLVM in here: this program and a module can be carried to a machine with
// nothing but a driver. Model IR is compiled by hydragen-compile, a child.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Compare.h"
#include "Options.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hydragen::run;
using namespace hydragen::runtime;

extern char **environ;

namespace {
struct FreeDevice {
  void operator()(hydragen_device *device) { hydragen_device_close(device); }
};
struct FreeModule {
  void operator()(hydragen_module *module) { hydragen_module_unload(module); }
};
struct FreeContext {
  void operator()(hydragen_context *context) {
    hydragen_context_destroy(context);
  }
};

/// A private directory that goes away with all it holds (one module).
class TemporaryDirectory {
public:
  ~TemporaryDirectory() {
    if (path.empty())
      return;
    unlink(getModule().c_str());
    rmdir(path.c_str());
  }
  bool create() {
    const char *base = std::getenv("TMPDIR");
    std::string name =
        std::string(base && *base ? base : "/tmp") + "/hydragen-run.XXXXXX";
    if (!mkdtemp(name.data()))
      return false;
    path = name;
    return true;
  }
  std::string getModule() const { return path + "/module.so"; }

private:
  std::string path;
};

int report(const Error &error) {
  std::fprintf(stderr, "hydragen-run: error: %s%s%s\n", error.place.c_str(),
               error.place.empty() ? "" : ": ", error.message.c_str());
  return error.code;
}
} // namespace

/// Compiles the model; the child's own error line stands on stderr already.
/// Returns its exit code, or 4 when it could not be run or crashed.
static int compileModel(const Options &options, const std::string &output) {
  char self[4096];
  ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
  std::string compiler = "hydragen-compile";
  if (length > 0) {
    std::string path(self, static_cast<size_t>(length));
    compiler = path.substr(0, path.rfind('/') + 1) + compiler;
  }
  if (access(compiler.c_str(), X_OK) != 0)
    return report({HYDRAGEN_INVALID,
                   "is needed to run model IR but is not there", compiler});
  std::vector<std::string> words{
      compiler,
      options.input,
      "-o",
      output,
      "--entry=" + options.entry,
      "--target=" + (options.target.empty() ? "cpu" : options.target)};
  if (!options.sharing.empty())
    words.push_back("--sharing=" + options.sharing);
  std::vector<char *> arguments;
  for (std::string &word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child;
  if (int error = posix_spawn(&child, compiler.c_str(), nullptr, nullptr,
                              arguments.data(), environ))
    return report({HYDRAGEN_INTERNAL, std::strerror(error), compiler});
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return report({HYDRAGEN_INTERNAL, std::strerror(errno), compiler});
  if (WIFEXITED(status))
    return WEXITSTATUS(status);
  return report({HYDRAGEN_INTERNAL,
                 "ended by signal " + std::to_string(WTERMSIG(status)),
                 compiler});
}

static bool isModelText(const std::string &path) {
  auto endsWith = [&](const char *suffix) {
    size_t length = std::strlen(suffix);
    return path.size() >= length &&
           path.compare(path.size() - length, length, suffix) == 0;
  };
  return endsWith(".mlir") || endsWith(".mlirbc") || path == "-";
}

static double milliseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

static int run(const Options &options) {
  // auto: this build has no GPU device yet, so the CPU.
  std::string device = options.device == "auto" ? "cpu" : options.device;
  hydragen_device *rawDevice = nullptr;
  if (hydragen_status *status =
          hydragen_device_open(device.c_str(), &rawDevice)) {
    Error error = takeError(status);
    error.place = "--device";
    return report(error);
  }
  std::unique_ptr<hydragen_device, FreeDevice> deviceOwner(rawDevice);

  TemporaryDirectory temporary;
  std::string modulePath = options.input;
  struct stat info;
  if (modulePath != "-" && stat(modulePath.c_str(), &info) != 0)
    return report({HYDRAGEN_INVALID,
                   std::string("cannot open: ") + std::strerror(errno),
                   modulePath});
  if (isModelText(options.input)) {
    if (!temporary.create())
      return report({HYDRAGEN_INVALID,
                     std::string("cannot make a temporary directory: ") +
                         std::strerror(errno),
                     "TMPDIR"});
    modulePath = temporary.getModule();
    if (int code = compileModel(options, modulePath))
      return code;
  } else if (!options.target.empty() || !options.sharing.empty()) {
    return report({HYDRAGEN_INVALID, "is for IN.mlir, this is a module",
                   options.target.empty() ? "--sharing" : "--target"});
  }

  hydragen_module *rawModule = nullptr;
  if (hydragen_status *status =
          hydragen_module_load(modulePath.c_str(), rawDevice, &rawModule))
    return report(takeError(status));
  std::unique_ptr<hydragen_module, FreeModule> module(rawModule);
  const hydragen_entry *entry =
      hydragen_module_find(rawModule, options.entry.c_str());
  if (!entry) {
    std::string names;
    for (size_t i = 0; i != hydragen_module_entry_count(rawModule); ++i)
      names += std::string(i ? ", " : "") +
               hydragen_entry_name(hydragen_module_entry(rawModule, i));
    return report(
        {HYDRAGEN_INVALID,
         "no entry \"" + options.entry + "\" (there is: " + names + ")",
         "--entry"});
  }

  auto inputs =
      options.random ? makeInputs(options, entry) : readInputs(options, entry);
  if (!inputs)
    return report(inputs.getError());
  auto outputs = makeOutputs(entry, *inputs);
  if (!outputs)
    return report(outputs.getError());

  hydragen_context *rawContext = nullptr;
  if (hydragen_status *status =
          hydragen_context_create(rawDevice, options.threads, &rawContext))
    return report(takeError(status));
  std::unique_ptr<hydragen_context, FreeContext> context(rawContext);
  std::vector<DLTensor> inputTensors = makeTensors(*inputs),
                        outputTensors = makeTensors(*outputs);
  std::vector<const DLTensor *> inputPointers, outputPointers;
  std::vector<const int64_t *> inputShapes;
  for (const DLTensor &tensor : inputTensors) {
    inputPointers.push_back(&tensor);
    inputShapes.push_back(tensor.shape);
  }
  for (const DLTensor &tensor : outputTensors)
    outputPointers.push_back(&tensor);

  // The workspace is there before the clock starts, as a caller would have it.
  uint64_t workspaceBytes = 0;
  if (hydragen_status *status =
          hydragen_workspace_size(entry, inputShapes.data(), &workspaceBytes))
    return report(takeError(status));
  void *workspace = nullptr;
  if (workspaceBytes &&
      !(workspace = std::aligned_alloc(64, (workspaceBytes + 63) / 64 * 64)))
    return report({HYDRAGEN_INTERNAL,
                   "out of memory (workspace of " +
                       std::to_string(workspaceBytes) + " bytes)",
                   {}});
  std::unique_ptr<void, decltype(&std::free)> workspaceOwner(workspace,
                                                             &std::free);
  auto call = [&]() {
    return hydragen_invoke(rawContext, entry, inputPointers.data(),
                           inputPointers.size(), outputPointers.data(),
                           outputPointers.size(), workspace, workspaceBytes);
  };
  // One call whose result counts, also the warm-up; then the timed ones.
  if (hydragen_status *status = call())
    return report(takeError(status));
  std::vector<double> times;
  if (!options.stats.empty() || options.repeat > 1 ||
      (options.expect.empty() && options.outputs.empty())) {
    // Timed calls write into the same outputs; inputs are never written (an
    // aliased input is copied to its output first), so results repeat.
    for (int64_t i = 0; i != options.repeat; ++i) {
      auto start = std::chrono::steady_clock::now();
      hydragen_status *status = call();
      auto end = std::chrono::steady_clock::now();
      if (status)
        return report(takeError(status));
      times.push_back(milliseconds(end - start));
    }
    std::sort(times.begin(), times.end());
  }

  // A file that goes to stdout goes there alone.
  bool quiet =
      options.outputs == "/dev/stdout" || options.stats == "/dev/stdout";
  Comparison comparison;
  if (!options.expect.empty()) {
    auto result = compare(options, *outputs);
    if (!result)
      return report(result.getError());
    comparison = *result;
    if (!quiet)
      std::fputs(comparison.text.c_str(), stdout);
  }
  if (!options.outputs.empty()) {
    std::vector<std::pair<std::string, const Array *>> named;
    for (size_t i = 0; i != outputs->size(); ++i)
      named.emplace_back("out" + std::to_string(i), &(*outputs)[i]);
    if (Status status = writeFile(options.outputs, writeNpz(named)))
      return report(*status);
  }
  uint64_t peak = hydragen_context_peak_bytes(rawContext) + workspaceBytes;
  double median = 0;
  if (!times.empty()) {
    size_t half = times.size() / 2;
    median =
        times.size() % 2 ? times[half] : (times[half - 1] + times[half]) / 2;
  }
  if (!options.stats.empty()) {
    nlohmann::ordered_json stats;
    stats["version"] = 1;
    stats["device"] = device;
    stats["median_ms"] = median;
    stats["min_ms"] = times.front();
    stats["repeat"] = options.repeat;
    stats["peak_extra_bytes"] = peak;
    stats["host_copies_bytes"] = 0;
    if (!options.expect.empty()) {
      // JSON has no infinity: null says that an element was NaN or infinite.
      if (std::isfinite(comparison.maxError))
        stats["max_abs_error"] = comparison.maxError;
      else
        stats["max_abs_error"] = nullptr;
    }
    stats["kernels"] = nlohmann::ordered_json::array();
    if (Status status = writeFile(options.stats, stats.dump(2) + "\n"))
      return report(*status);
  }
  if (options.expect.empty() && options.outputs.empty() && !quiet) {
    for (size_t i = 0; i != outputs->size(); ++i)
      std::printf("out%zu: %s%s\n", i, shapeText((*outputs)[i].shape).c_str(),
                  std::string(getName((*outputs)[i].type)).c_str());
  }
  if (!times.empty() && !quiet)
    std::printf("time: median %.3f ms, min %.3f ms over %zu calls; "
                "%llu bytes beyond inputs and outputs\n",
                median, times.front(), times.size(),
                static_cast<unsigned long long>(peak));
  return comparison.equal ? 0 : 1;
}

int main(int argc, char **argv) {
  try {
    auto options = parseOptions(argc, argv);
    if (!options)
      return report(options.getError());
    if (options->help) {
      std::fputs(kHelp, stdout);
      return 0;
    }
    if (options->version) {
      std::printf("hydragen-run %s\n", HYDRAGEN_VERSION);
      return 0;
    }
    return run(*options);
  } catch (const std::bad_alloc &) {
    return report({HYDRAGEN_INTERNAL, "out of memory", {}});
  } catch (const std::exception &exception) {
    return report({HYDRAGEN_INTERNAL, exception.what(), {}});
  }
}
