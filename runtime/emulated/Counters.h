//===- Counters.h - what a launch cost --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_COUNTERS_H
#define HYDRAGEN_RUNTIME_EMULATED_COUNTERS_H

#include <cstdint>

namespace hydragen::emulated {

/// Sums over a launch; no cache model, no time.
struct Counters {
  /// Issued warp instructions; lanes of these with a true guard.
  uint64_t warpInstructions = 0, laneInstructions = 0;
  /// 32-byte sectors of global memory, distinct within one warp instruction.
  uint64_t globalReadSectors = 0, globalWriteSectors = 0;
  /// Distinct sectors of the whole grid.
  uint64_t uniqueReadSectors = 0, uniqueWriteSectors = 0;
  /// Bytes that cp.async wrote to shared memory (zero fill included).
  uint64_t asyncBytes = 0;
  /// Passes over the 32 banks, and how many there would be without conflicts.
  uint64_t sharedWavefronts = 0, sharedWavefrontsIdeal = 0;
  /// 2*m*n*k of each mma.
  uint64_t mmaFlops = 0;
  uint64_t mmaFlopsF16 = 0, mmaFlopsBF16 = 0, mmaFlopsTF32 = 0, mmaFlopsF8 = 0,
           mmaOpsInt = 0, mmaFlopsF64 = 0;
  /// Warp arrivals at block barriers.
  uint64_t barriers = 0;

  void add(const Counters &o) {
    const uint64_t *from = &o.warpInstructions;
    uint64_t *to = &warpInstructions;
    for (unsigned i = 0; i < sizeof(Counters) / sizeof(uint64_t); ++i)
      to[i] += from[i];
  }
};

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_COUNTERS_H
