//===- Faults.cpp - what a kernel did wrong ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include <algorithm>

using namespace hydragen::emulated;

const char *hydragen::emulated::getName(FaultKind kind) {
  switch (kind) {
  case FaultKind::OutOfBounds:
    return "out-of-bounds";
  case FaultKind::Misaligned:
    return "misaligned";
  case FaultKind::Uninitialized:
    return "uninitialized";
  case FaultKind::SharedRace:
    return "shared-race";
  case FaultKind::GlobalRace:
    return "global-race";
  case FaultKind::AsyncPending:
    return "async-pending";
  case FaultKind::Divergent:
    return "divergent";
  case FaultKind::BarrierCount:
    return "barrier-count";
  case FaultKind::Deadlock:
    return "deadlock";
  case FaultKind::InactiveLane:
    return "inactive-lane";
  case FaultKind::ReadOnly:
    return "read-only";
  case FaultKind::Trap:
    return "trap";
  case FaultKind::BadOperand:
    return "bad-operand";
  }
  return "";
}

void FaultLog::add(Fault fault) {
  std::lock_guard<std::mutex> lock(mutex);
  Key key(fault.kind, fault.instruction, fault.otherInstruction, fault.title);
  auto [it, inserted] = faults.try_emplace(key, fault);
  if (inserted)
    return;
  uint64_t count = it->second.count + fault.count;
  // Within one block the order is that of the schedule: keep the first.
  if (fault.blockLinear < it->second.blockLinear)
    it->second = std::move(fault);
  it->second.count = count;
}

std::vector<Fault> FaultLog::take() {
  std::lock_guard<std::mutex> lock(mutex);
  std::vector<Fault> list;
  for (auto &entry : faults)
    list.push_back(std::move(entry.second));
  faults.clear();
  std::sort(list.begin(), list.end(), [](const Fault &a, const Fault &b) {
    return std::tie(a.blockLinear, a.instruction, a.kind, a.otherInstruction,
                    a.title) < std::tie(b.blockLinear, b.instruction, b.kind,
                                        b.otherInstruction, b.title);
  });
  return list;
}

bool FaultLog::empty() {
  std::lock_guard<std::mutex> lock(mutex);
  return faults.empty();
}
