//===- CudaApi.cpp - the CUDA driver, opened when asked for -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaApi.h"

#include <cstdlib>
#include <dlfcn.h>

using namespace hydragen::runtime;
using namespace hydragen::runtime::cuda;

Api::~Api() {
  if (library)
    dlclose(library);
}

static Error unavailable(const std::string &why) {
  return {HYDRAGEN_UNAVAILABLE, "device cuda is not available (" + why + ")",
          "cuda"};
}

Result<std::shared_ptr<Api>> Api::load() {
  const char *path = std::getenv("HYDRAGEN_LIBCUDA");
  if (!path || !*path)
    path = "libcuda.so.1";
  auto api = std::make_shared<Api>();
  api->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!api->library)
    return unavailable(std::string("no driver: ") + dlerror());

  // The driver's own look-up gives the form of a function that a version has;
  // plain symbols would be the oldest. The _v2 form (CUDA 12.0) says why it
  // found nothing, the first one (11.3) fails.
  using GetProcAddressV2 =
      CUresult (*)(const char *, void **, int, uint64_t, int *);
  using GetProcAddress = CUresult (*)(const char *, void **, int, uint64_t);
  auto lookUpV2 = reinterpret_cast<GetProcAddressV2>(
      dlsym(api->library, "cuGetProcAddress_v2"));
  auto lookUp =
      reinterpret_cast<GetProcAddress>(dlsym(api->library, "cuGetProcAddress"));
  if (!lookUpV2 && !lookUp)
    return unavailable("the driver is older than CUDA 11.3: it has no "
                       "cuGetProcAddress");
  auto find = [&](const char *name, int version) -> void * {
    void *function = nullptr;
    int found = 0;
    CUresult result = lookUpV2 ? lookUpV2(name, &function, version, 0, &found)
                               : lookUp(name, &function, version, 0);
    return result == 0 ? function : nullptr;
  };
#define HYDRAGEN_CUDA_OPTIONAL(name, version, parameters)                      \
  api->name = reinterpret_cast<decltype(api->name)>(find(#name, version));
#define HYDRAGEN_CUDA(name, version, parameters)                               \
  HYDRAGEN_CUDA_OPTIONAL(name, version, parameters)                            \
  if (!api->name)                                                              \
    return unavailable("the driver has no " #name);
#include "CudaSymbols.def"
  return api;
}

/// What a failure means to the caller. Numbers: CUresult of cuda.h.
static hydragen_code classify(CUresult result) {
  switch (result) {
  case 3:   // NOT_INITIALIZED
  case 4:   // DEINITIALIZED
  case 34:  // STUB_LIBRARY
  case 46:  // DEVICE_UNAVAILABLE
  case 100: // NO_DEVICE
  case 101: // INVALID_DEVICE
  case 802: // SYSTEM_NOT_READY
  case 803: // SYSTEM_DRIVER_MISMATCH
  case 804: // COMPAT_NOT_SUPPORTED_ON_DEVICE
    return HYDRAGEN_UNAVAILABLE;
  // The module's images.
  case 200: // INVALID_IMAGE
  case 209: // NO_BINARY_FOR_GPU
  case 218: // INVALID_PTX
  case 221: // JIT_COMPILER_NOT_FOUND
  case 222: // UNSUPPORTED_PTX_VERSION
  case 223: // JIT_COMPILATION_DISABLED
  case 300: // INVALID_SOURCE
  case 500: // NOT_FOUND
  // The caller's stream.
  case 201: // INVALID_CONTEXT
  case 400: // INVALID_HANDLE
    return HYDRAGEN_INVALID;
  // The kernel or the hardware.
  case 214: // ECC_UNCORRECTABLE
  case 220: // NVLINK_UNCORRECTABLE
  case 700: // ILLEGAL_ADDRESS
  case 702: // LAUNCH_TIMEOUT
  case 710: // ASSERT
  case 714: // HARDWARE_STACK_ERROR
  case 715: // ILLEGAL_INSTRUCTION
  case 716: // MISALIGNED_ADDRESS
  case 717: // INVALID_ADDRESS_SPACE
  case 718: // INVALID_PC
  case 719: // LAUNCH_FAILED
    return HYDRAGEN_FAULT;
  default:
    // STREAM_CAPTURE_*: what the stream's capture does not allow.
    return result >= 900 && result <= 909 ? HYDRAGEN_INVALID
                                          : HYDRAGEN_INTERNAL;
  }
}

Status Api::check(CUresult result, const char *function) const {
  if (result == 0)
    return std::nullopt;
  const char *name = nullptr, *text = nullptr;
  if (cuGetErrorName(result, &name) != 0 || !name)
    name = "unknown";
  if (cuGetErrorString(result, &text) != 0 || !text)
    text = "error";
  return Error{classify(result),
               std::string(function) + ": " + text + " (" + name + ", " +
                   std::to_string(result) + ")",
               "cuda"};
}
