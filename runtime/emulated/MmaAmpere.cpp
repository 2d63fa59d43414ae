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

/// Eight columns.
typedef int32_t Vector __attribute__((vector_size(32)));
typedef uint32_t Unsigned __attribute__((vector_size(32)));
typedef float Floats __attribute__((vector_size(32)));
typedef double Doubles __attribute__((vector_size(64)));
typedef int64_t Wide __attribute__((vector_size(64)));

/// Numbers as significands, signs (0 or -1) and exponents:
/// +-magnitude * 2^(exponent - mantissa bits).
struct Split {
  int32_t magnitude, sign, exponent;
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
  Split s;
  s.magnitude = full >> (drop > 31 ? 31 : drop);
  s.exponent = s.magnitude ? exponent + below : zeroExponent;
  s.sign = int32_t(bits) >> 31;
  return s;
}

// Not functions: vectors of 32 bytes have no common calling convention.
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))

/// Toward zero to `bits` of mantissa, in f32's range of exponents.
EMULATED_INLINE float truncate(double x, int bits) {
  uint64_t kept = bitCast<uint64_t>(x) & (~uint64_t(0) << (52 - bits));
  double r = bitCast<double>(kept);
  // Units of the last place of subnormals.
  double unit = bits == 23 ? 0x1p149 : 0x1p139;
  double small = __builtin_trunc(x * unit) / unit;
  return float(__builtin_fabs(r) < 0x1p-126 ? small : r);
}

struct Work {
  alignas(64) int32_t magnitudeA[16][maxMmaK], signA[16][maxMmaK],
      exponentA[16][maxMmaK];
  // By k, then column; magnitudes shifted so that products have as many bits
  // after the point as are kept.
  alignas(64) int32_t magnitudeB[maxMmaK][8], signB[maxMmaK][8],
      exponentB[maxMmaK][8];
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

/// Sums `block` products at a time, keeping `fraction` bits.
template <int fraction, int block, int resultBits, bool half>
EMULATED_INLINE void sumBlocks(MmaOperands &o, const Work &work, int m, int k,
                               bool special) {
  constexpr int mantissaC = half ? 10 : 23, leastC = half ? -14 : -126;
  for (int begin = 0; begin < k; begin += block)
    for (int row = 0; row < m; ++row) {
      float *c = o.c[row];
      alignas(32) int32_t magnitudeC[8], signC[8], exponentC[8];
      bool specialC = special;
      for (int n = 0; n < 8; ++n) {
        Split s = split(c[n], mantissaC, leastC);
        magnitudeC[n] = s.magnitude;
        signC[n] = s.sign;
        exponentC[n] = s.exponent;
        specialC |= isSpecial(c[n]);
      }
      auto load = [](const int32_t *p) __attribute__((always_inline)) {
        return *reinterpret_cast<const Vector *>(p);
      };
      Vector ec = load(exponentC);
      // MMA-Sim: at least that of f32's subnormals.
      Vector largest = LARGER(ec, Vector{} - 126);
      for (int i = begin; i < begin + block; ++i) {
        Vector e = load(work.exponentB[i]) + work.exponentA[row][i];
        largest = LARGER(e, largest);
      }
      // Shifts of 31 leave nothing: magnitudes are below 2^27.
      Vector below = largest - ec;
      if (fraction < mantissaC)
        below += mantissaC - fraction;
      below = SMALLER(below, Vector{} + 31);
      Vector term = load(magnitudeC);
      if (fraction > mantissaC)
        term <<= fraction > mantissaC ? fraction - mantissaC : 0;
      term = (Vector)((Unsigned)term >> (Unsigned)below);
      Vector sign = load(signC);
      Vector sum = (term ^ sign) - sign;
      for (int i = begin; i < begin + block; ++i) {
        below = largest - load(work.exponentB[i]) - work.exponentA[row][i];
        below = SMALLER(below, Vector{} + 31);
        term = load(work.magnitudeB[i]) * work.magnitudeA[row][i];
        term = (Vector)((Unsigned)term >> (Unsigned)below);
        sign = load(work.signB[i]) ^ work.signA[row][i];
        sum += (term ^ sign) - sign;
      }
      Wide scale = (__builtin_convertvector(largest, Wide) + (1023 - fraction))
                   << 52;
      Doubles exact = __builtin_convertvector(sum, Doubles) * (Doubles)scale;
      alignas(64) float result[8];
      alignas(64) double terms[8];
      *reinterpret_cast<Doubles *>(terms) = exact;
      if (half) {
        for (int n = 0; n < 8; ++n)
          result[n] = fromF16(toF16(toFloatOdd(terms[n])));
      } else {
        Doubles kept =
            (Doubles)((Wide)exact & int64_t(~uint64_t(0) << (52 - resultBits)));
        *reinterpret_cast<Floats *>(result) =
            __builtin_convertvector(kept, Floats);
        bool small = false;
        for (int n = 0; n < 8; ++n)
          small |= __builtin_fabs(terms[n]) < 0x1p-126;
        if (small)
          for (int n = 0; n < 8; ++n)
            result[n] = truncate(terms[n], resultBits);
      }
      if (!specialC) {
        std::memcpy(c, result, sizeof(result));
        continue;
      }
      for (int n = 0; n < 8; ++n)
        if (!sumSpecial(o, row, n, begin, begin + block, c[n]))
          c[n] = result[n];
    }
}

EMULATED_INLINE void multiply(MmaOperands &o, int m, int k,
                              const MmaModel &model) {
  Work work;
  bool special = false;
  int shift = model.fraction - model.mantissaA - model.mantissaB;
  for (int row = 0; row < m; ++row)
    for (int i = 0; i < k; ++i) {
      Split s = split(o.a[row][i], model.mantissaA, model.leastA);
      work.magnitudeA[row][i] = s.magnitude;
      work.signA[row][i] = s.sign;
      work.exponentA[row][i] = s.exponent;
      special |= isSpecial(o.a[row][i]);
    }
  for (int n = 0; n < 8; ++n)
    for (int i = 0; i < k; ++i) {
      Split s = split(o.b[n][i], model.mantissaB, model.leastB);
      work.magnitudeB[i][n] = s.magnitude << shift;
      work.signB[i][n] = s.sign;
      work.exponentB[i][n] = s.exponent;
      special |= isSpecial(o.b[n][i]);
    }
  if (model.fraction == 13)
    model.half ? sumBlocks<13, 16, 13, true>(o, work, m, k, special)
               : sumBlocks<13, 16, 13, false>(o, work, m, k, special);
  else if (model.block == 4)
    sumBlocks<24, 4, 23, false>(o, work, m, k, special);
  else
    model.half ? sumBlocks<24, 8, 23, true>(o, work, m, k, special)
               : sumBlocks<24, 8, 23, false>(o, work, m, k, special);
}

void multiplyBase(MmaOperands &o, int m, int k, const MmaModel &model) {
  multiply(o, m, k, model);
}
EMULATED_V3 void multiplyV3(MmaOperands &o, int m, int k,
                            const MmaModel &model) {
  multiply(o, m, k, model);
}

} // namespace

void hydragen::emulated::multiplyAmpere(MmaOperands &o, int m, int k,
                                        const MmaModel &model) {
  (hasV3() ? multiplyV3 : multiplyBase)(o, m, k, model);
}
