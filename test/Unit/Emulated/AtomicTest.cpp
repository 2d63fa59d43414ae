//===- AtomicTest.cpp - atom and red against scalar references ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas of PTX ISA 9.7.13 (atom). Four lanes share a cell, and take turns
// in the order of lanes.
//===----------------------------------------------------------------------===//

#include "KernelFixture.h"

#include <cmath>
#include <functional>
#include <random>

using namespace hydragen::emulated;

namespace {
using AtomicTest = test::KernelFixture;

/// The new value from what is there and the operands.
using Reference = std::function<uint64_t(uint64_t, uint64_t, uint64_t)>;

template <typename T>
T fromBits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}
template <typename T>
uint64_t toBits(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

/// Rounds to nearest even with `digits` bits of significand.
double roundTo(double x, int digits, int minExponent) {
  if (x == 0)
    return x;
  int exponent = std::max(std::ilogb(x), minExponent) - (digits - 1);
  return std::ldexp(std::nearbyint(std::ldexp(x, -exponent)), exponent);
}
double fromF16(uint64_t h) {
  int exponent = int(h >> 10 & 31);
  double value = exponent ? std::ldexp(1024 + (h & 1023), exponent - 25)
                          : std::ldexp(h & 1023, -24);
  return h & 0x8000 ? -value : value;
}
uint64_t toF16(double x) {
  for (uint64_t h = 0; h < 0x7c00; ++h)
    if (fromF16(h) == std::fabs(x))
      return h | (std::signbit(x) ? 0x8000 : 0);
  return 0x7c00 | (std::signbit(x) ? 0x8000 : 0);
}
uint64_t addF16(uint64_t a, uint64_t b) {
  return toF16(roundTo(fromF16(a) + fromF16(b), 11, -14));
}
uint64_t addBF16(uint64_t a, uint64_t b) {
  double sum = double(fromBits<float>(a << 16)) + fromBits<float>(b << 16);
  return toBits(float(roundTo(sum, 8, -126))) >> 16;
}
float flush(float x) {
  return std::fabs(x) < 0x1p-126f ? std::copysign(0.f, x) : x;
}

/// Operands of each kind: small integers (so that compare-and-swap and bounds
/// are met), any bits, or floats of moderate size.
enum class Operands { Small, Any, F16, BF16, F32, F64, SmallF32 };
} // namespace

static void fill(Operands kind, std::mt19937_64 &random, uint64_t &value) {
  std::normal_distribution<double> normal;
  switch (kind) {
  case Operands::Small:
    value = random() % 5;
    break;
  case Operands::Any:
    value = random();
    break;
  case Operands::F16:
    value = 0;
    for (int i = 0; i < 2; ++i)
      value = value << 16 | toF16(roundTo(normal(random), 11, -14));
    break;
  case Operands::BF16:
    value = 0;
    for (int i = 0; i < 2; ++i)
      value =
          value << 16 | toBits(float(roundTo(normal(random), 8, -126))) >> 16;
    break;
  case Operands::F32:
    value = toBits(float(normal(random)));
    break;
  case Operands::SmallF32:
    value = toBits(float(std::ldexp(normal(random), -126)));
    break;
  case Operands::F64:
    value = toBits(normal(random));
    break;
  }
}

TEST_F(AtomicTest, Forms) {
  struct Form {
    const char *operation;
    unsigned bits;
    Operands operands;
    Reference reference;
    /// Shared memory computes otherwise.
    Reference shared = nullptr;
  };
  auto packed = [](uint64_t (*f)(uint64_t, uint64_t)) {
    return [f](uint64_t a, uint64_t b, uint64_t) {
      return f(a & 0xffff, b & 0xffff) | f(a >> 16 & 0xffff, b >> 16 & 0xffff)
                                             << 16;
    };
  };
  auto cas = [](uint64_t a, uint64_t b, uint64_t c) { return a == b ? c : a; };
  auto exch = [](uint64_t, uint64_t b, uint64_t) { return b; };
  auto addF32 = [](uint64_t a, uint64_t b, uint64_t) {
    return toBits(fromBits<float>(a) + fromBits<float>(b));
  };
  auto add = [](uint64_t a, uint64_t b, uint64_t) { return a + b; };
  const std::vector<Form> forms = {
      {"add.u32", 32, Operands::Any, add},
      {"add.s32", 32, Operands::Any, add},
      {"add.u64", 64, Operands::Any, add},
      {"add.f32", 32, Operands::F32, addF32},
      {"add.f32", 32, Operands::SmallF32,
       [](uint64_t a, uint64_t b, uint64_t) {
         return toBits(
             flush(flush(fromBits<float>(a)) + flush(fromBits<float>(b))));
       },
       addF32},
      {"add.f64", 64, Operands::F64,
       [](uint64_t a, uint64_t b, uint64_t) {
         return toBits(fromBits<double>(a) + fromBits<double>(b));
       }},
      {"add.noftz.f16", 16, Operands::F16,
       [](uint64_t a, uint64_t b, uint64_t) {
         return addF16(a & 0xffff, b & 0xffff);
       }},
      {"add.noftz.f16x2", 32, Operands::F16, packed(addF16)},
      {"add.noftz.bf16", 16, Operands::BF16,
       [](uint64_t a, uint64_t b, uint64_t) {
         return addBF16(a & 0xffff, b & 0xffff);
       }},
      {"add.noftz.bf16x2", 32, Operands::BF16, packed(addBF16)},
      {"inc.u32", 32, Operands::Small,
       [](uint64_t a, uint64_t b, uint64_t) { return a >= b ? 0 : a + 1; }},
      {"dec.u32", 32, Operands::Small,
       [](uint64_t a, uint64_t b, uint64_t) {
         return a == 0 || a > b ? b : a - 1;
       }},
      {"min.u32", 32, Operands::Any,
       [](uint64_t a, uint64_t b, uint64_t) { return std::min(a, b); }},
      {"max.u32", 32, Operands::Any,
       [](uint64_t a, uint64_t b, uint64_t) { return std::max(a, b); }},
      {"min.s32", 32, Operands::Any,
       [](uint64_t a, uint64_t b, uint64_t) {
         return uint64_t(uint32_t(std::min(int32_t(a), int32_t(b))));
       }},
      {"max.s64", 64, Operands::Any,
       [](uint64_t a, uint64_t b, uint64_t) {
         return uint64_t(std::max(int64_t(a), int64_t(b)));
       }},
      {"min.u64", 64, Operands::Any,
       [](uint64_t a, uint64_t b, uint64_t) { return std::min(a, b); }},
      {"and.b32", 32, Operands::Any,
       [](uint64_t a, uint64_t b, uint64_t) { return a & b; }},
      {"or.b64", 64, Operands::Any,
       [](uint64_t a, uint64_t b, uint64_t) { return a | b; }},
      {"xor.b32", 32, Operands::Any,
       [](uint64_t a, uint64_t b, uint64_t) { return a ^ b; }},
      {"exch.b32", 32, Operands::Any, exch},
      {"exch.b64", 64, Operands::Any, exch},
      {"cas.b16", 16, Operands::Small, cas},
      {"cas.b32", 32, Operands::Small, cas},
      {"cas.b64", 64, Operands::Small, cas},
  };
  std::mt19937_64 random(7);
  // Cells of 8 bytes; operands b and c and results d, 32 of each.
  Allocation *cells = makeArray(64, "cells");
  Allocation *lanes = makeArray(3 * 256, "lanes");
  for (const Form &form : forms)
    for (const char *space : {"global", "shared", "", "generic shared"})
      for (bool reduction : {false, true}) {
        std::string name = form.operation;
        bool isCas = name.rfind("cas", 0) == 0;
        if (reduction && (isCas || name.rfind("exch", 0) == 0))
          continue;
        uint64_t mask =
            form.bits == 64 ? ~uint64_t(0) : (uint64_t(1) << form.bits) - 1;
        uint64_t cell[8];
        for (int i = 0; i < 8; ++i) {
          fill(form.operands, random, cell[i]);
          cell[i] &= mask;
          write(cells, i, cell[i]);
        }
        uint64_t before[32], b[32], c[32];
        bool inShared = std::strstr(space, "shared");
        const Reference &reference =
            inShared && form.shared ? form.shared : form.reference;
        for (int lane = 0; lane < 32; ++lane) {
          fill(form.operands, random, b[lane]);
          fill(form.operands, random, c[lane]);
          b[lane] &= mask;
          c[lane] &= mask;
          write(lanes, lane, b[lane]);
          write(lanes, 32 + lane, c[lane]);
          write<uint64_t>(lanes, 64 + lane, 0);
          before[lane] = cell[lane / 4];
          cell[lane / 4] = reference(before[lane], b[lane], c[lane]) & mask;
        }
        std::string reg = form.bits == 64   ? "%d"
                          : form.bits == 32 ? "%r"
                                            : "%h";
        std::string u = "u" + std::to_string(form.bits);
        std::string qualifier =
            std::strcmp(space, "generic shared") == 0 || !*space
                ? ""
                : std::string(".") + space;
        std::string body = R"(
  shr.u32 %r5, %r0, 2;
  mul.wide.u32 %d5, %r5, 8;
  add.u64 %d6, %d0, %d5;
  mad.lo.u32 %r6, %r5, 8, %r2;
  cvt.u64.u32 %d7, %r6;
  mul.wide.u32 %d8, %r0, 8;
  add.u64 %d8, %d1, %d8;
  mov.u64 %d12, 0;
)";
        body += "ld.global." + u + " " + reg + "9, [%d8];\n";
        body += "ld.global." + u + " " + reg + "10, [%d8+256];\n";
        if (inShared)
          body += "ld.global.u64 %d11, [%d6]; and.b32 %r7, %r0, 3;\n"
                  "setp.ne.u32 %p0, %r7, 0; @!%p0 st.shared.u64 [%d7], %d11;\n"
                  "bar.sync 0;\n";
        std::string address = qualifier == ".shared" ? "%d7" : "%d6";
        if (std::strcmp(space, "generic shared") == 0) {
          body += "cvta.shared.u64 %d13, %d7;\n";
          address = "%d13";
        }
        body += (reduction ? "red" : "atom") + qualifier + "." + name + " " +
                (reduction ? "" : reg + "12, ") + "[" + address + "], " + reg +
                "9" + (isCas ? ", " + reg + "10" : "") + ";\n";
        if (inShared)
          body += "bar.sync 0;\n"
                  "@!%p0 ld.shared.u64 %d11, [%d7];\n"
                  "@!%p0 st.global.u64 [%d6], %d11;\n";
        if (!reduction)
          body += "st.global." + u + " [%d8+512], " + reg + "12;\n";
        LaunchResult result = run(body, cells->base, lanes->base);
        EXPECT_TRUE(result.faults.empty()) << body << result.faults[0].title;
        for (int i = 0; i < 8; ++i)
          EXPECT_EQ(read<uint64_t>(cells, i) & mask, cell[i])
              << name << " " << space << " cell " << i;
        for (int lane = 0; lane < 32 && !reduction; ++lane)
          EXPECT_EQ(read<uint64_t>(lanes, 64 + lane) & mask, before[lane])
              << name << " " << space << " lane " << lane;
      }
}
