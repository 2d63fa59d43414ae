//===- ThreadPool.h - parallel_for behind a context -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_THREADPOOL_H
#define HYDRAGEN_RUNTIME_CORE_THREADPOOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace hydragen::runtime {

/// Threads that wait for work; the caller takes part in it. Items are handed
/// out by an atomic counter, so uneven items balance.
class ThreadPool {
public:
  /// `threads` in all, the caller included; at least 1. Fewer when the system
  /// gives no more.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();

  using Body = void (*)(void *closure, int64_t index);
  /// Runs body(closure, i) for i in [0, count). One caller at a time.
  void parallelFor(int64_t count, Body body, void *closure);

  unsigned getNumThreads() const {
    return static_cast<unsigned>(workers.size()) + 1;
  }

private:
  void work();
  void takeItems();

  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake, done;
  uint64_t generation = 0;
  unsigned busy = 0;
  bool stop = false;
  std::atomic<int64_t> next{0};
  int64_t count = 0;
  Body body = nullptr;
  void *closure = nullptr;
};

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_THREADPOOL_H
