//===- CudaDevice.cpp - NVIDIA GPUs through the driver API ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The primary context, which PyTorch and the CUDA runtime use too: their
// pointers and streams are ours. Calls push it and pop it, so that a caller's
// current context stays.
//===----------------------------------------------------------------------===//

#include "CudaApi.h"
#include "Device.h"

#include <algorithm>
#include <cstring>

using namespace hydragen::runtime;
using namespace hydragen::runtime::cuda;

namespace {
/// The driver and one GPU's primary context.
class Gpu {
public:
  static Result<std::shared_ptr<Gpu>> open(int ordinal);
  ~Gpu() {
    if (context)
      api->cuDevicePrimaryCtxRelease(device);
  }

  /// An attribute of the device.
  Result<int> get(int attribute) const {
    int value = 0;
    if (Status status = HYDRAGEN_CUDA_CALL(*api, cuDeviceGetAttribute, &value,
                                           attribute, device))
      return *status;
    return value;
  }

  std::shared_ptr<Api> api;
  int ordinal = 0;
  CUdevice device = 0;
  CUcontext context = nullptr;
  hydragen_device_info info = {};
  uint32_t sharedLimit = 0; // bytes a block may have at most
};

/// Makes the GPU's context current in a scope.
class Current {
public:
  explicit Current(const Gpu &gpu) : api(*gpu.api) {
    status = HYDRAGEN_CUDA_CALL(api, cuCtxPushCurrent, gpu.context);
  }
  ~Current() {
    CUcontext old;
    if (!status)
      api.cuCtxPopCurrent(&old);
  }
  Status status;

private:
  const Api &api;
};

/// Runs driver calls (a Status each) with the context current.
template <typename Fn>
Status withGpu(const Gpu &gpu, Fn &&fn) {
  Current current(gpu);
  if (current.status)
    return current.status;
  return fn(*gpu.api);
}

/// Products of f16 with f32 sums that one multiprocessor does in a clock, times
/// two (NVIDIA's architecture papers: A100, GA102, AD102, H100).
double flopsPerClock(uint32_t arch) {
  switch (arch) {
  case 80:
    return 2048;
  case 86:
  case 89:
    return 1024;
  case 90:
    return 4096;
  default:
    return 0; // unknown
  }
}

Result<std::shared_ptr<Gpu>> Gpu::open(int ordinal) {
  auto loaded = Api::load();
  if (!loaded)
    return loaded.getError();
  auto gpu = std::make_shared<Gpu>();
  gpu->api = *loaded;
  gpu->ordinal = ordinal;
  Api &api = *gpu->api;
  // Whatever goes wrong up to here means that there is no such device.
  auto unavailable = [&](Status status) {
    status->code = HYDRAGEN_UNAVAILABLE;
    status->message = "device cuda is not available (" + status->message + ")";
    return *status;
  };
  int count = 0;
  if (Status status = HYDRAGEN_CUDA_CALL(api, cuInit, 0))
    return unavailable(status);
  if (Status status = HYDRAGEN_CUDA_CALL(api, cuDeviceGetCount, &count))
    return unavailable(status);
  if (ordinal >= count)
    return Error{HYDRAGEN_UNAVAILABLE,
                 "device cuda:" + std::to_string(ordinal) +
                     " is not there (this machine has " +
                     std::to_string(count) + ")",
                 "cuda"};
  if (Status status =
          HYDRAGEN_CUDA_CALL(api, cuDeviceGet, &gpu->device, ordinal))
    return unavailable(status);
  if (Status status = HYDRAGEN_CUDA_CALL(api, cuDevicePrimaryCtxRetain,
                                         &gpu->context, gpu->device)) {
    gpu->context = nullptr;
    return unavailable(status);
  }

  const int attributes[] = {
      CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR,
      CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR,
      CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT,
      CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
      // For shares of the peak only, and not every device has them.
      CU_DEVICE_ATTRIBUTE_CLOCK_RATE, CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE,
      CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH};
  constexpr size_t needed = 4;
  double values[std::size(attributes)] = {};
  for (size_t i = 0; i != std::size(attributes); ++i) {
    auto value = gpu->get(attributes[i]);
    if (value)
      values[i] = *value;
    else if (i < needed)
      return unavailable(value.getError());
  }
  hydragen_device_info &info = gpu->info;
  info.arch = static_cast<uint32_t>(values[0] * 10 + values[1]);
  info.multiprocessors = static_cast<uint32_t>(values[2]);
  gpu->sharedLimit = static_cast<uint32_t>(values[3]);
  info.peak_flops =
      flopsPerClock(info.arch) * info.multiprocessors * values[4] * 1e3;
  // Two transfers a clock.
  info.peak_bytes_per_second = 2 * values[5] * 1e3 * values[6] / 8;
  size_t bytes = 0;
  if (Status status =
          HYDRAGEN_CUDA_CALL(api, cuDeviceTotalMem, &bytes, gpu->device))
    return unavailable(status);
  info.memory_bytes = bytes;
  if (Status status = HYDRAGEN_CUDA_CALL(api, cuDeviceGetName, info.name,
                                         sizeof(info.name) - 1, gpu->device))
    return unavailable(status);
  return gpu;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

class CudaKernels : public Kernels {
public:
  explicit CudaKernels(std::shared_ptr<Gpu> gpu) : gpu(std::move(gpu)) {}
  ~CudaKernels() override {
    if (module)
      withGpu(*gpu, [&](Api &api) {
        return HYDRAGEN_CUDA_CALL(api, cuModuleUnload, module);
      });
  }
  Status load(const std::vector<KernelInfo> &infos, const Image &image);

  std::shared_ptr<Gpu> gpu;
  CUmodule module = nullptr;
  std::vector<CUfunction> functions;
  /// By kernel: it may be launched while those before it run.
  std::vector<bool> early;

private:
  Status loadModule(Api &api, const Image &image);
  Status prepare(Api &api, const KernelInfo &info, CUfunction function);
};

/// Lines to one line.
std::string flatten(const char *log, size_t capacity) {
  std::string text(log, strnlen(log, capacity)), result;
  for (char c : text)
    if (c == '\n')
      result += result.empty() || result.back() == ' ' ? "" : "; ";
    else if (c != '\r' && (c != ' ' || !result.empty()))
      result += c;
  while (!result.empty() && (result.back() == ' ' || result.back() == ';'))
    result.pop_back();
  return result;
}

Status CudaKernels::loadModule(Api &api, const Image &image) {
  std::vector<char> log(1 << 14);
  int options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size() - 1)};
  Status status = HYDRAGEN_CUDA_CALL(api, cuModuleLoadDataEx, &module,
                                     image.data, 2, options, values);
  if (!status)
    return std::nullopt;
  module = nullptr;
  std::string text = flatten(log.data(), log.size());
  if (!text.empty())
    status->message += ": " + text;
  status->message =
      "cannot load the " + std::string(image.info.isCubin ? "cubin" : "PTX") +
      " for sm_" + std::to_string(image.info.arch) + ": " + status->message;
  return status;
}

/// Checks a kernel against the device and allows its shared memory.
Status CudaKernels::prepare(Api &api, const KernelInfo &info,
                            CUfunction function) {
  int threads = 0, fixedShared = 0;
  if (Status status =
          HYDRAGEN_CUDA_CALL(api, cuFuncGetAttribute, &threads,
                             CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function))
    return status;
  if (Status status =
          HYDRAGEN_CUDA_CALL(api, cuFuncGetAttribute, &fixedShared,
                             CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function))
    return status;
  if (info.getThreads() > static_cast<unsigned>(threads))
    return invalid("kernel " + info.name + " has blocks of " +
                   std::to_string(info.getThreads()) +
                   " threads, its registers allow " + std::to_string(threads));
  uint32_t limit =
      gpu->sharedLimit -
      std::min<uint32_t>(gpu->sharedLimit, static_cast<uint32_t>(fixedShared));
  if (info.sharedBytes > limit)
    return invalid("kernel " + info.name + " needs " +
                   std::to_string(info.sharedBytes) +
                   " bytes of dynamic shared memory, this GPU allows " +
                   std::to_string(limit));
  if (info.sharedBytes)
    if (Status status =
            HYDRAGEN_CUDA_CALL(api, cuFuncSetAttribute, function,
                               CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                               static_cast<int>(info.sharedBytes)))
      return status;
  // Code is loaded lazily otherwise: at the first launch, which may be in a
  // captured stream.
  if (api.cuFuncLoad)
    return HYDRAGEN_CUDA_CALL(api, cuFuncLoad, function);
  return std::nullopt;
}

Status CudaKernels::load(const std::vector<KernelInfo> &infos,
                         const Image &image) {
  return withGpu(*gpu, [&](Api &api) -> Status {
    if (Status status = loadModule(api, image))
      return status;
    for (const KernelInfo &info : infos) {
      CUfunction function = nullptr;
      if (Status status = HYDRAGEN_CUDA_CALL(
              api, cuModuleGetFunction, &function, module, info.name.c_str())) {
        status->message = "kernel " + info.name + ": " + status->message;
        return status;
      }
      if (Status status = prepare(api, info, function))
        return status;
      functions.push_back(function);
      early.push_back(info.waits && image.info.arch >= 90 &&
                      api.cuLaunchKernelEx);
    }
    return std::nullopt;
  });
}

//===----------------------------------------------------------------------===//
// Queue
//===----------------------------------------------------------------------===//

class CudaQueue : public Queue {
public:
  explicit CudaQueue(std::shared_ptr<Gpu> gpu) : gpu(std::move(gpu)) {}
  ~CudaQueue() override {
    setProfiling(false);
    withGpu(*gpu, [&](Api &api) -> Status {
      for (CUevent event : freeEvents)
        api.cuEventDestroy(event);
      for (CUevent event : timer)
        if (event)
          api.cuEventDestroy(event);
      return std::nullopt;
    });
  }

  Status setStream(void *value) override {
    stream = static_cast<CUstream>(value);
    return std::nullopt;
  }
  void *getStream() const override { return stream; }

  Result<bool> isCapturing() override {
    int state = 0;
    if (Status status = withGpu(*gpu, [&](Api &api) {
          return HYDRAGEN_CUDA_CALL(api, cuStreamIsCapturing, stream, &state);
        }))
      return *status;
    return state != CU_STREAM_CAPTURE_STATUS_NONE;
  }

  Status launch(const Kernels &kernels, const KernelInfo &info,
                const Launch &launch) override {
    return withGpu(*gpu, [&](Api &api) -> Status {
      Measured *times = nullptr;
      if (profiling) {
        measured.push_back({info.name, {}});
        times = &measured.back();
        if (Status status = record(api, times->events[0]))
          return status;
      }
      if (Status status = enqueue(api, kernels, launch)) {
        status->message = "kernel " + info.name + ": " + status->message;
        return status;
      }
      return times ? record(api, times->events[1]) : std::nullopt;
    });
  }

  Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
              hydragen_copy_kind kind) override {
    return withGpu(*gpu, [&](Api &api) -> Status {
      switch (kind) {
      case HYDRAGEN_DEVICE_TO_DEVICE:
        return HYDRAGEN_CUDA_CALL(api, cuMemcpyDtoDAsync, destination, source,
                                  bytes, stream);
      case HYDRAGEN_HOST_TO_DEVICE:
        if (Status status =
                HYDRAGEN_CUDA_CALL(api, cuMemcpyHtoDAsync, destination,
                                   toPointer(source), bytes, stream))
          return status;
        break;
      case HYDRAGEN_DEVICE_TO_HOST:
        if (Status status = HYDRAGEN_CUDA_CALL(api, cuMemcpyDtoHAsync,
                                               toPointer(destination), source,
                                               bytes, stream))
          return status;
        break;
      }
      // Of pinned memory the copy may still be under way.
      return HYDRAGEN_CUDA_CALL(api, cuStreamSynchronize, stream);
    });
  }

  Status synchronize() override {
    return withGpu(*gpu, [&](Api &api) {
      return HYDRAGEN_CUDA_CALL(api, cuStreamSynchronize, stream);
    });
  }

  Status startTimer() override {
    return withGpu(*gpu, [&](Api &api) { return record(api, timer[0]); });
  }

  Result<double> stopTimer() override {
    float milliseconds = 0;
    Status status = withGpu(*gpu, [&](Api &api) -> Status {
      if (Status status = record(api, timer[1]))
        return status;
      return elapsed(api, timer, milliseconds);
    });
    if (status)
      return *status;
    return static_cast<double>(milliseconds);
  }

  void setProfiling(bool enabled) override {
    profiling = enabled;
    for (const Measured &launch : measured)
      for (CUevent event : launch.events)
        if (event)
          freeEvents.push_back(event);
    measured.clear();
  }

  Result<std::vector<KernelStatistics>> collect() override {
    std::vector<KernelStatistics> list;
    Status status = withGpu(*gpu, [&](Api &api) -> Status {
      for (Measured &launch : measured) {
        if (!launch.events[1]) // the launch failed
          continue;
        auto it = std::find_if(list.begin(), list.end(), [&](auto &kernel) {
          return kernel.name == launch.name;
        });
        if (it == list.end()) {
          list.push_back({launch.name, 0, 0, {}});
          it = list.end() - 1;
        }
        float milliseconds = 0;
        if (Status status = elapsed(api, launch.events, milliseconds))
          return status;
        ++it->launches;
        it->milliseconds += milliseconds;
      }
      return std::nullopt;
    });
    if (status)
      return *status;
    return list;
  }

private:
  struct Measured {
    std::string name;
    CUevent events[2];
  };

  Status enqueue(Api &api, const Kernels &kernels, const Launch &launch) {
    // cuda.h: CU_LAUNCH_PARAM_BUFFER_POINTER, _BUFFER_SIZE, _END.
    size_t bytes = launch.parameterBytes;
    void *extra[] = {reinterpret_cast<void *>(1),
                     const_cast<void *>(launch.parameters),
                     reinterpret_cast<void *>(2), &bytes, nullptr};
    const auto &code = static_cast<const CudaKernels &>(kernels);
    CUfunction function = code.functions[launch.kernel];
    if (code.early[launch.kernel]) {
      // Programmatic dependent launch, CUDA programming guide.
      CUlaunchAttribute attribute = {};
      attribute.id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
      attribute.value.programmaticStreamSerializationAllowed = 1;
      CUlaunchConfig config = {launch.grid[0],     launch.grid[1],
                               launch.grid[2],     launch.block[0],
                               launch.block[1],    launch.block[2],
                               launch.sharedBytes, stream,
                               &attribute,         1};
      return HYDRAGEN_CUDA_CALL(api, cuLaunchKernelEx, &config, function,
                                nullptr, bytes ? extra : nullptr);
    }
    return HYDRAGEN_CUDA_CALL(
        api, cuLaunchKernel, function, launch.grid[0], launch.grid[1],
        launch.grid[2], launch.block[0], launch.block[1], launch.block[2],
        launch.sharedBytes, stream, nullptr, bytes ? extra : nullptr);
  }

  /// Records `event`, which is made when it is null.
  Status record(Api &api, CUevent &event) {
    if (!event && !freeEvents.empty()) {
      event = freeEvents.back();
      freeEvents.pop_back();
    }
    if (!event)
      if (Status status = HYDRAGEN_CUDA_CALL(api, cuEventCreate, &event, 0)) {
        event = nullptr;
        return status;
      }
    return HYDRAGEN_CUDA_CALL(api, cuEventRecord, event, stream);
  }

  static Status elapsed(Api &api, CUevent (&events)[2], float &milliseconds) {
    if (Status status = HYDRAGEN_CUDA_CALL(api, cuEventSynchronize, events[1]))
      return status;
    return HYDRAGEN_CUDA_CALL(api, cuEventElapsedTime, &milliseconds, events[0],
                              events[1]);
  }

  std::shared_ptr<Gpu> gpu;
  CUstream stream = nullptr;
  bool profiling = false;
  std::vector<Measured> measured;
  std::vector<CUevent> freeEvents;
  CUevent timer[2] = {};
};

//===----------------------------------------------------------------------===//
// Device
//===----------------------------------------------------------------------===//

class CudaDevice : public Device {
public:
  explicit CudaDevice(std::shared_ptr<Gpu> gpu) : gpu(std::move(gpu)) {}

  const char *getName() const override { return "cuda"; }
  DLDevice getDLDevice() const override { return {kDLCUDA, gpu->ordinal}; }
  hydragen_device_info describe() const override { return gpu->info; }
  bool isSame(const Device &other) const override {
    DLDevice mine = getDLDevice(), theirs = other.getDLDevice();
    return mine.device_type == theirs.device_type &&
           mine.device_id == theirs.device_id;
  }
  bool hasKernels() const override { return true; }

  /// Its own cubin, then one of an older minor version of the architecture,
  /// then PTX of its own or an older architecture.
  uint32_t rate(const ImageInfo &image) const override {
    uint32_t arch = gpu->info.arch;
    if (image.arch > arch)
      return 0;
    if (!image.isCubin)
      return image.arch;
    return image.arch / 10 == arch / 10 ? 1000 + image.arch : 0;
  }

  Result<std::unique_ptr<Kernels>> load(const std::vector<KernelInfo> &infos,
                                        const Image &image) override {
    auto kernels = std::make_unique<CudaKernels>(gpu);
    if (Status status = kernels->load(infos, image))
      return *status;
    return std::unique_ptr<Kernels>(std::move(kernels));
  }

  Result<uint64_t> allocate(uint64_t bytes) override {
    CUdeviceptr address = 0;
    if (Status status = withGpu(*gpu, [&](Api &api) {
          return HYDRAGEN_CUDA_CALL(api, cuMemAlloc, &address, bytes);
        })) {
      status->message += " (" + std::to_string(bytes) + " bytes)";
      return *status;
    }
    return address;
  }

  Status free(uint64_t address) override {
    return withGpu(*gpu, [&](Api &api) {
      return HYDRAGEN_CUDA_CALL(api, cuMemFree, address);
    });
  }

  Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
              hydragen_copy_kind kind) override {
    return withGpu(*gpu, [&](Api &api) -> Status {
      switch (kind) {
      case HYDRAGEN_HOST_TO_DEVICE:
        return HYDRAGEN_CUDA_CALL(api, cuMemcpyHtoD, destination,
                                  toPointer(source), bytes);
      case HYDRAGEN_DEVICE_TO_HOST:
        return HYDRAGEN_CUDA_CALL(api, cuMemcpyDtoH, toPointer(destination),
                                  source, bytes);
      case HYDRAGEN_DEVICE_TO_DEVICE:
        break;
      }
      if (Status status =
              HYDRAGEN_CUDA_CALL(api, cuMemcpyDtoD, destination, source, bytes))
        return status;
      // The host does not wait for that one.
      return HYDRAGEN_CUDA_CALL(api, cuStreamSynchronize, nullptr);
    });
  }

  Result<std::unique_ptr<Queue>> createQueue(unsigned) override {
    return std::unique_ptr<Queue>(new CudaQueue(gpu));
  }

private:
  std::shared_ptr<Gpu> gpu;
};
} // namespace

Result<std::shared_ptr<Device>> hydragen::runtime::openCudaDevice(int ordinal) {
  auto gpu = Gpu::open(ordinal);
  if (!gpu)
    return gpu.getError();
  return std::shared_ptr<Device>(new CudaDevice(*gpu));
}
