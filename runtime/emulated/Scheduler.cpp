//===- Scheduler.cpp - the blocks of a grid over host threads ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks run in parallel on host threads, and results and counters must not
// depend on how many there are. What blocks can see of each other in a correct
// kernel goes through atomics and strong accesses; these run in one order, that
// of the blocks' logical clocks (warp instructions run), as in Kendo
// (Olszewski, Ansel, Amarasinghe, ASPLOS 2009): a block may run one when no
// other resident block has a lower clock. Everything between them runs freely.
//
// A grid whose kernel has such instructions has a fixed number of residents, so
// that blocks may wait for each other; a block that ends makes place for the
// next one, in the same order. When all residents only wait, more are started.
//===----------------------------------------------------------------------===//

#include "Scheduler.h"

#include <algorithm>
#include <condition_variable>
#include <thread>

using namespace hydragen::emulated;

/// Instructions until a block comes back to let others see its clock.
static constexpr uint64_t share = 100000;
/// Host memory that resident blocks may take, about.
static constexpr uint64_t residentBytes = uint64_t(256) << 20;
static constexpr uint64_t minResidents = 8, maxResidents = 256;

namespace {

class Runner {
public:
  Runner(LaunchState &state, Counters &counters)
      : state(state), counters(counters), ordered(state.code.hasOrdered) {
    const uint32_t *grid = state.launch.grid;
    total = uint64_t(grid[0]) * grid[1] * grid[2];
    threads = unsigned(std::min<uint64_t>(std::max(1u, state.options.threads),
                                          std::min<uint64_t>(total, 1024)));
    limit = ordered ? getMaxResidents() : threads;
    // splitmix64's odd multiplier: an affine map modulo the number of blocks
    // needs a factor prime to it.
    factor = state.options.seed * 2 + 1;
    auto divides = [&](uint64_t f) {
      uint64_t a = f, b = total;
      while (b)
        std::swap(a %= b, b);
      return a != 1;
    };
    factor = 1 + (factor * 0x9e3779b1) % total;
    while (divides(factor))
      ++factor;
  }

  void run() {
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i) {
      // Fewer threads give the same result.
      try {
        others.emplace_back([this] { work(); });
      } catch (const std::system_error &) {
        break;
      }
    }
    work();
    for (std::thread &thread : others)
      thread.join();
  }

private:
  enum class Status : uint8_t { Ready, Running, Turn, Finished };
  struct Resident {
    std::unique_ptr<Block> block;
    /// Place in the order of blocks.
    uint64_t rank = 0;
    /// As of when it last stood still.
    uint64_t clock = 0;
    Status status = Status::Ready;
    bool started = false;
  };

  uint64_t getMaxResidents() const {
    uint64_t bytes =
        uint64_t(state.warpsPerBlock) * (uint64_t(state.code.fileSize) * 4 +
                                         uint64_t(state.code.localBytes) * 64 +
                                         uint64_t(state.sharedBytes) * 2) +
        uint64_t(state.sharedBytes) * 4 + 1;
    return std::clamp(residentBytes / bytes, minResidents, maxResidents);
  }

  /// The number of the block at a place in the order.
  uint64_t getBlock(uint64_t rank) const {
    switch (state.options.schedule) {
    case ScheduleKind::RoundRobin:
      return rank;
    case ScheduleKind::Reverse:
      return total - 1 - rank;
    case ScheduleKind::Random:
      return uint64_t((unsigned __int128)(rank)*factor % total);
    }
    return rank;
  }

  void admit(uint64_t clock) {
    auto resident = std::make_unique<Resident>();
    resident->rank = next++;
    resident->clock = clock;
    residents.push_back(std::move(resident));
  }

  /// The block is done: its counters, its place for the next one.
  void retire(Resident &resident) {
    for (const Warp &w : resident.block->warps)
      counters.add(w.counters);
    spare.push_back(std::move(resident.block));
    uint64_t clock = resident.clock;
    residents.erase(std::find_if(
        residents.begin(), residents.end(),
        [&](const auto &other) { return other.get() == &resident; }));
    if (ordered && next < total && residents.size() < limit)
      admit(clock);
  }

  bool isStuck(const Resident &resident) const {
    return resident.started && resident.block->stuckAt == state.changes.load();
  }

  /// The resident with the lowest clock.
  Resident *getFirst() const {
    Resident *first = nullptr;
    for (const auto &resident : residents)
      if (!first || std::tie(resident->clock, resident->rank) <
                        std::tie(first->clock, first->rank))
        first = resident.get();
    return first;
  }

  Resident *choose() {
    if (!ordered) {
      uint64_t moving = 0;
      for (const auto &resident : residents)
        moving += !isStuck(*resident);
      while (next < total && moving < limit) {
        admit(0);
        ++moving;
      }
    } else {
      while (next < total && residents.size() < limit)
        admit(0);
      while (Resident *first = getFirst()) {
        if (first->status == Status::Finished) {
          retire(*first);
          continue;
        }
        if (first->status == Status::Turn && !checkStuck()) {
          first->block->hasTurn = true;
          return first;
        }
        break;
      }
    }
    if (checkStuck())
      return choose();
    Resident *best = nullptr;
    for (const auto &resident : residents) {
      if (resident->status != Status::Ready)
        continue;
      auto key = [&](const Resident &r) {
        return std::make_tuple(!ordered && isStuck(r), r.clock, r.rank);
      };
      if (!best || key(*resident) < key(*best))
        best = resident.get();
    }
    return best;
  }

  /// Whether all that are there repeat themselves. Starts more, or ends them.
  bool checkStuck() {
    if (running || residents.empty())
      return false;
    for (const auto &resident : residents)
      if (resident->status == Status::Finished || !isStuck(*resident))
        return false;
    if (next < total) {
      admit(getFirst()->clock);
      return true;
    }
    std::vector<Resident *> stuck;
    for (const auto &resident : residents)
      stuck.push_back(resident.get());
    // They wait for each other: one report, of the first block.
    auto first = std::min_element(stuck.begin(), stuck.end(),
                                  [](Resident *a, Resident *b) {
                                    return a->block->linear < b->block->linear;
                                  });
    reportDeadlock(*(*first)->block, /*spins=*/true, stuck.size());
    for (Resident *resident : stuck)
      retire(*resident);
    return true;
  }

  void start(Resident &resident) {
    if (spare.empty()) {
      resident.block = std::make_unique<Block>();
    } else {
      resident.block = std::move(spare.back());
      spare.pop_back();
    }
    resident.started = true;
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      Resident *resident = choose();
      if (!resident) {
        if (residents.empty())
          break;
        changed.wait(lock);
        continue;
      }
      bool fresh = !resident->started;
      if (fresh)
        start(*resident);
      resident->status = Status::Running;
      ++running;
      uint64_t number = getBlock(resident->rank);
      Block &block = *resident->block;
      lock.unlock();
      if (fresh) {
        startBlock(state, block, number);
        block.clock = resident->clock;
        block.alone = total == 1;
      }
      Stop stop = runBlock(block, share);
      lock.lock();
      --running;
      resident->clock = block.clock;
      switch (stop) {
      case Stop::Limit:
        resident->status = Status::Ready;
        break;
      case Stop::Turn:
        resident->status = Status::Turn;
        break;
      case Stop::Done:
        // Which block comes next at which clock must not depend on who ended
        // first in real time.
        resident->status = Status::Finished;
        if (!ordered || next == total)
          retire(*resident);
        break;
      }
      if (threads > 1)
        changed.notify_all();
    }
    changed.notify_all();
  }

  LaunchState &state;
  Counters &counters;
  const bool ordered;
  unsigned threads = 1;
  uint64_t total = 0, limit = 0, next = 0, factor = 1;
  unsigned running = 0;
  std::vector<std::unique_ptr<Resident>> residents;
  std::vector<std::unique_ptr<Block>> spare;
  std::mutex mutex;
  std::condition_variable changed;
};

} // namespace

void hydragen::emulated::runBlocks(LaunchState &state, Counters &counters) {
  Runner(state, counters).run();
}
