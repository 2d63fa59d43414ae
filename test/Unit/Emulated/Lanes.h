//===- Lanes.h - one warp for tests of instructions -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_UNIT_EMULATED_LANES_H
#define HYDRAGEN_TEST_UNIT_EMULATED_LANES_H

#include "Exec.h"
#include "Launch.h"

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <random>

namespace hydragen::emulated::test {

using Lanes = std::array<uint64_t, 32>;

/// Straight-line PTX on one warp whose registers the test sets and reads:
/// predicates %p, 16 bits %h, 32 bits %r, 64 bits %d, 32 of each.
class Machine {
public:
  explicit Machine(const std::string &body, MmaMode mma = MmaMode::Fast);
  ~Machine();
  bool loads() const { return errors.empty(); }
  /// The errors of the decoder, a line each.
  std::string getErrors() const;
  void set(const std::string &name, const Lanes &lanes);
  Lanes get(const std::string &name) const;
  void run(uint32_t mask = ~0u);
  const Counters &getCounters() const;

private:
  struct State;
  std::unique_ptr<State> state;
  std::vector<ParseError> errors;
};

/// The operands and the result of one lane.
using Reference = std::function<uint64_t(uint64_t, uint64_t, uint64_t)>;

/// Register names by width: "%h", "%r" or "%d".
inline std::string registerOf(unsigned bits) {
  return bits == 64 ? "%d" : bits == 16 ? "%h" : "%r";
}

/// Patterns worth trying for an operand of `bits`.
const std::vector<uint64_t> &getPatterns(unsigned bits);

/// Runs `opcode d, a, b, ...;` (as many sources as `sources`, each the width of
/// its operand in bits) over all combinations of patterns and random words,
/// with and without AVX2 and under masks, and compares every lane with
/// `reference` (bits beyond `result` are ignored, NaNs too when `sameNaN` says
/// so).
void check(const std::string &opcode, unsigned result,
           const std::vector<unsigned> &sources, const Reference &reference,
           const std::function<bool(uint64_t, uint64_t)> &same = {},
           const std::string &tail = "");

template <typename To, typename From>
To bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}
inline float asFloat(uint64_t x) { return bits<float>(uint32_t(x)); }
inline double asDouble(uint64_t x) { return bits<double>(x); }
inline uint64_t fromFloat(float x) {
  return std::isnan(x) ? 0x7fffffff : bits<uint32_t>(x);
}
inline uint64_t fromDouble(double x) { return bits<uint64_t>(x); }

/// Equal as doubles: any NaN equals any other.
bool sameDouble(uint64_t a, uint64_t b);
/// Within `ulps` units of the last place as f32; zeros and NaNs exactly.
std::function<bool(uint64_t, uint64_t)> withinUlps(unsigned ulps);

/// A binary format by its definition: every value in a table.
class SmallFloat {
public:
  SmallFloat(unsigned exponentBits, unsigned mantissaBits, bool finite);
  double value(uint64_t bits) const { return values[bits & (size() - 1)]; }
  size_t size() const { return values.size(); }
  enum Direction { Nearest, Zero, Down, Up };
  /// The bits of the number that x rounds to, found among all; ties to even;
  /// overflow by the rules of IEEE 754, or to the largest number.
  uint64_t round(long double x, Direction direction = Nearest,
                 bool satfinite = false) const;
  uint64_t nan() const { return size() / 2 - 1; }
  uint64_t sign() const { return size() / 2; }

private:
  bool finite;
  std::vector<double> values;
  uint64_t largest;
};
const SmallFloat &f16();
const SmallFloat &bf16();
const SmallFloat &e4m3();
const SmallFloat &e5m2();

} // namespace hydragen::emulated::test

#endif // HYDRAGEN_TEST_UNIT_EMULATED_LANES_H
