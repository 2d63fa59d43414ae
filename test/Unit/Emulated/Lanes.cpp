//===- Lanes.cpp - one warp for tests of instructions -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lanes.h"

#include <map>

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

struct Machine::State {
  Module module;
  Code code;
  std::map<std::string, std::pair<uint32_t, unsigned>> slots;
  Launch launch;
  Memory memory;
  std::unique_ptr<LaunchState> launchState;
  Block block;
  Warp warp;
  std::vector<uint32_t> registers;
};

Machine::Machine(const std::string &body, MmaMode mma)
    : state(std::make_unique<State>()) {
  std::string text = ".version 8.7\n.target sm_90\n.address_size 64\n"
                     ".entry k() {\n"
                     ".reg .pred %p<32>;\n.reg .b16 %h<32>;\n"
                     ".reg .b32 %r<32>;\n.reg .b64 %d<32>;\n" +
                     body + "\n}\n";
  ParseError error;
  if (!parsePtx(text, state->module, error)) {
    errors.push_back(error);
    return;
  }
  const Function &function = state->module.functions[0];
  Decoder decoder(state->module, function, state->code, errors);
  if (!decoder.run())
    return;
  for (size_t i = 0; i < function.registers.size(); ++i) {
    const RegisterInfo &info = function.registers[i];
    unsigned bits =
        info.type.kind == TypeKind::Pred ? 1 : info.type.getBytes() * 8;
    state->slots[info.name] = {decoder.getSlot(i), bits};
  }
  state->registers.resize(state->code.fileSize);
  std::copy(state->code.constants.begin(), state->code.constants.end(),
            state->registers.begin() + state->code.constantsBegin);
  state->launch.kernel = &state->code;
  state->launch.options.mma = mma;
  state->launchState =
      std::make_unique<LaunchState>(state->launch, state->memory);
  state->block.launch = state->launchState.get();
  state->warp.block = &state->block;
  state->warp.code = &state->code;
  state->warp.registers = state->registers.data();
  state->warp.alive = state->warp.initial = state->warp.active = ~0u;
}

Machine::~Machine() = default;

std::string Machine::getErrors() const {
  std::string text;
  for (const ParseError &error : errors)
    text += std::to_string(error.position.line) + ": " + error.message + "\n";
  return text;
}

void Machine::set(const std::string &name, const Lanes &lanes) {
  auto [slot, bits] = state->slots.at(name);
  uint32_t *words = state->registers.data() + slot;
  if (bits == 1)
    words[0] = 0;
  for (int lane = 0; lane < 32; ++lane) {
    if (bits == 64) {
      std::memcpy(words + 2 * lane, &lanes[lane], 8);
    } else if (bits == 1) {
      words[0] |= uint32_t(lanes[lane] & 1) << lane;
    } else {
      words[lane] = uint32_t(bits == 16 ? lanes[lane] & 0xffff : lanes[lane]);
    }
  }
}

Lanes Machine::get(const std::string &name) const {
  auto [slot, bits] = state->slots.at(name);
  const uint32_t *words = state->registers.data() + slot;
  Lanes lanes;
  for (int lane = 0; lane < 32; ++lane) {
    if (bits == 64)
      std::memcpy(&lanes[lane], words + 2 * lane, 8);
    else
      lanes[lane] = bits == 1 ? words[0] >> lane & 1 : words[lane];
  }
  return lanes;
}

void Machine::run(uint32_t mask) {
  const Code &code = state->code;
  Warp &w = state->warp;
  // The last op ends the kernel.
  for (size_t i = 0; i + 1 < code.ops.size(); ++i) {
    const Op &op = code.ops[i];
    uint32_t lanes = mask;
    if (op.guard != noSlot)
      lanes &= op.guardNegated ? ~w.registers[op.guard] : w.registers[op.guard];
    if (lanes)
      op.run(w, op, lanes);
  }
}

const Counters &Machine::getCounters() const { return state->warp.counters; }

const std::vector<uint64_t> &test::getPatterns(unsigned bits) {
  static const std::vector<uint64_t> half = {
      0,      0x8000, 1,      0x8001, 0x3ff,  0x400,  0x3c00, 0xbc00,
      0x3555, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x7f80, 0x7f,
      0x80,   0xff,   0x7fff, 0xffff, 0x3f80, 0x0123, 0x7e01, 0xff80};
  static const std::vector<uint64_t> single = {
      0, 0x80000000, 1, 0x80000001, 0x7fffffff, 0xffffffff, 0x007fffff,
      0x807fffff, 0x00800000, 0x80800000, 0x3f800000, 0xbf800000, 0x3f7fffff,
      0x3f800001, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
      0x7f800001, 31, 32, 33, 0x20001f, 0x4f000000, 0x4effffff, 0xcf000000,
      0x42fe0000, 0xc3160000, 0x40490fdb, 0x33800000, 0x477fefff, 0x477ff000,
      0x387fc000, 0xfffe, 0x8000ffff,
      // Ties of f16 and bf16, normal and subnormal.
      0x3f801000, 0x3f803000, 0x3f808000, 0xbf818000, 0x33000000, 0x33000001,
      0x33c00000, 0x387fe000};
  static const std::vector<uint64_t> wide = {0,
                                             1,
                                             0x8000000000000000,
                                             0x8000000000000001,
                                             0x7fffffffffffffff,
                                             0xffffffffffffffff,
                                             0x000fffffffffffff,
                                             0x0010000000000000,
                                             0x3ff0000000000000,
                                             0xbff0000000000000,
                                             0x7fefffffffffffff,
                                             0x7ff0000000000000,
                                             0xfff0000000000000,
                                             0x7ff8000000000000,
                                             0x41dfffffffc00000,
                                             0xc1e0000000000000,
                                             0x43e0000000000000,
                                             0x43f0000000000000,
                                             0x00000000ffffffff,
                                             0x0000000080000000,
                                             63,
                                             64,
                                             0x36a0000000000000,
                                             0x3690000000000001};
  static const std::vector<uint64_t> predicate = {0, 1};
  return bits == 1 ? predicate : bits <= 16 ? half : bits == 32 ? single : wide;
}

void test::check(const std::string &opcode, unsigned result,
                 const std::vector<unsigned> &sources,
                 const Reference &reference,
                 const std::function<bool(uint64_t, uint64_t)> &same,
                 const std::string &tail) {
  static const char *const sourceNames[] = {"1", "2", "3"};
  auto registerFor = [](unsigned bits, const char *index) {
    return (bits == 1 ? std::string("%p") : registerOf(bits)) + index;
  };
  std::string destination =
      result == 1 ? "%p0" : registerFor(result < 16 ? 16 : result, "0");
  std::string body = opcode + " " + destination;
  std::vector<std::string> names;
  for (size_t i = 0; i < sources.size(); ++i) {
    names.push_back(
        registerFor(sources[i] == 8 ? 16 : sources[i], sourceNames[i]));
    body += ", " + names.back();
  }
  body += tail + ";";
  setBaselineOnly(true);
  Machine base(body);
  setBaselineOnly(false);
  Machine machine(body);
  ASSERT_TRUE(machine.loads()) << body << "\n" << machine.getErrors();
  ASSERT_TRUE(base.loads());

  // All pairs of patterns of the first two sources, random words otherwise.
  std::mt19937_64 random(1);
  size_t pairs = sources.size() > 1 ? getPatterns(sources[0]).size() *
                                          getPatterns(sources[1]).size()
                                    : getPatterns(sources[0]).size();
  size_t rounds = (pairs + 31) / 32 + 40;
  uint64_t keep = result == 64 ? ~uint64_t(0) : (uint64_t(1) << result) - 1;
  for (size_t round = 0; round < rounds; ++round) {
    Lanes in[3] = {};
    for (size_t lane = 0; lane < 32; ++lane) {
      size_t at = round * 32 + lane;
      for (size_t i = 0; i < sources.size(); ++i) {
        const auto &patterns = getPatterns(sources[i]);
        bool pattern = at < pairs ? i < 2 || random() % 2 : random() % 4 == 0;
        if (!pattern) {
          in[i][lane] = random();
          // Often of similar magnitude, or small.
          if (random() % 4 == 0)
            in[i][lane] &= 0xff;
        } else if (at < pairs && i < 2) {
          in[i][lane] =
              patterns[(i ? at / getPatterns(sources[0]).size() : at) %
                       patterns.size()];
        } else {
          in[i][lane] = patterns[random() % patterns.size()];
        }
        if (sources[i] < 64)
          in[i][lane] &= (uint64_t(1) << sources[i]) - 1;
      }
    }
    uint32_t mask = round % 3 == 2 ? uint32_t(random()) : ~0u;
    Lanes before;
    for (uint64_t &lane : before)
      lane = random() & keep;
    Lanes out[2];
    for (Machine *m : {&base, &machine}) {
      m->set(destination, before);
      for (size_t i = 0; i < sources.size(); ++i)
        m->set(names[i], in[i]);
      m->run(mask);
      out[m == &machine] = m->get(destination);
    }
    for (size_t lane = 0; lane < 32; ++lane) {
      uint64_t got = out[1][lane];
      ASSERT_EQ(got, out[0][lane])
          << body << " differs without AVX2, round " << round;
      if (!(mask >> lane & 1)) {
        ASSERT_EQ(got, before[lane]) << body << " wrote a lane that is off";
        continue;
      }
      uint64_t want = reference(in[0][lane], in[1][lane], in[2][lane]) & keep;
      bool equal = same ? same(got, want) : got == want;
      ASSERT_TRUE(equal) << std::hex << body << " of 0x" << in[0][lane]
                         << ", 0x" << in[1][lane] << ", 0x" << in[2][lane]
                         << " is 0x" << got << ", expected 0x" << want;
    }
  }
}

bool test::sameDouble(uint64_t a, uint64_t b) {
  return a == b || (std::isnan(asDouble(a)) && std::isnan(asDouble(b)));
}

std::function<bool(uint64_t, uint64_t)> test::withinUlps(unsigned ulps) {
  return [=](uint64_t a, uint64_t b) {
    if (a == b)
      return true;
    float x = asFloat(a), y = asFloat(b);
    if (std::isnan(x) || std::isnan(y) || (a ^ b) >> 31)
      return false;
    return (a > b ? a - b : b - a) <= ulps;
  };
}

SmallFloat::SmallFloat(unsigned exponentBits, unsigned mantissaBits,
                       bool finite)
    : finite(finite) {
  unsigned bits = 1 + exponentBits + mantissaBits;
  int bias = (1 << (exponentBits - 1)) - 1;
  uint64_t top = (uint64_t(1) << exponentBits) - 1;
  for (uint64_t i = 0; i < uint64_t(1) << bits; ++i) {
    uint64_t mantissa = i & ((uint64_t(1) << mantissaBits) - 1);
    uint64_t exponent = i >> mantissaBits & top;
    bool negative = i >> (bits - 1);
    double fraction = double(mantissa) / double(uint64_t(1) << mantissaBits);
    double value = exponent ? std::ldexp(1 + fraction, int(exponent) - bias)
                            : std::ldexp(fraction, 1 - bias);
    if (finite) {
      if (exponent == top && mantissa == (uint64_t(1) << mantissaBits) - 1)
        value = NAN;
    } else if (exponent == top) {
      value = mantissa ? NAN : INFINITY;
    }
    values.push_back(negative ? -value : value);
  }
  largest = size() / 2 - 1;
  while (!std::isfinite(values[largest]))
    --largest;
}

uint64_t SmallFloat::round(long double x, Direction direction,
                           bool satfinite) const {
  if (std::isnan(x))
    return nan();
  uint64_t minus = std::signbit(x) ? sign() : 0;
  long double a = std::fabs(x);
  if (std::isinf(x))
    return satfinite ? minus | largest : finite ? nan() : minus | (largest + 1);
  // Largest value not above a.
  uint64_t low = 0, high = largest;
  while (low < high) {
    uint64_t middle = (low + high + 1) / 2;
    if ((long double)values[middle] <= a)
      low = middle;
    else
      high = middle - 1;
  }
  bool exact = (long double)values[low] == a;
  bool up = !exact && (minus ? direction == Down : direction == Up);
  if (direction == Nearest && !exact) {
    // Above the largest: as if one more number followed.
    long double step = low == largest
                           ? (long double)values[low] - values[low - 1]
                           : (long double)values[low + 1] - values[low];
    long double rest = a - values[low];
    up = rest > step / 2 || (rest == step / 2 && (low & 1));
  }
  if (!up)
    return minus | low;
  if (low < largest)
    return minus | (low + 1);
  return satfinite ? minus | largest : finite ? nan() : minus | (largest + 1);
}

const SmallFloat &test::f16() {
  static const SmallFloat format(5, 10, false);
  return format;
}
const SmallFloat &test::bf16() {
  static const SmallFloat format(8, 7, false);
  return format;
}
const SmallFloat &test::e4m3() {
  static const SmallFloat format(4, 3, true);
  return format;
}
const SmallFloat &test::e5m2() {
  static const SmallFloat format(5, 2, false);
  return format;
}
