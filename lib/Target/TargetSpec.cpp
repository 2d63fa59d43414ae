//===- TargetSpec.cpp - what a module is compiled for -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "hydragen/Target/TargetSpec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

/// Extensions that compiled code may use. Others of the host are switched off,
/// so that the list in the manifest is complete.
static constexpr const char *kExtensions[] = {
    "sse3",     "ssse3",    "sse4.1",   "sse4.2",     "popcnt",    "cx16",
    "sahf",     "avx",      "avx2",     "bmi",        "bmi2",      "f16c",
    "fma",      "lzcnt",    "movbe",    "xsave",      "avx512f",   "avx512bw",
    "avx512cd", "avx512dq", "avx512vl", "avx512bf16", "avx512vnni"};

bool hydragen::CPUTarget::has(StringRef feature) const {
  return is_contained(required, feature);
}

static Error makeError(const Twine &text) {
  return createStringError(inconvertibleErrorCode(), text);
}

Expected<hydragen::CPUTarget> hydragen::parseCPUTarget(StringRef spec) {
  CPUTarget result;
  result.spec = spec.str();
  StringRef kind = spec, name;
  if (spec.contains(':'))
    std::tie(kind, name) = spec.split(':');
  if (kind != "cpu")
    return makeError("unknown target '" + spec +
                     "', expected cpu, cpu:NAME or cuda:sm_NN");
  if (spec.contains(':') && name.empty())
    return makeError("target '" + spec + "' lacks a CPU name after the colon");

  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  Triple triple(sys::getProcessTriple());
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(triple, message);
  if (!target || triple.getArch() != Triple::x86_64)
    return makeError("host " + triple.str() +
                     " is not supported, only x86-64 Linux is");

  SubtargetFeatures features;
  if (name.empty()) {
    result.cpu = sys::getHostCPUName().str();
    for (auto &feature : sys::getHostCPUFeatures())
      features.AddFeature(feature.first(), feature.second);
  } else {
    result.cpu = name.str();
    std::unique_ptr<MCSubtargetInfo> generic(
        target->createMCSubtargetInfo(triple, "x86-64", ""));
    if (!generic->isCPUStringValid(name))
      return makeError("unknown CPU '" + name + "' in target '" + spec +
                       "', expected for example x86-64-v3, x86-64-v4, znver4");
  }
  std::unique_ptr<MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, result.cpu, features.getString()));
  if (!info->checkFeatures("+64bit"))
    return makeError("CPU '" + Twine(result.cpu) + "' in target '" + spec +
                     "' is not a 64-bit one");
  for (const char *extension : kExtensions) {
    if (info->checkFeatures(std::string("+") + extension))
      result.required.push_back(extension);
  }
  // A part of AVX-512 alone is of no use.
  if (result.has("avx512f") && result.has("avx512vl") &&
      result.has("avx512dq") && result.has("avx512bw"))
    result.vectorBits = 512;
  else if (result.has("avx2") && result.has("fma"))
    result.vectorBits = 256;
  SubtargetFeatures used;
  for (const char *extension : kExtensions)
    used.AddFeature(extension, result.has(extension));
  result.features = used.getString();
  return result;
}
