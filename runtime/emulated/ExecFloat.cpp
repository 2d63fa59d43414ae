//===- ExecFloat.cpp - single and double precision --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Approximate instructions (.approx, .full) give the correctly rounded result
// or one within an ulp of it: inside the manual's bounds, never bit for bit
// what a GPU gives. Half precision: ExecHalf.cpp.
//===----------------------------------------------------------------------===//

#include "ExecFloat.h"

using namespace hydragen::emulated;

namespace {

struct Add {
  template <typename T>
  static EMULATED_INLINE T apply(T a, T b) {
    return a + b;
  }
};
struct Sub {
  template <typename T>
  static EMULATED_INLINE T apply(T a, T b) {
    return a - b;
  }
};
struct Mul {
  template <typename T>
  static EMULATED_INLINE T apply(T a, T b) {
    return a * b;
  }
};
struct Div {
  template <typename T>
  static EMULATED_INLINE T apply(T a, T b) {
    return a / b;
  }
};
/// Beyond 2^126 the divisor's reciprocal is flushed (PTX ISA 9.7.3.8).
struct DivApprox {
  static EMULATED_INLINE float apply(float a, float b) {
    float magnitude = __builtin_fabsf(b);
    bool large = magnitude > 0x1p126f && magnitude < INFINITY;
    float zero = __builtin_copysignf(0.0f, b);
    return large ? a * zero : a / b;
  }
};
struct Fma {
  static EMULATED_INLINE float apply(float a, float b, float c) {
    return __builtin_fmaf(a, b, c);
  }
  static EMULATED_INLINE double apply(double a, double b, double c) {
    return __builtin_fma(a, b, c);
  }
};
struct Rcp {
  template <typename T>
  static EMULATED_INLINE T apply(T a) {
    return T(1) / a;
  }
};
struct Sqrt {
  static EMULATED_INLINE float apply(float a) { return __builtin_sqrtf(a); }
  static EMULATED_INLINE double apply(double a) { return __builtin_sqrt(a); }
};
struct Rsqrt {
  static EMULATED_INLINE float apply(float a) {
    return float(1.0 / __builtin_sqrt(double(a)));
  }
  static EMULATED_INLINE double apply(double a) {
    return 1.0 / __builtin_sqrt(a);
  }
};
struct Sin {
  static float apply(float a) { return float(std::sin(double(a))); }
};
struct Cos {
  static float apply(float a) { return float(std::cos(double(a))); }
};
struct Lg2 {
  static float apply(float a) { return float(std::log2(double(a))); }
};
struct Tanh {
  static float apply(float a) { return float(std::tanh(double(a))); }
};
struct Ex2 {
  static EMULATED_INLINE float apply(float a) { return exp2Approx(a); }
};
struct Abs {
  template <typename T>
  static EMULATED_INLINE T apply(T a) {
    return clearSign(a);
  }
};
struct Neg {
  template <typename T>
  static EMULATED_INLINE T apply(T a) {
    return flipSign(a);
  }
};
/// The magnitude of b with the sign of a.
struct CopySign {
  static EMULATED_INLINE uint32_t apply(uint32_t a, uint32_t b) {
    return (b & 0x7fffffff) | (a & 0x80000000);
  }
  static EMULATED_INLINE uint64_t apply(uint64_t a, uint64_t b) {
    constexpr uint64_t sign = uint64_t(1) << 63;
    return (b & ~sign) | (a & sign);
  }
};
/// rcp.approx.ftz.f64, rsqrt.approx.ftz.f64: the low word of the result is 0.
template <typename F>
struct Coarse {
  static EMULATED_INLINE double apply(double a) {
    double exact = flush(F::apply(flush(a)));
    return bitCast<double>(bitCast<uint64_t>(exact) & ~uint64_t(0xffffffff));
  }
};

/// F with .ftz and .sat.
template <typename F, bool ftz, bool sat>
struct Modified {
  template <typename... T>
  static EMULATED_INLINE auto apply(T... x) {
    auto r = F::apply((ftz ? flush(x) : x)...);
    r = ftz ? flush(r) : r;
    r = sat ? saturate(r) : r;
    return canonical(r);
  }
};
/// F of bits only: no canonical NaN.
template <typename F, bool ftz>
struct SignOnly {
  template <typename T>
  static EMULATED_INLINE T apply(T x) {
    return F::apply(ftz ? flush(x) : x);
  }
};

/// F under the rounding direction op.flags & 7; bit 3: .ftz, bit 4: .sat.
template <typename T, unsigned arity, typename F>
void directed(Warp &w, const Op &op, uint32_t mask) {
  RoundingScope scope(Rounding(op.flags & 7));
  bool ftz = op.flags & 8, sat = op.flags & 16;
  auto load = [&](uint32_t slot, int l) {
    T x = fromWord<T>(lanes<T>(w, slot)[l]);
    return RoundingScope::value(ftz ? flush(x) : x);
  };
  Word<T> *d = lanes<T>(w, op.d);
  for (int l = 0; l < 32; ++l) {
    if (!(mask >> l & 1))
      continue;
    T r;
    if constexpr (arity == 1)
      r = F::apply(load(op.a, l));
    else if constexpr (arity == 2)
      r = F::apply(load(op.a, l), load(op.b, l));
    else
      r = F::apply(load(op.a, l), load(op.b, l), load(op.c, l));
    r = RoundingScope::value(r);
    r = ftz ? flush(r) : r;
    r = sat ? saturate(r) : r;
    d[l] = toWord<T>(canonical(r));
  }
}

enum class Class { Finite, Infinite, Number, NotANumber, Normal, Subnormal };
template <typename T, Class which>
struct Testp {
  static EMULATED_INLINE bool test(T x) {
    T a = clearSign(x);
    T least = sizeof(T) == 4 ? T(0x1p-126) : T(0x1p-1022);
    switch (which) {
    case Class::Finite:
      return a < T(INFINITY);
    case Class::Infinite:
      return a == T(INFINITY);
    case Class::Number:
      return x == x;
    case Class::NotANumber:
      return x != x;
    case Class::Normal:
      return a >= least && a < T(INFINITY);
    case Class::Subnormal:
      return a < least && a > 0;
    }
    return false;
  }
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const Word<T> *a = lanes<T>(w, op.a);
    uint32_t bits = 0;
    for (int l = 0; l < 32; ++l)
      bits |= test(fromWord<T>(a[l])) ? 1u << l : 0;
    writePredicate(w, op.d, mask, bits);
  }
};
template <typename T>
Handler pickTestp(Decoder &d) {
  return d.has("finite")       ? compiled<Testp<T, Class::Finite>>
         : d.has("infinite")   ? compiled<Testp<T, Class::Infinite>>
         : d.has("number")     ? compiled<Testp<T, Class::Number>>
         : d.has("notanumber") ? compiled<Testp<T, Class::NotANumber>>
         : d.has("normal")     ? compiled<Testp<T, Class::Normal>>
         : d.has("subnormal")  ? compiled<Testp<T, Class::Subnormal>>
                               : nullptr;
}

template <typename T, unsigned arity, typename F>
constexpr Variants pickArity() {
  if constexpr (arity == 1)
    return unary<T, T, F>;
  else if constexpr (arity == 2)
    return binary<T, T, T, F>;
  else
    return ternary<T, T, T, T, F>;
}

template <typename T, unsigned arity, typename F>
Handler pickModified(bool ftz, bool sat) {
  if constexpr (sizeof(T) == 8)
    return ftz || sat ? nullptr
                      : pickArity<T, arity, Modified<F, false, false>>();
  else
    return ftz   ? (sat ? pickArity<T, arity, Modified<F, true, true>>()
                        : pickArity<T, arity, Modified<F, true, false>>())
           : sat ? pickArity<T, arity, Modified<F, false, true>>()
                 : pickArity<T, arity, Modified<F, false, false>>();
}

/// An instruction of f32 or f64 that rounds: .rn (also unstated), .rz, ...
template <unsigned arity, typename F>
Handler pickRounded(Decoder &d, Type t) {
  bool ftz = d.has("ftz"), sat = d.has("sat");
  if (t.bits == 64 && (ftz || sat))
    return nullptr;
  Rounding mode = getRounding(d);
  if (mode == Rounding::RN)
    return t.bits == 32 ? pickModified<float, arity, F>(ftz, sat)
                        : pickModified<double, arity, F>(ftz, sat);
  d.op.flags = uint8_t(mode) | ftz << 3 | sat << 4;
  return t.bits == 32 ? directed<float, arity, F> : directed<double, arity, F>;
}

template <bool maximum, bool nan, bool xorsign, bool ftz>
struct Extremum {
  template <typename T>
  static EMULATED_INLINE T apply(T a, T b) {
    return canonical(extremum<maximum, nan, xorsign>(ftz ? flush(a) : a,
                                                     ftz ? flush(b) : b));
  }
};
template <bool maximum>
Handler pickExtremum(Decoder &d, Type t) {
  bool nan = d.has("NaN"), sign = d.has("xorsign"), ftz = d.has("ftz");
  if (sign != d.has("abs"))
    return nullptr;
  if (t.bits == 64)
    return nan || sign || ftz ? nullptr
                              : binary<double, double, double,
                                       Extremum<maximum, false, false, false>>;
  static const Handler handlers[] = {
      binary<float, float, float, Extremum<maximum, false, false, false>>,
      binary<float, float, float, Extremum<maximum, false, false, true>>,
      binary<float, float, float, Extremum<maximum, false, true, false>>,
      binary<float, float, float, Extremum<maximum, false, true, true>>,
      binary<float, float, float, Extremum<maximum, true, false, false>>,
      binary<float, float, float, Extremum<maximum, true, false, true>>,
      binary<float, float, float, Extremum<maximum, true, true, false>>,
      binary<float, float, float, Extremum<maximum, true, true, true>>};
  return handlers[nan * 4 + sign * 2 + ftz];
}

template <typename F>
Handler pickSign(Decoder &d, Type t) {
  bool ftz = d.has("ftz");
  if (t.bits == 64)
    return ftz ? nullptr : unary<double, double, SignOnly<F, false>>;
  return ftz ? unary<float, float, SignOnly<F, true>>
             : unary<float, float, SignOnly<F, false>>;
}

/// .approx.f32 only.
template <typename F>
Handler pickApprox(Decoder &d, Type t) {
  return t.bits == 32 && d.has("approx")
             ? pickModified<float, 1, F>(d.has("ftz"), false)
             : nullptr;
}

} // namespace

Rounding hydragen::emulated::getRounding(const Decoder &d) {
  return d.has("rz")   ? Rounding::RZ
         : d.has("rm") ? Rounding::RM
         : d.has("rp") ? Rounding::RP
                       : Rounding::RN;
}

static Handler pickUnary(Decoder &d, const std::string &name, Type t) {
  bool single = t.bits == 32, approx = d.has("approx"), ftz = d.has("ftz");
  if (name == "abs")
    return pickSign<Abs>(d, t);
  if (name == "neg")
    return pickSign<Neg>(d, t);
  if (name == "rcp" || name == "rsqrt") {
    bool root = name == "rsqrt";
    if (!approx)
      return root ? nullptr : pickRounded<1, Rcp>(d, t);
    if (single)
      return root ? pickApprox<Rsqrt>(d, t) : pickApprox<Rcp>(d, t);
    if (ftz)
      return root ? unary<double, double, Coarse<Rsqrt>>
                  : unary<double, double, Coarse<Rcp>>;
    return root ? pickModified<double, 1, Rsqrt>(false, false) : nullptr;
  }
  if (name == "sqrt")
    return approx ? pickApprox<Sqrt>(d, t) : pickRounded<1, Sqrt>(d, t);
  return name == "sin"    ? pickApprox<Sin>(d, t)
         : name == "cos"  ? pickApprox<Cos>(d, t)
         : name == "lg2"  ? pickApprox<Lg2>(d, t)
         : name == "ex2"  ? pickApprox<Ex2>(d, t)
         : name == "tanh" ? pickApprox<Tanh>(d, t)
                          : nullptr;
}

/// The modifiers of an opcode besides types.
static bool checkModifiers(const Decoder &d, const std::string &name) {
  if (name == "add" || name == "sub" || name == "mul")
    return d.hasOnly({"rn", "rz", "rm", "rp", "ftz", "sat"});
  if (name == "fma" || name == "mad")
    return d.hasOnly({"rn", "rz", "rm", "rp", "ftz", "sat", "relu"});
  if (name == "div" || name == "rcp" || name == "sqrt")
    return d.hasOnly({"rn", "rz", "rm", "rp", "ftz", "approx", "full"});
  if (name == "min" || name == "max")
    return d.hasOnly({"ftz", "NaN", "xorsign", "abs"});
  if (name == "abs" || name == "neg")
    return d.hasOnly({"ftz"});
  if (name == "testp")
    return d.hasOnly(
        {"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  if (name == "copysign")
    return d.hasOnly({});
  return d.hasOnly({"approx", "ftz"});
}

bool hydragen::emulated::selectFloat(Decoder &d) {
  Op &op = d.op;
  const std::string &name = d.instruction->opcode;
  Type t = d.type();
  if (!checkModifiers(d, name))
    return false;
  // One type only (sums of mixed types are of later targets).
  if (d.type(1))
    return false;
  if (t.bits == 16)
    return selectHalf(d);
  if (t.kind != TypeKind::F || t.lanes != 1)
    return false;
  if (d.has("relu"))
    return false;
  if (name == "fma" || name == "mad") {
    op.run = pickRounded<3, Fma>(d, t);
    return op.run && useAll(d, t, {t, t, t});
  }
  if (name == "testp") {
    op.run = t.bits == 32 ? pickTestp<float>(d) : pickTestp<double>(d);
    return op.run && useAll(d, typePred, {t});
  }
  if (name == "copysign") {
    op.run = t.bits == 32 ? binary<uint32_t, uint32_t, uint32_t, CopySign>
                          : binary<uint64_t, uint64_t, uint64_t, CopySign>;
    return useAll(d, t, {t, t});
  }
  if (name == "add")
    op.run = pickRounded<2, Add>(d, t);
  else if (name == "sub")
    op.run = pickRounded<2, Sub>(d, t);
  else if (name == "mul")
    op.run = pickRounded<2, Mul>(d, t);
  else if (name == "min")
    op.run = pickExtremum<false>(d, t);
  else if (name == "max")
    op.run = pickExtremum<true>(d, t);
  else if (name == "div") {
    bool approx = d.has("approx");
    if (approx || d.has("full")) {
      if (t.bits != 32)
        return false;
      op.run = approx ? pickModified<float, 2, DivApprox>(d.has("ftz"), false)
                      : pickModified<float, 2, Div>(d.has("ftz"), false);
    } else {
      op.run = pickRounded<2, Div>(d, t);
    }
  } else {
    op.run = pickUnary(d, name, t);
    return op.run && useAll(d, t, {t});
  }
  return op.run && useAll(d, t, {t, t});
}
