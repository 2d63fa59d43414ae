//===- FakeDriver.cpp - a CUDA driver without a GPU -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stands for libcuda.so.1 in tests: logs calls, fails those it is told to, and
// runs PTX on the emulated GPU. Streams are in order of the calls. A fault is
// CUDA_ERROR_ILLEGAL_ADDRESS. A cubin is "fake cubin" and names of kernels: it
// loads, but does not run.
// Environment, read at every call:
//   FAKE_CUDA_LOG=FILE           one line per call is appended
//   FAKE_CUDA_FAIL=f:N,g@2:M     f returns error N, the second call of g M
//   FAKE_CUDA_MISSING=f,g        functions that the driver does not have
//   FAKE_CUDA_DEVICES=N          1 without
//   FAKE_CUDA_ARCH=N             80 without
//   FAKE_CUDA_CAPTURING=1        streams are captured: what CUDA does not allow
//                                then is an error
//===----------------------------------------------------------------------===//

#include "Launch.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

using Result = int;
namespace emulated = hydragen::emulated;

namespace {
constexpr Result kInvalidValue = 1, kOutOfMemory = 2, kInvalidContext = 201,
                 kInvalidPtx = 218, kNoBinary = 209, kNotFound = 500,
                 kIllegalAddress = 700, kCaptureUnsupported = 900;

std::mutex mutex;

std::string variable(const char *name, const char *otherwise = "") {
  const char *value = std::getenv(name);
  return value ? value : otherwise;
}

std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

/// The error that FAKE_CUDA_FAIL has for this call, 0 for none. Counts calls
/// anew when the variable changes.
Result getPlannedFailure(const std::string &function) {
  static std::string plan;
  static std::map<std::string, int> calls;
  if (plan != variable("FAKE_CUDA_FAIL")) {
    plan = variable("FAKE_CUDA_FAIL");
    calls.clear();
  }
  int call = ++calls[function];
  for (const std::string &item : split(plan)) {
    size_t colon = item.find(':');
    std::string name = item.substr(0, colon);
    size_t at = name.find('@');
    if (name.substr(0, at) == function &&
        (at == std::string::npos || std::atoi(&name[at + 1]) == call))
      return std::atoi(&item[colon + 1]);
  }
  return 0;
}

/// Every call starts here.
Result enter(const std::string &function, const std::string &arguments = "") {
  std::lock_guard<std::mutex> lock(mutex);
  std::string path = variable("FAKE_CUDA_LOG");
  if (!path.empty()) {
    if (FILE *log = std::fopen(path.c_str(), "a")) {
      std::fprintf(log, "%s%s%s\n", function.c_str(),
                   arguments.empty() ? "" : " ", arguments.c_str());
      std::fclose(log);
    }
  }
  return getPlannedFailure(function);
}

bool isCapturing() { return variable("FAKE_CUDA_CAPTURING") == "1"; }

struct Context {};
struct Module;
struct Function {
  std::string name;
  Module *module;
};
struct Module {
  std::map<std::string, Function> functions;
  emulated::Program program;
};
struct Event {
  std::chrono::steady_clock::time_point time;
  bool recorded = false;
};

/// The current context: calls need one, as the real driver does.
thread_local std::vector<void *> contexts;
Context primary;
emulated::Memory memory;

/// Host memory behind a range of device memory, null when it is none.
uint8_t *find(uint64_t address, size_t bytes, bool write) {
  std::lock_guard<std::mutex> lock(mutex);
  emulated::Allocation *allocation = memory.find(address);
  if (!allocation || bytes > allocation->size ||
      address - allocation->base > allocation->size - bytes)
    return nullptr;
  if (write)
    allocation->markInitialized(address - allocation->base, bytes);
  return allocation->data + (address - allocation->base);
}
} // namespace

#define ENTER(...)                                                             \
  if (Result result = enter(__VA_ARGS__))                                      \
    return result;
#define NEED_CONTEXT                                                           \
  if (contexts.empty())                                                        \
    return kInvalidContext;
#define NOT_CAPTURED                                                           \
  if (isCapturing())                                                           \
    return kCaptureUnsupported;

//===----------------------------------------------------------------------===//
// Errors, devices, contexts
//===----------------------------------------------------------------------===//

static Result cuGetErrorName(Result error, const char **name) {
  static const std::map<Result, const char *> names = {
      {1, "CUDA_ERROR_INVALID_VALUE"},
      {2, "CUDA_ERROR_OUT_OF_MEMORY"},
      {3, "CUDA_ERROR_NOT_INITIALIZED"},
      {100, "CUDA_ERROR_NO_DEVICE"},
      {218, "CUDA_ERROR_INVALID_PTX"},
      {500, "CUDA_ERROR_NOT_FOUND"},
      {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"}};
  auto it = names.find(error);
  if (it == names.end())
    return kInvalidValue;
  *name = it->second;
  return 0;
}

static Result cuGetErrorString(Result error, const char **text) {
  static const std::map<Result, const char *> texts = {
      {2, "out of memory"},
      {100, "no CUDA-capable device is detected"},
      {218, "a PTX JIT compilation failed"},
      {700, "an illegal memory access was encountered"}};
  auto it = texts.find(error);
  if (it == texts.end())
    return kInvalidValue;
  *text = it->second;
  return 0;
}

static Result cuInit(unsigned) {
  ENTER("cuInit");
  return 0;
}
static Result cuDriverGetVersion(int *version) {
  ENTER("cuDriverGetVersion");
  *version = 13000;
  return 0;
}
static Result cuDeviceGetCount(int *count) {
  ENTER("cuDeviceGetCount");
  *count = std::atoi(variable("FAKE_CUDA_DEVICES", "1").c_str());
  return 0;
}
static Result cuDeviceGet(int *device, int ordinal) {
  ENTER("cuDeviceGet");
  *device = ordinal;
  return 0;
}
static Result cuDeviceGetName(char *name, int size, int device) {
  ENTER("cuDeviceGetName");
  std::snprintf(name, static_cast<size_t>(size), "Fake GPU %d", device);
  return 0;
}
static Result cuDeviceTotalMem(size_t *bytes, int) {
  ENTER("cuDeviceTotalMem");
  *bytes = size_t(80) << 30;
  return 0;
}
/// An A100's, but for the architecture.
static Result cuDeviceGetAttribute(int *value, int attribute, int) {
  ENTER("cuDeviceGetAttribute");
  int arch = std::atoi(variable("FAKE_CUDA_ARCH", "80").c_str());
  switch (attribute) {
  case 13:
    *value = 1410000;
    return 0;
  case 16:
    *value = 108;
    return 0;
  case 36:
    *value = 1215000;
    return 0;
  case 37:
    *value = 5120;
    return 0;
  case 75:
    *value = arch / 10;
    return 0;
  case 76:
    *value = arch % 10;
    return 0;
  case 97:
    *value = 163 << 10;
    return 0;
  default:
    return kInvalidValue;
  }
}

static Result cuDevicePrimaryCtxRetain(void **context, int) {
  ENTER("cuDevicePrimaryCtxRetain");
  *context = &primary;
  return 0;
}
static Result cuDevicePrimaryCtxRelease(int) {
  ENTER("cuDevicePrimaryCtxRelease");
  return 0;
}
static Result cuCtxPushCurrent(void *context) {
  ENTER("cuCtxPushCurrent");
  contexts.push_back(context);
  return 0;
}
static Result cuCtxPopCurrent(void **context) {
  ENTER("cuCtxPopCurrent");
  NEED_CONTEXT;
  *context = contexts.back();
  contexts.pop_back();
  return 0;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

static Result cuModuleLoadDataEx(void **module, const void *image,
                                 unsigned count, int *options, void **values) {
  const char *text = static_cast<const char *>(image);
  bool cubin = std::strncmp(text, "fake cubin", 10) == 0;
  ENTER("cuModuleLoadDataEx", cubin ? "cubin" : "PTX");
  NEED_CONTEXT;
  NOT_CAPTURED;
  // PTX begins with .version, before which comments may stand.
  const char *first = text + std::strspn(text, " \t\r\n");
  while (std::strncmp(first, "//", 2) == 0) {
    first += std::strcspn(first, "\n");
    first += std::strspn(first, " \t\r\n");
  }
  if (!cubin && std::strncmp(first, ".version", 8))
    return kNoBinary;
  auto result = std::make_unique<Module>();
  std::vector<emulated::ParseError> errors;
  std::lock_guard<std::mutex> lock(mutex);
  if (!cubin && !result->program.load(text, memory, errors)) {
    std::string lines;
    for (const emulated::ParseError &error : errors)
      lines += "ptxas application ptx input, line " +
               std::to_string(error.position.line) +
               "; error   : " + error.message + "\n";
    lines += "ptxas fatal   : Ptx assembly aborted due to errors\n";
    size_t size = 0;
    char *log = nullptr;
    for (unsigned i = 0; i != count; ++i) {
      if (options[i] == 5)
        log = static_cast<char *>(values[i]);
      if (options[i] == 6)
        size = reinterpret_cast<size_t>(values[i]);
    }
    if (log)
      std::snprintf(log, size, "%s", lines.c_str());
    return kInvalidPtx;
  }
  const char *at = text;
  while ((at = std::strstr(at, ".entry "))) {
    at += 7;
    std::string name(at, std::strcspn(at, "("));
    result->functions[name] = {name, result.get()};
  }
  *module = result.release();
  return 0;
}
static Result cuModuleUnload(void *module) {
  ENTER("cuModuleUnload");
  NEED_CONTEXT;
  delete static_cast<Module *>(module);
  return 0;
}
static Result cuModuleGetFunction(void **function, void *module,
                                  const char *name) {
  ENTER("cuModuleGetFunction", name);
  NEED_CONTEXT;
  auto &functions = static_cast<Module *>(module)->functions;
  auto it = functions.find(name);
  if (it == functions.end())
    return kNotFound;
  *function = &it->second;
  return 0;
}
static Result cuFuncGetAttribute(int *value, int attribute, void *) {
  ENTER("cuFuncGetAttribute", std::to_string(attribute));
  *value = attribute == 0
               ? std::atoi(variable("FAKE_CUDA_THREADS", "1024").c_str())
               : 0;
  return 0;
}
static Result cuFuncSetAttribute(void *function, int attribute, int value) {
  ENTER("cuFuncSetAttribute", static_cast<Function *>(function)->name + " " +
                                  std::to_string(attribute) + " " +
                                  std::to_string(value));
  return 0;
}
static Result cuFuncLoad(void *function) {
  ENTER("cuFuncLoad", static_cast<Function *>(function)->name);
  return 0;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static Result cuLaunchKernel(void *function, unsigned gx, unsigned gy,
                             unsigned gz, unsigned bx, unsigned by, unsigned bz,
                             unsigned shared, void *stream, void **parameters,
                             void **extra) {
  auto *kernel = static_cast<Function *>(function);
  size_t bytes = 0;
  const char *buffer = nullptr;
  // Pairs of a key and a value: 1 is the buffer, 2 its size, 0 the end.
  for (void **item = extra; item && *item; item += 2)
    if (reinterpret_cast<size_t>(*item) == 1)
      buffer = static_cast<const char *>(item[1]);
    else
      bytes = *static_cast<size_t *>(item[1]);
  char text[256];
  std::snprintf(text, sizeof(text),
                "%s grid=%ux%ux%u block=%ux%ux%u shared=%u stream=%zu "
                "parameters=%zu",
                kernel->name.c_str(), gx, gy, gz, bx, by, bz, shared,
                reinterpret_cast<size_t>(stream), bytes);
  ENTER("cuLaunchKernel", text);
  NEED_CONTEXT;
  if ((parameters != nullptr) == (buffer != nullptr))
    return kInvalidValue;
  if (isCapturing()) // into the graph
    return 0;
  emulated::Launch launch;
  launch.program = &kernel->module->program;
  launch.kernel = launch.program->findKernel(kernel->name);
  if (!launch.kernel)
    return kInvalidValue;
  std::vector<char> packed(emulated::getParameterBytes(*launch.kernel));
  for (size_t i = 0;
       parameters && i != emulated::getNumParameters(*launch.kernel); ++i) {
    uint32_t offset;
    uint64_t size;
    emulated::getParameter(*launch.kernel, i, offset, size);
    std::copy_n(static_cast<const char *>(parameters[i]), size,
                packed.data() + offset);
  }
  if (parameters) {
    buffer = packed.data();
    bytes = packed.size();
  }
  if (packed.size() != bytes)
    return kInvalidValue;
  const uint32_t grid[] = {gx, gy, gz}, block[] = {bx, by, bz};
  std::copy_n(grid, 3, launch.grid);
  std::copy_n(block, 3, launch.block);
  launch.sharedBytes = shared;
  launch.parameters.assign(buffer, buffer + bytes);
  emulated::LaunchResult result;
  std::lock_guard<std::mutex> lock(mutex);
  if (emulated::run(launch, memory, result))
    return kInvalidValue;
  return result.faults.empty() ? 0 : kIllegalAddress;
}

/// CUlaunchConfig and CUlaunchAttribute of cuda.h.
struct LaunchAttribute {
  int id, pad;
  union {
    char bytes[64];
    int allowed;
  } value;
};
struct LaunchConfig {
  unsigned grid[3], block[3], shared;
  void *stream;
  LaunchAttribute *attributes;
  unsigned count;
};

/// Kernels run one after the other here, whatever the attributes allow.
static Result cuLaunchKernelEx(const LaunchConfig *config, void *function,
                               void **parameters, void **extra) {
  char text[64] = "";
  for (unsigned i = 0; i != config->count; ++i)
    std::snprintf(text, sizeof(text), "attribute %d=%d",
                  config->attributes[i].id,
                  config->attributes[i].value.allowed);
  ENTER("cuLaunchKernelEx", text);
  return cuLaunchKernel(function, config->grid[0], config->grid[1],
                        config->grid[2], config->block[0], config->block[1],
                        config->block[2], config->shared, config->stream,
                        parameters, extra);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static Result cuMemAlloc(uint64_t *address, size_t bytes) {
  ENTER("cuMemAlloc", std::to_string(bytes));
  NEED_CONTEXT;
  NOT_CAPTURED;
  std::lock_guard<std::mutex> lock(mutex);
  emulated::Allocation *allocation = memory.allocate(bytes, "memory");
  if (!allocation)
    return kOutOfMemory;
  *address = allocation->base;
  return 0;
}
static Result cuMemFree(uint64_t address) {
  ENTER("cuMemFree");
  NEED_CONTEXT;
  NOT_CAPTURED;
  std::lock_guard<std::mutex> lock(mutex);
  return memory.free(address) ? 0 : kInvalidValue;
}

static Result copy(uint64_t to, uint64_t from, size_t bytes, bool toDevice,
                   bool fromDevice) {
  NEED_CONTEXT;
  void *target =
      toDevice ? find(to, bytes, /*write=*/true) : reinterpret_cast<void *>(to);
  void *source = fromDevice ? find(from, bytes, /*write=*/false)
                            : reinterpret_cast<void *>(from);
  if (!target || !source)
    return kInvalidValue;
  if (!isCapturing())
    std::memmove(target, source, bytes);
  return 0;
}
static uint64_t address(const void *p) { return reinterpret_cast<uint64_t>(p); }

static Result cuMemcpyHtoD(uint64_t to, const void *from, size_t bytes) {
  ENTER("cuMemcpyHtoD", std::to_string(bytes));
  NOT_CAPTURED;
  return copy(to, address(from), bytes, true, false);
}
static Result cuMemcpyDtoH(void *to, uint64_t from, size_t bytes) {
  ENTER("cuMemcpyDtoH", std::to_string(bytes));
  NOT_CAPTURED;
  return copy(address(to), from, bytes, false, true);
}
static Result cuMemcpyDtoD(uint64_t to, uint64_t from, size_t bytes) {
  ENTER("cuMemcpyDtoD", std::to_string(bytes));
  NOT_CAPTURED;
  return copy(to, from, bytes, true, true);
}
static Result cuMemcpyHtoDAsync(uint64_t to, const void *from, size_t bytes,
                                void *) {
  ENTER("cuMemcpyHtoDAsync", std::to_string(bytes));
  return copy(to, address(from), bytes, true, false);
}
static Result cuMemcpyDtoHAsync(void *to, uint64_t from, size_t bytes, void *) {
  ENTER("cuMemcpyDtoHAsync", std::to_string(bytes));
  return copy(address(to), from, bytes, false, true);
}
static Result cuMemcpyDtoDAsync(uint64_t to, uint64_t from, size_t bytes,
                                void *) {
  ENTER("cuMemcpyDtoDAsync", std::to_string(bytes));
  return copy(to, from, bytes, true, true);
}

//===----------------------------------------------------------------------===//
// Streams and events
//===----------------------------------------------------------------------===//

static Result cuStreamSynchronize(void *) {
  ENTER("cuStreamSynchronize");
  NEED_CONTEXT;
  NOT_CAPTURED;
  return 0;
}
static Result cuStreamIsCapturing(void *, int *state) {
  ENTER("cuStreamIsCapturing");
  NEED_CONTEXT;
  *state = isCapturing();
  return 0;
}
static Result cuEventCreate(void **event, unsigned) {
  ENTER("cuEventCreate");
  NEED_CONTEXT;
  *event = new Event;
  return 0;
}
static Result cuEventDestroy(void *event) {
  ENTER("cuEventDestroy");
  delete static_cast<Event *>(event);
  return 0;
}
static Result cuEventRecord(void *event, void *) {
  ENTER("cuEventRecord");
  NEED_CONTEXT;
  auto *e = static_cast<Event *>(event);
  e->time = std::chrono::steady_clock::now();
  e->recorded = true;
  return 0;
}
static Result cuEventSynchronize(void *) {
  ENTER("cuEventSynchronize");
  NOT_CAPTURED;
  return 0;
}
static Result cuEventElapsedTime(float *milliseconds, void *from, void *to) {
  ENTER("cuEventElapsedTime");
  auto *begin = static_cast<Event *>(from), *end = static_cast<Event *>(to);
  if (!begin->recorded || !end->recorded)
    return kInvalidValue;
  *milliseconds =
      std::chrono::duration<float, std::milli>(end->time - begin->time).count();
  return 0;
}

//===----------------------------------------------------------------------===//
// Look-up
//===----------------------------------------------------------------------===//

namespace {
struct Symbol {
  const char *name;
  int version; // of CUDA, that it came with
  void *function;
};
#define SYMBOL(name, version) {#name, version, reinterpret_cast<void *>(name)}
const Symbol symbols[] = {
    SYMBOL(cuGetErrorName, 6000),
    SYMBOL(cuGetErrorString, 6000),
    SYMBOL(cuInit, 2000),
    SYMBOL(cuDriverGetVersion, 2020),
    SYMBOL(cuDeviceGetCount, 2000),
    SYMBOL(cuDeviceGet, 2000),
    SYMBOL(cuDeviceGetName, 2000),
    SYMBOL(cuDeviceGetAttribute, 2000),
    SYMBOL(cuDeviceTotalMem, 3020),
    SYMBOL(cuDevicePrimaryCtxRetain, 7000),
    SYMBOL(cuDevicePrimaryCtxRelease, 11000),
    SYMBOL(cuCtxPushCurrent, 4000),
    SYMBOL(cuCtxPopCurrent, 4000),
    SYMBOL(cuModuleLoadDataEx, 2010),
    SYMBOL(cuModuleUnload, 2000),
    SYMBOL(cuModuleGetFunction, 2000),
    SYMBOL(cuFuncGetAttribute, 2020),
    SYMBOL(cuFuncSetAttribute, 9000),
    SYMBOL(cuFuncLoad, 12040),
    SYMBOL(cuLaunchKernel, 4000),
    SYMBOL(cuLaunchKernelEx, 11060),
    SYMBOL(cuMemAlloc, 3020),
    SYMBOL(cuMemFree, 3020),
    SYMBOL(cuMemcpyHtoD, 3020),
    SYMBOL(cuMemcpyDtoH, 3020),
    SYMBOL(cuMemcpyDtoD, 3020),
    SYMBOL(cuMemcpyHtoDAsync, 3020),
    SYMBOL(cuMemcpyDtoHAsync, 3020),
    SYMBOL(cuMemcpyDtoDAsync, 3020),
    SYMBOL(cuStreamSynchronize, 2000),
    SYMBOL(cuStreamIsCapturing, 10000),
    SYMBOL(cuEventCreate, 2000),
    SYMBOL(cuEventDestroy, 4000),
    SYMBOL(cuEventRecord, 2000),
    SYMBOL(cuEventSynchronize, 2000),
    SYMBOL(cuEventElapsedTime, 2000),
};

Result lookUp(const char *name, void **function, int version) {
  *function = nullptr;
  for (const std::string &missing : split(variable("FAKE_CUDA_MISSING")))
    if (missing == name)
      return kNotFound;
  for (const Symbol &symbol : symbols)
    if (!std::strcmp(symbol.name, name) && symbol.version <= version)
      *function = symbol.function;
  return *function ? 0 : kNotFound;
}
} // namespace

#ifdef FAKE_CUDA_11
/// The form of CUDA 11.3.
EXPORT Result cuGetProcAddress(const char *name, void **function, int version,
                               uint64_t flags) {
  return flags ? kInvalidValue : lookUp(name, function, version);
}
#else
EXPORT Result cuGetProcAddress_v2(const char *name, void **function,
                                  int version, uint64_t flags, int *found) {
  Result result = flags ? kInvalidValue : lookUp(name, function, version);
  *found = result ? 1 : 0;
  // The real one is no error and no function for an unknown name.
  return 0;
}
#endif
