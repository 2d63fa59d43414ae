//===- Device.h - what a device does for modules and calls ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A Device is shared between threads; a Queue is one context's order of work on
// it. Addresses are the device's own: of no use to the host but for cpu.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_DEVICE_H
#define HYDRAGEN_RUNTIME_CORE_DEVICE_H

#include "Manifest.h"
#include "Status.h"

#include <memory>
#include <string>
#include <vector>

namespace hydragen::runtime {

/// An image of a module in memory; `data` of PTX ends with a zero.
struct Image {
  ImageInfo info;
  const void *data = nullptr;
  uint64_t bytes = 0;
};

/// A module's kernels loaded on a device; unloaded with it.
class Kernels {
public:
  virtual ~Kernels() = default;
};

/// As hydragen_host_api's launch has it.
struct Launch {
  uint32_t kernel;
  uint32_t grid[3], block[3];
  uint32_t sharedBytes;
  const void *parameters;
  uint32_t parameterBytes;
};

struct KernelStatistics {
  std::string name;
  uint64_t launches = 0;
  double milliseconds = -1;               // of all launches; < 0: not measured
  std::vector<hydragen_counter> counters; // names are literals
};

/// Work in order. One thread at a time.
class Queue {
public:
  virtual ~Queue() = default;

  virtual Status setStream(void *stream);
  virtual void *getStream() const { return nullptr; }
  /// Whether work goes into a graph instead of being done.
  virtual Result<bool> isCapturing() { return false; }

  /// `name` of the kernel is for statistics and messages.
  virtual Status launch(const Kernels &kernels, const KernelInfo &info,
                        const Launch &launch) = 0;
  /// Copies in order with launches; between host and device it is done when it
  /// returns, on the device when its turn comes.
  virtual Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
                      hydragen_copy_kind kind) = 0;
  virtual Status synchronize() = 0;

  /// Time on the device between the two calls, in ms; stop waits.
  virtual Status startTimer() = 0;
  virtual Result<double> stopTimer() = 0;

  virtual void setProfiling(bool enabled) = 0;
  /// Statistics since profiling was switched on, in order of first launch.
  virtual Result<std::vector<KernelStatistics>> collect() = 0;
  /// Forgets the report of the call before.
  virtual void beginCall() {}
  /// What reports call the memory at an address ("in0").
  virtual void nameMemory(uint64_t address, const std::string &name) {}
  virtual const char *getReport() const { return ""; }
};

class Device {
public:
  virtual ~Device() = default;

  /// "cpu", "cuda", "emulated".
  virtual const char *getName() const = 0;
  virtual DLDevice getDLDevice() const = 0;
  virtual hydragen_device_info describe() const = 0;
  virtual Status configure(const std::string &options);
  /// Whether memory and kernels of one are good for the other.
  virtual bool isSame(const Device &other) const { return this == &other; }

  /// Whether entries of device "cuda" run here, with launches; else those of
  /// device "cpu".
  virtual bool hasKernels() const = 0;
  /// How well the device runs an image; 0: not at all.
  virtual uint32_t rate(const ImageInfo &image) const { return 0; }
  /// `kernels` in the module's order.
  virtual Result<std::unique_ptr<Kernels>>
  load(const std::vector<KernelInfo> &kernels, const Image &image);

  /// Not 0 bytes.
  virtual Result<uint64_t> allocate(uint64_t bytes) = 0;
  virtual Status free(uint64_t address) = 0;
  virtual Status copy(uint64_t destination, uint64_t source, uint64_t bytes,
                      hydragen_copy_kind kind) = 0;

  /// threads: of the host, for devices that compute on it.
  virtual Result<std::unique_ptr<Queue>> createQueue(unsigned threads) = 0;
};

Result<std::shared_ptr<Device>> openCpuDevice();
Result<std::shared_ptr<Device>> openCudaDevice(int ordinal);
Result<std::shared_ptr<Device>> openEmulatedDevice();

/// Host pointers as addresses and back.
inline uint64_t toAddress(const void *pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}
inline void *toPointer(uint64_t address) {
  return reinterpret_cast<void *>(address);
}

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_DEVICE_H
