//===- FuzzRegressionTest.cpp - the PTX reader over mutations ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Deterministic: the same seeds and mutations on every run.
//===----------------------------------------------------------------------===//

#include "../../Emulated/Fuzz/FuzzPtx.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

using namespace hydragen::test;

namespace {
const char *const kSeeds[] = {
    R"(.version 8.0
.target sm_80
.address_size 64
.file 1 "a.mlir"
.global .align 8 .b32 table[4] = {1, 2, 3, 4};
.global .u64 pointer[2] = {table, generic(table)+8};
.const .f32 c = 0f3f800000;
.extern .shared .align 16 .b8 smem[];
.visible .entry k(.param .u64 .ptr .global .align 1 a, .param .align 8 .b8 s[16])
.maxntid 128, 1, 1
{
  .reg .pred %p<4>;
  .reg .b16 %h<4>;
  .reg .b32 %r<20>;
  .reg .f32 %f<9>;
  .reg .b64 %rd<8>;
  .shared .align 16 .b8 tile[1024];
  .loc 1 3 4
  ld.param.u64 %rd1, [a];
  cvta.to.global.u64 %rd2, %rd1;
  mov.u32 %r1, %tid.x;
  setp.lt.and.s32 %p1|%p2, %r1, 10, !%p3;
LOOP:
  @!%p1 bra DONE;
  mad.wide.s32 %rd3, %r1, -4, %rd2;
  ld.global.nc.v4.b32 {%r2, %r3, %r4, %r5}, [%rd3+-16];
  add.s32 %r1, %r1, 0x10;
  { .reg .pred P; setp.eq.u32 P, %r1, 3; @P bra LOOP; }
  shfl.sync.bfly.b32 %r6|%p1, %r2, 1, 31, -1;
  mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f1,%f2,%f3,%f4}, {%r2,%r3,%r4,%r5}, {%r6,%r7}, {%f1,%f2,%f3,%f4};
  bar.sync 0;
  atom.global.add.u32 %r8, [%rd2], 1;
  bra.uni LOOP;
DONE:
  ret;
}
)",
    R"(.version 7.0
.target sm_80, debug
.address_size 64
.visible .entry a()
{
  .reg .pred %p<4>;
  .reg .b32 %r<4>;
  mov.u32 %r1, %laneid;
T: .branchtargets A, B, C;
  brx.idx %r1, T;
C: add.u32 %r2, %r1, 1;
A: sub.u32 %r2, %r1, 1;
  bra E;
B: not.b32 %r2, %r1;
E: @%p3 trap;
  exit;
}
.section .debug_str { .b8 65, 66, 0 }
)",
    R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry irreducible(.param .u32 n)
{
  .reg .pred %p<4>;
  .reg .b32 %r<4>;
  ld.param.u32 %r1, [n];
  setp.eq.u32 %p1, %r1, 0;
  @%p1 bra B;
A: add.u32 %r1, %r1, 1;
  setp.gt.u32 %p2, %r1, 9;
  @%p2 bra END;
B: add.u32 %r1, %r1, 2;
  bra A;
END: ret;
}
)"};

const char *const kPieces[] = {"{",
                               "}",
                               "[",
                               "]",
                               ";",
                               ",",
                               "|",
                               "!",
                               "@%p1 ",
                               ".reg ",
                               "%r1",
                               "%rd1",
                               "%f1",
                               "%p1",
                               "A:",
                               "bra ",
                               "LOOP",
                               ".b64",
                               ".pred",
                               "-1",
                               "0x",
                               "0f",
                               "<",
                               ">",
                               "999999",
                               "4294967296",
                               "18446744073709551615",
                               "\"",
                               "//",
                               "/*",
                               "*/",
                               ".global .b8 x[",
                               "ret;",
                               "brx.idx ",
                               "\0"};

std::string mutate(std::string text, std::mt19937 &random) {
  auto below = [&](size_t bound) { return bound ? random() % bound : 0; };
  for (size_t edits = 1 + below(4); edits--;) {
    size_t at = below(text.size());
    switch (below(6)) {
    case 0:
      if (!text.empty())
        text[at] = static_cast<char>(random());
      break;
    case 1:
      text.erase(at, below(24));
      break;
    case 2:
      text.insert(at, kPieces[below(std::size(kPieces))]);
      break;
    case 3: { // a line moves
      size_t end = text.find('\n', at);
      std::string line = text.substr(at, end - at);
      text.insert(below(text.size()), line);
      break;
    }
    case 4: {
      std::string other = kSeeds[below(std::size(kSeeds))];
      size_t from = below(other.size());
      text.insert(at, other.substr(from, below(80)));
      break;
    }
    case 5:
      text.resize(at);
      break;
    }
  }
  return text;
}

bool load(const std::string &text) {
  // An exact heap block: a sanitizer sees any read behind it.
  std::vector<uint8_t> bytes(text.begin(), text.end());
  return fuzzPtx(bytes.data(), bytes.size());
}

TEST(PtxFuzzRegression, Mutations) {
  std::mt19937 random(20260101);
  int accepted = 0;
  for (int i = 0; i != 20000; ++i)
    accepted += load(mutate(kSeeds[i % std::size(kSeeds)], random));
  // Mutations are mild enough to reach what comes after the parser.
  EXPECT_GT(accepted, 100);
}

TEST(PtxFuzzRegression, Seeds) {
  for (const char *seed : kSeeds)
    EXPECT_TRUE(load(seed));
}
} // namespace
