//===- FloatTest.cpp - single and double precision --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each form against the formula of PTX ISA 9.7.3. Rounding directions are
// checked with more precise sums and products, approximations within the
// manual's bounds.
//===----------------------------------------------------------------------===//

#include "Lanes.h"

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

float flushed(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}
float saturated(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

enum Mode { RN, RZ, RM, RP };
const char *const modeNames[] = {"rn", "rz", "rm", "rp"};

/// The float next to the exact value high + low (|low| below high's last place)
/// in a direction, by trying neighbours.
float roundFloat(long double high, long double low, Mode mode) {
  float near = float(high);
  if (std::isnan(near) || (std::isinf(near) && std::isinf(high)))
    return near;
  if (high == 0 && low == 0)
    return near;
  // -1, 0, 1: where a float lies from the exact value.
  auto side = [&](float f) {
    long double difference = (long double)f - high;
    if (std::isinf(f))
      return f > 0 ? 1 : -1;
    difference -= low;
    return difference < 0 ? -1 : difference > 0 ? 1 : 0;
  };
  float below = near, above = near;
  while (side(below) > 0)
    below = std::nextafter(below, -INFINITY);
  while (side(above) < 0)
    above = std::nextafter(above, INFINITY);
  if (side(above) > 0)
    while (side(std::nextafter(above, -INFINITY)) >= 0)
      above = std::nextafter(above, -INFINITY);
  if (side(below) < 0)
    while (side(std::nextafter(below, INFINITY)) <= 0)
      below = std::nextafter(below, INFINITY);
  switch (mode) {
  case RM:
    return below;
  case RP:
    return above == 0 && high < 0 ? -0.0f : above;
  case RZ:
    return high < 0 ? (above == 0 ? -0.0f : above) : below;
  case RN:
    break;
  }
  return near;
}

TEST(Float, Arithmetic) {
  for (std::string mode : {"", ".rn"}) {
    check("add" + mode + ".f32", 32, {32, 32}, [](auto a, auto b, auto) {
      return fromFloat(asFloat(a) + asFloat(b));
    });
    check("sub" + mode + ".f32", 32, {32, 32}, [](auto a, auto b, auto) {
      return fromFloat(asFloat(a) - asFloat(b));
    });
    check("mul" + mode + ".f32", 32, {32, 32}, [](auto a, auto b, auto) {
      return fromFloat(asFloat(a) * asFloat(b));
    });
  }
  check("add.ftz.f32", 32, {32, 32}, [](auto a, auto b, auto) {
    return fromFloat(flushed(flushed(asFloat(a)) + flushed(asFloat(b))));
  });
  check("mul.ftz.f32", 32, {32, 32}, [](auto a, auto b, auto) {
    return fromFloat(flushed(flushed(asFloat(a)) * flushed(asFloat(b))));
  });
  check("add.sat.f32", 32, {32, 32}, [](auto a, auto b, auto) {
    return fromFloat(saturated(asFloat(a) + asFloat(b)));
  });
  check("sub.ftz.sat.f32", 32, {32, 32}, [](auto a, auto b, auto) {
    return fromFloat(
        saturated(flushed(flushed(asFloat(a)) - flushed(asFloat(b)))));
  });
  check(
      "add.f64", 64, {64, 64},
      [](auto a, auto b, auto) {
        return fromDouble(asDouble(a) + asDouble(b));
      },
      sameDouble);
  check(
      "sub.rn.f64", 64, {64, 64},
      [](auto a, auto b, auto) {
        return fromDouble(asDouble(a) - asDouble(b));
      },
      sameDouble);
  check(
      "mul.f64", 64, {64, 64},
      [](auto a, auto b, auto) {
        return fromDouble(asDouble(a) * asDouble(b));
      },
      sameDouble);
}

TEST(Float, Fma) {
  for (const char *name : {"fma.rn", "mad.rn"}) {
    check(std::string(name) + ".f32", 32, {32, 32, 32},
          [](auto a, auto b, auto c) {
            return fromFloat(std::fma(asFloat(a), asFloat(b), asFloat(c)));
          });
    check(
        std::string(name) + ".f64", 64, {64, 64, 64},
        [](auto a, auto b, auto c) {
          return fromDouble(std::fma(asDouble(a), asDouble(b), asDouble(c)));
        },
        sameDouble);
  }
  check("fma.rn.ftz.f32", 32, {32, 32, 32}, [](auto a, auto b, auto c) {
    return fromFloat(flushed(std::fma(flushed(asFloat(a)), flushed(asFloat(b)),
                                      flushed(asFloat(c)))));
  });
  check("fma.rn.ftz.sat.f32", 32, {32, 32, 32}, [](auto a, auto b, auto c) {
    return fromFloat(saturated(flushed(std::fma(
        flushed(asFloat(a)), flushed(asFloat(b)), flushed(asFloat(c))))));
  });
}

// f32 products are exact in long double; sums where exponents are near are.
TEST(Float, Directions) {
  auto zero = [](Mode mode, float a, float b) {
    // A sum of opposites is +0, toward -infinity -0.
    return a == 0 && b == 0 && std::signbit(a) == std::signbit(b) ? a
           : mode == RM                                           ? -0.0f
                                                                  : 0.0f;
  };
  for (Mode mode : {RZ, RM, RP}) {
    std::string name = modeNames[mode];
    check("mul." + name + ".f32", 32, {32, 32}, [=](auto a, auto b, auto) {
      return fromFloat(
          roundFloat((long double)asFloat(a) * asFloat(b), 0, mode));
    });
    auto sum = [=](float x, float y) {
      double s = double(x) + double(y), t = s - x;
      double error = (x - (s - t)) + (y - t);
      if (s == 0 && x != -y)
        return float(s);
      return s == 0 ? zero(mode, x, y)
                    : roundFloat(s, std::isfinite(s) ? error : 0, mode);
    };
    check("add." + name + ".f32", 32, {32, 32}, [=](auto a, auto b, auto) {
      return fromFloat(sum(asFloat(a), asFloat(b)));
    });
    check("sub." + name + ".f32", 32, {32, 32}, [=](auto a, auto b, auto) {
      return fromFloat(sum(asFloat(a), -asFloat(b)));
    });
    check(
        "fma." + name + ".f32", 32, {32, 32, 32}, [=](auto a, auto b, auto c) {
          long double p = (long double)asFloat(a) * asFloat(b), z = asFloat(c),
                      s = p + z, t = s - p;
          long double error = (p - (s - t)) + (z - t);
          if (s == 0 && p == -z)
            return fromFloat(zero(
                mode,
                p > 0   ? 1.0f
                : p < 0 ? -1.0f
                        : std::copysign(0.0f, float(std::signbit(p) ? -1 : 1)),
                asFloat(c)));
          return fromFloat(roundFloat(s, std::isfinite(s) ? error : 0, mode));
        });
    check("rcp." + name + ".f32", 32, {32}, [=](auto a, auto, auto) {
      long double x = asFloat(a), q = 1 / x;
      // The sign of the quotient's error is that of 1 - q x over x.
      long double rest = std::isfinite(q) && x != 0 ? std::fma(-q, x, 1.0L) : 0;
      return fromFloat(roundFloat(q, std::isfinite(rest) ? rest / x : 0, mode));
    });
    check("sqrt." + name + ".f32", 32, {32}, [=](auto a, auto, auto) {
      long double x = asFloat(a), r = std::sqrt(x);
      long double rest = r > 0 && std::isfinite(r) ? -std::fma(r, r, -x) : 0;
      return fromFloat(roundFloat(r, rest != 0 ? rest / (2 * r) : 0, mode));
    });
    check("div." + name + ".f32", 32, {32, 32}, [=](auto a, auto b, auto) {
      long double x = asFloat(a), y = asFloat(b), q = x / y;
      long double rest = std::isfinite(q) && std::isfinite(y) && y != 0
                             ? std::fma(-q, y, x)
                             : 0;
      return fromFloat(roundFloat(q, rest != 0 ? rest / y : 0, mode));
    });
    // f64: the result brackets the exact sum by one place.
    check(
        "add." + name + ".f64", 64, {64, 64},
        [=](auto a, auto b, auto) {
          double x = asDouble(a), y = asDouble(b), s = x + y, t = s - x;
          double error = (x - (s - t)) + (y - t);
          if (s == 0 && x == -y)
            return fromDouble(x == 0 && std::signbit(x) == std::signbit(y) ? x
                              : mode == RM ? -0.0
                                           : 0.0);
          if (std::isinf(s) && std::isfinite(x) && std::isfinite(y)) {
            bool stays = mode == (s > 0 ? RP : RM);
            return fromDouble(stays ? s : std::nextafter(s, 0.0));
          }
          if (!std::isfinite(s) || error == 0)
            return fromDouble(s);
          bool down = mode == RM || (mode == RZ && s > 0);
          if (down && error < 0)
            s = std::nextafter(s, -INFINITY);
          if (!down && error > 0)
            s = std::nextafter(s, INFINITY);
          return fromDouble(s);
        },
        sameDouble);
  }
}

TEST(Float, Division) {
  auto quotient = [](uint64_t a, uint64_t b, uint64_t) {
    return fromFloat(asFloat(a) / asFloat(b));
  };
  check("div.rn.f32", 32, {32, 32}, quotient);
  check("div.full.f32", 32, {32, 32}, quotient, withinUlps(2));
  check(
      "div.full.ftz.f32", 32, {32, 32},
      [](auto a, auto b, auto) {
        return fromFloat(flushed(flushed(asFloat(a)) / flushed(asFloat(b))));
      },
      withinUlps(2));
  // Divisors beyond 2^126: infinity by them is NaN, all else 0.
  check(
      "div.approx.f32", 32, {32, 32},
      [](auto a, auto b, auto) {
        float x = asFloat(a), y = asFloat(b);
        if (std::isfinite(y) && std::fabs(y) > 0x1p126f)
          return fromFloat(
              std::isfinite(x)
                  ? std::copysign(
                        0.0f,
                        float(std::signbit(x) == std::signbit(y) ? 1 : -1))
                  : NAN);
        return fromFloat(x / y);
      },
      withinUlps(2));
  check(
      "div.rn.f64", 64, {64, 64},
      [](auto a, auto b, auto) {
        return fromDouble(asDouble(a) / asDouble(b));
      },
      sameDouble);
  check("rcp.rn.f32", 32, {32},
        [](auto a, auto, auto) { return fromFloat(1 / asFloat(a)); });
  check(
      "rcp.rn.f64", 64, {64},
      [](auto a, auto, auto) { return fromDouble(1 / asDouble(a)); },
      sameDouble);
  check("sqrt.rn.f32", 32, {32},
        [](auto a, auto, auto) { return fromFloat(std::sqrt(asFloat(a))); });
  check(
      "sqrt.rn.f64", 64, {64},
      [](auto a, auto, auto) { return fromDouble(std::sqrt(asDouble(a))); },
      sameDouble);
}

// Bounds in units of the last place unless the manual gives absolute ones.
TEST(Float, Approximations) {
  auto one = [](double (*f)(double), bool ftz) {
    return [=](uint64_t a, uint64_t, uint64_t) {
      float x = ftz ? flushed(asFloat(a)) : asFloat(a);
      float r = float(f(x));
      return fromFloat(ftz ? flushed(r) : r);
    };
  };
  auto rcp = +[](double x) { return 1 / x; };
  auto root = +[](double x) { return std::sqrt(x); };
  auto rsqrt = +[](double x) { return 1 / std::sqrt(x); };
  auto exp2 = +[](double x) { return std::exp2(x); };
  auto log2 = +[](double x) { return std::log2(x); };
  auto tanh = +[](double x) { return std::tanh(x); };
  for (bool ftz : {false, true}) {
    std::string f = ftz ? ".approx.ftz.f32" : ".approx.f32";
    check("rcp" + f, 32, {32}, one(rcp, ftz), withinUlps(1));
    check("sqrt" + f, 32, {32}, one(root, ftz), withinUlps(1));
    check("rsqrt" + f, 32, {32}, one(rsqrt, ftz), withinUlps(1));
    check("ex2" + f, 32, {32}, one(exp2, ftz), [&](auto a, auto b) {
      // With .ftz what rounds to the least normal number may be flushed.
      return withinUlps(2)(a, b) ||
             (ftz && std::max(a, b) == 0x00800000 && std::min(a, b) == 0);
    });
    check("lg2" + f, 32, {32}, one(log2, ftz), withinUlps(1));
  }
  check("tanh.approx.f32", 32, {32}, one(tanh, false), withinUlps(1));
  auto near = [](uint64_t a, uint64_t b) {
    return a == b || std::fabs(asFloat(a) - asFloat(b)) <= 0x1p-20;
  };
  check("sin.approx.f32", 32, {32},
        one(+[](double x) { return std::sin(x); }, false), near);
  check("cos.approx.ftz.f32", 32, {32},
        one(+[](double x) { return std::cos(x); }, true), near);
  // Special values are exact.
  Machine m("ex2.approx.f32 %r0, %r1; ex2.approx.ftz.f32 %r2, %r1;");
  ASSERT_TRUE(m.loads());
  Lanes a = {};
  const float inputs[] = {0.0f,     -0.0f,  1.0f,   -1.0f,   10.0f,   -INFINITY,
                          INFINITY, 127.0f, 128.0f, -126.0f, -149.0f, -1000.0f};
  for (int i = 0; i < 12; ++i)
    a[i] = bits<uint32_t>(inputs[i]);
  m.set("%r1", a);
  m.run();
  const float results[] = {1.0f,     1.0f,      2.0f,      0.5f,
                           1024.0f,  0.0f,      INFINITY,  0x1p127f,
                           INFINITY, 0x1p-126f, 0x1p-149f, 0.0f};
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(m.get("%r0")[i], bits<uint32_t>(results[i])) << inputs[i];
    EXPECT_EQ(m.get("%r2")[i], bits<uint32_t>(flushed(results[i])));
  }
}

// The largest error of ex2 over all arguments that matter.
TEST(Float, Exp2IsWithinTwoUlps) {
  Machine m("ex2.approx.f32 %r0, %r1;");
  ASSERT_TRUE(m.loads());
  double worst = 0;
  for (int step = 0; step < 60000; step += 32) {
    Lanes a;
    for (int l = 0; l < 32; ++l)
      a[l] = bits<uint32_t>(-30.0f + float(step + l) * 0.001f);
    m.set("%r1", a);
    m.run();
    for (int l = 0; l < 32; ++l) {
      double exact = std::exp2(double(asFloat(a[l])));
      float got = asFloat(m.get("%r0")[l]);
      double ulp = std::ldexp(1.0, std::ilogb(exact) - 23);
      worst = std::max(worst, std::fabs(got - exact) / ulp);
    }
  }
  EXPECT_LE(worst, 2.0);
  EXPECT_GT(worst, 0.4);
}

TEST(Float, CoarseDoubles) {
  for (bool root : {false, true})
    check(
        root ? "rsqrt.approx.ftz.f64" : "rcp.approx.ftz.f64", 64, {64},
        [=](auto a, auto, auto) {
          double x = asDouble(a);
          if (std::fpclassify(x) == FP_SUBNORMAL)
            x = std::copysign(0.0, x);
          double r = root ? 1 / std::sqrt(x) : 1 / x;
          if (std::fpclassify(r) == FP_SUBNORMAL)
            r = std::copysign(0.0, r);
          return fromDouble(r);
        },
        [](auto a, auto b) {
          double x = asDouble(a), y = asDouble(b);
          return (sameDouble(a, b) ||
                  std::fabs(x - y) <= std::fabs(y) * 0x1p-20) &&
                 (a & 0xffffffff) == 0;
        });
  check(
      "rsqrt.approx.f64", 64, {64},
      [](auto a, auto, auto) { return fromDouble(1 / std::sqrt(asDouble(a))); },
      sameDouble);
}

TEST(Float, MinMax) {
  // The number when one is NaN; -0 is less than +0.
  auto extremum = [](bool maximum, bool nan, float a, float b) {
    if (std::isnan(a) || std::isnan(b)) {
      if (nan || (std::isnan(a) && std::isnan(b)))
        return NAN;
      return std::isnan(a) ? b : a;
    }
    if (a == b)
      return std::signbit(a) == maximum ? b : a;
    return (a > b) == maximum ? a : b;
  };
  for (bool maximum : {false, true})
    for (bool ftz : {false, true})
      for (bool nan : {false, true})
        for (bool sign : {false, true})
          check(std::string(maximum ? "max" : "min") + (ftz ? ".ftz" : "") +
                    (nan ? ".NaN" : "") + (sign ? ".xorsign.abs" : "") + ".f32",
                32, {32, 32}, [=](auto a, auto b, auto) {
                  float x = asFloat(a), y = asFloat(b);
                  if (ftz) {
                    x = flushed(x);
                    y = flushed(y);
                  }
                  if (!sign)
                    return fromFloat(extremum(maximum, nan, x, y));
                  float r = extremum(maximum, nan, std::fabs(x), std::fabs(y));
                  bool minus = std::signbit(x) != std::signbit(y);
                  return fromFloat(minus ? -r : r);
                });
  check(
      "max.f64", 64, {64, 64},
      [](auto a, auto b, auto) {
        double x = asDouble(a), y = asDouble(b);
        if (x == y)
          return std::signbit(x) ? b : a;
        return fromDouble(std::fmax(x, y));
      },
      sameDouble);
  check(
      "min.f64", 64, {64, 64},
      [](auto a, auto b, auto) {
        double x = asDouble(a), y = asDouble(b);
        if (x == y)
          return std::signbit(x) ? a : b;
        return fromDouble(std::fmin(x, y));
      },
      sameDouble);
}

TEST(Float, SignsAndClasses) {
  check("abs.f32", 32, {32}, [](auto a, auto, auto) { return a & 0x7fffffff; });
  check("neg.f32", 32, {32}, [](auto a, auto, auto) { return a ^ 0x80000000; });
  check("neg.ftz.f32", 32, {32}, [](auto a, auto, auto) {
    return bits<uint32_t>(flushed(asFloat(a))) ^ 0x80000000;
  });
  check("abs.ftz.f32", 32, {32}, [](auto a, auto, auto) {
    return bits<uint32_t>(flushed(asFloat(a))) & 0x7fffffff;
  });
  check("abs.f64", 64, {64},
        [](auto a, auto, auto) { return a & ~(uint64_t(1) << 63); });
  check("neg.f64", 64, {64},
        [](auto a, auto, auto) { return a ^ uint64_t(1) << 63; });
  // The sign of a, the magnitude of b.
  check("copysign.f32", 32, {32, 32}, [](auto a, auto b, auto) {
    return (a & 0x80000000) | (b & 0x7fffffff);
  });
  check("copysign.f64", 64, {64, 64}, [](auto a, auto b, auto) {
    uint64_t sign = uint64_t(1) << 63;
    return (a & sign) | (b & ~sign);
  });
  auto is = [](const std::string &name, int c) {
    return name == "finite"      ? c != FP_INFINITE && c != FP_NAN
           : name == "infinite"  ? c == FP_INFINITE
           : name == "number"    ? c != FP_NAN
           : name == "normal"    ? c == FP_NORMAL
           : name == "subnormal" ? c == FP_SUBNORMAL
                                 : c == FP_NAN;
  };
  for (std::string name :
       {"finite", "infinite", "number", "notanumber", "normal", "subnormal"}) {
    check("testp." + name + ".f32", 1, {32}, [&](auto a, auto, auto) {
      return uint64_t(is(name, std::fpclassify(asFloat(a))));
    });
    check("testp." + name + ".f64", 1, {64}, [&](auto a, auto, auto) {
      return uint64_t(is(name, std::fpclassify(asDouble(a))));
    });
  }
}

TEST(Float, Refused) {
  for (const char *form :
       {"add.relu.f32 %r0, %r1, %r2;", "add.sat.f64 %d0, %d1, %d2;",
        "mul.ftz.f64 %d0, %d1, %d2;", "max.xorsign.f32 %r0, %r1, %r2;",
        "ex2.approx.f64 %d0, %d1;", "sqrt.approx.f64 %d0, %d1;",
        "add.f32.f16 %r0, %h1, %r2;", "max.sat.f32 %r0, %r1, %r2;"})
    EXPECT_FALSE(Machine(form).loads()) << form;
}

} // namespace
