//===- Compare.cpp - outputs against expected ones --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compare.h"

#include "Arguments.h"

#include <cmath>
#include <cstdio>
#include <cstring>

using namespace hydragen::run;
using namespace hydragen::runtime;

/// Exact for every type: x86's long double holds 64-bit integers.
static long double valueAt(DataType type, const Array &array, int64_t index) {
  if (type == DataType::I64 || type == DataType::U64) {
    int64_t bits;
    std::memcpy(&bits, &array.data[index * sizeof(bits)], sizeof(bits));
    return type == DataType::I64
               ? static_cast<long double>(bits)
               : static_cast<long double>(static_cast<uint64_t>(bits));
  }
  return getElement(type, array.data.data(), index);
}

/// Default absolute tolerance of a type, for outputs of size 1.
static double defaultTolerance(DataType type) {
  switch (type) {
  case DataType::F64:
    return 1e-12;
  case DataType::F32:
    return 2e-5;
  case DataType::F16:
    return 4e-3;
  case DataType::BF16:
    return 3e-2;
  case DataType::F8E4M3:
  case DataType::F8E5M2:
    return 0.25;
  default:
    return 0;
  }
}

Result<Comparison> hydragen::run::compare(const Options &options,
                                          const std::vector<Array> &outputs) {
  auto archive = NpzReader::open(options.expect);
  if (!archive)
    return archive.getError();
  Comparison result;
  for (size_t i = 0; i != outputs.size(); ++i) {
    const Array &got = outputs[i];
    std::string name = "out" + std::to_string(i);
    auto want = archive->read(name);
    if (!want) {
      Error error = want.getError();
      error.place = options.expect;
      return error;
    }
    if (!matches(got.type, want->type) || want->shape != got.shape)
      return invalid("array " + name + " is " + shapeText(want->shape) +
                         std::string(getName(want->type)) +
                         ", but the output is " + shapeText(got.shape) +
                         std::string(getName(got.type)),
                     options.expect);
    want->type = got.type;
    int64_t count = got.getNumElements();
    double largest = 0;
    for (int64_t e = 0; e < count; ++e) {
      double value = std::fabs(getElement(got.type, want->data.data(), e));
      if (std::isfinite(value))
        largest = std::fmax(largest, value);
    }
    double atol = options.atol.value_or(0), rtol = options.rtol.value_or(0);
    if (!options.atol && !options.rtol)
      atol = defaultTolerance(got.type) * std::fmax(1, largest);
    double worst = 0;
    int64_t bad = 0, firstBad = -1;
    for (int64_t e = 0; e < count; ++e) {
      long double a = valueAt(got.type, got, e),
                  b = valueAt(got.type, *want, e);
      if ((std::isnan(a) && std::isnan(b)) || a == b)
        continue;
      double error = static_cast<double>(std::fabs(a - b));
      // One NaN, or an infinity on one side, is wrong at any tolerance.
      if (!(error <= atol + rtol * std::fabs(b)) || std::isinf(error)) {
        if (bad++ == 0)
          firstBad = e;
      }
      worst = std::isnan(error) ? INFINITY : std::fmax(worst, error);
    }
    char line[256];
    std::snprintf(line, sizeof(line),
                  "%s %s%s: max_abs_error=%.3g (tolerance %.3g + %.3g*|want|)",
                  name.c_str(), shapeText(got.shape).c_str(),
                  std::string(getName(got.type)).c_str(), worst, atol, rtol);
    result.text += line;
    if (bad) {
      std::snprintf(
          line, sizeof(line),
          ": %lld of %lld elements differ, first at %lld: got %.9g, want %.9g",
          static_cast<long long>(bad), static_cast<long long>(count),
          static_cast<long long>(firstBad),
          getElement(got.type, got.data.data(), firstBad),
          getElement(got.type, want->data.data(), firstBad));
      result.text += line;
      result.equal = false;
    }
    result.text += "\n";
    result.maxError = std::fmax(result.maxError, worst);
  }
  return result;
}
