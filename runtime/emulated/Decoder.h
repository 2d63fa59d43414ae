//===- Decoder.h - instructions to handlers (internal) ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands are made to fit the handler: a 64-bit register read by a 32-bit
// instruction goes through a helper op, so does a result in a wider register.
//===----------------------------------------------------------------------===//

#ifndef HYDRAGEN_RUNTIME_EMULATED_DECODER_H
#define HYDRAGEN_RUNTIME_EMULATED_DECODER_H

#include "Machine.h"

#include <map>

namespace hydragen::emulated {

class Decoder {
public:
  Decoder(const Module &module, const Function &function, Code &code,
          std::vector<ParseError> &errors)
      : module(module), function(function), code(code), errors(errors) {}
  /// Decodes the whole function; false when `errors` grew.
  bool run();
  /// Where a register of the function lies.
  uint32_t getSlot(size_t reg) const { return slots[reg]; }

  // For the selectors of handlers. A false return without fail() means that the
  // form is unknown.
  const Module &module;
  const Function &function;
  Code &code;
  const Instruction *instruction = nullptr;
  Op op;

  bool fail(std::string message);
  size_t numOperands() const { return instruction->operands.size(); }
  const Operand &operand(size_t i) const { return instruction->operands[i]; }
  bool has(std::string_view modifier) const {
    return instruction->has(modifier);
  }
  /// Whether every modifier is a type or one of these: nothing that an
  /// instruction says may go unnoticed.
  bool hasOnly(std::initializer_list<std::string_view> modifiers) const;
  /// Types among the modifiers, in order; None when there are fewer.
  Type type(unsigned index = 0) const;
  /// The slot that holds operand `i` as a value of `type`. noSlot on failure.
  uint32_t use(const Operand &operand, Type type);
  uint32_t use(size_t i, Type type) { return use(operand(i), type); }
  /// The slot to write a value of `type` to.
  uint32_t def(const Operand &operand, Type type);
  uint32_t def(size_t i, Type type) { return def(operand(i), type); }
  /// An address: op.a = base slot (noSlot: none), op.imm = offset, op.flags bit
  /// 0 set for a 64-bit base.
  bool address(const Operand &operand);
  /// An integer known now.
  bool immediate(const Operand &operand, int64_t &value);
  uint32_t makeTemporary(unsigned words);
  uint32_t makeConstant(uint64_t value, unsigned bits);
  uint32_t getCarry();
  /// Appends slots for a vector handler.
  void beginList() {
    op.list = uint32_t(code.lists.size());
    op.listSize = 0;
  }
  void addToList(uint32_t slot) {
    code.lists.push_back(slot);
    ++op.listSize;
  }
  /// The elements of a vector operand, or the operand itself.
  static std::vector<const Operand *> elements(const Operand &operand);
  /// Emits `op` before/after the main one, under the same guard.
  void emitBefore(Op helper);
  void emitAfter(Op helper) { after.push_back(helper); }
  /// Op index of an instruction is filled in when all are decoded.
  void branchTo(int instructionIndex) {
    branches.push_back({code.ops.size(), instructionIndex});
  }

private:
  bool decodeInstruction(size_t index);
  void layOut();
  uint32_t special(const Operand &operand, Type type);

  std::vector<ParseError> &errors;
  std::vector<uint32_t> slots;
  std::map<std::pair<uint64_t, unsigned>, uint32_t> constants;
  std::map<std::string, uint32_t> specials;
  std::vector<uint32_t> variableOffsets;
  std::map<std::string, uint32_t> sharedOffsets, localOffsets;
  std::vector<Op> after;
  struct Branch {
    size_t op;
    int instruction;
  };
  std::vector<Branch> branches;
  std::vector<uint32_t> opOf;
  uint32_t carry = noSlot;
  bool failed = false;
};

/// Finds the handler of `decoder.instruction`. False: unknown form (or fail()).
using Selector = bool (*)(Decoder &);
bool selectInteger(Decoder &);
bool selectFloat(Decoder &);
bool selectLogic(Decoder &);
bool selectConvert(Decoder &);
bool selectCompare(Decoder &);
bool selectMove(Decoder &);
bool selectMemory(Decoder &);
bool selectAtomic(Decoder &);
bool selectControl(Decoder &);
bool selectWarp(Decoder &);
bool selectAsync(Decoder &);
bool selectMatrix(Decoder &);

/// Helpers that narrow or widen a register.
Handler getNarrowHandler();
Handler getWidenHandler(bool isSigned, unsigned bits);
Handler getNotPredicateHandler();

/// Size of a type's lane in memory order; 4 for predicates.
inline bool isWide(Type type) { return type.bits * type.lanes == 64; }

} // namespace hydragen::emulated

#endif // HYDRAGEN_RUNTIME_EMULATED_DECODER_H
