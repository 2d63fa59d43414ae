//===- ConvertTest.cpp - cvt ------------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each form against PTX ISA 9.7.9.21; narrow floats against the table of all
// numbers of their format.
//===----------------------------------------------------------------------===//

#include "Lanes.h"

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

struct Integer {
  const char *name;
  unsigned bits;
  bool isSigned;
  __int128 value(uint64_t x) const {
    unsigned shift = 64 - bits;
    return isSigned ? __int128(int64_t(x << shift) >> shift)
                    : __int128(x << shift >> shift);
  }
  __int128 least() const { return isSigned ? -(__int128(1) << (bits - 1)) : 0; }
  __int128 most() const {
    return (__int128(1) << (isSigned ? bits - 1 : bits)) - 1;
  }
};
const Integer integers[] = {{"u8", 8, false},   {"s8", 8, true},
                            {"u16", 16, false}, {"s16", 16, true},
                            {"u32", 32, false}, {"s32", 32, true},
                            {"u64", 64, false}, {"s64", 64, true}};

/// Bytes live in 16-bit registers; a signed one is extended to them.
unsigned registerBits(const Integer &t) { return t.bits == 8 ? 16 : t.bits; }

TEST(Convert, IntegerToInteger) {
  for (const Integer &to : integers)
    for (const Integer &from : integers) {
      std::string name = std::string(".") + to.name + "." + from.name;
      unsigned in = registerBits(from), out = registerBits(to);
      check("cvt" + name, out, {in}, [&](auto a, auto, auto) {
        return uint64_t(to.value(uint64_t(from.value(a))));
      });
      check("cvt.sat" + name, out, {in}, [&](auto a, auto, auto) {
        __int128 x = from.value(a);
        x = x < to.least() ? to.least() : x > to.most() ? to.most() : x;
        return uint64_t(x);
      });
    }
}

struct Float {
  const char *name;
  unsigned bits;
  std::function<long double(uint64_t)> value;
};
const Float floats[] = {
    {"f16", 16, [](uint64_t x) { return f16().value(x); }},
    {"bf16", 16, [](uint64_t x) { return bf16().value(x); }},
    {"f32", 32, [](uint64_t x) { return asFloat(x); }},
    {"f64", 64, [](uint64_t x) { return asDouble(x); }}};

float flushed(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}

long double toWhole(const std::string &mode, long double x) {
  if (mode == "rzi")
    return std::trunc(x);
  if (mode == "rmi")
    return std::floor(x);
  if (mode == "rpi")
    return std::ceil(x);
  // To nearest even.
  long double low = std::floor(x), rest = x - low;
  bool odd = std::fmod(low, 2.0L) != 0;
  long double r = rest > 0.5L || (rest == 0.5L && odd) ? low + 1 : low;
  return r == 0 ? std::copysign(r, x) : r;
}

TEST(Convert, FloatToInteger) {
  for (const Integer &to : integers)
    for (const Float &from : floats)
      for (std::string mode : {"rni", "rzi", "rmi", "rpi"}) {
        std::string name = "cvt." + mode + "." + to.name + "." + from.name;
        check(name, registerBits(to), {from.bits}, [&](auto a, auto, auto) {
          long double x = from.value(a);
          if (std::isnan(x))
            return from.bits == 64 || to.bits == 64
                       ? uint64_t(to.value(uint64_t(1) << (to.bits - 1)))
                       : uint64_t(0);
          long double r = toWhole(mode, x);
          if (r < (long double)to.least())
            return uint64_t(to.least());
          if (r > (long double)to.most())
            return uint64_t(to.most());
          return uint64_t(__int128(r));
        });
      }
  check("cvt.rzi.ftz.s32.f32", 32, {32}, [](auto a, auto, auto) {
    float x = flushed(asFloat(a));
    return std::isnan(x)   ? 0
           : x >= 0x1p31f  ? 0x7fffffff
           : x <= -0x1p31f ? 0x80000000
                           : uint64_t(uint32_t(int32_t(x)));
  });
  check("cvt.rpi.ftz.s32.f32", 32, {32}, [](auto a, auto, auto) {
    float x = flushed(asFloat(a));
    return std::isnan(x)   ? 0
           : x >= 0x1p31f  ? 0x7fffffff
           : x <= -0x1p31f ? 0x80000000
                           : uint64_t(uint32_t(int32_t(std::ceil(x))));
  });
}

using Direction = SmallFloat::Direction;
struct Mode {
  const char *name;
  Direction direction;
};
const Mode modes[] = {{"rn", SmallFloat::Nearest},
                      {"rz", SmallFloat::Zero},
                      {"rm", SmallFloat::Down},
                      {"rp", SmallFloat::Up}};

/// x rounded to f32 or f64 in a direction; x is exact.
template <typename F>
F roundWide(long double x, Direction direction) {
  F near = F(x);
  if (std::isnan(x) || (long double)near == x)
    return near;
  bool above = (long double)near > x;
  bool wantsBelow =
      direction == SmallFloat::Down || (direction == SmallFloat::Zero && x > 0);
  if (direction == SmallFloat::Nearest)
    return near;
  if (wantsBelow)
    return above ? std::nextafter(near, F(-INFINITY)) : near;
  return above ? near : std::nextafter(near, F(INFINITY));
}

uint64_t roundTo(const std::string &type, long double x, Direction direction) {
  if (type == "f16")
    return f16().round(x, direction);
  if (type == "bf16")
    return bf16().round(x, direction);
  if (type == "f32")
    return fromFloat(roundWide<float>(x, direction));
  return fromDouble(roundWide<double>(x, direction));
}

// 64-bit integers are exact in long double.
TEST(Convert, IntegerToFloat) {
  for (const Float &to : floats)
    for (const Integer &from : integers)
      for (const Mode &mode : modes) {
        std::string name =
            std::string("cvt.") + mode.name + "." + to.name + "." + from.name;
        check(name, to.bits, {registerBits(from)}, [&](auto a, auto, auto) {
          return roundTo(to.name, (long double)from.value(a), mode.direction);
        });
      }
}

TEST(Convert, FloatToFloat) {
  for (const Float &to : floats)
    for (const Float &from : floats) {
      bool widens = to.bits > from.bits;
      if (to.bits == from.bits)
        continue;
      for (const Mode &mode : modes) {
        if (widens && mode.direction != SmallFloat::Nearest)
          continue;
        std::string name = std::string("cvt.") +
                           (widens ? "" : mode.name + std::string(".")) +
                           to.name + "." + from.name;
        check(
            name, to.bits, {from.bits},
            [&](auto a, auto, auto) {
              return roundTo(to.name, from.value(a), mode.direction);
            },
            to.bits == 64 ? sameDouble
                          : std::function<bool(uint64_t, uint64_t)>());
      }
    }
  check("cvt.rn.ftz.f32.f64", 32, {64}, [](auto a, auto, auto) {
    return fromFloat(flushed(float(asDouble(a))));
  });
  check("cvt.rn.ftz.f16.f32", 16, {32},
        [](auto a, auto, auto) { return f16().round(flushed(asFloat(a))); });
  check(
      "cvt.ftz.f64.f32", 64, {32},
      [](auto a, auto, auto) {
        return fromDouble(double(flushed(asFloat(a))));
      },
      sameDouble);
  auto saturated = [](float x) { return x > 0 ? (x < 1 ? x : 1) : 0; };
  check("cvt.sat.f32.f32", 32, {32},
        [=](auto a, auto, auto) { return fromFloat(saturated(asFloat(a))); });
  check("cvt.rn.sat.f16.f32", 16, {32},
        [=](auto a, auto, auto) { return f16().round(saturated(asFloat(a))); });
  check("cvt.ftz.sat.f32.f16", 32, {16}, [=](auto a, auto, auto) {
    return fromFloat(saturated(float(f16().value(a))));
  });
}

TEST(Convert, RoundsToWholeNumbers) {
  for (std::string mode : {"rni", "rzi", "rmi", "rpi"}) {
    check("cvt." + mode + ".f32.f32", 32, {32}, [&](auto a, auto, auto) {
      return fromFloat(float(toWhole(mode, asFloat(a))));
    });
    check(
        "cvt." + mode + ".f64.f64", 64, {64},
        [&](auto a, auto, auto) {
          return fromDouble(double(toWhole(mode, asDouble(a))));
        },
        sameDouble);
    check("cvt." + mode + ".f16.f16", 16, {16}, [&](auto a, auto, auto) {
      return f16().round(toWhole(mode, f16().value(a)));
    });
  }
}

// a is the upper half.
TEST(Convert, FloatsToPairs) {
  struct Pair {
    const char *name;
    const SmallFloat &format;
    unsigned bits;
  };
  for (const Pair &t : {Pair{"f16x2", f16(), 16}, Pair{"bf16x2", bf16(), 16}})
    for (bool zero : {false, true})
      for (bool relu : {false, true})
        for (bool satfinite : {false, true}) {
          std::string name =
              std::string(zero ? "cvt.rz" : "cvt.rn") + (relu ? ".relu" : "") +
              (satfinite ? ".satfinite" : "") + "." + t.name + ".f32";
          auto one = [&](uint64_t x) {
            float v = asFloat(x);
            if (relu && v <= 0)
              v = 0;
            return t.format.round(
                v, zero ? SmallFloat::Zero : SmallFloat::Nearest, satfinite);
          };
          check(name, 32, {32, 32},
                [&](auto a, auto b, auto) { return one(a) << 16 | one(b); });
          if (t.bits == 16 && !satfinite) {
            std::string single = name;
            single.replace(single.find("x2"), 2, "");
            check(single, 16, {32}, [&](auto a, auto, auto) { return one(a); });
          }
        }
}

TEST(Convert, Fp8) {
  for (bool e5 : {false, true}) {
    const SmallFloat &format = e5 ? e5m2() : e4m3();
    std::string type = e5 ? "e5m2x2" : "e4m3x2";
    for (bool relu : {false, true}) {
      std::string r = relu ? ".relu" : "";
      auto one = [&](double v) {
        if (relu && v <= 0)
          v = 0;
        return format.round(v, SmallFloat::Nearest, true);
      };
      check("cvt.rn.satfinite" + r + "." + type + ".f32", 16, {32, 32},
            [&](auto a, auto b, auto) {
              return one(asFloat(a)) << 8 | one(asFloat(b));
            });
      check("cvt.rn.satfinite" + r + "." + type + ".f16x2", 16, {32},
            [&](auto a, auto, auto) {
              return one(f16().value(a >> 16)) << 8 |
                     one(f16().value(a & 0xffff));
            });
      check("cvt.rn" + r + ".f16x2." + type, 32, {16}, [&](auto a, auto, auto) {
        auto half = [&](uint64_t x) {
          double v = format.value(x);
          return f16().round(relu && v <= 0 ? 0 : v);
        };
        return half(a >> 8) << 16 | half(a & 0xff);
      });
    }
  }
}

// tf32 keeps 10 bits; .rna: ties away from zero.
TEST(Convert, Tf32) {
  for (std::string mode : {"rna", "rn", "rz"})
    check("cvt." + mode + ".tf32.f32", 32, {32}, [&](auto a, auto, auto) {
      float x = asFloat(a);
      if (std::isnan(x))
        return uint64_t(0x7fffffff);
      uint64_t low = a & ~uint64_t(0x1fff), rest = a & 0x1fff;
      if (std::isinf(x) || mode == "rz")
        return low;
      bool up = mode == "rna"
                    ? rest >= 0x1000
                    : rest > 0x1000 || (rest == 0x1000 && a >> 13 & 1);
      return up ? low + 0x2000 : low;
    });
}

TEST(Convert, Pack) {
  auto clamp = [](uint64_t x, int64_t least, int64_t most) {
    int64_t v = int32_t(x);
    return uint64_t(v < least ? least : v > most ? most : v);
  };
  check("cvt.pack.sat.u16.s32", 32, {32, 32}, [&](auto a, auto b, auto) {
    return clamp(a, 0, 65535) << 16 | clamp(b, 0, 65535);
  });
  check("cvt.pack.sat.s16.s32", 32, {32, 32}, [&](auto a, auto b, auto) {
    return (clamp(a, -32768, 32767) & 0xffff) << 16 |
           (clamp(b, -32768, 32767) & 0xffff);
  });
  check("cvt.pack.sat.u8.s32.b32", 32, {32, 32, 32},
        [&](auto a, auto b, auto c) {
          return c << 16 | clamp(a, 0, 255) << 8 | clamp(b, 0, 255);
        });
  check("cvt.pack.sat.s8.s32.b32", 32, {32, 32, 32},
        [&](auto a, auto b, auto c) {
          return c << 16 | (clamp(a, -128, 127) & 0xff) << 8 |
                 (clamp(b, -128, 127) & 0xff);
        });
}

TEST(Convert, Refused) {
  for (const char *form :
       {"cvt.s32.f32 %r0, %r1;", "cvt.rn.rs.f16.f32 %h0, %r1;",
        "cvt.rna.f16.f32 %h0, %r1;", "cvt.b32.f32 %r0, %r1;",
        "cvt.pack.u16.s32 %r0, %r1, %r2;", "cvt.rn.f16x2.f64 %r0, %d1, %d2;"})
    EXPECT_FALSE(Machine(form).loads()) << form;
}

} // namespace
