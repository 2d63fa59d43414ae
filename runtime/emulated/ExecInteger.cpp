//===- ExecInteger.cpp - integer arithmetic ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

using namespace hydragen::emulated;

namespace {

template <typename T>
using Unsigned = std::make_unsigned_t<T>;

struct Add {
  template <typename T>
  static T apply(T a, T b) {
    return T(Unsigned<T>(a) + Unsigned<T>(b));
  }
};
struct Sub {
  template <typename T>
  static T apply(T a, T b) {
    return T(Unsigned<T>(a) - Unsigned<T>(b));
  }
};
/// Saturating forms exist for s32 only.
struct AddSat {
  static int32_t apply(int32_t a, int32_t b) {
    int32_t r;
    return __builtin_add_overflow(a, b, &r) ? (a < 0 ? INT32_MIN : INT32_MAX)
                                            : r;
  }
};
struct SubSat {
  static int32_t apply(int32_t a, int32_t b) {
    int32_t r;
    return __builtin_sub_overflow(a, b, &r) ? (a < 0 ? INT32_MIN : INT32_MAX)
                                            : r;
  }
};
struct MulLo {
  template <typename T>
  static T apply(T a, T b) {
    return T(uint64_t(Unsigned<T>(a)) * uint64_t(Unsigned<T>(b)));
  }
};
struct MulHi {
  template <typename T>
  static T apply(T a, T b) {
    if constexpr (sizeof(T) == 8) {
      using W =
          std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
      return T((W(a) * W(b)) >> 64);
    } else {
      return T((int64_t(a) * int64_t(b)) >> (sizeof(T) * 8));
    }
  }
};
struct MulHiU32 {
  static uint32_t apply(uint32_t a, uint32_t b) {
    return uint32_t(uint64_t(a) * b >> 32);
  }
};
struct Min {
  template <typename T>
  static T apply(T a, T b) {
    return a < b ? a : b;
  }
};
/// min and max with .relu: never below 0.
template <typename F>
struct Relu {
  template <typename T>
  static T apply(T a, T b) {
    return std::max(F::template apply<T>(a, b), T(0));
  }
};
struct Max {
  template <typename T>
  static T apply(T a, T b) {
    return a > b ? a : b;
  }
};
/// Division by zero gives all ones, as the hardware does; it is reported.
struct Div {
  template <typename T>
  static T apply(T a, T b) {
    if (b == 0)
      return T(-1);
    if (std::is_signed_v<T> && b == T(-1))
      return T(0 - Unsigned<T>(a));
    return T(a / b);
  }
};
struct Rem {
  template <typename T>
  static T apply(T a, T b) {
    if (b == 0)
      return a;
    if (std::is_signed_v<T> && b == T(-1))
      return 0;
    return T(a % b);
  }
};
struct Abs {
  template <typename T>
  static T apply(T a) {
    return a < 0 ? T(0 - Unsigned<T>(a)) : a;
  }
};
struct Neg {
  template <typename T>
  static T apply(T a) {
    return T(0 - Unsigned<T>(a));
  }
};
struct MadLo {
  template <typename T>
  static T apply(T a, T b, T c) {
    return Add::apply(MulLo::apply(a, b), c);
  }
};
struct MadHi {
  template <typename T>
  static T apply(T a, T b, T c) {
    return Add::apply(MulHi::apply(a, b), c);
  }
};
struct MadHiU32 {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    return MulHiU32::apply(a, b) + c;
  }
};
struct MadHiSat {
  static int32_t apply(int32_t a, int32_t b, int32_t c) {
    return AddSat::apply(MulHi::apply(a, b), c);
  }
};
template <typename W>
struct MulWide {
  template <typename T>
  static W apply(T a, T b) {
    return W(Unsigned<W>(W(a)) * Unsigned<W>(W(b)));
  }
};
template <typename W>
struct MadWide {
  template <typename T>
  static W apply(T a, T b, W c) {
    return Add::apply(MulWide<W>::apply(a, b), c);
  }
};
/// The middle (lo) or upper (hi) 32 bits of 24x24-bit products.
template <bool hi>
struct Mul24 {
  template <typename T>
  static T apply(T a, T b) {
    int64_t x = std::is_signed_v<T> ? int64_t(int32_t(uint32_t(a) << 8) >> 8)
                                    : int64_t(uint32_t(a) & 0xffffff);
    int64_t y = std::is_signed_v<T> ? int64_t(int32_t(uint32_t(b) << 8) >> 8)
                                    : int64_t(uint32_t(b) & 0xffffff);
    return T((x * y) >> (hi ? 16 : 0));
  }
};
struct Mad24HiSat {
  static int32_t apply(int32_t a, int32_t b, int32_t c) {
    return AddSat::apply(Mul24<true>::apply(a, b), c);
  }
};
template <bool hi>
struct Mad24 {
  template <typename T>
  static T apply(T a, T b, T c) {
    return Add::apply(Mul24<hi>::apply(a, b), c);
  }
};
struct Sad {
  template <typename T>
  static T apply(T a, T b, T c) {
    return T(Unsigned<T>(c) + (a < b ? Unsigned<T>(b) - Unsigned<T>(a)
                                     : Unsigned<T>(a) - Unsigned<T>(b)));
  }
};
struct Popc {
  static uint32_t apply(uint32_t a) { return __builtin_popcount(a); }
  static uint32_t apply(uint64_t a) { return __builtin_popcountll(a); }
};
struct Clz {
  static uint32_t apply(uint32_t a) { return a ? __builtin_clz(a) : 32; }
  static uint32_t apply(uint64_t a) { return a ? __builtin_clzll(a) : 64; }
};
/// The most significant bit that differs from the sign; ~0 when there is none.
template <bool shiftAmount>
struct Bfind {
  template <typename T>
  static uint32_t apply(T a) {
    Unsigned<T> bits = Unsigned<T>(a < 0 ? ~a : a);
    if (!bits)
      return ~0u;
    uint32_t at = 63 - __builtin_clzll(uint64_t(bits));
    return shiftAmount ? sizeof(T) * 8 - 1 - at : at;
  }
};
struct Brev {
  static uint32_t apply(uint32_t a) { return __builtin_bitreverse32(a); }
  static uint64_t apply(uint64_t a) { return __builtin_bitreverse64(a); }
};
/// Extracts `length` bits at `position`; bits beyond the top repeat the sign
/// (signed) or are zero. The sign is bit min(position + length - 1, msb).
struct Bfe {
  template <typename T>
  static T apply(T a, uint32_t b, uint32_t c) {
    constexpr unsigned bits = sizeof(T) * 8;
    unsigned position = b & 0xff, length = c & 0xff;
    Unsigned<T> value = Unsigned<T>(a);
    unsigned top = position + length < 1 ? 0 : position + length - 1;
    bool sign = std::is_signed_v<T> && length &&
                (value >> (top < bits - 1 ? top : bits - 1) & 1);
    Unsigned<T> result = position < bits ? value >> position : 0;
    unsigned valid = position < bits ? bits - position : 0;
    if (length < valid)
      valid = length;
    Unsigned<T> mask = valid >= bits
                           ? Unsigned<T>(~Unsigned<T>(0))
                           : Unsigned<T>((Unsigned<T>(1) << valid) - 1);
    result &= mask;
    if (sign)
      result |= Unsigned<T>(~mask);
    return T(result);
  }
};
template <typename T>
void bfi(Warp &w, const Op &op, uint32_t mask) {
  const Word<T> *a = lanes<T>(w, op.a), *b = lanes<T>(w, op.b);
  const uint32_t *c = w.words(op.c), *length = w.words(w.list(op)[0]);
  constexpr unsigned bits = sizeof(T) * 8;
  forLanes<T>(w, op.d, mask, [=](int l) -> T {
    unsigned position = c[l] & 0xff, count = length[l] & 0xff;
    if (position >= bits || !count)
      return b[l];
    T field = count >= bits ? ~T(0) : T((T(1) << count) - 1);
    field <<= position;
    return (b[l] & ~field) | ((a[l] << position) & field);
  });
}
template <typename A, typename B>
struct Dp4a {
  static int32_t apply(uint32_t a, uint32_t b, int32_t c) {
    uint32_t sum = uint32_t(c);
    for (int i = 0; i < 4; ++i)
      sum += uint32_t(int32_t(A(a >> (8 * i))) * int32_t(B(b >> (8 * i))));
    return int32_t(sum);
  }
};
template <typename A, typename B, bool hi>
struct Dp2a {
  static int32_t apply(uint32_t a, uint32_t b, int32_t c) {
    using A16 = std::conditional_t<std::is_signed_v<A>, int16_t, uint16_t>;
    uint32_t sum = uint32_t(c);
    for (int i = 0; i < 2; ++i)
      sum += uint32_t(int32_t(A16(a >> (16 * i))) *
                      int32_t(B(b >> (8 * (i + (hi ? 2 : 0))))));
    return int32_t(sum);
  }
};
struct BmskClamp {
  static uint32_t apply(uint32_t a, uint32_t b) {
    if (a >= 32 || !b)
      return 0;
    uint32_t m = b >= 32 ? ~0u : (1u << b) - 1;
    return m << a;
  }
};
struct BmskWrap {
  static uint32_t apply(uint32_t a, uint32_t b) {
    return BmskClamp::apply(a & 31, b & 31);
  }
};

/// Keeps the low b bits of a, extended by zeros or the sign.
template <typename T, bool wrap>
struct Szext {
  static T apply(uint32_t a, uint32_t b) {
    uint32_t n = wrap ? b & 31 : b;
    if (n >= 32 || !n)
      return n ? T(a) : T(0);
    return T(a << (32 - n)) >> (32 - n);
  }
};

/// add.cc, addc[.cc], sub.cc, subc[.cc]: `flags` bit 0 carry in, 1 subtract.
template <typename T>
void carryOp(Warp &w, const Op &op, uint32_t mask) {
  const Word<T> *a = lanes<T>(w, op.a), *b = lanes<T>(w, op.b);
  Word<T> *d = lanes<T>(w, op.d);
  uint32_t *carry = w.words(op.c);
  bool in = op.flags & 1, subtract = op.flags & 2, writes = op.flags & 4;
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    T x = a[l], y = b[l], r, s;
    bool c1, c2;
    T c = in ? T(carry[l] & 1) : 0;
    if (subtract) {
      c1 = __builtin_sub_overflow(x, y, &r);
      c2 = __builtin_sub_overflow(r, c, &s);
    } else {
      c1 = __builtin_add_overflow(x, y, &r);
      c2 = __builtin_add_overflow(r, c, &s);
    }
    d[l] = s;
    if (writes)
      carry[l] = c1 | c2;
  }
}

/// mad{c}.{lo,hi}{.cc}
template <typename T, bool hi>
void madCarry(Warp &w, const Op &op, uint32_t mask) {
  const Word<T> *a = lanes<T>(w, op.a), *b = lanes<T>(w, op.b);
  const Word<T> *c = lanes<T>(w, op.c);
  Word<T> *d = lanes<T>(w, op.d);
  uint32_t *carry = w.words(w.list(op)[0]);
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    unsigned __int128 product =
        (unsigned __int128)(Unsigned<T>(a[l])) * Unsigned<T>(b[l]);
    Unsigned<T> x = Unsigned<T>(hi ? product >> (sizeof(T) * 8) : product), r,
                s;
    if (hi && std::is_signed_v<T>)
      x = Unsigned<T>(((__int128)(T(a[l])) * (__int128)(T(b[l]))) >>
                      (sizeof(T) * 8));
    bool c1 = __builtin_add_overflow(x, Unsigned<T>(c[l]), &r);
    bool c2 = __builtin_add_overflow(
        r, Unsigned<T>(op.flags & 1 ? carry[l] & 1 : 0), &s);
    d[l] = s;
    if (op.flags & 4)
      carry[l] = c1 | c2;
  }
}

/// Packed 16-bit lanes.
template <typename T, typename F>
struct Packed {
  static uint32_t apply(uint32_t a, uint32_t b) {
    uint16_t lo = uint16_t(F::template apply<T>(T(a), T(b)));
    uint16_t hi = uint16_t(F::template apply<T>(T(a >> 16), T(b >> 16)));
    return uint32_t(hi) << 16 | lo;
  }
};

template <typename F>
Handler pickBinary(Type t) {
  bool s = t.kind == TypeKind::S;
  if (t.lanes == 2 && t.bits == 16)
    return s ? binary<uint32_t, uint32_t, uint32_t, Packed<int16_t, F>>
             : binary<uint32_t, uint32_t, uint32_t, Packed<uint16_t, F>>;
  switch (t.bits) {
  case 16:
    return s ? binary<int16_t, int16_t, int16_t, F>
             : binary<uint16_t, uint16_t, uint16_t, F>;
  case 32:
    return s ? binary<int32_t, int32_t, int32_t, F>
             : binary<uint32_t, uint32_t, uint32_t, F>;
  case 64:
    return s ? binary<int64_t, int64_t, int64_t, F>
             : binary<uint64_t, uint64_t, uint64_t, F>;
  }
  return nullptr;
}

template <typename F>
Handler pickTernary(Type t) {
  bool s = t.kind == TypeKind::S;
  switch (t.bits) {
  case 16:
    return s ? ternary<int16_t, int16_t, int16_t, int16_t, F>
             : ternary<uint16_t, uint16_t, uint16_t, uint16_t, F>;
  case 32:
    return s ? ternary<int32_t, int32_t, int32_t, int32_t, F>
             : ternary<uint32_t, uint32_t, uint32_t, uint32_t, F>;
  case 64:
    return s ? ternary<int64_t, int64_t, int64_t, int64_t, F>
             : ternary<uint64_t, uint64_t, uint64_t, uint64_t, F>;
  }
  return nullptr;
}

template <typename F>
Handler pickSignedUnary(Type t) {
  switch (t.bits) {
  case 16:
    return unary<int16_t, int16_t, F>;
  case 32:
    return unary<int32_t, int32_t, F>;
  case 64:
    return unary<int64_t, int64_t, F>;
  }
  return nullptr;
}

template <typename D32, typename D64, typename F>
Handler pickBits(Type t) {
  return t.bits == 32   ? unary<D32, uint32_t, F>
         : t.bits == 64 ? unary<D64, uint64_t, F>
                        : nullptr;
}

} // namespace

static bool selectMultiply(Decoder &d, Type t, bool mad) {
  bool s = t.kind == TypeKind::S;
  Op &op = d.op;
  if (d.has("wide")) {
    Type wide{t.kind, uint8_t(t.bits * 2), 1};
    if (t.bits != 16 && t.bits != 32)
      return false;
    if (!mad) {
      op.run =
          t.bits == 16
              ? (s ? binary<int32_t, int16_t, int16_t, MulWide<int32_t>>
                   : binary<uint32_t, uint16_t, uint16_t, MulWide<uint32_t>>)
              : (s ? binary<int64_t, int32_t, int32_t, MulWide<int64_t>>
                   : binary<uint64_t, uint32_t, uint32_t, MulWide<uint64_t>>);
      return useAll(d, wide, {t, t});
    }
    op.run =
        t.bits == 16
            ? (s ? ternary<int32_t, int16_t, int16_t, int32_t, MadWide<int32_t>>
                 : ternary<uint32_t, uint16_t, uint16_t, uint32_t,
                           MadWide<uint32_t>>)
            : (s ? ternary<int64_t, int32_t, int32_t, int64_t, MadWide<int64_t>>
                 : ternary<uint64_t, uint32_t, uint32_t, uint64_t,
                           MadWide<uint64_t>>);
    return useAll(d, wide, {t, t, wide});
  }
  bool hi = d.has("hi");
  if (!hi && !d.has("lo"))
    return false;
  bool hiU32 = hi && t.bits == 32 && !s;
  if (!mad) {
    op.run = hiU32 ? binary<uint32_t, uint32_t, uint32_t, MulHiU32>
             : hi  ? pickBinary<MulHi>(t)
                   : pickBinary<MulLo>(t);
    return useAll(d, t, {t, t});
  }
  if (d.has("sat")) {
    if (!hi || !s || t.bits != 32)
      return false;
    op.run = ternary<int32_t, int32_t, int32_t, int32_t, MadHiSat>;
  } else if (d.has("cc") || d.instruction->opcode == "madc") {
    if (t.bits != 32 && t.bits != 64)
      return false;
    op.flags =
        (d.instruction->opcode == "madc" ? 1 : 0) | (d.has("cc") ? 4 : 0);
    d.beginList();
    d.addToList(d.getCarry());
    op.run =
        t.bits == 32
            ? (hi ? (s ? madCarry<int32_t, true> : madCarry<uint32_t, true>)
                  : madCarry<uint32_t, false>)
            : (hi ? (s ? madCarry<int64_t, true> : madCarry<uint64_t, true>)
                  : madCarry<uint64_t, false>);
  } else {
    op.run = hiU32 ? ternary<uint32_t, uint32_t, uint32_t, uint32_t, MadHiU32>
             : hi  ? pickTernary<MadHi>(t)
                   : pickTernary<MadLo>(t);
  }
  return useAll(d, t, {t, t, t});
}

/// The modifiers of an opcode besides types.
static bool checkModifiers(const Decoder &d, const std::string &name) {
  if (name == "add" || name == "sub")
    return d.hasOnly({"sat", "cc"});
  if (name == "addc" || name == "subc")
    return d.hasOnly({"cc"});
  if (name == "mul")
    return d.hasOnly({"lo", "hi", "wide"});
  if (name == "mad")
    return d.hasOnly({"lo", "hi", "wide", "sat", "cc"});
  if (name == "madc")
    return d.hasOnly({"lo", "hi", "cc"});
  if (name == "mul24")
    return d.hasOnly({"lo", "hi"});
  if (name == "mad24")
    return d.hasOnly({"lo", "hi", "sat"});
  if (name == "min" || name == "max")
    return d.hasOnly({"relu"});
  if (name == "bfind")
    return d.hasOnly({"shiftamt"});
  if (name == "bmsk" || name == "szext")
    return d.hasOnly({"clamp", "wrap"});
  if (name == "dp2a")
    return d.hasOnly({"lo", "hi"});
  return d.hasOnly({});
}

bool hydragen::emulated::selectInteger(Decoder &d) {
  const std::string &name = d.instruction->opcode;
  Type t = d.type();
  if (!checkModifiers(d, name))
    return false;
  if (t.lanes != 1 && name != "add" && name != "min" && name != "max")
    return false;
  bool s = t.kind == TypeKind::S, u = t.kind == TypeKind::U;
  bool b = t.kind == TypeKind::B;
  Op &op = d.op;
  if (name == "popc" || name == "clz") {
    if (!b)
      return false;
    op.run = name == "popc" ? pickBits<uint32_t, uint32_t, Popc>(t)
                            : pickBits<uint32_t, uint32_t, Clz>(t);
    return op.run && useAll(d, typeB32, {t});
  }
  if (name == "brev") {
    op.run = b ? pickBits<uint32_t, uint64_t, Brev>(t) : nullptr;
    return op.run && useAll(d, t, {t});
  }
  if (name == "bfi") {
    if (!b || (t.bits != 32 && t.bits != 64) || d.numOperands() != 5)
      return false;
    op.run = t.bits == 32 ? bfi<uint32_t> : bfi<uint64_t>;
    op.a = d.use(1, t);
    op.b = d.use(2, t);
    op.c = d.use(3, typeB32);
    uint32_t length = d.use(4, typeB32);
    d.beginList();
    d.addToList(length);
    op.d = d.def(0, t);
    return op.a != noSlot && op.b != noSlot && op.c != noSlot &&
           length != noSlot && op.d != noSlot;
  }
  if (name == "szext") {
    bool wrap = d.has("wrap");
    if (t.bits != 32 || b || wrap == d.has("clamp"))
      return false;
    using U = uint32_t;
    op.run = s ? (wrap ? binary<int32_t, U, U, Szext<int32_t, true>>
                       : binary<int32_t, U, U, Szext<int32_t, false>>)
               : (wrap ? binary<U, U, U, Szext<U, true>>
                       : binary<U, U, U, Szext<U, false>>);
    return useAll(d, t, {t, typeB32});
  }
  if (name == "bmsk") {
    if (t.bits != 32 || d.has("wrap") == d.has("clamp"))
      return false;
    op.run = d.has("wrap") ? binary<uint32_t, uint32_t, uint32_t, BmskWrap>
                           : binary<uint32_t, uint32_t, uint32_t, BmskClamp>;
    return useAll(d, t, {t, t});
  }
  if (name == "dp4a" || name == "dp2a") {
    bool sa = s, sb = d.type(1).kind == TypeKind::S;
    bool hi = d.has("hi");
    if (name == "dp4a")
      op.run = sa ? (sb ? ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp4a<int8_t, int8_t>>
                        : ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp4a<int8_t, uint8_t>>)
                  : (sb ? ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp4a<uint8_t, int8_t>>
                        : ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp4a<uint8_t, uint8_t>>);
    else if (hi)
      op.run = sa ? (sb ? ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp2a<int8_t, int8_t, true>>
                        : ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp2a<int8_t, uint8_t, true>>)
                  : (sb ? ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp2a<uint8_t, int8_t, true>>
                        : ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp2a<uint8_t, uint8_t, true>>);
    else
      op.run = sa ? (sb ? ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp2a<int8_t, int8_t, false>>
                        : ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp2a<int8_t, uint8_t, false>>)
                  : (sb ? ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp2a<uint8_t, int8_t, false>>
                        : ternary<int32_t, uint32_t, uint32_t, int32_t,
                                  Dp2a<uint8_t, uint8_t, false>>);
    return useAll(d, typeB32, {typeB32, typeB32, typeB32});
  }
  if (!s && !u)
    return false;
  if (name == "add" || name == "sub" || name == "addc" || name == "subc") {
    bool subtract = name[0] == 's', in = name.size() == 4;
    if (in || d.has("cc")) {
      op.flags = (in ? 1 : 0) | (subtract ? 2 : 0) | (d.has("cc") ? 4 : 0);
      op.run = t.bits == 32   ? carryOp<uint32_t>
               : t.bits == 64 ? carryOp<uint64_t>
                              : nullptr;
      if (!op.run || !useAll(d, t, {t, t}))
        return false;
      op.c = d.getCarry();
      return true;
    }
    if (d.has("sat")) {
      if (!s || t.bits != 32)
        return false;
      op.run = subtract ? binary<int32_t, int32_t, int32_t, SubSat>
                        : binary<int32_t, int32_t, int32_t, AddSat>;
    } else {
      op.run = subtract ? pickBinary<Sub>(t) : pickBinary<Add>(t);
    }
    return op.run && useAll(d, t, {t, t});
  }
  if (name == "mul")
    return selectMultiply(d, t, false);
  if (name == "mad" || name == "madc")
    return selectMultiply(d, t, true);
  if (name == "mul24" || name == "mad24") {
    bool hi = d.has("hi");
    if (t.bits != 32)
      return false;
    if (name == "mul24") {
      op.run = hi ? pickBinary<Mul24<true>>(t) : pickBinary<Mul24<false>>(t);
      return useAll(d, t, {t, t});
    }
    if (d.has("sat")) {
      if (!hi || !s)
        return false;
      op.run = ternary<int32_t, int32_t, int32_t, int32_t, Mad24HiSat>;
    } else {
      op.run = hi ? pickTernary<Mad24<true>>(t) : pickTernary<Mad24<false>>(t);
    }
    return useAll(d, t, {t, t, t});
  }
  if (name == "sad") {
    op.run = pickTernary<Sad>(t);
    return op.run && useAll(d, t, {t, t, t});
  }
  if (name == "abs" || name == "neg") {
    if (!s)
      return false;
    op.run = name == "abs" ? pickSignedUnary<Abs>(t) : pickSignedUnary<Neg>(t);
    return op.run && useAll(d, t, {t});
  }
  if (name == "bfind") {
    bool shift = d.has("shiftamt");
    if (t.bits == 32)
      op.run = s ? (shift ? unary<uint32_t, int32_t, Bfind<true>>
                          : unary<uint32_t, int32_t, Bfind<false>>)
                 : (shift ? unary<uint32_t, uint32_t, Bfind<true>>
                          : unary<uint32_t, uint32_t, Bfind<false>>);
    else if (t.bits == 64)
      op.run = s ? (shift ? unary<uint32_t, int64_t, Bfind<true>>
                          : unary<uint32_t, int64_t, Bfind<false>>)
                 : (shift ? unary<uint32_t, uint64_t, Bfind<true>>
                          : unary<uint32_t, uint64_t, Bfind<false>>);
    return op.run && useAll(d, typeB32, {t});
  }
  if (name == "bfe") {
    if (t.bits == 32)
      op.run = s ? ternary<int32_t, int32_t, uint32_t, uint32_t, Bfe>
                 : ternary<uint32_t, uint32_t, uint32_t, uint32_t, Bfe>;
    else if (t.bits == 64)
      op.run = s ? ternary<int64_t, int64_t, uint32_t, uint32_t, Bfe>
                 : ternary<uint64_t, uint64_t, uint32_t, uint32_t, Bfe>;
    return op.run && useAll(d, t, {t, typeB32, typeB32});
  }
  // .relu: s32 and s16x2, PTX ISA 8.0.
  bool relu = d.has("relu");
  if (relu && (!s || (t.lanes == 1 && t.bits != 32)))
    return false;
  if (name == "min")
    op.run = relu ? pickBinary<Relu<Min>>(t) : pickBinary<Min>(t);
  else if (name == "max")
    op.run = relu ? pickBinary<Relu<Max>>(t) : pickBinary<Max>(t);
  else if (name == "div" || name == "rem")
    op.run = name == "div" ? pickBinary<Div>(t) : pickBinary<Rem>(t);
  return op.run && useAll(d, t, {t, t});
}
