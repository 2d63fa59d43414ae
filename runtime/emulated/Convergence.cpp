//===- Convergence.cpp - splits of a warp -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lanes of a warp that diverged are splits, each a mask and a place. The split
// at the lowest place runs, and splits that meet merge: with ops in the order
// of Order.cpp this is reconvergence at thread frontiers (Diamos et al., MICRO
// 2011). A split that ran long gives way to the others, and one that needs
// lanes which are elsewhere waits for them, so that lanes may wait for each
// other as independent thread scheduling allows.
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include <algorithm>

using namespace hydragen::emulated;

void hydragen::emulated::park(Warp &w, const Op &op, uint32_t mask, Split how,
                              bool after) {
  uint32_t index = getIndex(w, op);
  how.mask = mask;
  how.pc = after ? index + 1 : index;
  w.others.push_back(how);
  w.active &= ~mask;
  w.event = true;
}

static bool isSatisfied(const Warp &w, const Split &split) {
  return !split.waits || !(split.waitMask & w.alive & ~split.mask);
}

/// bar.warp.sync: the lanes waited for may stand at several such instructions.
static bool releaseWarpSync(Warp &w, const Split &split) {
  uint32_t members = split.waitMask, there = 0;
  for (const Split &other : w.others)
    if (other.anyPlace && other.waitMask == members)
      there |= other.mask;
  if (members & w.alive & ~there)
    return false;
  for (Split &other : w.others)
    if (other.anyPlace && other.waitMask == members) {
      other.waits = other.anyPlace = false;
      ++other.pc;
    }
  w.sync();
  return true;
}

bool hydragen::emulated::pickSplit(Warp &w) {
  if (w.active) {
    w.others.push_back({w.active, w.pc});
    w.active = 0;
  }
  // One split, the usual case, needs no choice.
  std::vector<Split> &splits = w.others;
  for (size_t i = 0; i < splits.size();) {
    splits[i].mask &= w.alive;
    if (splits[i].mask) {
      ++i;
    } else {
      splits[i] = splits.back();
      splits.pop_back();
    }
  }
  // Meet. What waited for lanes looks again when some came.
  for (size_t i = 0; i < splits.size(); ++i)
    for (size_t j = i + 1; j < splits.size();) {
      Split &a = splits[i], &b = splits[j];
      if (a.barrier >= 0 || b.barrier >= 0 || a.pc != b.pc) {
        ++j;
        continue;
      }
      a.mask |= b.mask;
      a.waits = a.waits && b.waits && a.waitMask == b.waitMask;
      a.anyPlace = a.anyPlace && a.waits;
      a.deferred = a.deferred && b.deferred;
      b = splits.back();
      splits.pop_back();
    }
  for (size_t i = 0; i < splits.size(); ++i)
    if (splits[i].anyPlace)
      releaseWarpSync(w, splits[i]);
  int best = -1;
  for (int pass = 0; pass < 2 && best < 0; ++pass) {
    for (size_t i = 0; i < splits.size(); ++i) {
      Split &split = splits[i];
      if (split.barrier >= 0 || !isSatisfied(w, split))
        continue;
      if (pass)
        split.deferred = false;
      if (!split.deferred && (best < 0 || split.pc < splits[best].pc))
        best = int(i);
    }
  }
  if (best < 0)
    return false;
  w.active = splits[best].mask;
  w.pc = splits[best].pc;
  // Lanes that went past a barrier and left were never going to come.
  const Op &next = w.code->ops[w.pc];
  uint32_t gone = splits[best].waitMask & ~w.active & ~w.alive;
  if (splits[best].waits && gone && next.run == runBarrier &&
      (next.flags & barrierAligned))
    reportDivergence(w, next, w.active, gone);
  splits[best] = splits.back();
  splits.pop_back();
  w.stopPc = ~0u;
  for (const Split &split : splits)
    if (split.barrier < 0 && split.pc > w.pc)
      w.stopPc = std::min(w.stopPc, split.pc);
  return true;
}

bool hydragen::emulated::forceSplit(Warp &w) {
  int best = -1;
  for (size_t i = 0; i < w.others.size(); ++i)
    if (w.others[i].waits && (best < 0 || w.others[i].pc < w.others[best].pc))
      best = int(i);
  if (best < 0)
    return false;
  w.others[best].waits = w.others[best].anyPlace = false;
  w.others[best].deferred = false;
  w.forced = true;
  return true;
}

bool hydragen::emulated::waitForLanes(Warp &w, const Op &op, uint32_t mask,
                                      uint32_t members) {
  bool forced = w.forced;
  w.forced = false;
  if (forced || !(members & w.alive & ~mask))
    return true;
  // It did not run: it counts when it does.
  if (op.counted) {
    --w.counters.warpInstructions;
    w.counters.laneInstructions -= unsigned(__builtin_popcount(mask));
  }
  Split how{};
  how.waits = true;
  how.waitMask = members;
  how.anyPlace = isWarpSync(op);
  park(w, op, mask, how, /*after=*/false);
  return false;
}

void hydragen::emulated::reportDivergence(Warp &w, const Op &op, uint32_t mask,
                                          uint32_t missing) {
  w.block->disordered = true;
  bool known = !(mask & ~w.missed);
  w.missed |= missing;
  if (known || !checksOn(w))
    return;
  const Function &function = *w.code->function;
  const std::string &opcode = function.instructions[op.source].opcode;
  bool isBarrier = opcode == "bar" || opcode == "barrier";
  Fault fault = makeFault(w, op, FaultKind::Divergent, mask,
                          isBarrier ? "Barrier error detected. Divergent "
                                      "thread(s) in warp"
                                    : "Divergent thread(s) in warp");
  for (const Split &split : w.others) {
    if (!(split.mask & missing))
      continue;
    size_t at = std::min<size_t>(split.pc, w.code->ops.size() - 1);
    const Instruction &place = function.instructions[w.code->ops[at].source];
    fault.notes.push_back("lanes " + formatLanes(split.mask & missing) +
                          " are at PTX line " +
                          std::to_string(place.position.line));
  }
  if (uint32_t exited = missing & ~w.alive & w.initial)
    fault.notes.push_back("lanes " + formatLanes(exited) + " have exited");
  if (uint32_t absent = missing & ~w.initial)
    fault.notes.push_back("lanes " + formatLanes(absent) +
                          " do not exist: the block is no multiple of a warp");
  report(w, std::move(fault));
}

bool hydragen::emulated::checkConverged(Warp &w, const Op &op, uint32_t mask,
                                        bool wholeWarp) {
  if (mask == ~0u) {
    w.missed = 0;
    return true;
  }
  if (!waitForLanes(w, op, mask, w.alive))
    return false;
  if (uint32_t missing = (wholeWarp ? ~0u : w.alive) & ~mask)
    reportDivergence(w, op, mask, missing);
  else
    w.missed = 0;
  return true;
}

void hydragen::emulated::exitLanes(Warp &w, uint32_t mask) {
  w.alive &= ~mask;
  w.active &= ~mask;
  w.event = true;
  leaveBarriers(*w.block);
}
