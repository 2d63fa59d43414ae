//===- FuzzTargets.h - readers under arbitrary bytes ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the fuzzers run, and what RuntimeTests runs over seeds and mutations.
// Each aborts when a reader breaks its promise; out-of-bounds reads are the
// sanitizer's to find.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TEST_RUNTIME_FUZZ_FUZZTARGETS_H
#define HYDRAGEN_TEST_RUNTIME_FUZZ_FUZZTARGETS_H

#include <cstddef>
#include <cstdint>

namespace hydragen::test {

/// Bytes as an .npy file, and as an .npz archive whose members are all read. An
/// array that is accepted holds as many bytes as its shape says, and survives
/// being written and read again.
void fuzzNpz(const uint8_t *data, size_t size);

/// Bytes as a module, and as the JSON of one with a right checksum. A manifest
/// that is accepted satisfies what its readers rely on.
void fuzzManifest(const uint8_t *data, size_t size);

} // namespace hydragen::test

#endif // HYDRAGEN_TEST_RUNTIME_FUZZ_FUZZTARGETS_H
