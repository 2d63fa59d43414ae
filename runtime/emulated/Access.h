//===- Access.h - checked accesses to memory (internal) ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A handler forms the addresses of its lanes, asks for them here, and moves
// the bytes of the lanes it gets back. Whole warps that access consecutive
// bytes are checked in bulk.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_ACCESS_H
#define HYDRAGEN_RUNTIME_EMULATED_ACCESS_H

#include "Exec.h"

namespace hydragen::emulated {

/// What an access is; an atomic operation both reads and writes.
enum AccessKind : unsigned {
  accessRead = 1,
  accessWrite = 2,
  /// Atomic, volatile, relaxed, acquire or release: does not race with others
  /// of these.
  accessStrong = 4,
  /// ld.global.nc: nothing may write these bytes during the launch.
  accessConstant = 8,
  /// Not a request to global memory (ld.const).
  accessUncounted = 16,
  /// A copy in flight (cp.async), on its shared side.
  accessAsync = 32
};

/// Whether every modifier is a type, a hint of caches (L1::..., L2::...), a
/// scope or one of `names`: anything else may mean what is not done here.
bool areModifiersKnown(const Decoder &d,
                       std::initializer_list<std::string_view> names);

/// What one instruction did wrong: lanes with the same fault make one report.
class Violations {
public:
  Violations(Warp &w, const Op &op, const char *space, unsigned bytes,
             unsigned kind)
      : w(w), op(op), space(space), bytes(bytes), kind(kind) {}
  ~Violations() {
    if (!entries.empty())
      flush();
  }
  struct Entry {
    FaultKind kind;
    uint32_t lanes = 0;
    uint64_t address = 0;
    /// The other access of a race.
    int64_t other = -1;
    bool otherWrites = false;
    unsigned otherWarp = 0, otherLane = severalLanes;
    uint64_t otherBlock = 0;
    /// The other access is to be named first.
    bool swap = false;
    /// A special first line.
    const char *title = nullptr;
  };
  void add(const Entry &entry);
  void add(FaultKind fault, uint32_t lanes, uint64_t address) {
    Entry entry;
    entry.kind = fault;
    entry.lanes = lanes;
    entry.address = address;
    add(entry);
  }
  bool empty() const { return entries.empty(); }

private:
  void flush();
  std::string getTitle(const Entry &entry) const;
  Warp &w;
  const Op &op;
  const char *space;
  unsigned bytes, kind;
  std::vector<Entry> entries;
};

/// Where the bytes of the lanes are.
struct Place {
  /// Lanes that may access; the others faulted.
  uint32_t ok = 0;
  /// All 32 lanes in order from `base`.
  bool contiguous = false;
  /// Several lanes have the same address.
  bool duplicates = false;
  uint8_t *base = nullptr;
  uint8_t *at[32];
};

/// Global memory: bounds, alignment, initialised bytes, races between blocks.
/// `at` of lanes that are off is ignored (and changed). bytes: 1, 2, 4, 8, 16.
void accessGlobal(Warp &w, const Op &op, uint64_t *at, uint32_t mask,
                  unsigned bytes, unsigned kind, Place &place);
/// Shared memory; ~0u stands for any address beyond 32 bits.
void accessShared(Warp &w, const Op &op, uint32_t *at, uint32_t mask,
                  unsigned bytes, unsigned kind, Place &place);
/// Local memory of each lane.
void accessLocal(Warp &w, const Op &op, const uint64_t *at, uint32_t mask,
                 unsigned bytes, unsigned kind, Place &place);
/// Kernel parameters.
void accessParam(Warp &w, const Op &op, const uint64_t *at, uint32_t mask,
                 unsigned bytes, unsigned kind, Place &place);

/// Parts of a copy have landed: the bytes belong to their lanes from now on.
void landShared(Warp &w, const AsyncCopy &copy, uint32_t lanes);

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_ACCESS_H
