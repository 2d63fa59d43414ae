//===- FuzzPtx.cpp - the PTX reader under arbitrary bytes -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzPtx.h"

#include "Machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace hydragen::emulated;

namespace {
void require(bool condition, const char *what) {
  if (condition)
    return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

void checkCode(const Code &code) {
  require(!code.ops.empty(), "a kernel has an end");
  require(code.ordered.size() == code.ops.size(), "an entry for each op");
  for (const Op &op : code.ops) {
    require(op.run, "each op has a handler");
    require(op.source < std::max<size_t>(1, code.function->instructions.size()),
            "each op has an instruction");
    if (isBranch(op))
      require(uint64_t(op.imm) < code.ops.size(), "branches stay inside");
    if (isBranchTable(op))
      require(uint64_t(op.imm) < code.tables.size(), "a table that is there");
    for (uint32_t slot : {op.d, op.a, op.b, op.c, op.guard})
      require(slot == noSlot || slot < code.fileSize, "slots are in the file");
  }
  for (const std::vector<uint32_t> &table : code.tables)
    for (uint32_t target : table)
      require(target < code.ops.size(), "table targets stay inside");
  const Op &last = code.ops.back();
  require(last.guard == noSlot &&
              (isExit(last) || isBranch(last) || isBranchTable(last)),
          "the last op leads on");
}
} // namespace

bool hydragen::test::fuzzPtx(const uint8_t *data, size_t size) {
  Memory memory;
  Program program;
  std::vector<ParseError> errors;
  if (!program.load({reinterpret_cast<const char *>(data), size}, memory,
                    errors)) {
    require(!errors.empty(), "a failure has an error");
    for (const ParseError &error : errors)
      require(!error.message.empty(), "an error says why");
    return false;
  }
  require(errors.empty(), "a success has no error");
  for (const std::string &name : program.getKernelNames())
    checkCode(*program.findKernel(name));
  return true;
}
