//===- ExecHalf.cpp - f16 and bf16, single and in pairs ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every result is the exact one rounded once to nearest even: sums of two are
// rounded through float (24 >= 2 * 11 + 2 bits, Figueroa 1995), products and
// fused ones through an odd float.
//===----------------------------------------------------------------------===//

#include "ExecFloat.h"

using namespace hydragen::emulated;

namespace {

struct F16 {
  static constexpr uint16_t exponent = 0x7c00;
  static EMULATED_INLINE float load(uint16_t h) { return fromF16(h); }
  static EMULATED_INLINE uint16_t store(float x) { return toF16(x); }
};
struct BF16 {
  static constexpr uint16_t exponent = 0x7f80;
  static EMULATED_INLINE float load(uint16_t h) { return fromBF16(h); }
  static EMULATED_INLINE uint16_t store(float x) { return toBF16(x); }
};

struct Add {
  static EMULATED_INLINE float apply(float a, float b) { return a + b; }
};
struct Sub {
  static EMULATED_INLINE float apply(float a, float b) { return a - b; }
};
struct Mul {
  static EMULATED_INLINE float apply(float a, float b) {
    return toFloatOdd(double(a) * double(b));
  }
};
struct Fma {
  static EMULATED_INLINE float apply(float a, float b, float c) {
    return toFloatOdd(addOdd(double(a) * double(b), double(c)));
  }
};
struct Ex2 {
  static EMULATED_INLINE float apply(float a) { return exp2Approx(a); }
};
struct Tanh {
  static float apply(float a) { return float(std::tanh(double(a))); }
};

/// F on one half, with .ftz, .sat and .relu.
template <typename H, typename F, bool ftz, bool sat, bool relu>
struct One {
  template <typename... T>
  static EMULATED_INLINE uint16_t apply(T... x) {
    float r = F::apply(H::load(ftz ? flush16(x, H::exponent) : x)...);
    r = sat ? saturate(r) : r;
    r = relu && r <= 0 ? 0.0f : r;
    uint16_t h = H::store(r);
    return ftz ? flush16(h, H::exponent) : h;
  }
};
/// Sign changes leave NaNs alone.
template <typename H, bool negate, bool ftz>
struct SignOnly {
  static EMULATED_INLINE uint16_t apply(uint16_t x) {
    x = ftz ? flush16(x, H::exponent) : x;
    return negate ? x ^ 0x8000 : x & 0x7fff;
  }
};
/// On bits: a NaN's sign counts for .xorsign.
template <typename H, bool maximum, bool nan, bool xorsign, bool ftz>
struct Extremum {
  static EMULATED_INLINE uint16_t apply(uint16_t a, uint16_t b) {
    a = ftz ? flush16(a, H::exponent) : a;
    b = ftz ? flush16(b, H::exponent) : b;
    uint16_t keep = xorsign ? 0x7fff : 0xffff;
    uint16_t r = H::store(
        extremum<maximum, nan, false>(H::load(a & keep), H::load(b & keep)));
    uint16_t sign = xorsign && r != canonicalNaN16 ? (a ^ b) & 0x8000 : 0;
    return r | sign;
  }
};
/// F on both halves of a word.
template <typename F>
struct Both {
  template <typename... T>
  static EMULATED_INLINE uint32_t apply(T... x) {
    uint32_t low = F::apply(uint16_t(x)...);
    uint32_t high = F::apply(uint16_t(x >> 16)...);
    return high << 16 | low;
  }
};

template <unsigned arity, typename F>
Handler pickLanes(Type t) {
  using H = uint16_t;
  using W = uint32_t;
  if constexpr (arity == 1)
    return t.lanes == 2 ? unary<W, W, Both<F>> : unary<H, H, F>;
  else if constexpr (arity == 2)
    return t.lanes == 2 ? binary<W, W, W, Both<F>> : binary<H, H, H, F>;
  else
    return t.lanes == 2 ? ternary<W, W, W, W, Both<F>> : ternary<H, H, H, H, F>;
}

template <unsigned arity, typename F>
Handler pick(Decoder &d, Type t) {
  bool ftz = d.has("ftz"), sat = d.has("sat"), relu = d.has("relu");
  if (t.kind == TypeKind::BF) {
    if (sat)
      return nullptr;
    if (ftz)
      return relu ? nullptr
                  : pickLanes<arity, One<BF16, F, true, false, false>>(t);
    return relu ? pickLanes<arity, One<BF16, F, false, false, true>>(t)
                : pickLanes<arity, One<BF16, F, false, false, false>>(t);
  }
  if (sat && relu)
    return nullptr;
  if (ftz)
    return sat    ? pickLanes<arity, One<F16, F, true, true, false>>(t)
           : relu ? pickLanes<arity, One<F16, F, true, false, true>>(t)
                  : pickLanes<arity, One<F16, F, true, false, false>>(t);
  return sat    ? pickLanes<arity, One<F16, F, false, true, false>>(t)
         : relu ? pickLanes<arity, One<F16, F, false, false, true>>(t)
                : pickLanes<arity, One<F16, F, false, false, false>>(t);
}

template <typename H, bool maximum, bool ftz>
Handler pickExtremum(Type t, bool nan, bool sign) {
  return nan ? (sign ? pickLanes<2, Extremum<H, maximum, true, true, ftz>>(t)
                     : pickLanes<2, Extremum<H, maximum, true, false, ftz>>(t))
             : (sign
                    ? pickLanes<2, Extremum<H, maximum, false, true, ftz>>(t)
                    : pickLanes<2, Extremum<H, maximum, false, false, ftz>>(t));
}
template <bool maximum>
Handler pickExtremum(Decoder &d, Type t) {
  bool nan = d.has("NaN"), sign = d.has("xorsign"), ftz = d.has("ftz");
  if (sign != d.has("abs"))
    return nullptr;
  if (t.kind == TypeKind::BF)
    return ftz ? nullptr : pickExtremum<BF16, maximum, false>(t, nan, sign);
  return ftz ? pickExtremum<F16, maximum, true>(t, nan, sign)
             : pickExtremum<F16, maximum, false>(t, nan, sign);
}

template <bool negate>
Handler pickSign(Decoder &d, Type t) {
  bool ftz = d.has("ftz");
  if (t.kind == TypeKind::BF)
    return ftz ? nullptr : pickLanes<1, SignOnly<BF16, negate, false>>(t);
  return ftz ? pickLanes<1, SignOnly<F16, negate, true>>(t)
             : pickLanes<1, SignOnly<F16, negate, false>>(t);
}

} // namespace

bool hydragen::emulated::selectHalf(Decoder &d) {
  Op &op = d.op;
  const std::string &name = d.instruction->opcode;
  Type t = d.type();
  if (getRounding(d) != Rounding::RN)
    return false;
  Type operand{TypeKind::B, uint8_t(t.bits * t.lanes), 1};
  if (name == "fma") {
    op.run = pick<3, Fma>(d, t);
    return op.run && useAll(d, operand, {operand, operand, operand});
  }
  op.run = name == "abs"                       ? pickSign<false>(d, t)
           : name == "neg"                     ? pickSign<true>(d, t)
           : name == "ex2" && d.has("approx")  ? pick<1, Ex2>(d, t)
           : name == "tanh" && d.has("approx") ? pick<1, Tanh>(d, t)
                                               : nullptr;
  if (op.run)
    return useAll(d, operand, {operand});
  op.run = name == "add"   ? pick<2, Add>(d, t)
           : name == "sub" ? pick<2, Sub>(d, t)
           : name == "mul" ? pick<2, Mul>(d, t)
           : name == "min" ? pickExtremum<false>(d, t)
           : name == "max" ? pickExtremum<true>(d, t)
                           : nullptr;
  return op.run && useAll(d, operand, {operand, operand});
}
