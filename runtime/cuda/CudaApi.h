//===- CudaApi.h - the CUDA driver, opened when asked for -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declarations of our own: no CUDA header is needed to build, no CUDA library
// to start.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CUDA_CUDAAPI_H
#define HYDRAGEN_RUNTIME_CUDA_CUDAAPI_H

#include "Status.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hydragen::runtime::cuda {

using CUresult = int; // an enum in cuda.h
using CUdevice = int;
using CUdeviceptr = uint64_t;
using CUcontext = struct CUctx_st *;
using CUmodule = struct CUmod_st *;
using CUfunction = struct CUfunc_st *;
using CUstream = struct CUstream_st *;
using CUevent = struct CUevent_st *;

// Structures of cuda.h.
struct CUlaunchAttribute {
  int id;
  char pad[4];
  union {
    char bytes[64];
    int programmaticStreamSerializationAllowed;
  } value;
};
struct CUlaunchConfig {
  unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ;
  unsigned sharedMemBytes;
  CUstream hStream;
  CUlaunchAttribute *attrs;
  unsigned numAttrs;
};

// Enumerators of cuda.h, by its names.
enum : int {
  CU_DEVICE_ATTRIBUTE_CLOCK_RATE = 13, // kHz
  CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
  CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE = 36,       // kHz
  CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH = 37, // bits
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,

  CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,
  CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 1, // static
  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,

  CU_JIT_INFO_LOG_BUFFER = 3,
  CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES = 4,
  CU_JIT_ERROR_LOG_BUFFER = 5,
  CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6,

  CU_STREAM_CAPTURE_STATUS_NONE = 0,

  CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION = 6,
};

/// The functions of CudaSymbols.def, and the library that they are in.
struct Api {
#define HYDRAGEN_CUDA(name, version, parameters)                               \
  CUresult(*name) parameters = nullptr;
#include "CudaSymbols.def"
  void *library = nullptr;

  Api() = default;
  Api(const Api &) = delete;
  Api &operator=(const Api &) = delete;
  ~Api();

  /// Opens libcuda.so.1, or what HYDRAGEN_LIBCUDA names. UNAVAILABLE when it is
  /// not there or too old.
  static Result<std::shared_ptr<Api>> load();

  /// The failure of a call as a status: "cuMemAlloc: out of memory
  /// (CUDA_ERROR_OUT_OF_MEMORY)". nullopt for success.
  Status check(CUresult result, const char *function) const;
};

/// check(api.name(...), "name").
#define HYDRAGEN_CUDA_CALL(api, name, ...)                                     \
  (api).check((api).name(__VA_ARGS__), #name)

} // namespace hydragen::runtime::cuda

#endif // HYDRAGEN_RUNTIME_CUDA_CUDAAPI_H
