//===- KernelFixture.h - small kernels for tests of memory ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_UNIT_EMULATED_KERNELFIXTURE_H
#define HYDRAGEN_TEST_UNIT_EMULATED_KERNELFIXTURE_H

#include "Launch.h"

#include <cstring>
#include <gtest/gtest.h>

namespace hydragen::emulated::test {

/// Kernels of two pointers (%d0, %d1) and a number (%r3); %r0 is the thread,
/// %r1 the block, %r2 the address of 8192 bytes of shared memory.
class KernelFixture : public testing::Test {
protected:
  static std::string wrap(const std::string &body) {
    return R"(.version 7.8
.target sm_80
.address_size 64
.visible .entry k(.param .u64 p, .param .u64 q, .param .u32 n) {
  .reg .u16 %h<16>;
  .reg .u32 %r<16>;
  .reg .u64 %d<16>;
  .reg .pred %p<4>;
  .shared .align 128 .b8 s[8192];
  mov.u32 %r0, %tid.x;
  mov.u32 %r1, %ctaid.x;
  mov.u32 %r2, s;
  ld.param.u32 %r3, [n];
  ld.param.u64 %d0, [p];
  ld.param.u64 %d1, [q];
)" + body + "\n  ret;\n}\n";
  }

  LaunchResult run(const std::string &body, uint64_t p, uint64_t q = 0,
                   uint32_t n = 0, uint32_t grid = 1, uint32_t block = 32) {
    Program program;
    std::vector<ParseError> errors;
    bool loaded = program.load(wrap(body), memory, errors);
    EXPECT_TRUE(loaded) << body << "\n"
                        << (errors.empty() ? "" : errors[0].message);
    LaunchResult result;
    if (!loaded)
      return result;
    Launch launch;
    launch.program = &program;
    launch.kernel = program.findKernel("k");
    launch.grid[0] = grid;
    launch.block[0] = block;
    launch.options = options;
    launch.parameters.resize(20);
    std::memcpy(&launch.parameters[0], &p, 8);
    std::memcpy(&launch.parameters[8], &q, 8);
    std::memcpy(&launch.parameters[16], &n, 4);
    auto error = hydragen::emulated::run(launch, memory, result);
    EXPECT_FALSE(error) << *error;
    return result;
  }

  /// An allocation full of initialised bytes.
  Allocation *makeArray(uint64_t bytes, const char *name) {
    Allocation *allocation = memory.allocate(bytes, name);
    allocation->allInit = true;
    return allocation;
  }
  template <typename T>
  static T read(const Allocation *allocation, uint64_t index) {
    T value;
    std::memcpy(&value, allocation->data + index * sizeof(T), sizeof(T));
    return value;
  }
  template <typename T>
  static void write(Allocation *allocation, uint64_t index, T value) {
    std::memcpy(allocation->data + index * sizeof(T), &value, sizeof(T));
  }

  Memory memory;
  Options options;
};

} // namespace hydragen::emulated::test

#endif // HYDRAGEN_TEST_UNIT_EMULATED_KERNELFIXTURE_H
