//===- hydragen-run.cpp - run one entry of a compiled module ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No LLVM in here: this program and a module can be carried to a machine with
// nothing but a driver. Model IR is compiled by hydragen-compile, a child.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Compare.h"
#include "Module.h"
#include "Options.h"
#include "Statistics.h"
#include "Tensors.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
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

constexpr char kTool[] = "hydragen-run";

int report(const Error &error) { return hydragen::tools::report(kTool, error); }
} // namespace

/// Compiles the model; the child's own error line stands on stderr already.
/// Returns its exit code, or 4 when it could not be run or crashed.
static int compileModel(const Options &options, const std::string &target,
                        const std::string &output) {
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
  std::vector<std::string> words{compiler,
                                 options.input,
                                 "-o",
                                 output,
                                 "--entry=" + options.entry,
                                 "--target=" + target};
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

/// What to compile for when --target does not say.
static std::string getTarget(hydragen_device *device, const std::string &name) {
  if (name == "cpu")
    return name;
  hydragen_device_info info = {};
  info.struct_size = sizeof(info);
  hydragen_status_free(hydragen_device_describe(device, &info));
  // PTX of an older architecture runs on a newer one.
  uint32_t best = 80;
  for (uint32_t arch : {86, 89, 90})
    if (arch <= info.arch)
      best = arch;
  return "cuda:sm_" + std::to_string(best);
}

/// auto: cuda when it is there and the module has code for it, else cpu.
static bool isForCuda(const Options &options) {
  hydragen_device *device = nullptr;
  hydragen_status *status = hydragen_device_open("cuda", &device);
  hydragen_status_free(status);
  if (status)
    return false;
  std::unique_ptr<hydragen_device, FreeDevice> owner(device);
  if (isModelText(options.input))
    return options.target.empty() ||
           options.target.find("cuda") != std::string::npos;
  auto manifest = readModuleManifest(options.input.c_str());
  return manifest && select(*manifest, *device->device);
}

namespace {
/// A loaded entry with its arguments in place.
class Run {
public:
  Run(const Options &options, hydragen_device *device,
      const hydragen_entry *entry, std::string deviceName)
      : options(options), device(device), entry(entry), tensors(device, entry),
        workspace(device) {
    statistics.device = std::move(deviceName);
    statistics.repeat = options.repeat;
  }
  /// Exit code.
  int run();

private:
  Status prepare();
  Status call();
  Status timedCall();
  Status measure();
  Status collect(uint64_t calls);
  int fail(const Error &error);
  bool isEmulated() const { return statistics.device == "emulated"; }

  const Options &options;
  hydragen_device *device;
  const hydragen_entry *entry;
  std::vector<Array> inputs, outputs;
  std::unique_ptr<hydragen_context, FreeContext> context;
  Tensors tensors;
  DeviceMemory workspace;
  uint64_t workspaceBytes = 0;
  Statistics statistics;
};
} // namespace

Status Run::prepare() {
  auto arrays =
      options.random ? makeInputs(options, entry) : readInputs(options, entry);
  if (!arrays)
    return arrays.getError();
  inputs = std::move(*arrays);
  arrays = makeOutputs(entry, inputs);
  if (!arrays)
    return arrays.getError();
  outputs = std::move(*arrays);

  hydragen_context *rawContext = nullptr;
  if (hydragen_status *status =
          hydragen_context_create(device, options.threads, &rawContext))
    return takeError(status);
  context.reset(rawContext);
  if (Status status = tensors.create(inputs, outputs))
    return status;
  // The workspace is there before the clock starts, as a caller would have it.
  if (hydragen_status *status = hydragen_workspace_size(
          entry, tensors.getInputShapes().data(), &workspaceBytes))
    return takeError(status);
  return workspace.allocate(workspaceBytes);
}

Status Run::call() {
  if (hydragen_status *status = hydragen_invoke(
          context.get(), entry, tensors.getInputs().data(),
          tensors.getInputs().size(), tensors.getOutputs().data(),
          tensors.getOutputs().size(), workspace.get(), workspaceBytes))
    return takeError(status);
  return std::nullopt;
}

Status Run::timedCall() {
  Queue &queue = *context->queue;
  if (Status status = queue.startTimer())
    return status;
  Status failure = call();
  auto time = queue.stopTimer();
  if (failure)
    return failure;
  if (!time)
    return time.getError();
  statistics.times.push_back(*time);
  return std::nullopt;
}

Status Run::collect(uint64_t calls) {
  auto kernels = collectKernels(context.get(), entry, inputs, calls);
  if (!kernels)
    return kernels.getError();
  statistics.kernels = std::move(*kernels);
  return std::nullopt;
}

/// The call whose result counts, and the timed ones.
Status Run::measure() {
  bool timed = !options.stats.empty() || options.repeat > 1 ||
               (options.expect.empty() && options.outputs.empty());
  int64_t repeat = timed ? options.repeat : 0;
  // Counters do not depend on time, and a call takes long: no warm-up, and the
  // first call gives the counters.
  if (isEmulated()) {
    hydragen_context_profile(context.get(), 1);
    if (Status status = timedCall())
      return status;
    if (Status status = collect(1))
      return status;
    hydragen_context_profile(context.get(), 0);
    if (!timed)
      statistics.times.clear();
    --repeat;
  } else if (Status status = call()) { // also the warm-up
    return status;
  }
  statistics.hostCopiesBytes =
      hydragen_context_host_copies_bytes(context.get());
  if (hydragen_status *status = hydragen_context_synchronize(context.get()))
    return takeError(status);
  // Timed calls write into the same outputs; inputs are never written (an
  // aliased input is copied to its output first), so results repeat.
  for (int64_t i = 0; i < repeat; ++i)
    if (Status status = timedCall())
      return status;
  std::sort(statistics.times.begin(), statistics.times.end());
  // Kernel by kernel in calls of their own: measuring adds to the whole.
  if (timed && device->device->hasKernels() && !isEmulated()) {
    hydragen_context_profile(context.get(), 1);
    for (int64_t i = 0; i != options.repeat; ++i)
      if (Status status = call())
        return status;
    if (Status status = collect(static_cast<uint64_t>(options.repeat)))
      return status;
    hydragen_context_profile(context.get(), 0);
  }
  statistics.peakExtraBytes =
      hydragen_context_peak_bytes(context.get()) + workspaceBytes;
  return tensors.readOutputs();
}

/// A fault of the device has a report, and its counters are worth having.
int Run::fail(const Error &error) {
  if (error.code != HYDRAGEN_FAULT || !context)
    return report(error);
  std::string lines = hydragen_context_report(context.get());
  for (size_t begin = 0; begin < lines.size();) {
    size_t end = std::min(lines.find('\n', begin), lines.size());
    std::fprintf(stderr, "========= %s\n",
                 lines.substr(begin, end - begin).c_str());
    begin = end + 1;
  }
  if (isEmulated() && !options.stats.empty() && !collect(1))
    if (Status status = writeFile(options.stats, statistics.toJson()))
      report(*status);
  return report(error);
}

int Run::run() {
  if (Status status = prepare())
    return report(*status);
  hydragen_device_info info = {};
  info.struct_size = sizeof(info);
  if (hydragen_status *status = hydragen_device_describe(device, &info))
    return report(takeError(status));
  statistics.peakFlops = info.peak_flops;
  statistics.peakBytes = info.peak_bytes_per_second;
  if (Status status = measure())
    return fail(*status);

  // A file that goes to stdout goes there alone.
  bool quiet =
      options.outputs == "/dev/stdout" || options.stats == "/dev/stdout";
  Comparison comparison;
  if (!options.expect.empty()) {
    auto result = compare(options, outputs);
    if (!result)
      return report(result.getError());
    comparison = *result;
    statistics.maxError = comparison.maxError;
    if (!quiet)
      std::fputs(comparison.text.c_str(), stdout);
  }
  if (!options.outputs.empty()) {
    std::vector<std::pair<std::string, const Array *>> named;
    for (size_t i = 0; i != outputs.size(); ++i)
      named.emplace_back("out" + std::to_string(i), &outputs[i]);
    if (Status status = writeFile(options.outputs, writeNpz(named)))
      return report(*status);
  }
  if (!options.stats.empty())
    if (Status status = writeFile(options.stats, statistics.toJson()))
      return report(*status);
  if (options.expect.empty() && options.outputs.empty() && !quiet)
    for (size_t i = 0; i != outputs.size(); ++i)
      std::printf("out%zu: %s%s\n", i, shapeText(outputs[i].shape).c_str(),
                  std::string(getName(outputs[i].type)).c_str());
  if (!statistics.times.empty() && !quiet)
    std::fputs(statistics.toText().c_str(), stdout);
  return comparison.equal ? 0 : 1;
}

static int run(const Options &options) {
  std::string name = options.device;
  if (name == "auto")
    name = isForCuda(options) ? "cuda" : "cpu";
  hydragen_device *rawDevice = nullptr;
  if (hydragen_status *status =
          hydragen_device_open(name.c_str(), &rawDevice)) {
    Error error = takeError(status);
    error.place = "--device";
    return report(error);
  }
  std::unique_ptr<hydragen_device, FreeDevice> device(rawDevice);
  if (!options.emulator.empty())
    if (hydragen_status *status =
            hydragen_device_configure(rawDevice, options.emulator.c_str())) {
      Error error = takeError(status);
      error.place = "--emulator";
      return report(error);
    }

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
    std::string target =
        options.target.empty() ? getTarget(rawDevice, name) : options.target;
    if (int code = compileModel(options, target, modulePath))
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
  return Run(options, rawDevice, entry, name).run();
}

int main(int argc, char **argv) {
  Options options;
  Status parsed = parseOptions(argc, argv, options);
  return hydragen::tools::runTool(kTool, kHelp, options, parsed,
                                  [&] { return run(options); });
}
