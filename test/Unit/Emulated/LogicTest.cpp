//===- LogicTest.cpp - bitwise logic, shifts, permutes ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each form against the formula of PTX ISA 9.7.8 and 9.7.9.7.
//===----------------------------------------------------------------------===//

#include "Lanes.h"

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

TEST(Logic, Bitwise) {
  for (unsigned n : {16u, 32u, 64u}) {
    std::string b = ".b" + std::to_string(n);
    check("and" + b, n, {n, n}, [](auto a, auto b, auto) { return a & b; });
    check("or" + b, n, {n, n}, [](auto a, auto b, auto) { return a | b; });
    check("xor" + b, n, {n, n}, [](auto a, auto b, auto) { return a ^ b; });
    check("not" + b, n, {n}, [](auto a, auto, auto) { return ~a; });
    check("cnot" + b, n, {n},
          [](auto a, auto, auto) { return uint64_t(a == 0); });
  }
}

TEST(Logic, Predicates) {
  check("and.pred", 1, {1, 1}, [](auto a, auto b, auto) { return a & b; });
  check("or.pred", 1, {1, 1}, [](auto a, auto b, auto) { return a | b; });
  check("xor.pred", 1, {1, 1}, [](auto a, auto b, auto) { return a ^ b; });
  check("not.pred", 1, {1}, [](auto a, auto, auto) { return ~a; });
}

// Amounts beyond the width give 0, or the sign.
TEST(Logic, Shifts) {
  for (unsigned n : {16u, 32u, 64u}) {
    std::string bits = std::to_string(n);
    check("shl.b" + bits, n, {n, 32},
          [&](auto a, auto b, auto) { return b >= n ? 0 : a << b; });
    for (const char *kind : {"b", "u"})
      check(std::string("shr.") + kind + bits, n, {n, 32},
            [&](auto a, auto b, auto) { return b >= n ? 0 : a >> b; });
    check("shr.s" + bits, n, {n, 32}, [&](auto a, auto b, auto) {
      int64_t value = int64_t(a << (64 - n)) >> (64 - n);
      return uint64_t(value >> std::min<uint64_t>(b, n - 1));
    });
  }
}

TEST(Logic, FunnelShifts) {
  auto shift = [](bool left, uint64_t n) {
    return [=](uint64_t a, uint64_t b) {
      unsigned __int128 both = (unsigned __int128)(b) << 32 | a;
      return uint64_t(left ? both << n >> 32 : both >> n);
    };
  };
  for (bool left : {true, false}) {
    std::string direction = left ? "l" : "r";
    check("shf." + direction + ".wrap.b32", 32, {32, 32, 32},
          [&](auto a, auto b, auto c) { return shift(left, c & 31)(a, b); });
    check("shf." + direction + ".clamp.b32", 32, {32, 32, 32},
          [&](auto a, auto b, auto c) {
            return shift(left, std::min<uint64_t>(c, 32))(a, b);
          });
  }
}

// The manual's definition: the table is the function of 0xF0, 0xCC, 0xAA.
TEST(Logic, Lop3) {
  for (int table = 0; table < 256; ++table) {
    auto reference = [=](uint64_t a, uint64_t b, uint64_t c) {
      uint64_t d = 0;
      for (int i = 0; i < 32; ++i) {
        int index = int(a >> i & 1) * 4 + int(b >> i & 1) * 2 + int(c >> i & 1);
        d |= uint64_t(table >> index & 1) << i;
      }
      return d;
    };
    Machine m("lop3.b32 %r0, %r1, %r2, %r3, " + std::to_string(table) + ";");
    ASSERT_TRUE(m.loads()) << m.getErrors();
    std::mt19937_64 random(uint64_t(table) + 1);
    Lanes in[3];
    for (int i = 0; i < 3; ++i) {
      for (uint64_t &lane : in[i])
        lane = uint32_t(random());
      m.set("%r" + std::to_string(i + 1), in[i]);
    }
    m.run();
    for (int l = 0; l < 32; ++l)
      ASSERT_EQ(m.get("%r0")[l], reference(in[0][l], in[1][l], in[2][l]))
          << "table " << table;
  }
  check(
      "lop3.b32", 32, {32, 32, 32},
      [](auto a, auto b, auto c) { return (a & b) | (~a & c); }, {}, ", 0xCA");
}

TEST(Logic, Lop3WithPredicate) {
  for (bool isAnd : {false, true}) {
    Machine m(std::string("lop3.") + (isAnd ? "and" : "or") +
              ".b32 %r0|%p0, %r1, %r2, %r3, 0x80, %p1;");
    ASSERT_TRUE(m.loads()) << m.getErrors();
    Lanes a, b, c, p;
    for (int l = 0; l < 32; ++l) {
      a[l] = uint64_t(l);
      b[l] = 6;
      c[l] = 0xff;
      p[l] = uint64_t(l) & 1;
    }
    m.set("%r1", a);
    m.set("%r2", b);
    m.set("%r3", c);
    m.set("%p1", p);
    m.run();
    for (int l = 0; l < 32; ++l) {
      uint64_t d = a[l] & b[l] & c[l];
      EXPECT_EQ(m.get("%r0")[l], d);
      EXPECT_EQ(m.get("%p0")[l],
                uint64_t(isAnd ? d != 0 && p[l] : d != 0 || p[l]));
    }
  }
}

TEST(Logic, Permute) {
  auto pick = [](uint64_t a, uint64_t b, const int *bytes) {
    uint64_t both = b << 32 | a, d = 0;
    for (int i = 0; i < 4; ++i)
      d |= (both >> (bytes[i] * 8) & 0xff) << (8 * i);
    return d;
  };
  check("prmt.b32", 32, {32, 32, 32}, [](auto a, auto b, auto c) {
    uint64_t both = b << 32 | a, d = 0;
    for (int i = 0; i < 4; ++i) {
      uint64_t selector = c >> (4 * i) & 15;
      uint64_t byte = both >> ((selector & 7) * 8) & 0xff;
      if (selector & 8)
        byte = byte & 0x80 ? 0xff : 0;
      d |= byte << (8 * i);
    }
    return d;
  });
  // The manual's table: bytes 0 to 3 of d by c's low bits.
  struct Mode {
    const char *name;
    int bytes[4][4];
  };
  const Mode modes[] = {
      {"f4e", {{0, 1, 2, 3}, {1, 2, 3, 4}, {2, 3, 4, 5}, {3, 4, 5, 6}}},
      {"b4e", {{0, 7, 6, 5}, {1, 0, 7, 6}, {2, 1, 0, 7}, {3, 2, 1, 0}}},
      {"rc8", {{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}}},
      {"ecl", {{0, 1, 2, 3}, {1, 1, 2, 3}, {2, 2, 2, 3}, {3, 3, 3, 3}}},
      {"ecr", {{0, 0, 0, 0}, {0, 1, 1, 1}, {0, 1, 2, 2}, {0, 1, 2, 3}}},
      {"rc16", {{0, 1, 0, 1}, {2, 3, 2, 3}, {0, 1, 0, 1}, {2, 3, 2, 3}}}};
  for (const Mode &mode : modes)
    check(
        std::string("prmt.b32.") + mode.name, 32, {32, 32, 32},
        [&](auto a, auto b, auto c) { return pick(a, b, mode.bytes[c & 3]); });
}

} // namespace
