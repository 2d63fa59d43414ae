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
  int64_t vectorBits, product, dot, exponentials, bandwidth, copy, launch, row;
};
} // namespace

/// 512: one thread of an AMD EPYC with AVX-512, 2026-11-26, `utils/bench cost
/// --grid=small --threads=1 --fit` (docs/cost-model.md). The narrower ones are
/// scaled from it by what vectors hold, not measured. `launch` is a hand-over
/// to another thread, an estimate: one thread alone needs 43 ns.
static const KnownCPU kKnownCPUs[] = {
    {128, 19000, 8500, 170, 50000, 30000, 3000, 12},
    {256, 38000, 17000, 340, 50000, 30000, 3000, 12},
    {512, 77000, 34000, 690, 50000, 30000, 3000, 12},
};

CPUTargetAttr CPUTargetAttr::getNamed(MLIRContext *context, StringRef name) {
  for (const KnownCPU &cpu : kKnownCPUs)
    if (name == "cpu:" + std::to_string(cpu.vectorBits))
      return get(context, cpu.vectorBits, cpu.product, cpu.dot,
                 cpu.exponentials, cpu.bandwidth, cpu.copy, cpu.launch,
                 cpu.row);
  return {};
}

LogicalResult
CPUTargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t vectorBits, int64_t product, int64_t dot,
                      int64_t exponentials, int64_t bandwidth, int64_t copy,
                      int64_t launch, int64_t row) {
  // cpu_target_c1
  for (int64_t value :
       {vectorBits, product, dot, exponentials, bandwidth, copy})
    if (value < 1)
      return emitError() << "expected positive speeds but got " << value;
  // cpu_target_c2
  if (launch < 0 || row < 0)
    return emitError() << "expected times that are not negative but got "
                       << launch << " and " << row;
  return success();
}
