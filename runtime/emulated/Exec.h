//===- Exec.h - building blocks of handlers (internal) ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_EXEC_H
#define HYDRAGEN_RUNTIME_EMULATED_EXEC_H

#include "Decoder.h"
#include "Machine.h"
#include "Numerics.h"

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace hydragen::emulated {

/// How a lane of type T lies in a register.
template <typename T>
using Word = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <typename T>
inline T fromWord(Word<T> word) {
  if constexpr (sizeof(T) == sizeof(Word<T>)) {
    T value;
    std::memcpy(&value, &word, sizeof(T));
    return value;
  } else {
    using U = std::conditional_t<sizeof(T) == 1, uint8_t, uint16_t>;
    U bits = U(word);
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }
}

template <typename T>
inline Word<T> toWord(T value) {
  if constexpr (sizeof(T) == sizeof(Word<T>)) {
    Word<T> word;
    std::memcpy(&word, &value, sizeof(T));
    return word;
  } else {
    using U = std::conditional_t<sizeof(T) == 1, uint8_t, uint16_t>;
    U bits;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
  }
}

template <typename T>
inline Word<T> *lanes(Warp &w, uint32_t slot) {
  return reinterpret_cast<Word<T> *>(w.registers + slot);
}

// A lane reads only its own operands before it writes its result, so lanes may
// be computed in any order even when registers coincide. Unrolled loops would
// not be vectorised any more.
#if defined(__clang__)
#define EMULATED_LANES                                                         \
  _Pragma("clang loop vectorize(assume_safety) interleave(enable)")            \
      _Pragma("clang loop unroll(disable)")
#else
#define EMULATED_LANES _Pragma("GCC ivdep")
#endif

// The library's baseline is the compiler's (x86-64-v2 for releases). Handlers
// of whole warps exist a second time for AVX2, FMA and F16C; both compute the
// same bits, since nothing here is contracted (-ffp-contract=off).
#if defined(__x86_64__)
#define EMULATED_V3                                                            \
  __attribute__((target("avx2,bmi,bmi2,fma,f16c,lzcnt,popcnt")))
#else
#define EMULATED_V3
#endif

/// Whether this host runs code marked EMULATED_V3. HYDRAGEN_EMULATED_BASELINE
/// in the environment says no (tests compare the two).
bool hasV3();
/// For tests: what is decoded from now on (and the bit-accurate mma) does
/// without. Not while kernels run.
void setBaselineOnly(bool only);

/// A handler for any host and the same for hosts with AVX2.
struct Variants {
  Handler base = nullptr, v3 = nullptr;
  constexpr Variants(std::nullptr_t) {}
  constexpr Variants(Handler base, Handler v3) : base(base), v3(v3) {}
  operator Handler() const { return hasV3() ? v3 : base; }
};

template <typename D, typename F>
EMULATED_INLINE void forLanes(Warp &w, uint32_t slot, uint32_t mask, F f) {
  Word<D> *d = lanes<D>(w, slot);
  if (mask == ~0u) {
    EMULATED_LANES
    for (int lane = 0; lane < 32; ++lane)
      d[lane] = toWord<D>(f(lane));
  } else {
    // Lanes that are off compute too and keep their value: branches cost more.
    EMULATED_LANES
    for (int lane = 0; lane < 32; ++lane) {
      Word<D> value = toWord<D>(f(lane));
      d[lane] = mask >> lane & 1 ? value : d[lane];
    }
  }
}

template <typename D, typename A, typename F>
struct Unary {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const Word<A> *a = lanes<A>(w, op.a);
    forLanes<D>(w, op.d, mask, [=](int l) __attribute__((always_inline)) {
      return F::apply(fromWord<A>(a[l]));
    });
  }
};
template <typename D, typename A, typename B, typename F>
struct Binary {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const Word<A> *a = lanes<A>(w, op.a);
    const Word<B> *b = lanes<B>(w, op.b);
    forLanes<D>(w, op.d, mask, [=](int l) __attribute__((always_inline)) {
      return F::apply(fromWord<A>(a[l]), fromWord<B>(b[l]));
    });
  }
};
template <typename D, typename A, typename B, typename C, typename F>
struct Ternary {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const Word<A> *a = lanes<A>(w, op.a);
    const Word<B> *b = lanes<B>(w, op.b);
    const Word<C> *c = lanes<C>(w, op.c);
    forLanes<D>(w, op.d, mask, [=](int l) __attribute__((always_inline)) {
      return F::apply(fromWord<A>(a[l]), fromWord<B>(b[l]), fromWord<C>(c[l]));
    });
  }
};

/// The two compilations of Body::run.
template <typename Body>
struct Compiled {
  static void base(Warp &w, const Op &op, uint32_t mask) {
    Body::run(w, op, mask);
  }
  EMULATED_V3 static void v3(Warp &w, const Op &op, uint32_t mask) {
    Body::run(w, op, mask);
  }
};
template <typename Body>
constexpr Variants compiled{Compiled<Body>::base, Compiled<Body>::v3};
template <typename D, typename A, typename F>
constexpr Variants unary = compiled<Unary<D, A, F>>;
template <typename D, typename A, typename B, typename F>
constexpr Variants binary = compiled<Binary<D, A, B, F>>;
template <typename D, typename A, typename B, typename C, typename F>
constexpr Variants ternary = compiled<Ternary<D, A, B, C, F>>;

inline void writePredicate(Warp &w, uint32_t slot, uint32_t mask,
                           uint32_t value) {
  uint32_t &p = w.registers[slot];
  p = (p & ~mask) | (value & mask);
}

/// The types of an instruction's operands; false when one cannot be had.
inline bool useAll(Decoder &d, Type result,
                   std::initializer_list<Type> sources) {
  if (d.numOperands() != sources.size() + 1)
    return d.fail("expected " + std::to_string(sources.size() + 1) +
                  " operands, got " + std::to_string(d.numOperands()));
  uint32_t *slots[3] = {&d.op.a, &d.op.b, &d.op.c};
  unsigned i = 0;
  for (Type type : sources) {
    *slots[i] = d.use(i + 1, type);
    if (*slots[i] == noSlot)
      return false;
    ++i;
  }
  d.op.d = d.def(0, result);
  return d.op.d != noSlot;
}

constexpr Type typePred{TypeKind::Pred, 1, 1};
constexpr Type typeB16{TypeKind::B, 16, 1};
constexpr Type typeB32{TypeKind::B, 32, 1};
constexpr Type typeB64{TypeKind::B, 64, 1};

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_EXEC_H
