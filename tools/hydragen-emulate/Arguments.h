//===- Arguments.h - arrays and numbers for a kernel ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_ARGUMENTS_H
#define HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_ARGUMENTS_H

#include "Npz.h"
#include "Options.h"

namespace hydragen::emulate {

/// An array on the device that goes to a file after the launch.
struct OutputArray {
  std::string path;
  runtime::DataType type;
  std::vector<int64_t> shape;
  const emulated::Allocation *allocation;
};

/// Fills `parameters`, the buffer of `code`'s parameters, from the --arg list.
runtime::Status placeArguments(const std::vector<std::string> &arguments,
                               const emulated::Code &code,
                               emulated::Memory &memory,
                               std::vector<uint8_t> &parameters,
                               std::vector<OutputArray> &outputs);

runtime::Status writeOutputs(const std::vector<OutputArray> &outputs);

} // namespace hydragen::emulate

#endif // HYDRAGEN_TOOLS_HYDRAGEN_EMULATE_ARGUMENTS_H
