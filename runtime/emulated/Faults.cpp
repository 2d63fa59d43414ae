//===- Faults.cpp - what a kernel did wrong ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include <algorithm>
#include <cstdio>

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

std::string hydragen::emulated::formatLanes(uint32_t lanes) {
  std::string text;
  for (int lane = 0; lane < 32; ++lane) {
    if (!(lanes >> lane & 1))
      continue;
    int last = lane;
    while (last < 31 && (lanes >> (last + 1) & 1))
      ++last;
    text += (text.empty() ? "" : ",") + std::to_string(lane);
    if (last != lane)
      text += "-" + std::to_string(last);
    lane = last;
  }
  return text;
}

std::string hydragen::emulated::getOneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == ';'))
    line.pop_back();
  return line;
}

std::string hydragen::emulated::formatHex(uint64_t value) {
  char text[19];
  std::snprintf(text, sizeof text, "0x%llx", (unsigned long long)value);
  return text;
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

/// Whether `fault` only shows what `other` says: a read came before the write
/// it races with, so it found bytes uninitialised or still in flight; copies
/// that nobody waits for meet each other as well as their readers.
static bool isExplainedBy(const Fault &fault, const Fault &other) {
  bool names = other.instruction == fault.instruction ||
               other.otherInstruction == fault.instruction;
  if (fault.kind == FaultKind::AsyncPending &&
      other.kind == FaultKind::AsyncPending)
    return fault.instruction == fault.otherInstruction &&
           other.instruction != other.otherInstruction &&
           other.otherInstruction == fault.instruction;
  if (other.kind != FaultKind::SharedRace &&
      other.kind != FaultKind::GlobalRace)
    return false;
  if (fault.kind == FaultKind::Uninitialized)
    return names && other.otherInstruction >= 0;
  return fault.kind == FaultKind::AsyncPending && names &&
         (other.instruction == fault.otherInstruction ||
          other.otherInstruction == fault.otherInstruction);
}

std::vector<Fault> FaultLog::take() {
  std::lock_guard<std::mutex> lock(mutex);
  std::vector<Fault> list;
  for (const auto &[key, fault] : faults) {
    bool explained = false;
    for (const auto &[otherKey, other] : faults)
      explained |= isExplainedBy(fault, other);
    if (!explained)
      list.push_back(fault);
  }
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
