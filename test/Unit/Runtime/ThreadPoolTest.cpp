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
