//===- ExecConvert.cpp - cvt ------------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.21. The conversions attention kernels live on have vectorised
// handlers; all others go lane by lane through double, rounded once.
//===----------------------------------------------------------------------===//

#include "ExecFloat.h"

#include <limits>

using namespace hydragen::emulated;

namespace {

// --- Integer to integer ---------------------------------------------------

template <typename D, typename S>
struct Truncate {
  static EMULATED_INLINE D apply(S a) { return D(a); }
};
template <typename D, typename S>
struct Clamp {
  static EMULATED_INLINE D apply(S a) {
    using Limits = std::numeric_limits<D>;
    // Both sides as numbers, whatever the signs.
    bool low = std::is_signed_v<S> && a < 0 &&
               (!std::is_signed_v<D> || int64_t(a) < int64_t(Limits::min()));
    bool high = (!std::is_signed_v<S> || a > 0) &&
                uint64_t(a) > uint64_t(Limits::max());
    return low ? Limits::min() : high ? Limits::max() : D(a);
  }
};

template <template <typename, typename> class F, typename D>
Handler pickSource(Type s) {
  bool isSigned = s.kind == TypeKind::S;
  switch (s.bits) {
  case 8:
    return isSigned ? unary<D, int8_t, F<D, int8_t>>
                    : unary<D, uint8_t, F<D, uint8_t>>;
  case 16:
    return isSigned ? unary<D, int16_t, F<D, int16_t>>
                    : unary<D, uint16_t, F<D, uint16_t>>;
  case 32:
    return isSigned ? unary<D, int32_t, F<D, int32_t>>
                    : unary<D, uint32_t, F<D, uint32_t>>;
  case 64:
    return isSigned ? unary<D, int64_t, F<D, int64_t>>
                    : unary<D, uint64_t, F<D, uint64_t>>;
  }
  return nullptr;
}
template <template <typename, typename> class F>
Handler pickIntegers(Type to, Type from) {
  bool isSigned = to.kind == TypeKind::S;
  switch (to.bits) {
  case 8:
    return isSigned ? pickSource<F, int8_t>(from)
                    : pickSource<F, uint8_t>(from);
  case 16:
    return isSigned ? pickSource<F, int16_t>(from)
                    : pickSource<F, uint16_t>(from);
  case 32:
    return isSigned ? pickSource<F, int32_t>(from)
                    : pickSource<F, uint32_t>(from);
  case 64:
    return isSigned ? pickSource<F, int64_t>(from)
                    : pickSource<F, uint64_t>(from);
  }
  return nullptr;
}

// --- Any to any, lane by lane ---------------------------------------------

enum class IntegerRounding : uint8_t { None, Nearest, Zero, Down, Up };

/// op.imm: a conversion, packed.
struct Conversion {
  Type to, from;
  Rounding rounding = Rounding::RN;
  IntegerRounding integer = IntegerRounding::None;
  bool ftz = false, sat = false, relu = false, satfinite = false;

  int64_t pack() const {
    auto type = [](Type t) { return int64_t(t.kind) << 8 | t.bits; };
    return type(to) | type(from) << 16 | int64_t(rounding) << 32 |
           int64_t(integer) << 36 | int64_t(ftz) << 40 | int64_t(sat) << 41 |
           int64_t(relu) << 42 | int64_t(satfinite) << 43;
  }
  static Conversion unpack(int64_t bits) {
    auto type = [](int64_t b) {
      return Type{TypeKind(b >> 8 & 0xff), uint8_t(b), 1};
    };
    Conversion c;
    c.to = type(bits);
    c.from = type(bits >> 16);
    c.rounding = Rounding(bits >> 32 & 15);
    c.integer = IntegerRounding(bits >> 36 & 15);
    c.ftz = bits >> 40 & 1;
    c.sat = bits >> 41 & 1;
    c.relu = bits >> 42 & 1;
    c.satfinite = bits >> 43 & 1;
    return c;
  }
};

bool isFloat(Type t) {
  return t.kind != TypeKind::U && t.kind != TypeKind::S &&
         t.kind != TypeKind::B && t.kind != TypeKind::Pred &&
         t.kind != TypeKind::None;
}

const Format &getFormat(Type t) {
  switch (t.kind) {
  case TypeKind::BF:
    return formatBF16;
  case TypeKind::TF32:
    return formatTF32;
  case TypeKind::E4M3:
    return formatE4M3;
  case TypeKind::E5M2:
    return formatE5M2;
  default:
    return t.bits == 16 ? formatF16 : formatF32;
  }
}

double loadFloat(uint64_t bits, Type t) {
  if (t.kind == TypeKind::F && t.bits == 64)
    return bitCast<double>(bits);
  if (t.kind == TypeKind::F && t.bits == 32)
    return bitCast<float>(uint32_t(bits));
  uint32_t kept = uint32_t(bits & ((uint64_t(1) << t.bits) - 1));
  return fromBits(kept, getFormat(t));
}

uint64_t storeFloat(double x, const Conversion &c) {
  Type t = c.to;
  if (t.kind == TypeKind::F && t.bits == 64)
    return bitCast<uint64_t>(x);
  uint64_t bits = roundTo(x, getFormat(t), c.rounding, c.satfinite);
  if (t.kind == TypeKind::TF32)
    return x != x ? canonicalNaN32 : bits << 13;
  return bits;
}

double roundToInteger(double x, IntegerRounding rounding) {
  switch (rounding) {
  case IntegerRounding::None:
    return x;
  case IntegerRounding::Nearest:
    return __builtin_nearbyint(x);
  case IntegerRounding::Zero:
    return __builtin_trunc(x);
  case IntegerRounding::Down:
    return __builtin_floor(x);
  case IntegerRounding::Up:
    return __builtin_ceil(x);
  }
  return x;
}

/// Saturates. NaN: 0, or the sign bit alone where f64 or 64-bit integers take
/// part.
uint64_t toInteger(double x, Type to, Type from) {
  unsigned bits = to.bits;
  bool isSigned = to.kind == TypeKind::S;
  uint64_t top = uint64_t(1) << (bits - 1);
  uint64_t keep = bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  if (x != x)
    return from.bits == 64 || bits == 64 ? top : 0;
  double limit = std::ldexp(1.0, int(bits) - (isSigned ? 1 : 0));
  if (x >= limit)
    return isSigned ? top - 1 : keep;
  if (x < (isSigned ? -limit : 0.0))
    return isSigned ? top : 0;
  return (isSigned ? uint64_t(int64_t(x)) : uint64_t(x)) & keep;
}

/// An integer as a number of `to`, rounded once.
uint64_t fromInteger(uint64_t bits, const Conversion &c) {
  bool isSigned = c.from.kind == TypeKind::S;
  unsigned shift = 64 - c.from.bits;
  __int128 value = isSigned ? __int128(int64_t(bits << shift) >> shift)
                            : __int128(bits << shift >> shift);
  double near = double(value);
  __int128 rest = value - __int128(near);
  if (c.to.kind == TypeKind::F && c.to.bits == 64) {
    // Toward the direction when the nearest is on the other side.
    bool negative = value < 0;
    bool towardZero = c.rounding == Rounding::RZ ||
                      c.rounding == (negative ? Rounding::RP : Rounding::RM);
    bool awayFromZero = c.rounding == (negative ? Rounding::RM : Rounding::RP);
    bool isAbove = negative ? rest > 0 : rest < 0; // in magnitude
    uint64_t result = bitCast<uint64_t>(near);
    if (rest && isAbove && towardZero)
      --result;
    else if (rest && !isAbove && awayFromZero)
      ++result;
    double x = bitCast<double>(result);
    return bitCast<uint64_t>(c.sat ? saturate(x) : x);
  }
  double odd = toOdd(near, double(rest));
  return storeFloat(c.sat ? saturate(odd) : odd, c);
}

/// One lane.
uint64_t convert(uint64_t bits, const Conversion &c) {
  if (!isFloat(c.from))
    return fromInteger(bits, c);
  double x = loadFloat(bits, c.from);
  bool single = c.from.kind == TypeKind::F && c.from.bits == 32;
  if (c.ftz && single)
    x = flush(float(x));
  x = roundToInteger(x, c.integer);
  if (!isFloat(c.to))
    return toInteger(x, c.to, c.from);
  if (c.sat)
    x = saturate(x);
  if (c.relu && x <= 0)
    x = 0;
  uint64_t result = storeFloat(x, c);
  if (c.ftz && c.to.kind == TypeKind::F && c.to.bits == 32)
    result = bitCast<uint32_t>(flush(bitCast<float>(uint32_t(result))));
  return result;
}

template <typename D, typename S>
void convertLanes(Warp &w, const Op &op, uint32_t mask) {
  Conversion c = Conversion::unpack(op.imm);
  const Word<S> *a = lanes<S>(w, op.a);
  Word<D> *d = lanes<D>(w, op.d);
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1)
      d[l] = Word<D>(convert(a[l], c));
}

/// Two numbers a, b to a pair; a becomes the upper half.
void convertPair(Warp &w, const Op &op, uint32_t mask) {
  Conversion c = Conversion::unpack(op.imm);
  const uint32_t *a = w.words(op.a), *b = w.words(op.b);
  uint32_t *d = w.words(op.d);
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1)
      d[l] = uint32_t(convert(a[l], c) << c.to.bits | convert(b[l], c));
}

/// A pair to a pair of another width.
void convertHalves(Warp &w, const Op &op, uint32_t mask) {
  Conversion c = Conversion::unpack(op.imm);
  const uint32_t *a = w.words(op.a);
  uint32_t *d = w.words(op.d);
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1)
      d[l] = uint32_t(convert(a[l] >> c.from.bits, c) << c.to.bits |
                      convert(a[l], c));
}

// --- The fast ones -----------------------------------------------------------

struct FromF16 {
  static EMULATED_INLINE float apply(uint16_t a) { return fromF16(a); }
};
struct FromBF16 {
  static EMULATED_INLINE float apply(uint16_t a) { return fromBF16(a); }
};
template <bool relu>
struct ToF16 {
  static EMULATED_INLINE uint16_t apply(float a) {
    return toF16(relu && a <= 0 ? 0.0f : a);
  }
  static EMULATED_INLINE uint32_t apply(float a, float b) {
    return uint32_t(apply(a)) << 16 | apply(b);
  }
};
template <bool relu>
struct ToBF16 {
  static EMULATED_INLINE uint16_t apply(float a) {
    return toBF16(relu && a <= 0 ? 0.0f : a);
  }
  static EMULATED_INLINE uint32_t apply(float a, float b) {
    return uint32_t(apply(a)) << 16 | apply(b);
  }
};
/// To nearest; ties away from zero (.rna) or to even.
template <bool away>
struct ToTF32 {
  static EMULATED_INLINE uint32_t apply(uint32_t a) {
    uint32_t magnitude = a & 0x7fffffff;
    uint32_t r = magnitude + (away ? 0x1000 : 0xfff + (magnitude >> 13 & 1));
    r = (r & 0xffffe000) | (a & 0x80000000);
    r = magnitude == 0x7f800000 ? a : r;
    return magnitude > 0x7f800000 ? canonicalNaN32 : r;
  }
};
template <typename T>
struct IntegerToFloat {
  static EMULATED_INLINE float apply(T a) { return float(a); }
};
/// f32 to a 32-bit integer, toward zero.
struct ToS32 {
  static EMULATED_INLINE int32_t apply(float a) {
    bool inside = a >= -0x1p31f && a < 0x1p31f;
    int32_t r = int32_t(inside ? a : 0.0f);
    r = a >= 0x1p31f ? INT32_MAX : r;
    return a < -0x1p31f ? INT32_MIN : r;
  }
};

/// cvt.pack.sat: saturated a and b side by side, b lowest; op.count bits each;
/// above them the low bits of c.
template <typename T>
void packSaturated(Warp &w, const Op &op, uint32_t mask) {
  const uint32_t *a = w.words(op.a), *b = w.words(op.b);
  const uint32_t *c = op.c == noSlot ? nullptr : w.words(op.c);
  uint32_t *d = w.words(op.d);
  constexpr unsigned bits = sizeof(T) * 8;
  auto clamp = [](uint32_t x) {
    T value = Clamp<T, int32_t>::apply(int32_t(x));
    return uint32_t(std::make_unsigned_t<T>(value));
  };
  for (int l = 0; l < 32; ++l)
    if (mask >> l & 1) {
      uint32_t pair = clamp(a[l]) << bits | clamp(b[l]);
      d[l] = c ? c[l] << (2 * bits % 32) | pair : pair;
    }
}

bool isSingle(Type t) { return t.kind == TypeKind::F && t.bits == 32; }

/// A vectorised handler, or null when there is none for this conversion.
Handler pickFast(const Conversion &c, bool pair) {
  bool plain = c.rounding == Rounding::RN && !c.sat && !c.satfinite;
  bool half = c.to.kind == TypeKind::F && c.to.bits == 16;
  bool bfloat = c.to.kind == TypeKind::BF;
  if (isSingle(c.from) && plain && !c.ftz && (half || bfloat)) {
    using W = uint32_t;
    using H = uint16_t;
    if (pair)
      return half ? (c.relu ? binary<W, float, float, ToF16<true>>
                            : binary<W, float, float, ToF16<false>>)
                  : (c.relu ? binary<W, float, float, ToBF16<true>>
                            : binary<W, float, float, ToBF16<false>>);
    return half ? (c.relu ? unary<H, float, ToF16<true>>
                          : unary<H, float, ToF16<false>>)
                : (c.relu ? unary<H, float, ToBF16<true>>
                          : unary<H, float, ToBF16<false>>);
  }
  if (pair)
    return nullptr;
  if (isSingle(c.to) && plain && !c.relu &&
      c.integer == IntegerRounding::None) {
    if (c.from.kind == TypeKind::F && c.from.bits == 16)
      return unary<float, uint16_t, FromF16>;
    if (c.from.kind == TypeKind::BF)
      return unary<float, uint16_t, FromBF16>;
    if (c.from.kind == TypeKind::S && c.from.bits == 32)
      return unary<float, int32_t, IntegerToFloat<int32_t>>;
    if (c.from.kind == TypeKind::U && c.from.bits == 32)
      return unary<float, uint32_t, IntegerToFloat<uint32_t>>;
  }
  if (c.to.kind == TypeKind::TF32 && !c.relu && !c.satfinite) {
    if (c.rounding == Rounding::RNA)
      return unary<uint32_t, uint32_t, ToTF32<true>>;
    if (c.rounding == Rounding::RN)
      return unary<uint32_t, uint32_t, ToTF32<false>>;
  }
  if (isSingle(c.from) && c.to.kind == TypeKind::S && c.to.bits == 32 &&
      c.integer == IntegerRounding::Zero)
    return unary<int32_t, float, ToS32>;
  return nullptr;
}

} // namespace

static bool selectPack(Decoder &d) {
  Op &op = d.op;
  Type to = d.type(0), from = d.type(1);
  bool hasThird = d.type(2) == typeB32;
  if (!d.has("sat") || from.kind != TypeKind::S || from.bits != 32)
    return false;
  bool isSigned = to.kind == TypeKind::S;
  if (!isSigned && to.kind != TypeKind::U)
    return false;
  op.run = to.bits == 16
               ? (isSigned ? packSaturated<int16_t> : packSaturated<uint16_t>)
           : to.bits == 8
               ? (isSigned ? packSaturated<int8_t> : packSaturated<uint8_t>)
               : nullptr;
  if (!op.run || hasThird != (to.bits == 8))
    return false;
  return hasThird ? useAll(d, typeB32, {typeB32, typeB32, typeB32})
                  : useAll(d, typeB32, {typeB32, typeB32});
}

bool hydragen::emulated::selectConvert(Decoder &d) {
  Op &op = d.op;
  if (d.has("pack"))
    return selectPack(d);
  Conversion c;
  Type to = d.type(0), from = d.type(1);
  if (!from || d.type(2) || to.kind == TypeKind::B || from.kind == TypeKind::B)
    return false;
  for (const std::string &modifier : d.instruction->modifiers) {
    if (modifier == "rn")
      c.rounding = Rounding::RN;
    else if (modifier == "rz")
      c.rounding = Rounding::RZ;
    else if (modifier == "rm")
      c.rounding = Rounding::RM;
    else if (modifier == "rp")
      c.rounding = Rounding::RP;
    else if (modifier == "rna")
      c.rounding = Rounding::RNA;
    else if (modifier == "rni")
      c.integer = IntegerRounding::Nearest;
    else if (modifier == "rzi")
      c.integer = IntegerRounding::Zero;
    else if (modifier == "rmi")
      c.integer = IntegerRounding::Down;
    else if (modifier == "rpi")
      c.integer = IntegerRounding::Up;
    else if (modifier == "ftz")
      c.ftz = true;
    else if (modifier == "sat")
      c.sat = true;
    else if (modifier == "relu")
      c.relu = true;
    else if (modifier == "satfinite")
      c.satfinite = true;
    else if (!parseType(modifier))
      return false;
  }
  if (c.rounding == Rounding::RNA && to.kind != TypeKind::TF32)
    return false;
  auto single = [](Type t) { return Type{t.kind, t.bits, 1}; };
  auto asBits = [](Type t) {
    return Type{TypeKind::B, uint8_t(t.bits * t.lanes), 1};
  };
  c.to = single(to);
  c.from = single(from);
  if (to.lanes == 2 && from.lanes == 1) {
    // Two floats to a pair.
    if (!isSingle(from) || to.bits > 16)
      return false;
    op.run = pickFast(c, true);
    if (!op.run)
      op.run = convertPair;
    op.imm = c.pack();
    return useAll(d, asBits(to), {from, from});
  }
  if (to.lanes != from.lanes)
    return false;
  if (to.lanes == 2) {
    op.run = convertHalves;
    op.imm = c.pack();
    return isFloat(to) && isFloat(from) &&
           useAll(d, asBits(to), {asBits(from)});
  }
  if (!isFloat(to) && !isFloat(from)) {
    op.run = c.sat ? pickIntegers<Clamp>(to, from)
                   : pickIntegers<Truncate>(to, from);
    return op.run && useAll(d, to, {from});
  }
  // Integers take what a float rounds to; without a modifier it is the integer
  // below, as in C.
  if (!isFloat(to) && c.integer == IntegerRounding::None)
    return d.fail("a conversion to an integer needs .rni, .rzi, .rmi or .rpi");
  op.imm = c.pack();
  op.run = pickFast(c, false);
  bool wideTo = to.bits == 64, wideFrom = from.bits == 64;
  if (!op.run)
    op.run = wideTo ? (wideFrom ? convertLanes<uint64_t, uint64_t>
                                : convertLanes<uint64_t, uint32_t>)
                    : (wideFrom ? convertLanes<uint32_t, uint64_t>
                                : convertLanes<uint32_t, uint32_t>);
  return useAll(d, isFloat(to) ? asBits(to) : to,
                {isFloat(from) ? asBits(from) : from});
}
