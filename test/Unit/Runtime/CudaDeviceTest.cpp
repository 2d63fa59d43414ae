//===- CudaDeviceTest.cpp - device cuda on the fake driver ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The driver's call log, and every way in which a call of it can fail.
//===----------------------------------------------------------------------===//

#include "Devices.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <unistd.h>

using namespace hydragen::test;

namespace {
const std::string kModules = HYDRAGEN_TEST_MODULES;
const std::string kGood = kModules + "/GOOD.so";

/// The driver's log of a scope.
class Log {
public:
  Log()
      : path(testing::TempDir() + "/fake-cuda." + std::to_string(getpid()) +
             ".log"),
        variable("FAKE_CUDA_LOG", path) {
    clear();
  }
  ~Log() { std::remove(path.c_str()); }
  void clear() { std::remove(path.c_str()); }
  /// Calls since the last clear, but for those that set the current context.
  std::vector<std::string> read() const {
    std::vector<std::string> lines;
    std::ifstream stream(path);
    for (std::string line; std::getline(stream, line);)
      if (line != "cuCtxPushCurrent" && line != "cuCtxPopCurrent")
        lines.push_back(line);
    return lines;
  }

private:
  std::string path;
  Variable variable;
};

class Cuda : public testing::Test {
protected:
  Variable driver{"HYDRAGEN_LIBCUDA", HYDRAGEN_FAKE_DRIVER};
};

using Lines = std::vector<std::string>;

/// No allocation, no copy, no synchronisation: two launches on the stream.
TEST_F(Cuda, AnEntryOnlyLaunches) {
  Log log;
  Session session("cuda", kGood);
  ASSERT_EQ(session.error, "");
  Vector x(session.device, std::vector<float>(1000, 3)),
      y(session.device, std::vector<float>(1000)),
      workspace(session.device, std::vector<float>(64));
  ASSERT_EQ(take(hydragen_context_set_stream(session.context,
                                             reinterpret_cast<void *>(77))),
            "");
  EXPECT_EQ(hydragen_context_stream(session.context),
            reinterpret_cast<void *>(77));
  log.clear();
  ASSERT_EQ(
      invoke(session, "twice", {&x.tensor}, {&y.tensor}, workspace.memory, 256),
      "");
  EXPECT_EQ(log.read(),
            (Lines{"cuLaunchKernel plan grid=1x1x1 block=32x1x1 shared=0 "
                   "stream=77 parameters=16",
                   "cuLaunchKernel consume grid=16x1x1 block=64x1x1 "
                   "shared=1024 stream=77 parameters=24"}));
}

TEST_F(Cuda, AnEntryCanBeCaptured) {
  Session session("cuda", kGood);
  ASSERT_EQ(session.error, "");
  Vector x(session.device, std::vector<float>(1000, 3)),
      y(session.device, std::vector<float>(1000)),
      z(session.device, std::vector<float>(1000)),
      workspace(session.device, std::vector<float>(64));
  {
    Variable capturing("FAKE_CUDA_CAPTURING", "1");
    EXPECT_EQ(invoke(session, "twice", {&x.tensor}, {&y.tensor},
                     workspace.memory, 256),
              "");
    // In place, with two memories: a copy on the device.
    EXPECT_EQ(invoke(session, "update", {&x.tensor, &y.tensor}, {&z.tensor}),
              "");
    // What would not be captured says so.
    EXPECT_EQ(invoke(session, "twice", {&x.tensor}, {&y.tensor}),
              "2 workspace: is needed while the stream is captured");
    std::vector<float> host(1000);
    int64_t count = 1000;
    DLTensor tensor = onHost(host.data(), &count);
    EXPECT_EQ(invoke(session, "add_either", {&x.tensor, &tensor}, {&y.tensor})
                  .substr(0, 19),
              "2 cuda: cuMemAlloc:");
  }
}

/// Loading: the kernels are ready before the first launch.
TEST_F(Cuda, Loading) {
  Log log;
  {
    Session session("cuda", kGood);
    ASSERT_EQ(session.error, "");
    Lines lines = log.read();
    auto at = std::find(lines.begin(), lines.end(), "cuModuleLoadDataEx PTX");
    EXPECT_EQ(
        Lines(at, lines.end()),
        (Lines{"cuModuleLoadDataEx PTX", "cuModuleGetFunction vector_add",
               "cuFuncGetAttribute 0", "cuFuncGetAttribute 1",
               "cuFuncLoad vector_add", "cuModuleGetFunction plan",
               "cuFuncGetAttribute 0", "cuFuncGetAttribute 1",
               "cuFuncLoad plan", "cuModuleGetFunction consume",
               "cuFuncGetAttribute 0", "cuFuncGetAttribute 1",
               "cuFuncSetAttribute consume 8 1024", "cuFuncLoad consume"}));
    log.clear();
  }
  EXPECT_EQ(log.read(), (Lines{"cuModuleUnload", "cuDevicePrimaryCtxRelease"}));
  // An older driver has no cuFuncLoad.
  Variable missing("FAKE_CUDA_MISSING", "cuFuncLoad");
  log.clear();
  EXPECT_EQ(Session("cuda", kGood).error, "");
  for (const std::string &line : log.read())
    EXPECT_EQ(line.find("cuFuncLoad"), std::string::npos);
}

/// Which image: a cubin of the architecture, else PTX of an older one.
TEST_F(Cuda, Images) {
  Log log;
  auto loaded = [&](const char *arch, const char *module = "GOOD") {
    Variable variable("FAKE_CUDA_ARCH", arch);
    log.clear();
    Session session("cuda", kModules + "/" + module + ".so");
    if (!session.error.empty())
      return session.error;
    for (const std::string &line : log.read())
      if (line.find("cuModuleLoadDataEx ") == 0)
        return line.substr(19);
    return std::string("nothing");
  };
  EXPECT_EQ(loaded("80"), "PTX");
  EXPECT_EQ(loaded("86"), "cubin");
  EXPECT_EQ(loaded("89"), "cubin"); // same major version
  EXPECT_EQ(loaded("90"), "PTX");
  EXPECT_EQ(loaded("120"), "PTX");
  EXPECT_EQ(loaded("75"),
            "2 " + kGood +
                ": module has no kernels for device cuda, which is sm_75 (it "
                "has: PTX sm_80, cubin sm_86)");
  EXPECT_EQ(loaded("80", "SM90"), "2 " + kModules +
                                      "/SM90.so: module has no kernels for "
                                      "device cuda, which is sm_80 (it has: "
                                      "PTX sm_90)");
  EXPECT_EQ(loaded("90", "SM90"), "PTX");
}

TEST_F(Cuda, TheJitLogIsInTheError) {
  EXPECT_EQ(
      Session("cuda", kModules + "/BAD_PTX.so").error,
      "2 " + kModules +
          "/BAD_PTX.so: cannot load the PTX for sm_80: cuModuleLoadDataEx: a "
          "PTX JIT compilation failed (CUDA_ERROR_INVALID_PTX, 218): ptxas "
          "application ptx input, line 23; error   : unknown instruction "
          "'frobnicate.u32'; ptxas fatal   : Ptx assembly aborted due to "
          "errors");
}

TEST_F(Cuda, LimitsOfTheDevice) {
  EXPECT_EQ(Session("cuda", kModules + "/SHARED.so").error,
            "2 " + kModules +
                "/SHARED.so: kernel consume needs 232448 bytes of dynamic "
                "shared memory, this GPU allows 166912");
  Variable threads("FAKE_CUDA_THREADS", "96");
  EXPECT_EQ(Session("cuda", kGood).error,
            "2 " + kGood +
                ": kernel vector_add has blocks of 128 threads, its registers "
                "allow 96");
}

TEST_F(Cuda, NoSuchDevice) {
  EXPECT_EQ(Session("cuda:1", kGood).error,
            "3 cuda: device cuda:1 is not there (this machine has 1)");
  Variable devices("FAKE_CUDA_DEVICES", "0");
  EXPECT_EQ(Session("cuda", kGood).error,
            "3 cuda: device cuda:0 is not there (this machine has 0)");
}

TEST_F(Cuda, Drivers) {
  {
    Variable path("HYDRAGEN_LIBCUDA", "/nowhere/libcuda.so.1");
    EXPECT_EQ(Session("cuda", kGood).error.substr(0, 50),
              "3 cuda: device cuda is not available (no driver: /");
  }
  {
    Variable path("HYDRAGEN_LIBCUDA", "libm.so.6");
    EXPECT_EQ(Session("cuda", kGood).error,
              "3 cuda: device cuda is not available (the driver is older than "
              "CUDA 11.3: it has no cuGetProcAddress)");
  }
  {
    Variable path("HYDRAGEN_LIBCUDA", HYDRAGEN_FAKE_DRIVER_11);
    EXPECT_EQ(Session("cuda", kGood).error, "");
  }
  Variable path("HYDRAGEN_LIBCUDA", HYDRAGEN_FAKE_DRIVER);
  Variable missing("FAKE_CUDA_MISSING", "cuStreamIsCapturing");
  EXPECT_EQ(Session("cuda", kGood).error,
            "3 cuda: device cuda is not available (the driver has no "
            "cuStreamIsCapturing)");
}

/// What is 3, what 2, 1 and 4.
TEST_F(Cuda, Codes) {
  auto failing = [&](const std::string &plan) {
    Variable variable("FAKE_CUDA_FAIL", plan);
    return Session("cuda", kGood).error;
  };
  EXPECT_EQ(failing("cuInit:100"),
            "3 cuda: device cuda is not available (cuInit: no CUDA-capable "
            "device is detected (CUDA_ERROR_NO_DEVICE, 100))");
  EXPECT_EQ(failing("cuInit:999"),
            "3 cuda: device cuda is not available (cuInit: error (unknown, "
            "999))");
  for (const char *function :
       {"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetAttribute@4",
        "cuDeviceTotalMem", "cuDeviceGetName", "cuDevicePrimaryCtxRetain"})
    EXPECT_EQ(failing(std::string(function) + ":2").substr(0, 2), "3 ")
        << function;
  // Clocks and widths are not needed.
  EXPECT_EQ(failing("cuDeviceGetAttribute@5:1,cuDeviceGetAttribute@7:1"), "");
  EXPECT_EQ(failing("cuModuleLoadDataEx:209").substr(0, 2), "2 ");
  EXPECT_EQ(failing("cuModuleLoadDataEx:2").substr(0, 2), "4 ");
  EXPECT_EQ(failing("cuModuleGetFunction@2:500"),
            "2 " + kGood +
                ": kernel plan: cuModuleGetFunction: error "
                "(CUDA_ERROR_NOT_FOUND, 500)");
  for (const char *function : {"cuFuncGetAttribute@2", "cuFuncSetAttribute",
                               "cuFuncLoad@3", "cuCtxPushCurrent"})
    EXPECT_EQ(failing(std::string(function) + ":1").substr(0, 2), "4 ")
        << function;
}

/// Failures within a call; afterwards the context serves again.
TEST_F(Cuda, FailuresInACall) {
  Session session("cuda", kGood);
  ASSERT_EQ(session.error, "");
  Vector a(session.device, std::vector<float>(200, 1)),
      b(session.device, std::vector<float>(200, 2)),
      c(session.device, std::vector<float>(200));
  std::vector<float> host(200);
  int64_t count = 200;
  DLTensor tensor = onHost(host.data(), &count);
  auto twice = [&] {
    return invoke(session, "twice", {&a.tensor}, {&c.tensor});
  };
  auto either = [&] {
    return invoke(session, "add_either", {&tensor, &b.tensor}, {&tensor});
  };
  auto update = [&] {
    return invoke(session, "update", {&a.tensor, &b.tensor}, {&c.tensor});
  };
  auto mixed = [&] { return invoke(session, "mixed", {&a.tensor}, {&tensor}); };
  auto failing = [&](const std::string &plan, auto call) {
    Variable variable("FAKE_CUDA_FAIL", plan);
    return call();
  };
  const std::string fault =
      "cuLaunchKernel: an illegal memory access was encountered "
      "(CUDA_ERROR_ILLEGAL_ADDRESS, 700)";
  EXPECT_EQ(failing("cuLaunchKernel:700", twice),
            "1 cuda: kernel plan: " + fault);
  EXPECT_EQ(failing("cuLaunchKernel@2:700", twice),
            "1 cuda: kernel consume: " + fault);
  EXPECT_EQ(failing("cuCtxPushCurrent:1", twice).substr(0, 26),
            "4 cuda: cuCtxPushCurrent: ");
  EXPECT_EQ(failing("cuMemAlloc:2", either),
            "4 cuda: cuMemAlloc: out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2) "
            "(800 bytes)");
  EXPECT_EQ(failing("cuMemAlloc@2:2", either).substr(0, 19),
            "4 cuda: cuMemAlloc:");
  EXPECT_EQ(failing("cuMemcpyHtoDAsync:700", either).substr(0, 26),
            "1 cuda: cuMemcpyHtoDAsync:");
  EXPECT_EQ(failing("cuMemcpyDtoHAsync:700", either).substr(0, 26),
            "1 cuda: cuMemcpyDtoHAsync:");
  EXPECT_EQ(failing("cuStreamSynchronize@2:700", either).substr(0, 28),
            "1 cuda: cuStreamSynchronize:");
  EXPECT_EQ(failing("cuMemcpyDtoDAsync:700", update).substr(0, 26),
            "1 cuda: cuMemcpyDtoDAsync:");
  EXPECT_EQ(failing("cuMemAlloc:2", mixed).substr(0, 19),
            "4 cuda: cuMemAlloc:");
  EXPECT_EQ(failing("cuMemcpyHtoDAsync:700", mixed).substr(0, 26),
            "1 cuda: cuMemcpyHtoDAsync:");
  EXPECT_EQ(failing("cuMemFree:700", mixed).substr(0, 18),
            "1 cuda: cuMemFree:");
  EXPECT_EQ(
      failing(
          "cuStreamSynchronize:719",
          [&] { return take(hydragen_context_synchronize(session.context)); })
          .substr(0, 28),
      "1 cuda: cuStreamSynchronize:");
  EXPECT_EQ(failing("cuMemAlloc:2",
                    [&] {
                      void *pointer;
                      return take(hydragen_device_allocate(session.device, 8,
                                                           &pointer));
                    }),
            "4 cuda: cuMemAlloc: out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2) "
            "(8 bytes)");
  auto copy = [&](hydragen_copy_kind kind) {
    return take(hydragen_device_copy(
        session.device,
        kind == HYDRAGEN_DEVICE_TO_HOST ? host.data() : c.memory,
        kind == HYDRAGEN_HOST_TO_DEVICE ? host.data() : a.memory, 800, kind));
  };
  const char *copies[] = {"cuMemcpyHtoD", "cuMemcpyDtoH", "cuMemcpyDtoD"};
  for (int kind = 0; kind != 3; ++kind)
    EXPECT_EQ(failing(std::string(copies[kind]) + ":700",
                      [&] { return copy(hydragen_copy_kind(kind)); })
                  .substr(0, 20),
              "1 cuda: " + std::string(copies[kind]));

  // A failed free leaves nothing to free twice, nothing is lost otherwise.
  EXPECT_EQ(twice(), "");
  EXPECT_EQ(c.read(), std::vector<float>(200, 2));
  host.assign(200, 5);
  EXPECT_EQ(either(), "");
  EXPECT_EQ(host, std::vector<float>(200, 7));
}

TEST_F(Cuda, FailuresOfMeasuring) {
  Session session("cuda", kGood);
  ASSERT_EQ(session.error, "");
  Vector a(session.device, std::vector<float>(200, 1)),
      c(session.device, std::vector<float>(200));
  const hydragen_kernel_statistics *kernels;
  size_t count;
  for (const char *function : {"cuEventCreate", "cuEventRecord"}) {
    hydragen_context_profile(session.context, 1);
    Variable variable("FAKE_CUDA_FAIL", std::string(function) + ":2");
    EXPECT_EQ(invoke(session, "twice", {&a.tensor}, {&c.tensor}).substr(0, 8),
              "4 cuda: ");
  }
  for (const char *function : {"cuEventSynchronize", "cuEventElapsedTime"}) {
    hydragen_context_profile(session.context, 1);
    EXPECT_EQ(invoke(session, "twice", {&a.tensor}, {&c.tensor}), "");
    Variable variable("FAKE_CUDA_FAIL", std::string(function) + ":700");
    EXPECT_EQ(take(hydragen_context_kernels(session.context, &kernels, &count))
                  .substr(0, 8),
              "1 cuda: ");
  }
  hydragen_context_profile(session.context, 0);
  EXPECT_EQ(take(hydragen_context_kernels(session.context, &kernels, &count)),
            "");
  EXPECT_EQ(count, 0u);
}

/// A context's own workspace is not shared by two streams.
TEST_F(Cuda, ChangingTheStream) {
  Log log;
  Session session("cuda", kGood);
  ASSERT_EQ(session.error, "");
  Vector a(session.device, std::vector<float>(200, 1)),
      c(session.device, std::vector<float>(200));
  ASSERT_EQ(invoke(session, "twice", {&a.tensor}, {&c.tensor}), "");
  log.clear();
  ASSERT_EQ(invoke(session, "twice", {&a.tensor}, {&c.tensor}), "");
  for (const std::string &line : log.read())
    EXPECT_EQ(line.find("cuMem"), std::string::npos) << line;
  log.clear();
  EXPECT_EQ(take(hydragen_context_set_stream(session.context,
                                             reinterpret_cast<void *>(5))),
            "");
  EXPECT_EQ(log.read(), Lines{"cuMemFree"});
}

TEST_F(Cuda, Peak) {
  Session session("cuda", kGood);
  ASSERT_EQ(session.error, "");
  hydragen_device_info info = {};
  info.struct_size = sizeof(info);
  EXPECT_EQ(take(hydragen_device_describe(session.device, &info)), "");
  // An A100's 312 TFLOP/s and 1555 GB/s.
  EXPECT_NEAR(info.peak_flops, 311.9e12, 0.1e12);
  EXPECT_NEAR(info.peak_bytes_per_second, 1555.2e9, 0.1e9);
  EXPECT_EQ(info.memory_bytes, 80ull << 30);
  EXPECT_EQ(std::string(info.name), "Fake GPU 0");
  DLDevice dlpack = hydragen_device_dlpack(session.device);
  EXPECT_EQ(dlpack.device_type, kDLCUDA);
}
} // namespace
