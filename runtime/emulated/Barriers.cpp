//===- Barriers.cpp - block barriers ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.13.1. Without a thread count a barrier expects all threads of the
// block that have not exited; with one, count / 32 warps.
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include <cstring>

using namespace hydragen::emulated;

static bool isComplete(const Block &block, const Barrier &barrier) {
  unsigned warps = 0;
  bool all = true;
  for (const Warp &w : block.warps) {
    uint32_t arrived = barrier.arrived[w.index];
    if (w.alive & ~arrived)
      all = false;
    else if (arrived)
      ++warps;
  }
  return barrier.count ? warps * 32 >= barrier.count : all;
}

/// Writes the result of barrier.red to the lanes `mask`.
static void writeReduction(Warp &w, const Op &op, uint32_t mask,
                           uint32_t result) {
  if (op.flags & barrierPredicate) {
    uint32_t &p = w.registers[op.d];
    p = (p & ~mask) | (result ? mask : 0);
    return;
  }
  for (int lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1)
      w.registers[op.d + lane] = result;
}

/// Lets all who wait go on; the result of a reduction.
static uint32_t complete(Block &block, unsigned id) {
  Barrier &barrier = block.barriers[id];
  uint32_t waiting = 0;
  for (const Warp &w : block.warps)
    if (barrier.waiting[w.index])
      waiting |= 1u << w.index;
  acquireAll(block, waiting, barrier.clocks, barrier.known);
  uint32_t result = barrier.reduction == reductionPopc ? barrier.votes
                    : barrier.reduction == reductionAnd
                        ? barrier.votes == barrier.threads
                        : barrier.votes != 0;
  for (Warp &w : block.warps)
    for (Split &split : w.others)
      if (split.barrier == int(id)) {
        split.barrier = -1;
        const Op &op = w.code->ops[split.pc - 1];
        if (barrier.reduction)
          writeReduction(w, op, split.mask, result);
      }
  barrier = Barrier();
  return result;
}

void hydragen::emulated::leaveBarriers(Block &block) {
  for (unsigned id = 0; id < 16; ++id)
    if (block.barriers[id].used && isComplete(block, block.barriers[id]))
      complete(block, id);
}

static void fail(Warp &w, const Op &op, FaultKind kind, uint32_t mask,
                 std::string title, std::string note, int64_t other = -1) {
  w.block->disordered = true;
  if (!checksOn(w))
    return;
  Fault fault = makeFault(w, op, kind, mask, std::move(title));
  fault.otherInstruction = other;
  fault.notes.push_back(std::move(note));
  report(w, std::move(fault));
}

static void arrive(Warp &w, const Op &op, uint32_t mask, uint32_t id,
                   uint32_t count) {
  Block &block = *w.block;
  if (id >= 16) {
    fail(w, op, FaultKind::BadOperand, mask,
         "Barrier error detected. Invalid arguments",
         "barrier " + std::to_string(id) + " does not exist (there are 16)");
    return;
  }
  if (count % 32) {
    fail(w, op, FaultKind::BadOperand, mask,
         "Barrier error detected. Invalid arguments",
         "a thread count of " + std::to_string(count) +
             " is no multiple of the warp size");
    count = (count + 31) / 32 * 32;
  }
  std::string name = "barrier " + std::to_string(id);
  if (count > (block.launch->threadsPerBlock + 31) / 32 * 32) {
    fail(w, op, FaultKind::BarrierCount, mask,
         "Barrier error detected. Thread count exceeds the block",
         name + " expects " + std::to_string(count) +
             " threads, the block has " +
             std::to_string(block.launch->threadsPerBlock));
    count = 0;
  }
  bool isArrive = (op.flags & 3) == barrierArrive;
  uint8_t reduction = op.flags >> barrierReductionShift & 3;
  Barrier &barrier = block.barriers[id];
  if (!barrier.used) {
    barrier.used = true;
    barrier.count = count;
    barrier.reduction = reduction;
    barrier.source = op.source;
  } else {
    auto describe = [](uint32_t threads) {
      return threads ? std::to_string(threads) : std::string("all");
    };
    if (barrier.count != count)
      fail(w, op, FaultKind::BarrierCount, mask,
           "Barrier error detected. Different thread counts",
           name + " is in use for " + describe(barrier.count) +
               " threads, here for " + describe(count),
           barrier.source);
    // The smaller count lets more go on after the report.
    if (count && (!barrier.count || count < barrier.count))
      barrier.count = count;
    if (barrier.reduction != reduction)
      fail(w, op, FaultKind::BarrierCount, mask,
           "Barrier error detected. Mixed kinds of barrier",
           name + " is used by .red and by other forms, or by different "
                  "operations, at once",
           barrier.source);
  }
  if (barrier.arrived[w.index] & mask)
    fail(w, op, FaultKind::BarrierCount, mask,
         "Barrier error detected. Second arrival",
         "the warp has arrived at " + name + " already and it is not complete",
         barrier.source);
  barrier.arrived[w.index] |= mask;
  if (!isArrive)
    barrier.waiting[w.index] |= mask;
  barrier.threads += unsigned(__builtin_popcount(mask));
  if (reduction)
    barrier.votes += unsigned(__builtin_popcount(mask & w.registers[op.c]));
  releaseTo(w, barrier.clocks, barrier.known);
  if (isComplete(block, barrier)) {
    uint32_t result = complete(block, id);
    if (reduction)
      writeReduction(w, op, mask, result);
    w.event = true;
  } else if (!isArrive) {
    Split how{};
    how.barrier = int8_t(id);
    park(w, op, mask, how, /*after=*/true);
  }
}

void hydragen::emulated::runBarrier(Warp &w, const Op &op, uint32_t mask) {
  if ((op.flags & barrierAligned) &&
      !checkConverged(w, op, mask, /*wholeWarp=*/false))
    return;
  ++w.counters.barriers;
  // Lanes may name different barriers unless the form is .aligned.
  const uint32_t *ids = w.words(op.a);
  const uint32_t *counts = op.b == noSlot ? nullptr : w.words(op.b);
  while (mask) {
    int first = __builtin_ctz(mask);
    uint32_t id = ids[first], count = counts ? counts[first] : 0;
    uint32_t group = 0;
    for (int lane = first; lane < 32; ++lane)
      if ((mask >> lane & 1) && ids[lane] == id &&
          (!counts || counts[lane] == count))
        group |= 1u << lane;
    arrive(w, op, group, id, count);
    mask &= ~group;
  }
}
