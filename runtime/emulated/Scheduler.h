//===- Scheduler.h - warps, blocks and host threads (internal) --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_SCHEDULER_H
#define HYDRAGEN_RUNTIME_EMULATED_SCHEDULER_H

#include "Machine.h"

namespace hydragen::emulated {

/// Makes `block` (fresh, or one that is done) the block number `linear` before
/// its first instruction. Its clock is left to the caller.
void startBlock(LaunchState &state, Block &block, uint64_t linear);

/// Why runBlock() came back.
enum class Stop : uint8_t {
  Done,
  /// Ran its share.
  Limit,
  /// Wants its turn for an ordered op.
  Turn
};
/// Runs warps of `block` for about `limit` instructions.
Stop runBlock(Block &block, uint64_t limit);

/// Reports a block whose warps can never go on, and ends it. `spins`: by
/// repeating its state; otherwise all warps wait. `count`: blocks like it.
void reportDeadlock(Block &block, bool spins, uint64_t count = 1);

/// Runs the whole grid on Options::threads host threads.
void runBlocks(LaunchState &state, Counters &counters);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_SCHEDULER_H
