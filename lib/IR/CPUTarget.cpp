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

static const KnownCPU kKnownCPUs[] = {
    {128, 10000, 3000, 100, 8000, 3000, 5000, 100},
    {256, 20000, 6000, 200, 8000, 3000, 5000, 100},
    {512, 40000, 9000, 400, 8000, 3000, 5000, 100},
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
