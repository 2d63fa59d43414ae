//===- Memory.h - global memory of the emulated device ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_MEMORY_H
#define HYDRAGEN_RUNTIME_EMULATED_MEMORY_H

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hydragen::emulated {

/// Generic addresses of these windows are not global.
constexpr uint64_t sharedWindow = 0x7e0000000000;
constexpr uint64_t localWindow = 0x7e0100000000;
constexpr uint64_t paramWindow = 0x7e0200000000;
constexpr uint64_t windowSize = 0x100000000;
constexpr uint64_t globalBase = 0x7f0000000000;

/// An access that is not alone or does not cover its sector.
struct Access {
  /// A bit per byte of the sector.
  uint32_t mask;
  /// Clock and warp (SharedMemory.h).
  uint32_t key;
  uint64_t block;
  uint32_t source;
  bool write, strong;
};

/// Who accessed 32 bytes of global memory in this launch. `write` and `read`
/// hold block + 1 (33 bits) and the key of clock and warp (31 bits,
/// SharedMemory.h) of the last access of a kind that covered the whole sector;
/// what does not fit is in a list.
struct Sector {
  uint64_t write, read;
  /// Instruction of these accesses.
  uint32_t writeSource, readSource;
  /// Bytes read by ld.global.nc.
  uint32_t constantMask;
  /// Bits 0 and 1: read, written; bit 2: read by more blocks than are listed;
  /// bit 3: `write` was strong, bit 4: `read` was; above: list, 0 for none.
  uint32_t flags;
};
constexpr uint32_t sectorRead = 1, sectorWritten = 2, sectorManyReaders = 4,
                   sectorStrongWrite = 8, sectorStrongRead = 16,
                   sectorListShift = 5;
constexpr uint64_t sectorBytes = 32;

/// A device allocation. Pages come when touched, so sparse ones may exceed RAM.
class Allocation {
public:
  Allocation(uint64_t base, uint64_t size, std::string name);
  ~Allocation();
  Allocation(const Allocation &) = delete;
  bool isValid() const { return data; }

  /// The host writes bytes: they count as initialised.
  void markInitialized(uint64_t offset, uint64_t bytes);
  bool isInitialized(uint64_t offset, uint64_t bytes) const;
  /// Forgets the accesses of earlier launches.
  void startLaunch();
  uint64_t getNumSectors() const { return (size + 31) / sectorBytes; }

  uint64_t base, size;
  std::string name;
  uint8_t *data = nullptr;
  /// A bit per byte, a word per sector.
  uint32_t *init = nullptr;
  /// Everything has been written (inputs): `init` is not looked at.
  bool allInit = false;
  bool readOnly = false;
  Sector *sectors = nullptr;
  /// Accesses that do not fit into a sector, from 1.
  std::deque<std::vector<Access>> lists;
  std::mutex listMutex;
  /// Taken for the sectors of a page when several host threads run.
  std::mutex pageMutexes[64];
};

class Memory {
public:
  /// 256-byte aligned; null when `size` is impossible. The size is exact: one
  /// byte past the end is out of bounds.
  Allocation *allocate(uint64_t size, std::string name);
  /// The allocation that contains `address`, or null.
  Allocation *find(uint64_t address) const;
  /// The one whose edge is nearest to `address`, or null when there is none.
  Allocation *findNearest(uint64_t address) const;
  bool free(uint64_t address);
  void startLaunch() {
    for (const auto &allocation : allocations)
      allocation->startLaunch();
  }
  const std::vector<std::unique_ptr<Allocation>> &getAllocations() const {
    return allocations;
  }

private:
  std::vector<std::unique_ptr<Allocation>> allocations;
  uint64_t next = globalBase;
};

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_MEMORY_H
