//===- Statistics.h - times, memory and kernels of a run --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_TOOLS_RUN_STATISTICS_H
#define HYDRAGEN_TOOLS_RUN_STATISTICS_H

#include "Compare.h"

#include <optional>
#include <vector>

namespace hydragen::run {

/// One kernel in one call of the entry.
struct KernelTimes {
  std::string name;
  uint64_t launches = 0;
  double milliseconds = -1;    // < 0: not measured
  double flops = 0, bytes = 0; // 0: unknown
  std::vector<hydragen_counter> counters;
};

struct Statistics {
  std::string device;
  std::vector<double> times; // ms, sorted
  int64_t repeat = 1;
  uint64_t peakExtraBytes = 0, hostCopiesBytes = 0;
  std::optional<double> maxError; // with --expect
  std::vector<KernelTimes> kernels;
  double peakFlops = 0, peakBytes = 0; // of the device, a second

  double getMedian() const;
  std::string toJson() const;
  /// A line per kernel and one for the call.
  std::string toText() const;
};

/// Statistics of `calls` calls of `entry`, as those of one.
runtime::Result<std::vector<KernelTimes>>
collectKernels(hydragen_context *context, const hydragen_entry *entry,
               const std::vector<runtime::Array> &inputs, uint64_t calls);

} // namespace hydragen::run

#endif // HYDRAGEN_TOOLS_RUN_STATISTICS_H
