//===- Compare.h - outputs against expected ones ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_RUN_COMPARE_H
#define HYDRAGEN_TOOLS_RUN_COMPARE_H

#include "Npz.h"
#include "Options.h"

namespace hydragen::run {

struct Comparison {
  bool equal = true;
  double maxError = 0;
  /// One line per output, for people.
  std::string text;
};

/// |got - want| <= atol + rtol * |want| everywhere; NaN equals NaN, infinities
/// equal themselves. Without either: per type (docs/runtime.md).
runtime::Result<Comparison> compare(const Options &options,
                                    const std::vector<runtime::Array> &outputs);

} // namespace hydragen::run

#endif // HYDRAGEN_TOOLS_RUN_COMPARE_H
