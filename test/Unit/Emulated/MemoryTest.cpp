//===- MemoryTest.cpp - memory of the emulated device, its counters -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelFixture.h"
#include "SharedMemory.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace hydragen::emulated;

namespace {
using MemoryTest = test::KernelFixture;

uint64_t getResidentBytes() {
  uint64_t pages = 0, resident = 0;
  FILE *file = std::fopen("/proc/self/statm", "r");
  if (!file || std::fscanf(file, "%lu %lu", &pages, &resident) != 2)
    resident = 0;
  if (file)
    std::fclose(file);
  return resident * uint64_t(sysconf(_SC_PAGESIZE));
}
} // namespace

TEST_F(MemoryTest, SparseAllocationsExceedMemory) {
  uint64_t before = getResidentBytes();
  const uint64_t size = uint64_t(20) << 30;
  Allocation *big = memory.allocate(size, "big");
  ASSERT_NE(big, nullptr);
  Allocation *small = memory.allocate(128, "small");
  ASSERT_NE(small, nullptr);
  // Offsets beyond 32 bits, the last word included.
  for (uint64_t offset :
       {uint64_t(5) << 30, (uint64_t(12) << 30) + 4096, size - 128}) {
    LaunchResult result = run(R"(
  mul.wide.u32 %d2, %r0, 4;
  add.u64 %d3, %d0, %d2;
  add.u64 %d4, %d1, %d2;
  st.global.u32 [%d3], %r0;
  ld.global.u32 %r4, [%d3];
  st.global.u32 [%d4], %r4;)",
                              big->base + offset, small->base);
    EXPECT_TRUE(result.faults.empty());
    EXPECT_EQ(result.counters.uniqueWriteSectors, 8u);
    for (uint32_t i = 0; i < 32; ++i) {
      uint32_t value;
      std::memcpy(&value, small->data + i * 4, 4);
      EXPECT_EQ(value, i);
      std::memcpy(&value, big->data + offset + i * 4, 4);
      EXPECT_EQ(value, i);
    }
    EXPECT_TRUE(big->isInitialized(offset, 128));
    EXPECT_FALSE(big->isInitialized(offset - 1, 2));
  }
  // One byte past the end.
  LaunchResult result =
      run("st.global.u8 [%d0], %r0;", big->base + size, 0, 0, 1, 1);
  ASSERT_EQ(result.faults.size(), 1u);
  EXPECT_EQ(result.faults[0].kind, FaultKind::OutOfBounds);
  EXPECT_LT(getResidentBytes(), before + (uint64_t(64) << 20));
  EXPECT_TRUE(memory.free(big->base));
}

TEST_F(MemoryTest, ImpossibleSizesAreRefused) {
  EXPECT_EQ(memory.allocate(~uint64_t(0), "all"), nullptr);
  EXPECT_EQ(memory.allocate(uint64_t(1) << 60, "most"), nullptr);
}

TEST_F(MemoryTest, Sectors) {
  Allocation *a = memory.allocate(1 << 16, "a");
  a->allInit = true;
  struct Case {
    unsigned stride, start;
    const char *load;
    uint64_t sectors;
  };
  // Distinct 32-byte sectors of one warp instruction.
  for (const Case &c : std::initializer_list<Case>{
           {4, 0, "ld.global.u32 %r4, [%d2];", 4},
           {4, 4, "ld.global.u32 %r4, [%d2];", 5},
           {8, 0, "ld.global.u32 %r4, [%d2];", 8},
           {8, 0, "ld.global.u64 %d4, [%d2];", 8},
           {16, 0, "ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%d2];", 16},
           {16, 16, "ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%d2];", 17},
           {32, 0, "ld.global.u8 %r4, [%d2];", 32},
           {1024, 28, "ld.global.u32 %r4, [%d2];", 32},
           {1, 0, "ld.global.u8 %r4, [%d2];", 1},
           {2, 0, "ld.global.u16 %r4, [%d2];", 2},
           {0, 64, "ld.global.u32 %r4, [%d2];", 1}}) {
    LaunchResult result = run("mul.wide.u32 %d2, %r0, %r3;\n"
                              "add.u64 %d2, %d0, %d2;\n" +
                                  std::string(c.load) + "\n" + c.load,
                              a->base + c.start, 0, c.stride);
    EXPECT_TRUE(result.faults.empty());
    EXPECT_EQ(result.counters.globalReadSectors, 2 * c.sectors)
        << c.load << " stride " << c.stride << " from " << c.start;
    EXPECT_EQ(result.counters.uniqueReadSectors, c.sectors);
  }
}

TEST_F(MemoryTest, Wavefronts) {
  struct Case {
    unsigned stride;
    const char *access;
    uint64_t passes, ideal;
  };
  for (const Case &c : std::initializer_list<Case>{
           {4, "st.shared.u32 [%r4], %r0;", 1, 1},
           {8, "st.shared.u32 [%r4], %r0;", 2, 1},
           {12, "st.shared.u32 [%r4], %r0;", 1, 1},
           {128, "st.shared.u32 [%r4], %r0;", 32, 1},
           {132, "st.shared.u32 [%r4], %r0;", 1, 1},
           {2, "st.shared.u16 [%r4], %r0;", 1, 1},
           {8, "st.shared.v2.u32 [%r4], {%r0, %r0};", 2, 2},
           {16, "st.shared.v2.u32 [%r4], {%r0, %r0};", 4, 2},
           {16, "st.shared.v4.u32 [%r4], {%r0, %r0, %r0, %r0};", 4, 4},
           {32, "st.shared.v4.u32 [%r4], {%r0, %r0, %r0, %r0};", 8, 4},
           {128, "st.shared.v4.u32 [%r4], {%r0, %r0, %r0, %r0};", 32, 4},
           {16,
            "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r5, %r6, %r7, "
            "%r8}, [%r4];",
            4, 4},
           {32, "ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r5, %r6}, [%r4];",
            4, 2},
           {128, "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r5}, [%r4];", 8,
            1},
           {144, "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r5}, [%r4];", 1,
            1},
           {0, "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r5}, [%r4];", 1,
            1}}) {
    // All of it is initialised: 64 x 128 bytes by 32 lanes.
    std::string fill;
    for (int i = 0; i < 16; ++i)
      fill += "st.shared.v4.u32 [%r9+" + std::to_string(i * 512) +
              "], {%r0, %r0, %r0, %r0};\n";
    LaunchResult result =
        run("mad.lo.u32 %r9, %r0, 16, %r2;\n" + fill +
                "bar.sync 0;\nmad.lo.u32 %r4, %r0, %r3, %r2;\n" + c.access,
            0, 0, c.stride);
    EXPECT_TRUE(result.faults.empty()) << c.access;
    EXPECT_EQ(result.counters.sharedWavefronts, 64 + c.passes)
        << c.access << " stride " << c.stride;
    EXPECT_EQ(result.counters.sharedWavefrontsIdeal, 64 + c.ideal)
        << c.access << " stride " << c.stride;
  }
}

// The same bank conflicts by counting the words of each bank.
TEST_F(MemoryTest, WavefrontsByDefinition) {
  uint64_t state = 1;
  auto random = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return uint32_t(state >> 33);
  };
  for (int trial = 0; trial < 2000; ++trial) {
    unsigned bytes = 1u << trial % 5, range = 1 + random() % 64;
    uint32_t addresses[32], mask = random() | random();
    for (uint32_t &address : addresses)
      address = random() % range * std::max(4u, bytes);
    unsigned lanes = bytes <= 4 ? 32 : 128 / bytes, want = 0, ideal = 0;
    for (unsigned begin = 0; begin < 32; begin += lanes) {
      std::vector<uint32_t> banks[32];
      size_t most = 0;
      for (unsigned lane = begin; lane < begin + lanes; ++lane)
        for (unsigned i = 0; i < std::max(4u, bytes) / 4; ++i) {
          if (!(mask >> lane & 1))
            continue;
          uint32_t word = addresses[lane] / 4 + i;
          std::vector<uint32_t> &bank = banks[word % 32];
          bool known = false;
          for (uint32_t other : bank)
            known |= other == word;
          if (!known)
            bank.push_back(word);
          most = std::max(most, bank.size());
        }
      want += unsigned(most);
      ideal += most != 0;
    }
    unsigned gotIdeal;
    EXPECT_EQ(countWavefronts(addresses, mask, bytes, gotIdeal), want);
    EXPECT_EQ(gotIdeal, ideal);
  }
}

TEST_F(MemoryTest, CountersDoNotDependOnThreads) {
  Allocation *in = memory.allocate(64 * 256 * 4, "in");
  in->allInit = true;
  Allocation *out = memory.allocate(64 * 256 * 4, "out");
  // Every block reads its own words and those of its neighbour.
  auto launch = [&](unsigned threads) {
    options.threads = threads;
    return run(R"(
  mad.lo.u32 %r4, %r1, 256, %r0;
  mul.wide.u32 %d2, %r4, 4;
  add.u64 %d3, %d0, %d2;
  add.u64 %d4, %d1, %d2;
  ld.global.u32 %r5, [%d3];
  xor.b32 %r4, %r4, 256;
  mul.wide.u32 %d2, %r4, 4;
  add.u64 %d3, %d0, %d2;
  ld.global.u32 %r6, [%d3];
  add.u32 %r5, %r5, %r6;
  st.global.u32 [%d4], %r5;)",
               in->base, out->base, 0, 64, 256);
  };
  LaunchResult one = launch(1);
  EXPECT_TRUE(one.faults.empty());
  EXPECT_EQ(one.counters.uniqueReadSectors, 64u * 256 * 4 / 32);
  EXPECT_EQ(one.counters.globalReadSectors, 2 * 64u * 256 * 4 / 32);
  for (unsigned threads : {2u, 3u, 8u})
    for (int again = 0; again < 5; ++again) {
      LaunchResult several = launch(threads);
      EXPECT_TRUE(several.faults.empty());
      EXPECT_EQ(std::memcmp(&several.counters, &one.counters, sizeof(Counters)),
                0);
    }
}

// Without checks an access that does not happen is reported all the same.
TEST_F(MemoryTest, RefusedAccessesWithoutChecks) {
  options.checks = false;
  Allocation *a = makeArray(64, "a");
  struct Case {
    const char *access;
    FaultKind kind;
  };
  for (const Case &c : std::initializer_list<Case>{
           {"st.global.u32 [%d0+64], %r0;", FaultKind::OutOfBounds},
           {"ld.global.u32 %r4, [%d0+2];", FaultKind::Misaligned},
           {"st.shared.u32 [%r2+8192], %r0;", FaultKind::OutOfBounds},
           {"atom.shared.add.u32 %r4, [%r2+2], 1;", FaultKind::Misaligned}}) {
    LaunchResult result = run(c.access, a->base, 0, 0, 1, 1);
    ASSERT_EQ(result.faults.size(), 1u) << c.access;
    EXPECT_EQ(result.faults[0].kind, c.kind);
  }
  // What only may be wrong is not.
  EXPECT_TRUE(run("ld.shared.u32 %r4, [%r2];", a->base).faults.empty());
}

// A modifier that is not known is an error of the program, not ignored.
TEST_F(MemoryTest, UnknownModifiers) {
  for (const char *text :
       {"ld.global.v8.u32 %r4, [%d0];", "ld.global.what.u32 %r4, [%d0];",
        "st.shared::cluster.u32 [%r2], %r0;",
        "ld.const.nonsense.u32 %r4, [%d0];",
        "atom.global.mul.u32 %r4, [%d0], 1;",
        "red.global.add.v2.f32 [%d0], {%r4, %r5};",
        "cp.async.cx.shared.global [%r2], [%d0], 16;",
        "cp.async.cg.shared.global [%r2], [%d0], 8;",
        "cp.async.bulk.commit_group;", "discard.global.L2 [%d0], 128;"}) {
    Program program;
    std::vector<ParseError> errors;
    EXPECT_FALSE(program.load(wrap(text), memory, errors)) << text;
    EXPECT_EQ(errors.size(), 1u) << text;
  }
}
