//===- Context.cpp - calls into modules -------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Module.h"
#include "Tensors.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace hydragen::runtime;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void *hydragen_context::allocate(uint64_t bytes, uint64_t alignment) {
  alignment = std::max<uint64_t>(alignment, 64);
  if (alignment & (alignment - 1) || bytes > UINT64_MAX - alignment)
    return nullptr;
  uint64_t rounded =
      (std::max<uint64_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  void *pointer = std::aligned_alloc(alignment, rounded);
  if (!pointer)
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  try {
    blocks[pointer] = rounded;
  } catch (...) { // not through the module's frames
    std::free(pointer);
    return nullptr;
  }
  count(rounded);
  return pointer;
}

void hydragen_context::deallocate(void *pointer) {
  if (!pointer)
    return;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = blocks.find(pointer);
    if (it == blocks.end())
      return;
    liveBytes -= it->second;
    blocks.erase(it);
  }
  std::free(pointer);
}

Result<uint64_t> hydragen_context::deviceAllocate(uint64_t bytes) {
  auto address = device->allocate(std::max<uint64_t>(bytes, 1));
  if (!address)
    return address;
  std::lock_guard<std::mutex> lock(mutex);
  deviceBlocks[*address] = bytes;
  count(bytes);
  return address;
}

Status hydragen_context::deviceFree(uint64_t address) {
  if (!address)
    return std::nullopt;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto it = deviceBlocks.find(address);
    if (it == deviceBlocks.end())
      return Error{
          HYDRAGEN_INTERNAL, "freed memory that it did not allocate", {}};
    liveBytes -= it->second;
    deviceBlocks.erase(it);
  }
  return device->free(address);
}

hydragen_context::~hydragen_context() {
  for (auto [pointer, bytes] : blocks)
    std::free(pointer);
  for (auto [address, bytes] : deviceBlocks)
    device->free(address);
}

void hydragen_context::fail(Error error) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!failure)
    failure = std::move(error);
}

void hydragen_context::finishTasks() {
  if (pool)
    pool->waitAll();
}

ThreadPool &hydragen_context::getPool() {
  if (!pool)
    pool = std::make_unique<ThreadPool>(threads);
  return *pool;
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

hydragen_status *hydragen_context_create(hydragen_device *device,
                                         int32_t threads,
                                         hydragen_context **context) {
  return guard([&]() -> Status {
    *context = nullptr;
    if (!device)
      return invalid("expected a device");
    if (threads < 0 || threads > 4096)
      return invalid("expected 0 to 4096 threads but got " +
                         std::to_string(threads),
                     "threads");
    unsigned number = threads
                          ? static_cast<unsigned>(threads)
                          : std::max(1u, std::thread::hardware_concurrency());
    auto queue = device->device->createQueue(number);
    if (!queue)
      return queue.getError();
    auto result = std::make_unique<hydragen_context>(device->device,
                                                     std::move(*queue), number);
    // The first call is as fast as the next.
    if (!device->device->hasKernels())
      result->getPool();
    *context = result.release();
    return std::nullopt;
  });
}

void hydragen_context_destroy(hydragen_context *context) { delete context; }

uint64_t hydragen_context_peak_bytes(const hydragen_context *context) {
  return context->peakBytes;
}

uint64_t hydragen_context_host_copies_bytes(const hydragen_context *context) {
  return context->hostCopiesBytes;
}

const char *hydragen_context_report(const hydragen_context *context) {
  return context->queue->getReport();
}

hydragen_status *hydragen_context_set_stream(hydragen_context *context,
                                             void *stream) {
  return guard([&]() -> Status {
    if (!context)
      return invalid("expected a context");
    if (stream == context->queue->getStream())
      return std::nullopt;
    // Calls on the other stream may overlap those that still use it. Freeing
    // waits for these.
    if (context->workspace)
      if (Status status = context->deviceFree(context->workspace))
        return status;
    context->workspace = context->workspaceBytes = 0;
    return context->queue->setStream(stream);
  });
}

void *hydragen_context_stream(const hydragen_context *context) {
  return context->queue->getStream();
}

hydragen_status *hydragen_context_synchronize(hydragen_context *context) {
  return guard([&]() -> Status {
    if (!context)
      return invalid("expected a context");
    return context->queue->synchronize();
  });
}

void hydragen_context_profile(hydragen_context *context, int32_t enabled) {
  context->queue->setProfiling(enabled != 0);
}

hydragen_status *
hydragen_context_kernels(hydragen_context *context,
                         const hydragen_kernel_statistics **kernels,
                         size_t *count) {
  return guard([&]() -> Status {
    if (!context || !kernels || !count)
      return invalid("expected a context and where to put the result");
    auto statistics = context->queue->collect();
    if (!statistics)
      return statistics.getError();
    context->statistics = std::move(*statistics);
    context->statisticsForC.clear();
    for (const KernelStatistics &kernel : context->statistics)
      context->statisticsForC.push_back(
          {sizeof(hydragen_kernel_statistics), kernel.name.c_str(),
           kernel.launches, kernel.milliseconds, kernel.counters.size(),
           kernel.counters.data()});
    *kernels = context->statisticsForC.data();
    *count = context->statisticsForC.size();
    return std::nullopt;
  });
}

//===----------------------------------------------------------------------===//
// The functions a module sees
//===----------------------------------------------------------------------===//

static hydragen_context &contextOf(void *ctx) {
  return *static_cast<hydragen_context *>(ctx);
}

/// Runs `fn`, which returns Status, on behalf of a module: failures are
/// recorded, nothing is done after one, and no exception gets into its frames.
template <typename Fn>
static void runFor(void *ctx, Fn &&fn) noexcept {
  hydragen_context &context = contextOf(ctx);
  try {
    {
      std::lock_guard<std::mutex> lock(context.mutex);
      if (context.failure)
        return;
    }
    if (Status status = fn(context))
      context.fail(std::move(*status));
  } catch (...) {
    try {
      context.fail({HYDRAGEN_INTERNAL, "out of memory", {}});
    } catch (...) {
      std::abort(); // not even a short text could be allocated
    }
  }
}

static void *hostAllocate(void *ctx, uint64_t bytes, uint64_t alignment) {
  return contextOf(ctx).allocate(bytes, alignment);
}

static void hostDeallocate(void *ctx, void *pointer) {
  contextOf(ctx).deallocate(pointer);
}

static void hostParallelFor(void *ctx, int64_t count,
                            void (*body)(void *, int64_t), void *closure) {
  contextOf(ctx).getPool().parallelFor(count, body, closure);
}

static void *hostSpawn(void *ctx, void (*task)(void *), void *closure,
                       uint64_t bytes) {
  return contextOf(ctx).getPool().spawn(task, closure, bytes);
}

static void hostWait(void *ctx, void *task) {
  contextOf(ctx).getPool().wait(static_cast<ThreadPool::Task *>(task));
}

static void hostFail(void *ctx, int32_t code, const char *message) {
  // A code that is none of ours must not read as success.
  bool known = code == HYDRAGEN_FAULT || code == HYDRAGEN_INVALID ||
               code == HYDRAGEN_UNAVAILABLE;
  contextOf(ctx).fail(
      {known ? static_cast<hydragen_code>(code) : HYDRAGEN_INTERNAL,
       message ? message : "",
       {}});
}

static std::string extentsText(const uint32_t extents[3]) {
  return std::to_string(extents[0]) + "x" + std::to_string(extents[1]) + "x" +
         std::to_string(extents[2]);
}

/// Checks against the manifest; an empty grid has nothing to do.
static Status launch(hydragen_context &context, const Launch &launch) {
  const hydragen_module &module = *context.module;
  if (launch.kernel >= module.kernelInfos.size() || !module.kernels)
    return Error{HYDRAGEN_INTERNAL,
                 "the module launched kernel " + std::to_string(launch.kernel) +
                     " but has " + std::to_string(module.kernelInfos.size()),
                 {}};
  const KernelInfo &info = module.kernelInfos[launch.kernel];
  auto defect = [&](const std::string &what) {
    return Error{HYDRAGEN_INTERNAL,
                 "the module launched kernel " + info.name + " with " + what,
                 {}};
  };
  if (std::memcmp(info.block, launch.block, sizeof(info.block)))
    return defect("block " + extentsText(launch.block) +
                  ", its manifest says " + extentsText(info.block));
  if (launch.sharedBytes > info.sharedBytes)
    return defect(std::to_string(launch.sharedBytes) +
                  " bytes of shared memory, its manifest says at most " +
                  std::to_string(info.sharedBytes));
  if (launch.parameterBytes != info.parameterBytes ||
      (launch.parameterBytes && !launch.parameters))
    return defect(std::to_string(launch.parameterBytes) +
                  " bytes of parameters, its manifest says " +
                  std::to_string(info.parameterBytes));
  if (!launch.grid[0] || !launch.grid[1] || !launch.grid[2])
    return std::nullopt;
  if (launch.grid[0] > 0x7fffffff || launch.grid[1] > 0xffff ||
      launch.grid[2] > 0xffff)
    return defect("grid " + extentsText(launch.grid) +
                  ", more than 2147483647x65535x65535");
  return context.queue->launch(*module.kernels, info, launch);
}

static void hostLaunch(void *ctx, uint32_t kernel, const uint32_t grid[3],
                       const uint32_t block[3], uint32_t sharedBytes,
                       const void *parameters, uint32_t parameterBytes) {
  runFor(ctx, [&](hydragen_context &context) {
    return launch(context, {kernel,
                            {grid[0], grid[1], grid[2]},
                            {block[0], block[1], block[2]},
                            sharedBytes,
                            parameters,
                            parameterBytes});
  });
}

static uint32_t hostMultiprocessors(void *ctx) {
  return std::max(1u, contextOf(ctx).device->describe().multiprocessors);
}

static uint64_t hostDeviceAllocate(void *ctx, uint64_t bytes) {
  uint64_t address = 0;
  runFor(ctx, [&](hydragen_context &context) -> Status {
    auto result = context.deviceAllocate(bytes);
    if (!result)
      return result.getError();
    address = *result;
    return std::nullopt;
  });
  return address;
}

static void hostDeviceFree(void *ctx, uint64_t address) {
  // Also after a failure: nothing is kept.
  try {
    if (Status status = contextOf(ctx).deviceFree(address))
      contextOf(ctx).fail(std::move(*status));
  } catch (...) {
    // The context frees what is left.
  }
}

static void hostCopyToDevice(void *ctx, uint64_t destination,
                             const void *source, uint64_t bytes) {
  runFor(ctx, [&](hydragen_context &context) -> Status {
    if (!bytes)
      return std::nullopt;
    context.hostCopiesBytes += bytes;
    return context.queue->copy(destination, toAddress(source), bytes,
                               HYDRAGEN_HOST_TO_DEVICE);
  });
}

static void hostCopyToHost(void *ctx, void *destination, uint64_t source,
                           uint64_t bytes) {
  runFor(ctx, [&](hydragen_context &context) -> Status {
    if (!bytes)
      return std::nullopt;
    context.hostCopiesBytes += bytes;
    return context.queue->copy(toAddress(destination), source, bytes,
                               HYDRAGEN_DEVICE_TO_HOST);
  });
}

static const hydragen_host_api kCpuApi = {sizeof(hydragen_host_api),
                                          hostAllocate,
                                          hostDeallocate,
                                          hostParallelFor,
                                          hostFail,
                                          nullptr,
                                          nullptr,
                                          nullptr,
                                          nullptr,
                                          nullptr,
                                          nullptr,
                                          hostSpawn,
                                          hostWait};

static const hydragen_host_api kGpuApi = {sizeof(hydragen_host_api),
                                          hostAllocate,
                                          hostDeallocate,
                                          hostParallelFor,
                                          hostFail,
                                          hostLaunch,
                                          hostMultiprocessors,
                                          hostDeviceAllocate,
                                          hostDeviceFree,
                                          hostCopyToDevice,
                                          hostCopyToHost,
                                          hostSpawn,
                                          hostWait};

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Checks input shapes given without tensors.
static Status checkShapes(const hydragen_entry *entry,
                          const int64_t *const *inputShapes) {
  for (size_t i = 0; i != entry->info.inputs.size(); ++i) {
    const ArgumentInfo &info = entry->info.inputs[i];
    for (size_t d = 0; d != info.shape.size(); ++d)
      if (inputShapes[i][d] < 0 ||
          (info.shape[d] >= 0 && info.shape[d] != inputShapes[i][d]))
        return invalid(
            "has shape " + shapeText(inputShapes[i], info.shape.size()) +
                ", expected " + shapeText(info.shape.data(), info.shape.size()),
            info.name);
  }
  return std::nullopt;
}

hydragen_status *hydragen_output_shapes(const hydragen_entry *entry,
                                        const int64_t *const *inputShapes,
                                        int64_t *const *shapes) {
  return guard([&]() -> Status {
    if (Status status = checkShapes(entry, inputShapes))
      return status;
    return computeOutputShapes(*entry, inputShapes, shapes);
  });
}

hydragen_status *hydragen_workspace_size(const hydragen_entry *entry,
                                         const int64_t *const *inputShapes,
                                         uint64_t *bytes) {
  return guard([&]() -> Status {
    if (Status status = checkShapes(entry, inputShapes))
      return status;
    *bytes = entry->code->workspace_bytes(inputShapes);
    return std::nullopt;
  });
}

hydragen_status *
hydragen_invoke(hydragen_context *context, const hydragen_entry *entry,
                const DLTensor *const *inputs, size_t inputCount,
                const DLTensor *const *outputs, size_t outputCount,
                void *workspace, uint64_t workspaceBytes) {
  return guard([&]() -> Status {
    if (!context || !entry)
      return invalid("expected a context and an entry");
    if (!context->device->isSame(*entry->module->device))
      return invalid("the module was loaded for another device than the "
                     "context's",
                     entry->info.name);
    if (inputCount != entry->info.inputs.size() ||
        outputCount != entry->info.outputs.size())
      return invalid("expected " + std::to_string(entry->info.inputs.size()) +
                         " inputs and " +
                         std::to_string(entry->info.outputs.size()) +
                         " outputs but got " + std::to_string(inputCount) +
                         " and " + std::to_string(outputCount),
                     entry->info.name);
    context->queue->beginCall();
    Call call(*context, *entry);
    if (Status status = call.prepare(inputs, outputs))
      return status;
    if (Status status = call.prepareWorkspace(workspace, workspaceBytes))
      return status;

    std::vector<int64_t *> descriptors = call.getDescriptors();
    hydragen_call packet{sizeof(packet),
                         entry->info.onGpu ? &kGpuApi : &kCpuApi,
                         context,
                         descriptors.data(),
                         call.getWorkspace(),
                         call.getWorkspaceBytes()};
    context->failure.reset();
    context->module = entry->module;
    int32_t code = entry->code->invoke(&packet);
    // An entry that failed waits for nothing.
    context->finishTasks();
    context->module = nullptr;
    if (context->failure) {
      Error error = std::move(*context->failure);
      context->failure.reset();
      if (error.place.empty())
        error.place = entry->info.name;
      return error;
    }
    if (code != 0)
      return Error{HYDRAGEN_INTERNAL,
                   "the entry failed with code " + std::to_string(code),
                   entry->info.name};
    return call.finish();
  });
}
