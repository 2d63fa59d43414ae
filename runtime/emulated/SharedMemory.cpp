//===- SharedMemory.cpp - a block's shared memory ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedMemory.h"

#include <algorithm>
#include <cstring>

using namespace hydragen::emulated;

void SharedMemory::reset(uint32_t bytes, unsigned warpCount) {
  uint32_t count = (bytes + 3) / 4;
  // Earlier blocks' accesses are older than the next clock; only their writes
  // have to go.
  bool same = count == granules && warpCount == warps && time < maxClock / 2;
  size = bytes;
  warps = warpCount;
  granules = count;
  // A row may be read in bulk before its bounds are checked.
  // What a block finds there is not zero on a device either.
  data.assign(size_t(count) * 4 + 16, 0xcc);
  keys.assign(count + 4, uninitializedKey);
  splits.clear();
  freeSplits.clear();
  sync.variables.clear();
  if (same)
    return;
  time = 0;
  infos.assign(count + 4, 0);
  reads.assign(size_t(count) * warps + 4, 0);
  rowReads.assign(size_t(count / 4 + 1) * warps, 0);
  std::fill(std::begin(lastRead), std::end(lastRead), 0);
  std::fill(std::begin(lastRowRead), std::end(lastRowRead), 0);
}

/// One phase: at most 32 units in `groups` groups of banks (unit % groups); a
/// unit that several lanes access is one access.
static unsigned countPhase(const uint32_t *units, unsigned count,
                           unsigned groups) {
  uint32_t distinct[32][32];
  uint8_t perGroup[32] = {};
  unsigned most = count != 0;
  for (unsigned i = 0; i < count; ++i) {
    unsigned group = units[i] & (groups - 1), known = 0;
    while (known < perGroup[group] && distinct[group][known] != units[i])
      ++known;
    if (known < perGroup[group])
      continue;
    distinct[group][known] = units[i];
    perGroup[group] = uint8_t(known + 1);
    most = std::max(most, known + 1);
  }
  return most;
}

unsigned hydragen::emulated::countWavefronts(const uint32_t *addresses,
                                             uint32_t mask, unsigned bytes,
                                             unsigned &ideal) {
  // A lane's words lie in banks side by side: 32 groups of one bank, 16 of two
  // or 8 of four.
  unsigned shift = bytes <= 4 ? 2 : bytes == 8 ? 3 : 4;
  unsigned lanesPerPhase = 128 >> shift;
  unsigned passes = 0;
  ideal = 0;
  uint32_t units[32];
  for (unsigned begin = 0; begin < 32; begin += lanesPerPhase) {
    unsigned count = 0;
    for (unsigned lane = begin; lane < begin + lanesPerPhase; ++lane)
      if (mask >> lane & 1)
        units[count++] = addresses[lane] >> shift;
    passes += countPhase(units, count, lanesPerPhase);
    ideal += count != 0;
  }
  return passes;
}
