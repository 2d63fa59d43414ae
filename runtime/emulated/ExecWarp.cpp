//===- ExecWarp.cpp - exchange between lanes --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The .sync forms wait until all lanes of the member mask that have not exited
// are there. They do not order memory (PTX ISA 9.7.9.6: shfl.sync "does not
// guarantee memory ordering").
//===----------------------------------------------------------------------===//

#include "Exec.h"

#include <algorithm>
#include <cstring>

using namespace hydragen::emulated;

namespace {

/// Calls `run(group)` for the lanes of each member mask that are complete.
/// `alone`: reports lanes that do not come (shfl looks for itself).
template <typename F>
void forGroups(Warp &w, const Op &op, uint32_t mask, uint32_t maskSlot,
               bool alone, F run) {
  const uint32_t *masks = w.words(maskSlot);
  while (mask) {
    uint32_t members = masks[__builtin_ctz(mask)];
    uint32_t group = mask;
    // A constant is the same for all, a register perhaps not.
    if (maskSlot < w.code->constantsBegin)
      for (int lane = 0; lane < 32; ++lane)
        if (masks[lane] != members)
          group &= ~(1u << lane);
    mask &= ~group;
    if (uint32_t strangers = group & ~members) {
      Fault fault = makeFault(w, op, FaultKind::BadOperand, strangers,
                              "Invalid member mask");
      fault.notes.push_back("the lane is not in its own member mask " +
                            formatHex(members));
      report(w, std::move(fault));
    }
    if (!waitForLanes(w, op, group, members))
      continue;
    uint32_t missing = members & w.alive & ~group;
    if (missing && alone)
      reportDivergence(w, op, group, missing);
    run(group, members);
  }
}

enum : uint8_t { shflUp, shflDown, shflBfly, shflIdx };

/// The lane that each lane reads and whether it lies in its segment (1 or 0);
/// if not, a lane reads itself.
template <typename F>
EMULATED_INLINE void findSources(const uint32_t *b, const uint32_t *c,
                                 uint32_t *from, uint32_t *inside, F find) {
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint32_t segment = c[lane] >> 8 & 31, clamp = c[lane] & 31;
    uint32_t minLane = lane & segment;
    int32_t source;
    bool is = find(int32_t(lane), int32_t(b[lane] & 31), int32_t(minLane),
                   int32_t(minLane | (clamp & ~segment)), ~segment, source);
    from[lane] = is ? uint32_t(source) : lane;
    inside[lane] = is;
  }
}

/// PTX ISA 9.7.9.6.
EMULATED_INLINE void findSources(uint8_t mode, const uint32_t *b,
                                 const uint32_t *c, uint32_t *from,
                                 uint32_t *inside) {
  switch (mode) {
  case shflUp:
    findSources(b, c, from, inside,
                [](int32_t lane, int32_t shift, int32_t, int32_t maxLane,
                   uint32_t, int32_t &source) __attribute__((always_inline)) {
                  source = lane - shift;
                  return source >= maxLane;
                });
    break;
  case shflDown:
    findSources(b, c, from, inside,
                [](int32_t lane, int32_t shift, int32_t, int32_t maxLane,
                   uint32_t, int32_t &source) __attribute__((always_inline)) {
                  source = lane + shift;
                  return source <= maxLane;
                });
    break;
  case shflBfly:
    findSources(b, c, from, inside,
                [](int32_t lane, int32_t shift, int32_t, int32_t maxLane,
                   uint32_t, int32_t &source) __attribute__((always_inline)) {
                  source = lane ^ shift;
                  return source <= maxLane;
                });
    break;
  default:
    findSources(b, c, from, inside,
                [](int32_t, int32_t shift, int32_t minLane, int32_t maxLane,
                   uint32_t offset, int32_t &source)
                    __attribute__((always_inline)) {
                      source = minLane | (shift & int32_t(offset));
                      return source <= maxLane;
                    });
    break;
  }
}

/// All lanes of the warp are there: they read each other, none is missing.
struct ShflWhole {
  static EMULATED_INLINE void run(Warp &w, const Op &op, uint32_t) {
    uint32_t values[32], from[32], inside[32];
    std::memcpy(values, w.words(op.a), sizeof values);
    findSources(op.flags, w.words(op.b), w.words(op.c), from, inside);
    uint32_t valid = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
      valid |= inside[lane] << lane;
    uint32_t *d = w.words(op.d);
    for (unsigned lane = 0; lane < 32; ++lane)
      d[lane] = values[from[lane]];
    uint32_t predicate = w.list(op)[0];
    if (predicate != noSlot)
      w.registers[predicate] = valid;
  }
};

/// List: slots of the predicate and the member mask.
void runShfl(Warp &w, const Op &op, uint32_t mask) {
  uint32_t predicate = w.list(op)[0], maskSlot = w.list(op)[1];
  if (mask == ~0u && maskSlot >= w.code->constantsBegin &&
      w.registers[maskSlot] == ~0u) {
    w.forced = false;
    Handler(compiled<ShflWhole>)(w, op, mask);
    return;
  }
  forGroups(
      w, op, mask, maskSlot, false, [&](uint32_t group, uint32_t members) {
        uint32_t values[32], from[32], inside[32];
        std::memcpy(values, w.words(op.a), sizeof values);
        findSources(op.flags, w.words(op.b), w.words(op.c), from, inside);
        uint32_t *d = w.words(op.d);
        uint32_t valid = 0, inactive = 0, readFrom = 0;
        for (uint32_t rest = group; rest; rest &= rest - 1) {
          unsigned lane = __builtin_ctz(rest);
          valid |= inside[lane] << lane;
          if (!(group >> from[lane] & 1)) {
            inactive |= 1u << lane;
            readFrom |= 1u << from[lane];
          }
          d[lane] = values[from[lane]];
        }
        if (predicate != noSlot)
          writePredicate(w, predicate, group, valid);
        if (!checksOn(w))
          return;
        if (inactive) {
          Fault fault = makeFault(w, op, FaultKind::InactiveLane, inactive,
                                  "Read of an inactive lane");
          fault.notes.push_back(
              "lanes " + formatLanes(readFrom) +
              " are read but do not execute the instruction (member mask " +
              formatHex(members) + ")");
          report(w, std::move(fault));
        } else if (uint32_t missing = members & w.alive & ~group) {
          reportDivergence(w, op, group, missing);
        }
      });
}

enum : uint8_t { voteAll, voteAny, voteUni, voteBallot };

void runVote(Warp &w, const Op &op, uint32_t mask) {
  forGroups(w, op, mask, op.b, true, [&](uint32_t group, uint32_t) {
    uint32_t votes = w.registers[op.a] & group;
    if (op.flags == voteBallot) {
      forLanes<uint32_t>(w, op.d, group, [=](int) { return votes; });
      return;
    }
    bool result = op.flags == voteAll   ? votes == group
                  : op.flags == voteAny ? votes != 0
                                        : votes == 0 || votes == group;
    writePredicate(w, op.d, group, result ? ~0u : 0);
  });
}

/// Lanes that run together now: which these are depends on the schedule.
void runActiveMask(Warp &w, const Op &op, uint32_t mask) {
  forLanes<uint32_t>(w, op.d, mask, [=](int) { return mask; });
}

template <typename T>
void runMatchAny(Warp &w, const Op &op, uint32_t mask) {
  forGroups(w, op, mask, op.b, true, [&](uint32_t group, uint32_t) {
    T values[32];
    std::memcpy(values, lanes<T>(w, op.a), sizeof values);
    uint32_t *d = w.words(op.d);
    for (int lane = 0; lane < 32; ++lane) {
      if (!(group >> lane & 1))
        continue;
      uint32_t same = 0;
      for (int other = 0; other < 32; ++other)
        same |= uint32_t(values[other] == values[lane]) << other;
      d[lane] = same & group;
    }
  });
}

/// `c` is the predicate's slot.
template <typename T>
void runMatchAll(Warp &w, const Op &op, uint32_t mask) {
  forGroups(w, op, mask, op.b, true, [&](uint32_t group, uint32_t) {
    const T *values = lanes<T>(w, op.a);
    T first = values[__builtin_ctz(group)];
    bool same = true;
    for (int lane = 0; lane < 32; ++lane)
      same &= !(group >> lane & 1) || values[lane] == first;
    forLanes<uint32_t>(w, op.d, group, [=](int) { return same ? group : 0; });
    if (op.c != noSlot)
      writePredicate(w, op.c, group, same ? ~0u : 0);
  });
}

enum : uint8_t { reduxAdd, reduxMin, reduxMax, reduxAnd, reduxOr, reduxXor };

template <typename T>
void runRedux(Warp &w, const Op &op, uint32_t mask) {
  forGroups(w, op, mask, op.b, true, [&](uint32_t group, uint32_t) {
    const uint32_t *a = w.words(op.a);
    T result = T(a[__builtin_ctz(group)]);
    for (uint32_t rest = group & (group - 1); rest; rest &= rest - 1) {
      T value = T(a[__builtin_ctz(rest)]);
      switch (op.flags) {
      case reduxAdd:
        result = T(uint32_t(result) + uint32_t(value));
        break;
      case reduxMin:
        result = std::min(result, value);
        break;
      case reduxMax:
        result = std::max(result, value);
        break;
      case reduxAnd:
        result &= value;
        break;
      case reduxOr:
        result |= value;
        break;
      default:
        result ^= value;
        break;
      }
    }
    forLanes<uint32_t>(w, op.d, group, [=](int) { return uint32_t(result); });
  });
}

/// The leader is the lowest lane. `c` is the predicate's slot.
void runElect(Warp &w, const Op &op, uint32_t mask) {
  forGroups(w, op, mask, op.b, true, [&](uint32_t group, uint32_t) {
    uint32_t leader = uint32_t(__builtin_ctz(group));
    forLanes<uint32_t>(w, op.d, group, [=](int) { return leader; });
    writePredicate(w, op.c, group, 1u << leader);
  });
}

/// A destination `d` or `d|p`; without a predicate `p` stays noSlot.
bool definePair(Decoder &d, Type type, uint32_t &value, uint32_t &predicate) {
  const Operand &operand = d.operand(0);
  if (operand.kind != Operand::Pair) {
    value = d.def(0, type);
    return value != noSlot;
  }
  if (operand.elements.size() != 2)
    return d.fail("expected two destinations");
  value = d.def(operand.elements[0], type);
  predicate = d.def(operand.elements[1], typePred);
  return value != noSlot && predicate != noSlot;
}

/// Operand `i` is the member mask.
bool useMembers(Decoder &d, size_t i) {
  return (d.op.b = d.use(i, typeB32)) != noSlot;
}

bool selectShfl(Decoder &d) {
  if (!d.has("sync"))
    return d.fail("shfl without .sync does not exist on sm_70 and later");
  if (d.numOperands() != 5)
    return d.fail("expected 5 operands, got " +
                  std::to_string(d.numOperands()));
  if (d.has("up"))
    d.op.flags = shflUp;
  else if (d.has("down"))
    d.op.flags = shflDown;
  else if (d.has("bfly"))
    d.op.flags = shflBfly;
  else if (d.has("idx"))
    d.op.flags = shflIdx;
  else
    return false;
  uint32_t predicate = noSlot;
  d.op.a = d.use(1, typeB32);
  d.op.b = d.use(2, typeB32);
  d.op.c = d.use(3, typeB32);
  uint32_t members = d.use(4, typeB32);
  if (d.op.a == noSlot || d.op.b == noSlot || d.op.c == noSlot ||
      members == noSlot || !definePair(d, typeB32, d.op.d, predicate))
    return false;
  d.beginList();
  d.addToList(predicate);
  d.addToList(members);
  d.op.run = runShfl;
  return true;
}

bool selectVote(Decoder &d) {
  if (!d.has("sync"))
    return d.fail("vote without .sync does not exist on sm_70 and later");
  if (d.numOperands() != 3)
    return d.fail("expected 3 operands, got " +
                  std::to_string(d.numOperands()));
  bool ballot = d.has("ballot");
  if (ballot)
    d.op.flags = voteBallot;
  else if (d.has("all"))
    d.op.flags = voteAll;
  else if (d.has("any"))
    d.op.flags = voteAny;
  else if (d.has("uni"))
    d.op.flags = voteUni;
  else
    return false;
  d.op.a = d.use(1, typePred);
  d.op.run = runVote;
  return d.op.a != noSlot && useMembers(d, 2) &&
         (d.op.d = d.def(0, ballot ? typeB32 : typePred)) != noSlot;
}

bool selectMatch(Decoder &d) {
  if (!d.has("sync") || d.numOperands() != 3)
    return false;
  Type type = d.type();
  if (type.bits * type.lanes != 32 && type.bits * type.lanes != 64)
    return false;
  bool wide = isWide(type);
  d.op.a = d.use(1, type);
  if (d.op.a == noSlot || !useMembers(d, 2))
    return false;
  if (d.has("all")) {
    d.op.run = wide ? runMatchAll<uint64_t> : runMatchAll<uint32_t>;
    return definePair(d, typeB32, d.op.d, d.op.c);
  }
  if (!d.has("any"))
    return false;
  d.op.run = wide ? runMatchAny<uint64_t> : runMatchAny<uint32_t>;
  return (d.op.d = d.def(0, typeB32)) != noSlot;
}

bool selectRedux(Decoder &d) {
  if (!d.has("sync") || d.numOperands() != 3)
    return false;
  Type type = d.type();
  if (type.bits != 32 || type.lanes != 1 || type.kind == TypeKind::F)
    return false;
  static const char *const names[] = {"add", "min", "max", "and", "or", "xor"};
  for (uint8_t i = 0; i < 6; ++i)
    if (d.has(names[i])) {
      d.op.flags = i;
      d.op.run =
          type.kind == TypeKind::S ? runRedux<int32_t> : runRedux<uint32_t>;
    }
  d.op.a = d.use(1, type);
  return d.op.run && d.op.a != noSlot && useMembers(d, 2) &&
         (d.op.d = d.def(0, typeB32)) != noSlot;
}

} // namespace

bool hydragen::emulated::selectWarp(Decoder &d) {
  const std::string &opcode = d.instruction->opcode;
  if (opcode == "shfl")
    return selectShfl(d);
  if (opcode == "vote")
    return selectVote(d);
  if (opcode == "match")
    return selectMatch(d);
  if (opcode == "redux")
    return selectRedux(d);
  if (opcode == "activemask") {
    if (d.numOperands() != 1)
      return false;
    d.op.run = runActiveMask;
    return (d.op.d = d.def(0, typeB32)) != noSlot;
  }
  if (opcode == "elect") {
    if (!d.has("sync") || d.numOperands() != 2 ||
        d.operand(0).kind != Operand::Pair)
      return false;
    d.op.run = runElect;
    return useMembers(d, 1) && definePair(d, typeB32, d.op.d, d.op.c);
  }
  return false;
}
