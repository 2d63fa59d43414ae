//===- SharedMemory.h - a block's shared memory and its shadow --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each 4-byte granule has one word that says all a read needs to know in the
// usual case: who wrote it last and when, or that it is not a plain value
// (never written, a cp.async in flight, bytes written apart). Reads are kept
// per warp, so that readers never disturb each other and a write can tell
// which of them it is ordered after, in the manner of FastTrack (Flanagan and
// Freund, 2009).
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_SHAREDMEMORY_H
#define HYDRAGEN_RUNTIME_EMULATED_SHAREDMEMORY_H

#include "Causality.h"

#include <cstdint>
#include <vector>

namespace hydragen::emulated {

struct Warp;
struct Op;

/// Clock and warp of an access. The highest bit marks granules without a plain
/// last write, so that one unsigned comparison sorts them out.
constexpr uint32_t makeKey(uint32_t clock, unsigned warp) {
  return clock << 5 | warp;
}
constexpr uint32_t keyClock(uint32_t key) { return key >> 5; }
constexpr unsigned keyWarp(uint32_t key) { return key & 31; }
constexpr uint32_t maxClock = (1u << 26) - 1;
constexpr uint32_t notPlain = 0x80000000;
/// Never written.
constexpr uint32_t uninitializedKey = notPlain;
/// A cp.async in flight: SharedMemory::info has its instruction.
constexpr uint32_t inFlightKey = notPlain | 0x40000000;
/// Bytes differ: SharedMemory::splits[key & splitIndex].
constexpr uint32_t splitKey = notPlain | 0x20000000;
constexpr uint32_t splitIndex = 0x1fffffff;

/// The rest about an access: instruction 20 bits, bytes 4, strong 1, lane 6.
constexpr uint32_t makeInfo(uint32_t source, unsigned lane, unsigned bytes = 15,
                            bool strong = false) {
  return source << 12 | bytes << 8 | uint32_t(strong) << 7 | lane;
}
constexpr uint32_t infoSource(uint32_t info) { return info >> 12; }
constexpr unsigned infoBytes(uint32_t info) { return info >> 8 & 15; }
constexpr bool infoStrong(uint32_t info) { return info >> 7 & 1; }
constexpr unsigned infoLane(uint32_t info) { return info & 63; }
/// Several lanes, or all of them at once (ldmatrix: they wait for each other).
constexpr unsigned severalLanes = 32, collectiveLanes = 33;

/// A granule whose bytes were written apart.
struct SplitGranule {
  uint32_t keys[4];
  uint32_t infos[4];
};

struct SharedMemory {
  uint32_t size = 0;
  unsigned warps = 0;
  uint32_t granules = 0;
  /// The block's clock, see Causality.h.
  uint32_t time = 0;
  std::vector<uint8_t> data;
  /// Last write, by granule.
  std::vector<uint32_t> keys, infos;
  /// Last read of each warp, by warp and granule: clock << 32 | info. Those of
  /// matrix rows, which all lanes read together, by warp and 16 bytes.
  std::vector<uint64_t> reads, rowReads;
  std::vector<SplitGranule> splits;
  std::vector<uint32_t> freeSplits;
  /// Clock of each warp's latest read anywhere.
  uint32_t lastRead[32] = {}, lastRowRead[32] = {};
  /// Strong accesses.
  SyncTable sync;

  /// Fresh memory of a new block; keeps storage.
  void reset(uint32_t bytes, unsigned warpCount);
  uint64_t *getReads(unsigned warp) {
    return reads.data() + size_t(warp) * granules;
  }
  uint64_t *getRowReads(unsigned warp) {
    return rowReads.data() + size_t(warp) * (granules / 4 + 1);
  }
};

/// Passes over the banks for up to 32 lanes accessing `bytes` each at
/// addresses[lane]; `ideal` gets the number without conflicts.
unsigned countWavefronts(const uint32_t *addresses, uint32_t mask,
                         unsigned bytes, unsigned &ideal);

/// ldmatrix: reads `matrices` (1, 2 or 4) times 8 rows of 16 bytes.
/// addresses[i] is the shared address of row i (the value of lane i's operand);
/// 64-bit operands that exceed 32 bits are passed as ~0u and reported as out of
/// bounds. out[j] gets the 128 bytes of matrix j, rows in order (for the form
/// without .trans this is the 32 lanes of the result register); zeros for rows
/// that fault. With all checks and counters.
void readMatrixRows(Warp &w, const Op &op, const uint32_t *addresses,
                    unsigned matrices, uint8_t *const *out);
/// stmatrix, likewise.
void writeMatrixRows(Warp &w, const Op &op, const uint32_t *addresses,
                     unsigned matrices, const uint8_t *const *in);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_SHAREDMEMORY_H
