//===- Host.cpp - what this host's processor can do -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

#include <cstdlib>

static bool detectV3() {
#if defined(__x86_64__)
  return !std::getenv("HYDRAGEN_EMULATED_BASELINE") &&
         __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c") && __builtin_cpu_supports("lzcnt") &&
         __builtin_cpu_supports("popcnt");
#else
  return false;
#endif
}

static bool baselineOnly = false;

bool hydragen::emulated::hasV3() {
  static const bool detected = detectV3();
  return detected && !baselineOnly;
}

void hydragen::emulated::setBaselineOnly(bool only) { baselineOnly = only; }
