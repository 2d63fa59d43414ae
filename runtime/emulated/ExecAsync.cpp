//===- ExecAsync.cpp - cp.async and its groups ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

using namespace hydragen::emulated;

bool hydragen::emulated::selectAsync(Decoder &) { return false; }
