//===- CpuDevice.cpp - the host as a device ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace hydragen::runtime;

namespace {
using Clock = std::chrono::steady_clock;

/// Entries run in the call itself: there is never anything to wait for.
class CpuQueue : public Queue {
public:
  Status launch(const Kernels &, const KernelInfo &info,
                const Launch &) override {
    return Error{HYDRAGEN_INTERNAL, "device cpu runs no kernels", info.name};
  }
  Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
              hydragen_copy_kind) override {
    std::memmove(toPointer(destination), toPointer(source), bytes);
    return std::nullopt;
  }
  Status synchronize() override { return std::nullopt; }
  Status startTimer() override {
    start = Clock::now();
    return std::nullopt;
  }
  Result<double> stopTimer() override {
    return std::chrono::duration<double, std::milli>(Clock::now() - start)
        .count();
  }
  void setProfiling(bool) override {}
  Result<std::vector<KernelStatistics>> collect() override {
    return std::vector<KernelStatistics>();
  }

private:
  Clock::time_point start;
};

class CpuDevice : public Device {
public:
  const char *getName() const override { return "cpu"; }
  DLDevice getDLDevice() const override { return {kDLCPU, 0}; }
  bool isSame(const Device &other) const override {
    return other.getDLDevice().device_type == kDLCPU;
  }
  bool hasKernels() const override { return false; }

  hydragen_device_info describe() const override {
    hydragen_device_info info = {};
    std::strcpy(info.name, "cpu");
    long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGE_SIZE);
    if (pages > 0 && bytes > 0)
      info.memory_bytes =
          static_cast<uint64_t>(pages) * static_cast<uint64_t>(bytes);
    return info;
  }

  Result<uint64_t> allocate(uint64_t bytes) override {
    void *pointer = bytes > INT64_MAX
                        ? nullptr
                        : std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    if (!pointer)
      return Error{HYDRAGEN_INTERNAL,
                   "out of memory (" + std::to_string(bytes) + " bytes)",
                   getName()};
    return toAddress(pointer);
  }
  Status free(uint64_t address) override {
    std::free(toPointer(address));
    return std::nullopt;
  }
  Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
              hydragen_copy_kind) override {
    std::memmove(toPointer(destination), toPointer(source), bytes);
    return std::nullopt;
  }
  Result<std::unique_ptr<Queue>> createQueue(unsigned) override {
    return std::unique_ptr<Queue>(new CpuQueue);
  }
};
} // namespace

Result<std::shared_ptr<Device>> hydragen::runtime::openCpuDevice() {
  return std::shared_ptr<Device>(new CpuDevice);
}
