//===- MoveTest.cpp - moves, packs, address spaces, widths ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lanes.h"

using namespace hydragen::emulated;
using namespace hydragen::emulated::test;

namespace {

Lanes randomLanes(uint64_t seed, unsigned bits) {
  std::mt19937_64 random(seed);
  Lanes lanes;
  for (uint64_t &lane : lanes)
    lane = bits == 64 ? random() : random() & ((uint64_t(1) << bits) - 1);
  return lanes;
}

TEST(Move, Registers) {
  for (const char *kind : {"b", "u", "s"})
    for (unsigned n : {16u, 32u, 64u})
      check(std::string("mov.") + kind + std::to_string(n), n, {n},
            [](auto a, auto, auto) { return a; });
  check("mov.f32", 32, {32}, [](auto a, auto, auto) { return a; });
  check("mov.f64", 64, {64}, [](auto a, auto, auto) { return a; });
  check("mov.pred", 1, {1}, [](auto a, auto, auto) { return a; });
}

TEST(Move, Constants) {
  Machine m("mov.b32 %r0, -1; mov.b64 %d0, -2; mov.b16 %h0, 0xABCD;"
            "mov.f32 %r1, 0f3FC00000; mov.f64 %d1, 0d4000000000000000;"
            "mov.f32 %r2, 2.5; mov.u32 %r3, 0xFFFFFFFF; mov.s32 %r4, -7;"
            "mov.pred %p0, 1; mov.pred %p1, 0;");
  ASSERT_TRUE(m.loads()) << m.getErrors();
  m.run();
  for (int l = 0; l < 32; ++l) {
    EXPECT_EQ(m.get("%r0")[l], 0xffffffffu);
    EXPECT_EQ(m.get("%d0")[l], uint64_t(-2));
    EXPECT_EQ(m.get("%h0")[l], 0xabcdu);
    EXPECT_EQ(m.get("%r1")[l], 0x3fc00000u);
    EXPECT_EQ(m.get("%d1")[l], 0x4000000000000000u);
    EXPECT_EQ(m.get("%r2")[l], fromFloat(2.5f));
    EXPECT_EQ(m.get("%r3")[l], 0xffffffffu);
    EXPECT_EQ(m.get("%r4")[l], 0xfffffff9u);
    EXPECT_EQ(m.get("%p0")[l], 1u);
    EXPECT_EQ(m.get("%p1")[l], 0u);
  }
}

TEST(Move, PackAndUnpack) {
  Machine m("mov.b32 %r0, {%h1, %h2}; mov.b64 %d0, {%r1, %r2};"
            "mov.b64 %d1, {%h1, %h2, %h3, %h4};"
            "mov.b32 {%h5, %h6}, %r3; mov.b64 {%r4, %r5}, %d2;"
            "mov.b64 {%h7, _, %h8, %h9}, %d2; mov.b64 {_, %r6}, %d2;");
  ASSERT_TRUE(m.loads()) << m.getErrors();
  Lanes h[5], r1 = randomLanes(1, 32), r2 = randomLanes(2, 32),
              r3 = randomLanes(3, 32), d2 = randomLanes(4, 64);
  for (int i = 1; i < 5; ++i) {
    h[i] = randomLanes(uint64_t(10 + i), 16);
    m.set("%h" + std::to_string(i), h[i]);
  }
  m.set("%r1", r1);
  m.set("%r2", r2);
  m.set("%r3", r3);
  m.set("%d2", d2);
  m.run();
  for (int l = 0; l < 32; ++l) {
    EXPECT_EQ(m.get("%r0")[l], h[2][l] << 16 | h[1][l]);
    EXPECT_EQ(m.get("%d0")[l], r2[l] << 32 | r1[l]);
    EXPECT_EQ(m.get("%d1")[l],
              h[4][l] << 48 | h[3][l] << 32 | h[2][l] << 16 | h[1][l]);
    EXPECT_EQ(m.get("%h5")[l], r3[l] & 0xffff);
    EXPECT_EQ(m.get("%h6")[l], r3[l] >> 16);
    EXPECT_EQ(m.get("%r4")[l], d2[l] & 0xffffffff);
    EXPECT_EQ(m.get("%r5")[l], d2[l] >> 32);
    EXPECT_EQ(m.get("%h7")[l], d2[l] & 0xffff);
    EXPECT_EQ(m.get("%h8")[l], d2[l] >> 32 & 0xffff);
    EXPECT_EQ(m.get("%h9")[l], d2[l] >> 48);
    EXPECT_EQ(m.get("%r6")[l], d2[l] >> 32);
  }
}

TEST(Move, PacksOfTheWrongSize) {
  EXPECT_EQ(Machine("mov.b32 %r0, {%h1, %h2, %h3};").getErrors(),
            "9: the elements do not make up the type\n");
  EXPECT_FALSE(Machine("mov.b64 %d0, {%h1, %h2};").loads());
}

// Wider registers: sources are cut, results extended by their type's sign.
TEST(Move, OtherWidths) {
  Machine m("cvt.s16.s8 %r0, %r1; cvt.u16.u8 %r2, %r1; cvt.s32.s16 %d0, %r1;"
            "add.s32 %r3, %d1, %d1; cvt.s8.s32 %h0, %r1;"
            "cvt.u32.u16 %d2, %r1;");
  ASSERT_TRUE(m.loads()) << m.getErrors();
  Lanes a = randomLanes(5, 32), d = randomLanes(6, 64);
  m.set("%r1", a);
  m.set("%d1", d);
  m.run();
  for (int l = 0; l < 32; ++l) {
    EXPECT_EQ(m.get("%r0")[l], uint32_t(int32_t(int8_t(a[l]))));
    EXPECT_EQ(m.get("%r2")[l], a[l] & 0xff);
    EXPECT_EQ(m.get("%d0")[l], uint64_t(int64_t(int16_t(a[l]))));
    EXPECT_EQ(m.get("%r3")[l], uint32_t(d[l] * 2));
    EXPECT_EQ(m.get("%h0")[l], uint16_t(int16_t(int8_t(a[l]))));
    EXPECT_EQ(m.get("%d2")[l], a[l] & 0xffff);
  }
}

TEST(Move, AddressSpaces) {
  Machine m("cvta.shared.u64 %d0, %d9; cvta.to.shared.u64 %d1, %d0;"
            "cvta.local.u64 %d2, %d9; cvta.to.local.u64 %d3, %d2;"
            "cvta.param.u64 %d4, %d9; cvta.global.u64 %d5, %d9;"
            "cvta.to.global.u64 %d6, %d9;"
            "isspacep.shared %p0, %d0; isspacep.shared %p1, %d2;"
            "isspacep.local %p2, %d2; isspacep.global %p3, %d8;"
            "isspacep.global %p4, %d0; isspacep.param %p5, %d4;"
            "isspacep.shared::cta %p6, %d0;");
  ASSERT_TRUE(m.loads()) << m.getErrors();
  Lanes offset, address;
  for (int l = 0; l < 32; ++l) {
    offset[l] = uint64_t(l) * 1000;
    address[l] = globalBase + uint64_t(l) * 4096;
  }
  m.set("%d9", offset);
  m.set("%d8", address);
  m.run();
  for (int l = 0; l < 32; ++l) {
    EXPECT_EQ(m.get("%d0")[l], sharedWindow + offset[l]);
    EXPECT_EQ(m.get("%d1")[l], offset[l]);
    EXPECT_EQ(m.get("%d2")[l], localWindow + offset[l]);
    EXPECT_EQ(m.get("%d3")[l], offset[l]);
    EXPECT_EQ(m.get("%d4")[l], paramWindow + offset[l]);
    EXPECT_EQ(m.get("%d5")[l], offset[l]);
    EXPECT_EQ(m.get("%d6")[l], offset[l]);
    bool expected[] = {true, false, true, true, false, true, true};
    for (int i = 0; i < 7; ++i)
      EXPECT_EQ(m.get("%p" + std::to_string(i))[l], uint64_t(expected[i])) << i;
  }
}

TEST(Move, Guards) {
  Machine m("@%p1 mov.b32 %r0, 1; @!%p1 mov.b32 %r0, 2;"
            "@%p2 add.s32 %r1, %d0, 1; @!%p2 cvt.s16.s8 %r1, %r2;");
  ASSERT_TRUE(m.loads()) << m.getErrors();
  Lanes p, d, r;
  for (int l = 0; l < 32; ++l) {
    p[l] = uint64_t(l) % 3 == 0;
    d[l] = uint64_t(l) << 32 | uint64_t(l);
    r[l] = 0x180;
  }
  m.set("%p1", p);
  m.set("%p2", p);
  m.set("%d0", d);
  m.set("%r2", r);
  m.run();
  for (int l = 0; l < 32; ++l) {
    EXPECT_EQ(m.get("%r0")[l], p[l] ? 1u : 2u);
    EXPECT_EQ(m.get("%r1")[l], p[l] ? uint64_t(l) + 1 : 0xffffff80u);
  }
}

// Together they would wrap around 32 bits.
TEST(Move, TooMuchLocalMemory) {
  EXPECT_EQ(Machine(".local .b8 a[1500000000];\n.local .b8 b[1500000000];\n"
                    ".local .b8 c[1500000000];\nmov.u64 %d0, c;")
                .getErrors(),
            "10: 'b' exceeds the address space\n"
            "11: 'c' exceeds the address space\n");
}

// Every unknown instruction of a kernel is an error of its own, with its line.
TEST(Move, UnknownInstructions) {
  Machine m("frobnicate.u32 %r0, %r1;\nmov.b32 %r0, %r1;\n"
            "add.u8 %r0, %r1, %r2;\nex2.f32 %r0, %r1;\n"
            "add.s32 %r0, %r1, %nonsense;\nsub.s32 %r0, %r1;\n"
            "mov.b64 %d0, %r1;\nsetp.lt.s32 %r0, %r1, %r2;");
  EXPECT_EQ(m.getErrors(),
            "9: unknown instruction 'frobnicate.u32'\n"
            "11: unknown instruction 'add.u8'\n"
            "12: unknown instruction 'ex2.f32'\n"
            "13: '%nonsense' is not declared or is an unknown special "
            "register\n"
            "14: expected 3 operands, got 2\n"
            "15: register '%r1' of 32 bits is too small for 64 bits\n"
            "16: register '%r0' has the wrong type\n");
}

} // namespace
