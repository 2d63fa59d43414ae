//===- ThreadPoolTest.cpp - parallel_for ------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ThreadPool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace hydragen::runtime;

#ifndef __has_feature
#define __has_feature(x) 0
#endif

namespace {
struct Counters {
  std::vector<std::atomic<int>> seen;
  explicit Counters(size_t count) : seen(count) {}
  static void body(void *closure, int64_t index) {
    ++static_cast<Counters *>(closure)->seen[index];
  }
};

TEST(ThreadPool, EveryItemOnce) {
  for (unsigned threads : {1u, 2u, 3u, 8u}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.getNumThreads(), threads);
    for (int64_t count : {0, 1, 2, 7, 1000}) {
      Counters counters(count);
      pool.parallelFor(count, Counters::body, &counters);
      for (auto &seen : counters.seen)
        EXPECT_EQ(seen, 1);
    }
    Counters none(1);
    pool.parallelFor(-1, Counters::body, &none);
    EXPECT_EQ(none.seen[0], 0);
  }
}

TEST(ThreadPool, ManyShortCallsReuseTheThreads) {
  ThreadPool pool(4);
  Counters counters(5);
  for (int i = 0; i != 2000; ++i)
    pool.parallelFor(5, Counters::body, &counters);
  for (auto &seen : counters.seen)
    EXPECT_EQ(seen, 2000);
}

TEST(ThreadPool, ResultsAreSeenByTheCaller) {
  // Plain memory: the return of parallelFor is what orders the accesses.
  ThreadPool pool(4);
  std::vector<int64_t> squares(500);
  for (int round = 0; round != 50; ++round) {
    pool.parallelFor(
        500,
        [](void *closure, int64_t i) {
          static_cast<int64_t *>(closure)[i] += i * i;
        },
        squares.data());
    ASSERT_EQ(squares[499], 499 * 499 * (round + 1));
  }
}

/// The threads' first items, which begin together.
struct FirstItems {
  std::mutex mutex;
  std::vector<int64_t> items;
  std::atomic<unsigned> begun{0};
  unsigned threads;

  static void body(void *closure, int64_t item) {
    thread_local FirstItems *seen = nullptr;
    auto &first = *static_cast<FirstItems *>(closure);
    if (seen == &first)
      return;
    seen = &first;
    {
      std::lock_guard<std::mutex> lock(first.mutex);
      first.items.push_back(item);
    }
    ++first.begun;
    while (first.begun < first.threads)
      std::this_thread::yield();
  }
};

TEST(ThreadPool, NeighboursOnOneThread) {
  ThreadPool pool(3);
  FirstItems first;
  first.threads = pool.getNumThreads();
  pool.parallelFor(11, FirstItems::body, &first);
  std::sort(first.items.begin(), first.items.end());
  EXPECT_EQ(first.items, (std::vector<int64_t>{0, 4, 8}));
}

/// The first item runs until all others have run but those that its thread took
/// with it.
struct LongItem {
  static constexpr int kItems = 1000;
  std::atomic<int> done{0};
  static void body(void *closure, int64_t item) {
    auto &item0 = *static_cast<LongItem *>(closure);
    while (item == 0 && item0.done < kItems - ThreadPool::kMostAtOnce)
      std::this_thread::yield();
    ++item0.done;
  }
};

TEST(ThreadPool, OthersTakeTheItemsOfAThreadThatIsLate) {
  for (unsigned threads : {2u, 3u, 8u}) {
    ThreadPool pool(threads);
    LongItem longItem;
    pool.parallelFor(LongItem::kItems, LongItem::body, &longItem);
    EXPECT_EQ(longItem.done, LongItem::kItems);
  }
}

/// A thread leaves for a new loop and gives back what it has taken, when the
/// caller already waits: two of these items run at the same time.
struct GivenBack {
  static constexpr int kItems = 300;
  ThreadPool *pool;
  std::thread::id caller;
  std::atomic<std::thread::id> task{};
  std::atomic<bool> begun{false}, go{false}, left{false};
  std::atomic<int> done{0}, others{0}, together{0};

  static void run(void *closure) {
    GivenBack &test = **static_cast<GivenBack **>(closure);
    test.task = std::this_thread::get_id();
    while (!test.go)
      std::this_thread::yield();
    test.pool->parallelFor(2, otherItem, &test);
  }
  static void otherItem(void *closure, int64_t) {
    auto &test = *static_cast<GivenBack *>(closure);
    ++test.others;
    while (std::this_thread::get_id() == test.task && test.together < 2)
      std::this_thread::yield();
  }
  static void item(void *closure, int64_t) {
    auto &test = *static_cast<GivenBack *>(closure);
    if (test.left) {
      ++test.together;
      while (test.together < 2)
        std::this_thread::yield();
    } else if (std::this_thread::get_id() == test.caller) {
      while (!test.begun) // The other has a share of its own.
        std::this_thread::yield();
    } else if (!test.begun.exchange(true)) {
      while (test.done < kItems - ThreadPool::kMostAtOnce)
        std::this_thread::yield();
      test.go = true;
      while (test.others < 2)
        std::this_thread::yield();
      // The caller falls asleep.
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      test.left = true;
    }
    ++test.done;
  }
};

TEST(ThreadPool, ItemsThatAreGivenBackAreAnnounced) {
  ThreadPool pool(3);
  GivenBack test;
  test.pool = &pool;
  test.caller = std::this_thread::get_id();
  GivenBack *closure = &test;
  ThreadPool::Task *task =
      pool.spawn(GivenBack::run, &closure, sizeof(closure));
  while (test.task.load() == std::thread::id())
    std::this_thread::yield();
  pool.parallelFor(GivenBack::kItems, GivenBack::item, &test);
  pool.wait(task);
  EXPECT_EQ(test.done, GivenBack::kItems);
  EXPECT_GE(test.together, 2);
}

/// A task that runs a loop of its own.
struct Loop {
  ThreadPool *pool;
  Counters *counters;
  static void run(void *closure) {
    auto &loop = *static_cast<Loop *>(closure);
    loop.pool->parallelFor(loop.counters->seen.size(), Counters::body,
                           loop.counters);
  }
};

TEST(ThreadPool, TasksAndTheirCallersLoopSideBySide) {
  for (unsigned threads : {1u, 2u, 3u, 8u}) {
    ThreadPool pool(threads);
    for (int round = 0; round != 100; ++round) {
      Counters first(37), second(1), own(113);
      Loop loop{&pool, &first};
      ThreadPool::Task *one = pool.spawn(Loop::run, &loop, sizeof(loop));
      // The closure is a copy.
      loop.counters = &second;
      ThreadPool::Task *two = pool.spawn(Loop::run, &loop, sizeof(loop));
      loop.counters = nullptr;
      for (int i = 0; i != 3; ++i)
        pool.parallelFor(113, Counters::body, &own);
      pool.wait(one);
      for (auto &seen : first.seen)
        ASSERT_EQ(seen, 1);
      pool.wait(two);
      ASSERT_EQ(second.seen[0], 1);
      for (auto &seen : own.seen)
        ASSERT_EQ(seen, 3);
    }
  }
}

TEST(ThreadPool, WaitsForTasksThatNobodyWaitedFor) {
  ThreadPool pool(3);
  Counters first(50), second(50);
  Loop loop{&pool, &first};
  pool.spawn(Loop::run, &loop, sizeof(loop));
  loop.counters = &second;
  pool.spawn(Loop::run, &loop, sizeof(loop));
  pool.waitAll();
  for (Counters *counters : {&first, &second})
    for (auto &seen : counters->seen)
      EXPECT_EQ(seen, 1);
  pool.waitAll();
}

/// Loops of a task and its caller, which begin together, and watch how many
/// threads the task has.
struct Shares {
  static constexpr int kItems = 40000;
  ThreadPool *pool;
  std::atomic<int> begun{0}, active{0}, most{0}, together{0};

  static void task(void *closure) {
    Shares *shares = *static_cast<Shares **>(closure);
    while (shares->begun == 0)
      std::this_thread::yield();
    shares->pool->parallelFor(4000, taskItem, shares);
  }
  static void taskItem(void *closure, int64_t) {
    auto &shares = *static_cast<Shares *>(closure);
    int threads = ++shares.active;
    for (int i = 0; i != 8; ++i) // Others get their turn.
      std::this_thread::yield();
    // The caller's loop has items that nobody has taken, so this one was taken
    // beside them.
    if (shares.begun < kItems - 8 * ThreadPool::kMostAtOnce) {
      ++shares.together;
      int old = shares.most;
      while (old < threads && !shares.most.compare_exchange_weak(old, threads))
        ;
    }
    --shares.active;
  }
  static void callersItem(void *closure, int64_t) {
    auto &shares = *static_cast<Shares *>(closure);
    ++shares.begun;
    while (shares.together == 0)
      std::this_thread::yield();
  }
};

TEST(ThreadPool, AQuarterOfTheThreadsForATask) {
  for (int round = 0; round != 5; ++round) {
    ThreadPool pool(8);
    Shares shares{&pool};
    Shares *closure = &shares;
    ThreadPool::Task *task =
        pool.spawn(Shares::task, &closure, sizeof(closure));
    pool.parallelFor(Shares::kItems, Shares::callersItem, &shares);
    pool.wait(task);
    EXPECT_EQ(shares.begun, Shares::kItems);
    EXPECT_GT(shares.together, 0);
    EXPECT_LE(shares.most, 2);
  }
}

/// Runs in a child: address space for some thirty stacks only.
[[noreturn]] void startTooManyThreads() {
  rlimit limit{256 << 20, 256 << 20};
  setrlimit(RLIMIT_AS, &limit);
  ThreadPool pool(4096);
  Counters counters(1000);
  pool.parallelFor(1000, Counters::body, &counters);
  bool good = pool.getNumThreads() < 4096;
  for (auto &seen : counters.seen)
    good &= seen == 1;
  _exit(good ? 0 : 1);
}

/// Where the system gives no threads, the ones there do the work.
TEST(ThreadPool, FewerThreadsThanWanted) {
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "the sanitizer reserves terabytes of address space";
#endif
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(startTooManyThreads(), testing::ExitedWithCode(0), "");
}
} // namespace
