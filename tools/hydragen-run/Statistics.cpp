//===- Statistics.cpp - times, memory and kernels of a run ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Statistics.h"

#include "Arguments.h"
#include "Module.h"

#include <cmath>
#include <cstdarg>
#include <nlohmann/json.hpp>

using namespace hydragen::run;
using namespace hydragen::runtime;
using nlohmann::ordered_json;

Result<std::vector<KernelTimes>> hydragen::run::collectKernels(
    hydragen_context *context, const hydragen_entry *entry,
    const std::vector<Array> &inputs, uint64_t calls) {
  const hydragen_kernel_statistics *list = nullptr;
  size_t count = 0;
  if (hydragen_status *status =
          hydragen_context_kernels(context, &list, &count))
    return takeError(status);
  std::vector<std::vector<int64_t>> shapes;
  for (const Array &input : inputs)
    shapes.push_back(input.shape);
  std::vector<KernelTimes> kernels;
  for (size_t i = 0; i != count; ++i) {
    KernelTimes kernel{
        list[i].name,
        list[i].launches / calls,
        list[i].milliseconds,
        0,
        0,
        {list[i].counters, list[i].counters + list[i].counter_count}};
    if (kernel.milliseconds > 0)
      kernel.milliseconds /= static_cast<double>(calls);
    for (hydragen_counter &counter : kernel.counters)
      counter.value /= calls;
    for (const WorkInfo &work : entry->info.work)
      if (work.kernel == kernel.name) {
        kernel.flops = evaluateFormula(work.flops, shapes).value_or(0);
        kernel.bytes = evaluateFormula(work.bytes, shapes).value_or(0);
      }
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

double Statistics::getMedian() const {
  size_t half = times.size() / 2;
  if (times.empty())
    return 0;
  return times.size() % 2 ? times[half] : (times[half - 1] + times[half]) / 2;
}

std::string Statistics::toJson() const {
  ordered_json stats;
  stats["version"] = 1;
  stats["device"] = device;
  stats["median_ms"] = getMedian();
  stats["min_ms"] = times.empty() ? 0 : times.front();
  stats["repeat"] = repeat;
  stats["peak_extra_bytes"] = peakExtraBytes;
  stats["host_copies_bytes"] = hostCopiesBytes;
  if (maxError) {
    // JSON has no infinity: null says that an element was NaN or infinite.
    if (std::isfinite(*maxError))
      stats["max_abs_error"] = *maxError;
    else
      stats["max_abs_error"] = nullptr;
  }
  stats["kernels"] = ordered_json::array();
  for (const KernelTimes &kernel : kernels) {
    ordered_json item;
    item["name"] = kernel.name;
    item["launches"] = kernel.launches;
    if (kernel.milliseconds >= 0)
      item["ms"] = kernel.milliseconds;
    if (kernel.flops > 0)
      item["flops"] = kernel.flops;
    if (kernel.bytes > 0)
      item["bytes"] = kernel.bytes;
    if (!kernel.counters.empty())
      for (const hydragen_counter &counter : kernel.counters)
        item["counters"][counter.name] = counter.value;
    stats["kernels"].push_back(std::move(item));
  }
  return stats.dump(2) + "\n";
}

__attribute__((format(printf, 2, 3))) static void
append(std::string &text, const char *format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  text += line;
}

/// ", 210.3 TFLOP/s (67.4 % of peak)"; units of `scale` a second.
static void appendRate(std::string &text, double amount, double milliseconds,
                       double peak, double scale, const char *unit) {
  if (amount <= 0 || milliseconds <= 0)
    return;
  double rate = amount / (milliseconds * 1e-3);
  append(text, ", %.4g %s", rate / scale, unit);
  if (peak > 0)
    append(text, " (%.1f %% of peak)", 100 * rate / peak);
}

std::string Statistics::toText() const {
  std::string text;
  for (const KernelTimes &kernel : kernels) {
    text += "kernel " + kernel.name;
    append(text, ": %llu launch%s",
           static_cast<unsigned long long>(kernel.launches),
           kernel.launches == 1 ? "" : "es");
    if (kernel.milliseconds >= 0)
      append(text, ", %.4f ms", kernel.milliseconds);
    appendRate(text, kernel.flops, kernel.milliseconds, peakFlops, 1e12,
               "TFLOP/s");
    appendRate(text, kernel.bytes, kernel.milliseconds, peakBytes, 1e9, "GB/s");
    for (const hydragen_counter &counter : kernel.counters)
      if (counter.value)
        append(text, ", %s %llu", counter.name,
               static_cast<unsigned long long>(counter.value));
    text += "\n";
  }
  if (!times.empty())
    append(text,
           "time: median %.3f ms, min %.3f ms over %zu calls; %llu bytes "
           "beyond inputs and outputs\n",
           getMedian(), times.front(), times.size(),
           static_cast<unsigned long long>(peakExtraBytes));
  return text;
}
