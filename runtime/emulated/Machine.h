//===- Machine.h - warps, blocks and decoded code (internal) ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A register is 32 lanes: 32-bit words for types up to 32 bits, 64-bit words
// for 64-bit types, one 32-bit mask for a predicate. Handlers run one
// instruction for the lanes in a mask.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_MACHINE_H
#define HYDRAGEN_RUNTIME_EMULATED_MACHINE_H

#include "Launch.h"
#include "SharedMemory.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace hydragen::emulated {

struct Warp;
struct Block;
struct Op;
struct LaunchState;

using Handler = void (*)(Warp &, const Op &, uint32_t mask);

/// No guard / no register.
constexpr uint32_t noSlot = ~0u;

/// One decoded instruction. Slots are offsets into the register file in words.
struct Op {
  Handler run = nullptr;
  uint32_t guard = noSlot;
  bool guardNegated = false;
  /// Counted as an instruction (helpers of wide operands are not).
  bool counted = true;
  /// For handlers: flags and small sizes whose meaning is theirs.
  uint8_t flags = 0, count = 1;
  uint32_t d = noSlot, a = noSlot, b = noSlot, c = noSlot;
  /// Immediate: address offset, branch target, lookup table, ...
  int64_t imm = 0;
  /// More slots (vectors, matrix fragments): range in Code::lists.
  uint32_t list = 0, listSize = 0;
  /// Index of the instruction.
  uint32_t source = 0;
};

/// A kernel ready to run.
struct Code {
  const Module *module = nullptr;
  const Function *function = nullptr;
  std::vector<Op> ops;
  std::vector<uint32_t> lists;
  /// Branch tables: op indices.
  std::vector<std::vector<uint32_t>> tables;
  /// Words of the register file.
  uint32_t fileSize = 0;
  /// Constants: [constantsBegin, constantsBegin + constants.size()).
  uint32_t constantsBegin = 0;
  std::vector<uint32_t> constants;
  /// Constants that are addresses, known at launch only.
  struct Fixup {
    uint32_t slot;
    std::string symbol;
    uint64_t addend;
  };
  std::vector<Fixup> fixups;
  /// Special registers: slot and name.
  struct SpecialRegister {
    std::string name;
    uint32_t slot;
    unsigned bits;
  };
  std::vector<SpecialRegister> specials;
  /// Static bytes; dynamic shared memory starts after sharedStatic, aligned.
  uint32_t sharedStatic = 0, sharedDynamicAlign = 16;
  uint32_t localBytes = 0;
  uint32_t paramBytes = 0;
  std::vector<uint32_t> paramOffsets;

  // Made by prepare() (Order.cpp) from the decoded ops.
  /// The handler behind an op that communicates between blocks; null for
  /// others. Such ops run in the order of their blocks' clocks.
  std::vector<Handler> ordered;
  bool hasOrdered = false;
};

/// Lanes of a warp at one place.
struct Split {
  uint32_t mask;
  uint32_t pc;
  /// Waits for lanes of other splits to come to its instruction, at `pc`.
  bool waits = false;
  /// The instruction is bar.warp.sync: lanes may come to another one.
  bool anyPlace = false;
  /// Waits at this block barrier, -1 for none; its instruction is at `pc` - 1.
  int8_t barrier = -1;
  /// Gave way to the others of its warp (spin loops).
  bool deferred = false;
  uint32_t waitMask = 0;
};

/// An issued cp.async of one warp: what has not landed yet.
struct AsyncCopy {
  uint32_t mask;
  uint32_t source;
  uint8_t size;
  uint32_t destination[32];
  /// The group each lane's part belongs to.
  uint32_t group[32];
  /// Where the bytes come from and how many; the rest up to size is zero.
  const uint8_t *from[32];
  uint8_t bytes[32];
};

struct Warp {
  Block *block = nullptr;
  const Code *code = nullptr;
  uint32_t *registers = nullptr;
  unsigned index = 0;
  /// Lanes that exist and have not exited.
  uint32_t alive = 0;
  uint32_t initial = 0;

  // The running split; `pc` is that of the next instruction.
  uint32_t active = 0;
  uint32_t pc = 0;
  /// The lowest pc above of the other splits: where they may merge.
  uint32_t stopPc = ~0u;
  /// Set by handlers when the split changed, blocked or ended: look again at
  /// who runs.
  bool event = false;
  /// The lanes it waits for cannot come: the next instruction runs without.
  bool forced = false;
  /// Lanes that a report of divergence named as missing: when they come to an
  /// instruction of the kind alone, it is the same fault.
  uint32_t missed = 0;
  std::vector<Split> others;

  // cp.async: groups committed by each lane; copies not landed.
  uint32_t committed[32] = {};
  std::vector<std::unique_ptr<AsyncCopy>> copies;
  std::vector<std::unique_ptr<AsyncCopy>> freeCopies;

  /// Vector clock: what this warp knows of each warp of the block. Only the
  /// functions of Causality.h change these.
  Clocks clocks;
  uint32_t clock = 1;
  WarpOrder order;

  /// Local memory: lane-major.
  std::vector<uint8_t> local, localInit;
  Counters counters;
  Allocation *lastAllocation = nullptr;

  uint32_t get32(uint32_t slot, int lane) const {
    return registers[slot + lane];
  }
  uint64_t get64(uint32_t slot, int lane) const {
    return reinterpret_cast<const uint64_t *>(registers + slot)[lane];
  }
  const uint32_t *words(uint32_t slot) const { return registers + slot; }
  uint32_t *words(uint32_t slot) { return registers + slot; }
  uint64_t *wides(uint32_t slot) {
    return reinterpret_cast<uint64_t *>(registers + slot);
  }
  const uint32_t *list(const Op &op) const {
    return code->lists.data() + op.list;
  }
  /// Memory ordering among the lanes (and with what others acquire later).
  void sync() { syncLanes(*this); }
};

/// A block barrier. Arrival is per warp: one has arrived when all of its lanes
/// that have not exited have (PTX ISA 9.7.13.1).
struct Barrier {
  /// Expected threads; 0: all of the block that have not exited.
  uint32_t count = 0;
  bool used = false;
  uint32_t arrived[32] = {};
  /// Lanes that wait (the others of `arrived` came by barrier.arrive).
  uint32_t waiting[32] = {};
  /// What those who arrived know, joined (releaseTo, acquireAll).
  Clocks clocks;
  KnownRef known;
  /// Reduction (barrier.red): 0 none, else popc, and, or; threads and those
  /// with a true predicate so far.
  uint8_t reduction = 0;
  uint32_t threads = 0, votes = 0;
  /// Instruction of the first arrival.
  uint32_t source = 0;
};

struct Block {
  LaunchState *launch = nullptr;
  uint32_t id[3] = {};
  uint64_t linear = 0;
  std::vector<Warp> warps;
  std::vector<uint32_t> files;
  SharedMemory shared;
  Barrier barriers[16];
  /// Ordering is undefined after a barrier error: races are not checked.
  bool disordered = false;
  bool aborted = false;
  /// Warp instructions run: the block's logical time.
  uint64_t clock = 0;
  /// Changes this block made to memory (any space but local): a store counts
  /// whatever it writes, an atomic or a reduction when the value changes. A
  /// block whose state repeats while nobody changes memory is stuck; handlers
  /// that write memory must count here.
  uint64_t changes = 0;

  // Scheduler.
  /// The next ordered op may run.
  bool hasTurn = false;
  /// Stopped before an ordered op.
  bool wantsTurn = false;
  /// Ran an ordered op: others may have their turn.
  bool hadTurn = false;
  /// No other block runs: turns are not needed.
  bool alone = false;
  /// Place in the round, and the warp that runs.
  unsigned nextWarp = 0, running = 0;
  /// Instructions left to the warp that runs.
  uint64_t budget = 0;
  /// Random numbers of ScheduleKind::Random.
  uint64_t random = 0;
  // Is it stuck? Brent's cycle detection over its states.
  uint64_t publishedChanges = 0, seenChanges = 0, seenHash = 0, seenRounds = 0,
           seenPower = 1;
  /// Its state repeats since all blocks had made this many changes.
  uint64_t stuckAt = ~uint64_t(0);
};

/// One launch: what its blocks share.
struct LaunchState {
  LaunchState(const Launch &launch, Memory &memory)
      : launch(launch), options(launch.options), code(*launch.kernel),
        memory(memory) {}
  const Launch &launch;
  const Options &options;
  const Code &code;
  Memory &memory;
  FaultLog faults;
  /// Bytes of shared memory of a block, static and dynamic.
  uint32_t sharedBytes = 0;
  unsigned threadsPerBlock = 0, warpsPerBlock = 0;
  /// Strong accesses to global memory.
  SyncTable globalSync;
  /// Changes of memory by all blocks, see Block::changes.
  std::atomic<uint64_t> changes{0};
};

/// Linear thread of a lane in its block.
inline unsigned getThread(const Warp &w, unsigned lane) {
  return w.index * 32 + lane;
}

/// A fault at `op`, filled with the place: instruction, block, warp, `lanes`
/// and the thread of the lowest of them. The caller adds address and notes.
Fault makeFault(const Warp &w, const Op &op, FaultKind kind, uint32_t lanes,
                std::string title);
/// Adds to the launch's log.
inline void report(Warp &w, Fault fault) {
  w.block->launch->faults.add(std::move(fault));
}
inline bool checksOn(const Warp &w) { return w.block->launch->options.checks; }

/// The place of an op in its code.
inline uint32_t getIndex(const Warp &w, const Op &op) {
  return uint32_t(&op - w.code->ops.data());
}

/// For instructions all lanes of a warp must execute together (.aligned, .sync
/// with a full mask). False: some lanes are elsewhere, the split waits for them
/// and runs the instruction again; the handler returns at once. Lanes that
/// cannot come are reported, then the instruction runs with those that are
/// there. `wholeWarp`: exited lanes are missing lanes too (mma, ldmatrix).
bool checkConverged(Warp &w, const Op &op, uint32_t mask,
                    bool wholeWarp = true);
/// Reports that `missing` lanes do not come to `op`, unless it was said of the
/// others that these do not come.
void reportDivergence(Warp &w, const Op &op, uint32_t mask, uint32_t missing);
/// The same for the lanes `members` (exited ones do not count); lanes that
/// cannot come are reported by the caller, who finds them missing in `mask`.
bool waitForLanes(Warp &w, const Op &op, uint32_t mask, uint32_t members);

// Convergence.cpp
/// The running split's lanes `mask` stop before `op` (`after` false) or behind
/// it; its other lanes go on behind it.
void park(Warp &w, const Op &op, uint32_t mask, Split how, bool after);
/// Chooses the split that runs; merges splits at one place. False: none can.
bool pickSplit(Warp &w);
/// Lets a split that waits for lanes of its warp run without them. False: none
/// waits so.
bool forceSplit(Warp &w);

// Barriers.cpp
/// Lanes left: barriers may be complete without them.
void leaveBarriers(Block &block);
void runBarrier(Warp &w, const Op &op, uint32_t mask);
/// Op::flags of a barrier: what it does in bits 0 and 1, then
enum : uint8_t {
  barrierArrive = 1,
  barrierRed = 2,
  barrierAligned = 4,
  /// The result of .red is a predicate.
  barrierPredicate = 8,
  barrierReductionShift = 4
};
enum : uint8_t { reductionPopc = 1, reductionAnd = 2, reductionOr = 3 };

// ExecControl.cpp
bool isBranch(const Op &op);
bool isBranchTable(const Op &op);
bool isExit(const Op &op);
bool isWarpSync(const Op &op);
/// Sets slot `d` (of `count` bits) to the block's clock; flags bit 0: its high
/// word.
void runReadClock(Warp &w, const Op &op, uint32_t mask);
/// An uncounted jump to op `target`, for the instruction `source`.
Op makeJump(uint32_t source, uint32_t target);

// Order.cpp
/// Puts blocks of ops into an order in which the lowest place first makes
/// diverged lanes meet at the nearest common place, and marks ordered ops.
void prepare(Code &code);
/// The handler of ordered ops: waits for the block's turn (Scheduler.cpp).
void runOrdered(Warp &w, const Op &op, uint32_t mask);
// Convergence.cpp
/// Takes lanes out of the running split (exit, ret of an entry).
void exitLanes(Warp &w, uint32_t mask);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_MACHINE_H
