//===- IntegerTest.cpp - integer arithmetic ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each form against the formula of PTX ISA 9.7.1 and 9.7.2.
//===----------------------------------------------------------------------===//

#include "Lanes.h"

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

using Wide = __int128;

struct IntegerType {
  const char *name;
  unsigned bits;
  bool isSigned;
  Wide value(uint64_t x) const {
    unsigned shift = 64 - bits;
    return isSigned ? Wide(int64_t(x << shift) >> shift)
                    : Wide(x << shift >> shift);
  }
};
const IntegerType types[] = {{"u16", 16, false}, {"s16", 16, true},
                             {"u32", 32, false}, {"s32", 32, true},
                             {"u64", 64, false}, {"s64", 64, true}};
const IntegerType &s32 = types[3];

std::string form(const char *opcode, const IntegerType &t) {
  return std::string(opcode) + "." + t.name;
}
Wide clampToS32(Wide x) {
  return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : x;
}

TEST(Integer, AddSubMinMax) {
  for (const IntegerType &t : types) {
    unsigned n = t.bits;
    check(form("add", t), n, {n, n},
          [&](auto a, auto b, auto) { return a + b; });
    check(form("sub", t), n, {n, n},
          [&](auto a, auto b, auto) { return a - b; });
    check(form("min", t), n, {n, n}, [&](auto a, auto b, auto) {
      return t.value(a) < t.value(b) ? a : b;
    });
    check(form("max", t), n, {n, n}, [&](auto a, auto b, auto) {
      return t.value(a) > t.value(b) ? a : b;
    });
  }
  check("min.relu.s32", 32, {32, 32}, [](auto a, auto b, auto) {
    return uint64_t(
        std::max<int64_t>(0, std::min<int64_t>(s32.value(a), s32.value(b))));
  });
  check("max.relu.s32", 32, {32, 32}, [](auto a, auto b, auto) {
    return uint64_t(
        std::max<int64_t>(0, std::max<int64_t>(s32.value(a), s32.value(b))));
  });
  check("add.sat.s32", 32, {32, 32}, [](auto a, auto b, auto) {
    return uint64_t(clampToS32(s32.value(a) + s32.value(b)));
  });
  check("sub.sat.s32", 32, {32, 32}, [](auto a, auto b, auto) {
    return uint64_t(clampToS32(s32.value(a) - s32.value(b)));
  });
}

TEST(Integer, Packed16) {
  auto both = [](auto f) {
    return [f](uint64_t a, uint64_t b, uint64_t) {
      uint64_t low = uint16_t(f(uint16_t(a), uint16_t(b)));
      uint64_t high = uint16_t(f(uint16_t(a >> 16), uint16_t(b >> 16)));
      return high << 16 | low;
    };
  };
  check("add.u16x2", 32, {32, 32}, both([](int a, int b) { return a + b; }));
  check("add.s16x2", 32, {32, 32}, both([](int a, int b) { return a + b; }));
  check("min.u16x2", 32, {32, 32},
        both([](int a, int b) { return std::min(a, b); }));
  check("min.relu.s16x2", 32, {32, 32}, both([](uint16_t a, uint16_t b) {
          return std::max<int>(0, std::min(int16_t(a), int16_t(b)));
        }));
  check("max.s16x2", 32, {32, 32}, both([](uint16_t a, uint16_t b) {
          return std::max(int16_t(a), int16_t(b));
        }));
}

TEST(Integer, Multiply) {
  for (const IntegerType &t : types) {
    unsigned n = t.bits;
    // Exact products; 64 x 64 bits fit in 128.
    auto product = [&](uint64_t a, uint64_t b) {
      return (unsigned __int128)(t.value(a)) * (unsigned __int128)(t.value(b));
    };
    check(form("mul.lo", t), n, {n, n},
          [&](auto a, auto b, auto) { return uint64_t(product(a, b)); });
    check(form("mul.hi", t), n, {n, n},
          [&](auto a, auto b, auto) { return uint64_t(product(a, b) >> n); });
    check(form("mad.lo", t), n, {n, n, n},
          [&](auto a, auto b, auto c) { return uint64_t(product(a, b)) + c; });
    check(form("mad.hi", t), n, {n, n, n}, [&](auto a, auto b, auto c) {
      return uint64_t(product(a, b) >> n) + c;
    });
    if (n == 64)
      continue;
    check(form("mul.wide", t), 2 * n, {n, n},
          [&](auto a, auto b, auto) { return uint64_t(product(a, b)); });
    check(form("mad.wide", t), 2 * n, {n, n, 2 * n},
          [&](auto a, auto b, auto c) { return uint64_t(product(a, b)) + c; });
  }
  check("mad.hi.sat.s32", 32, {32, 32, 32}, [](auto a, auto b, auto c) {
    Wide high = (s32.value(a) * s32.value(b)) >> 32;
    return uint64_t(clampToS32(high + s32.value(c)));
  });
}

TEST(Integer, Multiply24) {
  for (const IntegerType &t : {types[2], types[3]}) {
    auto product = [t](uint64_t a, uint64_t b) {
      IntegerType low{"", 24, t.isSigned};
      return low.value(a) * low.value(b);
    };
    check(form("mul24.lo", t), 32, {32, 32},
          [=](auto a, auto b, auto) { return uint64_t(product(a, b)); });
    check(form("mul24.hi", t), 32, {32, 32},
          [=](auto a, auto b, auto) { return uint64_t(product(a, b) >> 16); });
    check(form("mad24.lo", t), 32, {32, 32, 32},
          [=](auto a, auto b, auto c) { return uint64_t(product(a, b)) + c; });
    check(form("mad24.hi", t), 32, {32, 32, 32}, [=](auto a, auto b, auto c) {
      return uint64_t(product(a, b) >> 16) + c;
    });
  }
  check("mad24.hi.sat.s32", 32, {32, 32, 32}, [](auto a, auto b, auto c) {
    IntegerType low{"", 24, true};
    Wide high = (low.value(a) * low.value(b)) >> 16;
    return uint64_t(clampToS32(s32.value(uint64_t(high)) + s32.value(c)));
  });
}

TEST(Integer, DivideAndRemainder) {
  for (const IntegerType &t : types) {
    unsigned n = t.bits;
    // By zero: machine specific; all ones and the dividend, as the hardware.
    check(form("div", t), n, {n, n}, [&](auto a, auto b, auto) {
      return t.value(b) ? uint64_t(t.value(a) / t.value(b)) : ~uint64_t(0);
    });
    check(form("rem", t), n, {n, n}, [&](auto a, auto b, auto) {
      return t.value(b) ? uint64_t(t.value(a) % t.value(b)) : uint64_t(a);
    });
  }
}

TEST(Integer, AbsNegSad) {
  for (const IntegerType &t : types) {
    unsigned n = t.bits;
    check(form("sad", t), n, {n, n, n}, [&](auto a, auto b, auto c) {
      Wide difference = t.value(a) - t.value(b);
      return uint64_t(difference < 0 ? -difference : difference) + c;
    });
    if (!t.isSigned)
      continue;
    check(form("abs", t), n, {n}, [&](auto a, auto, auto) {
      return uint64_t(t.value(a) < 0 ? -t.value(a) : t.value(a));
    });
    check(form("neg", t), n, {n},
          [&](auto a, auto, auto) { return uint64_t(-t.value(a)); });
  }
}

TEST(Integer, Counting) {
  for (unsigned n : {32u, 64u}) {
    std::string b = ".b" + std::to_string(n);
    check("popc" + b, 32, {n}, [&](auto a, auto, auto) {
      uint64_t count = 0;
      for (unsigned i = 0; i < n; ++i)
        count += a >> i & 1;
      return count;
    });
    check("clz" + b, 32, {n}, [&](auto a, auto, auto) {
      uint64_t count = 0;
      while (count < n && !(a >> (n - 1 - count) & 1))
        ++count;
      return count;
    });
    check("brev" + b, n, {n}, [&](auto a, auto, auto) {
      uint64_t result = 0;
      for (unsigned i = 0; i < n; ++i)
        result |= (a >> i & 1) << (n - 1 - i);
      return result;
    });
  }
  for (const IntegerType &t : types) {
    if (t.bits == 16)
      continue;
    // The manual's loop.
    auto find = [t](uint64_t a, bool shiftAmount) {
      if (t.isSigned && t.value(a) < 0)
        a = ~a;
      for (int i = int(t.bits) - 1; i >= 0; --i)
        if (a >> i & 1)
          return uint64_t(shiftAmount ? int(t.bits) - 1 - i : i);
      return uint64_t(0xffffffff);
    };
    check(form("bfind", t), 32, {t.bits},
          [=](auto a, auto, auto) { return find(a, false); });
    check(form("bfind.shiftamt", t), 32, {t.bits},
          [=](auto a, auto, auto) { return find(a, true); });
  }
}

TEST(Integer, BitFields) {
  for (const IntegerType &t : types) {
    if (t.bits == 16)
      continue;
    int msb = int(t.bits) - 1;
    // The manual's loop: PTX ISA 9.7.1.19.
    check(form("bfe", t), t.bits, {t.bits, 32, 32},
          [&](auto a, auto b, auto c) {
            int position = b & 0xff, length = c & 0xff;
            uint64_t sign = 0;
            if (t.isSigned && length)
              sign = a >> std::min(position + length - 1, msb) & 1;
            uint64_t d = 0;
            for (int i = 0; i <= msb; ++i)
              d |= (i < length && position + i <= msb ? a >> (position + i) & 1
                                                      : sign)
                   << i;
            return d;
          });
  }
  for (unsigned n : {32u, 64u}) {
    int msb = int(n) - 1;
    // bfi f, a, b, position, length.
    for (int length : {0, 1, 5, 31, 32, 33, 64, 255, 256})
      check(
          "bfi.b" + std::to_string(n), n, {n, n, 32},
          [&](auto a, auto b, auto c) {
            int position = c & 0xff, count = length & 0xff;
            uint64_t f = b;
            for (int i = 0; i < count && position + i <= msb; ++i) {
              uint64_t bit = uint64_t(1) << (position + i);
              f = (f & ~bit) | (a >> i & 1 ? bit : 0);
            }
            return f;
          },
          {}, ", " + std::to_string(length));
  }
  auto mask = [](uint64_t position, uint64_t width) {
    uint64_t result = 0;
    for (uint64_t i = 0; i < 32; ++i)
      if (i >= position && i - position < width)
        result |= uint64_t(1) << i;
    return result;
  };
  check("bmsk.clamp.b32", 32, {32, 32},
        [=](auto a, auto b, auto) { return mask(a, b); });
  check("bmsk.wrap.b32", 32, {32, 32},
        [=](auto a, auto b, auto) { return mask(a & 31, b & 31); });
  for (bool wrap : {false, true}) {
    std::string mode = wrap ? "wrap" : "clamp";
    check("szext." + mode + ".u32", 32, {32, 32}, [=](auto a, auto b, auto) {
      uint64_t n = wrap ? b & 31 : b;
      return n >= 32 ? a : a & ((uint64_t(1) << n) - 1);
    });
    check("szext." + mode + ".s32", 32, {32, 32}, [=](auto a, auto b, auto) {
      uint64_t n = wrap ? b & 31 : b;
      if (n >= 32)
        return uint64_t(a);
      uint64_t low = a & ((uint64_t(1) << n) - 1);
      bool sign = n && (a >> (n - 1) & 1);
      return sign ? low | ~((uint64_t(1) << n) - 1) : low;
    });
  }
}

TEST(Integer, DotProducts) {
  auto at = [](uint64_t x, int i, unsigned bits, bool isSigned) {
    return IntegerType{"", bits, isSigned}.value(x >> (i * int(bits)));
  };
  for (bool sa : {false, true})
    for (bool sb : {false, true}) {
      std::string types =
          std::string(sa ? ".s32" : ".u32") + (sb ? ".s32" : ".u32");
      check("dp4a" + types, 32, {32, 32, 32}, [=](auto a, auto b, auto c) {
        Wide sum = c;
        for (int i = 0; i < 4; ++i)
          sum += at(a, i, 8, sa) * at(b, i, 8, sb);
        return uint64_t(sum);
      });
      for (int high : {0, 1})
        check((high ? "dp2a.hi" : "dp2a.lo") + types, 32, {32, 32, 32},
              [=](auto a, auto b, auto c) {
                Wide sum = c;
                for (int i = 0; i < 2; ++i)
                  sum += at(a, i, 16, sa) * at(b, i + 2 * high, 8, sb);
                return uint64_t(sum);
              });
    }
}

TEST(Integer, Refused) {
  for (const char *form :
       {"neg.s16x2 %r0, %r1;", "div.u16x2 %r0, %r1, %r2;",
        "add.sat.u32 %r0, %r1, %r2;", "mul.s32 %r0, %r1, %r2;",
        "mul.wide.s64 %d0, %d1, %d2;", "add.relu.s32 %r0, %r1, %r2;",
        "bmsk.b32 %r0, %r1, %r2;", "abs.u32 %r0, %r1;"})
    EXPECT_FALSE(Machine(form).loads()) << form;
}

// 128-bit sums through the carry flag.
TEST(Integer, Carries) {
  std::mt19937_64 random(7);
  for (const char *width : {"32", "64"}) {
    unsigned n = width[0] == '3' ? 32 : 64;
    std::string r = registerOf(n);
    auto name = [&](int i) { return r + std::to_string(i); };
    auto chain = [&](const std::string &op, const std::string &opc) {
      return op + ".cc.u" + width + " " + name(0) + "," + name(2) + "," +
             name(4) + ";" + opc + ".cc.u" + width + " " + name(1) + "," +
             name(3) + "," + name(5) + ";" + opc + ".u" + width + " " +
             name(6) + ",0,0;";
    };
    Machine add(chain("add", "addc")), sub(chain("sub", "subc"));
    ASSERT_TRUE(add.loads() && sub.loads()) << add.getErrors();
    uint64_t keep = n == 64 ? ~uint64_t(0) : 0xffffffff;
    for (int round = 0; round < 20; ++round) {
      Lanes in[4];
      for (Lanes &lanes : in)
        for (uint64_t &lane : lanes)
          lane = (random() % 3 ? random() : ~uint64_t(0)) & keep;
      for (Machine *m : {&add, &sub}) {
        for (int i = 0; i < 4; ++i)
          m->set(name(2 + i), in[i]);
        m->run();
        for (int l = 0; l < 32; ++l) {
          bool subtracts = m == &sub;
          Wide low = subtracts ? Wide(in[0][l]) - Wide(in[2][l])
                               : Wide(in[0][l]) + Wide(in[2][l]);
          Wide carry = low >> n;
          Wide high = subtracts ? Wide(in[1][l]) - Wide(in[3][l]) + carry
                                : Wide(in[1][l]) + Wide(in[3][l]) + carry;
          // The last instruction shows the carry or the borrow itself.
          EXPECT_EQ(m->get(name(0))[l], uint64_t(low) & keep);
          EXPECT_EQ(m->get(name(1))[l], uint64_t(high) & keep);
          EXPECT_EQ(m->get(name(6))[l], uint64_t(high >> n) & keep);
        }
      }
    }
  }
}

TEST(Integer, MultiplyAddCarries) {
  Machine m("mad.lo.cc.u32 %r0, %r2, %r3, %r4;"
            "madc.hi.u32 %r1, %r2, %r3, %r5;");
  ASSERT_TRUE(m.loads()) << m.getErrors();
  std::mt19937_64 random(3);
  Lanes in[4];
  for (int i = 0; i < 4; ++i) {
    for (uint64_t &lane : in[i])
      lane = random() % 2 ? uint32_t(random()) : 0xffffffff;
    m.set("%r" + std::to_string(2 + i), in[i]);
  }
  m.run();
  for (int l = 0; l < 32; ++l) {
    uint64_t sum = in[0][l] * in[1][l] + (in[3][l] << 32 | in[2][l]);
    EXPECT_EQ(m.get("%r1")[l] << 32 | m.get("%r0")[l], sum);
  }
}

} // namespace
