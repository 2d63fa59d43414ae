//===- ThreadPool.cpp - parallel_for behind a context -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"

using namespace hydragen::runtime;

ThreadPool::ThreadPool(unsigned threads) {
  try {
    for (unsigned i = 1; i < threads; ++i)
      workers.emplace_back([this] { work(); });
  } catch (...) {
    // The system gives no more threads (or memory): the ones there do the work.
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stop = true;
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::takeItems() {
  for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;)
    body(closure, i);
}

void ThreadPool::work() {
  uint64_t seen = 0;
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) {
    wake.wait(lock, [&] { return stop || generation != seen; });
    if (stop)
      return;
    seen = generation;
    lock.unlock();
    takeItems();
    lock.lock();
    if (--busy == 0)
      done.notify_one();
  }
}

void ThreadPool::parallelFor(int64_t numItems, Body itemBody,
                             void *itemClosure) {
  if (workers.empty() || numItems <= 1) {
    for (int64_t i = 0; i < numItems; ++i)
      itemBody(itemClosure, i);
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex);
    count = numItems;
    body = itemBody;
    closure = itemClosure;
    next.store(0, std::memory_order_relaxed);
    busy = static_cast<unsigned>(workers.size());
    ++generation;
  }
  wake.notify_all();
  takeItems();
  std::unique_lock<std::mutex> lock(mutex);
  done.wait(lock, [&] { return busy == 0; });
}
