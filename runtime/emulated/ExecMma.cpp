//===- ExecMma.cpp - mma.sync -----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fast mode multiplies in f32, adding one product after the other in the order
// of k to C. All products of f16, tf32 and fp8 are exact in f32, so hosts with
// and without fused multiply-add agree.
//===----------------------------------------------------------------------===//

#include "Launch.h"
#include "Mma.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace hydragen::emulated;

namespace {

enum class Element : uint8_t { F16, BF16, TF32, E4M3, E5M2, S8, U8, F64 };

/// What an mma does; op.imm holds its index in the table of forms.
struct Form {
  int m, k;
  Element a, b;
  /// Accumulators: f16 (packed) or not.
  bool half;
  bool saturates;
  unsigned numA, numB, numC;
};

constexpr int getElementBits(Element e) {
  return e == Element::F64                         ? 64
         : e == Element::TF32                      ? 32
         : e == Element::F16 || e == Element::BF16 ? 16
                                                   : 8;
}

/// The numbers of the 256 bytes of an fp8 format.
struct Table {
  float values[256];
  explicit Table(const Format &format) {
    for (int i = 0; i < 256; ++i)
      values[i] = canonical(float(fromBits(uint32_t(i), format)));
  }
};
const float *getTable(Element e) {
  static const Table e4m3(formatE4M3), e5m2(formatE5M2);
  return e == Element::E4M3 ? e4m3.values : e5m2.values;
}

/// A row of four words to numbers.
template <Element e>
EMULATED_INLINE void decodeRow(const uint32_t *row, float *to) {
  if constexpr (e == Element::F16 || e == Element::BF16) {
    for (int i = 0; i < 8; ++i) {
      uint16_t h = uint16_t(row[i / 2] >> (i % 2 * 16));
      to[i] =
          e == Element::F16 ? fromF16(h) : bitCast<float>(uint32_t(h) << 16);
    }
  } else if constexpr (e == Element::TF32) {
    // The hardware drops the low 13 bits.
    for (int i = 0; i < 4; ++i)
      to[i] = bitCast<float>(row[i] & 0xffffe000);
  } else {
    const float *table = getTable(e);
    for (int i = 0; i < 16; ++i)
      to[i] = table[row[i / 4] >> (i % 4 * 8) & 255];
  }
}

#if defined(__x86_64__)
template <Element e>
EMULATED_V3 EMULATED_INLINE __m256 decodeEight(__m128i halves) {
  if constexpr (e == Element::F16)
    return _mm256_cvtph_ps(halves);
  else
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}
/// 8 rows of 8 halves to the rows of the transpose.
EMULATED_V3 EMULATED_INLINE void transpose(__m128i *r) {
  __m128i a[8], b[8];
  for (int i = 0; i < 4; ++i) {
    a[2 * i] = _mm_unpacklo_epi16(r[2 * i], r[2 * i + 1]);
    a[2 * i + 1] = _mm_unpackhi_epi16(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      b[4 * i + 2 * j] = _mm_unpacklo_epi32(a[4 * i + j], a[4 * i + 2 + j]);
      b[4 * i + 2 * j + 1] = _mm_unpackhi_epi32(a[4 * i + j], a[4 * i + 2 + j]);
    }
  for (int i = 0; i < 4; ++i) {
    r[2 * i] = _mm_unpacklo_epi64(b[i], b[4 + i]);
    r[2 * i + 1] = _mm_unpackhi_epi64(b[i], b[4 + i]);
  }
}
#endif

template <Element ea, Element eb>
EMULATED_INLINE void loadOperands(const Warp &w, const Form &f,
                                  const uint32_t *slots, MmaOperands &o) {
  constexpr int width = 128 / getElementBits(ea);
  for (unsigned r = 0; r < f.numA; ++r)
    for (int g = 0; g < 8; ++g)
      decodeRow<ea>(w.words(slots[r]) + 4 * g,
                    &o.a[(r & 1) * 8 + g][(r >> 1) * width]);
  for (unsigned r = 0; r < f.numB; ++r)
    for (int g = 0; g < 8; ++g)
      decodeRow<eb>(w.words(slots[f.numA + r]) + 4 * g, &o.b[g][r * width]);
}

EMULATED_INLINE void loadC(const Warp &w, const Form &f, const uint32_t *slots,
                           MmaOperands &o) {
  if (f.half) {
    for (unsigned r = 0; r < f.numC; ++r)
      for (int g = 0; g < 8; ++g)
        decodeRow<Element::F16>(w.words(slots[r]) + 4 * g, o.c[8 * r + g]);
    return;
  }
  for (unsigned r = 0; r < f.numC; r += 2) {
    const uint32_t *even = w.words(slots[r]), *odd = w.words(slots[r + 1]);
    for (int lane = 0; lane < 32; ++lane) {
      float *at = &o.c[4 * r + lane / 4][lane % 4 * 2];
      at[0] = bitCast<float>(even[lane]);
      at[1] = bitCast<float>(odd[lane]);
    }
  }
}

EMULATED_INLINE void storeD(Warp &w, const Form &f, const uint32_t *slots,
                            const MmaOperands &o, uint32_t mask) {
  for (unsigned r = 0; r < f.numC; ++r) {
    uint32_t *d = w.words(slots[r]);
    for (int lane = 0; lane < 32; ++lane) {
      if (!(mask >> lane & 1))
        continue;
      if (f.half) {
        const float *at = &o.c[8 * r + lane / 4][lane % 4 * 2];
        d[lane] = uint32_t(toF16(at[1])) << 16 | toF16(at[0]);
      } else {
        d[lane] = bitCast<uint32_t>(
            canonical(o.c[8 * (r >> 1) + lane / 4][lane % 4 * 2 + (r & 1)]));
      }
    }
  }
}

/// Sums of products in f32, in the order of k.
EMULATED_INLINE void multiplyFast(MmaOperands &o, int m, int k) {
  alignas(64) float b[maxMmaK][8];
  for (int i = 0; i < k; ++i)
    for (int n = 0; n < 8; ++n)
      b[i][n] = o.b[n][i];
  for (int row = 0; row < m; ++row) {
    float *c = o.c[row];
    for (int i = 0; i < k; ++i) {
      float x = o.a[row][i];
      for (int n = 0; n < 8; ++n)
        c[n] += x * b[i][n];
    }
  }
}

template <Element e>
constexpr int mantissaOf() {
  return e == Element::BF16   ? 7
         : e == Element::E4M3 ? 3
         : e == Element::E5M2 ? 2
                              : 10;
}
template <Element e>
constexpr int leastOf() {
  return e == Element::F16 || e == Element::E5M2 ? -14
         : e == Element::E4M3                    ? -6
                                                 : -126;
}

template <Element ea, Element eb>
MmaModel getModel(const Form &f) {
  constexpr bool fp8 = getElementBits(ea) == 8;
  MmaModel model{mantissaOf<ea>(),
                 leastOf<ea>(),
                 mantissaOf<eb>(),
                 leastOf<eb>(),
                 f.half,
                 24,
                 8,
                 23};
  // Half of the longest k of the type.
  model.block = fp8 ? 16 : ea == Element::TF32 ? 4 : 8;
  if (fp8) {
    model.fraction = 13;
    model.resultBits = 13;
  }
  return model;
}

void countFlops(Warp &w, const Form &f, Element e) {
  uint64_t flops = uint64_t(2) * f.m * 8 * f.k;
  Counters &c = w.counters;
  c.mmaFlops += flops;
  (e == Element::F16                      ? c.mmaFlopsF16
   : e == Element::BF16                   ? c.mmaFlopsBF16
   : e == Element::TF32                   ? c.mmaFlopsTF32
   : e == Element::F64                    ? c.mmaFlopsF64
   : e == Element::S8 || e == Element::U8 ? c.mmaOpsInt
                                          : c.mmaFlopsF8) += flops;
}

const Form &getForm(const Op &op);

bool isAmpere(const Warp &w) {
  return w.block->launch->options.mma == MmaMode::Ampere;
}

template <Element ea, Element eb>
struct FloatMma {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    if (!checkConverged(w, op, mask))
      return;
    const Form &f = getForm(op);
    const uint32_t *slots = w.list(op);
    MmaOperands o;
    loadOperands<ea, eb>(w, f, slots + f.numC, o);
    loadC(w, f, slots + f.numC + f.numA + f.numB, o);
    if (isAmpere(w))
      multiplyAmpere(o, f.m, f.k, getModel<ea, eb>(f));
    else
      multiplyFast(o, f.m, f.k);
    storeD(w, f, slots, o, mask);
    countFlops(w, f, ea);
  }
};

#if defined(__x86_64__)
/// m16n8k16 with f32 accumulators, fast mode: what attention spends its time
/// on.
template <Element e>
EMULATED_V3 void multiply16816(Warp &w, const Op &op, uint32_t mask) {
  if (!checkConverged(w, op, mask))
    return;
  const Form &f = getForm(op);
  const uint32_t *slots = w.list(op);
  const uint32_t *sd = slots, *sa = slots + 4, *sb = slots + 8,
                 *sc = slots + 10;
  if (mask != ~0u || isAmpere(w))
    return FloatMma<e, e>::run(w, op, mask);
  auto rows = [&](uint32_t slot, int g) {
    return _mm_loadu_si128(
        reinterpret_cast<const __m128i *>(w.words(slot) + 4 * g));
  };
  alignas(64) float a[16][16], b[16][8];
  for (int r = 0; r < 4; ++r)
    for (int g = 0; g < 8; ++g)
      _mm256_store_ps(&a[(r & 1) * 8 + g][(r >> 1) * 8],
                      decodeEight<e>(rows(sa[r], g)));
  for (int r = 0; r < 2; ++r) {
    __m128i t[8];
    for (int g = 0; g < 8; ++g)
      t[g] = rows(sb[r], g);
    transpose(t);
    for (int g = 0; g < 8; ++g)
      _mm256_store_ps(b[8 * r + g], decodeEight<e>(t[g]));
  }
  __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(canonicalNaN32));
  for (int half = 0; half < 2; ++half) {
    const float *even = reinterpret_cast<const float *>(w.words(sc[2 * half]));
    const float *odd =
        reinterpret_cast<const float *>(w.words(sc[2 * half + 1]));
    __m256 sum[8];
    for (int g = 0; g < 8; ++g) {
      __m128 x = _mm_loadu_ps(even + 4 * g), y = _mm_loadu_ps(odd + 4 * g);
      sum[g] = _mm256_set_m128(_mm_unpackhi_ps(x, y), _mm_unpacklo_ps(x, y));
    }
    for (int k = 0; k < 16; ++k) {
      __m256 column = _mm256_load_ps(b[k]);
      for (int g = 0; g < 8; ++g)
        sum[g] = _mm256_fmadd_ps(_mm256_broadcast_ss(&a[8 * half + g][k]),
                                 column, sum[g]);
    }
    float *d0 = reinterpret_cast<float *>(w.words(sd[2 * half]));
    float *d1 = reinterpret_cast<float *>(w.words(sd[2 * half + 1]));
    for (int g = 0; g < 8; ++g) {
      __m256 s = sum[g];
      s = _mm256_blendv_ps(s, nan, _mm256_cmp_ps(s, s, _CMP_UNORD_Q));
      __m128 low = _mm256_castps256_ps128(s);
      __m128 high = _mm256_extractf128_ps(s, 1);
      _mm_storeu_ps(d0 + 4 * g, _mm_shuffle_ps(low, high, 0x88));
      _mm_storeu_ps(d1 + 4 * g, _mm_shuffle_ps(low, high, 0xdd));
    }
  }
  countFlops(w, f, e);
}
#endif

/// s8 and u8, sums modulo 2^32 or (.satfinite) clamped.
void integerMma(Warp &w, const Op &op, uint32_t mask) {
  if (!checkConverged(w, op, mask))
    return;
  const Form &f = getForm(op);
  const uint32_t *slots = w.list(op);
  const uint32_t *sa = slots + f.numC, *sb = sa + f.numA, *sc = sb + f.numB;
  int32_t a[16][32], b[8][32], d[16][8];
  auto decode = [&](uint32_t slot, int g, int i, Element e) {
    uint32_t byte = w.words(slot)[4 * g + i / 4] >> (i % 4 * 8) & 255;
    return e == Element::S8 ? int32_t(int8_t(byte)) : int32_t(byte);
  };
  for (unsigned r = 0; r < f.numA; ++r)
    for (int g = 0; g < 8; ++g)
      for (int i = 0; i < 16; ++i)
        a[f.m == 8 ? g : int(r & 1) * 8 + g]
         [int(f.m == 8 ? r : r >> 1) * 16 + i] = decode(sa[r], g, i, f.a);
  for (unsigned r = 0; r < f.numB; ++r)
    for (int g = 0; g < 8; ++g)
      for (int i = 0; i < 16; ++i)
        b[g][r * 16 + i] = decode(sb[r], g, i, f.b);
  for (int row = 0; row < f.m; ++row)
    for (int n = 0; n < 8; ++n) {
      unsigned r = unsigned(row / 8) * 2 + unsigned(n & 1);
      int64_t sum = int32_t(w.words(sc[r])[row % 8 * 4 + n / 2]);
      for (int k = 0; k < f.k; ++k)
        sum += a[row][k] * b[n][k];
      if (f.saturates)
        sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
      d[row][n] = int32_t(uint32_t(uint64_t(sum)));
    }
  for (unsigned r = 0; r < f.numC; ++r)
    for (int lane = 0; lane < 32; ++lane)
      if (mask >> lane & 1)
        w.words(slots[r])[lane] =
            uint32_t(d[8 * (r >> 1) + lane / 4][lane % 4 * 2 + int(r & 1)]);
  countFlops(w, f, f.a);
}

/// f64: fused multiply-adds in the order of k.
void doubleMma(Warp &w, const Op &op, uint32_t mask) {
  if (!checkConverged(w, op, mask))
    return;
  const Form &f = getForm(op);
  const uint32_t *slots = w.list(op);
  const uint32_t *sa = slots + f.numC, *sb = sa + f.numA, *sc = sb + f.numB;
  double a[16][16], b[8][16], d[16][8];
  auto read = [&](uint32_t slot, int lane) {
    return bitCast<double>(w.wides(slot)[lane]);
  };
  for (int lane = 0; lane < 32; ++lane) {
    int g = lane / 4, t = lane % 4;
    for (unsigned r = 0; r < f.numA; ++r)
      a[f.m == 8 ? g : int(r & 1) * 8 + g][int(f.m == 8 ? r : r >> 1) * 4 + t] =
          read(sa[r], lane);
    for (unsigned r = 0; r < f.numB; ++r)
      b[g][r * 4 + unsigned(t)] = read(sb[r], lane);
    for (unsigned r = 0; r < f.numC; ++r)
      d[8 * int(r >> 1) + g][2 * t + int(r & 1)] = read(sc[r], lane);
  }
  for (int row = 0; row < f.m; ++row)
    for (int n = 0; n < 8; ++n)
      for (int k = 0; k < f.k; ++k)
        d[row][n] = __builtin_fma(a[row][k], b[n][k], d[row][n]);
  for (unsigned r = 0; r < f.numC; ++r)
    for (int lane = 0; lane < 32; ++lane)
      if (mask >> lane & 1)
        w.wides(slots[r])[lane] = bitCast<uint64_t>(
            d[8 * int(r >> 1) + lane / 4][lane % 4 * 2 + int(r & 1)]);
  countFlops(w, f, f.a);
}

/// m, k, A, B, f16 accumulators, .satfinite, registers of A, B and C.
constexpr Form forms[] = {
    {16, 16, Element::F16, Element::F16, false, false, 4, 2, 4},
    {16, 16, Element::F16, Element::F16, true, false, 4, 2, 2},
    {16, 8, Element::F16, Element::F16, false, false, 2, 1, 4},
    {16, 8, Element::F16, Element::F16, true, false, 2, 1, 2},
    {16, 16, Element::BF16, Element::BF16, false, false, 4, 2, 4},
    {16, 8, Element::BF16, Element::BF16, false, false, 2, 1, 4},
    {16, 8, Element::TF32, Element::TF32, false, false, 4, 2, 4},
    {16, 4, Element::TF32, Element::TF32, false, false, 2, 1, 4},
    {16, 32, Element::E4M3, Element::E4M3, false, false, 4, 2, 4},
    {16, 32, Element::E4M3, Element::E5M2, false, false, 4, 2, 4},
    {16, 32, Element::E5M2, Element::E4M3, false, false, 4, 2, 4},
    {16, 32, Element::E5M2, Element::E5M2, false, false, 4, 2, 4},
    {16, 16, Element::E4M3, Element::E4M3, false, false, 2, 1, 4},
    {16, 16, Element::E4M3, Element::E5M2, false, false, 2, 1, 4},
    {16, 16, Element::E5M2, Element::E4M3, false, false, 2, 1, 4},
    {16, 16, Element::E5M2, Element::E5M2, false, false, 2, 1, 4},
    {16, 32, Element::E4M3, Element::E4M3, true, false, 4, 2, 2},
    {16, 32, Element::E4M3, Element::E5M2, true, false, 4, 2, 2},
    {16, 32, Element::E5M2, Element::E4M3, true, false, 4, 2, 2},
    {16, 32, Element::E5M2, Element::E5M2, true, false, 4, 2, 2},
    {16, 32, Element::S8, Element::S8, false, false, 4, 2, 4},
    {16, 32, Element::S8, Element::U8, false, false, 4, 2, 4},
    {16, 32, Element::U8, Element::S8, false, false, 4, 2, 4},
    {16, 32, Element::U8, Element::U8, false, false, 4, 2, 4},
    {16, 32, Element::S8, Element::S8, false, true, 4, 2, 4},
    {16, 32, Element::S8, Element::U8, false, true, 4, 2, 4},
    {16, 32, Element::U8, Element::S8, false, true, 4, 2, 4},
    {16, 32, Element::U8, Element::U8, false, true, 4, 2, 4},
    {16, 16, Element::S8, Element::S8, false, false, 2, 1, 4},
    {16, 16, Element::S8, Element::U8, false, false, 2, 1, 4},
    {16, 16, Element::U8, Element::S8, false, false, 2, 1, 4},
    {16, 16, Element::U8, Element::U8, false, false, 2, 1, 4},
    {16, 16, Element::S8, Element::S8, false, true, 2, 1, 4},
    {16, 16, Element::S8, Element::U8, false, true, 2, 1, 4},
    {16, 16, Element::U8, Element::S8, false, true, 2, 1, 4},
    {16, 16, Element::U8, Element::U8, false, true, 2, 1, 4},
    {8, 16, Element::S8, Element::S8, false, false, 1, 1, 2},
    {8, 16, Element::S8, Element::U8, false, false, 1, 1, 2},
    {8, 16, Element::U8, Element::S8, false, false, 1, 1, 2},
    {8, 16, Element::U8, Element::U8, false, false, 1, 1, 2},
    {8, 16, Element::S8, Element::S8, false, true, 1, 1, 2},
    {8, 16, Element::S8, Element::U8, false, true, 1, 1, 2},
    {8, 16, Element::U8, Element::S8, false, true, 1, 1, 2},
    {8, 16, Element::U8, Element::U8, false, true, 1, 1, 2},
    {8, 4, Element::F64, Element::F64, false, false, 1, 1, 2},
    {16, 4, Element::F64, Element::F64, false, false, 2, 1, 4},
    {16, 8, Element::F64, Element::F64, false, false, 4, 2, 4},
    {16, 16, Element::F64, Element::F64, false, false, 8, 4, 4},
};

const Form &getForm(const Op &op) { return forms[op.imm]; }

bool getElement(Type t, Element &e) {
  if (t.lanes != 1)
    return false;
  switch (t.kind) {
  case TypeKind::F:
    e = t.bits == 16 ? Element::F16 : Element::F64;
    return t.bits != 32;
  case TypeKind::BF:
    e = Element::BF16;
    return true;
  case TypeKind::TF32:
    e = Element::TF32;
    return true;
  case TypeKind::E4M3:
    e = Element::E4M3;
    return true;
  case TypeKind::E5M2:
    e = Element::E5M2;
    return true;
  case TypeKind::S:
    e = Element::S8;
    return t.bits == 8;
  case TypeKind::U:
    e = Element::U8;
    return t.bits == 8;
  default:
    return false;
  }
}

template <Element e>
Handler pickFp8(Element b) {
  return b == Element::E4M3 ? compiled<FloatMma<e, Element::E4M3>>
                            : compiled<FloatMma<e, Element::E5M2>>;
}

/// `slots` as in the list of the op: D, A, B, C.
Handler pickHandler(const Form &f, const uint32_t *slots) {
  switch (f.a) {
  case Element::F16:
  case Element::BF16: {
    bool half = f.a == Element::F16;
#if defined(__x86_64__)
    // The upper half of C is read when the lower half of D is written.
    bool overlaps = false;
    for (int i = 0; i < 4; ++i)
      overlaps |= slots[i / 2] == slots[12 + i % 2];
    if (hasV3() && f.k == 16 && !f.half && !overlaps)
      return half ? multiply16816<Element::F16> : multiply16816<Element::BF16>;
#endif
    return half ? compiled<FloatMma<Element::F16, Element::F16>>
                : compiled<FloatMma<Element::BF16, Element::BF16>>;
  }
  case Element::TF32:
    return compiled<FloatMma<Element::TF32, Element::TF32>>;
  case Element::E4M3:
    return pickFp8<Element::E4M3>(f.b);
  case Element::E5M2:
    return pickFp8<Element::E5M2>(f.b);
  case Element::S8:
  case Element::U8:
    return integerMma;
  case Element::F64:
    return doubleMma;
  }
  return nullptr;
}

} // namespace

bool hydragen::emulated::selectMma(Decoder &d) {
  Op &op = d.op;
  if (!d.has("sync") || !d.has("aligned") || !d.has("row") || !d.has("col") ||
      d.numOperands() != 4)
    return false;
  Type typeD = d.type(0), typeA = d.type(1), typeB = d.type(2),
       typeC = d.type(3);
  Element a, b;
  if (!getElement(typeA, a) || !getElement(typeB, b) || !(typeC == typeD))
    return false;
  bool half = typeC.kind == TypeKind::F && typeC.bits == 16;
  bool isInteger = a == Element::S8 || a == Element::U8;
  Type wanted = isInteger           ? Type{TypeKind::S, 32, 1}
                : a == Element::F64 ? Type{TypeKind::F, 64, 1}
                                    : Type{TypeKind::F, 32, 1};
  if (!half && !(typeC == wanted))
    return false;
  const Form *form = nullptr;
  for (const Form &f : forms) {
    std::string shape = "m" + std::to_string(f.m) + "n8k" + std::to_string(f.k);
    if (d.has(shape) && f.a == a && f.b == b && f.half == half &&
        f.saturates == d.has("satfinite") &&
        d.hasOnly({"sync", "aligned", "row", "col", "satfinite", shape}))
      form = &f;
  }
  if (!form)
    return false;
  op.imm = form - forms;
  Type word = a == Element::F64 ? typeB64 : typeB32;
  unsigned counts[] = {form->numC, form->numA, form->numB, form->numC};
  std::vector<uint32_t> slots;
  for (unsigned i = 0; i < 4; ++i) {
    auto elements = Decoder::elements(d.operand(i));
    if (elements.size() != counts[i])
      return d.fail("expected " + std::to_string(counts[i]) +
                    " registers, got " + std::to_string(elements.size()));
    for (const Operand *element : elements) {
      slots.push_back(i ? d.use(*element, word) : d.def(*element, word));
      if (slots.back() == noSlot)
        return false;
    }
  }
  d.beginList();
  for (uint32_t slot : slots)
    d.addToList(slot);
  op.run = pickHandler(*form, slots.data());
  return true;
}
