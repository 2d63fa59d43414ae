//===- ExecCompare.cpp - comparisons and selection --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

#include <map>

using namespace hydragen::emulated;

namespace {

// Ordered comparisons are false and unordered ones (equ, ...) true when an
// operand is NaN (PTX ISA 9.3.2). For integers both kinds are the same.
#define COMPARISON(Name, expression)                                           \
  struct Name {                                                                \
    template <typename T>                                                      \
    static EMULATED_INLINE bool apply(T a, T b) {                              \
      return expression;                                                       \
    }                                                                          \
  };
COMPARISON(Eq, a == b)
COMPARISON(Ne, a<b || a> b)
COMPARISON(Lt, a < b)
COMPARISON(Le, a <= b)
COMPARISON(Gt, a > b)
COMPARISON(Ge, a >= b)
COMPARISON(Equ, !(a < b || a > b))
COMPARISON(Neu, a != b)
COMPARISON(Ltu, !(a >= b))
COMPARISON(Leu, !(a > b))
COMPARISON(Gtu, !(a <= b))
COMPARISON(Geu, !(a < b))
COMPARISON(Num, a == a && b == b)
COMPARISON(Nan, a != a || b != b)
#undef COMPARISON

// How a lane of a register is read: Lane is the type in the register.
template <typename T>
struct Plain {
  using Lane = T;
  static EMULATED_INLINE T load(T a) { return a; }
};
template <typename T>
struct Flushed {
  using Lane = T;
  static EMULATED_INLINE T load(T a) { return flush(a); }
};
template <bool ftz, unsigned shift = 0>
struct Half {
  using Lane = uint32_t;
  static EMULATED_INLINE float load(uint32_t a) {
    uint16_t h = uint16_t(a >> shift);
    return fromF16(ftz ? flush16(h, 0x7c00) : h);
  }
};
template <unsigned shift = 0>
struct BFloat {
  using Lane = uint32_t;
  static EMULATED_INLINE float load(uint32_t a) {
    return fromBF16(uint16_t(a >> shift));
  }
};

template <typename F, typename Read>
EMULATED_INLINE uint32_t compare(Warp &w, const Op &op) {
  using Lane = typename Read::Lane;
  const Word<Lane> *a = lanes<Lane>(w, op.a), *b = lanes<Lane>(w, op.b);
  uint32_t bits = 0;
  EMULATED_LANES
  for (uint32_t l = 0; l < 32; ++l)
    bits |= F::apply(Read::load(fromWord<Lane>(a[l])),
                     Read::load(fromWord<Lane>(b[l])))
                ? 1u << l
                : 0;
  return bits;
}

enum : uint8_t { combineAnd = 1, combineOr = 2, combineXor = 3 };

EMULATED_INLINE uint32_t combine(uint8_t how, uint32_t bits, uint32_t c) {
  return how == combineAnd   ? bits & c
         : how == combineOr  ? bits | c
         : how == combineXor ? bits ^ c
                             : bits;
}

/// setp.p, plain.
template <typename F, typename Read>
struct Setp {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    writePredicate(w, op.d, mask, compare<F, Read>(w, op));
  }
};
/// setp with a second destination (op.imm, its slot) or a predicate to combine
/// with (op.c): p = result op c, q = !result op c.
template <typename F, typename Read>
struct SetpFull {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    uint32_t bits = compare<F, Read>(w, op);
    uint32_t c = op.flags ? w.registers[op.c] : 0;
    writePredicate(w, op.d, mask, combine(op.flags, bits, c));
    if (op.imm >= 0)
      writePredicate(w, uint32_t(op.imm), mask, combine(op.flags, ~bits, c));
  }
};
/// Two halves to two predicates.
template <typename F, typename Low, typename High>
struct SetpPacked {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    uint32_t low = compare<F, Low>(w, op), high = compare<F, High>(w, op);
    uint32_t c = op.flags ? w.registers[op.c] : 0;
    writePredicate(w, op.d, mask, combine(op.flags, low, c));
    if (op.imm >= 0)
      writePredicate(w, uint32_t(op.imm), mask, combine(op.flags, high, c));
  }
};
/// set: lanes of op.list's words get op.imm where true, else 0; the low half
/// and the high one apart for packed types.
template <typename F, typename Low, typename High>
struct Set {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    uint32_t c = op.flags ? w.registers[op.c] : 0;
    uint32_t low = combine(op.flags, compare<F, Low>(w, op), c);
    uint32_t high = 0;
    if (op.count == 2)
      high = combine(op.flags, compare<F, High>(w, op), c);
    uint32_t yes = uint32_t(op.imm), yesHigh = yes << 16;
    forLanes<uint32_t>(
        w, op.d, mask, [=](int l) __attribute__((always_inline)) {
          return (low >> l & 1 ? yes : 0) | (high >> l & 1 ? yesHigh : 0);
        });
  }
};

template <typename T>
struct Select {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t mask) {
    const Word<T> *a = lanes<T>(w, op.a), *b = lanes<T>(w, op.b);
    uint32_t c = w.registers[op.c];
    // By bits: of `c ? a[l] : b[l]` LLVM makes a gather.
    forLanes<T>(w, op.d, mask, [=](int l) __attribute__((always_inline)) {
      Word<T> take = Word<T>(0) - (c >> l & 1);
      return T(b[l] ^ ((a[l] ^ b[l]) & take));
    });
  }
};

/// slct: a when c >= 0 (NaN is not), else b. .ftz: a subnormal c is a zero.
template <bool ftz>
struct SelectBySign {
  template <typename T, typename C>
  static EMULATED_INLINE T apply(T a, T b, C c) {
    if constexpr (ftz)
      c = flush(c);
    T take = T(0) - T(c >= 0);
    return T(b ^ ((a ^ b) & take));
  }
};

/// The handlers of one comparison for every type.
struct Handlers {
  Handler setp = nullptr, full = nullptr, packed = nullptr, set = nullptr;
};
template <typename F, typename Read>
Handlers get() {
  return {compiled<Setp<F, Read>>, compiled<SetpFull<F, Read>>, nullptr,
          compiled<Set<F, Read, Read>>};
}
template <typename F, typename Low, typename High>
Handlers getPacked() {
  return {nullptr, nullptr, compiled<SetpPacked<F, Low, High>>,
          compiled<Set<F, Low, High>>};
}

template <typename F>
Handlers getFloat(Type t, bool ftz) {
  if (t.kind == TypeKind::BF)
    return t.lanes == 2 ? getPacked<F, BFloat<>, BFloat<16>>()
                        : get<F, BFloat<>>();
  if (t.kind != TypeKind::F)
    return {};
  if (t.bits == 16) {
    if (t.lanes == 2)
      return ftz ? getPacked<F, Half<true>, Half<true, 16>>()
                 : getPacked<F, Half<false>, Half<false, 16>>();
    return ftz ? get<F, Half<true>>() : get<F, Half<false>>();
  }
  if (t.bits == 32)
    return ftz ? get<F, Flushed<float>>() : get<F, Plain<float>>();
  return t.bits == 64 && !ftz ? get<F, Plain<double>>() : Handlers{};
}
template <typename F>
Handlers getInteger(Type t, bool isSigned) {
  if (t.lanes != 1)
    return {};
  if (isSigned)
    return t.bits == 16   ? get<F, Plain<int16_t>>()
           : t.bits == 32 ? get<F, Plain<int32_t>>()
           : t.bits == 64 ? get<F, Plain<int64_t>>()
                          : Handlers{};
  return t.bits == 16   ? get<F, Plain<uint16_t>>()
         : t.bits == 32 ? get<F, Plain<uint32_t>>()
         : t.bits == 64 ? get<F, Plain<uint64_t>>()
                        : Handlers{};
}

} // namespace

static bool isComparison(const std::string &name) {
  static const char *const names[] = {"eq",  "ne",  "lt",  "le",  "gt",  "ge",
                                      "lo",  "ls",  "hi",  "hs",  "equ", "neu",
                                      "ltu", "leu", "gtu", "geu", "num", "nan"};
  for (const char *known : names)
    if (name == known)
      return true;
  return false;
}

static Handlers pickComparison(const std::string &name, Type t, bool ftz) {
  bool isFloat = t.kind == TypeKind::F || t.kind == TypeKind::BF;
  if (isFloat) {
    using Pick = Handlers (*)(Type, bool);
    static const std::map<std::string, Pick> picks = {
        {"eq", getFloat<Eq>},   {"ne", getFloat<Ne>},   {"lt", getFloat<Lt>},
        {"le", getFloat<Le>},   {"gt", getFloat<Gt>},   {"ge", getFloat<Ge>},
        {"equ", getFloat<Equ>}, {"neu", getFloat<Neu>}, {"ltu", getFloat<Ltu>},
        {"leu", getFloat<Leu>}, {"gtu", getFloat<Gtu>}, {"geu", getFloat<Geu>},
        {"num", getFloat<Num>}, {"nan", getFloat<Nan>}};
    auto it = picks.find(name);
    return it == picks.end() ? Handlers{} : it->second(t, ftz);
  }
  bool s = t.kind == TypeKind::S, b = t.kind == TypeKind::B;
  if ((!s && !b && t.kind != TypeKind::U) || ftz)
    return {};
  if (name == "eq")
    return getInteger<Eq>(t, false);
  if (name == "ne")
    return getInteger<Neu>(t, false);
  if (b)
    return {};
  // lo, ls, hi, hs: unsigned names.
  if (name == "lt" || (name == "lo" && !s))
    return getInteger<Lt>(t, s);
  if (name == "le" || (name == "ls" && !s))
    return getInteger<Le>(t, s);
  if (name == "gt" || (name == "hi" && !s))
    return getInteger<Gt>(t, s);
  if (name == "ge" || (name == "hs" && !s))
    return getInteger<Ge>(t, s);
  return {};
}

/// The comparison and what combines its result with a predicate operand.
static bool getCombination(Decoder &d, std::string &name) {
  for (const std::string &modifier : d.instruction->modifiers) {
    if (isComparison(modifier) && name.empty())
      name = modifier;
    else if (modifier == "and")
      d.op.flags = combineAnd;
    else if (modifier == "or")
      d.op.flags = combineOr;
    else if (modifier == "xor")
      d.op.flags = combineXor;
    else if (modifier != "ftz" && !parseType(modifier))
      return false;
  }
  return !name.empty();
}

static bool useCompared(Decoder &d, Type t) {
  Op &op = d.op;
  size_t expected = op.flags ? 4 : 3;
  if (d.numOperands() != expected)
    return d.fail("expected " + std::to_string(expected) + " operands, got " +
                  std::to_string(d.numOperands()));
  op.a = d.use(1, t);
  op.b = d.use(2, t);
  if (op.flags)
    op.c = d.use(3, typePred);
  return op.a != noSlot && op.b != noSlot && (!op.flags || op.c != noSlot);
}

static bool selectSetp(Decoder &d) {
  Op &op = d.op;
  Type t = d.type();
  std::string name;
  if (!getCombination(d, name))
    return false;
  Handlers handlers = pickComparison(name, t, d.has("ftz"));
  const Operand &result = d.numOperands() ? d.operand(0) : Operand();
  bool pair = result.kind == Operand::Pair;
  op.run = handlers.packed         ? handlers.packed
           : pair || op.flags != 0 ? handlers.full
                                   : handlers.setp;
  if (!op.run || !useCompared(d, t))
    return false;
  op.imm = -1;
  op.d = d.def(pair ? result.elements[0] : result, typePred);
  if (pair) {
    uint32_t second = d.def(result.elements[1], typePred);
    if (second == noSlot)
      return false;
    op.imm = second;
  }
  return op.d != noSlot;
}

static bool selectSet(Decoder &d) {
  Op &op = d.op;
  Type to = d.type(0), from = d.type(1);
  std::string name;
  if (!from || !getCombination(d, name))
    return false;
  bool isInteger = to.kind == TypeKind::U || to.kind == TypeKind::S;
  bool packed = from.lanes == 2;
  if (packed ? to.bits * to.lanes != 32
             : to.lanes != 1 || (to.bits != 16 && to.bits != 32))
    return false;
  if (to.kind == TypeKind::F && to.bits == 32)
    op.imm = 0x3f800000;
  else if (to.kind == TypeKind::F && to.bits == 16)
    op.imm = 0x3c00;
  else if (to.kind == TypeKind::BF)
    op.imm = 0x3f80;
  else if (isInteger)
    op.imm = to.bits == 16 || packed ? 0xffff : 0xffffffff;
  else
    return false;
  op.count = packed ? 2 : 1;
  op.run = pickComparison(name, from, d.has("ftz")).set;
  if (!op.run || !useCompared(d, from))
    return false;
  op.d = d.def(0, Type{TypeKind::B, uint8_t(to.bits * to.lanes), 1});
  return op.d != noSlot;
}

bool hydragen::emulated::selectCompare(Decoder &d) {
  Op &op = d.op;
  const std::string &name = d.instruction->opcode;
  if (name == "setp")
    return selectSetp(d);
  if (name == "set")
    return selectSet(d);
  Type t = d.type();
  unsigned bits = t.bits * t.lanes;
  if (name == "selp" ? !d.hasOnly({}) : !d.hasOnly({"ftz"}))
    return false;
  if (name == "selp") {
    op.run = bits == 16   ? compiled<Select<uint16_t>>
             : bits == 32 ? compiled<Select<uint32_t>>
             : bits == 64 ? compiled<Select<uint64_t>>
                          : nullptr;
    return op.run && useAll(d, t, {t, t, typePred});
  }
  // slct.type.s32 or .f32
  Type by = d.type(1);
  bool ftz = d.has("ftz");
  if (by.kind == TypeKind::S && by.bits == 32 && !ftz) {
    op.run = bits == 16   ? ternary<uint16_t, uint16_t, uint16_t, int32_t,
                                    SelectBySign<false>>
             : bits == 32 ? ternary<uint32_t, uint32_t, uint32_t, int32_t,
                                    SelectBySign<false>>
             : bits == 64 ? ternary<uint64_t, uint64_t, uint64_t, int32_t,
                                    SelectBySign<false>>
                          : nullptr;
  } else if (by.kind == TypeKind::F && by.bits == 32) {
    op.run = bits == 16   ? (ftz ? ternary<uint16_t, uint16_t, uint16_t, float,
                                           SelectBySign<true>>
                                 : ternary<uint16_t, uint16_t, uint16_t, float,
                                           SelectBySign<false>>)
             : bits == 32 ? (ftz ? ternary<uint32_t, uint32_t, uint32_t, float,
                                           SelectBySign<true>>
                                 : ternary<uint32_t, uint32_t, uint32_t, float,
                                           SelectBySign<false>>)
             : bits == 64 ? (ftz ? ternary<uint64_t, uint64_t, uint64_t, float,
                                           SelectBySign<true>>
                                 : ternary<uint64_t, uint64_t, uint64_t, float,
                                           SelectBySign<false>>)
                          : nullptr;
  }
  return op.run && useAll(d, t, {t, t, by});
}
