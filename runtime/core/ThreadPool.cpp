//===- ThreadPool.cpp - parallel_for and spawn behind a context -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>

using namespace hydragen::runtime;

struct ThreadPool::Task {
  Function function;
  std::vector<std::max_align_t> closure;
  bool done = false; // Under the mutex.
};

/// Tells the processor that the thread waits in a loop.
static void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Whether this thread runs a task.
static thread_local bool inTask = false;

ThreadPool::ThreadPool(unsigned threads)
    : maySpin(threads <= std::thread::hardware_concurrency()) {
  Lock lock(mutex); // They begin when all are there.
  try {
    for (unsigned i = 1; i < threads; ++i)
      workers.emplace_back([this] { work(); });
  } catch (...) {
    // The system gives no more threads (or memory): the ones there do the work.
  }
}

ThreadPool::~ThreadPool() {
  {
    Lock lock(mutex);
    stop = true;
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

int64_t ThreadPool::Share::size() const {
  std::lock_guard<std::mutex> lock(mutex);
  return range.size();
}

bool ThreadPool::Share::takeFirst(Range &items) {
  std::lock_guard<std::mutex> lock(mutex);
  int64_t most = std::clamp<int64_t>(range.size() / 8, 1, kMostAtOnce);
  items.begin = range.begin;
  items.end = range.begin = std::min(range.begin + most, range.end);
  return items.size() != 0;
}

void ThreadPool::Share::giveBack(const Range &items) {
  std::lock_guard<std::mutex> lock(mutex);
  if (items.size() != 0)
    range.begin = items.begin; // They ended there; others take the last ones.
}

bool ThreadPool::Share::takeLast(Range &items) {
  std::lock_guard<std::mutex> lock(mutex);
  items.end = range.end;
  items.begin = range.end = std::max(range.begin, range.end - 1);
  return items.size() != 0;
}

void ThreadPool::Share::split(Share &other) {
  std::scoped_lock lock(mutex, other.mutex);
  other.range.end = range.end;
  range.end = other.range.begin = range.begin + range.size() / 2;
}

int64_t ThreadPool::Job::numItems() const {
  int64_t items = 0;
  for (unsigned i = 0; i < numShares; ++i)
    items += shares[i].size();
  return items;
}

ThreadPool::Share &ThreadPool::Job::largest() const {
  return *std::max_element(
      shares.get(), shares.get() + numShares,
      [](const Share &x, const Share &y) { return x.size() < y.size(); });
}

ThreadPool::Job *ThreadPool::pick() {
  unsigned share = std::max(1u, getNumThreads() / 4);
  Job *last = nullptr;
  for (Job *job : jobs) {
    int64_t items = job->numItems();
    if (items == 0)
      continue;
    bool early = items > job->count / 8;
    if (job->isTask && early && job->users < share)
      return job;
    if (!last || last->isTask)
      last = job;
  }
  return last;
}

void ThreadPool::takeItems(Job &job, Lock &lock, bool one) {
  int64_t left = job.isTask && jobs.size() > 1 ? job.count / 8 : 0;
  uint64_t seen = numJobs.load(std::memory_order_relaxed);
  // The largest share that nobody runs.
  Share *own = nullptr;
  for (unsigned i = 0; i < job.numShares && !one; ++i)
    if (Share &share = job.shares[i];
        !share.hasOwner && (!own || share.size() > own->size()))
      own = &share;
  if (own)
    own->hasOwner = true;
  ++job.users;
  lock.unlock();
  Range items;
  do {
    if (items.size() == 0 && (!own || !own->takeFirst(items))) {
      lock.lock();
      Share &largest = job.largest();
      if (own && own != &largest)
        largest.split(*own);
      bool found = own ? own->takeFirst(items) : largest.takeLast(items);
      lock.unlock();
      if (!found)
        break;
    }
    job.body(job.closure, items.begin++);
  } while (!one && (left == 0 || job.numItems() > left) &&
           numJobs.load(std::memory_order_relaxed) == seen);
  lock.lock();
  if (own) {
    own->giveBack(items);
    own->hasOwner = false;
  }
  --job.users;
  // Who saw no items before may wait for those that are given back.
  if (items.size() != 0 || job.isDone())
    announce();
}

void ThreadPool::run(Task &task, Lock &lock) {
  lock.unlock();
  inTask = true;
  task.function(task.closure.data());
  inTask = false;
  lock.lock();
  task.done = true;
  announce();
}

void ThreadPool::work() {
  Lock lock(mutex);
  for (;;) {
    Job *job = nullptr;
    wake.wait(lock, [&] { return stop || !queue.empty() || (job = pick()); });
    if (stop)
      return;
    if (!queue.empty()) {
      Task *task = queue.front();
      queue.pop_front();
      run(*task, lock);
    } else {
      takeItems(*job, lock, /*one=*/false);
    }
  }
}

template <typename Predicate>
void ThreadPool::await(Lock &lock, Predicate isOver) {
  if (isOver())
    return;
  // What a caller waits for is often an item that is about to end, and a thread
  // that sleeps takes long to wake up.
  constexpr std::chrono::microseconds kSpin(100);
  if (maySpin) {
    uint64_t seen = news.load(std::memory_order_relaxed);
    lock.unlock();
    auto begin = std::chrono::steady_clock::now();
    while (news.load(std::memory_order_relaxed) == seen &&
           std::chrono::steady_clock::now() - begin < kSpin)
      pause();
    lock.lock();
  }
  done.wait(lock, isOver);
}

template <typename Predicate>
void ThreadPool::helpUntil(Lock &lock, const Job *own, Predicate isDone) {
  while (!isDone()) {
    if (Job *job = pick())
      takeItems(*job, lock, /*one=*/job != own);
    else
      await(lock, [&] { return isDone() || pick(); });
  }
}

void ThreadPool::announce() {
  news.fetch_add(1, std::memory_order_relaxed);
  wake.notify_all();
  done.notify_all();
}

void ThreadPool::parallelFor(int64_t count, Body body, void *closure) {
  Job job{count, body, closure, inTask, nullptr, getNumThreads()};
  Lock lock(mutex, std::defer_lock);
  bool alone = workers.empty() || count <= 1;
  try {
    if (!alone) {
      job.shares = std::make_unique<Share[]>(job.numShares);
      for (int64_t i = 0, begin = 0; i < job.numShares; ++i) {
        // The first ones have the items that are over.
        Range &range = job.shares[i].range;
        range.begin = begin;
        begin += count / job.numShares + (i < count % job.numShares);
        range.end = begin;
      }
      lock.lock();
      jobs.push_back(&job);
    }
  } catch (const std::bad_alloc &) {
    if (lock)
      lock.unlock();
    alone = true;
  }
  if (alone) {
    for (int64_t i = 0; i < count; ++i)
      body(closure, i);
    return;
  }
  numJobs.fetch_add(1, std::memory_order_relaxed);
  announce();
  takeItems(job, lock, /*one=*/false);
  helpUntil(lock, &job, [&] { return job.isDone(); });
  jobs.erase(std::find(jobs.begin(), jobs.end(), &job));
}

ThreadPool::Task *ThreadPool::spawn(Function function, void *closure,
                                    size_t bytes) {
  if (!workers.empty()) {
    try {
      auto task = std::make_unique<Task>();
      task->function = function;
      task->closure.resize(bytes / sizeof(std::max_align_t) + 1);
      std::memcpy(task->closure.data(), closure, bytes);
      Lock lock(mutex);
      tasks.reserve(tasks.size() + 1);
      queue.push_back(task.get());
      tasks.push_back(std::move(task));
      announce();
      return queue.back();
    } catch (const std::bad_alloc &) {
      // It runs here.
    }
  }
  function(closure);
  return nullptr;
}

void ThreadPool::wait(Task *task) {
  if (!task)
    return;
  Lock lock(mutex);
  auto position = std::find(queue.begin(), queue.end(), task);
  if (position != queue.end()) {
    queue.erase(position);
    run(*task, lock);
  }
  helpUntil(lock, nullptr, [&] { return task->done; });
  tasks.erase(std::find_if(
      tasks.begin(), tasks.end(),
      [&](const std::unique_ptr<Task> &one) { return one.get() == task; }));
}

void ThreadPool::waitAll() {
  for (;;) {
    Task *task;
    {
      Lock lock(mutex);
      if (tasks.empty())
        return;
      task = tasks.back().get();
    }
    wait(task);
  }
}
