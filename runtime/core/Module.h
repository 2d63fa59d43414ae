//===- Module.h - loaded modules, contexts, calls ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_MODULE_H
#define HYDRAGEN_RUNTIME_CORE_MODULE_H

#include "Manifest.h"
#include "Status.h"
#include "ThreadPool.h"
#include "hydragen/module.h"

#include <memory>
#include <string>
#include <unordered_map>

/// One entry: what the manifest says of it and where its code is.
struct hydragen_entry {
  hydragen::runtime::EntryInfo info;
  const hydragen_entry_table *code = nullptr;
};

struct hydragen_module {
  std::vector<hydragen_entry> entries;
  void *handle = nullptr; // of dlopen
  ~hydragen_module();
};

struct hydragen_device {
  std::string name;
};

/// Memory accounting, threads and the failure of the current call.
struct hydragen_context {
  explicit hydragen_context(unsigned threads) : pool(threads) {}

  hydragen::runtime::ThreadPool pool;
  std::mutex mutex; // bodies of a parallel_for may allocate and fail
  std::unordered_map<void *, uint64_t> blocks;
  uint64_t liveBytes = 0, peakBytes = 0;
  hydragen::runtime::Status failure;

  void *allocate(uint64_t bytes, uint64_t alignment);
  void deallocate(void *pointer);
};

#endif // HYDRAGEN_RUNTIME_CORE_MODULE_H
