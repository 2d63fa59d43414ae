//===- ExecAsync.cpp - cp.async and its groups ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups are counted by each lane (PTX ISA 9.7.9.25). A copy is checked when
// it is issued: bounds of both sides, and its destination as a write. From then
// on the destination is in flight until the lane's wait covers the group; the
// bytes are read and written at that moment, or at once with --async=eager.
//===----------------------------------------------------------------------===//

#include "Access.h"

using namespace hydragen::emulated;

namespace {
enum : uint8_t { flagWide = 1, flagSourceWide = 2, flagIgnore = 4 };

/// Shared addresses of a slot; beyond 32 bits ~0u.
EMULATED_INLINE void getDestinations(const Warp &w, uint32_t slot, bool wide,
                                     int64_t offset, uint32_t *at) {
  if (slot != noSlot && !wide) {
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] = w.registers[slot + lane] + uint32_t(offset);
    return;
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    uint64_t base = slot == noSlot ? 0 : w.get64(slot, int(lane));
    uint64_t address = base + uint64_t(offset);
    at[lane] = address >> 32 ? ~0u : uint32_t(address);
  }
}

EMULATED_INLINE void land(Warp &w, const AsyncCopy &copy, uint32_t mask,
                          bool shadow) {
  if (!mask)
    return;
  uint8_t *data = w.block->shared.data.data();
  unsigned partial = copy.size ^ 16;
  for (unsigned lane = 0; lane < 32; ++lane)
    partial |= copy.bytes[lane] ^ 16;
  if (!partial)
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      std::memcpy(data + copy.destination[lane], copy.from[lane], 16);
    }
  else
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      uint8_t *to = data + copy.destination[lane];
      if (copy.bytes[lane])
        std::memcpy(to, copy.from[lane], copy.bytes[lane]);
      std::memset(to + copy.bytes[lane], 0, copy.size - copy.bytes[lane]);
    }
  if (shadow)
    landShared(w, copy, mask);
  ++w.block->changes;
}

/// The source side of the lanes in `mask` that read `count` bytes. cp.async
/// asks for the alignment of the whole copy, and reads as a plain load.
EMULATED_INLINE uint32_t readSource(Warp &w, const Op &op, const uint64_t *from,
                                    uint32_t mask, unsigned count,
                                    unsigned size, AsyncCopy &copy) {
  uint32_t odd = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    odd |= uint32_t((from[lane] & (size - 1)) != 0) << lane;
  odd &= mask;
  if (odd) {
    Violations violations(w, op, "global", size, accessRead);
    for (uint32_t rest = odd; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      violations.add(FaultKind::Misaligned, 1u << lane, from[lane]);
    }
    mask &= ~odd;
  }
  // In pieces of powers of two.
  uint32_t ok = mask;
  for (unsigned done = 0; done < count;) {
    unsigned piece = 16;
    while (piece > count - done)
      piece /= 2;
    uint64_t at[32];
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] = from[lane] + done;
    Place place;
    accessGlobal(w, op, at, ok, piece, accessRead, place);
    if (done == 0 && place.contiguous) {
      for (unsigned lane = 0; lane < 32; ++lane)
        copy.from[lane] = place.base + lane * piece;
      // They are read when the copy lands.
      for (unsigned line = 0; line < 32 * piece; line += 64)
        __builtin_prefetch(place.base + line);
    } else if (done == 0) {
      for (uint32_t rest = place.ok; rest; rest &= rest - 1) {
        unsigned lane = __builtin_ctz(rest);
        copy.from[lane] = place.at[lane];
      }
    }
    ok &= place.ok;
    done += piece;
  }
  return ok;
}

EMULATED_INLINE void issue(Warp &w, const Op &op, uint32_t mask) {
  unsigned size = op.count;
  std::unique_ptr<AsyncCopy> copy;
  if (w.freeCopies.empty()) {
    copy = std::make_unique<AsyncCopy>();
  } else {
    copy = std::move(w.freeCopies.back());
    w.freeCopies.pop_back();
  }
  // The offsets of both sides share the immediate.
  getDestinations(w, op.a, op.flags & flagWide, int32_t(op.imm),
                  copy->destination);
  uint64_t from[32];
  int64_t offset = op.imm >> 32;
  if (op.b != noSlot && (op.flags & flagSourceWide))
    for (unsigned lane = 0; lane < 32; ++lane)
      from[lane] = w.get64(op.b, int(lane)) + uint64_t(offset);
  else
    for (unsigned lane = 0; lane < 32; ++lane)
      from[lane] =
          (op.b == noSlot ? 0 : w.get32(op.b, int(lane))) + uint64_t(offset);

  // Bytes each lane reads.
  uint32_t partial = 0, tooMany = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    copy->bytes[lane] = uint8_t(size);
  if (op.c != noSlot) {
    bool ignore = op.flags & flagIgnore;
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      uint32_t bytes = ignore ? (w.registers[op.c] >> lane & 1 ? 0 : size)
                              : w.get32(op.c, int(lane));
      if (bytes > size) {
        tooMany |= 1u << lane;
        bytes = 0;
      }
      copy->bytes[lane] = uint8_t(bytes);
      if (bytes != size)
        partial |= 1u << lane;
    }
  }
  if (tooMany && checksOn(w))
    report(w, makeFault(w, op, FaultKind::BadOperand, tooMany,
                        "cp.async src-size exceeds its cp-size of " +
                            std::to_string(size) + " bytes"));

  uint32_t at[32];
  std::memcpy(at, copy->destination, sizeof(at));
  Place place;
  accessShared(w, op, at, mask, size, accessWrite | accessAsync, place);
  uint32_t ok = place.ok, good = 0;
  if (uint32_t full = ok & ~partial)
    good |= readSource(w, op, from, full, size, size, *copy);
  for (uint32_t rest = ok & partial; rest;) {
    unsigned count = copy->bytes[__builtin_ctz(rest)];
    uint32_t same = 0;
    for (uint32_t others = rest; others; others &= others - 1) {
      unsigned lane = __builtin_ctz(others);
      if (copy->bytes[lane] == count)
        same |= 1u << lane;
    }
    rest &= ~same;
    good |= count ? readSource(w, op, from, same, count, size, *copy) : same;
  }
  // A lane whose source faulted still fills its destination: with zeros.
  for (uint32_t rest = ok & ~good; rest; rest &= rest - 1)
    copy->bytes[__builtin_ctz(rest)] = 0;
  w.counters.asyncBytes += uint64_t(size) * __builtin_popcount(ok);
  copy->mask = ok;
  copy->source = op.source;
  copy->size = uint8_t(size);
  std::memcpy(copy->group, w.committed, sizeof(copy->group));
  if (!w.block->launch->options.asyncLate)
    land(w, *copy, ok, false);
  w.copies.push_back(std::move(copy));
}

EMULATED_INLINE void commit(Warp &w, const Op &op, uint32_t mask) {
  for (unsigned lane = 0; lane < 32; ++lane)
    w.committed[lane] += mask >> lane & 1;
}

/// Waits until at most `pending` of each lane's latest groups are in flight.
EMULATED_INLINE void complete(Warp &w, uint32_t mask, uint32_t pending) {
  bool late = w.block->launch->options.asyncLate, checks = checksOn(w);
  size_t kept = 0;
  for (size_t i = 0; i < w.copies.size(); ++i) {
    AsyncCopy &copy = *w.copies[i];
    uint32_t done = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
      done |= uint32_t(w.committed[lane] - copy.group[lane] > pending) << lane;
    done &= mask & copy.mask;
    if (late) {
      land(w, copy, done, checks);
    } else if (checks) {
      landShared(w, copy, done);
    }
    copy.mask &= ~done;
    if (copy.mask) {
      if (kept != i)
        std::swap(w.copies[kept], w.copies[i]);
      ++kept;
    } else {
      w.freeCopies.push_back(std::move(w.copies[i]));
    }
  }
  w.copies.resize(kept);
}

struct Issue {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    issue(w, op, mask);
  }
};
struct Commit {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    commit(w, op, mask);
  }
};
struct WaitGroup {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    complete(w, mask, uint32_t(op.imm));
  }
};
struct WaitAll {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    // Also what was not committed.
    commit(w, op, mask);
    complete(w, mask, 0);
  }
};
} // namespace

static bool selectCopy(Decoder &d) {
  bool global = d.has("cg");
  if (!areModifiersKnown(
          d, {"async", "ca", "cg", "shared", "shared::cta", "global"}))
    return false;
  if ((!global && !d.has("ca")) || !d.has("global") ||
      (!d.has("shared") && !d.has("shared::cta")))
    return false;
  size_t operands = d.numOperands() - (d.has("L2::cache_hint") ? 1 : 0);
  if (operands < 3 || operands > 4)
    return d.fail("expected 3 or 4 operands, got " +
                  std::to_string(d.numOperands()));
  int64_t size;
  if (!d.immediate(d.operand(2), size))
    return false;
  if (size != 16 && (global || (size != 4 && size != 8)))
    return d.fail("cannot copy " + std::to_string(size) + " bytes");
  // The source first: address() leaves its result in `op`.
  if (!d.address(d.operand(1)))
    return false;
  uint32_t source = d.op.a;
  int64_t offset = d.op.imm;
  bool wide = d.op.flags & flagWide;
  if (!d.address(d.operand(0)))
    return false;
  if (wide)
    d.op.flags |= flagSourceWide;
  if (operands == 4) {
    const Operand &last = d.operand(3);
    bool predicate =
        last.kind == Operand::Register &&
        d.function.registers[last.index].type.kind == TypeKind::Pred;
    if (predicate)
      d.op.flags |= flagIgnore;
    d.op.c = d.use(last, predicate ? typePred : typeB32);
    if (d.op.c == noSlot)
      return false;
  }
  if (offset != int32_t(offset) || d.op.imm != int32_t(d.op.imm))
    return d.fail("the address offset is too large");
  d.op.b = source;
  d.op.imm = int64_t(uint64_t(offset) << 32 | uint32_t(d.op.imm));
  d.op.count = uint8_t(size);
  d.op.run = compiled<Issue>;
  return true;
}

bool hydragen::emulated::selectAsync(Decoder &d) {
  if (!d.has("async") || d.has("bulk") || d.has("mbarrier"))
    return false;
  if (d.has("commit_group")) {
    d.op.run = compiled<Commit>;
    return d.numOperands() == 0;
  }
  if (d.has("wait_all")) {
    d.op.run = compiled<WaitAll>;
    return d.numOperands() == 0;
  }
  if (d.has("wait_group")) {
    d.op.run = compiled<WaitGroup>;
    return d.numOperands() == 1 && d.immediate(d.operand(0), d.op.imm);
  }
  return selectCopy(d);
}
