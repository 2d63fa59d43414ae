//===- SharedAccess.cpp - checks of shared memory ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

using namespace hydragen::emulated;

void hydragen::emulated::readMatrixRows(Warp &w, const Op &op,
                                        const uint32_t *addresses,
                                        unsigned matrices,
                                        uint8_t *const *out) {
  const SharedMemory &shared = w.block->shared;
  for (unsigned row = 0; row < matrices * 8; ++row) {
    uint8_t *to = out[row / 8] + row % 8 * 16;
    if (shared.size < 16 || addresses[row] > shared.size - 16)
      std::memset(to, 0, 16);
    else
      std::memcpy(to, shared.data.data() + addresses[row], 16);
  }
}

void hydragen::emulated::writeMatrixRows(Warp &w, const Op &op,
                                         const uint32_t *addresses,
                                         unsigned matrices,
                                         const uint8_t *const *in) {
  SharedMemory &shared = w.block->shared;
  for (unsigned row = 0; row < matrices * 8; ++row)
    if (shared.size >= 16 && addresses[row] <= shared.size - 16)
      std::memcpy(shared.data.data() + addresses[row],
                  in[row / 8] + row % 8 * 16, 16);
}
