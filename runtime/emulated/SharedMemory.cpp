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
  data.assign(size_t(count) * 4 + 16, 0);
  keys.assign(count + 4, uninitializedKey);
  splits.clear();
  freeSplits.clear();
  sync.variables.clear();
  if (same)
    return;
  time = 0;
  infos.assign(count + 4, 0);
  reads.assign(size_t(count) * warps + 4, 0);
}

/// One phase: at most 32 words, each in bank word % 32; a word read by several
/// lanes is one access.
static unsigned countPhase(const uint32_t *words, unsigned count) {
  uint32_t used = 0;
  uint32_t first[32];
  uint32_t extra[128];
  unsigned extras = 0;
  for (unsigned i = 0; i < count; ++i) {
    unsigned bank = words[i] & 31;
    if (!(used >> bank & 1)) {
      used |= 1u << bank;
      first[bank] = words[i];
    } else if (first[bank] != words[i]) {
      extra[extras++] = words[i];
    }
  }
  if (!extras)
    return count ? 1 : 0;
  std::sort(extra, extra + extras);
  unsigned perBank[32] = {};
  unsigned most = 1;
  for (unsigned i = 0; i < extras; ++i)
    if (i == 0 || extra[i] != extra[i - 1])
      most = std::max(most, 1 + ++perBank[extra[i] & 31]);
  return most;
}

unsigned hydragen::emulated::countWavefronts(const uint32_t *addresses,
                                             uint32_t mask, unsigned bytes,
                                             unsigned &ideal) {
  unsigned perLane = bytes <= 4 ? 1 : bytes / 4;
  unsigned lanesPerPhase = 32 / perLane;
  unsigned passes = 0;
  ideal = 0;
  uint32_t words[128];
  for (unsigned begin = 0; begin < 32; begin += lanesPerPhase) {
    unsigned count = 0;
    for (unsigned lane = begin; lane < begin + lanesPerPhase; ++lane)
      if (mask >> lane & 1)
        for (unsigned word = 0; word < perLane; ++word)
          words[count++] = addresses[lane] / 4 + word;
    passes += countPhase(words, count);
    ideal += count != 0;
  }
  return passes;
}
