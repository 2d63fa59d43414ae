//===- SharedMemory.h - a block's shared memory and its shadow --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Races: each 4-byte granule remembers its last write and its last read (warp,
// lane, clock of the warp, instruction). A warp's vector clock says what it has
// been ordered after, in the manner of FastTrack (Flanagan and Freund, 2009).
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_SHAREDMEMORY_H
#define HYDRAGEN_RUNTIME_EMULATED_SHAREDMEMORY_H

#include <cstdint>
#include <vector>

namespace hydragen::emulated {

/// An access, packed: clock 24, source 20, lane 6 (32: several), warp 5, bytes
/// 4, atomic 1. Zero: none.
struct Epoch {
  uint64_t bits = 0;
  static Epoch make(uint32_t clock, uint32_t source, unsigned lane,
                    unsigned warp, unsigned bytes, bool atomic) {
    return {uint64_t(clock) << 40 | uint64_t(source & 0xfffff) << 20 |
            uint64_t(lane) << 10 | uint64_t(warp) << 5 | uint64_t(bytes) << 1 |
            atomic};
  }
  explicit operator bool() const { return bits; }
  uint32_t clock() const { return uint32_t(bits >> 40); }
  uint32_t source() const { return uint32_t(bits >> 20) & 0xfffff; }
  unsigned lane() const { return unsigned(bits >> 10) & 63; }
  unsigned warp() const { return unsigned(bits >> 5) & 31; }
  unsigned bytes() const { return unsigned(bits >> 1) & 15; }
  bool atomic() const { return bits & 1; }
};
constexpr unsigned severalLanes = 32;

struct SharedCell {
  Epoch write, read;
};

/// States of a byte.
enum : uint8_t { byteUninitialized = 0, byteInitialized = 1, byteInFlight = 2 };

struct SharedMemory {
  uint32_t size = 0;
  std::vector<uint8_t> data, state;
  std::vector<SharedCell> cells;
  /// Readers of cells that several warps read, by cell: clock per warp.
  std::vector<uint32_t> readers;
  std::vector<uint8_t> severalReaders;
  unsigned warps = 0;
  /// Who issued the copy in flight on a 4-byte granule: source + 1.
  std::vector<uint32_t> flight;

  /// Fresh memory of a new block; keeps storage.
  void reset(uint32_t bytes, unsigned warpCount);
};

/// Passes over the banks for up to 32 lanes accessing `bytes` each at
/// addresses[lane]; `ideal` gets the number without conflicts.
unsigned countWavefronts(const uint32_t *addresses, uint32_t mask,
                         unsigned bytes, unsigned &ideal);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_SHAREDMEMORY_H
