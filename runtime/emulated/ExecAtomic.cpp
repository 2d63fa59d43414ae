//===- ExecAtomic.cpp - atomic operations -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lanes of one instruction take turns from lane 0 up. Atomics of global
// memory run in the order of their blocks' clocks (Scheduler.h), so results do
// not depend on the number of host threads.
//===----------------------------------------------------------------------===//

#include "Access.h"

using namespace hydragen::emulated;

namespace {
enum : uint8_t {
  flagWide = 1,
  flagAcquire = 2,
  flagRelease = 4,
  flagBlockScope = 8,
  flagReduction = 16
};

/// a: what is there, b and c: the operands. Bits of a register lane.
template <typename T>
using Operation = T (*)(T a, T b, T c);

template <typename T>
struct Bits {
  static T add(T a, T b, T) { return a + b; }
  static T bitAnd(T a, T b, T) { return a & b; }
  static T bitOr(T a, T b, T) { return a | b; }
  static T bitXor(T a, T b, T) { return a ^ b; }
  static T exchange(T, T b, T) { return b; }
  static T compareSwap(T a, T b, T c) { return a == b ? c : a; }
  static T increment(T a, T b, T) { return a >= b ? 0 : a + 1; }
  static T decrement(T a, T b, T) { return a == 0 || a > b ? b : a - 1; }
  static T minimum(T a, T b, T) { return a < b ? a : b; }
  static T maximum(T a, T b, T) { return a > b ? a : b; }
};

template <typename T, typename S>
T signedMinimum(T a, T b, T) {
  return S(a) < S(b) ? a : b;
}
template <typename T, typename S>
T signedMaximum(T a, T b, T) {
  return S(a) > S(b) ? a : b;
}

uint32_t addF32(uint32_t a, uint32_t b, uint32_t) {
  return bitCast<uint32_t>(canonical(bitCast<float>(a) + bitCast<float>(b)));
}
uint32_t flush32(uint32_t a) { return a & 0x7f800000 ? a : a & 0x80000000; }
/// On global memory subnormal inputs and results are zero (PTX ISA, atom).
uint32_t addF32Flush(uint32_t a, uint32_t b, uint32_t c) {
  return flush32(addF32(flush32(a), flush32(b), c));
}
uint64_t addF64(uint64_t a, uint64_t b, uint64_t) {
  return bitCast<uint64_t>(bitCast<double>(a) + bitCast<double>(b));
}
// 24 bits are enough for the sum of two numbers of 11 or 8 to round once.
uint16_t addF16(uint16_t a, uint16_t b, uint16_t) {
  return toF16(fromF16(a) + fromF16(b));
}
uint16_t addBF16(uint16_t a, uint16_t b, uint16_t) {
  return toBF16(fromBF16(a) + fromBF16(b));
}
template <Operation<uint16_t> f>
uint32_t packed(uint32_t a, uint32_t b, uint32_t) {
  return f(uint16_t(a), uint16_t(b), 0) |
         uint32_t(f(uint16_t(a >> 16), uint16_t(b >> 16), 0)) << 16;
}

template <typename T>
void applyLanes(Warp &w, const Op &op, Operation<T> f, const Place &place) {
  const Word<T> *b = lanes<T>(w, op.b);
  const Word<T> *c = op.c == noSlot ? b : lanes<T>(w, op.c);
  Word<T> *d = op.flags & flagReduction ? nullptr : lanes<T>(w, op.d);
  for (uint32_t rest = place.ok; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint8_t *at =
        place.contiguous ? place.base + lane * sizeof(T) : place.at[lane];
    T before;
    std::memcpy(&before, at, sizeof(T));
    T after = f(before, T(b[lane]), T(c[lane]));
    std::memcpy(at, &after, sizeof(T));
    if (d)
      d[lane] = before;
    w.block->changes += before != after;
  }
}

/// Lanes that faulted get zero.
template <typename T>
void clearLanes(Warp &w, const Op &op, uint32_t mask) {
  if (!(op.flags & flagReduction))
    for (uint32_t rest = mask; rest; rest &= rest - 1)
      lanes<T>(w, op.d)[__builtin_ctz(rest)] = 0;
}

void orderLanes(Warp &w, const Op &op, SyncTable &table, const uint64_t *at,
                uint32_t mask) {
  StrongAccess access;
  access.reads = !(op.flags & flagReduction);
  access.writes = access.modifies = true;
  access.acquire = op.flags & flagAcquire;
  access.device = !(op.flags & flagBlockScope);
  bool release = op.flags & flagRelease;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    // One release serves all lanes.
    access.release = release;
    release = false;
    strongAccess(w, table, at[__builtin_ctz(rest)], access);
  }
}

template <typename T>
void runGlobal(Warp &w, const Op &op, uint32_t mask, uint64_t *at,
               Operation<T> f) {
  unsigned kind = accessRead | accessWrite;
  // Strong for other blocks only when its scope includes them.
  if (!(op.flags & flagBlockScope))
    kind |= accessStrong;
  orderLanes(w, op, w.block->launch->globalSync, at, mask);
  Place place;
  accessGlobal(w, op, at, mask, sizeof(T), kind, place);
  applyLanes<T>(w, op, f, place);
  clearLanes<T>(w, op, mask & ~place.ok);
}

template <typename T>
void runShared(Warp &w, const Op &op, uint32_t mask, const uint64_t *at,
               Operation<T> f) {
  uint32_t offsets[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    offsets[lane] = at[lane] >> 32 ? ~0u : uint32_t(at[lane]);
  orderLanes(w, op, w.block->shared.sync, at, mask);
  Place place;
  accessShared(w, op, offsets, mask, sizeof(T),
               accessRead | accessWrite | accessStrong, place);
  applyLanes<T>(w, op, f, place);
  clearLanes<T>(w, op, mask & ~place.ok);
}

/// `onGlobal`: where global memory computes otherwise than shared memory.
template <typename T>
void runAtomic(Warp &w, const Op &op, uint32_t mask, Space space,
               Operation<T> onShared, Operation<T> onGlobal) {
  uint64_t at[32];
  bool wide = op.flags & flagWide;
  for (unsigned lane = 0; lane < 32; ++lane) {
    uint64_t base = op.a == noSlot ? 0
                    : wide         ? w.get64(op.a, int(lane))
                                   : w.get32(op.a, int(lane));
    at[lane] = base + uint64_t(op.imm);
    if (!wide && op.a != noSlot)
      at[lane] = uint32_t(at[lane]);
  }
  uint32_t shared = space == Space::Shared ? mask : 0;
  if (space == Space::Generic)
    for (unsigned lane = 0; lane < 32; ++lane)
      if ((mask >> lane & 1) && at[lane] - sharedWindow < windowSize) {
        shared |= 1u << lane;
        at[lane] -= sharedWindow;
      }
  uint32_t global = mask & ~shared;
  if (shared)
    runShared<T>(w, op, shared, at, onShared);
  if (global)
    runGlobal<T>(w, op, global, at, onGlobal);
}

template <typename T, Operation<T> f, Operation<T> onGlobal = f>
struct Atomic {
  template <Space space>
  static void run(Warp &w, const Op &op, uint32_t mask) {
    runAtomic<T>(w, op, mask, space, f, onGlobal);
  }
  static Handler get(Space space) {
    return space == Space::Global   ? run<Space::Global>
           : space == Space::Shared ? run<Space::Shared>
                                    : run<Space::Generic>;
  }
};

Handler getFloatAdd(Type type, Space space) {
  bool bf = type.kind == TypeKind::BF;
  if (type.bits == 16 && type.lanes == 2)
    return bf ? Atomic<uint32_t, packed<addBF16>>::get(space)
              : Atomic<uint32_t, packed<addF16>>::get(space);
  if (type.bits == 16)
    return bf ? Atomic<uint16_t, addBF16>::get(space)
              : Atomic<uint16_t, addF16>::get(space);
  if (type.bits == 32)
    return Atomic<uint32_t, addF32, addF32Flush>::get(space);
  return type.bits == 64 ? Atomic<uint64_t, addF64>::get(space) : nullptr;
}

template <typename T, typename S>
Handler getInteger(const Decoder &d, Type type, Space space) {
  bool isSigned = type.kind == TypeKind::S, bits = type.kind == TypeKind::B;
  if (d.has("exch"))
    return bits ? Atomic<T, Bits<T>::exchange>::get(space) : nullptr;
  if (d.has("cas"))
    return bits ? Atomic<T, Bits<T>::compareSwap>::get(space) : nullptr;
  if (d.has("and"))
    return bits ? Atomic<T, Bits<T>::bitAnd>::get(space) : nullptr;
  if (d.has("or"))
    return bits ? Atomic<T, Bits<T>::bitOr>::get(space) : nullptr;
  if (d.has("xor"))
    return bits ? Atomic<T, Bits<T>::bitXor>::get(space) : nullptr;
  if (bits)
    return nullptr;
  if (d.has("add"))
    return Atomic<T, Bits<T>::add>::get(space);
  if (d.has("min"))
    return isSigned ? Atomic<T, signedMinimum<T, S>>::get(space)
                    : Atomic<T, Bits<T>::minimum>::get(space);
  if (d.has("max"))
    return isSigned ? Atomic<T, signedMaximum<T, S>>::get(space)
                    : Atomic<T, Bits<T>::maximum>::get(space);
  if (isSigned || type.bits != 32)
    return nullptr;
  if (d.has("inc"))
    return Atomic<T, Bits<T>::increment>::get(space);
  if (d.has("dec"))
    return Atomic<T, Bits<T>::decrement>::get(space);
  return nullptr;
}
} // namespace

bool hydragen::emulated::selectAtomic(Decoder &d) {
  bool reduction = d.instruction->opcode == "red";
  Type type = d.type();
  if (!type || type.kind == TypeKind::Pred || type.bits > 64 ||
      !areModifiersKnown(d, {"global", "shared", "shared::cta", "relaxed",
                             "acquire", "release", "acq_rel", "add", "min",
                             "max", "inc", "dec", "and", "or", "xor", "exch",
                             "cas", "noftz"}))
    return false;
  Space space = d.has("global")                           ? Space::Global
                : d.has("shared") || d.has("shared::cta") ? Space::Shared
                                                          : Space::Generic;
  bool isFloat = type.kind == TypeKind::F || type.kind == TypeKind::BF;
  bool isInteger = type.kind == TypeKind::U || type.kind == TypeKind::S ||
                   type.kind == TypeKind::B;
  bool cas = d.has("cas");
  if (isFloat && d.has("add"))
    d.op.run = getFloatAdd(type, space);
  else if (isInteger && type.lanes == 1 && type.bits == 32)
    d.op.run = getInteger<uint32_t, int32_t>(d, type, space);
  else if (isInteger && type.lanes == 1 && type.bits == 64)
    d.op.run = getInteger<uint64_t, int64_t>(d, type, space);
  else if (type.kind == TypeKind::B && type.bits == 16 && cas)
    d.op.run = Atomic<uint16_t, Bits<uint16_t>::compareSwap>::get(space);
  if (!d.op.run || (reduction && (cas || d.has("exch"))))
    return false;
  size_t expected = (reduction ? 2 : 3) + cas + d.has("L2::cache_hint");
  if (d.numOperands() != expected)
    return d.fail("expected " + std::to_string(expected) + " operands, got " +
                  std::to_string(d.numOperands()));
  size_t first = reduction ? 0 : 1;
  if (!d.address(d.operand(first)))
    return false;
  bool both = d.has("acq_rel");
  if (both || d.has("acquire"))
    d.op.flags |= flagAcquire;
  if (both || d.has("release"))
    d.op.flags |= flagRelease;
  if (d.has("cta"))
    d.op.flags |= flagBlockScope;
  if (reduction)
    d.op.flags |= flagReduction;
  d.op.b = d.use(first + 1, type);
  if (cas)
    d.op.c = d.use(first + 2, type);
  if (!reduction)
    d.op.d = d.def(0, type);
  return d.op.b != noSlot && (!cas || d.op.c != noSlot) &&
         (reduction || d.op.d != noSlot);
}
