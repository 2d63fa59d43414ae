//===- Access.cpp - reports of accesses; local memory, parameters -*- C++ -*-=//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Access.h"

using namespace hydragen::emulated;

bool hydragen::emulated::areModifiersKnown(
    const Decoder &d, std::initializer_list<std::string_view> names) {
  for (std::string_view modifier : d.instruction->modifiers) {
    bool known = parseType(modifier) || modifier.substr(0, 4) == "L1::" ||
                 modifier.substr(0, 4) == "L2::";
    for (std::string_view scope : {"cta", "cluster", "gpu", "sys"})
      known |= modifier == scope;
    for (std::string_view name : names)
      known |= modifier == name;
    if (!known)
      return false;
  }
  return true;
}

void Violations::add(const Entry &entry) {
  for (Entry &known : entries)
    if (known.kind == entry.kind && known.other == entry.other &&
        known.otherWrites == entry.otherWrites && known.title == entry.title) {
      known.lanes |= entry.lanes;
      return;
    }
  entries.push_back(entry);
}

static const char *getAccessName(unsigned kind) {
  if ((kind & accessRead) && (kind & accessWrite))
    return "atomic";
  return kind & accessWrite ? "write" : "read";
}

std::string Violations::getTitle(const Entry &entry) const {
  if (entry.title)
    return entry.title;
  std::string what = std::string("__") + space + "__ ";
  std::string size =
      " of size " + std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  switch (entry.kind) {
  case FaultKind::Uninitialized:
    return "Uninitialized " + what + "memory read" + size;
  case FaultKind::SharedRace:
  case FaultKind::GlobalRace:
    // The order in which they came depends on the schedule: the write first.
    return std::string("Race reported between Write access and ") +
           ((kind & accessWrite) && entry.otherWrites ? "Write" : "Read") +
           " access in " + what + "memory";
  case FaultKind::AsyncPending:
    return (kind & accessAsync)
               ? "cp.async to " + what +
                     "bytes that another one in flight fills"
               : std::string(kind & accessWrite ? "Write" : "Read") +
                     " of cp.async destination before completion, " + what +
                     "memory" + size;
  default:
    return "Invalid " + what + getAccessName(kind) + size;
  }
}

/// "lane 3", "several lanes"
static std::string nameLane(unsigned lane) {
  return lane < 32 ? "lane " + std::to_string(lane) : "several lanes";
}

static void explainRace(const Warp &w, const Violations::Entry &entry,
                        Fault &fault) {
  if (entry.kind == FaultKind::GlobalRace)
    fault.notes.push_back(
        entry.otherBlock == w.block->linear
            ? "several blocks read it"
            : "no release and acquire orders block " +
                  std::to_string(std::min(entry.otherBlock, w.block->linear)) +
                  " and block " +
                  std::to_string(std::max(entry.otherBlock, w.block->linear)));
  else if (entry.otherWarp != w.index)
    fault.notes.push_back("no barrier orders warp " +
                          std::to_string(std::min(entry.otherWarp, w.index)) +
                          " and warp " +
                          std::to_string(std::max(entry.otherWarp, w.index)));
  else
    fault.notes.push_back("nothing orders " + nameLane(entry.otherLane) +
                          " before " + nameLane(__builtin_ctz(entry.lanes)) +
                          " of warp " + std::to_string(w.index));
}

/// The place of the other access of a race, which is to be named first.
static void placeOther(const Warp &w, const Violations::Entry &entry,
                       Fault &fault) {
  std::swap(fault.instruction, fault.otherInstruction);
  const Launch &launch = w.block->launch->launch;
  fault.warp = entry.otherWarp;
  fault.lanes = entry.otherLane < 32 ? 1u << entry.otherLane : ~0u;
  unsigned thread =
      entry.otherWarp * 32 + (entry.otherLane < 32 ? entry.otherLane : 0);
  fault.thread[0] = thread % launch.block[0];
  fault.thread[1] = thread / launch.block[0] % launch.block[1];
  fault.thread[2] = thread / launch.block[0] / launch.block[1];
  if (entry.kind != FaultKind::GlobalRace)
    return;
  fault.blockLinear = entry.otherBlock;
  fault.block[0] = uint32_t(entry.otherBlock % launch.grid[0]);
  fault.block[1] = uint32_t(entry.otherBlock / launch.grid[0] % launch.grid[1]);
  fault.block[2] = uint32_t(entry.otherBlock / launch.grid[0] / launch.grid[1]);
}

static std::string withCommas(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t i = text.size(); i > 3; i -= 3)
    text.insert(i - 3, ",");
  return text;
}

/// Where an address is that no allocation holds.
static void explainAddress(const Warp &w, const char *space, uint64_t address,
                           Fault &fault) {
  const LaunchState &launch = *w.block->launch;
  fault.notes.push_back("Address " + formatHex(address) + " is out of bounds");
  std::string_view name = space;
  if (name == "shared") {
    fault.notes.push_back("the block has " + withCommas(w.block->shared.size) +
                          " bytes of shared memory");
  } else if (name == "local") {
    fault.notes.push_back("a thread has " + withCommas(w.code->localBytes) +
                          " bytes of local memory");
  } else if (name == "param") {
    fault.notes.push_back("the kernel has " + withCommas(w.code->paramBytes) +
                          " bytes of parameters");
  } else if (const Allocation *near = launch.memory.findNearest(address)) {
    uint64_t end = near->base + near->size;
    bool before = address < near->base;
    uint64_t distance = before          ? near->base - address
                        : address < end ? 0
                                        : address - end;
    std::string where = before          ? " bytes before"
                        : address < end ? " bytes before the end of"
                                        : " bytes after";
    if (!before && address < end)
      distance = end - address;
    fault.notes.push_back(
        "and is " + withCommas(distance) + where +
        " the nearest allocation at " + formatHex(near->base) + " of size " +
        withCommas(near->size) + " bytes (\"" + near->name + "\")");
  }
}

void Violations::flush() {
  for (const Entry &entry : entries) {
    // What does not happen is never silent.
    bool refused = entry.kind == FaultKind::OutOfBounds ||
                   entry.kind == FaultKind::Misaligned ||
                   entry.kind == FaultKind::ReadOnly;
    if (!refused && !checksOn(w))
      continue;
    Fault fault = makeFault(w, op, entry.kind, entry.lanes, getTitle(entry));
    fault.otherInstruction = entry.other;
    fault.address = entry.address;
    fault.hasAddress = true;
    switch (entry.kind) {
    case FaultKind::OutOfBounds:
      explainAddress(w, space, entry.address, fault);
      break;
    case FaultKind::Misaligned:
      fault.notes.push_back("Address " + formatHex(entry.address) +
                            " is misaligned");
      break;
    case FaultKind::SharedRace:
    case FaultKind::GlobalRace:
      if (!entry.title)
        explainRace(w, entry, fault);
      // Reads name the write first; two writes are in the order of the text.
      if (entry.other >= 0 &&
          (entry.swap ||
           (!entry.title && entry.otherWrites &&
            (!(kind & accessWrite) || entry.other < int64_t(op.source)))))
        placeOther(w, entry, fault);
      break;
    default:
      break;
    }
    if (std::string_view(space) == "global" &&
        entry.kind != FaultKind::OutOfBounds)
      if (const Allocation *in = w.block->launch->memory.find(entry.address))
        fault.notes.push_back("Address " + formatHex(entry.address) + " is " +
                              withCommas(entry.address - in->base) +
                              " bytes into the allocation \"" + in->name +
                              "\"");
    report(w, std::move(fault));
  }
  entries.clear();
}

/// Lanes within [0, size); the others are reported.
static uint32_t checkRange(Warp &w, Violations &violations, const uint64_t *at,
                           uint32_t mask, unsigned bytes, uint64_t size) {
  uint32_t ok = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (at[lane] % bytes)
      violations.add(FaultKind::Misaligned, 1u << lane, at[lane]);
    else if (size < bytes || at[lane] > size - bytes)
      violations.add(FaultKind::OutOfBounds, 1u << lane, at[lane]);
    else
      ok |= 1u << lane;
  }
  return ok;
}

void hydragen::emulated::accessLocal(Warp &w, const Op &op, const uint64_t *at,
                                     uint32_t mask, unsigned bytes,
                                     unsigned kind, Place &place) {
  Violations violations(w, op, "local", bytes, kind);
  uint64_t size = w.code->localBytes;
  place.ok = checkRange(w, violations, at, mask, bytes, size);
  for (uint32_t rest = place.ok; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t offset = lane * size + at[lane];
    place.at[lane] = w.local.data() + offset;
    uint8_t *init = w.localInit.data() + offset;
    if (kind & accessWrite) {
      std::memset(init, 1, bytes);
      continue;
    }
    for (unsigned i = 0; i < bytes; ++i)
      if (!init[i]) {
        violations.add(FaultKind::Uninitialized, 1u << lane, at[lane]);
        break;
      }
  }
}

void hydragen::emulated::accessParam(Warp &w, const Op &op, const uint64_t *at,
                                     uint32_t mask, unsigned bytes,
                                     unsigned kind, Place &place) {
  Violations violations(w, op, "param", bytes, kind);
  // Only read: stores to parameters do not decode.
  auto &parameters = w.block->launch->launch.parameters;
  place.ok = checkRange(w, violations, at, mask, bytes, parameters.size());
  for (uint32_t rest = place.ok; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    place.at[lane] = const_cast<uint8_t *>(parameters.data()) + at[lane];
  }
}
