//===- ExecMemory.cpp - loads, stores and hints of caches -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

using namespace hydragen::emulated;

bool hydragen::emulated::selectMemory(Decoder &) { return false; }
