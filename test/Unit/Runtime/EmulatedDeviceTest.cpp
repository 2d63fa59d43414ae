//===- EmulatedDeviceTest.cpp - the emulated GPU as a device ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What only that device does: faults with a report, counters, options.
//===----------------------------------------------------------------------===//

#include "Devices.h"

#include <map>

using namespace hydragen::test;

namespace {
const std::string kModules = HYDRAGEN_TEST_MODULES;

class Emulated : public testing::Test {
protected:
  Session session{"emulated", kModules + "/GOOD.so"};
  void SetUp() override { ASSERT_EQ(session.error, ""); }

  /// Counters of the only call of a kernel since profiling began.
  std::map<std::string, uint64_t> getCounters(const std::string &kernel) {
    const hydragen_kernel_statistics *kernels = nullptr;
    size_t count = 0;
    EXPECT_EQ(take(hydragen_context_kernels(session.context, &kernels, &count)),
              "");
    std::map<std::string, uint64_t> counters;
    for (size_t i = 0; i != count; ++i)
      if (kernels[i].name == kernel)
        for (size_t c = 0; c != kernels[i].counter_count; ++c)
          counters[kernels[i].counters[c].name] = kernels[i].counters[c].value;
    return counters;
  }
};

TEST_F(Emulated, AFaultHasAReport) {
  Vector a(session.device, std::vector<float>(200, 1)),
      b(session.device, std::vector<float>(200, 2)),
      c(session.device, std::vector<float>(200));
  hydragen_context_profile(session.context, 1);
  std::string failure =
      invoke(session, "overrun", {&a.tensor, &b.tensor}, {&c.tensor});
  EXPECT_EQ(failure.substr(0, 30), "1 emulated: kernel vector_add:");
  std::string report = hydragen_context_report(session.context);
  // The first line is the status's message, one fault of several.
  EXPECT_NE(failure.find(report.substr(0, report.find('\n'))),
            std::string::npos)
      << report;
  EXPECT_NE(report.find("vector_add"), std::string::npos) << report;
  EXPECT_NE(report.find("ld.global.f32"), std::string::npos) << report;
  EXPECT_NE(report.find("in0"), std::string::npos) << report;
  EXPECT_GE(getCounters("vector_add")["faults"], 1u);
  // The launch after the fault was not run.
  const hydragen_kernel_statistics *kernels = nullptr;
  size_t count = 0;
  EXPECT_EQ(take(hydragen_context_kernels(session.context, &kernels, &count)),
            "");
  ASSERT_EQ(count, 1u);
  EXPECT_EQ(kernels[0].launches, 1u);
  // Forgotten by the next call.
  EXPECT_EQ(invoke(session, "add", {&a.tensor, &b.tensor}, {&c.tensor}), "");
  EXPECT_EQ(std::string(hydragen_context_report(session.context)), "");
}

TEST_F(Emulated, UninitializedMemoryStaysSo) {
  Vector b(session.device, std::vector<float>(64, 2));
  void *memory = nullptr;
  ASSERT_EQ(take(hydragen_device_allocate(session.device, 256, &memory)), "");
  DLTensor never = b.tensor;
  never.data = memory;
  EXPECT_NE(invoke(session, "add", {&never, &b.tensor}, {&b.tensor})
                .find("ninitialized"),
            std::string::npos);
  // Also when it is copied on the device; half of it is written then.
  void *second = nullptr;
  ASSERT_EQ(take(hydragen_device_allocate(session.device, 256, &second)), "");
  std::vector<float> half(32, 1);
  ASSERT_EQ(take(hydragen_device_copy(session.device, memory, half.data(), 128,
                                      HYDRAGEN_HOST_TO_DEVICE)),
            "");
  ASSERT_EQ(take(hydragen_device_copy(session.device, second, memory, 256,
                                      HYDRAGEN_DEVICE_TO_DEVICE)),
            "");
  int64_t halfCount = 32;
  DLTensor copied = b.tensor, out = b.tensor;
  copied.data = second;
  EXPECT_NE(invoke(session, "add", {&copied, &b.tensor}, {&b.tensor})
                .find("ninitialized"),
            std::string::npos);
  copied.shape = out.shape = &halfCount;
  EXPECT_EQ(invoke(session, "add", {&copied, &out}, {&out}), "");
  EXPECT_EQ(take(hydragen_device_free(session.device, memory)), "");
  EXPECT_EQ(take(hydragen_device_free(session.device, second)), "");
}

TEST_F(Emulated, Counters) {
  Vector a(session.device, std::vector<float>(256, 1)),
      b(session.device, std::vector<float>(256, 2)),
      c(session.device, std::vector<float>(256));
  hydragen_context_profile(session.context, 1);
  ASSERT_EQ(invoke(session, "add", {&a.tensor, &b.tensor}, {&c.tensor}), "");
  std::map<std::string, uint64_t> counters = getCounters("vector_add");
  // 8 warps; every lane reads two words and writes one; 25 instructions.
  EXPECT_EQ(counters["global_read_sectors"], 2u * 256 * 4 / 32);
  EXPECT_EQ(counters["global_write_sectors"], 256u * 4 / 32);
  EXPECT_EQ(counters["unique_read_sectors"], 2u * 256 * 4 / 32);
  EXPECT_EQ(counters["lane_instructions"],
            32 * counters["warp_instructions"] - 256); // the guarded bra
  EXPECT_EQ(counters["faults"], 0u);
  EXPECT_EQ(counters.size(), 12u);
}

TEST_F(Emulated, Options) {
  EXPECT_EQ(take(hydragen_device_configure(session.device,
                                           "checks=none,mma=ampere,schedule="
                                           "random:7,async=eager")),
            "");
  Vector b(session.device, std::vector<float>(64, 2));
  void *memory = nullptr;
  ASSERT_EQ(take(hydragen_device_allocate(session.device, 256, &memory)), "");
  DLTensor never = b.tensor;
  never.data = memory;
  EXPECT_EQ(invoke(session, "add", {&never, &b.tensor}, {&b.tensor}), "");
  EXPECT_EQ(
      take(hydragen_device_configure(session.device, "schedule=rr,checks=all")),
      "");
  EXPECT_NE(invoke(session, "add", {&never, &b.tensor}, {&b.tensor}), "");
  EXPECT_EQ(take(hydragen_device_free(session.device, memory)), "");
  for (const char *bad :
       {"checks=some", "schedule=random:", "schedule=random:x", "", "mma"})
    EXPECT_EQ(take(hydragen_device_configure(session.device, bad)),
              "2 emulated: unknown option in \"" + std::string(bad) + "\"");
}

/// Memory comes when it is touched: a cache may exceed the host's.
TEST_F(Emulated, MemoryBeyond4GiB) {
  constexpr uint64_t bytes = 6ull << 30;
  void *memory = nullptr;
  ASSERT_EQ(take(hydragen_device_allocate(session.device, bytes, &memory)), "");
  Vector b(session.device, std::vector<float>(64, 2));
  std::vector<float> values(64, 5);
  ASSERT_EQ(take(hydragen_device_copy(
                session.device, static_cast<char *>(memory) + bytes - 256,
                values.data(), 256, HYDRAGEN_HOST_TO_DEVICE)),
            "");
  DLTensor end = b.tensor;
  end.data = memory;
  end.byte_offset = bytes - 256;
  EXPECT_EQ(invoke(session, "add", {&end, &b.tensor}, {&b.tensor}), "");
  EXPECT_EQ(b.read(), std::vector<float>(64, 7));
  EXPECT_EQ(take(hydragen_device_free(session.device, memory)), "");
}

/// Memory of one device is not the other's.
TEST_F(Emulated, TwoDevices) {
  Session other("emulated", kModules + "/GOOD.so");
  ASSERT_EQ(other.error, "");
  Vector mine(session.device, std::vector<float>(4, 1)),
      theirs(other.device, std::vector<float>(4, 1));
  EXPECT_NE(invoke(session, "twice", {&theirs.tensor}, {&mine.tensor})
                .find("is not in the memory of device emulated"),
            std::string::npos);
  EXPECT_NE(take(hydragen_invoke(session.context,
                                 hydragen_module_find(other.module, "add"),
                                 nullptr, 0, nullptr, 0, nullptr, 0))
                .find("for another device"),
            std::string::npos);
}

TEST_F(Emulated, PtxOfANewerArchitecture) {
  Session newer("emulated", kModules + "/SM90.so");
  ASSERT_EQ(newer.error, "");
  Vector x(newer.device, std::vector<float>(4, 1)),
      y(newer.device, std::vector<float>(4));
  EXPECT_EQ(invoke(newer, "twice", {&x.tensor}, {&y.tensor}), "");
  EXPECT_EQ(y.read(), std::vector<float>(4, 2));
}
} // namespace
