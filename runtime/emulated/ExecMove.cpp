//===- ExecMove.cpp - moves, address spaces, widths -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

using namespace hydragen::emulated;

namespace {

struct Copy {
  template <typename T>
  static EMULATED_INLINE T apply(T a) {
    return a;
  }
};

void movePredicate(Warp &w, const Op &op, uint32_t mask) {
  writePredicate(w, op.d, mask, w.registers[op.a]);
}
void notPredicate(Warp &w, const Op &op, uint32_t mask) {
  writePredicate(w, op.d, mask, ~w.registers[op.a]);
}

struct Narrow {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const uint64_t *a = w.wides(op.a);
    forLanes<uint32_t>(
        w, op.d, mask,
        [=](int l) __attribute__((always_inline)) { return uint32_t(a[l]); });
  }
};

/// The low `bits` of a lane extended to the destination's word (64 when
/// op.count is 64), cut to the op.flags bits of its register.
template <bool isSigned, unsigned bits, typename A, typename D>
EMULATED_INLINE void widenTo(Warp &w, const Op &op, uint32_t mask) {
  const A *a = reinterpret_cast<const A *>(w.registers + op.a);
  D keep =
      op.flags >= sizeof(D) * 8 || !op.flags ? ~D(0) : (D(1) << op.flags) - 1;
  forLanes<D>(w, op.d, mask, [=](int l) __attribute__((always_inline)) {
    uint64_t up = uint64_t(a[l]) << (64 - bits);
    uint64_t value =
        isSigned ? uint64_t(int64_t(up) >> (64 - bits)) : up >> (64 - bits);
    return D(value) & keep;
  });
}
template <bool isSigned, unsigned bits>
struct Widen {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    using A = std::conditional_t<bits == 64, uint64_t, uint32_t>;
    if (op.count == 64)
      widenTo<isSigned, bits, A, uint64_t>(w, op, mask);
    else
      widenTo<isSigned, bits, A, uint32_t>(w, op, mask);
  }
};

/// mov.b64 d, {a, b, ...}: the first element is the lowest.
template <typename D, typename E, unsigned bits>
struct Pack {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    constexpr unsigned count = sizeof(D) * 8 / bits;
    const E *a[count];
    for (unsigned i = 0; i < count; ++i)
      a[i] = reinterpret_cast<const E *>(w.registers + w.list(op)[i]);
    constexpr D keep = D(~D(0)) >> (sizeof(D) * 8 - bits);
    forLanes<D>(w, op.d, mask, [=](int l) __attribute__((always_inline)) {
      D value = 0;
      for (unsigned i = 0; i < count; ++i)
        value = D(value | (D(a[i][l]) & keep) << (i * bits));
      return value;
    });
  }
};
template <typename A, typename E, unsigned bits>
struct Unpack {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const Word<A> *a = lanes<A>(w, op.a);
    constexpr unsigned count = sizeof(A) * 8 / bits;
    constexpr A keep = A(~A(0)) >> (sizeof(A) * 8 - bits);
    // An element may be the source itself: read it whole first.
    Word<A> value[32];
    std::memcpy(value, a, sizeof(value));
    const Word<A> *from = value;
    for (unsigned i = 0; i < count; ++i)
      forLanes<E>(w, w.list(op)[i], mask,
                  [=](int l) __attribute__((always_inline)) {
                    return E(A(from[l]) >> (i * bits) & keep);
                  });
  }
};

template <bool subtract>
struct AddOffset {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const uint64_t *a = w.wides(op.a);
    uint64_t offset = uint64_t(op.imm);
    forLanes<uint64_t>(w, op.d, mask,
                       [=](int l) __attribute__((always_inline)) {
                         return subtract ? a[l] - offset : a[l] + offset;
                       });
  }
};

/// op.imm: start of the window, or 0 for what is in no window (global).
void isInSpace(Warp &w, const Op &op, uint32_t mask) {
  const uint64_t *a = w.wides(op.a);
  auto in = [](uint64_t address, uint64_t window) {
    return address - window < windowSize;
  };
  uint32_t result = 0;
  for (int l = 0; l < 32; ++l) {
    bool is = op.imm ? in(a[l], uint64_t(op.imm))
                     : !in(a[l], sharedWindow) && !in(a[l], localWindow) &&
                           !in(a[l], paramWindow);
    result |= uint32_t(is) << l;
  }
  writePredicate(w, op.d, mask, result);
}

} // namespace

Handler hydragen::emulated::getNarrowHandler() { return compiled<Narrow>; }

Handler hydragen::emulated::getNotPredicateHandler() { return notPredicate; }

Handler hydragen::emulated::getWidenHandler(bool isSigned, unsigned bits) {
  switch (bits) {
  case 8:
    return isSigned ? compiled<Widen<true, 8>> : compiled<Widen<false, 8>>;
  case 16:
    return isSigned ? compiled<Widen<true, 16>> : compiled<Widen<false, 16>>;
  case 32:
    return isSigned ? compiled<Widen<true, 32>> : compiled<Widen<false, 32>>;
  default:
    return isSigned ? compiled<Widen<true, 64>> : compiled<Widen<false, 64>>;
  }
}

/// The base of a space's window of generic addresses; global and const have
/// none. False: there is no such space among the modifiers.
static bool getWindow(Decoder &d, int64_t &window) {
  if (d.has("shared") || d.has("shared::cta") || d.has("shared::cluster"))
    window = int64_t(sharedWindow);
  else if (d.has("local"))
    window = int64_t(localWindow);
  else if (d.has("param") || d.has("param::entry"))
    window = int64_t(paramWindow);
  else if (d.has("global") || d.has("const"))
    window = 0;
  else
    return false;
  return true;
}

static Handler pickPack(unsigned bits, unsigned element) {
  if (bits == 64)
    return element == 32   ? compiled<Pack<uint64_t, uint32_t, 32>>
           : element == 16 ? compiled<Pack<uint64_t, uint32_t, 16>>
           : element == 8  ? compiled<Pack<uint64_t, uint32_t, 8>>
                           : nullptr;
  if (bits == 32)
    return element == 16  ? compiled<Pack<uint32_t, uint32_t, 16>>
           : element == 8 ? compiled<Pack<uint32_t, uint32_t, 8>>
                          : nullptr;
  return bits == 16 && element == 8 ? compiled<Pack<uint16_t, uint32_t, 8>>
                                    : nullptr;
}
static Handler pickUnpack(unsigned bits, unsigned element) {
  if (bits == 64)
    return element == 32   ? compiled<Unpack<uint64_t, uint32_t, 32>>
           : element == 16 ? compiled<Unpack<uint64_t, uint32_t, 16>>
           : element == 8  ? compiled<Unpack<uint64_t, uint32_t, 8>>
                           : nullptr;
  if (bits == 32)
    return element == 16  ? compiled<Unpack<uint32_t, uint32_t, 16>>
           : element == 8 ? compiled<Unpack<uint32_t, uint32_t, 8>>
                          : nullptr;
  return bits == 16 && element == 8 ? compiled<Unpack<uint16_t, uint32_t, 8>>
                                    : nullptr;
}

static bool selectMov(Decoder &d) {
  Op &op = d.op;
  Type t = d.type();
  if (!t || d.numOperands() != 2 || !d.hasOnly({}))
    return false;
  if (t.kind == TypeKind::Pred) {
    op.run = movePredicate;
    return useAll(d, t, {t});
  }
  unsigned bits = t.bits * t.lanes;
  bool packs = d.operand(1).kind == Operand::Vector;
  bool unpacks = d.operand(0).kind == Operand::Vector;
  if (packs && unpacks)
    return false;
  if (packs || unpacks) {
    auto list = Decoder::elements(d.operand(packs ? 1 : 0));
    unsigned bitsOfElement = list.empty() ? 0 : bits / unsigned(list.size());
    if (!bitsOfElement || bitsOfElement * list.size() != bits)
      return d.fail("the elements do not make up the type");
    op.run =
        packs ? pickPack(bits, bitsOfElement) : pickUnpack(bits, bitsOfElement);
    if (!op.run)
      return false;
    Type element{TypeKind::B, uint8_t(bitsOfElement), 1};
    if (packs)
      op.d = d.def(0, t);
    else
      op.a = d.use(1, t);
    std::vector<uint32_t> slots;
    for (const Operand *operand : list)
      slots.push_back(packs ? d.use(*operand, element)
                            : d.def(*operand, element));
    d.beginList();
    for (uint32_t slot : slots) {
      if (slot == noSlot)
        return false;
      d.addToList(slot);
    }
    return (packs ? op.d : op.a) != noSlot;
  }
  op.run = bits == 64   ? unary<uint64_t, uint64_t, Copy>
           : bits == 32 ? unary<uint32_t, uint32_t, Copy>
           : bits == 16 ? unary<uint16_t, uint16_t, Copy>
                        : nullptr;
  return op.run && useAll(d, t, {t});
}

bool hydragen::emulated::selectMove(Decoder &d) {
  Op &op = d.op;
  const std::string &name = d.instruction->opcode;
  if (name == "mov")
    return selectMov(d);
  int64_t window;
  if (!getWindow(d, window) ||
      !d.hasOnly({"to", "global", "const", "local", "param", "param::entry",
                  "shared", "shared::cta", "shared::cluster"}))
    return false;
  if (name == "isspacep") {
    op.run = isInSpace;
    op.imm = window;
    return useAll(d, typePred, {typeB64});
  }
  // cvta: the types are .u32 and .u64; only 64-bit generic addresses exist.
  Type t = d.type();
  if (t.bits != 64)
    return false;
  if (!window)
    op.run = unary<uint64_t, uint64_t, Copy>;
  else
    op.run =
        d.has("to") ? compiled<AddOffset<true>> : compiled<AddOffset<false>>;
  op.imm = window;
  // `cvta.to.shared` of a variable's address, `cvta.shared` of a register:
  // both are numbers here.
  return useAll(d, t, {t});
}
