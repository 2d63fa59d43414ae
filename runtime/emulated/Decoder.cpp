//===- Decoder.cpp - instructions to handlers -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decoder.h"
#include "Exec.h"

#include <algorithm>
#include <unordered_map>

using namespace hydragen::emulated;

static uint32_t roundUp(uint32_t value, uint32_t to) {
  return (value + to - 1) / to * to;
}

static const std::unordered_map<std::string, Selector> &getSelectors() {
  static const std::unordered_map<std::string, Selector> selectors = [] {
    std::unordered_map<std::string, Selector> map;
    auto add = [&](Selector selector,
                   std::initializer_list<const char *> names) {
      for (const char *name : names)
        map[name] = selector;
    };
    // Opcodes of integers and floats share names; the types decide.
    add(
        [](Decoder &d) {
          TypeKind kind = d.type().kind;
          bool isFloat = kind == TypeKind::F || kind == TypeKind::BF;
          return isFloat ? selectFloat(d) : selectInteger(d);
        },
        {"add", "sub", "mul", "mad", "div", "abs", "neg", "min", "max"});
    add(selectInteger,
        {"rem", "mul24", "mad24", "sad", "popc", "clz", "bfind", "brev", "bfe",
         "bfi", "dp4a", "dp2a", "addc", "subc", "madc", "bmsk", "szext"});
    add(selectFloat, {"fma", "rcp", "sqrt", "rsqrt", "sin", "cos", "lg2", "ex2",
                      "tanh", "copysign", "testp"});
    add(selectLogic, {"and", "or", "xor", "not", "cnot", "lop3", "shl", "shr",
                      "shf", "prmt"});
    add(selectConvert, {"cvt"});
    add(selectCompare, {"setp", "set", "selp", "slct"});
    add(selectMove, {"mov", "cvta", "isspacep"});
    add(selectMemory, {"ld", "ldu", "st", "prefetch", "prefetchu",
                       "applypriority", "discard", "createpolicy"});
    add(selectAtomic, {"atom", "red"});
    add(selectControl,
        {"bra", "brx", "ret", "exit", "trap", "brkpt", "bar", "barrier",
         "membar", "fence", "nanosleep", "pmevent", "griddepcontrol"});
    add(selectWarp, {"shfl", "vote", "activemask", "match", "redux", "elect"});
    add(selectAsync, {"cp"});
    add(selectMatrix, {"mma", "ldmatrix", "stmatrix", "movmatrix"});
    return map;
  }();
  return selectors;
}

bool Decoder::fail(std::string message) {
  failed = true;
  errors.push_back({instruction->position, std::move(message)});
  return false;
}

bool Decoder::hasOnly(std::initializer_list<std::string_view> known) const {
  for (const std::string &modifier : instruction->modifiers)
    if (!parseType(modifier) &&
        std::find(known.begin(), known.end(), modifier) == known.end())
      return false;
  return true;
}

Type Decoder::type(unsigned index) const {
  for (const std::string &modifier : instruction->modifiers)
    if (Type type = parseType(modifier))
      if (index-- == 0)
        return type;
  return {};
}

std::vector<const Operand *> Decoder::elements(const Operand &operand) {
  std::vector<const Operand *> list;
  if (operand.kind != Operand::Vector) {
    list.push_back(&operand);
    return list;
  }
  for (const Operand &element : operand.elements)
    list.push_back(&element);
  return list;
}

uint32_t Decoder::makeTemporary(unsigned words) {
  uint32_t slot = code.fileSize;
  code.fileSize += words;
  return slot;
}

uint32_t Decoder::getCarry() {
  if (carry == noSlot)
    carry = makeTemporary(32);
  return carry;
}

/// Constants live behind the registers; their slots are made final in run().
static constexpr uint32_t constantFlag = 0x80000000;

uint32_t Decoder::makeConstant(uint64_t value, unsigned bits) {
  bool wide = bits == 64;
  if (!wide && bits != 1)
    value &= bits == 32 ? 0xffffffffu : (1u << bits) - 1;
  auto [it, inserted] = constants.try_emplace({value, bits}, 0);
  if (inserted) {
    it->second = constantFlag | uint32_t(code.constants.size());
    for (int lane = 0; lane < 32; ++lane) {
      code.constants.push_back(bits == 1 ? (value ? ~0u : 0) : uint32_t(value));
      if (wide)
        code.constants.push_back(uint32_t(value >> 32));
    }
  }
  return it->second;
}

void Decoder::emitBefore(Op helper) {
  helper.counted = false;
  helper.guard = op.guard;
  helper.guardNegated = op.guardNegated;
  helper.source = op.source;
  code.ops.push_back(helper);
}

uint32_t Decoder::special(const Operand &operand, Type type) {
  static const char *const names32[] = {"%tid.x",
                                        "%tid.y",
                                        "%tid.z",
                                        "%ntid.x",
                                        "%ntid.y",
                                        "%ntid.z",
                                        "%ctaid.x",
                                        "%ctaid.y",
                                        "%ctaid.z",
                                        "%nctaid.x",
                                        "%nctaid.y",
                                        "%nctaid.z",
                                        "%laneid",
                                        "%warpid",
                                        "%nwarpid",
                                        "%smid",
                                        "%nsmid",
                                        "%lanemask_eq",
                                        "%lanemask_le",
                                        "%lanemask_lt",
                                        "%lanemask_ge",
                                        "%lanemask_gt",
                                        "%dynamic_smem_size",
                                        "%total_smem_size",
                                        "%clock",
                                        "%clock_hi",
                                        "%globaltimer_lo",
                                        "%globaltimer_hi",
                                        "%envreg0",
                                        "%cluster_ctarank",
                                        "%cluster_nctarank"};
  static const char *const names64[] = {"%gridid", "%clock64", "%globaltimer"};
  unsigned bits = 0;
  if (std::find(std::begin(names32), std::end(names32), operand.name) !=
      std::end(names32))
    bits = 32;
  if (std::find(std::begin(names64), std::end(names64), operand.name) !=
      std::end(names64))
    bits = 64;
  if (!bits) {
    fail("'" + operand.name +
         "' is not declared or is an unknown special register");
    return noSlot;
  }
  auto [it, inserted] = specials.try_emplace(operand.name, 0);
  if (inserted) {
    it->second = makeTemporary(bits);
    code.specials.push_back({operand.name, it->second, bits});
  }
  // Clocks are read anew each time.
  if (operand.name.compare(0, 6, "%clock") == 0 ||
      operand.name.compare(0, 12, "%globaltimer") == 0) {
    Op read;
    read.run = runReadClock;
    read.d = it->second;
    read.count = uint8_t(bits);
    read.flags = operand.name.find("_hi") != std::string::npos;
    emitBefore(read);
  }
  if ((bits == 64) == isWide(type))
    return it->second;
  Op helper;
  helper.a = it->second;
  helper.run = bits == 64 ? getNarrowHandler() : getWidenHandler(false, 32);
  helper.count = isWide(type) ? 64 : 32;
  helper.d = makeTemporary(helper.count);
  emitBefore(helper);
  return helper.d;
}

uint32_t Decoder::use(const Operand &operand, Type type) {
  bool wide = isWide(type);
  unsigned bits = type.kind == TypeKind::Pred ? 1
                  : wide                      ? 64
                                              : type.bits * type.lanes;
  switch (operand.kind) {
  case Operand::Register: {
    const RegisterInfo &info = function.registers[operand.index];
    uint32_t slot = slots[operand.index];
    if ((info.type.kind == TypeKind::Pred) != (type.kind == TypeKind::Pred)) {
      fail("register '" + info.name + "' has the wrong type");
      return noSlot;
    }
    Op helper;
    helper.a = slot;
    if (type.kind == TypeKind::Pred) {
      if (!operand.negated)
        return slot;
      helper.run = getNotPredicateHandler();
      helper.d = makeTemporary(16);
      emitBefore(helper);
      return helper.d;
    }
    bool registerWide = isWide(info.type);
    if (info.type.getBytes() * 8 < bits) {
      fail("register '" + info.name + "' of " +
           std::to_string(info.type.getBytes() * 8) +
           " bits is too small for " + std::to_string(bits) + " bits");
      return noSlot;
    }
    if (registerWide == wide)
      return slot;
    helper.run = getNarrowHandler();
    helper.d = makeTemporary(32);
    emitBefore(helper);
    return helper.d;
  }
  case Operand::Integer:
    // An integer literal of a floating-point instruction is its bit pattern.
    return makeConstant(operand.value, bits);
  case Operand::Float32:
  case Operand::Float64: {
    uint64_t value = operand.value;
    if (operand.kind == Operand::Float64 && bits == 32) {
      double number;
      std::memcpy(&number, &value, 8);
      float single = float(number);
      uint32_t word;
      std::memcpy(&word, &single, 4);
      value = word;
    } else if (operand.kind == Operand::Float32 && bits == 64) {
      uint32_t word = uint32_t(value);
      float single;
      std::memcpy(&single, &word, 4);
      double number = single;
      std::memcpy(&value, &number, 8);
    } else if (bits < 32) {
      fail("a floating-point literal for " + std::to_string(bits) + " bits");
      return noSlot;
    }
    return makeConstant(value, bits);
  }
  case Operand::Special:
    return special(operand, type);
  case Operand::Symbol: {
    uint64_t value = operand.value;
    if (operand.index >= 0) {
      value += variableOffsets[operand.index];
    } else if (auto it = sharedOffsets.find(operand.name);
               it != sharedOffsets.end()) {
      value += it->second;
    } else if (auto it = localOffsets.find(operand.name);
               it != localOffsets.end()) {
      value += it->second;
    } else {
      for (size_t i = 0; i < function.parameters.size(); ++i)
        if (function.parameters[i].name == operand.name)
          return makeConstant(value + code.paramOffsets[i], bits);
      if (!wide) {
        fail("the address of '" + operand.name + "' needs 64 bits");
        return noSlot;
      }
      uint32_t slot = makeTemporary(64);
      code.fixups.push_back({slot, operand.name, value});
      return slot;
    }
    return makeConstant(value, bits);
  }
  default:
    fail("operand of the wrong kind");
    return noSlot;
  }
}

uint32_t Decoder::def(const Operand &operand, Type type) {
  bool wide = isWide(type);
  if (operand.kind == Operand::Sink)
    return makeTemporary(type.kind == TypeKind::Pred ? 16 : wide ? 64 : 32);
  if (operand.kind != Operand::Register) {
    fail("expected a register as destination");
    return noSlot;
  }
  const RegisterInfo &info = function.registers[operand.index];
  uint32_t slot = slots[operand.index];
  if ((info.type.kind == TypeKind::Pred) != (type.kind == TypeKind::Pred)) {
    fail("register '" + info.name + "' has the wrong type");
    return noSlot;
  }
  if (type.kind == TypeKind::Pred)
    return slot;
  unsigned bits = type.bits * type.lanes;
  unsigned registerBits = info.type.getBytes() * 8;
  if (registerBits < bits) {
    fail("register '" + info.name + "' of " + std::to_string(registerBits) +
         " bits is too small for " + std::to_string(bits) + " bits");
    return noSlot;
  }
  bool isSigned = type.kind == TypeKind::S;
  // Lanes of up to 32 bits are kept zero-extended, so only sign extension and
  // 64-bit registers need help.
  if (isWide(info.type) == wide && !(isSigned && registerBits > bits))
    return slot;
  Op helper;
  helper.a = makeTemporary(wide ? 64 : 32);
  helper.d = slot;
  helper.count = isWide(info.type) ? 64 : 32;
  helper.run = getWidenHandler(isSigned, bits);
  helper.flags = uint8_t(registerBits);
  after.push_back(helper);
  return helper.a;
}

bool Decoder::immediate(const Operand &operand, int64_t &value) {
  if (operand.kind != Operand::Integer)
    return fail("expected an integer constant");
  value = int64_t(operand.value);
  return true;
}

bool Decoder::address(const Operand &operand) {
  if (operand.kind != Operand::Address || operand.elements.size() != 1)
    return fail("expected an address in brackets");
  const Operand &base = operand.elements[0];
  op.imm = int64_t(operand.value);
  op.flags &= ~1;
  if (base.kind == Operand::Register) {
    const RegisterInfo &info = function.registers[base.index];
    if (info.type.bits != 64 && info.type.bits != 32)
      return fail("register '" + info.name + "' cannot hold an address");
    op.a = slots[base.index];
    if (info.type.bits == 64)
      op.flags |= 1;
    return true;
  }
  if (base.kind == Operand::Integer) {
    op.a = noSlot;
    op.imm += int64_t(base.value);
    return true;
  }
  if (base.kind != Operand::Symbol)
    return fail("expected a register or a variable as address");
  op.a = use(base, typeB64);
  op.flags |= 1;
  return op.a != noSlot;
}

/// With room to align.
static constexpr uint64_t maxSpaceBytes = uint64_t(1) << 31;

/// Offsets of parameters, shared and local variables.
void Decoder::layOut() {
  // Places are 32 bits; no device has as much of these spaces.
  auto advance = [&](uint32_t &cursor, const Variable &variable) {
    uint64_t end = cursor + variable.size;
    if (end > maxSpaceBytes) {
      failed = true;
      errors.push_back({variable.position,
                        "'" + variable.name + "' exceeds the address space"});
      end = cursor;
    }
    cursor = uint32_t(end);
  };
  uint32_t at = 0;
  for (const Variable &parameter : function.parameters) {
    at = roundUp(at, std::max(1u, parameter.align));
    code.paramOffsets.push_back(at);
    advance(at, parameter);
  }
  code.paramBytes = at;

  // Static shared first, externs (dynamic) all at the same place after it.
  uint32_t shared = 0, local = 0;
  std::vector<std::pair<const Variable *, int>> dynamic;
  variableOffsets.assign(function.variables.size(), 0);
  auto place = [&](const Variable &variable, int index) {
    uint32_t align = std::max(1u, variable.align);
    if (variable.space == Space::Shared && variable.isExtern) {
      dynamic.push_back({&variable, index});
      code.sharedDynamicAlign = std::max(code.sharedDynamicAlign, align);
      return;
    }
    uint32_t &cursor = variable.space == Space::Shared ? shared : local;
    if (variable.space != Space::Shared && variable.space != Space::Local)
      return;
    cursor = roundUp(cursor, align);
    if (index >= 0)
      variableOffsets[index] = cursor;
    else
      (variable.space == Space::Shared ? sharedOffsets
                                       : localOffsets)[variable.name] = cursor;
    advance(cursor, variable);
  };
  // Module-level variables only count when the kernel names them.
  auto names = [&](const Variable &variable) {
    auto inOperand = [&](const Operand &operand, auto &self) -> bool {
      if (operand.kind == Operand::Symbol && operand.index < 0 &&
          operand.name == variable.name)
        return true;
      for (const Operand &element : operand.elements)
        if (self(element, self))
          return true;
      return false;
    };
    for (const Instruction &instruction : function.instructions)
      for (const Operand &operand : instruction.operands)
        if (inOperand(operand, inOperand))
          return true;
    return false;
  };
  for (const Variable &variable : module.variables)
    if ((variable.space == Space::Shared || variable.space == Space::Local) &&
        names(variable))
      place(variable, -1);
  for (size_t i = 0; i < function.variables.size(); ++i)
    place(function.variables[i], int(i));
  code.sharedStatic = shared;
  uint32_t start = shared ? roundUp(shared, code.sharedDynamicAlign) : 0;
  for (auto [variable, index] : dynamic) {
    if (index >= 0)
      variableOffsets[index] = start;
    else
      sharedOffsets[variable->name] = start;
  }
  code.localBytes = roundUp(local, 16);
}

bool Decoder::decodeInstruction(size_t index) {
  instruction = &function.instructions[index];
  op = Op();
  op.source = uint32_t(index);
  after.clear();
  if (instruction->guard >= 0) {
    op.guard = slots[instruction->guard];
    op.guardNegated = instruction->guardNegated;
  }
  const auto &selectors = getSelectors();
  auto it = selectors.find(instruction->opcode);
  size_t before = errors.size();
  if (it == selectors.end() || !it->second(*this) || !op.run) {
    if (errors.size() == before)
      fail("unknown instruction '" + instruction->getFullName() + "'");
    return false;
  }
  code.ops.push_back(op);
  Op main = op;
  for (Op &helper : after) {
    helper.counted = false;
    helper.guard = main.guard;
    helper.guardNegated = main.guardNegated;
    helper.source = main.source;
    code.ops.push_back(helper);
  }
  return true;
}

bool Decoder::run() {
  code.module = &module;
  code.function = &function;
  layOut();
  for (const RegisterInfo &info : function.registers) {
    if (info.type.getBytes() > 8) {
      static const Instruction none;
      instruction =
          function.instructions.empty() ? &none : &function.instructions[0];
      fail("register '" + info.name +
           "' of more than 64 bits is not supported");
      return false;
    }
    slots.push_back(code.fileSize);
    code.fileSize += info.type.kind == TypeKind::Pred ? 16
                     : isWide(info.type)              ? 64
                                                      : 32;
  }
  for (size_t i = 0; i < function.instructions.size(); ++i) {
    opOf.push_back(uint32_t(code.ops.size()));
    decodeInstruction(i);
  }
  if (failed)
    return false;
  // The end of the body is a return.
  opOf.push_back(uint32_t(code.ops.size()));
  Instruction end;
  end.opcode = "exit";
  instruction = &end;
  op = Op();
  op.source = uint32_t(function.instructions.size());
  op.counted = false;
  selectControl(*this);
  op.source = function.instructions.empty() ? 0 : op.source - 1;
  code.ops.push_back(op);
  for (const Branch &branch : branches)
    code.ops[branch.op].imm = opOf[branch.instruction];
  for (const Function::BranchTargets &table : function.branchTargets) {
    code.tables.emplace_back();
    for (const Operand &target : table.targets)
      code.tables.back().push_back(opOf[target.index]);
  }
  // Final places of constants.
  code.constantsBegin = code.fileSize;
  code.fileSize += uint32_t(code.constants.size());
  auto settle = [&](uint32_t &slot) {
    if (slot != noSlot && (slot & constantFlag))
      slot = code.constantsBegin + (slot & ~constantFlag);
  };
  for (Op &op : code.ops) {
    settle(op.d);
    settle(op.a);
    settle(op.b);
    settle(op.c);
    settle(op.guard);
  }
  for (uint32_t &slot : code.lists)
    settle(slot);
  return true;
}
