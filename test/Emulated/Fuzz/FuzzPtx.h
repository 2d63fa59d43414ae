//===- FuzzPtx.h - the PTX reader under arbitrary bytes ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What PtxFuzzer runs, and what EmulatedFuzzTests runs over seeds and
// mutations.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_EMULATED_FUZZ_FUZZPTX_H
#define HYDRAGEN_TEST_EMULATED_FUZZ_FUZZPTX_H

#include <cstddef>
#include <cstdint>

namespace hydragen::test {

/// Loads bytes as a module: parsed, decoded, ordered. Aborts when a failure has
/// no message, or a success a kernel that leads out of its code. True when the
/// module was accepted.
bool fuzzPtx(const uint8_t *data, size_t size);

} // namespace hydragen::test

#endif // HYDRAGEN_TEST_EMULATED_FUZZ_FUZZPTX_H
