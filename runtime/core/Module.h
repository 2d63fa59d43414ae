//===- Module.h - loaded modules, contexts, calls ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_MODULE_H
#define HYDRAGEN_RUNTIME_CORE_MODULE_H

#include "Device.h"
#include "Manifest.h"
#include "Status.h"
#include "ThreadPool.h"
#include "hydragen/module.h"

#include <memory>
#include <string>
#include <unordered_map>

struct hydragen_device {
  std::shared_ptr<hydragen::runtime::Device> device;
};

/// One entry: what the manifest says of it and where its code is.
struct hydragen_entry {
  hydragen::runtime::EntryInfo info;
  const hydragen_entry_table *code = nullptr;
  const hydragen_module *module = nullptr;
};

struct hydragen_module {
  std::shared_ptr<hydragen::runtime::Device> device;
  std::vector<hydragen_entry> entries;
  std::vector<hydragen::runtime::KernelInfo> kernelInfos;
  std::unique_ptr<hydragen::runtime::Kernels> kernels; // null: none
  void *handle = nullptr;                              // of dlopen
  ~hydragen_module();
};

/// Memory accounting, threads and the failure of the current call.
struct hydragen_context {
  hydragen_context(std::shared_ptr<hydragen::runtime::Device> device,
                   std::unique_ptr<hydragen::runtime::Queue> queue,
                   unsigned threads)
      : device(std::move(device)), queue(std::move(queue)), threads(threads) {}
  ~hydragen_context();

  std::shared_ptr<hydragen::runtime::Device> device;
  std::unique_ptr<hydragen::runtime::Queue> queue;
  unsigned threads;
  std::mutex mutex; // bodies of a parallel_for may allocate and fail
  std::unordered_map<void *, uint64_t> blocks;
  std::unordered_map<uint64_t, uint64_t> deviceBlocks;
  uint64_t liveBytes = 0, peakBytes = 0, hostCopiesBytes = 0;
  hydragen::runtime::Status failure;
  const hydragen_module *module = nullptr; // of the current call

  // The context's own workspace on a device with kernels: work that was
  // enqueued may still use it, so it stays.
  uint64_t workspace = 0, workspaceBytes = 0;

  // What hydragen_context_kernels gave out.
  std::vector<hydragen::runtime::KernelStatistics> statistics;
  std::vector<hydragen_kernel_statistics> statisticsForC;

  void *allocate(uint64_t bytes, uint64_t alignment);
  void deallocate(void *pointer);
  hydragen::runtime::Result<uint64_t> deviceAllocate(uint64_t bytes);
  hydragen::runtime::Status deviceFree(uint64_t address);
  /// Records a failure of the current call; the first one wins.
  void fail(hydragen::runtime::Error error);
  /// Started by the first use: a context that only launches needs none.
  hydragen::runtime::ThreadPool &getPool();
  /// Waits for the tasks that an entry did not wait for.
  void finishTasks();

private:
  void count(uint64_t bytes) {
    liveBytes += bytes;
    peakBytes = std::max(peakBytes, liveBytes);
  }
  std::unique_ptr<hydragen::runtime::ThreadPool> pool;
};

namespace hydragen::runtime {

/// What of a module a device uses.
struct Selection {
  std::vector<size_t> entries;
  std::optional<size_t> image; // none: the module has no kernels
};
/// The error says why there is nothing for this device.
Result<Selection> select(const Manifest &manifest, const Device &device);

/// The manifest of a module file; errors have the path as their place.
Result<Manifest> readModuleManifest(const char *path);

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_MODULE_H
