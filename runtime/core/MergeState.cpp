//===- MergeState.cpp - merging attention states ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Status.h"

#include <cmath>
#include <limits>

using namespace hydragen::runtime;

static constexpr float kEmpty = -std::numeric_limits<float>::infinity();

/// Weight of a state with maximum m beside the common maximum; a state without
/// keys has none (and 2^(-inf - -inf) would be NaN).
static float weight(float m, float common) {
  return m == kEmpty ? 0.0f : std::exp2(m - common);
}

/// Like std::fmax, but NaN wins: a NaN score makes its row NaN.
static float maxNaN(float a, float b) {
  return std::isnan(a) || std::isnan(b)
             ? std::numeric_limits<float>::quiet_NaN()
             : std::fmax(a, b);
}

static Status checkExtents(int64_t rows, int64_t columns) {
  if (rows < 0 || columns < 0)
    return invalid("expected extents that are not negative but got " +
                   std::to_string(rows) + " and " + std::to_string(columns));
  return std::nullopt;
}

hydragen_status *hydragen_merge_state(float *oA, float *mA, float *lA,
                                      const float *oB, const float *mB,
                                      const float *lB, int64_t rows,
                                      int64_t columns) {
  return guard([&]() -> Status {
    if (Status status = checkExtents(rows, columns))
      return status;
    for (int64_t r = 0; r != rows; ++r) {
      float m = maxNaN(mA[r], mB[r]);
      float wA = weight(mA[r], m), wB = weight(mB[r], m);
      // An empty state's o does not count, whatever it holds; a weight that
      // underflows is no reason to lose a NaN.
      bool emptyA = mA[r] == kEmpty, emptyB = mB[r] == kEmpty;
      for (int64_t c = r * columns; c != (r + 1) * columns; ++c)
        oA[c] = (emptyA ? 0 : wA * oA[c]) + (emptyB ? 0 : wB * oB[c]);
      lA[r] = wA * lA[r] + wB * lB[r];
      mA[r] = m;
    }
    return std::nullopt;
  });
}

hydragen_status *hydragen_merge_lse(float *oA, float *lseA, const float *oB,
                                    const float *lseB, hydragen_lse_base base,
                                    int64_t rows, int64_t columns) {
  return guard([&]() -> Status {
    if (Status status = checkExtents(rows, columns))
      return status;
    const double ln2 = 0.69314718055994530942;
    const double toBase2 = base == HYDRAGEN_LSE_BASE_E ? 1 / ln2 : 1;
    for (int64_t r = 0; r != rows; ++r) {
      // In double: the lse carry all there is of the sums.
      double a = lseA[r] * toBase2, b = lseB[r] * toBase2;
      if (b == kEmpty)
        continue;
      double m =
          std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmax(a, b);
      double wA = a == kEmpty ? 0 : std::exp2(a - m), wB = std::exp2(b - m);
      double sum = wA + wB;
      for (int64_t c = r * columns; c != (r + 1) * columns; ++c)
        oA[c] = static_cast<float>(
            ((a == kEmpty ? 0 : wA * oA[c]) + wB * oB[c]) / sum);
      lseA[r] = static_cast<float>((m + std::log2(sum)) / toBase2);
    }
    return std::nullopt;
  });
}

hydragen_status *hydragen_state_to_lse(float *o, const float *m, const float *l,
                                       float *lse, hydragen_lse_base base,
                                       int64_t rows, int64_t columns) {
  return guard([&]() -> Status {
    if (Status status = checkExtents(rows, columns))
      return status;
    const float ln2 = 0.69314718055994530942f;
    for (int64_t r = 0; r != rows; ++r) {
      bool empty = m[r] == kEmpty;
      for (int64_t c = r * columns; c != (r + 1) * columns; ++c)
        o[c] = empty ? 0 : o[c] / l[r];
      float value = empty ? kEmpty : m[r] + std::log2(l[r]);
      lse[r] = base == HYDRAGEN_LSE_BASE_E ? value * ln2 : value;
    }
    return std::nullopt;
  });
}
