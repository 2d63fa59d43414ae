//===- ExecControl.cpp - branches, barriers, fences ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

using namespace hydragen::emulated;

bool hydragen::emulated::selectControl(Decoder &) { return false; }
