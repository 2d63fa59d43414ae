//===- CPUTarget.cpp - CPUs as the cost model sees them ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one place of the constants. `utils/bench cost --fit` measures them again
// and prints lines for this table.
//===----------------------------------------------------------------------===//

#include "hydragen/IR/Hydragen.h"

using namespace mlir;
using namespace mlir::hydragen;

namespace {
struct KnownCPU {
  int64_t vectorBits, product, few, dot, exponentials, bandwidth, copy, launch,
      row;
};
} // namespace

/// 256: an AMD EPYC (Zen 3), 2026-11-26, `utils/bench cost --fit --threads=1
/// --target=cpu:x86-64-v3 --bits=256`; `launch` from two threads
/// (docs/cost-model.md). 512: an AMD EPYC (Zen 4), 2026-11-27, `utils/bench
/// cost --fit --threads=1 --bits=512`, but for `few`, which is that of 8 rows
/// of 128 columns, and `launch`, which is as there: two threads that are awake
/// take less. 128 is scaled from 256 by lanes, not measured.
static const KnownCPU kKnownCPUs[] = {
    {128, 38000, 33000, 18000, 360, 55000, 30000, 2000, 8},
    {256, 84000, 74000, 40000, 810, 55000, 30000, 2000, 8},
    {512, 117000, 80000, 77000, 1290, 79000, 30000, 2000, 11},
};

CPUTargetAttr CPUTargetAttr::getNamed(MLIRContext *context, StringRef name) {
  for (const KnownCPU &cpu : kKnownCPUs)
    if (name == "cpu:" + std::to_string(cpu.vectorBits))
      return get(context, cpu.vectorBits, cpu.product, cpu.few, cpu.dot,
                 cpu.exponentials, cpu.bandwidth, cpu.copy, cpu.launch,
                 cpu.row);
  return {};
}

LogicalResult
CPUTargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t vectorBits, int64_t product, int64_t few,
                      int64_t dot, int64_t exponentials, int64_t bandwidth,
                      int64_t copy, int64_t launch, int64_t row) {
  // cpu_target_c1
  for (int64_t value :
       {vectorBits, product, few, dot, exponentials, bandwidth, copy})
    if (value < 1)
      return emitError() << "expected positive speeds but got " << value;
  // cpu_target_c2
  if (launch < 0 || row < 0)
    return emitError() << "expected times that are not negative but got "
                       << launch << " and " << row;
  return success();
}
