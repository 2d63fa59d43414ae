//===- ExecFloat.h - shared by the float handlers (internal) ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_EXECFLOAT_H
#define HYDRAGEN_RUNTIME_EMULATED_EXECFLOAT_H

#include "Exec.h"

namespace hydragen::emulated {

/// The rounding modifier; to nearest when there is none.
Rounding getRounding(const Decoder &d);

/// f16, bf16 and their pairs.
bool selectHalf(Decoder &d);

EMULATED_INLINE float clearSign(float x) {
  return bitCast<float>(bitCast<uint32_t>(x) & 0x7fffffff);
}
EMULATED_INLINE double clearSign(double x) {
  return bitCast<double>(bitCast<uint64_t>(x) & ~(uint64_t(1) << 63));
}
EMULATED_INLINE float flipSign(float x) {
  return bitCast<float>(bitCast<uint32_t>(x) ^ 0x80000000);
}
EMULATED_INLINE double flipSign(double x) {
  return bitCast<double>(bitCast<uint64_t>(x) ^ uint64_t(1) << 63);
}

/// min and max: a NaN loses against a number (`nan`: wins); -0 < +0. `xorsign`:
/// of the magnitudes, with the product's sign (PTX ISA 9.7.3.11).
template <bool maximum, bool nan, bool xorsign, typename T>
EMULATED_INLINE T extremum(T a, T b) {
  using U = Word<T>;
  U sign = (bitCast<U>(a) ^ bitCast<U>(b)) & (U(1) << (sizeof(T) * 8 - 1));
  if (xorsign) {
    a = clearSign(a);
    b = clearSign(b);
  }
  U x = bitCast<U>(a), y = bitCast<U>(b);
  U r = (maximum ? a > b : a < b) ? x : y;
  // Equal: zeros may differ in sign.
  U equal = maximum ? x & y : x | y;
  r = a == b ? equal : r;
  r = a != a ? (nan ? x : y) : r;
  r = b != b ? (nan ? y : x) : r;
  return bitCast<T>(xorsign ? r | sign : r);
}

/// 2^x within 1.5 ulp, without contraction so that every host agrees.
EMULATED_INLINE float exp2Approx(float x) {
  float clamped = x > 129.0f ? 129.0f : x;
  clamped = clamped < -160.0f ? -160.0f : clamped;
  // Adding 1.5 * 2^23 rounds to an integer, found in the low bits.
  constexpr float magic = 0x1.8p23f;
  float shifted = clamped + magic;
  int32_t n = int32_t(bitCast<uint32_t>(shifted) - bitCast<uint32_t>(magic));
  float f = clamped - (shifted - magic);
  // ln(2)^k / k!; the remainder of the series is below 2^-27 for |f| <= 1/2.
  float p = 1.52527338e-5f;
  p = p * f + 1.54035304e-4f;
  p = p * f + 1.33335581e-3f;
  p = p * f + 9.61812911e-3f;
  p = p * f + 5.55041087e-2f;
  p = p * f + 2.40226507e-1f;
  p = p * f + 6.93147181e-1f;
  p = p * f + 1.0f;
  // In two steps: 2^n alone need not be a normal number.
  int32_t half = n >> 1;
  float low = bitCast<float>(uint32_t(half + 127) << 23);
  float high = bitCast<float>(uint32_t(n - half + 127) << 23);
  return p * low * high;
}

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_EXECFLOAT_H
