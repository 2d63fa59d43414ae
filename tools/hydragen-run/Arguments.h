//===- Arguments.h - inputs and outputs of a run ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_RUN_ARGUMENTS_H
#define HYDRAGEN_TOOLS_RUN_ARGUMENTS_H

#include "Npz.h"
#include "Options.h"

#include <memory>
#include <vector>

namespace hydragen::run {

/// Whether an array of a file stands for an argument of type `wanted`: .npy has
/// no bf16 and no fp8 (unsigned integers carry them), and MLIR's integers have
/// no sign.
bool matches(runtime::DataType wanted, runtime::DataType have);

/// Reads in0, in1, ... and checks types and shapes against the entry.
runtime::Result<std::vector<runtime::Array>>
readInputs(const Options &options, const hydragen_entry *entry);

/// Random inputs: docs/runtime.md has the exact algorithm.
runtime::Result<std::vector<runtime::Array>>
makeInputs(const Options &options, const hydragen_entry *entry);

/// Zeroed outputs of the shapes that the inputs give.
runtime::Result<std::vector<runtime::Array>>
makeOutputs(const hydragen_entry *entry,
            const std::vector<runtime::Array> &inputs);

/// Views for the C ABI; they point into `arrays`.
std::vector<DLTensor> makeTensors(std::vector<runtime::Array> &arrays);

/// A failed call as an Error.
runtime::Error takeError(hydragen_status *status);

std::string shapeText(const std::vector<int64_t> &shape);

} // namespace hydragen::run

#endif // HYDRAGEN_TOOLS_RUN_ARGUMENTS_H
