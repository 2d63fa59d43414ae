//===- Manifest.h - what a module says of itself ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_CORE_MANIFEST_H
#define HYDRAGEN_RUNTIME_CORE_MANIFEST_H

#include "DataType.h"
#include "Status.h"

#include <string>
#include <vector>

namespace hydragen::runtime {

/// Where an entry of device "cuda" wants an argument. Either: the entry gets
/// device memory, the runtime copies a tensor that is on the host.
enum class Placement { Device, Host, Either };

/// Strides that an entry of device "cuda" takes. Inner: any, but for the last
/// dim, whose elements are adjacent.
enum class Strides { Compact, Inner, Any };

struct ArgumentInfo {
  std::string name;
  DataType type;
  std::vector<int64_t> shape; // -1: any extent
  int32_t aliasOutput = -1;
  Placement placement = Placement::Device;
  Strides strides = Strides::Compact;
  unsigned alignment = 0; // bytes; 0: that of an element
};

inline unsigned getAlignment(const ArgumentInfo &info) {
  return info.alignment ? info.alignment : getSize(info.type);
}

/// What one call of an entry does in one kernel, as formulas of the input
/// shapes (see evaluateFormula); "" where unknown.
struct WorkInfo {
  std::string kernel, flops, bytes;
};

struct EntryInfo {
  std::string name;
  bool onGpu = false; // device "cuda": runs on the devices cuda and emulated
  std::vector<ArgumentInfo> inputs, outputs;
  std::vector<WorkInfo> work;
};

struct KernelInfo {
  std::string name;
  uint32_t block[3];
  uint32_t sharedBytes = 0, parameterBytes = 0;
  bool waits = false; // HYDRAGEN_KERNEL_WAITS
  uint32_t getThreads() const { return block[0] * block[1] * block[2]; }
};

struct ImageInfo {
  uint32_t arch = 0; // 80: sm_80
  bool isCubin = false;
};

struct Manifest {
  std::string producer;
  std::string arch;                  // "x86_64"
  std::vector<std::string> features; // that the host code needs
  std::vector<std::string> targets;  // "cpu:x86-64-v3", "cuda:sm_80"
  std::vector<EntryInfo> entries;
  std::vector<KernelInfo> kernels;
  std::vector<ImageInfo> images;
};

/// Reads and checks the manifest of a module held in memory: ELF structure,
/// magic, ABI, size, checksum, then the JSON. Never reads outside `data`.
Result<Manifest> readManifest(const unsigned char *data, size_t size);

/// Value of a formula such as "4*in0.0*(in1.2+in1.3)": integers, extents inN.D,
/// + - * / (rounding down) and parentheses, in double. nullopt when it is none
/// or names an extent that is not there.
std::optional<double>
evaluateFormula(std::string_view text,
                const std::vector<std::vector<int64_t>> &inputShapes);

/// Whether this processor has the named LLVM feature ("avx512f"). Unknown names
/// count as missing.
bool hasProcessorFeature(const std::string &feature);

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_MANIFEST_H
