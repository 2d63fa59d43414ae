//===- MergeStateTest.cpp - merging attention states ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/runtime.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <vector>

namespace {
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr int kColumns = 3;

struct State {
  std::vector<float> o = std::vector<float>(kColumns, 0);
  float m = -kInf, l = 0;
};

/// The state of some keys by its definition, in double.
struct Keys {
  std::vector<double> scores; // base e
  std::vector<std::vector<double>> values;

  State state() const {
    State result;
    double m = -INFINITY, l = 0;
    std::vector<double> o(kColumns, 0);
    for (double s : scores)
      m = std::fmax(m, s * M_LOG2E);
    for (size_t i = 0; i != scores.size(); ++i) {
      double p = std::exp2(scores[i] * M_LOG2E - m);
      l += p;
      for (int c = 0; c != kColumns; ++c)
        o[c] += p * values[i][c];
    }
    result.m = static_cast<float>(m);
    result.l = static_cast<float>(l);
    result.o.assign(o.begin(), o.end());
    return result;
  }
  std::vector<double> attention() const {
    double sum = 0, m = *std::max_element(scores.begin(), scores.end());
    std::vector<double> o(kColumns, 0);
    for (size_t i = 0; i != scores.size(); ++i) {
      double p = std::exp(scores[i] - m);
      sum += p;
      for (int c = 0; c != kColumns; ++c)
        o[c] += p * values[i][c];
    }
    for (double &x : o)
      x /= sum;
    return o;
  }
  double lse() const {
    double sum = 0, m = *std::max_element(scores.begin(), scores.end());
    for (double s : scores)
      sum += std::exp(s - m);
    return m + std::log(sum);
  }
};

Keys randomKeys(std::mt19937 &random, int count, double scale) {
  std::normal_distribution<double> normal;
  Keys keys;
  for (int i = 0; i != count; ++i) {
    keys.scores.push_back(scale * normal(random));
    keys.values.push_back({normal(random), normal(random), normal(random)});
  }
  return keys;
}

Keys join(const Keys &a, const Keys &b) {
  Keys all = a;
  all.scores.insert(all.scores.end(), b.scores.begin(), b.scores.end());
  all.values.insert(all.values.end(), b.values.begin(), b.values.end());
  return all;
}

State merge(State a, const State &b) {
  EXPECT_EQ(hydragen_merge_state(a.o.data(), &a.m, &a.l, b.o.data(), &b.m, &b.l,
                                 1, kColumns),
            nullptr);
  return a;
}

/// Normalised.
std::pair<std::vector<float>, float> finish(State a, hydragen_lse_base base) {
  float lse;
  EXPECT_EQ(
      hydragen_state_to_lse(a.o.data(), &a.m, &a.l, &lse, base, 1, kColumns),
      nullptr);
  return {a.o, lse};
}

void expectNear(const State &a, const State &b) {
  auto [oA, lseA] = finish(a, HYDRAGEN_LSE_BASE_2);
  auto [oB, lseB] = finish(b, HYDRAGEN_LSE_BASE_2);
  for (int c = 0; c != kColumns; ++c)
    EXPECT_NEAR(oA[c], oB[c], 1e-5);
  EXPECT_NEAR(lseA, lseB, 1e-5 * std::fmax(1, std::fabs(lseA)));
}

TEST(MergeState, PartsGiveTheWhole) {
  std::mt19937 random(1);
  for (double scale : {1.0, 30.0, 300.0})
    for (int trial = 0; trial != 20; ++trial) {
      Keys a = randomKeys(random, 7, scale), b = randomKeys(random, 3, scale);
      Keys all = join(a, b);
      auto [o, lse] = finish(merge(a.state(), b.state()), HYDRAGEN_LSE_BASE_E);
      std::vector<double> want = all.attention();
      for (int c = 0; c != kColumns; ++c)
        EXPECT_NEAR(o[c], want[c], 1e-4);
      EXPECT_NEAR(lse, all.lse(), 1e-6 * std::fmax(10, std::fabs(all.lse())));
    }
}

TEST(MergeState, AssociativeAndCommutative) {
  std::mt19937 random(2);
  for (int trial = 0; trial != 50; ++trial) {
    State a = randomKeys(random, 4, 10).state(),
          b = randomKeys(random, 1, 10).state(),
          c = randomKeys(random, 9, 10).state();
    expectNear(merge(merge(a, b), c), merge(a, merge(b, c)));
    expectNear(merge(a, b), merge(b, a));
  }
}

TEST(MergeState, IdentityIsExact) {
  std::mt19937 random(3);
  State a = randomKeys(random, 4, 10).state(), none;
  for (State merged : {merge(a, none), merge(none, a)}) {
    EXPECT_EQ(merged.o, a.o);
    EXPECT_EQ(merged.m, a.m);
    EXPECT_EQ(merged.l, a.l);
  }
  State nothing = merge(none, none);
  EXPECT_EQ(nothing.m, -kInf);
  EXPECT_EQ(nothing.l, 0);
  EXPECT_EQ(nothing.o, none.o);
  auto [o, lse] = finish(nothing, HYDRAGEN_LSE_BASE_E);
  EXPECT_EQ(o, none.o);
  EXPECT_EQ(lse, -kInf);
  // What an empty state's o holds does not matter.
  none.o = {kNaN, kInf, 7};
  EXPECT_EQ(merge(a, none).o, a.o);
  EXPECT_EQ(merge(none, a).o, a.o);
}

TEST(MergeState, NaNIsNeverLost) {
  std::mt19937 random(4);
  State a = randomKeys(random, 4, 1).state(), bad = a;
  bad.m = kNaN;
  for (State merged : {merge(a, bad), merge(bad, a), merge(State(), bad)}) {
    EXPECT_TRUE(std::isnan(merged.m));
    EXPECT_TRUE(std::isnan(merged.o[0]));
  }
  // A NaN in the values, under a weight that underflows: 0 * NaN is NaN, as in
  // the attention over all keys.
  State far = a;
  far.m = -1e6f;
  far.o[1] = kNaN;
  for (State merged : {merge(a, far), merge(far, a)}) {
    EXPECT_TRUE(std::isnan(merged.o[1]));
    EXPECT_EQ(merged.o[0], a.o[0]);
  }
}

TEST(MergeLse, BothBases) {
  std::mt19937 random(5);
  for (hydragen_lse_base base : {HYDRAGEN_LSE_BASE_2, HYDRAGEN_LSE_BASE_E})
    for (double scale : {1.0, 30.0}) {
      Keys a = randomKeys(random, 7, scale), b = randomKeys(random, 3, scale);
      auto [oA, lseA] = finish(a.state(), base);
      auto [oB, lseB] = finish(b.state(), base);
      ASSERT_EQ(hydragen_merge_lse(oA.data(), &lseA, oB.data(), &lseB, base, 1,
                                   kColumns),
                nullptr);
      Keys all = join(a, b);
      std::vector<double> want = all.attention();
      for (int c = 0; c != kColumns; ++c)
        EXPECT_NEAR(oA[c], want[c], 2e-5);
      double lse = all.lse() * (base == HYDRAGEN_LSE_BASE_2 ? M_LOG2E : 1);
      EXPECT_NEAR(lseA, lse, 1e-6 * std::fmax(10, std::fabs(lse)));
    }
  // The bases differ: the same numbers mean other weights.
  float o2 = 1, oE = 1, lse2 = 1, lseE = 1, zero = 0;
  hydragen_merge_lse(&o2, &lse2, &zero, &zero, HYDRAGEN_LSE_BASE_2, 1, 1);
  hydragen_merge_lse(&oE, &lseE, &zero, &zero, HYDRAGEN_LSE_BASE_E, 1, 1);
  EXPECT_NEAR(o2, 2.0 / 3, 1e-6);
  EXPECT_NEAR(oE, M_E / (M_E + 1), 1e-6);
  EXPECT_NEAR(lse2, std::log2(3.0), 1e-6);
  EXPECT_NEAR(lseE, std::log(M_E + 1), 1e-6);
}

TEST(MergeLse, EmptyAndNaN) {
  float o = 3, lse = 2, other = 5, none = -kInf;
  hydragen_merge_lse(&o, &lse, &other, &none, HYDRAGEN_LSE_BASE_E, 1, 1);
  EXPECT_EQ(o, 3);
  EXPECT_EQ(lse, 2);
  float empty = kNaN, emptyLse = -kInf, two = 2;
  hydragen_merge_lse(&empty, &emptyLse, &other, &two, HYDRAGEN_LSE_BASE_2, 1,
                     1);
  EXPECT_EQ(empty, 5);
  EXPECT_EQ(emptyLse, 2);
  float bad = kNaN;
  hydragen_merge_lse(&o, &lse, &other, &bad, HYDRAGEN_LSE_BASE_E, 1, 1);
  EXPECT_TRUE(std::isnan(o));
  EXPECT_TRUE(std::isnan(lse));
  // NaN in o under a weight that underflows.
  float far = kNaN, farLse = -1e6f, near = 1, nearLse = 0;
  hydragen_merge_lse(&far, &farLse, &near, &nearLse, HYDRAGEN_LSE_BASE_2, 1, 1);
  EXPECT_TRUE(std::isnan(far));
}

TEST(MergeState, ExtentsAreChecked) {
  float x = 0;
  for (auto [rows, columns] : {std::pair{-1, 1}, {1, -1}}) {
    hydragen_status *status =
        hydragen_merge_state(&x, &x, &x, &x, &x, &x, rows, columns);
    EXPECT_EQ(hydragen_status_code(status), HYDRAGEN_INVALID);
    hydragen_status_free(status);
    status =
        hydragen_merge_lse(&x, &x, &x, &x, HYDRAGEN_LSE_BASE_2, rows, columns);
    EXPECT_EQ(hydragen_status_code(status), HYDRAGEN_INVALID);
    hydragen_status_free(status);
  }
  EXPECT_EQ(hydragen_merge_state(nullptr, nullptr, nullptr, nullptr, nullptr,
                                 nullptr, 0, 5),
            nullptr);
}
} // namespace
