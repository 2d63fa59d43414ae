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

Allocation::Allocation(uint64_t base, uint64_t size, std::string name)
    : base(base), size(size), name(std::move(name)) {
  data = reserve<uint8_t>(size + 64);
  init = reserve<uint8_t>(size + 64);
  readSectors = reserve<uint64_t>(getSectorWords() * 8);
  writeSectors = reserve<uint64_t>(getSectorWords() * 8);
  cells = reserve<GlobalCell>((size / 4 + 1) * sizeof(GlobalCell));
  if (!init || !readSectors || !writeSectors || !cells) {
    release(data, size + 64);
    data = nullptr;
  }
}

Allocation::~Allocation() {
  release(data, size + 64);
  release(init, size + 64);
  release(readSectors, getSectorWords() * 8);
  release(writeSectors, getSectorWords() * 8);
  release(cells, (size / 4 + 1) * sizeof(GlobalCell));
}

// Untouched pages stay untouched: the kernel drops and zeroes them.
void Allocation::clearSectors() {
  madvise(readSectors, getSectorWords() * 8, MADV_DONTNEED);
  madvise(writeSectors, getSectorWords() * 8, MADV_DONTNEED);
}

void Allocation::clearCells() {
  madvise(cells, (size / 4 + 1) * sizeof(GlobalCell), MADV_DONTNEED);
}

uint64_t Allocation::countSectors(const uint64_t *words, uint64_t count) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < count; ++i)
    sum += __builtin_popcountll(words[i]);
  return sum;
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
