//===- ManifestFuzzer.cpp - libFuzzer over modules --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzTargets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  hydragen::test::fuzzManifest(data, size);
  return 0;
}
