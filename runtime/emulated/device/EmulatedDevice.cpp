//===- EmulatedDevice.cpp - the emulated GPU as a device --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a module's PTX with checks and counters. A launch is done when it
// returns; its first fault fails the call, the whole report stays with the
// queue.
//===----------------------------------------------------------------------===//

#include "Device.h"
#include "Launch.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <tuple>

using namespace hydragen::runtime;
namespace emulated = hydragen::emulated;

namespace {
constexpr uint32_t kArch = 80;
/// An A100's, so that persistent grids have the size they have there.
constexpr uint32_t kMultiprocessors = 108;

/// Memory and options, shared by everything on the device. Launches of several
/// threads take turns: they share memory and its shadow.
struct Machine {
  std::mutex mutex;
  emulated::Memory memory;
  emulated::Options options;

  Result<uint64_t> allocate(uint64_t bytes, const std::string &name);
  Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
              hydragen_copy_kind kind);

private:
  /// The allocation that holds all of a range, and where in it.
  Result<std::pair<emulated::Allocation *, uint64_t>> find(uint64_t address,
                                                           uint64_t bytes);
};

Result<uint64_t> Machine::allocate(uint64_t bytes, const std::string &name) {
  std::lock_guard<std::mutex> lock(mutex);
  emulated::Allocation *allocation = memory.allocate(bytes, name);
  if (!allocation)
    return Error{HYDRAGEN_INTERNAL,
                 "out of memory (" + std::to_string(bytes) + " bytes)",
                 "emulated"};
  return allocation->base;
}

Result<std::pair<emulated::Allocation *, uint64_t>>
Machine::find(uint64_t address, uint64_t bytes) {
  emulated::Allocation *allocation = memory.find(address);
  if (!allocation || bytes > allocation->size ||
      address - allocation->base > allocation->size - bytes)
    return invalid("copy of " + std::to_string(bytes) +
                       " bytes is not within an allocation of the device",
                   "emulated");
  return std::pair(allocation, address - allocation->base);
}

Status Machine::copy(uint64_t destination, uint64_t source, uint64_t bytes,
                     hydragen_copy_kind kind) {
  std::lock_guard<std::mutex> lock(mutex);
  auto *to = static_cast<uint8_t *>(toPointer(destination));
  auto *from = static_cast<const uint8_t *>(toPointer(source));
  emulated::Allocation *origin = nullptr;
  uint64_t offset = 0;
  if (kind != HYDRAGEN_HOST_TO_DEVICE) {
    auto place = find(source, bytes);
    if (!place)
      return place.getError();
    std::tie(origin, offset) = *place;
    from = origin->data + offset;
  }
  if (kind != HYDRAGEN_DEVICE_TO_HOST) {
    auto place = find(destination, bytes);
    if (!place)
      return place.getError();
    auto [target, at] = *place;
    to = target->data + at;
    // What is copied from uninitialised memory is not initialised.
    if (!origin || origin->isInitialized(offset, bytes))
      target->markInitialized(at, bytes);
    else
      for (uint64_t i = 0; i != bytes; ++i)
        if (origin->isInitialized(offset + i, 1))
          target->markInitialized(at + i, 1);
  }
  std::memmove(to, from, bytes);
  return std::nullopt;
}

class EmulatedKernels : public Kernels {
public:
  emulated::Program program;
  std::string file; // what reports call the PTX
  std::vector<const emulated::Code *> codes;
};

//===----------------------------------------------------------------------===//
// Queue
//===----------------------------------------------------------------------===//

class EmulatedQueue : public Queue {
public:
  EmulatedQueue(std::shared_ptr<Machine> machine, unsigned threads)
      : machine(std::move(machine)), threads(threads) {}

  Status launch(const Kernels &kernels, const KernelInfo &info,
                const Launch &launch) override;
  Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
              hydragen_copy_kind kind) override {
    return machine->copy(destination, source, bytes, kind);
  }
  Status synchronize() override { return std::nullopt; }

  Status startTimer() override {
    start = std::chrono::steady_clock::now();
    return std::nullopt;
  }
  Result<double> stopTimer() override {
    return std::chrono::duration<double, std::milli>(
               std::chrono::steady_clock::now() - start)
        .count();
  }

  void setProfiling(bool enabled) override {
    profiling = enabled;
    measured.clear();
  }
  Result<std::vector<KernelStatistics>> collect() override;
  void beginCall() override { report.clear(); }
  void nameMemory(uint64_t address, const std::string &name) override {
    std::lock_guard<std::mutex> lock(machine->mutex);
    if (emulated::Allocation *allocation = machine->memory.find(address))
      allocation->name = name;
  }
  const char *getReport() const override { return report.c_str(); }

private:
  struct Measured {
    std::string name;
    uint64_t launches = 0, faults = 0;
    emulated::Counters counters;
  };

  std::shared_ptr<Machine> machine;
  unsigned threads;
  std::string report;
  bool profiling = false;
  std::vector<Measured> measured;
  std::chrono::steady_clock::time_point start;
};

Status EmulatedQueue::launch(const Kernels &kernels, const KernelInfo &info,
                             const Launch &launch) {
  const auto &mine = static_cast<const EmulatedKernels &>(kernels);
  const auto *bytes = static_cast<const uint8_t *>(launch.parameters);
  emulated::Launch work;
  work.program = &mine.program;
  work.kernel = mine.codes[launch.kernel];
  std::copy_n(launch.grid, 3, work.grid);
  std::copy_n(launch.block, 3, work.block);
  work.sharedBytes = launch.sharedBytes;
  if (launch.parameterBytes)
    work.parameters.assign(bytes, bytes + launch.parameterBytes);

  emulated::LaunchResult result;
  std::optional<std::string> impossible;
  {
    std::lock_guard<std::mutex> lock(machine->mutex);
    work.options = machine->options;
    work.options.threads = threads;
    impossible = emulated::run(work, machine->memory, result);
  }
  if (impossible)
    return Error{HYDRAGEN_INTERNAL, "kernel " + info.name + ": " + *impossible,
                 "emulated"};
  if (profiling) {
    auto it = std::find_if(measured.begin(), measured.end(),
                           [&](auto &m) { return m.name == info.name; });
    if (it == measured.end()) {
      measured.push_back({info.name, 0, 0, {}});
      it = measured.end() - 1;
    }
    ++it->launches;
    it->faults += result.faults.size();
    it->counters.add(result.counters);
  }
  if (result.faults.empty())
    return std::nullopt;
  std::string first;
  for (const emulated::Fault &fault : result.faults)
    for (const std::string &line :
         emulated::formatFault(fault, *work.kernel, mine.file)) {
      if (first.empty())
        first = line;
      report += line + "\n";
    }
  if (result.faults.size() > 1)
    first += " (and " + std::to_string(result.faults.size() - 1) + " more)";
  return Error{HYDRAGEN_FAULT, "kernel " + info.name + ": " + first,
               "emulated"};
}

Result<std::vector<KernelStatistics>> EmulatedQueue::collect() {
  std::vector<KernelStatistics> list;
  for (const Measured &kernel : measured) {
    const emulated::Counters &c = kernel.counters;
    list.push_back({kernel.name,
                    kernel.launches,
                    -1,
                    {{"warp_instructions", c.warpInstructions},
                     {"lane_instructions", c.laneInstructions},
                     {"global_read_sectors", c.globalReadSectors},
                     {"global_write_sectors", c.globalWriteSectors},
                     {"unique_read_sectors", c.uniqueReadSectors},
                     {"unique_write_sectors", c.uniqueWriteSectors},
                     {"async_bytes", c.asyncBytes},
                     {"shared_wavefronts", c.sharedWavefronts},
                     {"shared_wavefronts_ideal", c.sharedWavefrontsIdeal},
                     {"mma_flops", c.mmaFlops},
                     {"barriers", c.barriers},
                     {"faults", kernel.faults}}});
  }
  return list;
}

//===----------------------------------------------------------------------===//
// Device
//===----------------------------------------------------------------------===//

class EmulatedDevice : public Device {
public:
  const char *getName() const override { return "emulated"; }
  DLDevice getDLDevice() const override { return {kDLExtDev, number}; }
  bool hasKernels() const override { return true; }

  hydragen_device_info describe() const override {
    hydragen_device_info info = {};
    info.arch = kArch;
    info.multiprocessors = kMultiprocessors;
    std::strcpy(info.name, "emulated sm_80");
    return info;
  }

  Status configure(const std::string &options) override {
    std::lock_guard<std::mutex> lock(machine->mutex);
    if (!machine->options.setAll(options))
      return invalid("unknown option in \"" + options + "\"", getName());
    return std::nullopt;
  }

  /// PTX of its own or an older architecture first; that of a newer one may use
  /// what the emulator knows as well, and fails at load when it does not.
  uint32_t rate(const ImageInfo &image) const override {
    if (image.isCubin)
      return 0;
    return image.arch <= kArch ? 1000 + image.arch : 1000 - image.arch;
  }

  Result<std::unique_ptr<Kernels>> load(const std::vector<KernelInfo> &infos,
                                        const Image &image) override;

  Result<uint64_t> allocate(uint64_t bytes) override {
    return machine->allocate(bytes, "allocation");
  }
  Status free(uint64_t address) override {
    std::lock_guard<std::mutex> lock(machine->mutex);
    if (!machine->memory.free(address))
      return invalid("freed memory that is not the device's", getName());
    return std::nullopt;
  }
  Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
              hydragen_copy_kind kind) override {
    return machine->copy(destination, source, bytes, kind);
  }
  Result<std::unique_ptr<Queue>> createQueue(unsigned threads) override {
    return std::unique_ptr<Queue>(new EmulatedQueue(machine, threads));
  }

private:
  /// Each has memory of its own, at addresses that the others use too.
  static int32_t getNextNumber() {
    static std::atomic<int32_t> next{0};
    return next++;
  }
  int32_t number = getNextNumber();
  std::shared_ptr<Machine> machine = std::make_shared<Machine>();
};

Result<std::unique_ptr<Kernels>>
EmulatedDevice::load(const std::vector<KernelInfo> &infos, const Image &image) {
  auto kernels = std::make_unique<EmulatedKernels>();
  kernels->file = "sm_" + std::to_string(image.info.arch) + ".ptx";
  std::string text(static_cast<const char *>(image.data), image.bytes);
  std::vector<emulated::ParseError> errors;
  {
    std::lock_guard<std::mutex> lock(machine->mutex);
    if (!kernels->program.load(std::move(text), machine->memory, errors)) {
      std::string message =
          "cannot load the PTX for sm_" + std::to_string(image.info.arch);
      for (const emulated::ParseError &error : errors)
        message += (&error == &errors.front() ? ": line " : "; line ") +
                   std::to_string(error.position.line) + ": " + error.message;
      return invalid(message);
    }
  }
  for (const KernelInfo &info : infos) {
    const emulated::Code *code = kernels->program.findKernel(info.name);
    if (!code)
      return invalid("the PTX has no kernel " + info.name);
    if (emulated::getParameterBytes(*code) != info.parameterBytes)
      return invalid("kernel " + info.name + " has " +
                     std::to_string(emulated::getParameterBytes(*code)) +
                     " bytes of parameters in the PTX, " +
                     std::to_string(info.parameterBytes) + " in the manifest");
    kernels->codes.push_back(code);
  }
  return std::unique_ptr<Kernels>(std::move(kernels));
}
} // namespace

Result<std::shared_ptr<Device>> hydragen::runtime::openEmulatedDevice() {
  return std::shared_ptr<Device>(new EmulatedDevice);
}
