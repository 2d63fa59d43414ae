//===- Causality.cpp - what is ordered before what --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Causality.h"
#include "Machine.h"

#include <algorithm>

using namespace hydragen::emulated;

static void join(Clocks &into, const Clocks &from) {
  if (into.size() < from.size())
    into.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i)
    into[i] = std::max(into[i], from[i]);
}

static void join(KnownRef &into, const KnownRef &from) {
  if (!from || into == from)
    return;
  if (!into) {
    into = from;
    return;
  }
  auto joined = std::make_shared<Known>(*into);
  for (const auto &[block, clocks] : *from)
    join((*joined)[block], clocks);
  into = std::move(joined);
}

static void updateFloor(Warp &w) {
  uint32_t floor = ~0u;
  for (size_t i = 0; i < w.clocks.size(); ++i)
    if (i != w.index)
      floor = std::min(floor, w.clocks[i]);
  // The own accesses up to the last sync are ordered too.
  w.order.floor = std::min(floor, w.clock - 1);
}

/// A new clock. When they run out (26 bits) order is no longer known.
static uint32_t tick(Block &block) {
  if (block.shared.time + 2 >= maxClock)
    block.disordered = true;
  else
    ++block.shared.time;
  return block.shared.time;
}

void hydragen::emulated::startCausality(Block &block) {
  uint32_t start = tick(block);
  uint32_t clock = tick(block);
  for (Warp &w : block.warps) {
    w.clocks.assign(block.warps.size(), start);
    w.clock = clock;
    w.order = WarpOrder();
    w.order.floor = start;
  }
}

void hydragen::emulated::syncLanes(Warp &w) {
  w.clocks[w.index] = w.clock;
  w.clock = tick(*w.block);
  updateFloor(w);
}

void hydragen::emulated::releaseTo(Warp &w, Clocks &clocks, KnownRef &known) {
  w.clocks[w.index] = w.clock;
  join(clocks, w.clocks);
  join(known, w.order.known);
  w.clock = tick(*w.block);
  updateFloor(w);
}

void hydragen::emulated::acquireAll(Block &block, uint32_t waiting,
                                    const Clocks &clocks,
                                    const KnownRef &known) {
  // Those who wait did nothing since they arrived, so one clock serves all.
  uint32_t now = block.shared.time;
  uint32_t next = tick(block);
  for (Warp &w : block.warps) {
    if (!(waiting >> w.index & 1))
      continue;
    join(w.clocks, clocks);
    for (size_t i = 0; i < w.clocks.size(); ++i)
      if (waiting >> i & 1)
        w.clocks[i] = now;
    w.clock = next;
    join(w.order.known, known);
    updateFloor(w);
  }
}

/// What strong reads brought takes effect.
static void acquirePending(Warp &w) {
  WarpOrder &order = w.order;
  if (!order.pendingClocks.empty()) {
    uint32_t own = w.clocks[w.index];
    join(w.clocks, order.pendingClocks);
    w.clocks[w.index] = own;
    order.pendingClocks.clear();
    updateFloor(w);
  }
  join(order.known, order.pendingKnown);
  order.pendingKnown.reset();
}

/// Strong writes from now on publish all that came before.
static void prepareRelease(Warp &w, bool device) {
  WarpOrder &order = w.order;
  w.clocks[w.index] = w.clock;
  order.fencedBlock = w.clocks;
  if (device) {
    order.fencedDevice = w.clocks;
    order.fencedKnown = order.known;
  }
  w.clock = tick(*w.block);
  updateFloor(w);
}

void hydragen::emulated::fence(Warp &w, bool device) {
  acquirePending(w);
  prepareRelease(w, device);
}

void hydragen::emulated::strongAccess(Warp &w, SyncTable &table,
                                      uint64_t address, StrongAccess access) {
  uint64_t block = w.block->linear;
  WarpOrder &order = w.order;
  if (access.release)
    prepareRelease(w, access.device);
  bool has = !order.fencedBlock.empty();
  {
    std::lock_guard<std::mutex> lock(table.mutex);
    auto it = table.variables.find(address);
    if (it == table.variables.end() && (!access.writes || !has))
      return;
    SyncVariable &variable =
        it == table.variables.end() ? table.variables[address] : it->second;
    if (access.reads) {
      auto local = variable.local.find(block);
      if (local != variable.local.end())
        join(order.pendingClocks, local->second);
      join(order.pendingKnown, variable.device);
      if (variable.device) {
        auto own = variable.device->find(block);
        if (own != variable.device->end())
          join(order.pendingClocks, own->second);
      }
    }
    if (access.writes) {
      // A store starts a new release sequence, a read-modify-write carries on.
      if (!access.modifies)
        variable = SyncVariable();
      if (!order.fencedBlock.empty())
        join(variable.local[block], order.fencedBlock);
      if (!order.fencedDevice.empty()) {
        auto known = variable.device ? std::make_shared<Known>(*variable.device)
                                     : std::make_shared<Known>();
        if (order.fencedKnown)
          for (const auto &[other, clocks] : *order.fencedKnown)
            join((*known)[other], clocks);
        join((*known)[block], order.fencedDevice);
        variable.device = std::move(known);
      }
    }
  }
  if (access.acquire)
    acquirePending(w);
}

bool hydragen::emulated::happensBefore(const Warp &w, uint64_t block,
                                       unsigned warp, uint32_t clock) {
  if (block == w.block->linear)
    return warp == w.index ||
           (warp < w.clocks.size() && clock <= w.clocks[warp]);
  if (!w.order.known)
    return false;
  auto it = w.order.known->find(block);
  return it != w.order.known->end() && warp < it->second.size() &&
         clock <= it->second[warp];
}
