//===- Memory.cpp - global memory of the emulated device --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Memory.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

using namespace hydragen::emulated;

static uint64_t roundUp(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}

template <typename T>
static T *reserve(uint64_t bytes) {
  void *p = mmap(nullptr, std::max<uint64_t>(bytes, 1), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<T *>(p);
}

static void release(void *p, uint64_t bytes) {
  if (p)
    munmap(p, std::max<uint64_t>(bytes, 1));
}

// Lanes may read up to 64 bytes past the end in bulk before they are checked.
static constexpr uint64_t slack = 64;

Allocation::Allocation(uint64_t base, uint64_t size, std::string name)
    : base(base), size(size), name(std::move(name)) {
  data = reserve<uint8_t>(size + slack);
  init = reserve<uint32_t>((getNumSectors() + 1) * sizeof(uint32_t));
  sectors = reserve<Sector>((getNumSectors() + 1) * sizeof(Sector));
  if (!init || !sectors) {
    release(data, size + slack);
    data = nullptr;
  }
}

Allocation::~Allocation() {
  release(data, size + slack);
  release(init, (getNumSectors() + 1) * sizeof(uint32_t));
  release(sectors, (getNumSectors() + 1) * sizeof(Sector));
}

/// Bits of the bytes [offset, offset + bytes) that lie in `sector`.
static uint32_t getByteMask(uint64_t sector, uint64_t offset, uint64_t bytes) {
  uint64_t from = std::max(offset, sector * sectorBytes) - sector * sectorBytes;
  uint64_t to = std::min(offset + bytes, (sector + 1) * sectorBytes) -
                sector * sectorBytes;
  return uint32_t(((uint64_t(1) << to) - 1) & ~((uint64_t(1) << from) - 1));
}

void Allocation::markInitialized(uint64_t offset, uint64_t bytes) {
  if (!bytes)
    return;
  for (uint64_t s = offset / 32; s <= (offset + bytes - 1) / 32; ++s)
    init[s] |= getByteMask(s, offset, bytes);
}

bool Allocation::isInitialized(uint64_t offset, uint64_t bytes) const {
  if (allInit || !bytes)
    return true;
  for (uint64_t s = offset / 32; s <= (offset + bytes - 1) / 32; ++s)
    if (getByteMask(s, offset, bytes) & ~init[s])
      return false;
  return true;
}

// Untouched pages of large ones stay untouched: the kernel drops and zeroes the
// others. A small one is cleared here: faults would cost more.
void Allocation::startLaunch() {
  size_t bytes = (getNumSectors() + 1) * sizeof(Sector);
  constexpr size_t small = size_t(4) << 20;
  if (bytes <= small)
    std::memset(static_cast<void *>(sectors), 0, bytes);
  else
    madvise(sectors, bytes, MADV_DONTNEED);
  lists.clear();
}

Allocation *Memory::allocate(uint64_t size, std::string name) {
  if (size > (uint64_t(1) << 42))
    return nullptr;
  auto allocation = std::make_unique<Allocation>(next, size, std::move(name));
  if (!allocation->isValid())
    return nullptr;
  // At least 256 bytes lie between two allocations.
  next += roundUp(size + 256, 256);
  allocations.push_back(std::move(allocation));
  return allocations.back().get();
}

Allocation *Memory::find(uint64_t address) const {
  auto it = std::upper_bound(
      allocations.begin(), allocations.end(), address,
      [](uint64_t a, const auto &allocation) { return a < allocation->base; });
  if (it == allocations.begin())
    return nullptr;
  Allocation *allocation = std::prev(it)->get();
  return address - allocation->base < allocation->size ? allocation : nullptr;
}

Allocation *Memory::findNearest(uint64_t address) const {
  Allocation *best = nullptr;
  uint64_t bestDistance = ~uint64_t(0);
  for (const auto &allocation : allocations) {
    uint64_t end = allocation->base + allocation->size;
    uint64_t distance = address < allocation->base ? allocation->base - address
                        : address >= end           ? address - end
                                                   : 0;
    if (distance < bestDistance) {
      bestDistance = distance;
      best = allocation.get();
    }
  }
  return best;
}

bool Memory::free(uint64_t address) {
  for (auto it = allocations.begin(); it != allocations.end(); ++it)
    if ((*it)->base == address) {
      allocations.erase(it);
      return true;
    }
  return false;
}
