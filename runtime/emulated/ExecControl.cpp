//===- ExecControl.cpp - branches, barriers, fences -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exec.h"

#include <algorithm>

using namespace hydragen::emulated;

namespace {

/// `imm` is the target. Flags bit 0: .uni.
void runBranch(Warp &w, const Op &op, uint32_t mask) {
  uint32_t rest = w.active & ~mask;
  if (rest) {
    if ((op.flags & 1) && checksOn(w))
      report(w, makeFault(w, op, FaultKind::Divergent, mask,
                          "Divergent thread(s) in warp at a branch marked "
                          ".uni"));
    w.others.push_back({rest, w.pc});
    w.active = mask;
  }
  w.pc = uint32_t(op.imm);
  // A backward branch may lead to where others wait.
  if (!w.others.empty())
    w.event = true;
}

/// brx.idx: `imm` is the table.
void runBranchTable(Warp &w, const Op &op, uint32_t mask) {
  const std::vector<uint32_t> &table = w.code->tables[op.imm];
  const uint32_t *index = w.words(op.a);
  uint32_t bad = 0;
  w.event = true;
  for (int lane = 0; lane < 32; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    if (index[lane] >= table.size()) {
      bad |= 1u << lane;
      continue;
    }
    uint32_t group = 0;
    for (int other = lane; other < 32; ++other)
      if ((mask >> other & 1) && index[other] == index[lane])
        group |= 1u << other;
    w.others.push_back({group, table[index[lane]]});
    mask &= ~group;
    w.active &= ~group;
  }
  if (!bad)
    return;
  Fault fault =
      makeFault(w, op, FaultKind::BadOperand, bad, "Branch index out of range");
  fault.notes.push_back("index " + std::to_string(index[__builtin_ctz(bad)]) +
                        " of a table of " + std::to_string(table.size()) +
                        " targets");
  report(w, std::move(fault));
  exitLanes(w, bad);
}

void runExit(Warp &w, const Op &op, uint32_t mask) { exitLanes(w, mask); }

void runTrap(Warp &w, const Op &op, uint32_t mask) {
  bool isBreakpoint = op.flags & 1;
  report(w, makeFault(w, op, FaultKind::Trap, mask,
                      isBreakpoint ? "Breakpoint instruction executed"
                                   : "Trap instruction executed"));
  w.block->aborted = true;
  w.event = true;
}

/// Flags bit 0: of more than block scope.
void runFence(Warp &w, const Op &op, uint32_t mask) { fence(w, op.flags & 1); }

void runNothing(Warp &w, const Op &op, uint32_t mask) {}

/// The others go first.
void runSleep(Warp &w, const Op &op, uint32_t mask) {
  w.block->budget = 0;
  w.event = true;
}

void runWarpSync(Warp &w, const Op &op, uint32_t mask) {
  uint32_t todo = mask;
  while (todo) {
    uint32_t members = w.words(op.a)[__builtin_ctz(todo)];
    uint32_t group = 0;
    for (int lane = 0; lane < 32; ++lane)
      if ((todo >> lane & 1) && w.words(op.a)[lane] == members)
        group |= 1u << lane;
    todo &= ~group;
    if (uint32_t strangers = group & ~members) {
      Fault fault = makeFault(w, op, FaultKind::BadOperand, strangers,
                              "Barrier error detected. Invalid arguments");
      fault.notes.push_back("the lane is not in its own member mask " +
                            formatHex(members));
      report(w, std::move(fault));
      members |= group;
    }
    if (!waitForLanes(w, op, group, members))
      continue;
    if (uint32_t missing = members & w.alive & ~group)
      reportDivergence(w, op, group, missing);
    else
      w.missed &= ~group;
    w.sync();
  }
}

bool selectBranch(Decoder &d) {
  if (d.numOperands() != 1 || d.operand(0).kind != Operand::Label ||
      d.operand(0).index < 0)
    return d.fail("expected a label");
  d.op.flags = d.has("uni");
  d.op.run = runBranch;
  d.branchTo(d.operand(0).index);
  return true;
}

bool selectBranchTable(Decoder &d) {
  if (!d.has("idx"))
    return false;
  if (d.numOperands() != 2 || d.operand(1).kind != Operand::Label ||
      d.operand(1).index > -2)
    return d.fail("expected an index and a table of branch targets");
  d.op.a = d.use(0, typeB32);
  d.op.imm = -2 - d.operand(1).index;
  d.op.run = runBranchTable;
  return d.op.a != noSlot;
}

/// bar and barrier, PTX ISA 9.7.13.1 and .2.
bool selectBarrier(Decoder &d) {
  bool isBar = d.instruction->opcode == "bar";
  if (isBar && d.has("warp")) {
    if (!d.has("sync") || d.numOperands() != 1)
      return false;
    d.op.a = d.use(0, typeB32);
    d.op.run = runWarpSync;
    return d.op.a != noSlot;
  }
  if (d.has("cluster"))
    return false;
  uint8_t flags = isBar || d.has("aligned") ? barrierAligned : 0;
  size_t first = 0, last = d.numOperands();
  if (d.has("red")) {
    flags |= barrierRed;
    uint8_t reduction = d.has("popc")  ? reductionPopc
                        : d.has("and") ? reductionAnd
                        : d.has("or")  ? reductionOr
                                       : 0;
    if (!reduction || last < 3)
      return false;
    flags |= reduction << barrierReductionShift;
    bool isPredicate = reduction != reductionPopc;
    if (isPredicate)
      flags |= barrierPredicate;
    d.op.c = d.use(--last, typePred);
    d.op.d = d.def(first++, isPredicate ? typePred : typeB32);
    if (d.op.c == noSlot || d.op.d == noSlot)
      return false;
  } else if (d.has("arrive")) {
    flags |= barrierArrive;
    if (last != 2)
      return d.fail("expected a barrier and a thread count");
  } else if (!d.has("sync")) {
    return false;
  }
  if (last == first || last - first > 2)
    return d.fail("expected a barrier and at most a thread count");
  d.op.a = d.use(first, typeB32);
  if (last - first == 2 && (d.op.b = d.use(first + 1, typeB32)) == noSlot)
    return false;
  d.op.flags = flags;
  d.op.run = runBarrier;
  return d.op.a != noSlot;
}

bool selectFence(Decoder &d) {
  // Proxies and barrier objects of sm_90 have no meaning here yet.
  if (d.has("proxy") || d.has("mbarrier_init") || d.numOperands())
    return false;
  bool block = d.has("cta");
  if (!block && !d.has("gl") && !d.has("gpu") && !d.has("sys") &&
      !d.has("cluster"))
    return false;
  d.op.flags = !block;
  d.op.run = runFence;
  return true;
}

} // namespace

bool hydragen::emulated::isBranch(const Op &op) { return op.run == runBranch; }
bool hydragen::emulated::isBranchTable(const Op &op) {
  return op.run == runBranchTable;
}
bool hydragen::emulated::isExit(const Op &op) {
  return op.run == runExit || op.run == runTrap;
}
bool hydragen::emulated::isWarpSync(const Op &op) {
  return op.run == runWarpSync;
}

void hydragen::emulated::runReadClock(Warp &w, const Op &op, uint32_t mask) {
  uint64_t clock = w.block->clock + 1;
  if (op.count == 64)
    forLanes<uint64_t>(w, op.d, mask, [=](int) { return clock; });
  else
    forLanes<uint32_t>(w, op.d, mask, [=](int) {
      return uint32_t(op.flags & 1 ? clock >> 32 : clock);
    });
}

Op hydragen::emulated::makeJump(uint32_t source, uint32_t target) {
  Op op;
  op.run = runBranch;
  op.counted = false;
  op.source = source;
  op.imm = target;
  return op;
}

bool hydragen::emulated::selectControl(Decoder &d) {
  const std::string &opcode = d.instruction->opcode;
  if (opcode == "bra")
    return selectBranch(d);
  if (opcode == "brx")
    return selectBranchTable(d);
  if (opcode == "bar" || opcode == "barrier")
    return selectBarrier(d);
  if (opcode == "membar" || opcode == "fence")
    return selectFence(d);
  if (opcode == "nanosleep") {
    d.op.run = runSleep;
    return true;
  }
  // Kernels run one after the other: those before have ended.
  if (opcode == "griddepcontrol") {
    d.op.run = runNothing;
    return !d.numOperands() && d.has("wait") != d.has("launch_dependents");
  }
  if (opcode == "pmevent") {
    d.op.run = runNothing;
    return true;
  }
  if (d.numOperands())
    return false;
  if (opcode == "exit" || opcode == "ret") {
    d.op.run = runExit;
    return true;
  }
  if (opcode == "trap" || opcode == "brkpt") {
    d.op.flags = opcode == "brkpt";
    d.op.run = runTrap;
    return true;
  }
  return false;
}
