//===- SharedAccess.cpp - checks of shared memory ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// First all lanes are checked against what was there, then all are recorded,
// so that lanes of one instruction do not see each other.
//===----------------------------------------------------------------------===//

#include "Access.h"

#include <algorithm>

using namespace hydragen::emulated;

namespace {
/// One warp instruction.
struct Request {
  Warp &w;
  const Op &op;
  SharedMemory &m;
  unsigned kind;
  Violations &violations;
  bool races;
  uint32_t self;
  /// Plain keys up to this one are ordered before the warp.
  uint32_t floorKey;
  /// The key of accesses since the warp's last sync.
  uint32_t currentKey;

  Request(Warp &w, const Op &op, unsigned kind, Violations &violations)
      : w(w), op(op), m(w.block->shared), kind(kind), violations(violations),
        races(!w.block->disordered), self(w.index),
        floorKey(makeKey(w.order.floor, 31)),
        currentKey(makeKey(w.clock, w.index)) {}

  void add(FaultKind fault, unsigned lane, uint32_t granule, uint32_t info,
           bool otherWrites, unsigned otherWarp) const {
    Violations::Entry entry;
    entry.kind = fault;
    entry.lanes = lane < 32 ? 1u << lane : w.active;
    entry.address = uint64_t(granule) * 4;
    if (fault != FaultKind::Uninitialized)
      entry.other = infoSource(info);
    entry.otherWrites = otherWrites;
    entry.otherWarp = otherWarp;
    entry.otherLane = infoLane(info);
    violations.add(entry);
  }
  bool isStrong() const { return kind & accessStrong; }
  /// The clock up to which accesses of a warp are ordered before this one.
  uint32_t getBound(unsigned warp) const {
    return warp == self ? w.clock - 1 : w.clocks[warp];
  }
};
} // namespace

/// Whether a last write is plain and ordered before the warp.
static EMULATED_INLINE bool isOrdered(const Request &r, uint32_t key) {
  return key <= r.floorKey ||
         ((key & (notPlain | 31)) == r.self && key != r.currentKey);
}

namespace {
/// Four granules at a time, with what isOrdered() says of one.
using Granules = uint32_t __attribute__((vector_size(16)));
using Answers = decltype(Granules() == Granules());

struct OrderedGranules {
  Granules floor, own, current;
  EMULATED_INLINE explicit OrderedGranules(const Request &r)
      : floor(Granules() + r.floorKey), own(Granules() + r.self),
        current(Granules() + r.currentKey) {}
  EMULATED_INLINE Answers apply(Granules keys) const {
    const Granules field = Granules() + (notPlain | 31);
    return (keys <= floor) | (((keys & field) == own) & (keys != current));
  }
};
} // namespace

static EMULATED_INLINE Granules loadGranules(const uint32_t *from) {
  Granules granules;
  std::memcpy(&granules, from, sizeof(granules));
  return granules;
}

static EMULATED_INLINE Granules getMaximum(Granules a, Granules b) {
  return a > b ? a : b;
}

static EMULATED_INLINE bool areAll(Answers answers) {
  return answers[0] & answers[1] & answers[2] & answers[3];
}

/// One byte or granule against a write; false when something was reported.
static bool checkWrite(const Request &r, uint32_t granule, unsigned lane,
                       uint32_t key, uint32_t info) {
  if (key == inFlightKey) {
    r.add(FaultKind::AsyncPending, lane, granule, info, true, 0);
    return false;
  }
  if (key == uninitializedKey) {
    if (!(r.kind & accessRead))
      return true;
    r.add(FaultKind::Uninitialized, lane, granule, 0, false, 0);
    return false;
  }
  if (!r.races || (r.isStrong() && infoStrong(info)))
    return true;
  unsigned warp = keyWarp(key);
  if (keyClock(key) <= r.getBound(warp) ||
      (warp == r.self && infoLane(info) == lane))
    return true;
  r.add(FaultKind::SharedRace, lane, granule, info, true, warp);
  return false;
}

/// Checks a granule's last write whatever it is.
static bool checkGranule(const Request &r, uint32_t granule, unsigned bytes,
                         unsigned lane) {
  uint32_t &key = r.m.keys[granule];
  if ((key & splitKey) != splitKey || key == inFlightKey)
    return checkWrite(r, granule, lane, key, r.m.infos[granule]);
  SplitGranule &split = r.m.splits[key & splitIndex];
  bool ok = true, plain = true;
  uint32_t latest = 0;
  for (unsigned i = 0; i < 4; ++i) {
    plain &= split.keys[i] <= r.floorKey;
    latest = std::max(latest, split.keys[i]);
    if (ok && (bytes >> i & 1))
      ok = checkWrite(r, granule, lane, split.keys[i], split.infos[i]);
  }
  // Once all bytes are ordered they need no telling apart.
  if (plain) {
    r.m.freeSplits.push_back(key & splitIndex);
    for (unsigned i = 0; i < 4; ++i)
      if (split.keys[i] == latest)
        r.m.infos[granule] = split.infos[i];
    key = latest;
  }
  return ok;
}

/// Checks a write against the reads of all warps.
static bool checkReads(const Request &r, uint32_t granule, unsigned bytes,
                       unsigned lane) {
  if (!r.races)
    return true;
  for (unsigned warp = 0; warp < r.m.warps; ++warp) {
    uint64_t read = r.m.getReads(warp)[granule];
    if (read >> 32 <= r.getBound(warp))
      continue;
    uint32_t info = uint32_t(read);
    if (!(infoBytes(info) & bytes) || (r.isStrong() && infoStrong(info)) ||
        (warp == r.self &&
         (infoLane(info) == lane || infoLane(info) == collectiveLanes)))
      continue;
    r.add(FaultKind::SharedRace, lane, granule, info, false, warp);
    return false;
  }
  // The lanes of the own warp have waited for each other (.sync).
  for (unsigned warp = 0; warp < r.m.warps; ++warp) {
    uint64_t read = r.m.getRowReads(warp)[granule / 4];
    if (warp == r.self || read >> 32 <= r.getBound(warp))
      continue;
    r.add(FaultKind::SharedRace, lane, granule, uint32_t(read), false, warp);
    return false;
  }
  return true;
}

static void recordWrite(const Request &r, uint32_t granule, unsigned bytes,
                        unsigned lane) {
  uint32_t &key = r.m.keys[granule];
  uint32_t info = makeInfo(r.op.source, lane, 15, r.isStrong());
  bool isSplit = (key & splitKey) == splitKey && key != inFlightKey;
  uint32_t newKey = r.kind & accessAsync ? inFlightKey : r.currentKey;
  if (bytes == 15 || (r.kind & accessAsync)) {
    if (isSplit)
      r.m.freeSplits.push_back(key & splitIndex);
    key = newKey;
    r.m.infos[granule] = info;
    return;
  }
  if (!isSplit) {
    uint32_t index;
    if (r.m.freeSplits.empty()) {
      index = uint32_t(r.m.splits.size());
      r.m.splits.emplace_back();
    } else {
      index = r.m.freeSplits.back();
      r.m.freeSplits.pop_back();
    }
    SplitGranule &split = r.m.splits[index];
    for (unsigned i = 0; i < 4; ++i) {
      split.keys[i] = key;
      split.infos[i] = r.m.infos[granule];
    }
    key = splitKey | index;
  }
  SplitGranule &split = r.m.splits[key & splitIndex];
  for (unsigned i = 0; i < 4; ++i)
    if (bytes >> i & 1) {
      split.keys[i] = newKey;
      split.infos[i] = info;
    }
}

static EMULATED_INLINE void recordRead(const Request &r, uint64_t *row,
                                       uint32_t granule, unsigned bytes,
                                       unsigned lane) {
  uint64_t &read = row[granule];
  uint32_t info = makeInfo(r.op.source, lane, bytes, r.isStrong());
  if (read >> 32 == r.w.clock && infoLane(uint32_t(read)) != lane) {
    // Other lanes read it since the last sync.
    unsigned before = infoBytes(uint32_t(read));
    info =
        makeInfo(r.op.source, before & bytes ? severalLanes : collectiveLanes,
                 before | bytes, false);
  } else if (read >> 32 == r.w.clock) {
    info |= read & 0xf00;
  }
  read = uint64_t(r.w.clock) << 32 | info;
}

/// Bytes of a granule that a lane accesses.
static EMULATED_INLINE unsigned getBytes(uint32_t address, unsigned bytes) {
  return bytes < 4 ? ((1u << bytes) - 1) << address % 4 : 15u;
}

/// Lanes one by one, with reports.
static void checkLanes(const Request &r, const uint32_t *at, uint32_t mask,
                       unsigned bytes) {
  unsigned count = bytes < 4 ? 1 : bytes / 4;
  bool write = r.kind & accessWrite;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    unsigned touched = getBytes(at[lane], bytes);
    for (unsigned i = 0; i < count; ++i) {
      uint32_t granule = at[lane] / 4 + i;
      if (!write && isOrdered(r, r.m.keys[granule]))
        continue;
      if (!checkGranule(r, granule, touched, lane) ||
          (write && !checkReads(r, granule, touched, lane)))
        break;
    }
  }
}

/// Whether the usual case holds for lanes anywhere (lanes that are off repeat
/// one that is on): plain writes before, reads before writes.
template <unsigned count>
static EMULATED_INLINE bool areLanesOrdered(const Request &r,
                                            const uint32_t *at) {
  bool write = r.kind & accessWrite, read = r.kind & accessRead;
  uint32_t fresh = read ? r.currentKey : uninitializedKey;
  const uint32_t *keys = r.m.keys.data();
  unsigned bad = 0;
  if constexpr (count == 4) {
    const OrderedGranules ordered(r);
    const Granules isFresh = Granules() + fresh;
    Answers all = Answers() - 1;
    for (unsigned lane = 0; lane < 32; ++lane) {
      Granules row = loadGranules(keys + at[lane] / 4);
      all &= ordered.apply(row) | ((row == isFresh) & (Answers() - !read));
    }
    bad = !areAll(all);
  } else {
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned i = 0; i < count; ++i) {
        uint32_t key = keys[at[lane] / 4 + i];
        bad |= !(isOrdered(r, key) | (!read & (key == fresh)));
      }
  }
  if (bad || !write)
    return !bad;
  for (unsigned warp = 0; warp < r.m.warps; ++warp) {
    uint32_t bound = r.getBound(warp);
    if (r.m.lastRead[warp] > bound) {
      const uint64_t *row = r.m.getReads(warp);
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned i = 0; i < count; ++i)
          bad |= row[at[lane] / 4 + i] >> 32 > bound;
    }
    if (warp != r.self && r.m.lastRowRead[warp] > bound) {
      const uint64_t *row = r.m.getRowReads(warp);
      uint64_t latest = 0;
      for (unsigned lane = 0; lane < 32; ++lane)
        latest = std::max(latest, row[at[lane] / 16]);
      bad |= latest >> 32 > bound;
    }
  }
  return !bad;
}

template <unsigned count>
static EMULATED_INLINE void recordLanes(const Request &r, const uint32_t *at,
                                        uint32_t mask) {
  if (r.kind & accessWrite) {
    uint32_t key = r.kind & accessAsync ? inFlightKey : r.currentKey;
    uint32_t info = makeInfo(r.op.source, 0, 15, r.isStrong());
    uint32_t *keys = r.m.keys.data(), *infos = r.m.infos.data();
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      if constexpr (count == 4) {
        const Granules four = Granules() + key,
                       origin = Granules() + (info + lane);
        std::memcpy(keys + at[lane] / 4, &four, sizeof(four));
        std::memcpy(infos + at[lane] / 4, &origin, sizeof(origin));
      } else {
        for (unsigned i = 0; i < count; ++i) {
          keys[at[lane] / 4 + i] = key;
          infos[at[lane] / 4 + i] = info + lane;
        }
      }
    }
    return;
  }
  uint64_t *row = r.m.getReads(r.self);
  uint64_t record =
      uint64_t(r.w.clock) << 32 | makeInfo(r.op.source, 0, 15, r.isStrong());
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    for (unsigned i = 0; i < count; ++i) {
      uint64_t &read = row[at[lane] / 4 + i];
      if (read >> 32 != r.w.clock)
        read = record + lane;
      else if (read != record + lane)
        recordRead(r, row, at[lane] / 4 + i, 15, lane);
    }
  }
}

/// Lanes anywhere.
static EMULATED_INLINE void accessLanes(const Request &r, const uint32_t *at,
                                        uint32_t mask, unsigned bytes) {
  if (bytes >= 4 && (bytes == 4   ? areLanesOrdered<1>(r, at)
                     : bytes == 8 ? areLanesOrdered<2>(r, at)
                                  : areLanesOrdered<4>(r, at))) {
    bytes == 4   ? recordLanes<1>(r, at, mask)
    : bytes == 8 ? recordLanes<2>(r, at, mask)
                 : recordLanes<4>(r, at, mask);
    return;
  }
  checkLanes(r, at, mask, bytes);
  unsigned count = bytes < 4 ? 1 : bytes / 4;
  uint64_t *row = r.m.getReads(r.self);
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    for (unsigned i = 0; i < count; ++i) {
      uint32_t granule = at[lane] / 4 + i;
      unsigned touched = getBytes(at[lane], bytes);
      if (r.kind & accessWrite)
        recordWrite(r, granule, touched, lane);
      else
        recordRead(r, row, granule, touched, lane);
    }
  }
}

/// All lanes at one place.
static EMULATED_INLINE bool readOne(const Request &r, uint32_t address,
                                    uint32_t mask, unsigned bytes) {
  unsigned count = bytes < 4 ? 1 : bytes / 4, bad = 0;
  for (unsigned i = 0; i < count; ++i)
    bad |= !isOrdered(r, r.m.keys[address / 4 + i]);
  if (bad)
    return false;
  unsigned lane = mask & (mask - 1) ? severalLanes : __builtin_ctz(mask);
  for (unsigned i = 0; i < count; ++i)
    recordRead(r, r.m.getReads(r.self), address / 4 + i,
               getBytes(address, bytes), lane);
  return true;
}

/// Whether no read of consecutive granules forbids a write; the usual case.
static EMULATED_INLINE bool areReadsOrdered(const Request &r, uint32_t granule,
                                            unsigned count) {
  for (unsigned warp = 0; warp < r.m.warps; ++warp) {
    uint32_t bound = r.getBound(warp);
    if (warp != r.self && r.m.lastRowRead[warp] > bound) {
      const uint64_t *rows = r.m.getRowReads(warp);
      for (uint32_t i = granule / 4; i <= (granule + count - 1) / 4; ++i)
        if (rows[i] >> 32 > bound)
          return false;
    }
    if (r.m.lastRead[warp] <= bound)
      continue;
    const uint64_t *row = r.m.getReads(warp) + granule;
    int64_t limit = int64_t(uint64_t(bound) << 32 | 0xffffffff);
    unsigned late = 0;
    for (unsigned i = 0; i < count; ++i)
      late |= int64_t(row[i]) > limit;
    if (late)
      return false;
  }
  return true;
}

/// All lanes in order from `address`, at least 4 bytes each.
static EMULATED_INLINE void accessRow(const Request &r, const uint32_t *at,
                                      unsigned bytes) {
  uint32_t granule = at[0] / 4;
  unsigned perLane = bytes / 4, count = 8 * bytes;
  uint32_t *keys = r.m.keys.data() + granule;
  unsigned bad = 0;
  if (r.kind & accessWrite) {
    for (unsigned i = 0; i < count; ++i)
      bad |= !(isOrdered(r, keys[i]) | (keys[i] == uninitializedKey));
    if (bad || !areReadsOrdered(r, granule, count)) {
      accessLanes(r, at, ~0u, bytes);
      return;
    }
    uint32_t *infos = r.m.infos.data() + granule;
    uint32_t info = makeInfo(r.op.source, 0, 15, r.isStrong());
    uint32_t key = r.kind & accessAsync ? inFlightKey : r.currentKey;
    unsigned shift = __builtin_ctz(perLane);
    for (unsigned i = 0; i < count; ++i) {
      keys[i] = key;
      infos[i] = info + (i >> shift);
    }
    return;
  }
  for (unsigned i = 0; i < count; ++i)
    bad |= !isOrdered(r, keys[i]);
  if (bad) {
    accessLanes(r, at, ~0u, bytes);
    return;
  }
  uint64_t *row = r.m.getReads(r.self) + granule;
  unsigned again = 0;
  for (unsigned i = 0; i < count; ++i)
    again |= row[i] >> 32 == r.w.clock;
  if (again) {
    for (unsigned i = 0; i < count; ++i)
      recordRead(r, row, i, 15, i / perLane);
    return;
  }
  uint64_t record =
      uint64_t(r.w.clock) << 32 | makeInfo(r.op.source, 0, 15, r.isStrong());
  unsigned shift = __builtin_ctz(perLane);
  for (unsigned i = 0; i < count; ++i)
    row[i] = record + (i >> shift);
}

/// Passes over the banks; false: not known without looking closer.
static EMULATED_INLINE bool countSimple(const uint32_t *at, uint32_t mask,
                                        unsigned bytes, unsigned &ideal) {
  if (bytes <= 4) {
    ideal = 1;
    uint32_t banks = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
      banks |= 1u << (at[lane] / 4 & 31);
    return __builtin_popcount(banks) == __builtin_popcount(mask);
  }
  // Half or quarter warps; groups of 2 or 4 banks.
  unsigned shift = bytes == 8 ? 3 : 4, lanes = bytes == 8 ? 16 : 8;
  bool simple = true;
  ideal = 0;
  for (unsigned begin = 0; begin < 32; begin += lanes) {
    uint32_t part = mask >> begin & ((1u << lanes) - 1);
    uint32_t groups = 0;
    for (unsigned lane = 0; lane < lanes; ++lane)
      groups |= (part >> lane & 1) << (at[begin + lane] >> shift & (lanes - 1));
    simple &= __builtin_popcount(groups) == __builtin_popcount(part);
    ideal += part != 0;
  }
  return simple;
}

/// Whether two of 32 lanes have the same address.
static EMULATED_INLINE bool haveDuplicates(const uint32_t *at) {
  // Each pair is at most 16 lanes apart, going round.
  uint32_t around[48];
  std::memcpy(around, at, 32 * sizeof(uint32_t));
  std::memcpy(around + 32, at, 16 * sizeof(uint32_t));
  uint32_t same = 0;
  for (unsigned apart = 1; apart <= 16; ++apart)
    for (unsigned lane = 0; lane < 32; ++lane)
      same |= around[lane] == around[lane + apart];
  return same;
}

/// Passes over the banks for 32 different places of 4, 8 or 16 bytes.
static EMULATED_INLINE unsigned countDistinct(const uint32_t *at,
                                              unsigned bytes) {
  // Units in each group of banks, by phase and group.
  uint8_t counts[32] = {};
  unsigned shift = bytes == 4 ? 2 : bytes == 8 ? 3 : 4;
  unsigned lanes = 128 >> shift;
  for (unsigned lane = 0; lane < 32; ++lane)
    ++counts[(lane & ~(lanes - 1)) | (at[lane] >> shift & (lanes - 1))];
  unsigned passes = 0;
  for (unsigned begin = 0; begin < 32; begin += lanes)
    passes += *std::max_element(counts + begin, counts + begin + lanes);
  return passes;
}

static EMULATED_INLINE void access(Warp &w, const Op &op, uint32_t *at,
                                   uint32_t mask, unsigned bytes, unsigned kind,
                                   Place &place) {
  place.ok = 0;
  place.contiguous = place.duplicates = false;
  if (!mask)
    return;
  SharedMemory &m = w.block->shared;
  Violations violations(w, op, "shared", bytes, kind);
  uint32_t first = at[__builtin_ctz(mask)];
  if (mask != ~0u)
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] = mask >> lane & 1 ? at[lane] : first;
  uint32_t limit = m.size >= bytes ? m.size - bytes : 0;
  uint32_t most = 0, odd = 0, differs = 0, apart = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    most = std::max(most, at[lane]);
    odd |= at[lane];
    apart |= at[lane] ^ at[0];
    differs |= at[lane] ^ (at[0] + lane * bytes);
  }
  place.ok = mask;
  if (most > limit || m.size < bytes || (odd & (bytes - 1))) {
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      bool outside = m.size < bytes || at[lane] > limit;
      if (!outside && !(at[lane] & (bytes - 1)))
        continue;
      violations.add(at[lane] & (bytes - 1) ? FaultKind::Misaligned
                                            : FaultKind::OutOfBounds,
                     1u << lane, at[lane]);
      place.ok &= ~(1u << lane);
    }
    mask = place.ok;
    if (!mask)
      return;
    first = at[__builtin_ctz(mask)];
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] = mask >> lane & 1 ? at[lane] : first;
    differs = apart = 1;
  }
  place.contiguous = mask == ~0u && !differs;
  place.base = m.data.data() + at[0];
  unsigned ideal, passes;
  if (place.contiguous) {
    passes = ideal = bytes <= 4 ? 1 : bytes / 4;
  } else {
    for (unsigned lane = 0; lane < 32; ++lane)
      place.at[lane] = m.data.data() + at[lane];
    if (countSimple(at, mask, bytes, ideal) || !apart) {
      passes = ideal;
      place.duplicates = !apart && (mask & (mask - 1));
    } else if (mask == ~0u && bytes >= 4 && !haveDuplicates(at)) {
      passes = countDistinct(at, bytes);
    } else {
      passes = countWavefronts(at, mask, bytes, ideal);
      place.duplicates = true;
    }
  }
  w.counters.sharedWavefronts += passes;
  w.counters.sharedWavefrontsIdeal += ideal;
  if (!checksOn(w))
    return;
  if (kind & accessRead)
    m.lastRead[w.index] = w.clock;
  Request r(w, op, kind, violations);
  bool both = (kind & accessRead) && (kind & accessWrite);
  if (place.contiguous && bytes >= 4 && !both)
    accessRow(r, at, bytes);
  else if (!apart && kind == accessRead && readOne(r, at[0], mask, bytes))
    return;
  else
    accessLanes(r, at, mask, bytes);
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

/// One pass for the rows of a matrix unless rows share banks.
static EMULATED_INLINE unsigned countMatrix(const uint32_t *at) {
  uint32_t groups = 0;
  for (unsigned row = 0; row < 8; ++row)
    groups |= 1u << (at[row] >> 4 & 7);
  if (groups == 0xff)
    return 1;
  unsigned most = 1;
  for (unsigned row = 0; row < 8; ++row) {
    unsigned same = 1;
    for (unsigned other = 0; other < row; ++other) {
      if (at[other] == at[row]) {
        same = 0;
        break;
      }
      same += (at[other] >> 4 & 7) == (at[row] >> 4 & 7);
    }
    most = std::max(most, same);
  }
  return most;
}

template <unsigned matrices>
static EMULATED_INLINE void readRows(Warp &w, const Op &op,
                                     const uint32_t *addresses,
                                     uint8_t *const *out) {
  SharedMemory &m = w.block->shared;
  constexpr unsigned rows = matrices * 8;
  uint32_t most = 0, odd = 0;
  for (unsigned row = 0; row < rows; ++row) {
    most = std::max(most, addresses[row]);
    odd |= addresses[row];
  }
  if (m.size < 16 || most > m.size - 16 || (odd & 15)) {
    // Faults: as an access of the lanes that hold the addresses.
    uint32_t at[32] = {};
    std::copy(addresses, addresses + rows, at);
    Place place;
    accessShared(w, op, at, uint32_t((uint64_t(1) << rows) - 1), 16, accessRead,
                 place);
    for (unsigned row = 0; row < rows; ++row) {
      uint8_t *to = out[row / 8] + row % 8 * 16;
      if (place.ok >> row & 1)
        std::memcpy(to, m.data.data() + addresses[row], 16);
      else
        std::memset(to, 0, 16);
    }
    return;
  }
  for (unsigned i = 0; i < matrices; ++i)
    w.counters.sharedWavefronts += countMatrix(addresses + i * 8);
  w.counters.sharedWavefrontsIdeal += matrices;
  const uint8_t *data = m.data.data();
  for (unsigned i = 0; i < matrices; ++i) {
    uint8_t *to = out[i];
    for (unsigned row = 0; row < 8; ++row)
      std::memcpy(to + row * 16, data + addresses[i * 8 + row], 16);
  }
  if (!checksOn(w))
    return;
  m.lastRowRead[w.index] = w.clock;
  Violations violations(w, op, "shared", 16, accessRead);
  Request r(w, op, accessRead, violations);
  uint64_t *reads = m.getRowReads(w.index);
  uint64_t record =
      uint64_t(w.clock) << 32 | makeInfo(op.source, collectiveLanes);
  const OrderedGranules ordered(r);
  const uint32_t *keys = m.keys.data();
  Granules latest = Granules();
  for (unsigned row = 0; row < rows; ++row) {
    latest = getMaximum(latest, loadGranules(keys + addresses[row] / 4));
    reads[addresses[row] / 16] = record;
  }
  if (areAll(latest <= ordered.floor))
    return;
  // Some may be later writes of the warp itself.
  Answers all = Answers() - 1;
  for (unsigned row = 0; row < rows; ++row)
    all &= ordered.apply(loadGranules(keys + addresses[row] / 4));
  if (areAll(all))
    return;
  for (unsigned row = 0; row < rows; ++row)
    for (unsigned i = 0; i < 4; ++i) {
      uint32_t granule = addresses[row] / 4 + i;
      if (!isOrdered(r, m.keys[granule]) &&
          !checkGranule(r, granule, 15, collectiveLanes))
        break;
    }
}

void hydragen::emulated::writeMatrixRows(Warp &w, const Op &op,
                                         const uint32_t *addresses,
                                         unsigned matrices,
                                         const uint8_t *const *in) {
  unsigned rows = matrices * 8;
  uint32_t at[32] = {};
  std::copy(addresses, addresses + rows, at);
  Place place;
  accessShared(w, op, at, uint32_t((uint64_t(1) << rows) - 1), 16, accessWrite,
               place);
  for (unsigned row = 0; row < rows; ++row) {
    if (!(place.ok >> row & 1))
      continue;
    std::memcpy(w.block->shared.data.data() + addresses[row],
                in[row / 8] + row % 8 * 16, 16);
    // The bytes come from all lanes.
    if (checksOn(w))
      for (unsigned i = 0; i < 4; ++i)
        w.block->shared.infos[addresses[row] / 4 + i] =
            makeInfo(op.source, severalLanes);
  }
  ++w.block->changes;
}

//===----------------------------------------------------------------------===//
// Compiled for this host and for any
//===----------------------------------------------------------------------===//

EMULATED_V3 static void accessV3(Warp &w, const Op &op, uint32_t *at,
                                 uint32_t mask, unsigned bytes, unsigned kind,
                                 Place &place) {
  access(w, op, at, mask, bytes, kind, place);
}

static void accessBase(Warp &w, const Op &op, uint32_t *at, uint32_t mask,
                       unsigned bytes, unsigned kind, Place &place) {
  access(w, op, at, mask, bytes, kind, place);
}

void hydragen::emulated::accessShared(Warp &w, const Op &op, uint32_t *at,
                                      uint32_t mask, unsigned bytes,
                                      unsigned kind, Place &place) {
  (hasV3() ? accessV3 : accessBase)(w, op, at, mask, bytes, kind, place);
}

static EMULATED_INLINE void readRows(Warp &w, const Op &op,
                                     const uint32_t *addresses,
                                     unsigned matrices, uint8_t *const *out) {
  if (matrices == 4)
    readRows<4>(w, op, addresses, out);
  else if (matrices == 2)
    readRows<2>(w, op, addresses, out);
  else
    readRows<1>(w, op, addresses, out);
}

EMULATED_V3 static void readRowsV3(Warp &w, const Op &op,
                                   const uint32_t *addresses, unsigned matrices,
                                   uint8_t *const *out) {
  readRows(w, op, addresses, matrices, out);
}

static void readRowsBase(Warp &w, const Op &op, const uint32_t *addresses,
                         unsigned matrices, uint8_t *const *out) {
  readRows(w, op, addresses, matrices, out);
}

void hydragen::emulated::readMatrixRows(Warp &w, const Op &op,
                                        const uint32_t *addresses,
                                        unsigned matrices,
                                        uint8_t *const *out) {
  (hasV3() ? readRowsV3 : readRowsBase)(w, op, addresses, matrices, out);
}

void hydragen::emulated::landShared(Warp &w, const AsyncCopy &copy,
                                    uint32_t lanes) {
  SharedMemory &m = w.block->shared;
  uint32_t key = makeKey(w.clock, w.index), info = makeInfo(copy.source, 0);
  uint32_t *keys = m.keys.data(), *infos = m.infos.data();
  if (copy.size == 16) {
    const Granules four = Granules() + key;
    for (uint32_t rest = lanes; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      uint32_t granule = copy.destination[lane] / 4;
      const Granules origin = Granules() + (info + lane);
      std::memcpy(keys + granule, &four, sizeof(four));
      std::memcpy(infos + granule, &origin, sizeof(origin));
    }
    return;
  }
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint32_t granule = copy.destination[lane] / 4;
    for (unsigned i = 0; i < copy.size / 4u; ++i) {
      keys[granule + i] = key;
      infos[granule + i] = info + lane;
    }
  }
}
