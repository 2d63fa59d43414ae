//===- LoadStoreTest.cpp - ld, st and cp.async, all widths ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelFixture.h"

#include <random>

using namespace hydragen::emulated;

namespace {
using LoadStoreTest = test::KernelFixture;
}

// Loads `type` in vectors of n at several strides and stores it again, through
// each space, all lanes and some.
TEST_F(LoadStoreTest, RoundTrips) {
  Allocation *in = makeArray(32 * 48, "in");
  Allocation *out = makeArray(32 * 48, "out");
  std::mt19937 random(3);
  for (const char *space : {"global", "shared", "", "generic shared"})
    for (unsigned bits : {8, 16, 32, 64})
      for (unsigned n : {1, 2, 4})
        for (unsigned stride : {1, 3})
          for (bool some : {false, true}) {
            unsigned bytes = bits / 8 * n;
            if (bytes > 16)
              continue;
            for (uint64_t i = 0; i < in->size; ++i) {
              in->data[i] = uint8_t(random());
              out->data[i] = 0xcc;
            }
            std::string type = "b" + std::to_string(bits);
            std::string reg = bits == 64 ? "%d" : bits == 32 ? "%r" : "%h";
            std::string list = reg + "8";
            for (unsigned i = 1; i < n; ++i)
              list += ", " + reg + std::to_string(8 + i);
            if (n > 1)
              list = "{" + list + "}";
            std::string vector = n > 1 ? ".v" + std::to_string(n) : "";
            std::string guard = some ? "@%p1 " : "";
            std::string body = R"(
  mul.lo.u32 %r4, %r0, %r3;
  cvt.u64.u32 %d2, %r4;
  add.u64 %d3, %d0, %d2;
  add.u64 %d4, %d1, %d2;
  add.u32 %r5, %r2, %r4;
  cvt.u64.u32 %d5, %r5;
  cvta.shared.u64 %d6, %d5;
  and.b32 %r6, %r0, 5;
  setp.eq.u32 %p1, %r6, 4;
)";
            std::string suffix = vector + "." + type + " ";
            body += guard + "ld.global" + suffix + list + ", [%d3];\n";
            if (std::strstr(space, "shared")) {
              std::string at =
                  std::strcmp(space, "shared") == 0 ? "%r5" : "%d6";
              std::string in = at == "%r5" ? ".shared" : "";
              body += guard + "st" + in + suffix + "[" + at + "], " + list +
                      ";\n" + guard + "ld" + in + suffix + list + ", [" + at +
                      "];\n";
            }
            body += guard + "st" + (*space == 'g' ? ".global" : "") + suffix +
                    "[%d4], " + list + ";\n";
            LaunchResult result =
                run(body, in->base, out->base, bytes * stride);
            EXPECT_TRUE(result.faults.empty()) << body;
            for (unsigned i = 0; i < 32 * bytes * stride; ++i) {
              unsigned lane = i / (bytes * stride);
              bool moved =
                  i % (bytes * stride) < bytes && (!some || (lane & 5) == 4);
              ASSERT_EQ(out->data[i], moved ? in->data[i] : 0xcc)
                  << body << " byte " << i;
            }
          }
}

// A wider register is extended as the type of the instruction says.
TEST_F(LoadStoreTest, Extension) {
  Allocation *in = makeArray(32, "in");
  Allocation *out = makeArray(8 * 8, "out");
  for (int i = 0; i < 32; ++i)
    in->data[i] = uint8_t(0xf0 + i % 16);
  LaunchResult result = run(R"(
  ld.global.s8 %r4, [%d0];   cvt.u64.u32 %d4, %r4; st.global.u64 [%d1], %d4;
  ld.global.u8 %r4, [%d0];   cvt.u64.u32 %d4, %r4; st.global.u64 [%d1+8], %d4;
  ld.global.s16 %r4, [%d0];  cvt.u64.u32 %d4, %r4; st.global.u64 [%d1+16], %d4;
  ld.global.s8 %d4, [%d0];   st.global.u64 [%d1+24], %d4;
  ld.global.s32 %d4, [%d0];  st.global.u64 [%d1+32], %d4;
  ld.global.u32 %d4, [%d0];  st.global.u64 [%d1+40], %d4;
  ld.global.b16 %h4, [%d0];  cvt.u64.u16 %d4, %h4; st.global.u64 [%d1+48], %d4;
  ld.param.s32 %d4, [n];     st.global.u64 [%d1+56], %d4;)",
                            in->base, out->base, 0x80000001, 1, 1);
  EXPECT_TRUE(result.faults.empty());
  const uint64_t want[8] = {
      0xfffffff0,         0xf0,       0xfffff1f0, 0xfffffffffffffff0,
      0xfffffffff3f2f1f0, 0xf3f2f1f0, 0xf1f0,     0xffffffff80000001};
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(read<uint64_t>(out, i), want[i]) << i;
}

// Every size, source size, and both ways to wait; late and eager.
TEST_F(LoadStoreTest, AsyncCopies) {
  Allocation *in = makeArray(32 * 16, "in");
  Allocation *out = makeArray(32 * 16, "out");
  std::mt19937 random(5);
  for (bool late : {false, true})
    for (unsigned size : {4, 8, 16})
      for (const char *form : {"", "size", "ignore"})
        for (const char *wait :
             {"cp.async.wait_all;",
              "cp.async.commit_group; cp.async.wait_group 0;",
              "cp.async.commit_group; cp.async.commit_group; "
              "cp.async.wait_group 1;"}) {
          options.asyncLate = late;
          for (uint64_t i = 0; i < in->size; ++i)
            in->data[i] = uint8_t(random());
          std::string bytes = std::to_string(size);
          std::string body = "mul.lo.u32 %r4, %r0, " + bytes +
                             R"(;
  cvt.u64.u32 %d2, %r4;
  add.u64 %d3, %d0, %d2;
  add.u64 %d4, %d1, %d2;
  add.u32 %r5, %r2, %r4;
  and.b32 %r6, %r0, 3;
  setp.eq.u32 %p1, %r6, 1;
  rem.u32 %r6, %r0, )" + std::to_string(size + 1) +
                             ";\n";
          body += std::string("cp.async.") + (size == 16 ? "cg" : "ca") +
                  ".shared.global.L2::128B [%r5], [%d3], " + bytes +
                  (*form == 's'   ? ", %r6"
                   : *form == 'i' ? ", %p1"
                                  : "") +
                  ";\n" + wait + "\n";
          for (unsigned i = 0; i < size; i += 4)
            body += "ld.shared.b32 %r7, [%r5+" + std::to_string(i) +
                    "]; st.global.b32 [%d4+" + std::to_string(i) + "], %r7;\n";
          LaunchResult result = run(body, in->base, out->base);
          EXPECT_TRUE(result.faults.empty()) << body;
          EXPECT_EQ(result.counters.asyncBytes, 32 * size);
          for (unsigned i = 0; i < 32 * size; ++i) {
            unsigned lane = i / size;
            unsigned valid = *form == 's'   ? lane % (size + 1)
                             : *form == 'i' ? (lane % 4 == 1 ? 0 : size)
                                            : size;
            ASSERT_EQ(out->data[i], i % size < valid ? in->data[i] : 0)
                << body << " byte " << i;
          }
        }
}

// Groups belong to lanes: one that commits more often waits for other copies.
TEST_F(LoadStoreTest, GroupsOfLanes) {
  Allocation *in = makeArray(64 * 4, "in");
  for (uint32_t i = 0; i < 64; ++i)
    write(in, i, i + 1);
  Allocation *out = makeArray(32 * 4, "out");
  const std::string body = R"(
  mul.lo.u32 %r4, %r0, 4;
  cvt.u64.u32 %d2, %r4;
  add.u64 %d3, %d0, %d2;
  add.u64 %d4, %d1, %d2;
  add.u32 %r5, %r2, %r4;
  setp.lt.u32 %p1, %r0, 7;
  cp.async.ca.shared.global [%r5], [%d3], 4;
  cp.async.commit_group;
  @%p1 cp.async.commit_group;
  cp.async.wait_group 1;
)";
  // The lanes with two groups may read, the others may not.
  LaunchResult good = run(body + "@%p1 ld.shared.u32 %r6, [%r5];\n"
                                 "@%p1 st.global.u32 [%d4], %r6;",
                          in->base, out->base);
  EXPECT_TRUE(good.faults.empty());
  for (uint32_t i = 0; i < 7; ++i)
    EXPECT_EQ(read<uint32_t>(out, i), i + 1);
  LaunchResult bad =
      run(body + "ld.shared.u32 %r6, [%r5];", in->base, out->base);
  ASSERT_EQ(bad.faults.size(), 1u);
  EXPECT_EQ(bad.faults[0].kind, FaultKind::AsyncPending);
  EXPECT_EQ(bad.faults[0].lanes, ~0u << 7);
}
