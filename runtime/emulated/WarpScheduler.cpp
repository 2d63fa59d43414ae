//===- WarpScheduler.cpp - the warps of a block -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"

#include "Exec.h"

#include <algorithm>

using namespace hydragen::emulated;

/// Instructions a warp runs before the next one has its turn.
static constexpr uint64_t quantum = 8192;
/// Rounds without a change of memory after which a random schedule becomes a
/// regular one, so that a stuck block's state can repeat.
static constexpr uint64_t randomRounds = 64;

static uint64_t nextRandom(uint64_t &state) {
  // splitmix64 (Steele, Lea, Flood, 2014).
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void hydragen::emulated::runOrdered(Warp &w, const Op &op, uint32_t mask) {
  Block &block = *w.block;
  uint32_t index = getIndex(w, op);
  if (block.alone || block.hasTurn) {
    block.hadTurn = block.hasTurn;
    block.hasTurn = false;
    if (block.hadTurn)
      w.event = true;
    w.code->ordered[index](w, op, mask);
    return;
  }
  block.wantsTurn = true;
  w.event = true;
  w.pc = index;
  --w.counters.warpInstructions;
  w.counters.laneInstructions -= unsigned(__builtin_popcount(mask));
}

/// Runs the warp until it blocks, ends, used its budget, or the block is at
/// `end` or needs the grid's scheduler.
static EMULATED_INLINE void runWarp(Warp &w, Block &block, uint64_t end) {
  const Op *ops = w.code->ops.data();
  for (;;) {
    if (!w.active && !pickSplit(w))
      return;
    uint64_t steps = std::min(block.budget, end - block.clock);
    if (!steps)
      return;
    uint64_t left = steps;
    uint64_t issued = 0, lanes = 0;
    do {
      const Op &op = ops[w.pc++];
      uint32_t mask = w.active;
      if (op.guard != noSlot)
        mask &=
            op.guardNegated ? ~w.registers[op.guard] : w.registers[op.guard];
      uint64_t counted = op.counted;
      issued += counted;
      // Counting bits is slow without an instruction for it.
      lanes += mask == ~0u ? counted * 32
                           : counted * unsigned(__builtin_popcount(mask));
      --left;
      if (mask)
        op.run(w, op, mask);
    } while (!w.event && w.pc < w.stopPc && left);
    w.counters.warpInstructions += issued;
    w.counters.laneInstructions += lanes;
    block.clock += steps - left;
    block.budget -= std::min(block.budget, steps - left);
    w.event = false;
    if (block.wantsTurn) {
      // The turn is this split's, whatever its budget.
      block.budget = std::max<uint64_t>(block.budget, 1);
      return;
    }
    if (block.aborted)
      return;
    if (w.active && (!w.others.empty() || !block.budget)) {
      Split split{w.active, w.pc};
      split.deferred = !block.budget;
      w.others.push_back(split);
      w.active = 0;
    }
    if (block.hadTurn)
      return;
  }
}

EMULATED_V3 static void runWarpV3(Warp &w, Block &block, uint64_t end) {
  runWarp(w, block, end);
}

static void runWarpBase(Warp &w, Block &block, uint64_t end) {
  runWarp(w, block, end);
}

//===----------------------------------------------------------------------===//
// Blocks that cannot go on
//===----------------------------------------------------------------------===//

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9fb21c651e98df25;
  return hash ^ (hash >> 32);
}

static uint64_t hashWords(uint64_t hash, const void *data, size_t bytes) {
  const uint8_t *p = static_cast<const uint8_t *>(data);
  for (size_t i = 0; i + 8 <= bytes; i += 8) {
    uint64_t word;
    __builtin_memcpy(&word, p + i, 8);
    hash = mix(hash, word);
  }
  return hash;
}

/// All that decides what the block does next while memory does not change.
/// Taken at the end of a round, when each warp has its whole quantum before it.
static uint64_t hashState(const Block &block) {
  uint64_t hash = 1;
  for (const Warp &w : block.warps) {
    hash = mix(hash, w.alive);
    hash = mix(hash, w.active ? uint64_t(w.pc) << 32 | w.active : 0);
    for (const Split &split : w.others) {
      hash = mix(hash, uint64_t(split.pc) << 32 | split.mask);
      hash = mix(hash, uint64_t(split.waitMask) << 32 |
                           uint64_t(uint8_t(split.barrier)) << 8 |
                           split.waits << 1 | split.deferred);
    }
    hash = hashWords(hash, w.registers, size_t(w.code->constantsBegin) * 4);
    hash = hashWords(hash, w.local.data(), w.local.size());
    hash = hashWords(hash, w.committed, sizeof w.committed);
    hash = mix(hash, w.copies.size());
  }
  for (const Barrier &barrier : block.barriers)
    hash = mix(hash, barrier.used);
  return hash | 1;
}

static void publishChanges(Block &block) {
  if (block.changes == block.publishedChanges)
    return;
  block.launch->changes += block.changes - block.publishedChanges;
  block.publishedChanges = block.changes;
}

/// Every warp that could run had its quantum. A state seen before, with no
/// change of memory since, comes again for ever (Brent's algorithm: compare
/// with the state of a round whose number is a power of two).
static void endRound(Block &block) {
  publishChanges(block);
  uint64_t changes = block.launch->changes;
  if (changes != block.seenChanges) {
    block.seenChanges = changes;
    block.seenRounds = block.seenHash = 0;
    block.seenPower = 1;
    return;
  }
  ++block.seenRounds;
  if (block.launch->options.schedule == ScheduleKind::Random &&
      block.seenRounds < randomRounds)
    return;
  uint64_t hash = hashState(block);
  if (hash == block.seenHash) {
    block.stuckAt = changes;
    return;
  }
  if (block.seenRounds >= block.seenPower) {
    block.seenHash = hash;
    block.seenPower = block.seenRounds * 2;
  }
}

void hydragen::emulated::reportDeadlock(Block &block, bool spins,
                                        uint64_t count) {
  block.aborted = true;
  const Function &function = *block.launch->code.function;
  auto place = [&](const Op &op) {
    const Instruction &at = function.instructions[op.source];
    return "PTX line " + std::to_string(at.position.line) + " (" +
           getOneLine(at.text) + ")";
  };
  Fault fault;
  bool first = true;
  unsigned blocked = 0;
  std::vector<std::string> notes;
  for (const Warp &w : block.warps) {
    auto note = [&](const Split &split, std::string text, const Op &op) {
      if (first)
        fault = makeFault(w, op, FaultKind::Deadlock, split.mask, "");
      first = false;
      notes.push_back("warp " + std::to_string(w.index) + " lanes " +
                      formatLanes(split.mask) + " " + std::move(text) + " at " +
                      place(op));
    };
    const std::vector<Op> &ops = w.code->ops;
    blocked += w.alive != 0;
    if (w.active)
      note({w.active, w.pc}, "repeat the same state",
           ops[std::min<size_t>(w.pc, ops.size() - 1)]);
    for (const Split &split : w.others) {
      if (!(split.mask & w.alive))
        continue;
      const Op &here = ops[std::min<size_t>(split.pc, ops.size() - 1)];
      if (split.barrier >= 0) {
        const Barrier &barrier = block.barriers[split.barrier];
        unsigned arrived = 0;
        for (const Warp &other : block.warps)
          arrived += barrier.arrived[other.index] &&
                     !(other.alive & ~barrier.arrived[other.index]);
        std::string wanted =
            barrier.count ? std::to_string(barrier.count / 32) : "all";
        note(split,
             "wait at barrier " + std::to_string(split.barrier) + ", where " +
                 std::to_string(arrived) + " of " + wanted +
                 " warps have arrived,",
             ops[split.pc - 1]);
      } else if (split.waits) {
        note(split,
             "wait for lanes " +
                 formatLanes(split.waitMask & w.alive & ~split.mask),
             here);
      } else {
        note(split, "repeat the same state", here);
      }
    }
  }
  fault.title = "Deadlock: " + std::to_string(blocked) +
                (blocked == 1 ? " warp cannot go on" : " warps cannot go on") +
                (spins ? " (nobody changes the memory they look at)" : "");
  fault.notes = std::move(notes);
  fault.count = count;
  block.launch->faults.add(std::move(fault));
}

Stop hydragen::emulated::runBlock(Block &block, uint64_t limit) {
  const Options &options = block.launch->options;
  unsigned count = unsigned(block.warps.size());
  uint64_t end = block.clock + limit;
  unsigned idle = 0;
  const bool v3 = hasV3();
  block.wantsTurn = block.hadTurn = false;
  for (;;) {
    if (!block.budget) {
      if (++block.nextWarp >= count) {
        block.nextWarp = 0;
        endRound(block);
      }
      block.budget = quantum;
      block.running = options.schedule == ScheduleKind::Reverse
                          ? count - 1 - block.nextWarp
                          : block.nextWarp;
      if (options.schedule == ScheduleKind::Random &&
          block.seenRounds < randomRounds) {
        block.running = unsigned(nextRandom(block.random) % count);
        block.budget = 1 + nextRandom(block.random) % 64;
      }
    }
    Warp &w = block.warps[block.running];
    uint64_t before = block.clock;
    (v3 ? runWarpV3 : runWarpBase)(w, block, end);
    if (block.aborted) {
      publishChanges(block);
      return Stop::Done;
    }
    if (block.wantsTurn || block.hadTurn || block.clock >= end) {
      publishChanges(block);
      return block.wantsTurn ? Stop::Turn : Stop::Limit;
    }
    block.budget = 0;
    idle = block.clock == before ? idle + 1 : 0;
    // With a random order every warp is seen sooner or later; look at all.
    if (idle < count)
      continue;
    idle = 0;
    bool alive = false, runs = false;
    for (Warp &other : block.warps) {
      alive |= other.alive != 0;
      runs |= other.active || pickSplit(other);
    }
    if (!alive) {
      publishChanges(block);
      return Stop::Done;
    }
    for (unsigned i = 0; i < count && !runs; ++i)
      runs = forceSplit(block.warps[i]);
    if (!runs) {
      reportDeadlock(block, /*spins=*/false);
      publishChanges(block);
      return Stop::Done;
    }
  }
}
