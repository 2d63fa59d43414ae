//===- ExecLogic.cpp - bitwise logic, shifts and permutes -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

using namespace hydragen::emulated;

namespace {

struct And {
  template <typename T>
  static EMULATED_INLINE T apply(T a, T b) {
    return T(a & b);
  }
};
struct Or {
  template <typename T>
  static EMULATED_INLINE T apply(T a, T b) {
    return T(a | b);
  }
};
struct Xor {
  template <typename T>
  static EMULATED_INLINE T apply(T a, T b) {
    return T(a ^ b);
  }
};
struct Not {
  template <typename T>
  static EMULATED_INLINE T apply(T a) {
    return T(~a);
  }
};
/// 1 for zero, else 0.
struct Cnot {
  template <typename T>
  static EMULATED_INLINE T apply(T a) {
    return T(a == 0);
  }
};

template <typename F>
void predicateBinary(Warp &w, const Op &op, uint32_t mask) {
  writePredicate(w, op.d, mask, F::apply(w.registers[op.a], w.registers[op.b]));
}
void predicateNot(Warp &w, const Op &op, uint32_t mask) {
  writePredicate(w, op.d, mask, ~w.registers[op.a]);
}

// Amounts are unsigned 32-bit numbers, clamped to the width (PTX ISA 9.7.8).
struct Shl {
  template <typename T>
  static EMULATED_INLINE T apply(T a, uint32_t b) {
    constexpr uint32_t bits = sizeof(T) * 8;
    T shifted = T(a << (b & (bits - 1)));
    return b < bits ? shifted : T(0);
  }
};
struct Shr {
  template <typename T>
  static EMULATED_INLINE T apply(T a, uint32_t b) {
    constexpr uint32_t bits = sizeof(T) * 8;
    if constexpr (std::is_signed_v<T>) {
      return T(a >> (b < bits ? b : bits - 1));
    } else {
      T shifted = T(a >> (b & (bits - 1)));
      return b < bits ? shifted : T(0);
    }
  }
};

/// Funnel shifts of b:a. Clamped amounts are at most 32.
template <bool left, bool wrap>
struct Funnel {
  static EMULATED_INLINE uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t n = wrap ? c & 31 : c > 32 ? 32 : c;
    uint64_t both = uint64_t(b) << 32 | a;
    return left ? uint32_t((both << n) >> 32) : uint32_t(both >> n);
  }
};

/// The function of three bits given by a table: bit 4a + 2b + c of it.
struct Lop3 {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const uint32_t *a = w.words(op.a), *b = w.words(op.b), *c = w.words(op.c);
    uint32_t m[8];
    for (int i = 0; i < 8; ++i)
      m[i] = 0u - (uint32_t(op.imm) >> i & 1);
    uint32_t m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3];
    uint32_t m4 = m[4], m5 = m[5], m6 = m[6], m7 = m[7];
    forLanes<uint32_t>(
        w, op.d, mask, [=](int l) __attribute__((always_inline)) {
          uint32_t x = a[l], y = b[l], z = c[l];
          uint32_t t0 = m0 ^ ((m0 ^ m1) & z), t1 = m2 ^ ((m2 ^ m3) & z);
          uint32_t t2 = m4 ^ ((m4 ^ m5) & z), t3 = m6 ^ ((m6 ^ m7) & z);
          uint32_t u0 = t0 ^ ((t0 ^ t1) & y), u1 = t2 ^ ((t2 ^ t3) & y);
          return u0 ^ ((u0 ^ u1) & x);
        });
  }
};
/// lop3.or / lop3.and: d, and a predicate of (d != 0) with another one. The
/// list: predicate out, predicate in; flags: 1 for and.
void lop3Predicate(Warp &w, const Op &op, uint32_t mask) {
  uint32_t other = w.registers[w.list(op)[1]];
  Lop3::run(w, op, mask);
  const uint32_t *d = w.words(op.d);
  uint32_t bits = 0;
  for (int l = 0; l < 32; ++l)
    bits |= uint32_t(d[l] != 0) << l;
  writePredicate(w, w.list(op)[0], mask,
                 op.flags & 1 ? bits & other : bits | other);
}

/// Picks four of the bytes 0-3 of a and 4-7 of b. Selector bit 3: the byte's
/// sign instead (PTX ISA 9.7.9.7).
struct Prmt {
  static EMULATED_INLINE uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    uint64_t both = uint64_t(b) << 32 | a;
    uint32_t result = 0;
    for (int i = 0; i < 4; ++i) {
      uint32_t selector = c >> (4 * i);
      uint32_t byte = uint32_t(both >> ((selector & 7) * 8)) & 0xff;
      uint32_t sign = byte & 0x80 ? 0xff : 0;
      result |= (selector & 8 ? sign : byte) << (8 * i);
    }
    return result;
  }
};
/// The special modes by the low two bits of c: a selector each.
struct PrmtTable {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const uint32_t *a = w.words(op.a), *b = w.words(op.b), *c = w.words(op.c);
    uint64_t table = uint64_t(op.imm);
    forLanes<uint32_t>(
        w, op.d, mask, [=](int l) __attribute__((always_inline)) {
          return Prmt::apply(a[l], b[l], uint32_t(table >> ((c[l] & 3) * 16)));
        });
  }
};

template <typename F>
Handler pickBitwise(unsigned bits) {
  return bits == 16   ? binary<uint16_t, uint16_t, uint16_t, F>
         : bits == 32 ? binary<uint32_t, uint32_t, uint32_t, F>
         : bits == 64 ? binary<uint64_t, uint64_t, uint64_t, F>
                      : nullptr;
}
template <typename F>
Handler pickUnary(unsigned bits) {
  return bits == 16   ? unary<uint16_t, uint16_t, F>
         : bits == 32 ? unary<uint32_t, uint32_t, F>
         : bits == 64 ? unary<uint64_t, uint64_t, F>
                      : nullptr;
}
template <typename F>
Handler pickShift(Type t) {
  if (t.kind == TypeKind::S)
    return t.bits == 16   ? binary<int16_t, int16_t, uint32_t, F>
           : t.bits == 32 ? binary<int32_t, int32_t, uint32_t, F>
           : t.bits == 64 ? binary<int64_t, int64_t, uint32_t, F>
                          : nullptr;
  return t.bits == 16   ? binary<uint16_t, uint16_t, uint32_t, F>
         : t.bits == 32 ? binary<uint32_t, uint32_t, uint32_t, F>
         : t.bits == 64 ? binary<uint64_t, uint64_t, uint32_t, F>
                        : nullptr;
}

} // namespace

static bool selectLop3(Decoder &d, Type t) {
  Op &op = d.op;
  bool isAnd = d.has("and"), combines = isAnd || d.has("or");
  if (t.bits != 32 || d.numOperands() != (combines ? 6u : 5u))
    return false;
  int64_t table;
  if (!d.immediate(d.operand(4), table))
    return false;
  if (table < 0 || table > 255)
    return d.fail("the table must be between 0 and 255");
  op.imm = table;
  op.a = d.use(1, t);
  op.b = d.use(2, t);
  op.c = d.use(3, t);
  if (op.a == noSlot || op.b == noSlot || op.c == noSlot)
    return false;
  const Operand &result = d.operand(0);
  if (!combines) {
    op.run = compiled<Lop3>;
    op.d = d.def(result, t);
    return op.d != noSlot;
  }
  if (result.kind != Operand::Pair)
    return d.fail("expected two destinations");
  op.run = lop3Predicate;
  op.flags = isAnd;
  uint32_t in = d.use(5, typePred);
  op.d = d.def(result.elements[0], t);
  uint32_t out = d.def(result.elements[1], typePred);
  d.beginList();
  d.addToList(out);
  d.addToList(in);
  return in != noSlot && out != noSlot && op.d != noSlot;
}

static bool selectPrmt(Decoder &d, Type t) {
  // By c's low bits 0, 1, 2, 3.
  static const struct {
    const char *name;
    uint64_t selectors;
  } modes[] = {
      {"f4e", 0x6543'5432'4321'3210}, {"b4e", 0x0123'7012'6701'5670},
      {"rc8", 0x3333'2222'1111'0000}, {"ecl", 0x3333'3222'3211'3210},
      {"ecr", 0x3210'2210'1110'0000}, {"rc16", 0x3232'1010'3232'1010},
  };
  Op &op = d.op;
  if (t.bits != 32)
    return false;
  op.run = ternary<uint32_t, uint32_t, uint32_t, uint32_t, Prmt>;
  for (const auto &mode : modes)
    if (d.has(mode.name)) {
      op.run = compiled<PrmtTable>;
      op.imm = int64_t(mode.selectors);
    }
  return useAll(d, t, {t, t, t});
}

bool hydragen::emulated::selectLogic(Decoder &d) {
  Op &op = d.op;
  const std::string &name = d.instruction->opcode;
  Type t = d.type();
  unsigned bits = t.bits;
  if (!t || t.lanes != 1)
    return false;
  if (name == "shf"    ? !d.hasOnly({"l", "r", "wrap", "clamp"})
      : name == "lop3" ? !d.hasOnly({"and", "or"})
      : name == "prmt" ? !d.hasOnly({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"})
                       : !d.hasOnly({}))
    return false;
  if (name == "and" || name == "or" || name == "xor") {
    if (t.kind == TypeKind::Pred)
      op.run = name == "and"  ? predicateBinary<And>
               : name == "or" ? predicateBinary<Or>
                              : predicateBinary<Xor>;
    else
      op.run = name == "and"  ? pickBitwise<And>(bits)
               : name == "or" ? pickBitwise<Or>(bits)
                              : pickBitwise<Xor>(bits);
    return op.run && useAll(d, t, {t, t});
  }
  if (name == "not" || name == "cnot") {
    if (t.kind == TypeKind::Pred)
      op.run = name == "not" ? predicateNot : nullptr;
    else
      op.run = name == "not" ? pickUnary<Not>(bits) : pickUnary<Cnot>(bits);
    return op.run && useAll(d, t, {t});
  }
  if (t.kind == TypeKind::Pred)
    return false;
  if (name == "shl" || name == "shr") {
    op.run = name == "shl" ? pickShift<Shl>(t) : pickShift<Shr>(t);
    return op.run && useAll(d, t, {t, typeB32});
  }
  if (name == "shf") {
    bool left = d.has("l"), wrap = d.has("wrap");
    if (bits != 32 || left == d.has("r") || wrap == d.has("clamp"))
      return false;
    using U = uint32_t;
    op.run = left ? (wrap ? ternary<U, U, U, U, Funnel<true, true>>
                          : ternary<U, U, U, U, Funnel<true, false>>)
                  : (wrap ? ternary<U, U, U, U, Funnel<false, true>>
                          : ternary<U, U, U, U, Funnel<false, false>>);
    return useAll(d, t, {t, t, typeB32});
  }
  if (name == "lop3")
    return selectLop3(d, t);
  return selectPrmt(d, t);
}
