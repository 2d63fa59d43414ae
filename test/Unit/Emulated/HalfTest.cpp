//===- HalfTest.cpp - f16 and bf16 arithmetic -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each form against the exact result rounded once, found in the table of all
// numbers of the format.
//===----------------------------------------------------------------------===//

#include "Lanes.h"

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

struct HalfType {
  const char *name;
  const SmallFloat &format;
  uint64_t exponent;
};
const HalfType halves[] = {{"f16", f16(), 0x7c00}, {"bf16", bf16(), 0x7f80}};

/// Exact a b + c as a sum of two: long double holds products of halves, and
/// the rest of a sum by Knuth.
struct Exact {
  long double high, low;
};
Exact fused(long double a, long double b, long double c) {
  long double p = a * b, s = p + c, t = s - p;
  long double low = (p - (s - t)) + (c - t);
  return {s, std::isfinite(s) ? low : 0};
}
/// Rounds high + low: nudges ties that `low` breaks.
uint64_t roundExact(const SmallFloat &format, Exact x) {
  if (x.low != 0) {
    long double away = std::nextafter(x.high, x.low > 0 ? INFINITY : -INFINITY);
    return format.round(away);
  }
  return format.round(x.high);
}

using Apply = std::function<uint64_t(uint64_t, uint64_t, uint64_t)>;

/// One half and both of a pair.
void checkBoth(const std::string &opcode, const HalfType &t, unsigned sources,
               const Apply &apply) {
  check(opcode + "." + t.name, 16, std::vector<unsigned>(sources, 16), apply);
  check(opcode + "." + t.name + "x2", 32, std::vector<unsigned>(sources, 32),
        [&](auto a, auto b, auto c) {
          uint64_t low = apply(a & 0xffff, b & 0xffff, c & 0xffff) & 0xffff;
          uint64_t high = apply(a >> 16, b >> 16, c >> 16) & 0xffff;
          return high << 16 | low;
        });
}

uint64_t flushed(const HalfType &t, uint64_t x) {
  return x & t.exponent ? x : x & 0x8000;
}
uint64_t saturated(const HalfType &t, uint64_t x) {
  double value = t.format.value(x);
  return value > 0 ? t.format.round(std::fmin(value, 1)) : 0;
}

TEST(Half, Arithmetic) {
  for (const HalfType &t : halves) {
    auto value = [&](uint64_t x) { return t.format.value(x); };
    auto add = [&](auto a, auto b, auto) {
      return roundExact(t.format, fused(value(a), 1, value(b)));
    };
    auto sub = [&](auto a, auto b, auto) {
      return roundExact(t.format, fused(value(a), 1, -value(b)));
    };
    auto mul = [&](auto a, auto b, auto) {
      return t.format.round((long double)value(a) * value(b));
    };
    auto fma = [&](auto a, auto b, auto c) {
      return roundExact(t.format, fused(value(a), value(b), value(c)));
    };
    checkBoth("add", t, 2, add);
    checkBoth("sub.rn", t, 2, sub);
    checkBoth("mul", t, 2, mul);
    checkBoth("fma.rn", t, 3, fma);
    checkBoth("fma.rn.relu", t, 3, [&](auto a, auto b, auto c) {
      uint64_t r = fma(a, b, c);
      return value(r) <= 0 ? 0 : r;
    });
    if (t.exponent != 0x7c00)
      continue;
    auto f = [&](uint64_t x) { return flushed(t, x); };
    checkBoth("add.ftz", t, 2,
              [&](auto a, auto b, auto c) { return f(add(f(a), f(b), c)); });
    checkBoth("mul.ftz", t, 2,
              [&](auto a, auto b, auto c) { return f(mul(f(a), f(b), c)); });
    checkBoth("add.sat", t, 2, [&](auto a, auto b, auto c) {
      return saturated(t, add(a, b, c));
    });
    checkBoth("fma.rn.sat", t, 3, [&](auto a, auto b, auto c) {
      return saturated(t, fma(a, b, c));
    });
    checkBoth("fma.rn.ftz", t, 3,
              [&](auto a, auto b, auto c) { return f(fma(f(a), f(b), f(c))); });
    checkBoth("fma.rn.ftz.relu", t, 3, [&](auto a, auto b, auto c) {
      uint64_t r = f(fma(f(a), f(b), f(c)));
      return value(r) <= 0 ? 0 : r;
    });
  }
}

TEST(Half, MinMax) {
  for (const HalfType &t : halves)
    for (bool maximum : {false, true})
      for (bool nan : {false, true})
        for (bool sign : {false, true})
          checkBoth(std::string(maximum ? "max" : "min") + (nan ? ".NaN" : "") +
                        (sign ? ".xorsign.abs" : ""),
                    t, 2, [&](auto a, auto b, auto) {
                      uint64_t minus = sign ? (a ^ b) & 0x8000 : 0;
                      uint64_t x = sign ? a & 0x7fff : a,
                               y = sign ? b & 0x7fff : b;
                      double p = t.format.value(x), q = t.format.value(y);
                      uint64_t r;
                      if (std::isnan(p) || std::isnan(q))
                        r = nan || (std::isnan(p) && std::isnan(q)) ? 0x7fff
                            : std::isnan(p)                         ? y
                                                                    : x;
                      else if (p == q)
                        r = bool(x >> 15) == maximum ? y : x;
                      else
                        r = (p > q) == maximum ? x : y;
                      return r == 0x7fff ? r : r | minus;
                    });
}

TEST(Half, Signs) {
  for (const HalfType &t : halves) {
    checkBoth("neg", t, 1, [](auto a, auto, auto) { return a ^ 0x8000; });
    checkBoth("abs", t, 1, [](auto a, auto, auto) { return a & 0x7fff; });
  }
  checkBoth("neg.ftz", halves[0], 1,
            [](auto a, auto, auto) { return flushed(halves[0], a) ^ 0x8000; });
}

// Within one unit of the last place: below the manual's 2^-9.9 and 2^-7.
TEST(Half, Approximations) {
  auto near = [](unsigned width) {
    return [=](uint64_t a, uint64_t b) {
      for (unsigned i = 0; i < width; i += 16) {
        uint64_t x = a >> i & 0xffff, y = b >> i & 0xffff;
        if ((x > y ? x - y : y - x) > 1)
          return false;
      }
      return true;
    };
  };
  for (unsigned width : {16u, 32u}) {
    std::string pair = width == 32 ? "x2" : "";
    for (const HalfType &t : halves) {
      bool brain = t.exponent == 0x7f80;
      auto on = [&](double (*f)(double), bool ftz) {
        return [=, &t](uint64_t a, uint64_t, uint64_t) {
          uint64_t r = 0;
          for (unsigned i = 0; i < width; i += 16) {
            uint64_t x = a >> i & 0xffff;
            uint64_t y =
                t.format.round(f(t.format.value(ftz ? flushed(t, x) : x)));
            r |= (ftz ? flushed(t, y) : y) << i;
          }
          return r;
        };
      };
      check((brain ? "ex2.approx.ftz." : "ex2.approx.") + (t.name + pair),
            width, {width},
            on(+[](double x) { return std::exp2(x); }, brain), near(width));
      check("tanh.approx." + (t.name + pair), width, {width},
            on(+[](double x) { return std::tanh(x); }, false), near(width));
    }
  }
}

} // namespace
