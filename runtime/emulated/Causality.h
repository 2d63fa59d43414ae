//===- Causality.h - what is ordered before what ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Happens-before of the PTX memory model (PTX ISA 8, "Memory Consistency
// Model"), kept per warp: vector clocks within a block, and what a warp has
// learnt of other blocks through fences and strong accesses.
//
// Clocks come from one counter per block, so that an access older than the
// lowest clock a warp knows (`floor`) is ordered whoever made it: the usual
// case costs one comparison.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_CAUSALITY_H
#define HYDRAGEN_RUNTIME_EMULATED_CAUSALITY_H

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace hydragen::emulated {

struct Warp;
struct Block;

using Clocks = std::vector<uint32_t>;

/// Clocks of the warps of other blocks, by linear block.
using Known = std::map<uint64_t, Clocks>;
using KnownRef = std::shared_ptr<const Known>;

/// What an acquiring warp gets.
struct Released {
  uint64_t block = 0;
  Clocks clocks;
  KnownRef known;
};

/// A place in memory that strong accesses (atomics, volatile, relaxed, ...) use
/// to order others.
struct SyncVariable {
  /// Seen by all blocks.
  KnownRef device;
  /// Releases of block scope, by block.
  std::map<uint64_t, Clocks> local;
};

struct SyncTable {
  std::mutex mutex;
  std::unordered_map<uint64_t, SyncVariable> variables;
};

/// The rest of a warp's order, next to Warp::clocks and Warp::clock.
struct WarpOrder {
  /// Everything in the block up to this clock is before the warp.
  uint32_t floor = 0;
  KnownRef known;
  /// As of the last fence of at least block scope, and of device scope.
  Clocks fencedBlock, fencedDevice;
  KnownRef fencedKnown;
  /// Read by strong accesses; takes effect at the next fence.
  Clocks pendingClocks;
  KnownRef pendingKnown;
};

/// Clocks of a block whose warps are there and whose shared memory was reset.
void startCausality(Block &block);
/// Memory ordering among the lanes of a warp (bar.warp.sync).
void syncLanes(Warp &w);
/// Barrier arrival: joins what the warp knows into `clocks` and `known`, which
/// start empty.
void releaseTo(Warp &w, Clocks &clocks, KnownRef &known);
/// A barrier is complete: the warps in `waiting` (that arrived and did nothing
/// since) learn what was joined.
void acquireAll(Block &block, uint32_t waiting, const Clocks &clocks,
                const KnownRef &known);
/// fence, membar: of block scope or of device (gpu, sys, cluster) scope.
void fence(Warp &w, bool device);

/// How a strong access orders.
struct StrongAccess {
  /// Returns a value that others may have published.
  bool reads = false;
  bool writes = false;
  /// A read-modify-write: carries on what was published before.
  bool modifies = false;
  /// Without waiting for a fence.
  bool acquire = false, release = false;
  /// Scope: device (or more) instead of block.
  bool device = false;
};

/// A strong access to `address` (of global memory, or of shared memory in the
/// block's own table).
void strongAccess(Warp &w, SyncTable &table, uint64_t address,
                  StrongAccess access);

/// Whether warp `warp` of block `block` at `clock` is ordered before `w`.
bool happensBefore(const Warp &w, uint64_t block, unsigned warp,
                   uint32_t clock);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_CAUSALITY_H
