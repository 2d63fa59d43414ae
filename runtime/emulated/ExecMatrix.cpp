//===- ExecMatrix.cpp - matrix instructions ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

using namespace hydragen::emulated;

bool hydragen::emulated::selectMatrix(Decoder &) { return false; }
