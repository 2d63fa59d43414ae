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

struct ArgumentInfo {
  std::string name;
  DataType type;
  std::vector<int64_t> shape; // -1: any extent
  int32_t aliasOutput = -1;
};

struct EntryInfo {
  std::string name;
  std::vector<ArgumentInfo> inputs, outputs;
};

struct Manifest {
  std::string producer;
  std::string arch;                  // "x86_64"
  std::vector<std::string> features; // that the host code needs
  std::vector<EntryInfo> entries;
};

/// Reads and checks the manifest of a module held in memory: ELF structure,
/// magic, ABI, size, checksum, then the JSON. Never reads outside `data`.
Result<Manifest> readManifest(const unsigned char *data, size_t size);

/// Whether this processor has the named LLVM feature ("avx512f"). Unknown names
/// count as missing.
bool hasProcessorFeature(const std::string &feature);

} // namespace hydragen::runtime

#endif // HYDRAGEN_RUNTIME_CORE_MANIFEST_H
