//===- MmaAmpere.cpp - tensor core arithmetic, bit by bit -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The numerical model published by Fasi, Higham, Mikaitis and Pranesh (PeerJ
// Computer Science 7:e330, 2021) and Xie et al. (MMA-Sim, 2025): the exact
// products of a block and C are aligned to the largest exponent among them,
// truncated to `fraction` bits below it, summed exactly, and the sum is
// truncated to f32 (rounded to nearest for f16). Exponents are those of the
// operands as stored: of a product, their sum, not renormalised; of a
// subnormal, the least. Ampere sums k in two blocks for f16, bf16 and tf32.
//===----------------------------------------------------------------------===//

#include "Mma.h"

using namespace hydragen::emulated;

namespace {

/// Numbers as sign-carrying significands and exponents:
/// significand * 2^(exponent - mantissa bits).
struct Split {
  int32_t significand, exponent;
};

/// Exponent of a zero: below all that matter.
constexpr int32_t zeroExponent = -1000;

EMULATED_INLINE Split split(float x, int mantissa, int least) {
  uint32_t bits = bitCast<uint32_t>(x);
  int32_t field = int32_t(bits >> 23 & 255);
  int32_t full = int32_t(bits & 0x7fffff) | (field ? 1 << 23 : 0);
  int32_t exponent = (field ? field : 1) - 127;
  int32_t below = least > exponent ? least - exponent : 0;
  int32_t drop = 23 - mantissa + below;
  int32_t significand = full >> (drop > 31 ? 31 : drop);
  Split s;
  s.exponent = significand ? exponent + below : zeroExponent;
  s.significand = bits >> 31 ? -significand : significand;
  return s;
}

EMULATED_INLINE int32_t shiftRight(int32_t x, int32_t by) {
  return by > 31 ? 0 : int32_t(uint32_t(x) >> by);
}

/// The significand `x` with `have` fraction bits, `below` binary places under
/// the largest exponent, with `want` bits; the rest is dropped.
EMULATED_INLINE int32_t align(int32_t x, int32_t have, int32_t want,
                              int32_t below) {
  int32_t magnitude = x < 0 ? -x : x;
  magnitude = want >= have ? shiftRight(magnitude << (want - have), below)
                           : shiftRight(magnitude, below + have - want);
  return x < 0 ? -magnitude : magnitude;
}

/// Toward zero to `bits` of mantissa, in f32's range of exponents.
EMULATED_INLINE float truncate(double x, int bits) {
  uint64_t kept = bitCast<uint64_t>(x) & (~uint64_t(0) << (52 - bits));
  double r = bitCast<double>(kept);
  double magnitude = __builtin_fabs(r);
  // Units of the last place of subnormals.
  double unit = bits == 23 ? 0x1p149 : 0x1p139;
  double small = __builtin_trunc(x * unit) / unit;
  return float(magnitude < 0x1p-126 ? small : r);
}

struct Work {
  alignas(64) int32_t sa[16][maxMmaK], ea[16][maxMmaK];
  // By k, then column.
  alignas(64) int32_t sb[maxMmaK][8], eb[maxMmaK][8];
};

bool isSpecial(float x) {
  return (bitCast<uint32_t>(x) & 0x7f800000) == 0x7f800000;
}

/// One element of a block in which infinities or NaNs take part. False: none
/// does in this one.
bool sumSpecial(const MmaOperands &o, int row, int column, int begin, int end,
                float &result) {
  bool special = isSpecial(o.c[row][column]);
  double sum = o.c[row][column];
  for (int k = begin; k < end; ++k) {
    float x = o.a[row][k], y = o.b[column][k];
    if (!isSpecial(x) && !isSpecial(y))
      continue;
    special = true;
    sum += double(x) * double(y);
  }
  if (special)
    result = canonical(float(sum));
  return special;
}

template <int block>
EMULATED_INLINE void sumBlocks(MmaOperands &o, Work &work, int m, int k,
                               const MmaModel &model, bool special) {
  int have = model.mantissaA + model.mantissaB, want = model.fraction;
  int mantissaC = model.half ? 10 : 23, leastC = model.half ? -14 : -126;
  for (int begin = 0; begin < k; begin += block)
    for (int row = 0; row < m; ++row) {
      alignas(64) int32_t largest[8], sum[8], sc[8], ec[8];
      alignas(64) float result[8];
      float *c = o.c[row];
      bool specialC = special;
      for (int n = 0; n < 8; ++n) {
        Split s = split(c[n], mantissaC, leastC);
        sc[n] = s.significand;
        ec[n] = s.exponent;
        // MMA-Sim: at least that of f32's subnormals.
        largest[n] = ec[n] > -126 ? ec[n] : -126;
        specialC |= isSpecial(c[n]);
      }
      for (int i = begin; i < begin + block; ++i)
        for (int n = 0; n < 8; ++n) {
          int32_t e = work.ea[row][i] + work.eb[i][n];
          largest[n] = e > largest[n] ? e : largest[n];
        }
      for (int n = 0; n < 8; ++n)
        sum[n] = align(sc[n], mantissaC, want, largest[n] - ec[n]);
      for (int i = begin; i < begin + block; ++i)
        for (int n = 0; n < 8; ++n)
          sum[n] += align(work.sa[row][i] * work.sb[i][n], have, want,
                          largest[n] - work.ea[row][i] - work.eb[i][n]);
      for (int n = 0; n < 8; ++n) {
        uint64_t scale = uint64_t(1023 + largest[n] - want) << 52;
        double exact = double(sum[n]) * bitCast<double>(scale);
        result[n] = model.half ? fromF16(toF16(toFloatOdd(exact)))
                               : truncate(exact, model.resultBits);
      }
      for (int n = 0; n < 8; ++n)
        if (!specialC || !sumSpecial(o, row, n, begin, begin + block, c[n]))
          c[n] = result[n];
    }
}

EMULATED_INLINE void multiply(MmaOperands &o, int m, int k,
                              const MmaModel &model) {
  Work work;
  bool special = false;
  for (int row = 0; row < m; ++row)
    for (int i = 0; i < k; ++i) {
      Split s = split(o.a[row][i], model.mantissaA, model.leastA);
      work.sa[row][i] = s.significand;
      work.ea[row][i] = s.exponent;
      special |= isSpecial(o.a[row][i]);
    }
  for (int i = 0; i < k; ++i)
    for (int n = 0; n < 8; ++n) {
      Split s = split(o.b[n][i], model.mantissaB, model.leastB);
      work.sb[i][n] = s.significand;
      work.eb[i][n] = s.exponent;
      special |= isSpecial(o.b[n][i]);
    }
  if (model.block == 4)
    sumBlocks<4>(o, work, m, k, model, special);
  else if (model.block == 8)
    sumBlocks<8>(o, work, m, k, model, special);
  else
    sumBlocks<16>(o, work, m, k, model, special);
}

EMULATED_V3 void multiplyV3(MmaOperands &o, int m, int k,
                            const MmaModel &model) {
  multiply(o, m, k, model);
}

} // namespace

void hydragen::emulated::multiplyAmpere(MmaOperands &o, int m, int k,
                                        const MmaModel &model) {
  if (hasV3())
    multiplyV3(o, m, k, model);
  else
    multiply(o, m, k, model);
}
