//===- ThreadPool.h - parallel_for and spawn behind a context ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_THREADPOOL_H
#define HYDRAGEN_RUNTIME_CORE_THREADPOOL_H

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace hydragen::runtime {

/// Threads that wait for work; callers take part in it. Each thread has a share
/// of a loop's items, neighbours, and runs them in their order, as neighbouring
/// items often read memory that lies side by side, which the hardware fetches
/// ahead. It takes a few at once, up to an eighth of what is left: a lock waits
/// for all that an item has stored. Who has none left takes half of what the
/// largest share has, from its end, so uneven items balance.
///
/// Loops of spawned tasks are bound by memory, as the compiler spawns no
/// others, and the caller's by arithmetic: a quarter of the threads, which is
/// about what memory can feed, works on the former, the others on the latter.
/// An eighth of a task's items is left until the caller's items are gone, for
/// the threads that would wait for the last of them.
class ThreadPool {
public:
  /// `threads` in all, the caller included; at least 1. Fewer when the system
  /// gives no more.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();

  using Body = void (*)(void *closure, int64_t index);
  /// Runs body(closure, i) for i in [0, count). One caller at a time, and one
  /// in each task. Not from within a body.
  void parallelFor(int64_t count, Body body, void *closure);

  using Function = void (*)(void *closure);
  struct Task;
  /// Runs function(copy of the closure's bytes) before `wait` of the result
  /// returns: at once where there are no other threads (or no memory), which is
  /// what null stands for. Waited for once, by the caller of spawn.
  Task *spawn(Function function, void *closure, size_t bytes);
  void wait(Task *task);
  /// Waits for what was not waited for.
  void waitAll();

  /// The most items that a thread takes at once: nobody else runs those.
  static constexpr int64_t kMostAtOnce = 8;

  unsigned getNumThreads() const {
    return static_cast<unsigned>(workers.size()) + 1;
  }

private:
  /// Items [begin, end) of a loop.
  struct Range {
    int64_t begin = 0, end = 0;
    int64_t size() const { return end - begin; }
  };
  /// Items that nobody has taken.
  struct alignas(64) Share {
    mutable std::mutex mutex; // Of the range.
    Range range;
    bool hasOwner = false; // A thread runs them; under the pool's mutex.

    int64_t size() const;
    /// Takes the first items, if there are any; for the owner.
    bool takeFirst(Range &items);
    /// Gives back what the owner took last and has not run.
    void giveBack(const Range &items);
    /// Takes the last item, if there is one.
    bool takeLast(Range &items);
    /// Moves the last half, at least one item if there is one, to `other`,
    /// which has none.
    void split(Share &other);
  };
  /// A loop whose caller has not returned; lives on the caller's stack.
  struct Job {
    int64_t count;
    Body body;
    void *closure;
    bool isTask;
    /// As many as there are threads. Items move between them under the pool's
    /// mutex, so under it none is missed.
    std::unique_ptr<Share[]> shares;
    unsigned numShares;
    unsigned users = 0; // Threads that run items; under the mutex.

    int64_t numItems() const; ///< that nobody has taken
    Share &largest() const;
    bool isDone() const { return users == 0 && numItems() == 0; }
  };
  using Lock = std::unique_lock<std::mutex>;

  void work();
  /// The job that a free thread should take items of, or null.
  Job *pick();
  /// Runs items of `job`: one, or as many as there are for this thread.
  void takeItems(Job &job, Lock &lock, bool one);
  void run(Task &task, Lock &lock);
  /// Takes items, one by one those of jobs that are not `own`, until isDone().
  template <typename Predicate>
  void helpUntil(Lock &lock, const Job *own, Predicate isDone);
  /// A caller waits until isOver(): awake for a while, then asleep.
  template <typename Predicate>
  void await(Lock &lock, Predicate isOver);
  /// There may be items or tasks to take, or none left.
  void announce();

  std::mutex mutex;
  /// Workers wait for the first, callers for the second.
  std::condition_variable wake, done;
  std::vector<Job *> jobs;
  std::vector<std::unique_ptr<Task>> tasks; // Not waited for.
  std::deque<Task *> queue;                 // Not begun.
  bool stop = false;
  const bool maySpin;
  /// Grows with every new job, so that threads look for what is best to do.
  std::atomic<uint64_t> numJobs{0};
  /// Grows with every announcement.
  std::atomic<uint64_t> news{0};
  std::vector<std::thread> workers; // Last: they use the others.
};

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_THREADPOOL_H
