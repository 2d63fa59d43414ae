//===- Memory.h - global memory of the emulated device ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_MEMORY_H
#define HYDRAGEN_RUNTIME_EMULATED_MEMORY_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hydragen::emulated {

/// Generic addresses of these windows are not global.
constexpr uint64_t sharedWindow = 0x7e0000000000;
constexpr uint64_t localWindow = 0x7e0100000000;
constexpr uint64_t paramWindow = 0x7e0200000000;
constexpr uint64_t windowSize = 0x100000000;
constexpr uint64_t globalBase = 0x7f0000000000;

/// Last accesses of a 4-byte granule by blocks (block + 1, 0: nobody).
struct GlobalCell {
  uint32_t writer = 0, reader = 0;
  uint32_t writeSource = 0, readSource = 0;
};

/// A device allocation. Pages come when touched, so sparse ones may exceed RAM.
class Allocation {
public:
  Allocation(uint64_t base, uint64_t size, std::string name);
  ~Allocation();
  Allocation(const Allocation &) = delete;
  bool isValid() const { return data; }

  uint64_t base, size;
  std::string name;
  uint8_t *data = nullptr;
  /// A byte per byte: 0 uninitialised, 1 initialised.
  uint8_t *init = nullptr;
  /// A bit per 32-byte sector.
  uint64_t *readSectors = nullptr, *writeSectors = nullptr;
  /// Everything has been written (inputs): `init` is not looked at.
  bool allInit = false;
  bool readOnly = false;
  GlobalCell *cells = nullptr;

  uint64_t getSectorWords() const { return (size / 32 + 64) / 64; }
  void clearSectors();
  void clearCells();
  static uint64_t countSectors(const uint64_t *words, uint64_t count);
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
  const std::vector<std::unique_ptr<Allocation>> &getAllocations() const {
    return allocations;
  }

private:
  std::vector<std::unique_ptr<Allocation>> allocations;
  uint64_t next = globalBase;
};

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_MEMORY_H
