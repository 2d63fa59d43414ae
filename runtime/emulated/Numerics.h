//===- Numerics.h - number formats and rounding (internal) ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Narrow floats as bits: f16 (5 exponent bits, 10 of mantissa), bf16 (8, 7),
// e4m3 (4, 3; no infinities), e5m2 (5, 2), tf32 (8, 10 in a 32-bit word). Code
// for hot lanes has no branches, so that loops over it vectorise.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_NUMERICS_H
#define HYDRAGEN_RUNTIME_EMULATED_NUMERICS_H

#include <cfenv>
#include <cmath>
#include <cstdint>
#include <cstring>

#define EMULATED_INLINE __attribute__((always_inline)) inline

namespace hydragen::emulated {

template <typename To, typename From>
EMULATED_INLINE To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}

/// NaN results of arithmetic: the hardware's (CUDA C++ Programming Guide,
/// "Floating-Point Standard").
constexpr uint32_t canonicalNaN32 = 0x7fffffff;
constexpr uint16_t canonicalNaN16 = 0x7fff;
constexpr uint64_t canonicalNaN64 = 0xfff8000000000000;

// On bits: LLVM takes all NaNs for equal and may drop a selection of one.
EMULATED_INLINE float canonical(float x) {
  uint32_t bits = bitCast<uint32_t>(x);
  bool nan = int32_t(bits & 0x7fffffff) > 0x7f800000;
  return bitCast<float>(nan ? canonicalNaN32 : bits);
}
EMULATED_INLINE double canonical(double x) {
  uint64_t bits = bitCast<uint64_t>(x);
  bool nan = int64_t(bits & ~(uint64_t(1) << 63)) > 0x7ff0000000000000;
  return bitCast<double>(nan ? canonicalNaN64 : bits);
}

/// Subnormals to zero of the same sign (.ftz).
EMULATED_INLINE float flush(float x) {
  uint32_t bits = bitCast<uint32_t>(x);
  return bitCast<float>(bits & 0x7f800000 ? bits : bits & 0x80000000);
}
EMULATED_INLINE double flush(double x) {
  uint64_t bits = bitCast<uint64_t>(x);
  return bitCast<double>(bits >> 52 & 0x7ff ? bits : bits & uint64_t(1) << 63);
}

/// .sat: to [0, 1], NaN to +0.
template <typename F>
EMULATED_INLINE F saturate(F x) {
  F low = x > F(0) ? x : F(0);
  return low < F(1) ? low : F(1);
}

EMULATED_INLINE float fromF16(uint16_t h) {
  uint32_t magnitude = h & 0x7fff, sign = uint32_t(h & 0x8000) << 16;
  // Subnormals are integers times 2^-24.
  uint32_t small = bitCast<uint32_t>(float(int32_t(magnitude)) * 0x1p-24f);
  uint32_t normal = (magnitude << 13) + (112u << 23);
  uint32_t special = magnitude > 0x7c00 ? canonicalNaN32 : 0x7f800000;
  uint32_t bits = magnitude < 0x400 ? small : normal;
  bits = magnitude >= 0x7c00 ? special : bits;
  return bitCast<float>(bits | (magnitude > 0x7c00 ? 0 : sign));
}
EMULATED_INLINE float fromBF16(uint16_t h) {
  return canonical(bitCast<float>(uint32_t(h) << 16));
}

/// Round to nearest even; overflow to infinity.
EMULATED_INLINE uint16_t toF16(float x) {
  uint32_t bits = bitCast<uint32_t>(x), sign = bits >> 16 & 0x8000;
  uint32_t a = bits & 0x7fffffff;
  uint32_t normal = (a + 0xfff + (a >> 13 & 1) - (112u << 23)) >> 13;
  // The sum's last place is 2^-24, f16's smallest subnormal.
  float sum = bitCast<float>(a) + 0.5f;
  uint32_t small = bitCast<uint32_t>(sum) - 0x3f000000;
  uint32_t h = a < 0x38800000 ? small : normal;
  h = a >= 0x477ff000 ? 0x7c00 : h;
  return uint16_t(a > 0x7f800000 ? canonicalNaN16 : h | sign);
}
EMULATED_INLINE uint16_t toBF16(float x) {
  uint32_t bits = bitCast<uint32_t>(x);
  uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return uint16_t((bits & 0x7fffffff) > 0x7f800000 ? canonicalNaN16 : rounded);
}
EMULATED_INLINE uint16_t flush16(uint16_t h, uint16_t exponent) {
  return h & exponent ? h : uint16_t(h & 0x8000);
}

/// Rounding modifiers: to nearest even, toward zero, -infinity, +infinity, to
/// nearest with ties away from zero.
enum class Rounding : uint8_t { RN, RZ, RM, RP, RNA };

/// Arithmetic of the host under a rounding direction. `value` hides an operand
/// or a result from the optimiser, which assumes round to nearest.
class RoundingScope {
public:
  explicit RoundingScope(Rounding mode) : old(std::fegetround()) {
    std::fesetround(mode == Rounding::RZ   ? FE_TOWARDZERO
                    : mode == Rounding::RM ? FE_DOWNWARD
                    : mode == Rounding::RP ? FE_UPWARD
                                           : FE_TONEAREST);
  }
  ~RoundingScope() { std::fesetround(old); }
  template <typename F>
  static F value(F x) {
    asm volatile("" : "+m"(x) : : "memory");
    return x;
  }

private:
  int old;
};

/// Round to odd (Boldo and Melquiond, 2008): `sum` is the double nearest to
/// sum + error; nudged so that rounding it again to a narrower format gives
/// what rounding the exact value would.
EMULATED_INLINE double toOdd(double sum, double error) {
  uint64_t bits = bitCast<uint64_t>(sum);
  bool away = (error > 0) == (sum > 0);
  // Neither holds for NaN, the error of an infinite sum.
  bool inexact = error > 0 || error < 0;
  uint64_t odd = away ? bits + 1 : bits - 1;
  return bitCast<double>(inexact && !(bits & 1) ? odd : bits);
}
/// a + b, rounded to odd.
EMULATED_INLINE double addOdd(double a, double b) {
  double sum = a + b;
  double t = sum - a;
  return toOdd(sum, (a - (sum - t)) + (b - t));
}
/// A double rounded to odd as a float; beyond float's range infinity.
EMULATED_INLINE float toFloatOdd(double x) {
  float f = float(x);
  double error = x - double(f);
  uint32_t bits = bitCast<uint32_t>(f);
  bool away = (error > 0) == (x > 0);
  bool inexact = (error > 0 || error < 0) && (bits & 0x7f800000) != 0x7f800000;
  uint32_t odd = away ? bits + 1 : bits - 1;
  // A double too small for any float: away from a zero of its sign.
  return bitCast<float>(inexact && !(bits & 1) ? odd : bits);
}

/// Binary formats of up to 32 bits.
struct Format {
  unsigned exponentBits, mantissaBits;
  /// e4m3: the largest exponent holds numbers; NaN is all ones.
  bool finite;
  int bias() const { return (1 << (exponentBits - 1)) - 1; }
  unsigned bits() const { return 1 + exponentBits + mantissaBits; }
  uint32_t signBit() const { return 1u << (exponentBits + mantissaBits); }
  uint32_t infinity() const {
    return ((1u << exponentBits) - 1) << mantissaBits;
  }
  uint32_t largest() const { return finite ? signBit() - 2 : infinity() - 1; }
};
constexpr Format formatF32{8, 23, false}, formatF16{5, 10, false},
    formatBF16{8, 7, false}, formatE4M3{4, 3, true}, formatE5M2{5, 2, false},
    formatTF32{8, 10, false};

/// The number nearest to x in a format, as bits; x's overflow becomes infinity,
/// or the largest number where the direction or `satfinite` says so. NaN: all
/// ones without the sign.
inline uint32_t roundTo(double x, const Format &f, Rounding mode,
                        bool satfinite = false) {
  if (x != x)
    return f.signBit() - 1;
  uint64_t bits = bitCast<uint64_t>(x);
  bool negative = bits >> 63;
  uint32_t sign = negative ? f.signBit() : 0;
  bool up = mode == Rounding::RP, down = mode == Rounding::RM;
  bool magnitudeUp = negative ? down : up;
  bool magnitudeDown = mode == Rounding::RZ || (negative ? up : down);
  double a = std::fabs(x);
  auto overflow = [&](bool isInfinite) {
    if (satfinite || (magnitudeDown && !isInfinite))
      return sign | f.largest();
    return f.finite ? f.signBit() - 1 : sign | f.infinity();
  };
  if (std::isinf(a))
    return overflow(true);
  if (a == 0)
    return sign;
  int exponent;
  std::frexp(a, &exponent); // a = m * 2^exponent, 0.5 <= m < 1
  int least = 1 - f.bias();
  int e = exponent - 1 < least ? least : exponent - 1;
  // In units of the last place.
  double scaled = std::ldexp(a, int(f.mantissaBits) - e);
  double whole = std::floor(scaled), rest = scaled - whole;
  uint64_t n = uint64_t(whole);
  bool increase = rest != 0 && magnitudeUp;
  if (mode == Rounding::RN)
    increase = rest > 0.5 || (rest == 0.5 && (n & 1));
  else if (mode == Rounding::RNA)
    increase = rest >= 0.5;
  n += increase;
  // Without the hidden bit; a carry moves into the exponent by itself.
  uint64_t encoded = n + (uint64_t(e - least) << f.mantissaBits);
  if (encoded > f.largest())
    return overflow(false);
  return sign | uint32_t(encoded);
}

inline double fromBits(uint32_t bits, const Format &f) {
  uint32_t magnitude = bits & (f.signBit() - 1);
  uint32_t exponent = magnitude >> f.mantissaBits;
  uint32_t mantissa = magnitude & ((1u << f.mantissaBits) - 1);
  double value;
  if (f.finite ? magnitude == f.signBit() - 1 : magnitude > f.infinity())
    return std::nan("");
  if (!f.finite && magnitude == f.infinity())
    value = INFINITY;
  else if (!exponent)
    value = std::ldexp(double(mantissa), 1 - f.bias() - int(f.mantissaBits));
  else
    value = std::ldexp(double(mantissa | 1u << f.mantissaBits),
                       int(exponent) - f.bias() - int(f.mantissaBits));
  return bits & f.signBit() ? -value : value;
}

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_NUMERICS_H
