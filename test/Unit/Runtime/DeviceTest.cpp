//===- DeviceTest.cpp - one suite for all devices ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What holds on every device that runs kernels: cuda, here with the fake
// driver, and emulated.
//===----------------------------------------------------------------------===//

#include "Devices.h"

#include <algorithm>

using namespace hydragen::test;

namespace {
const std::string kModules = HYDRAGEN_TEST_MODULES;

std::vector<float> iota(size_t count, float first) {
  std::vector<float> values;
  for (size_t i = 0; i != count; ++i)
    values.push_back(first + static_cast<float>(i));
  return values;
}

class Devices : public testing::TestWithParam<const char *> {
protected:
  Variable driver{"HYDRAGEN_LIBCUDA", HYDRAGEN_FAKE_DRIVER};
  Session session{GetParam(), kModules + "/GOOD.so"};
  void SetUp() override { ASSERT_EQ(session.error, ""); }
};

TEST_P(Devices, Memory) {
  void *pointer = &pointer;
  EXPECT_EQ(take(hydragen_device_allocate(session.device, 0, &pointer)), "");
  EXPECT_EQ(pointer, nullptr);
  EXPECT_EQ(take(hydragen_device_free(session.device, nullptr)), "");
  EXPECT_EQ(take(hydragen_device_allocate(session.device, ~0ull, &pointer))
                .substr(0, 2),
            "4 ");
  EXPECT_EQ(pointer, nullptr);

  Vector a(session.device, iota(100, 1)), b(session.device, iota(100, 500));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a.memory) % 256, 0u);
  EXPECT_EQ(take(hydragen_device_copy(session.device, b.memory,
                                      static_cast<char *>(a.memory) + 40, 80,
                                      HYDRAGEN_DEVICE_TO_DEVICE)),
            "");
  std::vector<float> expected = iota(20, 11), rest = iota(80, 520);
  expected.insert(expected.end(), rest.begin(), rest.end());
  EXPECT_EQ(b.read(), expected);
  // Out of the allocation, or no memory of the device at all.
  char host[400];
  EXPECT_NE(take(hydragen_device_copy(session.device, host, a.memory, 401,
                                      HYDRAGEN_DEVICE_TO_HOST)),
            "");
  EXPECT_NE(take(hydragen_device_copy(session.device, host, host, 4,
                                      HYDRAGEN_DEVICE_TO_HOST)),
            "");
  EXPECT_NE(take(hydragen_device_free(session.device, host)), "");
}

TEST_P(Devices, Describe) {
  hydragen_device_info info = {};
  info.struct_size = sizeof(info);
  EXPECT_EQ(take(hydragen_device_describe(session.device, &info)), "");
  EXPECT_EQ(info.arch, 80u);
  EXPECT_EQ(info.multiprocessors, 108u);
  EXPECT_NE(std::string(info.name), "");
}

TEST_P(Devices, Add) {
  for (size_t n : {1, 127, 128, 1000}) {
    Vector a(session.device, iota(n, 1)), b(session.device, iota(n, 1000)),
        c(session.device, iota(n, 0));
    ASSERT_EQ(invoke(session, "add", {&a.tensor, &b.tensor}, {&c.tensor}), "");
    EXPECT_EQ(take(hydragen_context_synchronize(session.context)), "");
    std::vector<float> expected;
    for (size_t i = 0; i != n; ++i)
      expected.push_back(1001 + 2 * static_cast<float>(i));
    EXPECT_EQ(c.read(), expected);
  }
  EXPECT_EQ(hydragen_context_host_copies_bytes(session.context), 0u);
  EXPECT_EQ(hydragen_context_peak_bytes(session.context), 0u);
}

TEST_P(Devices, NoElements) {
  Vector none(session.device, {});
  EXPECT_EQ(
      invoke(session, "add", {&none.tensor, &none.tensor}, {&none.tensor}), "");
}

/// Byte offsets and the strides that the entry takes.
TEST_P(Devices, StridesAndOffsets) {
  Vector a(session.device, iota(40, 0)), b(session.device, iota(14, 100)),
      c(session.device, iota(11, 0));
  int64_t ten = 10, three = 3, two = 2;
  a.tensor.shape = b.tensor.shape = c.tensor.shape = &ten;
  a.tensor.strides = &three;
  a.tensor.byte_offset = 8; // elements 2, 5, 8, ...
  b.tensor.byte_offset = 16;
  c.tensor.byte_offset = 4;
  ASSERT_EQ(invoke(session, "add", {&a.tensor, &b.tensor}, {&c.tensor}), "");
  EXPECT_EQ(take(hydragen_context_synchronize(session.context)), "");
  std::vector<float> expected{0};
  for (int i = 0; i != 10; ++i)
    expected.push_back(static_cast<float>(2 + 3 * i + 104 + i));
  EXPECT_EQ(c.read(), expected);

  // in1 is compact, aligned to 16 bytes; out0 to its element.
  b.tensor.byte_offset = 4;
  EXPECT_EQ(invoke(session, "add", {&a.tensor, &b.tensor}, {&c.tensor}),
            "2 in1: is not aligned to 16 bytes");
  b.tensor.byte_offset = 0;
  c.tensor.byte_offset = 2;
  EXPECT_EQ(invoke(session, "add", {&a.tensor, &b.tensor}, {&c.tensor}),
            "2 out0: is not aligned to 4 bytes");
  c.tensor.byte_offset = 0;
  b.tensor.strides = &two;
  EXPECT_EQ(invoke(session, "add", {&a.tensor, &b.tensor}, {&c.tensor}),
            "2 in1: has strides [2], expected a compact tensor");
}

TEST_P(Devices, WhereTensorsAre) {
  Vector a(session.device, iota(4, 1));
  std::vector<float> values = iota(4, 10), result(4);
  int64_t four = 4;
  DLTensor host = onHost(values.data(), &four);
  std::string failure = invoke(session, "add", {&a.tensor, &host}, {&a.tensor});
  EXPECT_EQ(failure, "2 in1: is not in the memory of device " +
                         std::string(GetParam()) +
                         " (DLPack device type 1, number 0)");
  DLTensor other = a.tensor;
  other.device.device_id += 1;
  EXPECT_NE(invoke(session, "add", {&other, &a.tensor}, {&a.tensor}), "");
  EXPECT_EQ(invoke(session, "mixed", {&a.tensor}, {&a.tensor}),
            "2 out0: is not in host memory");

  // Either: copies are made and counted.
  DLTensor out = onHost(result.data(), &four);
  ASSERT_EQ(invoke(session, "add_either", {&a.tensor, &host}, {&out}), "");
  EXPECT_EQ(result, (std::vector<float>{11, 13, 15, 17}));
  EXPECT_EQ(hydragen_context_host_copies_bytes(session.context), 32u);
  EXPECT_EQ(hydragen_context_peak_bytes(session.context), 32u);
  // Strided on the host.
  std::vector<float> wide = iota(8, 0);
  int64_t two = 2;
  host.data = wide.data();
  host.strides = &two;
  ASSERT_EQ(invoke(session, "add_either", {&host, &a.tensor}, {&out}), "");
  EXPECT_EQ(result, (std::vector<float>{1, 4, 7, 10}));
}

TEST_P(Devices, InPlace) {
  Vector a(session.device, iota(4, 1)), b(session.device, iota(4, 10)),
      c(session.device, iota(4, 0));
  // One memory.
  ASSERT_EQ(invoke(session, "update", {&a.tensor, &b.tensor}, {&a.tensor}), "");
  EXPECT_EQ(take(hydragen_context_synchronize(session.context)), "");
  EXPECT_EQ(a.read(), (std::vector<float>{11, 13, 15, 17}));
  // Two: the input stays.
  ASSERT_EQ(invoke(session, "update", {&a.tensor, &b.tensor}, {&c.tensor}), "");
  EXPECT_EQ(take(hydragen_context_synchronize(session.context)), "");
  EXPECT_EQ(a.read(), (std::vector<float>{11, 13, 15, 17}));
  EXPECT_EQ(c.read(), (std::vector<float>{21, 24, 27, 30}));
  EXPECT_EQ(hydragen_context_host_copies_bytes(session.context), 0u);

  std::vector<float> values = iota(4, 5), result(4);
  int64_t four = 4;
  DLTensor in = onHost(values.data(), &four),
           out = onHost(result.data(), &four);
  for (const DLTensor *from : {&in, &out}) { // two memories, then one
    std::copy(values.begin(), values.end(), result.begin());
    ASSERT_EQ(invoke(session, "update_either", {from, &b.tensor}, {&out}), "");
    EXPECT_EQ(values, iota(4, 5));
    EXPECT_EQ(result, (std::vector<float>{15, 17, 19, 21}));
  }
  // From the host to an output on the device.
  ASSERT_EQ(invoke(session, "update_either", {&in, &b.tensor}, {&c.tensor}),
            "");
  EXPECT_EQ(c.read(), (std::vector<float>{15, 17, 19, 21}));
}

TEST_P(Devices, Workspace) {
  constexpr size_t n = 10000; // more items than multiprocessors
  Vector x(session.device, iota(n, 0)), y(session.device, iota(n, 0));
  std::vector<float> expected;
  for (size_t i = 0; i != n; ++i)
    expected.push_back(2 * static_cast<float>(i));
  ASSERT_EQ(invoke(session, "twice", {&x.tensor}, {&y.tensor}), "");
  EXPECT_EQ(take(hydragen_context_synchronize(session.context)), "");
  EXPECT_EQ(y.read(), expected);
  int64_t shape = n;
  const int64_t *shapes[] = {&shape};
  uint64_t bytes = 0;
  EXPECT_EQ(take(hydragen_workspace_size(
                hydragen_module_find(session.module, "twice"), shapes, &bytes)),
            "");
  EXPECT_EQ(bytes, 8 + (n + 63) / 64 * 8);
  EXPECT_EQ(hydragen_context_peak_bytes(session.context), bytes);

  Vector own(session.device, std::vector<float>(bytes / 4));
  Vector z(session.device, iota(n, 0));
  ASSERT_EQ(
      invoke(session, "twice", {&x.tensor}, {&z.tensor}, own.memory, bytes),
      "");
  EXPECT_EQ(take(hydragen_context_synchronize(session.context)), "");
  EXPECT_EQ(z.read(), expected);
  EXPECT_EQ(
      invoke(session, "twice", {&x.tensor}, {&z.tensor}, own.memory, bytes - 1),
      "2 workspace: has " + std::to_string(bytes - 1) + " bytes, expected " +
          std::to_string(bytes));
  EXPECT_EQ(invoke(session, "twice", {&x.tensor}, {&z.tensor},
                   static_cast<char *>(own.memory) + 8, bytes),
            "2 workspace: is not aligned to 64 bytes");
}

TEST_P(Devices, HostAndDevice) {
  Vector a(session.device, iota(5, 1));
  std::vector<float> result(5);
  int64_t five = 5;
  DLTensor out = onHost(result.data(), &five);
  ASSERT_EQ(invoke(session, "mixed", {&a.tensor}, {&out}), "");
  EXPECT_EQ(result, (std::vector<float>{12, 13, 14, 15, 16}));
  EXPECT_EQ(hydragen_context_host_copies_bytes(session.context), 40u);
  EXPECT_EQ(hydragen_context_peak_bytes(session.context), 20u + 64u);
}

/// What a module does wrong is a status; the context serves again.
TEST_P(Devices, WrongModules) {
  const std::string wrong = "4 wrong: the module launched kernel ";
  const std::string expected[] = {
      wrong + "vector_add with block 256x1x1, its manifest says 128x1x1",
      wrong + "vector_add with 1 bytes of shared memory, its manifest says at "
              "most 0",
      wrong + "vector_add with 24 bytes of parameters, its manifest says 32",
      wrong + "3 but has 3",
      wrong + "vector_add with grid 1x65536x1, more than "
              "2147483647x65535x65535",
      "",
      "4 wrong: freed memory that it did not allocate",
      "2 wrong: the sizes contradict",
      "4 wrong: the entry failed with code 5"};
  for (size_t i = 0; i != std::size(expected); ++i) {
    Vector a(session.device, iota(i + 1, 1));
    EXPECT_EQ(invoke(session, "wrong", {&a.tensor}, {&a.tensor}), expected[i]);
  }
}

TEST_P(Devices, Statistics) {
  Vector x(session.device, iota(1000, 0)), y(session.device, iota(1000, 0));
  const hydragen_kernel_statistics *kernels = nullptr;
  size_t count = 7;
  ASSERT_EQ(invoke(session, "twice", {&x.tensor}, {&y.tensor}), "");
  EXPECT_EQ(take(hydragen_context_kernels(session.context, &kernels, &count)),
            "");
  EXPECT_EQ(count, 0u); // not asked for
  hydragen_context_profile(session.context, 1);
  for (int i = 0; i != 3; ++i)
    ASSERT_EQ(invoke(session, "twice", {&x.tensor}, {&y.tensor}), "");
  EXPECT_EQ(take(hydragen_context_kernels(session.context, &kernels, &count)),
            "");
  ASSERT_EQ(count, 2u);
  EXPECT_EQ(std::string(kernels[0].name), "plan");
  EXPECT_EQ(std::string(kernels[1].name), "consume");
  for (size_t i = 0; i != count; ++i) {
    EXPECT_EQ(kernels[i].launches, 3u);
    EXPECT_NE(kernels[i].milliseconds >= 0, kernels[i].counter_count > 0);
  }
  hydragen_context_profile(session.context, 1);
  EXPECT_EQ(take(hydragen_context_kernels(session.context, &kernels, &count)),
            "");
  EXPECT_EQ(count, 0u); // anew
}

TEST_P(Devices, Selection) {
  EXPECT_EQ(hydragen_module_entry_count(session.module), 8u);
  hydragen_argument in1 =
      hydragen_entry_input(hydragen_module_find(session.module, "add"), 1);
  EXPECT_EQ(std::string(in1.placement), "device");
  EXPECT_EQ(std::string(in1.strides), "compact");
  EXPECT_EQ(in1.alignment, 16);
  EXPECT_NE(
      Session(GetParam(), kModules + "/BAD_PTX.so").error.find("frobnicate"),
      std::string::npos);
  EXPECT_EQ(Session(GetParam(), kModules + "/WRONG_BLOCK.so").error,
            "2 " + kModules +
                "/WRONG_BLOCK.so: corrupt module (its kernels are not those of "
                "the manifest)");
  Session cpu("cpu", kModules + "/GOOD.so");
  ASSERT_EQ(cpu.error, "");
  EXPECT_EQ(hydragen_module_entry_count(cpu.module), 1u);
  Vector a(session.device, iota(4, 1));
  EXPECT_EQ(take(hydragen_invoke(cpu.context,
                                 hydragen_module_find(session.module, "twice"),
                                 nullptr, 0, nullptr, 0, nullptr, 0)),
            "2 twice: the module was loaded for another device than the "
            "context's");
}

std::string nameOf(const testing::TestParamInfo<const char *> &info) {
  return info.param;
}
INSTANTIATE_TEST_SUITE_P(Conformance, Devices,
                         testing::Values("cuda", "emulated"), nameOf);

TEST(CpuDevice, MemoryAndEntries) {
  Session session("cpu", kModules + "/GOOD.so");
  ASSERT_EQ(session.error, "");
  Vector a(session.device, iota(4, 1)), b(session.device, iota(4, 10)),
      c(session.device, iota(4, 0));
  ASSERT_EQ(invoke(session, "add", {&a.tensor, &b.tensor}, {&c.tensor}), "");
  EXPECT_EQ(c.read(), (std::vector<float>{11, 13, 15, 17}));
  EXPECT_EQ(invoke(session, "twice", {&a.tensor}, {&c.tensor}), "no entry");
  EXPECT_EQ(take(hydragen_context_set_stream(session.context, &a)),
            "2 stream: this device has no streams");
  EXPECT_EQ(Session("cpu", kModules + "/NO_CPU.so").error,
            "2 " + kModules +
                "/NO_CPU.so: module has no code for device cpu (its targets: "
                "cpu, cuda:sm_80)");
  EXPECT_EQ(take(hydragen_device_configure(session.device, "checks=none")),
            "2 cpu: has no options, these are for device emulated");
}

TEST(Device, Names) {
  hydragen_device *device;
  for (const char *name : {"", "gpu", "cuda:", "cuda:-1", "cuda:99999", "CPU"})
    EXPECT_EQ(take(hydragen_device_open(name, &device)),
              "2 " + std::string(name) + ": unknown device \"" + name +
                  "\" (expected cpu, cuda, cuda:N or emulated)");
  EXPECT_EQ(device, nullptr);
}
} // namespace
