//===- ExecMemory.cpp - loads, stores and hints of caches -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"

using namespace hydragen::emulated;

namespace {
/// Op::flags of loads and stores; bit 0 is Decoder::address's.
enum : uint8_t {
  flagWide = 1,
  flagStrong = 2,
  flagAcquire = 4,
  flagRelease = 8,
  flagBlockScope = 16,
  flagConstant = 32,
  flagUncounted = 64
};

unsigned getKind(const Op &op, unsigned kind) {
  if (op.flags & flagStrong)
    kind |= accessStrong;
  if (op.flags & flagConstant)
    kind |= accessConstant;
  if (op.flags & flagUncounted)
    kind |= accessUncounted;
  return kind;
}

/// Orders what the strong access of some lanes orders. `offset`: of shared
/// memory.
template <typename T>
void orderStrong(Warp &w, const Op &op, SyncTable &table, const T *at,
                 uint32_t mask, bool writes) {
  StrongAccess access;
  access.reads = !writes;
  access.writes = writes;
  access.acquire = op.flags & flagAcquire;
  access.release = op.flags & flagRelease;
  access.device = !(op.flags & flagBlockScope);
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    strongAccess(w, table, at[__builtin_ctz(rest)], access);
}

template <unsigned bytes>
using Element = std::conditional_t<
    bytes == 1, uint8_t,
    std::conditional_t<bytes == 2, uint16_t,
                       std::conditional_t<bytes == 4, uint32_t, uint64_t>>>;

template <unsigned bytes, unsigned n>
EMULATED_INLINE void getSlots(const Warp &w, const Op &op, uint32_t single,
                              uint32_t *slots) {
  if constexpr (n == 1)
    slots[0] = single;
  else
    for (unsigned i = 0; i < n; ++i)
      slots[i] = w.list(op)[i];
}

/// Bytes in memory to registers; lanes that faulted get zero.
template <unsigned bytes, unsigned n>
EMULATED_INLINE void moveIn(Warp &w, const Op &op, uint32_t mask,
                            const Place &place) {
  using T = Element<bytes>;
  uint32_t slots[n];
  getSlots<bytes, n>(w, op, op.d, slots);
  if (place.contiguous) {
    for (unsigned i = 0; i < n; ++i) {
      Word<T> *d = lanes<T>(w, slots[i]);
      const uint8_t *from = place.base + i * bytes;
      for (unsigned lane = 0; lane < 32; ++lane) {
        T value;
        std::memcpy(&value, from + lane * bytes * n, bytes);
        d[lane] = value;
      }
    }
    return;
  }
  for (uint32_t rest = place.ok; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    T values[n];
    std::memcpy(values, place.at[lane], bytes * n);
    for (unsigned i = 0; i < n; ++i)
      lanes<T>(w, slots[i])[lane] = values[i];
  }
  for (uint32_t rest = mask & ~place.ok; rest; rest &= rest - 1)
    for (unsigned i = 0; i < n; ++i)
      lanes<T>(w, slots[i])[__builtin_ctz(rest)] = 0;
}

template <unsigned bytes, unsigned n>
EMULATED_INLINE void moveOut(Warp &w, const Op &op, const Place &place) {
  using T = Element<bytes>;
  uint32_t slots[n];
  getSlots<bytes, n>(w, op, op.b, slots);
  if (place.contiguous) {
    for (unsigned i = 0; i < n; ++i) {
      const Word<T> *from = lanes<T>(w, slots[i]);
      uint8_t *to = place.base + i * bytes;
      for (unsigned lane = 0; lane < 32; ++lane) {
        T value = T(from[lane]);
        std::memcpy(to + lane * bytes * n, &value, bytes);
      }
    }
    return;
  }
  for (uint32_t rest = place.ok; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    T values[n];
    for (unsigned i = 0; i < n; ++i)
      values[i] = T(lanes<T>(w, slots[i])[lane]);
    std::memcpy(place.at[lane], values, bytes * n);
  }
}

/// Two lanes of one store to the same bytes must agree on them.
template <unsigned bytes, unsigned n>
void checkDuplicates(Warp &w, const Op &op, const uint32_t *at,
                     const Place &place) {
  using T = Element<bytes>;
  uint32_t slots[n];
  getSlots<bytes, n>(w, op, op.b, slots);
  Violations violations(w, op, "shared", bytes * n, accessWrite);
  for (uint32_t rest = place.ok; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    for (uint32_t others = rest & (rest - 1); others; others &= others - 1) {
      unsigned other = __builtin_ctz(others);
      if (at[lane] != at[other])
        continue;
      bool differ = false;
      for (unsigned i = 0; i < n; ++i) {
        const Word<T> *value = lanes<T>(w, slots[i]);
        differ |= T(value[lane]) != T(value[other]);
      }
      if (!differ)
        continue;
      Violations::Entry entry;
      entry.kind = FaultKind::SharedRace;
      entry.lanes = 1u << lane | 1u << other;
      entry.address = at[lane];
      entry.other = op.source;
      entry.otherWrites = true;
      entry.title = "Race reported between lanes of one Write access in "
                    "__shared__ memory that write different values (WAW)";
      violations.add(entry);
    }
  }
}

EMULATED_INLINE void getAddresses(const Warp &w, const Op &op, uint64_t *at) {
  uint64_t offset = uint64_t(op.imm);
  if (op.a == noSlot)
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] = offset;
  else if (op.flags & flagWide)
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] =
          reinterpret_cast<const uint64_t *>(w.registers + op.a)[lane] + offset;
  else
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] = uint32_t(w.registers[op.a + lane] + uint32_t(offset));
}

/// Of shared memory: addresses beyond 32 bits become ~0u.
EMULATED_INLINE void getSharedAddresses(const Warp &w, const Op &op,
                                        uint32_t *at) {
  if (op.a != noSlot && !(op.flags & flagWide)) {
    for (unsigned lane = 0; lane < 32; ++lane)
      at[lane] = w.registers[op.a + lane] + uint32_t(op.imm);
    return;
  }
  uint64_t wide[32];
  getAddresses(w, op, wide);
  for (unsigned lane = 0; lane < 32; ++lane)
    at[lane] = wide[lane] >> 32 ? ~0u : uint32_t(wide[lane]);
}

/// The lanes whose generic address lies in a window; these become offsets.
uint32_t takeWindow(uint64_t *at, uint32_t mask, uint64_t window) {
  uint32_t found = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    if ((mask >> lane & 1) && at[lane] - window < windowSize) {
      found |= 1u << lane;
      at[lane] -= window;
    }
  return found;
}

/// ld (writes false) or st of a space.
template <bool writes, Space space, unsigned bytes, unsigned n>
struct LoadStore {
  static constexpr unsigned size = bytes * n;
  static constexpr auto kind = writes ? accessWrite : accessRead;

  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    Place place;
    if constexpr (space == Space::Shared) {
      uint32_t at[32];
      getSharedAddresses(w, op, at);
      shared(w, op, mask, at, place);
    } else {
      uint64_t at[32];
      getAddresses(w, op, at);
      place.contiguous = false;
      if constexpr (space == Space::Global || space == Space::Const)
        global(w, op, mask, at, place);
      if constexpr (space == Space::Local)
        local(w, op, mask, at, place);
      if constexpr (space == Space::Param)
        param(w, op, mask, at, place);
      if constexpr (space == Space::Generic)
        generic(w, op, mask, at, place);
    }
  }
  static EMULATED_INLINE void move(Warp &w, const Op &op, uint32_t mask,
                                   const Place &place) {
    if constexpr (writes)
      moveOut<bytes, n>(w, op, place);
    else
      moveIn<bytes, n>(w, op, mask, place);
  }
  static EMULATED_INLINE void shared(Warp &w, const Op &op, uint32_t mask,
                                     uint32_t *at, Place &place) {
    SyncTable &sync = w.block->shared.sync;
    if (writes && (op.flags & flagStrong))
      orderStrong(w, op, sync, at, mask, true);
    accessShared(w, op, at, mask, size, getKind(op, kind), place);
    if (!writes && (op.flags & flagStrong))
      orderStrong(w, op, sync, at, place.ok, false);
    if constexpr (writes) {
      if (place.duplicates && checksOn(w))
        checkDuplicates<bytes, n>(w, op, at, place);
      ++w.block->changes;
    }
    move(w, op, mask, place);
  }
  static EMULATED_INLINE void global(Warp &w, const Op &op, uint32_t mask,
                                     uint64_t *at, Place &place) {
    if (op.flags & flagStrong)
      orderStrong(w, op, w.block->launch->globalSync, at, mask, writes);
    accessGlobal(w, op, at, mask, size, getKind(op, kind), place);
    if constexpr (writes)
      ++w.block->changes;
    move(w, op, mask, place);
  }
  static EMULATED_INLINE void local(Warp &w, const Op &op, uint32_t mask,
                                    uint64_t *at, Place &place) {
    accessLocal(w, op, at, mask, size, kind, place);
    move(w, op, mask, place);
  }
  static EMULATED_INLINE void param(Warp &w, const Op &op, uint32_t mask,
                                    uint64_t *at, Place &place) {
    static_assert(!writes, "parameters are not written");
    accessParam(w, op, at, mask, size, kind, place);
    move(w, op, mask, place);
  }
  static void generic(Warp &w, const Op &op, uint32_t mask, uint64_t *at,
                      Place &place) {
    if (uint32_t part = takeWindow(at, mask, sharedWindow)) {
      mask &= ~part;
      uint32_t offsets[32];
      for (unsigned lane = 0; lane < 32; ++lane)
        offsets[lane] = uint32_t(at[lane]);
      shared(w, op, part, offsets, place);
    }
    place.contiguous = false;
    if (uint32_t part = takeWindow(at, mask, localWindow)) {
      mask &= ~part;
      local(w, op, part, at, place);
    }
    // A store to the generic address of a parameter is one to nowhere.
    if constexpr (!writes)
      if (uint32_t part = takeWindow(at, mask, paramWindow)) {
        mask &= ~part;
        param(w, op, part, at, place);
      }
    if (mask)
      global(w, op, mask, at, place);
  }
};

/// ld.param of a place known when decoded: one value for all lanes.
template <unsigned bytes, unsigned n>
struct LoadParameter {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    using T = Element<bytes>;
    uint32_t slots[n];
    getSlots<bytes, n>(w, op, op.d, slots);
    const uint8_t *from =
        w.block->launch->launch.parameters.data() + uint64_t(op.imm);
    for (unsigned i = 0; i < n; ++i) {
      T value;
      std::memcpy(&value, from + i * bytes, bytes);
      Word<T> *d = lanes<T>(w, slots[i]);
      for (unsigned lane = 0; lane < 32; ++lane)
        d[lane] = mask >> lane & 1 ? value : d[lane];
    }
  }
};

template <Space space>
struct Spaced {
  template <unsigned bytes, unsigned n>
  using LoadIn = LoadStore<false, space, bytes, n>;
  template <unsigned bytes, unsigned n>
  using StoreIn = LoadStore<true, space, bytes, n>;
};

/// Spaces that matter get two compilations.
template <typename Body, bool hot>
Handler choose() {
  if constexpr (hot)
    return compiled<Body>;
  else
    return Compiled<Body>::base;
}

template <template <unsigned, unsigned> class Body, bool hot = false>
Handler pick(unsigned bytes, unsigned n) {
  switch (bytes << 4 | n) {
  case 0x11:
    return choose<Body<1, 1>, hot>();
  case 0x12:
    return choose<Body<1, 2>, hot>();
  case 0x14:
    return choose<Body<1, 4>, hot>();
  case 0x21:
    return choose<Body<2, 1>, hot>();
  case 0x22:
    return choose<Body<2, 2>, hot>();
  case 0x24:
    return choose<Body<2, 4>, hot>();
  case 0x41:
    return choose<Body<4, 1>, hot>();
  case 0x42:
    return choose<Body<4, 2>, hot>();
  case 0x44:
    return choose<Body<4, 4>, hot>();
  case 0x81:
    return choose<Body<8, 1>, hot>();
  case 0x82:
    return choose<Body<8, 2>, hot>();
  }
  return nullptr;
}

/// A hint: nothing happens.
void doNothing(Warp &, const Op &, uint32_t) {}

void makePolicy(Warp &w, const Op &op, uint32_t mask) {
  for (unsigned lane = 0; lane < 32; ++lane)
    if (mask >> lane & 1)
      w.wides(op.d)[lane] = 0;
}
} // namespace

/// The space among the modifiers; false: one that is not known here.
static bool getSpace(const Decoder &d, Space &space) {
  space = Space::Generic;
  for (const std::string &modifier : d.instruction->modifiers) {
    if (modifier == "global")
      space = Space::Global;
    else if (modifier == "shared" || modifier == "shared::cta")
      space = Space::Shared;
    else if (modifier == "local")
      space = Space::Local;
    else if (modifier == "param" || modifier == "param::entry")
      space = Space::Param;
    else if (modifier == "const")
      space = Space::Const;
    else if (modifier == "shared::cluster" || modifier == "param::func")
      return false;
  }
  return true;
}

bool hydragen::emulated::selectMemory(Decoder &d) {
  const std::string &name = d.instruction->opcode;
  if (name == "prefetch" || name == "prefetchu" || name == "applypriority") {
    d.op.run = doNothing;
    return d.numOperands() >= 1 && !d.has("tensormap") &&
           d.address(d.operand(0));
  }
  if (name == "createpolicy") {
    d.op.run = makePolicy;
    d.op.d = d.numOperands() ? d.def(0, typeB64) : noSlot;
    return d.op.d != noSlot;
  }
  if ((name != "ld" && name != "ldu" && name != "st") ||
      !areModifiersKnown(
          d, {"global",       "shared",  "shared::cta", "local",    "param",
              "param::entry", "const",   "weak",        "volatile", "relaxed",
              "acquire",      "release", "mmio",        "nc",       "unified",
              "ca",           "cg",      "cs",          "lu",       "cv",
              "wb",           "wt",      "v2",          "v4"}))
    return false;
  bool store = name == "st";
  Space space;
  Type type = d.type();
  if (!getSpace(d, space) || !type || type.kind == TypeKind::Pred ||
      type.bits > 64)
    return false;
  // A cache policy may follow.
  size_t expected = d.has("L2::cache_hint") ? 3 : 2;
  if (d.numOperands() != expected)
    return d.fail("expected " + std::to_string(expected) + " operands, got " +
                  std::to_string(d.numOperands()));
  unsigned n = d.has("v4") ? 4 : d.has("v2") ? 2 : 1;
  unsigned bytes = type.getBytes();
  if (d.has("v8") || bytes * n > 16)
    return false;
  if (!d.address(d.operand(store ? 0 : 1)))
    return false;
  for (const char *strong :
       {"volatile", "relaxed", "acquire", "release", "mmio"})
    if (d.has(strong))
      d.op.flags |= flagStrong;
  if (d.has("acquire"))
    d.op.flags |= flagAcquire;
  if (d.has("release"))
    d.op.flags |= flagRelease;
  if (d.has("cta"))
    d.op.flags |= flagBlockScope;
  if (d.has("nc"))
    d.op.flags |= flagConstant;
  if (space == Space::Const)
    d.op.flags |= flagUncounted;

  const Operand &value = d.operand(store ? 1 : 0);
  std::vector<const Operand *> elements = Decoder::elements(value);
  if (elements.size() != n)
    return d.fail("expected " + std::to_string(n) + " registers, got " +
                  std::to_string(elements.size()));
  uint32_t slots[4];
  for (unsigned i = 0; i < n; ++i) {
    slots[i] = store ? d.use(*elements[i], type) : d.def(*elements[i], type);
    if (slots[i] == noSlot)
      return false;
  }
  if (n == 1) {
    (store ? d.op.b : d.op.d) = slots[0];
  } else {
    d.beginList();
    for (unsigned i = 0; i < n; ++i)
      d.addToList(slots[i]);
  }

  if (store) {
    if (space == Space::Global)
      d.op.run = pick<Spaced<Space::Global>::StoreIn, true>(bytes, n);
    else if (space == Space::Shared)
      d.op.run = pick<Spaced<Space::Shared>::StoreIn, true>(bytes, n);
    else if (space == Space::Local)
      d.op.run = pick<Spaced<Space::Local>::StoreIn>(bytes, n);
    else if (space == Space::Generic)
      d.op.run = pick<Spaced<Space::Generic>::StoreIn>(bytes, n);
    return d.op.run != nullptr;
  }
  if (space == Space::Param) {
    const Operand &address = d.operand(1);
    const Operand &base = address.elements[0];
    for (size_t i = 0; i < d.function.parameters.size(); ++i) {
      if (base.kind != Operand::Symbol ||
          d.function.parameters[i].name != base.name)
        continue;
      uint64_t offset = d.code.paramOffsets[i] + base.value + address.value;
      if (offset % (bytes * n) || offset > d.code.paramBytes ||
          d.code.paramBytes - offset < bytes * n)
        break;
      d.op.imm = int64_t(offset);
      d.op.run = pick<LoadParameter>(bytes, n);
      return d.op.run != nullptr;
    }
  }
  if (space == Space::Global)
    d.op.run = pick<Spaced<Space::Global>::LoadIn, true>(bytes, n);
  else if (space == Space::Const)
    d.op.run = pick<Spaced<Space::Const>::LoadIn>(bytes, n);
  else if (space == Space::Shared)
    d.op.run = pick<Spaced<Space::Shared>::LoadIn, true>(bytes, n);
  else if (space == Space::Local)
    d.op.run = pick<Spaced<Space::Local>::LoadIn>(bytes, n);
  else if (space == Space::Param)
    d.op.run = pick<Spaced<Space::Param>::LoadIn>(bytes, n);
  else
    d.op.run = pick<Spaced<Space::Generic>::LoadIn>(bytes, n);
  return d.op.run != nullptr;
}
