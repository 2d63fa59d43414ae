//===- PtxFuzzer.cpp - libFuzzer over PTX -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzPtx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  hydragen::test::fuzzPtx(data, size);
  return 0;
}
