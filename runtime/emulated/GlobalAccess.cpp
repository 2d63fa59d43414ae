//===- GlobalAccess.cpp - checks of global memory ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything works on 32-byte sectors, the unit of the counters: an aligned
// access lies within one, and a warp that reads consecutive bytes covers whole
// ones.
//===----------------------------------------------------------------------===//

#include "Access.h"

#include <algorithm>

using namespace hydragen::emulated;

namespace {
constexpr uint32_t allBytes = ~0u;
/// Readers of a sector listed one by one; more are only known to be several.
constexpr unsigned maxReaders = 12;
constexpr uint64_t manyBlocks = ~uint64_t(0);

constexpr uint64_t getBlock(uint64_t record) { return (record >> 31) - 1; }
constexpr uint32_t getKey(uint64_t record) {
  return uint32_t(record & 0x7fffffff);
}

/// One warp instruction on one allocation.
struct Request {
  Warp &w;
  const Op &op;
  Allocation &a;
  const uint64_t *at;
  uint32_t lanes;
  unsigned bytes, kind;
  Violations &violations;
  bool checks, races;
  /// Block and clock of the warp, as in Sector.
  uint64_t me;

  /// The lanes that touch the bytes `mask` of a sector.
  uint32_t getLanes(uint64_t sector, uint32_t mask, uint64_t &address) const {
    uint32_t found = 0;
    for (uint32_t rest = lanes; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      uint64_t offset = at[lane] - a.base;
      if (offset / sectorBytes != sector)
        continue;
      uint32_t own = uint32_t(((uint64_t(1) << bytes) - 1) << offset % 32);
      if (!(own & mask))
        continue;
      if (!found)
        address = at[lane];
      found |= 1u << lane;
    }
    return found;
  }
  void add(uint64_t sector, uint32_t mask, Violations::Entry entry) const {
    entry.lanes = getLanes(sector, mask, entry.address);
    if (entry.lanes)
      violations.add(entry);
  }
};
} // namespace

/// ld.global.nc and a write in one launch, whichever came first.
static void addConstantFault(const Request &r, uint64_t sector, uint32_t mask,
                             int64_t other, uint64_t otherBlock,
                             unsigned otherWarp) {
  Violations::Entry entry;
  entry.kind = FaultKind::GlobalRace;
  entry.other = other;
  entry.otherBlock = otherBlock;
  entry.otherWarp = otherWarp;
  entry.title = "ld.global.nc of __global__ memory written in the same launch";
  entry.swap = r.kind & accessWrite;
  r.add(sector, mask, entry);
}

/// A write to bytes that ld.global.nc has read: finds that read.
static void addConstantWrite(const Request &r, uint64_t index, uint32_t mask) {
  Sector &sector = r.a.sectors[index];
  if (sector.read) {
    addConstantFault(r, index, mask, sector.readSource, getBlock(sector.read),
                     keyWarp(getKey(sector.read)));
    return;
  }
  uint32_t list = sector.flags >> sectorListShift;
  std::unique_lock<std::mutex> lock(r.a.listMutex);
  if (list)
    for (const Access &access : r.a.lists[list - 1])
      if (!access.write && (access.mask & mask) && access.block != manyBlocks) {
        addConstantFault(r, index, mask, access.source, access.block,
                         keyWarp(access.key));
        return;
      }
}

/// Sectors whose accesses need more than one record of each kind.
static void touchListed(const Request &r, uint64_t index, uint32_t mask) {
  Sector &sector = r.a.sectors[index];
  uint32_t list = sector.flags >> sectorListShift;
  uint64_t block = r.w.block->linear;
  std::vector<Access> *accesses;
  {
    std::unique_lock<std::mutex> lock(r.a.listMutex, std::defer_lock);
    if (r.w.block->launch->options.threads > 1)
      lock.lock();
    if (!list) {
      r.a.lists.emplace_back();
      list = uint32_t(r.a.lists.size());
    }
    accesses = &r.a.lists[list - 1];
  }
  if (!(sector.flags >> sectorListShift)) {
    if (sector.write)
      accesses->push_back({allBytes, getKey(sector.write),
                           getBlock(sector.write), sector.writeSource, true,
                           bool(sector.flags & sectorStrongWrite)});
    if (sector.read)
      accesses->push_back({allBytes, getKey(sector.read), getBlock(sector.read),
                           sector.readSource, false,
                           bool(sector.flags & sectorStrongRead)});
    if (sector.flags & sectorManyReaders)
      accesses->push_back(
          {allBytes, 0, manyBlocks, sector.readSource, false, false});
    sector.write = sector.read = 0;
    sector.flags =
        (sector.flags & (sectorRead | sectorWritten)) | list << sectorListShift;
  }
  bool write = r.kind & accessWrite, strong = r.kind & accessStrong;
  // The same again.
  if (!accesses->empty()) {
    const Access &last = accesses->back();
    if (last.block == block && last.key == getKey(r.me) &&
        last.write == write && last.strong == strong &&
        last.source == r.op.source && !(mask & ~last.mask))
      return;
  }
  unsigned readers = 0;
  bool otherReaders = false;
  for (Access &access : *accesses) {
    if (!access.write) {
      ++readers;
      otherReaders |= access.block != block;
    }
    if (!(access.mask & mask))
      continue;
    if ((r.kind & accessConstant) && access.write)
      addConstantFault(r, index, access.mask & mask, access.source,
                       access.block, keyWarp(access.key));
    if (!r.races || !(write || access.write) || access.block == block ||
        (strong && access.strong) || (r.kind & accessConstant) ||
        (!access.write && (sector.constantMask & access.mask & mask)))
      continue;
    if (access.block == manyBlocks
            ? bool(r.w.order.known)
            : happensBefore(r.w, access.block, keyWarp(access.key),
                            keyClock(access.key)))
      continue;
    Violations::Entry entry;
    entry.kind = FaultKind::GlobalRace;
    entry.other = access.source;
    entry.otherWrites = access.write;
    entry.otherBlock = access.block == manyBlocks ? block : access.block;
    entry.otherWarp = keyWarp(access.key);
    r.add(index, access.mask & mask, entry);
  }
  // What is ordered before a write, or before a read of the same block, does
  // not matter any more.
  uint32_t key = getKey(r.me);
  bool merged = false;
  for (Access &access : *accesses) {
    if (access.block == block && access.key == key && access.write == write &&
        access.strong == strong && access.source == r.op.source) {
      access.mask |= mask;
      merged = true;
    } else if (write || (!access.write && access.block == block)) {
      access.mask &= ~mask;
    }
  }
  accesses->erase(
      std::remove_if(accesses->begin(), accesses->end(),
                     [](const Access &access) { return !access.mask; }),
      accesses->end());
  if (merged)
    return;
  if (!write && readers >= maxReaders) {
    if (!otherReaders)
      return;
    for (Access &access : *accesses)
      if (access.block == manyBlocks) {
        access.mask |= mask;
        return;
      }
    accesses->push_back({mask, 0, manyBlocks, r.op.source, false, false});
    return;
  }
  accesses->push_back({mask, key, block, r.op.source, write, strong});
}

/// Checks and records an access to the bytes `mask` of a sector.
static EMULATED_INLINE void touch(const Request &r, uint64_t index,
                                  uint32_t mask, Counters &counters) {
  Sector &sector = r.a.sectors[index];
  bool write = r.kind & accessWrite;
  if (!(r.kind & accessUncounted)) {
    uint32_t flag = write ? sectorWritten : sectorRead;
    if (!(sector.flags & flag)) {
      sector.flags |= flag;
      ++(write ? counters.uniqueWriteSectors : counters.uniqueReadSectors);
    }
    if (write && (r.kind & accessRead) && !(sector.flags & sectorRead)) {
      sector.flags |= sectorRead;
      ++counters.uniqueReadSectors;
    }
  }
  if (!r.a.allInit) {
    uint32_t &init = r.a.init[index];
    if ((r.kind & accessRead) && r.checks && (mask & ~init)) {
      Violations::Entry entry;
      entry.kind = FaultKind::Uninitialized;
      r.add(index, mask & ~init, entry);
    }
    if (write)
      init |= mask;
  }
  if (!r.checks)
    return;
  if (r.kind & accessConstant)
    sector.constantMask |= mask;
  else if (write && (sector.constantMask & mask))
    addConstantWrite(r, index, sector.constantMask & mask);

  uint64_t block = r.me >> 31;
  bool plain = sector.flags < 1u << sectorListShift && mask == allBytes;
  bool ownWrite = !sector.write || sector.write >> 31 == block;
  if (plain && ownWrite && !(r.kind & (accessConstant | accessStrong))) {
    if (!write) {
      if (!sector.read || sector.read >> 31 == block) {
        sector.read = r.me;
        sector.readSource = r.op.source;
        sector.flags &= ~sectorStrongRead;
      } else if (!(sector.flags & sectorManyReaders)) {
        // Written once: other host threads read it.
        sector.flags |= sectorManyReaders;
      }
      return;
    }
    bool ownRead = !(sector.flags & sectorManyReaders) &&
                   (!sector.read || sector.read >> 31 == block);
    if (ownRead) {
      sector.read = 0;
      sector.write = r.me;
      sector.writeSource = r.op.source;
      sector.flags &= ~(sectorStrongWrite | sectorStrongRead);
      return;
    }
  }
  // Reads of what nobody has written yet are the common case of .nc.
  if (plain && (r.kind & accessConstant) && !sector.write) {
    if (!sector.read) {
      sector.read = r.me;
      sector.readSource = r.op.source;
    } else if (sector.read >> 31 != block &&
               !(sector.flags & sectorManyReaders)) {
      sector.flags |= sectorManyReaders;
    }
    return;
  }
  touchListed(r, index, mask);
}

namespace {
/// Holds the page of the sector at hand when several host threads run.
class PageLock {
public:
  PageLock(Allocation &a, bool needed) : a(a), needed(needed) {}
  EMULATED_INLINE void moveTo(uint64_t sector) {
    if (needed && sector / sectorsPerPage != page)
      lockPage(sector / sectorsPerPage);
  }

private:
  static constexpr uint64_t sectorsPerPage = 128;
  __attribute__((noinline)) void lockPage(uint64_t next) {
    page = next;
    if (lock)
      lock.unlock();
    lock = std::unique_lock<std::mutex>(a.pageMutexes[page % 64]);
  }
  Allocation &a;
  bool needed;
  uint64_t page = ~uint64_t(0);
  std::unique_lock<std::mutex> lock;
};
} // namespace

/// Lanes of one allocation, bounds and alignment checked.
static EMULATED_INLINE void accessIn(const Request &r, bool contiguous) {
  Warp &w = r.w;
  Allocation &a = r.a;
  PageLock lock(a, w.block->launch->options.threads > 1);
  uint64_t requested = 0;
  uint64_t first = r.at[0] - a.base;
  if (contiguous && first % sectorBytes == 0) {
    requested = r.bytes;
    uint64_t sector = first / sectorBytes;
    for (unsigned i = 0; i < r.bytes; ++i) {
      lock.moveTo(sector + i);
      touch(r, sector + i, allBytes, w.counters);
    }
  } else {
    // Distinct sectors and their bytes.
    uint64_t sectors[32];
    uint32_t masks[32];
    unsigned count = 0, last = 0;
    for (uint32_t rest = r.lanes; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      uint64_t offset = r.at[lane] - a.base;
      uint64_t sector = offset / sectorBytes;
      uint32_t mask =
          uint32_t(((uint64_t(1) << r.bytes) - 1) << offset % sectorBytes);
      if (!count || sectors[last] != sector) {
        for (last = 0; last < count && sectors[last] != sector;)
          ++last;
        if (last == count) {
          sectors[count] = sector;
          masks[count++] = 0;
        }
      }
      masks[last] |= mask;
    }
    requested = count;
    for (unsigned i = 0; i < count; ++i) {
      lock.moveTo(sectors[i]);
      touch(r, sectors[i], masks[i], w.counters);
    }
  }
  if (r.kind & accessUncounted)
    return;
  if (r.kind & accessRead)
    w.counters.globalReadSectors += requested;
  if (r.kind & accessWrite)
    w.counters.globalWriteSectors += requested;
}

static EMULATED_INLINE bool isContiguous(const uint64_t *at, unsigned bytes) {
  uint64_t differs = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    differs |= at[lane] ^ (at[0] + lane * bytes);
  return !differs;
}

static EMULATED_INLINE void access(Warp &w, const Op &op, uint64_t *at,
                                   uint32_t mask, unsigned bytes, unsigned kind,
                                   Place &place) {
  place.ok = 0;
  place.contiguous = false;
  if (!mask)
    return;
  const LaunchState &launch = *w.block->launch;
  Violations violations(w, op, kind & accessUncounted ? "const" : "global",
                        bytes, kind);
  bool checks = launch.options.checks;
  bool races = checks && !w.block->disordered;
  uint64_t me = (w.block->linear + 1) << 31 | makeKey(w.clock, w.index);

  // Lanes that are off do as the first one does.
  uint64_t first = at[__builtin_ctz(mask)];
  if (mask != ~0u)
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] = mask >> lane & 1 ? at[lane] : first;
  Allocation *a = w.lastAllocation;
  if (!a || first - a->base >= a->size)
    a = launch.memory.find(first);
  if (a && a->size >= bytes) {
    w.lastAllocation = a;
    uint64_t limit = a->size - bytes, out = 0, odd = 0;
    for (unsigned lane = 0; lane < 32; ++lane) {
      uint64_t offset = at[lane] - a->base;
      out |= limit - offset;
      out |= offset;
      odd |= at[lane];
    }
    // The highest bit: an offset above the limit (sizes are below 2^42).
    if (!(out >> 63) && !(odd & (bytes - 1)) &&
        !(a->readOnly && (kind & accessWrite))) {
      place.ok = mask;
      place.contiguous = mask == ~0u && isContiguous(at, bytes);
      place.base = a->data + (at[0] - a->base);
      if (!place.contiguous)
        for (unsigned lane = 0; lane < 32; ++lane)
          place.at[lane] = a->data + (at[lane] - a->base);
      accessIn(
          {w, op, *a, at, mask, bytes, kind, violations, checks, races, me},
          place.contiguous);
      return;
    }
  }

  // Lane by lane: several allocations, or faults.
  uint32_t rest = mask;
  while (rest) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t address = at[lane];
    if (address % bytes) {
      violations.add(FaultKind::Misaligned, 1u << lane, address);
      rest &= rest - 1;
      continue;
    }
    a = launch.memory.find(address);
    if (!a || a->size < bytes || address - a->base > a->size - bytes) {
      violations.add(FaultKind::OutOfBounds, 1u << lane, address);
      rest &= rest - 1;
      continue;
    }
    uint32_t group = 0;
    for (uint32_t others = rest; others; others &= others - 1) {
      unsigned other = __builtin_ctz(others);
      if (at[other] - a->base > a->size - bytes || at[other] % bytes)
        continue;
      rest &= ~(1u << other);
      if (a->readOnly && (kind & accessWrite))
        violations.add(FaultKind::ReadOnly, 1u << other, at[other]);
      else
        group |= 1u << other;
    }
    if (!group)
      continue;
    place.ok |= group;
    for (uint32_t others = group; others; others &= others - 1) {
      unsigned other = __builtin_ctz(others);
      place.at[other] = a->data + (at[other] - a->base);
    }
    accessIn({w, op, *a, at, group, bytes, kind, violations, checks, races, me},
             false);
  }
}

EMULATED_V3 static void accessV3(Warp &w, const Op &op, uint64_t *at,
                                 uint32_t mask, unsigned bytes, unsigned kind,
                                 Place &place) {
  access(w, op, at, mask, bytes, kind, place);
}

static void accessBase(Warp &w, const Op &op, uint64_t *at, uint32_t mask,
                       unsigned bytes, unsigned kind, Place &place) {
  access(w, op, at, mask, bytes, kind, place);
}

void hydragen::emulated::accessGlobal(Warp &w, const Op &op, uint64_t *at,
                                      uint32_t mask, unsigned bytes,
                                      unsigned kind, Place &place) {
  (hasV3() ? accessV3 : accessBase)(w, op, at, mask, bytes, kind, place);
}
