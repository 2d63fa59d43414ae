//===- MmaTest.cpp - mma.sync -----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fragments are filled by the formulas of PTX ISA 9.7.14.5, element by element.
// Fast results are compared with float64, bit-accurate ones with the published
// model (MMA-Sim) written out in long double.
//===----------------------------------------------------------------------===//

#include "Lanes.h"

#include <set>

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

struct Position {
  int row, column;
  bool operator<(const Position &o) const {
    return std::tie(row, column) < std::tie(o.row, o.column);
  }
};

/// A shape and type: what the manual says of where elements are.
struct Shape {
  std::string name;
  int m, k;
  /// Bits of an element of A and B.
  int bits;
  /// Element i of lane's A, B and C fragment.
  std::function<Position(int lane, int i)> a, b, c;
  int numA, numB, numC;
};

Position inC(int lane, int i) {
  return {(lane >> 2) + (i >= 2 ? 8 : 0), (lane & 3) * 2 + (i & 1)};
}

// PTX ISA 9.7.14.5.7, .8, .9 and .10.
Shape m16n8k16half() {
  return {"m16n8k16",
          16,
          16,
          16,
          [](int l, int i) {
            bool low = i < 2 || (i >= 4 && i < 6);
            return Position{(l >> 2) + (low ? 0 : 8),
                            (l & 3) * 2 + (i & 1) + (i >= 4 ? 8 : 0)};
          },
          [](int l, int i) {
            return Position{(l & 3) * 2 + (i & 1) + (i >= 2 ? 8 : 0), l >> 2};
          },
          inC,
          8,
          4,
          4};
}
Shape m16n8k8half() {
  return {"m16n8k8",
          16,
          8,
          16,
          [](int l, int i) {
            return Position{(l >> 2) + (i < 2 ? 0 : 8), (l & 3) * 2 + (i & 1)};
          },
          [](int l, int i) { return Position{(l & 3) * 2 + i, l >> 2}; },
          inC,
          4,
          2,
          4};
}
Shape m16n8k8tf32() {
  return {"m16n8k8",
          16,
          8,
          32,
          [](int l, int i) {
            return Position{(l >> 2) + (i == 0 || i == 2 ? 0 : 8),
                            (l & 3) + (i >= 2 ? 4 : 0)};
          },
          [](int l, int i) { return Position{(l & 3) + (i ? 4 : 0), l >> 2}; },
          inC,
          4,
          2,
          4};
}
Shape m16n8k4tf32() {
  return {"m16n8k4",
          16,
          4,
          32,
          [](int l, int i) { return Position{(l >> 2) + (i ? 8 : 0), l & 3}; },
          [](int l, int) { return Position{l & 3, l >> 2}; },
          inC,
          2,
          1,
          4};
}
Shape m16n8k32byte() {
  return {"m16n8k32",
          16,
          32,
          8,
          [](int l, int i) {
            bool low = i < 4 || (i >= 8 && i < 12);
            return Position{(l >> 2) + (low ? 0 : 8),
                            (l & 3) * 4 + (i & 3) + (i >= 8 ? 16 : 0)};
          },
          [](int l, int i) {
            return Position{(l & 3) * 4 + (i & 3) + (i >= 4 ? 16 : 0), l >> 2};
          },
          inC,
          16,
          8,
          4};
}
Shape m16n8k16byte() {
  return {"m16n8k16",
          16,
          16,
          8,
          [](int l, int i) {
            return Position{(l >> 2) + (i < 4 ? 0 : 8), (l & 3) * 4 + (i & 3)};
          },
          [](int l, int i) { return Position{(l & 3) * 4 + i, l >> 2}; },
          inC,
          8,
          4,
          4};
}
Shape m8n8k16byte() {
  return {"m8n8k16",
          8,
          16,
          8,
          [](int l, int i) { return Position{l >> 2, (l & 3) * 4 + i}; },
          [](int l, int i) { return Position{(l & 3) * 4 + i, l >> 2}; },
          inC,
          4,
          4,
          2};
}

TEST(Mma, LayoutsAreBijective) {
  for (const Shape &s :
       {m16n8k16half(), m16n8k8half(), m16n8k8tf32(), m16n8k4tf32(),
        m16n8k32byte(), m16n8k16byte(), m8n8k16byte()}) {
    std::set<Position> a, b, c;
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < s.numA; ++i)
        a.insert(s.a(lane, i));
      for (int i = 0; i < s.numB; ++i)
        b.insert(s.b(lane, i));
      for (int i = 0; i < s.numC; ++i)
        c.insert(s.c(lane, i));
    }
    auto covers = [](const std::set<Position> &set, int rows, int columns) {
      return set.size() == size_t(rows * columns) && set.begin()->row == 0 &&
             set.begin()->column == 0 && set.rbegin()->row == rows - 1 &&
             set.rbegin()->column == columns - 1;
    };
    EXPECT_TRUE(covers(a, s.m, s.k)) << s.name;
    EXPECT_TRUE(covers(b, s.k, 8)) << s.name;
    EXPECT_TRUE(covers(c, s.m, 8)) << s.name;
  }
}

/// An element type: bits and value.
struct Element {
  std::string name;
  std::function<double(uint64_t)> value;
  std::function<uint64_t(double)> round;
  int mantissa, least;
};
Element small(const char *name, const SmallFloat &f, int mantissa, int least) {
  return {name, [&f](uint64_t x) { return f.value(x); },
          [&f](double x) { return f.round(x); }, mantissa, least};
}
const Element half = small("f16", f16(), 10, -14);
const Element brain = small("bf16", bf16(), 7, -126);
const Element e4 = small("e4m3", e4m3(), 3, -6);
const Element e5 = small("e5m2", e5m2(), 2, -14);
// The low 13 bits are dropped.
const Element tf32 = {
    "tf32", [](uint64_t x) { return double(asFloat(x & 0xffffe000)); },
    [](double x) { return fromFloat(float(x)); }, 10, -126};
Element integer(const char *name) {
  bool isSigned = name[0] == 's';
  return {name,
          [=](uint64_t x) {
            return isSigned ? double(int8_t(x)) : double(uint8_t(x));
          },
          [](double x) { return uint64_t(int64_t(x)) & 0xff; }, 0, 0};
}

struct Matrices {
  uint64_t a[16][32], b[32][8];
  /// Bits of C and D.
  uint64_t c[16][8], d[16][8];
};

/// The instruction on the matrices, through registers filled by the formulas.
void multiply(const Shape &s, const std::string &instruction, bool packedC,
              Matrices &x, MmaMode mode, uint64_t *flops = nullptr) {
  int perWord = 32 / s.bits;
  auto list = [](const char *r, int first, int count) {
    std::string text = "{";
    for (int i = 0; i < count; ++i)
      text += (i ? ", " : "") + std::string(r) + std::to_string(first + i);
    return text + "}";
  };
  int wordsA = s.numA / perWord, wordsB = s.numB / perWord;
  int wordsC = packedC ? s.numC / 2 : s.numC;
  Machine m(instruction + " " + list("%r", 0, wordsC) + ", " +
                list("%r", 4, wordsA) + ", " + list("%r", 8, wordsB) + ", " +
                list("%r", 12, wordsC) + ";",
            mode);
  ASSERT_TRUE(m.loads()) << instruction << "\n" << m.getErrors();
  Lanes words[16] = {};
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < s.numA; ++i) {
      Position p = s.a(lane, i);
      words[4 + i / perWord][lane] |= x.a[p.row][p.column]
                                      << (i % perWord * s.bits);
    }
    for (int i = 0; i < s.numB; ++i) {
      Position p = s.b(lane, i);
      words[8 + i / perWord][lane] |= x.b[p.row][p.column]
                                      << (i % perWord * s.bits);
    }
    for (int i = 0; i < s.numC; ++i) {
      Position p = s.c(lane, i);
      if (packedC)
        words[12 + i / 2][lane] |= x.c[p.row][p.column] << (i % 2 * 16);
      else
        words[12 + i][lane] = x.c[p.row][p.column];
    }
  }
  for (int i = 4; i < 16; ++i)
    m.set("%r" + std::to_string(i), words[i]);
  m.run();
  for (int i = 0; i < s.numC; ++i) {
    Lanes d = m.get("%r" + std::to_string(packedC ? i / 2 : i));
    for (int lane = 0; lane < 32; ++lane) {
      Position p = s.c(lane, i);
      x.d[p.row][p.column] =
          packedC ? d[lane] >> (i % 2 * 16) & 0xffff : d[lane];
    }
  }
  if (flops)
    *flops = m.getCounters().mmaFlops;
}

std::string instructionOf(const Shape &s, const Element &a, const Element &b,
                          const char *accumulator,
                          const std::string &more = "") {
  return "mma.sync.aligned." + s.name + ".row.col" + more + "." + accumulator +
         "." + a.name + "." + b.name + "." + accumulator;
}

void fill(const Shape &s, const Element &a, const Element &b, bool packedC,
          unsigned seed, Matrices &x, bool tiny = false) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  // Rounds of like magnitudes and of ones far apart; tiny ones for subnormals.
  auto draw = [&](const Element &e, bool wide) {
    double exponent = wide ? double(random() % 24) - 12 : 0;
    if (wide && random() % 4 == 0)
      exponent += e.least < -50 ? -60 : e.least;
    // Products around f32's least normal number.
    exponent -= tiny ? 65 : 0;
    return e.round(normal(random) * std::exp2(exponent));
  };
  bool wide = seed % 2 && !tiny;
  for (int i = 0; i < s.m; ++i)
    for (int k = 0; k < s.k; ++k)
      x.a[i][k] = draw(a, wide) ^ (a.name == "tf32" ? random() & 0x1fff : 0);
  for (int k = 0; k < s.k; ++k)
    for (int n = 0; n < 8; ++n)
      x.b[k][n] = draw(b, wide);
  for (int i = 0; i < s.m; ++i)
    for (int n = 0; n < 8; ++n) {
      double c =
          normal(random) * (wide ? std::exp2(double(random() % 20) - 10) : 1);
      c *= tiny ? 0x1p-130 : 1;
      x.c[i][n] = packedC ? f16().round(c) : fromFloat(float(c));
    }
}

struct FloatForm {
  Shape shape;
  Element a, b;
  bool packedC;
};
std::vector<FloatForm> getFloatForms() {
  std::vector<FloatForm> forms = {{m16n8k16half(), half, half, false},
                                  {m16n8k16half(), half, half, true},
                                  {m16n8k8half(), half, half, false},
                                  {m16n8k8half(), half, half, true},
                                  {m16n8k16half(), brain, brain, false},
                                  {m16n8k8half(), brain, brain, false},
                                  {m16n8k8tf32(), tf32, tf32, false},
                                  {m16n8k4tf32(), tf32, tf32, false}};
  for (const Element &a : {e4, e5})
    for (const Element &b : {e4, e5}) {
      forms.push_back({m16n8k32byte(), a, b, false});
      forms.push_back({m16n8k32byte(), a, b, true});
      forms.push_back({m16n8k16byte(), a, b, false});
    }
  return forms;
}

/// The error of each element in units of the sum of magnitudes of its terms,
/// against float64.
double getError(const FloatForm &f, const Matrices &x) {
  double worst = 0;
  for (int i = 0; i < f.shape.m; ++i)
    for (int n = 0; n < 8; ++n) {
      auto c = [&](uint64_t bits) {
        return f.packedC ? f16().value(bits) : double(asFloat(bits));
      };
      double sum = c(x.c[i][n]), magnitude = std::fabs(sum);
      for (int k = 0; k < f.shape.k; ++k) {
        double p = f.a.value(x.a[i][k]) * f.b.value(x.b[k][n]);
        sum += p;
        magnitude += std::fabs(p);
      }
      double got = c(x.d[i][n]);
      // Beyond f16: infinity is right.
      if (f.packedC && std::fabs(sum) >= 65520) {
        EXPECT_TRUE(std::isinf(got));
        continue;
      }
      if (f.packedC && magnitude >= 65520)
        continue;
      worst = std::max(worst, std::fabs(got - sum) / magnitude);
    }
  return worst;
}

TEST(Mma, FastAgreesWithFloat64) {
  for (const FloatForm &f : getFloatForms())
    for (bool baseline : {false, true})
      for (unsigned seed = 1; seed <= 8; ++seed) {
        std::string instruction =
            instructionOf(f.shape, f.a, f.b, f.packedC ? "f16" : "f32");
        Matrices x;
        fill(f.shape, f.a, f.b, f.packedC, seed, x);
        setBaselineOnly(baseline);
        uint64_t flops = 0;
        multiply(f.shape, instruction, f.packedC, x, MmaMode::Fast, &flops);
        setBaselineOnly(false);
        // f32: a rounding per term; f16: one at the end.
        EXPECT_LE(getError(f, x),
                  f.packedC ? 0x1p-11 + 0x1p-20 : f.shape.k * 0x1p-24)
            << instruction << " seed " << seed;
        EXPECT_EQ(flops, uint64_t(2 * f.shape.m * 8 * f.shape.k));
      }
}

/// MMA-Sim's model: products and C aligned to the largest exponent, truncated
/// to F bits, summed, truncated (f16: rounded to nearest).
uint64_t model(const FloatForm &f, const Matrices &x, int row, int column) {
  bool fp8 = f.shape.bits == 8;
  int F = fp8 ? 13 : 24;
  int block = fp8 ? 16 : f.shape.bits == 32 ? 4 : 8;
  uint64_t c = x.c[row][column];
  // Significand in [0, 2) and exponent, not below the type's least.
  auto split = [](double v, int least, long double &s, int &e) {
    int exponent = 0;
    s = 2 * (long double)std::frexp(v, &exponent);
    e = exponent - 1;
    if (v != 0 && e < least) {
      s = std::ldexp(s, e - least);
      e = least;
    }
  };
  for (int begin = 0; begin < f.shape.k; begin += block) {
    std::vector<long double> s;
    std::vector<int> e;
    auto add = [&](long double significand, int exponent) {
      s.push_back(significand);
      e.push_back(significand == 0 ? -126 : exponent);
    };
    for (int k = begin; k < begin + block; ++k) {
      long double sa, sb;
      int ea, eb;
      split(f.a.value(x.a[row][k]), f.a.least, sa, ea);
      split(f.b.value(x.b[k][column]), f.b.least, sb, eb);
      add(sa * sb, ea + eb);
    }
    long double sc;
    int ec;
    split(f.packedC ? f16().value(c) : double(asFloat(c)),
          f.packedC ? -14 : -126, sc, ec);
    add(sc, ec);
    int largest = *std::max_element(e.begin(), e.end());
    long double sum = 0;
    for (size_t i = 0; i < s.size(); ++i)
      sum += std::trunc(std::ldexp(s[i], F + e[i] - largest));
    long double exact = std::ldexp(sum, largest - F);
    if (f.packedC) {
      c = f16().round(exact);
      continue;
    }
    int exponent;
    std::frexp(exact, &exponent);
    exponent = std::max(exponent - 1, -126);
    int keep = fp8 ? 13 : 23;
    long double truncated = std::ldexp(
        std::trunc(std::ldexp(exact, keep - exponent)), exponent - keep);
    c = fromFloat(float(truncated));
  }
  return c;
}

TEST(Mma, AmpereFollowsThePublishedModel) {
  for (const FloatForm &f : getFloatForms())
    for (bool baseline : {false, true})
      for (unsigned seed = 1; seed <= 16; ++seed) {
        std::string instruction =
            instructionOf(f.shape, f.a, f.b, f.packedC ? "f16" : "f32");
        Matrices x;
        bool tiny = seed % 4 == 3 && f.a.least == -126;
        fill(f.shape, f.a, f.b, f.packedC, seed, x, tiny);
        setBaselineOnly(baseline);
        multiply(f.shape, instruction, f.packedC, x, MmaMode::Ampere);
        setBaselineOnly(false);
        for (int i = 0; i < f.shape.m; ++i)
          for (int n = 0; n < 8; ++n)
            ASSERT_EQ(x.d[i][n], model(f, x, i, n))
                << instruction << " at " << i << ", " << n << " seed " << seed;
      }
}

// Truncation shows: 2^24 and 24 ulps of halves each too small to count alone.
TEST(Mma, AmpereTruncates) {
  Shape s = m16n8k16half();
  Matrices x = {};
  for (int i = 0; i < 16; ++i)
    for (int n = 0; n < 8; ++n)
      x.c[i][n] = fromFloat(0x1p24f);
  for (int k = 0; k < 16; ++k) {
    for (int i = 0; i < 16; ++i)
      x.a[i][k] = f16().round(0.5);
    for (int n = 0; n < 8; ++n)
      x.b[k][n] = f16().round(0.875);
  }
  std::string instruction = instructionOf(s, half, half, "f32");
  multiply(s, instruction, false, x, MmaMode::Ampere);
  EXPECT_EQ(asFloat(x.d[0][0]), 0x1p24f);
  for (auto &row : x.a)
    for (uint64_t &element : row)
      element = f16().round(2);
  multiply(s, instruction, false, x, MmaMode::Ampere);
  // Of 1.75 only 1 is above 2^-24 of the largest; sums round to even places.
  EXPECT_EQ(asFloat(x.d[0][0]), 0x1p24f + 16);
}

TEST(Mma, InfinitiesAndNaNs) {
  for (MmaMode mode : {MmaMode::Fast, MmaMode::Ampere})
    for (bool baseline : {false, true}) {
      Shape s = m16n8k16half();
      Matrices x = {};
      x.a[0][0] = 0x7c00; // inf * 1
      x.a[1][1] = 0x7c00; // inf * 0
      x.a[2][2] = 0x7e00; // NaN
      x.a[3][0] = 0x7c00; // inf - inf
      x.a[3][9] = 0xfc00;
      x.a[4][15] = 0xfc00; // -inf
      x.c[5][0] = 0x7f800000;
      x.c[6][0] = 0x7fc12345;
      for (int k : {0, 9, 15})
        x.b[k][0] = 0x3c00;
      x.b[2][0] = 0x3c00;
      setBaselineOnly(baseline);
      multiply(s, instructionOf(s, half, half, "f32"), false, x, mode);
      setBaselineOnly(false);
      const uint64_t expected[] = {0x7f800000, 0x7fffffff, 0x7fffffff,
                                   0x7fffffff, 0xff800000, 0x7f800000,
                                   0x7fffffff, 0};
      for (int i = 0; i < 8; ++i)
        EXPECT_EQ(x.d[i][0], expected[i]) << i;
    }
}

TEST(Mma, Integers) {
  for (const Shape &s : {m16n8k32byte(), m16n8k16byte(), m8n8k16byte()})
    for (const char *a : {"s8", "u8"})
      for (const char *b : {"s8", "u8"})
        for (bool saturates : {false, true}) {
          Element ea = integer(a), eb = integer(b);
          std::mt19937_64 random(3);
          Matrices x = {};
          for (auto &row : x.a)
            for (uint64_t &element : row)
              element = random() & 0xff;
          for (auto &row : x.b)
            for (uint64_t &element : row)
              element = random() & 0xff;
          for (auto &row : x.c)
            for (uint64_t &element : row)
              element = random() % 4   ? random() & 0xffffff
                        : random() % 2 ? 0x7ffffff0
                                       : 0x80000010;
          multiply(
              s, instructionOf(s, ea, eb, "s32", saturates ? ".satfinite" : ""),
              false, x, MmaMode::Fast);
          for (int i = 0; i < s.m; ++i)
            for (int n = 0; n < 8; ++n) {
              int64_t sum = int32_t(x.c[i][n]);
              for (int k = 0; k < s.k; ++k)
                sum += int64_t(ea.value(x.a[i][k]) * eb.value(x.b[k][n]));
              if (saturates)
                sum = std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN),
                                        INT32_MAX);
              ASSERT_EQ(x.d[i][n], uint32_t(sum)) << s.name << a << b;
            }
        }
}

// m8n8k4, m16n8k4, k8 and k16 of f64; PTX ISA 9.7.14.5.13 and .14.
TEST(Mma, Doubles) {
  for (auto [m, k] : {std::pair(8, 4), {16, 4}, {16, 8}, {16, 16}}) {
    int numA = m * k / 32, numB = k * 8 / 32, numC = m * 8 / 32;
    auto list = [](int first, int count) {
      std::string text = "{";
      for (int i = 0; i < count; ++i)
        text += (i ? ", %d" : "%d") + std::to_string(first + i);
      return text + "}";
    };
    Machine machine("mma.sync.aligned.m" + std::to_string(m) + "n8k" +
                    std::to_string(k) + ".row.col.f64.f64.f64.f64 " +
                    list(0, numC) + ", " + list(4, numA) + ", " +
                    list(12, numB) + ", " + list(16, numC) + ";");
    ASSERT_TRUE(machine.loads()) << machine.getErrors();
    std::mt19937_64 random(9);
    std::normal_distribution<double> normal;
    double a[16][16], b[16][8], c[16][8];
    for (auto &row : a)
      for (double &v : row)
        v = normal(random);
    for (auto &row : b)
      for (double &v : row)
        v = normal(random);
    for (auto &row : c)
      for (double &v : row)
        v = normal(random);
    Lanes lanes;
    for (int i = 0; i < numA; ++i) {
      for (int l = 0; l < 32; ++l) {
        int row = (l >> 2) + (m == 16 && i % 2 ? 8 : 0);
        int column = (l & 3) + (m == 16 ? i / 2 * 4 : 0);
        lanes[l] = fromDouble(a[row][column]);
      }
      machine.set("%d" + std::to_string(4 + i), lanes);
    }
    for (int i = 0; i < numB; ++i) {
      for (int l = 0; l < 32; ++l)
        lanes[l] = fromDouble(b[(l & 3) + 4 * i][l >> 2]);
      machine.set("%d" + std::to_string(12 + i), lanes);
    }
    for (int i = 0; i < numC; ++i) {
      for (int l = 0; l < 32; ++l)
        lanes[l] = fromDouble(c[inC(l, i).row][inC(l, i).column]);
      machine.set("%d" + std::to_string(16 + i), lanes);
    }
    machine.run();
    for (int i = 0; i < numC; ++i)
      for (int l = 0; l < 32; ++l) {
        Position p = inC(l, i);
        double sum = c[p.row][p.column];
        for (int j = 0; j < k; ++j)
          sum = std::fma(a[p.row][j], b[j][p.column], sum);
        ASSERT_EQ(machine.get("%d" + std::to_string(i))[l], fromDouble(sum));
      }
  }
}

// D may overlap C crosswise: everything is read first.
TEST(Mma, OverlappingRegisters) {
  Machine cross("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                "{%r2, %r3, %r0, %r1}, {%r4, %r5, %r6, %r7}, {%r8, %r9}, "
                "{%r0, %r1, %r2, %r3};");
  Machine plain("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                "{%r12, %r13, %r10, %r11}, {%r4, %r5, %r6, %r7}, {%r8, %r9}, "
                "{%r0, %r1, %r2, %r3};");
  ASSERT_TRUE(cross.loads() && plain.loads());
  std::mt19937_64 random(5);
  for (int r = 0; r < 10; ++r) {
    Lanes lanes;
    for (uint64_t &lane : lanes)
      lane = r < 4 ? fromFloat(float(random() % 100))
                   : f16().round(double(random() % 8)) << 16 |
                         f16().round(double(random() % 8));
    cross.set("%r" + std::to_string(r), lanes);
    plain.set("%r" + std::to_string(r), lanes);
  }
  cross.run();
  plain.run();
  for (int r = 0; r < 4; ++r)
    EXPECT_EQ(cross.get("%r" + std::to_string(r)),
              plain.get("%r" + std::to_string(10 + r)));
}

TEST(Mma, Refused) {
  const char *operands = " {%r0, %r1, %r2, %r3}, {%r4, %r5, %r6, %r7}, "
                         "{%r8, %r9}, {%r0, %r1, %r2, %r3};";
  for (const char *form :
       {"mma.sync.aligned.m16n8k16.row.row.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.bf16.f32",
        "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f32",
        "mma.sp.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k16.row.col.satfinite.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k32.row.col.kind::f8f6f4.f32.e4m3.e4m3.f32"})
    EXPECT_FALSE(Machine(std::string(form) + operands).loads()) << form;
  EXPECT_EQ(Machine("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                    "{%r0, %r1, %r2, %r3}, {%r4, %r5}, {%r8, %r9}, "
                    "{%r0, %r1, %r2, %r3};")
                .getErrors(),
            "9: expected 4 registers, got 2\n");
}

} // namespace
