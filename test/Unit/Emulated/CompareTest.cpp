//===- CompareTest.cpp - comparisons and selection --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each form against the formula of PTX ISA 9.3 and 9.7.6.
//===----------------------------------------------------------------------===//

#include "Lanes.h"

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

/// -1 less, 0 equal, 1 greater, 2 unordered.
template <typename T>
int order(T a, T b) {
  return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
}
bool holds(const std::string &name, int o) {
  bool unordered = o == 2;
  if (name == "num" || name == "nan")
    return unordered == (name == "nan");
  std::string base = name == "lo"   ? "lt"
                     : name == "ls" ? "le"
                     : name == "hi" ? "gt"
                     : name == "hs" ? "ge"
                                    : name.substr(0, 2);
  if (unordered)
    return name.size() == 3;
  return base == "eq"   ? o == 0
         : base == "ne" ? o != 0
         : base == "lt" ? o < 0
         : base == "le" ? o <= 0
         : base == "gt" ? o > 0
                        : o >= 0;
}

struct Compared {
  const char *name;
  unsigned bits;
  std::function<int(uint64_t, uint64_t)> order;
  std::vector<const char *> comparisons;
};

float flushed(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}

const std::vector<Compared> &getTypes() {
  static const std::vector<const char *> equality = {"eq", "ne"},
                                         isSigned = {"eq", "ne", "lt",
                                                     "le", "gt", "ge"},
                                         isUnsigned = {"eq", "ne", "lt", "le",
                                                       "gt", "ge", "lo", "ls",
                                                       "hi", "hs"},
                                         floats = {"eq",  "ne",  "lt",  "le",
                                                   "gt",  "ge",  "equ", "neu",
                                                   "ltu", "leu", "gtu", "geu",
                                                   "num", "nan"};
  static const std::vector<Compared> types = {
      {"b16", 16, order<uint64_t>, equality},
      {"b32", 32, order<uint64_t>, equality},
      {"b64", 64, order<uint64_t>, equality},
      {"u16", 16, order<uint64_t>, isUnsigned},
      {"u32", 32, order<uint64_t>, isUnsigned},
      {"u64", 64, order<uint64_t>, isUnsigned},
      {"s16", 16, [](auto a, auto b) { return order(int16_t(a), int16_t(b)); },
       isSigned},
      {"s32", 32, [](auto a, auto b) { return order(int32_t(a), int32_t(b)); },
       isSigned},
      {"s64", 64, [](auto a, auto b) { return order(int64_t(a), int64_t(b)); },
       isSigned},
      {"f32", 32, [](auto a, auto b) { return order(asFloat(a), asFloat(b)); },
       floats},
      {"ftz.f32", 32,
       [](auto a, auto b) {
         return order(flushed(asFloat(a)), flushed(asFloat(b)));
       },
       floats},
      {"f64", 64,
       [](auto a, auto b) { return order(asDouble(a), asDouble(b)); }, floats},
      {"f16", 16,
       [](auto a, auto b) { return order(f16().value(a), f16().value(b)); },
       floats},
      {"bf16", 16,
       [](auto a, auto b) { return order(bf16().value(a), bf16().value(b)); },
       floats}};
  return types;
}

TEST(Compare, Setp) {
  for (const Compared &t : getTypes())
    for (std::string comparison : t.comparisons)
      check("setp." + comparison + "." + t.name, 1, {t.bits, t.bits},
            [&](auto a, auto b, auto) {
              return uint64_t(holds(comparison, t.order(a, b)));
            });
}

// p = result op c, q = !result op c.
TEST(Compare, SetpCombined) {
  for (const char *combination : {"and", "or", "xor"})
    for (bool negated : {false, true}) {
      std::string how = combination;
      Machine m("setp.lt." + how + ".s32 %p0|%p1, %r1, %r2, " +
                (negated ? "!%p2;" : "%p2;") + "setp.gt." + how +
                ".f32 %p3, %r1, %r2, %p2;" +
                "setp.ge.u32 %p4|_, %r1, %r2; setp.ge.u32 _|%p5, %r1, %r2;");
      ASSERT_TRUE(m.loads()) << m.getErrors();
      std::mt19937_64 random(2);
      Lanes a, b, c;
      for (int l = 0; l < 32; ++l) {
        a[l] = random() % 4;
        b[l] = random() % 4;
        c[l] = random() % 2;
      }
      m.set("%r1", a);
      m.set("%r2", b);
      m.set("%p2", c);
      m.run();
      auto combine = [&](bool x, bool y) -> uint64_t {
        return how == "and" ? x && y : how == "or" ? x || y : x != y;
      };
      for (int l = 0; l < 32; ++l) {
        bool less = a[l]<b[l], greater = a[l]> b[l];
        EXPECT_EQ(m.get("%p0")[l], combine(less, c[l] != negated));
        EXPECT_EQ(m.get("%p1")[l], combine(!less, c[l] != negated));
        EXPECT_EQ(m.get("%p3")[l], combine(greater, c[l]));
        EXPECT_EQ(m.get("%p4")[l], uint64_t(!less));
        EXPECT_EQ(m.get("%p5")[l], uint64_t(less));
      }
    }
}

TEST(Compare, SetpPacked) {
  for (bool brain : {false, true}) {
    const SmallFloat &format = brain ? bf16() : f16();
    std::string type = brain ? "bf16x2" : "f16x2";
    Machine m("setp.ltu." + type +
              " %p0|%p1, %r1, %r2;"
              "setp.ge.and." +
              type + " %p2|%p3, %r1, %r2, %p4;");
    ASSERT_TRUE(m.loads()) << m.getErrors();
    std::mt19937_64 random(2);
    Lanes a, b, c;
    for (int l = 0; l < 32; ++l) {
      a[l] = uint32_t(random());
      b[l] = l % 4 ? uint32_t(random()) : a[l];
      c[l] = random() % 2;
    }
    m.set("%r1", a);
    m.set("%r2", b);
    m.set("%p4", c);
    m.run();
    for (int l = 0; l < 32; ++l)
      for (int half = 0; half < 2; ++half) {
        int o = order(format.value(a[l] >> (16 * half)),
                      format.value(b[l] >> (16 * half)));
        EXPECT_EQ(m.get(half ? "%p1" : "%p0")[l], uint64_t(holds("ltu", o)));
        EXPECT_EQ(m.get(half ? "%p3" : "%p2")[l],
                  uint64_t(holds("ge", o) && c[l]));
      }
  }
}

TEST(Compare, Set) {
  struct Result {
    const char *name;
    unsigned bits;
    uint64_t yes;
  };
  for (const Result &d :
       {Result{"u32", 32, 0xffffffff}, Result{"s32", 32, 0xffffffff},
        Result{"f32", 32, 0x3f800000}})
    for (const Compared &t : getTypes()) {
      if (t.name[0] == 'b' && t.name[1] == 'f')
        continue;
      std::string name = t.name, ftz;
      if (name == "ftz.f32") {
        name = "f32";
        ftz = ".ftz";
      }
      check(
          "set.eq" + ftz + "." + d.name + "." + name, d.bits, {t.bits, t.bits},
          [&](auto a, auto b, auto) { return t.order(a, b) == 0 ? d.yes : 0; });
    }
  check("set.ltu.f16.f16", 16, {16, 16}, [](auto a, auto b, auto) {
    int o = order(f16().value(a), f16().value(b));
    return uint64_t(o < 0 || o == 2 ? 0x3c00 : 0);
  });
  check("set.gt.and.u32.f32", 32, {32, 32, 1}, [](auto a, auto b, auto c) {
    return c && asFloat(a) > asFloat(b) ? uint64_t(0xffffffff) : 0;
  });
  for (const char *type : {"f16x2", "u32"})
    check(std::string("set.le.") + type + ".f16x2", 32, {32, 32},
          [&](auto a, auto b, auto) {
            uint64_t d = 0, yes = type[0] == 'u' ? 0xffff : 0x3c00;
            for (int i = 0; i < 32; i += 16)
              if (order(f16().value(a >> i), f16().value(b >> i)) <= 0)
                d |= yes << i;
            return d;
          });
}

TEST(Compare, Selp) {
  for (const char *kind : {"b", "u", "s", "f"})
    for (unsigned n : {16u, 32u, 64u}) {
      if (kind[0] == 'f' && n == 16)
        continue;
      check(std::string("selp.") + kind + std::to_string(n), n, {n, n, 1},
            [](auto a, auto b, auto c) { return c ? a : b; });
    }
}

TEST(Compare, Slct) {
  for (unsigned n : {16u, 32u, 64u}) {
    std::string type = "slct.b" + std::to_string(n);
    check(type + ".s32", n, {n, n, 32},
          [](auto a, auto b, auto c) { return int32_t(c) >= 0 ? a : b; });
    std::string ftz = "slct.ftz.b" + std::to_string(n) + ".f32";
    check(type + ".f32", n, {n, n, 32},
          [](auto a, auto b, auto c) { return asFloat(c) >= 0 ? a : b; });
    check(ftz, n, {n, n, 32}, [](auto a, auto b, auto c) {
      return flushed(asFloat(c)) >= 0 ? a : b;
    });
  }
}

} // namespace
